/* web/figures.c - numbers of a centre for its head and coordinators: how many, how fast, how late, and
 * where the outcome is still unknown. */
#include "web/pages.h"

#include "base/text.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/figures.h"
#include "web/case_item.h"
#include "web/tpl.h"

enum { GROUPS_MAX = 200 };

/* The spans one may look at. */
static const struct {
    const char *code;
    int64_t days;
    const char *text;
} spans[] = {
    {"7", 7, T("7 days")},
    {"30", 30, T("30 days")},
    {"90", 90, T("90 days")},
    {"365", 365, T("one year")},
};

static int64_t percent(uint32_t part, uint32_t whole)
{
    return whole > 0 ? (int64_t)(part * UINT64_C(100) + whole / 2) / whole : 0;
}

static void set_figure(const struct figure *f, struct val *m)
{
    val_set_i64(m, "n", f->n);
    val_set_i64(m, "accepted", f->accepted);
    val_set_i64(m, "answered", f->answered);
    val_set_i64(m, "accept_late", f->accept_late);
    val_set_i64(m, "answer_late", f->answer_late);
    val_set_i64(m, "no_outcome", f->no_outcome);
    val_set_i64(m, "refused", f->refused);
    val_set_i64(m, "late_percent", percent(f->answer_late, f->answered));
    val_set_bool(m, "has_accept", f->accept_median_ms >= 0);
    val_set_i64(m, "accept", f->accept_median_ms);
    val_set_bool(m, "has_answer", f->answer_median_ms >= 0);
    val_set_i64(m, "answer", f->answer_median_ms);
}

/* What people read as the name of a group. */
static void set_key(struct http_req *h, const struct directory *dir, enum figure_by by,
                    struct str key, struct val *m)
{
    const struct content *c = care_of(&h->rq)->content;
    uint64_t u = 0;
    switch (by) {
    case FIGURE_URGENCY:
        if (str_u64(key, &u) && u < c->n_urgencies) {
            val_set_str(m, "urgency", c->urgencies[u].code);
        }
        break;
    case FIGURE_PROFILE: val_set_str(m, "name", case_profile(h, key)); break;
    case FIGURE_ASKER: val_set_str(m, "name", dir_org_name(dir, key)); break;
    case FIGURE_ALL: break;
    }
}

static enum err set_group(struct http_req *h, const struct directory *dir, struct val *root,
                          const char *name, enum figure_by by, const struct figure_case *cases,
                          uint32_t n)
{
    struct figure *figures = ARENA_ARRAY(h->rq.a, GROUPS_MAX, struct figure);
    struct val *list = val_set_list(root, name);
    uint32_t groups = 0;
    TRY_MEM(&h->rq, figures);
    TRY(figures_group(&h->rq, cases, n, by, figures, GROUPS_MAX, &groups));
    for (uint32_t i = 0; i < groups; i++) {
        struct val *m = val_add_map(list);
        set_key(h, dir, by, figures[i].key, m);
        set_figure(&figures[i], m);
    }
    return OK;
}

static int64_t set_span(struct http_req *h, struct val *root)
{
    struct str asked = http_query(h, S("days"));
    struct val *list = val_set_list(root, "spans");
    size_t on = 1;
    for (size_t i = 0; i < LEN(spans); i++) {
        on = str_eq(asked, str_z(spans[i].code)) ? i : on;
    }
    for (size_t i = 0; i < LEN(spans); i++) {
        struct val *m = val_add_map(list);
        val_set_z(m, "code", spans[i].code);
        val_set_str(m, "text", tr(h->rq.lang, spans[i].text));
        val_set_bool(m, "current", i == on);
    }
    return spans[on].days * MS_DAY;
}

enum err web_figures(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *dir = NULL;
    struct figure_case *cases = NULL;
    uint32_t n = 0;
    struct str centre = who_role(h->rq.who)->org;
    TRY(page_begin(h, T("Figures"), &root));
    TRY(directory_get(&h->rq, &dir));
    int64_t span = set_span(h, root);
    struct instant from = {h->rq.now.ms - span};
    TRY(figures_read(&h->rq, centre, from, h->rq.now, &cases, &n));
    val_set_str(root, "centre", dir_org_name(dir, centre));
    val_set_instant(root, "from", from);
    val_set_instant(root, "to", h->rq.now);
    val_set_bool(root, "cut", n == FIGURE_CASES_MAX);
    TRY(set_group(h, dir, root, "all", FIGURE_ALL, cases, n));
    TRY(set_group(h, dir, root, "by_urgency", FIGURE_URGENCY, cases, n));
    TRY(set_group(h, dir, root, "by_profile", FIGURE_PROFILE, cases, n));
    TRY(set_group(h, dir, root, "by_asker", FIGURE_ASKER, cases, n));
    page_kind(root, "wide");
    return page_reply(h, root, tpl_figures);
}
