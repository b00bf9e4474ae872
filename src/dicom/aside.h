/* dicom/aside.h - what could not be filed: its bytes are kept, and somebody decides. */
#pragma once

#include "dicom/study.h"

struct tx;

/* The order is stored: append only. */
enum dicom_aside_reason {
    DICOM_ASIDE_PATIENT, /* of another patient than the case or study it came for */
    DICOM_ASIDE_BYTES,   /* an instance of this UID is known with other bytes */
    DICOM_ASIDE_BROKEN,  /* cannot be read, or a UID is missing */
    DICOM_ASIDE_FOREIGN, /* new in a study of other cases, of which its sender brought no image */
};
enum dicom_aside_state { DICOM_ASIDE_WAITS, DICOM_ASIDE_ACCEPTED, DICOM_ASIDE_DISCARDED };

struct dicom_aside {
    struct str id;
    enum dicom_aside_reason reason;
    enum dicom_aside_state state;
    struct str case_id;      /* case or draft it was sent for; may be empty */
    struct str org;          /* Organization that sent it; may be empty */
    struct str source;       /* as of a study */
    bool whole;              /* a whole study: blob holds nothing */
    struct blob_ref blob;    /* accepted instead of other bytes: those; discarded: gone */
    struct str study, series, instance; /* UIDs, empty when not known */
    struct str patient_id, name, birth; /* as sent */
    struct str title;        /* name of the file, or where it is broken; may be empty */
    struct instant at;
    struct str decided_by;   /* Practitioner; empty: waits */
    struct instant decided;
    struct str note;         /* why */
};

/* What it is, for people: a msgid. */
const char *dicom_aside_text(enum dicom_aside_reason reason);
/* errors  E_NOT_FOUND */
MUST_USE enum err dicom_aside_find(struct req *rq, struct str id, struct dicom_aside *ret_aside);
/* Waiting ones of a case or draft, oldest first, at most n. */
MUST_USE enum err dicom_asides_of_case(struct req *rq, struct str case_id, uint32_t n,
                                       struct dicom_aside *ret_asides, uint32_t *ret_n);
/* Waiting ones an organisation sent for no case, newest first, before (ms; INT64_MAX: from the newest), at
 * most n. */
MUST_USE enum err dicom_asides_of_org(struct req *rq, struct str org, int64_t before_ms, uint32_t n,
                                      struct dicom_aside *ret_asides, uint32_t *ret_n);
/* The same bytes wait already for the same reason and case. */
MUST_USE enum err dicom_aside_has(struct req *rq, const struct dicom_aside *aside, bool *ret_has);
/* Puts it aside under a new id, with a use of its blob. */
MUST_USE enum err dicom_aside_add(struct req *rq, struct tx *tx, struct dicom_aside *aside);
/* Somebody (rq->who) decided. kept: what its row names from now on (other bytes it took the place of);
 * NULL: as before. Uses of blobs are the caller's. E_STALE from the commit: somebody was quicker. */
MUST_USE enum err dicom_aside_end(struct req *rq, struct tx *tx, const struct dicom_aside *aside,
                                  enum dicom_aside_state state, const struct blob_ref *kept,
                                  struct str note);
