/* care/sight_int.h - what the two halves of care/sight.h share. */
#pragma once

#include "care/sight.h"

/* What has a team. */
struct sight_anchor {
    int64_t rid;
    bool is_case;           /* row is read */
    bool is_item;           /* a patient of a consilium: case_id tells of which case */
    struct str case_id;
    struct case_row row;
    int64_t since_ms;
    bool open;              /* rq->who may know of it */
};
struct sight_anchors {
    struct sight_anchor all[SIGHT_ANCHORS_MAX];
    uint32_t n;
    struct str registered;  /* organisation that keeps the patient's card */
};

/* Why a principal of that kind and id is in the team of an anchor. (care/sight_why.c) */
MUST_USE enum err sight_reason_of(struct req *rq, const struct sight_anchors *all, uint32_t at,
                                  enum sight_kind kind, struct str id, struct sight_reason *ret_reason);
/* ties, shares, apps and auditors. (care/sight_why.c) */
MUST_USE enum err sight_others(struct req *rq, const struct sight_anchors *all, struct sight *s);
