/* codec/outside_test.c - signatures of other makers: good ones of both kinds of key, and every way one may not
 * hold. */
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

static struct ot_cert person(const char *name)
{
    return (struct ot_cert){.name = name, .from = ot_at(-MS_DAY), .until = ot_at(30 * MS_DAY),
                            .crl_url = "http://ca.example/list.crl", .ocsp_url = "http://ca.example/ocsp",
                            .attrs = {{"2.5.4.5", "IIN" IIN_GOOD}}};
}

static struct ot_cert authority(const char *name)
{
    return (struct ot_cert){.name = name, .ca = true, .from = ot_at(-100 * MS_DAY), .until = ot_at(1000 * MS_DAY)};
}

static struct str list_of(struct world *w, const struct ot_pair *ca)
{
    return ot_crl(w->rq.a, ca, &(struct ot_list){.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY)});
}

static int world_make(void **state)
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

static int world_end(void **state)
{
    struct world *w = *state;
    struct ot_pair *all[] = {&w->root, &w->between, &w->doctor, &w->rsa, &w->other_root, &w->stranger};
    for (size_t i = 0; i < LEN(all); i++) {
        ot_free(all[i]);
    }
    req_done(&w->rq);
    return 0;
}

static struct ot_sign by(const struct ot_pair *who)
{
    return (struct ot_sign){.who = who, .at = ot_at(0)};
}

static struct outside_verdict judged_with(struct world *w, struct str cms, struct str doc, const struct str *crls,
                                          uint32_t n_crls, struct str ocsp)
{
    struct outside_verdict v;
    struct outside_ask ask = {.cms = cms, .content = doc, .certs = w->certs, .n_certs = 2, .crls = crls,
                              .n_crls = n_crls, .ocsp = &ocsp, .n_ocsp = ocsp.n > 0, .now = w->rq.now};
    assert_int_equal(outside_check(&w->rq, &ask, &v), OK);
    return v;
}

static struct outside_verdict judged(struct world *w, struct str cms, struct str doc)
{
    const struct str crls[] = {S("not a list"), w->root_list, w->list};
    return judged_with(w, cms, doc, crls, LEN(crls), (struct str){0});
}

static struct outside_verdict signed_by(struct world *w, const struct ot_sign *s)
{
    return judged(w, ot_cms(w->rq.a, s, S(DOC)), S(DOC));
}

static void good_ones_hold(void **state)
{
    struct world *w = *state;
    const struct ot_pair *who[] = {&w->doctor, &w->rsa};
    const EVP_MD *mds[] = {EVP_sha256(), EVP_sha384(), EVP_sha512()};
    for (size_t i = 0; i < LEN(who); i++) {
        for (size_t k = 0; k < LEN(mds); k++) {
            struct ot_sign s = by(who[i]);
            s.md = mds[k];
            struct outside_verdict v = signed_by(w, &s);
            assert_int_equal(outside_first(&v), OUTSIDE_GOOD);
            assert_true(v.has_time && v.has_signer && v.has_root);
            assert_true(v.signed_at.ms == ot_at(0).ms / 1000 * 1000);
            assert_true(str_eq(v.root.subject.common_name, S("Test root")));
            assert_true(str_eq(v.signer.issuer.common_name, S("Test issuing authority")));
        }
    }
}

static void each_fault_has_its_words(void **state)
{
    struct world *w = *state;
    struct ot_sign two = by(&w->doctor);
    two.also = &w->rsa;
    struct ot_sign attached = by(&w->doctor);
    attached.attached = true;
    struct ot_sign bare = by(&w->doctor);
    bare.no_attributes = true;
    struct ot_sign sha1 = by(&w->doctor);
    sha1.md = EVP_sha1();
    struct ot_sign md5 = by(&w->rsa);
    md5.md = EVP_md5();
    struct ot_sign empty = by(&w->doctor);
    empty.no_certificate = true;
    struct ot_sign stranger = by(&w->stranger);
    struct ot_sign carried = by(&w->stranger);
    carried.carry = w->other_root.x;
    struct ot_sign late = by(&w->doctor);
    late.at = ot_at(31 * MS_DAY);
    struct ot_sign early = by(&w->doctor);
    early.at = ot_at(-2 * MS_DAY);
    const struct {
        const struct ot_sign *s;
        enum outside_line line;
        enum outside_why why;
    } rows[] = {
        {&two, OUTSIDE_READ, OUTSIDE_SIGNERS},
        {&attached, OUTSIDE_READ, OUTSIDE_ATTACHED},
        {&bare, OUTSIDE_READ, OUTSIDE_NO_ATTRIBUTES},
        {&sha1, OUTSIDE_DIGEST, OUTSIDE_WEAK_DIGEST},
        {&md5, OUTSIDE_DIGEST, OUTSIDE_WEAK_DIGEST},
        {&empty, OUTSIDE_SIGNER, OUTSIDE_NO_CERTIFICATE},
        {&stranger, OUTSIDE_CHAIN, OUTSIDE_NO_ROOT},
        {&carried, OUTSIDE_CHAIN, OUTSIDE_NO_ROOT},
        {&late, OUTSIDE_CHAIN, OUTSIDE_EXPIRED},
        {&early, OUTSIDE_CHAIN, OUTSIDE_NOT_YET},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct outside_verdict v = signed_by(w, rows[i].s);
        assert_int_equal(v.why[rows[i].line], rows[i].why);
        assert_int_equal(outside_first(&v), rows[i].why);
        assert_true(strlen(outside_why_text(rows[i].why)) > 10);
        assert_true(strlen(outside_line_text(rows[i].line)) > 5);
    }
}

