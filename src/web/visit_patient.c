/* web/visit_patient.c - patients of a doctor: found by number or name, the list of their visits, and a
 * visit in person recorded on one short page. */
#include "web/pages.h"

#include "base/text.h"
#include "care/access.h"
#include "care/care.h"
#include "care/icd.h"
#include "care/visit.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/banner.h"
#include "web/booking.h"
#include "web/tpl.h"
#include "web/visit.h"

enum { VISITS_SHOWN = 100, COURSES_SHOWN = 20, ICD_SHOWN = 12, TYPED_MAX = 8 };

/* ---- finding ---- */

static const struct ask_finder finder = {T("Patients"), tpl_visit_find, tpl_visit_found};

enum err web_patients(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Patients"), &root));
    return ask_find_show(h, &finder, 200, root);
}

enum err web_patients_find(struct http_req *h)
{
    return ask_find(h, &finder);
}

/* ---- the banner ---- */

enum err visit_page_begin(struct http_req *h, const struct res_row *row, const char *title,
                     struct val **ret_root, struct patient *ret_patient)
{
    TRY(page_begin(h, title, ret_root));
    TRY(patient_load(&h->rq, row->rid, ret_patient));
    struct val *m = val_set_map(*ret_root, "patient");
    ask_patient(h, ret_patient, m);
    if (who_may(h->rq.who, MAY_VISIT)) {
        TRY(banner_allergies(h, row->rid, m));
    } else {
        val_set_bool(m, "allergies_unread", true);
    }
    if (who_may(h->rq.who, MAY_VISIT | MAY_ASK)) {
        val_set_str(m, "href", page_path(h, "/patients/", row->id, "/encounters"));
    }
    return OK;
}

/* ---- the list of visits ---- */

static void add_visit(struct http_req *h, struct val *list, const struct encounter_row *e)
{
    struct val *m = val_add_map(list);
    bool remote = str_eq(e->cls, S(VISIT_REMOTE));
    val_set_str(m, "id", e->id);
    val_set_str(m, "date", e->start_text);
    val_set_str(m, "kind", remote                              ? tr(h->rq.lang, T("remote"))
                           : str_eq(e->cls, S(VISIT_IN_PERSON)) ? tr(h->rq.lang, T("in person"))
                                                               : e->cls);
    val_set_str(m, "doctor", e->practitioner_name);
    val_set_str(m, "org", e->org_name);
    val_set_str(m, "problem", e->problem.n > 0 ? e->problem : e->code);
    val_set_str(m, "diagnosis", e->diagnosis);
    val_set_str(m, "place", str_eq(e->place, e->org_name) ? S("") : e->place);
    if (remote && e->appointment.n > 0) {
        val_set_str(m, "href", page_path(h, "/visits/", e->appointment, ""));
    }
}

enum err web_patient_visits(struct http_req *h)
{
    struct encounter_row *rows = ARENA_ARRAY(h->rq.a, VISITS_SHOWN, struct encounter_row);
    struct val *root = NULL;
    struct res_row row;
    struct patient p;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(access_patient(&h->rq, http_param(h, S("patient")), AUDIT_READ, &row));
    TRY(visit_page_begin(h, &row, T("Visits of the patient"), &root, &p));
    TRY(encounter_list(&h->rq, row.rid, rows, VISITS_SHOWN, &n));
    struct val *list = val_set_list(root, "visits");
    for (uint32_t i = 0; i < n; i++) {
        add_visit(h, list, &rows[i]);
    }
    TRY(visit_set_episodes(h, row.rid, root));
    val_set_bool(root, "more", n == VISITS_SHOWN);
    val_set_str(root, "new", page_path(h, "/patients/", row.id, "/encounters/new"));
    if (who_may(h->rq.who, MAY_BOOK)) {
        val_set_str(root, "book", page_path(h, "/book?patient=", row.id, ""));
    }
    page_kind(root, "wide");
    return page_reply(h, root, tpl_visit_list);
}

/* ---- a visit in person ---- */

/* The open courses of care; first that which fits the problem by itself. */
static enum err course_field(struct http_req *h, struct val *root, const struct res_row *row)
{
    struct episode_row *rows = ARENA_ARRAY(h->rq.a, COURSES_SHOWN, struct episode_row);
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(episode_list(&h->rq, row->rid, rows, COURSES_SHOWN, &n));
    struct val *f = page_field(h, root, "episode", T("Course of care"), S(""));
    page_option(f, S(""), tr(h->rq.lang, T("By the problem: goes on when it is open here, else begins")));
    page_option(f, S("new"), tr(h->rq.lang, T("A new course")));
    for (uint32_t i = 0; i < n; i++) {
        page_option(f, rows[i].id, rows[i].title);
    }
    return OK;
}

