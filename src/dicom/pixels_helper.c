/* dicom/pixels_helper.c - turns at the program that decodes what no library does. See pixels_helper.h. */
#include "dicom/pixels_helper.h"

#include <sodium.h>
#include <string.h>

#include "dicom/frame_keep.h"
#include "dicom/pixels_int.h"
#include "os/child.h"
#include "os/clock.h"
#include "os/thread.h"

enum {
    TURN_MS = 5000,           /* somebody waits so long for a turn */
    CPU_S = 10,               /* a frame may cost */
    WAIT_MS = 20000,
    MEMORY_BASE = 256 << 20,  /* the program and its libraries */
    OUTPUT_BASE = 64 << 10,   /* a file around the pixels */
    NOT_STARTED = 127,
};

struct pixels_helper {
    struct os_mutex lock;
    struct os_cond turn;
    uint32_t at_once;
    uint32_t busy;
    struct frame_keep *keep; /* NULL: none are kept */
    char program[]; /* full path */
};

enum err pixels_helper_new(struct req *rq, const struct pixels_helper_opts *opts,
                           struct pixels_helper **ret_helper)
{
    const char *path;
    TRY(os_program_find(rq, opts->program, &path));
    size_t n = strlen(path) + 1;
    struct pixels_helper *h = os_alloc(1, sizeof *h + n);
    memcpy(h->program, path, n);
    os_mutex_init(&h->lock);
    os_cond_init(&h->turn);
    h->at_once = MAX(opts->at_once, 1);
    bool keeps = opts->dir != NULL && opts->keep_bytes > 0;
    if (keeps && frame_keep_new(rq, opts->dir, opts->keep_bytes, &h->keep) != OK) {
        err_clear(rq); /* each look decodes */
    }
    *ret_helper = h;
    return OK;
}

void pixels_helper_free(struct pixels_helper *h)
{
    if (h != NULL) {
        frame_keep_free(h->keep);
        os_cond_done(&h->turn);
        os_mutex_done(&h->lock);
        os_free(h);
    }
}

/* ---- turns ---- */

static enum err turn_take(struct req *rq, struct pixels_helper *h)
{
    uint64_t end = os_ticks_us() + (uint64_t)TURN_MS * 1000;
    os_lock(&h->lock);
    for (uint64_t now = os_ticks_us(); h->busy >= h->at_once && now < end; now = os_ticks_us()) {
        (void)os_wait_ms(&h->turn, &h->lock, (uint32_t)((end - now) / 1000) + 1);
    }
    bool mine = h->busy < h->at_once;
    h->busy += mine;
    os_unlock(&h->lock);
    return mine ? OK : FAIL(rq, E_BUSY, "%u JPEG frames are being decoded", h->at_once);
}

static void turn_give(struct pixels_helper *h)
{
    os_lock(&h->lock);
    h->busy--;
    os_signal(&h->turn);
    os_unlock(&h->lock);
}

/* ---- the program ---- */

static enum err run(struct req *rq, const struct pixel_form *f, struct str file, struct os_child_got *ret_got)
{
    /* Colours as they are coded, side by side; no more said than the exit status. */
    const char *const argv[] = {f->helper->program, "--quiet", "--conv-never", "--color-by-pixel", "-", "-",
                                NULL};
    static const char *const env[] = {"LC_ALL=C", NULL};
    size_t samples = pixels_count(f) * 2;
    const struct os_child c = {.argv = argv,
                               .env = env,
                               .input = file,
                               .output_max = samples + OUTPUT_BASE,
                               .memory_max = MEMORY_BASE + 4 * samples + 4 * file.n,
                               .cpu_s = CPU_S,
                               .wait_ms = WAIT_MS};
    TRY(turn_take(rq, f->helper));
    enum err e = os_child_run(rq, &c, ret_got);
    turn_give(f->helper);
    return e;
}

static enum err ended(struct req *rq, const struct os_child_got *got)
{
    switch (got->end) {
    case OS_CHILD_DONE: return OK;
    case OS_CHILD_LATE: return FAIL(rq, E_BUSY, "JPEG frame: not decoded within %d s", WAIT_MS / 1000);
    case OS_CHILD_KILLED: return FAIL(rq, E_SYNTAX, "JPEG frame: its decoder ended by signal %d", got->code);
    case OS_CHILD_FAILED: break;
    }
    return got->code == NOT_STARTED
               ? FAIL(rq, E_NOT_ACCEPT, "the decoder of JPEG lossless could not be started")
               : FAIL(rq, E_SYNTAX, "JPEG frame");
}

static enum err decode(struct req *rq, const struct pixel_form *form, struct str file,
                       struct pixels_words *ret_words)
{
    struct os_child_got got;
    TRY(run(rq, form, file, &got));
    TRY(ended(rq, &got));
    enum err e = pixels_file_read(rq, form, got.output, ret_words);
    if (e == E_MEDIA_TYPE) {
        err_clear(rq);
        return FAIL(rq, E_SYNTAX, "JPEG frame: decoded to no DICOM file");
    }
    return e;
}

enum err pixels_help(struct req *rq, const struct pixel_form *form, struct str frame,
                     struct pixels_words *ret_words)
{
    struct frame_keep *keep = form->helper->keep;
    struct frame_key key;
    struct str file;

    /* What the program gets, to the last bit, is what its answer is known by. */
    TRY(pixels_file_write(rq, form, frame, &file));
    if (keep == NULL) {
        return decode(rq, form, file, ret_words);
    }
    (void)crypto_generichash(key.v, sizeof key.v, (const unsigned char *)file.p, file.n, NULL, 0);
    if (frame_keep_get(rq, keep, &key, &ret_words->bits, &ret_words->bytes)) {
        return OK;
    }
    TRY(decode(rq, form, file, ret_words));
    frame_keep_put(keep, &key, ret_words->bits, ret_words->bytes);
    return OK;
}
