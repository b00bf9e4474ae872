/* care/outside.c - signatures of people's own means are taken, and read back. See outside.h. */
#include "care/outside.h"

#include <sodium.h>

#include "base/text.h"
#include "care/filetype.h"
#include "care/scan.h"
#include "care/sign_int.h"
#include "care/sub.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/outgoing.h"

/* Clocks of people's computers may be so far from ours. */
#define CLOCK_MS (5 * MS_MINUTE)
enum { ASK_MS = 4000, ASK_ALL_MS = 12000, OCSP_MAX = 64 * 1024, FETCHED_MAX = 16 << 20 };

bool outside_offered(const struct care *care)
{
    return care->outside.n_certs > 0;
}

/* ---- numbers ---- */

bool outside_is_same(const struct outside_number *cert, uint32_t n_cert,
                     const struct outside_number *person, uint32_t n_person)
{
    bool found = false;
    for (uint32_t i = 0; i < n_cert; i++) {
        for (uint32_t k = 0; k < n_person; k++) {
            if (cert[i].kind != person[k].kind) {
                continue;
            }
            if (!str_eq(str_z(cert[i].digits), str_z(person[k].digits))) {
                return false;
            }
            found = true;
        }
    }
    return found;
}

static enum err person_check(struct req *rq, const struct outside_verdict *v, uint8_t vouches,
                             struct jv bundle, const char **ret_fault)
{
    struct outside_number cert[OUTSIDE_NUMBERS_MAX];
    struct outside_number own[OUTSIDE_NUMBERS_MAX];
    struct outside_number shown[OUTSIDE_NUMBERS_MAX];
    uint32_t n_shown = 0;
    struct jv person;
    uint32_t n_cert = 0;
    uint32_t n_own = 0;
    TRY(sign_int_load(rq, T_PRACTITIONER, rq->who->person, &person));
    TRY(outside_numbers_of(rq, person, own, &n_own));
    TRY(outside_numbers_shown(rq, bundle, rq->who->person, shown, &n_shown));
    TRY(outside_numbers(rq, v->signer_der, cert, &n_cert));
    const uint32_t n_all = n_cert;
    outside_numbers_keep(cert, &n_cert, vouches);
    if (n_own == 0) {
        *ret_fault = T("Your personal number (SNILS, IIN or PINFL) is not on record: an administrator "
                       "enters it on your page under “People and organisations”.");
    } else if (n_cert == 0 && n_all > 0) {
        *ret_fault = T("The authority of this certificate is trusted here for the numbers of another country "
                       "alone.");
    } else if (n_cert == 0) {
        *ret_fault = T("The certificate names no personal number (SNILS, IIN or PINFL): whose it is "
                       "cannot be known.");
    } else if (!outside_is_same(cert, n_cert, own, n_own)) {
        *ret_fault = T("The certificate is another person's: its number is not the one on record for "
                       "you.");
    } else if (!outside_is_same(cert, n_cert, shown, n_shown)) {
        *ret_fault = T("The document was made before your personal number was put on record: go back to "
                       "the text, show it again, then sign that.");
    }
    return OK;
}

/* ---- whom to ask about revocation ---- */

struct asking {
    struct req *rq;
    struct outside_ask ask;
    struct str crls[OUTSIDE_CRLS_MAX];
    struct str ocsp[OUTSIDE_WANTS_MAX];
    struct outside_want wants[OUTSIDE_WANTS_MAX];
    uint32_t n_wants;
    int64_t until_ms; /* no call begins after this */
};

static bool may_call(const struct asking *a, struct str url)
{
    const struct hook_policy p = {.hosts = care_of(a->rq)->outside.hosts, .plain = true};
    return os_now().ms < a->until_ms && sub_host_may(&p, url);
}

/* The answer of an address; empty: none. Lists and answers carry their own signatures, so plain HTTP will do
 * (RFC 5280 8). */
