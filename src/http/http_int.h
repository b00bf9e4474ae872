/* http/http_int.h - the inner side of the room: servers, I/O threads, calls. */
#pragma once

#include <microhttpd.h>
#include <stdatomic.h>
#include <zlib.h>

#include "codec/url.h"
#include "http/route.h"
#include "http/server.h"
#include "os/thread.h"

enum {
    HEAD_BYTES = 32 * 1024,          /* request line, fields and the read buffer of a connection */
    WINDOW_BYTES = 256 * 1024,       /* of a body that streams */
    REPLY_FIELDS_MAX = 24,           /* header fields one answer may add */
    FIELDS_MAX = 1000,               /* form fields and query parameters */
    POOL_QUEUE_MAX = 512,            /* calls waiting for the pool */
    OUTSIDE_THREADS = 2,             /* for calls of servers of others */
    TICK_MS = 1000,                  /* of the clock thread */
    IDLE_S = 75,                     /* a connection without a whole request head */
    BODY_GRACE_S = 60,               /* before the least rate of a body is looked at */
    BODY_RATE = 128,                 /* bytes a second a body must bring on average */
    HEARTBEAT_S = 15,                /* of a stream of events */
    REVALIDATE_BEATS = 4,            /* heartbeats between two looks at the session */
    LATENCY_BUCKETS = 10,
};
#define SKIP_BYTES UINT64_C(67108864)         /* of a refused body read past before we hang up */
#define BODIES_BYTES UINT64_C(1073741824)     /* of whole bodies held at one time by all calls */
#define LIVE_MS_MAX 30000                     /* a call that waited longer for the pool is refused */

/* Who owns a call now, and what happens next. I/O thread unless said otherwise. */
enum phase {
    PHASE_HEAD,   /* the request line was seen */
    PHASE_BODY,   /* the body goes into the arena */
    PHASE_SKIP,   /* failed: the rest of the body is read past, then the answer goes out */
    PHASE_STREAM, /* the body goes to the sink, window by window */
    PHASE_RUN,    /* complete: the handler may run */
    PHASE_WAIT,   /* suspended: the writer or the pool owns the call */
    PHASE_WOKEN,  /* the writer or the pool is done with it */
    PHASE_SENT,   /* the answer is with libmicrohttpd */
};

/* What a call waits for, or what a pool thread is to do. */
enum task {
    TASK_NONE,
    TASK_COMMIT, /* writer: h.tx, then h.next */
    TASK_AUDIT,  /* writer: rq.audit, then send the answer */
    TASK_RUN,    /* pool: next() */
    TASK_BEGIN,  /* pool: the handler of a STREAM row */
    TASK_CHUNK,  /* pool: the window into the sink */
    TASK_END,    /* pool: the last window, then end() */
    TASK_BROKEN, /* pool: the last window, then broken(); nobody is there any more */
};

struct reply_field {
    const char *name;
    const char *value;
};

struct reply {
    unsigned status; /* 0: no answer yet */
    struct str type;
    struct str body;
    struct reply_field fields[REPLY_FIELDS_MAX];
    uint32_t n_fields;
    struct str cache; /* Cache-Control; p NULL: the kind's */
    struct str form_to; /* where else forms of a page may lead */
    bool has_etag;
    bool is_file;
    int fd; /* is_file: owned until it is with libmicrohttpd */
    uint64_t from;
    uint64_t size;
    struct http_pieces pieces; /* v NULL: none; is_file is set, fd is the one of the present piece */
    size_t piece;
    uint64_t piece_at;
    struct stream *events;
    struct MHD_Response *shared; /* a prepared answer of the assets */
};

/* One connection, for the clock thread. Owned by its I/O thread; in its list under lock. */
struct sock {
    struct sock *prev, *next;
    int fd;
    char peer[46];
    bool is_local;
    _Atomic uint64_t since_s;  /* begin of the present phase */
    _Atomic uint64_t bytes;    /* of the body so far */
    _Atomic uint32_t doing;    /* enum doing */
};
enum doing { DOING_HEAD, DOING_BODY, DOING_OTHER };

