/* care/retain.h - how long each kind of thing is kept: one table, from what stands in a record to what
 * only the program needs; what is past its term; and the removing of it, piece by piece, each piece on
 * record as a number.
 *
 * A term comes from the policy profiles (content/policy), from a setting, or is the program's own; without
 * one a kind is kept for ever. Nothing is removed while the clock cannot be right: when more than a week
 * lies between now and the last time it was looked at, which the running server does every ten minutes, it
 * may have jumped, and an administrator says whether it has. */
#pragma once

#include "care/care.h"
#include "care/policy.h"
#include "store/audit.h"

enum retain_id {
    RETAIN_RECORD,     /* of a patient, whole */
    RETAIN_RECORDINGS, /* of meetings */
    RETAIN_IMAGES,
    RETAIN_REQUESTS,   /* never sent, with their images */
    RETAIN_DRAFTS,     /* of all other forms */
    RETAIN_UPLOADS,    /* nobody went on with */
    RETAIN_NOTICES,    /* of the bell, read */
    RETAIN_POST,       /* beyond the page, given up */
    RETAIN_CALLS,      /* to an emergency, over */
    RETAIN_SESSIONS,
    RETAIN_DEVICES,
    RETAIN_REFUSALS,   /* counted, not told yet */
    RETAIN_EXPORTS,    /* and imports, of the interface: their files */
    RETAIN_EVENTS,     /* of subscriptions, delivered */
    RETAIN_SHARES,     /* links to images */
    RETAIN_GUESTS,     /* links into meetings */
    RETAIN_INVITES,    /* links by which staff choose a password */
    RETAIN_OPENINGS,   /* links that open a record to a patient or relative */
    RETAIN_AUDIT,      /* who saw and changed what */
    RETAIN_COUNT
};

/* Where a term stands. */
enum retain_where {
    RETAIN_BY_POLICY,  /* in each policy profile: that of the organisation holds */
    RETAIN_BY_TERMS,   /* retention.terms of the profile the setting policy names */
    RETAIN_BY_SETTING,
    RETAIN_FIXED,      /* in the program */
    RETAIN_EVER,
};

/* When it counts from, and what it is called: translated texts. */
struct retain_kind {
    struct str code;      /* "devices": in records and in content/policy */
    const char *title, *from;
    enum retain_where where;
    struct str key;       /* of the setting; of the row of retention.terms, where it is not the code */
    int64_t own_ms;       /* RETAIN_FIXED; and of a profile without the row; 0: for ever */
};
extern const struct retain_kind retain_kinds[RETAIN_COUNT];

/* What holds for a kind now. */
struct retain_term {
    bool set;                   /* false: for ever */
    int64_t ms;                 /* since what retain_kind.from says; 0: it goes when it ends */
    const struct sourced *from; /* where the value comes from; NULL: a setting, or the program's own */
};
/* For RETAIN_BY_POLICY: p's; for the others p is not looked at. */
struct retain_term retain_term(const struct care *care, enum retain_id id, const struct policy *p);
/* When what ends now, or was used last now, is past its term; INT64_MAX: never. */
int64_t retain_until(const struct care *care, enum retain_id id, int64_t now_ms);

/* What a kind came to. */
struct retain_seen {
    bool counted;             /* false: nothing of it ever leaves by itself */
    uint64_t past;            /* how many are past their term now; of what is looked at one by one at
                               * most RETAIN_LOOK, of records among the first 100 000 patients */
    struct instant oldest;    /* of these: since when; ms 0: none */
    uint64_t later;           /* past a term that waits (care/retain_wait.h): they leave from */
    struct instant later_from; /* then on, the first of them */
    struct instant removed;   /* when some were removed last; ms 0: never */
    uint64_t removed_n;       /* how many on that day (UTC) */
    struct instant failed;    /* since when removing fails; ms 0: it does not */
    struct str why;           /* name of enum err */
};
enum { RETAIN_LOOK = 10000 };
/* Changes nothing. errors E_IO */
MUST_USE enum err retain_look(struct req *rq, struct retain_seen ret_seen[RETAIN_COUNT]);

/* Is the clock one to remove by? */
struct retain_clock {
    struct instant seen; /* held to be right last; before the first time: of the newest record */
    bool trusted;
};
#define RETAIN_CLOCK_MS (7 * MS_DAY)
MUST_USE enum err retain_clock_look(struct req *rq, struct retain_clock *ret_clock);
/* An administrator, or who runs the commands, says that the clock is right: into tx, with its record. */
MUST_USE enum err retain_clock_confirm(struct req *rq, struct tx *tx, enum audit_why why);

/* What a round did. */
struct retain_done {
    bool refused;                 /* the clock is not trusted: nothing was looked at */
    bool more;                    /* a piece was full: another round finds more */
    uint32_t removed[RETAIN_COUNT];
    enum err failed[RETAIN_COUNT];
};
/* One round of the clock (rq->who IS_CLOCK): of each kind at most one piece (one transaction, its record
 * with it). Unless all, a kind that left today waits for tomorrow as long as it does not fill a piece, so
 * that a kind has one record a day. What fails is kept as failing and does not stop the others.
 * errors  E_IO, E_FULL  the round could not be written down; then nothing was removed in it */
MUST_USE enum err retain_round(struct req *rq, bool all, struct retain_done *ret_done);
/* Puts on record within tx that n things of a kind leave, as rounds do. For what leaves by other doors. */
MUST_USE enum err retain_note(struct req *rq, struct tx *tx, enum retain_id id, uint64_t n);
