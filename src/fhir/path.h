/* fhir/path.h - FHIRPath (N1 normative, with the functions of the later ballot that R4 suites use):
 * expressions over FHIR resources, or over bare JSON, compiled once and evaluated often.
 *
 * A program is immutable and may be shared between threads. Evaluation works on one growing stack
 * of items kept in the environment, so that the common paths allocate nothing; what is built (texts,
 * quantities) lives in the request's arena. Fuel and a limit of items bound every evaluation,
 * whatever the expression or the input.
 *
 * Decimals are exact (codec/decimal.h). Units are UCUM or calendar words. Dates know their
 * precision; what cannot be decided is empty. */
#pragma once

#include "base/instant.h"
#include "codec/decimal.h"
#include "codec/json.h"
#include "fhir/defs.h"

enum {
    PATH_EXPR_MAX = 64 * 1024,      /* bytes of an expression */
    PATH_DEPTH_MAX = 200,           /* levels of an expression, brackets and operators together */
    PATH_FUEL = 20 * 1000 * 1000,   /* steps of one evaluation when the caller names no limit */
    PATH_ITEMS_MAX = 400 * 1000,    /* items held at once when the caller names no limit */
};

/* How an expression is read. */
enum {
    PATH_STRICT = 1,         /* unknown elements, impossible types and criteria are errors */
    PATH_LENIENT_AS = 2,     /* as filters a collection, as SearchParameters of R4 need it */
    PATH_CHECK_ORDERED = 4,  /* first(), skip() ... after children() are errors */
    PATH_JOIN_TEXT = 8,      /* join() of nothing is an empty text, as ViewDefinitions have it */
};

/* Kinds of items. Those of System types equal enum def_system. */
enum path_kind {
    PATH_NODE = 0, /* an element of JSON, complex or primitive */
    PATH_BOOLEAN = DEF_SYS_BOOLEAN,
    PATH_STRING = DEF_SYS_STRING,
    PATH_INTEGER = DEF_SYS_INTEGER,
    PATH_DECIMAL = DEF_SYS_DECIMAL,
    PATH_DATE = DEF_SYS_DATE,
    PATH_DATE_TIME = DEF_SYS_DATE_TIME,
    PATH_TIME = DEF_SYS_TIME,
    PATH_QUANTITY = DEF_SYS_QUANTITY,
    PATH_TYPE = DEF_SYS_COUNT, /* what type() gives: s is the name */
};

enum {
    PATH_NO_VALUE = 1,  /* node: a primitive with id or extensions only; node.at is the _x object */
    PATH_INEXACT = 2,   /* number: a quotient or a function's result that was rounded */
    PATH_OF_SYSTEM = 4, /* type: in the namespace System, else FHIR */
};

enum path_precision {
    PATH_YEAR = 1,
    PATH_MONTH,
    PATH_DAY,
    PATH_HOUR,
    PATH_MINUTE,
    PATH_SECOND, /* with or without a fraction */
};

/* A date, dateTime or time as far as it is known; fields past the precision are at their lowest. */
struct path_time {
    int16_t year; /* 1..9999; 1970 of times */
    uint8_t month;
    uint8_t day;
    uint8_t hour;
    uint8_t minute;
    uint8_t second;
    uint8_t precision;   /* enum path_precision */
    uint32_t nano;       /* fraction of the second */
    int16_t offset_min;  /* east of UTC */
    uint8_t frac_digits; /* digits of the fraction as given, 0..9 */
    bool zone;           /* offset_min is known */
};

enum path_unit_kind {
    PATH_UNIT_UCUM,     /* 1 'mg' */
    PATH_UNIT_CALENDAR, /* 1 year */
    PATH_UNIT_EITHER,   /* a FHIR Quantity of time: both, as the other operand wants it */
    PATH_UNIT_OTHER,    /* a unit of no known system: equal to itself only */
};

struct path_quantity {
    struct decimal value;
    struct str unit; /* UCUM code, or the calendar word as it was written */
    uint8_t kind;    /* enum path_unit_kind */
    bool inexact;    /* the value was rounded */
};

struct path_item {
    uint8_t kind;  /* enum path_kind */
    uint8_t flags; /* PATH_NO_VALUE ... */
    uint16_t type; /* node: def_id, 0 not known */
    uint32_t sib;  /* node: index of the value of _x in the same document, 0 none */
    union {
        struct jv node;
        bool b;
        int64_t i;
        struct decimal d;
        struct str s;
        struct path_time t; /* date, dateTime, time */
        const struct path_quantity *q;
    };
};

struct path_list {
    const struct path_item *v;
    size_t n;
};

struct path_prog;

struct path_var {
    struct str name; /* without % */
    struct path_list value;
};

/* What stands at a reference or canonical: fills ret_item and says true, or says false when it
 * cannot be had. ref is the text of Reference.reference or of the uri itself. */
typedef bool (*path_resolve_fn)(struct req *rq, struct str ref, void *ctx,
                                struct path_item *ret_item);
enum path_ask {
    PATH_CONFORMS_TO, /* arg: canonical of a profile */
    PATH_MEMBER_OF,   /* arg: canonical of a value set */
    PATH_HTML_CHECKS, /* whether a Narrative's div is allowed */
    PATH_SLICE,       /* arg: canonical of a profile, name: of its slice */
    PATH_SUBSUMES,    /* other: the code that may stand below */
};
/* A question an evaluator cannot answer itself. */
struct path_question {
    enum path_ask what;
    const struct path_item *item;
    const struct path_item *other;
    const struct def_elem *elem; /* of PATH_SLICE: the element the item is, NULL not known */
    struct str arg;
    struct str name;
};
/* 1 yes, 0 no, -1 not known here (an error, of htmlChecks true). */
typedef int (*path_ask_fn)(struct req *rq, const struct path_question *q, void *ctx);
/* Who answers where the caller does not: by R4, and by the content where the request has a store.
 * root   the outermost resource; references are looked up there
 * validate_ask.c */
