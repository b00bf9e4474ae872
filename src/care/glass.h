/* care/glass.h - a case is opened by a clinician outside its team, with a reason, and that is reviewed.
 *
 * It opens one case for GLASS_HOURS. The reason is a message of the case, for its team to read.
 * Those who review are told, without any content: the heads of the organisations in charge (that
 * asks, that answers, that routes, that keeps the patient's card; where one has no head, of the
 * nearest above), and auditors. One of them, never who opened it, says whether it was justified; what
 * was not ends at once. */
#pragma once

#include "care/access.h"

struct tx;

enum { GLASS_HOURS = 24, GLASS_REASON_MIN = 10, GLASS_TEXT_MAX = 4000, GLASS_ORGS = 4,
       GLASS_LATE_MS = 72 * 3600 * 1000 /* a review that waits longer is marked as late */ };

/* Opens a case to rq->who.
 * errors  E_FORBIDDEN no clinician; E_NOT_FOUND no such case; E_BAD_INPUT reason shorter than
 *         GLASS_REASON_MIN bytes or longer than GLASS_TEXT_MAX; E_CONFLICT already in the team */
MUST_USE enum err glass_break(struct req *rq, struct tx *tx, struct str case_id, struct str reason);
/* Ends it: run by the job that glass_break() set. key: "case person" */
MUST_USE enum err glass_end(struct req *rq, struct tx *tx, struct str key);

/* Stored: append only. */
enum glass_verdict { GLASS_WAITS, GLASS_JUSTIFIED, GLASS_NOT_JUSTIFIED, GLASS_VERDICTS };

struct glass {
    struct str id;
    struct str case_id, patient;
    int64_t case_rid, patient_rid;
    struct str person, role, org;      /* who opened it, in which role (code) of which organisation */
    struct str message;                /* Communication that holds the reason */
    struct instant at, until, ended;   /* ended 0: not ended before until */
    enum glass_verdict verdict;
    struct str reviewer, review_role, review_org, remark;
    struct instant reviewed;           /* 0: not yet */
    struct str orgs[GLASS_ORGS];       /* in charge: whose heads review; may be empty or the same */
};
/* Does it open the case now? */
bool glass_holds(const struct glass *g, struct instant now);
/* Is rq->who one of those who review it: a head at or above an organisation in charge, or an auditor, and
 * not who opened it? */
MUST_USE enum err glass_may_review(struct req *rq, const struct glass *g, bool *ret_may);

enum glass_list { GLASS_LIST_WAITS, GLASS_LIST_REVIEWED, GLASS_LIST_NOT, GLASS_LIST_ALL, GLASS_LISTS };
/* Those rq->who may review or has opened, newest first, opened before before_ms (0: from the newest), at
 * most n; looks at 1 000. The look is put on record.
 * errors  E_FORBIDDEN  neither head nor auditor */
MUST_USE enum err glass_list(struct req *rq, enum glass_list list, int64_t before_ms, struct glass *ret_all,
                             uint32_t n, uint32_t *ret_n);
/* One of them, or one rq->who has opened; the look is put on record.
 * errors  E_NOT_FOUND  none, or neither theirs to review nor their own */
MUST_USE enum err glass_get(struct req *rq, struct str id, struct glass *ret_glass);
/* What was given as the reason. The look at g is on record. errors  E_IO */
MUST_USE enum err glass_reason(struct req *rq, const struct glass *g, struct str *ret_reason);
/* What who opened it did with the patient's data while it was open, newest first, at most n of the newest
 * 5 000 records about the patient. */
MUST_USE enum err glass_looks(struct req *rq, const struct glass *g, struct audit_row *ret_rows, size_t n,
                              size_t *ret_n);
/* Says that it was justified, or not; the latter needs a remark, and ends it at once when it still holds. Who
 * opened it is told. On record.
 * errors  E_NOT_FOUND as glass_get; E_FORBIDDEN not theirs to review; E_BAD_INPUT the remark;
 *         the commit gives E_STALE when somebody reviewed it before */
MUST_USE enum err glass_review(struct req *rq, struct tx *tx, struct str id, bool justified,
                               struct str remark);
/* How many wait for a review by rq->who, and since when the oldest; 0 for who reviews none. */
MUST_USE enum err glass_waiting(struct req *rq, uint32_t *ret_n, struct instant *ret_oldest);
