/* fhir/defs_elems.c - rows of elements and of their names. See defs_compile.h.
 *
 * An element's row says what it may hold: types, targets of references, how many, which codes, and
 * the invariants it adds to those of its types. Its names are the JSON members that lead to it.
 */
#include "fhir/defs_compile_int.h"

/* What is read of one element before its row is written. */
struct reading {
    const struct dc_type *t;
    const struct dc_elem *e;
    uint16_t owner; /* def_id of its parent */
    uint16_t below; /* def_id of the type its own children make; 0: none */
    bool any_target;
    struct str stem;
    struct dc_list types;
    struct dc_list targets;
    struct dc_list invs;
};

/* The type a type code of an element means. FHIRPath's own types stand in the package for id and
 * url: R4 resource.html#id, element.html and extensibility.html say id, string and uri. */
static uint16_t type_of_code(struct dc *dc, const struct reading *r, struct jv type)
{
    struct str code = dc_str(dc, type, S("code"));
    struct str system = S("http://hl7.org/fhirpath/");
    if (!str_starts(code, system)) {
        return dc_type_id(dc, code);
    }
    if (str_eq(r->stem, S("id"))) {
        bool is_resource = json_is(json_get(r->t->sd, S("kind")), S("resource"));
        bool is_own = is_resource && dc_is_child(r->e->path, r->t->name);
        return dc_type_id(dc, is_own ? S("id") : S("string"));
    }
    if (str_eq(r->e->path, S("Extension.url"))) {
        return dc_type_id(dc, S("uri"));
    }
    return dc_type_id(dc, str_sub(code, system.n, code.n));
}

static enum err target_add(struct dc *dc, struct reading *r, struct str name)
{
    if (str_eq(name, S("Resource"))) {
        r->any_target = true;
        return OK;
    }
    uint16_t id = dc_type_id(dc, name);
    return id != 0 ? dc_list_add(dc, &r->targets, id)
                   : DC_FAIL(dc, "a target that is no type", name);
}

static enum err type_read(struct dc *dc, struct reading *r, struct jv type)
{
    uint16_t id = r->below != 0 ? r->below : type_of_code(dc, r, type);
    if (id == 0) {
        return DC_FAIL(dc, "an element of a type that is none", r->e->path);
    }
    TRY(dc_list_add(dc, &r->types, id));
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
        TRY(dc_constraints(dc, profile->elems[0].v, &r->invs));
    }
    return OK;
}

static enum err types_read(struct dc *dc, struct reading *r)
{
    struct str same = dc_str(dc, r->e->v, S("contentReference"));
    if (same.n > 0) {
        same = str_sub(same, str_find_char(same, '#') + 1, same.n);
        uint16_t id = dc_type_id(dc, same);
        return id != 0 ? dc_list_add(dc, &r->types, id) : DC_FAIL(dc, "a contentReference", same);
    }
    if (r->e->type.p != NULL) {
        uint16_t id = r->below != 0 ? r->below : dc_type_id(dc, r->e->type);
        return id != 0 ? dc_list_add(dc, &r->types, id) : DC_FAIL(dc, "type", r->e->type);
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
        struct str type = dc_pool(dc, dc_type_row(dc, r->types.v[i])->name);
        buf_str(&b, r->stem);
        buf_char(&b, type.p[0] >= 'a' ? (char)(type.p[0] - 'a' + 'A') : type.p[0]);
        buf_str(&b, str_sub(type, 1, type.n));
        TRY(name_add(dc, buf_get(&b), elem, r->owner, r->types.v[i]));
    }
    return OK;
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
    const struct def_type *type = dc_type_row(dc, r->types.v[0]);
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
    flags |= dc_max(max) > 1 ? DEF_ARRAY : 0;
    flags |= type->kind == DEF_SYSTEM ? DEF_PRIM_VALUE : 0;
    flags |= str_eq(dc_pool(dc, type->name), S("Resource")) ? DEF_INNER : 0;
    return flags;
}

/* What an element adds to the invariants of its types. */
static void types_invs_drop(struct dc *dc, struct reading *r)
{
    const uint16_t *list = dc->rows[PART_LIST].p;
    const struct def_invariant *rows = dc->rows[PART_INV].p;
    struct dc_list own = {.n = 0};
    for (unsigned i = 0; i < r->invs.n; i++) {
        bool known = r->invs.v[i] == DEF_INV_ELE_1 || r->invs.v[i] == DEF_INV_EXT_1;
        for (unsigned k = 0; k < r->types.n; k++) {
            const struct def_type *t = dc_type_row(dc, r->types.v[k]);
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
        TRY(dc_constraints(dc, r->e->v, &r->invs));
        types_invs_drop(dc, r);
    }
    struct def_elem *row = dc_add(dc, PART_ELEM, 1);
    struct def_about *about = dc_add(dc, PART_ELEM_ABOUT, 1);
    if (row == NULL || about == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many elements");
    }
    int64_t min = 0;
    struct str max = r->e->max.p != NULL ? r->e->max : dc_str(dc, r->e->v, S("max"));
    if (!json_i64(json_get(r->e->v, S("min")), &min) || r->e->min.p != NULL) {
        min = r->e->min.p != NULL ? dc_max(r->e->min) : 0;
    }
    row->min = (uint16_t)min;
    row->max = dc_max(max);
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
    TRY(dc_about(dc, r->e, about));
    TRY(dc_text(dc, r->stem, &row->name));
    TRY(dc_text(dc, r->e->path, &row->path));
    TRY(dc_list_write(dc, r->types.v, r->types.n, &row->first_type));
    TRY(dc_list_write(dc, r->targets.v, r->targets.n, &row->first_target));
    TRY(dc_list_write(dc, r->invs.v, r->invs.n, &row->first_inv));
    return names_write(dc, r, (uint32_t)(row - (struct def_elem *)dc->rows[PART_ELEM].p),
                       row->flags);
}

enum err dc_children_write(struct dc *dc, const struct dc_type *t, uint32_t at, uint16_t owner)
{
    struct def_type *row = dc_type_row(dc, owner);
    row->first_elem = dc->rows[PART_ELEM].n;
    for (uint32_t i = at + 1; i < t->n; i++) {
        if (t->elems[i].gone || !dc_is_child(t->elems[i].path, t->elems[at].path)) {
            continue;
        }
        struct reading r = {.t = t, .e = &t->elems[i], .owner = owner};
        r.below = dc_has_children(t, i) ? dc_type_id(dc, t->elems[i].path) : 0;
        TRY(elem_write(dc, &r));
        row->n_elem++;
    }
    return OK;
}
