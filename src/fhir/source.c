/* fhir/source.c - posting lists of one criterion, merged. See source_int.h. */
#include "fhir/source_int.h"

#include "fhir/extract.h"

int hit_cmp(struct hit a, struct hit b, enum list_order o)
{
    int c = a.at != b.at ? (a.at < b.at ? -1 : 1) : a.rid != b.rid ? (a.rid < b.rid ? -1 : 1) : 0;
    return o == LIST_OLDEST ? c : -c;
}

static bool is_token_list(const struct fhir_criterion *c)
{
    return c->modifier == MOD_IDENTIFIER || c->p->kind == SP_TOKEN || c->p->kind == SP_CONTACT ||
           c->p->kind == SP_URI;
}

static bool date_can(const struct fhir_criterion *c)
{
    for (size_t i = 0; i < c->n; i++) {
        enum fhir_prefix p = c->v[i].prefix;
        if (p != P_EQ && p != P_SA && p != P_LT && p != P_LE) {
            return false;
        }
    }
    return true;
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

bool source_can(const struct fhir_criterion *c)
{
    if (c->n == 0 || c->n > SOURCE_LISTS_MAX || c->modifier == MOD_MISSING ||
        c->modifier == MOD_NOT || c->modifier == MOD_CONTAINS || c->modifier == MOD_TEXT) {
        return false;
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
    case SP_REF:
    case SP_STRING: return true;
    case SP_DATE: return date_can(c);
    case SP_QUANTITY: return quantity_can(c);
    case SP_TOKEN:
    case SP_CONTACT:
    case SP_URI:
    case SP_ALIAS:
    case SP_ID:
    case SP_UPDATED: return false;
    }
    return false;
}

bool source_is_ordered(const struct fhir_criterion *c)
{
    return source_can(c) && (is_token_list(c) || c->p->kind == SP_REF);
}

static enum err date_open(struct req *rq, const struct fhir_criterion *c,
                          const struct fhir_value *v, enum list_order o, struct list **gives)
{
    int64_t from = FHIR_TIME_MIN;
    int64_t to = FHIR_TIME_MAX;
    switch (v->prefix) {
    case P_EQ:
        from = v->date.lo_ms;
        to = v->date.hi_ms;
        break;
    case P_SA: from = v->date.hi_ms; break;
    case P_LT: to = v->date.lo_ms; break;
    case P_LE: to = v->date.hi_ms; break;
    case P_NE:
    case P_GT:
    case P_GE:
    case P_EB:
    case P_AP: return FAIL(rq, E_INTERNAL, "date list");
    }
    return list_date(rq, c->p->sp, from, to, o, gives);
}

static enum err quantity_open(struct req *rq, const struct fhir_criterion *c,
                              const struct fhir_value *v, struct list **gives)
{
    bool below = v->prefix == P_LT || v->prefix == P_LE || v->prefix == P_EB;
    bool above = v->prefix == P_GT || v->prefix == P_GE || v->prefix == P_SA;
    return list_quantity(rq, c->p->sp, v->quantity.unit, below ? -1e300 : v->quantity.lo,
                         above ? 1e300 : v->quantity.hi, gives);
}

static enum err value_open(struct req *rq, const struct fhir_criterion *c,
                           const struct fhir_value *v, enum list_order o, struct list **gives)
{
    if (is_token_list(c)) {
        return list_token(rq, c->p->sp, v->token.hash, v->token.sys, o, gives);
    }
    if (c->p->kind == SP_REF) {
        return list_ref(rq, c->p->sp, v->ref.target, o, gives);
    }
    if (c->p->kind == SP_STRING) {
        return list_string(rq, c->p->sp, str_sub(v->folded, 0, TUPLE_STRING_MAX), gives);
    }
    return c->p->kind == SP_DATE ? date_open(rq, c, v, o, gives) : quantity_open(rq, c, v, gives);
}

static void advance(struct source *s, size_t i)
{
    s->live[i] = list_next(s->lists[i], &s->head[i]);
}

enum err source_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                     enum list_order o, struct source *ret_s)
{
    struct source s = {.order = o, .ordered = true, .real_at = true, .exact = true};
    if (c == NULL) {
        TRY(list_type(rq, (uint16_t)type, o, &s.lists[0]));
        s.n = 1;
    } else {
        s.ordered = source_is_ordered(c);
        s.real_at = c->p->kind != SP_DATE;
        s.exact = s.ordered;
    }
    for (size_t i = 0; c != NULL && i < c->n; i++) {
        bool nothing = c->p->kind == SP_REF && c->modifier != MOD_IDENTIFIER &&
                       c->v[i].ref.target == 0;
        if (nothing) {
            continue;
        }
        enum err e = value_open(rq, c, &c->v[i], o, &s.lists[s.n]);
        if (e != OK) {
            source_close(&s);
            return e;
        }
        s.n++;
    }
    for (size_t i = 0; i < s.n; i++) {
        advance(&s, i);
    }
    *ret_s = s;
    return OK;
}

bool source_next(struct source *s, struct hit *ret_hit)
{
    size_t best = s->n;
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

void source_seek(struct source *s, struct hit after)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->live[i] && hit_cmp(s->head[i], after, s->order) <= 0) {
            list_seek(s->lists[i], after);
            advance(s, i);
        }
        while (s->live[i] && hit_cmp(s->head[i], after, s->order) <= 0) {
            advance(s, i);
        }
    }
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
