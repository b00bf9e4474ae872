/* api/history.c - history of a resource, of a type, of everything (http.html#history).
 *
 * Versions newest first, by their place in the change feed: what is written while somebody pages through
 * stands before the first page and moves nothing. A version is shown to who may see the resource now;
 * others are passed over, neither shown nor counted: there is no total. A page is filled however many are
 * passed over, up to FEED_SCAN. */
#include "api/fhir_int.h"
#include "base/text.h"
#include "codec/url.h"
#include "store/audit.h"

enum {
    COUNT_MAX = 1000,
    FEED_SCAN = 300000,    /* versions looked at for one page of a type or of everything */
    ANCHORS = 1024,        /* answers remembered: may the caller see what hangs on this? */
    PAGE_BYTES = 4 << 20,
};

struct walk {
    struct http_req *h;
    struct fhir_access acc;
    const struct api_history *ask;
    struct url_pairs form;
    size_t count;
    int64_t since_ms;      /* INT64_MIN: not asked */
    bool has_list;         /* _list: of what a List names */
    int64_t *listed;       /* its rids */
    size_t n_listed;
    bool has_at;
    int64_t at_lo_ms;      /* _at: half-open */
    int64_t at_hi_ms;
    int64_t at_vid;        /* the feed at the beginning of _at */
    int64_t before;        /* where the page begins; 0: at the newest */
    int64_t last;          /* the last version looked at */
    size_t n;
    bool more;
    struct buf out;
    struct {
        int64_t anchor;
        bool known;
        bool may;
    } *seen; /* ANCHORS, by anchor */
};

/* ---- what is asked ---- */

static struct str about_of(struct walk *w)
{
    struct buf b;
    buf_init(&b, w->h->rq.a, 64 * 1024);
    buf_str(&b, fhir_type_name(w->ask->type));
    buf_char(&b, '/');
    buf_str(&b, w->ask->id);
    for (size_t i = 0; i < w->form.n; i++) {
        if (!str_eq(w->form.v[i].name, S("_cursor"))) {
            form_add(&b, w->form.v[i].name, w->form.v[i].value);
        }
    }
    return buf_get(&b);
}

static enum err cursor_read(struct walk *w, struct str text)
{
    struct str plain;
    uint64_t before;
    if (!db_unseal(&w->h->rq, text, about_of(w), &plain) || !str_u64(plain, &before) ||
        before > INT64_MAX) {
        fhir_issue_add(&w->h->rq, ISSUE_ERROR, "invalid", T("The link to this page is not valid."),
                       S("_cursor"), S(""));
        return FAIL(&w->h->rq, E_BAD_INPUT, "_cursor");
    }
    w->before = (int64_t)before;
    return OK;
}

static struct str cursor_write(struct walk *w)
{
    struct buf b;
    buf_init(&b, w->h->rq.a, 32);
    buf_i64(&b, w->last);
    return db_seal(&w->h->rq, buf_get(&b), about_of(w));
}

/* What a List names; nothing when the caller may not see it. */
static enum err list_read(struct walk *w, struct str id)
{
    struct req *rq = &w->h->rq;
    const struct fhir_param *item = fhir_param_find(T_LIST, S("item"));
    const struct tuple *t;
    struct res_row row;
    size_t n = 0;
    bool may = false;
    w->has_list = true;
    enum err e = fhir_id_is_valid(id) ? db_head(rq, T_LIST, id, &row)
                                      : FAIL(rq, E_BAD_INPUT, "_list: the id of a List");
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(fhir_may_touch(rq, &w->acc, OP_READ, &row, &may));
    if (!may || row.deleted || row.version == 0) {
        return OK;
    }
    TRY(db_tuples(rq, row.rid, &t, &n));
    w->listed = ARENA_ARRAY(rq->a, n + 1, int64_t);
    TRY_MEM(rq, w->listed);
    for (size_t i = 0; i < n; i++) {
        if (t[i].kind == TUPLE_REF && t[i].sp == item->sp && t[i].ref.rid > 0) {
            w->listed[w->n_listed++] = t[i].ref.rid;
        }
    }
    return OK;
}

static bool is_listed(const struct walk *w, int64_t rid)
{
    for (size_t i = 0; i < w->n_listed; i++) {
        if (w->listed[i] == rid) {
            return true;
        }
    }
    return !w->has_list;
}

