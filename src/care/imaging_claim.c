/* care/imaging_claim.c - people decide whose images are: claimed for a case, accepted or discarded after
 * they were put aside; a study leaves. */
#include "care/attach.h"
#include "care/imaging_int.h"

enum { REASON_MIN = 10, REASON_MAX = 4000, DRAFT_MOST = 100 };

static enum err reason_check(struct req *rq, struct str reason)
{
    reason = str_trim(reason);
    return reason.n >= REASON_MIN && reason.n <= REASON_MAX ? OK : FAIL(rq, E_BAD_INPUT, "reason");
}

/* A case rq->who may add to. */
static enum err open_case(struct req *rq, struct str case_id, struct image_target *ret_to)
{
    struct image_from *from = ARENA_NEW(rq->a, struct image_from);

    TRY_MEM(rq, from);
    from->key = case_id;
    TRY(image_target(rq, from, true, ret_to));
    return ret_to->row.id.n > 0 ? OK : FAIL(rq, E_NOT_FOUND, "case");
}

bool imaging_names_other(struct req *rq, const struct dicom_study *s, const struct patient *p)
{
    struct buf date;

    buf_init(&date, rq->a, 16);
    for (size_t i = 0; i < s->birth.n; i++) {
        if (i == 4 || i == 6) {
            buf_char(&date, '-');
        }
        buf_char(&date, s->birth.p[i]);
    }
    struct dicom_facts facts = {.patient_id = s->patient_id, .patient_name = s->name,
                                .birth_date = buf_get(&date)};
    return dicom_is_other_patient(rq, &facts, p);
}

/* Nobody's study that rq->who may sort. */
static enum err lost_find(struct req *rq, struct str study_uid, struct dicom_study *ret_study)
{
    struct dicom_study s;
    struct dicom_place loose;
    enum err e = dicom_study_find(rq, study_uid, &s);

    if (e == E_NOT_FOUND || (e == OK && !image_may_sort(rq, s.org))) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "study");
    }
    TRY(e);
    e = s.patient != 0 ? E_NOT_FOUND : dicom_place_find(rq, s.key, S(""), &loose);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_CONFLICT, "study");
    }
    TRY(e);
    *ret_study = s;
    return OK;
}

enum err imaging_lost_open(struct req *rq, struct str study_uid, struct dicom_study *ret_study)
{
    TRY(lost_find(rq, study_uid, ret_study));
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_READ, .why = WHY_OWN,
                                             .type = T_IMAGING_STUDY,
                                             .detail = S("images of nobody")});
}

enum err imaging_claim(struct req *rq, struct tx *tx, struct str study_uid, struct str case_id,
                       struct str reason)
{
    struct dicom_study s;
    struct image_target to;
    struct image_group *g = ARENA_NEW(rq->a, struct image_group);

    TRY_MEM(rq, g);
    TRY(lost_find(rq, study_uid, &s));
    TRY(open_case(rq, case_id, &to));
    if (imaging_names_other(rq, &s, &to.patient)) {
        TRY(reason_check(rq, reason));
    }
    TRY(image_group_load(rq, &s, g));
    TRY(image_group_show(rq, g, &to));
    return image_group_end(rq, tx, g);
}

/* ---- what was put aside ---- */

enum err imaging_asides(struct req *rq, struct str case_id, uint32_t n, struct dicom_aside *ret_asides,
                        uint32_t *ret_n)
{
    const struct role_ref *r = who_role(rq->who);
    struct case_row row;

    if (case_id.n > 0) {
        TRY(access_case(rq, case_id, AUDIT_READ, &row));
        return dicom_asides_of_case(rq, case_id, n, ret_asides, ret_n);
    }
    if (r == NULL || !image_may_sort(rq, r->org)) {
        return FAIL(rq, E_FORBIDDEN, "no clinician");
    }
    TRY(audit_add(rq, &(struct audit_rec){.action = AUDIT_SEARCH, .why = WHY_OWN,
                                          .type = T_IMAGING_STUDY, .detail = S("images put aside")}));
    uint32_t got = 0;
    uint32_t more = 0;
    TRY(dicom_asides_of_org(rq, r->org, INT64_MAX, n, ret_asides, &got));
    if (image_may_sort(rq, S(""))) {
        TRY(dicom_asides_of_org(rq, S(""), INT64_MAX, n - got, ret_asides + got, &more));
    }
    *ret_n = got + more;
    return OK;
}

