/* care/notify.c - addresses, choices and the queue. See notify.h. */
#include "care/notify.h"

#include "care/who.h"
#include "codec/b64.h"
#include "codec/url.h"
#include "os/random.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/vault.h"

enum { CODES = 1000000, P256_POINT = 65, PUSH_AUTH = 16, ENDPOINT_MAX = 1000, CHAT_CODE_LEN = OS_ID_LEN };
#define CODE_AGAIN_MS MS_MINUTE

/* ---- telling ---- */

/* When each hour of the day comes next by the clock on the wall, as a JSON array. A day whose clocks go
 * forward has an hour less: what would come in it comes with the next one; none comes twice. */
static struct str next_hours(struct req *rq)
{
    enum { HOURS = 24, CAP = HOURS * 24 };
    const struct zone *zone = &care_of(rq)->zone;
    int64_t today = zone_day(zone, rq->now.ms);
    struct buf b;

    buf_init(&b, rq->a, CAP);
    for (int hour = 0; hour < HOURS; hour++) {
        int64_t at = zone_minute(zone, today, hour * 60);
        buf_char(&b, hour == 0 ? '[' : ',');
        buf_i64(&b, at > rq->now.ms ? at : zone_minute(zone, today + 1, hour * 60));
    }
    buf_char(&b, ']');
    return buf_get(&b);
}

enum err notify_queue(struct req *rq, struct tx *tx, struct str owner, enum notice_kind kind,
                      struct str subject)
{
    enum notice_group group = notice_group(kind);
    bool urgent = group == NOTICES_EMERGENCY;
    struct str hours = next_hours(rq);

    TRY_MEM(rq, hours.p);
    return TX_SQL(tx, W_POST_NEW, 0, sql_text(owner), sql_i64(kind), sql_text(subject),
                  sql_i64(rq->now.ms), sql_i64(INT64_C(1) << group), sql_i64(urgent),
                  sql_text(hours));
}

/* ---- addresses ---- */

static struct notify_address row_of(struct req *rq, const struct db_rows *q)
{
    int64_t channel = db_i64(q, 2);
    return (struct notify_address){
        .id = db_i64(q, 0),
        .owner = db_text(rq->a, q, 1),
        .channel = channel > 0 && channel < CHANNEL_COUNT ? (enum notify_channel)channel
                                                          : CHANNEL_NONE,
        .address = db_text(rq->a, q, 3),
        .keys = db_text(rq->a, q, 4),
        .state = (enum notify_state)db_i64(q, 5),
        .code_until = {db_i64(q, 6)},
        .code_tries = (uint32_t)db_i64(q, 7),
        .wants = (uint32_t)db_i64(q, 8),
        .digest = (int)db_i64(q, 9),
        .duty = db_i64(q, 10) != 0,
        .code = db_i64(q, 11),
        .created = {db_i64(q, 12)},
    };
}

enum err notify_addresses(struct req *rq, struct str owner,
                          struct notify_address ret_rows[NOTIFY_ADDRESSES], uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_ADDRESSES, sql_text(owner)));
    TRY(db_next(rq, &q, &has));
    while (has && n < NOTIFY_ADDRESSES) {
        ret_rows[n++] = row_of(rq, &q);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

static enum err address_get(struct req *rq, struct str owner, int64_t id,
                            struct notify_address *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_ADDRESS, sql_i64(id), sql_text(owner)));
    TRY(db_next(rq, &q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "address");
    }
    *ret_row = row_of(rq, &q);
    return OK;
}

static enum err note(struct req *rq, enum notify_channel channel, const char *what)
{
    struct buf b;
    buf_init(&b, rq->a, 80);
    BUF_LIT(&b, "notices by ");
    buf_str(&b, str_z(notify_channels[channel].code));
    BUF_LIT(&b, ": ");
    buf_str(&b, str_z(what));
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_UPDATE, .why = WHY_OWN,
                                             .detail = buf_get(&b)});
}

/* Room for one more, and not a code a second to somebody else's number. */
static enum err check_room(struct req *rq, struct str owner, enum notify_channel channel,
                           struct str address, bool with_code)
{
    struct notify_address rows[NOTIFY_ADDRESSES];
    uint32_t n = 0;
    uint32_t waiting = 0;
    bool known = false;

