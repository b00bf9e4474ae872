/* care/episode.c - messages within a course of care. See episode.h. */
#include "care/episode.h"

#include "care/access.h"
#include "care/consult_int.h"
#include "care/consult_pace.h"
#include "care/patient_account_int.h"
#include "care/visit.h"

enum { LOOKED_AT_MAX = 1000, SEEN_MAX = 20, TEXT_MAX = 8000, RESOURCE_CAP = 64 << 10 };

static void read_episode(struct req *rq, const struct res_row *row, struct jv v, struct episode *e)
{
    struct instant to;
    struct str start = json_str(rq->a, json_path(v, S("period.start")));
    *e = (struct episode){
        .id = row->id,
        .rid = row->rid,
        .version = row->version,
        .open = json_is(json_get(v, S("status")), S("active")),
        .patient = ref_get(rq, json_get(v, S("patient")), T_PATIENT),
        .patient_rid = row->anchor,
        .doctor = ref_get(rq, json_get(v, S("careManager")), T_PRACTITIONER),
        .doctor_name = json_str(rq->a, json_path(v, S("careManager.display"))),
        .org = ref_get(rq, json_get(v, S("managingOrganization")), T_ORGANIZATION),
        .title = json_str(rq->a, json_path(v, S("diagnosis.0.condition.display"))),
    };
    if (start.n == 0 || !zone_span(&care_of(rq)->zone, start, &e->since, &to)) {
        e->since = (struct instant){0};
    }
}

