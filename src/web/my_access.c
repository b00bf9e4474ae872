/* web/my_access.c - who of the patients' side opens a record: invited, listed and ended by the people who
 * see the patient. */
#include "base/text.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/my.h"
#include "web/pages.h"
#include "web/tpl.h"

/* What a relative may be allowed beside reading; sent value, bit, text. */
static const struct {
    const char *code;
    uint32_t bit;
    const char *text;
} limits[] = {
    {"send", MY_SEND, T("send results and photos, fill in questionnaires")},
    {"talk", MY_TALK, T("write messages")},
    {"visit", MY_VISIT, T("book and join visits")},
    {"consent", MY_CONSENT, T("give and withdraw consents (legal representatives only)")},
};

struct access_page {
    struct patient patient;
    struct invite_made made;
    bool has_made;
    bool relative;
    const char *fault_field, *fault;
};

static enum err open_page(struct http_req *h, struct access_page **ret_p)
{
    struct access_page *p = ARENA_NEW(h->rq.a, struct access_page);
    TRY_MEM(&h->rq, p);
    TRY(patient_get(&h->rq, http_param(h, S("patient")), &p->patient));
    struct str kind = h->method == POST ? page_sent(h, "for") : http_query(h, S("for"));
    p->relative = str_eq(kind, S("relative"));
    *ret_p = p;
    return OK;
}

/* ---- who has access ---- */

static void set_limits(struct http_req *h, struct val *m, uint32_t may)
{
    struct val *list = val_set_list(m, "limits");
    for (size_t i = 0; i < LEN(limits); i++) {
        if (may & limits[i].bit) {
            val_add_str(list, tr(h->rq.lang, limits[i].text));
        }
    }
}

/* Who stands behind a tie or an invitation. */
static enum err set_person(struct http_req *h, struct val *m, struct str related)
{
    struct patient_person p = {.legal = false};
    struct buf ref;
    val_set_bool(m, "self", related.n == 0);
    if (related.n == 0) {
        return OK;
    }
    buf_init(&ref, h->rq.a, 100);
    BUF_LIT(&ref, "RelatedPerson/");
    buf_str(&ref, related);
    TRY(patient_person(&h->rq, buf_get(&ref), &p));
    const struct relation *r = relation_find(p.relation);
    val_set_str(m, "name", p.name);
    val_set_str(m, "relation", r != NULL ? tr(h->rq.lang, r->title) : S(""));
    val_set_bool(m, "legal", p.legal);
    return OK;
}

static enum err set_lists(struct http_req *h, const struct access_page *p, struct val *root)
{
    struct patient_tie *ties = ARENA_ARRAY(h->rq.a, TIES_MAX, struct patient_tie);
    struct invite *invites = ARENA_ARRAY(h->rq.a, TIES_MAX, struct invite);
    const struct directory *dir = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, ties);
    TRY_MEM(&h->rq, invites);
    TRY(directory_get(&h->rq, &dir));
    TRY(patient_ties_to(&h->rq, p->patient.id, ties, &n));
    struct val *list = val_set_list(root, "ties");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        TRY(set_person(h, m, ties[i].related));
        set_limits(h, m, ties[i].may);
        val_set_str(m, "id", ties[i].id);
        val_set_str(m, "by", dir_person_name(dir, ties[i].by));
        val_set_instant(m, "since", ties[i].created);
        val_set_bool(m, "holds", patient_tie_holds(&ties[i], h->rq.now));
        if (ties[i].until.ms != 0) {
            val_set_instant(m, "until", (struct instant){ties[i].until.ms - 1});
        }
    }
    TRY(invite_list(&h->rq, p->patient.id, invites, &n));
    list = val_set_list(root, "invites");
    for (uint32_t i = 0; i < n; i++) {
        if (!invite_is_open(&invites[i], h->rq.now)) {
            continue;
        }
        struct val *m = val_add_map(list);
        TRY(set_person(h, m, invites[i].related));
        val_set_str(m, "id", invites[i].id);
        val_set_str(m, "by", dir_person_name(dir, invites[i].by));
        val_set_instant(m, "until", invites[i].expires);
    }
    return OK;
}

/* ---- the form ---- */

static void set_form(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "name", T("Name of the relative"), S(""));
    val_set_bool(f, "required", true);
    val_set_z(f, "auto", "off");
    f = page_field(h, root, "relation", T("Who they are to the patient"), S(""));
    for (unsigned i = 0; relation_at(i) != NULL; i++) {
        page_option(f, relation_at(i)->code, tr(h->rq.lang, relation_at(i)->title));
    }
    f = page_field(h, root, "legal", T("Legal representative"), S(""));
    val_set_bool(f, "many", true);
    page_option(f, S("1"), tr(h->rq.lang, T("I have seen the document that says so")));
    f = page_field(h, root, "may", T("What they may do beside reading"), S(""));
    val_set_bool(f, "many", true);
    for (size_t i = 0; i < LEN(limits); i++) {
        page_option(f, str_z(limits[i].code), tr(h->rq.lang, limits[i].text));
    }
    f = ask_date_field(h, root, "until", T("Until (empty: until it is ended)"), S(""));
}

