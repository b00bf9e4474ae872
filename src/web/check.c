/* web/check.c - anybody who holds a document checks it by its code: whether it is valid, who signed it,
 * when, and whether a later version replaces it. Nothing else is said, and a wrong code is answered by
 * the same page. */
#include "web/pages.h"

#include "base/text.h"
#include "care/consilium.h"
#include "care/sign_case.h"
#include "web/case_view.h"
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

/* answer.signers of a protocol that several signed: name, post, org, at, chair, refused, its time
 * stamp as of stamp.html; issuer and certificate of an own token. */
static enum err set_signers(struct http_req *h, const struct sign_answer *a, struct val *m)
{
    struct protocol_check *r = ARENA_NEW(h->rq.a, struct protocol_check);
    struct val *list = val_set_list(m, "signers");
    TRY_MEM(&h->rq, r);
    TRY(protocol_check(&h->rq, a->protocol, r));
    val_set_bool(m, "valid", a->valid && r->good);
    val_set_i64(m, "signed_n", r->n_signed);
    for (uint32_t i = 0; i < r->n; i++) {
        struct val *v = val_add_map(list);
        val_set_str(v, "name", r->all[i].name);
        val_set_str(v, "post", r->all[i].post);
        val_set_str(v, "org", r->all[i].org);
        val_set_str(v, "issuer", r->all[i].issuer);
        val_set_str(v, "certificate", r->all[i].certificate);
        val_set_instant(v, "at", r->all[i].at);
        case_stamp(h, &r->all[i].stamp, v);
        val_set_bool(v, "chair", r->all[i].chair);
        val_set_bool(v, "refused", r->all[i].refused);
    }
    return OK;
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
            val_set_str(m, "issuer", a->issuer);
            val_set_str(m, "certificate", a->certificate);
            val_set_instant(m, "at", a->signed_at);
            case_stamp(h, &a->stamp, m);
        }
        val_set_bool(m, "asked", true);
        if (a->valid && a->protocol.n > 0) {
            TRY(set_signers(h, a, m));
        }
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
