/* web/survey.c - a doctor asks a patient to fill in a questionnaire, takes it back, and reads the answers. */
#include "web/survey.h"

#include "base/text.h"
#include "care/access.h"
#include "care/booking.h"
#include "care/care.h"
#include "care/content.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/format.h"
#include "web/pages.h"
#include "web/tpl.h"
#include "web/visit.h"

/* ---- values, for both sides ---- */

void survey_values(struct http_req *h, const struct survey *s, struct val *m)
{
    val_set_str(m, "id", s->id);
    val_set_str(m, "title", s->title);
    val_set_str(m, "by", s->by_name);
    val_set_z(m, "state", survey_is_over(s, h->rq.now) ? "over" : care_survey.states[s->state].name);
    val_set_instant(m, "asked", s->asked);
    if (s->until.ms != 0) {
        val_set_instant(m, "until", (struct instant){s->until.ms - 1});
    }
    if (s->answered.ms != 0) {
        val_set_instant(m, "answered", s->answered);
    }
}

enum err survey_set_answers(struct http_req *h, const struct survey *s, struct val *root)
{
    struct val *list = val_set_list(root, "lines");
    const struct form_line *lines = NULL;
    struct fields typed;
    struct str author;
    uint32_t n = 0;
    if (s->response.n == 0 || s->form == NULL) {
        return OK;
    }
    TRY(survey_answers(&h->rq, s, &typed, &author));
    TRY(form_lines(&h->rq, s->form, &typed, &lines, &n));
    val_set_str(root, "author", author);
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        struct buf b;
        buf_init(&b, h->rq.a, lines[i].value.n + 64);
        if (lines[i].item->kind == FORM_DATE) {
            format_date_text(&b, h->rq.lang, lines[i].value);
        } else {
            buf_str(&b, lines[i].value);
        }
        val_set_str(m, "label", text4_get(&lines[i].item->text, h->rq.lang));
        val_set_str(m, "value", buf_get(&b));
        val_set_bool(m, "heading", lines[i].item->kind == FORM_GROUP);
    }
    return OK;
}

/* ---- asked of one patient ---- */

static struct str sent_or_query(struct http_req *h, const char *name)
{
    return h->method == POST ? page_sent(h, name) : http_query(h, str_z(name));
}

/* The last day to answer that is offered: that of the visit it is for. */
static struct str visit_day(struct http_req *h, struct str visit)
{
    struct booking b;
    struct buf out;
    if (visit.n == 0 || booking_load(&h->rq, visit, &b) != OK || b.start_ms == 0) {
        err_clear(&h->rq);
        return S("");
    }
    struct civil c = zone_civil(page_zone(h), (struct instant){b.start_ms});
    buf_init(&out, h->rq.a, 16);
    date_write(&out, &c);
    return buf_get(&out);
}

static enum err set_asked(struct http_req *h, const struct res_row *row, struct val *root)
{
    struct survey *all = ARENA_ARRAY(h->rq.a, SURVEYS_MAX, struct survey);
    struct val *list = val_set_list(root, "surveys");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(survey_list(&h->rq, row->rid, all, SURVEYS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        survey_values(h, &all[i], m);
        val_set_str(m, "href", page_path(h, "/questions/", all[i].id, ""));
    }
    return OK;
}

static enum err show_patient(struct http_req *h, const struct res_row *row, const char *field,
                             const char *fault)
{
    const struct content *c = care_of(&h->rq)->content;
    struct str visit = sent_or_query(h, "visit");
    struct val *root = NULL;
    const struct form *form = NULL;
    struct patient p;
    TRY(visit_page_begin(h, row, T("Questionnaires for the patient"), &root, &p));
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    struct val *f = page_field(h, root, "form", T("Which questionnaire"), S(""));
    for (uint32_t i = 0; (form = survey_form_at(c, i)) != NULL; i++) {
        page_option(f, form->id, text4_get(&form->title, h->rq.lang));
    }
    f = ask_date_field(h, root, "until", T("Until which day (empty: no end)"),
                       h->method == POST ? ask_date(h, "until") : visit_day(h, visit));
    val_set_str(f, "hint", tr(h->rq.lang, T("The patient is told that there is something to fill in, "
                                            "nothing more.")));
    val_set_str(root, "visit_id", visit);
    val_set_str(root, "post", page_path(h, "/patients/", row->id, "/questions"));
    TRY(set_asked(h, row, root));
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_survey_patient);
}

