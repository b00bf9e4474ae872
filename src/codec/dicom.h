/* codec/dicom.h - who and what a DICOM file (PS3.10) says it shows, from its first bytes.
 *
 * Reads the file meta group and the top level of the data set up to the pixel data; sequences are
 * passed over. Nothing is trusted: a file that breaks midway gives what stood before the break. */
#pragma once

#include "base/req.h"

enum {
    DICOM_DEFLATED = 1 << 0, /* the data set is compressed as a whole: only the meta group was read */
    DICOM_CUT = 1 << 1,      /* the window ended before all fields could be read */
    DICOM_BROKEN = 1 << 2,   /* the data set is malformed after what was read */
    DICOM_PIXELS = 1 << 3,   /* it holds pixel data (seen within the window) */
    DICOM_REPLACED = 1 << 4, /* characters of an unsupported set were replaced by "?" */
};

/* Text is UTF-8 without padding and control characters; only the first of several values. p NULL:
 * not there. In the request's arena, or slices of the window. */
struct dicom_head {
    unsigned flags;             /* DICOM_... */
    struct str transfer_syntax; /* UID; always there */
    struct str sop_class;       /* UID */
    struct str sop_instance;    /* UID */
    struct str study;           /* UID */
    struct str series;          /* UID */
    struct str modality;        /* CT, MR, ... */
    struct str patient_id;
    struct str patient_name;    /* Family^Given^Middle^Prefix^Suffix */
    struct str patient_birth;   /* YYYY-MM-DD */
    struct str patient_sex;     /* M, F, O */
    struct str study_date;      /* YYYY-MM-DD */
    struct str study_text;      /* Study Description */
    struct str series_text;     /* Series Description */
    struct str accession;
    struct str institution;
    struct str body_part;
    uint32_t rows;              /* 0: not there */
    uint32_t columns;
    uint32_t frames;
    uint32_t series_number;
    uint32_t instance_number;
};

enum { DICOM_WINDOW = 256 * 1024 }; /* bytes worth reading from the start of a file */

/* Whether the bytes begin as a DICOM file: a preamble of 128 bytes, then DICM. */
bool dicom_is(struct str window);
/* window  the first bytes of the file, borrowed as long as the result
 * whole   the window is the whole file
 * errors  E_MEDIA_TYPE  not a DICOM file
 *         E_SYNTAX      its file meta group is malformed or names no transfer syntax
 *         E_TOO_LARGE   the arena's cap */
MUST_USE enum err dicom_read(struct req *rq, struct str window, bool whole,
                             struct dicom_head *ret_head);
/* A DICOM name for people: the components that are there, one space between. */
void dicom_name(struct buf *b, struct str name);
