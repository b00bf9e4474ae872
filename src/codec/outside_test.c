/* codec/outside_test.c - signatures of other makers: good ones of both kinds of key, and every way one may not
 * hold. */
#include "codec/outside_world_testing.h"

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
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