struct body_form {
    bool done;
    enum err err;
    struct err_rec rec;  /* of err */
    struct url_pairs fields;
    struct http_file *files;
    uint32_t n_files;
};

struct call {
    struct http_req h; /* FIRST */
    struct worker *w;
    struct MHD_Connection *conn;
    struct sock *sock;
    struct call *next_call; /* in a worker's free list or the pool's queue */
    struct call *next_made; /* all calls of the worker */
    enum phase phase;
    enum task task;
    enum err late;          /* why it is refused once the form was read: nobody is signed in */
    enum err err;           /* of the handler, the commit, or the sink so far */
    bool on_pool;
    bool audited;           /* rq.audit is durable or was given up: the answer may go */
    bool changed;           /* a change was made: no failure may say that nothing was */
    bool fail_rendered;     /* the renderer ran: its own failure answers barely */
    bool has_hit;
    bool query_done;
    bool close_after;       /* no further request on this connection */
    bool gone;              /* the caller left */
    bool hang_up;           /* where the body ends is not known: answer and close at once */
    bool suspended;         /* counted in server.suspended */
    bool is_local;          /* the caller is on this machine */
    http_handler_fn next;
    struct tx *tx;
    struct route_hit hit;
    struct url_pairs query;
    struct body_form form;
    char *body;
    size_t body_n;
    size_t body_cap;
    uint64_t body_size;     /* announced; UINT64_MAX: unknown; 0: none */
    uint64_t body_seen;
    uint64_t body_max;
    uint64_t budget;        /* taken from the server's BODIES_BYTES */
    const struct http_sink *sink;
    bool sink_begun;
    struct form_stream *form_stream;
    char *window;
    size_t window_n;
    uint64_t start_us;
    uint64_t heard_us; /* when all of it was here; 0: of streamed bodies, which come as their sender likes */
    uint64_t ready_us; /* when its answer was */
    uint64_t queued_us;     /* when the pool got it */
    uint64_t sent_bytes;
    struct reply reply;
};

struct route_count {
    _Atomic uint64_t by_class[6]; /* 1xx (never) .. 5xx */
    _Atomic uint64_t bucket[LATENCY_BUCKETS + 1];
    _Atomic uint64_t sum_us;
    _Atomic uint64_t bytes;
    _Atomic uint64_t own_us;  /* from the whole request to its answer, without the line of the caller */
    _Atomic uint64_t most_us; /* the longest of these */
};

enum { LOAD_STEP_S = 300, LOAD_STEPS = 24 * 3600 / LOAD_STEP_S, TROUBLES = 50 };

/* What one I/O thread did in five minutes. */
struct load_step {
    _Atomic uint64_t at; /* which, from 1; 0: none yet */
    _Atomic uint64_t n, failed, slow, own_us;
};

/* One I/O thread. */
struct worker {
    struct http_server *s;
    struct MHD_Daemon *daemon;
    unsigned index;
    struct arena *a;          /* lives as long as the worker: calls */
    struct db *db;
    bool has_db;
    uint64_t next_id;
    struct call *free_calls;  /* I/O thread only */
    struct call *made;        /* every call ever made, by next_made */
    struct os_mutex lock;     /* socks, returned */
    struct sock *socks;
    struct call *returned;    /* ended on the pool after the caller left */
    _Atomic uint32_t active;  /* requests begun and not ended */
    _Atomic uint32_t connections;
    struct route_count *counts; /* n_routes + 1: the last is "no route" */
    struct load_step steps[LOAD_STEPS]; /* of the last day, by their number modulo LOAD_STEPS */
    z_stream gzip;
    bool has_gzip;
};

struct pool_thread {
    struct pool *pool;
    struct db *db; /* its own handle, open before it runs */
    struct os_thread thread;
};

struct pool {
    struct http_server *s;
    struct os_mutex lock;
    struct os_cond more;
    struct call *first;
    struct call *last;
    uint32_t n;
    bool closed;
    struct pool_thread threads[32];
    unsigned n_threads;
};

