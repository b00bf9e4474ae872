/* care/patient_account_consent.c - standing consents of a patient. See patient_account_consent.h. */
#include "care/patient_account_consent.h"

#include "care/abroad.h"
#include "care/patient_account_int.h"

#define CS_CONSENT_KIND CARE_URL "/CodeSystem/consent-kind"
#define EXT_CONSENT_HOW CARE_URL "/StructureDefinition/consent-how"

static const struct {
    struct str code;
    struct str text; /* in the resource, for readers without our code system */
} kinds[CONSENT_KINDS] = {
    [CONSENT_OBSERVERS] = {SI("observers"), SI("Observers and students may be present")},
    [CONSENT_SHARING] = {SI("sharing"), SI("Records may go to others than those who treat the patient")},
    [CONSENT_RECORDING] = {SI("recording"), SI("Meetings may be recorded when all who are there agree")},
    [CONSENT_ABROAD] = {SI("cross-border"), SI("Data that name the patient may go to another country")},
};

const char *consent_kind_code(enum consent_kind kind)
{
    return kinds[kind].code.p;
}

static struct consent consent_read(struct req *rq, struct jv v, struct str id, uint64_t version)
{
    bool permit = json_is(json_path(v, S("provision.type")), S("permit"));
    struct consent c = {
        .state = permit ? CONSENT_GIVEN : CONSENT_REFUSED,
        .id = id,
        .version = version,
        .represented = ref_get(rq, json_path(v, S("performer.0")), T_RELATED_PERSON).n > 0,
        .how = S(""),
    };

    (void)!instant_parse(json_str(rq->a, json_get(v, S("dateTime"))), &c.at);
    for (struct jv x = json_first(json_get(v, S("extension"))); json_has(x); x = json_next(x)) {
        if (json_is(json_get(x, S("url")), S(EXT_CONSENT_HOW))) {
            c.how = json_str(rq->a, json_get(x, S("valueCode")));
        }
    }
    return c;
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
        c = consent_read(rq, v, row.id, row.version);
    }
    TRY(list_err(rq, l));
    *ret_consent = c;
    return OK;
}

/* ---- history ---- */

struct history {
    struct consent *all;
    uint32_t n;
};

