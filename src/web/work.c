/* web/work.c - the consultant's lists: what is new for the own services, what one works on, what waits
 * for data, and what came of the conclusions. */
#include "web/pages.h"

#include "base/text.h"
#include "care/consult.h"
#include "web/arrived.h"
#include "web/case_item.h"
#include "web/tpl.h"

enum { ROWS_READ = 200, ENDED_SHOWN = 50 };

/* Which list of the page a case stands in. */
static const char *list_of(const struct worklist_row *r)
{
    const struct case_row *row = &r->row;
    if (row->paused_since_ms != 0) {
        return "paused";
    }
    if (str_eq(case_state_name(row), S("refused"))) {
        return "refused";
    }
    return row->answered_ms != 0 ? "after" : "mine";
}

/* Own open cases, by where they stand. */
static enum err set_own(struct http_req *h, const struct directory *dir, struct val *root,
                        struct worklist_row *rows)
{
    uint32_t n = 0;
    static const char *const lists[] = {"mine", "paused", "after", "refused"};
    struct val *shown[LEN(lists)];
    for (size_t k = 0; k < LEN(lists); k++) {
        shown[k] = val_set_list(root, lists[k]);
    }
    TRY(consult_worklist(&h->rq, WORK_CONSULTANT, h->rq.who->person, NULL, rows, ROWS_READ, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(case_state_name(&rows[i].row), S("allocated"))) {
            continue; /* named, but not accepted: it is among the new ones */
        }
        for (size_t k = 0; k < LEN(lists); k++) {
            if (str_eq(str_z(list_of(&rows[i])), str_z(lists[k]))) {
                case_item(h, dir, &rows[i], val_add_map(shown[k]));
            }
        }
    }
    return OK;
}

/* Cases of one service that nobody accepted: those for everybody and those for this person. */
static enum err add_new(struct http_req *h, const struct directory *dir, struct str service,
                        struct val *fresh, struct val *others, struct worklist_row *rows)
{
    uint32_t n = 0;
    struct str self = h->rq.who->person;
    TRY(consult_worklist(&h->rq, WORK_SERVICE, service, NULL, rows, ROWS_READ, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct case_row *row = &rows[i].row;
        bool waits = str_eq(case_state_name(row), S("allocated"));
        if (waits && (row->consultant.n == 0 || str_eq(row->consultant, self))) {
            struct val *item = val_add_map(fresh);
            case_item(h, dir, &rows[i], item);
            val_set_bool(item, "named", row->consultant.n > 0);
        } else if (row->answered_ms == 0 && row->consultant.n > 0
                   && !str_eq(row->consultant, self)
                   && !str_eq(case_state_name(row), S("refused"))) {
            case_item(h, dir, &rows[i], val_add_map(others));
        }
    }
    return OK;
}

static enum err set_ended(struct http_req *h, const struct directory *dir, struct val *root,
                          struct worklist_row *rows)
{
    uint32_t n = 0;
    int64_t older = 0;
    struct val *list = val_set_list(root, "ended");
    struct str asked = http_query(h, S("before"));
    if (asked.n > 0 && !str_i64(asked, &older)) {
        return FAIL(&h->rq, E_BAD_INPUT, "before");
    }
    TRY(consult_worklist(&h->rq, WORK_CONSULTANT_ENDED, h->rq.who->person, &older, rows,
                         ENDED_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        case_item(h, dir, &rows[i], val_add_map(list));
    }
    if (older != 0) {
        struct buf b;
        buf_init(&b, h->rq.a, 80);
        BUF_LIT(&b, "/work?show=ended&before=");
        buf_i64(&b, older);
        val_set_str(root, "older", buf_get(&b));
    }
    return OK;
}

enum err web_work(struct http_req *h)
{
    struct val *root = NULL;
    const struct directory *dir = NULL;
    const struct role_ref *role = who_role(h->rq.who);
    struct worklist_row *rows = ARENA_ARRAY(h->rq.a, ROWS_READ, struct worklist_row);
    bool ended = str_eq(http_query(h, S("show")), S("ended"));
    TRY_MEM(&h->rq, rows);
    TRY(page_begin(h, T("Worklist"), &root));
    TRY(directory_get(&h->rq, &dir));
    val_set_bool(root, "show_ended", ended);
    if (ended) {
        TRY(set_ended(h, dir, root, rows));
    } else {
        struct val *fresh = val_set_list(root, "fresh");
        struct val *others = val_set_list(root, "others");
        for (uint32_t i = 0; i < role->n_services; i++) {
            TRY(add_new(h, dir, role->services[i], fresh, others, rows));
        }
        TRY(set_own(h, dir, root, rows));
    }
    struct val *services = val_set_list(root, "services");
    for (uint32_t i = 0; i < role->n_services; i++) {
        val_add_str(services, dir_service_name(dir, role->services[i]));
    }
    TRY(arrived_waiting(h, root));
    page_kind(root, "wide");
    page_events(root, S("/events"));
    val_set_bool(page_map(root, "page"), "fresh", true);
    return page_reply(h, root, tpl_work);
}
