/* codec/dicom_value.c - what the value of an element says, as text or numbers. See dicom_file.h. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/dicom_int.h"

enum {
    TEXT = 1 << 0,     /* characters */
    MULTI = 1 << 1,    /* several values between backslashes */
    CHARSET = 1 << 2,  /* in the character set of the data set, not ASCII */
    LEADING = 1 << 3,  /* blanks in front mean nothing either */
    BLOCK = 1 << 4,    /* lines */
    SHORT = 1 << 5,    /* its length has 16 bits; that of all others 32, after two reserved bytes */
};

struct kind {
    uint8_t flags;
    uint8_t size; /* of one number */
};

/* PS3.5 tables 6.2-1 and 7.1-2, by the two letters. */
#define VR(first, second) [(first) - 'A'][(second) - 'A']
static const struct kind kinds[26][26] = {
    VR('A', 'E') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('A', 'S') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('A', 'T') = {SHORT, 4},
    VR('C', 'S') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('D', 'A') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('D', 'S') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('D', 'T') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('F', 'D') = {SHORT, 8},
    VR('F', 'L') = {SHORT, 4},
    VR('I', 'S') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('L', 'O') = {TEXT | MULTI | CHARSET | LEADING | SHORT, 0},
    VR('L', 'T') = {TEXT | CHARSET | BLOCK | SHORT, 0},
    VR('P', 'N') = {TEXT | MULTI | CHARSET | LEADING | SHORT, 0},
    VR('S', 'H') = {TEXT | MULTI | CHARSET | LEADING | SHORT, 0},
    VR('S', 'L') = {SHORT, 4},
    VR('S', 'S') = {SHORT, 2},
    VR('S', 'T') = {TEXT | CHARSET | BLOCK | SHORT, 0},
    VR('S', 'V') = {0, 8},
    VR('T', 'M') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('U', 'C') = {TEXT | MULTI | CHARSET, 0},
    VR('U', 'I') = {TEXT | MULTI | LEADING | SHORT, 0},
    VR('U', 'L') = {SHORT, 4},
    VR('U', 'R') = {TEXT, 0},
    VR('U', 'S') = {SHORT, 2},
    VR('U', 'T') = {TEXT | CHARSET | BLOCK, 0},
    VR('U', 'V') = {0, 8},
};
#undef VR

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const struct kind *kind_of(const char vr[2])
{
    static const struct kind none = {0, 0};
    unsigned first = (unsigned)(unsigned char)vr[0] - 'A';
    unsigned second = (unsigned)(unsigned char)vr[1] - 'A';
    return first < 26 && second < 26 ? &kinds[first][second] : &none;
}

bool dicom_is_short(const char vr[2])
{
    return (kind_of(vr)->flags & SHORT) != 0;
}

bool dicom_is_multi(const char vr[2])
{
    return (kind_of(vr)->flags & MULTI) != 0;
}

bool dicom_is_text(const char vr[2])
{
    return (kind_of(vr)->flags & TEXT) != 0;
}

size_t dicom_number_size(const char vr[2])
{
    return kind_of(vr)->size;
}

struct str dicom_trim(struct str s, const char vr[2])
{
    while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == 0)) {
        s.n--;
    }
    while ((kind_of(vr)->flags & LEADING) != 0 && s.n > 0 && *s.p == ' ') {
        s = str_sub(s, 1, s.n);
    }
    return s;
}

struct str dicom_values(struct arena *a, const struct dicom_elem *e)
{
    static const struct dicom_charset ascii = {0};
    const struct kind *k = kind_of(e->vr);
    unsigned flags = 0;
    enum dicom_text_kind kind = (k->flags & BLOCK) != 0 ? DICOM_TEXT_BLOCK : DICOM_TEXT_LINE;
    if (memcmp(e->vr, "PN", 2) == 0) {
        kind = DICOM_TEXT_NAME;
    }
    bool charset = (k->flags & CHARSET) != 0 && e->charset != NULL;
    return dicom_text(a, charset ? e->charset : &ascii, e->value, kind, &flags);
}

struct str dicom_elem_text(struct req *rq, const struct dicom_elem *e, size_t i)
{
    struct str rest = dicom_values(rq->a, e);
    struct str one = rest;
    if (rest.p == NULL || !dicom_is_text(e->vr)) {
        return (struct str){NULL, 0};
    }
    for (size_t k = 0; dicom_is_multi(e->vr) && k <= i; k++) {
        if (!str_cut(&rest, '\\', &one)) {
            return (struct str){NULL, 0};
        }
    }
    return dicom_trim(one, e->vr);
}

bool dicom_decimal(struct str s, char out[DICOM_DECIMAL_MAX + 4], size_t *ret_n)
{
    size_t n = 0;
    size_t i = 0;
    if (s.n == 0 || s.n > DICOM_DECIMAL_MAX) {
        return false;
    }
    if (s.p[i] == '-' || s.p[i] == '+') {
        if (s.p[i++] == '-') {
            out[n++] = '-';
        }
    }
    while (i + 1 < s.n && s.p[i] == '0' && is_digit(s.p[i + 1])) {
        i++; /* JSON has no zeros in front */
    }
    bool whole = i < s.n && is_digit(s.p[i]);
    if (!whole) {
        out[n++] = '0';
    }
    while (i < s.n && is_digit(s.p[i])) {
        out[n++] = s.p[i++];
    }
    if (i < s.n && s.p[i] == '.') {
        bool fraction = ++i < s.n && is_digit(s.p[i]);
        if (fraction) {
            out[n++] = '.';
        }
        while (i < s.n && is_digit(s.p[i])) {
            out[n++] = s.p[i++];
        }
        whole = whole || fraction;
    }
    if (whole && i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        out[n++] = s.p[i++];
        if (i < s.n && (s.p[i] == '-' || s.p[i] == '+')) {
            out[n++] = s.p[i++];
        }
        whole = i < s.n;
        while (i < s.n && is_digit(s.p[i])) {
            out[n++] = s.p[i++];
        }
    }
    *ret_n = n;
    return whole && i == s.n;
}

