/* codec/field_test.c - HTTP field values. */
#include "base/arena_testing.h"
#include "codec/field.h"

static void lists_respect_quotes(void **state)
{
    (void)state;
    struct str rest = S(" a , ,\"b,\\\"c\" ;x=1,d,");
    struct str item;
    static const struct str want[] = {SI("a"), SI("\"b,\\\"c\" ;x=1"), SI("d")};
    size_t n = 0;
    while (field_next(&rest, ',', &item)) {
        assert_true(str_eq(item, want[n++]));
    }
    assert_int_equal(n, 3);
}

static void parameters_are_found(void **state)
{
    (void)state;
    struct str f = S("multipart/form-data; charset=utf-8; Boundary=\"a;b\\\"c\" ; x= y ;z");
    assert_true(str_eq(field_head(f), S("multipart/form-data")));
    assert_true(str_eq(field_param(a, f, S("boundary")), S("a;b\"c")));
    assert_true(str_eq(field_param(a, f, S("x")), S("y")));
    assert_null(field_param(a, f, S("z")).p);
    assert_null(field_param(a, S("a=b"), S("a")).p);
}

static void accept_follows_weight_and_precision(void **state)
{
    (void)state;
    static const struct str offers[] = {SI("text/html"), SI("application/fhir+json"),
                                        SI("application/json")};
    static const struct {
        struct str accept;
        int best;
    } rows[] = {
        {SI(""), 0},
        {SI("*/*"), 0},
        {SI("application/fhir+json"), 1},
        {SI("application/fhir+json;fhirVersion=4.0"), 1},
        {SI("application/*"), 1},
        {SI("application/json, text/html;q=0.9"), 2},
        {SI("text/html;q=0.5, application/json;q=0.51"), 2},
        {SI("text/*;q=0, */*;q=0.1"), 1},
        {SI("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"), 0},
        {SI("image/png"), -1},
        {SI("text/html;q=0"), -1},
        {SI("text/html;q=2"), -1},
        {SI("text/html;q=0.x"), -1},
        {SI("TEXT/HTML; Q=1.000"), 0},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(field_accept(rows[i].accept, offers, LEN(offers)), rows[i].best);
    }
    static const struct str langs[] = {SI("en"), SI("ru"), SI("kk"), SI("uz")};
    assert_int_equal(field_accept_lang(S("kk-KZ,kk;q=0.9,ru;q=0.8"), langs, 4), 2);
    assert_int_equal(field_accept_lang(S("de, uz-Latn-UZ;q=0.5, *;q=0.1"), langs, 4), 3);
    assert_int_equal(field_accept_lang(S("*"), langs, 4), 0);
    assert_int_equal(field_accept_lang(S("de"), langs, 4), -1);
    assert_int_equal(field_accept_lang(S(""), langs, 4), -1);
    assert_int_equal(field_quality(S("gzip;q=0.8, br, *;q=0.1"), S("gzip")), 800);
    assert_int_equal(field_quality(S("gzip;q=0.8, br, *;q=0.1"), S("br")), 1000);
    assert_int_equal(field_quality(S("gzip;q=0.8, br, *;q=0.1"), S("zstd")), 100);
    assert_int_equal(field_quality(S("gzip"), S("br")), 0);
}

static void ranges_are_cut_to_size(void **state)
{
    (void)state;
    static const struct {
        struct str range;
        uint64_t size;
        enum field_range kind;
        uint64_t first;
        uint64_t n;
    } rows[] = {
        {SI("bytes=0-0"), 10, FIELD_RANGE_PART, 0, 1},
        {SI("bytes=2-"), 10, FIELD_RANGE_PART, 2, 8},
        {SI("Bytes= 2-99"), 10, FIELD_RANGE_PART, 2, 8},
        {SI("bytes=-3"), 10, FIELD_RANGE_PART, 7, 3},
        {SI("bytes=-30"), 10, FIELD_RANGE_PART, 0, 10},
        {SI("bytes=10-"), 10, FIELD_RANGE_NONE, 0, 0},
        {SI("bytes=-0"), 10, FIELD_RANGE_NONE, 0, 0},
        {SI("bytes=0-"), 0, FIELD_RANGE_NONE, 0, 0},
        {SI("bytes=5-4"), 10, FIELD_RANGE_ALL, 0, 0},
        {SI("bytes=0-1,3-4"), 10, FIELD_RANGE_ALL, 0, 0},
        {SI("bytes=-"), 10, FIELD_RANGE_ALL, 0, 0},
        {SI("bytes=x"), 10, FIELD_RANGE_ALL, 0, 0},
        {SI("items=0-1"), 10, FIELD_RANGE_ALL, 0, 0},
        {SI(""), 10, FIELD_RANGE_ALL, 0, 0},
        {SI("bytes=0-18446744073709551616"), 10, FIELD_RANGE_ALL, 0, 0},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        uint64_t first = 0;
        uint64_t n = 0;
        assert_int_equal(field_range(rows[i].range, rows[i].size, &first, &n), rows[i].kind);
        assert_int_equal(first, rows[i].first);
        assert_int_equal(n, rows[i].n);
    }
}

