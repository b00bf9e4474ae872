/* store/blob_put.c - files that are whole become blobs: named, and durable with their names. See blob.h.
 *
 * A file gets its name before it is synced, when nothing stands there: then the file, its name and its folder
 * are asked for at once, and those of many blobs together, and the disk answers them in one go. What stands
 * under the name and is not known to be durable must not be taken for whole, and not be replaced by what is
 * not yet durable either: there ours is synced first and takes the name then. */
#include <inttypes.h>
#include <string.h>

#include "store/blob_int.h"
#include "store/db.h"
#include "store/store_int.h"

enum { FOLDERS = BLOB_FOLDERS, HANDS = 8, ALONE = 2, HAND_ARENA = 64 << 10 };

/* A file on its way to its name. */
struct way {
    const struct blob_file *f;
    int fd;       /* -1: nothing of it has to be synced */
    bool opened;  /* by us */
    bool waits;   /* for being durable: something else stands under its name */
};

/* What is to be synced: a file, or where fd is -1 a folder. */
struct sync {
    int fd;
    uint8_t folder;
};

/* ---- syncing many: a disk that is asked for several at once answers them together ---- */

struct crew {
    const struct store *st;
    const struct sync *syncs;
    size_t n;
    struct os_mutex lock;
    size_t next;
    enum err e; /* the first failure */
};

struct hand {
    struct crew *crew;
    struct os_thread thread;
    bool started;
};

static enum err sync_one(struct req *rq, const struct store *st, const struct sync *s)
{
    struct blob_path p;
    const uint8_t sha[32] = {s->folder};
    if (s->fd >= 0) {
        return os_sync(rq, s->fd);
    }
    TRY(blob_path(rq, st, sha, &p));
    return os_sync_dir(rq, p.dir);
}

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
        enum err e = sync_one(&rq, c->st, &c->syncs[i]);
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

/* All of them, several at a time. Few are synced by this thread alone: the first brings most of what the
 * second asks for to the disk, and a thread costs more than that. */
static enum err sync_all(struct req *rq, const struct store *st, const struct sync *syncs, size_t n)
{
    struct crew c = {.st = st, .syncs = syncs, .n = n};
    struct hand hands[HANDS];
    if (n <= ALONE) {
        for (size_t i = 0; i < n; i++) {
            TRY(sync_one(rq, st, &syncs[i]));
        }
        return OK;
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

/* ---- names ---- */

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

static void let_go(struct way *w)
{
    if (w->opened) {
        os_close(w->fd);
    }
    w->fd = -1;
    w->opened = false;
}

/* The finished file, of the size it is said to have. */
static enum err open_finished(struct req *rq, struct way *w)
{
    uint64_t size;
    w->fd = w->f->fd;
    if (w->fd < 0) {
        TRY(os_open_read(rq, w->f->tmp_path, &w->fd));
        w->opened = true;
    }
    TRY(os_size(rq, w->fd, &size));
    if (size != w->f->ref.size) {
        return FAIL(rq, E_CHECKSUM, "the file has %" PRIu64 " bytes, not %" PRIu64, size,
                    w->f->ref.size);
    }
    return OK;
}

static enum err place(struct req *rq, const struct store *st, struct way *w)
{
    struct blob_path p;
    TRY(blob_path(rq, st, w->f->ref.sha, &p));
    TRY(open_finished(rq, w));
    enum err e = os_link(rq, w->f->tmp_path, p.file);
    if (e == OK) {
        return os_remove(rq, w->f->tmp_path);
    }
    err_clear(rq);
    if (e == E_CONFLICT && is_trusted(rq, w->f->ref.sha)) {
        let_go(w);
        return os_remove(rq, w->f->tmp_path);
    }
    w->waits = true;
    return OK;
}

/* Ours is durable now and takes the place of what stands there. */
static enum err replace(struct req *rq, const struct store *st, const struct way *w)
{
    struct blob_path p;
    TRY(blob_path(rq, st, w->f->ref.sha, &p));
    return os_rename(rq, w->f->tmp_path, p.file);
}

/* The folders of those that wait, or of those that do not. */
static size_t folders_of(const struct way *ways, size_t n, bool waits, struct sync *ret_syncs)
{
    bool seen[FOLDERS] = {false};
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        uint8_t folder = ways[i].f->ref.sha[0];
        if (ways[i].fd >= 0 && ways[i].waits == waits && !seen[folder]) {
            seen[folder] = true;
            ret_syncs[found++] = (struct sync){.fd = -1, .folder = folder};
        }
    }
    return found;
}

static enum err settle(struct req *rq, const struct store *st, struct way *ways, size_t n,
                       struct sync *syncs)
{
    size_t n_syncs = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(place(rq, st, &ways[i]));
        arena_back(rq->a, mark);
        if (ways[i].fd >= 0) {
            syncs[n_syncs++] = (struct sync){.fd = ways[i].fd};
        }
    }
    n_syncs += folders_of(ways, n, false, syncs + n_syncs);
    TRY(sync_all(rq, st, syncs, n_syncs));
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(ways[i].waits ? replace(rq, st, &ways[i]) : OK);
        arena_back(rq->a, mark);
    }
    return sync_all(rq, st, syncs, folders_of(ways, n, true, syncs));
}

