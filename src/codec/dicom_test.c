/* codec/dicom_test.c - heads of DICOM files: made here in every coding, and the public samples when
 * they are at hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dicom.h"
#include "codec/dicom_testing.h"
#include "codec/json.h"

/* Sequences of defined and undefined length, nested, with an unknown one in implicit coding. */
static void put_sequences(struct file *f)
{
    put_head(f, 0x00081111, "SQ", 0xffffffff);
    put_head(f, 0xfffee000, "", 0xffffffff);
    put_text(f, 0x00100020, "LO", S("INNER"));
    put_head(f, 0x00081140, "SQ", 0xffffffff);
    put_head(f, 0xfffee000, "", 8);
    put32(f, 0);
    put32(f, 0);
    put_head(f, 0xfffee0dd, "", 0);
    put_head(f, 0xfffee00d, "", 0);
    put_head(f, 0xfffee0dd, "", 0);
    bool implicit = f->implicit;
    bool big = f->big;
    put_head(f, 0x00091010, "UN", 0xffffffff);
    f->implicit = true;
    f->big = implicit ? big : false;
    put_head(f, 0xfffee000, "", 0xffffffff);
    put_text(f, 0x00100010, "", S("HIDDEN"));
    put_head(f, 0xfffee00d, "", 0);
    put_head(f, 0xfffee0dd, "", 0);
    f->implicit = implicit;
    f->big = big;
}

static void put_body(struct file *f)
{
    put_text(f, 0x00080005, "CS", S("ISO_IR 144"));
    put_text(f, 0x00080016, "UI", S("1.2.840.10008.5.1.4.1.1.4"));
    put_text(f, 0x00080018, "UI", S("1.2.3"));
    put_text(f, 0x00080020, "DA", S("20260131"));
    put_text(f, 0x00080060, "CS", S("MR\\CT"));
    put_text(f, 0x00081030, "LO", S("\xbc\xc0\xc2 \x07 head "));
    put_sequences(f);
    put_text(f, 0x00100010, "PN", S("\xb8\xd2\xd0\xdd\xde\xd2^\xbf\xf1\xe2\xe0^^=x=y"));
    put_text(f, 0x00100020, "LO", S(" 77-1 "));
    put_text(f, 0x00100030, "DA", S("1956.02.30"));
    put_text(f, 0x00100040, "CS", S("M"));
    put_text(f, 0x0020000d, "UI", S("1.2.4.55"));
    put_text(f, 0x0020000e, "UI", S("1.2.5.6"));
    put_text(f, 0x00200013, "IS", S(" 12"));
    put_text(f, 0x00280008, "IS", S("3"));
    put_head(f, 0x00280010, "US", 2);
    put16(f, 480);
    put_head(f, 0x00280011, "US", 2);
    put16(f, 640);
}

static void every_coding_gives_the_same(void **state)
{
    (void)state;
    static const struct str syntaxes[] = {
        SI("1.2.840.10008.1.2"), SI("1.2.840.10008.1.2.1"), SI("1.2.840.10008.1.2.2"),
        SI("1.2.840.10008.1.2.4.50"),
    };
    for (size_t i = 0; i < LEN(syntaxes); i++) {
        struct file f;
        file_begin(&f, syntaxes[i]);
        put_body(&f);
        size_t before_pixels = f.b.n;
        put_head(&f, 0x7fe00010, "OW", 0xffffffff);
        struct dicom_head h;
        assert_int_equal(dicom_read(&rq, buf_get(&f.b), true, &h), OK);
        assert_int_equal(h.flags, DICOM_PIXELS);
        assert_true(str_eq(h.transfer_syntax, syntaxes[i]));
        assert_true(str_eq(h.sop_instance, S("1.2.3")) && str_eq(h.study, S("1.2.4.55")));
        assert_true(str_eq(h.series, S("1.2.5.6")) && str_eq(h.modality, S("MR")));
        assert_true(str_eq(h.study_date, S("2026-01-31")));
        assert_true(str_eq(h.study_text, S("МРТ  head")));
        assert_true(str_eq(h.patient_name, S("Иванов^Пётр^^")));
        assert_true(str_eq(h.patient_id, S("77-1")) && str_eq(h.patient_sex, S("M")));
        assert_null(h.patient_birth.p); /* 30 February */
        assert_int_equal(h.rows, 480);
        assert_int_equal(h.columns, 640);
        assert_int_equal(h.frames, 3);
        assert_int_equal(h.instance_number, 12);
        struct buf name;
        buf_init(&name, rq.a, 100);
        dicom_name(&name, h.patient_name);
        assert_true(str_eq(buf_get(&name), S("Иванов Пётр")));
        /* any window: never a field that is not there, cut is said */
        for (size_t n = 0; n < before_pixels; n++) {
            struct str window = str_sub(buf_get(&f.b), 0, n);
            err_clear(&rq);
            enum err e = dicom_read(&rq, window, false, &h);
            if (e == OK) {
                assert_true((h.flags & DICOM_CUT) != 0);
                assert_true(h.patient_id.p == NULL || str_eq(h.patient_id, S("77-1")));
                assert_int_equal(dicom_read(&rq, window, true, &h), OK);
            }
        }
        err_clear(&rq);
    }
}

