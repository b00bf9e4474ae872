/* care/people_test.c - signing in, lockout, roles, dismissal; the directory's proposals; patients: who finds
 * whom, and what is wrong with a registration. */
#include "care/care_fixture.h"

static struct req keep;

#define PASSWORD S("correct horse battery")

static int setup(void **state)
{
    struct req rq;
    struct str hash = {0};

    region_setup(state);
    as(&keep, NULL);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, PASSWORD, &hash));
    MUST(&rq, account_add(&rq, tx, S("asker"), S("asker"), hash, false));
    MUST(&rq, account_add(&rq, tx, S("feldsher"), S("feldsher"), hash, false));
    MUST(&rq, account_add(&rq, tx, S("coord"), S("coord"), hash, false));
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

static enum err try_sign_in(struct str login, struct str password, struct session *ret_session)
{
    struct req rq;

    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in(&rq, login, password, &(struct sign_in_from){{0}, {0}}, ret_session);
    req_done(&rq);
    return e;
}

static enum err whose(const struct session *s, struct str *ret_person)
{
    struct req rq;
    const struct who *w = NULL;

    as(&rq, NULL);
    rq.who = NULL;
    enum err e = who_by_session(&rq, (struct str){s->token, SESSION_LEN}, &w);
    if (e == OK) {
        *ret_person = arena_str(keep.a, w->person);
        assert_true(w->csrf.n > 20);
        assert_true(w->n_principals > 0);
    }
    req_done(&rq);
    return e;
}

static void a_login_that_does_not_exist_locks_like_one_that_does(void **state)
{
    (void)state;
    struct session s;

    for (uint32_t i = 0; i < region.care.lock_after; i++) {
        assert_int_equal(try_sign_in(S("ghost"), PASSWORD, &s), E_SIGN_IN);
    }
    assert_int_equal(try_sign_in(S("ghost"), PASSWORD, &s), E_LOCKED);
    region.now.ms += 31 * MS_SECOND;
    assert_int_equal(try_sign_in(S("ghost"), PASSWORD, &s), E_SIGN_IN);
}

static void nothing_is_cut_off_a_password(void **state)
{
    (void)state;
    struct req rq;
    struct session s;
    struct account acc;
    struct str hash = {0};
    char text[PASSWORD_MAX + 1];

    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i * 7 % 26);
    }
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, account_by_login(&rq, S("coord"), &acc));
    MUST(&rq, password_hash(&rq, (struct str){text, PASSWORD_MAX}, &hash));
    MUST(&rq, account_password_set(&rq, tx, &acc, hash, false));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(try_sign_in(S("coord"), (struct str){text, PASSWORD_MAX}, &s), OK);
    assert_int_equal(try_sign_in(S("coord"), (struct str){text, PASSWORD_MAX + 1}, &s), E_SIGN_IN);
    assert_int_equal(try_sign_in(S("coord"), (struct str){text, PASSWORD_MAX - 1}, &s), E_SIGN_IN);
    assert_int_equal(try_sign_in(S("coord"), (struct str){text, PASSWORD_MAX}, &s), OK);
}

static void a_session_begins_and_ends(void **state)
{
    (void)state;
    struct session s;
    struct str person = {0};

    assert_int_equal(try_sign_in(S("asker"), S("wrong password"), &s), E_SIGN_IN);
    assert_int_equal(try_sign_in(S("nobody"), PASSWORD, &s), E_SIGN_IN);
    assert_int_equal(try_sign_in(S("asker"), PASSWORD, &s), OK);
    assert_int_equal(whose(&s, &person), OK);
    assert_true(str_eq(person, S("asker")));
    struct session forged = s;
    forged.token[3] = forged.token[3] == 'a' ? 'b' : 'a';
    assert_int_equal(whose(&forged, &person), E_SIGN_IN);
    region.now.ms += 9 * MS_HOUR; /* idle too long */
    assert_int_equal(whose(&s, &person), E_SIGN_IN);
}

static void wrong_passwords_lock_for_a_while(void **state)
{
    (void)state;
    struct session s;

    for (int i = 0; i < 5; i++) {
        assert_int_equal(try_sign_in(S("coord"), S("guessing"), &s), E_SIGN_IN);
    }
    assert_int_equal(try_sign_in(S("coord"), PASSWORD, &s), E_LOCKED);
    region.now.ms += 31 * MS_SECOND;
    assert_int_equal(try_sign_in(S("coord"), S("guessing"), &s), E_SIGN_IN);
    region.now.ms += 31 * MS_SECOND; /* the wait has grown */
    assert_int_equal(try_sign_in(S("coord"), PASSWORD, &s), E_LOCKED);
    region.now.ms += MS_MINUTE;
    assert_int_equal(try_sign_in(S("coord"), PASSWORD, &s), OK);
}

