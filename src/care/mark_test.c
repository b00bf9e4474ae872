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

/* A picture of 5 x 4 pixels. Its ellipses have their middles and ends where they say; what lies in them was
 * counted by hand. */
static void an_ellipse_has_the_values_of_its_pixels(void **state)
{
    (void)state;
    static const int32_t v[20] = {0,  10, 20, 30, 40,
                                  50, 60, 70, 80, 90,
                                  -5, -4, -3, -2, -1,
                                  7,  7,  7,  7,  1000};
    static const struct {
        const char *points;
        double slope, intercept;
        const char *want[MARK_AREA];
    } all[] = {
        /* one pixel, 70; the circle of radius 0.9 around its middle reaches no other middle */
        {"[2.5,0.6],[2.5,2.4],[1.6,1.5],[3.4,1.5]", 1, 0, {"70.0", "0.0", "70.0", "70.0"}},
        /* radius 1, the edge belongs to it: 20 60 70 80 -3; sum 227, squares 15309, n 5:
         * mean 45.4, variance (5 x 15309 - 227^2) / 25 = 25016 / 25 = 1000.64 */
        {"[2.5,0.5],[2.5,2.5],[1.5,1.5],[3.5,1.5]", 1, 0, {"45.4", "31.6", "-3.0", "80.0"}},
        /* the same through 2 v - 1024, and through -0.5 v + 3: least and greatest change places */
        {"[2.5,0.5],[2.5,2.5],[1.5,1.5],[3.5,1.5]", 2, -1024, {"-933.2", "63.3", "-1030.0", "-864.0"}},
        {"[2.5,0.5],[2.5,2.5],[1.5,1.5],[3.5,1.5]", -0.5, 3, {"-19.7", "15.8", "-37.0", "4.5"}},
        /* points the other way round are the same ellipse */
        {"[3.5,1.5],[1.5,1.5],[2.5,2.5],[2.5,0.5]", 1, 0, {"45.4", "31.6", "-3.0", "80.0"}},
        /* half axes 2 and 0.4, turned: along the diagonal from 0.5,0.5 to 3.5,3.5: 0 60 -3 7;
         * sum 64, squares 3658, variance (4 x 3658 - 4096) / 16 = 658.5 */
        {"[1.7,2.3],[2.3,1.7],[0.4,0.4],[3.6,3.6]", 1, 0, {"16.0", "25.7", "-3.0", "60.0"}},
        /* reaches beyond the image: all of it; sum 1463, squares 1028751, n 20:
         * mean 73.15, variance (20 x 1028751 - 1463^2) / 400 = 18434651 / 400 */
        {"[2.5,-40],[2.5,44],[-40,2],[45,2]", 1, 0, {"73.2", "214.7", "-5.0", "1000.0"}},
        /* between the middles, and beside the image: none */
        {"[2,1.8],[2,2.2],[1.8,2],[2.2,2]", 1, 0, {"", "", "", ""}},
        {"[-9,1],[-9,3],[-10,2],[-8,2]", 1, 0, {"", "", "", ""}},
    };
    struct mark_scale s = scale_of("0.7", "0.3", true);
    for (size_t i = 0; i < LEN(all); i++) {
        struct buf b;
        struct render_values px = {.rows = 4, .columns = 5, .v = v, .slope = all[i].slope,
                                   .intercept = all[i].intercept};
        buf_init(&b, keep.a, 512);
        BUF_LIT(&b, "{\"tool\":\"ellipse\",\"value\":-77,\"more\":{\"least\":-78},\"points\":[");
        buf_str(&b, str_z(all[i].points));
        BUF_LIT(&b, "]}");
        buf_char(&b, 0);
        struct mark m = read_mark(buf_get(&b).p);
        MUST(&keep, mark_reckon(&keep, &s, &m));
        MUST(&keep, mark_levels(&keep, &px, &m));
        for (size_t k = 0; k < MARK_AREA; k++) {
            if (!str_eq(m.parts[k], str_z(all[i].want[k]))) {
                fail_msg("%zu, %zu: %.*s, not %s", i, k, STR_ARG(m.parts[k]), all[i].want[k]);
            }
        }
        assert_true(m.parts[MARK_AREA].n > 0);
    }
}

