/* api/meta_all.c - $meta of a type and of everything (R4 resource-operation-meta.html): the profiles,
 * security labels and tags in use among what the caller may see.
 *
 * Who sees all of a type is answered by the index: one resource for each value there is, the newest. For
 * others the resources themselves are read, as a search gives them. Both are bounded. */
#include "api/fhir_int.h"
#include "base/text.h"
#include "codec/url.h"
#include "store/audit.h"

enum {
    LABELS_MAX = 2000,     /* in the answer */
    LABEL_BYTES = 1 << 20,
    READS_MAX = 5000,      /* resources read */
    PAGE = 200,
};

enum label_list { LABEL_PROFILE, LABEL_SECURITY, LABEL_TAG, LABEL_LISTS };
static const struct str names[LABEL_LISTS] = {SI("profile"), SI("security"), SI("tag")};
static const struct str params[LABEL_LISTS] = {SI("_profile"), SI("_security"), SI("_tag")};

struct label {
    enum label_list list;
    struct str key; /* the address, or "system|code" */
    struct str raw; /* as JSON */
};

struct labels {
    struct http_req *h;
    struct fhir_access acc;
    struct label *v;
    size_t n;
    size_t reads;
    struct buf text; /* of keys and raws: made at once, never moved */
};

static enum err too_many(struct labels *l)
{
    fhir_issue_add(&l->h->rq, ISSUE_ERROR, "too-costly",
                   T("There is too much to look at. Please narrow the search."), S("$meta"), S(""));
    return FAIL(&l->h->rq, E_BAD_INPUT, "too many resources");
}

static struct str keep(struct labels *l, struct str s)
{
    size_t from = l->text.n;
    buf_str(&l->text, s);
    return buf_ok(&l->text) ? (struct str){l->text.p + from, s.n} : (struct str){NULL, 0};
}

static enum err label_add(struct labels *l, enum label_list list, struct jv v)
{
    struct arena *a = l->h->rq.a;
    struct str key = json_str(a, v);
    if (json_kind(v) == JSON_OBJECT) {
        struct buf b;
        buf_init(&b, a, json_raw(v).n + 2);
        buf_str(&b, json_str(a, json_get(v, S("system"))));
        buf_char(&b, '|');
        buf_str(&b, json_str(a, json_get(v, S("code"))));
        key = buf_get(&b);
    }
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].list == list && str_eq(l->v[i].key, key)) {
            return OK;
        }
    }
    struct label one = {list, keep(l, key), keep(l, json_raw(v))};
    if (key.n == 0) {
        return OK;
    }
    if (l->n == LABELS_MAX || one.raw.p == NULL) {
        return too_many(l);
    }
    l->v[l->n++] = one;
    return OK;
}

static enum err body_take(struct labels *l, struct str body)
{
    struct json_doc doc;
    struct arena_mark m = arena_mark(l->h->rq.a);
    enum err e = json_parse(&l->h->rq, body, NULL, &doc);
    struct jv meta = e == OK ? json_get(json_root(&doc), S("meta")) : (struct jv){NULL, 0};
    for (unsigned k = 0; e == OK && k < LABEL_LISTS; k++) {
        struct jv list = json_get(meta, names[k]);
        for (struct jv v = json_first(list); e == OK && json_has(v); v = json_next(v)) {
            e = label_add(l, (enum label_list)k, v);
        }
    }
    if (e == OK) {
        arena_back(l->h->rq.a, m);
    }
    return e;
}

/* ---- by the index ---- */

/* The next value of a parameter: any resource that has it tells what it is. */
static enum err value_next(struct req *rq, uint16_t sp, int64_t *hash, int64_t *sys, bool *ret_has)
{
    CLEANUP(db_rows_done) struct db_rows rows = {0};
    enum err e = DB_ONE(rq, &rows, Q_INDEX_TOKEN_NEXT, sql_i64(sp), sql_i64(*hash), sql_i64(*sys));
    *ret_has = e == OK;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *hash = db_i64(&rows, 0);
    *sys = db_i64(&rows, 1);
    return OK;
}

static enum err value_take(struct labels *l, uint16_t sp, int64_t hash, int64_t sys)
{
    struct req *rq = &l->h->rq;
    struct list *list = NULL;
    struct hit hit;
    struct res_row row;
    TRY(list_token(rq, sp, (uint64_t)hash, (uint32_t)sys, LIST_NEWEST, &list));
    bool has = list_next(list, &hit);
    enum err e = list_err(rq, list);
    list_close(&list);
    TRY(e);
    if (!has) {
        return OK;
    }
    struct arena_mark m = arena_mark(rq->a);
    TRY(db_read_rid(rq, hit.rid, &row));
    TRY(body_take(l, row.body));
    arena_back(rq->a, m);
    return OK;
}

static enum err type_by_index(struct labels *l, enum fhir_type type)
{
    for (unsigned k = 0; k < LABEL_LISTS; k++) {
        const struct fhir_param *p = fhir_param_find(type, params[k]);
        int64_t hash = INT64_MIN;
        int64_t sys = -1;
        bool has = true;
        for (;;) {
            TRY(value_next(&l->h->rq, p->sp, &hash, &sys, &has));
            if (!has) {
                break;
            }
            if (l->reads++ == READS_MAX) {
                return too_many(l);
            }
            TRY(value_take(l, p->sp, hash, sys));
        }
    }
    return OK;
}

