/* fhir/param.c - the search parameter table. See param.h. */
#include "fhir/param.h"

static const struct fhir_param rows[] = {
#define X(number, type, name, kind, paths, targets) \
    {number, (enum fhir_type)(type), SI(name), kind, paths, targets},
#include "fhir/param_rows.def"
#undef X
};

/* Numbers of the parameters every type has: above those of param.def. */
#define META_SP(type, i) (uint16_t)(30000 + (type)*10 + (i))

#define META(type)                                                                      \
    {                                                                                   \
        {META_SP(type, 0), type, SI("_tag"), SP_TOKEN, "meta.tag", NULL},               \
        {META_SP(type, 1), type, SI("_security"), SP_TOKEN, "meta.security", NULL},     \
        {META_SP(type, 2), type, SI("_profile"), SP_URI, "meta.profile", NULL},         \
        {META_SP(type, 3), type, SI("_source"), SP_URI, "meta.source", NULL},           \
        {0, type, SI("_id"), SP_ID, "id", NULL},                                        \
        {0, type, SI("_lastUpdated"), SP_UPDATED, "meta.lastUpdated", NULL},            \
    }

static const struct fhir_param common[T_COUNT][6] = {
#define X(type, text, date, hangs) [type] = META(type),
#include "fhir/type.def"
#undef X
};

/* The first row at or after a type. */
static size_t first_of(unsigned type)
{
    size_t lo = 0;
    size_t hi = LEN(rows);
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        bool less = (unsigned)rows[mid].type < type;
        lo = less ? mid + 1 : lo;
        hi = less ? hi : mid;
    }
    return lo;
}

const struct fhir_param *fhir_params(enum fhir_type type, size_t *ret_n)
{
    size_t from = first_of(type);
    *ret_n = first_of((unsigned)type + 1) - from;
    return *ret_n > 0 ? &rows[from] : NULL;
}

const struct fhir_param *fhir_param_find(enum fhir_type type, struct str name)
{
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    for (size_t i = 0; i < n; i++) {
        if (str_eq(p[i].name, name)) {
            return &p[i];
        }
    }
    for (size_t i = 0; type < T_COUNT && i < LEN(common[type]); i++) {
        if (str_eq(common[type][i].name, name)) {
            return &common[type][i];
        }
    }
    return NULL;
}

const struct fhir_param *fhir_param_real(const struct fhir_param *p)
{
    return p->kind == SP_ALIAS ? fhir_param_find(p->type, str_z(p->paths)) : p;
}

bool fhir_param_is_principal(const struct fhir_param *p)
{
    struct str rest = fhir_type_date(p->type);
    struct str paths = str_z(p->paths);
    struct str one;
    bool all = rest.n > 0 && p->kind == SP_DATE;
    while (all && str_cut(&rest, '|', &one)) {
        struct str ways = paths;
        struct str way;
        bool found = false;
        while (!found && str_cut(&ways, '|', &way)) {
            found = str_eq(way, one);
        }
        all = found;
    }
    return all;
}

size_t fhir_param_parts(const struct fhir_param *p, const struct fhir_param *ret_parts[4])
{
    struct str rest = str_z(p->paths);
    struct str one;
    size_t n = 0;
    (void)str_cut(&rest, '|', &one); /* the element all of them stand in */
    while (n < 4 && str_cut(&rest, '|', &one)) {
        struct str name;
        (void)str_cut(&one, ':', &name);
        ret_parts[n++] = fhir_param_find(p->type, name);
    }
    return n;
}

bool fhir_param_names(const struct fhir_param *p, enum fhir_type type)
{
    struct str rest = str_z(p->targets);
    struct str one;
    if (p->targets == NULL) {
        return true;
    }
    while (str_cut(&rest, '|', &one)) {
        if (str_eq(one, fhir_type_name(type))) {
            return true;
        }
    }
    return false;
}

const struct fhir_param *fhir_param_meta(enum fhir_type type, unsigned i)
{
    return &common[type][i];
}

const char *fhir_param_kind_name(const struct fhir_param *p)
{
    switch (p->kind) {
    case SP_TOKEN:
    case SP_CONTACT:
    case SP_ID: return "token";
    case SP_REF: return "reference";
    case SP_DATE:
    case SP_UPDATED: return "date";
    case SP_STRING: return "string";
    case SP_QUANTITY: return "quantity";
    case SP_NUMBER: return "number";
    case SP_COMPOSITE: return "composite";
    case SP_SPECIAL: return "special";
    case SP_URI: return "uri";
    case SP_UNION: {
        struct str names = str_z(p->paths);
        return fhir_param_kind_name(
            fhir_param_find(p->type, str_sub(names, 0, str_find_char(names, '|'))));
    }
    case SP_ALIAS: return fhir_param_kind_name(fhir_param_real(p));
    }
    return "token";
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
