/* base/must_testing.h - a call of a test that must not fail. Include from *_test.c only, after cmocka.h. */
#pragma once

#include "base/err.h"

/* Runs call; a failure ends the test with its name, place and detail as rq recorded them. */
#define MUST(rq, call)                                                              \
    do {                                                                            \
        enum err must_ = (call);                                                    \
        if (must_ != OK) {                                                          \
            fail_msg("%s: %s at %s:%d: %s", #call, err_name(must_), (rq)->err.file, \
                     (rq)->err.line, (rq)->err.detail);                             \
        }                                                                           \
    } while (0)
