/* http/tls.h - the certificate and the key the program answers HTTPS with: read, judged, made ready.
 *
 * What is spoken: TLS 1.2 and 1.3 with the ciphers and curves of Mozilla's "intermediate" recommendation
 * (5.7; of TLS 1.2 those with ECDHE), HTTP/1.1 as ALPN (RFC 7301), no renegotiation, no compression, no
 * tickets under a key that lives long: who comes back is known from memory, for an hour. */
#pragma once

#include "base/req.h"

enum tls_fault {
    TLS_FINE,
    TLS_CERT_UNREAD, /* the file is not there, or is not for us */
    TLS_CERT_NO_PEM,
    TLS_CERT_WEAK,   /* its key is short, or its hash is broken */
    TLS_KEY_UNREAD,
    TLS_KEY_NO_PEM,  /* or it has a passphrase */
    TLS_KEY_OTHER,   /* the key is of another certificate */
    TLS_NOT_YET,     /* these two can be served with all the same */
    TLS_ENDED,
    TLS_FAULT_COUNT,
};

struct tls_facts {
    enum tls_fault fault;
    struct instant until; /* of the first certificate in the file; ms 0: it was not read */
    bool other_host;      /* it is not for the host that was asked about */
    bool is_alone;        /* nothing between it and its authority is in the file, and it is not its own */
};

/* A name for logs ("key-of-another"), and words for people that follow the name of the file. Literals. */
const char *tls_fault_name(enum tls_fault fault);
struct str tls_fault_words(enum tls_fault fault);
/* The fault is one of the file of the key. */
bool tls_fault_is_of_key(enum tls_fault fault);
/* Whether such a certificate can be served with: an ended one is, for some see a warning and go on, where
 * without it nobody sees anything. */
bool tls_can_serve(enum tls_fault fault);

/* What is to be said of the two files (PEM; the certificate first, then those between it and its authority).
 * host: whom it is to be for; empty: not looked at. errors  E_TOO_LARGE  memory */
MUST_USE enum err tls_look(struct req *rq, const char *certificate, const char *key, struct str host,
                           struct tls_facts *ret_facts);

struct ssl_ctx_st; /* SSL_CTX of OpenSSL */
/* gives *ret_ctx to serve with; end it with tls_close(), connections made with it live on.
 * errors   E_BAD_INPUT  the detail is the fault's name; E_TOO_LARGE  memory */
MUST_USE enum err tls_open(struct req *rq, const char *certificate, const char *key,
                           struct tls_facts *ret_facts, struct ssl_ctx_st **ret_ctx);
/* NULL is allowed. */
void tls_close(struct ssl_ctx_st *ctx);
