/* care/consultation.h - the consultation workflow's descriptor. */
#pragma once

#include "care/flow.h"

extern const struct care_flow care_consultation;
