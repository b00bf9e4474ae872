/* codec/outside_wire.h - GOST R 34.10-2012 signatures are judged in a process of its own, which alone
 * loads the engine that knows these algorithms: what is asked and what was found, as bytes.
 *
 * Numbers are little endian; a text is its length in 4 bytes, then itself. */
#pragma once

#include "codec/outside.h"

enum {
    OUTSIDE_WIRE_LISTS_MAX = 12 << 20, /* bytes of lists that go along */
    OUTSIDE_WIRE_MAX = 24 << 20        /* bytes of a question */
};

/* Of the lists those of the signer's authority and small ones go along, as many as fit.
 * errors   E_TOO_LARGE */
MUST_USE enum err outside_ask_write(struct req *rq, const struct outside_ask *ask, struct str *ret_bytes);
/* errors   E_SYNTAX; E_TOO_LARGE */
MUST_USE enum err outside_ask_read(struct req *rq, struct str bytes, struct outside_ask *ret_ask);
MUST_USE enum err outside_verdict_write(struct req *rq, const struct outside_verdict *v,
                                        struct str *ret_bytes);
/* errors   E_SYNTAX */
MUST_USE enum err outside_verdict_read(struct req *rq, struct str bytes, struct outside_verdict *ret_verdict);

/* Loads the engine into this process, for good. False: it is not installed. */
bool outside_gost_load(void);
