/* app/dicom.c - a DICOM file at the command line: DICOM JSON, its frames, one as a picture. Needs no data
 * folder. */
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "app/app.h"
#include "app/command.h"
#include "codec/dicom_deidentify.h"
#include "codec/dicom_frames.h"
#include "codec/dicom_json.h"
#include "dicom/pixels_helper.h"
#include "dicom/render.h"
#include "os/file.h"
#include "os/random.h"

enum { FILE_MAX = 1 << 30, JSON_MAX = 1 << 30, INLINE_MAX = 1024 };

static bool has_word(const struct command_args *args, const char *word)
{
    for (int i = 0; i < args->n_words; i++) {
        if (strcmp(args->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

/* One line a frame: its bytes, in how many pieces, their SHA-256. */
static enum err print_frames(struct req *rq, const struct dicom_file *f)
{
    struct dicom_frame *frames = NULL;
    uint32_t n = 0;
    struct buf b;
    buf_init(&b, rq->a, FILE_MAX);
    TRY(dicom_frames(rq, f, &frames, &n));
    for (uint32_t i = 0; i < n; i++) {
        EVP_MD_CTX *md = EVP_MD_CTX_new();
        uint8_t sha[EVP_MAX_MD_SIZE];
        unsigned size = 0;
        bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1;
        for (uint32_t k = 0; ok && k < frames[i].n; k++) {
            ok = EVP_DigestUpdate(md, frames[i].pieces[k].p, frames[i].pieces[k].n) == 1;
        }
        ok = ok && EVP_DigestFinal_ex(md, sha, &size) == 1;
        EVP_MD_CTX_free(md);
        if (!ok) {
            return FAIL(rq, E_INTERNAL, "SHA-256");
        }
        buf_u64(&b, frames[i].size);
        buf_char(&b, ' ');
        buf_u64(&b, frames[i].n);
        buf_char(&b, ' ');
        buf_hex(&b, sha, size);
        buf_char(&b, '\n');
    }
    command_print(buf_get(&b));
    return OK;
}

/* The number of an option "--frame=7"; fallback when it is not given. */
static uint64_t number(struct command_args *args, const char *name, uint64_t fallback)
{
    const char *text = command_option(args, name);
    uint64_t n = fallback;
    return text != NULL && str_u64(str_z(text), &n) ? n : fallback;
}

/* A frame as Netpbm: P5 grey, P6 colour. */
static enum err print_picture(struct command_args *args, const struct dicom_file *f)
{
    struct picture p;
    struct buf b;
    struct render_ask ask = {.frame = (uint32_t)number(args, "frame", 1) - 1,
                             .width = (uint32_t)number(args, "width", 0),
                             .helper = app_pixels(args->rq, args->config, 1)};
    enum err e = render_frame(args->rq, f, &ask, &p);
    pixels_helper_free(ask.helper);
    TRY(e);
    buf_init(&b, args->rq->a, FILE_MAX);
    buf_str(&b, p.samples == 3 ? S("P6\n") : S("P5\n"));
    buf_u64(&b, p.width);
    buf_char(&b, ' ');
    buf_u64(&b, p.height);
    BUF_LIT(&b, "\n255\n");
    buf_bytes(&b, p.v, (size_t)p.width * p.height * p.samples);
    command_print(buf_get(&b));
    return OK;
}

/* One line an element: tag, kind, bytes, what PS3.6 calls it. */
static enum err print_elements(struct req *rq, const struct dicom_file *f)
{
    struct buf b;
    buf_init(&b, rq->a, FILE_MAX);
    for (int part = 0; part < 2; part++) {
        struct dicom_walk w;
        struct dicom_elem e;
        bool has = true;
        TRY(part == 0 ? dicom_walk_meta(rq, f, &w) : dicom_walk_begin(rq, f, &w));
        for (;;) {
            TRY(dicom_walk_next(&w, &e, &has));
            if (!has) {
                break;
            }
            if (e.kind == DICOM_ITEM_END || e.kind == DICOM_SEQUENCE_END) {
                continue;
            }
            for (uint32_t i = 0; i < e.depth; i++) {
                BUF_LIT(&b, "  ");
            }
            if (e.kind == DICOM_ITEM) {
                BUF_LIT(&b, "item ");
                buf_u64(&b, e.item);
            } else {
                char head[40];
                (void)snprintf(head, sizeof(head), "%04x,%04x %s %zu ", (unsigned)(e.tag >> 16),
                               (unsigned)(e.tag & 0xffff), e.vr, e.value.n);
                buf_str(&b, str_z(head));
                buf_str(&b, dicom_dict_name(e.tag));
            }
            buf_char(&b, '\n');
        }
    }
    command_print(buf_get(&b));
    return OK;
}

static enum err print_json(struct command_args *args, const struct dicom_file *f)
{
    struct dicom_json_opts o = {
        .bulk = S("bulk/"),
        .pixels = has_word(args, "--pixels"),
        .charset_as_sent = has_word(args, "--as-sent"),
    };
    o.inline_max = (size_t)number(args, "inline", INLINE_MAX);
    struct buf b;
    buf_init(&b, args->rq->a, JSON_MAX);
    TRY(dicom_json(args->rq, f, &o, &b));
    buf_char(&b, '\n');
    command_print(buf_get(&b));
    return OK;
}

/* The file without identity; UIDs are replaced by a secret of this call. */
static enum err print_clean(struct command_args *args, const struct dicom_file *f)
{
    const char *name = command_option(args, "pseudonym");
    const char *days = command_option(args, "days");
    struct dicom_deidentify how = {.pseudonym = name == NULL ? S("ANON") : str_z(name),
                                   .shift = days != NULL};
    int64_t shift = 0;
    struct dicom_clean c;
    if (days != NULL && (!str_i64(str_z(days), &shift) || shift < INT16_MIN || shift > INT16_MAX)) {
        return FAIL(args->rq, E_BAD_INPUT, "--days");
    }
    how.days = (int32_t)shift;
    os_random(how.secret, sizeof(how.secret));
    TRY(dicom_deidentify(args->rq, f, &how, &c));
    command_print(c.head);
    command_print(c.pixels);
    command_print(c.tail);
    return OK;
}

int command_dicom(struct command_args *args)
{
    struct req *rq = args->rq;
    struct str bytes;
    struct dicom_file f;
    if (args->n_words == 0 || args->words[0][0] == '-') {
        return COMMAND_USAGE;
    }
    enum err e = command_read_file(rq, args->words[0], FILE_MAX, &bytes);
    e = e == OK ? dicom_file_open(rq, bytes, NULL, &f) : e;
    if (e == OK) {
        e = has_word(args, "--frames")       ? print_frames(rq, &f)
            : has_word(args, "--picture")    ? print_picture(args, &f)
            : has_word(args, "--elements")   ? print_elements(rq, &f)
            : has_word(args, "--deidentify") ? print_clean(args, &f)
                                             : print_json(args, &f);
    }
    return e == OK ? COMMAND_OK : COMMAND_FAILED;
}
