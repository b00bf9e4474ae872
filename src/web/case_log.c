/* web/case_log.c - who looked at a case and did what, newest first: for its team. */
#include "web/pages.h"

#include "base/text.h"
#include "care/care.h"
#include "care/content.h"
#include "care/directory.h"
#include "web/case_view.h"
#include "web/tpl.h"

enum { ROWS = 60 };

/* What was done, and why it was allowed; in the order of store/audit.def and why.def. */
static const char *const actions[AUDIT_ACTION_COUNT] = {
    [AUDIT_READ] = T("looked"),
    [AUDIT_SEARCH] = T("searched"),
    [AUDIT_HISTORY] = T("looked at earlier versions"),
    [AUDIT_CREATE] = T("added"),
    [AUDIT_UPDATE] = T("changed"),
    [AUDIT_DELETE] = T("removed"),
    [AUDIT_MOVE] = T("moved the case"),
    [AUDIT_SIGN] = T("signed"),
    [AUDIT_VERIFY] = T("checked the document publicly"),
    [AUDIT_LOGIN] = T("signed in"),
    [AUDIT_LOGOUT] = T("signed out"),
    [AUDIT_DENY] = T("was refused"),
    [AUDIT_EXPORT] = T("exported"),
    [AUDIT_PRINT] = T("printed"),
    [AUDIT_UPLOAD] = T("added a file"),
    [AUDIT_DOWNLOAD] = T("opened a file"),
    [AUDIT_ADMIN] = T("administered"),
    [AUDIT_CLOCK] = T("the program, at a deadline"),
    [AUDIT_ROLE] = T("changed the role"),
    [AUDIT_PASSWORD] = T("changed the password"),
    [AUDIT_TOKEN] = T("changed access tokens"),
};
static const char *const whys[AUDIT_WHY_COUNT] = {
    [WHY_NONE] = "",
    [WHY_TEAM] = T("team of the case"),
    [WHY_OWN] = T("own case"),
    [WHY_COORDINATOR] = T("coordinator of the centre"),
    [WHY_HEAD] = T("head"),
    [WHY_BREAK_GLASS] = T("opened outside the team"),
    [WHY_SYSTEM] = T("the program"),
    [WHY_DIRECTORY] = T("directory"),
    [WHY_REGISTRY] = T("registry"),
    [WHY_TOKEN] = T("access token"),
    [WHY_NOT_TEAM] = T("not in the team"),
    [WHY_NO_RIGHT] = T("no right"),
    [WHY_PUBLIC] = T("holder of the code"),
};

static struct str role_title(struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

/* "moved the case: Accept" */
static struct str what_text(struct http_req *h, const struct audit_row *r)
{
    const struct care_flow *flow = care_flow_find(S("consultation"));
    struct buf b;
    buf_init(&b, h->rq.a, 512);
    buf_str(&b, tr(h->rq.lang, actions[r->action]));
    for (unsigned i = 0; r->action == AUDIT_MOVE && flow != NULL && i < flow->n_moves; i++) {
        if (str_eq(r->detail, str_z(flow->moves[i].action))) {
            BUF_LIT(&b, ": ");
            buf_str(&b, tr(h->rq.lang, flow->moves[i].done));
            break;
        }
    }
    return buf_get(&b);
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
    for (size_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_instant(m, "at", rows[i].at);
        bool clock = str_eq(rows[i].actor, who_clock.audit.actor);
        val_set_str(m, "who", clock                 ? tr(h->rq.lang, T("the program"))
                              : rows[i].actor.n > 0 ? dir_person_name(dir, rows[i].actor)
                                                    : S(""));
        val_set_str(m, "role", rows[i].role.n > 0 && !clock ? role_title(h, rows[i].role) : S(""));
        val_set_str(m, "org", rows[i].org.n > 0 ? dir_org_name(dir, rows[i].org) : S(""));
        val_set_str(m, "what", what_text(h, &rows[i]));
        val_set_str(m, "why", whys[rows[i].why][0] != '\0' ? tr(h->rq.lang, whys[rows[i].why])
                                                           : S(""));
        val_set_bool(m, "refused", rows[i].outcome != OK);
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
