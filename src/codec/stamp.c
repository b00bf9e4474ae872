/* codec/stamp.c - time stamps are asked for and judged by OpenSSL 3. See stamp.h. */
#include "codec/stamp.h"

#include <openssl/err.h>
#include <openssl/ts.h>
#include <openssl/x509v3.h>

#include "base/text.h"
#include "codec/outside_int.h"

/* Clocks of authorities may be so far from ours. */
#define CLOCK_MS (5 * MS_MINUTE)

static const char *const whys[] = {
#define X(name, text) [name] = (text),
#include "codec/stamp.def"
#undef X
};

const char *stamp_why_text(enum stamp_why why)
{
    return whys[why];
}

static void request_done(TS_REQ **p)
{
    TS_REQ_free(*p);
}

static void reply_done(TS_RESP **p)
{
    TS_RESP_free(*p);
}

static void token_done(PKCS7 **p)
{
    PKCS7_free(*p);
}

static void info_done(TS_TST_INFO **p)
{
    TS_TST_INFO_free(*p);
}

static void store_done(X509_STORE **p)
{
    X509_STORE_free(*p);
}

static void number_done(ASN1_INTEGER **p)
{
    ASN1_INTEGER_free(*p);
}

/* OpenSSL's bytes into the arena; frees them. */
static enum err taken(struct req *rq, unsigned char *der, int n, struct str *ret_der)
{
    struct str s = n > 0 ? arena_str(rq->a, (struct str){(const char *)der, (size_t)n}) : (struct str){0};
    OPENSSL_free(der);
    ERR_clear_error();
    if (s.p == NULL) {
        return FAIL(rq, E_BUSY, "time stamp");
    }
    *ret_der = s;
    return OK;
}

/* ---- asking ---- */

bool stamp_is_policy(struct str text)
{
    char z[128];
    if (text.n == 0 || text.n >= sizeof z) {
        return false;
    }
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '.' && (text.p[i] < '0' || text.p[i] > '9')) {
            return false;
        }
        z[i] = text.p[i];
    }
    z[text.n] = 0;
    ASN1_OBJECT *o = OBJ_txt2obj(z, 1);
    ERR_clear_error();
    ASN1_OBJECT_free(o);
    return o != NULL;
}

static bool imprint_set(TS_REQ *q, struct str value)
{
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    TS_MSG_IMPRINT *imprint = TS_MSG_IMPRINT_new();
    X509_ALGOR *alg = X509_ALGOR_new();
    bool ok = imprint != NULL && alg != NULL
              && X509_ALGOR_set0(alg, OBJ_nid2obj(NID_sha256), V_ASN1_NULL, NULL) == 1
              && EVP_Digest(value.p, value.n, hash, &n, EVP_sha256(), NULL) == 1
              && TS_MSG_IMPRINT_set_algo(imprint, alg) == 1
              && TS_MSG_IMPRINT_set_msg(imprint, hash, (int)n) == 1
              && TS_REQ_set_msg_imprint(q, imprint) == 1;
    TS_MSG_IMPRINT_free(imprint);
    X509_ALGOR_free(alg);
    return ok;
}

/* gives the number the bytes are, never negative. */
static ASN1_INTEGER *nonce_number(const uint8_t *p, size_t n)
{
    BIGNUM *big = BN_bin2bn(p, (int)n, NULL);
    ASN1_INTEGER *number = big != NULL ? BN_to_ASN1_INTEGER(big, NULL) : NULL;
    BN_free(big);
    return number;
}

static bool policy_set(struct req *rq, TS_REQ *q, struct str policy)
{
    const char *z = arena_cstr(rq->a, policy);
    ASN1_OBJECT *o = z != NULL ? OBJ_txt2obj(z, 1) : NULL;
    bool ok = o != NULL && TS_REQ_set_policy_id(q, o) == 1;
    ASN1_OBJECT_free(o);
    return ok;
}

