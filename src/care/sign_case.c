/* care/sign_case.c - a conclusion is signed and sent; signed versions are read back and checked. See
 * sign_case.h. */
#include "care/sign_case.h"

#include "care/consilium_int.h"
#include "care/consult_int.h"
#include "care/consultation.h"
#include "care/outside.h"
#include "care/stamping.h"
#include "care/pdf_case.h"
#include "care/sign_int.h"
#include "care/visit.h"
#include "codec/b64.h"
#include "fhir/param.h"

struct jv sign_int_entry(struct jv bundle, struct str type)
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
    struct sign_shown shown;
    const char *action; /* "answer" or "correct" */
};

void sign_int_facts(struct req *rq, struct jv bundle, struct sign_doc *d)
{
    struct arena *a = rq->a;
    struct jv composition = sign_int_entry(bundle, S("Composition"));
    *d = (struct sign_doc){
        .at = rq->now,
        .bundle_id = json_str(a, json_get(bundle, S("id"))),
        .role = sign_int_entry(bundle, S("PractitionerRole")),
        .organization = sign_int_entry(bundle, S("Organization")),
        .author_name = json_str(a, json_path(composition, S("author.0.display"))),
        .organization_name = json_str(a, json_path(composition, S("custodian.display"))),
    };
}

enum err sign_int_put_json(struct req *rq, struct tx *tx, const struct sign_anchor *on,
                           struct str json, struct str id)
{
    struct fhir_how how = {.id = id,
                           .expect = TX_CREATE,
                           .anchor_type = on->type,
                           .anchor_id = on->id,
                           .at_ms = rq->now.ms};
    return fhir_put_how(rq, tx, json, &how);
}

/* The answered form, as it stands in the document, for searches and corrections. */
static enum err response_put(struct signing *s)
{
    struct jv r = sign_int_entry(s->shown.bundle, S("QuestionnaireResponse"));
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
    sign_int_response_copy(&p, r);
    return put_end(&p);
}

enum err sign_int_blob(struct req *rq, struct tx *tx, struct str bytes)
{
    struct blob_ref ref;
    TRY(blob_put_bytes(rq, care_of(rq)->store, bytes, &ref));
    struct str sha = arena_str(rq->a, (struct str){(const char *)ref.sha, sizeof(ref.sha)});
    TRY_MEM(rq, sha.p);
    return TX_SQL(tx, W_BLOB_ADD, 0, sql_blob(sha), sql_i64((int64_t)ref.size),
                  sql_text(S("application/fhir+json")), sql_i64(rq->now.ms));
}

enum err sign_int_put_prov(struct req *rq, struct tx *tx, const struct sign_anchor *on, struct str prov)
{
    struct str id = put_new_id(rq);
    TRY_MEM(rq, id.p);
    TRY(sign_int_put_json(rq, tx, on, prov, id));
    return stamping_ask(rq, tx, id);
}

enum err sign_int_put(struct req *rq, struct tx *tx, const struct sign_anchor *on,
                      const struct sign_doc *d, struct str bytes, struct str cms)
{
    struct str prov;
    TRY(sign_doc_provenance(rq, d, bytes, cms, &prov));
    TRY(sign_int_blob(rq, tx, bytes));
    TRY(sign_int_put_json(rq, tx, on, bytes, d->bundle_id));
    return sign_int_put_prov(rq, tx, on, prov);
}

static enum err all_put(struct signing *s, const struct sign_doc *d, const struct sign_result *r)
{
    struct req *rq = s->rq;
    struct sign_anchor on = {T_SERVICE_REQUEST, s->view.row.id};
    struct care_move_args args = {.document = d->bundle_id, .reason = s->shown.reason};
    TRY(sign_int_put(rq, s->tx, &on, d, s->shown.bytes, r->cms));
    TRY(response_put(s));
    TRY(draft_end(rq, s->tx, sign_int_preview_key(rq->a, s->view.row.id)));
    TRY(draft_end(rq, s->tx, draft_key(rq->a, s->view.row.id, S("conclusion"))));
    struct audit_rec rec = case_audit(&s->view.row, AUDIT_SIGN, WHY_TEAM);
    rec.type = T_BUNDLE;
    rec.id = d->bundle_id;
    rec.detail = r->verdict.is_outside ? S("own token") : S("");
    TRY(audit_add(rq, &rec));
    return care_move(rq, s->tx, &care_consultation, s->view.row.id, str_z(s->action), &args);
}

enum err sign_conclusion(struct req *rq, struct tx *tx, struct str case_id, struct str sha_hex,
                         struct sign_means *means, struct str *ret_bundle_id)
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
    TRY(sign_int_shown(rq, s->view.row.id, s->view.row.conclusion, sha_hex, &s->shown));
    s->action = sign_int_action(&s->view);
    if (s->action == NULL) {
        return FAIL(rq, E_CONFLICT, "nothing can be signed in the state %s", s->view.state->name);
    }
    TRY(sign_by(rq, MAY_ANSWER | MAY_VISIT, means, s->shown.bytes, s->shown.bundle, &r));
    sign_int_facts(rq, s->shown.bundle, d);
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
    TRY(outside_verify(rq, d->cms, d->bytes, &d->verdict));
    return stamping_of(rq, json_str(rq->a, json_get(prov, S("id"))), d->cms, d->verdict.signed_at, &d->stamp,
                       &d->stamped);
}

