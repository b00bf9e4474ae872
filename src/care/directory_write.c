/* care/directory_write.c - organisations, services, people, roles and duty as FHIR resources. */
#include "care/directory_write.h"

#include "care/content.h"
#include "care/put.h"
#include "fhir/param.h"
#include "store/db.h"

enum { RES_MAX = 32 << 10, DATE_CHARS = 10 };

/* detail: what was done, where action and type do not say; of many at once none (store/record_group.c) */
static enum err note(struct req *rq, enum audit_action action, enum fhir_type type, struct str id,
                     const char *detail)
{
    struct audit_rec rec = {.action = action, .why = WHY_DIRECTORY, .type = (uint16_t)type, .id = id,
                            .detail = str_z(detail)};
    return audit_add(rq, &rec);
}

static void begin(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type, struct str id)
{
    put_begin(p, rq, tx, type, id, RES_MAX);
    if (id.n > 0) {
        p->expect = TX_CREATE;
    }
}

static enum err end_as(struct put *p, const char *detail, struct str *ret_id)
{
    TRY(put_end(p));
    TRY(note(p->rq, p->expect > 0 ? AUDIT_UPDATE : AUDIT_CREATE, p->type, p->id, detail));
    *ret_id = p->id;
    return OK;
}

static enum err end(struct put *p, struct str *ret_id)
{
    return end_as(p, "", ret_id);
}

