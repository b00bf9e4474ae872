/* codec/dicom_file_test.c - whole DICOM files: opened in every coding, walked, searched; what is malformed
 * is refused with its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <zlib.h>

#include "codec/dicom_testing.h"

static const struct str explicit_le = SI("1.2.840.10008.1.2.1");

/* Opens what was written; the refusal's text is in rq.err.detail. */
static enum err open_file(struct file *f, struct dicom_file *ret)
{
    err_clear(&rq);
    assert_true(buf_ok(&f->b));
    return dicom_file_open(&rq, buf_get(&f->b), NULL, ret);
}

static void refused(struct file *f, enum err code, const char *detail)
{
    struct dicom_file d = {.elements = 77};
    assert_int_equal(open_file(f, &d), code);
    assert_string_equal(rq.err.detail, detail);
    assert_int_equal(d.elements, 77);
    err_clear(&rq);
}

static void put_study(struct file *f)
{
    put_text(f, 0x00080005, "CS", S("ISO_IR 144"));
    put_text(f, 0x00080018, "UI", S("1.2.3"));
    put_head(f, 0x00081140, "SQ", 0xffffffff);
    put_item(f, ITEM, 0xffffffff);
    put_text(f, 0x00081030, "LO", S("\xbc\xc0\xc2"));
    put_item(f, ITEM_END, 0);
    put_item(f, ITEM, 0);
    put_item(f, ITEM, 0xffffffff);
    put_text(f, 0x00080005, "CS", S("ISO_IR 100"));
    put_text(f, 0x00081030, "LO", S("M\xfc"));
    put_head(f, 0x00081199, "SQ", 0);
    put_item(f, ITEM_END, 0);
    put_item(f, SEQUENCE_END, 0);
    put_text(f, 0x00100010, "PN", S("\xb8\xd2\xd0\xdd\xde\xd2"));
    put_u16(f, 0x00280103, 1);
    put_head(f, 0x00280106, "SS", 2);
    put16(f, 0xfffe);
}

static const char *const events[] = {
    "V 00080005 0", "V 00080018 0", "S 00081140 0", "I 00081140 1", "V 00081030 1", "i 00081140 1",
    "I 00081140 1", "i 00081140 1", "I 00081140 1", "V 00080005 1", "V 00081030 1", "S 00081199 1",
    "s 00081199 1", "i 00081140 1", "s 00081140 0", "V 00100010 0", "V 00280103 0", "V 00280106 0",
};

static void every_coding_is_walked(void **state)
{
    (void)state;
    static const struct str syntaxes[] = {
        SI("1.2.840.10008.1.2"), SI("1.2.840.10008.1.2.1"), SI("1.2.840.10008.1.2.2"),
    };
    for (size_t i = 0; i < LEN(syntaxes); i++) {
        struct file f;
        struct dicom_file d;
        struct dicom_walk w;
        file_begin(&f, syntaxes[i]);
        put_study(&f);
        assert_int_equal(open_file(&f, &d), OK);
        assert_int_equal(d.depth, 2);
        assert_int_equal(d.elements, LEN(events));
        assert_false(d.unsorted || d.encapsulated || d.deflated);
        assert_int_equal(dicom_walk_begin(&rq, &d, &w), OK);
        for (size_t k = 0; k < LEN(events); k++) {
            struct dicom_elem e;
            bool has = false;
            char text[40];
            assert_int_equal(dicom_walk_next(&w, &e, &has), OK);
            assert_true(has);
            (void)snprintf(text, sizeof(text), "%c %08x %u", "VFSIis"[e.kind], (unsigned)e.tag,
                           (unsigned)e.depth);
            assert_string_equal(text, events[k]);
            double v = 0;
            if (e.tag == 0x00280106) {
                assert_string_equal(e.vr, "SS");
                assert_true(dicom_elem_double(&e, 0, &v) && v > -3 && v < -1);
                assert_false(dicom_elem_double(&e, 1, &v));
            }
        }
        /* any start of it is refused, or ends between two elements of the top level */
        for (size_t n = 0; n < f.b.n; n++) {
            err_clear(&rq);
            enum err e = dicom_file_open(&rq, str_sub(buf_get(&f.b), 0, n), NULL, &d);
            assert_true(e == OK || e == E_SYNTAX || e == E_MEDIA_TYPE);
        }
    }
}

