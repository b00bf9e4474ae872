/* care/consilium_verify.c - checks of a downloaded protocol. See consilium_verify.h. */
#include "care/consilium_verify.h"

#include <sodium.h>
#include <stdio.h>

#include "base/text.h"
#include "care/outside.h"
#include "care/sign_doc.h"
#include "care/verify_int.h"
#include "codec/b64.h"

/* A protocol is signed within this time after it was fixed. */
#define APART_MS (366 * MS_DAY)
/* Clocks of people's computers, whose tokens sign, may be so far from ours. */
#define CLOCK_MS (5 * MS_MINUTE)
enum { PACKAGE_MAX = 12 << 20 };

const char consilium_whole_text[] = T("the file is exactly as it was given out");

static struct jv composition_of(struct jv bundle)
{
    return json_path(bundle, S("entry.0.resource"));
}

static bool is_protocol(struct jv bundle)
{
    return json_is(json_path(composition_of(bundle), S("type.coding.0.code")),
                   S("consilium-protocol"));
}

bool consilium_is_opinion(struct req *rq, struct str bytes)
{
    struct json_doc *doc = verify_json(rq, bytes);

    return doc != NULL && json_is(json_get(json_root(doc), S("resourceType")), S("ClinicalImpression"));
}

bool consilium_is_proof(struct req *rq, struct str bytes)
{
    struct str s = str_trim(bytes);
    struct json_doc *doc = s.n > 0 && s.p[0] == '{' ? verify_json(rq, bytes) : NULL;

    if (doc == NULL || !json_is(json_get(json_root(doc), S("resourceType")), S("Bundle"))) {
        return false;
    }
    return is_protocol(json_root(doc)) || json_is(json_get(json_root(doc), S("type")), S("collection"));
}

static void say(char why[static 160], const char *text)
{
    if (snprintf(why, 160, "%s", text) < 0) {
        why[0] = 0;
    }
}

static void fault(struct verify_report *r, const char *what, const char *why)
{
    if (r->n < VERIFY_LINES_MAX) {
        struct verify_line *l = &r->lines[r->n++];
        l->what = what;
        l->ok = false;
        say(l->why, why);
    }
    r->good = false;
}

/* ---- the files ---- */

static void binary_write(struct req *rq, struct json_out *o, struct str type, struct str bytes)
{
    struct buf data;

    buf_init(&data, rq->a, b64_chars(bytes.n) + 1);
    b64_write(&data, bytes.p, bytes.n, B64_STD);
    json_obj(o);
    json_k(o, S("resource"));
    json_obj(o);
    json_ks(o, S("resourceType"), S("Binary"));
    json_ks(o, S("contentType"), type);
    json_ks(o, S("data"), buf_get(&data));
    json_obj_end(o);
    json_obj_end(o);
}

/* Of all that the package carries: RFC 6920 name of the hash of the hashes. */
static struct str seal_name(struct req *rq, const struct consilium_proof *p)
{
    uint8_t sha[crypto_hash_sha256_BYTES];
    crypto_hash_sha256_state all;
    struct buf b;

    (void)crypto_hash_sha256_init(&all);
    for (uint32_t i = 0; i <= p->n_signatures; i++) {
        struct str one = i == 0 ? p->bundle : p->signatures[i - 1];
        (void)crypto_hash_sha256(sha, (const unsigned char *)one.p, one.n);
        (void)crypto_hash_sha256_update(&all, sha, sizeof sha);
    }
    (void)crypto_hash_sha256_final(&all, sha);
    buf_init(&b, rq->a, 128);
    sign_hash_name(&b, sha);
    return buf_get(&b);
}

enum err consilium_pack(struct req *rq, const struct consilium_proof *proof, struct str *ret_json)
{
    struct json_out o;
    struct buf b;

    buf_init(&b, rq->a, PACKAGE_MAX);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("Bundle"));
    json_k(&o, S("identifier"));
    json_obj(&o);
    json_ks(&o, S("system"), S("urn:ietf:rfc:3986"));
    json_ks(&o, S("value"), seal_name(rq, proof));
    json_obj_end(&o);
    json_ks(&o, S("type"), S("collection"));
    json_k(&o, S("entry"));
    json_arr(&o);
    binary_write(rq, &o, S("application/fhir+json"), proof->bundle);
    for (uint32_t i = 0; i < proof->n_signatures; i++) {
        binary_write(rq, &o, S("application/pkcs7-signature"), proof->signatures[i]);
    }
    json_arr_end(&o);
    json_obj_end(&o);
    *ret_json = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "protocol");
}

/* The document and the signatures out of a package. */
static enum err unpack(struct req *rq, struct consilium_proof *p)
{
    struct json_doc *doc = verify_json(rq, p->package);

