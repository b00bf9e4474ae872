/* care/imaging_test.c - images find their case, their patient or a person who sorts them; nothing is filed
 * twice, under another patient, or lost; who may see a study. */
#include <stdio.h>

#include "care/care_fixture.h"
#include "care/imaging.h"
#include "care/imaging_keep.h"
#include "care/upload.h"
#include "codec/json.h"
#include "dicom/dicom_testing.h"
#include "os/random.h"
#include "os/thread.h"

#define IIN "720504450012"

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

/* The fixture's patient, as a modality writes her. */
static struct made hers(const char *study, const char *sop)
{
    return (struct made){.study = study, .series = "1.2.3.9", .sop = sop, .modality = "CT",
                         .patient_id = "A-17", .name = "Ахметова^Айгуль", .birth = "19720504",
                         .date = "20240501", .time = "101112", .number = 1};
}

static struct image_in stored_bytes(struct req *rq, struct str bytes)
{
    struct image_in in = {.title = S("slice.dcm")};
    MUST(rq, blob_put_bytes(rq, region.store, bytes, &in.blob));
    return in;
}

static struct image_out send_as(const struct who *who, const struct image_from *from,
                                const struct made *m)
{
    struct req rq;
    struct image_out out;

    as(&rq, who);
    struct image_in in = stored_bytes(&rq, made_file(rq.a, m));
    MUST(&rq, imaging_store(&rq, from, &in, 1, &out));
    req_done(&rq);
    return out;
}

static bool sees(const char *person, const char *study)
{
    struct req rq;
    struct dicom_study s;

    as(&rq, person != NULL ? person_who(&keep, person) : NULL);
    enum err e = imaging_open(&rq, str_z(study), AUDIT_READ, &s);
    assert_true(e == OK || e == E_NOT_FOUND);
    assert_non_null(e == OK ? (const void *)rq.audit : &rq);
    req_done(&rq);
    return e == OK;
}

static struct dicom_study study_of(const char *uid)
{
    struct dicom_study s;

    err_clear(&keep);
    MUST(&keep, dicom_study_find(&keep, str_z(uid), &s));
    return s;
}

/* The ImagingStudy of a place; the resource's text is in keep. */
static struct jv imaging_of(const char *uid, struct str case_id, struct res_row *ret_row)
{
    struct dicom_study s = study_of(uid);
    struct dicom_place p;
    struct jv root;

    MUST(&keep, dicom_place_find(&keep, s.key, case_id, &p));
    assert_true(p.imaging > 0);
    MUST(&keep, res_load(&keep, p.imaging, ret_row, &root));
    return root;
}

static int64_t number_in(struct jv v, const char *path)
{
    int64_t n = -1;
    (void)!json_i64(json_path(v, str_z(path)), &n);
    return n;
}

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

/* ---- uploads ---- */

static void all_is_whole(void)
{
    struct buf told;
    struct req own; /* the check uses its own memory as scratch */
    uint64_t faults = 1;

    as(&own, NULL);
    buf_init(&told, own.a, 4096);
    MUST(&keep, store_check(&keep, &told, &faults));
    if (faults != 0) {
        fail_msg("%.*s", STR_ARG(buf_get(&told)));
    }
    req_done(&own);
}

static void upload_one(const char *key, const char *name, struct str bytes)
{
    struct req rq;
    struct upload up;
    struct upload_pen *pen = NULL;

    as(&rq, person_who(&keep, "asker"));
    MUST(&rq, upload_new(&rq, region.care.uploads, str_z(key), str_z(name), S("a/b"), bytes.n, &up));
    MUST(&rq, upload_pen_open(&rq, region.care.uploads, up.id, 0, &pen));
    MUST(&rq, upload_pen_write(&rq, pen, bytes));
    MUST(&rq, upload_pen_flush(&rq, pen));
    MUST(&rq, upload_pen_finish(&rq, pen, &up));
    upload_pen_close(pen);
    req_done(&rq);
}

