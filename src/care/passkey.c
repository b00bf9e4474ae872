/* care/passkey.c - passkeys of an account: added, listed, renamed, removed. See passkey.h. */
#include "care/factor_int.h"
#include "care/account_int.h"
#include "care/notice.h"
#include "care/passkey_int.h"
#include "care/refusal.h"
#include "codec/b64.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "os/random.h"
#include "os/thread.h"

enum { KNOWN_CAP = 32 << 10, ORIGIN_MAX = 300, TEXT_CAP = 4096, TRANSPORTS_MAX = 64 };

/* ---- the address passkeys are bound to ---- */

static void put_lower(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        buf_char(b, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
}

/* A name with a letter in its last part: an address of numbers is no RP ID (WebAuthn 5.4.2). */
static bool is_name(struct str host)
{
    size_t last = host.n;
    while (last > 0 && host.p[last - 1] != '.') {
        last--;
    }
    bool letter = false;
    for (size_t i = last; i < host.n; i++) {
        char c = (char)(host.p[i] | 0x20);
        letter = letter || (c >= 'a' && c <= 'z');
    }
    return letter && str_find_char(host, ':') == host.n;
}

bool passkey_place(struct req *rq, struct webauthn_ask *ret_ask)
{
    struct url u;
    struct buf origin;
    struct buf host;
    if (!url_split(care_of(rq)->notify.base_url, &u) || !is_name(u.host)) {
        return false;
    }
    bool sealed = str_eq_nocase(u.scheme, S("https"));
    uint16_t usual = sealed ? 443 : 80;
    buf_init(&host, rq->a, ORIGIN_MAX);
    buf_init(&origin, rq->a, ORIGIN_MAX);
    put_lower(&host, u.host);
    put_lower(&origin, u.scheme);
    BUF_LIT(&origin, "://");
    put_lower(&origin, u.host);
    if (u.port != 0 && u.port != usual) {
        buf_char(&origin, ':');
        buf_u64(&origin, u.port);
    }
    if (!buf_ok(&host) || !buf_ok(&origin) || (!sealed && !str_eq(buf_get(&host), S("localhost")))) {
        return false;
    }
    *ret_ask = (struct webauthn_ask){.origin = buf_get(&origin), .rp_id = buf_get(&host)};
    return true;
}

struct str passkey_text(struct req *rq, struct str bytes)
{
    struct buf b;
    buf_init(&b, rq->a, TEXT_CAP);
    b64_write(&b, bytes.p, bytes.n, B64_URL);
    return buf_get(&b);
}

struct str passkey_bytes(struct req *rq, struct str text, size_t most)
{
    return text.n > b64_chars(most) ? (struct str){0} : b64_decoded(rq->a, text, B64_URL);
}

/* ---- reading ---- */

enum err passkey_read(struct req *rq, const struct db_rows *q, struct passkey *ret_p)
{
    struct passkey p = {
        .id = db_i64(q, 0),
        .account = db_i64(q, 1),
        .key = {
            .id = db_text(rq->a, q, 2),
            .alg = (int)db_i64(q, 3),
            .key = db_text(rq->a, q, 4),
            .count = (uint32_t)db_i64(q, 5),
            .flags = (uint32_t)db_i64(q, 6),
        },
        .stopped = db_i64(q, 7) != 0,
        .name = db_text(rq->a, q, 8),
        .transports = db_text(rq->a, q, 9),
        .handle = db_text(rq->a, q, 10),
        .made = {db_i64(q, 11)},
        .used = {db_i64(q, 12)},
    };
    TRY_MEM(rq, p.key.id.p);
    TRY_MEM(rq, p.key.key.p);
    TRY_MEM(rq, p.handle.p);
    *ret_p = p;
    return OK;
}

enum err passkey_list(struct req *rq, int64_t account, struct passkey *ret_all, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_PASSKEYS, sql_i64(account)));
    TRY(db_next(rq, &q, &has));
    while (has && n < PASSKEYS_MAX) {
        TRY(passkey_read(rq, &q, &ret_all[n++]));
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

static enum err own_list(struct req *rq, struct passkey **ret_all, uint32_t *ret_n)
{
    struct passkey *all = ARENA_ARRAY(rq->a, PASSKEYS_MAX, struct passkey);
    TRY_MEM(rq, all);
    if (rq->who == NULL || rq->who->account == 0 || rq->who->session.n == 0) {
        return FAIL(rq, E_SIGN_IN, "nobody is signed in");
    }
    *ret_all = all;
    return passkey_list(rq, rq->who->account, all, ret_n);
}

enum err passkey_find(struct req *rq, int64_t id, struct passkey *ret_p)
{
    struct passkey *all = NULL;
    uint32_t n = 0;
    TRY(own_list(rq, &all, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (all[i].id == id) {
            *ret_p = all[i];
            return OK;
        }
    }
    return FAIL(rq, E_NOT_FOUND, "passkey");
}

bool passkey_name_is_valid(struct str name)
{
    bool ok = name.n > 0 && utf8_is_valid(name) && utf8_count(name) <= PASSKEY_NAME_MAX;
    for (size_t i = 0; ok && i < name.n; i++) {
        ok = (unsigned char)name.p[i] >= ' ' && name.p[i] != 0x7f;
    }
    return ok;
}

/* ---- challenges ---- */

enum err passkey_wait_new(struct req *rq, struct tx *tx, const struct passkey_wait *w, struct str *ret_text)
{
    uint8_t *raw = arena_alloc(rq->a, WEBAUTHN_CHALLENGE);
    TRY_MEM(rq, raw);
    os_random(raw, WEBAUTHN_CHALLENGE);
    struct str bytes = {(const char *)raw, WEBAUTHN_CHALLENGE};
    struct str text = passkey_text(rq, bytes);
    TRY_MEM(rq, text.p);
    TRY(TX_SQL(tx, W_PASSKEY_ASK, 0, sql_blob(w->hash), sql_i64(w->account), sql_blob(bytes),
               sql_blob(str_or_empty(w->handle)), sql_i64(rq->now.ms + PASSKEY_ASK_MS)));
    *ret_text = text;
    return OK;
}

static enum err nothing_waits(struct req *rq)
{
    err_clear(rq);
    return FAIL(rq, E_NOT_FOUND, "no challenge of a passkey waits");
}

enum err passkey_wait_take(struct req *rq, struct str hash, int64_t account, struct passkey_wait *ret_w)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    enum err e = DB_ONE(rq, &q, Q_PASSKEY_ASK, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        return nothing_waits(rq);
    }
    TRY(e);
    struct passkey_wait w = {hash, db_i64(&q, 0), db_text(rq->a, &q, 1), db_text(rq->a, &q, 2)};
    TRY_MEM(rq, w.challenge.p);
    TRY_MEM(rq, w.handle.p);
    if (w.account != account || db_i64(&q, 3) <= rq->now.ms) {
        return nothing_waits(rq);
    }
    TRY(TX_SQL(tx, W_PASSKEY_ASK_END, TX_MUST_CHANGE, sql_blob(hash), sql_blob(w.challenge)));
    e = store_commit(care_of(rq)->store, rq, tx);
    if (e == E_STALE) {
        return nothing_waits(rq);
    }
    TRY(e);
    *ret_w = w;
    return OK;
}

/* ---- adding ---- */

static enum err note(struct req *rq, enum err outcome, struct str what)
{
    return account_note(rq, AUDIT_FACTOR, rq->who->person, outcome, what);
}

/* The code besides the password, of whom has one. */
static enum err code_right(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                           bool *ret_right)
{
    enum factor_kind kind = FACTOR_WRONG;
    *ret_right = true;
    if (acc->factor) {
        TRY(factor_take(rq, tx, acc, code, &kind));
        *ret_right = kind != FACTOR_WRONG;
    }
    return OK;
}

/* Credential ids that are there: the same device makes no second one. */
static struct str known_ids(struct req *rq, const struct passkey *all, uint32_t n)
{
    struct buf b;
    buf_init(&b, rq->a, KNOWN_CAP);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_char(&b, ' ');
        }
        buf_str(&b, passkey_text(rq, all[i].key.id));
    }
    return buf_get(&b);
}

