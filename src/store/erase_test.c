/* store/erase_test.c - resources erased by order: gone for every reader and from the file's bytes, and the
 * record still whole; an erasure nobody ordered is found. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "os/random.h"
#include "store/erase.h"
#include "store/test_int.h"

enum { N = 40, SP = 9, KILLS = 8 };
static const char secret[] = "zhanarbek";
static const char other[] = "orazbaeva";

static void put_named(struct t *t, const char *id, const char *name, int64_t expect)
{
    struct tx_put p = t_form(T_OBS, id);
    const struct tuple tuples[] = {
        {.kind = TUPLE_STRING, .sp = SP, .string = str_z(name)},
        {.kind = TUPLE_TOKEN, .sp = SP + 1, .token = {.hash = 7}},
    };
    struct buf b;
    buf_init(&b, t->rq.a, 1 << 16);
    BUF_LIT(&b, "{\"resourceType\":\"Observation\",\"note\":\"");
    /* longer than a page once compressed, or so short that it is kept as it is */
    for (int i = 0; i < (id[1] % 4 < 2 ? 600 : 1); i++) {
        buf_str(&b, str_z(name));
        char salt[OS_ID_LEN + 1];
        os_id(salt);
        buf_str(&b, str_z(salt));
    }
    BUF_LIT(&b, "\"}");
    p.expect = expect;
    p.body = buf_get(&b);
    p.tuples = tuples;
    p.n_tuples = LEN(tuples);
    p.narrative = str_z(name);
    p.words = str_z(name);
    p.patient_type = T_PAT;
    p.patient_id = S("p");
    p.anchor_type = T_PAT;
    p.anchor_id = S("p");
    assert_int_equal(t_put_form(t, &p), OK);
}

static int64_t rid_of(struct t *t, const char *id)
{
    int64_t rid = 0;
    assert_int_equal(db_rid(&t->rq, T_OBS, str_z(id), &rid), OK);
    assert_true(rid > 0);
    return rid;
}

/* As the caller above does, with words as they were given. */
static enum err erase(struct t *t, const char *id, const char *name)
{
    struct erase_what what;
    struct tx *tx = tx_new(&t->rq);
    enum err e = erase_load(&t->rq, rid_of(t, id), &what);
    if (e == OK) {
        for (size_t i = 0; i < what.n; i++) {
            what.vers[i].narrative = what.vers[i].words = str_z(what.vers[i].body.n > 0 ? name : "");
        }
        what.why = WHY_ADMIN;
        what.note = S("order 12");
        e = tx_erase(tx, &what);
    }
    if (e == OK) {
        e = store_commit(t->st, &t->rq, tx);
    }
    err_clear(&t->rq);
    return e;
}

static enum err scrub(struct t *t)
{
    unsigned step = 0;
    bool more = true;
    enum err e = OK;
    while (e == OK && more) {
        e = store_scrub(t->st, &t->rq, &step, &more);
    }
    return e;
}

static bool file_has(struct t *t, const char *name, const char *word)
{
    char path[OS_PATH_MAX];
    struct str bytes;
    struct req rq;
    bool has = false;
    req_init(&rq, 256 << 20, os_now());
    assert_int_equal(os_path(&rq, str_z(t->dir), str_z(name), path), OK);
    if (os_exists(path)) {
        assert_int_equal(os_read_file(&rq, path, 128 << 20, &bytes), OK);
        has = memmem(bytes.p, bytes.n, word, strlen(word)) != NULL;
    }
    req_done(&rq);
    return has;
}

static struct audit_report verified(struct t *t)
{
    struct audit_report r = {0};
    assert_int_equal(audit_verify(&t->rq, &r), OK);
    return r;
}

static uint64_t faults(struct t *t)
{
    struct buf out;
    uint64_t n = 0;
    buf_init(&out, t->rq.a, 1 << 16);
    assert_int_equal(store_check(&t->rq, &out, &n), OK);
    if (n > 0) {
        print_message("%.*s", (int)buf_get(&out).n, buf_get(&out).p);
    }
    return n;
}

static int words(struct t *t, const char *word)
{
    struct list *l = NULL;
    assert_int_equal(list_words(&t->rq, str_z(word), false, &l), OK);
    return t_list_len(t, l);
}

static enum err count(struct req *rq, const struct ver_row *head, void *ctx, bool *ret_keep,
                      bool *ret_stop)
{
    int *n = ctx;
    (void)rq;
    (void)head;
    (void)ret_keep;
    (void)ret_stop;
    (*n)++;
    return OK;
}

static int fed(struct t *t)
{
    int n = 0;
    int64_t next = 0;
    assert_int_equal(db_feed(&t->rq, 0, 100000, count, &n, &next), OK);
    return n;
}