/* Stored values as large as they come: their squares and sums stay exact. */
static void values_are_summed_exactly(void **state)
{
    (void)state;
    static int32_t v[4096];
    struct render_values px = {.rows = 64, .columns = 64, .v = v, .slope = 1};
    struct mark m = read_mark("{\"tool\":\"ellipse\",\"points\":[[32,-100000],[32,100000],[-100000,32],[100000,32]]}");

    for (size_t i = 0; i < LEN(v); i++) {
        v[i] = i % 2 == 0 ? INT32_MAX : INT32_MIN;
    }
    MUST(&keep, mark_levels(&keep, &px, &m));
    assert_true(str_eq(m.parts[MARK_MEAN], S("-0.5")) && str_eq(m.parts[MARK_DEVIATION], S("2147483647.5")));
    for (size_t i = 0; i < LEN(v); i++) {
        v[i] = INT32_MAX - (i == 0);
    }
    MUST(&keep, mark_levels(&keep, &px, &m));
    assert_true(str_eq(m.parts[MARK_LEAST], S("2147483646.0")) && str_eq(m.parts[MARK_MOST], S("2147483647.0")));
    assert_true(str_eq(m.parts[MARK_MEAN], S("2147483647.0")) && str_eq(m.parts[MARK_DEVIATION], S("0.0")));
}

/* ---- ultrasound regions ---- */

struct region_made {
    unsigned x0, y0, x1, y1, unit_x, unit_y, flags;
    double x_cm, y_cm;
};

static void number_of(struct buf *b, unsigned element, const char vr[3], const void *value, size_t n)
{
    made_16(b, 0x18);
    made_16(b, element);
    buf_bytes(b, vr, 2);
    made_16(b, (unsigned)n);
    buf_bytes(b, value, n);
}

static struct str regions_made(const struct region_made *all, size_t n)
{
    struct buf b;

    buf_init(&b, keep.a, 8192);
    BUF_LIT(&b, "\x18\0\x11\x60SQ\0\0\xff\xff\xff\xff");
    for (size_t i = 0; i < n; i++) {
        const struct region_made *r = &all[i];
        const uint32_t box[] = {r->flags, r->x0, r->y0, r->x1, r->y1};
        const unsigned at[] = {0x6016, 0x6018, 0x601a, 0x601c, 0x601e};
        BUF_LIT(&b, "\xfe\xff\0\xe0\xff\xff\xff\xff");
        for (size_t k = 0; k < LEN(box); k++) {
            number_of(&b, at[k], "UL", &box[k], 4);
        }
        made_us(&b, 0x18, 0x6024, r->unit_x);
        made_us(&b, 0x18, 0x6026, r->unit_y);
        number_of(&b, 0x602c, "FD", &r->x_cm, 8);
        number_of(&b, 0x602e, "FD", &r->y_cm, 8);
        BUF_LIT(&b, "\xfe\xff\x0d\xe0\0\0\0\0");
    }
    BUF_LIT(&b, "\xfe\xff\xdd\xe0\0\0\0\0");
    return buf_get(&b);
}

/* Two pictures in centimetres beside each other, one of them 0.02 x 0.01, below them a trace in seconds, and
 * a scale of low priority over a corner of the first. */
static void lengths_of_ultrasound_are_in_the_units_of_their_region(void **state)
{
    (void)state;
    static const struct region_made made[] = {
        {.x0 = 80, .y0 = 10, .x1 = 99, .y1 = 40, .unit_x = 3, .unit_y = 3, .flags = 1, .x_cm = 9, .y_cm = 9},
        {.x0 = 10, .y0 = 10, .x1 = 99, .y1 = 99, .unit_x = 3, .unit_y = 3, .x_cm = 0.02, .y_cm = 0.01},
        {.x0 = 100, .y0 = 10, .x1 = 199, .y1 = 99, .unit_x = 3, .unit_y = 3, .x_cm = 0.05, .y_cm = -0.05},
        {.x0 = 10, .y0 = 110, .x1 = 199, .y1 = 150, .unit_x = 4, .unit_y = 7, .x_cm = 0.1, .y_cm = 0.1},
    };
    static const struct {
        const char *points, *shown;
    } all[] = {
        {"[20,20],[60,20]", "8.0 mm"},
        {"[20,20],[20,60]", "4.0 mm"},
        {"[85,20],[95,20]", "2.0 mm"}, /* not of the scale */
        {"[120,20],[150,60]", "25.0 mm"},
        {"[100,20],[130,60]", "25.0 mm"}, /* its first pixel belongs to it alone */
        {"[90,20],[120,60]", "50.0 points of the image (across two regions)"},
        {"[0,20],[30,60]", "50.0 points of the image (outside the calibrated regions)"},
        {"[90,20],[90,105]", "85.0 points of the image (outside the calibrated regions)"},
        {"[20,120],[60,120]", "40.0 points of the image (the region is not in centimetres)"},
    };
    struct made file = {.study = "1.2", .series = "1.3", .sop = "1.4", .modality = "US",
                        .regions = regions_made(made, LEN(made))};
    struct dicom_image image;
    struct dicom_file f;

    MUST(&keep, dicom_file_open(&keep, made_file(keep.a, &file), NULL, &f));
    MUST(&keep, dicom_image_read(&keep, &f, 0, &image));
    for (size_t i = 0; i < LEN(all); i++) {
        struct mark_scale s;
        struct buf b;
        buf_init(&b, keep.a, 512);
        BUF_LIT(&b, "{\"tool\":\"length\",\"points\":[");
        buf_str(&b, str_z(all[i].points));
        BUF_LIT(&b, "]}");
        buf_char(&b, 0);
        struct mark m = read_mark(buf_get(&b).p);
        MUST(&keep, mark_scale_of(&keep, &f, &image, &m, &s));
        MUST(&keep, mark_reckon(&keep, &s, &m));
        if (!str_eq(mark_value_text(&keep, &m), str_z(all[i].shown))) {
            fail_msg("%s: %.*s", all[i].points, STR_ARG(mark_value_text(&keep, &m)));
        }
    }
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

static void send_coded(struct str case_id, const char *study, const char *sop, const char *syntax)
{
    struct req rq;
    struct image_out out;
    const struct made m = {.study = study, .series = "1.2.3.9", .sop = sop, .modality = "CR",
                           .patient_id = "A-17", .name = "Ахметова^Айгуль", .birth = "19720504",
                           .date = "20240501", .time = "101112", .spacing = "0.5\\0.5", .number = 4,
                           .syntax = syntax, .pixel = 42};
    const struct image_from from = {.source = S("upload:asker"), .key = case_id};

    as(&rq, person_who(&keep, "asker"));
    struct image_in in = {.title = S("film.dcm")};
    MUST(&rq, blob_put_bytes(&rq, region.store, made_file(rq.a, &m), &in.blob));
    MUST(&rq, imaging_store(&rq, &from, &in, 1, &out));
    assert_int_equal(out.fate, IMAGE_STORED);
    req_done(&rq);
}

static void send_image(struct str case_id, const char *study, const char *sop)
{
    send_coded(case_id, study, sop, NULL);
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
    }
    return end_with(&rq, tx, e);
}

