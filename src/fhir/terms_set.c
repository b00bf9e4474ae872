/* fhir/terms_set.c - value sets: composed of parts, and asked. See terms.h.
 *
 * A value set is read into parts once; whether a code is in it is the algebra of these. Value sets that name
 * each other go TERM_SETS_DEEP deep. */
#include "fhir/nest.h"
#include "fhir/terms_int.h"

enum { SETS_MAX = 64 };

static const char set_kind = 0;

struct reading {
    struct req *rq;
    const struct fhir_library *lib;
    unsigned deep;
    unsigned n_sets; /* read so far */
};

struct str term_canonical(struct req *rq, struct str url, struct str version)
{
    struct buf b;
    if (version.n == 0) {
        return url;
    }
    buf_init(&b, rq->a, url.n + version.n + 8);
    buf_str(&b, url);
    buf_char(&b, '|');
    buf_str(&b, version);
    return buf_get(&b);
}

/* ---- reading ---- */

static enum err part_index(struct req *rq, struct term_part *p)
{
    uint32_t size = 8;
    while (size < p->n * 2) {
        size *= 2;
    }
    p->slots = ARENA_ARRAY(rq->a, size, uint32_t);
    TRY_MEM(rq, p->slots);
    p->mask = size - 1;
    for (uint32_t i = 0; i < p->n; i++) {
        uint32_t at = str_hash(p->v_terms[i].code) & p->mask;
        while (p->slots[at] != 0) {
            at = (at + 1) & p->mask;
        }
        p->slots[at] = i + 1;
    }
    return OK;
}

static enum err list_read(struct reading *r, struct term_part *p, struct jv list)
{
    struct req *rq = r->rq;
    p->how = PART_LIST;
    p->v_terms = ARENA_ARRAY(rq->a, json_len(list) + 1, struct term);
    TRY_MEM(rq, p->v_terms);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct term one = {.system = p->system, .code = term_text(rq, v, S("code")), .up = TERM_NONE};
        const struct term *known = p->of != NULL ? term_find(p->of, one.code) : NULL;
        one = known != NULL ? *known : one;
        one.code = term_text(rq, v, S("code"));
        one.listed = v;
        p->v_terms[p->n++] = one;
    }
    return part_index(rq, p);
}

static enum err filters_read(struct reading *r, struct term_part *p, struct jv list)
{
    struct req *rq = r->rq;
    p->how = PART_FILTER;
    for (struct jv v = json_first(list); json_has(v) && p->of != NULL; v = json_next(v)) {
        const struct term_filter f = {term_text(rq, v, S("property")), term_text(rq, v, S("op")),
                                      term_text(rq, v, S("value"))};
        uint8_t *marks = NULL;
        TRY(terms_filter(rq, p->of, &f, &marks));
        if (marks == NULL) {
            p->gap = GAP_FILTER;
            p->about = f.property;
            p->marks = NULL;
            return OK;
        }
        for (uint32_t i = 0; p->marks != NULL && i < p->of->n; i++) {
            marks[i] &= p->marks[i];
        }
        p->marks = marks;
    }
    return OK;
}

static enum err set_find(struct reading *r, struct str canonical, const struct term_set **ret_set);

static enum err sets_read(struct reading *r, struct term_part *p, struct jv list)
{
    p->sets = ARENA_ARRAY(r->rq->a, json_len(list) + 1, const struct term_set *);
    TRY_MEM(r->rq, p->sets);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str url = json_str(r->rq->a, v);
        const struct term_set *set = NULL;
        if (r->deep == TERM_SETS_DEEP || ++r->n_sets > SETS_MAX) {
            p->gap = GAP_DEEP;
            p->about = url;
        } else {
            r->deep++;
            enum err e = set_find(r, url, &set);
            r->deep--;
            TRY(e);
        }
        if (set == NULL && p->gap == GAP_NONE) {
            p->gap = GAP_SET;
            p->about = url;
        }
        p->sets[p->n_sets++] = set;
    }
    return OK;
}