enum err episode_of_patient(struct req *rq, int64_t patient_rid, struct episode *ret_episodes,
                            uint32_t n, uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    uint32_t got = 0;
    TRY(own_begin(rq, patient_rid, T_EPISODE_OF_CARE, LIST_NEWEST, OWN_ALL, &w));
    while (got < n && own_next(rq, &w)) {
        read_episode(rq, &w.row, w.v, &ret_episodes[got++]);
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}

enum err episode_find(struct req *rq, struct str id, enum audit_action action,
                      struct episode *ret_episode)
{
    struct res_row row = {0};
    struct res_row patient;
    struct episode got;
    struct jv v;
    enum err e = db_head(rq, T_EPISODE_OF_CARE, id, &row);
    if (e == E_NOT_FOUND || (e == OK && (row.deleted || row.anchor == 0))) {
        return FAIL(rq, E_NOT_FOUND, "episode");
    }
    TRY(e);
    TRY(res_load(rq, row.rid, &row, &v));
    read_episode(rq, &row, v, &got);
    TRY(access_patient(rq, got.patient, action, &patient));
    if (patient.rid != row.anchor) {
        return FAIL(rq, E_NOT_FOUND, "episode");
    }
    *ret_episode = got;
    return OK;
}

enum err episode_messages(struct req *rq, const struct episode *e, struct case_message *ret_messages,
                          uint32_t n, uint32_t *ret_n)
{
    CLEANUP(own_done) struct own_walk w = {0};
    const struct directory *dir = NULL;
    uint32_t got = 0;
    TRY(directory_get(rq, &dir));
    TRY(own_begin(rq, e->patient_rid, T_COMMUNICATION, LIST_OLDEST, LOOKED_AT_MAX, &w));
    while (got < n && own_next(rq, &w)) {
        if (str_eq(ref_get(rq, json_path(w.v, S("about.0")), T_EPISODE_OF_CARE), e->id)) {
            consult_message_read(rq, dir, w.row.id, w.v, &ret_messages[got++]);
        }
    }
    TRY(own_err(rq, &w));
    *ret_n = got;
    return OK;
}

/* ---- writing ---- */

static enum audit_why why_of(const struct who *w)
{
    return !who_is_patient(w) ? WHY_OWN : w->related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT;
}

static enum err put_message_of(struct req *rq, struct tx *tx, const struct episode *e, struct str kind,
                               struct str text)
{
    struct put p;
    put_begin(&p, rq, tx, T_COMMUNICATION, (struct str){0}, RESOURCE_CAP);
    p.patient = e->patient;
    json_ks(&p.o, S("status"), S("completed"));
    put_concepts(&p.o, S("category"), S(CARE_URL "/CodeSystem/message"), &kind, 1);
    put_ref(&p.o, S("subject"), T_PATIENT, e->patient);
    json_k(&p.o, S("about"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_EPISODE_OF_CARE, e->id);
    json_arr_end(&p.o);
    put_instant(&p.o, S("sent"), rq->now);
    put_actor(&p.o, S("sender"), rq->who);
    json_k(&p.o, S("payload"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("contentString"), text);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    TRY(put_end(&p));
    struct audit_rec rec = {.action = AUDIT_CREATE,
                            .why = why_of(rq->who),
                            .type = T_COMMUNICATION,
                            .id = p.id,
                            .patient_type = T_PATIENT,
                            .patient_id = e->patient};
    return audit_add(rq, &rec);
}

/* The doctor of the course, and who saw the patient last in it when that is somebody else. */
static enum err tell_doctors(struct req *rq, struct tx *tx, const struct episode *e)
{
    struct encounter_row *rows = ARENA_ARRAY(rq->a, SEEN_MAX, struct encounter_row);
    struct str last = {0};
    uint32_t n = 0;
    TRY_MEM(rq, rows);
    TRY(encounter_list(rq, e->patient_rid, rows, SEEN_MAX, &n));
    for (uint32_t i = 0; last.n == 0 && i < n; i++) {
        last = str_eq(rows[i].episode, e->id) ? rows[i].practitioner : last;
    }
    if (last.n > 0 && !str_eq(last, e->doctor)) {
        TRY(notice_tell(rq, tx, last, NOTICE_VISIT_MESSAGE, e->id));
    }
    return e->doctor.n > 0 ? notice_tell(rq, tx, e->doctor, NOTICE_VISIT_MESSAGE, e->id) : OK;
}

enum err episode_say(struct req *rq, struct tx *tx, const struct episode *e, struct str text)
{
    bool from = who_is_patient(rq->who);
    if (from ? !who_may_my(rq->who, MY_TALK) : !who_may(rq->who, MAY_VISIT)) {
        return FAIL(rq, E_FORBIDDEN, "messages");
    }
    if (!e->open) {
        return FAIL(rq, E_CONFLICT, "the course of care is closed");
    }
    TRY(consult_pace(rq, e->patient_rid));
    text = str_trim(text);
    if (text.n == 0 || text.n > TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    TRY(put_message_of(rq, tx, e, from ? S("patient") : S("to-patient"), text));
    return from ? tell_doctors(rq, tx, e)
                : patient_tell(rq, tx, e->patient, MY_TALK, NOTICE_MY_EPISODE, e->id);
}

static struct str today(struct req *rq)
{
    struct civil c = zone_civil(&care_of(rq)->zone, rq->now);
    struct buf b;
    buf_init(&b, rq->a, 16);
    date_write(&b, &c);
    return buf_get(&b);
}

/* The EpisodeOfCare as it stands, with its end. */
static enum err put_closed(struct req *rq, struct tx *tx, const struct episode *e)
{
    struct res_row row;
    struct jv v;
    struct put p;
    TRY(res_load(rq, e->rid, &row, &v));
    put_begin(&p, rq, tx, T_EPISODE_OF_CARE, e->id, RESOURCE_CAP);
    p.patient = e->patient;
    p.expect = (int64_t)e->version;
    for (struct jv m = json_first(v); json_has(m); m = json_next(m)) {
        static const struct str written[] = {SI("resourceType"), SI("id"), SI("meta"), SI("status"),
                                             SI("period")};
        bool skip = false;
        for (size_t i = 0; i < LEN(written); i++) {
            skip = skip || json_key_is(m, written[i]);
        }
        if (!skip) {
            json_kv(&p.o, json_key(rq, m), m);
        }
    }
    json_ks(&p.o, S("status"), S("finished"));
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    struct jv start = json_path(v, S("period.start"));
    if (json_has(start)) {
        json_kv(&p.o, S("start"), start);
    }
    json_ks(&p.o, S("end"), today(rq)); /* a day, as the start is: UTC may still have yesterday */
    json_obj_end(&p.o);
    return put_end(&p);
}

enum err episode_close(struct req *rq, struct tx *tx, const struct episode *e)
{
    if (!who_may(rq->who, MAY_VISIT) || !str_eq(rq->who->person, e->doctor)) {
        return FAIL(rq, E_FORBIDDEN, "only the doctor of the course");
    }
    if (!e->open) {
        return FAIL(rq, E_CONFLICT, "the course of care is closed");
    }
    TRY(put_closed(rq, tx, e));
    struct audit_rec rec = {.action = AUDIT_UPDATE,
                            .why = WHY_OWN,
                            .type = T_EPISODE_OF_CARE,
                            .id = e->id,
                            .patient_type = T_PATIENT,
                            .patient_id = e->patient,
                            .detail = S("closed")};
    return audit_add(rq, &rec);
}
