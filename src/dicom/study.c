/* dicom/study.c - rows of studies, series, instances and places, read. See study.h. */
#include "dicom/study.h"

#include <string.h>

#include "codec/utf8.h"

enum { NAME_BYTES = 1024 };

bool dicom_uid_is(struct str uid)
{
    for (size_t i = 0; i < uid.n; i++) {
        if (uid.p[i] != '.' && (uid.p[i] < '0' || uid.p[i] > '9')) {
            return false;
        }
    }
    return uid.n > 0 && uid.n <= DICOM_UID_MAX;
}

struct str dicom_date_shown(struct req *rq, struct str date)
{
    struct buf b;

    if (date.n != 8) {
        return S("");
    }
    buf_init(&b, rq->a, 16);
    buf_str(&b, str_sub(date, 0, 4));
    buf_char(&b, '-');
    buf_str(&b, str_sub(date, 4, 2));
    buf_char(&b, '-');
    buf_str(&b, str_sub(date, 6, 2));
    return buf_get(&b);
}

struct str dicom_name_fold(struct req *rq, struct str name)
{
    struct buf plain;
    struct buf b;

    buf_init(&plain, rq->a, NAME_BYTES);
    buf_init(&b, rq->a, 4 * NAME_BYTES);
    name = utf8_cut(name, NAME_BYTES);
    for (size_t i = 0; i < name.n; i++) {
        buf_char(&plain, name.p[i] == '^' ? ' ' : name.p[i]);
    }
    struct str rest = buf_get(&plain);
    struct str group;
    bool first = true;
    while (str_cut(&rest, '=', &group)) {
        if (!first) {
            buf_char(&b, '=');
        }
        first = false;
        utf8_fold(&b, group);
    }
    return buf_get(&b);
}

void dicom_study_get(struct req *rq, const struct db_rows *q, struct dicom_study *ret_study)
{
    struct arena *a = rq->a;

    *ret_study = (struct dicom_study){
        .key = db_i64(q, 0),
        .uid = db_text(a, q, 1),
        .patient = db_i64(q, 2),
        .source = db_text(a, q, 3),
        .org = db_text(a, q, 4),
        .patient_id = db_text(a, q, 5),
        .name = db_text(a, q, 6),
        .fold = db_text(a, q, 7),
        .birth = db_text(a, q, 8),
        .sex = db_text(a, q, 9),
        .date = db_text(a, q, 10),
        .time = db_text(a, q, 11),
        .accession = db_text(a, q, 12),
        .study_id = db_text(a, q, 13),
        .referring = db_text(a, q, 14),
        .description = db_text(a, q, 15),
        .modalities = db_text(a, q, 16),
        .n_series = (uint32_t)db_i64(q, 17),
        .n_instances = (uint32_t)db_i64(q, 18),
        .bytes = db_u64(q, 19),
        .created_ms = db_i64(q, 20),
        .changed_ms = db_i64(q, 21),
    };
}

static int64_t number(const struct db_rows *q, unsigned col)
{
    return db_is_null(q, col) ? DICOM_NO_NUMBER : db_i64(q, col);
}

void dicom_series_get(struct req *rq, const struct db_rows *q, struct dicom_series *ret_series)
{
    struct arena *a = rq->a;

    *ret_series = (struct dicom_series){
        .key = db_i64(q, 0),
        .study = db_i64(q, 1),
        .uid = db_text(a, q, 2),
        .modality = db_text(a, q, 3),
        .number = number(q, 4),
        .description = db_text(a, q, 5),
        .body_part = db_text(a, q, 6),
        .pps_date = db_text(a, q, 7),
        .pps_time = db_text(a, q, 8),
        .step_id = db_text(a, q, 9),
        .procedure_id = db_text(a, q, 10),
        .n_instances = (uint32_t)db_i64(q, 11),
        .bytes = db_u64(q, 12),
    };
}

