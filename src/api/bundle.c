/* api/bundle.c - batch and transaction (R4 http.html#transaction).
 *
 * A transaction is one store transaction: all or nothing, in the order DELETE, POST, PUT, PATCH, GET. A batch
 * tries the same first, since that is one commit; when the commit is refused, each entry gets a
 * transaction of its own on the pool.
 */
#include "api/bundle_int.h"
#include "care/care.h"
#include "store/audit.h"

enum { TRIES_MAX = 8, BUNDLE_SLOW_BYTES = 128 * 1024 };

struct entry *bundle_find(const struct bundle *b, struct str full_url)
{
    if (b->slots == 0 || full_url.n == 0) {
        return NULL;
    }
    for (size_t at = str_hash(full_url);; at++) {
        uint32_t i = b->map[at & (b->slots - 1)];
        if (i == 0) {
            return NULL;
        }
        if (str_eq(b->v[i - 1].full_url, full_url)) {
            return &b->v[i - 1];
        }
    }
}

static enum err map_build(struct http_req *h, struct bundle *b)
{
    b->slots = 16;
    while (b->slots < b->n * 2) {
        b->slots *= 2;
    }
    b->map = ARENA_ARRAY(h->rq.a, b->slots, uint32_t);
    TRY_MEM(&h->rq, b->map);
    for (size_t i = 0; i < b->n; i++) {
        struct str url = b->v[i].full_url;
        if (url.n == 0) {
            continue;
        }
        if (bundle_find(b, url) != NULL) {
            return FAIL(&h->rq, E_BAD_INPUT, "Bundle.entry[%zu].fullUrl: twice", i);
        }
        size_t at = str_hash(url);
        while (b->map[at & (b->slots - 1)] != 0) {
            at++;
        }
        b->map[at & (b->slots - 1)] = (uint32_t)i + 1;
    }
    return OK;
}

static enum err entries_parse(struct http_req *h, struct jv root, struct bundle *b)
{
    struct jv list = json_get(root, S("entry"));
    uint32_t n = json_len(list);
    if (n > BUNDLE_ENTRIES_MAX) {
        return FAIL(&h->rq, E_TOO_LARGE, "more than %d entries", BUNDLE_ENTRIES_MAX);
    }
    b->v = ARENA_ARRAY(h->rq.a, n + 1, struct entry);
    TRY_MEM(&h->rq, b->v);
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        struct entry *x = &b->v[b->n++];
        enum err err = entry_parse(h, b->base, e, x);
        if (err == OK) {
            err = entry_resolve(h, x);
        }
        if (err == OK) {
            continue;
        }
        if (b->is_transaction) {
            return err;
        }
        entry_fail(h, x, err);
    }
    return map_build(h, b);
}

/* ---- the answer ---- */

static struct str status_of(const struct entry *x)
{
    if (x->verb == VERB_DELETE) {
        return S("204 No Content");
    }
    if (x->verb == VERB_GET && x->exists) {
        return S("304 Not Modified");
    }
    bool made = x->tx != NULL && tx_put_version(x->tx, x->put) == 1;
    return made ? S("201 Created") : S("200 OK");
}

static void failure_write(struct buf *b, const struct entry *x)
{
    BUF_LIT(b, "{\"response\":{\"status\":\"");
    buf_u64(b, err_http(x->err));
    BUF_LIT(b, "\",\"outcome\":");
    buf_str(b, x->outcome);
    BUF_LIT(b, "}}");
}

static void entry_answer(struct http_req *h, struct buf *b, const struct entry *x, bool full)
{
    uint64_t version = x->tx != NULL ? tx_put_version(x->tx, x->put) : x->version;
    struct instant updated = x->tx != NULL ? tx_time(x->tx) : x->updated;
    bool changed = x->verb >= VERB_POST && x->verb <= VERB_PATCH;
    bool shown = x->verb == VERB_GET ? !x->is_head : x->change != CHANGE_NONE || (full && x->exists);
    struct str body = shown ? x->body : (struct str){NULL, 0};
    if (x->skip) {
        failure_write(b, x);
        return;
    }
    if (changed && full && x->tx != NULL && x->change == CHANGE_NONE) {
        body = tx_put_text(x->tx, x->put);
    }
    buf_char(b, '{');
    if (body.n > 0) {
        BUF_LIT(b, "\"resource\":");
        buf_str(b, body);
        buf_char(b, ',');
    }
    BUF_LIT(b, "\"response\":{\"status\":\"");
    buf_str(b, status_of(x));
    buf_char(b, '"');
    if (changed) {
        BUF_LIT(b, ",\"location\":\"");
        buf_str(b, api_location(h, x->type, x->id, version));
        buf_char(b, '"');
    }
    if (version > 0 && x->verb != VERB_DELETE) {
        BUF_LIT(b, ",\"etag\":\"W/\\\"");
        buf_u64(b, version);
        BUF_LIT(b, "\\\"\",\"lastModified\":\"");
        instant_write(b, updated);
        buf_char(b, '"');
    }
    BUF_LIT(b, "}}");
}

