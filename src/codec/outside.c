/* codec/outside.c - signatures of other makers are read and judged by OpenSSL 3. See outside.h. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "codec/b64.h"
#include "codec/outside_int.h"

static const char *const whys[] = {
#define X(name, text) [name] = (text),
#include "codec/outside.def"
#undef X
};

const char *outside_why_text(enum outside_why why)
{
    return whys[why];
}

const char *outside_line_text(enum outside_line line)
{
    static const char *const lines[] = {
        [OUTSIDE_READ] = T("it is a detached signature of one person"),
        [OUTSIDE_DIGEST] = T("its hash is a strong one"),
        [OUTSIDE_SIGNER] = T("it carries the signer's certificate"),
        [OUTSIDE_BYTES] = T("the signature is over exactly these bytes"),
        [OUTSIDE_BINDING] = T("the signature names its certificate"),
        [OUTSIDE_CHAIN] = T("the certificate was valid when signing, issued by a trusted authority"),
        [OUTSIDE_USE] = T("the certificate is for signing documents"),
        [OUTSIDE_REVOCATION] = T("the certificate was not revoked"),
    };
    return lines[line];
}

enum outside_why outside_first(const struct outside_verdict *v)
{
    for (int i = 0; i < OUTSIDE_LINE_COUNT; i++) {
        bool left_out = i == OUTSIDE_REVOCATION && v->why[i] == OUTSIDE_NOT_ASKED;
        if (v->why[i] != OUTSIDE_GOOD && !left_out) {
            return v->why[i];
        }
    }
    return OUTSIDE_GOOD;
}

/* ---- the file ---- */

enum err outside_unwrap(struct req *rq, struct str file, struct str *ret_der)
{
    struct str s = str_trim(file);
    if (file.n > OUTSIDE_MAX) {
        return FAIL(rq, E_TOO_LARGE, "signature: more than %d bytes", OUTSIDE_MAX);
    }
    if (file.n > 0 && (unsigned char)file.p[0] == 0x30) {
        *ret_der = file;
        return OK;
    }
    if (str_starts(s, S("\xEF\xBB\xBF"))) { /* a byte order mark: saved by an editor */
        s = str_sub(s, 3, s.n);
    }
    if (str_starts(s, S("-----BEGIN "))) {
        size_t from = str_find_char(s, '\n');
        size_t until = str_find(s, S("-----END "));
        s = from < until && until < s.n ? str_sub(s, from, until - from) : (struct str){0};
    }
    struct str der = s.n > 0 ? b64_decoded(rq->a, s, B64_BLANKS) : (struct str){0};
    if (der.p == NULL || der.n == 0 || (unsigned char)der.p[0] != 0x30) {
        return FAIL(rq, E_SYNTAX, "not a signature file");
    }
    *ret_der = der;
    return OK;
}

CMS_ContentInfo *outside_int_cms(struct str der)
{
    const unsigned char *p = (const unsigned char *)der.p;
    const unsigned char *end = p + der.n;
    bool fits = der.n > 0 && der.n <= OUTSIDE_MAX;
    CMS_ContentInfo *ci = fits ? d2i_CMS_ContentInfo(NULL, &p, (long)der.n) : NULL;
    ERR_clear_error();
    if (ci != NULL && (p != end || OBJ_obj2nid(CMS_get0_type(ci)) != NID_pkcs7_signed)) {
        CMS_ContentInfo_free(ci);
        return NULL;
    }
    return ci;
}

/* ---- certificates ---- */

static bool is_root(X509 *x)
{
    return (X509_get_extension_flags(x) & EXFLAG_SS) != 0 && X509_check_ca(x) != 0;
}

STACK_OF(X509) *outside_int_trusted(const struct outside_ask *ask, bool roots)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (uint32_t i = 0; all != NULL && i < ask->n_certs && i < OUTSIDE_CERTS_MAX; i++) {
        X509 *x = cms_int_cert(ask->certs[i]);
        if (x == NULL || is_root(x) != roots || sk_X509_push(all, x) <= 0) {
            X509_free(x);
        }
    }
    return all;
}

X509 *outside_int_signer(CMS_ContentInfo *ci, CMS_SignerInfo *si, STACK_OF(X509) *all)
{
    X509 *signer = NULL;
    (void)CMS_set1_signers_certs(ci, all, 0);
    CMS_SignerInfo_get0_algs(si, NULL, &signer, NULL, NULL);
    return signer;
}

/* ---- what it says of itself ---- */

/* A signed attribute that stands there once, with one value. */
static bool has_one(CMS_SignerInfo *si, int nid)
{
    int at = CMS_signed_get_attr_by_NID(si, nid, -1);
    X509_ATTRIBUTE *attr = at >= 0 ? CMS_signed_get_attr(si, at) : NULL;
    return attr != NULL && X509_ATTRIBUTE_count(attr) == 1 && CMS_signed_get_attr_by_NID(si, nid, at) < 0;
}

