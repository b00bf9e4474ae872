/* care/ring.c - calls to an emergency. See ring.h. */
#include "care/ring.h"

#include "care/flow_int.h"
#include "care/job.h"
#include "care/notice.h"
#include "fhir/type.h"
#include "store/db.h"

/* Who is called, in this order; a stage without people is passed over. */
enum stage { STAGE_DUTY, STAGE_NEXT, STAGE_COORDINATOR, STAGE_COUNT };

enum { CALLED_MAX = 64 };

struct calling {
    struct req *rq;
    struct tx *tx;
    const struct directory *dir;
    const struct case_row *row;
    int64_t after_ms;  /* between stages */
    struct ring called[CALLED_MAX]; /* of the call under way; those of one that ended may be called again */
    uint32_t n_called;
    uint32_t step;     /* of the last, also of a call that ended */
};

/* What rang so far. */
static enum err read_called(struct calling *c)
{
    uint32_t n = 0;
    uint32_t open = 0;
    TRY(ring_of_case(c->rq, c->row->id, c->called, CALLED_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        c->step = MAX(c->step, c->called[i].step);
        if (c->called[i].ended.ms == 0) {
            c->called[open++] = c->called[i];
        }
    }
    c->n_called = open;
    return OK;
}

static bool was_called(const struct calling *c, struct str person)
{
    for (uint32_t i = 0; i < c->n_called; i++) {
        if (str_eq(c->called[i].person, person)) {
            return true;
        }
    }
    return false;
}

/* The one named, else those on duty now; nobody when the roster is empty. */
static uint32_t on_duty(const struct calling *c, uint32_t *people)
{
    uint32_t service = dir_service_at(c->dir, c->row->service);
    if (c->row->consultant.n > 0) {
        people[0] = dir_person_at(c->dir, c->row->consultant);
        return people[0] != DIR_NONE;
    }
    return service != DIR_NONE ? dir_on_duty(c->dir, service, c->rq->now, people, RING_PEOPLE) : 0;
}

/* On duty now beside the one named, else whose duty begins next; all of the service when nobody was called
 * and there is no roster. */
static uint32_t next_on_roster(const struct calling *c, uint32_t *people)
{
    uint32_t service = dir_service_at(c->dir, c->row->service);
    for (uint32_t i = 0; i < c->dir->n_duties && service != DIR_NONE; i++) {
        const struct dir_duty *u = &c->dir->duties[i];
        const struct dir_person *p = &c->dir->people[u->person];
        if (u->service == service && u->to_ms > c->rq->now.ms && p->active && !was_called(c, p->id)) {
            people[0] = u->person;
            return 1;
        }
    }
    return c->n_called == 0
               ? dir_people_of_service(c->dir, c->row->service, people, RING_PEOPLE)
               : 0;
}

static uint32_t people_of(const struct calling *c, enum stage stage, uint32_t people[RING_PEOPLE])
{
    switch (stage) {
    case STAGE_DUTY: return on_duty(c, people);
    case STAGE_NEXT: return next_on_roster(c, people);
    case STAGE_COORDINATOR:
        return dir_people_of_org(c->dir, c->row->centre_org, MAY_COORDINATE, people, RING_PEOPLE);
    case STAGE_COUNT: break;
    }
    return 0;
}

/* Calls the people of the first stage from here on that has any. *ret_next: the stage after it. */
static enum err call(struct calling *c, uint32_t from, uint32_t *ret_next, uint32_t *ret_n)
{
    uint32_t people[RING_PEOPLE];
    uint32_t called = 0;
    for (; from < STAGE_COUNT && called == 0; from++) {
        uint32_t n = people_of(c, (enum stage)from, people);
        for (uint32_t i = 0; i < n; i++) {
            struct str id = c->dir->people[people[i]].id;
            if (was_called(c, id)) {
                continue;
            }
            TRY(TX_SQL(c->tx, W_RING_NEW, 0, sql_text(c->row->id), sql_i64(c->step + 1), sql_text(id),
                       sql_i64(c->rq->now.ms)));
            TRY(notice_tell(c->rq, c->tx, id, NOTICE_RING, c->row->id));
            called++;
        }
    }
    *ret_next = from;
    *ret_n = called;
    return OK;
}

/* "stage service": a job set for another service finds that it does not fit. */
static struct str job_arg(struct req *rq, uint32_t stage, struct str service)
{
    struct buf b;
    buf_init(&b, rq->a, 100);
    buf_u64(&b, stage);
    buf_char(&b, ' ');
    buf_str(&b, service);
    return buf_get(&b);
}

static enum err job_next(struct calling *c, uint32_t stage)
{
    return stage < STAGE_COUNT
               ? job_set(c->tx, JOB_RING, c->row->id, c->rq->now.ms + c->after_ms,
                         job_arg(c->rq, stage, c->row->service))
               : job_drop(c->tx, JOB_RING, c->row->id);
}

/* ---- with each move ---- */

/* Nobody has taken it, and it is not with the asker. */
static bool waits(const struct care_flow *flow, const struct case_row *r)
{
    enum care_turn turn = flow->states[r->state].turn;
    return !(flow->states[r->state].flags & (STATE_BEGIN | STATE_FINAL | STATE_PAUSED))
           && (turn == TURN_COORDINATOR || turn == TURN_SERVICE) && r->accepted_ms == 0;
}

bool ring_may(struct req *rq, const struct directory *dir, const struct case_row *row)
{
    const struct policy_terms *terms = NULL;
    if (flow_terms(rq, dir, row, &terms) != OK) {
        err_clear(rq);
        return false;
    }
    return terms->ring.ms > 0;
}

enum err ring_follow(struct moving *m)
{
    bool before = waits(m->flow, &m->before);
    bool now = m->terms->ring.ms > 0 && waits(m->flow, &m->row);
    bool other = !str_eq(m->before.service, m->row.service)
                 || !str_eq(m->before.consultant, m->row.consultant);
    uint32_t next = 0;
    uint32_t n = 0;
    struct calling c = {.rq = m->rq, .tx = m->tx, .dir = m->dir, .row = &m->row,
                        .after_ms = m->terms->ring.ms};

