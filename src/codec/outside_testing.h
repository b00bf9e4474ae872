/* codec/outside_testing.h - authorities, people's certificates, lists and signatures made up for tests, by
 * OpenSSL alone: nothing of the program's own makes what its reader is tried with. */
#pragma once

#include <openssl/cms.h>
#include <openssl/ocsp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

#include "codec/outside.h"

#define OT_NOW_MS INT64_C(1795317845000) /* 2026-11-22 03:24:05 UTC */

struct ot_attr {
    const char *oid, *value;
};

struct ot_cert {
    const char *name;
    bool rsa;
    unsigned bits;          /* of RSA */
    bool ca;
    const char *usage;      /* keyUsage; NULL: fit for ca or a person */
    const char *purpose;    /* extKeyUsage; NULL: none */
    struct instant from, until;
    const EVP_MD *md;       /* of the issuer's signature; NULL: SHA-256 */
    struct ot_attr attrs[3];
    const char *crl_url, *ocsp_url;
};

struct ot_pair {
    EVP_PKEY *key;
    X509 *x;
};

static inline void ot_must(bool ok)
{
    if (!ok) {
        (void)fputs("could not be made for the test\n", stderr);
        exit(1);
    }
}

static inline struct instant ot_at(int64_t ms)
{
    return (struct instant){OT_NOW_MS + ms};
}

static inline void ot_ext(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    ot_must(e != NULL && X509_add_ext(x, e, -1) == 1);
    X509_EXTENSION_free(e);
}

static inline void ot_uri(X509 *x, int nid, const char *before, const char *uri)
{
    char value[300];
    int n = snprintf(value, sizeof value, "%s%s", before, uri);
    ot_must(n > 0 && (size_t)n < sizeof value);
    ot_ext(x, x, nid, value);
}

/* A certificate by issuer; NULL: signed by itself. */
static inline struct ot_pair ot_make(const struct ot_cert *c, const struct ot_pair *issuer)
{
    struct ot_pair p = {c->rsa ? EVP_RSA_gen(c->bits) : EVP_EC_gen("P-256"), X509_new()};
    static long serial = 1000;
    X509_NAME *name = X509_get_subject_name(p.x);
    X509 *by = issuer != NULL ? issuer->x : p.x;
    ot_must(p.key != NULL && X509_set_version(p.x, 2) == 1
            && ASN1_INTEGER_set(X509_get_serialNumber(p.x), ++serial) == 1
            && ASN1_TIME_set(X509_getm_notBefore(p.x), (time_t)(c->from.ms / 1000)) != NULL
            && ASN1_TIME_set(X509_getm_notAfter(p.x), (time_t)(c->until.ms / 1000)) != NULL
            && X509_set_pubkey(p.x, p.key) == 1
            && X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                                          (const unsigned char *)c->name, -1, -1, 0) == 1);
    for (size_t i = 0; i < LEN(c->attrs) && c->attrs[i].oid != NULL; i++) {
        ASN1_OBJECT *o = OBJ_txt2obj(c->attrs[i].oid, 1);
        const unsigned char *value = (const unsigned char *)c->attrs[i].value;
        ot_must(o != NULL && X509_NAME_add_entry_by_OBJ(name, o, V_ASN1_UTF8STRING, value, -1, -1, 0) == 1);
        ASN1_OBJECT_free(o);
    }
    ot_must(X509_set_issuer_name(p.x, X509_get_subject_name(by)) == 1);
    ot_ext(p.x, by, NID_basic_constraints, c->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
    ot_ext(p.x, by, NID_key_usage,
           c->usage != NULL ? c->usage : c->ca ? "critical,keyCertSign,cRLSign" : "critical,nonRepudiation");
    if (c->purpose != NULL) {
        ot_ext(p.x, by, NID_ext_key_usage, c->purpose);
    }
    if (c->crl_url != NULL) {
        ot_uri(p.x, NID_crl_distribution_points, "URI:", c->crl_url);
    }
    if (c->ocsp_url != NULL) {
        ot_uri(p.x, NID_info_access, "OCSP;URI:", c->ocsp_url);
    }
    ot_must(X509_sign(p.x, issuer != NULL ? issuer->key : p.key, c->md != NULL ? c->md : EVP_sha256()) > 0);
    return p;
}

