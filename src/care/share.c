/* care/share.c - links to studies for people without an account. See share.h. */
#include "care/share.h"

#include <openssl/crypto.h>
#include <string.h>

#include "care/abroad.h"
#include "care/care.h"
#include "care/patient_account_consent.h"
#include "os/random.h"
#include "store/tx.h"

enum { CONSENT_EDITION = 1, FILE_CAP = 256 << 20, SHIFT_DAYS = 3650, SHIFT_MIN = 30 };

bool share_may(const struct req *rq, const struct case_row *row)
{
    return (access_actor(rq, row) & (ACTOR_ASKER | ACTOR_SERVICE | ACTOR_CONSULTANT)) != 0;
}

static struct str bytes_of(const uint8_t *p, size_t n)
{
    return (struct str){(const char *)p, n};
}

/* What the store keeps of a code. */
static void code_hash(struct str token, struct str code, uint8_t ret_sha[32])
{
    struct sha s;
    sha_init(&s);
    sha_add(&s, token.p, token.n);
    sha_add(&s, ":", 1);
    sha_add(&s, code.p, code.n);
    sha_done(&s, ret_sha);
}

static enum err open_case(struct req *rq, struct str case_id, struct case_row *ret_row)
{
    TRY(access_case(rq, case_id, AUDIT_READ, ret_row));
    return share_may(rq, ret_row) ? OK : FAIL(rq, E_FORBIDDEN, "only who asked or answers shares images");
}

/* What names the patient goes to another country by consent to that alone; without identity it may go. */
static enum err check_abroad(struct req *rq, struct tx *tx, int64_t patient_rid, bool abroad,
                             enum share_how how)
{
    return abroad && how == SHARE_AS_IS ? abroad_allow_stranger(rq, tx, patient_rid) : OK;
}

/* A record beside the case. */
static enum err note(struct req *rq, const struct case_row *row, enum audit_action action,
                     enum audit_why why, enum err outcome, const char *what, struct str id)
{
    struct audit_rec rec = case_audit(row, action, why);
    struct buf b;
    buf_init(&b, rq->a, 120);
    buf_str(&b, str_z(what));
    buf_char(&b, ' ');
    buf_str(&b, id);
    rec.outcome = outcome;
    rec.detail = buf_get(&b);
    return audit_add(rq, &rec);
}

/* ---- what may still tell ---- */

static enum err file_risk(struct req *rq, const struct dicom_instance *i, enum dicom_risk *ret_risk)
{
    struct req one;
    struct str bytes;
    struct dicom_file f;
    req_init(&one, FILE_CAP, rq->now);
    one.app = rq->app;
    one.db = rq->db;
    one.who = rq->who;
    enum err e = blob_map(&one, care_of(rq)->store, i->blob.sha, &bytes);
    e = e == OK ? dicom_file_open(&one, bytes, NULL, &f) : e;
    e = e == OK ? dicom_deidentify_risk(&one, &f, ret_risk) : e;
    err_clear(&one);
    req_done(&one);
    return e == OK ? OK : FAIL(rq, e, "an instance could not be read");
}

static enum err each_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    enum dicom_risk *worst = ctx;
    enum dicom_risk risk = DICOM_RISK_LOW;
    TRY(file_risk(rq, i, &risk));
    *worst = MAX(*worst, risk);
    return OK;
}

static enum err each_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    return dicom_instance_each(rq, s->key, each_instance, ctx);
}

/* ---- making ---- */

static enum err check_ask(struct req *rq, const struct share_ask *a)
{
    bool texts = a->receiver.n > 0 && a->receiver.n <= SHARE_TEXT_MAX &&
                 a->reason.n >= SHARE_REASON_MIN && a->reason.n <= SHARE_TEXT_MAX;
    bool numbers = a->days <= SHARE_DAYS_MAX && a->opens <= SHARE_OPENS_MAX && a->how < SHARE_HOW_COUNT;
    return texts && numbers && a->consent ? OK : FAIL(rq, E_BAD_INPUT, "share");
}

static enum err check_pictures(struct req *rq, const struct share_ask *a, int64_t study)
{
    enum dicom_risk worst = DICOM_RISK_LOW;
    if (a->how == SHARE_AS_IS) {
        return OK;
    }
    TRY(dicom_series_each(rq, study, each_series, &worst));
    if (worst == DICOM_RISK_DOCUMENT) {
        return FAIL(rq, E_UNPROCESSED, "a document is inside");
    }
    return worst == DICOM_RISK_BURNED && !a->seen ? FAIL(rq, E_CONFLICT, "names may stand in pictures") : OK;
}

/* Six digits, each as likely as the other. */
static void make_code(char out[SHARE_CODE + 1])
{
    uint64_t v;
    os_random(&v, sizeof(v));
    for (int i = 0; i < SHARE_CODE; i++, v /= 10) {
        out[i] = (char)('0' + v % 10);
    }
    out[SHARE_CODE] = 0;
}

