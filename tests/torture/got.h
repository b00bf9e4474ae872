/* torture/got.h - before each test of a build with -DFAULTS=ON: memory, a transaction or a connection that
 * the test itself asks for and does not get, since a call failed, ends it there in words. The program's own
 * callers have to look, and these names stand in no file of theirs. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "store/store.h"
#include "store/tx.h"

/* Did a call fail yet? (torture/fault.c) */
bool fault_struck(void);

static inline void *test_got(void *p, const char *file, int line)
{
    if (p == NULL && fault_struck()) {
        (void)fprintf(stderr, "%s:%d: not got\n", file, line);
        _Exit(1);
    }
    return p;
}

static inline struct str test_got_str(struct str s, const char *file, int line)
{
    (void)test_got((void *)(uintptr_t)s.p, file, line);
    return s;
}

#define arena_alloc(a, n) test_got(arena_alloc(a, n), __FILE__, __LINE__)
#define arena_alloc_raw(a, n) test_got(arena_alloc_raw(a, n), __FILE__, __LINE__)
#define arena_array(a, n, size) test_got(arena_array(a, n, size), __FILE__, __LINE__)
#define arena_cstr(a, ...) ((char *)test_got(arena_cstr(a, __VA_ARGS__), __FILE__, __LINE__))
#define arena_str(a, ...) test_got_str(arena_str(a, __VA_ARGS__), __FILE__, __LINE__)
#define buf_get(b) test_got_str(buf_get(b), __FILE__, __LINE__)
#define tx_new(rq) ((struct tx *)test_got(tx_new(rq), __FILE__, __LINE__))
#define store_db_open(s) ((struct db *)test_got(store_db_open(s), __FILE__, __LINE__))
