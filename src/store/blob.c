/* store/blob.c - big bytes as files. See blob.h. */
#include "store/blob.h"

#include <inttypes.h>
#include <string.h>

#include "store/blob_int.h"
#include "store/db.h"
#include "store/store_int.h"

enum { CHUNK = 256 << 10, TMP_NAME = BLOB_TMP_NAME, HEX_BYTES = 31 };
enum { HANDS = 8, HAND_ARENA = 64 << 10 };

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

struct blob_path {
    char dir[OS_PATH_MAX];  /* DIR/blobs/ab */
    char file[OS_PATH_MAX]; /* DIR/blobs/ab/cdef... */
};

static enum err path_of(struct req *rq, const struct store *st, const uint8_t sha[32],
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

static enum err sync_root(struct req *rq, const struct store *st)
{
    char blobs[OS_PATH_MAX];
    TRY(os_path(rq, str_z(st->dir), S("blobs"), blobs));
    return os_sync_dir(rq, blobs);
}

/* The finished file, of the size it is said to have. */
static enum err open_finished(struct req *rq, const struct blob_file *f, int *ret_fd)
{
    int fd;
    uint64_t size;
    TRY(os_open_read(rq, f->tmp_path, &fd));
    enum err e = os_size(rq, fd, &size);
    if (e == OK && size != f->ref.size) {
        e = FAIL(rq, E_CHECKSUM, "the file has %" PRIu64 " bytes, not %" PRIu64, size, f->ref.size);
    }
    if (e != OK) {
        os_close(fd);
        return e;
    }
    *ret_fd = fd;
    return OK;
}

/* Is what stands under the name known to be whole? A row was committed only after its bytes were durable. */
static bool is_trusted(struct req *rq, const uint8_t sha[32])
{
    CLEANUP(db_rows_done) struct db_rows q = {.stmt = NULL};
    bool yes = rq->db != NULL && DB_ONE(rq, &q, Q_BLOB, sql_blob((struct str){(const char *)sha, 32})) == OK;
    if (!yes) {
        err_clear(rq);
    }
    return yes;
}

/* The file gets its name before it is synced, when nothing stands there: file, name and folder are then one
 * commit of the file system instead of two. What stands there and was not synced by us must not be taken
 * for whole, and not be replaced by what is not yet durable: see finish_file(). */
static enum err place_file(struct req *rq, const struct store *st, const struct blob_file *f,
                           bool *ret_made)
{
    struct blob_path p;
    CLEANUP(os_close_p) int fd = -1;
    TRY(path_of(rq, st, f->ref.sha, &p));
    TRY(open_finished(rq, f, &fd));
    if (!os_exists(p.dir)) {
        TRY(os_mkdir(rq, p.dir));
        *ret_made = true;
    }
    enum err e = os_link(rq, f->tmp_path, p.file);
    if (e == OK) {
        return os_remove(rq, f->tmp_path);
    }
    err_clear(rq);
    return e == E_CONFLICT && is_trusted(rq, f->ref.sha) ? os_remove(rq, f->tmp_path) : OK;
}

/* Under the one name or the other. */
static enum err open_either(struct req *rq, const struct store *st, const struct blob_file *f,
                            int *ret_fd)
{
    struct blob_path p;
    TRY(path_of(rq, st, f->ref.sha, &p));
    return os_open_read(rq, os_exists(f->tmp_path) ? f->tmp_path : p.file, ret_fd);
}

static enum err start_file(struct req *rq, const struct store *st, const struct blob_file *f)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(open_either(rq, st, f, &fd));
    os_sync_start(fd);
    return OK;
}

static enum err sync_file(struct req *rq, const struct store *st, const struct blob_file *f)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(open_either(rq, st, f, &fd));
    return os_sync(rq, fd);
}

/* Another file under the name: ours is durable now and takes its place. */
static enum err finish_file(struct req *rq, const struct store *st, const struct blob_file *f)
{
    struct blob_path p;
    if (!os_exists(f->tmp_path)) {
        return OK;
    }
    TRY(path_of(rq, st, f->ref.sha, &p));
    return os_rename(rq, f->tmp_path, p.file);
}

static enum err sync_folder(struct req *rq, const struct store *st, const struct blob_file *f)
{
    struct blob_path p;
    TRY(path_of(rq, st, f->ref.sha, &p));
    return os_sync_dir(rq, p.dir);
}

/* ---- syncing many: a disk that is asked for several at once answers them together ---- */

typedef enum err (*file_fn)(struct req *rq, const struct store *st, const struct blob_file *f);

struct crew {
    const struct store *st;
    const struct blob_file *const *files;
    size_t n;
    file_fn fn;
    struct os_mutex lock;
    size_t next;
    enum err e; /* the first failure */
};

struct hand {
    struct crew *crew;
    struct os_thread thread;
    bool started;
};