/* Each of the three attributes a signature must have, under another name. */
static void an_attribute_that_is_missing_is_missed(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    static const char last[] = {3, 4, 5}; /* contentType, messageDigest, signingTime: RFC 5652 11 */
    for (size_t i = 0; i < LEN(last); i++) {
        struct str cms = ot_cms(w->rq.a, &s, S(DOC));
        char oid[] = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x09?";
        oid[sizeof oid - 2] = last[i];
        size_t at = str_find(cms, (struct str){oid, sizeof oid - 1});
        char *other = arena_alloc_raw(w->rq.a, cms.n);
        assert_non_null(other);
        assert_true(at < cms.n);
        memcpy(other, cms.p, cms.n);
        other[at + sizeof oid - 2] = 7;
        struct outside_verdict v = judged(w, (struct str){other, cms.n}, S(DOC));
        assert_int_equal(outside_first(&v), OUTSIDE_NO_ATTRIBUTES);
    }
}

/* A certificate of this making signs; the verdict about it. */
static struct outside_verdict with_cert(struct world *w, const struct ot_cert *c, const struct ot_pair *issuer)
{
    struct ot_pair p = ot_make(c, issuer);
    struct ot_sign s = by(&p);
    struct outside_verdict v = signed_by(w, &s);
    ot_free(&p);
    return v;
}

static void certificates_that_do_not_serve(void **state)
{
    struct world *w = *state;
    struct ot_cert tls = person("Server");
    tls.usage = "critical,keyEncipherment";
    struct ot_cert ca = authority("An authority signs");
    ca.usage = "critical,keyCertSign,digitalSignature";
    struct ot_cert weak = person("Weak");
    weak.rsa = true;
    weak.bits = 1024;
    struct ot_cert old = person("SHA-1");
    old.md = EVP_sha1();
    struct ot_cert under = person("Issued by a person");
    struct ot_cert midnight = person("Midnight");
    midnight.until = ot_at(-1000);
    assert_int_equal(with_cert(w, &tls, &w->between).why[OUTSIDE_USE], OUTSIDE_NOT_FOR_SIGNING);
    assert_int_equal(with_cert(w, &ca, &w->between).why[OUTSIDE_USE], OUTSIDE_NOT_FOR_SIGNING);
    assert_int_equal(with_cert(w, &weak, &w->between).why[OUTSIDE_CHAIN], OUTSIDE_WEAK_KEY);
    assert_int_equal(with_cert(w, &old, &w->between).why[OUTSIDE_CHAIN], OUTSIDE_WEAK_KEY);
    struct outside_verdict v = with_cert(w, &under, &w->doctor);
    assert_int_not_equal(v.why[OUTSIDE_CHAIN], OUTSIDE_GOOD);
    assert_int_equal(with_cert(w, &midnight, &w->between).why[OUTSIDE_CHAIN], OUTSIDE_EXPIRED);
    midnight.until = ot_at(1000);
    assert_int_equal(with_cert(w, &midnight, &w->between).why[OUTSIDE_CHAIN], OUTSIDE_GOOD);
}

