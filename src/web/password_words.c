/* web/password_words.c - what pages say of a new password. See password_words.h. */
#include "web/password_words.h"

#include "base/text.h"
#include "care/password.h"
#include "web/format.h"

static void counted(struct http_req *h, struct buf *b, const char *one, const char *other)
{
    struct buf digits;
    uint32_t n = care_of(&h->rq)->password_least;
    buf_init(&digits, h->rq.a, 12);
    buf_u64(&digits, n);
    const struct text_arg arg = {S("n"), buf_get(&digits)};
    text_fill(b, trn(h->rq.lang, one, other, n), &arg, 1);
}

void password_hint(struct http_req *h, struct val *field, bool many)
{
    struct buf b;
    buf_init(&b, h->rq.a, 400);
    counted(h, &b, TN("At least {n} character.", "At least {n} characters."));
    if (many) {
        buf_char(&b, ' ');
        buf_str(&b, tr(h->rq.lang, T("Several words are better than signs.")));
    }
    val_set_str(field, "hint", buf_get(&b));
}

struct str password_short(struct http_req *h)
{
    struct buf b;
    buf_init(&b, h->rq.a, 400);
    counted(h, &b, TN("The new password needs at least {n} character.",
                      "The new password needs at least {n} characters."));
    return buf_get(&b);
}

struct str password_fault(struct http_req *h)
{
    const char *fault = password_fault_text(&h->rq);
    return fault != NULL ? tr(h->rq.lang, fault) : password_short(h);
}
