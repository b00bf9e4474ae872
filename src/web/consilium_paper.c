/* web/consilium_paper.c - the protocol of a consilium: written by several, fixed, signed, taken away. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/signing.h"
#include "web/tpl.h"

enum { FIELDS_MAX = 40 };

struct paper {
    struct consilium c;
    struct consilium_item *item;
    struct protocol p;
};

static enum err open_paper(struct http_req *h, enum audit_action action, struct paper **ret_p)
{
    struct paper *p = ARENA_NEW(h->rq.a, struct paper);
    TRY_MEM(&h->rq, p);
    TRY(consilium_open_item(&h->rq, http_param(h, S("item")), action, &p->c, &p->item));
    TRY(protocol_load(&h->rq, &p->c, p->item, &p->p));
    *ret_p = p;
    return OK;
}

/* ---- writing ---- */

/* The fields; with stale what the other wrote stands above what differs. */
static void set_parts(struct http_req *h, const struct paper *p, bool stale, struct val *root)
{
    struct val *list = val_set_list(root, "parts");
    for (uint32_t i = 0; i <= p->p.n; i++) {
        bool orders = i == p->p.n;
        const char *name = orders ? "orders" : arena_cstr(h->rq.a, p->p.parts[i].code);
        struct str now = orders ? p->p.orders : p->p.parts[i].text;
        struct str title = orders ? tr(h->rq.lang, T("Orders")) : protocol_title(h->rq.lang, &p->p.parts[i]);
        struct val *f = page_field(h, root, name, "", now);
        val_set_str(f, "label", title);
        val_set_i64(f, "rows", orders ? 4 : 5);
        if (orders) {
            val_set_str(f, "hint",
                        tr(h->rq.lang,
                           T("One on each line; a day it is to be done by may stand behind a semicolon: "
                             "“; 25.11.2026”. They go to the case as orders and tasks.")));
        }
        struct val *m = val_add_map(list);
        val_set(m, "f", f);
        if (stale && !str_eq(now, page_sent(h, name))) {
            val_set_str(m, "theirs", now.n > 0 ? now : tr(h->rq.lang, T("(empty)")));
        }
    }
}

static enum err show_write(struct http_req *h, unsigned status, bool stale, const char *fault)
{
    const struct consilium_voice *voices = NULL;
    struct paper *p = NULL;
    struct val *root = NULL;
    uint32_t n = 0;
    TRY(open_paper(h, AUDIT_READ, &p));
    bool writes = (p->c.actor & (ACTOR_CHAIR | ACTOR_SECRETARY)) && p->item->state >= CONSILIUM_CONVENED
                  && p->item->state <= CONSILIUM_DRAFTED;
    if (!writes && fault == NULL) { /* what was typed is shown again, also when it comes too late */
        return http_redirect(h, consilium_item_path(h, p->item->id, ""));
    }
    TRY(consilium_begin(h, &p->c, T("Write the protocol"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, "decision", fault);
    }
    TRY(consilium_set_item(h, &p->c, p->item, root));
    TRY(consilium_set_voices(h, &p->c, p->item, root, &voices, &n));
    set_parts(h, p, stale, root);
    val_set_i64(root, "seen", (int64_t)p->p.version);
    val_set_str(root, "written_by", p->p.by_name);
    val_set_instant(root, "written_at", p->p.at);
    if (p->p.doc != NULL && !p->p.doc->from.verified) {
        val_set_str(root, "source", text4_get(&p->p.doc->from.source, h->rq.lang));
    }
    return page_reply_status(h, status, root, tpl_consilium_protocol);
}

enum err web_consilium_protocol(struct http_req *h)
{
    return show_write(h, 200, false, NULL);
}

static enum err write_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return show_write(h, 409, true,
                      e == E_CONFLICT
                          ? T("The protocol has moved on and is not written any more. Your text stands in "
                              "the fields, to be copied.")
                          : T("Somebody else wrote the protocol meanwhile. Your text stands in the fields, "
                              "theirs above each: put them together, then save again."));
}

