/* web/case_parts.c - what hangs on a case: files, messages, earlier cases, the signed conclusion.
 *
 * files: list of file_row.html and id; files_n: how many there are
 * talk: the last messages, talk_older: those before them; lists of
 *   {text, who, at, own, kind, files (list of {href, name})}
 * earlier: list of {href, urgency, profile, state_title, at, answered}
 * doc, sig, versions (list of {id, present, href, json, p7s, pdf, at}) */
#include "web/case_view.h"

#include "base/text.h"
#include "care/modality.h"
#include "care/sign_case.h"
#include "care/sign_read.h"
#include "web/case_item.h"
#include "web/format.h"

enum { FILES_READ = 200, TALK_SHOWN = 300, EARLIER_SHOWN = 20, VERSIONS_SHOWN = 20 };
enum { TALK_OPEN = 5, DOCUMENTS_OPEN = 6 }; /* what is beyond is folded */

/* ---- files ---- */

static struct str kind_of(const struct case_file *f)
{
    static const struct {
        const char *type;
        const char *kind;
    } kinds[] = {{"application/pdf", "PDF"}, {"image/jpeg", "JPEG"}, {"image/png", "PNG"},
                 {"text/plain", "TXT"},      {"image/tiff", "TIFF"}, {"image/webp", "WEBP"}};
    if (f->is_dicom) {
        return S("DICOM");
    }
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(f->type, str_z(kinds[i].type))) {
            return str_z(kinds[i].kind);
        }
    }
    return str_starts(f->type, S("video/"))   ? S("VIDEO")
           : str_starts(f->type, S("audio/")) ? S("AUDIO")
           : str_starts(f->type, S("image/")) ? S("IMAGE")
                                              : S("FILE");
}

static bool is_picture(const struct case_file *f)
{
    return str_eq(f->type, S("image/jpeg")) || str_eq(f->type, S("image/png"))
           || str_eq(f->type, S("image/webp"));
}

/* "CT · 22 ноя 2026 · Head": what a medical image says of itself. */
static struct str dicom_note(struct http_req *h, const struct dicom_facts *d)
{
    const struct str parts[] = {d->modality, d->study_date, d->description, d->patient_name};
    struct buf b;
    buf_init(&b, h->rq.a, 4096);
    for (size_t i = 0; i < LEN(parts); i++) {
        if (parts[i].n > 0) {
            if (b.n > 0) {
                BUF_LIT(&b, " · ");
            }
            buf_str(&b, parts[i]);
        }
    }
    return buf_get(&b);
}

/* "CT · 22 Nov 2026 · Head" */
static struct str study_name(struct http_req *h, const struct dicom_facts *d)
{
    struct buf date;
    struct str kind = modality_words(&h->rq, d->modality);
    buf_init(&date, h->rq.a, 64);
    format_date_text(&date, h->rq.lang, d->study_date);
    const struct dicom_facts shown = {.modality = kind.n > 0 ? kind : tr(h->rq.lang, T("Study")),
                                      .study_date = buf_get(&date), .description = str_trim(d->description)};
    return dicom_note(h, &shown);
}

static void add_file(struct http_req *h, struct str case_id, const struct case_file *f, struct val *list)
{
    struct val *m = val_add_map(list);
    struct buf hash;
    buf_init(&hash, h->rq.a, 80);
    buf_hex(&hash, f->sha, sizeof f->sha);
    val_set_str(m, "id", f->id);
    if (f->gone.ms != 0) {
        val_set_instant(m, "gone", f->gone);
        val_set_str(m, "gone_by", f->gone_by);
    } else if (f->study.n == 0 && f->aside == NULL) {
        val_set_str(m, "href", page_path(h, "/files/", f->id, ""));
        val_set_str(m, "hash", buf_get(&hash));
    }
    val_set_str(m, "name", f->title);
    if (f->study.n > 0) {
        val_set_str(m, "study", f->study);
        val_set_i64(m, "images", f->n_images);
        val_set_str(m, "name", study_name(h, &f->dicom));
        struct buf b;
        buf_init(&b, h->rq.a, 700);
        buf_str(&b, case_path(h, case_id, "/images/"));
        buf_str(&b, f->study);
        val_set_str(m, "href", buf_get(&b));
    }
    val_set_str(m, "kind", kind_of(f));
    val_set_bool(m, "picture", is_picture(f));
    val_set_i64(m, "size", (int64_t)f->size);
    val_set_instant(m, "at", f->at);
    val_set_str(m, "by", f->author_name);
    if (f->is_dicom && f->study.n > 0) {
        val_set_str(m, "note", f->dicom.patient_name);
    } else if (f->is_dicom) {
        val_set_str(m, "note", dicom_note(h, &f->dicom));
    }
    if (f->aside != NULL) {
        val_set_str(m, "decide", page_path(h, "/images/aside/", f->id, ""));
        val_set_str(m, "bad", tr(h->rq.lang, f->aside));
    } else if (f->mismatch) {
        val_set_str(m, "bad", tr(h->rq.lang, T("The patient named in this file is another one: "
                                               "make sure that it is the right image.")));
    }
}

