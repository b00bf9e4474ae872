/* store/dict.c - bodies as short bytes. See dict_int.h.
 *
 * A FHIR resource alone is too short to compress well; with a dictionary of its type it needs a sixth
 * of its length. A dictionary that has been used is kept: bodies cannot be read without it. One that may hold
 * pieces of what was erased is replaced: see redict.c. */
#include "store/dict_int.h"

#include <sodium.h>
#include <string.h>

#include "store/read_int.h"
#include "store/store_int.h"

enum {
    BUCKETS = 512,         /* of dictionaries by id; a power of two */
    PACKERS = 16,          /* contexts kept for the next body */
    PACK_KEEP = 256 << 10, /* bytes of buffer kept with each */
    SHORT = 96,            /* shorter bodies stay as they are */
    LEVEL = 3,
    MAGIC = 4, /* first bytes of every frame; not stored */
};
static const char magic[MAGIC] = {'\x28', '\xb5', '\x2f', '\xfd'};

/* What changes in one does so under the lock. */
struct dict {
    int64_t id;
    struct dict *next; /* of its bucket */
    struct str bytes;
    ZSTD_DDict *reads; /* made when first needed */
    ZSTD_CDict *writes;
    unsigned refs;         /* one while it is kept, one of each who uses it just now */
    enum dict_state state; /* DICT_GONE: bytes are none, and are not kept again */
    bool seen;             /* by dicts_load() */
};

struct packer {
    ZSTD_CCtx *ctx;
    char *p;
    size_t size;
};

struct dicts {
    struct os_mutex lock;
    struct dict *of[BUCKETS];
    struct dict *newest[DICT_TYPES];  /* for writing */
    struct packer *idle[PACKERS];
    size_t n_idle;
};

/* ---- the dictionaries ---- */

struct dicts *dicts_new(void)
{
    struct dicts *ds = os_alloc(1, sizeof(*ds));
    os_mutex_init(&ds->lock);
    return ds;
}

static void packer_free(struct packer *p)
{
    ZSTD_freeCCtx(p->ctx);
    os_free(p->p);
    os_free(p);
}

static void dict_unref(struct dict *d)
{
    if (d == NULL || --d->refs > 0) {
        return;
    }
    ZSTD_freeDDict(d->reads);
    ZSTD_freeCDict(d->writes);
    sodium_memzero((char *)(d + 1), d->bytes.n);
    os_free(d);
}

static void dict_give(struct dicts *ds, struct dict *d)
{
    os_lock(&ds->lock);
    dict_unref(d);
    os_unlock(&ds->lock);
}

void dicts_free(struct dicts *ds)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (ds->of[i] != NULL) {
            struct dict *d = ds->of[i];
            ds->of[i] = d->next;
            dict_unref(d);
        }
    }
    while (ds->n_idle > 0) {
        packer_free(ds->idle[--ds->n_idle]);
    }
    os_mutex_done(&ds->lock);
    os_free(ds);
}

/* Where it is linked; *NULL: not kept. */
static struct dict **place_of(struct dicts *ds, int64_t id)
{
    struct dict **at = &ds->of[(uint64_t)id & (BUCKETS - 1)];
    while (*at != NULL && (*at)->id != id) {
        at = &(*at)->next;
    }
    return at;
}

/* gives one, with a use of its own. */
static struct dict *dict_new(int64_t id, enum dict_state state, struct str bytes)
{
    struct dict *d = os_alloc(1, sizeof(*d) + bytes.n);
    char *copy = (char *)(d + 1);
    if (bytes.n > 0) {
        memcpy(copy, bytes.p, bytes.n);
    }
    *d = (struct dict){.id = id, .bytes = {copy, bytes.n}, .refs = 1, .state = state};
    return d;
}

static void dict_drop(struct dicts *ds, struct dict **at)
{
    struct dict *d = *at;
    for (size_t i = 0; i < DICT_TYPES; i++) {
        if (ds->newest[i] == d) {
            ds->newest[i] = NULL;
        }
    }
    *at = d->next;
    dict_unref(d);
}

static struct dict *dict_keep(struct dicts *ds, int64_t id, enum dict_state state, struct str bytes)
{
    struct dict **at = place_of(ds, id);
    if (*at == NULL) {
        *at = dict_new(id, state, bytes);
    }
    return *at;
}

void dicts_use(struct dicts *ds, int64_t id, uint16_t type, struct str bytes)
{
    os_lock(&ds->lock);
    struct dict *d = dict_keep(ds, id, DICT_USED, bytes);
    if (type < DICT_TYPES) {
        ds->newest[type] = d;
    }
    os_unlock(&ds->lock);
}

bool dicts_has(struct dicts *ds, uint16_t type)
{
    os_lock(&ds->lock);
    bool has = type < DICT_TYPES && ds->newest[type] != NULL;
    os_unlock(&ds->lock);
    return has;
}

bool dicts_may_write(struct dicts *ds, int64_t id)
{
    os_lock(&ds->lock);
    const struct dict *d = *place_of(ds, id);
    bool may = d != NULL && d->state == DICT_USED;
    os_unlock(&ds->lock);
    return may;
}

