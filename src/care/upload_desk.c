/* care/upload_desk.c - one pen to one upload: a later connection cuts off an earlier one. See
 * upload.h. */
#include "care/upload_int.h"

#include <string.h>

#include "os/file.h"
#include "os/thread.h"

enum { DESK_SLOTS = 1024 };

/* An upload that has pens. */
struct slot {
    char id[64];
    size_t id_n;      /* 0: free */
    uint32_t pens;    /* open ones, cut off ones too */
    uint32_t turn;    /* of the pen that may write */
    bool busy;        /* it writes right now */
};

struct upload_desk {
    struct upload_opts opts;
    char dir[OS_PATH_MAX];
    struct os_mutex lock;
    struct os_cond idle;
    struct slot slots[DESK_SLOTS];
};

enum err upload_desk_new(struct req *rq, const struct upload_opts *opts,
                         struct upload_desk **ret_desk)
{
    struct upload_desk *d = os_alloc(1, sizeof(*d));
    d->opts = *opts;
    enum err e = os_path(rq, opts->dir, S("uploads"), d->dir);
    if (e == OK) {
        e = os_mkdir(rq, d->dir);
    }
    if (e != OK) {
        os_free(d);
        return e;
    }
    os_mutex_init(&d->lock);
    os_cond_init(&d->idle);
    *ret_desk = d;
    return OK;
}

void upload_desk_free(struct upload_desk *d)
{
    if (d != NULL) {
        os_mutex_done(&d->lock);
        os_cond_done(&d->idle);
        os_free(d);
    }
}

uint64_t upload_max_bytes(const struct upload_desk *d)
{
    return d->opts.max_bytes;
}

const struct upload_opts *upload_desk_opts(const struct upload_desk *d)
{
    return &d->opts;
}

enum err upload_desk_path(struct req *rq, const struct upload_desk *d, struct str id,
                          char out[OS_PATH_MAX])
{
    return os_path(rq, str_z(d->dir), id, out);
}

enum err upload_desk_sync(struct req *rq, const struct upload_desk *d)
{
    return os_sync_dir(rq, d->dir);
}

const char *upload_desk_dir(const struct upload_desk *d)
{
    return d->dir;
}

static struct slot *slot_find(struct upload_desk *d, struct str id)
{
    for (size_t i = 0; i < DESK_SLOTS; i++) {
        if (str_eq((struct str){d->slots[i].id, d->slots[i].id_n}, id)) {
            return &d->slots[i];
        }
    }
    return NULL;
}

enum err upload_desk_take(struct req *rq, struct upload_desk *d, struct str id,
                          struct upload_turn *ret_turn)
{
    if (id.n == 0 || id.n > sizeof(d->slots[0].id)) {
        return FAIL(rq, E_NOT_FOUND, "upload");
    }
    os_lock(&d->lock);
    struct slot *s = slot_find(d, id);
    if (s == NULL) {
        s = slot_find(d, (struct str){"", 0});
        if (s == NULL) {
            os_unlock(&d->lock);
            return FAIL(rq, E_BUSY, "uploads at once");
        }
        memcpy(s->id, id.p, id.n);
        s->id_n = id.n;
        s->pens = 0;
    }
    s->pens++;
    s->turn++;
    *ret_turn = (struct upload_turn){.slot = (size_t)(s - d->slots), .turn = s->turn};
    while (s->busy) {
        os_wait(&d->idle, &d->lock);
    }
    os_unlock(&d->lock);
    return OK;
}

bool upload_desk_enter(struct upload_desk *d, struct upload_turn t)
{
    struct slot *s = &d->slots[t.slot];
    os_lock(&d->lock);
    bool mine = s->turn == t.turn;
    if (mine) {
        s->busy = true;
    }
    os_unlock(&d->lock);
    return mine;
}

void upload_desk_leave(struct upload_desk *d, struct upload_turn t)
{
    os_lock(&d->lock);
    d->slots[t.slot].busy = false;
    os_broadcast(&d->idle);
    os_unlock(&d->lock);
}

void upload_desk_drop(struct upload_desk *d, struct upload_turn t)
{
    struct slot *s = &d->slots[t.slot];
    os_lock(&d->lock);
    ASSERT(s->pens > 0);
    s->pens--;
    if (s->pens == 0) {
        s->id_n = 0;
    }
    os_unlock(&d->lock);
}

bool upload_desk_has(struct upload_desk *d, struct str id)
{
    os_lock(&d->lock);
    bool has = slot_find(d, id) != NULL;
    os_unlock(&d->lock);
    return has;
}

bool upload_desk_is_busy(struct upload_desk *d, struct str id)
{
    os_lock(&d->lock);
    const struct slot *s = id.n > 0 ? slot_find(d, id) : NULL;
    bool is = s != NULL && s->busy;
    os_unlock(&d->lock);
    return is;
}
