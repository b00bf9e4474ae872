/* care/recording.c - recordings of meetings: the question, the answers, the end. See recording.h. */
#include "care/recording_int.h"

#include "base/text.h"
#include "care/care.h"
#include "care/patient_account.h"
#include "care/patient_account_consent.h"
#include "care/policy.h"
#include "care/who.h"

static const char *const end_texts[RECORDING_ENDS] = {
    [RECORDING_END_NONE] = "",
    [RECORDING_END_HOST] = T("The recording was stopped."),
    [RECORDING_END_NO] = T("Somebody does not agree: nothing is recorded."),
    [RECORDING_END_PATIENT] = T("The patient refuses recordings: nothing is recorded."),
    [RECORDING_END_OVER] = T("The recording ended: the meeting was over, or nobody was in it any more."),
    [RECORDING_END_LOST] = T("The recording broke off: the media server was lost. What was "
                               "recorded before is kept."),
};

static const char *const bar_texts[RECORDING_BARS] = {
    [RECORDING_MAY] = "",
    [RECORDING_BAR_POLICY] = T("The rules in force here do not let this meeting be recorded."),
    [RECORDING_BAR_PATIENT] = T("The patient does not want recordings."),
    [RECORDING_BAR_SERVER] = T("Recording needs the media server, which is not there now."),
    [RECORDING_BAR_FOLDER] = T("Recording is not set up on this server: it has no folder for "
                               "recordings."),
    [RECORDING_BAR_PROGRAM] = T("Recording is not set up on this server: the program that makes "
                                "recordings playable is not installed."),
};

const char *recording_end_text(enum recording_end why)
{
    return end_texts[why];
}

const char *recording_bar_text(enum recording_bar bar)
{
    return bar_texts[bar];
}

/* ---- may it be ---- */

static const struct policy_flag *flag_of(const struct policy *p, enum room_kind_id kind)
{
    switch (kind) {
    case ROOM_VISIT: return &p->recording.visit;
    case ROOM_CONSILIUM: return &p->recording.consilium;
    case ROOM_CASE:
    case ROOM_KIND_COUNT: break;
    }
    return &p->recording.in_case;
}

static enum err refused(struct req *rq, const struct room *room, bool *ret_refused)
{
    struct consent c;
    TRY(patient_consent(rq, room->patient_rid, CONSENT_RECORDING, &c));
    *ret_refused = c.state == CONSENT_REFUSED;
    return OK;
}

enum err recording_may(struct req *rq, const struct room *room, enum recording_bar *ret_bar,
                       const struct policy_flag **ret_policy)
{
    const struct care *care = care_of(rq);
    const struct policy_flag *flag = flag_of(patient_policy(rq), room->kind);
    bool no = false;
    TRY(refused(rq, room, &no));
    *ret_bar = !flag->set || !flag->value      ? RECORDING_BAR_POLICY
               : no                            ? RECORDING_BAR_PATIENT
               : care->recordings.n == 0       ? RECORDING_BAR_FOLDER
               : care->recorder == NULL        ? RECORDING_BAR_PROGRAM
               : !signals_media(care->signals) ? RECORDING_BAR_SERVER
                                               : RECORDING_MAY;
    if (ret_policy != NULL) {
        *ret_policy = flag;
    }
    return OK;
}

/* ---- rows ---- */

static struct recording row_get(struct req *rq, const struct db_rows *q)
{
    return (struct recording){
        .id = db_text(rq->a, q, 0),
        .room = db_text(rq->a, q, 1),
        .meeting = (uint32_t)db_i64(q, 2),
        .state = (enum recording_state)db_i64(q, 3),
        .by = db_text(rq->a, q, 4),
        .by_name = db_text(rq->a, q, 5),
        .asked_ms = db_i64(q, 6),
        .started_ms = db_i64(q, 7),
        .stopped_ms = db_i64(q, 8),
        .why = (enum recording_end)MIN(db_i64(q, 9), (int64_t)RECORDING_ENDS - 1),
        .stopped_by = db_text(rq->a, q, 10),
        .files = (uint32_t)db_i64(q, 11),
        .encounter = db_text(rq->a, q, 12),
        .gone = {db_i64(q, 13)},
        .gone_by = db_text(rq->a, q, 14),
    };
}

enum err recording_load(struct req *rq, struct str id, struct recording *ret_recording)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_RECORDING, sql_text(id)));
    *ret_recording = row_get(rq, &q);
    TRY_MEM(rq, ret_recording->id.p);
    return OK;
}

enum err recording_of(struct req *rq, const struct room *room, struct recording *ret_recording)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDING_LAST, sql_text(room->id)));
    TRY(db_next(rq, &q, &has));
    struct recording r = has ? row_get(rq, &q) : (struct recording){0};
    if (!has || r.meeting != room->meeting) {
        return FAIL(rq, E_NOT_FOUND, "recording");
    }
    TRY_MEM(rq, r.id.p);
    *ret_recording = r;
    return OK;
}

