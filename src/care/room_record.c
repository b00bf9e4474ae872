/* care/room_record.c - what is left of a meeting: who was there, when, how good the lines were; its
 * Encounter (class VR). See room.h. */
#include <string.h>

#include "care/care.h"
#include "care/directory.h"
#include "care/job.h"
#include "care/put.h"
#include "care/room_int.h"

enum { ENCOUNTER_CAP = 256 << 10, LINE_CAP = 400 };

#define EXT_LINE S(CARE_URL "/StructureDefinition/line-quality")
#define EXT_NAME S(CARE_URL "/StructureDefinition/guest-name")
#define CS_ROOM_ROLE S(CARE_URL "/CodeSystem/room-role")
#define CS_ACT S("http://terminology.hl7.org/CodeSystem/v3-ActCode")
#define CS_PART S("http://terminology.hl7.org/CodeSystem/v3-ParticipationType")

/* ---- the line of somebody, as numbers ---- */

static const struct str level_names[] = {SI("seconds-text"), SI("seconds-sound"), SI("seconds-180p"),
                                         SI("seconds-360p"), SI("seconds-720p")};

/* JSON of what a seat's line was; empty when nothing was reported. */
static struct str line_text(struct req *rq, const struct seat_line *l)
{
    struct json_out o;
    struct buf b;
    if (l->n == 0) {
        return S("");
    }
    buf_init(&b, rq->a, LINE_CAP);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ki(&o, S("rtt-ms"), (int64_t)(l->sum_rtt_ms / l->n));
    json_ki(&o, S("lost-per-mille"), (int64_t)(l->sum_lost_pm / l->n));
    json_ki(&o, S("kbit-per-second"), (int64_t)(l->sum_kbit / l->n));
    for (size_t i = 0; i < LEN(level_names); i++) {
        if (l->level_s[i] > 0) {
            json_ki(&o, level_names[i], (int64_t)l->level_s[i]);
        }
    }
    json_ki(&o, S("cuts"), l->cuts);
    json_obj_end(&o);
    return buf_get(&b);
}

/* ---- who was there ---- */

struct stays {
    struct room_stay v[ROOM_STAYS_MAX];
    bool is_new[ROOM_STAYS_MAX];
    uint32_t n;
    uint32_t n_in;   /* in the room now */
    int64_t seen_ms; /* when the last of them was heard of */
};

