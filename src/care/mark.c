/* care/mark.c - marks as Observations of a case. See mark.h. */
#include "care/mark_int.h"

#include "base/text.h"
#include "care/consult_int.h"
#include "codec/utf8.h"
#include "dicom/study.h"
#include "store/blob.h"
#include "store/tx.h"

enum { BODY_MAX = 64 << 10 };

static const struct str part_codes[MARK_PARTS] = {
    [MARK_MEAN] = SI("mean"), [MARK_DEVIATION] = SI("sd"), [MARK_LEAST] = SI("min"),
    [MARK_MOST] = SI("max"), [MARK_AREA] = SI("area")};

/* ---- who may ---- */

bool mark_may(struct req *rq, const struct case_row *row)
{
    return row->open
           && (access_actor(rq, row) & (ACTOR_ASKER | ACTOR_SERVICE | ACTOR_CONSULTANT)) != 0;
}

static enum err open_case(struct req *rq, struct str case_id, enum audit_action action,
                          struct case_row *ret_row)
{
    TRY(access_case(rq, case_id, action, ret_row));
    if (!ret_row->open) {
        return FAIL(rq, E_CONFLICT, "the case is closed");
    }
    return mark_may(rq, ret_row) ? OK : FAIL(rq, E_FORBIDDEN, "marks are of those who ask and answer");
}

/* ---- the image ---- */

/* The study in the case, and the image in the study. */
static enum err find_image(struct req *rq, const struct case_row *row, struct mark *m,
                           struct dicom_instance *ret_inst, struct dicom_place *ret_place)
{
    struct dicom_study study;
    struct dicom_study of;
    struct dicom_series series;

    TRY(dicom_study_find(rq, m->study, &study));
    TRY(dicom_place_find(rq, study.key, row->id, ret_place));
    TRY(dicom_instance_find(rq, m->sop, ret_inst, &series, &of));
    if (of.key != study.key || (m->series.n > 0 && !str_eq(m->series, series.uid))) {
        return FAIL(rq, E_NOT_FOUND, "no such image in the study");
    }
    m->series = series.uid;
    m->series_number = series.number;
    m->number = ret_inst->number;
    m->modality = series.modality;
    m->rows = ret_inst->rows;
    m->columns = ret_inst->columns;
    m->frames = ret_inst->frames > 0 ? ret_inst->frames : 1;
    return OK;
}

/* What the file says of the image goes into the mark. */
static enum err reckon(struct req *rq, const struct dicom_instance *inst, struct mark *m)
{
    struct dicom_file f;
    struct dicom_image image;
    struct mark_scale scale;
    struct str bytes;

    if (m->frame > m->frames) {
        return FAIL(rq, E_BAD_INPUT, "frame: the image has %u", m->frames);
    }
    TRY(blob_map(rq, care_of(rq)->store, inst->blob.sha, &bytes));
    TRY(dicom_file_open(rq, bytes, NULL, &f));
    TRY(dicom_image_read(rq, &f, m->frame - 1, &image));
    TRY(mark_scale_of(rq, &f, &image, m, &scale));
    m->hounsfield = str_eq(image.rescale_type, S("HU"))
                    || (image.rescale_type.n == 0 && str_eq(m->modality, S("CT")));
    TRY(mark_reckon(rq, &scale, m));
    return m->tool == MARK_ELLIPSE ? mark_levels_of(rq, &f, &image, m) : OK;
}

/* ---- writing ---- */

static void write_text(struct json_out *o, struct str url, struct str key, struct str text)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ks(o, key, text);
    json_obj_end(o);
}

static void write_count(struct json_out *o, struct str url, int64_t n)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_ki(o, S("valueInteger"), n);
    json_obj_end(o);
}

static void write_point(struct json_out *o, struct str url, struct str number)
{
    json_obj(o);
    json_ks(o, S("url"), url);
    json_k(o, S("valueDecimal"));
    json_v_raw(o, number);
    json_obj_end(o);
}

/* By whom the values of an ellipse were reckoned; why a length has no true size. */
static void write_ways(struct json_out *o, const struct mark *m)
{
    if (m->tool == MARK_ELLIPSE) {
        write_text(o, S("levels"), S("valueString"), m->levels_seen ? S("viewer") : S("server"));
    }
    if (m->why != MARK_WHY_UNKNOWN) {
        write_text(o, S("why"), S("valueString"), mark_why_code(m->why));
    }
}

