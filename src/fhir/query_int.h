/* fhir/query_int.h - parts of reading a search; private to the room. */
#pragma once

#include "fhir/query.h"

/* Adds an issue about a parameter and fails. */
MUST_USE enum err query_refuse(struct req *rq, const char *text, struct str param);
/* Cuts at an unescaped sep ("\," and "\|" do not separate). False at the end. */
bool query_cut(struct str *rest, char sep, struct str *ret_part);
struct str query_unescape(struct req *rq, struct str s);
bool query_modifier(struct str name, enum fhir_modifier *ret_m);
/* ---- query_value.c ---- */
bool query_modifier_fits(enum fhir_modifier m, enum fhir_param_kind kind);
/* Values, with commas between, of c->p with c->modifier; only: the type a reference without one is
 * of, or T_NONE. */
MUST_USE enum err query_values(struct req *rq, struct fhir_criterion *c, struct str text,
                               enum fhir_type only);
/* ---- query.c ---- */
/* The one type an alias or a parameter with one target stands for; T_NONE when there are several. */
enum fhir_type query_target_of(const struct fhir_param *p);
/* What one parameter may grow to. */
struct query_budget {
    unsigned depth; /* steps taken so far */
    unsigned nodes; /* criteria made so far */
};
/* Reads name=text for a type. *ret_known is false when the type has no such parameter: then ret_c
 * is untouched and nothing failed. */
MUST_USE enum err query_criterion(struct req *rq, enum fhir_type type, struct str name,
                                  struct str text, struct query_budget *budget,
                                  struct fhir_criterion *ret_c, bool *ret_known);
/* Words of _text and _content. */
MUST_USE enum err query_words(struct req *rq, enum fhir_type type, struct str name,
                              struct str text, struct fhir_criterion *ret_c);
/* ---- query_filter.c ---- */
/* _filter=... (R4 search_filter.html) */
MUST_USE enum err query_filter(struct req *rq, enum fhir_type type, struct str text,
                               struct fhir_criterion *ret_c);
/* ---- terms.c ---- */
/* The codes a value set, or the branch of a code system, holds: as token values.
 * how: MOD_IN, MOD_NOT_IN (text: address or ValueSet/id), MOD_BELOW, MOD_ABOVE (text: system|code) */
MUST_USE enum err query_terms(struct req *rq, struct fhir_criterion *c, struct str text);
