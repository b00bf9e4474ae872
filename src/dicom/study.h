/* dicom/study.h - studies, series and instances as the store has them.
 *
 * Who may see a study is not known here: it follows from the ImagingStudy of each place the study is shown
 * in (care/imaging.h). Texts are UTF-8; dates and times as DICOM writes them (YYYYMMDD, HHMMSS.FFFFFF); an
 * absent text is empty. */
#pragma once

#include "store/blob.h"
#include "store/db.h"

enum { DICOM_UID_MAX = 64 };     /* PS3.5 9.1 */
#define DICOM_NO_NUMBER INT64_MIN /* SeriesNumber, InstanceNumber: not there */

struct dicom_study {
    int64_t key;             /* row; 0: not stored yet */
    struct str uid;
    int64_t patient;         /* rid of the Patient, 0: not known whose it is */
    struct str source;       /* who sent the first of it: "stow:LOGIN", "ae:TITLE", "upload:PERSON" */
    struct str org;          /* Organization that sent it; may be empty */
    struct str patient_id, name, birth, sex; /* as sent; name with its "^" */
    struct str fold;         /* dicom_name_fold() of name */
    struct str date, time, accession, study_id, referring, description;
    struct str modalities;   /* of its series, '\\' between */
    uint32_t n_series, n_instances;
    uint64_t bytes;
    int64_t created_ms, changed_ms; /* the first and the last instance came */
};
struct dicom_series {
    int64_t key;
    int64_t study;           /* row */
    struct str uid, modality;
    int64_t number;          /* or DICOM_NO_NUMBER */
    struct str description, body_part;
    struct str pps_date, pps_time;    /* Performed Procedure Step Start */
    struct str step_id, procedure_id; /* of the first item of Request Attributes */
    uint32_t n_instances;
    uint64_t bytes;
};
struct dicom_instance {
    int64_t key;
    int64_t series;          /* row */
    struct str uid, sop_class, syntax; /* UIDs */
    int64_t number;          /* or DICOM_NO_NUMBER */
    uint32_t rows, columns, bits, frames; /* 0: not there */
    struct blob_ref blob;
    struct str title;        /* name of the file it came in; may be empty */
    int64_t created_ms;
};

/* One to DICOM_UID_MAX digits and dots. */
bool dicom_uid_is(struct str uid);
/* "20240501" as "2024-05-01"; empty when it is no date. */
struct str dicom_date_shown(struct req *rq, struct str date);
/* A name's groups folded, each as its words with one blank between, "=" between groups (PS3.5 6.2.1). */
struct str dicom_name_fold(struct req *rq, struct str name);

/* errors  E_NOT_FOUND */
MUST_USE enum err dicom_study_find(struct req *rq, struct str uid, struct dicom_study *ret_study);
MUST_USE enum err dicom_study_load(struct req *rq, int64_t key, struct dicom_study *ret_study);
MUST_USE enum err dicom_series_find(struct req *rq, int64_t study, struct str uid,
                                    struct dicom_series *ret_series);
/* The instance and where it belongs; ret_series and ret_study may be NULL.
 * errors  E_NOT_FOUND */
MUST_USE enum err dicom_instance_find(struct req *rq, struct str uid, struct dicom_instance *ret_inst,
                                      struct dicom_series *ret_series,
                                      struct dicom_study *ret_study);
/* Calls fn for each, by number, with texts in rq->a. */
typedef enum err (*dicom_series_fn)(struct req *rq, const struct dicom_series *s, void *ctx);
typedef enum err (*dicom_instance_fn)(struct req *rq, const struct dicom_instance *i, void *ctx);
MUST_USE enum err dicom_series_each(struct req *rq, int64_t study, dicom_series_fn fn, void *ctx);
MUST_USE enum err dicom_instance_each(struct req *rq, int64_t series, dicom_instance_fn fn, void *ctx);

/* The present row of a Q_DICOM_ statement that gives such rows. */
void dicom_study_get(struct req *rq, const struct db_rows *q, struct dicom_study *ret_study);
void dicom_series_get(struct req *rq, const struct db_rows *q, struct dicom_series *ret_series);
void dicom_instance_get(struct req *rq, const struct db_rows *q, struct dicom_instance *ret_inst);

/* Where a study is shown: in a case, in a draft, or (case_id empty) with its patient or as nobody's yet. */
struct dicom_place {
    int64_t study;
    struct str case_id;
    int64_t imaging;         /* rid of the ImagingStudy of this place; 0: a draft has none */
    struct str imaging_id;
};
enum { DICOM_PLACES_MAX = 16 };
/* At most DICOM_PLACES_MAX. */
MUST_USE enum err dicom_places(struct req *rq, int64_t study, struct dicom_place *ret_places,
                               uint32_t *ret_n);
/* errors  E_NOT_FOUND  it is not shown there */
MUST_USE enum err dicom_place_find(struct req *rq, int64_t study, struct str case_id,
                                   struct dicom_place *ret_place);

/* What all studies come to. */
struct dicom_totals {
    uint64_t studies, instances, bytes;
};
MUST_USE enum err dicom_totals(struct req *rq, struct dicom_totals *ret_totals);