static enum err put_files(struct req *rq, const struct store *st, const struct blob_file *files,
                          size_t n)
{
    struct way *ways = ARENA_ARRAY(rq->a, n + 1, struct way);
    struct sync *syncs = ARENA_ARRAY(rq->a, n + MIN(n, (size_t)FOLDERS) + 1, struct sync);
    TRY_MEM(rq, ways);
    TRY_MEM(rq, syncs);
    for (size_t i = 0; i < n; i++) {
        ways[i] = (struct way){.f = &files[i], .fd = -1};
    }
    enum err e = settle(rq, st, ways, n, syncs);
    for (size_t i = 0; i < n; i++) {
        let_go(&ways[i]);
    }
    return e;
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
    return blob_put_files(rq, st, &(struct blob_file){tmp_path, *ref, -1}, 1);
}

static enum err put_bytes(struct req *rq, struct store *st, const char *tmp, struct str bytes,
                          const struct blob_ref *ref)
{
    CLEANUP(os_close_p) int fd = -1;
    TRY(os_open_new(rq, tmp, &fd));
    TRY(os_write_at(rq, fd, 0, bytes.p, bytes.n));
    return put_files(rq, st, &(struct blob_file){tmp, *ref, fd}, 1);
}

enum err blob_put_bytes(struct req *rq, struct store *st, struct str bytes,
                        struct blob_ref *ret_ref)
{
    struct blob_ref ref = {.size = bytes.n};
    char tmp[OS_PATH_MAX];
    char name[BLOB_TMP_NAME] = "blob-";
    os_id(name + 5);
    sha_of(bytes, ref.sha);
    TRY(blob_pin(rq, st, ref.sha, name));
    TRY(os_path(rq, str_z(st->dir), str_z(name), tmp));
    enum err e = put_bytes(rq, st, tmp, bytes, &ref);
    if (e != OK) {
        struct req quiet = {.a = rq->a};
        enum err removed = os_remove(&quiet, tmp);
        (void)removed;
        return e;
    }
    *ret_ref = ref;
    return OK;
}

enum err blob_folders_make(struct req *rq, const struct store *st)
{
    char blobs[OS_PATH_MAX];
    struct blob_path p;
    bool made = false;
    TRY(os_path(rq, str_z(st->dir), S("blobs"), blobs));
    TRY(os_mkdir(rq, blobs));
    for (unsigned i = 0; i < FOLDERS; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        const uint8_t sha[32] = {(uint8_t)i};
        TRY(blob_path(rq, st, sha, &p));
        if (!os_exists(p.dir)) {
            TRY(os_mkdir(rq, p.dir));
            made = true;
        }
        arena_back(rq->a, mark);
    }
    return made ? os_sync_dir(rq, blobs) : OK;
}
