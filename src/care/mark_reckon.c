/* care/mark_reckon.c - lengths and angles from points, in decimals: nothing here is floating point. Angles
 * by CORDIC (Volder 1959) on whole numbers. See mark_int.h. */
#include "care/mark_int.h"

/* Arithmetic that remembers that it failed. */
struct reckon {
    bool failed;
};

static struct decimal sub(struct reckon *r, struct decimal a, struct decimal b)
{
    struct decimal d = {0};
    r->failed |= !decimal_sub(&a, &b, &d);
    return d;
}

static struct decimal add(struct reckon *r, struct decimal a, struct decimal b)
{
    struct decimal d = {0};
    r->failed |= !decimal_add(&a, &b, &d);
    return d;
}

static struct decimal mul(struct reckon *r, struct decimal a, struct decimal b)
{
    struct decimal d = {0};
    r->failed |= !decimal_mul(&a, &b, &d);
    return d;
}

static struct decimal quotient(struct reckon *r, struct decimal a, struct decimal b)
{
    struct decimal d = {0};
    r->failed |= !decimal_div(&a, &b, &d);
    return d;
}

static struct decimal root(struct reckon *r, struct decimal a)
{
    struct decimal d = {0};
    r->failed |= !decimal_sqrt(&a, &d);
    return d;
}

/* ---- points ---- */

struct spot {
    struct decimal x, y;
};

/* From a to b, as far as the scale says. */
static struct spot step(struct reckon *r, const struct mark_scale *s, struct spot a, struct spot b)
{
    return (struct spot){mul(r, sub(r, b.x, a.x), s->column), mul(r, sub(r, b.y, a.y), s->row)};
}

static struct decimal square(struct reckon *r, struct spot v)
{
    return add(r, mul(r, v.x, v.x), mul(r, v.y, v.y));
}

/* Whole parts of 10^15, for x and y of which the larger is 1. */
static int64_t part(struct reckon *r, struct decimal v, struct decimal most)
{
    const struct decimal large = {.coef = 1000000000000000, .scale = 0};
    struct decimal d = decimal_abs(&v);
    int64_t n = 0;

    d = mul(r, quotient(r, d, most), large);
    d = decimal_round_to(&d, 0);
    d = decimal_trim(&d);
    r->failed |= !decimal_to_i64(&d, &n);
    return n;
}

/* atan(2^-i), in parts of 10^-12 of a degree. */
static const int64_t turns[] = {
    INT64_C(45000000000000), INT64_C(26565051177078), INT64_C(14036243467926), INT64_C(7125016348902),
    INT64_C(3576334374997), INT64_C(1789910608246), INT64_C(895173710211), INT64_C(447614170861),
    INT64_C(223810500369), INT64_C(111905677066), INT64_C(55952891894), INT64_C(27976452617),
    INT64_C(13988227142), INT64_C(6994113675), INT64_C(3497056851), INT64_C(1748528427), 874264214,
    437132107, 218566053, 109283027, 54641513, 27320757, 13660378, 6830189, 3415095, 1707547, 853774,
    426887, 213443, 106722, 53361, 26680, 13340, 6670, 3335, 1668, 834, 417, 208, 104};

/* The angle of x, y >= 0 to the x axis, in those parts. */
static int64_t turn(int64_t x, int64_t y)
{
    int64_t angle = 0;

    for (size_t i = 0; i < LEN(turns); i++) {
        int64_t by = INT64_C(1) << i;
        int64_t dx = y / by;
        int64_t dy = x / by;
        x += y > 0 ? dx : -dx;
        angle += y > 0 ? turns[i] : -turns[i];
        y += y > 0 ? -dy : dy;
    }
    return angle < 0 ? 0 : angle;
}

/* Between two directions, 0 to 180 degrees. */
static struct decimal angle_between(struct reckon *r, struct spot a, struct spot b)
{
    enum { PLACES = 12 };
    const int64_t half = INT64_C(180000000000000);
    struct decimal dot = add(r, mul(r, a.x, b.x), mul(r, a.y, b.y));
    struct decimal cross = sub(r, mul(r, a.x, b.y), mul(r, a.y, b.x));
    struct decimal along = decimal_abs(&dot);
    struct decimal across = decimal_abs(&cross);
    struct decimal most = decimal_cmp(&along, &across) < 0 ? across : along;

    if (r->failed || most.coef == 0) {
        r->failed = true;
        return decimal_from_i64(0);
    }
    int64_t v = turn(part(r, along, most), part(r, across, most));
    if (dot.negative) {
        v = half - v;
    }
    return (struct decimal){.coef = (u128)v, .scale = PLACES};
}

/* The ends of two lines that are nearest are where they meet: the angle is between the rest of each. */
static struct decimal cobb(struct reckon *r, const struct mark_scale *s, const struct spot *p)
{
    size_t near_a = 0;
    size_t near_b = 2;
    struct decimal least = square(r, step(r, s, p[0], p[2]));

    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 2; j < 4; j++) {
            struct decimal d = square(r, step(r, s, p[i], p[j]));
            if (decimal_cmp(&d, &least) < 0) {
                least = d;
                near_a = i;
                near_b = j;
            }
        }
    }
    return angle_between(r, step(r, s, p[1 - near_a], p[near_a]), step(r, s, p[5 - near_b], p[near_b]));
}

/* ---- marks ---- */

struct str mark_number(struct req *rq, struct decimal d)
{
    struct buf b;
    struct decimal shown = decimal_round_to(&d, MARK_PLACES);

    (void)!decimal_pad(&shown, MARK_PLACES, &shown);
    buf_init(&b, rq->a, 64);
    decimal_write(&b, &shown);
    return arena_str(rq->a, buf_get(&b));
}

