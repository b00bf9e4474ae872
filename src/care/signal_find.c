/* care/signal_find.c - where somebody sits now, over all rooms. See signal.h. */
#include "care/signal_int.h"

/* Under the lock. */
static enum err note(struct req *rq, const struct hall *h, const struct chair *c, struct str key,
                     struct signal_place *ret_places, uint32_t n, uint32_t *got)
{
    if (*got < n && str_eq((struct str){c->key, c->key_n}, key)) {
        struct str room = arena_str(rq->a, (struct str){h->id, h->id_n});
        TRY_MEM(rq, room.p);
        ret_places[(*got)++] = (struct signal_place){room, c->number};
    }
    return OK;
}

enum err signals_places(struct signals *s, struct req *rq, struct str key,
                        struct signal_place *ret_places, uint32_t n, uint32_t *ret_n)
{
    uint32_t got = 0;
    enum err e = OK;

    os_lock(&s->lock);
    for (uint32_t i = 0; e == OK && i < SIGNAL_BUCKETS; i++) {
        for (const struct hall *h = s->buckets[i]; e == OK && h != NULL; h = h->next) {
            for (const struct chair *c = h->chairs; e == OK && c != NULL; c = c->next) {
                e = note(rq, h, c, key, ret_places, n, &got);
            }
        }
    }
    os_unlock(&s->lock);
    TRY(e);
    *ret_n = got;
    return OK;
}
