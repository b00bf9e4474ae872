/* care/case_row.c - the worklist row to and from the store. */
#include "care/case_row.h"

#include "fhir/type.h"

enum { FLOW_COLS = 34 };

void case_row_get(struct req *rq, const struct db_rows *q, struct case_row *ret_row)
{
    struct arena *a = rq->a;

    *ret_row = (struct case_row){
        .rid = db_i64(q, 0),
        .id = db_text(a, q, 1),
        .flow = db_text(a, q, 2),
        .state = (uint32_t)db_i64(q, 3),
        .turn = (uint32_t)db_i64(q, 4),
        .open = db_i64(q, 5) != 0,
        .urgency = (uint32_t)db_i64(q, 6),
        .profile = db_text(a, q, 7),
        .mode = db_text(a, q, 8),
        .patient_rid = db_i64(q, 9),
        .patient = db_text(a, q, 10),
        .asker_org = db_text(a, q, 11),
        .asker = db_text(a, q, 12),
        .centre_org = db_text(a, q, 13),
        .service = db_text(a, q, 14),
        .answer_org = db_text(a, q, 15),
        .consultant = db_text(a, q, 16),
        .clock = (uint32_t)db_i64(q, 17),
        .due_ms = db_i64(q, 18),
        .accept_due_ms = db_i64(q, 19),
        .answer_due_ms = db_i64(q, 20),
        .paused_since_ms = db_i64(q, 21),
        .paused_total_ms = db_i64(q, 22),
        .level = (uint32_t)db_i64(q, 23),
        .created_ms = db_i64(q, 24),
        .submitted_ms = db_i64(q, 25),
        .allocated_ms = db_i64(q, 26),
        .accepted_ms = db_i64(q, 27),
        .answered_ms = db_i64(q, 28),
        .received_ms = db_i64(q, 29),
        .reported_ms = db_i64(q, 30),
        .closed_ms = db_i64(q, 31),
        .conclusion = db_text(a, q, 32),
        .version = db_u64(q, 33),
    };
}

enum err case_row_load(struct req *rq, struct str id, struct case_row *ret_row)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_FLOW_CASE, sql_text(id)));
    case_row_get(rq, &q, ret_row);
    return OK;
}

enum err case_rows(struct req *rq, enum stmt_id id, struct str owner, uint32_t n,
                   int64_t before_ms, struct case_row *ret_rows, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct sql_val vals[3] = {sql_text(owner), sql_i64(n), sql_i64(before_ms)};
    uint32_t got = 0;
    bool has = false;

    TRY(db_query(rq, id, vals, before_ms != 0 ? 3 : 2, &q));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        case_row_get(rq, &q, &ret_rows[got++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

/* An empty text is '', never NULL. */
static struct sql_val text(struct str s)
{
    return sql_text(s.p != NULL ? s : S(""));
}

static void fill(const struct case_row *r, struct sql_val vals[static FLOW_COLS])
{
    const struct sql_val all[FLOW_COLS] = {
        r->rid != 0 ? sql_i64(r->rid) : sql_rid(T_SERVICE_REQUEST, r->id),
        text(r->id),
        text(r->flow),
        sql_i64(r->state),
        sql_i64(r->turn),
        sql_i64(r->open),
        sql_i64(r->urgency),
        text(r->profile),
        text(r->mode),
        r->patient_rid != 0 ? sql_i64(r->patient_rid) : sql_rid(T_PATIENT, r->patient),
        text(r->patient),
        text(r->asker_org),
        text(r->asker),
        text(r->centre_org),
        text(r->service),
        text(r->answer_org),
        text(r->consultant),
        sql_i64(r->clock),
        sql_i64(r->due_ms),
        sql_i64(r->accept_due_ms),
        sql_i64(r->answer_due_ms),
        sql_i64(r->paused_since_ms),
        sql_i64(r->paused_total_ms),
        sql_i64(r->level),
        sql_i64(r->created_ms),
        sql_i64(r->submitted_ms),
        sql_i64(r->allocated_ms),
        sql_i64(r->accepted_ms),
        sql_i64(r->answered_ms),
        sql_i64(r->received_ms),
        sql_i64(r->reported_ms),
        sql_i64(r->closed_ms),
        text(r->conclusion),
        sql_u64(r->version),
    };
    for (size_t i = 0; i < FLOW_COLS; i++) {
        vals[i] = all[i];
    }
}

enum err case_row_new(struct tx *tx, const struct case_row *row)
{
    struct sql_val vals[FLOW_COLS];

    fill(row, vals);
    return tx_sql(tx, W_FLOW_NEW, TX_MUST_BE_NEW, vals, FLOW_COLS);
}

enum err case_row_set(struct tx *tx, const struct case_row *row, uint64_t before)
{
    struct sql_val vals[FLOW_COLS + 1];

    fill(row, vals);
    vals[FLOW_COLS] = sql_u64(before);
    return tx_sql(tx, W_FLOW_SET, TX_MUST_CHANGE, vals, FLOW_COLS + 1);
}

struct audit_rec case_audit(const struct case_row *row, enum audit_action action,
                            enum audit_why why)
{
    return (struct audit_rec){
        .action = action,
        .why = why,
        .type = T_SERVICE_REQUEST,
        .id = row->id,
        .patient_type = T_PATIENT,
        .patient_id = row->patient,
        .patient_rid = row->patient_rid,
        .case_type = T_SERVICE_REQUEST,
        .case_id = row->id,
        .case_rid = row->rid,
    };
}
