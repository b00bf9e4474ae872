/* codec/csv_test.c - comma separated values, in every split. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/csv.h"

static enum err on_record(void *ctx, uint64_t line, const struct str *fields, size_t n)
{
    struct buf *b = ctx;
    buf_u64(b, line);
    buf_char(b, ':');
    for (size_t i = 0; i < n; i++) {
        buf_char(b, '[');
        buf_str(b, fields[i]);
        buf_char(b, ']');
    }
    return n == 7 ? E_FORBIDDEN : OK;
}

static const struct {
    char separator;
    struct str text;
    enum err e;
    struct str records;
} rows[] = {
    {',', SI("a,b\r\nc,d\r\n"), OK, SI("1:[a][b]2:[c][d]")},
    {',', SI("a,b\nc,d"), OK, SI("1:[a][b]2:[c][d]")},
    {',', SI("\xef\xbb\xbf" "a,\n\n,\n"), OK, SI("1:[a][]3:[][]")},
    {',', SI("\"a,\"\"b\"\"\r\nc\",d\n\"\"\n"), OK, SI("1:[a,\"b\"\r\nc][d]3:[]")},
    {0, SI("\"x,y\";b,c\n1;2\n"), OK, SI("1:[x,y][b,c]2:[1][2]")},
    {0, SI("a\tb;c"), OK, SI("1:[a][b;c]")},
    {0, SI("word\nline"), OK, SI("1:[word]2:[line]")},
    {';', SI(""), OK, SI("")},
    {',', SI("\n\n"), OK, SI("")},
    {',', SI("I10,Гипертензия\n"), OK, SI("1:[I10][Гипертензия]")},
    {',', SI("\xef\xbbx"), E_SYNTAX, SI("")},
    {',', SI("\xef\xbb"), E_SYNTAX, SI("")},
    {',', SI("a\n\"b"), E_SYNTAX, SI("1:[a]")},
    {',', SI("a\n\"b\"c\n"), E_SYNTAX, SI("1:[a]")},
    {',', SI("a\"b\n"), E_SYNTAX, SI("")},
    {',', SI("a\rb\n"), E_SYNTAX, SI("")},
    {',', SI("a\0b\n"), E_SYNTAX, SI("")},
    {',', SI("\xff\n"), E_SYNTAX, SI("")},
    {',', SI("1,2,3,4,5,6,7\nx"), E_FORBIDDEN, SI("1:[1][2][3][4][5][6][7]")},
    {',', SI("1,2,3,4,5,6,7,8,9\nx"), E_TOO_LARGE, SI("")},
    {',', SI("a123456789012345678901234567890123456789,b\n"), E_TOO_LARGE, SI("")},
};

static void every_split_gives_the_same_records(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        for (size_t step = 1; step <= rows[i].text.n + 1; step++) {
            struct req rq;
            req_init(&rq, 1 << 20, (struct instant){0});
            struct csv_options o = {rows[i].separator, 8, 40};
            struct buf b;
            buf_init(&b, rq.a, 1000);
            struct csv *c;
            enum err e = csv_new(&rq, &o, on_record, &b, &c);
            for (size_t at = 0; at < rows[i].text.n && e == OK; at += step) {
                e = csv_feed(c, str_sub(rows[i].text, at, step));
            }
            e = e == OK ? csv_finish(c) : e;
            assert_int_equal(e, rows[i].e);
            assert_true(str_eq(buf_get(&b), rows[i].records));
            req_done(&rq);
        }
    }
}

static void fields_are_quoted_when_they_must_be(void **state)
{
    (void)state;
    struct arena *a = arena_new(1 << 16);
    struct buf b;
    buf_init(&b, a, 1000);
    static const struct str fields[] = {SI(""), SI("a b"), SI("a,b"), SI("\"q\""), SI("x\ny"), SI("")};
    for (size_t i = 0; i < LEN(fields); i++) {
        csv_field(&b, ',', i == 0, fields[i]);
    }
    assert_true(str_eq(buf_get(&b), S("\"\",a b,\"a,b\",\"\"\"q\"\"\",\"x\ny\",")));
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_split_gives_the_same_records),
        cmocka_unit_test(fields_are_quoted_when_they_must_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
