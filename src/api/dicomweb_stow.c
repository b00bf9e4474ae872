/* api/dicomweb_stow.c - STOW-RS: instances come in as the parts of one body, each is filed or put aside,
 * and the answer tells it for each (PS3.18 10.5).
 *
 * Parts go into files of their own as they come; whenever enough are whole they are made durable and filed
 * together. What was filed stays when the rest of the body never comes. */
#include "api/dicomweb_int.h"
#include "care/care.h"
#include "care/scan.h"
#include "codec/field.h"
#include "codec/multipart.h"

enum {
    PARTS_MAX = 20000,
    BATCH = 64,                            /* files made durable and filed together */
    PART_HEAD_MAX = 8192,
    WAITING_BYTES = 64 * 1024 * 1024,      /* of files not yet filed: then they are */
    BATCH_CAP = 1024 * 1024,               /* memory of the files of a batch */
    TOLD_MAX = 16 * 1024 * 1024,           /* of an answer about PARTS_MAX instances */
};

struct failed {
    struct failed *next;
    struct image_out out;
};

struct stow {
    struct http_req *h;
    struct multipart *parser;
    struct image_from from;
    struct req files;       /* of the batch: given back when it is filed */
    struct arena *told;     /* what the answer is made of */
    struct blob_part *parts[BATCH];
    struct image_in in[BATCH];
    struct image_out out[BATCH];
    size_t n;               /* whole ones waiting; parts[n] may be under way */
    uint64_t bytes;         /* of those waiting */
    bool skip;              /* the part under way is no DICOM file: refused */
    uint32_t total;
    uint32_t stored;
    uint32_t refused;       /* parts of other media types */
    struct buf done;        /* items of the Referenced SOP Sequence */
    struct json_out done_o;
    struct failed *failed;
    struct failed **last;
    struct str study;       /* UID: of all of them, or empty */
    bool many;              /* they are of several studies */
};

/* ---- filing ---- */

static void put(struct json_out *o, const char *tag, const char *vr, struct str v)
{
    json_k(o, str_z(tag));
    json_obj(o);
    json_ks(o, S("vr"), str_z(vr));
    if (v.n > 0) {
        json_k(o, S("Value"));
        json_arr(o);
        json_v_str(o, v);
        json_arr_end(o);
    }
    json_obj_end(o);
}

static void put_us(struct json_out *o, const char *tag, unsigned v)
{
    json_k(o, str_z(tag));
    json_obj(o);
    json_ks(o, S("vr"), S("US"));
    json_k(o, S("Value"));
    json_arr(o);
    json_v_i64(o, v);
    json_arr_end(o);
    json_obj_end(o);
}

static void put_sop(struct json_out *o, const struct image_out *out)
{
    put(o, "00081150", "UI", str_z(out->sop_class));
    put(o, "00081155", "UI", str_z(out->instance));
}

static enum err tell(struct stow *s, const struct image_out *out)
{
    struct req *rq = &s->h->rq;
    struct arena_mark mark = arena_mark(rq->a);
    struct buf url;
    if (out->fate != IMAGE_STORED && out->fate != IMAGE_SAME) {
        struct failed *f = ARENA_NEW(s->told, struct failed);
        TRY_MEM(rq, f);
        f->out = *out;
        *s->last = f;
        s->last = &f->next;
        return OK;
    }
    s->stored++;
    struct str study = str_z(out->study);
    s->many = s->many || (s->study.n > 0 && !str_eq(s->study, study));
    if (s->study.n == 0) {
        s->study = arena_str(s->told, study);
    }
    buf_init(&url, rq->a, 600);
    dw_url(s->h, &url, study, str_z(out->series), str_z(out->instance));
    json_obj(&s->done_o);
    put_sop(&s->done_o, out);
    put(&s->done_o, "00081190", "UR", buf_get(&url));
    json_obj_end(&s->done_o);
    arena_back(rq->a, mark);
    return OK;
}

