/* web/booking.c - a visit is booked: what for, with whom, in person or by video, day and time; what the
 * rule of remote visits says stands on the page before anything is sent, and a refusal offers the
 * visit in person. */
#include "web/booking.h"

#include "base/text.h"
#include "care/access.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/visit.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"
#include "web/visit.h"

enum { COURSES_MAX = 40, SCHEDULES_SHOWN = 100, VISITS_SHOWN = 30 };

struct book_page {
    struct res_row row;   /* the patient */
    struct booking_ask ask;
    struct booking_check check;
    bool checked;         /* the rule was asked */
    struct str slot_fault; /* translated; empty: none */
};

/* ---- what can be chosen ---- */

/* What visits in person were for: a remote one follows them. */
static enum err problem_field(struct http_req *h, struct val *root, const struct book_page *p)
{
    struct encounter_row *rows = ARENA_ARRAY(h->rq.a, COURSES_MAX, struct encounter_row);
    struct val *f = page_field(h, root, "problem", T("Problem"), S(""));
    uint32_t n = 0;

    TRY_MEM(&h->rq, rows);
    TRY(encounter_list(&h->rq, p->row.rid, rows, COURSES_MAX, &n));
    page_option(f, S(""), tr(h->rq.lang, T("a new problem")));
    for (uint32_t i = 0; i < n; i++) {
        bool had = rows[i].code.n == 0 || !str_eq(rows[i].cls, S(VISIT_IN_PERSON));
        for (uint32_t k = 0; k < i && !had; k++) {
            had = str_eq(rows[k].code, rows[i].code) && str_eq(rows[k].cls, rows[i].cls);
        }
        if (!had) {
            page_option(f, rows[i].code, rows[i].problem.n > 0 ? rows[i].problem : rows[i].code);
        }
    }
    return OK;
}

/* What may never be done remotely is not offered for a visit by video. */
static void purpose_field(struct http_req *h, struct val *root, const struct book_page *p)
{
    const struct code_list *list = content_list(care_of(&h->rq)->content, S("visit-purpose"));
    const struct policy *policy = p->check.policy != NULL ? p->check.policy : care_of(&h->rq)->policy;
    struct val *f = page_field(h, root, "purpose", T("What the visit is for"), S(""));

    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        bool never = p->ask.remote && policy_has_code(&policy->remote.not_remotely, list->items[i].code);
        if (!never) {
            page_option(f, list->items[i].code, text4_get(&list->items[i].title, h->rq.lang));
        }
    }
}

static enum err schedule_field(struct http_req *h, struct val *root)
{
    struct schedule *all = ARENA_ARRAY(h->rq.a, SCHEDULES_SHOWN, struct schedule);
    struct val *f = page_field(h, root, "schedule", T("Specialist and place"), S(""));
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    TRY(schedule_list(&h->rq, SCHEDULE_ALL, S(""), all, SCHEDULES_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        page_option(f, all[i].id, booking_where(h, &all[i]));
    }
    val_set_bool(root, "specialists", n > 0);
    return OK;
}

static enum err set_form(struct http_req *h, struct val *root, const struct book_page *p)
{
    struct val *f = page_field(h, root, "mode", T("How"), S("in-person"));

    page_option(f, S("in-person"), tr(h->rq.lang, T("in person")));
    page_option(f, S("remote"), tr(h->rq.lang, T("by video")));
    val_set_bool(f, "inline", true);
    TRY(schedule_field(h, root));
    purpose_field(h, root, p);
    TRY(problem_field(h, root, p));
    booking_set_urgency(h, root, p->check.policy != NULL ? p->check.policy : care_of(&h->rq)->policy);
    val_set_str(root, "patient_id", p->row.id);
    val_set_str(root, "id_kind", page_sent(h, "id-kind"));
    val_set_str(root, "number", page_sent(h, "id"));
    return OK;
}

/* root.booked: what the patient has ahead, so that nobody books it twice. */
static enum err set_booked(struct http_req *h, struct val *root, const struct book_page *p)
{
    struct booking *all = ARENA_ARRAY(h->rq.a, VISITS_SHOWN, struct booking);
    const struct directory *dir = NULL;
    struct val *list = val_set_list(root, "booked");
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    TRY(directory_get(&h->rq, &dir));
    TRY(booking_of_patient(&h->rq, p->row.rid, all, VISITS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        bool waits = all[i].state == BOOKING_WAITING;
        if (!waits && (!all[i].taken || all[i].end_ms < h->rq.now.ms)) {
            continue;
        }
        struct val *m = val_add_map(list);
        booking_set_time(h, m, all[i].start_ms, all[i].end_ms, &all[i].zone);
        val_set_str(m, "state", tr(h->rq.lang, booking_state(&all[i])->title));
        val_set_str(m, "doctor", dir_person_name(dir, all[i].person));
        val_set_str(m, "purpose", booking_code(h, S("visit-purpose"), all[i].purpose));
    }
    return OK;
}

/* The field a refusal is about. */
static const char *fault_field(const struct book_page *p)
{
    return booking_is_emergency(&p->check)     ? "urgency"
           : p->check.fault == BOOKING_PROBLEM   ? "problem"
           : p->check.fault == BOOKING_PURPOSE ? "purpose"
                                               : "schedule";
}

static enum err show(struct http_req *h, unsigned status, struct book_page *p)
{
    struct val *root = NULL;
    struct patient who;
    bool rule = p->checked && p->ask.remote && p->check.policy != NULL;

