/* dicom/picture.c - tones and size. See picture.h. */
#include "dicom/picture.h"

#include <math.h>
#include <string.h>

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
    uint32_t samples;         /* of a point */
    const uint8_t *tables[3]; /* by value - px->low, of each sample; NULL: too many values for a table */
};

/* Sample k of the picture where a pixel has this value. */
static uint8_t shade(const struct tone *t, double stored, uint32_t k)
{
    const struct tone_table *palette = &t->palette[k];
    if (palette->v != NULL) {
        return (uint8_t)(table_at(palette, stored) * 255 / table_top(palette) + 0.5);
    }
    return grey_at(t, stored);
}

static enum err shader_make(struct req *rq, const struct pixels *px, const struct tone *tone,
                            struct shader *ret)
{
    *ret = (struct shader){.px = px, .tone = completed(tone, px)};
    ret->samples = px->is_rgb || tone->palette[0].v != NULL ? 3 : 1;
    uint64_t n = (uint64_t)((int64_t)px->high - px->low) + 1;
    if (px->is_rgb || n > TONES_MAX) {
        return OK;
    }
    for (uint32_t k = 0; k < ret->samples; k++) {
        uint8_t *v = arena_alloc_raw(rq->a, n);
        TRY_MEM(rq, v);
        for (uint64_t i = 0; i < n; i++) {
            v[i] = shade(&ret->tone, (double)px->low + (double)i, k);
        }
        ret->tables[k] = v;
    }
    return OK;
}

/* The points of one line, at the size it is stored in. */
static void shade_line(const struct shader *s, uint32_t y, uint8_t *out)
{
    const struct pixels *px = s->px;
    size_t n = (size_t)px->columns * px->samples;
    const int32_t *v = px->v + y * n;

    if (px->is_rgb) {
        for (size_t i = 0; i < n; i++) {
            out[i] = (uint8_t)v[i];
        }
        return;
    }
    if (s->samples == 1 && s->tables[0] != NULL) {
        const uint8_t *table = s->tables[0];
        for (size_t i = 0; i < n; i++) {
            out[i] = table[v[i] - px->low];
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < s->samples; k++) {
            const uint8_t *table = s->tables[k];
            *out++ = table != NULL ? table[v[i] - px->low] : shade(&s->tone, v[i], k);
        }
    }
}

/* Each point is the mean of the pixels it covers: lines of pixels are added up, then divided. */
static enum err shrink(struct req *rq, const struct shader *s, const struct picture *p, uint8_t *out)
{
    const struct pixels *px = s->px;
    size_t n = (size_t)p->width * s->samples;
    uint8_t *line = arena_alloc_raw(rq->a, (size_t)px->columns * s->samples);
    uint64_t *sums = ARENA_ARRAY(rq->a, n, uint64_t);

    TRY_MEM(rq, line);
    TRY_MEM(rq, sums);
    uint32_t y = 0;
    for (uint32_t to_y = 0; to_y < p->height; to_y++, out += n) {
        uint32_t from_y = y;
        uint32_t end_y = (uint32_t)((uint64_t)(to_y + 1) * px->rows / p->height);
        memset(sums, 0, n * sizeof *sums);
        for (; y < end_y; y++) {
            const uint8_t *from = line;
            shade_line(s, y, line);
            for (uint32_t x = 0, to_x = 0; to_x < p->width; to_x++) {
                uint32_t end_x = (uint32_t)((uint64_t)(to_x + 1) * px->columns / p->width);
                uint64_t *sum = sums + (size_t)to_x * s->samples;
                for (; x < end_x; x++) {
                    for (uint32_t k = 0; k < s->samples; k++) {
                        sum[k] += *from++;
                    }
                }
            }
        }
        for (uint32_t x = 0, to_x = 0; to_x < p->width; to_x++) {
            uint32_t end_x = (uint32_t)((uint64_t)(to_x + 1) * px->columns / p->width);
            uint64_t covered = (uint64_t)(end_x - x) * (end_y - from_y);
            x = end_x;
            for (uint32_t k = 0; k < s->samples; k++) {
                size_t at = (size_t)to_x * s->samples + k;
                out[at] = (uint8_t)((sums[at] + covered / 2) / covered);
            }
        }
    }
    return OK;
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
    TRY(shader_make(rq, px, tone, &s));
    p.samples = s.samples;
    size_t width = (size_t)p.width * p.samples;
    uint8_t *v = arena_alloc_raw(rq->a, width * p.height);
    TRY_MEM(rq, v);
    p.v = v;
    if (p.width < px->columns || p.height < px->rows) {
        TRY(shrink(rq, &s, &p, v));
    } else {
        for (uint32_t y = 0; y < p.height; y++) {
            shade_line(&s, y, v + y * width);
        }
    }
    *ret_picture = p;
    return OK;
}
