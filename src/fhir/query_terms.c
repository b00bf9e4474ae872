/* fhir/query_terms.c - codes of value sets and branches of code systems, for :in, :not-in, :below and
 * :above of a search. What a value set means: terms.h. */
#include "base/text.h"
#include "fhir/query_int.h"
#include "fhir/search.h"
#include "fhir/terms.h"
#include "fhir/validate.h"
#include "store/db.h"

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

/* A term of a value set. Elements of type code have no system: codes of R4's own systems are looked for with
 * and without it. */
static enum err term_add(struct codes *k, const struct term *t)
{
    TRY(code_add(k, t->system, t->code));
    if (t->row != 0 && t->system.n > 0) {
        TRY(code_add(k, t->system, t->code));
        k->c->v[k->c->n - 1].token.sys = 0;
    }
    return OK;
}

/* Whatever code of a system. */
static enum err whole_add(struct codes *k, struct str system)
{
    TRY(code_add(k, system, S("x")));
    k->c->v[k->c->n - 1].token.hash = 0;
    return OK;
}

/* system|code and what is below or above it. */
static enum err tree_terms(struct codes *k, const struct fhir_library *lib, struct str text)
{
    struct str rest = text;
    struct str system = {NULL, 0};
    const struct term_system *s = NULL;
    if (!query_cut(&rest, '|', &system) || rest.n == 0 || system.n == 0) {
        return query_refuse(k->rq, T(":above and :below of a code take system|code."),
                            k->c->param);
    }
    system = query_unescape(k->rq, system);
    rest = query_unescape(k->rq, rest);
    TRY(terms_system(k->rq, lib, system, &s));
    const struct term *at = s != NULL ? term_find(s, rest) : NULL;
    if (at == NULL) {
        return code_add(k, system, rest); /* a code nobody knows the place of is its own branch */
    }
    const uint8_t *marks = terms_branch(k->rq, s, at, k->c->modifier == MOD_BELOW);
    TRY_MEM(k->rq, marks);
    for (uint32_t i = 0; i < s->n; i++) {
        if (marks[i] != 0) {
            TRY(code_add(k, system, s->v_terms[i].code));
        }
    }
    return OK;
}

static enum err unknown_set(struct codes *k)
{
    fhir_issue_add(k->rq, ISSUE_ERROR, "not-found", T("This value set is not kept here."),
                   k->c->param, S(""));
    return FAIL(k->rq, E_BAD_INPUT, "value set");
}

static enum err set_find(struct codes *k, const struct fhir_library *lib, struct str url,
                         const struct term_set **ret_set)
{
    struct res_row row;
    struct json_doc *doc = ARENA_NEW(k->rq->a, struct json_doc);
    TRY_MEM(k->rq, doc);
    if (!str_starts(url, S("ValueSet/"))) {
        TRY(terms_set(k->rq, lib, url, ret_set));
        return *ret_set != NULL ? OK : unknown_set(k);
    }
    enum err e = db_read(k->rq, T_VALUE_SET, str_sub(url, 9, url.n), &row);
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(k->rq);
        return unknown_set(k);
    }
    TRY(e);
    TRY(json_parse(k->rq, row.body, NULL, doc));
    return terms_set_of(k->rq, lib, json_root(doc), ret_set);
}

/* By address, or ValueSet/id. */
static enum err set_terms(struct codes *k, const struct fhir_library *lib, struct str url)
{
    const struct term_set *set = NULL;
    struct term_list list;
    TRY(set_find(k, lib, url, &set));
    TRY(term_set_list(k->rq, set, &list));
    if (list.gap == GAP_SET) {
        return unknown_set(k);
    }
    if (list.gap != GAP_NONE && !list.only_whole) {
        return query_refuse(k->rq, T("The codes of this value set cannot be listed here."),
                            k->c->param);
    }
    for (size_t i = 0; i < list.n; i++) {
        TRY(term_add(k, list.v[i]));
    }
    for (unsigned i = 0; i < list.n_whole; i++) {
        TRY(whole_add(k, list.whole[i]));
    }
    return OK;
}

enum err query_terms(struct req *rq, struct fhir_criterion *c, struct str text)
{
    struct codes k = {.rq = rq, .c = c};
    struct str rest = text;
    struct str one;
    unsigned n = 0;
    static const struct fhir_access all = {.all = true};
    const struct fhir_library *lib =
        fhir_library_over(rq, rq->db != NULL ? fhir_rules_library(db_rules(rq->db)) : NULL, &all, NULL);
    TRY_MEM(rq, lib);
    while (query_cut(&rest, ',', &one)) {
        if (++n > 16) {
            return query_refuse(rq, T("Too many values for one search parameter."), c->param);
        }
        bool tree = c->modifier == MOD_BELOW || c->modifier == MOD_ABOVE;
        TRY(tree ? tree_terms(&k, lib, one) : set_terms(&k, lib, query_unescape(rq, one)));
    }
    return OK;
}