/* Two slices and a text become a study and a file of the case; another one goes with a message. */
static void uploaded_images_become_studies(void **state)
{
    (void)state;
    struct upload_opts o = {
        .dir = str_z(region.dir), .max_bytes = 32 << 20, .keep_ms = MS_DAY, .max_open = 8};
    struct made m = hers("1.2.3.800", "1.2.3.800.1");
    struct fields f = a_request(&keep);
    struct problems p = {.n = 0};
    struct case_file files[8];
    struct case_message messages[4];
    struct req rq;
    bool already = true;
    uint32_t n = 0;
    uint32_t total = 0;
    char id[OS_ID_LEN + 1];
    struct str new_id = put_new_id(&keep);

    memcpy(id, new_id.p, new_id.n);
    id[new_id.n] = 0;
    MUST(&keep, upload_desk_new(&keep, &o, &region.care.uploads));
    upload_one(id, "a.dcm", made_file(keep.a, &m));
    m.sop = "1.2.3.800.2";
    m.number = 2;
    upload_one(id, "b.dcm", made_file(keep.a, &m));
    upload_one(id, "note.txt", S("walked in\n"));
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, str_z(id), &f, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct case_row row = row_of(&keep, str_z(id));
    MUST(&keep, consult_files(&keep, row.rid, 0, files, LEN(files), &n, &total));
    assert_int_equal(n, 2);
    assert_int_equal(total, 2);
    assert_true(str_eq(files[0].title, S("note.txt")));
    assert_true(str_eq(files[1].study, S("1.2.3.800")));
    assert_int_equal(files[1].n_images, 2);
    assert_true(str_starts(files[1].title, S("CT · 2024-05-01")));
    MUST(&keep, consult_files(&keep, row.rid, 1, files, 1, &n, &total));
    assert_int_equal(n, 1);
    assert_true(str_eq(files[0].study, S("1.2.3.800")));

    m.sop = "1.2.3.800.3";
    upload_one(id, "c.dcm", made_file(keep.a, &m));
    m.study = "1.2.3.801";
    m.sop = "1.2.3.801.1";
    m.name = "Иванов^Пётр";
    upload_one(id, "d.dcm", made_file(keep.a, &m));
    as(&rq, person_who(&keep, "asker"));
    tx = tx_new(&rq);
    MUST(&rq, consult_message(&rq, tx, str_z(id), S(""), str_z(id)));
    assert_int_equal(commit_end(&rq, tx), OK);
    MUST(&keep, consult_messages(&keep, row.rid, messages, LEN(messages), &n));
    assert_int_equal(n, 1);
    assert_int_equal(messages[0].n_files, 1);
    MUST(&keep, consult_files(&keep, row.rid, 0, files, LEN(files), &n, &total));
    assert_int_equal(n, 3);
    assert_int_equal(files[1].n_images, 3);
    assert_true(str_eq(files[1].id, messages[0].files[0]));
    assert_non_null(files[2].aside);
    assert_true(files[2].mismatch);
    all_is_whole();
    upload_desk_free(region.care.uploads);
    region.care.uploads = NULL;
}

/* ---- many at once ---- */

enum { SENDERS = 8, SLICES = 25 };

struct sender {
    struct os_thread thread;
    unsigned at;
    const struct who *who;
    unsigned stored;
};

static void *send_slices(void *ctx)
{
    struct sender *me = ctx;
    struct db *db = store_db_open(region.store);
    const struct image_from from = {.source = S("stow:ct"), .org = S("hospital")};

    for (unsigned i = 0; i < SLICES; i++) {
        struct req rq;
        struct image_out out;
        char sop[64];
        (void)snprintf(sop, sizeof sop, "1.2.3.700.%u.%u", me->at + 1, i + 1);
        struct made m = hers("1.2.3.700", sop);
        as(&rq, me->who);
        rq.db = db;
        struct image_in in = stored_bytes(&rq, made_file(rq.a, &m));
        MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
        me->stored += out.fate == IMAGE_STORED;
        req_done(&rq);
    }
    store_db_close(db);
    return NULL;
}

