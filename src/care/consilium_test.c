/* care/consilium_test.c - a consilium from its call to a protocol with four signatures and one dissent that
 * `consilium verify` reads; what the server holds back; random walks over the whole of it. */
#include "care/consilium_fixture.h"

#include "care/consilium_verify.h"

static void verify_says(struct str package, bool good)
{
    struct consilium_report r;
    struct req rq;
    struct buf b;
    as(&rq, NULL);
    MUST(&rq, consilium_verify(&rq, &(struct consilium_proof){.package = package}, &r));
    buf_init(&b, rq.a, 65536);
    consilium_verify_write(&b, &r);
    if (r.good != good) {
        fail_msg("%.*s", STR_ARG(buf_get(&b)));
    }
    if (good) {
        assert_int_equal(r.n, 4);
        assert_int_equal(r.n_signed, 4);
        assert_int_equal(r.quorum, 3);
        uint32_t chairs = 0;
        uint32_t dissents = 0;
        for (uint32_t i = 0; i < r.n; i++) {
            chairs += r.voices[i].chairs;
            dissents += r.voices[i].dissents;
            assert_true(r.voices[i].is_signed && r.voices[i].why[0] == 0);
        }
        assert_int_equal(chairs, 1);
        assert_int_equal(dissents, 1);
        assert_true(str_find(buf_get(&b), S("dissent")) < buf_get(&b).n);
    }
    req_done(&rq);
}

/* One character of the document changed, inside the package. */
static struct str spoiled(struct req *rq, struct str package)
{
    struct str mark = S("\"data\":\"");
    size_t at = str_find(package, mark) + mark.n + 4000;
    char *p = arena_alloc(rq->a, package.n);
    memcpy(p, package.p, package.n);
    p[at] = p[at] == 'A' ? 'B' : 'A';
    return (struct str){p, package.n};
}

static void four_signatures_one_dissent(void **state)
{
    (void)state;
    struct req rq;
    struct str item;
    struct str package;
    struct str pdf;
    struct str case_id = a_case(&keep);
    struct str id = drafted(case_id, &item);
    assert_int_equal(say("ncons", item, SAY_DISSENT, "Wait for the scan"), OK);
    assert_int_equal(present("asker", item, 1), E_FORBIDDEN);
    assert_int_equal(present("cons1", item, 1), OK);
    assert_int_equal(say("ncons", item, SAY_DISSENT, "Too late"), E_CONFLICT);
    for (size_t i = 0; i < LEN(members); i++) {
        assert_int_equal(item_of(id, 0).state, CONSILIUM_SIGNING);
        assert_int_equal(sign(members[i], item), OK);
        assert_int_equal(sign(members[i], item), E_CONFLICT);
    }
    struct consilium_item i = item_of(id, 0);
    assert_int_equal(i.state, CONSILIUM_CLOSED);
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, protocol_package(&rq, &i, &package));
    verify_says(package, true);
    verify_says(spoiled(&rq, package), false);
    struct consilium *c = ARENA_NEW(rq.a, struct consilium);
    MUST(&rq, consilium_open(&rq, id, AUDIT_READ, c));
    MUST(&rq, protocol_pdf(&rq, c, &c->items[0], &pdf));
    assert_true(str_starts(pdf, S("%PDF")));

    struct consilium_order orders[10];
    struct case_message talk[10];
    struct case_row from = row_of(&keep, case_id);
    uint32_t n = 0;
    MUST(&rq, consilium_orders(&rq, from.rid, orders, LEN(orders), &n));
    assert_int_equal(n, 2);
    assert_true(str_eq(orders[0].item, item) && !orders[0].done);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consilium_order_done(&rq, tx, case_id, orders[0].task));
    struct str task = arena_str(keep.a, orders[0].task);
    MUST(&rq, consult_messages(&rq, from.rid, talk, LEN(talk), &n));
    assert_int_equal(n, 1);
    assert_int_equal(commit_end(&rq, tx), OK);
    tx = begin(&rq, "asker");
    assert_int_equal(consilium_order_done(&rq, tx, case_id, task), E_CONFLICT);
    req_done(&rq);
}