static bool text_double(struct str s, double *ret_v)
{
    char text[DICOM_DECIMAL_MAX + 4];
    size_t n = 0;
    if (!dicom_decimal(s, text, &n)) {
        return false;
    }
    text[n] = 0;
    *ret_v = strtod(text, NULL);
    return true;
}

size_t dicom_double_text(double v, char out[DICOM_DOUBLE_MAX])
{
    if (!isfinite(v)) {
        const char *name = isnan(v) ? "\"NaN\"" : v < 0 ? "\"-Infinity\"" : "\"Infinity\"";
        memcpy(out, name, strlen(name));
        return strlen(name);
    }
    int n = 0;
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(out, DICOM_DOUBLE_MAX, "%.*g", digits, v);
        double back = strtod(out, NULL);
        if (memcmp(&back, &v, sizeof(v)) == 0) {
            break;
        }
    }
    return n < 0 ? 0 : (size_t)n;
}

size_t dicom_unit(const char vr[2])
{
    switch (vr[1]) {
    case 'W': return 2;
    case 'F':
    case 'L': return 4;
    case 'D':
    case 'V': return 8;
    default: return 1;
    }
}

void dicom_swap(struct str v, size_t unit, char *out)
{
    size_t whole = v.n - v.n % unit;
    for (size_t i = 0; i < whole; i++) {
        out[i] = v.p[i - i % unit + (unit - 1 - i % unit)];
    }
    for (size_t i = whole; i < v.n; i++) {
        out[i] = v.p[i];
    }
}

/* The i-th of the decimal texts of an element. */
static struct str decimal_text(const struct dicom_elem *e, size_t i)
{
    struct str rest = e->value;
    struct str one = {NULL, 0};
    for (size_t k = 0; k <= i; k++) {
        if (!str_cut(&rest, '\\', &one)) {
            return (struct str){NULL, 0};
        }
    }
    return dicom_trim(one, e->vr);
}

static const unsigned char *number_at(const struct dicom_elem *e, size_t i)
{
    size_t size = dicom_number_size(e->vr);
    return size == 0 || i >= e->value.n / size ? NULL
                                               : (const unsigned char *)e->value.p + i * size;
}

bool dicom_elem_u32(const struct dicom_elem *e, size_t i, uint32_t *ret_v)
{
    const unsigned char *p = number_at(e, i);
    uint64_t v = 0;
    if (memcmp(e->vr, "IS", 2) == 0) {
        if (!str_u64(decimal_text(e, i), &v) || v > UINT32_MAX) {
            return false;
        }
    } else if (p == NULL) {
        return false;
    } else if (memcmp(e->vr, "US", 2) == 0) {
        v = dicom_get16(p, e->big_endian);
    } else if (memcmp(e->vr, "UL", 2) == 0) {
        v = dicom_get32(p, e->big_endian);
    } else if (memcmp(e->vr, "AT", 2) == 0) {
        v = dicom_get16(p, e->big_endian) << 16 | dicom_get16(p + 2, e->big_endian);
    } else {
        return false;
    }
    *ret_v = (uint32_t)v;
    return true;
}

bool dicom_elem_double(const struct dicom_elem *e, size_t i, double *ret_v)
{
    if (memcmp(e->vr, "DS", 2) == 0 || memcmp(e->vr, "IS", 2) == 0) {
        return text_double(decimal_text(e, i), ret_v);
    }
    const unsigned char *p = number_at(e, i);
    if (p == NULL || memcmp(e->vr, "AT", 2) == 0) {
        return false;
    }
    bool big = e->big_endian;
    bool with_sign = e->vr[0] == 'S';
    float f;
    switch (dicom_number_size(e->vr)) {
    case 2: {
        uint32_t v = dicom_get16(p, big);
        *ret_v = with_sign && v > INT16_MAX ? (double)v - 65536.0 : (double)v;
        return true;
    }
    case 4: {
        uint32_t v = dicom_get32(p, big);
        memcpy(&f, &v, sizeof(f));
        *ret_v = e->vr[0] == 'F' ? (double)f : with_sign ? (double)(int32_t)v : (double)v;
        return true;
    }
    default: {
        uint64_t v = dicom_get64(p, big);
        if (e->vr[0] == 'F') {
            memcpy(ret_v, &v, sizeof(v));
        } else {
            *ret_v = with_sign ? (double)(int64_t)v : (double)v;
        }
        return true;
    }
    }
}

size_t dicom_uid_make(const uint8_t bytes[16], char out[DICOM_UUID_UID])
{
    uint32_t word[4];
    char digits[40];
    size_t at = sizeof(digits);
    for (size_t i = 0; i < 4; i++) {
        word[i] = dicom_get32(bytes + i * 4, true);
    }
    word[1] = (word[1] & 0xFFFF0FFFU) | 0x4000U; /* version 4, RFC 4122 */
    word[2] = (word[2] & 0x3FFFFFFFU) | 0x80000000U;
    while ((word[0] | word[1] | word[2] | word[3]) != 0) {
        uint64_t rest = 0;
        for (size_t i = 0; i < 4; i++) {
            uint64_t v = rest << 32 | word[i];
            word[i] = (uint32_t)(v / 10);
            rest = v % 10;
        }
        digits[--at] = (char)('0' + rest);
    }
    size_t n = sizeof(digits) - at;
    memcpy(out, "2.25.", 5);
    memcpy(out + 5, digits + at, n);
    out[5 + n] = '\0';
    return 5 + n;
}
