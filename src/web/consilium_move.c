/* web/consilium_move.c - the page of a consilium, and every move of it: what is asked before, and
 * making it. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "care/outside.h"
#include "care/room.h"
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

/* How far the voices of one patient are: whether the steps that need them can be made. */
struct standing {
    const struct consilium_voice *own;
    bool decided;       /* the protocol says what */
    bool spoken;        /* all opinions that are waited for, and the quorum of them */
    bool closable;      /* all signed or refused, the quorum of signatures, the chair's among them */
};

/* Beyond the table: whether it makes sense for this person now. */
static bool sensible(const struct consilium *c, const struct act *a, const struct standing *s)
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

static void set_moves(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                      const struct standing *s, struct val *root)
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
    set_moves(h, c, NULL, &(struct standing){.own = NULL}, root);
    return page_reply(h, root, tpl_consilium);
}

/* ---- the page of one patient ---- */

static void set_voice(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                      const struct consilium_member *m, const struct consilium_voice *v, bool held,
                      struct val *o)
{
    static const char *const signed_texts[] = {[SIGNED_NOT] = "", [SIGNED_YES] = "yes",
                                               [SIGNED_REFUSED] = "refused"};
    val_set_str(o, "name", m->name);
    val_set_str(o, "org", m->org_name);
    val_set_bool(o, "chair", str_eq(m->person, c->chair));
    val_set_bool(o, "left", m->state == MEMBER_LEFT);
    val_set_bool(o, "given", v->opinion == OPINION_GIVEN);
    val_set_bool(o, "abstains", v->opinion == OPINION_ABSTAINED);
    val_set_bool(o, "absent", v->opinion == OPINION_ABSENT);
    val_set_bool(o, "signer", consilium_awaits(&h->rq, c, m, v));
    val_set_bool(o, "hidden", v->hidden);
    val_set_str(o, "text", v->text);
    if (v->opinion_ms > 0) {
        val_set_instant(o, "at", (struct instant){v->opinion_ms});
    }
    if (v->entered_by.n > 0) {
        val_set_str(o, "by", dir_person_name(c->dir, v->entered_by));
    }
    if (v->opinion == OPINION_GIVEN && !v->hidden) {
        struct buf b;
        buf_init(&b, h->rq.a, 256);
        buf_str(&b, consilium_item_path(h, item->id, "/opinions/"));
        buf_str(&b, m->person);
        val_set_str(o, "file", buf_get(&b));
    }
    val_set_str(o, "dissent", v->dissent);
    val_set_z(o, "signed", signed_texts[v->signed_state]);
    if (v->signed_ms > 0) {
        val_set_instant(o, "signed_at", (struct instant){v->signed_ms});
    }
    val_set_str(o, "refusal", v->refusal);
    if (v->opinion == OPINION_NONE && item->state == CONSILIUM_DELIBERATING && c->me != m
        && consilium_may_enter(&h->rq, c, item, m)) {
        val_set_str(o, "beside", consilium_item_path(h, item->id, "/move/beside"));
    }
    if (held && v->opinion == OPINION_NONE && item->state == CONSILIUM_DELIBERATING
        && (c->actor & ACTOR_CHAIR) && c->me != m) {
        val_set_str(o, "mark_absent", consilium_item_path(h, item->id, "/move/absent"));
    }
    val_set_str(o, "person", m->person);
}

/* root.awaited: names of those whose opinion or signature is waited for. */
static void set_awaited(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                        const struct consilium_voice *voices, uint32_t n, struct standing *s,
                        struct val *root)
{
    struct val *names = val_set_list(root, "awaited");
    uint32_t given = 0;
    uint32_t signatures = 0;
    uint32_t awaited = 0;
    bool chair = false;
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_member *m = &c->members[i];
        const struct consilium_voice *v = consilium_voice_of(voices, n, m->person);
        if (v == NULL || !consilium_awaits(&h->rq, c, m, v)) {
            continue;
        }
        bool to_sign = item->state == CONSILIUM_SIGNING && v->signed_state == SIGNED_NOT;
        if (to_sign || (item->state == CONSILIUM_DELIBERATING && v->opinion == OPINION_NONE)) {
            val_add_str(names, m->name);
            awaited++;
        }
        given += v->opinion == OPINION_GIVEN;
        signatures += v->signed_state == SIGNED_YES;
        chair = chair || (v->signed_state == SIGNED_YES && str_eq(m->person, c->chair));
    }
    s->spoken = awaited == 0 && given >= c->quorum;
    s->closable = awaited == 0 && chair && signatures >= c->quorum;
    val_set_bool(root, "spoken", item->state == CONSILIUM_DELIBERATING && s->spoken);
    val_set_bool(root, "too_few", item->state == CONSILIUM_DELIBERATING && awaited == 0 && !s->spoken);
}

