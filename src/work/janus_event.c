/* work/janus_event.c - what a media server tells, and what is told to pages: who came, what is sent, what
 * broke, which servers go and come. See janus_int.h. */
#include <string.h>

#include "work/janus_int.h"

/* ---- words to pages ---- */

struct word {
    struct buf b;
    struct json_out o;
};

static void word_begin(struct req *rq, struct word *w, const char *what)
{
    buf_init(&w->b, rq->a, POST_MAX);
    json_out_init(&w->o, &w->b);
    json_obj(&w->o);
    json_ks(&w->o, S("do"), str_z(what));
}

static void word_end(struct word *w, const struct media_room *room, const struct member *m,
                     struct janus_bridge *b)
{
    json_obj_end(&w->o);
    if (buf_ok(&w->b)) {
        b->post(b->ctx, (struct str){room->name, room->name_n}, m->seat, buf_get(&w->b));
    }
}

void media_tell(struct req *rq, struct janus_bridge *b, const struct media_room *room,
                const struct member *m, const char *what)
{
    struct word w;
    word_begin(rq, &w, what);
    word_end(&w, room, m, b);
}

static void tell_reset(struct req *rq, struct janus_bridge *b, const struct media_room *room,
                       const struct member *m, bool up)
{
    struct word w;
    word_begin(rq, &w, "reset");
    json_ks(&w.o, S("pc"), up ? S("up") : S("down"));
    word_end(&w, room, m, b);
}

static struct member *member_of_feed(struct media_room *room, uint64_t feed)
{
    for (size_t i = 0; feed != 0 && i < room->n_members; i++) {
        if (room->members[i].feed == feed) {
            return &room->members[i];
        }
    }
    return NULL;
}

/* ---- receiving ---- */

static void feed_want(struct member *m, uint64_t feed)
{
    for (size_t i = 0; i < m->n_feeds; i++) {
        if (m->feeds[i].feed == feed) {
            return;
        }
    }
    if (feed != m->feed && m->n_feeds < LEN(m->feeds)) {
        m->feeds[m->n_feeds++] = (struct feed_want){feed, FEED_WANTED};
    }
}

static void feed_forget(struct member *m, uint64_t feed)
{
    for (size_t i = 0; i < m->n_feeds; i++) {
        if (m->feeds[i].feed == feed) {
            m->feeds[i] = m->feeds[--m->n_feeds];
            return;
        }
    }
}

/* Asks for those wanted and not had, when nothing of the kind is under way. */
static enum err member_pull(struct req *rq, struct media_room *room, struct member *m)
{
    uint64_t feeds[MEMBERS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < m->n_feeds; i++) {
        if (m->feeds[i].state == FEED_WANTED) {
            feeds[n++] = m->feeds[i].feed;
        }
    }
    if (n == 0 || m->busy || !m->joined) {
        return OK;
    }
    const struct janus *j = &room->server->janus;
    if (m->down == 0) {
        TRY(janus_attach(rq, j, atomic_load(&room->server->session), &m->down));
        m->receiving = false;
    }
    struct janus_room r = media_made_of(room);
    TRY(janus_subscribe(rq, j, media_down_of(room, m), &r, m->private_id, m->receiving, feeds, n));
    m->busy = true;
    for (size_t i = 0; i < m->n_feeds; i++) {
        m->feeds[i].state = FEED_HAD;
    }
    return OK;
}

/* Which streams are pictures, as the last offer says. */
static void pictures_keep(struct member *m, const struct janus_said *said)
{
    m->n_pictures = 0;
    for (size_t i = 0; i < said->n_streams && m->n_pictures < LEN(m->pictures); i++) {
        const struct janus_stream *s = &said->streams[i];
        if (str_eq(s->kind, S("video")) && s->mid.n > 0 && s->mid.n <= MID_MAX) {
            memcpy(m->pictures[m->n_pictures], s->mid.p, s->mid.n);
            m->pictures[m->n_pictures++][s->mid.n] = 0;
        }
    }
}

