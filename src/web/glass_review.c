/* web/glass_review.c - openings with a reason: what waits for a review, one of them, the verdict. */
#include "care/glass.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/content.h"
#include "care/directory.h"
#include "codec/utf8.h"
#include "store/tx.h"
#include "web/audit_words.h"
#include "web/page.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { ROWS = 50, LOOKS = 300, REASON_SHOWN = 300 };

static const struct {
    const char *code, *text;
} lists[GLASS_LISTS] = {
    [GLASS_LIST_WAITS] = {"", T("Wait for a review")},
    [GLASS_LIST_REVIEWED] = {"reviewed", T("Reviewed")},
    [GLASS_LIST_NOT] = {"not", T("Not justified")},
    [GLASS_LIST_ALL] = {"all", T("All")},
};

static const char *const verdicts[GLASS_VERDICTS] = {
    [GLASS_WAITS] = T("waits for a review"),
    [GLASS_JUSTIFIED] = T("justified"),
    [GLASS_NOT_JUSTIFIED] = T("not justified"),
};

static struct str role_title(struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

static void set_glass(struct http_req *h, const struct directory *d, const struct glass *g, struct val *m)
{
    val_set_str(m, "href", page_path(h, "/glass/", g->id, ""));
    val_set_str(m, "who", dir_person_name(d, g->person));
    val_set_str(m, "role", role_title(h, g->role));
    val_set_str(m, "org", dir_org_name(d, g->org));
    val_set_str(m, "number", case_number(h->rq.a, g->case_id));
    val_set_instant(m, "at", g->at);
    val_set_instant(m, "until", g->ended.ms > 0 ? g->ended : g->until);
    val_set_bool(m, "holds", glass_holds(g, h->rq.now));
    val_set_str(m, "verdict", tr(h->rq.lang, verdicts[g->verdict]));
    val_set_bool(m, "waits", g->verdict == GLASS_WAITS);
    val_set_bool(m, "bad", g->verdict == GLASS_NOT_JUSTIFIED);
    val_set_bool(m, "late", g->verdict == GLASS_WAITS && h->rq.now.ms - g->at.ms > GLASS_LATE_MS);
    val_set_bool(m, "own", str_eq(g->person, h->rq.who->person));
    if (g->verdict != GLASS_WAITS) {
        val_set_str(m, "reviewer", dir_person_name(d, g->reviewer));
        val_set_str(m, "review_role", role_title(h, g->review_role));
        val_set_str(m, "review_org", dir_org_name(d, g->review_org));
        val_set_str(m, "remark", g->remark);
        val_set_instant(m, "reviewed", g->reviewed);
    }
}

/* ---- the list ---- */

static enum glass_list set_lists(struct http_req *h, struct val *root)
{
    struct str asked = http_query(h, S("show"));
    enum glass_list on = GLASS_LIST_WAITS;
    struct val *list = val_set_list(root, "lists");
    for (unsigned i = 0; i < GLASS_LISTS; i++) {
        on = str_eq(asked, str_z(lists[i].code)) ? (enum glass_list)i : on;
    }
    for (unsigned i = 0; i < GLASS_LISTS; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "href", i == 0 ? S("/glass") : page_path(h, "/glass?show=", str_z(lists[i].code), ""));
        val_set_str(m, "text", tr(h->rq.lang, lists[i].text));
        val_set_bool(m, "current", i == on);
    }
    return on;
}

enum err web_glass_list(struct http_req *h)
{
    struct glass *all = ARENA_ARRAY(h->rq.a, ROWS, struct glass);
    const struct directory *d = NULL;
    struct val *root = NULL;
    uint64_t before = 0;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(page_begin(h, T("Openings with a reason"), &root));
    page_kind(root, "wide");
    enum glass_list on = set_lists(h, root);
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    TRY(directory_get(&h->rq, &d));
    TRY(glass_list(&h->rq, on, (int64_t)(before & INT64_MAX), all, ROWS, &n));
    struct val *list = val_set_list(root, "rows");
    for (uint32_t i = 0; i < n; i++) {
        struct str reason = S("");
        struct val *m = val_add_map(list);
        TRY(glass_reason(&h->rq, &all[i], &reason));
        set_glass(h, d, &all[i], m);
        val_set_str(m, "reason", utf8_cut(reason, REASON_SHOWN));
        val_set_bool(m, "cut", reason.n > REASON_SHOWN);
    }
    if (n == ROWS) {
        struct buf b;
        buf_init(&b, h->rq.a, 200);
        BUF_LIT(&b, "/glass?show=");
        buf_str(&b, str_z(lists[on].code));
        BUF_LIT(&b, "&before=");
        buf_u64(&b, (uint64_t)all[n - 1].at.ms);
        val_set_str(root, "older", buf_get(&b));
    }
    return page_reply(h, root, tpl_glass_list);
}

