/* codec/cms_test.c - certificates and signatures: good ones, and every way to spoil one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/cms.h"

static const int64_t NOW_MS = 1795317845000; /* 2026-11-22 03:24:05 UTC */
#define DOC "{\"resourceType\":\"Bundle\",\"type\":\"document\"}"

struct world {
    struct req rq;
    struct str ca_key;
    struct str ca;
    struct str key;
    struct str cert;
    struct str cms;
};

static struct str key_of(struct req *rq, enum cert_curve curve)
{
    uint8_t out[CERT_KEY_MAX];
    size_t n = 0;
    assert_int_equal(cert_key_make(rq, curve, out, &n), OK);
    struct str s = arena_str(rq->a, (struct str){(const char *)out, n});
    assert_non_null(s.p);
    return s;
}

static struct instant at(int64_t plus_days)
{
    return (struct instant){NOW_MS + plus_days * MS_DAY};
}

static void authority_make(struct req *rq, enum cert_curve curve, struct str *ret_key,
                           struct str *ret_cert)
{
    *ret_key = key_of(rq, curve);
    struct cert_ask ask = {
        .subject_key = *ret_key,
        .name = {.common_name = S("Consilium test authority"), .organization = S("Центр")},
        .from = at(-10),
        .until = at(3660),
    };
    assert_int_equal(cert_make(rq, &ask, ret_cert), OK);
}

static int world_make(void **state)
{
    static struct world w;
    req_init(&w.rq, 1024 * 1024, at(0));
    authority_make(&w.rq, CERT_P384, &w.ca_key, &w.ca);
    w.key = key_of(&w.rq, CERT_P256);
    struct cert_ask ask = {
        .subject_key = w.key,
        .name = {.common_name = S("Әлия Қуанышқызы Оспанова"),
                 .title = S("врач-кардиолог"),
                 .organization = S("Облыстық клиникалық аурухана"),
                 .serial_number = S("abcdefghij234567"),
                 .country = S("KZ")},
        .from = at(-1),
        .until = at(730),
        .ca_key = w.ca_key,
        .ca_cert = w.ca,
    };
    assert_int_equal(cert_make(&w.rq, &ask, &w.cert), OK);
    struct cms_ask sign = {w.key, w.cert, w.ca, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w.rq, &sign, &w.cms), OK);
    *state = &w;
    return 0;
}

static int world_end(void **state)
{
    struct world *w = *state;
    req_done(&w->rq);
    return 0;
}

static void certificate_says_who(void **state)
{
    struct world *w = *state;
    struct cert_facts f;
    assert_int_equal(cert_read(&w->rq, w->cert, &f), OK);
    assert_true(str_eq(f.subject.common_name, S("Әлия Қуанышқызы Оспанова")));
    assert_true(str_eq(f.subject.title, S("врач-кардиолог")));
    assert_true(str_eq(f.subject.organization, S("Облыстық клиникалық аурухана")));
    assert_true(str_eq(f.subject.serial_number, S("abcdefghij234567")));
    assert_true(str_eq(f.issuer.common_name, S("Consilium test authority")));
    assert_true(f.from.ms == at(-1).ms && f.until.ms == at(730).ms);
    assert_true(f.may_sign && !f.is_ca);
    assert_int_equal(strlen(f.fingerprint), CERT_FINGERPRINT_HEX);
    assert_int_equal(cert_read(&w->rq, w->ca, &f), OK);
    assert_true(f.is_ca && !f.may_sign);
    assert_true(cert_key_fits(w->key, w->cert));
    assert_false(cert_key_fits(w->ca_key, w->cert));
}

static void long_names_are_cut_between_characters(void **state)
{
    struct world *w = *state;
    struct str cert;
    struct cert_facts f;
    char name[200];
    for (size_t i = 0; i < 100; i++) {
        memcpy(name + 2 * i, "Ж", 2);
    }
    struct cert_ask ask = {.subject_key = w->key,
                           .name = {.common_name = {name, sizeof(name)}},
                           .from = at(0),
                           .until = at(1)};
    assert_int_equal(cert_make(&w->rq, &ask, &cert), OK);
    assert_int_equal(cert_read(&w->rq, cert, &f), OK);
    assert_int_equal(f.subject.common_name.n, 128);
}

static void pem_reads_back(void **state)
{
    struct world *w = *state;
    struct str pem;
    struct str der;
    assert_int_equal(cert_pem(&w->rq, w->ca, &pem), OK);
    assert_true(str_starts(pem, S("-----BEGIN CERTIFICATE-----\n")));
    assert_int_equal(cert_unpem(&w->rq, pem, &der), OK);
    assert_true(str_eq(der, w->ca));
    assert_int_equal(cert_unpem(&w->rq, w->ca, &der), OK);
    assert_true(str_eq(der, w->ca));
    assert_int_equal(cert_unpem(&w->rq, S("-----BEGIN CERTIFICATE-----\nAAAA\n"), &der), E_SYNTAX);
    err_clear(&w->rq);
}