static enum err code_of(struct req *rq, struct str bundle_id, struct str *ret_code)
{
    struct jv bundle;
    TRY(sign_int_load(rq, T_BUNDLE, bundle_id, &bundle));
    *ret_code = json_str(rq->a, json_path(bundle, S("identifier.value")));
    return OK;
}

enum err sign_int_doc(struct req *rq, int64_t anchor_rid, struct str bundle_id, struct str current,
                      struct signed_doc *ret_doc)
{
    struct signed_doc d = {.bundle_id = bundle_id};
    struct res_row res;
    struct jv prov;
    TRY(db_head(rq, T_BUNDLE, bundle_id, &res));
    if (res.deleted || res.anchor != anchor_rid) {
        return FAIL(rq, E_NOT_FOUND, "no such document in this case");
    }
    TRY(code_of(rq, bundle_id, &d.code));
    TRY(provenance_of(rq, res.rid, &prov));
    TRY(files_load(rq, prov, &d));
    d.replaced = !str_eq(current, bundle_id);
    if (d.replaced && current.n > 0) {
        TRY(code_of(rq, current, &d.replaced_by));
    }
    *ret_doc = d;
    return OK;
}

static enum err doc_load(struct req *rq, const struct case_row *row, struct str bundle_id,
                         struct signed_doc *ret_doc)
{
    TRY(sign_int_doc(rq, row->rid, bundle_id, row->conclusion, ret_doc));
    ret_doc->row = *row;
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
    struct jv codings = json_path(sign_int_entry(json_root(json), S("PractitionerRole")), S("code.0.coding"));
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
        .stamp = &doc->stamp,
        .replaced_by = doc->replaced ? doc->replaced_by : (struct str){0},
        .offset_min = care_tz(rq),
    };
    return pdf_conclusion(rq, &c, ret_pdf);
}

enum err preview_pdf(struct req *rq, const struct sign_paper *paper, struct str *ret_pdf)
{
    struct pdf_conclusion c = {.bundle = paper->bytes, .offset_min = care_tz(rq)};
    return pdf_conclusion(rq, &c, ret_pdf);
}

enum err request_pdf(struct req *rq, struct str case_id, struct str *ret_pdf)
{
    struct case_view *v = ARENA_NEW(rq->a, struct case_view);
    TRY_MEM(rq, v);
    TRY(consult_view(rq, case_id, v));
    struct pdf_request r = {
        .lang = rq->lang,
        .offset_min = care_tz(rq),
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

/* The note of a visit hangs on the patient; its Composition names the visit. */
static enum err visit_doc_load(struct req *rq, const struct res_row *bundle,
                               struct signed_doc *ret_doc)
{
    struct jv v;
    TRY(sign_int_load(rq, T_BUNDLE, bundle->id, &v));
    struct jv composition = sign_int_entry(v, S("Composition"));
    struct str visit = json_str(rq->a, json_path(composition, S("identifier.value")));
    return visit_note_get(rq, bundle->anchor, visit, bundle->id, ret_doc);
}

/* What the document hangs on: a case, or a patient of a consilium that has decided. */
static enum err check_row(struct req *rq, struct str id, struct case_row *ret_row)
{
    struct consilium_item item;
    enum err e = case_row_load(rq, id, ret_row);
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(consilium_item_load(rq, id, &item));
    if (item.state != CONSILIUM_CLOSED) {
        return FAIL(rq, E_NOT_FOUND, "not signed by all yet");
    }
    *ret_row = (struct case_row){.rid = item.rid, .id = item.id, .conclusion = item.bundle,
                                 .flow = str_z(care_consilium.name),
                                 .patient = item.patient, .patient_rid = item.patient_rid};
    return OK;
}

enum err sign_check(struct req *rq, struct str code, struct sign_answer *ret_answer)
{
    struct res_row bundle;
    struct res_row anchor;
    struct case_row row = {0};
    struct signed_doc d;
    TRY(bundle_by_code(rq, code, &bundle));
    TRY(db_head_rid(rq, bundle.anchor, &anchor));
    if (anchor.type == T_PATIENT) {
        TRY(visit_doc_load(rq, &bundle, &d));
    } else {
        TRY(check_row(rq, anchor.id, &row));
        TRY(doc_load(rq, &row, bundle.id, &d));
    }
    *ret_answer = (struct sign_answer){
        .valid = cms_is_good(&d.verdict) && d.verdict.ca_is_trusted,
        .replaced = d.replaced,
        .signer = d.verdict.signer.subject.common_name,
        .post = signed_post(rq, &d),
        .certificate_post = d.verdict.signer.subject.title,
        .organization = d.verdict.signer.subject.organization,
        .issuer = d.verdict.is_outside ? d.verdict.signer.issuer.common_name : S(""),
        .certificate = d.verdict.is_outside ? d.verdict.signer.serial_hex : S(""),
        .signed_at = d.verdict.signed_at,
        .stamp = d.stamp,
        .protocol = str_eq(row.flow, str_z(care_consilium.name)) && str_eq(row.conclusion, bundle.id)
                        ? row.id
                        : (struct str){0},
    };
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_VERIFY,
                                             .why = WHY_PUBLIC,
                                             .type = T_BUNDLE,
                                             .id = bundle.id,
                                             .patient_rid = bundle.patient,
                                             .case_rid = row.rid});
}