static enum err part_read(struct reading *r, struct jv v, struct term_part *p)
{
    struct req *rq = r->rq;
    struct jv listed = json_get(v, S("concept"));
    struct jv filters = json_get(v, S("filter"));
    struct str named = term_text(rq, v, S("system"));
    p->system = str_sub(named, 0, str_find_char(named, '|'));
    TRY(sets_read(r, p, json_get(v, S("valueSet"))));
    if (p->system.n == 0) {
        return OK;
    }
    TRY(terms_system(rq, r->lib,
                     named.n > p->system.n ? named
                                           : term_canonical(rq, named, term_text(rq, v, S("version"))),
                     &p->of));
    if (json_has(json_first(listed))) {
        return list_read(r, p, listed);
    }
    p->form = def_grammar_of(p->system);
    if (p->of == NULL && p->form != DEF_SET_LISTED && !json_has(json_first(filters))) {
        p->how = PART_FORM;
        p->gap = GAP_GRAMMAR;
        p->about = p->system;
        return OK;
    }
    if (p->of == NULL) {
        p->gap = GAP_SYSTEM;
        p->about = p->system;
    }
    if (json_has(json_first(filters))) {
        return filters_read(r, p, filters);
    }
    p->how = PART_WHOLE;
    return OK;
}

static enum err parts_read(struct reading *r, struct jv list, struct term_part **ret_parts,
                           uint32_t *ret_n)
{
    struct term_part *parts = ARENA_ARRAY(r->rq->a, json_len(list) + 1, struct term_part);
    uint32_t n = 0;
    TRY_MEM(r->rq, parts);
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        TRY(part_read(r, v, &parts[n++]));
    }
    *ret_parts = parts;
    *ret_n = n;
    return OK;
}

static enum err term_add(struct req *rq, struct term_part *p, uint32_t *size, const struct term *one)
{
    if (p->n == *size) {
        *size = MAX(*size * 2, 64U);
        struct term *v = ARENA_ARRAY(rq->a, *size, struct term);
        TRY_MEM(rq, v);
        for (uint32_t i = 0; i < p->n; i++) {
            v[i] = p->v_terms[i];
        }
        p->v_terms = v;
    }
    p->v_terms[p->n++] = *one;
    return OK;
}

/* A value set that comes with its expansion only: what that holds, however deep. */
static enum err expansion_read(struct reading *r, struct term_set *set, struct jv contains)
{
    struct req *rq = r->rq;
    struct nest w;
    struct term_part *p = ARENA_NEW(rq->a, struct term_part);
    uint32_t size = 0;
    TRY_MEM(rq, p);
    p->how = PART_LIST;
    for (nest_begin(&w, contains); json_has(nest_at(&w));
         nest_next(&w, json_get(nest_at(&w), S("contains")))) {
        struct jv v = nest_at(&w);
        const struct term one = {.system = term_text(rq, v, S("system")),
                                 .code = term_text(rq, v, S("code")), .listed = v, .up = TERM_NONE};
        if (one.code.n > 0 && !json_true(json_get(v, S("abstract")))) {
            TRY(term_add(rq, p, &size, &one));
        }
    }
    set->in = p;
    set->n_in = 1;
    return part_index(rq, p);
}

static enum err set_read(struct reading *r, struct jv v, const struct term_set **ret_set)
{
    struct req *rq = r->rq;
    struct term_set *set = ARENA_NEW(rq->a, struct term_set);
    struct jv compose = json_get(v, S("compose"));
    TRY_MEM(rq, set);
    set->about = (struct term_set_about){term_text(rq, v, S("url")), term_text(rq, v, S("name")),
                                         term_text(rq, v, S("title")), term_text(rq, v, S("version")),
                                         term_text(rq, v, S("status"))};
    if (json_has(compose)) {
        TRY(parts_read(r, json_get(compose, S("include")), &set->in, &set->n_in));
        TRY(parts_read(r, json_get(compose, S("exclude")), &set->out, &set->n_out));
    } else {
        TRY(expansion_read(r, set, json_path(v, S("expansion.contains"))));
    }
    *ret_set = set;
    return OK;
}

static enum err set_defined(struct req *rq, uint16_t row, const struct term_set **ret_set)
{
    struct term_set *set = ARENA_NEW(rq->a, struct term_set);
    const struct def_set *s = def_set_row(fhir_defs(), row);
    TRY_MEM(rq, set);
    set->about = (struct term_set_about){def_str(fhir_defs(), s->url), def_str(fhir_defs(), s->name),
                                         S(""), S("4.0.1"), S("active")};
    set->row = row;
    *ret_set = set;
    return OK;
}

