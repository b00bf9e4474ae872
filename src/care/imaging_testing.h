/* care/imaging_testing.h - images sent into the fixture's region, for the tests. */
#pragma once

#include <stdio.h>

#include "care/care_fixture.h"
#include "care/imaging.h"
#include "care/imaging_keep.h"
#include "care/upload.h"
#include "codec/json.h"
#include "dicom/dicom_testing.h"
#include "os/random.h"
#include "os/thread.h"

#define IIN "720504450012"

static struct req keep;

static UNUSED int setup(void **state)
{
    region_setup(state);
    as(&keep, NULL);
    return 0;
}

static UNUSED int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* The fixture's patient, as a modality writes her. */
static UNUSED struct made hers(const char *study, const char *sop)
{
    return (struct made){.study = study, .series = "1.2.3.9", .sop = sop, .modality = "CT",
                         .patient_id = "A-17", .name = "Ахметова^Айгуль", .birth = "19720504",
                         .date = "20240501", .time = "101112", .number = 1};
}

static UNUSED struct image_in stored_bytes(struct req *rq, struct str bytes)
{
    struct image_in in = {.title = S("slice.dcm")};
    MUST(rq, blob_put_bytes(rq, region.store, bytes, &in.blob));
    return in;
}

static UNUSED struct image_out send_as(const struct who *who, const struct image_from *from,
                                const struct made *m)
{
    struct req rq;
    struct image_out out;

    as(&rq, who);
    struct image_in in = stored_bytes(&rq, made_file(rq.a, m));
    MUST(&rq, imaging_store(&rq, from, &in, 1, &out));
    req_done(&rq);
    return out;
}

static UNUSED bool sees(const char *person, const char *study)
{
    struct req rq;
    struct dicom_study s;

    as(&rq, person != NULL ? person_who(&keep, person) : NULL);
    enum err e = imaging_open(&rq, str_z(study), AUDIT_READ, &s);
    assert_true(e == OK || e == E_NOT_FOUND);
    assert_non_null(e == OK ? (const void *)rq.audit : &rq);
    req_done(&rq);
    return e == OK;
}

static UNUSED struct dicom_study study_of(const char *uid)
{
    struct dicom_study s;

    err_clear(&keep);
    MUST(&keep, dicom_study_find(&keep, str_z(uid), &s));
    return s;
}

/* The ImagingStudy of a place; the resource's text is in keep. */
static UNUSED struct jv imaging_of(const char *uid, struct str case_id, struct res_row *ret_row)
{
    struct dicom_study s = study_of(uid);
    struct dicom_place p;
    struct jv root;

    MUST(&keep, dicom_place_find(&keep, s.key, case_id, &p));
    assert_true(p.imaging > 0);
    MUST(&keep, res_load(&keep, p.imaging, ret_row, &root));
    return root;
}

static UNUSED int64_t number_in(struct jv v, const char *path)
{
    int64_t n = -1;
    (void)!json_i64(json_path(v, str_z(path)), &n);
    return n;
}
