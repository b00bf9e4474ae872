/* store/migrate_test.c - data folders of every former schema: opened, killed on the way, and refused where nothing
 * may be changed.
 *
 * A former folder is made of a present one: a database by the migrations up to number K, with the rows of the
 * tables and columns there were. `store_migrate_test --former FROM.db TO.db K` makes one for other tests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "store/schema_int.h"
#include "store/test_int.h"

enum { KILLS = 12, TEXT_MAX = 1 << 20 };

static int newest(void)
{
    return migrations[n_migrations - 1].version;
}

/* ---- making one ---- */

static bool sql_run(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    bool ok = sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK;
    if (!ok) {
        print_message("%s: %.200s\n", why, sql);
    }
    sqlite3_free(why);
    return ok;
}

/* Texts of a query's first column, with commas between. */
static char *column(sqlite3 *db, const char *sql, const char *word)
{
    sqlite3_stmt *q = NULL;
    char *all = test_calloc(1, TEXT_MAX);
    size_t n = 0;
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    if (word != NULL) {
        assert_int_equal(sqlite3_bind_text(q, 1, word, -1, SQLITE_STATIC), SQLITE_OK);
    }
    while (sqlite3_step(q) == SQLITE_ROW) {
        int more = snprintf(all + n, TEXT_MAX - n, "%s%s", n > 0 ? "," : "",
                            (const char *)sqlite3_column_text(q, 0));
        assert_true(more >= 0 && n + (size_t)more < TEXT_MAX);
        n += (size_t)more;
    }
    sqlite3_finalize(q);
    return all;
}

static bool copy_table(sqlite3 *db, const char *table)
{
    char *names = column(db, "SELECT name FROM main.pragma_table_info(?1, 'main')"
                             " WHERE name IN (SELECT name FROM pragma_table_info(?1, 'present'))", table);
    char *sql = sqlite3_mprintf("DELETE FROM main.%s; INSERT INTO main.%s(%s) SELECT %s FROM present.%s", table, table,
                                names, names, table);
    bool ok = names[0] == 0 || sql_run(db, sql);
    sqlite3_free(sql);
    test_free(names);
    return ok;
}

static bool make_former(const char *from, const char *to, int k)
{
    sqlite3 *db = NULL;
    bool ok = sqlite3_open(to, &db) == SQLITE_OK && sql_run(db, "PRAGMA synchronous = OFF; BEGIN");
    for (size_t i = 0; i < n_migrations && migrations[i].version <= k; i++) {
        ok = ok && sql_run(db, migrations[i].sql);
    }
    char *sql = sqlite3_mprintf("PRAGMA user_version = %d; COMMIT; ATTACH %Q AS present; BEGIN", k, from);
    ok = ok && sql_run(db, sql);
    char *tables = column(db, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
                              " AND sql NOT LIKE 'CREATE VIRTUAL%'", NULL); /* their rows are in tables beside */
    struct str left = str_z(tables);
    struct str name;
    while (ok && str_cut(&left, ',', &name)) {
        char table[64];
        assert_true(name.n < sizeof(table));
        memcpy(table, name.p, name.n);
        table[name.n] = 0;
        ok = copy_table(db, table);
    }
    ok = ok && sql_run(db, "COMMIT; DETACH present");
    test_free(tables);
    sqlite3_free(sql);
    sqlite3_close(db);
    return ok;
}

/* ---- what there is ---- */

static char *path_in(const struct t *t, const char *name, char out[128])
{
    snprintf(out, 128, "%s/%s", t->dir, name);
    return out;
}