static enum err reads_run(struct http_req *h, struct bundle *b)
{
    for (size_t i = 0; i < b->n; i++) {
        struct entry *x = &b->v[i];
        if (!x->skip && x->change != CHANGE_NONE) {
            TRY(entry_changed(h, x));
        }
        if (x->verb != VERB_GET || x->skip) {
            continue;
        }
        enum err e = entry_read(h, x);
        if (e != OK) {
            entry_fail(h, x, e); /* a read that fails undoes nothing: it is told in its place */
        }
        fhir_issues_clear(&h->rq); /* warnings stand in the entry's own answer */
    }
    return OK;
}

static enum err answer_now(struct http_req *h)
{
    struct bundle *b = h->page_ctx;
    struct buf out;
    bool full = api_prefer(h) == RETURN_REPRESENTATION;
    TRY(reads_run(h, b));
    buf_init(&out, h->rq.a, (size_t)128 << 20);
    BUF_LIT(&out, "{\"resourceType\":\"Bundle\",\"type\":\"");
    buf_str(&out, b->is_transaction ? S("transaction-response") : S("batch-response"));
    BUF_LIT(&out, "\",\"entry\":[");
    for (size_t i = 0; i < b->n; i++) {
        if (i > 0) {
            buf_char(&out, ',');
        }
        entry_answer(h, &out, &b->v[i], full);
    }
    BUF_LIT(&out, "]}");
    return buf_ok(&out) ? api_reply(h, 200, buf_get(&out))
                        : FAIL(&h->rq, E_TOO_LARGE, "the answer is too large");
}

/* Operations, and histories of more than one resource, may take long: on the pool. */
static enum err bundle_answer(struct http_req *h)
{
    const struct bundle *b = h->page_ctx;
    for (size_t i = 0; i < b->n; i++) {
        const struct entry *x = &b->v[i];
        bool long_history = x->id.n == 0 && str_eq(x->rest, S("_history"));
        if ((x->is_op || long_history) && !x->skip) {
            return http_slow(h, answer_now);
        }
    }
    return answer_now(h);
}

/* ---- changes ---- */

/* Every resource the entries change, once. */
struct touched {
    struct {
        enum fhir_type type;
        struct str id; /* empty: free */
    } *v;
    size_t slots; /* a power of two */
};

static enum err touch(struct http_req *h, struct touched *t, size_t entry, enum fhir_type type,
                      struct str id)
{
    size_t at = str_hash(id);
    for (; t->v[at & (t->slots - 1)].id.n > 0; at++) {
        if (t->v[at & (t->slots - 1)].type == type && str_eq(t->v[at & (t->slots - 1)].id, id)) {
            return FAIL(&h->rq, E_BAD_INPUT, "Bundle.entry[%zu]: changes what another does", entry);
        }
    }
    t->v[at & (t->slots - 1)].type = type;
    t->v[at & (t->slots - 1)].id = id;
    return OK;
}

/* How many resources an entry changes. */
static size_t changes_of(const struct entry *x)
{
    bool none = x->verb == VERB_GET || x->exists || x->gone || x->skip;
    return none ? 0 : x->verb == VERB_DELETE && x->cond != NULL ? x->cond->n : 1;
}

/* Not more of them than a bundle may have entries: deletes by a condition may mean many. */
static enum err changes_check(struct http_req *h, const struct bundle *b, size_t *ret_n)
{
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += changes_of(&b->v[i]);
    }
    *ret_n = n;
    return n <= BUNDLE_ENTRIES_MAX
               ? OK
               : FAIL(&h->rq, E_TOO_LARGE, "more than %d resources to change", BUNDLE_ENTRIES_MAX);
}

