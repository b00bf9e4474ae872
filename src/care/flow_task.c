/* care/flow_task.c - Task and ServiceRequest as a move leaves them.
 *
 * Each move is kept on the Task as an extension (action, time, person, role, organisation, words):
 * that is the case's timeline, readable with the case and versioned with it. Members of Task that the
 * engine does not know are kept as they are. */
#include "care/flow_int.h"

#include "care/flow_task.h"
#include "care/put.h"

enum { TASK_MAX = 512 << 10, REQUEST_MAX = 1 << 20 };

#define EXT_MOVE S(CARE_URL "/StructureDefinition/move")

/* Members the engine writes itself. */
static bool is_ours(struct jv member)
{
    static const struct str ours[] = {
        SI("resourceType"), SI("id"),         SI("meta"),         SI("extension"),
        SI("basedOn"),      SI("status"),     SI("statusReason"), SI("businessStatus"),
        SI("intent"),       SI("priority"),   SI("code"),         SI("focus"),
        SI("for"),          SI("authoredOn"), SI("lastModified"), SI("requester"),
        SI("owner"),        SI("restriction"), SI("output"),
    };

    for (size_t i = 0; i < LEN(ours); i++) {
        if (json_key_is(member, ours[i])) {
            return true;
        }
    }
    return false;
}

static void part_str(struct json_out *o, struct str url, struct str type, struct str v)
{
    if (v.n == 0) {
        return;
    }
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ks(o, type, v);
    json_obj_end(o);
}

static void write_move(struct json_out *o, const struct moving *m)
{
    const struct who *w = m->rq->who;
    const struct care_move_args *args = m->args;

    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    part_str(o, S("action"), S("valueCode"), str_z(m->move->action));
    part_str(o, S("to"), S("valueCode"), str_z(m->flow->states[m->move->to].name));
    json_obj(o);
    json_ks(o, S("url"), S("at"));
    put_instant(o, S("valueInstant"), m->rq->now);
    json_obj_end(o);
    if (w != NULL && w->person.n > 0) {
        json_obj(o);
        json_ks(o, S("url"), S("by"));
        put_ref_shown(o, S("valueReference"), T_PRACTITIONER, w->person, w->name);
        json_obj_end(o);
        part_str(o, S("role"), S("valueCode"), w->audit.role);
        part_str(o, S("org"), S("valueId"), w->audit.org);
    }
    if (m->move->set & SET_SERVICE) {
        part_str(o, S("service"), S("valueId"), m->row.service);
        part_str(o, S("person"), S("valueId"), m->row.consultant);
    }
    part_str(o, S("reason-code"), S("valueCode"), args->reason_code);
    part_str(o, S("reason"), S("valueString"), args->reason);
    part_str(o, S("document"), S("valueId"), args->document);
    part_str(o, S("outcome"), S("valueCode"), args->outcome);
    json_arr_end(o);
    json_ks(o, S("url"), EXT_MOVE);
    json_obj_end(o);
}

