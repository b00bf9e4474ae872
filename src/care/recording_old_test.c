/* care/recording_old_test.c - recordings past their term: which policy's, what keeps them, the waiting time
 * after a term was set or shortened, what is left of one that went. */
#include "care/care_fixture.h"
#include "care/erasure.h"
#include "care/recording_old.h"
#include "care/recording.h"
#include "care/sign_doc.h"
#include "fhir/prepare.h"
#include "store/blob.h"

static struct req keep;
static struct policy mine[8];
static const struct policy *first; /* as the files have them */

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    first = region.content->policies;
    return 0;
}

static int teardown(void **state)
{
    region.content->policies = first;
    req_done(&keep);
    return region_teardown(state);
}

/* Terms of recordings, in days; 0: none. */
static void terms(int64_t kz, int64_t ru)
{
    assert_true(region.content->n_policies <= LEN(mine));
    for (uint32_t i = 0; i < region.content->n_policies; i++) {
        mine[i] = first[i];
        mine[i].recording.keep.ms = str_eq(first[i].id, S("kz")) ? kz * MS_DAY
                                    : str_eq(first[i].id, S("ru")) ? ru * MS_DAY : 0;
    }
    region.content->policies = mine;
    region.care.policy = content_policy(region.content, S("kz"));
}

static struct retain_seen seen(void)
{
    struct retain_seen all[RETAIN_COUNT];
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, retain_look(&rq, all));
    req_done(&rq);
    return all[RETAIN_RECORDINGS];
}

/* What a round removes; the clock goes on in steps it believes. */
static uint32_t round_now(void)
{
    struct retain_done done = {0};
    struct req rq;
    as(&rq, &who_clock);
    MUST(&rq, retain_round(&rq, true, &done));
    assert_false(done.refused);
    assert_int_equal(done.failed[RETAIN_RECORDINGS], OK);
    req_done(&rq);
    return done.removed[RETAIN_RECORDINGS];
}

static uint32_t go_on(int days)
{
    uint32_t n = 0;
    for (; days > 0; days -= 5) {
        region.now.ms += MIN(days, 5) * MS_DAY;
        n += round_now();
    }
    return n;
}

static struct str agreed(struct req *rq, struct tx *tx, struct str patient, const char *policy)
{
    struct str id = put_new_id(&keep);
    struct buf b;
    buf_init(&b, rq->a, 2048);
    BUF_LIT(&b, "{\"resourceType\":\"Consent\",\"id\":\"");
    buf_str(&b, id);
    BUF_LIT(&b, "\",\"status\":\"active\",\"scope\":{\"coding\":[{\"code\":\"patient-privacy\"}]},"
                "\"category\":[{\"text\":\"recorded\"}],\"patient\":{\"reference\":\"Patient/");
    buf_str(&b, patient);
    BUF_LIT(&b, "\"},\"policyRule\":{\"text\":\"");
    buf_str(&b, str_z(policy));
    BUF_LIT(&b, "\"}}");
    MUST(rq, fhir_put(rq, tx, buf_get(&b), TX_CREATE));
    return id;
}

struct made {
    struct str id, case_id, document;
    struct blob_ref ref;
};

/* A recording of a meeting about a case, agreed to under policies, with one file; it ends now. */
static struct made recorded(const char *bytes, const char *policy, const char *other)
{
    struct made m = {.id = put_new_id(&keep), .case_id = a_case(&keep)};
    struct case_row row;
    struct recording r;
    struct req rq;
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, case_row_load(&rq, m.case_id, &row));
    MUST(&rq, blob_put_bytes(&rq, region.store, str_z(bytes), &m.ref));
    MUST(&rq, TX_SQL(tx, W_ROOM_NEW, 0, sql_text(m.id), sql_i64(0), sql_text(m.case_id), sql_text(m.case_id),
                     sql_i64(row.patient_rid), sql_text(row.patient), sql_i64(0), sql_i64(0), sql_i64(rq.now.ms)));
    MUST(&rq, TX_SQL(tx, W_RECORDING_NEW, TX_MUST_BE_NEW, sql_text(m.id), sql_text(m.id), sql_i64(0),
                     sql_text(S("asker")), sql_text(S("Asker")), sql_i64(rq.now.ms)));
    MUST(&rq, TX_SQL(tx, W_RECORDING_ON, TX_MUST_CHANGE, sql_text(m.id), sql_i64(rq.now.ms), sql_text(S(""))));
    const char *under[] = {policy, other};
    for (size_t i = 0; i < LEN(under); i++) {
        struct str consent = under[i] != NULL ? agreed(&rq, tx, row.patient, under[i]) : S("");
        if (under[i] != NULL) {
            MUST(&rq, TX_SQL(tx, W_RECORDING_ANSWER, 0, sql_text(m.id), sql_text(consent), sql_text(S("Somebody")),
                             sql_i64(1), sql_i64(rq.now.ms), sql_text(consent)));
        }
    }
    MUST(&rq, TX_SQL(tx, W_RECORDING_STOP, TX_MUST_CHANGE, sql_text(m.id), sql_i64(rq.now.ms), sql_i64(1),
                     sql_text(S("Asker")), sql_text(S(""))));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, &who_clock);
    tx = tx_new(&rq);
    MUST(&keep, recording_load(&keep, m.id, &r));
    struct recording_file f = {.name = str_z(bytes), .type = S("audio/ogg"), .ext = S(".ogg"),
                               .size = m.ref.size};
    memcpy(f.sha, m.ref.sha, sizeof f.sha);
    MUST(&rq, recording_keep(&rq, tx, &r, &f));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, &who_clock);
    tx = tx_new(&rq);
    MUST(&rq, recording_done(&rq, tx, &r));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct case_file files[4];
    uint32_t n = 0;
    uint32_t total = 0;
    MUST(&keep, consult_files(&keep, row.rid, 0, files, LEN(files), &n, &total));
    assert_int_equal(total, 1);
    m.document = files[0].id;
    return m;
}