static enum err fetch(struct asking *a, const struct outside_want *w, struct str *ret_bytes)
{
    struct os_got got = {0};
    enum err e = OK;
    *ret_bytes = (struct str){0};
    if (w->body.n > 0) {
        struct os_post p = {.url = w->url, .type = S("application/ocsp-request"), .body = w->body,
                            .timeout_ms = ASK_MS, .plain = true};
        e = os_post_ask(a->rq, &p, OCSP_MAX, &got);
    } else {
        struct os_get g = {.url = w->url, .timeout_ms = ASK_MS, .max_bytes = FETCHED_MAX, .plain = true};
        e = os_get(a->rq, &g, &got);
    }
    if (e == OK && got.status == 200) {
        *ret_bytes = got.body;
    }
    if (e == E_IO) {
        err_clear(a->rq);
        e = OK;
    }
    return e;
}

static enum err ask_ocsp(struct asking *a)
{
    for (uint32_t i = 0; i < a->n_wants; i++) {
        const struct outside_want *w = &a->wants[i];
        struct str answer = {0};
        if (w->body.n > 0 && may_call(a, w->url)) {
            TRY(fetch(a, w, &answer));
        }
        if (answer.n > 0) {
            a->ocsp[a->ask.n_ocsp++] = answer;
        }
    }
    return OK;
}

/* Keeps a fetched list, named after its address, for the next time. */
static enum err list_keep(struct asking *a, struct str url, struct str bytes)
{
    struct req *rq = a->rq;
    uint8_t sha[crypto_hash_sha256_BYTES];
    char path[OS_PATH_MAX];
    struct buf name;
    struct str dir = care_of(rq)->outside.lists;
    const char *folder = arena_cstr(rq->a, dir);
    TRY_MEM(rq, folder);
    (void)crypto_hash_sha256(sha, (const unsigned char *)url.p, url.n);
    buf_init(&name, rq->a, 64);
    BUF_LIT(&name, "fetched-");
    buf_hex(&name, sha, 12);
    BUF_LIT(&name, ".crl");
    TRY(os_mkdir(rq, folder));
    TRY(os_path(rq, dir, buf_get(&name), path));
    return os_write_file(rq, path, bytes, 0640);
}

static bool is_known(const struct outside_verdict *v)
{
    enum outside_why why = v->why[OUTSIDE_REVOCATION];
    return why != OUTSIDE_UNKNOWN && why != OUTSIDE_STALE;
}

/* Fetches lists one after the other until it is known; one that helped is kept. */
static enum err ask_lists(struct asking *a, struct outside_verdict *v)
{
    for (uint32_t i = 0; i < a->n_wants && !is_known(v) && a->ask.n_crls < OUTSIDE_CRLS_MAX; i++) {
        const struct outside_want *w = &a->wants[i];
        enum outside_why before = v->why[OUTSIDE_REVOCATION];
        struct str list = {0};
        struct str whose;
        struct instant until;
        if (w->body.n > 0 || !may_call(a, w->url)) {
            continue;
        }
        TRY(fetch(a, w, &list));
        if (outside_crl_read(a->rq, list, &until, &whose) != OK) {
            err_clear(a->rq);
            continue;
        }
        a->crls[a->ask.n_crls++] = list;
        TRY(outside_judge(a->rq, &a->ask, v));
        bool known_late = before == OUTSIDE_UNKNOWN && v->why[OUTSIDE_REVOCATION] == OUTSIDE_STALE;
        bool helped = is_known(v) || known_late;
        if (helped && list_keep(a, w->url, list) != OK) {
            err_clear(a->rq); /* the verdict stands without it */
        }
    }
    return OK;
}

