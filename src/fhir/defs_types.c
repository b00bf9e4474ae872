/* fhir/defs_types.c - rows of types, elements and invariants. See defs_compile.h.
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

static bool is_child(struct str path, struct str parent)
{
    return is_below(path, parent) &&
           str_find_char(str_sub(path, parent.n + 1, path.n), '.') == path.n - parent.n - 1;
}

/* Whether element i of t has children: then it makes a type. */
static bool has_children(const struct dc_type *t, uint32_t i)
{
    for (uint32_t k = i + 1; k < t->n; k++) {
        if (!t->elems[k].gone) {
            return is_below(t->elems[k].path, t->elems[i].path);
        }
    }
    return false;
}

static struct def_type *type_row(struct dc *dc, uint16_t id)
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

/* The number of a type by name; 0 when there is none. */
static uint16_t id_of(struct dc *dc, struct str name)
{
    const uint16_t *slots = dc->rows[PART_TYPE_HASH].p;
    uint32_t mask = dc->rows[PART_TYPE_HASH].n - 1;
    uint32_t want;
    if (dc_text(dc, name, &want) != OK) {
        return 0;
    }
    for (uint32_t i = str_hash(name) & mask; slots[i] != 0; i = (i + 1) & mask) {
        if (type_row(dc, (uint16_t)(slots[i] - 1))->name == want) {
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
    struct def_type *row = type_row(dc, t->id);
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
        if (!t->elems[i].gone && has_children(t, i)) {
            TRY(type_add(dc, t->elems[i].path, t->url, &id));
            type_row(dc, id)->kind = DEF_BACKBONE;
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

struct list {
    uint16_t v[DC_LIST_MAX];
    uint16_t n;
};

static bool list_has(const struct list *l, uint16_t v)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (l->v[i] == v) {
            return true;
        }
    }
    return false;
}

static enum err list_add(struct dc *dc, struct list *l, uint16_t v)
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

static enum err list_write(struct dc *dc, const struct list *l, uint32_t *ret_first)
{
    return dc_list_write(dc, l->v, l->n, ret_first);
}

/* The invariants of an element that have an expression. */
static enum err constraints_read(struct dc *dc, struct jv elem, struct list *l)
{
    struct jv list = json_get(elem, S("constraint"));
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        uint16_t inv;
        if (json_has(json_get(c, S("expression")))) {
            TRY(dc_invariant(dc, c, &inv));
            TRY(list_add(dc, l, inv));
        }
    }
    return OK;
}

/* What is read of one element before its row is written. */
struct reading {
    const struct dc_type *t;
    const struct dc_elem *e;
    uint16_t owner; /* def_id of its parent */
    uint16_t below; /* def_id of the type its own children make; 0: none */
    bool any_target;
    struct str stem;
    struct list types;
    struct list targets;
    struct list invs;
};

/* The type a type code of an element means. FHIRPath's own types stand in the package for id and
 * url: R4 resource.html#id, element.html and extensibility.html say id, string and uri. */
static uint16_t type_of_code(struct dc *dc, const struct reading *r, struct jv type)
{
    struct str code = dc_str(dc, type, S("code"));
    struct str system = S("http://hl7.org/fhirpath/");
    if (!str_starts(code, system)) {
        return id_of(dc, code);
    }
    if (str_eq(r->stem, S("id"))) {
        bool is_resource = json_is(json_get(r->t->sd, S("kind")), S("resource"));
        return id_of(dc, is_resource && is_child(r->e->path, r->t->name) ? S("id") : S("string"));
    }
    if (str_eq(r->e->path, S("Extension.url"))) {
        return id_of(dc, S("uri"));
    }
    return id_of(dc, str_sub(code, system.n, code.n));
}

static enum err target_add(struct dc *dc, struct reading *r, struct str name)
{
    if (str_eq(name, S("Resource"))) {
        r->any_target = true;
        return OK;
    }
    uint16_t id = id_of(dc, name);
    return id != 0 ? list_add(dc, &r->targets, id) : DC_FAIL(dc, "a target that is no type", name);
}

static enum err type_read(struct dc *dc, struct reading *r, struct jv type)
{
    uint16_t id = r->below != 0 ? r->below : type_of_code(dc, r, type);
    if (id == 0) {
        return DC_FAIL(dc, "an element of a type that is none", r->e->path);
    }
    TRY(list_add(dc, &r->types, id));
    struct jv targets = json_get(type, S("targetProfile"));
    for (struct jv v = json_first(targets); json_has(v) && !json_has(r->e->targets);
         v = json_next(v)) {
        TRY(target_add(dc, r, dc_tail(json_str(dc->rq->a, v))));
    }
    struct jv profiles = json_get(type, S("profile"));
    for (struct jv v = json_first(profiles); json_has(v); v = json_next(v)) {
        struct dc_type *profile = dc_type_find(dc, dc_tail(json_str(dc->rq->a, v)));
        if (profile == NULL) {
            return DC_FAIL(dc, "a profile that is not there", r->e->path);
        }
        TRY(constraints_read(dc, profile->elems[0].v, &r->invs));
    }
    return OK;
}

static enum err types_read(struct dc *dc, struct reading *r)
{
    struct str same = dc_str(dc, r->e->v, S("contentReference"));
    if (same.n > 0) {
        same = str_sub(same, str_find_char(same, '#') + 1, same.n);
        uint16_t id = id_of(dc, same);
        return id != 0 ? list_add(dc, &r->types, id) : DC_FAIL(dc, "a contentReference", same);
    }
    if (r->e->type.p != NULL) {
        uint16_t id = r->below != 0 ? r->below : id_of(dc, r->e->type);
        return id != 0 ? list_add(dc, &r->types, id) : DC_FAIL(dc, "type", r->e->type);
    }
    struct jv types = json_get(r->e->v, S("type"));
    for (struct jv v = json_first(types); json_has(v); v = json_next(v)) {
        TRY(type_read(dc, r, v));
    }
    for (struct jv v = json_first(r->e->targets); json_has(v); v = json_next(v)) {
        TRY(target_add(dc, r, json_str(dc->rq->a, v)));
    }
    return r->types.n > 0 ? OK : DC_FAIL(dc, "an element without a type", r->e->path);
}

static enum err name_add(struct dc *dc, struct str name, uint32_t elem, uint16_t owner,
                         uint16_t type)
{
    struct def_name *row = dc_add(dc, PART_NAME, 1);
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many names");
    }
    TRY(dc_text(dc, name, &row->name));
    row->elem = (uint16_t)elem;
    row->owner = owner;
    row->type = type;
    uint16_t *slots = dc->rows[PART_NAME_HASH].p;
    uint32_t mask = dc->rows[PART_NAME_HASH].n - 1;
    uint32_t i = def_name_hash(owner, name) & mask;
    while (slots[i] != 0) {
        i = (i + 1) & mask;
    }
    slots[i] = (uint16_t)dc->rows[PART_NAME].n;
    return OK;
}

