/* care/mark_test.c - marks on images: reckoned from their points, kept by those who ask and answer, changed
 * and removed by who made them; in the signed conclusion as chosen. */
#include "care/care_fixture.h"
#include "care/imaging.h"
#include "care/mark_int.h"
#include "codec/json.h"
#include "dicom/dicom_testing.h"

static struct req keep;

static int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

static struct mark read_mark(const char *json)
{
    struct json_doc *doc = ARENA_NEW(keep.a, struct json_doc);
    struct mark m;

    MUST(&keep, json_parse(&keep, arena_str(keep.a, str_z(json)), NULL, doc));
    MUST(&keep, mark_read(&keep, json_root(doc), &m));
    return m;
}

static struct mark_scale scale_of(const char *row, const char *column, bool known)
{
    struct mark_scale s = {.known = known, .detector = !known};

    assert_true(decimal_parse(str_z(row), &s.row) && decimal_parse(str_z(column), &s.column));
    return s;
}

static void lengths_and_angles_are_those_of_the_points(void **state)
{
    (void)state;
    static const struct {
        const char *json, *row, *column, *value, *unit;
        bool known;
    } all[] = {
        {"{\"tool\":\"length\",\"points\":[[0,0],[3,4]],\"value\":5}", "1", "1", "5.0", "mm", true},
        {"{\"tool\":\"length\",\"points\":[[0,0],[30,40]],\"value\":26.4}", "0.5", "0.7", "29.0", "mm", true},
        {"{\"tool\":\"length\",\"points\":[[0,0],[30,40]],\"value\":29,\"unit\":\"mm\"}",
         "0.5", "0.7", "50.0", "", false},
        {"{\"tool\":\"length\",\"points\":[[0,0],[30,40]],\"value\":50,\"unit\":\"px\"}",
         "0.5", "0.7", "50.0", "", false},
        {"{\"tool\":\"angle\",\"points\":[[10,0],[0,0],[0,10]],\"value\":90}", "1", "1", "90.0", "deg", true},
        {"{\"tool\":\"angle\",\"points\":[[10,0],[0,0],[-10,10]]}", "1", "1", "135.0", "deg", true},
        {"{\"tool\":\"angle\",\"points\":[[10,0],[0,0],[20,0]]}", "1", "1", "0.0", "deg", true},
        {"{\"tool\":\"angle\",\"points\":[[1,0],[0,0],[-3,0]]}", "1", "1", "180.0", "deg", true},
        {"{\"tool\":\"angle\",\"points\":[[1.5,0.5],[0.5,0.5],[1.5,1.5]]}", "2", "1", "63.4", "deg", true},
        /* two lines of a spine: 10 and 35 degrees against each other */
        {"{\"tool\":\"cobb\",\"points\":[[0,0],[100,17.632698],[0,200],[100,129.979246]],\"value\":45.0}", "1", "1",
         "45.0", "deg", true},
        {"{\"tool\":\"cobb\",\"points\":[[100,17.632698],[0,0],[0,200],[100,129.979246]]}",
         "1", "1", "45.0", "deg", true},
    };
    for (size_t i = 0; i < LEN(all); i++) {
        struct mark m = read_mark(all[i].json);
        struct mark_scale s = scale_of(all[i].row, all[i].column, all[i].known);
        if (i == 1) { /* 30 x 0.7, 40 x 0.5: 29 */
            assert_int_equal(mark_reckon(&keep, &s, &m), E_BAD_INPUT);
            err_clear(&keep);
            m.value = S("29.1");
        }
        enum err e = mark_reckon(&keep, &s, &m);
        if (e != OK || !str_eq(m.value, str_z(all[i].value)) || !str_eq(m.unit, str_z(all[i].unit))) {
            fail_msg("%s: %d %.*s %.*s", all[i].json, e, STR_ARG(m.value), STR_ARG(m.unit));
        }
    }
}

static void an_ellipse_has_its_area(void **state)
{
    (void)state;
    struct mark m = read_mark("{\"tool\":\"ellipse\",\"points\":[[10,0],[10,20],[0,10],[20,10]],"
                              "\"more\":{\"mean\":41.26,\"deviation\":3.2,\"least\":-3,\"most\":77}}");
    struct mark_scale s = scale_of("0.5", "0.5", true);

    MUST(&keep, mark_reckon(&keep, &s, &m));
    assert_true(str_eq(m.parts[MARK_AREA], S("78.5")) && m.area_mm2); /* pi 5 5 */
    assert_true(str_eq(m.parts[MARK_MEAN], S("41.3")));
    m.hounsfield = true;
    assert_true(str_eq(mark_value_text(&keep, &m),
                       S("mean 41.3 HU, standard deviation 3.2 HU, from -3.0 HU to 77.0 HU, area 78.5 mm²")));
}

