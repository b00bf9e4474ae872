/* care/signal_mail.c - mailboxes of seats, and what pages say of themselves. See signal.h. */
#include "care/signal_int.h"

#include <string.h>

static struct chair *chair_in(struct hall *h, uint32_t number)
{
    struct chair *c = chair_at(h, number);
    return c != NULL && c->state == SEAT_IN ? c : NULL;
}

static void tell(struct signals *s, uint64_t topic)
{
    if (s->tell != NULL) {
        s->tell(topic, s->ctx);
    }
}

enum err signals_hello(struct signals *s, struct req *rq, struct str room, uint32_t number,
                       struct str tab, uint32_t *ret_epoch)
{
    enum err e = OK;
    bool moved = false;
    if (tab.n == 0 || tab.n > SEAT_TAB_MAX) {
        return FAIL(rq, E_BAD_INPUT, "tab");
    }
    os_lock(&s->lock);
    struct chair *c = chair_at(hall_find(s, room), number);
    if (c == NULL) {
        e = FAIL(rq, E_NOT_FOUND, "seat");
    } else {
        moved = !str_eq((struct str){c->tab, c->tab_n}, tab);
        if (moved) {
            c->epoch++;
            c->tab_n = (uint8_t)tab.n;
            memcpy(c->tab, tab.p, tab.n);
            while (c->mail != NULL) { /* meant for the page before */
                chair_mail_drop(s, c);
            }
            c->lost = false;
        }
        moved = chair_seen(c, rq->now.ms) || moved;
        *ret_epoch = c->epoch;
    }
    os_unlock(&s->lock);
    if (moved) {
        tell(s, signals_room_topic(room));
    }
    return e;
}

enum err signals_state(struct signals *s, struct req *rq, struct str room, uint32_t number, bool mic,
                       bool cam, bool screen)
{
    enum err e = OK;
    bool changed = false;
    os_lock(&s->lock);
    struct chair *c = chair_at(hall_find(s, room), number);
    if (c == NULL) {
        e = FAIL(rq, E_NOT_FOUND, "seat");
    } else {
        changed = c->mic != mic || c->cam != cam || c->screen != screen;
        c->mic = mic;
        c->cam = cam;
        c->screen = screen;
        changed = chair_seen(c, rq->now.ms) || changed;
    }
    os_unlock(&s->lock);
    if (changed) {
        tell(s, signals_room_topic(room));
    }
    return e;
}

/* One report of a line joins what is known of it. */
static void line_add(struct chair *c, const struct seat_line *now, int64_t now_ms)
{
    struct seat_line *l = &c->line;
    int64_t span_ms = c->line_ms > 0 ? MIN(now_ms - c->line_ms, SEAT_AWAY_MS) : 0;
    uint32_t level = MIN(now->level, (uint32_t)LEN(l->level_s) - 1);
    l->level = level;
    l->rtt_ms = MIN(now->rtt_ms, 60000U);
    l->lost_pm = MIN(now->lost_pm, 1000U);
    l->kbit = MIN(now->kbit, 100000U);
    l->n++;
    l->sum_rtt_ms += l->rtt_ms;
    l->sum_lost_pm += l->lost_pm;
    l->sum_kbit += l->kbit;
    l->level_s[level] += span_ms > 0 ? (uint64_t)(span_ms + 500) / 1000 : 0;
    c->line_ms = now_ms;
}

enum err signals_line(struct signals *s, struct req *rq, struct str room, uint32_t number,
                      const struct seat_line *line)
{
    enum err e = OK;
    bool changed = false;
    os_lock(&s->lock);
    struct chair *c = chair_in(hall_find(s, room), number);
    if (c == NULL) {
        e = FAIL(rq, E_NOT_FOUND, "seat");
    } else {
        uint32_t before = c->line.level;
        bool first = c->line.n == 0;
        line_add(c, line, rq->now.ms);
        changed = chair_seen(c, rq->now.ms) || first || before != c->line.level;
    }
    os_unlock(&s->lock);
    if (changed) {
        tell(s, signals_room_topic(room));
    }
    return e;
}

/* A short burst, then SIGNAL_PACE a second. */
static bool pace(struct chair *c, int64_t now_ms)
{
    int64_t more = (now_ms - c->pace_ms) * SIGNAL_PACE / 1000;
    if (more > 0) {
        c->tokens = (uint32_t)MIN((int64_t)c->tokens + more, (int64_t)SIGNAL_BURST);
        c->pace_ms = now_ms;
    }
    if (c->tokens == 0) {
        return false;
    }
    c->tokens--;
    return true;
}

static bool is_latest_only(struct str kind)
{
    return str_eq(kind, S("cursor")) || str_eq(kind, S("image"));
}

/* The message of this kind and sender that was not read yet leaves. */
static void forget_older(struct signals *s, struct chair *c, uint32_t from, struct str kind)
{
    struct mail **at = &c->mail;
    while (*at != NULL) {
        struct mail *m = *at;
        if (m->from == from && str_eq((struct str){m->kind, m->kind_n}, kind)) {
            *at = m->next;
            if (c->mail_end == &m->next) {
                c->mail_end = at;
            }
            c->n_mail--;
            c->mail_bytes -= m->body_n;
            s->bytes -= m->body_n + sizeof(*m);
            os_free(m);
        } else {
            at = &m->next;
        }
    }
}

