/* http/within.c - a request inside a request: an entry of a batch is answered by the row that would answer it
 * alone, for the same caller, with the same header fields. */
#include "http/http_int.h"

static enum err row_find(struct http_req *h, enum http_method method, struct str path,
                         struct route_hit *hit, const struct http_route **ret_row)
{
    TRY(router_find(call_of(h)->w->s->router, &h->rq, path, hit));
    *ret_row = hit->rows[method];
    return *ret_row != NULL ? OK : FAIL(&h->rq, E_METHOD, "method");
}

enum err http_within_row(struct http_req *h, enum http_method method, struct str path,
                         const struct http_route **ret_row)
{
    struct route_hit hit;
    return row_find(h, method, path, &hit, ret_row);
}

enum err http_within(struct http_req *h, const struct http_inner *in, unsigned *ret_status,
                     struct str *ret_body)
{
    struct call *c = call_of(h);
    struct call kept = *c;
    struct route_hit hit;
    const struct http_route *row;
    TRY(row_find(h, in->method, in->path, &hit, &row));
    union { /* the handler only reads it */
        const char *p;
        char *body;
    } u = {.p = in->body.p};
    c->hit = hit;
    c->query_done = false;
    c->body = u.body;
    c->body_n = in->body.n;
    c->reply = (struct reply){.fd = -1};
    c->task = TASK_NONE;
    h->route = row;
    h->method = in->method;
    h->path = in->path;
    h->query = in->query;
    enum err e = row->handler(h);
    if (e == OK && (c->task != TASK_NONE || c->reply.status == 0 || c->reply.is_file)) {
        e = FAIL(&h->rq, E_INTERNAL, "a row that does not answer at once");
    }
    *ret_status = c->reply.status;
    *ret_body = c->reply.body;
    reply_reset(c);
    c->hit = kept.hit;
    c->query_done = kept.query_done;
    c->query = kept.query;
    c->body = kept.body;
    c->body_n = kept.body_n;
    c->reply = kept.reply;
    c->task = kept.task;
    c->next = kept.next;
    c->tx = kept.tx;
    h->route = kept.h.route;
    h->method = kept.h.method;
    h->path = kept.h.path;
    h->query = kept.h.query;
    h->on_fail = kept.h.on_fail;
    h->page_ctx = kept.h.page_ctx;
    return e;
}
