/* fhir/path_int.h - what the parts of the FHIRPath engine share; private to the room.
 *
 * lex -> parse -> check -> eval. A program is a tree of nodes; a path such as a.b(c)[0].d is one
 * CHAIN node with a list of steps, so that long paths are no deep trees. The evaluator recurses
 * over the tree only, whose depth is at most PATH_DEPTH_MAX. */
#pragma once

#include <string.h>

#include "codec/ucum.h"
#include "fhir/path.h"
#include "fhir/path_name.h"

/* ---- tree ---- */

enum path_op {
    OP_EMPTY,    /* {} */
    OP_LITERAL,  /* .item */
    OP_THIS,     /* $this, and the head of a path that names none */
    OP_INDEX_VAR,/* $index */
    OP_TOTAL,    /* $total */
    OP_VARIABLE, /* %name */
    OP_CHAIN,    /* args[0] is the head, the others are steps */
    OP_MEMBER,   /* step: .name */
    OP_CALL,     /* step: .name(args) */
    OP_AT,       /* step: [args[0]] */
    OP_IS,       /* args[0] is .type */
    OP_AS,
    OP_NEGATE,
    OP_PLUS,     /* unary */
    OP_ADD,
    OP_SUB,
    OP_CONCAT,
    OP_MUL,
    OP_DIV,
    OP_INT_DIV,
    OP_MOD,
    OP_UNION,
    OP_EQ,
    OP_NE,
    OP_EQV,
    OP_NEQV,
    OP_LT,
    OP_LE,
    OP_GT,
    OP_GE,
    OP_IN,
    OP_CONTAINS,
    OP_AND,
    OP_OR,
    OP_XOR,
    OP_IMPLIES,
};

enum {
    NODE_DESC = 1,      /* a key of sort(): falling */
    NODE_IMPLICIT = 2,  /* capital name right at the head of a path: may be the type of $this */
    NODE_COUNTED = 4,   /* descendants() of which only the number is asked */
    NODE_PARENTS = 16,  /* descendants() of which only a member is asked */
    NODE_TEXT_IS = 8,   /* member = 'text', of a member whose type is known to be a text */
};

/* How the members of an element whose type is known are looked for. */
enum path_way {
    WAY_ASK,       /* by the definitions: choices, and what is not known */
    WAY_COMPLEX,   /* one name */
    WAY_PRIMITIVE, /* a name, and _name beside it */
    WAY_INNER,     /* one name; a resource that says its type */
    WAY_CHOICE,    /* one of the names in choices */
};

/* How a name is followed from a type: found at compile time, or remembered by the environment. */
struct path_way_on {
    const struct def_elem *elem; /* NULL: the type has no such element */
    uint16_t child;              /* type of the values, unless it is a choice */
    uint8_t way;                 /* enum path_way */
    bool nothing;                /* there is no member of that name in any form */
};

/* A member a choice can be: "valueQuantity", and the type its value has. */
struct path_choice {
    struct path_name name;
    uint16_t type;
};

struct path_func;
struct path_regex;

/* A type written in an expression, or that of an item. */
struct path_type_ref {
    uint16_t fhir;   /* def_id of a FHIR type, 0 none */
    uint8_t system;  /* enum def_system, 0 none */
    bool never;      /* a qualified name no type has: matches nothing */
};

struct path_node {
    uint8_t op;      /* enum path_op */
    uint8_t flags;   /* NODE_DESC ... */
    uint16_t n_args;
    uint32_t at;     /* offset in the expression */
    uint16_t depth;  /* levels below and with this one */
    /* member: how it is followed from step_type, found at compile time */
    uint16_t step_type;
    struct path_way_on on; /* on.elem NULL: look it up */
    const struct path_choice *choices; /* of WAY_CHOICE */
    uint16_t n_choices;
    struct path_marks choice_marks; /* of their names */
    uint16_t mark;        /* of a member: json_mark() of its name */
    uint8_t n_hops;       /* of the walk that begins with this step, 0 none */
    uint8_t n_walked;     /* steps of the path it stands for */
    uint8_t first_walk;   /* chain: the step that begins a walk from $this, 0 none */
    const struct path_hop *hops;
    struct path_node **args;
    struct str name;             /* member, function, variable, type */
    const struct path_func *func;
    struct path_type_ref type;   /* is, as, ofType() */
    struct path_item item;       /* literal */
    const struct path_regex *regex; /* compiled pattern of a literal, or NULL */
};

