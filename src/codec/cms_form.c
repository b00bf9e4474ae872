/* codec/cms_form.c - the one encoding of a signature that this program writes.
 *
 * A CMS file carries bytes that its signature does not cover: version numbers, names of algorithms, the
 * certificate of the authority. In a signature of the program's own authority each of them is known,
 * so the file is written again from what is signed and compared: a changed byte is found wherever it
 * stands. Who issued the signer's certificate is itself under the signature. */
#include <openssl/err.h>
#include <string.h>

#include "codec/cms_int.h"

enum {
    TAG_OCTETS = 0x04,
    TAG_SEQUENCE = 0x30,
    TAG_SET = 0x31,
    TAG_0 = 0xA0, /* [0] constructed */
    TAG_1 = 0xA1
};

/* X.690 of what is the same in all of them. */
static const struct str oid_data = SI("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01");
static const struct str oid_signed_data = SI("\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02");
static const struct str sha256 = SI("\x30\x0b\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01");
static const struct str ecdsa_sha256 = SI("\x30\x0a\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02");
static const struct str version_1 = SI("\x02\x01\x01");

/* One value of DER around the parts, in the arena; p NULL when it does not fit. */
static struct str wrap(struct arena *a, unsigned char tag, const struct str *parts, size_t n)
{
    struct buf b;
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        if (parts[i].p == NULL) {
            return (struct str){0};
        }
        len += parts[i].n;
    }
    buf_init(&b, a, len + 8);
    buf_char(&b, (char)tag);
    if (len > 0xFFFF) {
        return (struct str){0};
    }
    if (len > 0xFF) {
        BUF_LIT(&b, "\x82");
        buf_char(&b, (char)(len >> 8));
    } else if (len > 0x7F) {
        BUF_LIT(&b, "\x81");
    }
    buf_char(&b, (char)(len & 0xFF));
    for (size_t i = 0; i < n; i++) {
        buf_str(&b, parts[i]);
    }
    return buf_ok(&b) ? buf_get(&b) : (struct str){0};
}

#define WRAP(a, tag, ...)                                                                              \
    wrap((a), (tag), (const struct str[]){__VA_ARGS__},                                                \
         sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str))

/* The bytes OpenSSL has just encoded, in the arena; frees its copy. */
static struct str taken(struct arena *a, unsigned char *der, int n)
{
    struct str s = n > 0 ? arena_str(a, (struct str){(const char *)der, (size_t)n}) : (struct str){0};

    OPENSSL_free(der);
    return s;
}

static struct str name_der(struct arena *a, const X509_NAME *name)
{
    unsigned char *der = NULL;
    int n = i2d_X509_NAME(name, &der);

    return taken(a, der, n);
}

static struct str number_der(struct arena *a, const ASN1_INTEGER *number)
{
    unsigned char *der = NULL;
    int n = i2d_ASN1_INTEGER(number, &der);

    return taken(a, der, n);
}

/* The signed attributes, each as its bytes were signed. */
static struct str signed_part(struct arena *a, CMS_SignerInfo *si)
{
    struct str each[8];
    int n = CMS_signed_get_attr_count(si);

    if (n <= 0 || n > (int)LEN(each)) {
        return (struct str){0};
    }
    for (int i = 0; i < n; i++) {
        unsigned char *der = NULL;
        int bytes = i2d_X509_ATTRIBUTE(CMS_signed_get_attr(si, i), &der);
        each[i] = taken(a, der, bytes);
    }
    return wrap(a, TAG_0, each, (size_t)n);
}

/* The unsigned attributes: nothing, or one time stamp (codec/stamp.h), whose bytes its own signature
 * covers. */
static struct str stamp_part(struct arena *a, CMS_SignerInfo *si)
{
    unsigned char *der = NULL;
    int n = CMS_unsigned_get_attr_count(si);

    if (n <= 0) {
        return S("");
    }
    X509_ATTRIBUTE *one = CMS_unsigned_get_attr(si, 0);
    if (n > 1 || OBJ_obj2nid(X509_ATTRIBUTE_get0_object(one)) != NID_id_smime_aa_timeStampToken
        || X509_ATTRIBUTE_count(one) != 1) {
        return (struct str){0};
    }
    int bytes = i2d_X509_ATTRIBUTE(one, &der);
    return WRAP(a, TAG_1, taken(a, der, bytes));
}

/* SET OF: the smaller encoding first (X.690 11.6). */
static struct str certs_part(struct arena *a, struct str one, struct str two)
{
    int order = memcmp(one.p, two.p, one.n < two.n ? one.n : two.n);

    return order <= 0 ? WRAP(a, TAG_0, one, two) : WRAP(a, TAG_0, two, one);
}

bool cms_int_is_ours(const X509 *signer)
{
    char name[2 * sizeof(CERT_AUTHORITY_NAME)];
    int n = X509_NAME_get_text_by_NID(X509_get_issuer_name(signer), NID_commonName, name, sizeof(name));

    return n == (int)sizeof(CERT_AUTHORITY_NAME) - 1 && strcmp(name, CERT_AUTHORITY_NAME) == 0;
}

enum err cms_int_form(struct req *rq, CMS_SignerInfo *si, X509 *signer, X509 *ca, struct str *ret_der)
{
    struct arena *a = rq->a;
    const ASN1_OCTET_STRING *value = CMS_SignerInfo_get0_signature(si);
    struct str bytes = {(const char *)ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
    struct str one;
    struct str two;

    TRY(cms_int_der(rq, signer, &one));
    TRY(cms_int_der(rq, ca, &two));
    struct str sid = WRAP(a, TAG_SEQUENCE, name_der(a, X509_get_issuer_name(signer)),
                          number_der(a, X509_get0_serialNumber(signer)));
    struct str info = WRAP(a, TAG_SEQUENCE, version_1, sid, sha256, signed_part(a, si), ecdsa_sha256,
                           WRAP(a, TAG_OCTETS, bytes), stamp_part(a, si));
    struct str all = WRAP(a, TAG_SEQUENCE, version_1, WRAP(a, TAG_SET, sha256),
                          WRAP(a, TAG_SEQUENCE, oid_data), certs_part(a, one, two),
                          WRAP(a, TAG_SET, info));
    struct str der = WRAP(a, TAG_SEQUENCE, oid_signed_data, WRAP(a, TAG_0, all));
    ERR_clear_error();
    *ret_der = der;
    return OK;
}
