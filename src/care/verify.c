/* care/verify.c - checks of a downloaded conclusion. See verify.h. */
#include "care/verify_int.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"
#include "care/outside.h"
#include "codec/b64.h"
#include "codec/json.h"
#include "fhir/validate.h"

/* A document is shown before it is signed: the signature follows its date within a day. */
#define APART_MS (MS_DAY + MS_HOUR)

struct json_doc *verify_json(struct req *rq, struct str bytes)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    if (doc == NULL || json_parse(rq, bytes, NULL, doc) != OK) {
        err_clear(rq);
        return NULL;
    }
    return doc;
}

static struct jv member(struct jv v, struct str key)
{
    return json_get(v, key);
}

enum verify_kind verify_kind(struct req *rq, struct str bytes)
{
    struct str s = str_trim(bytes);
    if (s.n == 0) {
        return VERIFY_UNKNOWN;
    }
    if (s.p[0] != '{') {
        struct str der;
        bool is_signature = outside_unwrap(rq, bytes, &der) == OK;
        err_clear(rq);
        return is_signature ? VERIFY_SIGNATURE : VERIFY_UNKNOWN;
    }
    struct json_doc *doc = verify_json(rq, bytes);
    struct jv type = doc ? member(json_root(doc), S("resourceType")) : (struct jv){0};
    if (json_is(type, S("Bundle")) || json_is(type, S("ClinicalImpression"))) {
        return VERIFY_BUNDLE;
    }
    return json_is(type, S("Provenance")) ? VERIFY_SIGNATURE : VERIFY_UNKNOWN;
}

void verify_line(struct verify_report *r, const char *what, bool ok, const char *fmt, ...)
{
    if (r->n == VERIFY_LINES_MAX) {
        r->good = false;
        return;
    }
    struct verify_line *l = &r->lines[r->n++];
    l->what = what;
    l->ok = ok;
    l->why[0] = 0;
    if (ok) {
        return;
    }
    r->good = false;
    va_list ap;
    va_start(ap, fmt);
    if (vsnprintf(l->why, sizeof(l->why), fmt, ap) < 0) {
        l->why[0] = 0;
    }
    va_end(ap);
}

void verify_add(struct verify_report *r, const char *what, bool ok, const char *why)
{
    verify_line(r, what, ok, "%s", why);
}

/* The CMS itself: as it is, or out of a Provenance. */
enum err verify_cms(struct req *rq, struct str file, struct str *ret_cms)
{
    struct str s = str_trim(file);
    if (s.n == 0 || s.p[0] != '{') {
        *ret_cms = file;
        return OK;
    }
    struct json_doc *doc = verify_json(rq, file);
    if (doc == NULL) {
        return FAIL(rq, E_SYNTAX, "signature: not JSON");
    }
    struct jv data = json_path(json_root(doc), S("signature.0.data"));
    struct str cms = b64_decoded(rq->a, json_str(rq->a, data), B64_BLANKS);
    if (cms.p == NULL) {
        return FAIL(rq, E_SYNTAX, "Provenance.signature.data");
    }
    *ret_cms = cms;
    return OK;
}

/* The resource a reference "Type/id" names inside the Bundle. */
struct jv verify_resolve(struct req *rq, struct jv bundle, struct str type, struct jv reference)
{
    struct str ref = json_str(rq->a, member(reference, S("reference")));
    for (struct jv v = json_first(member(bundle, S("entry"))); json_has(v); v = json_next(v)) {
        struct jv r = member(v, S("resource"));
        struct str id = json_str(rq->a, member(r, S("id")));
        if (json_is(member(r, S("resourceType")), type) && id.n > 0 && str_ends(ref, id) &&
            ref.n == type.n + 1 + id.n && str_starts(ref, type)) {
            return r;
        }
    }
    return (struct jv){0};
}

void verify_structure(struct req *rq, struct jv bundle, struct verify_report *r)
{
    struct jv first = json_path(bundle, S("entry.0.resource"));
    bool is_doc = json_is(member(bundle, S("type")), S("document"));
    bool has_composition = json_is(member(first, S("resourceType")), S("Composition"));
    bool has_id = json_has(json_path(bundle, S("identifier.value")));
    bool has_time = json_has(member(bundle, S("timestamp")));
    verify_line(r, T("the file is a FHIR document"), is_doc && has_composition && has_id && has_time, "%s",
         !is_doc            ? "Bundle.type is not document"
         : !has_composition ? "the first entry is not a Composition"
                            : "Bundle.identifier or Bundle.timestamp is missing");
    enum err e = fhir_validate(rq, bundle, T_BUNDLE);
    verify_line(r, T("its content follows FHIR R4"), e == OK, "%u faults", fhir_issue_errors(rq));
    err_clear(rq);
    bool subject = json_has(verify_resolve(rq, bundle, S("Patient"), member(first, S("subject"))));
    verify_line(r, T("the patient is in the document"), subject,
                "Composition.subject is not among the entries");
}

