/* work/cstore_serve.c - one association: bytes between the socket and dicom/dimse.h, images into the
 * store. */
#include <string.h>

#include "care/imaging.h"
#include "care/scan.h"
#include "care/who.h"
#include "dicom/dimse.h"
#include "os/clock.h"
#include "os/log.h"
#include "work/cstore_int.h"

enum {
    ARENA_CAP = 4 << 20,      /* of an association, and of what files one image */
    READ_BYTES = 256 * 1024,
    REQUEST_MS = 30 * 1000,   /* for the request of association (ARTIM, PS3.8 9.1.5), at most */
    IDLE_MS = 10 * 60 * 1000, /* without one between messages */
    SEND_MS = 30 * 1000,
};

struct association {
    struct cstore *s;
    struct db *db;
    const struct cstore_call *call;
    const struct cstore_peer *peer;
    struct dimse *d;
    struct arena *a;
    struct who who;
    struct str source;       /* "ae:TITLE"; what records name */
    struct req rq;           /* of the image under way */
    struct blob_part *part;  /* NULL: none */
    struct image_out out;
};

/* ---- the sink ---- */

static const struct cstore_peer *peer_of(const struct association *as, struct str calling)
{
    struct str address = str_z(as->call->peer);
    for (uint32_t i = 0; i < as->s->n_peers; i++) {
        const struct cstore_peer *p = &as->s->peers[i];
        if (str_eq(p->title, calling) && (p->address.n == 0 || str_eq(p->address, address))) {
            return p;
        }
    }
    return NULL;
}

static enum dimse_may may(void *ctx, struct str calling, struct str called)
{
    struct association *as = ctx;
    struct buf b;
    bool is_us = as->s->title.n == 0 || str_eq(called, as->s->title);
    const struct cstore_peer *peer = peer_of(as, calling);
    if (peer == NULL || !is_us) {
        LOG(LOG_DICOM_REFUSED, log_ip(as->call->peer));
        return peer == NULL ? DIMSE_NOT_CALLING : DIMSE_NOT_CALLED;
    }
    as->peer = peer;
    buf_init(&b, as->a, 64);
    BUF_LIT(&b, "ae:");
    buf_str(&b, calling);
    as->source = buf_get(&b);
    as->who = who_system;
    as->who.audit.login = as->source;
    return DIMSE_MAY;
}

/* A request of its own for each image: its arena is given back after the answer. */
static void image_begin(struct association *as)
{
    req_init(&as->rq, ARENA_CAP, os_now());
    as->rq.app = (struct app *)as->s->care;
    as->rq.db = as->db;
    as->rq.who = &as->who;
    memcpy(as->rq.peer, as->call->peer, sizeof as->rq.peer);
    as->part = NULL;
}

static enum err begin(void *ctx, const struct dimse_store *store, struct str head)
{
    struct association *as = ctx;
    (void)store; /* what the file says counts */
    image_begin(as);
    TRY(blob_part_new(&as->rq, as->s->care->store, &as->part));
    return blob_part_add(&as->rq, as->part, head);
}

static enum err data(void *ctx, struct str bytes)
{
    struct association *as = ctx;
    return blob_part_add(&as->rq, as->part, bytes);
}

static enum err file(struct association *as)
{
    struct image_from from = {.source = as->source, .org = as->peer->org};
    struct image_in in = {.blob = blob_part_ref(as->part)};
    struct blob_part *part = as->part;
    struct scan_result seen;
    TRY(scan_parts(&as->rq, &part, 1, "an image", &seen));
    TRY(blob_parts_put(&as->rq, as->s->care->store, &part, 1));
    return imaging_store(&as->rq, &from, &in, 1, &as->out);
}

