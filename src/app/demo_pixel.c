/* app/demo_pixel.c - made-up medical pictures as numbers. See demo_pixel.h. */
#include "app/demo_pixel.h"

#include <math.h>

uint64_t demo_next(struct demo_random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double demo_between(struct demo_random *r, double lo, double hi)
{
    return lo + (hi - lo) * ((double)(demo_next(r) >> 11) / 9007199254740992.0);
}

struct demo_scene demo_scene(uint64_t seed)
{
    struct demo_random r = {seed ^ 0x5CE7E};
    struct demo_scene s = {
        .turn = demo_between(&r, -0.12, 0.12),
        .size = demo_between(&r, 0.92, 1.06),
        .radius = demo_between(&r, 0.10, 0.20),
        .left = (demo_next(&r) & 1) != 0,
        .finding = demo_next(&r) % 4 != 0,
    };
    s.x = (s.left ? -1 : 1) * demo_between(&r, 0.22, 0.36);
    s.y = demo_between(&r, -0.22, 0.18);
    return s;
}

/* 1 inside an ellipse, 0 outside, soft over its rim. */
static double ellipse(double x, double y, double rx, double ry, double soft)
{
    double d = sqrt((x / rx) * (x / rx) + (y / ry) * (y / ry));
    double v = (1 - d) / soft + 0.5;
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static double mix(double a, double b, double t)
{
    return a + (b - a) * t;
}

/* Smooth waves instead of texture: the same everywhere for the same seed. */
static double waves(double x, double y, double turn)
{
    return sin(9.1 * x + 4.3 * y + 20 * turn) * 0.5 + sin(21 * y - 13 * x + 3) * 0.3 +
           sin(37 * x + 31 * y) * 0.2;
}

double demo_head(const struct demo_scene *s, double px, double py, double z)
{
    double c = cos(s->turn);
    double n = sin(s->turn);
    double grow = s->size * sqrt(1 - (z - 0.45) * (z - 0.45) * 1.6);
    double x = (px * c + py * n) / grow;
    double y = (py * c - px * n) / grow;
    double hu = mix(-1000, 20, ellipse(x, y, 0.70, 0.86, 0.02)); /* skin */
    hu = mix(hu, 950, ellipse(x, y, 0.665, 0.825, 0.02));        /* bone */
    double brain = ellipse(x, y, 0.61, 0.77, 0.02);
    double rim = 1 - ellipse(x, y, 0.55, 0.70, 0.08);
    double grey = 34 + 4 * rim + 2.5 * waves(x, y, s->turn);
    hu = mix(hu, grey, brain);
    double wide = 0.09 + 0.05 * z;
    double horn = ellipse(fabs(x) - 0.11, y + 0.08, wide * 0.8, 0.24, 0.25);
    hu = mix(hu, 6, horn * brain * (z > 0.3 && z < 0.85 ? 1 : 0));
    hu = mix(hu, 12, ellipse(x, y, 0.012, 0.72, 0.9) * brain); /* falx and fissure */
    if (s->finding && z > 0.35 && z < 0.75) {
        double r = s->radius * (1 - fabs(z - 0.55) * 2);
        double spot = ellipse(x - s->x, y - s->y, r * 1.4, r, 0.35);
        hu = mix(hu, s->radius > 0.15 ? 18 : 66, spot * brain); /* an infarct, or blood */
    }
    return hu;
}

/* As ellipse(), nearer to a rectangle with round corners. */
static double trunk(double x, double y, double rx, double ry, double soft)
{
    double ax = fabs(x) / rx;
    double ay = fabs(y) / ry;
    double v = (1 - ax * ax * ax - ay * ay * ay) / soft + 0.5;
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

/* Curved bands that fall off towards the sides, brighter at their rims. */
static double ribs(double x, double y)
{
    double side = fabs(x);
    double bend = y - 0.62 * side * side + 0.35 * side;
    double wave = sin(bend * 33);
    double fade = side < 0.12 ? 0 : side < 0.2 ? (side - 0.12) / 0.08 : 1;
    double band = wave > 0.35 ? (wave - 0.35) * 0.17 : 0;
    return band * fade * (0.7 + 0.3 * side);
}

static double collar_bones(double x, double y)
{
    double d = fabs(y + 0.60 + 0.20 * fabs(x) - 0.06 * sin(6 * fabs(x))) / 0.035;
    double v = fabs(x) < 0.07 || d > 1 ? 0 : 1 - d * d;
    return v * 0.15;
}

double demo_chest(const struct demo_scene *s, double px, double py)
{
    double x = px / s->size;
    double y = py / s->size;
    double body = fmax(trunk(x, y - 0.45, 0.90, 1.22, 0.10), trunk(x, y + 0.9, 0.24, 0.5, 0.3));
    double lung = fmax(trunk(x + 0.39, y - 0.02, 0.30 - 0.08 * (0.6 - y) * 0.5, 0.66, 0.22),
                       trunk(x - 0.39, y - 0.02, 0.29 - 0.08 * (0.6 - y) * 0.5, 0.64, 0.22));
    double v = mix(0.02, 0.60, body);
    v = mix(v, 0.17, lung);
    double root = exp(-6 * ((fabs(x) - 0.16) * (fabs(x) - 0.16) + y * y));
    v += 0.10 * fmax(0, waves(x * 1.6, y * 1.3, s->turn)) * lung * (0.35 + root);
    v += 0.12 * root * lung;
    v = mix(v, 0.76, ellipse(x - 0.10, y - 0.26, 0.27, 0.32, 0.22)); /* heart */
    v = mix(v, 0.74, ellipse(x - 0.06, y + 0.22, 0.11, 0.20, 0.5));  /* great vessels */
    v = mix(v, 0.80, ellipse(x, y, 0.065, 1.4, 0.5) * 0.75 * body);  /* spine */
    v = mix(v, 0.72, trunk(x + 0.40, y - 0.92, 0.46, 0.36, 0.2) * body); /* diaphragm */
    v = mix(v, 0.70, trunk(x - 0.40, y - 0.97, 0.46, 0.36, 0.2) * body);
    v += (ribs(x, y) * (y < 0.55 ? 1 : 0.4) + collar_bones(x, y)) * body;
    if (s->finding) {
        double at = s->left ? -0.40 : 0.42;
        double cloud = ellipse(x - at, y - s->y, s->radius * 1.1, s->radius * 0.9, 1.0);
        v += 0.30 * cloud * lung * (0.8 + 0.2 * waves(x * 2, y * 2, s->turn));
    }
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

double demo_sector(const struct demo_scene *s, double x, double y)
{
    double dx = x;
    double dy = y + 1.25;
    double r = sqrt(dx * dx + dy * dy);
    double angle = atan2(dx, dy);
    if (fabs(angle) > 0.62 || r < 0.42 || r > 2.12) {
        return -1;
    }
    double v = 0.42 - 0.10 * r + 0.10 * waves(angle * 3, r, s->turn);
    double ring = sqrt((x - s->x * 0.4) * (x - s->x * 0.4) / (0.36 * s->size * s->size) +
                       (y - 0.05) * (y - 0.05) / (0.24 * s->size * s->size));
    v = mix(v, 0.10, ring < 1 ? 0.9 : 0);                       /* fluid */
    v = mix(v, 0.95, fabs(ring - 1) < 0.045 ? 1 : 0);           /* wall */
    v = mix(v, 0.70, ring < 0.9 && fabs(y - 0.05) < 0.012 ? 1 : 0);
    if (s->finding) {
        v = mix(v, 0.75, 0.8 * ellipse(x + s->x * 0.3, y - 0.02, s->radius * 0.7, s->radius * 0.5, 0.4));
    }
    return v < 0 ? 0 : v;
}

static double bump(double t, double at, double width, double height)
{
    double d = (t - at) / width;
    return height * exp(-0.5 * d * d);
}

double demo_ecg(const struct demo_scene *s, unsigned lead, double t_s, double period_s)
{
    /* How each lead sees the P, Q, R, S and T waves. */
    static const double waves_of[12][5] = {
        {0.10, -0.05, 0.70, -0.12, 0.22}, {0.16, -0.08, 1.10, -0.18, 0.30},
        {0.07, -0.06, 0.50, -0.10, 0.12}, {-0.12, 0.06, -0.85, 0.12, -0.26},
        {0.05, -0.04, 0.30, -0.08, 0.10}, {0.11, -0.06, 0.75, -0.14, 0.20},
        {0.07, 0.00, 0.22, -0.95, -0.08}, {0.08, 0.00, 0.42, -1.20, 0.34},
        {0.08, -0.03, 0.75, -0.95, 0.44}, {0.09, -0.06, 1.15, -0.55, 0.42},
        {0.09, -0.08, 1.20, -0.28, 0.36}, {0.08, -0.08, 0.95, -0.12, 0.28},
    };
    const double *w = waves_of[lead % 12];
    double t = fmod(t_s, period_s);
    double v = bump(t, 0.18, 0.025, w[0]) + bump(t, 0.325, 0.008, w[1]) +
               bump(t, 0.350, 0.011, w[2]) + bump(t, 0.378, 0.010, w[3]) +
               bump(t, 0.60, 0.045, w[4]);
    if (s->finding && lead >= 6 && lead <= 9) {
        v += bump(t, 0.47, 0.06, 0.30 + s->radius); /* ST elevation, front wall */
    }
    return v + 0.02 * sin(t_s * 1.7 + lead);
}
