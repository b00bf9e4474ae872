/* work/handle_test.c - a thread that cannot open the database at its start has it later, and says so meanwhile. */
#include "care/care_fixture.h"

#include <stdatomic.h>
#include <stdio.h>

#include "os/clock.h"
#include "work/handle.h"
#include "work/herald.h"
#include "work/post.h"
#include "work/record.h"
#include "work/runner.h"
#include "work/stamper.h"

/* The file of the database as the next to open it finds it: there, or not. Who has it open keeps it. */
static void database_is(bool there)
{
    char at[96];
    char away[96];
    (void)snprintf(at, sizeof(at), "%s/consilium.db", region.dir);
    (void)snprintf(away, sizeof(away), "%s/consilium.db.away", region.dir);
    assert_int_equal(rename(there ? away : at, there ? at : away), 0);
}

struct pauses {
    uint32_t ms[12];
    size_t n;
    size_t back; /* the database is back during this one */
    size_t stop; /* during this one it is to stop */
};

static bool counted(void *ctx, uint32_t ms)
{
    struct pauses *p = ctx;
    assert_int_equal(atomic_load(&region.care.no_handle), 1);
    assert_true(p->n < LEN(p->ms));
    p->ms[p->n++] = ms;
    if (p->n == p->back) {
        database_is(true);
    }
    return p->n == p->stop;
}

static void at_once_when_it_opens(void **state)
{
    struct pauses p = {.n = 0};
    (void)state;
    struct db *db = handle_open(&region.care, counted, &p);
    assert_non_null(db);
    assert_int_equal(p.n, 0);
    store_db_close(db);
}

static void again_after_pauses_that_grow(void **state)
{
    struct pauses p = {.back = 10};
    (void)state;
    database_is(false);
    struct db *db = handle_open(&region.care, counted, &p);
    assert_non_null(db);
    assert_int_equal(p.n, 10);
    assert_int_equal(p.ms[0], HANDLE_FIRST_MS);
    for (size_t i = 1; i < p.n; i++) {
        assert_int_equal(p.ms[i], MIN(2 * p.ms[i - 1], (uint32_t)HANDLE_MOST_MS));
    }
    assert_int_equal(p.ms[9], HANDLE_MOST_MS);
    assert_int_equal(atomic_load(&region.care.no_handle), 0);
    store_db_close(db);
}

static void until_it_is_to_stop(void **state)
{
    struct pauses p = {.stop = 2};
    (void)state;
    database_is(false);
    assert_null(handle_open(&region.care, counted, &p));
    assert_int_equal(p.n, 2);
    assert_int_equal(atomic_load(&region.care.no_handle), 0);
    database_is(true);
}

/* Deadlines, exports, subscriptions, notices, time stamps, recordings. */
struct threads {
    struct runner *runner;
    struct herald *herald;
    struct post *post;
    struct stamper *stamper;
    struct record_threads *record;
};

static bool start(struct threads *t)
{
    struct req rq;
    as(&rq, NULL);
    region.care.stamps = (struct stamp_settings){.url = S("http://tsa.example/")};
    region.care.notify.sms_url = S("http://sms.example/");
    bool fine = runner_start(&rq, &region.care, &t->runner) == OK
                && herald_start(&rq, &region.care, S("http://here.example"), &t->herald) == OK
                && post_start(&rq, &region.care, &t->post) == OK
                && stamper_start(&rq, &region.care, &t->stamper) == OK;
    t->record = fine ? record_start(&region.care) : NULL;
    req_done(&rq);
    return t->record != NULL;
}

static void stop(struct threads *t)
{
    record_stop(t->record);
    stamper_stop(t->stamper);
    post_stop(t->post);
    herald_stop(t->herald);
    runner_stop(t->runner);
}

enum { THREADS = 2 + 4 + 1 + 1 + 2, WAIT_MS = 10000 };

/* Do so many threads wait for the database, soon? */
static bool comes_to(uint32_t n)
{
    uint64_t end = os_ticks_us() + WAIT_MS * UINT64_C(1000);
    while (atomic_load(&region.care.no_handle) != n && os_ticks_us() < end) {
        os_sleep_ms(2);
    }
    return atomic_load(&region.care.no_handle) == n;
}

/* Whatever comes of it, the threads have ended before the test does. */
static void no_thread_ends_for_want_of_it(void **state)
{
    struct threads t = {NULL};
    (void)state;
    database_is(false);
    bool begun = start(&t);
    bool waiting = begun && comes_to(THREADS);
    database_is(true);
    bool opened = waiting && comes_to(0);
    stop(&t);
    assert_true(begun);
    assert_true(waiting);
    assert_true(opened);
}

static void they_stop_while_they_wait_for_it(void **state)
{
    struct threads t = {NULL};
    (void)state;
    database_is(false);
    bool waiting = start(&t) && comes_to(THREADS);
    stop(&t);
    database_is(true);
    assert_true(waiting);
    assert_int_equal(atomic_load(&region.care.no_handle), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_once_when_it_opens),
        cmocka_unit_test(again_after_pauses_that_grow),
        cmocka_unit_test(until_it_is_to_stop),
        cmocka_unit_test(no_thread_ends_for_want_of_it),
        cmocka_unit_test(they_stop_while_they_wait_for_it),
    };
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
