/* fhir/validate.c - the walk of a resource along the definitions. See validate.h.
 *
 * The walk keeps its own stack: one frame per open object or array, so depth is bounded by a
 * constant and paths can be written when a fault is found, not before.
 */
#include "fhir/validate.h"

#include "fhir/prim.h"
#include "fhir/validate_int.h"
#include "store/db.h"

static void name_write(struct buf *b, const struct walk *w, const struct def_elem *e,
                       struct str name, uint16_t type)
{
    if (e == NULL || (e->flags & DEF_CHOICE) == 0) {
        buf_str(b, name);
        return;
    }
    buf_str(b, def_str(w->d, e->name));
    BUF_LIT(b, ".ofType(");
    buf_str(b, def_type_name(w->d, type));
    buf_char(b, ')');
}

struct str walk_path(const struct walk *w, struct str leaf)
{
    struct buf b;
    buf_init(&b, w->rq->a, 2048);
    for (uint32_t i = 0; i < w->n; i++) {
        const struct frame *f = &w->f[i];
        if (f->is_array && i + 1 < w->n) {
            continue;
        }
        buf_str(&b, b.n > 0 ? S(".") : S(""));
        if (f->is_sibling) {
            buf_str(&b, f->name);
        } else {
            name_write(&b, w, f->elem, f->name, f->type);
        }
        if (f->index >= 0) {
            buf_char(&b, '[');
            buf_u64(&b, (uint64_t)f->index);
            buf_char(&b, ']');
        }
    }
    if (leaf.n > 0) {
        uint16_t type = 0;
        const struct def_elem *e = def_child(w->d, w->f[w->n - 1].type, leaf, &type);
        buf_char(&b, '.');
        name_write(&b, w, e, leaf, type);
    }
    return buf_get(&b);
}

struct str walk_shown(struct str name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];
        bool ok = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-';
        if (!ok || i == 64) {
            return S("?");
        }
    }
    return name;
}

void walk_fault(struct walk *w, const char *code, const char *text, struct str subject,
                struct str leaf)
{
    bool kept = w->rq->issues == NULL || w->rq->issues->n_errors < FHIR_ISSUES_MAX;
    fhir_issue_add(w->rq, ISSUE_ERROR, code, text, subject,
                   kept ? walk_path(w, walk_shown(leaf)) : S(""));
}

static void fault(struct walk *w, const char *code, const char *text, struct str leaf)
{
    walk_fault(w, code, text, S(""), leaf);
}

static bool open_frame(struct walk *w, struct frame f)
{
    if (w->n == LEN(w->f)) {
        fault(w, "too-long", T("Elements are nested too deep."), S(""));
        return false;
    }
    f.row = def_type_row(w->d, f.type);
    f.next = json_first(f.v);
    f.resource = f.row->kind == DEF_RESOURCE && !f.is_array ? (uint16_t)w->n
                 : w->n > 0                                 ? w->f[w->n - 1].resource
                                                            : 0;
    w->f[w->n++] = f;
    return true;
}

static void prim_check(struct walk *w, const struct def_elem *e, uint16_t type, struct jv v,
                       struct str name)
{
    const struct def_type *row = def_type_row(w->d, type);
    switch (fhir_prim_check(w->rq->a, (enum fhir_prim)row->prim, v)) {
    case PRIM_OK: break;
    case PRIM_WRONG_KIND:
        walk_fault(w, "structure", T("The value is of the wrong kind."),
                   def_str(w->d, row->name), name);
        return;
    case PRIM_WRONG_FORM:
        walk_fault(w, "value", T("The value does not have the form of its type."),
                   def_str(w->d, row->name), name);
        return;
    case PRIM_EMPTY: fault(w, "value", T("The value is empty."), name); return;
    case PRIM_TOO_LONG: fault(w, "too-long", T("The text is too long."), name); return;
    }
    if (e->strength == DEF_REQUIRED) {
        walk_code(w, e, v, name);
    }
    if (e->n_inv > 0) {
        walk_prim_invariants(w, e, type, v, name);
    }
}