static inline void ot_free(struct ot_pair *p)
{
    EVP_PKEY_free(p->key);
    X509_free(p->x);
    *p = (struct ot_pair){0};
}

static inline struct str ot_taken(struct arena *a, unsigned char *der, int n)
{
    ot_must(n > 0);
    struct str s = arena_str(a, (struct str){(const char *)der, (size_t)n});
    OPENSSL_free(der);
    ot_must(s.p != NULL);
    return s;
}

static inline struct str ot_der(struct arena *a, X509 *x)
{
    unsigned char *der = NULL;
    int n = i2d_X509(x, &der);
    return ot_taken(a, der, n);
}

struct ot_list {
    struct instant from, until;
    X509 *revoked;        /* NULL: nobody */
    struct instant at;
    struct instant invalid; /* invalidityDate; ms 0: none */
    int reason;           /* -1: none */
    bool delta;
    bool pss;             /* RSASSA-PSS: the authority's key is RSA */
    const EVP_MD *md;     /* NULL: SHA-256 */
};

static inline void ot_crl_sign(X509_CRL *crl, const struct ot_pair *ca, const struct ot_list *l)
{
    const EVP_MD *md = l->md != NULL ? l->md : EVP_sha256();
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY_CTX *key = NULL;
    ot_must(ctx != NULL && EVP_DigestSignInit(ctx, &key, md, NULL, ca->key) == 1
            && (!l->pss || EVP_PKEY_CTX_set_rsa_padding(key, RSA_PKCS1_PSS_PADDING) == 1)
            && X509_CRL_sign_ctx(crl, ctx) > 0);
    EVP_MD_CTX_free(ctx);
}

/* A CRL of an authority. */
static inline struct str ot_crl(struct arena *a, const struct ot_pair *ca, const struct ot_list *l)
{
    X509_CRL *crl = X509_CRL_new();
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(l->from.ms / 1000));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(l->until.ms / 1000));
    unsigned char *der = NULL;
    ot_must(crl != NULL && X509_CRL_set_version(crl, 1) == 1
            && X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->x)) == 1
            && X509_CRL_set1_lastUpdate(crl, from) == 1 && X509_CRL_set1_nextUpdate(crl, until) == 1);
    if (l->revoked != NULL) {
        X509_REVOKED *r = X509_REVOKED_new();
        ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(l->at.ms / 1000));
        ot_must(X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(l->revoked)) == 1
                && X509_REVOKED_set_revocationDate(r, at) == 1);
        if (l->reason >= 0) {
            ASN1_ENUMERATED *e = ASN1_ENUMERATED_new();
            ot_must(ASN1_ENUMERATED_set(e, l->reason) == 1
                    && X509_REVOKED_add1_ext_i2d(r, NID_crl_reason, e, 0, 0) == 1);
            ASN1_ENUMERATED_free(e);
        }
        if (l->invalid.ms != 0) {
            ASN1_GENERALIZEDTIME *t = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(l->invalid.ms / 1000));
            ot_must(t != NULL && X509_REVOKED_add1_ext_i2d(r, NID_invalidity_date, t, 0, 0) == 1);
            ASN1_GENERALIZEDTIME_free(t);
        }
        ot_must(X509_CRL_add0_revoked(crl, r) == 1);
        ASN1_TIME_free(at);
    }
    if (l->delta) {
        ASN1_INTEGER *n = ASN1_INTEGER_new();
        ot_must(ASN1_INTEGER_set(n, 7) == 1 && X509_CRL_add1_ext_i2d(crl, NID_delta_crl, n, 1, 0) == 1);
        ASN1_INTEGER_free(n);
    }
    ot_crl_sign(crl, ca, l);
    int n = i2d_X509_CRL(crl, &der);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    X509_CRL_free(crl);
    return ot_taken(a, der, n);
}

