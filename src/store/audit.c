/* store/audit.c - collecting and listing audit records. See audit.h; record.c writes them, verify.c
 * holds the chain. */
#include <inttypes.h>

#include "store/audit_int.h"
#include "store/read_int.h"
#include "store/store_int.h"

enum err audit_add(struct req *rq, const struct audit_rec *rec)
{
    struct audit_rec *copy = ARENA_NEW(rq->a, struct audit_rec);
    TRY_MEM(rq, copy);
    *copy = *rec;
    copy->next = rq->audit;
    rq->audit = copy;
    return OK;
}

/* A record that holds only together with what it tells of. */
static bool is_change(const struct audit_rec *rec)
{
    if (rec->outcome != OK) {
        return false;
    }
    switch (rec->action) {
    case AUDIT_CREATE:
    case AUDIT_UPDATE:
    case AUDIT_DELETE:
    case AUDIT_MOVE:
    case AUDIT_SIGN:
    case AUDIT_UPLOAD:
    case AUDIT_ADMIN:
    case AUDIT_CLOCK:
    case AUDIT_ROLE:
    case AUDIT_PASSWORD:
    case AUDIT_TOKEN:
    case AUDIT_GRANT:
    case AUDIT_INVITE:
    case AUDIT_REVIEW:
    case AUDIT_FACTOR:
    case AUDIT_SESSION:
    case AUDIT_ERASE: return true;
    case AUDIT_READ:
    case AUDIT_SEARCH:
    case AUDIT_HISTORY:
    case AUDIT_VERIFY:
    case AUDIT_LOGIN:
    case AUDIT_LOGOUT:
    case AUDIT_DENY:
    case AUDIT_EXPORT:
    case AUDIT_PRINT:
    case AUDIT_DOWNLOAD:
    case AUDIT_ACTION_COUNT: break;
    }
    return false;
}

void audit_take_back(struct req *rq, const struct audit_rec *since)
{
    struct audit_rec **at = &rq->audit;
    while (*at != NULL && *at != since) {
        if (is_change(*at)) {
            *at = (*at)->next;
        } else {
            at = &(*at)->next;
        }
    }
}

static enum err outcome_parse(struct str name)
{
    for (unsigned e = 0; name.n > 0 && e < ERR_COUNT; e++) {
        if (str_eq(name, str_z(err_name((enum err)e)))) {
            return (enum err)e;
        }
    }
    return OK;
}

void audit_peek(sqlite3_stmt *st, struct audit_row *ret_row, struct str *ret_outcome,
                struct str *ret_hash)
{
    *ret_row = (struct audit_row){
        .seq = (uint64_t)sqlite3_column_int64(st, 0),
        .at = {sqlite3_column_int64(st, 1)},
        .actor = col_str(st, 2),
        .login = col_str(st, 3),
        .role = col_str(st, 4),
        .org = col_str(st, 5),
        .peer = col_str(st, 6),
        .action = (enum audit_action)sqlite3_column_int64(st, 7),
        .why = (enum audit_why)sqlite3_column_int64(st, 8),
        .type = (uint16_t)sqlite3_column_int64(st, 10),
        .id = col_str(st, 11),
        .patient_rid = sqlite3_column_int64(st, 12),
        .case_rid = sqlite3_column_int64(st, 13),
        .request = (uint64_t)sqlite3_column_int64(st, 14),
        .detail = col_str(st, 15),
        .patient_prev = (uint64_t)sqlite3_column_int64(st, 17),
        .case_prev = (uint64_t)sqlite3_column_int64(st, 18),
    };
    *ret_outcome = col_str(st, 9);
    *ret_hash = col_str(st, 16);
    ret_row->outcome = outcome_parse(*ret_outcome);
}

/* The row's slices, copied from the statement into a. */
static bool row_keep(struct arena *a, struct audit_row *row)
{
    struct str *texts[] = {&row->actor, &row->login, &row->role,  &row->org,
                           &row->peer,  &row->id,    &row->detail};
    for (size_t i = 0; i < LEN(texts); i++) {
        *texts[i] = arena_str(a, *texts[i]);
        if (texts[i]->p == NULL) {
            return false;
        }
    }
    return true;
}

/* The newest records of all. */
static enum err list_all(struct req *rq, uint64_t before, size_t n, struct audit_row *ret_rows,
                         size_t *ret_n)
{
    sqlite3_stmt *st;
    size_t got = 0;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, C_AUDIT_ALL, &st));
    bind_i64(st, 1, before != 0 && before < INT64_MAX ? (int64_t)before : INT64_MAX);
    bind_i64(st, 2, (int64_t)n);
    while (got < n && e == OK && (e = read_step(rq, st, &has)) == OK && has) {
        struct str outcome;
        struct str hash;
        audit_peek(st, &ret_rows[got], &outcome, &hash);
        e = row_keep(rq->a, &ret_rows[got]) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
        got++;
    }
    conn_give(rq->db->conn, C_AUDIT_ALL, st);
    TRY(e);
    *ret_n = got;
    return OK;
}

static enum err newest_of(struct req *rq, int64_t rid, uint64_t *ret_seq)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_AUDIT_NEWEST, &st));
    bind_i64(st, 1, rid);
    enum err e = read_step(rq, st, &has);
    *ret_seq = has ? (uint64_t)sqlite3_column_int64(st, 0) : 0;
    conn_give(rq->db->conn, C_AUDIT_NEWEST, st);
    return e;
}