/* "SYSTEM?fhir_vs": all codes of a code system (R4 snomedct.html#implicit). */
static enum err set_implied(struct reading *r, struct str system, const struct term_set **ret_set)
{
    struct term_set *set = ARENA_NEW(r->rq->a, struct term_set);
    struct term_part *p = ARENA_NEW(r->rq->a, struct term_part);
    TRY_MEM(r->rq, set);
    TRY_MEM(r->rq, p);
    p->how = PART_WHOLE;
    p->system = system;
    TRY(terms_system(r->rq, r->lib, system, &p->of));
    if (p->of == NULL) {
        p->gap = GAP_SYSTEM;
        p->about = system;
    } else {
        set->about.name = p->of->name;
        set->about.version = p->of->version;
    }
    set->about.status = S("active");
    set->in = p;
    set->n_in = 1;
    *ret_set = set;
    return OK;
}

static enum err set_look(struct reading *r, struct str canonical, const struct term_set **ret_set)
{
    const struct str all = SI("?fhir_vs");
    const struct str type = SI("ValueSet");
    const struct defs *d = fhir_defs();
    struct str url = str_sub(canonical, 0, str_find_char(canonical, '|'));
    uint16_t row = def_set_find(d, url);
    const struct def_set *s = def_set_row(d, row);
    bool whole = s != NULL && s->kind != DEF_SET_PARTLY;
    if (str_ends(url, all)) {
        return set_implied(r, str_sub(url, 0, url.n - all.n), ret_set);
    }
    struct jv v = fhir_library_own(r->lib, type, canonical);
    if (!json_has(v) && (!whole || url.n < canonical.n)) {
        v = fhir_library_kept(r->rq, r->lib, type, canonical);
    }
    if (json_has(v)) {
        return set_read(r, v, ret_set);
    }
    /* a row of R4 without a name was never defined there, only bound to */
    bool named = s != NULL && (s->name != 0 || s->n > 0);
    return named ? set_defined(r->rq, row, ret_set) : OK;
}

static enum err set_find(struct reading *r, struct str canonical, const struct term_set **ret_set)
{
    const struct term_set *set = fhir_library_memo(r->lib, &set_kind, canonical);
    if (set == NULL) {
        TRY(set_look(r, canonical, &set));
        TRY(fhir_library_err(r->lib));
        if (set != NULL && r->deep == 0) {
            fhir_library_memo_set(r->rq, r->lib, &set_kind, canonical, set);
        }
    }
    *ret_set = set;
    return OK;
}

enum err terms_set(struct req *rq, const struct fhir_library *lib, struct str canonical,
                   const struct term_set **ret_set)
{
    struct reading r = {.rq = rq, .lib = lib};
    *ret_set = NULL;
    return set_find(&r, canonical, ret_set);
}

enum err terms_set_of(struct req *rq, const struct fhir_library *lib, struct jv resource,
                      const struct term_set **ret_set)
{
    struct reading r = {.rq = rq, .lib = lib};
    return set_read(&r, resource, ret_set);
}

struct term_set_about term_set_about(const struct term_set *set)
{
    return set->about;
}

/* ---- asking ---- */

static const struct term *part_find(const struct term_part *p, struct str system, struct str code)
{
    for (uint32_t i = str_hash(code) & p->mask; p->slots[i] != 0; i = (i + 1) & p->mask) {
        const struct term *t = &p->v_terms[p->slots[i] - 1];
        if (str_eq(t->code, code) && (system.p == NULL || str_eq(t->system, system))) {
            return t;
        }
    }
    return NULL;
}

