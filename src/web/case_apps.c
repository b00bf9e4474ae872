/* web/case_apps.c - a registered application is opened about a case, in the same window: it learns the
 * case and its patient once the person has let it in (web/consent.c). */
#include "web/pages.h"

#include "base/text.h"
#include "care/grant.h"
#include "codec/url.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/tpl.h"

enum { APPS_SHOWN = 20 };
#define INTENT "consultation"

enum err web_case_apps(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct client *apps = ARENA_ARRAY(h->rq.a, APPS_SHOWN, struct client);
    struct val *root = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, apps);
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(launch_list(&h->rq, apps, APPS_SHOWN, &n));
    TRY(case_begin(h, v, T("Open in an application"), &root));
    page_kind(root, "narrow");
    struct val *list = val_set_list(root, "apps");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        struct url u;
        val_set_str(m, "id", apps[i].id);
        val_set_str(m, "name", apps[i].name);
        val_set_str(m, "host", url_split(apps[i].launch_url, &u) ? u.host : apps[i].launch_url);
    }
    TRY(page_reply(h, root, tpl_case_apps));
    for (uint32_t i = 0; i < n; i++) {
        http_reply_form_to(h, client_origin(h->rq.a, apps[i].launch_url));
    }
    return OK;
}

static enum err gone(struct http_req *h)
{
    return http_redirect_away(h, *(const struct str *)h->page_ctx);
}

enum err web_case_apps_open(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str *to = ARENA_NEW(h->rq.a, struct str);
    const struct launch_ask ask = {.client = page_sent(h, "app"),
                                   .case_id = http_param(h, S("case")),
                                   .intent = S(INTENT)};
    char value[GRANT_VALUE_MAX];
    struct client c;
    struct buf iss;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, to);
    TRY(launch_begin(&h->rq, tx, &ask, value));
    TRY(client_find(&h->rq, ask.client, &c));
    if (!launch_may(h->rq.who, &c)) {
        return FAIL(&h->rq, E_NOT_FOUND, "no application of theirs");
    }
    buf_init(&iss, h->rq.a, 1024);
    buf_str(&iss, http_public_url(h));
    BUF_LIT(&iss, "/fhir");
    TRY(launch_address(&h->rq, &c, buf_get(&iss), str_z(value), to));
    h->page_ctx = to;
    return http_commit(h, tx, gone);
}