static void any_changed_byte_is_no_good_signature(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    struct outside_verdict v = judged(w, cms, S("{\"resourceType\":\"Bundle\",\"type\":\"Document\"}"));
    assert_int_equal(v.why[OUTSIDE_BYTES], OUTSIDE_OTHER_BYTES);
    assert_int_equal(judged(w, cms, S("")).why[OUTSIDE_BYTES], OUTSIDE_OTHER_BYTES);
    /* what is signed, and by whom, stays what it was or the signature does not hold */
    for (size_t i = 0; i < cms.n; i++) {
        struct arena_mark m = arena_mark(w->rq.a);
        char *other = arena_alloc_raw(w->rq.a, cms.n);
        assert_non_null(other);
        memcpy(other, cms.p, cms.n);
        other[i] = (char)(other[i] ^ 1);
        v = judged(w, (struct str){other, cms.n}, S(DOC));
        if (outside_first(&v) == OUTSIDE_GOOD) {
            assert_true(v.signed_at.ms == ot_at(0).ms / 1000 * 1000);
            assert_true(str_eq(v.signer_der, ot_der(w->rq.a, w->doctor.x)));
        }
        arena_back(w->rq.a, m);
    }
}

/* ---- revocation ---- */

static enum outside_why revocation(struct world *w, const struct ot_list *l, struct str ocsp)
{
    struct ot_sign s = by(&w->doctor);
    struct str crls[] = {w->root_list, {0}};
    if (l != NULL) {
        crls[1] = ot_crl(w->rq.a, &w->between, l);
    }
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    return judged_with(w, cms, S(DOC), crls, LEN(crls), ocsp).why[OUTSIDE_REVOCATION];
}

static void lists_are_believed(void **state)
{
    struct world *w = *state;
    struct ot_list now = {.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY), .reason = -1};
    struct ot_list stale = {.from = ot_at(-10 * MS_DAY), .until = ot_at(-MS_DAY), .reason = -1};
    struct ot_list before = now;
    before.revoked = w->doctor.x;
    before.at = ot_at(-MS_DAY);
    struct ot_list stale_before = stale;
    stale_before.revoked = w->doctor.x;
    stale_before.at = ot_at(-11 * MS_DAY);
    struct ot_list since = before;
    since.at = ot_at(MS_MINUTE);
    struct ot_list stolen = since;
    stolen.reason = CRL_REASON_KEY_COMPROMISE;
    struct ot_list somebody = before;
    somebody.revoked = w->rsa.x;
    struct ot_list delta = now;
    delta.delta = true;
    struct ot_list weak = now;
    weak.md = EVP_sha1();
    struct ot_list ahead = now;
    ahead.from = ot_at(MS_DAY);
    struct ot_list younger = {.from = ot_at(MS_MINUTE), .until = ot_at(2 * MS_MINUTE), .reason = -1};
    const struct {
        const struct ot_list *l;
        enum outside_why why;
    } rows[] = {
        {&now, OUTSIDE_GOOD},         {NULL, OUTSIDE_UNKNOWN},          {&stale, OUTSIDE_STALE},
        {&before, OUTSIDE_REVOKED},   {&stale_before, OUTSIDE_REVOKED}, {&since, OUTSIDE_REVOKED_SINCE},
        {&stolen, OUTSIDE_REVOKED},   {&somebody, OUTSIDE_GOOD},        {&delta, OUTSIDE_UNKNOWN},
        {&weak, OUTSIDE_UNKNOWN},     {&ahead, OUTSIDE_UNKNOWN},        {&younger, OUTSIDE_GOOD},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(revocation(w, rows[i].l, (struct str){0}), rows[i].why);
    }
    /* of a signature that arrives a list must hold still: the time it states may be made up */
    struct ot_sign s = by(&w->doctor);
    const struct ot_list *lists[] = {&younger, &now};
    for (size_t i = 0; i < LEN(lists); i++) {
        const struct str crls[] = {w->root_list, ot_crl(w->rq.a, &w->between, lists[i])};
        struct outside_ask ask = {.cms = ot_cms(w->rq.a, &s, S(DOC)), .content = S(DOC), .certs = w->certs,
                                  .n_certs = 2, .crls = crls, .n_crls = 2, .now = ot_at(MS_HOUR), .arrives = true};
        struct outside_verdict v;
        assert_int_equal(outside_check(&w->rq, &ask, &v), OK);
        assert_int_equal(v.why[OUTSIDE_REVOCATION], lists[i] == &now ? OUTSIDE_GOOD : OUTSIDE_STALE);
    }
}