static void files_begin(struct stow *s)
{
    req_init(&s->files, BATCH_CAP, s->h->rq.now);
    s->files.app = s->h->rq.app;
    s->files.db = s->h->rq.db;
    s->files.who = s->h->rq.who;
}

/* What went wrong with the files is what goes wrong with the request. */
static enum err files_fail(struct stow *s, enum err e)
{
    return e == OK ? OK : FAIL(&s->h->rq, e, "%s", s->files.err.detail);
}

/* The same, for one the virus scanner refuses: those of the batches before it stay. */
static enum err looked_at(struct stow *s, enum err e)
{
    return e == E_UNPROCESSED && s->stored > 0
               ? FAIL(&s->h->rq, e, "%s; %u sent before it are stored", s->files.err.detail, s->stored)
               : files_fail(s, e);
}

static void stow_end(void *p)
{
    struct stow *s = p;
    req_done(&s->files);
    arena_free(s->told);
}

/* What waits becomes durable and is filed. */
static enum err file_batch(struct stow *s)
{
    struct req *rq = &s->h->rq;
    if (s->n == 0) {
        return OK;
    }
    struct scan_result seen;
    size_t n = s->n;
    s->n = 0;
    s->bytes = 0;
    s->files.db = rq->db; /* of the thread that has this piece of the body */
    s->files.shared = rq->shared;
    TRY(looked_at(s, scan_parts(&s->files, s->parts, n, "an image", &seen)));
    TRY(files_fail(s, blob_parts_put(&s->files, care_of(rq)->store, s->parts, n)));
    TRY(imaging_store(rq, &s->from, s->in, n, s->out));
    for (size_t i = 0; i < n; i++) {
        TRY(tell(s, &s->out[i]));
    }
    req_done(&s->files);
    files_begin(s);
    return OK;
}

/* ---- the body ---- */

/* A part that is no DICOM file: told by its place in the body. */
static enum err refuse_part(struct stow *s)
{
    struct image_out out = {.fate = IMAGE_REFUSED, .reason = IMAGE_REASON_BROKEN};
    struct buf b = {.p = out.where, .size = sizeof out.where, .cap = sizeof out.where};
    s->refused++;
    BUF_LIT(&b, "part ");
    buf_u64(&b, s->total);
    BUF_LIT(&b, ": not application/dicom");
    buf_char(&b, '\0');
    return tell(s, &out);
}

static enum err part_begin(void *ctx, const struct multipart_part *part)
{
    struct stow *s = ctx;
    s->total++;
    s->skip = part->type.p != NULL && !str_eq_nocase(field_head(part->type), S("application/dicom"));
    if (s->skip) {
        return refuse_part(s);
    }
    return files_fail(s, blob_part_new(&s->files, care_of(&s->h->rq)->store, &s->parts[s->n]));
}

static enum err part_data(void *ctx, struct str bytes)
{
    struct stow *s = ctx;
    if (s->skip) {
        return OK;
    }
    s->bytes += bytes.n;
    return files_fail(s, blob_part_add(&s->files, s->parts[s->n], bytes));
}

static enum err part_end(void *ctx)
{
    struct stow *s = ctx;
    if (s->skip) {
        return OK;
    }
    s->in[s->n] = (struct image_in){.blob = blob_part_ref(s->parts[s->n])};
    s->n++;
    return s->n == BATCH || s->bytes > WAITING_BYTES ? file_batch(s) : OK;
}

static enum err on_chunk(struct http_req *h, struct str bytes)
{
    struct stow *s = h->page_ctx;
    return multipart_feed(s->parser, bytes);
}

/* ---- the answer ---- */