static void elements_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *text; /* NULL: not there */
    } rows[] = {
        {"00100010", "Иванов"}, {"00081140/0/00081030", "МРТ"}, {"00081140/2/00081030", "Mü"},
        {"00081140/1/00081030", NULL}, {"00081140/3/00081030", NULL}, {"00081030", NULL},
        {"00081140/x/00081030", NULL}, {"00081140/2", NULL}, {"PatientName", NULL}, {"", NULL},
        {"00100010/0/00100010", NULL}, {"00081140/2/00081199/0/00080005", NULL},
    };
    struct file f;
    struct dicom_file d;
    struct dicom_elem e;
    bool has;
    file_begin(&f, explicit_le);
    put_study(&f);
    assert_int_equal(open_file(&f, &d), OK);
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(dicom_find(&rq, &d, str_z(rows[i].path), &e, &has), OK);
        assert_int_equal(has, rows[i].text != NULL);
        assert_true(!has || str_eq(dicom_elem_text(&rq, &e, 0), str_z(rows[i].text)));
    }
    assert_int_equal(dicom_find(&rq, &d, S("00081140"), &e, &has), OK);
    assert_true(has && e.kind == DICOM_SEQUENCE);
    file_begin(&f, explicit_le); /* a sequence that ends in an item before */
    put_head(&f, 0x00081140, "SQ", 0xffffffff);
    for (int i = 0; i < 2; i++) {
        put_item(&f, ITEM, 0xffffffff);
        put_text(&f, 0x00081030, "LO", S("ab"));
        put_head(&f, 0x00081199, "SQ", 0xffffffff);
        put_item(&f, ITEM, 0);
        put_item(&f, SEQUENCE_END, 0);
        put_item(&f, ITEM_END, 0);
    }
    put_item(&f, SEQUENCE_END, 0);
    assert_int_equal(open_file(&f, &d), OK);
    assert_int_equal(dicom_find(&rq, &d, S("00081140/1/00081030"), &e, &has), OK);
    assert_true(has);
    assert_int_equal(dicom_find(&rq, &d, S("00081140/2/00081030"), &e, &has), OK);
    assert_false(has);
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    static const int depths[] = {1000, 1024, 1025};
    for (size_t i = 0; i < LEN(depths); i++) {
        for (int undefined = 0; undefined < 2; undefined++) {
            struct file f;
            struct dicom_file d;
            file_begin(&f, explicit_le);
            uint32_t inner = (uint32_t)depths[i] * 20;
            for (int k = 0; k < depths[i]; k++, inner -= 20) {
                put_head(&f, 0x00081140, "SQ", undefined ? 0xffffffff : inner - 12);
                put_item(&f, ITEM, undefined ? 0xffffffff : inner - 20);
            }
            for (int k = 0; undefined && k < depths[i]; k++) {
                put_item(&f, ITEM_END, 0);
                put_item(&f, SEQUENCE_END, 0);
            }
            if (depths[i] <= 1024) {
                assert_int_equal(open_file(&f, &d), OK);
                assert_int_equal(d.depth, depths[i]);
                assert_int_equal(d.elements, depths[i] * 4);
            } else {
                refused(&f, E_TOO_LARGE, "(0008,1140) at 20666: nested too deep");
            }
        }
    }
}

