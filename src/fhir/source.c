/* fhir/source.c - posting lists of one criterion, merged. See source_int.h. */
#include "fhir/source_int.h"

#include "fhir/extract.h"
#include "fhir/search_int.h"

int hit_cmp(struct hit a, struct hit b, enum list_order o)
{
    int c = a.at != b.at ? (a.at < b.at ? -1 : 1) : a.rid != b.rid ? (a.rid < b.rid ? -1 : 1) : 0;
    return o == LIST_OLDEST ? c : -c;
}

static bool is_token_list(const struct fhir_criterion *c)
{
    bool kind = c->p->kind == SP_TOKEN || c->p->kind == SP_CONTACT || c->p->kind == SP_URI;
    switch (c->modifier) {
    case MOD_IDENTIFIER:
    case MOD_OF_TYPE: return true;
    case MOD_NONE: return kind;
    case MOD_IN: return kind;
    case MOD_BELOW:
    case MOD_ABOVE: return c->p->kind == SP_TOKEN;
    case MOD_EXACT:
    case MOD_CONTAINS:
    case MOD_MISSING:
    case MOD_NOT:
    case MOD_TEXT:
    case MOD_NOT_IN:
    case MOD_EQUALS:
    case MOD_ENDS: return false;
    }
    return false;
}

static bool date_can(const struct fhir_criterion *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].prefix == P_NE) {
            return false;
        }
    }
    return c->modifier == MOD_NONE;
}

/* What ends after a time began not long before, or is long: two lists. */
static bool asks_end(const struct fhir_criterion *c, const struct fhir_value *v)
{
    return c->p->kind == SP_DATE && (v->prefix == P_GT || v->prefix == P_GE || v->prefix == P_AP);
}

static size_t param_lists(const struct fhir_criterion *c)
{
    size_t n = c->has_pairs ? c->n_pairs : c->n;
    for (size_t i = 0; i < c->n && i < SOURCE_LISTS_MAX; i++) {
        n += asks_end(c, &c->v[i]) ? 1 : 0;
    }
    return n;
}

static bool quantity_can(const struct fhir_criterion *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].prefix == P_NE) {
            return false;
        }
    }
    return true;
}

static bool string_can(const struct fhir_criterion *c)
{
    return c->modifier == MOD_NONE || c->modifier == MOD_EXACT || c->modifier == MOD_EQUALS;
}

static bool pairs_can(const struct fhir_criterion *c)
{
    for (size_t i = 0; i < c->n_pairs; i++) {
        if (c->pairs[i].v->prefix == P_NE) {
            return false;
        }
    }
    return true;
}

static bool param_can(const struct fhir_criterion *c)
{
    if (c->has_hits) {
        return true;
    }
    if (c->has_pairs) {
        return c->n_pairs > 0 && c->n_pairs <= SOURCE_LISTS_MAX && pairs_can(c);
    }
    if (c->n == 0 || param_lists(c) > SOURCE_LISTS_MAX) {
        return false;
    }
    if (asks_refs(c)) {
        return true;
    }
    if (is_token_list(c)) {
        for (size_t i = 0; i < c->n; i++) {
            if (c->v[i].token.hash == 0) {
                return false;
            }
        }
        return true;
    }
    switch (c->p->kind) {
    case SP_STRING: return string_can(c);
    case SP_DATE:
    case SP_UPDATED: return date_can(c);
    case SP_NUMBER:
    case SP_QUANTITY: return c->modifier == MOD_NONE && quantity_can(c);
    case SP_REF:
    case SP_TOKEN:
    case SP_CONTACT:
    case SP_URI:
    case SP_COMPOSITE:
    case SP_SPECIAL:
    case SP_UNION:
    case SP_ALIAS:
    case SP_ID: return false;
    }
    return false;
}

bool source_part(const struct fhir_criterion *c, size_t i, struct fhir_criterion *ret_part)
{
    const struct fhir_param *parts[FHIR_PARTS_MAX];
    size_t n = c->op == ASK_PARAM && c->p->kind == SP_COMPOSITE && c->n == 1
                   ? fhir_param_parts(c->p, parts)
                   : 0;
    if (i >= n || parts[i]->sp == 0) {
        return false;
    }
    *ret_part = (struct fhir_criterion){.op = ASK_PARAM, .type = c->type, .p = parts[i],
                                        .v = &c->v[0].parts[i], .n = 1};
    return param_can(ret_part);
}

/* The part of a composite that leads when none is known to be small: the first that can. */
static bool composite_part(const struct fhir_criterion *c, struct fhir_criterion *ret_part)
{
    for (size_t i = 0; i < FHIR_PARTS_MAX; i++) {
        if (source_part(c, i, ret_part)) {
            return true;
        }
    }
    return false;
}

