/* base/err.h - one list of failures, and the record of the first one of a request. */
#pragma once

#include "base/str.h"

enum err {
#define X(name, http, issue, text) name,
#include "base/err.def"
#undef X
    ERR_COUNT
};

/* What is known of a failure, written once, at its origin. No allocation, so reporting a failure
 * cannot fail. The detail names a place (element path, id, number), never a patient's text. */
struct err_rec {
    enum err code;
    const char *file;
    int line;
    char detail[240]; /* NUL-terminated, for people who read the answer: where, not what */
};

struct req;

/* Notes a failure in the request's record (the first one wins) and gives code back. */
enum err err_set(struct req *rq, enum err code, const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
/* A caller that handled a failure forgets it; E_TOO_LARGE forgives the arena (base/arena.h). */
void err_clear(struct req *rq);
/* As err_clear(), of a failure that is an answer: "this cannot be read". Memory that was short and what the
 * machine did not do answer nothing: they stay in the record, and false is given. */
bool err_answers(struct req *rq);

const char *err_name(enum err code);  /* "E_STALE" */
unsigned err_http(enum err code);     /* 412 */
const char *err_issue(enum err code); /* "conflict", FHIR R4 ValueSet issue-type */
const char *err_text(enum err code);  /* English msgid of the text for people */

#define FAIL(rq, code, ...) err_set((rq), (code), __FILE__, __LINE__, __VA_ARGS__)
#define TRY(expr)               \
    do {                        \
        enum err try_ = (expr); \
        if (try_ != OK) {       \
            return try_;        \
        }                       \
    } while (0)
/* For arena results: NULL means the request outgrew its cap. */
#define TRY_MEM(rq, p)                                     \
    do {                                                   \
        if ((p) == NULL) {                                 \
            return FAIL((rq), E_TOO_LARGE, "memory cap");  \
        }                                                  \
    } while (0)

/* Our own mistakes end the process: a wrong clinical record is worse than a restart. Input never
 * reaches an assert. */
NORETURN void assert_failed(const char *file, int line, const char *what);
#define ASSERT(x) ((x) ? (void)0 : assert_failed(__FILE__, __LINE__, #x))
