/* fhir/path_parse.c - tokens of FHIRPath into a tree: operator precedence, one token ahead. See
 * path_int.h; grammar: FHIRPath N1 appendix B. */
#include "fhir/path_lex.h"
#include "fhir/path_value.h"

struct parser {
    struct req *rq;
    struct path_prog *prog;
    struct path_lexer lex;
    struct path_token t; /* the token looked at */
    unsigned depth;      /* brackets and arguments open */
};

/* Levels of precedence, loosest first. */
enum level {
    LEVEL_IMPLIES = 1,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_MEMBER,
    LEVEL_EQUAL,
    LEVEL_ORDER,
    LEVEL_UNION,
    LEVEL_TYPE,
    LEVEL_SUM,
    LEVEL_PRODUCT,
    LEVEL_SIGN,
};

struct operator{
    struct str word; /* an identifier, or empty */
    uint8_t sign;    /* enum path_sign */
    uint8_t level;   /* enum level */
    uint8_t op;      /* enum path_op */
};

/* clang-format off */
static const struct operator operators[] = {
    {SI("implies"),  0,          LEVEL_IMPLIES, OP_IMPLIES },
    {SI("or"),       0,          LEVEL_OR,      OP_OR      },
    {SI("xor"),      0,          LEVEL_OR,      OP_XOR     },
    {SI("and"),      0,          LEVEL_AND,     OP_AND     },
    {SI("in"),       0,          LEVEL_MEMBER,  OP_IN      },
    {SI("contains"), 0,          LEVEL_MEMBER,  OP_CONTAINS},
    {SI(""),         SIGN_EQ,    LEVEL_EQUAL,   OP_EQ      },
    {SI(""),         SIGN_NE,    LEVEL_EQUAL,   OP_NE      },
    {SI(""),         SIGN_EQV,   LEVEL_EQUAL,   OP_EQV     },
    {SI(""),         SIGN_NEQV,  LEVEL_EQUAL,   OP_NEQV    },
    {SI(""),         SIGN_LT,    LEVEL_ORDER,   OP_LT      },
    {SI(""),         SIGN_LE,    LEVEL_ORDER,   OP_LE      },
    {SI(""),         SIGN_GT,    LEVEL_ORDER,   OP_GT      },
    {SI(""),         SIGN_GE,    LEVEL_ORDER,   OP_GE      },
    {SI(""),         SIGN_BAR,   LEVEL_UNION,   OP_UNION   },
    {SI("is"),       0,          LEVEL_TYPE,    OP_IS      },
    {SI("as"),       0,          LEVEL_TYPE,    OP_AS      },
    {SI(""),         SIGN_PLUS,  LEVEL_SUM,     OP_ADD     },
    {SI(""),         SIGN_MINUS, LEVEL_SUM,     OP_SUB     },
    {SI(""),         SIGN_AMP,   LEVEL_SUM,     OP_CONCAT  },
    {SI(""),         SIGN_STAR,  LEVEL_PRODUCT, OP_MUL     },
    {SI(""),         SIGN_SLASH, LEVEL_PRODUCT, OP_DIV     },
    {SI("div"),      0,          LEVEL_PRODUCT, OP_INT_DIV },
    {SI("mod"),      0,          LEVEL_PRODUCT, OP_MOD     },
};
/* clang-format on */

static enum err expression(struct parser *p, unsigned level, struct path_node **ret_node);

static enum err syntax(struct parser *p, const char *what)
{
    return FAIL(p->rq, E_SYNTAX, "FHIRPath at %u: %s", p->t.at, what);
}

static enum err advance(struct parser *p)
{
    return path_lex(&p->lex, &p->t);
}

static bool at_sign(const struct parser *p, enum path_sign sign)
{
    return p->t.kind == TOK_SIGN && p->t.sign == sign;
}

static enum err expect(struct parser *p, enum path_sign sign, const char *what)
{
    return at_sign(p, sign) ? advance(p) : syntax(p, what);
}

