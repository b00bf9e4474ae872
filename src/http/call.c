/* http/call.c - one request from its line to its end.
 *
 * libmicrohttpd calls call_step() when the head is there, for each piece of body, when the body is
 * complete, and again after the connection was woken. The call's phase says where it stands. While
 * a call is suspended (PHASE_WAIT) the writer or the pool owns it and the I/O thread keeps off.
 */
#include <inttypes.h>
#include <string.h>

#include "http/http_int.h"
#include "os/clock.h"
#include "os/log.h"

enum { LARGE_REQUEST = 32 * 1024 * 1024 }; /* bytes of memory */

static enum MHD_Result call_settle(struct call *c);

/* ---- making and ending ---- */

/* Keeps an emptied call for the next request. */
static void call_keep(struct call *c)
{
    c->next_call = c->w->free_calls;
    c->w->free_calls = c;
}

static void take_back_returned(struct worker *w)
{
    os_lock(&w->lock);
    struct call *c = w->returned;
    w->returned = NULL;
    os_unlock(&w->lock);
    while (c != NULL) {
        struct call *next = c->next_call;
        call_keep(c);
        c = next;
    }
}

/* NULL when there is no memory for one more. */
static struct call *call_take(struct worker *w)
{
    if (w->free_calls == NULL) {
        take_back_returned(w);
    }
    struct call *c = w->free_calls;
    if (c != NULL) {
        w->free_calls = c->next_call;
        return c;
    }
    c = ARENA_NEW(w->a, struct call);
    if (c == NULL) {
        return NULL;
    }
    c->h.rq.a = arena_new(1024 * 1024);
    c->next_made = w->made;
    w->made = c;
    return c;
}

/* Clears what the last request left. The bulk (reply fields, params) is not cleared: counters and
 * flags say what is valid. */
static void call_clear(struct call *c)
{
    struct arena *a = c->h.rq.a;
    memset(&c->h, 0, sizeof(c->h));
    c->h.rq.a = a;
    c->phase = PHASE_HEAD;
    c->task = TASK_NONE;
    c->err = c->late = OK;
    c->on_pool = c->audited = c->changed = c->fail_rendered = c->has_hit = c->query_done = false;
    c->close_after = c->gone = c->sink_begun = c->suspended = c->hang_up = false;
    c->next = NULL;
    c->tx = NULL;
    c->form = (struct body_form){0};
    c->body = NULL;
    c->body_n = c->body_cap = 0;
    c->body_size = c->body_seen = c->body_max = c->budget = 0;
    c->sink = NULL;
    c->form_stream = NULL;
    c->window = NULL;
    c->window_n = 0;
    c->sent_bytes = c->heard_us = c->ready_us = 0;
    c->reply.status = 0;
    reply_reset(c);
}

void *call_new(struct worker *w, struct MHD_Connection *conn, struct sock *sock, const char *uri)
{
    struct call *c = call_take(w);
    if (c == NULL) {
        return NULL;
    }
    call_clear(c);
    c->w = w;
    c->conn = conn;
    c->sock = sock;
    c->start_us = os_ticks_us();
    struct req *rq = &c->h.rq;
    rq->app = w->s->o.app;
    rq->db = w->db;
    rq->now = os_now();
    rq->id = ++w->next_id * 16 + w->index;
    memcpy(rq->peer, sock->peer, sizeof(rq->peer));
    struct str target = arena_str(rq->a, str_z(uri));
    url_target_split(target, &c->h.path, &c->h.query);
    atomic_fetch_add_explicit(&w->active, 1, memory_order_relaxed);
    return c;
}

void call_empty(struct call *c)
{
    bool large = arena_used(c->h.rq.a) > LARGE_REQUEST;
    reply_reset(c);
    arena_reset(c->h.rq.a);
    if (large) { /* each thread would keep what its largest requests took */
        os_give_back();
    }
    arena_set_cap(c->h.rq.a, 1024 * 1024);
    if (c->budget > 0) {
        atomic_fetch_sub(&c->w->s->bodies, c->budget);
        c->budget = 0;
    }
}

