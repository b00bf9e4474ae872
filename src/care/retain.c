/* care/retain.c - the table of what is kept how long, and its sweep. See retain.h. */
#include "care/retain.h"

#include "base/text.h"
#include "care/erasure_term.h"
#include "care/imaging_keep.h"
#include "care/recording_old.h"
#include "care/refusal.h"
#include "care/retain_wait.h"
#include "care/upload.h"
#include "care/who.h"
#include "store/db.h"
#include "store/tx.h"

enum {
    PIECE = 500,
    ONE_BY_ONE = 100,
    STUDIES = 10,
    RECORDINGS = 20,
    RECORDS = 10,
    RECORDS_A_DAY = 200,
    PATIENTS = 100000,
    JOB_CAP = 8 << 20
};

/* clang-format off */
const struct retain_kind retain_kinds[RETAIN_COUNT] = {
    /*                    code             title                                                   counts from                                    where              key              own */
    [RETAIN_RECORD]     = {SI("record"),     T("Records of patients"),                               T("the last entry"),                           RETAIN_BY_POLICY,  SI("retention.medicalRecord"), 0},
    [RETAIN_RECORDINGS] = {SI("recordings"), T("Recordings of meetings"),                            T("the end of the meeting"),                   RETAIN_BY_POLICY,  SI("recording.retention"), 0},
    [RETAIN_IMAGES]     = {SI("images"),     T("Medical images"),                                    T("the last image of the study"),              RETAIN_BY_POLICY,  SI("retention.images"), 0},
    [RETAIN_REQUESTS]   = {SI("requests"),   T("Requests that were never sent, with their images"),  T("the last change"),                          RETAIN_BY_SETTING, SI("draft_keep"), 0},
    [RETAIN_DRAFTS]     = {SI("drafts"),     T("Other forms that were never sent or signed"),        T("the last change"),                          RETAIN_BY_SETTING, SI("draft_keep"), 0},
    [RETAIN_UPLOADS]    = {SI("uploads"),    T("Files that were sent and not used"),                 T("the last part that came"),                  RETAIN_BY_SETTING, SI("draft_keep"), 0},
    [RETAIN_NOTICES]    = {SI("notices"),    T("Notices of the bell that were read"),                T("the notice"),                               RETAIN_BY_TERMS,   SI(""),           90 * MS_DAY},
    [RETAIN_POST]       = {SI("post"),       T("Notices beyond the page that were given up"),        T("the last attempt"),                         RETAIN_BY_TERMS,   SI(""),           30 * MS_DAY},
    [RETAIN_CALLS]      = {SI("calls"),      T("Calls to an emergency"),                             T("the end of the call"),                      RETAIN_BY_TERMS,   SI(""),           90 * MS_DAY},
    [RETAIN_SESSIONS]   = {SI("sessions"),   T("Sessions that ended"),                               T("the end of the session"),                   RETAIN_BY_SETTING, SI("session_max"), 0},
    [RETAIN_DEVICES]    = {SI("devices"),    T("Browsers people signed in with"),                    T("the last sign-in with it"),                 RETAIN_BY_TERMS,   SI(""),           400 * MS_DAY},
    [RETAIN_REFUSALS]   = {SI("refusals"),   T("Refusals that are only counted"),                    T("the first of them; then their number is on record"), RETAIN_FIXED, SI(""),      REFUSAL_WINDOW_MS},
    [RETAIN_EXPORTS]    = {SI("exports"),    T("Files of bulk exports and imports"),                 T("the end of the export or import"),          RETAIN_BY_TERMS,   SI(""),           24 * MS_HOUR},
    [RETAIN_EVENTS]     = {SI("events"),     T("Delivered events of subscriptions"),                 T("the event"),                                RETAIN_BY_SETTING, SI("events_keep"), 0},
    [RETAIN_SHARES]     = {SI("shares"),     T("Links to images"),                                   T("the end of the link"),                      RETAIN_BY_TERMS,   SI(""),           0},
    [RETAIN_GUESTS]     = {SI("guests"),     T("Links of guests into meetings"),                     T("the end of the link"),                      RETAIN_BY_TERMS,   SI(""),           0},
    [RETAIN_INVITES]    = {SI("invites"),    T("Links by which staff choose a password"),            T("the end of the link"),                      RETAIN_BY_TERMS,   SI(""),           0},
    [RETAIN_OPENINGS]   = {SI("openings"),   T("Links that open a record to a patient or relative"), T("the end of the link"),                      RETAIN_BY_TERMS,   SI("invites"),    0},
    [RETAIN_AUDIT]      = {SI("audit"),      T("Who saw and changed what"),                          T("the entry"),                                RETAIN_EVER,       SI("retention.audit"), 0},
};

