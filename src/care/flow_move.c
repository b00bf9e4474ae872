/* care/flow_move.c - the engine: one function that performs every move of every workflow. */
#include "care/flow_int.h"

#include "care/abroad.h"
#include "care/content.h"
#include "care/notice.h"
#include "care/put.h"
#include "care/ring.h"

enum { TOLD_MAX = 64, REASON_MAX = 4000 };

static enum err note(struct moving *m, enum err outcome)
{
    bool clock = m->rq->who != NULL && (m->rq->who->rights & IS_CLOCK);
    struct audit_rec rec = case_audit(
        &m->row, outcome != OK ? AUDIT_DENY : clock ? AUDIT_CLOCK : AUDIT_MOVE,
        outcome != OK ? WHY_NO_RIGHT : m->why);
    rec.outcome = outcome;
    rec.type = T_TASK;
    rec.detail = str_z(m->move->action);
    return audit_add(m->rq, &rec);
}

/* What the move needs is there. Names the form field that is missing. */
static enum err check_needs(const struct moving *m)
{
    const struct care_move_args *a = m->args;
    struct req *rq = m->rq;
    const struct content *c = care_of(rq)->content;
    unsigned need = m->move->need;

    if (a->reason.n > REASON_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason: too long");
    }
    if ((need & NEED_REASON) && a->reason.n == 0 && a->reason_code.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    if ((need & NEED_TEXT) && a->reason.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    if ((need & NEED_SERVICE) && a->service.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "service");
    }
    if ((need & NEED_TARGET) && a->service.n == 0 && a->person.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "service");
    }
    if ((need & NEED_CONCLUSION) && a->document.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "document");
    }
    if ((need & NEED_RING) && !ring_may(rq, m->dir, &m->row)) {
        return FAIL(rq, E_CONFLICT, "%s: the case waits for allocation", m->move->action);
    }
    if ((need & NEED_OUTCOME)
        && content_item(content_list(c, S("outcome")), a->outcome) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "outcome");
    }
    return OK;
}

/* The target: a service of the directory, a person who answers for it. */
static enum err set_target(struct moving *m)
{
    const struct care_move_args *a = m->args;
    struct req *rq = m->rq;
    struct str service = a->service.n > 0 ? a->service : m->row.service;
    const struct dir_service *s = dir_service(m->dir, service);

    if (s == NULL || !s->active) {
        return FAIL(rq, E_BAD_INPUT, "service");
    }
    if (!dir_service_has(s, m->row.profile)) {
        return FAIL(rq, E_BAD_INPUT, "service: it does not answer in this profile");
    }
    if (a->person.n > 0) {
        const struct dir_person *p = dir_person(m->dir, a->person);
        if (p == NULL || !p->active || !dir_person_serves(p, s->id)) {
            return FAIL(rq, E_BAD_INPUT, "person: does not answer for the service");
        }
    }
    bool first = (m->flow->states[m->move->from].flags & STATE_BEGIN) != 0;
    bool other_centre = first || (m->move->need & NEED_SERVICE) != 0;
    m->row.service = s->id;
    m->row.answer_org = m->dir->orgs[s->org].id;
    m->row.consultant = a->person;
    if (other_centre) {
        m->row.centre_org = m->dir->orgs[s->centre].id;
    }
    return OK;
}

/* Times and sides of the new row. */
static void set_row(struct moving *m)
{
    const struct care_state *to = &m->flow->states[m->move->to];
    struct case_row *r = &m->row;
    int64_t now = m->rq->now.ms;
    const char *name = to->name;

    if (m->move->set & CLEAR_OWNER) {
        r->consultant = m->args->person;
        r->accepted_ms = 0;
    }
    if (m->move->set & SET_OWNER) {
        r->consultant = m->rq->who->person;
        r->accepted_ms = now;
    }
    if (m->move->set & SET_CONCLUSION) {
        r->conclusion = m->args->document;
    }
    const struct {
        const char *state;
        int64_t *at;
    } times[] = {
        {"submitted", &r->submitted_ms}, {"allocated", &r->allocated_ms},
        {"accepted", &r->accepted_ms},   {"answered", &r->answered_ms},
        {"received", &r->received_ms},   {"reported", &r->reported_ms},
    };
    for (size_t i = 0; i < LEN(times); i++) {
        if (str_eq(str_z(times[i].state), str_z(name)) && *times[i].at == 0) {
            *times[i].at = now;
        }
    }
    if (to->flags & STATE_FINAL) {
        r->closed_ms = now;
    }
    r->state = m->move->to;
    r->turn = to->turn;
    r->open = !(to->flags & STATE_FINAL);
    r->version = m->before.version + 1;
}