static enum err remove_as(const char *person, struct str id, const char *study, struct str mark)
{
    struct req rq;

    as(&rq, person_who(&keep, person));
    struct tx *tx = tx_new(&rq);
    enum err e = mark_remove(&rq, tx, id, str_z(study), mark);
    return end_with(&rq, tx, e);
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
    assert_true(str_eq(mark_place_text(&keep, &all[0]), S("X-ray · 01.05.2024, series 1, image 4")));
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

/* Whatever a viewer says of the values; but where the server cannot read them, they are the viewer's. */
static void values_are_the_servers_where_it_reads_the_image(void **state)
{
    (void)state;
#define VALUED(sop, value)                                                                              \
    "{\"tool\":\"ellipse\",\"sop\":\"" sop "\",\"value\":" value ",\"points\":[[1,0],[1,2],[0,1],[2,1]]," \
    "\"more\":{\"deviation\":5,\"least\":1,\"most\":2}}"
    static const char ellipse[] = VALUED("1.2.3.710.1", "999");
    static const char lossless[] = VALUED("1.2.3.711.1", "41.26");
    struct str id = a_case(&keep);
    const struct mark *all;
    struct str mark;

    send_coded(id, "1.2.3.710", "1.2.3.710.1", NULL);
    send_coded(id, "1.2.3.711", "1.2.3.711.1", "1.2.840.10008.1.2.4.70");
    assert_int_equal(put_as("asker", id, "1.2.3.710", ellipse, &mark), OK);
    assert_int_equal(put_as("asker", id, "1.2.3.711", lossless, &mark), OK);
    assert_int_equal(marks_of(id, "", &all), 2);
    assert_true(str_eq(mark_value_text(&keep, &all[0]),
                       S("mean 42.0, standard deviation 0.0, from 42.0 to 42.0, area 0.8 mm²")));
    assert_false(all[0].levels_seen);
    assert_true(str_eq(mark_value_text(&keep, &all[1]),
                       S("mean 41.3, standard deviation 5.0, from 1.0 to 2.0, area 0.8 mm² "
                         "(values as the viewer reckoned them)")));
    assert_true(all[1].levels_seen);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_and_angles_are_those_of_the_points),
        cmocka_unit_test(an_ellipse_has_its_area),
        cmocka_unit_test(an_ellipse_has_the_values_of_its_pixels),
        cmocka_unit_test(values_are_summed_exactly),
        cmocka_unit_test(lengths_of_ultrasound_are_in_the_units_of_their_region),
        cmocka_unit_test(what_is_no_mark_is_refused),
        cmocka_unit_test(marks_are_kept_changed_and_removed_by_who_made_them),
        cmocka_unit_test(values_are_the_servers_where_it_reads_the_image),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
