/* api/bundle_fuzz.c - any JSON as a batch or transaction, through all of it: entries are read, resolved,
 * rewritten, built into changes, committed, and answered; or refused, and then nothing of a transaction
 * is there. The data folder begins anew now and then, so that it stays small. */
#include "api/bundle.c"
#include "fhir/prepare.h"
#include "http/call_fixture.h"
#include "store/fuzz_fixture.h"

enum { FOLDER_COMMITS = 400 };

/* What entries that read are answered by; as in app/routes.c. */
/* clang-format off */
static const struct http_route rows[] = {
    {GET,  "/fhir/_history",               WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_system_history},
    {GET,  "/fhir/:type",                  WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_search},
    {GET,  "/fhir/:type/:id",              WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_read},
    {GET,  "/fhir/:type/_history",         WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_type_history},
    {GET,  "/fhir/:type/:id/_history",     WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_history},
    {GET,  "/fhir/:type/:id/_history/:vid", WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_vread},
    {GET,  "/fhir/:type/:id/:inner",       WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_compartment_search},
    {GET,  "/fhir/:type/:id/$meta",        WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_meta},
    {GET,  "/fhir/Patient/:id/$everything", WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_patient_everything},
    {POST, "/fhir/:type/$validate",        WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_validate},
    {GET,  "/fhir/ValueSet/$expand",       WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_expand},
    {POST, "/fhir/ValueSet/$expand",       WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_expand},
    {GET,  "/fhir/CodeSystem/$lookup",     WHO_SIGNED_IN, 0, LIMIT_NONE, 0, KIND_FHIR, api_fhir_lookup},
};
/* clang-format on */

static struct fuzz_store folder;
static struct db *db;
static struct care care;
static unsigned n_commits;
static struct http_by_hand hand;
static struct arena *router_arena;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void close_folder(void)
{
    if (db != NULL) {
        store_db_close(db);
        db = NULL;
    }
    fuzz_store_close(&folder);
}

static void open_folder(void)
{
    static bool is_first = true;
    struct req rq;
    if (is_first) {
        router_arena = arena_new(1 << 20);
        http_by_hand_init(&hand, router_arena, rows, LEN(rows));
        (void)atexit(close_folder);
        is_first = false;
    }
    care_init(&care);
    fuzz_store_open(NULL, &folder);
    care.store = folder.st;
    db = store_db_open(care.store);
    n_commits = 0;
    req_init(&rq, 64u << 20, (struct instant){1});
    rq.app = (struct app *)&care;
    rq.db = db;
    struct tx *tx = tx_new(&rq);
    ASSERT(fhir_put(&rq, tx, S("{\"resourceType\":\"Patient\",\"id\":\"p\",\"identifier\":[{\"system\":"
                               "\"s\",\"value\":\"1\"}]}"), TX_ANY) == OK);
    ASSERT(store_commit(care.store, &rq, tx) == OK);
    req_done(&rq);
}

/* What the built changes and their entries say of each other. */
static void hold(const struct bundle *b)
{
    size_t n = tx_n_puts(b->tx);
    for (size_t i = 0; i < b->n; i++) {
        const struct entry *x = &b->v[i];
        ASSERT(x->skip ? x->err != OK : x->err == OK);
        ASSERT(x->tx == NULL || (!x->skip && x->put < n && x->verb != VERB_GET && x->id.n > 0));
        ASSERT(x->full_url.n == 0 || bundle_find(b, x->full_url) != NULL);
    }
}

/* How many versions there are: a refused transaction adds none. */
static int64_t newest(struct req *rq)
{
    int64_t vid = 0;
    ASSERT(db_vid_at(rq, INT64_MAX, &vid) == OK);
    return vid;
}

/* bundle_run() without the listener: what that leaves to the writer and the pool is done here. */
static enum err run(struct http_req *h, struct jv root, struct bundle *b)
{
    bool each = false;
    TRY(entries_parse(h, root, b));
    if (b->is_transaction) {
        TRY(overlap_check(h, b));
        TRY(conditions_alone(h, b));
    } else {
        TRY(must_be_each(h, b, &each));
    }
    if (!each) {
        TRY(writes_build(h, b));
        hold(b);
        enum err e = tx_is_empty(b->tx) ? OK : store_commit(care.store, &h->rq, b->tx);
        if (b->is_transaction || e == OK) {
            return e;
        }
        ASSERT(e != E_INTERNAL);
        err_clear(&h->rq);
    }
    for (size_t i = 0; i < b->n; i++) {
        if (is_change(&b->v[i]) && !b->v[i].skip) {
            each_run(h, b, &b->v[i]);
        }
    }
    return OK;
}

/* The answer is JSON, with an entry for each. */
static void answer(struct http_req *h, struct bundle *b)
{
    struct buf out;
    struct json_doc doc;
    ASSERT(reads_run(h, b) == OK);
    buf_init(&out, h->rq.a, 32u << 20);
    buf_char(&out, '[');
    for (size_t i = 0; i < b->n; i++) {
        BUF_LIT(&out, ",");
        out.n -= i == 0 ? 1 : 0;
        entry_answer(h, &out, &b->v[i], true);
    }
    buf_char(&out, ']');
    if (buf_ok(&out)) {
        const struct json_limits deep = {64u << 20, JSON_MAX_DEPTH, 1000000};
        enum err e = json_parse(&h->rq, buf_get(&out), &deep, &doc);
        ASSERT(e == E_TOO_LARGE || (e == OK && json_len(json_root(&doc)) == b->n));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct http_req *h;
    struct json_doc doc;
    struct bundle b = {.base = S("http://localhost/fhir")};
    if (n_commits >= FOLDER_COMMITS) {
        close_folder();
    }
    if (db == NULL) {
        open_folder();
    }
    h = http_by_hand_next(&hand);
    h->method = POST;
    req_init(&h->rq, 64u << 20, (struct instant){1});
    h->rq.app = (struct app *)&care;
    h->rq.db = db;
    h->rq.who = &who_system;
    if (json_parse(&h->rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        int64_t before = newest(&h->rq);
        b.is_transaction = json_is(json_get(json_root(&doc), S("type")), S("transaction"));
        b.tx = tx_new(&h->rq);
        ASSERT(b.tx != NULL);
        enum err e = run(h, json_root(&doc), &b);
        if (e == OK) {
            answer(h, &b);
        }
        ASSERT(e != E_INTERNAL && h->rq.err.code != E_INTERNAL);
        int64_t after = newest(&h->rq);
        ASSERT(e == OK || after == before);
        n_commits += after != before ? 1 : 0;
    }
    db_idle(db);
    req_done(&h->rq);
    return 0;
}
