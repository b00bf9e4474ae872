/* care/booking_make.c - a wish is checked, booked, moved; what became free is offered. */
#include "base/text.h"
#include "care/booking_int.h"

#include "care/access.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/patient.h"
#include "care/visit.h"

enum { OFFERED_TO = 50, SEEN_MAX = 100, TEXT_MAX = 500, ICD_MAX = 8 };

/* ---- may it be ---- */

/* The slot that begins then, or why there is none. */
static enum err find_slot(struct req *rq, const struct booking_ask *ask, struct str but,
                          struct booking_check *c)
{
    const struct schedule *s = &c->schedule;
    struct slot one;
    uint32_t n = 0;
    int64_t ahead = c->policy->booking.book_ahead.ms;

    if (ask->start_ms < rq->now.ms) {
        c->fault = BOOKING_PAST;
    } else if (ahead > 0 && ask->start_ms >= rq->now.ms + ahead) {
        c->fault = BOOKING_TOO_FAR;
    } else {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool taken = false;
        TRY(slot_list(rq, s, ask->start_ms, ask->start_ms + 1, but, &one, 1, &n));
        TRY(DB_QUERY(rq, &q, Q_VISIT_TAKEN, sql_text(s->person), sql_i64(ask->start_ms),
                     sql_i64(ask->start_ms + 1), sql_i64(rq->now.ms)));
        TRY(db_next(rq, &q, &taken));
        c->fault = n == 1 ? BOOKING_OK : taken ? BOOKING_TAKEN : BOOKING_NOT_OFFERED;
    }
    if (n == 1) {
        c->slot = one;
        c->fault = one.modes & (ask->remote ? SLOT_REMOTE : SLOT_IN_PERSON) ? BOOKING_OK
                                                                            : BOOKING_WRONG_MODE;
    }
    return OK;
}

static enum err patient_is_busy(struct req *rq, int64_t patient_rid, const struct slot *s,
                                struct str but, bool *ret_is)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_VISIT_PATIENT_BUSY, sql_i64(patient_rid), sql_i64(s->start_ms),
                 sql_i64(s->end_ms), sql_i64(rq->now.ms), sql_text(str_or_empty(but))));
    return db_next(rq, &q, ret_is);
}

static enum err check_rule(struct req *rq, const struct booking_ask *ask, struct booking_check *c)
{
    const struct visit_ask v = {.patient = ask->patient,
                                .practitioner = c->schedule.person,
                                .org = c->schedule.org,
                                .problem = ask->problem,
                                .purpose = ask->purpose,
                                .urgency = ask->urgency,
                                .at = {ask->start_ms > 0 ? ask->start_ms : rq->now.ms}};

    TRY(visit_rule_check(rq, c->policy, &v, &c->verdict));
    if (c->fault == BOOKING_OK && !c->verdict.allowed) {
        c->fault = BOOKING_RULE;
    }
    return OK;
}

/* A code of ICD-10 by its form: a list may lack what another institution wrote. */
static bool is_icd(struct str code)
{
    bool good = code.n >= 3 && code.n <= ICD_MAX && code.p[0] >= 'A' && code.p[0] <= 'Z';

    for (size_t i = 1; i < code.n && good; i++) {
        char c = code.p[i];
        good = i == 3 ? c == '.' : (c >= '0' && c <= '9') || (i > 1 && c >= 'A' && c <= 'Z');
    }
    return good;
}

/* The patient, and what the wish says without a time. */
static enum err check_wish(struct req *rq, const struct booking_ask *ask, struct booking_check *c)
{
    const struct code_list *list = content_list(care_of(rq)->content, S("visit-purpose"));
    struct patient p;
    enum err e;

    TRY(db_rid(rq, T_PATIENT, ask->patient, &c->patient_rid));
    if (c->patient_rid == 0) {
        return FAIL(rq, E_NOT_FOUND, "patient");
    }
    TRY(patient_load(rq, c->patient_rid, &p));
    e = schedule_load(rq, ask->schedule, &c->schedule);
    if (e == E_NOT_FOUND || (e == OK && !c->schedule.active)) {
        err_clear(rq);
        c->fault = BOOKING_NO_SCHEDULE;
        return OK;
    }
    TRY(e);
    TRY(visit_rule_policy(rq, c->schedule.org, &c->policy));
    c->fault = p.deceased                                                        ? BOOKING_DECEASED
               : list == NULL || content_item(list, ask->purpose) == NULL        ? BOOKING_PURPOSE
               : ask->problem.n > 0 && !is_icd(ask->problem)                     ? BOOKING_PROBLEM
                                                                                 : BOOKING_OK;
    return OK;
}

enum err booking_check(struct req *rq, const struct booking_ask *ask, struct str but,
                       struct booking_check *ret_check)
{
    struct booking_check *c = ret_check;
    bool busy = false;