/* No two entries may change the same resource (http.html#trules). */
static enum err overlap_check(struct http_req *h, const struct bundle *b)
{
    struct touched t = {.slots = 16};
    size_t n = 0;
    TRY(changes_check(h, b, &n));
    while (t.slots < n * 2) {
        t.slots *= 2;
    }
    t.v = arena_alloc(h->rq.a, t.slots * sizeof(*t.v));
    TRY_MEM(&h->rq, t.v);
    for (size_t i = 0; i < t.slots; i++) {
        t.v[i].id = (struct str){NULL, 0};
    }
    for (size_t i = 0; i < b->n; i++) {
        const struct entry *x = &b->v[i];
        size_t own = x->is_create ? 0 : changes_of(x);
        for (size_t k = 0; k < own; k++) {
            TRY(touch(h, &t, i, x->type, x->verb == VERB_DELETE && x->cond != NULL ? x->cond->ids[k]
                                                                                 : x->id));
        }
    }
    return OK;
}

static enum err writes_build(struct http_req *h, struct bundle *b)
{
    for (unsigned verb = VERB_DELETE; verb < VERB_GET; verb++) {
        for (size_t i = 0; i < b->n; i++) {
            struct entry *x = &b->v[i];
            if ((unsigned)x->verb != verb || x->skip) {
                continue;
            }
            struct audit_rec *audit = h->rq.audit;
            enum err e = entry_write(h, b, x, b->tx);
            if (e == OK) {
                continue;
            }
            if (b->is_transaction) {
                return e;
            }
            audit_take_back(&h->rq, audit); /* nothing was changed by this entry */
            entry_fail(h, x, e);
        }
    }
    return OK;
}

/* ---- a batch entry by entry, on the pool ---- */

static bool is_change(const struct entry *x)
{
    return x->verb != VERB_GET;
}

static enum err each_try(struct http_req *h, struct bundle *b, struct entry *x)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(entry_parse(h, b->base, x->e, x));
    TRY(entry_resolve(h, x));
    TRY(entry_write(h, b, x, tx));
    return store_commit(care_of(&h->rq)->store, &h->rq, tx);
}

static void each_run(struct http_req *h, struct bundle *b, struct entry *x)
{
    enum err e = OK;
    bool lost = true;
    for (unsigned n = 0; n < TRIES_MAX && lost; n++) {
        err_clear(&h->rq);
        fhir_issues_clear(&h->rq);
        e = each_try(h, b, x);
        lost = e == E_CONFLICT && x->cond != NULL && x->cond->lost;
    }
    if (e != OK) {
        audit_take_back(&h->rq, NULL);
        x->tx = NULL;
        entry_fail(h, x, e);
    }
}

static enum err batch_each(struct http_req *h)
{
    struct bundle *b = h->page_ctx;
    for (size_t i = 0; i < b->n; i++) {
        struct entry *x = &b->v[i];
        if (is_change(x) && !x->skip) {
            each_run(h, b, x);
        }
    }
    return bundle_answer(h);
}

static enum err batch_refused(struct http_req *h)
{
    enum err code = h->rq.err.code;
    if (code != E_STALE && code != E_CONFLICT && code != E_NOT_FOUND && code != E_BAD_INPUT) {
        return api_fhir_error(h, code);
    }
    err_clear(&h->rq);
    return http_slow(h, batch_each);
}

/* A condition lost to somebody else's commit: the transaction is looked at anew. */
static enum err transaction_refused(struct http_req *h)
{
    struct bundle *b = h->page_ctx;
    bool lost = false;
    for (size_t i = 0; i < b->n; i++) {
        lost = lost || (b->v[i].cond != NULL && b->v[i].cond->lost);
    }
    if (!lost || b->tries >= TRIES_MAX) {
        return api_fhir_error(h, h->rq.err.code);
    }
    err_clear(&h->rq);
    fhir_issues_clear(&h->rq);
    return http_slow(h, api_fhir_bundle);
}

/* ---- conditions beside other changes ---- */

/* Is another change of the type in the bundle, which the condition of x might mean? */
static bool has_company(const uint32_t *changes, const struct entry *x)
{
    return x->cond != NULL && changes[x->type] > 1;
}

static uint32_t *changes_count(struct http_req *h, const struct bundle *b)
{
    uint32_t *n = ARENA_ARRAY(h->rq.a, T_COUNT, uint32_t);
    for (size_t i = 0; n != NULL && i < b->n; i++) {
        n[b->v[i].type] += is_change(&b->v[i]) && !b->v[i].skip ? 1 : 0;
    }
    return n;
}