/* RFC 5652 5.3: the content type under the signature is that of the content. */
static bool type_fits(CMS_ContentInfo *ci, CMS_SignerInfo *si)
{
    const ASN1_OBJECT *want = CMS_get0_eContentType(ci);
    int at = CMS_signed_get_attr_by_NID(si, NID_pkcs9_contentType, -1);
    X509_ATTRIBUTE *attr = at >= 0 ? CMS_signed_get_attr(si, at) : NULL;
    ASN1_TYPE *v = attr != NULL ? X509_ATTRIBUTE_get0_type(attr, 0) : NULL;
    return v != NULL && v->type == V_ASN1_OBJECT && OBJ_cmp(v->value.object, want) == 0
           && OBJ_obj2nid(want) == NID_pkcs7_data;
}

static enum outside_why form_check(CMS_ContentInfo *ci, CMS_SignerInfo **ret_si)
{
    STACK_OF(CMS_SignerInfo) *all = CMS_get0_SignerInfos(ci);
    if (all == NULL || sk_CMS_SignerInfo_num(all) != 1) {
        return OUTSIDE_SIGNERS;
    }
    CMS_SignerInfo *si = sk_CMS_SignerInfo_value(all, 0);
    *ret_si = si;
    if (CMS_is_detached(ci) != 1) {
        return OUTSIDE_ATTACHED;
    }
    if (!has_one(si, NID_pkcs9_contentType) || !has_one(si, NID_pkcs9_messageDigest)
        || !has_one(si, NID_pkcs9_signingTime) || !type_fits(ci, si)) {
        return OUTSIDE_NO_ATTRIBUTES;
    }
    return OUTSIDE_GOOD;
}

/* ---- GOST ---- */

static bool is_gost_digest(int nid)
{
    return nid == NID_id_GostR3411_2012_256 || nid == NID_id_GostR3411_2012_512;
}

static bool is_gost_key(X509 *x)
{
    const X509_PUBKEY *pub = X509_get_X509_PUBKEY(x);
    ASN1_OBJECT *oid = NULL;
    (void)X509_PUBKEY_get0_param(&oid, NULL, NULL, NULL, pub);
    int nid = OBJ_obj2nid(oid);
    return nid == NID_id_GostR3410_2012_256 || nid == NID_id_GostR3410_2012_512;
}

static enum outside_why digest_check(CMS_SignerInfo *si)
{
    X509_ALGOR *alg = NULL;
    const ASN1_OBJECT *oid = NULL;
    CMS_SignerInfo_get0_algs(si, NULL, NULL, &alg, NULL);
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    int nid = OBJ_obj2nid(oid);
    if (is_gost_digest(nid)) {
        return EVP_get_digestbynid(nid) != NULL ? OUTSIDE_GOOD : OUTSIDE_NO_GOST;
    }
    return cms_int_digest_is_strong(si) ? OUTSIDE_GOOD : OUTSIDE_WEAK_DIGEST;
}

/* OpenSSL has no measure of GOST keys: each certificate of the chain has such a key, or one of 112 bits, and
 * is signed over a strong hash. */
static bool gost_chain_is_strong(STACK_OF(X509) *chain)
{
    for (int i = 0; i < sk_X509_num(chain); i++) {
        X509 *x = sk_X509_value(chain, i);
        int md = NID_undef;
        int key = NID_undef;
        bool last = i + 1 == sk_X509_num(chain);
        bool known = OBJ_find_sigid_algs(X509_get_signature_nid(x), &md, &key) == 1;
        bool hash = known && (is_gost_digest(md) || md == NID_sha256 || md == NID_sha384 || md == NID_sha512);
        if (!(is_gost_key(x) || EVP_PKEY_get_security_bits(X509_get0_pubkey(x)) >= 112) || !(hash || last)) {
            return false;
        }
    }
    return true;
}

/* ---- the chain ---- */

static enum outside_why chain_why(int code)
{
    static const struct {
        int code;
        enum outside_why why;
    } rows[] = {
        {X509_V_ERR_CERT_HAS_EXPIRED, OUTSIDE_EXPIRED},
        {X509_V_ERR_CERT_NOT_YET_VALID, OUTSIDE_NOT_YET},
        {X509_V_ERR_EE_KEY_TOO_SMALL, OUTSIDE_WEAK_KEY},
        {X509_V_ERR_CA_KEY_TOO_SMALL, OUTSIDE_WEAK_KEY},
        {X509_V_ERR_CA_MD_TOO_WEAK, OUTSIDE_WEAK_KEY},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, OUTSIDE_NO_ROOT},
        {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, OUTSIDE_NO_ROOT},
        {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, OUTSIDE_NO_ROOT},
        {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, OUTSIDE_NO_ROOT},
        {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, OUTSIDE_NO_ROOT},
        {X509_V_ERR_CERT_UNTRUSTED, OUTSIDE_NO_ROOT},
        {X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY, OUTSIDE_ALGORITHM},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        if (rows[i].code == code) {
            return rows[i].why;
        }
    }
    return OUTSIDE_BROKEN_CHAIN;
}

