/* care/modality.h - kinds of images (DICOM's modalities) in people's words. */
#pragma once

#include "base/req.h"

/* "CT\SR" as "CT, report" in the language of rq; what is not known stays as it is. Empty for an
 * empty list. */
struct str modality_words(struct req *rq, struct str list);
