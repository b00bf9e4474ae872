/* care/erasure_term_test.c - records past their term: which policy's, what keeps them, the waiting time, a clock
 * that jumps, a kind that fails, a store closed on the way. */
#include "care/care_fixture.h"
#include "care/draft.h"
#include "care/erasure.h"
#include "care/flow.h"
#include "care/patient.h"
#include "care/retain_wait.h"
#include "fhir/prepare.h"

static struct req keep;
static struct policy mine[8];
static const struct policy *first; /* as the files have them */

/* Terms of records, in years; 0: none. */
static void terms(int kz, int ru)
{
    assert_true(region.content->n_policies <= LEN(mine));
    for (uint32_t i = 0; i < region.content->n_policies; i++) {
        mine[i] = first[i];
        mine[i].record_keep.ms = str_eq(first[i].id, S("kz")) ? kz * MS_YEAR
                                 : str_eq(first[i].id, S("ru")) ? ru * MS_YEAR : 0;
    }
    region.content->policies = mine;
    region.care.policy = content_policy(region.content, S("kz"));
}

static int begin(void **state)
{
    static const struct {
        struct str id, org, policy;
    } rows[] = {{SI("admin"), SI("national"), SI("")},
                {SI("rudoctor"), SI("ruorg"), SI("ru")},
                {SI("uzdoctor"), SI("uzorg"), SI("uz")}};
    struct req rq;
    struct str id = {0};
    region_setup(state);
    as(&keep, NULL);
    first = region.content->policies;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (size_t i = 0; i < LEN(rows); i++) {
        if (rows[i].policy.n > 0) {
            MUST(&rq, org_add(&rq, tx, &(struct org_new){.id = rows[i].org, .name = rows[i].org, .parent = S("centre"),
                                                         .kind = ORG_HOSPITAL, .policy = rows[i].policy}, &id));
        }
        MUST(&rq, person_add(&rq, tx, &(struct person_new){.id = rows[i].id, .family = S("Person"),
                                                           .given = rows[i].id}, &id));
        MUST(&rq, role_add(&rq, tx, &(struct role_new){.person = rows[i].id, .org = rows[i].org,
                                                       .code = i == 0 ? S("administrator") : S("doctor")}, &id));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static int end(void **state)
{
    region.content->policies = first;
    req_done(&keep);
    return region_teardown(state);
}

static struct str patient_new(const char *family)
{
    struct req rq;
    struct problems p = {.n = 0};
    struct str id = {0};
    const struct field typed[] = {{SI("family"), str_z(family)}, {SI("given"), SI("Somebody")},
                                  {SI("birth-date"), SI("1962-05-04")}, {SI("sex"), SI("male")}};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, patient_register(&rq, tx, &(struct fields){typed, LEN(typed)}, &p, &id));
    id = arena_str(keep.a, id);
    assert_int_equal(commit_end(&rq, tx), OK);
    return id;
}

/* An entry in somebody's record by a person of an organisation. */
static void entry(const char *person, struct str patient)
{
    struct req rq;
    struct buf b;
    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    struct str id = put_new_id(&rq);
    buf_init(&b, rq.a, 1024);
    BUF_LIT(&b, "{\"resourceType\":\"Observation\",\"id\":\"");
    buf_str(&b, id);
    BUF_LIT(&b, "\",\"status\":\"final\",\"code\":{\"text\":\"Weight\"},\"subject\":{\"reference\":\"Patient/");
    buf_str(&b, patient);
    BUF_LIT(&b, "\"}}");
    MUST(&rq, fhir_put(&rq, tx, buf_get(&b), TX_CREATE));
    MUST(&rq, audit_add(&rq, &(struct audit_rec){.action = AUDIT_CREATE, .why = WHY_OWN, .type = T_OBSERVATION,
                                                 .id = id, .patient_type = T_PATIENT, .patient_id = patient}));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static enum err reads(struct str patient)
{
    struct req rq;
    struct res_row row;
    as(&rq, NULL);
    enum err e = db_read(&rq, T_PATIENT, patient, &row);
    req_done(&rq);
    return e;
}

static struct retain_seen seen_of(enum retain_id id)
{
    struct retain_seen all[RETAIN_COUNT];
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, retain_look(&rq, all));
    all[id].why = arena_str(keep.a, all[id].why);
    req_done(&rq);
    return all[id];
}

static struct retain_done round_now(void)
{
    struct retain_done done = {0};
    struct req rq;
    as(&rq, &who_clock);
    MUST(&rq, retain_round(&rq, true, &done));
    req_done(&rq);
    return done;
}

/* The clock is said to be right after so many days, and a round is gone. */
static uint32_t after_days(int64_t days)
{
    struct req rq;
    region.now.ms += days * MS_DAY;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, retain_clock_confirm(&rq, tx, WHY_ADMIN));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct retain_done done = round_now();
    assert_int_equal(done.failed[RETAIN_RECORD], OK);
    return done.removed[RETAIN_RECORD];
}