static void nothing_is_left(void **state)
{
    struct t t = t_open();
    struct res_row row;
    struct ver_row ver;
    struct feed_item items[8];
    size_t n_items = 0;
    char id[8];
    int n = 0;
    (void)state;
    for (int i = 0; i < N; i++) {
        put_named(&t, t_id(id, i), i % 2 == 0 ? secret : other, TX_CREATE);
    }
    put_named(&t, "r0", secret, 1);
    put_named(&t, "r0", secret, 2);
    assert_int_equal(t_delete(&t, T_OBS, "r2", 1), OK);
    int64_t first = 0;
    assert_int_equal(db_vread(&t.rq, T_OBS, S("r0"), 1, &ver), OK);
    first = ver.vid;
    for (int i = 0; i < N; i += 2) {
        assert_int_equal(erase(&t, t_id(id, i), secret), OK);
    }
    assert_int_equal(erase(&t, "r0", secret), OK); /* twice is no failure, and no second record */
    assert_int_equal(db_read(&t.rq, T_OBS, S("r0"), &row), E_GONE);
    assert_int_equal(db_find(&t.rq, T_OBS, S("r0"), &row), OK);
    assert_true(row.deleted && row.body.n == 0);
    assert_int_equal(db_vread(&t.rq, T_OBS, S("r0"), 1, &ver), E_GONE);
    assert_int_equal(db_history(&t.rq, T_OBS, S("r0"), 0, count, &n), E_GONE);
    err_clear(&t.rq);
    assert_int_equal(db_version(&t.rq, first, &ver, &(int64_t){0}), OK);
    assert_true(ver.op == VER_DELETE && ver.body.n == 0);
    assert_int_equal(n, 0);
    assert_int_equal(fed(&t), N / 2);
    assert_int_equal(db_feed_on(&t.rq, 0, 8, items, &n_items), OK);
    assert_int_equal(items[0].vid, first + 1); /* of r1 */
    assert_int_equal(t_strings(&t, SP, secret), 0);
    assert_int_equal(t_strings(&t, SP, other), N / 2);
    assert_int_equal(t_tokens(&t, SP + 1, 7, 0), N / 2);
    assert_int_equal(words(&t, secret), 0);
    assert_int_equal(words(&t, other), N / 2);
    assert_int_equal(t_put(&t, T_OBS, "r0", TX_ANY, "again"), E_GONE);
    assert_int_equal(t_put(&t, T_OBS, "r0", TX_CREATE, "again"), E_GONE);
    assert_int_equal(t_delete(&t, T_OBS, "r0", TX_ANY), E_GONE);
    assert_int_equal(verified(&t).fault, AUDIT_HOLDS);
    assert_int_equal(verified(&t).n_erased, N / 2 + 3);
    assert_int_equal(faults(&t), 0);
    assert_int_equal(scrub(&t), OK);
    assert_false(file_has(&t, "consilium.db", secret));
    assert_false(file_has(&t, "consilium.db-wal", secret));
    assert_true(file_has(&t, "consilium.db", other)); /* the look finds what is there */
    assert_int_equal(words(&t, other), N / 2);
    assert_int_equal(verified(&t).fault, AUDIT_HOLDS);
    assert_int_equal(faults(&t), 0);
    t_close(&t);
}

/* A page that became free is taken again by somebody else before the file is cleaned. */
static void freed_pages_taken_again(void **state)
{
    struct t t = t_open();
    char id[8];
    (void)state;
    for (int i = 0; i < N; i++) {
        put_named(&t, t_id(id, i), secret, TX_CREATE);
    }
    for (int i = 0; i < N; i++) {
        assert_int_equal(erase(&t, t_id(id, i), secret), OK);
        put_named(&t, t_id(id, N + i * 3), other, TX_CREATE);
    }
    assert_int_equal(scrub(&t), OK);
    assert_false(file_has(&t, "consilium.db", secret));
    assert_false(file_has(&t, "consilium.db-wal", secret));
    t_close(&t);
}

/* text: %s in it is the true digest of what r2 says. */
static void sql(struct t *t, const char *text)
{
    char path[OS_PATH_MAX];
    char hex[65] = "";
    char whole[512];
    uint8_t sha[32];
    struct erase_what what;
    sqlite3 *db = NULL;
    assert_int_equal(erase_load(&t->rq, rid_of(t, "r2"), &what), OK);
    sha_of(what.vers[0].body, sha);
    for (size_t i = 0; i < 32; i++) {
        snprintf(hex + 2 * i, 3, "%02x", sha[i]);
    }
    const char *at = strstr(text, "%s");
    snprintf(whole, sizeof(whole), "%.*s%s%s", at != NULL ? (int)(at - text) : 0, text, at != NULL ? hex : "",
             at != NULL ? at + 2 : text);
    t_stop(t);
    req_init(&t->rq, 1 << 20, os_now());
    assert_int_equal(os_path(&t->rq, str_z(t->dir), S("consilium.db"), path), OK);
    req_done(&t->rq);
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, whole, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    t_start(t);
}