    TRY(visit_page_begin(h, &p->row, T("Book a patient"), &root, &who));
    page_kind(root, "narrow");
    if (p->slot_fault.n > 0) {
        page_error_text(root, fault_field(p), p->slot_fault);
    }
    TRY(set_form(h, root, p));
    TRY(set_booked(h, root, p));
    if (rule) {
        booking_set_rule(h, root, &p->check);
    }
    if (p->checked && p->check.schedule.id.n > 0 && (!rule || p->check.verdict.allowed)
        && !booking_is_emergency(&p->check)) {
        TRY(booking_set_days(h, root, &p->check.schedule,
                             p->ask.remote ? SLOT_REMOTE : SLOT_IN_PERSON,
                             booking_day_of(page_sent(h, "from")), S("")));
        val_set_bool(root, "choose", true);
    }
    return page_reply_status(h, status, root, tpl_booking);
}

/* ---- the page ---- */

static enum err open_page(struct http_req *h, struct str patient, struct book_page **ret_page)
{
    struct book_page *p = ARENA_NEW(h->rq.a, struct book_page);

    TRY_MEM(&h->rq, p);
    TRY(visit_patient(&h->rq, patient, page_sent(h, "id-kind"), page_sent(h, "id"), &p->row));
    p->ask = (struct booking_ask){.patient = p->row.id,
                                  .schedule = page_sent(h, "schedule"),
                                  .remote = str_eq(page_sent(h, "mode"), S("remote")),
                                  .purpose = page_sent(h, "purpose"),
                                  .problem = page_sent(h, "problem"),
                                  .urgency = page_sent(h, "urgency")};
    *ret_page = p;
    return OK;
}

enum err web_book_page(struct http_req *h)
{
    struct book_page *p = NULL;

    if (http_query(h, S("patient")).n == 0) {
        return http_redirect(h, S("/patients"));
    }
    TRY(open_page(h, http_query(h, S("patient")), &p));
    return show(h, 200, p);
}

/* Somebody was faster: the same page with the times that are left. */
static enum err late(struct http_req *h)
{
    struct book_page *p = NULL;
    enum err code = h->rq.err.code;

    if (code != E_CONFLICT) {
        return page_render_error(h, code);
    }
    err_clear(&h->rq);
    TRY(open_page(h, page_sent(h, "patient"), &p));
    TRY(booking_check(&h->rq, &p->ask, S(""), &p->check));
    p->checked = true;
    p->slot_fault = tr(h->rq.lang, booking_fault_text(BOOKING_TAKEN));
    return show(h, 409, p);
}

static enum err book(struct http_req *h, struct book_page *p)
{
    struct tx *tx = tx_new(&h->rq);
    struct booking b;

    TRY_MEM(&h->rq, tx);
    enum err e = booking_make(&h->rq, tx, &p->ask, &p->check, &b);
    if (e == E_UNPROCESSED || e == E_CONFLICT) {
        err_clear(&h->rq);
        p->checked = true;
        p->slot_fault = tr(h->rq.lang, booking_refusal(&p->check));
        return show(h, e == E_CONFLICT ? 409 : 422, p);
    }
    TRY(e);
    h->on_fail = late;
    bool here = str_eq(b.org, h->rq.who->audit.org);
    struct str day = booking_day_text(h, zone_day(page_zone(h), b.start_ms));
    return page_commit(h, tx, b.start_ms == 0 ? S("/waiting?done=visit-waits")
                              : page_path(h, "/visits?day=", day,
                                          here ? "&of=org&done=visit-booked"
                                               : "&of=booked&done=visit-booked"));
}

enum err web_book(struct http_req *h)
{
    struct book_page *p = NULL;
    struct str go = page_sent(h, "go");
    enum err e = OK;

    if ((str_eq(go, S("book")) || str_eq(go, S("wait"))) && page_done_before(h, &e)) {
        return e;
    }
    TRY(http_form_check(h));
    TRY(open_page(h, page_sent(h, "patient"), &p));
    if (str_eq(go, S("begin"))) {
        return show(h, 200, p);
    }
    if (str_eq(go, S("book"))) {
        p->ask.start_ms = booking_sent_ms(h, "start");
        if (p->ask.start_ms > 0) {
            return book(h, p);
        }
        p->slot_fault = tr(h->rq.lang, T("Choose a time."));
    } else if (str_eq(go, S("wait"))) {
        return book(h, p);
    }
    TRY(booking_check(&h->rq, &p->ask, S(""), &p->check));
    p->checked = true;
    bool bad = p->check.fault != BOOKING_OK && p->check.fault != BOOKING_RULE;
    if (bad) {
        p->slot_fault = tr(h->rq.lang, booking_fault_text(p->check.fault));
    }
    return show(h, p->slot_fault.n > 0 ? 422 : 200, p);
}
