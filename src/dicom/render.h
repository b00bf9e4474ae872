/* dicom/render.h - a frame of a DICOM file as a picture, as its data set says or as the viewer asks
 * (PS3.18 8.7.4, 10.4 "Rendered"). */
#pragma once

#include "codec/dicom_frames.h"
#include "dicom/picture.h"

struct render_ask {
    uint32_t frame;      /* from 0 */
    uint32_t width;      /* at most; 0: as it is */
    uint32_t height;
    bool has_window;     /* this one, not the data set's */
    double centre;
    double window;       /* its width, > 0 */
    enum tone_function function;
    struct pixels_helper *helper; /* of lossless and 12-bit JPEG; NULL: they are not drawn */
};

/* The values of a grey frame as its modality means them (PS3.3 C.11.1), before any window: a value is
 * v * slope + intercept. A modality table is looked up already; then slope is 1 and intercept 0. */
struct render_values {
    uint32_t rows;
    uint32_t columns;
    const int32_t *v;
    double slope;
    double intercept;
};

/* frame   from 0; helper as in struct render_ask
 * errors  as render_frame(); E_NOT_ACCEPT for colours, too: they mean no values */
MUST_USE enum err render_values(struct req *rq, const struct dicom_file *f, uint32_t frame,
                                struct pixels_helper *helper, struct render_values *ret_values);

/* borrows the file.
 * errors  E_NOT_FOUND   no pixels, or no such frame
 *         E_NOT_ACCEPT  a coding that is not decoded here; E_SYNTAX, E_TOO_LARGE as pixels_decode() */
MUST_USE enum err render_frame(struct req *rq, const struct dicom_file *f,
                               const struct render_ask *ask, struct picture *ret_picture);

/* A compressed frame, from 0, as it would be natively in explicit little endian (PS3.5 8.1), its samples side
 * by side.
 * errors  as render_frame(), pixels_native_of(); E_NOT_ACCEPT where the data set says plane by plane */
MUST_USE enum err render_native(struct req *rq, const struct dicom_file *f, uint32_t frame,
                                struct pixels_helper *helper, struct str *ret_bytes);
