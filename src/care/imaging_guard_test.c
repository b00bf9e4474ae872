/* care/imaging_guard_test.c - what nobody may do with images: look into a study by naming its UID, change one
 * of other cases, lose what was acknowledged. */
#include "care/draft.h"
#include "care/imaging_testing.h"

static const struct image_from device = {.source = S("ae:CT1"), .org = S("hospital")};

static struct str a_draft(const char *person)
{
    struct req rq;
    struct str id = put_new_id(&keep);

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, draft_save(&rq, tx, id, S("request"), &(struct fields){.n = 0}, 0));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* A case of the same patient that another organisation asked about. */
static struct str outsiders_case(void)
{
    return a_case_in(&keep, care_flow_find(row_of(&keep, a_case(&keep)).flow), "outsider");
}

static uint32_t asides_in(const char *person, struct str case_id, struct dicom_aside *ret_last)
{
    static struct dicom_aside v[8];
    struct req *rq = ARENA_NEW(keep.a, struct req); /* its texts are looked at by the caller */
    uint32_t n = 0;

    as(rq, person_who(&keep, person));
    MUST(rq, imaging_asides(rq, case_id, LEN(v), v, &n));
    if (n > 0 && ret_last != NULL) {
        *ret_last = v[n - 1];
        ret_last->id = arena_str(keep.a, v[n - 1].id);
    }
    req_done(rq);
    return n;
}

static enum err accept_as(const char *person, struct str aside)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = imaging_accept(&rq, tx, aside, S(""), S("it is the same patient"));
    return end_with(&rq, tx, e);
}

static void a_study_opens_to_nobody_who_names_it(void **state)
{
    (void)state;
    struct str hers_here = a_case(&keep);
    struct str theirs = outsiders_case();
    const struct image_from asker = {.source = S("upload:asker"), .key = hers_here};
    const struct image_from outsider = {.source = S("upload:outsider"), .key = theirs};
    struct made m = hers("1.2.4.100", "1.2.4.100.1");
    struct dicom_aside a;

    assert_int_equal(send_as(person_who(&keep, "asker"), &asker, &m).fate, IMAGE_STORED);
    assert_false(sees("outsider", "1.2.4.100"));
    struct made made_up = m;
    made_up.sop = "1.2.4.100.666";
    struct image_out out = send_as(person_who(&keep, "outsider"), &outsider, &made_up);
    assert_int_equal(out.fate, IMAGE_ASIDE);
    assert_int_equal(out.reason, IMAGE_REASON_MISMATCH);
    assert_false(sees("outsider", "1.2.4.100"));
    assert_int_equal(asides_in("outsider", theirs, &a), 1);
    assert_int_equal(a.reason, DICOM_ASIDE_FOREIGN);
    assert_int_equal(accept_as("outsider", a.id), E_CONFLICT);
    assert_false(sees("outsider", "1.2.4.100"));
    assert_int_equal(study_of("1.2.4.100").n_instances, 1);

    /* nor do other bytes take the place of what is known */
    struct made other = m;
    other.pixel = 9;
    out = send_as(person_who(&keep, "outsider"), &outsider, &other);
    assert_int_equal(out.reason, IMAGE_REASON_DUPLICATE);
    assert_int_equal(asides_in("outsider", theirs, &a), 2);
    assert_int_equal(accept_as("outsider", a.id), E_CONFLICT);
    assert_false(sees("outsider", "1.2.4.100"));

    /* nor by a draft */
    struct str draft = a_draft("outsider");
    const struct image_from by_draft = {.source = S("upload:outsider"), .key = draft};
    assert_int_equal(send_as(person_who(&keep, "outsider"), &by_draft, &made_up).fate, IMAGE_ASIDE);

    /* who has its images has it, and what is new goes along */
    assert_int_equal(send_as(person_who(&keep, "outsider"), &outsider, &m).fate, IMAGE_SAME);
    assert_true(sees("outsider", "1.2.4.100"));
    assert_int_equal(send_as(person_who(&keep, "outsider"), &outsider, &made_up).fate, IMAGE_STORED);
}

