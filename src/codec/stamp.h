/* codec/stamp.h - time stamps (RFC 3161, RFC 5816) over signatures: CAdES-T (ETSI EN 319 122-1 5.3).
 *
 * An authority signs that it saw the value of a signature at a time. Its token stands in the signature as an
 * unsigned attribute (id-aa-timeStampToken), where others read it. Nothing is fetched here. */
#pragma once

#include "codec/cms_cert.h"

enum {
    STAMP_NONCE = 16,            /* bytes of a request that must come back */
    STAMP_REPLY_MAX = 32 * 1024, /* bytes of an answer, and of a token, that is read */
    STAMP_TOKENS_MAX = 4,        /* looked at in one signature */
};

enum stamp_why {
#define X(name, text) name,
#include "codec/stamp.def"
#undef X
    STAMP_WHY_COUNT
};
/* Why not, msgid; "" for STAMP_GOOD. */
const char *stamp_why_text(enum stamp_why why);

/* What a token is held to. */
struct stamp_ask {
    struct str value;        /* the value of the signature it is over */
    const struct str *certs; /* trusted for time stamps, DER: those signed by themselves are the roots, others
                              * help between */
    uint32_t n_certs;
    struct str policy;       /* "1.2.3": the only one taken; empty: any */
    struct str nonce;        /* that of the request; empty: not looked at */
    struct instant from;     /* its time lies between; minutes of clocks that differ are allowed */
    struct instant until;
};
struct stamp_facts {
    enum stamp_why why;
    struct instant at;       /* what the authority says, with STAMP_GOOD */
    struct str by;           /* name of its certificate; empty: unknown */
};

/* gives the request (TimeStampReq) over the SHA-256 of value, with nonce, asking for the certificate.
 * errors   E_BAD_INPUT  policy is no object identifier; E_BUSY */
MUST_USE enum err stamp_request(struct req *rq, struct str value, struct str policy,
                                const uint8_t nonce[STAMP_NONCE], struct str *ret_der);
/* Of an answer (TimeStampResp): the token, when it holds. An answer or a token that does not is no error:
 * ret_facts->why; *ret_token is empty then.
 * errors   E_BUSY, E_TOO_LARGE  memory */
MUST_USE enum err stamp_reply(struct req *rq, struct str reply, const struct stamp_ask *ask,
                              struct str *ret_token, struct stamp_facts *ret_facts);
/* The same of a token (TimeStampToken). */
MUST_USE enum err stamp_check(struct req *rq, struct str token, const struct stamp_ask *ask,
                              struct stamp_facts *ret_facts);

/* The value of the only signature of a CMS file, and the tokens it carries, at most STAMP_TOKENS_MAX of them.
 * errors   E_SYNTAX  not CMS of one signer; E_TOO_LARGE */
MUST_USE enum err stamp_parts(struct req *rq, struct str cms, struct str *ret_value,
                              struct str ret_tokens[STAMP_TOKENS_MAX], uint32_t *ret_n);
/* gives the signature with the token in it, DER.
 * errors   E_SYNTAX  as stamp_parts(), or the token is none; E_TOO_LARGE */
MUST_USE enum err stamp_attach(struct req *rq, struct str cms, struct str token, struct str *ret_cms);
/* Whether text is an object identifier: digits with dots between. */
bool stamp_is_policy(struct str text);
