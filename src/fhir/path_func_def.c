/* fhir/path_func_def.c - what FHIR's functions ask of definitions (fhirpath.html of R4):
 * elementDefinition(), slice(), subsumes(), subsumedBy(). See path_int.h.
 *
 * An item knows its type, not the element it was reached by: that is found again by going down from the
 * root of its document to where it stands. */
#include "fhir/path_value.h"

int path_asked(struct path_vm *vm, const struct path_question *q)
{
    if (vm->env->ask != NULL) {
        return vm->env->ask(vm->rq, q, vm->env->ctx);
    }
    if (vm->d == NULL) {
        return -1;
    }
    struct jv root = vm->env->root_resource.kind == PATH_NODE ? vm->env->root_resource.node
                                                              : (struct jv){0};
    if (vm->asker == NULL && path_asker_new(vm->rq, root, &vm->asker) != OK) {
        err_clear(vm->rq);
        return -1;
    }
    return path_asker_ask(vm->asker, q);
}

enum err path_single(struct path_vm *vm, const struct path_node *node, uint32_t base,
                     struct path_item *ret_item, bool *has)
{
    *has = *has && vm->n > base;
    if (!*has) {
        path_drop(vm, base);
        return OK;
    }
    if (vm->n - base > 1) {
        return PATH_FAIL(vm, node, "a single item belongs here, there are several");
    }
    *ret_item = vm->v[base];
    return OK;
}

/* ---- the element an item is ---- */

struct place {
    uint32_t at;                 /* of the value in its document */
    uint16_t type;               /* def_id, 0 not known */
    const struct def_elem *elem; /* NULL: a type as a whole */
};

/* Where the way down begins: the root of the document, or the context when only its type is known. */
static struct place way_begin(struct path_vm *vm, const struct path_item *item)
{
    const struct json_doc *doc = item->node.doc;
    const struct path_item *c = &vm->env->context;
    struct place p = {.type = path_resource_type(vm->d, json_root(doc))};
    if (p.type == 0 && c->kind == PATH_NODE && c->node.doc == doc && c->node.at <= item->node.at
        && item->node.at < doc->nodes[c->node.at].end) {
        p = (struct place){.at = c->node.at, .type = c->type};
    }
    return p;
}

/* Goes to the element of an array, or the member of an object, that holds target. */
static enum err way_step(struct path_vm *vm, const struct json_doc *doc, uint32_t target,
                         struct place *p)
{
    bool members = doc->nodes[p->at].kind == JSON_OBJECT;
    uint32_t at = p->at + 1;
    while (doc->nodes[at].end <= target) {
        TRY(path_burn(vm, 1));
        at = doc->nodes[at].end;
    }
    p->at = at;
    if (!members) {
        return OK;
    }
    p->at = at + 1;
    struct str key = json_key(vm->rq, (struct jv){doc, p->at});
    uint16_t type = 0;
    p->elem = def_child(vm->d, p->type, key.n > 1 && key.p[0] == '_' ? str_sub(key, 1, key.n) : key,
                        &type);
    p->type = type;
    return OK;
}

/* The element of a resource inside another is the type as a whole. */
static void way_inner(struct path_vm *vm, const struct json_doc *doc, struct place *p)
{
    const struct def_type *row = def_type_row(vm->d, p->type);
    if (row != NULL && row->kind == DEF_ABSTRACT && doc->nodes[p->at].kind == JSON_OBJECT) {
        uint16_t type = path_resource_type(vm->d, (struct jv){doc, p->at});
        p->elem = type != 0 ? NULL : p->elem;
        p->type = type != 0 ? type : p->type;
    }
}

static enum err element_of(struct path_vm *vm, const struct path_item *item, struct place *ret_place)
{
    const struct json_doc *doc = item->node.doc;
    struct place p = way_begin(vm, item);
    uint32_t target = item->node.at;
    while (p.at != target && p.type != 0) {
        TRY(path_burn(vm, 1));
        TRY(way_step(vm, doc, target, &p));
        way_inner(vm, doc, &p);
    }
    if (p.type == 0) {
        p = (struct place){.type = item->type};
    }
    *ret_place = p;
    return OK;
}

/* ---- elementDefinition() ---- */

static void raw_member(struct json_out *o, struct str key, struct str raw)
{
    if (raw.n > 0) {
        json_k(o, key);
        json_v_raw(o, raw);
    }
}

static void ends(struct json_out *o, struct arena *a, unsigned min, unsigned max)
{
    struct buf b;
    buf_init(&b, a, 16);
    json_ki(o, S("min"), min);
    if (max == DEF_MANY) {
        buf_char(&b, '*');
    } else {
        buf_u64(&b, max);
    }
    json_ks(o, S("max"), buf_get(&b));
}

