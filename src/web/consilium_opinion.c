/* web/consilium_opinion.c - the opinion of a member as it will be signed by a token of one's own, the
 * signature that comes back; a signed opinion to take away. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "care/sign.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/signing.h"
#include "web/tpl.h"

struct told {
    struct consilium c;
    struct consilium_item *item;
    struct opinion_paper paper;
};

/* Where the text is written. */
static struct str writing_path(struct http_req *h, const struct told *t)
{
    bool own = str_eq(t->paper.person, h->rq.who->person);
    struct buf b;
    buf_init(&b, h->rq.a, 256);
    buf_str(&b, consilium_item_path(h, t->item->id, own ? "/move/opinion" : "/move/beside?of="));
    buf_str(&b, own ? S("") : t->paper.person);
    return buf_get(&b);
}

/* errors  E_NOT_FOUND  not theirs; with *ret_t: no opinion was fixed */
static enum err open_told(struct http_req *h, enum audit_action action, struct told **ret_t)
{
    struct told *t = ARENA_NEW(h->rq.a, struct told);
    TRY_MEM(&h->rq, t);
    TRY(consilium_open_item(&h->rq, http_param(h, S("item")), action, &t->c, &t->item));
    *ret_t = t;
    return consilium_opinion_fixed(&h->rq, t->item->id, &t->paper);
}

static enum err show(struct http_req *h, const char *fault)
{
    struct told *t = NULL;
    struct val *root = NULL;
    enum err e = open_told(h, AUDIT_READ, &t);
    if (e == E_NOT_FOUND && t != NULL) { /* signed meanwhile, or never written */
        err_clear(&h->rq);
        const char *late = fault != NULL ? "?done=consilium-late" : "";
        return http_redirect(h, consilium_item_path(h, t->item->id, late));
    }
    TRY(e);
    TRY(consilium_begin(h, &t->c, T("Sign my opinion"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, "signature", fault);
    }
    TRY(consilium_set_item(h, &t->c, t->item, root));
    struct val *m = val_set_map(root, "opinion");
    val_set_str(m, "text", t->paper.text);
    val_set_str(m, "name", dir_person_name(t->c.dir, t->paper.person));
    val_set_bool(m, "beside", !str_eq(t->paper.person, h->rq.who->person));
    val_set_str(m, "change", writing_path(h, t));
    val_set_str(val_set_map(root, "sign"), "sha", arena_str(h->rq.a, str_z(t->paper.sha)));
    val_set_bool(root, "alone", true);
    signing_token(h, consilium_item_path(h, t->item->id, "/opinion"), root);
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_consilium_opinion);
}

enum err web_consilium_opinion(struct http_req *h)
{
    return show(h, NULL);
}

enum err consilium_opinion_show(struct http_req *h, struct tx *tx, struct str person)
{
    struct str item = http_param(h, S("item"));
    TRY(consilium_opinion_fix(&h->rq, tx, item, person, page_sent(h, "text")));
    return page_commit(h, tx, consilium_item_path(h, item, "/opinion"));
}

enum err web_consilium_opinion_token(struct http_req *h)
{
    struct sign_means means = {.file = signing_file_sent(h)};
    struct str id = http_param(h, S("item"));
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct tx *tx = tx_new(&h->rq);
    const char *field = NULL;
    const char *text = NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, path);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (means.file.p == NULL) {
        return show(h, T("Choose the file of the signature."));
    }
    *path = consilium_item_path(h, id, "");
    h->page_ctx = path;
    h->on_fail = consilium_late;
    e = consilium_opinion_sign(&h->rq, tx, id, page_sent(h, "sha"), &means);
    if (e == E_BAD_INPUT && means.fault != NULL) {
        err_clear(&h->rq);
        return show(h, means.fault);
    }
    if (e != OK && consilium_fault(h, e, &field, &text)) {
        err_clear(&h->rq);
        return show(h, e == E_STALE
                           ? T("The text was changed since you looked: read it once more, then sign.")
                           : text);
    }
    TRY(e);
    return page_commit(h, tx,
                       consilium_item_path(h, id, means.warning != NULL ? "?done=consilium-opinion-unasked"
                                                                        : "?done=consilium-moved"));
}

/* ---- files ---- */

static enum err send_file(struct http_req *h, const struct told *t, struct str bytes)
{
    struct buf b;
    buf_init(&b, h->rq.a, 200);
    BUF_LIT(&b, "attachment; filename=\"opinion-");
    buf_str(&b, case_number(h->rq.a, t->item->id));
    BUF_LIT(&b, ".json\"");
    http_reply_header(h, "Content-Disposition", buf_get(&b));
    return http_reply(h, 200, S("application/fhir+json"), bytes);
}

enum err web_consilium_opinion_bytes(struct http_req *h)
{
    struct told *t = NULL;
    TRY(open_told(h, AUDIT_DOWNLOAD, &t));
    return send_file(h, t, t->paper.bytes);
}

enum err web_consilium_opinion_file(struct http_req *h)
{
    struct told *t = ARENA_NEW(h->rq.a, struct told);
    struct str json;
    TRY_MEM(&h->rq, t);
    TRY(consilium_open_item(&h->rq, http_param(h, S("item")), AUDIT_DOWNLOAD, &t->c, &t->item));
    TRY(consilium_opinion_package(&h->rq, &t->c, t->item, http_param(h, S("person")), &json));
    return send_file(h, t, json);
}
