/* store/blob_part.c - bytes that come in pieces become a blob: images from the network. */
#include <string.h>

#include "store/blob_int.h"
#include "store/store_int.h"

enum { PAGE = 4096, START_BYTES = 1 << 20 };

struct blob_part {
    struct sha sha;
    struct blob_ref ref; /* size so far; sha once it is ended */
    uint64_t started;    /* bytes the disk was asked to write out already */
    int fd;
    bool ended;
    char path[OS_PATH_MAX]; /* "": it was put or dropped */
};

void blob_part_drop(struct blob_part *part)
{
    struct arena *none = NULL;
    struct req quiet = {.a = none};
    os_close(part->fd);
    part->fd = -1;
    if (part->path[0] != 0) {
        enum err removed = os_remove(&quiet, part->path); /* else the sweep does it */
        (void)removed;
        part->path[0] = 0;
    }
}

static void drop(void *p)
{
    blob_part_drop(p);
}

enum err blob_part_new(struct req *rq, struct store *st, struct blob_part **ret_part)
{
    static const uint8_t none[32];
    struct blob_part *part = ARENA_NEW(rq->a, struct blob_part);
    char name[BLOB_TMP_NAME] = "blob-";
    TRY_MEM(rq, part);
    part->fd = -1;
    os_id(name + 5);
    TRY(blob_pin(rq, st, none, name));
    TRY(os_path(rq, str_z(st->dir), str_z(name), part->path));
    if (!arena_defer(rq->a, drop, part)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    sha_init(&part->sha);
    TRY(os_open_new(rq, part->path, &part->fd));
    *ret_part = part;
    return OK;
}

enum err blob_part_add(struct req *rq, struct blob_part *part, struct str bytes)
{
    ASSERT(!part->ended);
    TRY(os_write_at(rq, part->fd, part->ref.size, bytes.p, bytes.n));
    sha_add(&part->sha, bytes.p, bytes.n);
    part->ref.size += bytes.n;
    if (part->ref.size - part->started >= START_BYTES) {
        uint64_t whole = part->ref.size / PAGE * PAGE;
        os_sync_start(part->fd, part->started, whole - part->started);
        part->started = whole;
    }
    return OK;
}

struct blob_ref blob_part_ref(struct blob_part *part)
{
    if (!part->ended) {
        sha_done(&part->sha, part->ref.sha);
        part->ended = true;
        os_sync_start(part->fd, part->started, part->ref.size - part->started);
    }
    return part->ref;
}

int blob_part_fd(const struct blob_part *part)
{
    return part->fd;
}

enum err blob_parts_put(struct req *rq, struct store *st, struct blob_part *const *parts, size_t n)
{
    struct blob_file *files = ARENA_ARRAY(rq->a, n, struct blob_file);
    TRY_MEM(rq, files);
    for (size_t i = 0; i < n; i++) {
        files[i] = (struct blob_file){parts[i]->path, blob_part_ref(parts[i]), parts[i]->fd};
    }
    TRY(blob_put_files(rq, st, files, n));
    for (size_t i = 0; i < n; i++) {
        os_close(parts[i]->fd);
        parts[i]->fd = -1;
        parts[i]->path[0] = 0;
    }
    return OK;
}
