/* store/bodies.c - bodies a read handle gave out lately. See bodies_int.h.
 *
 * One ring of bytes: the newest body is written over the oldest, and one that is asked for while in the
 * older half is written anew. Places are counted from the first byte ever written, so a place that is
 * more than a ring behind has been written over. */
#include "store/bodies_int.h"

#include <string.h>

#include "os/thread.h"

enum {
    SETS = 4096,
    WAYS = 2,
    SHARE = 16, /* the longest body is such a part of the ring */
};

struct place {
    int64_t vid; /* 0: nothing */
    uint64_t at;
    size_t n;
};

struct bodies {
    size_t size;
    uint64_t end; /* where the next one goes */
    char *ring;
    struct place places[SETS][WAYS];
};

struct bodies *bodies_new(size_t bytes)
{
    struct bodies *b = os_alloc(1, sizeof(*b));
    b->size = bytes;
    b->ring = os_alloc(bytes, 1);
    return b;
}

void bodies_free(struct bodies *b)
{
    if (b != NULL) {
        os_free(b->ring);
        os_free(b);
    }
}

void bodies_wipe(struct bodies *b)
{
    memset(b->places, 0, sizeof(b->places));
    memset(b->ring, 0, b->size);
}

static struct place *set_of(struct bodies *b, int64_t vid)
{
    return b->places[((uint64_t)vid * UINT64_C(0x9e3779b97f4a7c15)) >> 52];
}

static bool is_there(const struct bodies *b, const struct place *p)
{
    return p->vid != 0 && b->end - p->at <= b->size;
}

bool bodies_get(struct bodies *b, int64_t vid, struct str *ret_body)
{
    struct place *set = set_of(b, vid);
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].vid != vid || !is_there(b, &set[i])) {
            continue;
        }
        if (b->end - set[i].at > b->size / 2) {
            bodies_put(b, vid, (struct str){b->ring + set[i].at % b->size, set[i].n});
        }
        break;
    }
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].vid == vid && is_there(b, &set[i])) {
            *ret_body = (struct str){b->ring + set[i].at % b->size, set[i].n};
            return true;
        }
    }
    return false;
}

void bodies_put(struct bodies *b, int64_t vid, struct str body)
{
    struct place *set = set_of(b, vid);
    struct place *to = &set[0];
    if (body.n == 0 || body.n > b->size / SHARE) {
        return;
    }
    for (size_t i = 1; i < WAYS; i++) {
        bool older = set[i].vid == vid || (to->vid != vid && set[i].at < to->at);
        to = older ? &set[i] : to;
    }
    if (b->size - b->end % b->size < body.n) {
        b->end += b->size - b->end % b->size; /* in one piece: from the beginning */
    }
    *to = (struct place){vid, b->end, body.n};
    memmove(b->ring + b->end % b->size, body.p, body.n); /* it may be one of ours */
    b->end += body.n;
}
