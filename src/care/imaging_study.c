/* care/imaging_study.c - the ImagingStudy of a place: what a study holds, said in FHIR.
 *
 * Written with every change of the study, so it stays small: instances are listed while there are few, of
 * more only how many each series has (DICOMweb lists them), and at most SERIES_LISTED series. Otherwise a
 * study sent slice by slice would be written again with all slices each time. */
#include "care/imaging_int.h"
#include "codec/dicom.h"

enum { INSTANCES_LISTED = 32, SERIES_LISTED = 500, BODY_MAX = 512 << 10 };

#define DCM S("http://dicom.nema.org/resources/ontology/DCM")

static void put_modality(struct json_out *o, struct str code)
{
    json_ks(o, S("system"), DCM);
    json_ks(o, S("code"), code.n > 0 ? code : S("OT"));
}

static void put_text(struct json_out *o, struct str key, struct str text)
{
    text = str_trim(text);
    if (text.n > 0) {
        json_ks(o, key, text);
    }
}

static void put_number(struct json_out *o, int64_t n)
{
    if (n >= 0 && n <= INT32_MAX) {
        json_ki(o, S("number"), n);
    }
}

static void put_urn(struct json_out *o, struct str key, struct str uid)
{
    struct buf b;

    buf_init(&b, o->b->a, DICOM_UID_MAX + 16);
    BUF_LIT(&b, "urn:oid:");
    buf_str(&b, uid);
    json_ks(o, key, buf_get(&b));
}

