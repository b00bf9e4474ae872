/* fhir/find.c - the plan of a search: which posting list leads, how far it is walked.
 *
 * 0. Sorted by a date, and only that date asked for: the walk in its order passes over nothing.
 * 1. A short race: all lists are stepped in turn; one that ends soon is small and leads.
 *    Where no order is asked for, a list of keys (lead.c) is then tried for as many rows as a longer race
 *    would step over, before that race.
 * 2. Else, in the order of (at, rid), the most selective kind of list is walked from the right end
 *    and the rest is tested hit by hit, until the page is full.
 * 3. Should that look at too many in vain, a longer race decides again, in which what hangs on the
 *    caller's own cases takes part.
 * Work is bounded by FHIR_SCAN_MAX candidates.
 */
#include "base/text.h"
#include "fhir/lead_int.h"

enum {
    LEAD_IN_VAIN = 300, /* candidates looked at in the order of a list that may not be the best */
    WALK_IN_VAIN = 512, /* candidates looked at before a longer race */
    FUEL_RESERVE = FHIR_REFERRERS * 2, /* left for the candidate being looked at */
};

enum err gate_may(struct req *rq, struct gate *g, int64_t anchor, bool *ret_may)
{
    if (g->acc->all || anchor == ANCHOR_DIRECTORY) {
        *ret_may = true;
        return OK;
    }
    if (anchor == ANCHOR_SYSTEM) {
        *ret_may = false;
        return OK;
    }
    for (unsigned i = 0; i < g->n; i++) {
        if (g->anchor[i] == anchor) {
            *ret_may = g->may[i];
            return OK;
        }
    }
    bool may = false;
    TRY(db_team_has(rq, anchor, g->acc->principals, g->acc->n, &may));
    unsigned at = g->n < SEEN_ANCHORS ? g->n++ : g->at++ % SEEN_ANCHORS;
    g->anchor[at] = anchor;
    g->may[at] = may;
    *ret_may = may;
    return OK;
}

/* Lists that are not of one type, or know no place, may give what is none of ours. */
static enum err cand_is_ours(struct finder *f, struct cand *k, bool *ret_ours)
{
    enum err e = cand_head(f->rq, k);
    if (e == E_NOT_FOUND) {
        err_clear(f->rq);
        *ret_ours = false;
        return OK;
    }
    TRY(e);
    k->hit.at = k->head.at_ms;
    *ret_ours = !k->head.deleted && k->head.type == f->q->type;
    return OK;
}

static enum err cand_test(struct finder *f, struct cand *k, const struct fhir_criterion *skip,
                          bool real_at, bool *ret_meets)
{
    bool meets = true;
    if (!real_at) {
        TRY(cand_is_ours(f, k, &meets));
    }
    for (size_t i = 0; meets && i < (f->late != NULL ? 2 : 1) * f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i % f->q->n];
        bool told = f->lanes != NULL && lanes_tell(f->lanes, c);
        bool turn = f->late == NULL || f->late[i % f->q->n] == (i >= f->q->n);
        if (c != skip && !told && turn) {
            TRY(cand_meets(f->rq, f->gate, k, c, &meets));
        }
    }
    if (meets) {
        TRY(cand_may(f->rq, f->gate, f->q->type, k, &meets));
    }
    *ret_meets = meets;
    return OK;
}

enum err finder_look(struct finder *f, struct cand *k, const struct fhir_criterion *skip,
                     bool real_at, bool *ret_meets)
{
    f->scanned++;
    *ret_meets = false;
    if (moment_is_newer(f, k->hit.rid)) {
        return OK;
    }
    enum err e = cand_test(f, k, skip, real_at, ret_meets);
    f->gate->fuel -= f->gate->fuel > 0 ? 1 : 0;
    return e;
}

