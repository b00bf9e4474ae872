/* os/os_test.c - files, identifiers, queue, log rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"
#include "os/lines.h"
#include "os/log.h"
#include "os/random.h"
#include "os/socket.h"
#include "os/thread.h"

static void ids_are_fhir_ids(void **state)
{
    char a[OS_ID_LEN + 1];
    char b[OS_ID_LEN + 1];
    (void)state;
    os_id(a);
    os_id(b);
    assert_int_equal(strlen(a), OS_ID_LEN);
    assert_string_not_equal(a, b);
    assert_int_equal(strspn(a, "abcdefghijklmnopqrstuvwxyz234567"), OS_ID_LEN);
}

static void file_is_replaced_whole(void **state)
{
    struct req rq;
    char dir[] = "/tmp/os_test.XXXXXX";
    char path[OS_PATH_MAX];
    struct str got;
    int fd;
    (void)state;
    req_init(&rq, 1 << 20, os_now());
    assert_non_null(mkdtemp(dir));
    assert_int_equal(os_path(&rq, str_z(dir), S("f"), path), OK);
    assert_int_equal(os_read_file(&rq, path, 100, &got), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(os_write_file(&rq, path, S("one"), 0600), OK);
    assert_int_equal(os_write_file(&rq, path, S("three"), 0600), OK);
    assert_int_equal(os_read_file(&rq, path, 100, &got), OK);
    assert_true(str_eq(got, S("three")));
    assert_int_equal(os_read_file(&rq, path, 4, &got), E_TOO_LARGE);
    err_clear(&rq);
    assert_int_equal(os_open_new(&rq, path, &fd), E_CONFLICT);
    err_clear(&rq);
    assert_int_equal(os_remove(&rq, path), OK);
    assert_int_equal(os_remove(&rq, path), OK);
    assert_false(os_exists(path));
    uint64_t bytes = 0;
    assert_int_equal(os_free_bytes(&rq, dir, &bytes), OK);
    assert_true(bytes > 0);
    rmdir(dir);
    req_done(&rq);
}

/* A folder, a file and what stands in them; a path without a folder is of the one we work in. */
static void what_was_written_is_synced(void **state)
{
    struct req rq;
    char dir[] = "/tmp/os_test.XXXXXX";
    char path[OS_PATH_MAX];
    char below[OS_PATH_MAX];
    char here[OS_PATH_MAX];
    (void)state;
    req_init(&rq, 1 << 20, os_now());
    assert_non_null(mkdtemp(dir));
    assert_int_equal(os_path(&rq, str_z(dir), S("f"), path), OK);
    assert_int_equal(os_sync_all(&rq, path), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(os_write_file(&rq, path, S("one"), 0600), OK);
    assert_int_equal(os_sync_all(&rq, dir), OK);
    assert_int_equal(os_sync_all(&rq, path), OK);
    assert_int_equal(os_sync_parent(&rq, path), OK);
    assert_int_equal(os_remove(&rq, path), OK);
    assert_int_equal(os_sync_parent(&rq, path), OK); /* path itself need not be there */
    assert_int_equal(os_path(&rq, str_z(path), S("g"), below), OK);
    assert_int_equal(os_sync_parent(&rq, below), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(os_sync_parent(&rq, dir), OK);
    assert_int_equal(os_sync_parent(&rq, "/tmp"), OK);
    assert_int_equal(os_here(&rq, here), OK);
    assert_int_equal(chdir(dir), 0);
    assert_int_equal(os_sync_parent(&rq, "f"), OK);
    assert_int_equal(chdir(here), 0);
    assert_int_equal(rmdir(dir), 0);
    req_done(&rq);
}

static void *producer(void *ctx)
{
    struct os_queue *q = ctx;
    for (uintptr_t i = 1; i <= 1000; i++) {
        while (!os_queue_push(q, (char *)0 + i)) {
            os_sleep_ms(1);
        }
    }
    return NULL;
}

static void queue_keeps_everything(void **state)
{
    struct os_queue *q = os_queue_new(8);
    struct os_thread t[3];
    uintptr_t sum = 0;
    (void)state;
    for (size_t i = 0; i < LEN(t); i++) {
        assert_true(os_thread_start(&t[i], "producer", producer, q));
    }
    for (size_t i = 0; i < LEN(t) * 1000; i++) {
        sum += (uintptr_t)os_queue_pop(q);
    }
    assert_int_equal(sum, LEN(t) * 500500);
    for (size_t i = 0; i < LEN(t); i++) {
        os_thread_join(&t[i]);
    }
    os_queue_close(q);
    assert_null(os_queue_pop(q));
    assert_false(os_queue_push(q, q));
    os_queue_free(q);
}

/* A line of the most that is allowed is read, one byte more is refused, whether the file ends there or goes
 * on: below the size of the first buffer, and above it. */
static void lines_are_as_long_as_allowed(void **state)
{
    static const size_t mosts[] = {1, 1000, 300 * 1024};
    (void)state;
    for (size_t i = 0; i < LEN(mosts) * 4; i++) {
        size_t most = mosts[i / 4];
        size_t n = most + i % 2;
        bool ended = i % 4 < 2;
        char path[] = "/tmp/os-lines-XXXXXX";
        struct os_lines lines;
        struct str line;
        struct req rq;
        bool has = false;
        int fd = mkstemp(path);
        assert_true(fd >= 0 && unlink(path) == 0);
        req_init(&rq, 2 << 20, (struct instant){0});
        char *p = arena_alloc(rq.a, n + 1);
        assert_non_null(p);
        memset(p, 'x', n);
        p[n] = '\n';
        assert_int_equal(os_write_at(&rq, fd, 0, p, n + (ended ? 1 : 0)), OK);
        os_lines_of(fd, 0, most, &lines);
        assert_int_equal(os_lines_next(&rq, &lines, &line, &has), n > most ? E_TOO_LARGE : OK);
        assert_true(n > most || (has && line.n == n));
        os_lines_close(&lines);
        req_done(&rq);
    }
}

/* A socket of a path: one at a time, replaced when nobody listens, gone at the end. */
static void a_path_is_listened_on(void **state)
{
    char dir[] = "/tmp/consilium-os-XXXXXX";
    char path[OS_PATH_MAX];
    char address[OS_PATH_MAX + 8];
    struct req rq;
    struct os_rights rights;
    uint16_t port = 7;
    int fd = -1;
    int other = -1;
    (void)state;
    req_init(&rq, 65536, (struct instant){0});
    assert_non_null(mkdtemp(dir));
    assert_int_equal(os_path(&rq, str_z(dir), S("s"), path), OK);
    (void)snprintf(address, sizeof(address), "unix:%s", path);
    assert_int_equal(os_listen(&rq, address, 80, &fd, &port), OK);
    assert_int_equal(port, 0);
    assert_int_equal(os_rights_of(&rq, path, &rights), OK);
    assert_int_equal(rights.mode, 0660);
    assert_int_equal(os_listen(&rq, address, 0, &other, &port), E_CONFLICT);
    err_clear(&rq);
    os_close(fd);
    assert_true(os_exists(path)); /* as after a kill */
    assert_int_equal(os_listen(&rq, address, 0, &fd, &port), OK);
    os_listen_end(address);
    assert_false(os_exists(path));
    os_close(fd);
    assert_int_equal(os_write_file(&rq, path, S("mine"), 0600), OK);
    assert_int_equal(os_listen(&rq, address, 0, &fd, &port), E_CONFLICT);
    err_clear(&rq);
    assert_int_equal(os_listen(&rq, "unix:s", 0, &fd, &port), E_BAD_INPUT);
    err_clear(&rq);
    assert_int_equal(os_remove_tree(&rq, dir), OK);
    req_done(&rq);
}

/* What two rows put on stderr, as one text. */
/* Takes 64 KiB, looks away for a moment, and so on to the end. */
static void *take_slowly(void *ctx)
{
    const int *listen = ctx;
    char peer[OS_PEER_MAX];
    size_t got = 0;
    int fd = -1;
    if (os_accept(*listen, 20000, &fd, peer)) {
        char *room = os_alloc(1, 64 << 10);
        while (os_recv(fd, room, 64 << 10, 20000, &got) == OS_GOT_BYTES) {
            os_sleep_ms(20);
        }
        os_free(room);
        os_close(fd);
    }
    return NULL;
}

static void a_time_to_send_is_the_whole_time(void **state)
{
    enum { BYTES = 32 << 20 };
    struct req rq;
    struct os_thread thread;
    uint16_t port = 0;
    int listen = -1;
    int fd = -1;
    (void)state;
    char dir[] = "/tmp/os_test.XXXXXX";
    assert_non_null(mkdtemp(dir));
    char address[64];
    (void)snprintf(address, sizeof(address), "unix:%s/s", dir);
    req_init(&rq, 1 << 20, os_now());
    char *bytes = os_alloc(1, BYTES);
    assert_int_equal(os_listen(&rq, address, 0, &listen, &port), OK);
    assert_true(os_thread_start(&thread, "slow", take_slowly, &listen));
    assert_int_equal(os_connect(&rq, str_z(address), 20000, &fd), OK);
    assert_false(os_send(fd, bytes, BYTES, 300));
    os_close(fd);
    os_thread_join(&thread);
    os_close(listen);
    os_listen_end(address);
    os_free(bytes);
    rmdir(dir);
    req_done(&rq);
}

static void logged(char *ret_text, size_t cap)
{
    struct err_rec rec = {.code = E_IO, .file = "x.c", .line = 7, .detail = "not written"};
    int fds[2];
    int was = dup(STDERR_FILENO);
    assert_true(was >= 0);
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
    LOG(LOG_START, log_u64(8080), log_ms(41));
    LOG(LOG_REQUEST_FAILED, log_u64(1), log_ip("127.0.0.1\nx"), log_err(E_IO), log_where(&rec));
    dup2(was, STDERR_FILENO);
    close(was);
    close(fds[1]);
    ssize_t n = 0;
    for (ssize_t got = 1; got > 0; n += got) {
        got = read(fds[0], ret_text + n, cap - 1 - (size_t)n);
        assert_true(got >= 0);
    }
    ret_text[n] = 0;
    close(fds[0]);
}

static void log_takes_typed_fields(void **state)
{
    char text[1000];
    (void)state;
    logged(text, sizeof(text));
    char *second = strchr(text, '\n');
    assert_non_null(second);
    assert_memory_equal(text, "ts=20", 5);
    assert_non_null(strstr(text, "Z level=info event=start port=8080 took_ms=41\n"));
    assert_non_null(strstr(second, " event=request-failed request=1 "));
    assert_non_null(strstr(second, "x.c:7"));
    assert_null(strstr(text, "not written")); /* a detail stays out of the log */
    assert_null(strstr(text, "\nx"));         /* and so does what is no address */
    assert_string_equal(strchr(second + 1, '\n'), "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_fhir_ids),
        cmocka_unit_test(file_is_replaced_whole),
        cmocka_unit_test(what_was_written_is_synced),
        cmocka_unit_test(queue_keeps_everything),
        cmocka_unit_test(lines_are_as_long_as_allowed),
        cmocka_unit_test(a_path_is_listened_on),
        cmocka_unit_test(a_time_to_send_is_the_whole_time),
        cmocka_unit_test(log_takes_typed_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