/* What follows the head of the file, at 186; the refusal. */
static void malformed_is_refused_with_its_place(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        const char *detail;
    } rows[] = {
        {SI("\x08\0\x18\0UT\0\0\xfe\xff\xff\xff"
            "1.2"),
         "(0008,0018) at 186: its length runs past the end of the file"},
        {SI("\x08\0\x18\0UI\x04\0"
            "1.2"),
         "(0008,0018) at 186: its length runs past the end of the file"},
        {SI("\x08\0\x18\0??\x04\0"
            "1.2\0"),
         "(0008,0018) at 186: no value representation"},
        {SI("\x08\0\x18\0UI"), "(0000,0000) at 186: the file ends within a header"},
        {SI("\x08\0\x18\0OB\0\0\0\0"), "(0000,0000) at 186: the file ends within a header"},
        {SI("\x08\0\x18\0OB\0\0\xff\xff\xff\xff"),
         "(0008,0018) at 186: undefined length, and no sequence"},
        {SI("\xfe\xff\x00\xe0\0\0\0\0"),
         "(fffe,e000) at 186: a delimiter where an element should be"},
        {SI("\x08\0\x40\x11SQ\0\0\x08\0\0\0\xfe\xff\x00\xe0\x04\0\0\0"),
         "(fffe,e000) at 198: its length runs past the end of the file"},
        {SI("\x08\0\x40\x11SQ\0\0\x08\0\0\0\xfe\xff\x00\xe0\x02\0\0\0zz"),
         "(fffe,e000) at 198: its length runs past the end of what holds it"},
        {SI("\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\x08\0\x18\0\0\0\0\0"),
         "(0008,0018) at 198: neither an item nor the sequence's end"},
        {SI("\x08\0\x40\x11SQ\0\0\x08\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"),
         "(fffe,e0dd) at 198: neither an item nor the sequence's end"},
        {SI("\x08\0\x40\x11SQ\0\0\x0c\0\0\0\xfe\xff\x00\xe0\x04\0\0\0\x08\0\x18\0zzzzzzzz"),
         "(0008,1140) at 206: the item ends within an element"},
        {SI("\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
            "\xfe\xff\xdd\xe0\0\0\0\0"),
         "(fffe,e0dd) at 206: a delimiter where an element should be"},
        {SI("\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"),
         "(7fe0,0010) at 198: neither a fragment nor their end"},
        {SI("\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\0\0\0\0"),
         "(7fe0,0010) at 206: the file ends within a header"},
        {SI("\xe0\x7f\x10\0OB\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\x05\0\0\0zz"),
         "(7fe0,0010) at 198: its length runs past the end of the file"},
        {SI("\xe0\x7f\x10\0SQ\0\0\0\0\0\0"), "(7fe0,0010) at 186: pixel data, and a sequence"},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        file_begin(&f, explicit_le);
        buf_str(&f.b, rows[i].bytes);
        refused(&f, E_SYNTAX, rows[i].detail);
    }
}

static void what_is_odd_but_sound_is_read(void **state)
{
    (void)state;
    struct file f;
    struct dicom_file d;
    struct dicom_head h;
    file_begin(&f, explicit_le);
    put_head(&f, 0x00080000, "UL", 4); /* a group length that is wrong */
    put32(&f, 123456);
    put_text(&f, 0x00100020, "LO", S("77"));
    put_head(&f, 0x00091001, "UN", 5); /* private, of odd length */
    buf_str(&f.b, S("\xff\xfe\x00\x01\x02"));
    put_head(&f, 0x00091002, "UN", 0xffffffff); /* private, written implicitly */
    f.implicit = true;
    put_item(&f, ITEM, 0xffffffff);
    put_text(&f, 0x00100010, "", S("inner"));
    put_item(&f, ITEM_END, 0);
    put_item(&f, SEQUENCE_END, 0);
    f.implicit = false;
    put_head(&f, 0x00091003, "ZZ", 0); /* a kind to come has 32 bits of length */
    buf_str(&f.b, S("\x02\0\0\0zz"));
    for (int i = 0; i < 300; i++) {
        buf_char(&f.b, 0); /* padding of old media */
    }
    assert_int_equal(open_file(&f, &d), OK);
    assert_true(d.unsorted);
    assert_int_equal(dicom_file_head(&rq, &d, &h), OK);
    assert_true(str_eq(h.patient_id, S("77")) && h.patient_name.p == NULL);
    assert_true(h.sop_instance.p == NULL && h.study.p == NULL); /* UIDs are asked for by others */
    struct dicom_elem e;
    bool has;
    assert_int_equal(dicom_find(&rq, &d, S("00091002/0/00100010"), &e, &has), OK);
    assert_true(has && str_eq(dicom_elem_text(&rq, &e, 0), S("inner")));
}