static void write_place(struct json_out *o, const struct mark *m)
{
    json_k(o, S("extension"));
    json_arr(o);
    json_obj(o);
    json_ks(o, S("url"), S(EXT_MARK));
    json_k(o, S("extension"));
    json_arr(o);
    write_text(o, S("study"), S("valueString"), m->study);
    write_text(o, S("series"), S("valueString"), m->series);
    write_text(o, S("instance"), S("valueString"), m->sop);
    write_count(o, S("frame"), m->frame);
    write_count(o, S("rows"), m->rows);
    write_count(o, S("columns"), m->columns);
    write_ways(o, m);
    for (uint32_t i = 0; i < m->n_points; i++) {
        json_obj(o);
        json_ks(o, S("url"), S("point"));
        json_k(o, S("extension"));
        json_arr(o);
        write_point(o, S("x"), m->points[i].x);
        write_point(o, S("y"), m->points[i].y);
        json_arr_end(o);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
    json_arr_end(o);
}

/* code: UCUM; empty: points of the image, which have no unit. */
static void write_quantity(struct json_out *o, struct str value, struct str unit, struct str code)
{
    json_k(o, S("valueQuantity"));
    json_obj(o);
    json_k(o, S("value"));
    json_v_raw(o, value);
    if (unit.n > 0) {
        json_ks(o, S("unit"), unit);
    }
    if (code.n > 0) {
        json_ks(o, S("system"), S("http://unitsofmeasure.org"));
        json_ks(o, S("code"), code);
    }
    json_obj_end(o);
}

static void write_part(struct json_out *o, const struct mark *m, enum mark_part part)
{
    bool area = part == MARK_AREA;
    struct str unit = area ? (m->area_mm2 ? S("mm2") : S("points of the image"))
                           : (m->hounsfield ? S("HU") : S(""));
    struct str code = area ? (m->area_mm2 ? S("mm2") : S("")) : (m->hounsfield ? S("[hnsf'U]") : S(""));

    if (m->parts[part].n == 0) {
        return;
    }
    json_obj(o);
    put_concept(o, S("code"), S(CS_MARK), part_codes[part], (struct str){0}, (struct str){0});
    write_quantity(o, m->parts[part], unit, code);
    json_obj_end(o);
}

static void write_values(struct json_out *o, const struct mark *m)
{
    if (m->value.n > 0) {
        bool deg = str_eq(m->unit, S("deg"));
        struct str points = S("points of the image, true size not known");
        struct str unit = deg ? S("°") : m->unit.n > 0 ? m->unit : points;
        write_quantity(o, m->value, unit, m->unit);
    }
    if (m->text.n > 0) {
        json_k(o, S("note"));
        json_arr(o);
        json_obj(o);
        json_ks(o, S("text"), m->text);
        json_obj_end(o);
        json_arr_end(o);
    }
    if (m->tool == MARK_ELLIPSE) {
        json_k(o, S("component"));
        json_arr(o);
        for (size_t i = 0; i < MARK_PARTS; i++) {
            write_part(o, m, (enum mark_part)i);
        }
        json_arr_end(o);
    }
}

static enum err write_mark(struct req *rq, struct tx *tx, const struct case_row *row, struct mark *m,
                           const struct dicom_place *place, struct str status)
{
    static const struct str category = SI("imaging");
    struct put p;

    put_begin(&p, rq, tx, T_OBSERVATION, m->id, BODY_MAX);
    p.expect = m->id.n > 0 ? (int64_t)m->version : p.expect;
    p.case_id = row->id;
    p.patient = row->patient;
    json_k(&p.o, S("basedOn"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_SERVICE_REQUEST, row->id);
    json_arr_end(&p.o);
    put_ref(&p.o, S("subject"), T_PATIENT, row->patient);
    write_place(&p.o, m);
    json_ks(&p.o, S("status"), status);
    put_concepts(&p.o, S("category"), S("http://terminology.hl7.org/CodeSystem/observation-category"),
                 &category, 1);
    const char *title = mark_tool_title(m->tool);
    put_concept(&p.o, S("code"), S(CS_MARK), mark_tool_code(m->tool), str_z(title), tr(rq->lang, title));
    put_instant(&p.o, S("effectiveDateTime"), rq->now);
    put_instant(&p.o, S("issued"), rq->now);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_PRACTITIONER, rq->who->person);
    json_arr_end(&p.o);
    json_k(&p.o, S("derivedFrom"));
    json_arr(&p.o);
    put_ref_item(&p.o, T_IMAGING_STUDY, place->imaging_id);
    json_arr_end(&p.o);
    write_values(&p.o, m);
    TRY(put_end(&p));
    m->id = p.id;
    m->by = rq->who->person;
    m->by_name = rq->who->name;
    m->at = rq->now;
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row->id));
}

