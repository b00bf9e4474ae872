/* care/session.c - sessions and personal access tokens: from a random value to who acts. */
#include <sodium.h>

#include "care/account_int.h"
#include "care/factor.h"
#include "care/grant.h"
#include "care/patient_account.h"

#include "fhir/scope.h"
#include "os/random.h"
#include "os/thread.h"
#include "store/blob.h"
#include "store/db.h"

enum { SECRET_BYTES = 32, TOUCH_CAP = 16 << 10 };
#define TOUCH_EVERY_MS (5 * MS_MINUTE)
#define TOKEN_PREFIX "cst_"

void secret_new(char out[SESSION_LEN + 1])
{
    uint8_t raw[SECRET_BYTES];

    os_random(raw, sizeof raw);
    sodium_bin2base64(out, SESSION_LEN + 1, raw, sizeof raw,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    sodium_memzero(raw, sizeof raw);
}

struct str secret_hash(struct req *rq, struct str secret)
{
    uint8_t *sha = arena_alloc(rq->a, 32);

    if (sha == NULL) {
        return (struct str){0};
    }
    sha_of(secret, sha);
    return (struct str){(const char *)sha, 32};
}

enum err session_write(struct req *rq, struct tx *tx, const struct account *acc, struct str role_id,
                       const struct sign_in_from *from, struct instant expires,
                       char out[SESSION_LEN + 1])
{
    char *csrf = arena_alloc(rq->a, SESSION_LEN + 1);
    TRY_MEM(rq, csrf);
    secret_new(out);
    secret_new(csrf);
    struct str hash = secret_hash(rq, (struct str){out, SESSION_LEN});
    TRY_MEM(rq, hash.p);
    return TX_SQL(tx, W_SESSION_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_i64(acc->id),
                  sql_text(role_id.p != NULL ? role_id : S("")), sql_text(str_z(csrf)),
                  sql_i64(rq->now.ms), sql_i64(expires.ms), sql_i64(device_agent(from->agent)),
                  sql_i64(device_place(str_z(rq->peer))));
}

enum err sessions_end(struct tx *tx, int64_t account)
{
    TRY(TX_SQL(tx, W_SESSIONS_END_OF, 0, sql_i64(account)));
    return TX_SQL(tx, W_HALVES_END_OF, 0, sql_i64(account));
}

enum err who_build(struct req *rq, const struct directory *dir, const struct dir_person *p,
                   struct str role_id, struct who **ret_who)
{
    struct who *w = ARENA_NEW(rq->a, struct who);

    TRY_MEM(rq, w);
    w->person = p->id;
    w->name = p->name;
    w->roles = p->roles;
    w->n_roles = p->n_roles;
    w->principals = p->principals;
    w->n_principals = p->n_principals;
    w->scopes = SCOPE_ALL;
    w->directory_epoch = dir->epoch;
    for (uint32_t i = 0; i < p->n_roles; i++) {
        if (str_eq(p->roles[i].id, role_id)) {
            w->active = i;
        }
    }
    const struct role_ref *r = who_role(w);
    w->audit.actor = p->id;
    w->audit.role = r != NULL ? r->code : S("");
    w->audit.org = r != NULL ? r->org : S("");
    w->rights = r != NULL ? r->rights : 0;
    *ret_who = w;
    return OK;
}

/* The request of a session's "seen" mark, which nobody waits for. */
static void touched(void *ctx, enum err e)
{
    struct req *own = ctx;

    (void)e; /* a mark that failed is made by the next request */
    req_done(own);
    os_free(own);
}

/* Puts off the end of a session, in the background. */
static void touch(struct req *rq, struct str hash, struct instant created)
{
    const struct care *care = care_of(rq);
    struct req *own = os_alloc(1, sizeof *own);

    req_init(own, TOUCH_CAP, rq->now);
    struct tx *tx = tx_new(own);
    struct str copy = arena_str(own->a, hash);
    int64_t end = MIN(rq->now.ms + care->session_idle_ms, created.ms + care->session_max_ms);
    if (tx == NULL || copy.p == NULL
        || TX_SQL(tx, W_SESSION_SEEN, 0, sql_blob(copy), sql_i64(rq->now.ms), sql_i64(end)) != OK) {
        touched(own, E_TOO_LARGE);
        return;
    }
    store_submit(care->store, tx, touched, own);
}

static enum err no_session(struct req *rq)
{
    err_clear(rq);
    return FAIL(rq, E_SIGN_IN, "no such session or token");
}

/* As whom the session of row q acts. errors E_SIGN_IN nothing is open to it any more */
static enum err session_who(struct req *rq, const struct db_rows *q, struct who **ret_who)
{
    const struct directory *dir = NULL;

    if (db_i64(q, 11) != 0) {
        const struct account acc = {.id = db_i64(q, 0), .person = db_text(rq->a, q, 7),
                                    .of_patient = true};
        return patient_who(rq, &acc, db_text(rq->a, q, 1), ret_who);
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, db_peek(q, 7));
    if (p == NULL || !p->active || p->n_roles == 0) {
        return FAIL(rq, E_SIGN_IN, "no role");
    }
    return who_build(rq, dir, p, db_peek(q, 1), ret_who);
}

enum err who_by_session(struct req *rq, struct str cookie, const struct who **ret_who)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct who *w = NULL;

    if (cookie.n != SESSION_LEN) {
        return no_session(rq);
    }
    struct str hash = secret_hash(rq, cookie);
    TRY_MEM(rq, hash.p);
    enum err e = DB_ONE(rq, &q, Q_SESSION, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        return no_session(rq);
    }
    TRY(e);
    struct instant created = {db_i64(&q, 3)};
    struct instant seen = {db_i64(&q, 4)};
    struct instant expires = {db_i64(&q, 5)};
    if (expires.ms <= rq->now.ms || db_i64(&q, 8) == ACCOUNT_CLOSED) {
        return no_session(rq);
    }
    e = session_who(rq, &q, &w);
    if (e == E_SIGN_IN) { /* not for who could not be read */
        return err_answers(rq) ? no_session(rq) : E_TOO_LARGE;
    }
    TRY(e);
    w->audit.login = db_text(rq->a, &q, 6);
    w->csrf = db_text(rq->a, &q, 2);
    w->lang = (enum lang)db_i64(&q, 9);
    w->expires = expires;
    w->role_chosen = db_peek(&q, 1).n > 0;
    w->must_change = db_i64(&q, 8) == ACCOUNT_MUST_CHANGE;
    w->bare = db_i64(&q, 13) != 0;
    w->stepped = db_i64(&q, 12) != 0;
    w->owes_factor = factor_is_owed(care_of(rq), w, w->stepped);
    w->account = db_i64(&q, 0);
    w->session = hash;
    if (rq->now.ms - seen.ms > TOUCH_EVERY_MS) {
        touch(rq, hash, created);
    }
    *ret_who = w;
    return OK;
}

