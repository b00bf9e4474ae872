/* care/consilium_call.c - a consilium is called from a case: checked, written, members asked; one
 * more patient is
 * put on its agenda. */
#include "care/consilium_int.h"

#include "base/text.h"
#include "care/abroad.h"

enum { QUESTION_MAX = 4000, QUORUM_LEAST = 2 /* one alone is a consultation */ };

struct calling {
    struct req *rq;
    struct tx *tx;
    const struct fields *typed;
    struct problems *problems;
    struct consilium c;
    struct case_row from;
    struct str question;
};

static void fault(struct calling *a, struct str field, const char *text)
{
    problem_add(a->problems, field, text, (struct str){0}, NULL);
}

bool consilium_fits(const struct policy *p, const struct role_ref *role)
{
    return (role->rights & (MAY_ANSWER | MAY_HEAD | MAY_VISIT)) != 0 || policy_may_answer(p, role->code);
}

static void check_times(struct calling *a)
{
    struct consilium *c = &a->c;
    int64_t now = a->rq->now.ms;
    const struct urgency *u = &care_of(a->rq)->content->urgencies[c->urgency];

    c->start_ms = consilium_time_typed(a->rq, fields_get(a->typed, S("start")));
    c->until_ms = consilium_time_typed(a->rq, fields_get(a->typed, S("until")));
    if (str_eq(u->code, S("emergency"))) {
        c->start_ms = now;
    } else if (c->start_ms < now || c->start_ms > now + CONSILIUM_LATEST_MS) {
        fault(a, S("start"), T("Say when it begins: a time to come, within a year."));
    }
    bool ends = c->until_ms > c->start_ms && c->until_ms <= now + CONSILIUM_LATEST_MS;
    if (c->written && !ends) {
        fault(a, S("until"), T("Say until when opinions are given, after it begins."));
    } else if (fields_get(a->typed, S("until")).n > 0 && !ends) {
        fault(a, S("until"), T("It ends after it begins."));
    }
}

static bool has_member(const struct consilium *c, struct str person)
{
    return consilium_member(c, person) != NULL;
}

static void add_member(struct calling *a, const struct role_ref *role, const struct dir_person *p,
                       enum member_state state, bool votes)
{
    if (a->c.n_members == CONSILIUM_MEMBERS_MAX) {
        fault(a, S("member"), T("At most 24 people can take part."));
        return;
    }
    a->c.members[a->c.n_members++] = (struct consilium_member){
        .person = p->id, .name = p->name, .role = role->id, .post = role->code, .org = role->org,
        .org_name = role->org_name, .state = state, .votes = votes, .at_ms = a->rq->now.ms,
    };
}

/* Nobody of another country is asked without the patient's consent to that. */
static enum err check_abroad(struct calling *a)
{
    for (uint32_t i = 0; i < a->c.n_members; i++) {
        enum abroad is = ABROAD_HOME;
        TRY(abroad_of(a->rq, a->from.patient_rid, a->c.members[i].org, &is));
        if (abroad_is_shut(is)) {
            fault(a, S("member"), abroad_text(is));
            return OK;
        }
    }
    return OK;
}

/* Those ticked; who calls, as a member or only as its secretary. */
static void read_members(struct calling *a)
{
    const struct role_ref *own = who_role(a->rq->who);
    const struct dir_person *self = dir_person(a->c.dir, a->rq->who->person);
    bool votes = fields_get(a->typed, S("self")).n > 0 && consilium_fits(a->c.policy, own);

    if (self != NULL) {
        add_member(a, own, self, MEMBER_IN, votes);
    }
    for (uint32_t i = 0;; i++) {
        struct str id = fields_at(a->typed, S("member"), i);
        const struct dir_person *p = NULL;
        if (id.p == NULL) {
            break;
        }
        const struct role_ref *r = consilium_role(a->c.dir, id, &p);
        if (id.n == 0 || (r != NULL && has_member(&a->c, p->id))) {
            continue;
        }
        if (r == NULL || !consilium_fits(a->c.policy, r)) {
            fault(a, S("member"), T("Somebody chosen cannot be a member any more. Choose again."));
            return;
        }
        add_member(a, r, p, MEMBER_ASKED, true);
    }
}

