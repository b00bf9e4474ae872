/* dicom/study_put.c - rows of studies, series and instances, written. See study_put.h. */
#include "dicom/study_put.h"

#include <string.h>

#include "fhir/type.h"

enum { FIRST_SIZE = 8 };

#define BLOB_TYPE S("application/dicom")

static struct sql_val text(struct str s)
{
    return sql_text(str_or_empty(s));
}

static struct sql_val number(int64_t n)
{
    return n == DICOM_NO_NUMBER ? sql_null() : sql_i64(n);
}

/* Room for one more; p is n items of width bytes, *size of them allocated. NULL past the cap. */
static void *grow(struct req *rq, void *p, uint32_t n, uint32_t *size, size_t width)
{
    if (n < *size) {
        return p;
    }
    uint32_t more = *size > 0 ? 2 * *size : FIRST_SIZE;
    void *bigger = arena_alloc(rq->a, more * width);
    if (bigger == NULL) {
        return NULL;
    }
    if (n > 0) {
        memcpy(bigger, p, n * width);
    }
    *size = more;
    return bigger;
}

static enum err add_series(struct req *rq, struct dicom_put *p, const struct dicom_series *s)
{
    p->series = grow(rq, p->series, p->n_series, &p->size_series, sizeof *p->series);
    TRY_MEM(rq, p->series);
    p->series[p->n_series++] = (struct dicom_series_put){.row = *s};
    return OK;
}

static enum err known_series(struct req *rq, const struct dicom_series *s, void *ctx)
{
    return add_series(rq, ctx, s);
}

enum err dicom_put_begin(struct req *rq, const struct dicom_study *study, struct dicom_put *ret_put)
{
    struct dicom_put p = {.study = *study,
                          .n_before = study->n_instances,
                          .bytes_before = study->bytes};

    if (study->key != 0) {
        TRY(dicom_series_each(rq, study->key, known_series, &p));
    }
    *ret_put = p;
    return OK;
}

/* "CT\SR" and one more. */
static enum err add_modality(struct req *rq, struct dicom_study *s, struct str modality)
{
    struct str rest = s->modalities;
    struct str one;
    unsigned n = 0;
    struct buf b;

    while (rest.n > 0 && str_cut(&rest, '\\', &one)) {
        if (str_eq(one, modality)) {
            return OK;
        }
        n++;
    }
    if (modality.n == 0 || n == DICOM_MODALITIES_MAX) {
        return OK;
    }
    buf_init(&b, rq->a, 1024);
    buf_str(&b, s->modalities);
    if (n > 0) {
        buf_char(&b, '\\');
    }
    buf_str(&b, modality);
    TRY_MEM(rq, buf_get(&b).p);
    s->modalities = buf_get(&b);
    return OK;
}

enum err dicom_put_add(struct req *rq, struct dicom_put *p, const struct dicom_series *series,
                       const struct dicom_instance *inst)
{
    uint32_t at = 0;

    while (at < p->n_series && !str_eq(p->series[at].row.uid, series->uid)) {
        at++;
    }
    if (at == p->n_series) {
        struct dicom_series s = *series;
        s.key = 0;
        s.n_instances = 0;
        s.bytes = 0;
        TRY(add_series(rq, p, &s));
        p->study.n_series++;
        TRY(add_modality(rq, &p->study, s.modality));
    }
    p->instances = grow(rq, p->instances, p->n_instances, &p->size_instances, sizeof *p->instances);
    TRY_MEM(rq, p->instances);
    p->instances[p->n_instances++] = (struct dicom_instance_put){*inst, at};
    struct dicom_series_put *s = &p->series[at];
    s->more++;
    s->more_bytes += inst->blob.size;
    s->row.n_instances++;
    s->row.bytes += inst->blob.size;
    p->study.n_instances++;
    p->study.bytes += inst->blob.size;
    return OK;
}

static enum err put_study(struct req *rq, struct tx *tx, const struct dicom_put *p)
{
    const struct dicom_study *s = &p->study;
    struct str names = s->fold;
    struct str word;

    if (s->key != 0) {
        return TX_SQL(tx, W_DICOM_STUDY_SET, TX_MUST_CHANGE, sql_text(s->uid), sql_i64(p->n_before),
                      sql_i64((int64_t)p->bytes_before), sql_i64(s->n_series),
                      sql_i64(s->n_instances), sql_i64((int64_t)s->bytes), text(s->modalities),
                      sql_i64(rq->now.ms));
    }
    TRY(TX_SQL(tx, W_DICOM_STUDY_NEW, TX_MUST_BE_NEW, sql_text(s->uid), sql_i64(s->patient),
               text(s->source), text(s->org), text(s->patient_id), text(s->name), text(s->fold),
               text(s->birth), text(s->sex), text(s->date), text(s->time), text(s->accession),
               text(s->study_id), text(s->referring), text(s->description), text(s->modalities),
               sql_i64(s->n_series), sql_i64(s->n_instances), sql_i64((int64_t)s->bytes),
               sql_i64(rq->now.ms), sql_i64(rq->now.ms)));
    while (names.n > 0) {
        size_t n = 0;
        while (n < names.n && names.p[n] != ' ' && names.p[n] != '=') {
            n++;
        }
        word = str_sub(names, 0, n);
        names = str_sub(names, n + 1, names.n);
        if (word.n > 0) {
            TRY(TX_SQL(tx, W_DICOM_WORD, 0, sql_text(s->uid), sql_text(word)));
        }
    }
    return OK;
}

static enum err put_series(struct tx *tx, struct str study, const struct dicom_series_put *p)
{
    const struct dicom_series *s = &p->row;

