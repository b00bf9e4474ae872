/* codec/cms.c - detached signatures by OpenSSL 3. See cms.h. */
#include "codec/cms.h"

#include <openssl/err.h>
#include <openssl/ess.h>
#include <openssl/x509v3.h>

#include "codec/cms_int.h"

static void ci_done(CMS_ContentInfo **p)
{
    CMS_ContentInfo_free(*p);
}

static void certs_done(STACK_OF(X509) **p)
{
    sk_X509_pop_free(*p, X509_free);
}

static void time_done(ASN1_TIME **p)
{
    ASN1_TIME_free(*p);
}

/* The time of signing as a signed attribute (RFC 5652 11.3: UTCTime up to 2049). */
static bool add_time(CMS_SignerInfo *si, struct instant at)
{
    CLEANUP(time_done) ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(at.ms / 1000));
    return t != NULL && CMS_signed_add1_attr_by_NID(si, NID_pkcs9_signingTime, t->type, t, -1) == 1;
}

static CMS_ContentInfo *sign_build(const struct cms_ask *ask, EVP_PKEY *key, X509 *cert, X509 *ca)
{
    unsigned flags = CMS_BINARY | CMS_DETACHED | CMS_PARTIAL;
    CLEANUP(cms_int_bio_done) BIO *data = BIO_new_mem_buf(ask->content.p, (int)ask->content.n);
    CLEANUP(ci_done) CMS_ContentInfo *ci = CMS_sign(NULL, NULL, NULL, NULL, flags);
    if (data == NULL || ci == NULL) {
        return NULL;
    }
    CMS_SignerInfo *si = CMS_add1_signer(ci, cert, key, EVP_sha256(),
                                         CMS_BINARY | CMS_CADES | CMS_NOSMIMECAP | CMS_PARTIAL);
    if (si == NULL || !add_time(si, ask->at) || (ca != NULL && CMS_add1_cert(ci, ca) != 1) ||
        CMS_final(ci, data, NULL, flags) != 1) {
        return NULL;
    }
    return TAKE(ci);
}

enum err cms_sign(struct req *rq, const struct cms_ask *ask, struct str *ret_der)
{
    CLEANUP(pkey_done) EVP_PKEY *key = pkey_read(ask->key);
    CLEANUP(cms_int_x509_done) X509 *cert = cms_int_cert(ask->cert);
    CLEANUP(cms_int_x509_done) X509 *ca = ask->ca.n ? cms_int_cert(ask->ca) : NULL;
    if (key == NULL || cert == NULL || (ask->ca.n > 0 && ca == NULL) ||
        X509_check_private_key(cert, key) != 1) {
        ERR_clear_error();
        return FAIL(rq, E_BAD_INPUT, "signature: key and certificate");
    }
    if (ask->content.n == 0 || ask->content.n > INT32_MAX) {
        return FAIL(rq, E_BAD_INPUT, "signature: nothing to sign, or too much");
    }
    CLEANUP(ci_done) CMS_ContentInfo *ci = sign_build(ask, key, cert, ca);
    int n = ci ? i2d_CMS_ContentInfo(ci, NULL) : -1;
    ERR_clear_error();
    if (n <= 0) {
        return FAIL(rq, E_INTERNAL, "signature: could not be made");
    }
    char *at = arena_alloc_raw(rq->a, (size_t)n);
    TRY_MEM(rq, at);
    unsigned char *p = (unsigned char *)at;
    n = i2d_CMS_ContentInfo(ci, &p);
    *ret_der = (struct str){at, (size_t)n};
    return OK;
}

bool cms_is_good(const struct cms_verdict *v)
{
    return v->signature_ok && v->form_ok && v->binding_ok && v->chain_ok;
}

bool cms_int_digest_is_strong(CMS_SignerInfo *si)
{
    X509_ALGOR *alg = NULL;
    const ASN1_OBJECT *oid = NULL;
    CMS_SignerInfo_get0_algs(si, NULL, NULL, &alg, NULL);
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    int nid = OBJ_obj2nid(oid);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512;
}