static void good_signature_is_good(void **state)
{
    struct world *w = *state;
    struct cms_verdict v;
    assert_int_equal(cms_verify(&w->rq, w->cms, S(DOC), w->ca, &v), OK);
    assert_true(cms_is_good(&v));
    assert_true(v.has_time && v.signed_at.ms == NOW_MS);
    assert_true(v.has_ca && v.ca_is_trusted && v.has_signer);
    assert_true(str_eq(v.signer_der, w->cert));
    assert_string_equal(v.chain_why, "");
}

static void carried_authority_is_not_trusted_yet(void **state)
{
    struct world *w = *state;
    struct cms_verdict v;
    assert_int_equal(cms_verify(&w->rq, w->cms, S(DOC), (struct str){0}, &v), OK);
    assert_true(cms_is_good(&v));
    assert_true(v.has_ca && !v.ca_is_trusted);
    assert_true(str_eq(v.ca_der, w->ca));
}

static void other_content_is_refused(void **state)
{
    struct world *w = *state;
    struct cms_verdict v;
    char doc[sizeof(DOC)];
    for (size_t i = 0; i < sizeof(DOC) - 1; i++) {
        memcpy(doc, DOC, sizeof(DOC));
        doc[i] ^= 1;
        struct str s = {doc, sizeof(DOC) - 1};
        assert_int_equal(cms_verify(&w->rq, w->cms, s, w->ca, &v), OK);
        assert_false(v.signature_ok);
        assert_true(v.chain_ok && v.has_signer);
    }
    assert_int_equal(cms_verify(&w->rq, w->cms, (struct str){0}, w->ca, &v), OK);
    assert_false(v.signature_ok);
}

/* No single changed byte of the signature may pass as good with another meaning. */
static void changed_signature_is_never_better(void **state)
{
    struct world *w = *state;
    struct str spoiled = arena_str(w->rq.a, w->cms);
    char *p = (char *)(uintptr_t)spoiled.p;
    size_t good = 0;
    for (size_t i = 0; i < spoiled.n; i++) {
        struct arena_mark m = arena_mark(w->rq.a);
        struct cms_verdict v;
        p[i] ^= 0x20;
        if (cms_verify(&w->rq, spoiled, S(DOC), w->ca, &v) == OK && cms_is_good(&v)) {
            assert_true(str_eq(v.signer_der, w->cert) && v.signed_at.ms == NOW_MS);
            good++;
        }
        err_clear(&w->rq);
        p[i] ^= 0x20;
        arena_back(w->rq.a, m);
    }
    /* What is outside the signature and unused: version numbers, the carried authority. */
    assert_true(good < spoiled.n / 2);
}

/* A person of our own authority; the signature over DOC. */
static void our_own(struct world *w, struct str *ret_ca, struct str *ret_cms)
{
    struct str cert;
    struct str ca_key = key_of(&w->rq, CERT_P384);
    struct cert_ask authority = {
        .subject_key = ca_key,
        .name = {.common_name = S(CERT_AUTHORITY_NAME), .organization = S("Центр")},
        .from = at(-10),
        .until = at(3660),
    };
    assert_int_equal(cert_make(&w->rq, &authority, ret_ca), OK);
    struct cert_ask person = {.subject_key = w->key,
                              .name = {.common_name = S("Doctor")},
                              .from = at(-1),
                              .until = at(730),
                              .ca_key = ca_key,
                              .ca_cert = *ret_ca};
    assert_int_equal(cert_make(&w->rq, &person, &cert), OK);
    struct cms_ask sign = {w->key, cert, *ret_ca, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &sign, ret_cms), OK);
}

/* Each byte of the file, one bit of it: with the authority given and with the one carried. */
static void no_changed_byte_of_ours_is_good(void **state)
{
    struct world *w = *state;
    struct str ca;
    struct str cms;
    our_own(w, &ca, &cms);
    struct str spoiled = arena_str(w->rq.a, cms);
    char *p = (char *)(uintptr_t)spoiled.p;
    const struct str authority[] = {ca, {0}};
    for (size_t k = 0; k < LEN(authority); k++) {
        struct cms_verdict v;
        assert_int_equal(cms_verify(&w->rq, spoiled, S(DOC), authority[k], &v), OK);
        assert_true(cms_is_good(&v) && v.form_ok);
        for (size_t i = 0; i < spoiled.n; i++) {
            struct arena_mark m = arena_mark(w->rq.a);
            char bit = (char)(1u << (i + k) % 8);
            p[i] ^= bit;
            if (cms_verify(&w->rq, spoiled, S(DOC), authority[k], &v) == OK) {
                assert_false(cms_is_good(&v));
            }
            err_clear(&w->rq);
            p[i] ^= bit;
            arena_back(w->rq.a, m);
        }
    }
}