/* Back to the time of the store, which writes with a clock of its own; no policy has a term. */
static void anew(void)
{
    region.now = os_now();
    terms(0, 0);
    (void)round_now();
}

/* A term of a year that has been waited for. */
static void one_year(void)
{
    anew();
    terms(1, 0);
    assert_int_equal(after_days(0), 0);
    assert_int_equal(after_days(31), 0);
}

static void run_out(void)
{
    unsigned step = 0;
    bool more = true;
    while (more) {
        struct req rq;
        as(&rq, &who_clock);
        MUST(&rq, erasure_step(&rq, &step, &more));
        req_done(&rq);
    }
}

static void all_is_whole(void)
{
    struct req rq;
    struct buf out;
    struct audit_report r;
    uint64_t n = 1;
    as(&rq, NULL);
    buf_init(&out, rq.a, 1 << 16);
    MUST(&rq, store_check(&rq, &out, &n));
    assert_int_equal(n, 0);
    MUST(&rq, audit_verify(&rq, &r));
    assert_int_equal(r.fault, AUDIT_HOLDS);
    req_done(&rq);
}

/* Erasures by policy: orders in the list, and their records. */
static void orders(uint32_t *ret_orders, uint32_t *ret_records)
{
    static struct audit_row rows[2000];
    struct erasure all[60];
    struct req rq;
    uint32_t n = 0;
    size_t got = 0;
    *ret_orders = *ret_records = 0;
    as(&rq, person_who(&keep, "auditor"));
    MUST(&rq, erasure_list(&rq, 0, all, LEN(all), &n));
    for (uint32_t i = 0; i < n; i++) {
        bool by = str_eq(all[i].reason, S(ERASURE_BY_POLICY));
        assert_true(!by || (all[i].by.n == 0 && all[i].second.n == 0 && all[i].state >= ERASURE_RUNS));
        assert_true(!by || str_starts(all[i].number, S("kz ")) || str_starts(all[i].number, S("ru ")));
        *ret_orders += by;
    }
    MUST(&rq, audit_list(&rq, 0, 0, LEN(rows), rows, &got));
    for (size_t i = 0; i < got; i++) {
        struct str d = rows[i].detail;
        bool by = str_starts(d, S("erasure by policy, order "));
        assert_true(!by || (str_find(d, S("term of storage is over: ")) < d.n && str_find(d, S("; source: ")) < d.n
                            && str_find(d, S("retention.medicalRecord, ")) < d.n));
        *ret_records += by;
    }
    req_done(&rq);
}

static void of_several_policies_the_longest_holds(void **state)
{
    uint32_t n = 0;
    uint32_t records = 0;
    (void)state;
    anew();
    struct str plain = patient_new("Plainov");
    struct str two = patient_new("Twoev");
    struct str never = patient_new("Neverov");
    entry("rudoctor", two);
    entry("uzdoctor", never);
    entry("asker", plain);
    assert_int_equal(after_days(5000), 0); /* no policy has a term */
    terms(2, 15);
    assert_int_equal(seen_of(RETAIN_RECORD).past, 0);
    assert_int_equal(seen_of(RETAIN_RECORD).later, 1);
    assert_int_equal(after_days(0), 0);
    assert_int_equal(after_days(29), 0);
    assert_int_equal(after_days(2), 1);
    assert_int_equal(reads(plain), E_GONE);
    assert_int_equal(reads(two), OK);
    assert_int_equal(after_days(600), 1);
    assert_int_equal(reads(two), E_GONE);
    assert_int_equal(after_days(2500), 0);
    assert_int_equal(reads(never), OK);
    run_out();
    all_is_whole();
    orders(&n, &records);
    assert_int_equal(n, 2);
    assert_int_equal(records, 2);
    struct retain_seen s = seen_of(RETAIN_RECORD);
    assert_int_equal(s.past + s.later, 0);
}