enum err media_pictures_send(struct req *rq, struct media_room *room, const struct member *m)
{
    struct str mids[MEMBERS_MAX];
    for (size_t i = 0; i < m->n_pictures; i++) {
        mids[i] = str_z(m->pictures[i]);
    }
    if (m->n_pictures == 0 || !m->receiving) {
        return OK;
    }
    return janus_send(rq, &room->server->janus, media_down_of(room, m), mids, m->n_pictures,
                      !m->no_pictures);
}

enum err media_down_anew(struct req *rq, struct media_room *room, struct member *m)
{
    uint64_t old = m->down;
    m->down = 0;
    m->busy = false;
    m->receiving = false;
    for (size_t i = 0; i < m->n_feeds; i++) {
        m->feeds[i].state = FEED_WANTED;
    }
    if (old != 0) {
        struct media_server *s = room->server;
        if (janus_detach(rq, &s->janus, atomic_load(&s->session), old) != OK) {
            err_clear(rq); /* it had ended */
        }
    }
    return member_pull(rq, room, m);
}

/* ---- what Janus tells ---- */

/* They are asked to come again, to where there is a place, or told that there is none. */
static void room_call(struct req *rq, struct janus_bridge *b, struct media_room *room)
{
    const char *what = media_server_pick(b) != NULL                  ? "moved"
                       : room->n_members <= b->mesh_most ? "mesh"
                                                               : "none";
    for (size_t i = 0; i < room->n_members; i++) {
        media_tell(rq, b, room, &room->members[i], what);
    }
}

static void tell_sdp(struct req *rq, struct janus_bridge *b, const struct media_room *room,
                     const struct member *m, const struct janus_event *e)
{
    struct word w;
    word_begin(rq, &w, "answer");
    json_ks(&w.o, S("sdp"), e->sdp.text);
    word_end(&w, room, m, b);
}

static void tell_offer(struct req *rq, struct janus_bridge *b, struct media_room *room,
                       const struct member *m, const struct janus_event *e, const struct janus_said *said)
{
    struct word w;
    word_begin(rq, &w, "offer");
    json_ks(&w.o, S("sdp"), e->sdp.text);
    json_k(&w.o, S("streams"));
    json_arr(&w.o);
    for (size_t i = 0; i < said->n_streams; i++) {
        const struct member *from = member_of_feed(room, said->streams[i].feed);
        if (from == NULL) {
            continue;
        }
        json_obj(&w.o);
        json_ks(&w.o, S("mid"), said->streams[i].mid);
        json_ks(&w.o, S("kind"), said->streams[i].kind);
        json_ki(&w.o, S("from"), from->seat);
        json_obj_end(&w.o);
    }
    json_arr_end(&w.o);
    word_end(&w, room, m, b);
}

/* The server has no such room: it begins anew. Anything else is told to the one it happened to. */
static enum err up_refused(struct req *rq, struct janus_bridge *b, struct media_room *room,
                           const struct member *m, enum err why)
{
    if (why != E_NOT_FOUND) {
        media_tell(rq, b, room, m, "error");
        return OK;
    }
    for (size_t i = 0; i < room->n_members; i++) {
        if (media_member_out(rq, room, &room->members[i]) != OK) {
            err_clear(rq);
        }
    }
    room->server = NULL;
    room_call(rq, b, room);
    return OK;
}

static enum err up_event(struct req *rq, struct janus_bridge *b, struct media_room *room,
                         struct member *m, const struct janus_event *e, const struct janus_said *said)
{
    switch (said->word) {
    case JANUS_JOINED:
        m->joined = true;
        m->feed = said->feed;
        m->private_id = said->private_id;
        media_tell(rq, b, room, m, "welcome");
        break;
    case JANUS_ANSWERED:
        tell_sdp(rq, b, room, m, e);
        break;
    case JANUS_LEFT:
        feed_forget(m, said->feed);
        break;
    case JANUS_REFUSED:
        return up_refused(rq, b, room, m, said->error);
    default:
        break;
    }
    for (size_t i = 0; i < said->n_people; i++) {
        feed_want(m, said->people[i]);
    }
    return m->joined ? member_pull(rq, room, m) : OK;
}

