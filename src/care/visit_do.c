/* care/visit_do.c - a remote visit goes on: its moves, the record they leave, and the promise of the note.
 * See visit.h. */
#include "care/visit_int.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/booking.h"
#include "care/case_row.h"
#include "care/job.h"
#include "care/patient_account.h"
#include "care/room.h"
#include "care/sign_int.h"
#include "codec/b64.h"

enum { TASK_CAP = 512 << 10, HEADS_MAX = 20 };

/* What the patient agrees to, told in the words of the page. */
static const char consent_text[] =
    T("The patient was told how the visit is held and who is present, that a remote visit does not "
      "replace an examination in person, and that it may be ended at any time; the patient agrees.");

const char *visit_consent_text(void)
{
    return consent_text;
}

/* ---- a move ---- */

enum err visit_may(struct visit_moving *m, struct str action)
{
    const struct visit_view *v = m->v;
    m->move = care_move_find(&care_visit_flow, v->state, action);
    if (m->move == NULL) {
        return FAIL(m->rq, E_CONFLICT, "visit in the state %s: no %.*s",
                    care_visit_flow.states[v->state].name, STR_ARG(action));
    }
    unsigned actor = m->rq->who->rights & IS_CLOCK ? ACTOR_CLOCK : v->actor;
    if ((m->move->who & actor) == 0) {
        return FAIL(m->rq, E_FORBIDDEN, "only the doctor of the visit");
    }
    if ((m->move->need & NEED_REASON) && m->reason.n == 0) {
        return FAIL(m->rq, E_BAD_INPUT, "reason");
    }
    if (m->reason.n > VISIT_REASON_MAX) {
        return FAIL(m->rq, E_BAD_INPUT, "reason: too long");
    }
    if ((m->move->need & NEED_CONCLUSION) && m->document.n == 0) {
        return FAIL(m->rq, E_BAD_INPUT, "document");
    }
    return OK;
}

static bool runs(enum visit_state state)
{
    return care_visit_flow.states[state].clock != CLOCK_NONE;
}

/* When the note is due after this move; 0: no promise. It counts from the end of the talk; of a visit that
 * was not ended, from the booked end or the beginning, whichever was later. Ending it late gives no more
 * time. */
static int64_t due_after(const struct visit_moving *m)
{
    const struct visit_view *v = m->v;
    int64_t within = v->policy->note.within.ms;
    int64_t now = m->rq->now.ms;
    if (!runs(m->move->to) || within == 0) {
        return 0;
    }
    if (m->move->to == VISIT_OWED && m->move->from != VISIT_OWED) {
        return v->due_ms == 0 ? now + within : MIN(now + within, v->due_ms);
    }
    return v->due_ms != 0 ? v->due_ms : MAX(v->end.ms, now) + within;
}

static uint32_t level_after(const struct visit_moving *m)
{
    bool kept = m->move->to == m->move->from /* what was said of a promise that goes on is not said again */
                || (due_after(m) == m->v->due_ms && m->v->level >= LEVEL_OVERDUE);
    return m->move->set & RAISE_REMINDED    ? LEVEL_REMINDED
           : m->move->set & RAISE_OVERDUE   ? LEVEL_OVERDUE
           : m->move->set & RAISE_ESCALATED ? LEVEL_ESCALATED
           : kept                           ? m->v->level
                                            : LEVEL_NONE;
}

static void part(struct json_out *o, const char *url, const char *type, struct str value)
{
    if (value.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), str_z(url));
        json_ks(o, str_z(type), value);
        json_obj_end(o);
    }
}

/* The same form as the moves of a case, so that one reader reads both. */
static void write_move(struct json_out *o, const struct visit_moving *m)
{
    const struct who *w = m->rq->who;
    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    part(o, "action", "valueCode", str_z(m->move->action));
    part(o, "to", "valueCode", str_z(care_visit_flow.states[m->move->to].name));
    json_obj(o);
    json_ks(o, S("url"), S("at"));
    put_instant(o, S("valueInstant"), m->rq->now);
    json_obj_end(o);
    if (w->person.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), S("by"));
        visit_doctor(o, m->rq, S("valueReference"));
        json_obj_end(o);
        part(o, "role", "valueCode", w->audit.role);
        part(o, "org", "valueId", w->audit.org);
    }
    part(o, "reason", "valueString", m->reason);
    part(o, "document", "valueId", m->document);
    json_arr_end(o);
    json_ks(o, S("url"), S(CARE_URL "/StructureDefinition/move"));
    json_obj_end(o);
}

