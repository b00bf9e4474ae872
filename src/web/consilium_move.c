/* web/consilium_move.c - the page of a consilium, and every move of it: what is asked before, and
 * making it. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/outside.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { ASK_REASON = 1, ASK_TEXT = 2, ASK_PASSWORD = 4, ASK_ROLE = 8, ASK_CHAIR = 16, ASK_UNTIL = 32 };

enum act_kind { ACT_PART, ACT_ALL, ACT_ITEM, ACT_VOICE };

static const struct act {
    struct str action;
    enum act_kind kind;
    unsigned asks;
    const char *look; /* class of the button */
    const char *hint;
} acts[] = {
    {SI("accept"), ACT_PART, 0, "", NULL},
    {SI("substitute"), ACT_PART, ASK_REASON | ASK_ROLE, "quiet",
     T("The one you choose is asked in your place; you take no part any more.")},
    {SI("decline"), ACT_PART, ASK_REASON, "quiet", T("The secretary is told your reason.")},
    {SI("invite"), ACT_PART, ASK_ROLE, "quiet", NULL},
    {SI("convene"), ACT_ALL, 0, "", NULL},
    {SI("begin"), ACT_ALL, 0, "", NULL},
    {SI("leave"), ACT_PART, ASK_REASON | ASK_CHAIR, "danger",
     T("What you said stays on record. You do not count for the quorum any more.")},
    {SI("extend"), ACT_ALL, ASK_UNTIL | ASK_REASON, "quiet",
     T("All members are told until when they can give their opinions.")},
    {SI("cancel"), ACT_ALL, ASK_REASON, "danger", T("All who were asked are told.")},
    {SI("opinion"), ACT_VOICE, ASK_TEXT | ASK_PASSWORD, "",
     T("Nobody else can change your opinion, nor can you after signing it.")},
    {SI("beside"), ACT_VOICE, ASK_TEXT | ASK_PASSWORD, "quiet",
     T("You enter and sign what this member told you; the record names you both.")},
    {SI("abstain"), ACT_VOICE, ASK_REASON, "quiet", NULL},
    {SI("absent"), ACT_VOICE, ASK_REASON, "quiet",
     T("Neither opinion nor signature of this member is waited for, and the protocol says so with your "
       "reason.")},
    {SI("draft"), ACT_ITEM, 0, "", NULL},
    {SI("dissent"), ACT_VOICE, ASK_TEXT, "quiet", T("It stands in the protocol, in your own words.")},
    {SI("return"), ACT_ITEM, ASK_REASON, "quiet", NULL},
    {SI("refuse"), ACT_VOICE, ASK_REASON, "danger", T("Your reason is kept beside the protocol.")},
    {SI("close"), ACT_ITEM, 0, "", NULL},
    {SI("reopen"), ACT_ITEM, ASK_REASON, "danger",
     T("Signatures given so far stay with the old version. A new version is signed by all again.")},
};

static const struct act *act_find(struct str action)
{
    for (size_t i = 0; i < LEN(acts); i++) {
        if (str_eq(acts[i].action, action)) {
            return &acts[i];
        }
    }
    return NULL;
}

/* What one person does about another member. */
static bool act_of_other(const struct act *a)
{
    return str_eq(a->action, S("beside")) || str_eq(a->action, S("absent"));
}

/* ---- what can be done ---- */

static bool sits(const struct consilium *c)
{
    return c->me != NULL && member_sits(c->me);
}

/* Beyond the table: whether it makes sense for this person now. */
static bool sensible(const struct consilium *c, const struct act *a, const struct consilium_standing *s)
{
    const struct consilium_voice *v = s->own;
    bool asked = c->me != NULL && c->me->state == MEMBER_ASKED;
    if (str_eq(a->action, S("accept"))) {
        return asked;
    }
    if (str_eq(a->action, S("decline")) || str_eq(a->action, S("substitute"))) {
        return asked || (sits(c) && consilium_state_of(c) <= CONSILIUM_CONVENED
                         && !str_eq(c->chair, c->me->person));
    }
    if (str_eq(a->action, S("convene")) || str_eq(a->action, S("begin"))) {
        return consilium_has_quorum(c);
    }
    if (str_eq(a->action, S("extend"))) {
        return c->written;
    }
    if (act_of_other(a) || str_eq(a->action, S("refuse"))) {
        return false; /* these stand beside each member, and where the protocol is read and signed */
    }
    if (str_eq(a->action, S("draft"))) {
        return s->spoken && s->decided;
    }
    if (str_eq(a->action, S("close"))) {
        return s->closable;
    }
    if (a->kind == ACT_VOICE || str_eq(a->action, S("leave"))) {
        bool spoke = v != NULL && v->opinion != OPINION_NONE;
        bool speaks = str_eq(a->action, S("opinion")) || str_eq(a->action, S("abstain"));
        return sits(c) && !(speaks && spoke);
    }
    return true;
}

