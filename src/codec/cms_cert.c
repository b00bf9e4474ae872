/* codec/cms_cert.c - keys and certificates by OpenSSL 3. See cms_cert.h. */
#include "codec/cms_cert.h"

#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include "codec/cms_int.h"

X509 *cms_int_cert(struct str der)
{
    if (der.n == 0 || der.n > CERT_MAX) {
        return NULL;
    }
    const unsigned char *p = (const unsigned char *)der.p;
    const unsigned char *end = p + der.n;
    X509 *x = d2i_X509(NULL, &p, (long)der.n);
    if (x != NULL && p != end) {
        X509_free(x);
        x = NULL;
    }
    ERR_clear_error();
    return x;
}

enum err cert_key_make(struct req *rq, enum cert_curve curve, uint8_t out[CERT_KEY_MAX],
                       size_t *ret_n)
{
    CLEANUP(pkey_done) EVP_PKEY *key = EVP_EC_gen(curve == CERT_P384 ? "P-384" : "P-256");
    return pkey_write(rq, key, out, CERT_KEY_MAX, ret_n);
}

/* s cut to CERT_NAME_CHARS characters, not inside one (UTF-8). */
static struct str name_cut(struct str s)
{
    size_t chars = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (((unsigned char)s.p[i] & 0xC0) != 0x80 && chars++ == CERT_NAME_CHARS) {
            return str_sub(s, 0, i);
        }
    }
    return s;
}

static bool name_add(X509_NAME *to, int nid, struct str text)
{
    struct str s = name_cut(text);
    if (s.n == 0) {
        return true;
    }
    return X509_NAME_add_entry_by_NID(to, nid, MBSTRING_UTF8, (const unsigned char *)s.p, (int)s.n,
                                      -1, 0) == 1;
}

static bool name_write(X509_NAME *to, const struct cert_name *from)
{
    return name_add(to, NID_countryName, from->country) &&
           name_add(to, NID_organizationName, from->organization) &&
           name_add(to, NID_title, from->title) &&
           name_add(to, NID_serialNumber, from->serial_number) &&
           name_add(to, NID_commonName, from->common_name);
}

static bool ext_add(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = e != NULL && X509_add_ext(x, e, -1) == 1;
    X509_EXTENSION_free(e);
    return ok;
}

static bool extensions_add(X509 *x, X509 *issuer, bool is_ca)
{
    if (is_ca) {
        return ext_add(x, issuer, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
               ext_add(x, issuer, NID_key_usage, "critical,keyCertSign,cRLSign") &&
               ext_add(x, issuer, NID_subject_key_identifier, "hash");
    }
    return ext_add(x, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
           ext_add(x, issuer, NID_key_usage, "critical,digitalSignature,nonRepudiation") &&
           ext_add(x, issuer, NID_subject_key_identifier, "hash") &&
           ext_add(x, issuer, NID_authority_key_identifier, "keyid:always");
}

/* 127 random bits, positive (RFC 5280 4.1.2.2). */
static bool serial_set(X509 *x)
{
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    bytes[0] = (unsigned char)((bytes[0] & 0x7F) | 0x40);
    BIGNUM *bn = BN_bin2bn(bytes, sizeof(bytes), NULL);
    bool ok = bn != NULL && BN_to_ASN1_INTEGER(bn, X509_get_serialNumber(x)) != NULL;
    BN_free(bn);
    return ok;
}

static bool times_set(X509 *x, struct instant from, struct instant until)
{
    return ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from.ms / 1000)) != NULL &&
           ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(until.ms / 1000)) != NULL;
}

static const EVP_MD *md_for(EVP_PKEY *key)
{
    return EVP_PKEY_get_bits(key) > 256 ? EVP_sha384() : EVP_sha256();
}

