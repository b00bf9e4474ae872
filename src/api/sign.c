/* api/sign.c - POST /cases/:case/conclusion.p7s: software sends the signature that a person's own token
 * made over the bytes of GET /cases/:case/conclusion/preview.json; the conclusion is signed and sent.
 *
 * Body: the CMS, DER, PEM or base64, of any media type. Answer: 201 with the address of the document. */
#include "api/fhir_int.h"
#include "care/sign_case.h"
#include "store/tx.h"

static enum err signed_reply(struct http_req *h)
{
    const struct str *path = h->page_ctx;
    http_reply_header(h, "Location", *path);
    return http_reply(h, 201, S("text/plain; charset=utf-8"), *path);
}

static enum err path_set(struct http_req *h, struct str case_id, struct str bundle)
{
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct buf b;
    TRY_MEM(&h->rq, path);
    buf_init(&b, h->rq.a, 512);
    BUF_LIT(&b, "/cases/");
    buf_str(&b, case_id);
    BUF_LIT(&b, "/conclusion.json?v=");
    buf_str(&b, bundle);
    *path = buf_get(&b);
    h->page_ctx = path;
    return OK;
}

enum err api_conclusion_sign(struct http_req *h)
{
    struct sign_means means = {.file = http_body(h)};
    struct tx *tx = tx_new(&h->rq);
    struct sign_paper paper;
    struct case_row row;
    struct str bundle;
    TRY_MEM(&h->rq, tx);
    TRY(api_enter(h));
    TRY(api_may(h, T_PROVENANCE, OP_CREATE));
    if (means.file.n == 0) {
        return FAIL(&h->rq, E_BAD_INPUT, "the body is the signature: CMS as DER, PEM or base64");
    }
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_READ, &row));
    TRY(sign_preview_load(&h->rq, row.id, &paper));
    TRY(sign_conclusion(&h->rq, tx, row.id, arena_str(h->rq.a, str_z(paper.sha)), &means, &bundle));
    TRY(path_set(h, row.id, bundle));
    return http_commit(h, tx, signed_reply);
}