/* The type of a resource inside another: contained, entry.resource, parameter.resource. */
static uint16_t inner_type(struct walk *w, struct jv v, struct str name)
{
    struct jv type = json_get(v, S("resourceType"));
    if (json_kind(type) != JSON_STRING) {
        fault(w, "structure", T("A resource must have a resourceType."), name);
        return 0;
    }
    uint16_t id = def_find(w->d, json_str(w->rq->a, type));
    const struct def_type *row = def_type_row(w->d, id);
    if (row == NULL || row->kind != DEF_RESOURCE) {
        fault(w, "structure", T("There is no such type of resource."), name);
        return 0;
    }
    return id;
}

/* ele-1: an element has a value or children other than its id. */
static bool holds_something(struct walk *w, const struct frame *f)
{
    struct jv first = json_first(f->v);
    if (!json_has(first) || json_has(json_next(first)) || !json_key_is(first, S("id"))) {
        return json_has(first);
    }
    const struct frame *top = walk_top(w);
    struct jv value = f->index >= 0 ? json_at(top->sibling, (uint32_t)f->index)
                                    : json_get(top->v, f->name);
    return f->is_sibling && json_kind(value) != JSON_NONE && json_kind(value) != JSON_NULL;
}

static void object_open(struct walk *w, struct frame f)
{
    const struct def_elem *e = f.elem;
    struct jv v = f.v;
    struct str name = walk_top(w)->is_array ? S("") : f.name;
    if (json_kind(v) != JSON_OBJECT) {
        walk_fault(w, "structure", T("The value is of the wrong kind."), def_type_name(w->d, f.type),
                   name);
        return;
    }
    if (!holds_something(w, &f)) {
        fault(w, "structure", T("An element must hold something."), name);
        return;
    }
    if ((e->flags & DEF_INNER) != 0 && !f.is_sibling) {
        f.type = inner_type(w, v, name);
        if (f.type == 0) {
            return;
        }
    }
    (void)open_frame(w, f);
}

static bool is_primitive(const struct walk *w, uint16_t type)
{
    return def_type_row(w->d, type)->kind == DEF_PRIMITIVE;
}

static struct jv sibling_of(struct jv object, struct str name)
{
    char key[80] = "_";
    if (name.n + 1 > sizeof(key)) {
        return (struct jv){0};
    }
    for (size_t i = 0; i < name.n; i++) {
        key[i + 1] = name.p[i];
    }
    return json_get(object, (struct str){key, name.n + 1});
}

static void value_check(struct walk *w, const struct def_elem *e, uint16_t type, struct jv v,
                        struct str name)
{
    bool is_array = json_kind(v) == JSON_ARRAY;
    if (((e->flags & DEF_ARRAY) != 0) != is_array) {
        fault(w, "structure", is_array ? T("Only one value may stand here, not an array.")
                                       : T("Here stands an array, even for one value."), name);
        return;
    }
    if (is_array) {
        if (!json_has(json_first(v))) {
            fault(w, "structure", T("An array must hold something."), name);
            return;
        }
        if (e->max != DEF_MANY && json_len(v) > e->max) {
            fault(w, "structure", T("There are too many of these."), name);
        }
        struct frame f = {.type = type, .elem = e, .v = v, .name = name, .index = -1,
                          .is_array = true};
        if (is_primitive(w, type)) {
            f.sibling = sibling_of(walk_top(w)->v, name);
        }
        (void)open_frame(w, f);
    } else if (is_primitive(w, type)) {
        prim_check(w, e, type, v, name);
    } else {
        object_open(w, (struct frame){.type = type, .elem = e, .v = v, .name = name, .index = -1});
    }
}

/* _name: id and extensions of a primitive (json.html#primitive). */
static void sibling_check(struct walk *w, const struct def_elem *e, uint16_t type, struct jv v,
                          struct str name)
{
    if (!is_primitive(w, type)) {
        fault(w, "structure", T("Only a primitive has extensions beside it."), name);
        return;
    }
    bool is_array = json_kind(v) == JSON_ARRAY;
    if (is_array != ((e->flags & DEF_ARRAY) != 0)) {
        fault(w, "structure", T("The extensions beside a value must have its form."), name);
        return;
    }
    if (is_array) {
        (void)open_frame(w, (struct frame){.type = w->element, .elem = e, .v = v, .name = name,
                                           .sibling = json_get(walk_top(w)->v, name), .index = -1,
                                           .value_type = type,
                                           .is_array = true, .is_sibling = true});
        return;
    }
    object_open(w, (struct frame){.type = w->element, .elem = e, .v = v, .name = name, .index = -1,
                                  .value_type = type, .is_sibling = true});
}