/* What the policy says of ages; where it says nothing, that. */
static void set_policy(struct http_req *h, struct val *root)
{
    const struct policy *policy = patient_policy(&h->rq);
    struct val *m = val_set_map(root, "rule");
    val_set_bool(m, "own_set", policy->own_account_from.set);
    val_set_i64(m, "own", policy->own_account_from.value);
    val_set_bool(m, "legal_set", policy->represented_until.set);
    val_set_i64(m, "legal", policy->represented_until.value);
    val_set_bool(m, "unverified", !policy->own_account_from.from.verified
                                      || !policy->represented_until.from.verified);
    val_set_str(m, "source", text4_get(&policy->own_account_from.from.source, h->rq.lang));
}

static enum err show(struct http_req *h, struct access_page *p)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Access of the patient and relatives"), &root));
    page_kind(root, "narrow");
    if (p->fault != NULL) {
        page_error(h, root, p->fault_field, p->fault);
    }
    struct val *banner = val_set_map(root, "patient");
    ask_patient(h, &p->patient, banner);
    val_set_bool(banner, "allergies_unread", true);
    val_set_bool(root, "relative", p->relative);
    val_set_str(root, "here", page_path(h, "/patients/", p->patient.id, "/access"));
    struct str from = http_query(h, S("case"));
    if (from.n > 0) {
        val_set_str(root, "back", page_path(h, "/cases/", from, ""));
    }
    set_form(h, root);
    set_policy(h, root);
    TRY(set_lists(h, p, root));
    if (p->has_made) {
        struct val *m = val_set_map(root, "made");
        struct buf b;
        buf_init(&b, h->rq.a, 600);
        buf_str(&b, http_public_url(h));
        BUF_LIT(&b, "/invite/");
        buf_str(&b, str_z(p->made.token));
        val_set_str(m, "link", buf_get(&b));
        val_set_str(m, "code", str_z(p->made.code));
        val_set_instant(m, "until", p->made.expires);
    }
    return page_reply_status(h, p->fault != NULL ? 422 : 200, root, tpl_my_access);
}

enum err web_my_access(struct http_req *h)
{
    struct access_page *p = NULL;
    TRY(open_page(h, &p));
    return show(h, p);
}

/* ---- inviting ---- */

static uint32_t limits_sent(struct http_req *h)
{
    uint32_t may = 0;
    struct str name;
    struct str value;
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        for (size_t k = 0; str_eq(name, S("may")) && k < LEN(limits); k++) {
            may |= str_eq(value, str_z(limits[k].code)) ? limits[k].bit : 0;
        }
    }
    return may;
}

/* The end of the day typed; ms 0: none. False: no such date. */
static bool until_sent(struct http_req *h, struct instant *ret_until)
{
    struct str text = ask_date(h, "until");
    struct civil c;
    *ret_until = (struct instant){0};
    if (text.n == 0) {
        return true;
    }
    if (!date_parse(text, &c)) {
        return false;
    }
    *ret_until = (struct instant){zone_instant(page_zone(h), &c).ms + MS_DAY};
    return true;
}

static enum err made(struct http_req *h)
{
    struct access_page *p = h->page_ctx;
    p->has_made = true;
    return show(h, p);
}

/* What the page says of a refused invitation. */
static bool set_fault(struct http_req *h, struct access_page *p, enum err e)
{
    static const struct {
        struct str detail;
        const char *field, *text;
    } faults[] = {
        {SI("name"), "name", T("Write the name, in at most 200 characters.")},
        {SI("relation"), "relation", T("Choose who they are to the patient.")},
        {SI("until"), "until", T("The end must lie in the future.")},
    };
    if (e == E_UNPROCESSED) {
        p->fault_field = p->relative ? "legal" : "for";
        p->fault = p->relative ? T("By the policy this patient is too old for a legal representative.")
                               : T("By the policy this patient is too young for an account of their own.");
        return true;
    }
    for (size_t i = 0; e == E_BAD_INPUT && i < LEN(faults); i++) {
        if (str_eq(str_z(h->rq.err.detail), faults[i].detail)) {
            p->fault_field = faults[i].field;
            p->fault = faults[i].text;
            return true;
        }
    }
    return false;
}

enum err web_my_access_invite(struct http_req *h)
{
    struct access_page *p = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct invite_ask ask = {
        .name = page_sent(h, "name"),
        .relation = page_sent(h, "relation"),
        .legal = page_sent(h, "legal").n > 0,
        .may = limits_sent(h),
    };
    TRY_MEM(&h->rq, tx);
    TRY(open_page(h, &p));
    ask.patient = p->patient.id;
    ask.relative = p->relative;
    if (!until_sent(h, &ask.until)) {
        p->fault_field = "until";
        p->fault = T("There is no such date.");
        return show(h, p);
    }
    enum err e = invite_make(&h->rq, tx, &ask, &p->made);
    if (e != OK && set_fault(h, p, e)) {
        err_clear(&h->rq);
        return show(h, p);
    }
    TRY(e);
    h->page_ctx = p;
    return http_commit(h, tx, made);
}

/* ---- ending ---- */

enum err web_my_access_end(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct str patient = http_param(h, S("patient"));
    struct str tie = http_param(h, S("tie"));
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(tie.p != NULL ? tie_end(&h->rq, tx, patient, tie)
                      : invite_end(&h->rq, tx, patient, http_param(h, S("invite"))));
    return page_commit(h, tx, page_path(h, "/patients/", patient, "/access?done=access-ended"));
}