static void many_connections_send_one_study(void **state)
{
    (void)state;
    struct sender senders[SENDERS];
    struct who other = who_system;
    struct res_row row;
    unsigned stored = 0;

    other.audit.login = S("another");
    for (unsigned i = 0; i < SENDERS; i++) {
        senders[i] = (struct sender){.at = i, .who = i % 4 == 3 ? &other : &who_system};
        assert_true(os_thread_start(&senders[i].thread, "sender", send_slices, &senders[i]));
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        os_thread_join(&senders[i].thread);
        stored += senders[i].stored;
    }
    assert_int_equal(stored, SENDERS * SLICES);
    struct dicom_study s = study_of("1.2.3.700");
    assert_int_equal(s.n_instances, SENDERS * SLICES);
    assert_int_equal(s.n_series, 1);
    struct jv v = imaging_of("1.2.3.700", S(""), &row);
    assert_int_equal(number_in(v, "numberOfInstances"), SENDERS * SLICES);
    assert_int_equal(number_in(v, "series.0.numberOfInstances"), SENDERS * SLICES);
    assert_true(row.version <= SENDERS * SLICES);
    print_message("%d slices in %d transactions\n", SENDERS * SLICES, (int)row.version);
    all_is_whole();
}

static enum err count_old(struct req *rq, const struct dicom_study *s, struct str rule, void *ctx)
{
    uint32_t *n = ctx;
    (void)rq;
    *n += str_starts(s->uid, S("1.2.3.90")) && str_starts(rule, S("kz "));
    return OK;
}

static uint32_t old_in_days(int64_t days)
{
    struct req rq;
    uint32_t n = 0;
    as(&rq, NULL);
    rq.now.ms += days * MS_DAY;
    MUST(&rq, imaging_old_each(&rq, 1000, count_old, &n));
    req_done(&rq);
    return n;
}

static void studies_leave_when_their_time_is_over(void **state)
{
    (void)state;
    struct policy_keep rules[] = {{.kind = SI("any"), .years = 2}, {.kind = SI("MG")}};
    struct policy *p = (struct policy *)(uintptr_t)region.care.policy;
    struct image_from from = {.source = S("ae:CT1"), .org = S("hospital")};
    struct made m = hers("1.2.3.900", "1.2.3.900.1");
    struct req rq;
    uint32_t n = 0;

    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    m = hers("1.2.3.901", "1.2.3.901.1");
    m.modality = "MG";
    assert_int_equal(send_as(NULL, &from, &m).fate, IMAGE_STORED);
    m = hers("1.2.3.902", "1.2.3.902.1");
    from.source = S("upload:asker");
    from.key = a_case(&keep); /* open */
    assert_int_equal(send_as(person_who(&keep, "asker"), &from, &m).fate, IMAGE_STORED);

    assert_int_equal(old_in_days(100000), 0); /* no rule has years */
    p->keep = rules;
    p->n_keep = LEN(rules);
    assert_int_equal(old_in_days(600), 0);
    assert_int_equal(old_in_days(760), 1);
    rules[1].years = 3;
    assert_int_equal(old_in_days(760), 1);
    assert_int_equal(old_in_days(1100), 2);

    as(&rq, NULL);
    rq.now.ms += 1000 * MS_DAY;
    MUST(&rq, imaging_old_remove(&rq, 1000, &n));
    assert_true(n > 0);
    req_done(&rq);
    assert_int_equal(dicom_study_find(&keep, S("1.2.3.900"), &(struct dicom_study){0}), E_NOT_FOUND);
    err_clear(&keep);
    (void)study_of("1.2.3.901");
    (void)study_of("1.2.3.902");
    p->n_keep = 0;
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
        cmocka_unit_test(uploaded_images_become_studies),
        cmocka_unit_test(many_connections_send_one_study),
        cmocka_unit_test(studies_leave_when_their_time_is_over),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
