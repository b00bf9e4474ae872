/* store/dict_int.h - bodies as short bytes: zstd with dictionaries of the types; private to the room. */
#pragma once

#include <zstd.h>

#include "base/req.h"

struct conn;
struct db;
struct dicts;
struct store;

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
/* Reads which types have dictionaries; the newest of each is used for writing. */
MUST_USE enum err dicts_load(struct req *rq, struct dicts *ds, struct conn *c);
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
 * the writer, so not on its thread. c: a connection for reading. */
void dict_train(struct store *st, uint16_t type);
/* A dictionary that is on the disk now goes to use. */
void dicts_use(struct dicts *ds, int64_t id, uint16_t type, struct str bytes);