enum err stamp_request(struct req *rq, struct str value, struct str policy,
                       const uint8_t nonce[STAMP_NONCE], struct str *ret_der)
{
    CLEANUP(request_done) TS_REQ *q = TS_REQ_new();
    CLEANUP(number_done) ASN1_INTEGER *number = nonce_number(nonce, STAMP_NONCE);
    unsigned char *der = NULL;
    if (policy.n > 0 && (!stamp_is_policy(policy) || q == NULL || !policy_set(rq, q, policy))) {
        ERR_clear_error();
        return FAIL(rq, E_BAD_INPUT, "policy of time stamps: not an object identifier");
    }
    bool ok = q != NULL && number != NULL && TS_REQ_set_version(q, 1) == 1 && imprint_set(q, value)
              && TS_REQ_set_nonce(q, number) == 1 && TS_REQ_set_cert_req(q, 1) == 1;
    int n = ok ? i2d_TS_REQ(q, &der) : 0;
    return taken(rq, der, n, ret_der);
}

/* ---- judging ---- */

struct judging {
    struct req *rq;
    const struct stamp_ask *ask;
    PKCS7 *token;
    TS_TST_INFO *info;
    X509 *signer; /* borrowed from the token */
    struct stamp_facts *f;
};

/* Strong hashes alone: a forged imprint would move a stamp to another signature. */
static const EVP_MD *strong(const ASN1_OBJECT *oid)
{
    int nid = OBJ_obj2nid(oid);
    return nid == NID_sha256 || nid == NID_sha384 || nid == NID_sha512 ? EVP_get_digestbynid(nid) : NULL;
}

