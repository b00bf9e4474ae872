/* care/sign_doc.c - the conclusion as a document Bundle. See sign_doc.h. */
#include "care/sign_doc.h"

#include "base/text.h"
#include "care/put.h"
#include "care/sign_int.h"
#include "care/sign_write.h"
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
static const char *const known_parts[] = {"identifier", "name", NULL};
static const char *const role_parts[] = {"practitioner", "organization", "code", "specialty", NULL};
static const char *const organization_parts[] = {"identifier", "name", NULL};
static const char *const request_parts[] = {"identifier", "status",     "intent",   "category",
                                            "priority",   "code",       "subject",  "authoredOn",
                                            "reasonCode", "note",       NULL};
static const char *const encounter_parts[] = {"status",     "class",         "subject",
                                              "participant", "period",        "reasonCode",
                                              "serviceProvider", NULL};
static const char *const mark_parts[] = {"extension",    "basedOn",           "status",    "category",
                                         "code",         "subject",           "effectiveDateTime",
                                         "issued",       "performer",         "valueQuantity",
                                         "note",         "derivedFrom",       "component", NULL};
static const char *const response_parts[] = {"questionnaire", "status", "subject",
                                             "authored",      "item",   NULL};

const struct sign_type sign_visit = {.sid = SI("/fhir/sid/visit"),
                                     .loinc = SI("11506-3"),
                                     .display = SI("Progress note"),
                                     .author = T("Doctor")};

const struct sign_type sign_consilium = {.sid = SI("/fhir/sid/consilium-protocol"),
                                         .loinc = SI(""),
                                         .display = SI("consilium-protocol"),
                                         .author = T("Chair")};

static const char *const *person_parts(const struct sign_doc *d)
{
    return d->numbers ? known_parts : practitioner_parts;
}

/* A file examined: named by the hash of its bytes, not by where it lies. */
static void entry_seen(struct sign_writer *w, const struct sign_seen *s)
{
    struct buf name;
    buf_init(&name, w->rq->a, 128);
    sign_hash_name(&name, s->sha);
    sign_entry_begin(w, S("DocumentReference"), s->id);
    json_k(&w->o, S("masterIdentifier"));
    json_obj(&w->o);
    json_ks(&w->o, S("system"), S("urn:ietf:rfc:3986"));
    json_ks(&w->o, S("value"), buf_get(&name));
    json_obj_end(&w->o);
    json_ks(&w->o, S("status"), S("current"));
    sign_ref(w, S("subject"), S("Patient"), sign_id_of(w, w->d->patient), (struct str){0});
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
    sign_entry_end(w);
}

/* The picture a mark was made on has the mark's id. */
static void entry_picture(struct sign_writer *w, const struct sign_mark *m)
{
    struct buf data;
    if (m->jpeg.n == 0) {
        return;
    }
    buf_init(&data, w->rq->a, b64_chars(m->jpeg.n) + 1);
    b64_write(&data, m->jpeg.p, m->jpeg.n, B64_STD);
    sign_entry_begin(w, S("Media"), sign_id_of(w, m->body));
    json_ks(&w->o, S("status"), S("completed"));
    sign_ref(w, S("subject"), S("Patient"), sign_id_of(w, w->d->patient), (struct str){0});
    json_ki(&w->o, S("height"), m->height);
    json_ki(&w->o, S("width"), m->width);
    json_k(&w->o, S("content"));
    json_obj(&w->o);
    json_ks(&w->o, S("contentType"), S("image/jpeg"));
    json_ks(&w->o, S("data"), buf_get(&data));
    json_obj_end(&w->o);
    sign_entry_end(w);
}

static void narrative(struct sign_writer *w, struct str div)
{
    json_k(&w->o, S("text"));
    json_obj(&w->o);
    json_ks(&w->o, S("status"), S("generated"));
    json_ks(&w->o, S("div"), div);
    json_obj_end(&w->o);
}

static void entry_ref(struct sign_writer *w, struct str path, struct str id)
{
    json_obj(&w->o);
    json_ks(&w->o, S("reference"), sign_joined(w->rq, path, id, (struct str){0}));
    json_obj_end(&w->o);
}

/* The files examined; marks in the order of their lines, then their pictures. */
static void section_entries(struct sign_writer *w, const struct sign_section *s)
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
        entry_ref(w, S("Observation/"), sign_id_of(w, d->marks[i].body));
    }
    for (uint32_t i = 0; i < d->n_marks && !files; i++) {
        if (d->marks[i].jpeg.n > 0) {
            entry_ref(w, S("Media/"), sign_id_of(w, d->marks[i].body));
        }
    }
    json_arr_end(&w->o);
}

