/* work/janus_room.c - the rooms of the bridge: each member has a handle to send and, once somebody else
 * publishes, one to receive everybody. See janus_int.h. */
#include <string.h>

#include "os/random.h"
#include "work/janus_int.h"

enum { PICTURE_BIT_RATE = 1500000, ROOM_NUMBER_BITS = 52 };

/* ---- rooms and members ---- */

struct media_room *media_room_find(struct janus_bridge *b, struct str name)
{
    for (size_t i = 0; i < b->n_rooms; i++) {
        struct media_room *r = b->rooms[i];
        if (str_eq((struct str){r->name, r->name_n}, name)) {
            return r;
        }
    }
    return NULL;
}

static struct member *member_find(struct media_room *room, uint32_t seat)
{
    for (size_t i = 0; room != NULL && i < room->n_members; i++) {
        if (room->members[i].seat == seat) {
            return &room->members[i];
        }
    }
    return NULL;
}

struct janus_at media_up_of(const struct media_room *room, const struct member *m)
{
    return (struct janus_at){atomic_load(&room->server->session), m->up};
}

struct janus_at media_down_of(const struct media_room *room, const struct member *m)
{
    return (struct janus_at){atomic_load(&room->server->session), m->down};
}

struct janus_room media_made_of(const struct media_room *room)
{
    return (struct janus_room){.number = room->number,
                               .pin = str_z(room->pin),
                               .secret = str_z(room->secret),
                               .places = MEMBERS_MAX,
                               .bit_rate = PICTURE_BIT_RATE};
}

struct media_server *media_server_pick(struct janus_bridge *b)
{
    struct media_server *best = NULL;
    for (size_t i = 0; i < b->n_servers; i++) {
        struct media_server *s = &b->servers[i];
        if (atomic_load(&s->up) && (best == NULL || s->people < best->people)) {
            best = s;
        }
    }
    return best;
}

static enum err room_place(struct req *rq, struct janus_bridge *b, struct media_room *room,
                           struct media_server *s)
{
    uint64_t number = 0;
    os_random(&number, sizeof number);
    room->number = (number >> (64 - ROOM_NUMBER_BITS)) | 1;
    os_id(room->pin);
    os_id(room->secret);
    room->server = s; /* also when it fails: the server is asked then whether it lives */
    struct janus_room r = media_made_of(room);
    r.rec_dir = media_folder(rq, b, room);
    return janus_room_create(rq, &s->janus, &r);
}

enum err media_room_new(struct req *rq, struct janus_bridge *b, struct str name,
                         struct media_room **ret_room)
{
    if (b->n_rooms == ROOMS_MAX || name.n > ROOM_NAME_MAX) {
        return FAIL(rq, E_BUSY, "too many rooms");
    }
    struct media_room *room = os_alloc(1, sizeof *room);
    memcpy(room->name, name.p, name.n);
    room->name_n = name.n;
    b->rooms[b->n_rooms++] = room;
    *ret_room = room;
    return OK;
}

/* Nobody is in: forgets it, and lets its server forget it. */
enum err media_room_end(struct req *rq, struct janus_bridge *b, struct media_room *room)
{
    enum err e = OK;
    if (room->server != NULL) {
        struct janus_room r = media_made_of(room);
        e = janus_room_destroy(rq, &room->server->janus, &r);
    }
    for (size_t i = 0; i < b->n_rooms; i++) {
        if (b->rooms[i] == room) {
            b->rooms[i] = b->rooms[--b->n_rooms];
            break;
        }
    }
    os_free(room);
    return e;
}

enum err media_member_out(struct req *rq, struct media_room *room, struct member *m)
{
    enum err e = OK;
    if (room->server != NULL && m->up != 0) {
        struct janus_at up = media_up_of(room, m);
        room->server->people--;
        e = janus_detach(rq, &room->server->janus, up.session, up.handle);
    }
    if (room->server != NULL && m->down != 0) {
        struct janus_at down = media_down_of(room, m);
        enum err second = janus_detach(rq, &room->server->janus, down.session, down.handle);
        e = e == OK ? second : e;
    }
    *m = (struct member){.seat = m->seat};
    return e;
}

/* ---- what pages say ---- */

