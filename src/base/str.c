/* base/str.c - text slices. See str.h. */
#include "base/str.h"

#include <string.h>

struct str str_or_empty(struct str s)
{
    return s.p != NULL ? s : S("");
}

struct str str_z(const char *z)
{
    return z ? (struct str){z, strlen(z)} : (struct str){NULL, 0};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static unsigned char lower(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n) {
        return false;
    }
    for (size_t i = 0; i < a.n; i++) {
        if (lower(a.p[i]) != lower(b.p[i])) {
            return false;
        }
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = MIN(a.n, b.n);
    int d = n ? memcmp(a.p, b.p, n) : 0;
    if (d != 0) {
        return d;
    }
    return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0);
}

size_t str_find_char(struct str s, char c)
{
    const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

size_t str_find(struct str s, struct str needle)
{
    if (needle.n == 0) {
        return 0;
    }
    const char *hit = s.n >= needle.n ? memmem(s.p, s.n, needle.p, needle.n) : NULL;
    return hit ? (size_t)(hit - s.p) : s.n;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    if (from > s.n) {
        from = s.n;
    }
    return (struct str){s.p ? s.p + from : NULL, MIN(n, s.n - from)};
}

static bool is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.p[0])) {
        s.p++;
        s.n--;
    }
    while (s.n > 0 && is_space(s.p[s.n - 1])) {
        s.n--;
    }
    return s;
}

bool str_cut(struct str *rest, char sep, struct str *ret_head)
{
    if (rest->p == NULL) {
        return false;
    }
    size_t at = str_find_char(*rest, sep);
    *ret_head = (struct str){rest->p, at};
    if (at == rest->n) {
        *rest = (struct str){NULL, 0};
    } else {
        *rest = (struct str){rest->p + at + 1, rest->n - at - 1};
    }
    return true;
}

bool str_u64(struct str s, uint64_t *ret_v)
{
    uint64_t v = 0;
    if (s.n == 0 || s.n > 20) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (v > (UINT64_MAX - digit) / 10) {
            return false;
        }
        v = v * 10 + digit;
    }
    *ret_v = v;
    return true;
}

bool str_i64(struct str s, int64_t *ret_v)
{
    uint64_t v;
    bool minus = s.n > 0 && s.p[0] == '-';
    if (!str_u64(minus ? str_sub(s, 1, s.n) : s, &v)) {
        return false;
    }
    if (v > (uint64_t)INT64_MAX + (minus ? 1 : 0)) {
        return false;
    }
    if (!minus) {
        *ret_v = (int64_t)v;
    } else {
        *ret_v = v == 0 ? 0 : -(int64_t)(v - 1) - 1;
    }
    return true;
}

static int unhex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

bool str_unhex(struct str s, uint8_t *out, size_t n)
{
    if (s.n != 2 * n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int hi = unhex(s.p[2 * i]);
        int lo = unhex(s.p[2 * i + 1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        out[i] = (uint8_t)(hi * 16 + lo);
    }
    return true;
}

uint32_t str_hash(struct str s)
{
    uint32_t h = 2166136261U;
    for (size_t i = 0; i < s.n; i++) {
        h = (h ^ (unsigned char)s.p[i]) * 16777619U;
    }
    return h;
}