static void section_write(struct sign_writer *w, const struct sign_section *s)
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

static void relates_to(struct sign_writer *w)
{
    if (w->d->replaces.n == 0) {
        return;
    }
    json_k(&w->o, S("relatesTo"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("code"), S("replaces"));
    sign_identifier(w, S("targetIdentifier"), S("/check"), w->d->replaces);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

static void reason(struct sign_writer *w)
{
    bool has_reason = w->d->replaces.n > 0 && w->d->replace_reason.n > 0;
    if (!has_reason && w->d->quorum == 0) {
        return;
    }
    json_k(&w->o, S("extension"));
    json_arr(&w->o);
    if (has_reason) {
        json_obj(&w->o);
        json_ks(&w->o, S("url"), S(SIGN_EXT_REASON));
        json_ks(&w->o, S("valueString"), w->d->replace_reason);
        json_obj_end(&w->o);
    }
    if (w->d->quorum > 0) {
        json_obj(&w->o);
        json_ks(&w->o, S("url"), S(SIGN_EXT_QUORUM));
        json_ki(&w->o, S("valueInteger"), w->d->quorum);
        json_obj_end(&w->o);
    }
    json_arr_end(&w->o);
}

static void event(struct sign_writer *w)
{
    const struct sign_doc *d = w->d;
    json_k(&w->o, S("event"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_k(&w->o, S("period"));
    json_obj(&w->o);
    if (d->start.ms != 0) {
        json_ks(&w->o, S("start"), sign_instant(w->rq, d->start));
    }
    json_ks(&w->o, S("end"), sign_instant(w->rq, d->at));
    json_obj_end(&w->o);
    json_k(&w->o, S("detail"));
    json_arr(&w->o);
    json_obj(&w->o);
    json_ks(&w->o, S("reference"),
            json_has(d->encounter)
                ? sign_joined(w->rq, S("Encounter/"), sign_id_of(w, d->encounter), (struct str){0})
                : sign_joined(w->rq, S("ServiceRequest/"), d->case_id, (struct str){0}));
    json_obj_end(&w->o);
    if (json_has(d->response)) {
        json_obj(&w->o);
        json_ks(&w->o, S("reference"),
                sign_joined(w->rq, S("QuestionnaireResponse/"), sign_id_of(w, d->response), (struct str){0}));
        json_obj_end(&w->o);
    }
    json_arr_end(&w->o);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
}

/* Everybody who is to sign: the chair officially; a dissenting opinion is marked. */
static void parties_write(struct sign_writer *w)
{
    for (uint32_t i = 0; i < w->d->n_parties; i++) {
        const struct sign_party *p = &w->d->parties[i];
        json_obj(&w->o);
        if (p->dissents) {
            json_k(&w->o, S("extension"));
            json_arr(&w->o);
            json_obj(&w->o);
            json_ks(&w->o, S("url"), S(SIGN_EXT_DISSENT));
            json_kb(&w->o, S("valueBoolean"), true);
            json_obj_end(&w->o);
            json_arr_end(&w->o);
        }
        json_ks(&w->o, S("mode"), p->chairs ? S("official") : S("professional"));
        sign_ref(w, S("party"), S("PractitionerRole"), sign_id_of(w, p->role), p->name);
        json_obj_end(&w->o);
    }
}

static bool same_id(struct sign_writer *w, struct jv a, struct jv b)
{
    return str_eq(sign_id_of(w, a), sign_id_of(w, b));
}

/* Their roles, persons and organisations, each once; the author's stand already. */
static void party_entries(struct sign_writer *w)
{
    const struct sign_doc *d = w->d;
    for (uint32_t i = 0; i < d->n_parties; i++) {
        const struct sign_party *p = &d->parties[i];
        bool has_org = same_id(w, p->organization, d->organization);
        for (uint32_t k = 0; k < i; k++) {
            has_org = has_org || same_id(w, p->organization, d->parties[k].organization);
        }
        if (!same_id(w, p->role, d->role)) {
            sign_entry_copy(w, S("PractitionerRole"), p->role, role_parts);
            sign_entry_copy(w, S("Practitioner"), p->practitioner, person_parts(d));
        }
        if (!has_org) {
            sign_entry_copy(w, S("Organization"), p->organization, organization_parts);
        }
    }
}

static void composition_head(struct sign_writer *w)
{
    const struct sign_doc *d = w->d;
    bool own = d->type != NULL;
    sign_identifier(w, S("identifier"), own ? d->type->sid : S("/fhir/sid/conclusion"), d->case_id);
    json_ks(&w->o, S("status"), d->replaces.n > 0 ? S("amended") : S("final"));
    json_k(&w->o, S("type"));
    json_obj(&w->o);
    if (own && d->type->loinc.n == 0) {
        put_coding(&w->o, S("https://consilium.example/fhir/CodeSystem/document"), d->type->display,
                   (struct str){0});
    } else {
        put_coding(&w->o, S("http://loinc.org"), own ? d->type->loinc : S("11488-4"),
                   own ? d->type->display : S("Consult note"));
    }
    json_ks(&w->o, S("text"), d->title);
    json_obj_end(&w->o);
    sign_ref(w, S("subject"), S("Patient"), sign_id_of(w, d->patient), (struct str){0});
    if (json_has(d->encounter)) {
        sign_ref(w, S("encounter"), S("Encounter"), sign_id_of(w, d->encounter), (struct str){0});
    }
    json_ks(&w->o, S("date"), sign_instant(w->rq, d->at));
    json_k(&w->o, S("author"));
    json_arr(&w->o);
    sign_author_ref(w);
    json_arr_end(&w->o);
    json_ks(&w->o, S("title"), d->title);
    json_ks(&w->o, S("confidentiality"), S("N"));
    json_k(&w->o, S("attester"));
    json_arr(&w->o);
    if (d->n_parties > 0) {
        parties_write(w);
        json_arr_end(&w->o);
        sign_ref(w, S("custodian"), S("Organization"), sign_id_of(w, d->organization),
                 d->organization_name);
        return;
    }
    json_obj(&w->o);
    json_ks(&w->o, S("mode"), S("legal"));
    json_ks(&w->o, S("time"), sign_instant(w->rq, d->at));
    json_k(&w->o, S("party"));
    sign_author_ref(w);
    json_obj_end(&w->o);
    json_arr_end(&w->o);
    sign_ref(w, S("custodian"), S("Organization"), sign_id_of(w, d->organization), d->organization_name);
}

static enum err composition(struct sign_writer *w)
{
    const struct sign_section *head = NULL;
    struct sign_section files;
    struct sign_section marks;
    uint32_t n_head = 0;
    if (w->d->type == NULL) {
        TRY(sign_int_head(w->rq, w->d, &head, &n_head));
    }
    TRY(sign_int_files(w->rq, w->d, &files));
    sign_entry_begin(w, S("Composition"), w->d->composition_id);
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
    if (w->d->type == NULL || w->d->n_seen > 0) {
        section_write(w, &files);
    }
    if (w->d->n_parties == 0) {
        struct sign_section signer;
        TRY(sign_int_signer(w->rq, w->d, &signer));
        section_write(w, &signer);
    }
    json_arr_end(&w->o);
    sign_entry_end(w);
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
                     {"ServiceRequest", json_has(d->encounter) ? d->encounter : d->request}};
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
    struct sign_writer w = {.rq = rq, .d = d};
    TRY(doc_check(rq, d));
    buf_init(&b, rq->a, SIGN_DOC_MAX);
    json_out_init(&w.o, &b);
    json_obj(&w.o);
    json_ks(&w.o, S("resourceType"), S("Bundle"));
    json_ks(&w.o, S("id"), d->bundle_id);
    json_ks(&w.o, S("language"), lang_code(d->lang));
    sign_identifier(&w, S("identifier"), S("/check"), d->code);
    json_ks(&w.o, S("type"), S("document"));
    json_ks(&w.o, S("timestamp"), sign_instant(rq, d->at));
    json_k(&w.o, S("entry"));
    json_arr(&w.o);
    TRY(composition(&w));
    sign_entry_copy(&w, S("Patient"), d->patient, patient_parts);
    sign_entry_copy(&w, S("PractitionerRole"), d->role, role_parts);
    sign_entry_copy(&w, S("Practitioner"), d->practitioner, person_parts(d));
    sign_entry_copy(&w, S("Organization"), d->organization, organization_parts);
    party_entries(&w);
    if (json_has(d->request)) {
        sign_entry_copy(&w, S("ServiceRequest"), d->request, request_parts);
    }
    if (json_has(d->encounter)) {
        sign_entry_copy(&w, S("Encounter"), d->encounter, encounter_parts);
    }
    if (json_has(d->response)) {
        sign_entry_copy(&w, S("QuestionnaireResponse"), d->response, response_parts);
    }
    for (uint32_t i = 0; i < d->n_seen; i++) {
        entry_seen(&w, &d->seen[i]);
    }
    for (uint32_t i = 0; i < d->n_marks; i++) {
        sign_entry_copy(&w, S("Observation"), d->marks[i].body, mark_parts);
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
