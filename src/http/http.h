/* http/http.h - what a handler sees: the request, its parts, and the ways to answer.
 *
 * A handler is `enum err fn(struct http_req *h)`. It reads the request, calls one domain function
 * and ends in exactly one of: http_reply...(), http_redirect(), http_commit(), http_slow(),
 * http_stream(), or a failure code, which the route's kind turns into an answer (an error page, an
 * OperationOutcome, a bare status). Everything lives in h->rq.a and dies after the answer is sent.
 *
 * Handlers run on an I/O thread and must not block there: no waiting, no password hashing, no PDF.
 * Rows marked SLOW and functions given to http_slow() run on the pool and may.
 */
#pragma once

#include "base/req.h"

struct tx;
struct http_req;
typedef enum err (*http_handler_fn)(struct http_req *h);

enum http_method { GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS, HTTP_METHOD_COUNT };

/* Who may come in at all; rights are checked after it. */
enum http_who {
    WHO_ANY,       /* everybody; somebody signed in is recognised */
    WHO_SIGNED_IN, /* a browser session or a bearer token */
    WHO_SESSION,   /* a browser session only */
    WHO_TOKEN,     /* a bearer token only */
    WHO_LOCAL,     /* a caller on this machine, or a signed-in one with the row's rights */
};

/* Selects the form of failures and the default headers. */
enum http_kind { KIND_PAGE, KIND_FHIR, KIND_TUS, KIND_PLAIN, KIND_EVENTS, HTTP_KIND_COUNT };

enum http_limit {
#define X(name, body, arena, what) name,
#include "http/limits.def"
#undef X
    HTTP_LIMIT_COUNT
};

/* Flags of a route. */
enum {
    SLOW = 1 << 0,      /* the handler runs on the pool, after the whole body came */
    STREAM = 1 << 1,    /* the handler runs on the pool before the body and calls http_stream() */
    NO_ORIGIN = 1 << 2, /* unsafe method without the same-origin check (sign-in form has its own) */
    NO_BUSY = 1 << 3,   /* answered even while the server is draining or full (healthz, metrics) */
    OUTSIDE = 1 << 6,   /* as SLOW, on two threads of its own: the handler calls a server of others and may
                           wait for it, and nothing else waits behind it */
    PATIENT_TOO = 1 << 5, /* open to patients: rows without it are for people of the service only */
    OFTEN = 1 << 7,       /* asked for many times at once by one page or file: not counted by its address */
    HELD_TOO = 1 << 4,  /* open to a caller who is held until they made their own way of signing in safe */
};

/* A row of the route table. */
struct http_route {
    enum http_method method; /* GET serves HEAD too; HEAD and OPTIONS have no rows */
    const char *path;        /* "/cases/:case/files"; ":name" is one segment, "*name" the rest */
    enum http_who who;
    uint32_t may;            /* rights of which the caller needs at least one; 0: none needed */
    enum http_limit limit;
    unsigned flags;
    enum http_kind kind;
    http_handler_fn handler;
};

enum http_caller_kind { CALLER_NOBODY, CALLER_SESSION, CALLER_TOKEN };

/* Filled by the identify hook beside rq.who. */
struct http_caller {
    enum http_caller_kind kind;
    uint32_t rights;  /* rights of the role they act in (care/who.h) */
    struct str csrf;  /* the session's form token; unsafe requests must carry it */
    const char *held; /* why they may use WHO_ANY and HELD_TOO rows only; NULL: they may all */
    bool apart;       /* a patient: may use WHO_ANY and PATIENT_TOO rows only */
    uint64_t account; /* whose requests count together; 0: the program's own, which are not counted */
};

struct http_req {
    struct req rq;                   /* FIRST: a struct http_req * is a struct req * */
    enum http_method method;         /* HEAD arrives as GET with is_head set */
    bool is_head;                    /* the caller wants no body; reply as for GET */
    bool is_https;                   /* came through TLS (our own, or a trusted proxy said so) */
    struct str path;                 /* as sent, undecoded, without the query */
    struct str query;                /* as sent, without '?'; p NULL when there is none */
    const struct http_route *route;  /* the row; NULL before routing */
    struct http_caller caller;       /* who it is, for http's own gates */
    http_handler_fn on_fail;         /* answers instead of the kind's renderer when a commit fails;
                                      * rq.err tells what happened */
    void *page_ctx;                  /* free for the rooms above; NULL at first */
};

/* ---- the request ---- */

