/* api/outcome.c - what the FHIR handlers share: entering, bodies, answers, looks on record. */
#include "api/fhir_int.h"
#include "fhir/syntax.h"
#include "store/audit.h"
#include "os/random.h"

enum { ROOM_TO_REFUSE = 1024 * 1024 };

#define NO_SCOPE "the token's scope does not allow this"
#define FHIR_JSON "application/fhir+json; charset=utf-8"

struct str api_base(struct http_req *h)
{
    struct str host = http_public_url(h);
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    buf_str(&b, host);
    BUF_LIT(&b, "/fhir");
    return buf_get(&b);
}

struct fhir_access api_access(const struct http_req *h)
{
    const struct who *w = h->rq.who;
    return (struct fhir_access){
        .all = who_may(w, IS_SYSTEM),
        .principals = w != NULL ? w->principals : NULL,
        .n = w != NULL ? w->n_principals : 0,
        .scopes = w != NULL ? w->scope : NULL,
    };
}

/* "; fhirVersion=4.0" of a media type (http.html#version-parameter): other versions are not spoken here; q=0
 * refuses. */
static bool params_fit(struct str type)
{
    struct str rest = type;
    struct str one;
    (void)str_cut(&rest, ';', &one);
    while (str_cut(&rest, ';', &one)) {
        struct str value = str_trim(one);
        struct str name = {NULL, 0};
        (void)str_cut(&value, '=', &name);
        value = str_trim(value);
        if (value.n > 1 && value.p[0] == '"') {
            value = str_sub(value, 1, value.n - 1);
        }
        bool version = str_eq_nocase(str_trim(name), S("fhirVersion"));
        bool never = str_eq_nocase(str_trim(name), S("q")) &&
                     (str_eq(value, S("0")) || str_eq(value, S("0.0")) || str_eq(value, S("0.00")) ||
                      str_eq(value, S("0.000")));
        if (never || (version && !str_eq(value, S("4.0")) && !str_eq(value, S("4.0.1")))) {
            return false;
        }
    }
    return true;
}

static bool names_json(struct str type)
{
    if (!params_fit(type)) {
        return false;
    }
    return str_starts(type, S("application/fhir+json")) ||
           str_starts(type, S("application/json")) || str_starts(type, S("json")) ||
           str_starts(type, S("*/*")) || str_starts(type, S("application/*"));
}

static bool accepts_json(struct http_req *h)
{
    struct str accept = {NULL, 0};
    if (h->query.n > 0) {
        accept = http_query(h, S("_format"));
    }
    if (accept.n > 0) {
        /* A "+" of the media type may have come as a space. */
        return names_json(accept) || str_starts(accept, S("application/fhir json"));
    }
    struct str rest = http_header(h, "Accept");
    struct str one;
    bool any = rest.n == 0;
    while (!any && str_cut(&rest, ',', &one)) {
        any = names_json(str_trim(one));
    }
    return any;
}

/* What a token asked for beyond its scopes is on record. */
static enum err scope_denied(struct http_req *h, enum fhir_type type)
{
    struct audit_rec rec = {.action = AUDIT_DENY, .why = WHY_TOKEN, .outcome = E_FORBIDDEN,
                            .type = (uint16_t)type, .detail = S("scope")};
    TRY(audit_add(&h->rq, &rec));
    return FAIL(&h->rq, E_FORBIDDEN, NO_SCOPE);
}

enum err api_may(struct http_req *h, enum fhir_type type, unsigned ops)
{
    return scope_allows(h->rq.who->scope, type, ops) ? OK : scope_denied(h, type);
}

enum err api_may_all(struct http_req *h, enum fhir_type type, unsigned ops)
{
    return scope_is_free(h->rq.who->scope, type, ops) ? OK : scope_denied(h, type);
}

enum err api_enter(struct http_req *h)
{
    if (h->rq.who == NULL) {
        return FAIL(&h->rq, E_SIGN_IN, "no bearer token");
    }
    if (!accepts_json(h)) {
        return FAIL(&h->rq, E_NOT_ACCEPT, "only application/fhir+json");
    }
    return OK;
}

enum err api_type(struct http_req *h, enum fhir_type *ret_type)
{
    enum fhir_type type = fhir_type_find(http_param(h, S("type")));
    if (type == T_NONE || (fhir_type_hangs(type) == NOT_KEPT && type != T_AUDIT_EVENT)) {
        return FAIL(&h->rq, E_NOT_FOUND, "resource type not kept here");
    }
    *ret_type = type;
    return OK;
}

