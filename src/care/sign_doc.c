/* care/sign_doc.c - the conclusion as a document Bundle. See sign_doc.h. */
#include "care/sign_doc.h"

#include <sodium.h>

#include "care/put.h"
#include "care/sign_int.h"
#include "codec/b64.h"
#include "os/random.h"

void sign_code_make(char out[SIGN_CODE_LEN + 1])
{
    char id[OS_ID_LEN + 1];
    os_id(id);
    for (size_t i = 0; i < SIGN_CODE_LEN; i++) {
        out[i] = id[i];
    }
    out[SIGN_CODE_LEN] = 0;
}

bool sign_code_is_valid(struct str code)
{
    for (size_t i = 0; i < code.n; i++) {
        bool letter = code.p[i] >= 'a' && code.p[i] <= 'z';
        if (!letter && !(code.p[i] >= '2' && code.p[i] <= '7')) {
            return false;
        }
    }
    return code.n == SIGN_CODE_LEN;
}

void sign_hash_name(struct buf *b, const uint8_t sha[32])
{
    BUF_LIT(b, "ni:///sha-256;");
    b64_write(b, sha, 32, B64_URL);
}

/* ---- the parts of resources a document carries ---- */

static const char *const patient_parts[] = {"identifier", "name", "gender", "birthDate", NULL};
static const char *const practitioner_parts[] = {"name", NULL};
static const char *const role_parts[] = {"practitioner", "organization", "code", "specialty", NULL};
static const char *const organization_parts[] = {"identifier", "name", NULL};
static const char *const request_parts[] = {"identifier", "status",     "intent",   "category",
                                            "priority",   "code",       "subject",  "authoredOn",
                                            "reasonCode", "note",       NULL};
static const char *const mark_parts[] = {"extension",    "basedOn",           "status",    "category",
                                         "code",         "subject",           "effectiveDateTime",
                                         "issued",       "performer",         "valueQuantity",
                                         "note",         "derivedFrom",       "component", NULL};
static const char *const response_parts[] = {"questionnaire", "status", "subject",
                                             "authored",      "item",   NULL};

struct writer {
    struct req *rq;
    const struct sign_doc *d;
    struct json_out o;
};

static struct str joined(struct req *rq, struct str a, struct str b, struct str c)
{
    struct buf out;
    buf_init(&out, rq->a, a.n + b.n + c.n);
    buf_str(&out, a);
    buf_str(&out, b);
    buf_str(&out, c);
    return buf_get(&out);
}

static void reference(struct writer *w, struct str key, struct str type, struct str id,
                      struct str display)
{
    json_k(&w->o, key);
    json_obj(&w->o);
    json_ks(&w->o, S("reference"), joined(w->rq, type, S("/"), id));
    if (display.n > 0) {
        json_ks(&w->o, S("display"), display);
    }
    json_obj_end(&w->o);
}

static void entry_begin(struct writer *w, struct str type, struct str id)
{
    json_obj(&w->o);
    struct str path = joined(w->rq, type, S("/"), id);
    json_ks(&w->o, S("fullUrl"), joined(w->rq, w->d->base_url, S("/fhir/"), path));
    json_k(&w->o, S("resource"));
    json_obj(&w->o);
    json_ks(&w->o, S("resourceType"), type);
    json_ks(&w->o, S("id"), id);
}

static void entry_end(struct writer *w)
{
    json_obj_end(&w->o);
    json_obj_end(&w->o);
}

static struct str id_of(struct writer *w, struct jv resource)
{
    return json_str(w->rq->a, json_get(resource, S("id")));
}

/* An entry with the named members of a stored resource, in that order. */
static void entry_copy(struct writer *w, struct str type, struct jv resource,
                       const char *const *parts)
{
    entry_begin(w, type, id_of(w, resource));
    for (size_t i = 0; parts[i] != NULL; i++) {
        struct jv v = json_get(resource, str_z(parts[i]));
        if (json_has(v)) {
            json_kv(&w->o, str_z(parts[i]), v);
        }
    }
    entry_end(w);
}

