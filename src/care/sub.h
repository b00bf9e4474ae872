/* care/sub.h - subscriptions: topic-based, as FHIR R5 has them and the "Subscriptions R5 Backport" guide
 * (hl7.fhir.uv.subscriptions 1.1.0) puts them into R4.
 *
 * What is asked for stands in the Subscription resource; where it stands (how far the change feed was
 * looked at, which events there are, which were delivered) in a row beside it. An event is a number and
 * a version of the feed: nothing is ever missed, and what is sent twice has the same number. The background
 * work is in work/herald.h. */
#pragma once

#include "care/care.h"
#include "care/topic.h"
#include "care/who.h"
#include "fhir/search.h"
#include "store/tx.h"

#define SUB_BASE "http://hl7.org/fhir/uv/subscriptions-backport/"
#define SUB_EXT SUB_BASE "StructureDefinition/"
#define CS_CHANNEL CARE_URL "/CodeSystem/channel"

enum sub_state { SUB_REQUESTED = 1, SUB_ACTIVE, SUB_ERROR, SUB_OFF }; /* stored */
enum sub_channel { SUB_HOOK = 1, SUB_STREAM };                       /* stored */
enum sub_content { SUB_EMPTY, SUB_ID_ONLY, SUB_FULL };

enum {
    SUB_FILTERS_MAX = 8,
    SUB_HEADERS_MAX = 16,
    SUB_AT_ONCE = 50,      /* events of one notification at most */
    SUB_EVENTS_MAX = 200,  /* of one answer to $events */
    SUB_TIMEOUT_S = 20,    /* of an attempt, when the subscription names none */
    SUB_TIMEOUT_MAX_S = 60,
};

/* What a Subscription asks for. */
struct sub_want {
    const struct topic *topic;
    struct str filters[SUB_FILTERS_MAX]; /* "Observation?patient=Patient/1": all must be met */
    uint32_t n_filters;
    enum sub_state state;
    enum sub_channel channel;
    enum sub_content content;
    struct str endpoint;
    struct str mime;
    struct str headers[SUB_HEADERS_MAX];
    uint32_t n_headers;
    int64_t heartbeat_s; /* 0: none */
    int64_t timeout_s;
    int64_t max_count;
    int64_t end_ms;      /* 0: none */
};

struct sub_row {
    struct str id;
    int64_t gen;
    enum sub_state state;
    enum sub_channel channel;
    bool greeted;
    int64_t scan_vid, events, sent, told, fails, retry_ms, beat_ms;
    struct str actor, login, role, app, scope, patient;
    bool scoped;
};

/* Reads a Subscription and holds it to what this server does: the topic and its filters, the channel, the
 * endpoint, the payload. Faults are issues with their place.
 * errors   E_UNPROCESSED */
MUST_USE enum err sub_read(struct req *rq, struct jv root, struct sub_want *ret_want);
/* A Subscription is about to be written by rq->who, who becomes its owner: checks it, puts its row into tx.
 * *ret_root is the resource to write instead: its status is that of a beginning (requested, or off).
 * errors   E_UNPROCESSED, E_FORBIDDEN (scopes), E_CONFLICT (too many of them) */
MUST_USE enum err sub_write(struct req *rq, struct tx *tx, struct jv root, struct str id,
                            struct jv *ret_root);
/* It is deleted: its row and events go. */
MUST_USE enum err sub_delete(struct tx *tx, struct str id);
/* May this address be called? Settings decide. */
bool sub_host_may(const struct hook_policy *p, struct str url);

/* errors   E_NOT_FOUND */
MUST_USE enum err sub_find(struct req *rq, struct str id, struct sub_row *ret_row);
/* All that are not off, at most n, those farthest behind first. */
MUST_USE enum err subs_on(struct req *rq, struct sub_row *ret_rows, uint32_t n, uint32_t *ret_n);
/* The owner as of now: roles, teams and scopes as they are now.
 * errors   E_SIGN_IN  the account is closed, or the role has ended */
MUST_USE enum err sub_owner(struct req *rq, const struct sub_row *row, const struct who **ret_who);
struct fhir_access sub_access(const struct who *who);
/* The state of a subscription changes by the server: a new version of the resource, with its audit record.
 * why: an English text for Subscription.error; empty: none. */
MUST_USE enum err sub_state_set(struct req *rq, struct tx *tx, const struct sub_row *row,
                                enum sub_state state, struct str why);
struct str sub_state_name(enum sub_state s); /* "requested" */

/* ---- events: care/sub_match.c ---- */

/* One version of the feed and the one before it, read when first asked for. */
struct sub_change;
MUST_USE enum err sub_change_new(struct req *rq, int64_t vid, struct sub_change **ret_c);
/* Is it an event of the subscription, for this owner? What cannot be decided (a criterion that fails on
 * this very resource) is one: better one too many. */
MUST_USE enum err sub_meets(struct req *rq, const struct sub_want *want,
                            const struct fhir_access *acc, struct sub_change *c, bool *ret_meets);

struct sub_event {
    int64_t number;
    int64_t vid;
    struct instant at;
    bool shown;          /* the caller may see it now; else only its number is told */
    struct ver_row row;  /* shown only */
};
/* Events from..to (both included), at most n, as acc may see them. */
MUST_USE enum err sub_events(struct req *rq, const struct sub_row *row,
                             const struct fhir_access *acc, int64_t from, int64_t to,
                             struct sub_event *ret_events, uint32_t n, uint32_t *ret_n);
/* One audit record for each event after number told: whoever gets them looks at them. */
MUST_USE enum err sub_events_audit(struct req *rq, const struct sub_row *row,
                                   const struct sub_event *events, uint32_t n, int64_t told,
                                   enum audit_action action);

/* ---- notifications: care/sub_note.c ---- */

enum sub_note_type {
    NOTE_HANDSHAKE,
    NOTE_HEARTBEAT,
    NOTE_EVENTS,
    NOTE_QUERY_STATUS,
    NOTE_QUERY_EVENTS,
};
struct sub_note {
    enum sub_note_type type;
    struct str base; /* "https://host/fhir" */
    const struct sub_row *row;
    const struct topic *topic;
    enum sub_content content;
    struct str error; /* Subscription.error; empty: none */
    const struct sub_event *events;
    uint32_t n;
};
/* The SubscriptionStatus, as a Parameters resource. */
void sub_status_write(struct req *rq, struct json_out *o, const struct sub_note *note);
/* A notification: a Bundle of type history, the status first. */
void sub_note_write(struct req *rq, struct json_out *o, const struct sub_note *note);
/* "urn:uuid:..." of random bytes. */
void sub_urn_write(struct json_out *o, struct str key);