static enum err row_at(struct req *rq, uint64_t seq, struct audit_row *ret_row)
{
    sqlite3_stmt *st;
    bool has = false;
    TRY(read_take(rq, C_AUDIT_ONE, &st));
    bind_i64(st, 1, (int64_t)MIN(seq, (uint64_t)INT64_MAX));
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        struct str outcome;
        struct str hash;
        audit_peek(st, ret_row, &outcome, &hash);
        e = row_keep(rq->a, ret_row) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    conn_give(rq->db->conn, C_AUDIT_ONE, st);
    TRY(e);
    return has ? OK : FAIL(rq, E_NOT_FOUND, "no audit record %" PRIu64, seq);
}

/* The record before about the same case or patient; always smaller, so that every walk ends. */
static uint64_t link_of(const struct audit_row *row, int64_t rid)
{
    uint64_t prev = row->case_rid == rid ? row->case_prev : row->patient_prev;
    return prev < row->seq ? prev : 0;
}

enum err audit_list(struct req *rq, int64_t rid, uint64_t before, size_t n,
                    struct audit_row *ret_rows, size_t *ret_n)
{
    uint64_t seq;
    size_t got = 0;
    struct audit_row row;
    if (rid == 0) {
        return list_all(rq, before, n, ret_rows, ret_n);
    }
    TRY(newest_of(rq, rid, &seq));
    if (before != 0 && before <= seq) { /* a page goes on: straight from its last row */
        TRY(row_at(rq, before, &row));
        bool is_of = row.case_rid == rid || row.patient_rid == rid;
        seq = is_of ? link_of(&row, rid) : seq;
    }
    while (seq != 0 && got < n) {
        TRY(row_at(rq, seq, &row));
        if (before == 0 || seq < before) {
            ret_rows[got++] = row;
        }
        seq = link_of(&row, rid);
    }
    *ret_n = got;
    return OK;
}

/* ---- what a record of many names ---- */

static enum err name_at(struct req *rq, int64_t vid, struct audit_name *ret_name)
{
    sqlite3_stmt *st;
    bool has = false;
    struct audit_name name = {0};
    TRY(read_take(rq, C_VER_NAME, &st));
    bind_i64(st, 1, vid);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        name.type = (uint16_t)sqlite3_column_int64(st, 0);
        name.id = arena_str(rq->a, col_str(st, 1));
        name.version = (uint64_t)sqlite3_column_int64(st, 2);
    }
    conn_give(rq->db->conn, C_VER_NAME, st);
    TRY(e);
    TRY_MEM(rq, name.id.p);
    *ret_name = name;
    return OK;
}

/* "345: 0-56 60": the first version of transaction 345, how many it has, and the places. */
static enum err group_parse(struct req *rq, struct str *detail, int64_t *ret_first,
                            uint64_t *ret_count)
{
    sqlite3_stmt *st;
    struct str seq;
    uint64_t tx;
    bool has = false;
    *detail = str_sub(*detail, sizeof(AUDIT_GROUP) - 1, detail->n);
    if (!str_cut(detail, ':', &seq) || !str_u64(seq, &tx) || tx > INT64_MAX) {
        return FAIL(rq, E_NOT_FOUND, "no transaction named");
    }
    TRY(read_take(rq, C_TX_FIRST, &st));
    bind_i64(st, 1, (int64_t)tx);
    enum err e = read_step(rq, st, &has);
    if (e == OK && has) {
        *ret_first = sqlite3_column_int64(st, 0);
        *ret_count = (uint64_t)sqlite3_column_int64(st, 1);
    }
    conn_give(rq->db->conn, C_TX_FIRST, st);
    TRY(e);
    return has ? OK : FAIL(rq, E_NOT_FOUND, "no transaction %llu", (unsigned long long)tx);
}

enum err audit_named(struct req *rq, const struct audit_row *row, size_t skip, size_t n,
                     struct audit_name *ret_names, size_t *ret_n)
{
    struct str rest = row->detail;
    struct str run;
    int64_t first = 0;
    uint64_t count = 0;
    size_t got = 0;
    *ret_n = 0;
    if (row->type != 0 || row->id.n > 0 || !str_starts(rest, S(AUDIT_GROUP))) {
        if (row->type != 0 && row->id.n > 0 && skip == 0 && n > 0) {
            ret_names[0] = (struct audit_name){.type = row->type, .id = row->id};
            *ret_n = 1;
        }
        return OK;
    }
    TRY(group_parse(rq, &rest, &first, &count));
    while (got < n && rest.n > 0) {
        struct str from_text;
        uint64_t from;
        uint64_t to;
        (void)str_cut(&rest, ' ', &run);
        bool pair = str_find_char(run, '-') < run.n;
        (void)str_cut(&run, '-', &from_text);
        if (!str_u64(from_text, &from)) {
            continue; /* the blank after the colon */
        }
        to = from;
        if ((pair && !str_u64(run, &to)) || to < from || to >= count) {
            return FAIL(rq, E_IO, "a record names what is not there");
        }
        for (uint64_t i = from; i <= to && got < n; i++) {
            if (skip > 0) {
                skip--;
            } else {
                TRY(name_at(rq, first + (int64_t)i, &ret_names[got++]));
            }
        }
    }
    *ret_n = got;
    return OK;
}
