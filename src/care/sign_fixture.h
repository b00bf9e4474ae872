/* care/sign_fixture.h - people of the made-up region who can sign. Include from *_test.c only. */
#pragma once

#include "care/care_fixture.h"
#include "care/sign_int.h"

#define PASSWORD "a long enough password"
#define BASE "https://consilium.example"

static struct sign_ca *ca;

/* The region with its authority; each of the people has an account with PASSWORD. */
static inline int sign_setup(void **state, const char *const *people, size_t n)
{
    struct req rq;
    struct str hash;
    if (region_setup(state) != 0) {
        return -1;
    }
    as(&rq, NULL);
    MUST(&rq, sign_ca_make(&rq, str_z(region.dir), S("centre")));
    MUST(&rq, sign_ca_load(&rq, str_z(region.dir), &ca));
    region.care.ca = ca;
    region.care.on_password = sign_on_password;
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, S(PASSWORD), &hash));
    for (size_t i = 0; i < n; i++) {
        MUST(&rq, account_add(&rq, tx, str_z(people[i]), str_z(people[i]), hash, false));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static inline int sign_teardown(void **state)
{
    sign_ca_free(ca);
    return region_teardown(state);
}