enum err flow_team(struct req *rq, struct tx *tx, const struct case_row *r)
{
    const struct store *st = care_of(rq)->store;
    const uint64_t team[] = {
        principal_person(st, r->asker),
        principal_askers(st, r->asker_org),
        principal_heads(st, r->asker_org),
        principal_coordinators(st, r->centre_org),
        principal_heads(st, r->centre_org),
        principal_service(st, r->service),
        principal_heads(st, r->answer_org),
        r->consultant.n > 0 ? principal_person(st, r->consultant) : 0,
        principal_patient(st, r->patient),
    };

    for (size_t i = 0; i < LEN(team); i++) {
        if (team[i] != 0) {
            TRY(tx_team(tx, T_SERVICE_REQUEST, r->id, team[i]));
            TRY(tx_team(tx, T_PATIENT, r->patient, team[i]));
        }
    }
    return OK;
}

/* People of an audience, each once. */
struct told {
    uint32_t people[TOLD_MAX];
    uint32_t n;
};

static void told_add(struct told *t, const uint32_t *people, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        bool have = people[i] == DIR_NONE;
        for (uint32_t k = 0; k < t->n; k++) {
            have = have || t->people[k] == people[i];
        }
        if (!have && t->n < TOLD_MAX) {
            t->people[t->n++] = people[i];
        }
    }
}

/* The consultants of a service: those on duty now, or all when nobody is. */
static void tell_service(const struct moving *m, struct told *t)
{
    uint32_t people[TOLD_MAX];
    uint32_t service = dir_service_at(m->dir, m->row.service);
    uint32_t n = 0;

    if (m->row.consultant.n > 0) {
        people[n++] = dir_person_at(m->dir, m->row.consultant);
    } else if (service != DIR_NONE) {
        n = dir_on_duty(m->dir, service, m->rq->now, people, TOLD_MAX);
        if (n == 0) {
            n = dir_people_of_service(m->dir, m->row.service, people, TOLD_MAX);
        }
    }
    told_add(t, people, n);
}

static void audience(const struct moving *m, struct told *t)
{
    uint32_t people[TOLD_MAX];
    unsigned tell = m->move->tell;

    if (tell & TELL_ASKER) {
        people[0] = dir_person_at(m->dir, m->row.asker);
        told_add(t, people, 1);
    }
    if (tell & TELL_COORDINATOR) {
        told_add(t, people, dir_people_of_org(m->dir, m->row.centre_org, MAY_COORDINATE, people,
                                              TOLD_MAX));
    }
    if (tell & TELL_SERVICE) {
        tell_service(m, t);
    }
    if (tell & TELL_CONSULTANT) {
        struct str whom = m->before.consultant.n > 0 ? m->before.consultant : m->row.consultant;
        people[0] = dir_person_at(m->dir, whom);
        told_add(t, people, whom.n > 0 ? 1 : 0);
    }
    if (tell & TELL_HEAD) {
        told_add(t, people, dir_people_of_org(m->dir, m->row.centre_org, MAY_HEAD, people,
                                              TOLD_MAX));
        told_add(t, people, dir_people_of_org(m->dir, m->row.answer_org, MAY_HEAD, people,
                                              TOLD_MAX));
    }
}

enum err flow_tell(struct moving *m)
{
    const struct store *st = care_of(m->rq)->store;
    const struct case_row *r = &m->row;
    struct str self = m->rq->who != NULL ? m->rq->who->person : (struct str){0};
    struct told t = {.n = 0};

    audience(m, &t);
    for (uint32_t i = 0; i < t.n; i++) {
        struct str person = m->dir->people[t.people[i]].id;
        if (!str_eq(person, self)) {
            TRY(notice_tell(m->rq, m->tx, person, (enum notice_kind)m->move->notice, r->id));
        }
    }
    TRY(tx_event(m->tx, EVENT_CASE, store_hash(st, r->id)));
    TRY(tx_event(m->tx, EVENT_DESK, store_hash(st, r->centre_org)));
    TRY(tx_event(m->tx, EVENT_DESK, store_hash(st, r->asker_org)));
    if (!str_eq(r->answer_org, r->centre_org)) {
        TRY(tx_event(m->tx, EVENT_DESK, store_hash(st, r->answer_org)));
    }
    if (m->before.centre_org.n > 0 && !str_eq(m->before.centre_org, r->centre_org)) {
        TRY(tx_event(m->tx, EVENT_DESK, store_hash(st, m->before.centre_org)));
    }
    return OK;
}

/* Whom the move lets in, wherever they are. */
static enum err check_abroad(const struct moving *m)
{
    const struct str orgs[] = {m->row.answer_org, m->row.centre_org, m->row.asker_org};