static void write_state(struct json_out *o, const struct visit_moving *m)
{
    static const struct str levels[] = {SI(""), SI("due-soon"), SI("overdue"), SI("escalated")};
    const struct care_state *to = &care_visit_flow.states[m->move->to];
    uint32_t level = level_after(m);
    json_ks(o, S("status"), str_z(to->task_status));
    json_k(o, S("businessStatus"));
    json_obj(o);
    json_k(o, S("coding"));
    json_arr(o);
    put_one_coding(o, S(CS_BUSINESS), str_z(to->name), str_z(to->title));
    if (level != LEVEL_NONE) {
        put_one_coding(o, S(CS_BUSINESS), levels[level], (struct str){0});
    }
    json_arr_end(o);
    json_obj_end(o);
    if (due_after(m) != 0) {
        json_k(o, S("restriction"));
        json_obj(o);
        json_k(o, S("period"));
        json_obj(o);
        put_instant(o, S("end"), (struct instant){due_after(m)});
        json_obj_end(o);
        json_obj_end(o);
    }
}

static void write_output(struct json_out *o, const struct visit_moving *m, struct jv old)
{
    struct jv have = json_get(old, S("output"));
    if (!json_has(have) && m->document.n == 0) {
        return;
    }
    json_k(o, S("output"));
    json_arr(o);
    for (struct jv x = json_first(have); json_has(x); x = json_next(x)) {
        json_v_jv(o, x);
    }
    if (m->document.n > 0) {
        json_obj(o);
        put_concept(o, S("type"), S(CS_TASK_IO), S("conclusion"), (struct str){0}, (struct str){0});
        put_ref(o, S("valueReference"), T_BUNDLE, m->document);
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void write_task(struct json_out *o, const struct visit_moving *m, struct jv old)
{
    const struct visit_view *v = m->v;
    struct jv authored = json_get(old, S("authoredOn"));
    json_k(o, S("extension"));
    json_arr(o);
    for (struct jv e = json_first(json_get(old, S("extension"))); json_has(e); e = json_next(e)) {
        json_v_jv(o, e);
    }
    write_move(o, m);
    json_arr_end(o);
    write_state(o, m);
    json_ks(o, S("intent"), S("order"));
    put_concept(o, S("code"), S(CS_FLOW), str_z(care_visit_flow.name), str_z(care_visit_flow.title),
                (struct str){0});
    put_ref(o, S("focus"), T_ENCOUNTER, v->id);
    put_ref(o, S("for"), T_PATIENT, v->patient_id);
    if (json_has(authored)) {
        json_kv(o, S("authoredOn"), authored);
    } else {
        put_instant(o, S("authoredOn"), m->rq->now);
    }
    put_instant(o, S("lastModified"), m->rq->now);
    put_ref_shown(o, S("owner"), T_PRACTITIONER, v->practitioner, v->practitioner_name);
    write_output(o, m, old);
}

static enum err put_task(const struct visit_moving *m)
{
    const struct visit_view *v = m->v;
    struct jv old = {0};
    struct put p;
    put_begin(&p, m->rq, m->tx, T_TASK, v->id, TASK_CAP);
    p.patient = v->patient_id;
    p.expect = TX_CREATE;
    if (v->task_version > 0) {
        TRY(sign_int_load(m->rq, T_TASK, v->id, &old));
        p.expect = (int64_t)v->task_version;
    }
    write_task(&p.o, m, old);
    TRY(put_end(&p));
    struct audit_rec rec = {.action = m->rq->who->rights & IS_CLOCK ? AUDIT_CLOCK : AUDIT_MOVE,
                            .why = m->rq->who->rights & IS_CLOCK ? WHY_SYSTEM : WHY_OWN,
                            .type = T_TASK,
                            .id = v->id,
                            .patient_type = T_PATIENT,
                            .patient_id = v->patient_id,
                            .detail = str_z(m->move->action)};
    return audit_add(m->rq, &rec);
}

/* ---- the promise ---- */

static struct str job_arg(struct req *rq, int64_t due_ms, uint32_t level)
{
    struct buf b;
    buf_init(&b, rq->a, 64);
    buf_i64(&b, due_ms);
    BUF_LIT(&b, " ");
    buf_u64(&b, level);
    return buf_get(&b);
}

static enum err set_job(const struct visit_moving *m)
{
    const struct policy_note *n = &m->v->policy->note;
    int64_t due = due_after(m);
    uint32_t level = level_after(m);
    int64_t at = due;
    if (due == 0 || level == LEVEL_ESCALATED) {
        return m->v->due_ms != 0 ? job_drop(m->tx, JOB_VISIT_NOTE, m->v->id) : OK;
    }
    int64_t remind = m->move->to == VISIT_OWED         ? due - n->remind_before.ms
                     : n->remind_after_end.ms > 0 ? due - n->within.ms + n->remind_after_end.ms
                                                       : due;
    if (level == LEVEL_NONE && remind < due && remind > m->rq->now.ms) {
        at = remind;
    } else if (level == LEVEL_OVERDUE) {
        at = due + n->escalate_after.ms;
    }
    return job_set(m->tx, JOB_VISIT_NOTE, m->v->id, at, job_arg(m->rq, due, level));
}

static enum err tell(const struct visit_moving *m)
{
    const struct directory *dir = NULL;
    uint32_t heads[HEADS_MAX];
    if (m->move->tell == 0) {
        return OK;
    }
    TRY(notice_tell(m->rq, m->tx, m->v->practitioner, m->move->notice, m->v->id));
    if (!(m->move->tell & TELL_HEAD)) {
        return OK;
    }
    TRY(directory_get(m->rq, &dir));
    uint32_t n = dir_people_of_org(dir, m->v->org, MAY_HEAD, heads, HEADS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        TRY(notice_tell(m->rq, m->tx, dir->people[heads[i]].id, m->move->notice, m->v->id));
    }
    return OK;
}

enum err visit_moved(struct visit_moving *m)
{
    TRY(put_task(m));
    TRY(tell(m));
    return set_job(m);
}

enum err visit_clock_run(struct req *rq, struct tx *tx, struct str id, struct str arg)
{
    static const struct str steps[] = {SI("remind"), SI("overdue"), SI("escalate")};
    struct visit_view *v = ARENA_NEW(rq->a, struct visit_view);
    TRY_MEM(rq, v);
    enum err e = visit_load(rq, id, AUDIT_CLOCK, v);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (!runs(v->state) || v->level >= LEN(steps)
        || !str_eq(arg, job_arg(rq, v->due_ms, v->level))) {
        return OK; /* the visit went on: the job has nothing left to say */
    }
    bool ended = v->level == LEVEL_NONE && rq->now.ms >= v->due_ms;
    struct visit_moving m = {.rq = rq, .tx = tx, .v = v};
    TRY(visit_may(&m, steps[ended ? LEVEL_REMINDED : v->level]));
    return visit_moved(&m);
}

/* ---- the Encounter ---- */

static void write_ext(struct json_out *o, const struct visit_view *v)
{
    json_k(o, S("extension"));
    json_arr(o);
    part(o, EXT_IDENTITY, "valueCode", v->identity);
    if (v->identity.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), S(EXT_IDENTITY_AT));
        put_instant(o, S("valueInstant"), v->identity_at);
        json_obj_end(o);
    }
    if (v->consent.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), S(EXT_CONSENT));
        put_ref(o, S("valueReference"), T_CONSENT, v->consent);
        json_obj_end(o);
    }
    if (v->in_person.id.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), S(EXT_IN_PERSON));
        put_ref(o, S("valueReference"), T_ENCOUNTER, v->in_person.id);
        json_obj_end(o);
    }
    part(o, CARE_URL "/StructureDefinition/visit-mode", "valueCode", S("remote"));
    json_arr_end(o);
}