static enum err begin(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                      bool *ret_right, void *ctx)
{
    struct passkey_ask *ask = ctx;
    struct passkey_wait w = {.hash = rq->who->session, .account = acc->id};
    struct passkey *all = NULL;
    uint32_t n = 0;
    TRY(own_list(rq, &all, &n));
    if (n == PASSKEYS_MAX) {
        return FAIL(rq, E_CONFLICT, "passkeys: %d are there", PASSKEYS_MAX);
    }
    TRY(code_right(rq, tx, acc, code, ret_right));
    if (!*ret_right) {
        return OK;
    }
    uint8_t *handle = arena_alloc(rq->a, PASSKEY_HANDLE);
    TRY_MEM(rq, handle);
    os_random(handle, PASSKEY_HANDLE);
    w.handle = n > 0 ? all[0].handle : (struct str){(const char *)handle, PASSKEY_HANDLE};
    ask->login = acc->login;
    ask->handle = passkey_text(rq, w.handle);
    ask->known = known_ids(rq, all, n);
    TRY_MEM(rq, ask->handle.p);
    TRY_MEM(rq, ask->known.p);
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(acc->id)));
    TRY(passkey_wait_new(rq, tx, &w, &ask->challenge));
    return note(rq, OK, S("passkey asked for"));
}

