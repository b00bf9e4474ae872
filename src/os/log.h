/* os/log.h - one line on stderr per event, without any text made at run time.
 *
 * logfmt: ts=2026-11-22T03:24:05.123Z level=info event=start port=8080 took_ms=41
 * Events are rows of os/log.def; a value's kind must be the one its row names (asserted).
 */
#pragma once

#include "base/req.h"

enum log_level { LOG_INFO, LOG_WARN, LOG_ALARM };

enum log_id {
#define X(id, level, event, fields) id,
#include "os/log.def"
#undef X
    LOG_COUNT
};

enum log_kind { LOG_U64, LOG_I64, LOG_MS, LOG_ERR, LOG_IP, LOG_WHERE, LOG_NAME };

struct log_val {
    enum log_kind kind;
    union {
        uint64_t u64;          /* LOG_U64 */
        int64_t i64;           /* LOG_I64, LOG_MS */
        enum err err;          /* LOG_ERR */
        const char *ip;        /* LOG_IP: struct req.peer; only [0-9a-fA-F.:] is written */
        const struct err_rec *where; /* LOG_WHERE: file and line, never the detail */
        const char *name;            /* LOG_NAME: a literal of a table, never made at run time */
    };
};

static inline struct log_val log_u64(uint64_t v)
{
    return (struct log_val){.kind = LOG_U64, .u64 = v};
}
static inline struct log_val log_i64(int64_t v)
{
    return (struct log_val){.kind = LOG_I64, .i64 = v};
}
static inline struct log_val log_ms(int64_t v)
{
    return (struct log_val){.kind = LOG_MS, .i64 = v};
}
static inline struct log_val log_err(enum err v)
{
    return (struct log_val){.kind = LOG_ERR, .err = v};
}
static inline struct log_val log_ip(const char *peer)
{
    return (struct log_val){.kind = LOG_IP, .ip = peer};
}
static inline struct log_val log_where(const struct err_rec *rec)
{
    return (struct log_val){.kind = LOG_WHERE, .where = rec};
}

/* A name out of a const table: the pattern of a route, a method. */
static inline struct log_val log_name(const char *literal)
{
    return (struct log_val){.kind = LOG_NAME, .name = literal};
}

/* Writes the event with its n values, in the order of its row. Never fails, never waits on locks.
 * thread   any */
void log_event(enum log_id id, const struct log_val *vals, size_t n);
/* LOG(LOG_START, log_u64(port), log_ms(took)) */
#define LOG(id, ...)                                                     \
    log_event((id), (const struct log_val[]){__VA_ARGS__},               \
              sizeof((const struct log_val[]){__VA_ARGS__}) / sizeof(struct log_val))