enum err sign_out(struct req *rq, struct tx *tx)
{
    if (rq->who == NULL || rq->who->session.n == 0) {
        return FAIL(rq, E_SIGN_IN, "no session");
    }
    TRY(TX_SQL(tx, W_SESSION_END, 0, sql_blob(rq->who->session)));
    return account_note(rq, AUDIT_LOGOUT, rq->who->person, OK, (struct str){0});
}

enum err session_role(struct req *rq, struct tx *tx, struct str role_id)
{
    const struct who *w = rq->who;
    bool own = false;

    for (uint32_t i = 0; w != NULL && i < w->n_roles; i++) {
        own = own || str_eq(w->roles[i].id, role_id);
    }
    if (!own || w->session.n == 0) {
        return FAIL(rq, E_FORBIDDEN, "role: not one of this person");
    }
    TRY(TX_SQL(tx, W_SESSION_ROLE, TX_MUST_CHANGE, sql_blob(w->session), sql_text(role_id)));
    return account_note(rq, AUDIT_ROLE, w->person, OK, role_id);
}

uint32_t scope_bits(const struct fhir_scopes *s)
{
    uint32_t bits = 0;

    if (scope_is_free(s, T_NONE, OP_READ) && scope_is_free(s, T_NONE, OP_SEARCH)) {
        bits |= SCOPE_READ;
    }
    if (scope_is_free(s, T_NONE, OP_CREATE) && scope_is_free(s, T_NONE, OP_UPDATE)
        && scope_is_free(s, T_NONE, OP_DELETE)) {
        bits |= SCOPE_WRITE;
    }
    return bits;
}

/* The bits of a personal token. */
static uint32_t read_scopes(struct req *rq, struct str text)
{
    struct fhir_scopes s;

    if (scope_parse(rq, text, &s, NULL) != OK) {
        err_clear(rq);
        return 0;
    }
    return scope_bits(&s) | (scope_has_level(&s, LEVEL_SYSTEM) ? SCOPE_SYSTEM : 0);
}

enum err who_scopes(struct req *rq, struct who *w, struct str text, struct str patient)
{
    struct fhir_scopes *s = ARENA_NEW(rq->a, struct fhir_scopes);
    struct str copy = arena_str(rq->a, text);

    TRY_MEM(rq, s);
    TRY_MEM(rq, copy.p);
    TRY(scope_parse(rq, copy, s, NULL));
    TRY(scope_bind(rq, s, patient));
    w->scope = s;
    w->scopes = scope_bits(s) | (w->scopes & SCOPE_SYSTEM);
    return OK;
}

static struct str write_scopes(uint32_t bits)
{
    return (bits & SCOPE_SYSTEM) != 0 ? S("system/*.cruds")
           : bits == SCOPE_ALL     ? S("user/*.read user/*.write")
           : bits == SCOPE_WRITE ? S("user/*.write")
                                 : S("user/*.read");
}

