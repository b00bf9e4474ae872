/* os/outgoing.h - one HTTP POST to another server (libcurl).
 *
 * No redirects are followed, no proxy of the environment is used, nothing of the answer but its status
 * is kept. Whether an address may be called is the caller's to decide. */
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
};

/* Before the first os_post(), while one thread runs. */
void os_outgoing_init(void);
/* errors   E_IO  no answer: detail holds libcurl's number only; E_TOO_LARGE  memory cap
 * costs    waits, at most timeout_ms */
MUST_USE enum err os_post(struct req *rq, const struct os_post *p, unsigned *ret_status);
