/* care/directory_change.h - what stands in the directory changes or ends; the resource stays, with what
 * others put into it. New ones: care/directory_write.h; who leaves: care/dismiss.h. */
#pragma once

#include "care/directory_write.h"

/* Name, kind, telephone, parent and policy of o->id. expect: the version that was seen.
 * errors  E_NOT_FOUND; E_STALE changed meanwhile; E_BAD_INPUT "name", "policy", "parent" (none, itself, or
 *         one below it) */
MUST_USE enum err org_change(struct req *rq, struct tx *tx, const struct org_new *o, uint64_t expect);
/* An organisation closes: roles in it give no right any more; or opens again.
 * errors  E_NOT_FOUND; E_CONFLICT it is so already, or it is where rq->who acts */
MUST_USE enum err org_open(struct req *rq, struct tx *tx, struct str id, bool open);
/* A service is offered no more. errors  E_NOT_FOUND; E_CONFLICT it is so already */
MUST_USE enum err service_end(struct req *rq, struct tx *tx, struct str id);

/* What is not empty of the names, the sex and the number of p->id. expect: the version that was seen.
 * errors  E_NOT_FOUND; E_STALE changed meanwhile */
MUST_USE enum err person_change(struct req *rq, struct tx *tx, const struct person_new *p, uint64_t expect);
/* Services (n_services 0: as they are) and what is not empty of the period of the role r->id.
 * errors  E_NOT_FOUND */
MUST_USE enum err role_change(struct req *rq, struct tx *tx, const struct role_new *r);
struct id_kind;
/* The national number of a person of one kind (IIN, PINFL, SNILS), digits as people write them; empty: taken
 * away. Signatures by tokens are held to it.
 * errors  E_NOT_FOUND; E_BAD_INPUT not such a number; E_CONFLICT it is another person's */
MUST_USE enum err person_number_set(struct req *rq, struct tx *tx, struct str person,
                                    const struct id_kind *kind, struct str number);

enum { STAFF_ROLES_MAX = 40, STAFF_SERVICES_MAX = 32 };

/* A role of somebody, present or not. */
struct staff_role {
    struct str id, code, org;
    struct str services[STAFF_SERVICES_MAX];
    uint32_t n_services;
    struct str from, until; /* FHIR dates or instants; empty: open */
    bool by_provider;       /* an identity provider gave it: care/provider_roles.c */
    bool holds;             /* is it among the present ones of the directory? */
};
/* All roles of a person, the newest first; at most n. errors  E_NOT_FOUND */
MUST_USE enum err staff_roles(struct req *rq, struct str person, struct staff_role *ret_roles, uint32_t n,
                              uint32_t *ret_n);
/* The organisation as it stands, with its version. errors  E_NOT_FOUND */
MUST_USE enum err org_read(struct req *rq, struct str id, struct org_new *ret_org, uint64_t *ret_version);
