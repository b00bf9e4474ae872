/* care/sign_case_test.c - the conclusion of a case from the typed form to the public check: what was
 * shown is what is signed; wrong people, wrong passwords, old previews and doubles change nothing. */
#include "care/sign_fixture.h"
#include "care/imaging.h"
#include "care/mark.h"
#include "care/verify.h"
#include "dicom/dicom_testing.h"
#include "store/audit.h"

#define BY_PASSWORD (&(struct sign_means){.password = S(PASSWORD)})

static int setup(void **state)
{
    static const char *const people[] = {"cons1", "cons2"};
    return sign_setup(state, people, LEN(people));
}

/* A case the first consultant has accepted. */
static struct str accepted(struct req *keep)
{
    struct str id = a_case(keep);
    struct care_move_args to = {.service = S("neuro")};
    assert_int_equal(a_move(keep, "coord", id, "allocate", &to), OK);
    assert_int_equal(a_move(keep, "cons1", id, "accept", NULL), OK);
    return id;
}

static struct field typed[] = {
    {SI("examined.what"), SI("seen-extract")},
    {SI("answerable"), SI("answer-full")},
    {SI("findings"), SI("Правосторонний гемипарез.\nКТ: без кровоизлияния <1>.")},
    {SI("diagnosis.code"), SI("I63.9 Cerebral infarction")},
    {SI("recommend.treatment"), SI("Тромболизис")},
    {SI("recommend.route"), SI("route-transfer")},
};
static const struct fields conclusion = {typed, LEN(typed)};

static enum err preview(struct req *rq, struct str id, const char *reason, struct sign_paper *paper)
{
    struct problems p = {.n = 0};
    enum err e = sign_preview(rq, id, &conclusion, S(BASE), str_z(reason), &p, paper);
    for (uint32_t i = 0; i < p.n; i++) {
        print_message("%.*s: %s\n", STR_ARG(p.v[i].field), p.v[i].text);
    }
    return e;
}

/* Preview and signature by a person; the Bundle's id in keep. */
static enum err sign_as(struct req *keep, const char *person, struct str id, const char *reason,
                        const char *password, struct str *ret_bundle)
{
    struct req rq;
    struct sign_paper paper;
    struct str bundle;
    as(&rq, person_who(keep, person));
    enum err e = preview(&rq, id, reason, &paper);
    if (e == OK) {
        struct tx *tx = tx_new(&rq);
        e = sign_conclusion(&rq, tx, id, str_z(paper.sha), &(struct sign_means){.password = str_z(password)}, &bundle);
        if (e == OK) {
            *ret_bundle = arena_str(keep->a, bundle);
            return commit_end(&rq, tx);
        }
    }
    req_done(&rq);
    return e;
}

static struct signed_doc read_as(struct req *rq, struct req *keep, const char *person, struct str id)
{
    struct signed_doc d;
    as(rq, person_who(keep, person));
    MUST(rq, signed_get(rq, id, (struct str){0}, AUDIT_READ, &d));
    return d;
}

static void shown_signed_read_and_checked(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct str bundle;
    struct str pdf;
    struct sign_answer a;
    struct verify_report r;
    as(&keep, NULL);
    struct str id = accepted(&keep);
    assert_int_equal(sign_as(&keep, "cons1", id, "", PASSWORD, &bundle), OK);
    struct case_row row = row_of(&keep, id);
    assert_true(str_eq(row.conclusion, bundle));
    struct signed_doc d = read_as(&rq, &keep, "asker", id);
    assert_true(cms_is_good(&d.verdict) && d.verdict.ca_is_trusted && !d.replaced);
    assert_true(str_find(d.bytes, S("Тромболизис")) < d.bytes.n);
    MUST(&rq, verify_document(&rq, d.bytes, d.cms, (struct str){0}, &r));
    struct buf b;
    buf_init(&b, rq.a, 65536);
    verify_write(&b, &r);
    if (!r.good) {
        fail_msg("%.*s", STR_ARG(buf_get(&b)));
    }
    MUST(&rq, signed_pdf(&rq, &d, &pdf));
    assert_true(str_starts(pdf, S("%PDF-")));
    MUST(&rq, request_pdf(&rq, id, &pdf));
    assert_true(str_starts(pdf, S("%PDF-")));
    struct str code = arena_str(keep.a, d.code);
    req_done(&rq);
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, sign_check(&rq, code, &a));
    assert_true(a.valid && !a.replaced);
    assert_true(str_eq(a.organization, S("centre")));
    /* The post in the words of whoever asks; the certificate keeps its own. */
    struct str said = a.certificate_post;
    rq.lang = LANG_UZ;
    MUST(&rq, sign_check(&rq, code, &a));
    assert_true(str_eq(a.post, S("Maslahatchi shifokor")));
    assert_true(str_eq(a.certificate_post, said) && !str_eq(said, a.post));
    assert_int_equal(sign_check(&rq, S("aaaaaaaaaaaaaaaaaaaa"), &a), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(sign_check(&rq, S("../etc"), &a), E_NOT_FOUND);
    req_done(&rq);
    req_done(&keep);
}

