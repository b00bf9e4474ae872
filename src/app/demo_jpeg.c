/* app/demo_jpeg.c - photographs of the demo: drawn by cairo or computed. */
#include <cairo.h>
#include <math.h>

#include "app/demo_file.h"
#include "app/demo_pixel.h"
#include "dicom/picture.h"

enum { QUALITY = 82 };

struct drawing {
    unsigned width;
    unsigned height;
    uint8_t *rgb; /* 3 bytes a point */
};

/* ---- pictures ---- */

static uint8_t byte_of(double v)
{
    return (uint8_t)(v <= 0 ? 0 : v >= 1 ? 255 : v * 255);
}

static void point(struct drawing *p, unsigned x, unsigned y, double r, double g, double b)
{
    uint8_t *at = p->rgb + ((size_t)y * p->width + x) * 3;
    at[0] = byte_of(r);
    at[1] = byte_of(g);
    at[2] = byte_of(b);
}

/* A film on a lamp: bluish, darker towards the edges, photographed with a little noise. */
static void xray_draw(struct drawing *p, const struct demo_ask *ask)
{
    struct demo_scene s = demo_scene(ask->seed);
    struct demo_random r = {ask->seed};
    for (unsigned y = 0; y < p->height; y++) {
        for (unsigned x = 0; x < p->width; x++) {
            double px = 2.0 * x / p->width - 1;
            double py = 2.0 * y / p->height - 1;
            double edge = fmax(fabs(px), fabs(py));
            double v = demo_chest(&s, px * 1.06, py * 1.06) + demo_between(&r, -0.03, 0.03);
            v = edge > 0.97 ? 0.93 : v * (1 - 0.10 * (px * px + py * py));
            point(p, x, y, v * 0.92, v * 0.96, v * 1.02);
        }
    }
}

/* Skin with a red patch, its darker rim, hairs, and a ruler beside it. */
static void skin_draw(struct drawing *p, const struct demo_ask *ask)
{
    struct demo_scene s = demo_scene(ask->seed);
    struct demo_random r = {ask->seed};
    for (unsigned y = 0; y < p->height; y++) {
        for (unsigned x = 0; x < p->width; x++) {
            double px = 2.0 * x / p->width - 1;
            double py = 2.0 * y / p->height - 1;
            double rough = 0.06 * sin(7 * px + 5 * py + 30 * s.turn) * sin(11 * py - 3 * px);
            double d = sqrt((px - s.x * 0.5) * (px - s.x * 0.5) * 1.5 + (py - s.y) * (py - s.y));
            double in = (s.radius * 2 - d + rough) * 12;
            in = in < 0 ? 0 : in > 1 ? 1 : in;
            double light = 0.95 - 0.18 * (px * px + py * py) + 0.02 * sin(90 * px) * sin(80 * py);
            light += demo_between(&r, -0.02, 0.02);
            double deep = (s.radius * 1.2 - d + rough) * 6;
            double core = in * (deep <= 0 ? 0.08 : deep >= 1 ? 0.28 : 0.08 + 0.20 * deep);
            point(p, x, y, light * (0.87 - 0.10 * in - core * 0.6),
                  light * (0.68 - 0.36 * in - core * 0.4), light * (0.56 - 0.30 * in - core * 0.2));
        }
    }
    unsigned top = p->height - p->height / 9;
    for (unsigned y = top; y < p->height - 10; y++) {
        for (unsigned x = 40; x < p->width - 40; x++) {
            unsigned mm = (x - 40) % 12;
            unsigned cm = (x - 40) % 120;
            bool tick = (mm < 2 && y < top + 14) || (cm < 2 && y < top + 34);
            double v = tick ? 0.1 : 0.92;
            point(p, x, y, v, v, v * 0.94);
        }
    }
}

static void paper_grid(cairo_t *cr, double w, double h, double mm)
{
    cairo_set_source_rgb(cr, 0.99, 0.95, 0.94);
    cairo_paint(cr);
    for (int i = 0; i * mm < fmax(w, h); i++) {
        cairo_set_source_rgb(cr, 0.96, i % 5 == 0 ? 0.66 : 0.82, i % 5 == 0 ? 0.66 : 0.82);
        cairo_set_line_width(cr, i % 5 == 0 ? 1.4 : 0.6);
        cairo_move_to(cr, i * mm, 0);
        cairo_line_to(cr, i * mm, h);
        cairo_move_to(cr, 0, i * mm);
        cairo_line_to(cr, w, i * mm);
        cairo_stroke(cr);
    }
}

static void ecg_draw(struct drawing *p, const struct demo_ask *ask)
{
    struct demo_scene s = demo_scene(ask->seed);
    struct demo_random r = {ask->seed};
    double period = demo_between(&r, 0.62, 1.0);
    double mm = 7;
    cairo_surface_t *surface =
        cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)p->width, (int)p->height);
    cairo_t *cr = cairo_create(surface);
    cairo_set_source_rgb(cr, 0.36, 0.30, 0.25); /* the table */
    cairo_paint(cr);
    cairo_translate(cr, p->width * 0.04, p->height * 0.10);
    cairo_rotate(cr, s.turn * 0.4);
    cairo_rectangle(cr, 0, 0, p->width * 0.92, p->height * 0.80);
    cairo_clip(cr);
    paper_grid(cr, p->width * 0.92, p->height * 0.80, mm);
    cairo_set_source_rgb(cr, 0.08, 0.08, 0.16);
    cairo_set_line_width(cr, 2);
    for (unsigned lead = 6; lead < 12; lead++) {
        double base = (lead - 5) * p->height * 0.125;
        for (double x = 10; x < p->width * 0.9; x += 1.5) {
            double mv = demo_ecg(&s, lead, x / (25 * mm), period);
            cairo_line_to(cr, x, base - mv * 10 * mm * 0.6);
        }
        cairo_stroke(cr);
    }
    cairo_surface_flush(surface);
    const uint8_t *from = cairo_image_surface_get_data(surface);
    int stride = cairo_image_surface_get_stride(surface);
    for (unsigned y = 0; y < p->height; y++) {
        for (unsigned x = 0; x < p->width; x++) {
            const uint8_t *at = from + (size_t)y * (size_t)stride + (size_t)x * 4;
            double light = 0.86 + 0.14 * x / p->width + demo_between(&r, -0.02, 0.02);
            point(p, x, y, at[2] / 255.0 * light, at[1] / 255.0 * light, at[0] / 255.0 * light);
        }
    }
    cairo_destroy(cr);
    cairo_surface_destroy(surface);
}

enum err demo_jpeg(struct req *rq, const struct demo_ask *ask, enum demo_photo photo,
                   struct str *ret_bytes)
{
    struct drawing p = {.width = 1200, .height = photo == DEMO_PHOTO_XRAY ? 1200 : 900};
    p.rgb = arena_alloc_raw(rq->a, (size_t)p.width * p.height * 3);
    TRY_MEM(rq, p.rgb);
    switch (photo) {
    case DEMO_PHOTO_XRAY: xray_draw(&p, ask); break;
    case DEMO_PHOTO_ECG: ecg_draw(&p, ask); break;
    case DEMO_PHOTO_SKIN: skin_draw(&p, ask); break;
    case DEMO_PHOTO_COUNT: return FAIL(rq, E_BAD_INPUT, "photo");
    }
    struct picture pic = {.width = p.width, .height = p.height, .samples = 3, .v = p.rgb};
    return picture_jpeg(rq, &pic, QUALITY, ret_bytes);
}
