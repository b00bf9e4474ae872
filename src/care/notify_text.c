/* care/notify_text.c - the words of messages. See notify.h. */
#include <sodium.h>

#include "base/text.h"
#include "care/account.h"
#include "care/notify.h"
#include "codec/b64.h"
#include "store/vault.h"

enum { LETTER_MAX = 600 };

enum err notify_lang(struct req *rq, struct str owner, enum lang *ret_lang)
{
    struct account acc;
    enum err e = account_by_person(rq, owner, &acc);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_lang = care_of(rq)->notify.lang;
        return OK;
    }
    TRY(e);
    *ret_lang = acc.lang;
    return OK;
}

/* The page of an invitation. What does not open any more, after server.key was lost, leads to the first
 * page: the letter goes, and nobody is kept waiting behind it. */
static void invited_link(struct req *rq, struct str queued, struct buf *link)
{
    struct str sealed = b64_decoded(rq->a, queued, B64_URL);
    struct str token = {0};
    if (sealed.p == NULL
        || vault_open(rq, care_of(rq)->store, S(NOTIFY_SEALED), sealed, &token) != OK) {
        err_clear(rq);
        buf_str(link, S("/sign-in"));
        return;
    }
    buf_str(link, S("/invite/staff/"));
    buf_str(link, token);
    sodium_memzero((void *)(uintptr_t)token.p, token.n);
}

enum err notify_letter(struct req *rq, enum lang lang, enum notice_kind kind, uint64_t n,
                       struct str code, struct notify_letter *ret_letter)
{
    struct notify_letter l = {.title = tr(lang, T("There is something for you"))};
    struct buf number;
    struct buf text;
    struct buf link;
    struct str base = care_of(rq)->notify.base_url;

    buf_init(&number, rq->a, 24);
    buf_init(&text, rq->a, LETTER_MAX);
    buf_init(&link, rq->a, LETTER_MAX);
    buf_u64(&number, n);
    if (n > 1) {
        const struct text_arg args[] = {{S("n"), buf_get(&number)}};
        text_fill(&text, trn(lang, TN("There is {n} new notice for you.",
                                      "There are {n} new notices for you."), n), args, LEN(args));
    } else {
        buf_str(&text, tr(lang, notice_text(kind)));
    }
    if (kind == NOTICE_CODE) {
        l.title = tr(lang, T("Your code"));
        buf_char(&text, ' ');
        buf_str(&text, code);
    } else if (kind == NOTICE_RING) {
        l.title = tr(lang, T("Emergency request"));
    } else if (kind == NOTICE_INVITED) {
        l.title = tr(lang, T("An invitation to sign in"));
    } else if (kind == NOTICE_TEST) {
        l.title = tr(lang, T("Test message"));
    }
    if (base.n > 0 && kind != NOTICE_CODE) {
        buf_str(&link, base);
        if (kind == NOTICE_INVITED) {
            invited_link(rq, code, &link);
        } else {
            buf_str(&link, kind == NOTICE_TEST ? S("/account/notices") : S("/notices"));
        }
        l.link = buf_get(&link);
    }
    l.text = buf_get(&text);
    *ret_letter = l;
    return buf_ok(&text) && buf_ok(&link) ? OK : FAIL(rq, E_TOO_LARGE, "letter");
}
