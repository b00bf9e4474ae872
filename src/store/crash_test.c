/* store/crash_test.c - many threads at once, a full disk, and a process killed in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "os/random.h"
#include "os/thread.h"
#include "store/test_int.h"

enum { THREADS = 8, PER_THREAD = 60, KILLS = 12 };

struct worker {
    struct t *t;
    struct os_thread thread;
    int n;       /* which worker */
    int ok;      /* commits that were acknowledged */
    int refused; /* conflicts on purpose */
};

/* Every third transaction repeats an id and must fail alone; each carries an audit record. */
static void *work(void *ctx)
{
    struct worker *w = ctx;
    struct req rq;
    req_init(&rq, 16 << 20, os_now());
    rq.db = store_db_open(w->t->st);
    for (int i = 0; i < PER_THREAD; i++) {
        char id[32];
        struct res_row row;
        struct tx *tx = tx_new(&rq);
        snprintf(id, sizeof(id), "w%d-%d", w->n, i % 3 == 2 ? i - 1 : i);
        struct tx_put p = t_form(T_OBS, id);
        const struct tuple ref = {.kind = TUPLE_REF, .sp = 7,
                                  .ref = {.type = T_PAT, .id = S("shared")}};
        const struct audit_rec rec = {.action = AUDIT_CREATE, .type = T_OBS, .id = p.id};
        p.tuples = &ref;
        p.n_tuples = 1;
        assert_int_equal(tx_put(tx, &p), OK);
        assert_int_equal(audit_add(&rq, &rec), OK);
        assert_int_equal(tx_event(tx, EVENT_CASE, 1), OK);
        enum err e = store_commit(w->t->st, &rq, tx);
        err_clear(&rq);
        w->ok += e == OK;
        w->refused += e == E_CONFLICT;
        assert_int_equal(db_read(&rq, T_OBS, p.id, &row), OK); /* own writes are seen */
        arena_reset(rq.a);
    }
    store_db_close(rq.db);
    req_done(&rq);
    return NULL;
}

static void count_events(const struct store_event *events, size_t n, void *ctx)
{
    int *count = ctx;
    *count += events[0].kind == EVENT_CASE ? (int)n : 0;
}

