/* fhir/reindex.c - the index made anew from the resources. See reindex.h. */
#include "fhir/reindex.h"

#include "fhir/index_check.h"
#include "fhir/prepare.h"
#include "fhir/words.h"
#include "os/clock.h"
#include "os/log.h"
#include "store/db.h"

#define GENERATION "index-generation"
#define PROGRESS "index-rebuild"

enum {
    CODE_GENERATION = 2, /* to be raised when extract.c, words.c or fhir_at() give other rows than before */
    STEP = 2048,         /* resources of a commit, at most */
    STEP_BYTES = 8 << 20,
    STEP_MEMORY = 512 << 20,
    TABLE_BYTES = 4 << 20,
    TELL_US = 5000000,
};

static void row_write(struct buf *b, const struct fhir_param *p)
{
    buf_u64(b, p->sp);
    buf_char(b, ' ');
    buf_u64(b, p->kind);
    buf_char(b, ' ');
    buf_str(b, p->name);
    buf_char(b, ' ');
    buf_str(b, str_z(p->paths));
    buf_char(b, ' ');
    buf_str(b, str_z(p->targets));
    buf_char(b, '\n');
}

/* All that decides what rows a resource has, as a short text. */
static enum err generation(struct req *rq, struct str *ret_name)
{
    struct buf b;
    struct buf name;
    buf_init(&b, rq->a, TABLE_BYTES);
    buf_u64(&b, CODE_GENERATION);
    for (unsigned t = 1; t < T_COUNT; t++) {
        size_t n;
        const struct fhir_param *p = fhir_params((enum fhir_type)t, &n);
        buf_char(&b, '\n');
        buf_str(&b, fhir_type_date((enum fhir_type)t));
        buf_char(&b, '\n');
        for (size_t i = 0; i < n; i++) {
            row_write(&b, &p[i]);
        }
    }
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    buf_init(&name, rq->a, 32);
    buf_u64(&name, db_hash(rq->db, buf_get(&b)));
    *ret_name = buf_get(&name);
    return OK;
}

static enum err setting(struct req *rq, struct str key, struct str *ret_value)
{
    CLEANUP(db_rows_done) struct db_rows rows = {.stmt = NULL};
    enum err e = DB_ONE(rq, &rows, Q_SETTING, sql_text(key));
    *ret_value = S("");
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    *ret_value = db_text(rq->a, &rows, 0);
    return OK;
}

enum err fhir_index_is_current(struct req *rq, bool *ret_current)
{
    struct str now;
    struct str kept;
    TRY(generation(rq, &now));
    TRY(setting(rq, S(GENERATION), &kept));
    *ret_current = str_eq(now, kept);
    return OK;
}

unsigned fhir_index_code(void)
{
    return CODE_GENERATION;
}

static enum err last_rid(struct req *rq, int64_t *ret_rid)
{
    CLEANUP(db_rows_done) struct db_rows rows = {.stmt = NULL};
    TRY(db_one(rq, Q_INDEX_LAST, NULL, 0, &rows));
    *ret_rid = db_i64(&rows, 0);
    return OK;
}

static enum err generation_put(struct tx *tx, struct str name)
{
    return TX_SQL(tx, W_SETTING, 0, sql_text(S(GENERATION)), sql_blob(name));
}

enum err fhir_index_begin(struct req *rq, struct store *store)
{
    bool current = false;
    int64_t last = 0;
    struct str name;
    TRY(last_rid(rq, &last));
    if (last > 0) {
        return OK;
    }
    TRY(fhir_index_is_current(rq, &current));
    if (current) {
        return OK;
    }
    TRY(generation(rq, &name));
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(generation_put(tx, name));
    return store_commit(store, rq, tx);
}

/* ---- one resource ---- */

struct step {
    struct req *rq;    /* of the present commit: its arena is emptied after each */
    struct reindex *r;
    struct str generation;
    int64_t last;      /* rid: all up to it have their rows */
    int64_t end;       /* the highest when it began, for what is told */
    int64_t wordless;  /* vid: versions up to it have no words; -1: not known */
    bool finished;
};

static enum err put_make(struct step *s, const struct ver_row *row, int64_t at, struct tx_put *ret_put)
{
    struct req *rq = s->rq;
    struct json_doc doc;
    struct fhir_tuples tuples = {0};
    struct tx_put put = {.type = row->type};
    bool has = false;
    TRY(json_parse(rq, row->body, NULL, &doc));
    struct jv root = json_root(&doc);
    TRY(fhir_extract(rq, root, (enum fhir_type)row->type, &tuples));
    put.tuples = tuples.v;
    put.n_tuples = tuples.n;
    put.at_ms = fhir_at(rq, root, (enum fhir_type)row->type, at);
    TRY(words_of_resource(rq, root, &put.narrative, &put.words));
    if (row->vid > s->wordless) {
        TRY(fhir_index_has_words(rq, put.narrative, put.words, row->vid, &has));
    }
    if (has) {
        put.narrative = S("");
        put.words = S("");
    }
    *ret_put = put;
    return OK;
}

