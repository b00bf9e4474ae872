/* codec/json_patch_test.c - JSON Patch: a table of documents, patches and results. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/json_patch.h"

static struct jv parse(struct req *rq, const char *z)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    assert_int_equal(json_parse(rq, str_z(z), NULL, doc), OK);
    return json_root(doc);
}

/* clang-format off */
static const struct {
    const char *doc;
    const char *patch;
    const char *want; /* NULL: refused with err */
    enum err err;
} rows[] = {
    {"{\"a\":1.00,\"b\":2}", "[]", "{\"a\":1.00,\"b\":2}", OK},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":[1,{\"c\":null}]}]", "{\"a\":1,\"b\":[1,{\"c\":null}]}", OK},
    {"{\"a\":1,\"b\":2}", "[{\"op\":\"add\",\"path\":\"/a\",\"value\":3}]", "{\"a\":3,\"b\":2}", OK},
    {"[1,2]", "[{\"op\":\"add\",\"path\":\"/-\",\"value\":3}]", "[1,2,3]", OK},
    {"[1,2]", "[{\"op\":\"add\",\"path\":\"/0\",\"value\":3}]", "[3,1,2]", OK},
    {"[1,2]", "[{\"op\":\"add\",\"path\":\"/2\",\"value\":3}]", "[1,2,3]", OK},
    {"[1,2]", "[{\"op\":\"add\",\"path\":\"/3\",\"value\":3}]", NULL, E_UNPROCESSED},
    {"[1,2]", "[{\"op\":\"add\",\"path\":\"/01\",\"value\":3}]", NULL, E_UNPROCESSED},
    {"[1,2]", "[{\"op\":\"remove\",\"path\":\"/-\"}]", NULL, E_UNPROCESSED},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"\",\"value\":[]}]", "[]", OK},
    {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"\",\"value\":7}]", "7", OK},
    {"{\"a\":1}", "[{\"op\":\"remove\",\"path\":\"\"}]", NULL, E_UNPROCESSED},
    {"{\"a\":1}", "[{\"op\":\"replace\",\"path\":\"/b\",\"value\":7}]", NULL, E_UNPROCESSED},
    {"{\"a/b\":{\"~\":1}}", "[{\"op\":\"remove\",\"path\":\"/a~1b/~0\"}]", "{\"a/b\":{}}", OK},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/~2\",\"value\":1}]", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"a\",\"value\":1}]", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/a/b\",\"value\":1}]", NULL, E_UNPROCESSED},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\"}]", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "[{\"op\":\"put\",\"path\":\"/b\"}]", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "[{\"op\":\"add\",\"value\":1}]", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "{}", NULL, E_BAD_INPUT},
    {"{\"a\":1}", "[1]", NULL, E_BAD_INPUT},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a/b\"}]", NULL, E_UNPROCESSED},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a/b\",\"path\":\"/a\"}]", "{\"a\":1}", OK},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"move\",\"from\":\"/a\",\"path\":\"/a\"}]", "{\"a\":{\"b\":1}}", OK},
    {"{\"a\":{\"b\":1}}", "[{\"op\":\"copy\",\"from\":\"/a\",\"path\":\"/a/c\"}]", "{\"a\":{\"b\":1,\"c\":{\"b\":1}}}", OK},
    {"{\"a\":1}", "[{\"op\":\"copy\",\"from\":\"/b\",\"path\":\"/c\"}]", NULL, E_UNPROCESSED},
    {"{\"a\":[{\"x\":1,\"y\":[2.0,\"\\u0041\"]}]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[{\"y\":[2,\"A\"],\"x\":1.0}]}]",
     "{\"a\":[{\"x\":1,\"y\":[2.0,\"\\u0041\"]}]}", OK},
    {"{\"a\":[1,[2]]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1,[3]]}]", NULL, E_UNPROCESSED},
    {"{\"a\":[1,[2],4]}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[1,[2],5]}]", NULL, E_UNPROCESSED},
    {"{\"a\":{}}", "[{\"op\":\"test\",\"path\":\"/a\",\"value\":[]}]", NULL, E_UNPROCESSED},
    {"{\"a\":1}", "[{\"op\":\"add\",\"path\":\"/b\",\"value\":2},{\"op\":\"test\",\"path\":\"/b\",\"value\":3}]", NULL, E_UNPROCESSED},
};
/* clang-format on */

static void documents_and_patches(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct str out;
        req_init(&rq, 1 << 20, (struct instant){0});
        enum err e = json_patch(&rq, parse(&rq, rows[i].doc), parse(&rq, rows[i].patch), &out);
        if (e != rows[i].err || (e == OK && !str_eq(out, str_z(rows[i].want)))) {
            fail_msg("%s with %s: %s %.*s", rows[i].doc, rows[i].patch, err_name(e),
                     e == OK ? (int)out.n : 0, e == OK ? out.p : "");
        }
        req_done(&rq);
    }
}

static void what_grows_ends(void **state)
{
    (void)state;
    struct req rq;
    struct buf b;
    struct str out;
    req_init(&rq, 256 << 20, (struct instant){0});
    buf_init(&b, rq.a, 1 << 20);
    BUF_LIT(&b, "[");
    for (int i = 0; i < 40; i++) {
        BUF_LIT(&b, "{\"op\":\"copy\",\"from\":\"\",\"path\":\"/a/-\"},");
    }
    BUF_LIT(&b, "{\"op\":\"remove\",\"path\":\"/a\"}]");
    struct json_doc doc;
    assert_int_equal(json_parse(&rq, buf_get(&b), NULL, &doc), OK);
    assert_int_equal(json_patch(&rq, parse(&rq, "{\"a\":[]}"), json_root(&doc), &out), E_TOO_LARGE);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_and_patches),
        cmocka_unit_test(what_grows_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
