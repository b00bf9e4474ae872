/* dicom/aside.c - what could not be filed, as rows. See aside.h. */
#include "dicom/aside.h"

#include <string.h>

#include "base/text.h"
#include "os/random.h"
#include "store/audit.h"

static const char *const texts[] = {
    [DICOM_ASIDE_PATIENT] = T("The image names another patient."),
    [DICOM_ASIDE_BYTES] = T("An image with this number is stored already, with other content."),
    [DICOM_ASIDE_BROKEN] = T("The file cannot be read as a medical image."),
    [DICOM_ASIDE_FOREIGN] = T("The image is new in a study that is shown in other cases only."),
};

const char *dicom_aside_text(enum dicom_aside_reason reason)
{
    return texts[reason];
}

static void aside_get(struct req *rq, const struct db_rows *q, struct dicom_aside *ret_aside)
{
    struct arena *a = rq->a;
    struct dicom_aside s = {
        .id = db_text(a, q, 0),
        .reason = (enum dicom_aside_reason)db_i64(q, 1),
        .state = (enum dicom_aside_state)db_i64(q, 2),
        .case_id = db_text(a, q, 3),
        .org = db_text(a, q, 4),
        .source = db_text(a, q, 5),
        .whole = db_is_null(q, 6),
        .study = db_text(a, q, 8),
        .series = db_text(a, q, 9),
        .instance = db_text(a, q, 10),
        .patient_id = db_text(a, q, 11),
        .name = db_text(a, q, 12),
        .birth = db_text(a, q, 13),
        .title = db_text(a, q, 14),
        .at = {db_i64(q, 15)},
        .decided_by = db_text(a, q, 16),
        .decided = {db_i64(q, 17)},
        .note = db_text(a, q, 18),
    };
    struct str sha = db_peek(q, 6);

    if (sha.n == sizeof s.blob.sha) {
        memcpy(s.blob.sha, sha.p, sha.n);
    }
    s.blob.size = db_u64(q, 7);
    *ret_aside = s;
}

enum err dicom_aside_find(struct req *rq, struct str id, struct dicom_aside *ret_aside)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_ASIDE, sql_text(id)));
    aside_get(rq, &q, ret_aside);
    return OK;
}

static enum err list(struct req *rq, struct db_rows *q, uint32_t n, struct dicom_aside *ret_asides,
                     uint32_t *ret_n)
{
    uint32_t got = 0;
    bool has = false;

    TRY(db_next(rq, q, &has));
    while (has && got < n) {
        aside_get(rq, q, &ret_asides[got++]);
        TRY(db_next(rq, q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err dicom_asides_of_case(struct req *rq, struct str case_id, uint32_t n,
                              struct dicom_aside *ret_asides, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_DICOM_ASIDES_CASE, sql_text(case_id), sql_i64(n)));
    return list(rq, &q, n, ret_asides, ret_n);
}

enum err dicom_asides_of_org(struct req *rq, struct str org, int64_t before_ms, uint32_t n,
                             struct dicom_aside *ret_asides, uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_DICOM_ASIDES_ORG, sql_text(str_or_empty(org)), sql_i64(before_ms),
                 sql_i64(n)));
    return list(rq, &q, n, ret_asides, ret_n);
}

static struct sql_val sha_val(struct req *rq, const struct dicom_aside *s)
{
    return s->whole ? sql_null() : blob_val(rq, &s->blob);
}

enum err dicom_aside_has(struct req *rq, const struct dicom_aside *aside, bool *ret_has)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_QUERY(rq, &q, Q_DICOM_ASIDE_SAME, sha_val(rq, aside), sql_i64(aside->reason),
                 sql_text(str_or_empty(aside->case_id))));
    return db_next(rq, &q, ret_has);
}

static struct sql_val text(struct str s)
{
    return sql_text(str_or_empty(s));
}

enum err dicom_aside_add(struct req *rq, struct tx *tx, struct dicom_aside *aside)
{
    char *id = arena_alloc(rq->a, OS_ID_LEN + 1);

    TRY_MEM(rq, id);
    os_id(id);
    aside->id = str_z(id);
    aside->at = rq->now;
    if (!aside->whole) {
        TRY(TX_SQL(tx, W_BLOB_ADD, 0, sha_val(rq, aside), sql_i64((int64_t)aside->blob.size),
                   sql_text(S("application/dicom")), sql_i64(rq->now.ms)));
    }
    return TX_SQL(tx, W_DICOM_ASIDE_NEW, TX_MUST_BE_NEW, sql_text(aside->id),
                  sql_i64(aside->reason), text(aside->case_id), text(aside->org),
                  text(aside->source), sha_val(rq, aside), sql_i64((int64_t)aside->blob.size),
                  text(aside->study), text(aside->series), text(aside->instance),
                  text(aside->patient_id), text(aside->name), text(aside->birth),
                  text(aside->title), sql_i64(rq->now.ms));
}

enum err dicom_aside_end(struct req *rq, struct tx *tx, const struct dicom_aside *aside,
                         enum dicom_aside_state state, const struct blob_ref *kept, struct str note)
{
    struct dicom_aside row = *aside;

    if (kept != NULL) {
        row.blob = *kept;
    }
    return TX_SQL(tx, W_DICOM_ASIDE_END, TX_MUST_CHANGE, sql_text(row.id), sql_i64(state),
                  sha_val(rq, &row), sql_i64((int64_t)row.blob.size),
                  text(audit_who_of(rq)->actor), sql_i64(rq->now.ms),
                  text(note));
}