/* The JSON members of an element: its name, or one for each type of a choice. */
static enum err names_write(struct dc *dc, const struct reading *r, uint32_t elem, unsigned flags)
{
    if ((flags & DEF_CHOICE) == 0) {
        return name_add(dc, r->stem, elem, r->owner,
                        (flags & DEF_PRIM_VALUE) != 0 ? 0 : r->types.v[0]);
    }
    TRY(name_add(dc, r->stem, elem, r->owner, 0));
    for (unsigned i = 0; i < r->types.n; i++) {
        struct buf b;
        buf_init(&b, dc->rq->a, 256);
        struct str type = dc_pool(dc, type_row(dc, r->types.v[i])->name);
        buf_str(&b, r->stem);
        buf_char(&b, type.p[0] >= 'a' ? (char)(type.p[0] - 'a' + 'A') : type.p[0]);
        buf_str(&b, str_sub(type, 1, type.n));
        TRY(name_add(dc, buf_get(&b), elem, r->owner, r->types.v[i]));
    }
    return OK;
}

static uint16_t max_of(struct str text)
{
    uint64_t v;
    return str_u64(text, &v) && v < DEF_MANY ? (uint16_t)v : DEF_MANY;
}

static bool flag_of(struct jv elem, struct str key)
{
    return json_true(json_get(elem, key));
}

