/* fhir/lanes.c - several lists in the order of (at, rid) gone through at once. See lanes_int.h. */
#include "fhir/lanes_int.h"

#include <stdlib.h>

#include "fhir/extract.h"
#include "fhir/match_int.h"

/* ---- dates ---- */

static int cmp_hit(const void *a, const void *b)
{
    return hit_cmp(*(const struct hit *)a, *(const struct hit *)b, LIST_OLDEST);
}

static bool bounds_date(const struct fhir_criterion *c, const struct fhir_param *p)
{
    return c->op == ASK_PARAM && c->p == p && c->modifier == MOD_NONE && c->n == 1 &&
           c->v[0].prefix != P_NE;
}

/* Long spans that end after a time and began before from. *ret_all is false when they are too many. */
static enum err longs_load(struct req *rq, const struct fhir_param *p, int64_t after,
                           struct date_window *w, bool *ret_all)
{
    struct list *l = NULL;
    struct hit hit;
    w->longs = ARENA_ARRAY(rq->a, LONGS_MAX, struct hit);
    TRY_MEM(rq, w->longs);
    TRY(list_date_long(rq, p->sp, after, &l));
    for (size_t seen = 0; *ret_all && list_next(l, &hit); seen++) {
        *ret_all = seen < LONGS_MAX;
        if (*ret_all && hit.at < w->from) {
            w->longs[w->n_longs++] = hit;
        }
    }
    enum err e = list_err(rq, l);
    list_close(&l);
    qsort(w->longs, w->n_longs, sizeof(*w->longs), cmp_hit);
    return e;
}

enum err date_window_of(struct req *rq, const struct fhir_criterion *c, size_t n,
                        const struct fhir_param *p, struct date_window *ret_w, bool *ret_known)
{
    struct date_window w = {.p = p, .from = FHIR_TIME_MIN, .to = FHIR_TIME_MAX};
    int64_t after = 0; /* of the criterion from is by, when it asks for ends */
    bool ends = false;
    bool all = true;
    *ret_known = false;
    for (size_t i = 0; i < n; i++) {
        int64_t from;
        int64_t to;
        if (!bounds_date(&c[i], p)) {
            continue;
        }
        const struct fhir_value *v = &c[i].v[0];
        source_dates(v, DATE_LONG_MS, &from, &to);
        if (from > w.from) {
            w.from = from;
            ends = v->prefix == P_GT || v->prefix == P_GE || v->prefix == P_AP;
            after = v->prefix == P_GT ? v->date.hi_ms : v->date.lo_ms;
        }
        w.to = MIN(w.to, to);
        *ret_known = true;
    }
    if (*ret_known && ends) {
        TRY(longs_load(rq, p, after, &w, &all));
    }
    *ret_known = *ret_known && all;
    *ret_w = w;
    return OK;
}

/* Spans without a beginning are not where their beginning says. */
static enum err has_beginless(struct req *rq, const struct fhir_param *p, bool *ret_has)
{
    struct list *l = NULL;
    struct hit hit;
    TRY(list_date(rq, p->sp, FHIR_TIME_MIN, FHIR_TIME_MIN + 1, LIST_OLDEST, &l));
    *ret_has = list_next(l, &hit);
    enum err e = list_err(rq, l);
    list_close(&l);
    return e;
}

static enum err window_open(struct req *rq, const struct fhir_criterion *c, size_t n,
                            struct lanes *l)
{
    bool beginless = false;
    for (size_t i = 0; i < n; i++) {
        if (c[i].op != ASK_PARAM || !bounds_date(&c[i], c[i].p) || !fhir_param_is_principal(c[i].p)) {
            continue;
        }
        TRY(has_beginless(rq, c[i].p, &beginless));
        return beginless ? OK : date_window_of(rq, c, n, c[i].p, &l->window, &l->has_window);
    }
    return OK;
}

/* The first place at or after x where the window is open. */
static bool window_reach(const struct lanes *l, struct hit x, struct hit *ret_hit)
{
    const struct date_window *w = &l->window;
    if (l->order == LIST_NEWEST) {
        struct hit y = x.at >= w->to ? (struct hit){w->to - 1, INT64_MAX} : x;
        size_t i = w->n_longs;
        while (y.at < w->from && i > 0 && hit_cmp(w->longs[i - 1], y, LIST_OLDEST) > 0) {
            i--;
        }
        if (y.at < w->from && i == 0) {
            return false;
        }
        *ret_hit = y.at < w->from ? w->longs[i - 1] : y;
        return true;
    }
    size_t i = 0;
    while (x.at < w->from && i < w->n_longs && hit_cmp(w->longs[i], x, LIST_OLDEST) < 0) {
        i++;
    }
    if (x.at < w->from && i < w->n_longs) {
        *ret_hit = w->longs[i];
        return true;
    }
    *ret_hit = x.at < w->from ? (struct hit){w->from, INT64_MIN} : x;
    return ret_hit->at < w->to;
}

