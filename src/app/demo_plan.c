/* app/demo_plan.c - who asks whom, what will happen in the case, and when. */
#include "app/demo.h"

#include "care/directory.h"

enum { HISTORY_DAYS = 58, NONE = 0 };

/* What a case has come to: the shares are per 200 cases. */
enum aim {
    AIM_SUBMITTED, AIM_RETURNED, AIM_ALLOCATED, AIM_ACCEPTED, AIM_DATA_ASKED, AIM_ANSWERED,
    AIM_RECEIVED, AIM_REPORTED, AIM_REFUSED, AIM_CLOSED, AIM_WITHDRAWN, AIM_COUNT
};
static const uint8_t shares[AIM_COUNT] = {14, 8, 14, 18, 10, 20, 24, 18, 12, 50, 12};

/* A case being planned: steps at times since the request was sent. */
struct plan {
    struct demo *d;
    struct demo_case *c;
    const struct policy_terms *terms;
    enum aim aim;
    int64_t t; /* of the last step */
};

static int64_t part(const struct plan *p, int64_t of, int64_t lo, int64_t hi)
{
    return of / 1000 * dice_between(&p->d->dice, lo, hi);
}

static void step(struct plan *p, enum demo_do what, int64_t after)
{
    p->t += after;
    if (p->c->n_steps < DEMO_STEPS_MAX) {
        p->c->steps[p->c->n_steps++] = (struct demo_step){what, p->t};
    }
}

/* True for one case in n, the same ones in every fill. */
static bool one_in(const struct plan *p, uint32_t n, uint32_t which)
{
    return p->c->no % n == which;
}

static bool has_national(const struct demo *d, uint32_t service)
{
    const struct demo_region *r = d->region;

    return str_eq(r->services[service].org, S("centre")) && service + 1 < r->n_services
           && str_eq(r->services[service + 1].org, S("national"));
}

/* To the allocation, with detours. */
static void plan_way_in(struct plan *p)
{
    int64_t accept = p->terms->accept_within.ms;

    step(p, DO_SUBMIT, 0);
    if (p->aim > AIM_ACCEPTED && one_in(p, 9, 2)) {
        step(p, DO_RETURN, part(p, accept, 80, 200));
        step(p, DO_COMPLETE, dice_between(&p->d->dice, 20, 600) * MS_MINUTE);
    }
    if (p->aim != AIM_SUBMITTED && one_in(p, 8, 3) && has_national(p->d, p->c->service)) {
        step(p, DO_REROUTE, part(p, accept, 80, 200));
    }
}

static void plan_accept(struct plan *p)
{
    int64_t accept = p->terms->accept_within.ms;
    bool late = p->aim > AIM_ACCEPTED && one_in(p, 11, 5);

    step(p, DO_ALLOCATE, part(p, accept, 80, 250));
    if (one_in(p, 10, 4)) {
        step(p, DO_PASS, part(p, accept, 50, 150));
    }
    if (p->aim == AIM_ALLOCATED) {
        return;
    }
    step(p, DO_ACCEPT, late ? accept + p->terms->escalate_after.ms + 5 * MS_MINUTE
                            : part(p, accept, 80, 350));
}

static void plan_answer(struct plan *p)
{
    int64_t answer = p->terms->answer_within.ms;

    if (one_in(p, 7, 1)) {
        step(p, DO_ASK, part(p, answer, 30, 90));
        step(p, DO_GIVE, dice_between(&p->d->dice, 15, 300) * MS_MINUTE);
    } else if (one_in(p, 2, 0)) {
        step(p, DO_MESSAGE, part(p, answer, 20, 60));
        step(p, DO_REPLY, part(p, answer, 20, 60));
    }
    step(p, DO_ANSWER, one_in(p, 12, 6) ? part(p, answer, 1050, 1200) : part(p, answer, 100, 500));
}

