/* care/retain_test.c - what is just within its term stays, what is just past it goes, what is in use stays; looking
 * changes nothing; a clock that jumps removes nothing; a kill leaves what is on record and what is gone alike. */
#include "care/care_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "care/retain.h"

static struct req keep;

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    struct tx *tx = tx_new(&keep);
    MUST(&keep, TX_SQL(tx, W_ACCOUNT_NEW, 0, sql_text(S("first")), sql_text(S("asker")), sql_text(S("")),
                       sql_i64(0), sql_i64(0), sql_i64(region.now.ms)));
    MUST(&keep, store_commit(region.store, &keep, tx));
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* ---- rows of a kind that were used, or ended, at a time ---- */

static char ids[64][24];
static unsigned n_ids;
static int64_t n_addresses;

static struct str new_id(void)
{
    char *id = ids[n_ids++ % LEN(ids)];
    (void)snprintf(id, sizeof(ids[0]), "r%u", n_ids);
    return str_z(id);
}

static enum err put_notice(struct tx *tx, int64_t at)
{
    TRY(TX_SQL(tx, W_NOTICE_NEW, 0, sql_text(new_id()), sql_i64(at), sql_i64(1), sql_text(S("c"))));
    return TX_SQL(tx, W_NOTICES_READ, 0, sql_text(str_z(ids[(n_ids - 1) % LEN(ids)])), sql_i64(INT64_MAX),
                  sql_i64(at));
}
static enum err put_unread(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_NOTICE_NEW, 0, sql_text(new_id()), sql_i64(at), sql_i64(1), sql_text(S("c")));
}
static enum err put_post(struct tx *tx, int64_t at)
{
    struct str who = new_id();
    TRY(TX_SQL(tx, W_ADDRESS_SET, 0, sql_text(who), sql_i64(1), sql_text(who), sql_text(S("")), sql_i64(1),
               sql_i64(0), sql_i64(0), sql_i64(1), sql_i64(at)));
    TRY(TX_SQL(tx, W_POST_TO, 0, sql_text(who), sql_i64(1), sql_text(who), sql_i64(1), sql_text(S("s")),
               sql_i64(at)));
    n_addresses++; /* their numbers count from one */
    return TX_SQL(tx, W_POST_FAILED, TX_MUST_CHANGE, sql_i64(n_addresses), sql_i64(0), sql_i64(INT64_MAX),
                  sql_i64(1), sql_i64(at), sql_i64(1), sql_i64(0), sql_i64(at));
}
static enum err put_waiting(struct tx *tx, int64_t at)
{
    struct str who = new_id();
    n_addresses++;
    TRY(TX_SQL(tx, W_ADDRESS_SET, 0, sql_text(who), sql_i64(1), sql_text(who), sql_text(S("")), sql_i64(1),
               sql_i64(0), sql_i64(0), sql_i64(1), sql_i64(at)));
    return TX_SQL(tx, W_POST_TO, 0, sql_text(who), sql_i64(1), sql_text(who), sql_i64(1), sql_text(S("s")),
                  sql_i64(at));
}
static enum err put_call(struct tx *tx, int64_t at)
{
    struct str of = new_id();
    TRY(TX_SQL(tx, W_RING_NEW, 0, sql_text(of), sql_i64(1), sql_text(S("p")), sql_i64(at - 1)));
    return TX_SQL(tx, W_RING_END, 0, sql_text(of), sql_i64(at));
}
static enum err put_ringing(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_RING_NEW, 0, sql_text(new_id()), sql_i64(1), sql_text(S("p")), sql_i64(at));
}
static enum err put_session(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_SESSION_NEW, 0, sql_blob(new_id()), sql_i64(1), sql_text(S("r")), sql_text(S("x")),
                  sql_i64(at - MS_HOUR), sql_i64(at), sql_i64(0), sql_i64(0));
}
static enum err put_device(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_DEVICE_SEEN, 0, sql_i64(1), sql_blob(new_id()), sql_i64(at));
}
static enum err put_draft(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_DRAFT_SAVE, 0, sql_text(S("asker")), sql_text(new_id()), sql_text(S("conclusion")),
                  sql_text(S("{}")), sql_i64(at));
}
static enum err put_request(struct tx *tx, int64_t at)
{
    return TX_SQL(tx, W_DRAFT_SAVE, 0, sql_text(S("asker")), sql_text(new_id()), sql_text(S("request")),
                  sql_text(S("{}")), sql_i64(at));
}
static enum err put_share(struct tx *tx, int64_t at)
{
    struct str id = new_id();
    return TX_SQL(tx, W_SHARE_NEW, 0, sql_text(id), sql_blob(id), sql_blob(id), sql_text(S("1.2")),
                  sql_text(S("c")), sql_text(S("p")), sql_text(S("r")), sql_text(S("why")), sql_i64(0),
                  sql_blob(id), sql_i64(0), sql_i64(1), sql_i64(at - MS_DAY), sql_i64(at), sql_i64(0));
}
static enum err put_guest(struct tx *tx, int64_t at)
{
    struct str id = new_id();
    return TX_SQL(tx, W_GUEST_NEW, 0, sql_text(id), sql_text(S("room")), sql_blob(id), sql_blob(id), sql_i64(1),
                  sql_text(S("N")), sql_text(S("")), sql_text(S("p")), sql_i64(0), sql_i64(at), sql_i64(at - 1));
}
static enum err put_invite(struct tx *tx, int64_t at)
{
    struct str id = new_id();
    return TX_SQL(tx, W_STAFF_INVITE_NEW, 0, sql_text(id), sql_blob(id), sql_text(S("first")), sql_text(S("p")),
                  sql_text(S("")), sql_i64(at - 1), sql_i64(at));
}
static enum err put_opening(struct tx *tx, int64_t at)
{
    struct str id = new_id();
    return TX_SQL(tx, W_INVITE_NEW, 0, sql_text(id), sql_blob(id), sql_blob(id), sql_text(S("pat")),
                  sql_text(S("")), sql_i64(1), sql_i64(0), sql_text(S("p")), sql_i64(at - 1), sql_i64(at));
}

