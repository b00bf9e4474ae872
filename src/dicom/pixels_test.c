/* dicom/pixels_test.c - frames decoded: native, RLE, and round trips through each library's encoder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <charls/charls.h>
#include <cmocka.h>
#include <openjpeg.h>

#include "dicom/picture.h"
#include "dicom/pixels.h"
#include "dicom/pixels_testing.h"

static struct pixel_form grey(struct str syntax, uint32_t columns, uint32_t rows, uint32_t bits)
{
    return (struct pixel_form){.syntax = syntax,
                               .photometric = S("MONOCHROME2"),
                               .rows = rows,
                               .columns = columns,
                               .samples = 1,
                               .bits_allocated = bits,
                               .bits_stored = bits,
                               .high_bit = bits - 1};
}

#define NATIVE S("1.2.840.10008.1.2.1")

static void native_frames(void **state)
{
    (void)state;
    static const struct {
        uint32_t bits, stored;
        bool is_signed, planar;
        struct str photometric;
        uint32_t samples;
        struct str bytes;
        int32_t want[6]; /* of two pixels */
    } rows[] = {
        {8, 8, false, false, SI("MONOCHROME2"), 1, SI("\x01\xff"), {1, 255}},
        {8, 8, true, false, SI("MONOCHROME2"), 1, SI("\x01\xff"), {1, -1}},
        {16, 12, false, false, SI("MONOCHROME2"), 1, SI("\xff\xff\x34\x12"), {4095, 0x234}},
        {16, 12, true, false, SI("MONOCHROME2"), 1, SI("\xff\x0f\xff\x07"), {-1, 2047}},
        {32, 32, true, false, SI("MONOCHROME2"), 1, SI("\xff\xff\xff\xff\1\0\0\0"), {-1, 1}},
        {1, 1, false, false, SI("MONOCHROME2"), 1, SI("\x02\0"), {0, 1}},
        {8, 8, false, false, SI("RGB"), 3, SI("abcdef"), {'a', 'b', 'c', 'd', 'e', 'f'}},
        {8, 8, false, true, SI("RGB"), 3, SI("abcdef"), {'a', 'c', 'e', 'b', 'd', 'f'}},
        {8, 8, false, false, SI("YBR_FULL"), 3, SI("\x80\x80\x80\x4c\x55\xff"), {128, 128, 128, 254}},
        {8, 8, false, false, SI("YBR_FULL_422"), 3, SI("\x10\x20\x80\x80"), {16, 16, 16, 32, 32, 32}},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct pixel_form f = grey(NATIVE, 2, 1, rows[i].bits);
        struct pixels p;
        f.bits_stored = rows[i].stored;
        f.high_bit = f.bits_stored - 1;
        f.is_signed = rows[i].is_signed;
        f.planar = rows[i].planar;
        f.photometric = rows[i].photometric;
        f.samples = rows[i].samples;
        assert_int_equal(pixels_decode(&rq, &f, rows[i].bytes, &p), OK);
        size_t n = str_starts(f.photometric, S("YBR_FULL")) && i == 8 ? 4 : 2 * f.samples;
        assert_memory_equal(p.v, rows[i].want, n * sizeof(int32_t));
        assert_int_equal(pixels_decode(&rq, &f, S(""), &p), E_SYNTAX);
        err_clear(&rq);
    }
}

static void rle_frames(void **state)
{
    (void)state;
    char s[64 + 8] = {2, 0, 0, 0, 64, 0, 0, 0, 66, 0, 0, 0};
    struct pixel_form f = grey(S("1.2.840.10008.1.2.5"), 3, 1, 16);
    struct pixels p;
    static const int32_t want[3] = {0x0701, 0x0702, 0x0703};
    memcpy(s + 64, "\xfe\x07\x02\x01\x02\x03", 6); /* 7 three times; 1 2 3 as they are */
    assert_int_equal(pixels_decode(&rq, &f, (struct str){s, 70}, &p), OK);
    assert_memory_equal(p.v, want, sizeof want);
    assert_int_equal(p.low, 0x0701);
    assert_int_equal(p.high, 0x0703);
    for (size_t n = 0; n < 70; n++) { /* cut anywhere */
        assert_int_equal(pixels_decode(&rq, &f, (struct str){s, n}, &p), E_SYNTAX);
        err_clear(&rq);
    }
    s[64] = (char)0xfd; /* a run longer than the row */
    assert_int_equal(pixels_decode(&rq, &f, (struct str){s, 70}, &p), E_SYNTAX);
    err_clear(&rq);
}

