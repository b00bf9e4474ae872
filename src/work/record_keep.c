/* work/record_keep.c - files of a recording that has ended become documents; their first form is
 * erased after. See record.h.
 *
 * A file is converted, its bytes made durable, then one transaction names them; only the next step erases the
 * first form. So a kill anywhere leaves either the first form, or both, never none. */
#include <string.h>

#include "care/recording.h"
#include "os/child.h"
#include "os/file.h"
#include "store/blob.h"
#include "store/tx.h"
#include "work/janus_bridge.h"
#include "work/record.h"

enum {
    NAME_MAX_BYTES = 200,
    WINDOW = 256 << 10,
    BARE_BYTES = 1024,   /* a file of a media server not longer than this holds its head alone */
    CPU_S = 100,
    WAIT_MS = 120000,
    NOT_STARTED = 127,
};
#define MEMORY_MAX ((size_t)1 << 30)
#define OUTPUT_MAX ((size_t)4 << 30)
#define SETTLE_MS (10 * MS_SECOND) /* told to begin and to end at once, a server has done both */
#define QUIET_MS MS_MINUTE /* an unfinished file nobody writes any more: its server died */

#define ENDING S(".mjr")
#define UNFINISHED S(".mjr.tmp")

static bool ends(struct str s, struct str end)
{
    return s.n >= end.n && str_eq(str_sub(s, s.n - end.n, s.n), end);
}

bool record_name_read(struct str name, uint32_t *ret_seat, bool *ret_video)
{
    struct str user = S("-user-");
    size_t at = str_find(name, user);
    uint64_t feed = 0;
    if (at == name.n || !(ends(name, ENDING) || ends(name, UNFINISHED))) {
        return false;
    }
    struct str rest = str_sub(name, at + user.n, name.n);
    struct str number = str_sub(rest, 0, str_find_char(rest, '-'));
    bool video = str_find(rest, S("-video-")) < rest.n;
    if (!str_u64(number, &feed) || feed >> JANUS_FEED_BITS > UINT32_MAX
        || (!video && str_find(rest, S("-audio-")) == rest.n)) {
        return false;
    }
    *ret_seat = (uint32_t)(feed >> JANUS_FEED_BITS);
    *ret_video = video;
    return true;
}

/* ---- the program ---- */

enum err record_play(struct req *rq, const struct care *care, int in, int out, bool video,
                     bool *ret_played)
{
    const struct os_child_files files = {.in = in, .out = out};
    const char *const argv[] = {care->recorder, "-d", "0", "-o", "-f", video ? "webm" : "opus",
                                OS_CHILD_IN, OS_CHILD_OUT, NULL};
    static const char *const env[] = {"LC_ALL=C", NULL};
    const struct os_child c = {.argv = argv, .env = env, .files = &files, .threads = true,
                               .output_max = OUTPUT_MAX, .memory_max = MEMORY_MAX, .cpu_s = CPU_S,
                               .wait_ms = WAIT_MS};
    struct os_child_got got;
    if (care->recorder == NULL) {
        return FAIL(rq, E_BUSY, "no program for recordings");
    }
    TRY(os_child_run(rq, &c, &got));
    if (got.end == OS_CHILD_FAILED && got.code == NOT_STARTED) {
        return FAIL(rq, E_BUSY, "the program for recordings could not be started");
    }
    *ret_played = got.end == OS_CHILD_DONE;
    return OK;
}

/* ---- one file ---- */

struct step {
    struct req *rq;
    struct care *care;
    const struct recording *r;
    struct str folder;
    record_play_fn play;
    struct str found;  /* a file that can be taken now; empty: none */
    bool waits;        /* there is one that is still written */
};

static enum err see(struct req *rq, const char *name, void *ctx)
{
    struct step *s = ctx;
    char path[OS_PATH_MAX];
    struct instant changed;
    if (s->found.n > 0) {
        return OK;
    }
    TRY(os_path(rq, s->folder, str_z(name), path));
    if (ends(str_z(name), UNFINISHED)) {
        enum err e = os_changed(rq, path, &changed);
        if (e == E_NOT_FOUND || (e == OK && rq->now.ms - changed.ms < QUIET_MS)) {
            err_clear(rq); /* it gets its name this moment, or is still written */
            s->waits = true;
            return OK;
        }
        TRY(e);
    }
    s->found = arena_str(rq->a, str_z(name));
    TRY_MEM(rq, s->found.p);
    return OK;
}

/* The whole file into the store. */
static enum err into_store(struct req *rq, struct store *st, int fd, struct blob_ref *ret_ref)
{
    struct blob_part *part = NULL;
    char *window = arena_alloc_raw(rq->a, WINDOW);
    uint64_t at = 0;
    size_t n = 0;
    TRY_MEM(rq, window);
    TRY(blob_part_new(rq, st, &part));
    do {
        TRY(os_read_at(rq, fd, at, window, WINDOW, &n));
        TRY(blob_part_add(rq, part, (struct str){window, n}));
        at += n;
    } while (n > 0);
    *ret_ref = blob_part_ref(part);
    return blob_parts_put(rq, st, &part, 1);
}

