/* codec/dicom_frames_test.c - frames in every form of pixel data, and what is said about pixels. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "codec/dicom_frames.h"
#include "codec/dicom_testing.h"

static const struct str explicit_le = SI("1.2.840.10008.1.2.1");
static const struct str jpeg = SI("1.2.840.10008.1.2.4.50");

static void put_form(struct file *f, struct str syntax, unsigned frames, unsigned bits)
{
    char n[12];
    file_begin(f, syntax);
    put_u16(f, 0x00280002, 1);
    put_text(f, 0x00280004, "CS", S("MONOCHROME2"));
    (void)snprintf(n, sizeof(n), "%u", frames);
    put_text(f, 0x00280008, "IS", str_z(n));
    put_u16(f, 0x00280010, 2);
    put_u16(f, 0x00280011, 3);
    put_u16(f, 0x00280100, bits);
}

/* Frames as text: pieces joined by +, frames by a blank; or the refusal. */
static void frames_are(struct file *f, const char *want)
{
    struct dicom_file d;
    struct dicom_frame *frames = NULL;
    uint32_t n = 0;
    struct buf b;
    buf_init(&b, rq.a, 10000);
    err_clear(&rq);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f->b), NULL, &d), OK);
    if (dicom_frames(&rq, &d, &frames, &n) != OK) {
        assert_string_equal(rq.err.detail, want);
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t size = 0;
        for (uint32_t k = 0; k < frames[i].n; k++) {
            buf_str(&b, k > 0 ? S("+") : i > 0 ? S(" ") : S(""));
            buf_str(&b, frames[i].pieces[k]);
            size += frames[i].pieces[k].n;
        }
        assert_int_equal(size, frames[i].size);
    }
    const char *got = arena_cstr(rq.a, buf_get(&b));
    assert_non_null(got);
    assert_string_equal(got, want);
}

