/* care/mark_int.h - reckoning with the points of a mark, in decimals. */
#pragma once

#include "care/mark.h"
#include "codec/decimal.h"
#include "codec/dicom_image.h"

/* What a point of the image is. */
struct mark_scale {
    struct decimal row, column; /* distance between rows, between columns; 1 where nothing is known */
    bool known;                 /* millimetres of the body */
    bool detector;              /* millimetres at the detector */
};
/* errors  as dicom_find */
MUST_USE enum err mark_scale_of(struct req *rq, const struct dicom_file *f,
                                const struct dicom_image *image, struct mark_scale *ret_scale);

/* value, unit and area of m from its points; what m->value said is held against it.
 * errors  E_BAD_INPUT  points that make no such mark, or another value: the detail names the member */
MUST_USE enum err mark_reckon(struct req *rq, const struct mark_scale *scale, struct mark *m);
