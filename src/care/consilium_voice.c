/* care/consilium_voice.c - what members say about a patient: opinions (signed in consilium_opinion.c), hidden
 * until all are given when the chair chose so; abstentions, dissent, messages. */
#include "care/consilium_int.h"

#include "care/consult_int.h"
#include "care/consult_pace.h"
#include "care/sign_int.h"

enum { REASON_MAX = 4000, MESSAGE_MAX = 8000 };

/* ---- reading ---- */

static struct str summary_of(struct req *rq, const struct consilium_voice *v)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);

    if (v->opinion != OPINION_GIVEN || v->body.n == 0 || doc == NULL) {
        return v->opinion == OPINION_GIVEN ? (struct str){0} : v->body; /* reasons are words */
    }
    if (json_parse(rq, v->body, NULL, doc) != OK) {
        err_clear(rq);
        return (struct str){0};
    }
    return json_str(rq->a, json_get(json_root(doc), S("summary")));
}

enum err consilium_voices(struct req *rq, const struct consilium *c,
                          const struct consilium_item *item, struct consilium_voice *ret_voices,
                          uint32_t *ret_n)
{
    struct str self = rq->who != NULL ? rq->who->person : (struct str){0};

    TRY(consilium_voices_all(rq, item->id, ret_voices, ret_n));
    for (uint32_t i = 0; i < *ret_n; i++) {
        struct consilium_voice *v = &ret_voices[i];
        bool own = self.n > 0 && (str_eq(v->person, self) || str_eq(v->entered_by, self));
        bool said = v->opinion == OPINION_GIVEN || v->opinion == OPINION_ABSTAINED;
        v->hidden = c->hidden && said && !v->shown && !own;
        if (v->hidden) {
            v->body = v->proof = (struct str){0};
        } else {
            v->text = summary_of(rq, v);
        }
    }
    return OK;
}

/* ---- the opinion ---- */

bool consilium_may_enter(const struct req *rq, const struct consilium *c,
                         const struct consilium_item *item, const struct consilium_member *m)
{
    const struct role_ref *role = who_role(rq->who);

    if (!member_sits(m) || role == NULL) {
        return false;
    }
    if (str_eq(m->person, rq->who->person)) {
        return true;
    }
    return str_eq(c->policy->opinion_by, S("attending-worker"))
           && str_eq(item->attending, rq->who->person) && !str_eq(m->org, role->org);
}

/* The bytes and the Provenance of an opinion as resources. */
static enum err show_one(struct req *rq, struct tx *tx, const struct consilium_item *item,
                         struct str id, struct str body, struct str proof)
{
    struct sign_anchor on = {T_SERVICE_REQUEST, item->id};

    TRY(sign_int_blob(rq, tx, body));
    TRY(sign_int_put_json(rq, tx, &on, body, id));
    return sign_int_put_prov(rq, tx, &on, proof);
}

static enum err voice_task(struct req *rq, struct tx *tx, const struct consilium *c,
                           const struct consilium_item *item, const struct consilium_voice *v,
                           bool shown)
{
    const struct consilium_member *m = consilium_member(c, v->person);
    struct member_task t = {
        .status = v->opinion == OPINION_ABSTAINED ? "rejected"
                  : v->opinion == OPINION_ABSENT  ? "cancelled"
                                                  : "completed",
        .reason = v->opinion == OPINION_ABSENT ? v->body : (struct str){0},
        .impression = shown && v->opinion == OPINION_GIVEN ? v->opinion_id : (struct str){0},
    };

    return m == NULL ? OK : consilium_put_task(rq, tx, c, item, m, v->task, &t);
}

enum err consilium_show_opinions(struct req *rq, struct tx *tx, const struct consilium *c,
                                 const struct consilium_item *item,
                                 const struct consilium_voice *voices, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct consilium_voice *v = &voices[i];
        if (v->opinion == OPINION_NONE || v->shown) {
            continue;
        }
        if (v->opinion == OPINION_GIVEN) {
            TRY(show_one(rq, tx, item, v->opinion_id, v->body, v->proof));
        }
        TRY(voice_task(rq, tx, c, item, v, true));
        TRY(TX_SQL(tx, W_CONSILIUM_SHOWN, 0, sql_text(item->id), sql_text(v->person)));
    }
    return OK;
}

enum err consilium_speak(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                         struct str action, struct speaking **ret_s)
{
    struct speaking *s = ARENA_NEW(rq->a, struct speaking);

    TRY_MEM(rq, s);
    *s = (struct speaking){.rq = rq, .tx = tx};
    TRY(consilium_open_item(rq, item_id, AUDIT_READ, &s->c, &s->item));
    s->m = consilium_member(&s->c, person);
    TRY(consilium_row(rq, &s->c, s->item, action, &s->move));
    if (s->m == NULL || !member_sits(s->m)) {
        TRY(consilium_note(rq, &s->c, s->item, AUDIT_MOVE, E_FORBIDDEN, action));
        return FAIL(rq, E_FORBIDDEN, "does not take part");
    }
    TRY(consilium_voices_all(rq, s->item->id, s->voices, &s->n));
    for (uint32_t i = 0; i < s->n; i++) {
        s->v = str_eq(s->voices[i].person, person) ? &s->voices[i] : s->v;
    }
    *ret_s = s;
    return s->v != NULL ? OK : FAIL(rq, E_INTERNAL, "voice");
}

enum err consilium_spoken(struct speaking *s, enum audit_action action)
{
    struct buf b;

