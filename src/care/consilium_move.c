/* care/consilium_move.c - moves of a consilium: who may, what the row needs, and one function that
 * writes what a
 * move of one patient leaves; the clock. */
#include "care/consilium_int.h"

#include "care/job.h"
#include "care/room.h"

enum { TOLD_MAX = 64, HEADS_MAX = 20, REASON_MAX = 4000 };

void consilium_as_case(const struct consilium *c, const struct consilium_item *item,
                       struct case_row *ret_row)
{
    const struct care_state *s = &care_consilium.states[item->state];
    enum care_clock clock = s->clock;

    *ret_row = (struct case_row){
        .rid = item->rid,
        .id = item->id,
        .flow = str_z(care_consilium.name),
        .state = item->state,
        .turn = s->turn,
        .open = !(s->flags & STATE_FINAL),
        .urgency = c->urgency,
        .profile = S(""),
        .mode = c->written ? S("deferred") : S("real-time"),
        .patient_rid = item->patient_rid,
        .patient = item->patient,
        .asker_org = c->org,
        .asker = c->convener,
        .centre_org = c->org,
        .service = S(""),
        .answer_org = c->org,
        .consultant = c->chair,
        .clock = clock,
        .due_ms = clock == CLOCK_ACCEPT   ? item->accept_due_ms
                  : clock == CLOCK_ANSWER ? item->answer_due_ms
                                          : DUE_NEVER,
        .accept_due_ms = item->accept_due_ms,
        .answer_due_ms = item->answer_due_ms,
        .level = item->level,
        .created_ms = item->created_ms,
        .closed_ms = item->closed_ms,
        .conclusion = item->bundle,
        .version = item->version,
    };
}

/* ---- right and needs ---- */

/* What rq->who is to one patient of the agenda. */
static unsigned actor_of(const struct req *rq, const struct consilium *c,
                         const struct consilium_item *item)
{
    unsigned actor = c->actor & ~(unsigned)ACTOR_ASKER;
    bool attends = rq->who != NULL && rq->who->person.n > 0
                   && str_eq(item->attending, rq->who->person);

    return attends ? actor | ACTOR_ASKER : actor;
}

enum err consilium_row(struct req *rq, const struct consilium *c,
                       const struct consilium_item *item, struct str action,
                       const struct care_move **ret_move)
{
    const struct care_move *m = care_move_find(&care_consilium, item->state, action);

    if (m == NULL) {
        return FAIL(rq, E_CONFLICT, "%.*s: it is %s", STR_ARG(action),
                    care_consilium.states[item->state].name);
    }
    if (!(actor_of(rq, c, item) & m->who)) {
        TRY(consilium_note(rq, c, item, AUDIT_MOVE, E_FORBIDDEN, str_z(m->action)));
        return FAIL(rq, E_FORBIDDEN, "%.*s", STR_ARG(action));
    }
    *ret_move = m;
    return OK;
}

enum err consilium_needs(struct req *rq, const struct consilium *c,
                         const struct consilium_item *item, const struct care_move *move)
{
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    uint32_t n = 0;
    uint32_t given = 0;
    uint32_t signatures = 0;
    bool silent = false;
    bool unsigned_yet = false;
    bool chair_signed = false;

    if ((move->need & NEED_QUORUM) && !consilium_has_quorum(c)) {
        return FAIL(rq, E_CONFLICT, "quorum");
    }
    if (!(move->need & (NEED_OPINIONS | NEED_SIGNATURES))) {
        return OK;
    }
    TRY(consilium_voices_all(rq, item->id, voices, &n));
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_voice *v = consilium_voice_of(voices, n, c->members[i].person);
        if (!consilium_awaits(rq, c, &c->members[i], v)) {
            continue;
        }
        silent = silent || v == NULL || v->opinion == OPINION_NONE;
        given += v != NULL && v->opinion == OPINION_GIVEN;
        unsigned_yet = unsigned_yet || v == NULL || v->signed_state == SIGNED_NOT;
        signatures += v != NULL && v->signed_state == SIGNED_YES;
        chair_signed = chair_signed || (str_eq(c->members[i].person, c->chair) && v != NULL
                                        && v->signed_state == SIGNED_YES);
    }
    if ((move->need & NEED_OPINIONS) && (silent || given < c->quorum)) {
        return FAIL(rq, E_CONFLICT, "opinions");
    }
    if ((move->need & NEED_SIGNATURES)
        && (unsigned_yet || signatures < c->quorum || !chair_signed)) {
        return FAIL(rq, E_CONFLICT, "signatures");
    }
    return OK;
}