static enum err rows_get(struct req *rq, enum stmt_id id, const struct sql_val *v, size_t n_v,
                         struct recording *ret_all, uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(db_query(rq, id, v, n_v, &q));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_all[got] = row_get(rq, &q);
        TRY_MEM(rq, ret_all[got].id.p);
        got++;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err recording_work(struct req *rq, struct recording *ret_all, uint32_t n, uint32_t *ret_n)
{
    const struct sql_val v[] = {sql_i64(n)};
    return rows_get(rq, Q_RECORDING_WORK, v, LEN(v), ret_all, n, ret_n);
}

enum err recordings_of(struct req *rq, struct str room, struct recording *ret_all, uint32_t n,
                       uint32_t *ret_n)
{
    const struct sql_val v[] = {sql_text(room), sql_i64(n)};
    return rows_get(rq, Q_RECORDINGS_OF, v, LEN(v), ret_all, n, ret_n);
}

enum err recording_answers(struct req *rq, struct str recording, struct recording_answer *ret_answers,
                           uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDING_ANSWERS, sql_text(recording)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_answers[got++] = (struct recording_answer){
            .key = db_text(rq->a, &q, 0),
            .name = db_text(rq->a, &q, 1),
            .said = db_i64(&q, 2) != 0 ? RECORDING_YES : RECORDING_NO,
            .consent = db_text(rq->a, &q, 3),
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum recording_voice recording_voice_of(const struct recording_answer *answers, uint32_t n,
                                        struct str key)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(answers[i].key, key)) {
            return answers[i].said;
        }
    }
    return RECORDING_SILENT;
}

/* ---- what people do ---- */

/* Open pages look again once it is committed. */
static enum err tell(struct tx *tx, const struct room *room)
{
    return tx_event(tx, EVENT_ROOM, signals_room_topic(room->id));
}

static enum err stop(struct req *rq, struct tx *tx, const struct room *room, const struct recording *r,
                     enum recording_end why, struct str by)
{
    signals_record_stop(care_of(rq)->signals, room->id, true);
    TRY(TX_SQL(tx, W_RECORDING_STOP, 0, sql_text(r->id), sql_i64(rq->now.ms), sql_i64(why), sql_text(by),
               sql_text(r->meeting == room->meeting ? room->encounter : S(""))));
    TRY(room_note(rq, room, by.n > 0 ? AUDIT_MOVE : AUDIT_CLOCK, OK, "the recording ends in"));
    return tell(tx, room);
}

/* An answer: into the record, and beside the recording. */
static enum err say(struct req *rq, struct tx *tx, const struct room_caller *c,
                    const struct recording *r, struct str consent, bool yes)
{
    TRY(recording_consent_put(rq, tx, c, r, &consent, yes));
    TRY(TX_SQL(tx, W_RECORDING_ANSWER, 0, sql_text(r->id), sql_text(c->key), sql_text(c->name),
               sql_i64(yes), sql_i64(rq->now.ms), sql_text(consent)));
    TRY(room_note(rq, &c->room, AUDIT_GRANT, OK, yes ? "agrees to be recorded in"
                                                     : "does not agree to be recorded in"));
    return tell(tx, &c->room);
}

enum err recording_ask(struct req *rq, struct tx *tx, const struct room_caller *c)
{
    struct recording r = {.id = put_new_id(rq), .asked_ms = rq->now.ms};
    enum recording_bar bar;
    TRY_MEM(rq, r.id.p);
    TRY(room_hosts(rq, c));
    TRY(recording_may(rq, &c->room, &bar, NULL));
    if (bar != RECORDING_MAY || !c->room.live) {
        return FAIL(rq, E_CONFLICT, "recording: bar %d", (int)bar);
    }
    TRY(TX_SQL(tx, W_RECORDING_NEW, TX_MUST_BE_NEW, sql_text(r.id), sql_text(c->room.id),
               sql_i64(c->room.meeting), sql_text(rq->who->person), sql_text(c->name),
               sql_i64(rq->now.ms)));
    TRY(room_note(rq, &c->room, AUDIT_MOVE, OK, "asks to record"));
    return say(rq, tx, c, &r, S(""), true);
}

static enum err last(struct req *rq, const struct room_caller *c, struct recording *ret_recording)
{
    struct recording r;
    TRY(recording_of(rq, &c->room, &r));
    if (r.state > RECORDING_ON) {
        return FAIL(rq, E_NOT_FOUND, "recording");
    }
    *ret_recording = r;
    return OK;
}

static bool is_in(const struct room_caller *c)
{
    return c->has_seat && c->seat.state == SEAT_IN;
}