static void unsuspended(struct call *c)
{
    if (c->suspended) {
        c->suspended = false;
        atomic_fetch_sub(&c->w->s->suspended, 1);
    }
}

/* libmicrohttpd is done with the request: answered, or the caller left. */
void call_ended(struct call *c, bool whole)
{
    unsuspended(c);
    if (c->reply.events != NULL) {
        hub_leave(c);
    }
    c->sent_bytes = c->reply.is_file ? c->reply.size : c->reply.body.n;
    metric_done(c);
    atomic_fetch_sub_explicit(&c->w->active, 1, memory_order_release);
    atomic_store(&c->sock->doing, DOING_HEAD);
    atomic_store(&c->sock->since_s, os_ticks_us() / 1000000);
    c->gone = !whole;
    if (c->sink_begun && c->phase != PHASE_SENT) {
        c->task = TASK_BROKEN;
        c->phase = PHASE_WAIT;
        pool_push(&c->w->s->pool, c);
        return;
    }
    call_empty(c);
    call_keep(c);
}

/* ---- waiting ---- */

void call_wake(struct call *c)
{
    MHD_resume_connection(c->conn);
}

static void on_durable(void *ctx, enum err e)
{
    struct call *c = ctx;
    c->err = e;
    c->phase = PHASE_WOKEN;
    call_wake(c);
}

/* Suspends the connection and hands the call to the writer or the pool. */
static enum MHD_Result call_wait(struct call *c, enum task task)
{
    struct http_server *s = c->w->s;
    c->task = task;
    c->phase = PHASE_WAIT;
    atomic_fetch_add(&s->suspended, 1);
    if (atomic_load(&s->stopping)) {
        atomic_fetch_sub(&s->suspended, 1);
        return MHD_NO;
    }
    c->suspended = true;
    atomic_store_explicit(&c->sock->doing, DOING_OTHER, memory_order_relaxed);
    MHD_suspend_connection(c->conn);
    if (task == TASK_COMMIT || task == TASK_AUDIT) {
        s->o.hooks->submit(&c->h, task == TASK_COMMIT ? c->tx : NULL, on_durable, c);
    } else {
        pool_push(pool_of(c), c);
    }
    return MHD_YES;
}

/* ---- running handlers ---- */

void call_run(struct call *c, http_handler_fn fn)
{
    c->task = TASK_NONE;
    enum err e = fn(&c->h);
    if (e == OK && !arena_whole(c->h.rq.a)) {
        e = FAIL(&c->h.rq, E_TOO_LARGE, "memory cap");
    }
    if (e == OK && c->task == TASK_NONE && c->reply.status == 0) {
        e = FAIL(&c->h.rq, E_INTERNAL, "no answer");
    }
    if (e != OK && c->changed) {
        e = c->h.rq.err.code = E_UNANSWERED;
    }
    if (e != OK) {
        c->task = TASK_NONE;
        call_render(c, e);
    }
}

static enum http_kind kind_of(const struct call *c)
{
    if (c->h.route != NULL) {
        return c->h.route->kind;
    }
    if (c->has_hit) {
        for (size_t m = 0; m < HTTP_METHOD_COUNT; m++) {
            if (c->hit.rows[m] != NULL) {
                return c->hit.rows[m]->kind;
            }
        }
    }
    /* No such path: as its neighbours below the same first segment. */
    struct str first = str_sub(c->h.path, 1, c->h.path.n);
    first = str_sub(first, 0, str_find_char(first, '/'));
    const struct http_opts *o = &c->w->s->o;
    for (size_t i = 0; i < o->n_routes && first.n > 0; i++) {
        struct str path = str_z(o->routes[i].path + 1);
        if (str_eq(str_sub(path, 0, str_find_char(path, '/')), first)) {
            return o->routes[i].kind;
        }
    }
    return KIND_PAGE;
}

