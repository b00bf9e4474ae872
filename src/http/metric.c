/* http/metric.c - counts per route, and their Prometheus text (version 0.0.4). Labels are route
 * patterns and status classes, never what a caller sent. */
#include "http/http_int.h"
#include "os/clock.h"
#include "os/log.h"

static const uint32_t bucket_us[LATENCY_BUCKETS] = {250,   1000,   2500,   5000,    10000,
                                                    20000, 100000, 500000, 2000000, 10000000};

/* What the program itself took, without the line of the caller: from the whole request to its answer. */
static void note_slow(const struct call *c)
{
    const struct http_route *route = c->h.route;
    uint64_t limit = c->w->s->o.slow_ms * UINT64_C(1000);
    if (limit == 0 || c->heard_us == 0 || c->ready_us < c->heard_us + limit) {
        return;
    }
    LOG(LOG_SLOW, log_u64(c->h.rq.id), log_name(route != NULL ? http_method_names[route->method].p : "-"),
        log_name(route != NULL ? route->path : "-"), log_u64(c->reply.status),
        log_ms((int64_t)((c->ready_us - c->heard_us) / 1000)));
}

void metric_done(struct call *c)
{
    const struct http_opts *o = &c->w->s->o;
    size_t row = c->h.route != NULL ? (size_t)(c->h.route - o->routes) : o->n_routes;
    struct route_count *r = &c->w->counts[row];
    unsigned cls = c->reply.status / 100;
    uint64_t us = os_ticks_us() - c->start_us;
    size_t b = 0;
    while (b < LATENCY_BUCKETS && us > bucket_us[b]) {
        b++;
    }
    atomic_fetch_add_explicit(&r->by_class[cls < 6 ? cls : 5], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->bucket[b], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->sum_us, us, memory_order_relaxed);
    atomic_fetch_add_explicit(&r->bytes, c->sent_bytes, memory_order_relaxed);
    load_note(c, r);
    note_slow(c);
    if (o->log_access) {
        const struct http_route *route = c->h.route;
        LOG(LOG_ACCESS, log_u64(c->h.rq.id),
            log_name(route != NULL ? http_method_names[route->method].p : "-"),
            log_name(route != NULL ? route->path : "-"), log_u64(c->reply.status),
            log_u64(c->sent_bytes), log_ms((int64_t)(us / 1000)));
    }
}

static void put_labels(struct buf *b, const struct http_opts *o, size_t row)
{
    BUF_LIT(b, "{method=\"");
    buf_str(b, row < o->n_routes ? http_method_names[o->routes[row].method] : S("-"));
    BUF_LIT(b, "\",route=\"");
    buf_str(b, row < o->n_routes ? str_z(o->routes[row].path) : S("-"));
    BUF_LIT(b, "\"");
}

static void put_seconds(struct buf *b, uint64_t us)
{
    buf_u64(b, us / 1000000);
    buf_char(b, '.');
    buf_u64_pad(b, us % 1000000, 6);
}

static void put_sample(struct buf *b, struct str name, uint64_t v)
{
    buf_str(b, name);
    buf_char(b, ' ');
    buf_u64(b, v);
    buf_char(b, '\n');
}

static void put_route(struct http_server *s, struct buf *b, size_t row)
{
    uint64_t cls[6] = {0};
    uint64_t bucket[LATENCY_BUCKETS + 1] = {0};
    uint64_t sum = 0;
    uint64_t bytes = 0;
    uint64_t n = 0;
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        struct route_count *r = &s->workers[i].counts[row];
        for (size_t k = 0; k < LEN(cls); k++) {
            cls[k] += atomic_load_explicit(&r->by_class[k], memory_order_relaxed);
        }
        for (size_t k = 0; k <= LATENCY_BUCKETS; k++) {
            bucket[k] += atomic_load_explicit(&r->bucket[k], memory_order_relaxed);
        }
        sum += atomic_load_explicit(&r->sum_us, memory_order_relaxed);
        bytes += atomic_load_explicit(&r->bytes, memory_order_relaxed);
    }
    for (size_t k = 0; k < LEN(cls); k++) {
        n += cls[k];
        if (cls[k] > 0) {
            BUF_LIT(b, "consilium_http_requests_total");
            put_labels(b, &s->o, row);
            BUF_LIT(b, ",status=\"");
            buf_u64(b, k);
            put_sample(b, S("xx\"}"), cls[k]);
        }
    }
    if (n == 0) {
        return;
    }
    uint64_t below = 0;
    for (size_t k = 0; k <= LATENCY_BUCKETS; k++) {
        below += bucket[k];
        BUF_LIT(b, "consilium_http_request_seconds_bucket");
        put_labels(b, &s->o, row);
        BUF_LIT(b, ",le=\"");
        if (k < LATENCY_BUCKETS) {
            put_seconds(b, bucket_us[k]);
        } else {
            BUF_LIT(b, "+Inf");
        }
        put_sample(b, S("\"}"), below);
    }
    BUF_LIT(b, "consilium_http_request_seconds_sum");
    put_labels(b, &s->o, row);
    BUF_LIT(b, "} ");
    put_seconds(b, sum);
    BUF_LIT(b, "\nconsilium_http_request_seconds_count");
    put_labels(b, &s->o, row);
    put_sample(b, S("}"), n);
    BUF_LIT(b, "consilium_http_reply_bytes_total");
    put_labels(b, &s->o, row);
    put_sample(b, S("}"), bytes);
}

void http_server_metrics(struct http_server *s, struct buf *b)
{
    struct http_now now = http_server_now(s);
    BUF_LIT(b, "# TYPE consilium_http_connections gauge\n");
    put_sample(b, S("consilium_http_connections"), now.connections);
    BUF_LIT(b, "# TYPE consilium_http_active_requests gauge\n");
    put_sample(b, S("consilium_http_active_requests"), now.active);
    BUF_LIT(b, "# TYPE consilium_http_pool_queue gauge\n");
    put_sample(b, S("consilium_http_pool_queue"), now.queued);
    BUF_LIT(b, "# TYPE consilium_http_event_streams gauge\n");
    put_sample(b, S("consilium_http_event_streams"), now.streams);
    BUF_LIT(b, "# TYPE consilium_http_held_back_total counter\n");
    for (enum rate_kind kind = 0; kind < RATE_KINDS; kind++) {
        BUF_LIT(b, "consilium_http_held_back_total{by=\"");
        buf_str(b, str_z(rate_names[kind]));
        put_sample(b, S("\"}"), http_server_held_back(s, kind));
    }
    BUF_LIT(b, "# TYPE consilium_http_requests_total counter\n"
               "# TYPE consilium_http_request_seconds histogram\n"
               "# TYPE consilium_http_reply_bytes_total counter\n");
    for (size_t row = 0; row <= s->o.n_routes; row++) {
        put_route(s, b, row);
    }
}