static void closed(const struct made *m)
{
    assert_int_equal(a_move(&keep, "asker", m->case_id, "withdraw",
                            &(struct care_move_args){.reason = S("Not needed now")}), OK);
}

static uint64_t uses(const struct made *m)
{
    struct req rq;
    struct db_rows q = {0};
    as(&rq, NULL);
    MUST(&rq, DB_ONE(&rq, &q, Q_BLOB, blob_val(&rq, &m->ref)));
    uint64_t n = db_u64(&q, 2);
    db_rows_done(&q);
    req_done(&rq);
    return n;
}

static struct recording now_of(const struct made *m)
{
    struct recording r;
    MUST(&keep, recording_load(&keep, m->id, &r));
    return r;
}

static enum err opened(const struct made *m)
{
    struct case_row row;
    struct case_file f;
    struct req rq;
    as(&rq, person_who(&keep, "asker"));
    enum err e = consult_file_get(&rq, m->document, AUDIT_DOWNLOAD, &row, &f);
    req_done(&rq);
    return e;
}

/* Set, waited for, over, gone; what is left says so. */
static void it_waits_then_leaves_and_says_so(void **state)
{
    (void)state;
    terms(0, 0);
    struct made m = recorded("sound one", "kz", NULL);
    assert_int_equal(go_on(100), 0);
    assert_int_equal(seen().past + seen().later, 0);
    terms(90, 0);
    assert_int_equal(seen().past + seen().later, 0); /* the case is open */
    closed(&m);
    struct retain_seen s = seen();
    assert_int_equal(s.past, 0); /* before the server has looked, too */
    assert_int_equal(s.later, 1);
    assert_int_equal(s.later_from.ms, region.now.ms + 30 * MS_DAY);
    assert_int_equal(round_now(), 0);
    int64_t from = seen().later_from.ms;
    assert_int_equal(go_on(29), 0);
    assert_int_equal(seen().later_from.ms, from);
    terms(80, 0); /* made shorter: it waits anew */
    assert_int_equal(go_on(29), 0);
    assert_true(seen().later_from.ms > from);
    terms(85, 0); /* and longer: it goes on */
    assert_int_equal(opened(&m), OK);
    assert_int_equal(uses(&m), 1);
    region.now.ms += 6 * MS_DAY;
    assert_int_equal(seen().past, 1);
    assert_int_equal(round_now(), 1);
    assert_int_equal(round_now(), 0);
    assert_int_equal(uses(&m), 0);
    assert_int_equal(opened(&m), E_GONE);
    struct recording r = now_of(&m);
    assert_int_equal(r.gone.ms, region.now.ms);
    assert_int_equal(r.files, 1);
    assert_true(str_eq(r.by_name, S("Asker")) && str_starts(r.gone_by, S("kz ")));
    struct case_file files[4];
    struct res_row row;
    uint32_t n = 0;
    uint32_t total = 0;
    MUST(&keep, db_head(&keep, T_SERVICE_REQUEST, m.case_id, &row));
    MUST(&keep, consult_files(&keep, row.rid, 0, files, LEN(files), &n, &total));
    assert_int_equal(total, 1);
    assert_int_equal(files[0].gone.ms, region.now.ms);
    assert_true(str_eq(files[0].gone_by, r.gone_by) && files[0].size == m.ref.size);
    assert_true(str_find(files[0].title, S("Recording of")) < files[0].title.n);
    /* its record names term, source and ground */
    static struct audit_row rows[50];
    size_t got = 0;
    bool told = false;
    MUST(&keep, audit_list(&keep, 0, 0, LEN(rows), rows, &got));
    for (size_t i = 0; i < got; i++) {
        struct str d = rows[i].detail;
        told = told || (rows[i].action == AUDIT_DELETE && str_eq(rows[i].id, m.document)
                        && str_starts(d, S("term of storage is over: kz "))
                        && str_find(d, S("recording.retention, 85 days, not verified; source: ")) < d.n);
    }
    assert_true(told);
}