/* How a kind is looked at and leaves. */
typedef enum err (*past_fn)(struct req *rq, struct retain_seen *seen);
/* One by one, each with its record, at most `most`; *ret_more: another round finds more. */
typedef enum err (*end_fn)(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);

static enum err past_records(struct req *rq, struct retain_seen *seen);
static enum err past_recordings(struct req *rq, struct retain_seen *seen);
static enum err past_images(struct req *rq, struct retain_seen *seen);
static enum err end_records(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);
static enum err end_recordings(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);
static enum err end_images(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);
static enum err end_requests(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);
static enum err end_uploads(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more);

static const struct way {
    bool in_row;        /* the end in the row is the end of the term */
    enum stmt_id past;  /* STMT_COUNT: none */
    enum stmt_id end;   /* pieces by number; STMT_COUNT: by end_by */
    past_fn past_by;
    end_fn end_by;
    uint32_t most;      /* of end_by at once */
    uint32_t most_a_day; /* and on a day (UTC); 0: no limit */
} ways[RETAIN_COUNT] = {
    [RETAIN_RECORD]     = {.past = STMT_COUNT,      .end = STMT_COUNT, .past_by = past_records, .end_by = end_records, .most = RECORDS, .most_a_day = RECORDS_A_DAY},
    [RETAIN_RECORDINGS] = {.past = STMT_COUNT,      .end = STMT_COUNT, .past_by = past_recordings, .end_by = end_recordings, .most = RECORDINGS},
    [RETAIN_IMAGES]     = {.past = STMT_COUNT,      .end = STMT_COUNT, .past_by = past_images, .end_by = end_images, .most = STUDIES},
    [RETAIN_REQUESTS]   = {.past = Q_PAST_REQUESTS, .end = STMT_COUNT, .end_by = end_requests, .most = ONE_BY_ONE},
    [RETAIN_DRAFTS]     = {.past = Q_PAST_DRAFTS,   .end = W_PAST_DRAFTS},
    [RETAIN_UPLOADS]    = {.past = Q_PAST_UPLOADS,  .end = STMT_COUNT, .end_by = end_uploads, .most = ONE_BY_ONE, .in_row = true},
    [RETAIN_NOTICES]    = {.past = Q_PAST_NOTICES,  .end = W_PAST_NOTICES},
    [RETAIN_POST]       = {.past = Q_PAST_POST,     .end = W_PAST_POST},
    [RETAIN_CALLS]      = {.past = Q_PAST_CALLS,    .end = W_PAST_CALLS},
    [RETAIN_SESSIONS]   = {.past = Q_PAST_SESSIONS, .end = W_PAST_SESSIONS, .in_row = true},
    [RETAIN_DEVICES]    = {.past = Q_PAST_DEVICES,  .end = W_PAST_DEVICES},
    [RETAIN_REFUSALS]   = {.past = Q_PAST_REFUSALS, .end = STMT_COUNT},                 /* care/refusal.h */
    [RETAIN_EXPORTS]    = {.past = Q_PAST_EXPORTS,  .end = STMT_COUNT, .in_row = true}, /* care/bulk_run.c */
    [RETAIN_EVENTS]     = {.past = Q_PAST_EVENTS,   .end = STMT_COUNT},                 /* work/herald_scan.c */
    [RETAIN_SHARES]     = {.past = Q_PAST_SHARES,   .end = W_PAST_SHARES},
    [RETAIN_GUESTS]     = {.past = Q_PAST_GUESTS,   .end = W_PAST_GUESTS},
    [RETAIN_INVITES]    = {.past = Q_PAST_INVITES,  .end = W_PAST_INVITES},
    [RETAIN_OPENINGS]   = {.past = Q_PAST_OPENINGS, .end = W_PAST_OPENINGS},
    [RETAIN_AUDIT]      = {.past = STMT_COUNT,      .end = STMT_COUNT},
};
/* clang-format on */

