/* codec/ucum_int.h - the table of units that tools/ucum.mjs writes, and its rows. */
#pragma once

#include "codec/ucum.h"

/* How a value v of a unit without ratio scale gets to its size: f(v) * num / den. */
enum ucum_scale {
    UCUM_NONE,    /* v: an ordinary unit */
    UCUM_AFFINE,  /* v + shift */
    UCUM_POWER10, /* 10^(v / shift) */
    UCUM_POWERE,  /* e^(v / shift) */
    UCUM_POWER2,  /* 2^(v / shift) */
    UCUM_TAN,     /* the arc tangent of v / shift */
    UCUM_SQUARE,  /* v * v */
};

struct ucum_atom {
    struct str code;
    struct decimal num; /* size in base units: num / den */
    uint64_t den;
    int8_t dim[UCUM_BASES];
    bool metric;  /* takes prefixes */
    uint16_t own; /* the arbitrary unit it is a multiple of: its row, from 1; else 0 */
    enum ucum_scale scale;
    struct decimal shift; /* of the scale, see above */
};

struct ucum_prefix {
    struct str code;
    struct decimal value;
};

extern const struct ucum_atom ucum_atoms[]; /* by code, in byte order */
extern const size_t ucum_atoms_count;
extern const struct ucum_prefix ucum_prefixes[];
extern const size_t ucum_prefixes_count;
extern const struct str ucum_bases[]; /* UCUM_BASES of them */

/* unit becomes unit * part^power. False when out of range. */
MUST_USE bool ucum_join(struct ucum_unit *unit, const struct ucum_unit *part, int power);
struct ucum_unit ucum_one(void);
