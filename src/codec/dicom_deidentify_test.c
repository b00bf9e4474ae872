/* codec/dicom_deidentify_test.c - what is left of a file that was de-identified. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/dicom_deidentify.h"
#include "codec/dicom_testing.h"

static const char *const syntaxes[] = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.2"};

/* A file with identity in all kinds of places. */
static void put_identity(struct file *f)
{
    put_text(f, 0x00080005, "CS", S("ISO_IR 192"));
    put_text(f, 0x00080016, "UI", S("1.2.840.10008.5.1.4.1.1.2"));
    put_text(f, 0x00080018, "UI", S("1.9.8.7.1"));
    put_text(f, 0x00080020, "DA", S("20240229"));
    put_text(f, 0x0008002a, "DT", S("20240229101112.5+0500"));
    put_text(f, 0x00080060, "CS", S("CT"));
    put_text(f, 0x00080080, "LO", S("Oblast Hospital"));
    put_head(f, 0x00081140, "SQ", DICOM_TAG(0xffff, 0xffff)); /* Referenced Image Sequence */
    put_item(f, ITEM, 0xffffffff);
    put_text(f, 0x00081150, "UI", S("1.2.840.10008.5.1.4.1.1.2"));
    put_text(f, 0x00081155, "UI", S("1.9.8.7.1"));
    put_text(f, 0x00100010, "PN", S("Nested^Person"));
    put_text(f, 0x00091010, "LO", S("nested private"));
    put_item(f, ITEM_END, 0);
    put_item(f, SEQUENCE_END, 0);
    put_text(f, 0x00090010, "LO", S("PRIVATE VENDOR"));
    put_text(f, 0x00100010, "PN", S("Ivanova^Anna"));
    put_text(f, 0x00100020, "LO", S("870101400123"));
    put_text(f, 0x00100030, "DA", S("19870101"));
    put_text(f, 0x00104000, "LT", S("lives in Talas"));
    put_text(f, 0x0020000d, "UI", S("1.9.8.7.3"));
    put_text(f, 0x00204000, "LT", S("comment"));
    put_u16(f, 0x00280010, 1);
    put_u16(f, 0x00280011, 2);
    put_text(f, 0x00401001, "SH", S("RP-4711"));
    put_text(f, 0x60003000, "OW", S("overlay!"));
    put_head(f, 0x7fe00010, "OW", 4);
    put16(f, 0x1234);
    put16(f, 0x5678);
    put_text(f, 0xfffcfffc, "OB", S("trailing"));
}

static struct str clean(struct str bytes, const struct dicom_deidentify *how, struct dicom_file *ret)
{
    struct dicom_file f;
    struct dicom_clean c;
    struct buf out;
    buf_init(&out, rq.a, file_cap);
    assert_int_equal(dicom_file_open(&rq, bytes, NULL, &f), OK);
    assert_int_equal(dicom_deidentify(&rq, &f, how, &c), OK);
    buf_str(&out, c.head);
    buf_str(&out, c.pixels);
    buf_str(&out, c.tail);
    assert_true(buf_ok(&out));
    assert_int_equal(dicom_file_open(&rq, buf_get(&out), NULL, ret), OK);
    return buf_get(&out);
}

static struct str at(const struct dicom_file *f, const char *path)
{
    struct dicom_elem e;
    bool has = false;
    assert_int_equal(dicom_find(&rq, f, str_z(path), &e, &has), OK);
    return has ? dicom_elem_text(&rq, &e, 0) : S("(none)");
}

static void is(struct str have, struct str want)
{
    if (!str_eq(have, want)) {
        print_message("have '%.*s' want '%.*s'\n", STR_ARG(have), STR_ARG(want));
    }
    assert_true(str_eq(have, want));
}

static void identity_goes(void **state)
{
    (void)state;
    static const char *const gone[] = {
        "Ivanova", "870101400123", "19870101", "Nested", "nested", "PRIVATE", "Oblast", "Talas",
        "1.9.8.7", "20240229", "101112", "comment", "overlay", "trailing", "RP-4711",
    };
    static const struct dicom_deidentify how = {.secret = {7}, .pseudonym = SI("ANON-1")};
    for (size_t i = 0; i < LEN(syntaxes); i++) {
        struct file f;
        struct dicom_file g;
        file_begin(&f, str_z(syntaxes[i]));
        put_identity(&f);
        struct str out = clean(buf_get(&f.b), &how, &g);
        for (size_t k = 0; k < LEN(gone); k++) {
            assert_int_equal(str_find(out, str_z(gone[k])), out.n);
        }
        is(g.transfer_syntax, S("1.2.840.10008.1.2.1"));
        is(at(&g, "00100010"), S("ANON-1"));
        is(at(&g, "00100020"), S("ANON-1"));
        is(at(&g, "00100030"), S(""));
        is(at(&g, "00120062"), S("YES"));
        is(at(&g, "00120064/0/00080100"), S("113100"));
        is(at(&g, "00280303"), S("REMOVED"));
        is(at(&g, "00080060"), S("CT"));
        is(at(&g, "00080016"), S("1.2.840.10008.5.1.4.1.1.2"));
        is(at(&g, "00081140/0/00081150"), S("1.2.840.10008.5.1.4.1.1.2"));
        is(at(&g, "00081140/0/00081155"), at(&g, "00080018"));
        assert_false(str_eq(at(&g, "0020000d"), at(&g, "00080018")));
        assert_memory_equal(g.pixels.p, "\x34\x12\x78\x56", 4);
        assert_int_equal(g.pixels.n, 4);
        assert_false(g.unsorted);
    }
}

