/* codec/zip_out_test.c - an archive of two files, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/req.h"
#include "codec/zip_out.h"

static void an_archive_of_two_files(void **state)
{
    /* what Info-ZIP makes of a file "a" of "123456789", stored, on 1980-01-01 */
    static const char first[] = "PK\3\4\x14\0\0\0\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09\0\0\0\x09\0\0\0\1\0\0\0a"
                                "123456789";
    struct zip_entry e[] = {{.name = SI("a")}, {.name = SI("b/c")}};
    struct req rq;
    struct buf b;
    (void)state;
    req_init(&rq, 1 << 20, (struct instant){0});
    buf_init(&b, rq.a, 1000);
    e[0].crc = zip_crc(zip_crc(0, S("12345")), S("6789"));
    e[0].size = 9;
    assert_int_equal(e[0].crc, 0xcbf43926);
    zip_put_header(&b, &e[0]);
    BUF_LIT(&b, "123456789");
    assert_int_equal(b.n, sizeof(first) - 1);
    assert_memory_equal(b.p, first, b.n);
    e[1].at = (uint32_t)b.n;
    zip_put_header(&b, &e[1]);
    size_t at = b.n;
    zip_put_directory(&b, e, LEN(e), (uint32_t)at);
    assert_true(buf_ok(&b));
    assert_memory_equal(b.p + at, "PK\1\2\x14\0\x14\0\0\0\0\0\0\0\x21\0\x26\x39\xf4\xcb\x09", 21);
    assert_memory_equal(b.p + at + 47 + 42, "\x28\0\0\0b/c", 7); /* where the second begins, its name */
    assert_memory_equal(b.p + b.n - 22, "PK\5\6\0\0\0\0\2\0\2\0\x60\0\0\0\x49\0\0\0\0\0", 22);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_archive_of_two_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
