/* web/home.c - where people begin: the start page by role, choosing a role, help. */
#include "web/pages.h"

#include "base/text.h"
#include "care/account.h"
#include "care/case_row.h"
#include "care/flow.h"
#include "care/glass.h"
#include "web/arrived.h"
#include "web/case_item.h"
#include "web/tpl.h"

/* The page of one's work, by the first right that one has. */
static const struct {
    uint32_t right;
    const char *path;
} begins[] = {
    {MAY_COORDINATE, "/desk"}, {MAY_ANSWER, "/work"}, {MAY_ASK, "/mine"}, {MAY_HEAD, "/figures"},
    {MAY_AUDIT, "/record"}, {MAY_ADMIN, "/system"}, {MAY_BOOK, "/visits"},
};

enum err web_root(struct http_req *h)
{
    const struct who *w = h->rq.who;
    if (h->caller.kind == CALLER_NOBODY || w == NULL) {
        return http_redirect(h, S("/sign-in"));
    }
    if (who_is_patient(w)) {
        return http_redirect(h, S("/my"));
    }
    if (w->must_change) {
        return http_redirect(h, S("/account?must=1"));
    }
    if (w->owes_factor) {
        return http_redirect(h, S(ACCOUNT_SIGN_IN));
    }
    if (!w->role_chosen && w->n_roles > 1) {
        return http_redirect(h, S("/role"));
    }
    for (size_t i = 0; i < LEN(begins); i++) {
        if (who_may(w, begins[i].right)) {
            return http_redirect(h, str_z(begins[i].path));
        }
    }
    return http_redirect(h, S("/home"));
}

/* Sums the counts of one owner: cases by whose turn it is. */
struct tally {
    int64_t open, waiting, overdue, returned, asked, answered, no_outcome;
};

static enum err tally(struct http_req *h, enum stmt_id q, struct str owner, struct tally *t)
{
    const struct care_flow *flow = care_flow_find(S("consultation"));
    struct db_rows rows CLEANUP(db_rows_done) = {0};
    bool has = false;
    TRY(DB_QUERY(&h->rq, &rows, q, sql_text(owner), sql_i64(h->rq.now.ms)));
    TRY(db_next(&h->rq, &rows, &has));
    while (has) {
        int state = (int)db_i64(&rows, 0);
        int64_t n = db_i64(&rows, 2);
        t->open += n;
        t->overdue += db_i64(&rows, 3);
        t->waiting += state == care_state_find(flow, S("submitted")) ? n : 0;
        t->returned += state == care_state_find(flow, S("returned")) ? n : 0;
        t->asked += state == care_state_find(flow, S("data-asked")) ? n : 0;
        t->answered += state == care_state_find(flow, S("answered")) ? n : 0;
        t->no_outcome += state == care_state_find(flow, S("received")) ? n : 0;
        TRY(db_next(&h->rq, &rows, &has));
    }
    return OK;
}

static void add_number(struct val *list, const char *href, struct str text, int64_t n, bool bad)
{
    struct val *m = val_add_map(list);
    val_set_z(m, "href", href);
    val_set_str(m, "text", text);
    val_set_i64(m, "n", n);
    val_set_bool(m, "bad", bad && n > 0);
}

/* Openings with a reason that wait for this person's review. */
static enum err set_reviews(struct http_req *h, struct val *list)
{
    struct instant oldest = {0};
    uint32_t n = 0;
    TRY(glass_waiting(&h->rq, &n, &oldest));
    add_number(list, "/glass", tr(h->rq.lang, T("openings with a reason wait for your review")), n,
               oldest.ms > 0 && h->rq.now.ms - oldest.ms > GLASS_LATE_MS);
    return OK;
}

/* What waits for this person, by what they may do. */
static enum err set_numbers(struct http_req *h, const struct role_ref *role, struct val *list)
{
    enum lang lang = h->rq.lang;
    struct tally t = {0};
    if (role->rights & MAY_COORDINATE) {
        TRY(tally(h, Q_FLOW_COUNTS, role->org, &t));
        add_number(list, "/desk", tr(lang, T("wait for allocation")), t.waiting, false);
        add_number(list, "/desk?state=overdue", tr(lang, T("are overdue")), t.overdue, true);
        add_number(list, "/desk?state=after", tr(lang, T("answered, without outcome")),
                   t.answered + t.no_outcome, false);
    }
    if (role->rights & MAY_ANSWER) {
        struct tally own = {0};
        struct tally all = {0};
        TRY(tally(h, Q_FLOW_COUNTS_CONSULTANT, h->rq.who->person, &own));
        for (uint32_t i = 0; i < role->n_services; i++) {
            TRY(tally(h, Q_FLOW_COUNTS_SERVICE, role->services[i], &all));
        }
        add_number(list, "/work", tr(lang, T("open in your services")), all.open, false);
        add_number(list, "/work", tr(lang, T("open with you")), own.open, false);
        add_number(list, "/work", tr(lang, T("of yours are overdue")), own.overdue, true);
    }
    if (role->rights & MAY_ASK) {
        struct tally own = {0};
        TRY(tally(h, Q_FLOW_COUNTS_ASKER_ORG, role->org, &own));
        add_number(list, "/mine?of=org", tr(lang, T("wait for data from your organisation")),
                   own.returned + own.asked, true);
        add_number(list, "/mine?of=org", tr(lang, T("answered, receipt not confirmed")),
                   own.answered, true);
        add_number(list, "/mine?of=org", tr(lang, T("without outcome")), own.no_outcome, false);
        add_number(list, "/mine?of=org", tr(lang, T("open in all")), own.open, false);
    }
    if (role->rights & MAY_HEAD) {
        struct tally of_centre = {0};
        TRY(tally(h, Q_FLOW_COUNTS, role->org, &of_centre));
        add_number(list, "/figures", tr(lang, T("open in all")), of_centre.open, false);
        add_number(list, "/figures", tr(lang, T("wait for allocation")), of_centre.waiting, false);
        add_number(list, "/notices", tr(lang, T("are overdue")), of_centre.overdue, true);
        add_number(list, "/figures", tr(lang, T("answered, without outcome")),
                   of_centre.answered + of_centre.no_outcome, false);
    }
    if (role->rights & (MAY_HEAD | MAY_AUDIT)) {
        TRY(set_reviews(h, list));
    }
    return OK;
}

enum err web_home(struct http_req *h)
{
    struct val *root = NULL;
    const struct role_ref *role = who_role(h->rq.who);
    TRY(page_begin(h, T("Home"), &root));
    struct val *numbers = val_set_list(root, "numbers");
    if (role != NULL) {
        TRY(set_numbers(h, role, numbers));
    }
    TRY(arrived_waiting(h, root));
    page_events(root, S("/events"));
    return page_reply(h, root, tpl_home);
}

enum err web_role_page(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Choose your role"), &root));
    page_kind(root, "narrow");
    return page_reply(h, root, tpl_role);
}

enum err web_role(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(session_role(&h->rq, tx, page_sent(h, "role")));
    return page_commit(h, tx, S("/"));
}

enum err web_help(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Help"), &root));
    return page_reply(h, root, tpl_help);
}
