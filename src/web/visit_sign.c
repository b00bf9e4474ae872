/* web/visit_sign.c - the exact text of a visit's note, the password, the signature; the signed files. */
#include "web/pages.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/signing.h"
#include "web/tpl.h"
#include "web/visit.h"

static enum err preview(struct http_req *h, const char *field, const char *fault)
{
    struct visit_view *v = NULL;
    struct val *root = NULL;
    struct sign_paper paper;
    TRY(visit_of_path(h, AUDIT_READ, &v));
    enum err e = v->actor != 0 ? sign_preview_load(&h->rq, v->id, &paper)
                               : FAIL(&h->rq, E_NOT_FOUND, "preview");
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return http_redirect(h, visit_path(h, v->id, v->actor != 0 ? "/note" : ""));
    }
    TRY(e);
    TRY(visit_values(h, v, T("Look through and sign"), &root));
    TRY(signing_set(h, &paper, &(struct signing_fault){field, fault}, root));
    signing_token(h, visit_path(h, v->id, "/note"), root);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_visit_preview);
}

enum err web_visit_preview(struct http_req *h)
{
    return preview(h, "password", signing_changed(h));
}

enum err web_visit_preview_pdf(struct http_req *h)
{
    struct visit_view *v = NULL;
    struct sign_paper paper;
    struct str pdf;
    TRY(visit_of_path(h, AUDIT_PRINT, &v));
    TRY(sign_preview_load(&h->rq, v->id, &paper));
    TRY(preview_pdf(&h->rq, &paper, &pdf));
    return http_reply(h, 200, S("application/pdf"), pdf);
}

static enum err sign_late(struct http_req *h)
{
    return signing_late(h, visit_path(h, http_param(h, S("visit")), "/note/preview?changed=1"));
}

/* Signs; field: where a fault is shown. */
static enum err sign_by_means(struct http_req *h, const char *field, struct sign_means *means)
{
    struct tx *tx = tx_new(&h->rq);
    struct visit_view *v = NULL;
    TRY_MEM(&h->rq, tx);
    TRY(visit_of_path(h, AUDIT_READ, &v));
    enum err e = visit_note_sign(&h->rq, tx, v, page_sent(h, "sha"), means);
    const char *fault = e == E_BAD_INPUT && means->fault != NULL ? means->fault : signing_fault(e);
    if (e != OK && fault != NULL) {
        err_clear(&h->rq);
        return preview(h, field, fault);
    }
    if (e == E_STALE || e == E_CONFLICT) {
        return sign_late(h);
    }
    TRY(e);
    h->on_fail = sign_late;
    const char *done = means->warning != NULL ? "?done=signed-unasked"
                       : v->note.n > 0        ? "?done=note-corrected"
                                              : "?done=note-signed";
    return page_commit(h, tx, visit_path(h, v->id, done));
}

enum err web_visit_sign(struct http_req *h)
{
    struct sign_means means = {.password = http_form(h, S("password"))};
    enum err e = OK;
    if (page_done_before(h, &e)) {
        return e;
    }
    if (means.password.n == 0) {
        return preview(h, "password", T("Type your password to sign."));
    }
    return sign_by_means(h, "password", &means);
}

enum err web_visit_token(struct http_req *h)
{
    struct sign_means means = {.file = signing_file_sent(h)};
    enum err e = OK;
    if (page_done_before(h, &e)) {
        return e;
    }
    if (means.file.p == NULL) {
        return preview(h, "signature", T("Choose the file of the signature."));
    }
    return sign_by_means(h, "signature", &means);
}

/* ---- the files ---- */

enum err web_visit_bytes(struct http_req *h)
{
    struct visit_view *v = NULL;
    TRY(visit_of_path(h, AUDIT_DOWNLOAD, &v));
    return v->actor != 0 ? signing_bytes(h, "visit", v->id) : FAIL(&h->rq, E_NOT_FOUND, "preview");
}

static enum err signed_load(struct http_req *h, struct signed_doc *ret_doc)
{
    struct visit_view *v = NULL;
    struct str version = http_query(h, S("v"));
    TRY(visit_of_path(h, AUDIT_DOWNLOAD, &v));
    return visit_note_get(&h->rq, v->patient_rid, v->id, version.n > 0 ? version : S(""), ret_doc);
}

static enum err send_file(struct http_req *h, enum signing_file file)
{
    struct signed_doc d;
    TRY(signed_load(h, &d));
    return signing_send(h, "visit", http_param(h, S("visit")), &d, file);
}

enum err web_visit_json(struct http_req *h)
{
    return send_file(h, SIGNING_JSON);
}

enum err web_visit_p7s(struct http_req *h)
{
    return send_file(h, SIGNING_CMS);
}

enum err web_visit_pdf(struct http_req *h)
{
    return send_file(h, SIGNING_PDF);
}
