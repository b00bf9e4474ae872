/* fhir/scope_test.c - the words of scopes, what they open, and what of them is granted. What they do to
 * searches and writes is shown in tests/http and tests/smart. */
#include "fhir/scope.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static int setup(void **state)
{
    static struct req rq;
    req_init(&rq, 1 << 20, (struct instant){0});
    *state = &rq;
    return 0;
}

static int teardown(void **state)
{
    req_done(*state);
    return 0;
}

static struct fhir_scopes parse(struct req *rq, const char *text, uint32_t *ret_unknown)
{
    struct fhir_scopes s;
    assert_int_equal(scope_parse(rq, str_z(text), &s, ret_unknown), OK);
    return s;
}

static void words(void **state)
{
    static const struct {
        const char *word;
        unsigned ops; /* 0: no scope */
        enum fhir_type type;
        enum scope_level level;
    } cases[] = {
        {"patient/Observation.read", OP_READ | OP_SEARCH, T_OBSERVATION, LEVEL_PATIENT},
        {"user/*.write", OP_CREATE | OP_UPDATE | OP_DELETE, T_NONE, LEVEL_USER},
        {"user/*.*", OP_ALL, T_NONE, LEVEL_USER},
        {"system/Patient.cruds", OP_ALL, T_PATIENT, LEVEL_SYSTEM},
        {"user/Task.u", OP_UPDATE, T_TASK, LEVEL_USER},
        {"user/Observation.rs?category=vital-signs", OP_READ | OP_SEARCH, T_OBSERVATION, LEVEL_USER},
        {"user/Observation.sr", 0, T_NONE, LEVEL_USER},
        {"user/Observation.rr", 0, T_NONE, LEVEL_USER},
        {"user/Observation.", 0, T_NONE, LEVEL_USER},
        {"user/Observation", 0, T_NONE, LEVEL_USER},
        {"user/Observation.x", 0, T_NONE, LEVEL_USER},
        {"user/Observation.rs?", 0, T_NONE, LEVEL_USER},
        {"user/*.rs?status=final", 0, T_NONE, LEVEL_USER},
        {"user/Nothing.read", 0, T_NONE, LEVEL_USER},
        {"admin/Patient.read", 0, T_NONE, LEVEL_USER},
        {"Patient.read", 0, T_NONE, LEVEL_USER},
        {"user/Patient.READ", 0, T_NONE, LEVEL_USER},
    };
    struct req *rq = *state;
    for (size_t i = 0; i < LEN(cases); i++) {
        uint32_t unknown = 0;
        struct fhir_scopes s = parse(rq, cases[i].word, &unknown);
        assert_int_equal(s.n, cases[i].ops != 0 ? 1 : 0);
        assert_int_equal(unknown, cases[i].ops != 0 ? 0 : 1);
        if (s.n == 1) {
            assert_int_equal(s.v[0].ops, cases[i].ops);
            assert_int_equal(s.v[0].type, cases[i].type);
            assert_int_equal(s.v[0].level, cases[i].level);
        }
    }
    struct fhir_scopes s = parse(rq, "openid  fhirUser launch/patient offline_access", NULL);
    assert_int_equal(s.n, 0);
    assert_int_equal(s.marks, SCOPE_OPENID | SCOPE_FHIR_USER | SCOPE_LAUNCH_PATIENT | SCOPE_OFFLINE);
}

static void what_they_open(void **state)
{
    struct req *rq = *state;
    struct fhir_scopes s = parse(rq, "user/Observation.rs?status=final patient/Condition.read user/Task.u", NULL);
    int64_t rid = 9;
    assert_true(scope_allows(NULL, T_PATIENT, OP_ALL));
    assert_true(scope_is_free(NULL, T_PATIENT, OP_ALL));
    assert_true(scope_allows(&s, T_OBSERVATION, OP_READ));
    assert_false(scope_allows(&s, T_OBSERVATION, OP_CREATE));
    assert_false(scope_is_free(&s, T_OBSERVATION, OP_READ));
    assert_true(scope_allows(&s, T_CONDITION, OP_SEARCH));
    assert_false(scope_is_free(&s, T_CONDITION, OP_SEARCH));
    assert_false(scope_allows(&s, T_PATIENT, OP_ALL));
    assert_true(scope_is_free(&s, T_TASK, OP_UPDATE));
    assert_false(scope_allows(&s, T_NONE, OP_READ));
    s.patient_rid = 5;
    assert_true(scope_is_one_patient(&s, T_CONDITION, OP_READ, &rid));
    assert_int_equal(rid, 5);
    assert_false(scope_is_one_patient(&s, T_TASK, OP_UPDATE, &rid));
    assert_false(scope_is_one_patient(&s, T_ORGANIZATION, OP_READ, &rid));
    struct fhir_scopes all = parse(rq, "user/*.read user/*.write", NULL);
    assert_true(scope_is_free(&all, T_NONE, OP_READ));
    assert_true(scope_is_free(&all, T_OBSERVATION, OP_DELETE));
}

