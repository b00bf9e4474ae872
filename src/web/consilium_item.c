/* web/consilium_item.c - the page of one patient of a consilium: what members said, messages, orders, the
 * protocol. */
#include "web/consilium.h"

#include "base/text.h"
#include "care/consult.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"
#include "web/room.h"

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
                        const struct consilium_voice *voices, uint32_t n, struct consilium_standing *s,
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
    struct consilium_standing s = {.decided = protocol_decision(p).n > 0};
    const struct consilium_voice *voices = NULL;
    uint32_t n = 0;
    TRY(consilium_set_voices(h, c, item, root, &voices, &n));
    s.own = c->me != NULL ? consilium_voice_of(voices, n, c->me->person) : NULL;
    set_awaited(h, c, item, voices, n, &s, root);
    consilium_set_moves(h, c, item, &s, root);
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
    return room_set_recordings(h, room, root);
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
