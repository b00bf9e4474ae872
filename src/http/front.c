/* http/front.c - the threads of the front: taking connections, waiting for all of them, the end. See front.h.
 *
 * epoll is asked for what a side can use and nothing else, so that no turn is without work. */
#include "http/front_int.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <openssl/err.h>

#include "os/clock.h"
#include "os/file.h"

enum { EVENTS = 64, ACCEPTS = 32, LAST_WORDS_S = 2 };

struct front {
    struct http_server *s;
    struct os_mutex lock; /* ctx, n_quiet */
    struct os_cond quiet;
    struct ssl_ctx_st *ctx;
    unsigned n_started;
    unsigned n_quiet;
    unsigned most; /* connections of one thread */
    _Atomic bool quiescing;
    _Atomic uint64_t end_s; /* when the threads end at the latest; 0: not yet */
    struct front_io ios[16];
};

SSL *front_ssl(struct front *f)
{
    os_lock(&f->lock);
    SSL *ssl = SSL_new(f->ctx);
    os_unlock(&f->lock);
    if (ssl != NULL) {
        SSL_set_accept_state(ssl);
    }
    return ssl;
}

bool front_takes(const struct front *f)
{
    return !atomic_load(&f->quiescing);
}

void front_renew(struct front *f, struct ssl_ctx_st *ctx)
{
    os_lock(&f->lock);
    struct ssl_ctx_st *old = f->ctx;
    f->ctx = ctx;
    tls_close(old); /* under the lock, as all that counts its holders */
    os_unlock(&f->lock);
}

/* ---- epoll ---- */

/* What cannot be waited for any more is over with the next look. */
static bool side_wait(struct front_io *io, struct side *side, uint32_t events)
{
    if (side->fd < 0 || side->events == events) {
        return true;
    }
    struct epoll_event e = {.events = events, .data.ptr = side};
    int what = side->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    side->events = events;
    return epoll_ctl(io->epoll, what, side->fd, &e) == 0;
}

static void side_close(struct front_io *io, struct side *side)
{
    (void)side_wait(io, side, 0);
    os_close(side->fd);
    side->fd = -1;
}

/* ---- links ---- */

static void link_new(struct front_io *io, int fd, const struct sockaddr_storage *at, socklen_t size,
                     uint64_t now_s)
{
    const int on = 1;
    struct link *k = os_alloc(1, sizeof(*k));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    k->peer = (struct side){.link = k, .fd = fd};
    k->ours = (struct side){.link = k, .fd = -1};
    k->at = *at;
    k->at_size = size;
    k->since_s = now_s;
    k->next = io->links;
    if (k->next != NULL) {
        k->next->prev = k;
    }
    io->links = k;
    io->n_links++;
    if (!side_wait(io, &k->peer, link_peer_events(k))) {
        k->stage = STAGE_OVER;
    }
}

/* Out of the list, its sockets closed; freed once no event of this turn can name it. */
static void link_end(struct front_io *io, struct link *k)
{
    if (k->prev != NULL) {
        k->prev->next = k->next;
    } else {
        io->links = k->next;
    }
    if (k->next != NULL) {
        k->next->prev = k->prev;
    }
    side_close(io, &k->peer);
    side_close(io, &k->ours);
    k->next = io->over;
    io->over = k;
    io->n_links--;
}

static void links_free(struct front_io *io)
{
    while (io->over != NULL) {
        struct link *k = io->over;
        io->over = k->next;
        os_lock(&io->f->lock);
        SSL_free(k->ssl);
        os_unlock(&io->f->lock);
        os_free(k->up);
        os_free(k->down);
        os_free(k);
    }
    ERR_clear_error();
}

static void link_settle(struct front_io *io, struct link *k)
{
    if (k->stage == STAGE_LINGER) {
        side_close(io, &k->ours);
    }
    if (k->stage == STAGE_OVER || !side_wait(io, &k->peer, link_peer_events(k))
        || !side_wait(io, &k->ours, link_ours_events(k))) {
        k->stage = STAGE_OVER;
        link_end(io, k);
    }
}

/* ---- taking ---- */

/* EPOLLEXCLUSIVE: one thread wakes for a connection. It cannot be changed, only taken out and in again. */
static void listen_wait(struct front_io *io, bool on)
{
    uint32_t events = on ? EPOLLIN | EPOLLEXCLUSIVE : 0;
    if (!side_wait(io, &io->listen, events)) {
        io->listen.events = 0; /* tried again with the next look */
    }
}

