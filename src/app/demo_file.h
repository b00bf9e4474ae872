/* app/demo_file.h - real files for the demo, made here from a seed, with nobody's data: reports as PDF,
 * photographs as JPEG, medical images as DICOM.
 *
 * The same request gives the same bytes. Everything drawn is geometry and noise; names and values are
 * the caller's or made up. Slow (up to 0.1 s): commands and pool threads only.
 */
#pragma once

#include "base/req.h"

/* Whose file it is said to be. */
struct demo_patient {
    struct str name;       /* shown: "Ахметова Айгүл Серікқызы" */
    struct str dicom_name; /* "Ахметова^Айгүл^Серікқызы" */
    struct str id;         /* identifier value */
    struct str birth_date; /* YYYY-MM-DD */
    bool female;
};

struct demo_ask {
    enum lang lang;
    struct demo_patient patient;
    struct str organization; /* where it was made */
    struct instant at;       /* when */
    int offset_min;          /* local time, minutes east of UTC */
    uint64_t seed;           /* what is drawn; also the UIDs of a study */
};

enum demo_paper {
    DEMO_PAPER_LAB, /* blood tests over two pages, with a curve of values over days */
    DEMO_PAPER_ECG, /* twelve leads on millimetre paper, measurements on the second page */
    DEMO_PAPER_COUNT
};
enum demo_photo {
    DEMO_PHOTO_XRAY, /* a chest film before a lamp */
    DEMO_PHOTO_ECG,  /* a strip of paper, photographed slantwise */
    DEMO_PHOTO_SKIN, /* a lesion beside a ruler */
    DEMO_PHOTO_COUNT
};
enum demo_image {
    DEMO_IMAGE_CT, /* head, 512 x 512, 16 bits */
    DEMO_IMAGE_CR, /* chest, 896 x 896, 12 bits */
    DEMO_IMAGE_US, /* ultrasound sector, 640 x 480, 8 bits */
    DEMO_IMAGE_COUNT
};

/* All give the file's bytes in rq->a. errors E_TOO_LARGE memory cap (4 MiB and the file) */
MUST_USE enum err demo_pdf(struct req *rq, const struct demo_ask *ask, enum demo_paper paper,
                           struct str *ret_bytes);
MUST_USE enum err demo_jpeg(struct req *rq, const struct demo_ask *ask, enum demo_photo photo,
                            struct str *ret_bytes);
/* A DICOM file (PS3.10), explicit VR little endian. slice: 1.. within the series; files of one seed
 * and image belong to one series. */
MUST_USE enum err demo_dicom(struct req *rq, const struct demo_ask *ask, enum demo_image image,
                             unsigned slice, struct str *ret_bytes);