    if (doc == NULL) {
        return FAIL(rq, E_SYNTAX, "the file is not JSON");
    }
    struct jv entries = json_get(json_root(doc), S("entry"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv data = json_path(e, S("resource.data"));
        struct str bytes = b64_decoded(rq->a, json_str(rq->a, data), B64_STD);
        if (bytes.p == NULL || p->n_signatures == CONSILIUM_SIGNERS_MAX) {
            return FAIL(rq, E_SYNTAX, "Bundle.entry");
        }
        if (p->bundle.p == NULL) {
            p->bundle = bytes;
        } else {
            p->signatures[p->n_signatures++] = bytes;
        }
    }
    return p->bundle.n > 0 ? OK : FAIL(rq, E_SYNTAX, "no document in the file");
}

/* Whether the package is the one its contents make, to the byte. */
static enum err whole_check(struct req *rq, const struct consilium_proof *p, bool *ret_whole)
{
    struct str again;

    TRY(consilium_pack(rq, p, &again));
    *ret_whole = str_eq(again, p->package);
    return OK;
}

enum err consilium_unpack(struct req *rq, struct str package, struct consilium_proof *ret_proof,
                          bool *ret_whole)
{
    struct consilium_proof *p = ARENA_NEW(rq->a, struct consilium_proof);

    TRY_MEM(rq, p);
    *p = (struct consilium_proof){.package = package};
    TRY(unpack(rq, p));
    TRY(whole_check(rq, p, ret_whole));
    *ret_proof = *p;
    return OK;
}

static enum err form_check(struct req *rq, const struct consilium_proof *p, struct consilium_report *r)
{
    bool whole = true;

    if (p->package.n > 0) {
        TRY(whole_check(rq, p, &whole));
    }
    if (!whole) {
        fault(&r->doc, consilium_whole_text, "its form was changed");
    }
    return OK;
}

/* ---- who is to sign ---- */

static bool has_dissent(struct jv attester)
{
    struct jv exts = json_get(attester, S("extension"));

    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(SIGN_EXT_DISSENT))) {
            return json_true(json_get(e, S("valueBoolean")));
        }
    }
    return false;
}

static void signers_read(struct req *rq, struct jv bundle, struct consilium_report *r)
{
    struct jv all = json_get(composition_of(bundle), S("attester"));

    for (struct jv a = json_first(all); json_has(a) && r->n < CONSILIUM_SIGNERS_MAX; a = json_next(a)) {
        struct jv party = json_get(a, S("party"));
        struct jv role = verify_resolve(rq, bundle, S("PractitionerRole"), party);
        struct jv person =
            verify_resolve(rq, bundle, S("Practitioner"), json_get(role, S("practitioner")));
        r->voices[r->n++] = (struct consilium_signer){
            .name = json_str(rq->a, json_get(party, S("display"))),
            .person = json_str(rq->a, json_get(person, S("id"))),
            .chairs = json_is(json_get(a, S("mode")), S("official")),
            .dissents = has_dissent(a),
        };
    }
    struct jv exts = json_get(composition_of(bundle), S("extension"));
    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        int64_t n = 0;
        if (json_is(json_get(e, S("url")), S(SIGN_EXT_QUORUM))
            && json_i64(json_get(e, S("valueInteger")), &n) && n > 0 && n < 1000) {
            r->quorum = (uint32_t)n;
        }
    }
}

/* ---- one signature ---- */

static const char *why_bad(const struct cms_verdict *v, const struct consilium_signer *s,
                           struct instant fixed)
{
    const char *stamp = verify_stamp_fault(&s->stamp, v->signed_at);

    if (!v->signature_ok || !v->form_ok) {
        return "the document or the signature was changed";
    }
    if (!v->has_signer || !v->binding_ok) {
        return "the certificate is missing or another one";
    }
    if (!v->chain_ok) {
        return v->chain_why;
    }
    if (!v->is_outside && !verify_name_fits(v->signer.subject.common_name, s->name)) {
        return "the name of the certificate is another one";
    }
    int64_t apart = v->signed_at.ms - fixed.ms;
    if (!v->has_time || apart < -CLOCK_MS || apart > APART_MS) {
        return "the time of signing does not fit";
    }
    return stamp;
}

struct checking {
    struct req *rq;
    const struct consilium_proof *p;
    struct jv bundle;
    struct str ca;        /* DER; empty: the one carried along */
    struct instant fixed;
    struct consilium_report *r;
};

/* The verdict on a signature, whether its certificate was revoked since, and the id of whose it is; empty:
 * nobody's. */
static enum err signature_judge(const struct checking *c, struct str file, const struct verify_stamp *stamp,
                                struct cms_verdict *v, bool *ret_since, struct str *ret_person)
{
    struct outside_verdict found;
    struct outside_ask ask = c->p->trust;
    struct str cms;