static bool cert_fill(X509 *x, const struct cert_ask *ask, EVP_PKEY *subject, X509 *ca,
                      EVP_PKEY *ca_key)
{
    X509 *issuer = ca ? ca : x;
    return X509_set_version(x, 2) == 1 && serial_set(x) && times_set(x, ask->from, ask->until) &&
           X509_set_pubkey(x, subject) == 1 && name_write(X509_get_subject_name(x), &ask->name) &&
           X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1 &&
           extensions_add(x, issuer, ca == NULL) && X509_sign(x, ca_key, md_for(ca_key)) > 0;
}

enum err cms_int_der(struct req *rq, X509 *x, struct str *ret_der)
{
    int n = i2d_X509(x, NULL);
    char *at = n > 0 ? arena_alloc_raw(rq->a, (size_t)n) : NULL;
    TRY_MEM(rq, at);
    unsigned char *p = (unsigned char *)at;
    n = i2d_X509(x, &p);
    *ret_der = (struct str){at, (size_t)n};
    return OK;
}

enum err cert_make(struct req *rq, const struct cert_ask *ask, struct str *ret_der)
{
    bool self = ask->ca_key.n == 0 && ask->ca_cert.n == 0;
    if (ask->name.common_name.n == 0 || ask->until.ms <= ask->from.ms) {
        return FAIL(rq, E_BAD_INPUT, "certificate: name or validity");
    }
    CLEANUP(pkey_done) EVP_PKEY *subject = pkey_read(ask->subject_key);
    CLEANUP(pkey_done) EVP_PKEY *ca_key = self ? NULL : pkey_read(ask->ca_key);
    CLEANUP(cms_int_x509_done) X509 *ca = self ? NULL : cms_int_cert(ask->ca_cert);
    if (subject == NULL || (!self && (ca_key == NULL || ca == NULL))) {
        return FAIL(rq, E_BAD_INPUT, "certificate: a key or the authority cannot be read");
    }
    if (!self && X509_check_private_key(ca, ca_key) != 1) {
        ERR_clear_error();
        return FAIL(rq, E_BAD_INPUT, "certificate: the authority's key is not its own");
    }
    CLEANUP(cms_int_x509_done) X509 *x = X509_new();
    bool ok = x != NULL && cert_fill(x, ask, subject, ca, self ? subject : ca_key);
    ERR_clear_error();
    if (!ok) {
        return FAIL(rq, E_BAD_INPUT, "certificate: could not be made from these values");
    }
    return cms_int_der(rq, x, ret_der);
}

/* A name part as UTF-8 in the arena, control characters replaced; empty when absent. */
static enum err name_part(struct req *rq, const X509_NAME *name, int nid, struct str *ret_s)
{
    int at = X509_NAME_get_index_by_NID(name, nid, -1);
    *ret_s = (struct str){"", 0};
    if (at < 0) {
        return OK;
    }
    unsigned char *utf8 = NULL;
    int n = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
    if (n < 0) {
        ERR_clear_error();
        return FAIL(rq, E_SYNTAX, "certificate: a name is not text");
    }
    char *copy = arena_alloc_raw(rq->a, (size_t)n);
    if (copy != NULL) {
        for (int i = 0; i < n; i++) {
            copy[i] = (char)(utf8[i] < 0x20 || utf8[i] == 0x7F ? ' ' : utf8[i]);
        }
    }
    OPENSSL_free(utf8);
    TRY_MEM(rq, copy);
    *ret_s = (struct str){copy, (size_t)n};
    return OK;
}

static enum err name_read(struct req *rq, const X509_NAME *name, struct cert_name *ret_name)
{
    TRY(name_part(rq, name, NID_commonName, &ret_name->common_name));
    TRY(name_part(rq, name, NID_title, &ret_name->title));
    TRY(name_part(rq, name, NID_organizationName, &ret_name->organization));
    TRY(name_part(rq, name, NID_serialNumber, &ret_name->serial_number));
    return name_part(rq, name, NID_countryName, &ret_name->country);
}