enum err consilium_set_voices(struct http_req *h, const struct consilium *c,
                              const struct consilium_item *item, struct val *root,
                              const struct consilium_voice **ret_voices, uint32_t *ret_n)
{
    struct consilium_voice *voices = ARENA_ARRAY(h->rq.a, CONSILIUM_MEMBERS_MAX, struct consilium_voice);
    struct val *list = val_set_list(root, "voices");
    uint32_t n = 0;
    bool held = false;
    TRY_MEM(&h->rq, voices);
    TRY(consilium_voices(&h->rq, c, item, voices, &n));
    TRY(consilium_was_held(&h->rq, c, item, &held));
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_member *m = &c->members[i];
        const struct consilium_voice *v = consilium_voice_of(voices, n, m->person);
        if (v != NULL && (member_sits(m) || v->opinion != OPINION_NONE)) {
            set_voice(h, c, item, m, v, held, val_add_map(list));
        }
    }
    *ret_voices = voices;
    *ret_n = n;
    return OK;
}

static enum err set_steps(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                          const struct protocol *p, struct val *root)
{
    struct standing s = {.decided = protocol_decision(p).n > 0};
    const struct consilium_voice *voices = NULL;
    uint32_t n = 0;
    TRY(consilium_set_voices(h, c, item, root, &voices, &n));
    s.own = c->me != NULL ? consilium_voice_of(voices, n, c->me->person) : NULL;
    set_awaited(h, c, item, voices, n, &s, root);
    set_moves(h, c, item, &s, root);
    val_set_bool(root, "decided", s.decided);
    val_set_bool(root, "signs", item->state == CONSILIUM_SIGNING && s.own != NULL
                                    && consilium_awaits(&h->rq, c, c->me, s.own)
                                    && s.own->signed_state != SIGNED_YES);
    return OK;
}

static enum err set_talk(struct http_req *h, const struct consilium_item *item, struct val *root)
{
    struct case_message *all = ARENA_ARRAY(h->rq.a, 200, struct case_message);
    struct val *list = val_set_list(root, "messages");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(consult_messages(&h->rq, item->rid, all, 200, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_bool(m, "own", str_eq(all[i].sender, h->rq.who->person));
        val_set_str(m, "who", all[i].sender_name);
        val_set_instant(m, "at", all[i].at);
        val_set_str(m, "text", all[i].text);
    }
    return OK;
}

static enum err set_orders(struct http_req *h, const struct consilium_item *item, struct val *root)
{
    struct consilium_order orders[40];
    struct val *list = val_set_list(root, "orders");
    uint32_t n = 0;
    struct case_row row;
    TRY(case_row_load(&h->rq, item->case_id, &row));
    TRY(consilium_orders(&h->rq, item->case_rid, orders, LEN(orders), &n));
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(orders[i].item, item->id)) {
            consilium_set_order(h, &row, &orders[i], val_add_map(list));
        }
    }
    return OK;
}

/* root.room: the address of the meeting by video, once there is one. */
static enum err set_room(struct http_req *h, const struct consilium_item *item, struct val *root)
{
    struct room *room = ARENA_NEW(h->rq.a, struct room);
    TRY_MEM(&h->rq, room);
    enum err e = room_of(&h->rq, ROOM_CONSILIUM, item->id, room);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return OK;
    }
    TRY(e);
    if (!(care_consilium.states[item->state].flags & STATE_FINAL)) {
        val_set_str(root, "room", page_path(h, "/rooms/", room->id, ""));
    }
    return OK;
}

