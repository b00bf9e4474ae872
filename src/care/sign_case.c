/* care/sign_case.c - a conclusion is signed and sent; signed versions are read back and checked. See
 * sign_case.h. */
#include "care/sign_case.h"

#include "care/consult_int.h"
#include "care/consultation.h"
#include "care/pdf_case.h"
#include "care/sign_int.h"
#include "codec/b64.h"
#include "fhir/param.h"

/* A preview older than this is shown again before it is signed. */
#define PREVIEW_MS MS_DAY

static struct jv entry_of(struct jv bundle, struct str type)
{
    struct jv entries = json_get(bundle, S("entry"));
    for (struct jv v = json_first(entries); json_has(v); v = json_next(v)) {
        struct jv r = json_get(v, S("resource"));
        if (json_is(json_get(r, S("resourceType")), type)) {
            return r;
        }
    }
    return (struct jv){0};
}

/* ---- signing ---- */

struct signing {
    struct req *rq;
    struct tx *tx;
    struct case_view view;
    struct str bytes;
    struct jv bundle;
    struct jv composition;
    const char *action; /* "answer" or "correct" */
    struct str reason;
};

static enum err bytes_load(struct signing *s, struct str sha_hex)
{
    struct req *rq = s->rq;
    struct sign_paper paper;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    enum err e = sign_preview_load(rq, s->view.row.id, &paper);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_STALE, "there is no preview of this conclusion");
    }
    TRY(e);
    if (!str_eq(str_z(paper.sha), sha_hex)) {
        return FAIL(rq, E_STALE, "another preview was made since");
    }
    TRY(json_parse(rq, paper.bytes, NULL, doc));
    s->bytes = paper.bytes;
    s->bundle = json_root(doc);
    s->composition = entry_of(s->bundle, S("Composition"));
    return OK;
}

/* The bytes shown must still be what this person, in this role, may sign for this case now. */
static enum err bytes_check(struct signing *s)
{
    struct req *rq = s->rq;
    const struct role_ref *role = who_role(rq->who);
    struct str case_id = json_str(rq->a, json_path(s->composition, S("identifier.value")));
    struct str role_id = json_str(rq->a, json_get(entry_of(s->bundle, S("PractitionerRole")), S("id")));
    struct str before = json_str(
        rq->a, json_path(s->composition, S("relatesTo.0.targetIdentifier.value")));
    struct str now = {0};
    struct instant at;
    if (role == NULL || !str_eq(role_id, role->id) || !str_eq(case_id, s->view.row.id)) {
        return FAIL(rq, E_STALE, "the preview was made in another role");
    }
    if (!instant_parse(json_str(rq->a, json_get(s->composition, S("date"))), &at) ||
        at.ms > rq->now.ms + MS_MINUTE || at.ms < rq->now.ms - PREVIEW_MS) {
        return FAIL(rq, E_STALE, "the preview is too old");
    }
    if (s->view.row.conclusion.n > 0) {
        struct jv bundle;
        TRY(sign_int_load(rq, T_BUNDLE, s->view.row.conclusion, &bundle));
        now = json_str(rq->a, json_path(bundle, S("identifier.value")));
    }
    if (!str_eq(before, now)) {
        return FAIL(rq, E_STALE, "another version was signed since");
    }
    s->action = sign_int_action(&s->view);
    if (s->action == NULL) {
        return FAIL(rq, E_CONFLICT, "nothing can be signed in the state %s", s->view.state->name);
    }
    return OK;
}

/* As much of the document's facts as the Provenance needs. */
static void facts_fill(struct signing *s, struct sign_doc *d)
{
    struct arena *a = s->rq->a;
    *d = (struct sign_doc){
        .at = s->rq->now,
        .bundle_id = json_str(a, json_get(s->bundle, S("id"))),
        .role = entry_of(s->bundle, S("PractitionerRole")),
        .organization = entry_of(s->bundle, S("Organization")),
        .author_name = json_str(a, json_path(s->composition, S("author.0.display"))),
        .organization_name = json_str(a, json_path(s->composition, S("custodian.display"))),
    };
}

static enum err put_json(struct signing *s, struct str json, struct str id, int64_t at_ms)
{
    struct fhir_how how = {.id = id,
                           .expect = TX_CREATE,
                           .anchor_type = T_SERVICE_REQUEST,
                           .anchor_id = s->view.row.id,
                           .at_ms = at_ms};
    return fhir_put_how(s->rq, s->tx, json, &how);
}

