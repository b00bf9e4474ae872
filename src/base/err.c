/* base/err.c - the list of failures. See err.h. */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/req.h"

static const struct {
    const char *name;
    unsigned http;
    const char *issue;
    const char *text;
} rows[] = {
#define X(name, http, issue, text) {#name, http, issue, text},
#include "base/err.def"
#undef X
};

enum err err_set(struct req *rq, enum err code, const char *file, int line, const char *fmt, ...)
{
    if (rq == NULL || rq->err.code != OK) {
        return code;
    }
    rq->err.code = code;
    rq->err.file = file;
    rq->err.line = line;
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(rq->err.detail, sizeof(rq->err.detail), fmt, ap);
    va_end(ap);
    if (n < 0) {
        rq->err.detail[0] = 0;
    }
    return code;
}

void err_clear(struct req *rq)
{
    if (rq->err.code == E_TOO_LARGE && rq->a != NULL) {
        arena_forgive(rq->a);
    }
    rq->err = (struct err_rec){.code = OK};
}

bool err_answers(struct req *rq)
{
    bool answers = rows[rq->err.code].http < 500 && (rq->a == NULL || arena_whole(rq->a));
    if (answers) {
        err_clear(rq);
    }
    return answers;
}

const char *err_name(enum err code)
{
    return rows[code < ERR_COUNT ? code : E_INTERNAL].name;
}

unsigned err_http(enum err code)
{
    return rows[code < ERR_COUNT ? code : E_INTERNAL].http;
}

const char *err_issue(enum err code)
{
    return rows[code < ERR_COUNT ? code : E_INTERNAL].issue;
}

const char *err_text(enum err code)
{
    return rows[code < ERR_COUNT ? code : E_INTERNAL].text;
}

void assert_failed(const char *file, int line, const char *what)
{
    fprintf(stderr, "consilium: %s:%d: broken rule of our own: %s\n", file, line, what);
    abort();
}
