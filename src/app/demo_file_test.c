/* app/demo_file_test.c - the demo's files are what they say: our DICOM reader takes them, and so do
 * dcmdump (dcmtk), pdftotext (poppler-utils) and a JPEG's marks; the same seed gives the same bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "app/demo_file.h"
#include "codec/dicom.h"

static const struct demo_ask ask = {
    .lang = LANG_RU,
    .patient = {SI("Ахметова Айгүл Серікқызы"), SI("Ахметова^Айгүл^Серікқызы"), SI("720514450123"),
                SI("1972-05-14"), true},
    .organization = SI("Районная больница Қарасу"),
    .at = {1795317845000},
    .offset_min = 300,
    .seed = 42,
};

/* Keeps the file where a person may look at it, when asked to. */
static void keep(const char *name, struct str bytes)
{
    const char *dir = getenv("CONSILIUM_KEEP_FILES");
    char path[400];
    if (dir == NULL) {
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

/* Runs a tool over the bytes in a file; skips with a line when the tool is missing. */
static void tool_reads(const char *tool, const char *arguments, struct str bytes)
{
    char cmd[300];
    char path[] = "/tmp/consilium-demo-XXXXXX";
    (void)snprintf(cmd, sizeof(cmd), "command -v %s >/dev/null 2>&1", tool);
    if (system(cmd) != 0) {
        print_message("skipped: %s is not installed\n", tool);
        return;
    }
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
    assert_int_equal(close(fd), 0);
    (void)snprintf(cmd, sizeof(cmd), "%s %s %s >/dev/null 2>&1", tool, arguments, path);
    assert_int_equal(system(cmd), 0);
    assert_int_equal(unlink(path), 0);
}

static void dicom_files_are_read(void **state)
{
    (void)state;
    static const char *const modality[] = {"CT", "CR", "US"};
    static const char *const names[] = {"ct.dcm", "cr.dcm", "us.dcm"};
    for (unsigned i = 0; i < DEMO_IMAGE_COUNT; i++) {
        struct req rq;
        struct str one;
        struct str two;
        struct str next;
        struct dicom_head h;
        struct dicom_head h2;
        req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
        assert_int_equal(demo_dicom(&rq, &ask, (enum demo_image)i, 12, &one), OK);
        assert_int_equal(demo_dicom(&rq, &ask, (enum demo_image)i, 12, &two), OK);
        assert_true(str_eq(one, two));
        assert_int_equal(dicom_read(&rq, one, true, &h), OK);
        assert_int_equal(h.flags, DICOM_PIXELS);
        assert_true(str_eq(h.modality, str_z(modality[i])));
        assert_true(str_eq(h.patient_name, ask.patient.dicom_name));
        assert_true(str_eq(h.patient_id, ask.patient.id));
        assert_true(str_eq(h.patient_birth, ask.patient.birth_date));
        assert_true(str_eq(h.patient_sex, S("F")));
        assert_true(str_eq(h.study_date, S("2026-11-22")));
        assert_true(h.rows >= 480 && h.instance_number == 12);
        assert_true(str_starts(h.study, S("2.25.")) && h.study.n <= 64);
        assert_int_equal(demo_dicom(&rq, &ask, (enum demo_image)i, 13, &next), OK);
        assert_int_equal(dicom_read(&rq, next, true, &h2), OK);
        assert_true(str_eq(h.series, h2.series) && !str_eq(h.sop_instance, h2.sop_instance));
        tool_reads("dcmdump", "-q -Un", one);
        tool_reads("dcm2pnm", "-q +Wm +op --write-raw-pnm", one);
        keep(names[i], one);
        req_done(&rq);
    }
}

static void photographs_are_jpeg(void **state)
{
    (void)state;
    static const char *const names[] = {"xray.jpg", "ecg.jpg", "skin.jpg"};
    for (unsigned i = 0; i < DEMO_PHOTO_COUNT; i++) {
        struct req rq;
        struct str one;
        struct str two;
        req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
        assert_int_equal(demo_jpeg(&rq, &ask, (enum demo_photo)i, &one), OK);
        assert_int_equal(demo_jpeg(&rq, &ask, (enum demo_photo)i, &two), OK);
        assert_true(str_eq(one, two));
        assert_true(str_starts(one, S("\xFF\xD8\xFF")) && str_ends(one, S("\xFF\xD9")));
        assert_true(one.n > 20000 && one.n < 2000000);
        keep(names[i], one);
        req_done(&rq);
    }
}

static void reports_are_pdf(void **state)
{
    (void)state;
    static const char *const names[] = {"lab.pdf", "ecg.pdf"};
    for (unsigned i = 0; i < DEMO_PAPER_COUNT; i++) {
        struct req rq;
        struct str one;
        struct str two;
        req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
        assert_int_equal(demo_pdf(&rq, &ask, (enum demo_paper)i, &one), OK);
        assert_int_equal(demo_pdf(&rq, &ask, (enum demo_paper)i, &two), OK);
        assert_true(str_eq(one, two));
        assert_true(str_starts(one, S("%PDF-")));
        tool_reads("pdftotext", "-q", one);
        keep(names[i], one);
        req_done(&rq);
    }
}

static void small_memory_is_a_failure_not_a_crash(void **state)
{
    (void)state;
    struct req rq;
    struct str out = {0};
    req_init(&rq, 64 * 1024, (struct instant){0});
    assert_int_equal(demo_dicom(&rq, &ask, DEMO_IMAGE_CT, 1, &out), E_TOO_LARGE);
    err_clear(&rq);
    assert_int_equal(demo_jpeg(&rq, &ask, DEMO_PHOTO_SKIN, &out), E_TOO_LARGE);
    err_clear(&rq);
    assert_null(out.p);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dicom_files_are_read),
        cmocka_unit_test(photographs_are_jpeg),
        cmocka_unit_test(reports_are_pdf),
        cmocka_unit_test(small_memory_is_a_failure_not_a_crash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
