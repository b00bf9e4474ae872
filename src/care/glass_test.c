/* care/glass_test.c - openings with a reason: told to those in charge, reviewed by one of them. */
#include "care/care_fixture.h"
#include "care/glass.h"
#include "care/job.h"

static struct req keep;

static void opened(struct str id, const char *person)
{
    struct req rq;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, glass_break(&rq, tx, id, S("The patient was brought to us unconscious")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* The opening of a case as the auditor sees it, the one that waits first; lives in keep. */
static struct glass opening_of(struct str id)
{
    static struct glass all[50];
    const struct glass *found = NULL;
    uint32_t n = 0;
    keep.who = person_who(&keep, "auditor");
    MUST(&keep, glass_list(&keep, GLASS_LIST_ALL, 0, all, LEN(all), &n));
    keep.who = &who_system;
    for (uint32_t i = 0; i < n; i++) {
        bool better = found == NULL || all[i].verdict == GLASS_WAITS;
        found = str_eq(all[i].case_id, id) && better ? &all[i] : found;
    }
    assert_non_null(found);
    return *found;
}

static bool is_told(const char *person, enum notice_kind kind, struct str subject)
{
    struct req rq;
    bool told = false;
    as(&rq, NULL);
    MUST(&rq, notice_was_told(&rq, str_z(person), kind, subject, 0, &told));
    req_done(&rq);
    return told;
}

static enum err review(const char *person, struct str id, bool justified, struct str remark)
{
    struct req rq;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    return end_with(&rq, tx, glass_review(&rq, tx, id, justified, remark));
}

static bool sees(const char *person, struct str id)
{
    struct req rq;
    enum audit_why why = WHY_NONE;
    as(&rq, person_who(&keep, person));
    struct case_row row = row_of(&keep, id);
    MUST(&rq, access_why(&rq, &row, &why));
    req_done(&rq);
    return why != WHY_NOT_TEAM;
}

static uint32_t waiting(const char *person, struct instant *ret_oldest)
{
    struct req rq;
    uint32_t n = 0;
    as(&rq, person_who(&keep, person));
    MUST(&rq, glass_waiting(&rq, &n, ret_oldest));
    req_done(&rq);
    return n;
}

static void those_in_charge_are_told(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct instant oldest = {0};
    uint32_t before = waiting("head", &oldest);
    opened(id, "outsider");
    struct glass g = opening_of(id);
    assert_true(str_eq(g.case_id, id));
    assert_true(str_eq(g.person, S("outsider")));
    assert_true(str_eq(g.role, S("doctor")));
    assert_int_equal(g.until.ms - g.at.ms, GLASS_HOURS * MS_HOUR);
    /* the hospital has no head of its own: the centre above it has */
    assert_true(is_told("head", NOTICE_GLASS, g.id));
    assert_true(is_told("auditor", NOTICE_GLASS, g.id));
    assert_false(is_told("outsider", NOTICE_GLASS, g.id));
    assert_false(is_told("coord", NOTICE_GLASS, g.id));
    assert_int_equal(waiting("head", &oldest), before + 1);
    assert_int_equal(waiting("asker", &oldest), 0);
}

static void the_reason_stays_and_what_was_read(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct case_row row;
    struct str reason = {0};
    struct audit_row looks[20];
    size_t n = 0;
    opened(id, "outsider");
    as(&rq, person_who(&keep, "outsider"));
    MUST(&rq, access_case(&rq, id, AUDIT_READ, &row));
    MUST(&rq, store_commit_audit(region.store, &rq));
    req_done(&rq);
    struct glass g = opening_of(id);
    as(&rq, person_who(&keep, "head"));
    MUST(&rq, glass_reason(&rq, &g, &reason));
    assert_true(str_eq(reason, S("The patient was brought to us unconscious")));
    MUST(&rq, glass_looks(&rq, &g, looks, LEN(looks), &n));
    assert_true(n >= 2);
    for (size_t i = 0; i < n; i++) {
        assert_true(str_eq(looks[i].actor, S("outsider")));
        assert_true(looks[i].at.ms >= g.at.ms);
    }
    assert_int_equal(looks[0].why, WHY_BREAK_GLASS);
    req_done(&rq);
}

static void nobody_else_reads_it(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct glass g = {.case_rid = 77};
    opened(id, "outsider");
    struct glass made = opening_of(id);
    as(&rq, person_who(&keep, "coord"));
    assert_int_equal(glass_get(&rq, made.id, &g), E_NOT_FOUND);
    assert_int_equal(g.case_rid, 77);
    assert_int_equal(rq.audit->action, AUDIT_DENY);
    err_clear(&rq);
    uint32_t n = 9;
    assert_int_equal(glass_list(&rq, GLASS_LIST_ALL, 0, &g, 1, &n), E_FORBIDDEN);
    err_clear(&rq);
    req_done(&rq);
    as(&rq, person_who(&keep, "outsider")); /* the own one */
    MUST(&rq, glass_get(&rq, made.id, &g));
    assert_int_equal(rq.audit->why, WHY_OWN);
    req_done(&rq);
    assert_int_equal(review("outsider", made.id, true, S("")), E_FORBIDDEN);
    assert_int_equal(review("coord", made.id, true, S("")), E_NOT_FOUND);
    assert_int_equal(opening_of(id).verdict, GLASS_WAITS);
}

static void justified_it_goes_on(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    opened(id, "outsider");
    struct glass g = opening_of(id);
    assert_int_equal(review("head", g.id, true, S("")), OK);
    assert_true(sees("outsider", id));
    g = opening_of(id);
    assert_int_equal(g.verdict, GLASS_JUSTIFIED);
    assert_true(str_eq(g.reviewer, S("head")));
    assert_true(is_told("outsider", NOTICE_GLASS_REVIEWED, g.id));
    /* once */
    assert_int_equal(review("auditor", g.id, false, S("No emergency at all")), E_STALE);
}

static void not_justified_it_ends_at_once(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    struct req rq;
    struct instant until;
    opened(id, "outsider");
    struct glass g = opening_of(id);
    assert_int_equal(review("auditor", g.id, false, S("no")), E_BAD_INPUT);
    assert_true(sees("outsider", id));
    assert_int_equal(review("auditor", g.id, false, S("No emergency at all")), OK);
    assert_false(sees("outsider", id));
    g = opening_of(id);
    assert_int_equal(g.verdict, GLASS_NOT_JUSTIFIED);
    assert_false(glass_holds(&g, region.now));
    as(&rq, NULL);
    MUST(&rq, access_glass_until(&rq, id, S("outsider"), &until)); /* its job is gone, too */
    assert_int_equal(until.ms, 0);
    req_done(&rq);
    /* it may be opened again, and that is another review */
    opened(id, "outsider");
    assert_int_equal(opening_of(id).verdict, GLASS_WAITS);
}

/* A head of another branch is not in charge; one above is. */
static void heads_of_others_do_not(void **state)
{
    (void)state;
    struct req rq;
    struct str role = {0};
    struct str id = a_case(&keep);
    struct instant oldest = {0};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = S("cons2"), .org = S("other"), .code = S("head")},
                       &role));
    MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = S("cons1"), .org = S("national"), .code = S("head")},
                       &role));
    assert_int_equal(commit_end(&rq, tx), OK);
    opened(id, "outsider");
    struct glass g = opening_of(id);
    static const struct {
        const char *person;
        bool may;
    } heads[] = {{"cons2", false}, {"cons1", true}};
    for (size_t i = 0; i < LEN(heads); i++) {
        struct who *w = (struct who *)(uintptr_t)person_who(&keep, heads[i].person);
        bool may = !heads[i].may;
        w->active = w->roles[0].rights & MAY_HEAD ? 0 : 1;
        w->rights = w->roles[w->active].rights;
        as(&rq, w);
        MUST(&rq, glass_may_review(&rq, &g, &may));
        assert_int_equal(may, heads[i].may);
        uint32_t n = 0;
        MUST(&rq, glass_waiting(&rq, &n, &oldest));
        assert_int_equal(n > 0, heads[i].may);
        req_done(&rq);
    }
}

/* A head who opened a case reviews it not, whatever they head. */
static void never_ones_own(void **state)
{
    (void)state;
    struct req rq;
    struct str role = {0};
    struct str id = a_case(&keep);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = S("ncoord"), .org = S("national"), .code = S("head")},
                       &role));
    assert_int_equal(commit_end(&rq, tx), OK);
    opened(id, "ncoord");
    struct glass g = opening_of(id);
    struct who *both = (struct who *)(uintptr_t)person_who(&keep, "ncoord");
    both->active = 1;
    both->rights = both->roles[1].rights | both->roles[0].rights;
    bool may = true;
    as(&rq, both);
    MUST(&rq, glass_may_review(&rq, &g, &may));
    assert_false(may);
    req_done(&rq);
}

static int begin(void **state)
{
    int e = region_setup(state);
    as(&keep, NULL);
    return e;
}

static int end(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_in_charge_are_told),
        cmocka_unit_test(the_reason_stays_and_what_was_read),
        cmocka_unit_test(nobody_else_reads_it),
        cmocka_unit_test(justified_it_goes_on),
        cmocka_unit_test(not_justified_it_ends_at_once),
        cmocka_unit_test(heads_of_others_do_not),
        cmocka_unit_test(never_ones_own),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
