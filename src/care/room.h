/* care/room.h - rooms, where people meet by video: who may enter, who waits, what is left in the record.
 *
 * A room belongs to a subject - a case, a visit, a consilium - and is the same for ever: /rooms/ID. Who may
 * enter is asked of the subject (room_kinds). A meeting begins when somebody enters a quiet room; once two
 * are in it has an Encounter (class VR), which ends when a host ends the meeting or nobody was there for
 * ROOM_QUIET_MS: who is cut off and comes back within that time is in the same Encounter, without waiting
 * again. Who sits there this minute is in memory (care/signal.h). */
#pragma once

#include "care/signal.h"
#include "store/audit.h"
#include "store/db.h"

struct tx;

/* Stored: append only. */
enum room_kind_id { ROOM_CASE, ROOM_VISIT, ROOM_CONSILIUM, ROOM_KIND_COUNT };
/* Stored: append only. Who somebody is in a room. */
enum room_role {
    ROOM_CLINICIAN,
    ROOM_PATIENT,
    ROOM_RELATIVE,    /* or legal representative */
    ROOM_INTERPRETER,
    ROOM_OBSERVER,    /* student, head: sees and hears, shown to all; not when the patient refused */
    ROOM_OTHER,
    ROOM_ROLE_COUNT
};
const char *room_role_title(enum room_role role); /* msgid */
struct str room_role_code(enum room_role role);   /* "clinician" ... */
bool room_role_find(struct str code, enum room_role *ret_role);

enum {
    ROOM_GUEST_TOKEN = 26,      /* characters, 128 random bits */
    ROOM_GUEST_CODE = 6,        /* digits */
    ROOM_GUEST_WRONG_MAX = 5,   /* wrong codes end a link */
    ROOM_GUESTS_MAX = 50,       /* of a room that are listed */
    ROOM_MESH_MAX = 4,          /* people who reach each other without a media server */
    ROOM_SEATS_SHOWN = 64,
    ROOM_TEXT_MAX = 4000,
};
#define ROOM_QUIET_MS (30 * MS_MINUTE)
#define ROOM_EARLY_MS (15 * MS_MINUTE) /* the door of a visit opens before its time */
#define ROOM_LATE_MS (4 * MS_HOUR)     /* and closes after its end */

struct room {
    struct str id;
    enum room_kind_id kind;
    struct str subject;    /* id: ServiceRequest or Appointment */
    struct str case_id;    /* what its record hangs on; empty: the patient */
    int64_t patient_rid;
    struct str patient;
    int64_t opens_ms;      /* 0: always open */
    int64_t closes_ms;     /* 0: never closes */
    bool no_observers;     /* the patient refused them */
    uint32_t meeting;      /* number of the present or last meeting; 0: none yet */
    bool live;             /* it goes on */
    struct str encounter;  /* its Encounter; empty: fewer than two came */
    int64_t begun_ms, alive_ms, created_ms;
};

/* What somebody is in a room. */
struct room_right {
    enum room_role role;
    bool host;  /* enters at once, admits, removes, mutes, ends */
};

/* A kind of subject: a row each in room_kind.c. */
struct room_kind {
    struct str code;   /* "case" */
    const char *title; /* msgid: what the meeting is */
    /* What rq->who is in a room of this kind; the look is put on record.
     * errors  E_NOT_FOUND  nothing to them */
    enum err (*may_enter)(struct req *rq, const struct room *room, struct room_right *ret_right);
    const char *path;  /* page of the subject: path + subject id */
};
extern const struct room_kind room_kinds[ROOM_KIND_COUNT];

/* May a patient's account (who_is_patient) enter: the patient, or a relative who may join visits.
 * For may_enter.
 * errors  E_NOT_FOUND */
MUST_USE enum err room_patient_enters(struct req *rq, const struct room *room,
                                      struct room_right *ret_right);

struct room_ask {
    enum room_kind_id kind;
    struct str subject;
    struct str case_id;    /* empty: its record hangs on the patient */
    struct str patient;
    int64_t patient_rid;
    int64_t opens_ms, closes_ms; /* 0: always */
};
/* Makes the room of a subject, in tx with its audit record; room_of() gives it if there is one (then tx is
 * untouched). errors  E_IO; of two at once the commit of the second gives E_CONFLICT */
MUST_USE enum err room_make(struct req *rq, struct tx *tx, const struct room_ask *ask,
                            struct room *ret_room);
/* errors  E_NOT_FOUND */
MUST_USE enum err room_of(struct req *rq, enum room_kind_id kind, struct str subject,
                          struct room *ret_room);
MUST_USE enum err room_load(struct req *rq, struct str id, struct room *ret_room);
/* When people may enter; a visit that is moved moves its room. */
MUST_USE enum err room_window(struct req *rq, struct tx *tx, const struct room *room, int64_t opens_ms,
                              int64_t closes_ms);
/* The room of a case, made when there is none: by who asks in it, answers it or coordinates it.
 * errors  E_NOT_FOUND not theirs; E_FORBIDDEN they only read it; E_CONFLICT it is closed */
MUST_USE enum err room_of_case(struct req *rq, struct tx *tx, struct str case_id,
                               struct room *ret_room);

/* The room of a visit by video, made when there is none and moved with the visit; its door opens
 * ROOM_EARLY_MS before. errors  E_NOT_FOUND not theirs; E_CONFLICT in person, or it has no time */
MUST_USE enum err room_of_visit(struct req *rq, struct tx *tx, struct str visit, struct room *ret_room);
/* When the door of a visit by video opens and closes: both 0 when it has no meeting (any more). */
struct booking;
void room_visit_hours(const struct booking *b, int64_t *ret_opens_ms, int64_t *ret_closes_ms);