enum err source_count(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                      uint64_t *ret_n, bool *ret_known)
{
    *ret_known = c == NULL;
    if (c == NULL) {
        return list_count_type(rq, (uint16_t)type, ret_n);
    }
    if (c->op != ASK_PARAM || c->n != 1 || text_asks(c)) {
        return OK;
    }
    if (asks_refs(c) && c->v[0].ref.target != 0) {
        *ret_known = true;
        return list_count_ref(rq, c->p->sp, c->v[0].ref.target, ret_n);
    }
    return is_token_list(c) && c->v[0].token.hash != 0
               ? list_count_token(rq, c->p->sp, c->v[0].token.hash, c->v[0].token.sys, ret_n,
                                  ret_known)
               : OK;
}

/* As deep as FHIR_STEPS_MAX. */
bool source_can(const struct fhir_criterion *c)
{
    struct fhir_criterion part;
    bool can = false;
    switch (c->op) {
    case ASK_PARAM: return param_can(c) || composite_part(c, &part);
    case ASK_CHAIN: return c->has_hits || (c->has_set && c->n_set <= SOURCE_LISTS_MAX);
    case ASK_HAS: return c->has_hits;
    case ASK_WORDS: return c->n <= SOURCE_LISTS_MAX;
    case ASK_NOT: return false;
    case ASK_AND:
        for (size_t i = 0; i < c->n_sub && !can; i++) {
            can = !c->sub[i].has_hits && source_can(&c->sub[i]);
        }
        return can;
    case ASK_OR:
        can = c->n_sub > 0 && source_lists(c) <= SOURCE_LISTS_MAX;
        for (size_t i = 0; i < c->n_sub && can; i++) {
            /* Gathered sets do not merge with lists. */
            can = source_can(&c->sub[i]) && !c->sub[i].has_hits;
        }
        return can;
    }
    return false;
}

size_t source_lists(const struct fhir_criterion *c)
{
    size_t n = 0;
    if (c->has_hits) {
        return 0;
    }
    switch (c->op) {
    case ASK_PARAM: return param_lists(c);
    case ASK_CHAIN: return c->n_set;
    case ASK_HAS:
    case ASK_NOT: return 1;
    case ASK_WORDS: return c->n;
    case ASK_AND:
    case ASK_OR: break;
    }
    for (size_t i = 0; i < c->n_sub; i++) {
        n += source_lists(&c->sub[i]);
    }
    return n;
}

/* Sources that come in the order of (at, rid). */
bool source_is_ordered(const struct fhir_criterion *c)
{
    bool ordered = true;
    if (!source_can(c)) {
        return false;
    }
    if (c->has_hits) {
        return true;
    }
    switch (c->op) {
    case ASK_PARAM:
        if (c->has_pairs) {
            return false;
        }
        if (c->p->kind == SP_COMPOSITE) {
            struct fhir_criterion part;
            return composite_part(c, &part) && (is_token_list(&part) || asks_refs(&part));
        }
        return is_token_list(c) || asks_refs(c);
    case ASK_CHAIN: return true;
    case ASK_OR:
        for (size_t i = 0; i < c->n_sub && ordered; i++) {
            ordered = source_is_ordered(&c->sub[i]);
        }
        return ordered;
    case ASK_HAS:
    case ASK_NOT:
    case ASK_WORDS:
    case ASK_AND: return false;
    }
    return false;
}

void source_dates(const struct fhir_value *v, int64_t longest, int64_t *ret_from, int64_t *ret_to)
{
    int64_t from = FHIR_TIME_MIN;
    int64_t to = FHIR_TIME_MAX;
    switch (v->prefix) {
    case P_EQ:
        from = v->date.lo_ms;
        to = v->date.hi_ms;
        break;
    case P_SA: from = v->date.hi_ms; break;
    case P_LT:
    case P_EB: to = v->prefix == P_LT ? v->date.lo_ms : v->date.hi_ms; break;
    case P_LE: to = v->date.hi_ms; break;
    case P_GT: from = v->date.hi_ms - longest; break;
    case P_GE: from = v->date.lo_ms - longest; break;
    case P_AP:
        from = v->date.lo_ms - longest;
        to = v->date.hi_ms;
        break;
    case P_NE: break;
    }
    *ret_from = from;
    *ret_to = to;
}