bool verify_name_fits(struct str cert, struct str document)
{
    return cert.n > 0 && str_starts(document, cert) &&
           (cert.n == document.n || cert.n >= CERT_NAME_CHARS);
}

/* Of another maker: a number of the certificate is one of the author's in the document. */
void verify_number_check(struct req *rq, struct jv doc, struct str person, bool only,
                         struct verify_report *r)
{
    struct outside_number cert[OUTSIDE_NUMBERS_MAX];
    struct outside_number own[OUTSIDE_NUMBERS_MAX];
    uint32_t n_cert = 0;
    uint32_t n_own = 0;
    bool read = r->verdict.has_signer && outside_numbers_shown(rq, doc, person, own, &n_own) == OK
                && outside_numbers(rq, r->verdict.signer_der, cert, &n_cert) == OK;
    err_clear(rq);
    outside_numbers_keep(cert, &n_cert, r->verdict.vouches);
    verify_line(r, T("the author is the person of the certificate"),
         only && read && outside_is_same(cert, n_cert, own, n_own),
         "no national number of the certificate is the author's in the document");
}

static void author_check(struct req *rq, struct jv bundle, struct verify_report *r)
{
    const struct cert_name *who = &r->verdict.signer.subject;
    struct jv composition = json_path(bundle, S("entry.0.resource"));
    struct jv author = json_at(member(composition, S("author")), 0);
    struct jv role = verify_resolve(rq, bundle, S("PractitionerRole"), author);
    struct jv person = verify_resolve(rq, bundle, S("Practitioner"), member(role, S("practitioner")));
    struct str id = json_str(rq->a, member(person, S("id")));
    struct str name = json_str(rq->a, member(author, S("display")));
    struct str org = json_str(rq->a, json_path(composition, S("custodian.display")));
    bool only = json_len(member(composition, S("author"))) == 1;
    if (r->verdict.is_outside) {
        verify_number_check(rq, bundle, id, only, r);
        return;
    }
    verify_line(r, T("the author is the person of the certificate"),
         only && id.n > 0 && str_eq(id, who->serial_number) && verify_name_fits(who->common_name, name),
         "Composition.author and the certificate's subject differ");
    verify_line(r, T("the organisation is that of the certificate"), verify_name_fits(who->organization, org),
         "Composition.custodian and the certificate's subject differ");
}

void verify_time_check(struct req *rq, struct jv date, struct verify_report *r)
{
    struct instant at = {0};
    bool ok = instant_parse(json_str(rq->a, date), &at) && r->verdict.has_time;
    int64_t apart = r->verdict.signed_at.ms - at.ms;
    verify_line(r, T("the time of signing is the document's"), ok && apart > -MS_MINUTE && apart < APART_MS,
         "Composition.date and the signing time differ");
}

/* What the document itself says, held to the signature. */
static void content_check(struct req *rq, struct jv doc, struct verify_report *r)
{
    if (json_is(member(doc, S("resourceType")), S("ClinicalImpression"))) {
        verify_opinion(rq, doc, r);
        return;
    }
    verify_structure(rq, doc, r);
    author_check(rq, doc, r);
    verify_time_check(rq, json_path(doc, S("entry.0.resource.date")), r);
}

enum err verify_document(struct req *rq, struct str bundle, struct str signature,
                         struct str trusted_ca, struct verify_report *ret_report)
{
    struct verify_report *r = ARENA_NEW(rq->a, struct verify_report);
    struct json_doc *doc = verify_json(rq, bundle);
    struct str cms;
    struct str ca = {0};
    TRY_MEM(rq, r);
    if (doc == NULL) {
        return FAIL(rq, E_SYNTAX, "the document is not JSON");
    }
    TRY(verify_cms(rq, signature, &cms));
    if (trusted_ca.n > 0) {
        TRY(cert_unpem(rq, trusted_ca, &ca));
    }
    TRY(cms_verify(rq, cms, bundle, ca, &r->verdict));
    const struct cms_verdict *v = &r->verdict;
    r->good = true;
    verify_line(r, T("the signature is over exactly these bytes"), v->signature_ok && v->form_ok,
         "the document or the signature was changed");
    verify_line(r, T("the signature names its certificate"), v->has_signer && v->binding_ok,
         "the certificate is missing or another one");
    verify_line(r, T("the certificate was valid when signing, issued by the authority"), v->chain_ok, "%s",
         v->chain_why);
    content_check(rq, json_root(doc), r);
    *ret_report = *r;
    return OK;
}

