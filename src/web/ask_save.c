/* web/ask_save.c - what is typed in a request is kept at once; reviewing and sending it. */
#include "web/ask_int.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/icd.h"
#include "care/imaging.h"
#include "care/upload.h"
#include "codec/utf8.h"
#include "store/tx.h"
#include "web/case_item.h"
#include "web/tpl.h"

enum { ICD_SHOWN = 40, ICD_OFFERED = 12, MERGED_MAX = 2000 };

/* What every request has, whatever its profile; "patient" is not the page's to set. */
static bool is_own_field(struct str name)
{
    static const struct str names[] = {
        SI("profile"), SI("urgency"), SI("mode"), SI("question"), SI("service"), SI("contact"),
        SI("diagnosis"), SI("co-diagnosis"), SI("consent"), SI("consent-note"),
        SI("cross-border"),
    };
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(name, names[i])) {
            return true;
        }
    }
    return false;
}

enum err ask_merge(struct http_req *h, const struct ask *a, struct fields *ret_fields,
                   struct str *ret_long)
{
    struct field *all = ARENA_ARRAY(h->rq.a, MERGED_MAX, struct field);
    const struct profile *shown =
        content_profile(care_of(&h->rq)->content, page_sent(h, "form"));
    const struct form *form = shown != NULL ? shown->request : NULL;
    struct fields sent = {0};
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    enum err e = form_typed(h, form, &sent, ret_long);
    if (e != OK && ret_long->n == 0) {
        return e;
    }
    /* Of another profile is another service: the proposal for it stands in the next page. */
    bool other = shown != NULL && !str_eq(fields_get(&sent, S("profile")), shown->code);
    for (uint32_t i = 0; i < sent.n && n < MERGED_MAX; i++) {
        if (other && str_eq(sent.v[i].name, S("service"))) {
            continue;
        }
        if (is_own_field(sent.v[i].name) || form_has_field(form, sent.v[i].name)) {
            all[n] = sent.v[i];
            if (str_eq(all[n].name, S("diagnosis")) || str_eq(all[n].name, S("co-diagnosis"))) {
                all[n].value = icd_titled(&h->rq, care_of(&h->rq)->icd, all[n].value);
            }
            n++;
        }
    }
    for (uint32_t i = 0; i < a->draft.fields.n && n < MERGED_MAX; i++) {
        const struct field *f = &a->draft.fields.v[i];
        bool too_long = str_eq(f->name, *ret_long); /* the last that could be kept */
        if (too_long || (!is_own_field(f->name) && !form_has_field(form, f->name))) {
            all[n++] = *f;
        }
    }
    *ret_fields = (struct fields){all, n};
    return OK;
}

/* ---- saving ---- */

static enum err redirect_after(struct http_req *h)
{
    const struct str *path = h->page_ctx;
    return http_redirect(h, *path);
}

/* Saves again and again without a key: the same form counts each time. */
static enum err save_and_go(struct http_req *h, const struct ask *a, struct str path)
{
    struct tx *tx = tx_new(&h->rq);
    struct str *to = ARENA_NEW(h->rq.a, struct str);
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, to);
    *to = path;
    h->page_ctx = to;
    TRY(draft_save(&h->rq, tx, a->id, S("request"), &a->typed, 0));
    return http_commit(h, tx, redirect_after);
}

static enum err saved(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

/* The label of a field, for "the text in ... is too long". */
static struct str label_of(struct http_req *h, const struct ask *a, struct str field)
{
    static const struct {
        struct str name;
        const char *label;
    } own[] = {
        {SI("question"), T("What do you ask the consultant?")},
        {SI("contact"), T("Telephone to call you back")},
        {SI("diagnosis"), T("Main diagnosis")},
        {SI("co-diagnosis"), T("Another diagnosis")},
        {SI("consent-note"), T("Why consent could not be taken, and who decided")},
    };
    for (size_t i = 0; i < LEN(own); i++) {
        if (str_eq(own[i].name, field)) {
            return tr(h->rq.lang, own[i].label);
        }
    }
    struct str link = str_sub(field, 0, str_find_char(field, '['));
    int32_t at = a->profile != NULL ? form_item_find(a->profile->request, link) : -1;
    return at >= 0 ? text4_get(&a->profile->request->items[at].text, h->rq.lang)
                   : utf8_cut(field, 60);
}

static struct str too_long_text(struct http_req *h, const struct ask *a, struct str field)
{
    struct text_arg arg = {S("field"), label_of(h, a, field)};
    return page_text(h, T("The text in \"{field}\" is too long and was not saved. Shorten it or attach "
                          "it as a file. Everything else is saved."), &arg, 1);
}

static enum err say_too_long(struct http_req *h)
{
    const struct str *text = h->page_ctx;
    struct val *root = NULL;
    if (!http_wants_html(h)) {
        return http_reply(h, 413, S("text/plain; charset=utf-8"), *text);
    }
    TRY(page_begin(h, T("The text is too long"), &root));
    val_set_str(root, "text", *text);
    val_set_str(root, "id", http_param(h, S("draft")));
    page_kind(root, "narrow");
    return page_reply_status(h, 413, root, tpl_ask_long);
}

/* Everything but the long field is saved; the page says which it is and keeps nothing back. */
static enum err save_all_but(struct http_req *h, struct ask *a, struct str field)
{
    struct tx *tx = tx_new(&h->rq);
    struct str *text = ARENA_NEW(h->rq.a, struct str);
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, text);
    TRY(err_answers(&h->rq) ? OK : E_TOO_LARGE); /* what memory was short of is lost too */
    *text = too_long_text(h, a, field);
    h->page_ctx = text;
    TRY(draft_save(&h->rq, tx, a->id, S("request"), &a->typed, 0));
    return http_commit(h, tx, say_too_long);
}