static enum err node_new(struct parser *p, enum path_op op, struct path_node **ret_node)
{
    struct path_node *node = ARENA_NEW(p->rq->a, struct path_node);
    TRY_MEM(p->rq, node);
    node->op = (uint8_t)op;
    node->at = p->t.at;
    node->depth = 1;
    *ret_node = node;
    return OK;
}

/* Room for arguments grows by doubling: at powers of two the array is copied. */
static enum err add_arg(struct parser *p, struct path_node *node, struct path_node *arg)
{
    unsigned n = node->n_args;
    if (n == UINT16_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: too many parts", node->at);
    }
    if ((n & (n - 1)) == 0) {
        struct path_node **args = ARENA_ARRAY(p->rq->a, n == 0 ? 1 : 2 * n, struct path_node *);
        TRY_MEM(p->rq, args);
        for (unsigned i = 0; i < n; i++) {
            args[i] = node->args[i];
        }
        node->args = args;
    }
    node->args[n] = arg;
    node->n_args = (uint16_t)(n + 1);
    if (arg->depth >= node->depth) {
        node->depth = (uint16_t)(arg->depth + 1);
    }
    if (node->depth > PATH_DEPTH_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: nested too deeply", node->at);
    }
    return OK;
}

/* ---- types ---- */

static const struct {
    struct str name;
    uint8_t system;
} system_types[] = {
    {SI("Boolean"), DEF_SYS_BOOLEAN},    {SI("String"), DEF_SYS_STRING},
    {SI("Integer"), DEF_SYS_INTEGER},    {SI("Decimal"), DEF_SYS_DECIMAL},
    {SI("Date"), DEF_SYS_DATE},          {SI("DateTime"), DEF_SYS_DATE_TIME},
    {SI("Time"), DEF_SYS_TIME},          {SI("Quantity"), DEF_SYS_QUANTITY},
};

static uint8_t system_type(struct str name)
{
    for (size_t i = 0; i < LEN(system_types); i++) {
        if (str_eq(system_types[i].name, name)) {
            return system_types[i].system;
        }
    }
    return 0;
}

/* space: "System", "FHIR" or empty (p NULL): then both are searched. */
static enum err resolve_type(struct parser *p, struct path_node *node, struct str space,
                             struct str name)
{
    const struct defs *d = p->prog->d;
    bool any = space.p == NULL;
    node->name = name;
    if (any || str_eq(space, S("System"))) {
        node->type.system = system_type(name);
    }
    if (d != NULL && (any || str_eq(space, S("FHIR")))) {
        node->type.fhir = def_find(d, name);
        if (node->type.fhir != 0 && def_type_row(d, node->type.fhir)->kind == DEF_SYSTEM) {
            node->type.fhir = 0;
        }
    }
    if (node->type.system != 0 || node->type.fhir != 0) {
        return OK;
    }
    if (str_eq(space, S("System"))) {
        node->type.never = true;
        return OK;
    }
    return FAIL(p->rq, E_UNPROCESSED, "FHIRPath at %u: no such type", node->at);
}

/* identifier, or identifier.identifier */
static enum err type_name(struct parser *p, struct path_node *node)
{
    struct str space = {NULL, 0};
    if (p->t.kind != TOK_IDENT && p->t.kind != TOK_DELIMITED) {
        return syntax(p, "the name of a type belongs here");
    }
    struct str name = p->t.text;
    TRY(advance(p));
    if (at_sign(p, SIGN_DOT) && (str_eq(name, S("System")) || str_eq(name, S("FHIR")))) {
        TRY(advance(p));
        if (p->t.kind != TOK_IDENT && p->t.kind != TOK_DELIMITED) {
            return syntax(p, "the name of a type belongs here");
        }
        space = name;
        name = p->t.text;
        TRY(advance(p));
    }
    return resolve_type(p, node, space, name);
}