static void a_correction_replaces_and_both_stay(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct str first;
    struct str second;
    struct sign_answer a;
    struct str ids[8];
    uint32_t n = 0;
    as(&keep, NULL);
    struct str id = accepted(&keep);
    assert_int_equal(sign_as(&keep, "cons1", id, "", PASSWORD, &first), OK);
    assert_int_equal(sign_as(&keep, "cons1", id, "", PASSWORD, &second), E_BAD_INPUT);
    assert_int_equal(sign_as(&keep, "cons1", id, "Уточнена доза", PASSWORD, &second), OK);
    struct case_row row = row_of(&keep, id);
    assert_true(str_eq(row.conclusion, second) && !str_eq(first, second));
    MUST(&keep, signed_versions(&keep, &row, ids, LEN(ids), &n));
    assert_int_equal(n, 2);
    assert_true(str_eq(ids[0], second) && str_eq(ids[1], first));
    struct signed_doc old;
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, signed_get(&rq, id, first, AUDIT_READ, &old));
    assert_true(old.replaced && cms_is_good(&old.verdict) && old.replaced_by.n > 0);
    MUST(&rq, sign_check(&rq, old.code, &a));
    assert_true(a.valid && a.replaced);
    struct signed_doc now;
    MUST(&rq, signed_get(&rq, id, second, AUDIT_READ, &now));
    assert_true(str_find(now.bytes, S("Уточнена доза")) < now.bytes.n);
    assert_true(str_find(now.bytes, old.code) < now.bytes.n);
    req_done(&rq);
    req_done(&keep);
}

static void wrong_people_and_passwords_sign_nothing(void **state)
{
    (void)state;
    struct req keep;
    struct str bundle = {0};
    as(&keep, NULL);
    struct str id = accepted(&keep);
    assert_int_equal(sign_as(&keep, "cons2", id, "", PASSWORD, &bundle), E_FORBIDDEN);
    assert_int_equal(sign_as(&keep, "asker", id, "", PASSWORD, &bundle), E_FORBIDDEN);
    assert_int_equal(sign_as(&keep, "outsider", id, "", PASSWORD, &bundle), E_NOT_FOUND);
    assert_int_equal(sign_as(&keep, "cons1", id, "", "wrong password", &bundle), E_SIGN_IN);
    assert_null(bundle.p);
    assert_int_equal(row_of(&keep, id).conclusion.n, 0);
    assert_int_equal(sign_as(&keep, "cons1", id, "", PASSWORD, &bundle), OK);
    req_done(&keep);
}

