/* web/check.c - anybody who holds a document checks it by its code: whether it is valid, who signed it,
 * when, and whether a later version replaces it. Nothing else is said, and a wrong code is answered by
 * the same page. */
#include "web/pages.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "web/page.h"
#include "web/tpl.h"

enum { CODE_MAX = 80 };

/* As people type it: capitals, blanks and dashes between groups do not matter. */
static struct str code_clean(struct http_req *h, struct str typed)
{
    struct buf b;
    buf_init(&b, h->rq.a, CODE_MAX);
    for (size_t i = 0; i < typed.n && i < CODE_MAX - 1; i++) {
        char c = typed.p[i];
        if (c != ' ' && c != '-') {
            buf_char(&b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
        }
    }
    return buf_get(&b);
}

static enum err show(struct http_req *h, struct str code, const struct sign_answer *a)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Check a document"), &root));
    page_kind(root, "narrow");
    val_set_str(root, "code", code);
    if (code.n > 0) {
        struct val *m = val_set_map(root, "answer");
        val_set_bool(m, "valid", a->valid);
        val_set_bool(m, "replaced", a->valid && a->replaced);
        if (a->valid) {
            val_set_str(m, "signer", a->signer);
            val_set_str(m, "post", a->post);
            if (!str_eq(a->post, a->certificate_post)) {
                val_set_str(m, "certificate_post", a->certificate_post);
            }
            val_set_str(m, "org", a->organization);
            val_set_instant(m, "at", a->signed_at);
        }
        val_set_bool(m, "asked", true);
    }
    return page_reply(h, root, tpl_check);
}

enum err web_check_page(struct http_req *h)
{
    static const struct sign_answer none;
    struct str code = http_query(h, S("code"));
    struct str clean = code.n > 0 ? code_clean(h, str_trim(code)) : S("");
    if (clean.n > 0 && sign_code_is_valid(clean)) {
        return http_redirect(h, page_path(h, "/check/", clean, ""));
    }
    return show(h, clean, &none);
}

enum err web_check(struct http_req *h)
{
    struct sign_answer a = {.valid = false};
    struct str code = code_clean(h, http_param(h, S("code")));
    enum err e = sign_check(&h->rq, code, &a);
    if (e == E_NOT_FOUND || e == E_CHECKSUM || e == E_GONE) {
        err_clear(&h->rq);
        a = (struct sign_answer){.valid = false};
        e = OK;
    }
    TRY(e);
    return show(h, code, &a);
}
