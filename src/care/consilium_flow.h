/* care/consilium_flow.h - the consilium workflow's descriptor. */
#pragma once

#include "care/flow.h"

extern const struct care_flow care_consilium;

/* Indices of its states. */
enum consilium_state {
    CONSILIUM_FORMING,
    CONSILIUM_CONVENED,
    CONSILIUM_DELIBERATING,
    CONSILIUM_DRAFTED,
    CONSILIUM_SIGNING,
    CONSILIUM_CLOSED,
    CONSILIUM_CANCELLED
};
