/* web/ask_send.c - the last look at a request, and sending it. */
#include "web/ask_int.h"

#include "base/text.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/case_item.h"
#include "web/format.h"
#include "web/tpl.h"

static void add_fact(struct http_req *h, struct val *list, const char *label, struct str value)
{
    if (value.n > 0) {
        struct val *m = val_add_map(list);
        val_set_str(m, "label", tr(h->rq.lang, label));
        val_set_str(m, "value", value);
    }
}

/* The own fields as lines. */
static void set_facts(struct http_req *h, const struct ask *a, const struct directory *dir,
                      struct val *root)
{
    static const struct {
        const char *code;
        const char *text;
    } ways[] = {{"written", T("in writing")}, {"oral", T("orally")},
                {"unable", T("could not be taken")}};
    const struct dir_service *s = dir_service(dir, fields_get(&a->typed, S("service")));
    struct val *list = val_set_list(root, "facts");
    add_fact(h, list, T("Profile"), text4_get(&a->profile->title, h->rq.lang));
    if (s != NULL) {
        struct buf b;
        buf_init(&b, h->rq.a, 1024);
        buf_str(&b, s->name);
        BUF_LIT(&b, ", ");
        buf_str(&b, dir->orgs[s->org].name);
        add_fact(h, list, T("Where to"), buf_get(&b));
    }
    add_fact(h, list, T("Main diagnosis"), fields_get(&a->typed, S("diagnosis")));
    for (uint32_t i = 0; fields_at(&a->typed, S("co-diagnosis"), i).p != NULL; i++) {
        add_fact(h, list, T("Another diagnosis"), fields_at(&a->typed, S("co-diagnosis"), i));
    }
    for (size_t i = 0; i < LEN(ways); i++) {
        if (str_eq(fields_get(&a->typed, S("consent")), str_z(ways[i].code))) {
            add_fact(h, list, T("Consent"), tr(h->rq.lang, ways[i].text));
        }
    }
    for (size_t i = 0; i < LEN(ways); i++) {
        if (str_eq(fields_get(&a->typed, S("cross-border")), str_z(ways[i].code))) {
            add_fact(h, list, T("Consent to another country"), tr(h->rq.lang, ways[i].text));
        }
    }
    add_fact(h, list, T("Why consent could not be taken, and who decided"),
             fields_get(&a->typed, S("consent-note")));
    add_fact(h, list, T("Telephone to call you back"), fields_get(&a->typed, S("contact")));
}

/* Dates as people write them. */
static struct str shown(struct http_req *h, const struct form_line *line)
{
    struct instant from;
    struct instant to;
    struct buf b;
    buf_init(&b, h->rq.a, 256);
    if (line->item->kind == FORM_DATE) {
        format_date_text(&b, h->rq.lang, line->value);
        return buf_get(&b);
    }
    if (line->item->kind != FORM_DATE_TIME || line->value.n < 16
        || !zone_span(page_zone(h), form_date_time(&h->rq, line->value), &from, &to)) {
        return line->value;
    }
    struct civil c = zone_civil(page_zone(h), from);
    format_date(&b, h->rq.lang, &c);
    BUF_LIT(&b, ", ");
    format_time(&b, &c);
    return buf_get(&b);
}

static enum err set_lines(struct http_req *h, const struct ask *a, struct val *root)
{
    const struct form_line *lines = NULL;
    struct val *list = val_set_list(root, "lines");
    uint32_t n = 0;
    TRY(form_lines(&h->rq, a->profile->request, &a->typed, &lines, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "label", text4_get(&lines[i].item->text, h->rq.lang));
        val_set_str(m, "value", shown(h, &lines[i]));
        val_set_bool(m, "heading", lines[i].item->kind == FORM_GROUP);
    }
    return OK;
}

static enum err show_review(struct http_req *h, unsigned status, struct ask *a, const char *wrong)
{
    struct val *root = NULL;
    struct patient p;
    struct patient whole;
    const struct directory *dir = NULL;
    TRY(page_begin(h, T("Review and send"), &root));
    TRY(directory_get(&h->rq, &dir));
    TRY(patient_asked(&h->rq, fields_get(&a->typed, S("patient")), &p, &whole));
    if (wrong != NULL) {
        page_error(h, root, "uploads", wrong);
    }
    ask_patient(h, &p, val_set_map(root, "patient"));
    set_facts(h, a, dir, root);
    TRY(set_lines(h, a, root));
    TRY(file_uploads(h, a->id, &whole, page_path(h, "/ask/", a->id, ""), root));
    val_set_str(root, "id", a->id);
    val_set_str(root, "urgency", fields_get(&a->typed, S("urgency")));
    val_set_str(root, "question", fields_get(&a->typed, S("question")));
    return page_reply_status(h, status, root, tpl_ask_review);
}

enum err web_ask_review(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    TRY(consult_check(&h->rq, &a->typed, false, &a->faults));
    TRY(consult_check_abroad(&h->rq, &a->typed, false, &a->faults));
    if (a->faults.n > 0) {
        return http_redirect(h, page_path(h, "/ask/", a->id, "?check=1"));
    }
    return show_review(h, 200, a, NULL);
}

/* Another click sent it at the same moment: its case is shown. */
static enum err sent_meanwhile(struct http_req *h)
{
    struct str id = http_param(h, S("draft"));
    struct err_rec failure = h->rq.err;
    struct case_row row;
    err_clear(&h->rq);
    if (case_row_load(&h->rq, id, &row) == OK) {
        return http_redirect(h, page_path(h, "/cases/", id, "?done=sent"));
    }
    h->rq.err = failure;
    return page_render_error(h, failure.code);
}

enum err web_ask_send(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct tx *tx = tx_new(&h->rq);
    bool sent;
    bool already = false;
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, a);
    TRY_MEM(&h->rq, tx);
    e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    struct str path = page_path(h, "/cases/", a->id, "?done=sent");
    e = consult_submit(&h->rq, tx, a->id, &a->typed, &a->faults, &already);
    if (e == E_BAD_INPUT && a->faults.n > 0) {
        err_clear(&h->rq);
        return ask_show(h, 422, a);
    }
    if (e == E_CONFLICT && str_eq(str_z(h->rq.err.detail), S("upload"))) {
        err_clear(&h->rq);
        return show_review(h, 409, a,
                           T("A file is still on its way. Wait until it is stored, or remove it."));
    }
    TRY(e);
    if (already) {
        return http_redirect(h, path);
    }
    h->on_fail = sent_meanwhile;
    return page_commit(h, tx, path);
}
