/* fhir/defs_types.c - rows of types and invariants. See defs_compile.h.
 *
 * A StructureDefinition's snapshot is a flat list of paths; a path that others begin with becomes a
 * type of its own, so that every type has its children in one run of the element table.
 */
#include "fhir/defs_compile_int.h"

static const char *const systems[DEF_SYS_COUNT] = {
    [DEF_SYS_NONE] = "",
    [DEF_SYS_BOOLEAN] = "System.Boolean",
    [DEF_SYS_STRING] = "System.String",
    [DEF_SYS_INTEGER] = "System.Integer",
    [DEF_SYS_DECIMAL] = "System.Decimal",
    [DEF_SYS_DATE] = "System.Date",
    [DEF_SYS_DATE_TIME] = "System.DateTime",
    [DEF_SYS_TIME] = "System.Time",
    [DEF_SYS_QUANTITY] = "System.Quantity",
};

static const struct {
    const char *name;
    enum fhir_prim prim;
    enum def_system system;
} prims[] = {
    {"boolean", PRIM_BOOLEAN, DEF_SYS_BOOLEAN},
    {"integer", PRIM_INTEGER, DEF_SYS_INTEGER},
    {"unsignedInt", PRIM_UNSIGNED_INT, DEF_SYS_INTEGER},
    {"positiveInt", PRIM_POSITIVE_INT, DEF_SYS_INTEGER},
    {"decimal", PRIM_DECIMAL, DEF_SYS_DECIMAL},
    {"string", PRIM_STRING, DEF_SYS_STRING},
    {"markdown", PRIM_MARKDOWN, DEF_SYS_STRING},
    {"code", PRIM_CODE, DEF_SYS_STRING},
    {"id", PRIM_ID, DEF_SYS_STRING},
    {"uri", PRIM_URI, DEF_SYS_STRING},
    {"url", PRIM_URL, DEF_SYS_STRING},
    {"canonical", PRIM_CANONICAL, DEF_SYS_STRING},
    {"oid", PRIM_OID, DEF_SYS_STRING},
    {"uuid", PRIM_UUID, DEF_SYS_STRING},
    {"base64Binary", PRIM_BASE64, DEF_SYS_STRING},
    {"instant", PRIM_INSTANT, DEF_SYS_DATE_TIME},
    {"date", PRIM_DATE, DEF_SYS_DATE},
    {"dateTime", PRIM_DATE_TIME, DEF_SYS_DATE_TIME},
    {"time", PRIM_TIME, DEF_SYS_TIME},
    {"xhtml", PRIM_XHTML, DEF_SYS_STRING},
};

enum err dc_types_read(struct dc *dc, enum def_file file)
{
    struct jv entries = json_get(json_root(&dc->docs[file]), S("entry"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv sd = json_get(e, S("resource"));
        if (!json_is(json_get(sd, S("resourceType")), S("StructureDefinition"))) {
            continue;
        }
        if (dc->n_types == DC_TYPES_MAX) {
            return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many types");
        }
        struct dc_type *t = &dc->types[dc->n_types++];
        struct jv list = json_path(sd, S("snapshot.element"));
        t->name = dc_str(dc, sd, S("name"));
        t->url = dc_str(dc, sd, S("url"));
        t->sd = sd;
        t->is_profile = json_is(json_get(sd, S("derivation")), S("constraint"));
        t->n = json_len(list);
        t->elems = ARENA_ARRAY(dc->rq->a, t->n, struct dc_elem);
        TRY_MEM(dc->rq, t->elems);
        if (t->name.n == 0 || t->n == 0) {
            return DC_FAIL(dc, "a type without name or snapshot", t->url);
        }
        uint32_t i = 0;
        for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
            t->elems[i++] = (struct dc_elem){.path = dc_str(dc, v, S("path")), .v = v};
        }
    }
    return OK;
}