struct path_prog {
    const struct defs *d; /* NULL: bare JSON */
    struct str expr;
    struct path_node *root;
    uint16_t root_type;
    const struct def_type *types; /* rows by def_id, NULL without d */
    uint16_t quantity_type;  /* def_ids used at every turn */
    uint16_t extension_type;
    const struct path_node *walk; /* the whole expression is one walk from the context: its first step */
    unsigned flags;
};

/* Builds the tree. errors E_SYNTAX, E_UNPROCESSED (functions), E_TOO_LARGE */
MUST_USE enum err path_parse(struct req *rq, struct path_prog *prog);
/* Finds the elements of steps and, in strict mode, what can never be. */
MUST_USE enum err path_check(struct req *rq, struct path_prog *prog);

/* ---- evaluation ---- */

/* What steps found lately for types not known when they were compiled, by type and name. */
enum { PATH_STEPS = 64, PATH_NAME_MAX = 40 };
struct path_step_memo {
    struct path_way_on on;
    uint16_t type; /* 0: free */
    uint8_t n;
    char name[PATH_NAME_MAX];
};

/* What members were found to be lately, by type and name. */
enum { PATH_KIDS = 256 };
struct path_kid {
    const char *name; /* of the definitions; NULL: free */
    uint16_t type;
    uint16_t mark;
    uint16_t len;
    uint16_t child; /* type of the values */
    bool inner;     /* they are resources */
};

/* Resource types met lately, by the name they have in JSON. */
enum { PATH_TYPES = 32 };
struct path_type_memo {
    struct str name; /* of the definitions */
    uint16_t type;
};

/* The units an environment met last, parsed, and the steps from types to elements. */
struct path_memory {
    struct path_step_memo steps[PATH_STEPS];
    struct path_kid kids[PATH_KIDS];
    struct path_type_memo types[PATH_TYPES];
    const struct defs *d; /* what they are of */
    int64_t now_ms; /* the moment now is of */
    struct path_time now;
    struct {
        char text[32];
        uint8_t n; /* 0: free */
        struct ucum_unit unit;
    } v[4];
    unsigned next; /* to be overwritten */
    struct {       /* the pair of units compared last */
        char a[32];
        char b[32];
        uint8_t n_a; /* 0: none */
        uint8_t n_b;
        int8_t way;  /* 1: a number of b times factor is one of a; -1: a times factor one of b; 0: neither */
        struct decimal factor; /* exact */
    } pair;
};

struct path_bound { /* defineVariable() */
    struct str name;
    struct path_list value;
    const struct path_bound *next;
};

struct path_vm {
    struct req *rq;
    const struct path_prog *prog;
    const struct defs *d;
    struct path_env *env;
    struct path_item *v; /* the stack */
    uint32_t n;
    uint32_t size;
    uint32_t items_max;
    uint64_t fuel;
    const struct path_bound *bound;
    const struct def_type *types; /* rows by def_id */
    struct path_asker *asker;     /* made when first needed, for this evaluation */
};

/* What $this, $index and $total are at a place of the expression. */
struct path_frame {
    struct path_item self;
    int64_t index;
    bool indexed;        /* $index is bound */
    bool totalled;       /* $total is bound */
    uint32_t total_at;   /* its items on the stack */
    uint32_t total_n;
};

/* Pushes the value of node. The stack above the mark taken before is the result. */
MUST_USE enum err path_run(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node);

/* What does so for one kind of node. */
typedef enum err (*path_run_fn)(struct path_vm *vm, const struct path_frame *f,
                                const struct path_node *node);

/* A function gets its input as the items from base to the top, and leaves its result there. */
typedef enum err (*path_call_fn)(struct path_vm *vm, const struct path_frame *f,
                                 const struct path_node *node, uint32_t base);

enum path_result { /* what a function gives, for the check */
    RES_ANY,
    RES_SAME, /* items of its input */
    RES_BOOLEAN,
    RES_STRING,
    RES_INTEGER,
    RES_DECIMAL,
    RES_DATE,
    RES_DATE_TIME,
    RES_TIME,
    RES_QUANTITY,
    RES_ARG,  /* what its first argument gives: select() */
};

