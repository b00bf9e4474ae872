/* store/dict_int.h - bodies as short bytes: zstd with dictionaries of the types; private to the room. */
#pragma once

#include <zstd.h>

#include "base/req.h"

struct conn;
struct db;
struct dicts;
struct store;
struct writer;

/* Column codec of ver. */
enum {
    CODEC_ERASED = -1, /* no body: see erase_int.h */
    CODEC_RAW = 0,  /* the bytes themselves */
    CODEC_ZSTD = 1, /* a zstd frame without its first four bytes, no dictionary */
    CODEC_DICT = 2, /* from here on: the same, with the row of table dict that has this id */
};

enum {
    DICT_TYPES = 512,     /* types, by number, that may have dictionaries */
    DICT_BYTES = 16384,   /* longest dictionary; measured: longer ones do not gain */
    BODY_MAX = 256 << 20, /* a stored body never becomes longer than this */
};

/* Column state of dict. */
enum dict_state {
    DICT_USED,    /* bodies may be written with it */
    DICT_RETIRED, /* it may hold pieces of what was erased: bodies that need it are compressed anew */
    DICT_LOOKED,  /* all were, and it is looked once more whether one needs it */
    DICT_GONE,    /* none does: the row has no bytes any more; its number is not given again */
};

/* A connection's means of reading bodies: the context and the last body. Zeroed before the first use. */
struct unpack {
    ZSTD_DCtx *ctx;
    char *p;
    size_t size;
};
void unpack_done(struct unpack *u);

/* gives the dictionaries of a store, end with dicts_free(). */
struct dicts *dicts_new(void);
void dicts_free(struct dicts *ds);
/* What is kept follows the rows: the newest in use of each type is used for writing, those that are gone are
 * forgotten. thread   the writer's, or before it begins */
MUST_USE enum err dicts_load(struct req *rq, struct dicts *ds, struct conn *c);
/* May a body that was compressed with this one be written? */
bool dicts_may_write(struct dicts *ds, int64_t id);
/* True when bodies of this type are written with a dictionary. */
bool dicts_has(struct dicts *ds, uint16_t type);
/* The stored form of a body, in a or the body itself; *ret_codec says which.
 * thread   any */
struct str dict_pack(struct dicts *ds, struct arena *a, uint16_t type, struct str body,
                     int64_t *ret_codec);
/* The body again, borrowed from st or u until the next call with u.
 * errors   E_IO  the bytes are damaged, or their dictionary is missing */
MUST_USE enum err dict_unpack(struct req *rq, struct db *db, int64_t codec, struct str stored,
                              struct str *ret_body);

/* ---- train.c ---- */

/* Makes a dictionary from the newest bodies of the type and puts it to use, when it gains; through
 * the writer, so not on its thread. all: from bodies however old.
 * errors   E_STALE  one of those bodies was erased meanwhile; E_IO, E_TOO_LARGE */
MUST_USE enum err dict_train(struct store *st, uint16_t type, bool all);
/* For bodies packed with ds alone: no row stands behind it. */
void dicts_use(struct dicts *ds, int64_t id, uint16_t type, struct str bytes);

/* ---- redict.c ---- */

/* A body compressed anew. */
struct redict_body {
    int64_t vid, from, to; /* codecs */
    struct str stored;
};
/* A change of dictionaries, in a transaction of its own. */
struct tx_dict_op {
    enum { DICT_OP_ADD, DICT_OP_PIECE, DICT_OP_GONE } kind;
    uint16_t type; /* ADD: of this type, from so many bodies */
    unsigned samples;
    struct str bytes, vids; /* vids: le64 each, versions that may be in the bytes */
    int64_t id;             /* PIECE, GONE: which */
    const struct redict_body *bodies; /* PIECE */
    size_t n;
    enum dict_state state; /* PIECE: how the row stands then */
    int64_t upto;
};
/* On the writer's thread. errors   E_STALE  of dict_op_check(): what it was made of is no more */
MUST_USE enum err dict_op_check(struct writer *w, struct req *rq, const struct tx_dict_op *op);
MUST_USE enum err dict_op_write(struct writer *w, struct req *rq, const struct tx_dict_op *op);
/* In the commit that erases a version: dictionaries made of it may no longer be used. */
MUST_USE enum err dict_retire(struct writer *w, struct req *rq, uint16_t type, int64_t vid);
/* New dictionaries for the types that have lost theirs so. */
MUST_USE enum err redict_train(struct store *st, struct req *rq);
/* A bounded piece of replacing dictionaries; *ret_more: not all are replaced.
 * thread   any but the writer's */
MUST_USE enum err redict_step(struct store *st, struct req *rq, bool *ret_more);
