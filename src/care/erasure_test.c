/* care/erasure_test.c - a person's record erased by order of two: who may, what keeps it, what is left. */
#include "care/care_fixture.h"
#include "care/draft.h"
#include "care/erasure.h"
#include "care/flow.h"
#include "care/patient.h"
#include "care/sign_doc.h"
#include "dicom/study.h"
#include "dicom/study_put.h"
#include "fhir/prepare.h"
#include "os/file.h"
#include "store/blob.h"

static struct req keep;
static const char iin[] = "900000000009";
static const char family[] = "Zhumagalieva";

static void add_admins(void)
{
    static const struct {
        struct str id, org;
        const char *role;
    } admins[] = {{SI("admin"), SI("national"), "administrator"},
                  {SI("localadmin"), SI("hospital"), "administrator"},
                  {SI("regionadmin"), SI("centre"), "administrator"},
                  {SI("nauditor"), SI("national"), "auditor"},
                  {SI("rauditor"), SI("centre"), "auditor"},
                  {SI("hauditor"), SI("hospital"), "auditor"},
                  {SI("oauditor"), SI("other"), "auditor"}};
    struct req rq;
    struct str id = {0};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (size_t i = 0; i < LEN(admins); i++) {
        MUST(&rq, person_add(&rq, tx, &(struct person_new){.id = admins[i].id, .family = S("Admin"),
                                                           .given = admins[i].id}, &id));
        MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = admins[i].id, .org = admins[i].org,
                                                       .code = str_z(admins[i].role)}, &id));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
}

static struct str patient_new(void)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str id = {0};
    const struct field typed[] = {
        {SI("family"), str_z(family)}, {SI("given"), SI("Aliya")},   {SI("birth-date"), SI("1972-05-04")},
        {SI("sex"), SI("female")},     {SI("id-kind"), SI("iin")}, {SI("id"), str_z(iin)},
    };
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &id));
    id = arena_str(keep.a, id);
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static struct str case_of(struct str patient)
{
    struct req rq;
    struct problems p = {.n = 0};
    bool already = true;
    struct fields f = a_request(&keep);
    struct field mine[24];
    struct str id = put_new_id(&keep);
    assert_true(f.n <= LEN(mine));
    for (uint32_t i = 0; i < f.n; i++) {
        mine[i] = f.v[i];
    }
    mine[0].value = patient;
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, consult_submit(&rq, tx, id, &(struct fields){mine, f.n}, &p, &already));
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

static enum err propose(const char *person, struct str number, struct str date, int64_t *ret_id)
{
    struct req rq;
    struct erasure_look *l;
    as(&rq, person_who(&keep, person));
    l = ARENA_NEW(rq.a, struct erasure_look);
    struct tx *tx = tx_new(&rq);
    enum err e = erasure_find(&rq, S("iin"), str_z(iin), l);
    if (e == OK) {
        e = erasure_propose(&rq, tx, l, S("court"), number, date, ret_id);
    }
    return end_with(&rq, tx, e);
}

static enum err confirm(const char *person, int64_t id, const char *number)
{
    struct req rq;
    struct erasure o;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = erasure_get(&rq, id, &o);
    if (e == OK) {
        e = erasure_confirm(&rq, tx, &o, S("iin"), str_z(number));
    }
    return end_with(&rq, tx, e);
}

static enum err hold(const char *person, struct str patient, bool set, struct str why)
{
    struct req rq;
    struct res_row row;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_head(&rq, T_PATIENT, patient, &row));
    return end_with(&rq, tx, set ? erasure_hold(&rq, tx, patient, row.rid, why)
                                 : erasure_lift(&rq, tx, patient, row.rid, why));
}

/* The pieces of a run, until there are none, or so many. */
static int run(int most)
{
    unsigned step = 0;
    int n = 0;
    bool more = true;
    while (more && n < most) {
        struct req rq;
        as(&rq, &who_clock);
        MUST(&rq, erasure_step(&rq, &step, &more));
        req_done(&rq);
        n += more;
    }
    return n;
}

static struct erasure order_of(int64_t id)
{
    struct req rq;
    struct erasure o;
    as(&rq, person_who(&keep, "auditor"));
    MUST(&rq, erasure_get(&rq, id, &o));
    req_done(&rq);
    return o;
}

static uint64_t faults(void)
{
    struct req rq;
    struct buf out;
    uint64_t n = 1;
    as(&rq, NULL);
    buf_init(&out, rq.a, 1 << 16);
    MUST(&rq, store_check(&rq, &out, &n));
    if (n > 0) {
        print_message("%.*s", STR_ARG(buf_get(&out)));
    }
    req_done(&rq);
    return n;
}

