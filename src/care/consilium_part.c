/* care/consilium_part.c - who takes part: an invitation answered, a substitute, one more asked, a
 * member who
 * leaves. Each change is made for all open patients of the agenda and one after the other. */
#include "care/consilium_int.h"

struct parting {
    struct req *rq;
    struct tx *tx;
    struct consilium c;
    const struct consilium_args *args;
    struct consilium_member *me; /* in c.members */
    struct consilium_member *added;
    bool joins, gone;
};

static enum err add(struct parting *p, struct str role_id, struct str instead_of)
{
    const struct dir_person *person = NULL;
    const struct role_ref *r = consilium_role(p->c.dir, role_id, &person);
    struct consilium_member *m = NULL;

    if (r == NULL || !consilium_fits(p->c.policy, r)) {
        return FAIL(p->rq, E_BAD_INPUT, "role");
    }
    for (uint32_t i = 0; i < p->c.n_members; i++) {
        if (str_eq(p->c.members[i].person, person->id)) {
            m = &p->c.members[i];
        }
    }
    if (m != NULL && m->votes && m->state <= MEMBER_IN) {
        return FAIL(p->rq, E_BAD_INPUT, "role: takes part already");
    }
    if (m == NULL && p->c.n_members == CONSILIUM_MEMBERS_MAX) {
        return FAIL(p->rq, E_CONFLICT, "too many members");
    }
    m = m != NULL ? m : &p->c.members[p->c.n_members++];
    *m = (struct consilium_member){
        .person = person->id, .name = person->name, .role = r->id, .post = r->code, .org = r->org,
        .org_name = r->org_name, .state = m->state == MEMBER_IN && !m->votes ? MEMBER_IN : MEMBER_ASKED,
        .votes = true, .instead_of = instead_of, .at_ms = p->rq->now.ms, .was_in = m->was_in,
    };
    p->added = m;
    return OK;
}

/* The chair does not leave without another one. */
static enum err next_chair(struct parting *p)
{
    const struct consilium_member *next = consilium_member(&p->c, p->args->person);

    if (!str_eq(p->c.chair, p->me->person)) {
        return OK;
    }
    if (next == NULL || !next->votes || next->state > MEMBER_IN || next == p->me) {
        return FAIL(p->rq, E_BAD_INPUT, "person");
    }
    p->c.chair = next->person;
    return OK;
}

static enum err out(struct parting *p, enum member_state state)
{
    TRY(next_chair(p));
    p->gone = p->me->state == MEMBER_IN;
    p->me->state = state;
    p->me->reason = p->args->reason;
    p->me->at_ms = p->rq->now.ms;
    return OK;
}

static enum err do_accept(struct parting *p)
{
    if (p->me->state == MEMBER_IN) {
        return FAIL(p->rq, E_CONFLICT, "answered already");
    }
    p->me->state = MEMBER_IN;
    p->me->reason = (struct str){0};
    p->me->at_ms = p->rq->now.ms;
    p->joins = true;
    return OK;
}

static enum err do_decline(struct parting *p)
{
    return out(p, MEMBER_DECLINED);
}

static enum err do_substitute(struct parting *p)
{
    TRY(add(p, p->args->role, p->me->person));
    if (str_eq(p->c.chair, p->me->person)) {
        p->c.chair = p->added->person;
    }
    return out(p, MEMBER_REPLACED);
}

static enum err do_invite(struct parting *p)
{
    return add(p, p->args->role, (struct str){0});
}

static enum err do_leave(struct parting *p)
{
    if (p->me->state != MEMBER_IN) {
        return FAIL(p->rq, E_CONFLICT, "does not take part");
    }
    return out(p, MEMBER_LEFT);
}

static const struct part_action {
    struct str action;
    enum err (*make)(struct parting *p);
    bool own; /* of the member; else of those who run it */
} actions[] = {
    {SI("accept"), do_accept, true},         {SI("decline"), do_decline, true},
    {SI("substitute"), do_substitute, true}, {SI("invite"), do_invite, false},
    {SI("leave"), do_leave, true},
};

