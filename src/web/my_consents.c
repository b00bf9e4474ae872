/* web/my_consents.c - what a patient agrees to: given and withdrawn, each saying what it means. */
#include "web/my.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/patient_account_consent.h"
#include "care/put.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { GIVEN_SHOWN = 50 };

static const struct {
    const char *title, *yes, *no;
} words[CONSENT_KINDS] = {
    [CONSENT_OBSERVERS] = {T("Observers and students"),
                           T("Students and doctors who learn may be present at your visits and when your "
                             "case is discussed. You see who is there."),
                           T("Nobody who does not treat you is let in, from now on.")},
    [CONSENT_SHARING] = {T("Sharing with others"),
                         T("Your doctor may send your images and records to others than those who treat "
                           "you, for example to a clinic abroad, each time for a stated reason."),
                         T("From now on nothing more goes out, and links that were sent stop working. What "
                           "was taken already cannot be called back. Those who treat you still see your "
                           "record.")},
    [CONSENT_RECORDING] = {T("Recording of meetings"),
                           T("Your doctor may ask to record a visit by video. Each time everybody who is "
                             "there is asked first, you too."),
                           T("No meeting about you is recorded, from now on; a recording that runs stops. "
                             "What was recorded before stays in your record.")},
    [CONSENT_ABROAD] = {T("Another country"),
                        T("Your doctor may ask doctors in another country about you, and your "
                          "records and images with your name go there."),
                        T("Nothing with your name goes to another country. Whoever is there sees "
                          "your record no more from the moment you withdraw, and links that were "
                          "sent there end. What they signed stays in your record. In an emergency "
                          "a doctor there may open a case with a reason; this is on record and "
                          "looked through.")},
};

/* Asked where there is another country to go to, and shown where it was decided. */
static enum err is_shown(struct http_req *h, enum consent_kind kind, const struct consent *c,
                         bool *ret_shown)
{
    *ret_shown = kind != CONSENT_ABROAD || c->state != CONSENT_UNASKED;
    return *ret_shown ? OK : abroad_any(&h->rq, ret_shown);
}

static const char *decision_text(const struct consent *c)
{
    bool given = c->state == CONSENT_GIVEN;
    bool written = str_eq(c->how, S("written"));
    bool unable = str_eq(c->how, S("unable"));
    return unable             ? T("you could not be asked, doctors decided; recorded by a doctor")
           : c->how.n > 0     ? (written ? T("agreed in writing, recorded by a doctor")
                                         : T("agreed orally, recorded by a doctor"))
           : c->represented   ? (given ? T("agreed, by who acts for the patient")
                                     : T("refused, by who acts for the patient"))
           : given            ? T("agreed")
                              : T("refused or withdrawn");
}

/* What was decided before the last time. */
static enum err set_history(struct http_req *h, const struct my *m, enum consent_kind kind, struct val *x)
{
    struct consent *all = ARENA_ARRAY(h->rq.a, CONSENTS_MAX, struct consent);
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(patient_consent_history(&h->rq, m->rid, kind, all, &n));
    struct val *list = val_set_list(x, "history");
    for (uint32_t i = 0; i < n; i++) {
        struct val *one = val_add_map(list);
        val_set_str(one, "text", tr(h->rq.lang, decision_text(&all[i])));
        val_set_instant(one, "at", all[i].at);
    }
    return OK;
}

static enum err set_rule(struct http_req *h, const struct my *m, struct val *x)
{
    const struct policy *home = NULL;
    TRY(abroad_policy(&h->rq, m->rid, &home));
    struct val *rule = val_set_map(x, "abroad");
    val_set_str(rule, "source", text4_get(&home->cross_border.from.source, h->rq.lang));
    val_set_bool(rule, "unverified", !home->cross_border.from.verified);
    return OK;
}

static enum err set_kinds(struct http_req *h, const struct my *m)
{
    struct val *list = val_set_list(m->root, "kinds");
    for (unsigned k = 0; k < CONSENT_KINDS; k++) {
        struct consent c;
        bool shown = false;
        TRY(patient_consent(&h->rq, m->rid, (enum consent_kind)k, &c));
        TRY(is_shown(h, (enum consent_kind)k, &c, &shown));
        if (!shown) {
            continue;
        }
        struct val *x = val_add_map(list);
        val_set_z(x, "code", consent_kind_code((enum consent_kind)k));
        val_set_str(x, "title", tr(h->rq.lang, words[k].title));
        val_set_str(x, "yes", tr(h->rq.lang, words[k].yes));
        val_set_str(x, "no", tr(h->rq.lang, words[k].no));
        val_set_bool(x, "given", c.state == CONSENT_GIVEN);
        val_set_bool(x, "refused", c.state == CONSENT_REFUSED);
        val_set_bool(x, "unable", c.state == CONSENT_GIVEN && str_eq(c.how, S("unable")));
        if (c.state != CONSENT_UNASKED) {
            val_set_instant(x, "at", c.at);
            TRY(set_history(h, m, (enum consent_kind)k, x));
        }
        TRY(k == CONSENT_ABROAD ? set_rule(h, m, x) : OK);
    }
    return OK;
}

/* Consents that were taken with a request: they stay as they were given. */
static enum err set_given(struct http_req *h, const struct my *m)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct val *list = val_set_list(m->root, "taken");
    uint32_t n = 0;
    struct hit hit;
    TRY(list_owner(&h->rq, m->rid, T_CONSENT, LIST_NEWEST, &l));
    while (n < GIVEN_SHOWN && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        struct instant at;
        TRY(res_load(&h->rq, hit.rid, &row, &v));
        if (row.anchor == m->rid || !json_is(json_get(v, S("status")), S("active"))) {
            continue;
        }
        struct val *x = val_add_map(list);
        val_set_str(x, "title", json_str(h->rq.a, json_path(v, S("category.0.text"))));
        if (instant_parse(json_str(h->rq.a, json_get(v, S("dateTime"))), &at)) {
            val_set_instant(x, "at", at);
        }
        n++;
    }
    return list_err(&h->rq, l);
}

enum err web_my_consents(struct http_req *h)
{
    struct my m;
    TRY(my_begin(h, T("Consents"), &m));
    TRY(set_kinds(h, &m));
    TRY(set_given(h, &m));
    const struct policy *policy = my_policy(h, &m);
    val_set_str(m.root, "consent_text", text4_get(&policy->consent_text, h->rq.lang));
    return page_reply(h, m.root, tpl_my_consents);
}

enum err web_my_consent(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str code = http_param(h, S("kind"));
    struct str answer = page_sent(h, "answer");
    struct res_row row;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_CONSENT));
    TRY(access_patient(&h->rq, h->rq.who->patient, AUDIT_READ, &row));
    for (unsigned k = 0; k < CONSENT_KINDS; k++) {
        bool given = str_eq(answer, S("give"));
        if (!str_eq(code, str_z(consent_kind_code((enum consent_kind)k)))
            || (!given && !str_eq(answer, S("withdraw")))) {
            continue;
        }
        TRY(patient_consent_set(&h->rq, tx, row.rid, (enum consent_kind)k, given));
        return page_commit(h, tx, given ? S("/my/consents?done=consent-given")
                                        : S("/my/consents?done=consent-withdrawn"));
    }
    return FAIL(&h->rq, E_NOT_FOUND, "consent");
}
