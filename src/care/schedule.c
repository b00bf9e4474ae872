/* care/schedule.c - the hours of specialists as resources. See schedule.h. */
#include "care/schedule.h"

#include "care/access.h"
#include "care/directory.h"
#include "care/put.h"
#include "store/tx.h"

enum { RES_MAX = 32 << 10, PLACE_MAX = 200, NOTE_MAX = 200, TZ_MAX = 14 * 60,
       DAYS_ALL = 0xfe };
#define EXT_HOURS CARE_URL "/StructureDefinition/visit-hours"
#define EXT_ZONE CARE_URL "/StructureDefinition/visit-zone"
#define EXT_OPEN CARE_URL "/StructureDefinition/patients-book"
#define FAR_MS (INT64_C(10) * 366 * MS_DAY)

bool schedule_may(const struct req *rq, struct str person, struct str org)
{
    const struct who *w = rq->who;
    const struct role_ref *r = who_role(w);

    if (w == NULL) {
        return false;
    }
    if ((w->rights & IS_SYSTEM) || (str_eq(w->person, person) && who_may(w, MAY_VISIT))) {
        return true;
    }
    bool registrar = r != NULL && (r->rights & MAY_BOOK) && !(r->rights & MAY_VISIT);
    return r != NULL && str_eq(r->org, org) && (registrar || (r->rights & MAY_HEAD));
}

/* ---- reading ---- */

static const struct {
    struct str code;
    unsigned modes;
} mode_codes[] = {
    {SI("in-person"), SLOT_IN_PERSON}, {SI("remote"), SLOT_REMOTE}, {SI("both"), SLOT_BOTH}};

static struct str mode_code(unsigned modes)
{
    for (size_t i = 0; i < LEN(mode_codes); i++) {
        if (mode_codes[i].modes == modes) {
            return mode_codes[i].code;
        }
    }
    return S("both");
}

/* "09:30:00" as minutes; "24:00:00" is written 23:59:59. */
static unsigned clock_minutes(struct str text)
{
    uint64_t h = 0;
    uint64_t m = 0;

    if (str_eq(text, S("23:59:59"))) {
        return 1440;
    }
    return text.n == 8 && str_u64(str_sub(text, 0, 2), &h) && str_u64(str_sub(text, 3, 2), &m)
               ? (unsigned)(h * 60 + m)
               : 0;
}

static void read_hours(struct req *rq, struct jv ext, struct schedule_hours *h)
{
    for (struct jv e = json_first(json_get(ext, S("extension"))); json_has(e); e = json_next(e)) {
        struct jv url = json_get(e, S("url"));
        int64_t n = 0;
        if (json_is(url, S("day")) && json_i64(json_get(e, S("valueInteger")), &n)) {
            h->day = (unsigned)n;
        } else if (json_is(url, S("minutes")) && json_i64(json_get(e, S("valueInteger")), &n)) {
            h->minutes = (unsigned)n;
        } else if (json_is(url, S("from"))) {
            h->from_min = clock_minutes(json_str(rq->a, json_get(e, S("valueTime"))));
        } else if (json_is(url, S("to"))) {
            h->to_min = clock_minutes(json_str(rq->a, json_get(e, S("valueTime"))));
        } else if (json_is(url, S("mode"))) {
            for (size_t i = 0; i < LEN(mode_codes); i++) {
                h->modes |= json_is(json_get(e, S("valueCode")), mode_codes[i].code)
                                ? mode_codes[i].modes
                                : 0;
            }
        }
    }
}

static bool hours_are_good(const struct schedule_hours *h)
{
    return h->day >= 1 && h->day <= 7 && h->from_min < h->to_min && h->to_min <= 1440 &&
           h->minutes >= SLOT_MINUTES_MIN && h->minutes <= SLOT_MINUTES_MAX && h->modes != 0;
}

