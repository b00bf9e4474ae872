/* fhir/match.c - does a stored resource meet a criterion? See match_int.h.
 *
 * Most criteria are answered by one index look-up or by the tuples kept with the row; only those
 * about the text itself read the resource (match_text.c).
 */
#include "fhir/match_int.h"

#include "base/text.h"
#include "fhir/canonical.h"
#include "fhir/extract.h"
#include "fhir/lanes_int.h"
#include "fhir/words.h"

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

enum err cand_row(struct req *rq, struct cand *k)
{
    if (!k->has_row) {
        TRY(db_read_rid(rq, k->hit.rid, &k->row));
        k->has_row = true;
        k->row_end = arena_mark(rq->a);
    }
    return OK;
}

enum err cand_doc(struct req *rq, struct cand *k)
{
    if (!k->has_doc) {
        TRY(cand_row(rq, k));
        TRY(json_parse(rq, k->row.body, NULL, &k->doc));
        k->has_doc = true;
    }
    return OK;
}

enum err cand_may(struct req *rq, struct gate *g, enum fhir_type type, struct cand *k,
                  bool *ret_may)
{
    bool may = true;
    if (!g->acc->all) {
        TRY(cand_head(rq, k));
        TRY(gate_may(rq, g, k->head.anchor, &may));
    }
    if (may && g->acc->scopes != NULL) {
        TRY(scope_cand(rq, g->acc->scopes, access_ops(g->acc), type, k, &may));
    }
    *ret_may = may;
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
    double mid = v->quantity.mid;
    bool same = !(value < mid) && !(value > mid); /* where the range is finer than the key */
    bool inside = same || (value >= lo && value < hi);
    if (unit != v->quantity.unit) {
        return false;
    }
    switch (v->prefix) {
    case P_EQ: return inside;
    case P_AP: return value >= lo && value <= hi;
    case P_NE: return !inside;
    case P_LT: return value < mid;
    case P_GT: return value > mid;
    case P_LE: return value <= mid || inside;
    case P_GE: return value >= mid || inside;
    case P_EB: return value < lo;
    case P_SA: return value >= hi && !same;
    }
    return false;
}

static bool token_meets(const struct fhir_value *v, const struct tuple *t)
{
    return (v->token.hash == 0 || v->token.hash == t->token.hash) &&
           (v->token.sys == TOKEN_ANY_SYS || v->token.sys == t->token.sys);
}

bool tuple_meets(const struct fhir_criterion *c, const struct fhir_value *v,
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

/* Values in the order of their keys (resolve.c): the first that may meet the tuple. */
static size_t sorted_from(const struct fhir_criterion *c, const struct tuple *t)
{
    bool ref = t->kind == TUPLE_REF;
    size_t lo = 0;
    size_t hi = c->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        bool less = ref ? c->v[mid].ref.target < t->ref.rid : c->v[mid].token.hash < t->token.hash;
        lo = less ? mid + 1 : lo;
        hi = less ? hi : mid;
    }
    return lo;
}

static bool any_meets(const struct fhir_criterion *c, const struct tuple *t)
{
    size_t from = 0;
    bool keyed = c->sorted && (t->kind == TUPLE_REF || t->kind == TUPLE_TOKEN);
    if (keyed && (t->kind == TUPLE_REF) != asks_refs(c)) {
        return false;
    }
    from = keyed ? sorted_from(c, t) : 0;
    for (size_t j = from; j < c->n; j++) {
        if (keyed && (t->kind == TUPLE_REF ? c->v[j].ref.target != t->ref.rid
                                           : c->v[j].token.hash != t->token.hash)) {
            return false;
        }
        if (tuple_meets(c, &c->v[j], t)) {
            return true;
        }
    }
    return false;
}

