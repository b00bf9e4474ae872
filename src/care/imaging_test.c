/* care/imaging_test.c - images find their case, their patient or a person who sorts them; nothing is filed
 * twice, under another patient, or lost; who may see a study. */
#include "care/imaging_testing.h"

static void nobodys_study_is_claimed_for_a_case(void **state)
{
    (void)state;
    const struct image_from from = {.source = S("ae:CT1"), .org = S("hospital")};
    struct made m = hers("1.2.3.100", "1.2.3.100.1");
    struct res_row row;

    struct image_out out = send_as(NULL, &from, &m);
    assert_int_equal(out.fate, IMAGE_STORED);
    assert_string_equal(out.study, "1.2.3.100");
    m.sop = "1.2.3.100.2";
    m.modality = "SR";
    m.series = "1.2.3.10";
    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    struct jv v = imaging_of("1.2.3.100", S(""), &row);
    assert_int_equal(row.anchor, ANCHOR_SYSTEM);
    assert_int_equal(number_in(v, "numberOfInstances"), 2);
    assert_int_equal(number_in(v, "numberOfSeries"), 2);
    assert_true(str_eq(json_str(keep.a, json_path(v, S("identifier.0.value"))),
                       S("urn:oid:1.2.3.100")));
    assert_true(str_eq(json_str(keep.a, json_path(v, S("started"))), S("2024-05-01T10:11:12+05:00")));
    assert_true(str_eq(json_str(keep.a, json_path(v, S("subject.identifier.value"))), S("A-17")));
    assert_true(str_eq(json_str(keep.a, json_path(v, S("series.0.instance.0.uid"))),
                       S("1.2.3.100.1")));
    assert_true(str_eq(study_of("1.2.3.100").modalities, S("CT\\SR")));
    assert_true(sees(NULL, "1.2.3.100"));
    assert_false(sees("asker", "1.2.3.100"));

    struct str id = a_case(&keep);
    struct req rq;
    struct dicom_study lost[4];
    uint32_t n = 0;
    as(&rq, person_who(&keep, "outsider"));
    MUST(&rq, imaging_lost(&rq, INT64_MAX, 4, lost, &n));
    assert_int_equal(n, 0);
    assert_int_equal(imaging_claim(&rq, tx_new(&rq), S("1.2.3.100"), id, S("")), E_NOT_FOUND);
    req_done(&rq);
    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, imaging_lost(&rq, INT64_MAX, 4, lost, &n));
    assert_int_equal(n, 1);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, imaging_claim(&rq, tx, S("1.2.3.100"), id, S("")));
    assert_int_equal(commit_end(&rq, tx), OK);
    v = imaging_of("1.2.3.100", id, &row);
    assert_int_equal(row.version, 3);
    assert_int_equal(row.anchor, row_of(&keep, id).rid);
    assert_true(str_starts(json_str(keep.a, json_path(v, S("subject.reference"))), S("Patient/")));
    assert_true(sees("asker", "1.2.3.100"));
    assert_true(sees("cons1", "1.2.3.100"));
    assert_false(sees("outsider", "1.2.3.100"));

    /* what comes after goes along; of another person it does not */
    m.sop = "1.2.3.100.3";
    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    m.sop = "1.2.3.100.4";
    m.name = "Иванов^Пётр";
    m.birth = "19500101";
    out = send_as(NULL, &from, &m);
    assert_int_equal(out.fate, IMAGE_ASIDE);
    assert_int_equal(out.reason, IMAGE_REASON_MISMATCH);
    v = imaging_of("1.2.3.100", id, &row);
    assert_int_equal(number_in(v, "numberOfInstances"), 3);
}

static void the_accession_number_names_the_case(void **state)
{
    (void)state;
    const struct image_from from = {.source = S("ae:CT1")};
    struct str id = a_case(&keep);
    struct made m = hers("1.2.3.200", "1.2.3.200.1");
    char number[16];
    struct str n = case_number(keep.a, id);

    memcpy(number, n.p, n.n);
    number[n.n] = 0;
    m.accession = number;
    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    assert_true(sees("asker", "1.2.3.200"));
    /* another person's images with her case's number are nobody's */
    m = hers("1.2.3.201", "1.2.3.201.1");
    m.accession = number;
    m.name = "Иванов^Пётр";
    m.birth = "19500101";
    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    assert_false(sees("asker", "1.2.3.201"));
    assert_int_equal(study_of("1.2.3.201").patient, 0);
}

