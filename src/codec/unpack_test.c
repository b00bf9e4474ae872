/* codec/unpack_test.c - members of archives made by libarchive's other half. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <archive.h>
#include <archive_entry.h>
#include <cmocka.h>

#include "codec/unpack.h"

static struct req rq;
static char file[4 << 20];

static int begin(void **state)
{
    (void)state;
    req_init(&rq, 64u << 20, (struct instant){0});
    return 0;
}

static int end(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static void put(struct archive *a, const char *name, unsigned type, const void *bytes, size_t n)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, type);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (int64_t)n);
    if (type == AE_IFLNK) {
        archive_entry_set_symlink(e, "/etc/passwd");
    }
    assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
    if (n > 0) {
        assert_int_equal(archive_write_data(a, bytes, n), n);
    }
    archive_entry_free(e);
}

typedef int (*format_fn)(struct archive *);

static struct str made(format_fn format, size_t zeros)
{
    struct archive *a = archive_write_new();
    size_t n = 0;
    assert_int_equal(format(a), ARCHIVE_OK);
    assert_int_equal(archive_write_open_memory(a, file, sizeof file, &n), ARCHIVE_OK);
    put(a, "CD", AE_IFDIR, NULL, 0);
    put(a, "CD/IMAGES", AE_IFDIR, NULL, 0);
    put(a, "CD/IMAGES/I1", AE_IFREG, "one", 3);
    if (format != archive_write_set_format_iso9660) {
        put(a, "../../up", AE_IFREG, "two", 3);
        put(a, "link", AE_IFLNK, NULL, 0);
    }
    if (zeros > 0) {
        char *z = arena_alloc(rq.a, zeros);
        put(a, "zeros", AE_IFREG, z, zeros);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    return (struct str){file, n};
}

static enum err all(struct unpack *u, struct buf *b)
{
    struct str name;
    struct str piece;
    bool has = true;
    for (;;) {
        TRY(unpack_next(u, &name, &has));
        if (!has) {
            return OK;
        }
        buf_str(b, name);
        buf_char(b, '=');
        do {
            TRY(unpack_read(u, &piece));
            if (b->n < 1000) {
                buf_str(b, str_sub(piece, 0, 100));
            }
        } while (piece.n > 0);
        buf_char(b, ';');
    }
}

static enum err listed(struct str bytes, const struct unpack_limits *lim, struct str *ret_list)
{
    struct unpack *u = NULL;
    struct buf b;
    buf_init(&b, rq.a, 1 << 20);
    err_clear(&rq);
    TRY(unpack_bytes(&rq, bytes, lim, &u));
    enum err e = all(u, &b);
    *ret_list = buf_get(&b);
    return e;
}

static void members_are_told_by_their_last_name_links_are_not(void **state)
{
    static const struct {
        format_fn format;
        const char *list;
    } rows[] = {
        /* read from the front a link of ZIP is a small file of its target's name: as harmless */
        {archive_write_set_format_zip, "I1=one;up=two;link=/etc/passwd;"},
        {archive_write_set_format_ustar, "I1=one;up=two;"},
        {archive_write_set_format_pax, "I1=one;up=two;"},
        {archive_write_set_format_iso9660, "I1=one;"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct str list = S("");
        struct str bytes = made(rows[i].format, 0);
        assert_true(unpack_is(bytes));
        assert_int_equal(listed(bytes, NULL, &list), OK);
        const char *told = arena_cstr(rq.a, list);
        assert_non_null(told);
        assert_string_equal(told, rows[i].list);
    }
    assert_false(unpack_is(S("PK\x05\x06")));
}

static void a_bomb_ends_at_the_limits(void **state)
{
    struct unpack_limits lim = {.bytes = 64 << 20, .ratio = 10, .free = 1000, .members = 10};
    struct str list;
    (void)state;
    struct str bytes = made(archive_write_set_format_zip, 8 << 20);
    assert_true(bytes.n < 100000);
    assert_int_equal(listed(bytes, &lim, &list), E_TOO_LARGE);
    assert_int_equal(listed(bytes, NULL, &list), OK);
    lim = (struct unpack_limits){.bytes = 1 << 20, .ratio = 1000000, .free = 1 << 20, .members = 10};
    assert_int_equal(listed(bytes, &lim, &list), E_TOO_LARGE);
    lim = (struct unpack_limits){.bytes = 64 << 20, .ratio = 1000000, .free = 1 << 20, .members = 3};
    assert_int_equal(listed(bytes, &lim, &list), E_TOO_LARGE);
}

static void what_is_cut_short_is_told(void **state)
{
    struct str list = S("");
    (void)state;
    struct str bytes = made(archive_write_set_format_ustar, 5000);
    assert_int_equal(listed(str_sub(bytes, 0, 4000), NULL, &list), E_SYNTAX);
    assert_true(str_starts(list, S("I1=one;up=two;")));
    assert_int_equal(listed(S("no archive at all, but long enough"), NULL, &list), E_SYNTAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(members_are_told_by_their_last_name_links_are_not, begin, end),
        cmocka_unit_test_setup_teardown(a_bomb_ends_at_the_limits, begin, end),
        cmocka_unit_test_setup_teardown(what_is_cut_short_is_told, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