static bool file_has(const char *name, struct str word)
{
    char path[OS_PATH_MAX];
    struct str bytes;
    struct req rq;
    req_init(&rq, 256 << 20, region.now);
    MUST(&rq, os_path(&rq, str_z(region.dir), str_z(name), path));
    MUST(&rq, os_read_file(&rq, path, 128 << 20, &bytes));
    bool has = str_find(bytes, word) < bytes.n;
    req_done(&rq);
    return has;
}

static enum err reads(uint16_t type, struct str id)
{
    struct req rq;
    struct res_row row;
    as(&rq, NULL);
    enum err e = db_read(&rq, type, id, &row);
    req_done(&rq);
    return e;
}

static int draft_of_case(struct str case_id)
{
    struct req rq;
    struct draft d;
    as(&rq, person_who(&keep, "cons1"));
    enum err e = draft_load(&rq, draft_key(rq.a, case_id, S("conclusion")), &d);
    req_done(&rq);
    return e == OK;
}

/* A Provenance about the patient that names the digest of these bytes; anybody who may write can make one. */
static struct blob_ref names_bytes(struct str patient, struct str id, struct str bytes)
{
    struct req rq;
    struct blob_ref ref;
    struct buf b;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, blob_put_bytes(&rq, region.store, bytes, &ref));
    MUST(&rq, TX_SQL(tx, W_BLOB_ADD, 0, blob_val(&rq, &ref), sql_i64((int64_t)ref.size),
                     sql_text(S("application/fhir+json")), sql_i64(rq.now.ms)));
    buf_init(&b, rq.a, 2048);
    BUF_LIT(&b, "{\"resourceType\":\"Provenance\",\"id\":\"");
    buf_str(&b, id);
    BUF_LIT(&b, "\",\"target\":[{\"reference\":\"Patient/");
    buf_str(&b, patient);
    BUF_LIT(&b, "\"}],\"recorded\":\"2026-01-01T00:00:00Z\","
                "\"agent\":[{\"who\":{\"reference\":\"Practitioner/asker\"}}],"
                "\"entity\":[{\"role\":\"source\",\"what\":{\"identifier\":{\"value\":\"");
    sign_hash_name(&b, ref.sha);
    BUF_LIT(&b, "\"}}}]}");
    MUST(&rq, fhir_put(&rq, tx, buf_get(&b), TX_ANY));
    assert_int_equal(commit_end(&rq, tx), OK);
    return ref;
}

static uint64_t uses(const struct blob_ref *ref)
{
    struct req rq;
    struct db_rows q = {0};
    as(&rq, NULL);
    MUST(&rq, DB_ONE(&rq, &q, Q_BLOB, blob_val(&rq, ref)));
    uint64_t n = db_u64(&q, 2);
    db_rows_done(&q);
    req_done(&rq);
    return n;
}

