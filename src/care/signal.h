/* care/signal.h - who sits in which room now, and their mailboxes: what browsers must tell each other to
 * build a call (offers, answers, candidates), who waits, how good each line is.
 *
 * All of it is in memory and bounded; nothing of it is the record (care/room.h keeps that). A server that
 * starts anew begins with empty rooms: pages notice, and enter again by themselves.
 *
 * thread   all functions: any */
#pragma once

#include "base/req.h"
#include "store/store.h"

struct signals;

enum seat_state {
    SEAT_NONE,    /* no such seat */
    SEAT_WAITING, /* in the waiting room */
    SEAT_IN,      /* in the room */
    SEAT_OUT,     /* removed by a host: may knock again */
};

enum {
    SIGNAL_BODY_MAX = 16 << 10, /* bytes of one message */
    SIGNAL_MEDIA_MAX = 64 << 10, /* of one to or from the media bridge */
    SIGNAL_MAIL_MAX = 128,      /* messages that wait for one seat */
    SIGNAL_MAIL_BYTES = 512 << 10, /* and their bytes */
    SIGNAL_ALL_BYTES = 48 << 20, /* of all messages that wait */
    SEATS_MAX = 1200,           /* seats of one room */
    SEATS_IN_MAX = 24,          /* in the room at one time */
    SEATS_ALL_MAX = 20000,
    SEAT_AWAY_MS = 25000,       /* not heard of for so long: the line is lost */
    SEAT_GONE_MS = 45000,       /* waiting, not heard of for so long: left the queue */
    SEAT_KEY_MAX = 80, /* "p:RelatedPerson/" and an id of 64 */
    SEAT_NAME_MAX = 160,
    SEAT_TAB_MAX = 40,
    SIGNAL_KIND_MAX = 16,
    SIGNAL_ALL = 0,             /* to: everybody who is in */
    SIGNAL_MEDIA = UINT32_MAX,  /* to: the media bridge; from: it */
};

/* How good a line is and was: reported by the page every few seconds. */
struct seat_line {
    uint32_t level;     /* what it can carry: 0 text, 1 sound, 2 180p, 3 360p, 4 720p */
    uint32_t rtt_ms;    /* last */
    uint32_t lost_pm;   /* lost packets, per mille, last */
    uint32_t kbit;      /* both ways, last */
    uint64_t n;         /* reports since the seat was taken; sums below */
    uint64_t sum_rtt_ms, sum_lost_pm, sum_kbit;
    uint64_t level_s[5]; /* seconds at each level */
    uint32_t cuts;      /* times it was away and came back */
};

struct seat {
    uint32_t number;    /* 1.. within the room, never given twice */
    uint32_t epoch;     /* counts pages: a page that was opened anew begins its connections anew */
    enum seat_state state;
    uint32_t role;      /* enum room_role */
    bool host;          /* may admit, remove, mute */
    bool mic, cam, screen; /* sends, as its page says */
    bool away;          /* not heard of for SEAT_AWAY_MS */
    int64_t came_ms;    /* took the seat */
    int64_t in_ms;      /* was let in; 0 not yet */
    int64_t seen_ms;    /* last heard of */
    struct seat_line line;
    struct str key;     /* whose: "p:PERSON", "g:GUEST" */
    struct str name;    /* shown */
};

/* A message as its receiver gets it. */
struct signal_note {
    uint64_t n;      /* grows within a seat's mailbox */
    uint32_t from;   /* seat; SIGNAL_MEDIA; 0: the program */
    struct str kind; /* "offer", "answer", "ice" ... */
    struct str body;
};

/* Tells open pages that something changed; called under no lock. */
typedef void (*signals_tell_fn)(uint64_t topic, void *ctx);

/* What a media bridge is told. All are called on the thread of a request and must be quick; all but record
 * under no lock, that one under ours: what is said last holds. */
struct signals_bridge {
    void (*take)(struct str room, uint32_t seat, struct str kind, struct str body, void *ctx);
    void (*left)(struct str room, uint32_t seat, void *ctx); /* not in any more */
    void (*ended)(struct str room, void *ctx);               /* nobody is in any more, or the meeting ended */
    bool (*up)(void *ctx);                                   /* a media server answers now */
    /* What is sent in the room is written into this folder of the recordings from now on; "": no more. False:
     * it could not be begun; an end never fails. */
    bool (*record)(struct str room, struct str recording, void *ctx);
    void *ctx;
};

/* gives an empty one; end it with signals_free(). hash gives the topic of a text (store_hash). */
struct signals *signals_new(signals_tell_fn tell, void *ctx);
void signals_free(struct signals *s);
/* Once, before requests come; NULL: none. borrows bridge */
void signals_bridge_set(struct signals *s, const struct signals_bridge *bridge);

/* Topics of hub events (EVENT_ROOM): what happens in the room, and the mailbox of one seat. */
uint64_t signals_room_topic(struct str room);
uint64_t signals_seat_topic(struct str room, uint32_t seat);

struct seat_ask {
    struct str key, name;
    uint32_t role;
    bool host;
    bool in; /* else waits */
};
/* Takes a seat, or finds the one this key has (a seat that was removed waits again); the state of one who
 * is in is left. Texts of ret_seat are in rq->a.
 * errors  E_BUSY  the room or the server is full */
MUST_USE enum err signals_enter(struct signals *s, struct req *rq, struct str room,
                                const struct seat_ask *ask, struct seat *ret_seat);