/* ---- terms ---- */

static struct retain_term of_policy(enum retain_id id, const struct policy *p)
{
    struct retain_term t = {0};
    if (p == NULL) {
        return t;
    }
    if (id == RETAIN_IMAGES) { /* the shortest of its rules: others are in the profile */
        for (uint32_t i = 0; i < p->n_keep; i++) {
            int64_t ms = (int64_t)p->keep[i].years * MS_YEAR;
            bool first = t.from == NULL || (ms > 0 && (!t.set || ms < t.ms));
            t = first ? (struct retain_term){ms > 0, ms, &p->keep[i].from} : t;
        }
        return t;
    }
    const struct term *one = id == RETAIN_RECORD ? &p->record_keep : &p->recording.keep;
    return (struct retain_term){one->ms > 0, one->ms, &one->from};
}

static struct retain_term of_setting(const struct care *care, enum retain_id id)
{
    int64_t ms = id == RETAIN_EVENTS     ? care->hooks.keep_ms
                 : id == RETAIN_SESSIONS ? 0 /* they go when they end */
                                         : care->draft_keep_ms;
    return (struct retain_term){true, ms, NULL};
}

struct retain_term retain_term(const struct care *care, enum retain_id id, const struct policy *p)
{
    const struct retain_kind *k = &retain_kinds[id];
    const struct policy_retain *row = NULL;

    switch (k->where) {
    case RETAIN_BY_POLICY:
        return of_policy(id, p);
    case RETAIN_BY_SETTING:
        return of_setting(care, id);
    case RETAIN_EVER:
        return (struct retain_term){false, 0, care->policy != NULL ? &care->policy->audit_from : NULL};
    case RETAIN_FIXED:
        break;
    case RETAIN_BY_TERMS:
        row = care->policy != NULL
                  ? policy_retain(care->policy, k->key.n > 0 ? k->key : k->code) : NULL;
        if (row != NULL) {
            return (struct retain_term){row->keep.ms > 0, row->keep.ms, &row->keep.from};
        }
        break;
    }
    return (struct retain_term){k->own_ms > 0, k->own_ms, NULL};
}

int64_t retain_until(const struct care *care, enum retain_id id, int64_t now_ms)
{
    struct retain_term t = retain_term(care, id, NULL);
    return t.set ? now_ms + t.ms : INT64_MAX;
}

/* Older than this is past its term. false: it never is. */
static bool before_of(struct req *rq, enum retain_id id, int64_t *ret_before)
{
    struct retain_term t = retain_term(care_of(rq), id, care_of(rq)->policy);
    bool any = retain_kinds[id].where == RETAIN_BY_POLICY; /* its rules are asked one by one */
    *ret_before = rq->now.ms - (ways[id].in_row ? 0 : t.ms);
    return (t.set || any) && (ways[id].past != STMT_COUNT || ways[id].past_by != NULL);
}

/* ---- looking ---- */

