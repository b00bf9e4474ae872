/* app/demo_hours.c - hours of specialists at the places where they receive, patients of the stage, and
 * their visits in person, on which remote ones rest. */
#include "app/demo_stage.h"

#include "care/form.h"
#include "care/schedule.h"
#include "care/visit.h"
#include "fhir/type.h"
#include "store/tx.h"

enum { SLOT_MIN = 30, HOURS_DAYS = 40, REGISTERED_DAYS = 35 };

/* ---- hours ---- */

struct hours_row {
    const char *login, *place;
    unsigned days; /* as schedule_hours_add() takes them */
    struct schedule_hours hours;
};
enum { WEEKDAYS = 0x3e, SATURDAY = 1 << 6, EACH_DAY = 0xfe, TUESDAY = 1 << 2, THURSDAY = 1 << 4 };
/* clang-format off */
static const struct hours_row hours_rows[] = {
    {"cardiologist1",  "Областной центр, корпус 2, кабинет 214",  WEEKDAYS | SATURDAY, {0, 9 * 60, 13 * 60, SLOT_MIN, SLOT_BOTH}},
    {"cardiologist1",  NULL,                                      WEEKDAYS, {0, 14 * 60, 17 * 60, SLOT_MIN, SLOT_REMOTE}},
    {"neurologist1",   "Областной центр, корпус 1, кабинет 108",  WEEKDAYS, {0, 10 * 60, 16 * 60, SLOT_MIN, SLOT_BOTH}},
    {"neurologist1",   "Выездной приём: районная больница «Белбулак», кабинет 5", SATURDAY, {0, 9 * 60, 14 * 60, SLOT_MIN, SLOT_IN_PERSON}},
    {"therapist1",     "Областной центр, дистанционный кабинет",  EACH_DAY, {0, 8 * 60, 20 * 60, 20, SLOT_REMOTE}},
    {"paediatrician1", "Областной центр, детский корпус, кабинет 3", TUESDAY | THURSDAY, {0, 9 * 60, 15 * 60, SLOT_MIN, SLOT_BOTH}},
    {"doctor1",        "Районная больница «Алтынсай», кабинет 12", WEEKDAYS | SATURDAY, {0, 8 * 60, 12 * 60, 20, SLOT_BOTH}},
    {"doctor12",       "Navbahor tuman shifoxonasi, 4-xona",      WEEKDAYS, {0, 9 * 60, 13 * 60, 20, SLOT_BOTH}},
};
/* clang-format on */

struct opening {
    struct stage *s;
    const struct hours_row *row;
    struct str id; /* of the Schedule */
};

/* In the first post, for its service. */
static enum err open_hours(struct req *rq, struct tx *tx, void *ctx)
{
    struct opening *o = ctx;
    const struct role_ref *role = who_role(rq->who);
    const struct schedule s = {.person = rq->who->person,
                               .service = role->n_services > 0 ? role->services[0] : (struct str){0},
                               .org = role->org,
                               .place = str_z(o->row->place),
                               .zone = care_of(rq)->zone};

    TRY(schedule_new(rq, tx, &s, &o->id));
    o->id = arena_str(o->s->d->rq->a, o->id);
    return OK;
}

static enum err add_hours(struct req *rq, struct tx *tx, void *ctx)
{
    const struct opening *o = ctx;
    return schedule_hours_add(rq, tx, o->id, 0, o->row->days, &o->row->hours);
}

/* A row without a place goes on with the hours of the one before. */
static enum err open_rows(struct stage *s)
{
    struct instant at = {s->d->now.ms - HOURS_DAYS * MS_DAY};
    struct opening o = {.s = s};

    for (size_t i = 0; i < LEN(hours_rows); i++) {
        const struct hours_row *r = &hours_rows[i];
        o.row = r;
        if (r->place != NULL) {
            TRY(stage_act(s->d, r->login, at, open_hours, &o));
        }
        s->hours = s->hours.n == 0 ? o.id : s->hours;
        TRY(stage_act(s->d, r->login, at, add_hours, &o));
    }
    return OK;
}

/* ---- patients, and visits in person ---- */

/* Of the hospital's district; what demo_patient() takes of a story. */
#define PATIENT(sex_, from, to)                                                               \
    {.profile = "therapy", .lang = LANG_RU, .sex = (sex_), .age_lo = DEMO_YEARS(from),           \
     .age_hi = DEMO_YEARS(to), .papers = true}