/* A stamp saves no signature made when the key was in other hands already, though nobody knew yet. */
static void what_is_wrong_since_then_is_not_saved_by_a_stamp(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    const struct {
        struct instant invalid;
        enum outside_why why;
    } rows[] = {{{0}, OUTSIDE_REVOKED_SINCE},
                {ot_at(MS_MINUTE), OUTSIDE_REVOKED},
                {ot_at(2 * MS_HOUR), OUTSIDE_REVOKED_SINCE},
                {ot_at(9 * MS_HOUR), OUTSIDE_REVOKED_SINCE}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ot_list l = {.from = ot_at(3 * MS_HOUR), .until = ot_at(MS_DAY), .revoked = w->doctor.x,
                            .at = ot_at(3 * MS_HOUR), .invalid = rows[i].invalid,
                            .reason = CRL_REASON_KEY_COMPROMISE};
        struct ot_answer an = {.status = V_OCSP_CERTSTATUS_REVOKED, .from = l.from, .until = l.until,
                               .revoked_at = l.at, .invalid = rows[i].invalid};
        struct str crls[] = {w->root_list, ot_crl(w->rq.a, &w->between, &l)};
        struct str ocsp = ot_ocsp(w->rq.a, w->doctor.x, &w->between, &w->between, &an);
        for (uint32_t lists = 1; lists <= 2; lists++) { /* by the answer, by the list */
            struct outside_verdict v;
            struct outside_ask ask = {.cms = ot_cms(w->rq.a, &s, S(DOC)), .content = S(DOC), .certs = w->certs,
                                      .n_certs = 2, .crls = crls, .n_crls = lists, .ocsp = &ocsp,
                                      .n_ocsp = lists == 1, .now = ot_at(4 * MS_HOUR), .at = ot_at(MS_HOUR)};
            assert_int_equal(outside_check(&w->rq, &ask, &v), OK);
            assert_int_equal(v.why[OUTSIDE_REVOCATION], rows[i].why);
        }
    }
}

/* RSASSA-PSS names its hash in its parameters: SHA-1 there is as weak as elsewhere. */
static void a_list_signed_by_pss_is_as_strong_as_its_hash(void **state)
{
    struct world *w = *state;
    struct ot_cert c = authority("An RSA authority");
    c.rsa = true;
    c.bits = 2048;
    struct ot_cert who = person("Somebody");
    struct ot_pair ca = ot_make(&c, &w->root);
    struct ot_pair p = ot_make(&who, &ca);
    const struct {
        const EVP_MD *md;
        enum outside_why why;
    } rows[] = {{EVP_sha256(), OUTSIDE_GOOD}, {EVP_sha512(), OUTSIDE_GOOD}, {EVP_sha1(), OUTSIDE_UNKNOWN}};
    struct ot_sign s = by(&p);
    s.carry = ca.x;
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ot_list l = {.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY), .reason = -1, .pss = true,
                            .md = rows[i].md};
        const struct str crls[] = {w->root_list, ot_crl(w->rq.a, &ca, &l)};
        struct outside_verdict v = judged_with(w, cms, S(DOC), crls, LEN(crls), (struct str){0});
        assert_int_equal(v.why[OUTSIDE_CHAIN], OUTSIDE_GOOD);
        assert_int_equal(v.why[OUTSIDE_REVOCATION], rows[i].why);
    }
    ot_free(&p);
    ot_free(&ca);
}