enum err share_make(struct req *rq, struct tx *tx, struct str case_id, const struct share_ask *ask,
                    struct share_made *ret_made)
{
    struct case_row row;
    struct dicom_study s;
    struct dicom_place place;
    char id[OS_ID_LEN + 1];
    uint8_t *hashes = arena_alloc_raw(rq->a, 64);
    uint8_t *secret = arena_alloc_raw(rq->a, DICOM_SECRET);

    TRY_MEM(rq, hashes);
    TRY_MEM(rq, secret);
    TRY(open_case(rq, case_id, &row));
    TRY(check_ask(rq, ask));
    bool stopped = false;
    TRY(patient_sharing_stopped(rq, row.patient_rid, &stopped));
    if (stopped) {
        return FAIL(rq, E_UNPROCESSED, "the patient has withdrawn consent");
    }
    TRY(check_abroad(rq, tx, row.patient_rid, ask->abroad, ask->how));
    TRY(dicom_study_find(rq, ask->study, &s));
    TRY(dicom_place_find(rq, s.key, row.id, &place));
    TRY(check_pictures(rq, ask, s.key));
    os_id(id);
    os_id(ret_made->token);
    os_random(secret, DICOM_SECRET);
    ret_made->code[0] = 0;
    if (ask->code) {
        make_code(ret_made->code);
        code_hash(str_z(ret_made->token), str_z(ret_made->code), hashes + 32);
    }
    sha_of(str_z(ret_made->token), hashes);
    struct str kept = arena_str(rq->a, str_z(id));
    TRY_MEM(rq, kept.p);
    int64_t days = ask->days == 0 ? SHARE_DAYS : ask->days;
    TRY(TX_SQL(tx, W_SHARE_NEW, 0, sql_text(kept), sql_blob(bytes_of(hashes, 32)),
               ask->code ? sql_blob(bytes_of(hashes + 32, 32)) : sql_null(), sql_text(s.uid),
               sql_text(row.id), sql_text(rq->who->person), sql_text(ask->receiver),
               sql_text(ask->reason), sql_i64(ask->how), sql_blob(bytes_of(secret, DICOM_SECRET)),
               sql_i64(CONSENT_EDITION), sql_i64(ask->opens == 0 ? SHARE_OPENS : ask->opens),
               sql_i64(rq->now.ms), sql_i64(rq->now.ms + days * MS_DAY), sql_i64(ask->abroad)));
    return note(rq, &row, AUDIT_GRANT, WHY_TEAM, OK,
                ask->how == SHARE_AS_IS && ask->abroad
                    ? "images shared as they are, to another country, consent confirmed:"
                : ask->how == SHARE_AS_IS ? "images shared as they are, consent confirmed:"
                                        : "images shared de-identified, consent confirmed:", kept);
}

/* ---- reading ---- */

static enum err read_share(struct req *rq, const struct db_rows *q, struct share *ret_share)
{
    struct share s = {
        .id = db_text(rq->a, q, 0),
        .study = db_text(rq->a, q, 1),
        .case_id = db_text(rq->a, q, 2),
        .by = db_text(rq->a, q, 3),
        .receiver = db_text(rq->a, q, 4),
        .reason = db_text(rq->a, q, 5),
        .how = (enum share_how)db_i64(q, 6),
        .opens_max = (uint32_t)db_i64(q, 9),
        .opens = (uint32_t)db_i64(q, 10),
        .wrong = (uint32_t)db_i64(q, 11),
        .created_ms = db_i64(q, 12),
        .expires_ms = db_i64(q, 13),
        .opened_ms = db_i64(q, 14),
        .revoked_ms = db_i64(q, 15),
        .abroad = db_i64(q, 16) != 0,
    };
    struct str secret = db_peek(q, 7);
    struct str code = db_peek(q, 8);
    if (secret.n != sizeof(s.secret) || (code.n != 0 && code.n != sizeof(s.code))) {
        return FAIL(rq, E_INTERNAL, "a row of dicom_share");
    }
    memcpy(s.secret, secret.p, secret.n);
    s.has_code = code.n > 0;
    if (s.has_code) {
        memcpy(s.code, code.p, code.n);
    }
    *ret_share = s;
    return OK;
}

