/* os/socket.c - TCP, and sockets of this machine. See socket.h. */
#include "os/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/clock.h"

enum { BACKLOG = 1024 };

#define UNIX "unix:"

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_un un;
};

/* Whether somebody listens there; a socket nobody listens on is left by a program that was killed. */
static bool is_alive(const struct sockaddr_un *at)
{
    const union {
        const struct sockaddr_un *un;
        const struct sockaddr *any;
    } a = {.un = at};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool alive = fd >= 0 && (connect(fd, a.any, sizeof(*at)) == 0 || errno != ECONNREFUSED);
    if (fd >= 0) {
        close(fd);
    }
    return alive;
}

static enum err listen_path(struct req *rq, const char *path, int *ret_fd)
{
    union address a = {.un = {.sun_family = AF_UNIX}};
    struct stat st;
    size_t n = strlen(path);
    if (path[0] != '/' || n >= sizeof(a.un.sun_path)) {
        return FAIL(rq, E_BAD_INPUT, "listen address");
    }
    memcpy(a.un.sun_path, path, n);
    bool there = lstat(path, &st) == 0;
    if (there && (!S_ISSOCK(st.st_mode) || is_alive(&a.un))) {
        return FAIL(rq, E_CONFLICT, "listen errno %d", EADDRINUSE);
    }
    if (there) {
        (void)unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return FAIL(rq, E_IO, "socket errno %d", errno);
    }
    /* Shut to others from the beginning: fchmod() of a socket sets the mode bind() gives. */
    if (fchmod(fd, 0660) != 0 || bind(fd, &a.any, sizeof(a.un)) != 0 || chmod(path, 0660) != 0
        || listen(fd, BACKLOG) != 0) {
        int e = errno;
        close(fd);
        return FAIL(rq, E_IO, "listen errno %d", e);
    }
    *ret_fd = fd;
    return OK;
}

void os_listen_end(const char *address)
{
    if (strncmp(address, UNIX, strlen(UNIX)) == 0) {
        (void)unlink(address + strlen(UNIX));
    }
}

size_t os_address(const char *text, uint8_t ret_raw[16])
{
    static const uint8_t mapped[12] = {[10] = 0xFF, [11] = 0xFF};
    uint8_t raw[16] = {0};
    if (inet_pton(AF_INET, text, raw) == 1) {
        memcpy(ret_raw, raw, 4);
        return 4;
    }
    if (inet_pton(AF_INET6, text, raw) != 1) {
        return 0;
    }
    bool four = memcmp(raw, mapped, sizeof mapped) == 0;
    memcpy(ret_raw, four ? raw + 12 : raw, four ? 4 : 16);
    return four ? 4 : 16;
}

