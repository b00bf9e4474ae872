/* web/my_survey.c - questionnaires a patient is asked to fill in: which, one of them, the answers sent. */
#include "base/text.h"
#include "store/tx.h"
#include "web/form_view.h"
#include "web/my.h"
#include "web/pages.h"
#include "web/survey.h"
#include "web/tpl.h"

enum err my_set_surveys(struct http_req *h, const struct my *m, struct val *root)
{
    struct survey *all = ARENA_ARRAY(h->rq.a, SURVEYS_MAX, struct survey);
    struct val *waiting = val_set_list(root, "waiting");
    struct val *others = val_set_list(root, "others");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(survey_list(&h->rq, m->rid, all, SURVEYS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        bool on = all[i].state == SURVEY_ASKED && !survey_is_over(&all[i], h->rq.now);
        struct val *x = val_add_map(on ? waiting : others);
        survey_values(h, &all[i], x);
        val_set_str(x, "href", page_path(h, "/my/forms/", all[i].id, ""));
    }
    return OK;
}

enum err web_my_forms(struct http_req *h)
{
    struct my m;
    TRY(my_begin(h, T("Questionnaires"), &m));
    TRY(my_set_surveys(h, &m, m.root));
    return page_reply(h, m.root, tpl_my_forms);
}

static enum err show(struct http_req *h, unsigned status, const struct survey *s,
                     const struct fields *typed, const struct problems *faults)
{
    struct my m;
    TRY(my_begin(h, T("Questionnaire"), &m));
    struct val *x = val_set_map(m.root, "survey");
    survey_values(h, s, x);
    bool open = s->state == SURVEY_ASKED && !survey_is_over(s, h->rq.now) && s->form != NULL;
    val_set_bool(x, "open", open && who_may_my(h->rq.who, MY_SEND));
    val_set_bool(x, "waits", open);
    val_set_str(x, "post", page_path(h, "/my/forms/", s->id, ""));
    if (open) {
        if (faults != NULL) {
            form_faults(h, m.root, faults);
        }
        form_view(h, s->form, typed, faults, 1, val_set_list(m.root, "sections"));
    }
    TRY(survey_set_answers(h, s, m.root));
    return page_reply_status(h, status, m.root, tpl_my_form);
}

enum err web_my_form(struct http_req *h)
{
    static const struct fields none = {.n = 0};
    struct survey s;
    TRY(survey_find(&h->rq, http_param(h, S("survey")), AUDIT_READ, &s));
    return show(h, 200, &s, &none, NULL);
}

/* Answered from elsewhere, withdrawn or over meanwhile: the page says which. */
static enum err answer_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return http_redirect(h, page_path(h, "/my/forms/", http_param(h, S("survey")), "?done=survey-late"));
}

enum err web_my_form_send(struct http_req *h)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct tx *tx = tx_new(&h->rq);
    struct fields typed = {.n = 0};
    struct str too_long = {0};
    struct survey s;
    enum err e = OK;
    TRY_MEM(&h->rq, faults);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_SEND));
    TRY(survey_find(&h->rq, http_param(h, S("survey")), AUDIT_READ, &s));
    e = form_typed(h, s.form, &typed, &too_long);
    if (e == E_TOO_LARGE && too_long.n > 0) {
        err_clear(&h->rq);
        problem_add(faults, too_long, T("This text is too long."), (struct str){0}, NULL);
        return show(h, 422, &s, &typed, faults);
    }
    TRY(e);
    e = survey_answer(&h->rq, tx, &s, &typed, faults);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        return show(h, 422, &s, &typed, faults);
    }
    if (e == E_CONFLICT) {
        return answer_late(h);
    }
    TRY(e);
    h->on_fail = answer_late;
    return page_commit(h, tx, S("/my/forms?done=my-answered"));
}
