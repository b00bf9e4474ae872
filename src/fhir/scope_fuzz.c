/* fhir/scope_fuzz.c - any text as the scopes of a token: what is granted of it is within it, reads the
 * same again, and opens nothing that was not asked for. The first line is what is asked for, the second
 * what is allowed. */
#include "fhir/fuzz_int.h"
#include "fhir/scope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(struct req *rq, const struct fhir_scopes *wanted,
                  const struct fhir_scopes *allowed)
{
    struct str text;
    struct fhir_scopes got;
    uint32_t unknown = 0;
    if (scope_meet(rq, wanted, allowed, &text) != OK
        || scope_parse(rq, text, &got, &unknown) != OK) {
        err_clear(rq);
        return;
    }
    bool is_plain = true; /* two queries together are a third, which no row names */
    for (size_t i = 0; i < got.n; i++) {
        is_plain = is_plain && got.v[i].query.n == 0;
    }
    ASSERT(unknown == 0 && (got.marks & ~(wanted->marks & allowed->marks)) == 0);
    ASSERT(!is_plain || scope_covers(allowed, &got));
    for (unsigned i = 0; i < 8; i++) {
        enum fhir_type type = (enum fhir_type)(1 + i * 17 % (T_COUNT - 1));
        for (unsigned op = OP_CREATE; op <= OP_SEARCH; op <<= 1) {
            ASSERT(!scope_is_free(&got, type, op) || scope_is_free(allowed, type, op));
            ASSERT(!scope_allows(&got, type, op)
                   || (scope_allows(allowed, type, op) && scope_allows(wanted, type, op)));
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct fhir_scopes wanted;
    struct fhir_scopes allowed;
    struct str rest = {(const char *)data, size};
    struct str head = {NULL, 0};
    fuzz_open();
    req_init(&rq, 8u << 20, (struct instant){INT64_C(1770000000000)});
    rq.db = fuzz_db;
    (void)str_cut(&rest, '\n', &head);
    if (scope_parse(&rq, head, &wanted, NULL) == OK && scope_parse(&rq, rest, &allowed, NULL) == OK) {
        const struct fhir_criterion *c;
        size_t n = 0;
        check(&rq, &wanted, &allowed);
        for (size_t i = 0; i < wanted.n; i++) {
            (void)scope_query_is_good(&rq, &wanted.v[i]);
            err_clear(&rq);
            fhir_issues_clear(&rq);
        }
        ASSERT(scope_bind(&rq, &wanted, S("p")) == OK);
        struct res_row row;
        bool may = false;
        ASSERT(db_read(&rq, T_OBSERVATION, S("o"), &row) == OK);
        scope_terms(&wanted, T_OBSERVATION, OP_SEARCH, &c, &n);
        ASSERT(n <= SCOPE_TERMS_MAX && scope_row_may(&rq, &wanted, OP_READ, &row, &may) == OK);
        ASSERT(!may || scope_allows(&wanted, T_OBSERVATION, OP_READ));
    }
    db_idle(fuzz_db);
    req_done(&rq);
    return 0;
}