    TRY(notify_addresses(rq, owner, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        bool waits = rows[i].state == ADDRESS_WAITS && rows[i].code_until.ms > rq->now.ms;
        bool same = rows[i].channel == channel && str_eq(rows[i].address, address);
        waiting += waits && !same;
        known = known || same;
        if (with_code && same && waits
            && rows[i].code_until.ms - NOTIFY_CODE_MS + CODE_AGAIN_MS > rq->now.ms) {
            return FAIL(rq, E_LOCKED, "a code was sent a moment ago");
        }
    }
    return (!known && n >= NOTIFY_ADDRESSES) || (with_code && waiting >= NOTIFY_WAITING)
               ? FAIL(rq, E_LOCKED, "addresses")
               : OK;
}

static int64_t code_hash(const struct req *rq, enum notify_channel channel, struct str code)
{
    return (int64_t)store_hash2(care_of(rq)->store, str_z(notify_channels[channel].code), code);
}

static enum err address_set(struct req *rq, struct tx *tx, struct str owner,
                            enum notify_channel channel, struct str address, struct str keys,
                            struct str code)
{
    bool waits = code.n > 0;
    TRY(TX_SQL(tx, W_ADDRESS_SET, 0, sql_text(owner), sql_i64(channel), sql_text(address),
               sql_text(keys), sql_i64(waits ? ADDRESS_WAITS : ADDRESS_GOOD),
               sql_i64(waits ? code_hash(rq, channel, code) : 0),
               sql_i64(waits ? rq->now.ms + NOTIFY_CODE_MS : 0), sql_i64(NOTIFY_ALL),
               sql_i64(rq->now.ms)));
    return note(rq, channel, waits ? "address added, waits for its code" : "address added");
}

static enum err new_code(struct req *rq, enum notify_channel channel, struct str *ret_code)
{
    uint32_t number = 0;
    struct buf b;
    buf_init(&b, rq->a, 64);
    if (channel == CHANNEL_TELEGRAM) { /* nobody types it */
        char id[OS_ID_LEN + 1];
        os_id(id);
        buf_str(&b, str_z(id));
    } else {
        do {
            os_random(&number, sizeof number);
        } while (number >= UINT32_MAX - UINT32_MAX % CODES);
        buf_u64_pad(&b, number % CODES, NOTIFY_CODE_LEN);
    }
    *ret_code = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "code");
}

static enum err clean(struct req *rq, enum notify_channel channel, struct str typed,
                      struct str *ret_address)
{
    const struct notify_channel_row *c = &notify_channels[channel];
    *ret_address = S("");
    if (channel == CHANNEL_NONE || c->ready == NULL || !c->ready(&care_of(rq)->notify)) {
        return FAIL(rq, E_BAD_INPUT, "channel");
    }
    if (c->clean != NULL ? !c->clean(rq, typed, ret_address) : channel != CHANNEL_TELEGRAM) {
        return FAIL(rq, E_BAD_INPUT, "address");
    }
    return OK;
}

enum err notify_add(struct req *rq, struct tx *tx, struct str owner, enum notify_channel channel,
                    struct str typed, struct str *ret_code)
{
    struct str address = {0};
    struct str code = {0};
    TRY(clean(rq, channel, typed, &address));
    TRY(check_room(rq, owner, channel, address, true));
    TRY(new_code(rq, channel, &code));
    TRY(address_set(rq, tx, owner, channel, address, S(""), code));
    if (channel != CHANNEL_TELEGRAM) {
        TRY(TX_SQL(tx, W_POST_TO, TX_MUST_CHANGE, sql_text(owner), sql_i64(channel),
                   sql_text(address), sql_i64(NOTICE_CODE), sql_text(code), sql_i64(rq->now.ms)));
    }
    *ret_code = code;
    return OK;
}