/* The types of an element whose own text the overlay changed. */
static void types_write(struct json_out *o, const struct defs *d, const struct def_elem *e)
{
    json_k(o, S("type"));
    json_arr(o);
    for (unsigned i = 0; i < e->n_type; i++) {
        const struct def_type *row = def_type_row(d, def_elem_type(d, e, i));
        struct str name = def_str(d, row->name);
        json_obj(o);
        json_ks(o, S("code"), name);
        if (e->n_target > 0 && str_eq(name, S("Reference"))) {
            json_k(o, S("targetProfile"));
            json_arr(o);
            for (unsigned k = 0; k < e->n_target; k++) {
                json_v_str(o, def_str(d, def_type_row(d, def_elem_target(d, e, k))->url));
            }
            json_arr_end(o);
        }
        json_obj_end(o);
    }
    json_arr_end(o);
}

static void constraint_write(struct json_out *o, const struct defs *d, uint16_t inv)
{
    const struct def_invariant *row = def_inv_row(d, inv);
    json_obj(o);
    json_ks(o, S("key"), def_str(d, row->key));
    json_ks(o, S("severity"), row->severity == 0 ? S("error") : S("warning"));
    json_ks(o, S("human"), def_str(d, row->human));
    json_ks(o, S("expression"), def_str(d, row->expr));
    json_obj_end(o);
}

/* What every element keeps; those of a type made of the element's children, or of the whole type; the
 * element's own. */
static void constraints_write(struct json_out *o, const struct defs *d, const struct place *p)
{
    const struct def_type *row = def_type_row(d, p->type);
    bool own = row != NULL && (p->elem == NULL || row->kind == DEF_BACKBONE);
    bool plain = p->elem != NULL && !own && (p->elem->flags & DEF_INNER) == 0;
    if (!plain && (!own || row->n_inv == 0) && (p->elem == NULL || p->elem->n_inv == 0)) {
        return;
    }
    json_k(o, S("constraint"));
    json_arr(o);
    if (plain) {
        constraint_write(o, d, DEF_INV_ELE_1);
    }
    if (plain && str_eq(def_type_name(d, p->type), S("Extension"))) {
        constraint_write(o, d, DEF_INV_EXT_1);
    }
    for (unsigned i = 0; own && i < row->n_inv; i++) {
        constraint_write(o, d, def_type_inv(d, row, i));
    }
    for (unsigned i = 0; p->elem != NULL && i < p->elem->n_inv; i++) {
        constraint_write(o, d, def_elem_inv(d, p->elem, i));
    }
    json_arr_end(o);
}

static void definition_write(struct json_out *o, struct arena *a, const struct defs *d,
                             const struct place *p)
{
    const struct def_elem *e = p->elem;
    const struct def_about *about = e != NULL ? def_elem_about(d, e) : def_type_about(d, p->type);
    struct str path = e != NULL ? def_str(d, e->path) : def_type_name(d, p->type);
    struct str base = def_str(d, about->base_path);
    json_obj(o);
    json_ks(o, S("id"), path);
    json_ks(o, S("path"), path);
    raw_member(o, S("short"), def_str(d, about->brief));
    raw_member(o, S("definition"), def_str(d, about->definition));
    raw_member(o, S("comment"), def_str(d, about->comment));
    ends(o, a, e != NULL ? e->min : 0, e != NULL ? e->max : DEF_MANY);
    if (base.n > 0) {
        json_k(o, S("base"));
        json_obj(o);
        json_ks(o, S("path"), base);
        ends(o, a, about->base_min, about->base_max);
        json_obj_end(o);
    }
    if (about->type != 0) {
        raw_member(o, S("type"), def_str(d, about->type));
    } else if (e != NULL && (e->flags & DEF_CONTENT_REF) == 0) {
        types_write(o, d, e);
    }
    constraints_write(o, d, p);
    raw_member(o, S("binding"), def_str(d, about->binding));
    if (about->more != 0) {
        buf_char(o->b, ','); /* further members, written when the definitions were compiled */
        buf_str(o->b, def_str(d, about->more));
    }
    json_obj_end(o);
}

/* Definitions made in one call, so that many items of few elements cost few documents. */
enum { MADE = 64 };
struct made {
    const struct def_elem *elem;
    struct jv v;
    uint16_t type;
};

