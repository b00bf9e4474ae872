/* care/refusal.c - refusals on record, without a flood. See refusal.h. */
#include "care/refusal.h"

#include "care/care.h"
#include "care/who.h"
#include "fhir/type.h"
#include "store/audit.h"
#include "store/db.h"
#include "store/tx.h"

static struct str text_of(struct str s)
{
    return s.p != NULL ? s : S("");
}

/* What makes two refusals alike, as one text. */
static struct str alike(struct req *rq, const struct audit_who *w, struct str peer,
                        const struct audit_rec *r)
{
    const struct str texts[] = {w->actor, w->login,      w->role,    w->org,   peer,
                                r->id,    r->patient_id, r->case_id, r->detail};
    const int64_t numbers[] = {r->action, r->why, r->outcome, r->type, r->patient_rid, r->case_rid};
    struct buf b;

    buf_init(&b, rq->a, 16 << 10);
    for (size_t i = 0; i < LEN(texts); i++) {
        buf_str(&b, text_of(texts[i]));
        buf_char(&b, '\n');
    }
    for (size_t i = 0; i < LEN(numbers); i++) {
        buf_i64(&b, numbers[i]);
        buf_char(&b, ' ');
    }
    return buf_get(&b);
}

static enum err number(struct req *rq, enum stmt_id id, struct sql_val v, int64_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(db_query(rq, id, &v, 1, &q));
    TRY(db_next(rq, &q, &has));
    *ret_n = has ? db_i64(&q, 0) : -1;
    return OK;
}

/* The key of a refusal and how often it was told; too many of one kind are not told apart any more by
 * what was touched, or by the address of somebody who is not signed in. */
static enum err place_of(struct req *rq, struct audit_rec *r, struct str *peer, int64_t *ret_key,
                         int64_t *ret_told)
{
    const struct audit_who *w = audit_who_of(rq);
    bool signed_in = rq->who != NULL;
    int64_t kinds = 0;

    for (int pass = 0; pass < 2; pass++) {
        struct str text = alike(rq, w, *peer, r);
        TRY_MEM(rq, text.p);
        *ret_key = (int64_t)db_hash(rq->db, text);
        TRY(number(rq, Q_REFUSAL, sql_i64(*ret_key), ret_told));
        if (*ret_told >= 0 || pass > 0) {
            break;
        }
        TRY(number(rq, Q_REFUSALS_OF, sql_text(w->actor), &kinds));
        if (kinds < (signed_in ? REFUSALS_APART : REFUSALS_NOBODY)) {
            break;
        }
        *r = (struct audit_rec){.action = r->action, .why = r->why, .outcome = r->outcome,
                                .detail = S("many")};
        *peer = signed_in ? *peer : S("");
    }
    return OK;
}

static enum err count_one(struct req *rq, struct tx *tx, const struct audit_rec *rec, bool *ret_told)
{
    const struct audit_who *w = audit_who_of(rq);
    struct audit_rec r = *rec;
    struct str peer = str_z(rq->peer);
    int64_t key = 0;
    int64_t told = -1;

    if (r.patient_rid == 0 && r.patient_id.n > 0) {
        TRY(db_rid(rq, r.patient_type, r.patient_id, &r.patient_rid));
    }
    if (r.case_rid == 0 && r.case_id.n > 0) {
        TRY(db_rid(rq, r.case_type, r.case_id, &r.case_rid));
    }
    TRY(place_of(rq, &r, &peer, &key, &told));
    *ret_told = told < REFUSALS_TOLD && (r.type == rec->type && str_eq(peer, str_z(rq->peer)));
    return TX_SQL(tx, W_REFUSAL, 0, sql_i64(key), sql_i64(rq->now.ms), sql_i64(*ret_told),
                  sql_i64(!*ret_told), sql_text(text_of(w->actor)), sql_text(text_of(w->login)),
                  sql_text(text_of(w->role)), sql_text(text_of(w->org)), sql_text(peer),
                  sql_i64(r.action), sql_i64(r.why), sql_i64(r.outcome), sql_i64(r.type),
                  sql_text(text_of(r.id)), sql_i64(r.patient_rid), sql_i64(r.case_rid),
                  sql_text(text_of(r.detail)));
}

enum err refusal_count(struct req *rq, struct tx *tx)
{
    struct audit_rec **at = &rq->audit;

    while (*at != NULL) {
        bool told = true;
        if ((*at)->outcome != OK) {
            TRY(count_one(rq, tx, *at, &told));
        }
        if (told) {
            at = &(*at)->next;
        } else {
            *at = (*at)->next;
        }
    }
    return OK;
}

