/* web/open_link.c - links that whoever holds them may open. See open_link.h. */
#include "web/open_link.h"

#include "base/text.h"
#include "care/grant.h"
#include "store/tx.h"
#include "web/tpl.h"

enum { RATE_KEY_MAX = 80, FAILURES_MAX = 20 /* in the span of care/grant.h */ };

static struct str rate_key(struct http_req *h, const char *kind)
{
    struct buf b;
    buf_init(&b, h->rq.a, RATE_KEY_MAX);
    buf_str(&b, str_z(kind));
    buf_char(&b, ' ');
    buf_str(&b, str_z(h->rq.peer));
    return buf_get(&b);
}

enum err open_link_check(struct http_req *h, const char *kind)
{
    return rate_check(&h->rq, rate_key(h, kind), FAILURES_MAX);
}

enum err open_link_count(struct http_req *h, struct tx *tx, const char *kind)
{
    return rate_count(&h->rq, tx, rate_key(h, kind));
}

enum err open_link_lost(struct http_req *h, const char *kind, http_handler_fn gone)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    err_clear(&h->rq);
    TRY(open_link_count(h, tx, kind));
    return http_commit(h, tx, gone);
}

enum err open_link_gone(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("This link is not valid"), &root));
    page_kind(root, "narrow");
    return page_reply_status(h, 404, root, tpl_shared_gone);
}

struct val *open_link_code(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "code", T("Code you were told"), S(""));
    val_set_z(f, "mode", "numeric");
    val_set_z(f, "width", "w8");
    val_set_z(f, "auto", "off");
    return f;
}
