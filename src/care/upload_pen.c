/* care/upload_pen.c - one connection that adds bytes, and what becomes of the complete file. See upload.h. */
#include "care/upload_int.h"

#include <inttypes.h>

#include "base/text.h"
#include "care/care.h"
#include "care/filetype.h"
#include "care/scan.h"
#include "care/upload_facts.h"
#include "care/upload_unpack.h"
#include "care/who.h"
#include "codec/json.h"

enum { FLUSH_BYTES = 4 * 1024 * 1024 }; /* at most this much is sent again after a kill */

struct upload_pen {
    struct upload_desk *desk;
    struct upload_turn turn;
    struct upload up;
    struct sha sha;       /* of everything up to written */
    struct sha own_sha;   /* of the bytes this pen wrote */
    uint64_t written;     /* end of the bytes in the file */
    int fd;
    bool hold;            /* nothing counts before the final flush */
    bool closed;
};

/* ---- adding bytes ---- */

static enum err pen_begin(struct req *rq, struct upload_pen *pen, struct str id, uint64_t offset)
{
    char path[OS_PATH_MAX];
    TRY(upload_int_find(rq, id, &pen->up, &pen->sha));
    if (pen->up.state != UPLOAD_OPEN || pen->up.offset != offset) {
        return FAIL(rq, E_CONFLICT, "upload stands at %" PRIu64, pen->up.offset);
    }
    TRY(upload_desk_path(rq, pen->desk, id, path));
    TRY(os_open_write(rq, path, &pen->fd));
    pen->written = offset;
    sha_init(&pen->own_sha);
    return os_truncate(rq, pen->fd, offset);
}

static void pen_end(void *p)
{
    upload_pen_close(p);
}

enum err upload_pen_open(struct req *rq, struct upload_desk *d, struct str id, uint64_t offset,
                         struct upload_pen **ret_pen)
{
    struct upload up;
    struct upload_pen *pen = ARENA_NEW(rq->a, struct upload_pen);
    TRY_MEM(rq, pen);
    TRY(upload_find(rq, id, &up));
    pen->desk = d;
    pen->fd = -1;
    TRY(upload_desk_take(rq, d, up.id, &pen->turn));
    enum err e = arena_defer(rq->a, pen_end, pen)
                     ? pen_begin(rq, pen, id, offset)
                     : FAIL(rq, E_TOO_LARGE, "memory cap");
    if (e != OK) {
        upload_pen_close(pen);
        return e;
    }
    *ret_pen = pen;
    return OK;
}

void upload_pen_hold(struct upload_pen *pen)
{
    pen->hold = true;
}

