/* store/footprint.c - index tuples as bytes. See footprint.h.
 *
 * varint count, then per tuple: kind (1 byte), sp (varint) and
 *   token     hash (8 bytes), sys (varint)
 *   ref       rid (zigzag varint)
 *   date      lo (zigzag varint), hi - lo (zigzag varint of the difference)
 *   string    length (1 byte), bytes
 *   quantity  unit (8 bytes), value (8 bytes, IEEE 754)
 * Numbers are little-endian. */
#include "store/footprint.h"

#include <stdlib.h>
#include <string.h>

#define CMP(x, y) ((x) < (y) ? -1 : (x) > (y))

int tuple_cmp(const struct tuple *a, const struct tuple *b)
{
    int c;
    if (a->kind != b->kind) {
        return CMP(a->kind, b->kind);
    }
    if (a->sp != b->sp) {
        return CMP(a->sp, b->sp);
    }
    switch ((enum tuple_kind)a->kind) {
    case TUPLE_TOKEN:
        c = CMP(a->token.hash, b->token.hash);
        return c != 0 ? c : CMP(a->token.sys, b->token.sys);
    case TUPLE_REF: return CMP(a->ref.rid, b->ref.rid);
    case TUPLE_DATE:
        c = CMP(a->date.lo_ms, b->date.lo_ms);
        return c != 0 ? c : CMP(a->date.hi_ms, b->date.hi_ms);
    case TUPLE_STRING: return str_cmp(a->string, b->string);
    case TUPLE_QUANTITY:
        c = CMP(a->quantity.unit, b->quantity.unit);
        return c != 0 ? c : CMP(a->quantity.value, b->quantity.value);
    }
    return 0;
}

static int cmp_void(const void *a, const void *b)
{
    return tuple_cmp(a, b);
}

size_t tuples_sort(struct tuple *t, size_t n)
{
    size_t kept = 0;
    if (n > 1) {
        qsort(t, n, sizeof(*t), cmp_void);
    }
    for (size_t i = 0; i < n; i++) {
        if (kept == 0 || tuple_cmp(&t[kept - 1], &t[i]) != 0) {
            t[kept++] = t[i];
        }
    }
    return kept;
}

static void put_varint(struct buf *b, uint64_t v)
{
    uint8_t out[10];
    size_t n = 0;
    while (v >= 0x80) {
        out[n++] = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    out[n++] = (uint8_t)v;
    buf_bytes(b, out, n);
}

static uint64_t zigzag(int64_t v)
{
    return ((uint64_t)v << 1) ^ (uint64_t)(v >> 63);
}

static int64_t unzigzag(uint64_t v)
{
    return (int64_t)((v >> 1) ^ (0 - (v & 1)));
}

struct str footprint_write(struct arena *a, const struct tuple *t, size_t n)
{
    struct buf b;
    buf_init(&b, a, 16 + n * (TUPLE_STRING_MAX + 16));
    if (buf_room(&b, 16 + n * 24) == NULL) {
        return (struct str){NULL, 0};
    }
    put_varint(&b, n);
    for (size_t i = 0; i < n; i++) {
        buf_char(&b, (char)t[i].kind);
        put_varint(&b, t[i].sp);
        switch ((enum tuple_kind)t[i].kind) {
        case TUPLE_TOKEN:
            buf_bytes(&b, &t[i].token.hash, 8);
            put_varint(&b, t[i].token.sys);
            break;
        case TUPLE_REF: put_varint(&b, zigzag(t[i].ref.rid)); break;
        case TUPLE_DATE:
            put_varint(&b, zigzag(t[i].date.lo_ms));
            put_varint(&b, (uint64_t)t[i].date.hi_ms - (uint64_t)t[i].date.lo_ms);
            break;
        case TUPLE_STRING:
            buf_char(&b, (char)t[i].string.n);
            buf_str(&b, t[i].string);
            break;
        case TUPLE_QUANTITY:
            buf_bytes(&b, &t[i].quantity.unit, 8);
            buf_bytes(&b, &t[i].quantity.value, 8);
            break;
        }
    }
    return buf_get(&b);
}

struct cursor {
    const char *p;
    const char *end;
    bool bad;
};

static void get_bytes(struct cursor *c, void *out, size_t n)
{
    if (c->bad || (size_t)(c->end - c->p) < n) {
        c->bad = true;
        return;
    }
    memcpy(out, c->p, n);
    c->p += n;
}

static uint64_t get_varint(struct cursor *c)
{
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = 0;
        get_bytes(c, &byte, 1);
        v |= (uint64_t)(byte & 0x7f) << shift;
        if ((byte & 0x80) == 0) {
            return v;
        }
    }
    c->bad = true;
    return 0;
}

static void get_tuple(struct cursor *c, struct tuple *t)
{
    uint8_t len = 0;
    get_bytes(c, &t->kind, 1);
    t->sp = (uint16_t)get_varint(c);
    switch (t->kind) {
    case TUPLE_TOKEN:
        get_bytes(c, &t->token.hash, 8);
        t->token.sys = (uint32_t)get_varint(c);
        break;
    case TUPLE_REF: t->ref.rid = unzigzag(get_varint(c)); break;
    case TUPLE_DATE:
        t->date.lo_ms = unzigzag(get_varint(c));
        t->date.hi_ms = (int64_t)((uint64_t)t->date.lo_ms + get_varint(c));
        break;
    case TUPLE_STRING:
        get_bytes(c, &len, 1);
        t->string = (struct str){c->p, len};
        if (c->bad || (size_t)(c->end - c->p) < len) {
            c->bad = true;
        } else {
            c->p += len;
        }
        break;
    case TUPLE_QUANTITY:
        get_bytes(c, &t->quantity.unit, 8);
        get_bytes(c, &t->quantity.value, 8);
        break;
    default: c->bad = true;
    }
}

bool footprint_read(struct arena *a, struct str bytes, struct tuple **ret_t, size_t *ret_n)
{
    struct cursor c = {.p = bytes.p, .end = bytes.p + bytes.n};
    if (bytes.n == 0) {
        *ret_t = NULL;
        *ret_n = 0;
        return true;
    }
    uint64_t n = get_varint(&c);
    if (c.bad || n > bytes.n) {
        return false;
    }
    struct tuple *t = ARENA_ARRAY(a, (size_t)n, struct tuple);
    if (t == NULL) {
        return false;
    }
    for (size_t i = 0; i < n && !c.bad; i++) {
        get_tuple(&c, &t[i]);
    }
    if (c.bad || c.p != c.end) {
        return false;
    }
    *ret_t = t;
    *ret_n = (size_t)n;
    return true;
}
