/* http/route.c - the route table as a tree of segments. See route.h. */
#include "http/route.h"

#include "codec/url.h"

const struct str http_method_names[HTTP_METHOD_COUNT] = {
    [GET] = SI("GET"),     [HEAD] = SI("HEAD"),     [POST] = SI("POST"),       [PUT] = SI("PUT"),
    [PATCH] = SI("PATCH"), [DELETE] = SI("DELETE"), [OPTIONS] = SI("OPTIONS"),
};

enum node_kind { NODE_TEXT, NODE_PARAM, NODE_REST };

struct node {
    struct str text; /* NODE_TEXT: the segment */
    enum node_kind kind;
    struct node *child; /* first: texts, then the parameter, then the rest */
    struct node *next;  /* sibling */
    const struct http_route *rows[HTTP_METHOD_COUNT];
    uint16_t index[HTTP_METHOD_COUNT];
    bool has_rows;
};

struct router {
    struct node root;
};

bool http_method_find(struct str name, enum http_method *ret_method)
{
    for (enum http_method m = GET; m < HTTP_METHOD_COUNT; m++) {
        if (str_eq(name, http_method_names[m])) {
            *ret_method = m;
            return true;
        }
    }
    return false;
}

static enum node_kind segment_kind(struct str seg)
{
    if (seg.n > 1 && seg.p[0] == ':') {
        return NODE_PARAM;
    }
    return seg.n > 1 && seg.p[0] == '*' ? NODE_REST : NODE_TEXT;
}

/* The child for one segment of a pattern, made when absent. */
static struct node *node_child(struct arena *a, struct node *parent, struct str seg)
{
    enum node_kind kind = segment_kind(seg);
    struct node **at = &parent->child;
    while (*at != NULL && (*at)->kind <= kind) {
        if ((*at)->kind == kind && (kind != NODE_TEXT || str_eq((*at)->text, seg))) {
            return *at;
        }
        at = &(*at)->next;
    }
    struct node *n = ARENA_NEW(a, struct node);
    ASSERT(n != NULL);
    *n = (struct node){.text = seg, .kind = kind, .next = *at};
    *at = n;
    return n;
}

const struct router *router_new(struct arena *a, const struct http_route *rows, size_t n)
{
    struct router *r = ARENA_NEW(a, struct router);
    ASSERT(r != NULL && n < UINT16_MAX);
    for (size_t i = 0; i < n; i++) {
        struct str rest = str_z(rows[i].path);
        struct node *at = &r->root;
        size_t depth = 0;
        size_t params = 0;
        struct str seg;
        ASSERT(rest.n > 0 && rest.p[0] == '/');
        rest = str_sub(rest, 1, rest.n);
        while (rest.n > 0 && str_cut(&rest, '/', &seg)) {
            ASSERT(seg.n > 0 && ++depth <= ROUTE_SEGS_MAX && at->kind != NODE_REST);
            at = node_child(a, at, seg);
            params += at->kind != NODE_TEXT;
            ASSERT(params <= ROUTE_PARAMS_MAX);
        }
        ASSERT(rows[i].method != HEAD && rows[i].method != OPTIONS);
        ASSERT(at->rows[rows[i].method] == NULL && rows[i].handler != NULL);
        at->rows[rows[i].method] = &rows[i];
        at->index[rows[i].method] = (uint16_t)i;
        at->has_rows = true;
    }
    return r;
}

static struct str rest_of_path(struct arena *a, const struct str *segs, size_t n)
{
    struct buf b;
    buf_init(&b, a, 4096);
    for (size_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_char(&b, '/');
        }
        buf_str(&b, segs[i]);
    }
    return buf_get(&b);
}

enum err router_find(const struct router *r, struct req *rq, struct str path,
                     struct route_hit *ret_hit)
{
    struct str segs[ROUTE_SEGS_MAX];
    struct str params[ROUTE_PARAMS_MAX] = {{0}};
    /* Where to go on when a branch ends: the sibling to try at each depth, and how many parameters
     * were taken before it. */
    const struct node *retry[ROUTE_SEGS_MAX];
    size_t taken[ROUTE_SEGS_MAX];
    size_t n;
    size_t depth = 0;
    size_t n_params = 0;
    enum err e = url_path_split(rq, path, ROUTE_SEGS_MAX, segs, &n);
    if (e != OK) {
        return e == E_TOO_LARGE ? FAIL(rq, E_NOT_FOUND, "path") : e;
    }
    const struct node *at = &r->root;
    const struct node *child = at->child;
    for (;;) {
        if (depth == n && at->has_rows) {
            break;
        }
        while (child != NULL && depth < n && child->kind == NODE_TEXT
               && !str_eq(child->text, segs[depth])) {
            child = child->next;
        }
        if (child == NULL || depth == n) {
            if (depth == 0) {
                return FAIL(rq, E_NOT_FOUND, "path");
            }
            depth--;
            child = retry[depth];
            n_params = taken[depth];
            at = child;
            if (child == NULL) {
                continue;
            }
        } else {
            retry[depth] = child->next;
            taken[depth] = n_params;
            if (child->kind != NODE_TEXT) {
                params[n_params++] = child->kind == NODE_PARAM
                                         ? segs[depth]
                                         : rest_of_path(rq->a, segs + depth, n - depth);
            }
            depth = child->kind == NODE_REST ? n : depth + 1;
            at = child;
            child = at->child;
        }
    }
    for (size_t m = 0; m < HTTP_METHOD_COUNT; m++) {
        ret_hit->rows[m] = at->rows[m];
        ret_hit->index[m] = at->index[m];
    }
    for (size_t i = 0; i < ROUTE_PARAMS_MAX; i++) {
        ret_hit->params[i] = params[i];
    }
    return OK;
}

struct str route_param(const struct http_route *row, const struct str *params, struct str name)
{
    struct str rest = str_z(row->path);
    struct str seg;
    size_t i = 0;
    while (rest.n > 0 && str_cut(&rest, '/', &seg)) {
        if (segment_kind(seg) == NODE_TEXT) {
            continue;
        }
        if (str_eq(str_sub(seg, 1, seg.n), name)) {
            return params[i];
        }
        i++;
    }
    return (struct str){NULL, 0};
}

void route_allow(const struct route_hit *hit, struct buf *b)
{
    for (enum http_method m = GET; m < HTTP_METHOD_COUNT; m++) {
        if (hit->rows[m] != NULL) {
            buf_str(b, http_method_names[m]);
            buf_str(b, m == GET ? S(", HEAD, ") : S(", "));
        }
    }
    buf_str(b, S("OPTIONS"));
}