enum err web_consilium_protocol_save(struct http_req *h)
{
    struct field *all = ARENA_ARRAY(h->rq.a, FIELDS_MAX, struct field);
    struct str id = http_param(h, S("item"));
    struct tx *tx = tx_new(&h->rq);
    struct str key;
    struct str value;
    uint64_t seen = 0;
    uint32_t n = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, all);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (!str_u64(page_sent(h, "seen"), &seen)) {
        return FAIL(&h->rq, E_BAD_INPUT, "seen");
    }
    for (uint32_t i = 0; n < FIELDS_MAX && http_form_each(h, i, &key, &value); i++) {
        all[n++] = (struct field){key, value};
    }
    e = protocol_save(&h->rq, tx, id, &(struct fields){all, n}, seen);
    if (e == E_STALE || e == E_CONFLICT) {
        return write_late(h);
    }
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return show_write(h, 422, false, T("Write the text, at most 16 000 characters."));
    }
    TRY(e);
    h->on_fail = write_late;
    return page_commit(h, tx, consilium_item_path(h, id, "?done=consilium-saved"));
}

/* ---- fixing and signing ---- */

enum err web_consilium_present(struct http_req *h)
{
    struct str id = http_param(h, S("item"));
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct tx *tx = tx_new(&h->rq);
    uint64_t version = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, path);
    if (page_done_before(h, &e)) {
        return e;
    }
    *path = consilium_item_path(h, id, "");
    h->page_ctx = path;
    h->on_fail = consilium_late;
    if (!str_u64(page_sent(h, "version"), &version)) {
        return FAIL(&h->rq, E_BAD_INPUT, "version");
    }
    e = protocol_present(&h->rq, tx, id, http_public_url(h), version);
    if (e == E_CONFLICT || e == E_STALE) {
        err_clear(&h->rq);
        return http_redirect(h, consilium_item_path(h, id, "?done=consilium-incomplete"));
    }
    TRY(e);
    return page_commit(h, tx, consilium_item_path(h, id, "/sign?done=consilium-fixed"));
}

/* root.stamps [{name, stamp, stamp_by, stamp_at, stamp_why}] of the signatures given so far. */
static enum err set_stamps(struct http_req *h, const struct paper *p, struct str bytes, struct val *root)
{
    struct protocol_signature *all = ARENA_ARRAY(h->rq.a, CONSILIUM_MEMBERS_MAX, struct protocol_signature);
    struct val *list = val_set_list(root, "stamps");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(protocol_signatures(&h->rq, p->item, bytes, all, CONSILIUM_MEMBERS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].stamp.state != STAMPING_NONE) {
            struct val *m = val_add_map(list);
            val_set_str(m, "name", dir_person_name(p->c.dir, all[i].person));
            case_stamp(h, &all[i].stamp, m);
        }
    }
    return OK;
}