static void what_is_no_mark_is_refused(void **state)
{
    (void)state;
    static const char *const unread[] = {
        "{}", "{\"tool\":\"spiral\"}", "{\"tool\":\"length\",\"frame\":0}", "{\"tool\":\"length\",\"frame\":1.5}",
        "{\"tool\":\"length\",\"points\":[[0]]}", "{\"tool\":\"length\",\"points\":[[0,\"1\"]]}",
        "{\"tool\":\"length\",\"points\":[[0,1,2]]}", "{\"tool\":\"length\",\"value\":\"5\"}",
        "{\"tool\":\"length\",\"points\":[[1e999,0],[0,0]]}",
    };
    static const char *const unreckoned[] = {
        "{\"tool\":\"length\",\"points\":[[0,0]]}",
        "{\"tool\":\"length\",\"points\":[[0,0],[0,0]]}",
        "{\"tool\":\"length\",\"points\":[[0,0],[1e9,0]]}",
        "{\"tool\":\"length\",\"points\":[[0,0],[100,0]],\"value\":102}",
        "{\"tool\":\"angle\",\"points\":[[0,0],[0,0],[1,1]]}",
        "{\"tool\":\"cobb\",\"points\":[[0,0],[1,0],[5,5],[5,5]]}",
        "{\"tool\":\"ellipse\",\"points\":[[0,0],[0,0],[5,5],[5,5]]}",
        "{\"tool\":\"key\",\"points\":[[0,0]]}",
    };
    struct mark_scale s = scale_of("1", "1", true);
    for (size_t i = 0; i < LEN(unread); i++) {
        struct json_doc doc;
        struct mark m;
        MUST(&keep, json_parse(&keep, str_z(unread[i]), NULL, &doc));
        if (mark_read(&keep, json_root(&doc), &m) != E_BAD_INPUT) {
            fail_msg("%s", unread[i]);
        }
        err_clear(&keep);
    }
    for (size_t i = 0; i < LEN(unreckoned); i++) {
        struct mark m = read_mark(unreckoned[i]);
        if (mark_reckon(&keep, &s, &m) != E_BAD_INPUT) {
            fail_msg("%s", unreckoned[i]);
        }
        err_clear(&keep);
    }
    struct buf b;
    buf_init(&b, keep.a, 4096);
    BUF_LIT(&b, "{\"tool\":\"key\",\"points\":[[0,0]");
    for (int i = 0; i < MARK_POINTS_MAX; i++) {
        BUF_LIT(&b, ",[0,0]");
    }
    BUF_LIT(&b, "]}");
    struct json_doc doc;
    struct mark m;
    MUST(&keep, json_parse(&keep, buf_get(&b), NULL, &doc));
    assert_int_equal(mark_read(&keep, json_root(&doc), &m), E_BAD_INPUT);
    err_clear(&keep);
}

/* ---- in a case ---- */

static void send_image(struct str case_id, const char *study, const char *sop)
{
    struct req rq;
    struct image_out out;
    const struct made m = {.study = study, .series = "1.2.3.9", .sop = sop, .modality = "CR",
                           .patient_id = "A-17", .name = "Ахметова^Айгуль", .birth = "19720504",
                           .date = "20240501", .time = "101112", .spacing = "0.5\\0.5", .number = 4};
    const struct image_from from = {.source = S("upload:asker"), .key = case_id};

    as(&rq, person_who(&keep, "asker"));
    struct image_in in = {.title = S("film.dcm")};
    MUST(&rq, blob_put_bytes(&rq, region.store, made_file(rq.a, &m), &in.blob));
    MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
    assert_int_equal(out.fate, IMAGE_STORED);
    req_done(&rq);
}

static enum err put_as(const char *person, struct str id, const char *study, const char *json,
                       struct str *ret_id)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct mark m = read_mark(json);
    struct tx *tx = tx_new(&rq);
    m.study = str_z(study);
    enum err e = mark_put(&rq, tx, id, &m);
    if (e == OK) {
        *ret_id = arena_str(keep.a, m.id);
        assert_non_null(rq.audit);
        return commit_end(&rq, tx);
    }
    req_done(&rq);
    return e;
}

static enum err remove_as(const char *person, struct str id, const char *study, struct str mark)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = mark_remove(&rq, tx, id, str_z(study), mark);
    if (e == OK) {
        return commit_end(&rq, tx);
    }
    req_done(&rq);
    return e;
}

static uint32_t marks_of(struct str id, const char *study, const struct mark **ret_marks)
{
    struct case_row row = row_of(&keep, id);
    uint32_t n = 0;

    MUST(&keep, mark_list(&keep, &row, str_z(study), ret_marks, &n));
    return n;
}