enum err visit_encounter_put(struct req *rq, struct tx *tx, const struct visit_view *v,
                             struct str status, struct instant end)
{
    struct put p;
    bool begins = v->encounter.version == 0;
    visit_put(&p, rq, tx, T_ENCOUNTER, v->id, v->patient_id);
    p.expect = begins ? TX_CREATE : (int64_t)v->encounter.version;
    write_ext(&p.o, v);
    json_ks(&p.o, S("status"), status);
    visit_class(&p.o, S(VISIT_REMOTE));
    put_concepts(&p.o, S("type"), S(CS_PURPOSE), &v->purpose, v->purpose.n > 0 ? 1 : 0);
    put_ref(&p.o, S("subject"), T_PATIENT, v->patient_id);
    if (v->encounter.episode.n > 0) {
        visit_refs(&p.o, S("episodeOfCare"), T_EPISODE_OF_CARE, v->encounter.episode);
    }
    visit_participant(&p.o, rq);
    visit_refs(&p.o, S("appointment"), T_APPOINTMENT, v->id);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    put_instant(&p.o, S("start"), begins ? rq->now : v->encounter.start);
    if (end.ms != 0) {
        put_instant(&p.o, S("end"), end);
    }
    json_obj_end(&p.o);
    if (v->problem.n > 0) {
        visit_problem(&p.o, S("reasonCode"), v->problem);
    }
    if (v->org.n > 0) {
        put_ref_shown(&p.o, S("serviceProvider"), T_ORGANIZATION, v->org, v->org_name);
    }
    return visit_put_end(&p, begins ? AUDIT_CREATE : AUDIT_UPDATE);
}