struct dc_type *dc_type_find(struct dc *dc, struct str name)
{
    for (uint32_t i = 0; i < dc->n_types; i++) {
        if (!dc->types[i].gone && str_eq(dc->types[i].name, name)) {
            return &dc->types[i];
        }
    }
    return NULL;
}

struct dc_elem *dc_elem_find(struct dc *dc, struct str path)
{
    struct dc_type *t = dc_type_find(dc, str_sub(path, 0, str_find_char(path, '.')));
    for (uint32_t i = 0; t != NULL && i < t->n; i++) {
        if (!t->elems[i].gone && str_eq(t->elems[i].path, path)) {
            return &t->elems[i];
        }
    }
    return NULL;
}

static bool is_below(struct str path, struct str parent)
{
    return path.n > parent.n && path.p[parent.n] == '.' && str_starts(path, parent);
}

bool dc_is_child(struct str path, struct str parent)
{
    return is_below(path, parent) &&
           str_find_char(str_sub(path, parent.n + 1, path.n), '.') == path.n - parent.n - 1;
}

bool dc_has_children(const struct dc_type *t, uint32_t i)
{
    for (uint32_t k = i + 1; k < t->n; k++) {
        if (!t->elems[k].gone) {
            return is_below(t->elems[k].path, t->elems[i].path);
        }
    }
    return false;
}

struct def_type *dc_type_row(struct dc *dc, uint16_t id)
{
    return (struct def_type *)dc->rows[PART_TYPE].p + id;
}

static enum err type_add(struct dc *dc, struct str name, struct str url, uint16_t *ret_id)
{
    struct def_type *t = dc_add(dc, PART_TYPE, 1);
    if (t == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many types");
    }
    uint16_t id = (uint16_t)(dc->rows[PART_TYPE].n - 1);
    TRY(dc_text(dc, name, &t->name));
    TRY(dc_text(dc, url, &t->url));
    uint16_t *slots = dc->rows[PART_TYPE_HASH].p;
    uint32_t mask = dc->rows[PART_TYPE_HASH].n - 1;
    uint32_t i = str_hash(name) & mask;
    while (slots[i] != 0) {
        i = (i + 1) & mask;
    }
    slots[i] = (uint16_t)(id + 1);
    *ret_id = id;
    return OK;
}

uint16_t dc_type_id(struct dc *dc, struct str name)
{
    const uint16_t *slots = dc->rows[PART_TYPE_HASH].p;
    uint32_t mask = dc->rows[PART_TYPE_HASH].n - 1;
    uint32_t want;
    if (dc_text(dc, name, &want) != OK) {
        return 0;
    }
    for (uint32_t i = str_hash(name) & mask; slots[i] != 0; i = (i + 1) & mask) {
        if (dc_type_row(dc, (uint16_t)(slots[i] - 1))->name == want) {
            return (uint16_t)(slots[i] - 1);
        }
    }
    return 0;
}

static enum def_kind kind_of(struct dc *dc, const struct dc_type *t)
{
    if (json_true(json_get(t->sd, S("abstract")))) {
        return DEF_ABSTRACT;
    }
    struct str kind = dc_str(dc, t->sd, S("kind"));
    return str_eq(kind, S("resource"))         ? DEF_RESOURCE
           : str_eq(kind, S("primitive-type")) ? DEF_PRIMITIVE
                                               : DEF_COMPLEX;
}

