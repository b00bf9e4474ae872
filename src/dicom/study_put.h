/* dicom/study_put.h - instances become rows: what one transaction brings to one study.
 *
 * Begin with the study as it stands (or as it will be made), add instances, write it. What was seen is held
 * to at the commit: another transaction in between gives E_STALE or E_CONFLICT, and all is done again. */
#pragma once

#include "dicom/study.h"

struct tx;

enum { DICOM_MODALITIES_MAX = 32 };

/* One series as it will be. */
struct dicom_series_put {
    struct dicom_series row;  /* with the counts it will have; key 0: new */
    uint32_t more;            /* instances it gets now */
    uint64_t more_bytes;
};
struct dicom_instance_put {
    struct dicom_instance row;
    uint32_t series;          /* index */
};
struct dicom_put {
    struct dicom_study study; /* as it will be */
    uint32_t n_before;        /* instances and bytes it was seen with */
    uint64_t bytes_before;
    struct dicom_series_put *series;
    uint32_t n_series, size_series;
    struct dicom_instance_put *instances; /* new ones */
    uint32_t n_instances, size_instances;
};

/* study: key 0 when it is to be made; its counts are then 0. Loads its series. */
MUST_USE enum err dicom_put_begin(struct req *rq, const struct dicom_study *study,
                                  struct dicom_put *ret_put);
/* series and inst without keys and counts; a series that is there keeps its texts. inst->uid is new.
 * errors  E_TOO_LARGE  memory cap */
MUST_USE enum err dicom_put_add(struct req *rq, struct dicom_put *p, const struct dicom_series *series,
                                const struct dicom_instance *inst);
/* The statements, with a use of each blob. Nothing when nothing was added. */
MUST_USE enum err dicom_put_end(struct req *rq, struct tx *tx, const struct dicom_put *p);

/* Shows a study in a case or draft, or (case_id empty) with its patient or as nobody's yet. imaging_id: its
 * ImagingStudy, put by this transaction or before; empty: none, of a draft. */
MUST_USE enum err dicom_place_add(struct tx *tx, struct str uid, struct str case_id,
                                  struct str imaging_id);
/* A place becomes another, or gets its ImagingStudy. */
MUST_USE enum err dicom_place_set(struct tx *tx, struct str uid, struct str from, struct str to,
                                  struct str imaging_id);
/* Ends one place. */
MUST_USE enum err dicom_place_end(struct tx *tx, struct str uid, struct str case_id);
/* Nobody's study becomes a patient's (Patient id). */
MUST_USE enum err dicom_study_claim(struct tx *tx, const struct dicom_study *s, struct str patient);
/* Other bytes for a known instance; the counts of study and series follow. was: what is replaced. */
MUST_USE enum err dicom_instance_replace(struct req *rq, struct tx *tx,
                                         const struct dicom_study *study,
                                         const struct dicom_series *series,
                                         const struct dicom_instance *was,
                                         const struct dicom_instance *now);
/* A study leaves with all its rows; its blobs lose these uses. Its ImagingStudy resources are the caller's.
 * places: all it has. Instances or places that come in meanwhile: E_STALE. */
MUST_USE enum err dicom_study_end(struct tx *tx, const struct dicom_study *s,
                                  const struct dicom_place *places, uint32_t n);
