/* care/sessions.c - sessions as people see them. See sessions.h. */
#include "care/sessions.h"

#include "care/account_int.h"
#include "store/db.h"

static struct str id_of(struct req *rq, struct str hash)
{
    struct buf b;
    buf_init(&b, rq->a, SESSION_ID_LEN + 1);
    buf_hex(&b, (const uint8_t *)hash.p, MIN(hash.n, (size_t)SESSION_ID_LEN / 2));
    return buf_get(&b);
}

static struct session_seen read_row(struct req *rq, const struct db_rows *q)
{
    struct str hash = db_peek(q, 0);
    int64_t place = db_i64(q, 5);
    return (struct session_seen){
        .id = id_of(rq, hash),
        .begun = {db_i64(q, 1)},
        .seen = {db_i64(q, 2)},
        .until = {db_i64(q, 3)},
        .agent = db_i64(q, 4),
        .place = place > 0 && place < PLACE_COUNT ? (enum device_place)place : PLACE_UNKNOWN,
        .here = rq->who != NULL && str_eq(rq->who->session, hash),
    };
}

enum err session_list(struct req *rq, int64_t account, struct session_seen *ret_all, uint32_t n,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SESSIONS_SEEN, sql_i64(account), sql_i64(rq->now.ms), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_all[got] = read_row(rq, &q);
        TRY_MEM(rq, ret_all[got].id.p);
        got++;
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

static enum err note(struct req *rq, struct str person, struct str what)
{
    return account_note(rq, AUDIT_SESSION, person, OK, what);
}

enum err session_end(struct req *rq, struct tx *tx, struct str id)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    const struct who *w = rq->who;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SESSIONS_SEEN, sql_i64(w->account), sql_i64(rq->now.ms),
                 sql_i64(SESSIONS_SHOWN)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct str hash = db_peek(&q, 0);
        if (str_eq(id_of(rq, hash), id)) {
            struct str copy = arena_str(rq->a, hash);
            TRY_MEM(rq, copy.p);
            TRY(TX_SQL(tx, W_SESSION_END_OWN, TX_MUST_CHANGE, sql_i64(w->account), sql_blob(copy)));
            return note(rq, w->person, S("one, by its person"));
        }
        TRY(db_next(rq, &q, &has));
    }
    return FAIL(rq, E_NOT_FOUND, "session");
}

enum err sessions_end_others(struct req *rq, struct tx *tx)
{
    const struct who *w = rq->who;
    TRY(TX_SQL(tx, W_SESSIONS_END_OTHERS, 0, sql_i64(w->account), sql_blob(w->session)));
    TRY(TX_SQL(tx, W_HALVES_END_OF, 0, sql_i64(w->account)));
    return note(rq, w->person, S("all others, by their person"));
}

enum err sessions_end_all(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(sessions_end(tx, acc->id));
    TRY(tx_event(tx, EVENT_DIRECTORY, 0)); /* streams of open pages are looked at again */
    return note(rq, acc->person, S("all, by administrator"));
}
