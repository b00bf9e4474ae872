/* web/case_log.c - who looked at a case and did what, newest first: for its team. */
#include "web/pages.h"

#include "base/text.h"
#include "care/directory.h"
#include "web/audit_words.h"
#include "web/case_view.h"
#include "web/tpl.h"

enum { ROWS = 200 };

static bool same(const struct val *a, const struct val *b, struct str key)
{
    const struct val *x = val_find(a, key);
    const struct val *y = val_find(b, key);
    return x != NULL && y != NULL && str_eq(x->s, y->s);
}

/* The same done again and again by one person is one line: how often, and since when. */
static void add_row(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                    struct val *list, struct val **last, int64_t *times)
{
    static const struct str keys[] = {SI("who"), SI("role"), SI("org"), SI("what"), SI("why")};
    struct val *m = val_map(h->rq.a);
    bool again = *last != NULL && r->outcome == OK;
    audit_words(h, dir, r, m);
    for (size_t i = 0; i < LEN(keys); i++) {
        again = again && same(*last, m, keys[i]);
    }
    if (again) {
        val_set_i64(*last, "times", ++*times);
        val_set_instant(*last, "since", r->at);
        return;
    }
    *last = val_add_map(list);
    *times = 1;
    audit_words(h, dir, r, *last);
}

enum err web_case_log(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct audit_row *rows = ARENA_ARRAY(h->rq.a, ROWS, struct audit_row);
    const struct directory *dir = NULL;
    struct val *root = NULL;
    uint64_t before = 0;
    size_t n = 0;
    TRY_MEM(&h->rq, v);
    TRY_MEM(&h->rq, rows);
    if (!str_u64(http_query(h, S("before")), &before)) {
        before = 0;
    }
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(directory_get(&h->rq, &dir));
    TRY(audit_list(&h->rq, v->row.rid, before, ROWS, rows, &n));
    TRY(case_begin(h, v, T("Who looked at this case"), &root));
    struct val *list = val_set_list(root, "rows");
    struct val *last = NULL;
    int64_t times = 0;
    for (size_t i = 0; i < n; i++) {
        add_row(h, dir, &rows[i], list, &last, &times);
    }
    if (n == ROWS) {
        struct buf b;
        buf_init(&b, h->rq.a, 300);
        buf_str(&b, case_path(h, v->row.id, "/log?before="));
        buf_u64(&b, rows[n - 1].seq);
        val_set_str(root, "older", buf_get(&b));
    }
    return page_reply(h, root, tpl_case_log);
}
