/* web/file.c - files on pages: those on their way into a draft or case, sending them by a plain form,
 * taking them out, and opening them. */
#include "web/ask_int.h"

#include "base/text.h"
#include "care/attach.h"
#include "care/care.h"
#include "care/filetype.h"
#include "care/modality.h"
#include "care/upload.h"
#include "care/upload_facts.h"
#include "care/upload_unpack.h"
#include "codec/json.h"
#include "fhir/type.h"
#include "store/audit.h"
#include "store/blob.h"
#include "store/tx.h"
#include "web/arrived.h"
#include "web/images.h"
#include "web/tpl.h"

enum { SHORT_SHA = 12, DRAFT_IMAGES = 200, KIND_MOST = 5 };

/* ---- the list ---- */

static struct str hex_of(struct http_req *h, const uint8_t sha[32])
{
    struct buf b;
    buf_init(&b, h->rq.a, 80);
    buf_hex(&b, sha, 32);
    return buf_get(&b);
}

/* The last part of a name, with its dot, when it looks like one of a file. */
static struct str extension(struct str name)
{
    size_t dot = name.n;
    while (dot > 0 && name.n - dot < KIND_MOST && name.p[dot - 1] != '.') {
        dot--;
    }
    return dot > 0 && dot < name.n && name.p[dot - 1] == '.' ? str_sub(name, dot - 1, name.n) : S("");
}

/* "PDF" for the little box: the extension of its kind, or of its name. */
static struct str kind_of(struct http_req *h, const struct upload *up)
{
    const struct file_kind *k = file_kind_find(up->type);
    struct str ext = k != NULL && k->ext.n > 0 ? k->ext : extension(up->name);
    struct buf b;
    buf_init(&b, h->rq.a, 16);
    for (size_t i = 1; i < ext.n && i <= KIND_MOST; i++) {
        buf_char(&b, ext.p[i] >= 'a' && ext.p[i] <= 'z' ? (char)(ext.p[i] - 32) : ext.p[i]);
    }
    return b.n > 0 ? buf_get(&b) : S("…");
}

/* What the image says of its patient, and whether that is another one. */
static void set_dicom(struct http_req *h, const struct upload *up, const struct patient *patient,
                      struct val *m)
{
    struct dicom_facts d = {0};
    if (!dicom_facts_read(&h->rq, up->meta, &d)) {
        return;
    }
    struct val *v = val_set_map(m, "dicom");
    val_set_str(v, "patient", d.patient_name);
    if (up->state == UPLOAD_COMPLETE) {
        val_set_str(m, "bad", tr(h->rq.lang, T("This image cannot be shown: it is damaged or not "
                                               "whole. It goes along as a file; please send it again "
                                               "from the device.")));
    }
    val_set_str(v, "id", d.patient_id);
    val_set_str(v, "birth", d.birth_date);
    val_set_str(v, "modality", modality_words(&h->rq, d.modality));
    val_set_str(v, "date", d.study_date);
    val_set_str(v, "description", d.description);
    val_set_bool(m, "other", dicom_is_other_patient(&h->rq, &d, patient));
}

static struct str meta_text(struct http_req *h, const struct upload *up, struct str key)
{
    struct str text = upload_meta_text(&h->rq, up, key);
    const char *msgid = text.p != NULL ? arena_cstr(h->rq.a, text) : NULL;
    return msgid != NULL ? tr(h->rq.lang, msgid) : S("");
}

static struct str file_path(struct http_req *h, struct str base, struct str id, const char *suffix)
{
    struct buf b;
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, base);
    BUF_LIT(&b, "/files/");
    buf_str(&b, id);
    buf_str(&b, str_z(suffix));
    return buf_get(&b);
}