struct ot_answer {
    int status;                /* V_OCSP_CERTSTATUS_... */
    struct instant from, until;
    struct instant revoked_at;
    struct instant invalid;    /* invalidityDate; ms 0: none */
};

/* An OCSP answer about cert, signed by its authority (or by another: by). */
static inline struct str ot_ocsp(struct arena *a, X509 *cert, const struct ot_pair *ca,
                                 const struct ot_pair *by, const struct ot_answer *an)
{
    OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, ca->x);
    ASN1_TIME *from = ASN1_TIME_set(NULL, (time_t)(an->from.ms / 1000));
    ASN1_TIME *until = ASN1_TIME_set(NULL, (time_t)(an->until.ms / 1000));
    ASN1_TIME *at = ASN1_TIME_set(NULL, (time_t)(an->revoked_at.ms / 1000));
    unsigned char *der = NULL;
    bool gone = an->status == V_OCSP_CERTSTATUS_REVOKED;
    OCSP_SINGLERESP *one =
        OCSP_basic_add1_status(basic, id, an->status, gone ? OCSP_REVOKED_STATUS_SUPERSEDED : 0,
                               gone ? at : NULL, from, until);
    ASN1_TIME *invalid = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(an->invalid.ms / 1000));
    ot_must(one != NULL
            && (an->invalid.ms == 0
                || OCSP_SINGLERESP_add1_ext_i2d(one, NID_invalidity_date, invalid, 0, 0) == 1)
            && OCSP_basic_sign(basic, by->x, by->key, EVP_sha256(), NULL, 0) == 1);
    ASN1_TIME_free(invalid);
    OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
    int n = i2d_OCSP_RESPONSE(r, &der);
    OCSP_RESPONSE_free(r);
    OCSP_BASICRESP_free(basic);
    OCSP_CERTID_free(id);
    ASN1_TIME_free(from);
    ASN1_TIME_free(until);
    ASN1_TIME_free(at);
    return ot_taken(a, der, n);
}

struct ot_sign {
    const struct ot_pair *who, *also; /* also: a second signer */
    X509 *carry;              /* one more certificate; NULL: none */
    struct instant at;
    const EVP_MD *md;         /* NULL: SHA-256 */
    bool no_attributes, attached, no_certificate;
};

static inline void ot_signer(CMS_ContentInfo *ci, const struct ot_pair *p, const struct ot_sign *s)
{
    unsigned flags = CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    flags |= s->no_attributes ? CMS_NOATTR : CMS_CADES;
    flags |= s->no_certificate ? CMS_NOCERTS : 0;
    CMS_SignerInfo *si = CMS_add1_signer(ci, p->x, p->key, s->md != NULL ? s->md : EVP_sha256(), flags);
    ot_must(si != NULL);
    if (!s->no_attributes) {
        ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(s->at.ms / 1000));
        ot_must(CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, t->type, t, -1) == 1);
        ASN1_TIME_free(t);
    }
}

static inline struct str ot_cms(struct arena *a, const struct ot_sign *s, struct str content)
{
    unsigned flags = CMS_BINARY | CMS_PARTIAL | (s->attached ? 0 : CMS_DETACHED);
    CMS_ContentInfo *ci = CMS_sign(NULL, NULL, NULL, NULL, flags);
    BIO *data = BIO_new_mem_buf(content.p, (int)content.n);
    unsigned char *der = NULL;
    ot_must(ci != NULL && data != NULL);
    ot_signer(ci, s->who, s);
    if (s->also != NULL) {
        ot_signer(ci, s->also, s);
    }
    ot_must((s->carry == NULL || CMS_add1_cert(ci, s->carry) == 1) && CMS_final(ci, data, NULL, flags) == 1);
    int n = i2d_CMS_ContentInfo(ci, &der);
    BIO_free(data);
    CMS_ContentInfo_free(ci);
    return ot_taken(a, der, n);
}
