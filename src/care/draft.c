/* care/draft.c - drafts to and from the store. */
#include "care/draft.h"

#include "care/who.h"
#include "store/db.h"

struct str draft_key(struct arena *a, struct str case_id, struct str what)
{
    struct buf b;

    buf_init(&b, a, DRAFT_KEY_MAX);
    buf_str(&b, case_id);
    BUF_LIT(&b, " ");
    buf_str(&b, what);
    return buf_get(&b);
}

enum err draft_load(struct req *rq, struct str key, struct draft *ret_draft)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct draft d = {.key = key};

    TRY(DB_ONE(rq, &q, Q_DRAFT, sql_text(rq->who->person), sql_text(key)));
    d.kind = db_text(rq->a, &q, 0);
    TRY(fields_parse(rq, db_text(rq->a, &q, 1), &d.fields));
    d.saved.ms = db_i64(&q, 2);
    d.version = db_u64(&q, 3);
    *ret_draft = d;
    return OK;
}

enum err draft_list(struct req *rq, struct instant before, struct draft *ret_drafts, uint32_t n,
                    uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DRAFTS_OF, sql_text(rq->who->person),
                 sql_i64(before.ms == 0 ? INT64_MAX : before.ms), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        struct draft *d = &ret_drafts[got++];
        d->key = db_text(rq->a, &q, 0);
        d->kind = db_text(rq->a, &q, 1);
        TRY(fields_parse(rq, db_text(rq->a, &q, 2), &d->fields));
        d->saved.ms = db_i64(&q, 3);
        d->version = db_u64(&q, 4);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* One person cannot fill the disk with beginnings. Two new ones at once may both pass: the limit is
 * no exact one. */
static enum err room_check(struct req *rq, struct str key, struct str kind)
{
    CLEANUP(db_rows_done) struct db_rows old = {0};
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &old, Q_DRAFT, sql_text(rq->who->person), sql_text(key));

    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(rq);
    TRY(DB_ONE(rq, &q, Q_DRAFT_COUNT, sql_text(rq->who->person), sql_text(kind)));
    return db_i64(&q, 0) < DRAFTS_MAX ? OK : FAIL(rq, E_LOCKED, "drafts");
}

enum err draft_save(struct req *rq, struct tx *tx, struct str key, struct str kind,
                    const struct fields *fields, uint64_t seen)
{
    struct json_out o;
    struct buf b;

    if (key.n == 0 || key.n > DRAFT_KEY_MAX) {
        return FAIL(rq, E_BAD_INPUT, "draft key");
    }
    buf_init(&b, rq->a, DRAFT_BODY_MAX);
    json_out_init(&o, &b);
    fields_write(&o, fields);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "draft");
    }
    if (seen != 0) {
        return TX_SQL(tx, W_DRAFT_SAVE_OVER, TX_MUST_CHANGE, sql_text(rq->who->person),
                      sql_text(key), sql_text(buf_get(&b)), sql_i64(rq->now.ms), sql_u64(seen));
    }
    TRY(room_check(rq, key, kind));
    return TX_SQL(tx, W_DRAFT_SAVE, 0, sql_text(rq->who->person), sql_text(key), sql_text(kind),
                  sql_text(buf_get(&b)), sql_i64(rq->now.ms));
}

enum err draft_end(struct req *rq, struct tx *tx, struct str key)
{
    return TX_SQL(tx, W_DRAFT_END, 0, sql_text(rq->who->person), sql_text(key));
}