static enum err definition_make(struct path_vm *vm, const struct place *p, struct made *m)
{
    struct json_doc *doc = ARENA_NEW(vm->rq->a, struct json_doc);
    struct json_out o;
    struct buf b;
    TRY_MEM(vm->rq, doc);
    TRY(path_burn(vm, 1000));
    buf_init(&b, vm->rq->a, 1 << 20);
    json_out_init(&o, &b);
    definition_write(&o, vm->rq->a, vm->d, p);
    TRY_MEM(vm->rq, buf_ok(&b) ? b.p : NULL);
    TRY(json_parse(vm->rq, buf_get(&b), NULL, doc));
    *m = (struct made){.elem = p->elem, .type = p->type, .v = json_root(doc)};
    return OK;
}

static enum err do_element_definition(struct path_vm *vm, const struct path_frame *f,
                                      const struct path_node *node, uint32_t base)
{
    struct made made[MADE] = {0};
    uint16_t type = vm->d != NULL ? def_find(vm->d, S("ElementDefinition")) : 0;
    uint32_t keep = base;
    (void)f, (void)node;
    for (uint32_t i = base; i < vm->n && vm->d != NULL; i++) {
        struct place p;
        if (vm->v[i].kind != PATH_NODE) {
            continue;
        }
        TRY(element_of(vm, &vm->v[i], &p));
        if (def_type_row(vm->d, p.type) == NULL) {
            continue;
        }
        uint32_t mix = p.elem != NULL ? def_elem_number(vm->d, p.elem) : p.type;
        struct made *m = &made[mix % MADE];
        if (!json_has(m->v) || m->elem != p.elem || m->type != p.type) {
            TRY(definition_make(vm, &p, m));
        }
        vm->v[keep++] = path_item_of(vm->d, m->v, type);
    }
    path_drop(vm, keep);
    return OK;
}

/* ---- slice() ---- */

static enum err do_slice(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct path_question q = {.what = PATH_SLICE};
    bool has_url;
    bool has_name;
    TRY(path_arg_str(vm, f, node, 0, &q.arg, &has_url));
    TRY(path_arg_str(vm, f, node, 1, &q.name, &has_name));
    if (!has_url || !has_name) {
        return PATH_FAIL(vm, node, "a profile and the name of a slice belong here");
    }
    uint32_t keep = base;
    for (uint32_t i = base; i < vm->n; i++) {
        struct path_item item = vm->v[i];
        struct place p = {0};
        if (item.kind != PATH_NODE || vm->d == NULL) {
            continue;
        }
        TRY(path_burn(vm, 50));
        TRY(element_of(vm, &item, &p));
        q.item = &item;
        q.elem = p.elem;
        int in = path_asked(vm, &q);
        if (in < 0) {
            return PATH_FAIL(vm, node, "no such profile or slice is known here");
        }
        if (in == 1) {
            vm->v[keep++] = item;
        }
    }
    path_drop(vm, keep);
    return OK;
}

/* ---- subsumes(), subsumedBy() ---- */

static bool is_coded(const struct path_vm *vm, const struct path_item *item)
{
    struct str type = item->kind == PATH_NODE ? def_type_name(vm->d, item->type) : S("");
    return str_eq(type, S("Coding")) || str_eq(type, S("CodeableConcept"));
}

static enum err do_subsumes(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    struct path_item other;
    bool has;
    TRY(path_arg(vm, f, node, 0, &other, &has));
    struct path_item item;
    TRY(path_single(vm, node, base, &item, &has));
    if (!has) {
        return OK;
    }
    if (vm->d == NULL || !is_coded(vm, &item) || !is_coded(vm, &other)) {
        return PATH_FAIL(vm, node, "a Coding or CodeableConcept belongs here");
    }
    bool below = path_func_form(node) != 0;
    struct path_question q = {.what = PATH_SUBSUMES,
                              .item = below ? &other : &item,
                              .other = below ? &item : &other};
    int answer = path_asked(vm, &q);
    return answer < 0 ? PATH_FAIL(vm, node, "how these codes stand to each other is not known here")
                      : path_give_bool(vm, base, answer == 1);
}

/* clang-format off */
const struct path_func path_funcs_def[] = {
    {SI("elementDefinition"), 0, 0, 0,            RES_ANY,     do_element_definition},
    {SI("slice"),             2, 2, 0,            RES_SAME,    do_slice             },
    {SI("subsumes"),          1, 1, 0,            RES_BOOLEAN, do_subsumes          },
    {SI("subsumedBy"),        1, 1, FUNC_FORM(1), RES_BOOLEAN, do_subsumes          },
};
/* clang-format on */
const size_t n_path_funcs_def = LEN(path_funcs_def);