static void render_barely(struct call *c, enum err e)
{
    struct http_req *h = &c->h;
    c->reply.status = err_http(e);
    c->reply.type = S("text/plain; charset=utf-8");
    c->reply.body = str_z(err_text(e));
    if (h->route != NULL && h->route->kind == KIND_EVENTS) {
        c->reply.body = (struct str){"", 0};
    }
}

void call_render(struct call *c, enum err e)
{
    struct http_req *h = &c->h;
    const struct http_hooks *hooks = c->w->s->o.hooks;
    if (h->rq.err.code == OK) {
        e = FAIL(&h->rq, e, "unknown place");
    }
    if (err_http(e) >= 500) {
        LOG(LOG_REQUEST_FAILED, log_u64(h->rq.id), log_ip(h->rq.peer), log_err(e),
            log_where(&h->rq.err));
    }
    if (hooks->refused != NULL && !c->audited) {
        struct err_rec why = h->rq.err;
        hooks->refused(h, e);
        h->rq.err = why;
    }
    reply_reset(c);
    if (e == E_METHOD && c->has_hit) {
        struct buf b;
        buf_init(&b, h->rq.a, 128);
        route_allow(&c->hit, &b);
        http_reply_header(h, "Allow", buf_get(&b));
    }
    if (e == E_LOCKED) {
        (void)http_reply_wait(h);
    } else if (e == E_BUSY) {
        http_reply_header(h, "Retry-After", S("5"));
    }
    enum http_kind kind = kind_of(c);
    enum err (*render)(struct http_req *, enum err) = hooks->render_error[kind];
    if (kind == KIND_FHIR && e == E_SIGN_IN) {
        http_reply_header(h, "WWW-Authenticate", S("Bearer"));
    }
    if (render != NULL && !c->fail_rendered) {
        c->fail_rendered = true;
        struct err_rec kept = h->rq.err;
        arena_forgive(h->rq.a);
        if (render(h, e) == OK && c->reply.status != 0 && arena_whole(h->rq.a)) {
            return;
        }
        h->rq.err = kept;
        reply_reset(c);
    }
    render_barely(c, e);
}

static enum err handle_options(struct http_req *h)
{
    struct call *c = call_of(h);
    struct buf b;
    buf_init(&b, h->rq.a, 128);
    route_allow(&c->hit, &b);
    http_reply_header(h, "Allow", buf_get(&b));
    if (c->w->s->o.hooks->options != NULL) {
        c->w->s->o.hooks->options(h, kind_of(c));
    }
    return http_reply_empty(h, 204);
}

/* What a handler or renderer left behind decides: wait, or answer once rq.audit is durable. */
static enum MHD_Result call_settle(struct call *c)
{
    if (c->task != TASK_NONE) {
        return call_wait(c, c->task);
    }
    if (c->h.rq.audit != NULL && !c->audited && c->w->s->o.hooks->submit != NULL) {
        return call_wait(c, TASK_AUDIT);
    }
    return reply_send(c);
}

/* The writer or the pool is done. */
static enum MHD_Result call_woken(struct call *c)
{
    enum task task = c->task;
    c->task = TASK_NONE;
    switch (task) {
    case TASK_COMMIT:
        if (c->err == OK) {
            c->changed = true;
            call_run(c, c->next);
        } else if (c->h.on_fail != NULL) {
            if (c->h.rq.err.code == OK) {
                c->err = FAIL(&c->h.rq, c->err, "commit");
            }
            call_run(c, c->h.on_fail);
        } else {
            call_render(c, c->err);
        }
        return call_settle(c);
    case TASK_AUDIT:
        c->audited = true;
        if (c->err != OK) {
            c->fail_rendered = false;
            call_render(c, c->err);
        }
        return reply_send(c);
    case TASK_RUN:
    case TASK_END:
    case TASK_NONE:
    case TASK_BEGIN:
    case TASK_CHUNK:
    case TASK_BROKEN: break;
    }
    return call_settle(c);
}

/* ---- the body ---- */

/* Whether the rest of a refused body is not worth reading: it is too long, or the caller waits for
 * leave to send it. */
