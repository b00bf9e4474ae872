/* fhir/prepare.c - the way a resource is written. See prepare.h. */
#include "fhir/prepare.h"

#include "fhir/words.h"

/* Where the types name their case and their patient; '|' between alternatives. The last row is for
 * all others: the names R4 gives to whom a resource is about, and to what it was asked by. */
static const struct {
    enum fhir_type type;
    const char *cases;
    const char *patient;
} links[] = {
    {T_PATIENT, "", ""},
    {T_SERVICE_REQUEST, "", "subject"},
    {T_TASK, "focus|basedOn", "for"},
    {T_QUESTIONNAIRE_RESPONSE, "basedOn", "subject"},
    {T_DOCUMENT_REFERENCE, "context.related", "subject"},
    {T_BINARY, "securityContext", "securityContext"},
    {T_COMMUNICATION, "basedOn|about", "subject"},
    {T_COMPOSITION, "event.detail|section.entry", "subject"},
    {T_BUNDLE, "", ""},
    {T_PROVENANCE, "target", "target"},
    {T_OBSERVATION, "basedOn", "subject"},
    {T_CONDITION, "", "subject"},
    {T_CONSENT, "sourceReference", "patient"},
    {T_DIAGNOSTIC_REPORT, "basedOn", "subject"},
    {T_ENCOUNTER, "basedOn", "subject"},
    {T_IMAGING_STUDY, "basedOn", "subject"},
    {T_NONE, "basedOn|request|referral|referralRequest",
     "patient|subject|beneficiary|individual|candidate|participant.actor|actor|collection.source"},
};

struct seek {
    struct req *rq;
    enum fhir_type type; /* wanted */
    struct str id;       /* the first found; empty before */
};

static enum err seek_value(struct jv v, void *ctx)
{
    struct seek *s = ctx;
    struct str id = {NULL, 0};
    struct str ref = json_str(s->rq->a, json_get(v, S("reference")));
    if (s->id.n == 0 && ref.n > 0 && ref.p[0] != '#' && !str_starts(ref, S("http")) &&
        fhir_ref_split(ref, &id) == s->type) {
        s->id = id;
    }
    return OK;
}

static struct str seek_in(struct req *rq, struct jv root, const char *paths, enum fhir_type type)
{
    struct seek s = {.rq = rq, .type = type};
    struct fhir_param p = {.paths = paths};
    if (paths[0] != 0 && fhir_param_each(root, &p, seek_value, &s) != OK) {
        return (struct str){NULL, 0};
    }
    return s.id;
}

static size_t link_of(enum fhir_type type)
{
    size_t i = 0;
    while (i + 1 < LEN(links) && links[i].type != type) {
        i++;
    }
    return i;
}

enum fhir_type fhir_case_in(struct req *rq, struct jv root, enum fhir_type type,
                            struct str *ret_id)
{
    size_t at = link_of(type);
    struct str id = seek_in(rq, root, links[at].cases, T_SERVICE_REQUEST);
    struct jv ext = json_get(root, S("extension"));
    for (struct jv e = json_first(ext); id.n == 0 && json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(FHIR_CASE_URL))) {
            id = seek_in(rq, e, "valueReference", T_SERVICE_REQUEST);
        }
    }
    if (id.n == 0) {
        return T_NONE;
    }
    *ret_id = id;
    return T_SERVICE_REQUEST;
}

enum fhir_type fhir_patient_in(struct req *rq, struct jv root, enum fhir_type type,
                               struct str *ret_id)
{
    size_t at = link_of(type);
    struct str id = seek_in(rq, root, links[at].patient, T_PATIENT);
    if (id.n == 0) {
        return T_NONE;
    }
    *ret_id = id;
    return T_PATIENT;
}

enum fhir_type fhir_type_in(struct req *rq, struct jv root)
{
    enum fhir_type type = fhir_type_find(json_str(rq->a, json_get(root, S("resourceType"))));
    return fhir_type_hangs(type) == NOT_KEPT ? T_NONE : type;
}

static void anchor_set(struct req *rq, struct jv root, enum fhir_type type,
                       const struct fhir_how *how, struct tx_put *put)
{
    put->patient_type = (uint16_t)fhir_patient_in(rq, root, type, &put->patient_id);
    if (type == T_PATIENT) {
        put->patient_type = T_PATIENT;
        put->patient_id = put->id;
    }
    if (how->anchor_type != T_NONE) {
        put->anchor_type = (uint16_t)how->anchor_type;
        put->anchor_id = how->anchor_id;
        return;
    }
    switch (fhir_type_hangs(type)) {
    case DIRECTORY: return;
    case HANGS_ON_ITSELF:
        put->anchor_type = (uint16_t)type;
        put->anchor_id = put->id;
        return;
    case HANGS_ON_CASE:
        put->anchor_type = (uint16_t)fhir_case_in(rq, root, type, &put->anchor_id);
        if (put->anchor_type == T_NONE && put->patient_type != T_NONE) {
            put->anchor_type = put->patient_type;
            put->anchor_id = put->patient_id;
        }
        put->system_only = put->anchor_type == T_NONE;
        return;
    case NOT_KEPT: put->system_only = true; return;
    }
}

