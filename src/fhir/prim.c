/* fhir/prim.c - the primitive types' formats. See prim.h. */
#include "fhir/prim.h"

#include "fhir/type.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_lower(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* -?(0|[1-9][0-9]*) */
static bool integer_form_ok(struct str t)
{
    size_t i = t.n > 0 && t.p[0] == '-' ? 1 : 0;
    if (i == t.n || (t.p[i] == '0' && t.n > i + 1)) {
        return false;
    }
    for (; i < t.n; i++) {
        if (!is_digit(t.p[i])) {
            return false;
        }
    }
    return true;
}

static bool integer_ok(struct str t, int64_t least)
{
    int64_t v;
    return integer_form_ok(t) && str_i64(t, &v) && v >= least && v <= INT32_MAX;
}

/* 1e400 is well formed and no measurement: what index and comparison cannot hold is refused. */
static bool exponent_ok(struct str digits)
{
    enum { EXPONENT_MAX = 300 };
    uint64_t n;
    return digits.n <= 6 && str_u64(digits, &n) && n <= EXPONENT_MAX;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)? */
static bool decimal_ok(struct str t)
{
    size_t i = t.n > 0 && t.p[0] == '-' ? 1 : 0;
    size_t from = i;
    while (i < t.n && is_digit(t.p[i])) {
        i++;
    }
    if (i == from || (t.p[from] == '0' && i > from + 1)) {
        return false;
    }
    if (i < t.n && t.p[i] == '.') {
        from = ++i;
        while (i < t.n && is_digit(t.p[i])) {
            i++;
        }
        if (i == from) {
            return false;
        }
    }
    if (i < t.n && (t.p[i] == 'e' || t.p[i] == 'E')) {
        i++;
        i += i < t.n && (t.p[i] == '+' || t.p[i] == '-') ? 1 : 0;
        from = i;
        while (i < t.n && is_digit(t.p[i])) {
            i++;
        }
        return i > from && i == t.n && exponent_ok(str_sub(t, from, t.n));
    }
    return i == t.n;
}

/* [^\s]+(\s[^\s]+)* with single spaces only */
static bool code_ok(struct str t)
{
    if (t.n == 0 || is_space(t.p[0]) || is_space(t.p[t.n - 1])) {
        return false;
    }
    for (size_t i = 0; i + 1 < t.n; i++) {
        if (is_space(t.p[i]) && is_space(t.p[i + 1])) {
            return false;
        }
    }
    return true;
}

static bool uri_ok(struct str t)
{
    for (size_t i = 0; i < t.n; i++) {
        if (is_space(t.p[i])) {
            return false;
        }
    }
    return t.n > 0;
}

/* urn:oid:[0-2](\.(0|[1-9][0-9]*))+ */
static bool oid_ok(struct str t)
{
    if (!str_starts(t, S("urn:oid:"))) {
        return false;
    }
    struct str rest = str_sub(t, 8, t.n);
    struct str arc;
    unsigned n = 0;
    while (str_cut(&rest, '.', &arc)) {
        if (!integer_form_ok(arc) || arc.p[0] == '-' ||
            (n == 0 && (arc.n != 1 || arc.p[0] > '2'))) {
            return false;
        }
        n++;
    }
    return n >= 2;
}

static bool uuid_ok(struct str t)
{
    if (t.n != 45 || !str_starts(t, S("urn:uuid:"))) {
        return false;
    }
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        char c = t.p[9 + i];
        if (dash ? c != '-' : !is_hex_lower(c)) {
            return false;
        }
    }
    return true;
}

static bool base64_ok(struct str t)
{
    size_t n = 0;
    size_t pad = 0;
    for (size_t i = 0; i < t.n; i++) {
        char c = t.p[i];
        bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || is_digit(c) ||
                      c == '+' || c == '/';
        if (is_space(c)) {
            continue;
        }
        if (c == '=' ? ++pad > 2 : !letter || pad > 0) {
            return false;
        }
        n++;
    }
    return n > 0 && n % 4 == 0;
}

