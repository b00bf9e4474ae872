/* codec/ucum.c - units of measure: what their values do. See ucum.h; ucum_parse.c reads them. */
#include "codec/ucum.h"

#include <math.h>

#include "base/err.h"
#include "codec/ucum_int.h"

struct ucum_unit ucum_one(void)
{
    return (struct ucum_unit){.num = {.coef = 1}, .den = {.coef = 1}, .prefix = {.coef = 1}};
}

enum { POWER_MAX = 999 };

static bool is_power(int power)
{
    return power >= -POWER_MAX && power <= POWER_MAX;
}

/* False when it has too many of its own, or too high a power of one. */
static bool join_own(struct ucum_unit *unit, struct ucum_own part, int power)
{
    struct ucum_own *own = unit->own;
    int joined = part.power * power;
    size_t at = 0;
    while (at < UCUM_OWN && own[at].atom != 0 && own[at].atom < part.atom) {
        at++;
    }
    if (at < UCUM_OWN && own[at].atom == part.atom) {
        joined += own[at].power;
        if (!is_power(joined)) {
            return false;
        }
        own[at].power = (int16_t)joined;
    } else {
        if (own[UCUM_OWN - 1].atom != 0 || !is_power(joined)) {
            return false;
        }
        for (size_t i = UCUM_OWN - 1; i > at; i--) {
            own[i] = own[i - 1];
        }
        own[at] = (struct ucum_own){part.atom, (int16_t)joined};
    }
    if (own[at].power == 0) {
        for (size_t i = at; i + 1 < UCUM_OWN; i++) {
            own[i] = own[i + 1];
        }
        own[UCUM_OWN - 1] = (struct ucum_own){0};
    }
    return true;
}

/* At the smallest place there is, digits have gone. */
static bool is_whole(const struct decimal *d)
{
    return d->coef != 0 && d->scale < DECIMAL_MAX_SCALE;
}

bool ucum_join(struct ucum_unit *unit, const struct ucum_unit *part, int power)
{
    if (power == 0) {
        return true;
    }
    struct decimal times = decimal_from_i64(power < 0 ? -power : power);
    struct decimal num = part->num;
    struct decimal den = part->den;
    if (power != 1 && power != -1
        && (!decimal_power(&num, &times, &num) || !decimal_power(&den, &times, &den))) {
        return false;
    }
    struct ucum_unit r = *unit;
    if (!is_whole(&num) || !is_whole(&den) || !decimal_mul(&r.num, power > 0 ? &num : &den, &r.num)
        || !decimal_mul(&r.den, power > 0 ? &den : &num, &r.den) || !is_whole(&r.num)
        || !is_whole(&r.den)) {
        return false;
    }
    int scale = r.num.scale - r.den.scale;
    if (r.den.coef == 1 && scale >= DECIMAL_MIN_SCALE && scale < DECIMAL_MAX_SCALE) {
        r.num.scale = scale; /* a power of ten needs no division later */
        r.den.scale = 0;
    }
    for (size_t i = 0; i < UCUM_BASES; i++) {
        int dim = r.dim[i] + part->dim[i] * power;
        if (!is_power(dim)) {
            return false;
        }
        r.dim[i] = (int16_t)dim;
    }
    for (size_t i = 0; i < UCUM_OWN && part->own[i].atom != 0; i++) {
        if (!join_own(&r, part->own[i], power)) {
            return false;
        }
    }
    *unit = r;
    return true;
}

bool ucum_validate(struct str text)
{
    struct ucum_unit unit;
    return ucum_parse(text, &unit);
}

bool ucum_comparable(const struct ucum_unit *a, const struct ucum_unit *b)
{
    for (size_t i = 0; i < UCUM_BASES; i++) {
        if (a->dim[i] != b->dim[i]) {
            return false;
        }
    }
    for (size_t i = 0; i < UCUM_OWN; i++) {
        if (a->own[i].atom != b->own[i].atom || a->own[i].power != b->own[i].power) {
            return false;
        }
    }
    return true;
}

static const struct ucum_atom *special_of(const struct ucum_unit *u)
{
    return u->special == 0 ? NULL : &ucum_atoms[u->special - 1];
}