enum err recording_answer(struct req *rq, struct tx *tx, const struct room_caller *c, bool yes)
{
    struct recording_answer *all = ARENA_ARRAY(rq->a, RECORDING_PEOPLE, struct recording_answer);
    struct recording r;
    struct str consent = S("");
    uint32_t n = 0;
    TRY_MEM(rq, all);
    if (!is_in(c)) {
        return FAIL(rq, E_FORBIDDEN, "not in the room");
    }
    TRY(last(rq, c, &r));
    TRY(recording_answers(rq, r.id, all, RECORDING_PEOPLE, &n));
    for (uint32_t i = 0; i < n; i++) {
        consent = str_eq(all[i].key, c->key) ? all[i].consent : consent;
    }
    if (n == RECORDING_PEOPLE) {
        return FAIL(rq, E_TOO_LARGE, "answers");
    }
    TRY(say(rq, tx, c, &r, consent, yes));
    return yes ? OK : stop(rq, tx, &c->room, &r, RECORDING_END_NO, c->name);
}

enum err recording_stop(struct req *rq, struct tx *tx, const struct room_caller *c)
{
    struct recording r;
    TRY(room_hosts(rq, c));
    enum err e = last(rq, c, &r);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return stop(rq, tx, &c->room, &r, RECORDING_END_HOST, c->name);
}

/* ---- what follows by itself ---- */

struct view {
    struct room room;
    struct seat *in;
    uint32_t n_in, n_open; /* who are in; of them, without a yes */
    uint64_t comings;
};

static enum err view_read(struct req *rq, const struct recording *r, struct view *v)
{
    struct signals *s = care_of(rq)->signals;
    struct recording_answer *said = ARENA_ARRAY(rq->a, RECORDING_PEOPLE, struct recording_answer);
    uint32_t n_said = 0;
    v->in = ARENA_ARRAY(rq->a, ROOM_SEATS_MAX, struct seat);
    TRY_MEM(rq, said);
    TRY_MEM(rq, v->in);
    TRY(room_load(rq, r->room, &v->room));
    TRY(recording_answers(rq, r->id, said, RECORDING_PEOPLE, &n_said));
    v->comings = signals_comings(s, r->room);
    uint32_t n = signals_seats(s, rq, r->room, v->in, ROOM_SEATS_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (v->in[i].state == SEAT_IN) {
            v->in[v->n_in++] = v->in[i];
            v->n_open += recording_voice_of(said, n_said, v->in[i].key) != RECORDING_YES;
        }
    }
    return OK;
}

/* Why it is to end now, by what is known. */
static enum err end_of(struct req *rq, const struct recording *r, const struct view *v,
                       enum signal_record now, enum recording_end *ret_why)
{
    bool no = false;
    TRY(refused(rq, &v->room, &no));
    bool over = !v->room.live || v->room.meeting != r->meeting || v->n_in == 0;
    bool lost = now == SIGNAL_RECORD_LOST || (r->state == RECORDING_ON && now == SIGNAL_RECORD_NONE);
    *ret_why = over   ? RECORDING_END_OVER
               : no   ? RECORDING_END_PATIENT
               : lost ? RECORDING_END_LOST
                      : RECORDING_END_NONE;
    return OK;
}

static enum err begin(struct req *rq, struct tx *tx, const struct recording *r, const struct view *v)
{
    for (uint32_t i = 0; i < v->n_in; i++) {
        TRY(TX_SQL(tx, W_RECORDING_SEAT, 0, sql_text(r->id), sql_i64(v->in[i].number),
                   sql_text(v->in[i].name)));
    }
    if (r->state == RECORDING_ASKING) {
        TRY(TX_SQL(tx, W_RECORDING_ON, TX_MUST_CHANGE, sql_text(r->id), sql_i64(rq->now.ms),
                   sql_text(v->room.encounter)));
        TRY(room_note(rq, &v->room, AUDIT_CLOCK, OK, "everybody agrees: the recording runs in"));
    }
    return tell(tx, &v->room);
}

enum err recording_look(struct req *rq, struct tx *tx, const struct recording *r,
                        struct recording_begin *ret_begin)
{
    struct view v = {0};
    enum recording_end why;
    ret_begin->due = false;
    TRY(view_read(rq, r, &v));
    enum signal_record now = signals_recording(care_of(rq)->signals, r->room, r->id);
    TRY(end_of(rq, r, &v, now, &why));
    if (why != RECORDING_END_NONE) {
        return stop(rq, tx, &v.room, r, why, S(""));
    }
    if (v.n_open == 0 && (r->state == RECORDING_ASKING || now != SIGNAL_RECORD_ON)) {
        *ret_begin = (struct recording_begin){.due = true, .comings = v.comings};
        return begin(rq, tx, r, &v);
    }
    if (v.n_open > 0 && r->state == RECORDING_ON) {
        signals_record_stop(care_of(rq)->signals, r->room, false);
        TRY(TX_SQL(tx, W_RECORDING_PAUSE, TX_MUST_CHANGE, sql_text(r->id)));
        TRY(room_note(rq, &v.room, AUDIT_CLOCK, OK, "somebody came: the recording waits in"));
        return tell(tx, &v.room);
    }
    return OK;
}

void recording_begin(struct req *rq, const struct recording *r, const struct recording_begin *b)
{
    if (signals_record(care_of(rq)->signals, rq, r->room, r->id, b->comings) != OK) {
        err_clear(rq); /* the next look sees who came, or what is gone */
    }
}