/* ---- steps ---- */

static enum err sort_key(struct parser *p, struct path_node **arg)
{
    bool desc = false;
    if (p->t.kind == TOK_IDENT && (str_eq(p->t.text, S("asc")) || str_eq(p->t.text, S("desc")))) {
        desc = str_eq(p->t.text, S("desc"));
        TRY(advance(p));
    } else if ((*arg)->op == OP_NEGATE) {
        desc = true; /* sort(-key): the sign is the direction, also of texts */
        *arg = (*arg)->args[0];
    }
    if (desc) {
        (*arg)->flags |= NODE_DESC;
    }
    return OK;
}

static enum err arguments(struct parser *p, struct path_node *call)
{
    if (at_sign(p, SIGN_CLOSE)) {
        return advance(p);
    }
    for (;;) {
        struct path_node *arg = NULL;
        if (call->func->flags & FUNC_TYPE) {
            TRY(type_name(p, call));
            TRY(node_new(p, OP_EMPTY, &arg)); /* counts as its argument */
        } else {
            TRY(expression(p, LEVEL_IMPLIES, &arg));
        }
        if (call->func->flags & FUNC_SORT) {
            TRY(sort_key(p, &arg));
        }
        TRY(add_arg(p, call, arg));
        if (!at_sign(p, SIGN_COMMA)) {
            break;
        }
        TRY(advance(p));
    }
    return expect(p, SIGN_CLOSE, "a closing bracket is missing");
}

static enum err call(struct parser *p, struct path_node *node)
{
    node->op = OP_CALL;
    node->func = path_func_find(node->name);
    if (node->func == NULL) {
        return FAIL(p->rq, E_UNPROCESSED, "FHIRPath at %u: no such function", node->at);
    }
    TRY(advance(p));
    if (++p->depth > PATH_DEPTH_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: nested too deeply", node->at);
    }
    TRY(arguments(p, node));
    p->depth--;
    if (node->n_args < node->func->min_args || node->n_args > node->func->max_args) {
        return FAIL(p->rq, E_UNPROCESSED, "FHIRPath at %u: wrong number of arguments", node->at);
    }
    return OK;
}

/* name or name(...); the identifier is the token looked at. */
static enum err member_or_call(struct parser *p, struct path_node **ret_node)
{
    struct path_node *node = NULL;
    bool plain = p->t.kind == TOK_IDENT;
    if (!plain && p->t.kind != TOK_DELIMITED) {
        return syntax(p, "a name belongs here");
    }
    TRY(node_new(p, OP_MEMBER, &node));
    node->name = p->t.text;
    TRY(advance(p));
    if (at_sign(p, SIGN_OPEN)) {
        TRY(call(p, node));
    } else {
        node->mark = json_mark(node->name.p, node->name.n);
    }
    *ret_node = node;
    return OK;
}

/* ---- terms ---- */

static enum err literal(struct parser *p, struct path_item item, struct path_node **ret_node)
{
    TRY(node_new(p, OP_LITERAL, ret_node));
    (*ret_node)->item = item;
    return OK;
}

/* A number, and the unit after it. */
static enum err number(struct parser *p, struct path_node **ret_node)
{
    struct path_item item = {.kind = PATH_INTEGER};
    struct decimal d;
    if (!decimal_parse(p->t.text, &d)) {
        return syntax(p, "a number with too many digits");
    }
    if (p->t.kind == TOK_DECIMAL || !str_i64(p->t.text, &item.i)) {
        item.kind = PATH_DECIMAL;
        item.d = d;
    }
    TRY(literal(p, item, ret_node));
    TRY(advance(p));
    bool calendar = p->t.kind == TOK_IDENT && path_calendar_word(p->t.text) != CAL_NONE;
    if (!calendar && p->t.kind != TOK_STRING) {
        return OK;
    }
    struct path_quantity *q = ARENA_NEW(p->rq->a, struct path_quantity);
    TRY_MEM(p->rq, q);
    q->value = d;
    q->unit = p->t.text;
    q->kind = calendar ? PATH_UNIT_CALENDAR : PATH_UNIT_UCUM;
    (*ret_node)->item = (struct path_item){.kind = PATH_QUANTITY, .q = q};
    return advance(p);
}

