/* fhir/terms_int.h - a value set as it was read: what asking and listing share; private to the room. */
#pragma once

#include "fhir/terms.h"

enum part_how {
    PART_ANY,     /* no part of its own: whatever its value sets have in common */
    PART_WHOLE,   /* a code system */
    PART_FILTER,  /* those of marks */
    PART_LIST,    /* those of v_terms */
    PART_FORM,    /* those that have a grammar */
};

struct term_part {
    enum part_how how;
    struct str system;            /* of a list of several: empty */
    const struct term_system *of; /* NULL: not carried here */
    uint8_t *marks;
    struct term *v_terms;
    uint32_t n;
    uint32_t *slots;              /* place + 1, by code */
    uint32_t mask;
    enum def_set_kind form;
    const struct term_set **sets; /* all of them must have it; NULL among them: not kept here */
    uint32_t n_sets;
    enum term_gap gap;
    struct str about;
};

struct term_set {
    struct term_set_about about;
    uint16_t row;              /* of R4's own; else 0 */
    struct term_part *in;
    uint32_t n_in;
    struct term_part *out;
    uint32_t n_out;
};

/* The text of a member; empty when it is none. */
static inline struct str term_text(struct req *rq, struct jv obj, struct str name)
{
    struct str s = json_str(rq->a, json_get(obj, name));
    return s.p != NULL ? s : S("");
}

/* "url|version"; the url alone where there is no version. */
struct str term_canonical(struct req *rq, struct str url, struct str version);

/* As term_set_has(), for a set that stands deep sets below the one asked. *ret_term is left as it is where
 * the term is not known. */
MUST_USE enum err term_set_ask(struct req *rq, const struct term_set *set, struct str system,
                               struct str code, unsigned deep, enum def_in *ret_in,
                               const struct term **ret_term);