static void what_is_not_readable_says_so(void **state)
{
    (void)state;
    struct file f;
    struct dicom_head h = {.rows = 7};
    assert_int_equal(dicom_read(&rq, S("short"), true, &h), E_MEDIA_TYPE);
    err_clear(&rq);
    file_begin(&f, S(""));
    assert_int_equal(dicom_read(&rq, buf_get(&f.b), true, &h), E_SYNTAX);
    assert_int_equal(h.rows, 7);
    err_clear(&rq);
    file_begin(&f, S("1.2.840.10008.1.2.1.99"));
    buf_str(&f.b, S("anything"));
    assert_int_equal(dicom_read(&rq, buf_get(&f.b), true, &h), OK);
    assert_int_equal(h.flags, DICOM_DEFLATED);
    file_begin(&f, S("1.2.840.10008.1.2.1"));
    put_text(&f, 0x00080060, "CS", S("CT"));
    buf_str(&f.b, S("\x10\0\x10\0??\4\0abcd"));
    assert_int_equal(dicom_read(&rq, buf_get(&f.b), true, &h), OK);
    assert_int_equal(h.flags, DICOM_BROKEN);
    assert_true(str_eq(h.modality, S("CT")));
    file_begin(&f, S("1.2.840.10008.1.2.1"));
    for (int i = 0; i < 40; i++) { /* deeper than is followed */
        put_head(&f, 0x00081111, "SQ", 0xffffffff);
        put_head(&f, 0xfffee000, "", 0xffffffff);
    }
    assert_int_equal(dicom_read(&rq, buf_get(&f.b), false, &h), OK);
    assert_true((h.flags & DICOM_BROKEN) != 0);
}

