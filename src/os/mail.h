/* os/mail.h - one message by SMTP (libcurl; RFC 5321, STARTTLS of RFC 3207). */
#pragma once

#include "base/req.h"

struct os_mail {
    struct str url;       /* smtp://host:587 (STARTTLS) or smtps://host:465 */
    struct str user;      /* empty: without signing in */
    struct str password;
    struct str from, to;  /* bare addresses: the caller has checked them */
    struct str message;   /* header and body, lines ended by CR LF */
    struct str ca_file;   /* certificates the server's is checked against; empty: the system's */
    bool plain;           /* without TLS too, when the server offers none */
    uint32_t timeout_ms;  /* of the whole exchange */
};

/* Hands the message to the server.
 * gives    *ret_status: 250 when it was taken; the code of a refusal (4xx later, 5xx never) with OK
 * errors   E_IO  no answer, or no TLS where it must be: detail holds libcurl's number only;
 *          E_TOO_LARGE  memory cap
 * costs    waits, at most timeout_ms */
MUST_USE enum err os_mail(struct req *rq, const struct os_mail *m, unsigned *ret_status);
