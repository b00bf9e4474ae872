/* care/figures.c - reading and grouping what figures.h describes. */
#include "care/figures.h"

#include <stdlib.h>

#include "care/case_row.h"
#include "care/flow.h"
#include "store/db.h"

enum { FIRST_ROOM = 256 };

/* A list that doubles in the arena. */
static struct figure_case *room(struct req *rq, struct figure_case *have, uint32_t n, uint32_t *size)
{
    if (n < *size) {
        return have;
    }
    uint32_t more = *size == 0 ? FIRST_ROOM : *size * 2;
    struct figure_case *all = ARENA_ARRAY(rq->a, more, struct figure_case);
    for (uint32_t i = 0; all != NULL && i < n; i++) {
        all[i] = have[i];
    }
    *size = more;
    return all;
}

enum err figures_read(struct req *rq, struct str centre_org, struct instant from,
                      struct instant to, struct figure_case **ret_cases, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    const struct care_flow *flow = care_flow_find(S("consultation"));
    int refused = care_state_find(flow, S("refused"));
    struct figure_case *cases = NULL;
    uint32_t n = 0;
    uint32_t size = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_FLOW_TIMES, sql_text(centre_org), sql_i64(from.ms), sql_i64(to.ms),
                 sql_i64(FIGURE_CASES_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && n < FIGURE_CASES_MAX) {
        cases = room(rq, cases, n, &size);
        TRY_MEM(rq, cases);
        cases[n++] = (struct figure_case){
            .profile = db_text(rq->a, &q, 0),
            .asker_org = db_text(rq->a, &q, 1),
            .urgency = (uint32_t)db_i64(&q, 2),
            .accept_ms = db_i64(&q, 3),
            .answer_ms = db_i64(&q, 4),
            .accept_late = db_i64(&q, 5) != 0,
            .answer_late = db_i64(&q, 6) != 0,
            .no_outcome = db_i64(&q, 7) != 0,
            .refused = db_i64(&q, 8) == refused,
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_cases = cases;
    *ret_n = n;
    return OK;
}

static struct str key_of(struct req *rq, const struct figure_case *c, enum figure_by by)
{
    struct buf b;

    switch (by) {
    case FIGURE_PROFILE: return c->profile;
    case FIGURE_ASKER: return c->asker_org;
    case FIGURE_URGENCY:
        buf_init(&b, rq->a, 16);
        buf_u64(&b, c->urgency);
        return buf_get(&b);
    case FIGURE_ALL: break;
    }
    return S("");
}

static int by_ms(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static int64_t median(int64_t *v, uint32_t n)
{
    if (n == 0) {
        return -1;
    }
    qsort(v, n, sizeof *v, by_ms);
    return n % 2 == 1 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static int by_size(const void *a, const void *b)
{
    const struct figure *x = a;
    const struct figure *y = b;
    return x->n != y->n ? (x->n < y->n) - (x->n > y->n) : str_cmp(x->key, y->key);
}

static int by_key(const void *a, const void *b)
{
    return str_cmp(((const struct figure *)a)->key, ((const struct figure *)b)->key);
}

static void count(struct figure *f, const struct figure_case *c)
{
    f->n++;
    f->accepted += c->accept_ms >= 0;
    f->answered += c->answer_ms >= 0;
    f->accept_late += c->accept_late;
    f->answer_late += c->answer_late;
    f->no_outcome += c->no_outcome;
    f->refused += c->refused;
}

/* The group of a key; n when it is new. */
static uint32_t find(const struct figure *f, uint32_t n, struct str key)
{
    uint32_t at = 0;
    while (at < n && !str_eq(f[at].key, key)) {
        at++;
    }
    return at;
}

enum err figures_group(struct req *rq, const struct figure_case *cases, uint32_t n,
                       enum figure_by by, struct figure *ret_figures, uint32_t max,
                       uint32_t *ret_n)
{
    uint32_t *group = ARENA_ARRAY(rq->a, n, uint32_t);
    int64_t *times = ARENA_ARRAY(rq->a, n, int64_t);
    uint32_t groups = 0;

    TRY_MEM(rq, group);
    TRY_MEM(rq, times);
    for (uint32_t i = 0; i < n; i++) {
        struct str key = key_of(rq, &cases[i], by);
        group[i] = find(ret_figures, groups, key);
        if (group[i] == groups && groups < max) {
            ret_figures[groups++] = (struct figure){.key = key};
        }
        if (group[i] < groups) {
            count(&ret_figures[group[i]], &cases[i]);
        }
    }
    for (uint32_t g = 0; g < groups; g++) {
        uint32_t n_accept = 0;
        uint32_t n_answer = 0;
        for (uint32_t i = 0; i < n; i++) {
            if (group[i] == g && cases[i].accept_ms >= 0) {
                times[n_accept++] = cases[i].accept_ms;
            }
        }
        ret_figures[g].accept_median_ms = median(times, n_accept);
        for (uint32_t i = 0; i < n; i++) {
            if (group[i] == g && cases[i].answer_ms >= 0) {
                times[n_answer++] = cases[i].answer_ms;
            }
        }
        ret_figures[g].answer_median_ms = median(times, n_answer);
    }
    qsort(ret_figures, groups, sizeof *ret_figures, by == FIGURE_URGENCY ? by_key : by_size);
    *ret_n = groups;
    return OK;
}