typedef enum err (*put_fn)(struct tx *tx, int64_t at);

static const struct {
    enum retain_id id;
    put_fn put, held; /* held: never goes by this rule */
} kinds[] = {
    {RETAIN_NOTICES, put_notice, put_unread},  {RETAIN_CALLS, put_call, put_ringing},
    {RETAIN_POST, put_post, put_waiting},      {RETAIN_SESSIONS, put_session, NULL},
    {RETAIN_DEVICES, put_device, NULL},
    {RETAIN_DRAFTS, put_draft, NULL},          {RETAIN_REQUESTS, put_request, NULL},
    {RETAIN_SHARES, put_share, NULL},          {RETAIN_GUESTS, put_guest, NULL},
    {RETAIN_INVITES, put_invite, NULL},        {RETAIN_OPENINGS, put_opening, NULL},
};

static void put_at(put_fn put, int64_t at)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, put(tx, at));
    MUST(&rq, store_commit(region.store, &rq, tx));
    req_done(&rq);
}

static struct retain_seen seen_of(enum retain_id id)
{
    struct retain_seen seen[RETAIN_COUNT];
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, retain_look(&rq, seen));
    req_done(&rq);
    return seen[id];
}

static struct retain_done round_at(bool all)
{
    struct retain_done done = {0};
    struct req rq;
    as(&rq, &who_clock);
    MUST(&rq, retain_round(&rq, all, &done));
    req_done(&rq);
    return done;
}

static void confirm(void)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, retain_clock_confirm(&rq, tx, WHY_ADMIN));
    MUST(&rq, store_commit(region.store, &rq, tx));
    req_done(&rq);
}

/* How many things of a kind the record says were removed. */
static uint64_t on_record(enum retain_id id)
{
    static struct audit_row rows[500];
    struct req rq;
    size_t n = 0;
    uint64_t sum = 0;
    as(&rq, NULL);
    MUST(&rq, audit_list(&rq, 0, 0, LEN(rows), rows, &n));
    for (size_t i = 0; i < n; i++) {
        struct str rest = rows[i].detail;
        struct str word = {NULL, 0};
        uint64_t k = 0;
        if (rows[i].action != AUDIT_DELETE || !str_starts(rest, S("retention: "))) {
            continue;
        }
        rest = str_sub(rest, 11, rest.n);
        if (str_cut(&rest, ' ', &word) && str_eq(word, retain_kinds[id].code) && str_cut(&rest, ',', &word)
            && str_u64(word, &k)) {
            sum += k;
        }
    }
    req_done(&rq);
    return sum;
}

/* Terms the profiles leave open, set for the tests. */
static void set_terms(struct policy_retain *rows, uint32_t *ret_n)
{
    const struct policy *p = region.care.policy;
    uint32_t n = 0;
    for (; n < p->n_retain; n++) {
        rows[n] = p->retain[n];
        rows[n].keep.ms = rows[n].keep.ms == 0 ? 10 * MS_DAY : rows[n].keep.ms;
    }
    *ret_n = n;
}

