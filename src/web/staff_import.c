/* web/staff_import.c - organisations and people from a file: laid ready, looked through, applied. */
#include "web/staff.h"

#include "base/text.h"
#include "care/content.h"
#include "care/filetype.h"
#include "care/people.h"
#include "care/scan.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { SHOWN = 50, LIST_BYTES = 12 << 20, INVITE_BYTES = 8 << 20 };

static const struct {
    struct str file; /* of the template */
    enum people_what what;
    const char *title;
} kinds[] = {
    {SI("organisations.csv"), PEOPLE_ORGS, T("Organisations")},
    {SI("people.csv"), PEOPLE_STAFF, T("People")},
};

/* What spreadsheets of the reader's language take for a separator. */
static char separator(const struct http_req *h)
{
    return h->rq.lang == LANG_EN ? ',' : ';';
}

/* ---- what may stand in a file ---- */

static void set_help(struct http_req *h, struct val *root)
{
    const struct content *c = care_of(&h->rq)->content;
    struct val *list = val_set_list(root, "kinds");
    for (size_t i = 0; i < LEN(kinds); i++) {
        struct val *m = val_add_map(list);
        struct val *columns = val_set_list(m, "columns");
        val_set_str(m, "title", tr(h->rq.lang, kinds[i].title));
        val_set_str(m, "file", kinds[i].file);
        for (uint32_t k = 0; people_column(kinds[i].what, k).p != NULL; k++) {
            struct val *v = val_add_map(columns);
            val_set_str(v, "name", people_column(kinds[i].what, k));
            val_set_str(v, "help", tr(h->rq.lang, people_column_help(kinds[i].what, k)));
        }
    }
    const struct role_ref *own = who_role(h->rq.who);
    val_set_str(root, "own_name", own != NULL ? own->org_name : S(""));
    val_set_str(root, "own_id", own != NULL ? own->org : S(""));
    struct val *roles = val_set_list(root, "roles");
    for (uint32_t i = 0; i < c->n_roles; i++) {
        if (!(c->roles[i].rights & (MAY_ADMIN | MAY_AUDIT))) {
            struct val *m = val_add_map(roles);
            val_set_str(m, "code", c->roles[i].code);
            val_set_str(m, "title", text4_get(&c->roles[i].title, h->rq.lang));
        }
    }
}

/* ---- what would be done ---- */

static void add_line(const struct people_line *l, struct val *list)
{
    struct val *m = val_add_map(list);
    struct val *changes = val_set_list(m, "changes");
    val_set_i64(m, "line", l->line);
    val_set_str(m, "key", l->key);
    val_set_str(m, "name", l->name);
    for (uint32_t i = 0; i < l->n_changes; i++) {
        struct val *c = val_add_map(changes);
        val_set_str(c, "column", l->changes[i].column);
        val_set_str(c, "from", l->changes[i].from);
        val_set_str(c, "to", l->changes[i].to);
    }
}

static void set_faults(struct http_req *h, const struct people_plan *p, struct val *root)
{
    struct val *list = val_set_list(root, "faults");
    for (uint32_t i = 0; i < p->n_faults && i < SHOWN; i++) {
        const struct people_fault *f = &p->faults[i];
        const struct text_arg what = {S("what"), f->what};
        struct val *m = val_add_map(list);
        val_set_i64(m, "line", f->line);
        val_set_str(m, "column", f->column);
        val_set_str(m, "text", page_text(h, f->text, &what, 1));
    }
    val_set_i64(root, "n_faults", p->n_faults);
    val_set_bool(root, "more_faults", p->n_faults > SHOWN);
}

static void set_plan(struct http_req *h, const struct people_plan *p, struct val *root)
{
    struct val *m = val_set_map(root, "plan");
    struct val *made = val_set_list(m, "made");
    struct val *changed = val_set_list(m, "changed");
    val_set_i64(m, "n_new", p->n[PEOPLE_NEW]);
    val_set_i64(m, "n_changed", p->n[PEOPLE_CHANGED]);
    val_set_i64(m, "n_same", p->n[PEOPLE_SAME]);
    val_set_i64(m, "n_wrong", p->n[PEOPLE_WRONG]);
    val_set_i64(m, "n_done", p->n[PEOPLE_NEW] + p->n[PEOPLE_CHANGED]);
    val_set_i64(m, "n_bare", p->n_bare);
    val_set_bool(m, "people", p->what == PEOPLE_STAFF);
    val_set_bool(m, "more_new", p->n[PEOPLE_NEW] > SHOWN);
    val_set_bool(m, "more_changed", p->n[PEOPLE_CHANGED] > SHOWN);
    val_set_str(m, "mark", arena_str(h->rq.a, str_z(p->mark)));
    for (uint32_t i = 0; i < p->n_rows; i++) {
        struct people_line l = people_line_at(p, i);
        struct val *list = l.act == PEOPLE_NEW ? made : l.act == PEOPLE_CHANGED ? changed : NULL;
        if (list != NULL && list->n < SHOWN) {
            add_line(&l, list);
        }
    }
    set_faults(h, p, m);
}

static enum err set_state(struct http_req *h, struct val *root)
{
    struct people_state st;
    enum err e = people_state(&h->rq, &st);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    struct val *m = val_set_map(root, "state");
    val_set_i64(m, "done", st.done);
    val_set_i64(m, "of", st.of);
    val_set_instant(m, "at", st.at);
    val_set_bool(m, "cut", st.done < st.of);
    return OK;
}