/* Somebody among those asked for is gone: those who still publish are asked for again. */
static enum err down_refused(struct req *rq, struct media_room *room, struct member *m)
{
    for (size_t i = 0; i < m->n_feeds; i++) {
        const struct member *from = member_of_feed(room, m->feeds[i].feed);
        if (from == NULL || !from->publishes) {
            m->feeds[i--] = m->feeds[--m->n_feeds];
        }
    }
    return media_down_anew(rq, room, m);
}

static enum err down_event(struct req *rq, struct janus_bridge *b, struct media_room *room,
                           struct member *m, const struct janus_event *e,
                           const struct janus_said *said)
{
    switch (said->word) {
    case JANUS_OFFERED:
        m->receiving = true;
        m->busy = true;
        pictures_keep(m, said);
        tell_offer(rq, b, room, m, e, said);
        return OK;
    case JANUS_STARTED:
        m->busy = false;
        if (m->no_pictures) {
            TRY(media_pictures_send(rq, room, m)); /* also of who came since */
        }
        return member_pull(rq, room, m);
    case JANUS_REFUSED:
        return said->error == E_NOT_FOUND ? down_refused(rq, room, m) : OK;
    default:
        return OK;
    }
}

static struct member *member_of_handle(struct media_server *s, uint64_t handle,
                                       struct media_room **ret_room)
{
    struct janus_bridge *b = s->bridge;
    for (size_t i = 0; handle != 0 && i < b->n_rooms; i++) {
        struct media_room *room = b->rooms[i];
        for (size_t k = 0; room->server == s && k < room->n_members; k++) {
            if (room->members[k].up == handle || room->members[k].down == handle) {
                *ret_room = room;
                return &room->members[k];
            }
        }
    }
    return NULL;
}

/* A connection broke on the server's side: the page makes it anew. */
static enum err hung_up(struct req *rq, struct janus_bridge *b, struct media_room *room,
                        struct member *m, bool up)
{
    tell_reset(rq, b, room, m, up);
    if (up) {
        m->publishes = false;
        return OK;
    }
    return media_down_anew(rq, room, m);
}

enum err media_event(struct req *rq, struct media_server *s, const struct janus_event *e)
{
    struct media_room *room = NULL;
    struct member *m = member_of_handle(s, e->handle, &room);
    struct janus_said *said = ARENA_NEW(rq->a, struct janus_said);
    TRY_MEM(rq, said);
    if (m == NULL) {
        return OK;
    }
    bool up = m->up == e->handle;
    if (e->what == JANUS_HANGUP) {
        return hung_up(rq, s->bridge, room, m, up);
    }
    if (e->what != JANUS_DATA) {
        return OK;
    }
    janus_said_read(rq, e, said);
    return up ? up_event(rq, s->bridge, room, m, e, said)
              : down_event(rq, s->bridge, room, m, e, said);
}

/* ---- servers that go and come ---- */

void media_lost(struct req *rq, struct media_server *s)
{
    struct janus_bridge *b = s->bridge;
    s->people = 0;
    for (size_t i = 0; i < b->n_rooms; i++) {
        struct media_room *room = b->rooms[i];
        if (room->server != s) {
            continue;
        }
        room->server = NULL;
        media_record_lost(b, room);
        for (size_t k = 0; k < room->n_members; k++) {
            room->members[k] = (struct member){.seat = room->members[k].seat};
        }
        room_call(rq, b, room);
    }
}

void media_found(struct req *rq, struct janus_bridge *b)
{
    for (size_t i = 0; i < b->n_rooms; i++) {
        if (b->rooms[i]->server == NULL && b->rooms[i]->n_members > b->mesh_most) {
            room_call(rq, b, b->rooms[i]);
        }
    }
}
