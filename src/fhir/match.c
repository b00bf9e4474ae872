/* fhir/match.c - does a stored resource meet a criterion? See match_int.h.
 *
 * Most criteria are answered by one index look-up or by the tuples kept with the row; only those
 * about the text itself (:exact, :contains, :text) read the resource.
 */
#include "fhir/extract.h"
#include "fhir/match_int.h"

enum err cand_head(struct req *rq, struct cand *k)
{
    if (!k->has_head) {
        TRY(db_head_rid(rq, k->hit.rid, &k->head));
        k->has_head = true;
    }
    return OK;
}

enum err cand_tuples(struct req *rq, struct cand *k)
{
    if (!k->has_tuples) {
        TRY(db_tuples(rq, k->hit.rid, &k->tuples, &k->n_tuples));
        k->has_tuples = true;
    }
    return OK;
}

enum err cand_doc(struct req *rq, struct cand *k)
{
    struct res_row row;
    if (!k->has_doc) {
        TRY(db_read_rid(rq, k->hit.rid, &row));
        TRY(json_parse(rq, row.body, NULL, &k->doc));
        k->has_doc = true;
    }
    return OK;
}

static bool span_meets(const struct fhir_value *v, int64_t lo, int64_t hi)
{
    int64_t qlo = v->date.lo_ms;
    int64_t qhi = v->date.hi_ms;
    bool inside = lo >= qlo && hi <= qhi;
    switch (v->prefix) {
    case P_EQ: return inside;
    case P_NE: return !inside;
    case P_LT: return lo < qlo;
    case P_GT: return hi > qhi;
    case P_LE: return lo < qlo || inside;
    case P_GE: return hi > qhi || inside;
    case P_SA: return lo >= qhi;
    case P_EB: return hi <= qlo;
    case P_AP: return lo < qhi && hi > qlo;
    }
    return false;
}

static bool quantity_meets(const struct fhir_value *v, uint64_t unit, double value)
{
    double lo = v->quantity.lo;
    double hi = v->quantity.hi;
    double mid = (lo + hi) / 2;
    if (unit != v->quantity.unit) {
        return false;
    }
    switch (v->prefix) {
    case P_EQ:
    case P_AP: return value >= lo && value < hi;
    case P_NE: return value < lo || value >= hi;
    case P_LT:
    case P_EB: return value < mid && (v->prefix == P_LT || value < lo);
    case P_GT:
    case P_SA: return value > mid && (v->prefix == P_GT || value >= hi);
    case P_LE: return value < hi;
    case P_GE: return value >= lo;
    }
    return false;
}

static bool token_meets(const struct fhir_value *v, const struct tuple *t)
{
    return (v->token.hash == 0 || v->token.hash == t->token.hash) &&
           (v->token.sys == TOKEN_ANY_SYS || v->token.sys == t->token.sys);
}

static bool tuple_meets(const struct fhir_criterion *c, const struct fhir_value *v,
                        const struct tuple *t)
{
    switch ((enum tuple_kind)t->kind) {
    case TUPLE_TOKEN: return (c->p->kind != SP_REF || c->modifier == MOD_IDENTIFIER) &&
                             token_meets(v, t);
    case TUPLE_REF:
        return c->modifier != MOD_IDENTIFIER && v->ref.target != 0 && t->ref.rid == v->ref.target;
    case TUPLE_DATE: return span_meets(v, t->date.lo_ms, t->date.hi_ms);
    case TUPLE_STRING: return str_starts(t->string, str_sub(v->folded, 0, TUPLE_STRING_MAX));
    case TUPLE_QUANTITY: return quantity_meets(v, t->quantity.unit, t->quantity.value);
    }
    return false;
}

enum err cand_tuples_meet(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                          bool *ret_meets)
{
    bool any = false;
    bool met = false;
    TRY(cand_tuples(rq, k));
    for (size_t i = 0; i < k->n_tuples; i++) {
        if (k->tuples[i].sp != c->p->sp) {
            continue;
        }
        any = true;
        for (size_t j = 0; c->modifier != MOD_MISSING && !met && j < c->n; j++) {
            met = tuple_meets(c, &c->v[j], &k->tuples[i]);
        }
    }
    if (c->modifier == MOD_MISSING) {
        met = c->n > 0 && any != c->v[0].missing;
    }
    *ret_meets = c->modifier == MOD_NOT ? !met : met;
    return OK;
}