/* An entry beginning with a dot stands for all hosts below. */
static bool push_host_may(const struct notify_settings *s, struct str endpoint)
{
    struct url u;
    struct str rest = s->push_hosts;
    struct str one;
    if (!url_split(endpoint, &u)
        || !(str_eq(u.scheme, S("https")) || (s->plain && str_eq(u.scheme, S("http"))))) {
        return false;
    }
    if (u.port != 0 && u.port != 443 && !s->plain) {
        return false;
    }
    while (str_cut(&rest, ',', &one)) {
        struct str name = str_trim(one);
        if (name.n > 1 && (name.p[0] == '.' ? str_ends(u.host, name) : str_eq(u.host, name))) {
            return true;
        }
    }
    return false;
}

enum err notify_add_push(struct req *rq, struct tx *tx, struct str owner, struct str endpoint,
                         struct str p256dh, struct str auth)
{
    const struct notify_settings *s = &care_of(rq)->notify;
    struct str point = b64_decoded(rq->a, p256dh, B64_URL);
    struct str secret = b64_decoded(rq->a, auth, B64_URL);
    struct buf keys;

    if (!notify_channels[CHANNEL_PUSH].ready(s)) {
        return FAIL(rq, E_BAD_INPUT, "channel");
    }
    if (endpoint.n > ENDPOINT_MAX || !push_host_may(s, endpoint)) {
        return FAIL(rq, E_BAD_INPUT, "endpoint");
    }
    if (point.p == NULL || point.n != P256_POINT || point.p[0] != 4 || secret.p == NULL
        || secret.n != PUSH_AUTH) {
        return FAIL(rq, E_BAD_INPUT, "keys");
    }
    TRY(check_room(rq, owner, CHANNEL_PUSH, endpoint, false));
    buf_init(&keys, rq->a, 200);
    buf_str(&keys, p256dh);
    buf_char(&keys, ' ');
    buf_str(&keys, auth);
    return address_set(rq, tx, owner, CHANNEL_PUSH, endpoint, buf_get(&keys), S(""));
}

enum err notify_confirm(struct req *rq, struct tx *tx, struct str owner, int64_t id,
                        struct str code, bool *ret_right)
{
    struct notify_address a;
    TRY(address_get(rq, owner, id, &a));
    if (a.state != ADDRESS_WAITS || a.code_until.ms <= rq->now.ms) {
        return FAIL(rq, E_NOT_FOUND, "address");
    }
    if (a.code_tries >= NOTIFY_CODE_TRIES) {
        return FAIL(rq, E_LOCKED, "codes");
    }
    bool right = code.n == NOTIFY_CODE_LEN && code_hash(rq, a.channel, code) == a.code;
    *ret_right = right;
    if (!right) {
        return TX_SQL(tx, W_ADDRESS_WRONG, 0, sql_i64(id), sql_text(owner));
    }
    TRY(TX_SQL(tx, W_ADDRESS_CONFIRM, TX_MUST_CHANGE, sql_i64(id), sql_text(owner),
               sql_i64(a.code), sql_i64(rq->now.ms), sql_i64(NOTIFY_CODE_TRIES)));
    return note(rq, a.channel, "address confirmed");
}

enum err notify_choose(struct req *rq, struct tx *tx, struct str owner, int64_t id, uint32_t wants,
                       int digest, bool duty)
{
    struct notify_address a;
    TRY(address_get(rq, owner, id, &a));
    if (digest < -1 || digest > 23) {
        return FAIL(rq, E_BAD_INPUT, "digest");
    }
    TRY(TX_SQL(tx, W_ADDRESS_CHOICE, TX_MUST_CHANGE, sql_i64(id), sql_text(owner),
               sql_i64(wants & NOTIFY_ALL), sql_i64(digest), sql_i64(duty)));
    return note(rq, a.channel, "choices");
}

/* An invitation's address had no code sent that could be sent again. */
static enum err is_invited(struct req *rq, const struct notify_address *a, bool *ret_is)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_ONE(rq, &q, Q_ADDRESS_INVITED, sql_text(a->owner), sql_text(a->address),
               sql_i64(a->code_until.ms)));
    *ret_is = db_i64(&q, 0) > 0;
    return OK;
}

