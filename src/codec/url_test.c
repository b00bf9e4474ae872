/* codec/url_test.c - percent encoding, forms, paths, URLs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/url.h"

static struct req rq;

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static void decoding_is_strict(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        enum url_plus plus;
        const char *out; /* NULL: refused */
    } rows[] = {
        {SI(""), URL_PLUS_IS_SPACE, ""},
        {SI("abc"), URL_PLUS_IS_SPACE, "abc"},
        {SI("a+b"), URL_PLUS_IS_SPACE, "a b"},
        {SI("a+b"), URL_PLUS_IS_PLUS, "a+b"},
        {SI("%D1%8f%20x%2B"), URL_PLUS_IS_PLUS, "я x+"},
        {SI("x%41"), URL_PLUS_IS_PLUS, "xA"},
        {SI("%"), URL_PLUS_IS_PLUS, NULL},
        {SI("%4"), URL_PLUS_IS_PLUS, NULL},
        {SI("a%4"), URL_PLUS_IS_PLUS, NULL},
        {SI("%4g"), URL_PLUS_IS_PLUS, NULL},
        {SI("%00"), URL_PLUS_IS_PLUS, NULL},
        {SI("a\0b"), URL_PLUS_IS_PLUS, NULL},
        {SI("%ff"), URL_PLUS_IS_PLUS, NULL},
        {SI("\xd1"), URL_PLUS_IS_PLUS, NULL},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct str out = {NULL, 0};
        err_clear(&rq);
        enum err e = url_decode(&rq, rows[i].in, rows[i].plus, &out);
        assert_int_equal(e, rows[i].out == NULL ? E_BAD_INPUT : OK);
        assert_true(str_eq(out, str_z(rows[i].out)));
    }
}

static void encoding_keeps_what_is_safe(void **state)
{
    (void)state;
    static const struct {
        enum url_keep keep;
        struct str out;
    } rows[] = {
        {URL_COMPONENT, SI("a-Z_0.~%2F%D1%8F%20%26%2B")},
        {URL_PATH, SI("a-Z_0.~/%D1%8F%20%26%2B")},
        {URL_FORM, SI("a-Z_0.~%2F%D1%8F+%26%2B")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, rq.a, 200);
        url_encode(&b, S("a-Z_0.~/я &+"), rows[i].keep);
        assert_true(str_eq(buf_get(&b), rows[i].out));
    }
}

static void forms_keep_order_and_repeats(void **state)
{
    (void)state;
    struct url_pairs f;
    assert_int_equal(form_parse(&rq, S("&a=1&b=x+y&a=%32&&c&=v&d=e=f&"), 6, &f), OK);
    assert_int_equal(f.n, 6);
    assert_true(str_eq(form_find(&f, S("a")), S("1")));
    assert_true(str_eq(form_find_at(&f, S("a"), 1), S("2")));
    assert_null(form_find_at(&f, S("a"), 2).p);
    assert_true(str_eq(form_find(&f, S("b")), S("x y")));
    assert_true(form_find(&f, S("c")).p != NULL && form_find(&f, S("c")).n == 0);
    assert_true(str_eq(form_find(&f, S("d")), S("e=f")));
    assert_true(str_eq(form_find(&f, S("")), S("v")));
    assert_null(form_find(&f, S("z")).p);
    assert_int_equal(form_parse(&rq, S("a&b&c"), 2, &f), E_TOO_LARGE);
    err_clear(&rq);
    assert_int_equal(form_parse(&rq, S("a=%"), 2, &f), E_BAD_INPUT);
    assert_int_equal(form_parse(&rq, (struct str){NULL, 0}, 2, &f), OK);
    assert_int_equal(f.n, 0);
    struct buf b;
    buf_init(&b, rq.a, 200);
    BUF_LIT(&b, "/x?");
    form_add(&b, S("q"), S("a b&c"));
    form_add(&b, S("д"), S(""));
    assert_true(str_eq(buf_get(&b), S("/x?q=a+b%26c&%D0%B4=")));
}

static void paths_are_plain(void **state)
{
    (void)state;
    static const struct {
        struct str path;
        int n; /* -1: refused */
    } rows[] = {
        {SI("/"), 0},      {SI("/a"), 1},       {SI("/a/"), 1},     {SI("/a/b%20c/d"), 3},
        {SI(""), -1},      {SI("a"), -1},       {SI("//"), -1},     {SI("/a//b"), -1},
        {SI("/a//"), -1},  {SI("/a/../b"), -1}, {SI("/./a"), -1},   {SI("/%2e%2E/a"), -1},
        {SI("/a%2fb"), -1}, {SI("/a%5cb"), -1}, {SI("/a%0ab"), -1}, {SI("/a\\b"), -1},
        {SI("/a/b/c/d/e"), -1}, {SI("/a%zz"), -1}, {SI("/..a/..."), 2},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct str segs[4];
        size_t n = 0;
        enum err e = url_path_split(&rq, rows[i].path, LEN(segs), segs, &n);
        assert_int_equal(e == OK, rows[i].n >= 0);
        assert_int_equal(n, rows[i].n < 0 ? 0 : rows[i].n);
        if (n == 3) {
            assert_true(str_eq(segs[1], S("b c")));
        }
    }
}

static void urls_come_apart(void **state)
{
    (void)state;
    struct url u;
    assert_true(url_split(S("https://host.example:8443/a/b?x=1?2#f"), &u));
    assert_true(str_eq(u.scheme, S("https")) && str_eq(u.host, S("host.example")));
    assert_int_equal(u.port, 8443);
    assert_true(str_eq(u.path, S("/a/b")) && str_eq(u.query, S("x=1?2")));
    assert_true(url_split(S("http://[::1]:80"), &u) && str_eq(u.host, S("::1")) && u.port == 80);
    assert_true(u.path.n == 0 && u.query.p == NULL);
    assert_true(url_split(S("http://h?q"), &u) && str_eq(u.host, S("h")));
    static const struct str wrong[] = {
        SI(""), SI("/a"), SI("http:/a"), SI("://h"), SI("http://"), SI("http://:80"),
        SI("http://h:"), SI("http://h:0"), SI("http://h:65536"), SI("http://u@h/"),
        SI("http://[::1"), SI("http://[::1]x"), SI("1a://h"), SI("http://h/a b"),
        SI("http://h/\n"),
    };
    for (size_t i = 0; i < LEN(wrong); i++) {
        assert_false(url_split(wrong[i], &u));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decoding_is_strict),
        cmocka_unit_test(encoding_keeps_what_is_safe),
        cmocka_unit_test(forms_keep_order_and_repeats),
        cmocka_unit_test(paths_are_plain),
        cmocka_unit_test(urls_come_apart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