/* ---- telling ---- */

struct told {
    struct str people[TOLD_MAX];
    uint32_t n;
};

static void told_add(struct told *t, struct str person)
{
    for (uint32_t i = 0; i < t->n; i++) {
        if (str_eq(t->people[i], person)) {
            return;
        }
    }
    if (person.n > 0 && t->n < TOLD_MAX) {
        t->people[t->n++] = person;
    }
}

static void audience(const struct consilium *c, const struct consilium_item *item, unsigned tell,
                     struct told *t)
{
    uint32_t heads[HEADS_MAX];

    if (tell & TELL_CHAIR) {
        told_add(t, c->chair);
    }
    if (tell & TELL_SECRETARY) {
        told_add(t, c->secretary);
        told_add(t, c->convener);
    }
    for (uint32_t i = 0; (tell & TELL_MEMBER) && i < c->n_members; i++) {
        enum member_state s = c->members[i].state;
        if (s == MEMBER_ASKED || s == MEMBER_IN) {
            told_add(t, c->members[i].person);
        }
    }
    if (tell & TELL_ASKER) {
        told_add(t, item->attending);
    }
    if (tell & TELL_HEAD) {
        uint32_t n = dir_people_of_org(c->dir, c->org, MAY_HEAD, heads, HEADS_MAX);
        for (uint32_t i = 0; i < n; i++) {
            told_add(t, c->dir->people[heads[i]].id);
        }
    }
}

enum err consilium_tell(struct req *rq, struct tx *tx, const struct consilium *c,
                        const struct consilium_item *item, const struct care_move *move)
{
    struct str self = rq->who != NULL ? rq->who->person : (struct str){0};
    struct told t = {.n = 0};

    audience(c, item, move->tell, &t);
    for (uint32_t i = 0; i < t.n; i++) {
        if (!str_eq(t.people[i], self)) {
            TRY(notice_tell(rq, tx, t.people[i], (enum notice_kind)move->notice, c->id));
        }
    }
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, c->id));
}

/* ---- the move ---- */

static enum err clock_job(struct consilium_moving *m, const struct case_row *row)
{
    const struct content *content = care_of(m->rq)->content;
    const struct policy_terms *t =
        policy_terms(m->c->policy, content->urgencies[m->c->urgency].code);
    int64_t at = row->due_ms;

    if (t == NULL) {
        return FAIL(m->rq, E_INTERNAL, "policy without the urgency class");
    }
    if (row->clock == CLOCK_NONE || row->level == LEVEL_ESCALATED) {
        return job_drop(m->tx, JOB_CLOCK, row->id);
    }
    if (row->level == LEVEL_NONE && at - t->remind_before.ms > m->rq->now.ms) {
        at -= t->remind_before.ms;
    } else if (row->level == LEVEL_OVERDUE) {
        at += t->escalate_after.ms;
    }
    return job_set(m->tx, JOB_CLOCK, row->id, at, flow_job_arg(m->rq->a, row));
}

static void set_item(struct consilium_moving *m)
{
    const struct care_state *from = &care_consilium.states[m->move->from];
    const struct care_state *to = &care_consilium.states[m->move->to];
    struct consilium_item *i = m->item;

    i->state = m->move->to;
    if (from->clock != to->clock) {
        i->level = LEVEL_NONE; /* another promise: its steps begin anew */
    }
    i->level = m->move->set & RAISE_REMINDED    ? LEVEL_REMINDED
               : m->move->set & RAISE_OVERDUE   ? LEVEL_OVERDUE
               : m->move->set & RAISE_ESCALATED ? LEVEL_ESCALATED
                                                : i->level;
    if (m->move->set & SET_CONCLUSION) {
        i->bundle = m->document;
        i->editions++;
    }
    if (to->flags & STATE_FINAL) {
        i->closed_ms = m->rq->now.ms;
    }
}