/* ---- one ---- */

static bool same(const struct val *a, const struct val *b, const char *key)
{
    const struct val *x = val_find(a, str_z(key));
    const struct val *y = val_find(b, str_z(key));
    return x != NULL && y != NULL && str_eq(x->s, y->s);
}

/* What was done meanwhile; the same again and again is one line. */
static enum err set_looks(struct http_req *h, const struct directory *d, const struct glass *g,
                          struct val *root)
{
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, LOOKS, struct audit_row);
    struct val *list = val_set_list(root, "looks");
    struct val *last = NULL;
    int64_t times = 1;
    size_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(glass_looks(&h->rq, g, rows, LOOKS, &n));
    for (size_t i = 0; i < n; i++) {
        struct val *m = val_map(h->rq.a);
        audit_words(h, d, &rows[i], m);
        if (last != NULL && same(last, m, "what") && same(last, m, "why")) {
            val_set_i64(last, "times", ++times);
            continue;
        }
        last = val_add_map(list);
        times = 1;
        audit_words(h, d, &rows[i], last);
    }
    val_set_bool(root, "looks_more", n == LOOKS);
    return OK;
}

/* The patient by name only for who may see the case anyway; that look is on record, too. */
static enum err set_patient(struct http_req *h, const struct glass *g, struct val *root)
{
    const struct who *w = h->rq.who;
    struct case_row row;
    struct patient p;
    bool in = false;
    TRY(db_team_has(&h->rq, g->case_rid, w->principals, w->n_principals, &in));
    if (!in || who_may(w, MAY_AUDIT)) {
        return OK;
    }
    TRY(access_case(&h->rq, g->case_id, AUDIT_READ, &row));
    TRY(patient_load(&h->rq, row.patient_rid, &p));
    val_set_str(root, "patient_name", p.name.n > 0 ? p.name : tr(h->rq.lang, T("Unidentified patient")));
    val_set_str(root, "case_href", page_path(h, "/cases/", g->case_id, ""));
    return OK;
}

static void set_form(struct http_req *h, const char *fault, const char *field, struct val *root)
{
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    struct val *f = page_field(h, root, "verdict", T("Was it justified?"), S(""));
    page_option(f, S("yes"), tr(h->rq.lang, T("It was justified")));
    page_option(f, S("no"), tr(h->rq.lang, T("It was not justified; if the case is still open to them, "
                                             "that ends now")));
    f = page_field(h, root, "remark", T("Remark"), S(""));
    val_set_i64(f, "rows", 3);
    val_set_str(f, "hint", tr(h->rq.lang, T("Who opened the case and everybody who reviews reads it. "
                                            "Needed when it was not justified.")));
}

static enum err show(struct http_req *h, const char *fault, const char *field)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct str reason = S("");
    struct glass g;
    bool may = false;
    TRY(glass_get(&h->rq, http_param(h, S("glass")), &g));
    TRY(directory_get(&h->rq, &d));
    TRY(glass_may_review(&h->rq, &g, &may));
    TRY(glass_reason(&h->rq, &g, &reason));
    TRY(page_begin(h, T("Opening with a reason"), &root));
    set_glass(h, d, &g, val_set_map(root, "glass"));
    val_set_str(root, "reason", reason);
    val_set_bool(root, "to_list", who_may(h->rq.who, MAY_HEAD | MAY_AUDIT));
    TRY(set_patient(h, &g, root));
    TRY(set_looks(h, d, &g, root));
    if (may && g.verdict == GLASS_WAITS) {
        set_form(h, fault, field, root);
        val_set_str(root, "post", page_path(h, "/glass/", g.id, "/review"));
    }
    return page_reply_status(h, fault != NULL ? 422 : 200, root, tpl_glass_review);
}

enum err web_glass_one(struct http_req *h)
{
    return show(h, NULL, NULL);
}

enum err web_glass_review(struct http_req *h)
{
    struct str id = http_param(h, S("glass"));
    struct str verdict = page_sent(h, "verdict");
    struct tx *tx = tx_new(&h->rq);
    bool yes = str_eq(verdict, S("yes"));
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    if (!yes && !str_eq(verdict, S("no"))) {
        return show(h, T("Say whether it was justified."), "verdict");
    }
    e = glass_review(&h->rq, tx, id, yes, page_sent(h, "remark"));
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        return show(h, T("Write in at least 10 characters why it was not justified, at most 4000."),
                    "remark");
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/glass/", id, "?done=glass-reviewed"));
}