static enum err judge(struct req *rq, struct str cms, struct str content, struct outside_verdict *v)
{
    const struct outside_policy *p = &care_of(rq)->outside;
    struct asking *a = ARENA_NEW(rq->a, struct asking);
    TRY_MEM(rq, a);
    *a = (struct asking){.rq = rq, .until_ms = os_now().ms + ASK_ALL_MS};
    a->ask = (struct outside_ask){.cms = cms, .content = content, .certs = p->certs, .n_certs = p->n_certs,
                                  .crls = a->crls, .ocsp = a->ocsp, .now = rq->now, .arrives = true};
    TRY(outside_lists_load(rq, p->lists, a->crls, NULL, &a->ask.n_crls));
    TRY(outside_judge(rq, &a->ask, v));
    if (v->why[OUTSIDE_CHAIN] != OUTSIDE_GOOD) {
        return OK; /* nobody is called for a certificate that is not to be taken */
    }
    TRY(outside_wants(rq, &a->ask, a->wants, &a->n_wants));
    TRY(ask_ocsp(a));
    if (a->ask.n_ocsp > 0) {
        TRY(outside_judge(rq, &a->ask, v));
    }
    return ask_lists(a, v);
}

/* ---- a signature comes ---- */

static const char *time_fault(const struct outside_verdict *v, struct instant made, struct instant now)
{
    if (v->signed_at.ms > now.ms + CLOCK_MS) {
        return T("The time of signing lies in the future: set the clock of the computer that signs, then "
                 "sign again.");
    }
    if (v->signed_at.ms < made.ms - CLOCK_MS) {
        return T("The time of signing is before the document was made: set the clock of the computer that "
                 "signs, then sign again.");
    }
    bool expired = v->signer.until.ms < now.ms;
    return expired ? T("The certificate has expired since the signature was made: nobody can tell that it "
                       "was made before.")
                   : NULL;
}

/* Of what was found: NULL, or why it is not taken. */
static const char *verdict_fault(struct req *rq, struct outside_verdict *v, struct sign_means *m)
{
    enum outside_why why = v->why[OUTSIDE_REVOCATION];
    if ((why == OUTSIDE_UNKNOWN || why == OUTSIDE_STALE) && v->revoked_at.ms != 0) {
        v->why[OUTSIDE_REVOCATION] = OUTSIDE_REVOKED_SINCE; /* one is; of another nothing is known */
    } else if ((why == OUTSIDE_UNKNOWN || why == OUTSIDE_STALE) && !care_of(rq)->outside.refuse_unknown) {
        m->warning = outside_why_text(why);
        v->why[OUTSIDE_REVOCATION] = OUTSIDE_GOOD;
    }
    why = outside_first(v);
    return why != OUTSIDE_GOOD ? outside_why_text(why) : NULL;
}

/* Of files that are no signature no more is asked. */
static enum err unwrap(struct req *rq, struct str file, struct str *ret_cms, const char **ret_fault)
{
    enum err e = outside_unwrap(rq, file, ret_cms);
    if (e == E_SYNTAX || e == E_TOO_LARGE) {
        err_clear(rq);
        *ret_fault = outside_why_text(e == E_SYNTAX ? OUTSIDE_NOT_CMS : OUTSIDE_TOO_LARGE);
        return OK;
    }
    return e;
}

static enum err refused(struct req *rq, const char *fault)
{
    struct buf b;
    buf_init(&b, rq->a, 512);
    BUF_LIT(&b, "own token: ");
    buf_str(&b, str_z(fault));
    TRY(audit_add(rq, &(struct audit_rec){.action = AUDIT_SIGN,
                                          .why = WHY_OWN,
                                          .outcome = E_BAD_INPUT,
                                          .type = T_PRACTITIONER,
                                          .id = rq->who->person,
                                          .detail = buf_get(&b)}));
    return FAIL(rq, E_BAD_INPUT, "%s", fault);
}

