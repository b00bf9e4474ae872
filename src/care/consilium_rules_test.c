/* care/consilium_rules_test.c - what the policies of the jurisdictions demand of a consilium, allowed and
 * refused, from the content files; every row of its workflow; a written one whose time runs out. */
#include "base/text.h"
#include "care/consilium_fixture.h"
#include "care/sign_read.h"

static const char *const countries[] = {"kz", "ru", "uz"};

static const struct policy *policy_of(const char *country)
{
    const struct policy *p = content_policy(region.content, str_z(country));
    assert_non_null(p);
    return p;
}

/* Loaded, with the policy of a country in place of its organisation's. */
static struct consilium *under(struct str id, const char *country)
{
    struct consilium *c = ARENA_NEW(keep.a, struct consilium);
    err_clear(&keep);
    MUST(&keep, consilium_load(&keep, id, c));
    c->policy = policy_of(country);
    return c;
}

/* The quorum typed against the number a policy names; four are asked. */
static void as_many_as_the_policy_demands(void **state)
{
    (void)state;
    uint32_t least = policy_of("kz")->consilium_least;
    static const struct row {
        int more; /* beside the least */
        enum err e;
    } rows[] = {{-1, E_BAD_INPUT}, {0, OK}, {1, OK}, {2, E_BAD_INPUT /* more than are asked */}};
    struct str case_id = a_case(&keep);
    for (size_t i = 0; i < LEN(countries); i++) { /* a number, or openly none */
        assert_true(policy_of(countries[i])->consilium_least == 0 || policy_of(countries[i])->consilium_least >= 2);
        assert_true(policy_of(countries[i])->consilium_least_from.source.v[LANG_EN].n > 0);
    }
    assert_int_equal(least, 3);
    for (size_t i = 0; i < LEN(rows); i++) {
        char digit[2] = {(char)('0' + (int)least + rows[i].more), 0};
        const struct field quorum = {S("quorum"), str_z(digit)};
        struct str id = {0};
        assert_int_equal(call("asker", case_id, &quorum, 1, &id), rows[i].e);
    }
}

/* The times a call names, against now. */
static void times_that_may_be_named(void **state)
{
    (void)state;
    static const struct row {
        const char *urgency, *start, *until, *written;
        enum err e;
    } rows[] = {
        {"planned", "2026-01-01T10:00", "", "", E_BAD_INPUT},      /* has passed */
        {"planned", "", "", "", E_BAD_INPUT},
        {"planned", "tomorrow", "", "", E_BAD_INPUT},
        {"urgent", "", "", "", E_BAD_INPUT},                       /* planned or emergency alone */
        {"emergency", "", "", "", OK},
        {"emergency", "", "", "1", E_BAD_INPUT},                   /* in writing: until when? */
        {"emergency", "", "2020-01-01T10:00", "", E_BAD_INPUT},    /* ends before it begins */
    };
    struct str case_id = a_case(&keep);
    for (size_t i = 0; i < LEN(rows); i++) {
        const struct field more[] = {{S("start"), str_z(rows[i].start)}, {S("until"), str_z(rows[i].until)},
                                     {S("written"), str_z(rows[i].written)}};
        struct field typed[] = {{S("urgency"), str_z(rows[i].urgency)}, more[0], more[1], more[2]};
        struct str id = {0};
        assert_int_equal(call("asker", case_id, typed, LEN(typed), &id), rows[i].e);
    }
}

/* Who enters the opinion of a member: the member; who treats the patient where the policy says so. */
static void who_enters_an_opinion(void **state)
{
    (void)state;
    static const struct row {
        const char *country, *who, *member;
        bool may;
    } rows[] = {
        {"kz", "cons1", "cons1", true},  {"kz", "asker", "cons1", false}, {"kz", "cons2", "cons1", false},
        {"ru", "cons1", "cons1", true},  {"ru", "asker", "cons1", true},  {"ru", "cons2", "cons1", false},
        {"ru", "outsider", "cons1", false}, {"uz", "cons1", "cons1", true}, {"uz", "cons2", "cons1", false},
    };
    struct str id = called(a_case(&keep));
    all_accept(id);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct consilium *c = under(id, rows[i].country);
        struct req rq;
        as(&rq, person_who(&keep, rows[i].who));
        assert_int_equal(consilium_may_enter(&rq, c, &c->items[0], consilium_member(c, str_z(rows[i].member))),
                         rows[i].may);
        req_done(&rq);
    }
}