enum { SIDE = 24 };

static void ramp(uint16_t *v)
{
    for (int i = 0; i < SIDE * SIDE; i++) {
        v[i] = (uint16_t)(i * 37 % 4096);
    }
}

static void same_as_ramp(struct str syntax, struct str bytes)
{
    uint16_t v[SIDE * SIDE];
    struct pixels p;
    struct pixel_form f = grey(syntax, SIDE, SIDE, 16);
    ramp(v);
    f.bits_stored = 12;
    f.high_bit = 11;
    assert_int_equal(pixels_decode(&rq, &f, bytes, &p), OK);
    for (int i = 0; i < SIDE * SIDE; i++) {
        assert_int_equal(p.v[i], v[i]);
    }
    struct str native;
    assert_int_equal(pixels_native_of(&rq, &f, bytes, &native), OK);
    assert_int_equal(native.n, sizeof v);
    assert_memory_equal(native.p, v, sizeof v);
    f.columns = SIDE + 1; /* another form than the data set tells */
    assert_int_equal(pixels_decode(&rq, &f, bytes, &p), E_SYNTAX);
    err_clear(&rq);
    f.columns = SIDE;
    assert_int_equal(pixels_decode(&rq, &f, str_sub(bytes, 0, bytes.n / 2), &p), E_SYNTAX);
    err_clear(&rq);
}

static void jpeg_ls_frames(void **state)
{
    (void)state;
    uint16_t v[SIDE * SIDE];
    char out[8192];
    size_t n = 0;
    charls_frame_info info = {SIDE, SIDE, 12, 1};
    charls_jpegls_encoder *e = charls_jpegls_encoder_create();
    ramp(v);
    assert_int_equal(charls_jpegls_encoder_set_frame_info(e, &info), 0);
    assert_int_equal(charls_jpegls_encoder_set_destination_buffer(e, out, sizeof out), 0);
    assert_int_equal(charls_jpegls_encoder_encode_from_buffer(e, v, sizeof v, 0), 0);
    assert_int_equal(charls_jpegls_encoder_get_bytes_written(e, &n), 0);
    charls_jpegls_encoder_destroy(e);
    same_as_ramp(S("1.2.840.10008.1.2.4.80"), (struct str){out, n});
}

struct memory {
    char v[16384];
    size_t n;
    size_t at;
};

static OPJ_SIZE_T on_write(void *p, OPJ_SIZE_T n, void *ctx)
{
    struct memory *m = ctx;
    memcpy(m->v + m->at, p, n);
    m->at += n;
    m->n = m->at > m->n ? m->at : m->n;
    return n;
}

static OPJ_OFF_T on_skip(OPJ_OFF_T n, void *ctx)
{
    ((struct memory *)ctx)->at += (size_t)n;
    return n;
}

static OPJ_BOOL on_seek(OPJ_OFF_T to, void *ctx)
{
    ((struct memory *)ctx)->at = (size_t)to;
    return OPJ_TRUE;
}

