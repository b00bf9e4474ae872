/* app/demo_fill.c - the whole region is filled: everything happens in order of its time. */
#include "app/demo_int.h"
#include "app/demo_stage.h"

#include "care/notice.h"
#include "store/tx.h"

enum { NOTICES_READ_HOURS = 18, NOTICES_MAX = 400 };

/* The case whose next step is the earliest; NULL when nothing is left. */
static struct demo_case *next_case(struct demo_case *cases, uint32_t n)
{
    struct demo_case *best = NULL;

    for (uint32_t i = 0; i < n; i++) {
        struct demo_case *c = &cases[i];
        if (c->next < c->n_steps
            && (best == NULL || c->steps[c->next].at < best->steps[best->next].at)) {
            best = c;
        }
    }
    return best;
}

static enum err fail_case(struct demo *d, const struct demo_case *c, enum err e)
{
    struct err_rec was = d->rq->err;

    err_clear(d->rq);
    return err_set(d->rq, e, was.file, was.line, "made-up case %u (%s), step %u: %.120s",
                   c->no, c->story->profile, c->next, was.detail);
}

/* Requests begun and not sent, of the last days. */
static void plan_drafts(struct demo *d, struct demo_case *drafts)
{
    const struct demo_region *r = d->region;

    for (uint32_t i = 0; i < d->n_drafts; i++) {
        struct demo_case *c = &drafts[i];
        c->no = d->n_cases + i;
        c->story = demo_stories[(i * 5 + 1) % n_demo_stories];
        for (uint32_t k = 0; k < r->doctors + DEMO_DOCTORS; k++) {
            uint32_t at = i % 2 == 0 ? k : r->doctors + DEMO_DOCTORS - 1 - k;
            if (r->people[at].lang == c->story->lang) {
                c->asker = at;
                break;
            }
        }
        for (uint32_t k = 0; k < r->n_services; k++) {
            if (str_eq(str_z(r->services[k].profile), str_z(c->story->profile))) {
                c->service = k;
                break;
            }
        }
        c->steps[0] = (struct demo_step){
            DO_DRAFT, d->now.ms - dice_between(&d->dice, 20, 4000) * MS_MINUTE};
        c->n_steps = 1;
    }
}

static enum err play_all(struct demo *d, struct demo_case *cases, uint32_t n)
{
    for (struct demo_case *c = next_case(cases, n); c != NULL; c = next_case(cases, n)) {
        struct arena_mark mark = {0};
        bool first = c->next == 0;
        if (!first) {
            mark = arena_mark(d->rq->a);
        }
        enum err e = demo_play(d, c);
        if (e != OK) {
            return fail_case(d, c, e);
        }
        if (!first) {
            arena_back(d->rq->a, mark);
        }
    }
    for (uint32_t i = 0; i < d->n_cases; i++) {
        enum err e = demo_clock(d, &cases[i], d->now.ms);
        if (e != OK) {
            return fail_case(d, &cases[i], e);
        }
    }
    return OK;
}

/* People known to the region who need no consultation. */
static enum err other_patients(struct demo *d, uint32_t n)
{
    const struct demo_region *r = d->region;

    for (uint32_t i = 0; i < n; i++) {
        struct instant at = {d->now.ms - dice_between(&d->dice, MS_HOUR, 60 * MS_DAY)};
        const struct demo_person *by =
            &r->people[dice_roll(&d->dice, r->doctors + DEMO_DOCTORS)];
        struct str id;
        TRY(demo_patient(d, NULL, by, at, &id));
    }
    return OK;
}

/* Everybody has read their notices of before this shift. */
static enum err read_notices(struct demo *d, const struct demo_person *one)
{
    struct req rq;
    enum err e = demo_as(d, &rq, one->login, one->posts[0].org, one->posts[0].code, d->now,
                         one->lang);
    struct tx *tx = tx_new(&rq);
    struct notice *all = ARENA_ARRAY(rq.a, NOTICES_MAX, struct notice);
    uint32_t n = 0;
    uint64_t seq = 0;

    if (e == OK && (tx == NULL || all == NULL)) {
        e = FAIL(&rq, E_TOO_LARGE, "memory cap");
    }
    if (e == OK) {
        e = notice_list(&rq, 0, all, NOTICES_MAX, &n);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].at.ms < d->now.ms - NOTICES_READ_HOURS * MS_HOUR && all[i].seq > seq) {
            seq = all[i].seq;
        }
    }
    if (e == OK && seq > 0) {
        e = notice_read(&rq, tx, seq);
    }
    return demo_end(d, &rq, seq > 0 ? tx : NULL, e);
}

enum err demo_fill(struct demo *d)
{
    uint32_t n = d->n_cases + d->n_drafts;
    uint32_t patients = d->n_cases - d->n_cases / 10 + d->n_drafts;
    struct demo_case *cases = ARENA_ARRAY(d->rq->a, n, struct demo_case);
    uint32_t shifts = 0;

    TRY_MEM(d->rq, cases);
    TRY(demo_region_write(d->rq, d->region));
    TRY(demo_roster(d->rq, d->region,
                    (struct instant){d->now.ms - DEMO_DUTY_BEFORE_DAYS * MS_DAY},
                    DEMO_DUTY_BEFORE_DAYS + DEMO_DUTY_AHEAD_DAYS, &shifts));
    for (uint32_t i = 0; i < d->n_cases; i++) {
        cases[i].no = i;
        TRY(demo_plan(d, &cases[i], cases));
    }
    plan_drafts(d, cases + d->n_cases);
    TRY(play_all(d, cases, n));
    TRY(demo_stage(d));
    for (uint32_t i = 0; i < d->region->n_people; i++) {
        TRY(read_notices(d, &d->region->people[i]));
    }
    return other_patients(d, d->n_patients > patients ? d->n_patients - patients : 0);
}
