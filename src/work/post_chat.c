/* work/post_chat.c - which chat a person opened the bot from: the code of their link as "/start CODE"
 * (Bot API, getUpdates). Asked for only while somebody waits. */
#include "codec/json.h"
#include "os/outgoing.h"
#include "store/db.h"
#include "store/tx.h"
#include "care/who.h"
#include "work/post_int.h"

enum { UPDATES_MAX = 1 << 20 };

static enum err somebody_waits(struct req *rq, bool *ret_waits)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_ADDRESSES_WAIT, sql_i64(CHANNEL_TELEGRAM), sql_i64(rq->now.ms)));
    *ret_waits = db_i64(&q, 0) > 0;
    return OK;
}

static enum err take(struct req *rq, struct jv message)
{
    struct str text = json_str(rq->a, json_get(message, S("text")));
    int64_t chat = 0;
    bool found = false;
    struct buf id;
    if (!str_starts(text, S("/start ")) || !json_i64(json_path(message, S("chat.id")), &chat)) {
        return OK;
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    buf_init(&id, rq->a, 32);
    buf_i64(&id, chat);
    TRY(notify_chat_found(rq, tx, str_trim(str_sub(text, 7, text.n)), buf_get(&id), &found));
    return found ? store_commit(care_of(rq)->store, rq, tx) : OK;
}

static enum err ask(struct req *rq, int64_t *at)
{
    const struct notify_settings *s = post_settings(rq);
    struct json_doc doc;
    struct os_got got;
    struct buf url;
    buf_init(&url, rq->a, 1024);
    buf_str(&url, s->telegram_url);
    BUF_LIT(&url, "/bot");
    buf_str(&url, s->telegram_token);
    BUF_LIT(&url, "/getUpdates?timeout=0&offset=");
    buf_i64(&url, *at);
    const struct os_get g = {.url = buf_get(&url), .timeout_ms = POST_TIMEOUT_MS,
                             .max_bytes = UPDATES_MAX, .ca_file = s->ca_file, .plain = s->plain};
    TRY(os_get(rq, &g, &got));
    if (got.status != 200) {
        return FAIL(rq, E_IO, "updates: status %u", got.status);
    }
    TRY(json_parse(rq, got.body, NULL, &doc));
    struct jv list = json_get(json_root(&doc), S("result"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        int64_t number = 0;
        if (json_i64(json_get(v, S("update_id")), &number)) {
            TRY(take(rq, json_get(v, S("message"))));
            *at = number + 1;
        }
    }
    return OK;
}

void post_chat(struct care *care, struct db *db, struct instant now, int64_t *at)
{
    struct req rq;
    bool waits = false;
    req_init(&rq, UPDATES_MAX * 8, now);
    rq.app = (struct app *)care;
    rq.db = db;
    rq.who = &who_clock;
    if (somebody_waits(&rq, &waits) != OK || (waits && ask(&rq, at) != OK)) {
        err_clear(&rq); /* asked again in the next round */
    }
    req_done(&rq);
}