static void outside_lines(const struct outside_verdict *o, struct verify_report *r)
{
    for (int i = 0; i < OUTSIDE_LINE_COUNT; i++) {
        enum outside_why why = o->why[i];
        bool last = i == OUTSIDE_REVOCATION;
        bool asked = !last || why != OUTSIDE_NOT_ASKED || o->why[OUTSIDE_CHAIN] != OUTSIDE_GOOD;
        bool since = last && why == OUTSIDE_REVOKED_SINCE;
        r->since = r->since || since;
        r->unasked = r->unasked || !asked;
        if (asked) {
            verify_line(r, outside_line_text((enum outside_line)i), why == OUTSIDE_GOOD || since, "%s",
                 outside_why_text(why));
        }
    }
}

enum err verify_outside(struct req *rq, struct str bundle, struct str signature,
                        const struct outside_ask *trust, struct verify_report *ret_report)
{
    struct verify_report *r = ARENA_NEW(rq->a, struct verify_report);
    struct json_doc *doc = verify_json(rq, bundle);
    struct outside_verdict found;
    struct outside_ask ask = *trust;
    struct str file;
    TRY_MEM(rq, r);
    if (doc == NULL) {
        return FAIL(rq, E_SYNTAX, "the document is not JSON");
    }
    TRY(verify_cms(rq, signature, &file));
    TRY(outside_unwrap(rq, file, &ask.cms));
    ask.content = bundle;
    ask.skip_revocation = ask.n_crls == 0;
    struct instant at = ask.at;
    ask.at = (struct instant){0};
    TRY(outside_verify_files(rq, &ask, &found, &r->verdict));
    const struct cert_facts *f = &found.signer;
    if (at.ms != 0 && found.has_signer && f->from.ms <= at.ms && at.ms < f->until.ms) {
        ask.at = at; /* one made after the certificate had ended shows nothing of it */
        TRY(outside_verify_files(rq, &ask, &found, &r->verdict));
    }
    r->good = true;
    outside_lines(&found, r);
    content_check(rq, json_root(doc), r);
    *ret_report = *r;
    return OK;
}

bool verify_is_outside(struct req *rq, struct str signature)
{
    struct str file;
    struct str der;
    bool theirs = verify_cms(rq, signature, &file) == OK && outside_unwrap(rq, file, &der) == OK
                  && outside_is_theirs(der);
    err_clear(rq);
    return theirs;
}

static void fact(struct buf *b, const char *name, struct str value)
{
    if (value.n > 0) {
        buf_str(b, str_z(name));
        buf_str(b, value);
        buf_char(b, '\n');
    }
}

static void time_fact(struct buf *b, const char *name, struct instant t)
{
    buf_str(b, str_z(name));
    instant_write(b, t);
    buf_char(b, '\n');
}

static void stamp_facts_write(struct buf *b, const struct verify_report *r)
{
    if (r->stamped_at.ms != 0) {
        time_fact(b, "stamped at   ", r->stamped_at);
        fact(b, "stamped by   ", r->stamped_by);
    }
    if (r->stamp_late) {
        BUF_LIT(b, "note  the time stamp was made after the certificate had expired: it does not show that\n"
                   "      the signature was made before\n");
    }
    if (r->stamp_unlooked) {
        BUF_LIT(b, "note  it carries a time stamp, which was not looked at: give --tsa-roots FILE\n");
    }
}

void verify_write(struct buf *b, const struct verify_report *r)
{
    const struct cms_verdict *v = &r->verdict;
    for (uint32_t i = 0; i < r->n; i++) {
        buf_str(b, r->lines[i].ok ? S("ok    ") : S("FAIL  "));
        buf_str(b, str_z(r->lines[i].what));
        if (!r->lines[i].ok && r->lines[i].why[0] != 0) {
            BUF_LIT(b, ": ");
            buf_str(b, str_z(r->lines[i].why));
        }
        buf_char(b, '\n');
    }
    if (v->has_signer) {
        fact(b, "signer       ", v->signer.subject.common_name);
        fact(b, "post         ", v->signer.subject.title);
        fact(b, "organisation ", v->signer.subject.organization);
        fact(b, "certificate  ", v->signer.serial_hex);
        fact(b, "issued by    ", v->is_outside ? v->signer.issuer.common_name : S(""));
    }
    if (v->has_time) {
        time_fact(b, "signed at    ", v->signed_at);
    }
    stamp_facts_write(b, r);
    if (v->has_ca) {
        fact(b, "authority    ", v->ca.subject.common_name);
        fact(b, "fingerprint  ", str_z(v->ca.fingerprint));
    }
    if (v->has_ca && !v->ca_is_trusted) {
        BUF_LIT(b, "note  the authority's certificate came with the signature: compare its SHA-256\n"
                   "      fingerprint with the one the deployment publishes, or give --ca FILE\n");
    }
    if (r->unasked) {
        BUF_LIT(b, "note  whether the certificate was revoked was not looked at: give --crls FOLDER\n");
    }
    if (r->since) {
        BUF_LIT(b, "note  the certificate was revoked after the signature was made\n");
    }
    buf_str(b, r->good ? S("VALID\n") : S("NOT VALID\n"));
}