static void jpeg_2000_frames(void **state)
{
    (void)state;
    static struct memory m;
    uint16_t v[SIDE * SIDE];
    opj_cparameters_t params;
    opj_image_cmptparm_t comp = {.dx = 1, .dy = 1, .w = SIDE, .h = SIDE, .prec = 12, .bpp = 12};
    opj_image_t *image = opj_image_create(1, &comp, OPJ_CLRSPC_GRAY);
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_J2K);
    opj_stream_t *stream = opj_stream_default_create(OPJ_FALSE);
    m = (struct memory){.n = 0};
    ramp(v);
    image->x1 = image->y1 = SIDE;
    for (int i = 0; i < SIDE * SIDE; i++) {
        image->comps[0].data[i] = v[i];
    }
    opj_set_default_encoder_parameters(&params);
    params.numresolution = 3;
    opj_stream_set_user_data(stream, &m, NULL);
    opj_stream_set_write_function(stream, on_write);
    opj_stream_set_skip_function(stream, on_skip);
    opj_stream_set_seek_function(stream, on_seek);
    assert_true(opj_setup_encoder(codec, &params, image));
    assert_true(opj_start_compress(codec, image, stream));
    assert_true(opj_encode(codec, stream));
    assert_true(opj_end_compress(codec, stream));
    opj_stream_destroy(stream);
    opj_destroy_codec(codec);
    opj_image_destroy(image);
    same_as_ramp(S("1.2.840.10008.1.2.4.90"), (struct str){m.v, m.n});
}

static void jpeg_frames(void **state)
{
    (void)state;
    static uint8_t rgb[SIDE * SIDE * 3];
    struct picture pic = {.width = SIDE, .height = SIDE, .samples = 3, .v = rgb};
    struct pixel_form f = grey(S("1.2.840.10008.1.2.4.50"), SIDE, SIDE, 8);
    struct str bytes;
    struct pixels p;
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        rgb[i] = (uint8_t)(i % 3 * 100); /* one colour: what loss there is stays small */
    }
    assert_int_equal(picture_jpeg(&rq, &pic, 95, &bytes), OK);
    f.samples = 3;
    f.photometric = S("YBR_FULL_422");
    assert_int_equal(pixels_decode(&rq, &f, bytes, &p), OK);
    for (int i = 0; i < SIDE * SIDE * 3; i++) {
        assert_in_range(p.v[i] + 4 - rgb[i], 0, 8);
    }
    assert_int_equal(pixels_decode(&rq, &f, str_sub(bytes, 0, bytes.n / 2), &p), E_SYNTAX);
    err_clear(&rq);
    f.bits_allocated = 16;
    f.bits_stored = 12;
    f.high_bit = 11;
    f.samples = 1;
    assert_int_equal(pixels_decode(&rq, &f, bytes, &p), E_SYNTAX);
    err_clear(&rq);
}

static void forms_that_cannot_be(void **state)
{
    (void)state;
    static const struct {
        struct pixel_form f;
        enum err want;
    } rows[] = {
        {{.syntax = SI("1.2.3"), .rows = 1, .columns = 1, .samples = 1, .bits_allocated = 8}, E_NOT_ACCEPT},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 0, .columns = 1, .samples = 1}, E_SYNTAX},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 1, .columns = 1, .samples = 2}, E_SYNTAX},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 1, .columns = 1, .samples = 1, .bits_allocated = 12,
          .bits_stored = 12, .high_bit = 11}, E_SYNTAX},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 1, .columns = 1, .samples = 1, .bits_allocated = 8,
          .bits_stored = 9, .high_bit = 8}, E_SYNTAX},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 1, .columns = 1, .samples = 1, .bits_allocated = 8,
          .bits_stored = 8, .high_bit = 3}, E_SYNTAX},
        {{.syntax = SI("1.2.840.10008.1.2"), .rows = 60000, .columns = 60000, .samples = 1,
          .bits_allocated = 8, .bits_stored = 8, .high_bit = 7}, E_TOO_LARGE},
    };
    struct pixels p;
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(pixels_decode(&rq, &rows[i].f, S("12345678"), &p), rows[i].want);
        err_clear(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_frames),
        cmocka_unit_test(rle_frames),
        cmocka_unit_test(jpeg_ls_frames),
        cmocka_unit_test(jpeg_2000_frames),
        cmocka_unit_test(jpeg_frames),
        cmocka_unit_test(forms_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
