/* dicom/pixels_testing.h - the request the tests of pixels and pictures run in. */
#pragma once

#include "base/req.h"

static struct req rq;

static int setup(void **state)
{
    (void)state;
    rq = (struct req){.a = arena_new(16 << 20)};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_free(rq.a);
    return 0;
}
