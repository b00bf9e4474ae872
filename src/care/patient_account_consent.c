/* care/patient_account_consent.c - standing consents of a patient. See patient_account_consent.h. */
#include "care/patient_account_consent.h"

#include "care/patient_account_int.h"

#define CS_CONSENT_KIND CARE_URL "/CodeSystem/consent-kind"

static const struct {
    struct str code;
    struct str text; /* in the resource, for readers without our code system */
} kinds[CONSENT_KINDS] = {
    [CONSENT_OBSERVERS] = {SI("observers"), SI("Observers and students may be present")},
    [CONSENT_SHARING] = {SI("sharing"), SI("Records may go to others than those who treat the patient")},
    [CONSENT_RECORDING] = {SI("recording"), SI("Meetings may be recorded when all who are there agree")},
};

const char *consent_kind_code(enum consent_kind kind)
{
    return kinds[kind].code.p;
}

enum err patient_consent(struct req *rq, int64_t patient_rid, enum consent_kind kind,
                         struct consent *ret_consent)
{
    CLEANUP(list_close) struct list *l = NULL;
    struct consent c = {.state = CONSENT_UNASKED, .id = S("")};
    struct hit hit;

    TRY(list_owner(rq, patient_rid, T_CONSENT, LIST_NEWEST, &l));
    while (c.id.n == 0 && list_next(l, &hit)) {
        struct res_row row;
        struct jv v;
        TRY(res_load(rq, hit.rid, &row, &v));
        struct jv coding = json_path(v, S("category.0.coding.0"));
        if (row.anchor != patient_rid || !json_is(json_get(coding, S("system")), S(CS_CONSENT_KIND))
            || !json_is(json_get(coding, S("code")), kinds[kind].code)) {
            continue;
        }
        bool permit = json_is(json_path(v, S("provision.type")), S("permit"));
        c = (struct consent){
            .state = permit ? CONSENT_GIVEN : CONSENT_REFUSED,
            .id = row.id,
            .version = row.version,
            .represented = ref_get(rq, json_path(v, S("performer.0")), T_RELATED_PERSON).n > 0,
        };
        (void)!instant_parse(json_str(rq->a, json_get(v, S("dateTime"))), &c.at);
    }
    TRY(list_err(rq, l));
    *ret_consent = c;
    return OK;
}

enum err patient_consent_set(struct req *rq, struct tx *tx, int64_t patient_rid,
                             enum consent_kind kind, bool given)
{
    const struct who *w = rq->who;
    struct consent before;
    struct put p;

    if (!who_may_my(w, MY_CONSENT)) {
        return FAIL(rq, E_FORBIDDEN, "consent");
    }
    TRY(patient_consent(rq, patient_rid, kind, &before));
    put_begin(&p, rq, tx, T_CONSENT, before.id, 4 << 10);
    p.expect = before.id.n > 0 ? (int64_t)before.version : p.expect;
    p.patient = w->patient;
    json_ks(&p.o, S("status"), S("active"));
    put_concept(&p.o, S("scope"), S("http://terminology.hl7.org/CodeSystem/consentscope"),
                S("patient-privacy"), (struct str){0}, (struct str){0});
    json_k(&p.o, S("category"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_coding(&p.o, S(CS_CONSENT_KIND), kinds[kind].code, (struct str){0});
    json_ks(&p.o, S("text"), kinds[kind].text);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_ref(&p.o, S("patient"), T_PATIENT, w->patient);
    put_instant(&p.o, S("dateTime"), rq->now);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    if (w->related.n > 0) {
        put_ref_item(&p.o, T_RELATED_PERSON, w->related);
    } else {
        put_ref_item(&p.o, T_PATIENT, w->patient);
    }
    json_arr_end(&p.o);
    put_concept(&p.o, S("policyRule"), (struct str){0}, (struct str){0}, (struct str){0},
                patient_policy(rq)->id);
    json_k(&p.o, S("provision"));
    json_obj(&p.o);
    json_ks(&p.o, S("type"), given ? S("permit") : S("deny"));
    json_obj_end(&p.o);
    TRY(put_end(&p));
    struct audit_rec rec = {.action = before.id.n > 0 ? AUDIT_UPDATE : AUDIT_CREATE,
                            .why = w->related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT,
                            .type = T_CONSENT, .id = p.id, .patient_type = T_PATIENT,
                            .patient_id = w->patient, .patient_rid = patient_rid,
                            .detail = given ? S("consent given") : S("consent withdrawn")};
    return audit_add(rq, &rec);
}

enum err patient_observers_refused(struct req *rq, struct str patient, bool *ret_refused)
{
    struct res_row row;
    struct consent c;
    TRY(db_head(rq, T_PATIENT, patient, &row));
    TRY(patient_consent(rq, row.rid, CONSENT_OBSERVERS, &c));
    *ret_refused = c.state == CONSENT_REFUSED;
    return OK;
}

enum err patient_sharing_stopped(struct req *rq, int64_t patient_rid, bool *ret_stopped)
{
    struct consent c;
    TRY(patient_consent(rq, patient_rid, CONSENT_SHARING, &c));
    *ret_stopped = c.state == CONSENT_REFUSED;
    return OK;
}