struct judging {
    struct req *rq;
    const struct outside_ask *ask;
    CMS_ContentInfo *ci;
    CMS_SignerInfo *si;
    STACK_OF(X509) *carried; /* in the signature */
    STACK_OF(X509) *between; /* these, and the trusted that are no roots */
    X509 *signer;
    struct outside_verdict *v;
};

/* Certificates that may stand between: those carried and the administrator's; the references stay with the
 * two stacks. */
static STACK_OF(X509) *joined(STACK_OF(X509) *a, STACK_OF(X509) *b)
{
    STACK_OF(X509) *all = sk_X509_new_null();
    for (int i = 0; all != NULL && i < sk_X509_num(a); i++) {
        (void)sk_X509_push(all, sk_X509_value(a, i));
    }
    for (int i = 0; all != NULL && i < sk_X509_num(b); i++) {
        (void)sk_X509_push(all, sk_X509_value(b, i));
    }
    return all;
}

static enum err root_set(struct judging *j, STACK_OF(X509) *chain)
{
    X509 *root = sk_X509_value(chain, sk_X509_num(chain) - 1);
    TRY(cms_int_facts(j->rq, root, &j->v->root));
    TRY(cms_int_der(j->rq, root, &j->v->root_der));
    j->v->has_root = true;
    return OK;
}

static enum err chain_look(struct judging *j, X509_STORE *roots, X509_STORE_CTX *ctx)
{
    struct outside_verdict *v = j->v;
    if (X509_STORE_CTX_init(ctx, roots, j->signer, j->between) != 1) {
        return FAIL(j->rq, E_BUSY, "certificates");
    }
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_time(param, (time_t)(outside_int_at(j->ask, v).ms / 1000));
    X509_VERIFY_PARAM_set_depth(param, 6);
    bool gost = is_gost_key(j->signer);
    X509_VERIFY_PARAM_set_auth_level(param, gost ? 0 : 2); /* 2: 112 bits: RSA 2048, no SHA-1 */
    bool ok = X509_verify_cert(ctx) == 1;
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    v->why[OUTSIDE_CHAIN] = ok ? OUTSIDE_GOOD : chain_why(X509_STORE_CTX_get_error(ctx));
    if (ok && gost && !gost_chain_is_strong(chain)) {
        v->why[OUTSIDE_CHAIN] = OUTSIDE_WEAK_KEY;
    }
    if (v->why[OUTSIDE_CHAIN] != OUTSIDE_GOOD) {
        return OK;
    }
    TRY(root_set(j, chain));
    if (!j->ask->skip_revocation) {
        v->why[OUTSIDE_REVOCATION] = outside_int_revoked(j->ask, chain, roots, j->between, v);
    }
    return OK;
}

static enum err chain_check(struct judging *j)
{
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *trusted = outside_int_trusted(j->ask, true);
    X509_STORE *roots = X509_STORE_new();
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    for (int i = 0; roots != NULL && i < sk_X509_num(trusted); i++) {
        (void)X509_STORE_add_cert(roots, sk_X509_value(trusted, i));
    }
    enum err e = roots != NULL && ctx != NULL && j->between != NULL ? chain_look(j, roots, ctx)
                                                                    : FAIL(j->rq, E_BUSY, "certificates");
    X509_STORE_CTX_free(ctx);
    X509_STORE_free(roots);
    return e;
}

bool outside_is_theirs(struct str cms)
{
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(cms);
    STACK_OF(CMS_SignerInfo) *all = ci != NULL ? CMS_get0_SignerInfos(ci) : NULL;
    bool one = all != NULL && sk_CMS_SignerInfo_num(all) == 1;
    CMS_SignerInfo *si = one ? sk_CMS_SignerInfo_value(all, 0) : NULL;
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *carried = si != NULL ? CMS_get1_certs(ci) : NULL;
    X509 *signer = si != NULL ? outside_int_signer(ci, si, carried) : NULL;
    bool theirs = signer != NULL && !cms_int_is_ours(signer);
    ERR_clear_error();
    return theirs;
}

/* ---- all of it ---- */

/* Purposes (RFC 5280 4.2.1.12) that are all of machines: servers of TLS, software, time stamps, answers about
 * revocation. National authorities name their own besides e-mail and sign-in, which are people's. */