static void read_schedule(struct req *rq, struct jv v, struct schedule *s)
{
    s->zone = care_of(rq)->zone;
    s->place = json_str(rq->a, json_get(v, S("comment")));
    for (struct jv e = json_first(json_get(v, S("extension"))); json_has(e); e = json_next(e)) {
        struct jv url = json_get(e, S("url"));
        struct schedule_hours h = {.day = 0};
        int64_t zone = 0;
        if (json_is(url, S(EXT_ZONE)) && json_i64(json_get(e, S("valueInteger")), &zone)) {
            s->zone = (struct zone){.first_min = (int)MAX(MIN(zone, TZ_MAX), -TZ_MAX)};
        } else if (json_is(url, S(EXT_OPEN))) {
            s->open = json_is(json_get(e, S("valueCode")), S("open"));
        } else if (json_is(url, S(EXT_HOURS)) && s->n_hours < HOURS_MAX) {
            read_hours(rq, e, &h);
            s->hours[s->n_hours] = h;
            s->n_hours += hours_are_good(&h);
        }
    }
}

/* The present row of q with the resource behind it. */
static enum err from_row(struct req *rq, const struct db_rows *q, struct schedule *s)
{
    struct res_row row;
    struct jv v;
    int64_t rid = 0;

    *s = (struct schedule){.id = db_text(rq->a, q, 0),
                           .person = db_text(rq->a, q, 1),
                           .service = db_text(rq->a, q, 2),
                           .org = db_text(rq->a, q, 3),
                           .active = db_i64(q, 4) != 0};
    TRY(db_rid(rq, T_SCHEDULE, s->id, &rid));
    TRY(res_load(rq, rid, &row, &v));
    s->version = row.version;
    read_schedule(rq, v, s);
    return OK;
}

enum err schedule_load(struct req *rq, struct str id, struct schedule *ret_schedule)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_SCHEDULE, sql_text(id)));
    TRY(db_next(rq, &q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "schedule");
    }
    return from_row(rq, &q, ret_schedule);
}

enum err schedule_list(struct req *rq, enum schedule_by by, struct str owner,
                       struct schedule *ret_schedules, uint32_t n, uint32_t *ret_n)
{
    static const enum stmt_id lists[] = {[SCHEDULE_BY_PERSON] = Q_SCHEDULES_PERSON,
                                         [SCHEDULE_BY_SERVICE] = Q_SCHEDULES_SERVICE,
                                         [SCHEDULE_BY_ORG] = Q_SCHEDULES_ORG,
                                         [SCHEDULE_ALL] = Q_SCHEDULES};
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, lists[by], sql_text(str_or_empty(owner)), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        TRY(from_row(rq, &q, &ret_schedules[got++]));
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* ---- writing ---- */

static void put_clock(struct json_out *o, struct arena *a, struct str key, unsigned minutes)
{
    struct buf b;

    buf_init(&b, a, 16);
    if (minutes >= 1440) {
        BUF_LIT(&b, "23:59:59");
    } else {
        buf_u64_pad(&b, minutes / 60, 2);
        buf_char(&b, ':');
        buf_u64_pad(&b, minutes % 60, 2);
        BUF_LIT(&b, ":00");
    }
    json_obj(o);
    json_ks(o, S("url"), key);
    json_ks(o, S("valueTime"), buf_get(&b));
    json_obj_end(o);
}

static void put_number(struct json_out *o, struct str url, int64_t n)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ki(o, S("valueInteger"), n);
    json_obj_end(o);
}

static enum err put_schedule(struct req *rq, struct tx *tx, const struct schedule *s, int64_t expect)
{
    struct put p;