/* The page will need it again. */
static enum err row_keep(struct finder *f, const struct res_row *row)
{
    struct kept_row *r = ARENA_NEW(f->rq->a, struct kept_row);
    TRY_MEM(f->rq, r);
    *r = (struct kept_row){f->kept, *row};
    f->kept = r;
    f->kept_bytes += row->body.n;
    return OK;
}

enum err finder_test(struct finder *f, struct hit *hit, const struct fhir_criterion *skip,
                     bool real_at, bool *ret_meets)
{
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = {.hit = *hit, .is_far = f->lead != NULL};
    enum err e = finder_look(f, &k, skip, real_at, ret_meets);
    hit->at = k.hit.at;
    if (e == OK && *ret_meets && f->keeps && k.has_row && f->kept_bytes < FHIR_KEPT_BYTES) {
        arena_back(f->rq->a, k.row_end); /* the row stays */
        return row_keep(f, &k.row);
    }
    arena_back(f->rq->a, m);
    return e;
}

enum err finder_keep(struct finder *f, struct hit hit)
{
    if (f->n_found == f->size_found) {
        size_t size = MIN(MAX(f->size_found * 2, (size_t)64), f->want);
        struct hit *v = ARENA_ARRAY(f->rq->a, size + 1, struct hit);
        TRY_MEM(f->rq, v);
        for (size_t i = 0; i < f->n_found; i++) {
            v[i] = f->found[i];
        }
        f->found = v;
        f->size_found = size;
    }
    f->found[f->n_found++] = hit;
    return OK;
}

bool finder_is_full(const struct finder *f)
{
    return f->n_found >= f->want && !f->counting;
}

/* Without the date the search is sorted by: comes after all others. */
enum err finder_undated(struct finder *f, struct hit hit, bool *ret_undated)
{
    struct arena_mark m = arena_mark(f->rq->a);
    struct cand k = moment_cand(f, hit);
    bool has = false;
    enum err e = f->dated ? cand_tuples(f->rq, &k) : OK;
    for (size_t i = 0; f->dated && e == OK && !has && i < k.n_tuples; i++) {
        has = k.tuples[i].sp == f->q->sort[0].p->sp;
    }
    *ret_undated = f->dated && !has;
    arena_back(f->rq->a, m);
    return e;
}

/* A match, in its order. */
static enum err take(struct finder *f, struct hit hit)
{
    bool undated = false;
    f->total += f->undated ? 0 : 1;
    TRY(finder_undated(f, hit, &undated));
    return undated == f->undated && f->n_found < f->want ? finder_keep(f, hit) : OK;
}

/* What changed since the first page and stood before hit (NULL: all the rest), then hit. */
enum err finder_take(struct finder *f, const struct hit *hit)
{
    for (; f->next_old < f->n_olds; f->next_old++) {
        struct hit old = f->olds[f->next_old].k.hit;
        if (hit != NULL && hit_cmp(old, *hit, f->order) > 0) {
            break;
        }
        TRY(take(f, old));
    }
    return hit != NULL ? take(f, *hit) : OK;
}

bool finder_passed(const struct finder *f, struct hit hit)
{
    return f->resume && f->from.undated == f->undated &&
           hit_cmp(hit, f->from.after, f->order) <= 0;
}

/* Begins with those that have the date, or (undated) those that have not. */
void finder_phase(struct finder *f, bool undated)
{
    f->undated = undated;
    f->next_old = 0;
    while (f->next_old < f->n_olds && finder_passed(f, f->olds[f->next_old].k.hit)) {
        f->next_old++;
    }
}

/* ---- the walk ---- */

