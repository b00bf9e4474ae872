/* os/lines.c - a file of lines. See lines.h. */
#include "os/lines.h"

#include <string.h>

#include "os/file.h"
#include "os/thread.h"

enum { FIRST_SIZE = 256 * 1024 };

enum err os_lines_open(struct req *rq, const char *path, uint64_t from, size_t line_max,
                       struct os_lines *ret_lines)
{
    int fd = -1;
    TRY(os_open_read(rq, path, &fd));
    os_lines_of(fd, from, line_max, ret_lines);
    return OK;
}

void os_lines_of(int fd, uint64_t from, size_t line_max, struct os_lines *ret_lines)
{
    *ret_lines = (struct os_lines){.fd = fd,
                                   .at = from,
                                   .p = os_alloc(FIRST_SIZE, 1),
                                   .size = FIRST_SIZE,
                                   .line_max = line_max};
}

void os_lines_seek(struct os_lines *l, uint64_t at)
{
    l->at = at;
    l->used = 0;
    l->n = 0;
    l->end = false;
}

static enum err too_long(struct req *rq)
{
    return FAIL(rq, E_TOO_LARGE, "a line is longer than allowed");
}

/* Reads on: what is left moves to the front, and the room grows when it is full. */
static enum err more(struct req *rq, struct os_lines *l)
{
    size_t left = l->n - l->used;
    size_t got = 0;
    memmove(l->p, l->p + l->used, left);
    l->used = 0;
    l->n = left;
    if (left == l->size) {
        if (l->size > l->line_max) {
            return too_long(rq);
        }
        size_t size = MIN(l->size * 2, l->line_max + 1);
        char *p = os_alloc(size, 1);
        memcpy(p, l->p, left);
        os_free(l->p);
        l->p = p;
        l->size = size;
    }
    TRY(os_read_at(rq, l->fd, l->at + left, l->p + left, l->size - left, &got));
    l->n += got;
    l->end = got == 0;
    return OK;
}

enum err os_lines_next(struct req *rq, struct os_lines *l, struct str *ret_line, bool *ret_has)
{
    size_t seen = 0; /* bytes known to hold no end of line */
    for (;;) {
        char *from = l->p + l->used;
        size_t n = l->n - l->used;
        char *nl = n > seen ? memchr(from + seen, '\n', n - seen) : NULL;
        if (nl != NULL || (l->end && n > 0)) {
            size_t len = nl != NULL ? (size_t)(nl - from) : n;
            size_t step = nl != NULL ? len + 1 : len;
            if (len > l->line_max) {
                return too_long(rq);
            }
            *ret_line = (struct str){from, len > 0 && from[len - 1] == '\r' ? len - 1 : len};
            *ret_has = true;
            l->used += step;
            l->at += step;
            return OK;
        }
        if (l->end) {
            *ret_has = false;
            return OK;
        }
        seen = n;
        TRY(more(rq, l));
    }
}

void os_lines_close(struct os_lines *l)
{
    if (l->p != NULL) {
        os_close(l->fd);
        os_free(l->p);
    }
    *l = (struct os_lines){.fd = -1};
}