    return TX_SQL(tx, W_DICOM_SERIES_MORE, 0, sql_text(study), sql_text(s->uid), text(s->modality),
                  number(s->number), text(s->description), text(s->body_part), text(s->pps_date),
                  text(s->pps_time), text(s->step_id), text(s->procedure_id), sql_i64(p->more),
                  sql_i64((int64_t)p->more_bytes));
}

static enum err put_instance(struct req *rq, struct tx *tx, struct str study, struct str series,
                             const struct dicom_instance *i)
{
    TRY(TX_SQL(tx, W_BLOB_ADD, 0, blob_val(rq, &i->blob), sql_i64((int64_t)i->blob.size),
               sql_text(BLOB_TYPE), sql_i64(rq->now.ms)));
    return TX_SQL(tx, W_DICOM_INSTANCE_NEW, TX_MUST_BE_NEW, sql_text(study), sql_text(series),
                  sql_text(i->uid), text(i->sop_class), text(i->syntax), number(i->number),
                  sql_i64(i->rows), sql_i64(i->columns), sql_i64(i->bits), sql_i64(i->frames),
                  blob_val(rq, &i->blob), sql_i64((int64_t)i->blob.size), text(i->title),
                  sql_i64(rq->now.ms));
}

enum err dicom_put_end(struct req *rq, struct tx *tx, const struct dicom_put *p)
{
    if (p->n_instances == 0) {
        return OK;
    }
    TRY(put_study(rq, tx, p));
    for (uint32_t i = 0; i < p->n_series; i++) {
        if (p->series[i].more > 0) {
            TRY(put_series(tx, p->study.uid, &p->series[i]));
        }
    }
    for (uint32_t i = 0; i < p->n_instances; i++) {
        TRY(put_instance(rq, tx, p->study.uid, p->series[p->instances[i].series].row.uid,
                         &p->instances[i].row));
    }
    return OK;
}

static struct sql_val imaging_rid(struct str id)
{
    return id.n > 0 ? sql_rid(T_IMAGING_STUDY, id) : sql_i64(0);
}

enum err dicom_place_add(struct tx *tx, struct str uid, struct str case_id, struct str imaging_id)
{
    return TX_SQL(tx, W_DICOM_PLACE_NEW, TX_MUST_BE_NEW, sql_text(uid), text(case_id),
                  imaging_rid(imaging_id), text(imaging_id));
}

enum err dicom_place_set(struct tx *tx, struct str uid, struct str from, struct str to,
                         struct str imaging_id)
{
    return TX_SQL(tx, W_DICOM_PLACE_SET, TX_MUST_CHANGE, sql_text(uid), text(from), text(to),
                  imaging_rid(imaging_id), text(imaging_id));
}

enum err dicom_place_end(struct tx *tx, struct str uid, struct str case_id)
{
    return TX_SQL(tx, W_DICOM_PLACE_END, TX_MUST_CHANGE, sql_text(uid), text(case_id));
}

enum err dicom_study_claim(struct tx *tx, const struct dicom_study *s, struct str patient)
{
    return TX_SQL(tx, W_DICOM_STUDY_PATIENT, TX_MUST_CHANGE, sql_text(s->uid), sql_i64(s->patient),
                  sql_rid(T_PATIENT, patient));
}

enum err dicom_instance_replace(struct req *rq, struct tx *tx, const struct dicom_study *study,
                                const struct dicom_series *series,
                                const struct dicom_instance *was, const struct dicom_instance *now)
{
    int64_t more = (int64_t)now->blob.size - (int64_t)was->blob.size;

    TRY(TX_SQL(tx, W_DICOM_INSTANCE_BYTES, TX_MUST_CHANGE, sql_text(was->uid), blob_val(rq, &was->blob),
               blob_val(rq, &now->blob), sql_i64((int64_t)now->blob.size), text(now->syntax),
               sql_i64(now->rows), sql_i64(now->columns), sql_i64(now->bits),
               sql_i64(now->frames), sql_tx_time(0)));
    TRY(TX_SQL(tx, W_DICOM_SERIES_MORE, 0, sql_text(study->uid), sql_text(series->uid),
               text(series->modality), number(series->number), text(series->description),
               text(series->body_part), text(series->pps_date), text(series->pps_time),
               text(series->step_id), text(series->procedure_id), sql_i64(0), sql_i64(more)));
    return TX_SQL(tx, W_DICOM_STUDY_SET, TX_MUST_CHANGE, sql_text(study->uid),
                  sql_i64(study->n_instances), sql_i64((int64_t)study->bytes),
                  sql_i64(study->n_series), sql_i64(study->n_instances),
                  sql_i64((int64_t)study->bytes + more), text(study->modalities), sql_tx_time(0));
}

enum err dicom_study_end(struct tx *tx, const struct dicom_study *s, const struct dicom_place *places,
                         uint32_t n)
{
    static const enum stmt_id parts[] = {W_DICOM_END_BLOBS, W_DICOM_END_INSTANCES, W_DICOM_END_SERIES,
                                         W_DICOM_END_WORDS};
    for (uint32_t i = 0; i < n; i++) {
        TRY(dicom_place_end(tx, s->uid, places[i].case_id));
    }
    TRY(TX_SQL(tx, W_DICOM_UNSHOWN, TX_MUST_CHANGE, sql_text(s->uid)));
    for (size_t i = 0; i < LEN(parts); i++) {
        TRY(TX_SQL(tx, parts[i], 0, sql_text(s->uid)));
    }
    return TX_SQL(tx, W_DICOM_END_STUDY, TX_MUST_CHANGE, sql_text(s->uid), sql_i64(s->n_instances),
                  sql_i64((int64_t)s->bytes));
}
