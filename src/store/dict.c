/* store/dict.c - bodies as short bytes. See dict_int.h.
 *
 * A FHIR resource alone is too short to compress well; with a dictionary of its type it needs a sixth
 * of its length. A dictionary that has been used is kept for ever: bodies cannot be read without it. */
#include "store/dict_int.h"

#include <stdatomic.h>
#include <string.h>

#include "store/read_int.h"
#include "store/store_int.h"

enum {
    DICTS_MAX = 4096,      /* dictionaries of a data folder */
    PACKERS = 16,          /* contexts kept for the next body */
    PACK_KEEP = 256 << 10, /* bytes of buffer kept with each */
    SHORT = 96,            /* shorter bodies stay as they are */
    LEVEL = 3,
    MAGIC = 4, /* first bytes of every frame; not stored */
};
static const char magic[MAGIC] = {'\x28', '\xb5', '\x2f', '\xfd'};

struct dict {
    int64_t id;
    struct str bytes;
    ZSTD_DDict *reads;  /* made when first needed, under the lock */
    ZSTD_CDict *writes;
};

struct packer {
    ZSTD_CCtx *ctx;
    char *p;
    size_t size;
};

struct dicts {
    struct os_mutex lock;
    struct dict *of[DICTS_MAX];       /* by id - CODEC_DICT; NULL: not read yet */
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

void dicts_free(struct dicts *ds)
{
    for (size_t i = 0; i < DICTS_MAX; i++) {
        struct dict *d = ds->of[i];
        if (d != NULL) {
            ZSTD_freeDDict(d->reads);
            ZSTD_freeCDict(d->writes);
            os_free(d);
        }
    }
    while (ds->n_idle > 0) {
        packer_free(ds->idle[--ds->n_idle]);
    }
    os_mutex_done(&ds->lock);
    os_free(ds);
}

/* Under the lock. NULL when the number is none of ours. */
static struct dict *dict_keep(struct dicts *ds, int64_t id, struct str bytes)
{
    if (id < CODEC_DICT || id >= CODEC_DICT + DICTS_MAX) {
        return NULL;
    }
    struct dict **at = &ds->of[id - CODEC_DICT];
    if (*at == NULL) {
        struct dict *d = os_alloc(1, sizeof(*d) + bytes.n);
        char *copy = (char *)(d + 1);
        memcpy(copy, bytes.p, bytes.n);
        d->id = id;
        d->bytes = (struct str){copy, bytes.n};
        *at = d;
    }
    return *at;
}

void dicts_use(struct dicts *ds, int64_t id, uint16_t type, struct str bytes)
{
    os_lock(&ds->lock);
    struct dict *d = dict_keep(ds, id, bytes);
    if (d != NULL && type < DICT_TYPES &&
        (ds->newest[type] == NULL || ds->newest[type]->id < id)) {
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

enum err dicts_load(struct req *rq, struct dicts *ds, struct conn *c)
{
    sqlite3_stmt *st = conn_take(c, C_DICT_NEWEST);
    int rc;
    if (st == NULL) {
        return conn_err(rq, c);
    }
    while ((rc = sqlite3_step(st)) == SQLITE_ROW) {
        dicts_use(ds, sqlite3_column_int64(st, 0), (uint16_t)sqlite3_column_int64(st, 1),
                  col_str(st, 2));
    }
    conn_give(c, C_DICT_NEWEST, st);
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

static void packer_give(struct dicts *ds, struct packer *p)
{
    os_lock(&ds->lock);
    bool keep = ds->n_idle < PACKERS && p->size <= PACK_KEEP;
    if (keep) {
        ds->idle[ds->n_idle++] = p;
    }
    os_unlock(&ds->lock);
    if (!keep) {
        packer_free(p);
    }
}

/* The newest dictionary of the type, ready for writing; NULL: none. */
static const struct dict *writes_of(struct dicts *ds, uint16_t type)
{
    os_lock(&ds->lock);
    struct dict *d = type < DICT_TYPES ? ds->newest[type] : NULL;
    if (d != NULL && d->writes == NULL) {
        d->writes = ZSTD_createCDict(d->bytes.p, d->bytes.n, LEVEL);
    }
    os_unlock(&ds->lock);
    return d != NULL && d->writes != NULL ? d : NULL;
}

struct str dict_pack(struct dicts *ds, struct arena *a, uint16_t type, struct str body,
                     int64_t *ret_codec)
{
    struct str out = body;
    *ret_codec = CODEC_RAW;
    if (body.n < SHORT || body.n > BODY_MAX) {
        return out;
    }
    const struct dict *d = writes_of(ds, type);
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
    packer_give(ds, p);
    return out;
}

/* ---- reading ---- */

void unpack_done(struct unpack *u)
{
    ZSTD_freeDCtx(u->ctx);
    os_free(u->p);
    *u = (struct unpack){0};
}

/* A dictionary another process may have made meanwhile: from its row. */
static enum err dict_fetch(struct req *rq, struct db *db, int64_t id, struct dict **ret_d)
{
    struct dicts *ds = db->store->dicts;
    sqlite3_stmt *st = conn_take(db->conn, C_DICT);
    if (st == NULL) {
        return conn_err(rq, db->conn);
    }
    bind_i64(st, 1, id);
    struct dict *d = NULL;
    if (sqlite3_step(st) == SQLITE_ROW) {
        os_lock(&ds->lock);
        d = dict_keep(ds, id, col_str(st, 0));
        os_unlock(&ds->lock);
    }
    conn_give(db->conn, C_DICT, st);
    *ret_d = d;
    return d != NULL ? OK : FAIL(rq, E_IO, "a dictionary is missing");
}

static enum err reads_of(struct req *rq, struct db *db, int64_t id, const ZSTD_DDict **ret_d)
{
    struct dicts *ds = db->store->dicts;
    struct dict *d = NULL;
    os_lock(&ds->lock);
    if (id < CODEC_DICT + DICTS_MAX) {
        d = ds->of[id - CODEC_DICT];
    }
    os_unlock(&ds->lock);
    if (d == NULL) {
        TRY(dict_fetch(rq, db, id, &d));
    }
    os_lock(&ds->lock);
    if (d->reads == NULL) {
        d->reads = ZSTD_createDDict(d->bytes.p, d->bytes.n);
    }
    os_unlock(&ds->lock);
    *ret_d = d->reads;
    return d->reads != NULL ? OK : FAIL(rq, E_IO, "a dictionary is damaged");
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

enum err dict_unpack(struct req *rq, struct db *db, int64_t codec, struct str stored,
                     struct str *ret_body)
{
    struct unpack *u = &db->unpack;
    const ZSTD_DDict *d = NULL;
    char head[MAGIC + 18] = {0}; /* the longest frame header */
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
    size_t got = ZSTD_decompress_usingDDict(u->ctx, u->p, (size_t)n, frame, MAGIC + stored.n, d);
    if (ZSTD_isError(got) || got != n) {
        return FAIL(rq, E_IO, "a stored body is damaged");
    }
    *ret_body = (struct str){u->p, got};
    return OK;
}