/* The answered form, as it stands in the document, for searches and corrections. */
static enum err response_put(struct signing *s)
{
    static const char *const parts[] = {"questionnaire", "status", "subject", "authored", "item"};
    struct jv r = entry_of(s->bundle, S("QuestionnaireResponse"));
    struct put p;
    if (!json_has(r)) {
        return OK;
    }
    put_begin(&p, s->rq, s->tx, T_QUESTIONNAIRE_RESPONSE, json_str(s->rq->a, json_get(r, S("id"))),
              SIGN_DOC_MAX);
    p.expect = TX_CREATE;
    p.case_id = s->view.row.id;
    p.patient = s->view.row.patient;
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, s->view.row.id);
    json_arr_end(&p.o);
    put_ref(&p.o, S("author"), T_PRACTITIONER, s->rq->who->person);
    for (size_t i = 0; i < LEN(parts); i++) {
        struct jv v = json_get(r, str_z(parts[i]));
        if (json_has(v)) {
            json_kv(&p.o, str_z(parts[i]), v);
        }
    }
    return put_end(&p);
}

static enum err blob_put(struct signing *s)
{
    struct blob_ref ref;
    TRY(blob_put_bytes(s->rq, care_of(s->rq)->store, s->bytes, &ref));
    struct str sha = arena_str(s->rq->a, (struct str){(const char *)ref.sha, sizeof(ref.sha)});
    TRY_MEM(s->rq, sha.p);
    return TX_SQL(s->tx, W_BLOB_ADD, 0, sql_blob(sha), sql_i64((int64_t)ref.size),
                  sql_text(S("application/fhir+json")), sql_i64(s->rq->now.ms));
}

static enum err all_put(struct signing *s, const struct sign_doc *d, const struct sign_result *r)
{
    struct req *rq = s->rq;
    struct str prov;
    struct care_move_args args = {.document = d->bundle_id, .reason = s->reason};
    TRY(sign_doc_provenance(rq, d, s->bytes, r->cms, &prov));
    TRY(blob_put(s));
    TRY(put_json(s, s->bytes, d->bundle_id, rq->now.ms));
    TRY(put_json(s, prov, put_new_id(rq), rq->now.ms));
    TRY(response_put(s));
    TRY(draft_end(rq, s->tx, sign_int_preview_key(rq->a, s->view.row.id)));
    TRY(draft_end(rq, s->tx, draft_key(rq->a, s->view.row.id, S("conclusion"))));
    struct audit_rec rec = case_audit(&s->view.row, AUDIT_SIGN, WHY_TEAM);
    rec.type = T_BUNDLE;
    rec.id = d->bundle_id;
    TRY(audit_add(rq, &rec));
    return care_move(rq, s->tx, &care_consultation, s->view.row.id, str_z(s->action), &args);
}

/* The reason of a correction: it stands in the first section, under the version line. */
static struct str reason_of(struct signing *s)
{
    struct jv ext = json_get(s->composition, S("extension"));
    for (struct jv e = json_first(ext); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), S(SIGN_EXT_REASON))) {
            return json_str(s->rq->a, json_get(e, S("valueString")));
        }
    }
    return (struct str){0};
}

enum err sign_conclusion(struct req *rq, struct tx *tx, struct str case_id, struct str sha_hex,
                         struct str password, struct str *ret_bundle_id)
{
    struct signing *s = ARENA_NEW(rq->a, struct signing);
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct sign_result r;
    TRY_MEM(rq, s);
    TRY_MEM(rq, d);
    s->rq = rq;
    s->tx = tx;
    TRY(consult_view(rq, case_id, &s->view));
    if ((s->view.actor & ACTOR_CONSULTANT) == 0) {
        return FAIL(rq, E_FORBIDDEN, "only the consultant of the case signs its conclusion");
    }
    TRY(bytes_load(s, sha_hex));
    TRY(bytes_check(s));
    s->reason = reason_of(s);
    TRY(sign_document(rq, password, s->bytes, &r));
    facts_fill(s, d);
    TRY(all_put(s, d, &r));
    *ret_bundle_id = d->bundle_id;
    return OK;
}

/* ---- reading back ---- */