struct text_test {
    struct req *rq;
    const struct fhir_criterion *c;
    bool met;
};

static void text_one(struct text_test *t, struct jv v)
{
    struct str text = json_str(t->rq->a, v);
    for (size_t i = 0; text.n > 0 && !t->met && i < t->c->n; i++) {
        const struct fhir_value *want = &t->c->v[i];
        if (t->c->modifier == MOD_EXACT) {
            t->met = str_eq(text, want->raw);
        } else {
            struct str folded = fhir_fold(t->rq, text);
            t->met = t->c->modifier == MOD_TEXT ? str_starts(folded, want->folded)
                                                : str_find(folded, want->folded) < folded.n;
        }
    }
}

/* Texts of a string, a HumanName or Address, a CodeableConcept or Coding. */
static enum err text_value(struct jv v, void *ctx)
{
    struct text_test *t = ctx;
    if (json_kind(v) != JSON_OBJECT) {
        text_one(t, v);
        return OK;
    }
    if (t->c->modifier == MOD_TEXT) {
        text_one(t, json_get(v, S("text")));
        text_one(t, json_get(v, S("display")));
        struct jv codings = json_get(v, S("coding"));
        for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
            text_one(t, json_get(c, S("display")));
        }
        return OK;
    }
    for (struct jv part = json_first(v); json_has(part); part = json_next(part)) {
        if (json_key_is(part, S("use")) || json_key_is(part, S("period"))) {
            continue;
        }
        text_one(t, part);
        for (struct jv one = json_first(part); json_has(one); one = json_next(one)) {
            text_one(t, one);
        }
    }
    return OK;
}

static enum err text_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                           bool *ret_meets)
{
    struct text_test t = {.rq = rq, .c = c};
    TRY(cand_doc(rq, k));
    TRY(fhir_param_each(json_root(&k->doc), c->p, text_value, &t));
    *ret_meets = t.met;
    return OK;
}

static enum err row_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                          bool *ret_meets)
{
    bool met = false;
    TRY(cand_head(rq, k));
    for (size_t i = 0; !met && i < c->n; i++) {
        met = c->p->kind == SP_ID
                  ? str_eq(c->v[i].ref.id, k->head.id)
                  : span_meets(&c->v[i], k->head.updated.ms, k->head.updated.ms + 1);
    }
    *ret_meets = met;
    return OK;
}

/* One look-up a value: tokens with a system and references. */
static enum err index_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                            bool *ret_meets)
{
    bool met = false;
    for (size_t i = 0; !met && i < c->n; i++) {
        const struct fhir_value *v = &c->v[i];
        struct tuple t = {.sp = c->p->sp};
        if (c->p->kind == SP_REF && c->modifier != MOD_IDENTIFIER) {
            if (v->ref.target == 0) {
                continue;
            }
            t.kind = TUPLE_REF;
            t.ref.rid = v->ref.target;
        } else {
            t.kind = TUPLE_TOKEN;
            t.token.hash = v->token.hash;
            t.token.sys = v->token.sys;
        }
        TRY(db_has(rq, &t, k->hit.at, k->hit.rid, &met));
    }
    *ret_meets = c->modifier == MOD_NOT ? !met : met;
    return OK;
}

static bool index_can(const struct fhir_criterion *c)
{
    bool is_ref = c->p->kind == SP_REF && c->modifier != MOD_IDENTIFIER;
    if (c->modifier == MOD_MISSING || c->modifier == MOD_TEXT || c->n > 3) {
        return false;
    }
    if (is_ref) {
        return true;
    }
    if (c->p->kind != SP_TOKEN && c->p->kind != SP_CONTACT && c->p->kind != SP_URI &&
        c->p->kind != SP_REF) {
        return false;
    }
    for (size_t i = 0; i < c->n; i++) {
        if (c->v[i].token.sys == TOKEN_ANY_SYS || c->v[i].token.hash == 0) {
            return false;
        }
    }
    return true;
}

enum err cand_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                    bool *ret_meets)
{
    if (c->p->kind == SP_ID || c->p->kind == SP_UPDATED) {
        return row_meets(rq, k, c, ret_meets);
    }
    if (c->modifier == MOD_EXACT || c->modifier == MOD_CONTAINS || c->modifier == MOD_TEXT) {
        return text_meets(rq, k, c, ret_meets);
    }
    return index_can(c) ? index_meets(rq, k, c, ret_meets) : cand_tuples_meet(rq, k, c, ret_meets);
}