struct http_server {
    struct http_opts o;
    struct arena *a;
    int listen_fd;
    uint16_t port;
    const struct router *router;
    struct worker workers[16];
    struct pool pool;
    struct pool outside; /* rows marked OUTSIDE */
    struct front *front; /* front.h; NULL: no TLS of our own */
    bool sealed;         /* people come by https: answers say that they always shall */
    _Atomic int64_t tls_until_ms; /* end of the certificate; 0: none */
    uint64_t tls_told_s; /* when its end was last looked at; the clock's */
    struct hub *hub;
    struct os_thread clock;
    struct os_mutex clock_lock;
    struct os_cond clock_wake;
    bool clock_stop;
    _Atomic bool draining;       /* nothing new is begun */
    _Atomic bool stopping;       /* no call may be suspended any more */
    _Atomic uint32_t suspended;  /* calls with the writer or the pool */
    _Atomic uint64_t bodies; /* bytes of whole bodies held */
    struct rates *rates;
    struct instant began;
    _Atomic uint64_t began_us; /* the clock of steps; tests move it */
    struct os_mutex troubles_lock; /* troubles, n_troubles */
    struct http_trouble troubles[TROUBLES];
    uint64_t n_troubles; /* ever: the newest is at (n - 1) modulo TROUBLES */
};

static inline struct call *call_of(struct http_req *h)
{
    return (struct call *)h;
}
static inline const struct call *call_of_const(const struct http_req *h)
{
    return (const struct call *)h;
}

/* request.c: what a cookie of that name is called on this line. borrows name, or memory of the request */
struct str cookie_name(const struct http_req *h, struct str name);

/* call.c: one request from its line to its end */
void *call_new(struct worker *w, struct MHD_Connection *conn, struct sock *sock, const char *uri);
enum MHD_Result call_step(struct call *c, const char *method, const char *data, size_t *n);
void call_ended(struct call *c, bool whole);
/* Runs what the request deferred and gives its memory back. thread: the one that has the call */
void call_empty(struct call *c);
/* Wakes a suspended call. thread: any */
void call_wake(struct call *c);
/* Runs fn as a handler on this thread and leaves an answer or a task behind. */
void call_run(struct call *c, http_handler_fn fn);
/* Makes the answer for a failure. */
void call_render(struct call *c, enum err e);

/* gate.c: what must hold before a handler runs */
enum err gate_head(struct call *c, const char *method); /* limits, route, who, may, origin */
enum err gate_form(struct call *c);                     /* the form token, once the body is there */
bool gate_token_ok(struct call *c, struct str token);
bool gate_needs_token(const struct call *c);

/* reply.c */
enum MHD_Result reply_send(struct call *c);
void reply_reset(struct call *c);

/* stream.c */
void stream_task(struct call *c); /* pool: TASK_BEGIN, CHUNK, END, BROKEN */

/* What each answer of a server people reach by https says (RFC 6797 6.1): a year. Not of other names below
 * ours: they are not ours. */
#define HSTS "max-age=31536000"

/* pieces.c */
struct MHD_Response *pieces_response(struct call *c);

/* pool.c */
/* pool_stop() afterwards, also when it fails. errors E_IO no read handle */
enum err pool_start(struct req *rq, struct pool *p, struct http_server *s, unsigned n);
void pool_push(struct pool *p, struct call *c);
bool pool_is_full(struct pool *p);
/* Where the slow work of a call is done. */
struct pool *pool_of(struct call *c);
void pool_stop(struct pool *p);

/* hub.c */
struct hub *hub_new(struct arena *a, unsigned max_streams);
struct MHD_Response *hub_response(struct call *c);
void hub_leave(struct call *c);
void hub_tick(struct hub *hub);
void hub_stop(struct hub *hub);

/* load.c: counts an answer, and keeps it when it failed or was slow. thread: the call's worker */
void load_note(struct call *c, struct route_count *of);

/* metric.c */
void metric_done(struct call *c);

/* conn.c: connections, and the watch over slow ones */
void conn_changed(void *cls, struct MHD_Connection *conn, void **ctx,
                  enum MHD_ConnectionNotificationCode what);
void conn_watch(struct worker *w, uint64_t now_s);
struct sock *conn_of(struct MHD_Connection *conn);
