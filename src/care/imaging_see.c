/* care/imaging_see.c - who may see a study, and what arrived that is nobody's. */
#include "care/imaging_int.h"
#include "fhir/search.h"

enum err imaging_may(struct req *rq, int64_t imaging, void *ctx, bool *ret_may)
{
    const struct who *w = rq->who;
    struct res_row row;

    (void)ctx;
    *ret_may = false;
    if (w == NULL) {
        return OK;
    }
    struct fhir_access acc = {.all = who_may(w, IS_SYSTEM), .principals = w->principals,
                              .n = w->n_principals, .scopes = w->scope};
    enum err e = db_head_rid(rq, imaging, &row);
    if (e == E_NOT_FOUND || (e == OK && row.deleted)) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    return fhir_may_touch(rq, &acc, OP_READ, &row, ret_may);
}

/* Why the place may be seen, for the record. */
static enum err why_seen(struct req *rq, const struct dicom_place *place, struct audit_rec *rec)
{
    struct case_row row;

    rec->type = T_IMAGING_STUDY;
    rec->id = place->imaging_id;
    rec->why = who_may(rq->who, IS_SYSTEM) ? WHY_SYSTEM : WHY_REGISTRY;
    if (place->case_id.n == 0) {
        return OK;
    }
    rec->case_type = T_SERVICE_REQUEST;
    rec->case_id = place->case_id;
    TRY(case_row_load(rq, place->case_id, &row));
    return access_why(rq, &row, &rec->why);
}

/* The first place rq->who may see; NULL none. */
static enum err seen_place(struct req *rq, int64_t study, struct dicom_place *places,
                           const struct dicom_place **ret_place)
{
    uint32_t n = 0;
    bool may = false;

    TRY(dicom_places(rq, study, places, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (places[i].imaging > 0) {
            TRY(imaging_may(rq, places[i].imaging, NULL, &may));
        }
        if (may) {
            *ret_place = &places[i];
            return OK;
        }
    }
    *ret_place = NULL;
    return OK;
}

enum err imaging_open(struct req *rq, struct str study_uid, enum audit_action action,
                      struct dicom_study *ret_study)
{
    struct dicom_study s;
    struct dicom_place places[DICOM_PLACES_MAX];
    const struct dicom_place *place = NULL;
    struct audit_rec rec = {.action = action};
    enum err e = dicom_study_find(rq, study_uid, &s);

    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return FAIL(rq, E_NOT_FOUND, "study");
    }
    TRY(e);
    TRY(seen_place(rq, s.key, places, &place));
    if (s.patient != 0) {
        struct res_row row;
        TRY(db_head_rid(rq, s.patient, &row));
        rec.patient_type = T_PATIENT;
        rec.patient_id = row.id;
        rec.patient_rid = s.patient;
    }
    if (place == NULL) {
        rec.action = AUDIT_DENY;
        rec.why = WHY_NOT_TEAM;
        rec.outcome = E_NOT_FOUND;
        rec.type = T_IMAGING_STUDY;
        rec.detail = str_z(audit_action_name(action));
        TRY(audit_add(rq, &rec));
        return FAIL(rq, E_NOT_FOUND, "study");
    }
    TRY(why_seen(rq, place, &rec));
    TRY(audit_add(rq, &rec));
    *ret_study = s;
    return OK;
}

bool image_may_sort(const struct req *rq, struct str org)
{
    const struct role_ref *r = who_role(rq->who);

    if (who_may(rq->who, IS_SYSTEM)) {
        return true;
    }
    return r != NULL
           && (org.n == 0 ? (r->rights & MAY_COORDINATE) != 0
                          : str_eq(r->org, org)
                                && (r->rights & (MAY_ASK | MAY_ANSWER | MAY_COORDINATE)) != 0);
}

enum err image_may_join(struct req *rq, const struct dicom_study *s, struct str key, bool seen,
                        bool *ret_may)
{
    struct dicom_place place;

    *ret_may = image_may_sort(rq, s->org);
    if (!*ret_may && key.n > 0) {
        enum err e = dicom_place_find(rq, s->key, key, &place);
        if (e == E_NOT_FOUND) {
            err_clear(rq);
        }
        TRY(e == E_NOT_FOUND ? OK : e);
        *ret_may = e == OK;
    }
    return *ret_may || !seen ? OK : dicom_study_may(rq, s->key, imaging_may, NULL, ret_may);
}

static enum err count(struct req *rq, enum stmt_id q, struct str org, uint64_t *n)
{
    CLEANUP(db_rows_done) struct db_rows r = {0};

    TRY(DB_ONE(rq, &r, q, sql_text(org)));
    *n += db_u64(&r, 0);
    return OK;
}

enum err imaging_waiting(struct req *rq, struct images_waiting *ret_waiting)
{
    const struct role_ref *r = who_role(rq->who);
    struct images_waiting w = {0};

    if (r != NULL && image_may_sort(rq, r->org)) {
        TRY(count(rq, Q_DICOM_LOST_N, r->org, &w.studies));
        TRY(count(rq, Q_DICOM_ASIDES_ORG_N, r->org, &w.asides));
        if (image_may_sort(rq, S(""))) {
            TRY(count(rq, Q_DICOM_LOST_N, S(""), &w.studies));
            TRY(count(rq, Q_DICOM_ASIDES_ORG_N, S(""), &w.asides));
        }
    }
    *ret_waiting = w;
    return OK;
}

static enum err lost_of(struct req *rq, struct str org, int64_t before_ms, uint32_t n,
                        struct dicom_study *ret_studies, uint32_t *n_got)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;

    TRY(DB_QUERY(rq, &q, Q_DICOM_LOST, sql_text(org), sql_i64(before_ms), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && *n_got < n) {
        dicom_study_get(rq, &q, &ret_studies[(*n_got)++]);
        TRY(db_next(rq, &q, &has));
    }
    return OK;
}

static void newest_first(struct dicom_study *v, uint32_t n)
{
    for (uint32_t i = 1; i < n; i++) {
        struct dicom_study one = v[i];
        uint32_t k = i;
        for (; k > 0 && v[k - 1].created_ms < one.created_ms; k--) {
            v[k] = v[k - 1];
        }
        v[k] = one;
    }
}

enum err imaging_lost(struct req *rq, int64_t before_ms, uint32_t n, struct dicom_study *ret_studies,
                      uint32_t *ret_n)
{
    const struct role_ref *r = who_role(rq->who);
    struct dicom_study *both = ARENA_ARRAY(rq->a, 2 * (size_t)n, struct dicom_study);
    uint32_t got = 0;

    TRY_MEM(rq, both);
    if (r == NULL || !image_may_sort(rq, r->org)) {
        return FAIL(rq, E_FORBIDDEN, "no clinician");
    }
    TRY(lost_of(rq, r->org, before_ms, n, both, &got));
    if (image_may_sort(rq, S(""))) {
        uint32_t more = 0;
        TRY(lost_of(rq, S(""), before_ms, n, both + got, &more));
        got += more;
        newest_first(both, got);
    }
    got = MIN(got, n);
    for (uint32_t i = 0; i < got; i++) {
        ret_studies[i] = both[i];
    }
    struct buf what;
    buf_init(&what, rq->a, 64);
    BUF_LIT(&what, "images of nobody, ");
    buf_u64(&what, got);
    TRY(audit_add(rq, &(struct audit_rec){.action = AUDIT_SEARCH, .why = WHY_OWN,
                                          .type = T_IMAGING_STUDY, .detail = buf_get(&what)}));
    *ret_n = got;
    return OK;
}