    buf_init(&b, s->rq->a, 64);
    buf_str(&b, str_z(s->move->action));
    buf_str(&b, s->own_token ? S(", own token") : S(""));
    TRY(TX_SQL(s->tx, W_CONSILIUM_ITEM_HOLD, TX_MUST_CHANGE, sql_text(s->item->id),
               sql_u64(s->item->version)));
    TRY(consilium_tell(s->rq, s->tx, &s->c, s->item, s->move));
    return consilium_note(s->rq, &s->c, s->item, action, OK, buf_get(&b));
}

/* Whether somebody besides this one has still to speak. */
static bool others_silent(const struct speaking *s)
{
    for (uint32_t i = 0; i < s->c.n_members; i++) {
        const struct consilium_member *m = &s->c.members[i];
        const struct consilium_voice *v = consilium_voice_of(s->voices, s->n, m->person);
        if (member_sits(m) && m != s->m && (v == NULL || v->opinion == OPINION_NONE)) {
            return true;
        }
    }
    return false;
}

/* Keeps what was said; with the last voice hidden opinions are shown. */
enum err consilium_voice_keep(struct speaking *s, const struct consilium_voice *said)
{
    bool last = !others_silent(s);
    bool shown = !s->c.hidden || last;

    TRY(TX_SQL(s->tx, W_CONSILIUM_OPINION, TX_MUST_CHANGE, sql_text(s->item->id),
               sql_text(s->m->person), sql_i64(said->opinion), sql_text(str_or_empty(said->opinion_id)),
               sql_blob(said->body), sql_blob(str_or_empty(said->proof)), sql_i64(shown),
               sql_text(str_or_empty(said->entered_by)), sql_i64(s->rq->now.ms)));
    if (shown && said->opinion == OPINION_GIVEN) {
        TRY(show_one(s->rq, s->tx, s->item, said->opinion_id, said->body, said->proof));
    }
    TRY(voice_task(s->rq, s->tx, &s->c, s->item, said, shown));
    if (s->c.hidden && last) {
        TRY(consilium_show_opinions(s->rq, s->tx, &s->c, s->item, s->voices, s->n));
    }
    return OK;
}

enum err consilium_abstain(struct req *rq, struct tx *tx, struct str item_id, struct str reason)
{
    struct speaking *s = NULL;
    struct consilium_voice said;

    TRY(consilium_speak(rq, tx, item_id, rq->who->person, S("abstain"), &s));
    reason = str_trim(reason);
    if (reason.n == 0 || reason.n > REASON_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    if (consilium_is_over(rq, &s->c)) {
        return FAIL(rq, E_CONFLICT, "time");
    }
    if (s->v->opinion != OPINION_NONE && s->v->opinion != OPINION_ABSENT) {
        return FAIL(rq, E_CONFLICT, "given already");
    }
    said = *s->v;
    said.opinion = OPINION_ABSTAINED;
    said.entered_by = (struct str){0};
    said.body = reason;
    TRY(consilium_voice_keep(s, &said));
    return consilium_spoken(s, AUDIT_MOVE);
}

/* The rights of who marks, and of whom it can be said: a member besides the chair who said nothing. */
static enum err absent_check(struct req *rq, struct speaking *s)
{
    bool held = false;

    if (str_eq(s->m->person, s->c.chair)) {
        return FAIL(rq, E_BAD_INPUT, "person");
    }
    if (s->v->opinion != OPINION_NONE) {
        return FAIL(rq, E_CONFLICT, "spoken already");
    }
    TRY(consilium_was_held(rq, &s->c, s->item, &held));
    return held ? OK : FAIL(rq, E_CONFLICT, "held");
}

enum err consilium_absent(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                          struct str reason)
{
    struct speaking *s = NULL;
    struct consilium_voice said;

    TRY(consilium_speak(rq, tx, item_id, person, S("absent"), &s));
    TRY(absent_check(rq, s));
    reason = str_trim(reason);
    if (reason.n == 0 || reason.n > REASON_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    said = *s->v;
    said.opinion = OPINION_ABSENT;
    said.body = reason;
    said.entered_by = rq->who->person;
    TRY(consilium_voice_keep(s, &said));
    return consilium_spoken(s, AUDIT_MOVE);
}

enum err consilium_dissent(struct req *rq, struct tx *tx, struct str item_id, struct str text)
{
    struct speaking *s = NULL;

    TRY(consilium_speak(rq, tx, item_id, rq->who->person, S("dissent"), &s));
    text = str_trim(text);
    if (text.n == 0 || text.n > CONSILIUM_TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    struct consilium_moving m = {.rq = rq, .tx = tx, .c = &s->c, .item = s->item, .move = s->move};
    TRY(TX_SQL(tx, W_CONSILIUM_DISSENT, TX_MUST_CHANGE, sql_text(s->item->id),
               sql_text(rq->who->person), sql_text(text)));
    return consilium_perform(&m); /* a new version: a protocol fixed meanwhile would lack it */
}

enum err consilium_say(struct req *rq, struct tx *tx, struct str item_id, struct str text)
{
    static const struct care_move say = {
        .action = "message", .tell = TELL_CHAIR | TELL_SECRETARY | TELL_MEMBER,
        .notice = NOTICE_CONSILIUM_TALK};
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_item *item = NULL;
    struct case_row row;

    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, item_id, AUDIT_CREATE, c, &item));
    text = str_trim(text);
    if (text.n == 0 || text.n > MESSAGE_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    if (care_consilium.states[item->state].flags & STATE_FINAL) {
        return FAIL(rq, E_CONFLICT, "it has ended");
    }
    TRY(consult_pace(rq, item->rid));
    consilium_as_case(c, item, &row);
    TRY(consult_say(rq, tx, &row, S("message"), text, NULL, 0));
    return consilium_tell(rq, tx, c, item, &say);
}