static enum err param_read(struct walk *w, struct str name, struct str value, bool strict)
{
    struct req *rq = &w->h->rq;
    struct instant lo;
    struct instant hi;
    uint64_t n;
    if (str_eq(name, S("_count"))) {
        if (!str_u64(value, &n)) {
            return FAIL(rq, E_BAD_INPUT, "_count");
        }
        w->count = MIN((size_t)n, (size_t)COUNT_MAX);
        return OK;
    }
    if (str_eq(name, S("_since"))) {
        if (!instant_span(value, 0, &lo, &hi)) {
            return FAIL(rq, E_BAD_INPUT, "_since: an instant");
        }
        w->since_ms = lo.ms;
        return OK;
    }
    if (str_eq(name, S("_at"))) {
        if (!instant_span(value, 0, &lo, &hi)) {
            return FAIL(rq, E_BAD_INPUT, "_at: a date or time");
        }
        w->has_at = true;
        w->at_lo_ms = lo.ms;
        w->at_hi_ms = hi.ms;
        return db_vid_at(rq, lo.ms, &w->at_vid);
    }
    if (str_eq(name, S("_list"))) {
        return list_read(w, value);
    }
    if (str_eq(name, S("_cursor"))) {
        return cursor_read(w, value);
    }
    bool known = str_eq(name, S("_format")) || str_eq(name, S("_pretty"));
    if (!known && strict) {
        fhir_issue_add(rq, ISSUE_ERROR, "not-supported", T("This parameter is not known here."), name,
                       S(""));
        return FAIL(rq, E_BAD_INPUT, "unknown parameter");
    }
    return OK;
}

/* ---- the walk ---- */

static bool is_asked(const struct walk *w, const struct ver_row *head)
{
    const struct api_history *a = w->ask;
    return (a->type == T_NONE || head->type == a->type) && is_listed(w, head->rid);
}

/* _at: was it the current one at any time of the span? */
static enum err was_current(struct walk *w, const struct ver_row *head, bool *ret_was)
{
    struct req *rq = &w->h->rq;
    struct ver_row then;
    if (head->updated.ms >= w->at_lo_ms) {
        *ret_was = head->updated.ms < w->at_hi_ms;
        return OK;
    }
    enum err e = db_version_at(rq, head->rid, w->at_vid, &then);
    *ret_was = e == OK && then.vid == head->vid;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    return e;
}

static void entry_write(struct walk *w, const struct ver_row *v)
{
    static const struct {
        const char *method;
        const char *status;
    } ops[] = {
        [VER_CREATE] = {"POST", "201 Created"},
        [VER_UPDATE] = {"PUT", "200 OK"},
        [VER_DELETE] = {"DELETE", "204 No Content"},
    };
    enum fhir_type type = (enum fhir_type)v->type;
    struct buf *b = &w->out;
    BUF_LIT(b, "{\"fullUrl\":\"");
    buf_str(b, api_location(w->h, type, v->id, 0));
    buf_char(b, '"');
    if (v->body.n > 0) {
        BUF_LIT(b, ",\"resource\":");
        buf_str(b, v->body);
    }
    BUF_LIT(b, ",\"request\":{\"method\":\"");
    buf_str(b, str_z(ops[v->op].method));
    BUF_LIT(b, "\",\"url\":\"");
    buf_str(b, fhir_type_name(type));
    if (v->op != VER_CREATE) {
        buf_char(b, '/');
        buf_str(b, v->id);
    }
    BUF_LIT(b, "\"},\"response\":{\"status\":\"");
    buf_str(b, str_z(ops[v->op].status));
    BUF_LIT(b, "\",\"etag\":\"W/\\\"");
    buf_u64(b, v->version);
    BUF_LIT(b, "\\\"\",\"lastModified\":\"");
    instant_write(b, v->updated);
    BUF_LIT(b, "\"}}");
}

/* May the caller see it? The team of an anchor is asked once, in most cases. */
static enum err may_see(struct walk *w, unsigned op, const struct res_row *row, bool *ret_may)
{
    size_t at = (size_t)((uint64_t)row->anchor % ANCHORS);
    if (!w->seen[at].known || w->seen[at].anchor != row->anchor) {
        TRY(fhir_may_see(&w->h->rq, &w->acc, row->anchor, &w->seen[at].may));
        w->seen[at].anchor = row->anchor;
        w->seen[at].known = true;
    }
    *ret_may = false;
    return w->seen[at].may ? fhir_may_touch(&w->h->rq, &w->acc, op, row, ret_may) : OK;
}

static enum err look(struct req *rq, const struct ver_row *head, void *ctx, bool *ret_keep,
                     bool *ret_stop)
{
    struct walk *w = ctx;
    struct ver_row row;
    unsigned op = w->ask->id.n > 0 ? OP_READ : OP_SEARCH;
    const struct res_row as_row = {.rid = head->rid, .type = head->type, .id = head->id,
                                   .anchor = head->anchor, .patient = head->patient};
    bool may = false;
    if (head->updated.ms < w->since_ms) {
        *ret_stop = true;
        w->more = false;
        return OK;
    }
    if (is_asked(w, head) && scope_allows(w->acc.scopes, (enum fhir_type)head->type, op)) {
        TRY(may_see(w, op, &as_row, &may));
    }
    if (may && w->has_at) {
        TRY(was_current(w, head, &may));
    }
    if (!may) {
        w->last = head->vid;
        return OK;
    }
    if (w->n == w->count || w->out.n > PAGE_BYTES) {
        *ret_stop = w->more = true;
        return OK;
    }
    *ret_keep = true; /* what is written grows in the arena */
    TRY(db_ver_read(rq, head->vid, &row));
    buf_str(&w->out, w->n++ > 0 ? S(",") : S(""));
    entry_write(w, &row);
    w->last = head->vid;
    return OK;
}

