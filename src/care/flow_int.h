/* care/flow_int.h - the parts of the engine. */
#pragma once

#include "care/access.h"
#include "care/directory.h"
#include "care/policy.h"

/* One move being made. */
struct moving {
    struct req *rq;
    struct tx *tx;
    const struct care_flow *flow;
    const struct care_move *move;
    const struct care_move_args *args;
    const struct directory *dir;
    struct case_row before; /* as it was read */
    struct case_row row;    /* as it becomes */
    const struct policy_terms *terms;
    enum audit_why why;
};

/* The clocks of the new row: promises begin, stand still, go on. Pure. */
void flow_clocks(struct moving *m);
/* "due level": names the promise and the step a job was set for. */
struct str flow_job_arg(struct arena *a, const struct case_row *r);
/* The job of the next step of the running promise, or none. */
MUST_USE enum err flow_job(struct moving *m);
/* The new version of Task. */
MUST_USE enum err flow_task(struct moving *m);
/* ServiceRequest.status when the case ends. */
MUST_USE enum err flow_request(struct moving *m);
/* Notices, events and the team's new members. */
MUST_USE enum err flow_tell(struct moving *m);
MUST_USE enum err flow_team(struct req *rq, struct tx *tx, const struct case_row *row);
/* The terms of the row's urgency in the policy of the organisation that answers. */
MUST_USE enum err flow_terms(struct req *rq, const struct directory *dir,
                             const struct case_row *row, const struct policy_terms **ret_terms);
