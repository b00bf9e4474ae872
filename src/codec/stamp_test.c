/* codec/stamp_test.c - time stamps by an authority made by OpenSSL alone: a good one, and every way one may not
 * hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <openssl/ts.h>

#include "codec/cms.h"
#include "codec/outside_testing.h"
#include "codec/stamp.h"

#define POLICY "1.2.398.3.3.2.6"

struct world {
    struct req rq;
    struct ot_pair root, between, other_root, doctor;
    struct str certs[2];
    struct str cms, value;
};

static struct ot_cert authority(const char *name)
{
    return (struct ot_cert){.name = name, .ca = true, .from = ot_at(-100 * MS_DAY), .until = ot_at(1000 * MS_DAY)};
}

static struct ot_cert stamper(void)
{
    return (struct ot_cert){.name = "Test TSA", .from = ot_at(-MS_DAY), .until = ot_at(30 * MS_DAY),
                            .usage = "critical,digitalSignature", .purpose = "critical,timeStamping"};
}

static int world_make(void **state)
{
    static struct world w;
    struct ot_cert root = authority("Root of stamps");
    struct ot_cert between = authority("Between");
    struct ot_cert other = authority("Another root");
    struct ot_cert doctor = {.name = "Doctor", .from = ot_at(-MS_DAY), .until = ot_at(30 * MS_DAY)};
    req_init(&w.rq, 16 * 1024 * 1024, ot_at(0));
    w.root = ot_make(&root, NULL);
    w.between = ot_make(&between, &w.root);
    w.other_root = ot_make(&other, NULL);
    w.doctor = ot_make(&doctor, &w.root);
    w.certs[0] = ot_der(w.rq.a, w.root.x);
    w.certs[1] = ot_der(w.rq.a, w.between.x);
    w.cms = ot_cms(w.rq.a, &(struct ot_sign){.who = &w.doctor, .at = ot_at(0)}, S("document"));
    struct str tokens[STAMP_TOKENS_MAX];
    uint32_t n = 9;
    assert_int_equal(stamp_parts(&w.rq, w.cms, &w.value, tokens, &n), OK);
    assert_int_equal(n, 0);
    *state = &w;
    return 0;
}

static int world_end(void **state)
{
    struct world *w = *state;
    struct ot_pair *all[] = {&w->root, &w->between, &w->other_root, &w->doctor};
    for (size_t i = 0; i < LEN(all); i++) {
        ot_free(all[i]);
    }
    req_done(&w->rq);
    return 0;
}

/* ---- an authority ---- */

struct making {
    const struct ot_pair *by;
    struct instant at;
    const EVP_MD *md;   /* it signs with; NULL: SHA-256 */
    bool no_cert;       /* leaves its certificate out */
    bool refuses;
    const char *policy; /* NULL: POLICY */
};

static ASN1_INTEGER *serial_next(struct TS_resp_ctx *ctx, void *data)
{
    ASN1_INTEGER *n = ASN1_INTEGER_new();
    (void)ctx;
    (void)data;
    ot_must(n != NULL && ASN1_INTEGER_set(n, 77) == 1);
    return n;
}

static int time_now(struct TS_resp_ctx *ctx, void *data, long *sec, long *usec)
{
    const struct making *m = data;
    (void)ctx;
    *sec = (long)(m->at.ms / 1000);
    *usec = 0;
    return 1;
}

static struct str reply_of(struct req *rq, const struct making *m, struct str request, STACK_OF(X509) *chain)
{
    TS_RESP_CTX *ctx = TS_RESP_CTX_new();
    BIO *in = BIO_new_mem_buf(request.p, (int)request.n);
    ASN1_OBJECT *policy = OBJ_txt2obj(m->policy != NULL ? m->policy : POLICY, 1);
    unsigned char *der = NULL;
    ot_must(ctx != NULL && in != NULL && policy != NULL && TS_RESP_CTX_set_signer_cert(ctx, m->by->x) == 1
            && TS_RESP_CTX_set_signer_key(ctx, m->by->key) == 1
            && TS_RESP_CTX_set_signer_digest(ctx, m->md != NULL ? m->md : EVP_sha256()) == 1
            && TS_RESP_CTX_set_ess_cert_id_digest(ctx, EVP_sha256()) == 1
            && TS_RESP_CTX_set_def_policy(ctx, policy) == 1
            && (m->refuses || TS_RESP_CTX_add_md(ctx, EVP_sha256()) == 1)
            && (chain == NULL || TS_RESP_CTX_set_certs(ctx, chain) == 1));
    TS_RESP_CTX_set_serial_cb(ctx, serial_next, NULL);
    TS_RESP_CTX_set_time_cb(ctx, time_now, (void *)(uintptr_t)m);
    TS_RESP *r = TS_RESP_create_response(ctx, in);
    int n = i2d_TS_RESP(r, &der);
    TS_RESP_free(r);
    TS_RESP_CTX_free(ctx);
    ASN1_OBJECT_free(policy);
    BIO_free(in);
    return ot_taken(rq->a, der, n);
}