/* A file examined: named by the hash of its bytes, not by where it lies. */
static void entry_seen(struct writer *w, const struct sign_seen *s)
{
    struct buf name;
    buf_init(&name, w->rq->a, 128);
    sign_hash_name(&name, s->sha);
    entry_begin(w, S("DocumentReference"), s->id);
    json_k(&w->o, S("masterIdentifier"));
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:ietf:rfc:3986"));
    json_ks(&w->o, S("value"), buf_get(&name));
    json_obj_end(&w->o);
    json_ks(&w->o, S("status"), S("current"));
    reference(w, S("subject"), S("Patient"), id_of(w, w->d->patient), (struct str){0});
    json_k(&w->o, S("content"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_k(&w->o, S("attachment"));
    json_obj(&w->o);
    if (s->type.n > 0) {
        json_ks(&w->o, S("contentType"), s->type);
    }
    json_ki(&w->o, S("size"), (int64_t)s->size);
    json_ks(&w->o, S("title"), s->title);
    if (s->date.n > 0) {
        json_ks(&w->o, S("creation"), s->date);
    }
    json_obj_end(&w->o);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
    entry_end(w);
}

/* The picture a mark was made on has the mark's id. */
static void entry_picture(struct writer *w, const struct sign_mark *m)
{
    struct buf data;
    if (m->jpeg.n == 0) {
        return;
    }
    buf_init(&data, w->rq->a, b64_chars(m->jpeg.n) + 1);
    b64_write(&data, m->jpeg.p, m->jpeg.n, B64_STD);
    entry_begin(w, S("Media"), id_of(w, m->body));
    json_ks(&w->o, S("status"), S("completed"));
    reference(w, S("subject"), S("Patient"), id_of(w, w->d->patient), (struct str){0});
    json_ki(&w->o, S("height"), m->height);
    json_ki(&w->o, S("width"), m->width);
    json_k(&w->o, S("content"));
    json_obj(&w->o);
    json_ks(&w->o, S("contentType"), S("image/jpeg"));
    json_ks(&w->o, S("data"), buf_get(&data));
    json_obj_end(&w->o);
    entry_end(w);
}

static void identifier(struct writer *w, struct str key, struct str path, struct str value)
{
    json_k(&w->o, key);
    json_obj(&w->o);
    json_ks(&w->o, S("system"), joined(w->rq, w->d->base_url, path, (struct str){0}));
    json_ks(&w->o, S("value"), value);
    json_obj_end(&w->o);
}

static struct str instant_text(struct req *rq, struct instant t)
{
    struct buf b;
    buf_init(&b, rq->a, 64);
    instant_write(&b, t);
    return buf_get(&b);
}

static void narrative(struct writer *w, struct str div)
{
    json_k(&w->o, S("text"));
    json_obj(&w->o);
    json_ks(&w->o, S("status"), S("generated"));
    json_ks(&w->o, S("div"), div);
    json_obj_end(&w->o);
}

static void entry_ref(struct writer *w, struct str path, struct str id)
{
    json_obj(&w->o);
    json_ks(&w->o, S("reference"), joined(w->rq, path, id, (struct str){0}));
    json_obj_end(&w->o);
}

/* The files examined; marks in the order of their lines, then their pictures. */
static void section_entries(struct writer *w, const struct sign_section *s)
{
    const struct sign_doc *d = w->d;
    bool files = str_eq(s->code, S("documents"));
    if (files ? d->n_seen == 0 : !str_eq(s->code, S("measurements"))) {
        return;
    }
    json_k(&w->o, S("entry"));
    json_arr(&w->o);
    for (uint32_t i = 0; i < d->n_seen && files; i++) {
        entry_ref(w, S("DocumentReference/"), d->seen[i].id);
    }
    for (uint32_t i = 0; i < d->n_marks && !files; i++) {
        entry_ref(w, S("Observation/"), id_of(w, d->marks[i].body));
    }
    for (uint32_t i = 0; i < d->n_marks && !files; i++) {
        if (d->marks[i].jpeg.n > 0) {
            entry_ref(w, S("Media/"), id_of(w, d->marks[i].body));
        }
    }
    json_arr_end(&w->o);
}

static void section_write(struct writer *w, const struct sign_section *s)
{
    json_obj(&w->o);
    json_ks(&w->o, S("title"), s->title);
    json_k(&w->o, S("code"));
    json_obj(&w->o);
    put_coding(&w->o, S("https://consilium.example/fhir/CodeSystem/section"), s->code,
               (struct str){0});
    json_obj_end(&w->o);
    narrative(w, sign_int_xhtml(w->rq, s));
    section_entries(w, s);
    json_obj_end(&w->o);
}

static void relates_to(struct writer *w)
{
    if (w->d->replaces.n == 0) {
        return;
    }
    json_k(&w->o, S("relatesTo"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("code"), S("replaces"));
    identifier(w, S("targetIdentifier"), S("/check"), w->d->replaces);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

static void reason(struct writer *w)
{
    if (w->d->replaces.n == 0 || w->d->replace_reason.n == 0) {
        return;
    }
    json_k(&w->o, S("extension"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("url"), S(SIGN_EXT_REASON));
    json_ks(&w->o, S("valueString"), w->d->replace_reason);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

static void event(struct writer *w)
{
    const struct sign_doc *d = w->d;
    json_k(&w->o, S("event"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_k(&w->o, S("period"));
    json_obj(&w->o);
    if (d->start.ms != 0) {
        json_ks(&w->o, S("start"), instant_text(w->rq, d->start));
    }
    json_ks(&w->o, S("end"), instant_text(w->rq, d->at));
    json_obj_end(&w->o);
    json_k(&w->o, S("detail"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("reference"), joined(w->rq, S("ServiceRequest/"), d->case_id, (struct str){0}));
    json_obj_end(&w->o);
    if (json_has(d->response)) {
        json_obj(&w->o);
        json_ks(&w->o, S("reference"),
                joined(w->rq, S("QuestionnaireResponse/"), id_of(w, d->response), (struct str){0}));
        json_obj_end(&w->o);
    }
    json_arr_end(&w->o);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

static void author_reference(struct writer *w)
{
    const struct sign_doc *d = w->d;
    json_obj(&w->o);
    json_ks(&w->o, S("reference"),
            joined(w->rq, S("PractitionerRole/"), id_of(w, d->role), (struct str){0}));
    json_ks(&w->o, S("display"), d->author_name);
    json_obj_end(&w->o);
}

static void composition_head(struct writer *w)
{
    const struct sign_doc *d = w->d;
    identifier(w, S("identifier"), S("/fhir/sid/conclusion"), d->case_id);
    json_ks(&w->o, S("status"), d->replaces.n > 0 ? S("amended") : S("final"));
    json_k(&w->o, S("type"));
    json_obj(&w->o);
    put_coding(&w->o, S("http://loinc.org"), S("11488-4"), S("Consult note"));
    json_ks(&w->o, S("text"), d->title);
    json_obj_end(&w->o);
    reference(w, S("subject"), S("Patient"), id_of(w, d->patient), (struct str){0});
    json_ks(&w->o, S("date"), instant_text(w->rq, d->at));
    json_k(&w->o, S("author"));
    json_arr(&w->o);
    author_reference(w);
    json_arr_end(&w->o);
    json_ks(&w->o, S("title"), d->title);
    json_ks(&w->o, S("confidentiality"), S("N"));
    json_k(&w->o, S("attester"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("mode"), S("legal"));
    json_ks(&w->o, S("time"), instant_text(w->rq, d->at));
    json_k(&w->o, S("party"));
    author_reference(w);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
    reference(w, S("custodian"), S("Organization"), id_of(w, d->organization), d->organization_name);
}

static enum err composition(struct writer *w)
{
    const struct sign_section *head;
    struct sign_section files;
    struct sign_section marks;
    uint32_t n_head;
    TRY(sign_int_head(w->rq, w->d, &head, &n_head));
    TRY(sign_int_files(w->rq, w->d, &files));
    entry_begin(w, S("Composition"), w->d->composition_id);
    json_ks(&w->o, S("language"), lang_code(w->d->lang));
    struct sign_section none = {.code = S(""), .title = w->d->title};
    narrative(w, sign_int_xhtml(w->rq, &none));
    reason(w);
    composition_head(w);
    relates_to(w);
    event(w);
    json_k(&w->o, S("section"));
    json_arr(&w->o);
    for (uint32_t i = 0; i < n_head; i++) {
        section_write(w, &head[i]);
    }
    for (uint32_t i = 0; i < w->d->n_sections; i++) {
        section_write(w, &w->d->sections[i]);
    }
    if (w->d->n_marks > 0) {
        TRY(sign_int_marks(w->rq, w->d, &marks));
        section_write(w, &marks);
    }
    section_write(w, &files);
    struct sign_section signer;
    TRY(sign_int_signer(w->rq, w->d, &signer));
    section_write(w, &signer);
    json_arr_end(&w->o);
    entry_end(w);
    return OK;
}

/* What a document cannot be without. */
static enum err doc_check(struct req *rq, const struct sign_doc *d)
{
    static const char what[] = "document: %s is missing";
    const struct {
        const char *name;
        struct jv v;
    } resources[] = {{"Patient", d->patient},
                     {"Practitioner", d->practitioner},
                     {"PractitionerRole", d->role},
                     {"Organization", d->organization},
                     {"ServiceRequest", d->request}};
    for (size_t i = 0; i < LEN(resources); i++) {
        if (!json_has(json_get(resources[i].v, S("id")))) {
            return FAIL(rq, E_BAD_INPUT, what, resources[i].name);
        }
    }
    if (d->bundle_id.n == 0 || d->composition_id.n == 0 || d->case_id.n == 0 ||
        !sign_code_is_valid(d->code) || (d->replaces.n > 0 && !sign_code_is_valid(d->replaces))) {
        return FAIL(rq, E_BAD_INPUT, what, "an identifier");
    }
    if (d->base_url.n == 0 || d->title.n == 0 || d->author_name.n == 0) {
        return FAIL(rq, E_BAD_INPUT, what, "the address, the title or the author");
    }
    if (d->n_sections == 0) {
        return FAIL(rq, E_BAD_INPUT, what, "the conclusion");
    }
    return OK;
}

enum err sign_doc_build(struct req *rq, const struct sign_doc *d, struct str *ret_bytes)
{
    struct buf b;
    struct writer w = {.rq = rq, .d = d};
    TRY(doc_check(rq, d));
    buf_init(&b, rq->a, SIGN_DOC_MAX);
    json_out_init(&w.o, &b);
    json_obj(&w.o);
    json_ks(&w.o, S("resourceType"), S("Bundle"));
    json_ks(&w.o, S("id"), d->bundle_id);
    json_ks(&w.o, S("language"), lang_code(d->lang));
    identifier(&w, S("identifier"), S("/check"), d->code);
    json_ks(&w.o, S("type"), S("document"));
    json_ks(&w.o, S("timestamp"), instant_text(rq, d->at));
    json_k(&w.o, S("entry"));
    json_arr(&w.o);
    TRY(composition(&w));
    entry_copy(&w, S("Patient"), d->patient, patient_parts);
    entry_copy(&w, S("PractitionerRole"), d->role, role_parts);
    entry_copy(&w, S("Practitioner"), d->practitioner, practitioner_parts);
    entry_copy(&w, S("Organization"), d->organization, organization_parts);
    entry_copy(&w, S("ServiceRequest"), d->request, request_parts);
    if (json_has(d->response)) {
        entry_copy(&w, S("QuestionnaireResponse"), d->response, response_parts);
    }
    for (uint32_t i = 0; i < d->n_seen; i++) {
        entry_seen(&w, &d->seen[i]);
    }
    for (uint32_t i = 0; i < d->n_marks; i++) {
        entry_copy(&w, S("Observation"), d->marks[i].body, mark_parts);
        entry_picture(&w, &d->marks[i]);
    }
    json_arr_end(&w.o);
    json_obj_end(&w.o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "document");
    }
    *ret_bytes = buf_get(&b);
    return OK;
}

static void signature_write(struct writer *w, struct str cms, struct str at)
{
    struct buf data;
    buf_init(&data, w->rq->a, b64_chars(cms.n) + 1);
    b64_write(&data, cms.p, cms.n, B64_STD);
    json_k(&w->o, S("signature"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_k(&w->o, S("type"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:iso-astm:E1762-95:2013"));
    json_ks(&w->o, S("code"), S("1.2.840.10065.1.12.1.1"));
    json_ks(&w->o, S("display"), S("Author's Signature"));
    json_obj_end(&w->o);
    json_arr_end(&w->o);
    json_ks(&w->o, S("when"), at);
    json_k(&w->o, S("who"));
    author_reference(w);
    json_ks(&w->o, S("targetFormat"), S("application/fhir+json"));
    json_ks(&w->o, S("sigFormat"), S("application/pkcs7-signature"));
    json_ks(&w->o, S("data"), buf_get(&data));
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

/* What exactly was signed: the bytes, by their hash. */
static void entity_write(struct writer *w, struct str bytes)
{
    uint8_t sha[crypto_hash_sha256_BYTES];
    struct buf name;
    buf_init(&name, w->rq->a, 128);
    (void)crypto_hash_sha256(sha, (const unsigned char *)bytes.p, bytes.n);
    sign_hash_name(&name, sha);
    json_k(&w->o, S("entity"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("role"), S("source"));
    json_k(&w->o, S("what"));
    json_obj(&w->o);
    json_k(&w->o, S("identifier"));
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:ietf:rfc:3986"));
    json_ks(&w->o, S("value"), buf_get(&name));
    json_obj_end(&w->o);
    json_obj_end(&w->o);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

enum err sign_doc_provenance(struct req *rq, const struct sign_doc *d, struct str bytes,
                             struct str cms, struct str *ret_json)
{
    struct buf b;
    struct writer w = {.rq = rq, .d = d};
    struct str at = instant_text(rq, d->at);
    buf_init(&b, rq->a, 256 * 1024);
    json_out_init(&w.o, &b);
    json_obj(&w.o);
    json_ks(&w.o, S("resourceType"), S("Provenance"));
    json_k(&w.o, S("target"));
    json_arr(&w.o);
    json_obj(&w.o);
    json_ks(&w.o, S("reference"), joined(rq, S("Bundle/"), d->bundle_id, (struct str){0}));
    json_obj_end(&w.o);
    json_arr_end(&w.o);
    json_ks(&w.o, S("recorded"), at);
    json_k(&w.o, S("agent"));
    json_arr(&w.o);
    json_obj(&w.o);
    json_k(&w.o, S("type"));
    json_obj(&w.o);
    put_coding(&w.o, S("http://terminology.hl7.org/CodeSystem/provenance-participant-type"), S("author"),
           S("Author"));
    json_obj_end(&w.o);
    json_k(&w.o, S("who"));
    author_reference(&w);
    reference(&w, S("onBehalfOf"), S("Organization"), id_of(&w, d->organization),
              d->organization_name);
    json_obj_end(&w.o);
    json_arr_end(&w.o);
    entity_write(&w, bytes);
    signature_write(&w, cms, at);
    json_obj_end(&w.o);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "signature");
    }
    *ret_json = buf_get(&b);
    return OK;
}