/* ---- A link for somebody without an account ---- */

struct room_guest {
    struct str id, room, name, person, by;
    enum room_role role;
    int64_t opens_ms, expires_ms, used_ms, revoked_ms, created_ms;
    uint32_t wrong;
    uint8_t code[32];
};
struct room_guest_ask {
    enum room_role role;
    struct str name;      /* shown to all in the room */
    struct str person;    /* "Patient/ID", "RelatedPerson/ID": stands in the Encounter; empty: a name only */
    int64_t opens_ms;     /* 0: now */
    int64_t expires_ms;
};
struct room_guest_made {
    char token[ROOM_GUEST_TOKEN + 1]; /* the address is /join/TOKEN */
    char code[ROOM_GUEST_CODE + 1];
};
/* A link and its code, each shown once. The caller has seen to it that rq->who may.
 * errors  E_BAD_INPUT name, times; E_CONFLICT an observer, and the patient refused them */
MUST_USE enum err room_guest_make(struct req *rq, struct tx *tx, const struct room *room,
                                  const struct room_guest_ask *ask, struct room_guest_made *ret_made);
MUST_USE enum err room_guests(struct req *rq, struct str room, struct room_guest *ret_guests,
                              uint32_t n, uint32_t *ret_n);
MUST_USE enum err room_guest_end(struct req *rq, struct tx *tx, const struct room *room, struct str id);
bool room_guest_is_open(const struct room_guest *g, struct instant now);
/* errors  E_NOT_FOUND  no such link */
MUST_USE enum err room_guest_by_token(struct req *rq, struct str token, struct room_guest *ret_guest);
/* The code is given: once. *ret_right false: it was wrong, which tx counts. ret_cookie: what the browser
 * keeps. errors  E_NOT_FOUND; E_CONFLICT used, over, or not yet open */
MUST_USE enum err room_guest_use(struct req *rq, struct tx *tx, struct str token, struct str code,
                                 struct room_guest *ret_guest, bool *ret_right, char ret_cookie[44]);

/* ---- Coming and going ---- */

/* Somebody at the door. */
struct room_caller {
    struct room room;
    struct room_right right;
    struct str key;     /* "p:PERSON", "g:GUEST" */
    struct str name;    /* shown */
    struct room_guest guest; /* id empty: none */
    bool early, late;   /* outside the room's hours */
    bool has_seat;
    struct seat seat;
};
/* Who rq->who, or the browser that keeps a guest's cookie (empty: none), is to this room; on record.
 * errors  E_NOT_FOUND  no such room, or nothing to them; E_SIGN_IN  nobody is signed in and no guest */
MUST_USE enum err room_caller(struct req *rq, struct str room_id, struct str cookie,
                              struct room_caller *ret_caller);
/* The same for who has a seat already: for the many small requests of an open page. Nothing is put on
 * record; the room's row is not read. errors  E_NOT_FOUND, E_SIGN_IN */
MUST_USE enum err room_seat(struct req *rq, struct str room_id, struct str cookie,
                            struct seat *ret_seat);
/* Takes a seat: a host, and who was in this meeting before, is in; others wait. Begins the meeting and,
 * with the second person, its Encounter. The seat is taken at once; what is to be kept goes into tx.
 * errors  E_CONFLICT outside its hours, or an observer where they were refused; E_BUSY full */
MUST_USE enum err room_enter(struct req *rq, struct tx *tx, struct room_caller *c);
/* What a host does. errors  E_FORBIDDEN no host; E_NOT_FOUND no such seat; E_CONFLICT (observer) */
MUST_USE enum err room_admit(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat);
MUST_USE enum err room_remove(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat);
MUST_USE enum err room_mute(struct req *rq, struct room_caller *c, uint32_t seat);
MUST_USE enum err room_end(struct req *rq, struct tx *tx, struct room_caller *c);
/* The patient refuses observers, or not any more: those who are there leave. */
MUST_USE enum err room_observers(struct req *rq, struct tx *tx, struct room_caller *c, bool refused);
/* Somebody who works here no more leaves every meeting they sit in or wait for when tx is committed. */
MUST_USE enum err room_out_of_all(struct req *rq, struct tx *tx, struct str person);
/* Leaves by oneself: the seat is given back when tx is committed. */
MUST_USE enum err room_leave(struct req *rq, struct tx *tx, struct room_caller *c);

/* The job that keeps the record of a meeting true while it goes on, and ends it after ROOM_QUIET_MS.
 * key: room id; arg: meeting */
MUST_USE enum err room_job(struct req *rq, struct tx *tx, struct str key, struct str arg);

/* ---- Text beside ---- */

struct room_text {
    struct instant at;
    struct str name, text;
    bool own;
    uint32_t n_files;
};
/* Keeps a text as a Communication; files that wait as uploads of the case go along (cases alone).
 * errors  E_BAD_INPUT empty or too long; E_FORBIDDEN not in the room; E_LOCKED too many; E_CONFLICT a
 *         file is still on its way */
MUST_USE enum err room_say(struct req *rq, struct tx *tx, const struct room_caller *c, struct str text);
/* Texts of the present meeting, oldest first; a guest sees those since they came. */
MUST_USE enum err room_texts(struct req *rq, const struct room *room, struct str key, int64_t since_ms,
                             struct room_text *ret_texts, uint32_t n, uint32_t *ret_n);

/* Who was in a meeting. */
struct room_stay {
    struct str key, name, line;
    enum room_role role;
    int64_t in_ms, out_ms;
    bool removed;
};
MUST_USE enum err room_stays(struct req *rq, const struct room *room, struct room_stay *ret_stays,
                             uint32_t n, uint32_t *ret_n);