/* What the classification has for the words typed, to choose from without scripts. */
static void offer_problems(struct http_req *h, struct val *root)
{
    const struct icd_entry *hits[ICD_SHOWN];
    uint32_t n = icd_search(&h->rq, care_of(&h->rq)->icd, page_sent(h, "problem"), hits, ICD_SHOWN);
    struct val *f = page_field(h, root, "pick", T("Found in ICD-10"), S(""));
    for (uint32_t i = 0; i < n; i++) {
        struct str value = icd_titled(&h->rq, care_of(&h->rq)->icd, hits[i]->code);
        page_option(f, value, value);
    }
    val_set_bool(root, "picking", n > 0);
    if (n == 0) {
        page_error(h, root, "problem", T("Nothing is found. Try other words, or the code itself."));
    }
}

static struct str today(struct http_req *h)
{
    return booking_day_text(h, zone_day(page_zone(h), h->rq.now.ms));
}

static enum err show_new(struct http_req *h, unsigned status, const struct res_row *row,
                         const struct problems *faults, bool pick)
{
    struct val *root = NULL;
    struct patient p;
    bool begun = h->method == POST && !str_eq(page_sent(h, "go"), S("begin"));
    TRY(visit_page_begin(h, row, T("Visit in person"), &root, &p));
    if (faults != NULL) {
        form_faults(h, root, faults);
    }
    if (pick) {
        offer_problems(h, root);
    }
    struct str day = today(h);
    struct val *f = ask_date_field(h, root, "date", T("Date of the visit"), day);
    if (!begun) { /* the POST that opens the page has sent none of it */
        val_set_str(f, "year", str_sub(day, 0, 4));
        val_set_str(f, "month", str_sub(day, 5, 2));
        val_set_str(f, "day", str_sub(day, 8, 2));
    }
    const struct role_ref *role = who_role(h->rq.who);
    page_field(h, root, "place", T("Place"), role != NULL ? role->org_name : S(""));
    f = page_field(h, root, "problem", T("Problem (ICD-10)"), S(""));
    val_set_bool(f, "required", true);
    f = page_field(h, root, "diagnosis", T("Diagnosis"), S(""));
    val_set_i64(f, "rows", 2);
    f = page_field(h, root, "plan", T("Plan"), S(""));
    val_set_i64(f, "rows", 4);
    val_set_str(f, "hint", tr(h->rq.lang, T("Treatment, tests, when to come again")));
    TRY(course_field(h, root, row));
    val_set_str(root, "to", page_path(h, "/patients/", row->id, "/encounters/new"));
    val_set_str(root, "id_kind", page_sent(h, "id-kind"));
    val_set_str(root, "number", page_sent(h, "id"));
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_visit_new);
}

enum err web_patient_visit_page(struct http_req *h)
{
    struct res_row row;
    TRY(visit_patient(&h->rq, http_param(h, S("patient")), S(""), S(""), &row));
    return show_new(h, 200, &row, NULL, false);
}

static enum err typed_visit(struct http_req *h, struct fields *ret_typed)
{
    static const char *const names[] = {"place", "diagnosis", "plan", "episode"};
    struct field *all = ARENA_ARRAY(h->rq.a, TYPED_MAX, struct field);
    struct str pick = page_sent(h, "pick");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    for (size_t i = 0; i < LEN(names); i++) {
        all[n++] = (struct field){str_z(names[i]), page_sent(h, names[i])};
    }
    struct str problem = pick.n > 0 ? pick : page_sent(h, "problem");
    all[n++] = (struct field){S("problem"), icd_titled(&h->rq, care_of(&h->rq)->icd, problem)};
    all[n++] = (struct field){S("date"), ask_date(h, "date")};
    *ret_typed = (struct fields){all, n};
    return OK;
}

enum err web_patient_visit(struct http_req *h)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct tx *tx = tx_new(&h->rq);
    struct fields typed;
    struct res_row row;
    struct str id;
    struct str go = page_sent(h, "go");
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, faults);
    TRY_MEM(&h->rq, tx);
    TRY(http_form_check(h));
    TRY(visit_patient(&h->rq, http_param(h, S("patient")), page_sent(h, "id-kind"),
                      page_sent(h, "id"), &row));
    if (go.n > 0) {
        return show_new(h, 200, &row, NULL, str_starts(go, S("icd:")));
    }
    TRY(typed_visit(h, &typed));
    e = visit_record(&h->rq, tx, &row, &typed, faults, &id);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        return show_new(h, 422, &row, faults, false);
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/patients/", row.id, "/encounters?done=visit-recorded"));
}
