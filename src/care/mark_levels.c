/* care/mark_levels.c - the values an ellipse covers: whole sums of stored values, then one decimal each.
 * Nothing here is floating point but the rescale's two numbers as the file was read. See mark_int.h. */
#include "care/mark_int.h"

#include "care/care.h"

/* Coordinates are taken to a thousandth of a pixel, and four times that: the middle of an ellipse is the
 * fourth part of the sum of its points, the middle of a pixel is a half. With points at most 131 072 away
 * and 65 535 pixels all products below stay within their types. */
enum { FINE = 1000, FOUR = 4 * FINE };

struct spot {
    int64_t x, y;
};

/* Twice the half diameters and the middle, in those parts. */
struct round {
    struct spot u, v, middle;
    u128 most; /* the square of u x v */
};

struct sums {
    uint64_t n;
    int64_t sum;
    u128 squares;
    int32_t least, most;
};

static int64_t cross(struct spot a, struct spot b)
{
    return a.x * b.y - a.y * b.x;
}

static u128 squared(int64_t v)
{
    u128 a = v < 0 ? (u128)(-v) : (u128)v;
    return a * a;
}

static bool fine(struct str text, int64_t *ret_v)
{
    const struct decimal times = {.coef = FINE, .scale = 0};
    const struct decimal far = {.coef = 131072 * (u128)FINE, .scale = 0};
    struct decimal d;

    if (!decimal_parse(text, &d) || !decimal_mul(&d, &times, &d)) {
        return false;
    }
    d = decimal_round_to(&d, 0);
    d = decimal_trim(&d);
    struct decimal size = decimal_abs(&d);
    return decimal_cmp(&size, &far) <= 0 && decimal_to_i64(&d, ret_v);
}

static enum err round_of(struct req *rq, const struct mark *m, struct round *ret_round)
{
    struct spot p[4] = {0};

    if (m->n_points != LEN(p)) {
        return FAIL(rq, E_BAD_INPUT, "points: %zu", LEN(p));
    }
    for (uint32_t i = 0; i < LEN(p); i++) {
        if (!fine(m->points[i].x, &p[i].x) || !fine(m->points[i].y, &p[i].y)) {
            return FAIL(rq, E_BAD_INPUT, "points.%u", i);
        }
    }
    struct round r = {.u = {2 * (p[1].x - p[0].x), 2 * (p[1].y - p[0].y)},
                      .v = {2 * (p[3].x - p[2].x), 2 * (p[3].y - p[2].y)},
                      .middle = {p[0].x + p[1].x + p[2].x + p[3].x, p[0].y + p[1].y + p[2].y + p[3].y}};
    r.most = squared(cross(r.u, r.v));
    *ret_round = r;
    return OK;
}

/* d = a u + b v lies within when a a + b b <= 1; a and b are (d x v) and (u x d) of (u x v). */
static bool covers(const struct round *r, int64_t column, int64_t row)
{
    struct spot d = {column * FOUR + FOUR / 2 - r->middle.x, row * FOUR + FOUR / 2 - r->middle.y};

    return squared(cross(d, r->v)) + squared(cross(r->u, d)) <= r->most;
}

static uint32_t within(int64_t v, uint32_t most)
{
    return v < 0 ? 0 : v > most ? most : (uint32_t)v;
}

static int64_t size(int64_t v)
{
    return v < 0 ? -v : v;
}

static struct sums summed(const struct round *r, const struct render_values *px)
{
    struct sums s = {.least = INT32_MAX, .most = INT32_MIN};
    int64_t wide = size(r->u.x) + size(r->v.x);
    int64_t high = size(r->u.y) + size(r->v.y);
    uint32_t x0 = within((r->middle.x - wide) / FOUR - 1, px->columns);
    uint32_t x1 = within((r->middle.x + wide) / FOUR + 2, px->columns);
    uint32_t y0 = within((r->middle.y - high) / FOUR - 1, px->rows);
    uint32_t y1 = within((r->middle.y + high) / FOUR + 2, px->rows);

    for (uint32_t y = y0; y < y1 && r->most > 0; y++) {
        for (uint32_t x = x0; x < x1; x++) {
            if (!covers(r, x, y)) {
                continue;
            }
            int32_t v = px->v[(size_t)y * px->columns + x];
            s.n++;
            s.sum += v;
            s.squares += squared(v);
            s.least = MIN(s.least, v);
            s.most = MAX(s.most, v);
        }
    }
    return s;
}

/* whole * slope / n + intercept */
static bool rescaled(struct decimal whole, uint64_t n, const struct decimal *slope,
                     const struct decimal *intercept, struct decimal *ret_d)
{
    struct decimal of = decimal_from_i64((int64_t)n);
    struct decimal d;

    return decimal_mul(&whole, slope, &d) && decimal_div(&d, &of, &d) && decimal_add(&d, intercept, ret_d);
}

/* n^2 times the variance is n * squares - sum * sum, a whole number. */
static bool deviation(const struct sums *s, const struct decimal *slope, struct decimal *ret_d)
{
    const struct decimal nothing = decimal_from_i64(0);
    struct decimal d = {.coef = s->n * s->squares - squared(s->sum), .scale = 0};
    struct decimal size = decimal_abs(slope);

    return decimal_sqrt(&d, &d) && rescaled(d, s->n, &size, &nothing, ret_d);
}

enum err mark_levels(struct req *rq, const struct render_values *values, struct mark *m)
{
    struct decimal slope;
    struct decimal intercept;
    struct decimal got[MARK_AREA];
    struct round r = {0};

    TRY(round_of(rq, m, &r));
    for (size_t i = 0; i < MARK_AREA; i++) {
        m->parts[i] = S("");
    }
    struct sums s = summed(&r, values);
    if (s.n == 0) {
        return OK;
    }
    int64_t least = values->slope < 0 ? s.most : s.least;
    int64_t most = values->slope < 0 ? s.least : s.most;
    if (!decimal_from_float(values->slope, &slope) || !decimal_from_float(values->intercept, &intercept)
        || !rescaled(decimal_from_i64(s.sum), s.n, &slope, &intercept, &got[MARK_MEAN])
        || !deviation(&s, &slope, &got[MARK_DEVIATION])
        || !rescaled(decimal_from_i64(least), 1, &slope, &intercept, &got[MARK_LEAST])
        || !rescaled(decimal_from_i64(most), 1, &slope, &intercept, &got[MARK_MOST])) {
        return OK; /* a rescale beyond all numbers */
    }
    for (size_t i = 0; i < MARK_AREA; i++) {
        m->parts[i] = mark_number(rq, got[i]);
    }
    return OK;
}

enum err mark_levels_of(struct req *rq, const struct dicom_file *f, const struct dicom_image *image,
                        struct mark *m)
{
    struct render_values values;

    m->levels_seen = false;
    if (image->samples != 1 || str_eq(image->photometric, S("PALETTE COLOR"))) {
        for (size_t i = 0; i < MARK_AREA; i++) {
            m->parts[i] = S("");
        }
        return OK;
    }
    enum err e = render_values(rq, f, m->frame - 1, care_of(rq)->pixels, &values);
    if (e == OK) {
        return mark_levels(rq, &values, m);
    }
    if (e == E_IO || e == E_CHECKSUM) {
        return e;
    }
    err_clear(rq);
    m->levels_seen = m->parts[MARK_MEAN].n > 0;
    return OK;
}
