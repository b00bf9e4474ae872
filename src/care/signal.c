/* care/signal.c - rooms and seats in memory. See signal.h. */
#include "care/signal_int.h"

#include <string.h>

enum { AWAY_TELL_MAX = 8 };

/* FNV-1a, 64 bits: topics live as long as the process. */
static uint64_t topic_add(uint64_t v, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v = (v ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
    }
    return v;
}

uint64_t signals_room_topic(struct str room)
{
    return topic_add(UINT64_C(0xcbf29ce484222325), room.p, room.n);
}

uint64_t signals_seat_topic(struct str room, uint32_t seat)
{
    return (signals_room_topic(room) ^ (seat + UINT64_C(0x9e3779b9))) * UINT64_C(0x100000001b3);
}

struct signals *signals_new(signals_tell_fn tell, void *ctx)
{
    struct signals *s = os_alloc(1, sizeof(*s));
    os_mutex_init(&s->lock);
    s->tell = tell;
    s->ctx = ctx;
    return s;
}

void signals_bridge_set(struct signals *s, const struct signals_bridge *bridge)
{
    s->bridge = bridge;
}

static struct hall **bucket_of(struct signals *s, struct str room)
{
    return &s->buckets[signals_room_topic(room) % SIGNAL_BUCKETS];
}

struct hall *hall_find(struct signals *s, struct str room)
{
    struct hall *h = *bucket_of(s, room);
    while (h != NULL && !str_eq((struct str){h->id, h->id_n}, room)) {
        h = h->next;
    }
    return h;
}

struct chair *chair_at(struct hall *h, uint32_t number)
{
    struct chair *c = h != NULL ? h->chairs : NULL;
    while (c != NULL && c->number != number) {
        c = c->next;
    }
    return c;
}

static struct chair *chair_of(struct hall *h, struct str key)
{
    struct chair *c = h != NULL ? h->chairs : NULL;
    while (c != NULL && !str_eq((struct str){c->key, c->key_n}, key)) {
        c = c->next;
    }
    return c;
}

void chair_mail_drop(struct signals *s, struct chair *c)
{
    struct mail *m = c->mail;
    c->mail = m->next;
    if (c->mail == NULL) {
        c->mail_end = &c->mail;
    }
    c->n_mail--;
    c->mail_bytes -= m->body_n;
    s->bytes -= m->body_n + sizeof(*m);
    os_free(m);
}

static void chair_free(struct signals *s, struct hall *h, struct chair **at)
{
    struct chair *c = *at;
    while (c->mail != NULL) {
        chair_mail_drop(s, c);
    }
    *at = c->next;
    if (h->chairs_end == &c->next) {
        h->chairs_end = at;
    }
    h->n_chairs--;
    s->n_chairs--;
    os_free(c);
}

static void hall_free(struct signals *s, struct hall *h)
{
    struct hall **at = bucket_of(s, (struct str){h->id, h->id_n});
    while (*at != h) {
        at = &(*at)->next;
    }
    *at = h->next;
    while (h->chairs != NULL) {
        chair_free(s, h, &h->chairs);
    }
    os_free(h);
}

void signals_free(struct signals *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < SIGNAL_BUCKETS; i++) {
        while (s->buckets[i] != NULL) {
            hall_free(s, s->buckets[i]);
        }
    }
    os_mutex_done(&s->lock);
    os_free(s);
}

enum err chair_view(struct req *rq, const struct chair *c, struct seat *ret_seat)
{
    struct seat v = {
        .number = c->number,
        .epoch = c->epoch,
        .state = c->state,
        .role = c->role,
        .host = c->host,
        .mic = c->mic,
        .cam = c->cam,
        .screen = c->screen,
        .away = rq->now.ms - c->seen_ms > SEAT_AWAY_MS,
        .came_ms = c->came_ms,
        .in_ms = c->in_ms,
        .seen_ms = c->seen_ms,
        .line = c->line,
        .key = arena_str(rq->a, (struct str){c->key, c->key_n}),
        .name = arena_str(rq->a, (struct str){c->name, c->name_n}),
    };
    TRY_MEM(rq, v.key.p);
    TRY_MEM(rq, v.name.p);
    *ret_seat = v;
    return OK;
}

