/* care/scan.c - see scan.h. */
#include "care/scan.h"

#include <stdatomic.h>
#include <string.h>

#include "base/text.h"
#include "care/care.h"
#include "care/who.h"
#include "codec/b64.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/log.h"
#include "os/socket.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/tx.h"

enum { CHUNK = 64 << 10, COUNT_BYTES = 4 };

struct scanner {
    struct scan_opts opts;
    _Atomic uint64_t files, found, missed;
    _Atomic uint32_t looking; /* threads that serve everybody and wait for it now */
};

struct scanner *scanner_new(const struct scan_opts *opts)
{
    struct scanner *s = os_alloc(1, sizeof(*s));
    s->opts = *opts;
    return s;
}

void scanner_free(struct scanner *s)
{
    os_free(s);
}

struct scan_counts scanner_counts(struct scanner *s)
{
    struct scan_counts none = {0};
    return s == NULL ? none
                     : (struct scan_counts){.files = atomic_load(&s->files),
                                            .found = atomic_load(&s->found),
                                            .missed = atomic_load(&s->missed)};
}

/* ---- one exchange ---- */

struct line {
    int fd;
    uint64_t until_us; /* of os_ticks_us() */
};

static uint32_t left(const struct line *l)
{
    uint64_t now = os_ticks_us();
    return now < l->until_us ? (uint32_t)((l->until_us - now) / 1000) : 0;
}

static bool say(const struct line *l, const void *p, size_t n)
{
    return left(l) > 0 && os_send(l->fd, p, n, left(l));
}

/* All up to the NUL that ends it, or the end of the line; longer than CLAM_ANSWER_MAX is none. */
static bool hear(const struct line *l, char room[CLAM_ANSWER_MAX], struct str *ret_text)
{
    size_t n = 0;
    while (n < CLAM_ANSWER_MAX) {
        size_t got = 0;
        if (left(l) == 0 || os_recv(l->fd, room + n, CLAM_ANSWER_MAX - n, left(l), &got) != OS_GOT_BYTES) {
            break;
        }
        const char *nul = memchr(room + n, '\0', got);
        if (nul != NULL) {
            *ret_text = (struct str){room, (size_t)(nul - room)};
            return true;
        }
        n += got;
    }
    return false;
}

