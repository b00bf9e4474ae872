/* base/buf.c - a byte builder in an arena. See buf.h. */
#include "base/buf.h"

#include <string.h>

void buf_init(struct buf *b, struct arena *a, size_t cap)
{
    *b = (struct buf){.a = a, .cap = cap};
}

char *buf_room(struct buf *b, size_t n)
{
    if (b->failed) {
        return NULL;
    }
    if (n <= b->size - b->n) {
        return b->p + b->n;
    }
    if (n > b->cap - b->n) {
        b->failed = true;
        return NULL;
    }
    size_t size = MAX(b->size * 2, b->n + n);
    size = MAX(size, (size_t)256);
    size = MIN(size, b->cap);
    char *p = arena_alloc_raw(b->a, size);
    if (p == NULL) {
        b->failed = true;
        return NULL;
    }
    if (b->n > 0) {
        memcpy(p, b->p, b->n);
    }
    b->p = p;
    b->size = size;
    return p + b->n;
}

void buf_bytes(struct buf *b, const void *p, size_t n)
{
    if (n == 0) {
        return;
    }
    char *at = buf_room(b, n);
    if (at != NULL) {
        memcpy(at, p, n);
        b->n += n;
    }
}

void buf_str(struct buf *b, struct str s)
{
    buf_bytes(b, s.p, s.n);
}

void buf_char(struct buf *b, char c)
{
    buf_bytes(b, &c, 1);
}

void buf_u64_pad(struct buf *b, uint64_t v, unsigned width)
{
    char digits[32];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v != 0);
    while (sizeof(digits) - at < width && at > 0) {
        digits[--at] = '0';
    }
    buf_bytes(b, digits + at, sizeof(digits) - at);
}

void buf_u64(struct buf *b, uint64_t v)
{
    buf_u64_pad(b, v, 1);
}

void buf_i64(struct buf *b, int64_t v)
{
    if (v < 0) {
        buf_char(b, '-');
        buf_u64(b, (uint64_t) - (v + 1) + 1);
    } else {
        buf_u64(b, (uint64_t)v);
    }
}

void buf_hex(struct buf *b, const uint8_t *p, size_t n)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < n; i++) {
        char two[2] = {hex[p[i] >> 4], hex[p[i] & 15]};
        buf_bytes(b, two, 2);
    }
}

void buf_truncate(struct buf *b, size_t n)
{
    if (n < b->n) {
        b->n = n;
    }
}

struct str buf_get(const struct buf *b)
{
    return b->failed ? (struct str){NULL, 0} : (struct str){b->p ? b->p : "", b->n};
}