/* ---- reading ---- */

static struct jv extension(struct req *rq, struct jv list, struct str url)
{
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (str_eq(str_or_empty(json_str(rq->a, json_get(v, S("url")))), url)) {
            return v;
        }
    }
    return (struct jv){0};
}

static struct str place_text(struct req *rq, struct jv parts, struct str url)
{
    return str_or_empty(json_str(rq->a, json_get(extension(rq, parts, url), S("valueString"))));
}

static uint32_t place_count(struct req *rq, struct jv parts, struct str url)
{
    int64_t n = 0;
    bool has = json_i64(json_get(extension(rq, parts, url), S("valueInteger")), &n);
    return has && n > 0 && n <= INT32_MAX ? (uint32_t)n : 0;
}

static void get_points(struct req *rq, struct jv parts, struct mark *m)
{
    m->points = ARENA_ARRAY(rq->a, json_len(parts), struct mark_point);
    if (m->points == NULL) {
        return;
    }
    for (struct jv v = json_first(parts); json_has(v) && m->n_points < MARK_POINTS_MAX; v = json_next(v)) {
        struct jv xy = json_get(v, S("extension"));
        struct str x = json_raw(json_get(extension(rq, xy, S("x")), S("valueDecimal")));
        struct str y = json_raw(json_get(extension(rq, xy, S("y")), S("valueDecimal")));
        if (x.n > 0 && y.n > 0) {
            m->points[m->n_points++] = (struct mark_point){x, y};
        }
    }
}

static void get_parts(struct req *rq, struct jv root, struct mark *m)
{
    struct jv list = json_get(root, S("component"));

    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str code = str_or_empty(json_str(rq->a, json_path(v, S("code.coding.0.code"))));
        struct str unit = str_or_empty(json_str(rq->a, json_path(v, S("valueQuantity.code"))));
        for (size_t i = 0; i < MARK_PARTS; i++) {
            if (str_eq(code, part_codes[i])) {
                m->parts[i] = str_or_empty(json_raw(json_path(v, S("valueQuantity.value"))));
            }
        }
        m->hounsfield |= str_eq(unit, S("[hnsf'U]"));
        m->area_mm2 |= str_eq(unit, S("mm2"));
    }
}

bool mark_get(struct req *rq, struct jv root, struct mark *ret_mark)
{
    struct jv parts = json_get(extension(rq, json_get(root, S("extension")), S(EXT_MARK)), S("extension"));
    struct str code = str_or_empty(json_str(rq->a, json_path(root, S("code.coding.0.code"))));
    struct mark m = {.body = root};

    if (!json_has(parts) || !mark_tool_find(code, &m.tool)
        || json_is(json_get(root, S("status")), S("entered-in-error"))) {
        return false;
    }
    m.id = str_or_empty(json_str(rq->a, json_get(root, S("id"))));
    m.study = place_text(rq, parts, S("study"));
    m.series = place_text(rq, parts, S("series"));
    m.sop = place_text(rq, parts, S("instance"));
    m.frame = place_count(rq, parts, S("frame"));
    m.rows = place_count(rq, parts, S("rows"));
    m.columns = place_count(rq, parts, S("columns"));
    get_points(rq, parts, &m);
    m.value = str_or_empty(json_raw(json_path(root, S("valueQuantity.value"))));
    m.unit = str_or_empty(json_str(rq->a, json_path(root, S("valueQuantity.code"))));
    get_parts(rq, root, &m);
    m.levels_seen = m.parts[MARK_MEAN].n > 0 && !str_eq(place_text(rq, parts, S("levels")), S("server"));
    m.why = mark_why_of(place_text(rq, parts, S("why")));
    m.text = str_or_empty(json_str(rq->a, json_path(root, S("note.0.text"))));
    m.by = str_or_empty(ref_get(rq, json_at(json_get(root, S("performer")), 0), T_PRACTITIONER));
    (void)!instant_parse(str_or_empty(json_str(rq->a, json_get(root, S("effectiveDateTime")))), &m.at);
    *ret_mark = m;
    return true;
}

/* Which image it is, in what people call it; an image that has left names nothing. */
static enum err name_image(struct req *rq, struct mark *m)
{
    struct dicom_instance inst;
    struct dicom_series series;
    struct dicom_study study;

