/* care/account.c - accounts, passwords, sign-in. */
#include <sodium.h>

#include "care/account_int.h"

#include "care/password.h"
#include "care/patient_account.h"
#include "care/refusal.h"
#include "care/sign.h"
#include "care/staff_invite.h"
#include "fhir/extract.h"
#include "fhir/type.h"
#include "os/random.h"
#include "store/blob.h"
#include "store/db.h"

static void read_account(struct req *rq, const struct db_rows *q, struct account *ret_account,
                         struct str *ret_hash)
{
    *ret_account = (struct account){
        .id = db_i64(q, 0),
        .login = db_text(rq->a, q, 1),
        .person = db_text(rq->a, q, 2),
        .state = (enum account_state)db_i64(q, 4),
        .failures = (uint32_t)db_i64(q, 5),
        .locked_until = {db_i64(q, 6)},
        .lang = (enum lang)db_i64(q, 7),
        .of_patient = db_i64(q, 10) != 0,
        .factor = db_i64(q, 11) != 0,
        .bare = db_text(rq->a, q, 3).n == 0,
        .passkey = db_i64(q, 12) != 0,
    };
    if (ret_hash != NULL) {
        *ret_hash = db_text(rq->a, q, 3);
    }
}

static enum err find(struct req *rq, enum stmt_id id, struct sql_val key,
                     struct account *ret_account, struct str *ret_hash)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(db_one(rq, id, &key, 1, &q));
    read_account(rq, &q, ret_account, ret_hash);
    return OK;
}

enum err account_by_login(struct req *rq, struct str login, struct account *ret_account)
{
    return find(rq, Q_ACCOUNT_BY_LOGIN, sql_text(login), ret_account, NULL);
}

enum err account_by_id(struct req *rq, int64_t id, struct account *ret_account)
{
    return find(rq, Q_ACCOUNT_BY_ID, sql_i64(id), ret_account, NULL);
}

enum err account_by_person(struct req *rq, struct str person, struct account *ret_account)
{
    return find(rq, Q_ACCOUNT_BY_PERSON, sql_text(person), ret_account, NULL);
}

enum err accounts_of_person(struct req *rq, struct str person, struct account *ret_accounts,
                            uint32_t n, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_ACCOUNT_BY_PERSON, sql_text(person)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        read_account(rq, &q, &ret_accounts[got++], NULL);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err account_list(struct req *rq, struct str after, uint32_t n, struct account *ret_accounts,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_ACCOUNTS, sql_text(after.p != NULL ? after : S("")), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        read_account(rq, &q, &ret_accounts[got++], NULL);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* Characters, not bytes: a password may be in any script. */
static size_t count_chars(struct str s)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    }
    return n;
}

enum err password_hash(struct req *rq, struct str password, struct str *ret_hash)
{
    const struct care *care = care_of(rq);

    if (count_chars(password) < care->password_least || password.n > PASSWORD_MAX) {
        return FAIL(rq, E_BAD_INPUT, PASSWORD_SHORT, care->password_least);
    }
    char *hash = arena_alloc(rq->a, crypto_pwhash_STRBYTES);
    TRY_MEM(rq, hash);
    if (sodium_init() < 0
        || crypto_pwhash_str_alg(hash, password.p, password.n, care->password_ops,
                                 care->password_mem, crypto_pwhash_ALG_ARGON2ID13)
               != 0) {
        return FAIL(rq, E_BUSY, "no memory to hash a password");
    }
    *ret_hash = str_z(hash);
    return OK;
}

/* Compares in constant time; an unknown account is compared with a hash nobody has. */
static enum err verify(struct req *rq, struct str password, struct str hash, bool *ret_right)
{
    const struct care *care = care_of(rq);
    char z[crypto_pwhash_STRBYTES] = {0};

    if (password.n > PASSWORD_MAX) { /* none so long was ever set: wrong, after as long a look */
        password.n = PASSWORD_MAX;
        hash.n = 0;
    }
    if (hash.n == 0 || hash.n >= sizeof z) {
        uint8_t out[32];
        static const uint8_t salt[crypto_pwhash_SALTBYTES] = {1};
        if (crypto_pwhash(out, sizeof out, password.p != NULL ? password.p : "", password.n, salt,
                          care->password_ops, care->password_mem, crypto_pwhash_ALG_ARGON2ID13)
            != 0) {
            return FAIL(rq, E_BUSY, "no memory to hash a password");
        }
        *ret_right = false;
        return OK;
    }
    for (size_t i = 0; i < hash.n; i++) {
        z[i] = hash.p[i];
    }
    *ret_right = crypto_pwhash_str_verify(z, password.p != NULL ? password.p : "", password.n) == 0;
    return OK;
}