/* A row: what is kept of it follows. */
static void row_follow(struct dicts *ds, sqlite3_stmt *st, bool newest[DICT_TYPES])
{
    int64_t id = sqlite3_column_int64(st, 0);
    size_t type = (size_t)sqlite3_column_int64(st, 1);
    enum dict_state state = (enum dict_state)sqlite3_column_int64(st, 2);
    bool first = state == DICT_USED && type < DICT_TYPES && !newest[type];
    struct dict **at = place_of(ds, id);
    if (*at != NULL && state == DICT_GONE && (*at)->state != DICT_GONE) {
        dict_drop(ds, at);
    }
    if (first) {
        newest[type] = true;
        ds->newest[type] = dict_keep(ds, id, state, col_str(st, 3));
    } else if (state == DICT_GONE) {
        (void)dict_keep(ds, id, state, S(""));
    }
    at = place_of(ds, id);
    if (*at != NULL) {
        (*at)->seen = true;
        (*at)->state = state;
    }
}

static void unseen_drop(struct dicts *ds)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        struct dict **at = &ds->of[i];
        while (*at != NULL) {
            if ((*at)->seen) {
                at = &(*at)->next;
            } else {
                dict_drop(ds, at);
            }
        }
    }
}

enum err dicts_load(struct req *rq, struct dicts *ds, struct conn *c)
{
    bool newest[DICT_TYPES] = {false};
    sqlite3_stmt *st = conn_take(c, C_DICTS);
    int rc;
    if (st == NULL) {
        return conn_err(rq, c);
    }
    os_lock(&ds->lock);
    for (size_t i = 0; i < BUCKETS; i++) {
        for (struct dict *d = ds->of[i]; d != NULL; d = d->next) {
            d->seen = false;
        }
    }
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        row_follow(ds, st, newest);
    }
    for (size_t i = 0; rc == SQLITE_DONE && i < DICT_TYPES; i++) {
        ds->newest[i] = newest[i] ? ds->newest[i] : NULL;
    }
    if (rc == SQLITE_DONE) {
        unseen_drop(ds);
    }
    os_unlock(&ds->lock);
    conn_give(c, C_DICTS, st);
    return rc == SQLITE_DONE ? OK : conn_err(rq, c);
}

/* ---- writing ---- */

static struct packer *packer_take(struct dicts *ds)
{
    struct packer *p = NULL;
    os_lock(&ds->lock);
    if (ds->n_idle > 0) {
        p = ds->idle[--ds->n_idle];
    }
    os_unlock(&ds->lock);
    if (p == NULL) {
        p = os_alloc(1, sizeof(*p));
        p->ctx = ZSTD_createCCtx();
        ASSERT(p->ctx != NULL);
        ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_compressionLevel, LEVEL);
        ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_dictIDFlag, 0);
        ZSTD_CCtx_setParameter(p->ctx, ZSTD_c_checksumFlag, 0);
    }
    return p;
}

/* With the dictionary it was used with. */
static void packer_give(struct dicts *ds, struct packer *p, struct dict *d)
{
    ZSTD_CCtx_refCDict(p->ctx, NULL);
    os_lock(&ds->lock);
    dict_unref(d);
    bool keep = ds->n_idle < PACKERS && p->size <= PACK_KEEP;
    if (keep) {
        ds->idle[ds->n_idle++] = p;
    }
    os_unlock(&ds->lock);
    if (!keep) {
        packer_free(p);
    }
}

/* gives the newest dictionary of the type, ready for writing; NULL: none. */
static struct dict *writes_of(struct dicts *ds, uint16_t type)
{
    os_lock(&ds->lock);
    struct dict *d = type < DICT_TYPES ? ds->newest[type] : NULL;
    if (d != NULL && d->writes == NULL) {
        d->writes = ZSTD_createCDict(d->bytes.p, d->bytes.n, LEVEL);
    }
    if (d != NULL && d->writes == NULL) {
        d = NULL;
    }
    if (d != NULL) {
        d->refs++;
    }
    os_unlock(&ds->lock);
    return d;
}

struct str dict_pack(struct dicts *ds, struct arena *a, uint16_t type, struct str body,
                     int64_t *ret_codec)
{
    struct str out = body;
    *ret_codec = CODEC_RAW;
    if (body.n < SHORT || body.n > BODY_MAX) {
        return out;
    }
    struct dict *d = writes_of(ds, type);
    struct packer *p = packer_take(ds);
    size_t most = body.n - body.n / 16; /* less gain is not worth the reading */
    if (p->size < most) {
        os_free(p->p);
        p->size = MAX(most, (size_t)8192);
        p->p = os_alloc(1, p->size);
    }
    ZSTD_CCtx_refCDict(p->ctx, d != NULL ? d->writes : NULL);
    size_t n = ZSTD_compress2(p->ctx, p->p, most, body.p, body.n);
    if (!ZSTD_isError(n) && n > MAGIC) {
        struct str copy = arena_str(a, (struct str){p->p + MAGIC, n - MAGIC});
        if (copy.p != NULL) {
            out = copy;
            *ret_codec = d != NULL ? d->id : CODEC_ZSTD;
        }
    }
    packer_give(ds, p, d);
    return out;
}

