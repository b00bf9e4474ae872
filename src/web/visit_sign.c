/* web/visit_sign.c - the exact text of a visit's note, the password, the signature; the signed files. */
#include "web/pages.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/signing.h"
#include "web/tpl.h"
#include "web/visit.h"

static enum err preview(struct http_req *h, const char *fault)
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
    TRY(signing_set(h, &paper, fault, root));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_visit_preview);
}

enum err web_visit_preview(struct http_req *h)
{
    return preview(h, signing_changed(h));
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

enum err web_visit_sign(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct visit_view *v = NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    struct str password = http_form(h, S("password"));
    if (password.n == 0) {
        return preview(h, T("Type your password to sign."));
    }
    TRY(visit_of_path(h, AUDIT_READ, &v));
    e = visit_note_sign(&h->rq, tx, v, page_sent(h, "sha"), password);
    if (e != OK && signing_fault(e) != NULL) {
        err_clear(&h->rq);
        return preview(h, signing_fault(e));
    }
    if (e == E_STALE || e == E_CONFLICT) {
        return sign_late(h);
    }
    TRY(e);
    h->on_fail = sign_late;
    return page_commit(h, tx, visit_path(h, v->id, v->note.n > 0 ? "?done=note-corrected"
                                                                 : "?done=note-signed"));
}

/* ---- the files ---- */

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