/* The sections a protocol must hold are those of the policy; the server writes its own ones. */
static void sections_are_those_of_the_policy(void **state)
{
    (void)state;
    struct str id = called(a_case(&keep));
    for (size_t i = 0; i < LEN(countries); i++) {
        struct consilium *c = under(id, countries[i]);
        const struct policy_doc *doc = policy_doc(c->policy, S("consilium"));
        struct protocol p;
        uint32_t own = 0;
        assert_non_null(doc);
        MUST(&keep, protocol_load(&keep, c, &c->items[0], &p));
        for (uint32_t k = 0; k < doc->n_sections; k++) {
            bool there = protocol_is_own(doc->sections[k]);
            own += there;
            for (uint32_t n = 0; n < p.n; n++) {
                there = there || (str_eq(p.parts[n].code, doc->sections[k]) && p.parts[n].must);
            }
            assert_true(there);
        }
        assert_int_equal(p.n + own, doc->n_sections);
    }
}

/* An emergency is called together within the policy's minutes and decided within its hours. */
static void an_emergency_has_its_clock(void **state)
{
    (void)state;
    struct str id = called(a_case(&keep));
    struct consilium_item item = item_of(id, 0);
    const struct policy_terms *t = policy_terms(policy_of("kz"), S("emergency"));
    assert_int_equal(item.accept_due_ms - item.created_ms, t->accept_within.ms);
    assert_int_equal(item.answer_due_ms - item.created_ms, t->answer_within.ms);
    for (size_t i = 0; i < LEN(countries); i++) {
        t = policy_terms(policy_of(countries[i]), S("emergency"));
        assert_true(t->accept_within.ms > 0 && t->answer_within.ms > t->accept_within.ms);
        assert_true(policy_of(countries[i])->consilium_lasts.ms > 0);
    }
}

static void a_secretary_may_have_no_vote(void **state)
{
    (void)state;
    const struct field more[] = {{S("secretary"), S("head")}, {S("keeper"), S("1")}};
    struct str id = {0};
    assert_int_equal(call("asker", a_case(&keep), more, LEN(more), &id), OK);
    struct str item = item_of(id, 0).id;
    assert_int_equal(part("head", id, "accept", "", NULL, ""), E_FORBIDDEN); /* nothing is asked of them */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(part(members[i], id, "accept", "", NULL, ""), OK);
    }
    assert_int_equal(move("head", id, "convene", ""), OK);
    assert_int_equal(move("head", id, "begin", ""), OK);
    assert_int_equal(opine("head", item, "head", PASSWORD), E_FORBIDDEN);
    assert_int_equal(save("head", item, 0), OK);
    assert_int_equal(save("asker", item, 0), E_STALE); /* who called keeps it too: the second is told */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(opine(members[i], item, members[i], PASSWORD), OK);
    }
    assert_int_equal(item_move("head", item, "draft", ""), OK);
    assert_int_equal(present("cons1", item, 1), OK);
    assert_int_equal(sign("head", item), E_FORBIDDEN);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sign(members[i], item), OK);
    }
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
}

/* A written one, begun, of which n have given an opinion when its time runs out. */
static struct str run_out(uint32_t n, struct str *ret_item)
{
    struct str id = {0};
    struct buf b;
    buf_init(&b, keep.a, 64);
    instant_write(&b, (struct instant){region.now.ms + 2 * MS_HOUR + region.care.zone.first_min * (int64_t)MS_MINUTE});
    const struct field more[] = {{S("written"), S("1")}, {S("until"), str_sub(buf_get(&b), 0, 16)}};
    assert_int_equal(call("asker", a_case(&keep), more, LEN(more), &id), OK);
    *ret_item = spoken(id, n);
    assert_int_equal(item_move("cons1", *ret_item, "draft", ""), E_CONFLICT); /* somebody is silent yet */
    region.now.ms += 3 * MS_HOUR;
    assert_int_equal(opine(members[n], *ret_item, members[n], PASSWORD), E_CONFLICT); /* too late */
    assert_int_equal(say(members[n], *ret_item, SAY_ABSTAIN, "Too late"), E_CONFLICT);
    return id;
}

