/* http/listen.c - the server: sockets, I/O threads, the clock, an orderly end. See server.h.
 *
 * Each I/O thread is a libmicrohttpd daemon of its own with epoll; all share one listening socket,
 * so that each thread has its own read handle and arenas and nothing is shared between requests. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/front.h"
#include "http/http_int.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/socket.h"

/* CLOSING: connections that the front, which counts too, has ended already. */
enum { SILENCE_S = 60, CLOSING = 64, TELL_ENDS_DAYS = 14, DAY_S = 86400 };

/* ---- what libmicrohttpd calls ---- */

static void *on_line(void *cls, const char *uri, struct MHD_Connection *conn)
{
    struct sock *sock = conn_of(conn);
    atomic_store_explicit(&sock->bytes, 0, memory_order_relaxed);
    return call_new(cls, conn, sock, uri);
}

static enum MHD_Result on_step(void *cls, struct MHD_Connection *conn, const char *url,
                               const char *method, const char *version, const char *data,
                               size_t *n, void **ctx)
{
    (void)cls;
    (void)conn;
    (void)url;
    (void)version;
    return *ctx != NULL ? call_step(*ctx, method, data, n) : MHD_NO;
}

static void on_end(void *cls, struct MHD_Connection *conn, void **ctx,
                   enum MHD_RequestTerminationCode why)
{
    (void)cls;
    (void)conn;
    if (*ctx != NULL) {
        call_ended(*ctx, why == MHD_REQUEST_TERMINATED_COMPLETED_OK);
        *ctx = NULL;
    }
}

/* Paths and queries are decoded by codec/url, strictly. */
static size_t keep_escapes(void *cls, struct MHD_Connection *conn, char *s)
{
    (void)cls;
    (void)conn;
    return strlen(s);
}

/* ---- starting ---- */

static struct MHD_Daemon *daemon_start(struct worker *w, int fd)
{
    const struct http_opts *o = &w->s->o;
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO;
    unsigned most = o->max_connections / o->io_threads + 1;
    bool behind = w->s->front != NULL;
    return MHD_start_daemon(
        behind ? flags | MHD_USE_NO_LISTEN_SOCKET : flags, 0, NULL, NULL, on_step, w,
        MHD_OPTION_URI_LOG_CALLBACK, on_line, w, MHD_OPTION_NOTIFY_COMPLETED, on_end, w,
        MHD_OPTION_NOTIFY_CONNECTION, conn_changed, w, MHD_OPTION_UNESCAPE_CALLBACK, keep_escapes, NULL,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES, MHD_OPTION_CONNECTION_LIMIT,
        behind ? most + CLOSING : most, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
        MHD_OPTION_STRICT_FOR_CLIENT, 1, behind ? MHD_OPTION_END : MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_END);
}

static enum err worker_start(struct req *rq, struct http_server *s, unsigned i)
{
    struct worker *w = &s->workers[i];
    const struct http_hooks *hooks = s->o.hooks;
    w->s = s;
    w->index = i;
    w->a = arena_new(512 * 1024 * 1024);
    os_mutex_init(&w->lock);
    w->counts = os_alloc(s->o.n_routes + 1, sizeof(*w->counts));
    w->db = hooks->db_open != NULL ? hooks->db_open(s->o.app) : NULL;
    if (hooks->db_open != NULL && w->db == NULL) {
        return FAIL(rq, E_IO, "read handle");
    }
    int fd = s->front != NULL ? -1 : fcntl(s->listen_fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0 && s->front == NULL) {
        return FAIL(rq, E_IO, "dup errno %d", errno);
    }
    w->daemon = daemon_start(w, fd);
    if (w->daemon == NULL) {
        os_close(fd);
        return FAIL(rq, E_IO, "I/O thread errno %d", errno);
    }
    return s->front != NULL ? front_start(rq, s->front, i) : OK;
}

/* ---- the certificate ---- */

static void tls_loaded(struct http_server *s, const struct tls_facts *facts, struct instant now)
{
    int64_t days = (facts->until.ms - now.ms) / MS_DAY;
    atomic_store(&s->tls_until_ms, facts->until.ms);
    LOG(LOG_TLS_LOADED, log_name(tls_fault_name(facts->fault)), log_i64(days));
}

static enum err front_open(struct req *rq, struct http_server *s)
{
    struct tls_facts facts;
    struct ssl_ctx_st *ctx;
    if (s->o.tls_certificate == NULL) {
        return OK;
    }
    TRY(tls_open(rq, s->o.tls_certificate, s->o.tls_key, &facts, &ctx));
    s->front = front_new(s, ctx);
    tls_loaded(s, &facts, rq->now);
    return OK;
}

enum err http_server_renew(struct req *rq, struct http_server *s)
{
    struct tls_facts facts;
    struct ssl_ctx_st *ctx;
    if (s->front == NULL) {
        return OK;
    }
    TRY(tls_open(rq, s->o.tls_certificate, s->o.tls_key, &facts, &ctx));
    int64_t old = atomic_load(&s->tls_until_ms);
    if (facts.fault != TLS_FINE && (old > rq->now.ms || facts.until.ms <= old)) {
        tls_close(ctx);
        return FAIL(rq, E_BAD_INPUT, "%s", tls_fault_name(facts.fault));
    }
    front_renew(s->front, ctx);
    tls_loaded(s, &facts, rq->now);
    return OK;
}

struct instant http_server_tls_until(const struct http_server *s)
{
    return (struct instant){atomic_load(&s->tls_until_ms)};
}

