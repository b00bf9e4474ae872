/* fhir/terms.c - codes of value sets and branches of code systems, for :in, :not-in, :below and
 * :above: those kept here as resources first, then those of the definitions. */
#include "base/text.h"
#include "fhir/defs.h"
#include "fhir/query_int.h"
#include "store/db.h"

enum { WALK_MAX = 100000, DEPTH_MAX = 32 };

struct codes {
    struct req *rq;
    struct fhir_criterion *c;
    size_t size;
};

static enum err code_add(struct codes *k, struct str system, struct str code)
{
    struct fhir_criterion *c = k->c;
    if (code.n == 0) {
        return OK;
    }
    if (c->n == FHIR_VALUES_MAX) {
        return query_refuse(k->rq, T("The value set holds too many codes to search by."),
                            c->param);
    }
    if (c->n == k->size) {
        size_t size = MAX(k->size * 2, (size_t)64);
        struct fhir_value *v = ARENA_ARRAY(k->rq->a, size, struct fhir_value);
        TRY_MEM(k->rq, v);
        for (size_t i = 0; i < c->n; i++) {
            v[i] = c->v[i];
        }
        c->v = v;
        k->size = size;
    }
    /* A code without system in the resource (type code) is found by the code alone. */
    c->v[c->n].raw = code;
    c->v[c->n].token.hash = db_hash(k->rq->db, code);
    c->v[c->n++].token.sys = system.n > 0 ? db_hash_sys(k->rq->db, system) : TOKEN_ANY_SYS;
    return OK;
}

/* The live resource with this canonical address, if any. */
static enum err canonical_read(struct req *rq, enum fhir_type type, struct str url,
                               struct json_doc *doc, bool *ret_has)
{
    const struct fhir_param *p = fhir_param_find(type, S("url"));
    struct list *l = NULL;
    struct hit hit;
    struct str plain = str_sub(url, 0, str_find_char(url, '|'));
    *ret_has = false;
    TRY(list_token(rq, p->sp, db_hash(rq->db, plain), 0, LIST_NEWEST, &l));
    bool has = list_next(l, &hit);
    enum err e = list_err(rq, l);
    list_close(&l);
    TRY(e);
    if (has) {
        struct res_row row;
        TRY(db_read_rid(rq, hit.rid, &row));
        TRY(json_parse(rq, row.body, NULL, doc));
        *ret_has = true;
    }
    return OK;
}

static struct str text_of(struct codes *k, struct jv obj, struct str name)
{
    return json_str(k->rq->a, json_get(obj, name));
}

/* The concepts of a code system, those under one included; depth is bounded. all: every one. */
static enum err branch_add(struct codes *k, struct str system, struct jv concepts, struct str from,
                           bool all, unsigned depth)
{
    for (struct jv v = json_first(concepts); json_has(v) && depth < DEPTH_MAX; v = json_next(v)) {
        struct str code = text_of(k, v, S("code"));
        bool in = all || str_eq(code, from);
        if (in) {
            TRY(code_add(k, system, code));
        }
        TRY(branch_add(k, system, json_get(v, S("concept")), from, in, depth + 1));
    }
    return OK;
}

/* The codes above one, itself included. */
static enum err above_add(struct codes *k, struct str system, struct jv concepts, struct str from,
                          unsigned depth, bool *ret_found)
{
    for (struct jv v = json_first(concepts); json_has(v) && depth < DEPTH_MAX; v = json_next(v)) {
        struct str code = text_of(k, v, S("code"));
        bool found = str_eq(code, from);
        if (!found) {
            TRY(above_add(k, system, json_get(v, S("concept")), from, depth + 1, &found));
        }
        if (found) {
            TRY(code_add(k, system, code));
            *ret_found = true;
            return OK;
        }
    }
    return OK;
}

static enum err defs_branch(struct codes *k, struct str system, struct str from, bool below)
{
    const struct defs *d = fhir_defs();
    const struct def_concept *at = def_concept_find(d, system, from);
    const struct def_system_row *row = def_code_system_row(d, at->system);
    if (!below) {
        for (unsigned i = 0; i < DEPTH_MAX; i++) {
            TRY(code_add(k, system, def_str(d, at->code)));
            if (at->parent == 0) {
                break;
            }
            at = def_concept_row(d, at->parent);
        }
        return OK;
    }
    for (uint32_t i = 0; i < row->n; i++) {
        const struct def_concept *one = def_concept_row(d, row->first + i);
        const struct def_concept *up = one;
        bool in = up == at;
        for (unsigned n = 0; !in && n < DEPTH_MAX && up->parent != 0; n++) {
            up = def_concept_row(d, up->parent);
            in = up == at;
        }
        if (in) {
            TRY(code_add(k, system, def_str(d, one->code)));
        }
    }
    return OK;
}

/* system|code and what is below or above it. */
static enum err tree_terms(struct codes *k, struct str text)
{
    struct str rest = text;
    struct str system = {NULL, 0};
    struct json_doc doc;
    bool has = false;
    bool below = k->c->modifier == MOD_BELOW;
    size_t before = k->c->n;
    if (!query_cut(&rest, '|', &system) || rest.n == 0 || system.n == 0) {
        return query_refuse(k->rq, T(":above and :below of a code take system|code."),
                            k->c->param);
    }
    system = query_unescape(k->rq, system);
    rest = query_unescape(k->rq, rest);
    TRY(canonical_read(k->rq, T_CODE_SYSTEM, system, &doc, &has));
    if (has) {
        struct jv concepts = json_get(json_root(&doc), S("concept"));
        bool found = false;
        TRY(below ? branch_add(k, system, concepts, rest, false, 0)
                  : above_add(k, system, concepts, rest, 0, &found));
    } else if (def_concept_find(fhir_defs(), system, rest) != NULL) {
        TRY(defs_branch(k, system, rest, below));
    }
    /* A code nobody knows the place of is its own branch. */
    return k->c->n > before ? OK : code_add(k, system, rest);
}