static bool body_is_hopeless(const struct call *c)
{
    return c->hang_up || http_header(&c->h, "Expect").p != NULL
           || (c->body_size != UINT64_MAX && c->body_size > SKIP_BYTES);
}

/* A form of somebody whose session has ended is read before it is refused, so that the page can give
 * back what was typed. */
static bool form_is_kept(struct call *c, enum err e)
{
    enum { KEPT_BYTES = 512 * 1024 };
    const struct http_route *r = c->h.route;
    return e == E_SIGN_IN && r != NULL && r->kind == KIND_PAGE && c->h.method == POST
           && (r->flags & STREAM) == 0 && c->body_size > 0 && c->body_size <= KEPT_BYTES
           && str_eq(http_body_type(&c->h), S("application/x-www-form-urlencoded"));
}

/* Failed before the body was read: read past it so that the caller sees the answer. */
static enum MHD_Result call_refuse(struct call *c, enum err e)
{
    call_render(c, e);
    if (c->body_size == 0) {
        c->phase = PHASE_RUN;
        return MHD_YES;
    }
    c->close_after = true;
    if (body_is_hopeless(c)) {
        return call_settle(c);
    }
    c->phase = PHASE_SKIP;
    return MHD_YES;
}

static enum MHD_Result body_skip(struct call *c, size_t *n)
{
    c->body_seen += *n;
    *n = 0;
    return c->body_seen > SKIP_BYTES ? MHD_NO : MHD_YES;
}

/* Room for n more bytes of a whole body. */
static enum err body_room(struct call *c, size_t n)
{
    struct req *rq = &c->h.rq;
    if (n > c->body_max - c->body_n) {
        return FAIL(rq, E_TOO_LARGE, "a body of more than %" PRIu64 " bytes", (uint64_t)c->body_max);
    }
    if (n <= c->body_cap - c->body_n) {
        return OK;
    }
    size_t cap = MAX(c->body_cap * 2, (size_t)16384);
    if (c->body_size != UINT64_MAX) {
        cap = (size_t)c->body_size;
    }
    cap = MAX(cap, c->body_n + n);
    uint64_t held = atomic_fetch_add(&c->w->s->bodies, cap) + cap;
    c->budget += cap;
    if (held > BODIES_BYTES) {
        return FAIL(rq, E_BUSY, "bodies");
    }
    char *p = arena_alloc_raw(rq->a, cap);
    TRY_MEM(rq, p);
    if (c->body_n > 0) {
        memcpy(p, c->body, c->body_n);
    }
    c->body = p;
    c->body_cap = cap;
    return OK;
}

static enum MHD_Result body_take(struct call *c, const char *data, size_t *n)
{
    c->body_seen += *n;
    enum err e = body_room(c, *n);
    if (e != OK) {
        call_render(c, e);
        c->close_after = true;
        c->phase = PHASE_SKIP;
        *n = 0;
        return MHD_YES;
    }
    memcpy(c->body + c->body_n, data, *n);
    c->body_n += *n;
    *n = 0;
    return MHD_YES;
}

/* A full window goes to the pool before more is taken: that is the back-pressure. */
static enum MHD_Result body_stream(struct call *c, const char *data, size_t *n)
{
    struct req *rq = &c->h.rq;
    if (c->window == NULL) {
        c->window = arena_alloc_raw(rq->a, WINDOW_BYTES);
    }
    if (c->window == NULL || *n > c->body_max - c->body_seen) {
        c->err = FAIL(rq, E_TOO_LARGE, "a body of more than %" PRIu64 " bytes",
                      (uint64_t)c->body_max);
        call_render(c, c->err);
        c->close_after = true;
        c->phase = PHASE_SKIP;
        return MHD_YES;
    }
    if (*n > WINDOW_BYTES - c->window_n) {
        return call_wait(c, TASK_CHUNK);
    }
    memcpy(c->window + c->window_n, data, *n);
    c->window_n += *n;
    c->body_seen += *n;
    *n = 0;
    return MHD_YES;
}

