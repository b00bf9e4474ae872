/* care/visit.c - visits read back from the record. See visit.h. */
#include "care/visit_int.h"

static struct str icd_of(struct req *rq, struct jv concept)
{
    struct jv codings = json_get(concept, S("coding"));
    for (struct jv v = json_first(codings); json_has(v); v = json_next(v)) {
        if (json_is(json_get(v, S("system")), S(CS_ICD10))) {
            return json_str(rq->a, json_get(v, S("code")));
        }
    }
    return (struct str){0};
}

static struct instant span(struct req *rq, struct jv v, bool end)
{
    struct instant lo = {0};
    struct instant hi = {0};
    struct str text = json_str(rq->a, v);
    if (text.n == 0 || !zone_span(&care_of(rq)->zone, text, &lo, &hi)) {
        return (struct instant){0};
    }
    return end ? hi : lo;
}

void encounter_read(struct req *rq, struct jv v, struct encounter_row *ret_row)
{
    struct arena *a = rq->a;
    struct jv reason = json_path(v, S("reasonCode.0"));
    struct jv diagnosis = json_path(v, S("diagnosis.0.condition"));
    struct jv doctor = json_path(v, S("participant.0.individual"));
    struct jv org = json_get(v, S("serviceProvider"));
    *ret_row = (struct encounter_row){
        .id = json_str(a, json_get(v, S("id"))),
        .cls = json_str(a, json_path(v, S("class.code"))),
        .status = json_str(a, json_get(v, S("status"))),
        .start_text = json_str(a, json_path(v, S("period.start"))),
        .start = span(rq, json_path(v, S("period.start")), false),
        .end = span(rq, json_path(v, S("period.end")), true),
        .practitioner = ref_get(rq, doctor, T_PRACTITIONER),
        .practitioner_name = json_str(a, json_get(doctor, S("display"))),
        .org = ref_get(rq, org, T_ORGANIZATION),
        .org_name = json_str(a, json_get(org, S("display"))),
        .code = icd_of(rq, reason),
        .problem = json_str(a, json_get(reason, S("text"))),
        .diagnosis = json_str(a, json_get(diagnosis, S("display"))),
        .condition = ref_get(rq, diagnosis, T_CONDITION),
        .episode = ref_get(rq, json_path(v, S("episodeOfCare.0")), T_EPISODE_OF_CARE),
        .appointment = ref_get(rq, json_path(v, S("appointment.0")), T_APPOINTMENT),
        .place = json_str(a, json_path(v, S("location.0.location.display"))),
    };
}

enum err encounter_list(struct req *rq, int64_t patient_rid, struct encounter_row *ret_rows,
                        uint32_t n, uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t got = 0;
    TRY(own_begin(rq, patient_rid, T_ENCOUNTER, LIST_NEWEST, OWN_ALL, &w));
    while (got < n && own_next(rq, &w)) {
        encounter_read(rq, w.v, &ret_rows[got]);
        struct str of = ret_rows[got].appointment;
        if (of.n > 0 && !str_eq(of, w.row.id)) { /* a meeting of the visit: the visit itself has its id */
            continue;
        }
        ret_rows[got].rid = w.row.rid;
        ret_rows[got++].version = w.row.version;
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}

enum err episode_list(struct req *rq, int64_t patient_rid, struct episode_row *ret_rows, uint32_t n,
                      uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t got = 0;
    TRY(own_begin(rq, patient_rid, T_EPISODE_OF_CARE, LIST_NEWEST, OWN_ALL, &w));
    while (got < n && own_next(rq, &w)) {
        struct jv condition = json_path(w.v, S("diagnosis.0.condition"));
        if (!json_is(json_get(w.v, S("status")), S("active"))) {
            continue;
        }
        struct str title = json_str(rq->a, json_get(condition, S("display")));
        ret_rows[got++] = (struct episode_row){
            .id = w.row.id,
            .version = w.row.version,
            .org = ref_get(rq, json_get(w.v, S("managingOrganization")), T_ORGANIZATION),
            .code = consult_icd(title),
            .title = title,
            .since = span(rq, json_path(w.v, S("period.start")), false),
        };
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}

enum err visit_patient(struct req *rq, struct str patient_id, struct str id_kind, struct str number,
                       struct res_row *ret_row)
{
    struct patient p;
    if (number.n > 0) {
        TRY(patient_find_id(rq, id_kind, number, &p));
        if (str_eq(p.id, patient_id)) {
            return db_read(rq, T_PATIENT, patient_id, ret_row);
        }
    }
    return access_patient(rq, patient_id, AUDIT_READ, ret_row);
}