static void write_business(struct json_out *o, const struct moving *m)
{
    const struct care_state *to = &m->flow->states[m->move->to];
    static const struct str levels[] = {SI(""), SI("due-soon"), SI("overdue"), SI("overdue")};

    json_k(o, S("businessStatus"));
    json_obj(o);
    json_k(o, S("coding"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("system"), S(CS_BUSINESS));
    json_ks(o, S("code"), str_z(to->name));
    json_ks(o, S("display"), str_z(to->title));
    json_obj_end(o);
    if (m->row.level > LEVEL_REMINDED && m->row.level < LEN(levels)) {
        json_obj(o);
        json_ks(o, S("system"), S(CS_BUSINESS));
        json_ks(o, S("code"), levels[m->row.level]);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void write_people(struct json_out *o, const struct moving *m)
{
    const struct case_row *r = &m->row;

    put_ref_shown(o, S("requester"), T_PRACTITIONER, r->asker, dir_person_name(m->dir, r->asker));
    if (r->consultant.n > 0) {
        put_ref_shown(o, S("owner"), T_PRACTITIONER, r->consultant,
                      dir_person_name(m->dir, r->consultant));
    } else {
        put_ref_shown(o, S("owner"), T_HEALTHCARE_SERVICE, r->service,
                      dir_service_name(m->dir, r->service));
    }
    if (r->answer_due_ms != 0) {
        json_k(o, S("restriction"));
        json_obj(o);
        json_k(o, S("period"));
        json_obj(o);
        put_instant(o, S("end"), (struct instant){r->answer_due_ms});
        json_obj_end(o);
        json_obj_end(o);
    }
}

static void write_output(struct json_out *o, const struct moving *m, struct jv old)
{
    struct jv have = json_get(old, S("output"));

    if (!(m->move->set & SET_CONCLUSION)) {
        if (json_has(have)) {
            json_kv(o, S("output"), have);
        }
        return;
    }
    json_k(o, S("output"));
    json_arr(o);
    for (struct jv v = json_first(have); json_has(v); v = json_next(v)) {
        json_v_jv(o, v);
    }
    json_obj(o);
    put_concept(o, S("type"), S(CS_TASK_IO), S("conclusion"), (struct str){0}, (struct str){0});
    put_ref(o, S("valueReference"), T_BUNDLE, m->args->document);
    json_obj_end(o);
    json_arr_end(o);
}

/* Everything of Task but what it carries over. */
static void write_task(struct json_out *o, struct moving *m, struct jv old)
{
    const struct case_row *r = &m->row;
    const struct care_state *to = &m->flow->states[m->move->to];
    const struct urgency *u = &care_of(m->rq)->content->urgencies[r->urgency];

    json_k(o, S("extension"));
    json_arr(o);
    for (struct jv e = json_first(json_get(old, S("extension"))); json_has(e); e = json_next(e)) {
        json_v_jv(o, e);
    }
    write_move(o, m);
    json_arr_end(o);
    json_k(o, S("basedOn"));
    json_arr(o);
    put_ref_item(o, T_SERVICE_REQUEST, r->id);
    json_arr_end(o);
    json_ks(o, S("status"), str_z(to->task_status));
    if (str_eq(str_z(to->task_status), S("rejected"))
        || str_eq(str_z(to->task_status), S("cancelled"))) {
        put_concept(o, S("statusReason"), S(CS_REASON), m->args->reason_code, (struct str){0},
                    m->args->reason);
    }
    write_business(o, m);
    json_ks(o, S("intent"), S("order"));
    json_ks(o, S("priority"), u->fhir_priority);
    put_concept(o, S("code"), S(CS_FLOW), r->flow, str_z(m->flow->title), (struct str){0});
    put_ref(o, S("focus"), T_SERVICE_REQUEST, r->id);
    put_ref(o, S("for"), T_PATIENT, r->patient);
    put_instant(o, S("authoredOn"), (struct instant){r->created_ms});
    put_instant(o, S("lastModified"), m->rq->now);
    write_people(o, m);
    write_output(o, m, old);
    for (struct jv v = json_first(old); json_has(v); v = json_next(v)) {
        if (!is_ours(v)) {
            json_kv(o, json_key(m->rq, v), v);
        }
    }
}

enum err flow_task(struct moving *m)
{
    struct req *rq = m->rq;
    struct json_doc doc = {0};
    struct jv old = {0};
    struct put p;

    put_begin(&p, rq, m->tx, T_TASK, m->row.id, TASK_MAX);
    p.case_id = m->row.id;
    p.patient = m->row.patient;
    p.expect = TX_CREATE;
    if (m->before.version != 0) {
        struct res_row task;
        TRY(db_read(rq, T_TASK, m->row.id, &task));
        TRY(json_parse(rq, task.body, NULL, &doc));
        old = json_root(&doc);
        p.expect = (int64_t)task.version;
    }
    write_task(&p.o, m, old);
    if (m->args->write_task != NULL) {
        m->args->write_task(&p.o, m->args->ctx);
    }
    return put_end(&p);
}

enum err flow_request(struct moving *m)
{
    const struct care_state *to = &m->flow->states[m->move->to];
    struct req *rq = m->rq;
    struct res_row row;
    struct json_doc doc;
    struct put p;

    if (!(to->flags & STATE_FINAL)) {
        return OK;
    }
    TRY(db_read(rq, T_SERVICE_REQUEST, m->row.id, &row));
    TRY(json_parse(rq, row.body, NULL, &doc));
    put_begin(&p, rq, m->tx, T_SERVICE_REQUEST, m->row.id, REQUEST_MAX);
    p.expect = (int64_t)row.version;
    struct jv root = json_root(&doc);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        if (json_key_is(v, S("status"))) {
            json_ks(&p.o, S("status"),
                    str_eq(str_z(to->task_status), S("cancelled")) ? S("revoked") : S("completed"));
        } else if (!json_key_is(v, S("resourceType")) && !json_key_is(v, S("id"))
                   && !json_key_is(v, S("meta"))) {
            json_kv(&p.o, json_key(rq, v), v);
        }
    }
    return put_end(&p);
}

static struct jv part(struct jv ext, struct str url, struct str type)
{
    for (struct jv e = json_first(json_get(ext, S("extension"))); json_has(e); e = json_next(e)) {
        if (json_is(json_get(e, S("url")), url)) {
            return json_get(e, type);
        }
    }
    return (struct jv){0};
}

enum err flow_moves_of(struct req *rq, const struct care_flow *flow, struct jv task,
                       const struct flow_event **ret_events, uint32_t *ret_n)
{
    struct jv exts = json_get(task, S("extension"));
    struct flow_event *all = ARENA_ARRAY(rq->a, json_len(exts), struct flow_event);
    uint32_t n = 0;

    TRY_MEM(rq, all);
    for (struct jv e = json_first(exts); json_has(e); e = json_next(e)) {
        if (!json_is(json_get(e, S("url")), EXT_MOVE)) {
            continue;
        }
        struct flow_event *v = &all[n++];
        struct arena *a = rq->a;
        v->action = json_str(a, part(e, S("action"), S("valueCode")));
        v->to = json_str(a, part(e, S("to"), S("valueCode")));
        v->reason_code = json_str(a, part(e, S("reason-code"), S("valueCode")));
        v->reason = json_str(a, part(e, S("reason"), S("valueString")));
        v->outcome = json_str(a, part(e, S("outcome"), S("valueCode")));
        v->document = json_str(a, part(e, S("document"), S("valueId")));
        v->service = json_str(a, part(e, S("service"), S("valueId")));
        v->named = json_str(a, part(e, S("person"), S("valueId")));
        v->role = json_str(a, part(e, S("role"), S("valueCode")));
        v->org = json_str(a, part(e, S("org"), S("valueId")));
        struct jv by = part(e, S("by"), S("valueReference"));
        v->person = ref_get(rq, by, T_PRACTITIONER);
        v->person_name = json_str(a, json_get(by, S("display")));
        (void)!instant_parse(json_str(a, part(e, S("at"), S("valueInstant"))), &v->at);
        for (unsigned i = 0; i < flow->n_moves; i++) {
            if (str_eq(str_z(flow->moves[i].action), v->action)
                && str_eq(str_z(flow->states[flow->moves[i].to].name), v->to)) {
                v->done = flow->moves[i].done;
            }
        }
        v->done = v->done == NULL ? "" : v->done;
    }
    *ret_events = all;
    *ret_n = n;
    return OK;
}