/* A waiting one that rq->who may decide on: of a case they may add to, or of their organisation. */
static enum err aside_find(struct req *rq, struct str id, struct dicom_aside *ret_aside)
{
    enum err e = dicom_aside_find(rq, id, ret_aside);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "aside");
    }
    TRY(e);
    if (ret_aside->case_id.n > 0) {
        TRY(attach_may_add(rq, ret_aside->case_id));
    } else if (!image_may_sort(rq, ret_aside->org)) {
        return FAIL(rq, E_NOT_FOUND, "aside");
    }
    if (ret_aside->state != DICOM_ASIDE_WAITS) {
        return FAIL(rq, E_CONFLICT, "decided");
    }
    return OK;
}

enum err imaging_aside_open(struct req *rq, struct str id, struct dicom_aside *ret_aside)
{
    TRY(aside_find(rq, id, ret_aside));
    struct audit_rec rec = {.action = AUDIT_READ, .why = WHY_OWN, .type = T_IMAGING_STUDY,
                            .detail = S("image put aside")};
    if (ret_aside->case_id.n > 0) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = ret_aside->case_id;
    }
    return audit_add(rq, &rec);
}

static enum err aside_open(struct req *rq, struct str id, struct str reason,
                           struct dicom_aside *ret_aside)
{
    TRY(aside_find(rq, id, ret_aside));
    return reason_check(rq, reason);
}

static enum audit_why why_by(const struct req *rq)
{
    return who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_OWN;
}

/* to: where it goes; NULL: nowhere. */
static enum err aside_audit(struct req *rq, const struct dicom_aside *aside,
                            const struct image_target *to, struct str what)
{
    struct audit_rec rec = {.action = AUDIT_UPDATE, .why = why_by(rq), .detail = what,
                            .type = T_IMAGING_STUDY};
    struct str named = to != NULL && to->row.id.n > 0 ? to->row.id : aside->case_id;

    if (named.n > 0) {
        rec.case_type = T_SERVICE_REQUEST;
        rec.case_id = named;
    }
    if (to != NULL && to->patient.id.n > 0) {
        rec.patient_type = T_PATIENT;
        rec.patient_id = to->patient.id;
    }
    return audit_add(rq, &rec);
}

/* Other bytes take the place of the known ones, which stay with the row. */
static enum err accept_bytes(struct req *rq, struct tx *tx, const struct dicom_aside *aside,
                             const struct image_item *item, const struct image_target *to,
                             struct blob_ref *ret_kept)
{
    bool may = false;

    struct dicom_instance was;
    struct dicom_series series;
    struct dicom_study study;

    TRY(dicom_instance_find(rq, aside->instance, &was, &series, &study));
    if (!str_eq(study.uid, item->study.uid) || !str_eq(series.uid, item->series.uid)
        || !str_eq(was.sop_class, item->inst.sop_class)) {
        return FAIL(rq, E_CONFLICT, "it is of another study, series or kind");
    }
    TRY(image_may_join(rq, &study, to->row.id, false, &may));
    if (!may) {
        return FAIL(rq, E_CONFLICT, "the study is of other cases");
    }
    TRY(dicom_instance_replace(rq, tx, &study, &series, &was, &item->inst));
    *ret_kept = was.blob; /* uses: one each, changed places */
    return OK;
}

static enum err accept_study(struct req *rq, struct tx *tx, const struct dicom_aside *aside,
                             const struct image_target *to)
{
    struct dicom_study s;
    struct image_group *g = ARENA_NEW(rq->a, struct image_group);

    TRY_MEM(rq, g);
    TRY(dicom_study_find(rq, aside->study, &s));
    if (s.patient != 0 && s.patient != to->patient.rid) {
        return FAIL(rq, E_CONFLICT, "the study is of another patient");
    }
    TRY(image_group_load(rq, &s, g));
    TRY(image_group_show(rq, g, to));
    return image_group_end(rq, tx, g);
}