static enum err one(struct step *s, struct tx *tx, int64_t rid, size_t *bytes)
{
    struct res_row head;
    struct ver_row row;
    struct tx_put put;
    enum err e = db_head_rid(s->rq, rid, &head);
    if (e == OK) {
        e = db_version_at(s->rq, rid, INT64_MAX, &row);
    }
    if (e == E_NOT_FOUND || e == E_GONE) {
        err_clear(s->rq);
        return OK;
    }
    TRY(e);
    *bytes += row.body.n;
    e = put_make(s, &row, head.at_ms, &put);
    if (e == OK) {
        s->r->n++;
        return tx_index(tx, rid, row.version, &put);
    }
    if (e == E_IO || e == E_FULL) {
        return e;
    }
    LOG(LOG_REINDEX_LEFT, log_u64((uint64_t)rid), log_err(e), log_where(&s->rq->err));
    err_clear(s->rq);
    s->r->left_out++;
    return OK;
}

/* ---- one commit ---- */

static enum err rids_after(struct step *s, int64_t *ret_rids, size_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows rows = {.stmt = NULL};
    bool has = true;
    *ret_n = 0;
    TRY(DB_QUERY(s->rq, &rows, Q_INDEX_RIDS, sql_i64(s->last),
                 sql_i64(s->r->step != 0 ? (int64_t)s->r->step : STEP)));
    for (;;) {
        TRY(db_next(s->rq, &rows, &has));
        if (!has) {
            return OK;
        }
        ret_rids[(*ret_n)++] = db_i64(&rows, 0);
    }
}

static enum err gather(struct step *s, struct tx *tx)
{
    int64_t *rids = ARENA_ARRAY(s->rq->a, MAX(s->r->step, (size_t)STEP), int64_t);
    size_t n;
    size_t bytes = 0;
    TRY_MEM(s->rq, rids);
    TRY(rids_after(s, rids, &n));
    for (size_t i = 0; i < n && bytes < STEP_BYTES; i++) {
        TRY(one(s, tx, rids[i], &bytes));
        s->last = rids[i];
    }
    s->finished = n == 0;
    return OK;
}

/* "GENERATION RID VID": what struct step calls last and wordless. */
static enum err progress_put(struct step *s, struct tx *tx)
{
    struct buf b;
    buf_init(&b, s->rq->a, 64);
    buf_str(&b, s->generation);
    buf_char(&b, ' ');
    buf_i64(&b, s->finished ? 0 : s->last);
    buf_char(&b, ' ');
    buf_i64(&b, s->wordless);
    return TX_SQL(tx, W_SETTING, 0, sql_text(S(PROGRESS)), sql_blob(buf_get(&b)));
}

static enum err commit_step(struct step *s)
{
    struct tx *tx = tx_new(s->rq);
    TRY_MEM(s->rq, tx);
    TRY(db_begin(s->rq));
    enum err e = gather(s, tx);
    db_end(s->rq);
    TRY(e);
    TRY(progress_put(s, tx));
    if (s->finished) {
        TRY(generation_put(tx, s->generation));
    }
    return store_commit(s->r->store, s->rq, tx);
}

/* ---- the whole ---- */

/* Where an interrupted one stopped; a new one of another generation begins with words nobody finds. */
static enum err begin(struct req *rq, struct step *s, bool current)
{
    struct str kept;
    struct str was;
    struct str rid;
    uint64_t last = 0;
    struct db_moment now;
    s->wordless = -1;
    TRY(setting(rq, S(PROGRESS), &kept));
    if (str_cut(&kept, ' ', &was) && str_eq(was, s->generation) && str_cut(&kept, ' ', &rid) &&
        str_u64(rid, &last) && last > 0) {
        s->last = (int64_t)last;
        if (kept.p == NULL || !str_i64(kept, &s->wordless)) {
            s->wordless = -1;
        }
        return OK;
    }
    if (current) {
        return OK;
    }
    struct tx *tx = tx_new(rq);
    TRY_MEM(rq, tx);
    TRY(db_now(rq, &now)); /* what is written from now on may have its words */
    s->wordless = now.vid;
    TRY(tx_sql(tx, W_INDEX_WORDS_CLEAR, 0, NULL, 0));
    TRY(generation_put(tx, S("none")));
    return store_commit(s->r->store, rq, tx);
}

static enum err steps(struct step *s)
{
    uint64_t told_us = os_ticks_us();
    while (!s->finished) {
        if (s->r->go_on != NULL && !s->r->go_on(s->r->ctx)) {
            return OK;
        }
        TRY(commit_step(s));
        arena_reset(s->rq->a);
        if (s->end > 0 && (s->finished || os_ticks_us() - told_us > TELL_US)) {
            told_us = os_ticks_us();
            LOG(LOG_REINDEX, log_u64((uint64_t)s->last), log_u64((uint64_t)s->end), log_u64(s->r->n));
        }
    }
    s->r->done = true;
    return OK;
}

enum err fhir_reindex(struct req *rq, struct reindex *r)
{
    struct step s = {.r = r};
    struct req own;
    bool current = false;
    r->done = false;
    r->n = 0;
    r->left_out = 0;
    TRY(fhir_index_is_current(rq, &current));
    if (current && !r->all) {
        r->done = true;
        return OK;
    }
    TRY(generation(rq, &s.generation));
    TRY(last_rid(rq, &s.end));
    TRY(begin(rq, &s, current));
    req_init(&own, STEP_MEMORY, rq->now);
    own.app = rq->app;
    own.db = rq->db;
    own.who = rq->who;
    s.rq = &own;
    enum err e = steps(&s);
    if (e != OK) {
        (void)FAIL(rq, e, "%s", own.err.detail);
    }
    req_done(&own);
    return e;
}