/* The Provenance of a Bundle: the only one whose target it is. */
static enum err provenance_of(struct req *rq, int64_t bundle_rid, struct jv *ret_prov)
{
    const struct fhir_param *target = fhir_param_find(T_PROVENANCE, S("target"));
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    struct res_row row;
    TRY(list_ref(rq, target->sp, bundle_rid, LIST_OLDEST, &l));
    if (!list_next(l, &hit)) {
        TRY(list_err(rq, l));
        return FAIL(rq, E_NOT_FOUND, "signature");
    }
    return res_load(rq, hit.rid, &row, ret_prov);
}

/* The exact bytes by the hash the Provenance names, and the signature over them. */
static enum err files_load(struct req *rq, struct jv prov, struct signed_doc *d)
{
    struct str name = json_str(rq->a, json_path(prov, S("entity.0.what.identifier.value")));
    struct str prefix = S("ni:///sha-256;");
    struct str sha = {0};
    if (str_starts(name, prefix)) {
        sha = b64_decoded(rq->a, str_sub(name, prefix.n, name.n), B64_URL);
    }
    if (sha.p == NULL || sha.n != 32) {
        return FAIL(rq, E_CHECKSUM, "Provenance.entity");
    }
    TRY(blob_read(rq, care_of(rq)->store, (const uint8_t *)sha.p, SIGN_DOC_MAX, &d->bytes));
    struct str data = json_str(rq->a, json_path(prov, S("signature.0.data")));
    d->cms = b64_decoded(rq->a, data, B64_STD);
    if (d->cms.p == NULL) {
        return FAIL(rq, E_CHECKSUM, "Provenance.signature");
    }
    struct str ca = care_of(rq)->ca != NULL ? sign_ca_cert(care_of(rq)->ca) : (struct str){0};
    return cms_verify(rq, d->cms, d->bytes, ca, &d->verdict);
}

static enum err code_of(struct req *rq, struct str bundle_id, struct str *ret_code)
{
    struct jv bundle;
    TRY(sign_int_load(rq, T_BUNDLE, bundle_id, &bundle));
    *ret_code = json_str(rq->a, json_path(bundle, S("identifier.value")));
    return OK;
}

static enum err doc_load(struct req *rq, const struct case_row *row, struct str bundle_id,
                         struct signed_doc *ret_doc)
{
    struct signed_doc d = {.bundle_id = bundle_id, .row = *row};
    struct res_row res;
    struct jv prov;
    TRY(db_head(rq, T_BUNDLE, bundle_id, &res));
    if (res.deleted || res.anchor != row->rid) {
        return FAIL(rq, E_NOT_FOUND, "no such document in this case");
    }
    TRY(code_of(rq, bundle_id, &d.code));
    TRY(provenance_of(rq, res.rid, &prov));
    TRY(files_load(rq, prov, &d));
    d.replaced = !str_eq(row->conclusion, bundle_id);
    if (d.replaced && row->conclusion.n > 0) {
        TRY(code_of(rq, row->conclusion, &d.replaced_by));
    }
    *ret_doc = d;
    return OK;
}

enum err signed_get(struct req *rq, struct str case_id, struct str bundle_id,
                    enum audit_action action, struct signed_doc *ret_doc)
{
    struct case_row row;
    TRY(access_case(rq, case_id, action, &row));
    struct str id = bundle_id.n > 0 ? bundle_id : row.conclusion;
    if (id.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "nothing is signed yet");
    }
    return doc_load(rq, &row, id, ret_doc);
}

struct str signed_post(struct req *rq, const struct signed_doc *doc)
{
    struct str words = doc->verdict.signer.subject.title;
    struct json_doc *json = ARENA_NEW(rq->a, struct json_doc);
    const struct role *role = NULL;
    if (json == NULL) {
        return words;
    }
    if (json_parse(rq, doc->bytes, NULL, json) != OK) {
        err_clear(rq);
        return words;
    }
    struct jv codings = json_path(entry_of(json_root(json), S("PractitionerRole")), S("code.0.coding"));
    for (struct jv v = json_first(codings); role == NULL && json_has(v); v = json_next(v)) {
        if (json_is(json_get(v, S("system")), S(CS_ROLE))) {
            role = content_role(care_of(rq)->content, json_str(rq->a, json_get(v, S("code"))));
        }
    }
    return role != NULL ? text4_get(&role->title, rq->lang) : words;
}

