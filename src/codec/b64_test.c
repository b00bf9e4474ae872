/* codec/b64_test.c - base64, with the vectors of RFC 4648 section 10. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/b64.h"

static void vectors_of_the_rfc(void **state)
{
    (void)state;
    static const struct {
        struct str plain;
        struct str std;
        struct str url;
    } rows[] = {
        {SI(""), SI(""), SI("")},
        {SI("f"), SI("Zg=="), SI("Zg")},
        {SI("fo"), SI("Zm8="), SI("Zm8")},
        {SI("foo"), SI("Zm9v"), SI("Zm9v")},
        {SI("foob"), SI("Zm9vYg=="), SI("Zm9vYg")},
        {SI("fooba"), SI("Zm9vYmE="), SI("Zm9vYmE")},
        {SI("foobar"), SI("Zm9vYmFy"), SI("Zm9vYmFy")},
        {SI("\xfb\xff\xfe\0"), SI("+//+AA=="), SI("-__-AA")},
    };
    struct arena *a = arena_new(1 << 16);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, a, 100);
        b64_write(&b, rows[i].plain.p, rows[i].plain.n, B64_STD);
        assert_true(str_eq(buf_get(&b), rows[i].std));
        assert_true(str_eq(b64_decoded(a, rows[i].std, B64_STD), rows[i].plain));
        buf_init(&b, a, 100);
        b64_write(&b, rows[i].plain.p, rows[i].plain.n, B64_URL);
        assert_true(str_eq(buf_get(&b), rows[i].url));
        assert_true(str_eq(b64_decoded(a, rows[i].url, B64_URL), rows[i].plain));
    }
    assert_true(str_eq(b64_decoded(a, S("Zm9v\r\n Ym Fy\n"), B64_BLANKS), S("foobar")));
    assert_true(str_eq(b64_decoded(a, S("Zh=="), B64_BLANKS), S("f")));
    assert_true(str_eq(b64_decoded(a, S("Zm9="), B64_BLANKS), S("fo")));
    arena_free(a);
}

static void what_is_not_exact_is_refused(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        enum b64_kind kind;
    } rows[] = {
        {SI("Z"), B64_STD},      {SI("Zg"), B64_STD},    {SI("Zg="), B64_STD},
        {SI("Zg==="), B64_STD},  {SI("Zh=="), B64_STD},  {SI("Zm9="), B64_STD},
        {SI("Zm9v="), B64_STD},  {SI("Zg==Zg=="), B64_STD}, {SI("Zm 9v"), B64_STD},
        {SI("-_-_"), B64_STD},   {SI("+/+/"), B64_URL},  {SI("Zg=="), B64_URL},
        {SI("="), B64_STD},      {SI("===="), B64_BLANKS}, {SI("Zm9v\0"), B64_STD},
    };
    struct arena *a = arena_new(1 << 16);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_null(b64_decoded(a, rows[i].text, rows[i].kind).p);
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc),
        cmocka_unit_test(what_is_not_exact_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
