/* web/images_int.h - what the two pages of images share. */
#pragma once

#include "dicom/study.h"
#include "web/images.h"

/* "/dicom-web/studies/UID" */
void images_study_url(struct buf *b, struct str study);
/* study, series, series_now, picture, slices, frames, windows of one study of the case, as the address asks
 * for them (series, at, frame, window); base: address of the page that shows it.
 * errors  E_NOT_FOUND  none, not theirs, or of another record */
MUST_USE enum err images_set_study(struct http_req *h, const struct case_view *v, struct str study,
                                   struct str base, struct val *root);
/* A study into a map, see web/images.h. */
void images_study(struct http_req *h, struct str case_id, const struct dicom_study *s,
                  struct val *m);
