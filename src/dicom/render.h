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
};

/* borrows the file.
 * errors  E_NOT_FOUND   no pixels, or no such frame
 *         E_NOT_ACCEPT  a coding that is not decoded here; E_SYNTAX, E_TOO_LARGE as pixels_decode() */
MUST_USE enum err render_frame(struct req *rq, const struct dicom_file *f,
                               const struct render_ask *ask, struct picture *ret_picture);
