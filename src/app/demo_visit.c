/* app/demo_visit.c - the tele-polyclinic of the stage: visits of today and tomorrow in every state, one
 * remote visit that begins about now, at each start. */
#include "app/demo_stage.h"

#include "care/access.h"
#include "care/booking.h"
#include "care/form.h"
#include "care/patient_account.h"
#include "care/room.h"
#include "care/sign_case.h"
#include "care/visit.h"
#include "store/tx.h"

enum {
    SLOT_MIN = 30,
    EARLY_SLOTS = 4, /* hours beside the week around the start */
    LATE_SLOTS = 4,
    BLOCK_DAYS = 6, BOOKED_DAYS = 4, LOOK_DAYS = 12,
    SLOTS_SEEN = 50, PLACES_SEEN = 4, VISITS_SEEN = 50,
    ROUND_MIN = 5, STILL_MIN = 20
};
#define SLOT_MS (SLOT_MIN * MS_MINUTE)

/* ---- booking ---- */

/* When a visit is: slots of the hours around the start (0 begins now), or the first free one of a day
 * to come. */
enum { COMING = 1000 };
enum fate { FATE_BOOKED, FATE_BEGINS, FATE_NOTED, FATE_ABSENT, FATE_CANCELLED, FATE_WAITS };

/* clang-format off */
static const struct visit_row {
    const char *doctor, *by; /* who receives; who books */
    enum stage_who patient;
    int slot;                /* COMING + days: from that day on */
    bool remote;
    const char *purpose, *problem;
    enum fate fate;
} visit_rows[] = {
    {"cardiologist1", "cardiologist1", STAGE_NOTED,   -4,         true,  "follow-up", "I10", FATE_NOTED},
    {"cardiologist1", "doctor1",       STAGE_ABSENT,  -2,         false, "advice",    "I25", FATE_ABSENT},
    {"cardiologist1", "cardiologist1", STAGE_NOW,     0,          true,  "follow-up", "I50", FATE_BEGINS},
    {"cardiologist1", "doctor1",       STAGE_COMES,   COMING + 1, false, "referral-need", "I48", FATE_BOOKED},
    {"cardiologist1", "doctor1",       STAGE_CANCELS, COMING + 1, false, "advice",    "I34", FATE_CANCELLED},
    {"cardiologist1", "doctor1",       STAGE_WAITS,   COMING + 1, false, "advice",    "I48", FATE_WAITS},
    {"cardiologist1", "patient2",      STAGE_NOTED,   COMING + 1, true,  "follow-up", "I10", FATE_BOOKED},
    {"neurologist1",  "neurologist1",  STAGE_NERVES,  COMING + 1, true,  "follow-up", "G43", FATE_BOOKED},
    {"doctor1",       "registrar1",    STAGE_AT_HOME, COMING + 1, true,  "follow-up", "E11", FATE_BOOKED},
    {"doctor1",       "registrar1",    STAGE_COMES,   COMING + 2, false, "examination", "I48", FATE_BOOKED},
};
/* clang-format on */

struct visiting {
    struct stage *s;
    const struct visit_row *row;
    int64_t zero_ms; /* when the visit of now begins */
    struct str id;
    int64_t start_ms, end_ms;
    char sha[65]; /* of the note */
};

static int64_t zero_of(struct instant now)
{
    return now.ms - now.ms % (ROUND_MIN * MS_MINUTE);
}

/* The free slot a row asks for in these hours: when it begins; 0: there is none. */
static enum err free_slot(struct req *rq, const struct visiting *v, const struct schedule *s, int64_t *ret_ms)
{
    const struct visit_row *r = v->row;
    struct slot *slots = ARENA_ARRAY(rq->a, SLOTS_SEEN, struct slot);
    unsigned mode = r->remote ? SLOT_REMOTE : SLOT_IN_PERSON;
    int64_t from = v->zero_ms + r->slot * SLOT_MS;
    int64_t to = from + 1;
    uint32_t n = 0;

