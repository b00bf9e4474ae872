/* store/audit.c - collecting and listing audit records. See audit.h; record.c writes them, verify.c
 * holds the chain. */
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

enum err audit_list(struct req *rq, int64_t rid, uint64_t before, size_t n,
                    struct audit_row *ret_rows, size_t *ret_n)
{
    unsigned id = rid != 0 ? C_AUDIT_OF : C_AUDIT_ALL;
    sqlite3_stmt *st;
    size_t got = 0;
    bool has = true;
    enum err e = OK;
    TRY(read_take(rq, id, &st));
    bind_i64(st, 1, before != 0 && before < INT64_MAX ? (int64_t)before : INT64_MAX);
    bind_i64(st, 2, (int64_t)n);
    if (rid != 0) {
        bind_i64(st, 3, rid);
    }
    while (got < n && e == OK && (e = read_step(rq, st, &has)) == OK && has) {
        struct str outcome;
        struct str hash;
        audit_peek(st, &ret_rows[got], &outcome, &hash);
        e = row_keep(rq->a, &ret_rows[got]) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
        got++;
    }
    conn_give(rq->db->conn, id, st);
    TRY(e);
    *ret_n = got;
    return OK;
}
