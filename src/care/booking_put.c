/* care/booking_put.c - a visit is written: its resources, its row, and all that goes with them in the same
 * transaction. */
#include "care/booking_int.h"

#include "care/abroad.h"
#include "care/access.h"
#include "care/directory.h"
#include "care/job.h"
#include "care/notice.h"
#include "care/patient_account.h"

enum { RES_MAX = 16 << 10 };

static void put_participant(struct json_out *o, enum fhir_type type, struct str id, bool accepted)
{
    if (id.n == 0) {
        return;
    }
    json_obj(o);
    put_ref(o, S("actor"), type, id);
    json_ks(o, S("required"), S("required"));
    json_ks(o, S("status"), accepted ? S("accepted") : S("needs-action"));
    json_obj_end(o);
}

static void put_ext(struct json_out *o, struct str url, struct str key, struct str value)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ks(o, key, value);
    json_obj_end(o);
}

/* What the time says: start, end, the Slot. */
static void put_time(struct json_out *o, const struct booking *b)
{
    if (b->start_ms == 0) {
        return;
    }
    put_instant(o, S("start"), (struct instant){b->start_ms});
    put_instant(o, S("end"), (struct instant){b->end_ms});
    json_ki(o, S("minutesDuration"), (b->end_ms - b->start_ms) / MS_MINUTE);
    json_k(o, S("slot"));
    json_arr(o);
    put_ref_item(o, T_SLOT, b->id);
    json_arr_end(o);
}

static enum err put_appointment(struct req *rq, struct tx *tx, const struct booking *b,
                                struct str note)
{
    struct put p;
    struct json_out *o = &p.o;
    bool ended = b->state == BOOKING_CANCELLED || b->state == BOOKING_NOSHOW;

    put_begin(&p, rq, tx, T_APPOINTMENT, b->id, RES_MAX);
    p.patient = b->patient;
    json_k(o, S("extension"));
    json_arr(o);
    put_ext(o, S(EXT_VISIT_MODE), S("valueCode"), b->remote ? S("remote") : S("in-person"));
    if (b->by_org.n > 0) {
        put_ext(o, S(EXT_BY_ORG), S("valueId"), b->by_org);
    }
    json_arr_end(o);
    json_ks(o, S("status"), str_z(booking_state(b)->name));
    if (ended && b->reason.n > 0) {
        put_concept(o, S("cancelationReason"), S(CARE_URL "/CodeSystem/visit-cancel"), b->reason,
                    (struct str){0}, note);
    }
    put_concept(o, S("appointmentType"), S(CS_PURPOSE), b->purpose, (struct str){0},
                (struct str){0});
    if (b->problem.n > 0) {
        put_concepts(o, S("reasonCode"), S(CS_ICD10), &b->problem, 1);
    }
    if (b->encounter.n > 0) {
        json_k(o, S("supportingInformation"));
        json_arr(o);
        put_ref_item(o, T_ENCOUNTER, b->encounter);
        json_arr_end(o);
    }
    put_time(o, b);
    put_instant(o, S("created"), (struct instant){b->created_ms});
    json_k(o, S("participant"));
    json_arr(o);
    put_participant(o, T_PATIENT, b->patient, b->state != BOOKING_OFFERED);
    put_participant(o, T_PRACTITIONER, b->person, true);
    put_participant(o, T_HEALTHCARE_SERVICE, b->service, true);
    json_arr_end(o);
    return put_end(&p);
}

static enum err put_slot(struct req *rq, struct tx *tx, const struct booking *b)
{
    struct put p;

    put_begin(&p, rq, tx, T_SLOT, b->id, RES_MAX);
    p.aside = true;
    put_ref(&p.o, S("schedule"), T_SCHEDULE, b->schedule);
    json_ks(&p.o, S("status"), b->taken ? S("busy") : S("free"));
    put_instant(&p.o, S("start"), (struct instant){b->start_ms});
    put_instant(&p.o, S("end"), (struct instant){b->end_ms});
    return put_end(&p);
}

enum err booking_put(struct req *rq, struct tx *tx, const struct booking *b, struct str note)
{
    TRY(put_appointment(rq, tx, b, note));
    return b->start_ms > 0 ? put_slot(rq, tx, b) : OK;
}

static enum err put_row(struct tx *tx, const struct booking *before, const struct booking *b)
{
    struct str person = str_or_empty(b->person);
    struct str service = str_or_empty(b->service);
    struct str schedule = str_or_empty(b->schedule);
    struct str place = str_or_empty(b->place);

    if (before == NULL) {
        return TX_SQL(tx, W_VISIT_NEW, TX_MUST_BE_NEW, sql_rid(T_APPOINTMENT, b->id),
                      sql_text(b->id), sql_i64(b->state), sql_i64(b->remote),
                      sql_rid(T_PATIENT, b->patient), sql_text(b->patient), sql_text(person),
                      sql_text(service), sql_text(b->org), sql_text(schedule), sql_text(place),
                      sql_i64(b->zone.first_min), sql_i64(b->start_ms), sql_i64(b->end_ms),
                      sql_text(b->purpose), sql_text(str_or_empty(b->problem)), sql_text(b->by),
                      sql_text(str_or_empty(b->by_org)), sql_i64(b->hold_ms), sql_i64(b->advice),
                      sql_text(str_or_empty(b->encounter)), sql_text(str_or_empty(b->reason)),
                      sql_i64(b->created_ms));
    }
    return TX_SQL(tx, W_VISIT_SET, TX_MUST_CHANGE, sql_text(b->id), sql_u64(before->version),
                  sql_i64(b->state), sql_text(person), sql_text(service), sql_text(b->org),
                  sql_text(schedule), sql_text(place), sql_i64(b->zone.first_min), sql_i64(b->start_ms),
                  sql_i64(b->end_ms), sql_i64(b->hold_ms), sql_i64(b->advice),
                  sql_text(str_or_empty(b->encounter)), sql_text(str_or_empty(b->reason)),
                  sql_i64(b->remote), sql_i64(b->taken));
}

