/* web/shared.c - what the receiver of a link sees: a page without anybody's name, and the study as a ZIP
 * archive that is made while it is sent. */
#include "base/text.h"
#include "care/directory.h"
#include "care/grant.h"
#include "codec/zip_out.h"
#include "store/tx.h"
#include "web/open_link.h"
#include "web/pages.h"
#include "web/share.h"
#include "web/tpl.h"

enum { FILE_CAP = 256 << 20, NAME_MAX_BYTES = 40, HEADER_MAX = 200, DIRECTORY_ENTRY = 128, PIECES = 4 };
#define LINKS "share" /* whose failures are counted together */

static enum err show(struct http_req *h, const struct share *s, const struct dicom_study *study,
                     bool wrong)
{
    struct val *root = NULL;
    const struct directory *dir = NULL;
    TRY(directory_get(&h->rq, &dir));
    TRY(page_begin(h, T("Medical images for you"), &root));
    page_kind(root, "narrow");
    if (wrong) {
        page_error(h, root, "code", T("The code is wrong. After ten wrong codes the link ends."));
    }
    val_set_str(open_link_code(h, root), "value", S(""));
    val_set_str(root, "post", page_path(h, "/shared/", http_param(h, S("token")), ""));
    val_set_str(root, "receiver", s->receiver);
    val_set_str(root, "by", dir_person_name(dir, s->by));
    val_set_bool(root, "clean", s->how != SHARE_AS_IS);
    val_set_bool(root, "asks_code", s->has_code);
    val_set_i64(root, "files", study->n_instances);
    val_set_i64(root, "bytes", (int64_t)study->bytes);
    val_set_i64(root, "left", (int64_t)s->opens_max - s->opens);
    val_set_instant(root, "until", (struct instant){s->expires_ms});
    return page_reply_status(h, wrong ? 422 : 200, root, tpl_shared);
}

enum err web_shared_page(struct http_req *h)
{
    struct share s;
    struct dicom_study study;
    TRY(open_link_check(h, LINKS));
    enum err e = share_find(&h->rq, http_param(h, S("token")), &s, &study);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, open_link_gone);
    }
    TRY(e);
    return show(h, &s, &study, false);
}

/* ---- the archive ---- */

struct archive {
    struct http_req *h;
    struct share share;
    struct dicom_study study;
    bool right;
    bool clean;
    struct dicom_deidentify how;
    struct http_piece *pieces;
    size_t n_pieces, size_pieces;
    struct zip_entry *entries;
    size_t n_entries, size_entries;
    uint32_t series;
    uint64_t at; /* bytes so far */
};

static enum err put_piece(struct archive *a, struct http_piece p)
{
    uint64_t n = p.bytes.p != NULL ? p.bytes.n : p.n;
    if (n == 0) {
        return OK;
    }
    if (a->n_pieces == a->size_pieces || n > ZIP_MAX - a->at) {
        return FAIL(&a->h->rq, E_TOO_LARGE, "archive");
    }
    a->pieces[a->n_pieces++] = p;
    a->at += n;
    return OK;
}

/* Bytes of another request's arena that must outlive it. */
static enum err put_copy(struct archive *a, struct str bytes)
{
    struct str kept = arena_str(a->h->rq.a, bytes);
    TRY_MEM(&a->h->rq, kept.p);
    return put_piece(a, (struct http_piece){.bytes = kept});
}

static struct str name_of(struct archive *a)
{
    struct buf b;
    buf_init(&b, a->h->rq.a, NAME_MAX_BYTES);
    BUF_LIT(&b, "S");
    buf_u64_pad(&b, a->series, 3);
    BUF_LIT(&b, "/I");
    buf_u64_pad(&b, a->n_entries + 1, 5);
    BUF_LIT(&b, ".dcm");
    return buf_get(&b);
}

static enum err put_header(struct archive *a, uint64_t size, uint32_t crc)
{
    struct buf b;
    if (a->n_entries == a->size_entries || size > ZIP_MAX) {
        return FAIL(&a->h->rq, E_TOO_LARGE, "archive");
    }
    struct zip_entry e = {.name = name_of(a), .crc = crc, .size = (uint32_t)size, .at = (uint32_t)a->at};
    buf_init(&b, a->h->rq.a, HEADER_MAX);
    zip_put_header(&b, &e);
    a->entries[a->n_entries++] = e;
    return put_piece(a, (struct http_piece){.bytes = buf_get(&b)});
}

/* As it is: the blob itself. */
static enum err put_blob(struct archive *a, const struct blob_ref *blob, struct str bytes)
{
    TRY(put_header(a, bytes.n, zip_crc(0, bytes)));
    return put_piece(a, (struct http_piece){.file = blob, .n = bytes.n});
}