static void two_people_and_nothing_open(void **state)
{
    int64_t id = 0;
    int64_t second = 0;
    (void)state;
    add_admins();
    struct str patient = patient_new();
    struct str of = case_of(patient);
    assert_int_equal(propose("asker", S("12/3"), S("2026-01-05"), &id), E_FORBIDDEN);
    assert_int_equal(propose("coord", S("12/3"), S("2026-01-05"), &id), E_FORBIDDEN);
    assert_int_equal(propose("localadmin", S("12/3"), S("2026-01-05"), &id), E_FORBIDDEN);
    assert_int_equal(propose("auditor", S("12/3"), S("2026-01-05"), &id), E_FORBIDDEN);
    assert_int_equal(propose("admin", S("12/3"), S("2026-01-05"), &id), E_CONFLICT); /* the case is open */
    struct req rq;
    as(&rq, person_who(&keep, "cons1"));
    struct tx *tx = tx_new(&rq);
    struct field said[] = {{SI("text"), SI("thoughts about Zhumagalieva")}};
    MUST(&rq, draft_save(&rq, tx, draft_key(rq.a, of, S("conclusion")), S("conclusion"),
                         &(struct fields){said, 1}, 0));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(draft_of_case(of), 1);
    struct blob_ref others = names_bytes(patient, S("provofothers"), S("{\"subject\":\"Patient/another\"}"));
    struct blob_ref mine = names_bytes(patient, S("provofmine"), patient);
    assert_int_equal(a_move(&keep, "asker", of, "withdraw", &(struct care_move_args){.reason = S("Not needed now")}),
                     OK);
    assert_int_equal(propose("admin", S(""), S("2026-01-05"), &id), E_BAD_INPUT);
    assert_int_equal(propose("admin", S("12/3"), S("2026-13-05"), &id), E_BAD_INPUT);
    assert_int_equal(propose("admin", S("12/3"), S("2999-01-05"), &id), E_BAD_INPUT);
    assert_int_equal(hold("asker", patient, true, S("A court asked for it")), E_FORBIDDEN);
    assert_int_equal(hold("auditor", patient, true, S("short")), E_BAD_INPUT);
    assert_int_equal(hold("auditor", patient, true, S("A court asked for it")), OK);
    assert_int_equal(propose("admin", S("12/3"), S("2026-01-05"), &id), E_CONFLICT);
    assert_int_equal(hold("admin", patient, false, S("The court has decided")), OK);
    assert_int_equal(propose("admin", S("12/3"), S("2026-01-05"), &id), OK);
    assert_int_equal(propose("admin", S("12/4"), S("2026-01-05"), &second), E_CONFLICT); /* one at a time */
    assert_int_equal(confirm("admin", id, iin), E_FORBIDDEN);
    assert_int_equal(confirm("cons1", id, iin), E_FORBIDDEN);
    assert_int_equal(confirm("nauditor", id, "850101300004"), E_BAD_INPUT);
    assert_int_equal(hold("auditor", patient, true, S("A court asked for it")), OK);
    assert_int_equal(confirm("nauditor", id, iin), E_CONFLICT);
    assert_int_equal(hold("auditor", patient, false, S("The court has decided")), OK);
    assert_int_equal(reads(T_PATIENT, patient), OK);
    assert_int_equal(confirm("nauditor", id, iin), OK);
    assert_int_equal(confirm("nauditor", id, iin), E_CONFLICT);

    /* Hidden at once, before any piece has run. */
    assert_int_equal(order_of(id).state, ERASURE_RUNS);
    assert_true(order_of(id).left > 3);
    assert_int_equal(reads(T_PATIENT, patient), E_GONE);
    assert_int_equal(reads(T_SERVICE_REQUEST, of), E_GONE);
    assert_int_equal(draft_of_case(of), 0);
    assert_int_equal(propose("admin", S("12/5"), S("2026-01-05"), &second), E_NOT_FOUND);
    assert_int_equal(faults(), 0);

    assert_int_equal(run(1), 1); /* a restart after the first piece: the order goes on */
    assert_true(run(1000) > 1);
    assert_int_equal(order_of(id).state, ERASURE_DONE);
    assert_int_equal(order_of(id).left, 0);
    assert_int_equal(faults(), 0);
    assert_int_equal(uses(&mine), 0); /* signed bytes about whose record it was; nobody else's */
    assert_int_equal(uses(&others), 1);
    assert_false(file_has("consilium.db", str_z(family)));
    assert_false(file_has("consilium.db", S("zhumagalieva"))); /* words and keys are folded */
    assert_false(file_has("consilium.db", str_z(iin)));
    assert_false(file_has("consilium.db-wal", str_z(family)));
    assert_true(file_has("consilium.db", S("Colleague"))); /* a name that stays is found so */
    struct audit_report r;
    as(&rq, NULL);
    MUST(&rq, audit_verify(&rq, &r));
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_true(r.n_erased >= order_of(id).resources);
    req_done(&rq);
    /* Nothing is written about whose record was erased. */
    struct str again = patient_new(); /* the same person comes anew: a new record */
    assert_false(str_eq(again, patient));
}

static void a_refused_order_takes_nothing(void **state)
{
    struct req rq;
    struct erasure o;
    int64_t id = 0;
    (void)state;
    assert_int_equal(propose("admin", S("12/9"), S("2026-01-05"), &id), OK);
    as(&rq, person_who(&keep, "auditor"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_refuse(&rq, tx, &o));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(confirm("nauditor", id, iin), E_CONFLICT);
    assert_int_equal(order_of(id).state, ERASURE_REFUSED);
    assert_int_equal(run(10), 0);
    assert_int_equal(propose("admin", S("12/10"), S("2026-01-05"), &id), OK); /* another may be proposed */
}

/* Where the order was proposed, or above; and as roles are when it is written. */
static void the_right_reaches_down_and_is_looked_at_again(void **state)
{
    struct req rq;
    struct erasure o;
    uint32_t n = 0;
    int64_t id = 0;
    bool may = true;
    (void)state;
    as(&rq, person_who(&keep, "auditor"));
    MUST(&rq, erasure_list(&rq, 0, &o, 1, &n));
    assert_true(str_eq(o.org, S("national")));
    MUST(&rq, erasure_may_confirm(&rq, &o, &may));
    assert_false(may);
    id = o.id;
    req_done(&rq);
    assert_int_equal(confirm("auditor", id, iin), E_FORBIDDEN); /* of the centre, below */
    as(&rq, person_who(&keep, "admin"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_refuse(&rq, tx, &o));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(propose("regionadmin", S("12/11"), S("2026-01-05"), &id), OK);
    assert_int_equal(confirm("hauditor", id, iin), E_FORBIDDEN);
    assert_int_equal(confirm("oauditor", id, iin), E_FORBIDDEN);
    as(&rq, person_who(&keep, "nauditor"));
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_may_confirm(&rq, &o, &may));
    assert_true(may);
    req_done(&rq);
    /* Asked for in time, written when the role had ended. */
    as(&rq, person_who(&keep, "rauditor"));
    tx = tx_new(&rq);
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_confirm(&rq, tx, &o, S("iin"), str_z(iin)));
    struct req other;
    as(&other, NULL);
    struct tx *ended = tx_new(&other);
    MUST(&other, role_end(&other, ended, who_role(rq.who)->id));
    assert_int_equal(commit_end(&other, ended), OK);
    assert_int_equal(commit_end(&rq, tx), E_FORBIDDEN);
    assert_int_equal(order_of(id).state, ERASURE_PROPOSED);
}