static const struct demo_story people[STAGE_PATIENTS] = {
    [STAGE_NOW] = PATIENT('m', 64, 68),     [STAGE_NOTED] = PATIENT('f', 45, 50),
    [STAGE_ABSENT] = PATIENT('m', 52, 58),  [STAGE_CANCELS] = PATIENT('f', 35, 41),
    [STAGE_WAITS] = PATIENT('m', 69, 74),   [STAGE_COMES] = PATIENT('f', 57, 62),
    [STAGE_NERVES] = PATIENT('f', 28, 34),  [STAGE_AT_HOME] = PATIENT('m', 71, 77),
};

/* clang-format off */
static const struct seen_row {
    const char *doctor;
    enum stage_who patient;
    int days; /* ago */
    const char *place, *problem, *diagnosis, *plan;
} seen_rows[] = {
    {"cardiologist1", STAGE_NOW, 18, "Областной центр, кабинет 214", "I50 Сердечная недостаточность",
     "Хроническая сердечная недостаточность IIБ, III ФК. Фибрилляция предсердий, постоянная форма.",
     "Торасемид 10 мг утром, спиронолактон 25 мг; ежедневно масса тела и давление. Повторный приём дистанционно."},
    {"cardiologist1", STAGE_NOTED, 25, "Областной центр, кабинет 214", "I10 Артериальная гипертензия",
     "Артериальная гипертензия 2 степени, риск 3.",
     "Периндоприл 8 мг и амлодипин 5 мг, дневник давления. Повторный приём дистанционно через месяц."},
    {"neurologist1", STAGE_NERVES, 11, "Областной центр, кабинет 108", "G43 Мигрень",
     "Мигрень без ауры, частые приступы.",
     "Пропранолол 40 мг дважды в день, дневник головной боли. Повторный приём дистанционно."},
    {"doctor1", STAGE_AT_HOME, 15, "Районная больница «Алтынсай», кабинет 12", "E11 Сахарный диабет 2 типа",
     "Сахарный диабет 2 типа, целевой уровень HbA1c не достигнут.",
     "Метформин 2000 мг в сутки, самоконтроль глюкозы дважды в день. Повторный приём дистанционно."},
};
/* clang-format on */

static enum err register_all(struct stage *s)
{
    const struct demo_region *r = s->d->region;
    const struct instant at = {s->d->now.ms - REGISTERED_DAYS * MS_DAY};

    for (uint32_t i = 0; i < STAGE_PATIENTS; i++) {
        TRY(demo_patient(s->d, &people[i], &r->people[r->doctors], at, &s->patients[i]));
    }
    return OK;
}

enum err stage_patient(struct req *rq, struct str id, struct res_row *ret_row)
{
    struct patient p;
    int64_t rid = 0;

    TRY(db_rid(rq, T_PATIENT, id, &rid));
    TRY(patient_load(rq, rid, &p));
    if (p.n_ids == 0 || p.ids[0].kind == NULL) {
        return FAIL(rq, E_INTERNAL, "a patient without papers");
    }
    return visit_patient(rq, id, p.ids[0].kind->code, p.ids[0].value, ret_row);
}

struct seeing {
    struct stage *s;
    const struct seen_row *row;
};

static enum err record_seen(struct req *rq, struct tx *tx, void *ctx)
{
    const struct seeing *g = ctx;
    const struct seen_row *r = g->row;
    const struct field typed[] = {
        {S("date"), stage_date(rq, rq->now)}, {S("place"), str_z(r->place)},
        {S("problem"), str_z(r->problem)},    {S("diagnosis"), str_z(r->diagnosis)},
        {S("plan"), str_z(r->plan)},
    };
    struct problems problems = {.n = 0};
    struct res_row row;
    struct str id;

    TRY(stage_patient(rq, g->s->patients[r->patient], &row));
    return visit_record(rq, tx, &row, &(struct fields){typed, LEN(typed)}, &problems, &id);
}

enum err stage_hours(struct stage *s)
{
    TRY(open_rows(s));
    TRY(register_all(s));
    for (size_t i = 0; i < LEN(seen_rows); i++) {
        struct seeing g = {.s = s, .row = &seen_rows[i]};
        TRY(stage_act(s->d, seen_rows[i].doctor, (struct instant){s->d->now.ms - seen_rows[i].days * MS_DAY},
                      record_seen, &g));
    }
    return OK;
}