    TRY(verify_cms(c->rq, file, &cms));
    if (ask.n_certs == 0 || !verify_is_outside(c->rq, file)) {
        TRY(cms_verify(c->rq, cms, c->p->bundle, c->ca, v));
        *ret_person = v->signer.subject.serial_number;
        return OK;
    }
    TRY(outside_unwrap(c->rq, cms, &ask.cms));
    ask.content = c->p->bundle;
    ask.skip_revocation = ask.n_crls == 0;
    TRY(outside_verify_files(c->rq, &ask, &found, v));
    ask.at = found.has_signer ? verify_stamp_at(stamp, &found.signer) : (struct instant){0};
    if (ask.at.ms != 0) {
        TRY(outside_verify_files(c->rq, &ask, &found, v));
    }
    enum outside_why first = outside_first(&found);
    *ret_since = first == OUTSIDE_REVOKED_SINCE;
    v->chain_ok = first == OUTSIDE_GOOD || first == OUTSIDE_REVOKED_SINCE;
    v->chain_why = v->chain_ok ? "" : outside_why_text(first);
    *ret_person = v->has_signer ? outside_person_in(c->rq, c->bundle, v) : (struct str){0};
    return OK;
}

static enum err signature_check(const struct checking *c, struct str file)
{
    struct consilium_report *r = c->r;
    struct verify_stamp stamp;
    struct cms_verdict v;
    struct str person;
    bool since = false;

    TRY(verify_stamp_find(c->rq, file, c->p->tsa, c->p->n_tsa, c->p->tsa_named, &stamp));
    TRY(signature_judge(c, file, &stamp, &v, &since, &person));
    for (uint32_t i = 0; i < r->n; i++) {
        struct consilium_signer *s = &r->voices[i];
        if (!v.has_signer || s->person.n == 0 || !str_eq(s->person, person)) {
            continue;
        }
        if (s->is_signed && s->why[0] == 0) {
            return OK; /* twice: the first one holds */
        }
        s->is_signed = true;
        s->verdict = v;
        s->stamp = stamp;
        s->since = since;
        s->unasked = v.is_outside && c->p->trust.n_crls == 0;
        say(s->why, why_bad(&v, s, c->fixed));
        return OK;
    }
    bool theirs = c->p->trust.n_certs == 0 && verify_is_outside(c->rq, file);
    fault(&r->doc, T("every signature is of somebody the document names"),
          !v.has_signer ? "a certificate is missing"
          : theirs      ? "a certificate of another authority: give --roots FILE"
                        : "somebody else signed");
    return OK;
}

/* One authority stands for all signatures but those of roots the caller named: only one fingerprint is there
 * to be compared. */
static void authority_check(struct consilium_report *r)
{
    const struct cms_verdict *one = NULL;

    for (uint32_t i = 0; i < r->n; i++) {
        const struct cms_verdict *v = &r->voices[i].verdict;
        if (!r->voices[i].is_signed || !v->has_ca || v->is_outside) {
            continue;
        }
        if (one != NULL && !str_eq(one->ca_der, v->ca_der)) {
            fault(&r->doc, T("one authority stands for all signatures"),
                  "the certificates of the authority differ");
            return;
        }
        one = v;
    }
}

static void count(struct consilium_report *r)
{
    bool chair = false;

    r->good = r->doc.good;
    for (uint32_t i = 0; i < r->n; i++) {
        const struct consilium_signer *s = &r->voices[i];
        bool holds = s->is_signed && s->why[0] == 0;
        r->n_signed += holds;
        chair = chair || (holds && s->chairs);
        r->good = r->good && (!s->is_signed || holds);
    }
    if (!chair) {
        fault(&r->doc, T("the chair has signed"), "there is no signature of the chair that holds");
    }
    if (r->quorum == 0 || r->n_signed < r->quorum) {
        fault(&r->doc, T("as many have signed as the quorum asks for"), "fewer signatures hold");
    }
    r->good = r->good && r->doc.good;
}

enum err consilium_verify(struct req *rq, const struct consilium_proof *proof,
                          struct consilium_report *ret_report)
{
    struct consilium_report *r = ARENA_NEW(rq->a, struct consilium_report);
    struct consilium_proof *p = ARENA_NEW(rq->a, struct consilium_proof);
    struct instant fixed = {0};
    struct str ca = {0};

