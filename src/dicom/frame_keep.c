/* dicom/frame_keep.c - a ring of decoded frames. See frame_keep.h. */
#include "dicom/frame_keep.h"

#include <string.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

/* A frame takes at most the SHARE-th part of the file. */
enum { FRAMES_MAX = 4096, SHARE = 4 };

struct kept {
    struct frame_key key;
    uint64_t at; /* in the file */
    uint64_t n;  /* bytes */
    uint32_t bits;
};

struct frame_keep {
    struct os_mutex lock;
    int fd;
    uint64_t size;
    uint64_t head;   /* the next frame goes there */
    uint32_t first;  /* the oldest in v; in the file they lie in the same order, around its end */
    uint32_t n;
    struct kept v[FRAMES_MAX];
};

enum err frame_keep_new(struct req *rq, const char *dir, uint64_t bytes, struct frame_keep **ret_keep)
{
    int fd;
    TRY(os_open_nameless(rq, dir, &fd));
    struct frame_keep *k = os_alloc(1, sizeof *k);
    os_mutex_init(&k->lock);
    k->fd = fd;
    k->size = bytes;
    *ret_keep = k;
    return OK;
}

void frame_keep_free(struct frame_keep *k)
{
    if (k != NULL) {
        os_close(k->fd);
        os_mutex_done(&k->lock);
        os_free(k);
    }
}

static struct kept *oldest(struct frame_keep *k)
{
    return k->n > 0 ? &k->v[k->first] : NULL;
}

static void drop_oldest(struct frame_keep *k)
{
    k->first = (k->first + 1) % FRAMES_MAX;
    k->n--;
}

/* A place of n bytes behind the newest: what lies there goes, the oldest first. */
static uint64_t make_room(struct frame_keep *k, uint64_t n)
{
    if (k->size - k->head < n) {
        for (struct kept *o = oldest(k); o != NULL && o->at >= k->head; o = oldest(k)) {
            drop_oldest(k);
        }
        k->head = 0;
    }
    for (struct kept *o = oldest(k); o != NULL && o->at >= k->head && o->at < k->head + n; o = oldest(k)) {
        drop_oldest(k);
    }
    if (k->n == FRAMES_MAX) {
        drop_oldest(k);
    }
    return k->head;
}

static const struct kept *find(const struct frame_keep *k, const struct frame_key *key)
{
    for (uint32_t i = 0; i < k->n; i++) {
        const struct kept *c = &k->v[(k->first + i) % FRAMES_MAX];
        if (memcmp(c->key.v, key->v, FRAME_KEY) == 0) {
            return c;
        }
    }
    return NULL;
}

void frame_keep_put(struct frame_keep *k, const struct frame_key *key, uint32_t bits, struct str bytes)
{
    struct req rq; /* a failure here is nobody's: the frame is decoded again */
    if (bytes.n == 0 || bytes.n > k->size / SHARE) {
        return;
    }
    req_init(&rq, 4096, os_now());
    os_lock(&k->lock);
    if (find(k, key) == NULL) {
        uint64_t at = make_room(k, bytes.n);
        if (os_write_at(&rq, k->fd, at, bytes.p, bytes.n) == OK) {
            k->v[(k->first + k->n) % FRAMES_MAX] = (struct kept){*key, at, bytes.n, bits};
            k->n++;
            k->head = at + bytes.n;
        }
    }
    os_unlock(&k->lock);
    req_done(&rq);
}

bool frame_keep_get(struct req *rq, struct frame_keep *k, const struct frame_key *key, uint32_t *ret_bits,
                    struct str *ret_bytes)
{
    bool got = false;
    os_lock(&k->lock);
    const struct kept *c = find(k, key);
    char *p = c != NULL ? arena_alloc_raw(rq->a, (size_t)c->n) : NULL;
    if (p != NULL) {
        size_t n = 0;
        if (os_read_at(rq, k->fd, c->at, p, (size_t)c->n, &n) != OK) {
            err_clear(rq);
        }
        got = n == c->n;
    }
    if (got) {
        *ret_bits = c->bits;
        *ret_bytes = (struct str){p, (size_t)c->n};
    }
    os_unlock(&k->lock);
    return got;
}