enum err web_survey_patient(struct http_req *h)
{
    struct res_row row;
    TRY(access_patient(&h->rq, http_param(h, S("patient")), AUDIT_READ, &row));
    return show_patient(h, &row, NULL, NULL);
}

static bool is_offered(struct http_req *h, struct str id)
{
    const struct form *form = NULL;
    for (uint32_t i = 0; (form = survey_form_at(care_of(&h->rq)->content, i)) != NULL; i++) {
        if (str_eq(form->id, id)) {
            return true;
        }
    }
    return false;
}

/* A visit named in the form is one of this patient; anything else is left out. */
static enum err visit_of(struct http_req *h, const struct res_row *row, struct str *ret_visit)
{
    struct booking b;
    struct str id = page_sent(h, "visit");
    *ret_visit = (struct str){0};
    if (id.n == 0) {
        return OK;
    }
    enum err e = booking_load(&h->rq, id, &b);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    *ret_visit = b.patient_rid == row->rid ? id : (struct str){0};
    return OK;
}

enum err web_survey_ask(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct res_row row;
    struct str visit;
    struct str id;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(http_form_check(h));
    TRY(access_patient(&h->rq, http_param(h, S("patient")), AUDIT_READ, &row));
    TRY(visit_of(h, &row, &visit));
    struct str form = page_sent(h, "form");
    e = survey_ask(&h->rq, tx, &row, form, ask_date(h, "until"), visit, &id);
    if (e == E_BAD_INPUT || e == E_CONFLICT) {
        bool which = e == E_CONFLICT || !is_offered(h, form);
        err_clear(&h->rq);
        return show_patient(h, &row, which ? "form" : "until",
                            e == E_CONFLICT ? T("The patient was asked for this one already and has not "
                                                "answered yet.")
                            : which         ? T("Choose a questionnaire.")
                                            : T("There is no such day, or it has passed."));
    }
    TRY(e);
    return page_commit(h, tx,
                       visit.n > 0 ? page_path(h, "/visits/", visit, "?done=survey-asked")
                                   : page_path(h, "/patients/", row.id, "/questions?done=survey-asked"));
}

/* ---- one ---- */

enum err web_survey(struct http_req *h)
{
    struct survey s;
    struct res_row row;
    struct patient p;
    struct val *root = NULL;
    TRY(survey_find(&h->rq, http_param(h, S("survey")), AUDIT_READ, &s));
    TRY(db_head_rid(&h->rq, s.patient_rid, &row));
    TRY(visit_page_begin(h, &row, T("Questionnaire of the patient"), &root, &p));
    struct val *m = val_set_map(root, "survey");
    survey_values(h, &s, m);
    val_set_bool(m, "may_withdraw", s.state == SURVEY_ASKED && str_eq(s.by, h->rq.who->person));
    val_set_str(m, "post", page_path(h, "/questions/", s.id, "/withdraw"));
    val_set_str(m, "visit", s.visit.n > 0 ? page_path(h, "/visits/", s.visit, "") : S(""));
    val_set_str(m, "all", page_path(h, "/patients/", s.patient, "/questions"));
    TRY(survey_set_answers(h, &s, root));
    return page_reply(h, root, tpl_survey);
}

/* The patient was faster: the page as it is now. */
static enum err withdraw_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return http_redirect(h, page_path(h, "/questions/", http_param(h, S("survey")), "?done=survey-late"));
}

enum err web_survey_withdraw(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct survey s;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(http_form_check(h));
    TRY(survey_find(&h->rq, http_param(h, S("survey")), AUDIT_READ, &s));
    e = survey_withdraw(&h->rq, tx, &s);
    if (e == E_CONFLICT) {
        return withdraw_late(h);
    }
    TRY(e);
    h->on_fail = withdraw_late;
    return page_commit(h, tx, page_path(h, "/patients/", s.patient, "/questions?done=survey-withdrawn"));
}
