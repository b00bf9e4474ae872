/* care/sight.h - who can see a patient's record now, and why.
 *
 * The rule is that of the access plan and stands there alone: somebody sees what hangs on an anchor (the
 * Patient, a case, a patient of a consilium) when one of the principals their roles give them is in its team
 * (db_team_has; care/directory_load.c gives the principals). Here the teams of all anchors of a patient are
 * read, each principal is named by the directory, and its holders are the people of it who have it.
 * Besides: the patients' side (ties), links to images, interface accounts, and the auditors, who see the
 * record of what was done and no content. */
#pragma once

#include "care/access.h"
#include "care/directory.h"
#include "care/patient_account.h"
#include "care/share.h"

enum {
    SIGHT_ANCHORS_MAX = 200, /* the patient and the newest of the patient's cases that are looked at */
    SIGHT_TEAM_MAX = 250,    /* principals of a team */
    SIGHT_GROUPS_MAX = 500,
    SIGHT_APPS_MAX = 50,
    SIGHT_SHARES_MAX = 50,
};

/* What a principal stands for. */
enum sight_kind {
    SIGHT_PERSON,
    SIGHT_ASKERS,       /* who may ask at an organisation */
    SIGHT_REGISTRY,     /* who registers or asks there */
    SIGHT_COORDINATORS,
    SIGHT_HEADS,
    SIGHT_SERVICE,      /* the consultants of a service */
    SIGHT_KIND_COUNT
};

/* Why it is in a team. */
enum sight_why {
    SIGHT_GLASS,        /* opened the case with a reason: until says how long */
    SIGHT_ASKS,         /* asked, or is of the side that asks */
    SIGHT_ANSWERS,      /* the consultant, the service, or of the side that answers */
    SIGHT_ROUTES,       /* of the centre that routes the case */
    SIGHT_CONSILIUM,    /* takes part in a consilium about the case, or reads its decision */
    SIGHT_TOOK_PART,    /* was of the team of the case at an earlier step: a team is for good */
    SIGHT_REGISTERED,   /* the organisation that keeps the patient's card */
    SIGHT_RECEIVES,     /* visits of the patient */
    SIGHT_WHY_COUNT
};
struct sight_reason {
    enum sight_why why;
    struct str case_id;          /* empty: the patient's own record */
    struct instant since, until; /* 0: not told apart; for good */
};
struct sight_group {
    enum sight_kind kind;
    struct str id;               /* person, organisation or service */
    bool abroad;                 /* in another country than the patient (care/abroad.h) */
    bool whole;                  /* sees what hangs on the patient too, not only single cases */
    const uint32_t *people;      /* who holds it now: indices of directory people */
    uint32_t n_people;
    const struct sight_reason *reasons; /* the patient's own record first, then cases, newest first */
    uint32_t n_reasons;
};

/* A program with an account of its own. */
struct sight_app {
    struct str name, org; /* org empty: none, it sees all */
    bool all;
    struct instant until; /* 0: until it is revoked */
};

struct sight {
    struct str patient;
    int64_t patient_rid;
    const struct directory *dir;
    const struct sight_group *groups; /* those somebody holds; broken glass first */
    uint32_t n_groups;
    const struct patient_tie *ties;   /* those that hold: the patient and who acts for them */
    uint32_t n_ties;
    const struct share *shares;       /* open links */
    uint32_t n_shares;
    const struct sight_app *apps;
    uint32_t n_apps;
    const uint32_t *auditors;         /* indices of people */
    uint32_t n_auditors;
    uint32_t n_hidden;                /* groups that see for cases which are not rq->who's to know of */
    bool more;                        /* older cases were not looked at */
};

/* For who reads the patient: the team, and the patients' side. The look is put on record. A case that is not
 * theirs to see is not named, nor who sees for it alone: these are counted.
 * errors  E_NOT_FOUND  no such patient, or not theirs: not told apart */
MUST_USE enum err sight_of_patient(struct req *rq, struct str patient_id, struct sight *ret_sight);
/* For the auditor, who reads no patient. On record as a look at the record.
 * errors  E_FORBIDDEN  without the right to audit; E_NOT_FOUND */
MUST_USE enum err sight_for_audit(struct req *rq, struct str patient_id, struct sight *ret_sight);