/* "identifier":[{"system":..,"value":..}] */
static void put_identifier(struct json_out *o, struct str system, struct str value)
{
    json_k(o, S("identifier"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("system"), system);
    json_ks(o, S("value"), value);
    json_obj_end(o);
    json_arr_end(o);
}

enum err org_add(struct req *rq, struct tx *tx, const struct org_new *n, struct str *ret_id)
{
    struct str kind = org_kind_code(n->kind);
    struct put p;

    if (n->name.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "organisation: name");
    }
    if (n->policy.n > 0 && content_policy(care_of(rq)->content, n->policy) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "organisation: policy");
    }
    if (n->code.n > 0) {
        const struct fhir_param *sp = fhir_param_find(T_ORGANIZATION, S("identifier"));
        TRY(tx_require_none(tx, sp->sp, db_hash(rq->db, n->code), db_hash_sys(rq->db, S(SID_ORG_CODE))));
    }
    begin(&p, rq, tx, T_ORGANIZATION, n->id);
    if (n->policy.n > 0) {
        json_k(&p.o, S("extension"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S(CARE_URL "/StructureDefinition/policy"));
        json_ks(&p.o, S("valueCode"), n->policy);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    if (n->code.n > 0) {
        put_identifier(&p.o, S(SID_ORG_CODE), n->code);
    }
    json_kb(&p.o, S("active"), true);
    put_concepts(&p.o, S("type"), S(CS_ORG_TYPE), &kind, 1);
    json_ks(&p.o, S("name"), n->name);
    if (n->phone.n > 0) {
        json_k(&p.o, S("telecom"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("system"), S("phone"));
        json_ks(&p.o, S("value"), n->phone);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    if (n->parent.n > 0) {
        put_ref(&p.o, S("partOf"), T_ORGANIZATION, n->parent);
    }
    return end(&p, ret_id);
}

enum err service_add(struct req *rq, struct tx *tx, const struct service_new *n,
                     struct str *ret_id)
{
    struct put p;

    for (uint32_t i = 0; i < n->n_profiles; i++) {
        if (content_profile(care_of(rq)->content, n->profiles[i]) == NULL) {
            return FAIL(rq, E_BAD_INPUT, "service: profile %u", i + 1);
        }
    }
    if (n->name.n == 0 || n->org.n == 0 || n->n_profiles == 0) {
        return FAIL(rq, E_BAD_INPUT, "service: name, organisation or profile");
    }
    begin(&p, rq, tx, T_HEALTHCARE_SERVICE, n->id);
    json_kb(&p.o, S("active"), true);
    put_ref(&p.o, S("providedBy"), T_ORGANIZATION, n->org);
    put_concepts(&p.o, S("specialty"), S(CS_PROFILE), n->profiles, n->n_profiles);
    json_ks(&p.o, S("name"), n->name);
    return end(&p, ret_id);
}

enum err person_add(struct req *rq, struct tx *tx, const struct person_new *n, struct str *ret_id)
{
    struct put p;

    if (n->family.n == 0 || n->given.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "person: name");
    }
    begin(&p, rq, tx, T_PRACTITIONER, n->id);
    p.aside = n->quiet;
    if (n->id_value.n > 0) {
        put_identifier(&p.o, n->id_system, n->id_value);
    }
    json_kb(&p.o, S("active"), true);
    json_k(&p.o, S("name"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("family"), n->family);
    json_k(&p.o, S("given"));
    json_arr(&p.o);
    json_v_str(&p.o, n->given);
    if (n->middle.n > 0) {
        json_v_str(&p.o, n->middle);
    }
    json_arr_end(&p.o);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    if (n->sex.n > 0) {
        json_ks(&p.o, S("gender"), n->sex);
    }
    return end(&p, ret_id);
}

/* "role given by the identity provider ISSUER" */
static const char *by_provider(struct req *rq, const char *what, struct str issuer)
{
    struct buf b;
    buf_init(&b, rq->a, 400);
    BUF_LIT(&b, "role ");
    buf_str(&b, str_z(what));
    BUF_LIT(&b, " by the identity provider ");
    buf_str(&b, issuer);
    return buf_ok(&b) ? arena_cstr(rq->a, buf_get(&b)) : NULL;
}

enum err role_add(struct req *rq, struct tx *tx, const struct role_new *n, struct str *ret_id)
{
    struct put p;

    if (content_role(care_of(rq)->content, n->code) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "role: code");
    }
    if (n->from.n > 0 && n->until.n > 0 && str_cmp(n->until, n->from) < 0) {
        return FAIL(rq, E_BAD_INPUT, "role: until");
    }
    begin(&p, rq, tx, T_PRACTITIONER_ROLE, n->id);
    p.aside = n->quiet;
    p.expect = n->again > 0 ? (int64_t)n->again : p.expect;
    if (n->given_by.n > 0) {
        json_k(&p.o, S("extension"));
        json_arr(&p.o);
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S(EXT_ROLE_GIVEN_BY));
        json_ks(&p.o, S("valueUri"), n->given_by);
        json_obj_end(&p.o);
        json_arr_end(&p.o);
    }
    json_kb(&p.o, S("active"), true);
    if (n->from.n > 0 || n->until.n > 0) {
        json_k(&p.o, S("period"));
        json_obj(&p.o);
        if (n->from.n > 0) {
            json_ks(&p.o, S("start"), n->from);
        }
        if (n->until.n > 0) {
            json_ks(&p.o, S("end"), n->until);
        }
        json_obj_end(&p.o);
    }
    put_ref(&p.o, S("practitioner"), T_PRACTITIONER, n->person);
    put_ref(&p.o, S("organization"), T_ORGANIZATION, n->org);
    put_concepts(&p.o, S("code"), S(CS_ROLE), &n->code, 1);
    if (n->n_services > 0) {
        json_k(&p.o, S("healthcareService"));
        json_arr(&p.o);
        for (uint32_t i = 0; i < n->n_services; i++) {
            put_ref_item(&p.o, T_HEALTHCARE_SERVICE, n->services[i]);
        }
        json_arr_end(&p.o);
    }
    if (n->given_by.n == 0) {
        return end(&p, ret_id);
    }
    const char *detail = by_provider(rq, "given", n->given_by);
    TRY_MEM(rq, detail);
    return end_as(&p, detail, ret_id);
}

/* The resource again with "active": false. */
static enum err deactivate(struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
                           const char *detail)
{
    struct res_row row;
    struct json_doc doc;
    struct put p;

    TRY(db_read(rq, (uint16_t)type, id, &row));
    TRY(json_parse(rq, row.body, NULL, &doc));
    put_begin(&p, rq, tx, type, id, RES_MAX + row.body.n);
    p.expect = (int64_t)row.version;
    json_kb(&p.o, S("active"), false);
    struct jv root = json_root(&doc);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        if (!json_key_is(v, S("resourceType")) && !json_key_is(v, S("id"))
            && !json_key_is(v, S("meta")) && !json_key_is(v, S("active"))) {
            json_kv(&p.o, json_key(rq, v), v);
        }
    }
    TRY(put_end(&p));
    return note(rq, AUDIT_UPDATE, type, id, detail);
}

static enum err end_saying(struct req *rq, struct tx *tx, struct str role, const char *detail)
{
    struct instant lo;
    struct instant hi;
    struct res_row row;
    struct json_doc doc;
    struct put p;