enum err room_stays(struct req *rq, const struct room *room, struct room_stay *ret_stays, uint32_t n,
                    uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_STAYS, sql_text(room->id), sql_i64(room->meeting)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_stays[got++] = (struct room_stay){
            .key = db_text(rq->a, &q, 0),
            .name = db_text(rq->a, &q, 1),
            .role = (enum room_role)MIN(db_i64(&q, 2), (int64_t)ROOM_OTHER),
            .in_ms = db_i64(&q, 3),
            .out_ms = db_i64(&q, 4),
            .removed = db_i64(&q, 5) != 0,
            .line = db_text(rq->a, &q, 6),
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

static struct room_stay *stay_of(struct stays *s, struct str key)
{
    for (uint32_t i = 0; i < s->n; i++) {
        if (str_eq(s->v[i].key, key)) {
            return &s->v[i];
        }
    }
    return NULL;
}

static void add_seat(struct req *rq, struct stays *s, const struct seat *seat)
{
    struct room_stay *stay = stay_of(s, seat->key);
    if (stay == NULL && s->n < ROOM_STAYS_MAX) {
        s->is_new[s->n] = true;
        stay = &s->v[s->n++];
        *stay = (struct room_stay){.key = seat->key, .name = seat->name, .in_ms = seat->in_ms,
                                   .role = (enum room_role)seat->role, .line = S("")};
    }
    if (stay != NULL) {
        struct str line = line_text(rq, &seat->line);
        stay->out_ms = MAX(stay->out_ms, seat->seen_ms);
        stay->line = line.n > 0 ? line : stay->line;
        stay->removed = false;
    }
    s->n_in++;
    s->seen_ms = MAX(s->seen_ms, seat->seen_ms);
}

/* What the record knows of this meeting, and what memory knows beyond it. */
static enum err read_stays(struct req *rq, const struct room *room, struct stays **ret_stays)
{
    struct seat *seats = ARENA_ARRAY(rq->a, ROOM_SEATS_MAX, struct seat);
    struct stays *s = ARENA_NEW(rq->a, struct stays);
    TRY_MEM(rq, seats);
    TRY_MEM(rq, s);
    if (room->live) {
        TRY(room_stays(rq, room, s->v, ROOM_STAYS_MAX, &s->n));
    }
    struct signals *all = care_of(rq)->signals;
    uint32_t n = all != NULL ? signals_seats(all, rq, room->id, seats, ROOM_SEATS_MAX) : 0;
    for (uint32_t i = 0; i < n; i++) {
        if (seats[i].state == SEAT_IN) {
            add_seat(rq, s, &seats[i]);
        }
    }
    *ret_stays = s;
    return OK;
}

static enum err write_stays(struct req *rq, struct tx *tx, const struct room *room,
                            const struct stays *s, bool until)
{
    for (uint32_t i = 0; i < s->n; i++) {
        const struct room_stay *v = &s->v[i];
        if (s->is_new[i]) {
            TRY(TX_SQL(tx, W_STAY_IN, 0, sql_text(room->id), sql_i64(room->meeting), sql_text(v->key),
                       sql_text(v->name), sql_i64(v->role), sql_i64(v->in_ms)));
        }
        if (until) {
            TRY(TX_SQL(tx, W_STAY_UNTIL, 0, sql_text(room->id), sql_i64(room->meeting),
                       sql_text(v->key), sql_i64(v->out_ms), sql_text(v->line), sql_i64(v->removed)));
        }
    }
    (void)rq;
    return OK;
}

enum err room_stay_end(struct req *rq, struct tx *tx, const struct room *room, const struct seat *seat,
                       bool removed)
{
    if (!room->live || seat->state != SEAT_IN) {
        return OK;
    }
    return TX_SQL(tx, W_STAY_UNTIL, 0, sql_text(room->id), sql_i64(room->meeting), sql_text(seat->key),
                  sql_i64(rq->now.ms), sql_text(line_text(rq, &seat->line)), sql_i64(removed));
}

/* ---- the Encounter ---- */

static void put_line(struct req *rq, struct json_out *o, struct str line)
{
    struct json_doc doc;
    if (line.n == 0 || json_parse(rq, line, NULL, &doc) != OK) {
        err_clear(rq);
        return;
    }
    json_obj(o);
    json_k(o, S("extension"));
    json_arr(o);
    for (struct jv v = json_first(json_root(&doc)); json_has(v); v = json_next(v)) {
        int64_t n = 0;
        if (json_i64(v, &n)) {
            json_obj(o);
            json_ks(o, S("url"), json_key(rq, v));
            json_ki(o, S("valueInteger"), n);
            json_obj_end(o);
        }
    }
    json_arr_end(o);
    json_ks(o, S("url"), EXT_LINE);
    json_obj_end(o);
}

static void put_name(struct json_out *o, struct str name)
{
    json_obj(o);
    json_ks(o, S("url"), EXT_NAME);
    json_ks(o, S("valueString"), name);
    json_obj_end(o);
}

static void put_period(struct json_out *o, int64_t from_ms, int64_t to_ms)
{
    json_k(o, S("period"));
    json_obj(o);
    put_instant(o, S("start"), (struct instant){from_ms});
    if (to_ms > 0) {
        put_instant(o, S("end"), (struct instant){MAX(to_ms, from_ms)});
    }
    json_obj_end(o);
}

static void put_types(struct json_out *o, const struct room_stay *v, bool first)
{
    json_k(o, S("type"));
    json_arr(o);
    if (first) {
        json_obj(o);
        put_coding(o, CS_PART, S("PPRF"), S("primary performer"));
        json_obj_end(o);
    }
    json_obj(o);
    put_coding(o, CS_ROOM_ROLE, room_role_code(v->role), S(""));
    json_obj_end(o);
    json_arr_end(o);
}

static void put_participant(struct req *rq, struct json_out *o, const struct room_stay *v, bool first)
{
    struct str who = str_sub(v->key, 2, v->key.n);
    bool staff = str_starts(v->key, S("p:")) && str_find_char(who, '/') == who.n;
    bool related = str_starts(who, S("RelatedPerson/"));
    bool person = staff || related;
    json_obj(o);
    if (!person || v->line.n > 0) {
        json_k(o, S("extension"));
        json_arr(o);
        if (!person) {
            put_name(o, v->name);
        }
        put_line(rq, o, v->line);
        json_arr_end(o);
    }
    put_types(o, v, first);
    put_period(o, v->in_ms, v->out_ms);
    if (person) {
        put_ref_shown(o, S("individual"), staff ? T_PRACTITIONER : T_RELATED_PERSON,
                      staff ? who : ref_id_of(who, T_RELATED_PERSON), v->name);
    }
    json_obj_end(o);
}

static void put_participants(struct req *rq, struct json_out *o, const struct stays *s)
{
    bool first = true;
    json_k(o, S("participant"));
    json_arr(o);
    for (uint32_t i = 0; i < s->n; i++) {
        bool doctor = s->v[i].role == ROOM_CLINICIAN;
        put_participant(rq, o, &s->v[i], first && doctor);
        first = first && !doctor;
    }
    json_arr_end(o);
}

/* end_ms 0: it goes on. */
static enum err put_encounter(struct req *rq, struct tx *tx, const struct room *room,
                              const struct stays *s, int64_t end_ms)
{
    struct put p;
    put_begin(&p, rq, tx, T_ENCOUNTER, room->encounter, ENCOUNTER_CAP);
    p.case_id = room->case_id;
    p.patient = room->patient;
    json_ks(&p.o, S("status"), end_ms > 0 ? S("finished") : S("in-progress"));
    json_k(&p.o, S("class"));
    put_one_coding(&p.o, CS_ACT, S("VR"), S("virtual"));
    put_ref(&p.o, S("subject"), T_PATIENT, room->patient);
    if (room->case_id.n > 0) {
        json_k(&p.o, S("basedOn"));
        json_arr(&p.o);
        put_ref_item(&p.o, T_SERVICE_REQUEST, room->case_id);
        json_arr_end(&p.o);
    }
    put_participants(rq, &p.o, s);
    if (room->kind == ROOM_VISIT) {
        json_k(&p.o, S("appointment"));
        json_arr(&p.o);
        put_ref_item(&p.o, T_APPOINTMENT, room->subject);
        json_arr_end(&p.o);
    }
    put_period(&p.o, room->begun_ms, end_ms);
    return put_end(&p);
}

static enum err begin(struct req *rq, struct tx *tx, struct room *room)
{
    TRY(TX_SQL(tx, W_ROOM_BEGIN, TX_MUST_CHANGE, sql_text(room->id), sql_i64(room->meeting),
               sql_i64(rq->now.ms)));
    room->live = true;
    room->meeting++;
    room->encounter = S("");
    room->begun_ms = rq->now.ms;
    if (room->kind == ROOM_CASE) { /* its page tells of the meeting */
        TRY(tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, room->subject)));
    }
    struct buf arg;
    buf_init(&arg, rq->a, 24);
    buf_u64(&arg, room->meeting);
    return job_set(tx, JOB_ROOM, room->id, rq->now.ms + ROOM_JOB_MS, buf_get(&arg));
}