static void a_certificate_of_machines_signs_nothing(void **state)
{
    struct world *w = *state;
    static const struct {
        const char *usage, *purpose;
        enum outside_why why;
    } rows[] = {
        {"critical,digitalSignature", "serverAuth", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,digitalSignature", "serverAuth,clientAuth", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,nonRepudiation", "critical,timeStamping", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,digitalSignature", "codeSigning", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,digitalSignature", "OCSPSigning", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,keyAgreement", "emailProtection", OUTSIDE_NOT_FOR_SIGNING},
        {"critical,nonRepudiation", "emailProtection", OUTSIDE_GOOD},
        {"critical,digitalSignature", "clientAuth", OUTSIDE_GOOD},
        {"critical,nonRepudiation", "serverAuth,emailProtection", OUTSIDE_GOOD},
        {"critical,nonRepudiation", "clientAuth,1.2.398.3.3.4.1.1", OUTSIDE_GOOD},
        {"critical,nonRepudiation", "anyExtendedKeyUsage", OUTSIDE_GOOD},
        {"critical,nonRepudiation", NULL, OUTSIDE_GOOD},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ot_cert c = person("Somebody");
        c.usage = rows[i].usage;
        c.purpose = rows[i].purpose;
        assert_int_equal(with_cert(w, &c, &w->between).why[OUTSIDE_USE], rows[i].why);
    }
}

static void a_list_of_others_says_nothing(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct ot_cert same = authority("Test issuing authority");
    struct ot_pair forger = ot_make(&same, NULL); /* the same name, another key */
    struct ot_list l = {.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY)};
    const struct str crls[] = {w->root_list, ot_crl(w->rq.a, &forger, &l), ot_crl(w->rq.a, &w->root, &l)};
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    struct outside_verdict v = judged_with(w, cms, S(DOC), crls, LEN(crls), (struct str){0});
    assert_int_equal(v.why[OUTSIDE_REVOCATION], OUTSIDE_UNKNOWN);
    ot_free(&forger);
    /* an authority between that its root revoked */
    struct ot_list gone = l;
    gone.revoked = w->between.x;
    gone.at = ot_at(-MS_DAY);
    gone.reason = -1;
    const struct str lists[] = {ot_crl(w->rq.a, &w->root, &gone), w->list};
    v = judged_with(w, cms, S(DOC), lists, LEN(lists), (struct str){0});
    assert_int_equal(v.why[OUTSIDE_REVOCATION], OUTSIDE_REVOKED);
    /* of the authority between nothing is known: what is known of the signer is told all the same */
    struct ot_list since = {.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY), .revoked = w->doctor.x,
                            .at = ot_at(MS_MINUTE), .reason = -1};
    const struct str one = ot_crl(w->rq.a, &w->between, &since);
    v = judged_with(w, cms, S(DOC), &one, 1, (struct str){0});
    assert_int_equal(v.why[OUTSIDE_REVOCATION], OUTSIDE_UNKNOWN);
    assert_true(v.revoked_at.ms == since.at.ms / 1000 * 1000);
}

static void answers_are_believed(void **state)
{
    struct world *w = *state;
    struct ot_answer good = {V_OCSP_CERTSTATUS_GOOD, ot_at(-MS_MINUTE), ot_at(MS_HOUR), {0}};
    struct ot_answer old = {V_OCSP_CERTSTATUS_GOOD, ot_at(-MS_DAY), ot_at(-MS_HOUR), {0}};
    struct ot_answer gone = {V_OCSP_CERTSTATUS_REVOKED, ot_at(-MS_MINUTE), ot_at(MS_HOUR), ot_at(-MS_DAY)};
    struct ot_answer unknown = {V_OCSP_CERTSTATUS_UNKNOWN, ot_at(-MS_MINUTE), ot_at(MS_HOUR), {0}};
    struct ot_list clean = {.from = ot_at(-MS_HOUR), .until = ot_at(MS_DAY), .reason = -1};
    struct arena *a = w->rq.a;
    X509 *x = w->doctor.x;
    assert_int_equal(revocation(w, NULL, ot_ocsp(a, x, &w->between, &w->between, &good)), OUTSIDE_GOOD);
    assert_int_equal(revocation(w, NULL, ot_ocsp(a, x, &w->between, &w->between, &old)), OUTSIDE_STALE);
    assert_int_equal(revocation(w, NULL, ot_ocsp(a, x, &w->between, &w->between, &unknown)), OUTSIDE_UNKNOWN);
    assert_int_equal(revocation(w, NULL, ot_ocsp(a, x, &w->between, &w->other_root, &good)), OUTSIDE_UNKNOWN);
    assert_int_equal(revocation(w, NULL, ot_ocsp(a, w->rsa.x, &w->between, &w->between, &good)), OUTSIDE_UNKNOWN);
    /* the list is a day old: the answer knows better */
    assert_int_equal(revocation(w, &clean, ot_ocsp(a, x, &w->between, &w->between, &gone)), OUTSIDE_REVOKED);
    assert_int_equal(revocation(w, NULL, S("nonsense")), OUTSIDE_UNKNOWN);
}

/* ---- GOST ---- */