    TRY(db_read(rq, T_PRACTITIONER_ROLE, role, &row));
    TRY(json_parse(rq, row.body, NULL, &doc));
    struct jv root = json_root(&doc);
    struct str start = json_str(rq->a, json_path(root, S("period.start")));
    put_begin(&p, rq, tx, T_PRACTITIONER_ROLE, role, RES_MAX + row.body.n);
    p.expect = (int64_t)row.version;
    json_kb(&p.o, S("active"), false);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    if (start.n == DATE_CHARS && zone_span(&care_of(rq)->zone, start, &lo, &hi)) {
        put_instant(&p.o, S("start"), lo); /* the day of here begins before that of UTC, and before its end */
    } else if (start.n > 0) {
        json_ks(&p.o, S("start"), start);
    }
    put_instant(&p.o, S("end"), rq->now);
    json_obj_end(&p.o);
    for (struct jv v = json_first(root); json_has(v); v = json_next(v)) {
        if (!json_key_is(v, S("resourceType")) && !json_key_is(v, S("id")) && !json_key_is(v, S("meta"))
            && !json_key_is(v, S("active")) && !json_key_is(v, S("period"))) {
            json_kv(&p.o, json_key(rq, v), v);
        }
    }
    TRY(put_end(&p));
    return note(rq, AUDIT_UPDATE, T_PRACTITIONER_ROLE, role, detail);
}

enum err role_end(struct req *rq, struct tx *tx, struct str role)
{
    return end_saying(rq, tx, role, "role ended");
}

enum err role_end_by(struct req *rq, struct tx *tx, struct str role, struct str issuer)
{
    const char *detail = by_provider(rq, "ended", issuer);
    TRY_MEM(rq, detail);
    return end_saying(rq, tx, role, detail);
}

enum err person_dismiss(struct req *rq, struct tx *tx, struct str person)
{
    return deactivate(rq, tx, T_PRACTITIONER, person, "dismissed");
}

/* The id of the Schedule of a person for a service follows from both. */
static struct str schedule_id(struct req *rq, struct str service, struct str person)
{
    uint64_t h = store_hash2(care_of(rq)->store, service, person);
    uint8_t raw[8];
    struct buf b;

    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] = (uint8_t)(h >> (8 * i));
    }
    buf_init(&b, rq->a, 40);
    BUF_LIT(&b, "duty-");
    buf_hex(&b, raw, sizeof raw);
    return buf_get(&b);
}

/* The Schedule of a person in a service, unless it is there. */
static enum err put_schedule(struct req *rq, struct tx *tx, struct str id, struct str service,
                             struct str person)
{
    struct res_row row;
    struct put p;
    enum err e = db_read(rq, T_SCHEDULE, id, &row);

    if (e != E_NOT_FOUND && e != E_GONE) {
        return e;
    }
    err_clear(rq);
    put_begin(&p, rq, tx, T_SCHEDULE, id, RES_MAX);
    p.expect = TX_ANY;
    json_kb(&p.o, S("active"), true);
    json_k(&p.o, S("actor"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_HEALTHCARE_SERVICE, service);
    put_ref_item(&p.o, T_PRACTITIONER, person);
    json_arr_end(&p.o);
    return put_end(&p);
}

enum err duty_add_turns(struct req *rq, struct tx *tx, struct str service, struct str person,
                        const struct duty_span *turns, uint32_t n)
{
    struct str schedule = schedule_id(rq, service, person);
    bool own = rq->who != NULL && str_eq(rq->who->person, person);

    TRY_MEM(rq, schedule.p);
    for (uint32_t i = 0; i < n; i++) {
        if (turns[i].to_ms <= turns[i].from_ms || turns[i].to_ms - turns[i].from_ms > 7 * MS_DAY) {
            return FAIL(rq, E_BAD_INPUT, "duty: from and to");
        }
    }
    TRY(put_schedule(rq, tx, schedule, service, person));
    for (uint32_t i = 0; i < n; i++) {
        struct str slot = {0};
        struct put p;
        put_begin(&p, rq, tx, T_SLOT, (struct str){0}, RES_MAX);
        put_ref(&p.o, S("schedule"), T_SCHEDULE, schedule);
        json_ks(&p.o, S("status"), S("free"));
        put_instant(&p.o, S("start"), (struct instant){turns[i].from_ms});
        put_instant(&p.o, S("end"), (struct instant){turns[i].to_ms});
        TRY(end_as(&p, own ? "taken" : "", &slot));
    }
    return OK;
}

enum err duty_add(struct req *rq, struct tx *tx, struct str service, struct str person,
                  struct instant from, struct instant to)
{
    const struct duty_span turn = {from.ms, to.ms};
    return duty_add_turns(rq, tx, service, person, &turn, 1);
}