static enum err dollar(struct parser *p, struct path_node **ret_node)
{
    static const struct {
        struct str word;
        enum path_op op;
    } words[] = {{SI("this"), OP_THIS}, {SI("index"), OP_INDEX_VAR}, {SI("total"), OP_TOTAL}};
    for (size_t i = 0; i < LEN(words); i++) {
        if (str_eq(words[i].word, p->t.text)) {
            TRY(node_new(p, words[i].op, ret_node));
            return advance(p);
        }
    }
    return syntax(p, "$this, $index or $total belongs here");
}

static enum err bracket(struct parser *p, struct path_node **ret_node)
{
    if (++p->depth > PATH_DEPTH_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: nested too deeply", p->t.at);
    }
    TRY(advance(p));
    TRY(expression(p, LEVEL_IMPLIES, ret_node));
    p->depth--;
    return expect(p, SIGN_CLOSE, "a closing bracket is missing");
}

/* A path that begins with a name: $this is its head. */
static enum err path_head(struct parser *p, struct path_node **ret_node)
{
    struct path_node *head = NULL;
    struct path_node *step = NULL;
    struct path_node *chain = NULL;
    TRY(node_new(p, OP_CHAIN, &chain));
    TRY(node_new(p, OP_THIS, &head));
    TRY(member_or_call(p, &step));
    if (step->name.n > 0 && step->name.p[0] >= 'A' && step->name.p[0] <= 'Z') {
        step->flags |= NODE_IMPLICIT; /* types begin with a capital, elements do not */
    }
    TRY(add_arg(p, chain, head));
    TRY(add_arg(p, chain, step));
    *ret_node = chain;
    return OK;
}

static enum err term(struct parser *p, struct path_node **ret_node)
{
    switch ((enum path_token_kind)p->t.kind) {
    case TOK_STRING:
        TRY(literal(p, (struct path_item){.kind = PATH_STRING, .s = p->t.text}, ret_node));
        return advance(p);
    case TOK_TIME:
        TRY(literal(p, (struct path_item){.kind = p->t.time_kind, .t = p->t.time}, ret_node));
        return advance(p);
    case TOK_INTEGER:
    case TOK_DECIMAL: return number(p, ret_node);
    case TOK_DOLLAR: return dollar(p, ret_node);
    case TOK_VARIABLE:
        TRY(node_new(p, OP_VARIABLE, ret_node));
        (*ret_node)->name = p->t.text;
        return advance(p);
    case TOK_SIGN:
        if (p->t.sign == SIGN_OPEN) {
            return bracket(p, ret_node);
        }
        if (p->t.sign == SIGN_OPEN_CURLY) {
            TRY(node_new(p, OP_EMPTY, ret_node));
            TRY(advance(p));
            return expect(p, SIGN_CLOSE_CURLY, "{ needs its }");
        }
        break;
    case TOK_IDENT: {
        bool yes = str_eq(p->t.text, S("true"));
        if (yes || str_eq(p->t.text, S("false"))) {
            TRY(literal(p, (struct path_item){.kind = PATH_BOOLEAN, .b = yes}, ret_node));
            return advance(p);
        }
        return path_head(p, ret_node);
    }
    case TOK_DELIMITED: return path_head(p, ret_node);
    case TOK_END: break;
    }
    return syntax(p, "a value or path belongs here");
}

static bool is_call_of(const struct path_node *step, struct str name)
{
    return step->op == OP_CALL && str_eq(step->name, name);
}