static enum err flush_entered(struct req *rq, struct upload_pen *pen)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    if (pen->written == pen->up.offset) {
        return OK;
    }
    TRY(os_sync(rq, pen->fd));
    int64_t expires = rq->now.ms + upload_desk_opts(pen->desk)->keep_ms;
    struct str sha = {(const char *)pen->sha.state, sizeof(pen->sha.state)};
    TRY(TX_SQL(tx, W_UPLOAD_PART, TX_MUST_CHANGE, sql_text(pen->up.id),
               sql_i64((int64_t)pen->up.offset), sql_i64((int64_t)pen->written), sql_blob(sha),
               sql_i64(expires)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    pen->up.offset = pen->written;
    pen->up.expires = (struct instant){expires};
    return OK;
}

static enum err write_entered(struct req *rq, struct upload_pen *pen, struct str bytes)
{
    if (bytes.n > pen->up.size - pen->written) {
        return FAIL(rq, E_TOO_LARGE, "more bytes than announced");
    }
    TRY(os_write_at(rq, pen->fd, pen->written, bytes.p, bytes.n));
    sha_add(&pen->sha, bytes.p, bytes.n);
    sha_add(&pen->own_sha, bytes.p, bytes.n);
    pen->written += bytes.n;
    if (!pen->hold && pen->written - pen->up.offset >= FLUSH_BYTES) {
        return flush_entered(rq, pen);
    }
    return OK;
}

enum err upload_pen_write(struct req *rq, struct upload_pen *pen, struct str bytes)
{
    if (!upload_desk_enter(pen->desk, pen->turn)) {
        return FAIL(rq, E_CONFLICT, "another connection took over");
    }
    struct arena_mark m = arena_mark(rq->a);
    enum err e = write_entered(rq, pen, bytes);
    arena_back(rq->a, m);
    upload_desk_leave(pen->desk, pen->turn);
    return e;
}

enum err upload_pen_flush(struct req *rq, struct upload_pen *pen)
{
    if (!upload_desk_enter(pen->desk, pen->turn)) {
        return FAIL(rq, E_CONFLICT, "another connection took over");
    }
    enum err e = flush_entered(rq, pen);
    upload_desk_leave(pen->desk, pen->turn);
    return e;
}

enum err upload_pen_cut(struct req *rq, struct upload_pen *pen)
{
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    if (pen->written == 0) {
        return FAIL(rq, E_BAD_INPUT, "%s", file_verdict_text(FILE_EMPTY));
    }
    TRY(upload_pen_flush(rq, pen));
    TRY(TX_SQL(tx, W_UPLOAD_SIZE, TX_MUST_CHANGE, sql_text(pen->up.id),
               sql_i64((int64_t)pen->written)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    pen->up.size = pen->written;
    return OK;
}

void upload_pen_sha(const struct upload_pen *pen, uint8_t ret_sha[32])
{
    struct sha copy = pen->own_sha;
    sha_done(&copy, ret_sha);
}

uint64_t upload_pen_offset(const struct upload_pen *pen)
{
    return pen->up.offset;
}

bool upload_pen_complete(const struct upload_pen *pen)
{
    return pen->up.offset == pen->up.size;
}

/* ---- the complete file ---- */

/* kept: images of an archive that were filed before; NULL: there are none */
static enum err refuse(struct req *rq, struct upload_pen *pen, const char *path,
                       enum file_verdict verdict, const char *virus, const struct upload_filed *kept)
{
    struct buf b;
    struct json_out o;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    buf_init(&b, rq->a, 4096);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("refused"), str_z(file_verdict_text(verdict)));
    if (virus[0] != '\0') {
        json_ks(&o, S("virus"), str_z(virus));
    }
    if (kept != NULL) {
        upload_filed_write(&o, kept);
    }
    json_obj_end(&o);
    pen->up.meta = buf_get(&b);
    pen->up.state = UPLOAD_REFUSED;
    TRY(TX_SQL(tx, W_UPLOAD_STATE, TX_MUST_CHANGE, sql_text(pen->up.id), sql_i64(UPLOAD_REFUSED),
               sql_text(pen->up.meta)));
    TRY(upload_int_audit(rq, &pen->up, kept != NULL ? S("refuse, images before it filed") : S("refuse")));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    TRY(os_remove(rq, path));
    return FAIL(rq, E_UNPROCESSED, "%s", file_verdict_text(verdict));
}

static struct str arena_join(struct req *rq, struct str a, struct str b)
{
    struct buf out;
    buf_init(&out, rq->a, a.n + b.n);
    buf_str(&out, a);
    buf_str(&out, b);
    return buf_get(&out);
}

static enum err refuse_seen(struct req *rq, struct upload_pen *pen, const char *path,
                            const struct scan_result *seen, const struct upload_filed *filed)
{
    bool any = filed != NULL && filed->taken + filed->same + filed->aside > 0;
    return refuse(rq, pen, path, seen->verdict == SCAN_FOUND ? FILE_VIRUS : FILE_UNSCANNED, seen->name,
                  any ? filed : NULL);
}

static enum err look_for_viruses(struct req *rq, const char *path, bool is_import,
                                 struct scan_result *ret_seen)
{
    CLEANUP(os_close_p) int fd = -1;
    *ret_seen = (struct scan_result){.verdict = SCAN_CLEAN};
    if (is_import) {
        return OK; /* what its resources carry is looked at when they are taken */
    }
    TRY(os_open_read(rq, path, &fd));
    return scan_look_file(rq, fd, ret_seen);
}

static enum err keep(struct req *rq, struct upload_pen *pen, const char *path,
                     const struct file_finding *f)
{
    struct scan_result seen;
    TRY(look_for_viruses(rq, path, str_eq(pen->up.case_id, S(UPLOAD_IMPORT)), &seen));
    if (seen.verdict == SCAN_FOUND || seen.verdict == SCAN_TOO_LARGE) {
        return refuse_seen(rq, pen, path, &seen, NULL);
    }
    struct store *st = care_of(rq)->store;
    struct upload *up = &pen->up;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    sha_done(&pen->sha, up->blob.sha);
    up->blob.size = up->size;
    up->type = f->kind->type;
    TRY(upload_facts(rq, path, f, seen.verdict == SCAN_MISSED, &up->meta));
    /* The part stays until the row says complete: a kill in between finds it and ends the work. */
    char tmp[OS_PATH_MAX];
    TRY(upload_desk_path(rq, pen->desk, arena_join(rq, up->id, S(".done")), tmp));
    TRY(os_remove(rq, tmp));
    TRY(os_link(rq, path, tmp));
    TRY(blob_put_file(rq, st, tmp, &up->blob));
    struct sql_val sha = sql_blob((struct str){(const char *)up->blob.sha, 32});
    TRY(TX_SQL(tx, W_BLOB_ADD, 0, sha, sql_i64((int64_t)up->size), sql_text(up->type),
               sql_i64(rq->now.ms)));
    TRY(TX_SQL(tx, W_UPLOAD_COMPLETE, TX_MUST_CHANGE, sql_text(up->id), sql_text(up->type), sha,
               sql_text(up->meta)));
    if (f->renamed) {
        up->name = file_name_clean(rq->a, up->name, f->kind, true);
        TRY_MEM(rq, up->name.p);
        TRY(TX_SQL(tx, W_UPLOAD_RENAME, TX_MUST_CHANGE, sql_text(up->id), sql_text(up->name)));
    }
    TRY(upload_int_audit(rq, up, up->type));
    TRY(store_commit(st, rq, tx));
    up->state = UPLOAD_COMPLETE;
    return os_remove(rq, path);
}

/* ---- medical images ---- */

static enum err filed(struct req *rq, struct upload_pen *pen, const struct upload_filed *f)
{
    struct upload *up = &pen->up;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    struct str meta = upload_filed_json(rq, f);
    TRY_MEM(rq, meta.p);
    if (up->state == UPLOAD_COMPLETE) {
        TRY(TX_SQL(tx, W_BLOB_DROP, 0, blob_val(rq, &up->blob)));
    }
    TRY(TX_SQL(tx, W_UPLOAD_FILED, TX_MUST_CHANGE, sql_text(up->id), sql_text(meta)));
    TRY(upload_int_audit(rq, up, S("images filed")));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    up->state = UPLOAD_FILED;
    up->meta = meta;
    return OK;
}

/* The kept file is no image that can be filed: its row says so. */
static enum err note_broken(struct req *rq, struct upload *up)
{
    struct json_doc doc;
    struct json_out o;
    struct buf b;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(json_parse(rq, up->meta, &json_default_limits, &doc));
    struct jv dicom = json_get(json_root(&doc), S("dicom"));
    buf_init(&b, rq->a, up->meta.n + 1024);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("note"), S(T("This medical image could not be read; it was kept as it is.")));
    if (json_has(dicom)) {
        json_kv(&o, S("dicom"), dicom);
    }
    json_obj_end(&o);
    TRY_MEM(rq, buf_get(&b).p);
    TRY(TX_SQL(tx, W_UPLOAD_STATE, TX_MUST_CHANGE, sql_text(up->id), sql_i64(up->state),
               sql_text(buf_get(&b))));
    TRY(upload_int_audit(rq, up, S("image cannot be read")));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    up->meta = buf_get(&b);
    return OK;
}

/* A kept image becomes one of a study at once. Where that does not go now it stays a file, which goes along
 * with what is sent next. */
static enum err file_image(struct req *rq, struct upload_pen *pen)
{
    struct upload_filed f;
    bool is = false;
    if (!str_eq(pen->up.type, S("application/dicom")) || rq->who->person.n == 0
        || who_is_patient(rq->who)) {
        return OK; /* what patients send stays a file: a clinician decides whose images they are */
    }
    enum err e = upload_image(rq, &pen->up, &f, &is);
    if (e == OK) {
        e = is ? filed(rq, pen, &f) : note_broken(rq, &pen->up);
    }
    if (e == E_CONFLICT || e == E_NOT_FOUND || e == E_BUSY) {
        err_clear(rq);
        e = OK;
    }
    return e;
}

/* An archive: its images are taken, the rest is counted. Without any it is refused as others are. */
static enum err file_archive(struct req *rq, struct upload_pen *pen, const char *path,
                             enum file_verdict verdict)
{
    struct upload_filed f = {0};
    bool is = false;
    if ((verdict == FILE_ARCHIVE || verdict == FILE_UNKNOWN) && rq->who->person.n > 0
        && !who_is_patient(rq->who)) {
        TRY(upload_is_archive(rq, path, &is));
    }
    if (is) {
        struct scan_result seen = {.verdict = SCAN_CLEAN};
        enum err e = upload_unpack(rq, path, &pen->up, &f, &seen);
        if (e == E_UNPROCESSED) {
            err_clear(rq);
            return refuse_seen(rq, pen, path, &seen, &f);
        }
        TRY(e);
    }
    if (f.taken + f.same + f.aside == 0) {
        return refuse(rq, pen, path, is ? FILE_ARCHIVE : verdict, "", NULL);
    }
    TRY(filed(rq, pen, &f));
    return os_remove(rq, path);
}

static enum err finish_entered(struct req *rq, struct upload_pen *pen)
{
    char path[OS_PATH_MAX];
    struct file_finding f;
    TRY(upload_desk_path(rq, pen->desk, pen->up.id, path));
    os_close(pen->fd);
    pen->fd = -1;
    if (str_eq(pen->up.case_id, S(UPLOAD_IMPORT))) {
        static const struct file_kind lines = {SI("application/fhir+ndjson"), SI(".ndjson"),
                                               "Resources", false};
        f = (struct file_finding){.verdict = FILE_TAKEN, .kind = &lines};
        return keep(rq, pen, path, &f);
    }
    TRY(file_judge(rq, path, pen->up.name, &f));
    if (f.verdict != FILE_TAKEN) {
        return file_archive(rq, pen, path, f.verdict);
    }
    TRY(keep(rq, pen, path, &f));
    return file_image(rq, pen);
}

enum err upload_pen_finish(struct req *rq, struct upload_pen *pen, struct upload *ret_up)
{
    ASSERT(upload_pen_complete(pen));
    if (!upload_desk_enter(pen->desk, pen->turn)) {
        return FAIL(rq, E_CONFLICT, "another connection took over");
    }
    enum err e = finish_entered(rq, pen);
    upload_desk_leave(pen->desk, pen->turn);
    *ret_up = pen->up;
    return e;
}

void upload_pen_close(struct upload_pen *pen)
{
    if (!pen->closed) {
        pen->closed = true;
        os_close(pen->fd);
        pen->fd = -1;
        upload_desk_drop(pen->desk, pen->turn);
    }
}

enum err upload_finish_left(struct req *rq, struct upload_desk *d, struct upload *up)
{
    struct upload_pen *pen;
    if (up->state != UPLOAD_OPEN || up->offset != up->size || upload_desk_is_busy(d, up->id)) {
        return OK; /* busy: it is being judged, which may take a minute; nobody is to wait for that twice */
    }
    TRY(upload_pen_open(rq, d, up->id, up->offset, &pen));
    enum err e = upload_pen_finish(rq, pen, up);
    upload_pen_close(pen);
    if (e == E_UNPROCESSED) {
        err_clear(rq); /* the state tells it */
        return OK;
    }
    return e;
}
