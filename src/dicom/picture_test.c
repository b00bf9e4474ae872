/* dicom/picture_test.c - tones of windows and tables, sizes, files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>

#include "dicom/picture.h"
#include "dicom/pixels_testing.h"

static void tones(void **state)
{
    (void)state;
    static const int32_t v[5] = {-1000, 0, 40, 80, 1000};
    static const uint16_t halves[3] = {0, 2048, 4095};
    static const uint16_t steps[2] = {10, 20};
    static const struct {
        struct tone t;
        uint8_t want[5];
    } rows[] = {
        /* nothing said: all of the range */
        {{.slope = 1}, {0, 128, 133, 138, 255}},
        {{.slope = 1, .inverse = true}, {255, 127, 122, 117, 0}},
        /* centre 40, width 81: (x - 39.5) / 80 + 0.5 */
        {{.slope = 1, .has_window = true, .centre = 40, .width = 81}, {0, 2, 129, 255, 255}},
        {{.slope = 1, .has_window = true, .centre = 40, .width = 80, .function = TONE_LINEAR_EXACT},
         {0, 0, 128, 255, 255}},
        {{.slope = 1, .has_window = true, .centre = 40, .width = 80, .function = TONE_SIGMOID},
         {0, 30, 128, 225, 255}},
        {{.slope = 2, .intercept = -40, .has_window = true, .centre = 40, .width = 1}, {0, 0, 255, 255, 255}},
        /* tables hold their ends beyond themselves */
        {{.slope = 1, .voi = {halves, 3, 39, 12}}, {0, 0, 128, 255, 255}},
        {{.slope = 1, .modality = {steps, 2, 40, 16}, .has_window = true, .centre = 15, .width = 2,
          .function = TONE_LINEAR_EXACT}, {0, 0, 0, 255, 255}},
    };
    struct pixels px = {.rows = 1, .columns = 5, .samples = 1, .v = v, .low = -1000, .high = 1000,
                        .shown_low = -1000, .shown_high = 1000};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct picture p;
        assert_int_equal(picture_of(&rq, &px, &rows[i].t, 0, 0, &p), OK);
        assert_int_equal(p.samples, 1);
        assert_memory_equal(p.v, rows[i].want, 5);
    }
}

static void palettes_give_colour(void **state)
{
    (void)state;
    static const int32_t v[2] = {0, 1};
    static const uint16_t red[2] = {0, 65535}, green[2] = {65535, 0}, blue[2] = {32768, 32768};
    struct tone t = {.slope = 1, .palette = {{red, 2, 0, 16}, {green, 2, 0, 16}, {blue, 2, 0, 16}}};
    struct pixels px = {.rows = 1, .columns = 2, .samples = 1, .v = v, .low = 0, .high = 1, .shown_high = 1};
    struct picture p;
    assert_int_equal(picture_of(&rq, &px, &t, 0, 0, &p), OK);
    assert_int_equal(p.samples, 3);
    assert_memory_equal(p.v, "\x00\xff\x80\xff\x00\x80", 6);
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        uint32_t max_w, max_h, w, h;
    } rows[] = {{0, 0, 40, 20}, {20, 0, 20, 10}, {0, 5, 10, 5}, {100, 100, 40, 20}, {10, 2, 4, 2}, {1, 1, 1, 1}};
    static int32_t v[40 * 20];
    struct pixels px = {.rows = 20, .columns = 40, .samples = 1, .v = v, .low = 0, .high = 200, .shown_high = 200};
    struct tone t = {.slope = 1, .has_window = true, .centre = 127.5, .width = 255, .function = TONE_LINEAR_EXACT};
    for (int i = 0; i < 40 * 20; i++) {
        v[i] = i % 2 * 200; /* columns of black and grey: their mean when halved */
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        struct picture p;
        assert_int_equal(picture_of(&rq, &px, &t, rows[i].max_w, rows[i].max_h, &p), OK);
        assert_int_equal(p.width, rows[i].w);
        assert_int_equal(p.height, rows[i].h);
        assert_int_equal(p.v[0], p.width == 40 ? 0 : 100);
    }
}

static void colours_are_made_small(void **state)
{
    (void)state;
    static const int32_t v[] = {0, 10, 20,  40, 30, 20,  255, 0, 7, /* two lines of three points */
                                0, 10, 20,  40, 31, 20,  255, 0, 8};
    static const uint8_t want[] = {0, 10, 20, 148, 15, 14}; /* the last two columns in one */
    struct pixels px = {.rows = 2, .columns = 3, .samples = 3, .is_rgb = true, .v = v, .high = 255};
    struct tone t = {.slope = 1};
    struct picture p;
    assert_int_equal(picture_of(&rq, &px, &t, 2, 0, &p), OK);
    assert_int_equal(p.width, 2);
    assert_int_equal(p.height, 1);
    assert_memory_equal(p.v, want, sizeof want);
}

static void png_keeps_each_point(void **state)
{
    (void)state;
    static const uint8_t v[6] = {0, 50, 100, 150, 200, 255};
    uint8_t back[6];
    struct picture p = {.width = 3, .height = 2, .samples = 1, .v = v};
    struct str bytes;
    png_image m = {.version = PNG_IMAGE_VERSION};
    assert_int_equal(picture_png(&rq, &p, &bytes), OK);
    assert_true(png_image_begin_read_from_memory(&m, bytes.p, bytes.n));
    m.format = PNG_FORMAT_GRAY;
    assert_int_equal(m.width, 3);
    assert_true(png_image_finish_read(&m, NULL, back, 0, NULL));
    assert_memory_equal(back, v, 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones),
        cmocka_unit_test(palettes_give_colour),
        cmocka_unit_test(sizes),
        cmocka_unit_test(colours_are_made_small),
        cmocka_unit_test(png_keeps_each_point),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
