/* codec/multipart.h - multipart/form-data (RFC 7578) and multipart/related bodies (RFC 2046, 2387)
 * as a stream: bytes go in as they come, in pieces of any size; parts come out by callbacks. Never
 * holds more than one part's header. */
#pragma once

#include "base/req.h"

struct multipart_part {
    struct str name;        /* form field; p NULL when there is none */
    struct str filename;    /* tidied as field_filename() does; p NULL for a plain field */
    struct str type;        /* Content-Type as sent; p NULL when absent */
    struct str header;      /* all header lines, CRLF between them: see multipart_header() */
    uint32_t index;         /* 0 for the first part */
};

/* What is done with the parts. A failure ends the parse and is what multipart_feed() returns.
 * The part's slices live until end() of that part; what must last is copied. */
struct multipart_sink {
    enum err (*begin)(void *ctx, const struct multipart_part *part);
    enum err (*data)(void *ctx, struct str bytes); /* any number of times, never empty */
    enum err (*end)(void *ctx);
    void *ctx;
};

struct multipart_limits {
    uint32_t parts;        /* most parts */
    uint32_t header_bytes; /* most bytes of one part's header lines */
};

struct multipart;

/* Begins a body of this Content-Type ("multipart/...; boundary=..."). The parser lives in rq->a;
 * sink is copied.
 * errors E_MEDIA_TYPE  not multipart, or the boundary is missing or malformed
 *        E_TOO_LARGE   the arena's cap */
MUST_USE enum err multipart_new(struct req *rq, struct str content_type,
                                const struct multipart_limits *lim,
                                const struct multipart_sink *sink, struct multipart **ret_m);
/* The next bytes.
 * errors E_SYNTAX     malformed framing or header
 *        E_TOO_LARGE  a limit
 *        whatever the sink returned; after any failure the parser must not be fed again */
MUST_USE enum err multipart_feed(struct multipart *m, struct str bytes);
/* The body has ended. errors E_SYNTAX when its last boundary has not come. */
MUST_USE enum err multipart_finish(struct multipart *m);

/* Value of a header field of the part (name without case), trimmed; p NULL when absent. */
struct str multipart_header(const struct multipart_part *part, struct str name);