bool login_is_valid(struct str login)
{
    if (login.n < 2 || login.n > LOGIN_MAX) {
        return false;
    }
    for (size_t i = 0; i < login.n; i++) {
        char c = login.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (!word && c != '.' && c != '_' && c != '-') {
            return false;
        }
    }
    return true;
}

/* By which right something happened to the account of person: one's own, or another's. Who signs in does
 * so for themselves, whoever was signed in in that browser before. */
static enum audit_why why_of(const struct req *rq, enum audit_action action, struct str person,
                             enum err outcome)
{
    if (outcome != OK) {
        return WHY_NO_RIGHT;
    }
    if (who_may(rq->who, IS_SYSTEM | IS_CLOCK)) {
        return WHY_SYSTEM;
    }
    bool another = action != AUDIT_LOGIN && rq->who != NULL && rq->who->person.n > 0
                   && !str_eq(rq->who->person, person);
    return another ? WHY_ADMIN : WHY_OWN;
}

enum err account_note(struct req *rq, enum audit_action action, struct str person, enum err outcome,
                      struct str detail)
{
    struct audit_rec rec = {
        .action = action,
        .why = why_of(rq, action, person, outcome),
        .outcome = outcome,
        .type = T_PRACTITIONER,
        .id = person,
        .detail = detail,
    };
    struct str id = person;
    if (str_find_char(person, '/') < person.n) { /* of the patients' side */
        rec.type = (uint16_t)fhir_ref_split(person, &id);
        rec.id = id;
    }
    return audit_add(rq, &rec);
}

enum err account_add(struct req *rq, struct tx *tx, struct str login, struct str person,
                     struct str hash, bool must_change)
{
    if (!login_is_valid(login)) {
        return FAIL(rq, E_BAD_INPUT, "login: 2 to %d of a-z 0-9 . _ -", LOGIN_MAX);
    }
    TRY(TX_SQL(tx, W_ACCOUNT_NEW, TX_MUST_BE_NEW, sql_text(login), sql_text(person), sql_text(hash),
               sql_i64(must_change ? ACCOUNT_MUST_CHANGE : ACCOUNT_ACTIVE), sql_i64(rq->lang),
               sql_i64(rq->now.ms)));
    return account_note(rq, AUDIT_ADMIN, person, OK, S("account added"));
}

enum err doors_end(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(sessions_end(tx, acc->id));
    TRY(TX_SQL(tx, W_TOKENS_REVOKE_OF, 0, sql_i64(acc->id), sql_i64(rq->now.ms)));
    return TX_SQL(tx, W_GRANTS_REVOKE_OF, 0, sql_i64(acc->id), sql_i64(rq->now.ms));
}

enum err account_password_set(struct req *rq, struct tx *tx, const struct account *acc,
                              struct str hash, bool must_change)
{
    TRY(TX_SQL(tx, W_ACCOUNT_PASSWORD, TX_MUST_CHANGE, sql_i64(acc->id), sql_text(hash),
               sql_i64(must_change ? ACCOUNT_MUST_CHANGE : ACCOUNT_ACTIVE), sql_i64(rq->now.ms)));
    TRY(doors_end(rq, tx, acc));
    TRY(sign_keys_end(rq, tx, acc->person));
    TRY(staff_invite_drop(rq, tx, acc));
    TRY(notice_tell(rq, tx, acc->person, NOTICE_PASSWORD, S("")));
    return account_note(rq, AUDIT_PASSWORD, acc->person, OK, S("set by administrator"));
}

enum err account_close(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(TX_SQL(tx, W_ACCOUNT_STATE, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(ACCOUNT_CLOSED)));
    TRY(doors_end(rq, tx, acc));
    TRY(sign_keys_end(rq, tx, acc->person));
    TRY(staff_invite_drop(rq, tx, acc));
    TRY(tx_event(tx, EVENT_DIRECTORY, 0));
    return account_note(rq, AUDIT_ADMIN, acc->person, OK, S("account closed"));
}

enum err account_open(struct req *rq, struct tx *tx, const struct account *acc)
{
    TRY(TX_SQL(tx, W_ACCOUNT_STATE, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(ACCOUNT_ACTIVE)));
    TRY(TX_SQL(tx, W_ACCOUNT_OK, 0, sql_i64(acc->id)));
    return account_note(rq, AUDIT_ADMIN, acc->person, OK, S("account opened"));
}

