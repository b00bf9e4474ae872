/* app/request_fuzz.c - the whole program behind a socket: any bytes on a connection, by a visitor, a person
 * and an interface account. Whatever comes, what is answered is an answer of HTTP, and never 500.
 *
 * The input is sent as it is, but for single bytes that stand for what a caller knows: 1 the token of the
 * interface account, 2 that of a person, 3 the cookie of a session, 4 its form token, 5 the length of what
 * follows the next empty line, up to byte 6, which ends a body and is not sent. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "app/app.h"
#include "care/account.h"
#include "care/directory_write.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/fuzz_fixture.h"
#include "store/tx.h"

enum { FOLDER_INPUTS = 4000, ANSWER_MAX = 1 << 20, LEGEND = 7 };

static struct {
    struct fuzz_store folder; /* only its place: the program opens it */
    struct config config;
    struct app app;
    struct req rq;
    struct sockaddr_in at;
    struct str legend[LEGEND];
    unsigned n_inputs;
    bool is_open;
} P;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void close_program(void)
{
    if (P.is_open) {
        http_server_stop(P.app.web.server, 1000);
        app_close(&P.rq, &P.app);
        req_done(&P.rq);
        (void)nftw(P.folder.dir, fuzz_store_remove_one, 16, FTW_DEPTH | FTW_PHYS);
        P.is_open = false;
    }
}

/* A doctor of a hospital, with a session and a token, and an interface account. */
static void fill(void)
{
    static char tokens[2][TOKEN_MAX];
    static struct session session;
    static const struct str password = SI("made-up-password");
    struct req *rq = &P.rq;
    struct org_new org = {.name = S("Hospital"), .kind = ORG_HOSPITAL};
    struct person_new person = {.family = S("Asker"), .given = S("Test")};
    struct role_new role = {.code = S("doctor")};
    struct account acc;
    struct str id;
    struct str hash;
    const struct who *who;
    struct tx *tx = tx_new(rq);
    ASSERT(password_hash(rq, password, &hash) == OK && org_add(rq, tx, &org, &role.org) == OK
           && person_add(rq, tx, &person, &role.person) == OK && role_add(rq, tx, &role, &id) == OK
           && account_add(rq, tx, S("doctor"), role.person, hash, false) == OK
           && account_add(rq, tx, S("interface"), S("interface"), S("!"), false) == OK
           && store_commit(P.app.web.care.store, rq, tx) == OK);
    tx = tx_new(rq);
    ASSERT(account_by_login(rq, S("interface"), &acc) == OK
           && token_add(rq, tx, &acc, S(""), S("t"), SCOPE_ALL | SCOPE_SYSTEM, (struct instant){0},
                        tokens[0]) == OK);
    ASSERT(account_by_login(rq, S("doctor"), &acc) == OK
           && token_add(rq, tx, &acc, S(""), S("t"), SCOPE_ALL, (struct instant){0}, tokens[1]) == OK
           && store_commit(P.app.web.care.store, rq, tx) == OK);
    ASSERT(sign_in(rq, S("doctor"), password, &(struct sign_in_from){{0}, {0}}, &session) == OK
           && who_by_session(rq, str_z(session.token), &who) == OK);
    P.legend[1] = str_z(tokens[0]);
    P.legend[2] = str_z(tokens[1]);
    P.legend[3] = str_z(session.token);
    P.legend[4] = who->csrf;
}

static void open_program(void)
{
    struct config_source none = {.n_flags = 0};
    struct http_opts o = {.listen = "127.0.0.1", .io_threads = 1, .pool_threads = 1,
                          .max_connections = 64, .max_streams = 8, .stream_max_bytes = 1 << 20,
                          .routes = app_routes, .n_routes = n_app_routes, .hooks = &app_hooks,
                          .app = &P.app};
    struct http_server *server;
    fuzz_store_open(NULL, &P.folder);
    store_close(P.folder.st);
    req_init(&P.rq, (size_t)256 << 20, os_now());
    ASSERT(config_read(&P.rq, &none, &P.config) == OK);
    P.config.data = str_z(P.folder.dir);
    P.config.content = S("content");
    P.config.free_floor = 16;
    ASSERT(app_open(&P.rq, &P.config, false, &P.app) == OK);
    P.app.web.care.password_ops = 1;
    P.app.web.care.password_mem = 1 << 20;
    P.rq.who = &who_system;
    fill();
    ASSERT(http_server_start(&P.rq, &o, &server) == OK);
    P.app.web.server = server;
    P.at = (struct sockaddr_in){.sin_family = AF_INET,
                                .sin_port = htons(http_server_port(server)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    P.n_inputs = 0;
    P.is_open = true;
}

/* How long the body after the next empty line is. */
static uint64_t body_length(struct str rest)
{
    size_t at = 0;
    while (at + 4 <= rest.n && memcmp(rest.p + at, "\r\n\r\n", 4) != 0) {
        at++;
    }
    rest = str_sub(rest, at + 4, rest.n);
    return str_find_char(rest, 6);
}

static struct str request_of(struct req *rq, struct str in)
{
    struct buf b;
    buf_init(&b, rq->a, 8u << 20);
    for (size_t i = 0; i < in.n; i++) {
        unsigned char c = (unsigned char)in.p[i];
        if (c == 5) {
            buf_u64(&b, body_length(str_sub(in, i + 1, in.n)));
        } else if (c == 0 || c >= LEGEND) {
            buf_char(&b, in.p[i]);
        } else {
            buf_str(&b, P.legend[c]);
        }
    }
    return buf_get(&b);
}

static int connect_to(void)
{
    union {
        const struct sockaddr_in *v4;
        const struct sockaddr *any;
    } to = {.v4 = &P.at};
    struct timeval limit = {.tv_sec = 5};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    ASSERT(fd >= 0 && connect(fd, to.any, sizeof(P.at)) == 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    return fd;
}

/* Sends all, says that nothing follows, reads to the end; a stream of events has none. */
static struct str talk(struct str text)
{
    static char answer[ANSWER_MAX];
    size_t n = 0;
    int fd = connect_to();
    for (size_t at = 0; at < text.n;) {
        ssize_t k = send(fd, text.p + at, text.n - at, MSG_NOSIGNAL);
        if (k <= 0) {
            break;
        }
        at += (size_t)k;
    }
    (void)shutdown(fd, SHUT_WR);
    while (n < sizeof(answer)) {
        ssize_t k = recv(fd, answer + n, sizeof(answer) - n, 0);
        if (k <= 0) {
            break;
        }
        n += (size_t)k;
        if (memmem(answer, n, "text/event-stream", 17) != NULL) {
            break;
        }
    }
    (void)close(fd);
    return (struct str){answer, n};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool is_first = true;
    struct req rq;
    if (is_first) {
        (void)signal(SIGPIPE, SIG_IGN);
        (void)atexit(close_program);
        is_first = false;
    }
    if (P.n_inputs++ >= FOLDER_INPUTS) {
        close_program();
    }
    if (!P.is_open) {
        open_program();
    }
    req_init(&rq, 16u << 20, (struct instant){0});
    struct str text = request_of(&rq, (struct str){(const char *)data, size});
    if (text.n > 0) {
        struct str got = talk(text);
        ASSERT(got.n == 0 || str_starts(got, S("HTTP/1.")));
        ASSERT(!str_starts(got, S("HTTP/1.1 500")) && !str_starts(got, S("HTTP/1.0 500")));
    }
    req_done(&rq);
    return 0;
}
