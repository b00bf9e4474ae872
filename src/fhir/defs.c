/* fhir/defs.c - looking things up in the compiled definitions. See defs.h. */
#include "fhir/defs.h"

#include <string.h>

#include "fhir/defs_int.h"

struct str def_str(const struct defs *d, uint32_t off)
{
    const char *p = (const char *)def_rows(d, PART_POOL) + off;
    uint32_t n;
    memcpy(&n, p, sizeof(n));
    return (struct str){p + sizeof(n), n};
}

static bool text_is(const struct defs *d, uint32_t off, struct str s)
{
    struct str t = def_str(d, off);
    return t.n == s.n && memcmp(t.p, s.p, s.n) == 0;
}

uint16_t def_type_count(const struct defs *d)
{
    return (uint16_t)d->part[PART_TYPE].n;
}

const struct def_type *def_type_row(const struct defs *d, uint16_t id)
{
    const struct def_type *rows = def_rows(d, PART_TYPE);
    return id > 0 && id < d->part[PART_TYPE].n ? &rows[id] : NULL;
}

struct str def_type_name(const struct defs *d, uint16_t id)
{
    const struct def_type *t = def_type_row(d, id);
    return def_str(d, t != NULL ? t->name : 0);
}

uint16_t def_find(const struct defs *d, struct str type_name)
{
    const uint16_t *slots = def_rows(d, PART_TYPE_HASH);
    const struct def_type *rows = def_rows(d, PART_TYPE);
    uint32_t mask = d->part[PART_TYPE_HASH].n - 1;
    for (uint32_t i = str_hash(type_name) & mask; slots[i] != 0; i = (i + 1) & mask) {
        uint16_t id = (uint16_t)(slots[i] - 1);
        if (text_is(d, rows[id].name, type_name)) {
            return id;
        }
    }
    return 0;
}

uint16_t def_of_fhir_type(const struct defs *d, enum fhir_type type)
{
    const uint16_t *ids = def_rows(d, PART_FHIR);
    return (uint32_t)type < d->part[PART_FHIR].n ? ids[type] : 0;
}

bool def_is_a(const struct defs *d, uint16_t type, uint16_t base)
{
    const struct def_type *t = def_type_row(d, type);
    while (t != NULL && type != base) {
        type = t->base;
        t = def_type_row(d, type);
    }
    return t != NULL;
}

static const struct def_name *name_find(const struct defs *d, uint16_t type, struct str name)
{
    const uint16_t *slots = def_rows(d, PART_NAME_HASH);
    const struct def_name *rows = def_rows(d, PART_NAME);
    uint32_t mask = d->part[PART_NAME_HASH].n - 1;
    for (uint32_t i = def_name_hash(type, name) & mask; slots[i] != 0; i = (i + 1) & mask) {
        const struct def_name *row = &rows[slots[i] - 1];
        if (row->owner == type && text_is(d, row->name, name)) {
            return row;
        }
    }
    return NULL;
}

const struct def_elem *def_elem_row(const struct defs *d, uint32_t row)
{
    const struct def_elem *rows = def_rows(d, PART_ELEM);
    return row > 0 && row < d->part[PART_ELEM].n ? &rows[row] : NULL;
}

const struct def_elem *def_member(const struct defs *d, uint16_t type, struct str json_name,
                                  uint16_t *ret_type, const char **ret_name)
{
    const struct def_name *row = name_find(d, type, json_name);
    if (row == NULL || row->type == 0) {
        return NULL;
    }
    *ret_type = row->type;
    *ret_name = def_str(d, row->name).p;
    return def_elem_row(d, row->elem);
}

const struct def_elem *def_child(const struct defs *d, uint16_t type, struct str json_name,
                                 uint16_t *ret_type)
{
    const char *name;
    return def_member(d, type, json_name, ret_type, &name);
}

const struct def_elem *def_stem(const struct defs *d, uint16_t type, struct str stem)
{
    const struct def_name *row = name_find(d, type, stem);
    const struct def_elem *e = row != NULL ? def_elem_row(d, row->elem) : NULL;
    return e != NULL && e->name == row->name ? e : NULL;
}

const struct def_elem *def_elem_at(const struct defs *d, const struct def_type *type, unsigned i)
{
    return i < type->n_elem ? def_elem_row(d, type->first_elem + i) : NULL;
}

uint32_t def_elem_number(const struct defs *d, const struct def_elem *e)
{
    return (uint32_t)(e - (const struct def_elem *)def_rows(d, PART_ELEM));
}

uint32_t def_elem_count(const struct defs *d)
{
    return d->part[PART_ELEM].n;
}

static uint16_t list_at(const struct defs *d, uint32_t at)
{
    const uint16_t *list = def_rows(d, PART_LIST);
    return list[at];
}

uint16_t def_elem_type(const struct defs *d, const struct def_elem *e, unsigned i)
{
    return i < e->n_type ? list_at(d, e->first_type + i) : 0;
}

uint16_t def_elem_target(const struct defs *d, const struct def_elem *e, unsigned i)
{
    return i < e->n_target ? list_at(d, e->first_target + i) : 0;
}

const struct def_invariant *def_inv_row(const struct defs *d, uint16_t inv)
{
    const struct def_invariant *rows = def_rows(d, PART_INV);
    return inv < d->part[PART_INV].n ? &rows[inv] : NULL;
}

uint16_t def_inv_count(const struct defs *d)
{
    return (uint16_t)d->part[PART_INV].n;
}

uint16_t def_type_inv(const struct defs *d, const struct def_type *t, unsigned i)
{
    ASSERT(i < t->n_inv);
    return list_at(d, t->first_inv + i);
}

uint16_t def_elem_inv(const struct defs *d, const struct def_elem *e, unsigned i)
{
    ASSERT(i < e->n_inv);
    return list_at(d, e->first_inv + i);
}