static void a_forged_one_is_found(void **state)
{
    static const char *const forged[] = {
        /* the tombstone of another */
        "UPDATE ver SET codec = -1, body = (SELECT body FROM ver WHERE codec = -1 LIMIT 1)"
        " WHERE vid = (SELECT max(vid) FROM ver)",
        /* digest right, but the record is about another resource */
        "UPDATE ver SET codec = -1, body = CAST(x'%s' || (SELECT substr(body, 33) FROM ver"
        " WHERE codec = -1 LIMIT 1) AS BLOB) WHERE vid = (SELECT max(vid) FROM ver)",
        /* no such record */
        "UPDATE ver SET body = CAST(substr(body, 1, 32) || x'ff00000000000000' AS BLOB) WHERE codec = -1",
        /* another digest */
        "UPDATE ver SET body = CAST(zeroblob(32) || substr(body, 33) AS BLOB) WHERE codec = -1",
        /* cut */
        "UPDATE ver SET body = substr(body, 1, 32) WHERE codec = -1",
        /* the record is of another resource's erasure */
        "UPDATE audit SET id = 'r2' WHERE action = 26",
    };
    (void)state;
    for (size_t i = 0; i < LEN(forged); i++) {
        struct t t = t_open();
        put_named(&t, "r1", secret, TX_CREATE);
        put_named(&t, "r2", other, TX_CREATE);
        assert_int_equal(erase(&t, "r1", secret), OK);
        assert_int_equal(verified(&t).fault, AUDIT_HOLDS);
        sql(&t, forged[i]);
        assert_int_not_equal(verified(&t).fault, AUDIT_HOLDS);
        t_close(&t);
    }
}

static void written_meanwhile_is_refused(void **state)
{
    struct t t = t_open();
    struct erase_what what;
    struct tx *tx = tx_new(&t.rq);
    (void)state;
    put_named(&t, "r1", secret, TX_CREATE);
    assert_int_equal(erase_load(&t.rq, rid_of(&t, "r1"), &what), OK);
    assert_int_equal(what.n, 1);
    put_named(&t, "r1", secret, 1);
    assert_int_equal(tx_erase(tx, &what), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_STALE);
    err_clear(&t.rq);
    what.rid = 4711;
    tx = tx_new(&t.rq);
    assert_int_equal(tx_erase(tx, &what), OK);
    assert_int_equal(store_commit(t.st, &t.rq, tx), E_NOT_FOUND);
    err_clear(&t.rq);
    assert_int_equal(words(&t, secret), 1);
    assert_int_equal(faults(&t), 0);
    t_close(&t);
}

static void erase_until_killed(struct t *t, int told)
{
    char id[8];
    t_start(t);
    for (int i = 0; i < N; i++) {
        (void)erase(t, t_id(id, i), secret);
        assert_int_equal(write(told, "x", 1), 1);
    }
    _exit(scrub(t) == OK ? 0 : 1);
}

/* Each is erased whole or not at all, and the rest goes on after. */
static void killed_in_the_middle(void **state)
{
    struct t t = t_open();
    char id[8];
    int status;
    (void)state;
    for (int i = 0; i < N; i++) {
        put_named(&t, t_id(id, i), secret, TX_CREATE);
    }
    t_stop(&t);
    for (int k = 0; k < KILLS; k++) {
        int ends[2];
        char got;
        assert_int_equal(pipe(ends), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            erase_until_killed(&t, ends[1]);
        }
        close(ends[1]); /* a child that gave up ends the pipe */
        for (int i = 0; i < k * N / KILLS + 1; i++) { /* so many are done, one is on the way */
            assert_int_equal(read(ends[0], &got, 1), 1);
        }
        kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        close(ends[0]);
        t_start(&t);
        int left = fed(&t);
        assert_true(left <= N - k * N / KILLS - 1);
        assert_int_equal(verified(&t).fault, AUDIT_HOLDS);
        assert_int_equal(verified(&t).n_erased, N - left);
        assert_int_equal(t_strings(&t, SP, secret), left);
        assert_int_equal(words(&t, secret), left);
        assert_int_equal(faults(&t), 0);
        t_stop(&t);
    }
    t_start(&t);
    for (int i = 0; i < N; i++) {
        assert_int_equal(erase(&t, t_id(id, i), secret), OK);
    }
    assert_int_equal(scrub(&t), OK);
    assert_false(file_has(&t, "consilium.db", secret));
    assert_int_equal(fed(&t), 0);
    assert_int_equal(faults(&t), 0);
    t_close(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_left),
        cmocka_unit_test(freed_pages_taken_again),
        cmocka_unit_test(a_forged_one_is_found),
        cmocka_unit_test(written_meanwhile_is_refused),
        cmocka_unit_test(killed_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