/* Over "hi\n", by a certificate of nobody: openssl -engine gost, its key thrown away. */
static const char gost_signature[] =
    "MIIDbgYJKoZIhvcNAQcCoIIDXzCCA1sCAQExDjAMBggqhQMHAQECAgUAMAsGCSqGSIb3DQEHAaCCASAwggEcMIHIAh"
    "Q8Phf0ex1IwcRBfuA92A/Jo83f5jAMBggqhQMHAQEDAgUAMAwxCjAIBgNVBAMMAUcwHhcNMjYxMTIzMTAyMzQ3WhcN"
    "MjYxMTI2MTAyMzQ3WjAMMQowCAYDVQQDDAFHMGYwHwYIKoUDBwEBAQEwEwYHKoUDAgIjAQYIKoUDBwEBAgIDQwAEQG"
    "Vs1EZqRN2EkLQbGIRm9xP0Pgj9gnCQvBOFLOCKPXpnPOS5ONgUPa7A7urHrF5gvku7anIC7JsnMlhc/Y1dYBswDAYI"
    "KoUDBwEBAwIFAANBANBj4k817BwdiWrm0BpLos3Udi/hvsZbV0Pvt9r6Cp9FXCKz5mle75l1hWqRjc3PKb2JV0UiuF"
    "jIxCmbiM+6kc0xggITMIICDwIBATAkMAwxCjAIBgNVBAMMAUcCFDw+F/R7HUjBxEF+4D3YD8mjzd/mMAwGCCqFAwcB"
    "AQICBQCgggGEMBgGCSqGSIb3DQEJAzELBgkqhkiG9w0BBwEwHAYJKoZIhvcNAQkFMQ8XDTI2MTEyMzEwMjM0N1owLw"
    "YJKoZIhvcNAQkEMSIEID0n8ImUTU2A2ZKEynZmCa5+8x4qNDwceL8ZeLB3HbkEMG8GCyqGSIb3DQEJEAIvMWAwXjBc"
    "MFowDAYIKoUDBwEBAgIFAAQgl5P7dgX2ogM5msyWpwlwqHw/BEXbT8nO9r4FTZ53ADcwKDAQpA4wDDEKMAgGA1UEAw"
    "wBRwIUPD4X9HsdSMHEQX7gPdgPyaPN3+YwgacGCSqGSIb3DQEJDzGBmTCBljALBglghkgBZQMEASowCgYIKoUDBwEB"
    "AgIwCgYIKoUDBwEBAgMwCAYGKoUDAgIJMAgGBiqFAwICFTALBglghkgBZQMEARYwCwYJYIZIAWUDBAECMAoGCCqGSI"
    "b3DQMHMA4GCCqGSIb3DQMCAgIAgDANBggqhkiG9w0DAgIBQDAHBgUrDgMCBzANBggqhkiG9w0DAgIBKDAMBggqhQMH"
    "AQEBAQUABEB6Exli6LguMGdTAndGv7sRwIGPfNxp47987IceQIZSxb3t3gfYtxxxlTBpJ3HTD2kowEHAxnOLMhSxIQ"
    "cUcJ0A";

static void gost_is_named_where_its_engine_is_not_loaded(void **state)
{
    struct world *w = *state;
    struct str der;
    assert_int_equal(outside_unwrap(&w->rq, str_z(gost_signature), &der), OK);
    struct outside_verdict v = judged(w, der, S("hi\n"));
    assert_int_equal(v.why[OUTSIDE_READ], OUTSIDE_GOOD);
    assert_int_equal(outside_first(&v), OUTSIDE_NO_GOST);
}

/* What goes to the helper comes out of it as it was; cut or with more behind it, it is refused. */
static void questions_and_answers_travel_whole(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    const struct str crls[] = {w->root_list, w->list};
    struct outside_ask ask = {.cms = ot_cms(w->rq.a, &s, S(DOC)), .content = S(DOC), .certs = w->certs,
                              .n_certs = 2, .crls = crls, .n_crls = 2, .now = w->rq.now, .arrives = true};
    struct outside_ask back;
    struct outside_verdict v;
    struct outside_verdict again;
    struct str bytes;
    assert_int_equal(outside_ask_write(&w->rq, &ask, &bytes), OK);
    assert_int_equal(outside_ask_read(&w->rq, bytes, &back), OK);
    assert_true(back.n_certs == 2 && back.n_crls == 2 && back.n_ocsp == 0 && back.now.ms == ask.now.ms
                && back.arrives && !back.skip_revocation);
    assert_true(str_eq(back.cms, ask.cms) && str_eq(back.crls[1], w->list) && str_eq(back.content, S(DOC)));
    for (size_t n = 0; n < bytes.n; n += 7) {
        assert_int_equal(outside_ask_read(&w->rq, str_sub(bytes, 0, n), &back), E_SYNTAX);
        err_clear(&w->rq);
    }
    assert_int_equal(outside_check(&w->rq, &ask, &v), OK);
    assert_int_equal(outside_verdict_write(&w->rq, &v, &bytes), OK);
    assert_int_equal(outside_verdict_read(&w->rq, bytes, &again), OK);
    assert_memory_equal(again.why, v.why, sizeof v.why);
    assert_true(again.signed_at.ms == v.signed_at.ms && again.has_root && str_eq(again.signer_der, v.signer_der));
    for (size_t n = 0; n < bytes.n; n++) {
        assert_int_equal(outside_verdict_read(&w->rq, str_sub(bytes, 0, n), &again), E_SYNTAX);
        err_clear(&w->rq);
    }
}