static void *work(void *ctx)
{
    struct crew *c = ((struct hand *)ctx)->crew;
    struct req rq;
    req_init(&rq, HAND_ARENA, (struct instant){0});
    for (;;) {
        os_lock(&c->lock);
        size_t i = c->e == OK ? c->next++ : c->n;
        os_unlock(&c->lock);
        if (i >= c->n) {
            break;
        }
        struct arena_mark mark = arena_mark(rq.a);
        enum err e = c->fn(&rq, c->st, c->files[i]);
        arena_back(rq.a, mark);
        if (e != OK) {
            os_lock(&c->lock);
            c->e = c->e == OK ? e : c->e;
            os_unlock(&c->lock);
        }
    }
    req_done(&rq);
    return NULL;
}

/* fn for each of n, several at a time. */
static enum err at_once(struct req *rq, const struct store *st, const struct blob_file *const *files,
                        size_t n, file_fn fn)
{
    struct crew c = {.st = st, .files = files, .n = n, .fn = fn};
    struct hand hands[HANDS];
    if (n == 1) {
        return fn(rq, st, files[0]);
    }
    os_mutex_init(&c.lock);
    for (size_t i = 0; i < HANDS; i++) {
        hands[i] = (struct hand){.crew = &c};
        hands[i].started = i > 0 && i < n && os_thread_start(&hands[i].thread, "blob", work, &hands[i]);
    }
    (void)work(&hands[0]); /* this thread is one of them */
    for (size_t i = 0; i < HANDS; i++) {
        if (hands[i].started) {
            os_thread_join(&hands[i].thread);
        }
    }
    os_mutex_done(&c.lock);
    return c.e == OK ? OK : FAIL(rq, c.e, "blobs could not be made durable");
}

/* fn for each of n, one after another. */
static enum err one_by_one(struct req *rq, const struct store *st, const struct blob_file *files,
                           size_t n, file_fn fn)
{
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(fn(rq, st, &files[i]));
        arena_back(rq->a, mark);
    }
    return OK;
}

static enum err put_files(struct req *rq, const struct store *st, const struct blob_file *files,
                          size_t n)
{
    bool folders[256] = {false};
    bool made = false;
    const struct blob_file **all = ARENA_ARRAY(rq->a, n + 1, const struct blob_file *);
    size_t n_folders = 0;
    TRY_MEM(rq, all);
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        all[i] = &files[i];
        TRY(place_file(rq, st, &files[i], &made));
        arena_back(rq->a, mark);
    }
    if (n == 0) {
        return OK;
    }
    TRY(n > 1 ? one_by_one(rq, st, files, n, start_file) : OK);
    TRY(at_once(rq, st, all, n, sync_file));
    TRY(one_by_one(rq, st, files, n, finish_file));
    for (size_t i = 0; i < n; i++) { /* of those that were there, too: their maker may be behind */
        if (!folders[files[i].ref.sha[0]]) {
            folders[files[i].ref.sha[0]] = true;
            all[n_folders++] = &files[i];
        }
    }
    TRY(at_once(rq, st, all, n_folders, sync_folder));
    return made ? sync_root(rq, st) : OK;
}

enum err blob_put_files(struct req *rq, struct store *st, const struct blob_file *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        TRY(blob_pin(rq, st, files[i].ref.sha, ""));
    }
    return put_files(rq, st, files, n);
}

enum err blob_put_file(struct req *rq, struct store *st, const char *tmp_path,
                       const struct blob_ref *ref)
{
    return blob_put_files(rq, st, &(struct blob_file){tmp_path, *ref}, 1);
}

enum err blob_put_bytes(struct req *rq, struct store *st, struct str bytes,
                        struct blob_ref *ret_ref)
{
    struct blob_ref ref = {.size = bytes.n};
    char tmp[OS_PATH_MAX];
    char name[TMP_NAME] = "blob-";
    CLEANUP(os_close_p) int fd = -1;
    os_id(name + 5);
    sha_of(bytes, ref.sha);
    TRY(blob_pin(rq, st, ref.sha, name));
    TRY(os_path(rq, str_z(st->dir), str_z(name), tmp));
    TRY(os_open_new(rq, tmp, &fd));
    enum err e = os_write_at(rq, fd, 0, bytes.p, bytes.n);
    if (e == OK) {
        e = put_files(rq, st, &(struct blob_file){tmp, ref}, 1);
    }
    if (e != OK) {
        struct req quiet = {.a = rq->a};
        enum err removed = os_remove(&quiet, tmp);
        (void)removed;
        return e;
    }
    *ret_ref = ref;
    return OK;
}

enum err blob_open(struct req *rq, struct store *st, const uint8_t sha[32], int *ret_fd,
                   uint64_t *ret_size)
{
    struct blob_path p;
    int fd;
    uint64_t size;
    TRY(path_of(rq, st, sha, &p));
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
    TRY(path_of(rq, st, sha, &p));
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
    if (folder == 0) {
        s.dir = st->dir;
        TRY(os_each_entry(rq, st->dir, sweep_unfinished, &s));
    }
    TRY(path_of(rq, st, sha, &p));
    s.dir = p.dir;
    if (os_exists(p.dir)) {
        TRY(os_each_entry(rq, p.dir, sweep_entry, &s));
    }
    *ret_n = s.n;
    return OK;
}