static void only_the_last_preview_of_the_present_state_is_signed(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct sign_paper one;
    struct sign_paper two;
    struct sign_paper again;
    struct str bundle;
    as(&keep, NULL);
    struct str id = accepted(&keep);
    as(&rq, person_who(&keep, "cons1"));
    MUST(&rq, preview(&rq, id, "", &one));
    MUST(&rq, preview(&rq, id, "", &two));
    MUST(&rq, sign_preview_load(&rq, id, &again));
    assert_true(str_eq(two.bytes, again.bytes));
    assert_string_equal(two.sha, again.sha);
    struct tx *tx = tx_new(&rq);
    assert_int_equal(sign_conclusion(&rq, tx, id, str_z(one.sha), BY_PASSWORD, &bundle), E_STALE);
    err_clear(&rq);
    rq.now.ms += 2 * MS_DAY;
    tx = tx_new(&rq);
    assert_int_equal(sign_conclusion(&rq, tx, id, str_z(two.sha), BY_PASSWORD, &bundle), E_STALE);
    err_clear(&rq);
    rq.now = region.now;
    tx = tx_new(&rq);
    MUST(&rq, sign_conclusion(&rq, tx, id, str_z(two.sha), BY_PASSWORD, &bundle));
    struct tx *other = tx_new(&rq); /* a double click: both prepared before either is committed */
    MUST(&rq, sign_conclusion(&rq, other, id, str_z(two.sha), BY_PASSWORD, &bundle));
    MUST(&rq, store_commit(region.store, &rq, tx));
    assert_int_not_equal(store_commit(region.store, &rq, other), OK);
    err_clear(&rq);
    tx = tx_new(&rq);
    assert_int_equal(sign_conclusion(&rq, tx, id, str_z(two.sha), BY_PASSWORD, &bundle), E_STALE);
    req_done(&rq);
    req_done(&keep);
}

static void an_unfinished_form_is_not_signed(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct sign_paper paper;
    struct problems p = {.n = 0};
    struct fields few = {typed, 1};
    as(&keep, NULL);
    struct str id = accepted(&keep);
    as(&rq, person_who(&keep, "cons1"));
    assert_int_equal(sign_preview(&rq, id, &few, S(BASE), S(""), &p, &paper), E_BAD_INPUT);
    assert_true(p.n > 0);
    req_done(&rq);
    req_done(&keep);
}

/* A meeting about the case leaves an Encounter: the conclusion says that it was held. */
static void a_meeting_that_was_held_is_named(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct put p;
    struct sign_paper paper;
    const struct str words = S("By the documents sent and in a meeting by video");
    as(&keep, NULL);
    struct str id = accepted(&keep);
    as(&rq, person_who(&keep, "cons1"));
    assert_int_equal(preview(&rq, id, "", &paper), OK);
    assert_false(str_find(paper.bytes, words) < paper.bytes.n);
    req_done(&rq);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    put_begin(&p, &rq, tx, T_ENCOUNTER, (struct str){0}, 4096);
    p.case_id = id;
    p.patient = a_patient(&keep);
    json_ks(&p.o, S("status"), S("finished"));
    json_k(&p.o, S("class"));
    put_one_coding(&p.o, S("http://terminology.hl7.org/CodeSystem/v3-ActCode"), S("VR"), (struct str){0});
    put_ref(&p.o, S("subject"), T_PATIENT, p.patient);
    MUST(&rq, put_end(&p));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, person_who(&keep, "cons1"));
    assert_int_equal(preview(&rq, id, "", &paper), OK);
    assert_true(str_find(paper.bytes, words) < paper.bytes.n);
    req_done(&rq);
    req_done(&keep);
}

static void film_of(struct str case_id)
{
    struct req rq;
    struct image_out out;
    const struct made m = {.study = "1.2.3.1", .series = "1.2.3.1.1", .sop = "1.2.3.1.1.1", .modality = "CR",
                           .patient_id = "A-17", .name = "Ахметова^Айгуль", .birth = "19720504",
                           .date = "20240501", .spacing = "0.5\\0.5", .number = 3, .pixel = 200};
    const struct image_from from = {.source = S("upload:asker"), .key = case_id};

    as(&rq, NULL);
    rq.who = person_who(&rq, "asker");
    struct image_in in = {.title = S("film.dcm")};
    MUST(&rq, blob_put_bytes(&rq, region.store, made_file(rq.a, &m), &in.blob));
    MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
    assert_int_equal(out.fate, IMAGE_STORED);
    req_done(&rq);
}

static struct str mark_as(struct req *keep, const char *person, struct str case_id, const char *json)
{
    struct req rq;
    struct json_doc doc;
    struct mark m;

