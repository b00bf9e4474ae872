/* base/buf.h - a byte builder in an arena: append freely, check once at the end.
 *
 * It has a cap and sticks on the first failure: later appends do nothing and buf_ok() is false.
 */
#pragma once

#include "base/arena.h"

struct buf {
    struct arena *a; /* where the bytes live */
    char *p;
    size_t n;     /* bytes written */
    size_t size;  /* bytes allocated */
    size_t cap;   /* most bytes allowed */
    bool failed;  /* an append did not fit */
};

void buf_init(struct buf *b, struct arena *a, size_t cap);
void buf_str(struct buf *b, struct str s);
void buf_bytes(struct buf *b, const void *p, size_t n);
void buf_char(struct buf *b, char c);
void buf_u64(struct buf *b, uint64_t v);
void buf_i64(struct buf *b, int64_t v);
/* Decimal with at least width digits, zeros in front. */
void buf_u64_pad(struct buf *b, uint64_t v, unsigned width);
/* Two lower case hex digits a byte. */
void buf_hex(struct buf *b, const uint8_t *p, size_t n);
#define BUF_LIT(b, lit) buf_bytes((b), "" lit, sizeof(lit) - 1)
/* Room for n more bytes at b->p + b->n; the caller writes them and adds to b->n. NULL if not. */
char *buf_room(struct buf *b, size_t n);
/* Forgets everything after the first n bytes. */
void buf_truncate(struct buf *b, size_t n);
static inline bool buf_ok(const struct buf *b)
{
    return !b->failed;
}
/* What was written; empty when failed. borrows b's arena. */
struct str buf_get(const struct buf *b);