/* The Task of a member for one patient, as the answer leaves it. */
static enum err task_put(struct parting *p, const struct consilium_item *item)
{
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    struct member_task t = {.status = p->joins                          ? "accepted"
                                      : p->me->state == MEMBER_DECLINED ? "rejected"
                                                                        : "cancelled",
                            .reason = p->me->reason};
    uint32_t n = 0;

    TRY(consilium_voices_all(p->rq, item->id, voices, &n));
    const struct consilium_voice *v = consilium_voice_of(voices, n, p->me->person);
    if (v == NULL) {
        return OK;
    }
    t.impression = v->shown ? v->opinion_id : (struct str){0};
    return consilium_put_task(p->rq, p->tx, &p->c, item, p->me, v->task, &t);
}

static enum err item_part(struct parting *p, struct consilium_item *item,
                          const struct part_action *a, const struct care_move *move)
{
    struct consilium_moving m = {.rq = p->rq, .tx = p->tx, .c = &p->c, .item = item, .move = move,
                                 .reason = p->args->reason,
                                 .also = p->added != NULL ? p->added->person : (struct str){0}};

    TRY(consilium_perform(&m));
    if (a->own) {
        TRY(task_put(p, item));
    }
    if (p->added != NULL) {
        TRY(consilium_ask_voice(p->rq, p->tx, &p->c, item, p->added));
    }
    TRY(consilium_put_appointment(p->rq, p->tx, &p->c, item));
    return consilium_put_team(p->rq, p->tx, &p->c, item);
}

static enum err parts_put(struct parting *p)
{
    bool before = consilium_state_of(&p->c) <= CONSILIUM_CONVENED;

    if (p->joins) {
        TRY(consilium_join(p->rq, p->tx, &p->c, p->me));
    }
    if (p->gone && before) { /* whoever took part in a discussion keeps reading what they decided about */
        TRY(consilium_unjoin(p->rq, p->tx, &p->c, p->me));
    }
    if (p->me != NULL) {
        TRY(consilium_member_put(p->tx, &p->c, p->me));
    }
    if (p->added != NULL) {
        TRY(consilium_member_put(p->tx, &p->c, p->added));
    }
    return TX_SQL(p->tx, W_CONSILIUM_SET, TX_MUST_CHANGE, sql_text(p->c.id), sql_text(p->c.chair),
                  sql_u64(p->c.version));
}

enum err consilium_part(struct req *rq, struct tx *tx, struct str id, struct str action,
                        const struct consilium_args *args)
{
    struct parting *p = ARENA_NEW(rq->a, struct parting);
    const struct care_move *moves[CONSILIUM_PATIENTS_MAX] = {NULL};
    const struct part_action *a = NULL;
    uint32_t n = 0;

    TRY_MEM(rq, p);
    *p = (struct parting){.rq = rq, .tx = tx, .args = args};
    TRY(consilium_open(rq, id, AUDIT_READ, &p->c));
    for (size_t i = 0; i < LEN(actions); i++) {
        a = str_eq(actions[i].action, action) ? &actions[i] : a;
    }
    if (a == NULL) {
        return FAIL(rq, E_NOT_FOUND, "action");
    }
    for (uint32_t i = 0; i < p->c.n_items; i++) {
        bool here = care_move_find(&care_consilium, p->c.items[i].state, action) != NULL;
        if (here || (n == 0 && i + 1 == p->c.n_items)) {
            TRY(consilium_row(rq, &p->c, &p->c.items[i], action, &moves[i]));
            n++;
        }
        if (moves[i] != NULL && (moves[i]->need & NEED_REASON) && str_trim(args->reason).n == 0) {
            return FAIL(rq, E_BAD_INPUT, "reason");
        }
    }
    if (a->own) {
        p->me = p->c.me != NULL ? &p->c.members[p->c.me - p->c.members] : NULL;
    }
    TRY(a->make(p));
    for (uint32_t i = 0; i < p->c.n_items; i++) {
        if (moves[i] != NULL) {
            TRY(item_part(p, &p->c.items[i], a, moves[i]));
        }
    }
    return parts_put(p);
}