/* An image of "another" patient: into its study, shown in the case, or where that study is. */
static enum err accept_image(struct req *rq, struct tx *tx, const struct image_item *item,
                             const struct image_target *to)
{
    struct image_group *g = ARENA_NEW(rq->a, struct image_group);
    struct dicom_study s = item->study;
    struct dicom_instance inst;
    bool may = true;

    TRY_MEM(rq, g);
    enum err e = dicom_instance_find(rq, item->inst.uid, &inst, NULL, NULL);
    if (e == OK) {
        return FAIL(rq, E_CONFLICT, "the image is stored already");
    }
    err_clear(rq);
    e = dicom_study_find(rq, item->study.uid, &s);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        e = OK;
    }
    TRY(e);
    if (to->row.id.n == 0 && s.key == 0) {
        return FAIL(rq, E_CONFLICT, "which case");
    }
    if (s.patient != 0 && to->row.id.n > 0 && s.patient != to->patient.rid) {
        return FAIL(rq, E_CONFLICT, "the study is of another patient");
    }
    TRY(s.key != 0 ? image_may_join(rq, &s, to->row.id, true, &may) : OK);
    if (!may) {
        return FAIL(rq, E_CONFLICT, "the study is of other cases");
    }
    TRY(image_group_load(rq, &s, g));
    TRY(image_group_show(rq, g, to));
    TRY(dicom_put_add(rq, &g->put, &item->series, &item->inst));
    return image_group_end(rq, tx, g);
}

enum err imaging_accept(struct req *rq, struct tx *tx, struct str id, struct str case_id,
                        struct str reason)
{
    struct dicom_aside aside;
    struct blob_ref kept;
    struct image_from from = {.source = S("")};
    struct image_target to = {.from = &from};
    struct image_out out;

    TRY(aside_open(rq, id, reason, &aside));
    if (aside.reason == DICOM_ASIDE_BROKEN) {
        return FAIL(rq, E_CONFLICT, "it cannot be read");
    }
    struct str key = case_id.n > 0 ? case_id : aside.case_id;
    if (key.n > 0) {
        TRY(open_case(rq, key, &to));
    }
    kept = aside.blob;
    from.source = aside.source;
    from.org = aside.org;
    if (aside.whole) {
        TRY(accept_study(rq, tx, &aside, &to));
    } else {
        struct image_in in = {aside.blob, aside.title};
        struct image_item item = {.in = &in, .from = &from, .out = &out};
        TRY(image_read(rq, &item));
        if (item.broken) {
            return FAIL(rq, E_CONFLICT, "it cannot be read");
        }
        if (aside.reason == DICOM_ASIDE_BYTES) {
            TRY(accept_bytes(rq, tx, &aside, &item, &to, &kept));
        } else {
            TRY(accept_image(rq, tx, &item, &to));
            TRY(TX_SQL(tx, W_BLOB_DROP, 0, blob_val(rq, &aside.blob)));
        }
    }
    TRY(dicom_aside_end(rq, tx, &aside, DICOM_ASIDE_ACCEPTED, &kept, reason));
    return aside_audit(rq, &aside, &to, S("image accepted"));
}

/* A whole study that nobody else shows leaves with its rows. */
static enum err discard_study(struct req *rq, struct tx *tx, struct str uid)
{
    struct dicom_place places[DICOM_PLACES_MAX];
    struct dicom_study s;
    uint32_t n = 0;
    enum err e = dicom_study_find(rq, uid, &s);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(dicom_places(rq, s.key, places, &n));
    return n > 0 ? OK : dicom_study_end(tx, &s, NULL, 0);
}

enum err imaging_discard(struct req *rq, struct tx *tx, struct str id, struct str reason)
{
    struct dicom_aside aside;