enum {
    FUNC_LAMBDA = 1,     /* arguments are evaluated with $this being each item of the input */
    FUNC_CRITERION = 2,  /* its first argument must be able to be a boolean */
    FUNC_TYPE = 4,       /* its argument is a type */
    FUNC_ORDERED = 8,    /* depends on the order of its input */
    FUNC_UNORDERED = 16, /* gives items in no order */
    FUNC_SORT = 32,      /* arguments are keys of sort() */
    FUNC_FREE = 256,     /* does not look at its input */
};
/* Tells apart up to four functions of one code; path_func_form() reads it. */
#define FUNC_FORM(n) ((n) << 6)

struct path_func {
    struct str name;
    uint8_t min_args;
    uint8_t max_args;
    uint16_t flags;
    uint8_t result; /* enum path_result */
    path_call_fn call;
};

/* NULL when there is none of that name. */
const struct path_func *path_func_find(struct str name);
/* The form of the function a call names. */
static inline unsigned path_func_form(const struct path_node *node)
{
    return node->func->flags >> 6 & 3U;
}

extern const struct path_func path_funcs_list[];
extern const size_t n_path_funcs_list;
extern const struct path_func path_funcs_sum[];
extern const size_t n_path_funcs_sum;
extern const struct path_func path_funcs_string[];
extern const size_t n_path_funcs_string;
extern const struct path_func path_funcs_code[];
extern const size_t n_path_funcs_code;
extern const struct path_func path_funcs_math[];
extern const size_t n_path_funcs_math;
extern const struct path_func path_funcs_convert[];
extern const size_t n_path_funcs_convert;
extern const struct path_func path_funcs_time[];
extern const size_t n_path_funcs_time;
extern const struct path_func path_funcs_fhir[];
extern const size_t n_path_funcs_fhir;
extern const struct path_func path_funcs_def[];
extern const size_t n_path_funcs_def;

/* Whether a type is another or specialises it. */
static inline bool path_type_is_a(const struct path_vm *vm, uint16_t type, uint16_t base)
{
    while (type != 0 && type != base) {
        type = vm->types[type].base;
    }
    return type != 0;
}

/* stack */
enum { PATH_STACK_FIRST = 64 }; /* items there is room for at first */
MUST_USE enum err path_push(struct path_vm *vm, const struct path_item *item);
MUST_USE enum err path_room(struct path_vm *vm, uint32_t n);
/* A new item at the top, not set: the caller writes its fields. Written in place, for a copy of what was
 * just written field by field costs more than the rest of a step. */
MUST_USE static inline enum err path_slot(struct path_vm *vm, struct path_item **ret_item)
{
    if (vm->n == vm->size) {
        TRY(path_room(vm, 1));
    }
    *ret_item = &vm->v[vm->n++];
    return OK;
}
/* The fields of a node, read one by one for the same reason. */
static inline struct path_item path_node_item(const struct path_item *item)
{
    struct path_item copy;
    copy.kind = item->kind;
    copy.flags = item->flags;
    copy.type = item->type;
    copy.sib = item->sib;
    copy.node.doc = item->node.doc;
    copy.node.at = item->node.at;
    return copy;
}
enum err path_spent(struct path_vm *vm);
/* Takes n steps of fuel. */
MUST_USE static inline enum err path_burn(struct path_vm *vm, uint64_t n)
{
    if (vm->fuel < n) {
        return path_spent(vm);
    }
    vm->fuel -= n;
    return OK;
}
static inline void path_drop(struct path_vm *vm, uint32_t base)
{
    vm->n = base;
}
/* Moves the items from..top down to base. */
void path_settle(struct path_vm *vm, uint32_t base, uint32_t from);
/* The items from base become one. */
MUST_USE enum err path_give(struct path_vm *vm, uint32_t base, const struct path_item *item);
MUST_USE enum err path_give_bool(struct path_vm *vm, uint32_t base, bool b);
MUST_USE enum err path_give_int(struct path_vm *vm, uint32_t base, int64_t i);
MUST_USE enum err path_give_str(struct path_vm *vm, uint32_t base, struct str s);
MUST_USE enum err path_give_dec(struct path_vm *vm, uint32_t base, const struct decimal *d,
                                bool inexact);