bool chair_seen(struct chair *c, int64_t now_ms)
{
    bool back = c->seen_ms != 0 && now_ms - c->seen_ms > SEAT_AWAY_MS;
    c->line.cuts += back && c->state == SEAT_IN;
    c->seen_ms = MAX(c->seen_ms, now_ms);
    return back;
}

static void tell(struct signals *s, struct str room, uint32_t seat)
{
    if (s->tell != NULL) {
        s->tell(seat > 0 ? signals_seat_topic(room, seat) : signals_room_topic(room), s->ctx);
    }
}

/* Who waited and was not heard of left the queue; so did, much later, who was removed. */
static void sweep(struct signals *s, struct hall *h, int64_t now_ms)
{
    struct chair **at = &h->chairs;
    while (*at != NULL) {
        bool gone = (*at)->state != SEAT_IN && now_ms - (*at)->seen_ms > SEAT_GONE_MS;
        if (gone) {
            chair_free(s, h, at);
        } else {
            at = &(*at)->next;
        }
    }
}

static struct hall *hall_make(struct signals *s, struct str room)
{
    struct hall *h = hall_find(s, room);
    if (h == NULL) {
        struct hall **bucket = bucket_of(s, room);
        h = os_alloc(1, sizeof(*h));
        h->chairs_end = &h->chairs;
        h->id_n = (uint8_t)MIN(room.n, (size_t)ROOM_ID_MAX);
        memcpy(h->id, room.p, h->id_n);
        h->next = *bucket;
        *bucket = h;
    }
    return h;
}

static uint32_t n_in(const struct hall *h)
{
    uint32_t n = 0;
    for (const struct chair *c = h->chairs; c != NULL; c = c->next) {
        n += c->state == SEAT_IN;
    }
    return n;
}

enum signal_way signals_way(struct signals *s, struct str room, uint32_t mesh_most)
{
    enum signal_way way = SIGNAL_WAY_MESH;
    bool up = signals_media(s);
    os_lock(&s->lock);
    struct hall *h = hall_find(s, room);
    uint32_t n = h != NULL ? n_in(h) : 0;
    if (h != NULL) {
        h->server = s->bridge != NULL && (n > mesh_most || (h->server && n > 0));
    }
    if (n > mesh_most) {
        way = s->bridge != NULL ? SIGNAL_WAY_SERVER : SIGNAL_WAY_NONE;
    } else if (h != NULL && h->server && up) {
        way = SIGNAL_WAY_SERVER;
    } else if (h != NULL) {
        h->server = false; /* few, and the server is gone: page to page from now on */
    }
    os_unlock(&s->lock);
    return way;
}

static struct chair *chair_make(struct signals *s, struct hall *h, const struct seat_ask *ask,
                                int64_t now_ms)
{
    struct chair *c = os_alloc(1, sizeof(*c));
    c->number = ++h->last_number;
    c->mail_end = &c->mail;
    c->state = SEAT_WAITING;
    c->key_n = (uint8_t)MIN(ask->key.n, (size_t)SEAT_KEY_MAX);
    memcpy(c->key, ask->key.p, c->key_n);
    c->name_n = (uint8_t)MIN(ask->name.n, (size_t)SEAT_NAME_MAX);
    memcpy(c->name, ask->name.p, c->name_n);
    c->came_ms = now_ms;
    c->seen_ms = now_ms;
    c->pace_ms = now_ms;
    c->tokens = SIGNAL_BURST;
    *h->chairs_end = c;
    h->chairs_end = &c->next;
    h->n_chairs++;
    s->n_chairs++;
    return c;
}

