/* web/case_log.c - who looked at a case and did what, newest first: for its team. */
#include "web/pages.h"

#include "base/text.h"
#include "care/directory.h"
#include "web/audit_words.h"
#include "web/case_view.h"
#include "web/tpl.h"

enum { ROWS = 60 };

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
    for (size_t i = 0; i < n; i++) {
        audit_words(h, dir, &rows[i], val_add_map(list));
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
