/* web/audit_words.c - the record in words. See audit_words.h. */
#include "web/audit_words.h"

#include "base/text.h"
#include "care/care.h"
#include "care/content.h"
#include "care/flow.h"
#include "fhir/type.h"
#include "web/audit_about.h"
#include "web/page.h"

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
    [AUDIT_GRANT] = T("let an application in"),
    [AUDIT_REVIEW] = T("looked through an opening with a reason"),
    [AUDIT_INVITE] = T("opened the record to the patient or a relative, or shut it"),
    [AUDIT_FACTOR] = T("second step of signing in"),
    [AUDIT_SESSION] = T("ended sessions"),
    [AUDIT_ERASE] = T("erased by order"),
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
    [WHY_PATIENT] = T("the patient"),
    [WHY_REPRESENTS] = T("acts for the patient"),
    [WHY_ADMIN] = T("administrator"),
};

/* Why it did not happen. */
static const char *const outcomes[] = {
    [E_SIGN_IN] = T("wrong login or password, or signed out"),
    [E_LOCKED] = T("too many wrong passwords"),
    [E_FORBIDDEN] = T("no right"),
    [E_NOT_FOUND] = T("not theirs to see"),
};

/* About the record itself. */
static const char *record_action(const struct audit_row *r)
{
    if (r->type != T_AUDIT_EVENT) {
        return NULL;
    }
    return r->action == AUDIT_VERIFY   ? T("checked the record")
           : r->action == AUDIT_EXPORT ? T("took the record away as a table")
                                       : T("looked at the record");
}

static const char *why_text(const struct audit_row *r)
{
    if ((r->why == WHY_OWN || r->why == WHY_ADMIN) && r->case_rid == 0) {
        return T("own account");
    }
    return r->why == WHY_DIRECTORY && r->type == T_AUDIT_EVENT ? T("right to audit") : whys[r->why];
}

static struct str role_title(struct http_req *h, struct str code)
{
    const struct role *r = content_role(care_of(&h->rq)->content, code);
    return r != NULL ? text4_get(&r->title, h->rq.lang) : code;
}

/* Done to another's account, or to the directory: by the role acted in. Records made before there was
 * WHY_ADMIN call every account one's own. */
static bool is_by_role(const struct audit_row *r)
{
    bool account = (r->why == WHY_ADMIN || r->why == WHY_OWN) && r->case_rid == 0;
    bool directory = r->why == WHY_DIRECTORY && audit_act(r) != NULL;
    return r->outcome == OK && r->role.n > 0 && (directory || (account && !audit_is_own(r)));
}

/* "as Administrator, Regional hospital" */
static struct str by_role(struct http_req *h, const struct directory *dir, const struct audit_row *r)
{
    const struct text_arg args[] = {{S("role"), role_title(h, r->role)},
                                    {S("org"), dir_org_name(dir, r->org)}};
    if (r->org.n == 0) { /* a command on the server */
        return tr(h->rq.lang, T("the program"));
    }
    return page_text(h, T("as {role}, {org}"), args, LEN(args));
}

/* "moved the case: Accept" */
static struct str what_text(struct http_req *h, const struct audit_row *r)
{
    const struct care_flow *flow = care_flow_find(S("consultation"));
    struct buf b;
    buf_init(&b, h->rq.a, 512);
    const char *of_record = record_action(r);
    const char *act = r->outcome == OK ? audit_act(r) : NULL;
    buf_str(&b, tr(h->rq.lang, of_record != NULL ? of_record : act != NULL ? act : actions[r->action]));
    for (unsigned i = 0; r->action == AUDIT_MOVE && flow != NULL && i < flow->n_moves; i++) {
        if (str_eq(r->detail, str_z(flow->moves[i].action))) {
            BUF_LIT(&b, ": ");
            buf_str(&b, tr(h->rq.lang, flow->moves[i].done));
            break;
        }
    }
    return buf_get(&b);
}

void audit_words(struct http_req *h, const struct directory *dir, const struct audit_row *r,
                 struct val *m)
{
    bool refused = r->outcome != OK;
    bool told = refused && r->outcome < (int)LEN(outcomes) && outcomes[r->outcome] != NULL;
    const char *why = told ? outcomes[r->outcome] : why_text(r);
    val_set_instant(m, "at", r->at);
    bool clock = str_eq(r->actor, who_clock.audit.actor);
    val_set_str(m, "who", clock          ? tr(h->rq.lang, T("the program"))
                          : r->actor.n > 0 ? dir_person_name(dir, r->actor)
                                           : S(""));
    val_set_str(m, "role", r->role.n > 0 && !clock ? role_title(h, r->role) : S(""));
    val_set_str(m, "org", r->org.n > 0 ? dir_org_name(dir, r->org) : S(""));
    val_set_str(m, "what", what_text(h, r));
    val_set_str(m, "why", is_by_role(r)      ? by_role(h, dir, r)
                          : why[0] != '\0' ? tr(h->rq.lang, why)
                                            : S(""));
    val_set_bool(m, "refused", refused);
}