    TRY(aside_open(rq, id, reason, &aside));
    TRY(aside.whole ? discard_study(rq, tx, aside.study)
                    : TX_SQL(tx, W_BLOB_DROP, 0, blob_val(rq, &aside.blob)));
    TRY(dicom_aside_end(rq, tx, &aside, DICOM_ASIDE_DISCARDED, NULL, reason));
    return aside_audit(rq, &aside, NULL, S("image discarded"));
}

/* ---- a draft ---- */

/* A draft that was sent is a case, also when a window left open saved it once more. */
static enum err is_sent(struct req *rq, struct str draft, bool *ret_sent)
{
    struct case_row row;
    enum err e = case_row_load(rq, draft, &row);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
    }
    *ret_sent = e == OK;
    return e == E_NOT_FOUND ? OK : e;
}

static enum err own_draft(struct req *rq, struct str draft)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};

    enum err e = DB_ONE(rq, &q, Q_DRAFT, sql_text(rq->who->person), sql_text(draft));
    return e == E_NOT_FOUND ? FAIL(rq, E_NOT_FOUND, "draft") : e;
}

/* The same, with images of its own. */
static enum err own_images(struct req *rq, struct str draft)
{
    bool sent = false;

    TRY(own_draft(rq, draft));
    TRY(is_sent(rq, draft, &sent));
    return sent ? FAIL(rq, E_NOT_FOUND, "draft") : OK;
}

static enum err take_out(struct req *rq, struct tx *tx, struct str draft, const struct dicom_study *s)
{
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;

    TRY(dicom_places(rq, s->key, places, &n));
    TRY(n > 1 ? dicom_place_end(tx, s->uid, draft) : dicom_study_end(tx, s, places, n));
    return audit_add(rq, &(struct audit_rec){.action = AUDIT_UPDATE, .why = why_by(rq),
                                             .case_type = T_SERVICE_REQUEST, .case_id = draft,
                                             .detail = S("images taken out")});
}

enum err imaging_take_out(struct req *rq, struct tx *tx, struct str draft, struct str study_uid)
{
    struct dicom_place here;
    struct dicom_study s;

    TRY(own_images(rq, draft));
    TRY(dicom_study_find(rq, study_uid, &s));
    TRY(dicom_place_find(rq, s.key, draft, &here));
    return take_out(rq, tx, draft, &s);
}

/* Keys of the studies found: their texts live for the call only. */
struct drafted {
    int64_t *keys;
    uint32_t n, cap;
};

static enum err keep_key(struct req *rq, const struct dicom_hit *hit, void *ctx)
{
    struct drafted *d = ctx;

    (void)rq;
    if (d->n < d->cap) {
        d->keys[d->n++] = hit->study->key;
    }
    return OK;
}

static enum err of_draft(struct req *rq, struct str draft, uint32_t n, struct dicom_study *ret_studies,
                         uint32_t *ret_n, struct dicom_aside *ret_asides, uint32_t *ret_n_asides)
{
    struct drafted d = {.keys = ARENA_ARRAY(rq->a, n, int64_t), .cap = n};
    struct dicom_found found;
    const struct dicom_query q = {.level = DICOM_STUDY, .case_id = draft, .limit = n,
                                  .each = keep_key, .each_ctx = &d};

    TRY_MEM(rq, d.keys);
    TRY(dicom_search(rq, &q, &found));
    for (uint32_t i = 0; i < d.n; i++) {
        TRY(dicom_study_load(rq, d.keys[i], &ret_studies[i]));
    }
    TRY(dicom_asides_of_case(rq, draft, n, ret_asides, ret_n_asides));
    *ret_n = d.n;
    return OK;
}

enum err imaging_of_draft(struct req *rq, struct str draft, uint32_t n, struct dicom_study *ret_studies,
                          uint32_t *ret_n, struct dicom_aside *ret_asides, uint32_t *ret_n_asides)
{
    TRY(own_images(rq, draft));
    return of_draft(rq, draft, n, ret_studies, ret_n, ret_asides, ret_n_asides);
}

/* What one transaction takes out of a draft. */
struct draft_part {
    struct dicom_study *studies;
    struct dicom_aside *asides;
    uint32_t n, n_asides;
    bool more; /* there may be */
};

