/* care/imaging_group.c - one study within a transaction: where it is shown, whose it becomes, and what is
 * written in the end. */
#include "care/imaging_int.h"

enum err image_group_load(struct req *rq, const struct dicom_study *s, struct image_group *ret_group)
{
    struct dicom_place places[DICOM_PLACES_MAX];

    *ret_group = (struct image_group){.n_places = 0};
    TRY(dicom_put_begin(rq, s, &ret_group->put));
    if (s->key == 0) {
        return OK;
    }
    TRY(dicom_places(rq, s->key, places, &ret_group->n_places));
    for (uint32_t i = 0; i < ret_group->n_places; i++) {
        ret_group->places[i].row = places[i];
    }
    return s->patient != 0 ? patient_load(rq, s->patient, &ret_group->patient) : OK;
}

static struct image_place *place_of(struct image_group *g, struct str case_id)
{
    for (uint32_t i = 0; i < g->n_places; i++) {
        if (str_eq(g->places[i].row.case_id, str_or_empty(case_id))) {
            return &g->places[i];
        }
    }
    return NULL;
}

static enum err place_new(struct req *rq, struct image_group *g, struct str case_id, bool has_imaging)
{
    if (g->n_places == DICOM_PLACES_MAX) {
        return FAIL(rq, E_CONFLICT, "a study is shown in at most %d cases", DICOM_PLACES_MAX);
    }
    struct image_place p = {.row.case_id = str_or_empty(case_id), .is_new = true};
    if (has_imaging) {
        p.row.imaging_id = put_new_id(rq);
        TRY_MEM(rq, p.row.imaging_id.p);
        p.is_changed = true;
    }
    g->places[g->n_places++] = p;
    return OK;
}

static void claim(struct image_group *g, const struct patient *patient)
{
    if (patient->id.n == 0 || g->patient.id.n > 0) {
        return;
    }
    g->patient = *patient;
    if (g->put.study.key == 0) {
        g->put.study.patient = patient->rid;
    } else {
        g->is_claimed = true;
    }
    for (uint32_t i = 0; i < g->n_places; i++) { /* all of them say now whose it is */
        g->places[i].is_changed = g->places[i].row.imaging_id.n > 0;
    }
}

bool image_is_kept(const struct image_group *g)
{
    for (uint32_t i = 0; i < g->n_places; i++) {
        if (g->places[i].row.imaging_id.n > 0) {
            return true;
        }
    }
    return false;
}

enum err image_group_show(struct req *rq, struct image_group *g, const struct image_target *to)
{
    struct str key = to->is_draft ? to->from->key : str_or_empty(to->row.id);
    struct image_place *here = place_of(g, key);
    bool nobodys = g->patient.id.n == 0;

    g->audit_case = key.n > 0 ? key : g->audit_case;
    if (to->is_draft) {
        return here != NULL ? OK : place_new(rq, g, key, false);
    }
    claim(g, &to->patient);
    if (here == NULL && key.n == 0 && image_is_kept(g)) {
        return OK; /* it is shown somewhere; nobody asked for more */
    }
    struct image_place *loose = key.n > 0 && nobodys ? place_of(g, S("")) : NULL;
    if (here == NULL && loose != NULL && !loose->is_new) {
        loose->row.case_id = key;
        loose->is_moved = loose->is_changed = true;
        return OK;
    }
    if (here == NULL) {
        return place_new(rq, g, key, true);
    }
    if (here->row.imaging_id.n == 0) { /* a draft that was sent */
        here->row.imaging_id = put_new_id(rq);
        TRY_MEM(rq, here->row.imaging_id.p);
        here->is_changed = true;
    }
    return OK;
}

static enum err audit_group(struct req *rq, const struct image_group *g, const struct image_place *p)
{
    struct buf what;

    buf_init(&what, rq->a, 64);
    buf_u64(&what, g->put.n_instances);
    BUF_LIT(&what, " instances");
    struct audit_rec rec = {
        .action = AUDIT_UPLOAD,
        .why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_OWN,
        .type = p != NULL && p->row.imaging_id.n > 0 ? T_IMAGING_STUDY : T_NONE,
        .id = p != NULL ? p->row.imaging_id : (struct str){0},
        .detail = buf_get(&what),
    };
    if (g->patient.id.n > 0) {
        rec.patient_type = T_PATIENT;
        rec.patient_id = g->patient.id;
    }
    if (g->audit_case.n > 0) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = g->audit_case;
    }
    return audit_add(rq, &rec);
}

static enum err end_place(struct req *rq, struct tx *tx, const struct image_group *g,
                          const struct image_place *p)
{
    struct str uid = g->put.study.uid;

    if (p->is_new) {
        TRY(dicom_place_add(tx, uid, p->row.case_id, p->row.imaging_id));
    } else if (p->is_moved) {
        TRY(dicom_place_set(tx, uid, S(""), p->row.case_id, p->row.imaging_id));
    } else if (p->row.imaging == 0 && p->row.imaging_id.n > 0) {
        TRY(dicom_place_set(tx, uid, p->row.case_id, p->row.case_id, p->row.imaging_id));
    }
    if (p->row.imaging_id.n > 0 && (p->is_changed || g->put.n_instances > 0)) {
        TRY(image_study_put(rq, tx, g, p));
    }
    return p->row.case_id.n > 0
               ? tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, p->row.case_id))
               : OK;
}

enum err image_group_end(struct req *rq, struct tx *tx, struct image_group *g)
{
    const struct image_place *shown = g->n_places > 0 ? &g->places[0] : NULL;
    bool changed = g->put.n_instances > 0 || g->is_claimed;

    for (uint32_t i = 0; i < g->n_places; i++) {
        changed = changed || g->places[i].is_new || g->places[i].is_changed;
    }
    if (!changed) {
        return OK;
    }
    if (g->audit_case.n > 0) {
        shown = place_of(g, g->audit_case);
    } else if (shown != NULL) {
        g->audit_case = shown->row.case_id;
    }
    TRY(dicom_put_end(rq, tx, &g->put));
    if (g->is_claimed) {
        TRY(dicom_study_claim(tx, &g->put.study, g->patient.id));
    }
    for (uint32_t i = 0; i < g->n_places; i++) {
        TRY(end_place(rq, tx, g, &g->places[i]));
    }
    return audit_group(rq, g, shown);
}
