/* work/janus.h - one Janus media server: what is asked of it and what it tells.
 *
 * Janus carries sound and pictures of rooms that are too many for browser to browser. It is spoken to by
 * HTTP on loopback only, with secrets: rooms are made and destroyed by its admin interface, people are
 * brought in by its API. No browser ever reaches either (why: doc/LIVE.md).
 * Standard: Janus 1.1 API (REST), plugin janus.plugin.videoroom with multistream subscriptions. */
#pragma once

#include "codec/json.h"

/* What the file of a server says (media_servers); lines "key = value". */
struct janus_server {
    struct str api_url;      /* http://127.0.0.1:8088/janus */
    struct str api_secret;
    struct str admin_url;    /* http://127.0.0.1:7088/admin */
    struct str admin_secret;
    struct str room_key;     /* without it nobody makes rooms there */
};
/* borrows text.
 * errors  E_BAD_INPUT  a key missing or unknown, an address that is no http:// or https:// one, a secret of
 *                      other signs than letters, digits, - and _ */
MUST_USE enum err janus_server_read(struct req *rq, struct str text, struct janus_server *ret_server);

/* How a request goes out and its answer comes back: HTTP, or a test.
 * errors  E_IO  no answer */
typedef enum err (*janus_send_fn)(struct req *rq, void *ctx, struct str url, struct str body,
                                  struct str *ret_answer);
struct janus {
    const struct janus_server *server;
    janus_send_fn send;
    void *ctx;
};
/* By HTTP; a request waits two seconds at most. ctx is not used. */
MUST_USE enum err janus_send_http(struct req *rq, void *ctx, struct str url, struct str body,
                                  struct str *ret_answer);

/* Errors of all that ask: E_IO no answer, or none we know; E_FORBIDDEN a wrong secret or pin; E_NOT_FOUND no
 * such session, handle, room or person; E_CONFLICT the room is there; E_FULL it has no place left. */

/* What a number of Janus or of its rooms means to us. */
enum err janus_err(int64_t code);
/* Whether it lives and takes our secrets. */
MUST_USE enum err janus_ping(struct req *rq, const struct janus *j);

struct janus_room {
    uint64_t number;     /* below 2^53 */
    struct str pin;      /* to come in */
    struct str secret;   /* to manage it */
    unsigned places;     /* people who may publish */
    unsigned bit_rate;   /* bits a second of one person's picture, at most */
    struct str rec_dir;  /* recorded into this folder; empty: not at all */
};
MUST_USE enum err janus_room_create(struct req *rq, const struct janus *j, const struct janus_room *r);
/* From now on what is sent in it is recorded into rec_dir, or, when that is empty, no more; what was
 * written is whole when it returns. */
MUST_USE enum err janus_room_record(struct req *rq, const struct janus *j, const struct janus_room *r);
MUST_USE enum err janus_room_destroy(struct req *rq, const struct janus *j, const struct janus_room *r);

/* A session holds handles: one for what a person sends, one for what they receive. It ends when nobody polls
 * it for a minute. */
MUST_USE enum err janus_session(struct req *rq, const struct janus *j, uint64_t *ret_session);
MUST_USE enum err janus_session_end(struct req *rq, const struct janus *j, uint64_t session);
MUST_USE enum err janus_attach(struct req *rq, const struct janus *j, uint64_t session,
                               uint64_t *ret_handle);
MUST_USE enum err janus_detach(struct req *rq, const struct janus *j, uint64_t session, uint64_t handle);

/* Where a request to a handle goes. */
struct janus_at {
    uint64_t session;
    uint64_t handle;
};
/* What was described by one side of a connection: SDP of an offer or answer. */
struct janus_sdp {
    bool offer;
    struct str text; /* empty: none */
};
/* The answers to these come by the poll, as JANUS_DATA of the handle. feed: what the joiner is known by
 * there. */
MUST_USE enum err janus_join(struct req *rq, const struct janus *j, struct janus_at at,
                             const struct janus_room *r, uint64_t feed);
/* The first time, and for every later offer of the same connection. */
MUST_USE enum err janus_publish(struct req *rq, const struct janus *j, struct janus_at at,
                                struct str offer);
/* Asks for what these people send; again: for n more of them. private_id: of the asker's own join. */
MUST_USE enum err janus_subscribe(struct req *rq, const struct janus *j, struct janus_at at,
                                  const struct janus_room *r, uint64_t private_id, bool again,
                                  const uint64_t *feeds, size_t n);
MUST_USE enum err janus_start(struct req *rq, const struct janus *j, struct janus_at at,
                              struct str answer);
/* Whether these streams of what a person receives are sent to them now; the rest stays as it is. */
MUST_USE enum err janus_send(struct req *rq, const struct janus *j, struct janus_at at,
                             const struct str *mids, size_t n, bool on);
/* New ICE for what a person receives: a new offer comes. */
MUST_USE enum err janus_restart(struct req *rq, const struct janus *j, struct janus_at at);
/* A candidate as the browser wrote it, or an array of them; absent or null: there are no more. */
MUST_USE enum err janus_trickle(struct req *rq, const struct janus *j, struct janus_at at,
                                struct jv candidate);

enum janus_what {
    JANUS_OTHER,   /* nothing we act on */
    JANUS_DATA,    /* the room's word to a handle: data, sdp */
    JANUS_UP,      /* sound and picture flow */
    JANUS_HANGUP,  /* they do not any more */
    JANUS_ENDED,   /* the session is gone */
};
struct janus_event {
    enum janus_what what;
    uint64_t handle;
    struct jv data;
    struct janus_sdp sdp;
};
struct janus_events {
    const struct janus_event *v;
    size_t n;
};
/* The address to wait at for what happens; an answer comes within 30 s. In the arena. p NULL past the cap. */
struct str janus_poll_url(struct req *rq, const struct janus_server *s, uint64_t session);
/* What came of it. borrows answer.
 * errors  E_NOT_FOUND  the session is gone; else as of json_parse() */
MUST_USE enum err janus_events_read(struct req *rq, struct str answer, struct janus_events *ret_events);

/* What JANUS_DATA of a room says. */
enum janus_room_word {
    JANUS_WORD_OTHER,
    JANUS_JOINED,    /* we are in: feed, private_id, who publishes already */
    JANUS_PEOPLE,    /* somebody publishes now */
    JANUS_LEFT,      /* somebody does no more: feed */
    JANUS_ANSWERED,  /* our offer was taken: sdp */
    JANUS_OFFERED,   /* what there is to receive: sdp, streams */
    JANUS_STARTED,   /* our answer was taken */
    JANUS_REFUSED,   /* error */
    JANUS_GONE,      /* the room was destroyed, or we were sent away */
};
struct janus_stream {
    uint64_t feed;    /* 0: this place carries nobody now */
    struct str mid;
    struct str kind;  /* audio, video */
};
enum { JANUS_PEOPLE_MAX = 32, JANUS_STREAMS_MAX = 64 };
struct janus_said {
    enum janus_room_word word;
    uint64_t feed;
    uint64_t private_id;
    enum err error;   /* of JANUS_REFUSED */
    size_t n_people;
    uint64_t people[JANUS_PEOPLE_MAX];
    size_t n_streams;
    struct janus_stream streams[JANUS_STREAMS_MAX];
};
/* Texts are slices of the event or in the arena. What is beyond the limits is left out. */
void janus_said_read(struct req *rq, const struct janus_event *e, struct janus_said *ret_said);
