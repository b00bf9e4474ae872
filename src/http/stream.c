/* http/stream.c - bodies that go through in windows, on the pool. */
#include "http/http_int.h"

enum err http_stream(struct http_req *h, const struct http_sink *sink)
{
    struct call *c = call_of(h);
    if (gate_needs_token(c) && http_header(h, "X-CSRF-Token").p == NULL && c->form_stream == NULL) {
        return FAIL(&h->rq, E_FORBIDDEN, "form token");
    }
    c->sink = sink;
    return OK;
}

static void begin(struct call *c)
{
    enum err e = c->h.route->handler(&c->h);
    if (e == OK && c->sink == NULL && c->reply.status == 0) {
        e = FAIL(&c->h.rq, E_INTERNAL, "no sink");
    }
    if (e != OK) {
        c->sink = NULL;
        call_render(c, e);
    } else if (c->reply.status != 0) {
        c->sink = NULL;
    }
    c->sink_begun = c->sink != NULL;
}

static enum err pass_window(struct call *c)
{
    struct str bytes = {c->window, c->window_n};
    c->window_n = 0;
    return bytes.n > 0 ? c->sink->chunk(&c->h, bytes) : OK;
}

static void give_up(struct call *c, enum err e)
{
    c->sink_begun = false;
    call_render(c, e);
}

void stream_task(struct call *c)
{
    enum task task = c->task;
    enum err e = OK;
    switch (task) {
    case TASK_BEGIN: begin(c); break;
    case TASK_CHUNK:
    case TASK_END:
        e = pass_window(c);
        if (e != OK) {
            give_up(c, e);
        } else if (task == TASK_END) {
            c->sink_begun = false;
            call_run(c, c->sink->end);
        }
        break;
    case TASK_BROKEN:
        e = pass_window(c);
        if (e == OK && c->sink->broken != NULL) {
            c->sink->broken(&c->h);
        }
        break;
    case TASK_NONE:
    case TASK_COMMIT:
    case TASK_AUDIT:
    case TASK_RUN: break;
    }
    c->task = task;
}