static enum err past_of(struct req *rq, enum retain_id id, int64_t before, struct retain_seen *seen)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    if (ways[id].past_by != NULL) {
        return ways[id].past_by(rq, seen);
    }
    const struct sql_val v = sql_i64(before);
    TRY(db_one(rq, ways[id].past, &v, 1, &q));
    seen->past = db_u64(&q, 0);
    seen->oldest.ms = db_i64(&q, 1);
    return OK;
}

static enum err read_states(struct req *rq, struct retain_seen *seen)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(db_query(rq, Q_RETAIN, NULL, 0, &q));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct str kind = db_peek(&q, 0);
        for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
            if (str_eq(kind, retain_kinds[i].code)) {
                seen[i].removed.ms = db_i64(&q, 1);
                seen[i].removed_n = db_u64(&q, 2);
                seen[i].failed.ms = db_i64(&q, 3);
                seen[i].why = db_text(rq->a, &q, 4);
            }
        }
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

enum err retain_look(struct req *rq, struct retain_seen ret_seen[RETAIN_COUNT])
{
    struct retain_seen seen[RETAIN_COUNT] = {0};
    TRY(read_states(rq, seen));
    for (enum retain_id id = 0; id < RETAIN_COUNT; id++) {
        int64_t before = 0;
        seen[id].counted = before_of(rq, id, &before);
        enum err e = seen[id].counted ? past_of(rq, id, before, &seen[id]) : OK;
        if (e == E_IO || e == E_TOO_LARGE) {
            return e;
        }
        if (e != OK) { /* it cannot be judged, so it does not leave; the others are shown all the same */
            seen[id].failed = seen[id].failed.ms != 0 ? seen[id].failed : rq->now;
            seen[id].why = str_z(err_name(e));
            err_clear(rq);
        }
    }
    for (uint32_t i = 0; i < RETAIN_COUNT; i++) {
        ret_seen[i] = seen[i];
    }
    return OK;
}

/* One more, since at. */
static void tally(struct retain_seen *seen, int64_t at, bool waits, struct instant until)
{
    if (waits) {
        seen->later_from = seen->later == 0 || until.ms < seen->later_from.ms ? until : seen->later_from;
        seen->later++;
        return;
    }
    seen->oldest.ms = seen->past == 0 ? at : MIN(seen->oldest.ms, at);
    seen->past++;
}

static enum err tally_study(struct req *rq, const struct dicom_study *s, struct str rule, void *ctx)
{
    (void)rq;
    (void)rule;
    tally(ctx, s->changed_ms, false, (struct instant){0});
    return OK;
}

static enum err past_images(struct req *rq, struct retain_seen *seen)
{
    return imaging_old_each(rq, RETAIN_LOOK, tally_study, seen);
}

static enum err tally_record(struct req *rq, const struct erasure_old *o, void *ctx)
{
    (void)rq;
    tally(ctx, o->last_ms, o->waits, o->until);
    return OK;
}

static enum err past_records(struct req *rq, struct retain_seen *seen)
{
    struct erasure_walk all = {0};
    return erasure_old_each(rq, true, PATIENTS, RETAIN_LOOK, &all, tally_record, seen);
}

static enum err tally_recording(struct req *rq, const struct recording_old *r, void *ctx)
{
    (void)rq;
    tally(ctx, r->ended_ms, r->waits, r->until);
    return OK;
}

static enum err past_recordings(struct req *rq, struct retain_seen *seen)
{
    return recording_old_each(rq, true, RETAIN_LOOK, tally_recording, seen);
}

/* ---- the clock ---- */

enum err retain_clock_look(struct req *rq, struct retain_clock *ret_clock)
{
    struct retain_clock c = {0};
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool has = false;
        TRY(db_query(rq, Q_RETAIN_CLOCK, NULL, 0, &q));
        TRY(db_next(rq, &q, &has));
        c.seen.ms = has ? db_i64(&q, 0) : 0;
    }
    if (c.seen.ms == 0) {
        struct audit_row newest;
        size_t n = 0;
        TRY(audit_list(rq, 0, 0, 1, &newest, &n));
        c.seen = n > 0 ? newest.at : rq->now;
    }
    c.trusted = rq->now.ms - c.seen.ms <= RETAIN_CLOCK_MS;
    *ret_clock = c;
    return OK;
}

