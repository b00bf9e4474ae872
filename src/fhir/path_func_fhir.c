/* fhir/path_func_fhir.c - types, the functions FHIR adds (fhirpath.html of R4), and those that reach
 * out of the expression: trace, variables, resolve. See path_int.h. */
#include "fhir/path_value.h"

/* ---- types ---- */

enum err path_do_is(struct path_vm *vm, const struct path_node *node, uint32_t base)
{
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "is takes a single item, there are several");
    }
    if (vm->n == base) {
        return OK;
    }
    bool yes = !node->type.never && path_is_type(vm, &vm->v[base], &node->type);
    return path_give_bool(vm, base, yes);
}

/* Keeps the items of the type. */
static enum err of_type(struct path_vm *vm, const struct path_node *node, uint32_t base, bool turn)
{
    uint32_t keep = base;
    for (uint32_t i = base; i < vm->n && !node->type.never; i++) {
        struct path_item item;
        if (path_is_type(vm, &vm->v[i], &node->type)) {
            if (keep != i) {
                vm->v[keep] = vm->v[i];
            }
            keep++;
        } else if (turn && path_as_type(vm, &vm->v[i], &node->type, &item)) {
            vm->v[keep++] = item;
        }
    }
    path_drop(vm, keep);
    return OK;
}

enum err path_do_as(struct path_vm *vm, const struct path_node *node, uint32_t base)
{
    if (vm->n - base > 1 && !(vm->prog->flags & PATH_LENIENT_AS)) {
        return PATH_FAIL(vm, node, "as takes a single item, there are several");
    }
    return of_type(vm, node, base, false);
}

static enum err do_is(struct path_vm *vm, const struct path_frame *f,
                      const struct path_node *node, uint32_t base)
{
    (void)f;
    return path_do_is(vm, node, base);
}

static enum err do_as(struct path_vm *vm, const struct path_frame *f,
                      const struct path_node *node, uint32_t base)
{
    (void)f;
    return path_do_as(vm, node, base);
}

static enum err do_of_type(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    (void)f;
    return of_type(vm, node, base, true);
}

static enum err do_type(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    for (uint32_t i = base; i < vm->n; i++) {
        const struct path_item *item = &vm->v[i];
        bool fhir = item->kind == PATH_NODE && item->type != 0
                    && def_type_row(vm->d, item->type)->kind != DEF_SYSTEM;
        vm->v[i] = (struct path_item){.kind = PATH_TYPE,
                                      .flags = fhir ? 0 : PATH_OF_SYSTEM,
                                      .s = path_item_type(vm->d, item)};
    }
    return OK;
}

/* ---- elements ---- */

static enum err do_extension(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct path_node step = path_step_node(S("extension"));
    struct str url;
    bool has;
    TRY(path_arg_str(vm, f, node, 0, &url, &has));
    if (!has) {
        path_drop(vm, base);
        return OK;
    }
    TRY(path_step_member(vm, &step, base));
    uint32_t keep = base;
    for (uint32_t i = base; i < vm->n; i++) {
        if (json_is(json_get(vm->v[i].node, S("url")), url)) {
            vm->v[keep++] = vm->v[i];
        }
    }
    path_drop(vm, keep);
    return OK;
}

/* Whether the input is one primitive with a value. */
static bool one_value(struct path_vm *vm, uint32_t base, struct path_item *ret_v)
{
    return vm->n - base == 1 && path_value(vm, &vm->v[base], ret_v)
           && ret_v->kind != PATH_QUANTITY && ret_v->kind != PATH_TYPE;
}

static enum err do_has_value(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct path_item v;
    (void)f, (void)node;
    return path_give_bool(vm, base, one_value(vm, base, &v));
}

static enum err do_get_value(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct path_item v;
    (void)f, (void)node;
    if (one_value(vm, base, &v)) {
        return path_give(vm, base, &v);
    }
    path_drop(vm, base);
    return OK;
}

/* ---- outside ---- */

/* What an item becomes; false: nothing. */
typedef bool (*turn_fn)(struct path_vm *vm, const struct path_node *node,
                        const struct path_item *item, struct path_item *ret_item);

/* Puts what the items of the input become in their place. */
static enum err turn_each(struct path_vm *vm, const struct path_node *node, uint32_t base,
                          turn_fn turn)
{
    uint32_t keep = base;
    for (uint32_t i = base; i < vm->n; i++) {
        struct path_item item;
        if (turn(vm, node, &vm->v[i], &item)) {
            vm->v[keep++] = item;
        }
    }
    path_drop(vm, keep);
    return OK;
}

static bool target_of(struct path_vm *vm, const struct path_node *node,
                      const struct path_item *item, struct path_item *ret_item)
{
    struct path_item v;
    struct str ref = {NULL, 0};
    (void)node;
    if (path_value(vm, item, &v) && v.kind == PATH_STRING) {
        ref = v.s;
    } else if (item->kind == PATH_NODE) {
        ref = json_str(vm->rq->a, json_get(item->node, S("reference")));
    }
    return ref.n > 0 && vm->env->resolve != NULL
           && vm->env->resolve(vm->rq, ref, vm->env->ctx, ret_item);
}

