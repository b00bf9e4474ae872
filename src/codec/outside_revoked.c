/* codec/outside_revoked.c - was a certificate revoked? What the CRLs (RFC 5280 5) and OCSP answers
 * (RFC 6960) that were given know of it. See outside_int.h.
 *
 * Only what the issuer itself says is believed: a list it signed whole (no delta, no part for some reasons or
 * of others' certificates), an answer it or its appointed responder signed. A list or an answer counts while
 * it holds; or, of a signature that was taken before, when it was made after it. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "codec/outside_int.h"

/* Clocks of authorities may be ahead of ours. */
#define AHEAD_MS (5 * MS_MINUTE)

struct looking {
    const struct outside_ask *ask;
    struct outside_verdict *v;
    X509_STORE *roots;
    STACK_OF(X509) *between;
    X509 *cert, *issuer;
    bool known;    /* something that counts says: not revoked */
    bool stale;    /* something that counts no more knows the issuer */
    bool revoked;
    bool is_compromise; /* the key was, or may have been, in other hands before */
    struct instant revoked_at;
};

X509_CRL *outside_int_crl(struct str file)
{
    const unsigned char *p = (const unsigned char *)file.p;
    if (file.n == 0 || file.n > OUTSIDE_CRL_MAX) {
        return NULL;
    }
    X509_CRL *crl = NULL;
    if (p[0] == 0x30) {
        crl = d2i_X509_CRL(NULL, &p, (long)file.n);
    } else {
        CLEANUP(cms_int_bio_done) BIO *b = BIO_new_mem_buf(file.p, (int)file.n);
        crl = b != NULL ? PEM_read_bio_X509_CRL(b, NULL, NULL, NULL) : NULL;
    }
    ERR_clear_error();
    return crl;
}

/* Does something said from..until count? */
static bool counts(const struct looking *l, struct instant from, bool has_until, struct instant until)
{
    bool holds = has_until && until.ms >= l->ask->now.ms;
    bool past = l->ask->arrives && has_until;
    return holds || (!past && from.ms >= outside_int_at(l->ask, l->v).ms);
}

static void is_revoked(struct looking *l, struct instant at, int reason)
{
    if (!l->revoked || at.ms < l->revoked_at.ms) {
        l->revoked_at = at;
    }
    l->revoked = true;
    l->is_compromise = l->is_compromise || reason == CRL_REASON_KEY_COMPROMISE
                       || reason == CRL_REASON_CA_COMPROMISE || reason == CRL_REASON_AA_COMPROMISE;
}

/* ---- lists ---- */

/* A part of what the authority revoked, that does not speak of this certificate, or a form not known here. */
static bool is_partial(X509_CRL *crl, X509 *cert)
{
    if (X509_CRL_get_ext_by_NID(crl, NID_delta_crl, -1) >= 0) {
        return true;
    }
    for (int i = 0; i < X509_CRL_get_ext_count(crl); i++) {
        X509_EXTENSION *x = X509_CRL_get_ext(crl, i);
        if (X509_EXTENSION_get_critical(x)
            && OBJ_obj2nid(X509_EXTENSION_get_object(x)) != NID_issuing_distribution_point) {
            return true;
        }
    }
    int found = 0;
    ISSUING_DIST_POINT *idp = X509_CRL_get_ext_d2i(crl, NID_issuing_distribution_point, &found, NULL);
    if (idp == NULL) {
        return found != -1;
    }
    bool is_ca = (X509_get_extension_flags(cert) & EXFLAG_CA) != 0;
    bool partial = idp->indirectCRL > 0 || idp->onlyattr > 0 || idp->onlysomereasons != NULL
                   || (is_ca ? idp->onlyuser > 0 : idp->onlyCA > 0);
    ISSUING_DIST_POINT_free(idp);
    return partial;
}

