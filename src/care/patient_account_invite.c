/* care/patient_account_invite.c - a link and a code become an account. See patient_account.h. */
#include "care/patient_account_int.h"

#include <openssl/crypto.h>
#include <string.h>

#include "base/text.h"
#include "care/account_int.h"
#include "care/refusal.h"
#include "care/password.h"
#include "os/random.h"
#include "store/blob.h"

enum { NAME_BYTES = 200, LOGIN_MADE = 10, CASES_MAX = 500 };

/* What the store keeps of a code. */
static void code_hash(struct str token, struct str code, uint8_t ret_sha[32])
{
    struct sha s;
    sha_init(&s);
    sha_add(&s, token.p, token.n);
    sha_add(&s, " ", 1);
    sha_add(&s, code.p, code.n);
    sha_done(&s, ret_sha);
}

static struct sql_val sha_val(struct req *rq, const uint8_t sha[32])
{
    return sql_blob(arena_str(rq->a, (struct str){(const char *)sha, 32}));
}

/* A record about the account of a patient's side. */
static enum err note(struct req *rq, struct str patient, enum audit_why why, enum err outcome,
                     const char *what, struct str id)
{
    struct buf b;
    buf_init(&b, rq->a, 160);
    buf_str(&b, str_z(what));
    if (id.n > 0) {
        buf_char(&b, ' ');
        buf_str(&b, id);
    }
    struct audit_rec rec = {.action = outcome == OK ? AUDIT_INVITE : AUDIT_DENY, .why = why,
                            .outcome = outcome, .type = T_PATIENT, .id = patient,
                            .patient_type = T_PATIENT, .patient_id = patient,
                            .detail = buf_get(&b)};
    return audit_add(rq, &rec);
}

/* ---- making ---- */

const struct policy *patient_policy(struct req *rq)
{
    const struct directory *dir = NULL;
    const struct dir_org *org = NULL;
    if (rq->who != NULL && rq->who->audit.org.n > 0 && directory_get(rq, &dir) == OK) {
        org = dir_org(dir, rq->who->audit.org);
    }
    return org != NULL && org->policy != NULL ? org->policy : care_of(rq)->policy;
}

/* The day a patient reaches an age, 0 when the birth date is not known to the day. */
static int64_t birthday_ms(struct req *rq, const struct patient *p, int years)
{
    struct civil c;
    if (!date_parse(p->birth_date, &c)) {
        return 0;
    }
    c.year += years;
    if (c.month == 2 && c.day == 29) {
        c.month = 3; /* in a year without that day the next one counts */
        c.day = 1;
    }
    return c.year <= 9999 ? zone_instant(&care_of(rq)->zone, &c).ms : 0;
}

static enum err check_ask(struct req *rq, const struct invite_ask *ask, const struct patient *p,
                          struct instant *ret_until)
{
    const struct policy *policy = patient_policy(rq);
    int64_t until = ask->relative ? ask->until.ms : 0;
    if (!ask->relative) {
        bool young = policy->own_account_from.set && p->age_years >= 0
                     && p->age_years < (int)policy->own_account_from.value;
        *ret_until = (struct instant){0};
        return young ? FAIL(rq, E_UNPROCESSED, "age") : OK;
    }
    if (ask->name.n == 0 || ask->name.n > NAME_BYTES) {
        return FAIL(rq, E_BAD_INPUT, "name");
    }
    if (relation_find(ask->relation) == NULL) {
        return FAIL(rq, E_BAD_INPUT, "relation");
    }
    if (until != 0 && until <= rq->now.ms) {
        return FAIL(rq, E_BAD_INPUT, "until");
    }
    if (ask->legal && policy->represented_until.set) {
        int64_t end = birthday_ms(rq, p, (int)policy->represented_until.value);
        if (end != 0 && end <= rq->now.ms) {
            return FAIL(rq, E_UNPROCESSED, "age");
        }
        until = end != 0 && (until == 0 || end < until) ? end : until;
    }
    *ret_until = (struct instant){until};
    return OK;
}

