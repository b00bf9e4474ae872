/* os/outgoing.h - one call to another server by HTTP (libcurl).
 *
 * No redirects are followed and no proxy of the environment is used: nothing but the address that was
 * given is ever called. Whether it may be called is the caller's to decide. */
#pragma once

#include "base/req.h"

struct os_post {
    struct str url;            /* https://... or http://... */
    struct str type;           /* Content-Type */
    const struct str *headers; /* "Name: value" */
    size_t n_headers;
    struct str body;
    uint32_t timeout_ms;       /* of the whole exchange */
    struct str ca_file;        /* certificates the server's is checked against; empty: the system's */
    bool plain;                /* http:// too */
    bool get;                  /* GET: without type and body */
};

/* Before the first os_post(), while one thread runs. */
void os_outgoing_init(void);
/* Sends; of the answer nothing but its status is kept.
 * errors   E_IO  no answer: detail holds libcurl's number only; E_TOO_LARGE  memory cap
 * costs    waits, at most timeout_ms */
MUST_USE enum err os_post(struct req *rq, const struct os_post *p, unsigned *ret_status);

/* What a receiver answered. */
struct os_answer {
    unsigned status;
    int64_t retry_after_s; /* it asks to be left alone so long (Retry-After); -1: it does not say */
};
/* The same, with the pause it asks for. */
MUST_USE enum err os_post_answer(struct req *rq, const struct os_post *p, struct os_answer *ret_answer);

struct os_get {
    struct str url;
    uint32_t timeout_ms;
    size_t max_bytes;   /* of the answer's body: a longer one is E_IO */
    struct str ca_file;
    bool plain;
    bool (*should_stop)(void *ctx); /* asked about once a second: true ends it with E_IO; or NULL */
    void *stop_ctx;
};
struct os_got {
    unsigned status;
    struct str body;    /* in the arena */
    int64_t max_age_s;  /* how long the answer says it holds (Cache-Control); -1: it does not say */
};
/* Fetches. errors as of os_post */
MUST_USE enum err os_get(struct req *rq, const struct os_get *g, struct os_got *ret_got);
/* Sends as os_post() and keeps the answer's body, at most max_bytes of it: a longer one is E_IO. */
MUST_USE enum err os_post_ask(struct req *rq, const struct os_post *p, size_t max_bytes,
                              struct os_got *ret_got);