/* The Provenance of a member, kept a second time, is no second voice for the public check. */
static void who_signed_twice_counts_once(void **state)
{
    (void)state;
    struct req rq;
    struct res_row row;
    struct protocol_signature all[CONSILIUM_MEMBERS_MAX];
    struct protocol_check r;
    struct str item;
    struct str bytes;
    struct str prov;
    char sha[65];
    uint32_t n = 0;
    struct str id = drafted(a_case(&keep), &item);
    assert_int_equal(present("cons1", item, 1), OK);
    for (size_t i = 0; i < LEN(members); i++) {
        assert_int_equal(sign(members[i], item), OK);
    }
    struct consilium_item i = item_of(id, 0);
    as(&rq, NULL);
    MUST(&rq, protocol_bytes(&rq, &i, &bytes, sha));
    MUST(&rq, protocol_signatures(&rq, &i, bytes, all, LEN(all), &n));
    assert_int_equal(n, LEN(members));
    MUST(&rq, db_read(&rq, T_PROVENANCE, all[1].provenance, &row));
    size_t at = str_find(row.body, all[1].provenance);
    prov = arena_str(rq.a, row.body);
    struct str other = put_new_id(&rq);
    assert_true(at < prov.n && other.n == all[1].provenance.n);
    memcpy((char *)(uintptr_t)prov.p + at, other.p, other.n);
    struct tx *tx = tx_new(&rq);
    struct sign_anchor on = {T_SERVICE_REQUEST, item};
    MUST(&rq, sign_int_put_json(&rq, tx, &on, prov, other));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    MUST(&rq, protocol_bytes(&rq, &i, &bytes, sha));
    MUST(&rq, protocol_signatures(&rq, &i, bytes, all, LEN(all), &n));
    assert_int_equal(n, LEN(members) + 1);
    MUST(&rq, protocol_check(&rq, item, &r));
    assert_int_equal(r.n_signed, LEN(members));
    assert_true(r.good);
    req_done(&rq);
}

static void no_quorum_no_decision(void **state)
{
    (void)state;
    struct str item;
    struct str case_id = a_case(&keep);
    static const struct field two = {SI("quorum"), SI("2")};
    static const struct field nine = {SI("quorum"), SI("9")};
    struct str id = {0};
    assert_int_equal(call("asker", case_id, &two, 1, &id), E_BAD_INPUT); /* the policy says three */
    assert_int_equal(call("asker", case_id, &nine, 1, &id), E_BAD_INPUT);
    assert_int_equal(call("outsider", case_id, NULL, 0, &id), E_NOT_FOUND);
    id = called(case_id);
    item = item_of(id, 0).id;
    assert_int_equal(part("cons1", id, "accept", "", NULL, ""), OK);
    assert_int_equal(part("cons2", id, "accept", "", NULL, ""), OK);
    assert_int_equal(move("asker", id, "convene", ""), E_CONFLICT);
    assert_int_equal(part("ncons", id, "decline", "", NULL, ""), E_BAD_INPUT);
    assert_int_equal(part("ncons", id, "decline", "On leave", NULL, ""), OK);
    assert_int_equal(move("asker", id, "convene", ""), E_CONFLICT);
    assert_int_equal(part("head", id, "accept", "", NULL, ""), OK);
    assert_int_equal(move("cons2", id, "convene", ""), E_FORBIDDEN);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(move("asker", id, "begin", ""), OK);
    assert_int_equal(opine("cons1", item, "cons1", PASSWORD), OK);
    assert_int_equal(opine("cons2", item, "cons2", "a wrong password"), E_SIGN_IN);
    assert_int_equal(opine("cons2", item, "cons2", PASSWORD), OK);
    assert_int_equal(save("asker", item, 0), OK);
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT); /* one is silent */
    assert_int_equal(part("head", id, "leave", "Called to an operation", NULL, ""), OK);
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT); /* no quorum any more */
    assert_int_equal(part("asker", id, "invite", "", "ncons", ""), OK);
    assert_int_equal(part("ncons", id, "accept", "", NULL, ""), OK);
    assert_int_equal(say("ncons", item, SAY_ABSTAIN, "Not my field"), OK);
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT); /* three sit, two said something */
    assert_int_equal(part("cons1", id, "leave", "Ill", NULL, ""), E_BAD_INPUT); /* who leads then? */
    assert_int_equal(part("cons1", id, "leave", "Ill", NULL, "cons2"), OK);
    assert_int_equal(move("cons2", id, "cancel", "Too few are left"), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CANCELLED);
}