static void what_is_granted(void **state)
{
    static const struct {
        const char *wanted;
        const char *allowed;
        const char *granted;
    } cases[] = {
        {"user/Observation.read", "user/*.read", "user/Observation.read"},
        {"user/Observation.*", "user/*.read", "user/Observation.rs"},
        {"user/*.read", "user/Observation.rs user/Patient.r", "user/Observation.rs user/Patient.r"},
        {"user/Observation.rs", "user/Observation.rs?status=final", "user/Observation.rs?status=final"},
        {"user/Observation.rs?status=final", "user/*.cruds", "user/Observation.rs?status=final"},
        {"user/Observation.rs?a=1", "user/Observation.r?b=2", "user/Observation.r?a=1&b=2"},
        {"system/*.read", "user/*.read", ""},
        {"patient/*.read", "user/*.read", ""},
        {"openid fhirUser launch user/Task.r", "openid user/Task.cruds", "openid user/Task.r"},
        {"user/Task.cruds", "user/*.read user/*.write", "user/Task.rs user/Task.cud"},
        {"user/Task.rs", "user/*.rs user/Task.rs", "user/Task.rs"},
        {"offline_access", "user/*.read", ""},
    };
    struct req *rq = *state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct fhir_scopes wanted = parse(rq, cases[i].wanted, NULL);
        struct fhir_scopes allowed = parse(rq, cases[i].allowed, NULL);
        struct str text;
        assert_int_equal(scope_meet(rq, &wanted, &allowed, &text), OK);
        assert_string_equal(arena_cstr(rq->a, text), cases[i].granted);
    }
}

static void what_covers(void **state)
{
    struct req *rq = *state;
    struct fhir_scopes have = parse(rq, "openid user/*.read user/Task.cud user/Condition.rs?code=1", NULL);
    static const struct {
        const char *wanted;
        bool covered;
    } cases[] = {
        {"user/Task.cruds", true},       {"user/Task.r openid", true},
        {"user/*.cruds", false},         {"user/Condition.rs?code=1", true},
        {"system/*.read", false},        {"launch", false},
        {"user/Patient.rs?name=A", true}, {"user/Condition.c?code=1", false},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct fhir_scopes wanted = parse(rq, cases[i].wanted, NULL);
        assert_int_equal(scope_covers(&have, &wanted), cases[i].covered);
    }
}

static void too_much(void **state)
{
    struct req *rq = *state;
    struct fhir_scopes s;
    struct buf b;
    buf_init(&b, rq->a, SCOPE_TEXT_MAX + 100);
    for (size_t i = 0; i <= SCOPE_ROWS_MAX; i++) {
        BUF_LIT(&b, "user/Task.r ");
    }
    assert_int_equal(scope_parse(rq, buf_get(&b), &s, NULL), E_TOO_LARGE);
    err_clear(rq);
    while (b.n <= SCOPE_TEXT_MAX && buf_ok(&b)) {
        BUF_LIT(&b, " ");
    }
    assert_int_equal(scope_parse(rq, buf_get(&b), &s, NULL), E_TOO_LARGE);
    err_clear(rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(words, setup, teardown),
        cmocka_unit_test_setup_teardown(what_they_open, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_granted, setup, teardown),
        cmocka_unit_test_setup_teardown(what_covers, setup, teardown),
        cmocka_unit_test_setup_teardown(too_much, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