static bool imprint_fits(const struct judging *j)
{
    TS_MSG_IMPRINT *imprint = TS_TST_INFO_get_msg_imprint(j->info);
    X509_ALGOR *alg = imprint != NULL ? TS_MSG_IMPRINT_get_algo(imprint) : NULL;
    ASN1_OCTET_STRING *msg = imprint != NULL ? TS_MSG_IMPRINT_get_msg(imprint) : NULL;
    const ASN1_OBJECT *oid = NULL;
    unsigned char hash[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (alg == NULL || msg == NULL) {
        return false;
    }
    X509_ALGOR_get0(&oid, NULL, NULL, alg);
    const EVP_MD *md = strong(oid);
    return md != NULL && EVP_Digest(j->ask->value.p, j->ask->value.n, hash, &n, md, NULL) == 1
           && ASN1_STRING_length(msg) == (int)n && CRYPTO_memcmp(ASN1_STRING_get0_data(msg), hash, n) == 0;
}

static bool nonce_fits(const struct judging *j)
{
    if (j->ask->nonce.n == 0) {
        return true;
    }
    CLEANUP(number_done)
    ASN1_INTEGER *want = nonce_number((const uint8_t *)j->ask->nonce.p, j->ask->nonce.n);
    const ASN1_INTEGER *have = TS_TST_INFO_get_nonce(j->info);
    return want != NULL && have != NULL && ASN1_INTEGER_cmp(want, have) == 0;
}

static bool policy_fits(const struct judging *j)
{
    ASN1_OBJECT *have = TS_TST_INFO_get_policy_id(j->info);
    const char *z = j->ask->policy.n > 0 ? arena_cstr(j->rq->a, j->ask->policy) : NULL;
    ASN1_OBJECT *want = z != NULL ? OBJ_txt2obj(z, 1) : NULL;
    bool fits = j->ask->policy.n == 0 || (want != NULL && have != NULL && OBJ_cmp(have, want) == 0);
    ASN1_OBJECT_free(want);
    return fits;
}

static enum stamp_why info_check(struct judging *j)
{
    const ASN1_GENERALIZEDTIME *at = TS_TST_INFO_get_time(j->info);
    if (TS_TST_INFO_get_version(j->info) != 1) {
        return STAMP_NOT_TOKEN;
    }
    if (!imprint_fits(j)) {
        return STAMP_OTHER_BYTES;
    }
    if (!nonce_fits(j)) {
        return STAMP_OTHER_NONCE;
    }
    if (!policy_fits(j)) {
        return STAMP_OTHER_POLICY;
    }
    if (!cms_int_time(at, &j->f->at)) {
        return STAMP_NOT_TOKEN;
    }
    bool fits = j->f->at.ms >= j->ask->from.ms - CLOCK_MS && j->f->at.ms <= j->ask->until.ms + CLOCK_MS;
    return fits ? STAMP_GOOD : STAMP_OTHER_TIME;
}

/* RFC 3161 2.3: one purpose, and it is critical. */
static bool is_for_stamps(X509 *x)
{
    int at = X509_get_ext_by_NID(x, NID_ext_key_usage, -1);
    X509_EXTENSION *e = at >= 0 ? X509_get_ext(x, at) : NULL;
    uint32_t usage = X509_get_key_usage(x);
    bool signs = usage == UINT32_MAX
                 || ((usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0
                     && (usage & ~(uint32_t)(KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) == 0);
    return e != NULL && X509_EXTENSION_get_critical(e) == 1 && signs
           && X509_get_extended_key_usage(x) == XKU_TIMESTAMP;
}

/* The signer's certificate, its use and its time; the digest the token is signed over. */
static enum stamp_why signer_check(struct judging *j)
{
    STACK_OF(PKCS7_SIGNER_INFO) *all = PKCS7_get_signer_info(j->token);
    if (all == NULL || sk_PKCS7_SIGNER_INFO_num(all) != 1) {
        return STAMP_NOT_TOKEN;
    }
    PKCS7_SIGNER_INFO *si = sk_PKCS7_SIGNER_INFO_value(all, 0);
    X509_ALGOR *digest = NULL;
    const ASN1_OBJECT *oid = NULL;
    struct cert_facts facts;
    j->signer = PKCS7_cert_from_signer_info(j->token, si);
    if (j->signer == NULL) {
        return STAMP_NO_CERTIFICATE;
    }
    if (cms_int_facts(j->rq, j->signer, &facts) != OK) {
        err_clear(j->rq);
        return STAMP_NO_CERTIFICATE;
    }
    j->f->by = facts.subject.common_name.n > 0 ? facts.subject.common_name : facts.subject.organization;
    PKCS7_SIGNER_INFO_get0_algs(si, NULL, &digest, NULL);
    X509_ALGOR_get0(&oid, NULL, NULL, digest);
    if (strong(oid) == NULL) {
        return STAMP_WEAK;
    }
    if (!is_for_stamps(j->signer)) {
        return STAMP_NOT_FOR_STAMPS;
    }
    return facts.from.ms <= j->f->at.ms && j->f->at.ms < facts.until.ms ? STAMP_GOOD : STAMP_EXPIRED;
}

/* Why OpenSSL says no: the last of its words that we know. */
static enum stamp_why openssl_why(void)
{
    enum stamp_why why = STAMP_BROKEN;
    for (unsigned long e = ERR_get_error(); e != 0; e = ERR_get_error()) {
        if (ERR_GET_LIB(e) == ERR_LIB_ESS) {
            why = STAMP_OTHER_CERTIFICATE;
        }
        if (ERR_GET_LIB(e) != ERR_LIB_TS) {
            continue;
        }
        switch (ERR_GET_REASON(e)) {
        case TS_R_CERTIFICATE_VERIFY_ERROR: why = STAMP_NO_ROOT; break;
        case TS_R_ESS_SIGNING_CERTIFICATE_ERROR: why = STAMP_OTHER_CERTIFICATE; break;
        case TS_R_THERE_MUST_BE_ONE_SIGNER: why = STAMP_NOT_TOKEN; break;
        default: break;
        }
    }
    return why;
}

/* gives the roots as a store that judges as of the time of the stamp, 112 bits at least; NULL: no memory. */
static X509_STORE *store_of(const struct judging *j, STACK_OF(X509) *roots)
{
    X509_STORE *store = X509_STORE_new();
    X509_VERIFY_PARAM *param = store != NULL ? X509_STORE_get0_param(store) : NULL;
    if (param == NULL) {
        X509_STORE_free(store);
        return NULL;
    }
    X509_VERIFY_PARAM_set_time(param, (time_t)(j->f->at.ms / 1000));
    X509_VERIFY_PARAM_set_depth(param, 6);
    X509_VERIFY_PARAM_set_auth_level(param, 2);
    for (int i = 0; i < sk_X509_num(roots); i++) {
        (void)X509_STORE_add_cert(store, sk_X509_value(roots, i));
    }
    return store;
}

/* Signature, ESSCertID or ESSCertIDv2, and the chain for the purpose of time stamps. */
static enum err signature_check(struct judging *j)
{
    const struct outside_ask trust = {.certs = j->ask->certs, .n_certs = j->ask->n_certs};
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *roots = outside_int_trusted(&trust, true);
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *between = outside_int_trusted(&trust, false);
    CLEANUP(store_done) X509_STORE *store = store_of(j, roots);
    X509 *signer = NULL;
    if (roots == NULL || between == NULL || store == NULL) {
        return FAIL(j->rq, E_BUSY, "certificates");
    }
    ERR_clear_error();
    bool ok = TS_RESP_verify_signature(j->token, between, store, &signer) == 1;
    j->f->why = ok ? STAMP_GOOD : openssl_why();
    X509_free(signer);
    return OK;
}

/* PKCS7 with signed content and certificates that can be walked. */
static bool is_signed(PKCS7 *token)
{
    return token != NULL && PKCS7_type_is_signed(token) && token->d.sign != NULL
           && token->d.sign->contents != NULL;
}

static enum err judge(struct judging *j)
{
    if (!is_signed(j->token) || sk_X509_num(j->token->d.sign->cert) > OUTSIDE_CARRIED_MAX) {
        j->f->why = STAMP_NOT_TOKEN;
        return OK;
    }
    CLEANUP(info_done) TS_TST_INFO *info = PKCS7_to_TS_TST_INFO(j->token);
    j->info = info;
    j->f->why = info != NULL ? info_check(j) : STAMP_NOT_TOKEN;
    if (j->f->why == STAMP_GOOD) {
        j->f->why = signer_check(j);
    }
    return j->f->why == STAMP_GOOD ? signature_check(j) : OK;
}

enum err stamp_check(struct req *rq, struct str token, const struct stamp_ask *ask,
                     struct stamp_facts *ret_facts)
{
    struct stamp_facts f = {.why = STAMP_NOT_TOKEN};
    const unsigned char *p = (const unsigned char *)token.p;
    bool fits = token.n > 0 && token.n <= STAMP_REPLY_MAX;
    CLEANUP(token_done) PKCS7 *parsed = fits ? d2i_PKCS7(NULL, &p, (long)token.n) : NULL;
    enum err e = OK;
    if (parsed != NULL && p == (const unsigned char *)token.p + token.n) {
        struct judging j = {.rq = rq, .ask = ask, .token = parsed, .f = &f};
        e = judge(&j);
    }
    ERR_clear_error();
    TRY(e);
    *ret_facts = f;
    return OK;
}

enum err stamp_reply(struct req *rq, struct str reply, const struct stamp_ask *ask, struct str *ret_token,
                     struct stamp_facts *ret_facts)
{
    struct stamp_facts f = {.why = STAMP_NOT_REPLY};
    struct str token = {0};
    const unsigned char *p = (const unsigned char *)reply.p;
    bool fits = reply.n > 0 && reply.n <= STAMP_REPLY_MAX;
    CLEANUP(reply_done) TS_RESP *r = fits ? d2i_TS_RESP(NULL, &p, (long)reply.n) : NULL;
    TS_STATUS_INFO *status = r != NULL ? TS_RESP_get_status_info(r) : NULL;
    if (status != NULL && p == (const unsigned char *)reply.p + reply.n) {
        long code = ASN1_INTEGER_get(TS_STATUS_INFO_get0_status(status));
        bool granted = code == TS_STATUS_GRANTED || code == TS_STATUS_GRANTED_WITH_MODS;
        PKCS7 *inner = granted ? TS_RESP_get_token(r) : NULL;
        unsigned char *der = NULL;
        f.why = granted ? STAMP_NOT_TOKEN : STAMP_REJECTED;
        int n = inner != NULL ? i2d_PKCS7(inner, &der) : 0;
        if (n > 0) {
            TRY(taken(rq, der, n, &token));
            TRY(stamp_check(rq, token, ask, &f));
        }
    }
    ERR_clear_error();
    *ret_token = f.why == STAMP_GOOD ? token : (struct str){0};
    *ret_facts = f;
    return OK;
}

/* ---- in the signature ---- */

/* borrows from ci its only signer, or NULL. */
static CMS_SignerInfo *only(CMS_ContentInfo *ci)
{
    STACK_OF(CMS_SignerInfo) *all = ci != NULL ? CMS_get0_SignerInfos(ci) : NULL;
    return all != NULL && sk_CMS_SignerInfo_num(all) == 1 ? sk_CMS_SignerInfo_value(all, 0) : NULL;
}

/* The tokens of an attribute, from *n on. */
static enum err tokens_take(struct req *rq, X509_ATTRIBUTE *attr, struct str ret_tokens[STAMP_TOKENS_MAX],
                            uint32_t *n)
{
    for (int i = 0; i < X509_ATTRIBUTE_count(attr) && *n < STAMP_TOKENS_MAX; i++) {
        ASN1_TYPE *t = X509_ATTRIBUTE_get0_type(attr, i);
        if (t == NULL || t->type != V_ASN1_SEQUENCE) {
            continue;
        }
        const ASN1_STRING *s = t->value.sequence;
        struct str token = {(const char *)ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s)};
        ret_tokens[*n] = arena_str(rq->a, token);
        TRY_MEM(rq, ret_tokens[*n].p);
        (*n)++;
    }
    return OK;
}

enum err stamp_parts(struct req *rq, struct str cms, struct str *ret_value,
                     struct str ret_tokens[STAMP_TOKENS_MAX], uint32_t *ret_n)
{
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(cms);
    CMS_SignerInfo *si = only(ci);
    uint32_t n = 0;
    if (si == NULL) {
        return FAIL(rq, E_SYNTAX, "not CMS of one signer");
    }
    const ASN1_OCTET_STRING *octets = CMS_SignerInfo_get0_signature(si);
    struct str bytes = {(const char *)ASN1_STRING_get0_data(octets), (size_t)ASN1_STRING_length(octets)};
    struct str value = arena_str(rq->a, bytes);
    TRY_MEM(rq, value.p);
    for (int i = 0; i < CMS_unsigned_get_attr_count(si); i++) {
        X509_ATTRIBUTE *attr = CMS_unsigned_get_attr(si, i);
        if (OBJ_obj2nid(X509_ATTRIBUTE_get0_object(attr)) == NID_id_smime_aa_timeStampToken) {
            TRY(tokens_take(rq, attr, ret_tokens, &n));
        }
    }
    ERR_clear_error();
    *ret_value = value;
    *ret_n = n;
    return OK;
}

enum err stamp_attach(struct req *rq, struct str cms, struct str token, struct str *ret_cms)
{
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(cms);
    CMS_SignerInfo *si = only(ci);
    unsigned char *der = NULL;
    if (si == NULL || token.n == 0 || token.n > STAMP_REPLY_MAX) {
        return FAIL(rq, E_SYNTAX, "not CMS of one signer, or no time stamp");
    }
    bool ok = CMS_unsigned_add1_attr_by_NID(si, NID_id_smime_aa_timeStampToken, V_ASN1_SEQUENCE, token.p,
                                            (int)token.n) == 1;
    int n = ok ? i2d_CMS_ContentInfo(ci, &der) : 0;
    return taken(rq, der, n, ret_cms);
}