enum err passkey_begin(struct req *rq, struct str password, struct str code, struct passkey_ask *ret_ask)
{
    struct webauthn_ask place;
    struct passkey_ask ask = {0};
    if (!passkey_place(rq, &place)) {
        return FAIL(rq, E_UNSUPPORTED, "passkeys need base_url");
    }
    if (rq->who == NULL || rq->who->session.n == 0) {
        return FAIL(rq, E_SIGN_IN, "no session");
    }
    TRY(factor_do(rq, password, code, &(struct factor_act){begin, &ask}));
    ask.rp_id = place.rp_id;
    *ret_ask = ask;
    return OK;
}

/* Only names that the standard has, each once (WebAuthn 5.8.4, Level 3). */
static struct str transports(struct req *rq, struct str said)
{
    static const struct str names[] = {SI("usb"),      SI("nfc"),    SI("ble"),
                                       SI("smart-card"), SI("hybrid"), SI("internal")};
    struct buf b;
    buf_init(&b, rq->a, TRANSPORTS_MAX);
    for (size_t i = 0; i < LEN(names); i++) {
        struct str rest = said;
        struct str word;
        bool has = false;
        while (!has && str_cut(&rest, ' ', &word)) {
            has = str_eq(word, names[i]);
        }
        if (has || str_eq(rest, names[i])) {
            if (b.n > 0) {
                buf_char(&b, ' ');
            }
            buf_str(&b, names[i]);
        }
    }
    return str_or_empty(buf_get(&b));
}

/* It is on record that something else came than was asked for. */
static enum err refused(struct req *rq, enum err e)
{
    struct tx *tx = tx_new(rq);
    err_clear(rq);
    TRY_MEM(rq, tx);
    TRY(note(rq, e, S("passkey refused")));
    TRY(refusal_count(rq, tx));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    return FAIL(rq, e, "passkey refused");
}

static enum err write_new(struct req *rq, struct tx *tx, struct str name, const struct passkey_said *said,
                          const struct webauthn_key *k, struct str handle)
{
    const struct who *w = rq->who;
    TRY(TX_SQL(tx, W_PASSKEY_NEW, TX_MUST_BE_NEW, sql_i64(w->account), sql_blob(k->id), sql_i64(k->alg),
               sql_blob(k->key), sql_i64(k->count), sql_i64(k->flags), sql_text(name),
               sql_text(transports(rq, said->transports)), sql_blob(handle), sql_i64(rq->now.ms),
               sql_i64(PASSKEYS_MAX)));
    TRY(TX_SQL(tx, W_SESSION_PASSKEY, TX_MUST_CHANGE, sql_blob(w->session)));
    TRY(notice_tell(rq, tx, w->person, NOTICE_PASSKEY, S("")));
    return note(rq, OK, S("passkey added"));
}

/* With the first passkey of an account come recovery codes, unless one-time codes brought them. Of staff:
 * nothing ever asks the patients' side for more than the password. */
static enum err first_codes(struct req *rq, struct tx *tx, uint32_t before, struct recovery_new *ret_codes)
{
    struct account acc;
    TRY(account_by_id(rq, rq->who->account, &acc));
    if (before > 0 || acc.factor || acc.of_patient) {
        return OK;
    }
    TRY(recovery_make(rq, tx, acc.id, ret_codes->code));
    ret_codes->n = RECOVERY_CODES;
    return note(rq, OK, S("recovery codes made"));
}

