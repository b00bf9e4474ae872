/* web/conclusion_sign.c - the exact text of the document, the password, the signature; and the signed
 * files to take away. */
#include "web/pages.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/conclusion.h"
#include "web/signing.h"
#include "web/tpl.h"

/* ---- the preview ---- */

static enum err preview(struct http_req *h, const char *field, const char *fault)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct str id = http_param(h, S("case"));
    struct val *root = NULL;
    struct sign_paper paper;
    TRY_MEM(&h->rq, v);
    TRY(consult_view(&h->rq, id, v));
    if (conclusion_move(v) == NULL) {
        return http_redirect(h, case_path(h, id, ""));
    }
    enum err e = sign_preview_load(&h->rq, id, &paper);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return http_redirect(h, case_path(h, id, "/conclusion"));
    }
    TRY(e);
    TRY(case_begin(h, v, T("Look through and sign"), &root));
    TRY(signing_set(h, &paper, &(struct signing_fault){field, fault}, root));
    signing_token(h, case_path(h, id, "/conclusion"), root);
    val_set_bool(page_map(root, "sign"), "corrects", v->row.conclusion.n > 0);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_conclusion_preview);
}

enum err web_conclusion_preview(struct http_req *h)
{
    return preview(h, "password", signing_changed(h));
}

enum err web_conclusion_preview_pdf(struct http_req *h)
{
    struct sign_paper paper;
    struct case_row row;
    struct str pdf;
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_PRINT, &row));
    TRY(sign_preview_load(&h->rq, row.id, &paper));
    TRY(preview_pdf(&h->rq, &paper, &pdf));
    return http_reply(h, 200, S("application/pdf"), pdf);
}

/* ---- the signature ---- */

static enum err sign_late(struct http_req *h)
{
    return signing_late(h, case_path(h, http_param(h, S("case")), "/conclusion/preview?changed=1"));
}

/* Signs and sends; field: where a fault is shown. */
static enum err sign_by_means(struct http_req *h, const char *field, struct sign_means *means)
{
    struct str id = http_param(h, S("case"));
    struct tx *tx = tx_new(&h->rq);
    struct str bundle;
    TRY_MEM(&h->rq, tx);
    enum err e = sign_conclusion(&h->rq, tx, id, page_sent(h, "sha"), means, &bundle);
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
    const char *done = means->warning != NULL              ? "?done=signed-unasked"
                       : page_sent(h, "corrects").n > 0 ? "?done=corrected"
                                                        : "?done=signed";
    return page_commit(h, tx, case_path(h, id, done));
}

enum err web_conclusion_sign(struct http_req *h)
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

enum err web_conclusion_token(struct http_req *h)
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

enum err web_conclusion_bytes(struct http_req *h)
{
    struct case_row row;
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_DOWNLOAD, &row));
    return signing_bytes(h, "conclusion", row.id);
}

static enum err signed_load(struct http_req *h, struct signed_doc *ret_doc)
{
    struct str version = http_query(h, S("v"));
    return signed_get(&h->rq, http_param(h, S("case")), version.n > 0 ? version : S(""),
                      AUDIT_DOWNLOAD, ret_doc);
}

static enum err send_file(struct http_req *h, enum signing_file file)
{
    struct signed_doc d;
    TRY(signed_load(h, &d));
    return signing_send(h, "conclusion", http_param(h, S("case")), &d, file);
}

enum err web_conclusion_json(struct http_req *h)
{
    return send_file(h, SIGNING_JSON);
}

enum err web_conclusion_p7s(struct http_req *h)
{
    return send_file(h, SIGNING_CMS);
}

enum err web_conclusion_pdf(struct http_req *h)
{
    return send_file(h, SIGNING_PDF);
}

enum err web_case_print(struct http_req *h)
{
    struct str pdf;
    TRY(request_pdf(&h->rq, http_param(h, S("case")), &pdf));
    http_reply_header(h, "Content-Disposition", S("inline; filename=\"request.pdf\""));
    return http_reply(h, 200, S("application/pdf"), pdf);
}