static bool bit_take(uint64_t *bits, uint32_t at)
{
    bool was = (bits[at / 64] >> (at % 64) & 1) != 0;
    bits[at / 64] |= UINT64_C(1) << (at % 64);
    return was;
}

static void see(struct walk *w, struct frame *f, const struct def_elem *e, struct str name,
                bool is_sibling)
{
    uint32_t at = def_elem_number(w->d, e) - f->row->first_elem;
    if (at >= SEEN_WORDS * 64) {
        return;
    }
    (void)bit_take(f->seen, at);
    if (!is_sibling && bit_take(f->valued, at)) {
        fault(w, "structure", T("Only one of these forms of the value may be given."), name);
    }
}

static void member_check(struct walk *w, struct frame *f, struct jv v)
{
    struct str name = json_key(w->rq, v);
    bool is_sibling = name.n > 1 && name.p[0] == '_';
    struct str plain = is_sibling ? str_sub(name, 1, name.n) : name;
    uint16_t type = 0;
    const struct def_elem *e = def_child(w->d, f->type, plain, &type);
    if (e == NULL) {
        bool is_type = f->row->kind == DEF_RESOURCE && str_eq(name, S("resourceType"));
        if (!is_type) {
            walk_fault(w, "structure", T("There is no such element."), walk_shown(name), S(""));
        }
        return;
    }
    see(w, f, e, name, is_sibling);
    if (is_sibling) {
        sibling_check(w, e, type, v, plain);
    } else {
        value_check(w, e, type, v, name);
    }
}

static void item_check(struct walk *w, struct frame *f, struct jv v)
{
    int32_t index = ++f->index;
    bool is_null = json_kind(v) == JSON_NULL;
    if (f->is_sibling || !is_primitive(w, f->type)) {
        if (!is_null || !f->is_sibling) {
            object_open(w, (struct frame){.type = f->type, .elem = f->elem, .v = v,
                                          .name = f->name, .index = index,
                                          .value_type = f->value_type,
                                          .is_sibling = f->is_sibling});
        }
        return;
    }
    if (is_null) {
        if (json_kind(json_at(f->sibling, (uint32_t)index)) != JSON_OBJECT) {
            fault(w, "structure", T("An empty place in an array needs extensions beside it."),
                  S(""));
        }
        return;
    }
    prim_check(w, f->elem, f->type, v, S(""));
}

static void required_check(struct walk *w, const struct frame *f)
{
    for (unsigned i = 0; i < f->row->n_elem && i < SEEN_WORDS * 64; i++) {
        const struct def_elem *e = def_elem_at(w->d, f->row, i);
        if (e->min > 0 && (f->seen[i / 64] >> (i % 64) & 1) == 0 &&
            (e->flags & DEF_PRIM_VALUE) == 0) {
            walk_fault(w, "required", T("A required element is missing."), def_str(w->d, e->name),
                       S(""));
        }
    }
}

/* ext-1: an extension has either extensions or a value. */
static void extension_check(struct walk *w, const struct frame *f)
{
    bool inner = json_has(json_get(f->v, S("extension")));
    bool valued = false;
    for (struct jv v = json_first(f->v); json_has(v); v = json_next(v)) {
        struct str key = json_key(w->rq, v);
        valued = valued || str_starts(key, S("value")) || str_starts(key, S("_value"));
    }
    if (inner == valued) {
        fault(w, "invariant", T("An extension has either a value or extensions of its own."),
              S(""));
    }
}

