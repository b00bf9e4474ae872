/* store/redict_test.c - dictionaries made of what was erased are replaced: no byte of it is left, every other body
 * comes back, whatever is read, written or killed meanwhile. `--measure N` says how long N bodies take. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "os/wait_testing.h"
#include "store/erase.h"
#include "store/store_int.h"
#include "store/test_int.h"

enum { MANY = 900, MARKED = 60, KILLS = 6, AT_ONCE = 50 };
static const char secret[] = "zhanarbek orazbaeva of the seventh ward said so";

static sqlite3 *database(struct t *t)
{
    char path[OS_PATH_MAX];
    sqlite3 *db = NULL;
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("consilium.db"), path), OK);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 5000);
    return db;
}

static int64_t number(struct t *t, const char *sql)
{
    sqlite3 *db = database(t);
    sqlite3_stmt *st = NULL;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &st, NULL), SQLITE_OK);
    int rc = sqlite3_step(st);
    int64_t v = rc == SQLITE_ROW ? sqlite3_column_int64(st, 0) : 0;
    sqlite3_finalize(st);
    sqlite3_close(db);
    return v;
}

static bool is_marked(int i)
{
    return i % (MANY / MARKED) == 7;
}

/* Alike, and all different; a few of them hold the secret. */
static struct str body_of(struct t *t, int i)
{
    struct buf b;
    buf_init(&b, t->rq.a, 4096);
    BUF_LIT(&b, "{\"resourceType\":\"Observation\",\"status\":\"final\",\"category\":[{\"coding\":[{"
                "\"code\":\"vital-signs\"}]}],\"code\":{\"coding\":[{\"system\":\"http://loinc.org\",\"code\":\"");
    buf_u64(&b, (uint64_t)i * 7919 % 10007);
    BUF_LIT(&b, "\",\"display\":\"Heart rate\"}]},\"note\":[{\"text\":\"");
    if (is_marked(i)) {
        buf_str(&b, str_z(secret));
    }
    for (uint64_t k = (uint64_t)i + 1; k < 1u << 20; k *= 13) {
        buf_u64(&b, k * 2654435761u);
        buf_char(&b, ' ');
    }
    BUF_LIT(&b, "\"}]}");
    return buf_get(&b);
}

static void put_some(struct t *t, struct store *st, int from, int to)
{
    char ids[AT_ONCE][8];
    while (from < to) {
        struct tx *tx = tx_new(&t->rq);
        for (int i = 0; i < AT_ONCE && from < to; i++, from++) {
            struct tx_put p = t_form(T_OBS, t_id(ids[i], from));
            p.body = body_of(t, from);
            assert_int_equal(tx_put(tx, &p), OK);
        }
        assert_int_equal(store_commit(st, &t->rq, tx), OK);
    }
}

static void put_one(struct t *t, struct store *st, int i)
{
    put_some(t, st, i, i + 1);
}

/* A dictionary with the secret in it, made of the first bodies; those after need it. */
static struct t filled(void)
{
    struct t t = t_open();
    int first = MANY / 3;
    put_some(&t, t.st, 0, first);
    WAIT_FOR(number(&t, "SELECT count(*) FROM dict") > 0);
    t_stop(&t); /* what trains ends before */
    t_start(&t);
    char sql[300];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM dict WHERE instr(bytes, CAST('%.24s' AS BLOB)) > 0", secret);
    assert_true(number(&t, sql) > 0);
    put_some(&t, t.st, first, MANY);
    return t;
}

static enum err erase(struct t *t, int i)
{
    struct erase_what what;
    char id[8];
    int64_t rid = 0;
    struct tx *tx = tx_new(&t->rq);
    assert_int_equal(db_rid(&t->rq, T_OBS, str_z(t_id(id, i)), &rid), OK);
    enum err e = erase_load(&t->rq, rid, &what);
    what.why = WHY_ADMIN;
    what.note = S("order 3");
    e = e == OK ? tx_erase(tx, &what) : e;
    return e == OK ? store_commit(t->st, &t->rq, tx) : e;
}

static void erase_marked(struct t *t)
{
    for (int i = 0; i < MANY; i++) {
        if (is_marked(i)) {
            assert_int_equal(erase(t, i), OK);
        }
    }
}