enum err notify_end(struct req *rq, struct tx *tx, struct str owner, int64_t id)
{
    struct notify_address a;
    TRY(address_get(rq, owner, id, &a));
    bool free = a.state != ADDRESS_WAITS || a.channel == CHANNEL_TELEGRAM || a.code_until.ms <= rq->now.ms;
    if (!free) {
        TRY(is_invited(rq, &a, &free));
    }
    if (!free) {
        return FAIL(rq, E_LOCKED, "address waits for its code");
    }
    TRY(TX_SQL(tx, W_POST_OF_ADDRESS_END, 0, sql_i64(id)));
    TRY(TX_SQL(tx, W_ADDRESS_END, TX_MUST_CHANGE, sql_i64(id), sql_text(owner)));
    return note(rq, a.channel, "address removed");
}

enum err notify_test(struct req *rq, struct tx *tx, struct str owner, int64_t id)
{
    struct notify_address a;
    TRY(address_get(rq, owner, id, &a));
    if (a.state != ADDRESS_GOOD) {
        return FAIL(rq, E_NOT_FOUND, "address");
    }
    return TX_SQL(tx, W_POST_TO, TX_MUST_CHANGE, sql_text(owner), sql_i64(a.channel),
                  sql_text(a.address), sql_i64(NOTICE_TEST), sql_text(S("")), sql_i64(rq->now.ms));
}

/* Is this address of theirs one that was proved? */
static enum err is_good(struct req *rq, struct str owner, struct str address, bool *ret_good)
{
    struct notify_address rows[NOTIFY_ADDRESSES];
    uint32_t n = 0;
    *ret_good = false;
    TRY(notify_addresses(rq, owner, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        *ret_good = *ret_good || (rows[i].channel == CHANNEL_MAIL && rows[i].state == ADDRESS_GOOD
                                  && str_eq(rows[i].address, address));
    }
    return OK;
}

enum err notify_invited(struct req *rq, struct tx *tx, struct str owner, struct str typed,
                        struct str token, struct instant until, struct str *ret_address)
{
    char nobody[OS_ID_LEN + 1];
    struct str address = {0};
    struct str sealed = {0};
    struct buf text;
    bool good = false;

    TRY(clean(rq, CHANNEL_MAIL, typed, &address));
    TRY(check_room(rq, owner, CHANNEL_MAIL, address, false));
    TRY(is_good(rq, owner, address, &good));
    if (!good) {
        os_id(nobody); /* no code leads to it: the link alone proves the address */
        TRY(TX_SQL(tx, W_ADDRESS_SET, 0, sql_text(owner), sql_i64(CHANNEL_MAIL), sql_text(address),
                   sql_text(S("")), sql_i64(ADDRESS_WAITS),
                   sql_i64(code_hash(rq, CHANNEL_MAIL, str_z(nobody))), sql_i64(until.ms),
                   sql_i64(NOTIFY_ALL), sql_i64(rq->now.ms)));
    }
    TRY(vault_seal(rq, care_of(rq)->store, S(NOTIFY_SEALED), token, &sealed));
    buf_init(&text, rq->a, 2 * VAULT_MAX);
    b64_write(&text, sealed.p, sealed.n, B64_URL);
    TRY_MEM(rq, buf_ok(&text) ? text.p : NULL);
    *ret_address = address;
    return TX_SQL(tx, W_POST_TO, TX_MUST_CHANGE, sql_text(owner), sql_i64(CHANNEL_MAIL),
                  sql_text(address), sql_i64(NOTICE_INVITED), sql_text(buf_get(&text)),
                  sql_i64(rq->now.ms));
}

enum err notify_chat_found(struct req *rq, struct tx *tx, struct str code, struct str chat,
                           bool *ret_found)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    *ret_found = false;
    if (code.n != CHAT_CODE_LEN) {
        return OK;
    }
    TRY(DB_QUERY(rq, &q, Q_ADDRESS_BY_CODE, sql_i64(CHANNEL_TELEGRAM),
                 sql_i64(code_hash(rq, CHANNEL_TELEGRAM, code)), sql_i64(rq->now.ms)));
    TRY(db_next(rq, &q, ret_found));
    if (!*ret_found) {
        return OK;
    }
    struct notify_address a = row_of(rq, &q);
    TRY(TX_SQL(tx, W_ADDRESS_FOUND, TX_MUST_CHANGE, sql_i64(a.id), sql_text(chat)));
    return note(rq, CHANNEL_TELEGRAM, "chat confirmed");
}