/* ---- the steps ---- */

static enum MHD_Result step_head(struct call *c, const char *method)
{
    enum err e = gate_head(c, method);
    if (e != OK && form_is_kept(c, e)) {
        c->late = e;
        e = OK;
    }
    if (e != OK) {
        return call_refuse(c, e);
    }
    if (c->body_size == 0) {
        c->phase = PHASE_RUN;
        if (c->h.route == NULL || (c->h.route->flags & STREAM) == 0) {
            return MHD_YES;
        }
    }
    atomic_store_explicit(&c->sock->doing, DOING_BODY, memory_order_relaxed);
    atomic_store_explicit(&c->sock->since_s, c->start_us / 1000000, memory_order_relaxed);
    if (c->h.route != NULL && (c->h.route->flags & STREAM) != 0) {
        return call_wait(c, TASK_BEGIN);
    }
    c->phase = PHASE_BODY;
    return MHD_YES;
}

/* After TASK_BEGIN or TASK_CHUNK: go on with the body, or give up. */
static enum MHD_Result step_streaming(struct call *c)
{
    bool began = c->task == TASK_BEGIN;
    c->task = TASK_NONE;
    if (c->reply.status == 0 && c->sink != NULL) {
        c->phase = PHASE_STREAM;
        atomic_store_explicit(&c->sock->doing, DOING_BODY, memory_order_relaxed);
        return MHD_YES;
    }
    if (began && c->body_size == 0) {
        c->phase = PHASE_SKIP; /* answered at the final step */
        return MHD_YES;
    }
    c->close_after = true;
    c->phase = PHASE_SKIP;
    return began && body_is_hopeless(c) ? call_settle(c) : MHD_YES;
}

static enum MHD_Result step_run(struct call *c)
{
    struct http_req *h = &c->h;
    c->heard_us = os_ticks_us();
    if (c->reply.status != 0) {
        return call_settle(c); /* refused earlier */
    }
    if (h->route == NULL) {
        call_run(c, handle_options);
        return call_settle(c);
    }
    enum err e = c->late != OK ? c->late : gate_form(c);
    if (e != OK) {
        call_render(c, e);
        return call_settle(c);
    }
    if ((h->route->flags & (SLOW | OUTSIDE)) != 0) {
        c->next = h->route->handler;
        if (pool_is_full(pool_of(c))) {
            call_render(c, FAIL(&h->rq, E_BUSY, "pool"));
            return call_settle(c);
        }
        return call_wait(c, TASK_RUN);
    }
    call_run(c, h->route->handler);
    return call_settle(c);
}

enum MHD_Result call_step(struct call *c, const char *method, const char *data, size_t *n)
{
    bool streaming = c->task == TASK_BEGIN || c->task == TASK_CHUNK;
    if (data != NULL) {
        atomic_fetch_add_explicit(&c->sock->bytes, *n, memory_order_relaxed);
    }
    if (c->phase == PHASE_WOKEN) {
        unsuspended(c);
    }
    if (c->phase == PHASE_WOKEN && streaming) {
        enum task was = c->task;
        enum MHD_Result r = step_streaming(c);
        if (was == TASK_BEGIN) {
            return r; /* still at the head: the next step brings data, or the end */
        }
    }
    switch (c->phase) {
    case PHASE_HEAD: return step_head(c, method);
    case PHASE_BODY:
        if (data != NULL) {
            return body_take(c, data, n);
        }
        c->phase = PHASE_RUN;
        return step_run(c);
    case PHASE_SKIP:
        return data != NULL ? body_skip(c, n) : call_settle(c);
    case PHASE_STREAM:
        return data != NULL ? body_stream(c, data, n) : call_wait(c, TASK_END);
    case PHASE_RUN: return step_run(c);
    case PHASE_WOKEN: return call_woken(c);
    case PHASE_WAIT: return MHD_YES;
    case PHASE_SENT: break;
    }
    return MHD_NO;
}
