/* care/imaging.h - medical images: from stored bytes to a study in a case or with its patient.
 *
 * Files are made blobs first (blob_parts_put(), blob_put_files()), then filed here: each becomes an instance
 * of a study (dicom/study.h), was there already, or is put aside with a reason. A study is shown in places:
 * in cases, with its patient, or nobody's yet; each place has an ImagingStudy, kept true by the transaction
 * that files, and who may see one of these may see the study. A draft's studies get theirs when it is sent
 * (consult_submit()); those of another patient are put aside whole then.
 *
 * Whose is it, when no case is named: the case whose number (or id) is the accession number, unless its
 * patient is another person; else the one Patient with that identifier, unless another person; else nobody's
 * until somebody of the sending organisation claims it. */
#pragma once

#include "care/access.h"
#include "care/patient.h"
#include "dicom/aside.h"
#include "dicom/query.h"

/* Who sends, and where to. */
struct image_from {
    struct str source; /* "stow:LOGIN", "ae:TITLE", "upload:PERSON" */
    struct str org;    /* Organization that sends; empty: that of the role acted in */
    struct str key;    /* case or own draft it is for; empty: found by what it says */
    struct str study;  /* it must be of this study; empty: of any */
};
struct image_in {
    struct blob_ref blob; /* durable */
    struct str title;     /* name of the file; may be empty */
};
enum image_fate {
    IMAGE_STORED,
    IMAGE_SAME,    /* was there already with these bytes */
    IMAGE_ASIDE,   /* kept, and somebody has to decide */
    IMAGE_REFUSED, /* of another study than from->study: nothing was kept */
};
/* Failure reasons of DICOM (PS3.4 B.2.3, PS3.18 I.2.2). */
enum {
    IMAGE_REASON_NONE = 0,
    IMAGE_REASON_DUPLICATE = 0x0111,
    IMAGE_REASON_MISMATCH = 0xa900,
    IMAGE_REASON_BROKEN = 0xc000,
};
struct image_out {
    enum image_fate fate;
    uint16_t reason;   /* IMAGE_REASON_ */
    const char *text;  /* msgid, why it was not stored; NULL */
    char where[80];    /* where a broken one breaks: "(gggg,eeee) at N: what"; "" */
    char study[DICOM_UID_MAX + 1], series[DICOM_UID_MAX + 1]; /* UIDs, "" when not known */
    char instance[DICOM_UID_MAX + 1], sop_class[DICOM_UID_MAX + 1];
};

/* Files n images and commits: for STOW, C-STORE and uploads. Many callers at once share transactions; what
 * another one changed meanwhile is looked at again. The caller needs no transaction and may end its request
 * with an answer: what it says is durable. Large numbers are several transactions of IMAGES_AT_ONCE.
 *
 * ret_out  n of them
 * errors   E_NOT_FOUND  key is no case or draft of theirs; E_CONFLICT  the case is closed
 *          E_FULL, E_IO, E_BUSY  nothing of the failing transaction; sending all again is safe
 * thread   pool threads; waits for the commit */
enum { IMAGES_AT_ONCE = 256 };
MUST_USE enum err imaging_store(struct req *rq, const struct image_from *from,
                                const struct image_in *in, size_t n, struct image_out *ret_out);

/* ---- Seeing ---- */

/* May rq->who see what hangs on this ImagingStudy? For struct dicom_query; ctx unused. */
MUST_USE enum err imaging_may(struct req *rq, int64_t imaging, void *ctx, bool *ret_may);
/* A study that rq->who may see, with the look on rq->audit as action: one record a request is enough.
 * errors  E_NOT_FOUND  no such study, or not theirs: not told apart */
MUST_USE enum err imaging_open(struct req *rq, struct str study_uid, enum audit_action action,
                               struct dicom_study *ret_study);

/* ---- Images that arrived ---- */

/* Nobody's studies of the organisation rq->who acts for, newest first, before (ms; INT64_MAX: from the
 * newest). Those without an organisation are shown to coordinators. errors E_FORBIDDEN */
