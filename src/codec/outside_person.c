/* codec/outside_person.c - whose certificate is it, and whom could one ask whether it is revoked? See
 * outside.h. */
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "codec/outside_int.h"

/* ---- national numbers ---- */

/* Where authorities write them into the subject. */
static const struct {
    enum ident_kind kind;
    const char *oid;
    struct str prefix; /* of the value */
} numbers[] = {
    /* order 795 of the FSB of Russia of 27.12.2011, section 18: СНИЛС, NumericString of 11 */
    {IDENT_SNILS, "1.2.643.100.3", SI("")},
    /* certificates of the national authority of Kazakhstan (pki.gov.kz): serialNumber (2.5.4.5) */
    {IDENT_IIN, "2.5.4.5", SI("IIN")},
    /* certificates of the authorities of Uzbekistan (E-IMZO): attribute of the holder's ПИНФЛ */
    {IDENT_PINFL, "1.2.860.3.16.1.2", SI("")},
};

static void number_read(struct arena *a, X509_NAME_ENTRY *entry,
                        struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n)
{
    char oid[80];
    int n = OBJ_obj2txt(oid, sizeof oid, X509_NAME_ENTRY_get_object(entry), 1);
    for (size_t i = 0; i < LEN(numbers) && n > 0; i++) {
        unsigned char *utf8 = NULL;
        if (strcmp(oid, numbers[i].oid) != 0 || *ret_n == OUTSIDE_NUMBERS_MAX) {
            continue;
        }
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
        struct str value = len > 0 ? arena_str(a, (struct str){(const char *)utf8, (size_t)len}) : S("");
        OPENSSL_free(utf8);
        struct outside_number *to = &ret_numbers[*ret_n];
        if (value.p == NULL || !str_starts(value, numbers[i].prefix)) {
            continue;
        }
        value = str_sub(value, numbers[i].prefix.n, value.n);
        if (ident_read(numbers[i].kind, value, to->digits)
            && ident_check(numbers[i].kind, str_z(to->digits), NULL) == IDENT_GOOD) {
            to->kind = numbers[i].kind;
            (*ret_n)++;
        }
    }
}

enum err outside_numbers(struct req *rq, struct str cert,
                         struct outside_number ret_numbers[OUTSIDE_NUMBERS_MAX], uint32_t *ret_n)
{
    CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(cert);
    uint32_t n = 0;
    if (x == NULL) {
        return FAIL(rq, E_SYNTAX, "certificate");
    }
    const X509_NAME *subject = X509_get_subject_name(x);
    for (int i = 0; i < X509_NAME_entry_count(subject) && i < 64; i++) {
        number_read(rq->a, X509_NAME_get_entry(subject, i), ret_numbers, &n);
    }
    ERR_clear_error();
    *ret_n = n;
    return OK;
}

/* ---- whom to ask ---- */

struct wants {
    struct req *rq;
    struct outside_want *all;
    uint32_t n;
};

static enum err want_add(struct wants *w, const ASN1_STRING *uri, struct str body)
{
    struct str url = {(const char *)ASN1_STRING_get0_data(uri), (size_t)ASN1_STRING_length(uri)};
    bool web = str_starts(url, S("http://")) || str_starts(url, S("https://"));
    if (!web || url.n > OUTSIDE_URL_MAX || w->n == OUTSIDE_WANTS_MAX) {
        return OK;
    }
    for (size_t i = 0; i < url.n; i++) {
        if ((unsigned char)url.p[i] <= ' ' || (unsigned char)url.p[i] >= 0x7F) {
            return OK;
        }
    }
    struct outside_want *to = &w->all[w->n];
    *to = (struct outside_want){.url = arena_str(w->rq->a, url), .body = arena_str(w->rq->a, body)};
    TRY_MEM(w->rq, to->url.p);
    w->n++;
    return OK;
}

static struct str ocsp_request(struct req *rq, X509 *cert, X509 *issuer)
{
    unsigned char *der = NULL;
    OCSP_REQUEST *r = OCSP_REQUEST_new();
    OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), cert, issuer); /* RFC 5019 2.1.1 */
    if (r == NULL || id == NULL || OCSP_request_add0_id(r, id) == NULL) {
        OCSP_CERTID_free(id);
        OCSP_REQUEST_free(r);
        return (struct str){0};
    }
    int n = i2d_OCSP_REQUEST(r, &der);
    struct str s = n > 0 ? arena_str(rq->a, (struct str){(const char *)der, (size_t)n}) : (struct str){0};
    OPENSSL_free(der);
    OCSP_REQUEST_free(r);
    return s;
}

static enum err wants_ocsp(struct wants *w, X509 *cert, X509 *issuer)
{
    AUTHORITY_INFO_ACCESS *all = X509_get_ext_d2i(cert, NID_info_access, NULL, NULL);
    enum err e = OK;
    for (int i = 0; e == OK && i < sk_ACCESS_DESCRIPTION_num(all); i++) {
        const ACCESS_DESCRIPTION *ad = sk_ACCESS_DESCRIPTION_value(all, i);
        if (OBJ_obj2nid(ad->method) == NID_ad_OCSP && ad->location->type == GEN_URI) {
            struct str body = ocsp_request(w->rq, cert, issuer);
            e = body.n > 0 ? want_add(w, ad->location->d.uniformResourceIdentifier, body) : OK;
        }
    }
    AUTHORITY_INFO_ACCESS_free(all);
    return e;
}

