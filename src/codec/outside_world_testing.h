/* codec/outside_world_testing.h - authorities, people and lists that the tests of signatures of other
 * makers share: cmocka_run_group_tests(tests, world_make, world_end). Include from *_test.c only. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "codec/b64.h"
#include "codec/outside_testing.h"
#include "codec/outside_wire.h"

#define DOC "{\"resourceType\":\"Bundle\",\"type\":\"document\"}"
#define IIN_GOOD "900000000009"
#define SNILS_GOOD "11223344595"
#define PINFL_GOOD "31210632040244"

struct world {
    struct req rq;
    struct ot_pair root, between, doctor, rsa, other_root, stranger;
    struct str certs[2]; /* trusted: root and between */
    struct str root_list, list; /* CRLs of both, nobody on them */
};

static inline struct ot_cert person(const char *name)
{
    return (struct ot_cert){.name = name, .from = ot_at(-MS_DAY), .until = ot_at(30 * MS_DAY),
                            .crl_url = "http://ca.example/list.crl", .ocsp_url = "http://ca.example/ocsp",
                            .attrs = {{"2.5.4.5", "IIN" IIN_GOOD}}};
}

static inline struct ot_cert authority(const char *name)
{
    return (struct ot_cert){.name = name, .ca = true, .from = ot_at(-100 * MS_DAY),
                            .until = ot_at(1000 * MS_DAY)};
}

static inline struct str list_of(struct world *w, const struct ot_pair *ca)
{
    return ot_crl(w->rq.a, ca, &(struct ot_list){.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY)});
}

static inline int world_make(void **state)
{
    static struct world w;
    struct ot_cert root = authority("Test root");
    struct ot_cert between = authority("Test issuing authority");
    struct ot_cert other = authority("Another root");
    struct ot_cert doctor = person("Оспанова Әлия");
    struct ot_cert rsa = person("Ivanov Ivan");
    req_init(&w.rq, 8 * 1024 * 1024, ot_at(0));
    rsa.rsa = true;
    rsa.bits = 2048;
    w.root = ot_make(&root, NULL);
    w.between = ot_make(&between, &w.root);
    w.other_root = ot_make(&other, NULL);
    w.doctor = ot_make(&doctor, &w.between);
    w.rsa = ot_make(&rsa, &w.between);
    w.stranger = ot_make(&doctor, &w.other_root);
    w.certs[0] = ot_der(w.rq.a, w.root.x);
    w.certs[1] = ot_der(w.rq.a, w.between.x);
    w.root_list = list_of(&w, &w.root);
    w.list = list_of(&w, &w.between);
    *state = &w;
    return 0;
}

static inline int world_end(void **state)
{
    struct world *w = *state;
    struct ot_pair *all[] = {&w->root, &w->between, &w->doctor, &w->rsa, &w->other_root, &w->stranger};
    for (size_t i = 0; i < LEN(all); i++) {
        ot_free(all[i]);
    }
    req_done(&w->rq);
    return 0;
}

static inline struct ot_sign by(const struct ot_pair *who)
{
    return (struct ot_sign){.who = who, .at = ot_at(0)};
}

static inline struct outside_verdict judged_with(struct world *w, struct str cms, struct str doc,
                                                 const struct str *crls, uint32_t n_crls, struct str ocsp)
{
    struct outside_verdict v;
    struct outside_ask ask = {.cms = cms, .content = doc, .certs = w->certs, .n_certs = 2, .crls = crls,
                              .n_crls = n_crls, .ocsp = &ocsp, .n_ocsp = ocsp.n > 0, .now = w->rq.now};
    assert_int_equal(outside_check(&w->rq, &ask, &v), OK);
    return v;
}

static inline struct outside_verdict judged(struct world *w, struct str cms, struct str doc)
{
    const struct str crls[] = {S("not a list"), w->root_list, w->list};
    return judged_with(w, cms, doc, crls, LEN(crls), (struct str){0});
}

static inline struct outside_verdict signed_by(struct world *w, const struct ot_sign *s)
{
    return judged(w, ot_cms(w->rq.a, s, S(DOC)), S(DOC));
}
