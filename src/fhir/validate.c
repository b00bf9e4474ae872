/* fhir/validate.c - holds a resource to the element table. See validate.h.
 *
 * The walk keeps its own stack: one frame per open object or array, so depth is bounded by a
 * constant and paths can be written when a fault is found, not before.
 */
#include "fhir/validate.h"

#include "base/text.h"
#include "fhir/element_int.h"
#include "fhir/prim.h"

struct frame {
    const struct fhir_shape *shape; /* of the object, or of the array's elements */
    const struct fhir_element *row; /* how we came here; NULL at the root */
    struct jv v;                    /* the object or array */
    struct jv next;                 /* member or element to look at */
    struct str name;                /* of the element; of the resource type at the root */
    uint64_t seen;                  /* bit per row of the shape */
    unsigned hint;                  /* for fhir_element_find */
    int32_t index;                  /* in its array; -1: in none */
    bool is_array;
    bool is_sibling;                /* opened by a _name member: extensions of a primitive */
};

struct walk {
    struct req *rq;
    uint32_t n;
    struct frame f[FHIR_DEPTH_MAX + 1];
};

static struct str path_of(const struct walk *w, struct str leaf)
{
    struct buf b;
    buf_init(&b, w->rq->a, 2048);
    for (uint32_t i = 0; i < w->n; i++) {
        const struct frame *f = &w->f[i];
        if (f->is_array) {
            continue;
        }
        if (i > 0) {
            buf_char(&b, '.');
        }
        buf_str(&b, f->name);
        if (f->index >= 0) {
            buf_char(&b, '[');
            buf_u64(&b, (uint64_t)f->index);
            buf_char(&b, ']');
        }
    }
    if (leaf.n > 0) {
        buf_char(&b, '.');
        buf_str(&b, leaf);
    }
    return buf_get(&b);
}

/* Element names are shown only when they are plain words: an input's keys may hold anything. */
static struct str shown(struct str name)
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

static void fault(struct walk *w, const char *code, const char *text, struct str leaf)
{
    if (w->rq->issues != NULL && w->rq->issues->n == FHIR_ISSUES_MAX) {
        fhir_issue_add(w->rq, ISSUE_ERROR, code, text, S(""), S(""));
        return;
    }
    fhir_issue_add(w->rq, ISSUE_ERROR, code, text, S(""), path_of(w, shown(leaf)));
}

static void fault_of(struct walk *w, const char *code, const char *text, const char *subject,
                     struct str leaf)
{
    fhir_issue_add(w->rq, ISSUE_ERROR, code, text, str_z(subject), path_of(w, shown(leaf)));
}

static bool open_frame(struct walk *w, struct frame f)
{
    if (w->n == LEN(w->f)) {
        fault(w, "too-long", T("Elements are nested too deep."), S(""));
        return false;
    }
    f.next = json_first(f.v);
    w->f[w->n++] = f;
    return true;
}

/* The type and id a reference names: ".../Type/id" or ".../Type/id/_history/v". */
static struct str type_in(struct str ref, struct str *ret_id)
{
    struct str rest = str_sub(ref, 0, str_find(ref, S("/_history/")));
    struct str type = {NULL, 0};
    struct str last = {NULL, 0};
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        type = last;
        last = part;
    }
    *ret_id = last;
    return type;
}

static bool target_ok(const char *rule, struct str ref)
{
    size_t query = str_find_char(ref, '?');
    if (query < ref.n) {
        return rule == NULL || fhir_rule_has(rule, str_sub(ref, 0, query));
    }
    struct str id;
    struct str type = type_in(ref, &id);
    return type.n > 0 && fhir_id_is_valid(id) && (rule == NULL || fhir_rule_has(rule, type));
}

static bool is_absolute(struct str ref)
{
    return str_starts(ref, S("http://")) || str_starts(ref, S("https://"));
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
            return false;
        }
    }
    return s.n > 0 && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