    for (size_t i = 0; i < LEN(orgs); i++) {
        TRY(abroad_allow(m->rq, m->tx, m->row.patient_rid, orgs[i], m->args->abroad));
    }
    return OK;
}

/* Everything that follows once the row and the right are known. */
static enum err perform(struct moving *m)
{
    bool first = (m->flow->states[m->move->from].flags & STATE_BEGIN) != 0;

    TRY(check_needs(m));
    if (m->move->set & SET_SERVICE) {
        TRY(set_target(m));
    }
    TRY(flow_terms(m->rq, m->dir, &m->row, &m->terms));
    set_row(m);
    flow_clocks(m);
    TRY(flow_task(m));
    TRY(flow_request(m));
    if (first) {
        TRY(case_row_new(m->tx, &m->row));
    } else {
        TRY(case_row_set(m->tx, &m->row, m->before.version));
    }
    if (first || (m->move->set & (SET_SERVICE | SET_OWNER))) {
        TRY(check_abroad(m));
        TRY(flow_team(m->rq, m->tx, &m->row));
    }
    TRY(flow_job(m));
    TRY(flow_tell(m));
    TRY(ring_follow(m));
    return note(m, OK);
}

enum err care_move(struct req *rq, struct tx *tx, const struct care_flow *flow, struct str case_id,
                   struct str action, const struct care_move_args *args)
{
    struct moving m = {.rq = rq, .tx = tx, .flow = flow, .args = args};
    enum err e = case_row_load(rq, case_id, &m.before);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "case");
    }
    TRY(e);
    TRY(access_why(rq, &m.before, &m.why));
    if (m.why == WHY_NOT_TEAM || !str_eq(m.before.flow, str_z(flow->name))) {
        return access_case(rq, case_id, AUDIT_MOVE, &m.before) == OK
                   ? FAIL(rq, E_NOT_FOUND, "case")
                   : E_NOT_FOUND;
    }
    m.row = m.before;
    TRY(directory_get(rq, &m.dir));
    m.move = care_move_find(flow, m.before.state, action);
    if (args->expect != 0 && args->expect != m.before.version) {
        return FAIL(rq, E_STALE, "the case is at version %llu: %s",
                    (unsigned long long)m.before.version, flow->states[m.before.state].name);
    }
    if (m.move == NULL) {
        return FAIL(rq, E_CONFLICT, "%.*s: the case is %s", STR_ARG(action),
                    flow->states[m.before.state].name);
    }
    if (!(access_actor(rq, &m.before) & m.move->who)) {
        TRY(note(&m, E_FORBIDDEN));
        return FAIL(rq, E_FORBIDDEN, "%.*s", STR_ARG(action));
    }
    return perform(&m);
}

enum err care_begin(struct req *rq, struct tx *tx, const struct care_flow *flow,
                    struct str action, const struct case_row *row,
                    const struct care_move_args *args)
{
    struct moving m = {.rq = rq, .tx = tx, .flow = flow, .args = args, .row = *row, .why = WHY_OWN};
    unsigned begin = 0;

    while (!(flow->states[begin].flags & STATE_BEGIN)) {
        begin++;
    }
    m.before = (struct case_row){.state = begin, .due_ms = DUE_NEVER};
    m.row.flow = str_z(flow->name);
    m.row.created_ms = m.row.created_ms != 0 ? m.row.created_ms : rq->now.ms;
    m.row.due_ms = DUE_NEVER;
    TRY(directory_get(rq, &m.dir));
    m.move = care_move_find(flow, begin, action);
    if (m.move == NULL || !(access_actor(rq, &m.row) & m.move->who)) {
        if (m.move != NULL) {
            TRY(note(&m, E_FORBIDDEN));
        }
        return FAIL(rq, E_FORBIDDEN, "%.*s", STR_ARG(action));
    }
    return perform(&m);
}

uint32_t care_moves_open(struct req *rq, const struct case_row *row,
                         const struct care_move **ret_moves, uint32_t n)
{
    const struct care_flow *flow = care_flow_find(row->flow);
    const struct directory *dir = NULL;
    unsigned actor = access_actor(rq, row);
    bool rings = directory_get(rq, &dir) == OK && ring_may(rq, dir, row);
    uint32_t got = 0;

    for (unsigned i = 0; flow != NULL && i < flow->n_moves && got < n; i++) {
        const struct care_move *m = &flow->moves[i];
        if (m->from == row->state && (m->who & actor) && m->who != ACTOR_CLOCK
            && (rings || !(m->need & NEED_RING))) {
            ret_moves[got++] = m;
        }
    }
    return got;
}
