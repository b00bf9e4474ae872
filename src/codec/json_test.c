/* codec/json_test.c - what the JSON parser takes and refuses, the handles, the writer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/json.h"

static struct req rq;

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 64u << 20, (struct instant){0});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static struct json_doc parsed(struct str src)
{
    struct json_doc doc = {0};
    enum err e = json_parse(&rq, src, NULL, &doc);
    if (e != OK) {
        print_message("%s\n", rq.err.detail);
    }
    assert_int_equal(e, OK);
    return doc;
}

static void accepts_what_the_rfc_allows(void **state)
{
    (void)state;
    static const struct str good[] = {
        SI("null"), SI(" true "), SI("\t\r\n0"), SI("-0"), SI("-0.0e-0"), SI("1E+2"), SI("12.50"),
        SI("\"\""), SI("[]"), SI("{}"), SI("[ ]"), SI("{ }"), SI("[[],{}]"),
        SI("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uD83D\\uDE00\""),
        SI("\"\xd0\x90\xe2\x82\xac\xf0\x9f\x98\x80\x7f\""), SI("{\"\":1,\" \":2}"),
        SI("{\"a\":{\"a\":{\"a\":1}},\"b\":[{\"a\":1},{\"a\":2}]}"),
        SI("\"abcdefghijklmnopqrstuvwxyz0123456789 abcdefghijklmnop\""),
    };
    for (size_t i = 0; i < LEN(good); i++) {
        parsed(good[i]);
    }
}

static void refuses_the_rest_and_says_where(void **state)
{
    (void)state;
    static const struct {
        struct str src;
        const char *detail;
    } wrong[] = {
        {SI(""), "line 1 column 1: expected a value"},
        {SI("  "), "line 1 column 3: expected a value"},
        {SI("nul"), "line 1 column 1: expected a value"},
        {SI("[1,]"), "line 1 column 4: expected a value"},
        {SI("[1"), "line 1 column 3: the text ends too early"},
        {SI("[1 2]"), "line 1 column 4: expected , or ]"},
        {SI("{\"a\":1,}"), "line 1 column 8: expected a key in quotes"},
        {SI("{a:1}"), "line 1 column 2: expected a key in quotes"},
        {SI("{\"a\" 1}"), "line 1 column 6: expected a colon"},
        {SI("{\"a\":1]"), "line 1 column 7: expected , or }"},
        {SI("{\"a\":1,\n \"a\":2}"), "line 2 column 2: this key was given before"},
        {SI("{\"a\":1,\"\\u0061\":2}"), "line 1 column 8: this key was given before"},
        {SI("{\"\\u0061\":1,\"a\":2}"), "line 1 column 13: this key was given before"},
        {SI("1 1"), "line 1 column 3: expected the end of the text"},
        {SI("01"), "line 1 column 1: expected digits without a leading zero"},
        {SI("-"), "line 1 column 2: expected digits without a leading zero"},
        {SI("1."), "line 1 column 3: expected digits after the point"},
        {SI(".5"), "line 1 column 1: expected a value"},
        {SI("1e"), "line 1 column 3: expected digits of the exponent"},
        {SI("+1"), "line 1 column 1: expected a value"},
        {SI("NaN"), "line 1 column 1: expected a value"},
        {SI("\"abc"), "line 1 column 1: this string does not end"},
        {SI("\"a\nb\""), "line 1 column 3: control character in a string"},
        {SI("\"\\x\""), "line 1 column 2: unknown escape"},
        {SI("\"\\"), "line 1 column 2: unknown escape"},
        {SI("\"\\u12g4\""), "line 1 column 2: expected four hex digits, surrogates in pairs"},
        {SI("\"\\ud800\""), "line 1 column 2: expected four hex digits, surrogates in pairs"},
        {SI("\"\\ud800\\u0041\""), "line 1 column 2: expected four hex digits, surrogates in pairs"},
        {SI("\"\\udc00\""), "line 1 column 2: expected four hex digits, surrogates in pairs"},
        {SI("\"\\u0000\""), "line 1 column 2: U+0000 is not allowed"},
        {SI("\"\xc0\x80\""), "line 1 column 2: not UTF-8"},
        {SI("\"\xd0\x9f\xed\xa0\x80\""), "line 1 column 3: not UTF-8"},
        {SI("\"\xf4\x90\x80\x80\""), "line 1 column 2: not UTF-8"},
        {SI("\"\xe2\x82\""), "line 1 column 2: not UTF-8"},
        {SI("\xef\xbb\xbf{}"), "line 1 column 1: expected a value"},
        {SI("[1]\0"), "line 1 column 4: expected the end of the text"},
    };
    for (size_t i = 0; i < LEN(wrong); i++) {
        err_clear(&rq);
        struct json_doc doc = {.n = 77};
        assert_int_equal(json_parse(&rq, wrong[i].src, NULL, &doc), E_SYNTAX);
        assert_string_equal(rq.err.detail, wrong[i].detail);
        assert_int_equal(doc.n, 77);
    }
}

static void handles_walk_the_tape(void **state)
{
    (void)state;
    struct json_doc doc = parsed(S("{\"resourceType\":\"Patient\",\"active\":true,\"n\":-12,"
                                   "\"name\":[{\"family\":\"O\\u2019Hara\",\"given\":[\"A\",\"B\"]},"
                                   "{\"family\":\"X\"}],\"d\":1.50,\"k\\ney\":null,\"e\":[]}"));
    struct jv root = json_root(&doc);
    assert_int_equal(json_kind(root), JSON_OBJECT);
    assert_int_equal(json_len(root), 7);
    assert_true(json_is(json_get(root, S("resourceType")), S("Patient")));
    assert_true(json_true(json_get(root, S("active"))));
    int64_t i = 0;
    assert_true(json_i64(json_get(root, S("n")), &i) && i == -12);
    assert_false(json_i64(json_get(root, S("d")), &i));
    assert_true(str_eq(json_raw(json_get(root, S("d"))), S("1.50")));
    struct jv family = json_path(root, S("name.family"));
    assert_true(str_eq(json_str(rq.a, family), S("O\xe2\x80\x99Hara")));
    assert_true(json_is(family, S("O\xe2\x80\x99Hara")));
    assert_false(json_is(family, S("O\xe2\x80\x99Har")));
    assert_true(json_is(json_path(root, S("name.1.family")), S("X")));
    assert_true(json_is(json_path(root, S("name.0.given.1")), S("B")));
    assert_false(json_has(json_path(root, S("name.2.family"))));
    assert_false(json_has(json_path(root, S("active.x"))));
    struct json_doc digits = parsed(S("{\"00100020\":{\"Value\":[\"x\",\"y\"]}}"));
    assert_true(json_is(json_path(json_root(&digits), S("00100020.Value.1")), S("y")));
    assert_int_equal(json_kind(json_get(root, S("k\ney"))), JSON_NULL);
    assert_false(json_has(json_first(json_get(root, S("e")))));
    struct buf keys;
    buf_init(&keys, rq.a, 1000);
    for (struct jv v = json_first(root); v.doc != NULL; v = json_next(v)) {
        buf_str(&keys, json_key(&rq, v));
        buf_char(&keys, ' ');
    }
    assert_true(str_eq(buf_get(&keys), S("resourceType active n name d k\ney e ")));
    struct jv given = json_path(root, S("name.given"));
    assert_null(json_key(&rq, json_first(given)).p);
    assert_null(json_key(&rq, json_at(given, 1)).p);
    assert_null(json_key(&rq, root).p);
    assert_true(json_key_is(given, S("given")));
}

static void an_absent_value_answers_absent(void **state)
{
    (void)state;
    struct jv v = {NULL, 0};
    int64_t i;
    assert_int_equal(json_kind(v), JSON_NONE);
    assert_int_equal(json_len(v), 0);
    assert_null(json_str(rq.a, v).p);
    assert_null(json_raw(v).p);
    assert_false(json_true(v));
    assert_false(json_i64(v, &i));
    assert_null(json_path(v, S("a.b")).doc);
    assert_null(json_next(v).doc);
    assert_null(json_at(v, 3).doc);
    assert_null(json_key(&rq, v).p);
    assert_false(json_is(v, S("")));
}

static void limits_hold(void **state)
{
    (void)state;
    struct json_doc doc;
    struct json_limits lim = {.bytes = 10, .depth = 3, .nodes = 4};
    assert_int_equal(json_parse(&rq, S("[[[1]]]"), &lim, &doc), OK);
    assert_int_equal(json_parse(&rq, S("[[[[]]]]"), &lim, &doc), E_TOO_LARGE);
    assert_int_equal(json_parse(&rq, S("[1,2,3]"), &lim, &doc), OK);
    assert_int_equal(json_parse(&rq, S("[1,2,3,4]"), &lim, &doc), E_TOO_LARGE);
    assert_int_equal(json_parse(&rq, S("         12"), &lim, &doc), E_TOO_LARGE);
    struct req small;
    req_init(&small, 2000, (struct instant){0});
    char text[1001];
    memset(text, '[', 500);
    memset(text + 500, ']', 500);
    lim = (struct json_limits){.bytes = 10000, .depth = 1000, .nodes = 10000};
    assert_int_equal(json_parse(&small, (struct str){text, 1000}, &lim, &doc), E_TOO_LARGE);
    req_done(&small);
}

static void large_objects_are_checked_for_twins(void **state)
{
    (void)state;
    for (unsigned twin = 0; twin < 2; twin++) {
        struct buf b;
        buf_init(&b, rq.a, 1 << 20);
        buf_char(&b, '{');
        for (unsigned i = 0; i < 1000; i++) {
            BUF_LIT(&b, "\"key");
            buf_u64(&b, i);
            BUF_LIT(&b, "\":[],");
        }
        buf_str(&b, twin != 0 ? S("\"k\\u0065y77\":1}") : S("\"k\\u0065y\":1}"));
        struct json_doc doc;
        assert_int_equal(json_parse(&rq, buf_get(&b), NULL, &doc), twin != 0 ? E_SYNTAX : OK);
        if (twin == 0) {
            assert_int_equal(json_len(json_root(&doc)), 1001);
        }
    }
}

static void minify_drops_only_blanks(void **state)
{
    (void)state;
    struct json_doc doc = parsed(S(" { \"a b\" : [ 1.00 , \"x  y\\n\" , { } , [ ] , null ] ,\n"
                                   "\"c\" : true } "));
    struct buf b;
    buf_init(&b, rq.a, 1000);
    json_minify(&b, json_root(&doc));
    assert_true(str_eq(buf_get(&b), S("{\"a b\":[1.00,\"x  y\\n\",{},[],null],\"c\":true}")));
    assert_false(doc.tight);
    struct json_doc again = parsed(buf_get(&b));
    assert_true(again.tight);
    buf_init(&b, rq.a, 1000);
    json_minify(&b, json_path(json_root(&doc), S("a b.1")));
    assert_true(str_eq(buf_get(&b), S("\"x  y\\n\"")));
    assert_true(parsed(S(" [1] ")).tight);
    assert_false(parsed(S("[1 ]")).tight);
}

static void the_writer_puts_commas_and_escapes(void **state)
{
    (void)state;
    struct json_doc doc = parsed(S("[ 1 , {\"q\" : 2} ]"));
    struct buf b;
    buf_init(&b, rq.a, 1000);
    struct json_out o;
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("s"), S("q\"\\\n\r\t\x01/\xd1\x8f"));
    json_ki(&o, S("i"), INT64_MIN);
    json_kb(&o, S("b"), false);
    json_k(&o, S("a"));
    json_arr(&o);
    json_v_str(&o, S(""));
    json_v_null(&o);
    json_v_raw(&o, S("1.0"));
    json_obj(&o);
    json_obj_end(&o);
    json_v_jv(&o, json_root(&doc));
    json_v_bool(&o, true);
    json_v_i64(&o, 7);
    json_arr_end(&o);
    json_kv(&o, S("none"), (struct jv){NULL, 0});
    json_ks(&o, S("bad"), S("\xff\0z\xd0"));
    json_obj_end(&o);
    assert_true(str_eq(buf_get(&b),
                       S("{\"s\":\"q\\\"\\\\\\n\\r\\t\\u0001/\xd1\x8f\",\"i\":-9223372036854775808,"
                         "\"b\":false,\"a\":[\"\",null,1.0,{},[1,{\"q\":2}],true,7],\"none\":null,"
                         "\"bad\":\"\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\"}")));
    parsed(buf_get(&b));
}

static void strings_of_every_length_and_offset(void **state)
{
    (void)state;
    char text[128];
    for (size_t n = 0; n < 70; n++) {
        for (size_t at = 0; at < n; at += 3) {
            memset(text, 'a', sizeof(text));
            text[0] = '"';
            text[n + 1] = '"';
            text[at + 1] = '\x1f';
            struct json_doc doc;
            assert_int_equal(json_parse(&rq, (struct str){text, n + 2}, NULL, &doc), E_SYNTAX);
            text[at + 1] = 'b';
            doc = parsed((struct str){text, n + 2});
            assert_int_equal(json_str(rq.a, json_root(&doc)).n, n);
        }
    }
}

static void names_are_marked(void **state)
{
    (void)state;
    struct json_doc doc = parsed(S("{\"a\":{\"name\":1,\"\":2},\"b\":[{\"_c\":{}}],\"\\u0064\":3}"));
    struct jv root = json_root(&doc);
    struct jv a = json_get(root, S("a"));
    struct jv b = json_get(root, S("b"));
    assert_int_equal(json_key_node(a)->mark, json_mark("a", 1));
    assert_int_equal(json_key_node(json_first(a))->mark, json_mark("name", 4));
    assert_int_equal(json_key_node(json_at(a, 1))->mark, json_mark("", 0));
    assert_int_equal(json_node(a)->flags & JSON_ODD, 0);
    assert_int_equal(json_node(json_first(b))->flags & JSON_ODD, JSON_ODD);
    assert_int_equal(json_node(root)->flags & JSON_ODD, JSON_ODD);
}

static void names_with_a_line_before_find_their_twins(void **state)
{
    (void)state;
    struct json_doc doc = parsed(S("{\"_a\":{},\"b\":1,\"a\":{\"_c\":2,\"c\":3,\"_\":4,\"\":5},"
                                   "\"d\":{\"c\":1,\"_c\":2,\"_e\":3}}"));
    struct jv root = json_root(&doc);
    struct jv a = json_get(root, S("a"));
    assert_int_equal(json_node(root)->flags & JSON_ODD, 0);
    assert_int_equal(json_key_node(a)->flags & JSON_TWIN, JSON_TWIN);
    assert_int_equal(json_key_node(json_get(root, S("_a")))->flags & JSON_TWIN, JSON_TWIN);
    assert_int_equal(json_key_node(json_get(root, S("b")))->flags & JSON_TWIN, 0);
    assert_int_equal(json_node(a)->flags & JSON_ODD, 0);
    for (struct jv v = json_first(a); json_has(v); v = json_next(v)) {
        assert_int_equal(json_key_node(v)->flags & JSON_TWIN, JSON_TWIN);
    }
    assert_int_equal(json_node(json_get(root, S("d")))->flags & JSON_ODD, JSON_ODD);
}

/* Cut members are those of the whole, whatever stands before and in them. */
static void members_are_cut_out(void **state)
{
    static const struct str object =
        SI("{\"a\":-1.50,\"b\":\"x\\\"}\\\\\",\"c\":[{\"d\":[\"]\",{}]},[],7],\"e\":{\"a\":{\"b\":\",\"}},\"f\":true,"
           "\"g\":\"\\\\\",\"h\":null}");
    static const struct str names[] = {SI("a"), SI("b"), SI("c"), SI("e"), SI("f"), SI("g"), SI("h")};
    struct json_doc whole = parsed(object);
    (void)state;
    for (unsigned set = 0; set < 1u << LEN(names); set++) {
        struct str some[LEN(names) + 1];
        struct buf out;
        size_t n = 0;
        for (size_t i = 0; i < LEN(names); i++) {
            if ((set >> i & 1) != 0) {
                some[n++] = names[i];
            }
        }
        some[n] = S("none");
        buf_init(&out, rq.a, 4096);
        assert_true(json_cut(object, some, n + set % 2, &out));
        struct json_doc cut = parsed(buf_get(&out));
        assert_int_equal(json_len(json_root(&cut)), n);
        for (size_t i = 0; i < n; i++) {
            assert_true(str_eq(json_raw(json_get(json_root(&cut), some[i])),
                               json_raw(json_get(json_root(&whole), some[i]))));
        }
    }
    struct buf out;
    buf_init(&out, rq.a, 4096);
    assert_false(json_cut(S("{\"\\u0061\":1}"), names, 1, &out));
    for (size_t n = 2; n < object.n; n++) { /* torn anywhere: nothing past the end is looked at */
        char *part = malloc(n);
        memcpy(part, object.p, n);
        buf_init(&out, rq.a, 4096);
        assert_false(json_cut((struct str){part, n}, &(struct str){"none", 4}, 1, &out));
        free(part);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts_what_the_rfc_allows),
        cmocka_unit_test(refuses_the_rest_and_says_where),
        cmocka_unit_test(handles_walk_the_tape),
        cmocka_unit_test(an_absent_value_answers_absent),
        cmocka_unit_test(limits_hold),
        cmocka_unit_test(large_objects_are_checked_for_twins),
        cmocka_unit_test(minify_drops_only_blanks),
        cmocka_unit_test(the_writer_puts_commas_and_escapes),
        cmocka_unit_test(strings_of_every_length_and_offset),
        cmocka_unit_test(names_are_marked),
        cmocka_unit_test(names_with_a_line_before_find_their_twins),
        cmocka_unit_test(members_are_cut_out),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
