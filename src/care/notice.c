/* care/notice.c - the bell: writing, counting and reading notices. */
#include "care/notice.h"

#include "care/care.h"
#include "care/notify.h"
#include "care/who.h"
#include "store/db.h"

enum err notice_tell(struct req *rq, struct tx *tx, struct str person, enum notice_kind kind,
                     struct str subject)
{
    TRY(TX_SQL(tx, W_NOTICE_NEW, 0, sql_text(person), sql_i64(rq->now.ms), sql_i64(kind),
               sql_text(subject)));
    TRY(notify_queue(rq, tx, person, kind, subject));
    return tx_event(tx, EVENT_PERSON, store_hash(care_of(rq)->store, person));
}

enum err notice_was_told(struct req *rq, struct str person, enum notice_kind kind, struct str subject,
                         int64_t since_ms, bool *ret_told)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_NOTICE_TOLD, sql_text(person), sql_i64(kind), sql_text(subject),
               sql_i64(since_ms)));
    *ret_told = db_i64(&q, 0) != 0;
    return OK;
}

enum err notice_list(struct req *rq, uint64_t before, struct notice *ret_notices, uint32_t n,
                     uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_NOTICES, sql_text(rq->who->person),
                 sql_i64(before == 0 ? INT64_MAX : (int64_t)before), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        int64_t kind = db_i64(&q, 2);
        ret_notices[got++] = (struct notice){
            .seq = db_u64(&q, 0),
            .at = {db_i64(&q, 1)},
            .kind = kind > 0 && kind < NOTICE_COUNT ? (enum notice_kind)kind : NOTICE_NONE,
            .case_id = db_text(rq->a, &q, 3),
            .is_read = db_i64(&q, 4) != 0,
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err notice_unread(struct req *rq, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_NOTICES_UNREAD, sql_text(rq->who->person)));
    *ret_n = (uint32_t)db_i64(&q, 0);
    return OK;
}

enum err notice_read(struct req *rq, struct tx *tx, uint64_t up_to_seq)
{
    TRY(TX_SQL(tx, W_NOTICES_READ, 0, sql_text(rq->who->person), sql_u64(up_to_seq),
               sql_i64(rq->now.ms)));
    return tx_event(tx, EVENT_PERSON, store_hash(care_of(rq)->store, rq->who->person));
}
