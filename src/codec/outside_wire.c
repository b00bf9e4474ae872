/* codec/outside_wire.c - what is asked of the process that knows GOST, and what it answers. See
 * outside_wire.h. */
#include "codec/outside_wire.h"

#include <openssl/err.h>

#include "codec/outside_int.h"

enum { SMALL_LIST = 1 << 20, ANSWER_MAX = 64 * 1024 };

static const struct str ask_mark = SI("CKQ2");
static const struct str verdict_mark = SI("CKV1");

/* ---- writing ---- */

static void put_number(struct buf *b, uint64_t v, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++) {
        buf_char(b, (char)(v >> (8 * i) & 0xFF));
    }
}

static void put_text(struct buf *b, struct str s)
{
    put_number(b, s.n, 4);
    buf_str(b, s);
}

static void put_texts(struct buf *b, const struct str *all, uint32_t n)
{
    put_number(b, n, 4);
    for (uint32_t i = 0; i < n; i++) {
        put_text(b, all[i]);
    }
}

/* Whether a list is of the authority that issued the signer's certificate. */
static bool is_issuers(struct str list, const X509 *signer)
{
    X509_CRL *crl = signer != NULL ? outside_int_crl(list) : NULL;
    bool yes = crl != NULL && X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_issuer_name(signer)) == 0;
    X509_CRL_free(crl);
    return yes;
}

static uint32_t lists_choose(const struct outside_ask *ask, const X509 *signer, struct str *ret_lists)
{
    size_t left = OUTSIDE_WIRE_LISTS_MAX;
    uint32_t n = 0;
    for (uint32_t i = 0; i < ask->n_crls && i < OUTSIDE_CRLS_MAX; i++) {
        struct str l = ask->crls[i];
        if (l.n <= left && (l.n <= SMALL_LIST || is_issuers(l, signer))) {
            ret_lists[n++] = l;
            left -= l.n;
        }
    }
    return n;
}

enum err outside_ask_write(struct req *rq, const struct outside_ask *ask, struct str *ret_bytes)
{
    struct str *lists = ARENA_ARRAY(rq->a, OUTSIDE_CRLS_MAX, struct str);
    size_t size = 256 + ask->cms.n + ask->content.n;
    struct buf b;
    TRY_MEM(rq, lists);
    CLEANUP(outside_int_ci_done) CMS_ContentInfo *ci = outside_int_cms(ask->cms);
    STACK_OF(CMS_SignerInfo) *all = ci != NULL ? CMS_get0_SignerInfos(ci) : NULL;
    CLEANUP(outside_int_certs_done) STACK_OF(X509) *carried = ci != NULL ? CMS_get1_certs(ci) : NULL;
    bool one = all != NULL && sk_CMS_SignerInfo_num(all) == 1;
    X509 *signer = one ? outside_int_signer(ci, sk_CMS_SignerInfo_value(all, 0), carried) : NULL;
    uint32_t n_lists = lists_choose(ask, signer, lists);
    ERR_clear_error();
    for (uint32_t i = 0; i < n_lists; i++) {
        size += lists[i].n + 4;
    }
    for (uint32_t i = 0; i < ask->n_certs; i++) {
        size += ask->certs[i].n + 4;
    }
    for (uint32_t i = 0; i < ask->n_ocsp; i++) {
        size += ask->ocsp[i].n + 4;
    }
    buf_init(&b, rq->a, size);
    buf_str(&b, ask_mark);
    put_number(&b, (uint64_t)ask->now.ms, 8);
    put_number(&b, (uint64_t)ask->at.ms, 8);
    put_number(&b, ask->skip_revocation, 1);
    put_number(&b, ask->arrives, 1);
    put_text(&b, ask->cms);
    put_text(&b, ask->content);
    put_texts(&b, ask->certs, ask->n_certs);
    put_texts(&b, lists, n_lists);
    put_texts(&b, ask->ocsp, ask->n_ocsp);
    *ret_bytes = buf_get(&b);
    return buf_ok(&b) && ret_bytes->n <= OUTSIDE_WIRE_MAX ? OK : FAIL(rq, E_TOO_LARGE, "signature");
}

enum err outside_verdict_write(struct req *rq, const struct outside_verdict *v, struct str *ret_bytes)
{
    struct buf b;
    buf_init(&b, rq->a, ANSWER_MAX);
    buf_str(&b, verdict_mark);
    for (int i = 0; i < OUTSIDE_LINE_COUNT; i++) {
        put_number(&b, v->why[i], 1);
    }
    put_number(&b, v->has_time, 1);
    put_number(&b, (uint64_t)v->signed_at.ms, 8);
    put_number(&b, (uint64_t)v->revoked_at.ms, 8);
    put_text(&b, v->has_signer ? v->signer_der : S(""));
    put_text(&b, v->has_root ? v->root_der : S(""));
    *ret_bytes = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "signature");
}