/* With nothing changed, but not as we write it: no authority carried along. */
static void ours_in_another_form_is_not_good(void **state)
{
    struct world *w = *state;
    struct str ca;
    struct str cms;
    struct str cert;
    struct cms_verdict v;
    our_own(w, &ca, &cms);
    assert_int_equal(cms_verify(&w->rq, cms, S(DOC), ca, &v), OK);
    cert = v.signer_der;
    struct cms_ask bare = {w->key, cert, {0}, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &bare, &cms), OK);
    assert_int_equal(cms_verify(&w->rq, cms, S(DOC), ca, &v), OK);
    assert_true(v.signature_ok && v.binding_ok && v.chain_ok && !v.form_ok);
    assert_false(cms_is_good(&v));
    /* Of another maker the same is taken. */
    bare.cert = w->cert;
    assert_int_equal(cms_sign(&w->rq, &bare, &cms), OK);
    assert_int_equal(cms_verify(&w->rq, cms, S(DOC), w->ca, &v), OK);
    assert_true(v.form_ok && cms_is_good(&v));
}

static void another_authority_is_refused(void **state)
{
    struct world *w = *state;
    struct str key;
    struct str ca;
    struct cms_verdict v;
    authority_make(&w->rq, CERT_P256, &key, &ca);
    assert_int_equal(cms_verify(&w->rq, w->cms, S(DOC), ca, &v), OK);
    assert_true(v.signature_ok && !v.chain_ok);
    assert_true(strlen(v.chain_why) > 0);
}

static void validity_is_judged_at_the_time_of_signing(void **state)
{
    struct world *w = *state;
    static const struct {
        int64_t day;
        bool ok;
    } cases[] = {{-2, false}, {0, true}, {729, true}, {731, false}};
    for (size_t i = 0; i < LEN(cases); i++) {
        struct str cms;
        struct cms_verdict v;
        struct cms_ask ask = {w->key, w->cert, w->ca, S(DOC), at(cases[i].day)};
        assert_int_equal(cms_sign(&w->rq, &ask, &cms), OK);
        assert_int_equal(cms_verify(&w->rq, cms, S(DOC), w->ca, &v), OK);
        assert_true(v.signature_ok);
        assert_int_equal(v.chain_ok, cases[i].ok);
    }
}

static void an_authority_may_not_sign_documents(void **state)
{
    struct world *w = *state;
    struct str cms;
    struct cms_verdict v;
    struct cms_ask ask = {w->ca_key, w->ca, (struct str){0}, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &ask, &cms), OK);
    assert_int_equal(cms_verify(&w->rq, cms, S(DOC), w->ca, &v), OK);
    assert_false(v.chain_ok);
}

static void a_person_may_not_issue(void **state)
{
    struct world *w = *state;
    struct str cert;
    struct str cms;
    struct cms_verdict v;
    struct str key = key_of(&w->rq, CERT_P256);
    struct cert_ask ask = {.subject_key = key,
                           .name = {.common_name = S("False doctor")},
                           .from = at(-1),
                           .until = at(1),
                           .ca_key = w->key,
                           .ca_cert = w->cert};
    assert_int_equal(cert_make(&w->rq, &ask, &cert), OK);
    struct cms_ask sign = {key, cert, w->cert, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &sign, &cms), OK);
    assert_int_equal(cms_verify(&w->rq, cms, S(DOC), w->ca, &v), OK);
    assert_false(v.chain_ok);
}

static void keys_and_certificates_must_fit(void **state)
{
    struct world *w = *state;
    struct str out = {0};
    struct cms_ask ask = {w->ca_key, w->cert, w->ca, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &ask, &out), E_BAD_INPUT);
    err_clear(&w->rq);
    ask = (struct cms_ask){S("nonsense"), w->cert, w->ca, S(DOC), at(0)};
    assert_int_equal(cms_sign(&w->rq, &ask, &out), E_BAD_INPUT);
    err_clear(&w->rq);
    struct cert_ask bad = {.subject_key = w->key,
                           .name = {.common_name = S("x")},
                           .from = at(1),
                           .until = at(0)};
    assert_int_equal(cert_make(&w->rq, &bad, &out), E_BAD_INPUT);
    err_clear(&w->rq);
    assert_null(out.p);
    struct cms_verdict v;
    assert_int_equal(cms_verify(&w->rq, S("0\x80"), S(DOC), w->ca, &v), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(cms_verify(&w->rq, w->cert, S(DOC), w->ca, &v), E_SYNTAX);
    err_clear(&w->rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificate_says_who),
        cmocka_unit_test(long_names_are_cut_between_characters),
        cmocka_unit_test(pem_reads_back),
        cmocka_unit_test(good_signature_is_good),
        cmocka_unit_test(carried_authority_is_not_trusted_yet),
        cmocka_unit_test(other_content_is_refused),
        cmocka_unit_test(changed_signature_is_never_better),
        cmocka_unit_test(no_changed_byte_of_ours_is_good),
        cmocka_unit_test(ours_in_another_form_is_not_good),
        cmocka_unit_test(another_authority_is_refused),
        cmocka_unit_test(validity_is_judged_at_the_time_of_signing),
        cmocka_unit_test(an_authority_may_not_sign_documents),
        cmocka_unit_test(a_person_may_not_issue),
        cmocka_unit_test(keys_and_certificates_must_fit),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
