/* web/me_notify.c - where and of what a person is told beyond the page; and, for administrators, what could
 * not be sent. No page here holds anything of a case. */
#include "web/pages.h"

#include "base/text.h"
#include "care/directory.h"
#include "care/notify.h"
#include "store/db.h"
#include "store/tx.h"
#include "web/page.h"
#include "web/tpl.h"

enum { FAILED_SHOWN = 100, HOURS = 24 };
#define HERE "/account/notices"

static struct str owner_of(const struct http_req *h)
{
    return h->rq.who->person;
}

/* "Each at once", "All together at 07:00". */
static void set_digest(struct http_req *h, struct val *m, int digest)
{
    struct val *list = val_set_list(m, "hours");
    for (int hour = -1; hour < HOURS; hour++) {
        struct buf value;
        struct buf time;
        struct val *o = val_add_map(list);
        buf_init(&value, h->rq.a, 8);
        buf_init(&time, h->rq.a, 8);
        buf_i64(&value, hour);
        buf_u64_pad(&time, (uint64_t)MAX(hour, 0), 2);
        BUF_LIT(&time, ":00");
        const struct text_arg args[] = {{S("time"), buf_get(&time)}};
        val_set_str(o, "value", buf_get(&value));
        val_set_str(o, "label", hour < 0 ? tr(h->rq.lang, T("each at once"))
                                         : page_text(h, T("all together at {time}"), args, 1));
        val_set_bool(o, "on", hour == digest);
    }
}

static void set_address(struct http_req *h, struct val *m, const struct notify_address *a)
{
    struct val *wants = val_set_list(m, "wants");
    val_set_i64(m, "id", a->id);
    val_set_str(m, "channel", tr(h->rq.lang, notify_channels[a->channel].title));
    val_set_str(m, "shown", notify_shown(&h->rq, a));
    val_set_bool(m, "waits", a->state == ADDRESS_WAITS);
    val_set_bool(m, "late", a->state == ADDRESS_WAITS && a->code_until.ms <= h->rq.now.ms);
    val_set_bool(m, "typed", a->channel != CHANNEL_TELEGRAM);
    val_set_bool(m, "dead", a->state == ADDRESS_DEAD);
    val_set_bool(m, "good", a->state == ADDRESS_GOOD);
    val_set_bool(m, "duty", a->duty);
    for (enum notice_group g = NOTICES_CASE; g < NOTICES_EMERGENCY; g++) {
        struct val *o = val_add_map(wants);
        val_set_i64(o, "value", g);
        val_set_str(o, "label", tr(h->rq.lang, notice_group_title(g)));
        val_set_bool(o, "on", (a->wants & (1U << g)) != 0);
    }
    set_digest(h, m, a->digest);
}

static void set_channels(struct http_req *h, struct val *root)
{
    const struct notify_settings *s = &care_of(&h->rq)->notify;
    struct val *typed = val_set_list(root, "channels");
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        const struct notify_channel_row *row = &notify_channels[c];
        if (!row->ready(s)) {
            continue;
        }
        val_set_bool(root, "any", true);
        if (row->clean == NULL) {
            continue;
        }
        struct val *m = val_add_map(typed);
        val_set_z(m, "code", row->code);
        val_set_str(m, "title", tr(h->rq.lang, row->title));
        val_set_str(m, "label", tr(h->rq.lang, row->label));
        val_set_bool(m, "phone", c == CHANNEL_SMS);
    }
    val_set_bool(root, "telegram", notify_channels[CHANNEL_TELEGRAM].ready(s));
    val_set_str(root, "push", notify_channels[CHANNEL_PUSH].ready(s) ? s->push_public : S(""));
}

static enum err show(struct http_req *h, unsigned status, struct val *root)
{
    struct notify_address rows[NOTIFY_ADDRESSES];
    uint32_t n = 0;
    TRY(notify_addresses(&h->rq, owner_of(h), rows, &n));
    struct val *list = val_set_list(root, "addresses");
    for (uint32_t i = 0; i < n; i++) {
        set_address(h, val_add_map(list), &rows[i]);
    }
    set_channels(h, root);
    return page_reply_status(h, status, root, tpl_account_notices);
}