static enum err write_row(struct consilium_moving *m, uint64_t before)
{
    const struct consilium_item *i = m->item;

    if (before == 0) {
        return consilium_item_new(m->tx, i);
    }
    return TX_SQL(m->tx, W_CONSILIUM_ITEM_SET, TX_MUST_CHANGE, sql_text(i->id), sql_i64(i->state),
                  sql_i64(i->accept_due_ms), sql_i64(i->answer_due_ms), sql_i64(i->level),
                  sql_text(str_or_empty(i->bundle)), sql_i64(i->editions), sql_i64(i->closed_ms),
                  sql_text(str_or_empty(i->sha)), sql_u64(before));
}

enum err consilium_perform(struct consilium_moving *m)
{
    const struct care_move_args args = {.reason = m->reason, .document = m->document};
    struct moving *flow = ARENA_NEW(m->rq->a, struct moving);
    uint64_t before = m->item->version;
    bool clock = m->rq->who != NULL && (m->rq->who->rights & IS_CLOCK);

    TRY_MEM(m->rq, flow);
    if (m->reason.n > REASON_MAX) {
        return FAIL(m->rq, E_BAD_INPUT, "reason");
    }
    *flow = (struct moving){.rq = m->rq, .tx = m->tx, .flow = &care_consilium, .move = m->move,
                            .args = &args, .dir = m->c->dir};
    flow->before.version = before;
    set_item(m);
    m->item->version = before + 1;
    consilium_as_case(m->c, m->item, &flow->row);
    TRY(flow_task(flow));
    if (before != 0) {
        TRY(flow_request(flow));
    }
    if (m->move->from != m->move->to) {
        TRY(consilium_put_appointment(m->rq, m->tx, m->c, m->item));
    }
    TRY(write_row(m, before));
    TRY(clock_job(m, &flow->row));
    if (m->move->tell != 0) {
        TRY(consilium_tell(m->rq, m->tx, m->c, m->item, m->move));
    }
    if (m->also.n > 0) {
        TRY(notice_tell(m->rq, m->tx, m->also, NOTICE_CONSILIUM_CALLED, m->c->id));
    }
    return consilium_note(m->rq, m->c, m->item, clock ? AUDIT_CLOCK : AUDIT_MOVE, OK,
                          str_z(m->move->action));
}

static enum err check_words(struct req *rq, const struct care_move *m, struct str *reason)
{
    *reason = str_trim(*reason);
    return (m->need & NEED_REASON) && reason->n == 0 ? FAIL(rq, E_BAD_INPUT, "reason") : OK;
}

/* Nobody joined or left since it was read. */
static enum err hold(struct tx *tx, const struct consilium *c)
{
    return TX_SQL(tx, W_CONSILIUM_HOLD, TX_MUST_CHANGE, sql_text(c->id), sql_u64(c->version));
}

/* The room of a patient whose consilium is held live, open from its beginning. */
static enum err room_open(struct consilium_moving *m)
{
    struct room *room = ARENA_NEW(m->rq->a, struct room);
    const struct room_ask ask = {.kind = ROOM_CONSILIUM, .subject = m->item->id, .case_id = m->item->id,
                                 .patient = m->item->patient, .patient_rid = m->item->patient_rid};
    TRY_MEM(m->rq, room);
    return m->c->written ? OK : room_make(m->rq, m->tx, &ask, room);
}