    m->series_number = m->number = DICOM_NO_NUMBER;
    enum err e = dicom_instance_find(rq, m->sop, &inst, &series, &study);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    m->series_number = series.number;
    m->number = inst.number;
    m->frames = inst.frames;
    m->modality = series.modality;
    m->date = dicom_date_shown(rq, study.date);
    m->description = str_trim(study.description);
    return OK;
}

enum err mark_list(struct req *rq, const struct case_row *row, struct str study,
                   const struct mark **ret_marks, uint32_t *ret_n)
{
    CLEANUP(list_close) struct list *l = NULL;
    const struct directory *dir = NULL;
    struct mark *v = ARENA_ARRAY(rq->a, MARKS_MAX, struct mark);
    uint32_t n = 0;
    struct hit hit;

    TRY_MEM(rq, v);
    TRY(directory_get(rq, &dir));
    TRY(list_owner(rq, row->rid, T_OBSERVATION, LIST_OLDEST, &l));
    while (n < MARKS_MAX && list_next(l, &hit)) {
        struct res_row res;
        struct jv root;
        TRY(res_load(rq, hit.rid, &res, &root));
        if (!mark_get(rq, root, &v[n]) || (study.n > 0 && !str_eq(v[n].study, study))) {
            continue;
        }
        const struct dir_person *by = dir_person(dir, v[n].by);
        v[n].by_name = by != NULL ? by->name : S("");
        v[n].version = res.version;
        TRY(name_image(rq, &v[n++]));
    }
    TRY(list_err(rq, l));
    *ret_marks = v;
    *ret_n = n;
    return OK;
}

/* ---- put, remove ---- */

static enum err own_mark(struct req *rq, const struct mark *all, uint32_t n, struct str id,
                         const struct mark **ret_mark)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(all[i].id, id)) {
            *ret_mark = &all[i];
            return str_eq(all[i].by, rq->who->person)
                       ? OK
                       : FAIL(rq, E_FORBIDDEN, "a mark is changed by who made it");
        }
    }
    return FAIL(rq, E_NOT_FOUND, "mark");
}

enum err mark_put(struct req *rq, struct tx *tx, struct str case_id, struct mark *m)
{
    const struct mark *all = NULL;
    const struct mark *old = NULL;
    struct dicom_instance inst;
    struct dicom_place place;
    struct case_row row;
    uint32_t n = 0;

    TRY(open_case(rq, case_id, m->id.n > 0 ? AUDIT_UPDATE : AUDIT_CREATE, &row));
    TRY(mark_list(rq, &row, (struct str){0}, &all, &n));
    if (m->id.n > 0) {
        TRY(own_mark(rq, all, n, m->id, &old));
        m->version = old->version;
    } else if (n == MARKS_MAX) {
        return FAIL(rq, E_TOO_LARGE, "marks: %d at most", MARKS_MAX);
    }
    TRY(find_image(rq, &row, m, &inst, &place));
    m->text = str_trim(m->text);
    if (utf8_count(m->text) > MARK_TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text: %d characters at most", MARK_TEXT_MAX);
    }
    TRY(reckon(rq, &inst, m));
    return write_mark(rq, tx, &row, m, &place, old != NULL ? S("amended") : S("final"));
}

enum err mark_remove(struct req *rq, struct tx *tx, struct str case_id, struct str study, struct str id)
{
    const struct mark *all = NULL;
    const struct mark *old = NULL;
    struct case_row row;
    struct put p;
    uint32_t n = 0;

    TRY(open_case(rq, case_id, AUDIT_UPDATE, &row));
    TRY(mark_list(rq, &row, study, &all, &n));
    TRY(own_mark(rq, all, n, id, &old));
    put_begin(&p, rq, tx, T_OBSERVATION, id, BODY_MAX);
    p.expect = (int64_t)old->version;
    p.case_id = row.id;
    p.patient = row.patient;
    json_ks(&p.o, S("status"), S("entered-in-error"));
    for (struct jv v = json_first(old->body); json_has(v); v = json_next(v)) {
        if (!json_key_is(v, S("resourceType")) && !json_key_is(v, S("id")) && !json_key_is(v, S("meta"))
            && !json_key_is(v, S("status"))) {
            json_kv(&p.o, json_key(rq, v), v);
        }
    }
    TRY(put_end(&p));
    return tx_event(tx, EVENT_CASE, store_hash(care_of(rq)->store, row.id));
}
