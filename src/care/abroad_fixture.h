/* care/abroad_fixture.h - two countries of the made-up region, and patients who decide what goes over
 * the border. Include from *_test.c only. */
#pragma once

#include "care/abroad.h"
#include "care/care_fixture.h"
#include "care/directory_change.h"
#include "care/patient_account_consent.h"

static struct req keep; /* the test's own */

static inline const struct who *acting(struct str id)
{
    struct who *w = ARENA_NEW(keep.a, struct who);
    uint64_t *own = ARENA_NEW(keep.a, uint64_t);

    *own = principal_patient(region.store, id);
    w->patient = id;
    w->rights = IS_PATIENT;
    w->limits = MY_ALL;
    w->role_chosen = true;
    w->person = S("Patient/test");
    w->audit.actor = w->person;
    w->audit.login = S("patient");
    w->audit.role = S("patient");
    w->audit.org = S("");
    w->principals = own;
    w->n_principals = 1;
    return w;
}

static inline enum err profile_of(const char *org, const char *policy)
{
    struct req rq;
    struct res_row row;

    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, db_head(&rq, T_ORGANIZATION, str_z(org), &row));
    MUST(&rq, org_change(&rq, tx,
                         &(struct org_new){.id = str_z(org), .name = str_z(org), .policy = str_z(policy),
                                           .parent = S(""), .kind = ORG_NATIONAL}, row.version));
    return commit_end(&rq, tx);
}

/* The national centre abroad; what is below it stays at home. */
static inline void two_countries(void)
{
    static bool done;
    struct req rq;
    if (done) {
        return;
    }
    done = true;
    assert_int_equal(profile_of("national", "uz"), OK);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    struct res_row row;
    MUST(&rq, db_head(&rq, T_ORGANIZATION, S("centre"), &row));
    MUST(&rq, org_change(&rq, tx,
                         &(struct org_new){.id = S("centre"), .name = S("centre"), .policy = S("kz"),
                                           .parent = S("national"), .kind = ORG_CENTRE}, row.version));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static inline int64_t rid_of(struct str patient)
{
    int64_t rid = 0;
    err_clear(&keep);
    MUST(&keep, db_rid(&keep, T_PATIENT, patient, &rid));
    return rid;
}

static inline enum err decide_of(struct str patient, bool given)
{
    struct req rq;

    as(&rq, acting(patient));
    struct tx *tx = tx_new(&rq);
    enum err e = patient_consent_set(&rq, tx, rid_of(patient), CONSENT_ABROAD, given);
    return end_with(&rq, tx, e);
}

static inline enum err decide(bool given)
{
    return decide_of(a_patient(&keep), given);
}

static inline enum abroad is(const char *org)
{
    enum abroad a = ABROAD_HOME;
    err_clear(&keep);
    MUST(&keep, abroad_of(&keep, rid_of(a_patient(&keep)), str_z(org), &a));
    return a;
}