static enum err part_load(struct req *rq, struct str draft, struct draft_part *ret_part)
{
    struct draft_part p = {.studies = ARENA_ARRAY(rq->a, DRAFT_MOST, struct dicom_study),
                           .asides = ARENA_ARRAY(rq->a, DRAFT_MOST, struct dicom_aside)};
    bool sent = false;

    TRY_MEM(rq, p.studies);
    TRY_MEM(rq, p.asides);
    TRY(is_sent(rq, draft, &sent));
    if (!sent) {
        TRY(of_draft(rq, draft, DRAFT_MOST, p.studies, &p.n, p.asides, &p.n_asides));
    }
    p.more = p.n == DRAFT_MOST || p.n_asides == DRAFT_MOST;
    *ret_part = p;
    return OK;
}

static enum err part_end(struct req *rq, struct tx *tx, struct str draft, const struct draft_part *p,
                         struct str why)
{
    for (uint32_t i = 0; i < p->n; i++) {
        TRY(take_out(rq, tx, draft, &p->studies[i]));
    }
    for (uint32_t i = 0; i < p->n_asides; i++) {
        const struct dicom_aside *aside = &p->asides[i];
        TRY(aside->whole ? OK : TX_SQL(tx, W_BLOB_DROP, 0, blob_val(rq, &aside->blob)));
        TRY(dicom_aside_end(rq, tx, aside, DICOM_ASIDE_DISCARDED, NULL, why));
        TRY(aside_audit(rq, aside, NULL, S("image discarded")));
    }
    return OK;
}

enum err image_draft_end(struct req *rq, struct tx *tx, struct str draft, struct str why, bool *ret_more)
{
    struct draft_part p;

    TRY(part_load(rq, draft, &p));
    TRY(part_end(rq, tx, draft, &p, why));
    *ret_more = p.more;
    return OK;
}

enum err imaging_draft_end(struct req *rq, struct tx *tx, struct str draft)
{
    struct draft_part p;
    const struct str why = S("draft discarded");

    TRY(own_draft(rq, draft));
    TRY(part_load(rq, draft, &p));
    while (p.more) {
        struct tx *part = tx_new(rq);
        TRY_MEM(rq, part);
        TRY(part_end(rq, part, draft, &p, why));
        TRY(store_commit(care_of(rq)->store, rq, part));
        TRY(part_load(rq, draft, &p));
    }
    return part_end(rq, tx, draft, &p, why);
}

/* ---- the end of a study ---- */

enum err imaging_remove(struct req *rq, struct tx *tx, struct str study_uid, struct str why)
{
    struct dicom_study s;
    struct dicom_place places[DICOM_PLACES_MAX];
    uint32_t n = 0;

    if (!who_may(rq->who, IS_SYSTEM)) {
        return FAIL(rq, E_FORBIDDEN, "studies are removed by rules");
    }
    TRY(dicom_study_find(rq, study_uid, &s));
    TRY(dicom_places(rq, s.key, places, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct res_row row;
        if (places[i].imaging == 0) {
            continue;
        }
        TRY(db_head_rid(rq, places[i].imaging, &row));
        if (row.deleted) {
            continue;
        }
        TRY(tx_delete(tx, T_IMAGING_STUDY, row.id, (int64_t)row.version));
        struct audit_rec rec = {.action = AUDIT_DELETE, .why = WHY_SYSTEM, .type = T_IMAGING_STUDY,
                                .id = row.id, .detail = why};
        if (s.patient != 0) {
            struct res_row whose;
            TRY(db_head_rid(rq, s.patient, &whose));
            rec.patient_type = T_PATIENT;
            rec.patient_id = whose.id;
            rec.patient_rid = s.patient;
        }
        if (places[i].case_id.n > 0) {
            rec.case_type = T_SERVICE_REQUEST;
            rec.case_id = places[i].case_id;
        }
        TRY(audit_add(rq, &rec));
    }
    return dicom_study_end(tx, &s, places, n);
}