/* With asks_end() the short ones. A change is an instant. */
static enum err date_open(struct req *rq, const struct fhir_criterion *c,
                          const struct fhir_value *v, enum list_order o, struct list **gives)
{
    int64_t from;
    int64_t to;
    source_dates(v, c->p->kind == SP_UPDATED ? 0 : DATE_LONG_MS, &from, &to);
    if (c->p->kind == SP_UPDATED) {
        return list_changed(rq, (uint16_t)c->p->type, from, to, o, gives);
    }
    return list_date(rq, c->p->sp, from, to, o, gives);
}

void source_numbers(const struct fhir_value *v, double *ret_from, double *ret_to)
{
    bool below = v->prefix == P_LT || v->prefix == P_LE || v->prefix == P_EB;
    bool above = v->prefix == P_GT || v->prefix == P_GE || v->prefix == P_SA;
    double from = v->prefix == P_GT ? sort_double(sort_number(v->quantity.mid) + 1)
                                    : v->quantity.lo;
    double to = v->prefix == P_LT ? sort_double(sort_number(v->quantity.mid) - 1)
                                  : v->quantity.hi;
    *ret_from = below ? -1e300 : from;
    *ret_to = above ? 1e300 : to;
}

static enum err quantity_open(struct req *rq, uint16_t sp, uint64_t unit,
                              const struct fhir_value *v, struct list **gives)
{
    double from;
    double to;
    source_numbers(v, &from, &to);
    return list_quantity(rq, sp, unit, from, to, gives);
}

static enum err value_open(struct req *rq, const struct fhir_criterion *c,
                           const struct fhir_value *v, enum list_order o, struct list **gives)
{
    if (asks_refs(c)) {
        return list_ref(rq, c->p->sp, v->ref.target, o, gives);
    }
    if (is_token_list(c)) {
        return list_token(rq, c->p->sp, v->token.hash, v->token.sys, o, gives);
    }
    if (c->p->kind == SP_DATE || c->p->kind == SP_UPDATED) {
        return date_open(rq, c, v, o, gives);
    }
    return c->p->kind == SP_STRING ? list_string(rq, c->p->sp, v->folded, gives)
                                   : quantity_open(rq, c->p->sp, v->quantity.unit, v, gives);
}

static enum err list_add(struct req *rq, struct source *s, enum err e)
{
    if (e == OK) {
        s->n++;
    } else {
        (void)rq;
        source_close(s);
    }
    return e;
}

static enum err param_add(struct req *rq, const struct fhir_criterion *c, struct source *s)
{
    for (size_t i = 0; i < c->n; i++) {
        ASSERT(s->n < SOURCE_LISTS_MAX);
        if (asks_refs(c) && c->v[i].ref.target == 0) {
            continue;
        }
        TRY(list_add(rq, s, value_open(rq, c, &c->v[i], s->order, &s->lists[s->n])));
        if (asks_end(c, &c->v[i])) {
            const struct fhir_value *v = &c->v[i];
            int64_t after = v->prefix == P_GT ? v->date.hi_ms : v->date.lo_ms;
            ASSERT(s->n < SOURCE_LISTS_MAX);
            TRY(list_add(rq, s, list_date_long(rq, c->p->sp, after, &s->lists[s->n])));
        }
    }
    bool ordered = is_token_list(c) || asks_refs(c);
    s->ordered = s->ordered && ordered;
    s->real_at = s->real_at && c->p->kind != SP_DATE && c->p->kind != SP_UPDATED;
    s->exact = s->exact && ordered && !text_asks(c);
    return OK;
}

/* Rows of their own, in the order of their numbers. */
static enum err pairs_add(struct req *rq, const struct fhir_criterion *c, struct source *s)
{
    for (size_t i = 0; i < c->n_pairs; i++) {
        const struct fhir_pair *p = &c->pairs[i];
        ASSERT(s->n < SOURCE_LISTS_MAX);
        TRY(list_add(rq, s, quantity_open(rq, p->sp, p->unit, p->v, &s->lists[s->n])));
    }
    s->ordered = false;
    s->exact = false;
    return OK;
}

