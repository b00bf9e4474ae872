/* base/arena_testing.h - one arena for a whole group of tests: cmocka_run_group_tests(tests, setup,
 * teardown). Include from *_test.c only. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"

static struct arena *a;

static int setup(void **state)
{
    (void)state;
    a = arena_new(1 << 20);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(a);
    return 0;
}
