/* care/abroad_join_test.c - who comes in from another country: members of consilia, those who receive
 * a visit, and the lists of what has ended. Without the patient's consent they are refused in words;
 * after a withdrawal nothing of it is theirs any more, and those at home go on. */
#include "care/booking_testing.h"
#include "care/consilium_fixture.h"

#include "care/abroad_fixture.h"
#include "care/access.h"
#include "care/visit.h"

static struct str copied(const char *text)
{
    return arena_str(keep.a, str_z(text));
}

/* Tries it; what it says at the field of members. */
static enum err call_said(struct str case_id, struct str *ret_said, struct str *ret_id)
{
    struct problems p = {.n = 0};
    enum err e = call_told("asker", case_id, NULL, 0, &p, ret_id);

    *ret_said = S("");
    for (uint32_t i = 0; i < p.n; i++) {
        assert_true(str_eq(p.v[i].field, S("member")));
        *ret_said = copied(p.v[i].text);
    }
    return e;
}

static uint32_t listed(const char *who, struct str id)
{
    struct req rq;
    uint32_t n = 0;
    uint32_t found = 0;

    as(&rq, person_who(&keep, who));
    struct consilium *all = ARENA_ARRAY(rq.a, 20, struct consilium);
    MUST(&rq, consilium_list(&rq, 0, all, 20, &n));
    for (uint32_t i = 0; i < n; i++) {
        found += str_eq(all[i].id, id);
    }
    req_done(&rq);
    return found;
}

static enum err look_item(const char *who, struct str item)
{
    struct consilium_item *i = NULL;
    struct req rq;

    as(&rq, person_who(&keep, who));
    struct consilium *c = ARENA_NEW(rq.a, struct consilium);
    enum err e = consilium_open_item(&rq, item, AUDIT_READ, c, &i);
    req_done(&rq);
    return e;
}

static bool in_team(const char *who, struct str request)
{
    struct req rq;
    int64_t rid = 0;
    bool in = false;
    uint64_t self = principal_person(region.store, str_z(who));

    as(&rq, NULL);
    MUST(&rq, db_rid(&rq, T_SERVICE_REQUEST, request, &rid));
    MUST(&rq, db_team_has(&rq, rid, &self, 1, &in));
    req_done(&rq);
    return in;
}

/* How much of a consilium somebody sees: all ways in, or none. */
static void check_sees(const char *who, struct str case_id, struct str id, bool sees)
{
    struct str item = item_of(id, 0).id;

    assert_int_equal(look(who, id), sees ? OK : E_NOT_FOUND);
    assert_int_equal(look_item(who, item), sees ? OK : E_NOT_FOUND);
    assert_int_equal(listed(who, id), sees);
    assert_int_equal(in_team(who, item), sees);
    assert_int_equal(case_look(who, case_id), sees ? OK : E_NOT_FOUND);
}

static void a_member_abroad_is_asked_by_consent(void **state)
{
    (void)state;
    struct str case_id = a_case(&keep);
    struct str said;
    struct str id;

    two_countries();
    assert_int_equal(call_said(case_id, &said, &id), E_BAD_INPUT);
    assert_true(str_eq(said, str_z(abroad_text(ABROAD_UNASKED))));
    assert_int_equal(decide(false), OK);
    assert_int_equal(call_said(case_id, &said, &id), E_BAD_INPUT);
    assert_true(str_eq(said, str_z(abroad_text(ABROAD_REFUSED))));
    assert_int_equal(decide(true), OK);
    assert_int_equal(call_said(case_id, &said, &id), OK);
    assert_int_equal(said.n, 0);
    assert_int_equal(look("ncons", id), OK); /* the invitation */
}

static void a_withdrawal_shuts_it_for_who_is_abroad(void **state)
{
    (void)state;
    struct str case_id = a_case(&keep);

    two_countries();
    assert_int_equal(decide(true), OK);
    struct str id = called(case_id);
    struct str item = item_of(id, 0).id;
    all_accept(id);
    check_sees("ncons", case_id, id, true);

    assert_int_equal(decide(false), OK);
    check_sees("ncons", case_id, id, false);
    check_sees("cons1", case_id, id, true);
    assert_int_equal(part("ncons", id, "leave", "Away", NULL, ""), E_NOT_FOUND);
    assert_int_equal(move("asker", id, "convene", ""), OK);
    assert_int_equal(move("asker", id, "begin", ""), OK);
    assert_int_equal(opine("ncons", item, "ncons", PASSWORD), E_NOT_FOUND);
    assert_int_equal(opine("cons1", item, "cons1", PASSWORD), OK);

    assert_int_equal(decide(true), OK);
    check_sees("ncons", case_id, id, true);
    assert_int_equal(opine("ncons", item, "ncons", PASSWORD), OK);
}