/* Somebody named only to keep the protocol has no vote, and no answer of theirs is awaited. */
static void read_keeper(struct calling *a)
{
    struct consilium *c = &a->c;

    for (uint32_t i = 0; i < c->n_members && fields_get(a->typed, S("keeper")).n > 0; i++) {
        struct consilium_member *m = &c->members[i];
        if (str_eq(m->person, c->secretary) && !str_eq(m->person, c->chair)) {
            m->votes = false;
            m->state = MEMBER_IN;
        }
    }
}

static void read_posts(struct calling *a)
{
    struct consilium *c = &a->c;

    c->chair = fields_get(a->typed, S("chair"));
    c->secretary = fields_get(a->typed, S("secretary"));
    const struct consilium_member *chair = consilium_member(c, c->chair);
    if (chair == NULL || !chair->votes) {
        fault(a, S("chair"), T("Choose the chair among the members."));
    }
    if (c->secretary.n == 0) {
        c->secretary = c->convener;
    }
    if (!has_member(c, c->secretary)) {
        fault(a, S("secretary"), T("Choose the secretary among those who take part."));
    }
    read_keeper(a);
}

static void read_quorum(struct calling *a)
{
    struct consilium *c = &a->c;
    struct str typed = fields_get(a->typed, S("quorum"));
    uint64_t n = 0;
    uint32_t votes = 0;

    for (uint32_t i = 0; i < c->n_members; i++) {
        votes += c->members[i].votes;
    }
    if (typed.n == 0 && c->policy->consilium_least == 0) {
        fault(a, S("quorum"), T("The policy names no number: say how many must take part."));
        return;
    }
    if (typed.n > 0 && !str_u64(typed, &n)) {
        fault(a, S("quorum"), T("Write the quorum as a number."));
        return;
    }
    n = typed.n > 0 ? n : MAX(c->policy->consilium_least, (uint32_t)QUORUM_LEAST);
    if (n < QUORUM_LEAST || n < c->policy->consilium_least) {
        fault(a, S("quorum"), T("The quorum cannot be less than the policy demands."));
    } else if (n > votes) {
        fault(a, S("quorum"), T("There are fewer members than the quorum: ask more people."));
    }
    c->quorum = (uint32_t)MIN(n, (uint64_t)CONSILIUM_MEMBERS_MAX);
}

static void check_question(struct calling *a)
{
    a->question = str_trim(a->question);
    if (a->question.n == 0) {
        fault(a, S("question"), T("Write what the consilium is asked."));
    } else if (a->question.n > QUESTION_MAX) {
        fault(a, S("question"), T("The text is too long. Shorten it or attach it as a file."));
    }
}

/* ---- one patient of the agenda ---- */

static enum err put_request(struct calling *a, const struct consilium_item *item)
{
    struct req *rq = a->rq;
    const struct content *content = care_of(rq)->content;
    const struct profile *profile = content_profile(content, a->from.profile);
    struct str flow = str_z(care_consilium.name);
    struct put p;

    put_begin(&p, rq, a->tx, T_SERVICE_REQUEST, item->id, 64 << 10);
    p.expect = TX_CREATE;
    json_k(&p.o, S("identifier"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("system"), S(CARE_URL "/sid/consilium"));
    json_ks(&p.o, S("value"), a->c.id);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, item->case_id);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), S("active"));
    json_ks(&p.o, S("intent"), S("order"));
    put_concepts(&p.o, S("category"), S(CS_FLOW), &flow, 1);
    json_ks(&p.o, S("priority"), content->urgencies[a->c.urgency].fhir_priority);
    if (profile != NULL) {
        put_concept(&p.o, S("code"), S(CS_PROFILE), profile->code,
                    text4_get(&profile->title, LANG_EN), (struct str){0});
    }
    put_ref(&p.o, S("subject"), T_PATIENT, item->patient);
    put_instant(&p.o, S("occurrenceDateTime"), (struct instant){a->c.start_ms});
    put_instant(&p.o, S("authoredOn"), rq->now);
    put_ref_shown(&p.o, S("requester"), T_PRACTITIONER, rq->who->person, rq->who->name);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_CARE_TEAM, item->id);
    json_arr_end(&p.o);
    json_k(&p.o, S("note"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("text"), a->question);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    return put_end(&p);
}