    TRY_MEM(rq, r);
    TRY_MEM(rq, p);
    *p = *proof;
    if (p->bundle.n == 0) {
        TRY(unpack(rq, p));
    }
    struct json_doc *doc = verify_json(rq, p->bundle);
    *r = (struct consilium_report){.doc.good = true};
    if (doc == NULL) {
        fault(&r->doc, T("the file is a FHIR document"), "it is not JSON");
        *ret_report = *r;
        return OK;
    }
    TRY(form_check(rq, p, r));
    if (p->trusted_ca.n > 0) {
        TRY(cert_unpem(rq, p->trusted_ca, &ca));
    }
    verify_structure(rq, json_root(doc), &r->doc);
    if (!is_protocol(json_root(doc))
        || !instant_parse(json_str(rq->a, json_get(composition_of(json_root(doc)), S("date"))), &fixed)) {
        fault(&r->doc, T("it is the protocol of a consilium"), "Composition.type or date");
    }
    signers_read(rq, json_root(doc), r);
    struct checking c = {.rq = rq, .p = p, .bundle = json_root(doc), .ca = ca, .fixed = fixed, .r = r};
    for (uint32_t i = 0; i < p->n_signatures; i++) {
        TRY(signature_check(&c, p->signatures[i]));
    }
    authority_check(r);
    count(r);
    *ret_report = *r;
    return OK;
}

/* ---- in words ---- */

static void held_write(struct buf *b, const struct consilium_signer *s)
{
    const struct cert_facts *f = &s->verdict.signer;

    BUF_LIT(b, ", ");
    if (!s->verdict.is_outside) {
        buf_str(b, f->subject.organization);
        BUF_LIT(b, ", ");
    }
    instant_write(b, s->verdict.signed_at);
    BUF_LIT(b, ", certificate ");
    buf_str(b, f->serial_hex);
    if (s->verdict.is_outside) { /* the name before is the document's: whom the authority names stands here */
        BUF_LIT(b, " of ");
        buf_str(b, f->subject.common_name);
        BUF_LIT(b, ", issued by ");
        buf_str(b, f->issuer.common_name);
        BUF_LIT(b, ", root ");
        buf_str(b, str_z(s->verdict.ca.fingerprint));
    }
    if (s->stamp.carries && s->stamp.looked) {
        BUF_LIT(b, ", stamped ");
        instant_write(b, s->stamp.facts.at);
        BUF_LIT(b, " by ");
        buf_str(b, s->stamp.facts.by);
        if (s->stamp.facts.at.ms >= f->until.ms) {
            BUF_LIT(b, " after the certificate had expired, which does not show that the signature was "
                       "made before");
        }
    } else if (s->stamp.carries) {
        BUF_LIT(b, "; its time stamp was not looked at: give --tsa-roots");
    }
    buf_str(b, s->since ? S("; the certificate was revoked after the signature was made") : S(""));
    buf_str(b, s->unasked ? S("; whether it was revoked was not looked at: give --crls") : S(""));
}

static void signer_write(struct buf *b, const struct consilium_signer *s)
{
    buf_str(b, s->why[0] != 0 ? S("FAIL  ") : s->is_signed ? S("ok    ") : S("--    "));
    buf_str(b, s->name);
    if (s->chairs) {
        BUF_LIT(b, ", chair");
    }
    if (s->dissents) {
        BUF_LIT(b, ", dissent on record");
    }
    if (!s->is_signed) {
        BUF_LIT(b, ": no signature");
    } else if (s->why[0] != 0) {
        BUF_LIT(b, ": ");
        buf_str(b, str_z(s->why));
    } else {
        held_write(b, s);
    }
    buf_char(b, '\n');
}

void consilium_verify_write(struct buf *b, const struct consilium_report *r)
{
    const struct cms_verdict *one = NULL;

    for (uint32_t i = 0; i < r->doc.n; i++) {
        const struct verify_line *l = &r->doc.lines[i];
        buf_str(b, l->ok ? S("ok    ") : S("FAIL  "));
        buf_str(b, str_z(l->what));
        if (!l->ok && l->why[0] != 0) {
            BUF_LIT(b, ": ");
            buf_str(b, str_z(l->why));
        }
        buf_char(b, '\n');
    }
    for (uint32_t i = 0; i < r->n; i++) {
        signer_write(b, &r->voices[i]);
        bool ours = r->voices[i].is_signed && !r->voices[i].verdict.is_outside;
        one = one == NULL && ours ? &r->voices[i].verdict : one;
    }
    BUF_LIT(b, "signatures   ");
    buf_u64(b, r->n_signed);
    BUF_LIT(b, " of ");
    buf_u64(b, r->n);
    BUF_LIT(b, ", quorum ");
    buf_u64(b, r->quorum);
    buf_char(b, '\n');
    if (one != NULL && one->has_ca) {
        BUF_LIT(b, "authority    ");
        buf_str(b, one->ca.subject.common_name);
        BUF_LIT(b, "\nfingerprint  ");
        buf_str(b, str_z(one->ca.fingerprint));
        buf_char(b, '\n');
        if (!one->ca_is_trusted) {
            BUF_LIT(b, "note  the authority's certificate came with the signatures: compare its SHA-256\n"
                       "      fingerprint with the one the deployment publishes, or give --ca FILE\n");
        }
    }
    buf_str(b, r->good ? S("VALID\n") : S("NOT VALID\n"));
}
