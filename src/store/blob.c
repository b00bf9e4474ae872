/* store/blob.c - big bytes as files. See blob.h. */
#include "store/blob.h"

#include <inttypes.h>
#include <string.h>

#include "os/random.h"
#include "store/store_int.h"

enum { CHUNK = 256 << 10 };

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

/* DIR/blobs/ab, durable in DIR/blobs. */
static enum err make_dir(struct req *rq, const struct store *st, const struct blob_path *p)
{
    char blobs[OS_PATH_MAX];
    if (os_exists(p->dir)) {
        return OK;
    }
    TRY(os_path(rq, str_z(st->dir), S("blobs"), blobs));
    TRY(os_mkdir(rq, p->dir));
    return os_sync_dir(rq, blobs);
}

enum err blob_put_file(struct req *rq, struct store *st, const char *tmp_path,
                       const struct blob_ref *ref)
{
    struct blob_path p;
    uint64_t size;
    CLEANUP(os_close_p) int fd = -1;
    TRY(path_of(rq, st, ref->sha, &p));
    TRY(os_open_read(rq, tmp_path, &fd));
    TRY(os_size(rq, fd, &size));
    if (size != ref->size) {
        return FAIL(rq, E_CHECKSUM, "the file has %" PRIu64 " bytes, not %" PRIu64, size,
                    ref->size);
    }
    if (os_exists(p.file)) {
        TRY(os_sync_dir(rq, p.dir)); /* whoever made it may not have come so far */
        return os_remove(rq, tmp_path);
    }
    TRY(os_sync(rq, fd));
    TRY(make_dir(rq, st, &p));
    TRY(os_rename(rq, tmp_path, p.file));
    return os_sync_dir(rq, p.dir);
}

enum err blob_put_bytes(struct req *rq, struct store *st, struct str bytes,
                        struct blob_ref *ret_ref)
{
    struct blob_ref ref = {.size = bytes.n};
    char tmp[OS_PATH_MAX];
    char name[32] = "blob-";
    CLEANUP(os_close_p) int fd = -1;
    os_id(name + 5);
    sha_of(bytes, ref.sha);
    TRY(os_path(rq, str_z(st->dir), str_z(name), tmp));
    TRY(os_open_new(rq, tmp, &fd));
    enum err e = os_write_at(rq, fd, 0, bytes.p, bytes.n);
    if (e == OK) {
        e = blob_put_file(rq, st, tmp, &ref);
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