/* What v on the scale stands for, as a multiple of the unit's size. */
static bool leave_scale(const struct ucum_atom *atom, const struct decimal *v,
                        struct decimal *ret_d)
{
    const struct decimal ten = {.coef = 10};
    const struct decimal two = {.coef = 2};
    struct decimal x;
    switch (atom->scale) {
    case UCUM_NONE: *ret_d = *v; return true;
    case UCUM_AFFINE: return decimal_add(v, &atom->shift, ret_d);
    case UCUM_POWER10: return decimal_div(v, &atom->shift, &x) && decimal_power(&ten, &x, ret_d);
    case UCUM_POWERE: return decimal_div(v, &atom->shift, &x) && decimal_exp(&x, ret_d);
    case UCUM_POWER2: return decimal_div(v, &atom->shift, &x) && decimal_power(&two, &x, ret_d);
    case UCUM_TAN:
        return decimal_div(v, &atom->shift, &x)
               && decimal_from_float(atanl(decimal_to_float(&x)), ret_d);
    case UCUM_SQUARE: return decimal_mul(v, v, ret_d);
    }
    return false;
}

/* The other way. */
static bool enter_scale(const struct ucum_atom *atom, const struct decimal *d,
                        struct decimal *ret_v)
{
    const struct decimal ten = {.coef = 10};
    const struct decimal two = {.coef = 2};
    struct decimal x;
    switch (atom->scale) {
    case UCUM_NONE: *ret_v = *d; return true;
    case UCUM_AFFINE: return decimal_sub(d, &atom->shift, ret_v);
    case UCUM_POWER10: return decimal_log(d, &ten, &x) && decimal_mul(&x, &atom->shift, ret_v);
    case UCUM_POWERE: return decimal_ln(d, &x) && decimal_mul(&x, &atom->shift, ret_v);
    case UCUM_POWER2: return decimal_log(d, &two, &x) && decimal_mul(&x, &atom->shift, ret_v);
    case UCUM_TAN:
        return decimal_from_float(tanl(decimal_to_float(d)), &x)
               && decimal_mul(&x, &atom->shift, ret_v);
    case UCUM_SQUARE: return decimal_sqrt(d, ret_v);
    }
    return false;
}

/* v * n / d, where the fraction is the part of size that fits a scale: of special units without
 * the prefix, which belongs to the value. */
static bool times(const struct decimal *v, const struct decimal *n, const struct decimal *d,
                  struct decimal *ret_v)
{
    struct decimal x;
    if (!decimal_mul(v, n, &x) || (v->coef != 0 && !is_whole(&x))) {
        return false;
    }
    if ((d->coef != 1 || d->scale != 0)
        && (!decimal_div(&x, d, &x) || (v->coef != 0 && !is_whole(&x)))) {
        return false;
    }
    *ret_v = x;
    return true;
}

/* As times, from one unit's size to another's: v * (n1 * d2) / (d1 * n2), divided once. */
static bool scale_to(const struct decimal *v, const struct ucum_unit *from,
                     const struct ucum_unit *to, struct decimal *ret_v)
{
    struct decimal n;
    struct decimal d;
    return decimal_mul(&from->num, &to->den, &n) && decimal_mul(&from->den, &to->num, &d)
           && times(v, &n, &d, ret_v);
}

/* v in base units. */
static bool to_base(const struct decimal *v, const struct ucum_unit *unit, struct decimal *ret_v)
{
    const struct ucum_atom *atom = special_of(unit);
    if (atom == NULL) {
        return times(v, &unit->num, &unit->den, ret_v);
    }
    struct decimal x;
    struct decimal den = {.coef = atom->den};
    return decimal_mul(v, &unit->prefix, &x) && leave_scale(atom, &x, &x)
           && times(&x, &atom->num, &den, ret_v);
}

/* A scale whose values stay as they are in an index. */
static bool keeps_scale(const struct ucum_unit *unit)
{
    const struct ucum_atom *atom = special_of(unit);
    return atom != NULL && atom->scale != UCUM_AFFINE;
}

/* The value as it is, or to the digits that the functions of a scale have. */
static bool settle(const struct ucum_unit *unit, const struct decimal *v, struct decimal *ret_v)
{
    if (keeps_scale(unit)) {
        return decimal_from_float(decimal_to_float(v), ret_v);
    }
    *ret_v = *v;
    return true;
}

