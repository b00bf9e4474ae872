/* fhir/query.h - a search as it was asked (FHIR R4 search.html), read into a tree of criteria. */
#pragma once

#include "fhir/issue.h"
#include "fhir/param.h"
#include "store/tx.h"

struct url_pairs; /* codec/url.h */
struct hit;

enum {
    FHIR_CRITERIA_MAX = 64,    /* parameters of one search, and leaves of its _filter */
    FHIR_VALUES_MAX = 10000,   /* values of one parameter: tokens, references, addresses, ids */
    FHIR_TEXTS_MAX = 500,      /* values of one parameter of another kind */
    FHIR_NODES_MAX = 256,      /* criteria of one parameter, all types of a chain together */
    FHIR_STEPS_MAX = 8,        /* steps of a chain, nested _has, brackets of a _filter */
    FHIR_INCLUDES_MAX = 32,
    FHIR_SORTS_MAX = 8,
    FHIR_PARTS_MAX = 4,        /* components of a composite */
    FHIR_COUNT_DEFAULT = 20,
    FHIR_COUNT_MAX = 1000,
    FHIR_QUERY_BYTES = 1024 * 1024,
};

enum fhir_modifier {
    MOD_NONE,
    MOD_EXACT,
    MOD_CONTAINS,
    MOD_MISSING,
    MOD_NOT,
    MOD_IDENTIFIER,
    MOD_TEXT,
    MOD_ABOVE,
    MOD_BELOW,
    MOD_IN,
    MOD_NOT_IN,
    MOD_OF_TYPE,
    MOD_EQUALS, /* _filter eq on a text: equal when folded */
    MOD_ENDS,   /* _filter ew */
};

enum fhir_prefix { P_EQ, P_NE, P_LT, P_GT, P_LE, P_GE, P_SA, P_EB, P_AP };

struct fhir_value {
    enum fhir_prefix prefix; /* dates, numbers and quantities */
    struct str raw;          /* as asked, escapes undone */
    union {
        struct {
            uint64_t hash; /* 0: any code of the system */
            uint32_t sys;  /* TOKEN_ANY_SYS: any */
        } token;           /* :of-type: of the identifier's value; what is more stands in raw */
        struct {
            enum fhir_type type; /* T_NONE: elsewhere, or (id set) of any type of the parameter */
            struct str id;
            int64_t target;      /* filled in before the search: rid or db_ref_url; 0: nothing */
            struct str version;  /* of a canonical address or a versioned reference; empty: any */
        } ref;
        struct {
            int64_t lo_ms; /* half-open */
            int64_t hi_ms;
        } date;
        struct str folded;
        struct {
            uint64_t unit;       /* 0: any */
            double lo;           /* of the number's implicit range */
            double hi;
            double mid;          /* the number itself */
            struct str literal;  /* unit asked for as text: unit or code must be it; empty: not */
        } quantity;
        struct {
            double lat; /* degrees */
            double lon;
            double metres;
        } near;
        struct fhir_value *parts; /* composite: one for each component */
        bool missing;
    };
};

enum fhir_ask {
    ASK_PARAM, /* p with its values: any of them */
    ASK_AND,   /* all of sub */
    ASK_OR,    /* any of sub */
    ASK_NOT,   /* not sub[0] */
    ASK_CHAIN, /* p names a resource that meets one of sub (of the type sub[i].type) */
    ASK_HAS,   /* a resource of sub[0].type that meets sub[0] names this one in p */
    ASK_WORDS, /* _text, _content: words in the resource */
};

/* One list of index rows that answers a composite of a code and a quantity. */
struct fhir_pair {
    uint16_t sp;
    uint64_t unit;              /* fhir_pair_key() */
    const struct fhir_value *v; /* the quantity asked for */
};

struct fhir_memo; /* resolve.c: answers about targets of a chain */

struct fhir_criterion {
    enum fhir_ask op;
    enum fhir_type type;        /* of the resource it is asked of */
    const struct fhir_param *p; /* never an alias; NULL for AND, OR, NOT */
    enum fhir_modifier modifier;
    struct fhir_value *v; /* any of them */
    size_t n;
    struct str param;     /* name as asked, for the self link and the record */
    struct fhir_criterion *sub;
    size_t n_sub;
    bool narrative;       /* ASK_WORDS: _text alone */
    bool canonical;       /* CHAIN, HAS: addresses may name what is meant (canonical.h) */
    /* Filled in before the search (resolve.c). */
    bool sorted;          /* v is in the order of its keys */
    bool has_set;         /* set holds all that may be meant, by rid */
    struct hit *set;      /* PARAM, HAS: resources that meet it; CHAIN: targets, and (rid below 0)
                           * their addresses, by which some may be meant */
    size_t n_set;
    bool has_hits;        /* hits holds all resources that meet it (and, of a chain by
                           * addresses, some that do not), newest first */
    struct hit *hits;
    size_t n_hits;
    struct fhir_memo *memo;
    bool one_system;      /* lead.c: the code asked for without a system stands in only_sys alone */
    uint32_t only_sys;
    bool has_pairs;       /* pairs tell all resources that meet it */
    struct fhir_pair *pairs;
    size_t n_pairs;
};

struct fhir_sort {
    const struct fhir_param *p;
    bool descending;
};

struct fhir_include {
    enum fhir_type source;      /* whose references; T_NONE: of any type (*) */
    const struct fhir_param *p; /* the reference; NULL: all of the type */
    enum fhir_type target;      /* T_NONE: any */
    bool iterate;               /* also from what was included */
};

enum fhir_total { TOTAL_NONE, TOTAL_ESTIMATE, TOTAL_ACCURATE };
enum fhir_summary { SUMMARY_FALSE, SUMMARY_TRUE, SUMMARY_TEXT, SUMMARY_DATA, SUMMARY_COUNT };

/* A compartment: what is about one resource (compartmentdefinition.html). */
struct fhir_compartment {
    enum fhir_type type; /* T_NONE: none */
    struct str id;
};

struct fhir_query {
    enum fhir_type type;       /* T_NONE: of several types, see each */
    struct fhir_query *each;   /* several types: one for each, in the order they are answered */
    size_t n_each;
    struct fhir_criterion *c;  /* all of them */
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
    enum fhir_summary summary;
    bool count_only; /* _summary=count or _count=0 */
    bool heads; /* the rows without their bodies; not asked by a parameter */
    struct str cursor; /* opaque text of a next link; empty: first page */
    struct str path;   /* "Observation", "Patient/1/Observation", "" */
    struct str self;   /* what was understood, encoded, without the cursor */
};

/* Reads parameters. Unknown ones: E_BAD_INPUT when strict, else a warning in rq->issues and left
 * out. Needs rq->db for hashes. Texts are borrowed from form.
 * errors   E_BAD_INPUT  a malformed value, modifier or chain (rq->issues tells), too many
 *          E_TOO_LARGE  longer than FHIR_QUERY_BYTES (the search itself, values included)
 */
MUST_USE enum err fhir_query_parse(struct req *rq, enum fhir_type type, const struct url_pairs *form,
                                   bool strict, struct fhir_query *ret_query);
/* The same over several types: all that are kept, or those of _type (type T_NONE); and inside a
 * compartment, when in is not NULL. */
MUST_USE enum err fhir_query_parse_in(struct req *rq, const struct fhir_compartment *in,
                                      enum fhir_type type, const struct url_pairs *form, bool strict,
                                      struct fhir_query *ret_query);
