/* fhir/path_entry.c - evaluations begun and ended: environments, whole expressions, the rules of invariants
 * and criteria, what is computed once of literals. See path.h. */
#include <string.h>

#include "fhir/path_value.h"

struct path_env path_env_of(struct path_item item)
{
    return (struct path_env){.context = item, .resource = item, .root_resource = item};
}

struct str path_prog_expr(const struct path_prog *prog)
{
    return prog->expr;
}

enum err path_env_ready(struct req *rq, struct path_env *env)
{
    if (env->stack == NULL) {
        struct path_item *stack = arena_alloc_raw(rq->a, PATH_STACK_FIRST * sizeof(*stack));
        struct path_memory *memory = ARENA_NEW(rq->a, struct path_memory);
        TRY_MEM(rq, stack);
        TRY_MEM(rq, memory);
        env->stack = stack;
        env->stack_size = PATH_STACK_FIRST;
        env->memory = memory;
    }
    return OK;
}

/* The whole expression: many are a walk from the context and nothing else. */
static enum err run_whole(struct path_vm *vm, const struct path_item *context)
{
    const struct path_prog *prog = vm->prog;
    if (prog->walk != NULL && context->kind == PATH_NODE && context->node.doc != NULL
        && context->type == prog->walk->step_type) {
        bool done;
        TRY(path_walk(vm, prog->walk, context, &done));
        if (done) {
            return OK;
        }
    }
    struct path_frame f = {.self = *context};
    return path_run(vm, &f, prog->root);
}

/* An environment used for the first time, or with other definitions than before. */
static enum err env_begin(struct req *rq, const struct defs *d, struct path_env *env)
{
    TRY(path_env_ready(rq, env));
    if (d != NULL) {
        memset(env->memory->steps, 0, sizeof(env->memory->steps));
        memset(env->memory->kids, 0, sizeof(env->memory->kids));
        memset(env->memory->types, 0, sizeof(env->memory->types));
        env->memory->d = d;
    }
    return OK;
}

enum err path_eval(struct req *rq, const struct path_prog *prog, struct path_env *env,
                   struct path_list *ret_list)
{
    if (env->stack == NULL || (env->memory->d != prog->d && prog->d != NULL)) {
        TRY(env_begin(rq, prog->d, env));
    }
    struct path_vm vm = {
        .rq = rq,
        .prog = prog,
        .d = prog->d,
        .env = env,
        .v = env->stack,
        .size = env->stack_size,
        .items_max = env->items_max == 0 ? PATH_ITEMS_MAX : env->items_max,
        .fuel = env->fuel == 0 ? PATH_FUEL : env->fuel,
        .types = prog->types,
    };
    enum err e = run_whole(&vm, &env->context);
    env->stack = vm.v;
    env->stack_size = vm.size;
    if (e == OK) {
        *ret_list = (struct path_list){vm.v, vm.n};
    }
    return e;
}

/* Evaluates to at most one item; what was built meanwhile is given back, the stack of before stays. */
static enum err eval_one(struct req *rq, const struct path_prog *prog, struct path_env *env,
                         size_t *ret_n, enum path_tri *ret_tri, bool *ret_is_bool)
{
    TRY(path_env_ready(rq, env));
    struct arena_mark mark = arena_mark(rq->a);
    struct path_item *stack = env->stack;
    uint32_t stack_size = env->stack_size;
    struct path_list list;
    enum err e = path_eval(rq, prog, env, &list);
    if (e == OK) {
        struct path_item value;
        *ret_n = list.n;
        *ret_tri = TRI_TRUE;
        *ret_is_bool = false;
        if (list.n == 1 && path_item_value(rq->a, prog->d, &list.v[0], &value)) {
            *ret_is_bool = value.kind == PATH_BOOLEAN;
            *ret_tri = *ret_is_bool && !value.b ? TRI_FALSE : TRI_TRUE;
        }
    }
    arena_back(rq->a, mark);
    env->stack = stack;
    env->stack_size = stack_size;
    return e;
}

enum err path_eval_bool(struct req *rq, const struct path_prog *prog, struct path_env *env,
                        bool *ret_b)
{
    size_t n;
    enum path_tri tri;
    bool is_bool;
    TRY(eval_one(rq, prog, env, &n, &tri, &is_bool));
    if (n > 1 || (n == 1 && !is_bool)) {
        return FAIL(rq, E_UNPROCESSED, "FHIRPath: the rule gives no boolean");
    }
    *ret_b = n == 0 || tri == TRI_TRUE;
    return OK;
}

enum err path_eval_test(struct req *rq, const struct path_prog *prog, struct path_env *env,
                        bool *ret_b)
{
    size_t n;
    enum path_tri tri;
    bool is_bool;
    TRY(eval_one(rq, prog, env, &n, &tri, &is_bool));
    if (n > 1) {
        return FAIL(rq, E_UNPROCESSED, "FHIRPath: a single boolean belongs here");
    }
    *ret_b = n == 1 && tri == TRI_TRUE;
    return OK;
}

/* ---- literals ---- */

void path_fold(struct req *rq, const struct path_prog *prog, struct path_node *node)
{
    bool pure = node->op == OP_NEGATE || node->op == OP_PLUS || node->op == OP_ADD
                || node->op == OP_SUB || (node->op >= OP_MUL && node->op <= OP_MOD)
                || (node->op >= OP_EQ && node->op <= OP_GE);
    for (unsigned i = 0; i < node->n_args; i++) {
        pure = pure && node->args[i]->op == OP_LITERAL;
    }
    if (!pure) {
        return;
    }
    struct path_prog part = *prog;
    struct path_env env = {.fuel = PATH_DEPTH_MAX};
    struct path_list list;
    struct arena_mark mark = arena_mark(rq->a);
    struct err_rec before = rq->err;
    part.root = node;
    if (path_eval(rq, &part, &env, &list) != OK) {
        rq->err = before; /* for the evaluation to report */
    } else if (list.n == 1 && list.v[0].kind != PATH_STRING && list.v[0].kind != PATH_QUANTITY) {
        struct path_item item = list.v[0]; /* holds nothing of the arena */
        node->op = OP_LITERAL;
        node->item = item;
    }
    arena_back(rq->a, mark);
}