MUST_USE enum err path_give_quantity(struct path_vm *vm, uint32_t base,
                                     const struct path_quantity *q);
/* An error at a node: E_UNPROCESSED "FHIRPath at N: what". */
enum err path_fail(struct path_vm *vm, const struct path_node *node, const char *what);
#define PATH_FAIL(vm, node, what) path_fail((vm), (node), "" what)

enum path_tri { TRI_FALSE, TRI_TRUE, TRI_EMPTY };
/* Singleton evaluation to boolean of the items from base; drops them. */
MUST_USE enum err path_take_tri(struct path_vm *vm, const struct path_node *node, uint32_t base,
                                enum path_tri *ret_tri);
/* Evaluates the i-th argument in the outer frame and takes its single item as a System value.
 * *ret_has false: empty. Several items are an error. */
MUST_USE enum err path_arg(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, unsigned i, struct path_item *ret_value,
                           bool *ret_has);
MUST_USE enum err path_arg_str(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, unsigned i, struct str *ret_s,
                               bool *ret_has);
MUST_USE enum err path_arg_int(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, unsigned i, int64_t *ret_i,
                               bool *ret_has);
/* The single item of the input as a System value; complex ones stay. *ret_has false: empty, or
 * without value. Several items are an error. */
MUST_USE enum err path_input(struct path_vm *vm, const struct path_node *node, uint32_t base,
                             struct path_item *ret_value, bool *ret_has);
/* The single text of the input, which is dropped. *ret_has false: empty. */
MUST_USE enum err path_input_str(struct path_vm *vm, const struct path_node *node, uint32_t base,
                                 struct str *ret_s, bool *ret_has);
/* The same, and a first argument that is a text. */
MUST_USE enum err path_input_and_str(struct path_vm *vm, const struct path_frame *f,
                                     const struct path_node *node, uint32_t base,
                                     struct str *ret_s, struct str *ret_arg, bool *ret_has);
enum { PATH_TEXT_MAX = 16 * 1024 * 1024 }; /* bytes of a text that is built */
MUST_USE enum err path_give_buf(struct path_vm *vm, uint32_t base, struct buf *b);
/* The frame of item i (its index in the input) for a lambda. */
struct path_frame path_frame_of(const struct path_frame *f, const struct path_item *self,
                                int64_t index);
/* The same for the next item, in a frame already made. */
static inline void path_frame_next(struct path_frame *f, const struct path_item *self,
                                   int64_t index)
{
    if (self->kind == PATH_NODE) {
        f->self = path_node_item(self);
    } else {
        f->self = *self;
    }
    f->index = index;
    f->indexed = true;
}

/* walks: path_walk.c */
enum { PATH_HOPS = 8 };
/* One hop of a walk: the members of an object it goes to. */
struct path_hop {
    struct path_name name;
    struct path_name only; /* resources of this type only; s.n 0: any */
    const struct path_node *choice; /* one of its choices, not a name */
    uint16_t type;    /* of the values */
    bool inner;       /* they are resources */
};
/* Makes hops of the steps of a path whose types are known. */
MUST_USE enum err path_walk_prepare(struct req *rq, const struct defs *d,
                                    struct path_node *const *steps, unsigned n);
/* Notes that a path begins with a walk from $this. */
void path_walk_first(const struct defs *d, struct path_node *chain);
/* Notes that a whole expression is one walk. */
void path_walk_whole(struct path_prog *prog);
/* Walks from an element with a document. *ret_done false: nothing was done, the steps must be gone. */
MUST_USE enum err path_walk(struct path_vm *vm, const struct path_node *step,
                            const struct path_item *from, bool *ret_done);
/* The same from each of the items from base, in whose place the ends are put. */
MUST_USE enum err path_walk_all(struct path_vm *vm, const struct path_node *step, uint32_t base,
                                bool *ret_done);