static void put_failed(struct json_out *o, const struct failed *first)
{
    json_k(o, S("00081198"));
    json_obj(o);
    json_ks(o, S("vr"), S("SQ"));
    json_k(o, S("Value"));
    json_arr(o);
    for (const struct failed *f = first; f != NULL; f = f->next) {
        struct str why = f->out.where[0] != '\0' ? str_z(f->out.where) : str_z(f->out.text);
        json_obj(o);
        put_sop(o, &f->out);
        put_us(o, "00081197", f->out.reason);
        if (why.n > 0) {
            put(o, "00000902", "LO", why); /* Error Comment */
        }
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static enum err answer(struct http_req *h)
{
    struct stow *s = h->page_ctx;
    struct req *rq = &h->rq;
    struct buf b;
    struct buf url;
    struct json_out o;

    TRY(multipart_finish(s->parser));
    TRY(file_batch(s));
    if (s->total == 0) {
        return FAIL(rq, E_BAD_INPUT, "no parts");
    }
    if (s->refused == s->total) {
        return FAIL(rq, E_MEDIA_TYPE, "parts of application/dicom");
    }
    buf_init(&b, s->told, TOLD_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    if (s->study.n > 0 && !s->many) {
        buf_init(&url, rq->a, 600);
        dw_url(h, &url, s->study, S(""), S(""));
        put(&o, "00081190", "UR", buf_get(&url));
    }
    if (s->failed != NULL) {
        put_failed(&o, s->failed);
    }
    if (s->stored > 0) {
        json_arr_end(&s->done_o);
        json_k(&o, S("00081199"));
        json_obj(&o);
        json_ks(&o, S("vr"), S("SQ"));
        json_k(&o, S("Value"));
        json_v_raw(&o, buf_get(&s->done));
        json_obj_end(&o);
    }
    json_obj_end(&o);
    if (!buf_ok(&b) || !buf_ok(&s->done)) {
        return FAIL(rq, E_TOO_LARGE, "answer: send fewer instances at a time");
    }
    return http_reply(h, s->failed == NULL ? 200 : s->stored > 0 ? 202 : 409, S("application/dicom+json"),
                      buf_get(&b));
}

enum err api_dicomweb_stow(struct http_req *h)
{
    static const struct http_sink sink = {.chunk = on_chunk, .end = answer};
    static const struct multipart_limits limits = {PARTS_MAX, PART_HEAD_MAX};
    struct req *rq = &h->rq;
    struct stow *s = ARENA_NEW(rq->a, struct stow);
    struct str type = http_header(h, "Content-Type");
    struct str inner = field_param(rq->a, type, S("type"));
    struct buf source;

    TRY_MEM(rq, s);
    TRY(api_may(h, T_IMAGING_STUDY, OP_CREATE));
    struct str key = str_or_empty(http_query(h, S("case")));
    if (key.n == 0 && !who_may(rq->who, IS_SYSTEM)) {
        return FAIL(rq, E_FORBIDDEN, "people send images for a case: ?case=");
    }
    if (inner.p != NULL && !str_eq_nocase(inner, S("application/dicom"))) {
        return FAIL(rq, E_MEDIA_TYPE, "multipart/related; type=\"application/dicom\"");
    }
    buf_init(&source, rq->a, 128);
    buf_str(&source, S("stow:"));
    buf_str(&source, rq->who->audit.login);
    s->h = h;
    s->from = (struct image_from){.source = buf_get(&source), .key = key,
                                  .study = str_or_empty(http_param(h, S("study")))};
    s->last = &s->failed;
    s->told = arena_new((size_t)6 * TOLD_MAX);
    files_begin(s);
    if (!arena_defer(rq->a, stow_end, s)) {
        stow_end(s);
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    buf_init(&s->done, s->told, TOLD_MAX);
    json_out_init(&s->done_o, &s->done);
    json_arr(&s->done_o);
    struct multipart_sink parts = {part_begin, part_data, part_end, s};
    TRY(multipart_new(rq, type, &limits, &parts, &s->parser));
    h->page_ctx = s;
    return http_stream(h, &sink);
}