static void reference_check(struct walk *w, const struct frame *f, struct jv v)
{
    struct str ref = json_str(w->rq->a, v);
    const char *rule = f->row != NULL ? f->row->rule : NULL;
    if (ref.n == 0 || ref.p[0] == '#' || str_starts(ref, S("urn:"))) {
        return;
    }
    if (is_absolute(ref)) {
        /* A foreign server may have addresses of another form; a type we can read must fit. */
        struct str id;
        if (fhir_type_find(type_in(ref, &id)) != T_NONE && !target_ok(rule, ref)) {
            fault(w, "value", T("This kind of resource cannot be referred to here."),
              S("reference"));
        }
        return;
    }
    size_t end = MIN(str_find_char(ref, '/'), str_find_char(ref, '?'));
    if (end == ref.n || !is_word(str_sub(ref, 0, end))) {
        fault(w, "value",
              T("A reference must be Type/id, #id, urn:uuid:... or an absolute address."),
              S("reference"));
        return;
    }
    if (!target_ok(rule, ref)) {
        fault(w, "value", T("This kind of resource cannot be referred to here."),
              S("reference"));
    }
}

static void prim_check(struct walk *w, const struct fhir_element *row,
                       const struct fhir_shape *shape, struct jv v, struct str name)
{
    switch (fhir_prim_check(w->rq->a, shape->prim, v)) {
    case PRIM_OK: break;
    case PRIM_WRONG_KIND:
        fault_of(w, "structure", T("The value is of the wrong kind."), shape->name, name);
        return;
    case PRIM_WRONG_FORM:
        fault_of(w, "value", T("The value does not have the form of its type."), shape->name, name);
        return;
    case PRIM_EMPTY:
        fault(w, "value", T("The value is empty."), name);
        return;
    case PRIM_TOO_LONG:
        fault(w, "too-long", T("The text is too long."), name);
        return;
    }
    if (shape->prim == PRIM_CODE && row->rule != NULL &&
        !fhir_rule_has(row->rule, json_str(w->rq->a, v))) {
        fault(w, "code-invalid", T("The code is not one of those allowed here."), name);
    }
}

/* The shape of a resource inside another: contained, entry.resource, parameter.resource. */
static const struct fhir_shape *inner_shape(struct walk *w, struct jv v, struct str name)
{
    struct jv type = json_get(v, S("resourceType"));
    if (json_kind(type) != JSON_STRING) {
        fault(w, "structure", T("A resource must have a resourceType."), name);
        return NULL;
    }
    return fhir_shape_of(fhir_type_find(json_str(w->rq->a, type)));
}

static void object_open(struct walk *w, const struct fhir_element *row,
                        const struct fhir_shape *shape, struct jv v, struct str name,
                        int32_t index)
{
    if (json_kind(v) != JSON_OBJECT) {
        fault_of(w, "structure", T("The value is of the wrong kind."), shape->name, name);
        return;
    }
    if (!json_has(json_first(v))) {
        fault(w, "structure", T("An element must hold something."), name);
        return;
    }
    if (shape->base == BASE_ANY_RESOURCE) {
        shape = inner_shape(w, v, name);
        if (shape == NULL) {
            return;
        }
    }
    (void)open_frame(w, (struct frame){.shape = shape, .row = row, .v = v, .name = name,
                                       .index = index});
}

static void value_check(struct walk *w, const struct fhir_element *row,
                        const struct fhir_shape *shape, struct jv v, struct str name)
{
    bool is_array = json_kind(v) == JSON_ARRAY;
    if (((row->flags & MANY) != 0) != is_array) {
        fault(w, "structure", is_array ? T("Only one value may stand here, not an array.")
                                       : T("Here stands an array, even for one value."), name);
        return;
    }
    if (is_array) {
        if (!json_has(json_first(v))) {
            fault(w, "structure", T("An array must hold something."), name);
            return;
        }
        (void)open_frame(w, (struct frame){.shape = shape, .row = row, .v = v, .name = name,
                                           .index = -1, .is_array = true});
    } else if (shape->base == BASE_PRIMITIVE) {
        prim_check(w, row, shape, v, name);
    } else {
        object_open(w, row, shape, v, name, -1);
    }
}

static const struct fhir_shape sh_sibling = {"Element", PRIM_NONE, BASE_ELEMENT, 0, NULL};

/* _name: id and extensions of a primitive (json.html#primitive). */
static void sibling_check(struct walk *w, const struct fhir_element *row,
                          const struct fhir_shape *shape, struct jv v, struct str name)
{
    if (shape->base != BASE_PRIMITIVE) {
        fault(w, "structure", T("Only a primitive has extensions beside it."), name);
        return;
    }
    bool is_array = json_kind(v) == JSON_ARRAY;
    if (is_array != ((row->flags & MANY) != 0)) {
        fault(w, "structure", T("The extensions beside a value must have its form."), name);
        return;
    }
    if (is_array) {
        (void)open_frame(w, (struct frame){.shape = &sh_sibling, .row = row, .v = v, .name = name,
                                           .index = -1, .is_array = true, .is_sibling = true});
    } else {
        object_open(w, row, &sh_sibling, v, name, -1);
    }
}

