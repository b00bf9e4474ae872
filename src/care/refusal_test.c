/* care/refusal_test.c - refusals alike are counted exactly and told once; nobody fills the disk. */
#include "care/care_fixture.h"

#include "care/refusal.h"
#include "store/audit.h"

enum { ROWS_MAX = 4000 };
static struct req keep;
static struct audit_row rows[ROWS_MAX];

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

static void refuse(const struct who *who, const char *peer, struct str id)
{
    struct req rq;

    as(&rq, who);
    rq.who = who; /* NULL: nobody */
    memcpy(rq.peer, peer, strlen(peer) + 1);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, refusal_note(&rq, E_FORBIDDEN, T_SERVICE_REQUEST, id, S("GET /cases/:case")));
    MUST(&rq, refusal_note(&rq, E_FORBIDDEN, T_NONE, S(""), S("said already")));
    MUST(&rq, refusal_count(&rq, tx));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Records of refusals since seq, in rows until the end; *ret_n: how many refusals they tell of. */
static size_t told_since(uint64_t seq, uint64_t *ret_n)
{
    size_t n = 0;
    size_t got = 0;

    *ret_n = 0;
    MUST(&keep, audit_list(&keep, 0, 0, ROWS_MAX, rows, &n));
    for (size_t i = 0; i < n && rows[i].seq > seq; i++) {
        struct str rest = rows[i].detail;
        struct str first = {NULL, 0};
        uint64_t more = 1;
        if (rows[i].action == AUDIT_DENY) {
            if (str_find(rest, S(" more: ")) < rest.n) {
                assert_true(str_cut(&rest, ' ', &first) && str_u64(first, &more));
            }
            *ret_n += more;
            got++;
        }
    }
    return got;
}

static uint64_t newest(void)
{
    struct req rq;
    struct audit_row row;
    size_t n = 0;

    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, 0, 0, 1, &row, &n));
    uint64_t seq = n > 0 ? row.seq : 0;
    req_done(&rq);
    return seq;
}

static void tell(void)
{
    struct req rq;
    uint32_t n = 0;

    do {
        as(&rq, &who_clock);
        MUST(&rq, refusal_tell(&rq, 100, &n));
        req_done(&rq);
    } while (n > 0);
}

static void the_record_holds(void)
{
    struct req rq;
    struct audit_report report = {0};

    as(&rq, NULL);
    MUST(&rq, audit_verify(&rq, &report));
    assert_int_equal(report.fault, AUDIT_HOLDS);
    req_done(&rq);
}

static void the_first_are_told_and_the_rest_counted(void **state)
{
    (void)state;
    uint64_t before = newest();
    uint64_t n = 0;
    const struct who *who = person_who(&keep, "outsider");

    for (int i = 0; i < 30; i++) {
        refuse(who, "192.0.2.1", S("case-one"));
    }
    assert_int_equal(told_since(before, &n), REFUSALS_TOLD);
    assert_int_equal(n, REFUSALS_TOLD);
    tell(); /* the hour is not over */
    assert_int_equal(told_since(before, &n), REFUSALS_TOLD);
    region.now.ms += REFUSAL_WINDOW_MS + 1;
    tell();
    assert_int_equal(told_since(before, &n), REFUSALS_TOLD + 1);
    assert_int_equal(n, 30);
    assert_true(str_eq(rows[0].actor, S("outsider")));
    assert_true(str_eq(rows[0].peer, S("192.0.2.1")));
    assert_true(str_eq(rows[0].id, S("case-one")));
    assert_int_equal(rows[0].outcome, E_FORBIDDEN);
    tell();
    assert_int_equal(told_since(before, &n), REFUSALS_TOLD + 1);
    refuse(who, "192.0.2.1", S("case-one")); /* a new hour: told again */
    assert_int_equal(told_since(before, &n), REFUSALS_TOLD + 2);
    the_record_holds();
}

static void many_things_asked_for_are_not_many_records(void **state)
{
    (void)state;
    uint64_t before = newest();
    uint64_t n = 0;
    const struct who *who = person_who(&keep, "asker2");

    for (int i = 0; i < 400; i++) {
        struct buf b;
        buf_init(&b, keep.a, 32);
        BUF_LIT(&b, "guess-");
        buf_i64(&b, i);
        refuse(who, "192.0.2.2", buf_get(&b));
    }
    assert_int_equal(told_since(before, &n), REFUSALS_APART);
    region.now.ms += REFUSAL_WINDOW_MS + 1;
    tell();
    assert_int_equal(told_since(before, &n), REFUSALS_APART + 1);
    assert_int_equal(n, 400);
    the_record_holds();
}

static void nobody_is_named_so(void **state)
{
    (void)state;
    uint64_t before = newest();
    uint64_t n = 0;

    refuse(NULL, "192.0.2.3", S("case-two"));
    assert_int_equal(told_since(before, &n), 1);
    assert_true(str_eq(rows[0].actor, S("nobody")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_are_told_and_the_rest_counted),
        cmocka_unit_test(many_things_asked_for_are_not_many_records),
        cmocka_unit_test(nobody_is_named_so),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