static void each_kind_goes_when_its_term_is_over(void **state)
{
    static struct policy_retain rows[20];
    struct policy with = *region.care.policy;
    const struct policy *was = region.care.policy;
    (void)state;
    set_terms(rows, &with.n_retain);
    with.retain = rows;
    region.care.policy = &with;
    confirm();
    (void)round_at(true);
    for (size_t i = 0; i < LEN(kinds); i++) {
        enum retain_id id = kinds[i].id;
        int64_t term = retain_term(&region.care, id, NULL).ms;
        uint64_t before = on_record(id);
        put_at(kinds[i].put, region.now.ms - term - MS_MINUTE); /* past */
        put_at(kinds[i].put, region.now.ms - term + MS_MINUTE); /* not yet */
        if (kinds[i].held != NULL) {
            put_at(kinds[i].held, region.now.ms - 2 * term);
        }
        struct retain_seen s = seen_of(id);
        assert_true(s.counted);
        assert_int_equal(s.past, 1);
        assert_int_equal(s.oldest.ms, region.now.ms - term - MS_MINUTE);
        assert_int_equal(round_at(true).removed[id], 1);
        s = seen_of(id);
        assert_int_equal(s.past, 0);
        assert_int_equal(s.removed.ms, region.now.ms);
        assert_int_equal(s.removed_n, 1);
        if (id != RETAIN_REQUESTS) { /* their records are their own */
            assert_int_equal(on_record(id), before + 1);
        }
        region.now.ms += 2 * MS_MINUTE; /* now the other one is */
        assert_int_equal(seen_of(id).past, 1);
        assert_int_equal(round_at(false).removed[id], id == RETAIN_REQUESTS ? 1 : 0); /* tomorrow: one record a day */
        region.now.ms += MS_DAY;
        assert_int_equal(round_at(false).removed[id], id == RETAIN_REQUESTS ? 0 : 1);
        assert_int_equal(round_at(true).removed[id], 0); /* what is held stays */
        region.now.ms -= MS_DAY + 2 * MS_MINUTE;
    }
    region.care.policy = was;
}

static void what_has_no_term_stays_for_ever(void **state)
{
    (void)state;
    put_at(put_share, region.now.ms - 20000 * MS_DAY);
    put_at(put_guest, region.now.ms - 20000 * MS_DAY);
    struct retain_seen s = seen_of(RETAIN_SHARES);
    assert_false(s.counted);
    assert_int_equal(s.past, 0);
    struct retain_done done = round_at(true);
    assert_int_equal(done.removed[RETAIN_SHARES] + done.removed[RETAIN_GUESTS], 0);
    assert_false(retain_term(&region.care, RETAIN_AUDIT, NULL).set);
    for (enum retain_id id = RETAIN_RECORD; id <= RETAIN_IMAGES; id++) { /* unknown in every profile */
        for (uint32_t i = 0; i < region.content->n_policies; i++) {
            struct retain_term t = retain_term(&region.care, id, &region.content->policies[i]);
            assert_false(t.set);
            assert_non_null(t.from);
            assert_false(t.from->verified);
        }
    }
}

/* A meeting under way keeps the links into it. */
static void links_into_a_live_meeting_stay(void **state)
{
    static struct policy_retain rows[20];
    struct policy with = *region.care.policy;
    const struct policy *was = region.care.policy;
    struct req rq;
    (void)state;
    set_terms(rows, &with.n_retain);
    with.retain = rows;
    region.care.policy = &with;
    (void)round_at(true);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, TX_SQL(tx, W_ROOM_NEW, 0, sql_text(S("room")), sql_i64(1), sql_text(S("s")), sql_text(S("")),
                     sql_i64(0), sql_text(S("p")), sql_i64(0), sql_i64(0), sql_i64(1)));
    MUST(&rq, TX_SQL(tx, W_ROOM_BEGIN, 0, sql_text(S("room")), sql_i64(0),
                     sql_i64(region.now.ms)));
    MUST(&rq, store_commit(region.store, &rq, tx));
    req_done(&rq);
    put_at(put_guest, region.now.ms - 100 * MS_DAY);
    assert_int_equal(round_at(true).removed[RETAIN_GUESTS], 0);
    region.care.policy = was;
}

/* All bytes of the database but what looking may not touch: it stays as it is. */
static void looking_changes_nothing(void **state)
{
    struct store_stats a, b;
    (void)state;
    put_at(put_session, region.now.ms - MS_DAY);
    put_at(put_device, region.now.ms - 500 * MS_DAY);
    a = store_stats(region.store);
    assert_true(seen_of(RETAIN_SESSIONS).past > 0);
    assert_true(seen_of(RETAIN_DEVICES).past > 0);
    b = store_stats(region.store);
    assert_memory_equal(&a, &b, sizeof(a));
    assert_true(seen_of(RETAIN_SESSIONS).past > 0);
}

