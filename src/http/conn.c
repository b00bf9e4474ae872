/* http/conn.c - connections, and the watch over slow ones.
 *
 * libmicrohttpd closes what is silent; it does not see what drips, nor an end that came together with the
 * last bytes it read. The clock thread shuts down a connection that has not brought a whole head in IDLE_S,
 * or whose body stays below BODY_RATE, or will not go on. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "http/http_int.h"
#include "os/clock.h"

static void note_peer(struct sock *k, const struct sockaddr *sa)
{
    union {
        const struct sockaddr *any;
        const struct sockaddr_in *v4;
        const struct sockaddr_in6 *v6;
    } a = {.any = sa};
    if (sa->sa_family == AF_UNIX) {
        k->is_local = true; /* its address, when it comes for others, stands in X-Forwarded-For */
    } else if (sa->sa_family == AF_INET) {
        inet_ntop(AF_INET, &a.v4->sin_addr, k->peer, sizeof(k->peer));
        k->is_local = (ntohl(a.v4->sin_addr.s_addr) >> 24) == 127;
    } else if (sa->sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a.v6->sin6_addr, k->peer, sizeof(k->peer));
        k->is_local = IN6_IS_ADDR_LOOPBACK(&a.v6->sin6_addr);
    }
}

static struct sock *sock_new(struct worker *w, struct MHD_Connection *conn)
{
    struct sock *k = os_alloc(1, sizeof(*k));
    const union MHD_ConnectionInfo *fd =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CONNECTION_FD);
    const union MHD_ConnectionInfo *addr =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    k->fd = fd != NULL ? fd->connect_fd : -1;
    if (addr != NULL && addr->client_addr != NULL) {
        note_peer(k, addr->client_addr);
    }
    atomic_store(&k->since_s, os_ticks_us() / 1000000);
    os_lock(&w->lock);
    k->next = w->socks;
    if (k->next != NULL) {
        k->next->prev = k;
    }
    w->socks = k;
    os_unlock(&w->lock);
    atomic_fetch_add(&w->connections, 1);
    return k;
}

static void sock_free(struct worker *w, struct sock *k)
{
    os_lock(&w->lock);
    if (k->prev != NULL) {
        k->prev->next = k->next;
    } else {
        w->socks = k->next;
    }
    if (k->next != NULL) {
        k->next->prev = k->prev;
    }
    os_unlock(&w->lock);
    atomic_fetch_sub(&w->connections, 1);
    os_free(k);
}

void conn_changed(void *cls, struct MHD_Connection *conn, void **ctx,
                  enum MHD_ConnectionNotificationCode what)
{
    struct worker *w = cls;
    switch (what) {
    case MHD_CONNECTION_NOTIFY_STARTED: *ctx = sock_new(w, conn); break;
    case MHD_CONNECTION_NOTIFY_CLOSED:
        sock_free(w, *ctx);
        *ctx = NULL;
        break;
    }
}

struct sock *conn_of(struct MHD_Connection *conn)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info->socket_context;
}

static bool is_too_slow(struct sock *k, uint64_t now_s)
{
    uint64_t since = atomic_load(&k->since_s);
    uint64_t age = now_s > since ? now_s - since : 0;
    switch ((enum doing)atomic_load(&k->doing)) {
    case DOING_HEAD: return age > IDLE_S;
    case DOING_BODY: return age > BODY_GRACE_S && atomic_load(&k->bytes) < age * BODY_RATE;
    case DOING_OTHER: return false;
    }
    return false;
}

/* In the middle of a body the peer closed, and all it sent was read. */
static bool has_ended(const struct sock *k)
{
    char byte;
    return atomic_load(&k->doing) == DOING_BODY
           && recv(k->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

void conn_watch(struct worker *w, uint64_t now_s)
{
    os_lock(&w->lock);
    for (struct sock *k = w->socks; k != NULL; k = k->next) {
        if (is_too_slow(k, now_s) || has_ended(k)) {
            shutdown(k->fd, SHUT_RDWR); /* the I/O thread sees the end and closes */
        }
    }
    os_unlock(&w->lock);
}
