/* dicom/picture.c - tones and size. See picture.h. */
#include "dicom/picture.h"

#include <math.h>

static double table_at(const struct tone_table *t, double x)
{
    double i = x - t->first;
    uint32_t at = i <= 0 ? 0 : i >= t->n - 1 ? t->n - 1 : (uint32_t)i;
    return t->v[at];
}

static double table_top(const struct tone_table *t)
{
    return t->bits >= 16 ? 65535 : (double)((UINT32_C(1) << t->bits) - 1);
}

/* Share of white, 0..1, of a value after the modality's step (PS3.3 C.11.2.1.2). */
static double window_at(const struct tone *t, double x)
{
    double w = t->width;
    switch (t->function) {
    case TONE_SIGMOID: return 1 / (1 + exp(-4 * (x - t->centre) / w));
    case TONE_LINEAR_EXACT: return (x - t->centre) / w + 0.5;
    case TONE_LINEAR: break;
    }
    double c = t->centre - 0.5;
    if (w <= 1) {
        return x <= c ? 0 : 1;
    }
    return (x - c) / (w - 1) + 0.5;
}

static double modality_at(const struct tone *t, double stored)
{
    return t->modality.v != NULL ? table_at(&t->modality, stored) : stored * t->slope + t->intercept;
}

static uint8_t grey_at(const struct tone *t, double stored)
{
    double x = modality_at(t, stored);
    double y = t->voi.v != NULL ? table_at(&t->voi, x) / table_top(&t->voi) : window_at(t, x);
    y = y < 0 ? 0 : y > 1 ? 1 : y;
    uint8_t grey = (uint8_t)(y * 255 + 0.5);
    return t->inverse ? (uint8_t)(255 - grey) : grey;
}

/* Without a window all values show: the least black, the greatest white. */
static struct tone completed(const struct tone *tone, const struct pixels *px)
{
    struct tone t = *tone;
    if (t.voi.v == NULL && (!t.has_window || t.width <= 0)) {
        double a = modality_at(&t, px->shown_low);
        double b = modality_at(&t, px->shown_high);
        double low = fmin(a, b);
        double high = fmax(a, b);
        t.function = TONE_LINEAR_EXACT;
        t.centre = (low + high) / 2;
        t.width = high > low ? high - low : 1;
    }
    return t;
}

enum { TONES_MAX = 1 << 17 };

struct shader {
    const struct pixels *px;
    struct tone tone;
    const uint8_t *tones; /* by value - px->low; NULL: too many values for a table */
};

static enum err shader_make(struct req *rq, const struct pixels *px, const struct tone *tone,
                            struct shader *ret)
{
    *ret = (struct shader){.px = px, .tone = completed(tone, px)};
    uint64_t n = (uint64_t)((int64_t)px->high - px->low) + 1;
    if (px->is_rgb || n > TONES_MAX) {
        return OK;
    }
    uint8_t *v = arena_alloc_raw(rq->a, n);
    TRY_MEM(rq, v);
    for (uint64_t i = 0; i < n; i++) {
        v[i] = grey_at(&ret->tone, (double)px->low + (double)i);
    }
    ret->tones = v;
    return OK;
}

/* Sample k of the picture at a stored pixel. */
static uint8_t shade(const struct shader *s, size_t pixel, uint32_t k)
{
    const struct pixels *px = s->px;
    if (px->is_rgb) {
        return (uint8_t)px->v[pixel * 3 + k];
    }
    int32_t v = px->v[pixel];
    const struct tone_table *palette = &s->tone.palette[k];
    if (palette->v != NULL) {
        return (uint8_t)(table_at(palette, v) * 255 / table_top(palette) + 0.5);
    }
    return s->tones != NULL ? s->tones[v - px->low] : grey_at(&s->tone, v);
}

/* The mean of the pixels a point covers. */
static uint8_t point(const struct shader *s, uint32_t x0, uint32_t x1, uint32_t y0, uint32_t y1,
                     uint32_t k)
{
    uint64_t sum = 0;
    for (uint32_t y = y0; y < y1; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            sum += shade(s, (size_t)y * s->px->columns + x, k);
        }
    }
    uint64_t n = (uint64_t)(x1 - x0) * (y1 - y0);
    return (uint8_t)((sum + n / 2) / n);
}

/* The largest size within the limits that keeps the proportions. */
static void fit(struct picture *p, uint32_t max_width, uint32_t max_height)
{
    uint64_t w = p->width;
    uint64_t h = p->height;
    if (max_width > 0 && p->width > max_width) {
        p->height = (uint32_t)((h * max_width + w / 2) / w);
        p->width = max_width;
    }
    if (max_height > 0 && p->height > max_height) {
        p->width = (uint32_t)((w * max_height + h / 2) / h);
        p->height = max_height;
    }
    p->width = p->width > 0 ? p->width : 1;
    p->height = p->height > 0 ? p->height : 1;
}

enum err picture_of(struct req *rq, const struct pixels *px, const struct tone *tone,
                    uint32_t max_width, uint32_t max_height, struct picture *ret_picture)
{
    struct shader s;
    struct picture p = {.width = px->columns, .height = px->rows};

    fit(&p, max_width, max_height);
    p.samples = px->is_rgb || tone->palette[0].v != NULL ? 3 : 1;
    uint8_t *v = arena_alloc_raw(rq->a, (size_t)p.width * p.height * p.samples);
    TRY_MEM(rq, v);
    TRY(shader_make(rq, px, tone, &s));
    p.v = v;
    for (uint32_t y = 0; y < p.height; y++) {
        uint32_t y0 = (uint32_t)((uint64_t)y * px->rows / p.height);
        uint32_t y1 = (uint32_t)((uint64_t)(y + 1) * px->rows / p.height);
        for (uint32_t x = 0; x < p.width; x++) {
            uint32_t x0 = (uint32_t)((uint64_t)x * px->columns / p.width);
            uint32_t x1 = (uint32_t)((uint64_t)(x + 1) * px->columns / p.width);
            for (uint32_t k = 0; k < p.samples; k++) {
                *v++ = point(&s, x0, x1, y0, y1, k);
            }
        }
    }
    *ret_picture = p;
    return OK;
}