/* Gives numbers to a definition's type and to those of its elements with children. */
static enum err type_number(struct dc *dc, struct dc_type *t)
{
    TRY(type_add(dc, t->name, t->url, &t->id));
    struct def_type *row = dc_type_row(dc, t->id);
    row->kind = (uint8_t)kind_of(dc, t);
    for (size_t i = 0; row->kind == DEF_PRIMITIVE && i < LEN(prims); i++) {
        if (str_eq(t->name, str_z(prims[i].name))) {
            row->prim = (uint8_t)prims[i].prim;
            row->system = (uint16_t)prims[i].system;
        }
    }
    if (row->kind == DEF_PRIMITIVE && row->prim == PRIM_NONE) {
        return DC_FAIL(dc, "a primitive we do not know", t->name);
    }
    if (row->kind == DEF_RESOURCE) {
        row->fhir_type = (uint16_t)fhir_type_find(t->name);
        if (row->fhir_type == T_NONE) {
            return DC_FAIL(dc, "a resource type that is not in type.def", t->name);
        }
        ((uint16_t *)dc->rows[PART_FHIR].p)[row->fhir_type] = t->id;
    }
    for (uint32_t i = 1; i < t->n; i++) {
        uint16_t id;
        if (!t->elems[i].gone && dc_has_children(t, i)) {
            TRY(type_add(dc, t->elems[i].path, t->url, &id));
            dc_type_row(dc, id)->kind = DEF_BACKBONE;
        }
    }
    return OK;
}

/* The expression of an invariant, the overlay's where it has one. */
static struct str repaired(struct dc *dc, struct jv constraint)
{
    struct str expr = dc_str(dc, constraint, S("expression"));
    for (unsigned i = 0; i < dc->n_fixes; i++) {
        struct dc_fix *f = &dc->fixes[i];
        if (json_is(json_get(constraint, S("key")), f->key) && str_eq(expr, f->now)) {
            f->used = true;
            return f->want;
        }
    }
    return expr;
}

enum err dc_invariant(struct dc *dc, struct jv constraint, uint16_t *ret_inv)
{
    struct def_invariant new = {0};
    struct def_invariant *rows = dc->rows[PART_INV].p;
    TRY(dc_text(dc, dc_str(dc, constraint, S("key")), &new.key));
    TRY(dc_text(dc, dc_str(dc, constraint, S("human")), &new.human));
    TRY(dc_text(dc, repaired(dc, constraint), &new.expr));
    new.severity = json_is(json_get(constraint, S("severity")), S("warning")) ? 1 : 0;
    for (uint32_t i = 0; i < dc->rows[PART_INV].n; i++) {
        if (rows[i].key == new.key && rows[i].expr == new.expr &&
            rows[i].severity == new.severity) {
            *ret_inv = (uint16_t)i;
            return OK;
        }
    }
    struct def_invariant *row = dc_add(dc, PART_INV, 1);
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many invariants");
    }
    *row = new;
    *ret_inv = (uint16_t)(dc->rows[PART_INV].n - 1);
    return OK;
}

static bool list_has(const struct dc_list *l, uint16_t v)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->v[i] == v) {
            return true;
        }
    }
    return false;
}

enum err dc_list_add(struct dc *dc, struct dc_list *l, uint16_t v)
{
    if (list_has(l, v)) {
        return OK;
    }
    if (l->n == LEN(l->v)) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: a list is too long");
    }
    l->v[l->n++] = v;
    return OK;
}

enum err dc_constraints(struct dc *dc, struct jv elem, struct dc_list *l)
{
    struct jv list = json_get(elem, S("constraint"));
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        uint16_t inv;
        if (json_has(json_get(c, S("expression")))) {
            TRY(dc_invariant(dc, c, &inv));
            TRY(dc_list_add(dc, l, inv));
        }
    }
    return OK;
}

/* Base and invariants of a type and of its elements with children: before any element's row. */
static enum err type_head(struct dc *dc, const struct dc_type *t, uint32_t at, uint16_t id)
{
    struct def_type *row = dc_type_row(dc, id);
    struct dc_list invs = {.n = 0};
    if (at == 0) {
        struct str base = dc_tail(dc_str(dc, t->sd, S("baseDefinition")));
        row->base = base.n > 0 ? dc_type_id(dc, base) : 0;
    } else {
        struct str code = dc_str(dc, json_at(json_get(t->elems[at].v, S("type")), 0), S("code"));
        row->base = dc_type_id(dc, code.n > 0 ? code : S("BackboneElement"));
    }
    if (str_eq(t->name, S("Quantity")) && at == 0) {
        row->system = DEF_SYS_QUANTITY;
    }
    TRY(dc_about(dc, &t->elems[at], (struct def_about *)dc->rows[PART_TYPE_ABOUT].p + id));
    TRY(dc_constraints(dc, t->elems[at].v, &invs));
    row->n_inv = invs.n;
    return dc_list_write(dc, invs.v, invs.n, &row->first_inv);
}