    as(&rq, person_who(keep, person));
    MUST(&rq, json_parse(&rq, str_z(json), NULL, &doc));
    MUST(&rq, mark_read(&rq, json_root(&doc), &m));
    m.study = S("1.2.3.1");
    struct tx *tx = tx_new(&rq);
    MUST(&rq, mark_put(&rq, tx, case_id, &m));
    struct str id = arena_str(keep->a, m.id);
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static struct sign_paper paper_with(struct req *rq, struct str id, const struct field *more, uint32_t n)
{
    struct field all[LEN(typed) + 4];
    struct problems p = {.n = 0};
    struct sign_paper paper;

    memcpy(all, typed, sizeof typed);
    for (uint32_t i = 0; i < n; i++) {
        all[LEN(typed) + i] = more[i];
    }
    const struct fields f = {all, LEN(typed) + n};
    MUST(rq, sign_preview(rq, id, &f, S(BASE), S(""), &p, &paper));
    return paper;
}

static bool says(const struct sign_paper *paper, const char *text)
{
    return str_find(paper->bytes, str_z(text)) < paper->bytes.n;
}

static void marks_stand_in_the_document_as_chosen(void **state)
{
    (void)state;
    struct req keep;
    struct req rq;
    struct str pdf;
    struct str again;
    as(&keep, NULL);
    struct str id = accepted(&keep);
    film_of(id);
    struct str key = mark_as(&keep, "asker", id, "{\"tool\":\"key\",\"sop\":\"1.2.3.1.1.1\","
                                            "\"text\":\"Где болит\"}");
    mark_as(&keep, "cons1", id, "{\"tool\":\"cobb\",\"sop\":\"1.2.3.1.1.1\","
                                "\"points\":[[0,0],[2,0.3526],[0,2],[2,0.6]]}");
    /* those of the consultant when nothing is said */
    as(&rq, person_who(&keep, "cons1"));
    struct sign_paper own = paper_with(&rq, id, NULL, 0);
    assert_true(says(&own, "Measurements on images") && says(&own, "45.0°") && !says(&own, "Где болит"));
    assert_true(says(&own, "\"resourceType\":\"Media\"") && says(&own, "X-ray · 01.05.2024, series 1, image 3"));
    MUST(&rq, preview_pdf(&rq, &own, &pdf));
    MUST(&rq, preview_pdf(&rq, &own, &again));
    assert_true(str_eq(pdf, again));
    assert_true(str_find(pdf, S("/DCTDecode")) < pdf.n);
    struct json_doc doc;
    MUST(&rq, json_parse(&rq, own.bytes, NULL, &doc));
    MUST(&rq, fhir_validate(&rq, json_root(&doc), T_BUNDLE));
    req_done(&rq);
    /* those ticked, and none of them */
    as(&rq, person_who(&keep, "cons1"));
    const struct field other[] = {{S("marks-listed"), S("1")}, {S("mark"), key}};
    struct sign_paper ticked = paper_with(&rq, id, other, 2);
    assert_true(says(&ticked, "Где болит") && !says(&ticked, "45.0°"));
    struct sign_paper none = paper_with(&rq, id, other, 1);
    assert_true(!says(&none, "Measurements on images") && !says(&none, "Media"));
    req_done(&rq);
    struct str bundle;
    assert_int_equal(sign_as(&keep, "cons1", id, "", PASSWORD, &bundle), OK);
    struct signed_doc d = read_as(&rq, &keep, "asker", id);
    assert_true(cms_is_good(&d.verdict) && str_find(d.bytes, S("cobb-angle")) < d.bytes.n);
    req_done(&rq);
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shown_signed_read_and_checked),
        cmocka_unit_test(a_correction_replaces_and_both_stay),
        cmocka_unit_test(wrong_people_and_passwords_sign_nothing),
        cmocka_unit_test(only_the_last_preview_of_the_present_state_is_signed),
        cmocka_unit_test(an_unfinished_form_is_not_signed),
        cmocka_unit_test(a_meeting_that_was_held_is_named),
        cmocka_unit_test(marks_stand_in_the_document_as_chosen),
    };
    return cmocka_run_group_tests(tests, setup, sign_teardown);
}
