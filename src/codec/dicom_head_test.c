/* codec/dicom_head_test.c - the head of a file, byte by byte, as it is read again, and in too little room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/dicom_head.h"
#include "codec/dicom_testing.h"

static const struct dicom_meta meta = {
    .sop_class = SI("1.2.840.10008.5.1.4.1.1.2"),
    .sop_instance = SI("1.2.3.44"),
    .syntax = SI("1.2.840.10008.1.2"),
};

static void the_group_is_as_long_as_it_says(void **state)
{
    (void)state;
    static const char begins[] = "DICM\x02\0\0\0UL\x04\0\xa0\0\0\0\x02\0\x01\0OB\0\0\x02\0\0\0\0\x01"
                                 "\x02\0\x02\0UI\x1a\0" "1.2.840.10008.5.1.4.1.1.2\0"
                                 "\x02\0\x03\0UI\x08\0" "1.2.3.44"
                                 "\x02\0\x10\0UI\x12\0" "1.2.840.10008.1.2\0"
                                 "\x02\0\x12\0UI\x2c\0";
    static const char ends[] = "\x02\0\x13\0SH\x0a\0CONSILIUM ";
    struct buf b;

    buf_init(&b, rq.a, 4096);
    dicom_head_write(&b, &meta);
    struct str s = buf_get(&b);
    for (size_t i = 0; i < 128; i++) {
        assert_int_equal(s.p[i], 0);
    }
    assert_memory_equal(s.p + 128, begins, sizeof(begins) - 1);
    assert_memory_equal(s.p + s.n - (sizeof(ends) - 1), ends, sizeof(ends) - 1);
    assert_int_equal(s.n, 128 + 16 + 0xa0);

    struct dicom_meta sent = meta;
    sent.sender = S("CT1");
    buf_init(&b, rq.a, 4096);
    dicom_head_write(&b, &sent);
    assert_int_equal(buf_get(&b).n, s.n + 12);
    assert_memory_equal(buf_get(&b).p + s.n, "\x02\0\x16\0AE\x04\0CT1 ", 12);
}

static void a_data_set_after_it_is_a_file(void **state)
{
    (void)state;
    struct dicom_meta m = meta;
    struct dicom_file f;
    struct dicom_head head;
    struct buf b;

    m.syntax = S("1.2.840.10008.1.2.1");
    m.sender = S("CT1");
    buf_init(&b, rq.a, 4096);
    dicom_head_write(&b, &m);
    dicom_put_text(&b, 0x00080018, "UI", m.sop_instance);
    dicom_put_text(&b, 0x00100010, "PN", S("Doe^A"));
    assert_int_equal(dicom_file_open(&rq, buf_get(&b), NULL, &f), OK);
    assert_true(str_eq(f.transfer_syntax, m.syntax));
    assert_int_equal(f.elements, 2);
    assert_int_equal(dicom_file_head(&rq, &f, &head), OK);
    assert_true(str_eq(head.sop_instance, m.sop_instance));
    assert_true(str_eq(head.patient_name, S("Doe^A")));
}

static void too_little_room_is_told(void **state)
{
    (void)state;
    struct buf whole;

    buf_init(&whole, rq.a, 4096);
    dicom_head_write(&whole, &meta);
    for (size_t cap = 1; cap < buf_get(&whole).n; cap++) {
        struct buf b;
        buf_init(&b, rq.a, cap);
        dicom_head_write(&b, &meta);
        assert_false(buf_ok(&b));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_group_is_as_long_as_it_says, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(a_data_set_after_it_is_a_file, testing_begin, testing_end),
        cmocka_unit_test_setup_teardown(too_little_room_is_told, testing_begin, testing_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