/* What came of an archive's images; of one that was refused, those filed before that. */
static void set_filed(struct http_req *h, const struct upload *up, struct val *m)
{
    struct upload_filed f;
    bool refused = up->state == UPLOAD_REFUSED;
    if ((!refused && up->state != UPLOAD_FILED) || !upload_filed_read(&h->rq, up->meta, &f)) {
        return;
    }
    if (refused) {
        val_set_i64(m, "kept", (int64_t)f.taken + f.same + f.aside);
    }
    struct val *v = val_set_map(m, "filed");
    val_set_i64(v, "taken", f.taken);
    val_set_i64(v, "same", f.same);
    val_set_i64(v, "aside", f.aside);
    val_set_i64(v, "others", f.others);
    val_set_i64(v, "missing", f.missing);
    val_set_bool(v, "cut", f.cut);
}

static void set_upload(struct http_req *h, const struct upload *up, const struct patient *patient,
                           struct str base, struct val *m)
{
    static const char *const states[] = {"open", "complete", "refused", "complete", "filed"};
    const struct file_kind *k = file_kind_find(up->type);
    val_set_str(m, "name", up->name);
    val_set_str(m, "kind", kind_of(h, up));
    val_set_i64(m, "size", (int64_t)up->size);
    val_set_z(m, "state", states[up->state]);
    val_set_str(m, "note", meta_text(h, up, S("note")));
    val_set_str(m, "refused", meta_text(h, up, S("refused")));
    val_set_str(m, "virus", upload_meta_text(&h->rq, up, S("virus")));
    val_set_bool(m, "unscanned", upload_meta_text(&h->rq, up, S("unscanned")).n > 0);
    val_set_bool(m, "waits", up->state == UPLOAD_OPEN && up->offset == up->size);
    val_set_str(m, "remove", file_path(h, base, up->id, "/remove"));
    val_set_i64(m, "percent", up->size > 0 ? (int64_t)(up->offset * 100 / up->size) : 0);
    if (k != NULL && up->state == UPLOAD_COMPLETE) {
        val_set_str(m, "type_name", tr(h->rq.lang, k->name));
    }
    if (up->state == UPLOAD_COMPLETE) {
        struct str hex = hex_of(h, up->blob.sha);
        val_set_str(m, "hash", hex);
        val_set_str(m, "short", str_sub(hex, 0, SHORT_SHA));
        val_set_str(m, "href", file_path(h, base, up->id, ""));
    }
    set_dicom(h, up, patient, m);
    set_filed(h, up, m);
}

/* Those of a case stand on its pages: here how many there are, and where. */
static enum err set_case_images(struct http_req *h, struct str key, struct val *root)
{
    uint32_t n = 0;
    TRY(images_count(h, key, &n));
    val_set_i64(root, "case_images_n", n);
    val_set_str(root, "case_images", case_path(h, key, "/images"));
    val_set_str(root, "case_asides", case_path(h, key, "/images/aside"));
    return OK;
}

/* The studies of a draft, and what of it was put aside. */
static enum err set_images(struct http_req *h, struct str key, const struct patient *patient,
                           struct str base, struct val *root)
{
    struct dicom_study *all = ARENA_ARRAY(h->rq.a, DRAFT_IMAGES, struct dicom_study);
    struct dicom_aside *asides = ARENA_ARRAY(h->rq.a, DRAFT_IMAGES, struct dicom_aside);
    struct val *list = val_set_list(root, "draft_images");
    uint32_t n = 0;
    uint32_t n_asides = 0;
    TRY_MEM(&h->rq, all);
    TRY_MEM(&h->rq, asides);
    enum err e = imaging_of_draft(&h->rq, key, DRAFT_IMAGES, all, &n, asides, &n_asides);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return set_case_images(h, key, root);
    }
    TRY(e);
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        struct buf b;
        arrived_study(h, &all[i], m);
        buf_init(&b, h->rq.a, 300);
        buf_str(&b, base);
        BUF_LIT(&b, "/images/");
        buf_str(&b, all[i].uid);
        BUF_LIT(&b, "/remove");
        val_set_str(m, "remove", buf_get(&b));
        val_set_bool(m, "other", imaging_names_other(&h->rq, &all[i], patient));
    }
    asides_set(h, asides, n_asides, val_set_list(root, "asides"));
    return OK;
}