static void put_date(struct req *rq, struct json_out *o, struct str key, struct instant t)
{
    struct civil c = zone_civil(&care_of(rq)->zone, t);
    struct buf b;
    buf_init(&b, rq->a, 16);
    date_write(&b, &c);
    json_ks(o, key, buf_get(&b));
}

static enum err put_relative(struct req *rq, struct tx *tx, const struct invite_ask *ask,
                             struct instant until, struct str *ret_id)
{
    struct put p;
    put_begin(&p, rq, tx, T_RELATED_PERSON, (struct str){0}, 4 << 10);
    p.patient = ask->patient;
    json_kb(&p.o, S("active"), true);
    put_ref(&p.o, S("patient"), T_PATIENT, ask->patient);
    json_k(&p.o, S("relationship"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_coding(&p.o, S("http://terminology.hl7.org/CodeSystem/v3-RoleCode"), ask->relation,
               (struct str){0});
    json_obj_end(&p.o);
    if (ask->legal) {
        json_obj(&p.o);
        put_coding(&p.o, S(CARE_URL "/CodeSystem/representation"), S("legal"), (struct str){0});
        json_obj_end(&p.o);
    }
    json_arr_end(&p.o);
    json_k(&p.o, S("name"));
    json_arr(&p.o);
    json_obj(&p.o);
    json_ks(&p.o, S("text"), ask->name);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    put_date(rq, &p.o, S("start"), rq->now);
    if (until.ms != 0) {
        put_date(rq, &p.o, S("end"), until);
    }
    json_obj_end(&p.o);
    TRY(put_end(&p));
    *ret_id = p.id;
    return OK;
}

static void make_code(char out[INVITE_CODE + 1])
{
    uint64_t v;
    os_random(&v, sizeof(v));
    for (int i = 0; i < INVITE_CODE; i++, v /= 10) {
        out[i] = (char)('0' + v % 10);
    }
    out[INVITE_CODE] = 0;
}

enum err invite_make(struct req *rq, struct tx *tx, const struct invite_ask *ask,
                     struct invite_made *ret_made)
{
    struct res_row row;
    struct patient p;
    struct instant until = {0};
    struct str related = S("");
    uint8_t sha[2][32];
    struct invite_made m = {.expires = {rq->now.ms + INVITE_HOURS * MS_HOUR}};
    struct str id = put_new_id(rq);

    TRY_MEM(rq, id.p);
    TRY(access_patient(rq, ask->patient, AUDIT_READ, &row));
    TRY(patient_load(rq, row.rid, &p));
    TRY(check_ask(rq, ask, &p, &until));
    uint32_t may = MY_ALL;
    if (ask->relative) {
        TRY(put_relative(rq, tx, ask, until, &related));
        may = MY_SEE | (ask->may & (ask->legal ? MY_ALL : MY_ALL & ~(unsigned)MY_CONSENT));
    } else {
        TRY(TX_SQL(tx, W_INVITES_REPLACED, 0, sql_text(row.id), sql_text(S("")),
                   sql_i64(rq->now.ms)));
    }
    os_id(m.token);
    make_code(m.code);
    sha_of(str_z(m.token), sha[0]);
    code_hash(str_z(m.token), str_z(m.code), sha[1]);
    TRY(TX_SQL(tx, W_INVITE_NEW, TX_MUST_BE_NEW, sql_text(id), sha_val(rq, sha[0]),
               sha_val(rq, sha[1]), sql_text(row.id), sql_text(related), sql_i64(may),
               sql_i64(until.ms), sql_text(rq->who->person), sql_i64(rq->now.ms),
               sql_i64(m.expires.ms)));
    TRY(note(rq, row.id, WHY_REGISTRY, OK, ask->relative ? "relative invited:" : "patient invited:",
             id));
    *ret_made = m;
    return OK;
}

/* ---- reading, ending ---- */

static enum err invite_read(struct req *rq, const struct db_rows *q, struct invite *ret_invite)
{
    struct str code = db_peek(q, 5);
    struct invite i = {
        .id = db_text(rq->a, q, 0),
        .patient = db_text(rq->a, q, 1),
        .related = db_text(rq->a, q, 2),
        .may = (uint32_t)db_i64(q, 3),
        .until = {db_i64(q, 4)},
        .by = db_text(rq->a, q, 6),
        .wrong = (uint32_t)db_i64(q, 7),
        .created = {db_i64(q, 8)},
        .expires = {db_i64(q, 9)},
        .used = {db_i64(q, 10)},
        .revoked = {db_i64(q, 11)},
    };
    if (code.n != sizeof(i.code)) {
        return FAIL(rq, E_INTERNAL, "a row of patient_invite");
    }
    memcpy(i.code, code.p, code.n);
    *ret_invite = i;
    return OK;
}

bool invite_is_open(const struct invite *i, struct instant now)
{
    bool over = i->until.ms != 0 && i->until.ms <= now.ms;
    return i->used.ms == 0 && i->revoked.ms == 0 && i->expires.ms > now.ms && !over
           && i->wrong < INVITE_WRONG_MAX;
}

enum err invite_find(struct req *rq, struct str token, struct invite *ret_invite)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct invite i;
    uint8_t sha[32];
    bool has = false;
    if (token.n != INVITE_TOKEN) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    sha_of(token, sha);
    TRY(DB_QUERY(rq, &q, Q_INVITE_TOKEN, sha_val(rq, sha)));
    TRY(db_next(rq, &q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    TRY(invite_read(rq, &q, &i));
    if (!invite_is_open(&i, rq->now)) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    *ret_invite = i;
    return OK;
}

enum err invite_list(struct req *rq, struct str patient, struct invite *ret_invites,
                     uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_INVITES_OF, sql_text(patient), sql_i64(TIES_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && n < TIES_MAX) {
        TRY(invite_read(rq, &q, &ret_invites[n++]));
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err tie_end(struct req *rq, struct tx *tx, struct str patient, struct str tie)
{
    struct res_row row;
    TRY(access_patient(rq, patient, AUDIT_READ, &row));
    TRY(TX_SQL(tx, W_TIE_END, TX_MUST_CHANGE, sql_text(tie), sql_text(row.id), sql_i64(rq->now.ms)));
    return note(rq, row.id, WHY_REGISTRY, OK, "access ended:", tie);
}

enum err invite_end(struct req *rq, struct tx *tx, struct str patient, struct str invite)
{
    struct res_row row;
    TRY(access_patient(rq, patient, AUDIT_READ, &row));
    TRY(TX_SQL(tx, W_INVITE_END, TX_MUST_CHANGE, sql_text(invite), sql_text(row.id),
               sql_i64(rq->now.ms)));
    return note(rq, row.id, WHY_REGISTRY, OK, "invitation ended:", invite);
}

/* ---- accepting ---- */

/* Everything one acceptance writes. */
struct accepting {
    struct req *rq;
    struct tx *tx;
    struct invite invite;
    struct account acc;  /* id 0: a new one */
    struct str login, person, hash;
    struct who who;      /* whom the records name */
    const struct sign_in_from *from;
};

/* The invitation, when the code is right; a wrong one is counted before anything else is done. */
static enum err check_code(struct req *rq, struct str token, struct str code,
                           struct invite *ret_invite)
{
    struct care *care = care_of(rq);
    struct os_mutex *turn = &care->sign_in_turns[db_hash(rq->db, token) % SIGN_IN_TURNS];
    struct tx *tx = tx_new(rq);
    struct invite i;
    uint8_t sha[32];

    TRY_MEM(rq, tx);
    os_lock(turn);
    enum err e = invite_find(rq, token, &i);
    if (e == OK) {
        code_hash(token, code, sha);
        if (CRYPTO_memcmp(sha, i.code, sizeof(sha)) != 0) {
            e = TX_SQL(tx, W_INVITE_WRONG, 0, sql_text(i.id));
            e = e == OK ? note(rq, i.patient, WHY_PUBLIC, E_FORBIDDEN, "wrong code of invitation", i.id)
                        : e;
            e = e == OK ? refusal_count(rq, tx) : e;
            e = e == OK ? store_commit(care->store, rq, tx) : e;
            e = e == OK ? FAIL(rq, E_FORBIDDEN, "code") : e;
        }
    }
    os_unlock(turn);
    TRY(e);
    *ret_invite = i;
    return OK;
}

/* A login nobody has to choose: "p-" and eight letters. */
static struct str login_made(struct req *rq)
{
    char id[OS_ID_LEN + 1];
    struct buf b;
    os_id(id);
    buf_init(&b, rq->a, LOGIN_MADE + 1);
    BUF_LIT(&b, "p-");
    buf_str(&b, str_sub(str_z(id), 0, LOGIN_MADE - 2));
    return buf_get(&b);
}

/* The patient's own account, when there is one. */
static enum err own_account(struct req *rq, struct str patient, struct account *ret_acc)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    enum err e = DB_ONE(rq, &q, Q_TIE_OWN, sql_text(patient));
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        *ret_acc = (struct account){0};
        return OK;
    }
    TRY(e);
    int64_t id = db_i64(&q, 0);
    return account_by_id(rq, id, ret_acc);
}

/* The patient's cases of before: what comes later has the patient in its team from the start. */
static enum err join_cases(struct accepting *a, int64_t patient_rid)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint64_t principal = principal_patient(care_of(a->rq)->store, a->invite.patient);
    bool has = false;
    TRY(tx_team(a->tx, T_PATIENT, a->invite.patient, principal));
    TRY(DB_QUERY(a->rq, &q, Q_FLOW_PATIENT, sql_i64(patient_rid), sql_i64(CASES_MAX)));
    TRY(db_next(a->rq, &q, &has));
    while (has) {
        struct case_row row;
        case_row_get(a->rq, &q, &row);
        TRY(tx_team(a->tx, T_SERVICE_REQUEST, row.id, principal));
        TRY(db_next(a->rq, &q, &has));
    }
    return OK;
}

/* The tie, its principal, and the numbers of the own record as names to sign in with. */
static enum err open_record(struct accepting *a)
{
    struct req *rq = a->rq;
    struct str id = put_new_id(rq);
    struct res_row row;
    struct patient p;
    TRY_MEM(rq, id.p);
    TRY(db_read(rq, T_PATIENT, a->invite.patient, &row));
    TRY(patient_load(rq, row.rid, &p));
    TRY(TX_SQL(a->tx, W_INVITE_USED, TX_MUST_CHANGE, sql_text(a->invite.id), sql_i64(rq->now.ms)));
    if (a->acc.id != 0) {
        TRY(TX_SQL(a->tx, W_TIE_REPLACE, 0, sql_i64(a->acc.id), sql_text(a->invite.patient),
                   sql_text(a->invite.related), sql_i64(rq->now.ms)));
    }
    TRY(TX_SQL(a->tx, W_TIE_NEW, TX_MUST_BE_NEW, sql_text(id), sql_text(a->login),
               sql_text(a->invite.patient), sql_text(a->invite.related), sql_i64(a->invite.may),
               sql_text(a->invite.by), sql_i64(rq->now.ms), sql_i64(a->invite.until.ms)));
    for (uint32_t i = 0; i < p.n_ids && a->invite.related.n == 0; i++) {
        uint64_t name = p.ids[i].kind != NULL ? sign_in_name(rq, p.ids[i].value) : 0;
        if (name != 0) {
            TRY(TX_SQL(a->tx, W_SIGN_IN_NAME, 0, sql_u64(name), sql_text(a->login)));
        }
    }
    TRY(join_cases(a, row.rid));
    return note(rq, a->invite.patient, a->invite.related.n > 0 ? WHY_REPRESENTS : WHY_PATIENT, OK,
                "invitation accepted:", a->invite.id);
}

static enum err find_login(struct accepting *a, struct str login)
{
    struct account have;
    if (login.n == 0) {
        a->login = login_made(a->rq);
        TRY_MEM(a->rq, a->login.p);
        return OK;
    }
    enum err e = account_by_login(a->rq, login, &have);
    if (e == OK) {
        return FAIL(a->rq, E_CONFLICT, "login");
    }
    if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(a->rq);
    a->login = login;
    return OK;
}

static enum err write_account(struct accepting *a)
{
    struct req *rq = a->rq;
    if (a->acc.id != 0) {
        TRY(TX_SQL(a->tx, W_ACCOUNT_PASSWORD, TX_MUST_CHANGE, sql_i64(a->acc.id), sql_text(a->hash),
                   sql_i64(ACCOUNT_ACTIVE), sql_i64(rq->now.ms)));
        TRY(sessions_end(a->tx, a->acc.id));
        return account_note(rq, AUDIT_PASSWORD, a->person, OK, S("set by invitation"));
    }
    if (!login_is_valid(a->login)) {
        return FAIL(rq, E_BAD_INPUT, "login");
    }
    TRY(TX_SQL(a->tx, W_ACCOUNT_PATIENT, TX_MUST_BE_NEW, sql_text(a->login), sql_text(a->person),
               sql_text(a->hash), sql_i64(rq->lang), sql_i64(rq->now.ms)));
    return account_note(rq, AUDIT_INVITE, a->person, OK, S("account added"));
}

/* Writes all of it; the account is durable, then its first session begins. */
static enum err accept_commit(struct accepting *a, struct session *ret_session)
{
    struct req *rq = a->rq;
    struct store *store = care_of(rq)->store;
    struct session s = {0};
    struct who *who = NULL;
    struct str role = {0};
    TRY(write_account(a));
    TRY(open_record(a));
    TRY(store_commit(store, rq, a->tx));
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(account_by_login(rq, a->login, &s.account));
    TRY(who_begins(rq, &s.account, &who, &role));
    TRY(session_begin(rq, tx, who, a->invite.patient, a->from, S("by invitation"), &s));
    TRY(store_commit(store, rq, tx));
    *ret_session = s;
    return OK;
}

enum err invite_accept(struct req *rq, const struct invite_accepted *in, struct session *ret_session)
{
    struct accepting *a = ARENA_NEW(rq->a, struct accepting);
    TRY_MEM(rq, a);
    a->rq = rq;
    a->tx = tx_new(rq);
    a->from = &in->from;
    TRY_MEM(rq, a->tx);
    TRY(check_code(rq, in->token, in->code, &a->invite));
    TRY(password_judge(rq, in->login, in->password));
    TRY(password_hash(rq, in->password, &a->hash));
    if (a->invite.related.n == 0) {
        a->person = person_ref(rq, T_PATIENT, a->invite.patient);
        TRY(own_account(rq, a->invite.patient, &a->acc));
    } else {
        a->person = person_ref(rq, T_RELATED_PERSON, a->invite.related);
    }
    TRY_MEM(rq, a->person.p);
    if (a->acc.id != 0) {
        a->login = a->acc.login;
    } else {
        TRY(find_login(a, in->login));
    }
    a->who = (struct who){.audit = {.actor = a->person, .login = a->login,
                                    .role = a->invite.related.n > 0 ? S("representative") : S("patient"),
                                    .org = S("")}};
    const struct who *before = rq->who;
    rq->who = &a->who; /* the record names who accepted */
    enum err e = accept_commit(a, ret_session);
    rq->who = before;
    return e;
}

enum err invite_join(struct req *rq, struct str token, struct str code)
{
    struct accepting *a = ARENA_NEW(rq->a, struct accepting);
    TRY_MEM(rq, a);
    a->rq = rq;
    a->tx = tx_new(rq);
    TRY_MEM(rq, a->tx);
    if (!who_is_patient(rq->who)) {
        return FAIL(rq, E_FORBIDDEN, "no session of a patient");
    }
    TRY(check_code(rq, token, code, &a->invite));
    TRY(account_by_login(rq, rq->who->audit.login, &a->acc));
    if (a->invite.related.n == 0) {
        return FAIL(rq, E_NOT_FOUND, "invitation");
    }
    a->login = a->acc.login;
    TRY(open_record(a));
    TRY(TX_SQL(a->tx, W_SESSION_ROLE, TX_MUST_CHANGE, sql_blob(rq->who->session),
               sql_text(a->invite.patient)));
    return store_commit(care_of(rq)->store, rq, a->tx);
}
