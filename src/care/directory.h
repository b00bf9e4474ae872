/* care/directory.h - organisations, their services, the people in roles and who is on duty.
 *
 * Read from the FHIR resources (Organization, HealthcareService, Practitioner, PractitionerRole,
 * Schedule, Slot) into one immutable snapshot that all threads share. A commit that touches one of
 * these types ends the snapshot's time; the next request reads it anew, so that a dismissed person
 * loses access at once. */
#pragma once

#include "care/care.h"
#include "care/who.h"
#include "store/store.h"

#define DIR_NONE UINT32_MAX

enum org_kind { ORG_OTHER, ORG_STATION, ORG_HOSPITAL, ORG_CENTRE, ORG_NATIONAL, ORG_KIND_COUNT };
/* Code of CS_ORG_TYPE: "station", "hospital", "centre", "national", "other". */
struct str org_kind_code(enum org_kind kind);
/* msgid */
const char *org_kind_title(enum org_kind kind);

#define SID_ORG_CODE CARE_URL "/sid/organization-code" /* Organization.identifier: its key in files */

struct dir_org {
    struct str id, name;
    struct str code; /* its key in files; empty: none */
    struct str phone;
    enum org_kind kind;
    uint32_t parent; /* index of Organization.partOf, DIR_NONE at the top */
    uint32_t depth;  /* 0 at the top */
    const struct policy *policy; /* own, else of the nearest above, else the deployment's */
    bool active;
};

struct dir_service {
    struct str id, name;
    uint32_t org;      /* index of providedBy */
    uint32_t centre;   /* index of the organisation whose coordinators route its cases: the nearest
                        * centre at or above the provider, else the provider */
    const struct str *profiles; /* codes */
    uint32_t n_profiles;
    bool active;
};

struct dir_person {
    struct str id, name;
    const struct role_ref *roles; /* present ones */
    const uint64_t *principals;
    uint32_t n_roles, n_principals;
    bool active;
};

/* Somebody is on duty for a service: a Slot. */
struct dir_duty {
    uint32_t service, person; /* indices */
    int64_t from_ms, to_ms;
    struct str slot;          /* id */
    uint32_t offered;         /* index of who is asked to take it over; DIR_NONE: nobody */
    struct str note;          /* for them */
};
/* On a Slot of duty: a Reference to who is asked to take it over. The note for them is Slot.comment. */
#define EXT_DUTY_OFFERED CARE_URL "/StructureDefinition/duty-offered"

struct directory {
    const struct dir_org *orgs;
    const struct dir_service *services;
    const struct dir_person *people;
    const struct dir_duty *duties;   /* by from_ms; those ended more than a day ago are left out */
    uint32_t n_orgs, n_services, n_people, n_duties;
    uint64_t epoch;
    struct dir_maps *maps;
};

/* The snapshot of now; borrowed until the request ends. Reads it anew when something changed.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err directory_get(struct req *rq, const struct directory **ret_dir);

/* Called by the program from store_on_commit's function: ends the snapshot when a directory type was
 * committed. thread: the writer's. */
void directory_committed(struct care *care, const struct store_event *events, size_t n);
/* Ends the snapshot's time. thread: any */
void directory_changed(struct care *care);
/* gives / ends the shared box in care->dir. Requests may end after it: what they hold stays. */
void directory_init(struct care *care);
void directory_done(struct care *care);

/* Indices by id; DIR_NONE when there is none. */
uint32_t dir_org_at(const struct directory *d, struct str id);
uint32_t dir_service_at(const struct directory *d, struct str id);
uint32_t dir_person_at(const struct directory *d, struct str id);
/* Rows by id; NULL when there is none. */
const struct dir_org *dir_org(const struct directory *d, struct str id);
const struct dir_service *dir_service(const struct directory *d, struct str id);
const struct dir_person *dir_person(const struct directory *d, struct str id);
/* Shown names; the id itself when unknown, so that old cases stay readable. */
struct str dir_org_name(const struct directory *d, struct str id);
struct str dir_service_name(const struct directory *d, struct str id);
struct str dir_person_name(const struct directory *d, struct str id);

bool dir_service_has(const struct dir_service *s, struct str profile);
/* Whether the person holds a role with one of the rights in the organisation, and, with a service, in
 * a role that answers for it. */
bool dir_person_has(const struct dir_person *p, uint32_t rights, struct str org);
bool dir_person_serves(const struct dir_person *p, struct str service);
/* Steps over the tree from one organisation to another, up and down; 100 and more when they have
 * nothing above them in common. */
uint32_t dir_distance(const struct directory *d, uint32_t from_org, uint32_t to_org);
/* Is an organisation the other itself, or below it? */
bool dir_is_within(const struct directory *d, uint32_t org, uint32_t above);
/* The nearest centre at or above an organisation, else itself. */
uint32_t dir_centre_of(const struct directory *d, uint32_t org);

/* Who is on duty for a service at t; at most n indices of people. */
uint32_t dir_on_duty(const struct directory *d, uint32_t service, struct instant t,
                     uint32_t *ret_people, uint32_t n);

/* A service that could answer, best first. */
struct dir_proposal {
    uint32_t service;  /* index */
    uint32_t distance; /* steps in the tree of organisations */
    uint32_t on_duty;  /* people on duty now */
    uint32_t people;   /* people who answer for it */
};
/* Services of a profile for an asker: for emergency and urgent cases those with somebody on duty
 * first, then the nearest in the tree. Services of the asker's own organisation are left out. */
uint32_t dir_propose(const struct directory *d, struct str asker_org, struct str profile,
                     bool duty_first, struct instant now, struct dir_proposal *ret_best, uint32_t n);

/* Everyone who holds one of the rights at an organisation, or answers for a service: indices of
 * people, at most n. For notices and lists to choose from. */
uint32_t dir_people_of_org(const struct directory *d, struct str org, uint32_t rights,
                           uint32_t *ret_people, uint32_t n);
uint32_t dir_people_of_service(const struct directory *d, struct str service,
                               uint32_t *ret_people, uint32_t n);

/* Principals: what a team names, and what a person's roles open. */
uint64_t principal_person(const struct store *st, struct str person);
uint64_t principal_askers(const struct store *st, struct str org);       /* clinicians who may ask */
uint64_t principal_registry(const struct store *st, struct str org);     /* who register or ask */
uint64_t principal_coordinators(const struct store *st, struct str org);
uint64_t principal_heads(const struct store *st, struct str org);
uint64_t principal_service(const struct store *st, struct str service);  /* its consultants */
/* The patient, and who acts for them. */
uint64_t principal_patient(const struct store *st, struct str patient);
