/* base/attr.h - the few compiler extensions we allow ourselves, and the macros built on them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Runs fn(&variable) when the variable goes out of scope. */
#define CLEANUP(fn) __attribute__((cleanup(fn)))
/* The result must be looked at: every function that can fail carries this. */
#define MUST_USE __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt_at, args_at) __attribute__((format(printf, fmt_at, args_at)))
#define NORETURN __attribute__((noreturn))
#define UNUSED __attribute__((unused))

/* Number of elements of an array. */
#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* Hands a pointer over: the variable is NULL afterwards. */
#define TAKE(p)                    \
    __extension__({                \
        __typeof__(p) take_ = (p); \
        (p) = NULL;                \
        take_;                     \
    })

#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