/* field: where the fault stands, "password" or "signature". */
static enum err show_sign(struct http_req *h, const char *field, const char *fault)
{
    struct paper *p = NULL;
    const struct consilium_voice *voices = NULL;
    struct val *root = NULL;
    struct str bytes;
    char sha[65];
    uint32_t n = 0;
    TRY(open_paper(h, AUDIT_READ, &p));
    TRY(protocol_bytes(&h->rq, p->item, &bytes, sha));
    TRY(consilium_begin(h, &p->c, T("Protocol of a consilium"), &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    TRY(consilium_set_item(h, &p->c, p->item, root));
    TRY(case_doc(h, bytes, val_set_map(root, "doc")));
    TRY(consilium_set_voices(h, &p->c, p->item, root, &voices, &n));
    TRY(set_stamps(h, p, bytes, root));
    const struct consilium_voice *own =
        p->c.me != NULL ? consilium_voice_of(voices, n, p->c.me->person) : NULL;
    bool signs = p->item->state == CONSILIUM_SIGNING && own != NULL
                 && consilium_awaits(&h->rq, &p->c, p->c.me, own) && own->signed_state != SIGNED_YES;
    val_set_bool(root, "signs", signs);
    val_set_bool(root, "refused", own != NULL && own->signed_state == SIGNED_REFUSED);
    val_set_str(val_set_map(root, "sign"), "sha", arena_str(h->rq.a, str_z(sha)));
    signing_password(h, root);
    if (signs) {
        signing_token(h, consilium_item_path(h, p->item->id, "/sign"), root);
    }
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_consilium_sign);
}

enum err web_consilium_sign_page(struct http_req *h)
{
    return show_sign(h, NULL, NULL);
}

/* shown: the field where a fault is said. */
static enum err sign_by_means(struct http_req *h, const char *shown, struct sign_means *means)
{
    struct str id = http_param(h, S("item"));
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct tx *tx = tx_new(&h->rq);
    const char *field = NULL;
    const char *text = NULL;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, path);
    *path = consilium_item_path(h, id, "");
    h->page_ctx = path;
    h->on_fail = consilium_late;
    enum err e = protocol_sign(&h->rq, tx, id, page_sent(h, "sha"), means);
    if (e == E_BAD_INPUT && means->fault != NULL) {
        err_clear(&h->rq);
        return show_sign(h, shown, means->fault);
    }
    if (e != OK && consilium_fault(h, e, &field, &text)) {
        err_clear(&h->rq);
        return show_sign(h, shown, text);
    }
    TRY(e);
    return page_commit(h, tx,
                       consilium_item_path(h, id, means->warning != NULL ? "?done=consilium-signed-unasked"
                                                                         : "?done=consilium-signed"));
}

enum err web_consilium_sign(struct http_req *h)
{
    struct sign_means means = {.password = http_form(h, S("password"))};
    enum err e = OK;
    return page_done_before(h, &e) ? e : sign_by_means(h, "password", &means);
}

enum err web_consilium_token(struct http_req *h)
{
    struct sign_means means = {.file = signing_file_sent(h)};
    enum err e = OK;
    if (page_done_before(h, &e)) {
        return e;
    }
    if (means.file.p == NULL) {
        return show_sign(h, "signature", T("Choose the file of the signature."));
    }
    return sign_by_means(h, "signature", &means);
}

/* ---- files ---- */

static enum err send_file(struct http_req *h, const struct paper *p, const char *type, const char *ending,
                          bool keep, struct str bytes)
{
    struct buf b;
    buf_init(&b, h->rq.a, 200);
    buf_str(&b, keep ? S("attachment") : S("inline"));
    BUF_LIT(&b, "; filename=\"protocol-");
    buf_str(&b, case_number(h->rq.a, p->item->id));
    buf_str(&b, str_z(ending));
    buf_char(&b, '"');
    http_reply_header(h, "Content-Disposition", buf_get(&b));
    return http_reply(h, 200, str_z(type), bytes);
}

enum err web_consilium_pdf(struct http_req *h)
{
    struct paper *p = NULL;
    struct str pdf;
    TRY(open_paper(h, AUDIT_PRINT, &p));
    TRY(protocol_pdf(&h->rq, &p->c, p->item, &pdf));
    return send_file(h, p, "application/pdf", ".pdf", false, pdf);
}

/* What is signed, to the byte. */
enum err web_consilium_bytes(struct http_req *h)
{
    struct paper *p = NULL;
    struct str bytes;
    char sha[65];
    TRY(open_paper(h, AUDIT_DOWNLOAD, &p));
    TRY(protocol_bytes(&h->rq, p->item, &bytes, sha));
    return send_file(h, p, "application/fhir+json", ".json", true, bytes);
}

enum err web_consilium_json(struct http_req *h)
{
    struct paper *p = NULL;
    struct str json;
    TRY(open_paper(h, AUDIT_DOWNLOAD, &p));
    TRY(protocol_package(&h->rq, p->item, &json));
    return send_file(h, p, "application/fhir+json", ".json", true, json);
}
