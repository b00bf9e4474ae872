/* web/conclusion.c - a consultant writes the conclusion: the question and the facts beside it, every
 * change saved, then the exact text of the document to look at before it is signed. */
#include "web/pages.h"

#include "base/text.h"
#include "care/content.h"
#include "care/sign_case.h"
#include "care/sign_read.h"
#include "store/tx.h"
#include "web/conclusion.h"
#include "web/form_view.h"
#include "web/marks.h"
#include "web/tpl.h"

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

/* The own draft; else what is corrected; else nothing. */
static enum err typed_load(struct http_req *h, const struct case_view *v, struct draft *ret_draft)
{
    struct draft d = {0};
    enum err e = draft_load(&h->rq, draft_key(h->rq.a, v->row.id, S("conclusion")), &d);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        d = (struct draft){0};
        e = v->row.conclusion.n > 0 ? signed_fields(h, v, &d.fields) : OK;
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

static enum err editor(struct http_req *h, const struct case_view *v, const struct draft *d,
                       const struct problems *faults)
{
    struct val *root = NULL;
    bool corrects = v->row.conclusion.n > 0;
    TRY(case_begin(h, v, corrects ? T("Correct the conclusion") : T("Conclusion"), &root));
    page_kind(root, "wide");
    page_events(root, page_path(h, "/events?case=", v->row.id, ""));
    if (faults != NULL) {
        form_faults(h, root, faults);
    }
    TRY(case_set_form(h, v, root));
    TRY(case_set_files(h, v, root));
    set_seen(&d->fields, root);
    TRY(marks_set(h, &v->row, (struct str){0}, root));
    set_chosen(d, root);
    uint32_t extra = http_query(h, S("rows")).n > 0 ? 3 : 1;
    form_view(h, v->profile->conclusion, &d->fields, faults, extra,
              val_set_list(root, "sections"));
    struct val *edit = val_set_map(root, "edit");
    val_set_bool(edit, "corrects", corrects);
    if (d->saved.ms != 0) {
        val_set_instant(edit, "saved", d->saved);
    }
    if (corrects) {
        struct str reason = fields_get(&d->fields, S("reason"));
        struct val *f = page_field(h, root, "reason", T("Why is the conclusion corrected"),
                                   reason.p != NULL ? reason : S(""));
        val_set_i64(f, "rows", 2);
        val_set_bool(f, "required", true);
    }
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
    TRY(typed_load(h, v, &d));
    return editor(h, v, &d, NULL);
}

/* ---- saving ---- */

static enum err save(struct http_req *h, struct tx *tx, const struct fields *typed)
{
    struct str key = draft_key(h->rq.a, http_param(h, S("case")), S("conclusion"));
    return draft_save(&h->rq, tx, key, S("conclusion"), typed, 0);
}

static enum err saved(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

/* Every second or so from the script: the person's own draft, nothing of the case is read. */
enum err web_conclusion_autosave(struct http_req *h)
{
    struct case_row row;
    enum audit_why why = WHY_NONE;
    struct fields typed;
    struct str too_long;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(case_row_load(&h->rq, http_param(h, S("case")), &row));
    TRY(access_why(&h->rq, &row, &why));
    if (why == WHY_NOT_TEAM) {
        return FAIL(&h->rq, E_NOT_FOUND, "case");
    }
    const struct profile *p = content_profile(care_of(&h->rq)->content, row.profile);
    TRY(form_typed(h, p != NULL ? p->conclusion : NULL, &typed, &too_long));
    TRY(save(h, tx, &typed));
    return http_commit(h, tx, saved);
}

/* A button of the form that is not the preview: saved, and led on. */
static enum err save_and_go(struct http_req *h, const struct fields *typed, struct str go)
{
    struct str id = http_param(h, S("case"));
    struct tx *tx = tx_new(&h->rq);
    struct buf path;
    TRY_MEM(&h->rq, tx);
    TRY(save(h, tx, typed));
    buf_init(&path, h->rq.a, 4096);
    if (str_starts(go, S("icd:"))) {
        struct str words = fields_get(typed, str_sub(go, 4, go.n));
        BUF_LIT(&path, "/icd10");
        page_query(&path, "q", words.p != NULL ? words : S(""));
    } else {
        buf_str(&path, case_path(h, id, str_eq(go, S("more")) ? "/conclusion?rows=1"
                                                              : "/conclusion?done=draft"));
    }
    return page_commit(h, tx, buf_get(&path));
}

/* ---- to the preview ---- */

static enum err too_large(struct http_req *h, const struct case_view *v,
                          const struct fields *typed, struct str field)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct draft d = {.fields = *typed};
    static const struct text4 none;
    TRY_MEM(&h->rq, faults);
    err_clear(&h->rq);
    problem_add(faults, field, T("This text is too long."), (struct str){0}, &none);
    return editor(h, v, &d, faults);
}

/* What was typed is kept even when the preview refuses it. */
static enum err keep(struct http_req *h, const struct fields *typed)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(save(h, tx, typed));
    return store_commit(care_of(&h->rq)->store, &h->rq, tx);
}

enum err web_conclusion(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct str id = http_param(h, S("case"));
    struct draft d = {0};
    struct str too_long = {0};
    struct sign_paper paper;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, faults);
    TRY(consult_view(&h->rq, id, v));
    if (conclusion_move(v) == NULL || v->profile == NULL) {
        return FAIL(&h->rq, E_CONFLICT, "conclusion");
    }
    enum err e = form_typed(h, v->profile->conclusion, &d.fields, &too_long);
    if (e == E_TOO_LARGE && too_long.n > 0) {
        return too_large(h, v, &d.fields, too_long);
    }
    TRY(e);
    struct str go = page_sent(h, "go");
    if (go.n > 0 && !str_eq(go, S("preview"))) {
        return save_and_go(h, &d.fields, go);
    }
    TRY(keep(h, &d.fields));
    struct str reason = fields_get(&d.fields, S("reason"));
    e = sign_preview(&h->rq, id, &d.fields, http_public_url(h), reason.p != NULL ? reason : S(""),
                     faults, &paper);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        d.saved = h->rq.now;
        return editor(h, v, &d, faults);
    }
    TRY(e);
    return http_redirect(h, case_path(h, id, "/conclusion/preview"));
}