static void threads_commit_together(void **state)
{
    struct t t = t_open();
    struct worker w[THREADS];
    struct audit_report r;
    uint64_t faults;
    int ok = 0;
    int refused = 0;
    int events = 0;
    (void)state;
    store_on_commit(t.st, count_events, &events);
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct worker){.t = &t, .n = i};
        assert_true(os_thread_start(&w[i].thread, "worker", work, &w[i]));
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(&w[i].thread);
        ok += w[i].ok;
        refused += w[i].refused;
    }
    assert_int_equal(ok, THREADS * PER_THREAD * 2 / 3);
    assert_int_equal(refused, THREADS * PER_THREAD / 3);
    assert_int_equal(audit_verify(&t.rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_int_equal(r.n_audit, ok);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    assert_true(store_stats(t.st).batches <= store_stats(t.st).txs);
    t_stop(&t);
    assert_int_equal(events, ok);
    t_wipe(&t);
}

/* The child writes cases of two resources and a row, telling each acknowledged number through the
 * pipe, until it is killed. */
static void child(const char *dir, int out)
{
    struct req rq;
    struct store *st;
    req_init(&rq, 64 << 20, os_now());
    if (store_open(&rq, str_z(dir), NULL, &st) != OK) {
        _exit(2);
    }
    for (;;) {
        struct tx *tx = tx_new(&rq);
        char id[OS_ID_LEN + 1];
        os_id(id);
        struct tx_put p = t_form(T_OBS, id);
        struct tx_put q = t_form(T_SR, id);
        const struct audit_rec rec = {.action = AUDIT_CREATE, .type = T_OBS, .id = p.id};
        enum err e = tx_put(tx, &p);
        e = e == OK ? tx_put(tx, &q) : e;
        e = e == OK ? audit_add(&rq, &rec) : e;
        e = e == OK ? TX_SQL(tx, W_ONCE_NEW, TX_MUST_BE_NEW, sql_text(S("p")), sql_text(p.id),
                             sql_tx_time(0), sql_text(S("")))
                    : e;
        e = e == OK ? store_commit(st, &rq, tx) : e;
        if (e != OK || write(out, id, OS_ID_LEN) != OS_ID_LEN) {
            _exit(3);
        }
        arena_reset(rq.a);
    }
}

static void check_after_kill(struct t *t, const char *ids, size_t n_ids)
{
    struct audit_report r;
    uint64_t faults = 1;
    t_start(t);
    for (size_t i = 0; i < n_ids; i++) {
        struct str id = {ids + i * OS_ID_LEN, OS_ID_LEN};
        struct res_row row;
        struct db_rows rows = {.stmt = NULL};
        assert_int_equal(db_read(&t->rq, T_OBS, id, &row), OK);
        assert_int_equal(db_read(&t->rq, T_SR, id, &row), OK);
        assert_int_equal(DB_ONE(&t->rq, &rows, Q_ONCE, sql_text(S("p")), sql_text(id)), OK);
        db_rows_done(&rows);
    }
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_true(r.n_audit >= n_ids);
    assert_int_equal(store_check(&t->rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_stop(t);
}

static void a_killed_process_loses_nothing_acknowledged(void **state)
{
    enum { CAP = 1 << 20 };
    struct t t = {.dir = "/tmp/store_test.XXXXXX"};
    char *ids = test_malloc(CAP);
    size_t got = 0;
    (void)state;
    assert_non_null(mkdtemp(t.dir));
    for (int i = 0; i < KILLS; i++) {
        int pipe_fd[2];
        assert_int_equal(pipe(pipe_fd), 0);
        pid_t pid = fork();
        if (pid == 0) {
            close(pipe_fd[0]);
            child(t.dir, pipe_fd[1]);
        }
        close(pipe_fd[1]);
        /* One is acknowledged; some moment later it is killed. */
        ssize_t n = read(pipe_fd[0], ids + got, OS_ID_LEN);
        assert_int_equal(n, OS_ID_LEN);
        got += (size_t)n;
        os_sleep_ms((uint32_t)(i * 17 % 80));
        kill(pid, SIGKILL);
        while ((n = read(pipe_fd[0], ids + got, CAP - got)) > 0) {
            got += (size_t)n;
        }
        close(pipe_fd[0]);
        int status;
        waitpid(pid, &status, 0);
        assert_true(WIFSIGNALED(status));
        check_after_kill(&t, ids, got / OS_ID_LEN);
    }
    test_free(ids);
    t_wipe(&t);
}

/* The limit on the size of a file stands for a full disk: SQLite meets EFBIG in the log. */
static void a_full_disk_refuses_and_keeps_what_was(void **state)
{
    int status;
    (void)state;
    struct t t = {.dir = "/tmp/store_test.XXXXXX"};
    assert_non_null(mkdtemp(t.dir));
    pid_t pid = fork();
    if (pid == 0) {
        const struct rlimit small = {300 << 10, 300 << 10};
        enum err e = OK;
        int n = 0;
        signal(SIGXFSZ, SIG_IGN);
        t_start(&t);
        setrlimit(RLIMIT_FSIZE, &small);
        while (e == OK && n < 2000) {
            char id[8];
            e = t_put(&t, T_OBS, t_id(id, n), TX_CREATE, "some text that takes room");
            n += e == OK;
        }
        _exit(e == E_FULL ? n % 200 : 255);
    }
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) < 200);
    struct audit_report r;
    uint64_t faults = 1;
    t_start(&t);
    assert_int_equal(audit_verify(&t.rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_true(r.n_tx > 0 && r.n_tx % 200 == (uint64_t)WEXITSTATUS(status));
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(t_put(&t, T_OBS, "again", TX_CREATE, "x"), OK);
    t_close(&t);
}

static void below_the_floor_writes_are_refused(void **state)
{
    struct t t = {.dir = "/tmp/store_test.XXXXXX"};
    const struct store_opts opts = {.free_floor_bytes = UINT64_MAX};
    (void)state;
    assert_non_null(mkdtemp(t.dir));
    req_init(&t.rq, 1 << 20, os_now());
    assert_int_equal(store_open(&t.rq, str_z(t.dir), &opts, &t.st), OK);
    t.rq.db = store_db_open(t.st);
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "x"), E_FULL);
    t_close(&t);
}

static void two_processes_may_write(void **state)
{
    struct t t = t_open();
    struct t u = {.dir = ""};
    struct audit_report r;
    uint64_t faults = 1;
    (void)state;
    memcpy(u.dir, t.dir, sizeof(u.dir));
    t_start(&u);
    for (int i = 0; i < 20; i++) {
        char id[8];
        const struct audit_rec rec = {.action = AUDIT_CREATE, .type = T_OBS, .id = S("x")};
        struct t *one = i % 3 == 0 ? &u : &t;
        assert_int_equal(audit_add(&one->rq, &rec), OK);
        assert_int_equal(t_put(one, T_OBS, t_id(id, i), TX_CREATE, "x"), OK);
    }
    t_stop(&u);
    assert_int_equal(audit_verify(&t.rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_int_equal(r.n_audit, 20);
    assert_int_equal(store_check(&t.rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_killed_process_loses_nothing_acknowledged),
        cmocka_unit_test(a_full_disk_refuses_and_keeps_what_was),
        cmocka_unit_test(below_the_floor_writes_are_refused),
        cmocka_unit_test(two_processes_may_write),
        cmocka_unit_test(threads_commit_together),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
