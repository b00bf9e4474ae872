/* api/audit_event.c - AuditEvent resources made from audit records. See audit_event.h. */
#include "api/audit_event.h"

#include "api/fhir_int.h"
#include "codec/url.h"
#include "store/audit.h"

enum {
    EVENTS_MAX = 200,
    NAMES_LISTED = 10,  /* resources of a large transaction in a list of records */
    NAMES_READ = 10000, /* and in a record alone */
};

/* R4 ValueSet audit-event-action. */
static struct str action_code(enum audit_action a)
{
    switch (a) {
    case AUDIT_CREATE:
    case AUDIT_UPLOAD: return S("C");
    case AUDIT_READ:
    case AUDIT_SEARCH:
    case AUDIT_HISTORY:
    case AUDIT_PRINT:
    case AUDIT_DOWNLOAD:
    case AUDIT_EXPORT: return S("R");
    case AUDIT_UPDATE: return S("U");
    case AUDIT_DELETE: return S("D");
    default: return S("E");
    }
}

static void what_write(struct json_out *o, struct req *rq, const struct audit_name *name)
{
    struct buf ref;
    buf_init(&ref, rq->a, 200);
    buf_str(&ref, fhir_type_name((enum fhir_type)name->type));
    buf_char(&ref, '/');
    buf_str(&ref, name->id);
    if (name->version > 0) {
        BUF_LIT(&ref, "/_history/");
        buf_u64(&ref, name->version);
    }
    json_k(o, S("what"));
    json_obj(o);
    json_ks(o, S("reference"), buf_get(&ref));
    json_obj_end(o);
}

/* What it names, at most n of them; in the description, what else is known. */
static enum err entity_write(struct json_out *o, struct req *rq, const struct audit_row *r, size_t n)
{
    struct audit_name *names = ARENA_ARRAY(rq->a, n, struct audit_name);
    size_t got = 0;
    TRY_MEM(rq, names);
    TRY(audit_named(rq, r, 0, n, names, &got));
    json_k(o, S("entity"));
    json_arr(o);
    for (size_t i = 0; i < MAX(got, (size_t)1); i++) {
        json_obj(o);
        if (i < got) {
            what_write(o, rq, &names[i]);
        }
        if (i == 0) {
            json_ks(o, S("description"),
                    r->detail.n > 0 ? r->detail : str_z(audit_action_name(r->action)));
        }
        json_obj_end(o);
    }
    json_arr_end(o);
    return OK;
}

static void agent_write(struct json_out *o, struct req *rq, const struct audit_row *r)
{
    struct buf ref;
    buf_init(&ref, rq->a, 200);
    BUF_LIT(&ref, "Practitioner/");
    buf_str(&ref, r->actor);
    json_k(o, S("agent"));
    json_arr(o);
    json_obj(o);
    json_k(o, S("who"));
    json_obj(o);
    if (fhir_id_is_valid(r->actor) && r->login.n > 0) {
        json_ks(o, S("reference"), buf_get(&ref));
    }
    json_ks(o, S("display"), r->login.n > 0 ? r->login : r->actor.n > 0 ? r->actor : S("system"));
    json_obj_end(o);
    json_kb(o, S("requestor"), true);
    if (r->role.n > 0) {
        json_k(o, S("role"));
        json_arr(o);
        json_obj(o);
        json_ks(o, S("text"), r->role);
        json_obj_end(o);
        json_arr_end(o);
    }
    if (r->peer.n > 0) {
        json_k(o, S("network"));
        json_obj(o);
        json_ks(o, S("address"), r->peer);
        json_ks(o, S("type"), S("2"));
        json_obj_end(o);
    }
    json_obj_end(o);
    json_arr_end(o);
}

static enum err event_write(struct buf *b, struct req *rq, const struct audit_row *r, size_t names)
{
    struct json_out o;
    struct buf t;
    buf_init(&t, rq->a, 64);
    instant_write(&t, r->at);
    struct str at = buf_get(&t);
    struct buf id;
    buf_init(&id, rq->a, 32);
    buf_u64(&id, r->seq);
    json_out_init(&o, b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("AuditEvent"));
    json_ks(&o, S("id"), buf_get(&id));
    json_k(&o, S("type"));
    json_v_raw(&o, S("{\"system\":\"http://terminology.hl7.org/CodeSystem/audit-event-type\","
                     "\"code\":\"rest\"}"));
    json_k(&o, S("subtype"));
    json_arr(&o);
    json_obj(&o);
    json_ks(&o, S("system"), S("https://consilium.example/fhir/CodeSystem/audit-action"));
    json_ks(&o, S("code"), str_z(audit_action_name(r->action)));
    json_obj_end(&o);
    json_arr_end(&o);
    json_ks(&o, S("action"), action_code(r->action));
    json_ks(&o, S("recorded"), at);
    json_ks(&o, S("outcome"), r->outcome == OK ? S("0") : S("4"));
    json_ks(&o, S("outcomeDesc"), str_z(audit_why_name(r->why)));
    agent_write(&o, rq, r);
    json_k(&o, S("source"));
    json_v_raw(&o, S("{\"observer\":{\"display\":\"Consilium\"}}"));
    TRY(entity_write(&o, rq, r, names));
    json_obj_end(&o);
    return OK;
}

