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
    struct str dates = fhir_type_date(p->type);
    struct str rest = str_z(p->paths);
    struct str one;
    size_t n = 0;
    size_t leading = 0;
    bool run = true;
    if (p->kind != SP_DATE || dates.n == 0) {
        return false;
    }
    while (str_cut(&rest, '|', &one)) {
        n++;
    }
    while (run && str_cut(&dates, '|', &one)) {
        run = fhir_rule_has(p->paths, one);
        leading += run ? 1 : 0;
    }
    return leading == n; /* all its walks come before any other's */
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

const struct fhir_param *fhir_param_first(const struct fhir_param *p)
{
    struct str names = str_z(p->paths);
    return p->kind != SP_UNION
               ? p
               : fhir_param_find(p->type, str_sub(names, 0, str_find_char(names, '|')));
}

bool fhir_param_is_pair(const struct fhir_param *p)
{
    const struct fhir_param *parts[4];
    return p->kind == SP_COMPOSITE && fhir_param_parts(p, parts) == 2 && parts[0] != NULL &&
           parts[1] != NULL && parts[0]->kind == SP_TOKEN && parts[1]->kind == SP_QUANTITY;
}

/* "code,valueQuantity" of "ELEMENTS|code:code|value-quantity:valueQuantity" */
static bool same_walks(const struct fhir_param *a, const struct fhir_param *b)
{
    struct str x = str_z(a->paths);
    struct str y = str_z(b->paths);
    struct str one;
    struct str other;
    struct str unused;
    bool same = str_cut(&x, '|', &one) && str_cut(&y, '|', &other);
    while (same && str_cut(&x, '|', &one)) {
        same = str_cut(&y, '|', &other) && str_cut(&one, ':', &unused) &&
               str_cut(&other, ':', &unused) && str_eq(one, other);
    }
    return same && y.p == NULL;
}

static struct str elements_of(const struct fhir_param *p)
{
    return str_sub(str_z(p->paths), 0, str_find_char(str_z(p->paths), '|'));
}

size_t fhir_param_pairs(const struct fhir_param *p, const struct fhir_param *ret_pairs[2])
{
    struct str rest = elements_of(p);
    struct str one = {NULL, 0};
    size_t n_params;
    size_t n = 0;
    const struct fhir_param *all = fhir_params(p->type, &n_params);
    if (fhir_param_is_pair(p)) {
        ret_pairs[0] = p;
        return 1;
    }
    while (p->kind == SP_COMPOSITE && str_cut(&rest, ',', &one)) {
        bool found = false;
        for (size_t i = 0; n < 2 && i < n_params && !found; i++) {
            found = fhir_param_is_pair(&all[i]) && str_eq(elements_of(&all[i]), one) &&
                    same_walks(p, &all[i]);
            ret_pairs[n] = &all[i];
        }
        if (!found) {
            return 0;
        }
        n++;
    }
    return n;
}

const struct fhir_param *fhir_param_pair_of(const struct fhir_param *code,
                                            const struct fhir_param *quantity)
{
    size_t n;
    const struct fhir_param *all = fhir_params(code->type, &n);
    for (size_t i = 0; i < n; i++) {
        const struct fhir_param *parts[4];
        if (elements_of(&all[i]).n == 0 && fhir_param_is_pair(&all[i]) &&
            fhir_param_parts(&all[i], parts) == 2 && parts[0] == code && parts[1] == quantity) {
            return &all[i];
        }
    }
    return NULL;
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
