/* http/front_link.c - one connection through TLS, from the first byte to the last. See front.h.
 *
 * Each side is read only when the other took what was read before: that is the back-pressure. */
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <openssl/err.h>

#include "base/buf.h"
#include "base/text.h"
#include "http/front_int.h"
#include "os/file.h"

enum { HANDSHAKE_RECORD = 22 }; /* RFC 8446 5.1 */
enum { PLAIN_MAX = 2048 };

static void to_stage(struct link *k, enum stage stage, uint64_t now_s)
{
    k->stage = stage;
    k->since_s = now_s;
}

/* ---- the end ---- */

static void hang_up(struct link *k, uint64_t now_s)
{
    (void)shutdown(k->peer.fd, SHUT_WR);
    to_stage(k, STAGE_LINGER, now_s);
}

/* Reads past what the peer still sends. */
static void linger(struct front_io *io, struct link *k)
{
    for (int i = 0; i < TURNS; i++) {
        ssize_t n = recv(k->peer.fd, io->scratch, sizeof(io->scratch), 0);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
            k->stage = STAGE_OVER;
            return;
        }
        if (n < 0) {
            return;
        }
    }
}

/* Our last bytes are with the peer: the end of the session is said (RFC 8446 6.1), then that of the line. */
static void say_end(struct link *k, uint64_t now_s)
{
    k->shake_out = false;
    ERR_clear_error();
    int r = SSL_shutdown(k->ssl);
    if (r < 0 && SSL_get_error(k->ssl, r) == SSL_ERROR_WANT_WRITE) {
        k->shake_out = true;
        return;
    }
    hang_up(k, now_s);
}

/* ---- the beginning ---- */

/* Somebody wrote http:// before the address, or is no browser at all: nothing of the request was read but its
 * first byte, so the words stand there in each language, English last. */
