/* web/conclusion.c - a consultant writes the conclusion: the question and the facts beside it, every
 * change saved, then the exact text of the document to look at before it is signed. */
#include "web/pages.h"

#include "base/text.h"
#include "care/content.h"
#include "care/sign_case.h"
#include "care/sign_read.h"
#include "web/conclusion.h"
#include "web/marks.h"
#include "web/tpl.h"
#include "web/writing.h"

/* ---- who writes ---- */

const struct care_move *conclusion_move(const struct case_view *v)
{
    for (uint32_t i = 0; i < v->n_moves && (v->actor & ACTOR_CONSULTANT); i++) {
        if (v->moves[i]->need & NEED_CONCLUSION) {
            return v->moves[i];
        }
    }
    return NULL;
}

/* What was signed, as fields to begin a correction from. */
static enum err signed_fields(struct http_req *h, const struct case_view *v,
                              struct fields *ret_fields)
{
    struct signed_doc d;
    struct sign_read r;
    TRY(signed_get(&h->rq, v->row.id, S(""), AUDIT_READ, &d));
    TRY(sign_doc_read(&h->rq, d.bytes, &r));
    return json_has(r.response)
               ? form_read_items(&h->rq, v->profile->conclusion, r.response, ret_fields)
               : OK;
}

static struct writing writing_of(struct http_req *h, struct str case_id, const struct profile *p,
                                 bool corrects)
{
    return (struct writing){.form = p != NULL ? p->conclusion : NULL,
                            .id = case_id,
                            .kind = S("conclusion"),
                            .path = case_path(h, case_id, "/conclusion"),
                            .corrects = corrects,
                            .why = T("Why is the conclusion corrected")};
}

/* The own draft; else what is corrected; else nothing. */
static enum err typed_load(struct http_req *h, const struct writing *w, const struct case_view *v,
                           struct draft *ret_draft)
{
    struct draft d = {0};
    enum err e = writing_load(h, w, &d);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        d = (struct draft){0};
        e = w->corrects ? signed_fields(h, v, &d.fields) : OK;
    }
    TRY(e);
    *ret_draft = d;
    return OK;
}

/* ---- the page ---- */

static bool is_ticked(const struct fields *typed, struct str id)
{
    if (fields_get(typed, S("seen-listed")).p == NULL) {
        return true;
    }
    for (uint32_t i = 0; fields_at(typed, S("seen"), i).p != NULL; i++) {
        if (str_eq(fields_at(typed, S("seen"), i), id)) {
            return true;
        }
    }
    return false;
}

/* The files to tick: which of them the consultant had before them. */
static void set_seen(const struct fields *typed, struct val *root)
{
    const struct val *files = val_find(root, S("files"));
    for (const struct val_item *i = files != NULL ? val_first(files) : NULL; i != NULL;
         i = val_next(i)) {
        const struct val *f = val_item_value(i);
        const struct val *id = val_find(f, S("id"));
        val_set_bool((struct val *)(uintptr_t)f, "on", id != NULL && is_ticked(typed, id->s));
    }
}

/* The measurements and key images to tick: what was ticked, and those the consultant made since. */
static void set_chosen(const struct draft *d, struct val *root)
{
    const struct fields *typed = &d->fields;
    const struct val *marks = val_find(root, S("marks"));
    bool listed = fields_get(typed, S("marks-listed")).n > 0;
    for (const struct val_item *i = marks != NULL ? val_first(marks) : NULL; i != NULL; i = val_next(i)) {
        const struct val *m = val_item_value(i);
        const struct val *id = val_find(m, S("id"));
        const struct val *own = val_find(m, S("own"));
        const struct val *at = val_find(m, S("at"));
        bool is_new = !listed || (at != NULL && at->i > d->saved.ms);
        bool on = is_new && own != NULL && val_is(*own);
        for (uint32_t k = 0; listed && id != NULL && fields_at(typed, S("mark"), k).p != NULL; k++) {
            on = on || str_eq(fields_at(typed, S("mark"), k), id->s);
        }
        val_set_bool((struct val *)(uintptr_t)m, "on", on);
    }
}

static enum err editor(struct http_req *h, const struct writing *w, const struct case_view *v,
                       const struct draft *d, const struct problems *faults)
{
    struct val *root = NULL;
    TRY(case_begin(h, v, w->corrects ? T("Correct the conclusion") : T("Conclusion"), &root));
    page_kind(root, "wide");
    page_events(root, page_path(h, "/events?case=", v->row.id, ""));
    TRY(case_set_form(h, v, root));
    TRY(case_set_files(h, v, root));
    set_seen(&d->fields, root);
    TRY(marks_set(h, &v->row, (struct str){0}, root));
    set_chosen(d, root);
    writing_set(h, w, d, faults, root);
    return page_reply_status(h, faults != NULL ? 422 : 200, root, tpl_conclusion);
}

enum err web_conclusion_page(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct str id = http_param(h, S("case"));
    struct draft d;
    TRY_MEM(&h->rq, v);
    TRY(consult_view(&h->rq, id, v));
    if (conclusion_move(v) == NULL || v->profile == NULL) {
        return http_redirect(h, case_path(h, id, ""));
    }
    struct writing w = writing_of(h, v->row.id, v->profile, v->row.conclusion.n > 0);
    TRY(typed_load(h, &w, v, &d));
    return editor(h, &w, v, &d, NULL);
}

/* The person's own draft: nothing of the case is read. */
enum err web_conclusion_autosave(struct http_req *h)
{
    struct case_row row;
    enum audit_why why = WHY_NONE;
    TRY(case_row_load(&h->rq, http_param(h, S("case")), &row));
    TRY(access_why(&h->rq, &row, &why));
    if (why == WHY_NOT_TEAM) {
        return FAIL(&h->rq, E_NOT_FOUND, "case");
    }
    const struct profile *p = content_profile(care_of(&h->rq)->content, row.profile);
    struct writing w = writing_of(h, row.id, p, row.conclusion.n > 0);
    return writing_autosave(h, &w);
}

enum err web_conclusion(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct str id = http_param(h, S("case"));
    enum writing_next next;
    struct draft d;
    struct sign_paper paper;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, faults);
    TRY(consult_view(&h->rq, id, v));
    if (conclusion_move(v) == NULL || v->profile == NULL) {
        return FAIL(&h->rq, E_CONFLICT, "conclusion");
    }
    struct writing w = writing_of(h, v->row.id, v->profile, v->row.conclusion.n > 0);
    TRY(writing_take(h, &w, &d, faults, &next));
    if (next != WRITING_PREVIEW) {
        return next == WRITING_ANSWERED ? OK : editor(h, &w, v, &d, faults);
    }
    struct str reason = fields_get(&d.fields, S("reason"));
    enum err e = sign_preview(&h->rq, id, &d.fields, http_public_url(h),
                              reason.p != NULL ? reason : S(""), faults, &paper);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        d.saved = h->rq.now;
        return editor(h, &w, v, &d, faults);
    }
    TRY(e);
    return http_redirect(h, case_path(h, id, "/conclusion/preview"));
}
