/* app/demo_account.c - patients of the stage, and a relative, have accounts: invited by the doctor who treats
 * them, accepted with link and code as they would. */
#include "app/demo_stage.h"

#include <stdio.h>

#include "care/patient_account.h"
#include "store/tx.h"

enum { INVITED_DAYS = 12, ACT_CAP = 32 << 20 };

static const struct {
    const char *login, *what;
    enum stage_who patient;
    struct str name, relation; /* of a relative; empty: the patient */
} rows[] = {
    {STAGE_PATIENT, "patient", STAGE_NOW, {0}, {0}},
    {"relative1", "relative", STAGE_NOW, SI("Гульнара Айдосова"), SI("CHILD")},
    {"patient2", "patient", STAGE_NOTED, {0}, {0}},
};

struct inviting {
    struct invite_ask ask;
    struct invite_made made;
};

static enum err invite(struct req *rq, struct tx *tx, void *ctx)
{
    struct inviting *i = ctx;
    return invite_make(rq, tx, &i->ask, &i->made);
}

/* Nobody is signed in when a link is opened. */
static enum err accept(struct demo *d, const struct invite_made *made, const char *login, struct instant at)
{
    struct session session;
    struct req rq;

    req_init(&rq, ACT_CAP, at);
    rq.app = d->rq->app;
    rq.db = d->rq->db;
    rq.lang = LANG_RU;
    const struct invite_accepted in = {.token = str_z(made->token), .code = str_z(made->code),
                                       .login = str_z(login), .password = S(DEMO_PASSWORD)};
    return demo_end(d, &rq, NULL, invite_accept(&rq, &in, &session));
}

enum err stage_accounts(struct stage *s)
{
    struct instant at = {s->d->now.ms - INVITED_DAYS * MS_DAY};

    for (size_t i = 0; i < LEN(rows); i++) {
        struct inviting in = {.ask = {.patient = s->patients[rows[i].patient],
                                      .relative = rows[i].name.n > 0,
                                      .name = rows[i].name,
                                      .relation = rows[i].relation,
                                      .may = MY_SEE | MY_SEND | MY_TALK | MY_VISIT}};
        TRY(stage_act(s->d, STAGE_HOSPITAL, at, invite, &in));
        TRY(accept(s->d, &in.made, rows[i].login, (struct instant){at.ms + 3 * MS_HOUR}));
    }
    return OK;
}

void stage_accounts_print(struct req *rq)
{
    for (size_t i = 0; i < LEN(rows); i++) {
        struct account acc;
        struct patient_person p;
        if (account_by_login(rq, str_z(rows[i].login), &acc) == OK
            && patient_person(rq, acc.person, &p) == OK) {
            printf("  %-16s %-14s %.*s\n", rows[i].login, rows[i].what, STR_ARG(p.name));
        }
        err_clear(rq);
    }
}