static enum err unknown_set(struct codes *k)
{
    fhir_issue_add(k->rq, ISSUE_ERROR, "not-found", T("This value set is not kept here."),
                   k->c->param, S(""));
    return FAIL(k->rq, E_BAD_INPUT, "value set");
}

static enum err set_terms(struct codes *k, struct str url, unsigned depth);

/* All codes of a system named without a list. */
static enum err system_add(struct codes *k, struct str system)
{
    struct json_doc doc;
    bool has = false;
    TRY(canonical_read(k->rq, T_CODE_SYSTEM, system, &doc, &has));
    if (has) {
        return branch_add(k, system, json_get(json_root(&doc), S("concept")), S(""), true, 0);
    }
    const struct defs *d = fhir_defs();
    uint16_t row = def_code_system_find(d, system);
    if (row != 0 && def_code_system_row(d, row)->complete != 0) {
        const struct def_system_row *s = def_code_system_row(d, row);
        for (uint32_t i = 0; i < s->n; i++) {
            TRY(code_add(k, system, def_str(d, def_concept_row(d, s->first + i)->code)));
        }
        return OK;
    }
    /* Whatever code of the system: one value answers it. */
    if (k->c->n == k->size) {
        TRY(code_add(k, system, S("x")));
        k->c->n--;
    }
    k->c->v[k->c->n].token.hash = 0;
    k->c->v[k->c->n++].token.sys = db_hash_sys(k->rq->db, system);
    return OK;
}

static enum err include_add(struct codes *k, struct jv inc, unsigned depth)
{
    struct str system = text_of(k, inc, S("system"));
    struct jv sets = json_get(inc, S("valueSet"));
    struct jv concepts = json_get(inc, S("concept"));
    if (json_has(json_get(inc, S("filter")))) {
        return query_refuse(k->rq, T("A value set with filters cannot be searched by."),
                            k->c->param);
    }
    for (struct jv v = json_first(sets); json_has(v); v = json_next(v)) {
        TRY(set_terms(k, json_str(k->rq->a, v), depth + 1));
    }
    for (struct jv v = json_first(concepts); json_has(v); v = json_next(v)) {
        TRY(code_add(k, system, text_of(k, v, S("code"))));
    }
    return json_has(concepts) || system.n == 0 ? OK : system_add(k, system);
}

static enum err expansion_add(struct codes *k, struct jv contains, unsigned depth)
{
    for (struct jv v = json_first(contains); json_has(v) && depth < DEPTH_MAX; v = json_next(v)) {
        TRY(code_add(k, text_of(k, v, S("system")), text_of(k, v, S("code"))));
        TRY(expansion_add(k, json_get(v, S("contains")), depth + 1));
    }
    return OK;
}

static enum err set_of_resource(struct codes *k, struct jv root, unsigned depth)
{
    struct jv compose = json_get(root, S("compose"));
    struct jv contains = json_get(json_get(root, S("expansion")), S("contains"));
    if (json_has(contains)) {
        return expansion_add(k, contains, 0);
    }
    if (json_len(json_get(compose, S("exclude"))) > 0) {
        return query_refuse(k->rq, T("A value set with filters cannot be searched by."),
                            k->c->param);
    }
    struct jv includes = json_get(compose, S("include"));
    for (struct jv v = json_first(includes); json_has(v); v = json_next(v)) {
        TRY(include_add(k, v, depth));
    }
    return OK;
}

/* By address, or ValueSet/id. */
static enum err set_terms(struct codes *k, struct str url, unsigned depth)
{
    struct json_doc *doc = ARENA_NEW(k->rq->a, struct json_doc);
    bool has = false;
    const struct defs *d = fhir_defs();
    TRY_MEM(k->rq, doc);
    if (depth > 8) {
        return query_refuse(k->rq, T("The search has too many steps."), k->c->param);
    }
    if (str_starts(url, S("ValueSet/"))) {
        struct res_row row;
        enum err e = db_read(k->rq, T_VALUE_SET, str_sub(url, 9, url.n), &row);
        if (e == E_NOT_FOUND || e == E_GONE) {
            err_clear(k->rq);
            return unknown_set(k);
        }
        TRY(e);
        TRY(json_parse(k->rq, row.body, NULL, doc));
        return set_of_resource(k, json_root(doc), depth);
    }
    TRY(canonical_read(k->rq, T_VALUE_SET, url, doc, &has));
    if (has) {
        return set_of_resource(k, json_root(doc), depth);
    }
    uint16_t row = def_set_find(d, url);
    if (row == 0 || def_set_row(d, row)->kind != DEF_SET_LISTED) {
        return unknown_set(k);
    }
    const struct def_set *s = def_set_row(d, row);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct def_concept *one = def_set_concept(d, s, i);
        /* An element of type code has no system, so its code counts alone. */
        TRY(code_add(k, S(""), def_str(d, one->code)));
        (void)one;
    }
    return OK;
}

enum err query_terms(struct req *rq, struct fhir_criterion *c, struct str text)
{
    struct codes k = {.rq = rq, .c = c};
    struct str rest = text;
    struct str one;
    unsigned n = 0;
    while (query_cut(&rest, ',', &one)) {
        if (++n > 16) {
            return query_refuse(rq, T("Too many values for one search parameter."), c->param);
        }
        bool tree = c->modifier == MOD_BELOW || c->modifier == MOD_ABOVE;
        TRY(tree ? tree_terms(&k, one) : set_terms(&k, query_unescape(rq, one), 0));
    }
    return OK;
}
