/* care/imaging_keep.h - how long studies are kept: by the policy of the organisation that sent them;
 * those of a request that was never sent as long as its draft.
 *
 * Rules are retention.images of a policy profile: years by kind. Of a study of several kinds the longest
 * holds; without years it is kept for ever, and so is what is shown in an open case or in a draft. */
#pragma once

#include "dicom/study.h"

/* rule: which one, for the record: "kz 1: images CT, 5 years". */
typedef enum err (*image_old_fn)(struct req *rq, const struct dicom_study *s, struct str rule, void *ctx);
/* Studies that are past their time, the oldest first, at most max. They may be removed by fn only after
 * the walk. */
MUST_USE enum err imaging_old_each(struct req *rq, uint32_t max, image_old_fn fn, void *ctx);
/* Removes at most max of them, one a transaction (rq->who IS_SYSTEM); what changes meanwhile is left for the
 * next time. rq ends with what is done. */
MUST_USE enum err imaging_old_remove(struct req *rq, uint32_t max, uint32_t *ret_n);
/* Drafts of requests saved before (ms), at most max of them, end with their studies and what was put aside
 * of them, one a transaction (rq->who IS_SYSTEM). One that is sent or saved meanwhile stays. */
MUST_USE enum err imaging_drafts_expire(struct req *rq, int64_t before_ms, uint32_t max, uint32_t *ret_n);