static enum err one_version(struct req *rq, const struct ver_row *head, void *ctx,
                            bool *ret_keep, bool *ret_stop)
{
    struct history *h = ctx;
    struct ver_row row;
    struct json_doc doc;

    enum err e = db_vread(rq, T_CONSENT, head->id, head->version, &row);
    if (e == E_GONE || e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(json_parse(rq, row.body, NULL, &doc));
    struct str id = arena_str(rq->a, head->id);
    h->all[h->n++] = consent_read(rq, json_root(&doc), id, head->version);
    *ret_keep = true;
    *ret_stop = h->n == CONSENTS_MAX;
    return OK;
}

enum err patient_consent_history(struct req *rq, int64_t patient_rid, enum consent_kind kind,
                                 struct consent *ret_all, uint32_t *ret_n)
{
    struct history h = {.all = ret_all};
    struct consent now;

    TRY(patient_consent(rq, patient_rid, kind, &now));
    TRY(now.id.n > 0 ? db_history(rq, T_CONSENT, now.id, 0, one_version, &h) : OK);
    *ret_n = h.n;
    return OK;
}

/* ---- deciding ---- */

struct deciding {
    struct str patient;
    int64_t patient_rid;
    enum consent_kind kind;
    struct consent before;
    struct str related;       /* who acts for the patient; empty: the patient */
    struct str how;           /* a clinician writes it down: how it was given; empty: the own account */
    struct str policy;
    bool given;
    struct db_moment seen;
};

/* The first decision of a kind makes the resource: of two at once one is told so. */
static enum err still_first(struct req *rq, void *ctx)
{
    const struct deciding *d = ctx;
    struct consent c;

    TRY(patient_consent(rq, d->patient_rid, d->kind, &c));
    return c.id.n == 0 ? OK : FAIL(rq, E_STALE, "consent: another decision came first");
}

static void put_body(struct put *p, const struct deciding *d)
{
    if (d->how.n > 0) {
        json_k(&p->o, S("extension"));
        json_arr(&p->o);
        json_obj(&p->o);
        json_ks(&p->o, S("url"), S(EXT_CONSENT_HOW));
        json_ks(&p->o, S("valueCode"), d->how);
        json_obj_end(&p->o);
        json_arr_end(&p->o);
    }
    json_ks(&p->o, S("status"), S("active"));
    put_concept(&p->o, S("scope"), S("http://terminology.hl7.org/CodeSystem/consentscope"),
                S("patient-privacy"), (struct str){0}, (struct str){0});
    json_k(&p->o, S("category"));
    json_arr(&p->o);
    json_obj(&p->o);
    put_coding(&p->o, S(CS_CONSENT_KIND), kinds[d->kind].code, (struct str){0});
    json_ks(&p->o, S("text"), kinds[d->kind].text);
    json_obj_end(&p->o);
    json_arr_end(&p->o);
    put_ref(&p->o, S("patient"), T_PATIENT, d->patient);
    put_instant(&p->o, S("dateTime"), p->rq->now);
    json_k(&p->o, S("performer"));
    json_arr(&p->o);
    if (d->related.n > 0) {
        put_ref_item(&p->o, T_RELATED_PERSON, d->related);
    } else {
        put_ref_item(&p->o, T_PATIENT, d->patient);
    }
    json_arr_end(&p->o);
    put_concept(&p->o, S("policyRule"), (struct str){0}, (struct str){0}, (struct str){0}, d->policy);
    json_k(&p->o, S("provision"));
    json_obj(&p->o);
    json_ks(&p->o, S("type"), d->given ? S("permit") : S("deny"));
    json_obj_end(&p->o);
}

static enum err decide(struct req *rq, struct tx *tx, struct deciding *d, enum audit_why why)
{
    struct put p;

    TRY(db_now(rq, &d->seen));
    TRY(patient_consent(rq, d->patient_rid, d->kind, &d->before));
    put_begin(&p, rq, tx, T_CONSENT, d->before.id, 4 << 10);
    p.expect = d->before.id.n > 0 ? (int64_t)d->before.version : p.expect;
    p.patient = d->patient;
    put_body(&p, d);
    TRY(put_end(&p));
    TRY(d->before.id.n == 0 ? tx_require(tx, T_CONSENT, d->seen.vid, still_first, d) : OK);
    if (d->kind == CONSENT_ABROAD) {
        TRY(d->given ? abroad_open(rq, tx, d->patient_rid)
                     : abroad_shut(rq, tx, d->patient_rid));
    }
    struct audit_rec rec = {.action = d->before.id.n > 0 ? AUDIT_UPDATE : AUDIT_CREATE, .why = why,
                            .type = T_CONSENT, .id = p.id, .patient_type = T_PATIENT,
                            .patient_id = d->patient, .patient_rid = d->patient_rid,
                            .detail = d->how.n > 0 ? S("consent recorded")
                                      : d->given   ? S("consent given")
                                                   : S("consent withdrawn")};
    return audit_add(rq, &rec);
}

enum err patient_consent_set(struct req *rq, struct tx *tx, int64_t patient_rid,
                             enum consent_kind kind, bool given)
{
    const struct who *w = rq->who;
    struct deciding *d = ARENA_NEW(rq->a, struct deciding);

    TRY_MEM(rq, d);
    if (!who_may_my(w, MY_CONSENT)) {
        return FAIL(rq, E_FORBIDDEN, "consent");
    }
    *d = (struct deciding){.patient = w->patient, .patient_rid = patient_rid, .kind = kind,
                           .related = w->related, .policy = patient_policy(rq)->id, .given = given};
    return decide(rq, tx, d, w->related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT);
}

enum err patient_consent_taken(struct req *rq, struct tx *tx, struct str patient, int64_t patient_rid,
                               enum consent_kind kind, struct str how)
{
    struct deciding *d = ARENA_NEW(rq->a, struct deciding);
    const struct policy *home = NULL;

    TRY_MEM(rq, d);
    TRY(abroad_policy(rq, patient_rid, &home));
    *d = (struct deciding){.patient = patient, .patient_rid = patient_rid, .kind = kind, .how = how,
                           .policy = home->id, .given = true};
    return decide(rq, tx, d, WHY_OWN);
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