static void read_back(struct t *t, struct req *rq, bool marked_too)
{
    const size_t skip = sizeof("{\"resourceType\":\"Observation\"") - 1;
    for (int i = 0; i < MANY; i++) {
        char id[8];
        struct res_row row;
        if (is_marked(i) && !marked_too) {
            continue;
        }
        struct arena_mark mark = arena_mark(t->rq.a);
        struct str want = body_of(t, i);
        assert_int_equal(db_read(rq, T_OBS, str_z(t_id(id, i)), &row), OK);
        assert_true(str_ends(row.body, str_sub(want, skip, want.n)));
        arena_back(t->rq.a, mark);
    }
}

static bool file_has(struct t *t, const char *name)
{
    char path[OS_PATH_MAX];
    struct str bytes;
    struct req rq;
    bool has = false;
    req_init(&rq, 256 << 20, os_now());
    assert_int_equal(os_path(&rq, str_z(t->dir), str_z(name), path), OK);
    if (os_exists(path)) {
        assert_int_equal(os_read_file(&rq, path, 128 << 20, &bytes), OK);
        for (size_t at = 0; at + 16 <= sizeof(secret) && !has; at++) { /* any piece of it */
            has = memmem(bytes.p, bytes.n, secret + at, 16) != NULL;
        }
    }
    req_done(&rq);
    return has;
}

static void is_clean(struct t *t)
{
    struct audit_report r = {0};
    uint64_t faults = 1;
    assert_int_equal(number(t, "SELECT count(*) FROM dict WHERE state IN (1, 2)"), 0);
    assert_int_equal(number(t, "SELECT count(*) FROM ver v JOIN dict d ON d.id = v.codec WHERE d.state > 0"), 0);
    assert_false(file_has(t, "consilium.db"));
    assert_false(file_has(t, "consilium.db-wal"));
    read_back(t, &t->rq, false);
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_int_equal(r.n_erased, MARKED);
    assert_int_equal(store_check(&t->rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
}

/* So many steps at most; true when all is done. */
static bool scrub(struct t *t, unsigned *step, int most)
{
    bool more = true;
    for (int i = 0; i < most && more; i++) {
        assert_int_equal(store_scrub(t->st, &t->rq, step, &more), OK);
    }
    return !more;
}

static void no_byte_is_left_and_the_rest_comes_back(void **state)
{
    struct t t = filled();
    unsigned step = 0;
    (void)state;
    int64_t used = number(&t, "SELECT count(*) FROM ver WHERE codec >= 2");
    assert_true(file_has(&t, "consilium.db") || file_has(&t, "consilium.db-wal"));
    erase_marked(&t);
    assert_true(number(&t, "SELECT count(*) FROM dict WHERE state = 1") > 0);
    put_one(&t, t.st, MANY);
    assert_int_equal(number(&t, "SELECT count(*) FROM ver v JOIN dict d ON d.id = v.codec AND d.state > 0"
                                " WHERE v.vid = (SELECT max(vid) FROM ver)"), 0);
    assert_true(scrub(&t, &step, 1000));
    is_clean(&t);
    assert_true(number(&t, "SELECT count(*) FROM ver WHERE codec >= 2") >= used - MARKED);
    assert_true(number(&t, "SELECT count(*) FROM dict WHERE state = 3 AND length(bytes) = 0") > 0);
    t_stop(&t);
    t_start(&t);
    is_clean(&t);
    t_close(&t);
}

/* Is the version of the i-th among those a dictionary in use was made of? */
static bool trained_one(struct t *t, int i)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "SELECT count(*) FROM dict WHERE state = 0 AND instr(vids, x'%02x%02x000000000000') > 0",
             (i + 1) & 255, (i + 1) >> 8);
    return number(t, sql) > 0;
}

static int some(struct t *t, bool trained)
{
    int i = 0;
    while (is_marked(i) || trained_one(t, i) != trained) {
        i++;
        assert_true(i < MANY);
    }
    return i;
}

static void only_what_held_it_is_replaced(void **state)
{
    struct t t = filled();
    unsigned step = 0;
    (void)state;
    assert_int_equal(number(&t, "SELECT max(vid) FROM ver"), MANY);
    erase_marked(&t);
    assert_true(scrub(&t, &step, 1000));
    int64_t last = number(&t, "SELECT max(id) FROM dict");
    assert_int_equal(erase(&t, some(&t, false)), OK);
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state = 1"), 0);
    step = 0;
    assert_true(scrub(&t, &step, 1000));
    assert_int_equal(number(&t, "SELECT max(id) FROM dict"), last);
    assert_int_equal(erase(&t, some(&t, true)), OK);
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state = 1"), 1);
    step = 0;
    assert_true(scrub(&t, &step, 1000));
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state IN (1, 2)"), 0);
    assert_true(number(&t, "SELECT max(id) FROM dict") >= last); /* numbers are not given again */
    assert_int_equal(number(&t, "SELECT length(bytes) FROM dict WHERE state = 3 LIMIT 1"), 0);
    t_close(&t);
}

