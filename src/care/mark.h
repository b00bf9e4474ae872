/* care/mark.h - measurements and key images of a case: what people mark on images is an Observation of the
 * case (basedOn its request, derivedFrom the ImagingStudy), with the place on the image in an extension.
 *
 * Lengths and angles are reckoned here from the points and the file's spacing, in decimals; a mark whose
 * own value is another one is refused, so that what is kept and printed does not depend on a browser. Mean,
 * deviation, least and greatest value in an ellipse are reckoned from the pixels whose middle lies in it
 * (the deviation is that of all of them, n and not n - 1); where the server cannot decode the image they are
 * the viewer's, and said to be.
 * A length is in millimetres where the file says what a point is in the body (Pixel Spacing, or all points
 * in the same ultrasound region in cm); spacing at the detector is none of the body: then it is in points
 * of the image. People write marks through here alone: see fixed_mark(). */
#pragma once

#include "care/consult.h"
#include "care/put.h"

/* Codes of marks and of the parts of an ellipse; the extension that says where a mark is. */
#define CS_MARK "https://consilium.example/fhir/CodeSystem/image-mark"
#define EXT_MARK "https://consilium.example/fhir/StructureDefinition/image-mark"

enum mark_tool { MARK_LENGTH, MARK_ANGLE, MARK_COBB, MARK_ELLIPSE, MARK_KEY, MARK_TOOLS };
enum mark_part { MARK_MEAN, MARK_DEVIATION, MARK_LEAST, MARK_MOST, MARK_AREA, MARK_PARTS };
/* Why a length is in points of the image. */
enum mark_why {
    MARK_WHY_UNKNOWN, /* the file says nothing of the body */
    MARK_WHY_OUTSIDE, /* outside the ultrasound regions */
    MARK_WHY_ACROSS,  /* from one ultrasound region into another */
    MARK_WHY_UNITS,   /* in a region that is not in centimetres */
    MARK_WHYS
};
/* Digits after the point of what is kept. */
enum { MARK_PLACES = 1 };
enum { MARK_POINTS_MAX = 64, MARK_TEXT_MAX = 200, MARKS_MAX = 500 };

/* Decimals as they were sent, to the digit: 0,0 is the corner of the first pixel of the image. */
struct mark_point {
    struct str x, y;
};

struct mark {
    struct str id;             /* Observation; empty: a new one */
    enum mark_tool tool;
    struct str study, series, sop; /* UIDs; series may be empty when it is put */
    uint32_t frame;            /* from 1 */
    struct mark_point *points;
    uint32_t n_points;
    struct str value;          /* decimal; put: what the viewer reckoned, or empty */
    struct str unit;           /* UCUM: "mm", "deg"; empty: points of the image. put: not looked at but
                                * that "px" goes with a value in points */
    struct str parts[MARK_PARTS]; /* of an ellipse; may be empty */
    bool hounsfield;           /* of mean, deviation, least, most */
    bool levels_seen;          /* these four are the viewer's: the image is not decoded here */
    bool area_mm2;             /* else points */
    enum mark_why why;         /* of a length or area in points */
    struct str text;           /* the person's words; may be empty */

    /* Of a stored one. */
    struct str by, by_name;    /* Practitioner */
    struct instant at;
    int64_t series_number, number; /* or DICOM_NO_NUMBER */
    struct str modality, date, description; /* of the study; date as YYYY-MM-DD */
    uint32_t rows, columns, frames;
    struct jv body;            /* the Observation */
    uint64_t version;
};

/* "cobb-angle" and so on; the viewer's short names ("cobb", "key") too. */
MUST_USE bool mark_tool_find(struct str name, enum mark_tool *ret_tool);
struct str mark_tool_code(enum mark_tool tool);
/* msgid */
const char *mark_tool_title(enum mark_tool tool);
/* "outside", "across", "units"; empty, and unknown, for anything else. */
struct str mark_why_code(enum mark_why why);
enum mark_why mark_why_of(struct str code);
/* "62.4 mm", "47.3°", of an ellipse all its values; empty for a key image. */
struct str mark_value_text(struct req *rq, const struct mark *m);
/* "CT · 01.05.2024 · Spine, series 2, image 15, frame 3" */
struct str mark_place_text(struct req *rq, const struct mark *m);

/* Reads what a viewer sends: {"id", "tool", "series", "sop", "frame", "points": [[x, y]], "value", "unit",
 * "more": {"deviation", "least", "most"}, "text"}; an ellipse's value is its mean. ret_mark->study is left to
 * the caller.
 * errors  E_BAD_INPUT  the detail names the member */
MUST_USE enum err mark_read(struct req *rq, struct jv json, struct mark *ret_mark);
/* The same of what is stored and shown, for a viewer. */
void mark_write(struct req *rq, struct json_out *o, const struct mark *m);

/* Puts a mark (with an id: changes an own one) into tx and gives it as it is stored.
 * errors  E_NOT_FOUND  case, study in the case, image in the study, or mark
 *         E_FORBIDDEN  neither the asking nor the answering side; somebody else's mark
 *         E_CONFLICT   the case is closed
 *         E_BAD_INPUT  the detail names the member
 *         E_TOO_LARGE  MARKS_MAX are there
 *         from the commit E_STALE: it was changed meanwhile */
MUST_USE enum err mark_put(struct req *rq, struct tx *tx, struct str case_id, struct mark *m);
/* An own mark becomes "entered-in-error". errors as mark_put */
MUST_USE enum err mark_remove(struct req *rq, struct tx *tx, struct str case_id, struct str study,
                              struct str id);
/* Whether rq->who may put marks into the case. */
bool mark_may(struct req *rq, const struct case_row *row);
/* Reads an Observation; who made it by id alone, the image without its numbers. False: it is no mark, or was
 * one. */
MUST_USE bool mark_get(struct req *rq, struct jv observation, struct mark *ret_mark);
/* Marks of a case (study empty: of all its studies), oldest first; who looks was let in by the caller. */
MUST_USE enum err mark_list(struct req *rq, const struct case_row *row, struct str study,
                            const struct mark **ret_marks, uint32_t *ret_n);