/* The hash of an RSASSA-PSS signature (RFC 4055 3.1); SHA-1 when it names none. */
static int pss_hash(const X509_ALGOR *alg)
{
    const ASN1_OBJECT *oid = NULL;
    const void *value = NULL;
    int type = V_ASN1_UNDEF;
    int md = NID_sha1;
    X509_ALGOR_get0(NULL, &type, &value, alg);
    const unsigned char *p = type == V_ASN1_SEQUENCE ? ASN1_STRING_get0_data(value) : NULL;
    RSA_PSS_PARAMS *params = p != NULL ? d2i_RSA_PSS_PARAMS(NULL, &p, ASN1_STRING_length(value)) : NULL;
    if (params == NULL) {
        md = NID_undef;
    } else if (params->hashAlgorithm != NULL) {
        X509_ALGOR_get0(&oid, NULL, NULL, params->hashAlgorithm);
        md = OBJ_obj2nid(oid);
    }
    RSA_PSS_PARAMS_free(params);
    ERR_clear_error();
    return md;
}

/* Signed over a hash that can be forged, or one not known here. */
static bool is_weak(const X509_ALGOR *alg)
{
    const ASN1_OBJECT *oid = NULL;
    int md = NID_undef;
    int key = NID_undef;
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    int sig = OBJ_obj2nid(oid);
    bool pss = sig == NID_rsassaPss;
    bool known = pss || OBJ_find_sigid_algs(sig, &md, &key) == 1;
    md = pss ? pss_hash(alg) : md;
    return !known || (pss && md == NID_undef) || md == NID_md5 || md == NID_sha1 || md == NID_md5_sha1
           || md == NID_ripemd160;
}

static bool is_weak_list(const X509_CRL *crl)
{
    const X509_ALGOR *alg = NULL;
    X509_CRL_get0_signature(crl, NULL, &alg);
    return is_weak(alg);
}

static int entry_reason(X509_REVOKED *r)
{
    ASN1_ENUMERATED *e = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
    int reason = e != NULL ? (int)ASN1_ENUMERATED_get(e) : CRL_REASON_UNSPECIFIED;
    ASN1_ENUMERATED_free(e);
    return reason;
}

/* RFC 5280 5.3.2: a key may have been in other hands, or the certificate wrong, before it was revoked. */
static struct instant earlier(struct instant revoked, ASN1_GENERALIZEDTIME *invalid)
{
    struct instant since = revoked;
    bool known = invalid != NULL && cms_int_time(invalid, &since);
    ASN1_GENERALIZEDTIME_free(invalid);
    return known && since.ms < revoked.ms ? since : revoked;
}

static void crl_look(struct looking *l, X509_CRL *crl)
{
    struct instant from;
    struct instant until = {0};
    X509_REVOKED *entry = NULL;
    if (X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(l->issuer)) != 0
        || (X509_get_key_usage(l->issuer) & KU_CRL_SIGN) == 0 || is_partial(crl, l->cert)
        || is_weak_list(crl)
        || X509_CRL_verify(crl, X509_get0_pubkey(l->issuer)) != 1
        || !cms_int_time(X509_CRL_get0_lastUpdate(crl), &from)
        || from.ms > l->ask->now.ms + AHEAD_MS) {
        return;
    }
    bool has_until = cms_int_time(X509_CRL_get0_nextUpdate(crl), &until);
    if (X509_CRL_get0_by_cert(crl, &entry, l->cert) == 1) { /* 2: taken from the list again */
        struct instant at = from;
        (void)cms_int_time(X509_REVOKED_get0_revocationDate(entry), &at);
        ASN1_GENERALIZEDTIME *invalid = X509_REVOKED_get_ext_d2i(entry, NID_invalidity_date, NULL, NULL);
        is_revoked(l, earlier(at, invalid), entry_reason(entry));
    } else if (counts(l, from, has_until, until)) {
        l->known = true;
    } else {
        l->stale = true;
    }
}

/* ---- answers ---- */