bool cms_int_signing_time(CMS_SignerInfo *si, struct instant *ret_at)
{
    int at = CMS_signed_get_attr_by_NID(si, NID_pkcs9_signingTime, -1);
    X509_ATTRIBUTE *attr = at >= 0 ? CMS_signed_get_attr(si, at) : NULL;
    ASN1_TYPE *v = attr && X509_ATTRIBUTE_count(attr) == 1 ? X509_ATTRIBUTE_get0_type(attr, 0) : NULL;
    if (v == NULL || (v->type != V_ASN1_UTCTIME && v->type != V_ASN1_GENERALIZEDTIME)) {
        return false;
    }
    return cms_int_time((const ASN1_TIME *)v->value.asn1_string, ret_at);
}

bool cms_int_bound(CMS_SignerInfo *si, X509 *cert)
{
    int nid = NID_id_smime_aa_signingCertificateV2;
    if (CMS_signed_get_attr_by_NID(si, nid, -1) < 0) {
        return true;
    }
    ASN1_STRING *raw = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(nid), -3, V_ASN1_SEQUENCE);
    if (raw == NULL) {
        return false;
    }
    const unsigned char *p = ASN1_STRING_get0_data(raw);
    ESS_SIGNING_CERT_V2 *ess = d2i_ESS_SIGNING_CERT_V2(NULL, &p, ASN1_STRING_length(raw));
    STACK_OF(X509) *one = sk_X509_new_null();
    bool ok = ess != NULL && one != NULL && sk_X509_push(one, cert) > 0 &&
              OSSL_ESS_check_signing_certs(NULL, ess, one, 1) == 1;
    sk_X509_free(one);
    ESS_SIGNING_CERT_V2_free(ess);
    return ok;
}

/* borrows from certs the self-signed authority, or NULL. */
static X509 *carried_ca(STACK_OF(X509) *certs)
{
    for (int i = 0; i < sk_X509_num(certs); i++) {
        X509 *x = sk_X509_value(certs, i);
        uint32_t flags = X509_get_extension_flags(x);
        if ((flags & EXFLAG_CA) != 0 && (flags & EXFLAG_SS) != 0) {
            return x;
        }
    }
    return NULL;
}

/* Was signer issued by ca, through certs, and valid at that time? */
static bool chain_check(X509 *signer, X509 *ca, STACK_OF(X509) *certs, struct instant at,
                        const char **ret_why)
{
    X509_STORE *trust = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    bool ok = false;
    const char *why = "the check could not be made";
    if (trust != NULL && ctx != NULL && X509_STORE_add_cert(trust, ca) == 1 &&
        X509_STORE_CTX_init(ctx, trust, signer, certs) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        X509_VERIFY_PARAM_set_time(param, (time_t)(at.ms / 1000));
        X509_VERIFY_PARAM_set_depth(param, 4);
        X509_VERIFY_PARAM_set_auth_level(param, 2);
        (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN);
        ok = X509_verify_cert(ctx) == 1;
        why = ok ? "" : X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
    }
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(trust);
    *ret_why = why;
    return ok;
}

/* Of our own authority: nothing but the signer and the authority is carried, the authority is the one
 * asked about and signed itself, and all is encoded as we do it. */
static enum err form_check(struct req *rq, CMS_SignerInfo *si, struct str file, X509 *ca,
                           struct cms_verdict *v)
{
    X509 *signer = NULL;
    struct str again;
    CMS_SignerInfo_get0_algs(si, NULL, &signer, NULL, NULL);
    v->form_ok = signer == NULL || !cms_int_is_ours(signer);
    if (v->form_ok || ca == NULL) {
        return OK;
    }
    TRY(cms_int_form(rq, si, signer, ca, &again));
    v->form_ok = again.n > 0 && str_eq(again, file) && X509_verify(ca, X509_get0_pubkey(ca)) == 1;
    return OK;
}