enum err os_listen(struct req *rq, const char *address, uint16_t port, int *ret_fd,
                   uint16_t *ret_port)
{
    union address a = {0};
    socklen_t size = 0;
    if (strncmp(address, UNIX, strlen(UNIX)) == 0) {
        TRY(listen_path(rq, address + strlen(UNIX), ret_fd));
        *ret_port = 0;
        return OK;
    }
    if (inet_pton(AF_INET, address, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons(port);
        size = sizeof(a.v4);
    } else if (inet_pton(AF_INET6, address, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons(port);
        size = sizeof(a.v6);
    } else {
        return FAIL(rq, E_BAD_INPUT, "listen address");
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;
    if (fd < 0) {
        return FAIL(rq, E_IO, "socket errno %d", errno);
    }
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    socklen_t len = sizeof(a);
    if (bind(fd, &a.any, size) != 0 || listen(fd, BACKLOG) != 0
        || getsockname(fd, &a.any, &len) != 0) {
        int e = errno;
        close(fd);
        return FAIL(rq, e == EADDRINUSE ? E_CONFLICT : E_IO, "listen errno %d", e);
    }
    *ret_fd = fd;
    *ret_port = ntohs(a.any.sa_family == AF_INET ? a.v4.sin_port : a.v6.sin6_port);
    return OK;
}

static bool ready(int fd, short what, uint32_t wait_ms)
{
    struct pollfd p = {.fd = fd, .events = what};
    return poll(&p, 1, wait_ms > INT32_MAX ? -1 : (int)wait_ms) > 0;
}

/* What os_connect() takes, as the system has it. */
static bool where(struct str to, union address *ret_a, socklen_t *ret_size)
{
    union address a = {0};
    char host[INET6_ADDRSTRLEN];
    uint64_t port = 0;
    if (str_starts(to, S(UNIX "/"))) {
        struct str path = str_sub(to, S(UNIX).n, to.n);
        if (path.n >= sizeof(a.un.sun_path)) {
            return false;
        }
        a.un.sun_family = AF_UNIX;
        memcpy(a.un.sun_path, path.p, path.n);
        *ret_size = sizeof(a.un);
        *ret_a = a;
        return true;
    }
    size_t colon = to.n;
    while (colon > 0 && to.p[colon - 1] != ':') {
        colon--;
    }
    bool six = to.n > 0 && to.p[0] == '[' && colon > 2 && to.p[colon - 2] == ']';
    struct str name = colon == 0 ? S("") : six ? str_sub(to, 1, colon - 2) : str_sub(to, 0, colon - 1);
    if (name.n == 0 || name.n >= sizeof(host) || !str_u64(str_sub(to, colon, to.n), &port) || port == 0
        || port > UINT16_MAX) {
        return false;
    }
    memcpy(host, name.p, name.n);
    host[name.n] = '\0';
    if (six && inet_pton(AF_INET6, host, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons((uint16_t)port);
        *ret_size = sizeof(a.v6);
    } else if (!six && inet_pton(AF_INET, host, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)port);
        *ret_size = sizeof(a.v4);
    } else {
        return false;
    }
    *ret_a = a;
    return true;
}

bool os_connect_may(struct str to)
{
    union address a;
    socklen_t size = 0;
    return where(to, &a, &size);
}

enum err os_connect(struct req *rq, struct str to, uint32_t wait_ms, int *ret_fd)
{
    union address a = {0};
    socklen_t size = 0;
    int why = 0;
    socklen_t len = sizeof(why);
    if (!where(to, &a, &size)) {
        return FAIL(rq, E_BAD_INPUT, "address to connect to");
    }
    int fd = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return FAIL(rq, E_IO, "socket errno %d", errno);
    }
    if (connect(fd, &a.any, size) != 0) {
        why = errno;
        if (why == EINPROGRESS) {
            why = !ready(fd, POLLOUT, wait_ms) ? ETIMEDOUT
                  : getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &len) != 0 ? errno
                                                                          : why;
        }
    }
    if (why != 0) {
        close(fd);
        return FAIL(rq, E_IO, "connect errno %d", why);
    }
    *ret_fd = fd;
    return OK;
}

bool os_accept(int listen_fd, uint32_t wait_ms, int *ret_fd, char ret_peer[OS_PEER_MAX])
{
    union address a = {0};
    socklen_t len = sizeof(a);
    if (!ready(listen_fd, POLLIN, wait_ms)) {
        return false;
    }
    int fd = accept4(listen_fd, &a.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd < 0) {
        return false;
    }
    int on = 1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const void *at = a.any.sa_family == AF_INET ? (const void *)&a.v4.sin_addr
                                                : (const void *)&a.v6.sin6_addr;
    if (a.any.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a.v6.sin6_addr)) {
        a.any.sa_family = AF_INET; /* what came by IPv4 is called so */
        at = &a.v6.sin6_addr.s6_addr[12];
    }
    if (inet_ntop(a.any.sa_family, at, ret_peer, OS_PEER_MAX) == NULL) {
        ret_peer[0] = '\0';
    }
    *ret_fd = fd;
    return true;
}

enum os_got os_recv(int fd, void *p, size_t size, uint32_t wait_ms, size_t *ret_n)
{
    for (;;) {
        ssize_t n = recv(fd, p, size, 0);
        if (n > 0) {
            *ret_n = (size_t)n;
            return OS_GOT_BYTES;
        }
        if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
            return OS_GOT_END;
        }
        if (errno == EAGAIN && !ready(fd, POLLIN, wait_ms)) {
            return OS_GOT_NOTHING;
        }
    }
}

bool os_send(int fd, const void *p, size_t n, uint32_t wait_ms)
{
    const char *at = p;
    const uint64_t until_us = os_ticks_us() + (uint64_t)wait_ms * 1000;
    while (n > 0) {
        ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
        if (sent > 0) {
            at += sent;
            n -= (size_t)sent;
        } else if (errno == EAGAIN) {
            uint64_t now = os_ticks_us();
            if (now >= until_us || !ready(fd, POLLOUT, (uint32_t)((until_us - now) / 1000) + 1)) {
                return false;
            }
        } else if (errno != EINTR) {
            return false;
        }
    }
    return true;
}