/* The seat of a key, or by number.
 * errors  E_NOT_FOUND */
MUST_USE enum err signals_find(struct signals *s, struct req *rq, struct str room, struct str key,
                               struct seat *ret_seat);
MUST_USE enum err signals_at(struct signals *s, struct req *rq, struct str room, uint32_t number,
                             struct seat *ret_seat);
/* Everybody in the room and in the queue, first come first; at most n. Who waited and is gone left. */
uint32_t signals_seats(struct signals *s, struct req *rq, struct str room, struct seat *ret_seats,
                       uint32_t n);
/* Of a room: in, waiting. */
void signals_count(struct signals *s, struct str room, int64_t now_ms, uint32_t *ret_in,
                   uint32_t *ret_waiting);
/* Lets in who waits.
 * errors  E_NOT_FOUND, E_BUSY too many are in */
MUST_USE enum err signals_admit(struct signals *s, struct req *rq, struct str room, uint32_t number);
/* Called from store_on_commit's function: of each room whose meeting ended (EVENT_ROOM_END) everybody leaves,
 * of a seat (EVENT_ROOM_LEAVE) who sits there, who was removed (EVENT_ROOM_OUT) is out, and the pages are
 * told. Not before the commit: who looks then would find no seat in a meeting that goes on, and not why they
 * are out of it. s may be NULL. */
void signals_committed(struct signals *s, const struct store_event *events, size_t n);

/* A page says who it is: another tab than before begins a new epoch. gives the epoch
 * errors  E_NOT_FOUND */
MUST_USE enum err signals_hello(struct signals *s, struct req *rq, struct str room, uint32_t number,
                                struct str tab, uint32_t *ret_epoch);
/* What the page sends, and how its line is. errors E_NOT_FOUND */
MUST_USE enum err signals_state(struct signals *s, struct req *rq, struct str room, uint32_t number,
                                bool mic, bool cam, bool screen);
MUST_USE enum err signals_line(struct signals *s, struct req *rq, struct str room, uint32_t number,
                               const struct seat_line *line);

/* How people of a room reach each other now. */
enum signal_way {
    SIGNAL_WAY_MESH,   /* page to page: few are in */
    SIGNAL_WAY_SERVER, /* through a media server: more than mesh_most are, or were since it was last empty */
    SIGNAL_WAY_NONE,   /* more are than mesh_most, and there is no media server */
};
enum signal_way signals_way(struct signals *s, struct str room, uint32_t mesh_most);

/* Recording (care/recording.h). It runs only while a media server carries the room, which it does from the
 * moment a recording begins until nobody is in. Whoever comes in silences it at once, whoever they are:
 * it goes on by the next signals_record(). */
enum signal_record {
    SIGNAL_RECORD_NONE,   /* nothing of the kind, or nobody was in since */
    SIGNAL_RECORD_ON,
    SIGNAL_RECORD_SILENT, /* somebody came in, or it was silenced */
    SIGNAL_RECORD_LOST,   /* the media server is gone, or would not */
};
/* How often somebody came in so far: looked up before asking who is in. */
uint64_t signals_comings(struct signals *s, struct str room);
/* Does a media server answer? */
bool signals_media(struct signals *s);
/* Begins, or goes on, when nobody came in since comings. errors  E_NOT_FOUND nobody is in; E_STALE somebody
 * came: it is silent; E_BUSY no media server */
MUST_USE enum err signals_record(struct signals *s, struct req *rq, struct str room,
                                 struct str recording, uint64_t comings);
/* Silences the recording of a room; *end: it does not go on any more. No such room is no failure. */
void signals_record_stop(struct signals *s, struct str room, bool end);
/* The bridge says: it does not run. */
void signals_record_lost(struct signals *s, struct str room);
/* How this recording stands. */
enum signal_record signals_recording(struct signals *s, struct str room, struct str recording);

/* Puts a message into the mailbox of one seat that is in, of all others (SIGNAL_ALL), or hands it to the
 * bridge (SIGNAL_MEDIA). from: a seat that is in, SIGNAL_MEDIA, or 0. A message of kind "cursor" or
 * "image" takes the place of the one before from the same seat. A full mailbox loses its oldest, and its
 * owner is told.
 * errors  E_NOT_FOUND  one of them is not in; E_TOO_LARGE; E_BUSY  no bridge, or too much waits
 *         E_LOCKED     more than SIGNAL_PACE a second for a while */
MUST_USE enum err signals_post(struct signals *s, struct req *rq, struct str room, uint32_t from,
                               uint32_t to, struct str kind, struct str body);
/* What came after `after`; what came before it was read and ends. Says that the page is there. at most n.
 * *ret_lost: some were lost: begin the connections anew.
 * errors  E_NOT_FOUND */
MUST_USE enum err signals_read(struct signals *s, struct req *rq, struct str room, uint32_t number,
                               uint64_t after, struct signal_note *ret_notes, uint32_t n,
                               uint32_t *ret_n, bool *ret_lost);
/* Where the owner of a key sits or waits, in any room; at most n. */
struct signal_place {
    struct str room;
    uint32_t seat;
};
MUST_USE enum err signals_places(struct signals *s, struct req *rq, struct str key,
                                 struct signal_place *ret_places, uint32_t n, uint32_t *ret_n);
/* Bytes held by messages now; seats now. */
size_t signals_bytes(struct signals *s);
uint32_t signals_n_seats(struct signals *s);
