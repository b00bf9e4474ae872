/* work/janus_int.h - shared by the files of the bridge: servers, rooms, and who sits in them. Everything here
 * but what is atomic belongs to the bridge's one speaking thread. */
#pragma once

#include <stdatomic.h>

#include "os/thread.h"
#include "work/janus.h"
#include "work/janus_bridge.h"

enum {
    SERVERS_MAX = 8,
    ROOMS_MAX = 512,
    MEMBERS_MAX = 24,
    ROOM_NAME_MAX = 64,
    SECRET_LEN = 26,
    MID_MAX = 15,
    POST_MAX = 64 << 10,
};

/* One server and its session. */
struct media_server {
    struct janus_bridge *bridge;
    char *text;                 /* of its file; conf points into it */
    struct janus_server conf;
    struct janus janus;
    atomic_bool up;
    _Atomic uint64_t session;   /* 0: none */
    struct os_thread poller;
    bool polled;                /* the thread was started */
    uint64_t asked_us;          /* when it was last asked whether it lives */
    unsigned people;
};

enum want_state { FEED_WANTED = 1, FEED_HAD };
struct feed_want {
    uint64_t feed;
    enum want_state state;
};

struct member {
    uint32_t seat;
    uint64_t up;        /* handle of what they send; 0: none */
    uint64_t down;      /* handle of what they receive; 0: none */
    bool joined;        /* Janus said so */
    bool publishes;     /* they offered something */
    bool receiving;     /* down has joined the room */
    bool busy;          /* down has an offer or a request without its answer */
    bool no_pictures;   /* their line carries sound alone: pictures are not sent to them */
    size_t n_pictures;
    char pictures[MEMBERS_MAX][MID_MAX + 1]; /* which streams of down are pictures */
    uint64_t feed, private_id;
    size_t n_feeds;
    struct feed_want feeds[MEMBERS_MAX];
};

struct media_room {
    char name[ROOM_NAME_MAX];
    size_t name_n;
    struct media_server *server; /* NULL: on none now */
    uint64_t number;
    char pin[SECRET_LEN + 1], secret[SECRET_LEN + 1];
    char recording[ROOM_NAME_MAX + 1]; /* what is sent there is recorded, under this name; "": it is not */
    size_t n_members;
    struct member members[MEMBERS_MAX];
};

struct janus_bridge {
    struct os_queue *queue;
    struct os_thread speaker;
    bool speaking;
    atomic_bool stop;
    atomic_bool hush;           /* end of a recording that found no place: all end */
    unsigned mesh_most;
    char *recordings;           /* folder of recordings; NULL: none */
    janus_post_fn post;
    janus_lost_fn lost;
    void *ctx;
    size_t n_servers;
    struct media_server servers[SERVERS_MAX];
    size_t n_rooms;
    struct media_room *rooms[ROOMS_MAX];
};

/* Where what a member sends and receives stands on their server; the room as it was made there. */
struct janus_at media_up_of(const struct media_room *room, const struct member *m);
struct janus_at media_down_of(const struct media_room *room, const struct member *m);
struct janus_room media_made_of(const struct media_room *room);
/* The server that answers and has the fewest people; NULL when none does. */
struct media_server *media_server_pick(struct janus_bridge *b);
/* The member's handles end; what is known of their connections is forgotten. */
MUST_USE enum err media_member_out(struct req *rq, struct media_room *room, struct member *m);

/* In janus_event.c: a word to a page; whether pictures go to them, as they asked; what they receive begins
 * anew on a handle of its own. */
void media_tell(struct req *rq, struct janus_bridge *b, const struct media_room *room,
                const struct member *m, const char *what);
MUST_USE enum err media_pictures_send(struct req *rq, struct media_room *room,
                                      const struct member *m);
MUST_USE enum err media_down_anew(struct req *rq, struct media_room *room, struct member *m);

/* What janus_record.c and janus_room.c ask of each other. */
MUST_USE enum err media_room_new(struct req *rq, struct janus_bridge *b, struct str name,
                                 struct media_room **ret_room);
MUST_USE enum err media_room_end(struct req *rq, struct janus_bridge *b, struct media_room *room);
/* Into which folder a room is recorded; empty: not at all. In rq->a. */
struct str media_folder(struct req *rq, const struct janus_bridge *b, const struct media_room *room);
/* What a person of a seat is known by at a server: files of recordings carry it in their names. */
uint64_t media_feed(uint32_t seat);
/* The recording of a room begins, changes, or ends (empty). */
MUST_USE enum err media_record(struct req *rq, struct janus_bridge *b, struct str room,
                               struct str recording);
/* The recordings of all rooms end. */
void media_hush(struct req *rq, struct janus_bridge *b);
/* Its server is gone, and with it the recording. */
void media_record_lost(struct janus_bridge *b, struct media_room *room);

/* Rooms; in janus_room.c. Failures of a server end in rq->err and are looked at by the caller. */
struct media_room *media_room_find(struct janus_bridge *b, struct str name);
/* What a page said. */
MUST_USE enum err media_said(struct req *rq, struct janus_bridge *b, struct str room, uint32_t seat,
                             struct str body);
MUST_USE enum err media_left(struct req *rq, struct janus_bridge *b, struct str room, uint32_t seat);
MUST_USE enum err media_over(struct req *rq, struct janus_bridge *b, struct str room);
/* What its server told. */
MUST_USE enum err media_event(struct req *rq, struct media_server *s, const struct janus_event *e);
/* The server is gone: its rooms are told where to go. */
void media_lost(struct req *rq, struct media_server *s);
/* A server is there: rooms that had none may come. */
void media_found(struct req *rq, struct janus_bridge *b);