/* Who receives, and the registry there, see the patient. */
static enum err join_team(struct req *rq, struct tx *tx, const struct booking *b)
{
    const struct store *st = care_of(rq)->store;
    bool may = false;

    TRY(abroad_visit(rq, tx, b->patient_rid, b->org, b->remote, &may));
    if (!may) {
        return OK;
    }
    if (b->person.n > 0 && b->taken) {
        TRY(tx_team(tx, T_PATIENT, b->patient, principal_person(st, b->person)));
    }
    return tx_team(tx, T_PATIENT, b->patient, principal_registry(st, b->org));
}

static enum err tell_one(struct req *rq, struct tx *tx, struct str owner, enum notice_kind kind,
                         struct str id)
{
    bool self = rq->who != NULL && str_eq(rq->who->person, owner);
    return owner.n == 0 || self ? OK : notice_tell(rq, tx, owner, kind, id);
}

static enum err tell(struct req *rq, struct tx *tx, const struct booking *before,
                     const struct booking *b, unsigned whom, enum notice_kind kind)
{
    if (whom & TELL_PATIENT) {
        TRY(patient_side_tell(rq, tx, b->patient, MY_VISIT, kind, b->id));
    }
    if (whom & TELL_DOCTOR) {
        TRY(tell_one(rq, tx, b->person, kind, b->id));
        if (before != NULL && before->taken && !str_eq(before->person, b->person)) {
            TRY(tell_one(rq, tx, before->person, kind, b->id));
        }
    }
    return OK;
}

/* The end of an offer, or the next reminder after now, or none. */
static enum err set_job(struct req *rq, struct tx *tx, const struct booking *b)
{
    const struct policy *p = NULL;
    int64_t due = 0;

    TRY(visit_rule_policy(rq, b->org, &p));
    for (uint32_t i = 0; i < p->booking.n_remind_before; i++) {
        int64_t at = b->start_ms - p->booking.remind_before[i].ms;
        due = at > rq->now.ms && (due == 0 || at < due) ? at : due;
    }
    if (b->state == BOOKING_OFFERED) {
        return job_set(tx, JOB_VISIT, b->id, b->hold_ms, (struct str){0});
    }
    if (b->state != BOOKING_BOOKED || due == 0) {
        return job_drop(tx, JOB_VISIT, b->id);
    }
    return job_set(tx, JOB_VISIT, b->id, due, (struct str){0});
}

enum err booking_remind(struct req *rq, struct tx *tx, struct str key)
{
    struct booking b;

    TRY(booking_load(rq, key, &b));
    if (b.state == BOOKING_OFFERED && b.hold_ms <= rq->now.ms && b.start_ms > rq->now.ms) {
        TRY(booking_offer(rq, tx, &b));
        return booking_note(rq, &b, AUDIT_CLOCK, OK, "offer lapsed");
    }
    if (b.state != BOOKING_BOOKED || b.start_ms <= rq->now.ms) {
        return OK;
    }
    TRY(tell(rq, tx, NULL, &b, TELL_PATIENT | TELL_DOCTOR, NOTICE_VISIT_SOON));
    TRY(set_job(rq, tx, &b));
    return booking_note(rq, &b, AUDIT_CLOCK, OK, "reminded");
}

enum err booking_write(struct req *rq, struct tx *tx, const struct booking *before,
                       struct booking *b, const struct care_move *m, struct str note)
{
    bool takes = (m->need & NEED_SLOT) != 0;

    b->state = (enum booking_state)m->to;
    b->taken = takes || ((m->to == BOOKING_ARRIVED || m->to == BOOKING_FULFILLED) && before->taken);
    b->hold_ms = m->to == BOOKING_OFFERED ? b->hold_ms : 0;
    TRY(booking_put(rq, tx, b, note));
    TRY(put_row(tx, before, b));
    if (takes) {
        TRY(TX_SQL(tx, W_VISIT_TAKE, TX_MUST_BE_NEW, sql_text(b->id), sql_i64(rq->now.ms)));
    }
    b->version = before == NULL ? 1 : before->version + 1;
    bool ends = (care_booking.states[m->to].flags & STATE_FINAL)
                || (before != NULL && m->to == BOOKING_WAITING);
    TRY(ends ? OK : join_team(rq, tx, b)); /* what ends lets nobody in, nor is it refused for that */
    TRY(tell(rq, tx, before, b, m->tell, (enum notice_kind)m->notice));
    TRY(set_job(rq, tx, b));
    return booking_note(rq, b, before == NULL ? AUDIT_CREATE : AUDIT_MOVE, OK, m->action);
}
