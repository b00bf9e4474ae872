/* web/lang.c - the language of pages: a cookie for everybody, and the account's own choice. */
#include "web/pages.h"

#include "base/text.h"
#include "care/account.h"
#include "store/tx.h"
#include "web/page.h"

enum { YEAR_S = 365 * 24 * 3600 };

static enum err done(struct http_req *h)
{
    return http_redirect(h, page_back(h, "/", NULL));
}

enum err web_language(struct http_req *h)
{
    enum lang lang;
    struct account acc;
    if (!lang_parse(page_sent(h, "lang"), &lang)) {
        return FAIL(&h->rq, E_BAD_INPUT, "lang");
    }
    http_reply_cookie(h, S("lang"), lang_code(lang), YEAR_S);
    if (h->caller.kind != CALLER_SESSION) {
        return done(h);
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(account_by_login(&h->rq, h->rq.who->audit.login, &acc));
    TRY(account_lang(&h->rq, tx, &acc, lang));
    return http_commit(h, tx, done);
}