/* comparisons from the tape: path_quick.c */
/* Marks a comparison that path_text_is can answer. */
void path_text_prepare(const struct defs *d, struct path_node *node);
/* The answer of a comparison so marked, where $this is self. False: it must be evaluated. */
bool path_text_is(struct path_vm *vm, const struct path_item *self, const struct path_node *node,
                  enum path_tri *ret_tri);
/* A number, date or boolean computed of literals only becomes a literal. */
void path_fold(struct req *rq, const struct path_prog *prog, struct path_node *node);

/* navigation: path_step.c */
/* Where a name was found in an object; 0 is none (the root is no member). */
struct path_member {
    uint32_t at;  /* of the value */
    uint32_t sib; /* of the value of _name */
};
/* A step of that name: what path_step_member and path_step_from need of it when d is not known. */
struct path_node path_step_node(struct str name);
/* both: look for _name too; without, it is looked at only where name itself is absent. */
struct path_member path_find(struct jv obj, struct str name, bool both);
/* Pushes the value at, or the values of the array at: of that type; inner: they are resources. Nothing
 * stands beside them. */
MUST_USE enum err path_push_values(struct path_vm *vm, const struct json_doc *doc, uint32_t at,
                                   uint16_t type, bool inner);
/* The same of a member that may have something beside it. */
MUST_USE enum err path_push_member(struct path_vm *vm, const struct json_doc *doc,
                                   struct path_member m, uint16_t type, bool inner);
/* The object with an element's children; doc NULL when it has none. */
struct jv path_object(const struct path_item *item);
/* path_resource_type, remembering the answers of before. */
uint16_t path_inner_type(struct path_vm *vm, struct jv node);
/* The first of a step's choices in an object that is not odd, and its type; NULL none. */
const struct json_node *path_find_choice(const struct path_node *step, const struct json_doc *doc,
                                         const struct json_node *obj, uint16_t *ret_type);
MUST_USE enum err path_step_member(struct path_vm *vm, const struct path_node *node, uint32_t base);
/* The children of that name of one node. */
MUST_USE enum err path_step_from(struct path_vm *vm, const struct path_node *node,
                                 const struct path_item *item);
/* trees: path_tree.c */
/* parents: only those that can have children themselves. */
MUST_USE enum err path_children(struct path_vm *vm, const struct path_item *item, bool parents);
/* The number of the members of all items from base, and of theirs. False: they must be gone through. */
bool path_tree_count(struct path_vm *vm, uint32_t base, uint32_t *ret_n);
/* The members of all items from base, and theirs, in their place. */
MUST_USE enum err path_descendants(struct path_vm *vm, uint32_t base);
/* The same, and of them a member: what can have none is left out on the way. */
MUST_USE enum err path_descendants_named(struct path_vm *vm, const struct path_node *member,
                                         uint32_t base);
/* steps once more */
/* The type of an element that is no choice. id and Extension.url have the FHIRPath type System.String in
 * R4; the definitions give the FHIR type their text has. */
uint16_t path_elem_type(const struct defs *d, const struct def_elem *e);
/* How the members of an element are looked for; type is what path_elem_type gives. */
uint8_t path_elem_way(const struct defs *d, const struct def_elem *e, uint16_t type);
/* The type a value of DEF_INNER elements says it has. */
uint16_t path_resource_type(const struct defs *d, struct jv node);

/* operators: path_operator.c */
MUST_USE enum err path_operate(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node);

/* Pushes what the arithmetic operator of node makes of two values; nothing when it has no result. */
MUST_USE enum err path_compute(struct path_vm *vm, const struct path_node *node,
                               const struct path_item *a, const struct path_item *b);

/* The answer to a question: the caller's, else by R4 and the content. path_func_def.c */
int path_asked(struct path_vm *vm, const struct path_question *q);
/* The input of a function whose argument is there (*has), as it is; false and nothing on the stack when
 * either is empty. Several items are an error. */
MUST_USE enum err path_single(struct path_vm *vm, const struct path_node *node, uint32_t base,
                              struct path_item *ret_item, bool *has);
/* is, as: of the items from base, both as operators and as functions; path_func_fhir.c */
MUST_USE enum err path_do_is(struct path_vm *vm, const struct path_node *node, uint32_t base);
MUST_USE enum err path_do_as(struct path_vm *vm, const struct path_node *node, uint32_t base);