/* Takes who waits, as many as there is room for. Where the system has no more files, it waits a while. */
static void take(struct front_io *io, uint64_t now_s)
{
    for (int i = 0; i < ACCEPTS && io->n_links < io->f->most; i++) {
        struct sockaddr_storage at = {0};
        socklen_t size = sizeof(at);
        union {
            struct sockaddr_storage *in;
            struct sockaddr *any;
        } to = {.in = &at};
        int fd = accept4(io->listen.fd, to.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0) {
            link_new(io, fd, &at, size, now_s);
        } else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
            listen_wait(io, false);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
    if (io->n_links >= io->f->most) {
        listen_wait(io, false);
    }
}

/* ---- the thread ---- */

static void look_at_all(struct front_io *io, uint64_t now_s)
{
    for (struct link *k = io->links, *next; k != NULL; k = next) {
        next = k->next;
        link_watch(k, now_s);
        if (k->stage == STAGE_OVER) {
            link_end(io, k);
        }
    }
    if (front_takes(io->f)) {
        listen_wait(io, io->n_links < io->f->most);
    }
}

/* No further connection; what did not shake hands yet never will. */
static void quiesce(struct front_io *io)
{
    side_close(io, &io->listen);
    for (struct link *k = io->links, *next; k != NULL; k = next) {
        next = k->next;
        if (k->stage == STAGE_KNOCK || k->stage == STAGE_SHAKE) {
            link_end(io, k);
        }
    }
    os_lock(&io->f->lock);
    io->f->n_quiet++;
    os_signal(&io->f->quiet);
    os_unlock(&io->f->lock);
}

static void one_event(struct front_io *io, const struct epoll_event *e, uint64_t now_s)
{
    struct side *side = e->data.ptr;
    if (side == NULL) { /* woken: front_quiesce() or front_free() */
        uint64_t n;
        (void)!read(io->wake, &n, sizeof(n));
    } else if (side == &io->listen) {
        take(io, now_s);
    } else if (side->link->stage != STAGE_OVER) {
        link_go_on(io, side->link, now_s);
        link_settle(io, side->link);
    }
}

/* When the threads are to end: when nothing is under way any more, or later than that. */
static bool is_done(const struct front_io *io, uint64_t now_s)
{
    uint64_t end_s = atomic_load(&io->f->end_s);
    return end_s != 0 && (io->links == NULL || now_s >= end_s);
}

static void *io_main(void *ctx)
{
    struct front_io *io = ctx;
    struct epoll_event events[EVENTS];
    uint64_t looked_s = 0;
    bool quiet = false;
    uint64_t now_s = os_ticks_us() / 1000000;
    while (!is_done(io, now_s)) {
        int n = epoll_wait(io->epoll, events, EVENTS, TICK_MS);
        now_s = os_ticks_us() / 1000000;
        for (int i = 0; i < n; i++) {
            one_event(io, &events[i], now_s);
        }
        if (!quiet && !front_takes(io->f)) {
            quiet = true;
            quiesce(io);
        }
        if (now_s != looked_s) {
            looked_s = now_s;
            look_at_all(io, now_s);
        }
        links_free(io);
    }
    while (io->links != NULL) {
        link_end(io, io->links);
    }
    links_free(io);
    return NULL;
}

/* ---- from outside ---- */

struct front *front_new(struct http_server *s, struct ssl_ctx_st *ctx)
{
    struct front *f = os_alloc(1, sizeof(*f));
    f->s = s;
    f->ctx = ctx;
    f->most = s->o.max_connections / s->o.io_threads + 1;
    os_mutex_init(&f->lock);
    os_cond_init(&f->quiet);
    return f;
}

enum err front_start(struct req *rq, struct front *f, unsigned worker)
{
    struct front_io *io = &f->ios[worker];
    io->f = f;
    io->w = &f->s->workers[worker];
    io->epoll = epoll_create1(EPOLL_CLOEXEC);
    io->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    io->listen = (struct side){.fd = fcntl(f->s->listen_fd, F_DUPFD_CLOEXEC, 0)};
    struct epoll_event e = {.events = EPOLLIN};
    bool fine = io->epoll >= 0 && io->wake >= 0 && io->listen.fd >= 0
                && epoll_ctl(io->epoll, EPOLL_CTL_ADD, io->wake, &e) == 0
                && side_wait(io, &io->listen, EPOLLIN | EPOLLEXCLUSIVE)
                && os_thread_start(&io->thread, "http-tls", io_main, io);
    if (!fine) {
        int why = errno;
        os_close(io->epoll);
        os_close(io->wake);
        os_close(io->listen.fd);
        return FAIL(rq, E_IO, "TLS thread errno %d", why);
    }
    io->started = true;
    f->n_started++;
    return OK;
}

static void wake_all(struct front *f)
{
    const uint64_t one = 1;
    for (unsigned i = 0; i < LEN(f->ios); i++) {
        if (f->ios[i].started) {
            (void)!write(f->ios[i].wake, &one, sizeof(one));
        }
    }
}

void front_quiesce(struct front *f)
{
    atomic_store(&f->quiescing, true);
    wake_all(f);
    os_lock(&f->lock);
    while (f->n_quiet < f->n_started) {
        os_wait(&f->quiet, &f->lock);
    }
    os_unlock(&f->lock);
}

void front_free(struct front *f)
{
    if (f == NULL) {
        return;
    }
    atomic_store(&f->end_s, os_ticks_us() / 1000000 + LAST_WORDS_S);
    wake_all(f);
    for (unsigned i = 0; i < LEN(f->ios); i++) {
        struct front_io *io = &f->ios[i];
        if (io->started) {
            os_thread_join(&io->thread);
            os_close(io->epoll);
            os_close(io->wake);
        }
    }
    tls_close(f->ctx);
    os_cond_done(&f->quiet);
    os_mutex_done(&f->lock);
    os_free(f);
}