enum err consilium_move(struct req *rq, struct tx *tx, struct str id, struct str action,
                        const struct consilium_args *args)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    uint32_t moved = 0;

    TRY_MEM(rq, c);
    TRY(consilium_open(rq, id, AUDIT_READ, c));
    if (args->version != 0 && args->version != c->version) {
        return FAIL(rq, E_STALE, "who takes part has changed");
    }
    for (uint32_t i = 0; i < c->n_items; i++) {
        struct consilium_moving m = {.rq = rq, .tx = tx, .c = c, .item = &c->items[i],
                                     .reason = args->reason};
        bool is_last = i + 1 == c->n_items && moved == 0;
        if (care_move_find(&care_consilium, c->items[i].state, action) == NULL && !is_last) {
            continue;
        }
        TRY(consilium_row(rq, c, &c->items[i], action, &m.move));
        TRY(check_words(rq, m.move, &m.reason));
        TRY(consilium_needs(rq, c, &c->items[i], m.move));
        TRY(consilium_perform(&m));
        if (m.move->from == CONSILIUM_CONVENED && m.move->to == CONSILIUM_DELIBERATING) {
            TRY(room_open(&m));
        }
        moved++;
    }
    return hold(tx, c);
}

/* What has to stand in the draft of the protocol before the members see a decision. */
static enum err decision_there(struct req *rq, const struct consilium *c,
                               const struct consilium_item *item)
{
    struct protocol p;

    TRY(protocol_load(rq, c, item, &p));
    return protocol_decision(&p).n > 0 ? OK : FAIL(rq, E_CONFLICT, "decision");
}

enum err consilium_item_move(struct req *rq, struct tx *tx, struct str item_id, struct str action,
                             const struct consilium_args *args)
{
    static const struct str here[] = {SI("draft"), SI("return"), SI("reopen"), SI("close"),
                                      SI("cancel")};
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_moving m = {.rq = rq, .tx = tx, .reason = args->reason};
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    uint32_t n = 0;
    bool known = false;

    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, item_id, AUDIT_READ, c, &m.item));
    m.c = c;
    for (size_t i = 0; i < LEN(here); i++) {
        known = known || str_eq(here[i], action);
    }
    if (!known) {
        return FAIL(rq, E_NOT_FOUND, "action");
    }
    if (args->version != 0 && args->version != m.item->version) {
        return FAIL(rq, E_STALE, "it was moved meanwhile");
    }
    TRY(consilium_row(rq, c, m.item, action, &m.move));
    TRY(check_words(rq, m.move, &m.reason));
    TRY(consilium_needs(rq, c, m.item, m.move));
    TRY(hold(tx, c));
    if (m.move->to == CONSILIUM_DRAFTED) {
        TRY(decision_there(rq, c, m.item));
        TRY(consilium_voices_all(rq, item_id, voices, &n));
        TRY(consilium_show_opinions(rq, tx, c, m.item, voices, n));
    } else if (m.move->to == CONSILIUM_CLOSED) {
        return consilium_close(rq, tx, c, m.item, m.move);
    } else if (m.move->from == CONSILIUM_SIGNING) {
        TRY(TX_SQL(tx, W_CONSILIUM_ANEW, 0, sql_text(item_id)));
    }
    return consilium_perform(&m);
}

/* ---- the clock ---- */

enum err consilium_clock_run(struct req *rq, struct tx *tx, struct str item_id, struct str arg)
{
    static const struct str steps[] = {SI("remind"), SI("overdue"), SI("escalate")};
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_moving m = {.rq = rq, .tx = tx};
    struct case_row row;

    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, item_id, AUDIT_CLOCK, c, &m.item));
    m.c = c;
    consilium_as_case(c, m.item, &row);
    if (row.level >= LEN(steps) || row.clock == CLOCK_NONE
        || !str_eq(arg, flow_job_arg(rq->a, &row))) {
        return OK; /* it moved on: the job has nothing left to say */
    }
    uint32_t step = row.level;
    if (step == LEVEL_NONE && rq->now.ms >= row.due_ms) {
        step = LEVEL_REMINDED;
    }
    TRY(consilium_row(rq, c, m.item, steps[step], &m.move));
    return consilium_perform(&m);
}
