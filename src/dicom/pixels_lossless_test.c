/* dicom/pixels_lossless_test.c - lossless JPEG: frames of another form, programs that do not do as they should,
 * and where it is installed the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "dicom/frame_keep.h"
#include "dicom/pixels_helper.h"
#include "dicom/pixels_int.h"
#include "dicom/pixels_testing.h"
#include "os/child.h"

enum { SIDE = 20, HEADER_END = 15 }; /* where the frame header of frame() ends */

static struct pixel_form form(void)
{
    return (struct pixel_form){.syntax = S("1.2.840.10008.1.2.4.70"),
                               .photometric = S("MONOCHROME2"),
                               .rows = SIDE,
                               .columns = SIDE,
                               .samples = 1,
                               .bits_allocated = 16,
                               .bits_stored = 16,
                               .high_bit = 15,
                               .is_signed = true};
}

static uint16_t point(int i)
{
    return (uint16_t)(i * 4099 + (i % 7) * 21);
}

struct bits {
    struct buf *b;
    uint32_t v;
    unsigned n;
};

static void put_bits(struct bits *to, uint32_t v, unsigned n)
{
    for (unsigned i = n; i-- > 0;) {
        to->v = to->v << 1 | (v >> i & 1);
        if (++to->n == 8) {
            buf_char(to->b, (char)to->v);
            if ((to->v & 255) == 255) {
                buf_char(to->b, 0);
            }
            to->n = to->v = 0;
        }
    }
}

/* A lossless frame of the first process (ITU-T T.81 H), first order prediction; each of the 17 sizes of a
 * difference has a code of five bits. */
static struct str frame(struct buf *b)
{
    struct bits to = {.b = b};
    buf_init(b, rq.a, 1 << 16);
    BUF_LIT(b, "\xff\xd8\xff\xc3\0\x0b\x10\0\x14\0\x14\1\1\x11\0");
    BUF_LIT(b, "\xff\xc4\0\x24\0\0\0\0\0\x11\0\0\0\0\0\0\0\0\0\0\0");
    for (int i = 0; i <= 16; i++) {
        buf_char(b, (char)i);
    }
    BUF_LIT(b, "\xff\xda\0\x08\1\1\0\1\0\0");
    for (int i = 0; i < SIDE * SIDE; i++) {
        uint16_t before = i == 0 ? 0x8000 : point(i % SIDE == 0 ? i - SIDE : i - 1);
        uint16_t up = (uint16_t)(point(i) - before);
        int32_t d = up >= 0x8000 ? (int32_t)up - 0x10000 : up;
        unsigned size = 0;
        for (uint32_t m = (uint32_t)(d < 0 ? -d : d); m > 0; m >>= 1) {
            size++;
        }
        put_bits(&to, size, 5);
        if (size < 16) {
            put_bits(&to, (uint32_t)(d < 0 ? d - 1 : d), size);
        }
    }
    put_bits(&to, 0x7f, to.n > 0 ? 8 - to.n : 0);
    BUF_LIT(b, "\xff\xd9");
    return buf_get(b);
}

static struct pixels_helper *helper(struct str program)
{
    const struct pixels_helper_opts opts = {.program = program, .at_once = 1};
    struct pixels_helper *h = NULL;
    if (pixels_helper_new(&rq, &opts, &h) != OK) {
        err_clear(&rq);
    }
    return h;
}

static enum err decode(const struct pixel_form *f, struct str bytes)
{
    struct pixels p;
    enum err e = pixels_decode(&rq, f, bytes, &p);
    err_clear(&rq);
    return e;
}

static void other_forms(void **state)
{
    (void)state;
    struct buf b;
    struct str good = frame(&b);
    struct pixel_form f = form();
    assert_int_equal(decode(&f, good), E_NOT_ACCEPT); /* nobody is there to decode it */
    for (size_t n = 0; n < HEADER_END; n++) {
        assert_int_equal(decode(&f, str_sub(good, 0, n)), E_SYNTAX);
    }
    static const struct {
        size_t at;
        char to;
    } rows[] = {{0, 0}, {3, (char)0xc0}, {3, (char)0xc4}, {3, (char)0xda}, {6, 17}, {6, 1}, {8, 21}, {10, 21},
                {11, 3}, {5, 4}};
    for (size_t i = 0; i < LEN(rows); i++) {
        char before = b.p[rows[i].at];
        b.p[rows[i].at] = rows[i].to;
        assert_int_equal(decode(&f, good), E_SYNTAX);
        b.p[rows[i].at] = before;
    }
    f.syntax = S("1.2.840.10008.1.2.4.51"); /* of DCT frames only */
    f.bits_stored = 12;
    f.high_bit = 11;
    assert_int_equal(decode(&f, good), E_SYNTAX);
}

/* Programs that answer nothing, something else, or end badly. */
static void wrong_programs(void **state)
{
    (void)state;
    static const struct {
        struct str program;
        enum err want;
    } rows[] = {{SI("true"), E_SYNTAX}, {SI("false"), E_SYNTAX}, {SI("echo"), E_SYNTAX}, {SI("yes"), E_SYNTAX}};
    struct buf b;
    struct str good = frame(&b);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct pixel_form f = form();
        f.helper = helper(rows[i].program);
        assert_non_null(f.helper);
        assert_int_equal(decode(&f, good), rows[i].want);
        pixels_helper_free(f.helper);
    }
    assert_null(helper(S("no-such-program")));
}