enum err retain_clock_confirm(struct req *rq, struct tx *tx, enum audit_why why)
{
    struct audit_rec rec = {.action = AUDIT_ADMIN, .why = why, .detail = S("retention: the clock is right")};
    TRY(TX_SQL(tx, W_RETAIN_CLOCK, 0, sql_i64(rq->now.ms)));
    return audit_add(rq, &rec);
}

/* ---- removing ---- */

/* "retention: devices 12, term 9600 h" - for the record. */
static struct str detail_of(struct req *rq, enum retain_id id, uint64_t n)
{
    struct retain_term t = retain_term(care_of(rq), id, NULL);
    const struct policy *p = care_of(rq)->policy;
    struct buf b;
    buf_init(&b, rq->a, 200);
    BUF_LIT(&b, "retention: ");
    buf_str(&b, retain_kinds[id].code);
    buf_char(&b, ' ');
    buf_u64(&b, n);
    BUF_LIT(&b, ", term ");
    buf_i64(&b, t.ms / MS_HOUR);
    BUF_LIT(&b, " h");
    if (t.from != NULL && p != NULL) {
        BUF_LIT(&b, ", ");
        buf_str(&b, p->id);
        buf_char(&b, ' ');
        buf_str(&b, p->version);
    } else if (retain_kinds[id].where == RETAIN_BY_SETTING) {
        BUF_LIT(&b, ", ");
        buf_str(&b, retain_kinds[id].key);
    }
    return buf_get(&b);
}

static enum err count_removed(struct req *rq, struct tx *tx, enum retain_id id, uint64_t n)
{
    return TX_SQL(tx, W_RETAIN_REMOVED, 0, sql_text(retain_kinds[id].code), sql_i64(rq->now.ms),
                  sql_i64((int64_t)n), sql_i64(rq->now.ms - rq->now.ms % MS_DAY));
}

enum err retain_note(struct req *rq, struct tx *tx, enum retain_id id, uint64_t n)
{
    struct audit_rec rec = {.action = AUDIT_DELETE, .why = WHY_SYSTEM, .detail = detail_of(rq, id, n)};
    TRY_MEM(rq, rec.detail.p);
    TRY(audit_add(rq, &rec));
    return count_removed(rq, tx, id, n);
}

static enum err end_records(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more)
{
    (void)before; /* each has its policies */
    return erasure_old_remove(rq, most, ret_n, ret_more);
}

static enum err end_recordings(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more)
{
    (void)before; /* each has its policy */
    TRY(recording_old_remove(rq, most, ret_n));
    *ret_more = *ret_n >= most;
    return OK;
}

static enum err end_images(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more)
{
    (void)before; /* each study has its rule */
    TRY(imaging_old_remove(rq, most, ret_n));
    *ret_more = *ret_n >= most;
    return OK;
}

static enum err end_requests(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more)
{
    TRY(imaging_drafts_expire(rq, before, most, ret_n));
    *ret_more = *ret_n >= most;
    return OK;
}

static enum err end_uploads(struct req *rq, int64_t before, uint32_t most, uint32_t *ret_n, bool *ret_more)
{
    size_t n = 0;
    (void)before;
    if (care_of(rq)->uploads != NULL) {
        TRY(upload_expire(rq, care_of(rq)->uploads, most, &n));
    }
    *ret_n = (uint32_t)n;
    *ret_more = n >= most;
    return OK;
}

static bool is_today(const struct req *rq, const struct retain_seen *was)
{
    return was->removed.ms >= rq->now.ms - rq->now.ms % MS_DAY && was->removed.ms <= rq->now.ms;
}

