/* care/allergy_test.c - allergies on top of a patient's pages: from requests, by their teams alone and on
 * record, and from resources; one named is not denied by a later answer. */
#include "care/care_fixture.h"

#include "care/allergy.h"

static struct req keep;

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* What a person reads of it; how many looks at cases were put on record. Texts live in keep. */
static struct allergies read_by(const char *person, unsigned *ret_looks)
{
    struct allergies a;
    struct res_row row;
    struct req rq;

    as(&rq, person_who(&keep, person));
    MUST(&rq, db_read(&rq, T_PATIENT, a_patient(&keep), &row));
    MUST(&rq, allergy_of_patient(&rq, row.rid, &a));
    for (uint32_t i = 0; i < a.n; i++) {
        a.texts[i] = arena_str(keep.a, a.texts[i]);
    }
    *ret_looks = rq.audit != NULL;
    req_done(&rq);
    return a;
}

/* An AllergyIntolerance on the patient. */
static void written(const char *code, const char *text, const char *verified)
{
    struct req rq;
    struct put p;
    struct str reaction = S("Urticaria");

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    put_begin(&p, &rq, tx, T_ALLERGY_INTOLERANCE, (struct str){0}, 4096);
    p.patient = a_patient(&keep);
    if (str_z(verified).n == 0) {
        put_concept(&p.o, S("clinicalStatus"), S("http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical"),
                    S("active"), (struct str){0}, (struct str){0});
    }
    put_concept(&p.o, S("verificationStatus"),
                S("http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"),
                str_z(verified).n > 0 ? str_z(verified) : S("confirmed"), (struct str){0}, (struct str){0});
    put_concept(&p.o, S("code"), str_z(code).n > 0 ? S("http://snomed.info/sct") : (struct str){0}, str_z(code),
                (struct str){0}, str_z(text));
    put_ref(&p.o, S("patient"), T_PATIENT, p.patient);
    if (str_z(code).n == 0) {
        json_k(&p.o, S("reaction"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_k(&p.o, S("manifestation"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("text"), reaction);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    MUST(&rq, put_end(&p));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void nothing_none_and_named(void **state)
{
    (void)state;
    unsigned looks = 0;

    (void)a_patient(&keep);
    assert_int_equal(read_by("asker", &looks).known, ALLERGY_NOTHING);
    written("716186003", "No known allergy", "");
    struct allergies a = read_by("asker", &looks);
    assert_int_equal(a.known, ALLERGY_NONE);
    assert_int_equal(a.n, 0);
    written("", "Iodine", "entered-in-error");
    assert_int_equal(read_by("asker", &looks).known, ALLERGY_NONE);
    written("", "Latex", "");
    a = read_by("asker", &looks);
    assert_int_equal(a.known, ALLERGY_YES);
    assert_int_equal(a.n, 1);
    assert_true(str_eq(a.texts[0], S("Latex: Urticaria")));
    assert_false(looks); /* all of it hangs on the patient */
}

static void a_request_tells_its_team_alone(void **state)
{
    (void)state;
    unsigned looks = 0;

    (void)a_case(&keep);
    (void)a_case(&keep);
    struct allergies a = read_by("asker", &looks);
    assert_int_equal(a.known, ALLERGY_YES);
    assert_int_equal(a.n, 2); /* the same words of two requests once */
    assert_true(str_eq(a.texts[1], S("Penicillin")));
    assert_true(looks);
    a = read_by("outsider", &looks);
    assert_int_equal(a.n, 1);
    assert_true(str_eq(a.texts[0], S("Latex: Urticaria")));
    assert_false(looks);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_none_and_named),
        cmocka_unit_test(a_request_tells_its_team_alone),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