    put_begin(&p, rq, tx, T_SCHEDULE, s->id, RES_MAX);
    p.expect = expect;
    p.aside = true;
    const struct zone *region = &care_of(rq)->zone;
    bool own_zone = s->zone.changes != region->changes || s->zone.first_min != region->first_min;
    bool any = own_zone || s->open || s->n_hours > 0; /* an array in FHIR is not empty */
    if (any) {
        json_k(&p.o, S("extension"));
        json_arr(&p.o);
    }
    if (own_zone) {
        put_number(&p.o, S(EXT_ZONE), s->zone.first_min);
    }
    if (s->open) {
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S(EXT_OPEN));
        json_ks(&p.o, S("valueCode"), S("open"));
        json_obj_end(&p.o);
    }
    for (uint32_t i = 0; i < s->n_hours; i++) {
        const struct schedule_hours *h = &s->hours[i];
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S(EXT_HOURS));
        json_k(&p.o, S("extension"));
        json_arr(&p.o);
        put_number(&p.o, S("day"), h->day);
        put_clock(&p.o, rq->a, S("from"), h->from_min);
        put_clock(&p.o, rq->a, S("to"), h->to_min);
        put_number(&p.o, S("minutes"), h->minutes);
        json_obj(&p.o);
        json_ks(&p.o, S("url"), S("mode"));
        json_ks(&p.o, S("valueCode"), mode_code(h->modes));
        json_obj_end(&p.o);
        json_arr_end(&p.o);
        json_obj_end(&p.o);
    }
    if (any) {
        json_arr_end(&p.o);
    }
    json_kb(&p.o, S("active"), s->active);
    struct str code = S("visit");
    put_concepts(&p.o, S("serviceCategory"), S(CS_SCHEDULE), &code, 1);
    json_k(&p.o, S("actor"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_PRACTITIONER, s->person);
    if (s->service.n > 0) {
        put_ref_item(&p.o, T_HEALTHCARE_SERVICE, s->service);
    }
    json_arr_end(&p.o);
    json_ks(&p.o, S("comment"), s->place);
    return put_end(&p);
}

static enum err note(struct req *rq, struct str id, enum audit_action action, enum err outcome,
                     const char *what)
{
    struct audit_rec rec = {.action = outcome == OK ? action : AUDIT_DENY,
                            .why = outcome == OK ? WHY_DIRECTORY : WHY_NO_RIGHT,
                            .outcome = outcome,
                            .type = T_SCHEDULE,
                            .id = id,
                            .detail = str_z(what)};
    return audit_add(rq, &rec);
}

/* The one to be changed by who may. */
static enum err open_it(struct req *rq, struct str id, uint64_t expect, const char *what,
                        struct schedule *s)
{
    TRY(schedule_load(rq, id, s));
    if (!schedule_may(rq, s->person, s->org)) {
        TRY(note(rq, s->id, AUDIT_UPDATE, E_FORBIDDEN, what));
        return FAIL(rq, E_FORBIDDEN, "schedule");
    }
    if (!s->active) {
        return FAIL(rq, E_NOT_FOUND, "schedule");
    }
    return expect == 0 || expect == s->version
               ? OK
               : FAIL(rq, E_STALE, "the schedule is at version %llu", (unsigned long long)s->version);
}

enum err schedule_new(struct req *rq, struct tx *tx, const struct schedule *asked, struct str *ret_id)
{
    const struct directory *dir = NULL;
    struct schedule s = *asked;

    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, s.person);
    const struct dir_service *v = dir_service(dir, s.service);
    if (p == NULL || !p->active || !dir_person_has(p, MAY_VISIT, s.org)) {
        return FAIL(rq, E_BAD_INPUT, "person");
    }
    if (s.service.n > 0 && (v == NULL || !v->active || !str_eq(dir->orgs[v->org].id, s.org))) {
        return FAIL(rq, E_BAD_INPUT, "service");
    }
    if (s.place.n == 0 || s.place.n > PLACE_MAX) {
        return FAIL(rq, E_BAD_INPUT, "place");
    }
    int away = s.zone.first_min;
    if (away < -TZ_MAX || away > TZ_MAX || away % 15 != 0) {
        return FAIL(rq, E_BAD_INPUT, "tz");
    }
    if (away == care_tz(rq)) {
        s.zone = care_of(rq)->zone; /* and what becomes of it */
    }
    s.id = put_new_id(rq);
    TRY_MEM(rq, s.id.p);
    if (!schedule_may(rq, s.person, s.org)) {
        TRY(note(rq, s.id, AUDIT_CREATE, E_FORBIDDEN, "hours"));
        return FAIL(rq, E_FORBIDDEN, "schedule");
    }
    s.active = true;
    s.n_hours = 0;
    TRY(put_schedule(rq, tx, &s, TX_NEW));
    TRY(TX_SQL(tx, W_SCHEDULE_NEW, 0, sql_text(s.id), sql_text(s.person),
               sql_text(str_or_empty(s.service)), sql_text(s.org)));
    *ret_id = s.id;
    return note(rq, s.id, AUDIT_CREATE, OK, "hours");
}