static void put_deflated(struct file *f, struct str plain)
{
    static char out[1 << 20];
    z_stream z = {.next_in = (unsigned char *)(uintptr_t)plain.p, .avail_in = (uInt)plain.n,
                  .next_out = (unsigned char *)out, .avail_out = sizeof(out)};
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 9, Z_DEFAULT_STRATEGY), Z_OK);
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    buf_bytes(&f->b, out, sizeof(out) - z.avail_out);
    (void)deflateEnd(&z);
}

static void deflated_files(void **state)
{
    (void)state;
    struct file inner;
    struct file f;
    struct dicom_file d;
    struct dicom_head h;
    file_begin(&inner, explicit_le);
    size_t head = inner.b.n;
    put_study(&inner);
    file_begin(&f, S("1.2.840.10008.1.2.1.99"));
    size_t start = f.b.n;
    put_deflated(&f, str_sub(buf_get(&inner.b), head, inner.b.n));
    assert_int_equal(open_file(&f, &d), OK);
    assert_true(d.deflated && d.elements == LEN(events));
    assert_int_equal(dicom_file_head(&rq, &d, &h), OK);
    assert_true(str_eq(h.patient_name, S("Иванов")) && str_eq(h.sop_instance, S("1.2.3")));
    /* cut, and then damaged */
    struct str cut = str_sub(buf_get(&f.b), 0, f.b.n - 3);
    assert_int_equal(dicom_file_open(&rq, cut, NULL, &d), E_SYNTAX);
    f.b.p[start] = (char)0xff;
    refused(&f, E_SYNTAX, "DICOM: the deflated data set is damaged at byte 0");
    /* a bomb takes no memory */
    struct str zeros = {arena_alloc(rq.a, 8 << 20), 8 << 20};
    assert_non_null(zeros.p);
    file_begin(&f, S("1.2.840.10008.1.2.1.99"));
    put_deflated(&f, zeros);
    struct dicom_limits lim = dicom_default_limits;
    lim.inflated = 1 << 20;
    size_t used = arena_used(rq.a);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), &lim, &d), E_TOO_LARGE);
    assert_true(arena_used(rq.a) - used < 10000);
    lim.inflated = 1 << 30;
    err_clear(&rq);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), &lim, &d), OK); /* zeros: padding */
    lim.elements = 3;
    file_begin(&f, explicit_le);
    put_study(&f);
    assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), &lim, &d), E_TOO_LARGE);
    err_clear(&rq);
}

static void the_dictionary(void **state)
{
    (void)state;
    static const struct {
        uint32_t tag;
        const char *vr;
        const char *name;
    } rows[] = {
        {0x00100010, "PN", "PatientName"}, {0x7fe00010, "OW", "PixelData"},
        {0x60020010, "US", "OverlayRows"}, {0x60031000, "UN", ""}, {0x00080000, "UL", ""},
        {0x00090010, "LO", ""}, {0x00091001, "UN", ""}, {0x00280106, "xs", "SmallestImagePixelValue"},
        {0x00203120, "CS", "SourceImageIDs"}, {0x99980001, "UN", ""},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        char vr[3];
        uint32_t tag = 0;
        dicom_dict_vr(rows[i].tag, vr);
        assert_string_equal(vr, rows[i].vr);
        if (rows[i].tag != 0x00080000) {
            assert_true(str_eq(dicom_dict_name(rows[i].tag), str_z(rows[i].name)));
        }
        if (i < 2) {
            assert_true(dicom_dict_tag(str_z(rows[i].name), &tag) && tag == rows[i].tag);
        }
    }
    uint32_t tag = 0;
    assert_true(dicom_dict_tag(S("0020000D"), &tag) && tag == 0x0020000d);
    assert_true(dicom_dict_tag(S("0020000d"), &tag) && tag == 0x0020000d);
    assert_false(dicom_dict_tag(S("patientname"), &tag) || dicom_dict_tag(S(""), &tag));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_coding_is_walked),
        cmocka_unit_test(elements_are_found),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(malformed_is_refused_with_its_place),
        cmocka_unit_test(what_is_odd_but_sound_is_read),
        cmocka_unit_test(deflated_files),
        cmocka_unit_test(the_dictionary),
    };
    return cmocka_run_group_tests(tests, testing_begin, testing_end);
}
