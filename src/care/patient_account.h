/* care/patient_account.h - accounts of patients and of those who act for them.
 *
 * A doctor or registrar who sees the patient invites: a link that works once, and a code that is said on
 * another way; together they make an account, or give an existing one a new password. An account opens
 * records by ties: its owner's own, and those of people its owner acts for (RelatedPerson), each with
 * limits (MY_ bits of care/who.h) and an end. A session opens one record at a time: who->patient. Its
 * only principal is principal_patient() of that record, which is in the team of the Patient and of each
 * of the patient's cases, so the access plan shows nothing else. Rights (MAY_) it has none, and the
 * listener lets it into rows of the route table that are marked PATIENT_TOO, no others.
 *
 * From which age a patient has an own account, and until which age a legal representative sees the
 * record, is a policy value; where it is not set nothing is refused and the page says so. */
#pragma once

#include "care/account.h"
#include "care/notice.h"
#include "care/patient.h"
#include "care/policy.h"

enum {
    INVITE_TOKEN = 26, INVITE_CODE = 6, /* characters of the link, digits of the code */
    INVITE_HOURS = 72,                  /* a link holds so long */
    INVITE_WRONG_MAX = 5,               /* wrong codes end it */
    TIES_MAX = 24,                      /* records one account opens, people who open one record */
};

struct patient_tie {
    struct str id;
    int64_t account;
    struct str patient, related; /* related empty: the patient's own account */
    uint32_t may;                /* MY_ bits */
    struct str by;               /* Practitioner who invited */
    struct instant created, until, ended; /* 0: none */
};
/* What an account opens now, the own record first; at most TIES_MAX. */
MUST_USE enum err patient_ties(struct req *rq, int64_t account, struct patient_tie *ret_ties,
                               uint32_t *ret_n);
/* Who opens a patient's record, ended ones too, newest first; at most TIES_MAX. */
MUST_USE enum err patient_ties_to(struct req *rq, struct str patient, struct patient_tie *ret_ties,
                                  uint32_t *ret_n);
bool patient_tie_holds(const struct patient_tie *t, struct instant now);
/* Tells everybody whose account opens the record now with one of these MY_ bits, but nobody of what they did
 * themselves. errors  as notice_tell */
MUST_USE enum err patient_tell(struct req *rq, struct tx *tx, struct str patient, uint32_t limits,
                               enum notice_kind kind, struct str subject);
/* The same, and the patient also without an account: addresses for notices may be known. */
MUST_USE enum err patient_side_tell(struct req *rq, struct tx *tx, struct str patient,
                                    uint32_t limits, enum notice_kind kind, struct str subject);

/* The login of what was typed at the sign-in: a personal number leads to its account; anything else is
 * given back as it came. */
MUST_USE enum err patient_login(struct req *rq, struct str typed, struct str *ret_login);
/* As whom an account of the patients' side acts. chosen: the record its session opened (Patient id);
 * empty, or not open any more: the own one, else the first.
 * errors  E_SIGN_IN  nothing is open to it */
MUST_USE enum err patient_who(struct req *rq, const struct account *acc, struct str chosen,
                              struct who **ret_who);
/* The session goes on with the record of another patient.
 * errors  E_FORBIDDEN  not open to this account */
MUST_USE enum err patient_switch(struct req *rq, struct tx *tx, struct str patient);

/* A person behind an account or tie: the patient, or who acts for them. */
struct patient_person {
    struct str name;
    struct str relation; /* code of relations[]; empty: the patient */
    bool legal;          /* a legal representative */
};
/* ref: "Patient/ID" or "RelatedPerson/ID". No look is put on record.
 * errors  E_NOT_FOUND, E_GONE */
MUST_USE enum err patient_person(struct req *rq, struct str ref, struct patient_person *ret_person);

/* How somebody is related: v3-RoleCode. */
struct relation {
    struct str code;
    const char *title; /* msgid */
};
const struct relation *relation_at(unsigned i); /* NULL past the end */
const struct relation *relation_find(struct str code);

/* ---- invitations: care/patient_account_invite.c ---- */

struct invite_ask {
    struct str patient;   /* Patient id */
    bool relative;        /* else the patient */
    struct str name;      /* of a relative */
    struct str relation;  /* code */
    bool legal;           /* legal representative: may consent */
    uint32_t may;         /* MY_ bits a relative gets; MY_SEE always */
    struct instant until; /* end of a relative's access; 0: none but what the policy sets */
};
struct invite_made {
    char token[INVITE_TOKEN + 1];
    char code[INVITE_CODE + 1];
    struct instant expires;
};
/* The policy that rules what rq->who does: of their organisation. */
const struct policy *patient_policy(struct req *rq);
/* Makes an invitation; one that waits for the same person ends. The look at the patient and the
 * invitation are on record; a RelatedPerson is written.
 * errors  E_NOT_FOUND    no patient of theirs
 *         E_BAD_INPUT    name, relation, until: see detail
 *         E_UNPROCESSED  the patient is too young for an own account, or too old for a legal
 *                        representative, by the policy */
MUST_USE enum err invite_make(struct req *rq, struct tx *tx, const struct invite_ask *ask,
                              struct invite_made *ret_made);

struct invite {
    struct str id, patient, related;
    uint32_t may, wrong;
    uint8_t code[32];
    struct str by;
    struct instant until, created, expires, used, revoked; /* 0: none, not yet */
};
bool invite_is_open(const struct invite *i, struct instant now);
/* errors  E_NOT_FOUND  none, used, revoked, expired, or tried too often */
MUST_USE enum err invite_find(struct req *rq, struct str token, struct invite *ret_invite);
/* Newest first, at most TIES_MAX. */
MUST_USE enum err invite_list(struct req *rq, struct str patient, struct invite *ret_invites,
                              uint32_t *ret_n);
/* The access of one person, or an invitation that waits, ends. Whoever sees the patient may end it.
 * errors  E_NOT_FOUND; the commit gives E_STALE when it was over before */
MUST_USE enum err tie_end(struct req *rq, struct tx *tx, struct str patient, struct str tie);
MUST_USE enum err invite_end(struct req *rq, struct tx *tx, struct str patient, struct str invite);

/* What somebody who holds link and code sends. */
struct invite_accepted {
    struct str token, code, login, password;
    struct sign_in_from from;
};
/* Whoever holds link and code makes an account and is signed in. login empty: one is made up; the
 * personal numbers of the record are names to sign in with anyway. A patient who has an account gets
 * the new password there, and all sessions of it end; a second step of it stays and is asked for (a half
 * session, care/factor.h). slow, commits itself.
 * errors  E_NOT_FOUND  as invite_find
 *         E_FORBIDDEN  the code is wrong: counted and on record
 *         E_BAD_INPUT  password too short; login: see account_add
 *         E_CONFLICT   somebody has that login, or used the link just now */
MUST_USE enum err invite_accept(struct req *rq, const struct invite_accepted *in,
                                struct session *ret_session);
/* Somebody of the patients' side who is signed in adds the record to their account; the session goes on
 * with it. Only for an invitation of a relative. slow, commits itself. errors as invite_accept */
MUST_USE enum err invite_join(struct req *rq, struct str token, struct str code);