static void native_frames(void **state)
{
    (void)state;
    static const struct {
        unsigned frames;
        unsigned bits;
        struct str pixels;
        const char *want;
    } rows[] = {
        {1, 8, SI("abcdef"), "abcdef"},
        {2, 8, SI("abcdefghijkl"), "abcdef ghijkl"},
        {1, 16, SI("abcdefghijkl"), "abcdefghijkl"},
        {1, 8, SI("abcdefg"), "abcdef"},
        {1, 1, SI("ab"), "a"},
        {2, 1, SI("ab"), "frames that end within a byte"},
        {2, 8, SI("abcdefghijk"), "(7fe0,0010) at 256: shorter than its frames"},
        {0, 8, SI("abcdef"), "(7fe0,0010) at 256: a wrong number of frames"},
        {1, 0, SI("abcdef"), "(7fe0,0010) at 256: rows, columns, samples or bits are wrong"},
        {65000, 8, SI("abcdef"), "(7fe0,0010) at 260: a wrong number of frames"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        put_form(&f, explicit_le, rows[i].frames, rows[i].bits);
        put_head(&f, 0x7fe00010, "OB", (uint32_t)rows[i].pixels.n);
        buf_str(&f.b, rows[i].pixels);
        frames_are(&f, rows[i].want);
    }
    struct file f;
    put_form(&f, explicit_le, 1, 8);
    frames_are(&f, "DICOM: no pixel data");
}

/* table: offsets of frames; pieces: fragments. */
static void put_fragments(struct file *f, const uint32_t *table, uint32_t n, const char *pieces)
{
    put_head(f, 0x7fe00010, "OB", 0xffffffff);
    put_item(f, ITEM, n * 4);
    for (uint32_t i = 0; i < n; i++) {
        put32(f, table[i]);
    }
    struct str rest = str_z(pieces);
    struct str one;
    while (rest.n > 0 && str_cut(&rest, ' ', &one)) {
        put_item(f, ITEM, (uint32_t)one.n);
        buf_str(&f->b, one);
    }
    put_item(f, SEQUENCE_END, 0);
}

static void encapsulated_frames(void **state)
{
    (void)state;
    static const struct {
        unsigned frames;
        uint32_t table_n;
        uint32_t table[3];
        const char *pieces;
        const char *want;
    } rows[] = {
        {1, 0, {0}, "ab", "ab"},
        {1, 0, {0}, "ab cd", "ab+cd"},
        {2, 0, {0}, "ab cd", "ab cd"},
        {2, 2, {0, 20}, "ab cd ef", "ab+cd ef"},
        {2, 2, {0, 10}, "ab cd ef", "ab cd+ef"},
        {2, 2, {0, 30}, "ab cd\xff\xd9 ef\xff\xd9", "ab+cd\xff\xd9 ef\xff\xd9"}, /* past the end */
        {2, 2, {0, 11}, "ab\xff\xd9 cd ef\xff\xd9z", "ab\xff\xd9 cd+ef\xff\xd9z"},
        {2, 2, {10, 20}, "ab cd ef", "(7fe0,0010) at 258: fragments cannot be told to frames"},
        {3, 3, {0, 10, 10}, "ab cd ef gh", "(7fe0,0010) at 258: fragments cannot be told to frames"},
        {2, 0, {0}, "ab cd\xff\xd9 ef", "(7fe0,0010) at 258: fragments cannot be told to frames"},
        {2, 0, {0}, "ab", "(7fe0,0010) at 258: fewer fragments than frames"},
        {1, 0, {0}, "", "(7fe0,0010) at 258: fewer fragments than frames"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        put_form(&f, jpeg, rows[i].frames, 8);
        put_fragments(&f, rows[i].table, rows[i].table_n, rows[i].pieces);
        frames_are(&f, rows[i].want);
    }
    struct file f;
    put_form(&f, S("1.2.840.10008.1.2.4.102"), 2, 8);
    put_fragments(&f, NULL, 0, "ab");
    frames_are(&f, "frames of video");
    /* lengths without padding, of the extended table */
    put_form(&f, jpeg, 2, 8);
    put_head(&f, 0x7fe00001, "OV", 16);
    put32(&f, 0), put32(&f, 0), put32(&f, 10), put32(&f, 0);
    put_head(&f, 0x7fe00002, "OV", 16);
    put32(&f, 3), put32(&f, 0), put32(&f, 1), put32(&f, 0); /* the second is none */
    put_fragments(&f, NULL, 0, "abcz efgz");
    frames_are(&f, "abc efgz");
}

static void put_group(struct file *f, uint32_t group, uint32_t tag, const char *vr, struct str s)
{
    put_head(f, group, "SQ", 0xffffffff);
    put_item(f, ITEM, 0xffffffff);
    put_text(f, tag, vr, s);
    put_item(f, ITEM_END, 0);
    put_item(f, SEQUENCE_END, 0);
}

static void put_lut(struct file *f, uint32_t tag, struct str data)
{
    put_head(f, tag, "SQ", 0xffffffff);
    for (int i = 0; i < 2; i++) { /* only the first counts */
        put_item(f, ITEM, 0xffffffff);
        put_head(f, 0x00283002, "SS", 6);
        put16(f, 2);
        put16(f, i == 0 ? 0xfff0 : 7);
        put16(f, 16);
        put_text(f, 0x00283006, "OW", data);
        put_item(f, ITEM_END, 0);
    }
    put_item(f, SEQUENCE_END, 0);
}

static bool near(double a, double b)
{
    return a - b < 1e-9 && b - a < 1e-9;
}

static void what_is_said_about_pixels(void **state)
{
    (void)state;
    struct file f;
    struct dicom_file d;
    struct dicom_image m;
    put_form(&f, explicit_le, 2, 16);
    put_text(&f, 0x00280030, "DS", S("0.5\\0.25"));
    put_u16(&f, 0x00280101, 12);
    put_u16(&f, 0x00280102, 11);
    put_u16(&f, 0x00280103, 1);
    put_head(&f, 0x00280120, "SS", 2);
    put16(&f, 0xf830);
    put_text(&f, 0x00280301, "CS", S("YES"));
    put_text(&f, 0x00281050, "DS", S("40\\-600\\x"));
    put_text(&f, 0x00281051, "DS", S("400\\1500"));
    put_text(&f, 0x00281052, "DS", S("-1024"));
    put_text(&f, 0x00281053, "DS", S("zz"));
    put_text(&f, 0x00281054, "LO", S("HU"));
    put_text(&f, 0x00281055, "LO", S("SOFT\\LUNG"));
    put_text(&f, 0x00281056, "CS", S("SIGMOID"));
    put_lut(&f, 0x00283000, S("abcd"));
    put_lut(&f, 0x00283010, S("x")); /* too short */
    put_text(&f, 0x20500020, "CS", S("INVERSE"));
    put_head(&f, 0x52009229, "SQ", 0xffffffff);
    put_item(&f, ITEM, 0xffffffff);
    put_group(&f, 0x00209116, 0x00200037, "DS", S("1\\0\\0\\0\\1\\0"));
    put_group(&f, 0x00289145, 0x00281053, "DS", S("2"));
    put_group(&f, 0x00289999, 0x00281052, "DS", S("7")); /* of another group */
    put_item(&f, ITEM_END, 0);
    put_item(&f, SEQUENCE_END, 0);
    put_head(&f, 0x52009230, "SQ", 0xffffffff);
    for (int i = 0; i < 2; i++) {
        put_item(&f, ITEM, 0xffffffff);
        put_group(&f, 0x00209113, 0x00200032, "DS", i == 0 ? S("1\\2\\3") : S("4\\5\\6"));
        put_item(&f, ITEM_END, 0);
    }
    put_item(&f, SEQUENCE_END, 0);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), NULL, &d), OK);
    assert_int_equal(dicom_image_read(&rq, &d, 1, &m), OK);
    assert_true(m.rows == 2 && m.columns == 3 && m.frames == 2 && m.samples == 1 && m.is_signed);
    assert_true(m.bits_allocated == 16 && m.bits_stored == 12 && m.high_bit == 11 && m.inverse);
    assert_true(m.burned_in && m.has_padding && m.padding == -2000 && m.padding_limit == -2000);
    assert_true(m.spacing_kind == DICOM_SPACING_PIXEL && near(m.spacing[1], 0.25));
    assert_int_equal(m.windows_n, 2);
    assert_true(near(m.windows[1].centre, -600) && near(m.windows[1].width, 1500));
    assert_true(str_eq(m.windows[1].name, S("LUNG")) && str_eq(m.voi_function, S("SIGMOID")));
    assert_true(near(m.intercept, -1024) && near(m.slope, 2) && str_eq(m.rescale_type, S("HU")));
    assert_true(m.modality_lut.entries == 2 && m.modality_lut.first == -16);
    assert_true(m.modality_lut.bits == 16 && str_eq(m.modality_lut.data, S("abcd")));
    assert_true(m.voi_lut.entries == 2 && str_eq(m.voi_lut.data, S("x ")));
    assert_true(m.has_position && near(m.position[2], 6));
    assert_true(m.has_orientation && near(m.orientation[4], 1));
    assert_int_equal(dicom_image_read(&rq, &d, 9, &m), OK);
    assert_false(m.has_position);
    /* a number that is none */
    file_begin(&f, explicit_le);
    put_text(&f, 0x00280008, "IS", S("1A"));
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), NULL, &d), OK);
    err_clear(&rq);
    assert_int_equal(dicom_image_read(&rq, &d, 0, &m), E_SYNTAX);
    assert_string_equal(rq.err.detail, "(0028,0008) at 186: no whole number");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_frames),
        cmocka_unit_test(encapsulated_frames),
        cmocka_unit_test(what_is_said_about_pixels),
    };
    return cmocka_run_group_tests(tests, testing_begin, testing_end);
}