static bool is_not(enum fhir_modifier m)
{
    return m == MOD_NOT || m == MOD_NOT_IN;
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
        met = met || (c->modifier != MOD_MISSING && any_meets(c, &k->tuples[i]));
    }
    if (c->modifier == MOD_MISSING) {
        met = false;
        for (size_t i = 0; i < c->n; i++) {
            met = met || any != c->v[i].missing;
        }
    }
    *ret_meets = is_not(c->modifier) ? !met : met;
    return OK;
}

enum err cand_row_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
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
        if (asks_refs(c)) {
            if (v->ref.target == 0) {
                continue;
            }
            t.kind = TUPLE_REF;
            t.ref.rid = v->ref.target;
        } else {
            t.kind = TUPLE_TOKEN;
            t.token.hash = v->token.hash;
            t.token.sys = v->token.sys == TOKEN_ANY_SYS ? c->only_sys : v->token.sys;
        }
        TRY(db_has(rq, &t, k->hit.at, k->hit.rid, &met));
    }
    *ret_meets = is_not(c->modifier) ? !met : met;
    return OK;
}

static bool index_can(const struct cand *k, const struct fhir_criterion *c)
{
    if (k->is_old || c->modifier == MOD_MISSING || c->n > 3) {
        return false;
    }
    if (asks_refs(c)) {
        return true;
    }
    if (c->p->kind != SP_TOKEN && c->p->kind != SP_CONTACT && c->p->kind != SP_URI &&
        c->p->kind != SP_REF) {
        return false;
    }
    for (size_t i = 0; i < c->n; i++) {
        bool any = c->v[i].token.sys == TOKEN_ANY_SYS && !(c->one_system && k->is_far);
        if (any || c->v[i].token.hash == 0) {
            return false;
        }
    }
    return true;
}

/* Before the resource is read: could one value's parts all be there, in whatever elements? */
static enum err composite_may(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                              bool *ret_may)
{
    const struct fhir_param *parts[FHIR_PARTS_MAX];
    size_t n = fhir_param_parts(c->p, parts);
    bool may = false;
    for (size_t i = 0; !may && i < c->n; i++) {
        may = true;
        for (size_t j = 0; may && j < n; j++) {
            const struct fhir_criterion part = {.op = ASK_PARAM, .type = c->type, .p = parts[j],
                                                .v = &c->v[i].parts[j], .n = 1};
            bool kept = parts[j]->kind != SP_UNION && parts[j]->kind != SP_ALIAS;
            if (kept) {
                TRY(cand_tuples_meet(rq, k, &part, &may));
            }
        }
    }
    *ret_may = may;
    return OK;
}

/* Before the resource is read: the tuples tell what cannot be. */
static enum err text_may(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                         bool *ret_may)
{
    if (c->p->kind == SP_SPECIAL) { /* without rows */
        *ret_may = true;
        return OK;
    }
    switch (c->modifier) {
    case MOD_NONE:
        return c->p->kind == SP_COMPOSITE ? composite_may(rq, k, c, ret_may)
                                          : cand_tuples_meet(rq, k, c, ret_may);
    case MOD_EXACT:
    case MOD_EQUALS:
    case MOD_OF_TYPE: return cand_tuples_meet(rq, k, c, ret_may);
    case MOD_CONTAINS:
    case MOD_MISSING:
    case MOD_NOT:
    case MOD_IDENTIFIER:
    case MOD_TEXT:
    case MOD_ABOVE:
    case MOD_BELOW:
    case MOD_IN:
    case MOD_NOT_IN:
    case MOD_ENDS: break;
    }
    *ret_may = true;
    return OK;
}

/* A composite by its own rows: a list of the criterion holds a tuple of the candidate. */
static enum err pairs_meet(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                           bool *ret_meets)
{
    bool met = false;
    TRY(cand_tuples(rq, k));
    for (size_t i = 0; i < k->n_tuples && !met; i++) {
        const struct tuple *t = &k->tuples[i];
        for (size_t j = 0; j < c->n_pairs && !met && t->kind == TUPLE_QUANTITY; j++) {
            met = t->sp == c->pairs[j].sp && t->quantity.unit == c->pairs[j].unit &&
                  quantity_meets(c->pairs[j].v, c->pairs[j].v->quantity.unit, t->quantity.value);
        }
    }
    *ret_meets = met;
    return OK;
}