static enum err do_resolve(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    (void)f;
    TRY(path_burn(vm, 20 * (uint64_t)(vm->n - base)));
    return turn_each(vm, node, base, target_of);
}

static enum err do_conforms(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    static const struct str core = SI("http://hl7.org/fhir/StructureDefinition/");
    struct str url;
    bool has;
    TRY(path_arg_str(vm, f, node, 0, &url, &has));
    struct path_item item;
    TRY(path_single(vm, node, base, &item, &has));
    if (!has) {
        return OK;
    }
    if (vm->d != NULL && str_starts(url, core) && item.kind == PATH_NODE && item.type != 0) {
        uint16_t type = def_find(vm->d, str_sub(url, core.n, url.n));
        if (type != 0) {
            return path_give_bool(vm, base, def_is_a(vm->d, item.type, type));
        }
    }
    int answer = path_asked(vm, &(struct path_question){
                                    .what = PATH_CONFORMS_TO, .item = &item, .arg = url});
    return answer < 0 ? PATH_FAIL(vm, node, "no such profile is known here")
                      : path_give_bool(vm, base, answer == 1);
}

static enum err do_member_of(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct str url;
    bool has;
    TRY(path_arg_str(vm, f, node, 0, &url, &has));
    struct path_item item;
    TRY(path_single(vm, node, base, &item, &has));
    if (!has) {
        return OK;
    }
    int answer = path_asked(vm, &(struct path_question){
                                    .what = PATH_MEMBER_OF, .item = &item, .arg = url});
    return answer < 0 ? PATH_FAIL(vm, node, "no such value set is known here")
                      : path_give_bool(vm, base, answer == 1);
}

/* checkModifiers(url ...): whoever asks must know every modifier extension there is. */
static enum err do_check_modifiers(struct path_vm *vm, const struct path_frame *f,
                                   const struct path_node *node, uint32_t base)
{
    struct path_node step = path_step_node(S("modifierExtension"));
    uint32_t end = vm->n;
    for (uint32_t i = base; i < end; i++) {
        TRY(path_push(vm, &vm->v[i]));
    }
    TRY(path_step_member(vm, &step, end));
    uint32_t top = vm->n;
    for (uint32_t i = end; i < top; i++) {
        bool known = false;
        for (unsigned k = 0; k < node->n_args && !known; k++) {
            struct str url;
            bool has;
            TRY(path_arg_str(vm, f, node, k, &url, &has));
            known = has && json_is(json_get(vm->v[i].node, S("url")), url);
        }
        if (!known) {
            return PATH_FAIL(vm, node, "there is a modifier extension that is not known");
        }
    }
    path_drop(vm, end);
    return OK;
}

static enum err do_html_checks(struct path_vm *vm, const struct path_frame *f,
                               const struct path_node *node, uint32_t base)
{
    (void)f, (void)node;
    if (vm->n == base) {
        return OK;
    }
    struct path_item item = vm->v[base];
    struct path_question q = {.what = PATH_HTML_CHECKS, .item = &item};
    return path_give_bool(vm, base, path_asked(vm, &q) != 0);
}

static enum err do_trace(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct str name;
    bool has;
    uint32_t end = vm->n;
    TRY(path_arg_str(vm, f, node, 0, &name, &has));
    if (node->n_args == 2) {
        for (uint32_t i = base; i < end; i++) {
            struct path_frame inner = path_frame_of(f, &vm->v[i], i - base);
            TRY(path_run(vm, &inner, node->args[1]));
        }
    }
    if (vm->env->trace != NULL && has) {
        uint32_t from = node->n_args == 2 ? end : base;
        struct path_list list = {vm->v + from, vm->n - from};
        vm->env->trace(name, list, vm->env->ctx);
    }
    path_drop(vm, end);
    return OK;
}

/* ---- keys of SQL on FHIR (v2 ViewDefinition: getResourceKey, getReferenceKey) ---- */

/* The key of a resource is its id. */
static bool resource_key(struct path_vm *vm, const struct path_node *node,
                         const struct path_item *item, struct path_item *ret_item)
{
    struct str id = {NULL, 0};
    (void)node;
    if (item->kind == PATH_NODE && json_has(json_get(item->node, S("resourceType")))) {
        id = json_str(vm->rq->a, json_get(item->node, S("id")));
    }
    *ret_item = (struct path_item){.kind = PATH_STRING, .s = id};
    return id.n > 0;
}

static enum err do_resource_key(struct path_vm *vm, const struct path_frame *f,
                                const struct path_node *node, uint32_t base)
{
    (void)f;
    return turn_each(vm, node, base, resource_key);
}