/* ---- reading ---- */

struct cursor {
    struct str rest;
    bool bad;
};

static uint64_t take_number(struct cursor *c, unsigned bytes)
{
    uint64_t v = 0;
    if (c->rest.n < bytes) {
        c->bad = true;
        return 0;
    }
    for (unsigned i = 0; i < bytes; i++) {
        v |= (uint64_t)(unsigned char)c->rest.p[i] << (8 * i);
    }
    c->rest = str_sub(c->rest, bytes, c->rest.n);
    return v;
}

static struct str take_text(struct cursor *c)
{
    uint64_t n = take_number(c, 4);
    if (c->bad || n > c->rest.n) {
        c->bad = true;
        return (struct str){0};
    }
    struct str s = str_sub(c->rest, 0, n);
    c->rest = str_sub(c->rest, n, c->rest.n);
    return s;
}

static enum err take_texts(struct req *rq, struct cursor *c, uint32_t most, const struct str **ret_all,
                           uint32_t *ret_n)
{
    uint64_t n = take_number(c, 4);
    if (c->bad || n > most) {
        return FAIL(rq, E_SYNTAX, "question");
    }
    struct str *all = ARENA_ARRAY(rq->a, n + 1, struct str);
    TRY_MEM(rq, all);
    for (uint64_t i = 0; i < n; i++) {
        all[i] = take_text(c);
    }
    *ret_all = all;
    *ret_n = (uint32_t)n;
    return OK;
}

static bool take_mark(struct cursor *c, struct str mark)
{
    bool yes = str_starts(c->rest, mark);
    c->rest = yes ? str_sub(c->rest, mark.n, c->rest.n) : c->rest;
    return yes;
}

enum err outside_ask_read(struct req *rq, struct str bytes, struct outside_ask *ret_ask)
{
    struct cursor c = {.rest = bytes};
    struct outside_ask a = {.n_certs = 0};
    if (!take_mark(&c, ask_mark)) {
        return FAIL(rq, E_SYNTAX, "question");
    }
    a.now.ms = (int64_t)take_number(&c, 8);
    a.at.ms = (int64_t)take_number(&c, 8);
    a.skip_revocation = take_number(&c, 1) != 0;
    a.arrives = take_number(&c, 1) != 0;
    a.cms = take_text(&c);
    a.content = take_text(&c);
    TRY(take_texts(rq, &c, OUTSIDE_CERTS_MAX, &a.certs, &a.n_certs));
    TRY(take_texts(rq, &c, OUTSIDE_CRLS_MAX, &a.crls, &a.n_crls));
    TRY(take_texts(rq, &c, OUTSIDE_WANTS_MAX, &a.ocsp, &a.n_ocsp));
    if (c.bad || c.rest.n > 0) {
        return FAIL(rq, E_SYNTAX, "question");
    }
    *ret_ask = a;
    return OK;
}

enum err outside_verdict_read(struct req *rq, struct str bytes, struct outside_verdict *ret_verdict)
{
    struct cursor c = {.rest = bytes};
    struct outside_verdict v = {0};
    if (!take_mark(&c, verdict_mark)) {
        return FAIL(rq, E_SYNTAX, "answer");
    }
    for (int i = 0; i < OUTSIDE_LINE_COUNT; i++) {
        uint64_t why = take_number(&c, 1);
        c.bad = c.bad || why >= OUTSIDE_WHY_COUNT;
        v.why[i] = (enum outside_why)why;
    }
    v.has_time = take_number(&c, 1) != 0;
    v.signed_at.ms = (int64_t)take_number(&c, 8);
    v.revoked_at.ms = (int64_t)take_number(&c, 8);
    v.signer_der = take_text(&c);
    v.root_der = take_text(&c);
    if (c.bad || c.rest.n > 0) {
        return FAIL(rq, E_SYNTAX, "answer");
    }
    v.has_signer = v.signer_der.n > 0;
    v.has_root = v.root_der.n > 0;
    if (v.has_signer) {
        TRY(cert_read(rq, v.signer_der, &v.signer));
    }
    if (v.has_root) {
        TRY(cert_read(rq, v.root_der, &v.root));
    }
    *ret_verdict = v;
    return OK;
}