static void entity_tags_compare(void **state)
{
    (void)state;
    assert_true(field_etag_has(S("\"a\", W/\"b\""), S("\"b\""), true));
    assert_false(field_etag_has(S("\"a\", W/\"b\""), S("\"b\""), false));
    assert_true(field_etag_has(S("\"a\", W/\"b\""), S("\"a\""), false));
    assert_false(field_etag_has(S("\"a\""), S("W/\"a\""), false));
    assert_true(field_etag_has(S("*"), S("\"z\""), false));
    assert_false(field_etag_has(S(""), S("\"z\""), true));
    assert_true(field_etag_has(S("\"x,y\""), S("\"x,y\""), false));
}

static void file_names_are_tidy(void **state)
{
    (void)state;
    static const struct {
        struct str field;
        struct str name;
    } rows[] = {
        {SI("form-data; name=f; filename=\"ct 1.dcm\""), SI("ct 1.dcm")},
        {SI("form-data; filename=\"C:\\docs\\снимок.png\""), SI("снимок.png")},
        {SI("form-data; filename=\"../../etc/passwd\""), SI("passwd")},
        {SI("form-data; filename=\"a%22b%0D.txt\""), SI("a\"b.txt")},
        {SI("form-data; filename=\"100% of%41.txt\""), SI("100% of%41.txt")},
        {SI("attachment; filename=x.txt; filename*=UTF-8''%D1%8F%2Fz.txt"), SI("z.txt")},
        {SI("attachment; filename=x.txt; filename*=utf-8'ru'%D1%8F.txt"), SI("я.txt")},
        {SI("attachment; filename=x.txt; filename*=latin1''%FF.txt"), SI("x.txt")},
        {SI("attachment; filename=x.txt; filename*=UTF-8''%FF.txt"), SI("x.txt")},
        {SI("attachment; filename=\"a\xff\x01.txt\""), SI("a\xef\xbf\xbd.txt")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_true(str_eq(field_filename(a, rows[i].field), rows[i].name));
    }
    assert_null(field_filename(a, S("form-data; name=x")).p);
    assert_true(str_eq(field_form_name(a, S("form-data; name=\"a%22b%20\"")), S("a\"b%20")));
    struct buf b;
    buf_init(&b, a, 200);
    field_disposition(&b, true, S("a.pdf"));
    assert_true(str_eq(buf_get(&b), S("attachment; filename=\"a.pdf\"")));
    buf_init(&b, a, 200);
    field_disposition(&b, false, S("я \"x\".pdf"));
    assert_true(str_eq(buf_get(&b), S("inline; filename=\"_ _x_.pdf\"; "
                                      "filename*=UTF-8''%D1%8F%20%22x%22.pdf")));
    assert_true(str_eq(field_filename(a, buf_get(&b)), S("я \"x\".pdf")));
}

static void cookies_and_tokens(void **state)
{
    (void)state;
    struct str c = S("a=1; sid=\"x y\"; sid=2; sidx=3;b");
    assert_true(str_eq(field_cookie(c, S("sid")), S("x y")));
    assert_true(str_eq(field_cookie(c, S("sidx")), S("3")));
    assert_null(field_cookie(c, S("b")).p);
    assert_null(field_cookie(c, S("c")).p);
    assert_true(str_eq(field_bearer(S("bearer  ab.c-_~+/=")), S("ab.c-_~+/=")));
    assert_null(field_bearer(S("Basic YTpi")).p);
    assert_null(field_bearer(S("Bearer ")).p);
    assert_null(field_bearer(S("Bearer a b")).p);
    assert_null(field_bearer(S("")).p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_respect_quotes),
        cmocka_unit_test(parameters_are_found),
        cmocka_unit_test(accept_follows_weight_and_precision),
        cmocka_unit_test(ranges_are_cut_to_size),
        cmocka_unit_test(entity_tags_compare),
        cmocka_unit_test(file_names_are_tidy),
        cmocka_unit_test(cookies_and_tokens),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