static void marks_are_kept_changed_and_removed_by_who_made_them(void **state)
{
    (void)state;
    static const char length[] = "{\"tool\":\"length\",\"sop\":\"1.2.3.700.1\",\"series\":\"1.2.3.9\",\"frame\":1,"
                                 "\"points\":[[0.50,0.5],[30.5,40.5]],\"value\":25.0,\"unit\":\"mm\","
                                 "\"text\":\"  C1 – C7 \"}";
    struct str id = a_case(&keep);
    struct str mark;
    struct str key;
    const struct mark *all;
    struct buf json;

    send_image(id, "1.2.3.700", "1.2.3.700.1");
    assert_int_equal(put_as("outsider", id, "1.2.3.700", length, &mark), E_NOT_FOUND);
    assert_int_equal(put_as("coord", id, "1.2.3.700", length, &mark), E_FORBIDDEN);
    assert_int_equal(put_as("asker", id, "1.2.3.701", length, &mark), E_NOT_FOUND);
    assert_int_equal(put_as("asker", id, "1.2.3.700", length, &mark), OK);
    assert_int_equal(put_as("asker", id, "1.2.3.700", "{\"tool\":\"key\",\"sop\":\"1.2.3.700.1\"}", &key), OK);
    assert_int_equal(put_as("asker", id, "1.2.3.700", "{\"tool\":\"key\",\"sop\":\"1.2.3.700.9\"}", &key),
                     E_NOT_FOUND);
    assert_int_equal(put_as("asker", id, "1.2.3.700",
                            "{\"tool\":\"key\",\"sop\":\"1.2.3.700.1\",\"frame\":2}", &key), E_BAD_INPUT);
    assert_int_equal(marks_of(id, "", &all), 2);
    assert_true(str_eq(all[0].points[0].x, S("0.50"))); /* to the digit */
    assert_true(str_eq(all[0].value, S("25.0")) && str_eq(all[0].unit, S("mm")));
    assert_true(str_eq(all[0].text, S("C1 – C7")) && str_eq(all[0].by, S("asker")));
    assert_true(str_eq(mark_place_text(&keep, &all[0]), S("CR · 01.05.2024, series 1, image 4")));
    assert_true(str_eq(json_str(keep.a, json_path(all[0].body, S("valueQuantity.code"))), S("mm")));
    assert_true(str_starts(json_str(keep.a, json_path(all[0].body, S("derivedFrom.0.reference"))),
                           S("ImagingStudy/")));
    assert_int_equal(marks_of(id, "1.2.3.701", &all), 0);

    /* changed */
    buf_init(&json, keep.a, 1024);
    BUF_LIT(&json, "{\"tool\":\"length\",\"sop\":\"1.2.3.700.1\",\"points\":[[0,0],[0,20]],\"id\":\"");
    buf_str(&json, mark);
    BUF_LIT(&json, "\"}");
    buf_char(&json, 0);
    assert_int_equal(put_as("asker2", id, "1.2.3.700", buf_get(&json).p, &key), E_FORBIDDEN);
    assert_int_equal(put_as("asker", id, "1.2.3.700", buf_get(&json).p, &key), OK);
    assert_true(str_eq(key, mark));
    assert_int_equal(marks_of(id, "1.2.3.700", &all), 2);
    for (uint32_t i = 0; i < 2; i++) {
        if (str_eq(all[i].id, mark)) {
            assert_true(str_eq(all[i].value, S("10.0")) && all[i].text.n == 0);
            assert_true(json_is(json_get(all[i].body, S("status")), S("amended")));
        }
    }

    assert_int_equal(remove_as("asker2", id, "1.2.3.700", mark), E_FORBIDDEN);
    assert_int_equal(remove_as("outsider", id, "1.2.3.700", mark), E_NOT_FOUND);
    assert_int_equal(remove_as("asker", id, "1.2.3.701", mark), E_NOT_FOUND);
    assert_int_equal(remove_as("asker", id, "1.2.3.700", mark), OK);
    assert_int_equal(remove_as("asker", id, "1.2.3.700", mark), E_NOT_FOUND);
    assert_int_equal(marks_of(id, "", &all), 1);
    struct res_row row;
    MUST(&keep, db_read(&keep, T_OBSERVATION, mark, &row));
    assert_true(row.version == 3);
    assert_true(str_find(row.body, S("entered-in-error")) < row.body.n);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_angles_are_those_of_the_points),
        cmocka_unit_test(an_ellipse_has_its_area),
        cmocka_unit_test(what_is_no_mark_is_refused),
        cmocka_unit_test(marks_are_kept_changed_and_removed_by_who_made_them),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