static void opinions_are_hidden_until_all_are_given(void **state)
{
    (void)state;
    static const struct field hidden = {SI("hidden"), SI("1")};
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    struct str id = {0};
    struct req rq;
    assert_int_equal(call("asker", a_case(&keep), &hidden, 1, &id), OK);
    struct consilium_item item = item_of(id, 0);
    all_accept(id);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(move("asker", id, "begin", ""), OK);
    for (size_t i = 0; i < LEN(members); i++) {
        uint32_t n = 0;
        uint32_t hid = 0;
        uint32_t read = 0;
        assert_int_equal(opine(members[i], item.id, members[i], PASSWORD), OK);
        as(&rq, person_who(&keep, "cons1"));
        struct consilium *c = ARENA_NEW(rq.a, struct consilium);
        MUST(&rq, consilium_open(&rq, id, AUDIT_READ, c));
        MUST(&rq, consilium_voices(&rq, c, &c->items[0], voices, &n));
        for (uint32_t k = 0; k < n; k++) {
            hid += voices[k].hidden;
            read += voices[k].text.n > 0;
        }
        bool last = i + 1 == LEN(members);
        assert_int_equal(hid, last ? 0 : i);
        assert_int_equal(read, last ? 4 : 1);
        CLEANUP(list_close) struct list *l = NULL;
        struct hit hit;
        MUST(&rq, list_owner(&rq, item.rid, T_CLINICAL_IMPRESSION, LIST_NEWEST, &l));
        assert_int_equal(list_next(l, &hit), last); /* nor does the interface give them */
        list_close(&l);
        req_done(&rq);
    }
    assert_int_equal(opine("cons2", item.id, "cons1", PASSWORD), E_FORBIDDEN);
}

static void members_alone_see_it(void **state)
{
    (void)state;
    struct str case_id = a_case(&keep);
    struct str id = called(case_id);
    assert_int_equal(look("outsider", id), E_NOT_FOUND);
    assert_int_equal(look("asker2", id), E_NOT_FOUND);
    assert_int_equal(look("ncons", id), OK); /* the invitation */
    assert_int_equal(case_look("ncons", case_id), E_NOT_FOUND);
    assert_int_equal(part("ncons", id, "accept", "", NULL, ""), OK);
    assert_int_equal(case_look("ncons", case_id), OK);
    assert_int_equal(part("ncons", id, "decline", "On leave", NULL, ""), OK);
    assert_int_equal(case_look("ncons", case_id), E_NOT_FOUND);
    assert_int_equal(look("ncons", id), E_NOT_FOUND);
    assert_int_equal(case_look("cons2", case_id), OK); /* was in the team of the case before */
    assert_int_equal(part("cons2", id, "accept", "", NULL, ""), OK);
    assert_int_equal(part("cons2", id, "substitute", "Night duty", "ncons", ""), OK);
    assert_int_equal(case_look("cons2", case_id), OK);
    assert_int_equal(look("ncons", id), OK);
}

