/* store/blob.c - big bytes as files. See blob.h. */
#include "store/blob.h"

#include <inttypes.h>
#include <string.h>

#include "store/blob_int.h"
#include "store/db.h"
#include "store/store_int.h"

enum { CHUNK = 256 << 10, TMP_NAME = BLOB_TMP_NAME, HEX_BYTES = 31 };

/* A blob that a request has put and may be about to name in a transaction: it is not swept until the
 * request ends. */
struct blob_pin {
    struct blob_pin *prev, *next;
    struct store *store; /* NULL: it was closed first */
    uint8_t sha[32];
    char tmp[TMP_NAME];  /* of blob_put_bytes(), "" */
};

static void pin_end(void *p)
{
    struct blob_pin *pin = p;
    struct store *st = pin->store;
    if (st == NULL) {
        return;
    }
    os_lock(&st->blob_lock);
    if (pin->prev != NULL) {
        pin->prev->next = pin->next;
    } else {
        st->pins = pin->next;
    }
    if (pin->next != NULL) {
        pin->next->prev = pin->prev;
    }
    os_unlock(&st->blob_lock);
}

enum err blob_pin(struct req *rq, struct store *st, const uint8_t sha[32], const char *tmp)
{
    struct blob_pin *pin = ARENA_NEW(rq->a, struct blob_pin);
    TRY_MEM(rq, pin);
    memcpy(pin->sha, sha, sizeof(pin->sha));
    memcpy(pin->tmp, tmp, MIN(strlen(tmp) + 1, sizeof(pin->tmp)));
    if (!arena_defer(rq->a, pin_end, pin)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    os_lock(&st->blob_lock);
    pin->store = st;
    pin->next = st->pins;
    if (pin->next != NULL) {
        pin->next->prev = pin;
    }
    st->pins = pin;
    os_unlock(&st->blob_lock);
    return OK;
}

void blob_pins_end(struct store *st)
{
    os_lock(&st->blob_lock);
    for (struct blob_pin *pin = st->pins; pin != NULL; pin = pin->next) {
        pin->store = NULL;
    }
    os_unlock(&st->blob_lock);
}

/* Under the lock. sha NULL: by the name of the unfinished file. */
static bool is_pinned(const struct store *st, const uint8_t *sha, const char *tmp)
{
    for (const struct blob_pin *pin = st->pins; pin != NULL; pin = pin->next) {
        if (sha != NULL ? memcmp(pin->sha, sha, sizeof(pin->sha)) == 0
                        : strcmp(pin->tmp, tmp) == 0) {
            return true;
        }
    }
    return false;
}

enum err blob_path(struct req *rq, const struct store *st, const uint8_t sha[32],
                   struct blob_path *ret_p)
{
    struct buf hex;
    char blobs[OS_PATH_MAX];
    buf_init(&hex, rq->a, 64);
    buf_hex(&hex, sha, 32);
    TRY_MEM(rq, buf_get(&hex).p);
    TRY(os_path(rq, str_z(st->dir), S("blobs"), blobs));
    TRY(os_path(rq, str_z(blobs), str_sub(buf_get(&hex), 0, 2), ret_p->dir));
    return os_path(rq, str_z(ret_p->dir), str_sub(buf_get(&hex), 2, 64), ret_p->file);
}

enum err blob_open(struct req *rq, struct store *st, const uint8_t sha[32], int *ret_fd,
                   uint64_t *ret_size)
{
    struct blob_path p;
    int fd;
    uint64_t size;
    TRY(blob_path(rq, st, sha, &p));
    TRY(os_open_read(rq, p.file, &fd));
    enum err e = os_size(rq, fd, &size);
    if (e != OK) {
        os_close(fd);
        return e;
    }
    *ret_fd = fd;
    *ret_size = size;
    return OK;
}

enum err blob_read(struct req *rq, struct store *st, const uint8_t sha[32], size_t cap,
                   struct str *ret_bytes)
{
    struct blob_path p;
    TRY(blob_path(rq, st, sha, &p));
    return os_read_file(rq, p.file, cap, ret_bytes);
}

enum err blob_map(struct req *rq, struct store *st, const uint8_t sha[32], struct str *ret_bytes)
{
    CLEANUP(os_close_p) int fd = -1;
    uint64_t size;
    TRY(blob_open(rq, st, sha, &fd, &size));
    return os_map(rq, fd, size, ret_bytes);
}

struct sql_val blob_val(struct req *rq, const struct blob_ref *ref)
{
    return sql_blob(arena_str(rq->a, (struct str){(const char *)ref->sha, sizeof(ref->sha)}));
}

enum err blob_check(struct req *rq, struct store *st, const uint8_t sha[32])
{
    CLEANUP(os_close_p) int fd = -1;
    uint64_t size;
    uint8_t got[32];
    struct sha s;
    struct arena_mark mark = arena_mark(rq->a);
    TRY(blob_open(rq, st, sha, &fd, &size));
    char *chunk = arena_alloc_raw(rq->a, CHUNK);
    TRY_MEM(rq, chunk);
    sha_init(&s);
    for (uint64_t at = 0; at < size;) {
        size_t n;
        TRY(os_read_at(rq, fd, at, chunk, CHUNK, &n));
        if (n == 0) {
            break;
        }
        sha_add(&s, chunk, n);
        at += n;
    }
    sha_done(&s, got);
    arena_back(rq->a, mark);
    return memcmp(got, sha, 32) == 0 ? OK : FAIL(rq, E_CHECKSUM, "a blob's bytes changed");
}

/* ---- what nothing refers to ---- */

struct sweep {
    struct store *st;
    const char *dir;
    unsigned folder;
    bool look;
    uint32_t n;
};

/* *ret_refs -1: no row */
static enum err refs_of(struct req *rq, const uint8_t sha[32], int64_t *ret_refs)
{
    CLEANUP(db_rows_done) struct db_rows q = {.stmt = NULL};
    enum err e = DB_ONE(rq, &q, Q_BLOB, sql_blob((struct str){(const char *)sha, 32}));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_refs = -1;
        return OK;
    }
    TRY(e);
    *ret_refs = db_i64(&q, 2);
    return OK;
}