/* In one transaction the order does not count. */
static void an_image_that_is_known_speaks_for_the_others(void **state)
{
    (void)state;
    struct str here = a_case(&keep);
    struct str theirs = outsiders_case();
    const struct image_from asker = {.source = S("upload:asker"), .key = here};
    const struct image_from outsider = {.source = S("upload:outsider"), .key = theirs};
    struct made m = hers("1.2.4.150", "1.2.4.150.1");
    struct made more = hers("1.2.4.150", "1.2.4.150.2");
    struct image_out out[3];
    struct req rq;

    assert_int_equal(send_as(person_who(&keep, "asker"), &asker, &m).fate, IMAGE_STORED);
    as(&rq, person_who(&keep, "outsider"));
    struct image_in in[3] = {stored_bytes(&rq, made_file(rq.a, &more)),
                             stored_bytes(&rq, made_file(rq.a, &more)),
                             stored_bytes(&rq, made_file(rq.a, &m))};
    MUST(&rq, imaging_store(&rq, &outsider, in, 3, out));
    req_done(&rq);
    assert_int_equal(out[0].fate, IMAGE_STORED);
    assert_int_equal(out[1].fate, IMAGE_SAME);
    assert_int_equal(out[2].fate, IMAGE_SAME);
    assert_true(sees("outsider", "1.2.4.150"));
    assert_int_equal(study_of("1.2.4.150").n_instances, 2);
}

/* What cannot be read comes twice in one request: it waits once. */
static void the_same_is_put_aside_once(void **state)
{
    (void)state;
    struct str here = a_case(&keep);
    const struct image_from from = {.source = S("upload:asker"), .key = here};
    struct image_out out[2];
    struct req rq;

    as(&rq, person_who(&keep, "asker"));
    struct image_in in[2] = {stored_bytes(&rq, S("no image at all")),
                             stored_bytes(&rq, S("no image at all"))};
    MUST(&rq, imaging_store(&rq, &from, in, 2, out));
    req_done(&rq);
    assert_int_equal(out[0].reason, IMAGE_REASON_BROKEN);
    assert_int_equal(out[1].reason, IMAGE_REASON_BROKEN);
    assert_int_equal(asides_in("asker", here, NULL), 1);
}

static enum err discard_draft(const char *person, struct str draft)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = imaging_draft_end(&rq, tx, draft);
    if (e == OK) {
        MUST(&rq, draft_end(&rq, tx, draft));
    }
    return end_with(&rq, tx, e);
}

static void a_draft_loses_its_own_images_only(void **state)
{
    (void)state;
    struct str draft = a_draft("asker");
    const struct who *asker = person_who(&keep, "asker");
    const struct image_from from = {.source = S("upload:asker"), .key = draft};
    struct made a = hers("1.2.4.201", "1.2.4.201.1");
    struct made b = hers("1.2.4.202", "1.2.4.202.1");
    struct made c = hers("1.2.4.203", "1.2.4.203.1");
    struct dicom_study v[4];
    struct dicom_aside asides[4];
    struct dicom_study s;
    uint32_t n = 0;
    uint32_t n_asides = 0;
    struct req rq;

    assert_int_equal(send_as(asker, &from, &a).fate, IMAGE_STORED);
    assert_int_equal(send_as(asker, &from, &b).fate, IMAGE_STORED);
    assert_int_equal(send_as(asker, &from, &c).fate, IMAGE_STORED);
    as(&rq, asker);
    MUST(&rq, imaging_of_draft(&rq, draft, LEN(v), v, &n, asides, &n_asides));
    assert_int_equal(n, 3);
    assert_true(str_eq(v[0].uid, S("1.2.4.203")));
    assert_true(str_eq(v[1].uid, S("1.2.4.202")));
    assert_true(str_eq(v[2].uid, S("1.2.4.201")));
    req_done(&rq);

    /* a device was told that it is stored: it stays when the draft goes */
    assert_int_equal(send_as(NULL, &device, &a).fate, IMAGE_SAME);
    struct made more = hers("1.2.4.202", "1.2.4.202.2");
    assert_int_equal(send_as(NULL, &device, &more).fate, IMAGE_STORED);
    assert_int_equal(discard_draft("asker2", draft), E_NOT_FOUND);
    assert_int_equal(discard_draft("asker", draft), OK);
    assert_int_equal(study_of("1.2.4.201").n_instances, 1);
    assert_int_equal(study_of("1.2.4.202").n_instances, 2);
    assert_true(sees(NULL, "1.2.4.201"));
    err_clear(&keep);
    assert_int_equal(dicom_study_find(&keep, S("1.2.4.203"), &s), E_NOT_FOUND);
    err_clear(&keep);
}

