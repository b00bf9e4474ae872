/* care/icd_codes.h - the classification of diagnoses as a code system (fhir/library.h): what the lists of
 * care/icd.h hold. */
#pragma once

#include "fhir/library.h"

extern const struct fhir_extra icd_codes;