/* Walks until the page is full, the lists end (*ret_done) or limit candidates were looked at. */
static enum err walk_on(struct finder *f, struct lanes *l, uint64_t limit, bool *ret_done)
{
    struct hit hit;
    bool end = false;
    while (f->scanned < limit && (f->gate->fuel > FUEL_RESERVE || f->scanned < 8)) {
        bool meets = false;
        if (!lanes_next(l, limit, &hit, &end)) {
            TRY(lanes_err(f->rq, l));
            f->last = lanes_before(l);
            *ret_done = end;
            return end ? finder_take(f, NULL) : OK;
        }
        f->lanes = l;
        enum err e = finder_test(f, &hit, NULL, true, &meets);
        f->lanes = NULL;
        TRY(e);
        f->last = hit;
        if (meets) {
            TRY(finder_take(f, &hit));
        }
        if (finder_is_full(f)) {
            *ret_done = true;
            return OK;
        }
    }
    return OK;
}

static enum err longer(struct finder *f, bool *ret_done)
{
    size_t n_found = f->n_found;
    uint64_t total = f->total;
    size_t next_old = f->next_old;
    bool nothing = false;
    TRY(fhir_query_resolve(f->rq, f->gate, f->q, true, &nothing));
    if (nothing) {
        *ret_done = true;
        return OK;
    }
    f->n_found = 0;
    f->total = 0;
    TRY(finder_race(f, RACE_LONG, NULL, ret_done));
    if (!*ret_done) {
        TRY(finder_mine(f, ret_done));
    }
    if (!*ret_done) {
        f->n_found = n_found;
        f->total = total;
        f->next_old = next_old;
    }
    return OK;
}

/* Asked for no order, and on its first page: whatever list is best may give it. */
static bool any_order(const struct finder *f)
{
    return f->natural && !f->dated && !f->resume && !f->counting && f->q->n_sort == 0;
}

static enum err walk_lanes(struct finder *f, struct lanes *l, bool *ret_whole)
{
    bool done = false;
    uint64_t vain = MIN(f->scanned + WALK_IN_VAIN, f->scan_max);
    if (f->resume && f->from.undated == f->undated) {
        lanes_after(l, f->from.after);
    }
    TRY(walk_on(f, l, vain, &done));
    if (!done && any_order(f) && lead_best(f) != NULL) {
        *ret_whole = true;
        return lead_run(f, lead_best(f));
    }
    if (!done && f->scan_max >= FHIR_SCAN_MAX && !f->undated) {
        TRY(longer(f, &done));
        *ret_whole = done; /* sets have the undated ones, too */
    }
    if (!done) {
        TRY(walk_on(f, l, f->scan_max, &done));
        f->cut = !done;
    }
    return OK;
}

static enum err walk_phase(struct finder *f, bool undated, bool *ret_whole)
{
    struct lanes l;
    finder_phase(f, undated);
    TRY(lanes_open(f->rq, f->q->type, f->q->c, f->q->n, (struct lane_ref){0}, f->order, &l));
    enum err e = walk_lanes(f, &l, ret_whole);
    lanes_close(&l);
    return e;
}

static enum err walk(struct finder *f)
{
    bool whole = false;
    if (!(f->resume && f->from.undated)) {
        TRY(walk_phase(f, false, &whole));
    }
    bool more = f->dated && !whole && !f->cut && !finder_is_full(f);
    return more ? walk_phase(f, true, &whole) : OK;
}

static const struct fhir_criterion *leader(const struct finder *f)
{
    const struct fhir_criterion *best = NULL;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        if (source_is_ordered(c) && (best == NULL || criterion_rank(c) < criterion_rank(best))) {
            best = c;
        }
    }
    return best;
}

/* Sorted by something else: the whole set is needed. */
static enum err gather(struct finder *f)
{
    struct source s = {0};
    const struct fhir_criterion *lead = leader(f);
    struct hit *v = ARENA_ARRAY(f->rq->a, FHIR_SCAN_MAX, struct hit);
    size_t n = 0;
    bool more = true;
    TRY_MEM(f->rq, v);
    TRY(source_open(f->rq, f->q->type, lead, f->order, &s));
    while (n < FHIR_SCAN_MAX && (more = source_next(&s, &v[n]))) {
        n++;
    }
    const struct fhir_criterion *skip = s.exact ? lead : NULL;
    enum err e = source_err(f->rq, &s);
    source_close(&s);
    TRY(e);
    if (more) {
        fhir_issue_add(f->rq, ISSUE_ERROR, "too-costly",
                       T("Too many to sort by this. Please narrow the search."), S("_sort"), S(""));
        return FAIL(f->rq, E_BAD_INPUT, "too many to sort");
    }
    TRY(finder_set_filter(f, v, &n, skip, true));
    return finder_set_page(f, v, n);
}