enum err account_doors(struct req *rq, const struct account *acc, uint32_t *ret_sessions,
                       uint32_t *ret_tokens)
{
    CLEANUP(db_rows_done) struct db_rows s = {0};
    CLEANUP(db_rows_done) struct db_rows t = {0};
    uint32_t sessions = 0;
    uint32_t tokens = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &s, Q_SESSIONS_OF, sql_i64(acc->id)));
    TRY(db_next(rq, &s, &has));
    while (has) {
        sessions += db_i64(&s, 4) > rq->now.ms;
        TRY(db_next(rq, &s, &has));
    }
    TRY(DB_QUERY(rq, &t, Q_TOKENS_OF, sql_i64(acc->id)));
    TRY(db_next(rq, &t, &has));
    while (has) {
        int64_t until = db_i64(&t, 6);
        tokens += db_i64(&t, 7) == 0 && (until == 0 || until > rq->now.ms);
        TRY(db_next(rq, &t, &has));
    }
    *ret_sessions = sessions;
    *ret_tokens = tokens;
    return OK;
}

enum err password_make(struct req *rq, struct str *ret_password)
{
    enum { LENGTH = 16 };
    static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789";
    char *p = arena_alloc(rq->a, LENGTH);
    uint8_t raw[LENGTH];

    TRY_MEM(rq, p);
    os_random(raw, sizeof raw);
    for (size_t i = 0; i < LENGTH; i++) {
        p[i] = letters[raw[i] % (sizeof letters - 1)];
    }
    *ret_password = (struct str){p, LENGTH};
    return OK;
}

enum err account_lang(struct req *rq, struct tx *tx, const struct account *acc, enum lang lang)
{
    (void)rq;
    return TX_SQL(tx, W_ACCOUNT_LANG, TX_MUST_CHANGE, sql_i64(acc->id), sql_i64(lang));
}

/* How long the account waits after this many wrong passwords in a row. */
static int64_t wait_ms(const struct care *care, uint32_t failures)
{
    int64_t ms = 30 * MS_SECOND;

    for (uint32_t i = care->lock_after; i < failures && ms < MS_HOUR; i++) {
        ms *= 2;
    }
    return MIN(ms, MS_HOUR);
}

/* A login that does not exist locks like one that does, so that nobody learns which exist: its count
 * is kept in one of STRANGERS settings chosen by its hash, as "hash failures until". Another login in
 * the same place begins anew. */
enum { STRANGERS = 4096 };
struct stranger {
    struct str key;
    uint64_t hash;
    uint64_t failures;
    struct instant locked_until;
};

static enum err stranger_get(struct req *rq, struct str login, struct stranger *ret_s)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct stranger s = {.hash = db_hash(rq->db, login)};
    struct str rest;
    struct str word;
    uint64_t had[3] = {0};
    struct buf b;

    buf_init(&b, rq->a, 48);
    BUF_LIT(&b, "unknown-login-");
    buf_u64(&b, s.hash % STRANGERS);
    s.key = buf_get(&b);
    enum err e = DB_ONE(rq, &q, Q_SETTING, sql_text(s.key));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
    } else {
        TRY(e);
        rest = db_text(rq->a, &q, 0);
        for (size_t i = 0; i < LEN(had) && str_cut(&rest, ' ', &word); i++) {
            had[i] = str_u64(word, &had[i]) ? had[i] : 0;
        }
        if (had[0] == s.hash) {
            s.failures = had[1];
            s.locked_until.ms = (int64_t)(had[2] & INT64_MAX);
        }
    }
    *ret_s = s;
    return OK;
}

/* One more failure of a login that does not exist. */
static enum err stranger_count(struct req *rq, struct tx *tx, const struct stranger *s)
{
    const struct care *care = care_of(rq);
    uint32_t failures = (uint32_t)MIN(s->failures + 1, UINT64_C(1000));
    struct buf b;

    buf_init(&b, rq->a, 80);
    buf_u64(&b, s->hash);
    buf_char(&b, ' ');
    buf_u64(&b, failures);
    buf_char(&b, ' ');
    buf_i64(&b, failures >= care->lock_after ? rq->now.ms + wait_ms(care, failures) : 0);
    return TX_SQL(tx, W_SETTING, 0, sql_text(s->key), sql_blob(buf_get(&b)));
}

static enum err locked(struct req *rq, struct str person, struct instant until)
{
    TRY(account_note(rq, AUDIT_LOGIN, person, E_LOCKED, S("locked")));
    return FAIL(rq, E_LOCKED, "wait %lld s", (long long)((until.ms - rq->now.ms + 999) / 1000));
}

/* Counts a wrong password and puts it on record, durably with what tx holds, and gives E_SIGN_IN. */
static enum err count_failure(struct req *rq, struct tx *tx, const struct account *acc,
                              const struct stranger *stranger, struct str what)
{
    const struct care *care = care_of(rq);

    TRY_MEM(rq, tx);
    if (acc != NULL) {
        TRY(TX_SQL(tx, W_ACCOUNT_FAILED, 0, sql_i64(acc->id), sql_i64(care->lock_after),
                   sql_i64(rq->now.ms + wait_ms(care, acc->failures + 1))));
    } else {
        TRY(stranger_count(rq, tx, stranger));
    }
    TRY(account_note(rq, AUDIT_LOGIN, acc != NULL ? acc->person : (struct str){0}, E_SIGN_IN,
                     what));
    TRY(refusal_count(rq, tx));
    TRY(store_commit(care->store, rq, tx));
    return FAIL(rq, E_SIGN_IN, "login or password");
}