/* Of several policies the longest; one without a term keeps it. */
static void of_several_policies_the_longest_holds(void **state)
{
    (void)state;
    terms(10, 60);
    struct made one = recorded("sound of one", "kz", NULL);
    struct made both = recorded("sound of both", "kz", "ru");
    struct made never = recorded("sound of never", "kz", "uz");
    struct made unknown = recorded("sound of unknown", "kz", "xx");
    closed(&one);
    closed(&both);
    closed(&never);
    closed(&unknown);
    assert_int_equal(go_on(40), 1);
    assert_int_equal(opened(&one), E_GONE);
    assert_int_equal(go_on(25), 1);
    assert_int_equal(opened(&both), E_GONE);
    assert_int_equal(go_on(200), 0);
    assert_int_equal(opened(&never), OK);
    assert_int_equal(opened(&unknown), OK);
    terms(0, 0);
    (void)round_now();
}

static void hold(bool set)
{
    struct req rq;
    struct res_row row;
    as(&rq, person_who(&keep, "auditor"));
    struct tx *tx = tx_new(&rq);
    struct str patient = a_patient(&keep);
    MUST(&rq, db_head(&rq, T_PATIENT, patient, &row));
    MUST(&rq, set ? erasure_hold(&rq, tx, patient, row.rid, S("A court asked for it"))
                  : erasure_lift(&rq, tx, patient, row.rid, S("The court has decided")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void live(const struct made *m, bool is)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, is ? TX_SQL(tx, W_ROOM_BEGIN, TX_MUST_CHANGE, sql_text(m->id), sql_i64(0), sql_i64(region.now.ms))
                 : TX_SQL(tx, W_ROOM_END, TX_MUST_CHANGE, sql_text(m->id), sql_i64(1)));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Signed bytes about the case that name the file. */
static void sign_names(const struct made *m)
{
    struct req rq;
    struct buf b;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    buf_init(&b, rq.a, 2048);
    BUF_LIT(&b, "{\"resourceType\":\"Bundle\",\"id\":\"signedone\",\"type\":\"collection\","
                "\"identifier\":{\"value\":\"");
    sign_hash_name(&b, m->ref.sha);
    BUF_LIT(&b, "\"}}");
    MUST(&rq, fhir_put_how(&rq, tx, buf_get(&b), &(struct fhir_how){.id = S("signedone"), .expect = TX_CREATE,
                                                                   .anchor_type = T_SERVICE_REQUEST,
                                                                   .anchor_id = m->case_id}));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void what_is_needed_stays(void **state)
{
    (void)state;
    terms(10, 0);
    struct made m = recorded("sound of need", "kz", NULL);
    assert_int_equal(go_on(60), 0); /* the case is open */
    hold(true);
    closed(&m);
    assert_int_equal(go_on(10), 0);
    live(&m, true);
    hold(false);
    assert_int_equal(go_on(10), 0);
    struct made other = recorded("sound of another", "kz", NULL);
    sign_names(&other);
    closed(&other);
    live(&m, false);
    assert_int_equal(seen().past, 1);
    assert_int_equal(round_now(), 1);
    assert_int_equal(go_on(60), 0); /* a signed document names the other */
    assert_int_equal(opened(&other), OK);
}

/* Two of one content: each has its own use of the bytes. */
static void one_use_of_the_bytes_ends(void **state)
{
    (void)state;
    terms(10, 0);
    struct made a = recorded("the same sound", "kz", NULL);
    region.now.ms += MS_DAY;
    struct made b = recorded("the same sound", "kz", NULL);
    closed(&a);
    assert_int_equal(uses(&a), 2);
    assert_int_equal(go_on(60), 1);
    assert_int_equal(uses(&b), 1);
    assert_int_equal(opened(&b), OK);
    closed(&b);
    assert_int_equal(round_now(), 1);
    assert_int_equal(uses(&b), 0);
}

/* The waiting time is kept in the store. */
static void it_waits_over_a_restart(void **state)
{
    (void)state;
    terms(0, 0);
    (void)round_now();
    struct made m = recorded("sound of a restart", "kz", NULL);
    closed(&m);
    terms(10, 0);
    assert_int_equal(go_on(25), 0);
    int64_t now = region.now.ms;
    char id[64];
    memcpy(id, m.id.p, m.id.n);
    const struct str again = {id, m.id.n};
    req_done(&keep);
    region.content->policies = first;
    region_close();
    region_open();
    region.now.ms = now;
    as(&keep, NULL);
    first = region.content->policies;
    terms(10, 0);
    assert_int_equal(go_on(4), 0);
    assert_int_equal(seen().later, 1);
    assert_int_equal(go_on(5), 0);
    assert_int_equal(go_on(2), 1);
    struct recording r;
    MUST(&keep, recording_load(&keep, again, &r));
    assert_true(r.gone.ms > 0);
    struct buf out;
    uint64_t faults = 1;
    buf_init(&out, keep.a, 1 << 16);
    MUST(&keep, store_check(&keep, &out, &faults));
    assert_int_equal(faults, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_then_leaves_and_says_so),
        cmocka_unit_test(of_several_policies_the_longest_holds),
        cmocka_unit_test(what_is_needed_stays),
        cmocka_unit_test(one_use_of_the_bytes_ends),
        cmocka_unit_test(it_waits_over_a_restart),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
