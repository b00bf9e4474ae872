/* web/writing.c - a paper that is written and then signed. See writing.h. */
#include "web/writing.h"

#include "base/text.h"
#include "care/care.h"
#include "store/store.h"
#include "store/tx.h"

enum { PATH_CAP = 4096, ROWS_MORE = 3 };

enum err writing_load(struct http_req *h, const struct writing *w, struct draft *ret_draft)
{
    return draft_load(&h->rq, draft_key(h->rq.a, w->id, w->kind), ret_draft);
}

void writing_set(struct http_req *h, const struct writing *w, const struct draft *d,
                 const struct problems *faults, struct val *root)
{
    uint32_t extra = http_query(h, S("rows")).n > 0 ? ROWS_MORE : 1;
    if (faults != NULL) {
        form_faults(h, root, faults);
    }
    form_view(h, w->form, &d->fields, faults, extra, val_set_list(root, "sections"));
    struct val *edit = val_set_map(root, "edit");
    val_set_bool(edit, "corrects", w->corrects);
    if (d->saved.ms != 0) {
        val_set_instant(edit, "saved", d->saved);
    }
    if (w->corrects) {
        struct str reason = fields_get(&d->fields, S("reason"));
        struct val *f = page_field(h, root, "reason", w->why, reason.p != NULL ? reason : S(""));
        val_set_i64(f, "rows", 2);
        val_set_bool(f, "required", true);
    }
}

static enum err save(struct http_req *h, const struct writing *w, struct tx *tx,
                     const struct fields *typed)
{
    return draft_save(&h->rq, tx, draft_key(h->rq.a, w->id, w->kind), w->kind, typed, 0);
}

static enum err saved(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

enum err writing_autosave(struct http_req *h, const struct writing *w)
{
    struct fields typed;
    struct str too_long;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(form_typed(h, w->form, &typed, &too_long));
    TRY(save(h, w, tx, &typed));
    return http_commit(h, tx, saved);
}

/* A button of the form that is not the preview: saved, and led on. */
static enum err save_and_go(struct http_req *h, const struct writing *w,
                            const struct fields *typed, struct str go)
{
    struct tx *tx = tx_new(&h->rq);
    struct buf path;
    TRY_MEM(&h->rq, tx);
    TRY(save(h, w, tx, typed));
    buf_init(&path, h->rq.a, PATH_CAP);
    if (str_starts(go, S("icd:"))) {
        struct str words = fields_get(typed, str_sub(go, 4, go.n));
        BUF_LIT(&path, "/icd10");
        page_query(&path, "q", words.p != NULL ? words : S(""));
    } else {
        buf_str(&path, w->path);
        buf_str(&path, str_eq(go, S("more")) ? S("?rows=1") : S("?done=draft"));
    }
    return page_commit(h, tx, buf_get(&path));
}

enum err writing_take(struct http_req *h, const struct writing *w, struct draft *ret_draft,
                      struct problems *ret_faults, enum writing_next *ret_next)
{
    struct str too_long = {0};
    struct str go = page_sent(h, "go");
    *ret_draft = (struct draft){0};
    enum err e = form_typed(h, w->form, &ret_draft->fields, &too_long);
    if (e == E_TOO_LARGE && too_long.n > 0) {
        err_clear(&h->rq);
        problem_add(ret_faults, too_long, T("This text is too long."), (struct str){0}, NULL);
        *ret_next = WRITING_FAULTS;
        return OK;
    }
    TRY(e);
    if (go.n > 0 && !str_eq(go, S("preview"))) {
        *ret_next = WRITING_ANSWERED;
        return save_and_go(h, w, &ret_draft->fields, go);
    }
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(save(h, w, tx, &ret_draft->fields));
    *ret_next = WRITING_PREVIEW;
    return store_commit(care_of(&h->rq)->store, &h->rq, tx);
}