/* A patient with a national number. */
static void the_patient_id_names_the_patient(void **state)
{
    (void)state;
    struct req rq;
    struct problems p = {.n = 0};
    struct str id = {0};
    const struct field typed[] = {
        {SI("family"), SI("Омарова")}, {SI("given"), SI("Дана")}, {SI("birth-date"), SI("1972-05-04")},
        {SI("sex"), SI("female")},     {SI("id-kind"), SI("iin")}, {SI("id"), SI(IIN)},
        {SI("confirm"), SI("true")},
    };

    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    enum err e = patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &id);
    for (uint32_t i = 0; i < p.n; i++) {
        print_message("%.*s: %s\n", STR_ARG(p.v[i].field), p.v[i].text);
    }
    assert_int_equal(e, OK);
    assert_int_equal(commit_end(&rq, tx), OK);
    struct made m = hers("1.2.3.300", "1.2.3.300.1");
    m.patient_id = IIN;
    m.name = "OMAROVA^DANA";
    assert_int_equal(send_as(NULL, &(struct image_from){.source = S("ae:CT1")}, &m).fate, IMAGE_STORED);
    assert_true(study_of("1.2.3.300").patient != 0);
    assert_true(sees("asker2", "1.2.3.300")); /* a clinician of the organisation that registered */
    assert_false(sees("outsider", "1.2.3.300"));
}

static struct dicom_aside aside_of(struct req *rq, struct str case_id, uint32_t *ret_n)
{
    struct dicom_aside v[8];

    MUST(rq, imaging_asides(rq, case_id, LEN(v), v, ret_n));
    return *ret_n > 0 ? v[*ret_n - 1] : (struct dicom_aside){.whole = false};
}

static void what_does_not_fit_waits_for_a_decision(void **state)
{
    (void)state;
    struct str id = a_case(&keep);
    const struct who *asker = person_who(&keep, "asker");
    const struct image_from from = {.source = S("upload:asker"), .key = id};
    struct made m = hers("1.2.3.400", "1.2.3.400.1");
    struct req rq;
    uint32_t n = 0;

    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_SAME);
    m.pixel = 7;
    struct image_out out = send_as(asker, &from, &m);
    assert_int_equal(out.fate, IMAGE_ASIDE);
    assert_int_equal(out.reason, IMAGE_REASON_DUPLICATE);
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_ASIDE); /* once in the list */
    as(&rq, asker);
    struct dicom_aside a = aside_of(&rq, id, &n);
    assert_int_equal(n, 1);
    struct tx *tx = tx_new(&rq);
    assert_int_equal(imaging_accept(&rq, tx, a.id, S(""), S("short")), E_BAD_INPUT);
    err_clear(&rq);
    MUST(&rq, imaging_accept(&rq, tx, a.id, S(""), S("sent again after a correction")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_SAME);

    m = hers("1.2.3.401", "1.2.3.401.1");
    m.name = "Иванов^Пётр";
    assert_int_equal(send_as(asker, &from, &m).reason, IMAGE_REASON_MISMATCH);
    as(&rq, person_who(&keep, "outsider"));
    struct dicom_aside v[4];
    assert_int_equal(imaging_asides(&rq, id, 4, v, &n), E_NOT_FOUND);
    req_done(&rq);
    as(&rq, asker);
    a = aside_of(&rq, id, &n);
    assert_int_equal(n, 1);
    assert_int_equal(a.reason, DICOM_ASIDE_PATIENT);
    tx = tx_new(&rq);
    MUST(&rq, imaging_accept(&rq, tx, a.id, S(""), S("the name was typed wrong at the scanner")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(sees("asker", "1.2.3.401"));
    m.sop = "1.2.3.401.2"; /* the rest of that study needs no second decision */
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);

    as(&rq, asker);
    struct image_in in = stored_bytes(&rq, S("no image"));
    MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
    assert_int_equal(out.reason, IMAGE_REASON_BROKEN);
    assert_true(out.text != NULL);
    a = aside_of(&rq, id, &n);
    assert_int_equal(n, 1);
    tx = tx_new(&rq);
    assert_int_equal(imaging_accept(&rq, tx, a.id, S(""), S("it must be an image")), E_CONFLICT);
    err_clear(&rq);
    MUST(&rq, imaging_discard(&rq, tx, a.id, S("it was a text file")));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, asker);
    (void)aside_of(&rq, id, &n);
    assert_int_equal(n, 0);
    req_done(&rq);
    m.series = NULL;
    assert_int_equal(send_as(asker, &from, &m).reason, IMAGE_REASON_BROKEN);
}

