/* codec/dicom_deidentify.h - a DICOM file without what says whose it is.
 *
 * PS3.15 annex E, Basic Application Level Confidentiality Profile, by the table in
 * content/dicom/deidentify.json, and stricter where the table is silent: private elements, curves, overlays
 * and what PS3.6 does not know go; so do names of persons, dates, times, long texts and addresses without
 * a row; other UIDs than those of the standard are replaced. Sequences are treated alike at every depth.
 * Pixels are not looked at: what is burned into them stays, see dicom_deidentify_risk(). */
#pragma once

#include "codec/dicom_file.h"

enum { DICOM_SECRET = 32, DICOM_PSEUDONYM_MAX = 64 };

struct dicom_deidentify {
    uint8_t secret[DICOM_SECRET]; /* of one export: the same UID becomes the same new one */
    struct str pseudonym; /* Patient's Name and ID: letters, digits, '-' and '_' */
    bool shift;   /* dates stay, moved (Retain Longitudinal ... Modified Dates Option); else they go */
    int32_t days; /* by so many; the same for all of a patient */
};

/* A part 10 file in pieces: native codings become explicit VR little endian, others stay. pixels is the
 * value of Pixel Data as it stands in f (in the arena when its bytes had to be turned round); empty: none. */
struct dicom_clean {
    struct str head;   /* up to the value of Pixel Data */
    struct str pixels;
    struct str tail;   /* what ends encapsulated pixels, and the elements after them */
};

/* How sure one can be that nothing else tells. */
enum dicom_risk {
    DICOM_RISK_LOW,
    DICOM_RISK_BURNED,   /* it says so, or is of a kind known for text in the picture */
    DICOM_RISK_DOCUMENT, /* a document is inside: deidentify refuses it */
};

/* borrows  f until the result is written
 * errors   E_UNSUPPORTED  a document inside, or a coding that cannot be written again
 *          E_SYNTAX, E_TOO_LARGE  as dicom_walk_next() */
MUST_USE enum err dicom_deidentify(struct req *rq, const struct dicom_file *f,
                                   const struct dicom_deidentify *how, struct dicom_clean *ret_clean);
MUST_USE enum err dicom_deidentify_risk(struct req *rq, const struct dicom_file *f,
                                        enum dicom_risk *ret_risk);
