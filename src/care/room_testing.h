/* care/room_testing.h - rooms for tests: people of the made-up region at their doors. Include from
 * *_test.c only. */
#pragma once

#include "care/booking_testing.h"
#include "care/room_int.h"

/* A server that starts: nobody sits anywhere. */
static inline void rooms_anew(void)
{
    signals_free(region.care.signals);
    region.care.signals = signals_new(NULL, NULL);
}

static inline int rooms_setup(void **state)
{
    int e = region_setup(state);
    rooms_anew();
    return e;
}

static inline int rooms_teardown(void **state)
{
    signals_free(region.care.signals);
    region.care.signals = NULL;
    return region_teardown(state);
}

/* A request of somebody without an account, or of an account of the patients' side; ends with keep. */
static inline struct req *of_who(struct req *keep, const struct who *who)
{
    struct req *rq = ARENA_NEW(keep->a, struct req);
    as(rq, who);
    rq->who = who;
    assert_true(arena_defer(keep->a, end_of, rq));
    return rq;
}

/* An account of the patient, or (related) of who acts for them, with limits. */
static inline const struct who *family_who(struct req *keep, struct str patient, const char *related,
                                           uint32_t limits)
{
    struct who *w = ARENA_NEW(keep->a, struct who);
    *w = *patient_who(keep, patient);
    w->name = S("Patient of a test");
    w->limits = limits;
    if (related[0] != '\0') {
        struct buf b;
        buf_init(&b, keep->a, 80);
        BUF_LIT(&b, "RelatedPerson/");
        buf_str(&b, str_z(related));
        w->person = buf_get(&b);
        w->related = str_z(related);
    }
    return w;
}

/* The room of a case, made by who asked in it; lives in keep. */
static inline struct room a_room(struct req *keep)
{
    struct room room;
    struct req *rq = as_long_as(keep, "asker");
    struct tx *tx = tx_new(rq);
    MUST(rq, room_of_case(rq, tx, a_case(keep), &room));
    MUST(rq, store_commit(region.store, rq, tx));
    return room;
}

/* What a person does to a room in one transaction. */
typedef enum err (*act_fn)(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat);

static inline enum err act(struct req *rq, struct str room, struct str cookie, act_fn fn, uint32_t seat,
                           struct room_caller *ret_caller)
{
    struct tx *tx = tx_new(rq);
    TRY(room_caller(rq, room, cookie, ret_caller));
    TRY(fn(rq, tx, ret_caller, seat));
    return store_commit(region.store, rq, tx);
}

static inline enum err act_enter(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return room_enter(rq, tx, c);
}

static inline enum err act_leave(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return room_leave(rq, tx, c);
}

static inline enum err act_end(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return room_end(rq, tx, c);
}

static inline enum err act_mute(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)tx;
    return room_mute(rq, c, seat);
}

/* A person of the region enters; their seat. */
static inline enum err comes(struct req *keep, const char *person, struct str room,
                             struct room_caller *ret_caller)
{
    return act(as_long_as(keep, person), room, S(""), act_enter, 0, ret_caller);
}

static inline enum err does(struct req *keep, const char *person, struct str room, act_fn fn,
                            uint32_t seat)
{
    struct room_caller c;
    return act(as_long_as(keep, person), room, S(""), fn, seat, &c);
}

/* The room as it is kept now; lives in keep. */
static inline struct room room_now(struct req *keep, struct str id)
{
    struct room room;
    err_clear(keep);
    MUST(keep, room_load(keep, id, &room));
    return room;
}
