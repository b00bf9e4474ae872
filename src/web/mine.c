/* web/mine.c - the asker's lists: what waits for me first, then what is under way, then drafts. */
#include "web/pages.h"

#include <stdlib.h>

#include "base/text.h"
#include "care/consult.h"
#include "care/content.h"
#include "codec/utf8.h"
#include "web/arrived.h"
#include "web/case_item.h"
#include "web/tpl.h"

enum { ROWS_READ = 300, ENDED_SHOWN = 50, DRAFTS_SHOWN = 30, FIRST_CHARS = 120 };

static int by_due(const void *a, const void *b)
{
    int64_t x = ((const struct worklist_row *)a)->row.due_ms;
    int64_t y = ((const struct worklist_row *)b)->row.due_ms;
    return (x > y) - (x < y);
}

static void set_open(struct http_req *h, const struct directory *dir, struct val *root,
                     const struct worklist_row *rows, uint32_t n)
{
    struct val *waiting = val_set_list(root, "waiting");
    struct val *running = val_set_list(root, "running");
    struct val *reported = val_set_list(root, "reported");
    for (size_t k = 0; k < n_case_tasks; k++) {
        for (uint32_t i = 0; i < n; i++) {
            if (case_tasks[k].actor == ACTOR_ASKER
                && str_eq(case_state_name(&rows[i].row), str_z(case_tasks[k].state))) {
                struct val *item = val_add_map(waiting);
                case_item(h, dir, &rows[i], item);
                val_set_str(item, "task", tr(h->rq.lang, case_tasks[k].text));
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        if (case_task(case_state_name(&rows[i].row), ACTOR_ASKER) == NULL) {
            bool done = str_eq(case_state_name(&rows[i].row), S("reported"));
            case_item(h, dir, &rows[i], val_add_map(done ? reported : running));
        }
    }
}

static enum err set_drafts(struct http_req *h, struct val *root)
{
    struct draft *drafts = ARENA_ARRAY(h->rq.a, DRAFTS_SHOWN, struct draft);
    struct val *list = val_set_list(root, "drafts");
    uint32_t n = 0;
    TRY_MEM(&h->rq, drafts);
    TRY(draft_list(&h->rq, (struct instant){0}, drafts, DRAFTS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (!str_eq(drafts[i].kind, S("request"))) {
            continue;
        }
        struct str question = fields_get(&drafts[i].fields, S("question"));
        struct val *m = val_add_map(list);
        val_set_str(m, "href", page_path(h, "/ask/", drafts[i].key, ""));
        val_set_str(m, "profile", case_profile(h, fields_get(&drafts[i].fields, S("profile"))));
        val_set_str(m, "question",
                    utf8_cut_chars(question.p != NULL ? question : S(""), FIRST_CHARS));
        val_set_instant(m, "saved", drafts[i].saved);
    }
    return OK;
}

static enum err set_ended(struct http_req *h, const struct directory *dir, struct val *root,
                          bool of_org, struct worklist_row *rows)
{
    uint32_t n = 0;
    int64_t older = 0;
    struct val *list = val_set_list(root, "ended");
    struct str asked = http_query(h, S("before"));
    if (asked.n > 0 && !str_i64(asked, &older)) {
        return FAIL(&h->rq, E_BAD_INPUT, "before");
    }
    TRY(consult_worklist(&h->rq, of_org ? WORK_ASKER_ORG_ENDED : WORK_ASKER_ENDED,
                         of_org ? who_role(h->rq.who)->org : h->rq.who->person, &older, rows,
                         ENDED_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        case_item(h, dir, &rows[i], val_add_map(list));
    }
    if (older != 0) {
        struct buf b;
        buf_init(&b, h->rq.a, 80);
        buf_str(&b, of_org ? S("/mine?of=org&show=ended&before=") : S("/mine?show=ended&before="));
        buf_i64(&b, older);
        val_set_str(root, "older", buf_get(&b));
    }
    return OK;
}

enum err web_mine(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *dir = NULL;
    uint32_t n = 0;
    struct worklist_row *rows = ARENA_ARRAY(h->rq.a, ROWS_READ, struct worklist_row);
    bool of_org = str_eq(http_query(h, S("of")), S("org"));
    bool ended = str_eq(http_query(h, S("show")), S("ended"));
    TRY_MEM(&h->rq, rows);
    TRY(page_begin(h, T("My cases"), &root));
    TRY(directory_get(&h->rq, &dir));
    val_set_bool(root, "of_org", of_org);
    val_set_bool(root, "show_ended", ended);
    if (ended) {
        TRY(set_ended(h, dir, root, of_org, rows));
    } else {
        TRY(consult_worklist(&h->rq, of_org ? WORK_ASKER_ORG : WORK_ASKER,
                             of_org ? who_role(h->rq.who)->org : h->rq.who->person, NULL, rows,
                             ROWS_READ, &n));
        qsort(rows, n, sizeof *rows, by_due);
        set_open(h, dir, root, rows, n);
        TRY(set_drafts(h, root));
    }
    TRY(arrived_waiting(h, root));
    page_kind(root, "wide");
    page_events(root, S("/events"));
    val_set_bool(page_map(root, "page"), "fresh", true);
    return page_reply(h, root, tpl_mine);
}