static enum err by_ids(struct finder *f, const struct fhir_criterion *c)
{
    struct hit *v = ARENA_ARRAY(f->rq->a, c->n + 1, struct hit);
    size_t n = 0;
    TRY_MEM(f->rq, v);
    for (size_t i = 0; i < c->n; i++) {
        struct res_row row;
        enum err e = db_head(f->rq, (uint16_t)f->q->type, c->v[i].ref.id, &row);
        if (e == E_NOT_FOUND) {
            err_clear(f->rq);
            continue;
        }
        TRY(e);
        if (!row.deleted && row.version > 0) {
            v[n++] = (struct hit){row.at_ms, row.rid};
        }
    }
    n = hits_sort(v, n, f->order);
    TRY(finder_set_filter(f, v, &n, c, true));
    return finder_set_page(f, v, n);
}

/* A token that speaks of one patient: what is about that patient leads, whatever else is asked. */
static enum err one_patient(struct finder *f, int64_t rid, bool *ret_done)
{
    struct hit *v = ARENA_ARRAY(f->rq->a, FHIR_SCAN_MAX, struct hit);
    size_t n = 0;
    TRY_MEM(f->rq, v);
    if (rid != 0) {
        TRY(finder_about(f, rid, v, FHIR_SCAN_MAX, &n));
    }
    if (n >= FHIR_SCAN_MAX) {
        return OK;
    }
    n = hits_sort(v, n, f->order);
    TRY(finder_set_filter(f, v, &n, NULL, true));
    *ret_done = true;
    return finder_set_page(f, v, n);
}

/* In the order of the list of lead; sure: however many it looks at. Else nothing may have happened. */
static enum err lead_try(struct finder *f, const struct fhir_criterion *lead, uint64_t vain,
                         bool sure, bool *ret_done)
{
    uint64_t scan_max = f->scan_max;
    f->scan_max = sure ? scan_max : MIN(f->scanned + vain, scan_max);
    f->trying = !sure;
    TRY(lead_run(f, lead));
    f->trying = false;
    f->scan_max = scan_max;
    *ret_done = !f->cut || sure;
    if (!*ret_done) {
        f->lead = NULL;
        f->n_found = 0;
        f->cut = false;
    }
    return OK;
}

static enum err lead_or_walk(struct finder *f)
{
    bool done = false;
    bool sure = false;
    const struct fhir_criterion *lead = NULL;
    const struct fhir_criterion *best = lead_at_once(f, &sure);
    bool tried = best != NULL && lead_kind_of(best) == LEAD_KEY;
    if (tried) { /* looks at no more than the race would step over */
        TRY(lead_try(f, best, RACE_MIDDLE, false, &done));
    }
    if (!done) {
        TRY(finder_race(f, RACE_MIDDLE, &lead, &done));
    }
    if (done) {
        return OK;
    }
    sure = sure || lead != NULL;
    lead = lead != NULL ? lead : best;
    if (lead != NULL && (sure || !tried)) {
        TRY(lead_try(f, lead, LEAD_IN_VAIN, sure, &done));
    }
    return done ? OK : walk(f);
}