/* ---- what was booked, and the room ---- */

/* The booking moves along while it is in the state before; one that came over an interface has none. */
static enum err booked_move(struct req *rq, struct tx *tx, const struct visit_view *v,
                            enum booking_state from, struct str action, struct str reason_code)
{
    struct booking b;
    struct booking_args args = {.of_visit = true, .reason_code = reason_code};
    enum err e = booking_load(rq, v->id, &b);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return b.state == from ? booking_move(rq, tx, v->id, action, &args, &b) : OK;
}

enum err visit_took_place(struct req *rq, struct tx *tx, const struct visit_view *v)
{
    return booked_move(rq, tx, v, BOOKING_ARRIVED, S("fulfil"), (struct str){0});
}

/* What came over an interface was never booked here and has no room. */
static enum err room_ready(struct req *rq, struct tx *tx, const struct visit_view *v)
{
    struct booking b;
    struct room room;
    enum err e = booking_load(rq, v->id, &b);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return room_of_visit(rq, tx, v->id, &room);
}

/* ---- the doctor's moves ---- */

enum err visit_begin(struct req *rq, struct tx *tx, const struct visit_view *v)
{
    struct visit_moving m = {.rq = rq, .tx = tx, .v = v};
    bool joins = false;
    TRY(visit_may(&m, S("begin")));
    if (visit_closed_text(rq, v) != NULL) {
        return FAIL(rq, E_CONFLICT, "visit: not at this time");
    }
    TRY(abroad_visit(rq, tx, v->patient_rid, str_or_empty(v->org), v->remote, &joins));
    TRY(visit_encounter_put(rq, tx, v, S("in-progress"), (struct instant){0}));
    uint64_t self = principal_person(care_of(rq)->store, rq->who->person);
    TRY(joins ? tx_team(tx, T_PATIENT, v->patient_id, self) : OK);
    TRY(booked_move(rq, tx, v, BOOKING_BOOKED, S("arrive"), (struct str){0}));
    TRY(room_ready(rq, tx, v));
    TRY(patient_side_tell(rq, tx, v->patient_id, MY_VISIT, NOTICE_VISIT_OPEN, v->id));
    return visit_moved(&m);
}

