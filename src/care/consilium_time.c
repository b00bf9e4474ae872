/* care/consilium_time.c - when a consilium is held: an Appointment for each patient of the agenda of a
 * planned one, and reminders of its beginning, which say nothing but that. */
#include "care/consilium_int.h"

#include "care/job.h"
#include "care/room.h"

enum { APPOINTMENT_MAX = 64 << 10 };

bool consilium_is_planned(struct req *rq, const struct consilium *c)
{
    return !str_eq(care_of(rq)->content->urgencies[c->urgency].code, S("emergency"));
}

struct str consilium_part_code(const struct consilium *c, const struct consilium_member *m)
{
    return str_eq(m->person, c->chair) ? S("chair") : m->votes ? S("member") : S("secretary");
}

enum err consilium_was_held(struct req *rq, const struct consilium *c,
                            const struct consilium_item *item, bool *ret_held)
{
    int64_t end = c->until_ms > 0 ? c->until_ms : c->start_ms + c->policy->consilium_lasts.ms;
    struct room *room = ARENA_NEW(rq->a, struct room);

    TRY_MEM(rq, room);
    enum err e = room_of(rq, ROOM_CONSILIUM, item->id, room);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
    } else if (e != OK) {
        return e;
    }
    bool goes_on = e == OK && room->live;
    bool ended = e == OK && room->meeting > 0;
    *ret_held = !c->written && !goes_on && (ended || rq->now.ms >= end);
    return OK;
}

/* FHIR R4 AppointmentStatus of each state. */
static const char *const statuses[] = {
    [CONSILIUM_FORMING] = "proposed",    [CONSILIUM_CONVENED] = "booked",
    [CONSILIUM_DELIBERATING] = "arrived", [CONSILIUM_DRAFTED] = "arrived",
    [CONSILIUM_SIGNING] = "arrived",      [CONSILIUM_CLOSED] = "fulfilled",
    [CONSILIUM_CANCELLED] = "cancelled",
};
/* ParticipationStatus of each answer. */
static const char *const answers[] = {
    [MEMBER_ASKED] = "needs-action", [MEMBER_IN] = "accepted",   [MEMBER_DECLINED] = "declined",
    [MEMBER_REPLACED] = "declined",  [MEMBER_LEFT] = "declined",
};

static void participant_put(struct put *p, const struct consilium *c, const struct consilium_member *m)
{
    struct str part = consilium_part_code(c, m);

    json_obj(&p->o);
    put_concepts(&p->o, S("type"), S(CARE_URL "/CodeSystem/consilium-part"), &part, 1);
    put_ref_shown(&p->o, S("actor"), T_PRACTITIONER, m->person, m->name);
    json_ks(&p->o, S("required"), m->votes ? S("required") : S("optional"));
    json_ks(&p->o, S("status"), str_z(answers[m->state]));
    json_obj_end(&p->o);
}

