/* codec/b64.c - base64. See b64.h. */
#include "codec/b64.h"

static const char alphabet[2][65] = {
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_",
};

void b64_write(struct buf *b, const void *p, size_t n, enum b64_kind kind)
{
    const unsigned char *u = p;
    const char *set = alphabet[kind == B64_URL];
    if (n == 0) {
        return;
    }
    if (n > SIZE_MAX / 2) {
        b->failed = true;
        return;
    }
    size_t chars = b64_chars(n);
    if (kind == B64_URL && n % 3 != 0) {
        chars -= 3 - n % 3;
    }
    char *out = buf_room(b, chars);
    if (out == NULL) {
        return;
    }
    b->n += chars;
    size_t i = 0;
    for (; i + 3 <= n; i += 3) {
        uint32_t v = (uint32_t)u[i] << 16 | (uint32_t)u[i + 1] << 8 | u[i + 2];
        *out++ = set[v >> 18];
        *out++ = set[v >> 12 & 63];
        *out++ = set[v >> 6 & 63];
        *out++ = set[v & 63];
    }
    if (i == n) {
        return;
    }
    uint32_t v = (uint32_t)u[i] << 16 | (n - i == 2 ? (uint32_t)u[i + 1] << 8 : 0);
    *out++ = set[v >> 18];
    *out++ = set[v >> 12 & 63];
    if (n - i == 2) {
        *out++ = set[v >> 6 & 63];
    }
    if (kind != B64_URL) {
        *out++ = '=';
        if (n - i == 1) {
            *out = '=';
        }
    }
}

static unsigned value_of(char c, enum b64_kind kind)
{
    unsigned u = (unsigned char)c;
    if (u - 'A' < 26) {
        return u - 'A';
    }
    if (u - 'a' < 26) {
        return u - 'a' + 26;
    }
    if (u - '0' < 10) {
        return u - '0' + 52;
    }
    if (c == (kind == B64_URL ? '-' : '+')) {
        return 62;
    }
    if (c == (kind == B64_URL ? '_' : '/')) {
        return 63;
    }
    return 64;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool b64_read(struct str text, enum b64_kind kind, void *out, size_t *ret_n)
{
    unsigned char *o = out;
    size_t n = 0;
    uint32_t v = 0;
    unsigned have = 0; /* characters of the present four */
    size_t pads = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (kind == B64_BLANKS && is_blank(c)) {
            continue;
        }
        if (c == '=' && kind != B64_URL) {
            pads++;
            continue;
        }
        unsigned d = value_of(c, kind);
        if (d > 63 || pads > 0) {
            return false;
        }
        v = v << 6 | d;
        if (++have == 4) {
            o[n++] = (unsigned char)(v >> 16);
            o[n++] = (unsigned char)(v >> 8);
            o[n++] = (unsigned char)v;
            v = 0;
            have = 0;
        }
    }
    size_t want_pads = have == 0 || kind == B64_URL ? 0 : 4 - have;
    if (have == 1 || pads != want_pads) {
        return false;
    }
    if (have == 2) {
        if (kind != B64_BLANKS && (v & 15) != 0) {
            return false;
        }
        o[n++] = (unsigned char)(v >> 4);
    } else if (have == 3) {
        if (kind != B64_BLANKS && (v & 3) != 0) {
            return false;
        }
        o[n++] = (unsigned char)(v >> 10);
        o[n++] = (unsigned char)(v >> 2);
    }
    *ret_n = n;
    return true;
}

struct str b64_decoded(struct arena *a, struct str text, enum b64_kind kind)
{
    struct arena_mark mark = arena_mark(a);
    char *out = arena_alloc_raw(a, text.n / 4 * 3 + 3);
    size_t n = 0;
    if (out == NULL) {
        return (struct str){NULL, 0};
    }
    if (!b64_read(text, kind, out, &n)) {
        arena_back(a, mark);
        return (struct str){NULL, 0};
    }
    return (struct str){out, n};
}