/* ---- lists ---- */

static enum err lane_add(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                         struct lanes *l)
{
    TRY(source_open(rq, type, c, l->order, &l->v[l->n].s));
    l->v[l->n++].c = c;
    return OK;
}

static enum err lists_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c,
                           size_t n, struct lane_ref ref, struct lanes *l)
{
    if (ref.sp != 0) {
        struct source *s = &l->v[0].s;
        *s = (struct source){.order = l->order, .ordered = true, .real_at = true, .exact = true};
        TRY(list_ref(rq, ref.sp, ref.target, l->order, &s->lists[0]));
        s->n = 1;
        source_begin(s);
        l->n = 1;
    }
    for (size_t i = 0; i < n && l->n < LANES_MAX; i++) {
        if (&c[i] != ref.skip && source_is_ordered(&c[i]) && source_lists(&c[i]) <= LANE_LISTS_MAX) {
            TRY(lane_add(rq, type, &c[i], l));
        }
    }
    for (size_t i = 0; i < n && l->n < LANES_MAX; i++) { /* of a composite, the code */
        struct fhir_criterion part;
        if (c[i].has_pairs && c[i].op == ASK_PARAM && source_part(&c[i], 0, &part) &&
            source_is_ordered(&part)) {
            TRY(lane_add(rq, type, &part, l));
            l->v[l->n - 1].c = NULL;
        }
    }
    for (size_t i = 0; i < n && l->n == 0; i++) { /* many lists are better than all of the type */
        if (source_is_ordered(&c[i])) {
            TRY(lane_add(rq, type, &c[i], l));
        }
    }
    l->n_asked = l->n;
    TRY(window_open(rq, c, n, l));
    return l->n == 0 ? lane_add(rq, type, NULL, l) : OK;
}

enum err lanes_open(struct req *rq, enum fhir_type type, const struct fhir_criterion *c, size_t n,
                    struct lane_ref ref, enum list_order o, struct lanes *ret_l)
{
    *ret_l = (struct lanes){.order = o, .at = {INT64_MAX, INT64_MAX}};
    if (o == LIST_OLDEST) {
        ret_l->at = (struct hit){INT64_MIN, INT64_MIN};
    }
    enum err e = lists_open(rq, type, c, n, ref, ret_l);
    if (e != OK) {
        lanes_close(ret_l);
    }
    return e;
}

static struct hit next_of(struct hit h, enum list_order o, bool back)
{
    bool down = (o == LIST_NEWEST) != back;
    if (down && h.rid == INT64_MIN) {
        return h.at == INT64_MIN ? h : (struct hit){h.at - 1, INT64_MAX};
    }
    if (!down && h.rid == INT64_MAX) {
        return h.at == INT64_MAX ? h : (struct hit){h.at + 1, INT64_MIN};
    }
    return (struct hit){h.at, down ? h.rid - 1 : h.rid + 1};
}

void lanes_after(struct lanes *l, struct hit after)
{
    l->at = next_of(after, l->order, false);
}

struct hit lanes_before(const struct lanes *l)
{
    return next_of(l->at, l->order, true);
}

bool lanes_next(struct lanes *l, uint64_t max_jumps, struct hit *ret_hit, bool *ret_end)
{
    size_t agreed = 0;
    size_t n = l->n + (l->has_window ? 1 : 0);
    *ret_end = true;
    for (size_t i = 0; agreed < n; i = (i + 1) % n) {
        struct hit y;
        bool has = i < l->n ? source_reach(&l->v[i].s, l->at, &y) : window_reach(l, l->at, &y);
        if (!has) {
            return false;
        }
        if (y.at == l->at.at && y.rid == l->at.rid) {
            agreed++;
            continue;
        }
        l->at = y;
        agreed = 1;
        if (++l->jumps > max_jumps) {
            *ret_end = false;
            return false;
        }
    }
    *ret_hit = l->at;
    l->at = next_of(l->at, l->order, false);
    return true;
}

bool lanes_tell(const struct lanes *l, const struct fhir_criterion *c)
{
    for (size_t i = 0; i < l->n; i++) {
        if (l->v[i].c == c && l->v[i].s.exact) {
            return true;
        }
    }
    return false;
}

enum err lanes_err(struct req *rq, const struct lanes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        TRY(source_err(rq, &l->v[i].s));
    }
    return OK;
}

void lanes_close(struct lanes *l)
{
    for (size_t i = 0; i < l->n; i++) {
        source_close(&l->v[i].s);
    }
    l->n = 0;
}