static const uint8_t nonce[STAMP_NONCE] = {0x80, 1, 2, 3};
static const uint8_t other_nonce[STAMP_NONCE] = {9};

static struct stamp_ask asked(struct world *w)
{
    return (struct stamp_ask){.value = w->value, .certs = w->certs, .n_certs = LEN(w->certs), .policy = S(POLICY),
                              .nonce = {(const char *)nonce, sizeof nonce}, .from = ot_at(0),
                              .until = ot_at(MS_MINUTE)};
}

/* What is found of the answer to a request over value with this nonce, held to ask. */
static enum stamp_why found(struct world *w, const struct making *m, struct str value, const uint8_t *with,
                            const struct stamp_ask *ask, struct str *ret_token)
{
    struct stamp_facts f;
    struct str request;
    struct str token;
    assert_int_equal(stamp_request(&w->rq, value, S(""), with, &request), OK);
    if (m->no_cert) { /* certReq FALSE: the last of it (RFC 3161 2.4.1) */
        char *bytes = arena_alloc(w->rq.a, request.n);
        memcpy(bytes, request.p, request.n);
        bytes[request.n - 1] = 0;
        request.p = bytes;
    }
    struct str reply = reply_of(&w->rq, m, request, NULL);
    assert_int_equal(stamp_reply(&w->rq, reply, ask, &token, &f), OK);
    assert_int_equal(token.n > 0, f.why == STAMP_GOOD);
    if (ret_token != NULL) {
        *ret_token = token;
    }
    return f.why;
}

static void a_good_one_holds_and_stands_in_the_signature(void **state)
{
    struct world *w = *state;
    struct ot_cert tsa = stamper();
    struct ot_pair by = ot_make(&tsa, &w->between);
    struct stamp_ask ask = asked(w);
    struct stamp_facts f;
    struct str token;
    struct str stamped;
    struct str value;
    struct str again[STAMP_TOKENS_MAX];
    uint32_t n = 0;
    assert_int_equal(found(w, &(struct making){.by = &by, .at = ot_at(1000)}, w->value, nonce, &ask, &token),
                     STAMP_GOOD);
    ask.nonce = (struct str){0};
    assert_int_equal(stamp_check(&w->rq, token, &ask, &f), OK);
    assert_int_equal(f.why, STAMP_GOOD);
    assert_int_equal(f.at.ms, ot_at(1000).ms - ot_at(1000).ms % 1000);
    assert_true(str_eq(f.by, S("Test TSA")));
    assert_int_equal(stamp_attach(&w->rq, w->cms, token, &stamped), OK);
    assert_int_equal(stamp_parts(&w->rq, stamped, &value, again, &n), OK);
    assert_true(n == 1 && str_eq(value, w->value) && str_eq(again[0], token));
    struct cms_verdict v;
    assert_int_equal(cms_verify(&w->rq, stamped, S("document"), w->certs[0], &v), OK);
    assert_true(v.signature_ok && v.chain_ok && v.form_ok);
    /* years later, when the certificate of the stamp has expired: as of its time it holds */
    ask.until = ot_at(900 * MS_DAY);
    assert_int_equal(stamp_check(&w->rq, token, &ask, &f), OK);
    assert_int_equal(f.why, STAMP_GOOD);
    ot_free(&by);
}

static void what_does_not_hold_is_said(void **state)
{
    struct world *w = *state;
    struct ot_cert tsa = stamper();
    struct ot_cert old = stamper();
    old.until = ot_at(-MS_HOUR);
    struct ot_pair good = ot_make(&tsa, &w->between);
    struct ot_pair stranger = ot_make(&tsa, &w->other_root);
    struct ot_pair expired = ot_make(&old, &w->between);
    struct stamp_ask ask = asked(w);
    struct making m = {.by = &good, .at = ot_at(1000)};
    assert_int_equal(found(w, &m, S("another"), nonce, &ask, NULL), STAMP_OTHER_BYTES);
    assert_int_equal(found(w, &m, w->value, other_nonce, &ask, NULL), STAMP_OTHER_NONCE);
    m.policy = "1.2.3";
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_OTHER_POLICY);
    m.policy = NULL;
    m.at = ot_at(-MS_HOUR);
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_OTHER_TIME);
    m.at = ot_at(MS_HOUR);
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_OTHER_TIME);
    m.at = ot_at(1000);
    m.refuses = true;
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_REJECTED);
    m.refuses = false;
    m.no_cert = true;
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_NO_CERTIFICATE);
    m.no_cert = false;
    m.md = EVP_sha1();
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_WEAK);
    m.md = NULL;
    m.by = &stranger;
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_NO_ROOT);
    m.by = &expired;
    assert_int_equal(found(w, &m, w->value, nonce, &ask, NULL), STAMP_EXPIRED);
    struct ot_pair *all[] = {&good, &stranger, &expired};
    for (size_t i = 0; i < LEN(all); i++) {
        ot_free(all[i]);
    }
}