enum err share_list(struct req *rq, struct str case_id, struct share *ret_shares, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_SHARES_OF, sql_text(case_id), sql_i64(SHARES_MAX)));
    TRY(db_next(rq, &q, &has));
    while (has && n < SHARES_MAX) {
        TRY(read_share(rq, &q, &ret_shares[n++]));
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

bool share_is_open(const struct share *s, struct instant now)
{
    return s->revoked_ms == 0 && s->expires_ms > now.ms && s->opens < s->opens_max &&
           s->wrong < SHARE_WRONG_MAX;
}

enum err share_end(struct req *rq, struct tx *tx, struct str case_id, struct str id)
{
    struct case_row row;
    TRY(open_case(rq, case_id, &row));
    TRY(TX_SQL(tx, W_SHARE_END, TX_MUST_CHANGE, sql_text(id), sql_text(row.id), sql_i64(rq->now.ms)));
    return note(rq, &row, AUDIT_GRANT, WHY_TEAM, OK, "images no longer shared:", id);
}

/* ---- whoever holds the link ---- */

bool share_holds(const struct share *s, const struct dicom_instance *i)
{
    return i->created_ms <= s->created_ms;
}

struct counting {
    const struct share *share;
    struct dicom_study *study;
};

static enum err count_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    struct counting *c = ctx;
    (void)rq;
    if (share_holds(c->share, i)) {
        c->study->n_instances++;
        c->study->bytes += i->blob.size;
    }
    return OK;
}

static enum err count_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    return dicom_instance_each(rq, s->key, count_instance, ctx);
}

/* What came after the link was made was looked at by nobody. */
static enum err count_shared(struct req *rq, const struct share *share, struct dicom_study *study)
{
    struct counting c = {share, study};
    study->n_instances = 0;
    study->bytes = 0;
    return dicom_series_each(rq, study->key, count_series, &c);
}

enum err share_find(struct req *rq, struct str token, struct share *ret_share,
                    struct dicom_study *ret_study)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct dicom_place place;
    uint8_t sha[32];
    bool has = false;
    if (token.n != SHARE_TOKEN) {
        return FAIL(rq, E_NOT_FOUND, "share");
    }
    sha_of(token, sha);
    TRY(DB_QUERY(rq, &q, Q_SHARE_TOKEN, sql_blob(bytes_of(sha, sizeof(sha)))));
    TRY(db_next(rq, &q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "share");
    }
    TRY(read_share(rq, &q, ret_share));
    if (!share_is_open(ret_share, rq->now)) {
        return FAIL(rq, E_NOT_FOUND, "share");
    }
    TRY(dicom_study_find(rq, ret_share->study, ret_study));
    TRY(dicom_place_find(rq, ret_study->key, ret_share->case_id, &place));
    struct case_row row;
    bool stopped = false;
    TRY(case_row_load(rq, ret_share->case_id, &row));
    TRY(patient_sharing_stopped(rq, row.patient_rid, &stopped));
    if (!stopped && ret_share->abroad && ret_share->how == SHARE_AS_IS) {
        struct consent c;
        TRY(patient_consent(rq, row.patient_rid, CONSENT_ABROAD, &c));
        stopped = c.state != CONSENT_GIVEN;
    }
    if (stopped) {
        return FAIL(rq, E_NOT_FOUND, "share");
    }
    return ret_study->changed_ms > ret_share->created_ms ? count_shared(rq, ret_share, ret_study) : OK;
}

enum err share_open(struct req *rq, struct tx *tx, struct str token, struct str code,
                    struct share *ret_share, struct dicom_study *ret_study, bool *ret_right)
{
    struct case_row row;
    uint8_t sha[32];
    TRY(share_find(rq, token, ret_share, ret_study));
    TRY(case_row_load(rq, ret_share->case_id, &row));
    code_hash(token, code, sha);
    *ret_right = !ret_share->has_code || CRYPTO_memcmp(sha, ret_share->code, sizeof(sha)) == 0;
    if (!*ret_right) {
        TRY(TX_SQL(tx, W_SHARE_WRONG, 0, sql_text(ret_share->id)));
        return note(rq, &row, AUDIT_DENY, WHY_PUBLIC, E_FORBIDDEN, "wrong code of shared images:",
                    ret_share->id);
    }
    TRY(TX_SQL(tx, W_SHARE_OPENED, TX_MUST_CHANGE, sql_text(ret_share->id),
               sql_i64(ret_share->opens), sql_i64(rq->now.ms)));
    return note(rq, &row, AUDIT_DOWNLOAD, WHY_PUBLIC, OK, "shared images:", ret_share->id);
}

struct dicom_deidentify share_rules(struct req *rq, const struct share *s,
                                    const struct dicom_study *study)
{
    struct dicom_deidentify how = {.shift = s->how == SHARE_CLEAN_MOVED};
    struct buf b;
    struct buf whose;
    buf_init(&whose, rq->a, DICOM_UID_MAX);
    buf_i64(&whose, study->patient);
    uint64_t v = store_hash2(care_of(rq)->store, S("share days"),
                             study->patient == 0 ? study->uid : buf_get(&whose));
    memcpy(how.secret, s->secret, sizeof(how.secret));
    /* backwards, so that no date lies in the future */
    how.days = -(int32_t)(v % (SHIFT_DAYS - SHIFT_MIN) + SHIFT_MIN);
    buf_init(&b, rq->a, DICOM_PSEUDONYM_MAX);
    BUF_LIT(&b, "SHARED-");
    buf_str(&b, str_sub(s->id, 0, 8));
    how.pseudonym = buf_get(&b);
    return how;
}