static void a_study_is_shown_in_two_cases(void **state)
{
    (void)state;
    const struct who *asker = person_who(&keep, "asker");
    struct str one = a_case(&keep);
    struct str two = a_case(&keep);
    struct made m = hers("1.2.3.500", "1.2.3.500.1");
    struct image_from from = {.source = S("upload:asker"), .key = one};
    struct res_row row;
    uint32_t n = 0;
    struct dicom_place places[DICOM_PLACES_MAX];

    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    from.key = two;
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_SAME);
    m.sop = "1.2.3.500.2";
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    assert_int_equal(number_in(imaging_of("1.2.3.500", one, &row), "numberOfInstances"), 2);
    assert_int_equal(number_in(imaging_of("1.2.3.500", two, &row), "numberOfInstances"), 2);
    MUST(&keep, dicom_places(&keep, study_of("1.2.3.500").key, places, &n));
    assert_int_equal(n, 2);

    struct req rq;
    as(&rq, asker);
    struct image_in in = stored_bytes(&rq, made_file(rq.a, &m));
    struct image_out out;
    from.key = S("nocase");
    assert_int_equal(imaging_store(&rq, &from, &in, 1, &out), E_NOT_FOUND);
    req_done(&rq);

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, imaging_remove(&rq, tx, S("1.2.3.500"), S("retention")));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_false(sees("asker", "1.2.3.500"));
    assert_int_equal(db_read_rid(&keep, places[0].imaging, &row), E_GONE);
    err_clear(&keep);
}

static void a_drafts_studies_go_with_it(void **state)
{
    (void)state;
    const struct who *asker = person_who(&keep, "asker");
    struct str id = put_new_id(&keep);
    const struct image_from from = {.source = S("upload:asker"), .key = id};
    struct made m = hers("1.2.3.600", "1.2.3.600.1");
    struct fields f = a_request(&keep);
    struct problems p = {.n = 0};
    bool already = true;
    struct req rq;
    uint32_t n = 0;

    as(&rq, asker);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, draft_save(&rq, tx, id, S("request"), &(struct fields){.n = 0}, 0));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    struct made other = hers("1.2.3.601", "1.2.3.601.1");
    other.name = "Иванов^Пётр";
    other.birth = "19500101";
    assert_int_equal(send_as(asker, &from, &other).fate, IMAGE_STORED); /* nobody is chosen yet */
    assert_false(sees("asker", "1.2.3.600"));
    as(&rq, asker);
    tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, id, &f, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_true(sees("cons1", "1.2.3.600"));
    assert_false(sees("cons1", "1.2.3.601"));
    as(&rq, asker);
    struct dicom_aside a = aside_of(&rq, id, &n);
    assert_int_equal(n, 1);
    assert_true(a.whole);
    tx = tx_new(&rq);
    MUST(&rq, imaging_discard(&rq, tx, a.id, S("these are of another person")));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct dicom_study s;
    assert_int_equal(dicom_study_find(&keep, S("1.2.3.601"), &s), E_NOT_FOUND);
    err_clear(&keep);
}

static uint64_t uses_of(struct req *rq, const struct blob_ref *blob)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    MUST(rq, DB_ONE(rq, &q, Q_BLOB, blob_val(rq, blob)));
    return db_u64(&q, 2);
}

