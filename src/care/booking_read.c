/* care/booking_read.c - visits read back, and who is what to them. */
#include "care/access.h"
#include "care/booking_int.h"

enum { PATIENT_VISITS = 200 };

unsigned booking_actor(const struct req *rq, const struct booking *b)
{
    const struct who *w = rq->who;
    const struct role_ref *r = who_role(w);
    unsigned bits = 0;

    if (w == NULL) {
        return 0;
    }
    if (who_may_my(w, MY_VISIT) && str_eq(w->patient, b->patient)) {
        return ACTOR_PATIENT;
    }
    if (w->rights & IS_CLOCK) {
        return ACTOR_CLOCK;
    }
    if (w->rights & IS_SYSTEM) {
        return ACTOR_REGISTRAR | ACTOR_DOCTOR;
    }
    if (b->person.n > 0 && str_eq(w->person, b->person) && who_may(w, MAY_VISIT)) {
        bits |= ACTOR_DOCTOR;
    }
    if (r != NULL && (r->rights & MAY_BOOK) &&
        (str_eq(r->org, b->org) || str_eq(r->org, b->by_org) || str_eq(w->person, b->by))) {
        bits |= ACTOR_REGISTRAR;
    }
    return bits;
}

const struct care_state *booking_state(const struct booking *b)
{
    return &care_booking.states[b->state];
}

uint32_t booking_moves(const struct req *rq, const struct booking *b,
                       const struct care_move **ret_moves, uint32_t n)
{
    unsigned actor = booking_actor(rq, b);
    uint32_t got = 0;

    for (unsigned i = 0; i < care_booking.n_moves && got < n; i++) {
        const struct care_move *m = &care_booking.moves[i];
        if (m->from == b->state && (m->who & actor)) {
            ret_moves[got++] = m;
        }
    }
    return got;
}

static void from_row(struct arena *a, const struct db_rows *q, struct booking *b)
{
    *b = (struct booking){
        .rid = db_i64(q, 0),
        .id = db_text(a, q, 1),
        .state = (enum booking_state)db_i64(q, 2),
        .remote = db_i64(q, 3) != 0,
        .patient_rid = db_i64(q, 4),
        .patient = db_text(a, q, 5),
        .person = db_text(a, q, 6),
        .service = db_text(a, q, 7),
        .org = db_text(a, q, 8),
        .schedule = db_text(a, q, 9),
        .place = db_text(a, q, 10),
        .zone = {.first_min = (int)db_i64(q, 11)},
        .start_ms = db_i64(q, 12),
        .end_ms = db_i64(q, 13),
        .purpose = db_text(a, q, 14),
        .problem = db_text(a, q, 15),
        .by = db_text(a, q, 16),
        .by_org = db_text(a, q, 17),
        .taken = db_i64(q, 18) != 0,
        .hold_ms = db_i64(q, 19),
        .advice = db_i64(q, 20) != 0,
        .encounter = db_text(a, q, 21),
        .reason = db_text(a, q, 22),
        .created_ms = db_i64(q, 23),
        .version = db_u64(q, 24),
    };
}

static enum err rows_of(struct req *rq, struct db_rows *q, struct booking *ret, uint32_t n,
                        uint32_t *ret_n)
{
    uint32_t got = 0;
    bool has = false;

    TRY(db_next(rq, q, &has));
    while (has && got < n) {
        from_row(rq->a, q, &ret[got++]);
        TRY(db_next(rq, q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err booking_load(struct req *rq, struct str id, struct booking *ret_booking)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;

    TRY(DB_QUERY(rq, &q, Q_VISIT, sql_text(id)));
    TRY(rows_of(rq, &q, ret_booking, 1, &n));
    return n == 1 ? OK : FAIL(rq, E_NOT_FOUND, "visit");
}

enum err booking_note(struct req *rq, const struct booking *b, enum audit_action action,
                      enum err outcome, const char *what)
{
    const struct who *w = rq->who;
    unsigned actor = booking_actor(rq, b);
    enum audit_why why = outcome != OK && actor == 0              ? WHY_NOT_TEAM
                         : outcome != OK                          ? WHY_NO_RIGHT
                         : w != NULL && (w->rights & IS_SYSTEM)   ? WHY_SYSTEM
                         : actor & (ACTOR_DOCTOR | ACTOR_PATIENT) ? WHY_OWN
                                                                  : WHY_REGISTRY;
    struct audit_rec rec = {.action = outcome == OK ? action : AUDIT_DENY,
                            .why = why,
                            .outcome = outcome,
                            .type = T_APPOINTMENT,
                            .id = b->id,
                            .patient_type = T_PATIENT,
                            .patient_id = b->patient,
                            .patient_rid = b->patient_rid,
                            .detail = str_z(what)};
    return audit_add(rq, &rec);
}

enum err booking_find(struct req *rq, struct str id, struct booking *ret_booking)
{
    struct booking b;

    TRY(booking_load(rq, id, &b));
    if (booking_actor(rq, &b) == 0) {
        TRY(booking_note(rq, &b, AUDIT_READ, E_NOT_FOUND, "visit"));
        return FAIL(rq, E_NOT_FOUND, "visit");
    }
    TRY(booking_note(rq, &b, AUDIT_READ, OK, "visit"));
    *ret_booking = b;
    return OK;
}

enum err booking_list(struct req *rq, enum booking_by by, struct str owner, int64_t from_ms,
                      int64_t to_ms, struct booking *ret_bookings, uint32_t n, uint32_t *ret_n)
{
    static const enum stmt_id lists[] = {[BOOKING_BY_PERSON] = Q_VISITS_PERSON,
                                         [BOOKING_BY_ORG] = Q_VISITS_ORG,
                                         [BOOKING_BY_BOOKER] = Q_VISITS_BY_ORG};
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, lists[by], sql_text(owner), sql_i64(from_ms), sql_i64(to_ms), sql_i64(n)));
    return rows_of(rq, &q, ret_bookings, n, ret_n);
}

enum err booking_of_patient(struct req *rq, int64_t patient_rid, struct booking *ret_bookings,
                            uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_VISITS_PATIENT, sql_i64(patient_rid),
                 sql_i64(MIN(n, (uint32_t)PATIENT_VISITS))));
    return rows_of(rq, &q, ret_bookings, n, ret_n);
}

enum err booking_waiting(struct req *rq, struct str org, struct booking *ret_bookings, uint32_t n,
                         uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_VISITS_WAITING, sql_text(org), sql_i64(BOOKING_WAITING), sql_i64(n)));
    return rows_of(rq, &q, ret_bookings, n, ret_n);
}