static void see(struct walk *w, struct frame *f, const struct fhir_element *row, struct str name)
{
    ptrdiff_t at = f->shape->n > 0 ? row - f->shape->elements : -1;
    if (at < 0 || at >= f->shape->n) {
        return;
    }
    f->seen |= UINT64_C(1) << at;
    if (row->choice == 0) {
        return;
    }
    for (unsigned i = 0; i < f->shape->n; i++) {
        bool other = f->shape->elements[i].choice == row->choice && i != (unsigned)at;
        if (other && (f->seen & (UINT64_C(1) << i)) != 0) {
            fault(w, "structure", T("Only one of these forms of the value may be given."), name);
            return;
        }
    }
}

static void member_check(struct walk *w, struct frame *f, struct jv v)
{
    struct str name = json_key(w->rq, v);
    bool is_sibling = name.n > 1 && name.p[0] == '_';
    const struct fhir_shape *shape = NULL;
    const struct fhir_element *row = fhir_element_find(
        f->shape, is_sibling ? str_sub(name, 1, name.n) : name, &f->hint, &shape);
    if (row == NULL) {
        fault_of(w, "structure", T("There is no such element."), f->shape->name, name);
        return;
    }
    see(w, f, row, name);
    if (is_sibling) {
        sibling_check(w, row, shape, v, name);
        return;
    }
    value_check(w, row, shape, v, name);
    if (f->shape == &sh_reference && json_kind(v) == JSON_STRING && str_eq(name, S("reference"))) {
        reference_check(w, f, v);
    }
}

static void item_check(struct walk *w, struct frame *f, struct jv v)
{
    int32_t index = ++f->index;
    struct str name = f->name;
    bool is_null = json_kind(v) == JSON_NULL;
    if (f->is_sibling) {
        if (!is_null) {
            object_open(w, f->row, f->shape, v, name, index);
        }
        return;
    }
    if (f->shape->base != BASE_PRIMITIVE) {
        object_open(w, f->row, f->shape, v, name, index);
    } else if (!is_null) {
        prim_check(w, f->row, f->shape, v, name);
    }
}

static void required_check(struct walk *w, const struct frame *f)
{
    for (unsigned i = 0; i < f->shape->n; i++) {
        const struct fhir_element *row = &f->shape->elements[i];
        if ((row->flags & REQ) == 0 || (f->seen & (UINT64_C(1) << i)) != 0) {
            continue;
        }
        bool seen = false;
        for (unsigned k = 0; row->choice != 0 && k < f->shape->n; k++) {
            bool same = f->shape->elements[k].choice == row->choice;
            seen = seen || (same && (f->seen & (UINT64_C(1) << k)) != 0);
            if (same && k < i) {
                seen = true; /* told once, at the first form of the choice */
            }
        }
        if (!seen) {
            fault(w, "required", T("A required element is missing."),
                  (struct str){row->name, row->len});
        }
    }
}

enum err fhir_validate(struct req *rq, struct jv v, enum fhir_type type)
{
    const struct fhir_shape *shape = fhir_shape_of(type);
    uint32_t before = fhir_issue_errors(rq);
    struct walk *w = ARENA_NEW(rq->a, struct walk);
    TRY_MEM(rq, w);
    w->rq = rq;
    if (shape == NULL || json_kind(v) != JSON_OBJECT) {
        return FAIL(rq, E_UNPROCESSED, "not a resource");
    }
    (void)open_frame(w, (struct frame){.shape = shape, .v = v, .name = fhir_type_name(type),
                                       .index = -1});
    while (w->n > 0) {
        struct frame *f = &w->f[w->n - 1];
        struct jv at = f->next;
        if (!json_has(at)) {
            if (!f->is_array) {
                required_check(w, f);
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
    if (fhir_issue_errors(rq) > before) {
        return FAIL(rq, E_UNPROCESSED, "the resource breaks the rules of its type");
    }
    return OK;
}