/* Without identity: what is new is copied, pixels are sent from the blob where they stand in it as such. */
static enum err put_clean(struct archive *a, struct req *one, const struct blob_ref *blob,
                          struct str bytes)
{
    struct dicom_file f;
    struct dicom_clean c;
    TRY(dicom_file_open(one, bytes, NULL, &f));
    TRY(dicom_deidentify(one, &f, &a->how, &c));
    uint32_t crc = zip_crc(zip_crc(zip_crc(0, c.head), c.pixels), c.tail);
    TRY(put_header(a, (uint64_t)c.head.n + c.pixels.n + c.tail.n, crc));
    TRY(put_copy(a, c.head));
    bool in_blob = c.pixels.n > 0 && c.pixels.p >= bytes.p &&
                   c.pixels.p + c.pixels.n <= bytes.p + bytes.n;
    TRY(in_blob ? put_piece(a, (struct http_piece){.file = blob, .n = c.pixels.n,
                                                   .from = (uint64_t)(c.pixels.p - bytes.p)})
                : put_copy(a, c.pixels));
    return put_copy(a, c.tail);
}

static enum err put_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    struct archive *a = ctx;
    struct req one;
    struct str bytes;
    struct blob_ref *blob = ARENA_NEW(rq->a, struct blob_ref);
    TRY_MEM(rq, blob);
    if (!share_holds(&a->share, i)) {
        return OK;
    }
    *blob = i->blob;
    req_init(&one, FILE_CAP, rq->now);
    one.app = rq->app;
    one.db = rq->db;
    one.who = rq->who;
    enum err e = blob_map(&one, care_of(rq)->store, blob->sha, &bytes);
    if (e == OK) {
        e = a->clean ? put_clean(a, &one, blob, bytes) : put_blob(a, blob, bytes);
    }
    err_clear(&one);
    req_done(&one);
    if (e != OK && rq->err.code == OK) {
        return FAIL(rq, e, "an instance could not be put into the archive");
    }
    return e;
}

static enum err put_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    struct archive *a = ctx;
    a->series++;
    return dicom_instance_each(rq, s->key, put_instance, a);
}

static enum err build(struct archive *a)
{
    struct req *rq = &a->h->rq;
    struct buf b;
    a->size_entries = MIN((size_t)a->study.n_instances + 100, (size_t)ZIP_ENTRIES_MAX);
    a->size_pieces = a->size_entries * PIECES + 1;
    a->entries = ARENA_ARRAY(rq->a, a->size_entries, struct zip_entry);
    a->pieces = ARENA_ARRAY(rq->a, a->size_pieces, struct http_piece);
    TRY_MEM(rq, a->entries);
    TRY_MEM(rq, a->pieces);
    a->clean = a->share.how != SHARE_AS_IS;
    a->how = share_rules(rq, &a->share, &a->study);
    TRY(dicom_series_each(rq, a->study.key, put_series, a));
    buf_init(&b, rq->a, (a->n_entries + 1) * DIRECTORY_ENTRY);
    zip_put_directory(&b, a->entries, a->n_entries, (uint32_t)a->at);
    return buf_ok(&b) ? put_piece(a, (struct http_piece){.bytes = buf_get(&b)})
                      : FAIL(rq, E_TOO_LARGE, "archive");
}

static enum err open_blob(struct http_req *h, const void *file, int *ret_fd)
{
    const struct blob_ref *blob = file;
    uint64_t size = 0;
    return blob_open(&h->rq, care_of(&h->rq)->store, blob->sha, ret_fd, &size);
}

static enum err answer(struct http_req *h)
{
    struct archive *a = h->page_ctx;
    if (!a->right) {
        return show(h, &a->share, &a->study, true);
    }
    const struct http_pieces p = {.status = 200, .type = S("application/zip"), .v = a->pieces,
                                  .n = a->n_pieces, .open = open_blob};
    http_reply_header(h, "Content-Disposition", S("attachment; filename=\"images.zip\""));
    return http_reply_pieces(h, &p);
}

enum err web_shared(struct http_req *h)
{
    struct archive *a = ARENA_NEW(h->rq.a, struct archive);
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, a);
    TRY_MEM(&h->rq, tx);
    a->h = h;
    TRY(open_link_check(h, LINKS));
    enum err e = share_open(&h->rq, tx, http_param(h, S("token")), page_sent(h, "code"), &a->share,
                            &a->study, &a->right);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, open_link_gone);
    }
    TRY(e);
    TRY(a->right ? build(a) : open_link_count(h, tx, LINKS));
    h->page_ctx = a;
    return http_commit(h, tx, answer);
}