/* A batch whose entries may see each other's changes is no one commit. */
static enum err must_be_each(struct http_req *h, const struct bundle *b, bool *ret_must)
{
    const uint32_t *n = changes_count(h, b);
    TRY_MEM(&h->rq, n);
    *ret_must = false;
    for (size_t i = 0; i < b->n; i++) {
        *ret_must = *ret_must || (!b->v[i].skip && has_company(n, &b->v[i]));
    }
    return OK;
}

/* No condition may fit what another entry writes (http.html#trules: identities do not overlap). */
static enum err conditions_alone(struct http_req *h, struct bundle *b)
{
    const uint32_t *n = changes_count(h, b);
    TRY_MEM(&h->rq, n);
    for (size_t i = 0; i < b->n; i++) {
        struct entry *x = &b->v[i];
        if (x->verb != VERB_DELETE && has_company(n, x)) {
            TRY(api_cond_hold_alone(b->tx, x->cond));
        }
    }
    return OK;
}

/* What the transaction writes that its entries are held to: questionnaires, profiles, codes. Each is valid
 * itself before anything is held to it. */
static enum err beside_gather(struct http_req *h, struct bundle *b)
{
    struct fhir_access acc = api_access(h);
    size_t n = 0;
    for (size_t i = 0; i < b->n; i++) {
        n += fhir_is_library(b->v[i].type) ? 1 : 0;
    }
    b->beside.v = arena_alloc(h->rq.a, n * sizeof(*b->beside.v));
    TRY_MEM(&h->rq, b->beside.v);
    for (size_t i = 0; i < b->n && n > 0; i++) {
        const struct entry *x = &b->v[i];
        bool made = (x->verb == VERB_POST || x->verb == VERB_PUT) && !x->exists;
        if (fhir_is_library(x->type) && made) {
            TRY(fhir_validate_for(&h->rq, x->resource, x->type, &acc, NULL));
        }
        if (fhir_is_library(x->type) && (made || (x->verb == VERB_DELETE && x->cond == NULL))) {
            b->beside.v[b->beside.n].type = x->type;
            b->beside.v[b->beside.n].id = x->id;
            b->beside.v[b->beside.n++].v = made ? x->resource : (struct jv){0};
        }
    }
    return OK;
}

static enum err bundle_run(struct http_req *h, struct jv root, struct bundle *b)
{
    const struct bundle *before = h->page_ctx;
    bool each = false;
    b->tries = before != NULL ? before->tries + 1 : 0;
    h->page_ctx = b;
    b->tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, b->tx);
    TRY(entries_parse(h, root, b));
    if (b->is_transaction) {
        h->on_fail = transaction_refused;
        TRY(overlap_check(h, b));
        TRY(conditions_alone(h, b));
        TRY(beside_gather(h, b));
    } else {
        size_t n = 0;
        h->on_fail = batch_refused;
        TRY(changes_check(h, b, &n));
        TRY(must_be_each(h, b, &each));
    }
    if (each) {
        return http_slow(h, batch_each);
    }
    TRY(writes_build(h, b));
    return tx_is_empty(b->tx) ? bundle_answer(h) : http_commit(h, b->tx, bundle_answer);
}

static enum err bundle_begin(struct http_req *h)
{
    struct json_doc *doc;
    struct bundle *b = ARENA_NEW(h->rq.a, struct bundle);
    TRY_MEM(&h->rq, b);
    b->base = api_base(h);
    TRY(api_body(h, &doc));
    struct jv root = json_root(doc);
    struct jv type = json_get(root, S("type"));
    if (!json_is(json_get(root, S("resourceType")), S("Bundle"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "resourceType: a Bundle is expected here");
    }
    b->is_transaction = json_is(type, S("transaction"));
    if (!b->is_transaction && !json_is(type, S("batch"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "Bundle.type: batch or transaction");
    }
    return bundle_run(h, root, b);
}

/* A large one, and one that a virus scanner may be shown, is read on the pool: others wait for the I/O
 * thread. */
enum err api_fhir_bundle(struct http_req *h)
{
    TRY(api_enter(h));
    bool slow = http_body(h).n > BUNDLE_SLOW_BYTES || care_of(&h->rq)->scanner != NULL;
    return slow ? http_slow(h, bundle_begin) : bundle_begin(h);
}