static void object_end(struct walk *w, const struct frame *f)
{
    required_check(w, f);
    if (f->type == w->reference) {
        walk_reference(w, f);
    } else if (f->type == w->extension) {
        extension_check(w, f);
        walk_extension(w, f);
    } else if (f->type == w->attachment) {
        walk_attachment(w, f);
    } else if (f->type == w->narrative) {
        walk_narrative(w, f);
    } else if (f->elem != NULL && f->elem->binding != 0 && !f->is_sibling) {
        walk_concept(w, f);
    }
    walk_invariants(w, f);
    if ((w->check->flags & FHIR_STRICT) != 0) {
        walk_strict(w, f);
    }
    if (f->row->kind == DEF_RESOURCE) {
        walk_contained(w, f);
        walk_profiles(w, f);
        if (f->type == w->response) {
            walk_form(w, f);
        }
        if (f->type == w->bundle) {
            walk_bundle(w, f);
        }
    }
}

static void types_find(struct walk *w)
{
    const struct {
        uint16_t *id;
        struct str name;
    } types[] = {
        {&w->element, S("Element")},     {&w->reference, S("Reference")},
        {&w->narrative, S("Narrative")}, {&w->bundle, S("Bundle")},
        {&w->coding, S("Coding")},       {&w->concept, S("CodeableConcept")},
        {&w->quantity, S("Quantity")},   {&w->extension, S("Extension")},
        {&w->attachment, S("Attachment")}, {&w->response, S("QuestionnaireResponse")},
    };
    for (size_t i = 0; i < LEN(types); i++) {
        *types[i].id = def_find(w->d, types[i].name);
    }
}

enum err walk_new(struct req *rq, struct jv root, const struct fhir_check *check,
                  struct walk **ret_walk)
{
    struct walk *w = ARENA_NEW(rq->a, struct walk);
    struct fhir_check *own = ARENA_NEW(rq->a, struct fhir_check);
    TRY_MEM(rq, w);
    TRY_MEM(rq, own);
    w->rq = rq;
    w->d = fhir_defs();
    w->root = root;
    *own = *check;
    own->lib = fhir_library_over(rq, check->lib, check->acc, check->beside);
    TRY_MEM(rq, own->lib);
    w->check = own;
    types_find(w);
    *ret_walk = w;
    return OK;
}

enum err fhir_validate(struct req *rq, struct jv v, enum fhir_type type)
{
    return fhir_validate_for(rq, v, type, NULL, NULL);
}

enum err fhir_validate_for(struct req *rq, struct jv v, enum fhir_type type,
                           const struct fhir_access *acc, const struct fhir_beside *beside)
{
    struct fhir_check check = {.rules = rq->db != NULL ? db_rules(rq->db) : NULL, .acc = acc,
                               .beside = beside};
    check.lib = fhir_rules_library(check.rules);
    return fhir_validate_as(rq, v, type, &check);
}

enum err fhir_validate_as(struct req *rq, struct jv v, enum fhir_type type,
                          const struct fhir_check *check)
{
    uint32_t before = fhir_issue_errors(rq);
    struct walk *w;
    TRY(walk_new(rq, v, check, &w));
    uint16_t id = def_of_fhir_type(w->d, type);
    if (id == 0 || json_kind(v) != JSON_OBJECT) {
        return FAIL(rq, E_UNPROCESSED, "not a resource");
    }
    (void)open_frame(w, (struct frame){.type = id, .v = v, .name = fhir_type_name(type),
                                       .index = -1});
    while (w->n > 0) {
        struct frame *f = &w->f[w->n - 1];
        struct jv at = f->next;
        if (!json_has(at)) {
            if (!f->is_array) {
                object_end(w, f);
            }
            w->n--;
            continue;
        }
        f->next = json_next(at);
        if (f->is_array) {
            item_check(w, f, at);
        } else {
            member_check(w, f, at);
        }
    }
    TRY(fhir_library_err(w->check->lib));
    if (rq->err.code != OK) {
        return rq->err.code; /* a rule could not be held: not for what it says */
    }
    if (w->spent) {
        return FAIL(rq, E_TOO_LARGE, "the resource takes too much to be validated");
    }
    if (fhir_issue_errors(rq) > before) {
        return FAIL(rq, E_UNPROCESSED, "the resource breaks the rules of its type");
    }
    return OK;
}