enum err web_ask_autosave(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct tx *tx = tx_new(&h->rq);
    struct str too_long = {0};
    bool sent;
    TRY_MEM(&h->rq, a);
    TRY_MEM(&h->rq, tx);
    TRY(ask_load(h, a, &sent));
    if (sent) {
        return http_reply_empty(h, 204);
    }
    TRY(ask_merge(h, a, &a->typed, &too_long));
    if (too_long.n > 0) {
        return save_all_but(h, a, too_long);
    }
    TRY(draft_save(&h->rq, tx, a->id, S("request"), &a->typed, 0));
    return http_commit(h, tx, saved);
}

/* ---- the buttons ---- */

static enum err go_review(struct http_req *h, struct ask *a)
{
    TRY(consult_check(&h->rq, &a->typed, false, &a->faults));
    TRY(consult_check_abroad(&h->rq, &a->typed, false, &a->faults));
    bool good = a->faults.n == 0;
    return save_and_go(h, a, page_path(h, "/ask/", a->id, good ? "/review" : "?check=1"));
}

static enum err go_icd(struct http_req *h, struct ask *a, struct str field)
{
    bool co = str_eq(field, S("co-diagnosis"));
    return save_and_go(h, a, page_path(h, "/ask/", a->id, co ? "/icd10?field=co-diagnosis"
                                                             : "/icd10?field=diagnosis"));
}

static enum err discard(struct http_req *h, struct ask *a)
{
    struct tx *tx = tx_new(&h->rq);
    struct upload *list;
    size_t n;
    TRY_MEM(&h->rq, tx);
    TRY(upload_list(&h->rq, a->id, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (list[i].state != UPLOAD_USED && str_eq(list[i].owner, h->rq.who->person)) {
            TRY(upload_end(&h->rq, care_of(&h->rq)->uploads, list[i].id));
        }
    }
    TRY(imaging_draft_end(&h->rq, tx, a->id));
    TRY(draft_end(&h->rq, tx, a->id));
    return page_commit(h, tx, S("/mine?done=discarded"));
}

static enum err go_discard(struct http_req *h, struct ask *a)
{
    return save_and_go(h, a, page_path(h, "/ask/", a->id, "/discard"));
}

static enum err go_leave(struct http_req *h, struct ask *a)
{
    return save_and_go(h, a, S("/mine?done=kept"));
}

static enum err go_files(struct http_req *h, struct ask *a)
{
    return save_and_go(h, a, page_path(h, "/ask/", a->id, "/files"));
}

static enum err go_more(struct http_req *h, struct ask *a)
{
    return save_and_go(h, a, page_path(h, "/ask/", a->id, "?rows=3#tests"));
}

static enum err go_co(struct http_req *h, struct ask *a)
{
    return save_and_go(h, a, page_path(h, "/ask/", a->id, "?rows=3#diagnosis-part"));
}

static const struct {
    const char *go;
    enum err (*fn)(struct http_req *h, struct ask *a);
} buttons[] = {
    {"review", go_review}, {"leave", go_leave}, {"discard", go_discard},
    {"files", go_files},   {"more", go_more},   {"co", go_co},
};

/* "to:PART" leads on; what stands wrongly in the part just left is said at once. */
static enum err go_on(struct http_req *h, struct ask *a, struct str go)
{
    static const struct {
        const char *go;
        const char *mark;
    } parts[] = {
        {"to:clinical", "#clinical"},         {"to:diagnosis-part", "#diagnosis-part"},
        {"to:files", "#files"},               {"to:consent-part", "#consent-part"},
        {"to:where", "#where"},
    };
    const char *mark = "";
    TRY(consult_check(&h->rq, &a->typed, true, &a->faults));
    for (size_t i = 0; i < LEN(parts); i++) {
        mark = str_eq(go, str_z(parts[i].go)) ? parts[i].mark : mark;
    }
    return save_and_go(h, a, page_path(h, "/ask/", a->id, a->faults.n > 0 ? "?wrong=1" : mark));
}

enum err web_ask_save(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct str go = page_sent(h, "go");
    struct str too_long = {0};
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    TRY(ask_merge(h, a, &a->typed, &too_long));
    if (too_long.n > 0) {
        return save_all_but(h, a, too_long);
    }
    for (size_t i = 0; i < LEN(buttons); i++) {
        if (str_eq(go, str_z(buttons[i].go))) {
            return buttons[i].fn(h, a);
        }
    }
    if (str_starts(go, S("icd:"))) {
        return go_icd(h, a, str_sub(go, 4, 60));
    }
    return go_on(h, a, go);
}

/* ---- discarding ---- */

enum err web_ask_discard_page(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct val *root = NULL;
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    TRY(page_begin(h, T("Discard the draft?"), &root));
    val_set_str(root, "id", a->id);
    val_set_instant(root, "saved_at", a->draft.saved);
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_ask_discard);
}

