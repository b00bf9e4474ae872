/* fhir/defs_int.h - how the block of definitions is laid out; private to fhir/defs*.
 *
 * struct defs, then the parts, each 16-byte aligned, then nothing. A part is an array of rows.
 * Hash parts hold row numbers + 1 (0 free), sizes are powers of two, collisions go to the next slot.
 */
#pragma once

#include "fhir/defs.h"

#define DEFS_MAGIC "CDEFS02"

enum def_part {
    PART_POOL,      /* texts: u32 length, bytes, NUL, padded to 4 */
    PART_TYPE,      /* struct def_type; row 0 is none */
    PART_TYPE_HASH, /* u16, by name */
    PART_FHIR,      /* u16 def_id by enum fhir_type */
    PART_ELEM,      /* struct def_elem; row 0 is none */
    PART_NAME,      /* struct def_name */
    PART_NAME_HASH, /* u16, by (type, name) */
    PART_LIST,      /* u16: types, targets, invariants of rows */
    PART_INV,       /* struct def_invariant */
    PART_PARAM,      /* struct def_param; those of every type first, then by type */
    PART_PARAM_HASH, /* u16, by (type, name) */
    PART_PARAM_RUN,  /* u16 pairs: first row and count, by enum fhir_type */
    PART_COMP,       /* struct def_comp */
    PART_MEMBER,     /* struct def_member, by (compartment, type) */
    PART_SYSTEM,       /* struct def_system_row; row 0 is none */
    PART_SYSTEM_HASH,  /* u16, by url */
    PART_CONCEPT,      /* struct def_concept; row 0 is none */
    PART_CONCEPT_HASH, /* u16, by (system row, code) */
    PART_SET,          /* struct def_set; row 0 is none */
    PART_SET_HASH,     /* u16, by url */
    PART_SET_CODE,     /* u16: concept rows of sets */
    PART_SET_SLOT,     /* u16: concept row + 1, by code; each set its own run */
    PART_PROFILE,      /* struct def_profile */
    PART_PROFILE_HASH, /* u16, by url */
    PART_ELEM_ABOUT,   /* struct def_about, beside PART_ELEM */
    PART_TYPE_ABOUT,   /* struct def_about, beside PART_TYPE */
    PART_COUNT
};

struct def_span {
    uint32_t off; /* bytes from the start of the block */
    uint32_t n;   /* rows */
};

struct defs {
    char magic[8];
    uint32_t size; /* bytes of the block */
    uint32_t spare;
    struct def_span part[PART_COUNT];
};

/* A name by which an element is reached from its owner: a JSON member, or the stem of a choice. */
struct def_name {
    uint32_t name;
    uint16_t elem;  /* row */
    uint16_t owner; /* def_id */
    uint16_t type;  /* def_id of the value; 0: a stem, no JSON member */
    uint16_t spare;
};

/* A parameter by which resources of a type belong to a compartment. */
struct def_member {
    uint16_t compartment; /* enum fhir_type */
    uint16_t type;        /* enum fhir_type */
    uint16_t param;       /* row; DEF_ITSELF: the resource is the compartment */
    uint16_t spare;
};

enum { DEF_ITSELF = 0xffff };

/* A profile or extension of R4: a StructureDefinition cut to what validation reads. */
struct def_profile {
    uint32_t url;
    uint32_t json;
};

static inline const void *def_rows(const struct defs *d, enum def_part part)
{
    return (const char *)d + d->part[part].off;
}

static inline uint32_t def_name_hash(uint16_t owner, struct str name)
{
    return (str_hash(name) ^ (uint32_t)owner * 0x9e3779b1U) * 0x85ebca6bU >> 7;
}