    TRY_MEM(rq, slots);
    if (r->slot >= COMING) {
        from = zone_midnight(&s->zone, zone_day(&s->zone, v->zero_ms) + r->slot - COMING);
        from = MAX(from, v->zero_ms + (LATE_SLOTS + 1) * SLOT_MS);
        to = from + LOOK_DAYS * MS_DAY;
    }
    TRY(slot_list(rq, s, from, to, (struct str){0}, slots, SLOTS_SEEN, &n));
    *ret_ms = 0;
    for (uint32_t i = 0; i < n && *ret_ms == 0; i++) {
        *ret_ms = slots[i].modes & mode ? slots[i].start_ms : 0;
    }
    return OK;
}

/* In the hours of its doctor that have one. */
static enum err choose_slot(struct req *rq, const struct visiting *v, struct booking_ask *ask)
{
    struct schedule *all = ARENA_ARRAY(rq->a, PLACES_SEEN, struct schedule);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    TRY(schedule_list(rq, SCHEDULE_BY_PERSON, str_z(v->row->doctor), all, PLACES_SEEN, &n));
    for (uint32_t i = 0; i < n; i++) {
        ask->schedule = all[i].id;
        if (v->row->fate == FATE_WAITS) {
            return OK;
        }
        TRY(free_slot(rq, v, &all[i], &ask->start_ms));
        if (ask->start_ms != 0) {
            return OK;
        }
    }
    return FAIL(rq, E_NOT_FOUND, "a free time of %s", v->row->doctor);
}

static enum err book(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    const struct visit_row *r = v->row;
    struct booking_ask ask = {.patient = v->s->patients[r->patient],
                              .remote = r->remote,
                              .purpose = str_z(r->purpose),
                              .problem = str_z(r->problem)};
    struct booking_check check;
    struct res_row row;
    struct booking b;

    TRY(who_is_patient(rq->who) ? access_patient(rq, ask.patient, AUDIT_READ, &row)
                                : stage_patient(rq, ask.patient, &row));
    TRY(choose_slot(rq, v, &ask));
    TRY(booking_make(rq, tx, &ask, &check, &b));
    v->id = arena_str(v->s->d->rq->a, b.id);
    v->start_ms = b.start_ms;
    v->end_ms = b.end_ms;
    return OK;
}

static enum err cancel(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    const struct booking_args args = {.reason_code = S("patient-asked")};
    struct booking b;
    return booking_move(rq, tx, v->id, S("cancel"), &args, &b);
}

static enum err absent(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    const struct booking_args args = {.expect = 0};
    struct booking b;
    return booking_move(rq, tx, v->id, S("no-show"), &args, &b);
}

static enum err make_room(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    struct room room;
    return room_of_visit(rq, tx, v->id, &room);
}

/* ---- a visit that took place, and its note ---- */

static enum err load(struct req *rq, const struct visiting *v, struct visit_view **ret_view)
{
    *ret_view = ARENA_NEW(rq->a, struct visit_view);
    TRY_MEM(rq, *ret_view);
    return visit_load(rq, v->id, AUDIT_READ, *ret_view);
}

static enum err begin(struct req *rq, struct tx *tx, void *ctx)
{
    struct visit_view *w = NULL;
    TRY(load(rq, ctx, &w));
    return visit_begin(rq, tx, w);
}

static enum err admit(struct req *rq, struct tx *tx, void *ctx)
{
    struct problems problems = {.n = 0};
    struct visit_view *w = NULL;
    TRY(load(rq, ctx, &w));
    return visit_admit(rq, tx, w, S("known"), S("oral"), &problems);
}

static enum err end(struct req *rq, struct tx *tx, void *ctx)
{
    struct visit_view *w = NULL;
    TRY(load(rq, ctx, &w));
    return visit_go(rq, tx, w, S("end"), (struct str){0});
}