/* A term with what follows it: .name, .name(), [index]. */
static enum err chain(struct parser *p, struct path_node **ret_node)
{
    struct path_node *node = NULL;
    TRY(term(p, &node));
    while (at_sign(p, SIGN_DOT) || at_sign(p, SIGN_OPEN_SQUARE)) {
        struct path_node *step = NULL;
        if (node->op != OP_CHAIN) {
            struct path_node *outer = NULL;
            TRY(node_new(p, OP_CHAIN, &outer));
            TRY(add_arg(p, outer, node));
            node = outer;
        }
        if (at_sign(p, SIGN_DOT)) {
            TRY(advance(p));
            TRY(member_or_call(p, &step));
        } else {
            struct path_node *index = NULL;
            TRY(node_new(p, OP_AT, &step));
            TRY(advance(p));
            TRY(expression(p, LEVEL_IMPLIES, &index));
            TRY(add_arg(p, step, index));
            TRY(expect(p, SIGN_CLOSE_SQUARE, "[ needs its ]"));
        }
        struct path_node *before = node->args[node->n_args - 1];
        if (is_call_of(step, S("count")) && is_call_of(before, S("descendants"))) {
            before->flags |= NODE_COUNTED;
        }
        if (step->op == OP_MEMBER && is_call_of(before, S("descendants"))) {
            before->flags |= NODE_PARENTS;
        }
        TRY(add_arg(p, node, step));
    }
    *ret_node = node;
    return OK;
}

static const struct operator *operator_at(const struct parser *p)
{
    for (size_t i = 0; i < LEN(operators); i++) {
        const struct operator *o = &operators[i];
        if (p->t.kind == TOK_SIGN ? o->sign == p->t.sign
                                  : p->t.kind == TOK_IDENT && o->word.n > 0
                                        && str_eq(o->word, p->t.text)) {
            return o;
        }
    }
    return NULL;
}

static enum err signed_term(struct parser *p, struct path_node **ret_node)
{
    if (!at_sign(p, SIGN_PLUS) && !at_sign(p, SIGN_MINUS)) {
        return chain(p, ret_node);
    }
    if (++p->depth > PATH_DEPTH_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: nested too deeply", p->t.at);
    }
    struct path_node *node = NULL;
    struct path_node *arg = NULL;
    TRY(node_new(p, at_sign(p, SIGN_MINUS) ? OP_NEGATE : OP_PLUS, &node));
    TRY(advance(p));
    TRY(signed_term(p, &arg));
    TRY(add_arg(p, node, arg));
    p->depth--;
    *ret_node = node;
    return OK;
}

static enum err expression(struct parser *p, unsigned level, struct path_node **ret_node)
{
    struct path_node *left = NULL;
    if (++p->depth > PATH_DEPTH_MAX) {
        return FAIL(p->rq, E_TOO_LARGE, "FHIRPath at %u: nested too deeply", p->t.at);
    }
    TRY(signed_term(p, &left));
    const struct operator *o;
    while ((o = operator_at(p)) != NULL && o->level >= level) {
        struct path_node *node = NULL;
        struct path_node *right = NULL;
        TRY(node_new(p, (enum path_op)o->op, &node));
        TRY(advance(p));
        TRY(add_arg(p, node, left));
        if (o->level == LEVEL_TYPE) {
            TRY(type_name(p, node));
        } else {
            TRY(expression(p, o->level + 1U, &right));
            TRY(add_arg(p, node, right));
        }
        left = node;
    }
    p->depth--;
    *ret_node = left;
    return OK;
}

enum err path_parse(struct req *rq, struct path_prog *prog)
{
    struct parser p = {.rq = rq, .prog = prog, .lex = {.rq = rq, .src = prog->expr}};
    TRY(advance(&p));
    TRY(expression(&p, LEVEL_IMPLIES, &prog->root));
    return p.t.kind == TOK_END ? OK : syntax(&p, "nothing belongs here");
}
