/* fhir/terms_set.c - value sets: composed of parts, asked and listed. See terms.h.
 *
 * A value set is read into parts once; whether a code is in it is the algebra of these, and its list is the
 * candidates of the parts that are in it. Value sets that name each other go TERM_SETS_DEEP deep. */
#include "fhir/terms.h"

enum { SETS_MAX = 64, STEPS_MAX = 20 * 1000 * 1000 };

static const char set_kind = 0;

enum part_how {
    PART_ANY,     /* no part of its own: whatever its value sets have in common */
    PART_WHOLE,   /* a code system */
    PART_FILTER,  /* those of marks */
    PART_LIST,    /* those of v_terms */
    PART_FORM,    /* those that have a grammar */
};

struct term_part {
    enum part_how how;
    struct str system;            /* of a list of several: empty */
    const struct term_system *of; /* NULL: not carried here */
    uint8_t *marks;
    struct term *v_terms;
    uint32_t n;
    uint32_t *slots;              /* place + 1, by code */
    uint32_t mask;
    enum def_set_kind form;
    const struct term_set **sets; /* all of them must have it; NULL among them: not kept here */
    uint32_t n_sets;
    enum term_gap gap;
    struct str about;
};

struct term_set {
    struct term_set_about about;
    uint16_t row;              /* of R4's own; else 0 */
    struct term_part *in;
    uint32_t n_in;
    struct term_part *out;
    uint32_t n_out;
};

struct reading {
    struct req *rq;
    const struct fhir_library *lib;
    unsigned deep;
    unsigned n_sets; /* read so far */
};

static struct str text_of(struct req *rq, struct jv obj, struct str name)
{
    struct str s = json_str(rq->a, json_get(obj, name));
    return s.p != NULL ? s : S("");
}

