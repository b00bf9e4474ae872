/* care/record_about.c - whom or what a record is about. See record_about.h. */
#include "care/record_about.h"

#include "care/put.h"
#include "fhir/type.h"
#include "store/db.h"

/* The resource as it stands; root none when it is not there any more. */
static enum err load(struct req *rq, enum fhir_type type, struct str id, struct jv *ret_root)
{
    struct res_row row;
    struct jv root = {0};
    TRY(res_find(rq, type, id, &row, &root));
    *ret_root = row.rid == 0 || row.deleted ? (struct jv){0} : root;
    return OK;
}

static enum err of_role(struct req *rq, struct str id, struct record_about *a)
{
    struct jv v;
    TRY(load(rq, T_PRACTITIONER_ROLE, id, &v));
    a->person = str_or_empty(ref_get(rq, json_get(v, S("practitioner")), T_PRACTITIONER));
    a->org = str_or_empty(ref_get(rq, json_get(v, S("organization")), T_ORGANIZATION));
    a->role = str_or_empty(json_str(rq->a, json_path(v, S("code.0.coding.0.code"))));
    return OK;
}

/* Of duty and of hours of reception: who, and for which service. */
static enum err of_schedule(struct req *rq, struct str id, struct record_about *a)
{
    struct jv v;
    TRY(load(rq, T_SCHEDULE, id, &v));
    for (struct jv r = json_first(json_get(v, S("actor"))); json_has(r); r = json_next(r)) {
        struct str person = ref_get(rq, r, T_PRACTITIONER);
        struct str service = ref_get(rq, r, T_HEALTHCARE_SERVICE);
        a->person = person.n > 0 ? person : a->person;
        a->service = service.n > 0 ? service : a->service;
    }
    return OK;
}

static enum err of_slot(struct req *rq, struct str id, struct record_about *a)
{
    struct jv v;
    TRY(load(rq, T_SLOT, id, &v));
    struct str schedule = ref_get(rq, json_get(v, S("schedule")), T_SCHEDULE);
    return schedule.n > 0 ? of_schedule(rq, schedule, a) : OK;
}

enum err record_about(struct req *rq, uint16_t type, struct str id, struct record_about *ret_about)
{
    struct record_about a = {.person = {0}};
    if (id.n > 0) {
        switch (type) {
        case T_PRACTITIONER: a.person = id; break;
        case T_ORGANIZATION: a.org = id; break;
        case T_HEALTHCARE_SERVICE: a.service = id; break;
        case T_PRACTITIONER_ROLE: TRY(of_role(rq, id, &a)); break;
        case T_SCHEDULE: TRY(of_schedule(rq, id, &a)); break;
        case T_SLOT: TRY(of_slot(rq, id, &a)); break;
        default: break;
        }
    }
    *ret_about = a;
    return OK;
}