enum err signals_enter(struct signals *s, struct req *rq, struct str room,
                       const struct seat_ask *ask, struct seat *ret_seat)
{
    enum err e = OK;
    if (room.n > ROOM_ID_MAX || ask->key.n > SEAT_KEY_MAX) {
        return FAIL(rq, E_BAD_INPUT, "room");
    }
    os_lock(&s->lock);
    struct hall *h = hall_make(s, room);
    sweep(s, h, rq->now.ms);
    struct chair *c = chair_of(h, ask->key);
    bool full = (c == NULL && (h->n_chairs >= SEATS_MAX || s->n_chairs >= SEATS_ALL_MAX))
                || (ask->in && (c == NULL || c->state != SEAT_IN) && n_in(h) >= SEATS_IN_MAX);
    if (full) {
        e = FAIL(rq, E_BUSY, "the room is full");
    } else {
        c = c != NULL ? c : chair_make(s, h, ask, rq->now.ms);
        c->role = ask->role;
        c->host = ask->host;
        c->state = c->state == SEAT_OUT ? SEAT_WAITING : c->state;
        if (ask->in && c->state != SEAT_IN) {
            c->state = SEAT_IN;
            c->in_ms = rq->now.ms;
            hall_hush(s, h);
        }
        (void)chair_seen(c, rq->now.ms);
        e = chair_view(rq, c, ret_seat);
    }
    os_unlock(&s->lock);
    if (e == OK) {
        tell(s, room, 0);
    }
    return e;
}

enum err signals_find(struct signals *s, struct req *rq, struct str room, struct str key,
                      struct seat *ret_seat)
{
    os_lock(&s->lock);
    const struct chair *c = chair_of(hall_find(s, room), key);
    enum err e = c != NULL ? chair_view(rq, c, ret_seat) : FAIL(rq, E_NOT_FOUND, "seat");
    os_unlock(&s->lock);
    return e;
}

enum err signals_at(struct signals *s, struct req *rq, struct str room, uint32_t number,
                    struct seat *ret_seat)
{
    os_lock(&s->lock);
    const struct chair *c = chair_at(hall_find(s, room), number);
    enum err e = c != NULL ? chair_view(rq, c, ret_seat) : FAIL(rq, E_NOT_FOUND, "seat");
    os_unlock(&s->lock);
    return e;
}

uint32_t signals_seats(struct signals *s, struct req *rq, struct str room, struct seat *ret_seats,
                       uint32_t n)
{
    uint32_t got = 0;
    os_lock(&s->lock);
    struct hall *h = hall_find(s, room);
    if (h != NULL) {
        sweep(s, h, rq->now.ms);
        for (const struct chair *c = h->chairs; c != NULL && got < n; c = c->next) {
            if (c->state != SEAT_IN && c->state != SEAT_WAITING) {
                continue;
            }
            if (chair_view(rq, c, &ret_seats[got]) != OK) {
                err_clear(rq); /* past the cap: fewer are shown */
                break;
            }
            got++;
        }
    }
    os_unlock(&s->lock);
    return got;
}

void signals_count(struct signals *s, struct str room, int64_t now_ms, uint32_t *ret_in,
                   uint32_t *ret_waiting)
{
    *ret_in = 0;
    *ret_waiting = 0;
    os_lock(&s->lock);
    struct hall *h = hall_find(s, room);
    for (const struct chair *c = h != NULL ? h->chairs : NULL; c != NULL; c = c->next) {
        *ret_in += c->state == SEAT_IN && now_ms - c->seen_ms <= SEAT_AWAY_MS;
        *ret_waiting += c->state == SEAT_WAITING && now_ms - c->seen_ms <= SEAT_GONE_MS;
    }
    os_unlock(&s->lock);
}

/* What a change of a seat leads to. */
struct change {
    bool gone;  /* was in, is no more */
    bool empty; /* nobody is in now */
};

/* Under the lock. */
static struct change change(struct hall *h, struct chair *c, enum seat_state state)
{
    bool gone = c->state == SEAT_IN && state != SEAT_IN;
    c->state = state;
    bool empty = gone && n_in(h) == 0;
    h->record = empty ? SIGNAL_RECORD_NONE : h->record;
    return (struct change){gone, empty};
}