enum err web_ask_discard(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    bool sent;
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, a);
    e = ask_load(h, a, &sent);
    return e != OK || sent ? e : discard(h, a);
}

/* ---- ICD-10 ---- */

static void set_hits(struct http_req *h, struct val *root, struct str q)
{
    const struct icd_entry *hits[ICD_SHOWN];
    uint32_t n = icd_search(&h->rq, care_of(&h->rq)->icd, q, hits, ICD_SHOWN);
    struct val *list = val_set_list(root, "hits");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        struct buf b;
        buf_init(&b, h->rq.a, 1024);
        buf_str(&b, hits[i]->code);
        buf_char(&b, ' ');
        buf_str(&b, text4_get(&hits[i]->title, h->rq.lang));
        val_set_str(m, "code", hits[i]->code);
        val_set_str(m, "title", text4_get(&hits[i]->title, h->rq.lang));
        val_set_str(m, "value", buf_get(&b));
    }
    val_set_bool(root, "more", n == ICD_SHOWN);
    val_set_str(root, "q", q);
}

enum err web_icd(struct http_req *h)
{
    const struct icd_entry *hits[ICD_OFFERED];
    struct str q = http_query(h, S("q"));
    struct val *root = NULL;
    struct buf b;
    struct json_out o;
    if (http_wants_html(h)) {
        TRY(page_begin(h, T("ICD-10"), &root));
        set_hits(h, root, q.p != NULL ? q : S(""));
        page_kind(root, "narrow");
        return page_reply(h, root, tpl_icd);
    }
    uint32_t n = icd_search(&h->rq, care_of(&h->rq)->icd, q, hits, ICD_OFFERED);
    buf_init(&b, h->rq.a, 64 << 10);
    json_out_init(&o, &b);
    json_arr(&o);
    for (uint32_t i = 0; i < n; i++) {
        json_obj(&o);
        json_ks(&o, S("code"), hits[i]->code);
        json_ks(&o, S("title"), text4_get(&hits[i]->title, h->rq.lang));
        json_obj_end(&o);
    }
    json_arr_end(&o);
    http_reply_cache(h, S("private, max-age=300"));
    return http_reply(h, 200, S("application/json"), buf_get(&b));
}

/* What to look for by a diagnosis as it stands in the form: its code when it begins with one. */
static struct str sought(struct http_req *h, struct str diagnosis)
{
    struct str code = str_sub(diagnosis, 0, str_find_char(diagnosis, ' '));
    struct str titled = icd_titled(&h->rq, care_of(&h->rq)->icd, code);
    return str_eq(titled, code) ? diagnosis : code;
}

/* The page without scripts: search, then one button puts the diagnosis into the draft. */
enum err web_ask_icd(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    struct val *root = NULL;
    struct str q = http_query(h, S("q"));
    struct str field = http_query(h, S("field"));
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    bool co = str_eq(field, S("co-diagnosis"));
    if (q.p == NULL && !co) {
        q = sought(h, fields_get(&a->typed, S("diagnosis")));
    }
    TRY(page_begin(h, T("ICD-10"), &root));
    set_hits(h, root, q.p != NULL ? q : S(""));
    val_set_str(root, "id", a->id);
    val_set_z(root, "field", co ? "co-diagnosis" : "diagnosis");
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_icd);
}

enum err web_ask_icd_pick(struct http_req *h)
{
    struct ask *a = ARENA_NEW(h->rq.a, struct ask);
    bool co = str_eq(page_sent(h, "field"), S("co-diagnosis"));
    struct str name = co ? S("co-diagnosis") : S("diagnosis");
    bool sent;
    TRY_MEM(&h->rq, a);
    enum err e = ask_load(h, a, &sent);
    if (e != OK || sent) {
        return e;
    }
    struct field *all = ARENA_ARRAY(h->rq.a, a->typed.n + 1, struct field);
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    for (uint32_t i = 0; i < a->typed.n; i++) {
        if (co || !str_eq(a->typed.v[i].name, name)) {
            all[n++] = a->typed.v[i];
        }
    }
    all[n++] = (struct field){name, utf8_cut(page_sent(h, "value"), 500)};
    a->typed = (struct fields){all, n};
    return save_and_go(h, a, page_path(h, "/ask/", a->id, "#diagnosis-part"));
}