int64_t fhir_at(struct req *rq, struct jv root, enum fhir_type type, int64_t otherwise)
{
    struct str rest = fhir_type_date(type);
    struct str name;
    int64_t hi;
    while (str_cut(&rest, '|', &name)) {
        int64_t lo;
        if (fhir_date_span(rq->a, json_get(root, name), &lo, &hi) && lo != FHIR_TIME_MIN) {
            return lo;
        }
    }
    return otherwise;
}

/* meta without what the store assigns; nothing when nothing else is in it. */
static void meta_write(struct buf *b, struct req *rq, struct jv meta)
{
    bool open = false;
    for (struct jv v = json_first(meta); json_has(v); v = json_next(v)) {
        struct str key = json_key(rq, v);
        if (str_eq(key, S("versionId")) || str_eq(key, S("lastUpdated"))) {
            continue;
        }
        buf_str(b, open ? S(",") : S(",\"meta\":{"));
        json_quote(b, key);
        buf_char(b, ':');
        json_minify(b, v);
        open = true;
    }
    if (open) {
        buf_char(b, '}');
    }
}

/* The form tx_put wants: resourceType first, meta second, no id. */
static enum err body_write(struct req *rq, struct jv root, enum fhir_type type,
                           struct str *ret_body)
{
    struct buf b;
    buf_init(&b, rq->a, json_raw(root).n + 256);
    BUF_LIT(&b, "{\"resourceType\":\"");
    buf_str(&b, fhir_type_name(type));
    buf_char(&b, '"');
    meta_write(&b, rq, json_get(root, S("meta")));
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        struct str key = json_key(rq, v);
        if (str_eq(key, S("id")) || str_eq(key, S("meta")) || str_eq(key, S("resourceType"))) {
            continue;
        }
        buf_char(&b, ',');
        json_quote(&b, key);
        buf_char(&b, ':');
        json_minify(&b, v);
    }
    buf_char(&b, '}');
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_body = buf_get(&b);
    return OK;
}

static enum err id_of(struct req *rq, struct jv root, const struct fhir_how *how,
                      struct str *ret_id)
{
    struct jv own = json_get(root, S("id"));
    struct str id = json_str(rq->a, own);
    if (how->id.n == 0 && id.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "id: missing");
    }
    if (how->id.n > 0 && how->expect != TX_NEW && json_has(own) && !str_eq(id, how->id)) {
        return FAIL(rq, E_BAD_INPUT, "id: not the one in the address");
    }
    *ret_id = how->id.n > 0 ? how->id : id;
    return fhir_id_is_valid(*ret_id) ? OK : FAIL(rq, E_BAD_INPUT, "id: malformed");
}

enum err fhir_prepare(struct req *rq, struct jv root, const struct fhir_how *how,
                      struct tx_put *ret_put)
{
    enum fhir_type type = fhir_type_in(rq, root);
    struct tx_put put = {.type = (uint16_t)type, .expect = how->expect};
    struct fhir_tuples tuples = {0};
    if (type == T_NONE) {
        return FAIL(rq, E_BAD_INPUT, "resourceType: missing, or not kept here");
    }
    TRY(id_of(rq, root, how, &put.id));
    TRY(fhir_validate_for(rq, root, type, how->acc, how->beside));
    TRY(fhir_extract(rq, root, type, &tuples));
    TRY(body_write(rq, root, type, &put.body));
    put.tuples = tuples.v;
    put.n_tuples = tuples.n;
    anchor_set(rq, root, type, how, &put);
    put.at_ms = fhir_at(rq, root, type, how->at_ms != 0 ? how->at_ms : rq->now.ms);
    TRY(words_of_resource(rq, root, &put.narrative, &put.words));
    *ret_put = put;
    return OK;
}

enum err fhir_put_how(struct req *rq, struct tx *tx, struct str json, const struct fhir_how *how)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct tx_put put;
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, json, NULL, doc));
    TRY(fhir_prepare(rq, json_root(doc), how, &put));
    if (fhir_type_hangs((enum fhir_type)put.type) == DIRECTORY && !how->aside) {
        TRY(tx_event(tx, EVENT_DIRECTORY, 0));
    }
    return tx_put(tx, &put);
}

enum err fhir_put(struct req *rq, struct tx *tx, struct str json, int64_t expect)
{
    return fhir_put_how(rq, tx, json, &(struct fhir_how){.expect = expect});
}
