/* tests/conformance/suite.c - what the suites written in C share. See suite.h. */
#include "suite.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include <zlib.h>

enum { FILE_MAX = 64 << 20, CASE_MAX = 32 << 20, PATH_LEN = 1000 };

bool suite_read(struct req *rq, const char *dir, const char *name, struct str *ret_text)
{
    char path[PATH_LEN];
    int n = snprintf(path, sizeof path, "%s/%s", dir, name);
    gzFile f = n > 0 && n < PATH_LEN ? gzopen(path, "rb") : NULL; /* plain files too */
    if (f == NULL) {
        fprintf(stderr, "cannot read %s/%s\n", dir, name);
        return false;
    }
    struct buf b;
    buf_init(&b, rq->a, FILE_MAX);
    int got = 1;
    while (got > 0 && buf_ok(&b)) {
        char *room = buf_room(&b, 65536);
        got = room == NULL ? 0 : gzread(f, room, 65536);
        b.n += got > 0 ? (size_t)got : 0;
    }
    bool fine = got == 0 && buf_ok(&b);
    (void)gzclose(f);
    *ret_text = buf_get(&b);
    return fine;
}

bool suite_has(const char *dir, const char *file)
{
    char path[PATH_LEN];
    int n = snprintf(path, sizeof path, "%s/%s", dir, file);
    return n > 0 && n < PATH_LEN && access(path, R_OK) == 0;
}

int suite_lines(const char *dir, const char *file, suite_case_fn fn)
{
    struct req all;
    req_init(&all, FILE_MAX * 2, (struct instant){0});
    struct str rest;
    struct str line;
    bool fine = suite_read(&all, dir, file, &rest);
    while (fine && str_cut(&rest, '\n', &line)) {
        if (str_trim(line).n == 0) {
            continue;
        }
        struct req rq;
        req_init(&rq, CASE_MAX, (struct instant){0});
        struct json_doc doc;
        fine = json_parse(&rq, line, NULL, &doc) == OK;
        if (fine) {
            fn(&rq, json_root(&doc));
        } else {
            fprintf(stderr, "%s: a line is no JSON: %s\n", file, rq.err.detail);
        }
        req_done(&rq);
    }
    req_done(&all);
    return fine ? 0 : 1;
}

int suite_array(const char *dir, const char *file, suite_case_fn fn)
{
    struct req all;
    req_init(&all, FILE_MAX * 2, (struct instant){0});
    struct str text;
    struct json_doc doc;
    bool fine = suite_read(&all, dir, file, &text) && json_parse(&all, text, NULL, &doc) == OK;
    for (struct jv v = fine ? json_first(json_root(&doc)) : (struct jv){0}; json_has(v);
         v = json_next(v)) {
        struct req rq;
        req_init(&rq, CASE_MAX, (struct instant){0});
        fn(&rq, v);
        req_done(&rq);
    }
    req_done(&all);
    return fine ? 0 : 1;
}

struct str suite_text(struct req *rq, struct jv row, struct str key)
{
    struct str s = json_str(rq->a, json_get(row, key));
    return s.p == NULL ? S("") : s;
}

void suite_ok(struct str name)
{
    printf("ok %.*s\n", STR_ARG(name));
}

void suite_fail(struct str name, const char *why, ...)
{
    va_list args;
    va_start(args, why);
    printf("FAIL %.*s: ", STR_ARG(name));
    vprintf(why, args);
    printf("\n");
    va_end(args);
}

void suite_left(struct str name, const char *why)
{
    printf("left %.*s: %s\n", STR_ARG(name), why);
}