/* One abroad has spoken, or not, when the patient withdraws: at home they decide and sign. */
static void those_at_home_go_on(void **state)
{
    (void)state;
    struct str case_id;

    two_countries();
    for (int spoke = 0; spoke <= 1; spoke++) {
        case_id = a_case(&keep);
        assert_int_equal(decide(true), OK);
        struct str id = called(case_id);
        struct str item = item_of(id, 0).id;
        all_accept(id);
        assert_int_equal(move("asker", id, "convene", ""), OK);
        assert_int_equal(move("asker", id, "begin", ""), OK);
        for (size_t i = 0; i < LEN(members); i++) {
            if (spoke || strcmp(members[i], "ncons") != 0) {
                assert_int_equal(opine(members[i], item, members[i], PASSWORD), OK);
            }
        }
        assert_int_equal(save("asker", item, 0), OK);
        assert_int_equal(decide(false), OK);
        assert_int_equal(item_move("cons1", item, "draft", ""), OK);
        assert_int_equal(present("cons1", item, 1), OK);
        assert_int_equal(sign("cons1", item), OK);
        assert_int_equal(sign("cons2", item), OK);
        assert_int_equal(item_of(id, 0).state, CONSILIUM_SIGNING);
        assert_int_equal(sign("head", item), OK);
        assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
        assert_int_equal(look("cons2", id), OK);
        assert_int_equal(look("ncons", id), E_NOT_FOUND);
    }
}

/* What a step says; late: prepared while the patient agrees, and written after a withdrawal. */
static enum err part_said(const char *who, struct str id, const char *action, bool late,
                          const char **ret_said)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    enum err e = consilium_part(&rq, tx, id, str_z(action),
                                &(struct consilium_args){.role = role_of("ncons")});

    if (e == OK && late) {
        assert_int_equal(decide(false), OK);
    }
    e = e == OK ? store_commit(region.store, &rq, tx) : e;
    *ret_said = abroad_words(e, rq.err.detail);
    req_done(&rq);
    return e;
}

static void nobody_abroad_joins_after_it(void **state)
{
    (void)state;
    struct req rq;
    const char *said = NULL;

    two_countries();
    assert_int_equal(decide(true), OK);
    struct str case_id = a_case(&keep);
    struct str id = called(case_id);
    assert_int_equal(part_said("ncons", id, "accept", true, &said), E_UNPROCESSED);
    assert_ptr_equal(said, abroad_text(ABROAD_REFUSED));
    assert_false(in_team("ncons", item_of(id, 0).id));
    assert_int_equal(part_said("ncons", id, "accept", false, &said), E_NOT_FOUND);

    as(&rq, person_who(&keep, "asker")); /* whoever lets in */
    struct consilium *c = ARENA_NEW(rq.a, struct consilium);
    MUST(&rq, consilium_open(&rq, id, AUDIT_READ, c));
    struct consilium_member *m = &c->members[consilium_member(c, S("ncons")) - c->members];
    assert_true(m->shut);
    struct tx *tx = tx_new(&rq);
    enum err e = consilium_join(&rq, tx, c, m);
    assert_int_equal(e, E_UNPROCESSED);
    assert_ptr_equal(abroad_words(e, rq.err.detail), abroad_text(ABROAD_REFUSED));
    req_done(&rq);

    assert_int_equal(decide(true), OK);
    assert_int_equal(part("ncons", id, "decline", "Away", NULL, ""), OK);
    assert_int_equal(decide(false), OK);
    assert_int_equal(part_said("asker", id, "invite", false, &said), E_UNPROCESSED);
    assert_ptr_equal(said, abroad_text(ABROAD_REFUSED));
    assert_int_equal(decide(true), OK);
    assert_int_equal(part_said("asker", id, "invite", false, &said), OK);
    assert_int_equal(part_said("ncons", id, "accept", false, &said), OK);
    check_sees("ncons", case_id, id, true);
}

/* ---- visits ---- */

/* A wish of the i-th patient at the national centre: remote on a Monday, in person on a Tuesday. */
static struct booking_ask wish_abroad(unsigned patient, struct str schedule, bool remote,
                                      unsigned nth)
{
    struct booking_ask ask = a_wish(&keep, schedule, 0);

    ask.patient = another_patient(&keep, patient);
    ask.start_ms = midnight(a_day_later(remote ? 1 : 2, nth)) + (remote ? 9 : 14) * MS_HOUR;
    ask.remote = remote;
    ask.purpose = S("advice");
    return ask;
}

static enum err open_patient(const char *who, struct str patient)
{
    struct req rq;
    struct res_row row;

    as(&rq, person_who(&keep, who));
    enum err e = access_patient(&rq, patient, AUDIT_READ, &row);
    req_done(&rq);
    return e;
}