/* What a browser plays begins so. */
static enum err is_playable(struct req *rq, int fd, bool video, bool *ret_is)
{
    char head[4] = {0};
    size_t n = 0;
    TRY(os_read_at(rq, fd, 0, head, sizeof head, &n));
    *ret_is = n == sizeof head && memcmp(head, video ? "\x1a\x45\xdf\xa3" : "OggS", sizeof head) == 0;
    return OK;
}

static enum err commit(struct step *s, struct tx *tx)
{
    return store_commit(s->care->store, s->rq, tx);
}

/* in: the file as the media server wrote it; out: empty. */
static enum err keep(struct step *s, int in, int out, struct recording_file *f)
{
    struct req *rq = s->rq;
    struct blob_ref ref;
    uint64_t raw = 0;
    bool played = false;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(os_size(rq, in, &raw));
    if (raw > BARE_BYTES) {
        TRY(s->play(rq, s->care, in, out, f->video, &played));
    }
    if (played) {
        TRY(is_playable(rq, out, f->video, &played));
    }
    if (!played && raw <= BARE_BYTES) {
        TRY(recording_pass(rq, tx, s->r, f->name));
        return commit(s, tx);
    }
    f->type = !played ? S("application/octet-stream") : f->video ? S("video/webm") : S("audio/ogg");
    f->ext = !played ? ENDING : f->video ? S(".webm") : S(".ogg");
    TRY(into_store(rq, s->care->store, played ? out : in, &ref));
    memcpy(f->sha, ref.sha, sizeof f->sha);
    f->size = ref.size;
    TRY(recording_keep(rq, tx, s->r, f));
    return commit(s, tx);
}

static enum err keep_file(struct step *s, const char *path)
{
    struct req *rq = s->rq;
    CLEANUP(os_close_p) int in = -1;
    CLEANUP(os_close_p) int out = -1;
    char made[OS_PATH_MAX];
    struct recording_file f = {.name = s->found};
    (void)record_name_read(s->found, &f.seat, &f.video); /* another name: a file of nobody we know */
    TRY(os_path(rq, str_z(store_dir(s->care->store)), S("recording.part"), made));
    TRY(os_open_read(rq, path, &in));
    TRY(os_open_write(rq, made, &out));
    TRY(os_truncate(rq, out, 0));
    TRY(keep(s, in, out, &f));
    return os_remove(rq, made);
}

/* The file found: kept, or erased when it was, or when nobody agreed to it. */
static enum err take(struct step *s)
{
    char path[OS_PATH_MAX];
    bool has = false;
    TRY(os_path(s->rq, s->folder, s->found, path));
    TRY(recording_has(s->rq, s->r, s->found, &has));
    if (has || s->r->started_ms == 0) {
        return os_remove(s->rq, path);
    }
    return keep_file(s, path);
}

static enum err done(struct step *s, const char *folder)
{
    struct tx *tx = tx_new(s->rq);
    TRY_MEM(s->rq, tx);
    TRY(os_rmdir(s->rq, folder));
    TRY(recording_done(s->rq, tx, s->r));
    return commit(s, tx);
}

static enum err step(struct step *s, bool *ret_more)
{
    char folder[OS_PATH_MAX];
    TRY(os_path(s->rq, s->care->recordings, s->r->id, folder));
    s->folder = str_z(folder);
    if (os_exists(folder)) {
        TRY(os_each_entry(s->rq, folder, see, s));
    }
    *ret_more = s->found.n > 0;
    if (s->found.n > 0) {
        return take(s);
    }
    bool settled = s->rq->now.ms - s->r->stopped_ms >= SETTLE_MS;
    return s->waits || !settled ? OK : done(s, folder);
}

/* ---- a pass ---- */

/* A pass over all of them. */
struct pass {
    struct care *care;
    record_play_fn play;
    bool more;
};

static enum err keep_one(struct req *rq, const struct recording *r, void *ctx)
{
    struct pass *p = ctx;
    struct step s = {.rq = rq, .care = p->care, .r = r, .play = p->play};
    bool more = false;
    if (r->state != RECORDING_STOPPED || p->care->recordings.n == 0) {
        return OK;
    }
    TRY(step(&s, &more));
    p->more = p->more || more;
    return OK;
}

enum err record_keep(struct care *care, struct db *db, struct instant now, record_play_fn play,
                     bool *ret_more)
{
    struct pass p = {.care = care, .play = play};
    enum err e = record_each(care, db, now, keep_one, &p);
    *ret_more = p.more;
    return e;
}