/* Of what a dictionary was made a former program did not write down. */
static void unknown_ones_are_replaced(void **state)
{
    struct t t = filled();
    unsigned step = 0;
    sqlite3 *db = database(&t);
    (void)state;
    assert_int_equal(sqlite3_exec(db, "UPDATE dict SET vids = x''", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    assert_int_equal(erase(&t, MANY - 1), OK);
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state = 0"), 0);
    assert_true(scrub(&t, &step, 1000));
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state IN (1, 2)"), 0);
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state = 3 AND length(bytes) > 0"), 0);
    t_close(&t);
}

/* A program ends after each step, and is killed in steps. */
static void it_goes_on_where_it_was(void **state)
{
    struct t t = filled();
    bool done = false;
    (void)state;
    erase_marked(&t);
    for (int i = 0; i < 200 && !done; i++) {
        unsigned step = 0;
        t_stop(&t);
        t_start(&t);
        done = scrub(&t, &step, 3) || number(&t, "SELECT count(*) FROM dict WHERE state IN (1, 2)") == 0;
    }
    unsigned step = 0;
    assert_true(done && scrub(&t, &step, 1000));
    is_clean(&t);
    t_close(&t);
}

static void scrub_until_killed(struct t *t, int told)
{
    unsigned step = 0;
    t_start(t);
    for (int i = 0; i < 1000; i++) {
        bool done = scrub(t, &step, 1);
        assert_int_equal(write(told, "x", 1), 1);
        if (done) {
            break;
        }
    }
    _exit(0);
}

static void killed_in_the_middle(void **state)
{
    struct t t = filled();
    (void)state;
    erase_marked(&t);
    t_stop(&t);
    for (int k = 0; k < KILLS; k++) {
        struct audit_report r = {0};
        int ends[2];
        int status;
        char got;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            scrub_until_killed(&t, ends[1]);
        }
        close(ends[1]); /* a child that gave up ends the pipe */
        for (int i = 0; i < 2 + k; i++) {
            assert_int_equal(read(ends[0], &got, 1), 1);
        }
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        close(ends[0]);
        t_start(&t);
        read_back(&t, &t.rq, false);
        assert_int_equal(audit_verify(&t.rq, &r), OK);
        assert_int_equal(r.fault, AUDIT_HOLDS);
        t_stop(&t);
    }
    unsigned step = 0;
    t_start(&t);
    assert_true(scrub(&t, &step, 1000));
    is_clean(&t);
    t_close(&t);
}

/* A view that began before sees all as it was, and what it needed is not kept for others. */
static void an_older_view_stays_right(void **state)
{
    struct t t = filled();
    struct req older;
    struct res_row row;
    unsigned step = 0;
    bool more = true;
    (void)state;
    int64_t id = number(&t, "SELECT id FROM dict ORDER BY id LIMIT 1");
    req_init(&older, 64 << 20, os_now());
    older.db = store_db_open(t.st);
    assert_int_equal(db_begin(&older), OK);
    assert_int_equal(db_read(&older, T_OBS, S("r7"), &row), OK); /* the view begins with what it reads first */
    erase_marked(&t);
    enum err e = OK;
    while (e == OK && more) {
        e = store_scrub(t.st, &t.rq, &step, &more);
    }
    assert_int_equal(e, E_BUSY); /* the log is being read */
    err_clear(&t.rq);
    assert_int_equal(number(&t, "SELECT count(*) FROM dict WHERE state IN (1, 2)"), 0);
    assert_false(dicts_may_write(t.st->dicts, id));
    read_back(&t, &older, true);
    read_back(&t, &t.rq, false);
    db_end(&older);
    read_back(&t, &older, false);
    assert_int_equal(db_read(&older, T_OBS, S("r7"), &row), E_GONE);
    store_db_close(older.db);
    req_done(&older);
    assert_true(scrub(&t, &step, 1000));
    is_clean(&t);
    t_close(&t);
}

/* One that knew the dictionary before writes nothing with it after. */
static void another_program_beside(void **state)
{
    struct t t = filled();
    struct store *beside = NULL;
    struct req rq;
    unsigned step = 0;
    (void)state;
    req_init(&rq, 64 << 20, os_now());
    assert_int_equal(store_open(&rq, str_z(t.dir), NULL, &beside), OK);
    put_one(&t, beside, MANY);
    assert_true(number(&t, "SELECT codec FROM ver ORDER BY vid DESC LIMIT 1") >= CODEC_DICT);
    erase_marked(&t);
    put_one(&t, beside, MANY + 1);
    assert_false(scrub(&t, &step, 4));
    put_one(&t, beside, MANY + 2);
    assert_true(scrub(&t, &step, 1000));
    put_one(&t, beside, MANY + 3);
    assert_int_equal(number(&t, "SELECT count(*) FROM ver v JOIN dict d ON d.id = v.codec AND d.state > 0"), 0);
    rq.db = store_db_open(beside);
    read_back(&t, &rq, false);
    store_db_close(rq.db);
    store_close(beside);
    req_done(&rq);
    is_clean(&t);
    t_close(&t);
}

/* What was erased while it was made of it becomes no dictionary. */
static void made_of_what_went_meanwhile(void **state)
{
    struct t t = filled();
    char vids[8] = {8}; /* of the first marked one */
    const struct tx_dict_op op = {.kind = DICT_OP_ADD, .type = T_OBS, .samples = 1, .bytes = S("abc"),
                                  .vids = {vids, sizeof(vids)}};
    struct tx *tx = tx_new(&t.rq);
    (void)state;
    erase_marked(&t);
    int64_t last = number(&t, "SELECT max(id) FROM dict");
    tx->dict = &op;
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_STALE);
    err_clear(&t.rq);
    assert_int_equal(number(&t, "SELECT max(id) FROM dict"), last);
    const struct redict_body body = {.vid = 1, .from = last, .to = last, .stored = S("x")};
    const struct tx_dict_op piece = {.kind = DICT_OP_PIECE, .id = last, .bodies = &body, .n = 1};
    tx = tx_new(&t.rq);
    tx->dict = &piece;
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_STALE);
    err_clear(&t.rq);
    t_close(&t);
}

