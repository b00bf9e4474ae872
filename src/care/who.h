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
};

struct who {
    struct audit_who audit;  /* FIRST: person, login, role code, organisation acted in */
    struct str person;       /* Practitioner id; empty for the system */
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
    struct str session;      /* SHA-256 of the session's value: its key; empty for tokens */
    struct str csrf;         /* form token of the session */
    struct instant expires;  /* end of the session or token */
    enum lang lang;          /* the person's own choice */
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

/* The program itself, for commands (IS_SYSTEM) and the job runner (IS_CLOCK). Both pass every access
 * check; records name the system. */
extern const struct who who_system;
extern const struct who who_clock;