/* Those nobody sent in time, and those discarded: studies and what was put aside leave. One saved since stays. */
static void drafts_end_with_their_images(void **state)
{
    (void)state;
    const struct who *asker = person_who(&keep, "asker");
    struct image_from from = {.source = S("upload:asker")};
    struct str ids[2];
    struct made m[2] = {hers("1.2.3.700", "1.2.3.700.1"), hers("1.2.3.701", "1.2.3.701.1")};
    struct image_in bad;
    struct image_out out;
    struct req rq;
    uint32_t n = 0;

    for (size_t i = 0; i < 2; i++) {
        as(&rq, asker);
        ids[i] = put_new_id(&keep);
        rq.now.ms += (int64_t)i * MS_DAY;
        struct tx *tx = tx_new(&rq);
        MUST(&rq, draft_save(&rq, tx, ids[i], S("request"), &(struct fields){.n = 0}, 0));
        assert_int_equal(commit_end(&rq, tx), OK);
        from.key = ids[i];
        assert_int_equal(send_as(asker, &from, &m[i]).fate, IMAGE_STORED);
    }
    as(&rq, asker);
    from.key = ids[0];
    bad = stored_bytes(&rq, S("no image, and put aside with an old draft"));
    MUST(&rq, imaging_store(&rq, &from, &bad, 1, &out));
    assert_int_equal(out.fate, IMAGE_ASIDE);
    assert_int_equal(uses_of(&rq, &bad.blob), 1);
    int64_t before = rq.now.ms + MS_DAY / 2;
    req_done(&rq);

    as(&rq, NULL);
    MUST(&rq, imaging_drafts_expire(&rq, before, 1000, &n));
    assert_true(n >= 1);
    MUST(&rq, imaging_drafts_expire(&rq, before, 1000, &n));
    assert_int_equal(n, 0);
    struct dicom_study s;
    assert_int_equal(dicom_study_find(&rq, S("1.2.3.700"), &s), E_NOT_FOUND);
    err_clear(&rq);
    MUST(&rq, dicom_study_find(&rq, S("1.2.3.701"), &s));
    struct dicom_aside a;
    MUST(&rq, dicom_asides_of_case(&rq, ids[0], 1, &a, &n));
    assert_int_equal(n, 0);
    assert_int_equal(uses_of(&rq, &bad.blob), 0);
    req_done(&rq);
    as(&rq, asker);
    struct draft d;
    assert_int_equal(draft_load(&rq, ids[0], &d), E_NOT_FOUND);
    err_clear(&rq);
    MUST(&rq, draft_load(&rq, ids[1], &d));
    struct dicom_study in[4];
    struct dicom_aside asides[4];
    uint32_t n_asides = 0;
    MUST(&rq, imaging_of_draft(&rq, ids[1], 4, in, &n, asides, &n_asides));
    assert_int_equal(n, 1);
    assert_true(str_eq(in[0].uid, S("1.2.3.701")));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, imaging_draft_end(&rq, tx, ids[1]));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(dicom_study_find(&keep, S("1.2.3.701"), &s), E_NOT_FOUND);
    err_clear(&keep);
}

static uint32_t waiting(struct req *rq, struct str draft)
{
    struct dicom_aside *v = ARENA_ARRAY(rq->a, 400, struct dicom_aside);
    uint32_t n = 0;

    MUST(rq, dicom_asides_of_case(rq, draft, 400, v, &n));
    return n;
}

/* More than one transaction takes: 250 unreadable files, of a draft that is discarded and of one that expires. */
static void large_drafts_end_whole(void **state)
{
    (void)state;
    enum { MANY = 250 };
    const struct who *asker = person_who(&keep, "asker");
    struct image_from from = {.source = S("upload:asker")};
    struct req rq;
    uint32_t n = 0;

    for (int expires = 0; expires < 2; expires++) {
        as(&rq, asker);
        struct image_in *in = ARENA_ARRAY(rq.a, MANY, struct image_in);
        struct image_out *out = ARENA_ARRAY(rq.a, MANY, struct image_out);
        from.key = put_new_id(&keep);
        struct tx *tx = tx_new(&rq);
        MUST(&rq, draft_save(&rq, tx, from.key, S("request"), &(struct fields){.n = 0}, 0));
        MUST(&rq, store_commit(region.store, &rq, tx));
        for (size_t i = 0; i < MANY; i++) {
            const char number[] = {(char)('0' + expires), (char)('A' + i / 16), (char)('a' + i % 16)};
            in[i] = stored_bytes(&rq, (struct str){number, sizeof(number)});
        }
        MUST(&rq, imaging_store(&rq, &from, in, MANY, out));
        assert_int_equal(waiting(&rq, from.key), MANY);
        if (expires) {
            rq.who = &who_system;
            MUST(&rq, imaging_drafts_expire(&rq, rq.now.ms + 1, 1000, &n));
            assert_true(n >= 1);
        } else {
            tx = tx_new(&rq);
            MUST(&rq, imaging_draft_end(&rq, tx, from.key));
            MUST(&rq, store_commit(region.store, &rq, tx));
        }
        assert_int_equal(waiting(&rq, from.key), 0);
        assert_int_equal(uses_of(&rq, &in[MANY - 1].blob), 0);
        req_done(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobodys_study_is_claimed_for_a_case),
        cmocka_unit_test(the_accession_number_names_the_case),
        cmocka_unit_test(the_patient_id_names_the_patient),
        cmocka_unit_test(what_does_not_fit_waits_for_a_decision),
        cmocka_unit_test(a_study_is_shown_in_two_cases),
        cmocka_unit_test(a_drafts_studies_go_with_it),
        cmocka_unit_test(drafts_end_with_their_images),
        cmocka_unit_test(large_drafts_end_whole),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