static void a_clock_that_jumps_removes_nothing(void **state)
{
    struct retain_clock c;
    struct req rq;
    int64_t now = region.now.ms;
    (void)state;
    confirm();
    put_at(put_session, now - 1);
    region.now.ms = now + 365 * MS_DAY;
    assert_true(round_at(true).refused);
    assert_true(seen_of(RETAIN_SESSIONS).past > 0);
    as(&rq, NULL); /* somebody signs in and is on record: the clock is not right for it */
    MUST(&rq, audit_add(&rq, &(struct audit_rec){.action = AUDIT_LOGIN}));
    MUST(&rq, store_commit_audit(region.store, &rq));
    req_done(&rq);
    assert_true(round_at(true).refused);
    as(&rq, NULL);
    MUST(&rq, retain_clock_look(&rq, &c));
    assert_false(c.trusted);
    assert_int_equal(c.seen.ms, now);
    req_done(&rq);
    region.now.ms = now + 7 * MS_DAY; /* a week is believed */
    assert_false(round_at(true).refused);
    region.now.ms += 365 * MS_DAY;
    assert_true(round_at(true).refused);
    confirm();
    assert_false(round_at(true).refused);
    region.now.ms = now; /* back: less is past its term */
    assert_false(round_at(true).refused);
}

static void put_sessions(int n)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    for (int i = 0; i < n; i++) {
        char hash[16];
        (void)snprintf(hash, sizeof(hash), "piece%d", i);
        struct str kept = arena_str(rq.a, str_z(hash));
        MUST(&rq, TX_SQL(tx, W_SESSION_NEW, 0, sql_blob(kept), sql_i64(1), sql_text(S("r")), sql_text(S("x")),
                         sql_i64(0), sql_i64(region.now.ms - 1000), sql_i64(0), sql_i64(0)));
    }
    MUST(&rq, store_commit(region.store, &rq, tx));
    req_done(&rq);
}

static void large_kinds_leave_in_pieces(void **state)
{
    uint64_t before;
    (void)state;
    confirm();
    (void)round_at(true);
    before = on_record(RETAIN_SESSIONS);
    put_sessions(1203);
    struct retain_done done = round_at(false); /* full pieces do not wait for tomorrow */
    assert_true(done.more);
    assert_int_equal(done.removed[RETAIN_SESSIONS], 500);
    done = round_at(false);
    assert_true(done.more);
    done = round_at(false);
    assert_false(done.more);
    assert_int_equal(done.removed[RETAIN_SESSIONS], 0); /* the rest waits for tomorrow */
    assert_int_equal(round_at(true).removed[RETAIN_SESSIONS], 203);
    assert_int_equal(seen_of(RETAIN_SESSIONS).removed_n >= 1203, 1);
    assert_int_equal(on_record(RETAIN_SESSIONS), before + 1203);
}

enum { KILLED_OF = 5000 };

/* A region of its own, swept until it is killed; a byte out for each round. */
static void swept(int out)
{
    void *state = NULL;
    region_setup(&state);
    put_sessions(KILLED_OF);
    bool told = write(out, region.dir, sizeof(region.dir)) == (ssize_t)sizeof(region.dir);
    while (told && round_at(true).more) {
        told = write(out, "r", 1) == 1;
    }
    for (;;) {
        (void)pause();
    }
}

/* Whenever it is killed, what is gone is what is on record, and the next round goes on. */
static void a_kill_leaves_record_and_rows_alike(void **state)
{
    (void)state;
    for (int kill_after = 0; kill_after < 4; kill_after++) {
        int ends[2];
        char round;
        struct req rq;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            (void)close(ends[0]);
            swept(ends[1]);
        }
        (void)close(ends[1]);
        assert_int_equal(read(ends[0], region.dir, sizeof(region.dir)), sizeof(region.dir));
        for (int i = 0; i < kill_after; i++) {
            assert_int_equal(read(ends[0], &round, 1), 1);
        }
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        (void)close(ends[0]);

        region_open();
        uint64_t left = seen_of(RETAIN_SESSIONS).past;
        assert_int_equal(left + on_record(RETAIN_SESSIONS), KILLED_OF);
        assert_true(left <= KILLED_OF - 500U * (unsigned)kill_after);
        while (round_at(true).more) {
        }
        assert_int_equal(on_record(RETAIN_SESSIONS), KILLED_OF);
        (void)region_teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_goes_when_its_term_is_over),
        cmocka_unit_test(what_has_no_term_stays_for_ever),
        cmocka_unit_test(links_into_a_live_meeting_stay),
        cmocka_unit_test(looking_changes_nothing),
        cmocka_unit_test(a_clock_that_jumps_removes_nothing),
        cmocka_unit_test(large_kinds_leave_in_pieces),
    };
    const struct CMUnitTest killed[] = {
        cmocka_unit_test(a_kill_leaves_record_and_rows_alike), /* no threads before it forks */
    };
    int bad = cmocka_run_group_tests(killed, NULL, NULL);
    return cmocka_run_group_tests(tests, setup, teardown) + bad;
}
