/* care/consilium_put.c - who takes part, as resources and teams: CareTeam, a Task for each member,
 * access. */
#include "care/consilium_int.h"

#include "care/abroad.h"

static void reference_to(struct json_out *o, struct str key, const struct consilium_member *m)
{
    put_ref_shown(o, key, T_PRACTITIONER, m->person, m->name);
}

enum err consilium_put_team(struct req *rq, struct tx *tx, const struct consilium *c,
                            const struct consilium_item *item)
{
    struct put p;
    bool over = care_consilium.states[item->state].flags & STATE_FINAL;

    put_begin(&p, rq, tx, T_CARE_TEAM, item->id, 64 << 10);
    p.case_id = item->id;
    p.patient = item->patient;
    json_ks(&p.o, S("status"), over ? S("inactive") : item->state == CONSILIUM_FORMING ? S("proposed")
                                                                                         : S("active"));
    put_ref(&p.o, S("subject"), T_PATIENT, item->patient);
    json_k(&p.o, S("participant"));
    json_arr(&p.o);
    for (uint32_t i = 0; i < c->n_members; i++) {
        const struct consilium_member *m = &c->members[i];
        if (m->state != MEMBER_IN) {
            continue;
        }
        struct str part = consilium_part_code(c, m);
        json_obj(&p.o);
        put_concepts(&p.o, S("role"), S(CARE_URL "/CodeSystem/consilium-part"), &part, 1);
        reference_to(&p.o, S("member"), m);
        json_obj_end(&p.o);
    }
    json_arr_end(&p.o);
    json_k(&p.o, S("managingOrganization"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_ORGANIZATION, c->org);
    json_arr_end(&p.o);
    return put_end(&p);
}

static void write_output(struct put *p, const struct member_task *t)
{
    if (t->impression.n == 0 && t->protocol.n == 0) {
        return;
    }
    json_k(&p->o, S("output"));
    json_arr(&p->o);
    if (t->impression.n > 0) {
        json_obj(&p->o);
        put_concept(&p->o, S("type"), S(CS_TASK_IO), S("opinion"), (struct str){0}, (struct str){0});
        put_ref(&p->o, S("valueReference"), T_CLINICAL_IMPRESSION, t->impression);
        json_obj_end(&p->o);
    }
    if (t->protocol.n > 0) {
        json_obj(&p->o);
        put_concept(&p->o, S("type"), S(CS_TASK_IO), S("protocol"), (struct str){0}, (struct str){0});
        put_ref(&p->o, S("valueReference"), T_BUNDLE, t->protocol);
        json_obj_end(&p->o);
    }
    json_arr_end(&p->o);
}

enum err consilium_put_task(struct req *rq, struct tx *tx, const struct consilium *c,
                            const struct consilium_item *item, const struct consilium_member *m,
                            struct str task, const struct member_task *t)
{
    const struct urgency *u = &care_of(rq)->content->urgencies[c->urgency];
    struct put p;

    put_begin(&p, rq, tx, T_TASK, task, 64 << 10);
    p.case_id = item->id;
    p.patient = item->patient;
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, item->id);
    json_arr_end(&p.o);
    json_k(&p.o, S("partOf"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_TASK, item->id);
    json_arr_end(&p.o);
    json_ks(&p.o, S("status"), str_z(t->status));
    if (t->reason.n > 0) {
        put_concept(&p.o, S("statusReason"), S(CS_REASON), (struct str){0}, (struct str){0},
                    t->reason);
    }
    json_ks(&p.o, S("intent"), S("order"));
    json_ks(&p.o, S("priority"), u->fhir_priority);
    put_concept(&p.o, S("code"), S(CS_FLOW), S("consilium-opinion"), (struct str){0},
                (struct str){0});
    put_ref(&p.o, S("focus"), T_SERVICE_REQUEST, item->id);
    put_ref(&p.o, S("for"), T_PATIENT, item->patient);
    put_instant(&p.o, S("authoredOn"), (struct instant){item->created_ms});
    put_instant(&p.o, S("lastModified"), rq->now);
    put_ref_shown(&p.o, S("requester"), T_PRACTITIONER, c->convener,
                  dir_person_name(c->dir, c->convener));
    reference_to(&p.o, S("owner"), m);
    write_output(&p, t);
    return put_end(&p);
}

enum err consilium_ask_voice(struct req *rq, struct tx *tx, const struct consilium *c,
                             const struct consilium_item *item, const struct consilium_member *m)
{
    struct member_task t = {.status = m->state == MEMBER_IN ? "accepted" : "requested"};
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    uint32_t n = 0;
    struct str task = {0};

    TRY(abroad_allow(rq, tx, item->patient_rid, m->org, false));
    if (!m->votes) {
        return OK;
    }
    TRY(consilium_voices_all(rq, item->id, voices, &n));
    const struct consilium_voice *v = consilium_voice_of(voices, n, m->person);
    task = v != NULL ? v->task : put_new_id(rq);
    TRY_MEM(rq, task.p);
    TRY(TX_SQL(tx, W_CONSILIUM_VOICE_NEW, 0, sql_text(item->id), sql_text(m->person),
               sql_text(task)));
    return consilium_put_task(rq, tx, c, item, m, task, &t);
}

static uint64_t principal(struct req *rq, const struct consilium_member *m)
{
    return principal_person(care_of(rq)->store, m->person);
}

enum err consilium_join(struct req *rq, struct tx *tx, const struct consilium *c,
                        struct consilium_member *m)
{
    uint64_t self = principal(rq, m);

    for (uint32_t i = 0; i < c->n_items; i++) {
        const struct consilium_item *item = &c->items[i];
        bool in = false;
        TRY(abroad_allow(rq, tx, item->patient_rid, m->org, false));
        if (!(m->was_in & (1u << item->pos))) {
            TRY(db_team_has(rq, item->case_rid, &self, 1, &in));
            m->was_in |= in ? 1u << item->pos : 0;
        }
        TRY(tx_team(tx, T_SERVICE_REQUEST, item->id, self));
        TRY(tx_team(tx, T_SERVICE_REQUEST, item->case_id, self));
    }
    return OK;
}

enum err consilium_unjoin(struct req *rq, struct tx *tx, const struct consilium *c,
                          const struct consilium_member *m)
{
    for (uint32_t i = 0; i < c->n_items; i++) {
        const struct consilium_item *item = &c->items[i];
        TRY(tx_team_remove(tx, T_SERVICE_REQUEST, item->id, principal(rq, m)));
        if (!(m->was_in & (1u << item->pos))) {
            TRY(tx_team_remove(tx, T_SERVICE_REQUEST, item->case_id, principal(rq, m)));
        }
    }
    return OK;
}

enum err consilium_rejoin(struct req *rq, struct tx *tx, struct str item_id)
{
    struct consilium_item item;
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);

    TRY_MEM(rq, c);
    enum err e = consilium_item_load(rq, item_id, &item);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (care_consilium.states[item.state].flags & STATE_FINAL) {
        return OK;
    }
    TRY(consilium_load(rq, item.consilium, c));
    for (uint32_t i = 0; i < c->n_members; i++) {
        if (c->members[i].state == MEMBER_IN) {
            TRY(tx_team(tx, T_SERVICE_REQUEST, item.id, principal(rq, &c->members[i])));
            TRY(tx_team(tx, T_SERVICE_REQUEST, item.case_id, principal(rq, &c->members[i])));
        }
    }
    return OK;
}
