/* fhir/param.h - search parameters: what can be asked of each type, and where the answer stands. */
#pragma once

#include "fhir/type.h"

enum fhir_param_kind {
    SP_TOKEN,
    SP_CONTACT, /* a token of a ContactPoint's value, blanks and dashes left out */
    SP_REF,
    SP_DATE,
    SP_STRING,
    SP_QUANTITY,
    SP_NUMBER,
    SP_URI,
    SP_COMPOSITE, /* several values of one element; no index rows of its own */
    SP_SPECIAL,   /* Location.near; no index rows */
    SP_UNION,     /* any of the parameters named in paths */
    SP_ALIAS,
    SP_ID,      /* _id: answered from the resource's row */
    SP_UPDATED, /* _lastUpdated: likewise */
};

struct fhir_param {
    uint16_t sp; /* number in index rows; 0 for _id and _lastUpdated */
    enum fhir_type type;
    struct str name;
    enum fhir_param_kind kind;
    /* Walks over JSON members with '.' between, '|' between alternatives. A member may carry [name=value]:
     * elements of a list of which that holds; [>Type]: references to the type; [#n]: its n-th. At the
     * end of a walk '?' asks whether it is there; "deceased!" is its own rule. Of SP_ALIAS and SP_UNION
     * the names of parameters; of SP_COMPOSITE the elements all components stand in, ',' between
     * (empty: the resource), then for each component PARAMETER:WALKS, ',' between. */
    const char *paths;
    const char *targets; /* types a reference may name, separated by '|'; NULL: any */
};

/* The parameters of a type, aliases and unions included, in one run of the table; *ret_n tells how
 * many. */
const struct fhir_param *fhir_params(enum fhir_type type, size_t *ret_n);
/* One by name, the common ones (_id, _lastUpdated, _tag, _profile, _security, _source) included; an alias
 * is given as itself. NULL when there is none. */
const struct fhir_param *fhir_param_find(enum fhir_type type, struct str name);
/* Components of a composite: how many, and the parameters whose kind they have. At most 4. */
size_t fhir_param_parts(const struct fhir_param *p, const struct fhir_param *ret_parts[4]);
/* The first of those a parameter that is any of others (SP_UNION) names: values of all of them are written
 * and kept alike. p itself otherwise. */
const struct fhir_param *fhir_param_first(const struct fhir_param *p);
/* A composite of a code and a quantity: it has index rows of its own. */
bool fhir_param_is_pair(const struct fhir_param *p);
/* The composites with rows whose rows together answer p (itself, or those of a combination of several
 * elements), at most 2; 0 when there are none. */
size_t fhir_param_pairs(const struct fhir_param *p, const struct fhir_param *ret_pairs[2]);
/* The composite that asks for a code and a quantity of the resource itself, by the parameters that ask for
 * each; NULL when there is none. */
const struct fhir_param *fhir_param_pair_of(const struct fhir_param *code,
                                            const struct fhir_param *quantity);
/* May a reference parameter (or an alias) name this type? */
bool fhir_param_names(const struct fhir_param *p, enum fhir_type type);
/* The parameter an alias stands for; p itself otherwise. */
const struct fhir_param *fhir_param_real(const struct fhir_param *p);
/* _tag, _security, _profile and _source of a type: i is 0 to 3. */
enum { FHIR_PARAM_METAS = 4 };
const struct fhir_param *fhir_param_meta(enum fhir_type type, unsigned i);
/* Whether word is one of those in rule, separated by '|'. */
bool fhir_rule_has(const char *rule, struct str word);
/* Is whatever has a value of this date parameter placed in lists by the value's beginning? Others of the type
 * may be placed by elements the parameter knows nothing of. */
bool fhir_param_is_principal(const struct fhir_param *p);
/* "token", "reference" ...: R4 ValueSet search-param-type. */
const char *fhir_param_kind_name(const struct fhir_param *p);