static void plan_after(struct plan *p)
{
    struct demo_dice *dice = &p->d->dice;

    if (p->aim == AIM_ANSWERED) {
        if (one_in(p, 9, 6)) {
            step(p, DO_CORRECT, dice_between(dice, 30, 200) * MS_MINUTE);
        }
        return;
    }
    step(p, DO_RECEIVE, dice_between(dice, 5, 240) * MS_MINUTE);
    if (one_in(p, 9, 6)) {
        step(p, DO_CORRECT, dice_between(dice, 30, 300) * MS_MINUTE);
        step(p, DO_RECEIVE, dice_between(dice, 5, 60) * MS_MINUTE);
    }
    if (p->aim == AIM_RECEIVED) {
        return;
    }
    step(p, DO_REPORT, dice_between(dice, 20, 90) * MS_HOUR);
    if (p->aim == AIM_CLOSED) {
        step(p, DO_CLOSE, dice_between(dice, 2, 40) * MS_HOUR);
    }
}

static void plan_refused(struct plan *p)
{
    int64_t accept = p->terms->accept_within.ms;

    if (one_in(p, 3, 0)) {
        step(p, DO_REFUSE, part(p, accept, 150, 400)); /* by the coordinator */
    } else {
        plan_accept(p);
        step(p, DO_REFUSE, part(p, accept, 100, 300));
    }
}

static void plan_withdrawn(struct plan *p)
{
    if (one_in(p, 2, 0)) {
        plan_accept(p);
    }
    step(p, DO_WITHDRAW, dice_between(&p->d->dice, 5, 50) * MS_MINUTE);
}

static void plan_steps(struct plan *p)
{
    plan_way_in(p);
    switch (p->aim) {
    case AIM_SUBMITTED: break;
    case AIM_RETURNED: step(p, DO_RETURN, part(p, p->terms->accept_within.ms, 80, 250)); break;
    case AIM_ALLOCATED:
    case AIM_ACCEPTED: plan_accept(p); break;
    case AIM_DATA_ASKED:
        plan_accept(p);
        step(p, DO_ASK, part(p, p->terms->answer_within.ms, 20, 90));
        break;
    case AIM_ANSWERED:
    case AIM_RECEIVED:
    case AIM_REPORTED:
        plan_accept(p);
        plan_answer(p);
        plan_after(p);
        break;
    case AIM_CLOSED:
        if (one_in(p, 8, 7)) {
            plan_refused(p);
            step(p, DO_CLOSE, dice_between(&p->d->dice, 1, 20) * MS_HOUR);
        } else {
            plan_accept(p);
            plan_answer(p);
            plan_after(p);
        }
        break;
    case AIM_REFUSED: plan_refused(p); break;
    case AIM_WITHDRAWN: plan_withdrawn(p); break;
    case AIM_COUNT: break;
    }
}

/* How long ago the last step was. Open cases are mostly in time; a few are late, one or two so late
 * that the head was told. */
static int64_t plan_age(const struct plan *p)
{
    struct demo_dice *dice = &p->d->dice;
    int64_t accept = p->terms->accept_within.ms;
    int64_t answer = p->terms->answer_within.ms;
    bool late = one_in(p, 7, 3);
    int64_t over = part(p, p->terms->escalate_after.ms, one_in(p, 2, 0) ? 1100 : 200,
                        one_in(p, 2, 0) ? 1900 : 800);

    switch (p->aim) {
    case AIM_SUBMITTED:
    case AIM_ALLOCATED:
        return late ? MAX(accept + over - p->t, 0)
                    : part(p, accept - p->t, 50, 550);
    case AIM_ACCEPTED:
        return late ? MAX(answer + over - p->t, 0)
                    : part(p, answer - p->t, 50, 700);
    case AIM_RETURNED:
    case AIM_DATA_ASKED: return dice_between(dice, 10, 900) * MS_MINUTE;
    case AIM_ANSWERED: return dice_between(dice, 5, 1500) * MS_MINUTE;
    case AIM_RECEIVED: return dice_between(dice, 1, 200) * MS_HOUR;
    case AIM_REPORTED: return dice_between(dice, 1, 96) * MS_HOUR;
    case AIM_REFUSED: return dice_between(dice, 1, 72) * MS_HOUR;
    case AIM_CLOSED:
    case AIM_WITHDRAWN:
        return dice_between(dice, MS_HOUR, MAX(HISTORY_DAYS * MS_DAY - p->t, 2 * MS_HOUR));
    case AIM_COUNT: break;
    }
    return NONE;
}

