/* care/flow_task.h - the timeline of a case, read from its Task. */
#pragma once

#include "care/flow.h"
#include "codec/json.h"

/* One move that was made. Slices are in the request's arena. */
struct flow_event {
    struct instant at;
    struct str action;      /* "accept" */
    const char *done;       /* msgid of the line: "Accepted" */
    struct str to;          /* state's name */
    struct str person, person_name; /* empty for the clock */
    struct str role, org;   /* acted in */
    struct str service, named; /* where it was sent */
    struct str reason_code, reason, outcome, document;
};

/* The moves kept on a Task, oldest first. */
MUST_USE enum err flow_moves_of(struct req *rq, const struct care_flow *flow, struct jv task,
                                const struct flow_event **ret_events, uint32_t *ret_n);