static void in_writing_without_a_quorum_there_is_no_decision(void **state)
{
    (void)state;
    struct str item;
    struct str id = run_out(2, &item);
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT);
    assert_int_equal(move("cons1", id, "cancel", "Too few opinions in time"), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CANCELLED);
}

static void in_writing_who_was_silent_is_not_waited_for(void **state)
{
    (void)state;
    struct str item;
    struct str id = run_out(3, &item);
    assert_int_equal(item_move("cons1", item, "draft", ""), OK);
    assert_int_equal(present("cons1", item, 1), OK);
    assert_int_equal(sign("head", item), E_FORBIDDEN); /* the protocol does not name them to sign */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sign(members[i], item), OK);
    }
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
}

static void who_leaves_takes_the_quorum_along(void **state)
{
    (void)state;
    struct str item;
    struct str id = drafted(a_case(&keep), &item);
    assert_int_equal(part("head", id, "leave", "Called away", NULL, ""), OK);
    assert_int_equal(part("ncons", id, "leave", "Called away", NULL, ""), OK);
    assert_int_equal(present("cons1", item, 1), E_CONFLICT); /* two are left of three */
    assert_int_equal(item_of(id, 0).state, CONSILIUM_DRAFTED);
    id = drafted(a_case(&keep), &item);
    assert_int_equal(present("cons1", item, 1), OK);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(sign(members[i], item), OK);
    }
    assert_int_equal(part("head", id, "leave", "Called away", NULL, ""), OK);
    assert_int_equal(part("ncons", id, "leave", "Called away", NULL, ""), OK);
    assert_int_equal(item_move("cons1", item, "close", ""), E_CONFLICT);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_SIGNING);
}

/* ---- every row of the workflow ---- */

/* The protocol is in the language of who fixes it; that the others read and sign in English changes nothing. */
static void the_protocol_speaks_as_who_fixes_it(void **state)
{
    (void)state;
    static const enum lang langs[] = {LANG_RU, LANG_KK, LANG_UZ};
    for (size_t i = 0; i < LEN(langs); i++) {
        struct consilium_item now;
        struct sign_read doc;
        struct str item;
        struct str bytes;
        struct req rq;
        char sha[65];
        struct str id = drafted(a_case(&keep), &item);
        struct tx *tx = begin(&rq, "cons1");
        rq.lang = langs[i];
        assert_int_equal(end_with(&rq, tx, protocol_present(&rq, tx, item, S(BASE), 1)), OK);
        assert_int_equal(sign("cons2", item), OK);
        now = item_of(id, 0);
        MUST(&keep, protocol_bytes(&keep, &now, &bytes, sha));
        MUST(&keep, sign_doc_read(&keep, bytes, &doc));
        assert_true(str_eq(doc.language, lang_code(langs[i])));
        assert_true(str_find(bytes, tr(langs[i], "Protocol of a consilium")) < bytes.n);
        assert_true(str_find(bytes, S("Protocol of a consilium")) == bytes.n);
        assert_true(str_find(bytes, tr(langs[i], "Who takes part")) < bytes.n);
        assert_true(str_find(bytes, S("Who takes part")) == bytes.n);
    }
}

static bool done[128];

static void mark(uint32_t from, const char *action)
{
    const struct care_move *m = care_move_find(&care_consilium, from, str_z(action));
    assert_non_null(m);
    done[m - care_consilium.moves] = true;
}

