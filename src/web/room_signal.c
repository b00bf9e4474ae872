/* web/room_signal.c - what the script of a room's page asks: its mail, who is there, servers for the way;
 * and what it says. JSON both ways. See care/signal.h. */
#include "base/text.h"
#include "care/care.h"
#include "care/room_ice.h"
#include "care/who.h"
#include "codec/json.h"
#include "store/store.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/room.h"

enum { MAIL_AT_ONCE = 64, ANSWER_MAX = 4 << 20, NUMBER_MAX = 24 };

#define JSON_TYPE S("application/json")

/* ---- events ---- */

enum err web_room_events(struct http_req *h)
{
    struct http_topic topics[3];
    struct seat seat;
    uint32_t n = 0;
    struct str id = http_param(h, S("room"));
    TRY(room_seat(&h->rq, id, room_cookie(h), &seat));
    topics[n++] = (struct http_topic){EVENT_ROOM, signals_room_topic(id), S("room")};
    topics[n++] = (struct http_topic){EVENT_ROOM, signals_seat_topic(id, seat.number), S("signal")};
    if (h->rq.who != NULL) {
        topics[n++] = (struct http_topic){
            EVENT_PERSON, store_hash(care_of(&h->rq)->store, h->rq.who->person), S("notices")};
    }
    return http_reply_events(h, topics, n);
}

/* ---- reading ---- */

static const struct str state_words[] = {
    [SEAT_NONE] = SI("none"), [SEAT_WAITING] = SI("waiting"), [SEAT_IN] = SI("in"), [SEAT_OUT] = SI("out")};

static enum err reply_json(struct http_req *h, const struct buf *b)
{
    return buf_ok(b) ? http_reply(h, 200, JSON_TYPE, buf_get(b)) : FAIL(&h->rq, E_TOO_LARGE, "answer");
}

static void write_seat(struct json_out *o, const struct seat *s)
{
    json_obj(o);
    json_ki(o, S("seat"), s->number);
    json_ki(o, S("epoch"), s->epoch);
    json_ks(o, S("name"), s->name);
    json_ks(o, S("role"), room_role_code((enum room_role)s->role));
    json_kb(o, S("mic"), s->mic);
    json_kb(o, S("cam"), s->cam);
    json_kb(o, S("screen"), s->screen);
    json_kb(o, S("away"), s->away);
    if (s->line.n > 0) {
        json_ki(o, S("level"), s->line.level);
    }
    json_obj_end(o);
}

static const struct str ways[] = {[SIGNAL_WAY_MESH] = SI("mesh"),
                                  [SIGNAL_WAY_SERVER] = SI("server"),
                                  [SIGNAL_WAY_NONE] = SI("none")};

static enum err write_people(struct http_req *h, struct json_out *o, const struct seat *me)
{
    struct seat *seats = ARENA_ARRAY(h->rq.a, ROOM_SEATS_SHOWN, struct seat);
    int64_t place = 0;
    int64_t of = 0;
    int64_t in = 0;
    TRY_MEM(&h->rq, seats);
    uint32_t n = signals_seats(care_of(&h->rq)->signals, &h->rq, http_param(h, S("room")), seats,
                               ROOM_SEATS_SHOWN);
    json_k(o, S("people"));
    json_arr(o);
    for (uint32_t i = 0; i < n; i++) {
        bool waits = seats[i].state == SEAT_WAITING;
        of += waits;
        place = waits && seats[i].number == me->number ? of : place;
        in += !waits;
        if (!waits && me->state == SEAT_IN) {
            write_seat(o, &seats[i]);
        }
    }
    json_arr_end(o);
    json_ki(o, S("place"), place);
    json_ki(o, S("of"), of);
    json_ks(o, S("media"), ways[signals_way(care_of(&h->rq)->signals, http_param(h, S("room")),
                                            ROOM_MESH_MAX)]);
    return OK;
}

static enum err write_mail(struct http_req *h, struct json_out *o, const struct seat *me)
{
    struct signal_note *notes = ARENA_ARRAY(h->rq.a, MAIL_AT_ONCE, struct signal_note);
    uint64_t after = 0;
    uint32_t n = 0;
    bool lost = false;
    TRY_MEM(&h->rq, notes);
    if (!str_u64(str_or_empty(http_query(h, S("after"))), &after)) {
        after = 0;
    }
    TRY(signals_read(care_of(&h->rq)->signals, &h->rq, http_param(h, S("room")), me->number, after,
                     notes, MAIL_AT_ONCE, &n, &lost));
    json_kb(o, S("lost"), lost);
    json_k(o, S("mail"));
    json_arr(o);
    for (uint32_t i = 0; i < n; i++) {
        json_obj(o);
        json_ki(o, S("n"), (int64_t)notes[i].n);
        json_ki(o, S("from"), notes[i].from == SIGNAL_MEDIA ? -1 : (int64_t)notes[i].from);
        json_ks(o, S("kind"), notes[i].kind);
        json_ks(o, S("body"), notes[i].body);
        json_obj_end(o);
    }
    json_arr_end(o);
    return OK;
}

/* The seat is not there any more: the meeting ended, or the server began anew and one enters again. */
static enum err gone(struct http_req *h)
{
    struct room_caller c;
    struct json_out o;
    struct buf b;
    err_clear(&h->rq);
    TRY(room_asker(h, &c));
    buf_init(&b, h->rq.a, ANSWER_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("gone"), c.room.live ? S("again") : S("ended"));
    json_obj_end(&o);
    return reply_json(h, &b);
}