static enum err put_consent(struct req *rq, struct tx *tx, const struct visit_view *v,
                            struct str how, struct str *ret_id)
{
    static const struct str category = SI("remote-visit");
    struct str text = tr(rq->lang, consent_text);
    struct buf data;
    struct put p;
    buf_init(&data, rq->a, b64_chars(text.n) + 1);
    b64_write(&data, text.p, text.n, B64_STD);
    visit_put(&p, rq, tx, T_CONSENT, (struct str){0}, v->patient_id);
    json_k(&p.o, S("extension"));
    json_arr(&p.o);
    part(&p.o, CARE_URL "/StructureDefinition/consent-how", "valueCode", how);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), S("active"));
    put_concept(&p.o, S("scope"), S("http://terminology.hl7.org/CodeSystem/consentscope"),
                S("treatment"), (struct str){0}, (struct str){0});
    put_concepts(&p.o, S("category"), S(CARE_URL "/CodeSystem/consent"), &category, 1);
    put_ref(&p.o, S("patient"), T_PATIENT, v->patient_id);
    put_instant(&p.o, S("dateTime"), rq->now);
    visit_refs(&p.o, S("performer"), T_PATIENT, v->patient_id);
    json_k(&p.o, S("sourceAttachment"));
    json_obj(&p.o);
    json_ks(&p.o, S("contentType"), S("text/plain; charset=utf-8"));
    json_ks(&p.o, S("language"), lang_code(rq->lang));
    json_ks(&p.o, S("data"), buf_get(&data));
    json_obj_end(&p.o);
    put_concept(&p.o, S("policyRule"), (struct str){0}, (struct str){0}, (struct str){0},
                v->policy->id);
    TRY(visit_put_end(&p, AUDIT_CREATE));
    *ret_id = p.id;
    return OK;
}

enum err visit_admit(struct req *rq, struct tx *tx, const struct visit_view *v, struct str identity,
                     struct str consent, struct problems *ret_problems)
{
    struct visit_moving m = {.rq = rq, .tx = tx, .v = v};
    struct visit_view now = *v;
    TRY(visit_may(&m, S("admit")));
    if (visit_identity_title(identity)[0] == 0) {
        problem_add(ret_problems, S("identity"), T("Say how the identity of the patient was checked."),
                    (struct str){0}, NULL);
    }
    if (!str_eq(consent, S("oral")) && !str_eq(consent, S("written"))) {
        problem_add(ret_problems, S("consent"),
                    T("Say how the patient agreed. Without consent the visit is broken off."),
                    (struct str){0}, NULL);
    }
    if (ret_problems->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "visit: identity or consent");
    }
    now.identity = identity;
    now.identity_at = rq->now;
    TRY(put_consent(rq, tx, v, consent, &now.consent));
    TRY(visit_encounter_put(rq, tx, &now, S("in-progress"), (struct instant){0}));
    return visit_moved(&m);
}

enum err visit_go(struct req *rq, struct tx *tx, const struct visit_view *v, struct str action,
                  struct str reason)
{
    struct visit_moving m = {.rq = rq, .tx = tx, .v = v, .reason = reason};
    static const struct {
        struct str action, status; /* of the Encounter; empty: it stays */
    } ends[] = {{SI("end"), SI("finished")}, {SI("break-off"), SI("cancelled")}, {SI("close"), SI("")}};
    for (size_t i = 0; i < LEN(ends); i++) {
        if (str_eq(ends[i].action, action)) {
            TRY(visit_may(&m, action));
            if (ends[i].status.n > 0) {
                TRY(visit_encounter_put(rq, tx, v, ends[i].status, rq->now));
            }
            if (str_eq(action, S("end"))) {
                TRY(visit_took_place(rq, tx, v));
            } else if (str_eq(action, S("break-off"))) {
                TRY(booked_move(rq, tx, v, BOOKING_ARRIVED, S("cancel"), S("other")));
            }
            return visit_moved(&m);
        }
    }
    return FAIL(rq, E_NOT_FOUND, "visit: no such action");
}