/* The token with another certificate in the place of its own: of the same issuer and number, as c says. */
static struct str swapped(struct world *w, struct str token, const struct ot_pair *by, const struct ot_cert *c)
{
    struct ot_pair twin = ot_make(c, &w->between);
    const unsigned char *p = (const unsigned char *)token.p;
    PKCS7 *t = d2i_PKCS7(NULL, &p, (long)token.n);
    unsigned char *der = NULL;
    ot_must(t != NULL && X509_set_serialNumber(twin.x, X509_get_serialNumber(by->x)) == 1
            && X509_sign(twin.x, w->between.key, EVP_sha256()) > 0);
    while (sk_X509_num(t->d.sign->cert) > 0) {
        X509_free(sk_X509_pop(t->d.sign->cert));
    }
    ot_must(X509_up_ref(twin.x) == 1 && sk_X509_push(t->d.sign->cert, twin.x) > 0);
    int n = i2d_PKCS7(t, &der);
    PKCS7_free(t);
    ot_free(&twin);
    return ot_taken(w->rq.a, der, n);
}

/* OpenSSL stamps with no certificate that is not for it: such a one takes the place of a good one. */
static void a_certificate_for_anything_else_is_refused(void **state)
{
    struct world *w = *state;
    struct ot_cert tsa = stamper();
    struct ot_pair by = ot_make(&tsa, &w->between);
    struct stamp_ask ask = asked(w);
    struct str token;
    static const struct {
        const char *usage, *purpose;
        enum stamp_why why;
    } rows[] = {
        {"critical,digitalSignature", NULL, STAMP_NOT_FOR_STAMPS},
        {"critical,digitalSignature", "timeStamping", STAMP_NOT_FOR_STAMPS},
        {"critical,digitalSignature", "critical,timeStamping,emailProtection", STAMP_NOT_FOR_STAMPS},
        {"critical,digitalSignature", "critical,serverAuth", STAMP_NOT_FOR_STAMPS},
        {"critical,digitalSignature,keyEncipherment", "critical,timeStamping", STAMP_NOT_FOR_STAMPS},
        {"critical,digitalSignature", "critical,timeStamping", STAMP_OTHER_CERTIFICATE},
    };
    assert_int_equal(found(w, &(struct making){.by = &by, .at = ot_at(1000)}, w->value, nonce, &ask, &token),
                     STAMP_GOOD);
    ask.nonce = (struct str){0};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct ot_cert c = stamper();
        struct stamp_facts f;
        c.usage = rows[i].usage;
        c.purpose = rows[i].purpose;
        assert_int_equal(stamp_check(&w->rq, swapped(w, token, &by, &c), &ask, &f), OK);
        assert_int_equal(f.why, rows[i].why);
    }
    ot_free(&by);
}

static void bytes_that_are_none_are_said(void **state)
{
    struct world *w = *state;
    struct ot_cert tsa = stamper();
    struct ot_pair by = ot_make(&tsa, &w->between);
    struct stamp_ask ask = asked(w);
    struct stamp_facts f;
    struct str token;
    struct str out;
    assert_int_equal(stamp_reply(&w->rq, S(""), &ask, &token, &f), OK);
    assert_int_equal(f.why, STAMP_NOT_REPLY);
    assert_int_equal(stamp_reply(&w->rq, S("<html>busy</html>"), &ask, &token, &f), OK);
    assert_int_equal(f.why, STAMP_NOT_REPLY);
    assert_int_equal(stamp_check(&w->rq, w->cms, &ask, &f), OK);
    assert_int_equal(f.why, STAMP_NOT_TOKEN);
    assert_int_equal(found(w, &(struct making){.by = &by, .at = ot_at(1000)}, w->value, nonce, &ask, &token),
                     STAMP_GOOD);
    ask.nonce = (struct str){0};
    for (size_t i = 0; i < token.n; i += 7) { /* a changed byte holds nowhere, or means nothing */
        char *bytes = arena_alloc(w->rq.a, token.n);
        memcpy(bytes, token.p, token.n);
        bytes[i] ^= 1;
        assert_int_equal(stamp_check(&w->rq, (struct str){bytes, token.n}, &ask, &f), OK);
        if (f.why == STAMP_GOOD) {
            assert_int_equal(f.at.ms, ot_at(1000).ms - ot_at(1000).ms % 1000);
        }
    }
    struct str tokens[STAMP_TOKENS_MAX];
    uint32_t n = 0;
    assert_int_equal(stamp_parts(&w->rq, S("no"), &out, tokens, &n), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(stamp_attach(&w->rq, w->cms, S(""), &out), E_SYNTAX);
    err_clear(&w->rq);
    assert_int_equal(stamp_request(&w->rq, w->value, S("policy"), nonce, &out), E_BAD_INPUT);
    err_clear(&w->rq);
    assert_true(stamp_is_policy(S(POLICY)) && !stamp_is_policy(S("1")) && !stamp_is_policy(S("")));
    ot_free(&by);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_one_holds_and_stands_in_the_signature),
        cmocka_unit_test(what_does_not_hold_is_said),
        cmocka_unit_test(a_certificate_for_anything_else_is_refused),
        cmocka_unit_test(bytes_that_are_none_are_said),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
