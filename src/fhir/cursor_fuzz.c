/* fhir/cursor_fuzz.c - links to a next page. What was not sealed here is refused, also when it is one of
 * ours with a byte changed or of another search; and whatever stands in one of ours, the search goes on
 * from there or is refused. The first byte chooses the search, the rest is what the link holds. */
#include "codec/url.h"
#include "fhir/cursor.c"
#include "fhir/fuzz_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct {
    enum fhir_type type;
    const char *query;
} searches[] = {
    {T_OBSERVATION, "_count=1"},
    {T_PATIENT, "_sort=family&_count=1"},
    {T_OBSERVATION, "_sort=-date&code=c"},
    {T_PATIENT, "_sort=-birthdate,family,_id&_count=1"},
    {T_NONE, "_type=Patient,Observation&_count=1"},
    {T_OBSERVATION, "_sort=-_lastUpdated&_total=accurate"},
    {T_OBSERVATION, "_sort=value-quantity,code&status:not=draft"},
    {T_NONE, "_count=2&_include=*"},
};

static bool is_same(const struct cursor *a, const struct cursor *b)
{
    bool same = a->moment.vid == b->moment.vid && a->moment.rid == b->moment.rid
                && a->type == b->type && a->undated == b->undated && a->after.at == b->after.at
                && a->after.rid == b->after.rid && a->n_keys == b->n_keys;
    for (size_t i = 0; same && i < a->n_keys; i++) {
        same = a->keys[i].missing == b->keys[i].missing && a->keys[i].number == b->keys[i].number
               && str_eq(a->keys[i].text, b->keys[i].text);
    }
    return same;
}

/* Nobody else makes one, nobody changes one, and it belongs to one search. */
static void refuse(struct req *rq, struct fhir_query *q, struct str text, unsigned salt)
{
    struct cursor at;
    char *bad = arena_alloc_raw(rq->a, text.n);
    ASSERT(bad != NULL);
    memcpy(bad, text.p, text.n);
    size_t place = salt % text.n;
    bad[place] = bad[place] == 'A' ? 'B' : 'A';
    q->cursor = (struct str){bad, text.n};
    bool is_spare = place == text.n - 1; /* its last bits may say nothing */
    ASSERT(cursor_read(rq, q, &at) == E_BAD_INPUT || is_spare);
    struct str self = q->self;
    q->cursor = text;
    q->self = S("_count=77");
    ASSERT(cursor_read(rq, q, &at) == E_BAD_INPUT);
    q->self = self;
    err_clear(rq);
    fhir_issues_clear(rq);
}

/* On from there, page by page. */
static void go_on(struct req *rq, struct fhir_query *q, const struct fhir_access *acc)
{
    struct fhir_page p = {0};
    for (int page = 0; page < 3 && q->cursor.n > 0; page++) {
        struct buf b;
        struct json_doc doc;
        if (fhir_search(rq, q, acc, &p) != OK) {
            ASSERT(rq->err.code != E_INTERNAL && rq->err.code != E_IO);
            return;
        }
        buf_init(&b, rq->a, 8u << 20);
        ASSERT(fhir_page_write(rq, &p, S("http://h/fhir"), &b) == OK
               && json_parse(rq, buf_get(&b), NULL, &doc) == OK);
        q->cursor = p.next;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct cursor at = {0};
    struct cursor again;
    const uint64_t principals[] = {1, 2};
    unsigned how = size > 0 ? data[0] : 0;
    struct str rest = size > 0 ? (struct str){(const char *)data + 1, size - 1} : S("");
    struct fhir_access acc = {.all = (how & 8) == 0, .principals = principals, .n = 2};
    fuzz_open();
    req_init(&rq, 32u << 20, (struct instant){INT64_C(1770000000000)});
    rq.db = fuzz_db;
    struct fhir_query *q = ARENA_NEW(rq.a, struct fhir_query);
    struct url_pairs form;
    ASSERT(q != NULL && form_parse(&rq, str_z(searches[how & 7].query), 20, &form) == OK);
    ASSERT(fhir_query_parse_in(&rq, NULL, searches[how & 7].type, &form, true, q) == OK);
    q->cursor = rest;
    ASSERT(cursor_read(&rq, q, &again) == E_BAD_INPUT);
    err_clear(&rq);
    fhir_issues_clear(&rq);
    if (plain_read(rest, q, &at)) {
        struct str sealed = cursor_write(&rq, q, &at);
        ASSERT(sealed.n > 0);
        q->cursor = sealed;
        ASSERT(cursor_read(&rq, q, &again) == OK && is_same(&at, &again));
        refuse(&rq, q, sealed, how * 7 + (unsigned)size);
        q->cursor = sealed;
        go_on(&rq, q, &acc);
    }
    db_idle(fuzz_db);
    req_done(&rq);
    return 0;
}