    if ((!now && !before) || (before && now && !other)) {
        return OK;
    }
    if (before) {
        TRY(TX_SQL(m->tx, W_RING_END, 0, sql_text(m->row.id), sql_i64(m->rq->now.ms)));
        TRY(job_drop(m->tx, JOB_RING, m->row.id));
        TRY(read_called(&c));
        for (uint32_t i = 0; i < c.n_called; i++) { /* it falls silent on their pages */
            TRY(tx_event(m->tx, EVENT_PERSON,
                         store_hash(care_of(m->rq)->store, c.called[i].person)));
        }
    }
    if (!now) {
        return OK;
    }
    c.n_called = 0;
    TRY(call(&c, STAGE_DUTY, &next, &n));
    return job_next(&c, next);
}

/* ---- the clock ---- */

enum err ring_step(struct req *rq, struct tx *tx, struct str case_id, struct str arg)
{
    struct case_row row;
    struct calling c = {.rq = rq, .tx = tx, .row = &row};
    const struct policy_terms *terms = NULL;
    struct str rest = arg;
    struct str stage_text;
    uint64_t stage = 0;
    uint32_t next = 0;
    uint32_t n = 0;
    enum err e = case_row_load(rq, case_id, &row);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    const struct care_flow *flow = care_flow_find(row.flow);
    if (flow == NULL || !waits(flow, &row) || !str_cut(&rest, ' ', &stage_text)
        || !str_u64(stage_text, &stage) || stage >= STAGE_COUNT || !str_eq(rest, row.service)) {
        return OK;
    }
    TRY(directory_get(rq, &c.dir));
    TRY(flow_terms(rq, c.dir, &row, &terms));
    c.after_ms = terms->ring.ms;
    TRY(read_called(&c));
    TRY(call(&c, (uint32_t)stage, &next, &n));
    if (n == 0 || c.after_ms == 0) {
        return OK; /* all were called: the promises' own clock goes on */
    }
    TRY(job_next(&c, next));
    TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id)));
    struct audit_rec rec = case_audit(&row, AUDIT_CLOCK, WHY_SYSTEM);
    rec.type = T_SERVICE_REQUEST;
    rec.id = row.id;
    rec.detail = S("ring");
    return audit_add(rq, &rec);
}

/* ---- reading ---- */

enum err ring_of_case(struct req *rq, struct str case_id, struct ring *ret_rings, uint32_t n,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RING_OF, sql_text(case_id)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_rings[got++] = (struct ring){.case_id = case_id,
                                         .step = (uint32_t)db_i64(&q, 0),
                                         .person = db_text(rq->a, &q, 1),
                                         .at = {db_i64(&q, 2)},
                                         .ended = {db_i64(&q, 3)}};
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err ring_mine(struct req *rq, struct ring *ret_rings, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RINGS_OF_PERSON, sql_text(rq->who->person), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_rings[got++] = (struct ring){.case_id = db_text(rq->a, &q, 0),
                                         .person = rq->who->person, .at = {db_i64(&q, 1)}};
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}