/* hh:mm:ss[.f...], not 24:00 */
static bool time_ok(struct str t)
{
    if (t.n < 8 || t.p[2] != ':' || t.p[5] != ':' || (t.n > 8 && (t.p[8] != '.' || t.n == 9))) {
        return false;
    }
    for (size_t i = 0; i < t.n; i++) {
        if (i != 2 && i != 5 && i != 8 && !is_digit(t.p[i])) {
            return false;
        }
    }
    return (t.p[0] < '2' || (t.p[0] == '2' && t.p[1] < '4')) && t.p[3] < '6' && t.p[6] <= '6' &&
           (t.p[6] < '6' || t.p[7] == '0');
}

static bool date_time_ok(struct str t)
{
    struct instant lo;
    struct instant hi;
    return instant_span(t, 0, &lo, &hi);
}

/* dateTime: with a time there must be an offset. */
static bool zone_ok(struct str t)
{
    return t.n <= 10 || t.p[t.n - 1] == 'Z' ||
           (t.n > 6 && (t.p[t.n - 6] == '+' || t.p[t.n - 6] == '-'));
}

static bool string_ok(struct str t)
{
    for (size_t i = 0; i < t.n; i++) {
        unsigned char c = (unsigned char)t.p[i];
        if (c < 0x20 && !is_space((char)c)) {
            return false;
        }
    }
    return t.n > 0;
}

static bool xhtml_ok(struct str t)
{
    struct str s = str_trim(t);
    return str_starts(s, S("<div")) && str_ends(s, S(">"));
}

bool fhir_prim_text_ok(enum fhir_prim prim, struct str t)
{
    struct instant at;
    switch (prim) {
    case PRIM_BOOLEAN: return str_eq(t, S("true")) || str_eq(t, S("false"));
    case PRIM_INTEGER: return integer_ok(t, INT32_MIN);
    case PRIM_UNSIGNED_INT: return integer_ok(t, 0);
    case PRIM_POSITIVE_INT: return integer_ok(t, 1);
    case PRIM_DECIMAL: return decimal_ok(t);
    case PRIM_STRING:
    case PRIM_MARKDOWN: return string_ok(t);
    case PRIM_CODE: return code_ok(t);
    case PRIM_ID: return fhir_id_is_valid(t);
    case PRIM_URI:
    case PRIM_URL:
    case PRIM_CANONICAL: return uri_ok(t);
    case PRIM_OID: return oid_ok(t);
    case PRIM_UUID: return uuid_ok(t);
    case PRIM_BASE64: return base64_ok(t);
    case PRIM_INSTANT: return instant_parse(t, &at);
    case PRIM_DATE: return t.n <= 10 && date_time_ok(t);
    case PRIM_DATE_TIME: return zone_ok(t) && date_time_ok(t);
    case PRIM_TIME: return time_ok(t);
    case PRIM_XHTML: return xhtml_ok(t);
    case PRIM_ANY:
    case PRIM_NONE: return false;
    }
    return false;
}

enum fhir_prim_fault fhir_prim_check(struct arena *a, enum fhir_prim prim, struct jv v)
{
    enum json_kind kind = json_kind(v);
    if (prim == PRIM_BOOLEAN) {
        return kind == JSON_TRUE || kind == JSON_FALSE ? PRIM_OK : PRIM_WRONG_KIND;
    }
    if (prim >= PRIM_INTEGER && prim <= PRIM_DECIMAL) {
        if (kind != JSON_NUMBER) {
            return PRIM_WRONG_KIND;
        }
        return fhir_prim_text_ok(prim, json_raw(v)) ? PRIM_OK : PRIM_WRONG_FORM;
    }
    if (kind != JSON_STRING) {
        return PRIM_WRONG_KIND;
    }
    struct str text = json_str(a, v);
    if (text.n == 0) {
        return text.p == NULL ? PRIM_TOO_LONG : PRIM_EMPTY;
    }
    if (text.n > FHIR_STRING_MAX && prim != PRIM_BASE64 && prim != PRIM_XHTML) {
        return PRIM_TOO_LONG;
    }
    return fhir_prim_text_ok(prim, text) ? PRIM_OK : PRIM_WRONG_FORM;
}
