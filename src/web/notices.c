/* web/notices.c - the bell's list. A notice says that there is something, never what. */
#include "web/pages.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/notice.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/tpl.h"

enum { NOTICES_SHOWN = 50 };

enum err web_notices(struct http_req *h)
{
    struct val *root = NULL;
    struct notice *notices = ARENA_ARRAY(h->rq.a, NOTICES_SHOWN, struct notice);
    uint32_t n = 0;
    uint64_t before = 0;
    struct str asked = http_query(h, S("before"));
    TRY_MEM(&h->rq, notices);
    if (asked.n > 0 && !str_u64(asked, &before)) {
        return FAIL(&h->rq, E_BAD_INPUT, "before");
    }
    TRY(page_begin(h, T("Notices"), &root));
    TRY(notice_list(&h->rq, before, notices, NOTICES_SHOWN, &n));
    struct val *list = val_set_list(root, "notices");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "text", tr(h->rq.lang, notice_text(notices[i].kind)));
        val_set_instant(m, "at", notices[i].at);
        val_set_bool(m, "unread", !notices[i].is_read);
        val_set_bool(m, "late", notices[i].kind == NOTICE_OVERDUE
                                    || notices[i].kind == NOTICE_ESCALATED
                                    || notices[i].kind == NOTICE_RING);
        if (notices[i].case_id.n > 0) {
            const char *path = notice_path(notices[i].kind);
            if (who_is_patient(h->rq.who) && str_eq(str_z(path), S("/visits/"))) {
                path = "/my/visits/";
            }
            if (path[0] != '\0') {
                val_set_str(m, "href", page_path(h, path, notices[i].case_id, ""));
            }
            if (str_eq(str_z(path), S("/cases/"))) {
                val_set_str(m, "number", case_number(h->rq.a, notices[i].case_id));
            }
        }
    }
    if (n > 0) {
        val_set_i64(root, "newest", (int64_t)notices[0].seq);
    }
    if (n == NOTICES_SHOWN) {
        struct buf b;
        buf_init(&b, h->rq.a, 60);
        BUF_LIT(&b, "/notices?before=");
        buf_u64(&b, notices[n - 1].seq);
        val_set_str(root, "older", buf_get(&b));
    }
    page_events(root, S("/events"));
    return page_reply(h, root, tpl_notices);
}

enum err web_notices_read(struct http_req *h)
{
    uint64_t up_to = 0;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (!str_u64(page_sent(h, "up_to"), &up_to)) {
        return FAIL(&h->rq, E_BAD_INPUT, "up_to");
    }
    TRY(notice_read(&h->rq, tx, up_to));
    return page_commit(h, tx, S("/notices?done=read"));
}