    *c = (struct booking_check){.fault = BOOKING_OK};
    TRY(check_wish(rq, ask, c));
    if (str_eq(ask->urgency, S("emergency")) && (!ask->remote || c->fault != BOOKING_OK)) {
        c->fault = BOOKING_EMERGENCY; /* whatever else is missing: of a remote one the rule says so */
    }
    if (c->fault != BOOKING_OK) {
        return OK;
    }
    if (ask->remote) {
        TRY(check_rule(rq, ask, c));
    }
    if (c->fault == BOOKING_OK && ask->start_ms > 0) {
        TRY(find_slot(rq, ask, but, c));
    }
    if (c->fault == BOOKING_OK && ask->start_ms > 0) {
        TRY(patient_is_busy(rq, c->patient_rid, &c->slot, but, &busy));
        c->fault = busy ? BOOKING_PATIENT_BUSY : BOOKING_OK;
    }
    return OK;
}

enum err booking_refuse(struct req *rq, const struct booking_check *c)
{
    switch (c->fault) {
    case BOOKING_OK: return OK;
    case BOOKING_TAKEN:
    case BOOKING_PATIENT_BUSY: return FAIL(rq, E_CONFLICT, "the time is taken");
    case BOOKING_PURPOSE:
    case BOOKING_DECEASED:
    case BOOKING_NO_SCHEDULE:
    case BOOKING_PAST:
    case BOOKING_TOO_FAR:
    case BOOKING_NOT_OFFERED:
    case BOOKING_WRONG_MODE:
    case BOOKING_RULE:
    case BOOKING_PROBLEM:
    case BOOKING_NOT_OPEN:
    case BOOKING_EMERGENCY:
    case BOOKING_FAULT_COUNT: break;
    }
    return FAIL(rq, E_UNPROCESSED, "visit: %s",
                c->fault == BOOKING_RULE ? visit_reason_code(c->verdict.reason) : "time");
}

void booking_set_slot(struct booking *b, const struct booking_check *c)
{
    b->schedule = c->schedule.id;
    b->person = c->schedule.person;
    b->service = c->schedule.service;
    b->org = c->schedule.org;
    b->place = c->schedule.place;
    b->zone = (struct zone){.first_min = zone_at(&c->schedule.zone, c->slot.start_ms)};
    b->start_ms = c->slot.start_ms;
    b->end_ms = c->slot.end_ms;
    b->advice = b->remote && (c->verdict.notes & VISIT_ADVICE_ONLY) != 0;
    b->encounter = b->remote ? c->verdict.encounter : (struct str){0};
}

/* ---- a new one ---- */

enum err booking_open_to(struct req *rq, const struct schedule *s, int64_t patient_rid, bool *ret_open)
{
    struct encounter_row *rows = ARENA_ARRAY(rq->a, SEEN_MAX, struct encounter_row);
    bool open = s->open;
    uint32_t n = 0;

    TRY_MEM(rq, rows);
    TRY(encounter_list(rq, patient_rid, rows, SEEN_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        open = open || str_eq(rows[i].practitioner, s->person);
    }
    *ret_open = open;
    return OK;
}

/* What the patient's side may choose by itself. */
static enum err check_open(struct req *rq, struct booking_check *c)
{
    bool open = false;

    if (c->fault == BOOKING_NO_SCHEDULE) {
        return OK;
    }
    TRY(booking_open_to(rq, &c->schedule, c->patient_rid, &open));
    c->fault = open ? c->fault : BOOKING_NOT_OPEN;
    return OK;
}

enum err booking_make(struct req *rq, struct tx *tx, const struct booking_ask *ask,
                      struct booking_check *ret_check, struct booking *ret_booking)
{
    const struct who *w = rq->who;
    const struct role_ref *role = who_role(w);
    const struct care_move *m =
        care_move_find(&care_booking, BOOKING_NEW, ask->start_ms > 0 ? S("book") : S("wait"));
    struct booking b = {.id = put_new_id(rq),
                        .patient = ask->patient,
                        .remote = ask->remote,
                        .purpose = ask->purpose,
                        .problem = ask->problem,
                        .by = w != NULL && w->person.n > 0 ? w->person : S("system"),
                        .by_org = role != NULL ? role->org : (struct str){0},
                        .created_ms = rq->now.ms};