enum err case_set_files_from(struct http_req *h, const struct case_view *v, uint32_t from,
                             uint32_t most, struct val *root)
{
    struct case_file *files = ARENA_ARRAY(h->rq.a, most, struct case_file);
    struct val *list = val_set_list(root, "files");
    uint32_t n = 0;
    uint32_t total = 0;
    TRY_MEM(&h->rq, files);
    TRY(consult_files(&h->rq, v->row.rid, from, files, most, &n, &total));
    for (uint32_t i = 0; i < n; i++) {
        add_file(h, v->row.id, &files[i], list);
    }
    val_set_i64(root, "files_n", total);
    return OK;
}

enum err case_set_files(struct http_req *h, const struct case_view *v, struct val *root)
{
    return case_set_files_from(h, v, 0, FILES_READ, root);
}

/* ---- messages ---- */

/* Of a file among those shown; NULL when it is not there, or has none. */
static const struct val *file_member(const struct val *root, struct str id, const char *member)
{
    const struct val *list = val_find(root, S("files"));
    for (const struct val_item *i = list != NULL ? val_first(list) : NULL; i != NULL;
         i = val_next(i)) {
        const struct val *have = val_find(val_item_value(i), S("id"));
        if (have != NULL && str_eq(have->s, id)) {
            return val_find(val_item_value(i), str_z(member));
        }
    }
    return NULL;
}

enum err case_set_talk(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct case_message *all = ARENA_ARRAY(h->rq.a, TALK_SHOWN, struct case_message);
    struct val *older = val_set_list(root, "talk_older");
    struct val *talk = val_set_list(root, "talk");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(consult_messages(&h->rq, v->row.rid, all, TALK_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(i + TALK_OPEN < n ? older : talk);
        val_set_str(m, "text", all[i].text);
        val_set_str(m, "who", all[i].sender_name);
        val_set_instant(m, "at", all[i].at);
        val_set_bool(m, "own", str_eq(all[i].sender, h->rq.who->person));
        val_set_str(m, "kind", all[i].kind);
        struct val *files = val_set_list(m, "files");
        for (uint32_t k = 0; k < all[i].n_files; k++) {
            struct val *f = val_add_map(files);
            const struct val *href = file_member(root, all[i].files[k], "href");
            const struct val *name = file_member(root, all[i].files[k], "name");
            val_set_str(f, "name", name != NULL ? name->s : all[i].files[k]);
            if (href != NULL) {
                val_set_str(f, "href", href->s);
            } else if (name == NULL) {
                val_set_str(f, "href", page_path(h, "/files/", all[i].files[k], ""));
            }
        }
    }
    return OK;
}

/* ---- earlier cases ---- */

enum err case_set_earlier(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct case_row *rows = ARENA_ARRAY(h->rq.a, EARLIER_SHOWN + 1, struct case_row);
    struct val *list = val_set_list(root, "earlier");
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(access_cases_of_patient(&h->rq, v->row.patient_rid, rows, EARLIER_SHOWN + 1, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].rid == v->row.rid) {
            continue;
        }
        struct val *m = val_add_map(list);
        val_set_str(m, "href", case_path(h, rows[i].id, ""));
        val_set_str(m, "urgency", case_urgency(h, &rows[i]));
        val_set_str(m, "profile", case_profile(h, rows[i].profile));
        val_set_str(m, "state_title", tr(h->rq.lang, case_state_title(&rows[i])));
        val_set_bool(m, "answered", rows[i].conclusion.n > 0);
        val_set_instant(m, "at", (struct instant){rows[i].submitted_ms != 0
                                                      ? rows[i].submitted_ms
                                                      : rows[i].created_ms});
    }
    return OK;
}

/* ---- the signed conclusion ---- */