/* Tells of it, under no lock. */
static void changed(struct signals *s, struct str room, uint32_t number, struct change c)
{
    if (c.gone && s->bridge != NULL) {
        s->bridge->left(room, number, s->bridge->ctx);
    }
    if (c.empty && s->bridge != NULL) {
        s->bridge->ended(room, s->bridge->ctx);
    }
    tell(s, room, 0);
}

/* Under the lock. */
static enum err admit(struct signals *s, struct req *rq, struct hall *h, uint32_t number)
{
    struct chair *c = chair_at(h, number);
    if (c == NULL) {
        return FAIL(rq, E_NOT_FOUND, "seat");
    }
    if (c->state == SEAT_IN) {
        return OK;
    }
    if (n_in(h) >= SEATS_IN_MAX) {
        return FAIL(rq, E_BUSY, "the room is full");
    }
    hall_hush(s, h);
    c->in_ms = rq->now.ms;
    c->seen_ms = MAX(c->seen_ms, rq->now.ms);
    c->state = SEAT_IN;
    return OK;
}

enum err signals_admit(struct signals *s, struct req *rq, struct str room, uint32_t number)
{
    os_lock(&s->lock);
    enum err e = admit(s, rq, hall_find(s, room), number);
    os_unlock(&s->lock);
    TRY(e);
    tell(s, room, 0);
    return OK;
}

/* By the topic of its id. */
static struct hall *hall_at(struct signals *s, uint64_t topic)
{
    struct hall *h = s->buckets[topic % SIGNAL_BUCKETS];
    while (h != NULL && signals_room_topic((struct str){h->id, h->id_n}) != topic) {
        h = h->next;
    }
    return h;
}

/* Its id outlives it: a copy, in id. */
static struct str hall_name(const struct hall *h, char id[ROOM_ID_MAX])
{
    memcpy(id, h->id, h->id_n);
    return (struct str){id, h->id_n};
}

/* A seat is given up (SEAT_NONE), or taken from somebody (SEAT_OUT). */
static void leave(struct signals *s, uint64_t topic, uint32_t number, enum seat_state state)
{
    char id[ROOM_ID_MAX];
    struct str room = {id, 0};
    struct change done = {0};
    os_lock(&s->lock);
    struct hall *h = hall_at(s, topic);
    struct chair *c = chair_at(h, number);
    if (c != NULL) {
        room = hall_name(h, id);
        done = change(h, c, state);
    }
    if (c != NULL && state == SEAT_NONE) {
        struct chair **at = &h->chairs;
        while (*at != c) {
            at = &(*at)->next;
        }
        chair_free(s, h, at);
        if (h->chairs == NULL) {
            hall_free(s, h);
        }
    }
    os_unlock(&s->lock);
    if (c != NULL) {
        changed(s, room, number, done);
    }
}

static void end(struct signals *s, uint64_t topic)
{
    char id[ROOM_ID_MAX];
    struct str room = {id, 0};
    os_lock(&s->lock);
    struct hall *h = hall_at(s, topic);
    if (h != NULL) {
        room = hall_name(h, id);
        hall_free(s, h);
    }
    os_unlock(&s->lock);
    if (h != NULL && s->bridge != NULL) {
        s->bridge->ended(room, s->bridge->ctx);
    }
    if (s->tell != NULL) {
        s->tell(topic, s->ctx);
    }
}

void signals_committed(struct signals *s, const struct store_event *events, size_t n)
{
    for (size_t i = 0; s != NULL && i < n; i++) {
        if (events[i].kind == EVENT_ROOM_END) {
            end(s, events[i].topic);
        } else if (events[i].kind == EVENT_ROOM_LEAVE || events[i].kind == EVENT_ROOM_OUT) {
            leave(s, events[i].topic, events[i].part,
                  events[i].kind == EVENT_ROOM_OUT ? SEAT_OUT : SEAT_NONE);
        }
    }
}

size_t signals_bytes(struct signals *s)
{
    os_lock(&s->lock);
    size_t n = s->bytes;
    os_unlock(&s->lock);
    return n;
}

uint32_t signals_n_seats(struct signals *s)
{
    os_lock(&s->lock);
    uint32_t n = s->n_chairs;
    os_unlock(&s->lock);
    return n;
}