    TRY_MEM(rq, b.id.p);
    *ret_check = (struct booking_check){.fault = BOOKING_OK};
    bool own = who_may_my(w, MY_VISIT) && str_eq(w->patient, ask->patient);
    if (!own && !who_may(w, MAY_BOOK)) {
        TRY(booking_note(rq, &b, AUDIT_CREATE, E_FORBIDDEN, m->action));
        return FAIL(rq, E_FORBIDDEN, "book");
    }
    TRY(booking_check(rq, ask, (struct str){0}, ret_check));
    if (own) {
        TRY(check_open(rq, ret_check));
    }
    b.patient_rid = ret_check->patient_rid;
    if (ret_check->fault != BOOKING_OK) {
        if (ret_check->fault == BOOKING_RULE || ret_check->fault == BOOKING_EMERGENCY) {
            enum visit_reason why = booking_is_emergency(ret_check) ? VISIT_EMERGENCY
                                                                    : ret_check->verdict.reason;
            TRY(booking_note(rq, &b, AUDIT_CREATE, E_UNPROCESSED, visit_reason_code(why)));
        }
        return booking_refuse(rq, ret_check);
    }
    booking_set_slot(&b, ret_check);
    TRY(booking_write(rq, tx, NULL, &b, m, (struct str){0}));
    *ret_booking = b;
    return OK;
}

/* ---- moves ---- */

/* One arrives on the day of the visit; at a remote one when it may be begun. */
static bool may_arrive(const struct req *rq, const struct booking *b)
{
    int64_t late = zone_day(&b->zone, rq->now.ms) - zone_day(&b->zone, b->start_ms);

    return late == 0 || (b->remote && rq->now.ms >= b->start_ms - BOOKING_EARLY_MS && late <= 1);
}

/* What the time lets: nobody is missing before the visit begins. */
static enum err check_time(struct req *rq, const struct booking *b, struct str action)
{
    if (str_eq(action, S("no-show")) && rq->now.ms < b->start_ms) {
        return FAIL(rq, E_BAD_INPUT, "start: the visit has not begun");
    }
    if (str_eq(action, S("arrive")) && !may_arrive(rq, b)) {
        return FAIL(rq, E_BAD_INPUT, "start: the visit is on another day");
    }
    return OK;
}

enum err booking_begun(struct req *rq, const struct booking *b, bool *ret_begun)
{
    struct res_row task = {0};
    enum err e = b->remote && b->state == BOOKING_ARRIVED ? db_head(rq, T_TASK, b->id, &task) : E_NOT_FOUND;

    *ret_begun = e == OK;
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        e = OK;
    }
    return e;
}

enum err booking_no_cancel(struct req *rq, const struct booking *b, const char **ret_why)
{
    static const char *const over[BOOKING_STATE_COUNT] = {
        [BOOKING_FULFILLED] = T("This visit took place: it cannot be cancelled any more."),
        [BOOKING_NOSHOW] = T("The patient did not come to this visit: there is nothing to cancel any more."),
        [BOOKING_CANCELLED] = T("This visit is cancelled already."),
    };
    bool begun = false;

    TRY(booking_begun(rq, b, &begun));
    *ret_why = begun ? T("This visit has begun: it cannot be cancelled any more. Its doctor ends it, or "
                         "breaks it off, on the page of the visit.")
                     : over[b->state];
    return OK;
}

/* A remote visit ends where it is held: its booking does not run ahead of it, or away from under it. */
static enum err check_visit(struct req *rq, const struct booking *b, const struct care_move *m,
                            const struct booking_args *args)
{
    bool begun = false;

    if (!b->remote || args->of_visit || b->state != BOOKING_ARRIVED) {
        return OK;
    }
    if (m->to == BOOKING_FULFILLED) {
        return FAIL(rq, E_CONFLICT, "a remote visit takes place on its own page");
    }
    TRY(booking_begun(rq, b, &begun));
    return begun ? FAIL(rq, E_CONFLICT, "the visit has begun: it is broken off on its own page") : OK;
}

