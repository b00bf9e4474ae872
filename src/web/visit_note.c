/* web/visit_note.c - the note of a remote visit: written beside what changed, looked through to the letter,
 * signed; and the signed files. */
#include "web/pages.h"

#include "base/text.h"
#include "care/care.h"
#include "care/sign_case.h"
#include "web/tpl.h"
#include "web/visit.h"
#include "web/writing.h"

/* ---- writing ---- */

static bool may_write(const struct visit_view *v)
{
    for (uint32_t i = 0; i < v->n_moves; i++) {
        if (v->moves[i]->need & NEED_CONCLUSION) {
            return true;
        }
    }
    return false;
}

static struct writing writing_of(struct http_req *h, const struct visit_view *v)
{
    return (struct writing){.form = v->form,
                            .id = v->id,
                            .kind = S("visit"),
                            .path = visit_path(h, v->id, "/note"),
                            .corrects = v->note.n > 0,
                            .why = T("Why is the note corrected")};
}

/* The own draft; else what is corrected; else nothing. */
static enum err typed_load(struct http_req *h, const struct writing *w,
                           const struct visit_view *v, struct draft *ret_draft)
{
    struct draft d = {0};
    enum err e = writing_load(h, w, &d);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        d = (struct draft){0};
        e = w->corrects ? visit_note_fields(&h->rq, v, &d.fields) : OK;
    }
    TRY(e);
    *ret_draft = d;
    return OK;
}

static enum err language_field(struct http_req *h, const struct visit_view *v, struct val *root,
                               const struct fields *typed)
{
    struct str have = fields_get(typed, S("language"));
    enum lang theirs = h->rq.lang;
    TRY(visit_note_lang(&h->rq, v, &theirs));
    struct val *f = page_field(h, root, "language", T("Language of the note: the patient's"),
                               have.n > 0 ? have : lang_code(theirs));
    for (unsigned l = 0; l < LANG_COUNT; l++) {
        page_option(f, lang_code((enum lang)l), lang_name((enum lang)l));
    }
    return OK;
}

static enum err editor(struct http_req *h, const struct writing *w, const struct visit_view *v,
                       const struct draft *d, const struct problems *faults)
{
    struct val *root = NULL;
    TRY(visit_values(h, v, w->corrects ? T("Correct the note") : T("Note of the visit"), &root));
    page_kind(root, "wide");
    TRY(visit_set_changes(h, v, root));
    visit_set_limits(h, v, root);
    writing_set(h, w, d, faults, root);
    TRY(language_field(h, v, root, &d->fields));
    return page_reply_status(h, faults != NULL ? 422 : 200, root, tpl_visit_note);
}

enum err web_visit_note_page(struct http_req *h)
{
    struct visit_view *v = NULL;
    struct draft d;
    TRY(visit_of_path(h, AUDIT_READ, &v));
    if (!may_write(v)) {
        return http_redirect(h, visit_path(h, v->id, ""));
    }
    struct writing w = writing_of(h, v);
    TRY(typed_load(h, &w, v, &d));
    return editor(h, &w, v, &d, NULL);
}

enum err web_visit_note_autosave(struct http_req *h)
{
    struct visit_view *v = NULL;
    TRY(visit_of_path(h, AUDIT_READ, &v));
    if (!may_write(v)) {
        return FAIL(&h->rq, E_CONFLICT, "note");
    }
    struct writing w = writing_of(h, v);
    return writing_autosave(h, &w);
}

enum err web_visit_note(struct http_req *h)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct visit_view *v = NULL;
    enum writing_next next;
    struct draft d;
    struct sign_paper paper;
    TRY_MEM(&h->rq, faults);
    TRY(visit_of_path(h, AUDIT_READ, &v));
    if (v->actor == 0) {
        return FAIL(&h->rq, E_FORBIDDEN, "only the doctor of the visit");
    }
    if (!may_write(v)) {
        return FAIL(&h->rq, E_CONFLICT, "note");
    }
    struct writing w = writing_of(h, v);
    TRY(writing_take(h, &w, &d, faults, &next));
    if (next != WRITING_PREVIEW) {
        return next == WRITING_ANSWERED ? OK : editor(h, &w, v, &d, faults);
    }
    enum err e = visit_note_preview(&h->rq, v, &d.fields, http_public_url(h), faults, &paper);
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        d.saved = h->rq.now;
        return editor(h, &w, v, &d, faults);
    }
    TRY(e);
    return http_redirect(h, visit_path(h, v->id, "/note/preview"));
}