/* Calls fn for the type and each of its elements with children. */
static enum err each_type(struct dc *dc,
                          enum err (*fn)(struct dc *, const struct dc_type *, uint32_t, uint16_t))
{
    for (uint32_t k = 0; k < dc->n_types; k++) {
        const struct dc_type *t = &dc->types[k];
        for (uint32_t i = 0; i < t->n && !t->gone && !t->is_profile; i++) {
            if (i == 0 || (!t->elems[i].gone && dc_has_children(t, i))) {
                TRY(fn(dc, t, i, dc_type_id(dc, t->elems[i].path)));
            }
        }
    }
    return OK;
}

/* ele-1 and ext-1 stand on every element: the validator knows them by these numbers. */
static enum err first_invariants(struct dc *dc)
{
    struct dc_type *element = dc_type_find(dc, S("Element"));
    struct dc_type *extension = dc_type_find(dc, S("Extension"));
    struct dc_list invs = {.n = 0};
    if (element == NULL || extension == NULL) {
        return FAIL(dc->rq, E_BAD_INPUT, "definitions: Element or Extension is missing");
    }
    TRY(dc_constraints(dc, element->elems[0].v, &invs));
    TRY(dc_constraints(dc, extension->elems[0].v, &invs));
    const struct def_invariant *rows = dc->rows[PART_INV].p;
    bool ok = invs.n == 2 && str_eq(dc_pool(dc, rows[DEF_INV_ELE_1].key), S("ele-1")) &&
              str_eq(dc_pool(dc, rows[DEF_INV_EXT_1].key), S("ext-1"));
    return ok ? OK : FAIL(dc->rq, E_BAD_INPUT, "definitions: ele-1 and ext-1 have changed");
}

enum err dc_types_write(struct dc *dc)
{
    bool all = dc_add(dc, PART_TYPE, 1) != NULL && dc_add(dc, PART_ELEM, 1) != NULL &&
               dc_add(dc, PART_ELEM_ABOUT, 1) != NULL &&
               dc_add(dc, PART_TYPE_HASH, dc->rows[PART_TYPE_HASH].cap) != NULL &&
               dc_add(dc, PART_NAME_HASH, dc->rows[PART_NAME_HASH].cap) != NULL &&
               dc_add(dc, PART_FHIR, T_COUNT) != NULL;
    ASSERT(all);
    for (unsigned i = 1; i < DEF_SYS_COUNT; i++) {
        uint16_t id;
        TRY(type_add(dc, str_z(systems[i]), S(""), &id));
        ASSERT(id == i);
        dc_type_row(dc, id)->kind = DEF_SYSTEM;
        dc_type_row(dc, id)->system = (uint16_t)i;
    }
    for (uint32_t i = 0; i < dc->n_types; i++) {
        if (!dc->types[i].gone && !dc->types[i].is_profile) {
            TRY(type_number(dc, &dc->types[i]));
        }
    }
    for (unsigned i = 1; i < T_COUNT; i++) {
        if (((const uint16_t *)dc->rows[PART_FHIR].p)[i] == 0) {
            return DC_FAIL(dc, "a type of type.def without a definition",
                           fhir_type_name((enum fhir_type)i));
        }
    }
    if (dc_add(dc, PART_TYPE_ABOUT, dc->rows[PART_TYPE].n) == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many types");
    }
    TRY(first_invariants(dc));
    TRY(each_type(dc, type_head));
    TRY(each_type(dc, dc_children_write));
    for (unsigned i = 0; i < dc->n_fixes; i++) {
        if (!dc->fixes[i].used) {
            return DC_FAIL(dc, "overlay: invariant: not there, or other than expected",
                           dc->fixes[i].key);
        }
    }
    return OK;
}
