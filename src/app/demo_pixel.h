/* app/demo_pixel.h - made-up medical pictures as numbers: what each point of an image shows. */
#pragma once

#include "base/attr.h"

/* A sequence of numbers from a seed (SplitMix64, Steele, Lea, Flood 2014). */
struct demo_random {
    uint64_t state;
};
uint64_t demo_next(struct demo_random *r);
/* lo <= x < hi */
double demo_between(struct demo_random *r, double lo, double hi);

/* What is drawn, fixed by the seed. */
struct demo_scene {
    double turn;   /* of the head or body, radians */
    double size;   /* about 1 */
    double x, y;   /* of the finding */
    double radius; /* of the finding */
    bool left;     /* side of the finding */
    bool finding;
};
struct demo_scene demo_scene(uint64_t seed);

/* Points are -1..1 in both directions, y downwards. Noise is the caller's. */
/* Hounsfield units of a head; z 0..1 from base to top. */
double demo_head(const struct demo_scene *s, double x, double y, double z);
/* 0 black (air) .. 1 white (bone) of a chest film. */
double demo_chest(const struct demo_scene *s, double x, double y);
/* 0..1 of an ultrasound sector before speckle; negative outside the sector. */
double demo_sector(const struct demo_scene *s, double x, double y);
/* Millivolts of a heart's lead at a time, one beat a period. lead 0..11: I II III aVR aVL aVF V1-V6 */
double demo_ecg(const struct demo_scene *s, unsigned lead, double t_s, double period_s);
