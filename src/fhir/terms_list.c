/* fhir/terms_list.c - the codes of a value set, each once: the candidates of its parts that are in it. See
 * terms.h. */
#include "fhir/terms_int.h"

enum { STEPS_MAX = 20 * 1000 * 1000 };

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
    enum err e = term_set_ask(l->rq, l->set, t->system, t->code, 0, &in, &found);
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
    struct str one = term_canonical(l->rq, s->url, s->version);
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