static enum err check_needs(struct req *rq, const struct booking *b, const struct care_move *m,
                            const struct booking_args *args)
{
    const struct code_list *list = content_list(care_of(rq)->content, S("visit-cancel"));

    if (args->reason.n > TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason: too long");
    }
    if ((m->need & NEED_REASON) && content_item(list, args->reason_code) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    TRY(check_visit(rq, b, m, args));
    return check_time(rq, b, str_z(m->action));
}

/* The new time of a move that needs one. */
static enum err take_slot(struct req *rq, struct booking *b, const struct booking_args *args,
                          struct booking_check *c)
{
    const struct booking_ask ask = {
        .patient = b->patient,
        .schedule = args->schedule.n > 0 ? args->schedule : b->schedule,
        .start_ms = args->start_ms > 0 ? args->start_ms : b->start_ms,
        .remote = b->remote,
        .purpose = b->purpose,
        .problem = b->problem,
    };

    if (ask.start_ms == 0) {
        return FAIL(rq, E_BAD_INPUT, "start");
    }
    TRY(booking_check(rq, &ask, b->id, c));
    TRY(booking_refuse(rq, c));
    booking_set_slot(b, c);
    return OK;
}

/* Does a visit that waits fit a time that became free? */
static bool fits(const struct booking *w, const struct booking *freed, const struct schedule *s)
{
    bool who = str_eq(w->schedule, s->id) ||
               (freed->service.n > 0 && str_eq(w->service, freed->service)) ||
               str_eq(w->person, freed->person);
    return who && !str_eq(w->id, freed->id);
}

enum err booking_offer(struct req *rq, struct tx *tx, const struct booking *freed)
{
    struct booking *waiting = ARENA_ARRAY(rq->a, OFFERED_TO, struct booking);
    struct booking_check *c = ARENA_NEW(rq->a, struct booking_check);
    const struct care_move *m = care_move_find(&care_booking, BOOKING_WAITING, S("offer"));
    uint32_t n = 0;

    TRY_MEM(rq, waiting);
    TRY_MEM(rq, c);
    TRY(booking_waiting(rq, freed->org, waiting, OFFERED_TO, &n));
    TRY(schedule_load(rq, freed->schedule, &c->schedule));
    const struct schedule s = c->schedule;
    for (uint32_t i = 0; i < n; i++) {
        struct booking b = waiting[i];
        const struct booking_ask ask = {.patient = b.patient, .schedule = freed->schedule,
                                        .start_ms = freed->start_ms, .remote = b.remote,
                                        .purpose = b.purpose, .problem = b.problem};
        if (!fits(&b, freed, &s)) {
            continue;
        }
        TRY(booking_check(rq, &ask, freed->id, c));
        if (c->fault == BOOKING_OK) {
            int64_t hold = c->policy->booking.offer_hold.ms;
            booking_set_slot(&b, c);
            b.hold_ms = hold > 0 ? MIN(rq->now.ms + hold, b.start_ms) : b.start_ms;
            return booking_write(rq, tx, &waiting[i], &b, m, (struct str){0});
        }
    }
    return OK;
}

/* A visit that waits again has no time; one that is offered holds its time as long as the policy says. */
static enum err set_time(struct req *rq, struct booking *b, const struct care_move *m,
                         struct str code, struct booking_check *c)
{
    if (m->to == BOOKING_WAITING) {
        b->start_ms = b->end_ms = 0;
    }
    if (m->to == BOOKING_OFFERED) {
        int64_t hold = c->policy->booking.offer_hold.ms;
        b->hold_ms = hold > 0 ? MIN(rq->now.ms + hold, b->start_ms) : b->start_ms;
    }
    if (m->to == BOOKING_CANCELLED) {
        b->reason = code;
    }
    return OK;
}

/* The move as the table has it for who acts now. */
static enum err find_move(struct req *rq, const struct booking *b, struct str action,
                          const struct booking_args *args, const struct care_move **ret_move)
{
    const struct care_move *m = care_move_find(&care_booking, b->state, action);

    if (args->expect != 0 && args->expect != b->version) {
        return FAIL(rq, E_STALE, "the visit is at version %llu: %s",
                    (unsigned long long)b->version, booking_state(b)->name);
    }
    if (m == NULL) {
        return FAIL(rq, E_CONFLICT, "%.*s: the visit is %s", STR_ARG(action),
                    booking_state(b)->name);
    }
    if (!(booking_actor(rq, b) & m->who)) {
        TRY(booking_note(rq, b, AUDIT_MOVE, E_FORBIDDEN, m->action));
        return FAIL(rq, E_FORBIDDEN, "%.*s", STR_ARG(action));
    }
    *ret_move = m;
    return OK;
}

enum err booking_move(struct req *rq, struct tx *tx, struct str id, struct str action,
                      const struct booking_args *args, struct booking *ret_booking)
{
    const struct care_move *m = NULL;
    struct booking_check *c = args->ret_check;
    struct booking before;

    if (c == NULL) {
        c = ARENA_NEW(rq->a, struct booking_check);
        TRY_MEM(rq, c);
    }
    *c = (struct booking_check){.fault = BOOKING_OK};
    TRY(booking_load(rq, id, &before));
    if (booking_actor(rq, &before) == 0) {
        TRY(booking_note(rq, &before, AUDIT_MOVE, E_NOT_FOUND, "visit"));
        return FAIL(rq, E_NOT_FOUND, "visit");
    }
    TRY(find_move(rq, &before, action, args, &m));
    TRY(check_needs(rq, &before, m, args));
    struct booking b = before;
    if (m->need & NEED_SLOT) {
        TRY(take_slot(rq, &b, args, c));
    }
    TRY(set_time(rq, &b, m, args->reason_code, c));
    TRY(booking_write(rq, tx, &before, &b, m, args->reason));
    bool freed = before.taken && (!b.taken || b.start_ms != before.start_ms ||
                                  !str_eq(b.person, before.person));
    if (freed && before.start_ms > rq->now.ms && m->to != BOOKING_NOSHOW) {
        TRY(booking_offer(rq, tx, &before));
    }
    *ret_booking = b;
    return OK;
}
