/* web/page_form.c - forms: faults, what was typed, and forms that count once. See page.h. */
#include "web/page_int.h"

#include "base/text.h"
#include "care/who.h"
#include "store/db.h"
#include "store/tx.h"

struct str page_sent(struct http_req *h, const char *name)
{
    struct str value = http_form(h, str_z(name));
    return value.p != NULL ? str_trim(value) : S("");
}

void page_error_text(struct val *root, const char *field, struct str text)
{
    const struct val *have = val_find(root, S("errors"));
    struct val *list = have != NULL ? (struct val *)(uintptr_t)have : val_set_list(root, "errors");
    struct val *e = val_add_map(list);
    val_set_z(e, "field", field);
    val_set_str(e, "text", text);
}

void page_error(struct http_req *h, struct val *root, const char *field, const char *text)
{
    page_error_text(root, field, tr(h->rq.lang, text));
}

bool page_has_errors(const struct val *root)
{
    const struct val *v = val_find(root, S("errors"));
    return v != NULL && v->n > 0;
}

/* The first error of a field; p NULL when it has none. */
static struct str error_of(const struct val *root, struct str field)
{
    const struct val *list = val_find(root, S("errors"));
    for (const struct val_item *i = list != NULL ? val_first(list) : NULL; i != NULL;
         i = val_next(i)) {
        const struct val *e = val_item_value(i);
        const struct val *name = val_find(e, S("field"));
        const struct val *text = val_find(e, S("text"));
        if (name != NULL && text != NULL && str_eq(name->s, field)) {
            return text->s;
        }
    }
    return (struct str){0};
}

struct val *page_field(struct http_req *h, struct val *root, const char *name, const char *label,
                       struct str value)
{
    struct val *f = val_set_map(page_map(root, "fields"), name);
    struct str sent = h->method == POST ? http_form(h, str_z(name)) : (struct str){0};
    struct str error = error_of(root, str_z(name));
    val_set_z(f, "name", name);
    val_set_str(f, "label", tr(h->rq.lang, label));
    val_set_str(f, "value", sent.p != NULL ? sent : value);
    if (error.p != NULL) {
        val_set_str(f, "error", error);
    }
    return f;
}

struct val *page_secret(struct http_req *h, struct val *root, const char *name, const char *label,
                        const char *autocomplete)
{
    struct val *f = page_field(h, root, name, label, S(""));
    val_set_z(f, "type", "password");
    val_set_z(f, "auto", autocomplete);
    val_set_z(f, "width", "w14");
    val_set_str(f, "value", S(""));
    val_set_bool(root, "has_secret", true);
    return f;
}

void page_option(struct val *field, struct str value, struct str label)
{
    const struct val *have = val_find(field, S("options"));
    const struct val *now = val_find(field, S("value"));
    struct val *list = have != NULL ? (struct val *)(uintptr_t)have : val_set_list(field, "options");
    struct val *o = val_add_map(list);
    val_set_str(o, "value", value);
    val_set_str(o, "label", label);
    val_set_bool(o, "on", now != NULL && str_eq(now->s, value));
}

/* ---- once ---- */

/* What the form's key is kept under: E_NOT_FOUND when the form has none. */
static enum err once_find(struct http_req *h, struct str *ret_path)
{
    struct db_rows rows CLEANUP(db_rows_done) = {0};
    struct str key = http_form(h, S("once"));
    if (key.n == 0 || key.n > 64 || h->rq.who == NULL || h->rq.db == NULL) {
        return E_NOT_FOUND;
    }
    TRY(DB_ONE(&h->rq, &rows, Q_ONCE, sql_text(h->rq.who->person), sql_text(key)));
    *ret_path = db_text(h->rq.a, &rows, 1);
    return OK;
}

bool page_done_before(struct http_req *h, enum err *ret_e)
{
    struct str path;
    if (h->rq.err.code != OK) {
        return false;
    }
    enum err e = once_find(h, &path);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return false;
    }
    *ret_e = e == OK ? http_redirect(h, path) : e;
    return true;
}

/* What page_commit needs when the commit is over. */
struct page_end {
    struct str path;
    http_handler_fn on_fail;
};

static enum err commit_done(struct http_req *h)
{
    const struct page_end *end = h->page_ctx;
    return http_redirect(h, end->path);
}

/* Two of the same form at once: the second finds the first one's key and follows it. */
static enum err commit_failed(struct http_req *h)
{
    const struct page_end *end = h->page_ctx;
    struct err_rec failure = h->rq.err;
    struct str path;
    err_clear(&h->rq);
    if (failure.code == E_CONFLICT || failure.code == E_STALE) {
        if (once_find(h, &path) == OK) {
            return http_redirect(h, path);
        }
        err_clear(&h->rq);
    }
    h->rq.err = failure;
    return end->on_fail != NULL ? end->on_fail(h) : page_render_error(h, failure.code);
}

enum err page_commit(struct http_req *h, struct tx *tx, struct str path)
{
    struct page_end *end = ARENA_NEW(h->rq.a, struct page_end);
    struct str key = http_form(h, S("once"));
    TRY_MEM(&h->rq, end);
    if (path.n == 0) {
        return FAIL(&h->rq, E_TOO_LARGE, "path");
    }
    if (key.n > 0 && key.n <= 64 && h->rq.who != NULL) {
        TRY(TX_SQL(tx, W_ONCE_NEW, TX_MUST_BE_NEW, sql_text(h->rq.who->person), sql_text(key),
                   sql_i64(h->rq.now.ms), sql_text(path)));
    }
    *end = (struct page_end){path, h->on_fail};
    h->page_ctx = end;
    h->on_fail = commit_failed;
    return http_commit(h, tx, commit_done);
}

bool page_may_go(struct str asked)
{
    enum { PATH_MAX_SENT = 2000 };
    return asked.n < PATH_MAX_SENT && http_is_local(asked);
}

struct str page_back(struct http_req *h, const char *fallback, const char *done)
{
    struct str back = page_sent(h, "back");
    struct buf b;
    buf_init(&b, h->rq.a, 4096);
    buf_str(&b, page_may_go(back) ? back : str_z(fallback));
    if (done != NULL) {
        buf_char(&b, str_find_char(buf_get(&b), '?') < b.n ? '&' : '?');
        BUF_LIT(&b, "done=");
        buf_str(&b, str_z(done));
    }
    return buf_get(&b);
}