/* A window left open saves a draft that was sent: discarding it takes nothing out of the case. */
static void a_case_is_no_draft(void **state)
{
    (void)state;
    struct str here = a_case(&keep);
    const struct image_from from = {.source = S("upload:asker"), .key = here};
    struct made m = hers("1.2.4.250", "1.2.4.250.1");
    struct req rq;

    assert_int_equal(send_as(person_who(&keep, "asker"), &from, &m).fate, IMAGE_STORED);
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, draft_save(&rq, tx, here, S("request"), &(struct fields){.n = 0}, 0));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, person_who(&keep, "asker"));
    assert_int_equal(imaging_take_out(&rq, tx_new(&rq), here, S("1.2.4.250")), E_NOT_FOUND);
    req_done(&rq);
    assert_int_equal(discard_draft("asker", here), OK);
    assert_true(sees("cons1", "1.2.4.250"));
    assert_int_equal(study_of("1.2.4.250").n_instances, 1);
}

/* A study ends while it is shown in one more place: then it does not end. */
static void a_place_that_comes_keeps_the_study(void **state)
{
    (void)state;
    struct str draft = a_draft("asker");
    struct str here = a_case(&keep);
    const struct who *asker = person_who(&keep, "asker");
    const struct image_from from = {.source = S("upload:asker"), .key = draft};
    const struct image_from to_case = {.source = S("upload:asker"), .key = here};
    struct made m = hers("1.2.4.300", "1.2.4.300.1");
    struct req rq;

    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    as(&rq, asker);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, imaging_take_out(&rq, tx, draft, S("1.2.4.300")));
    assert_int_equal(send_as(asker, &to_case, &m).fate, IMAGE_SAME);
    assert_int_equal(commit_end(&rq, tx), E_STALE);
    assert_true(sees("cons1", "1.2.4.300"));
    assert_int_equal(study_of("1.2.4.300").n_instances, 1);
}

/* A draft nobody went on with ends with its images; one that got an image lately stays. */
static void old_drafts_take_their_images_along(void **state)
{
    (void)state;
    struct str draft = a_draft("asker");
    const struct who *asker = person_who(&keep, "asker");
    const struct image_from from = {.source = S("upload:asker"), .key = draft};
    struct made m = hers("1.2.4.400", "1.2.4.400.1");
    struct dicom_study s;
    struct draft d;
    struct req rq;
    uint32_t n = 0;

    assert_int_equal(send_as(asker, &from, &m).fate, IMAGE_STORED);
    as(&rq, asker);
    struct image_in in = stored_bytes(&rq, S("something else"));
    struct image_out out;
    MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
    req_done(&rq);
    as(&rq, NULL);
    MUST(&rq, imaging_drafts_expire(&rq, region.now.ms, 10, &n));
    assert_int_equal(n, 0);
    region.now.ms += 1;
    MUST(&rq, imaging_drafts_expire(&rq, region.now.ms, 10, &n));
    assert_true(n > 0);
    req_done(&rq);
    err_clear(&keep);
    assert_int_equal(dicom_study_find(&keep, S("1.2.4.400"), &s), E_NOT_FOUND);
    err_clear(&keep);
    as(&rq, asker);
    assert_int_equal(draft_load(&rq, draft, &d), E_NOT_FOUND);
    req_done(&rq);
    struct buf told;
    uint64_t faults = 1;
    as(&rq, NULL);
    buf_init(&told, rq.a, 4096);
    MUST(&keep, store_check(&keep, &told, &faults));
    assert_int_equal(faults, 0);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_study_opens_to_nobody_who_names_it),
        cmocka_unit_test(an_image_that_is_known_speaks_for_the_others),
        cmocka_unit_test(the_same_is_put_aside_once),
        cmocka_unit_test(a_draft_loses_its_own_images_only),
        cmocka_unit_test(a_case_is_no_draft),
        cmocka_unit_test(a_place_that_comes_keeps_the_study),
        cmocka_unit_test(old_drafts_take_their_images_along),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
