/* web/signing.c - pages that sign a paper and hand out the signed files. See signing.h. */
#include "web/signing.h"

#include "base/text.h"
#include "care/outside.h"
#include "web/case_view.h"

enum { DISPOSITION_MAX = 200 };

void signing_password(struct http_req *h, struct val *root)
{
    struct val *f = page_secret(h, root, "password", T("Your password"), "current-password");
    const char *hint = h->rq.who->bare
                           ? T("Your account has no password to open a signature key with: the administrator "
                               "of your organisation can send you a link by which you choose one.")
                           : T("Your signature key is opened by it, for this one signature.");
    val_set_str(f, "hint", tr(h->rq.lang, hint));
}

const char *signing_fault(enum err e)
{
    if (e == E_SIGN_IN) {
        return T("The password is wrong. Nothing was signed.");
    }
    if (e == E_LOCKED) {
        return T("Too many wrong passwords: wait some minutes. Nothing was signed; the text is kept.");
    }
    return e == E_BUSY ? T("The server is busy: try again. Nothing was signed.") : NULL;
}

const char *signing_changed(struct http_req *h)
{
    return http_query(h, S("changed")).n > 0
               ? T("The text was changed since you looked: read it once more, then sign.")
               : NULL;
}

void signing_token(struct http_req *h, struct str base, struct val *root)
{
    if (!outside_offered(care_of(&h->rq))) {
        return;
    }
    struct val *m = val_set_map(root, "token");
    val_set_str(m, "bytes", page_path(h, "", base, "/preview.json"));
    val_set_str(m, "action", page_path(h, "", base, "/token"));
    struct val *file = page_field(h, root, "signature", T("File of the signature"), S(""));
    val_set_str(file, "hint",
                tr(h->rq.lang, T("p7s, sig or cms: as the signing software saved it, DER, PEM or base64.")));
    struct val *text = page_field(h, root, "signature_text", T("Or the signature as text (base64)"), S(""));
    val_set_i64(text, "rows", 4);
}

struct str signing_file_sent(struct http_req *h)
{
    struct http_file file;
    for (uint32_t i = 0; http_file(h, i, &file); i++) {
        if (str_eq(file.field, S("signature")) && file.bytes.n > 0) {
            return file.bytes;
        }
    }
    struct str text = page_sent(h, "signature_text");
    return text.n > 0 ? text : (struct str){0};
}

enum err signing_bytes(struct http_req *h, const char *name, struct str id)
{
    struct sign_paper paper;
    struct signed_doc d = {0};
    TRY(sign_preview_load(&h->rq, id, &paper));
    d.bytes = paper.bytes;
    return signing_send(h, name, id, &d, SIGNING_JSON);
}

enum err signing_set(struct http_req *h, const struct sign_paper *paper,
                     const struct signing_fault *fault, struct val *root)
{
    page_kind(root, "narrow");
    if (fault->text != NULL) {
        page_error(h, root, fault->field, fault->text);
    }
    TRY(case_doc(h, paper->bytes, val_set_map(root, "doc")));
    val_set_str(val_set_map(root, "sign"), "sha", arena_str(h->rq.a, str_z(paper->sha)));
    signing_password(h, root);
    return OK;
}

enum err signing_late(struct http_req *h, struct str again)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return page_done_before(h, &e) ? e : http_redirect(h, again); /* the other click signed it */
}

enum err signing_send(struct http_req *h, const char *name, struct str id,
                      const struct signed_doc *d, enum signing_file file)
{
    static const struct {
        const char *type, *shown, *ending;
    } files[] = {
        [SIGNING_JSON] = {"application/fhir+json", "attachment", ".json"},
        [SIGNING_CMS] = {"application/pkcs7-signature", "attachment", ".json.p7s"},
        [SIGNING_PDF] = {"application/pdf", "inline", ".pdf"},
    };
    struct str bytes = file == SIGNING_CMS ? d->stamped : d->bytes;
    struct buf b;
    if (file == SIGNING_PDF) {
        TRY(signed_pdf(&h->rq, d, &bytes));
    }
    buf_init(&b, h->rq.a, DISPOSITION_MAX);
    buf_str(&b, str_z(files[file].shown));
    BUF_LIT(&b, "; filename=\"");
    buf_str(&b, str_z(name));
    buf_char(&b, '-');
    buf_str(&b, case_number(h->rq.a, id));
    buf_str(&b, str_z(files[file].ending));
    buf_char(&b, '"');
    http_reply_header(h, "Content-Disposition", buf_get(&b));
    return http_reply(h, 200, str_z(files[file].type), bytes);
}
