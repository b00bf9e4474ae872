/* care/imaging_adopt.c - a draft is sent: the studies that came for it get their ImagingStudy in its case. */
#include "care/imaging_int.h"

static enum err put_whole_aside(struct req *rq, struct tx *tx, const struct case_row *row,
                                const struct dicom_study *s)
{
    struct dicom_aside aside = {
        .reason = DICOM_ASIDE_PATIENT, .case_id = row->id, .org = s->org, .source = s->source,
        .whole = true, .blob.size = s->bytes, .study = s->uid, .patient_id = s->patient_id,
        .name = s->name, .birth = s->birth, .title = s->description,
    };

    TRY(dicom_place_end(tx, s->uid, row->id));
    return dicom_aside_add(rq, tx, &aside);
}

/* Nobody's place ends when the draft's takes over what it shows. */
static enum err end_loose(struct req *rq, struct tx *tx, struct image_group *g)
{
    for (uint32_t i = 0; g->patient.id.n == 0 && i < g->n_places; i++) {
        struct dicom_place *p = &g->places[i].row;
        struct res_row row;
        if (p->case_id.n > 0) {
            continue;
        }
        TRY(dicom_place_end(tx, g->put.study.uid, p->case_id));
        if (p->imaging > 0) {
            TRY(db_head_rid(rq, p->imaging, &row));
            TRY(tx_delete(tx, T_IMAGING_STUDY, row.id, (int64_t)row.version));
        }
        g->places[i] = g->places[--g->n_places];
        return OK;
    }
    return OK;
}

static enum err adopt_one(struct image_batch *b, const struct case_row *row,
                          const struct patient *patient, int64_t key)
{
    struct image_group *g = ARENA_NEW(b->rq->a, struct image_group);
    const struct image_target to = {.row = *row, .patient = *patient};
    struct dicom_place place;
    struct dicom_study s;

    TRY_MEM(b->rq, g);
    TRY(dicom_study_load(b->rq, key, &s));
    TRY(dicom_place_find(b->rq, key, row->id, &place));
    if (place.imaging != 0) {
        return OK;
    }
    if ((s.patient != 0 && s.patient != patient->rid)
        || (s.patient == 0 && imaging_names_other(b->rq, &s, patient))) {
        return put_whole_aside(b->rq, b->tx, row, &s);
    }
    TRY(image_group_load(b->rq, &s, g));
    TRY(end_loose(b->rq, b->tx, g));
    TRY(image_group_show(b->rq, g, &to));
    b->groups[b->n_groups++] = g;
    return OK;
}

struct keys {
    int64_t v[IMAGES_ADOPTED_MAX];
    uint32_t n;
};

static enum err keep_key(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    struct keys *k = ctx;

    if (k->n == LEN(k->v)) {
        return FAIL(rq, E_TOO_LARGE, "studies of one draft");
    }
    k->v[k->n++] = hit->study->key;
    return OK;
}

enum err image_adopt(struct image_batch *b, const struct case_row *row, const struct patient *patient)
{
    struct keys *k = ARENA_NEW(b->rq->a, struct keys);
    struct dicom_found got;
    const struct dicom_query q = {.level = DICOM_STUDY, .case_id = row->id,
                                  .limit = IMAGES_ADOPTED_MAX + 1, .each = keep_key, .each_ctx = k};

    TRY_MEM(b->rq, k);
    TRY(dicom_search(b->rq, &q, &got));
    for (uint32_t i = 0; i < k->n; i++) {
        TRY(adopt_one(b, row, patient, k->v[i]));
    }
    return OK;
}
