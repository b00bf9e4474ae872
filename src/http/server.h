/* http/server.h - starting and stopping the listener: for app and tests.
 *
 * I/O threads share one listening socket; each has its own read handle of the store and its own
 * arenas. Slow work and request bodies of STREAM rows go to a small pool.
 */
#pragma once

#include "http/http.h"
#include "http/hub.h"
#include "http/rate.h"

struct http_server;
typedef void (*http_done_fn)(void *ctx, enum err e);

/* What the rooms above supply. */
struct http_hooks {
    /* Sets rq.who, rq.lang and h->caller from the session cookie or bearer token. OK with
     * CALLER_NOBODY when there is neither. A failure answers the request. Also asked once a minute
     * for each stream of events: a failure or CALLER_NOBODY where somebody was ends the stream. */
    enum err (*identify)(struct http_req *h);
    /* Answers a failure in the form of the row's kind; rq.err tells what. NULL: bare text. */
    enum err (*render_error[HTTP_KIND_COUNT])(struct http_req *h, enum err code);
    /* A request is refused with code, before its answer is made: what is to be on record goes on
     * rq.audit. May be NULL. */
    void (*refused)(struct http_req *h, enum err code);
    /* Adds fields to the answer to OPTIONS for a path whose rows are of this kind; may be NULL. */
    void (*options)(struct http_req *h, enum http_kind kind);
    /* Adds fields to every answer, failures too, on the I/O thread before it is sent; where it fails the
     * connection ends. May be NULL. */
    enum err (*decorate)(struct http_req *h);
    /* Hands tx (NULL: only rq.audit) to the store's writer; done runs once, on any thread. */
    void (*submit)(struct http_req *h, struct tx *tx, http_done_fn done, void *ctx);
    /* The same, waiting: for pool threads. */
    enum err (*commit)(struct http_req *h, struct tx *tx);
    /* gives a read handle for the calling thread, NULL when it cannot; and ends it. */
    struct db *(*db_open)(struct app *app);
    void (*db_close)(struct db *db);
};

struct http_opts {
    const char *listen;       /* numeric address, "127.0.0.1", or "unix:/path" */
    const char *tls_certificate; /* files (PEM): a TCP address speaks TLS alone. NULL: no TLS of our own */
    const char *tls_key;
    struct str public_url;    /* "https://host"; empty: taken from requests */
    uint16_t port;            /* 0: the system chooses; see http_server_port */
    unsigned io_threads;      /* 1..16 */
    unsigned pool_threads;    /* 1..32 */
    unsigned max_connections; /* in all */
    unsigned max_streams;     /* streams of events in all */
    uint64_t stream_max_bytes; /* most one STREAM body may hold */
    bool log_access;          /* a log line for each request, by its route's pattern */
    uint32_t rate[RATE_KINDS]; /* requests a minute, what a minute comes to also at once; 0: any number */
    uint32_t slow_ms;         /* a log line for a request that takes longer; 0: none */
    bool trust_proxy;         /* believe X-Forwarded-For and X-Forwarded-Proto */
    const struct http_route *routes;
    size_t n_routes;
    const struct http_hooks *hooks;
    struct app *app;          /* goes into every rq.app */
};

/* gives a running server. borrows all of opts until stopped. */
MUST_USE enum err http_server_start(struct req *rq, const struct http_opts *opts,
                                    struct http_server **ret_server);
uint16_t http_server_port(const struct http_server *s);
/* Reads certificate and key again: who connects from now on gets them, open connections live on. The old
 * ones stay when these cannot be served with, or are no longer or not yet valid and the old ones still
 * are. Nothing without TLS.
 * errors   E_BAD_INPUT  the detail is a name of http/tls.h; thread: one at a time */
MUST_USE enum err http_server_renew(struct req *rq, struct http_server *s);
/* When the certificate ends; ms 0: there is none. thread: any */
struct instant http_server_tls_until(const struct http_server *s);
struct hub *http_server_hub(struct http_server *s);
/* Stops accepting, finishes what was begun (commits, pool work; bodies still coming get wait_ms),
 * ends the streams, closes, frees. */
void http_server_stop(struct http_server *s, uint32_t wait_ms);
/* The figures in Prometheus text form (version 0.0.4). */
void http_server_metrics(struct http_server *s, struct buf *b);

/* ---- for the administrator's page: load.c. thread: any ---- */

struct http_now {
    struct instant began; /* when the server did */
    uint64_t connections;
    uint64_t active;  /* requests begun and not answered */
    uint64_t queued;  /* of them, those that wait for a thread of the pool */
    uint64_t streams; /* of events */
};
struct http_now http_server_now(struct http_server *s);

/* What was answered in a span of time that ends now. */
struct http_span {
    uint64_t n;
    uint64_t failed; /* with a status of 500 or more */
    uint64_t slow;   /* http_opts.slow_ms or longer */
    uint64_t own_us; /* all of them together took, without the callers' lines */
};
/* minutes: 1..1440, in steps of five; the step that runs is counted as one. */
struct http_span http_server_span(struct http_server *s, uint32_t minutes);

/* gives how many requests were held back since the server began, for they came too often */
uint64_t http_server_held_back(const struct http_server *s, enum rate_kind kind);

/* An answer that failed or was slow. */
struct http_trouble {
    struct instant at;
    uint64_t id;                    /* number of the request, as the log has it */
    const struct http_route *route; /* NULL: there is none */
    unsigned status;
    enum err err;                   /* OK: it was only slow */
    bool slow;
    uint64_t took_us;               /* 0: a body that came in pieces */
};
/* gives how many of the last fifty are in ret[], the newest first */
uint32_t http_server_troubles(struct http_server *s, struct http_trouble *ret, uint32_t max);

/* What an address took since the server began. */
struct http_busy {
    const struct http_route *route; /* NULL: all that have none */
    uint64_t n, failed, own_us, most_us;
};
/* gives how many are in ret[], what took the most time in all first */
uint32_t http_server_busiest(struct http_server *s, struct http_busy *ret, uint32_t max);
