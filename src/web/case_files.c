/* web/case_files.c - all files of a case by page: its own page shows the first of them. */
#include "web/pages.h"

#include "base/text.h"
#include "web/case_view.h"
#include "web/tpl.h"

enum { PAGE_FILES = 60, MOST_FILES = 100000 };

static void set_turn(struct http_req *h, const struct case_view *v, const char *name, uint64_t from,
                     struct val *root)
{
    struct buf b;
    buf_init(&b, h->rq.a, 300);
    buf_str(&b, case_path(h, v->row.id, "/all-files?from="));
    buf_u64(&b, from);
    val_set_str(root, name, buf_get(&b));
}

enum err web_case_files(struct http_req *h)
{
    struct case_view *v = ARENA_NEW(h->rq.a, struct case_view);
    struct val *root = NULL;
    uint64_t from = 0;
    TRY_MEM(&h->rq, v);
    if (!str_u64(http_query(h, S("from")), &from) || from > MOST_FILES) {
        from = 0;
    }
    TRY(consult_view(&h->rq, http_param(h, S("case")), v));
    TRY(case_begin(h, v, T("Files"), &root));
    TRY(case_set_files_from(h, v, (uint32_t)from, PAGE_FILES, root));
    const struct val *list = val_find(root, S("files"));
    const struct val *total = val_find(root, S("files_n"));
    TRY_MEM(&h->rq, list);
    TRY_MEM(&h->rq, total);
    val_set_i64(root, "first", (int64_t)from + 1);
    val_set_i64(root, "last", (int64_t)from + list->n);
    if (from > 0) {
        set_turn(h, v, "before", from > PAGE_FILES ? from - PAGE_FILES : 0, root);
    }
    if ((int64_t)from + list->n < total->i) {
        set_turn(h, v, "after", from + PAGE_FILES, root);
    }
    return page_reply(h, root, tpl_case_all_files);
}