static bool say_piece(const struct line *l, const void *p, size_t n)
{
    const uint8_t size[COUNT_BYTES] = {(uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n};
    return say(l, size, sizeof(size)) && (n == 0 || say(l, p, n));
}

/* What is shown: bytes, or a file when fd is not -1. */
struct shown {
    struct str bytes;
    int fd;
};

/* Sends it all. *ret_sent false: the scanner broke off, perhaps with an answer. errors  of the file alone */
static enum err send_all(struct req *rq, const struct line *l, const struct shown *what, bool *ret_sent)
{
    char *room = what->fd >= 0 ? arena_alloc_raw(rq->a, CHUNK) : NULL;
    bool fine = say(l, "zINSTREAM", sizeof("zINSTREAM"));
    uint64_t at = 0;
    size_t n = 1;
    if (what->fd >= 0) {
        TRY_MEM(rq, room);
    }
    while (fine && n > 0) {
        const char *p = room;
        if (what->fd >= 0) {
            TRY(os_read_at(rq, what->fd, at, room, CHUNK, &n));
        } else {
            p = what->bytes.p + at;
            n = MIN(what->bytes.n - (size_t)at, (size_t)CHUNK);
        }
        fine = say_piece(l, p, n); /* the last one is empty */
        at += n;
    }
    *ret_sent = fine;
    return OK;
}

static enum err no_answer(struct req *rq)
{
    return FAIL(rq, E_BUSY, "the virus scanner does not answer");
}

/* A scanner that hangs may hold some of the threads that serve everybody, never all. */
static bool turn_take(struct scanner *s)
{
    if (atomic_fetch_add(&s->looking, 1) < MAX(s->opts.at_once, 1)) {
        return true;
    }
    atomic_fetch_sub(&s->looking, 1);
    return false;
}

static enum err exchange(struct req *rq, const struct scan_opts *o, const struct shown *what,
                         struct clam_answer *ret_answer)
{
    CLEANUP(os_close_p) int fd = -1;
    struct line l = {.until_us = os_ticks_us() + o->wait_ms * UINT64_C(1000)};
    char room[CLAM_ANSWER_MAX];
    struct str text;
    bool sent = false;
    if (os_connect(rq, o->at, o->wait_ms, &fd) != OK) {
        err_clear(rq);
        return no_answer(rq);
    }
    l.fd = fd;
    struct arena_mark mark = arena_mark(rq->a);
    TRY(send_all(rq, &l, what, &sent));
    arena_back(rq->a, mark);
    if (!hear(&l, room, &text)) {
        return no_answer(rq);
    }
    clam_answer_read(text, ret_answer);
    bool whole = sent || ret_answer->said != CLAM_CLEAN; /* not all was seen: it cannot be clean */
    return whole && ret_answer->said < CLAM_FAILED ? OK : no_answer(rq);
}

/* ---- what follows ---- */

/* On record at once, whatever becomes of the request. */
static enum err record(struct req *rq, enum audit_action action, enum err outcome, const char *name)
{
    struct req own;
    struct buf b;
    struct audit_rec rec = {.action = action, .outcome = outcome,
                            .why = rq->who != NULL ? WHY_NONE : WHY_SYSTEM};
    req_init(&own, 64 << 10, rq->now);
    own.who = rq->who;
    own.app = rq->app;
    own.db = rq->db;
    own.id = rq->id;
    memcpy(own.peer, rq->peer, sizeof(own.peer));
    buf_init(&b, own.a, 256);
    buf_str(&b, name[0] != '\0' ? S("virus ") : S("not looked at by the virus scanner"));
    buf_str(&b, str_z(name));
    rec.detail = buf_get(&b);
    struct tx *tx = tx_new(&own);
    enum err e = tx != NULL ? audit_add(&own, &rec) : E_TOO_LARGE;
    e = e == OK ? store_commit(care_of(rq)->store, &own, tx) : e;
    req_done(&own);
    return e == OK ? OK : FAIL(rq, e, "record of a virus");
}

static enum err judge(struct req *rq, struct scanner *s, enum err e, const struct clam_answer *a,
                      struct scan_result *ret_r)
{
    struct scan_result r = {.verdict = SCAN_CLEAN};
    if (e == OK && a->said == CLAM_FOUND) {
        atomic_fetch_add(&s->found, 1);
        LOG(LOG_VIRUS, log_u64(rq->id));
        r.verdict = SCAN_FOUND;
        memcpy(r.name, a->name, sizeof(r.name));
        TRY(record(rq, AUDIT_DENY, E_UNPROCESSED, a->name));
    }
    if (e == OK && a->said != CLAM_TOO_LARGE) {
        atomic_fetch_add(&s->files, 1);
        *ret_r = r;
        return OK;
    }
    if (e != OK && e != E_BUSY) {
        return e;
    }
    atomic_fetch_add(&s->missed, 1);
    LOG(LOG_NOT_SCANNED, log_u64(rq->id), log_err(e == OK ? E_TOO_LARGE : e));
    if (!s->opts.let_through) {
        ret_r->verdict = SCAN_TOO_LARGE;
        return e;
    }
    err_clear(rq);
    TRY(record(rq, AUDIT_UPLOAD, OK, ""));
    ret_r->verdict = SCAN_MISSED;
    return OK;
}

static enum err look(struct req *rq, const struct shown *what, struct scan_result *ret_r)
{
    struct scanner *s = care_of(rq) != NULL ? care_of(rq)->scanner : NULL;
    struct clam_answer a = {0};
    *ret_r = (struct scan_result){.verdict = SCAN_CLEAN};
    if (s == NULL || s->opts.at.n == 0) {
        return OK;
    }
    if (rq->shared && !turn_take(s)) {
        atomic_fetch_add(&s->missed, 1);
        LOG(LOG_NOT_SCANNED, log_u64(rq->id), log_err(E_BUSY));
        return FAIL(rq, E_BUSY, "others wait for the virus scanner");
    }
    enum err e = exchange(rq, &s->opts, what, &a);
    if (rq->shared) {
        atomic_fetch_sub(&s->looking, 1);
    }
    return judge(rq, s, e, &a, ret_r);
}

enum err scan_look(struct req *rq, struct str bytes, struct scan_result *ret_r)
{
    return look(rq, &(struct shown){.bytes = bytes, .fd = -1}, ret_r);
}

enum err scan_look_file(struct req *rq, int fd, struct scan_result *ret_r)
{
    return look(rq, &(struct shown){.fd = fd}, ret_r);
}

/* ---- doors that take or refuse ---- */

static enum err refuse(struct req *rq, const struct scan_result *r, const char *what)
{
    if (r->verdict == SCAN_FOUND) {
        return FAIL(rq, E_UNPROCESSED, "%s: a virus was found in it: %s. It was not stored", what, r->name);
    }
    return r->verdict == SCAN_TOO_LARGE
               ? FAIL(rq, E_UNPROCESSED, "%s: larger than the virus scanner takes. It was not stored", what)
               : OK;
}

enum err scan_bytes(struct req *rq, struct str bytes, const char *what)
{
    struct scan_result r;
    TRY(scan_look(rq, bytes, &r));
    return refuse(rq, &r, what);
}

enum err scan_parts(struct req *rq, struct blob_part *const *parts, size_t n, const char *what,
                    struct scan_result *ret_last)
{
    for (size_t i = 0; i < n; i++) {
        TRY(scan_look_file(rq, blob_part_fd(parts[i]), ret_last));
        TRY(refuse(rq, ret_last, what));
    }
    return OK;
}

/* Where bytes of any kind stand in a resource as text. */
static bool holds_bytes(struct jv v)
{
    static const struct str keys[] = {SI("data"), SI("valueBase64Binary"), SI("carrierAIDC")};
    bool is = false;
    for (size_t i = 0; i < LEN(keys); i++) {
        is = is || json_key_is(v, keys[i]);
    }
    return is;
}

/* The next string that holds bytes after node *at of root; absent when there is none. */
static struct jv next_data(struct jv root, uint32_t *at)
{
    const struct json_doc *doc = root.doc;
    while (++*at < doc->nodes[root.at].end) {
        struct jv v = {doc, *at + 1};
        if (doc->nodes[*at].kind == JSON_KEY && json_kind(v) == JSON_STRING && holds_bytes(v)) {
            return v;
        }
    }
    return (struct jv){0};
}

bool scan_wants(struct req *rq, struct jv root)
{
    uint32_t at = root.at;
    return care_of(rq)->scanner != NULL && json_has(root) && json_has(next_data(root, &at));
}

static enum err scan_text(struct req *rq, struct str text)
{
    size_t n = 0;
    TRY_MEM(rq, text.p);
    char *room = arena_alloc_raw(rq->a, text.n / 4 * 3 + 3);
    TRY_MEM(rq, room);
    if (!b64_read(text, B64_BLANKS, room, &n) || n == 0) {
        return OK; /* no base64, which the definitions refuse, or samples of a signal */
    }
    return scan_bytes(rq, (struct str){room, n}, "data");
}

enum err scan_resource(struct req *rq, struct jv root)
{
    uint32_t at = root.at;
    if (!scan_wants(rq, root)) {
        return OK;
    }
    for (struct jv v = next_data(root, &at); json_has(v); v = next_data(root, &at)) {
        struct arena_mark mark = arena_mark(rq->a);
        TRY(scan_text(rq, json_str(rq->a, v)));
        arena_back(rq->a, mark);
    }
    return OK;
}

enum err scan_version(struct req *rq, const struct scan_opts *opts, struct clam_version *ret_version)
{
    CLEANUP(os_close_p) int fd = -1;
    struct line l = {.until_us = os_ticks_us() + opts->wait_ms * UINT64_C(1000)};
    char room[CLAM_ANSWER_MAX];
    struct str text;
    if (os_connect(rq, opts->at, opts->wait_ms, &fd) != OK) {
        err_clear(rq);
        return no_answer(rq);
    }
    l.fd = fd;
    bool fine = say(&l, "zVERSION", sizeof("zVERSION")) && hear(&l, room, &text)
                && clam_version_read(text, ret_version);
    return fine ? OK : no_answer(rq);
}
