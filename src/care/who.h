/* care/who.h - who acts: the person, the roles they hold, and the one they act in. */
#pragma once

#include "base/req.h"
#include "store/audit.h"

struct fhir_scopes; /* fhir/scope.h */

/* Rights of a role: rows of content/roles.json. */
enum {
    MAY_ASK = 1 << 0,
    MAY_ANSWER = 1 << 1,
    MAY_COORDINATE = 1 << 2,
    MAY_HEAD = 1 << 3,
    MAY_REGISTER = 1 << 4, /* find and register patients */
    MAY_ADMIN = 1 << 5,    /* organisations, people, settings; sees no clinical text */
    MAY_AUDIT = 1 << 6,
    IS_SYSTEM = 1 << 7,    /* commands, imports: everything */
    IS_CLOCK = 1 << 8,     /* the job runner */
    MAY_VISIT = 1 << 9,    /* receives patients: a doctor's own visits, in person and remote */
    MAY_BOOK = 1 << 10,    /* visits: times of specialists, appointments, the waiting list */
    IS_PATIENT = 1 << 16,  /* a patient, or who acts for one: no MAY_ right, one record */
};

/* What an account of the patients' side may do with the record it opens (care/patient_account.h). */
enum {
    MY_SEE = 1 << 0,     /* visits, conclusions, results */
    MY_SEND = 1 << 1,    /* own results and photos, answered questionnaires */
    MY_TALK = 1 << 2,    /* messages */
    MY_VISIT = 1 << 3,   /* book, change, join a visit */
    MY_CONSENT = 1 << 4, /* give and withdraw consent: the patient, the legal representative */
    MY_ALL = MY_SEE | MY_SEND | MY_TALK | MY_VISIT | MY_CONSENT,
};

/* One place a person works at: a PractitionerRole. */
struct role_ref {
    struct str id;       /* PractitionerRole */
    struct str code;     /* row of content/roles.json */
    struct str org;      /* Organization id */
    struct str org_name; /* shown */
    const struct str *services; /* HealthcareService ids they answer for */
    uint32_t n_services;
    uint32_t rights; /* MAY_ bits of the code */
    bool factor;     /* signs in with a second step, where the settings say so */
};

struct who {
    struct audit_who audit;  /* FIRST: person, login, role code, organisation acted in */
    struct str person;       /* Practitioner id; empty for the system; "Patient/ID" or
                              * "RelatedPerson/ID" of an account of the patients' side */
    struct str name;         /* shown name */
    const struct role_ref *roles;
    uint32_t n_roles;
    uint32_t active;         /* index into roles of the one they act in; n_roles when none */
    const uint64_t *principals; /* of all roles: what they may read */
    uint32_t n_principals;
    uint32_t rights;         /* of the active role */
    uint32_t scopes;         /* of a token: SCOPE_ bits; all set for sessions */
    const struct fhir_scopes *scope; /* of a token: its scopes compiled; NULL for sessions: no limit */
    struct str app;          /* application the token was given to; empty: none */
    int64_t account;         /* row of the account; 0 for the system */
    bool role_chosen;        /* false: the person has several roles and must choose one first */
    bool must_change;        /* the password was set by somebody else and must be changed */
    bool bare;               /* the account has no password: they came by an identity provider */
    bool stepped;            /* the session began with a second step that is still theirs */
    bool owes_factor;        /* a role of theirs asks for a second step of signing in, and there is none */
    struct str session;      /* SHA-256 of the session's value: its key; empty for tokens */
    struct str csrf;         /* form token of the session */
    struct instant expires;  /* end of the session or token */
    enum lang lang;          /* the person's own choice */
    struct str patient;      /* IS_PATIENT: whose record is open, Patient id; else empty */
    struct str related;      /* IS_PATIENT: RelatedPerson acting for that patient; empty: the patient */
    uint32_t limits;         /* IS_PATIENT: MY_ bits */
    uint64_t directory_epoch; /* of the directory snapshot the slices above come from */
};

enum {
    SCOPE_READ = 1 << 0,
    SCOPE_WRITE = 1 << 1,
    SCOPE_ALL = SCOPE_READ | SCOPE_WRITE,
    SCOPE_SYSTEM = 1 << 2, /* of an interface account: acts as the system, not as a person */
};

/* The role acted in, or NULL. */
static inline const struct role_ref *who_role(const struct who *w)
{
    return w != NULL && w->active < w->n_roles ? &w->roles[w->active] : NULL;
}
static inline bool who_may(const struct who *w, uint32_t rights)
{
    return w != NULL && (w->rights & rights) != 0;
}

/* A patient, or somebody who acts for one; then w->patient is the record that is open to them. */
static inline bool who_is_patient(const struct who *w)
{
    return w != NULL && (w->rights & IS_PATIENT) != 0;
}
/* Somebody of the patients' side with one of these MY_ bits. */
static inline bool who_may_my(const struct who *w, uint32_t limits)
{
    return who_is_patient(w) && (w->limits & limits) != 0;
}

/* The program itself, for commands (IS_SYSTEM) and the job runner (IS_CLOCK). Both pass every access
 * check; records name the system. */
extern const struct who who_system;
extern const struct who who_clock;