/* Ends of the promises: the quorum by the beginning, the decision within the policy's time or, in
 * writing, by
 * the day named. */
static enum err set_due(struct calling *a, struct consilium_item *item)
{
    const struct urgency *u = &care_of(a->rq)->content->urgencies[a->c.urgency];
    const struct policy_terms *t = policy_terms(a->c.policy, u->code);
    bool emergency = str_eq(u->code, S("emergency"));

    if (t == NULL) {
        return FAIL(a->rq, E_INTERNAL, "policy without the urgency class");
    }
    item->accept_due_ms = emergency ? a->rq->now.ms + t->accept_within.ms : a->c.start_ms;
    item->answer_due_ms = a->c.written ? a->c.until_ms : a->c.start_ms + t->answer_within.ms;
    return OK;
}

static enum err put_item(struct calling *a)
{
    struct consilium *c = &a->c;
    struct consilium_item *item = &c->items[c->n_items];
    struct consilium_moving m = {.rq = a->rq, .tx = a->tx, .c = c, .item = item,
                                 .move = care_move_find(&care_consilium, CONSILIUM_FORMING, S("call"))};
    struct str id = put_new_id(a->rq);

    TRY_MEM(a->rq, id.p);
    *item = (struct consilium_item){
        .id = id, .consilium = c->id, .pos = c->n_items, .case_id = a->from.id,
        .case_rid = a->from.rid, .attending = a->from.asker, .patient = a->from.patient,
        .patient_rid = a->from.patient_rid, .state = CONSILIUM_FORMING,
        .created_ms = a->rq->now.ms, .sees = true,
    };
    TRY(set_due(a, item));
    c->n_items++;
    TRY(put_request(a, item));
    TRY(consilium_perform(&m));
    for (uint32_t i = 0; i < c->n_members; i++) {
        if (c->members[i].state <= MEMBER_IN) {
            TRY(consilium_ask_voice(a->rq, a->tx, c, item, &c->members[i]));
        }
    }
    TRY(consilium_put_appointment(a->rq, a->tx, c, item));
    return consilium_put_team(a->rq, a->tx, c, item);
}

static enum err may_call(struct req *rq)
{
    return who_role(rq->who) != NULL && who_may(rq->who, MAY_ASK | MAY_ANSWER | MAY_COORDINATE | MAY_HEAD)
               ? OK
               : FAIL(rq, E_FORBIDDEN, "no clinician");
}

static enum err case_open(struct calling *a, struct str case_id)
{
    TRY(may_call(a->rq));
    TRY(access_case(a->rq, case_id, AUDIT_READ, &a->from));
    return a->from.open ? OK : FAIL(a->rq, E_CONFLICT, "the case is closed");
}

static enum err head_put(struct calling *a)
{
    const struct consilium *c = &a->c;

    return TX_SQL(a->tx, W_CONSILIUM_NEW, TX_MUST_BE_NEW, sql_text(c->id), sql_text(c->org),
                  sql_text(c->convener), sql_text(c->chair), sql_text(c->secretary),
                  sql_text(care_of(a->rq)->content->urgencies[c->urgency].code),
                  sql_i64(c->written), sql_i64(c->hidden), sql_i64(c->quorum),
                  sql_i64(c->start_ms), sql_i64(c->until_ms), sql_i64(c->created_ms));
}