enum err api_body(struct http_req *h, struct json_doc **ret_doc)
{
    /* As many bytes as the route takes (http/limits.def). */
    static const struct json_limits limits = {.bytes = 64 << 20, .depth = 64, .nodes = 1000 * 1000};
    struct str type = http_body_type(h);
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    if (!str_eq(type, S("application/fhir+json")) && !str_eq(type, S("application/json"))) {
        return FAIL(&h->rq, E_MEDIA_TYPE, "only application/fhir+json");
    }
    if (!params_fit(http_header(h, "Content-Type"))) {
        return FAIL(&h->rq, E_MEDIA_TYPE, "only application/fhir+json; fhirVersion=4.0");
    }
    struct str text = http_body(h);
    enum err e = json_parse(&h->rq, text, &limits, doc);
    struct str at = S("");
    if (e == E_SYNTAX || e == E_TOO_LARGE) {
        at = fhir_syntax_path(&h->rq, text, str_z(h->rq.err.detail));
    }
    if (at.n > 0) {
        fhir_issue_add(&h->rq, ISSUE_ERROR, err_issue(e), err_text(e),
                       arena_str(h->rq.a, str_z(h->rq.err.detail)), at);
    }
    *ret_doc = doc;
    return e;
}

static void pretty_line(struct buf *b, unsigned depth)
{
    buf_char(b, '\n');
    for (unsigned i = 0; i < depth; i++) {
        BUF_LIT(b, "  ");
    }
}

/* _pretty=true: JSON with line breaks. Texts stay as they are. */
static struct str pretty(struct http_req *h, struct str json)
{
    struct buf b;
    bool in_text = false;
    unsigned depth = 0;
    buf_init(&b, h->rq.a, json.n * 8 + 1024);
    for (size_t i = 0; i < json.n; i++) {
        char c = json.p[i];
        char before = i > 0 ? json.p[i - 1] : ' ';
        bool opens = !in_text && (c == '{' || c == '[');
        bool closes = !in_text && (c == '}' || c == ']');
        if (closes) {
            depth -= depth > 0 ? 1 : 0;
        }
        if (closes && before != '{' && before != '[') {
            pretty_line(&b, depth);
        }
        buf_char(&b, c);
        if (in_text && c == '\\' && i + 1 < json.n) {
            buf_char(&b, json.p[++i]);
            continue;
        }
        in_text = c == '"' ? !in_text : in_text;
        depth += opens ? 1 : 0;
        bool empty = opens && i + 1 < json.n && (json.p[i + 1] == '}' || json.p[i + 1] == ']');
        if ((opens && !empty) || (!in_text && c == ',')) {
            pretty_line(&b, depth);
        } else if (!in_text && c == ':') {
            buf_char(&b, ' ');
        }
    }
    return buf_ok(&b) ? buf_get(&b) : json;
}

enum err api_reply(struct http_req *h, unsigned status, struct str json)
{
    bool asked = h->query.n > 0 && str_eq(http_query(h, S("_pretty")), S("true"));
    return http_reply(h, status, S(FHIR_JSON), asked ? pretty(h, json) : json);
}

static enum err outcome_reply(struct http_req *h, unsigned status, enum err code)
{
    struct buf b;
    struct json_out o;
    if (code == E_TOO_LARGE) { /* the memory it ran out of may be that of the answer */
        arena_set_cap(h->rq.a, arena_used(h->rq.a) + ROOM_TO_REFUSE);
    }
    buf_init(&b, h->rq.a, 256 * 1024);
    json_out_init(&o, &b);
    fhir_outcome_write(&h->rq, code, &o);
    struct str body = buf_get(&b);
    if (!buf_ok(&b)) {
        body = S("{\"resourceType\":\"OperationOutcome\",\"issue\":[{\"severity\":\"error\","
                 "\"code\":\"exception\"}]}");
    }
    return http_reply(h, status, S(FHIR_JSON), body);
}

enum err api_reply_outcome(struct http_req *h, unsigned status)
{
    return outcome_reply(h, status, OK);
}

enum err api_fhir_error(struct http_req *h, enum err code)
{
    if (code == E_FORBIDDEN && str_eq(str_z(h->rq.err.detail), S(NO_SCOPE))) {
        /* RFC 6750 3.1 */
        http_reply_header(h, "WWW-Authenticate", S("Bearer error=\"insufficient_scope\""));
    }
    return outcome_reply(h, err_http(code), code);
}