static unsigned flags_of(struct dc *dc, const struct reading *r)
{
    struct jv v = r->e->v;
    struct str base_max = dc_str(dc, json_get(v, S("base")), S("max"));
    struct str max = base_max.n > 0 ? base_max : dc_str(dc, v, S("max"));
    const struct def_type *type = type_row(dc, r->types.v[0]);
    unsigned flags = 0;
    if (str_ends(r->e->path, S("[x]"))) {
        flags |= DEF_CHOICE | (r->types.n > 40 ? DEF_OPEN : 0);
    }
    if (r->e->max.p != NULL) {
        max = r->e->max;
    }
    flags |= json_has(json_get(v, S("contentReference"))) ? DEF_CONTENT_REF : 0;
    flags |= flag_of(v, S("isModifier")) ? DEF_MODIFIER : 0;
    flags |= flag_of(v, S("isSummary")) ? DEF_SUMMARY : 0;
    flags |= max_of(max) > 1 ? DEF_ARRAY : 0;
    flags |= type->kind == DEF_SYSTEM ? DEF_PRIM_VALUE : 0;
    flags |= str_eq(dc_pool(dc, type->name), S("Resource"))
                 ? DEF_INNER : 0;
    return flags;
}

/* What an element adds to the invariants of its types. */
static void types_invs_drop(struct dc *dc, struct reading *r)
{
    const uint16_t *list = dc->rows[PART_LIST].p;
    const struct def_invariant *rows = dc->rows[PART_INV].p;
    struct list own = {.n = 0};
    for (unsigned i = 0; i < r->invs.n; i++) {
        bool known = r->invs.v[i] == DEF_INV_ELE_1 || r->invs.v[i] == DEF_INV_EXT_1;
        for (unsigned k = 0; k < r->types.n; k++) {
            const struct def_type *t = type_row(dc, r->types.v[k]);
            for (unsigned m = 0; m < t->n_inv; m++) {
                known = known || rows[list[t->first_inv + m]].key == rows[r->invs.v[i]].key;
            }
        }
        if (!known) {
            own.v[own.n++] = r->invs.v[i];
        }
    }
    r->invs = own;
}

static uint8_t strength_of(struct jv binding)
{
    static const struct {
        struct str name;
        enum def_strength strength;
    } names[] = {
        {SI("required"), DEF_REQUIRED},
        {SI("extensible"), DEF_EXTENSIBLE},
        {SI("preferred"), DEF_PREFERRED},
        {SI("example"), DEF_EXAMPLE},
    };
    for (size_t i = 0; i < LEN(names); i++) {
        if (json_is(json_get(binding, S("strength")), names[i].name)) {
            return (uint8_t)names[i].strength;
        }
    }
    return DEF_NO_BINDING;
}

static enum err elem_write(struct dc *dc, struct reading *r)
{
    struct str stem = r->e->path;
    struct str part;
    for (struct str rest = r->e->path; str_cut(&rest, '.', &part);) {
        stem = part;
    }
    r->stem = str_ends(stem, S("[x]")) ? str_sub(stem, 0, stem.n - 3) : stem;
    TRY(types_read(dc, r));
    if (r->below == 0) {
        TRY(constraints_read(dc, r->e->v, &r->invs));
        types_invs_drop(dc, r);
    }
    struct def_elem *row = dc_add(dc, PART_ELEM, 1);
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many elements");
    }
    int64_t min = 0;
    struct str max = r->e->max.p != NULL ? r->e->max : dc_str(dc, r->e->v, S("max"));
    if (!json_i64(json_get(r->e->v, S("min")), &min) || r->e->min.p != NULL) {
        min = r->e->min.p != NULL ? max_of(r->e->min) : 0;
    }
    row->min = (uint16_t)min;
    row->max = max_of(max);
    row->owner = r->owner;
    row->n_type = r->types.n;
    row->n_target = r->any_target ? 0 : r->targets.n;
    row->n_inv = r->invs.n;
    row->flags = (uint16_t)flags_of(dc, r);
    struct jv binding = json_get(r->e->v, S("binding"));
    struct str set = dc_str(dc, binding, S("valueSet"));
    if (set.n > 0) {
        row->strength = strength_of(binding);
        TRY(dc_set(dc, set, &row->binding));
    }
    TRY(dc_text(dc, r->stem, &row->name));
    TRY(dc_text(dc, r->e->path, &row->path));
    TRY(list_write(dc, &r->types, &row->first_type));
    TRY(list_write(dc, &r->targets, &row->first_target));
    TRY(list_write(dc, &r->invs, &row->first_inv));
    return names_write(dc, r, (uint32_t)(row - (struct def_elem *)dc->rows[PART_ELEM].p),
                       row->flags);
}