static void put_identifiers(struct json_out *o, const struct dicom_study *s)
{
    json_k(o, S("identifier"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("system"), S("urn:dicom:uid"));
    put_urn(o, S("value"), s->uid);
    json_obj_end(o);
    if (str_trim(s->accession).n > 0) {
        json_obj(o);
        json_k(o, S("type"));
        json_obj(o);
        put_coding(o, S("http://terminology.hl7.org/CodeSystem/v2-0203"), S("ACSN"), (struct str){0});
        json_obj_end(o);
        json_ks(o, S("value"), str_trim(s->accession));
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* Whose it is; of nobody's study, the number it was sent with. */
static void put_subject(struct json_out *o, const struct image_group *g)
{
    const struct dicom_study *s = &g->put.study;

    if (g->patient.id.n > 0) {
        put_ref(o, S("subject"), T_PATIENT, g->patient.id);
        return;
    }
    json_k(o, S("subject"));
    json_obj(o);
    if (str_trim(s->patient_id).n > 0) {
        json_k(o, S("identifier"));
        json_obj(o);
        json_ks(o, S("value"), str_trim(s->patient_id));
        json_obj_end(o);
    }
    struct buf name;
    buf_init(&name, o->b->a, 1024);
    dicom_name(&name, s->name);
    json_ks(o, S("display"), buf_get(&name).n > 0 ? buf_get(&name) : S("?"));
    json_obj_end(o);
}

static bool two(struct str s, size_t at, unsigned max, struct buf *b, char before)
{
    struct str d = str_sub(s, at, 2);
    uint64_t v = 0;

    if (d.n != 2 || !str_u64(d, &v) || v > max) {
        return false;
    }
    buf_char(b, before);
    buf_str(b, d);
    return true;
}

/* "2024-05-01T10:11:12+05:00", of what is there. */
static void put_started(struct json_out *o, const struct dicom_study *s, const struct zone *zone)
{
    struct buf b;
    struct civil day;

    buf_init(&b, o->b->a, 64);
    buf_str(&b, str_sub(s->date, 0, 4));
    if (s->date.n != 8 || !two(s->date, 4, 12, &b, '-') || !two(s->date, 6, 31, &b, '-')
        || !date_parse(buf_get(&b), &day)) {
        return;
    }
    size_t n = b.n;
    if (two(s->time, 0, 23, &b, 'T') && two(s->time, 2, 59, &b, ':') && two(s->time, 4, 59, &b, ':')) {
        zone_write(&b, zone, buf_get(&b));
    } else {
        buf_truncate(&b, n);
    }
    json_ks(o, S("started"), buf_get(&b));
}

static enum err put_instance(struct req *rq, const struct dicom_instance *i, void *ctx)
{
    struct json_out *o = ctx;

    (void)rq;
    json_obj(o);
    json_ks(o, S("uid"), i->uid);
    json_k(o, S("sopClass"));
    json_obj(o);
    json_ks(o, S("system"), S("urn:ietf:rfc:3986"));
    put_urn(o, S("code"), i->sop_class);
    json_obj_end(o);
    put_number(o, i->number);
    put_text(o, S("title"), i->title);
    json_obj_end(o);
    return OK;
}

static enum err put_instances(struct req *rq, struct json_out *o, const struct image_group *g,
                              uint32_t at)
{
    const struct dicom_put *p = &g->put;

    json_k(o, S("instance"));
    json_arr(o);
    if (p->series[at].row.key != 0) {
        TRY(dicom_instance_each(rq, p->series[at].row.key, put_instance, o));
    }
    for (uint32_t i = 0; i < p->n_instances; i++) {
        if (p->instances[i].series == at) {
            TRY(put_instance(rq, &p->instances[i].row, o));
        }
    }
    json_arr_end(o);
    return OK;
}

static enum err put_series(struct req *rq, struct json_out *o, const struct image_group *g)
{
    const struct dicom_put *p = &g->put;

    json_k(o, S("series"));
    json_arr(o);
    for (uint32_t i = 0; i < p->n_series && i < SERIES_LISTED; i++) {
        const struct dicom_series *s = &p->series[i].row;
        json_obj(o);
        json_ks(o, S("uid"), s->uid);
        put_number(o, s->number);
        json_k(o, S("modality"));
        json_obj(o);
        put_modality(o, s->modality);
        json_obj_end(o);
        put_text(o, S("description"), s->description);
        json_ki(o, S("numberOfInstances"), s->n_instances);
        if (p->study.n_instances <= INSTANCES_LISTED) {
            TRY(put_instances(rq, o, g, i));
        }
        json_obj_end(o);
    }
    json_arr_end(o);
    return OK;
}

static void put_modalities(struct json_out *o, struct str modalities)
{
    struct str one;

    if (modalities.n == 0) {
        return;
    }
    json_k(o, S("modality"));
    json_arr(o);
    while (str_cut(&modalities, '\\', &one)) {
        json_obj(o);
        put_modality(o, one);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* The version that is there now; TX_ANY: none, or it was deleted. */
static enum err present_version(struct req *rq, const struct image_place *place, int64_t *ret_expect)
{
    struct res_row row;

    *ret_expect = TX_NEW;
    if (place->is_new || place->row.imaging == 0) {
        return OK;
    }
    TRY(db_head_rid(rq, place->row.imaging, &row));
    *ret_expect = row.deleted ? TX_ANY : (int64_t)row.version;
    return OK;
}

enum err image_study_put(struct req *rq, struct tx *tx, const struct image_group *g,
                         const struct image_place *place)
{
    const struct dicom_study *s = &g->put.study;
    struct put p;
    int64_t expect = 0;

    TRY(present_version(rq, place, &expect));
    put_begin(&p, rq, tx, T_IMAGING_STUDY, place->row.imaging_id, BODY_MAX);
    p.expect = expect;
    p.case_id = place->row.case_id;
    p.patient = g->patient.id;
    put_identifiers(&p.o, s);
    json_ks(&p.o, S("status"), S("available"));
    put_modalities(&p.o, s->modalities);
    put_subject(&p.o, g);
    put_started(&p.o, s, &care_of(rq)->zone);
    if (place->row.case_id.n > 0) {
        json_k(&p.o, S("basedOn"));
        json_arr(&p.o);
        put_ref_item(&p.o, T_SERVICE_REQUEST, place->row.case_id);
        json_arr_end(&p.o);
    }
    json_ki(&p.o, S("numberOfSeries"), s->n_series);
    json_ki(&p.o, S("numberOfInstances"), s->n_instances);
    put_text(&p.o, S("description"), s->description);
    TRY(put_series(rq, &p.o, g));
    return put_end(&p);
}
