/* work/cstore.c - the storage SCP: its door, its threads, its settings. See cstore.h. */
#include "work/cstore_int.h"

#include "os/file.h"
#include "os/log.h"

enum { SETTINGS_CAP = 256 * 1024, TITLE_MAX = 16 };

/* ---- who may send ---- */

/* "TITLE@ADDRESS=ORG" */
static bool read_peer(struct str text, struct cstore_peer *ret_peer)
{
    struct cstore_peer p = {.address = S(""), .org = S("")};
    size_t eq = str_find_char(text, '=');
    size_t at = str_find_char(str_sub(text, 0, eq), '@');
    p.title = str_trim(str_sub(text, 0, at));
    if (at < eq) {
        p.address = str_trim(str_sub(text, at + 1, eq - at - 1));
    }
    if (eq < text.n) {
        p.org = str_trim(str_sub(text, eq + 1, text.n));
    }
    *ret_peer = p;
    return p.title.n > 0 && p.title.n <= TITLE_MAX && p.address.n < OS_PEER_MAX && p.org.n <= 64
           && (at == eq || p.address.n > 0) && (eq == text.n || p.org.n > 0);
}

enum err cstore_peers(struct req *rq, struct arena *a, struct str text,
                      struct cstore_peer *ret_peers, uint32_t *ret_n)
{
    struct str part;
    uint32_t n = 0;

    text = arena_str(a, text);
    TRY_MEM(rq, text.p);
    while (str_cut(&text, ',', &part)) {
        part = str_trim(part);
        if (part.n == 0) {
            continue;
        }
        if (n == CSTORE_PEERS_MAX || !read_peer(part, &ret_peers[n])) {
            return FAIL(rq, E_BAD_INPUT, "dicom_peers, entry %u: TITLE@ADDRESS=ORG", n + 1);
        }
        n++;
    }
    *ret_n = n;
    return OK;
}

/* ---- threads ---- */

static void hang_up(struct cstore_call *call)
{
    os_close(call->fd);
    os_free(call);
}

static void *door(void *ctx)
{
    struct cstore *s = ctx;
    struct cstore_call now;
    while (!atomic_load(&s->stop)) {
        if (!os_accept(s->listen_fd, CSTORE_BEAT_MS, &now.fd, now.peer)) {
            continue;
        }
        struct cstore_call *call = os_alloc(1, sizeof *call);
        *call = now;
        if (!os_queue_push(s->calls, call)) {
            hang_up(call); /* as many wait as may: the sender tries again */
        }
    }
    return NULL;
}

static void *serve(void *ctx)
{
    struct cstore *s = ctx;
    struct cstore_call *call;
    struct db *db = store_db_open(s->care->store);
    while ((call = os_queue_pop(s->calls)) != NULL) {
        bool stop = atomic_load(&s->stop);
        if (db == NULL && !stop) { /* not at the start: each who calls is a try */
            db = store_db_open(s->care->store);
        }
        if (db == NULL && !stop) {
            LOG(LOG_NO_HANDLE, log_u64(0), log_ms(0));
        }
        if (db != NULL && !stop) {
            cstore_serve(s, db, call);
        }
        hang_up(call);
    }
    if (db != NULL) {
        store_db_close(db);
    }
    return NULL;
}

static enum err start_threads(struct req *rq, struct cstore *s, unsigned n)
{
    if (!os_thread_start(&s->door, "dicom-door", door, s)) {
        return FAIL(rq, E_BUSY, "no thread");
    }
    while (s->n_threads < n) {
        if (!os_thread_start(&s->threads[s->n_threads], "dicom", serve, s)) {
            break; /* fewer at one time */
        }
        s->n_threads++;
    }
    return OK;
}

enum err cstore_start(struct req *rq, struct care *care, const struct cstore_opts *opts,
                      struct cstore **ret_service)
{
    struct cstore *s = os_alloc(1, sizeof *s);
    uint16_t port = 0;
    s->care = care;
    s->a = arena_new(SETTINGS_CAP);
    s->listen_fd = -1;
    s->title = arena_str(s->a, opts->title);
    s->silence_s = opts->silence_s;
    unsigned n = MIN(opts->associations, CSTORE_ASSOCIATIONS_MAX);
    s->calls = os_queue_new(n);
    enum err e = cstore_peers(rq, s->a, opts->peers, s->peers, &s->n_peers);
    const char *listen = arena_cstr(rq->a, opts->listen);
    if (e == OK) {
        e = listen == NULL ? FAIL(rq, E_TOO_LARGE, "memory cap")
                           : os_listen(rq, listen, opts->port, &s->listen_fd, &port);
    }
    if (e == OK) {
        e = start_threads(rq, s, n);
    }
    if (e != OK) {
        os_close(s->listen_fd);
        os_queue_free(s->calls);
        arena_free(s->a);
        os_free(s);
        return e;
    }
    *ret_service = s;
    return OK;
}

void cstore_stop(struct cstore *s)
{
    if (s == NULL) {
        return;
    }
    atomic_store(&s->stop, true);
    os_thread_join(&s->door);
    os_close(s->listen_fd);
    os_queue_close(s->calls);
    for (unsigned i = 0; i < s->n_threads; i++) {
        os_thread_join(&s->threads[i]);
    }
    os_queue_free(s->calls);
    arena_free(s->a);
    os_free(s);
}