/* "system|version" */
static struct str canonical_of(struct req *rq, struct str url, struct str version)
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
        struct term one = {.system = p->system, .code = text_of(rq, v, S("code")), .up = TERM_NONE};
        const struct term *known = p->of != NULL ? term_find(p->of, one.code) : NULL;
        one = known != NULL ? *known : one;
        one.code = text_of(rq, v, S("code"));
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
        const struct term_filter f = {text_of(rq, v, S("property")), text_of(rq, v, S("op")),
                                      text_of(rq, v, S("value"))};
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
    struct str named = text_of(rq, v, S("system"));
    p->system = str_sub(named, 0, str_find_char(named, '|'));
    TRY(sets_read(r, p, json_get(v, S("valueSet"))));
    if (p->system.n == 0) {
        return OK;
    }
    TRY(terms_system(rq, r->lib,
                     named.n > p->system.n ? named
                                           : canonical_of(rq, named, text_of(rq, v, S("version"))),
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

/* A value set that comes with its expansion only: what that holds. */
static enum err expansion_read(struct reading *r, struct term_set *set, struct jv contains)
{
    struct jv at[16];
    unsigned depth = 0;
    struct term_part *p = ARENA_NEW(r->rq->a, struct term_part);
    uint32_t size = 0;
    TRY_MEM(r->rq, p);
    p->how = PART_LIST;
    at[0] = json_first(contains);
    for (;;) {
        if (!json_has(at[depth])) {
            if (depth == 0) {
                break;
            }
            depth--;
            at[depth] = json_next(at[depth]);
            continue;
        }
        if (p->n == size) {
            size = MAX(size * 2, 64U);
            struct term *v = ARENA_ARRAY(r->rq->a, size, struct term);
            TRY_MEM(r->rq, v);
            for (uint32_t i = 0; i < p->n; i++) {
                v[i] = p->v_terms[i];
            }
            p->v_terms = v;
        }
        const struct term one = {.system = text_of(r->rq, at[depth], S("system")),
                                 .code = text_of(r->rq, at[depth], S("code")),
                                 .listed = at[depth], .up = TERM_NONE};
        if (one.code.n > 0 && !json_true(json_get(at[depth], S("abstract")))) {
            p->v_terms[p->n++] = one;
        }
        struct jv below = json_first(json_get(at[depth], S("contains")));
        if (json_has(below) && depth + 1 < LEN(at)) {
            at[++depth] = below;
        } else {
            at[depth] = json_next(at[depth]);
        }
    }
    set->in = p;
    set->n_in = 1;
    return part_index(r->rq, p);
}

static enum err set_read(struct reading *r, struct jv v, const struct term_set **ret_set)
{
    struct req *rq = r->rq;
    struct term_set *set = ARENA_NEW(rq->a, struct term_set);
    struct jv compose = json_get(v, S("compose"));
    TRY_MEM(rq, set);
    set->about = (struct term_set_about){text_of(rq, v, S("url")), text_of(rq, v, S("name")),
                                         text_of(rq, v, S("title")), text_of(rq, v, S("version")),
                                         text_of(rq, v, S("status"))};
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

static enum err set_has(struct req *rq, const struct term_set *set, struct str system, struct str code,
                        unsigned deep, enum def_in *ret_in, const struct term **ret_term);

static enum err part_has(struct req *rq, const struct term_part *p, struct str system, struct str code,
                         unsigned deep, enum def_in *ret_in, const struct term **ret_term)
{
    enum def_in in = part_own(p, system, code, ret_term);
    for (uint32_t i = 0; i < p->n_sets && in != DEF_OUT; i++) {
        enum def_in one = DEF_UNSURE;
        if (p->sets[i] != NULL && deep < TERM_SETS_DEEP * 2) {
            TRY(set_has(rq, p->sets[i], system, code, deep + 1, &one, ret_term));
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

static enum err set_has(struct req *rq, const struct term_set *set, struct str system, struct str code,
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
    TRY(set_has(rq, set, system, code, 0, ret_in, &found));
    if (ret_term != NULL) {
        *ret_term = found;
    }
    return OK;
}

/* ---- listing ---- */

struct listing {
    struct req *rq;
    const struct term_set *set; /* the outermost: what is listed is in it */
    struct term_list *list;
    uint32_t *slots;            /* place + 1, by system and code */
    uint32_t mask;
    uint64_t steps;
};

static void gap_tell(struct listing *l, enum term_gap gap, struct str about)
{
    if (l->list->gap == GAP_NONE) {
        l->list->gap = gap;
        l->list->about = about;
    }
}

static uint32_t slot_of(const struct listing *l, const struct term *t)
{
    uint32_t at = (str_hash(t->code) ^ str_hash(t->system) * 31) & l->mask;
    while (l->slots[at] != 0 && !(str_eq(l->list->v[l->slots[at] - 1]->code, t->code) &&
                                  str_eq(l->list->v[l->slots[at] - 1]->system, t->system))) {
        at = (at + 1) & l->mask;
    }
    return at;
}

static enum err room_make(struct listing *l)
{
    struct term_list *list = l->list;
    size_t size = MAX(list->size * 2, (size_t)256);
    const struct term **v = ARENA_ARRAY(l->rq->a, size, const struct term *);
    TRY_MEM(l->rq, v);
    for (size_t i = 0; i < list->n; i++) {
        v[i] = list->v[i];
    }
    list->v = v;
    list->size = size;
    l->slots = ARENA_ARRAY(l->rq->a, size * 2, uint32_t);
    TRY_MEM(l->rq, l->slots);
    l->mask = (uint32_t)(size * 2 - 1);
    for (size_t i = 0; i < list->n; i++) {
        l->slots[slot_of(l, v[i])] = (uint32_t)i + 1;
    }
    return OK;
}

static enum err candidate(struct listing *l, const struct term *t)
{
    struct term_list *list = l->list;
    enum def_in in;
    const struct term *found = NULL;
    if (list->n >= list->size / 2 || l->slots == NULL) {
        TRY(room_make(l));
    }
    uint32_t at = slot_of(l, t);
    if (l->slots[at] != 0 || t->code.n == 0) {
        return OK;
    }
    l->steps += 1 + l->set->n_in + l->set->n_out;
    if (l->steps > STEPS_MAX) {
        return FAIL(l->rq, E_TOO_LARGE, "the value set takes too much to be listed");
    }
    struct arena_mark mark = arena_mark(l->rq->a);
    enum err e = set_has(l->rq, l->set, t->system, t->code, 0, &in, &found);
    arena_back(l->rq->a, mark);
    TRY(e);
    if (in == DEF_UNSURE) {
        gap_tell(l, GAP_SET, S(""));
    }
    if (in != DEF_IN) {
        return OK;
    }
    if (list->n == TERMS_MAX) {
        return FAIL(l->rq, E_TOO_LARGE, "the value set holds too many codes");
    }
    list->v[list->n] = t;
    l->slots[at] = (uint32_t)++list->n;
    return OK;
}

static void used_add(struct listing *l, const struct term_system *s)
{
    struct term_list *list = l->list;
    struct str one = canonical_of(l->rq, s->url, s->version);
    for (unsigned i = 0; i < list->n_used; i++) {
        if (str_eq(list->used[i], one)) {
            return;
        }
    }
    if (list->n_used < LEN(list->used)) {
        list->used[list->n_used++] = one;
    }
}

static enum err defined_list(struct listing *l, uint16_t row)
{
    const struct defs *d = fhir_defs();
    const struct def_set *s = def_set_row(d, row);
    struct term *v = ARENA_ARRAY(l->rq->a, s->n + 1, struct term);
    TRY_MEM(l->rq, v);
    for (uint32_t i = 0; i < s->n; i++) {
        const struct def_concept *c = def_set_concept(d, s, i);
        v[i] = (struct term){.system = def_str(d, def_code_system_row(d, c->system)->url),
                             .code = def_str(d, c->code), .display = def_str(d, c->display),
                             .row = def_concept_number(d, c), .up = TERM_NONE};
        TRY(candidate(l, &v[i]));
    }
    if (s->kind == DEF_SET_PARTLY) {
        gap_tell(l, GAP_SYSTEM, def_set_open(d, s, 0));
    } else if (s->kind != DEF_SET_LISTED) {
        gap_tell(l, GAP_GRAMMAR, def_str(d, s->url));
    }
    return OK;
}

static enum err set_list(struct listing *l, const struct term_set *set, unsigned deep);

static enum err part_list(struct listing *l, const struct term_part *p, unsigned deep)
{
    const struct term *v = p->how == PART_LIST ? p->v_terms : p->of != NULL ? p->of->v_terms : NULL;
    uint32_t n = p->how == PART_LIST ? p->n : p->of != NULL ? p->of->n : 0;
    bool narrowed = p->n_sets > 0 && p->sets[0] != NULL; /* another one can give the candidates */
    if (p->of != NULL) {
        used_add(l, p->of);
    }
    if (p->gap != GAP_NONE && !(narrowed && p->how == PART_FORM)) {
        struct term_list *list = l->list;
        bool whole = p->gap == GAP_SYSTEM && p->how == PART_WHOLE && p->n_sets == 0 &&
                     list->n_whole < LEN(list->whole);
        if (whole) {
            list->whole[list->n_whole++] = p->system;
        }
        list->only_whole = (list->gap == GAP_NONE || list->only_whole) && whole;
        gap_tell(l, p->gap, p->about);
        return OK;
    }
    if (p->how == PART_ANY || p->how == PART_FORM) {
        return narrowed && deep < TERM_SETS_DEEP * 2 ? set_list(l, p->sets[0], deep + 1) : OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (p->how != PART_FILTER || p->marks == NULL || p->marks[i] != 0) {
            TRY(candidate(l, &v[i]));
        }
    }
    l->list->partly = l->list->partly || (p->how != PART_LIST && p->of != NULL && !p->of->complete);
    return OK;
}

static enum err set_list(struct listing *l, const struct term_set *set, unsigned deep)
{
    if (set->row != 0) {
        TRY(defined_list(l, set->row));
    }
    for (uint32_t i = 0; i < set->n_in; i++) {
        TRY(part_list(l, &set->in[i], deep));
    }
    return OK;
}

enum err term_set_list(struct req *rq, const struct term_set *set, struct term_list *ret_list)
{
    *ret_list = (struct term_list){0};
    struct listing l = {.rq = rq, .set = set, .list = ret_list};
    return set_list(&l, set, 0);
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