enum err refusal_note(struct req *rq, enum err outcome, uint16_t type, struct str id,
                      struct str what)
{
    for (const struct audit_rec *r = rq->audit; r != NULL; r = r->next) {
        if (r->outcome != OK) {
            return OK; /* whoever refused said more */
        }
    }
    bool known = id.n > 0 && type != T_NONE && fhir_id_is_valid(id);
    struct audit_rec rec = {
        .action = AUDIT_DENY,
        .why = outcome == E_SIGN_IN ? WHY_NONE : WHY_NO_RIGHT,
        .outcome = outcome,
        .type = known ? type : T_NONE,
        .id = known ? id : S(""),
        .detail = what,
    };
    if (known && type == T_SERVICE_REQUEST) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = id;
    } else if (known && type == T_PATIENT) {
        rec.patient_type = T_PATIENT;
        rec.patient_id = id;
    }
    return audit_add(rq, &rec);
}

/* One count of the past. */
struct counted {
    int64_t key, more;
    struct who who;
    struct str peer;
    struct audit_rec rec;
};

static struct str more_text(struct req *rq, int64_t more, struct str detail)
{
    struct buf b;

    buf_init(&b, rq->a, 64 + detail.n);
    buf_i64(&b, more);
    BUF_LIT(&b, " more: ");
    buf_str(&b, detail);
    return buf_get(&b);
}

static void read_counted(struct req *rq, const struct db_rows *q, struct counted *ret_c)
{
    *ret_c = (struct counted){
        .key = db_i64(q, 0),
        .more = db_i64(q, 1),
        .who.audit = {.actor = db_text(rq->a, q, 2), .login = db_text(rq->a, q, 3),
                      .role = db_text(rq->a, q, 4), .org = db_text(rq->a, q, 5)},
        .peer = db_text(rq->a, q, 6),
        .rec = {.action = (enum audit_action)db_i64(q, 7),
                .why = (enum audit_why)db_i64(q, 8),
                .outcome = (enum err)db_i64(q, 9),
                .type = (uint16_t)db_i64(q, 10),
                .id = db_text(rq->a, q, 11),
                .patient_rid = db_i64(q, 12),
                .case_rid = db_i64(q, 13),
                .detail = more_text(rq, db_i64(q, 1), db_peek(q, 14))},
    };
}

/* In the name and from the address of who was refused. One that grew meanwhile waits for the next time. */
static enum err tell_one(struct req *rq, const struct counted *c)
{
    struct req own = *rq;

    own.who = &c->who;
    own.audit = NULL;
    own.err = (struct err_rec){0};
    size_t n = MIN(c->peer.n, sizeof(own.peer) - 1);
    for (size_t i = 0; i < sizeof(own.peer); i++) {
        own.peer[i] = i < n ? c->peer.p[i] : '\0';
    }
    struct tx *tx = tx_new(&own);
    TRY_MEM(rq, tx);
    TRY(TX_SQL(tx, W_REFUSAL_END, TX_MUST_CHANGE, sql_i64(c->key), sql_i64(c->more)));
    TRY(audit_add(&own, &c->rec));
    enum err e = store_commit(care_of(rq)->store, &own, tx);
    return e == E_STALE ? OK : e;
}

enum err refusal_tell(struct req *rq, uint32_t n, uint32_t *ret_n)
{
    int64_t before = rq->now.ms - REFUSAL_WINDOW_MS;
    struct counted *all = ARENA_ARRAY(rq->a, n, struct counted);
    struct tx *tx = tx_new(rq);
    uint32_t got = 0;

    TRY_MEM(rq, all);
    TRY_MEM(rq, tx);
    {
        CLEANUP(db_rows_done) struct db_rows q = {0};
        bool has = false;
        TRY(DB_QUERY(rq, &q, Q_REFUSALS_OVER, sql_i64(before), sql_i64(n)));
        TRY(db_next(rq, &q, &has));
        while (has && got < n) {
            read_counted(rq, &q, &all[got++]);
            TRY(db_next(rq, &q, &has));
        }
    }
    for (uint32_t i = 0; i < got; i++) {
        TRY(tell_one(rq, &all[i]));
    }
    TRY(TX_SQL(tx, W_REFUSALS_TOLD, 0, sql_i64(before)));
    TRY(store_commit(care_of(rq)->store, rq, tx));
    *ret_n = got;
    return OK;
}
