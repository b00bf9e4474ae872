/* codec/dicom_json_test.c - every kind of value as DICOM JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "codec/dicom_json.h"
#include "codec/dicom_testing.h"

static const struct dicom_json_opts plain = {.inline_max = 1000, .bulk = SI("/b/"), .pixels = true};

static struct str json_of(struct file *f, const struct dicom_json_opts *o)
{
    struct dicom_file d;
    struct buf out;
    buf_init(&out, rq.a, 1 << 20);
    assert_true(buf_ok(&f->b));
    assert_int_equal(dicom_file_open(&rq, buf_get(&f->b), NULL, &d), OK);
    assert_int_equal(dicom_json(&rq, &d, o, &out), OK);
    return buf_get(&out);
}

static void is_json(struct file *f, const struct dicom_json_opts *o, const char *want)
{
    struct str have = json_of(f, o);
    if (!str_eq(have, str_z(want))) {
        print_message("have %.*s\nwant %s\n", STR_ARG(have), want);
    }
    assert_true(str_eq(have, str_z(want)));
}

static void text_values(void **state)
{
    (void)state;
    static const struct {
        const char *vr;
        struct str raw;
        const char *json; /* what follows the kind */
    } rows[] = {
        {"LO", SI(""), ""},
        {"LO", SI("  "), ""},
        {"LO", SI(" a b \\\\ c"), ",\"Value\":[\"a b\",null,\"c\"]"},
        {"LO", SI("\\"), ",\"Value\":[null,null]"},
        {"AE", SI(" CT1 "), ",\"Value\":[\"CT1\"]"},
        {"UI", SI("1.2\\3.4\0"), ",\"Value\":[\"1.2\",\"3.4\"]"},
        {"ST", SI(" a\\b\r\n "), ",\"Value\":[\" a\\\\b\\r\\n\"]"},
        {"UR", SI("http://a/b\\c "), ",\"Value\":[\"http://a/b\\\\c\"]"},
        {"PN", SI("A^B=C=D"),
         ",\"Value\":[{\"Alphabetic\":\"A^B\",\"Ideographic\":\"C\",\"Phonetic\":\"D\"}]"},
        {"PN", SI("==D\\\\A "), ",\"Value\":[{\"Phonetic\":\"D\"},null,{\"Alphabetic\":\"A\"}]"},
        {"PN", SI("=="), ""},
        {"IS", SI("+012\\-0\\ 7 "), ",\"Value\":[12,-0,7]"},
        {"IS", SI("1A"), ",\"Value\":[\"1A\"]"},
        {"DS", SI("1.50\\.5\\-5.\\1e5\\007.10\\1E-07"),
         ",\"Value\":[1.50,0.5,-5,1e5,7.10,1E-07]"},
        {"DS", SI("1,5\\-\\1e\\.\\0x1\\nan"),
         ",\"Value\":[\"1,5\",\"-\",\"1e\",\".\",\"0x1\",\"nan\"]"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        char want[300];
        file_begin(&f, S("1.2.840.10008.1.2.1"));
        put_text(&f, 0x00200010, rows[i].vr, rows[i].raw);
        (void)snprintf(want, sizeof(want), "{\"00200010\":{\"vr\":\"%s\"%s}}", rows[i].vr,
                       rows[i].json);
        is_json(&f, &plain, want);
    }
}