static enum err add_in_turn(struct req *rq, struct str name, const struct passkey_said *said,
                            struct recovery_new *ret_codes)
{
    struct webauthn_ask place;
    struct webauthn_key k;
    struct passkey_wait w;
    struct passkey *all = NULL;
    uint32_t n = 0;
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(own_list(rq, &all, &n));
    if (!passkey_name_is_valid(name)) {
        return FAIL(rq, E_BAD_INPUT, "name");
    }
    if (!passkey_place(rq, &place)) {
        return FAIL(rq, E_UNSUPPORTED, "passkeys need base_url");
    }
    TRY(passkey_wait_take(rq, rq->who->session, rq->who->account, &w));
    place.challenge = passkey_text(rq, w.challenge);
    struct str client = passkey_bytes(rq, said->client_data, WEBAUTHN_CLIENT_MAX);
    struct str data = passkey_bytes(rq, said->auth_data, WEBAUTHN_DATA_MAX);
    if (client.p == NULL || data.p == NULL) {
        return refused(rq, E_SYNTAX);
    }
    enum err e = webauthn_create(rq, &place, client, data, &k);
    if (e == E_FORBIDDEN || e == E_BAD_INPUT || e == E_SYNTAX) {
        return refused(rq, e);
    }
    TRY(e);
    if (n == PASSKEYS_MAX) {
        return FAIL(rq, E_CONFLICT, "passkeys: %d are there", PASSKEYS_MAX);
    }
    TRY(write_new(rq, tx, name, said, &k, w.handle));
    TRY(first_codes(rq, tx, n, ret_codes));
    return store_commit(care_of(rq)->store, rq, tx);
}

enum err passkey_add(struct req *rq, struct str name, const struct passkey_said *said,
                     struct recovery_new *ret_codes)
{
    struct recovery_new codes = {0};
    if (rq->who == NULL || rq->who->session.n == 0) {
        return FAIL(rq, E_SIGN_IN, "nobody is signed in");
    }
    struct os_mutex *turn = account_turn(rq, rq->who->audit.login); /* which of two is the first is plain */
    os_lock(turn);
    enum err e = add_in_turn(rq, name, said, &codes);
    os_unlock(turn);
    TRY(e);
    *ret_codes = codes;
    return OK;
}

/* ---- afterwards ---- */

enum err passkey_rename(struct req *rq, struct tx *tx, int64_t id, struct str name)
{
    struct passkey p;
    TRY(passkey_find(rq, id, &p));
    if (!passkey_name_is_valid(name)) {
        return FAIL(rq, E_BAD_INPUT, "name");
    }
    TRY(TX_SQL(tx, W_PASSKEY_NAME, TX_MUST_CHANGE, sql_i64(id), sql_i64(rq->who->account), sql_text(name)));
    return note(rq, OK, S("passkey renamed"));
}

static enum err end(struct req *rq, struct tx *tx, const struct account *acc, struct str code,
                    bool *ret_right, void *ctx)
{
    const int64_t *id = ctx;
    struct passkey p;
    TRY(passkey_find(rq, *id, &p));
    TRY(code_right(rq, tx, acc, code, ret_right));
    if (!*ret_right) {
        return OK;
    }
    TRY(TX_SQL(tx, W_PASSKEY_END, TX_MUST_CHANGE, sql_i64(*id), sql_i64(acc->id)));
    TRY(recovery_end_last(tx, acc->id));
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(acc->id)));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_PASSKEY, S("")));
    return note(rq, OK, S("passkey removed"));
}

enum err passkey_end(struct req *rq, struct str password, struct str code, int64_t id)
{
    return factor_do(rq, password, code, &(struct factor_act){end, &id});
}

enum err passkeys_end(struct tx *tx, int64_t account)
{
    TRY(TX_SQL(tx, W_PASSKEYS_END_OF, 0, sql_i64(account)));
    TRY(recovery_end_last(tx, account));
    return TX_SQL(tx, W_PASSKEY_ASKS_END_OF, 0, sql_i64(account));
}