/* Set, waited for, made shorter, waited for again; over a restart. */
static void a_term_waits_after_it_was_set_or_shortened(void **state)
{
    char id[64];
    (void)state;
    anew();
    struct str p = patient_new("Waitov");
    memcpy(id, p.p, p.n);
    const struct str again = {id, p.n};
    assert_int_equal(after_days(1200), 0);
    terms(3, 0);
    assert_int_equal(after_days(0), 0);
    assert_int_equal(seen_of(RETAIN_RECORD).later, 1);
    int64_t from = seen_of(RETAIN_RECORD).later_from.ms;
    assert_int_equal(from, region.now.ms + 30 * MS_DAY);
    assert_int_equal(after_days(29), 0);
    terms(2, 0);
    assert_int_equal(after_days(0), 0);
    assert_int_equal(seen_of(RETAIN_RECORD).later_from.ms, from + 29 * MS_DAY);
    assert_int_equal(after_days(29), 0);
    int64_t now = region.now.ms;
    req_done(&keep);
    region.content->policies = first;
    region_close();
    region_open();
    region.now.ms = now;
    as(&keep, NULL);
    first = region.content->policies;
    terms(2, 0);
    assert_int_equal(reads(again), OK);
    assert_int_equal(seen_of(RETAIN_RECORD).later, 1);
    assert_int_equal(after_days(2), 1);
    assert_int_equal(reads(again), E_GONE);
}

