/* api/sign.c - POST /cases/:case/conclusion.p7s: software sends the signature that a person's own token
 * made over the bytes of GET /cases/:case/conclusion/preview.json; the conclusion is signed and sent.
 *
 * POST /consilium/:item/protocol.p7s: the same for a member and the protocol of a consilium, over the
 * bytes of GET /consilium/:item/sign/preview.json.
 *
 * POST /consilium/:item/opinion.p7s: the same for the opinion of a member, over the bytes of
 * GET /consilium/:item/opinion/preview.json.
 *
 * Body: the CMS, DER, PEM or base64, of any media type. Answer: 201 with the address of the document. */
#include "api/fhir_int.h"
#include "care/consilium.h"
#include "care/sign_case.h"
#include "store/tx.h"

static enum err signed_reply(struct http_req *h)
{
    const struct str *path = h->page_ctx;
    http_reply_header(h, "Location", *path);
    return http_reply(h, 201, S("text/plain; charset=utf-8"), *path);
}

/* The address the answer names: before, id, middle, end. */
static enum err path_set(struct http_req *h, struct str before, struct str id, struct str middle,
                         struct str end)
{
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct buf b;
    TRY_MEM(&h->rq, path);
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, before);
    buf_str(&b, id);
    buf_str(&b, middle);
    buf_str(&b, end);
    *path = buf_get(&b);
    h->page_ctx = path;
    return OK;
}

/* Whether the software may, and sent anything. */
static enum err enter(struct http_req *h, const struct sign_means *means)
{
    TRY(api_enter(h));
    TRY(api_may(h, T_PROVENANCE, OP_CREATE));
    return means->file.n > 0
               ? OK
               : FAIL(&h->rq, E_BAD_INPUT, "the body is the signature: CMS as DER, PEM or base64");
}

enum err api_conclusion_sign(struct http_req *h)
{
    struct sign_means means = {.file = http_body(h)};
    struct tx *tx = tx_new(&h->rq);
    struct sign_paper paper;
    struct case_row row;
    struct str bundle;
    TRY_MEM(&h->rq, tx);
    TRY(enter(h, &means));
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_READ, &row));
    TRY(sign_preview_load(&h->rq, row.id, &paper));
    TRY(sign_conclusion(&h->rq, tx, row.id, arena_str(h->rq.a, str_z(paper.sha)), &means, &bundle));
    TRY(path_set(h, S("/cases/"), row.id, S("/conclusion.json?v="), bundle));
    return http_commit(h, tx, signed_reply);
}

enum err api_protocol_sign(struct http_req *h)
{
    struct sign_means means = {.file = http_body(h)};
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    struct consilium_item *item = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct str id = http_param(h, S("item"));
    struct str bytes;
    char sha[65];
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, c);
    TRY(enter(h, &means));
    TRY(consilium_open_item(&h->rq, id, AUDIT_READ, c, &item));
    TRY(protocol_bytes(&h->rq, item, &bytes, sha));
    TRY(protocol_sign(&h->rq, tx, id, arena_str(h->rq.a, str_z(sha)), &means));
    TRY(path_set(h, S("/consilium/"), id, S("/protocol.json"), S("")));
    return http_commit(h, tx, signed_reply);
}

enum err api_opinion_sign(struct http_req *h)
{
    struct sign_means means = {.file = http_body(h)};
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    struct consilium_item *item = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct str id = http_param(h, S("item"));
    struct opinion_paper paper;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, c);
    TRY(enter(h, &means));
    TRY(consilium_open_item(&h->rq, id, AUDIT_READ, c, &item));
    TRY(consilium_opinion_fixed(&h->rq, id, &paper));
    TRY(consilium_opinion_sign(&h->rq, tx, id, arena_str(h->rq.a, str_z(paper.sha)), &means));
    TRY(path_set(h, S("/consilium/"), id, S("/opinions/"), paper.person));
    return http_commit(h, tx, signed_reply);
}
