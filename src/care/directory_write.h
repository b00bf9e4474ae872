/* care/directory_write.h - changing the directory: organisations, services, people, roles, duty. For
 * commands, imports and the made-up region; each writes FHIR resources into a transaction. */
#pragma once

#include "care/directory.h"

struct tx;

struct org_new {
    struct str id;     /* empty: a new one */
    struct str name;
    enum org_kind kind;
    struct str parent; /* Organization id; empty: at the top */
    struct str phone;
    struct str policy; /* id of a policy profile; empty: the parent's */
    struct str code;   /* its key in files (SID_ORG_CODE); empty: none. org_change() leaves it as it is */
};
/* The commit gives E_CONFLICT when another has the code. */
MUST_USE enum err org_add(struct req *rq, struct tx *tx, const struct org_new *o,
                          struct str *ret_id);

struct service_new {
    struct str id;
    struct str name;
    struct str org;             /* who provides it */
    const struct str *profiles; /* codes of content profiles */
    uint32_t n_profiles;
};
MUST_USE enum err service_add(struct req *rq, struct tx *tx, const struct service_new *s,
                              struct str *ret_id);

struct person_new {
    struct str id;
    struct str family, given, middle;
    struct str sex;       /* male, female, or empty */
    struct str id_system, id_value; /* personal number; empty: none */
    bool quiet; /* the directory is not told: of many at once, one tells it */
};
MUST_USE enum err person_add(struct req *rq, struct tx *tx, const struct person_new *p,
                             struct str *ret_id);

struct role_new {
    struct str id;
    struct str person, org, code; /* code: row of content/roles.json */
    const struct str *services;   /* HealthcareServices they answer for */
    uint32_t n_services;
    struct str from, until;       /* first and last day, YYYY-MM-DD; empty: open */
    bool quiet;                   /* as above */
    struct str given_by;          /* issuer of the identity provider that gives it; empty: a person does */
    uint64_t again;               /* version of the role id, ended, that is written anew; 0: a new one */
};
/* On a PractitionerRole that an identity provider gave: its issuer. */
#define EXT_ROLE_GIVEN_BY CARE_URL "/StructureDefinition/role-given-by"
/* errors  E_BAD_INPUT  role code unknown, or the period ends before it begins ("role: until") */
MUST_USE enum err role_add(struct req *rq, struct tx *tx, const struct role_new *r,
                           struct str *ret_id);
/* Ends a role now: its period ends, and it is not active. on record
 * errors  E_NOT_FOUND */
MUST_USE enum err role_end(struct req *rq, struct tx *tx, struct str role);
/* The same, by an identity provider that names it no more: the record says so. */
MUST_USE enum err role_end_by(struct req *rq, struct tx *tx, struct str role, struct str issuer);
/* Practitioner.active = false: the next request of theirs is refused. Of all else: care/dismiss.h. */
MUST_USE enum err person_dismiss(struct req *rq, struct tx *tx, struct str person);

struct duty_span {
    int64_t from_ms, to_ms; /* at most a week */
};
/* Turns of duty of one person for a service, as duty_add(). errors  E_BAD_INPUT */
MUST_USE enum err duty_add_turns(struct req *rq, struct tx *tx, struct str service, struct str person,
                                 const struct duty_span *turns, uint32_t n);
/* The person is on duty for the service from..to: a Slot in the Schedule of the two, which is made when
 * there is none. */
MUST_USE enum err duty_add(struct req *rq, struct tx *tx, struct str service, struct str person,
                           struct instant from, struct instant to);