/* ---- files, numbers, addresses ---- */

static void files_of_all_kinds_are_unwrapped(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct str cms = ot_cms(w->rq.a, &s, S(DOC));
    struct buf b;
    struct str der;
    buf_init(&b, w->rq.a, 2 * b64_chars(cms.n));
    b64_write(&b, cms.p, cms.n, B64_STD);
    struct str bare = buf_get(&b);
    const char *const frames[][2] = {{"", ""},
                                     {"\xEF\xBB\xBF", "\r\n"},
                                     {"-----BEGIN CMS-----\n", "\n-----END CMS-----\n"},
                                     {"-----BEGIN PKCS7-----\r\n", "\r\n-----END PKCS7-----"}};
    for (size_t i = 0; i < LEN(frames); i++) {
        struct buf f;
        buf_init(&f, w->rq.a, bare.n + 100);
        buf_str(&f, str_z(frames[i][0]));
        buf_str(&f, bare);
        buf_str(&f, str_z(frames[i][1]));
        assert_int_equal(outside_unwrap(&w->rq, buf_get(&f), &der), OK);
        assert_true(str_eq(der, cms));
    }
    const struct str bad[] = {S(""), S("hello"), S("-----BEGIN CMS-----"), S("-----END CMS----------BEGIN CMS-----\n"),
                              S("AAAA"), {bare.p, bare.n / 2 + 1}};
    for (size_t i = 0; i < LEN(bad); i++) {
        enum err e = outside_unwrap(&w->rq, bad[i], &der);
        assert_true(e == E_SYNTAX || (e == OK && judged(w, der, S(DOC)).why[OUTSIDE_READ] != OUTSIDE_GOOD));
        err_clear(&w->rq);
    }
    char *large = arena_alloc(w->rq.a, OUTSIDE_MAX + 1);
    assert_non_null(large);
    memset(large, 0x30, OUTSIDE_MAX + 1);
    assert_int_equal(outside_unwrap(&w->rq, (struct str){large, OUTSIDE_MAX + 1}, &der), E_TOO_LARGE);
    err_clear(&w->rq);
    assert_int_equal(judged(w, (struct str){large, OUTSIDE_MAX + 1}, S(DOC)).why[OUTSIDE_READ], OUTSIDE_TOO_LARGE);
}

static void numbers_of_people_are_read(void **state)
{
    struct world *w = *state;
    const struct {
        struct ot_attr attr;
        int kind; /* -1: none */
        const char *digits;
    } rows[] = {
        {{"2.5.4.5", "IIN" IIN_GOOD}, IDENT_IIN, IIN_GOOD},
        {{"2.5.4.5", IIN_GOOD}, -1, ""},
        {{"2.5.4.5", "IIN900000000008"}, -1, ""},
        {{"2.5.4.5", "BIN" IIN_GOOD}, -1, ""},
        {{"1.2.643.100.3", SNILS_GOOD}, IDENT_SNILS, SNILS_GOOD},
        {{"1.2.643.100.3", "11223344596"}, -1, ""},
        {{"1.2.643.3.131.1.1", SNILS_GOOD}, -1, ""},
        {{"1.2.860.3.16.1.2", PINFL_GOOD}, IDENT_PINFL, PINFL_GOOD},
        {{"1.2.860.3.16.1.1", PINFL_GOOD}, -1, ""},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct outside_number all[OUTSIDE_NUMBERS_MAX];
        struct ot_cert c = person("Somebody");
        uint32_t n = 0;
        c.attrs[0] = rows[i].attr;
        struct ot_pair p = ot_make(&c, &w->between);
        assert_int_equal(outside_numbers(&w->rq, ot_der(w->rq.a, p.x), all, &n), OK);
        assert_int_equal(n, rows[i].kind >= 0);
        if (n > 0) {
            assert_int_equal((int)all[0].kind, rows[i].kind);
            assert_string_equal(all[0].digits, rows[i].digits);
        }
        ot_free(&p);
    }
}