/* Path parameter of the row, percent-decoded; p NULL when the row has none of that name. */
struct str http_param(const struct http_req *h, struct str name);
/* First query parameter of that name, decoded; p NULL when absent. */
struct str http_query(struct http_req *h, struct str name);
/* Header field by name (any case), trimmed; p NULL when absent. borrows the connection. */
struct str http_header(const struct http_req *h, const char *name);
/* Cookie by name, as http_reply_cookie() set it; p NULL when absent. */
struct str http_cookie(struct http_req *h, struct str name);
/* The whole body; empty for STREAM rows. */
struct str http_body(const struct http_req *h);
/* Media type of the body in lower case without parameters, "" when absent. */
struct str http_body_type(struct http_req *h);
/* Form field (urlencoded or a multipart part without file name), decoded UTF-8; p NULL when
 * absent: the first of a repeated one. A broken form has no fields:
 * http_form_check says so. */
struct str http_form(struct http_req *h, struct str name);
/* i-th field in the order sent: false past the end. */
bool http_form_each(struct http_req *h, uint32_t i, struct str *ret_name, struct str *ret_value);
/* E_SYNTAX when the body is not a well-formed form, E_MEDIA_TYPE when it is none at all. */
MUST_USE enum err http_form_check(struct http_req *h);

/* A file of a small multipart form (within the row's body limit). */
struct http_file {
    struct str field;    /* name of the form field */
    struct str filename; /* as the browser named it: text to show, never a path */
    struct str type;     /* as the browser claims */
    struct str bytes;
};
/* i-th file; false past the end. */
bool http_file(struct http_req *h, uint32_t i, struct http_file *ret_file);

/* True when the Accept header prefers html over json: for addresses that answer both. */
bool http_wants_html(const struct http_req *h);
/* "http://host:port" or "https://..." the caller used, for absolute addresses in answers. */
struct str http_base_url(struct http_req *h);
/* The address people use, from the settings; else as http_base_url. What tokens and assertions name. */
struct str http_public_url(struct http_req *h);
/* Is an Origin header's text one of the two above. */
bool http_is_own_origin(struct http_req *h, struct str origin);

/* ---- a request inside this one, of the same caller ---- */

struct http_inner {
    enum http_method method;
    struct str path;  /* "/fhir/..." */
    struct str query; /* without '?' */
    struct str body;  /* of the media type of this request's body */
};
/* The row that would answer. errors E_NOT_FOUND, E_METHOD, E_BAD_INPUT */
MUST_USE enum err http_within_row(struct http_req *h, enum http_method method, struct str path,
                                  const struct http_route **ret_row);
/* Runs that row's handler here and now and gives back what it answers, which is not sent. The caller has
 * seen to it that the row is open to whoever asks (WHO_SIGNED_IN, no rights), and that it answers at once: no
 * commit, no slow work. errors: as http_within_row(), those of the handler */
MUST_USE enum err http_within(struct http_req *h, const struct http_inner *in, unsigned *ret_status,
                              struct str *ret_body);

/* ---- the answer: all of them record the reply; it is sent after the handler returned and after
 * the read audit in rq.audit is durable ---- */

/* type: media type with charset, a literal or arena text. body must live in h->rq.a or for ever. */
MUST_USE enum err http_reply(struct http_req *h, unsigned status, struct str type, struct str body);
/* Status without body: 204, 304, 412 ... */
MUST_USE enum err http_reply_empty(struct http_req *h, unsigned status);
/* A path of this server ("/cases/x?done=sent"), whatever a browser does to it: one that begins like another
 * host's or holds a control character (browsers drop tabs and ends of lines, then look) is none. */
bool http_is_local(struct str path);
/* 303 to such a path; anything else is refused. */
MUST_USE enum err http_redirect(struct http_req *h, struct str path);
/* 303 to an address elsewhere that was checked by the caller (a registered one). */
MUST_USE enum err http_redirect_away(struct http_req *h, struct str url);
/* Forms of this page may lead on to origin (scheme://host[:port] or scheme:), too: browsers hold the
 * redirect after a form to the page's policy. Each call adds one. */
void http_reply_form_to(struct http_req *h, struct str origin);
/* Adds a header field; value is copied. Values with control characters are dropped. */
void http_reply_header(struct http_req *h, const char *name, struct str value);
/* Retry-After of a failure whose detail says "wait 90 s" (E_LOCKED); gives the seconds, 60 when the
 * detail names none. */
uint64_t http_reply_wait(struct http_req *h);
/* Adds ETag (strong, given with its quotes, or W/"..."; p NULL: none) and Last-Modified (ms 0:
 * none). True when the caller's copy is still good: answer with http_reply_empty(h, 304). */
bool http_is_fresh(struct http_req *h, struct str etag, struct instant modified);
/* Sets a cookie: Path=/, HttpOnly, SameSite=Lax; behind TLS Secure and named "__Host-" and name,
 * which a browser takes from this very host alone (RFC 6265bis section 4.1.3.2). max_age_s < 0:
 * until the browser closes; 0: removes it. */
