/* fhir/query.h - a search as it was asked (FHIR R4 search.html), read into criteria. */
#pragma once

#include "fhir/issue.h"
#include "fhir/param.h"
#include "store/tx.h"

struct url_pairs; /* codec/url.h */

enum {
    FHIR_CRITERIA_MAX = 32, /* parameters of one search */
    FHIR_VALUES_MAX = 200,  /* values of one parameter */
    FHIR_INCLUDES_MAX = 16,
    FHIR_SORTS_MAX = 4,
    FHIR_COUNT_DEFAULT = 20,
    FHIR_COUNT_MAX = 1000,
};

enum fhir_modifier {
    MOD_NONE,
    MOD_EXACT,
    MOD_CONTAINS,
    MOD_MISSING,
    MOD_NOT,
    MOD_IDENTIFIER,
    MOD_TEXT,
};

enum fhir_prefix { P_EQ, P_NE, P_LT, P_GT, P_LE, P_GE, P_SA, P_EB, P_AP };

struct fhir_value {
    enum fhir_prefix prefix; /* dates and quantities */
    struct str raw;          /* as asked, escapes undone */
    union {
        struct {
            uint64_t hash; /* 0: any code of the system */
            uint32_t sys;  /* TOKEN_ANY_SYS: any */
        } token;
        struct {
            enum fhir_type type; /* T_NONE: elsewhere, or (id set) of any type of the parameter */
            struct str id;
            int64_t target;      /* filled in before the search: rid or db_ref_url; 0: nothing */
        } ref;
        struct {
            int64_t lo_ms; /* half-open */
            int64_t hi_ms;
        } date;
        struct str folded;
        struct {
            uint64_t unit; /* 0: any */
            double lo;     /* of the number's implicit range */
            double hi;
        } quantity;
        bool missing;
    };
};

struct fhir_criterion {
    const struct fhir_param *p; /* never an alias */
    enum fhir_modifier modifier;
    struct fhir_value *v; /* any of them */
    size_t n;
    struct str param;     /* name as asked, for the self link */
    /* chain: p names a resource of chain_type that matches chain */
    enum fhir_type chain_type;
    struct fhir_criterion *chain;
};

struct fhir_sort {
    const struct fhir_param *p;
    bool descending;
};

struct fhir_include {
    const struct fhir_param *p; /* the reference; its type is the source */
    enum fhir_type target;      /* T_NONE: any */
};

enum fhir_total { TOTAL_NONE, TOTAL_ACCURATE };

struct fhir_query {
    enum fhir_type type;
    struct fhir_criterion *c;
    size_t n;
    struct fhir_sort sort[FHIR_SORTS_MAX];
    size_t n_sort;
    struct fhir_include include[FHIR_INCLUDES_MAX];
    size_t n_include;
    struct fhir_include revinclude[FHIR_INCLUDES_MAX];
    size_t n_revinclude;
    struct str elements[32]; /* _elements: names to keep; n_elements 0: all */
    size_t n_elements;
    uint32_t count;
    enum fhir_total total;
    bool count_only; /* _summary=count or _count=0 */
    struct str cursor; /* opaque text of a next link; empty: first page */
    struct str self;   /* what was understood, encoded, without the cursor */
};

/* Reads parameters. Unknown ones: E_BAD_INPUT when strict, else a warning in rq->issues and left
 * out. Needs rq->db for hashes.
 * errors   E_BAD_INPUT  a malformed value, modifier or chain (rq->issues tells), too many
 */
MUST_USE enum err fhir_query_parse(struct req *rq, enum fhir_type type, const struct url_pairs *form,
                                   bool strict, struct fhir_query *ret_query);