struct attempt {
    struct os_thread thread;
    struct db *db;
    enum err e;
};

static void *attempt_run(void *ctx)
{
    struct attempt *a = ctx;
    struct session s;
    struct req rq;

    as(&rq, NULL);
    rq.db = a->db;
    rq.who = NULL;
    a->e = sign_in(&rq, S("asker"), S("all at once"), &(struct sign_in_from){{0}, {0}}, &s);
    req_done(&rq);
    return NULL;
}

/* However many wrong passwords come at once, no more are compared than would be one after the other. */
static void wrong_passwords_at_once_are_counted_exactly(void **state)
{
    (void)state;
    struct attempt all[16];
    struct session s;
    uint32_t compared = 0;

    for (size_t i = 0; i < LEN(all); i++) {
        all[i].db = store_db_open(region.store);
        assert_non_null(all[i].db);
    }
    for (size_t i = 0; i < LEN(all); i++) {
        assert_true(os_thread_start(&all[i].thread, "attempt", attempt_run, &all[i]));
    }
    for (size_t i = 0; i < LEN(all); i++) {
        os_thread_join(&all[i].thread);
        store_db_close(all[i].db);
    }
    for (size_t i = 0; i < LEN(all); i++) {
        assert_true(all[i].e == E_SIGN_IN || all[i].e == E_LOCKED);
        compared += all[i].e == E_SIGN_IN;
    }
    assert_int_equal(compared, region.care.lock_after);
    region.now.ms += MS_HOUR;
    assert_int_equal(try_sign_in(S("asker"), PASSWORD, &s), OK);
}

static void a_dismissed_person_is_out_at_once(void **state)
{
    (void)state;
    struct session s;
    struct str person = {0};
    struct req rq;
    char token[TOKEN_MAX];
    const struct who *w = NULL;
    struct account acc;

    assert_int_equal(try_sign_in(S("feldsher"), PASSWORD, &s), OK);
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("feldsher"), &acc));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, token_add(&rq, tx, &acc, S(""), S("laptop"), SCOPE_READ, (struct instant){0}, token));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, NULL);
    MUST(&rq, who_by_token(&rq, str_z(token), &w));
    assert_int_equal(w->scopes, SCOPE_READ);
    req_done(&rq);
    assert_int_equal(whose(&s, &person), OK);
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, person_dismiss(&rq, tx, S("feldsher")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(whose(&s, &person), E_SIGN_IN);
    as(&rq, NULL);
    assert_int_equal(who_by_token(&rq, str_z(token), &w), E_SIGN_IN);
    req_done(&rq);
    assert_int_equal(try_sign_in(S("feldsher"), PASSWORD, &s), E_SIGN_IN);
}

static void proposals_put_duty_and_nearness_first(void **state)
{
    (void)state;
    const struct directory *d = NULL;
    struct dir_proposal best[4];

    MUST(&keep, directory_get(&keep, &d));
    uint32_t n = dir_propose(d, S("hospital"), S("neurology"), true, keep.now, best, LEN(best));
    assert_int_equal(n, 2);
    assert_true(str_eq(d->services[best[0].service].id, S("neuro")));
    assert_int_equal(best[0].on_duty, 1);
    assert_int_equal(best[0].distance, 1);
    assert_int_equal(best[1].distance, 2);
    assert_int_equal(dir_propose(d, S("hospital"), S("oncology"), true, keep.now, best, 4), 0);
    assert_int_equal(dir_propose(d, S("hospital"), S("neurology"), true, keep.now, best, 1), 1);
    assert_true(str_eq(d->services[best[0].service].id, S("neuro")));
}

static enum err register_one(const char *as_person, const struct field *typed, uint32_t n,
                             struct problems *p, struct str *ret_id)
{
    struct req rq;
    struct str id = {0};

    as(&rq, person_who(&keep, as_person));
    struct tx *tx = tx_new(&rq);
    enum err e = patient_register(&rq, tx, &(struct fields){typed, n}, p, &id);
    if (id.n > 0) {
        *ret_id = arena_str(keep.a, id);
    }
    if (e != OK) {
        req_done(&rq);
        return e;
    }
    return commit_end(&rq, tx);
}

static bool names(const struct problems *p, const char *field)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->v[i].field, str_z(field))) {
            return true;
        }
    }
    return false;
}