/* The clock's steps of where it stands: reminded, overdue, escalated; the state stays. */
static void clock_steps(struct str id)
{
    static const char *const steps[] = {"remind", "overdue", "escalate"};
    struct instant before = region.now;
    uint32_t state = item_of(id, 0).state;
    for (uint32_t level = LEVEL_NONE; level < LEVEL_ESCALATED; level++) {
        struct case_row row;
        struct req rq;
        struct consilium *c = under(id, "kz");
        consilium_as_case(c, &c->items[0], &row);
        region.now.ms = row.due_ms + (level == LEVEL_NONE ? -1 : 10 * MS_DAY);
        as(&rq, &who_clock);
        struct tx *tx = tx_new(&rq);
        MUST(&rq, care_clock_run(&rq, tx, c->items[0].id, flow_job_arg(keep.a, &row)));
        assert_int_equal(commit_end(&rq, tx), OK);
        assert_int_equal(item_of(id, 0).level, level + 1);
        assert_int_equal(item_of(id, 0).state, state);
        mark(state, steps[level]);
    }
    region.now = before;
}

/* A consilium brought to a state. */
static struct str brought_to(uint32_t state, struct str *ret_item)
{
    struct str id = {0};
    if (state >= CONSILIUM_DRAFTED) {
        id = drafted(a_case(&keep), ret_item);
        if (state == CONSILIUM_SIGNING) {
            assert_int_equal(present("cons1", *ret_item, 1), OK);
        }
        return id;
    }
    id = called(a_case(&keep));
    *ret_item = item_of(id, 0).id;
    if (state >= CONSILIUM_CONVENED) {
        all_accept(id);
        assert_int_equal(move("asker", id, "convene", ""), OK);
    }
    if (state >= CONSILIUM_DELIBERATING) {
        assert_int_equal(move("cons1", id, "begin", ""), OK);
    }
    return id;
}

static enum err act(struct str id, struct str item, const char *action)
{
    struct str a = str_z(action);
    if (str_eq(a, S("invite"))) {
        return part("asker", id, action, "", "outsider", "");
    }
    if (str_eq(a, S("substitute"))) {
        return part("outsider", id, action, "reason", "asker2", "");
    }
    if (str_eq(a, S("accept"))) {
        return part("asker2", id, action, "", NULL, "");
    }
    if (str_eq(a, S("decline")) || str_eq(a, S("leave"))) {
        return part("asker2", id, action, "reason", NULL, "");
    }
    if (str_eq(a, S("convene")) || str_eq(a, S("begin")) || str_eq(a, S("cancel"))) {
        return move("asker", id, action, "reason");
    }
    return item_move("cons1", item, action, "reason");
}

static void acts(uint32_t state, const char *const *actions, size_t n)
{
    struct str item;
    struct str id = brought_to(state, &item);
    for (size_t i = 0; i < n; i++) {
        uint32_t from = item_of(id, 0).state;
        const struct care_move *m = care_move_find(&care_consilium, from, str_z(actions[i]));
        assert_non_null(m);
        assert_int_equal(act(id, item, actions[i]), OK);
        assert_int_equal(item_of(id, 0).state, m->to);
        mark(from, actions[i]);
    }
}

/* Those asked in while it goes on: one names a substitute, who comes, and goes. */
static void people_come_and_go(uint32_t state)
{
    static const char *const comes[] = {"invite", "substitute", "accept"};
    static const char *const forming[] = {"invite", "substitute", "decline", "cancel"};
    static const char *const leaves[] = {"invite", "substitute", "accept", "leave", "cancel"};
    static const char *const declines[] = {"invite", "substitute", "decline"};
    if (state == CONSILIUM_FORMING) {
        acts(state, comes, LEN(comes));
        acts(state, forming, LEN(forming));
    } else {
        acts(state, leaves, LEN(leaves));
        acts(state, declines, LEN(declines));
    }
}

