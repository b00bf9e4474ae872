/* base/arena.h - memory of one request or job: many allocations, one end.
 *
 * An arena has a cap; past it allocation gives NULL and the caller reports E_TOO_LARGE, so that
 * running out of memory is reached by large input in ordinary tests. Not shared between threads.
 */
#pragma once

#include "base/str.h"

struct arena;
struct arena_block;
typedef void (*arena_end_fn)(void *p);

struct arena_mark {
    struct arena_block *block; /* the block in use at the mark */
    size_t used;               /* bytes used in it */
};

/* gives a new arena that may hold cap bytes in all. Ends the process when the system has no
 * memory for its first block. */
struct arena *arena_new(size_t cap);
/* Runs the deferred calls, last first, and frees everything. NULL is allowed. */
void arena_free(struct arena *a);
/* As arena_free and arena_new with the same cap, but keeps the first block for the next use. */
void arena_reset(struct arena *a);
/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);
/* False once memory was asked for and not there, whether or not whoever asked looked: what was made
 * since may lack something, and is neither written nor answered. A caller that did without it says so
 * with arena_forgive(); err_clear() does it for whole failures. */
bool arena_whole(const struct arena *a);
void arena_forgive(struct arena *a);
/* Changes the cap, for example once the route of a request is known. */
void arena_set_cap(struct arena *a, size_t cap);

/* n zeroed bytes, aligned to 16; NULL past the cap. n == 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t n);
/* As arena_alloc without zeroing. */
void *arena_alloc_raw(struct arena *a, size_t n);
/* Zeroed array of n elements of size bytes; NULL past the cap or on overflow. */
void *arena_array(struct arena *a, size_t n, size_t size);
#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, n, type) ((type *)arena_array((a), (n), sizeof(type)))
/* A copy of s; p is NULL when it does not fit. */
struct str arena_str(struct arena *a, struct str s);
/* A NUL-terminated copy; NULL when it does not fit or s holds a NUL byte. */
char *arena_cstr(struct arena *a, struct str s);
/* Calls fn(p) at reset or free, last deferred first. False past the cap: then fn was not kept. */
MUST_USE bool arena_defer(struct arena *a, arena_end_fn fn, void *p);

/* Scratch: what was allocated after the mark is given back, and what was deferred after it is
 * called, the last first. */
struct arena_mark arena_mark(const struct arena *a);
void arena_back(struct arena *a, struct arena_mark m);
