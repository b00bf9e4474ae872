/* care/pdf_mark.h - the pictures of a conclusion's marks for print, from its signed bytes. */
#pragma once

#include "care/pdf.h"
#include "codec/json.h"

/* The picture that stands below the i-th line of the section of measurements, with all marks of that image
 * drawn on it.
 * gives   p->jpeg.p NULL: none stands there
 * errors  E_TOO_LARGE */
MUST_USE enum err pdf_mark_picture(struct req *rq, struct jv bundle, struct jv section, uint32_t i,
                                   struct pdf_picture *ret_picture);