enum err signed_versions(struct req *rq, const struct case_row *row, struct str *ret_ids, uint32_t n,
                         uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    uint32_t got = 0;
    TRY(list_owner(rq, row->rid, T_BUNDLE, LIST_NEWEST, &l));
    while (got < n && list_next(l, &hit)) {
        struct res_row res;
        TRY(db_head_rid(rq, hit.rid, &res));
        if (!res.deleted) {
            ret_ids[got++] = res.id;
        }
    }
    TRY(list_err(rq, l));
    *ret_n = got;
    return OK;
}

/* ---- on paper ---- */

enum err signed_pdf(struct req *rq, const struct signed_doc *doc, struct str *ret_pdf)
{
    struct pdf_conclusion c = {
        .bundle = doc->bytes,
        .signature = &doc->verdict,
        .replaced_by = doc->replaced ? doc->replaced_by : (struct str){0},
        .offset_min = care_of(rq)->tz_min,
    };
    return pdf_conclusion(rq, &c, ret_pdf);
}

enum err preview_pdf(struct req *rq, const struct sign_paper *paper, struct str *ret_pdf)
{
    struct pdf_conclusion c = {.bundle = paper->bytes, .offset_min = care_of(rq)->tz_min};
    return pdf_conclusion(rq, &c, ret_pdf);
}

enum err request_pdf(struct req *rq, struct str case_id, struct str *ret_pdf)
{
    struct case_view *v = ARENA_NEW(rq->a, struct case_view);
    TRY_MEM(rq, v);
    TRY(consult_view(rq, case_id, v));
    struct pdf_request r = {
        .lang = rq->lang,
        .offset_min = care_of(rq)->tz_min,
        .at = {v->row.submitted_ms},
        .organization = v->asker_org_name,
        .title = v->profile ? text4_get(&v->profile->request->title, rq->lang) : S(""),
        .subtitle = text4_get(&v->urgency->title, rq->lang),
        .question = v->question,
        .diagnosis = v->diagnosis,
        .author = v->asker_name,
        .number = case_number(rq->a, v->row.id),
    };
    TRY(sign_int_load(rq, T_PATIENT, v->row.patient, &r.patient));
    if (v->profile != NULL) {
        TRY(sign_int_sections(rq, v->profile->request, &v->request, &r.sections, &r.n_sections));
    }
    TRY(sign_int_seen(rq, v->row.rid, &r.files, &r.n_files));
    return pdf_request(rq, &r, ret_pdf);
}

/* ---- the public check ---- */

static enum err bundle_by_code(struct req *rq, struct str code, struct res_row *ret_row)
{
    const struct fhir_param *sp = fhir_param_find(T_BUNDLE, S("identifier"));
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    if (!sign_code_is_valid(code)) {
        return FAIL(rq, E_NOT_FOUND, "no such document");
    }
    TRY(list_token(rq, sp->sp, db_hash(rq->db, code), TOKEN_ANY_SYS, LIST_NEWEST, &l));
    while (list_next(l, &hit)) {
        struct str have = {0};
        TRY(db_head_rid(rq, hit.rid, ret_row));
        TRY(code_of(rq, ret_row->id, &have));
        if (str_eq(have, code)) {
            return OK;
        }
    }
    TRY(list_err(rq, l));
    return FAIL(rq, E_NOT_FOUND, "no such document");
}

enum err sign_check(struct req *rq, struct str code, struct sign_answer *ret_answer)
{
    struct res_row bundle;
    struct res_row anchor;
    struct case_row row;
    struct signed_doc d;
    TRY(bundle_by_code(rq, code, &bundle));
    TRY(db_head_rid(rq, bundle.anchor, &anchor));
    TRY(case_row_load(rq, anchor.id, &row));
    TRY(doc_load(rq, &row, bundle.id, &d));
    *ret_answer = (struct sign_answer){
        .valid = cms_is_good(&d.verdict) && d.verdict.ca_is_trusted,
        .replaced = d.replaced,
        .signer = d.verdict.signer.subject.common_name,
        .post = signed_post(rq, &d),
        .certificate_post = d.verdict.signer.subject.title,
        .organization = d.verdict.signer.subject.organization,
        .signed_at = d.verdict.signed_at,
    };
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_VERIFY,
                                             .why = WHY_PUBLIC,
                                             .type = T_BUNDLE,
                                             .id = bundle.id,
                                             .patient_rid = bundle.patient,
                                             .case_rid = row.rid});
}