static enum err param_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                            bool *ret_meets)
{
    if (c->p->kind == SP_ID || c->p->kind == SP_UPDATED) {
        return cand_row_meets(rq, k, c, ret_meets);
    }
    if (c->has_set && !k->is_old && !is_not(c->modifier)) {
        *ret_meets = set_has(c->set, c->n_set, k->hit.rid);
        return OK;
    }
    if (c->has_pairs) {
        return pairs_meet(rq, k, c, ret_meets);
    }
    if (text_asks(c)) {
        TRY(text_may(rq, k, c, ret_meets));
        return *ret_meets ? text_meets(rq, k, c, ret_meets) : OK;
    }
    return index_can(k, c) ? index_meets(rq, k, c, ret_meets) : cand_tuples_meet(rq, k, c, ret_meets);
}

/* ---- other resources ---- */

size_t set_find(const struct hit *set, size_t n, int64_t rid)
{
    size_t lo = 0;
    size_t hi = n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        bool less = set[mid].rid < rid;
        lo = less ? mid + 1 : lo;
        hi = less ? hi : mid;
    }
    return lo;
}

bool set_has(const struct hit *set, size_t n, int64_t rid)
{
    size_t at = set_find(set, n, rid);
    return at < n && set[at].rid == rid;
}

static enum err rid_test(struct req *rq, struct gate *g, int64_t rid, enum fhir_type type,
                         const struct fhir_criterion *c, bool *ret_meets)
{
    struct cand k = {.hit = {0, rid}};
    enum err e = cand_head(rq, &k);
    if (e == E_NOT_FOUND) {
        err_clear(rq); /* only referred to so far */
        return OK;
    }
    TRY(e);
    if (k.head.deleted || k.head.type != type) {
        return OK;
    }
    k.hit.at = k.head.at_ms;
    bool may = false;
    TRY(cand_may(rq, g, type, &k, &may));
    return may ? cand_meets(rq, g, &k, c, ret_meets) : OK;
}

enum err gate_look(struct req *rq, struct gate *g, const struct fhir_criterion *c)
{
    if (g->fuel == 0) {
        fhir_issue_add(rq, ISSUE_ERROR, "too-costly",
                       T("The chained parameter finds too much. Please narrow it."), c->param,
                       S(""));
        return FAIL(rq, E_BAD_INPUT, "chain");
    }
    g->fuel--;
    return OK;
}

enum err rid_meets(struct req *rq, struct gate *g, int64_t rid, enum fhir_type type,
                   const struct fhir_criterion *c, bool *ret_meets)
{
    bool meets = false;
    TRY(gate_look(rq, g, c));
    struct arena_mark m = arena_mark(rq->a);
    enum err e = rid_test(rq, g, rid, type, c, &meets);
    arena_back(rq->a, m);
    *ret_meets = meets;
    return e;
}

/* Does one of the references lead to what the chain asks for? */
static enum err chain_meets(struct req *rq, struct gate *g, struct cand *k,
                            const struct fhir_criterion *c, bool *ret_meets)
{
    bool met = false;
    bool addressed = false;
    TRY(cand_tuples(rq, k));
    for (size_t i = 0; !met && i < k->n_tuples; i++) {
        const struct tuple *t = &k->tuples[i];
        if (t->sp != c->p->sp || t->kind != TUPLE_REF) {
            continue;
        }
        if (t->ref.rid <= 0) {
            addressed = addressed || (c->canonical && (!c->has_set ||
                                      set_has(c->set, c->n_set, t->ref.rid)));
            continue;
        }
        if (c->has_set) {
            met = set_has(c->set, c->n_set, t->ref.rid);
            continue;
        }
        size_t slot = (size_t)((uint64_t)t->ref.rid % MEMO_SLOTS);
        if (c->memo->rid[slot] == t->ref.rid) {
            met = c->memo->meets[slot];
            continue;
        }
        for (size_t j = 0; !met && j < c->n_sub; j++) {
            TRY(rid_meets(rq, g, t->ref.rid, c->sub[j].type, &c->sub[j], &met));
        }
        c->memo->rid[slot] = t->ref.rid;
        c->memo->meets[slot] = met;
    }
    if (!met && addressed) {
        return canonical_chain_meets(rq, g, k, c, ret_meets);
    }
    *ret_meets = met;
    return OK;
}

