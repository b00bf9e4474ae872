/* fhir/element.c - looking things up in the element table. See element.h. */
#include "fhir/element.h"

#include <string.h>

#include "fhir/element_int.h"

#define X(id, name, prim) const struct fhir_shape sh_##id = {name, prim, BASE_PRIMITIVE, 0, NULL};
FHIR_PRIMITIVES(X)
#undef X
const struct fhir_shape sh_any = {"*", PRIM_ANY, BASE_PRIMITIVE, 0, NULL};
const struct fhir_shape sh_resource = {"Resource", PRIM_NONE, BASE_ANY_RESOURCE, 0, NULL};

/* What the base types give to every shape, in the order of the specification. */
static const struct fhir_element base_rows[] = {
    E("id", string, 0, 0, NULL),
    E("extension", extension, MANY, 0, NULL),
    E("modifierExtension", extension, MANY, 0, NULL),
};

static const struct fhir_element resource_rows[] = {
    E("resourceType", code, 0, 0, NULL),
    E("id", id, 0, 0, NULL),
    E("meta", meta, 0, 0, NULL),
    E("implicitRules", uri, 0, 0, NULL),
    E("language", code, 0, 0, NULL),
    E("text", narrative, 0, 0, NULL),
    E("contained", resource, MANY, 0, NULL),
    E("extension", extension, MANY, 0, NULL),
    E("modifierExtension", extension, MANY, 0, NULL),
};

static const struct fhir_shape *const resource_shapes[T_COUNT] = {
#define X(type, id) [type] = &sh_##id,
    FHIR_RESOURCES(X)
#undef X
};

static const struct {
    const char *name; /* as in valueName: first letter upper case */
    const struct fhir_shape *shape;
} open_types[] = {
    {"Boolean", &sh_boolean},
    {"Integer", &sh_integer},
    {"UnsignedInt", &sh_unsigned_int},
    {"PositiveInt", &sh_positive_int},
    {"Decimal", &sh_decimal},
    {"String", &sh_string},
    {"Markdown", &sh_markdown},
    {"Code", &sh_code},
    {"Id", &sh_id},
    {"Uri", &sh_uri},
    {"Url", &sh_url},
    {"Canonical", &sh_canonical},
    {"Oid", &sh_oid},
    {"Uuid", &sh_uuid},
    {"Base64Binary", &sh_base64_binary},
    {"Instant", &sh_instant},
    {"Date", &sh_date},
    {"DateTime", &sh_date_time},
    {"Time", &sh_time},
#define X(id, name) {name, &sh_##id},
    FHIR_DATA_TYPES(X)
#undef X
};

const struct fhir_shape *fhir_shape_of(enum fhir_type type)
{
    return type < T_COUNT ? resource_shapes[type] : NULL;
}

static bool row_is(const struct fhir_element *row, struct str name)
{
    return row->len == name.n && memcmp(row->name, name.p, name.n) == 0;
}

static const struct fhir_shape *open_shape(const struct fhir_element *row, struct str name)
{
    if (name.n <= row->len || memcmp(row->name, name.p, row->len) != 0) {
        return NULL;
    }
    struct str tail = str_sub(name, row->len, name.n);
    for (size_t i = 0; i < LEN(open_types); i++) {
        if (str_eq(str_z(open_types[i].name), tail)) {
            return open_types[i].shape;
        }
    }
    return NULL;
}

static const struct fhir_element *find_in(const struct fhir_element *rows, unsigned n,
                                          struct str name)
{
    for (unsigned i = 0; i < n; i++) {
        if (row_is(&rows[i], name)) {
            return &rows[i];
        }
    }
    return NULL;
}

static const struct fhir_element *find_inherited(const struct fhir_shape *shape, struct str name)
{
    switch (shape->base) {
    case BASE_PRIMITIVE:
    case BASE_ELEMENT:
        return find_in(base_rows, 2, name);
    case BASE_BACKBONE:
        return find_in(base_rows, 3, name);
    case BASE_RESOURCE:
        return find_in(resource_rows, 5, name);
    case BASE_DOMAIN:
    case BASE_ANY_RESOURCE:
        return find_in(resource_rows, LEN(resource_rows), name);
    }
    return NULL;
}

const struct fhir_element *fhir_element_find(const struct fhir_shape *shape, struct str name,
                                             unsigned *hint, const struct fhir_shape **ret_shape)
{
    for (unsigned i = 0; i < shape->n; i++) {
        unsigned at = *hint + i < shape->n ? *hint + i : *hint + i - shape->n;
        const struct fhir_element *row = &shape->elements[at];
        const struct fhir_shape *found = NULL;
        if ((row->flags & OPEN) != 0) {
            found = open_shape(row, name);
        } else if (row_is(row, name)) {
            found = row->shape;
        }
        if (found != NULL) {
            *hint = at + 1 < shape->n ? at + 1 : 0;
            *ret_shape = found;
            return row;
        }
    }
    const struct fhir_element *row = find_inherited(shape, name);
    if (row != NULL) {
        *ret_shape = row->shape;
    }
    return row;
}

bool fhir_rule_has(const char *rule, struct str word)
{
    struct str rest = str_z(rule);
    struct str one;
    while (str_cut(&rest, '|', &one)) {
        if (str_eq(one, word)) {
            return true;
        }
    }
    return false;
}
