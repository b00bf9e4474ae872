/* care/signal_record.c - whether a room is recorded now: in memory, beside its seats. See signal.h. */
#include "care/signal_int.h"

#include <string.h>

static bool any_in(const struct hall *h)
{
    const struct chair *c = h != NULL ? h->chairs : NULL;
    while (c != NULL && c->state != SEAT_IN) {
        c = c->next;
    }
    return c != NULL;
}

static void changed(struct signals *s, struct str room)
{
    if (s->tell != NULL) {
        s->tell(signals_room_topic(room), s->ctx);
    }
}

/* Under the lock. recording empty: no more. */
static bool bridge_tell(struct signals *s, const struct hall *h, struct str recording)
{
    return s->bridge != NULL
           && s->bridge->record((struct str){h->id, h->id_n}, recording, s->bridge->ctx);
}

void hall_hush(struct signals *s, struct hall *h)
{
    h->comings++;
    if (h->record == SIGNAL_RECORD_ON) {
        h->record = SIGNAL_RECORD_SILENT;
        (void)bridge_tell(s, h, S(""));
    }
}

uint64_t signals_comings(struct signals *s, struct str room)
{
    os_lock(&s->lock);
    const struct hall *h = hall_find(s, room);
    uint64_t n = h != NULL ? h->comings : 0;
    os_unlock(&s->lock);
    return n;
}

enum err signals_record(struct signals *s, struct req *rq, struct str room, struct str recording,
                        uint64_t comings)
{
    enum err e = OK;
    bool up = signals_media(s);
    ASSERT(recording.n > 0 && recording.n <= ROOM_ID_MAX);
    os_lock(&s->lock);
    struct hall *h = hall_find(s, room);
    if (!any_in(h)) {
        e = FAIL(rq, E_NOT_FOUND, "nobody is in");
    } else if (!up) {
        e = FAIL(rq, E_BUSY, "no media server");
    } else {
        bool now = h->comings == comings;
        e = now ? OK : FAIL(rq, E_STALE, "somebody came in");
        h->server = true;
        h->record = now ? SIGNAL_RECORD_ON : SIGNAL_RECORD_SILENT;
        h->recording_n = (uint8_t)recording.n;
        memcpy(h->recording, recording.p, recording.n);
        if (!bridge_tell(s, h, now ? recording : S("")) && now) {
            h->record = SIGNAL_RECORD_LOST;
        }
    }
    os_unlock(&s->lock);
    TRY(e);
    changed(s, room);
    return OK;
}

static void set(struct signals *s, struct str room, enum signal_record record, bool tell_bridge)
{
    os_lock(&s->lock);
    struct hall *h = hall_find(s, room);
    if (h != NULL && h->record != SIGNAL_RECORD_NONE) {
        if (tell_bridge && h->record == SIGNAL_RECORD_ON) {
            (void)bridge_tell(s, h, S(""));
        }
        h->record = record;
    }
    os_unlock(&s->lock);
    changed(s, room);
}

bool signals_media(struct signals *s)
{
    return s->bridge != NULL && s->bridge->up(s->bridge->ctx);
}

void signals_record_stop(struct signals *s, struct str room, bool end)
{
    set(s, room, end ? SIGNAL_RECORD_NONE : SIGNAL_RECORD_SILENT, true);
}

void signals_record_lost(struct signals *s, struct str room)
{
    set(s, room, SIGNAL_RECORD_LOST, false);
}

enum signal_record signals_recording(struct signals *s, struct str room, struct str recording)
{
    enum signal_record record = SIGNAL_RECORD_NONE;
    os_lock(&s->lock);
    const struct hall *h = hall_find(s, room);
    if (h != NULL && str_eq((struct str){h->recording, h->recording_n}, recording)) {
        record = h->record;
    }
    os_unlock(&s->lock);
    return record;
}