static void add_section(struct val *list, struct str title, struct str text)
{
    struct val *m = val_add_map(list);
    val_set_str(m, "title", title);
    val_set_str(m, "text", text);
}

/* root.draft [{title, text}] for whom it concerns now; root.decision once it is fixed. */
static void set_paper(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                      const struct protocol *p, struct val *root)
{
    bool runs = (c->actor & (ACTOR_CHAIR | ACTOR_SECRETARY)) != 0;
    bool writes = runs && item->state >= CONSILIUM_CONVENED && item->state <= CONSILIUM_DRAFTED;
    struct val *draft = val_set_list(root, "draft");
    val_set_bool(root, "writes", writes);
    val_set_bool(root, "fixed", item->bundle.n > 0);
    val_set_bool(root, "presents", (c->actor & ACTOR_CHAIR) && item->state == CONSILIUM_DRAFTED);
    val_set_i64(root, "draft_version", (int64_t)p->version);
    if (item->state == CONSILIUM_SIGNING || item->state == CONSILIUM_CLOSED) {
        val_set_str(root, "decision", protocol_decision(p));
    }
    if (p->version == 0 || !(writes || item->state == CONSILIUM_DRAFTED)) {
        return;
    }
    for (uint32_t i = 0; i < p->n; i++) {
        add_section(draft, protocol_title(h->rq.lang, &p->parts[i]), p->parts[i].text);
    }
    if (p->orders.n > 0) {
        add_section(draft, tr(h->rq.lang, T("Orders")), p->orders);
    }
}

static enum err show_item(struct http_req *h, unsigned status, const char *fault)
{
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    struct consilium_item *item = NULL;
    struct protocol p;
    struct val *root = NULL;
    TRY_MEM(&h->rq, c);
    TRY(consilium_open_item(&h->rq, http_param(h, S("item")), AUDIT_READ, c, &item));
    TRY(consilium_begin(h, c, T("Consilium"), &root));
    page_kind(root, "wide");
    if (fault != NULL) {
        page_error(h, root, "text", fault);
    }
    TRY(consilium_set_item(h, c, item, root));
    TRY(protocol_load(&h->rq, c, item, &p));
    TRY(set_steps(h, c, item, &p, root));
    TRY(set_talk(h, item, root));
    TRY(set_orders(h, item, root));
    TRY(set_room(h, item, root));
    set_paper(h, c, item, &p, root);
    (void)page_field(h, root, "text", T("Write a message"), S(""));
    return page_reply_status(h, status, root, tpl_consilium_item);
}

enum err web_consilium_item(struct http_req *h)
{
    return show_item(h, 200, NULL);
}

enum err web_consilium_say(struct http_req *h)
{
    struct str id = http_param(h, S("item"));
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = consilium_say(&h->rq, tx, id, page_sent(h, "text"));
    if (e == E_BAD_INPUT || e == E_CONFLICT || e == E_LOCKED) {
        err_clear(&h->rq);
        return show_item(h, 422, e == E_LOCKED
                                     ? T("Too many messages in a short time. Wait a minute, then "
                                         "send it again.")
                                     : T("Write something, at most 8 000 characters."));
    }
    TRY(e);
    return page_commit(h, tx, consilium_item_path(h, id, "?done=consilium-said#talk"));
}

enum err web_consilium_order(struct http_req *h)
{
    struct str id = http_param(h, S("item"));
    struct consilium *c = ARENA_NEW(h->rq.a, struct consilium);
    struct consilium_item *item = NULL;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, c);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(consilium_open_item(&h->rq, id, AUDIT_READ, c, &item));
    TRY(consilium_order_done(&h->rq, tx, item->case_id, http_param(h, S("task"))));
    return page_commit(h, tx, page_sent(h, "back").n > 0
                                  ? page_path(h, "/cases/", item->case_id, "?done=consilium-order#orders")
                                  : consilium_item_path(h, id, "?done=consilium-order#orders"));
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