static enum err said_join(struct req *rq, struct janus_bridge *b, struct str name, uint32_t seat)
{
    struct media_room *room = media_room_find(b, name);
    if (room == NULL) {
        TRY(media_room_new(rq, b, name, &room));
    }
    struct member *m = member_find(room, seat);
    if (m == NULL) {
        if (room->n_members == MEMBERS_MAX) {
            return FAIL(rq, E_BUSY, "too many people");
        }
        m = &room->members[room->n_members++];
        *m = (struct member){.seat = seat};
    } else if (media_member_out(rq, room, m) != OK) {
        err_clear(rq); /* a page opened anew: its old handles go with the session at the latest */
    }
    if (room->server == NULL) {
        struct media_server *s = media_server_pick(b);
        if (s == NULL) {
            media_record_lost(b, room);
            media_tell(rq, b, room, m, room->n_members <= b->mesh_most ? "mesh" : "none");
            return OK;
        }
        TRY(room_place(rq, b, room, s));
    }
    struct media_server *s = room->server;
    TRY(janus_attach(rq, &s->janus, atomic_load(&s->session), &m->up));
    s->people++;
    struct janus_room r = media_made_of(room);
    return janus_join(rq, &s->janus, media_up_of(room, m), &r, media_feed(seat));
}

static enum err said_publish(struct req *rq, struct janus_bridge *b, struct media_room *room,
                             struct member *m, struct jv body)
{
    struct str offer = json_str(rq->a, json_get(body, S("sdp")));
    (void)b;
    if (offer.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "sdp");
    }
    m->publishes = true;
    return janus_publish(rq, &room->server->janus, media_up_of(room, m), offer);
}

static enum err said_answer(struct req *rq, struct janus_bridge *b, struct media_room *room,
                            struct member *m, struct jv body)
{
    struct str answer = json_str(rq->a, json_get(body, S("sdp")));
    (void)b;
    if (answer.n == 0 || m->down == 0) {
        return answer.n == 0 ? FAIL(rq, E_BAD_INPUT, "sdp") : OK;
    }
    return janus_start(rq, &room->server->janus, media_down_of(room, m), answer);
}

static enum err said_candidate(struct req *rq, struct janus_bridge *b, struct media_room *room,
                               struct member *m, struct jv body)
{
    bool up = json_is(json_get(body, S("pc")), S("up"));
    (void)b;
    if ((up ? m->up : m->down) == 0) {
        return OK; /* of a connection that is no more */
    }
    return janus_trickle(rq, &room->server->janus,
                         up ? media_up_of(room, m) : media_down_of(room, m),
                         json_get(body, S("candidate")));
}

static enum err said_restart(struct req *rq, struct janus_bridge *b, struct media_room *room,
                             struct member *m, struct jv body)
{
    (void)b;
    if (json_true(json_get(body, S("anew"))) || !m->receiving) {
        return media_down_anew(rq, room, m);
    }
    return janus_restart(rq, &room->server->janus, media_down_of(room, m));
}

static enum err said_pictures(struct req *rq, struct janus_bridge *b, struct media_room *room,
                              struct member *m, struct jv body)
{
    (void)b;
    m->no_pictures = !json_true(json_get(body, S("on")));
    return media_pictures_send(rq, room, m);
}

enum err media_said(struct req *rq, struct janus_bridge *b, struct str name, uint32_t seat,
                    struct str body)
{
    static const struct {
        struct str word;
        enum err (*run)(struct req *rq, struct janus_bridge *b, struct media_room *room,
                        struct member *m, struct jv body);
    } rows[] = {
        {SI("publish"), said_publish},
        {SI("answer"), said_answer},
        {SI("candidate"), said_candidate},
        {SI("restart"), said_restart},
        {SI("pictures"), said_pictures},
    };
    struct json_doc doc;
    TRY(json_parse(rq, body, NULL, &doc));
    struct jv root = json_root(&doc);
    struct jv word = json_get(root, S("do"));
    if (json_is(word, S("join"))) {
        return said_join(rq, b, name, seat);
    }
    if (json_is(word, S("leave"))) {
        return media_left(rq, b, name, seat);
    }
    struct media_room *room = media_room_find(b, name);
    struct member *m = member_find(room, seat);
    if (m == NULL || room->server == NULL || m->up == 0) {
        return OK; /* it was told where to go meanwhile */
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        if (json_is(word, rows[i].word)) {
            return rows[i].run(rq, b, room, m, root);
        }
    }
    return FAIL(rq, E_BAD_INPUT, "do");
}

enum err media_left(struct req *rq, struct janus_bridge *b, struct str name, uint32_t seat)
{
    struct media_room *room = media_room_find(b, name);
    struct member *m = member_find(room, seat);
    if (m == NULL) {
        return OK;
    }
    enum err e = media_member_out(rq, room, m);
    *m = room->members[--room->n_members];
    if (room->n_members == 0) {
        enum err end = media_room_end(rq, b, room);
        e = e == OK ? end : e;
    }
    return e;
}

enum err media_over(struct req *rq, struct janus_bridge *b, struct str name)
{
    enum err e = OK;
    for (struct media_room *room = media_room_find(b, name); room != NULL;
         room = media_room_find(b, name)) {
        if (room->n_members == 0) {
            return media_room_end(rq, b, room);
        }
        enum err one = media_left(rq, b, name, room->members[room->n_members - 1].seat);
        e = e == OK ? one : e;
    }
    return e;
}