static enum err check_hours(struct req *rq, unsigned days, const struct schedule_hours *h)
{
    if (days == 0 || (days & ~(unsigned)DAYS_ALL) != 0) {
        return FAIL(rq, E_BAD_INPUT, "day");
    }
    if (h->from_min >= h->to_min || h->to_min > 1440) {
        return FAIL(rq, E_BAD_INPUT, "from");
    }
    if (h->minutes < SLOT_MINUTES_MIN || h->minutes > SLOT_MINUTES_MAX ||
        h->minutes > h->to_min - h->from_min) {
        return FAIL(rq, E_BAD_INPUT, "minutes");
    }
    if (h->modes == 0 || h->modes > SLOT_BOTH) {
        return FAIL(rq, E_BAD_INPUT, "modes");
    }
    return OK;
}

/* Into the week, in the order of day and time. */
static enum err insert_hours(struct req *rq, struct schedule *s, const struct schedule_hours *h)
{
    uint32_t at = 0;

    if (s->n_hours == HOURS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "hours");
    }
    for (uint32_t i = 0; i < s->n_hours; i++) {
        const struct schedule_hours *o = &s->hours[i];
        if (o->day == h->day && o->from_min < h->to_min && h->from_min < o->to_min) {
            return FAIL(rq, E_CONFLICT, "hours %u overlap", i + 1);
        }
        at += o->day < h->day || (o->day == h->day && o->from_min < h->from_min);
    }
    for (uint32_t i = s->n_hours; i > at; i--) {
        s->hours[i] = s->hours[i - 1];
    }
    s->hours[at] = *h;
    s->n_hours++;
    return OK;
}

enum err schedule_hours_add(struct req *rq, struct tx *tx, struct str id, uint64_t expect,
                            unsigned days, const struct schedule_hours *hours)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);
    struct schedule_hours h = *hours;

    TRY_MEM(rq, s);
    TRY(open_it(rq, id, expect, "hours", s));
    TRY(check_hours(rq, days, &h));
    for (h.day = 1; h.day <= 7; h.day++) {
        if (days & (1U << h.day)) {
            TRY(insert_hours(rq, s, &h));
        }
    }
    TRY(put_schedule(rq, tx, s, (int64_t)s->version));
    return note(rq, s->id, AUDIT_UPDATE, OK, "hours");
}

enum err schedule_hours_remove(struct req *rq, struct tx *tx, struct str id, uint64_t expect,
                               uint32_t at)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);

    TRY_MEM(rq, s);
    TRY(open_it(rq, id, expect, "hours", s));
    if (at >= s->n_hours) {
        return FAIL(rq, E_NOT_FOUND, "hours");
    }
    for (uint32_t i = at; i + 1 < s->n_hours; i++) {
        s->hours[i] = s->hours[i + 1];
    }
    s->n_hours--;
    TRY(put_schedule(rq, tx, s, (int64_t)s->version));
    return note(rq, s->id, AUDIT_UPDATE, OK, "hours");
}

/* Is the specialist booked from..to? */
static enum err is_booked(struct req *rq, struct str person, int64_t from_ms, int64_t to_ms,
                          bool *ret_is)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_VISIT_TAKEN, sql_text(person), sql_i64(from_ms), sql_i64(to_ms),
                 sql_i64(rq->now.ms)));
    return db_next(rq, &q, ret_is);
}

enum err schedule_open(struct req *rq, struct tx *tx, struct str id, uint64_t expect, bool open)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);

    TRY_MEM(rq, s);
    TRY(open_it(rq, id, expect, "open to patients", s));
    s->open = open;
    TRY(put_schedule(rq, tx, s, (int64_t)s->version));
    return note(rq, s->id, AUDIT_UPDATE, OK, open ? "open to patients" : "not open to patients");
}

enum err schedule_end(struct req *rq, struct tx *tx, struct str id, uint64_t expect)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);
    bool booked = false;

    TRY_MEM(rq, s);
    TRY(open_it(rq, id, expect, "ended", s));
    TRY(is_booked(rq, s->person, rq->now.ms, rq->now.ms + FAR_MS, &booked));
    if (booked) {
        return FAIL(rq, E_CONFLICT, "visits are booked");
    }
    s->active = false;
    TRY(put_schedule(rq, tx, s, (int64_t)s->version));
    TRY(TX_SQL(tx, W_SCHEDULE_END, 0, sql_text(s->id)));
    return note(rq, s->id, AUDIT_UPDATE, OK, "ended");
}