enum err case_doc(struct http_req *h, struct str bytes, struct val *doc)
{
    struct sign_read r;
    struct val *sections = val_set_list(doc, "sections");
    TRY(sign_doc_read(&h->rq, bytes, &r));
    val_set_str(doc, "title", r.title);
    val_set_str(doc, "language", r.language);
    val_set_str(doc, "code", r.code);
    val_set_str(doc, "check", page_path(h, "/check/", r.code, ""));
    val_set_instant(doc, "at", r.at);
    val_set_str(doc, "author", r.author);
    val_set_str(doc, "org", r.organization);
    val_set_str(doc, "reason", r.reason);
    if (r.replaces.n > 0) {
        val_set_str(doc, "replaces", r.replaces);
        val_set_str(doc, "replaces_check", page_path(h, "/check/", r.replaces, ""));
    }
    for (uint32_t i = 0; i < r.n_sections; i++) {
        struct val *s = val_add_map(sections);
        struct val *lines = val_set_list(s, "lines");
        val_set_str(s, "code", r.sections[i].code);
        val_set_str(s, "title", r.sections[i].title);
        if (str_eq(r.sections[i].code, S("documents")) && r.sections[i].n > DOCUMENTS_OPEN) {
            val_set_bool(doc, "folds", true);
        }
        for (uint32_t k = 0; k < r.sections[i].n; k++) {
            struct val *m = val_add_map(lines);
            val_set_str(m, "label", r.sections[i].lines[k].label);
            val_set_str(m, "text", r.sections[i].lines[k].text);
        }
    }
    return OK;
}

void case_stamp(struct http_req *h, const struct stamping *s, struct val *m)
{
    static const char *const states[] = {[STAMPING_NONE] = "", [STAMPING_WAITS] = "waits",
                                         [STAMPING_HOLDS] = "holds", [STAMPING_BAD] = "bad",
                                         [STAMPING_NEVER] = "never"};
    val_set_z(m, "stamp", states[s->state]);
    val_set_str(m, "stamp_by", s->by);
    val_set_str(m, "stamp_why", s->why != STAMP_GOOD ? tr(h->rq.lang, stamp_why_text(s->why)) : S(""));
    if (s->state == STAMPING_HOLDS) {
        val_set_instant(m, "stamp_at", s->at);
    }
}

void case_signature(struct http_req *h, const struct signed_doc *d, struct val *sig)
{
    const struct cert_name *who = &d->verdict.signer.subject;
    bool good = cms_is_good(&d->verdict) && d->verdict.ca_is_trusted;
    val_set_z(sig, "state", !good ? "bad" : d->replaced ? "replaced" : "valid");
    val_set_str(sig, "who", who->common_name);
    val_set_str(sig, "post", signed_post(&h->rq, d));
    val_set_str(sig, "org", who->organization);
    if (d->verdict.is_outside) {
        val_set_str(sig, "issuer", d->verdict.signer.issuer.common_name);
        val_set_str(sig, "certificate", d->verdict.signer.serial_hex);
    }
    val_set_instant(sig, "at", d->verdict.signed_at);
    case_stamp(h, &d->stamp, sig);
    val_set_str(sig, "check", page_path(h, "/check/", d->code, ""));
    val_set_str(sig, "code", d->code);
}

/* "?v=ID" behind an address of the case, for versions that are not in force. */
static struct str version_path(struct http_req *h, const struct case_view *v, const char *suffix,
                               struct str id)
{
    struct buf b;
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, case_path(h, v->row.id, suffix));
    if (!str_eq(id, v->row.conclusion)) {
        BUF_LIT(&b, "?v=");
        buf_str(&b, id);
    }
    return buf_get(&b);
}

static enum err set_versions(struct http_req *h, const struct case_view *v, struct str shown,
                             struct val *root)
{
    struct str ids[VERSIONS_SHOWN];
    struct val *list = val_set_list(root, "versions");
    uint32_t n = 0;
    TRY(signed_versions(&h->rq, &v->row, ids, VERSIONS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_i64(m, "number", (int64_t)(n - i));
        val_set_bool(m, "present", str_eq(ids[i], v->row.conclusion));
        val_set_bool(m, "shown", str_eq(ids[i], shown));
        val_set_str(m, "href", version_path(h, v, "", ids[i]));
    }
    val_set_i64(root, "version_count", n);
    struct val *save = val_set_map(root, "save");
    val_set_str(save, "pdf", version_path(h, v, "/conclusion.pdf", shown));
    val_set_str(save, "json", version_path(h, v, "/conclusion.json", shown));
    val_set_str(save, "p7s", version_path(h, v, "/conclusion.p7s", shown));
    return OK;
}

enum err case_set_signed(struct http_req *h, const struct case_view *v, struct val *root)
{
    struct signed_doc d;
    struct str want = http_query(h, S("v"));
    if (v->row.conclusion.n == 0) {
        return OK;
    }
    TRY(signed_get(&h->rq, v->row.id, want.n > 0 ? want : S(""), AUDIT_READ, &d));
    TRY(case_doc(h, d.bytes, val_set_map(root, "doc")));
    case_signature(h, &d, val_set_map(root, "sig"));
    return set_versions(h, v, d.bundle_id, root);
}
