/* fhir/param.c - the search parameter table. See param.h. */
#include "fhir/param.h"

static const struct fhir_param rows[] = {
#define X(number, type, name, kind, paths, targets) {number, type, SI(name), kind, paths, targets},
#include "fhir/param.def"
#undef X
};

/* Numbers of the parameters every type has: above those of param.def. */
#define META_SP(type, i) (uint16_t)(30000 + (type)*10 + (i))

#define META(type)                                                                      \
    {                                                                                   \
        {META_SP(type, 0), type, SI("_tag"), SP_TOKEN, "meta.tag", NULL},               \
        {META_SP(type, 1), type, SI("_security"), SP_TOKEN, "meta.security", NULL},     \
        {META_SP(type, 2), type, SI("_profile"), SP_URI, "meta.profile", NULL},         \
        {0, type, SI("_id"), SP_ID, "id", NULL},                                        \
        {0, type, SI("_lastUpdated"), SP_UPDATED, "meta.lastUpdated", NULL},            \
    }

static const struct fhir_param common[T_COUNT][5] = {
#define X(type, text, date, hangs) [type] = META(type),
#include "fhir/type.def"
#undef X
};

const struct fhir_param *fhir_params(enum fhir_type type, size_t *ret_n)
{
    size_t from = 0;
    while (from < LEN(rows) && rows[from].type != type) {
        from++;
    }
    size_t to = from;
    while (to < LEN(rows) && rows[to].type == type) {
        to++;
    }
    *ret_n = to - from;
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
    case SP_URI: return "uri";
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
