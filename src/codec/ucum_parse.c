/* codec/ucum_parse.c - reading unit expressions, UCUM 2.1 section 2.1 (its grammar). See ucum.h. */
#include "codec/ucum_int.h"

struct reader {
    struct str s;
    size_t at;
    size_t n_parts;        /* components read, numbers and annotations among them */
    uint16_t special;      /* of the last component: its row when it has no ratio scale, from 1 */
    struct decimal prefix; /* of the last component */
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct ucum_atom *find_atom(struct str code)
{
    size_t lo = 0;
    size_t hi = ucum_atoms_count;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = str_cmp(code, ucum_atoms[mid].code);
        if (c == 0) {
            return &ucum_atoms[mid];
        }
        if (c < 0) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return NULL;
}

/* A symbol with or without prefix. */
static bool read_symbol(struct reader *r, struct str code, struct ucum_unit *ret_unit)
{
    struct decimal prefix = {.coef = 1};
    const struct ucum_atom *atom = find_atom(code);
    for (size_t i = 0; atom == NULL && i < ucum_prefixes_count; i++) {
        struct str p = ucum_prefixes[i].code;
        if (code.n > p.n && str_starts(code, p)) {
            atom = find_atom(str_sub(code, p.n, code.n));
            atom = atom != NULL && atom->metric ? atom : NULL;
            prefix = ucum_prefixes[i].value;
        }
    }
    if (atom == NULL) {
        return false;
    }
    struct ucum_unit unit = ucum_one();
    if (!decimal_mul(&atom->num, &prefix, &unit.num)) {
        return false;
    }
    unit.den = (struct decimal){.coef = atom->den};
    for (size_t i = 0; i < UCUM_BASES; i++) {
        unit.dim[i] = atom->dim[i];
    }
    if (atom->own != 0) {
        unit.own[0] = (struct ucum_own){atom->own, 1};
    }
    r->special = atom->scale == UCUM_NONE ? 0 : (uint16_t)(atom - ucum_atoms + 1);
    r->prefix = prefix;
    *ret_unit = unit;
    return true;
}

/* [+-]digits, all of s, at most three. */
static bool read_exponent(struct str s, int *ret_e)
{
    size_t at = s.n > 0 && (s.p[0] == '-' || s.p[0] == '+');
    if (s.n == at || s.n - at > 3) {
        return false;
    }
    int e = 0;
    for (size_t i = at; i < s.n; i++) {
        if (!is_digit(s.p[i])) {
            return false;
        }
        e = e * 10 + (s.p[i] - '0');
    }
    *ret_e = s.p[0] == '-' ? -e : e;
    return true;
}

/* Everything up to an operator, parenthesis or annotation; brackets hide those. */
static bool take_token(struct reader *r, struct str *ret_token)
{
    size_t from = r->at;
    bool inside = false;
    for (; r->at < r->s.n; r->at++) {
        char c = r->s.p[r->at];
        if (c < '!' || c > '~') {
            return false;
        }
        if (c == '[') {
            inside = true;
        } else if (c == ']') {
            inside = false;
        } else if (!inside && str_find_char(S("./(){}"), c) < 6) {
            break;
        }
    }
    *ret_token = str_sub(r->s, from, r->at - from);
    return !inside && r->at > from;
}

static bool is_number(struct str s)
{
    size_t i = 0;
    while (i < s.n && is_digit(s.p[i])) {
        i++;
    }
    return i == s.n && i > 0;
}

static bool read_number(struct str s, struct ucum_unit *ret_unit)
{
    struct ucum_unit unit = ucum_one();
    if (!decimal_parse(s, &unit.num) || unit.num.coef == 0) {
        return false;
    }
    *ret_unit = unit;
    return true;
}

/* A number, or a symbol with its exponent. */
static bool read_simple(struct reader *r, struct ucum_unit *ret_unit, int *ret_power)
{
    struct str token;
    if (!take_token(r, &token)) {
        return false;
    }
    *ret_power = 1;
    if (is_number(token)) {
        return read_number(token, ret_unit);
    }
    size_t n = token.n;
    if (str_starts(token, S("10*")) || str_starts(token, S("10^"))) {
        n = 3;
    } else {
        while (n > 0 && is_digit(token.p[n - 1])) {
            n--;
        }
        if (n > 0 && n < token.n && (token.p[n - 1] == '-' || token.p[n - 1] == '+')) {
            n--;
        }
    }
    if (n < token.n && !read_exponent(str_sub(token, n, token.n), ret_power)) {
        return false;
    }
    return read_symbol(r, str_sub(token, 0, n), ret_unit);
}

/* {anything but braces} in ASCII. */
static bool skip_annotation(struct reader *r)
{
    if (r->at >= r->s.n || r->s.p[r->at] != '{') {
        return true;
    }
    for (r->at++; r->at < r->s.n; r->at++) {
        char c = r->s.p[r->at];
        if (c == '}') {
            r->at++;
            return true;
        }
        if (c == '{' || c < '!' || c > '~') {
            return false;
        }
    }
    return false;
}

static bool read_component(struct reader *r, struct ucum_unit *unit, bool divide)
{
    struct ucum_unit part = ucum_one();
    int power = 1;
    r->n_parts++;
    r->special = 0;
    if (r->at >= r->s.n) {
        return false;
    }
    if (r->s.p[r->at] != '{' && !read_simple(r, &part, &power)) {
        return false;
    }
    if (power != 1 || divide) {
        r->special = 0;
    }
    return skip_annotation(r) && ucum_join(unit, &part, divide ? -power : power);
}

bool ucum_parse(struct str text, struct ucum_unit *ret_unit)
{
    if (text.n == 0 || text.n > UCUM_MAX) {
        return false;
    }
    struct reader r = {.s = text};
    struct ucum_unit open[UCUM_DEPTH + 1] = {ucum_one()};
    bool divide[UCUM_DEPTH + 1] = {text.p[0] == '/'};
    size_t depth = 0;
    r.at = divide[0];
    for (;;) {
        if (r.at < text.n && text.p[r.at] == '(') {
            if (depth == UCUM_DEPTH) {
                return false;
            }
            open[++depth] = ucum_one();
            divide[depth] = false;
            r.at++;
            continue;
        }
        if (!read_component(&r, &open[depth], divide[depth])) {
            return false;
        }
        for (; r.at < text.n && text.p[r.at] == ')'; r.at++, depth--) {
            if (depth == 0
                || !ucum_join(&open[depth - 1], &open[depth], divide[depth - 1] ? -1 : 1)) {
                return false;
            }
            r.special = divide[depth - 1] ? 0 : r.special;
        }
        if (r.at == text.n) {
            break;
        }
        if (text.p[r.at] != '.' && text.p[r.at] != '/') {
            return false;
        }
        divide[depth] = text.p[r.at++] == '/';
    }
    if (depth != 0) {
        return false;
    }
    if (r.n_parts == 1 && r.special != 0) {
        open[0].special = r.special;
        open[0].prefix = r.prefix;
    }
    *ret_unit = open[0];
    return true;
}
