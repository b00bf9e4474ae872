/* care/flow_clock.c - promises: when they end, how they stand still, and the one job that watches the
 * case.
 *
 * There is one clock job per case, set for the next step of the promise that runs: reminder, end,
 * escalation. Its argument names the end and the level it was set for, so a job that fires late,
 * twice or after the case moved on finds that it does not fit and does nothing. */
#include "care/flow_int.h"

#include "care/consilium.h"
#include "care/job.h"

#include "care/content.h"

enum err flow_terms(struct req *rq, const struct directory *dir, const struct case_row *row,
                    const struct policy_terms **ret_terms)
{
    const struct content *c = care_of(rq)->content;
    const struct dir_org *org = dir_org(dir, row->answer_org);
    const struct policy *policy = org != NULL ? org->policy : care_of(rq)->policy;

    if (row->urgency >= c->n_urgencies) {
        return FAIL(rq, E_INTERNAL, "urgency");
    }
    *ret_terms = policy_terms(policy, c->urgencies[row->urgency].code);
    return *ret_terms != NULL ? OK : FAIL(rq, E_INTERNAL, "policy without the urgency class");
}

static int64_t due_of(const struct case_row *r, enum care_clock clock)
{
    switch (clock) {
    case CLOCK_ACCEPT: return r->accept_due_ms;
    case CLOCK_ANSWER: return r->answer_due_ms;
    case CLOCK_NONE:
    case CLOCK_COUNT: return DUE_NEVER;
    }
    return DUE_NEVER;
}

void flow_clocks(struct moving *m)
{
    const struct care_state *from = &m->flow->states[m->move->from];
    const struct care_state *to = &m->flow->states[m->move->to];
    struct case_row *r = &m->row;
    int64_t now = m->rq->now.ms;

    if (from->flags & STATE_BEGIN) {
        r->accept_due_ms = now + m->terms->accept_within.ms;
        r->answer_due_ms = now + m->terms->answer_within.ms;
    }
    if (r->paused_since_ms != 0 && !(to->flags & STATE_PAUSED)) {
        int64_t stood = now - r->paused_since_ms;
        r->paused_total_ms += stood;
        r->accept_due_ms += stood;
        r->answer_due_ms += stood;
        r->paused_since_ms = 0;
    }
    if (r->paused_since_ms == 0 && (to->flags & STATE_PAUSED)) {
        r->paused_since_ms = now;
    }
    if (m->move->set & RESTART_CLOCK) {
        r->accept_due_ms = now + m->terms->accept_within.ms;
    }
    int64_t due = due_of(r, to->clock);
    if (r->clock != to->clock || r->due_ms != due) {
        r->level = LEVEL_NONE; /* another promise: its steps begin anew */
    }
    r->clock = to->clock;
    r->due_ms = due;
    if (m->move->set & RAISE_REMINDED) {
        r->level = LEVEL_REMINDED;
    } else if (m->move->set & RAISE_OVERDUE) {
        r->level = LEVEL_OVERDUE;
    } else if (m->move->set & RAISE_ESCALATED) {
        r->level = LEVEL_ESCALATED;
    }
}

struct str flow_job_arg(struct arena *a, const struct case_row *r)
{
    struct buf b;

    buf_init(&b, a, 64);
    buf_i64(&b, r->due_ms);
    BUF_LIT(&b, " ");
    buf_u64(&b, r->level);
    return buf_get(&b);
}

enum err flow_job(struct moving *m)
{
    const struct case_row *r = &m->row;
    int64_t at = 0;

    if (m->before.clock == r->clock && m->before.due_ms == r->due_ms
        && m->before.level == r->level && !(m->flow->states[m->move->from].flags & STATE_BEGIN)) {
        return OK; /* the job that is set still fits */
    }
    if (r->clock == CLOCK_NONE || r->level == LEVEL_ESCALATED) {
        return job_drop(m->tx, JOB_CLOCK, r->id);
    }
    switch (r->level) {
    case LEVEL_NONE:
        at = r->due_ms - m->terms->remind_before.ms;
        if (at <= m->rq->now.ms) {
            at = r->due_ms; /* too late to remind */
        }
        break;
    case LEVEL_REMINDED: at = r->due_ms; break;
    case LEVEL_OVERDUE: at = r->due_ms + m->terms->escalate_after.ms; break;
    }
    return job_set(m->tx, JOB_CLOCK, r->id, at, flow_job_arg(m->rq->a, r));
}

enum err care_clock_run(struct req *rq, struct tx *tx, struct str case_id, struct str arg)
{
    static const struct str steps[] = {SI("remind"), SI("overdue"), SI("escalate")};
    struct case_row row;
    enum err e = case_row_load(rq, case_id, &row);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        e = consilium_clock_run(rq, tx, case_id, arg); /* it may be a patient of a consilium */
        if (e == E_NOT_FOUND) {
            err_clear(rq);
            return OK;
        }
        return e;
    }
    TRY(e);
    const struct care_flow *flow = care_flow_find(row.flow);
    if (flow == NULL || row.level >= LEN(steps)
        || !str_eq(arg, flow_job_arg(rq->a, &row))) {
        return OK; /* the case moved on: the job has nothing left to say */
    }
    uint32_t step = row.level;
    if (step == LEVEL_NONE && rq->now.ms >= row.due_ms) {
        step = LEVEL_REMINDED; /* the end has come without a reminder */
    }
    struct care_move_args args = {.expect = row.version};
    return care_move(rq, tx, flow, case_id, steps[step], &args);
}