/* Once a day, from two weeks before its end: certbot renews a month before, so something is wrong. */
static void tls_watch(struct http_server *s, uint64_t now_s)
{
    if (s->front == NULL || now_s < s->tls_told_s + DAY_S) {
        return;
    }
    s->tls_told_s = now_s;
    int64_t days = (atomic_load(&s->tls_until_ms) - os_now().ms) / MS_DAY;
    if (days < TELL_ENDS_DAYS) {
        LOG(LOG_TLS_ENDS, log_i64(days));
    }
}

static void *clock_main(void *ctx)
{
    struct http_server *s = ctx;
    os_lock(&s->clock_lock);
    while (!s->clock_stop) {
        if (os_wait_ms(&s->clock_wake, &s->clock_lock, TICK_MS)) {
            continue;
        }
        os_unlock(&s->clock_lock);
        uint64_t now_s = os_ticks_us() / 1000000;
        for (unsigned i = 0; i < s->o.io_threads; i++) {
            conn_watch(&s->workers[i], now_s);
        }
        hub_tick(s->hub);
        tls_watch(s, now_s);
        os_lock(&s->clock_lock);
    }
    os_unlock(&s->clock_lock);
    return NULL;
}

enum err http_server_start(struct req *rq, const struct http_opts *opts,
                           struct http_server **ret_server)
{
    struct http_server *s = os_alloc(1, sizeof(*s));
    s->o = *opts;
    s->o.io_threads = MAX(1, MIN(opts->io_threads, (unsigned)LEN(s->workers)));
    s->a = arena_new(64 * 1024 * 1024);
    s->listen_fd = -1;
    s->router = router_new(s->a, opts->routes, opts->n_routes);
    s->hub = hub_new(s->a, opts->max_streams);
    s->rates = rates_new();
    s->began = os_now();
    atomic_store(&s->began_us, os_ticks_us());
    os_mutex_init(&s->troubles_lock);
    os_mutex_init(&s->clock_lock);
    os_cond_init(&s->clock_wake);
    enum err e = pool_start(rq, &s->pool, s, MAX(1, opts->pool_threads));
    enum err outside = pool_start(rq, &s->outside, s, OUTSIDE_THREADS);
    s->sealed = opts->tls_certificate != NULL || str_starts(opts->public_url, S("https://"));
    e = e == OK ? outside : e;
    if (e == OK) {
        e = front_open(rq, s);
    }
    if (e == OK) {
        e = os_listen(rq, s->o.listen, s->o.port, &s->listen_fd, &s->port);
    }
    for (unsigned i = 0; i < s->o.io_threads && e == OK; i++) {
        e = worker_start(rq, s, i);
    }
    ASSERT(os_thread_start(&s->clock, "http-clock", clock_main, s));
    if (e != OK) {
        http_server_stop(s, 0);
        return e;
    }
    *ret_server = s;
    return OK;
}

uint16_t http_server_port(const struct http_server *s)
{
    return s->port;
}

struct hub *http_server_hub(struct http_server *s)
{
    return s->hub;
}

/* ---- an orderly end ---- */

static uint64_t count_active(struct http_server *s)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        n += atomic_load(&s->workers[i].active);
    }
    return n;
}

static void worker_end(struct worker *w)
{
    const struct http_hooks *hooks = w->s->o.hooks;
    if (w->db != NULL) {
        hooks->db_close(w->db);
    }
    if (w->has_gzip) {
        (void)deflateEnd(&w->gzip);
    }
    for (struct call *c = w->made; c != NULL; c = c->next_made) {
        arena_free(c->h.rq.a);
    }
    os_free(w->counts);
    if (w->a != NULL) {
        os_mutex_done(&w->lock);
    }
    arena_free(w->a);
}

static void clock_end(struct http_server *s)
{
    os_lock(&s->clock_lock);
    s->clock_stop = true;
    os_signal(&s->clock_wake);
    os_unlock(&s->clock_lock);
    os_thread_join(&s->clock);
    os_cond_done(&s->clock_wake);
    os_mutex_done(&s->clock_lock);
}

void http_server_stop(struct http_server *s, uint32_t wait_ms)
{
    atomic_store(&s->draining, true);
    if (s->front != NULL) {
        front_quiesce(s->front);
    }
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        if (s->workers[i].daemon != NULL) {
            os_close(MHD_quiesce_daemon(s->workers[i].daemon));
        }
    }
    os_close(s->listen_fd);
    if (s->listen_fd >= 0) {
        os_listen_end(s->o.listen);
    }
    hub_stop(s->hub);
    uint64_t until = os_ticks_us() + wait_ms * UINT64_C(1000);
    while (count_active(s) > 0 && os_ticks_us() < until) {
        os_sleep_ms(5);
    }
    /* What still comes is cut off; what the writer or the pool holds comes back first. */
    atomic_store(&s->stopping, true);
    while (atomic_load(&s->suspended) > 0) {
        os_sleep_ms(2);
    }
    clock_end(s);
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        if (s->workers[i].daemon != NULL) {
            MHD_stop_daemon(s->workers[i].daemon);
        }
    }
    front_free(s->front);
    pool_stop(&s->pool);
    pool_stop(&s->outside);
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        if (s->workers[i].s != NULL) {
            worker_end(&s->workers[i]);
        }
    }
    arena_free(s->a);
    rates_free(s->rates);
    os_mutex_done(&s->troubles_lock);
    os_free(s);
}
