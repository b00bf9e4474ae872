/* app/demo_stage.c - people of the region and patients act at times around the start: see demo_stage.h. */
#include "app/demo_stage.h"

#include <stdio.h>

#include "care/patient_account.h"
#include "store/tx.h"

enum { ACT_CAP = 96 << 20 };

struct str stage_date(struct req *rq, struct instant at)
{
    struct civil c = zone_civil(&care_of(rq)->zone, at);
    return demo_date(rq, &c);
}

/* rq is begun, and somebody acts in it unless e says otherwise. */
static enum err act(struct demo *d, struct req *rq, enum err e, stage_fn fn, void *ctx)
{
    struct tx *tx = tx_new(rq);

    if (e == OK) {
        e = tx != NULL ? fn(rq, tx, ctx) : FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    return demo_end(d, rq, e == OK && !tx_is_empty(tx) ? tx : NULL, e);
}

enum err stage_act(struct demo *d, const char *login, struct instant at, stage_fn fn, void *ctx)
{
    const struct demo_region *r = d->region;

    for (uint32_t i = 0; i < r->n_people; i++) {
        const struct demo_person *one = &r->people[i];
        if (str_eq(one->login, str_z(login))) {
            struct req rq;
            enum err e = demo_as(d, &rq, one->login, one->posts[0].org, one->posts[0].code, at,
                                 LANG_RU);
            return act(d, &rq, e, fn, ctx);
        }
    }
    return FAIL(d->rq, E_NOT_FOUND, "nobody signs in as %s", login);
}

static enum err as_patient(struct req *rq, const char *login)
{
    struct account acc;
    struct who *w = NULL;

    TRY(account_by_login(rq, str_z(login), &acc));
    TRY(patient_who(rq, &acc, (struct str){0}, &w));
    rq->who = w;
    return OK;
}

enum err stage_act_patient(struct demo *d, const char *login, struct instant at, stage_fn fn, void *ctx)
{
    struct req rq;

    req_init(&rq, ACT_CAP, at);
    rq.app = d->rq->app;
    rq.db = d->rq->db;
    rq.lang = LANG_RU;
    return act(d, &rq, as_patient(&rq, login), fn, ctx);
}

enum err demo_stage(struct demo *d)
{
    /* Throws of its own: the people on the stage are the same whatever else was filled. */
    struct demo own = *d;
    struct stage s = {.d = &own};

    own.dice = (struct demo_dice){20261122};
    TRY(stage_hours(&s));
    TRY(stage_past(&s));
    TRY(stage_accounts(&s));
    TRY(stage_visits(&s));
    TRY(stage_consilium(&s));
    return stage_emergency(&s);
}

/* Who is called by the emergency. */
static struct str on_duty(struct req *rq)
{
    const struct directory *dir = NULL;
    uint32_t people[1];

    if (directory_get(rq, &dir) != OK
        || dir_on_duty(dir, dir_service_at(dir, S(STAGE_EMERGENCY)), rq->now, people, 1) == 0) {
        err_clear(rq);
        return S("-");
    }
    return dir->people[people[0]].id;
}

void demo_stage_print(struct req *rq)
{
    struct str duty = on_duty(rq);

    printf("On the stage: a remote visit that begins about now, of %s to %s;\n"
           "a consilium that %s called and %s chairs; an emergency that rings for %.*s.\n"
           "Patients and a relative sign in, too:\n\n", STAGE_PATIENT, STAGE_DOCTOR, STAGE_HOSPITAL,
           STAGE_DOCTOR, STR_ARG(duty));
    stage_accounts_print(rq);
    printf("\n");
    (void)fflush(stdout);
}
