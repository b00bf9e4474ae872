/* care/allergy_test.c - allergies on top of a patient's pages: from requests, by their teams alone and on
 * record, and from resources; one named is not denied by a later answer; what does not fit says so. */
#include "care/care_fixture.h"

#include "care/allergy.h"
#include "codec/utf8.h"

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
static struct allergies read_by(struct str patient, const char *person, unsigned *ret_looks)
{
    struct allergies a;
    struct res_row row;
    struct req rq;

    as(&rq, person_who(&keep, person));
    MUST(&rq, db_read(&rq, T_PATIENT, patient, &row));
    MUST(&rq, allergy_of_patient(&rq, row.rid, &a));
    for (uint32_t i = 0; i < a.n; i++) {
        a.texts[i] = arena_str(keep.a, a.texts[i]);
    }
    *ret_looks = rq.audit != NULL;
    req_done(&rq);
    return a;
}

/* One code of FHIR's. */
static void code(struct put *p, const char *key, const char *system, const char *value)
{
    put_concept(&p->o, str_z(key), str_z(system), str_z(value), (struct str){0}, (struct str){0});
}

/* An AllergyIntolerance of a patient. */
static void put_allergy(struct req *rq, struct tx *tx, struct str patient, const char *snomed, struct str text,
                        const char *verified)
{
    struct put p;

    put_begin(&p, rq, tx, T_ALLERGY_INTOLERANCE, (struct str){0}, 4096);
    p.patient = patient;
    if (str_z(verified).n == 0) {
        code(&p, "clinicalStatus", "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "active");
    }
    code(&p, "verificationStatus", "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification",
         str_z(verified).n > 0 ? verified : "confirmed");
    put_concept(&p.o, S("code"), str_z(snomed).n > 0 ? S("http://snomed.info/sct") : (struct str){0},
                str_z(snomed), (struct str){0}, text);
    put_ref(&p.o, S("patient"), T_PATIENT, patient);
    if (str_z(snomed).n == 0) {
        json_k(&p.o, S("reaction"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_k(&p.o, S("manifestation"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("text"), S("Urticaria"));
        json_obj_end(&p.o);
        json_arr_end(&p.o);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    MUST(rq, put_end(&p));
}

static void written(const char *snomed, const char *text, const char *verified)
{
    struct req rq;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    put_allergy(&rq, tx, a_patient(&keep), snomed, str_z(text), verified);
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* So many on a patient, named "Allergen 100" and on, or in these words. */
static void many(struct str patient, unsigned n, const char *words, const char *verified)
{
    struct req rq;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (unsigned i = 0; i < n; i++) {
        struct buf b;
        buf_init(&b, rq.a, 4096);
        buf_str(&b, words != NULL ? str_z(words) : S("Allergen "));
        if (words == NULL) {
            buf_u64(&b, 100 + i);
        }
        put_allergy(&rq, tx, patient, "", buf_get(&b), verified);
    }
    assert_int_equal(commit_end(&rq, tx), OK);
}

static struct str another_patient(const char *family)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str got = {0};
    const struct field typed[] = {
        {SI("family"), str_z(family)}, {SI("given"), SI("Дана")},
        {SI("birth-date"), SI("1980-01-02")}, {SI("sex"), SI("female")},
    };

    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &got));
    got = arena_str(keep.a, got);
    assert_int_equal(commit_end(&rq, tx), OK);
    return got;
}

static void nothing_none_and_named(void **state)
{
    (void)state;
    unsigned looks = 0;

    (void)a_patient(&keep);
    assert_int_equal(read_by(a_patient(&keep), "asker", &looks).known, ALLERGY_NOTHING);
    written("716186003", "No known allergy", "");
    struct allergies a = read_by(a_patient(&keep), "asker", &looks);
    assert_int_equal(a.known, ALLERGY_NONE);
    assert_int_equal(a.n, 0);
    written("", "Iodine", "entered-in-error");
    assert_int_equal(read_by(a_patient(&keep), "asker", &looks).known, ALLERGY_NONE);
    written("", "Latex", "");
    a = read_by(a_patient(&keep), "asker", &looks);
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
    struct allergies a = read_by(a_patient(&keep), "asker", &looks);
    assert_int_equal(a.known, ALLERGY_YES);
    assert_int_equal(a.n, 2); /* the same words of two requests once */
    assert_true(str_eq(a.texts[1], S("Penicillin")));
    assert_true(looks);
    a = read_by(a_patient(&keep), "outsider", &looks);
    assert_int_equal(a.n, 1);
    assert_true(str_eq(a.texts[0], S("Latex: Urticaria")));
    assert_false(looks);
}

/* How a text that was written comes back. */
static void cut(const char *family, size_t n, bool with_ellipsis)
{
    char words[600] = "";
    unsigned looks = 0;
    struct str patient = another_patient(family);

    for (size_t at = 0; at < n; at += 2) { /* two bytes each */
        memcpy(words + at, "ж", 2);
    }
    many(patient, 1, words, "");
    struct allergies a = read_by(patient, "asker", &looks);
    assert_int_equal(a.n, 1);
    assert_int_equal(str_ends(a.texts[0], S("…")), with_ellipsis);
    assert_true(utf8_is_valid(a.texts[0]));
    assert_true(a.texts[0].n <= ALLERGY_TEXT_MAX + S("…").n);
    assert_false(a.more);
}

static void what_does_not_fit_says_so(void **state)
{
    (void)state;
    unsigned looks = 0;

    /* a text, with ": Urticaria" behind it */
    cut("Ровно", 288, false);
    cut("Длиннее", 290, true);
    cut("Намного", 598, true);

    /* names */
    struct str patient = another_patient("Много");
    many(patient, ALLERGIES_MAX, NULL, "");
    many(patient, 1, "Allergen 101", ""); /* one that is named */
    struct allergies a = read_by(patient, "asker", &looks);
    assert_int_equal(a.n, ALLERGIES_MAX);
    assert_false(a.more);
    many(patient, 1, "Latex", "");
    a = read_by(patient, "asker", &looks);
    assert_int_equal(a.n, ALLERGIES_MAX);
    assert_true(str_eq(a.texts[0], S("Latex: Urticaria")));
    assert_true(a.more);

    /* resources: the oldest is one too many to be looked at */
    patient = another_patient("Давно");
    many(patient, 1, "Latex", "");
    many(patient, 199, "Iodine", "entered-in-error");
    a = read_by(patient, "asker", &looks);
    assert_int_equal(a.n, 1);
    assert_false(a.more);
    many(patient, 1, "Iodine", "entered-in-error");
    a = read_by(patient, "asker", &looks);
    assert_int_equal(a.known, ALLERGY_NOTHING);
    assert_true(a.more);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_none_and_named),
        cmocka_unit_test(a_request_tells_its_team_alone),
        cmocka_unit_test(what_does_not_fit_says_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