void dicom_instance_get(struct req *rq, const struct db_rows *q, struct dicom_instance *ret_inst)
{
    struct arena *a = rq->a;
    struct dicom_instance i = {
        .key = db_i64(q, 0),
        .series = db_i64(q, 1),
        .uid = db_text(a, q, 2),
        .sop_class = db_text(a, q, 3),
        .syntax = db_text(a, q, 4),
        .number = number(q, 5),
        .rows = (uint32_t)db_i64(q, 6),
        .columns = (uint32_t)db_i64(q, 7),
        .bits = (uint32_t)db_i64(q, 8),
        .frames = (uint32_t)db_i64(q, 9),
        .title = db_text(a, q, 12),
        .created_ms = db_i64(q, 13),
    };
    struct str sha = db_peek(q, 10);

    memcpy(i.blob.sha, sha.p, MIN(sha.n, sizeof i.blob.sha));
    i.blob.size = db_u64(q, 11);
    *ret_inst = i;
}

enum err dicom_study_find(struct req *rq, struct str uid, struct dicom_study *ret_study)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_STUDY, sql_text(uid)));
    dicom_study_get(rq, &q, ret_study);
    return OK;
}

enum err dicom_study_load(struct req *rq, int64_t key, struct dicom_study *ret_study)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_STUDY_KEY, sql_i64(key)));
    dicom_study_get(rq, &q, ret_study);
    return OK;
}

enum err dicom_series_find(struct req *rq, int64_t study, struct str uid,
                           struct dicom_series *ret_series)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_SERIES, sql_i64(study), sql_text(uid)));
    dicom_series_get(rq, &q, ret_series);
    return OK;
}

static enum err series_load(struct req *rq, int64_t key, struct dicom_series *ret_series)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_SERIES_KEY, sql_i64(key)));
    dicom_series_get(rq, &q, ret_series);
    return OK;
}

static enum err instance_load(struct req *rq, struct str uid, struct dicom_instance *ret_inst)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_INSTANCE, sql_text(uid)));
    dicom_instance_get(rq, &q, ret_inst);
    return OK;
}

enum err dicom_instance_find(struct req *rq, struct str uid, struct dicom_instance *ret_inst,
                             struct dicom_series *ret_series, struct dicom_study *ret_study)
{
    struct dicom_instance i;
    struct dicom_series s;

    TRY(instance_load(rq, uid, &i));
    if (ret_series != NULL || ret_study != NULL) {
        TRY(series_load(rq, i.series, &s));
    }
    if (ret_study != NULL) {
        TRY(dicom_study_load(rq, s.study, ret_study));
    }
    if (ret_series != NULL) {
        *ret_series = s;
    }
    *ret_inst = i;
    return OK;
}

enum err dicom_series_each(struct req *rq, int64_t study, dicom_series_fn fn, void *ctx)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DICOM_SERIES_OF, sql_i64(study)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct dicom_series s;
        dicom_series_get(rq, &q, &s);
        TRY(fn(rq, &s, ctx));
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

enum err dicom_instance_each(struct req *rq, int64_t series, dicom_instance_fn fn, void *ctx)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DICOM_INSTANCES_OF, sql_i64(series)));
    TRY(db_next(rq, &q, &has));
    while (has) {
        struct dicom_instance i;
        dicom_instance_get(rq, &q, &i);
        TRY(fn(rq, &i, ctx));
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static void place_get(struct req *rq, const struct db_rows *q, struct dicom_place *ret_place)
{
    *ret_place = (struct dicom_place){.study = db_i64(q, 0),
                                      .case_id = db_text(rq->a, q, 1),
                                      .imaging = db_i64(q, 2),
                                      .imaging_id = db_text(rq->a, q, 3)};
}

enum err dicom_places(struct req *rq, int64_t study, struct dicom_place *ret_places,
                      uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DICOM_PLACES, sql_i64(study)));
    TRY(db_next(rq, &q, &has));
    while (has && n < DICOM_PLACES_MAX) {
        place_get(rq, &q, &ret_places[n++]);
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = n;
    return OK;
}

enum err dicom_place_find(struct req *rq, int64_t study, struct str case_id,
                          struct dicom_place *ret_place)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(DB_ONE(rq, &q, Q_DICOM_PLACE, sql_i64(study), sql_text(str_or_empty(case_id))));
    place_get(rq, &q, ret_place);
    return OK;
}

enum err dicom_totals(struct req *rq, struct dicom_totals *ret_totals)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    TRY(db_one(rq, Q_DICOM_TOTALS, NULL, 0, &q));
    *ret_totals = (struct dicom_totals){db_u64(&q, 0), db_u64(&q, 1), db_u64(&q, 2)};
    return OK;
}