static void voices_of_all_kinds(void)
{
    struct str item;
    struct str id = brought_to(CONSILIUM_DELIBERATING, &item);
    assert_int_equal(opine("cons1", item, "cons1", PASSWORD), OK);
    mark(CONSILIUM_DELIBERATING, "opinion");
    assert_int_equal(say("head", item, SAY_ABSTAIN, "Not my field"), OK);
    mark(CONSILIUM_DELIBERATING, "abstain");
    assert_int_equal(opine("asker", item, "cons2", PASSWORD), E_FORBIDDEN); /* kz names nobody beside */
    mark(CONSILIUM_DELIBERATING, "beside"); /* the row is there; who_enters_an_opinion has who may */
    assert_int_equal(opine("cons2", item, "cons2", PASSWORD), OK);
    assert_int_equal(opine("ncons", item, "ncons", PASSWORD), OK);
    assert_int_equal(save("asker", item, 0), OK);
    static const char *const back[] = {"draft", "return", "draft"};
    for (size_t i = 0; i < LEN(back); i++) {
        mark(item_of(id, 0).state, back[i]);
        assert_int_equal(item_move("cons1", item, back[i], "reason"), OK);
    }
    assert_int_equal(say("ncons", item, SAY_DISSENT, "Wait"), OK);
    mark(CONSILIUM_DRAFTED, "dissent");
    mark(CONSILIUM_DRAFTED, "present");
    assert_int_equal(present("cons1", item, 1), OK);
    clock_steps(id);
    assert_int_equal(sign("cons1", item), OK);
    mark(CONSILIUM_SIGNING, "sign");
    assert_int_equal(say("head", item, SAY_REFUSE, "Was not heard"), OK);
    mark(CONSILIUM_SIGNING, "refuse");
    assert_int_equal(sign("cons2", item), OK);
    assert_int_equal(sign("ncons", item), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
    mark(CONSILIUM_SIGNING, "close");
}

/* A member goes while it is decided or signed; it comes back, it is called off. */
static void late_ends(uint32_t state)
{
    struct str item;
    struct str id = brought_to(state, &item);
    assert_int_equal(part("head", id, "leave", "reason", NULL, ""), OK);
    mark(state, "leave");
    if (state == CONSILIUM_SIGNING) {
        assert_int_equal(item_move("cons1", item, "reopen", "reason"), OK);
        mark(state, "reopen");
        id = brought_to(state, &item);
    } else {
        clock_steps(id);
    }
    assert_int_equal(move("cons1", id, "cancel", "reason"), OK);
    mark(state, "cancel");
}

static void every_row_of_the_table_is_gone(void **state)
{
    (void)state;
    struct str item;
    assert_true(care_consilium.n_moves <= LEN(done));
    mark(CONSILIUM_FORMING, "call"); /* each begins with it */
    for (uint32_t s = CONSILIUM_FORMING; s <= CONSILIUM_DELIBERATING; s++) {
        people_come_and_go(s);
        clock_steps(brought_to(s, &item));
    }
    mark(CONSILIUM_DELIBERATING, "absent"); /* gone in consilium_late_test.c */
    mark(CONSILIUM_CONVENED, "extend");
    mark(CONSILIUM_DELIBERATING, "extend");
    mark(CONSILIUM_FORMING, "convene"); /* on the way to the others, asserted there */
    mark(CONSILIUM_CONVENED, "begin");
    voices_of_all_kinds();
    late_ends(CONSILIUM_DRAFTED);
    late_ends(CONSILIUM_SIGNING);
    for (uint32_t i = 0; i < care_consilium.n_moves; i++) {
        if (!done[i]) {
            fail_msg("nobody went the row %u: %s", i, care_consilium.moves[i].action);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_many_as_the_policy_demands),
        cmocka_unit_test(times_that_may_be_named),
        cmocka_unit_test(who_enters_an_opinion),
        cmocka_unit_test(sections_are_those_of_the_policy),
        cmocka_unit_test(an_emergency_has_its_clock),
        cmocka_unit_test(a_secretary_may_have_no_vote),
        cmocka_unit_test(in_writing_without_a_quorum_there_is_no_decision),
        cmocka_unit_test(in_writing_who_was_silent_is_not_waited_for),
        cmocka_unit_test(who_leaves_takes_the_quorum_along),
        cmocka_unit_test(the_protocol_speaks_as_who_fixes_it),
        cmocka_unit_test(every_row_of_the_table_is_gone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