/* Under the lock: nobody puts it now, nobody has put it without its transaction being over. The row goes
 * first, so that there is never a row without its bytes. */
static enum err remove_unused(struct req *rq, struct sweep *s, const uint8_t sha[32],
                              const char *path)
{
    int64_t refs = 0;
    if (is_pinned(s->st, sha, NULL)) {
        return OK;
    }
    TRY(refs_of(rq, sha, &refs));
    if (refs > 0) {
        return OK;
    }
    s->n++;
    if (s->look) {
        return OK;
    }
    if (refs == 0) {
        struct tx *tx = tx_new(rq);
        TRY_MEM(rq, tx);
        TRY(TX_SQL(tx, W_BLOB_END, TX_MUST_CHANGE, sql_blob((struct str){(const char *)sha, 32})));
        TRY(store_commit(s->st, rq, tx));
    }
    return os_remove(rq, path);
}

static enum err sweep_entry(struct req *rq, const char *name, void *ctx)
{
    struct sweep *s = ctx;
    struct arena_mark mark = arena_mark(rq->a);
    uint8_t sha[32] = {(uint8_t)s->folder};
    char path[OS_PATH_MAX];
    int64_t refs = 0;
    if (str_z(name).n != (size_t)HEX_BYTES * 2 || !str_unhex(str_z(name), sha + 1, HEX_BYTES)) {
        return OK;
    }
    TRY(os_path(rq, str_z(s->dir), str_z(name), path));
    TRY(refs_of(rq, sha, &refs));
    enum err e = OK;
    if (refs <= 0) {
        os_lock(&s->st->blob_lock);
        e = remove_unused(rq, s, sha, path);
        os_unlock(&s->st->blob_lock);
    }
    arena_back(rq->a, mark);
    return e;
}

static enum err sweep_unfinished(struct req *rq, const char *name, void *ctx)
{
    struct sweep *s = ctx;
    char path[OS_PATH_MAX];
    if (!str_starts(str_z(name), S("blob-"))) {
        return OK;
    }
    TRY(os_path(rq, str_z(s->dir), str_z(name), path));
    os_lock(&s->st->blob_lock);
    bool pinned = is_pinned(s->st, NULL, name);
    s->n += !pinned;
    enum err e = pinned || s->look ? OK : os_remove(rq, path);
    os_unlock(&s->st->blob_lock);
    return e;
}

enum err blob_sweep(struct req *rq, struct store *st, unsigned folder, bool look, uint32_t *ret_n)
{
    struct blob_path p;
    uint8_t sha[32] = {(uint8_t)folder};
    struct sweep s = {.st = st, .folder = folder, .look = look};
    CLEANUP(os_close_p) int held = -1;
    enum err e = store_hold_files(rq, st, false, &held);
    if (e == E_CONFLICT) { /* somebody copies them: another time */
        err_clear(rq);
        *ret_n = 0;
        return OK;
    }
    TRY(e);
    if (folder == 0) {
        s.dir = st->dir;
        TRY(os_each_entry(rq, st->dir, sweep_unfinished, &s));
    }
    TRY(blob_path(rq, st, sha, &p));
    s.dir = p.dir;
    if (os_exists(p.dir)) {
        TRY(os_each_entry(rq, p.dir, sweep_entry, &s));
    }
    *ret_n = s.n;
    return OK;
}