static void a_remote_visit_abroad_is_booked_by_consent(void **state)
{
    (void)state;
    struct booking_check c;
    struct booking b;

    two_countries();
    struct str at = a_schedule_at(&keep, "ncons", "national");
    const struct booking_ask remote = wish_abroad(0, at, true, 0);
    const struct booking_ask here = wish_abroad(0, at, false, 0);
    for (int asked = 0; asked <= 1; asked++) {
        assert_int_equal(asked ? decide_of(remote.patient, false) : OK, OK);
        assert_int_equal(try_book(&keep, "asker", &remote, &c, &b), E_UNPROCESSED);
        assert_int_equal(c.fault, BOOKING_RULE);
        assert_int_equal(c.verdict.reason, VISIT_ABROAD);
        assert_ptr_equal(booking_refusal(&c), visit_reason_text(VISIT_ABROAD));
        assert_true(booking_offers_in_person(&c));
    }
    assert_int_equal(try_book(&keep, "asker", &here, &c, &b), OK);
    assert_int_equal(b.state, BOOKING_BOOKED);
    assert_int_equal(open_patient("ncons", here.patient), E_NOT_FOUND); /* nothing opened */

    assert_int_equal(decide_of(remote.patient, true), OK);
    assert_int_equal(try_book(&keep, "asker", &remote, &c, &b), OK);
    assert_int_equal(open_patient("ncons", remote.patient), OK);
    assert_int_equal(decide_of(remote.patient, false), OK);
    assert_int_equal(open_patient("ncons", remote.patient), E_NOT_FOUND);
    assert_int_equal(try_move(&keep, "asker", b.id, "cancel", &because, &b), OK); /* it can end */
    assert_int_equal(b.state, BOOKING_CANCELLED);
    assert_int_equal(open_patient("ncons", remote.patient), E_NOT_FOUND);
}

static enum err begin_visit(const char *who, struct str id)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    struct visit_view *v = ARENA_NEW(rq.a, struct visit_view);

    enum err e = visit_load(&rq, id, AUDIT_READ, v);
    e = e == OK ? visit_begin(&rq, tx, v) : e;
    return end_with(&rq, tx, e);
}

/* The page of a visit, as who receives opens it. */
static enum err look_at_visit(const char *who, struct str id)
{
    struct req rq;

    as(&rq, person_who(&keep, who));
    struct visit_view *v = ARENA_NEW(rq.a, struct visit_view);
    enum err e = visit_load(&rq, id, AUDIT_READ, v);
    assert_ptr_equal(abroad_words(e, rq.err.detail), e == OK ? NULL : abroad_text(ABROAD_REFUSED));
    req_done(&rq);
    return e;
}

/* Withdrawn between the check and the commit, and while it is booked. */
static void a_visit_is_refused_at_the_commit(void **state)
{
    (void)state;
    struct req rq;
    struct booking_check c;
    struct booking b;
    struct booking moved;

    two_countries();
    struct str at = a_schedule_at(&keep, "ncons", "national");
    const struct booking_ask ask = wish_abroad(1, at, true, 1);
    assert_int_equal(decide_of(ask.patient, true), OK);
    struct tx *tx = begin(&rq, "asker");
    MUST(&rq, booking_make(&rq, tx, &ask, &c, &b));
    assert_int_equal(decide_of(ask.patient, false), OK);
    enum err e = store_commit(region.store, &rq, tx);
    assert_int_equal(e, E_UNPROCESSED);
    assert_ptr_equal(abroad_words(e, rq.err.detail), abroad_text(ABROAD_REFUSED));
    req_done(&rq);
    assert_int_equal(open_patient("ncons", ask.patient), E_NOT_FOUND);

    assert_int_equal(decide_of(ask.patient, true), OK);
    assert_int_equal(try_book(&keep, "asker", &ask, &c, &b), OK); /* the time was not lost */
    assert_int_equal(decide_of(ask.patient, false), OK);
    const struct booking_args later = {.start_ms = ask.start_ms + 20 * MS_MINUTE, .ret_check = &c};
    assert_int_equal(try_move(&keep, "asker", b.id, "move", &later, &moved), E_UNPROCESSED);
    assert_int_equal(c.verdict.reason, VISIT_ABROAD);
    region.now.ms = b.start_ms;
    assert_int_equal(try_move(&keep, "ncons", b.id, "arrive", NULL, &moved), E_UNPROCESSED);
    assert_int_equal(open_patient("ncons", ask.patient), E_NOT_FOUND);
    assert_int_equal(decide_of(ask.patient, true), OK);
    assert_int_equal(try_move(&keep, "ncons", b.id, "arrive", NULL, &moved), OK);
    assert_int_equal(open_patient("ncons", ask.patient), OK);

    assert_int_equal(decide_of(ask.patient, false), OK); /* the patient waits already */
    assert_int_equal(begin_visit("ncons", b.id), E_UNPROCESSED);
    assert_int_equal(look_at_visit("ncons", b.id), E_UNPROCESSED);
    assert_int_equal(open_patient("ncons", ask.patient), E_NOT_FOUND);
    assert_int_equal(decide_of(ask.patient, true), OK);
    assert_int_equal(look_at_visit("ncons", b.id), OK);
    assert_int_equal(begin_visit("ncons", b.id), OK);
    assert_int_equal(open_patient("ncons", ask.patient), OK);
    assert_int_equal(decide_of(ask.patient, false), OK);
    assert_int_equal(look_at_visit("ncons", b.id), OK); /* begun, it is ended there */
}