static void two_write_one_protocol_and_the_second_is_told(void **state)
{
    (void)state;
    struct str id = called(a_case(&keep));
    struct str item = item_of(id, 0).id;
    all_accept(id);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(save("asker", item, 0), OK);
    assert_int_equal(save("cons1", item, 0), E_STALE);
    assert_int_equal(save("cons2", item, 1), E_FORBIDDEN);
    assert_int_equal(save("cons1", item, 1), OK);
    struct fields f = {written, LEN(written)};
    struct req a;
    struct req b;
    as(&a, person_who(&keep, "asker"));
    as(&b, person_who(&keep, "cons1"));
    struct tx *ta = tx_new(&a);
    struct tx *tb = tx_new(&b);
    MUST(&a, protocol_save(&a, ta, item, &f, 2));
    MUST(&b, protocol_save(&b, tb, item, &f, 2));
    assert_int_equal(commit_end(&a, ta), OK);
    assert_int_equal(commit_end(&b, tb), E_STALE);
    struct protocol p;
    struct consilium *c = ARENA_NEW(keep.a, struct consilium);
    MUST(&keep, consilium_load(&keep, id, c));
    MUST(&keep, protocol_load(&keep, c, &c->items[0], &p));
    assert_int_equal(p.version, 3);
    assert_true(str_eq(p.orders, written[5].value));
    for (uint32_t i = 0; i < p.n; i++) {
        assert_true(str_eq(p.parts[i].text, written[i].value));
    }
}

static void a_protocol_comes_back_and_a_refusal_is_kept(void **state)
{
    (void)state;
    struct str item;
    struct str id = drafted(a_case(&keep), &item);
    assert_int_equal(present("cons1", item, 1), OK);
    struct str first = arena_str(keep.a, item_of(id, 0).bundle);
    assert_int_equal(sign("cons2", item), OK);
    assert_int_equal(item_move("cons1", item, "close", ""), E_CONFLICT);
    assert_int_equal(item_move("cons2", item, "reopen", "A wrong side is named"), E_FORBIDDEN);
    assert_int_equal(item_move("cons1", item, "reopen", "A wrong side is named"), OK);
    assert_int_equal(item_move("cons1", item, "draft", ""), OK);
    assert_int_equal(present("cons1", item, 1), OK);
    assert_false(str_eq(item_of(id, 0).bundle, first));
    assert_int_equal(item_of(id, 0).editions, 2);
    assert_int_equal(say("ncons", item, SAY_REFUSE, ""), E_BAD_INPUT);
    assert_int_equal(say("ncons", item, SAY_REFUSE, "I was not heard"), OK);
    assert_int_equal(sign("cons1", item), OK);
    assert_int_equal(sign("cons2", item), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_SIGNING);
    assert_int_equal(sign("head", item), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
}

static void an_agenda_of_two(void **state)
{
    (void)state;
    struct str id = called(a_case(&keep));
    struct str other = a_case(&keep);
    struct req rq;
    assert_int_equal(part("ncons", id, "accept", "", NULL, ""), OK);
    struct tx *tx = begin(&rq, "asker");
    MUST(&rq, consilium_add(&rq, tx, id, other, S("And this one?")));
    assert_int_equal(commit_end(&rq, tx), OK);
    tx = begin(&rq, "asker");
    assert_int_equal(consilium_add(&rq, tx, id, other, S("Again?")), E_CONFLICT);
    req_done(&rq);
    assert_int_equal(case_look("ncons", other), OK);
    assert_int_equal(part("cons1", id, "accept", "", NULL, ""), OK);
    assert_int_equal(part("cons2", id, "accept", "", NULL, ""), OK);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(item_of(id, 1).state, CONSILIUM_CONVENED);
    assert_int_equal(item_move("asker", item_of(id, 1).id, "cancel", "The patient was moved"), OK);
    assert_int_equal(move("asker", id, "begin", ""), OK);
    assert_int_equal(item_of(id, 0).state, CONSILIUM_DELIBERATING);
    assert_int_equal(item_of(id, 1).state, CONSILIUM_CANCELLED);
}

static void the_clock_reminds_and_moves_nothing(void **state)
{
    (void)state;
    struct str id = called(a_case(&keep));
    struct instant before = region.now;
    struct consilium_item item = item_of(id, 0);
    for (uint32_t level = LEVEL_NONE; level < LEVEL_ESCALATED; level++) {
        struct case_row row;
        struct consilium *c = ARENA_NEW(keep.a, struct consilium);
        struct req rq;
        MUST(&keep, consilium_load(&keep, id, c));
        consilium_as_case(c, &c->items[0], &row);
        region.now.ms = row.due_ms + (level == LEVEL_NONE ? -1 : 10 * MS_DAY);
        struct str arg = flow_job_arg(keep.a, &row);
        as(&rq, &who_clock);
        struct tx *tx = tx_new(&rq);
        MUST(&rq, care_clock_run(&rq, tx, item.id, arg));
        assert_int_equal(commit_end(&rq, tx), OK);
        assert_int_equal(item_of(id, 0).level, level + 1);
        assert_int_equal(item_of(id, 0).state, CONSILIUM_FORMING);
        as(&rq, &who_clock); /* the same job again has nothing to say */
        tx = tx_new(&rq);
        MUST(&rq, care_clock_run(&rq, tx, item.id, arg));
        assert_true(tx_is_empty(tx) || rq.audit != NULL);
        req_done(&rq);
    }
    region.now = before;
}

/* ---- random walks ---- */

static uint64_t seed = 20261122;

static uint32_t any(uint32_t n)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((seed >> 33) % n);
}