enum err api_fhir_unknown(struct http_req *h)
{
    return FAIL(&h->rq, E_NOT_FOUND, "no such address");
}

struct str api_etag(struct req *rq, uint64_t version)
{
    struct buf b;
    buf_init(&b, rq->a, 32);
    BUF_LIT(&b, "W/\"");
    buf_u64(&b, version);
    buf_char(&b, '"');
    return buf_get(&b);
}

bool api_etag_read(struct str etag, uint64_t *ret_version)
{
    struct str t = str_trim(etag);
    if (str_starts(t, S("W/"))) {
        t = str_sub(t, 2, t.n);
    }
    return t.n > 2 && t.p[0] == '"' && t.p[t.n - 1] == '"' &&
           str_u64(str_sub(t, 1, t.n - 2), ret_version);
}

static bool prefer_has(const struct http_req *h, struct str word)
{
    struct str prefer = http_header(h, "Prefer");
    return prefer.n > 0 && str_find(prefer, word) < prefer.n;
}

enum api_return api_prefer(const struct http_req *h)
{
    if (prefer_has(h, S("return=minimal"))) {
        return RETURN_MINIMAL;
    }
    if (prefer_has(h, S("return=OperationOutcome"))) {
        return RETURN_OUTCOME;
    }
    return prefer_has(h, S("return=representation")) ? RETURN_REPRESENTATION : RETURN_UNSAID;
}

bool api_prefers_lenient(const struct http_req *h)
{
    return prefer_has(h, S("handling=lenient"));
}

bool api_prefers_async(const struct http_req *h)
{
    return prefer_has(h, S("respond-async"));
}

bool api_prefers_strict(const struct http_req *h)
{
    return prefer_has(h, S("handling=strict"));
}

struct str api_location(struct http_req *h, enum fhir_type type, struct str id, uint64_t version)
{
    struct str base = api_base(h);
    struct buf b;
    buf_init(&b, h->rq.a, 2048);
    buf_str(&b, base);
    buf_char(&b, '/');
    buf_str(&b, fhir_type_name(type));
    buf_char(&b, '/');
    buf_str(&b, id);
    if (version > 0) {
        BUF_LIT(&b, "/_history/");
        buf_u64(&b, version);
    }
    return buf_get(&b);
}

struct str api_new_id(struct req *rq)
{
    char *id = arena_alloc(rq->a, OS_ID_LEN + 1);
    if (id == NULL) {
        return (struct str){NULL, 0};
    }
    os_id(id);
    return (struct str){id, OS_ID_LEN};
}

enum err api_audit_row(struct http_req *h, enum audit_action action, const struct res_row *row,
                       enum err outcome)
{
    if (!fhir_type_is_clinical((enum fhir_type)row->type)) {
        return OK;
    }
    bool is_system = who_may(h->rq.who, IS_SYSTEM);
    struct audit_rec rec = {
        .action = outcome == OK ? action : AUDIT_DENY,
        .why = outcome != OK ? WHY_NOT_TEAM : is_system ? WHY_SYSTEM : WHY_TEAM,
        .outcome = outcome,
        .type = row->type,
        .id = row->id,
        .patient_rid = row->patient,
        .case_rid = row->anchor > 0 && row->anchor != row->patient ? row->anchor : 0,
    };
    return audit_add(&h->rq, &rec);
}

enum err api_find(struct http_req *h, enum fhir_type type, struct str id,
                  enum audit_action action, struct res_row *ret_row)
{
    struct fhir_access acc = api_access(h);
    struct res_row row;
    bool may = false;
    if (!fhir_id_is_valid(id)) {
        return FAIL(&h->rq, E_NOT_FOUND, "%s",
                    str_starts(id, S("$")) ? "no such operation here" : "id malformed");
    }
    TRY(db_find(&h->rq, (uint16_t)type, id, &row));
    if (row.version == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such resource");
    }
    TRY(fhir_may_touch(&h->rq, &acc, OP_READ, &row, &may));
    TRY(api_audit_row(h, action, &row, may ? OK : E_NOT_FOUND));
    if (!may) {
        return FAIL(&h->rq, E_NOT_FOUND, "no such resource");
    }
    *ret_row = row;
    return OK;
}