enum err room_settle(struct req *rq, struct tx *tx, struct room *room)
{
    struct stays *s = NULL;
    bool more = false;
    TRY(read_stays(rq, room, &s));
    if (s->n_in == 0) {
        return OK;
    }
    if (!room->live) {
        TRY(begin(rq, tx, room));
    }
    for (uint32_t i = 0; i < s->n; i++) {
        more = more || s->is_new[i];
    }
    TRY(write_stays(rq, tx, room, s, false));
    bool first = room->encounter.n == 0 && s->n_in >= 2;
    if (first) {
        room->encounter = put_new_id(rq);
        TRY_MEM(rq, room->encounter.p);
        TRY(TX_SQL(tx, W_ROOM_ENCOUNTER, TX_MUST_CHANGE, sql_text(room->id), sql_i64(room->meeting),
                   sql_text(room->encounter)));
    }
    return room->encounter.n > 0 && (first || more) ? put_encounter(rq, tx, room, s, 0) : OK;
}

enum err room_finish(struct req *rq, struct tx *tx, struct room *room, int64_t end_ms)
{
    struct stays *s = NULL;
    if (room->live) {
        TRY(read_stays(rq, room, &s));
        TRY(write_stays(rq, tx, room, s, true));
        TRY(TX_SQL(tx, W_ROOM_END, TX_MUST_CHANGE, sql_text(room->id), sql_i64(room->meeting)));
        TRY(job_drop(tx, JOB_ROOM, room->id));
        if (room->encounter.n > 0) {
            TRY(put_encounter(rq, tx, room, s, end_ms));
        }
    }
    room->live = false;
    return tx_event(tx, EVENT_ROOM_END, signals_room_topic(room->id));
}

/* Dismissed by a command while the meeting goes on: it could not reach the seats of this process. */
static enum err put_out_who_left(struct req *rq, struct tx *tx, const struct stays *s)
{
    const struct directory *dir = NULL;
    TRY(directory_get(rq, &dir));
    for (uint32_t i = 0; i < s->n; i++) {
        struct str key = s->v[i].key;
        bool person = str_starts(key, S("p:"));
        const struct dir_person *p = person ? dir_person(dir, str_sub(key, 2, key.n)) : NULL;
        if (p != NULL && !p->active && !s->v[i].removed) {
            TRY(room_out_of_all(rq, tx, p->id));
        }
    }
    return OK;
}

enum err room_job(struct req *rq, struct tx *tx, struct str key, struct str arg)
{
    struct room room;
    struct stays *s = NULL;
    uint64_t meeting = 0;
    enum err e = room_load(rq, key, &room);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (!room.live || !str_u64(arg, &meeting) || meeting != room.meeting) {
        return OK;
    }
    TRY(read_stays(rq, &room, &s));
    int64_t last = MAX(s->seen_ms, room.alive_ms);
    if (rq->now.ms - last >= ROOM_QUIET_MS) {
        TRY(room_note(rq, &room, AUDIT_CLOCK, OK, "nobody was there for long: the meeting ended in"));
        return room_finish(rq, tx, &room, last);
    }
    TRY(put_out_who_left(rq, tx, s));
    TRY(write_stays(rq, tx, &room, s, true));
    TRY(TX_SQL(tx, W_ROOM_ALIVE, 0, sql_text(room.id), sql_i64(last)));
    return job_set(tx, JOB_ROOM, room.id, rq->now.ms + ROOM_JOB_MS, arg);
}