enum err account_failed(struct req *rq, const struct account *acc, struct str what)
{
    return count_failure(rq, tx_new(rq), acc, NULL, what);
}

enum err account_failed_with(struct req *rq, struct tx *tx, const struct account *acc, struct str what)
{
    return count_failure(rq, tx, acc, NULL, what);
}

enum err account_wait(struct req *rq, const struct account *acc)
{
    return acc->locked_until.ms > rq->now.ms ? locked(rq, acc->person, acc->locked_until) : OK;
}

/* Finds the account, waits out a lock, checks the password. In turn with others of the same login. */
static enum err check_in_turn(struct req *rq, struct str login, struct str password,
                              struct account *ret_account)
{
    struct account acc = {0};
    struct str hash = {0};
    bool right = false;
    enum err e = OK;

    if (sodium_init() < 0) {
        return FAIL(rq, E_INTERNAL, "libsodium");
    }
    if (login.n == 0 || login.n > LOGIN_MAX) {
        e = E_NOT_FOUND;
    } else {
        e = find(rq, Q_ACCOUNT_BY_LOGIN, sql_text(login), &acc, &hash);
    }
    if (e == E_NOT_FOUND) {
        struct stranger stranger;
        err_clear(rq);
        TRY(stranger_get(rq, str_sub(login, 0, LOGIN_MAX + 1), &stranger));
        if (stranger.locked_until.ms > rq->now.ms) {
            return locked(rq, (struct str){0}, stranger.locked_until);
        }
        TRY(verify(rq, password, (struct str){0}, &right));
        return count_failure(rq, tx_new(rq), NULL, &stranger, S("unknown login"));
    }
    TRY(e);
    TRY(account_wait(rq, &acc));
    TRY(verify(rq, password, hash, &right));
    if (!right || acc.state == ACCOUNT_CLOSED) {
        return count_failure(rq, tx_new(rq), &acc, NULL, S("password"));
    }
    *ret_account = acc;
    return OK;
}

struct os_mutex *account_turn(struct req *rq, struct str login)
{
    return &care_of(rq)->sign_in_turns[db_hash(rq->db, login) % SIGN_IN_TURNS];
}

/* Attempts at one login are one after the other: each sees what the one before counted, so that no more
 * than lock_after passwords are compared however many come at once. */
enum err account_check(struct req *rq, struct str login, struct str password,
                       struct account *ret_account)
{
    struct os_mutex *turn = account_turn(rq, login);

    os_lock(turn);
    enum err e = check_in_turn(rq, login, password, ret_account);
    os_unlock(turn);
    return e;
}

enum err password_check(struct req *rq, struct str password)
{
    struct account acc = {0};

    if (rq->who == NULL || rq->who->audit.login.n == 0) {
        return FAIL(rq, E_SIGN_IN, "nobody is signed in");
    }
    return account_check(rq, rq->who->audit.login, password, &acc);
}

enum err password_change(struct req *rq, struct str old_password, struct str new_password)
{
    struct account acc = {0};
    struct str hash = {0};
    struct tx *tx = tx_new(rq);

    TRY_MEM(rq, tx);
    if (rq->who == NULL || rq->who->audit.login.n == 0) {
        return FAIL(rq, E_SIGN_IN, "nobody is signed in");
    }
    TRY(account_check(rq, rq->who->audit.login, old_password, &acc));
    if (str_eq(old_password, new_password)) {
        return FAIL(rq, E_BAD_INPUT, "password: the same as before");
    }
    TRY(password_judge(rq, acc.login, new_password));
    TRY(password_hash(rq, new_password, &hash));
    TRY(TX_SQL(tx, W_ACCOUNT_PASSWORD, TX_MUST_CHANGE, sql_i64(acc.id), sql_text(hash),
               sql_i64(ACCOUNT_ACTIVE), sql_i64(rq->now.ms)));
    TRY(doors_end(rq, tx, &acc));
    TRY(staff_invite_drop(rq, tx, &acc)); /* a link that somebody else may have would undo it */
    TRY(account_note(rq, AUDIT_PASSWORD, acc.person, OK, (struct str){0}));
    if (care_of(rq)->on_password != NULL) {
        TRY(care_of(rq)->on_password(rq, tx, acc.person, old_password, new_password));
    }
    return store_commit(care_of(rq)->store, rq, tx);
}