static char *shape(const struct t *t, int *ret_version)
{
    char path[128];
    sqlite3 *db = NULL;
    assert_int_equal(sqlite3_open_v2(path_in(t, "consilium.db", path), &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    char *all = column(db, "SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema"
                           " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name", NULL);
    char *version = column(db, "PRAGMA user_version", NULL);
    *ret_version = atoi(version);
    test_free(version);
    sqlite3_close(db);
    return all;
}

static void remove_database(const struct t *t)
{
    static const char *const names[] = {"consilium.db", "consilium.db-wal", "consilium.db-shm", "consilium.db-journal"};
    for (size_t i = 0; i < LEN(names); i++) {
        char path[128];
        (void)unlink(path_in(t, names[i], path));
    }
}

/* A folder with some records; its database is kept as present.db and replaced by one of schema k each time. */
static struct t filled(void)
{
    struct t t = t_open();
    char from[128];
    char to[128];
    const struct audit_rec rec = {.action = AUDIT_CREATE, .type = T_OBS, .id = S("a")};
    struct tx *tx = tx_new(&t.rq);
    assert_int_equal(t_put(&t, T_OBS, "a", TX_CREATE, "1"), OK);
    assert_int_equal(t_put(&t, T_OBS, "a", 1, "2"), OK);
    assert_int_equal(audit_add(&t.rq, &rec), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), OK);
    t_stop(&t);
    assert_int_equal(rename(path_in(&t, "consilium.db", from), path_in(&t, "present.db", to)), 0);
    return t;
}

static void put_former(const struct t *t, int k)
{
    char from[128];
    char to[128];
    remove_database(t);
    assert_true(make_former(path_in(t, "present.db", from), path_in(t, "consilium.db", to), k));
}

static void is_whole(struct t *t, const char *wanted)
{
    struct audit_report r;
    struct res_row row;
    uint64_t faults = 1;
    int version = 0;
    t_start(t);
    assert_int_equal(db_read(&t->rq, T_OBS, S("a"), &row), OK);
    assert_int_equal(row.version, 2);
    assert_int_equal(store_check(&t->rq, NULL, &faults), OK);
    assert_int_equal(faults, 0);
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    assert_int_equal(r.fault, AUDIT_HOLDS);
    assert_int_equal(r.n_audit, 1);
    assert_int_equal(t_put(t, T_OBS, "b", TX_CREATE, "1"), OK);
    t_stop(t);
    char *now = shape(t, &version);
    assert_string_equal(now, wanted);
    assert_int_equal(version, newest());
    test_free(now);
}

static char *fresh_shape(void)
{
    int version = 0;
    struct t t = t_open();
    t_stop(&t);
    char *all = shape(&t, &version);
    assert_int_equal(version, newest());
    t_wipe(&t);
    return all;
}

/* ---- the tests ---- */

static void every_former_schema_comes_to_the_present_one(void **state)
{
    char *wanted = fresh_shape();
    struct t t = filled();
    (void)state;
    for (size_t i = 0; i < n_migrations; i++) {
        char head[128];
        put_former(&t, migrations[i].version);
        is_whole(&t, wanted);
        (void)unlink(path_in(&t, "audit.head", head)); /* of the record with the resource b */
    }
    test_free(wanted);
    t_wipe(&t);
}

/* In a child: SQLite calls back after each step of its machine, on the connection that migrates too. */
struct steps {
    int64_t n;
    int64_t at; /* killed there; 0: never */
};
static struct steps steps; /* of the child alone */

static int one_step(void *ctx)
{
    struct steps *s = ctx;
    if (++s->n == s->at) {
        (void)raise(SIGKILL);
    }
    return 0;
}

static int count_steps(sqlite3 *db, char **why, const void *api)
{
    (void)why;
    (void)api;
    sqlite3_progress_handler(db, 1, one_step, &steps);
    return SQLITE_OK;
}

/* Opens the folder in a process that is killed after so many steps; how many there were, when it was not. */
static int64_t open_and_die(const struct t *t, int64_t at)
{
    int64_t n = 0;
    int out[2];
    int status = 0;
    assert_int_equal(pipe(out), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct req rq;
        struct store *st = NULL;
        steps = (struct steps){.at = at};
        (void)sqlite3_auto_extension((void (*)(void))count_steps);
        req_init(&rq, 64 << 20, os_now());
        bool ok = store_open(&rq, str_z(t->dir), NULL, &st) == OK
                  && write(out[1], &steps.n, sizeof(steps.n)) == sizeof(steps.n);
        _exit(ok ? 0 : 2);
    }
    close(out[1]);
    bool told = read(out[0], &n, sizeof(n)) == sizeof(n);
    close(out[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(told ? WIFEXITED(status) : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    return told ? n : 0;
}

static void killed_on_the_way_it_is_the_former_or_the_present(void **state)
{
    char *wanted = fresh_shape();
    struct t t = filled();
    int former = 0;
    (void)state;
    put_former(&t, 1);
    int64_t all = open_and_die(&t, 0);
    assert_true(all > KILLS);
    for (int64_t i = 1; i <= KILLS; i++) {
        int version = 0;
        char head[128];
        put_former(&t, 1);
        assert_int_equal(open_and_die(&t, i * all / (KILLS + 1)), 0);
        test_free(shape(&t, &version));
        assert_true(version == 1 || version == newest());
        former += version == 1;
        is_whole(&t, wanted);
        (void)unlink(path_in(&t, "audit.head", head));
    }
    assert_true(former > KILLS / 4);
    test_free(wanted);
    t_wipe(&t);
}

static void refused(const struct t *t, bool read_only, const char *words)
{
    const struct store_opts opts = {.read_only = read_only};
    struct store *st = NULL;
    struct req rq;
    req_init(&rq, 1 << 20, os_now());
    assert_int_equal(store_open(&rq, str_z(t->dir), &opts, &st), E_UNSUPPORTED);
    assert_non_null(strstr(rq.err.detail, words));
    assert_null(st);
    req_done(&rq);
}

static void a_newer_one_and_one_that_may_not_be_changed_are_refused_in_words(void **state)
{
    struct t t = filled();
    char path[128];
    char sql[64];
    sqlite3 *db = NULL;
    int version = 0;
    (void)state;
    put_former(&t, newest() - 1);
    refused(&t, true, "this program brings it up to");
    test_free(shape(&t, &version));
    assert_int_equal(version, newest() - 1);
    snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", newest() + 1);
    assert_int_equal(sqlite3_open(path_in(&t, "consilium.db", path), &db), SQLITE_OK);
    assert_true(sql_run(db, sql));
    sqlite3_close(db);
    refused(&t, false, "from a newer program");
    refused(&t, true, "install that one");
    test_free(shape(&t, &version));
    assert_int_equal(version, newest() + 1);
    t_wipe(&t);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_former_schema_comes_to_the_present_one),
        cmocka_unit_test(killed_on_the_way_it_is_the_former_or_the_present),
        cmocka_unit_test(a_newer_one_and_one_that_may_not_be_changed_are_refused_in_words),
    };
    if (argc == 5 && strcmp(argv[1], "--former") == 0) {
        return make_former(argv[2], argv[3], atoi(argv[4])) ? 0 : 1;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