enum err web_account_notices(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Notices beyond this page"), &root));
    return show(h, 200, root);
}

/* Shown once: the link that opens the bot. Only its hash is kept. */
static enum err chat_link(struct http_req *h)
{
    const struct str *code = h->page_ctx;
    struct val *root = NULL;
    struct buf b;
    TRY(page_begin(h, T("Notices beyond this page"), &root));
    buf_init(&b, h->rq.a, 300);
    BUF_LIT(&b, "https://t.me/");
    buf_str(&b, care_of(&h->rq)->notify.telegram_bot);
    BUF_LIT(&b, "?start=");
    buf_str(&b, *code);
    val_set_str(root, "chat", buf_get(&b));
    return show(h, 200, root);
}

/* What a refusal means to the person: the form again. */
static enum err refused(struct http_req *h, enum err e, const char *field)
{
    struct val *root = NULL;
    if (e != E_BAD_INPUT && e != E_LOCKED) {
        return e;
    }
    err_clear(&h->rq);
    TRY(page_begin(h, T("Notices beyond this page"), &root));
    page_error(h, root, field,
               e == E_LOCKED ? T("Too many addresses or codes: remove one, or wait some minutes.")
                             : T("This address cannot be used: check how it is written."));
    return show(h, e == E_LOCKED ? 429 : 422, root);
}

enum err web_account_notices_add(struct http_req *h)
{
    enum notify_channel channel = notify_channel_find(page_sent(h, "channel"));
    struct str *code = ARENA_NEW(h->rq.a, struct str);
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, code);
    enum err e = notify_add(&h->rq, tx, owner_of(h), channel, page_sent(h, "address"), code);
    if (e != OK) {
        return refused(h, e, channel == CHANNEL_SMS ? "address-sms" : "address-mail");
    }
    if (channel == CHANNEL_TELEGRAM) {
        h->page_ctx = code;
        return http_commit(h, tx, chat_link);
    }
    return page_commit(h, tx, S(HERE "?done=notice-code"));
}

enum err web_account_notices_push(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    enum err e = notify_add_push(&h->rq, tx, owner_of(h), page_sent(h, "endpoint"),
                                 page_sent(h, "p256dh"), page_sent(h, "auth"));
    return e != OK ? refused(h, e, "push") : page_commit(h, tx, S(HERE "?done=notice-good"));
}

static enum err address_asked(struct http_req *h, int64_t *ret_id)
{
    return str_i64(http_param(h, S("address")), ret_id) ? OK
                                                         : FAIL(&h->rq, E_NOT_FOUND, "address");
}

enum err web_account_notices_confirm(struct http_req *h)
{
    int64_t id = 0;
    bool right = false;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(address_asked(h, &id));
    enum err e = notify_confirm(&h->rq, tx, owner_of(h), id, page_sent(h, "code"), &right);
    if (e == E_NOT_FOUND || e == E_LOCKED) { /* too late, or too many wrong ones */
        err_clear(&h->rq);
        return http_redirect(h, S(HERE "?done=notice-late"));
    }
    TRY(e);
    return page_commit(h, tx, right ? S(HERE "?done=notice-good") : S(HERE "?done=notice-wrong"));
}

enum err web_account_notices_choose(struct http_req *h)
{
    int64_t id = 0;
    int64_t digest = -1;
    uint64_t group = 0;
    uint32_t wants = ~(uint32_t)0 << NOTICES_EMERGENCY; /* not to be switched off */
    struct str name;
    struct str value;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(address_asked(h, &id));
    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        if (str_eq(name, S("want")) && str_u64(value, &group) && group < NOTICES_EMERGENCY) {
            wants |= 1U << group;
        }
    }
    if (!str_i64(page_sent(h, "digest"), &digest) || digest < -1 || digest >= HOURS) {
        return FAIL(&h->rq, E_BAD_INPUT, "digest");
    }
    TRY(notify_choose(&h->rq, tx, owner_of(h), id, wants, (int)digest,
                      str_eq(page_sent(h, "duty"), S("yes"))));
    return page_commit(h, tx, S(HERE "?done=notice-chosen"));
}