void http_reply_cookie(struct http_req *h, struct str name, struct str value, int64_t max_age_s);
/* How long a signed-in page or API answer may be kept; without a call it is "no-store". */
void http_reply_cache(struct http_req *h, struct str cache_control);

/* A file from disk by sendfile, with Range (RFC 9110 14), If-Range and If-None-Match.
 * takes fd. filename: shown to the person when saving; inline_ok: may open in the page. */
struct http_disk_file {
    int fd;
    uint64_t size_bytes;
    struct str type;
    struct str filename; /* empty: none */
    struct str etag;     /* with quotes; empty: none */
    bool inline_ok;
};
MUST_USE enum err http_reply_file(struct http_req *h, const struct http_disk_file *f);

/* Part of an answer: bytes, or a part of a file. */
struct http_piece {
    struct str bytes; /* p not NULL: these, in h->rq.a or for ever */
    const void *file; /* else n bytes from here of what open() gives for it */
    uint64_t from;
    uint64_t n;
};
struct http_pieces {
    unsigned status;
    struct str type;            /* media type; not text */
    const struct http_piece *v; /* in h->rq.a */
    size_t n;
    /* Opens a file when its first piece is due; the same file in pieces one after another is opened
     * once. Runs on an I/O thread. */
    enum err (*open)(struct http_req *h, const void *file, int *ret_fd);
};
/* An answer made of pieces. Bytes alone are sent from where they are; with files among them all is read as
 * the caller takes it: 256 KiB are held, one file is open. A file that cannot be read ends the connection
 * short of the length announced.
 * errors E_TOO_LARGE  the lengths overflow */
MUST_USE enum err http_reply_pieces(struct http_req *h, const struct http_pieces *p);

/* A topic of a stream of events: EVENT_CASE and the 64-bit topic of store/tx.h. */
struct http_topic {
    uint32_t kind;   /* enum event_kind */
    uint64_t id;
    struct str name; /* event name the page hears; a literal or in h->rq.a */
};
enum { HTTP_TOPICS_MAX = 24 };
/* Server-sent events until the session ends or the caller leaves. Each event says "topic changed"
 * and nothing else; several changes may arrive as one. */
MUST_USE enum err http_reply_events(struct http_req *h, const struct http_topic *topics, uint32_t n);
/* After http_reply_events: what is said first (whole lines of the stream; lives as long as the request),
 * and the name heartbeats get as events. */
void http_events_hello(struct http_req *h, struct str hello, struct str beat_name);

/* ---- durable changes and slow work ---- */

/* Hands tx to the writer. The connection waits without a thread; once the change is durable, then()
 * runs and answers. On failure then() is not run: on_fail or the kind's renderer answers. From a
 * pool thread it waits. If the caller left meanwhile, the change stays and then() may not run. */
MUST_USE enum err http_commit(struct http_req *h, struct tx *tx, http_handler_fn then);
/* Runs fn on the pool; it answers as a handler does, and may wait there. E_BUSY when the pool's
 * queue is full. On a pool thread it just calls fn. */
MUST_USE enum err http_slow(struct http_req *h, http_handler_fn fn);

/* Where the body of a STREAM row goes. All run on the pool, one at a time, never together. */
struct http_sink {
    enum err (*chunk)(struct http_req *h, struct str bytes); /* up to 256 KiB; a failure ends it */
    http_handler_fn end;                    /* the whole body came: answer */
    void (*broken)(struct http_req *h);     /* the caller left: what came has been handed over; no
                                             * answer is possible; may be NULL */
};
/* Called by the handler of a STREAM row. borrows sink (a static const struct). */
MUST_USE enum err http_stream(struct http_req *h, const struct http_sink *sink);
/* Bytes of body announced by Content-Length; UINT64_MAX when unknown (chunked). */
uint64_t http_body_size(const struct http_req *h);
/* Like http_stream for a multipart/form-data body: small fields are collected for http_form() (in
 * the order sent, up to 64 KiB in all), files are handed on as they come. */
struct http_form_sink {
    /* bytes of f is empty; fields sent before the file are readable */
    enum err (*file_begin)(struct http_req *h, const struct http_file *f);
    enum err (*file_bytes)(struct http_req *h, struct str bytes);
    enum err (*file_end)(struct http_req *h);
    http_handler_fn end;
    void (*broken)(struct http_req *h); /* the caller left, or the body or one of the above failed: h->rq.err
                                         * is to stay; may be NULL */
};
MUST_USE enum err http_stream_form(struct http_req *h, const struct http_form_sink *sink);