static void files_that_come_back(void **state)
{
    (void)state;
    struct pixel_form f = form();
    struct pixels_words words;
    struct str file;
    struct buf b;
    assert_int_equal(pixels_file_write(&rq, &f, S("odd"), &file), OK);
    assert_int_equal(pixels_file_read(&rq, &f, file, &words), E_SYNTAX); /* coded still */
    err_clear(&rq);
    /* The same as if decoded: native, of any length, good only when it is this form's. */
    size_t head = str_find(file, S("\xe0\x7f\x10")) + 8;
    for (size_t n = SIDE * SIDE * 2 - 2; n <= SIDE * SIDE * 2 + 2; n += 2) {
        buf_init(&b, rq.a, 4096);
        buf_bytes(&b, file.p, head);
        buf_char(&b, (char)(n & 255));
        buf_char(&b, (char)(n >> 8));
        BUF_LIT(&b, "\0\0");
        for (size_t i = 0; i < n; i++) {
            buf_char(&b, (char)i);
        }
        struct str native = buf_get(&b);
        size_t syntax = str_find(native, S("1.2.840.10008.1.2.4.70"));
        memcpy(b.p + syntax, "1.2.840.10008.1.2.1\0\0", 22);
        enum err e = pixels_file_read(&rq, &f, native, &words);
        assert_int_equal(e, n == SIDE * SIDE * 2 ? OK : E_SYNTAX);
        err_clear(&rq);
        if (e == OK) {
            struct pixel_form other = f;
            assert_int_equal(words.bits, 16);
            assert_int_equal(words.bytes.n, n);
            other.rows++;
            assert_int_equal(pixels_file_read(&rq, &other, native, &words), E_SYNTAX);
            err_clear(&rq);
        }
    }
}

static void same_points(const struct pixel_form *f, struct str bytes)
{
    struct pixels p;
    assert_int_equal(pixels_decode(&rq, f, bytes, &p), OK);
    for (int i = 0; i < SIDE * SIDE; i++) {
        assert_int_equal(p.v[i], (int16_t)point(i));
    }
}

static void the_real_one(void **state)
{
    (void)state;
    struct pixel_form f = form();
    struct buf b;
    struct str good = frame(&b);
    const char *path;
    char dir[] = "/tmp/pixels_lossless_test.XXXXXX";
    char link[64];
    if (os_program_find(&rq, S("dcmdjpeg"), &path) != OK) {
        err_clear(&rq);
        skip();
    }
    assert_non_null(mkdtemp(dir));
    (void)snprintf(link, sizeof link, "%s/decoder", dir);
    assert_int_equal(symlink(path, link), 0);
    const struct pixels_helper_opts opts = {.program = str_z(link), .at_once = 1, .dir = dir,
                                            .keep_bytes = 1 << 20};
    assert_int_equal(pixels_helper_new(&rq, &opts, &f.helper), OK);
    same_points(&f, good);
    assert_int_equal(decode(&f, str_sub(good, 0, good.n / 2)), E_SYNTAX);
    assert_int_equal(unlink(link), 0); /* a second look needs no program, another frame does */
    same_points(&f, good);
    memset(b.p + b.n - 30, 0xff, 20);
    assert_int_equal(decode(&f, good), E_NOT_ACCEPT);
    assert_int_equal(rmdir(dir), 0);
    pixels_helper_free(f.helper);
}

static struct frame_key key_of(uint32_t i)
{
    struct frame_key key = {.v = {(uint8_t)i, (uint8_t)(i >> 8), 7}};
    return key;
}

/* Frames of many sizes go around a small file; each that is still there is as it was put. */
static void kept_frames(void **state)
{
    (void)state;
    enum { SIZE = 10000, FRAMES = 500 };
    static char v[SIZE];
    struct frame_keep *k = NULL;
    struct frame_key key;
    struct str got;
    uint32_t bits;
    if (frame_keep_new(&rq, "/tmp", SIZE, &k) != OK) {
        err_clear(&rq);
        skip();
    }
    for (uint32_t i = 0; i < FRAMES; i++) {
        uint32_t there = 0;
        memset(v, (int)(i % 251), sizeof v);
        key = key_of(i);
        frame_keep_put(k, &key, 8 + i % 2 * 8, (struct str){v, 1 + i * 37 % 2500});
        for (uint32_t j = 0; j <= i; j++) {
            key = key_of(j);
            struct arena_mark before = arena_mark(rq.a);
            if (frame_keep_get(&rq, k, &key, &bits, &got)) {
                there++;
                assert_int_equal(bits, 8 + j % 2 * 8);
                assert_int_equal(got.n, 1 + j * 37 % 2500);
                assert_int_equal(got.p[0], (char)(j % 251));
                assert_memory_equal(got.p, got.p + 1, got.n - 1);
            }
            assert_true(j < i || there > 0);
            arena_back(rq.a, before);
        }
        assert_in_range(there, MIN(i + 1, 3), FRAMES);
    }
    key = key_of(FRAMES);
    frame_keep_put(k, &key, 8, (struct str){v, SIZE / 2}); /* too large a part of it */
    assert_false(frame_keep_get(&rq, k, &key, &bits, &got));
    frame_keep_free(k);
    assert_int_equal(frame_keep_new(&rq, "/no/such/folder", SIZE, &k), E_NOT_FOUND);
    err_clear(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(other_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(wrong_programs, setup, teardown),
        cmocka_unit_test_setup_teardown(files_that_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(the_real_one, setup, teardown),
        cmocka_unit_test_setup_teardown(kept_frames, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