static void hold(struct str patient, bool set)
{
    struct req rq;
    struct res_row row;
    as(&rq, person_who(&keep, "auditor"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_head(&rq, T_PATIENT, patient, &row));
    MUST(&rq, set ? erasure_hold(&rq, tx, patient, row.rid, S("A court asked for it"))
                  : erasure_lift(&rq, tx, patient, row.rid, S("The court has decided")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void draft(struct str patient, bool set)
{
    struct req rq;
    struct field of[] = {{SI("patient"), patient}};
    as(&rq, person_who(&keep, "asker"));
    struct tx *tx = tx_new(&rq);
    MUST(&rq, set ? draft_save(&rq, tx, S("somedraft0000001"), S("conclusion"), &(struct fields){of, 1}, 0)
                  : draft_end(&rq, tx, S("somedraft0000001")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void what_is_open_or_held_stays(void **state)
{
    (void)state;
    one_year();
    struct str of = a_case(&keep);
    struct str p = a_patient(&keep);
    assert_int_equal(after_days(2000), 0); /* the case is open */
    hold(p, true);
    assert_int_equal(a_move(&keep, "asker", of, "withdraw", &(struct care_move_args){.reason = S("Not needed now")}),
                     OK);
    assert_int_equal(after_days(10), 0); /* held */
    draft(p, true);
    hold(p, false);
    assert_int_equal(after_days(1), 0); /* somebody writes about it */
    draft(p, false);
    assert_int_equal(seen_of(RETAIN_RECORD).past, 1);
    assert_int_equal(after_days(0), 1);
    assert_int_equal(reads(p), E_GONE);
    run_out();
    all_is_whole();
}

static void a_clock_that_jumps_takes_nothing(void **state)
{
    (void)state;
    one_year();
    struct str p = patient_new("Jumpov");
    region.now.ms += 4000 * MS_DAY;
    assert_true(round_now().refused);
    assert_int_equal(reads(p), OK);
    assert_int_equal(after_days(0), 1);
    assert_int_equal(reads(p), E_GONE);
}

/* Not more than so many on one day. */
static void a_day_takes_so_many(void **state)
{
    (void)state;
    one_year();
    for (int i = 0; i < 12; i++) {
        (void)patient_new("Manyov");
    }
    uint64_t before = seen_of(RETAIN_RECORD).removed_n; /* of a day that this test went back from */
    assert_int_equal(after_days(400), 10);
    struct retain_done done = round_now();
    assert_int_equal(done.removed[RETAIN_RECORD], 2);
    assert_false(done.more);
    uint64_t gone = seen_of(RETAIN_RECORD).removed_n;
    assert_true(gone == 12 || gone == before + 12);
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_RETAIN_REMOVED, 0, sql_text(S("record")), sql_i64(region.now.ms),
                     sql_i64(200 - (int64_t)gone),
                     sql_i64(region.now.ms - region.now.ms % MS_DAY)));
    assert_int_equal(commit_end(&rq, tx), OK);
    struct str p = patient_new("Overov");
    assert_int_equal(round_now().removed[RETAIN_RECORD], 0);
    assert_int_equal(reads(p), OK);
    assert_int_equal(after_days(1), 1);
    assert_int_equal(reads(p), E_GONE);
    run_out();
    all_is_whole();
}

/* A recording whose room is not there cannot be judged: its kind fails and says so, the others go on. */
static void a_kind_that_fails_is_told_and_stops_no_other(void **state)
{
    struct req rq;
    (void)state;
    one_year();
    for (uint32_t i = 0; i < region.content->n_policies; i++) {
        mine[i].recording.keep.ms = 40 * MS_DAY;
    }
    struct str p = patient_new("Failov");
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    struct buf b;
    buf_init(&b, rq.a, 1024);
    BUF_LIT(&b, "{\"resourceType\":\"Consent\",\"id\":\"agreed\",\"status\":\"active\",\"scope\":{\"text\":\"x\"},"
                "\"category\":[{\"text\":\"recorded\"}],\"policyRule\":{\"text\":\"kz\"}}");
    MUST(&rq, fhir_put(&rq, tx, buf_get(&b), TX_CREATE));
    MUST(&rq, TX_SQL(tx, W_RECORDING_NEW, TX_MUST_BE_NEW, sql_text(S("rec")), sql_text(S("noroom")), sql_i64(0),
                     sql_text(S("asker")), sql_text(S("Asker")), sql_i64(rq.now.ms)));
    MUST(&rq, TX_SQL(tx, W_RECORDING_ANSWER, 0, sql_text(S("rec")), sql_text(S("k")), sql_text(S("n")), sql_i64(1),
                     sql_i64(rq.now.ms), sql_text(S("agreed"))));
    MUST(&rq, TX_SQL(tx, W_RECORDING_STOP, TX_MUST_CHANGE, sql_text(S("rec")), sql_i64(rq.now.ms), sql_i64(1),
                     sql_text(S("Asker")), sql_text(S(""))));
    MUST(&rq, TX_SQL(tx, W_RECORDING_FILES, TX_MUST_CHANGE, sql_text(S("rec"))));
    MUST(&rq, TX_SQL(tx, W_RECORDING_KEPT, TX_MUST_CHANGE, sql_text(S("rec"))));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal(after_days(0), 0);
    assert_int_equal(after_days(400), 1);
    assert_int_equal(reads(p), E_GONE);
    region.now.ms += MS_HOUR;
    struct retain_done done = round_now();
    assert_int_equal(done.failed[RETAIN_RECORDINGS], E_NOT_FOUND);
    struct retain_seen s = seen_of(RETAIN_RECORDINGS);
    int64_t since = s.failed.ms;
    assert_int_equal(since, region.now.ms - MS_HOUR);
    assert_true(str_eq(s.why, str_z(err_name(E_NOT_FOUND))));
    region.now.ms += MS_DAY;
    assert_int_equal(round_now().failed[RETAIN_RECORDINGS], E_NOT_FOUND);
    assert_int_equal(seen_of(RETAIN_RECORDINGS).failed.ms, since);
    as(&rq, NULL);
    tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ROOM_NEW, 0, sql_text(S("noroom")), sql_i64(0), sql_text(S("c")), sql_text(S("")),
                     sql_i64(0), sql_text(S("")), sql_i64(0), sql_i64(0), sql_i64(1)));
    assert_int_equal(commit_end(&rq, tx), OK);
    done = round_now();
    assert_int_equal(done.failed[RETAIN_RECORDINGS], OK);
    assert_int_equal(done.removed[RETAIN_RECORDINGS], 1);
    assert_int_equal(seen_of(RETAIN_RECORDINGS).failed.ms, 0);
}

/* Orders that were begun go on in a store that is opened anew. */
static void a_store_closed_on_the_way_goes_on(void **state)
{
    unsigned step = 0;
    bool more = false;
    struct req rq;
    char id[64];
    (void)state;
    one_year();
    struct str p = patient_new("Closedov");
    memcpy(id, p.p, p.n);
    const struct str again = {id, p.n};
    for (int i = 0; i < 3; i++) {
        entry("asker", p);
    }
    assert_int_equal(after_days(400), 1);
    as(&rq, &who_clock);
    MUST(&rq, erasure_step(&rq, &step, &more));
    req_done(&rq);
    int64_t now = region.now.ms;
    req_done(&keep);
    region.content->policies = first;
    region_close();
    region_open();
    region.now.ms = now;
    as(&keep, NULL);
    first = region.content->policies;
    terms(0, 0);
    assert_int_equal(reads(again), E_GONE);
    run_out();
    all_is_whole();
    uint32_t n = 0;
    uint32_t records = 0;
    orders(&n, &records);
    assert_int_equal(n, records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_several_policies_the_longest_holds),
        cmocka_unit_test(a_term_waits_after_it_was_set_or_shortened),
        cmocka_unit_test(what_is_open_or_held_stays),
        cmocka_unit_test(a_clock_that_jumps_takes_nothing),
        cmocka_unit_test(a_day_takes_so_many),
        cmocka_unit_test(a_kind_that_fails_is_told_and_stops_no_other),
        cmocka_unit_test(a_store_closed_on_the_way_goes_on),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