enum err consilium_put_appointment(struct req *rq, struct tx *tx, const struct consilium *c,
                                   const struct consilium_item *item)
{
    struct str flow = str_z(care_consilium.name);
    int64_t end = c->until_ms > 0 ? c->until_ms : c->start_ms + c->policy->consilium_lasts.ms;
    struct put p;

    if (!consilium_is_planned(rq, c)) {
        return OK; /* an emergency begins when the quorum is there: nobody can say when */
    }
    put_begin(&p, rq, tx, T_APPOINTMENT, item->id, APPOINTMENT_MAX);
    p.case_id = item->id;
    p.patient = item->patient;
    json_ks(&p.o, S("status"), str_z(statuses[item->state]));
    put_concepts(&p.o, S("serviceCategory"), S(CS_FLOW), &flow, 1);
    put_instant(&p.o, S("start"), (struct instant){c->start_ms});
    put_instant(&p.o, S("end"), (struct instant){end});
    put_instant(&p.o, S("created"), (struct instant){item->created_ms});
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, item->id);
    json_arr_end(&p.o);
    json_k(&p.o, S("participant"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_ref(&p.o, S("actor"), T_PATIENT, item->patient);
    json_ks(&p.o, S("required"), S("information-only"));
    json_ks(&p.o, S("status"), S("accepted"));
    json_obj_end(&p.o);
    for (uint32_t i = 0; i < c->n_members; i++) {
        participant_put(&p, c, &c->members[i]);
    }
    json_arr_end(&p.o);
    return put_end(&p);
}

/* ---- more time in writing ---- */

int64_t consilium_time_typed(struct req *rq, struct str typed)
{
    struct instant lo = {0};
    struct instant hi = {0};
    struct buf b;

    buf_init(&b, rq->a, typed.n + 8);
    buf_str(&b, typed);
    if (typed.n == sizeof "2026-11-22T14:30" - 1) {
        BUF_LIT(&b, ":00");
    }
    BUF_LIT(&b, "Z"); /* a time without an offset is no FHIR: read as UTC, then made local */
    bool read = typed.n > 0 && instant_span(buf_get(&b), 0, &lo, &hi);
    struct civil c = instant_civil(lo, 0);
    return read ? zone_instant(&care_of(rq)->zone, &c).ms : 0;
}

enum err consilium_extend(struct req *rq, struct tx *tx, struct str id, struct str until,
                          struct str reason)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    int64_t until_ms = consilium_time_typed(rq, until);
    uint32_t moved = 0;

    TRY_MEM(rq, c);
    TRY(consilium_open(rq, id, AUDIT_READ, c));
    reason = str_trim(reason);
    int64_t before_ms = MAX(rq->now.ms, c->until_ms);
    c->until_ms = until_ms;
    for (uint32_t i = 0; i < c->n_items; i++) {
        struct consilium_moving m = {.rq = rq, .tx = tx, .c = c, .item = &c->items[i], .reason = reason};
        bool is_last = i + 1 == c->n_items && moved == 0;
        if (care_move_find(&care_consilium, c->items[i].state, S("extend")) == NULL && !is_last) {
            continue;
        }
        TRY(consilium_row(rq, c, &c->items[i], S("extend"), &m.move));
        if (!c->written) {
            return FAIL(rq, E_CONFLICT, "not in writing");
        }
        if (reason.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "reason");
        }
        if (until_ms <= before_ms || until_ms > rq->now.ms + CONSILIUM_LATEST_MS) {
            return FAIL(rq, E_BAD_INPUT, "until");
        }
        m.item->answer_due_ms = until_ms; /* the promise is the time of the opinions, as when it was called */
        m.item->level = LEVEL_NONE;
        TRY(consilium_perform(&m));
        TRY(consilium_put_appointment(rq, tx, c, m.item));
        moved++;
    }
    return TX_SQL(tx, W_CONSILIUM_UNTIL, TX_MUST_CHANGE, sql_text(c->id), sql_i64(until_ms),
                  sql_u64(c->version));
}

/* ---- reminders ---- */

enum err consilium_remind_set(struct req *rq, struct tx *tx, const struct consilium *c)
{
    int64_t due = 0;

    for (uint32_t i = 0; i < c->policy->booking.n_remind_before; i++) {
        int64_t at = c->start_ms - c->policy->booking.remind_before[i].ms;
        due = at > rq->now.ms && (due == 0 || at < due) ? at : due;
    }
    return due == 0 || !consilium_is_planned(rq, c) ? job_drop(tx, JOB_CONSILIUM, c->id)
                                                    : job_set(tx, JOB_CONSILIUM, c->id, due, (struct str){0});
}

enum err consilium_remind(struct req *rq, struct tx *tx, struct str id, struct str arg)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);

    (void)arg;
    TRY_MEM(rq, c);
    TRY(consilium_load(rq, id, c));
    c->why = WHY_SYSTEM;
    if (consilium_state_of(c) > CONSILIUM_CONVENED || c->start_ms <= rq->now.ms) {
        return OK; /* it has begun, or was called off */
    }
    for (uint32_t i = 0; i < c->n_members; i++) {
        if (c->members[i].state <= MEMBER_IN) {
            TRY(notice_tell(rq, tx, c->members[i].person, NOTICE_CONSILIUM_SOON, c->id));
        }
    }
    TRY(consilium_remind_set(rq, tx, c));
    for (uint32_t i = 0; i < c->n_items; i++) {
        TRY(consilium_note(rq, c, &c->items[i], AUDIT_CLOCK, OK, S("reminded")));
    }
    return OK;
}