static void addresses_to_ask_are_named(void **state)
{
    struct world *w = *state;
    struct ot_sign s = by(&w->doctor);
    struct outside_want wants[OUTSIDE_WANTS_MAX];
    uint32_t n = 0;
    struct outside_ask ask = {.cms = ot_cms(w->rq.a, &s, S(DOC)), .certs = w->certs, .n_certs = 2};
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(wants[0].url, S("http://ca.example/ocsp")) && wants[0].body.n > 0);
    assert_true(str_eq(wants[1].url, S("http://ca.example/list.crl")) && wants[1].body.n == 0);
    /* one of the authority's name that the signer put in is not asked about in its place */
    struct ot_cert same = authority("Test issuing authority");
    struct ot_pair forger = ot_make(&same, NULL);
    struct str body = wants[0].body;
    s.carry = forger.x;
    ask.cms = ot_cms(w->rq.a, &s, S(DOC));
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_true(n == 2 && str_eq(wants[0].body, body));
    s.carry = NULL;
    ot_free(&forger);
    struct ot_cert odd = person("Odd");
    odd.crl_url = "ldap://ca.example/list";
    odd.ocsp_url = "file:///etc/passwd";
    struct ot_pair p = ot_make(&odd, &w->between);
    s.who = &p;
    ask.cms = ot_cms(w->rq.a, &s, S(DOC));
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 0);
    ot_free(&p);
    ask.cms = S("nonsense");
    assert_int_equal(outside_wants(&w->rq, &ask, wants, &n), OK);
    assert_int_equal(n, 0);
}

static void files_of_an_administrator(void **state)
{
    struct world *w = *state;
    struct str certs[3];
    struct str pem[2];
    struct instant until;
    struct str whose;
    struct buf b;
    uint32_t n = 0;
    assert_int_equal(cert_pem(&w->rq, w->certs[0], &pem[0]), OK);
    assert_int_equal(cert_pem(&w->rq, w->certs[1], &pem[1]), OK);
    buf_init(&b, w->rq.a, 16384);
    BUF_LIT(&b, "# trusted here\n");
    buf_str(&b, pem[0]);
    buf_str(&b, pem[1]);
    assert_int_equal(outside_certs_read(&w->rq, buf_get(&b), certs, 3, &n), OK);
    assert_int_equal(n, 2);
    assert_true(str_eq(certs[1], w->certs[1]));
    assert_int_equal(outside_certs_read(&w->rq, w->certs[0], certs, 3, &n), OK);
    assert_int_equal(n, 3);
    assert_int_equal(outside_certs_read(&w->rq, w->certs[0], certs, 3, &n), E_TOO_LARGE);
    err_clear(&w->rq);
    n = 0;
    assert_int_equal(outside_certs_read(&w->rq, S("hello"), certs, 3, &n), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(outside_certs_read(&w->rq, str_sub(pem[0], 0, pem[0].n - 40), certs, 3, &n), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(outside_crl_read(&w->rq, w->list, &until, &whose), OK);
    assert_true(until.ms == ot_at(MS_DAY).ms / 1000 * 1000);
    assert_true(str_find(whose, S("Test issuing authority")) < whose.n);
    assert_int_equal(outside_crl_read(&w->rq, S("hello"), &until, &whose), E_SYNTAX);
    err_clear(&w->rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones_hold),
        cmocka_unit_test(each_fault_has_its_words),
        cmocka_unit_test(an_attribute_that_is_missing_is_missed),
        cmocka_unit_test(certificates_that_do_not_serve),
        cmocka_unit_test(any_changed_byte_is_no_good_signature),
        cmocka_unit_test(lists_are_believed),
        cmocka_unit_test(what_is_wrong_since_then_is_not_saved_by_a_stamp),
        cmocka_unit_test(a_list_signed_by_pss_is_as_strong_as_its_hash),
        cmocka_unit_test(a_certificate_of_machines_signs_nothing),
        cmocka_unit_test(a_list_of_others_says_nothing),
        cmocka_unit_test(answers_are_believed),
        cmocka_unit_test(gost_is_named_where_its_engine_is_not_loaded),
        cmocka_unit_test(questions_and_answers_travel_whole),
        cmocka_unit_test(files_of_all_kinds_are_unwrapped),
        cmocka_unit_test(numbers_of_people_are_read),
        cmocka_unit_test(addresses_to_ask_are_named),
        cmocka_unit_test(files_of_an_administrator),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