static enum err source_add(struct req *rq, const struct fhir_criterion *c, struct source *s)
{
    struct fhir_criterion part;
    switch (c->op) {
    case ASK_PARAM:
        if (c->has_pairs) {
            return pairs_add(rq, c, s);
        }
        if (c->p->kind == SP_COMPOSITE && composite_part(c, &part)) {
            TRY(param_add(rq, &part, s));
            s->exact = false;
            return OK;
        }
        return param_add(rq, c, s);
    case ASK_CHAIN:
        for (size_t i = 0; i < c->n_set; i++) {
            TRY(list_add(rq, s, list_ref(rq, c->p->sp, c->set[i].rid, s->order,
                                         &s->lists[s->n])));
        }
        s->exact = s->exact && !c->canonical;
        return OK;
    case ASK_OR:
        for (size_t i = 0; i < c->n_sub; i++) {
            TRY(source_add(rq, &c->sub[i], s)); /* as deep as FHIR_STEPS_MAX */
        }
        return OK;
    case ASK_WORDS:
        for (size_t i = 0; i < c->n; i++) {
            TRY(list_add(rq, s, list_words(rq, c->v[i].folded, c->narrative, &s->lists[s->n])));
        }
        s->ordered = false;
        s->real_at = false;
        s->exact = false;
        return OK;
    case ASK_AND:
        for (size_t i = 0; i < c->n_sub; i++) {
            if (source_can(&c->sub[i]) && !c->sub[i].has_hits) {
                s->exact = false;
                return source_add(rq, &c->sub[i], s);
            }
        }
        break;
    case ASK_HAS:
    case ASK_NOT: break;
    }
    source_close(s);
    return FAIL(rq, E_INTERNAL, "no list for a criterion");
}

static enum err hits_open(struct req *rq, const struct fhir_criterion *c, struct source *s)
{
    struct hit *v = ARENA_ARRAY(rq->a, c->n_hits + 1, struct hit);
    TRY_MEM(rq, v);
    for (size_t i = 0; i < c->n_hits; i++) {
        v[i] = c->hits[s->order == LIST_NEWEST ? i : c->n_hits - 1 - i];
    }
    s->exact = !(c->op == ASK_CHAIN && c->canonical);
    s->hits = v;
    s->n_hits = c->n_hits;
    return OK;
}

static void advance(struct source *s, size_t i)
{
    s->live[i] = list_next(s->lists[i], &s->head[i]);
}

void source_begin(struct source *s)
{
    for (size_t i = 0; i < s->n; i++) {
        advance(s, i);
    }
}

enum err source_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                     enum list_order o, struct source *ret_s)
{
    struct source s = {.order = o, .ordered = true, .real_at = true, .exact = true};
    if (c == NULL) {
        TRY(list_type(rq, (uint16_t)type, o, &s.lists[0]));
        s.n = 1;
    } else if (c->has_hits) {
        TRY(hits_open(rq, c, &s));
    } else {
        TRY(source_add(rq, c, &s));
    }
    source_begin(&s);
    *ret_s = s;
    return OK;
}

bool source_next(struct source *s, struct hit *ret_hit)
{
    size_t best = s->n;
    if (s->hits != NULL) {
        if (s->next_hit == s->n_hits) {
            return false;
        }
        *ret_hit = s->hits[s->next_hit++];
        return true;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->live[i] && (best == s->n || !s->ordered ||
                           hit_cmp(s->head[i], s->head[best], s->order) < 0)) {
            best = i;
        }
    }
    if (best == s->n) {
        return false;
    }
    struct hit hit = s->head[best];
    for (size_t i = 0; i < s->n; i++) {
        if (s->live[i] && s->head[i].rid == hit.rid && s->head[i].at == hit.at) {
            advance(s, i);
        }
    }
    *ret_hit = hit;
    return true;
}

bool source_reach(struct source *s, struct hit x, struct hit *ret_hit)
{
    size_t best = s->n;
    if (s->hits != NULL) {
        size_t hi = s->n_hits;
        while (s->next_hit < hi) {
            size_t mid = s->next_hit + (hi - s->next_hit) / 2;
            bool before = hit_cmp(s->hits[mid], x, s->order) < 0;
            s->next_hit = before ? mid + 1 : s->next_hit;
            hi = before ? hi : mid;
        }
        if (s->next_hit == s->n_hits) {
            return false;
        }
        *ret_hit = s->hits[s->next_hit];
        return true;
    }
    for (size_t i = 0; i < s->n; i++) {
        if (s->live[i] && hit_cmp(s->head[i], x, s->order) < 0) {
            list_seek(s->lists[i], x);
            advance(s, i);
        }
        if (s->live[i] && (best == s->n || hit_cmp(s->head[i], s->head[best], s->order) < 0)) {
            best = i;
        }
    }
    if (best < s->n) {
        *ret_hit = s->head[best];
    }
    return best < s->n;
}

enum err source_err(struct req *rq, const struct source *s)
{
    for (size_t i = 0; i < s->n; i++) {
        TRY(list_err(rq, s->lists[i]));
    }
    return OK;
}

void source_close(struct source *s)
{
    for (size_t i = 0; i < SOURCE_LISTS_MAX; i++) {
        list_close(&s->lists[i]);
    }
}
