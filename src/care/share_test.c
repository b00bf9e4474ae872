/* care/share_test.c - a link gives a study to who holds it, for as long as it was said and no longer; who may
 * make one. */
#include "care/imaging_testing.h"
#include "care/share.h"

static struct share_ask usual(const char *study)
{
    return (struct share_ask){.study = str_z(study), .receiver = S("Clinic"), .how = SHARE_AS_IS,
                              .reason = S("second reading"), .opens = 2, .days = 2, .consent = true};
}

static enum err make(const char *person, struct str case_id, const struct share_ask *ask,
                     struct share_made *ret_made)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = share_make(&rq, tx, case_id, ask, ret_made);
    if (e == OK) {
        return commit_end(&rq, tx);
    }
    req_done(&rq);
    return e;
}

static enum err open_link(const char *token, const char *code, bool *ret_right, uint32_t *ret_images)
{
    struct req rq;
    struct share s;
    struct dicom_study study;

    as(&rq, NULL);
    rq.who = NULL; /* a stranger */
    struct tx *tx = tx_new(&rq);
    enum err e = share_open(&rq, tx, str_z(token), str_z(code), &s, &study, ret_right);
    if (e == OK) {
        *ret_images = study.n_instances;
        return commit_end(&rq, tx);
    }
    req_done(&rq);
    return e;
}

static struct str a_case_with(const char *study, const char *sop)
{
    struct str id = a_case(&keep);
    const struct image_from from = {.source = S("upload:asker"), .key = id};
    struct made m = hers(study, sop);

    assert_int_equal(send_as(person_who(&keep, "asker"), &from, &m).fate, IMAGE_STORED);
    return id;
}

static void those_who_ask_and_answer_share(void **state)
{
    (void)state;
    static const struct {
        const char *person;
        enum err e;
    } rows[] = {{"asker", OK},
                {"asker2", OK}, /* of the asking organisation */
                {"cons1", OK},  /* of the answering service */
                {"coord", E_FORBIDDEN},
                {"ncons", E_NOT_FOUND},
                {"outsider", E_NOT_FOUND},
                {"feldsher", E_NOT_FOUND},
                {"auditor", E_NOT_FOUND}};
    struct str id = a_case_with("1.2.5.100", "1.2.5.100.1");
    struct share_ask ask = usual("1.2.5.100");
    struct share_made made;

    for (size_t i = 0; i < LEN(rows); i++) {
        enum err e = make(rows[i].person, id, &ask, &made);
        if (e != rows[i].e) {
            print_message("%s: %d\n", rows[i].person, (int)e);
        }
        assert_int_equal(e, rows[i].e);
    }
    ask.consent = false;
    assert_int_equal(make("asker", id, &ask, &made), E_BAD_INPUT);
    ask = usual("1.2.5.100");
    ask.days = SHARE_DAYS_MAX + 1;
    assert_int_equal(make("asker", id, &ask, &made), E_BAD_INPUT);
    struct str other = a_case(&keep);
    ask = usual("1.2.5.100");
    assert_int_equal(make("asker", other, &ask, &made), E_NOT_FOUND); /* it does not show the study */
}

static void a_link_ends(void **state)
{
    (void)state;
    struct str id = a_case_with("1.2.5.200", "1.2.5.200.1");
    struct share_ask ask = usual("1.2.5.200");
    struct share_made made;
    bool right = false;
    uint32_t n = 0;

    assert_int_equal(make("asker", id, &ask, &made), OK);
    assert_int_equal(open_link("aaaaaaaaaaaaaaaaaaaaaaaaaa", "", &right, &n), E_NOT_FOUND);
    assert_int_equal(open_link(made.token, "", &right, &n), OK);
    assert_true(right);
    assert_int_equal(open_link(made.token, "", &right, &n), OK);
    assert_int_equal(open_link(made.token, "", &right, &n), E_NOT_FOUND); /* used up */

    assert_int_equal(make("asker", id, &ask, &made), OK);
    region.now.ms += ask.days * MS_DAY;
    assert_int_equal(open_link(made.token, "", &right, &n), E_NOT_FOUND); /* expired */

    ask.code = true;
    assert_int_equal(make("asker", id, &ask, &made), OK);
    for (int i = 0; i < SHARE_WRONG_MAX; i++) {
        assert_int_equal(open_link(made.token, "x", &right, &n), OK);
        assert_false(right);
    }
    assert_int_equal(open_link(made.token, made.code, &right, &n), E_NOT_FOUND); /* tried too often */

    ask.code = false;
    assert_int_equal(make("asker", id, &ask, &made), OK);
    struct req rq;
    struct share list[SHARES_MAX];
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, share_list(&rq, id, list, &n));
    struct tx *tx = tx_new(&rq);
    assert_int_equal(share_end(&rq, tx, a_case(&keep), list[0].id), OK); /* of another case: */
    assert_int_equal(commit_end(&rq, tx), E_STALE);                       /* nothing */
    for (uint32_t i = 0; i < n; i++) {
        as(&rq, person_who(&keep, "cons2"));
        MUST(&rq, share_list(&rq, id, list, &n));
        tx = tx_new(&rq);
        MUST(&rq, share_end(&rq, tx, id, list[i].id));
        (void)commit_end(&rq, tx);
    }
    assert_int_equal(open_link(made.token, "", &right, &n), E_NOT_FOUND); /* revoked */
}

/* What comes later was looked at by nobody who shared it. */
static void a_link_gives_what_was_there(void **state)
{
    (void)state;
    struct str id = a_case_with("1.2.5.300", "1.2.5.300.1");
    const struct image_from from = {.source = S("upload:asker"), .key = id};
    const struct share_ask ask = usual("1.2.5.300");
    struct made m = hers("1.2.5.300", "1.2.5.300.2");
    struct share_made made;
    bool right = false;
    uint32_t n = 0;

    assert_int_equal(make("asker", id, &ask, &made), OK);
    region.now.ms += 1;
    assert_int_equal(send_as(person_who(&keep, "asker"), &from, &m).fate, IMAGE_STORED);
    assert_int_equal(open_link(made.token, "", &right, &n), OK);
    assert_int_equal(n, 1);
    assert_int_equal(make("asker", id, &ask, &made), OK);
    assert_int_equal(open_link(made.token, "", &right, &n), OK);
    assert_int_equal(n, 2);

    /* a study that has left goes out no more */
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, imaging_remove(&rq, tx, S("1.2.5.300"), S("retention")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(open_link(made.token, "", &right, &n), E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_who_ask_and_answer_share),
        cmocka_unit_test(a_link_ends),
        cmocka_unit_test(a_link_gives_what_was_there),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