enum err outside_sign(struct req *rq, uint32_t rights, struct sign_means *means, struct str content,
                      struct jv bundle, struct sign_result *ret_result)
{
    struct outside_verdict *v = ARENA_NEW(rq->a, struct outside_verdict);
    struct sign_result r = {0};
    struct scan_result seen;
    TRY_MEM(rq, v);
    if (!outside_offered(care_of(rq))) {
        return FAIL(rq, E_UNSUPPORTED, "no authority is trusted: see the setting signature_roots");
    }
    TRY(sign_int_may(rq, rights));
    means->fault = NULL;
    TRY(scan_look(rq, means->file, &seen));
    means->fault = seen.verdict == SCAN_FOUND
                       ? T("A virus was found in the file of the signature. Nothing was signed.")
                   : seen.verdict == SCAN_TOO_LARGE ? file_verdict_text(FILE_UNSCANNED)
                                                    : NULL;
    if (means->fault == NULL) {
        TRY(unwrap(rq, means->file, &r.cms, &means->fault));
    }
    if (means->fault == NULL) {
        TRY(judge(rq, r.cms, content, v));
        means->fault = verdict_fault(rq, v, means);
    }
    if (means->fault == NULL) {
        means->fault = time_fault(v, sign_int_made(rq, bundle), rq->now);
    }
    if (means->fault == NULL) {
        const struct outside_policy *p = &care_of(rq)->outside;
        struct outside_ask trust = {.certs = p->certs, .n_certs = p->n_certs, .vouches = p->vouches};
        TRY(person_check(rq, v, outside_vouches(&trust, v), bundle, &means->fault));
    }
    if (means->fault != NULL) {
        return refused(rq, means->fault);
    }
    r.cert = v->signer_der;
    TRY(outside_verify(rq, r.cms, content, &r.verdict));
    *ret_result = r;
    return OK;
}

/* ---- stored ones ---- */

enum err outside_verify_files(struct req *rq, const struct outside_ask *ask,
                              struct outside_verdict *ret_outside, struct cms_verdict *ret_verdict)
{
    struct outside_verdict o;
    TRY(outside_judge(rq, ask, &o));
    enum outside_why first = outside_first(&o);
    bool chain = o.why[OUTSIDE_CHAIN] == OUTSIDE_GOOD && o.why[OUTSIDE_USE] == OUTSIDE_GOOD;
    bool revoked = o.why[OUTSIDE_REVOCATION] == OUTSIDE_REVOKED;
    *ret_outside = o;
    *ret_verdict = (struct cms_verdict){
        .is_outside = true,
        .vouches = outside_vouches(ask, &o),
        .signature_ok = o.why[OUTSIDE_BYTES] == OUTSIDE_GOOD,
        .binding_ok = o.why[OUTSIDE_BINDING] == OUTSIDE_GOOD,
        .chain_ok = chain && !revoked,
        .form_ok = true,
        .has_time = o.has_time,
        .has_signer = o.has_signer,
        .has_ca = o.has_root,
        .ca_is_trusted = o.has_root,
        .chain_why = chain && !revoked ? "" : outside_why_text(first),
        .signed_at = o.signed_at,
        .signer = o.signer,
        .ca = o.root,
        .signer_der = o.signer_der,
        .ca_der = o.root_der,
    };
    return OK;
}

enum err outside_verify(struct req *rq, struct str cms, struct str content, struct cms_verdict *ret_verdict)
{
    const struct care *care = care_of(rq);
    struct outside_verdict found;
    struct str ca = care->ca != NULL ? sign_ca_cert(care->ca) : (struct str){0};
    if (!outside_offered(care) || !outside_is_theirs(cms)) {
        return cms_verify(rq, cms, content, ca, ret_verdict);
    }
    struct outside_ask ask = {.cms = cms, .content = content, .certs = care->outside.certs,
                              .n_certs = care->outside.n_certs, .vouches = care->outside.vouches,
                              .now = rq->now, .skip_revocation = true};
    return outside_verify_files(rq, &ask, &found, ret_verdict);
}