/* Type and key of a reference: Type/id, with a version or not; anything absolute is its own key. */
static struct str reference_key(struct str ref, struct str *ret_type)
{
    size_t history = str_find(ref, S("/_history/"));
    ref.n = history;
    *ret_type = (struct str){NULL, 0};
    if (ref.n == 0 || ref.p[0] == '#') {
        return (struct str){NULL, 0};
    }
    size_t at = ref.n;
    while (at > 0 && ref.p[at - 1] != '/') {
        at--;
    }
    if (at < 2) {
        return ref;
    }
    size_t from = at - 1;
    while (from > 0 && ref.p[from - 1] != '/') {
        from--;
    }
    *ret_type = str_sub(ref, from, at - 1 - from);
    return from == 0 ? str_sub(ref, at, ref.n) : ref;
}

/* The key of what a reference points to; none when that is not of the type asked for. */
static bool target_key(struct path_vm *vm, const struct path_node *node,
                       const struct path_item *item, struct path_item *ret_item)
{
    struct str type;
    struct jv ref = {NULL, 0};
    if (item->kind == PATH_NODE) {
        ref = json_get(item->node, S("reference"));
    }
    struct str key = reference_key(json_str(vm->rq->a, ref), &type);
    if (type.n == 0 && item->kind == PATH_NODE) {
        type = json_str(vm->rq->a, json_get(item->node, S("type")));
    }
    *ret_item = (struct path_item){.kind = PATH_STRING, .s = key};
    if (node->n_args == 0 || key.n == 0) {
        return key.n > 0;
    }
    return node->type.fhir != 0
           && str_eq(def_str(vm->d, def_type_row(vm->d, node->type.fhir)->name), type);
}

static enum err do_reference_key(struct path_vm *vm, const struct path_frame *f,
                                 const struct path_node *node, uint32_t base)
{
    (void)f;
    return turn_each(vm, node, base, target_key);
}

/* ---- variables ---- */

static bool is_taken(struct path_vm *vm, struct str name)
{
    static const struct str own[] = {SI("context"), SI("resource"), SI("rootResource"),
                                     SI("ucum"),    SI("sct"),      SI("loinc")};
    for (size_t i = 0; i < LEN(own); i++) {
        if (str_eq(own[i], name)) {
            return true;
        }
    }
    for (const struct path_bound *b = vm->bound; b != NULL; b = b->next) {
        if (str_eq(b->name, name)) {
            return true;
        }
    }
    return false;
}

static enum err do_define(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct str name;
    bool has;
    uint32_t end = vm->n;
    TRY(path_arg_str(vm, f, node, 0, &name, &has));
    if (!has || is_taken(vm, name)) {
        return PATH_FAIL(vm, node, "a variable of that name cannot be defined");
    }
    if (node->n_args == 2) {
        struct path_frame inner = *f;
        if (end - base == 1) {
            inner = path_frame_of(f, &vm->v[base], 0);
        }
        TRY(path_run(vm, &inner, node->args[1]));
    }
    uint32_t from = node->n_args == 2 ? end : base;
    uint32_t n = vm->n - from;
    struct path_item *copy = ARENA_ARRAY(vm->rq->a, n, struct path_item);
    struct path_bound *bound = ARENA_NEW(vm->rq->a, struct path_bound);
    TRY_MEM(vm->rq, copy);
    TRY_MEM(vm->rq, bound);
    for (uint32_t i = 0; i < n; i++) {
        copy[i] = vm->v[from + i];
    }
    *bound = (struct path_bound){.name = name, .value = {copy, n}, .next = vm->bound};
    vm->bound = bound;
    path_drop(vm, end);
    return OK;
}

/* clang-format off */
const struct path_func path_funcs_fhir[] = {
    {SI("is"),             1, 1, FUNC_TYPE,   RES_BOOLEAN, do_is         },
    {SI("as"),             1, 1, FUNC_TYPE,   RES_ANY,     do_as         },
    {SI("ofType"),         1, 1, FUNC_TYPE,   RES_ANY,     do_of_type    },
    {SI("type"),           0, 0, 0,           RES_ANY,     do_type       },
    {SI("extension"),      1, 1, 0,           RES_ANY,     do_extension  },
    {SI("hasValue"),       0, 0, 0,           RES_BOOLEAN, do_has_value  },
    {SI("getValue"),       0, 0, 0,           RES_ANY,     do_get_value  },
    {SI("resolve"),        0, 0, 0,           RES_ANY,     do_resolve    },
    {SI("conformsTo"),     1, 1, 0,           RES_BOOLEAN, do_conforms   },
    {SI("memberOf"),       1, 1, 0,           RES_BOOLEAN, do_member_of  },
    {SI("htmlChecks"),     0, 0, 0,           RES_BOOLEAN, do_html_checks},
    {SI("getResourceKey"), 0, 0, 0,           RES_STRING,  do_resource_key},
    {SI("getReferenceKey"), 0, 1, FUNC_TYPE,  RES_STRING,  do_reference_key},
    {SI("checkModifiers"), 0, 99, 0,          RES_SAME,    do_check_modifiers},
    {SI("trace"),          1, 2, FUNC_LAMBDA, RES_SAME,    do_trace      },
    {SI("defineVariable"), 1, 2, FUNC_LAMBDA, RES_SAME,    do_define     },
};
/* clang-format on */
const size_t n_path_funcs_fhir = LEN(path_funcs_fhir);
