/* care/verify_stamp.c - time stamps of downloaded signatures. See verify_stamp.h. */
#include "care/verify_stamp.h"

#include <stdio.h>

#include "base/text.h"
#include "care/verify_int.h"

/* Clocks of who signs and who stamps may differ so far. */
#define CLOCK_MS (5 * MS_MINUTE)

static enum err tokens_look(struct req *rq, struct stamp_ask *ask, const struct str *tokens, uint32_t n,
                            struct stamp_facts *best)
{
    for (uint32_t i = 0; i < n; i++) {
        struct stamp_facts f;
        TRY(stamp_check(rq, tokens[i], ask, &f));
        bool better = f.why == STAMP_GOOD && (best->why != STAMP_GOOD || f.at.ms < best->at.ms);
        *best = i == 0 || better ? f : *best;
    }
    return OK;
}

enum err verify_stamp_find(struct req *rq, struct str file, const struct str *certs, uint32_t n_certs,
                           bool is_named, struct verify_stamp *ret_stamp)
{
    struct stamp_ask ask = {.certs = certs, .n_certs = n_certs, .until = rq->now};
    struct verify_stamp s = {.looked = n_certs > 0};
    struct str tokens[STAMP_TOKENS_MAX];
    struct str cms;
    struct str der;
    uint32_t n = 0;
    bool read = verify_cms(rq, file, &cms) == OK && outside_unwrap(rq, cms, &der) == OK
                && stamp_parts(rq, der, &ask.value, tokens, &n) == OK;
    err_clear(rq);
    if (read && n > 0) {
        s.carries = true;
        TRY(tokens_look(rq, &ask, tokens, s.looked ? n : 0, &s.facts));
        s.looked = s.looked && (is_named || s.facts.why != STAMP_NO_ROOT);
    }
    *ret_stamp = s;
    return OK;
}

struct instant verify_stamp_at(const struct verify_stamp *s, const struct cert_facts *signer)
{
    bool shows = s->carries && s->looked && s->facts.why == STAMP_GOOD && signer->from.ms <= s->facts.at.ms
                 && s->facts.at.ms < signer->until.ms;
    return shows ? s->facts.at : (struct instant){0};
}

const char *verify_stamp_fault(const struct verify_stamp *s, struct instant signed_at)
{
    if (!s->carries || !s->looked) {
        return "";
    }
    if (s->facts.why == STAMP_GOOD && s->facts.at.ms < signed_at.ms - CLOCK_MS) {
        return stamp_why_text(STAMP_OTHER_TIME);
    }
    return stamp_why_text(s->facts.why);
}

void verify_stamp_lines(const struct verify_stamp *s, struct verify_report *r)
{
    if (!s->carries) {
        return;
    }
    r->stamp_unlooked = !s->looked;
    if (!s->looked || r->n == VERIFY_LINES_MAX) {
        return;
    }
    const char *why = verify_stamp_fault(s, r->verdict.signed_at);
    struct verify_line *l = &r->lines[r->n++];
    l->what = T("the time stamp holds, by a trusted authority");
    l->ok = why[0] == 0;
    if (snprintf(l->why, sizeof l->why, "%s", why) < 0) {
        l->why[0] = 0;
    }
    r->good = r->good && l->ok;
    if (l->ok) {
        r->stamped_at = s->facts.at;
        r->stamped_by = s->facts.by;
        r->stamp_late = r->verdict.has_signer && s->facts.at.ms >= r->verdict.signer.until.ms;
    }
}
