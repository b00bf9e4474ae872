/* store/pragma_int.h - how connections are set up, for store/conn.c. */
#pragma once

extern const char pragmas_write[];
extern const char pragmas_read[];
