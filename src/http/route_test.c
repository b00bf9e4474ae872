/* http/route_test.c - which row a path leads to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/route.h"

static enum err nothing(struct http_req *h)
{
    (void)h;
    return OK;
}

#define ROW(method, path) {method, path, WHO_ANY, 0, LIMIT_NONE, 0, KIND_PAGE, nothing}
static const struct http_route rows[] = {
    ROW(GET, "/"),
    ROW(GET, "/cases"),
    ROW(GET, "/cases/:case"),
    ROW(POST, "/cases/:case"),
    ROW(POST, "/cases/:case/files"),
    ROW(GET, "/cases/new"),
    ROW(GET, "/fhir/metadata"),
    ROW(GET, "/fhir/:type"),
    ROW(GET, "/fhir/:type/:id"),
    ROW(POST, "/fhir/:type/$validate"),
    ROW(GET, "/fhir/:type/:id/_history/:vid"),
    ROW(GET, "/fhir/:type/_history"),
    ROW(GET, "/assets/*file"),
    ROW(DELETE, "/cases/new/draft"),
};

static const struct {
    const char *path;
    enum http_method method;
    int row;           /* -1: no such path; -2: another method; -3: malformed */
    const char *name;  /* of a parameter to look at */
    const char *value;
} cases[] = {
    {"/", GET, 0, NULL, NULL},
    {"/cases", GET, 1, NULL, NULL},
    {"/cases/", GET, 1, NULL, NULL},
    {"/cases/abc", GET, 2, "case", "abc"},
    {"/cases/abc", POST, 3, "case", "abc"},
    {"/cases/abc", PUT, -2, NULL, NULL},
    {"/cases/new", GET, 5, NULL, NULL},
    {"/cases/new/draft", DELETE, 13, NULL, NULL},
    {"/cases/new/files", POST, 4, "case", "new"},
    {"/cases/a%20b/files", POST, 4, "case", "a b"},
    {"/cases/abc/nothing", GET, -1, NULL, NULL},
    {"/fhir/metadata", GET, 6, NULL, NULL},
    {"/fhir/metadata/x", GET, 8, "type", "metadata"},
    {"/fhir/Patient/p1", GET, 8, "id", "p1"},
    {"/fhir/Patient/_history", GET, 11, "type", "Patient"},
    {"/fhir/Patient/p1/_history/3", GET, 10, "vid", "3"},
    {"/fhir/Patient/%24validate", POST, 9, "type", "Patient"},
    {"/assets/a/b/c.css", GET, 12, "file", "a/b/c.css"},
    {"/assets", GET, -1, NULL, NULL},
    {"/cases//x", GET, -3, NULL, NULL},
    {"/cases/%zz", GET, -3, NULL, NULL},
    {"/cases/%2e%2e", GET, -3, NULL, NULL},
    {"/a/b/c/d/e/f/g/h/i/j/k/l/m/n/o/p/q/r/s", GET, -1, NULL, NULL},
    {"cases", GET, -3, NULL, NULL},
};

static void paths_lead_to_rows(void **state)
{
    (void)state;
    struct req rq;
    struct arena *a = arena_new(1024 * 1024);
    const struct router *r = router_new(a, rows, LEN(rows));
    for (size_t i = 0; i < LEN(cases); i++) {
        struct route_hit hit;
        req_init(&rq, 1024 * 1024, (struct instant){0});
        enum err e = router_find(r, &rq, str_z(cases[i].path), &hit);
        if (cases[i].row == -3) {
            assert_int_equal(e, E_BAD_INPUT);
        } else if (cases[i].row == -1) {
            assert_int_equal(e, E_NOT_FOUND);
        } else {
            assert_int_equal(e, OK);
            const struct http_route *row = hit.rows[cases[i].method];
            assert_ptr_equal(row, cases[i].row == -2 ? NULL : &rows[cases[i].row]);
            if (cases[i].name != NULL) {
                struct str v = route_param(row, hit.params, str_z(cases[i].name));
                assert_true(str_eq(v, str_z(cases[i].value)));
                assert_null(route_param(row, hit.params, S("nobody")).p);
            }
        }
        req_done(&rq);
    }
    arena_free(a);
}

static void allow_lists_what_is_there(void **state)
{
    (void)state;
    struct req rq;
    struct buf b;
    struct route_hit hit;
    struct arena *a = arena_new(1024 * 1024);
    const struct router *r = router_new(a, rows, LEN(rows));
    req_init(&rq, 1024 * 1024, (struct instant){0});
    assert_int_equal(router_find(r, &rq, S("/cases/abc"), &hit), OK);
    buf_init(&b, rq.a, 100);
    route_allow(&hit, &b);
    assert_true(str_eq(buf_get(&b), S("GET, HEAD, POST, OPTIONS")));
    req_done(&rq);
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_to_rows),
        cmocka_unit_test(allow_lists_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