/* Two images of one study, the second of which names the first. */
static void uids_stay_the_same_among_files(void **state)
{
    (void)state;
    struct dicom_deidentify how = {.secret = {7}, .pseudonym = SI("A")};
    struct dicom_file g[2];
    struct file f[2];
    for (size_t i = 0; i < LEN(f); i++) {
        file_begin(&f[i], str_z(syntaxes[i]));
        put_text(&f[i], 0x00080018, "UI", i == 0 ? S("1.9.8.7.1") : S("1.9.8.7.2"));
        put_head(&f[i], 0x00082112, "SQ", 0xffffffff); /* Source Image Sequence */
        put_item(&f[i], ITEM, 0xffffffff);
        put_text(&f[i], 0x00081155, "UI", S("1.9.8.7.1"));
        put_item(&f[i], ITEM_END, 0);
        put_item(&f[i], SEQUENCE_END, 0);
        put_text(&f[i], 0x0020000d, "UI", S("1.9.8.7.3"));
        put_text(&f[i], 0x00200052, "UI", S("1.9.8.7.4"));
        (void)clean(buf_get(&f[i].b), &how, &g[i]);
    }
    is(at(&g[0], "0020000d"), at(&g[1], "0020000d"));
    is(at(&g[0], "00200052"), at(&g[1], "00200052"));
    is(at(&g[1], "00082112/0/00081155"), at(&g[0], "00080018"));
    assert_false(str_eq(at(&g[0], "00080018"), at(&g[1], "00080018")));
    how.secret[0] = 8; /* another export */
    (void)clean(buf_get(&f[1].b), &how, &g[1]);
    assert_false(str_eq(at(&g[0], "0020000d"), at(&g[1], "0020000d")));
}

static void dates_are_moved(void **state)
{
    (void)state;
    static const struct dicom_deidentify how = {.pseudonym = SI("A"), .shift = true, .days = -366};
    struct file f;
    struct dicom_file g;
    file_begin(&f, S("1.2.840.10008.1.2.1"));
    put_identity(&f);
    (void)clean(buf_get(&f.b), &how, &g);
    is(at(&g, "00080020"), S("20230228"));
    is(at(&g, "0008002a"), S("20230228101112.5"));
    is(at(&g, "00100030"), S(""));
    is(at(&g, "00280303"), S("MODIFIED"));
    is(at(&g, "00120064/1/00080100"), S("113107"));
}

static void fragments_stay(void **state)
{
    (void)state;
    static const struct dicom_deidentify how = {.pseudonym = SI("A")};
    struct file f;
    struct dicom_file g;
    file_begin(&f, S("1.2.840.10008.1.2.5"));
    put_text(&f, 0x00100010, "PN", S("Ivanova^Anna"));
    put_head(&f, 0x7fe00010, "OB", 0xffffffff);
    put_item(&f, ITEM, 0);
    put_item(&f, ITEM, 4);
    put32(&f, 0x01020304);
    put_item(&f, SEQUENCE_END, 0);
    (void)clean(buf_get(&f.b), &how, &g);
    is(g.transfer_syntax, S("1.2.840.10008.1.2.5"));
    assert_true(g.encapsulated);
    assert_int_equal(g.pixels.n, 20);
}

static void what_may_still_tell(void **state)
{
    (void)state;
    static const struct {
        uint32_t tag;
        const char *vr;
        struct str v;
        enum dicom_risk risk;
    } rows[] = {
        {0x00080060, "CS", SI("CT"), DICOM_RISK_LOW},
        {0x00080060, "CS", SI("US"), DICOM_RISK_BURNED},
        {0x00080016, "UI", SI("1.2.840.10008.5.1.4.1.1.7.4"), DICOM_RISK_BURNED},
        {0x00280301, "CS", SI("NO"), DICOM_RISK_LOW},
        {0x00280301, "CS", SI("YES"), DICOM_RISK_BURNED},
        {0x00420011, "OB", SI("%PDF"), DICOM_RISK_DOCUMENT},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct file f;
        struct dicom_file d;
        enum dicom_risk risk = DICOM_RISK_LOW;
        file_begin(&f, S("1.2.840.10008.1.2.1"));
        put_text(&f, rows[i].tag, rows[i].vr, rows[i].v);
        assert_int_equal(dicom_file_open(&rq, buf_get(&f.b), NULL, &d), OK);
        assert_int_equal(dicom_deidentify_risk(&rq, &d, &risk), OK);
        assert_int_equal(risk, rows[i].risk);
        struct dicom_clean c;
        struct dicom_deidentify how = {.pseudonym = SI("A")};
        assert_int_equal(dicom_deidentify(&rq, &d, &how, &c),
                         risk == DICOM_RISK_DOCUMENT ? E_UNSUPPORTED : OK);
        err_clear(&rq);
        how.pseudonym = S("A^B");
        assert_int_equal(dicom_deidentify(&rq, &d, &how, &c), E_BAD_INPUT);
        err_clear(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(identity_goes, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(uids_stay_the_same_among_files, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(dates_are_moved, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(fragments_stay, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(what_may_still_tell, testing_begin, testing_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
