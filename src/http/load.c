/* http/load.c - what the server did in the last day, in steps of five minutes, and the answers that failed or
 * were slow last: route patterns and numbers, never what a caller sent. Counts of a step are written by the
 * I/O thread they belong to and read by others, who may see one request half counted. */
#include "http/http_int.h"

#include <string.h>

#include "os/clock.h"

/* The step of the day that now belongs to, from 1: of a clock that never goes back. */
static uint64_t step_now(const struct http_server *s)
{
    return (os_ticks_us() - atomic_load(&s->began_us)) / (LOAD_STEP_S * UINT64_C(1000000)) + 1;
}

static void count(_Atomic uint64_t *v, uint64_t n)
{
    atomic_fetch_add_explicit(v, n, memory_order_relaxed);
}

static void note_trouble(struct call *c, bool slow, uint64_t own_us)
{
    struct http_server *s = c->w->s;
    struct http_trouble t = {.at = os_now(),
                             .id = c->h.rq.id,
                             .route = c->h.route,
                             .status = c->reply.status,
                             .err = c->reply.status >= 500 ? c->h.rq.err.code : OK,
                             .slow = slow,
                             .took_us = own_us};
    os_lock(&s->troubles_lock);
    s->troubles[s->n_troubles++ % LEN(s->troubles)] = t;
    os_unlock(&s->troubles_lock);
}

void load_note(struct call *c, struct route_count *of)
{
    bool heard = c->heard_us > 0 && c->ready_us >= c->heard_us;
    uint64_t own_us = heard ? c->ready_us - c->heard_us : 0;
    uint64_t limit = c->w->s->o.slow_ms * UINT64_C(1000);
    bool slow = limit > 0 && heard && own_us >= limit;
    bool failed = c->reply.status >= 500;
    uint64_t now = step_now(c->w->s);
    struct load_step *step = &c->w->steps[now % LOAD_STEPS];
    if (atomic_load_explicit(&step->at, memory_order_relaxed) != now) {
        atomic_store(&step->n, 0);
        atomic_store(&step->failed, 0);
        atomic_store(&step->slow, 0);
        atomic_store(&step->own_us, 0);
        atomic_store(&step->at, now);
    }
    count(&step->n, 1);
    count(&step->failed, failed);
    count(&step->slow, slow);
    count(&step->own_us, own_us);
    count(&of->own_us, own_us);
    if (own_us > atomic_load_explicit(&of->most_us, memory_order_relaxed)) {
        atomic_store_explicit(&of->most_us, own_us, memory_order_relaxed);
    }
    if (failed || slow) {
        note_trouble(c, slow, own_us);
    }
}

struct http_now http_server_now(struct http_server *s)
{
    struct http_now r = {.began = s->began, .streams = hub_streams(s->hub)};
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        r.connections += atomic_load(&s->workers[i].connections);
        r.active += atomic_load(&s->workers[i].active);
    }
    os_lock(&s->pool.lock);
    r.queued = s->pool.n;
    os_unlock(&s->pool.lock);
    return r;
}

struct http_span http_server_span(struct http_server *s, uint32_t minutes)
{
    struct http_span r = {0};
    uint64_t now = step_now(s);
    uint64_t steps = (minutes * 60 + LOAD_STEP_S - 1) / LOAD_STEP_S;
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        for (uint32_t k = 0; k < LOAD_STEPS; k++) {
            struct load_step *step = &s->workers[i].steps[k];
            uint64_t at = atomic_load(&step->at);
            if (at == 0 || at > now || now - at >= steps) {
                continue;
            }
            r.n += atomic_load(&step->n);
            r.failed += atomic_load(&step->failed);
            r.slow += atomic_load(&step->slow);
            r.own_us += atomic_load(&step->own_us);
        }
    }
    return r;
}

uint64_t http_server_held_back(const struct http_server *s, enum rate_kind kind)
{
    return rate_refused(s->rates, kind);
}

uint32_t http_server_troubles(struct http_server *s, struct http_trouble *ret, uint32_t max)
{
    uint32_t n = 0;
    os_lock(&s->troubles_lock);
    for (uint64_t i = s->n_troubles; i > 0 && s->n_troubles - i < LEN(s->troubles) && n < max; i--) {
        ret[n++] = s->troubles[(i - 1) % LEN(s->troubles)];
    }
    os_unlock(&s->troubles_lock);
    return n;
}

static struct http_busy busy_of(struct http_server *s, size_t row)
{
    struct http_busy b = {.route = row < s->o.n_routes ? &s->o.routes[row] : NULL};
    for (unsigned i = 0; i < s->o.io_threads; i++) {
        struct route_count *r = &s->workers[i].counts[row];
        for (size_t k = 0; k < LEN(r->by_class); k++) {
            b.n += atomic_load_explicit(&r->by_class[k], memory_order_relaxed);
        }
        b.failed += atomic_load_explicit(&r->by_class[5], memory_order_relaxed);
        b.own_us += atomic_load_explicit(&r->own_us, memory_order_relaxed);
        b.most_us = MAX(b.most_us, atomic_load_explicit(&r->most_us, memory_order_relaxed));
    }
    return b;
}

uint32_t http_server_busiest(struct http_server *s, struct http_busy *ret, uint32_t max)
{
    uint32_t n = 0;
    for (size_t row = 0; row <= s->o.n_routes; row++) {
        struct http_busy b = busy_of(s, row);
        uint32_t at = n;
        while (at > 0 && ret[at - 1].own_us < b.own_us) {
            at--;
        }
        if (b.n == 0 || at == max) {
            continue;
        }
        n = MIN(n + 1, max);
        memmove(ret + at + 1, ret + at, (n - at - 1) * sizeof(*ret));
        ret[at] = b;
    }
    return n;
}