static void single_look(struct looking *l, OCSP_BASICRESP *basic, OCSP_CERTID *id)
{
    ASN1_GENERALIZEDTIME *revoked = NULL;
    ASN1_GENERALIZEDTIME *from_t = NULL;
    ASN1_GENERALIZEDTIME *until_t = NULL;
    struct instant from;
    struct instant until = {0};
    int status = -1;
    int reason = -1;
    if (OCSP_resp_find_status(basic, id, &status, &reason, &revoked, &from_t, &until_t) != 1
        || !cms_int_time(from_t, &from) || from.ms > l->ask->now.ms + AHEAD_MS) {
        return;
    }
    bool has_until = until_t != NULL && cms_int_time(until_t, &until);
    if (status == V_OCSP_CERTSTATUS_REVOKED) {
        struct instant at = from;
        (void)cms_int_time(revoked, &at);
        OCSP_SINGLERESP *one = OCSP_resp_get0(basic, OCSP_resp_find(basic, id, -1));
        ASN1_GENERALIZEDTIME *invalid = OCSP_SINGLERESP_get1_ext_d2i(one, NID_invalidity_date, NULL, NULL);
        is_revoked(l, earlier(at, invalid), reason);
    } else if (status == V_OCSP_CERTSTATUS_GOOD) {
        l->known = l->known || counts(l, from, has_until, until);
        l->stale = l->stale || !counts(l, from, has_until, until);
    }
}

static void ocsp_look(struct looking *l, struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    OCSP_RESPONSE *r = der.n > 0 ? d2i_OCSP_RESPONSE(NULL, &p, (long)der.n) : NULL;
    OCSP_BASICRESP *basic = r != NULL && OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL
                                ? OCSP_response_get1_basic(r)
                                : NULL;
    OCSP_CERTID *id = basic != NULL ? OCSP_cert_to_id(EVP_sha1(), l->cert, l->issuer) : NULL;
    if (id != NULL && !is_weak(OCSP_resp_get0_tbs_sigalg(basic))
        && OCSP_basic_verify(basic, l->between, l->roots, 0) == 1) {
        single_look(l, basic, id);
    }
    OCSP_CERTID_free(id);
    OCSP_BASICRESP_free(basic);
    OCSP_RESPONSE_free(r);
    ERR_clear_error();
}

/* ---- a chain ---- */

static enum outside_why one(struct looking *l)
{
    for (uint32_t i = 0; i < l->ask->n_ocsp && i < OUTSIDE_WANTS_MAX; i++) {
        ocsp_look(l, l->ask->ocsp[i]);
    }
    for (uint32_t i = 0; i < l->ask->n_crls && i < OUTSIDE_CRLS_MAX; i++) {
        X509_CRL *crl = outside_int_crl(l->ask->crls[i]);
        if (crl != NULL) {
            crl_look(l, crl);
        }
        X509_CRL_free(crl);
    }
    if (l->revoked) {
        l->v->revoked_at = l->revoked_at;
        struct instant at = outside_int_at(l->ask, l->v);
        bool anytime = l->is_compromise && l->ask->at.ms == 0; /* who has the key states any time */
        bool before = l->revoked_at.ms <= at.ms || anytime;
        return before ? OUTSIDE_REVOKED : OUTSIDE_REVOKED_SINCE;
    }
    return l->known ? OUTSIDE_GOOD : l->stale ? OUTSIDE_STALE : OUTSIDE_UNKNOWN;
}

/* What weighs more: a revoked one than one nothing is known of. */
static int weight(enum outside_why why)
{
    switch ((int)why) {
    case OUTSIDE_REVOKED: return 4;
    case OUTSIDE_UNKNOWN: return 3;
    case OUTSIDE_STALE: return 2;
    case OUTSIDE_REVOKED_SINCE: return 1;
    default: return 0;
    }
}

enum outside_why outside_int_revoked(const struct outside_ask *ask, STACK_OF(X509) *chain, X509_STORE *roots,
                                     STACK_OF(X509) *between, struct outside_verdict *v)
{
    enum outside_why worst = OUTSIDE_GOOD;
    X509_VERIFY_PARAM *param = X509_VERIFY_PARAM_new();
    if (param == NULL) {
        return OUTSIDE_UNKNOWN;
    }
    X509_VERIFY_PARAM_set_time(param, (time_t)(ask->now.ms / 1000)); /* responders are looked at as of now */
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    (void)X509_STORE_set1_param(roots, param);
    X509_VERIFY_PARAM_free(param);
    for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
        struct looking l = {.ask = ask,
                            .v = v,
                            .roots = roots,
                            .between = between,
                            .cert = sk_X509_value(chain, i),
                            .issuer = sk_X509_value(chain, i + 1)};
        enum outside_why why = one(&l);
        worst = weight(why) > weight(worst) ? why : worst;
    }
    return worst;
}
