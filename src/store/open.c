/* store/open.c - the data folder: opening, migrating, closing. See store.h. */
#include <sodium.h>
#include <string.h>

#include "os/log.h"
#include "os/random.h"
#include "os/secret.h"
#include "store/blob_int.h"
#include "store/bodies_int.h"
#include "store/schema_int.h"
#include "store/store_int.h"

enum { FREE_FLOOR = 64 << 20, BATCH_TXS = 256, BATCH_US = 2000 };

/* A folder of a newer program is refused; one of an older is too where nothing may be changed: what reads it
 * knows its present shape alone. */
static enum err hold_schema(struct req *rq, const struct store *st, struct conn *c)
{
    int newest = migrations[n_migrations - 1].version;
    int version = schema_version(c);
    if (version > newest) {
        return FAIL(rq, E_UNSUPPORTED,
                    "the data folder is from a newer program, of schema %d; this one knows %d: install that "
                    "one", version, newest);
    }
    if (st->opts.read_only && version < newest) {
        return FAIL(rq, E_UNSUPPORTED,
                    "the data folder is of schema %d; this program brings it up to %d when it serves, or "
                    "with `init`. `restore --check` tries that on a backup; nothing was changed",
                    version, newest);
    }
    return OK;
}

/* Applies what is missing, all or nothing. */
static enum err migrate(struct req *rq, struct conn *c)
{
    int newest = migrations[n_migrations - 1].version;
    int version = schema_version(c);
    if (version == newest) {
        return OK;
    }
    if (conn_run(c, C_BEGIN) != SQLITE_DONE) {
        return conn_err(rq, c);
    }
    version = schema_version(c); /* another process may have been faster */
    for (size_t i = 0; i < n_migrations; i++) {
        if (migrations[i].version > version &&
            sqlite3_exec(c->sql, migrations[i].sql, NULL, NULL, NULL) != SQLITE_OK) {
            enum err e = conn_err(rq, c);
            conn_run(c, C_ROLLBACK);
            return e;
        }
    }
    if (!schema_set_version(c, newest) || conn_run(c, C_COMMIT) != SQLITE_DONE) {
        return conn_err(rq, c);
    }
    return OK;
}

/* The secret of the keyed hashes: made once, kept in the table setting. */
static enum err hash_key_load(struct req *rq, struct store *st, struct conn *c, bool make)
{
    bool found = false;
    sqlite3_stmt *q = conn_take(c, Q_SETTING);
    if (q == NULL) {
        return conn_err(rq, c);
    }
    bind_text(q, 1, S("hash-key"));
    if (sqlite3_step(q) == SQLITE_ROW && sqlite3_column_bytes(q, 0) == sizeof(st->hash_key)) {
        memcpy(st->hash_key, sqlite3_column_blob(q, 0), sizeof(st->hash_key));
        found = true;
    }
    conn_give(c, Q_SETTING, q);
    if (found || !make) {
        return found ? OK : FAIL(rq, E_IO, "setting hash-key");
    }
    os_random(st->hash_key, sizeof(st->hash_key));
    q = conn_take(c, W_SETTING_NEW);
    if (q == NULL) {
        return conn_err(rq, c);
    }
    bind_text(q, 1, S("hash-key"));
    bind_blob(q, 2, st->hash_key, sizeof(st->hash_key));
    int rc = sqlite3_step(q);
    conn_give(c, W_SETTING_NEW, q);
    return rc == SQLITE_DONE ? OK : hash_key_load(rq, st, c, false);
}

static enum err prepare_dir(struct req *rq, struct store *st)
{
    if (!st->opts.read_only) {
        TRY(os_mkdir(rq, st->dir));
        TRY(blob_folders_make(rq, st));
        TRY(os_sync_dir(rq, st->dir));
    }
    (void)os_lock_secret((struct str){(const char *)&st->head_key, sizeof(st->head_key)});
    return head_key_load(rq, st->dir, !st->opts.read_only, &st->head_key);
}

/* The head of the last run must fit this database. If not, it is kept aside and told about: the
 * next head must not hide that records are missing. */