/* How long so many bodies take; others write meanwhile. */
static void measure(int n)
{
    struct t t = t_open();
    unsigned step = 0;
    bool more = true;
    uint64_t longest = 0;
    int pieces = 0;
    for (int i = 0; i < n; i += AT_ONCE) {
        struct arena_mark mark = arena_mark(t.rq.a);
        put_some(&t, t.st, i, MIN(i + AT_ONCE, n));
        arena_back(t.rq.a, mark);
    }
    uint64_t began = os_ticks_us();
    for (int i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(t.rq.a);
        if (is_marked(i)) {
            assert_int_equal(erase(&t, i), OK);
        }
        arena_back(t.rq.a, mark);
    }
    printf("erased %d of %d: %.2f s\n", n / (MANY / MARKED), n, (double)(os_ticks_us() - began) / 1e6);
    began = os_ticks_us();
    for (; more && step < SCRUB_BEGIN; pieces++) {
        uint64_t at = os_ticks_us();
        struct arena_mark mark = arena_mark(t.rq.a);
        assert_int_equal(store_scrub(t.st, &t.rq, &step, &more), OK);
        arena_back(t.rq.a, mark);
        longest = MAX(longest, os_ticks_us() - at);
    }
    printf("dictionaries replaced: %.2f s in %d pieces, the longest %.0f ms\n", (double)(os_ticks_us() - began) / 1e6,
           pieces, (double)longest / 1e3);
    began = os_ticks_us();
    while (more) {
        assert_int_equal(store_scrub(t.st, &t.rq, &step, &more), OK);
    }
    printf("file cleaned: %.2f s; %s\n", (double)(os_ticks_us() - began) / 1e6,
           file_has(&t, "consilium.db") || file_has(&t, "consilium.db-wal") ? "something is LEFT" : "nothing is left");
    t_close(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_byte_is_left_and_the_rest_comes_back),
        cmocka_unit_test(only_what_held_it_is_replaced),
        cmocka_unit_test(unknown_ones_are_replaced),
        cmocka_unit_test(it_goes_on_where_it_was),
        cmocka_unit_test(killed_in_the_middle),
        cmocka_unit_test(an_older_view_stays_right),
        cmocka_unit_test(another_program_beside),
        cmocka_unit_test(made_of_what_went_meanwhile),
    };
    if (argc == 3 && strcmp(argv[1], "--measure") == 0) {
        measure(atoi(argv[2]));
        return 0;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