MUST_USE enum err imaging_lost(struct req *rq, int64_t before_ms, uint32_t n,
                               struct dicom_study *ret_studies, uint32_t *ret_n);
/* How many wait for the organisation rq->who acts for: nobody's studies, and what was put aside for no
 * case; none for who may not sort them. Nothing is put on record. */
struct images_waiting {
    uint64_t studies, asides;
};
MUST_USE enum err imaging_waiting(struct req *rq, struct images_waiting *ret_waiting);
/* One of nobody's studies, with the look on rq->audit.
 * errors  E_NOT_FOUND  none, or not theirs to sort; E_CONFLICT  it is somebody's already */
MUST_USE enum err imaging_lost_open(struct req *rq, struct str study_uid, struct dicom_study *ret_study);
/* Does what a study was sent with name another person? */
bool imaging_names_other(struct req *rq, const struct dicom_study *s, const struct patient *p);
/* Nobody's study becomes one of a case rq->who may add to.
 * errors  E_NOT_FOUND  study, case; E_CONFLICT  it is somebody's already, or the case is closed
 *         E_BAD_INPUT  it names another patient and reason is shorter than 10 characters */
MUST_USE enum err imaging_claim(struct req *rq, struct tx *tx, struct str study_uid,
                                struct str case_id, struct str reason);

/* ---- What was put aside ---- */

/* Of a case rq->who may see; case_id empty: what their organisation sent and no case is named for, for
 * coordinators also what no organisation is named for. */
MUST_USE enum err imaging_asides(struct req *rq, struct str case_id, uint32_t n,
                                 struct dicom_aside *ret_asides, uint32_t *ret_n);
/* A waiting one that rq->who may decide on, with the look on rq->audit.
 * errors  E_NOT_FOUND; E_CONFLICT  decided already, or its case is closed */
MUST_USE enum err imaging_aside_open(struct req *rq, struct str id, struct dicom_aside *ret_aside);
/* It is right after all: an image of "another" patient is filed, other bytes take the place of the known
 * ones (which are kept in the row). case_id: where to; empty: where it was sent to, or where its study is.
 * errors  E_NOT_FOUND; E_FORBIDDEN; E_BAD_INPUT  reason shorter than 10 characters
 *         E_CONFLICT   broken; its study is of another patient; decided already */
MUST_USE enum err imaging_accept(struct req *rq, struct tx *tx, struct str id, struct str case_id,
                                 struct str reason);
/* It is not wanted: its bytes lose this use. errors as imaging_accept() */
MUST_USE enum err imaging_discard(struct req *rq, struct tx *tx, struct str id, struct str reason);

/* An own draft's study is taken out of it; it ends when it is shown nowhere else.
 * errors  E_NOT_FOUND  no own draft, or not in it */
MUST_USE enum err imaging_take_out(struct req *rq, struct tx *tx, struct str draft, struct str study_uid);
/* An own draft is discarded: its studies are taken out, what was put aside of it is discarded. Large
 * numbers are several transactions, the last one is tx.
 * errors  E_NOT_FOUND  no own draft */
MUST_USE enum err imaging_draft_end(struct req *rq, struct tx *tx, struct str draft);
/* The studies of an own draft, and what of it was put aside: at most n of each.
 * errors  E_NOT_FOUND  no own draft */
MUST_USE enum err imaging_of_draft(struct req *rq, struct str draft, uint32_t n,
                                   struct dicom_study *ret_studies, uint32_t *ret_n,
                                   struct dicom_aside *ret_asides, uint32_t *ret_n_asides);
/* A study leaves: rows, ImagingStudy resources, uses of its blobs. For retention (rq->who IS_SYSTEM); why
 * is put on record ("retention", a rule's name). errors E_NOT_FOUND, E_FORBIDDEN */
MUST_USE enum err imaging_remove(struct req *rq, struct tx *tx, struct str study_uid, struct str why);