/* ---- reading ---- */

void unpack_done(struct unpack *u)
{
    ZSTD_freeDCtx(u->ctx);
    os_free(u->p);
    *u = (struct unpack){0};
}

static void reads_make(struct dict *d)
{
    if (d->reads == NULL) {
        d->reads = ZSTD_createDDict(d->bytes.p, d->bytes.n);
    }
}

/* From its row, as the view of this handle has it: one another process made meanwhile, or one that is gone
 * since the view began, which is for this once. */
static enum err dict_fetch(struct req *rq, struct db *db, int64_t id, struct dict **ret_d)
{
    struct dicts *ds = db->store->dicts;
    struct dict *d = NULL;
    sqlite3_stmt *st = conn_take(db->conn, C_DICT);
    if (st == NULL) {
        return conn_err(rq, db->conn);
    }
    bind_i64(st, 1, id);
    if (sqlite3_step(st) == SQLITE_ROW) {
        enum dict_state state = (enum dict_state)sqlite3_column_int64(st, 1);
        os_lock(&ds->lock);
        d = *place_of(ds, id);
        if (d != NULL && d->state == DICT_GONE) {
            d = dict_new(id, state, col_str(st, 0));
        } else {
            d = dict_keep(ds, id, state, col_str(st, 0));
            d->refs++;
        }
        reads_make(d);
        os_unlock(&ds->lock);
    }
    conn_give(db->conn, C_DICT, st);
    *ret_d = d;
    return d != NULL ? OK : FAIL(rq, E_IO, "a dictionary is missing");
}

/* gives *ret_d, end with dict_give(). */
static enum err reads_of(struct req *rq, struct db *db, int64_t id, struct dict **ret_d)
{
    struct dicts *ds = db->store->dicts;
    os_lock(&ds->lock);
    struct dict *d = *place_of(ds, id);
    if (d != NULL && d->state == DICT_GONE) {
        d = NULL;
    }
    if (d != NULL) {
        d->refs++;
        reads_make(d);
    }
    os_unlock(&ds->lock);
    if (d == NULL) {
        TRY(dict_fetch(rq, db, id, &d));
    }
    if (d->reads == NULL) {
        dict_give(ds, d);
        return FAIL(rq, E_IO, "a dictionary is damaged");
    }
    *ret_d = d;
    return OK;
}

static enum err unpack_room(struct req *rq, struct unpack *u, size_t n)
{
    if (u->ctx == NULL) {
        u->ctx = ZSTD_createDCtx();
        ASSERT(u->ctx != NULL);
    }
    if (n > BODY_MAX * (size_t)2) {
        return FAIL(rq, E_IO, "a stored body is damaged");
    }
    if (u->size < n || (u->size > PACK_KEEP && n <= PACK_KEEP)) {
        os_free(u->p);
        u->size = MAX(n, (size_t)16384);
        u->p = os_alloc(1, u->size);
    }
    return OK;
}

static enum err unpack_with(struct req *rq, struct unpack *u, const struct dict *d, struct str stored,
                            struct str *ret_body)
{
    char head[MAGIC + 18] = {0}; /* the longest frame header */
    memcpy(head, magic, MAGIC);
    memcpy(head + MAGIC, stored.p, MIN(stored.n, sizeof(head) - MAGIC));
    unsigned long long n = ZSTD_getFrameContentSize(head, sizeof(head));
    if (n > BODY_MAX) { /* unknown and damaged ones are the greatest numbers */
        return FAIL(rq, E_IO, "a stored body is damaged");
    }
    TRY(unpack_room(rq, u, (size_t)n + MAGIC + stored.n));
    char *frame = u->p + n;
    memcpy(frame, magic, MAGIC);
    memcpy(frame + MAGIC, stored.p, stored.n);
    size_t got = ZSTD_decompress_usingDDict(u->ctx, u->p, (size_t)n, frame, MAGIC + stored.n,
                                            d != NULL ? d->reads : NULL);
    if (ZSTD_isError(got) || got != n) {
        return FAIL(rq, E_IO, "a stored body is damaged");
    }
    *ret_body = (struct str){u->p, got};
    return OK;
}

enum err dict_unpack(struct req *rq, struct db *db, int64_t codec, struct str stored,
                     struct str *ret_body)
{
    struct dict *d = NULL;
    if (codec == CODEC_RAW) {
        *ret_body = stored;
        return OK;
    }
    if (codec < CODEC_RAW || stored.n == 0) {
        return FAIL(rq, E_IO, "a stored body is damaged");
    }
    if (codec >= CODEC_DICT) {
        TRY(reads_of(rq, db, codec, &d));
    }
    enum err e = unpack_with(rq, &db->unpack, d, stored, ret_body);
    if (d != NULL) {
        dict_give(db->store->dicts, d);
    }
    return e;
}