/* ---- exceptions ---- */

enum err schedule_blocks(struct req *rq, struct str id, int64_t from_ms, int64_t to_ms,
                         struct schedule_block *ret_blocks, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_BLOCKS, sql_text(id), sql_i64(from_ms), sql_i64(to_ms)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_blocks[got++] = (struct schedule_block){
            .id = db_text(rq->a, &q, 0),
            .start_ms = db_i64(&q, 1),
            .end_ms = db_i64(&q, 2),
            .minutes = (unsigned)db_i64(&q, 3),
            .modes = (unsigned)db_i64(&q, 4),
            .note = db_text(rq->a, &q, 5),
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err schedule_block_add(struct req *rq, struct tx *tx, struct str id,
                            const struct schedule_block *b)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);
    struct put p;
    bool booked = false;
    bool off = b->minutes == 0;

    TRY_MEM(rq, s);
    TRY(open_it(rq, id, 0, "exception", s));
    if (b->end_ms <= b->start_ms || b->end_ms - b->start_ms > 366 * MS_DAY ||
        b->end_ms <= rq->now.ms || (!off && b->end_ms - b->start_ms > MS_DAY)) {
        return FAIL(rq, E_BAD_INPUT, "from");
    }
    if (!off && (b->minutes < SLOT_MINUTES_MIN || b->minutes > SLOT_MINUTES_MAX ||
                 b->modes == 0 || b->modes > SLOT_BOTH || b->end_ms - b->start_ms < b->minutes * MS_MINUTE)) {
        return FAIL(rq, E_BAD_INPUT, "minutes");
    }
    struct str words = str_trim(b->note);
    if (words.n > NOTE_MAX) {
        return FAIL(rq, E_BAD_INPUT, "note");
    }
    if (off) {
        TRY(is_booked(rq, s->person, MAX(b->start_ms, rq->now.ms), b->end_ms, &booked));
    }
    if (booked) {
        return FAIL(rq, E_CONFLICT, "visits are booked");
    }
    put_begin(&p, rq, tx, T_SLOT, (struct str){0}, RES_MAX);
    p.aside = true;
    put_ref(&p.o, S("schedule"), T_SCHEDULE, s->id);
    json_ks(&p.o, S("status"), off ? S("busy-unavailable") : S("free"));
    put_instant(&p.o, S("start"), (struct instant){b->start_ms});
    put_instant(&p.o, S("end"), (struct instant){b->end_ms});
    if (words.n > 0) {
        json_ks(&p.o, S("comment"), words);
    }
    TRY(put_end(&p));
    TRY(TX_SQL(tx, W_BLOCK_NEW, 0, sql_text(p.id), sql_text(s->id), sql_i64(b->start_ms),
               sql_i64(b->end_ms), sql_i64(b->minutes), sql_i64(off ? 0 : b->modes),
               sql_text(words.n > 0 ? words : S(""))));
    return note(rq, s->id, AUDIT_UPDATE, OK, off ? "hours off" : "hours beside the week");
}

enum err schedule_block_remove(struct req *rq, struct tx *tx, struct str id, struct str block)
{
    struct schedule *s = ARENA_NEW(rq->a, struct schedule);
    struct schedule_block *all = ARENA_ARRAY(rq->a, BLOCKS_MAX, struct schedule_block);
    uint32_t n = 0;

    TRY_MEM(rq, s);
    TRY_MEM(rq, all);
    TRY(open_it(rq, id, 0, "exception", s));
    TRY(schedule_blocks(rq, s->id, rq->now.ms, rq->now.ms + FAR_MS, all, BLOCKS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(all[i].id, block)) {
            TRY(tx_delete(tx, T_SLOT, block, TX_ANY));
            TRY(TX_SQL(tx, W_BLOCK_END, TX_MUST_CHANGE, sql_text(block), sql_text(s->id)));
            return note(rq, s->id, AUDIT_UPDATE, OK, "exception removed");
        }
    }
    return FAIL(rq, E_NOT_FOUND, "exception");
}
