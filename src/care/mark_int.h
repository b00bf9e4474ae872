/* care/mark_int.h - reckoning with the points of a mark and the pixels it covers, in decimals. */
#pragma once

#include "care/mark.h"
#include "codec/decimal.h"
#include "codec/dicom_image.h"
#include "dicom/render.h"

/* What a point of the image is. */
struct mark_scale {
    struct decimal row, column; /* distance between rows, between columns; 1 where nothing is known */
    bool known;                 /* millimetres of the body */
    bool detector;              /* millimetres at the detector */
    enum mark_why why;          /* not known */
};
/* What a point is where m has its points.
 * errors  as dicom_walk_next */
MUST_USE enum err mark_scale_of(struct req *rq, const struct dicom_file *f,
                                const struct dicom_image *image, const struct mark *m,
                                struct mark_scale *ret_scale);

/* value, unit and area of m from its points; what m->value said is held against it.
 * errors  E_BAD_INPUT  points that make no such mark, or another value: the detail names the member */
MUST_USE enum err mark_reckon(struct req *rq, const struct mark_scale *scale, struct mark *m);

/* Mean, deviation, least and greatest of the values whose pixels have their middle in the ellipse m; its
 * points are two diameters, and mark_reckon() took them. No middle in it: all four empty.
 * errors  E_BAD_INPUT  points */
MUST_USE enum err mark_levels(struct req *rq, const struct render_values *values, struct mark *m);
/* The same of an image; of colours all four are empty, and where the image is not decoded here they stay
 * what the viewer said.
 * errors  E_IO, E_CHECKSUM */
MUST_USE enum err mark_levels_of(struct req *rq, const struct dicom_file *f,
                                 const struct dicom_image *image, struct mark *m);
/* A number as marks keep it, with MARK_PLACES digits after the point. */
struct str mark_number(struct req *rq, struct decimal d);
