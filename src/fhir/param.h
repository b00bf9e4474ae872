/* fhir/param.h - search parameters: what can be asked of each type, and where the answer stands. */
#pragma once

#include "fhir/type.h"

/* Who can act: the targets of requester, performer, author ... */
#define FHIR_ACTORS                                                                       \
    "Practitioner|PractitionerRole|Organization|Patient|RelatedPerson|Device|CareTeam|" \
    "HealthcareService"

enum fhir_param_kind {
    SP_TOKEN,
    SP_CONTACT, /* a token of a ContactPoint's value, blanks and dashes left out */
    SP_REF,
    SP_DATE,
    SP_STRING,
    SP_QUANTITY,
    SP_URI,
    SP_ALIAS,
    SP_ID,      /* _id: answered from the resource's row */
    SP_UPDATED, /* _lastUpdated: likewise */
};

struct fhir_param {
    uint16_t sp; /* number in index rows; 0 for _id and _lastUpdated */
    enum fhir_type type;
    struct str name;
    enum fhir_param_kind kind;
    const char *paths;
    const char *targets; /* types a reference may name, separated by '|'; NULL: any */
};

/* The parameters of a type, aliases included, in one run of the table; *ret_n tells how many. */
const struct fhir_param *fhir_params(enum fhir_type type, size_t *ret_n);
/* One by name, the common ones (_id, _lastUpdated, _tag, _profile, _security) included; an alias
 * is given as itself. NULL when there is none. */
const struct fhir_param *fhir_param_find(enum fhir_type type, struct str name);
/* The parameter an alias stands for; p itself otherwise. */
const struct fhir_param *fhir_param_real(const struct fhir_param *p);
/* _tag, _security and _profile of a type: i is 0, 1, 2. */
const struct fhir_param *fhir_param_meta(enum fhir_type type, unsigned i);
/* Whether word is one of those in rule, separated by '|'. */
bool fhir_rule_has(const char *rule, struct str word);
/* "token", "reference" ...: R4 ValueSet search-param-type. */
const char *fhir_param_kind_name(const struct fhir_param *p);