bool ucum_convert(const struct decimal *v, const struct ucum_unit *from, const struct ucum_unit *to,
                  struct decimal *ret_v)
{
    if (!ucum_comparable(from, to)) {
        return false;
    }
    const struct ucum_atom *atom = special_of(to);
    if (atom == NULL && from->special == 0) {
        return scale_to(v, from, to, ret_v);
    }
    struct decimal x;
    if (!to_base(v, from, &x)) {
        return false;
    }
    if (atom == NULL) {
        return times(&x, &to->den, &to->num, &x) && settle(from, &x, ret_v);
    }
    struct decimal den = {.coef = atom->den};
    return times(&x, &den, &atom->num, &x) && enter_scale(atom, &x, &x)
           && decimal_div(&x, &to->prefix, &x) && settle(keeps_scale(from) ? from : to, &x, ret_v);
}

bool ucum_canonical(const struct decimal *v, const struct ucum_unit *unit, struct decimal *ret_v)
{
    return keeps_scale(unit) ? decimal_mul(v, &unit->prefix, ret_v) : to_base(v, unit, ret_v);
}

static void write_power(struct buf *b, struct str code, int power, bool *first)
{
    if (power == 0) {
        return;
    }
    if (!*first) {
        buf_char(b, '.');
    }
    *first = false;
    buf_str(b, code);
    if (power != 1) {
        buf_i64(b, power);
    }
}

void ucum_canonical_unit(struct buf *b, const struct ucum_unit *unit)
{
    if (keeps_scale(unit)) {
        buf_str(b, special_of(unit)->code);
        return;
    }
    bool first = true;
    for (size_t i = 0; i < UCUM_BASES; i++) {
        write_power(b, ucum_bases[i], unit->dim[i], &first);
    }
    for (size_t i = 0; i < UCUM_OWN && unit->own[i].atom != 0; i++) {
        write_power(b, ucum_atoms[unit->own[i].atom - 1].code, unit->own[i].power, &first);
    }
    if (first) {
        buf_char(b, '1');
    }
}

static bool is_number(const struct ucum_unit *unit)
{
    const struct ucum_unit one = ucum_one();
    return ucum_comparable(unit, &one);
}

/* One symbol without exponent or annotation: can be given a power. */
static bool is_plain(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
            return false;
        }
    }
    return text.n > 0;
}

static bool has_operator(struct str text)
{
    return str_find_char(text, '.') < text.n || str_find_char(text, '/') < text.n;
}

static void write_product(struct buf *b, struct str u1, struct str u2, bool divide)
{
    if (str_eq(u2, S("1"))) {
        buf_str(b, u1);
    } else if (!divide && str_eq(u1, S("1"))) {
        buf_str(b, u2);
    } else if (!divide && str_eq(u1, u2) && is_plain(u1)) {
        buf_str(b, u1);
        buf_char(b, '2');
    } else {
        buf_str(b, u1);
        bool leading = u2.p[0] == '/';
        if (divide || !leading) {
            buf_char(b, divide ? '/' : '.');
        }
        bool group = divide && has_operator(u2);
        if (group) {
            buf_str(b, leading ? S("(1") : S("("));
        }
        buf_str(b, u2);
        if (group) {
            buf_char(b, ')');
        }
    }
}

static bool combine(const struct decimal *v1, struct str u1, const struct decimal *v2,
                    struct str u2, bool divide, struct decimal *ret_v, struct buf *b)
{
    struct ucum_unit unit;
    struct ucum_unit second;
    struct decimal v;
    if (!ucum_parse(u1, &unit) || !ucum_parse(u2, &second) || unit.special != 0
        || second.special != 0 || !ucum_join(&unit, &second, divide ? -1 : 1)
        || !(divide ? decimal_div(v1, v2, &v) : decimal_mul(v1, v2, &v))) {
        return false;
    }
    size_t from = b->n;
    write_product(b, u1, u2, divide);
    struct str text = str_sub(buf_get(b), from, b->n);
    /* too long or too large to be read again: in base units instead */
    if (is_number(&unit) || !ucum_validate(text)) {
        if (!times(&v, &unit.num, &unit.den, &v)) {
            return false;
        }
        buf_truncate(b, from);
        ucum_canonical_unit(b, &unit);
    }
    *ret_v = v;
    return buf_ok(b);
}

bool ucum_multiply(const struct decimal *v1, struct str u1, const struct decimal *v2, struct str u2,
                   struct decimal *ret_v, struct buf *b)
{
    return combine(v1, u1, v2, u2, false, ret_v, b);
}

bool ucum_divide(const struct decimal *v1, struct str u1, const struct decimal *v2, struct str u2,
                 struct decimal *ret_v, struct buf *b)
{
    return combine(v1, u1, v2, u2, true, ret_v, b);
}
