/* os/wait_testing.h - a test waits for what another thread does. For *_test.c only, after cmocka.h. */
#pragma once

#include "os/clock.h"

/* Looks until what holds; a test where it does not hold within 20 seconds fails with its text. */
#define WAIT_FOR(what)                                                         \
    do {                                                                       \
        uint64_t wait_end_ = os_ticks_us() + UINT64_C(20000000);               \
        while (!(what)) {                                                      \
            if (os_ticks_us() > wait_end_) {                                   \
                fail_msg("%s: not within 20 s", #what);                        \
            }                                                                  \
            os_sleep_ms(2);                                                    \
        }                                                                      \
    } while (0)
