/* web/my.c - a patient's own record: where they begin, whose record is open, conclusions. */
#include "web/my.h"

#include "base/text.h"
#include "care/account.h"
#include "care/directory.h"
#include "care/sign_case.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { CASES_SHOWN = 100 };

enum err my_may(struct http_req *h, uint32_t limits)
{
    return who_may_my(h->rq.who, limits) ? OK : FAIL(&h->rq, E_FORBIDDEN, "not among what was allowed");
}

enum err my_begin(struct http_req *h, const char *title, struct my *ret_my)
{
    const struct who *w = h->rq.who;
    struct patient_tie *ties = ARENA_ARRAY(h->rq.a, TIES_MAX, struct patient_tie);
    struct res_row row;
    uint32_t n = 0;
    TRY_MEM(&h->rq, ties);
    if (!who_is_patient(w)) {
        return FAIL(&h->rq, E_FORBIDDEN, "a page of patients");
    }
    TRY(access_patient(&h->rq, w->patient, AUDIT_READ, &row));
    TRY(patient_load(&h->rq, row.rid, &ret_my->patient));
    TRY(patient_ties(&h->rq, w->account, ties, &n));
    ret_my->id = row.id;
    ret_my->rid = row.rid;
    TRY(page_begin(h, title, &ret_my->root));
    page_kind(ret_my->root, "my");
    struct val *my = val_set_map(ret_my->root, "my");
    struct str name = ret_my->patient.name;
    val_set_str(my, "name", name.n > 0 ? name : tr(h->rq.lang, T("Name not known")));
    val_set_str(my, "born", ret_my->patient.birth_date);
    val_set_bool(my, "self", w->related.n == 0);
    val_set_str(my, "by", w->name);
    val_set_bool(my, "several", n > 1);
    val_set_bool(my, "send", who_may_my(w, MY_SEND));
    val_set_bool(my, "talk", who_may_my(w, MY_TALK));
    val_set_bool(my, "visit", who_may_my(w, MY_VISIT));
    val_set_bool(my, "consent", who_may_my(w, MY_CONSENT));
    return OK;
}

/* ---- conclusions ---- */

/* conclusions: {href, at, profile, service, org, fresh}, newest first. */
static enum err set_conclusions(struct http_req *h, const struct my *m, struct val *list)
{
    struct case_row *rows = ARENA_ARRAY(h->rq.a, CASES_SHOWN, struct case_row);
    const struct directory *dir = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(directory_get(&h->rq, &dir));
    TRY(access_cases_of_patient(&h->rq, m->rid, rows, CASES_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct dir_service *s = dir_service(dir, rows[i].service);
        if (rows[i].conclusion.n == 0) {
            continue;
        }
        struct val *c = val_add_map(list);
        val_set_str(c, "href", page_path(h, "/my/conclusions/", rows[i].id, ""));
        val_set_instant(c, "at", (struct instant){rows[i].answered_ms});
        val_set_str(c, "service", s != NULL ? s->name : S(""));
        val_set_str(c, "org", dir_org_name(dir, rows[i].answer_org));
        val_set_str(c, "who", dir_person_name(dir, rows[i].consultant));
    }
    return my_add_notes(h, m, list);
}

enum err web_my(struct http_req *h)
{
    struct my m;
    TRY(my_begin(h, T("My record"), &m));
    TRY(my_set_surveys(h, &m, m.root));
    TRY(my_set_bookings(h, &m, m.root));
    TRY(set_conclusions(h, &m, val_set_list(m.root, "conclusions")));
    return page_reply(h, m.root, tpl_my);
}

enum err web_my_conclusions(struct http_req *h)
{
    struct my m;
    TRY(my_begin(h, T("Conclusions"), &m));
    TRY(set_conclusions(h, &m, val_set_list(m.root, "conclusions")));
    return page_reply(h, m.root, tpl_my_conclusions);
}

enum err web_my_conclusion(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct str id = http_param(h, S("case"));
    struct my m;
    TRY_MEM(&h->rq, v);
    TRY(my_begin(h, T("Conclusion"), &m));
    TRY(access_case(&h->rq, id, AUDIT_READ, &v->row));
    if (v->row.conclusion.n == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "conclusion");
    }
    TRY(case_set_signed(h, v, m.root));
    struct str version = http_query(h, S("v"));
    struct buf b;
    buf_init(&b, h->rq.a, 300);
    buf_str(&b, page_path(h, "/my/conclusions/", v->row.id, "/pdf"));
    if (version.n > 0) {
        page_query(&b, "v", version);
    }
    val_set_str(m.root, "pdf", buf_get(&b));
    val_set_str(m.root, "in_force", page_path(h, "/my/conclusions/", v->row.id, ""));
    return page_reply(h, m.root, tpl_my_conclusion);
}

enum err web_my_conclusion_pdf(struct http_req *h)
{
    struct str version = http_query(h, S("v"));
    struct signed_doc d;
    struct str pdf;
    TRY(signed_get(&h->rq, http_param(h, S("case")), version.n > 0 ? version : S(""),
                   AUDIT_DOWNLOAD, &d));
    TRY(signed_pdf(&h->rq, &d, &pdf));
    http_reply_header(h, "Content-Disposition", S("inline; filename=\"conclusion.pdf\""));
    return http_reply(h, 200, S("application/pdf"), pdf);
}

/* ---- whose record ---- */

enum err web_my_people(struct http_req *h)
{
    struct patient_tie *ties = ARENA_ARRAY(h->rq.a, TIES_MAX, struct patient_tie);
    struct my m;
    uint32_t n = 0;
    TRY_MEM(&h->rq, ties);
    TRY(my_begin(h, T("Whose record"), &m));
    TRY(patient_ties(&h->rq, h->rq.who->account, ties, &n));
    struct val *list = val_set_list(m.root, "people");
    for (uint32_t i = 0; i < n; i++) {
        struct patient_person p;
        struct buf ref;
        buf_init(&ref, h->rq.a, 100);
        BUF_LIT(&ref, "Patient/");
        buf_str(&ref, ties[i].patient);
        TRY(patient_person(&h->rq, buf_get(&ref), &p));
        struct val *x = val_add_map(list);
        val_set_str(x, "id", ties[i].patient);
        val_set_str(x, "name", p.name);
        val_set_bool(x, "self", ties[i].related.n == 0);
        val_set_bool(x, "current", str_eq(ties[i].patient, h->rq.who->patient));
        if (ties[i].until.ms != 0) {
            val_set_instant(x, "until", (struct instant){ties[i].until.ms - 1});
        }
    }
    return page_reply(h, m.root, tpl_my_people);
}

enum err web_my_switch(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(patient_switch(&h->rq, tx, page_sent(h, "patient")));
    return page_commit(h, tx, S("/my"));
}