/* ---- by what the caller may see ---- */

static enum err page_take(struct labels *l, struct fhir_query *q, struct buf *cursor)
{
    struct req *rq = &l->h->rq;
    struct fhir_page page;
    struct arena_mark m = arena_mark(rq->a);
    q->cursor = buf_get(cursor);
    TRY(fhir_search(rq, q, &l->acc, &page));
    for (size_t i = 0; i < page.n; i++) {
        TRY(body_take(l, page.v[i].row.body));
    }
    l->reads += page.n;
    buf_truncate(cursor, 0);
    buf_str(cursor, page.next);
    arena_back(rq->a, m);
    return buf_ok(cursor) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}

static enum err type_by_search(struct labels *l, enum fhir_type type)
{
    struct req *rq = &l->h->rq;
    struct url_pairs none = {.n = 0};
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    struct buf cursor;
    bool more = true;
    TRY_MEM(rq, q);
    TRY(fhir_query_parse(rq, type, &none, true, q));
    q->count = PAGE;
    buf_init(&cursor, rq->a, 8192);
    TRY_MEM(rq, buf_room(&cursor, 8192));
    for (unsigned round = 0; more; round++) {
        if (l->reads >= READS_MAX || round > READS_MAX / PAGE) {
            return too_many(l);
        }
        TRY(page_take(l, q, &cursor));
        more = cursor.n > 0;
    }
    return OK;
}

static enum err type_take(struct labels *l, enum fhir_type type)
{
    bool whole = l->acc.scopes == NULL && (l->acc.all || fhir_type_hangs(type) == DIRECTORY);
    struct arena_mark m = arena_mark(l->h->rq.a);
    if (!scope_allows(l->acc.scopes, type, OP_SEARCH)) {
        return OK;
    }
    TRY(whole ? type_by_index(l, type) : type_by_search(l, type));
    arena_back(l->h->rq.a, m);
    return OK;
}

/* ---- the answer ---- */

static enum err labels_reply(struct labels *l)
{
    struct buf b;
    struct json_out o;
    if (l->n == 0) {
        return api_reply(l->h, 200, S("{\"resourceType\":\"Parameters\"}"));
    }
    buf_init(&b, l->h->rq.a, LABEL_BYTES * 2);
    BUF_LIT(&b, "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"return\",\"valueMeta\":");
    json_out_init(&o, &b);
    json_obj(&o);
    for (unsigned k = 0; k < LABEL_LISTS; k++) {
        bool open = false;
        for (size_t i = 0; i < l->n; i++) {
            if (l->v[i].list != (enum label_list)k) {
                continue;
            }
            if (!open) {
                json_k(&o, names[k]);
                json_arr(&o);
                open = true;
            }
            json_v_raw(&o, l->v[i].raw);
        }
        if (open) {
            json_arr_end(&o);
        }
    }
    json_obj_end(&o);
    BUF_LIT(&b, "}]}");
    return buf_ok(&b) ? api_reply(l->h, 200, buf_get(&b)) : FAIL(&l->h->rq, E_TOO_LARGE, "meta");
}

static enum err labels_run(struct labels *l, enum fhir_type only)
{
    enum err e = OK;
    TRY(db_begin(&l->h->rq));
    for (unsigned t = 1; e == OK && t < T_COUNT; t++) {
        bool asked = only == T_NONE ? fhir_type_hangs((enum fhir_type)t) != NOT_KEPT
                                    : t == (unsigned)only;
        e = asked ? type_take(l, (enum fhir_type)t) : OK;
    }
    db_end(&l->h->rq);
    return e;
}

/* type T_NONE: of everything */
static enum err answer(struct http_req *h, enum fhir_type type)
{
    struct labels l = {.h = h, .acc = api_access(h)};
    struct audit_rec rec = {.action = AUDIT_SEARCH, .type = (uint16_t)type, .detail = S("$meta"),
                            .why = who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM};
    l.v = ARENA_ARRAY(h->rq.a, LABELS_MAX, struct label);
    TRY_MEM(&h->rq, l.v);
    buf_init(&l.text, h->rq.a, LABEL_BYTES);
    TRY_MEM(&h->rq, buf_room(&l.text, LABEL_BYTES));
    TRY(labels_run(&l, type));
    if (type == T_NONE || fhir_type_is_clinical(type)) {
        TRY(audit_add(&h->rq, &rec));
    }
    return labels_reply(&l);
}

enum err api_fhir_type_meta(struct http_req *h)
{
    enum fhir_type type;
    TRY(api_enter(h));
    TRY(api_type(h, &type));
    TRY(api_may(h, type, OP_SEARCH));
    return type == T_AUDIT_EVENT ? FAIL(&h->rq, E_NOT_FOUND, "no such address") : answer(h, type);
}

enum err api_fhir_system_meta(struct http_req *h)
{
    TRY(api_enter(h));
    return answer(h, T_NONE);
}