static bool is_for_machines(X509 *x)
{
    static const int machines[] = {NID_server_auth, NID_code_sign, NID_time_stamp, NID_OCSP_sign,
                                   NID_ipsecEndSystem, NID_ipsecTunnel, NID_ipsecUser};
    EXTENDED_KEY_USAGE *all = X509_get_ext_d2i(x, NID_ext_key_usage, NULL, NULL);
    bool serves = (X509_get_extended_key_usage(x) & XKU_SSL_SERVER) != 0; /* then sign-in is a server's too */
    int others = 0;
    for (int i = 0; i < sk_ASN1_OBJECT_num(all); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(all, i));
        bool machine = serves && nid == NID_client_auth;
        for (size_t k = 0; k < LEN(machines); k++) {
            machine = machine || nid == machines[k];
        }
        others += !machine;
    }
    bool named = all != NULL;
    EXTENDED_KEY_USAGE_free(all);
    return named && others == 0;
}

static enum err signer_check(struct judging *j)
{
    struct outside_verdict *v = j->v;
    enum outside_why *why = v->why;
    if (j->signer == NULL) {
        why[OUTSIDE_SIGNER] = OUTSIDE_NO_CERTIFICATE;
        return OK;
    }
    enum err e = cms_int_facts(j->rq, j->signer, &v->signer);
    if (e == E_SYNTAX) {
        err_clear(j->rq);
        why[OUTSIDE_SIGNER] = OUTSIDE_NO_CERTIFICATE;
        return OK;
    }
    TRY(e);
    TRY(cms_int_der(j->rq, j->signer, &v->signer_der));
    v->has_signer = true;
    if (X509_get0_pubkey(j->signer) == NULL) {
        why[OUTSIDE_SIGNER] = OUTSIDE_ALGORITHM;
        return OK;
    }
    why[OUTSIDE_SIGNER] = OUTSIDE_GOOD;
    why[OUTSIDE_BYTES] =
        cms_int_signed(j->ci, j->carried, j->ask->content) ? OUTSIDE_GOOD : OUTSIDE_OTHER_BYTES;
    if (why[OUTSIDE_BYTES] != OUTSIDE_GOOD) {
        return OK;
    }
    why[OUTSIDE_BINDING] = cms_int_bound(j->si, j->signer) ? OUTSIDE_GOOD : OUTSIDE_OTHER_CERTIFICATE;
    bool signs = v->signer.may_sign && !v->signer.is_ca && !is_for_machines(j->signer);
    why[OUTSIDE_USE] = signs ? OUTSIDE_GOOD : OUTSIDE_NOT_FOR_SIGNING;
    return chain_check(j);
}

static enum err judge(struct judging *j)
{
    struct outside_verdict *v = j->v;
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *helpers = outside_int_trusted(j->ask, false);
    v->why[OUTSIDE_READ] = form_check(j->ci, &j->si);
    if (sk_X509_num(j->carried) > OUTSIDE_CARRIED_MAX) {
        v->why[OUTSIDE_READ] = OUTSIDE_TOO_LARGE;
    }
    v->has_time = j->si != NULL && cms_int_signing_time(j->si, &v->signed_at);
    if (v->why[OUTSIDE_READ] == OUTSIDE_GOOD && !v->has_time) {
        v->why[OUTSIDE_READ] = OUTSIDE_NO_ATTRIBUTES;
    }
    if (v->why[OUTSIDE_READ] != OUTSIDE_GOOD) {
        return OK;
    }
    v->why[OUTSIDE_DIGEST] = digest_check(j->si);
    if (v->why[OUTSIDE_DIGEST] != OUTSIDE_GOOD) {
        return OK;
    }
    j->signer = outside_int_signer(j->ci, j->si, j->carried);
    j->between = joined(j->carried, helpers);
    enum err e = signer_check(j);
    sk_X509_free(j->between);
    return e;
}

enum err outside_check(struct req *rq, const struct outside_ask *ask, struct outside_verdict *ret_verdict)
{
    struct outside_verdict v = {0};
    for (int i = 0; i < OUTSIDE_LINE_COUNT; i++) {
        v.why[i] = OUTSIDE_NOT_ASKED;
    }
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(ask->cms);
    enum err e = OK;
    if (ask->cms.n > OUTSIDE_MAX || ci == NULL) {
        v.why[OUTSIDE_READ] = ask->cms.n > OUTSIDE_MAX ? OUTSIDE_TOO_LARGE : OUTSIDE_NOT_CMS;
    } else {
        CLEANUP(outside_int_certs_done) STACK_OF(X509) *carried = CMS_get1_certs(ci);
        struct judging j = {.rq = rq, .ask = ask, .ci = ci, .carried = carried, .v = &v};
        e = judge(&j);
    }
    ERR_clear_error();
    TRY(e);
    *ret_verdict = v;
    return OK;
}