/* ---- lists of what has ended ---- */

/* Asked of the national centre for the i-th patient, accepted there, withdrawn. */
static struct str ended(unsigned patient)
{
    struct req rq;
    struct field typed[32];
    struct problems p = {.n = 0};
    bool already = false;
    struct fields f = a_request(&keep);
    struct str id = put_new_id(&keep);

    assert_true(f.n <= LEN(typed));
    memcpy(typed, f.v, f.n * sizeof *typed);
    typed[0].value = another_patient(&keep, patient);
    region.now.ms += 1000;
    struct tx *tx = begin(&rq, "asker");
    MUST(&rq, consult_submit(&rq, tx, id, &(struct fields){typed, f.n}, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(a_move(&keep, "coord", id, "reroute",
                            &(struct care_move_args){.service = S("nneuro"),
                                                     .reason = S("They know it")}), OK);
    assert_int_equal(a_move(&keep, "ncoord", id, "allocate",
                            &(struct care_move_args){.service = S("nneuro")}), OK);
    assert_int_equal(a_move(&keep, "ncons", id, "accept", NULL), OK);
    region.now.ms += 1000;
    assert_int_equal(a_move(&keep, "asker", id, "withdraw",
                            &(struct care_move_args){.reason = S("Not needed any more")}), OK);
    return id;
}

/* Pages of two; which of the cases stand on each: a digit, and one that ends the page. */
static void check_pages(const char *who, enum worklist list, const struct str *cases,
                        size_t n_cases, const char *want)
{
    char got[32] = "";
    int64_t older = 0;
    size_t n = 0;

    do {
        struct worklist_row rows[2];
        struct req rq;
        uint32_t shown = 0;
        int64_t before = older;
        as(&rq, person_who(&keep, who));
        MUST(&rq, consult_worklist(&rq, list, str_z(who), &older, rows, LEN(rows), &shown));
        for (uint32_t i = 0; i < shown; i++) {
            for (size_t k = 0; k < n_cases; k++) {
                if (str_eq(rows[i].row.id, cases[k])) {
                    got[n++] = (char)('0' + k);
                }
            }
        }
        got[n++] = '.';
        assert_true(older == 0 || before == 0 || older < before); /* it comes to an end */
        assert_true(n + 3 < sizeof got);
        req_done(&rq);
    } while (older != 0);
    assert_string_equal(got, want);
}

static void ended_ones_lead_on_past_what_is_shut(void **state)
{
    (void)state;
    struct str cases[5];

    two_countries();
    assert_int_equal(decide_of(another_patient(&keep, 2), true), OK);
    assert_int_equal(decide_of(another_patient(&keep, 3), true), OK);
    for (size_t i = 0; i < LEN(cases); i++) { /* from the oldest; two of another patient */
        cases[i] = ended(i == 2 || i == 3 ? 3 : 2);
    }
    check_pages("ncons", WORK_CONSULTANT_ENDED, cases, LEN(cases), "43.21.0.");
    assert_int_equal(decide_of(another_patient(&keep, 2), false), OK);
    check_pages("ncons", WORK_CONSULTANT_ENDED, cases, LEN(cases), "3.2..");
    assert_int_equal(decide_of(another_patient(&keep, 3), false), OK);
    check_pages("ncons", WORK_CONSULTANT_ENDED, cases, LEN(cases), "...");
    check_pages("asker", WORK_ASKER_ENDED, cases, LEN(cases), "43.21.0.");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_member_abroad_is_asked_by_consent), /* before any decision */
        cmocka_unit_test(a_withdrawal_shuts_it_for_who_is_abroad),
        cmocka_unit_test(those_at_home_go_on),
        cmocka_unit_test(nobody_abroad_joins_after_it),
        cmocka_unit_test(ended_ones_lead_on_past_what_is_shut),
        cmocka_unit_test(a_remote_visit_abroad_is_booked_by_consent),
        cmocka_unit_test(a_visit_is_refused_at_the_commit), /* the clock goes on here */
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
