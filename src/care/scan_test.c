/* care/scan_test.c - files shown to a virus scanner: one that keeps to its protocol, and some that do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "care/care.h"
#include "care/scan.h"
#include "care/who.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/socket.h"
#include "os/thread.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/db.h"
#include "store/store.h"

enum { BIG = 200000, SHORT_MS = 300, LONG_MS = 20000 };

/* A scanner of the test: serves one connection, checks what comes and says its piece. */
struct clamd {
    struct os_thread thread;
    struct str says;  /* with its NUL, or without */
    struct str wants; /* bytes it must get, p NULL: it looks at none */
    size_t deaf;      /* it reads so many bytes at most, then speaks */
    bool silent;      /* it never speaks, and waits until the other side goes */
    struct care *asked_by; /* before it speaks it is asked again, by another thread that serves everybody */
    enum err then;    /* what that got */
    bool good;        /* what came was as it should be */
    int listen;
};

static size_t take_all(int fd, char *room, size_t most)
{
    size_t n = 0;
    size_t got = 0;
    bool end = false;
    while (!end && n < most && os_recv(fd, room + n, most - n, LONG_MS, &got) == OS_GOT_BYTES) {
        n += got;
        end = n >= 14 && memcmp(room + n - 4, "\0\0\0\0", 4) == 0;
    }
    return n;
}

/* The pieces of a stream put together. */
static bool is_stream_of(const char *p, size_t n, struct str wants)
{
    size_t at = sizeof("zINSTREAM");
    size_t seen = 0;
    if (n < at || memcmp(p, "zINSTREAM", at) != 0) {
        return false;
    }
    while (at + 4 <= n) {
        const uint8_t *c = (const uint8_t *)p + at;
        size_t size = (size_t)c[0] << 24 | (size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3];
        at += 4;
        if (size == 0) {
            return at == n && seen == wants.n;
        }
        if (size > n - at || size > wants.n - seen || memcmp(p + at, wants.p + seen, size) != 0) {
            return false;
        }
        at += size;
        seen += size;
    }
    return false;
}

static enum err look_beside(struct care *care)
{
    struct req rq;
    struct scan_result r;
    req_init(&rq, 1 << 20, os_now());
    rq.app = (struct app *)care;
    rq.shared = true;
    enum err e = scan_look(&rq, S("other bytes"), &r);
    req_done(&rq);
    return e;
}

static void *serve(void *ctx)
{
    struct clamd *c = ctx;
    char peer[OS_PEER_MAX];
    char *room = os_alloc(1, 2 * BIG);
    size_t got = 0;
    int fd = -1;
    if (os_accept(c->listen, LONG_MS, &fd, peer)) {
        size_t n = take_all(fd, room, c->deaf > 0 ? c->deaf : 2 * BIG);
        c->good = c->wants.p == NULL || is_stream_of(room, n, c->wants);
        if (c->asked_by != NULL) {
            c->then = look_beside(c->asked_by);
        }
        if (c->silent) {
            while (os_recv(fd, room, BIG, LONG_MS, &got) == OS_GOT_BYTES) {
            }
        } else if (!os_send(fd, c->says.p, c->says.n, LONG_MS)) {
            c->good = false;
        }
        os_close(fd);
    }
    os_free(room);
    return NULL;
}

/* ---- a world ---- */

struct world {
    struct care care;
    struct req rq;
    struct who who;
    char dir[64];
    char at[96];
};