/* What a part by itself says, without its value sets. */
static enum def_in part_own(const struct term_part *p, struct str system, struct str code,
                            const struct term **ret_term)
{
    if (p->how == PART_ANY) {
        return DEF_IN;
    }
    if (p->system.n > 0 && system.p != NULL && !str_eq(system, p->system)) {
        return DEF_OUT;
    }
    if (p->how == PART_FORM) {
        return def_grammar_has(p->form, code) ? DEF_IN : DEF_OUT;
    }
    const struct term *t = p->how == PART_LIST ? part_find(p, system, code)
                           : p->of != NULL     ? term_find(p->of, code)
                                               : NULL;
    *ret_term = t != NULL ? t : *ret_term;
    if (p->how == PART_LIST) {
        return t != NULL ? DEF_IN : DEF_OUT;
    }
    if (t == NULL) {
        return p->of != NULL && p->of->complete ? DEF_OUT : DEF_UNSURE;
    }
    return p->how == PART_WHOLE    ? DEF_IN
           : p->marks == NULL      ? DEF_UNSURE
           : p->marks[t - p->of->v_terms] != 0 ? DEF_IN : DEF_OUT;
}

static enum err part_has(struct req *rq, const struct term_part *p, struct str system, struct str code,
                         unsigned deep, enum def_in *ret_in, const struct term **ret_term)
{
    enum def_in in = part_own(p, system, code, ret_term);
    for (uint32_t i = 0; i < p->n_sets && in != DEF_OUT; i++) {
        enum def_in one = DEF_UNSURE;
        if (p->sets[i] != NULL && deep < TERM_SETS_DEEP * 2) {
            TRY(term_set_ask(rq, p->sets[i], system, code, deep + 1, &one, ret_term));
        }
        in = one == DEF_OUT || in == DEF_IN ? one : in;
    }
    *ret_in = p->how == PART_ANY && p->n_sets == 0 ? DEF_OUT : in;
    return OK;
}

/* A term of R4's own value sets. */
static enum err defined_term(struct req *rq, struct str system, struct str code,
                             const struct term **ret_term)
{
    const struct defs *d = fhir_defs();
    const struct def_concept *c = system.p != NULL ? def_concept_find(d, system, code) : NULL;
    if (c != NULL) {
        struct term *t = ARENA_NEW(rq->a, struct term);
        TRY_MEM(rq, t);
        *t = (struct term){.system = system, .code = def_str(d, c->code),
                           .display = def_str(d, c->display), .row = def_concept_number(d, c),
                           .up = TERM_NONE};
        *ret_term = t;
    }
    return OK;
}

enum err term_set_ask(struct req *rq, const struct term_set *set, struct str system, struct str code,
                      unsigned deep, enum def_in *ret_in, const struct term **ret_term)
{
    enum def_in in = DEF_OUT;
    if (set->row != 0) {
        in = def_set_has(fhir_defs(), set->row, system, code);
        if (in == DEF_IN && *ret_term == NULL) {
            TRY(defined_term(rq, system, code, ret_term));
        }
    }
    for (uint32_t i = 0; i < set->n_in && in != DEF_IN; i++) {
        enum def_in one;
        TRY(part_has(rq, &set->in[i], system, code, deep, &one, ret_term));
        in = one == DEF_OUT ? in : one;
    }
    for (uint32_t i = 0; i < set->n_out && in != DEF_OUT; i++) {
        enum def_in one;
        TRY(part_has(rq, &set->out[i], system, code, deep, &one, ret_term));
        in = one == DEF_IN ? DEF_OUT : one == DEF_UNSURE ? DEF_UNSURE : in;
    }
    *ret_in = in;
    return OK;
}

enum err term_set_has(struct req *rq, const struct term_set *set, struct str system, struct str code,
                      enum def_in *ret_in, const struct term **ret_term)
{
    const struct term *found = NULL;
    TRY(term_set_ask(rq, set, system, code, 0, ret_in, &found));
    if (ret_term != NULL) {
        *ret_term = found;
    }
    return OK;
}

enum def_in fhir_set_has(struct req *rq, const struct fhir_library *lib, struct str canonical,
                         struct str system, struct str code)
{
    const struct term_set *set = NULL;
    enum def_in in = DEF_UNSURE;
    enum err e = terms_set(rq, lib, canonical, &set);
    if (e == OK && set != NULL) {
        e = term_set_has(rq, set, system, code, &in, NULL);
    }
    if (e != OK) {
        fhir_library_fail(lib, e);
        return DEF_UNSURE;
    }
    return in;
}
