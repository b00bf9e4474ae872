/* web/conclusion_sign.c - the exact text of the document, the password, the signature; and the signed
 * files to take away. */
#include "web/pages.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/conclusion.h"
#include "web/tpl.h"

/* ---- the preview ---- */

static enum err preview(struct http_req *h, const char *fault)
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
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, "password", fault);
    }
    TRY(case_doc(h, paper.bytes, val_set_map(root, "doc")));
    struct val *sign = val_set_map(root, "sign");
    val_set_str(sign, "sha", arena_str(h->rq.a, str_z(paper.sha)));
    val_set_bool(sign, "corrects", v->row.conclusion.n > 0);
    struct val *f = page_field(h, root, "password", T("Your password"), S(""));
    val_set_z(f, "type", "password");
    val_set_z(f, "auto", "current-password");
    val_set_z(f, "width", "w20");
    val_set_str(f, "value", S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("Your signature key is opened by it, for this one signature.")));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_conclusion_preview);
}

enum err web_conclusion_preview(struct http_req *h)
{
    return preview(h, http_query(h, S("changed")).n > 0
                          ? T("The text was changed since you looked: read it once more, then sign.")
                          : NULL);
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

/* What the form can say about a failed signature; NULL: an error page says it. */
static const char *sign_fault(enum err e)
{
    if (e == E_SIGN_IN) {
        return T("The password is wrong. Nothing was signed.");
    }
    if (e == E_LOCKED) {
        return T("Too many wrong passwords: wait some minutes. Nothing was signed; the text is kept.");
    }
    return e == E_BUSY ? T("The server is busy: try again. Nothing was signed.") : NULL;
}

/* Another preview, another move of the case, or somebody else's signature came between. */
static enum err sign_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    struct str id = http_param(h, S("case"));
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    if (page_done_before(h, &e)) { /* the other click signed it */
        return e;
    }
    return http_redirect(h, case_path(h, id, "/conclusion/preview?changed=1"));
}

enum err web_conclusion_sign(struct http_req *h)
{
    struct str id = http_param(h, S("case"));
    struct tx *tx = tx_new(&h->rq);
    struct str bundle;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    struct str password = http_form(h, S("password"));
    if (password.n == 0) {
        return preview(h, T("Type your password to sign."));
    }
    e = sign_conclusion(&h->rq, tx, id, page_sent(h, "sha"), password, &bundle);
    if (e != OK && sign_fault(e) != NULL) {
        err_clear(&h->rq);
        return preview(h, sign_fault(e));
    }
    if (e == E_STALE || e == E_CONFLICT) {
        return sign_late(h);
    }
    TRY(e);
    h->on_fail = sign_late;
    bool corrects = page_sent(h, "corrects").n > 0;
    return page_commit(h, tx, case_path(h, id, corrects ? "?done=corrected" : "?done=signed"));
}

/* ---- the files ---- */

static enum err signed_load(struct http_req *h, struct signed_doc *ret_doc)
{
    struct str version = http_query(h, S("v"));
    return signed_get(&h->rq, http_param(h, S("case")), version.n > 0 ? version : S(""),
                      AUDIT_DOWNLOAD, ret_doc);
}

/* "conclusion-ABCD1234.pdf": names the case by its short number, never the patient. */
static enum err send_file(struct http_req *h, const char *type, const char *ending,
                          struct str bytes, bool open)
{
    struct buf b;
    buf_init(&b, h->rq.a, 200);
    buf_str(&b, open ? S("inline; filename=\"conclusion-") : S("attachment; filename=\"conclusion-"));
    buf_str(&b, case_number(h->rq.a, http_param(h, S("case"))));
    buf_str(&b, str_z(ending));
    buf_char(&b, '"');
    http_reply_header(h, "Content-Disposition", buf_get(&b));
    return http_reply(h, 200, str_z(type), bytes);
}

enum err web_conclusion_json(struct http_req *h)
{
    struct signed_doc d;
    TRY(signed_load(h, &d));
    return send_file(h, "application/fhir+json", ".json", d.bytes, false);
}

enum err web_conclusion_p7s(struct http_req *h)
{
    struct signed_doc d;
    TRY(signed_load(h, &d));
    return send_file(h, "application/pkcs7-signature", ".json.p7s", d.cms, false);
}

enum err web_conclusion_pdf(struct http_req *h)
{
    struct signed_doc d;
    struct str pdf;
    TRY(signed_load(h, &d));
    TRY(signed_pdf(&h->rq, &d, &pdf));
    return send_file(h, "application/pdf", ".pdf", pdf, true);
}

enum err web_case_print(struct http_req *h)
{
    struct str pdf;
    TRY(request_pdf(&h->rq, http_param(h, S("case")), &pdf));
    http_reply_header(h, "Content-Disposition", S("inline; filename=\"request.pdf\""));
    return http_reply(h, 200, S("application/pdf"), pdf);
}
