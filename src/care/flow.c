/* care/flow.c - finding rows of a workflow, proving a workflow, and writing its documentation. The
 * engine that performs a move is in flow_move.c. */
#include "care/flow.h"

#define X(name) extern const struct care_flow name;
#include "care/flows.def"
#undef X

const struct care_flow *const care_flows[] = {
#define X(name) &name,
#include "care/flows.def"
#undef X
};
const size_t care_flow_count = LEN(care_flows);

const struct care_flow *care_flow_find(struct str name)
{
    for (size_t i = 0; i < care_flow_count; i++) {
        if (str_eq(str_z(care_flows[i]->name), name)) {
            return care_flows[i];
        }
    }
    return NULL;
}

int care_state_find(const struct care_flow *flow, struct str name)
{
    for (int i = 0; i < flow->n_states; i++) {
        if (str_eq(str_z(flow->states[i].name), name)) {
            return i;
        }
    }
    return -1;
}

const struct care_move *care_move_find(const struct care_flow *flow, unsigned from,
                                       struct str action)
{
    for (unsigned i = 0; i < flow->n_moves; i++) {
        if (flow->moves[i].from == from && str_eq(str_z(flow->moves[i].action), action)) {
            return &flow->moves[i];
        }
    }
    return NULL;
}

/* Notes the first fault found and gives false. */
static bool fault(char why[static 160], const char *what, const char *name)
{
    struct arena *a = arena_new(4096);
    struct buf b;

    buf_init(&b, a, 159);
    buf_str(&b, str_z(what));
    BUF_LIT(&b, ": ");
    buf_str(&b, str_z(name));
    size_t n = MIN(buf_get(&b).n, (size_t)159);
    for (size_t i = 0; i < n; i++) {
        why[i] = b.p[i];
    }
    why[n] = '\0';
    arena_free(a);
    return false;
}

static bool task_status_is_legal(const char *status)
{
    /* FHIR R4 ValueSet task-status */
    static const char *const legal[] = {"draft",     "requested", "received",    "accepted",
                                        "rejected",  "ready",     "cancelled",   "in-progress",
                                        "on-hold",   "failed",    "completed",   "entered-in-error"};
    for (size_t i = 0; i < LEN(legal); i++) {
        if (str_eq(str_z(legal[i]), str_z(status))) {
            return true;
        }
    }
    return false;
}

/* The states that can be reached from those in set by moves of people, set included. */
static uint64_t reach(const struct care_flow *f, uint64_t set, bool backwards)
{
    for (uint64_t before = 0; before != set;) {
        before = set;
        for (unsigned i = 0; i < f->n_moves; i++) {
            unsigned from = backwards ? f->moves[i].to : f->moves[i].from;
            unsigned to = backwards ? f->moves[i].from : f->moves[i].to;
            if (set & (UINT64_C(1) << from)) {
                set |= UINT64_C(1) << to;
            }
        }
    }
    return set;
}

static bool check_states(const struct care_flow *f, char why[static 160])
{
    uint64_t begin = 0;
    uint64_t finals = 0;

    for (unsigned i = 0; i < f->n_states; i++) {
        const struct care_state *s = &f->states[i];
        if (s->name == NULL || s->title == NULL || s->title[0] == '\0') {
            return fault(why, "a state without name or title", f->name);
        }
        if (!task_status_is_legal(s->task_status)) {
            return fault(why, "Task.status is not one of FHIR R4", s->name);
        }
        if (care_state_find(f, str_z(s->name)) != (int)i) {
            return fault(why, "two states of one name", s->name);
        }
        if ((s->flags & (STATE_PAUSED | STATE_FINAL)) && s->clock != CLOCK_NONE) {
            return fault(why, "a clock runs in a paused or final state", s->name);
        }
        if (!(s->flags & STATE_FINAL) == (s->turn == TURN_NOBODY)) {
            return fault(why, "whose turn is it", s->name);
        }
        begin |= s->flags & STATE_BEGIN ? UINT64_C(1) << i : 0;
        finals |= s->flags & STATE_FINAL ? UINT64_C(1) << i : 0;
    }
    if (begin == 0 || (begin & (begin - 1)) != 0 || finals == 0) {
        return fault(why, "needs exactly one begin and a final state", f->name);
    }
    uint64_t all = f->n_states == 64 ? UINT64_MAX : (UINT64_C(1) << f->n_states) - 1;
    if (reach(f, begin, false) != all) {
        return fault(why, "a state cannot be reached", f->name);
    }
    if (reach(f, finals, true) != all) {
        return fault(why, "a state from which nothing ends", f->name);
    }
    return true;
}

static bool check_clock_rows(const struct care_flow *f, unsigned at, char why[static 160])
{
    static const char *const steps[] = {"remind", "overdue", "escalate"};
    static const unsigned raises[] = {RAISE_REMINDED, RAISE_OVERDUE, RAISE_ESCALATED};
    const struct care_state *s = &f->states[at];

    for (unsigned i = 0; i < LEN(steps); i++) {
        const struct care_move *m = care_move_find(f, at, str_z(steps[i]));
        if ((m != NULL) != (s->clock != CLOCK_NONE)) {
            return fault(why, "clock and clock rows do not agree", s->name);
        }
        if (m != NULL && (m->who != ACTOR_CLOCK || m->to != at || m->set != raises[i]
                          || m->tell == 0 || m->need != 0)) {
            return fault(why, "a clock row must keep the state, tell somebody and need nothing",
                         s->name);
        }
    }
    return true;
}

static bool check_move(const struct care_flow *f, const struct care_move *m, char why[static 160])
{
    if (m->from >= f->n_states || m->to >= f->n_states || m->who == 0) {
        return fault(why, "a move outside the table, or by nobody", m->action);
    }
    if (f->states[m->from].flags & STATE_FINAL) {
        return fault(why, "a move out of a final state", m->action);
    }
    if ((m->who & ACTOR_CLOCK) && m->who != ACTOR_CLOCK) {
        return fault(why, "a move of the clock and of people at once", m->action);
    }
    if (m->who == ACTOR_CLOCK && m->from != m->to) {
        return fault(why, "the clock changes a state", m->action);
    }
    if ((m->title[0] == '\0') != (m->who == ACTOR_CLOCK) || m->done[0] == '\0') {
        return fault(why, "a text is missing", m->action);
    }
    if ((m->tell != 0) != (m->notice != 0)) {
        return fault(why, "tell and notice do not agree", m->action);
    }
    if ((m->set & SET_SERVICE) && !(m->need & (NEED_SERVICE | NEED_TARGET))) {
        return fault(why, "sets a service it does not need", m->action);
    }
    if ((m->set & SET_CONCLUSION) && !(m->need & NEED_CONCLUSION)) {
        return fault(why, "sets a conclusion it does not need", m->action);
    }
    return true;
}

bool flow_check(const struct care_flow *flow, char ret_why[static 160])
{
    if (flow->n_states == 0 || flow->n_states > 64 || flow->n_moves == 0) {
        return fault(ret_why, "too few or too many rows", flow->name);
    }
    for (unsigned i = 0; i < flow->n_moves; i++) {
        const struct care_move *m = &flow->moves[i];
        if (!check_move(flow, m, ret_why)) {
            return false;
        }
        if (care_move_find(flow, m->from, str_z(m->action)) != m) {
            return fault(ret_why, "two rows for one action and state", m->action);
        }
    }
    if (!check_states(flow, ret_why)) {
        return false;
    }
    for (unsigned i = 0; i < flow->n_states; i++) {
        if (!check_clock_rows(flow, i, ret_why)) {
            return false;
        }
    }
    return true;
}