static uint16_t status_of(const struct association *as, enum err e, struct str *ret_comment)
{
    if (e == E_UNPROCESSED) {
        *ret_comment = S("not stored: the virus scanner refuses it");
        return DIMSE_NOT_UNDERSTOOD;
    }
    if (e != OK) {
        *ret_comment = S("not stored: please send again later");
        LOG(LOG_IMAGE_FAILED, log_err(e), log_where(&as->rq.err));
        return DIMSE_NO_ROOM;
    }
    switch (as->out.reason) {
    case IMAGE_REASON_NONE: return DIMSE_OK;
    case IMAGE_REASON_DUPLICATE:
        *ret_comment = S("other bytes are known under this UID; kept aside");
        return DIMSE_DUPLICATE;
    case IMAGE_REASON_MISMATCH:
        *ret_comment = S("of another patient; kept aside");
        return DIMSE_MISMATCH;
    default:
        *ret_comment = S("not readable; kept aside");
        return DIMSE_NOT_UNDERSTOOD;
    }
}

static uint16_t end(void *ctx, bool failed, struct str *ret_comment)
{
    struct association *as = ctx;
    enum err e = failed ? E_IO : file(as);
    uint16_t status = status_of(as, e, ret_comment);
    req_done(&as->rq);
    return status;
}

static void broken(void *ctx)
{
    struct association *as = ctx;
    req_done(&as->rq); /* the unfinished file goes with it */
}

/* ---- the socket ---- */

/* Feeds what came; false: the association is over. */
static bool feed(struct association *as, struct str bytes, char *room)
{
    bool over = false;
    while (!over && bytes.n > 0) {
        struct buf out = {.p = room, .size = DIMSE_OUT_MAX, .cap = DIMSE_OUT_MAX};
        size_t used = 0;
        dimse_feed(as->d, bytes, &out, &used, &over);
        bytes = str_sub(bytes, used, bytes.n);
        if (out.n > 0 && !os_send(as->call->fd, out.p, out.n, SEND_MS)) {
            return false;
        }
    }
    return !over;
}

static uint64_t patience_ms(const struct association *as)
{
    uint64_t silence_ms = (uint64_t)as->s->silence_s * 1000;
    if (as->peer == NULL) {
        return MIN(silence_ms, REQUEST_MS);
    }
    return dimse_is_idle(as->d) ? IDLE_MS : silence_ms;
}

/* Until the peer ends it, is silent too long, or the program stops. The time for the request of
 * association is not made longer by a byte now and then. */
static void run(struct association *as, char *in, char *room)
{
    uint64_t heard_us = os_ticks_us();
    for (;;) {
        size_t n = 0;
        enum os_got got = os_recv(as->call->fd, in, READ_BYTES, CSTORE_BEAT_MS, &n);
        if (got == OS_GOT_END) {
            return;
        }
        if (got == OS_GOT_BYTES) {
            if (!feed(as, (struct str){in, n}, room)) {
                return;
            }
            heard_us = as->peer == NULL ? heard_us : os_ticks_us();
        }
        if (atomic_load(&as->s->stop)
            || (os_ticks_us() - heard_us) / 1000 > patience_ms(as)) {
            return;
        }
    }
}

/* May anybody come in from there? Others are not listened to at all. */
static bool is_known(const struct cstore *s, struct str address)
{
    for (uint32_t i = 0; i < s->n_peers; i++) {
        if (s->peers[i].address.n == 0 || str_eq(s->peers[i].address, address)) {
            return true;
        }
    }
    return false;
}

void cstore_serve(struct cstore *s, struct db *db, const struct cstore_call *call)
{
    if (!is_known(s, str_z(call->peer))) {
        LOG(LOG_DICOM_REFUSED, log_ip(call->peer));
        return;
    }
    struct arena *a = arena_new(ARENA_CAP);
    struct association as = {.s = s, .db = db, .call = call, .a = a};
    struct dimse_sink sink = {.may = may, .begin = begin, .data = data, .end = end,
                              .broken = broken, .ctx = &as};
    char *in = arena_alloc_raw(a, READ_BYTES);
    char *room = arena_alloc_raw(a, DIMSE_OUT_MAX);
    as.d = dimse_new(a, &sink);
    if (in != NULL && room != NULL && as.d != NULL) {
        run(&as, in, room);
        struct buf out = {.p = room, .size = DIMSE_OUT_MAX, .cap = DIMSE_OUT_MAX};
        dimse_end(as.d, &out);
        if (out.n > 0) {
            (void)!os_send(call->fd, out.p, out.n, CSTORE_BEAT_MS);
        }
    }
    arena_free(a);
}