static void put(struct signals *s, struct chair *c, uint32_t from, struct str kind, struct str body)
{
    if (is_latest_only(kind)) {
        forget_older(s, c, from, kind);
    }
    while (c->mail != NULL
           && (c->n_mail >= SIGNAL_MAIL_MAX || c->mail_bytes + body.n > SIGNAL_MAIL_BYTES)) {
        chair_mail_drop(s, c);
        c->lost = true;
    }
    struct mail *m = os_alloc(1, sizeof(*m) + body.n);
    m->n = ++c->n_last;
    m->from = from;
    m->kind_n = (uint8_t)kind.n;
    memcpy(m->kind, kind.p, kind.n);
    m->body_n = (uint32_t)body.n;
    if (body.n > 0) {
        memcpy(m->body, body.p, body.n);
    }
    *c->mail_end = m;
    c->mail_end = &m->next;
    c->n_mail++;
    c->mail_bytes += body.n;
    s->bytes += body.n + sizeof(*m);
}

/* Under the lock: into the mailboxes; the topics to tell of. */
static enum err deliver(struct signals *s, struct req *rq, struct hall *h, uint32_t from, uint32_t to,
                        const struct signal_note *note, uint32_t ret_told[SEATS_IN_MAX], uint32_t *ret_n)
{
    bool person = from != 0 && from != SIGNAL_MEDIA;
    struct chair *sender = person ? chair_in(h, from) : NULL;
    if (h == NULL || (person && sender == NULL)) {
        return FAIL(rq, E_NOT_FOUND, "seat");
    }
    if (sender != NULL && !pace(sender, rq->now.ms)) {
        return FAIL(rq, E_LOCKED, "wait 2 s");
    }
    if (to == SIGNAL_MEDIA) {
        return s->bridge != NULL ? OK : FAIL(rq, E_BUSY, "no media server");
    }
    if (to != SIGNAL_ALL && chair_in(h, to) == NULL) {
        return FAIL(rq, E_NOT_FOUND, "receiver");
    }
    if (s->bytes + (note->body.n + sizeof(struct mail)) * SEATS_IN_MAX > SIGNAL_ALL_BYTES) {
        return FAIL(rq, E_BUSY, "too many messages wait");
    }
    for (struct chair *c = h->chairs; c != NULL && *ret_n < SEATS_IN_MAX; c = c->next) {
        if (c->state == SEAT_IN && (to == SIGNAL_ALL ? c->number != from : c->number == to)) {
            put(s, c, from, note->kind, note->body);
            ret_told[(*ret_n)++] = c->number;
        }
    }
    return OK;
}

enum err signals_post(struct signals *s, struct req *rq, struct str room, uint32_t from, uint32_t to,
                      struct str kind, struct str body)
{
    const struct signal_note note = {.kind = kind, .body = body};
    uint32_t told[SEATS_IN_MAX];
    uint32_t n = 0;
    if (kind.n == 0 || kind.n > SIGNAL_KIND_MAX) {
        return FAIL(rq, E_BAD_INPUT, "kind");
    }
    bool media = from == SIGNAL_MEDIA || to == SIGNAL_MEDIA;
    if (body.n > (media ? SIGNAL_MEDIA_MAX : SIGNAL_BODY_MAX)) {
        return FAIL(rq, E_TOO_LARGE, "body");
    }
    os_lock(&s->lock);
    enum err e = deliver(s, rq, hall_find(s, room), from, to, &note, told, &n);
    os_unlock(&s->lock);
    TRY(e);
    if (to == SIGNAL_MEDIA) {
        s->bridge->take(room, from, kind, body, s->bridge->ctx);
    }
    for (uint32_t i = 0; i < n; i++) {
        tell(s, signals_seat_topic(room, told[i]));
    }
    return OK;
}

static enum err copy(struct req *rq, const struct mail *m, struct signal_note *ret_note)
{
    struct signal_note v = {
        .n = m->n,
        .from = m->from,
        .kind = arena_str(rq->a, (struct str){m->kind, m->kind_n}),
        .body = arena_str(rq->a, (struct str){m->body, m->body_n}),
    };
    TRY_MEM(rq, v.kind.p);
    TRY_MEM(rq, v.body.p);
    *ret_note = v;
    return OK;
}

enum err signals_read(struct signals *s, struct req *rq, struct str room, uint32_t number,
                      uint64_t after, struct signal_note *ret_notes, uint32_t n, uint32_t *ret_n,
                      bool *ret_lost)
{
    enum err e = OK;
    bool back = false;
    uint32_t got = 0;
    os_lock(&s->lock);
    struct chair *c = chair_at(hall_find(s, room), number);
    if (c == NULL) {
        e = FAIL(rq, E_NOT_FOUND, "seat");
    } else {
        back = chair_seen(c, rq->now.ms);
        while (c->mail != NULL && c->mail->n <= after) {
            chair_mail_drop(s, c);
        }
        for (const struct mail *m = c->mail; e == OK && m != NULL && got < n; m = m->next) {
            e = copy(rq, m, &ret_notes[got]);
            got += e == OK;
        }
        *ret_lost = c->lost;
        c->lost = false;
    }
    os_unlock(&s->lock);
    *ret_n = got;
    if (back) {
        tell(s, signals_room_topic(room));
    }
    return e;
}