static uint32_t most_of(const struct req *rq, const struct way *w, const struct retain_seen *was)
{
    uint64_t gone = is_today(rq, was) ? was->removed_n : 0;
    uint32_t left = gone >= w->most_a_day ? 0 : w->most_a_day - (uint32_t)gone;
    return w->most_a_day == 0 ? w->most : MIN(w->most, left);
}

/* One piece, in rq. */
static enum err piece(struct req *rq, enum retain_id id, bool all, const struct retain_seen *was,
                      uint32_t *ret_n, bool *ret_full)
{
    const struct way *w = &ways[id];
    struct tx *tx = tx_new(rq);
    struct retain_seen now = {0};
    int64_t before = 0;
    uint32_t n = 0;

    TRY_MEM(rq, tx);
    if ((w->end == STMT_COUNT && w->end_by == NULL) || !before_of(rq, id, &before)) {
        return OK;
    }
    if (w->end_by != NULL) {
        TRY(w->end_by(rq, before, most_of(rq, w, was), &n, ret_full));
    } else {
        TRY(past_of(rq, id, before, &now));
        n = (uint32_t)MIN(now.past, (uint64_t)PIECE);
        n = is_today(rq, was) && !all && n < PIECE ? 0 : n;
        *ret_full = now.past > PIECE;
    }
    if (n == 0 && was->failed.ms == 0) {
        return OK;
    }
    if (n == 0) {
        TRY(TX_SQL(tx, W_RETAIN_WELL, 0, sql_text(retain_kinds[id].code)));
    } else if (w->end_by != NULL) {
        TRY(count_removed(rq, tx, id, n)); /* each of them is on record */
    } else {
        const struct sql_val v[] = {sql_i64(before), sql_i64(n)};
        TRY(tx_sql(tx, w->end, TX_MUST_CHANGE, v, LEN(v)));
        TRY(retain_note(rq, tx, id, n));
    }
    TRY(store_commit(care_of(rq)->store, rq, tx));
    *ret_n = n;
    return OK;
}

static void one_req(struct req *one, const struct req *rq)
{
    req_init(one, JOB_CAP, rq->now);
    one->app = rq->app;
    one->db = rq->db;
    one->who = rq->who;
}

/* That a kind fails is kept where the page and doctor find it. */
static void note_failure(const struct req *rq, enum retain_id id, enum err e)
{
    struct req one;
    one_req(&one, rq);
    struct tx *tx = tx_new(&one);
    if (tx == NULL
        || TX_SQL(tx, W_RETAIN_FAILED, 0, sql_text(retain_kinds[id].code), sql_i64(rq->now.ms),
                  sql_text(str_z(err_name(e)))) != OK
        || store_commit(care_of(&one)->store, &one, tx) != OK) {
        err_clear(&one); /* the next round finds it again */
    }
    req_done(&one);
}

enum err retain_round(struct req *rq, bool all, struct retain_done *ret_done)
{
    struct retain_seen was[RETAIN_COUNT] = {0};
    struct retain_done done = {0};
    struct retain_clock clock;
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    TRY(retain_clock_look(rq, &clock));
    if (!clock.trusted) {
        ret_done->refused = true;
        return OK;
    }
    TRY(read_states(rq, was));
    TRY(TX_SQL(tx, W_RETAIN_CLOCK, 0, sql_i64(rq->now.ms)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    TRY(retain_waits_note(rq));
    for (enum retain_id id = 0; id < RETAIN_COUNT; id++) {
        struct req one;
        bool full = false;
        one_req(&one, rq);
        enum err e = piece(&one, id, all, &was[id], &done.removed[id], &full);
        if (e != OK && e != E_STALE) { /* stale: some went on meanwhile; the next round counts anew */
            done.failed[id] = e;
        }
        err_clear(&one);
        req_done(&one);
        if (done.failed[id] != OK) {
            note_failure(rq, id, done.failed[id]);
        }
        done.more = done.more || (e == OK && full);
    }
    *ret_done = done;
    return OK;
}
