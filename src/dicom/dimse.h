/* dicom/dimse.h - the accepting side of a DICOM association (PS3.8), for verification and storage
 * (PS3.7 C-ECHO, C-STORE): bytes in, bytes out, data sets as a stream. No sockets, no waiting.
 *
 * Memory does not grow with what is sent: a request of association and a command are held up to a
 * limit, data sets go to the sink as they come. */
#pragma once

#include "base/req.h"

enum {
    DIMSE_PDU_MAX = 256 * 1024,   /* longest P-DATA we ask for, without its header */
    DIMSE_OUT_MAX = 64 * 1024,    /* room for what one feed may answer */
    DIMSE_CONTEXTS_MAX = 128,     /* presentation contexts: odd numbers 1..255 */
};

/* Status of C-STORE (PS3.4 B.2.3, PS3.7 C). */
enum dimse_status {
    DIMSE_OK = 0x0000,
    DIMSE_DUPLICATE = 0x0111,     /* known SOP instance with other bytes */
    DIMSE_UNKNOWN_CLASS = 0x0122, /* SOP class not supported */
    DIMSE_NO_SUCH_OPERATION = 0x0211,
    DIMSE_NO_ROOM = 0xa700,       /* out of resources */
    DIMSE_MISMATCH = 0xa900,      /* data set does not match */
    DIMSE_NOT_UNDERSTOOD = 0xc000,
};

struct dimse_store {
    struct str sop_class;
    struct str sop_instance;
    struct str transfer_syntax;
    struct str calling; /* AE title of the sender */
};

enum dimse_may {
    DIMSE_MAY,
    DIMSE_NOT_CALLING, /* rejected: the calling title is not known */
    DIMSE_NOT_CALLED,  /* rejected: that is not our title */
};

struct dimse_sink {
    /* May this peer come in under these titles? */
    enum dimse_may (*may)(void *ctx, struct str calling, struct str called);
    /* A C-STORE begins. head: the bytes a DICOM file (PS3.10) of it begins with; the data set follows by
     * data(). Slices live until it returns. */
    enum err (*begin)(void *ctx, const struct dimse_store *s, struct str head);
    enum err (*data)(void *ctx, struct str bytes);
    /* All came, or an earlier call failed (then failed is set): the status to answer, and a comment of at
     * most 64 characters (p NULL: none). Success means durable. */
    uint16_t (*end)(void *ctx, bool failed, struct str *ret_comment);
    /* The association ended inside a data set. */
    void (*broken)(void *ctx);
    void *ctx;
};

struct dimse;

/* gives an association in a, waiting for its request. sink is copied. NULL past the arena's cap. */
struct dimse *dimse_new(struct arena *a, const struct dimse_sink *sink);
/* The next bytes from the peer, in pieces of any size. Answers are added to out, a builder of
 * DIMSE_OUT_MAX that the caller empties before each call.
 *
 * gives *ret_used bytes taken: fewer than given when out must be sent first; *ret_over: send out and
 * close */
void dimse_feed(struct dimse *d, struct str bytes, struct buf *out, size_t *ret_used, bool *ret_over);
/* The line broke, or the peer is too slow: ends what was begun. abort is sent when out is not NULL. */
void dimse_end(struct dimse *d, struct buf *out);
/* Whether the association stands and nothing is half way: a good moment to end it. */
bool dimse_is_idle(const struct dimse *d);
/* The peer's AE title; empty before its request. */
struct str dimse_calling(const struct dimse *d);