static void numbers_and_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *vr;
        struct str little;
        struct str big; /* the same, the other end first */
        const char *json;
    } rows[] = {
        {"US", SI("\x01\x00\xff\xff"), SI("\x00\x01\xff\xff"), ",\"Value\":[1,65535]"},
        {"SS", SI("\x01\x00\x00\x80"), SI("\x00\x01\x80\x00"), ",\"Value\":[1,-32768]"},
        {"UL", SI("\xff\xff\xff\xff"), SI("\xff\xff\xff\xff"), ",\"Value\":[4294967295]"},
        {"SL", SI("\xfe\xff\xff\xff"), SI("\xff\xff\xff\xfe"), ",\"Value\":[-2]"},
        {"UV", SI("\0\0\0\0\0\0\x10\0"), SI("\0\x10\0\0\0\0\0\0"),
         ",\"Value\":[4503599627370496]"},
        {"UV", SI("\0\0\0\0\0\0\x20\0"), SI("\0\x20\0\0\0\0\0\0"),
         ",\"Value\":[\"9007199254740992\"]"},
        {"SV", SI("\0\0\0\0\0\0\0\x80"), SI("\x80\0\0\0\0\0\0\0"),
         ",\"Value\":[\"-9223372036854775808\"]"},
        {"AT", SI("\x10\x00\x1a\x00"), SI("\x00\x10\x00\x1a"), ",\"Value\":[\"0010001A\"]"},
        {"FL", SI("\x00\x00\x80\x3f\xcd\xcc\xcc\x3d"), SI("\x3f\x80\x00\x00\x3d\xcc\xcc\xcd"),
         ",\"Value\":[1,0.10000000149011612]"},
        {"FL", SI("\x00\x00\xc0\x7f\x00\x00\x80\xff"), SI("\x7f\xc0\x00\x00\xff\x80\x00\x00"),
         ",\"Value\":[\"NaN\",\"-Infinity\"]"},
        {"FD", SI("\x9a\x99\x99\x99\x99\x99\xb9\x3f"), SI("\x3f\xb9\x99\x99\x99\x99\x99\x9a"),
         ",\"Value\":[0.1]"},
        {"OB", SI("\x01\x02\x03"), SI("\x01\x02\x03"), ",\"InlineBinary\":\"AQID\""},
        {"OW", SI("\x01\x02\x03\x04"), SI("\x02\x01\x04\x03"), ",\"InlineBinary\":\"AQIDBA==\""},
        {"OF", SI("\x01\x02\x03\x04"), SI("\x04\x03\x02\x01"), ",\"InlineBinary\":\"AQIDBA==\""},
        {"OV", SI("\1\2\3\4\5\6\7\x08"), SI("\x08\7\6\5\4\3\2\1"),
         ",\"InlineBinary\":\"AQIDBAUGBwg=\""},
        {"UN", SI("\x01\x02"), SI("\x01\x02"), ",\"InlineBinary\":\"AQI=\""},
        {"OB", SI(""), SI(""), ""},
        {"US", SI(""), SI(""), ""},
        {"US", SI("\x01"), SI("\x01"), ""}, /* half a number is none */
    };
    for (size_t i = 0; i < LEN(rows) * 2; i++) {
        struct file f;
        char want[300];
        struct str raw = i % 2 == 0 ? rows[i / 2].little : rows[i / 2].big;
        file_begin(&f, i % 2 == 0 ? S("1.2.840.10008.1.2.1") : S("1.2.840.10008.1.2.2"));
        put_head(&f, 0x00290010, rows[i / 2].vr, (uint32_t)raw.n);
        buf_str(&f.b, raw);
        (void)snprintf(want, sizeof(want), "{\"00290010\":{\"vr\":\"%s\"%s}}", rows[i / 2].vr,
                       rows[i / 2].json);
        is_json(&f, &plain, want);
    }
}

static void put_everything(struct file *f)
{
    file_begin(f, S("1.2.840.10008.1.2.4.50"));
    put_head(f, 0x00080000, "UL", 4);
    put32(f, 0);
    put_text(f, 0x00080005, "CS", S("ISO_IR 144"));
    put_head(f, 0x00081140, "SQ", 0xffffffff);
    put_item(f, ITEM, 0xffffffff);
    put_text(f, 0x00081030, "LO", S("\xbc\"<"));
    put_head(f, 0x00081199, "SQ", 0);
    put_item(f, ITEM_END, 0);
    put_item(f, ITEM, 0);
    put_item(f, ITEM, 0xffffffff);
    put_head(f, 0x00091001, "OB", 6);
    buf_str(&f->b, S("abcdef"));
    put_item(f, ITEM_END, 0);
    put_item(f, SEQUENCE_END, 0);
    put_head(f, 0x7fe00010, "OB", 0xffffffff);
    put_item(f, ITEM, 0);
    put_item(f, ITEM, 2);
    buf_str(&f->b, S("\xff\xd9"));
    put_item(f, SEQUENCE_END, 0);
}

static void structure(void **state)
{
    (void)state;
    struct file f;
    struct dicom_json_opts o = {.inline_max = 4, .bulk = S("/b/\""), .pixels = true};
    put_everything(&f);
    is_json(&f, &o,
            "{\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 192\"]},"
            "\"00081140\":{\"vr\":\"SQ\",\"Value\":[{\"00081030\":{\"vr\":\"LO\",\"Value\":"
            "[\"М\\\"<\"]},\"00081199\":{\"vr\":\"SQ\"}},{},{\"00091001\":{\"vr\":\"OB\","
            "\"BulkDataURI\":\"/b/\\\"00081140/2/00091001\"}}]},"
            "\"7FE00010\":{\"vr\":\"OB\",\"BulkDataURI\":\"/b/\\\"7FE00010\"}}");
    o = (struct dicom_json_opts){.inline_max = 4, .charset_as_sent = true};
    const uint32_t only[] = {0x00080005, 0x00081140};
    o.only = only;
    o.only_n = 1;
    is_json(&f, &o, "{\"00080005\":{\"vr\":\"CS\",\"Value\":[\"ISO_IR 144\"]}}");
    o.only = only + 1;
    is_json(&f, &o,
            "{\"00081140\":{\"vr\":\"SQ\",\"Value\":[{\"00081030\":{\"vr\":\"LO\",\"Value\":"
            "[\"М\\\"<\"]},\"00081199\":{\"vr\":\"SQ\"}},{},{\"00091001\":{\"vr\":\"OB\"}}]}}");
}

