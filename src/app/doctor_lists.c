/* app/doctor_lists.c - what consilium doctor says of the authorities of people's own tokens: certificates
 * that end, revocation lists that are missing or out of date. */
#include "app/app.h"
#include "care/outside.h"
#include "care/stamping.h"

enum { SOON_DAYS = 30 };

static void one_cert(const struct cert_facts *f, struct instant now, struct buf *b)
{
    bool ended = f->until.ms < now.ms;
    if (f->until.ms > now.ms + SOON_DAYS * MS_DAY) {
        return;
    }
    buf_str(b, ended ? S("urgent: the certificate of ") : S("advice: the certificate of "));
    buf_str(b, f->subject.common_name);
    buf_str(b, ended ? S(" in signature_roots ended ") : S(" in signature_roots ends "));
    instant_write(b, f->until);
    BUF_LIT(b, ": get the new one of the authority\n");
}

static enum err one_list(struct req *rq, struct str file, struct str name, struct buf *b)
{
    struct instant until;
    struct str whose;
    if (outside_crl_read(rq, file, &until, &whose) != OK) {
        err_clear(rq);
        BUF_LIT(b, "advice: ");
        buf_str(b, name);
        BUF_LIT(b, " in signature_lists is no revocation list\n");
    } else if (until.ms < rq->now.ms) {
        BUF_LIT(b, "urgent: the revocation list ");
        buf_str(b, name);
        BUF_LIT(b, " of ");
        buf_str(b, whose);
        BUF_LIT(b, " is out of date: signatures of its certificates are refused or taken with a warning\n");
    }
    return OK;
}

enum err app_outside_advice(struct req *rq, const struct app *app, struct buf *out)
{
    const struct outside_policy *p = &app->web.care.outside;
    struct str *lists = ARENA_ARRAY(rq->a, OUTSIDE_CRLS_MAX, struct str);
    struct str *names = ARENA_ARRAY(rq->a, OUTSIDE_CRLS_MAX, struct str);
    uint32_t n = 0;
    TRY_MEM(rq, lists);
    TRY_MEM(rq, names);
    if (!outside_offered(&app->web.care)) {
        return OK;
    }
    for (uint32_t i = 0; i < p->n_certs; i++) {
        struct cert_facts f;
        TRY(cert_read(rq, p->certs[i], &f));
        one_cert(&f, rq->now, out);
    }
    TRY(outside_lists_load(rq, p->lists, lists, names, &n));
    for (uint32_t i = 0; i < n; i++) {
        TRY(one_list(rq, lists[i], names[i], out));
    }
    if (n == 0 && p->hosts.n == 0) {
        BUF_LIT(out, "urgent: there is no revocation list in signature_lists, and signature_hosts lets "
                     "nobody be asked: signatures of tokens are refused or taken with a warning\n");
    }
    return OK;
}

/* Those that get none: what their readers are told, and what the administrator can do. */
static enum err stamps_given_up(struct req *rq, struct buf *out)
{
    static const struct {
        enum stamp_why why;
        struct str text;
    } rows[] = {
        {STAMP_UNREADABLE, SI(" signatures get no time stamp, for they cannot be read here: the database is "
                              "damaged; `consilium audit list` names them (no time stamp); when mended, "
                              "`consilium stamps again`\n")},
        {STAMP_CROWDED, SI(" signatures get no time stamp, for they came with as many of others as are "
                           "looked at: nothing is wrong with them\n")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        uint64_t n = 0;
        TRY(stamping_given_up(rq, rows[i].why, &n));
        if (n > 0) {
            buf_str(out, rows[i].why == STAMP_CROWDED ? S("advice: ") : S("urgent: "));
            buf_u64(out, n);
            buf_str(out, rows[i].text);
        }
    }
    return OK;
}

enum err app_stamp_advice(struct req *rq, const struct app *app, struct buf *out)
{
    uint64_t late = 0;
    TRY(stamps_given_up(rq, out));
    TRY(stamping_late(rq, &late));
    if (late == 0) {
        return OK;
    }
    BUF_LIT(out, "urgent: ");
    buf_u64(out, late);
    buf_str(out, stamping_offered(&app->web.care)
                     ? S(" signatures wait for their time stamp for more than a day: the log says why "
                         "(time-stamp-failed); see stamp_url and stamp_roots\n")
                     : S(" signatures wait for their time stamp for more than a day, and stamp_url names "
                         "nobody who would make it\n"));
    return OK;
}