static enum err preview(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    const struct field typed[] = {
        {SI("complaints.now"), SI("Головные боли стали реже, по утрам держится тяжесть в затылке. "
                                  "Отёков, одышки и болей за грудиной нет. Лекарства принимает "
                                  "ежедневно.")},
        {SI("complaints.went"), SI("went-better")},
        {SI("act.done"), SI("Просмотрен дневник давления за две недели: утром 138–146/84–90, вечером "
                            "128–136/80–84. Пульс 68–76. Переносимость лечения хорошая.")},
        {SI("act.advice"), SI("Продолжать прежнее лечение. Соль не более 5 г в сутки, ходьба 30 минут "
                              "в день. Давление измерять утром и вечером.")},
        {SI("need-in-person.need"), SI("see-planned")},
        {SI("need-in-person.why"), SI("Осмотр и ЭКГ через три месяца в областном центре")},
        {SI("orders.what[0]"), SI("Креатинин и калий крови")},
        {SI("orders.why[0]"), SI("Контроль на фоне периндоприла")},
        {SI("again.on"), stage_date(rq, (struct instant){rq->now.ms + 30 * MS_DAY})},
        {SI("again.how"), SI("again-remote")},
        {SI("language"), SI("ru")},
    };
    struct problems problems = {.n = 0};
    struct visit_view *w = NULL;
    struct sign_paper paper;

    (void)tx;
    TRY(load(rq, v, &w));
    TRY(visit_note_preview(rq, w, &(struct fields){typed, LEN(typed)}, v->s->d->base_url, &problems, &paper));
    for (size_t i = 0; i < sizeof v->sha; i++) {
        v->sha[i] = paper.sha[i];
    }
    return OK;
}

static enum err sign(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    struct visit_view *w = NULL;
    TRY(load(rq, v, &w));
    return visit_note_sign(rq, tx, w, str_z(v->sha), &(struct sign_means){.password = S(DEMO_PASSWORD)});
}

static enum err play_noted(struct visiting *v)
{
    static const struct {
        int minutes; /* since the visit began */
        stage_fn fn;
    } steps[] = {{0, begin}, {2, admit}, {21, end}, {27, preview}, {28, sign}};

    for (size_t i = 0; i < LEN(steps); i++) {
        TRY(stage_act(v->s->d, v->row->doctor, (struct instant){v->start_ms + steps[i].minutes * MS_MINUTE},
                      steps[i].fn, v));
    }
    return OK;
}

static enum err play(struct visiting *v)
{
    struct demo *d = v->s->d;
    struct instant booked = {d->now.ms - BOOKED_DAYS * MS_DAY};

    TRY((str_starts(str_z(v->row->by), S("patient")) ? stage_act_patient : stage_act)(d, v->row->by, booked,
                                                                                     book, v));
    switch (v->row->fate) {
    case FATE_BEGINS: return stage_act(d, v->row->doctor, d->now, make_room, v);
    case FATE_NOTED: return play_noted(v);
    case FATE_ABSENT:
        return stage_act(d, v->row->doctor, (struct instant){v->start_ms + 20 * MS_MINUTE}, absent, v);
    case FATE_CANCELLED:
        return stage_act(d, v->row->by, (struct instant){booked.ms + 2 * MS_DAY}, cancel, v);
    case FATE_BOOKED:
    case FATE_WAITS: break;
    }
    return OK;
}

/* Hours beside the week, from before the start to after it, whatever the clock says. */
static enum err add_now(struct req *rq, struct tx *tx, void *ctx)
{
    const struct visiting *v = ctx;
    const struct schedule_block b = {.start_ms = v->zero_ms - EARLY_SLOTS * SLOT_MS,
                                     .end_ms = v->zero_ms + LATE_SLOTS * SLOT_MS,
                                     .minutes = SLOT_MIN,
                                     .modes = SLOT_BOTH,
                                     .note = S("Дополнительный приём (демонстрация)")};
    return schedule_block_add(rq, tx, v->s->hours, &b);
}

enum err stage_visits(struct stage *s)
{
    struct visiting v = {.s = s, .zero_ms = zero_of(s->d->now)};

    TRY(stage_act(s->d, STAGE_DOCTOR, (struct instant){s->d->now.ms - BLOCK_DAYS * MS_DAY}, add_now, &v));
    for (size_t i = 0; i < LEN(visit_rows); i++) {
        v.row = &visit_rows[i];
        TRY(play(&v));
    }
    return OK;
}

/* ---- at each later start ---- */