/* An interface account: no person and no role, the rights of the system under its own name. */
static enum err who_interface(struct req *rq, struct str login, const struct who **ret_who)
{
    struct who *w = ARENA_NEW(rq->a, struct who);
    TRY_MEM(rq, w);
    *w = who_system;
    w->audit = (struct audit_who){.actor = login, .login = login, .role = S("interface"),
                                  .org = S("")};
    w->name = login;
    w->scopes = SCOPE_ALL | SCOPE_SYSTEM;
    w->role_chosen = true;
    *ret_who = w;
    return OK;
}

enum err who_by_token(struct req *rq, struct str bearer, const struct who **ret_who)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    const struct directory *dir = NULL;
    struct who *w = NULL;

    if (grant_is_token(bearer)) {
        return who_by_grant(rq, bearer, ret_who);
    }
    if (bearer.n != sizeof TOKEN_PREFIX - 1 + SESSION_LEN || !str_starts(bearer, S(TOKEN_PREFIX))) {
        return no_session(rq);
    }
    struct str hash = secret_hash(rq, bearer);
    TRY_MEM(rq, hash.p);
    enum err e = DB_ONE(rq, &q, Q_TOKEN, sql_blob(hash));
    if (e == E_NOT_FOUND) {
        return no_session(rq);
    }
    TRY(e);
    int64_t expires = db_i64(&q, 5);
    if ((expires != 0 && expires <= rq->now.ms) || db_i64(&q, 6) != 0
        || db_i64(&q, 9) == ACCOUNT_CLOSED) {
        return no_session(rq);
    }
    if ((read_scopes(rq, db_peek(&q, 3)) & SCOPE_SYSTEM) != 0) {
        return who_interface(rq, db_text(rq->a, &q, 7), ret_who);
    }
    TRY(directory_get(rq, &dir));
    const struct dir_person *p = dir_person(dir, db_peek(&q, 8));
    if (p == NULL || !p->active || p->n_roles == 0) {
        return no_session(rq);
    }
    TRY(who_build(rq, dir, p, db_peek(&q, 2), &w));
    w->audit.login = db_text(rq->a, &q, 7);
    w->scopes = 0;
    TRY(who_scopes(rq, w, db_peek(&q, 3), (struct str){0}));
    w->lang = (enum lang)db_i64(&q, 10);
    w->expires.ms = expires;
    w->account = db_i64(&q, 1);
    w->must_change = db_i64(&q, 9) == ACCOUNT_MUST_CHANGE;
    w->owes_factor = factor_is_owed(care_of(rq), w, db_i64(&q, 11) != 0);
    w->role_chosen = true;
    *ret_who = w;
    return OK;
}

enum err token_add(struct req *rq, struct tx *tx, const struct account *acc, struct str role_id,
                   struct str name, uint32_t scopes, struct instant expires,
                   char ret_token[TOKEN_MAX])
{
    char secret[SESSION_LEN + 1];
    struct buf b;

    if (name.n == 0 || name.n > 200 || (scopes & SCOPE_ALL) == 0) {
        return FAIL(rq, E_BAD_INPUT, "token: name or scope");
    }
    secret_new(secret);
    buf_init(&b, rq->a, TOKEN_MAX);
    BUF_LIT(&b, TOKEN_PREFIX);
    buf_str(&b, str_z(secret));
    buf_char(&b, '\0');
    TRY_MEM(rq, buf_get(&b).p);
    struct str token = {b.p, b.n - 1};
    struct str hash = secret_hash(rq, token);
    TRY_MEM(rq, hash.p);
    TRY(TX_SQL(tx, W_TOKEN_NEW, TX_MUST_BE_NEW, sql_blob(hash), sql_i64(acc->id),
               sql_text(role_id.p != NULL ? role_id : S("")), sql_text(name),
               sql_text(write_scopes(scopes)), sql_i64(rq->now.ms), sql_i64(expires.ms)));
    TRY(account_note(rq, AUDIT_TOKEN, acc->person, OK, S("token added")));
    for (size_t i = 0; i < b.n; i++) {
        ret_token[i] = b.p[i];
    }
    return OK;
}

enum err token_list(struct req *rq, const struct account *acc, struct token *ret_tokens, uint32_t n,
                    uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_TOKENS_OF, sql_i64(acc->id)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        ret_tokens[got++] = (struct token){
            .id = db_i64(&q, 0),
            .name = db_text(rq->a, &q, 1),
            .scopes = read_scopes(rq, db_peek(&q, 2)),
            .role = db_text(rq->a, &q, 3),
            .created = {db_i64(&q, 4)},
            .used_day = db_i64(&q, 5),
            .expires = {db_i64(&q, 6)},
            .revoked = {db_i64(&q, 7)},
        };
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err token_revoke(struct req *rq, struct tx *tx, const struct account *acc, int64_t id)
{
    TRY(TX_SQL(tx, W_TOKEN_REVOKE, TX_MUST_CHANGE, sql_i64(id), sql_i64(acc->id),
               sql_i64(rq->now.ms)));
    return account_note(rq, AUDIT_TOKEN, acc->person, OK, S("token revoked"));
}
