/* fhir/validate_inv.c - invariants. See validate_int.h.
 *
 * What every element, reference or contained resource must keep is part of the walk; the others are
 * FHIRPath. Programs are compiled once (fhir_rules_new) and shared, or for one validation. */
#include "fhir/validate_profile_int.h"

struct fhir_rules {
    const struct path_prog **progs; /* by number of the invariant; NULL: the walk checks it */
    const struct fhir_library *lib;
    uint16_t n;
};

static bool is_native(struct str key)
{
    static const struct str keys[] = {SI("ele-1"), SI("ext-1"), SI("dom-2"), SI("dom-3"),
                                      SI("dom-4"), SI("dom-5"), SI("ref-1"), SI("txt-1"),
                                      SI("txt-2")};
    for (size_t i = 0; i < LEN(keys); i++) {
        if (str_eq(key, keys[i])) {
            return true;
        }
    }
    return false;
}

static enum err program_new(struct req *rq, uint16_t inv, const struct path_prog **ret_prog)
{
    const struct defs *d = fhir_defs();
    const struct def_invariant *row = def_inv_row(d, inv);
    struct path_prog *prog = NULL;
    if (!is_native(def_str(d, row->key))) {
        TRY(path_compile(rq, d, def_str(d, row->expr), 0, PATH_LENIENT_AS, &prog));
    }
    *ret_prog = prog;
    return OK;
}

enum err fhir_rules_new(struct req *rq, const struct fhir_library *lib,
                        const struct fhir_rules **ret_rules)
{
    struct fhir_rules *r = ARENA_NEW(rq->a, struct fhir_rules);
    TRY_MEM(rq, r);
    r->n = def_inv_count(fhir_defs());
    r->lib = lib;
    r->progs = ARENA_ARRAY(rq->a, r->n, const struct path_prog *);
    TRY_MEM(rq, r->progs);
    for (uint16_t i = 0; i < r->n; i++) {
        TRY(program_new(rq, i, &r->progs[i]));
    }
    *ret_rules = r;
    return OK;
}

const struct fhir_library *fhir_rules_library(const struct fhir_rules *rules)
{
    return rules != NULL ? rules->lib : NULL;
}

/* The program of an invariant: of the rules made once, or compiled now and kept for this walk. */
static const struct path_prog *program(struct walk *w, uint16_t inv)
{
    if (w->check->rules != NULL) {
        return w->check->rules->progs[inv];
    }
    if (w->progs == NULL) {
        w->progs = ARENA_ARRAY(w->rq->a, def_inv_count(w->d), const struct path_prog *);
        if (w->progs == NULL) {
            return NULL;
        }
    }
    if (w->progs[inv] == NULL && program_new(w->rq, inv, &w->progs[inv]) != OK) {
        (void)err_answers(w->rq);
    }
    return w->progs[inv];
}

/* resolve() in a rule: what the input itself holds. */
static bool resolve(struct req *rq, struct str ref, void *ctx, struct path_item *ret_item)
{
    struct walk *w = ctx;
    struct jv found = walk_find(w, ref);
    (void)rq;
    if (!json_has(found)) {
        return false;
    }
    *ret_item = path_item_of(w->d, found, 0);
    return true;
}

/* Whether a rule holds; one that cannot be evaluated is let pass. */
static bool holds(struct walk *w, const struct path_prog *prog, const struct path_item *context,
                  struct jv resource, struct jv root)
{
    bool ok = true;
    w->env.context = *context;
    w->env.resource = path_item_of(w->d, resource, 0);
    w->env.root_resource = path_item_of(w->d, root, 0);
    w->env.resolve = resolve;
    w->env.ask = walk_ask;
    w->env.ctx = w;
    w->env.fuel = RULE_FUEL;
    if (path_eval_test(w->rq, prog, &w->env, &ok) != OK) {
        (void)err_answers(w->rq);
        ok = true;
    }
    return ok;
}

struct str walk_rule(struct walk *w, struct str key, struct str human)
{
    struct buf b;
    buf_init(&b, w->rq->a, 1000);
    buf_str(&b, key);
    BUF_LIT(&b, ": ");
    buf_str(&b, str_sub(human, 0, 180));
    return buf_get(&b);
}

