/* care/signal_int.h - the inner side of care/signal.h: rooms, seats, mailboxes. */
#pragma once

#include "care/signal.h"
#include "os/thread.h"

enum { SIGNAL_BUCKETS = 1024, SIGNAL_PACE = 20, SIGNAL_BURST = 240, ROOM_ID_MAX = 64 };

struct mail {
    struct mail *next;
    uint64_t n;
    uint32_t from;
    uint8_t kind_n;
    char kind[SIGNAL_KIND_MAX];
    uint32_t body_n;
    char body[];
};

struct chair {
    struct chair *next; /* of the room, in order of coming */
    uint32_t number, epoch, role;
    enum seat_state state;
    bool host, mic, cam, screen, lost, was_away;
    uint8_t key_n, name_n, tab_n;
    char key[SEAT_KEY_MAX];
    char name[SEAT_NAME_MAX];
    char tab[SEAT_TAB_MAX];
    int64_t came_ms, in_ms, seen_ms, line_ms;
    struct seat_line line;
    struct mail *mail, **mail_end;
    uint32_t n_mail;
    size_t mail_bytes;
    uint64_t n_last; /* of the last message put in */
    int64_t pace_ms; /* tokens were counted at */
    uint32_t tokens;
};

struct hall {
    struct hall *next; /* of its bucket */
    struct chair *chairs, **chairs_end;
    uint32_t n_chairs, last_number;
    bool server; /* a media server carries it until nobody is in */
    uint64_t comings;
    enum signal_record record;
    uint8_t recording_n;
    char recording[ROOM_ID_MAX]; /* of record */
    uint8_t id_n;
    char id[ROOM_ID_MAX];
};

struct signals {
    struct os_mutex lock;
    signals_tell_fn tell;
    void *ctx;
    const struct signals_bridge *bridge;
    size_t bytes;
    uint32_t n_chairs;
    struct hall *buckets[SIGNAL_BUCKETS];
};

/* Under the lock. */
struct hall *hall_find(struct signals *s, struct str room);
struct chair *chair_at(struct hall *h, uint32_t number);
void chair_mail_drop(struct signals *s, struct chair *c);
/* A chair as its caller sees it. errors E_TOO_LARGE */
MUST_USE enum err chair_view(struct req *rq, const struct chair *c, struct seat *ret_seat);
/* Under the lock: somebody comes in, so nothing is recorded until those who ask know them. */
void hall_hush(struct signals *s, struct hall *h);
/* Heard of now; true when it was away before. */
bool chair_seen(struct chair *c, int64_t now_ms);