/* The examples of PS3.5 annexes H to K, and what escapes mean across values. */
static void names_in_many_scripts(void **state)
{
    (void)state;
    static const struct {
        struct str charset;
        struct str raw;
        const char *json;
    } rows[] = {
        {SI("\\ISO 2022 IR 87"),
         SI("Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B"),
         "{\"Alphabetic\":\"Yamada^Tarou\",\"Ideographic\":\"山田^太郎\",\"Phonetic\":"
         "\"やまだ^たろう\"}"},
        {SI("ISO 2022 IR 13\\ISO 2022 IR 87"),
         SI("\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J"),
         "{\"Alphabetic\":\"ﾔﾏﾀﾞ^ﾀﾛｳ\",\"Ideographic\":\"山田^太郎\"}"},
        {SI("\\ISO 2022 IR 149"),
         SI("Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"),
         "{\"Alphabetic\":\"Hong^Gildong\",\"Ideographic\":\"洪^吉洞\",\"Phonetic\":\"홍^길동\"}"},
        {SI("GB18030"), SI("Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab="),
         "{\"Alphabetic\":\"Wang^XiaoDong\",\"Ideographic\":\"王^小东\"}"},
        {SI("GB18030"), SI("\x94\x5c^\x81\x30\x89\x37"), "{\"Alphabetic\":\"擻^Þ\"}"},
        {SI("ISO_IR 192"), SI("Әлия=王=Ә"),
         "{\"Alphabetic\":\"Әлия\",\"Ideographic\":\"王\",\"Phonetic\":\"Ә\"}"},
        {SI("ISO 2022 IR 100\\ISO 2022 IR 144"), SI("M\xfc^\x1b-L\xbf\\M\xfc"),
         "{\"Alphabetic\":\"Mü^П\"},{\"Alphabetic\":\"Mü\"}"},
    };
    const struct dicom_json_opts o = {.only = (const uint32_t[]){0x00100010}, .only_n = 1};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        char want[300];
        file_begin(&f, S("1.2.840.10008.1.2.1"));
        put_text(&f, DICOM_TAG_CHARSET, "CS", rows[i].charset);
        put_text(&f, 0x00100010, "PN", rows[i].raw);
        (void)snprintf(want, sizeof(want), "{\"00100010\":{\"vr\":\"PN\",\"Value\":[%s]}}",
                       rows[i].json);
        is_json(&f, &o, want);
    }
}

static void a_tag_comes_once(void **state)
{
    (void)state;
    struct file f;
    file_begin(&f, S("1.2.840.10008.1.2.1"));
    put_text(&f, 0x00100020, "LO", S("first"));
    put_head(&f, 0x00081140, "SQ", 0xffffffff); /* below the one before it */
    for (int i = 0; i < 2; i++) {
        put_item(&f, ITEM, 0xffffffff);
        put_text(&f, 0x00100020, "LO", S("inner"));
        put_text(&f, 0x00100020, "LO", S("again"));
        put_item(&f, ITEM_END, 0);
    }
    put_item(&f, SEQUENCE_END, 0);
    put_text(&f, 0x00100020, "LO", S("again"));
    put_head(&f, 0x00081140, "SQ", 0);
    is_json(&f, &plain,
            "{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"first\"]},\"00081140\":{\"vr\":\"SQ\","
            "\"Value\":[{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"inner\"]}},"
            "{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"inner\"]}}]}}");
}

static void deep_nesting_and_a_full_builder(void **state)
{
    (void)state;
    struct file f;
    struct dicom_file d;
    struct buf out;
    file_begin(&f, S("1.2.840.10008.1.2"));
    for (int i = 0; i < 1000; i++) {
        put_head(&f, 0x00081140, "SQ", 0xffffffff);
        put_item(&f, ITEM, 0xffffffff);
    }
    for (int i = 0; i < 1000; i++) {
        put_item(&f, ITEM_END, 0);
        put_item(&f, SEQUENCE_END, 0);
    }
    struct str json = json_of(&f, &plain);
    assert_int_equal(json.n, 1000 * (sizeof("\"00081140\":{\"vr\":\"SQ\",\"Value\":[{}]}") - 1) + 2);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), NULL, &d), OK);
    buf_init(&out, rq.a, 100);
    assert_int_equal(dicom_json(&rq, &d, &plain, &out), E_TOO_LARGE);
    err_clear(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_values),
        cmocka_unit_test(numbers_and_bytes),
        cmocka_unit_test(structure),
        cmocka_unit_test(names_in_many_scripts),
        cmocka_unit_test(a_tag_comes_once),
        cmocka_unit_test(deep_nesting_and_a_full_builder),
    };
    return cmocka_run_group_tests(tests, testing_begin, testing_end);
}