static void character_sets(void **state)
{
    (void)state;
    static const struct {
        struct str charset;
        struct str raw;
        struct str text;
        bool replaced;
    } rows[] = {
        {SI("ISO_IR 100"), SI("M\xfcller"), SI("Müller"), false},
        {SI("ISO_IR 144"), SI("\xf0\xf1\xff\xa1"), SI("№ёџЁ"), false},
        {SI("ISO_IR 192"), SI("Әлия\xff"), SI("Әлия?"), true},
        {SI(""), SI("Әлия"), SI("Әлия"), false},
        {SI(""), SI("M\xfcller"), SI("M?ller"), true},
        {SI("GB18030"), SI("a\xcd\xf5\xff"), SI("a王?"), true},
        {SI("GB18030"), SI("\x8a"
                           "1\0\0b"), SI("?1b"), true},
        {SI("GB18030"), SI("\x81\x30\x86\x30"), SI("\xc2\xb8"), false},
        {SI("\\ISO 2022 IR 144"), SI("A^\x1b-L\xbf\xf1\xe2\xe0"), SI("A^Пётр"), false},
        {SI("ISO_IR 101"), SI("\xa3\xf3\x64\xbc"), SI("Łódź"), false},
        {SI("ISO_IR 109"), SI("\xa6"), SI("Ĥ"), false},
        {SI("ISO_IR 110"), SI("\xbe"), SI("ž"), false},
        {SI("ISO_IR 127"), SI("\xe2\xc8\xc7\xe6\xea"), SI("قباني"), false},
        {SI("ISO_IR 126"), SI("\xc4\xe9\xef\xed"), SI("Διον"), false},
        {SI("ISO_IR 138"), SI("\xf9\xf8\xe5\xef"), SI("שרון"), false},
        {SI("ISO_IR 148"), SI("\xc7\xfd\xf0"), SI("Çığ"), false},
        {SI("ISO_IR 166"), SI("\xa1\xa2"), SI("กข"), false},
        {SI("ISO_IR 13"), SI("\xd4\xcf\xc0\xde^\xc0\xdb\xb3"), SI("ﾔﾏﾀﾞ^ﾀﾛｳ"), false},
        {SI("\\ISO 2022 IR 149"), SI("\x1b$)C\xb1\xe8"), SI("김"), false},
        {SI("\\ISO 2022 IR 58"), SI("\x1b$)A\xd5\xc5"), SI("张"), false},
        {SI("\\ISO 2022 IR 159"), SI("\x1b$(D\x30\x21\x1b(B"), SI("丂"), false},
        {SI("ISO 2022 IR 100\\ISO 2022 IR 144"), SI("\x1b-L\xbf^M\xfc"), SI("П^Mü"), false},
        {SI("ISO-IR 100"), SI("M\xfc"), SI("Mü"), false},
        {SI("KOI8"), SI("a\xc1"), SI("a?"), true},
        {SI("\\ISO 2022 IR 87"), SI("A\x1b$B;3\x1b(Bz"), SI("A山z"), false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        struct dicom_head h;
        file_begin(&f, S("1.2.840.10008.1.2.1"));
        put_text(&f, 0x00080005, "CS", rows[i].charset);
        put_text(&f, 0x00100010, "PN", rows[i].raw);
        assert_int_equal(dicom_read(&rq, buf_get(&f.b), true, &h), OK);
        assert_true(str_eq(h.patient_name, rows[i].text));
        assert_int_equal((h.flags & DICOM_REPLACED) != 0, rows[i].replaced);
    }
}

static struct str load(const char *dir, const char *name, const char *ending)
{
    char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s%s", dir, name, ending);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    size_t cap = 1u << 20;
    char *p = arena_alloc_raw(rq.a, cap);
    assert_non_null(p);
    size_t n = fread(p, 1, cap, in);
    (void)fclose(in);
    return (struct str){p, n};
}

/* A field of the DICOM JSON model; empty when absent. */
static struct str expected(const struct json_doc *doc, const char *path)
{
    struct str s = json_str(rq.a, json_path(json_root(doc), str_z(path)));
    return s.p == NULL ? S("") : s;
}

static void check_sample(const char *dir, const char *name)
{
    char folder[512];
    (void)snprintf(folder, sizeof(folder), "%s/expected", dir);
    struct json_doc doc;
    assert_int_equal(json_parse(&rq, load(folder, name, ".json"), NULL, &doc), OK);
    struct dicom_head h;
    assert_int_equal(dicom_read(&rq, load(dir, name, ".dcm"), true, &h), OK);
    if ((h.flags & DICOM_DEFLATED) != 0) {
        return;
    }
    assert_false((h.flags & (DICOM_BROKEN | DICOM_CUT)) != 0);
    assert_true(str_eq(h.patient_id, expected(&doc, "00100020.Value.0")));
    assert_true(str_eq(h.patient_name, expected(&doc, "00100010.Value.0.Alphabetic")));
    assert_true(str_eq(h.modality, expected(&doc, "00080060.Value.0")));
    assert_true(str_eq(h.sop_instance, expected(&doc, "00080018.Value.0")));
    assert_true(str_eq(h.study, expected(&doc, "0020000D.Value.0")));
    assert_true(str_eq(h.series, expected(&doc, "0020000E.Value.0")));
    int64_t rows = 0;
    if (json_i64(json_path(json_root(&doc), S("00280010.Value.0")), &rows)) {
        assert_int_equal(h.rows, rows);
    }
}

static void public_samples(void **state)
{
    (void)state;
    char dir[400] = "../shared/conformance/dicom";
    const char *shared = getenv("CONSILIUM_SHARED");
    if (shared != NULL) {
        (void)snprintf(dir, sizeof(dir), "%s/conformance/dicom", shared);
    }
    char folder[450];
    (void)snprintf(folder, sizeof(folder), "%s/expected", dir);
    DIR *d = opendir(folder);
    if (d == NULL) {
        print_message("skipped: no DICOM samples at %s (set CONSILIUM_SHARED)\n", dir);
        skip();
    }
    unsigned n = 0;
    for (struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        struct str name = str_z(e->d_name);
        if (str_ends(name, S(".json"))) {
            struct arena_mark mark = arena_mark(rq.a);
            char *stem = arena_cstr(rq.a, str_sub(name, 0, name.n - 5));
            print_message("sample %s\n", stem);
            check_sample(dir, stem);
            arena_back(rq.a, mark);
            n++;
        }
    }
    (void)closedir(d);
    assert_true(n > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coding_gives_the_same),
        cmocka_unit_test(what_is_not_readable_says_so),
        cmocka_unit_test(character_sets),
        cmocka_unit_test(public_samples),
    };
    return cmocka_run_group_tests(tests, testing_begin, testing_end);
}