static void link_write(struct walk *w, struct buf *b, struct str relation, struct str cursor)
{
    bool first = true;
    BUF_LIT(b, "{\"relation\":\"");
    buf_str(b, relation);
    BUF_LIT(b, "\",\"url\":\"");
    buf_str(b, api_base(w->h));
    buf_char(b, '/');
    if (w->ask->type != T_NONE) {
        buf_str(b, fhir_type_name(w->ask->type));
        buf_char(b, '/');
    }
    if (w->ask->id.n > 0) {
        buf_str(b, w->ask->id);
        buf_char(b, '/');
    }
    BUF_LIT(b, "_history");
    for (size_t i = 0; i <= w->form.n; i++) {
        bool own = i < w->form.n;
        struct str name = own ? w->form.v[i].name : S("_cursor");
        struct str value = own ? w->form.v[i].value : cursor;
        if ((own && str_eq(name, S("_cursor"))) || (!own && cursor.n == 0)) {
            continue;
        }
        buf_char(b, first ? '?' : '&');
        url_encode(b, name, URL_COMPONENT);
        buf_char(b, '=');
        url_encode(b, value, URL_COMPONENT);
        first = false;
    }
    BUF_LIT(b, "\"}");
}

static enum err bundle_write(struct walk *w, struct str *ret_json)
{
    struct buf b;
    struct str entries = buf_get(&w->out);
    buf_init(&b, w->h->rq.a, entries.n + 256 * 1024);
    BUF_LIT(&b, "{\"resourceType\":\"Bundle\",\"type\":\"history\",\"link\":[");
    link_write(w, &b, S("self"), S(""));
    if (w->more) {
        buf_char(&b, ',');
        link_write(w, &b, S("next"), cursor_write(w));
    }
    buf_char(&b, ']');
    if (entries.n > 0) {
        BUF_LIT(&b, ",\"entry\":[");
        buf_str(&b, entries);
        buf_char(&b, ']');
    }
    buf_char(&b, '}');
    if (!buf_ok(&b) || !buf_ok(&w->out)) {
        return FAIL(&w->h->rq, E_TOO_LARGE, "history");
    }
    *ret_json = buf_get(&b);
    return OK;
}

static enum err walk_run(struct walk *w)
{
    struct req *rq = &w->h->rq;
    const struct api_history *a = w->ask;
    int64_t next = 0;
    if (w->count == 0) {
        return OK;
    }
    if (a->id.n > 0) {
        return db_history(rq, (uint16_t)a->type, a->id, w->before, look, w);
    }
    TRY(db_feed(rq, w->before, FEED_SCAN, look, w, &next));
    if (next > 0) {
        w->more = true;
        w->last = next;
    }
    return OK;
}

static enum err enter(struct http_req *h, const struct api_history *a)
{
    struct res_row row;
    if (a->id.n > 0) {
        TRY(api_may(h, a->type, OP_READ));
        return api_find(h, a->type, a->id, AUDIT_HISTORY, &row);
    }
    if (a->type != T_NONE) {
        TRY(api_may(h, a->type, OP_SEARCH));
    }
    struct audit_rec rec = {.action = AUDIT_HISTORY, .type = (uint16_t)a->type,
                            .why = who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM};
    return a->type == T_NONE || fhir_type_is_clinical(a->type) ? audit_add(&h->rq, &rec) : OK;
}

enum err api_history(struct http_req *h, const struct api_history *ask, struct str *ret_json)
{
    struct walk w = {.h = h, .acc = api_access(h), .ask = ask, .count = FHIR_COUNT_DEFAULT,
                     .since_ms = INT64_MIN};
    bool strict = api_prefers_strict(h);
    TRY(enter(h, ask));
    TRY(form_parse(&h->rq, ask->query, 200, &w.form));
    w.seen = arena_alloc(h->rq.a, ANCHORS * sizeof(*w.seen));
    TRY_MEM(&h->rq, w.seen);
    buf_init(&w.out, h->rq.a, (size_t)24 << 20);
    TRY(db_begin(&h->rq));
    enum err e = OK;
    for (size_t i = 0; e == OK && i < w.form.n; i++) {
        e = param_read(&w, w.form.v[i].name, w.form.v[i].value, strict);
    }
    if (e == OK) {
        e = walk_run(&w);
    }
    db_end(&h->rq);
    TRY(e);
    return bundle_write(&w, ret_json);
}

static enum err answer(struct http_req *h, enum fhir_type type, struct str id)
{
    const struct api_history ask = {.type = type, .id = id, .query = h->query};
    struct str json;
    TRY(api_history(h, &ask, &json));
    return api_reply(h, 200, json);
}

enum err api_fhir_history(struct http_req *h)
{
    enum fhir_type type;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    return answer(h, type, http_param(h, S("id")));
}

enum err api_fhir_type_history(struct http_req *h)
{
    enum fhir_type type;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    return answer(h, type, S(""));
}

enum err api_fhir_system_history(struct http_req *h)
{
    TRY(api_enter(h));
    return answer(h, T_NONE, S(""));
}