static enum err members_put(struct calling *a)
{
    for (uint32_t i = 0; i < a->c.n_members; i++) {
        struct consilium_member *m = &a->c.members[i];
        if (m->state == MEMBER_IN) {
            TRY(consilium_join(a->rq, a->tx, &a->c, m));
        }
        TRY(consilium_member_put(a->tx, &a->c, m));
    }
    return OK;
}

static enum err fill(struct calling *a)
{
    struct req *rq = a->rq;
    struct consilium *c = &a->c;
    const struct content *content = care_of(rq)->content;
    struct str code = fields_get(a->typed, S("urgency"));
    const struct urgency *u = content_urgency(content, code);

    c->id = put_new_id(rq);
    TRY_MEM(rq, c->id.p);
    TRY(directory_get(rq, &c->dir));
    c->org = rq->who->audit.org;
    c->convener = rq->who->person;
    const struct dir_org *org = dir_org(c->dir, c->org);
    c->policy = org != NULL ? org->policy : care_of(rq)->policy;
    c->created_ms = rq->now.ms;
    c->version = 1;
    c->all = true;
    c->why = WHY_OWN;
    c->actor = ACTOR_SECRETARY;
    c->written = fields_get(a->typed, S("written")).n > 0;
    c->hidden = fields_get(a->typed, S("hidden")).n > 0;
    if (u == NULL || !(str_eq(code, S("emergency")) || str_eq(code, S("planned")))) {
        fault(a, S("urgency"), T("Choose: planned or emergency."));
        u = content->urgencies;
    }
    c->urgency = (uint32_t)(u - content->urgencies);
    check_question(a);
    check_times(a);
    read_members(a);
    read_posts(a);
    read_quorum(a);
    return check_abroad(a);
}

enum err consilium_call(struct req *rq, struct tx *tx, struct str case_id,
                        const struct fields *typed, struct problems *ret_problems,
                        struct str *ret_id)
{
    struct calling *a = ARENA_NEW(rq->a, struct calling);

    TRY_MEM(rq, a);
    *a = (struct calling){.rq = rq, .tx = tx, .typed = typed, .problems = ret_problems,
                          .question = fields_get(typed, S("question"))};
    TRY(case_open(a, case_id));
    TRY(fill(a));
    if (ret_problems->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "consilium: %.*s", STR_ARG(ret_problems->v[0].field));
    }
    TRY(head_put(a));
    TRY(put_item(a));
    TRY(members_put(a));
    TRY(consilium_remind_set(rq, tx, &a->c));
    *ret_id = a->c.id;
    return OK;
}

enum err consilium_add(struct req *rq, struct tx *tx, struct str id, struct str case_id,
                       struct str question)
{
    struct calling *a = ARENA_NEW(rq->a, struct calling);
    struct problems *p = ARENA_NEW(rq->a, struct problems);

    TRY_MEM(rq, a);
    TRY_MEM(rq, p);
    *a = (struct calling){.rq = rq, .tx = tx, .problems = p, .question = question};
    TRY(case_open(a, case_id));
    TRY(consilium_open(rq, id, AUDIT_READ, &a->c));
    if (!(a->c.actor & (ACTOR_SECRETARY | ACTOR_CHAIR))) {
        return FAIL(rq, E_FORBIDDEN, "agenda");
    }
    check_question(a);
    if (p->n > 0) {
        return FAIL(rq, E_BAD_INPUT, "question");
    }
    for (uint32_t i = 0; i < a->c.n_items; i++) {
        if (str_eq(a->c.items[i].case_id, case_id)) {
            return FAIL(rq, E_CONFLICT, "the patient is on the agenda");
        }
    }
    if (consilium_state_of(&a->c) != CONSILIUM_FORMING || a->c.n_items == CONSILIUM_PATIENTS_MAX) {
        return FAIL(rq, E_CONFLICT, "the agenda is closed");
    }
    TRY(TX_SQL(tx, W_CONSILIUM_SET, TX_MUST_CHANGE, sql_text(id), sql_text(a->c.chair),
               sql_u64(a->c.version)));
    TRY(put_item(a));
    return members_put(a);
}