static int begin(void **state)
{
    struct world *w = test_calloc(1, sizeof(*w));
    strcpy(w->dir, "/tmp/consilium-scan-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    (void)snprintf(w->at, sizeof(w->at), "unix:%s/clamd", w->dir);
    req_init(&w->rq, 64 << 20, os_now());
    w->who.person = S("p1");
    w->rq.who = &w->who;
    w->rq.app = (struct app *)&w->care;
    assert_int_equal(store_open(&w->rq, str_z(w->dir), NULL, &w->care.store), OK);
    w->rq.db = store_db_open(w->care.store);
    *state = w;
    return 0;
}

static int end(void **state)
{
    struct world *w = *state;
    store_db_close(w->rq.db);
    store_close(w->care.store);
    req_done(&w->rq);
    char cmd[96] = "rm -r ";
    memcpy(cmd + 6, w->dir, strlen(w->dir) + 1);
    assert_int_equal(system(cmd), 0);
    test_free(w);
    return 0;
}

static void scanner_set(struct world *w, uint32_t wait_ms, bool let_through)
{
    scanner_free(w->care.scanner);
    w->care.scanner = scanner_new(
        &(struct scan_opts){.at = str_z(w->at), .wait_ms = wait_ms, .let_through = let_through});
}

static enum err look(struct world *w, struct clamd *c, struct str bytes, struct scan_result *ret_r)
{
    uint16_t port = 0;
    err_clear(&w->rq);
    assert_int_equal(os_listen(&w->rq, w->at, 0, &c->listen, &port), OK);
    assert_true(os_thread_start(&c->thread, "clamd", serve, c));
    enum err e = scan_look(&w->rq, bytes, ret_r);
    os_thread_join(&c->thread);
    os_close(c->listen);
    os_listen_end(w->at);
    return e;
}

static struct str record_text(struct world *w, enum audit_action action)
{
    struct audit_row rows[4];
    size_t n = 0;
    assert_int_equal(audit_list(&w->rq, 0, 0, LEN(rows), rows, &n), OK);
    return n > 0 && rows[0].action == action ? rows[0].detail : S("");
}

static struct str many(struct world *w)
{
    char *p = arena_alloc_raw(w->rq.a, BIG);
    assert_non_null(p);
    for (size_t i = 0; i < BIG; i++) {
        p[i] = (char)('a' + i % 23);
    }
    return (struct str){p, BIG};
}

/* ---- the tests ---- */

#define SAYS(text) {text, sizeof(text)} /* its NUL counts */

static void what_it_says_counts(void **state)
{
    struct world *w = *state;
    struct str bytes = many(w);
    static const struct {
        struct str says;
        enum scan_verdict verdict;
        const char *name;
        enum err e;
    } rows[] = {
        {SAYS("stream: OK"), SCAN_CLEAN, "", OK},
        {SAYS("stream: Test.Virus FOUND"), SCAN_FOUND, "Test.Virus", OK},
        {SAYS("INSTREAM size limit exceeded. ERROR"), SCAN_TOO_LARGE, "", OK},
        {SAYS("stream: no memory ERROR"), SCAN_CLEAN, "", E_BUSY},
        {SAYS("UNKNOWN COMMAND"), SCAN_CLEAN, "", E_BUSY},
        {SI("stream: OK"), SCAN_CLEAN, "", E_BUSY}, /* cut short: without its NUL */
        {SI(""), SCAN_CLEAN, "", E_BUSY},
    };
    scanner_set(w, LONG_MS, false);
    for (size_t i = 0; i < LEN(rows); i++) {
        struct clamd c = {.says = rows[i].says, .wants = bytes};
        struct scan_result r;
        assert_int_equal(look(w, &c, bytes, &r), rows[i].e);
        assert_true(c.good);
        if (rows[i].e == OK) {
            assert_int_equal(r.verdict, rows[i].verdict);
            assert_string_equal(r.name, rows[i].name);
        }
    }
    struct scan_counts n = scanner_counts(w->care.scanner);
    assert_int_equal(n.files, 2);
    assert_int_equal(n.found, 1);
    assert_int_equal(n.missed, 5);
    struct str text = record_text(w, AUDIT_DENY);
    assert_true(str_eq(text, S("virus Test.Virus")));
}

static void an_answer_without_end_is_none(void **state)
{
    struct world *w = *state;
    struct clamd c = {.says = many(w)};
    struct scan_result r;
    scanner_set(w, LONG_MS, false);
    assert_int_equal(look(w, &c, S("bytes"), &r), E_BUSY);
}

static void one_that_looked_at_half_cannot_say_clean(void **state)
{
    struct world *w = *state;
    struct scan_result r;
    struct str bytes = {os_alloc(1, 64 << 20), 64 << 20};
    struct clamd lies = {.says = SAYS("stream: OK"), .deaf = 100};
    struct clamd sees = {.says = SAYS("stream: Early.Virus FOUND"), .deaf = 100};
    scanner_set(w, LONG_MS, false);
    assert_int_equal(look(w, &lies, bytes, &r), E_BUSY);
    enum err e = look(w, &sees, bytes, &r);
    assert_true(e == E_BUSY || r.verdict == SCAN_FOUND); /* the line may break before the word is heard */
    os_free((void *)(uintptr_t)bytes.p);
}

static void silence_ends(void **state)
{
    struct world *w = *state;
    struct clamd c = {.silent = true};
    struct scan_result r;
    scanner_set(w, SHORT_MS, false);
    uint64_t before = os_ticks_us();
    assert_int_equal(look(w, &c, S("bytes"), &r), E_BUSY);
    assert_true(os_ticks_us() - before < LONG_MS * UINT64_C(1000));
}

static void one_that_hangs_holds_its_share_of_threads(void **state)
{
    struct world *w = *state;
    struct clamd c = {.says = SAYS("stream: OK"), .asked_by = &w->care};
    struct scan_result r;
    scanner_set(w, LONG_MS, true); /* nothing is let through since others wait */
    w->rq.shared = true;
    for (unsigned i = 0; i < 2; i++) { /* what is taken is given back */
        c.then = OK;
        assert_int_equal(look(w, &c, S("bytes"), &r), OK);
        assert_int_equal(r.verdict, SCAN_CLEAN);
        assert_int_equal(c.then, E_BUSY);
    }
    assert_int_equal(scanner_counts(w->care.scanner).files, 2);
    assert_int_equal(scanner_counts(w->care.scanner).missed, 2);
    w->rq.shared = false;
}

static void nobody_there(void **state)
{
    struct world *w = *state;
    struct scan_result r;
    scanner_set(w, SHORT_MS, false);
    assert_int_equal(scan_look(&w->rq, S("bytes"), &r), E_BUSY);
    assert_int_equal(w->rq.err.code, E_BUSY);
    err_clear(&w->rq);
    scanner_set(w, SHORT_MS, true);
    assert_int_equal(scan_look(&w->rq, S("bytes"), &r), OK);
    assert_int_equal(r.verdict, SCAN_MISSED);
    struct str text = record_text(w, AUDIT_UPLOAD);
    assert_true(str_eq(text, S("not looked at by the virus scanner")));
    assert_int_equal(scan_bytes(&w->rq, S("bytes"), "this"), OK);
    assert_int_equal(scanner_counts(w->care.scanner).missed, 2);
}

static void a_file_is_shown_whole(void **state)
{
    struct world *w = *state;
    struct str bytes = many(w);
    struct blob_part *part = NULL;
    struct scan_result last;
    uint16_t port = 0;
    struct clamd c = {.says = SAYS("stream: X FOUND"), .wants = bytes};
    scanner_set(w, LONG_MS, false);
    assert_int_equal(blob_part_new(&w->rq, w->care.store, &part), OK);
    assert_int_equal(blob_part_add(&w->rq, part, bytes), OK);
    assert_int_equal(os_listen(&w->rq, w->at, 0, &c.listen, &port), OK);
    assert_true(os_thread_start(&c.thread, "clamd", serve, &c));
    assert_int_equal(scan_parts(&w->rq, &part, 1, "an image", &last), E_UNPROCESSED);
    assert_non_null(strstr(w->rq.err.detail, "an image: a virus was found in it: X"));
    os_thread_join(&c.thread);
    os_close(c.listen);
    os_listen_end(w->at);
    assert_true(c.good);
}

static void data_of_resources_is_decoded(void **state)
{
    struct world *w = *state;
    struct json_doc doc;
    uint16_t port = 0;
    struct clamd c = {.says = SAYS("stream: X FOUND"), .wants = SI("hello")};
    scanner_set(w, LONG_MS, false);
    assert_int_equal(json_parse(&w->rq, S("{\"resourceType\":\"Basic\",\"note\":\"aGVsbG8=\",\"data\":{\"data\":\"\"},"
                                          "\"content\":[{\"attachment\":{\"data\":\"aGVs bG8=\"}}]}"),
                                NULL, &doc), OK);
    assert_int_equal(os_listen(&w->rq, w->at, 0, &c.listen, &port), OK);
    assert_true(os_thread_start(&c.thread, "clamd", serve, &c));
    assert_int_equal(scan_resource(&w->rq, json_root(&doc)), E_UNPROCESSED);
    os_thread_join(&c.thread);
    os_close(c.listen);
    os_listen_end(w->at);
    assert_true(c.good);
}

/* One text of a resource, of which the scanner is to get "hello". */
static enum err shown(struct world *w, const char *text)
{
    struct json_doc doc;
    uint16_t port = 0;
    struct clamd c = {.says = SAYS("stream: X FOUND"), .wants = SI("hello")};
    err_clear(&w->rq);
    assert_int_equal(json_parse(&w->rq, str_z(text), NULL, &doc), OK);
    assert_int_equal(os_listen(&w->rq, w->at, 0, &c.listen, &port), OK);
    assert_true(os_thread_start(&c.thread, "clamd", serve, &c));
    enum err e = scan_resource(&w->rq, json_root(&doc));
    if (e == OK) { /* nobody came: so that the thread ends */
        int fd = -1;
        assert_int_equal(os_connect(&w->rq, str_z(w->at), LONG_MS, &fd), OK);
        os_close(fd);
    }
    os_thread_join(&c.thread);
    os_close(c.listen);
    os_listen_end(w->at);
    return e;
}

static void no_bytes_of_resources_are_passed_over(void **state)
{
    struct world *w = *state;
    scanner_set(w, LONG_MS, false);
    /* the last character holds bits that belong to no byte: the definitions take it */
    assert_int_equal(shown(w, "{\"data\":\"aGVsbG9=\"}"), E_UNPROCESSED);
    assert_int_equal(shown(w, "{\"extension\":[{\"valueBase64Binary\":\"aGVsbG8=\"}]}"), E_UNPROCESSED);
    assert_int_equal(shown(w, "{\"udiCarrier\":[{\"carrierAIDC\":\"aGVsbG8=\"}]}"), E_UNPROCESSED);
    assert_int_equal(shown(w, "{\"d\\u0061ta\":\"aGVsbG8\\u003d\"}"), E_UNPROCESSED);
    assert_int_equal(shown(w, "{\"data\":\"10 20 E\"}"), OK);
}

static void what_there_is_no_memory_for_is_not_taken(void **state)
{
    struct world *w = *state;
    struct json_doc doc;
    struct buf b;
    struct req small;
    scanner_set(w, SHORT_MS, false);
    buf_init(&b, w->rq.a, 2 * BIG);
    BUF_LIT(&b, "{\"data\":\"");
    for (size_t i = 0; i < BIG; i += 4) {
        BUF_LIT(&b, "aGVs");
    }
    BUF_LIT(&b, "\"}");
    assert_int_equal(json_parse(&w->rq, buf_get(&b), NULL, &doc), OK);
    req_init(&small, BIG / 2, w->rq.now);
    small.app = w->rq.app;
    small.db = w->rq.db;
    assert_int_equal(scan_resource(&small, json_root(&doc)), E_TOO_LARGE);
    req_done(&small);
}

static void without_one_all_is_taken(void **state)
{
    struct world *w = *state;
    struct scan_result r = {.verdict = SCAN_FOUND};
    scanner_free(w->care.scanner);
    w->care.scanner = NULL;
    err_clear(&w->rq);
    assert_int_equal(scan_look(&w->rq, S("bytes"), &r), OK);
    assert_int_equal(r.verdict, SCAN_CLEAN);
    assert_int_equal(scanner_counts(NULL).files, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_says_counts),
        cmocka_unit_test(an_answer_without_end_is_none),
        cmocka_unit_test(one_that_looked_at_half_cannot_say_clean),
        cmocka_unit_test(silence_ends),
        cmocka_unit_test(one_that_hangs_holds_its_share_of_threads),
        cmocka_unit_test(nobody_there),
        cmocka_unit_test(a_file_is_shown_whole),
        cmocka_unit_test(data_of_resources_is_decoded),
        cmocka_unit_test(no_bytes_of_resources_are_passed_over),
        cmocka_unit_test(what_there_is_no_memory_for_is_not_taken),
        cmocka_unit_test(without_one_all_is_taken),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