static void study_add(struct req *rq, struct tx *tx, struct str uid, struct str key)
{
    const struct sql_val no = sql_text(S(""));
    const struct sql_val zero = sql_i64(0);
    MUST(rq, TX_SQL(tx, W_DICOM_STUDY_NEW, TX_MUST_BE_NEW, sql_text(uid), zero, no, no, sql_text(str_z(iin)),
                    sql_text(S("Zhumagalieva^Unsent")), no, no, no, no, no, no, no, no, no, no, zero, zero, zero,
                    zero, zero));
    MUST(rq, TX_SQL(tx, W_DICOM_PLACE_NEW, TX_MUST_BE_NEW, sql_text(uid), sql_text(key), zero, no));
}

static enum err study_is(struct str uid)
{
    struct req rq;
    struct dicom_study s;
    as(&rq, NULL);
    enum err e = dicom_study_find(&rq, uid, &s);
    req_done(&rq);
    return e;
}

static enum err export_set(bool runs)
{
    const struct sql_val no = sql_text(S(""));
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    enum err e = runs ? TX_SQL(tx, W_BULK_NEW, TX_MUST_BE_NEW, sql_text(S("job")), sql_i64(0), no,
                               sql_i64(1), sql_i64(1), no, no, no, sql_i64(0))
                      : TX_SQL(tx, W_BULK_DROP, TX_MUST_CHANGE, sql_text(S("job")));
    return end_with(&rq, tx, e);
}

/* Images that came for a request never sent are nobody's yet; a study that another draft shows stays. And what is
 * no resource may begin while the second person confirms. */
static void unsent_images_go_and_nothing_begins_between(void **state)
{
    const struct str key = S("unsentdraft00001");
    struct req rq;
    struct erasure o;
    uint32_t n = 0;
    (void)state;
    as(&rq, person_who(&keep, "auditor"));
    MUST(&rq, erasure_list(&rq, 0, &o, 1, &n));
    int64_t id = o.id;
    assert_int_equal(o.state, ERASURE_PROPOSED);
    o.patient = arena_str(keep.a, o.patient);
    req_done(&rq);
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    struct field of[] = {{SI("patient"), o.patient}};
    MUST(&rq, draft_save(&rq, tx, key, S("request"), &(struct fields){of, 1}, 0));
    study_add(&rq, tx, S("1.2.3.1"), key);
    study_add(&rq, tx, S("1.2.3.2"), key);
    MUST(&rq, dicom_place_add(tx, S("1.2.3.2"), S("anotherdraft0001"), S("")));
    assert_int_equal(commit_end(&rq, tx), OK);

    as(&rq, person_who(&keep, "auditor"));
    tx = tx_new(&rq);
    MUST(&rq, erasure_get(&rq, id, &o));
    MUST(&rq, erasure_confirm(&rq, tx, &o, S("iin"), str_z(iin)));
    assert_int_equal(export_set(true), OK);
    assert_int_equal(commit_end(&rq, tx), E_STALE);
    assert_int_equal(confirm("nauditor", id, iin), E_CONFLICT);
    assert_int_equal(export_set(false), OK);
    assert_int_equal(study_is(S("1.2.3.1")), OK);
    assert_int_equal(confirm("nauditor", id, iin), OK);
    assert_true(run(1000) > 1);
    assert_int_equal(study_is(S("1.2.3.1")), E_NOT_FOUND);
    assert_int_equal(study_is(S("1.2.3.2")), OK);
    assert_int_equal(faults(), 0);
}

static int begin(void **state)
{
    int e = region_setup(state);
    as(&keep, NULL);
    return e;
}

static int end(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_people_and_nothing_open),
        cmocka_unit_test(a_refused_order_takes_nothing),
        cmocka_unit_test(the_right_reaches_down_and_is_looked_at_again),
        cmocka_unit_test(unsent_images_go_and_nothing_begins_between),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