bool cms_int_time(const ASN1_TIME *t, struct instant *ret_t)
{
    struct tm tm;
    if (t == NULL || ASN1_TIME_to_tm(t, &tm) != 1) {
        ERR_clear_error();
        return false;
    }
    struct civil c = {
        .year = tm.tm_year + 1900,
        .month = tm.tm_mon + 1,
        .day = tm.tm_mday,
        .hour = tm.tm_hour,
        .minute = tm.tm_min,
        .second = tm.tm_sec,
    };
    if (!civil_is_valid(&c)) {
        return false;
    }
    *ret_t = instant_from_civil(&c, 0);
    return true;
}

enum err cms_int_facts(struct req *rq, X509 *x, struct cert_facts *ret_facts)
{
    struct cert_facts f = {0};
    TRY(name_read(rq, X509_get_subject_name(x), &f.subject));
    TRY(name_read(rq, X509_get_issuer_name(x), &f.issuer));
    if (!cms_int_time(X509_get0_notBefore(x), &f.from) ||
        !cms_int_time(X509_get0_notAfter(x), &f.until)) {
        return FAIL(rq, E_SYNTAX, "certificate: validity");
    }
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x);
    struct buf b;
    buf_init(&b, rq->a, 256);
    buf_hex(&b, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
    if (!buf_ok(&b)) {
        return FAIL(rq, E_SYNTAX, "certificate: serial number");
    }
    f.serial_hex = buf_get(&b);
    uint32_t flags = X509_get_extension_flags(x);
    uint32_t usage = X509_get_key_usage(x);
    f.is_ca = (flags & EXFLAG_CA) != 0;
    f.may_sign = (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
    unsigned char hash[32];
    unsigned int n = 0;
    if (X509_digest(x, EVP_sha256(), hash, &n) != 1 || n != sizeof(hash)) {
        ERR_clear_error();
        return FAIL(rq, E_SYNTAX, "certificate: fingerprint");
    }
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < sizeof(hash); i++) {
        f.fingerprint[2 * i] = hex[hash[i] >> 4];
        f.fingerprint[2 * i + 1] = hex[hash[i] & 15];
    }
    *ret_facts = f;
    return OK;
}

enum err cert_read(struct req *rq, struct str der, struct cert_facts *ret_facts)
{
    CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(der);
    if (x == NULL) {
        return FAIL(rq, E_SYNTAX, "not a certificate");
    }
    return cms_int_facts(rq, x, ret_facts);
}

enum err cert_pem(struct req *rq, struct str der, struct str *ret_pem)
{
    CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(der);
    CLEANUP(cms_int_bio_done) BIO *bio = BIO_new(BIO_s_mem());
    if (x == NULL || bio == NULL || PEM_write_bio_X509(bio, x) != 1) {
        ERR_clear_error();
        return FAIL(rq, E_SYNTAX, "not a certificate");
    }
    char *p = NULL;
    long n = BIO_get_mem_data(bio, &p);
    struct str copy = arena_str(rq->a, (struct str){p, (size_t)n});
    TRY_MEM(rq, copy.p);
    *ret_pem = copy;
    return OK;
}

enum err cert_unpem(struct req *rq, struct str pem_or_der, struct str *ret_der)
{
    CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(pem_or_der);
    if (x == NULL && pem_or_der.n <= 4 * CERT_MAX) {
        CLEANUP(cms_int_bio_done) BIO *bio = BIO_new_mem_buf(pem_or_der.p, (int)pem_or_der.n);
        x = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
        ERR_clear_error();
    }
    if (x == NULL) {
        return FAIL(rq, E_SYNTAX, "not a certificate");
    }
    return cms_int_der(rq, x, ret_der);
}

bool cert_key_fits(struct str key, struct str cert)
{
    CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(cert);
    CLEANUP(pkey_done) EVP_PKEY *k = pkey_read(key);
    bool ok = x != NULL && k != NULL && X509_check_private_key(x, k) == 1;
    ERR_clear_error();
    return ok;
}