enum err has_first(struct req *rq, struct gate *g, const struct fhir_criterion *c, int64_t rid,
                   struct hit *ret_hit, bool *ret_has)
{
    struct lanes l;
    struct hit hit;
    bool end = false;
    enum err e = OK;
    const struct lane_ref ref = {c->p->sp, rid, NULL};
    *ret_has = false;
    TRY(lanes_open(rq, c->sub->type, c->sub, 1, ref, LIST_NEWEST, &l));
    for (int n = 0; e == OK && !*ret_has && n < FHIR_REFERRERS; n++) {
        if (!lanes_next(&l, FHIR_REFERRERS, &hit, &end)) {
            break;
        }
        e = rid_meets(rq, g, hit.rid, c->sub->type, c->sub, ret_has);
        *ret_hit = hit;
    }
    e = e == OK ? lanes_err(rq, &l) : e;
    lanes_close(&l);
    return e == OK && !*ret_has && c->canonical ? canonical_has(rq, g, c, rid, ret_hit, ret_has) : e;
}

/* Is the candidate named by a resource that meets what _has asks for? */
static enum err has_meets(struct req *rq, struct gate *g, struct cand *k,
                          const struct fhir_criterion *c, bool *ret_meets)
{
    struct hit hit;
    if (c->has_set) {
        *ret_meets = set_has(c->set, c->n_set, k->hit.rid);
        return OK;
    }
    return has_first(rq, g, c, k->hit.rid, &hit, ret_meets);
}

static enum err words_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                            bool *ret_meets)
{
    struct str narrative;
    struct str content;
    bool met = false;
    TRY(cand_doc(rq, k));
    TRY(words_of_resource(rq, json_root(&k->doc), &narrative, &content));
    struct buf both;
    buf_init(&both, rq->a, 3 * FHIR_WORDS_BYTES);
    buf_str(&both, narrative);
    if (!c->narrative) {
        buf_char(&both, ' ');
        buf_str(&both, content);
    }
    for (size_t i = 0; !met && i < c->n; i++) {
        met = words_meet(c->v[i].folded, buf_get(&both));
    }
    *ret_meets = met;
    return OK;
}

/* As deep as the criteria are, at most FHIR_STEPS_MAX. */
enum err cand_meets(struct req *rq, struct gate *g, struct cand *k,
                    const struct fhir_criterion *c, bool *ret_meets)
{
    bool met = c->op == ASK_AND;
    switch (c->op) {
    case ASK_PARAM: return param_meets(rq, k, c, ret_meets);
    case ASK_CHAIN: return chain_meets(rq, g, k, c, ret_meets);
    case ASK_HAS: return has_meets(rq, g, k, c, ret_meets);
    case ASK_WORDS: return words_meets(rq, k, c, ret_meets);
    case ASK_NOT:
        TRY(cand_meets(rq, g, k, c->sub, &met));
        *ret_meets = !met;
        return OK;
    case ASK_AND:
    case ASK_OR: break;
    }
    for (size_t i = 0; i < c->n_sub && met == (c->op == ASK_AND); i++) {
        TRY(cand_meets(rq, g, k, &c->sub[i], &met));
    }
    *ret_meets = met;
    return OK;
}
