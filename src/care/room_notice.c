/* care/room_notice.c - somebody is in front of a quiet room: the others it concerns are told, once a
 * meeting, and without a word of what it is about. See room.h. */
#include "care/booking.h"
#include "care/care.h"
#include "care/case_row.h"
#include "care/consilium.h"
#include "care/directory.h"
#include "care/notice.h"
#include "care/ring.h"
#include "care/room_int.h"

enum { OTHERS_MAX = CONSILIUM_MEMBERS_MAX + RING_PEOPLE };

struct others {
    struct str v[OTHERS_MAX]; /* as notice_tell() takes them */
    uint32_t n;
};

static void add(struct others *o, struct str person)
{
    bool has = false;
    for (uint32_t i = 0; i < o->n; i++) {
        has = has || str_eq(o->v[i], person);
    }
    if (!has && person.n > 0 && o->n < OTHERS_MAX) {
        o->v[o->n++] = person;
    }
}

/* Who asks, and who answers: the consultant, else those of the service on duty. */
static enum err of_case(struct req *rq, const struct room *room, struct others *o)
{
    struct case_row row;
    const struct directory *dir = NULL;
    uint32_t people[RING_PEOPLE];
    TRY(case_row_load(rq, room->subject, &row));
    add(o, row.asker);
    add(o, row.consultant);
    if (row.consultant.n > 0) {
        return OK;
    }
    TRY(directory_get(rq, &dir));
    uint32_t service = dir_service_at(dir, row.service);
    uint32_t n = service != DIR_NONE ? dir_on_duty(dir, service, rq->now, people, RING_PEOPLE) : 0;
    for (uint32_t i = 0; i < n; i++) {
        add(o, dir->people[people[i]].id);
    }
    return OK;
}

/* Its doctor; the patient's side was told when the doctor began the visit. */
static enum err of_visit(struct req *rq, const struct room *room, struct others *o)
{
    struct booking b;
    TRY(booking_load(rq, room->subject, &b));
    add(o, b.person);
    return OK;
}

/* Whoever waits with a link alone is let in by those who were told when the first of them came. */
static enum err of_consilium(struct req *rq, const struct room *room, struct others *o)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_item *item = NULL;
    TRY_MEM(rq, c);
    if (rq->who == NULL) {
        return OK;
    }
    TRY(consilium_open_item(rq, room->subject, AUDIT_READ, c, &item));
    for (uint32_t i = 0; i < c->n_members; i++) {
        if (c->members[i].state == MEMBER_IN) {
            add(o, c->members[i].person);
        }
    }
    return OK;
}

static enum err (*const others_of[ROOM_KIND_COUNT])(struct req *, const struct room *, struct others *) = {
    [ROOM_CASE] = of_case, [ROOM_VISIT] = of_visit, [ROOM_CONSILIUM] = of_consilium};

static bool is_there(const struct seat *seats, uint32_t n, struct str key)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(seats[i].key, key)) {
            return true;
        }
    }
    return false;
}

enum err room_tell_others(struct req *rq, struct tx *tx, const struct room *room)
{
    struct others *o = ARENA_NEW(rq->a, struct others);
    struct seat *seats = ARENA_ARRAY(rq->a, ROOM_SEATS_MAX, struct seat);
    TRY_MEM(rq, o);
    TRY_MEM(rq, seats);
    TRY(others_of[room->kind](rq, room, o));
    uint32_t n = signals_seats(care_of(rq)->signals, rq, room->id, seats, ROOM_SEATS_MAX);
    int64_t since = (room->live ? room->begun_ms : rq->now.ms) - ROOM_QUIET_MS;
    for (uint32_t i = 0; i < o->n; i++) {
        bool told = true;
        if (!is_there(seats, n, room_key(rq, 'p', o->v[i]))) {
            TRY(notice_was_told(rq, o->v[i], NOTICE_MEETING, room->id, since, &told));
        }
        TRY(told ? OK : notice_tell(rq, tx, o->v[i], NOTICE_MEETING, room->id));
    }
    return OK;
}
