/* codec/dicom_frames.h - where each frame of pixel data stands (PS3.5 8.2, A.4). */
#pragma once

#include "codec/dicom_image.h"

struct dicom_frame {
    const struct str *pieces; /* slices of the file's pixels, in order: one unless it has fragments */
    uint32_t n;
    uint64_t size;            /* bytes of all pieces */
};

/* Frames of native pixel data are as many bytes as the form of the pixels says. Encapsulated ones are cut
 * by the offset tables where these agree with the fragments; else one fragment is one frame, or where there
 * are more, a frame ends with the fragment that ends with an end marker of JPEG.
 * In the file (when it is not deflated) a piece stands at piece.p - f->bytes.p.
 * errors  E_NOT_FOUND    no pixel data
 *         E_SYNTAX       they are fewer or other than the file says
 *         E_UNSUPPORTED  frames that share bytes: video, bits that end within a byte */
MUST_USE enum err dicom_frames(struct req *rq, const struct dicom_file *f,
                               struct dicom_frame **ret_frames, uint32_t *ret_n);
