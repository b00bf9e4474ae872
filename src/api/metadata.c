/* api/metadata.c - the CapabilityStatement, made from the tables the program runs on. */
#include "api/term_int.h"
#include "care/care.h"
#include "care/flow.h"
#include "care/sub.h"
#include "fhir/near.h"

#define BULK_DEFINITION "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"

static void strings_write(struct json_out *o, struct str key, const struct str *v, size_t n)
{
    json_k(o, key);
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        json_v_str(o, v[i]);
    }
    json_arr_end(o);
}

static void interactions_write(struct json_out *o, bool read_only)
{
    static const struct str codes[] = {
        SI("read"), SI("search-type"), SI("vread"), SI("history-instance"), SI("history-type"),
        SI("create"), SI("update"), SI("patch"), SI("delete"),
    };
    size_t n = read_only ? 2 : LEN(codes);
    json_k(o, S("interaction"));
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        json_obj(o);
        json_ks(o, S("code"), codes[i]);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void param_write(struct json_out *o, struct str name, const char *kind)
{
    json_obj(o);
    json_ks(o, S("name"), name);
    json_ks(o, S("type"), str_z(kind));
    json_obj_end(o);
}

static void params_write(struct json_out *o, enum fhir_type type)
{
    static const struct str common[] = {
        SI("_id"), SI("_lastUpdated"), SI("_tag"), SI("_profile"), SI("_security"), SI("_source"),
    };
    static const struct str words[] = {SI("_text"), SI("_content"), SI("_filter"), SI("_has"), SI("_list")};
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    json_k(o, S("searchParam"));
    json_arr(o);
    for (size_t i = 0; i < LEN(common); i++) {
        const struct fhir_param *c = fhir_param_find(type, common[i]);
        param_write(o, c->name, fhir_param_kind_name(c));
    }
    for (size_t i = 0; i < LEN(words); i++) {
        param_write(o, words[i], i == LEN(words) - 1 ? "string" : "special");
    }
    for (size_t i = 0; i < n; i++) {
        if (p[i].kind != SP_SPECIAL || near_is(&p[i])) {
            param_write(o, p[i].name, fhir_param_kind_name(&p[i]));
        }
    }
    json_arr_end(o);
}

/* "Type:parameter" of each reference that leads from (or to) the type. */
static void includes_write(struct json_out *o, enum fhir_type type, struct req *rq, bool reverse)
{
    bool open = false;
    for (unsigned t = 1; t < T_COUNT; t++) {
        size_t n;
        const struct fhir_param *p = fhir_params((enum fhir_type)t, &n);
        for (size_t i = 0; i < n; i++) {
            const struct fhir_param *real = fhir_param_real(&p[i]);
            bool leads = real->kind == SP_REF &&
                         (reverse ? p[i].targets != NULL &&
                                        fhir_rule_has(p[i].targets, fhir_type_name(type))
                                  : p[i].type == type);
            struct buf b;
            if (!leads) {
                continue;
            }
            if (!open) {
                json_k(o, reverse ? S("searchRevInclude") : S("searchInclude"));
                json_arr(o);
                open = true;
            }
            buf_init(&b, rq->a, 128);
            buf_str(&b, fhir_type_name(p[i].type));
            buf_char(&b, ':');
            buf_str(&b, p[i].name);
            json_v_str(o, buf_get(&b));
        }
    }
    if (open) {
        json_arr_end(o);
    }
}

static void audit_event_write(struct json_out *o)
{
    json_obj(o);
    json_ks(o, S("type"), S("AuditEvent"));
    json_ks(o, S("documentation"), S("Made from the audit records; read only."));
    interactions_write(o, true);
    json_k(o, S("searchParam"));
    json_arr(o);
    param_write(o, S("patient"), "reference");
    param_write(o, S("entity"), "reference");
    json_arr_end(o);
    json_obj_end(o);
}

static void operation_write(struct json_out *o, struct str name, struct str definition,
                            struct str text)
{
    json_obj(o);
    json_ks(o, S("name"), name);
    json_ks(o, S("definition"), definition);
    if (text.n > 0) {
        json_ks(o, S("documentation"), text);
    }
    json_obj_end(o);
}

/* The actions of every workflow, from its table. */
static struct str moves_text(struct req *rq)
{
    struct buf b;
    buf_init(&b, rq->a, 8192);
    BUF_LIT(&b, "One step of a workflow. Parameters: action, reason, reasonCode, service, person, "
                "document, outcome, expect. Actions:");
    for (size_t i = 0; i < care_flow_count; i++) {
        const struct care_flow *f = care_flows[i];
        buf_char(&b, ' ');
        buf_str(&b, str_z(f->name));
        for (unsigned m = 0; m < f->n_moves; m++) {
            bool told = f->moves[m].title[0] == 0; /* the clock's */
            for (unsigned k = 0; k < m && !told; k++) {
                told = str_eq(str_z(f->moves[k].action), str_z(f->moves[m].action));
            }
            if (!told) {
                buf_str(&b, m == 0 ? S(": ") : S(", "));
                buf_str(&b, str_z(f->moves[m].action));
            }
        }
        buf_char(&b, '.');
    }
    return buf_get(&b);
}

#define OPERATION_URL "http://hl7.org/fhir/OperationDefinition/"

static const struct {
    enum fhir_type type; /* T_NONE: every type */
    struct str name;
    struct str definition;
    struct str text;
} operations[] = {
    {T_NONE, SI("validate"), SI(OPERATION_URL "Resource-validate"),
     SI("Holds a resource to the definitions and profiles; nothing is kept.")},
    {T_NONE, SI("meta"), SI(OPERATION_URL "Resource-meta"),
     SI("Of one resource; of a type: what is in use among what the caller may see.")},
    {T_NONE, SI("meta-add"), SI(OPERATION_URL "Resource-meta-add"), SI("An update.")},
    {T_NONE, SI("meta-delete"), SI(OPERATION_URL "Resource-meta-delete"), SI("An update.")},
    {T_PATIENT, SI("everything"), SI(OPERATION_URL "Patient-everything"),
     SI("The compartment and what it names. Parameters: start, end, _since, _type, _count.")},
    {T_ENCOUNTER, SI("everything"), SI(OPERATION_URL "Encounter-everything"),
     SI("The compartment and what it names. Parameters: _since, _type, _count.")},
    {T_PATIENT, SI("export"), SI(BULK_DEFINITION "patient-export"),
     SI("What is about patients, as NDJSON files.")},
    {T_GROUP, SI("export"), SI(BULK_DEFINITION "group-export"),
     SI("What is about the patients of a Group, as NDJSON files.")},
    {T_VALUE_SET, SI("expand"), SI(OPERATION_URL "ValueSet-expand"),
     SI("Value sets and code systems kept here, of the content, of R4; diagnoses of ICD-10. Parameters: "
        "metadata?mode=terminology.")},
    {T_VALUE_SET, SI("validate-code"), SI(OPERATION_URL "ValueSet-validate-code"), SI("")},
    {T_CODE_SYSTEM, SI("validate-code"), SI(OPERATION_URL "CodeSystem-validate-code"), SI("")},
    {T_CODE_SYSTEM, SI("lookup"), SI(OPERATION_URL "CodeSystem-lookup"), SI("")},
    {T_CODE_SYSTEM, SI("subsumes"), SI(OPERATION_URL "CodeSystem-subsumes"), SI("")},
    {T_CONCEPT_MAP, SI("translate"), SI(OPERATION_URL "ConceptMap-translate"), SI("")},
};

static void operations_write(struct json_out *o, struct req *rq, enum fhir_type type)
{
    json_k(o, S("operation"));
    json_arr(o);
    for (size_t i = 0; i < LEN(operations); i++) {
        if (operations[i].type == T_NONE || operations[i].type == type) {
            operation_write(o, operations[i].name, operations[i].definition, operations[i].text);
        }
    }
    if (type == T_TASK) {
        operation_write(o, S("move"),
                        S("https://consilium.example/fhir/OperationDefinition/Task-move"),
                        moves_text(rq));
    }
    if (type == T_SUBSCRIPTION) {
        operation_write(o, S("status"), S(SUB_BASE "OperationDefinition/backport-subscription-status"),
                        S("Where a subscription stands."));
        operation_write(o, S("events"), S(SUB_BASE "OperationDefinition/backport-subscription-events"),
                        S("Its events by number, the latest 30 days unless set otherwise."));
        operation_write(o, S("topics"), S(CARE_URL "/OperationDefinition/Subscription-topics"),
                        S("What can be subscribed to, as Basic resources."));
        operation_write(o, S("stream"), S(CARE_URL "/OperationDefinition/Subscription-stream"),
                        S("Server-sent events that say that there are new events."));
    }
    json_arr_end(o);
}

/* Which topics there are (hl7.fhir.uv.subscriptions, components.html#subscription-topics-in-r4). */
static void topics_write(struct json_out *o, struct req *rq)
{
    const struct content *c = care_of(rq)->content;
    json_k(o, S("extension"));
    json_arr(o);
    for (uint32_t i = 0; i < c->n_topics; i++) {
        json_obj(o);
        json_ks(o, S("url"), S(SUB_EXT "capabilitystatement-subscriptiontopic-canonical"));
        json_ks(o, S("valueCanonical"), c->topics[i].url);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void type_write(struct json_out *o, struct req *rq, enum fhir_type type)
{
    static const struct str policies[] = {SI("literal"), SI("local")};
    json_obj(o);
    if (type == T_SUBSCRIPTION && care_of(rq)->content->n_topics > 0) {
        topics_write(o, rq);
    }
    json_ks(o, S("type"), fhir_type_name(type));
    if (type == T_SUBSCRIPTION) {
        json_k(o, S("supportedProfile"));
        json_v_raw(o, S("[\"" SUB_EXT "backport-subscription\"]"));
    }
    interactions_write(o, false);
    json_ks(o, S("versioning"), S("versioned"));
    json_kb(o, S("readHistory"), true);
    json_kb(o, S("updateCreate"), who_may(rq->who, IS_SYSTEM)); /* api_put() */
    json_kb(o, S("conditionalCreate"), true);
    json_ks(o, S("conditionalRead"), S("full-support"));
    json_kb(o, S("conditionalUpdate"), true);
    json_ks(o, S("conditionalDelete"), S("multiple"));
    strings_write(o, S("referencePolicy"), policies, LEN(policies));
    includes_write(o, type, rq, false);
    includes_write(o, type, rq, true);
    params_write(o, type);
    operations_write(o, rq, type);
    json_obj_end(o);
}

/* SMART App Launch 2.2, conformance: the addresses, for those who do not read the discovery document. */
static void security_write(struct json_out *o, struct http_req *h)
{
    static const struct {
        struct str name;
        const char *path;
    } uris[] = {
        {SI("authorize"), "/oauth/authorize"},
        {SI("token"), "/oauth/token"},
        {SI("introspect"), "/oauth/introspect"},
        {SI("revoke"), "/oauth/revoke"},
    };
    json_k(o, S("security"));
    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("url"), S("http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"));
    json_k(o, S("extension"));
    json_arr(o);
    for (size_t i = 0; i < LEN(uris); i++) {
        struct buf b;
        buf_init(&b, h->rq.a, 1024);
        buf_str(&b, http_public_url(h));
        buf_str(&b, str_z(uris[i].path));
        json_obj(o);
        json_ks(o, S("url"), uris[i].name);
        json_ks(o, S("valueUri"), buf_get(&b));
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
    json_arr_end(o);
    json_kb(o, S("cors"), true);
    json_k(o, S("service"));
    json_v_raw(o, S("[{\"coding\":[{\"system\":\"http://terminology.hl7.org/CodeSystem/"
                    "restful-security-service\",\"code\":\"SMART-on-FHIR\"}]}]"));
    json_ks(o, S("description"),
            S("Authorization: Bearer with a token of SMART App Launch 2.2 (registered applications) or "
              "a personal access token. Scopes narrow what the person, organisation or system may do."));
    json_obj_end(o);
}

static void rest_write(struct json_out *o, struct http_req *h)
{
    json_k(o, S("rest"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("mode"), S("server"));
    json_ks(o, S("documentation"),
            S("Access follows the case: lists, counts and includes hold only what the caller may "
              "see. Writing by persons needs the team of a case; update as create, the rest of the "
              "directory and foreign data are for interface accounts. Cases of a workflow change by "
              "Task/$move. In bundles PUT, PATCH and DELETE may be conditional; a conditional delete "
              "deletes all that fit, or none: at most 500. Operations that only read, $meta-add, "
              "$meta-delete and $move may be entries of bundles. Search: prefixes eq ne lt gt "
              "le ge sa eb ap, modifiers exact contains text not missing identifier above below in "
              "not-in of-type and types, chains and _has of up to eight steps, _include and "
              "_revinclude with :iterate and *, _sort by several keys (over several types by what all of "
              "them have), _total, _summary, _elements, "
              "_contained=false (contained resources have no index rows of their own; true and "
              "both are refused), "
              "compartments of Patient, Encounter, Practitioner, RelatedPerson and Device. A next "
              "link goes on as of its first page."));
    security_write(o, h);
    json_k(o, S("resource"));
    json_arr(o);
    for (unsigned t = 1; t < T_COUNT; t++) {
        if (fhir_type_hangs((enum fhir_type)t) != NOT_KEPT) {
            type_write(o, &h->rq, (enum fhir_type)t);
        }
    }
    audit_event_write(o);
    json_arr_end(o);
    json_k(o, S("interaction"));
    json_v_raw(o, S("[{\"code\":\"transaction\"},{\"code\":\"batch\"},"
                    "{\"code\":\"search-system\"},{\"code\":\"history-system\"}]"));
    json_k(o, S("operation"));
    json_arr(o);
    operation_write(o, S("meta"), S(OPERATION_URL "Resource-meta"),
                    S("Profiles, security labels and tags in use among what the caller may see."));
    operation_write(o, S("export"), S(BULK_DEFINITION "export"),
                    S("All resources the caller may see, as NDJSON files."));
    operation_write(o, S("import"), S(CARE_URL "/OperationDefinition/import"),
                    S("Resources of uploaded NDJSON files, in the background."));
    operation_write(o, S("viewdefinition-run"),
                    S("http://sql-on-fhir.org/OperationDefinition/$viewdefinition-run"),
                    S("POST ViewDefinition/$viewdefinition-run: rows of a SQL on FHIR view over what "
                      "the caller may see, as CSV, NDJSON or JSON."));
    json_arr_end(o);
    json_obj_end(o);
    json_arr_end(o);
}

enum err api_fhir_metadata(struct http_req *h)
{
    static const struct str formats[] = {SI("json"), SI("application/fhir+json")};
    static const struct str patches[] = {SI("application/json-patch+json"), SI("application/fhir+json")};
    struct req *rq = &h->rq;
    struct json_out o;
    struct buf b;
    struct buf date;
    if (str_eq(http_query(h, S("mode")), S("terminology"))) {
        return term_capabilities(h);
    }
    buf_init(&date, rq->a, 64);
    instant_write(&date, rq->now);
    buf_init(&b, rq->a, 8 << 20);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("CapabilityStatement"));
    json_ks(&o, S("status"), S("active"));
    json_ks(&o, S("date"), buf_get(&date));
    json_ks(&o, S("kind"), S("instance"));
    json_k(&o, S("instantiates"));
    json_v_raw(&o, S("[\"http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data\","
                     "\"" SUB_BASE "CapabilityStatement/backport-subscription-server-r4\"]"));
    json_k(&o, S("software"));
    json_obj(&o);
    json_ks(&o, S("name"), S("Consilium"));
    json_obj_end(&o);
    json_k(&o, S("implementation"));
    json_obj(&o);
    json_ks(&o, S("description"), S("Consilium"));
    json_ks(&o, S("url"), api_base(h));
    json_obj_end(&o);
    json_ks(&o, S("fhirVersion"), S("4.0.1"));
    strings_write(&o, S("format"), formats, LEN(formats));
    strings_write(&o, S("patchFormat"), patches, LEN(patches));
    rest_write(&o, h);
    json_obj_end(&o);
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(rq, E_TOO_LARGE, "statement");
}
