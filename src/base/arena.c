/* base/arena.c - memory of one request or job. See arena.h. */
#include "base/arena.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { FIRST_BLOCK = 16 * 1024, ALIGN = 16 };

struct arena_block {
    struct arena_block *prev;
    size_t size; /* usable bytes */
    size_t used;
    _Alignas(ALIGN) char data[];
};

struct deferred {
    struct deferred *prev;
    arena_end_fn fn;
    void *p;
};

struct arena {
    struct arena_block *top;
    struct deferred *last;
    size_t cap;
    size_t used;
    bool refused; /* memory that was asked for */
};

static struct arena_block *block_new(size_t size)
{
    struct arena_block *b = malloc(sizeof(*b) + size);
    if (b != NULL) {
        *b = (struct arena_block){.size = size};
    }
    return b;
}

struct arena *arena_new(size_t cap)
{
    struct arena *a = calloc(1, sizeof(*a));
    if (a == NULL || (a->top = block_new(FIRST_BLOCK)) == NULL) {
        abort();
    }
    a->cap = cap;
    return a;
}

static void run_deferred(struct arena *a)
{
    while (a->last != NULL) {
        struct deferred *d = a->last;
        a->last = d->prev;
        d->fn(d->p);
    }
}

void arena_free(struct arena *a)
{
    if (a == NULL) {
        return;
    }
    run_deferred(a);
    for (struct arena_block *b = a->top; b != NULL;) {
        struct arena_block *prev = b->prev;
        free(b);
        b = prev;
    }
    free(a);
}

void arena_reset(struct arena *a)
{
    run_deferred(a);
    while (a->top->prev != NULL) {
        struct arena_block *prev = a->top->prev;
        free(a->top);
        a->top = prev;
    }
    a->top->used = 0;
    a->used = 0;
    a->refused = false;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

bool arena_whole(const struct arena *a)
{
    return !a->refused;
}

void arena_forgive(struct arena *a)
{
    a->refused = false;
}

void arena_set_cap(struct arena *a, size_t cap)
{
    a->cap = cap;
}

static void *take(struct arena *a, size_t n)
{
    if (n > SIZE_MAX - ALIGN || fault_here(FAULT_MEMORY)) {
        return NULL;
    }
    size_t need = (n + (ALIGN - 1)) & ~(size_t)(ALIGN - 1);
    if (need == 0) {
        need = ALIGN;
    }
    if (a->used > a->cap || need > a->cap - a->used) {
        return NULL;
    }
    if (need > a->top->size - a->top->used) {
        size_t size = a->top->size * 2;
        size = size > 1024 * 1024 ? 1024 * 1024 : size;
        struct arena_block *b = block_new(MAX(size, need));
        if (b == NULL) {
            return NULL;
        }
        b->prev = a->top;
        a->top = b;
    }
    void *p = a->top->data + a->top->used;
    a->top->used += need;
    a->used += need;
    return p;
}

void *arena_alloc_raw(struct arena *a, size_t n)
{
    void *p = take(a, n);
    a->refused = a->refused || p == NULL;
    return p;
}

void *arena_alloc(struct arena *a, size_t n)
{
    void *p = arena_alloc_raw(a, n);
    if (p != NULL) {
        memset(p, 0, n);
    }
    return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        a->refused = true;
        return NULL;
    }
    return arena_alloc(a, n * size);
}

struct str arena_str(struct arena *a, struct str s)
{
    char *p = arena_alloc_raw(a, s.n);
    if (p == NULL) {
        return (struct str){NULL, 0};
    }
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    return (struct str){p, s.n};
}

char *arena_cstr(struct arena *a, struct str s)
{
    if (s.n > 0 && memchr(s.p, 0, s.n) != NULL) {
        return NULL;
    }
    char *p = arena_alloc_raw(a, s.n + 1);
    if (p == NULL) {
        return NULL;
    }
    if (s.n > 0) {
        memcpy(p, s.p, s.n);
    }
    p[s.n] = 0;
    return p;
}

bool arena_defer(struct arena *a, arena_end_fn fn, void *p)
{
    struct deferred *d = arena_alloc(a, sizeof(*d));
    if (d == NULL) {
        return false;
    }
    *d = (struct deferred){.prev = a->last, .fn = fn, .p = p};
    a->last = d;
    return true;
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){.block = a->top, .used = a->top->used};
}

/* Whether a place in the arena was allocated after the mark. */
static bool is_after(const struct arena *a, const void *place, struct arena_mark m)
{
    uintptr_t at = (uintptr_t)place;
    for (const struct arena_block *b = a->top; b != m.block; b = b->prev) {
        if (at >= (uintptr_t)b->data && at < (uintptr_t)b->data + b->size) {
            return true;
        }
    }
    return at >= (uintptr_t)m.block->data + m.used
           && at < (uintptr_t)m.block->data + m.block->size;
}

void arena_back(struct arena *a, struct arena_mark m)
{
    /* The newest are the first; their own records go with the memory. */
    while (a->last != NULL && is_after(a, a->last, m)) {
        struct deferred *d = a->last;
        a->last = d->prev;
        d->fn(d->p);
    }
    while (a->top != m.block) {
        struct arena_block *prev = a->top->prev;
        a->used -= a->top->used;
        free(a->top);
        a->top = prev;
    }
    a->used -= a->top->used - m.used;
    a->top->used = m.used;
}