struct path_asker;
MUST_USE enum err path_asker_new(struct req *rq, struct jv root, struct path_asker **ret_asker);
int path_asker_ask(const struct path_asker *asker, const struct path_question *q);
/* trace(name): called with what passes. */
typedef void (*path_trace_fn)(struct str name, struct path_list items, void *ctx);

struct path_env {
    struct path_item context;       /* %context and the outermost $this; see path_item_of */
    struct path_item resource;      /* %resource: the innermost resource that holds the context */
    struct path_item root_resource; /* %rootResource: the resource that contains it, or itself */
    path_resolve_fn resolve;        /* may be NULL: resolve() is empty */
    path_ask_fn ask;                /* NULL: by R4, and the content where the request has a store */
    path_trace_fn trace;            /* may be NULL */
    void *ctx;                      /* given to all three */
    const struct path_var *vars;    /* %name */
    size_t n_vars;
    uint64_t fuel;                  /* 0: PATH_FUEL */
    uint32_t items_max;             /* 0: PATH_ITEMS_MAX */
    struct instant now;             /* 0: that of the request */
    /* private: the stack and the units met last, kept between evaluations of the same environment. They
     * are of the arena as it was at the first evaluation: nothing before it may be given back while
     * the environment is in use; path_eval_bool and path_eval_test see to it themselves. */
    struct path_item *stack;
    uint32_t stack_size;
    struct path_memory *memory;
};

/* Compiles an expression into rq->a.
 * d          the definitions; NULL for bare JSON: values have the System types, choices are not
 *            resolved
 * expr       borrowed as long as the program lives
 * root_type  def_id of %context, or 0 when it is not known before evaluation
 * errors     E_SYNTAX       not FHIRPath; detail "FHIRPath at N: ..."
 *            E_UNPROCESSED  an unknown function or type, a wrong number of arguments; in strict mode
 *                           what can never be
 *            E_TOO_LARGE    PATH_EXPR_MAX, PATH_DEPTH_MAX, memory */
MUST_USE enum err path_compile(struct req *rq, const struct defs *d, struct str expr,
                               uint16_t root_type, unsigned flags, struct path_prog **ret_prog);
struct str path_prog_expr(const struct path_prog *prog);

/* The environment of a whole resource: context, resource and root are item. */
struct path_env path_env_of(struct path_item item);
/* Takes the environment's private memory from rq->a now, so that what evaluations take after it may be
 * given back; whoever does keeps stack and stack_size of before. */
MUST_USE enum err path_env_ready(struct req *rq, struct path_env *env);
/* The item of a JSON value. type 0: what the value itself says by resourceType, if d is given. */
struct path_item path_item_of(const struct defs *d, struct jv node, uint16_t type);

/* Evaluates. *ret_list borrows the environment's stack: valid until its next evaluation.
 * errors  E_UNPROCESSED  the expression fails on this input (several items where one may stand,
 *                        operands that do not go together ...)
 *         E_TOO_LARGE    fuel, items or memory */
MUST_USE enum err path_eval(struct req *rq, const struct path_prog *prog, struct path_env *env,
                            struct path_list *ret_list);
/* The rule of invariants: empty is true, one boolean is itself, anything else is an error. What
 * the evaluation took of rq->a is given back. */
MUST_USE enum err path_eval_bool(struct req *rq, const struct path_prog *prog,
                                 struct path_env *env, bool *ret_b);
/* The rule of criteria: empty is false, a single item that is no boolean is true. */
MUST_USE enum err path_eval_test(struct req *rq, const struct path_prog *prog,
                                 struct path_env *env, bool *ret_b);

/* The System value of an item: a primitive element becomes boolean, string, number, date ...; false
 * for complex ones and those without value. Texts are decoded into a when they hold escapes. */
bool path_item_value(struct arena *a, const struct defs *d, const struct path_item *item,
                     struct path_item *ret_value);
/* Text of a System value as toString() gives it; complex items as JSON. */
void path_item_text(struct buf *b, struct arena *a, const struct defs *d,
                    const struct path_item *item);
/* "string", "Quantity", "Patient.contact" ...: name of the item's type, without namespace. */
struct str path_item_type(const struct defs *d, const struct path_item *item);

/* [{"type":"string","value":"Peter"}, ...]: elements as JSON, decimals with their digits, dates and
 * quantities as text. Primitives without value have no "value". */
struct json_out;
void path_list_write(struct json_out *o, struct arena *a, const struct defs *d,
                     struct path_list list);

/* A regular expression by itself, that a whole text must meet; what it may cost is bounded (limit inner
 * calls for a text). errors  E_BAD_INPUT  no regular expression */
struct path_pattern;
MUST_USE enum err path_pattern_new(struct req *rq, struct str pattern, uint32_t limit,
                                   struct path_pattern **ret_pattern);
/* errors  E_TOO_LARGE  it takes too long */
MUST_USE enum err path_pattern_fits(struct req *rq, const struct path_pattern *p, struct str text,
                                    bool *ret_fits);