/* What the i-th case comes to: spread so that every stretch of cases has all kinds. */
static enum aim aim_of(const struct demo *d, uint32_t no)
{
    uint32_t total = 0;

    for (size_t i = 0; i < AIM_COUNT; i++) {
        total += shares[i];
    }
    uint32_t n = MAX(d->n_cases, 1U);
    uint32_t at = no * 77 % n * total / n; /* 77 and 200 have no common factor */
    for (size_t i = 0; i < AIM_COUNT; i++) {
        if (at < shares[i]) {
            return (enum aim)i;
        }
        at -= shares[i];
    }
    return AIM_CLOSED;
}

/* Somebody of a district where the story's language is spoken; the first feldsher and the first
 * doctor of each language have more to do than the others, so that there is something to look at. */
static uint32_t asker_of(struct demo *d, const struct demo_story *story)
{
    const struct demo_region *r = d->region;
    uint32_t favourite = dice_roll(&d->dice, 6) % (story->lang == LANG_UZ ? 3 : 6); /* few stories */
    uint32_t n = r->doctors + DEMO_DOCTORS;
    uint32_t first = favourite == 0 ? 0
                     : favourite == 1 ? r->doctors
                     : favourite < 4  ? r->doctors + dice_roll(&d->dice, DEMO_DOCTORS)
                                      : dice_roll(&d->dice, r->doctors);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = (first + i) % n;
        if (r->people[at].lang == story->lang) {
            return at;
        }
    }
    return 0;
}

static uint32_t service_of(struct demo *d, const char *profile)
{
    const struct demo_region *r = d->region;

    for (uint32_t i = 0; i < r->n_services; i++) {
        if (str_eq(str_z(r->services[i].profile), str_z(profile))) {
            /* now and then straight to the national centre */
            return has_national(d, i) && dice_roll(&d->dice, 9) == 0 ? i + 1 : i;
        }
    }
    return 0;
}

enum err demo_plan(struct demo *d, struct demo_case *c, struct demo_case *cases)
{
    struct plan p = {.d = d, .c = c, .aim = aim_of(d, c->no)};
    uint32_t fresh = d->n_cases - d->n_cases / 10; /* the others are of patients seen before */

    if (c->no >= fresh) {
        c->earlier = &cases[(c->no - fresh) * 7 % fresh];
    }
    c->story = c->earlier != NULL ? c->earlier->story : demo_stories[c->no % n_demo_stories];
    c->asker = c->earlier != NULL ? c->earlier->asker : asker_of(d, c->story);
    c->service = service_of(d, c->story->profile);
    c->consultant = dice_roll(&d->dice, 3) == 0 ? 0
                                                : dice_roll(&d->dice,
                                                            d->region->services[c->service].n);
    bool waits = p.aim == AIM_ALLOCATED || p.aim == AIM_ACCEPTED || p.aim == AIM_DATA_ASKED;
    if (waits && c->no % 3 != 0) {
        c->consultant = 0; /* so that the first of each service has something to do */
    }
    c->named = dice_roll(&d->dice, 2) == 0;
    p.terms = policy_terms(care_of(d->rq)->policy, str_z(c->story->urgency));
    if (p.terms == NULL) {
        return FAIL(d->rq, E_NOT_FOUND, "terms of an urgency");
    }
    plan_steps(&p);
    int64_t begin = d->now.ms - p.t - plan_age(&p);
    for (uint32_t i = 0; i < c->n_steps; i++) {
        c->steps[i].at += begin;
    }
    return OK;
}
