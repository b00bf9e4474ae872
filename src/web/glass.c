/* web/glass.c - a clinician outside the team opens a case with a reason, for 24 hours: on record, and
 * told to the heads. The page says nothing of the case, not even whether there is one. */
#include "web/pages.h"

#include "base/text.h"
#include "store/tx.h"
#include "care/glass.h"
#include "web/case_view.h"
#include "web/tpl.h"

static enum err show(struct http_req *h, const char *fault)
{
    struct val *root = NULL;
    struct str id = http_param(h, S("case"));
    TRY(page_begin(h, T("Open a case with a reason"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, "reason", fault);
    }
    struct val *f = page_field(h, root, "reason", T("Why must you see this case"), S(""));
    val_set_i64(f, "rows", 4);
    val_set_bool(f, "required", true);
    val_set_str(root, "post", case_path(h, id, "/glass"));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_glass);
}

enum err web_glass_page(struct http_req *h)
{
    return show(h, NULL);
}

enum err web_glass(struct http_req *h)
{
    struct str id = http_param(h, S("case"));
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = glass_break(&h->rq, tx, id, page_sent(h, "reason"));
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return show(h, T("Write the reason in at least 10 characters, at most 4000."));
    }
    if (e == E_CONFLICT) { /* in the team already */
        err_clear(&h->rq);
        return http_redirect(h, case_path(h, id, ""));
    }
    TRY(e);
    return page_commit(h, tx, case_path(h, id, "?done=glass"));
}
