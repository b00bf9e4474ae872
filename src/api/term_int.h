/* api/term_int.h - codes of value sets and code systems; private to the room. */
#pragma once

#include "api/fhir_int.h"
#include "care/content.h"

struct term {
    struct str system;
    struct str code;
    struct str display;
    struct jv concept;           /* with designations; absent: none */
    const struct text4 *titles;  /* in the four languages; NULL: none */
    struct str parent;           /* code of the one above it; empty */
};

enum { TERMS_MAX = 100000 };

struct terms {
    struct http_req *h;
    struct term *v;
    size_t n;
    size_t size;
    bool partly;     /* there are more, which are not here */
    struct str name; /* of the value set or code system */
    struct str version;
};

/* All codes of a code system kept here: a resource, content, definitions, the classification of diagnoses.
 * errors E_NOT_FOUND  not kept here (rq->issues says so); E_TOO_LARGE */
MUST_USE enum err terms_of_system(struct terms *t, struct str system);
/* The codes of a value set: one sent along, or by its address ("SYSTEM?fhir_vs": all of the system).
 * errors E_NOT_FOUND; E_UNSUPPORTED  codes that cannot be listed, filters that are not known; E_TOO_LARGE */
MUST_USE enum err terms_of_resource(struct terms *t, struct jv set);
MUST_USE enum err terms_of_set(struct terms *t, struct str url);
/* NULL when it is not among them. system p NULL: of any. */
const struct term *terms_find(const struct terms *t, struct str system, struct str code);
/* The text of a term in a language: of its titles and designations, else its own. */
struct str term_display(struct http_req *h, const struct term *t, struct str lang);