static void registrations_are_checked(void **state)
{
    (void)state;
    struct problems p = {.n = 0};
    struct str id = {0};
    const struct field bad[] = {
        {S("family"), S("")}, {S("given"), S("Ёлка")}, {S("birth-date"), S("2999-01-01")},
        {S("sex"), S("male")}, {S("id-kind"), S("pinfl")}, {S("id"), S("31210632040245")},
    };
    assert_int_equal(register_one("asker", bad, LEN(bad), &p, &id), E_BAD_INPUT);
    assert_true(names(&p, "family") && names(&p, "birth-date") && names(&p, "id"));
    assert_true(str_eq(p.v[0].field, S("id"))); /* in the order of the form */
    assert_true(str_eq(p.v[p.n - 1].field, S("birth-date")));
    p.n = 0;
    const struct field empty[] = {{S("id-kind"), S("iin")}, {S("id"), S(" ")}};
    assert_int_equal(register_one("asker", empty, LEN(empty), &p, &id), E_BAD_INPUT);
    assert_true(str_starts(str_z(p.v[0].text), S("Enter the number")));
    p.n = 0;
    struct field good[] = {
        {S("family"), S("Ёлкин")}, {S("given"), S("Пётр")}, {S("birth-date"), S("1963-10-12")},
        {S("sex"), S("female")}, {S("id-kind"), S("pinfl")}, {S("id"), S("3121063 2040244")},
        {S("confirm"), S("")},
    };
    assert_int_equal(register_one("asker", good, LEN(good), &p, &id), E_BAD_INPUT);
    assert_true(names(&p, "confirm")); /* the number says a man */
    p.n = 0;
    good[6].value = S("true");
    assert_int_equal(register_one("asker", good, LEN(good), &p, &id), OK);
    struct str again = {0};
    assert_int_equal(register_one("outsider", good, LEN(good), &p, &again), E_CONFLICT);
    assert_true(str_eq(again, id));
}

static void who_finds_whom(void **state)
{
    (void)state;
    struct patient found;
    struct patient list[10];
    uint32_t n = 0;
    struct req rq;

    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, patient_find_name(&rq, S("елкин п"), S("1963-10-12"), list, LEN(list), &n));
    assert_int_equal(n, 1);
    assert_int_equal(list[0].may_see, true);
    req_done(&rq);
    as(&rq, person_who(&keep, "outsider"));
    MUST(&rq, patient_find_name(&rq, S("елкин"), S(""), list, LEN(list), &n));
    assert_int_equal(n, 0);
    MUST(&rq, patient_find_id(&rq, S("pinfl"), S("31210632040244"), &found));
    assert_false(found.may_see);
    assert_true(str_eq(found.family, S("Ёлкин")));
    assert_int_equal(patient_get(&rq, found.id, &found), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(patient_find_id(&rq, S("pinfl"), S("31210632040245"), &found), E_BAD_INPUT);
    req_done(&rq);
    as(&rq, person_who(&keep, "auditor"));
    assert_int_equal(patient_find_id(&rq, S("pinfl"), S("31210632040244"), &found), E_FORBIDDEN);
    req_done(&rq);
}

static void somebody_unknown_can_be_treated(void **state)
{
    (void)state;
    struct problems p = {.n = 0};
    struct str id = {0};
    struct patient patient;
    struct req rq;
    const struct field typed[] = {{S("unidentified"), S("true")}, {S("sex"), S("male")},
                                  {S("age"), S("40")}, {S("note"), S("Man, about 40, no papers")}};
    assert_int_equal(register_one("asker", typed, LEN(typed), &p, &id), OK);
    as(&rq, person_who(&keep, "asker2"));
    MUST(&rq, patient_get(&rq, id, &patient));
    assert_true(patient.unidentified);
    assert_int_equal(patient.age_years, 40);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_begins_and_ends),
        cmocka_unit_test(a_login_that_does_not_exist_locks_like_one_that_does),
        cmocka_unit_test(wrong_passwords_lock_for_a_while),
        cmocka_unit_test(wrong_passwords_at_once_are_counted_exactly),
        cmocka_unit_test(a_dismissed_person_is_out_at_once),
        cmocka_unit_test(proposals_put_duty_and_nearness_first),
        cmocka_unit_test(registrations_are_checked),
        cmocka_unit_test(who_finds_whom),
        cmocka_unit_test(somebody_unknown_can_be_treated),
        cmocka_unit_test(nothing_is_cut_off_a_password),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