static void walk_step(struct str id, struct str item)
{
    static const char *const people[] = {"asker", "cons1", "cons2", "ncons", "head", "outsider"};
    const char *who = people[any(LEN(people))];
    struct consilium_item before = item_of(id, 0);
    enum err e = OK;
    switch (any(14)) {
    case 0:
    case 1: e = part(who, id, "accept", "", NULL, ""); break;
    case 2: e = part(who, id, any(3) == 0 ? "leave" : "decline", "reason", NULL, "cons2"); break;
    case 3: e = move(who, id, "convene", ""); break;
    case 4: e = move(who, id, "begin", ""); break;
    case 5:
    case 6: e = opine(who, item, who, PASSWORD); break;
    case 7: e = say(who, item, SAY_ABSTAIN, "reason"); break;
    case 8: e = save(who, item, any(3)); break;
    case 9: e = item_move(who, item, any(6) == 0 ? "return" : "draft", "reason"); break;
    case 10: e = present(who, item, any(3)); break;
    case 11: e = before.sha.n > 0 ? sign(who, item) : OK; break;
    case 12: e = say(who, item, any(4) == 0 ? SAY_REFUSE : SAY_DISSENT, "words"); break;
    default: e = item_move(who, item, any(8) == 0 ? "cancel" : "close", "reason"); break;
    }
    struct consilium_item after = item_of(id, 0);
    bool legal = before.state == after.state;
    for (unsigned i = 0; i < care_consilium.n_moves; i++) {
        const struct care_move *m = &care_consilium.moves[i];
        legal = legal || (m->from == before.state && m->to == after.state && m->who != ACTOR_CLOCK);
    }
    assert_true(legal);
    assert_true(e == OK || (before.version == after.version && before.state == after.state));
    assert_true(strcmp(who, "outsider") != 0 || e == E_NOT_FOUND || before.sha.n == 0 || e == OK);
    struct consilium *c = ARENA_NEW(keep.a, struct consilium);
    MUST(&keep, consilium_load(&keep, id, c));
    if (after.state != before.state && after.state > CONSILIUM_FORMING
        && after.state < CONSILIUM_CANCELLED && after.state > before.state) {
        assert_true(consilium_has_quorum(c)); /* no quorum, no step towards a decision */
    }
}

static void random_walks_stay_in_the_table(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct str id = called(a_case(&keep));
        struct str item = item_of(id, 0).id;
        for (int k = 0; k < 60; k++) {
            walk_step(id, item);
        }
        region.now.ms += MS_HOUR; /* wrong passwords and paces are forgotten */
        req_done(&keep);
        as(&keep, NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(four_signatures_one_dissent),
        cmocka_unit_test(who_signed_twice_counts_once),
        cmocka_unit_test(no_quorum_no_decision),
        cmocka_unit_test(opinions_are_hidden_until_all_are_given),
        cmocka_unit_test(members_alone_see_it),
        cmocka_unit_test(two_write_one_protocol_and_the_second_is_told),
        cmocka_unit_test(a_protocol_comes_back_and_a_refusal_is_kept),
        cmocka_unit_test(an_agenda_of_two),
        cmocka_unit_test(the_clock_reminds_and_moves_nothing),
        cmocka_unit_test(random_walks_stay_in_the_table),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
