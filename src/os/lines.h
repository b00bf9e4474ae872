/* os/lines.h - a file of lines, read forward from any place in memory bounded by its longest line. */
#pragma once

#include "base/req.h"

struct os_lines {
    int fd;
    uint64_t at;   /* place in the file of the next byte to be given */
    char *p;       /* bytes read and not yet given: p[used..n) */
    size_t used;
    size_t n;
    size_t size;
    size_t line_max;
    bool end;      /* the file has no more */
};

/* Opens path at the byte from. End with os_lines_close().
 * errors  E_NOT_FOUND, E_IO */
MUST_USE enum err os_lines_open(struct req *rq, const char *path, uint64_t from, size_t line_max,
                                struct os_lines *ret_lines);
/* The same of an open file, which is taken. */
void os_lines_of(int fd, uint64_t from, size_t line_max, struct os_lines *ret_lines);
/* Goes to another place. */
void os_lines_seek(struct os_lines *l, uint64_t at);
/* The next line without its LF or CRLF; the last may have none. *ret_has false: the end. borrows l
 * until the next call. l->at is then the place after the line.
 * errors  E_TOO_LARGE  longer than line_max; E_IO */
MUST_USE enum err os_lines_next(struct req *rq, struct os_lines *l, struct str *ret_line,
                                bool *ret_has);
/* A closed or zeroed one is allowed. */
void os_lines_close(struct os_lines *l);