/* The rows of the children of element at of t. */
static enum err children_write(struct dc *dc, const struct dc_type *t, uint32_t at, uint16_t owner)
{
    struct def_type *row = type_row(dc, owner);
    row->first_elem = dc->rows[PART_ELEM].n;
    for (uint32_t i = at + 1; i < t->n; i++) {
        if (t->elems[i].gone || !is_child(t->elems[i].path, t->elems[at].path)) {
            continue;
        }
        struct reading r = {.t = t, .e = &t->elems[i], .owner = owner};
        r.below = has_children(t, i) ? id_of(dc, t->elems[i].path) : 0;
        TRY(elem_write(dc, &r));
        row->n_elem++;
    }
    return OK;
}

/* Base and invariants of a type and of its elements with children: before any element's row. */
static enum err type_head(struct dc *dc, const struct dc_type *t, uint32_t at, uint16_t id)
{
    struct def_type *row = type_row(dc, id);
    struct list invs = {.n = 0};
    if (at == 0) {
        struct str base = dc_tail(dc_str(dc, t->sd, S("baseDefinition")));
        row->base = base.n > 0 ? id_of(dc, base) : 0;
    } else {
        struct str code = dc_str(dc, json_at(json_get(t->elems[at].v, S("type")), 0), S("code"));
        row->base = id_of(dc, code.n > 0 ? code : S("BackboneElement"));
    }
    if (str_eq(t->name, S("Quantity")) && at == 0) {
        row->system = DEF_SYS_QUANTITY;
    }
    TRY(constraints_read(dc, t->elems[at].v, &invs));
    row->n_inv = invs.n;
    return list_write(dc, &invs, &row->first_inv);
}

/* Calls fn for the type and each of its elements with children. */
static enum err each_type(struct dc *dc,
                          enum err (*fn)(struct dc *, const struct dc_type *, uint32_t, uint16_t))
{
    for (uint32_t k = 0; k < dc->n_types; k++) {
        const struct dc_type *t = &dc->types[k];
        for (uint32_t i = 0; i < t->n && !t->gone && !t->is_profile; i++) {
            if (i == 0 || (!t->elems[i].gone && has_children(t, i))) {
                TRY(fn(dc, t, i, id_of(dc, t->elems[i].path)));
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
    struct list invs = {.n = 0};
    if (element == NULL || extension == NULL) {
        return FAIL(dc->rq, E_BAD_INPUT, "definitions: Element or Extension is missing");
    }
    TRY(constraints_read(dc, element->elems[0].v, &invs));
    TRY(constraints_read(dc, extension->elems[0].v, &invs));
    const struct def_invariant *rows = dc->rows[PART_INV].p;
    bool ok = invs.n == 2 && str_eq(dc_pool(dc, rows[DEF_INV_ELE_1].key), S("ele-1")) &&
              str_eq(dc_pool(dc, rows[DEF_INV_EXT_1].key), S("ext-1"));
    return ok ? OK : FAIL(dc->rq, E_BAD_INPUT, "definitions: ele-1 and ext-1 have changed");
}

enum err dc_types_write(struct dc *dc)
{
    bool all = dc_add(dc, PART_TYPE, 1) != NULL && dc_add(dc, PART_ELEM, 1) != NULL &&
               dc_add(dc, PART_TYPE_HASH, dc->rows[PART_TYPE_HASH].cap) != NULL &&
               dc_add(dc, PART_NAME_HASH, dc->rows[PART_NAME_HASH].cap) != NULL &&
               dc_add(dc, PART_FHIR, T_COUNT) != NULL;
    ASSERT(all);
    for (unsigned i = 1; i < DEF_SYS_COUNT; i++) {
        uint16_t id;
        TRY(type_add(dc, str_z(systems[i]), S(""), &id));
        ASSERT(id == i);
        type_row(dc, id)->kind = DEF_SYSTEM;
        type_row(dc, id)->system = (uint16_t)i;
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
    TRY(first_invariants(dc));
    TRY(each_type(dc, type_head));
    TRY(each_type(dc, children_write));
    for (unsigned i = 0; i < dc->n_fixes; i++) {
        if (!dc->fixes[i].used) {
            return DC_FAIL(dc, "overlay: invariant: not there, or other than expected",
                           dc->fixes[i].key);
        }
    }
    return OK;
}
