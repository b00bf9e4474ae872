/* care/imaging_file_test.c - uploads become studies; many send one study at once; studies leave in time. */
#include "care/imaging_testing.h"

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
    assert_true(str_starts(files[1].title, S("CT · 01.05.2024")));
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
    assert_non_null(files[0].aside);
    assert_true(files[0].mismatch);
    assert_int_equal(files[2].n_images, 3);
    assert_true(str_eq(files[2].id, messages[0].files[0]));
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
    struct db *db;
    unsigned stored;
};

static void *send_slices(void *ctx)
{
    struct sender *me = ctx;
    const struct image_from from = {.source = S("stow:ct"), .org = S("hospital")};

    for (unsigned i = 0; i < SLICES; i++) {
        struct req rq;
        struct image_out out;
        char sop[64];
        (void)snprintf(sop, sizeof sop, "1.2.3.700.%u.%u", me->at + 1, i + 1);
        struct made m = hers("1.2.3.700", sop);
        as(&rq, me->who);
        rq.db = me->db;
        struct image_in in = stored_bytes(&rq, made_file(rq.a, &m));
        enum err e = imaging_store(&rq, &from, &in, 1, &out);
        me->stored += e == OK && out.fate == IMAGE_STORED;
        req_done(&rq);
    }
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
        senders[i].db = store_db_open(region.store);
        assert_non_null(senders[i].db);
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        assert_true(os_thread_start(&senders[i].thread, "sender", send_slices, &senders[i]));
    }
    for (unsigned i = 0; i < SENDERS; i++) {
        os_thread_join(&senders[i].thread);
        store_db_close(senders[i].db);
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

/* The id of one whose national number images may name; in keep. */
static struct str a_patient_with_number(void)
{
    const struct field typed[] = {
        {SI("family"), SI("Омарова")}, {SI("given"), SI("Дана")},  {SI("birth-date"), SI("1972-05-04")},
        {SI("sex"), SI("female")},     {SI("id-kind"), SI("iin")}, {SI("id"), SI(IIN)},
        {SI("confirm"), SI("true")},
    };
    struct problems p = {.n = 0};
    struct str id = {0};
    struct req rq;
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &id));
    struct str kept = arena_str(keep.a, id);
    assert_int_equal(commit_end(&rq, tx), OK);
    return kept;
}

static void studies_leave_when_their_time_is_over(void **state)
{
    (void)state;
    struct policy_keep rules[] = {{.kind = SI("any"), .years = 2}, {.kind = SI("MG")}};
    struct policy *p = (struct policy *)(uintptr_t)region.care.policy;
    struct image_from from = {.source = S("ae:CT1"), .org = S("hospital")};
    struct made m = hers("1.2.3.900", "1.2.3.900.1");
    struct str hold_of = a_patient_with_number();
    struct req rq;
    uint32_t n = 0;

    m.patient_id = IIN; /* so it is filed with her */
    m.name = "OMAROVA^DANA";
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

    as(&rq, NULL); /* a hold on the record keeps its images */
    struct dicom_study hers_is = study_of("1.2.3.900");
    struct res_row patient;
    assert_true(hers_is.patient != 0);
    MUST(&rq, db_head_rid(&rq, hers_is.patient, &patient));
    assert_true(str_eq(patient.id, hold_of));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ERASURE_HOLD, 0, sql_text(hold_of), sql_text(S("a court asks")),
                     sql_text(S("head")), sql_i64(rq.now.ms)));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(old_in_days(1100), 1); /* the other one is nobody's */
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ERASURE_HOLD_END, 0, sql_text(hold_of)));
    assert_int_equal(commit_end(&rq, tx), OK);
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
        cmocka_unit_test(uploaded_images_become_studies),
        cmocka_unit_test(many_connections_send_one_study),
        cmocka_unit_test(studies_leave_when_their_time_is_over),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
