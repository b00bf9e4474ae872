/* codec/decimal_testing.h - decimals from their text, and an arena. Include from *_test.c only. */
#pragma once

#include "base/arena_testing.h"
#include "codec/decimal.h"

static struct decimal dec(const char *z)
{
    struct decimal d = {0};
    assert_true(decimal_parse(str_z(z), &d));
    return d;
}