/* Apart by more than a tenth and more than a hundredth. */
static bool is_apart(struct reckon *r, struct decimal ours, struct decimal theirs)
{
    const struct decimal tenth = {.coef = 1, .scale = 1};
    struct decimal hundredth = mul(r, ours, (struct decimal){.coef = 1, .scale = 2});
    struct decimal d = sub(r, ours, theirs);

    d = decimal_abs(&d);
    return decimal_cmp(&d, &tenth) > 0 && decimal_cmp(&d, &hundredth) > 0;
}

static enum err value_check(struct req *rq, struct reckon *r, struct decimal ours, const struct mark *m)
{
    struct decimal theirs;

    if (m->value.n == 0) {
        return OK;
    }
    if (!decimal_parse(m->value, &theirs) || is_apart(r, ours, theirs) || r->failed) {
        return FAIL(rq, E_BAD_INPUT, "value: another one than the points give");
    }
    return OK;
}

/* Of two half diameters u and v, each parallel to the tangents at the ends of the other: pi |u x v|. */
static struct decimal ellipse_area(struct reckon *r, const struct spot *p, const struct mark_scale *s)
{
    const struct decimal quarter_pi = {.coef = 785398163397448310, .scale = 18};
    struct spot a = step(r, s, p[0], p[1]);
    struct spot b = step(r, s, p[2], p[3]);
    struct decimal cross = sub(r, mul(r, a.x, b.y), mul(r, a.y, b.x));

    cross = decimal_abs(&cross);
    return mul(r, cross, quarter_pi);
}

/* Lengths at the detector are compared as the viewer shows them, and kept in points. */
static enum err length_reckon(struct req *rq, struct reckon *r, const struct mark_scale *s,
                              const struct spot *p, struct mark *m)
{
    const struct mark_scale points = {.row = decimal_from_i64(1), .column = decimal_from_i64(1)};
    struct decimal in_points = root(r, square(r, step(r, &points, p[0], p[1])));
    struct decimal in_mm = root(r, square(r, step(r, s, p[0], p[1])));

    if (r->failed || in_points.coef == 0) {
        return FAIL(rq, E_BAD_INPUT, "points: no length");
    }
    TRY(value_check(rq, r, str_eq(m->unit, S("px")) ? in_points : in_mm, m));
    m->value = mark_number(rq, s->known ? in_mm : in_points);
    m->unit = s->known ? S("mm") : S("");
    m->why = s->why;
    return OK;
}

static enum err angle_reckon(struct req *rq, struct reckon *r, const struct mark_scale *s,
                             const struct spot *p, struct mark *m)
{
    struct decimal angle = m->tool == MARK_COBB
                               ? cobb(r, s, p)
                               : angle_between(r, step(r, s, p[1], p[0]), step(r, s, p[1], p[2]));

    if (r->failed) {
        return FAIL(rq, E_BAD_INPUT, "points: a side has no length");
    }
    TRY(value_check(rq, r, angle, m));
    m->value = mark_number(rq, angle);
    m->unit = S("deg");
    return OK;
}

static enum err ellipse_reckon(struct req *rq, struct reckon *r, const struct mark_scale *s,
                               const struct spot *p, struct mark *m)
{
    const struct mark_scale points = {.row = decimal_from_i64(1), .column = decimal_from_i64(1)};
    struct decimal area = ellipse_area(r, p, s->known ? s : &points);

    for (size_t i = 0; i < MARK_AREA; i++) {
        struct decimal d;
        if (m->parts[i].n > 0 && decimal_parse(m->parts[i], &d)) {
            m->parts[i] = mark_number(rq, d);
        }
    }
    if (r->failed || area.coef == 0) {
        return FAIL(rq, E_BAD_INPUT, "points: no area");
    }
    m->parts[MARK_AREA] = mark_number(rq, area);
    m->area_mm2 = s->known;
    m->why = s->why;
    m->value = m->unit = S("");
    return OK;
}

/* Far outside any image (PS3.5 has 65 535 rows at most) nothing is marked. */
static bool is_near(const struct decimal *d)
{
    const struct decimal far = {.coef = 131072, .scale = 0};
    struct decimal v = decimal_abs(d);
    return decimal_cmp(&v, &far) <= 0 && d->scale <= 30;
}

enum err mark_reckon(struct req *rq, const struct mark_scale *scale, struct mark *m)
{
    static const uint32_t needs[MARK_TOOLS] = {
        [MARK_LENGTH] = 2, [MARK_ANGLE] = 3, [MARK_COBB] = 4, [MARK_ELLIPSE] = 4, [MARK_KEY] = 0};
    struct spot p[4] = {0};
    struct reckon r = {false};

    if (m->n_points != needs[m->tool]) {
        return FAIL(rq, E_BAD_INPUT, "points: %u", needs[m->tool]);
    }
    for (uint32_t i = 0; i < m->n_points; i++) {
        if (!decimal_parse(m->points[i].x, &p[i].x) || !decimal_parse(m->points[i].y, &p[i].y)
            || !is_near(&p[i].x) || !is_near(&p[i].y)) {
            return FAIL(rq, E_BAD_INPUT, "points.%u", i);
        }
        /* finer than any viewer draws, and products of them stay exact */
        p[i].x = decimal_round_to(&p[i].x, 6);
        p[i].y = decimal_round_to(&p[i].y, 6);
    }
    switch (m->tool) {
    case MARK_LENGTH: return length_reckon(rq, &r, scale, p, m);
    case MARK_ANGLE:
    case MARK_COBB: return angle_reckon(rq, &r, scale, p, m);
    case MARK_ELLIPSE: return ellipse_reckon(rq, &r, scale, p, m);
    default: m->value = m->unit = S(""); return OK;
    }
}