/* The plan of the file laid ready; *ret_has false when there is none. */
static enum err load_plan(struct http_req *h, struct people_plan *ret_plan, bool *ret_has)
{
    struct str file = {0};
    enum err e = people_file_get(&h->rq, &file);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        *ret_has = false;
        return OK;
    }
    TRY(e);
    TRY(people_plan(&h->rq, file, ret_plan));
    *ret_has = true;
    return OK;
}

static enum err show(struct http_req *h, unsigned status, const char *field, struct str fault)
{
    struct people_plan p;
    struct val *root = NULL;
    bool has = false;
    TRY(page_begin(h, T("Import from a file"), &root));
    if (fault.n > 0) {
        page_error_text(root, field, fault);
    }
    TRY(load_plan(h, &p, &has));
    if (has) {
        set_plan(h, &p, root);
    }
    TRY(set_state(h, root));
    set_help(h, root);
    return page_reply_status(h, status, root, tpl_staff_import);
}

enum err web_staff_import(struct http_req *h)
{
    return show(h, 200, NULL, S(""));
}

/* ---- files to take away ---- */

static enum err reply_csv(struct http_req *h, const char *disposition, const struct buf *b)
{
    if (!buf_ok(b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "list");
    }
    http_reply_header(h, "Content-Disposition", str_z(disposition));
    return http_reply(h, 200, S("text/csv; charset=utf-8"), buf_get(b));
}

enum err web_staff_import_template(struct http_req *h)
{
    struct str kind = http_param(h, S("kind"));
    struct buf b;
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(kind, kinds[i].file)) {
            buf_init(&b, h->rq.a, 1000);
            people_template(&b, kinds[i].what, separator(h));
            return reply_csv(h, "attachment", &b);
        }
    }
    return FAIL(&h->rq, E_NOT_FOUND, "template");
}

enum err web_staff_import_faults(struct http_req *h)
{
    struct people_plan p;
    struct buf b;
    bool has = false;
    TRY(load_plan(h, &p, &has));
    if (!has) {
        return FAIL(&h->rq, E_NOT_FOUND, "file");
    }
    buf_init(&b, h->rq.a, LIST_BYTES);
    people_faults_write(&h->rq, &b, &p);
    return reply_csv(h, "attachment; filename=\"import-faults.csv\"", &b);
}

/* ---- laid ready, taken away ---- */

/* *ret_fault: msgid of why it is not taken, NULL when it is. errors  of scan_look() */
static enum err scan_file(struct http_req *h, struct str bytes, const char **ret_fault)
{
    struct scan_result r;
    TRY(scan_look(&h->rq, bytes, &r));
    *ret_fault = r.verdict == SCAN_FOUND       ? file_verdict_text(FILE_VIRUS)
                 : r.verdict == SCAN_TOO_LARGE ? file_verdict_text(FILE_UNSCANNED)
                                               : NULL;
    return OK;
}

enum err web_staff_import_file(struct http_req *h)
{
    const char *fault = NULL;
    struct http_file f;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(http_form_check(h));
    if (!http_file(h, 0, &f) || f.bytes.n == 0) {
        return show(h, 422, "file", tr(h->rq.lang, T("Choose a file that is not empty.")));
    }
    if (f.bytes.n > PEOPLE_FILE_MAX) {
        return show(h, 422, "file",
                    tr(h->rq.lang, T("The file is larger than 6 MiB: import it in parts.")));
    }
    TRY(scan_file(h, f.bytes, &fault));
    if (fault != NULL) {
        return show(h, 422, "file", tr(h->rq.lang, fault));
    }
    TRY(people_file_keep(&h->rq, tx, f.bytes));
    return page_commit(h, tx, S("/staff/import?done=people-file"));
}

enum err web_staff_import_drop(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(people_file_drop(&h->rq, tx));
    return page_commit(h, tx, S("/staff/import?done=people-dropped"));
}

/* ---- applied ---- */

enum err web_staff_import_apply(struct http_req *h)
{
    struct people_plan p;
    uint32_t done = 0;
    bool has = false;
    TRY(load_plan(h, &p, &has));
    if (!has) {
        return FAIL(&h->rq, E_NOT_FOUND, "file");
    }
    if (p.mark[0] == 0 || !str_eq(page_sent(h, "mark"), str_z(p.mark))) {
        return show(h, 409, NULL, tr(h->rq.lang, T("What would be done is not what you were shown: "
                                                   "something changed "
                                                   "meanwhile. Nothing was done; look through it "
                                                   "again.")));
    }
    enum err e = people_apply(&h->rq, &p, &done);
    if (e == E_STALE) {
        err_clear(&h->rq);
        return show(h, 409, NULL, tr(h->rq.lang, T("Somebody changed one of these at the same time. "
                                                   "What was done is "
                                                   "whole and stays; below stands what is left.")));
    }
    TRY(e);
    return http_redirect(h, S("/staff/import?done=people-imported"));
}

enum err web_staff_import_invite(struct http_req *h)
{
    struct people_plan p;
    struct buf b;
    uint32_t n = 0;
    bool has = false;
    TRY(load_plan(h, &p, &has));
    if (!has || p.n_bare == 0) {
        return FAIL(&h->rq, E_NOT_FOUND, "people without a password");
    }
    buf_init(&b, h->rq.a, INVITE_BYTES);
    TRY(people_invite(&h->rq, &p, http_public_url(h), &b, &n));
    return reply_csv(h, "attachment; filename=\"invitations.csv\"", &b);
}