/* The visit of now, as it is: booked for another time, under way, or over. */
static enum err find_now(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    struct booking *rows = ARENA_ARRAY(rq->a, VISITS_SEEN, struct booking);
    struct res_row row;
    uint32_t n = 0;

    (void)tx;
    TRY_MEM(rq, rows);
    v->s->patients[STAGE_NOW] = arena_str(v->s->d->rq->a, rq->who->patient);
    TRY(access_patient(rq, rq->who->patient, AUDIT_READ, &row));
    TRY(booking_of_patient(rq, row.rid, rows, VISITS_SEEN, &n));
    for (uint32_t i = 0; i < n && v->id.n == 0; i++) {
        const struct booking *b = &rows[i];
        bool open = b->state == BOOKING_BOOKED || b->state == BOOKING_ARRIVED;
        if (open && b->remote && str_eq(b->person, S(STAGE_DOCTOR)) && b->start_ms <= rq->now.ms + SLOT_MS) {
            v->id = arena_str(v->s->d->rq->a, b->id);
            v->start_ms = b->start_ms;
            v->end_ms = b->state == BOOKING_ARRIVED ? INT64_MAX : b->end_ms;
            v->s->hours = arena_str(v->s->d->rq->a, b->schedule);
        }
    }
    return OK;
}

static enum err move_now(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    const struct booking_args args = {.start_ms = v->zero_ms};
    struct booking b;
    return booking_move(rq, tx, v->id, S("move"), &args, &b);
}

static enum err find_hours(struct req *rq, struct tx *tx, void *ctx)
{
    struct visiting *v = ctx;
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);
    uint32_t n = 0;

    (void)tx;
    TRY_MEM(rq, s);
    TRY(schedule_list(rq, SCHEDULE_BY_PERSON, rq->who->person, s, 1, &n));
    v->s->hours = n > 0 ? arena_str(v->s->d->rq->a, s->id) : (struct str){0};
    return n > 0 ? OK : FAIL(rq, E_NOT_FOUND, "hours");
}

/* As if it was booked a minute before. */
static enum err set_now(struct visiting *v)
{
    struct demo *d = v->s->d;
    struct instant before = {v->zero_ms - MS_MINUTE};

    TRY(stage_act(d, STAGE_DOCTOR, before, find_hours, v));
    TRY(stage_act(d, STAGE_DOCTOR, before, add_now, v));
    TRY(stage_act(d, STAGE_DOCTOR, before, v->id.n > 0 ? move_now : book, v));
    return stage_act(d, STAGE_DOCTOR, d->now, make_room, v);
}

static bool is_taken(enum err e)
{
    return e == E_NOT_FOUND || e == E_CONFLICT || e == E_UNPROCESSED;
}

static enum err begin_again(struct visiting *v)
{
    struct demo *d = v->s->d;
    enum err e = OK;

    TRY(stage_act_patient(d, STAGE_PATIENT, d->now, find_now, v));
    if (v->id.n > 0 && v->start_ms > d->now.ms - STILL_MIN * MS_MINUTE) {
        return OK; /* it has just begun */
    }
    if (v->id.n > 0 && v->end_ms == INT64_MAX) {
        return OK; /* it goes on */
    }
    /* Another visit may be in the way: a little earlier, else later. */
    static const int minutes[] = {0, -15, 15, 30, 45};
    int64_t zero_ms = v->zero_ms;
    for (size_t i = 0; i < LEN(minutes); i++) {
        err_clear(d->rq);
        v->zero_ms = zero_ms + minutes[i] * MS_MINUTE;
        e = set_now(v);
        if (!is_taken(e)) {
            break;
        }
    }
    return e;
}

enum err demo_stage_again(struct demo *d)
{
    struct stage s = {.d = d};
    struct visiting v = {.s = &s, .zero_ms = zero_of(d->now)};

    for (size_t i = 0; i < LEN(visit_rows); i++) {
        v.row = visit_rows[i].fate == FATE_BEGINS ? &visit_rows[i] : v.row;
    }
    enum err e = begin_again(&v);
    /* A folder of before, a patient who moved on, a visit in person too long ago: it is served as it is. */
    if (!is_taken(e)) {
        return e;
    }
    err_clear(d->rq);
    return OK;
}