static void add_move(struct http_req *h, const struct act *a, const struct care_move *m, struct str base,
                     bool first, struct val *list)
{
    struct val *o = val_add_map(list);
    struct buf b;
    buf_init(&b, h->rq.a, base.n + 80);
    buf_str(&b, base);
    BUF_LIT(&b, "/move/");
    buf_str(&b, a->action);
    val_set_str(o, "href", buf_get(&b));
    val_set_str(o, "title", tr(h->rq.lang, m->title));
    val_set_bool(o, "post", a->asks == 0);
    val_set_z(o, "look", first || a->look[0] != '\0' ? a->look : "quiet");
}

void consilium_set_moves(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                         const struct consilium_standing *s, struct val *root)
{
    struct val *list = val_set_list(root, "moves");
    struct str base = item != NULL ? consilium_item_path(h, item->id, "") : consilium_path(h, c->id, "");
    uint32_t state = item != NULL ? item->state : consilium_state_of(c);
    bool first = true; /* one loud button: what is awaited of this person comes first in the table */
    for (size_t i = 0; i < LEN(acts); i++) {
        const struct act *a = &acts[i];
        bool of_item = a->kind == ACT_ITEM || a->kind == ACT_VOICE;
        const struct care_move *m = care_move_find(&care_consilium, state, a->action);
        if (of_item == (item != NULL) && m != NULL && (m->who & c->actor) && sensible(c, a, s)) {
            add_move(h, a, m, base, first, list);
            first = first && a->look[0] != '\0';
        }
    }
}

enum err web_consilium(struct http_req *h)
{
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    struct val *root = NULL;
    TRY_MEM(&h->rq, c);
    TRY(consilium_open(&h->rq, http_param(h, S("consilium")), AUDIT_READ, c));
    TRY(consilium_begin(h, c, T("Consilium"), &root));
    page_kind(root, "wide");
    consilium_set_moves(h, c, NULL, &(struct consilium_standing){.own = NULL}, root);
    return page_reply(h, root, tpl_consilium);
}

/* ---- a move ---- */

static enum err open_move(struct http_req *h, struct consilium *c, struct consilium_item **ret_item)
{
    struct str item = http_param(h, S("item"));
    *ret_item = NULL;
    return item.n > 0 ? consilium_open_item(&h->rq, item, AUDIT_READ, c, ret_item)
                      : consilium_open(&h->rq, http_param(h, S("consilium")), AUDIT_READ, c);
}

/* Whom a move about another member is about. */
static struct str of_whom(struct http_req *h)
{
    return page_sent(h, "of").n > 0 ? page_sent(h, "of") : http_query(h, S("of"));
}

/* An opinion that was shown for a token is gone on with. */
static enum err text_before(struct http_req *h, const struct act *a, struct str *ret_text)
{
    struct opinion_paper p;
    struct str person = act_of_other(a) ? of_whom(h) : h->rq.who->person;
    if ((a->asks & ASK_PASSWORD) == 0) {
        return OK;
    }
    enum err e = consilium_opinion_fixed(&h->rq, http_param(h, S("item")), &p);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    *ret_text = str_eq(p.person, person) ? p.text : (struct str){0};
    return OK;
}

static enum err set_asked(struct http_req *h, const struct consilium *c, const struct act *a,
                          struct val *root)
{
    struct val *f = NULL;
    if (a->asks & ASK_ROLE) {
        TRY(consilium_people(h, c->policy, "role", T("Who"), false, root));
    }
    if (a->asks & ASK_TEXT) {
        struct str before = {0};
        TRY(text_before(h, a, &before));
        f = page_field(h, root, "text", T("In your words"), str_or_empty(before));
        val_set_i64(f, "rows", 8);
        val_set_bool(f, "required", true);
    }
    if (a->asks & ASK_UNTIL) {
        f = page_field(h, root, "until", T("Opinions are given until"), S(""));
        val_set_z(f, "type", "datetime-local");
        val_set_bool(f, "required", true);
    }
    if (a->asks & ASK_REASON) {
        f = page_field(h, root, "reason", T("Reason"), S(""));
        val_set_bool(f, "required", true);
    }
    if ((a->asks & ASK_CHAIR) && c->me != NULL && str_eq(c->me->person, c->chair)) {
        f = page_field(h, root, "person", T("Who chairs instead of you"), S(""));
        for (uint32_t i = 0; i < c->n_members; i++) {
            if (&c->members[i] != c->me && c->members[i].votes && c->members[i].state <= MEMBER_IN) {
                page_option(f, c->members[i].person, c->members[i].name);
            }
        }
    }
    if (a->asks & ASK_PASSWORD) {
        (void)page_secret(h, root, "password", T("Your password"), "current-password");
        val_set_bool(root, "tokens", outside_offered(care_of(&h->rq)));
    }
    return OK;
}