static enum err verdict_people(struct req *rq, CMS_SignerInfo *si, STACK_OF(X509) *certs,
                               X509 *trusted, struct cms_verdict *v)
{
    X509 *signer = NULL;
    CMS_SignerInfo_get0_algs(si, NULL, &signer, NULL, NULL);
    X509 *ca = trusted ? trusted : carried_ca(certs);
    if (ca != NULL) {
        TRY(cms_int_facts(rq, ca, &v->ca));
        TRY(cms_int_der(rq, ca, &v->ca_der));
        v->has_ca = true;
        v->ca_is_trusted = trusted != NULL;
    }
    if (signer == NULL) {
        v->chain_why = "the signer's certificate is not carried";
        return OK;
    }
    TRY(cms_int_facts(rq, signer, &v->signer));
    TRY(cms_int_der(rq, signer, &v->signer_der));
    v->has_signer = true;
    v->binding_ok = cms_int_bound(si, signer);
    if (ca == NULL) {
        v->chain_why = "no authority is known";
    } else if (!v->has_time) {
        v->chain_why = "the signature does not state its time";
    } else if (!v->signer.may_sign) {
        v->chain_why = "the certificate is not for signing documents";
    } else {
        v->chain_ok = chain_check(signer, ca, certs, v->signed_at, &v->chain_why);
    }
    return OK;
}

bool cms_int_signed(CMS_ContentInfo *ci, STACK_OF(X509) *certs, struct str content)
{
    if (content.n > INT32_MAX) {
        return false;
    }
    /* Behind a filter: of a bare memory BIO CMS_verify() makes a copy, which it forgets (OpenSSL 3.0) when it
     * knows the digest not. */
    CLEANUP(cms_int_bio_done) BIO *data = BIO_new(BIO_f_buffer());
    BIO *bytes = BIO_new_mem_buf(content.n ? content.p : "", (int)content.n);
    if (data == NULL || bytes == NULL) {
        BIO_free(bytes);
        return false;
    }
    (void)BIO_push(data, bytes);
    return CMS_verify(ci, certs, NULL, data, NULL,
                                      CMS_BINARY | CMS_NO_SIGNER_CERT_VERIFY) == 1;
}

/* Detached SignedData of one signer, or NULL. */
static CMS_SignerInfo *only_signer(CMS_ContentInfo *ci)
{
    if (OBJ_obj2nid(CMS_get0_type(ci)) != NID_pkcs7_signed || CMS_is_detached(ci) != 1) {
        return NULL;
    }
    STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(ci);
    return all != NULL && sk_CMS_SignerInfo_num(all) == 1 ? sk_CMS_SignerInfo_value(all, 0) : NULL;
}

enum err cms_verify(struct req *rq, struct str der, struct str content, struct str trusted_ca,
                    struct cms_verdict *ret_verdict)
{
    if (der.n > CMS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "signature: more than %d bytes", CMS_MAX);
    }
    const unsigned char *p = (const unsigned char *)der.p;
    CLEANUP(ci_done)
    CMS_ContentInfo *ci = der.n ? d2i_CMS_ContentInfo(NULL, &p, (long)der.n) : NULL;
    ERR_clear_error();
    CMS_SignerInfo *si = ci && p == (const unsigned char *)der.p + der.n ? only_signer(ci) : NULL;
    if (si == NULL || !cms_int_digest_is_strong(si)) {
        return FAIL(rq, E_SYNTAX, "not a detached CMS signature of one signer");
    }
    CLEANUP(cms_int_x509_done) X509 *trusted = trusted_ca.n ? cms_int_cert(trusted_ca) : NULL;
    if (trusted_ca.n > 0 && trusted == NULL) {
        return FAIL(rq, E_SYNTAX, "the authority's certificate cannot be read");
    }
    CLEANUP(certs_done) STACK_OF(X509) *certs = CMS_get1_certs(ci);
    if (sk_X509_num(certs) > 8) {
        return FAIL(rq, E_SYNTAX, "signature: too many certificates");
    }
    struct cms_verdict v = {.chain_why = ""};
    v.has_time = cms_int_signing_time(si, &v.signed_at);
    v.signature_ok = cms_int_signed(ci, certs, content);
    enum err e = verdict_people(rq, si, certs, trusted, &v);
    if (e == OK) {
        e = form_check(rq, si, der, trusted ? trusted : carried_ca(certs), &v);
    }
    ERR_clear_error();
    TRY(e);
    *ret_verdict = v;
    return OK;
}
