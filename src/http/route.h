/* http/route.h - finds the row for a path: the const table compiled into a tree of segments. */
#pragma once

#include "http/http.h"

struct router;

enum { ROUTE_SEGS_MAX = 16, ROUTE_PARAMS_MAX = 8 };

/* What a path leads to. */
struct route_hit {
    const struct http_route *rows[HTTP_METHOD_COUNT]; /* by method; NULL: no such row */
    uint16_t index[HTTP_METHOD_COUNT];                /* of those rows in the table */
    struct str params[ROUTE_PARAMS_MAX];              /* decoded, in the order of the pattern */
};

/* Compiles the table into a. Two rows for the same method and pattern, a malformed pattern, or too
 * many segments end the process: the table is ours. borrows rows for ever. */
const struct router *router_new(struct arena *a, const struct http_route *rows, size_t n);
/* Decodes path and looks it up. A literal segment goes before a parameter.
 * errors E_BAD_INPUT  the path is malformed; E_NOT_FOUND  no row has such a path */
MUST_USE enum err router_find(const struct router *r, struct req *rq, struct str path,
                              struct route_hit *ret_hit);
/* The value that goes with ":name" of this row; p NULL when it has no such parameter. */
struct str route_param(const struct http_route *row, const struct str *params, struct str name);
/* "GET, HEAD, POST" for the Allow field. */
void route_allow(const struct route_hit *hit, struct buf *b);
extern const struct str http_method_names[HTTP_METHOD_COUNT];
/* Which method this is; false for one we do not know. */
bool http_method_find(struct str name, enum http_method *ret_method);
