/* os/clock.h - the time of day and a clock for durations. Nothing else reads the system's clocks. */
#pragma once

#include "base/instant.h"

/* The time of day, UTC. */
struct instant os_now(void);
/* Microseconds of a clock that never goes back; only differences mean something. */
uint64_t os_ticks_us(void);
/* Sleeps about that long; a signal may end it early. */
void os_sleep_ms(uint32_t ms);