static enum err wants_crl(struct wants *w, X509 *cert)
{
    CRL_DIST_POINTS *all = X509_get_ext_d2i(cert, NID_crl_distribution_points, NULL, NULL);
    enum err e = OK;
    for (int i = 0; i < sk_DIST_POINT_num(all); i++) {
        const DIST_POINT *dp = sk_DIST_POINT_value(all, i);
        const GENERAL_NAMES *names =
            dp->distpoint != NULL && dp->distpoint->type == 0 ? dp->distpoint->name.fullname : NULL;
        for (int k = 0; e == OK && k < sk_GENERAL_NAME_num(names); k++) {
            const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, k);
            e = name->type == GEN_URI ? want_add(w, name->d.uniformResourceIdentifier, (struct str){0}) : OK;
        }
    }
    CRL_DIST_POINTS_free(all);
    return e;
}

/* borrows the issuer of cert by its name. */
static X509 *issuer_of(X509 *cert, STACK_OF(X509) *const *stacks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int k = 0; k < sk_X509_num(stacks[i]); k++) {
            X509 *x = sk_X509_value(stacks[i], k);
            if (x != cert && X509_check_issued(x, cert) == X509_V_OK) {
                return x;
            }
        }
    }
    return NULL;
}

static enum err wants_walk(struct wants *w, X509 *signer, STACK_OF(X509) *const *stacks, size_t n)
{
    X509 *cert = signer;
    for (int depth = 0; depth < 6 && cert != NULL; depth++) {
        X509 *issuer = issuer_of(cert, stacks, n);
        if (issuer == NULL || issuer == cert) {
            return OK;
        }
        TRY(wants_ocsp(w, cert, issuer));
        TRY(wants_crl(w, cert));
        cert = (X509_get_extension_flags(issuer) & EXFLAG_SS) != 0 ? NULL : issuer;
    }
    return OK;
}

enum err outside_wants(struct req *rq, const struct outside_ask *ask,
                       struct outside_want ret_wants[OUTSIDE_WANTS_MAX], uint32_t *ret_n)
{
    struct wants w = {.rq = rq, .all = ret_wants};
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(ask->cms);
    STACK_OF(CMS_SignerInfo) *all = ci != NULL ? CMS_get0_SignerInfos(ci) : NULL;
    *ret_n = 0;
    if (all == NULL || sk_CMS_SignerInfo_num(all) != 1) {
        return OK;
    }
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *carried = CMS_get1_certs(ci);
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *roots = outside_int_trusted(ask, true);
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *helpers = outside_int_trusted(ask, false);
    /* those that are trusted first, as the chain is built: what is carried is of the signer's choosing */
    STACK_OF(X509) *const stacks[] = {roots, helpers, carried};
    X509 *signer = outside_int_signer(ci, sk_CMS_SignerInfo_value(all, 0), carried);
    enum err e = sk_X509_num(carried) <= OUTSIDE_CARRIED_MAX && signer != NULL
                     ? wants_walk(&w, signer, stacks, LEN(stacks))
                     : OK;
    ERR_clear_error();
    TRY(e);
    *ret_n = w.n;
    return OK;
}

/* ---- files of an administrator ---- */

static enum err cert_keep(struct req *rq, X509 *x, struct str *ret_certs, uint32_t n, uint32_t *ret_n)
{
    if (*ret_n == n) {
        return FAIL(rq, E_TOO_LARGE, "more than %u certificates", n);
    }
    TRY(cms_int_der(rq, x, &ret_certs[*ret_n]));
    (*ret_n)++;
    return OK;
}

enum err outside_certs_read(struct req *rq, struct str file, struct str *ret_certs, uint32_t n,
                            uint32_t *ret_n)
{
    uint32_t before = *ret_n;
    if (file.n > 0 && (unsigned char)file.p[0] == 0x30) {
        CLEANUP(cms_int_x509_done) X509 *x = cms_int_cert(file);
        return x != NULL ? cert_keep(rq, x, ret_certs, n, ret_n) : FAIL(rq, E_SYNTAX, "not a certificate");
    }
    CLEANUP(cms_int_bio_done) BIO *b = BIO_new_mem_buf(file.n ? file.p : "", (int)file.n);
    for (;;) {
        CLEANUP(cms_int_x509_done) X509 *x = b != NULL ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
        if (x == NULL) {
            break;
        }
        TRY(cert_keep(rq, x, ret_certs, n, ret_n));
    }
    bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    ERR_clear_error();
    return at_end && *ret_n > before ? OK : FAIL(rq, E_SYNTAX, "not a file of certificates");
}

enum err outside_crl_read(struct req *rq, struct str file, struct instant *ret_until, struct str *ret_issuer)
{
    struct instant until = {0};
    X509_CRL *crl = outside_int_crl(file);
    if (crl == NULL) {
        return FAIL(rq, E_SYNTAX, "not a CRL");
    }
    (void)cms_int_time(X509_CRL_get0_nextUpdate(crl), &until);
    char *line = X509_NAME_oneline(X509_CRL_get_issuer(crl), NULL, 0);
    struct str issuer = arena_str(rq->a, line != NULL ? str_z(line) : S("?"));
    OPENSSL_free(line);
    X509_CRL_free(crl);
    ERR_clear_error();
    TRY_MEM(rq, issuer.p);
    *ret_until = until;
    *ret_issuer = issuer;
    return OK;
}

uint8_t outside_vouches(const struct outside_ask *ask, const struct outside_verdict *v)
{
    for (uint32_t i = 0; ask->vouches != NULL && v->has_root && i < ask->n_certs; i++) {
        if (str_eq(ask->certs[i], v->root_der)) {
            return ask->vouches[i];
        }
    }
    return 0;
}

void outside_numbers_keep(struct outside_number *all, uint32_t *n, uint8_t vouches)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < *n; i++) {
        if (vouches == 0 || (uint32_t)all[i].kind + 1 == vouches) {
            all[kept++] = all[i];
        }
    }
    *n = kept;
}