static enum err show_move(struct http_req *h, unsigned status, const char *field, const char *fault)
{
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    const struct act *a = act_find(http_param(h, S("action")));
    struct consilium_item *item = NULL;
    struct val *root = NULL;
    TRY_MEM(&h->rq, c);
    TRY(open_move(h, c, &item));
    const struct care_move *m =
        a == NULL ? NULL
                  : care_move_find(&care_consilium, item != NULL ? item->state : consilium_state_of(c),
                                   a->action);
    if (m == NULL) { /* it moved on: the page says where it is */
        return http_redirect(h, item != NULL ? consilium_item_path(h, item->id, "?done=consilium-late")
                                             : consilium_path(h, c->id, "?done=consilium-late"));
    }
    TRY(consilium_begin(h, c, m->title, &root));
    page_kind(root, "narrow");
    if (fault != NULL) {
        page_error(h, root, field, fault);
    }
    if (item != NULL) {
        TRY(consilium_set_item(h, c, item, root));
    }
    struct val *v = val_set_map(root, "move");
    val_set_str(v, "title", tr(h->rq.lang, m->title));
    val_set_str(v, "hint", a->hint != NULL ? tr(h->rq.lang, a->hint) : S(""));
    val_set_bool(v, "danger", a->look[0] == 'd');
    val_set_str(v, "post", h->path);
    if (act_of_other(a)) {
        struct str of = of_whom(h);
        val_set_str(v, "person", of);
        val_set_str(v, "name", consilium_member(c, of) != NULL ? dir_person_name(c->dir, of) : S(""));
    }
    TRY(set_asked(h, c, a, root));
    return page_reply_status(h, status, root, tpl_consilium_move);
}

enum err web_consilium_move_page(struct http_req *h)
{
    return show_move(h, 200, NULL, NULL);
}

/* Whose opinion is given. */
static struct str speaks_for(struct http_req *h, const struct act *a)
{
    return act_of_other(a) ? page_sent(h, "of") : h->rq.who->person;
}

static enum err make(struct http_req *h, struct tx *tx, const struct act *a)
{
    struct req *rq = &h->rq;
    struct str item = http_param(h, S("item"));
    struct str id = http_param(h, S("consilium"));
    struct str text = page_sent(h, a->asks & ASK_TEXT ? "text" : "reason");
    const struct consilium_args args = {.reason = page_sent(h, "reason"), .role = page_sent(h, "role"),
                                        .person = page_sent(h, "person")};
    if (a->kind == ACT_PART) {
        return consilium_part(rq, tx, id, a->action, &args);
    }
    if (a->asks & ASK_UNTIL) {
        return consilium_extend(rq, tx, id, page_sent(h, "until"), text);
    }
    if (a->kind == ACT_ALL) {
        return consilium_move(rq, tx, id, a->action, &args);
    }
    if (a->kind == ACT_ITEM) {
        return consilium_item_move(rq, tx, item, a->action, &args);
    }
    if (a->asks & ASK_PASSWORD) {
        return consilium_opinion(rq, tx, item, speaks_for(h, a), text, http_form(h, S("password")));
    }
    if (str_eq(a->action, S("absent"))) {
        return consilium_absent(rq, tx, item, page_sent(h, "of"), text);
    }
    return str_eq(a->action, S("abstain"))   ? consilium_abstain(rq, tx, item, text)
           : str_eq(a->action, S("dissent")) ? consilium_dissent(rq, tx, item, text)
                                             : protocol_refuse(rq, tx, item, text);
}

enum err web_consilium_move(struct http_req *h)
{
    const struct act *a = act_find(http_param(h, S("action")));
    struct str item = http_param(h, S("item"));
    struct str *path = ARENA_NEW(h->rq.a, struct str);
    struct tx *tx = tx_new(&h->rq);
    const char *field = NULL;
    const char *text = NULL;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, path);
    if (a == NULL || (item.n > 0) != (a->kind == ACT_ITEM || a->kind == ACT_VOICE)) {
        return FAIL(&h->rq, E_NOT_FOUND, "action");
    }
    if (page_sent(h, "find").n > 0) {
        return show_move(h, 200, NULL, NULL);
    }
    if (page_done_before(h, &e)) {
        return e;
    }
    bool shows = (a->asks & ASK_PASSWORD) && str_eq(page_sent(h, "go"), S("token"));
    e = shows ? consilium_opinion_show(h, tx, speaks_for(h, a)) : make(h, tx, a);
    if (e != OK && consilium_fault(h, e, &field, &text)) {
        err_clear(&h->rq);
        return show_move(h, 422, field, text);
    }
    if (e != OK || shows) {
        return e;
    }
    *path = item.n > 0 ? consilium_item_path(h, item, "")
                       : consilium_path(h, http_param(h, S("consilium")), "");
    h->page_ctx = path;
    h->on_fail = consilium_late;
    bool gone = str_eq(a->action, S("decline")) || str_eq(a->action, S("substitute"));
    return page_commit(h, tx, gone          ? S("/consilia?done=consilium-answered")
                              : item.n > 0 ? consilium_item_path(h, item, "?done=consilium-moved")
                                           : consilium_path(h, http_param(h, S("consilium")),
                                                            "?done=consilium-moved"));
}