static enum err head_look(struct req *rq, struct store *st)
{
    struct audit_report r = {.fault = AUDIT_HOLDS};
    struct head head;
    char path[OS_PATH_MAX];
    char aside[OS_PATH_MAX];
    enum err e = head_load(rq, st->dir, &st->head_key, &head);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    if (e == OK) {
        struct db *before = rq->db;
        rq->db = store_db_open(st);
        e = rq->db != NULL ? head_holds(rq, &head, &r) : FAIL(rq, E_IO, "no read handle");
        store_db_close(rq->db);
        rq->db = before;
        TRY(e);
    } else {
        if ((e != E_CHECKSUM && e != E_TOO_LARGE) || !err_answers(rq)) {
            return e; /* unread is not altered */
        }
        r.fault = AUDIT_HEAD_BAD;
    }
    if (r.fault == AUDIT_HOLDS) {
        st->head = head;
        st->head_stands = true;
        return OK;
    }
    LOG(LOG_AUDIT_BROKEN, log_u64(r.seq));
    TRY(os_path(rq, str_z(st->dir), S("audit.head"), path));
    TRY(os_path(rq, str_z(st->dir), S(HEAD_CONFLICT), aside));
    return os_exists(aside) ? OK : os_rename(rq, path, aside);
}

static enum err open_in(struct req *rq, struct store *st)
{
    TRY(prepare_dir(rq, st));
    TRY(os_path(rq, str_z(st->dir), S("consilium.db"), st->path));
    if (st->opts.read_only && !os_exists(st->path)) {
        return FAIL(rq, E_NOT_FOUND, "no database");
    }
    struct conn *c = conn_open(st->path, !st->opts.read_only);
    if (c == NULL) {
        return FAIL(rq, E_IO, "the database cannot be opened");
    }
    enum err e = hold_schema(rq, st, c);
    if (e == OK && !st->opts.read_only) {
        e = migrate(rq, c);
    }
    if (e == OK) {
        e = hash_key_load(rq, st, c, !st->opts.read_only);
    }
    if (e == OK) {
        e = dicts_load(rq, st->dicts, c);
    }
    conn_close(c);
    TRY(e);
    if (!st->opts.read_only) {
        TRY(head_look(rq, st));
    }
    if (!st->opts.read_only && (st->writer = writer_start(rq, st)) == NULL) {
        return rq->err.code != OK ? rq->err.code : E_IO;
    }
    return OK;
}

enum err store_open(struct req *rq, struct str dir, const struct store_opts *opts,
                    struct store **ret_store)
{
    /* Statistics of SQLite's memory cost a process-wide lock per allocation. Refused, without harm,
     * when a store is open already. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    if (sodium_init() < 0 || dir.n == 0 || dir.n >= OS_PATH_MAX - 16) {
        return FAIL(rq, E_IO, "data folder");
    }
    struct store *st = os_alloc(1, sizeof(*st));
    os_mutex_init(&st->blob_lock);
    memcpy(st->dir, dir.p, dir.n);
    if (opts != NULL) {
        st->opts = *opts;
    }
    if (st->opts.free_floor_bytes == 0) {
        st->opts.free_floor_bytes = FREE_FLOOR;
    }
    st->opts.batch_txs = st->opts.batch_txs != 0 ? st->opts.batch_txs : BATCH_TXS;
    st->opts.batch_us = st->opts.batch_us != 0 ? st->opts.batch_us : BATCH_US;
    st->dicts = dicts_new();
    enum err e = open_in(rq, st);
    if (e != OK) {
        dicts_free(st->dicts);
        os_mutex_done(&st->blob_lock);
        os_free(st);
        return e;
    }
    *ret_store = st;
    return OK;
}

void store_close(struct store *st)
{
    if (st == NULL) {
        return;
    }
    if (st->writer != NULL) {
        writer_stop(st->writer);
    }
    blob_pins_end(st);
    dicts_free(st->dicts);
    os_mutex_done(&st->blob_lock);
    sodium_memzero(&st->head_key, sizeof(st->head_key));
    sodium_memzero(st->hash_key, sizeof(st->hash_key));
    os_free(st);
}

const char *store_dir(const struct store *st)
{
    return st->dir;
}

struct db *store_db_open(struct store *st)
{
    struct conn *c = conn_open(st->path, false);
    if (c == NULL) {
        return NULL;
    }
    struct db *db = os_alloc(1, sizeof(*db));
    db->store = st;
    db->conn = c;
    return db;
}

void store_db_keep(struct db *db, size_t bytes)
{
    ASSERT(db->bodies == NULL);
    db->bodies = bodies_new(bytes);
}

const struct fhir_rules *db_rules(const struct db *db)
{
    return db->store->opts.rules;
}

void store_db_close(struct db *db)
{
    if (db != NULL) {
        conn_close(db->conn);
        unpack_done(&db->unpack);
        bodies_free(db->bodies);
        os_free(db);
    }
}