enum err file_uploads(struct http_req *h, struct str key, const struct patient *patient, struct str base,
                      struct val *root)
{
    struct upload *list;
    size_t n;
    int64_t stored = 0;
    struct val *out = val_set_list(root, "uploads");
    bool patient_side = who_is_patient(h->rq.who);
    TRY(upload_list(&h->rq, key, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (list[i].state != UPLOAD_USED && str_eq(list[i].owner, h->rq.who->person)) {
            set_upload(h, &list[i], patient, base, val_add_map(out));
            stored += list[i].state == UPLOAD_COMPLETE;
        }
    }
    val_set_i64(root, "stored", stored);
    if (patient_side) {
        return OK; /* what patients send stays a file */
    }
    return set_images(h, key, patient, base, root);
}

/* ---- the page without scripts ---- */

/* A draft's or a case's key and the address of its pages. */
static struct str owner_of(struct http_req *h, struct str *ret_base)
{
    if (who_is_patient(h->rq.who)) {
        *ret_base = S("/my/send");
        return h->rq.who->patient;
    }
    struct str draft = http_param(h, S("draft"));
    struct str key = draft.p != NULL ? draft : http_param(h, S("case"));
    *ret_base = page_path(h, draft.p != NULL ? "/ask/" : "/cases/", key, "");
    return key;
}

static enum err patient_of(struct http_req *h, struct str key, bool draft, struct patient *ret_whole)
{
    struct draft d;
    struct patient p;
    struct case_row row;
    struct res_row res;
    if (draft) {
        TRY(draft_load(&h->rq, key, &d));
        return patient_asked(&h->rq, fields_get(&d.fields, S("patient")), &p, ret_whole);
    }
    TRY(access_case(&h->rq, key, AUDIT_READ, &row));
    TRY(access_patient(&h->rq, row.patient, AUDIT_READ, &res));
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    TRY(json_parse(&h->rq, res.body, NULL, doc));
    patient_read(&h->rq, json_root(doc), ret_whole);
    return OK;
}

static struct upload_desk *desk_of(struct http_req *h)
{
    return care_of(&h->rq)->uploads;
}

enum err file_finish_waiting(struct http_req *h, struct str key, struct val *root)
{
    struct upload *list;
    size_t n;
    TRY(upload_list(&h->rq, key, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (!str_eq(list[i].owner, h->rq.who->person) || list[i].state != UPLOAD_OPEN
            || list[i].offset != list[i].size) {
            continue;
        }
        enum err e = upload_finish_left(&h->rq, desk_of(h), &list[i]);
        if (e == E_BUSY || e == E_CONFLICT || e == E_GONE || e == E_NOT_FOUND) {
            err_clear(&h->rq);
            if (e == E_BUSY) {
                page_error(h, root, "file",
                           T("The virus scanner does not answer now. The file is here and was not lost: it "
                             "is looked at when you open this page again."));
            }
            return OK; /* the list says how it stands */
        }
        TRY(e);
    }
    return OK;
}

enum err web_files_page(struct http_req *h)
{
    struct val *root = NULL;
    struct str base;
    struct patient whole;
    struct str key = owner_of(h, &base);
    bool draft = http_param(h, S("draft")).p != NULL;
    TRY(attach_may_add(&h->rq, key));
    TRY(patient_of(h, key, draft, &whole));
    TRY(page_begin(h, T("Add files"), &root));
    TRY(file_finish_waiting(h, key, root));
    if (http_query(h, S("none")).p != NULL) {
        page_error(h, root, "file", T("Choose a file first."));
    }
    if (http_query(h, S("empty")).p != NULL) {
        page_error(h, root, "file", T("A file was empty and was not stored. Check it on your computer."));
    }
    struct val *f = page_field(h, root, "file", T("Files"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("PDF, pictures, DICOM (also as ZIP or CD image), video, "
                                            "sound or text; several at once")));
    val_set_str(f, "case", key);
    TRY(file_uploads(h, key, &whole, base, root));
    val_set_str(root, "base", base);
    val_set_str(root, "back", draft ? page_path(h, "", base, "#files") : base);
    page_kind(root, "narrow");
    page_upload(root);
    return page_reply(h, root, tpl_ask_files);
}

/* ---- a plain form ---- */

/* A multipart body on its way: http_req.page_ctx. */
struct sending {
    struct str key, base;
    struct upload_pen *pen;
    struct upload up;
    bool begun; /* up is there, and neither taken nor refused yet */
    uint32_t taken, empty;
};

static enum err form_begin(struct http_req *h, const struct http_file *f)
{
    struct sending *s = h->page_ctx;
    uint64_t most = upload_max_bytes(desk_of(h));
    uint64_t size = http_body_size(h);
    s->pen = NULL;
    if (f->filename.n == 0) {
        return OK; /* the field was left empty */
    }
    TRY(upload_new(&h->rq, desk_of(h), s->key, f->filename, f->type, MIN(size, most), &s->up));
    s->begun = true;
    return upload_pen_open(&h->rq, desk_of(h), s->up.id, 0, &s->pen);
}

static enum err form_bytes(struct http_req *h, struct str bytes)
{
    struct sending *s = h->page_ctx;
    return s->pen != NULL ? upload_pen_write(&h->rq, s->pen, bytes) : OK;
}

/* What came of a file that was not taken goes at once: it cannot be continued. */
static void drop(struct http_req *h, struct sending *s)
{
    struct err_rec kept = h->rq.err;
    err_clear(&h->rq);
    arena_forgive(h->rq.a);
    if (s->pen != NULL) {
        upload_pen_close(s->pen);
        s->pen = NULL;
    }
    if (s->begun) {
        s->begun = false;
        if (upload_end(&h->rq, desk_of(h), s->up.id) != OK) {
            err_clear(&h->rq); /* it expires by itself */
        }
    }
    h->rq.err = kept;
}

static enum err form_file_end(struct http_req *h)
{
    struct sending *s = h->page_ctx;
    if (s->pen == NULL) {
        return OK;
    }
    enum err e = upload_pen_cut(&h->rq, s->pen);
    if (e == E_BAD_INPUT) { /* empty */
        err_clear(&h->rq);
        drop(h, s);
        s->empty++;
        return OK;
    }
    TRY(e);
    e = upload_pen_finish(&h->rq, s->pen, &s->up);
    upload_pen_close(s->pen);
    s->pen = NULL;
    if (e == E_UNPROCESSED || e == E_BUSY) { /* busy: the virus scanner; the file is here and waits */
        err_clear(&h->rq); /* the row tells why */
        e = OK;
    }
    TRY(e);
    s->begun = false;
    s->taken++; /* or waits: the next look at the page goes on with it */
    return OK;
}

static enum err form_end(struct http_req *h)
{
    struct sending *s = h->page_ctx;
    const char *suffix = s->empty > 0 ? "?empty=1" : s->taken == 0 ? "?none=1" : "";
    const char *page = who_is_patient(h->rq.who) ? "" : "/files";
    return http_redirect(h, page_path(h, "", page_path(h, "", s->base, page), suffix));
}

static void form_broken(struct http_req *h)
{
    drop(h, h->page_ctx);
}

enum err web_files_send(struct http_req *h)
{
    static const struct http_form_sink sink = {form_begin, form_bytes, form_file_end, form_end,
                                               form_broken};
    struct sending *s = ARENA_NEW(h->rq.a, struct sending);
    TRY_MEM(&h->rq, s);
    s->key = owner_of(h, &s->base);
    TRY(attach_may_add(&h->rq, s->key));
    h->page_ctx = s;
    return http_stream_form(h, &sink);
}

/* ---- taking out ---- */

static enum err remove_upload(struct http_req *h, struct str key)
{
    struct upload up;
    TRY(upload_find(&h->rq, http_param(h, S("upload")), &up));
    if (!str_eq(up.case_id, key)) {
        return FAIL(&h->rq, E_NOT_FOUND, "upload");
    }
    return upload_end(&h->rq, desk_of(h), up.id);
}

static enum err remove_study(struct http_req *h, struct str key, struct str study)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(imaging_take_out(&h->rq, tx, key, study));
    return store_commit(care_of(&h->rq)->store, &h->rq, tx);
}

static enum err removed(struct http_req *h)
{
    struct str base;
    struct str key = owner_of(h, &base);
    struct str study = http_param(h, S("study"));
    bool draft = http_param(h, S("draft")).p != NULL;
    bool in_form = http_form(h, S("form")).p != NULL;
    TRY(attach_may_add(&h->rq, key));
    enum err e = study.p != NULL ? remove_study(h, key, study) : remove_upload(h, key);
    if (e == E_NOT_FOUND || e == E_GONE) { /* a second click */
        err_clear(&h->rq);
        e = OK;
    }
    TRY(e);
    return http_redirect(h, page_path(h, "", base, who_is_patient(h->rq.who) ? ""
                                                   : draft && in_form        ? "#files"
                                                                             : "/files"));
}

/* The button stands in the form of the request: what is typed there is kept too. */
enum err web_file_remove(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct str too_long = {0};
    bool sent;
    TRY_MEM(&h->rq, a);
    if (http_param(h, S("draft")).p == NULL || http_form(h, S("form")).p == NULL) {
        return removed(h);
    }
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(ask_merge(h, a, &a->typed, &too_long));
    err_clear(&h->rq);
    TRY(draft_save(&h->rq, tx, a->id, S("request"), &a->typed, 0));
    return http_commit(h, tx, removed);
}

/* ---- opening ---- */

static enum err open_blob(struct http_req *h, const uint8_t sha[32], struct str type,
                          struct str name)
{
    const struct file_kind *k = file_kind_find(type);
    struct buf etag;
    struct http_disk_file f = {.type = type, .filename = name,
                               .inline_ok = k != NULL && k->inline_ok};
    TRY(blob_open(&h->rq, care_of(&h->rq)->store, sha, &f.fd, &f.size_bytes));
    buf_init(&etag, h->rq.a, 80);
    buf_char(&etag, '"');
    buf_hex(&etag, sha, 32);
    buf_char(&etag, '"');
    f.etag = buf_get(&etag);
    http_reply_cache(h, S("private, no-cache"));
    return http_reply_file(h, &f);
}

/* On record as a look at the case it belongs to; what is a case's is its team's alone. */
static enum err opening(struct http_req *h, const struct upload *up)
{
    struct case_row row;
    if (who_is_patient(h->rq.who)) {
        struct res_row patient;
        return access_patient(&h->rq, h->rq.who->patient, AUDIT_DOWNLOAD, &patient);
    }
    struct audit_rec rec = {.action = AUDIT_DOWNLOAD, .why = WHY_OWN, .id = up->id,
                            .case_type = T_SERVICE_REQUEST, .case_id = up->case_id,
                            .detail = up->type};
    return up->state == UPLOAD_USED ? access_case(&h->rq, up->case_id, AUDIT_DOWNLOAD, &row)
                                    : audit_add(&h->rq, &rec);
}

/* Own file of a draft, or one that waits under a case. */
enum err web_upload_open(struct http_req *h)
{
    struct upload up;
    struct str base;
    struct str key = owner_of(h, &base);
    TRY(upload_find(&h->rq, http_param(h, S("upload")), &up));
    if (!str_eq(up.case_id, key) || (up.state != UPLOAD_COMPLETE && up.state != UPLOAD_USED)) {
        return FAIL(&h->rq, E_NOT_FOUND, "upload");
    }
    TRY(opening(h, &up));
    return open_blob(h, up.blob.sha, up.type, up.name);
}

enum err web_file_open(struct http_req *h)
{
    struct case_row row;
    struct case_file file;
    TRY(consult_file_get(&h->rq, http_param(h, S("file")), AUDIT_DOWNLOAD, &row, &file));
    return open_blob(h, file.sha, file.type, file.title);
}
