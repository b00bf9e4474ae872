/* fhir/defs_find.c - looking up search parameters and compartments. See defs.h. */
#include "fhir/defs_int.h"

const struct def_about *def_elem_about(const struct defs *d, const struct def_elem *e)
{
    const struct def_about *rows = def_rows(d, PART_ELEM_ABOUT);
    return &rows[def_elem_number(d, e)];
}

const struct def_about *def_type_about(const struct defs *d, uint16_t id)
{
    const struct def_about *rows = def_rows(d, PART_TYPE_ABOUT);
    return &rows[id < d->part[PART_TYPE_ABOUT].n ? id : 0];
}

const struct def_param *def_param_row(const struct defs *d, uint16_t row)
{
    const struct def_param *rows = def_rows(d, PART_PARAM);
    return row < d->part[PART_PARAM].n ? &rows[row] : NULL;
}

static const struct def_param *param_in(const struct defs *d, uint16_t type, struct str name)
{
    const uint16_t *slots = def_rows(d, PART_PARAM_HASH);
    const struct def_param *rows = def_rows(d, PART_PARAM);
    uint32_t mask = d->part[PART_PARAM_HASH].n - 1;
    for (uint32_t i = def_name_hash(type, name) & mask; slots[i] != 0; i = (i + 1) & mask) {
        const struct def_param *p = &rows[slots[i] - 1];
        if (p->fhir_type == type && str_eq(def_str(d, p->name), name)) {
            return p;
        }
    }
    return NULL;
}

const struct def_param *def_param_find(const struct defs *d, enum fhir_type type, struct str name)
{
    const struct def_param *p = param_in(d, (uint16_t)type, name);
    return p != NULL ? p : param_in(d, T_NONE, name);
}

const struct def_param *def_params(const struct defs *d, enum fhir_type type, size_t *ret_n)
{
    const uint16_t *run = def_rows(d, PART_PARAM_RUN);
    const struct def_param *rows = def_rows(d, PART_PARAM);
    *ret_n = type < T_COUNT ? run[2 * type + 1] : 0;
    return *ret_n > 0 ? &rows[run[2 * type]] : NULL;
}

uint16_t def_param_sp(const struct def_param *p, enum fhir_type type)
{
    return p->fhir_type != T_NONE || p->sp == 0 ? p->sp : (uint16_t)(p->sp + type * 10);
}

enum fhir_type def_param_target(const struct defs *d, const struct def_param *p, unsigned i)
{
    const uint16_t *list = def_rows(d, PART_LIST);
    return i < p->n_target ? (enum fhir_type)list[p->first_target + i] : T_NONE;
}

const struct def_comp *def_param_comp(const struct defs *d, const struct def_param *p, unsigned i)
{
    const struct def_comp *rows = def_rows(d, PART_COMP);
    return i < p->n_comp ? &rows[p->first_comp + i] : NULL;
}

/* The first member row that is not before (compartment, type). */
static uint32_t member_at(const struct defs *d, enum fhir_type compartment, enum fhir_type type)
{
    const struct def_member *rows = def_rows(d, PART_MEMBER);
    uint32_t n = d->part[PART_MEMBER].n;
    uint32_t i = 0;
    while (i < n && rows[i].compartment != compartment) {
        i++;
    }
    while (i < n && rows[i].compartment == compartment && rows[i].type < type) {
        i++;
    }
    return i;
}

bool def_is_compartment(const struct defs *d, enum fhir_type compartment)
{
    return member_at(d, compartment, T_NONE) < d->part[PART_MEMBER].n;
}

const struct def_param *def_compartment_param(const struct defs *d, enum fhir_type compartment,
                                              enum fhir_type type, unsigned i, bool *ret_itself)
{
    const struct def_member *rows = def_rows(d, PART_MEMBER);
    uint32_t at = member_at(d, compartment, type);
    *ret_itself = false;
    for (; at < d->part[PART_MEMBER].n; at++) {
        const struct def_member *m = &rows[at];
        if (m->compartment != compartment || m->type != type) {
            return NULL;
        }
        if (m->param == DEF_ITSELF) {
            *ret_itself = true;
        } else if (i-- == 0) {
            return def_param_row(d, m->param);
        }
    }
    return NULL;
}