enum err web_account_notices_test(struct http_req *h)
{
    int64_t id = 0;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(address_asked(h, &id));
    TRY(notify_test(&h->rq, tx, owner_of(h), id));
    return page_commit(h, tx, S(HERE "?done=notice-test"));
}

enum err web_account_notices_end(struct http_req *h)
{
    int64_t id = 0;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(address_asked(h, &id));
    enum err e = notify_end(&h->rq, tx, owner_of(h), id);
    if (e == E_LOCKED) {
        err_clear(&h->rq);
        return http_redirect(h, S(HERE "?done=notice-waits"));
    }
    TRY(e);
    return page_commit(h, tx, S(HERE "?done=notice-ended"));
}

/* ---- what could not be sent ---- */

static enum err set_waiting(struct http_req *h, struct val *root)
{
    struct val *list = val_set_list(root, "channels");
    for (enum notify_channel c = CHANNEL_MAIL; c < CHANNEL_COUNT; c++) {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        struct val *m = val_add_map(list);
        TRY(DB_ONE(&h->rq, &q, Q_POST_WAITS, sql_i64(c), sql_i64(h->rq.now.ms)));
        val_set_str(m, "title", tr(h->rq.lang, notify_channels[c].title));
        val_set_bool(m, "ready", notify_channels[c].ready(&care_of(&h->rq)->notify));
        val_set_i64(m, "waiting", db_i64(&q, 0));
        if (db_i64(&q, 1) != 0) {
            val_set_instant(m, "since", (struct instant){db_i64(&q, 1)});
        }
    }
    return OK;
}

static enum err set_failed(struct http_req *h, struct val *root)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    const struct directory *dir = NULL;
    bool has = false;
    struct val *list = val_set_list(root, "failed");
    TRY(directory_get(&h->rq, &dir));
    TRY(DB_QUERY(&h->rq, &q, Q_POST_FAILED, sql_i64(INT64_MAX), sql_i64(FAILED_SHOWN)));
    TRY(db_next(&h->rq, &q, &has));
    for (; has;) {
        struct val *m = val_add_map(list);
        struct str owner = db_text(h->rq.a, &q, 1);
        uint64_t channel = db_u64(&q, 2);
        uint64_t kind = db_u64(&q, 3);
        bool staff = str_find_char(owner, '/') == owner.n;
        val_set_i64(m, "id", db_i64(&q, 0));
        val_set_str(m, "who", staff ? dir_person_name(dir, owner) : tr(h->rq.lang, T("a patient")));
        val_set_str(m, "channel",
                    tr(h->rq.lang, channel < CHANNEL_COUNT ? notify_channels[channel].title : ""));
        val_set_str(m, "group",
                    tr(h->rq.lang,
                       kind < NOTICE_COUNT ? notice_group_title(notice_group((unsigned)kind)) : ""));
        val_set_instant(m, "at", (struct instant){db_i64(&q, 4)});
        val_set_instant(m, "over", (struct instant){db_i64(&q, 5)});
        val_set_i64(m, "tries", db_i64(&q, 6));
        val_set_str(m, "why", tr(h->rq.lang, post_why_text((enum post_why)db_i64(&q, 7))));
        val_set_i64(m, "status", db_i64(&q, 8));
        val_set_bool(m, "again", db_i64(&q, 9) == 0);
        TRY(db_next(&h->rq, &q, &has));
    }
    return OK;
}

enum err web_system_notices(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Notices that could not be sent"), &root));
    TRY(set_waiting(h, root));
    TRY(set_failed(h, root));
    return page_reply(h, root, tpl_system_notices);
}

enum err web_system_notices_again(struct http_req *h)
{
    int64_t id = 0;
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    if (!str_i64(http_param(h, S("post")), &id)) {
        return FAIL(&h->rq, E_NOT_FOUND, "notice");
    }
    TRY(TX_SQL(tx, W_POST_RETRY, 0, sql_i64(id), sql_i64(h->rq.now.ms)));
    TRY(audit_add(&h->rq, &(struct audit_rec){.action = AUDIT_ADMIN, .why = WHY_SYSTEM,
                                              .detail = S("notice sent again")}));
    return page_commit(h, tx, S("/system/notices?done=notice-again"));
}