/* Whose records: *ret_rid is a case's or patient's, 0 for all (only with the right to audit). */
static enum err subject_of(struct http_req *h, const struct url_pairs *f, int64_t *ret_rid)
{
    struct str ref = form_find(f, S("patient"));
    struct str id = {NULL, 0};
    struct res_row row;
    if (ref.n == 0) {
        ref = form_find(f, S("entity"));
    } else if (str_find_char(ref, '/') == ref.n) {
        id = ref;
    }
    enum fhir_type type = id.n > 0 ? T_PATIENT : fhir_ref_split(ref, &id);
    if (ref.n == 0) {
        if (!who_may(h->rq.who, MAY_AUDIT | IS_SYSTEM)) {
            return FAIL(&h->rq, E_FORBIDDEN, "patient or entity must be given");
        }
        struct audit_rec look = {.action = AUDIT_SEARCH,
                                 .why = who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_DIRECTORY,
                                 .type = T_AUDIT_EVENT,
                                 .detail = S("all")};
        *ret_rid = 0;
        return audit_add(&h->rq, &look);
    }
    if (type != T_PATIENT && type != T_SERVICE_REQUEST) {
        return FAIL(&h->rq, E_BAD_INPUT, "patient=Patient/id or entity=ServiceRequest/id");
    }
    if (who_may(h->rq.who, MAY_AUDIT)) { /* who looked, not what was written */
        TRY(db_find(&h->rq, (uint16_t)type, id, &row));
        TRY(api_audit_row(h, AUDIT_HISTORY, &row, OK));
    } else {
        TRY(api_find(h, type, id, AUDIT_HISTORY, &row));
    }
    *ret_rid = row.rid;
    return OK;
}

static void link_write(struct http_req *h, struct buf *b, const struct url_pairs *f, uint64_t before)
{
    struct str keep[] = {S("patient"), S("entity"), S("_count")};
    struct buf q;
    buf_init(&q, h->rq.a, 2048);
    for (size_t i = 0; i < LEN(keep); i++) {
        struct str v = form_find(f, keep[i]);
        if (v.n > 0) {
            form_add(&q, keep[i], v);
        }
    }
    BUF_LIT(b, ",\"link\":[{\"relation\":\"next\",\"url\":\"");
    buf_str(b, api_base(h));
    BUF_LIT(b, "/AuditEvent?");
    buf_str(b, buf_get(&q));
    buf_str(b, q.n > 0 ? S("&_cursor=") : S("_cursor="));
    buf_u64(b, before);
    BUF_LIT(b, "\"}]");
}

enum err api_audit_event_search(struct http_req *h, struct str query)
{
    struct url_pairs f;
    struct buf b;
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, EVENTS_MAX, struct audit_row);
    int64_t rid = 0;
    uint64_t before = 0;
    uint64_t count = FHIR_COUNT_DEFAULT;
    size_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(form_parse(&h->rq, query, 50, &f));
    struct str cursor = form_find(&f, S("_cursor"));
    struct str want = form_find(&f, S("_count"));
    if ((cursor.n > 0 && !str_u64(cursor, &before)) || (want.n > 0 && !str_u64(want, &count))) {
        return FAIL(&h->rq, E_BAD_INPUT, "_count or _cursor");
    }
    count = MAX(UINT64_C(1), MIN(count, (uint64_t)EVENTS_MAX));
    TRY(subject_of(h, &f, &rid));
    TRY(audit_list(&h->rq, rid, before, (size_t)count, rows, &n));
    buf_init(&b, h->rq.a, 4 << 20);
    BUF_LIT(&b, "{\"resourceType\":\"Bundle\",\"type\":\"searchset\"");
    if (n == count) {
        link_write(h, &b, &f, rows[n - 1].seq);
    }
    for (size_t i = 0; i < n; i++) {
        buf_str(&b, i == 0 ? S(",\"entry\":[{\"resource\":") : S(",{\"resource\":"));
        TRY(event_write(&b, &h->rq, &rows[i], NAMES_LISTED));
        BUF_LIT(&b, ",\"search\":{\"mode\":\"match\"}}");
    }
    buf_str(&b, n > 0 ? S("]}") : S("}"));
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "page");
}

enum err api_audit_event_read(struct http_req *h)
{
    struct audit_row row;
    struct buf b;
    uint64_t seq;
    size_t n = 0;
    struct fhir_access acc = api_access(h);
    bool may = acc.all || who_may(h->rq.who, MAY_AUDIT);
    if (!str_u64(http_param(h, S("id")), &seq) || seq == 0 || seq == UINT64_MAX) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such record");
    }
    TRY(audit_list(&h->rq, 0, seq + 1, 1, &row, &n));
    if (n == 0 || row.seq != seq) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such record");
    }
    int64_t owner = row.case_rid != 0 ? row.case_rid : row.patient_rid;
    if (!may && owner != 0) {
        TRY(fhir_may_see(&h->rq, &acc, owner, &may));
    }
    struct audit_rec look = {.action = may ? AUDIT_READ : AUDIT_DENY,
                             .why = !may                            ? WHY_NOT_TEAM
                                    : who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM
                                    : who_may(h->rq.who, MAY_AUDIT) ? WHY_DIRECTORY
                                                                    : WHY_TEAM,
                             .outcome = may ? OK : E_NOT_FOUND,
                             .type = T_AUDIT_EVENT,
                             .id = http_param(h, S("id")),
                             .patient_rid = row.patient_rid,
                             .case_rid = row.case_rid};
    TRY(audit_add(&h->rq, &look));
    if (!may) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such record");
    }
    buf_init(&b, h->rq.a, 4 << 20);
    TRY(event_write(&b, &h->rq, &row, NAMES_READ));
    return buf_ok(&b) ? api_reply(h, 200, buf_get(&b)) : FAIL(&h->rq, E_TOO_LARGE, "record");
}
