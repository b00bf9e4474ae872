/* web/marks.c - measurements and key images: kept for the viewer and by a plain form, listed, removed. */
#include "web/marks.h"

#include "base/text.h"
#include "care/care.h"
#include "care/mark.h"
#include "codec/json.h"
#include "store/tx.h"
#include "web/pages.h"

enum { PATH_MAX_BYTES = 700, JSON_MAX_BYTES = 2 << 20 };

#define JSON_TYPE S("application/json")

static struct str study_path(struct http_req *h, struct str case_id, struct str study, const char *rest)
{
    struct buf b;
    buf_init(&b, h->rq.a, PATH_MAX_BYTES);
    buf_str(&b, case_path(h, case_id, "/images/"));
    buf_str(&b, study);
    buf_str(&b, str_z(rest));
    return buf_get(&b);
}

static struct str mark_href(struct http_req *h, const struct case_row *row, const struct mark *m)
{
    struct buf b;
    struct buf n;
    buf_init(&b, h->rq.a, PATH_MAX_BYTES);
    buf_str(&b, study_path(h, row->id, m->study, ""));
    page_query(&b, "series", m->series);
    page_query(&b, "image", m->sop);
    if (m->frame > 1) {
        buf_init(&n, h->rq.a, 24);
        buf_u64(&n, m->frame);
        page_query(&b, "frame", buf_get(&n));
    }
    return buf_get(&b);
}

enum err marks_set(struct http_req *h, const struct case_row *row, struct str study, struct val *root)
{
    const struct mark *all = NULL;
    struct val *list = val_set_list(root, "marks");
    uint32_t n = 0;
    bool may = mark_may(&h->rq, row);
    TRY(mark_list(&h->rq, row, study, &all, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct mark *m = &all[i];
        struct val *v = val_add_map(list);
        val_set_str(v, "id", m->id);
        val_set_str(v, "tool", tr(h->rq.lang, mark_tool_title(m->tool)));
        val_set_str(v, "value", mark_value_text(&h->rq, m));
        val_set_str(v, "place", mark_place_text(&h->rq, m));
        val_set_str(v, "text", m->text);
        val_set_str(v, "who", m->by_name);
        val_set_instant(v, "at", m->at);
        val_set_str(v, "href", mark_href(h, row, m));
        bool own = str_eq(m->by, h->rq.who->person);
        val_set_bool(v, "own", own);
        if (own && may) {
            struct buf b;
            buf_init(&b, h->rq.a, PATH_MAX_BYTES);
            buf_str(&b, study_path(h, row->id, m->study, "/marks/"));
            buf_str(&b, m->id);
            BUF_LIT(&b, "/remove");
            val_set_str(v, "remove", buf_get(&b));
        }
    }
    val_set_i64(root, "marks_n", n);
    val_set_bool(root, "marks_may", may);
    return OK;
}

/* ---- for the viewer ---- */

enum err web_marks(struct http_req *h)
{
    const struct mark *all = NULL;
    struct case_row row;
    struct json_out o;
    struct buf b;
    uint32_t n = 0;
    TRY(access_case(&h->rq, http_param(h, S("case")), AUDIT_READ, &row));
    TRY(mark_list(&h->rq, &row, http_param(h, S("study")), &all, &n));
    buf_init(&b, h->rq.a, JSON_MAX_BYTES);
    json_out_init(&o, &b);
    json_obj(&o);
    json_kb(&o, S("may"), mark_may(&h->rq, &row));
    json_k(&o, S("marks"));
    json_arr(&o);
    for (uint32_t i = 0; i < n; i++) {
        mark_write(&h->rq, &o, &all[i]);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    if (!buf_ok(&b)) {
        return FAIL(&h->rq, E_TOO_LARGE, "marks");
    }
    return http_reply(h, 200, JSON_TYPE, buf_get(&b));
}

/* Which member is wrong, for the viewer. */
static enum err fault(struct http_req *h)
{
    struct json_out o;
    struct buf b;
    buf_init(&b, h->rq.a, 1024);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("fault"), arena_str(h->rq.a, str_z(h->rq.err.detail)));
    json_obj_end(&o);
    err_clear(&h->rq);
    return http_reply(h, 422, JSON_TYPE, buf_get(&b));
}

static enum err kept(struct http_req *h)
{
    struct json_out o;
    struct buf b;
    buf_init(&b, h->rq.a, JSON_MAX_BYTES);
    json_out_init(&o, &b);
    mark_write(&h->rq, &o, h->page_ctx);
    return http_reply(h, 201, JSON_TYPE, buf_get(&b));
}

static enum err put_json(struct http_req *h, struct tx *tx, struct mark *m)
{
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, doc);
    TRY(json_parse(&h->rq, http_body(h), NULL, doc));
    enum err e = mark_read(&h->rq, json_root(doc), m);
    if (e == OK) {
        m->study = http_param(h, S("study"));
        e = mark_put(&h->rq, tx, http_param(h, S("case")), m);
    }
    if (e == E_BAD_INPUT) {
        return fault(h);
    }
    TRY(e);
    h->page_ctx = m;
    return http_commit(h, tx, kept);
}

/* ---- by a form: a key image ---- */

static enum err put_form(struct http_req *h, struct tx *tx, struct mark *m)
{
    struct str case_id = http_param(h, S("case"));
    struct str study = http_param(h, S("study"));
    uint64_t frame = 1;
    enum err e = OK;
    if (page_done_before(h, &e)) {
        return e;
    }
    if (!str_u64(page_sent(h, "frame"), &frame) || frame == 0 || frame > INT32_MAX) {
        frame = 1;
    }
    *m = (struct mark){.tool = MARK_KEY, .study = study, .sop = page_sent(h, "sop"),
                       .frame = (uint32_t)frame, .text = page_sent(h, "text")};
    TRY(mark_put(&h->rq, tx, case_id, m));
    char *back = arena_cstr(h->rq.a, study_path(h, case_id, study, ""));
    TRY_MEM(&h->rq, back);
    return page_commit(h, tx, page_back(h, back, "key-image"));
}

enum err web_mark_put(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct mark *m = ARENA_NEW(h->rq.a, struct mark);
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, m);
    return str_eq(http_body_type(h), JSON_TYPE) ? put_json(h, tx, m) : put_form(h, tx, m);
}

static enum err removed(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

enum err web_mark_remove(struct http_req *h)
{
    struct str case_id = http_param(h, S("case"));
    struct str study = http_param(h, S("study"));
    struct tx *tx = tx_new(&h->rq);
    bool script = http_header(h, "X-CSRF-Token").p != NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (!script && page_done_before(h, &e)) {
        return e;
    }
    TRY(mark_remove(&h->rq, tx, case_id, study, http_param(h, S("mark"))));
    if (script) {
        return http_commit(h, tx, removed);
    }
    char *back = arena_cstr(h->rq.a, study_path(h, case_id, study, ""));
    TRY_MEM(&h->rq, back);
    return page_commit(h, tx, page_back(h, back, "mark-removed"));
}
