/* base/str.h - text slices: a pointer and a length, never NUL-terminated, never owning. */
#pragma once

#include "base/attr.h"

struct str {
    const char *p; /* first byte; may be NULL when n is 0 */
    size_t n;      /* bytes */
};

/* A slice of a string literal. */
#define S(lit) ((struct str){"" lit, sizeof(lit) - 1})
/* For static tables, where a compound literal is not a constant. */
#define SI(lit) {"" lit, sizeof(lit) - 1}
/* Arguments for a "%.*s" in messages to the operator. */
#define STR_ARG(s) (int)(s).n, (s).p

/* A slice over a C string; an empty slice for NULL. borrows z. */
struct str str_z(const char *z);
/* s, or the empty text when there is none (p NULL). */
struct str str_or_empty(struct str s);
bool str_eq(struct str a, struct str b);
/* ASCII letters compare without case; all other bytes exactly. */
bool str_eq_nocase(struct str a, struct str b);
/* Order by bytes, shorter first: < 0, 0, > 0. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
/* Offset of the first c, or s.n. */
size_t str_find_char(struct str s, char c);
/* Offset of the first needle, or s.n. An empty needle is found at 0. */
size_t str_find(struct str s, struct str needle);
/* s[from .. from+n), clipped to s. */
struct str str_sub(struct str s, size_t from, size_t n);
/* Without leading and trailing space, tab, CR and LF. */
struct str str_trim(struct str s);
/* Cuts *rest at the first sep: gives what stands before it, and *rest becomes what follows.
 * Without sep the whole is given and *rest becomes empty with p NULL. False at the end (p NULL). */
bool str_cut(struct str *rest, char sep, struct str *ret_head);
/* Decimal digits only, the whole slice, no sign for u64, no overflow; false otherwise. */
MUST_USE bool str_u64(struct str s, uint64_t *ret_v);
MUST_USE bool str_i64(struct str s, int64_t *ret_v);
/* Whole slice of hex digits, two per byte, exactly n bytes; false otherwise. */
MUST_USE bool str_unhex(struct str s, uint8_t *out, size_t n);
/* FNV-1a, 32 bits: for tables in memory only, never for stored keys. */
uint32_t str_hash(struct str s);