static void rule_check(struct walk *w, const struct frame *f, uint16_t inv,
                       const struct path_item *context, struct str leaf)
{
    const struct def_invariant *row = def_inv_row(w->d, inv);
    bool warning = row->severity != 0;
    if (inv == DEF_INV_ELE_1 || (warning && (w->check->flags & FHIR_WARNINGS) == 0)) {
        return;
    }
    const struct path_prog *prog = program(w, inv);
    const struct frame *r = &w->f[f->resource];
    if (prog == NULL || holds(w, prog, context, r->v, walk_container(w, f)->v)) {
        return;
    }
    struct str what = walk_rule(w, def_str(w->d, row->key), def_str(w->d, row->human));
    if (warning) {
        fhir_issue_add(w->rq, ISSUE_WARNING, "invariant", T("A rule of FHIR is not kept."), what,
                       walk_path(w, leaf));
    } else {
        walk_fault(w, "invariant", T("A rule of FHIR is not kept."), what, leaf);
    }
}

void walk_invariants(struct walk *w, const struct frame *f)
{
    struct path_item context = path_item_of(w->d, f->v, f->type);
    for (unsigned i = 0; i < f->row->n_inv; i++) {
        rule_check(w, f, def_type_inv(w->d, f->row, i), &context, S(""));
    }
    for (unsigned i = 0; f->elem != NULL && !f->is_sibling && i < f->elem->n_inv; i++) {
        rule_check(w, f, def_elem_inv(w->d, f->elem, i), &context, S(""));
    }
}

void walk_prim_invariants(struct walk *w, const struct def_elem *e, uint16_t type, struct jv v,
                          struct str name)
{
    struct path_item context = path_item_of(w->d, v, type);
    for (unsigned i = 0; i < e->n_inv; i++) {
        rule_check(w, walk_top(w), def_elem_inv(w->d, e, i), &context, name);
    }
}

void walk_constraints(struct walk *w, struct jv elem, const struct node *node,
                      const struct place *at, struct held *h)
{
    struct req *rq = w->rq;
    struct jv list = json_get(elem, S("constraint"));
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        struct str expr = json_str(rq->a, json_get(c, S("expression")));
        struct str key = json_str(rq->a, json_get(c, S("key")));
        struct path_prog *prog;
        struct path_item context = path_item_of(w->d, json_has(node->v) ? node->v : node->sib,
                                                node->type);
        context.flags |= json_has(node->v) ? 0 : PATH_NO_VALUE;
        if (expr.n == 0 || is_native(key) || !json_is(json_get(c, S("severity")), S("error"))) {
            continue;
        }
        if (path_compile(rq, w->d, expr, 0, PATH_LENIENT_AS, &prog) != OK) {
            (void)err_answers(rq);
            continue;
        }
        const struct def_type *row = def_type_row(w->d, node->type);
        struct str path = json_str(rq->a, json_get(elem, S("path")));
        bool root = str_find_char(path, '.') == path.n;
        bool itself = root && row != NULL && row->kind == DEF_RESOURCE;
        struct jv resource = itself ? node->v : node->resource;
        if (!holds(w, prog, &context, resource, json_has(h->container) ? h->container : h->root)) {
            held_fault(h, at, "invariant", T("A rule of the profile is not kept."),
                       walk_rule(w, key, json_str(rq->a, json_get(c, S("human")))));
        }
    }
}

bool walk_matches(struct walk *w, struct jv text, struct str regex)
{
    struct req *rq = w->rq;
    struct path_prog *prog;
    struct path_item pattern = {.kind = PATH_STRING, .s = regex};
    struct path_var var = {.name = SI("pattern"), .value = {&pattern, 1}};
    struct path_item context = path_item_of(w->d, text, def_find(w->d, S("string")));
    struct path_env env = path_env_of(context);
    bool ok = true;
    env.vars = &var;
    env.n_vars = 1;
    env.fuel = RULE_FUEL;
    if (path_compile(rq, w->d, S("$this.matches(%pattern)"), 0, 0, &prog) != OK ||
        path_eval_bool(rq, prog, &env, &ok) != OK) {
        (void)err_answers(rq);
        return true;
    }
    return ok;
}