/* The page after one that was read in the order of a list. */
static enum err lead_again(struct finder *f)
{
    const struct fhir_criterion *c =
        f->from.lead <= f->q->n ? &f->q->c[f->from.lead - 1] : NULL;
    if (c == NULL || f->from.n_keys != 1 || !lead_can(c)) {
        fhir_issue_add(f->rq, ISSUE_ERROR, "expired",
                       T("Too much has changed since the first page. Please search again."),
                       S("_cursor"), S(""));
        return FAIL(f->rq, E_BAD_INPUT, "_cursor");
    }
    f->from_place = (struct lead_at){f->from.keys[0], f->from.outer, f->from.after};
    return lead_run(f, c);
}

/* The order asked for may fill the page soon. Else nothing has happened. */
static enum err try_sorted(struct finder *f, bool *ret_done)
{
    uint64_t scan_max = f->scan_max;
    bool can = false;
    if (f->counting) {
        return OK;
    }
    f->scan_max = MIN(f->scanned + WALK_IN_VAIN, scan_max);
    f->trying = true;
    TRY(finder_walk_sorted(f, &can));
    f->trying = false;
    f->scan_max = scan_max;
    *ret_done = can && !f->cut;
    if (!*ret_done) {
        f->cut = false;
        f->n_found = 0;
        f->total = 0;
    }
    return OK;
}

/* Several lists in the order asked for, one of them what names a resource: gone through at once they cost
 * hardly more than a race would. */
static bool lanes_suit(const struct finder *f)
{
    size_t n = 0;
    bool has_ref = false;
    for (size_t i = 0; i < f->q->n; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        has_ref = has_ref || asks_refs(c);
        n += source_is_ordered(c) && source_lists(c) <= LANE_LISTS_MAX ? 1 : 0;
    }
    return f->natural && !f->counting && has_ref && n > 1;
}

/* Sorted by a date, and nothing else is asked but when it is: the walk passes over nothing. */
static bool sort_is_all(const struct finder *f)
{
    bool all = !f->natural && !f->counting && f->q->n > 0 && f->q->sort[0].p->kind == SP_DATE;
    for (size_t i = 0; i < f->q->n && all; i++) {
        const struct fhir_criterion *c = &f->q->c[i];
        all = c->op == ASK_PARAM && c->p == f->q->sort[0].p && c->modifier == MOD_NONE;
    }
    return all;
}

enum err finder_run(struct finder *f)
{
    bool done = false;
    int64_t patient = 0;
    const struct fhir_access *acc = f->gate->acc;
    if (!scope_allows(acc->scopes, f->q->type, access_ops(acc))) {
        return OK; /* of this type, or of the one chained over, the token opens none */
    }
    for (size_t i = 0; i < f->q->n; i++) {
        if (f->q->c[i].op == ASK_PARAM && f->q->c[i].p->kind == SP_ID) {
            return by_ids(f, &f->q->c[i]);
        }
    }
    if (scope_is_one_patient(acc->scopes, f->q->type, access_ops(acc), &patient)) {
        TRY(one_patient(f, patient, &done));
        if (done) {
            return OK;
        }
    }
    if (f->resume && f->from.lead > 0) {
        return lead_again(f);
    }
    bool first = sort_is_all(f);
    TRY(first ? try_sorted(f, &done) : OK);
    if (!done) {
        TRY(finder_race(f, lanes_suit(f) ? RACE_SHORT / 4 : RACE_SHORT, NULL, &done));
    }
    if (!done && !f->natural) {
        TRY(finder_race(f, RACE_MIDDLE, NULL, &done));
        TRY(done || first ? OK : try_sorted(f, &done));
    }
    if (!done && !f->natural) {
        TRY(finder_race(f, RACE_LONG, NULL, &done));
        if (!done) {
            TRY(finder_mine(f, &done));
        }
    }
    if (done) {
        return OK;
    }
    if (f->natural) {
        return any_order(f) ? lead_or_walk(f) : walk(f);
    }
    bool nothing = false;
    TRY(fhir_query_resolve(f->rq, f->gate, f->q, true, &nothing));
    if (nothing) {
        return OK;
    }
    TRY(finder_walk_sorted(f, &done));
    return done ? OK : gather(f);
}