enum err web_room_signal(struct http_req *h)
{
    struct json_out o;
    struct seat me;
    struct buf b;
    enum err e = room_seat(&h->rq, http_param(h, S("room")), room_cookie(h), &me);
    if (e == E_NOT_FOUND) {
        return gone(h);
    }
    TRY(e);
    buf_init(&b, h->rq.a, ANSWER_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ki(&o, S("seat"), me.number);
    json_ki(&o, S("epoch"), me.epoch);
    json_ks(&o, S("state"), state_words[me.state]);
    json_kb(&o, S("host"), me.host);
    TRY(write_mail(h, &o, &me));
    TRY(write_people(h, &o, &me));
    json_obj_end(&o);
    return reply_json(h, &b);
}

enum err web_room_ice(struct http_req *h)
{
    struct json_out o;
    struct seat me;
    struct buf b;
    struct buf name;
    TRY(room_seat(&h->rq, http_param(h, S("room")), room_cookie(h), &me));
    if (me.state != SEAT_IN) {
        return FAIL(&h->rq, E_FORBIDDEN, "not in the room");
    }
    buf_init(&b, h->rq.a, 64 << 10);
    buf_init(&name, h->rq.a, NUMBER_MAX);
    buf_u64(&name, signals_seat_topic(http_param(h, S("room")), me.number) % 1000000);
    json_out_init(&o, &b);
    room_ice_write(&h->rq, &o, buf_get(&name));
    return reply_json(h, &b);
}

/* ---- saying ---- */

/* Kinds that pages may send to each other, and to the media bridge. */
static const struct str kinds[] = {SI("offer"), SI("answer"), SI("ice"), SI("restart"),
                                   SI("cursor"), SI("image"), SI("level"), SI("media")};

static uint32_t number_in(struct jv o, struct str key)
{
    int64_t n = 0;
    return json_i64(json_get(o, key), &n) && n > 0 && n < UINT32_MAX ? (uint32_t)n : 0;
}

static enum err say_hello(struct http_req *h, const struct seat *me, struct jv v)
{
    uint32_t epoch = 0;
    struct str id = http_param(h, S("room"));
    struct str tab = str_or_empty(json_str(h->rq.a, json_get(v, S("tab"))));
    return signals_hello(care_of(&h->rq)->signals, &h->rq, id, me->number, tab, &epoch);
}

static enum err say_line(struct http_req *h, const struct seat *me, struct jv v)
{
    const struct seat_line line = {
        .level = number_in(v, S("level")),
        .rtt_ms = number_in(v, S("rtt")),
        .lost_pm = number_in(v, S("lost")),
        .kbit = number_in(v, S("kbit")),
    };
    return signals_line(care_of(&h->rq)->signals, &h->rq, http_param(h, S("room")), me->number, &line);
}

static enum err say_state(struct http_req *h, const struct seat *me, struct jv v)
{
    return signals_state(care_of(&h->rq)->signals, &h->rq, http_param(h, S("room")), me->number,
                         json_true(json_get(v, S("mic"))), json_true(json_get(v, S("cam"))),
                         json_true(json_get(v, S("screen"))));
}

static enum err post(struct http_req *h, const struct seat *me, struct str kind, struct jv v)
{
    struct jv to = json_get(v, S("to"));
    uint32_t number = json_is(to, S("media")) ? SIGNAL_MEDIA
                      : json_is(to, S("all")) ? SIGNAL_ALL
                                              : number_in(v, S("to"));
    if (number == 0 && !json_is(to, S("all"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "to");
    }
    for (size_t i = 0; i < LEN(kinds); i++) {
        if (str_eq(kind, kinds[i])) {
            enum err e = signals_post(care_of(&h->rq)->signals, &h->rq, http_param(h, S("room")),
                                      me->number, number, kind,
                                      str_or_empty(json_str(h->rq.a, json_get(v, S("body")))));
            if (e == E_NOT_FOUND) { /* who left a moment ago needs it no more */
                err_clear(&h->rq);
                return OK;
            }
            return e;
        }
    }
    return FAIL(&h->rq, E_BAD_INPUT, "kind");
}

static enum err said(struct http_req *h)
{
    return http_reply_empty(h, 204);
}

/* What the record does not know yet is written when a page says that it is there. */
static enum err settle(struct http_req *h)
{
    struct room_caller c;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(room_asker(h, &c));
    TRY(room_enter(&h->rq, tx, &c));
    h->on_fail = said;
    return http_commit(h, tx, said);
}

enum err web_room_post(struct http_req *h)
{
    struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
    struct seat me;
    TRY_MEM(&h->rq, doc);
    TRY(room_seat(&h->rq, http_param(h, S("room")), room_cookie(h), &me));
    TRY(json_parse(&h->rq, http_body(h), NULL, doc));
    struct jv v = json_root(doc);
    struct str kind = str_or_empty(json_str(h->rq.a, json_get(v, S("kind"))));
    if (str_eq(kind, S("hello"))) {
        TRY(say_hello(h, &me, v));
        return me.state == SEAT_IN ? settle(h) : said(h);
    }
    TRY(str_eq(kind, S("line"))    ? say_line(h, &me, v)
        : str_eq(kind, S("state")) ? say_state(h, &me, v)
                                   : post(h, &me, kind, v));
    return said(h);
}
