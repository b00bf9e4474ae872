/* web/images_int.h - what the two pages of images share. */
#pragma once

#include "dicom/study.h"
#include "web/images.h"

/* 20260531 as 2026-05-31; empty when it is none. */
struct str images_date(struct arena *a, struct str dicom);
/* "/dicom-web/studies/UID" */
void images_study_url(struct buf *b, struct str study);
/* A study into a map, see web/images.h. */
void images_study(struct http_req *h, struct str case_id, const struct dicom_study *s,
                  struct val *m);