static void refuse_plain(struct link *k, char first, uint64_t now_s)
{
    static const enum lang langs[] = {LANG_RU, LANG_KK, LANG_UZ, LANG_EN};
    const char *words = T("This address speaks HTTPS alone: write https:// in front of its name");
    struct arena *a = arena_new(2 * PLAIN_MAX);
    size_t size = LEN(langs) - 1;
    struct buf b;
    for (size_t i = 0; i < LEN(langs); i++) {
        size += tr(langs[i], words).n;
    }
    buf_init(&b, a, PLAIN_MAX);
    BUF_LIT(&b, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ");
    buf_u64(&b, size);
    BUF_LIT(&b, "\r\nConnection: close\r\n\r\n");
    for (size_t i = 0; i < LEN(langs); i++) {
        buf_str(&b, i > 0 ? S("\n") : S(""));
        buf_str(&b, tr(langs[i], words));
    }
    if (first >= 'A' && first <= 'Z' && buf_ok(&b)) {
        (void)send(k->peer.fd, b.p, b.n, MSG_NOSIGNAL);
    }
    arena_free(a);
    hang_up(k, now_s);
}

static void knock(struct front_io *io, struct link *k, uint64_t now_s)
{
    char first = 0;
    ssize_t n = recv(k->peer.fd, &first, 1, MSG_PEEK);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (n <= 0) {
        k->stage = STAGE_OVER;
        return;
    }
    if (first != HANDSHAKE_RECORD) {
        refuse_plain(k, first, now_s);
        return;
    }
    k->ssl = front_ssl(io->f);
    if (k->ssl == NULL || SSL_set_fd(k->ssl, k->peer.fd) != 1) {
        ERR_clear_error();
        k->stage = STAGE_OVER;
        return;
    }
    k->stage = STAGE_SHAKE; /* since_s stays: one time for both */
}

/* libmicrohttpd gets its end of a pair of sockets. */
static void join(struct front_io *io, struct link *k, uint64_t now_s)
{
    int pair[2];
    const int room = PAIR_BYTES;
    if (!front_takes(io->f)
        || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) != 0) {
        k->stage = STAGE_OVER;
        return;
    }
    (void)setsockopt(pair[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    (void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
    k->ours.fd = pair[0];
    union {
        const struct sockaddr_storage *in;
        const struct sockaddr *any;
    } at = {.in = &k->at};
    /* It closes its end when it has no room. */
    if (MHD_add_connection(io->w->daemon, pair[1], at.any, k->at_size) != MHD_YES) {
        k->stage = STAGE_OVER;
        return;
    }
    to_stage(k, STAGE_OPEN, now_s);
}

static void shake(struct front_io *io, struct link *k, uint64_t now_s)
{
    k->shake_out = false;
    ERR_clear_error();
    int r = SSL_accept(k->ssl);
    if (r == 1) {
        join(io, k, now_s);
        return;
    }
    switch (SSL_get_error(k->ssl, r)) {
    case SSL_ERROR_WANT_READ: return;
    case SSL_ERROR_WANT_WRITE: k->shake_out = true; return;
    case SSL_ERROR_SSL: hang_up(k, now_s); return; /* the alert that says why is on its way */
    default: k->stage = STAGE_OVER; return;
    }
}

/* ---- bytes ---- */

/* Keeps what could not go on. */
static struct part *part_of(const char *p, size_t n)
{
    struct part *b = os_alloc(1, sizeof(*b));
    memcpy(b->p, p, n);
    b->n = n;
    return b;
}

static void part_took(struct part **b, size_t n)
{
    (*b)->at += n;
    if ((*b)->at == (*b)->n) {
        os_free(*b);
        *b = NULL;
    }
}

/* To libmicrohttpd; gives what it took. One that reads no more gets nothing: its end is seen in down(). */
static size_t give_ours(struct link *k, const char *p, size_t n)
{
    ssize_t sent = send(k->ours.fd, p, n, MSG_NOSIGNAL);
    if (sent >= 0) {
        return (size_t)sent;
    }
    return errno == EAGAIN || errno == EINTR ? 0 : n;
}

/* False when there is nothing more to do now. What the peer says does not count as taking what it is sent. */
static bool up(struct front_io *io, struct link *k)
{
    if (k->up != NULL) {
        size_t n = give_ours(k, k->up->p + k->up->at, k->up->n - k->up->at);
        if (n == 0) {
            return false;
        }
        part_took(&k->up, n);
        return k->up == NULL;
    }
    if (k->up_ended || k->down_ended) {
        return false;
    }
    k->shake_out = false;
    ERR_clear_error();
    int n = SSL_read(k->ssl, io->scratch, PART_BYTES);
    if (n > 0) {
        size_t took = give_ours(k, io->scratch, (size_t)n);
        if (took < (size_t)n) {
            k->up = part_of(io->scratch + took, (size_t)n - took);
        }
        return k->up == NULL;
    }
    switch (SSL_get_error(k->ssl, n)) {
    case SSL_ERROR_WANT_READ: return false;
    case SSL_ERROR_WANT_WRITE: k->shake_out = true; return false;
    case SSL_ERROR_ZERO_RETURN: /* the answer may still go out */
        k->up_ended = true;
        (void)shutdown(k->ours.fd, SHUT_WR);
        return false;
    default: k->stage = STAGE_OVER; return false; /* gone without a word, or no TLS any more */
    }
}

/* To the peer; gives what was taken, and ends the link when nothing ever will be. */
static size_t give_peer(struct link *k, const char *p, size_t n)
{
    ERR_clear_error();
    int sent = SSL_write(k->ssl, p, (int)n);
    if (sent > 0) {
        return (size_t)sent;
    }
    int why = SSL_get_error(k->ssl, sent);
    if (why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ) {
        k->stage = STAGE_OVER;
    }
    return 0;
}

static bool down(struct front_io *io, struct link *k, uint64_t now_s)
{
    if (k->down != NULL) {
        size_t n = give_peer(k, k->down->p + k->down->at, k->down->n - k->down->at);
        if (n == 0) {
            return false;
        }
        part_took(&k->down, n);
        k->since_s = now_s;
        return true;
    }
    if (k->down_ended) {
        say_end(k, now_s);
        return false;
    }
    ssize_t n = recv(k->ours.fd, io->scratch, PART_BYTES, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        return false;
    }
    if (n <= 0) { /* it closed, perhaps without reading all: what it said was read before this */
        k->down_ended = true;
        k->since_s = now_s;
        say_end(k, now_s);
        return false;
    }
    size_t took = give_peer(k, io->scratch, (size_t)n);
    if (took < (size_t)n && k->stage == STAGE_OPEN) {
        k->down = part_of(io->scratch + took, (size_t)n - took);
    }
    k->since_s = now_s;
    return took == (size_t)n;
}

void link_go_on(struct front_io *io, struct link *k, uint64_t now_s)
{
    if (k->stage == STAGE_KNOCK) {
        knock(io, k, now_s);
    }
    if (k->stage == STAGE_SHAKE) {
        shake(io, k, now_s);
    }
    for (int i = 0; i < TURNS && k->stage == STAGE_OPEN && up(io, k); i++) {
    }
    for (int i = 0; i < TURNS && k->stage == STAGE_OPEN && down(io, k, now_s); i++) {
    }
    if (k->stage == STAGE_LINGER) {
        linger(io, k);
    }
}

/* ---- waiting ---- */

void link_watch(struct link *k, uint64_t now_s)
{
    uint64_t age = now_s > k->since_s ? now_s - k->since_s : 0;
    switch (k->stage) {
    case STAGE_KNOCK:
    case STAGE_SHAKE: k->stage = age > SHAKE_S ? STAGE_OVER : k->stage; break;
    case STAGE_OPEN:
        /* The other silence is libmicrohttpd's, which does not see that these were not taken. */
        k->stage = (k->down != NULL || k->down_ended) && age > STUCK_S ? STAGE_OVER : k->stage;
        break;
    case STAGE_LINGER: k->stage = age > LINGER_S ? STAGE_OVER : k->stage; break;
    case STAGE_OVER: break;
    }
}

uint32_t link_peer_events(const struct link *k)
{
    uint32_t events = 0;
    switch (k->stage) {
    case STAGE_KNOCK:
    case STAGE_LINGER: return EPOLLIN;
    case STAGE_SHAKE: return k->shake_out ? EPOLLIN | EPOLLOUT : EPOLLIN;
    case STAGE_OPEN:
        events |= k->up == NULL && !k->up_ended && !k->down_ended ? EPOLLIN : 0;
        events |= k->down != NULL || (k->shake_out && k->up == NULL) ? EPOLLOUT : 0;
        return events;
    case STAGE_OVER: break;
    }
    return 0;
}

uint32_t link_ours_events(const struct link *k)
{
    if (k->stage != STAGE_OPEN) {
        return 0;
    }
    uint32_t events = k->down == NULL && !k->down_ended ? EPOLLIN : 0;
    return events | (k->up != NULL ? EPOLLOUT : 0);
}
