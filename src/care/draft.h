/* care/draft.h - what somebody typed and has not sent: kept on the server, it survives a closed
 * browser, a lost line and an ended session.
 *
 * A draft of a request has the id its case will have, so a request sent twice is one case, and files
 * uploaded for the draft are the case's files. */
#pragma once

#include "care/form.h"

struct tx;

enum { DRAFT_BODY_MAX = 1 << 20, DRAFT_KEY_MAX = 120, DRAFTS_MAX = 100 };

struct draft {
    struct str key;       /* of the person: a case or draft id, and what is written there */
    struct str kind;      /* "request", "conclusion", "message" */
    struct fields fields;
    struct instant saved;
    uint64_t version;     /* 1.. */
};

/* "CASE conclusion": the key of a draft about a case. */
struct str draft_key(struct arena *a, struct str case_id, struct str what);

/* errors  E_NOT_FOUND  the person has no such draft */
MUST_USE enum err draft_load(struct req *rq, struct str key, struct draft *ret_draft);
/* The person's drafts, newest first, saved before (ms 0: from the newest), at most n. */
MUST_USE enum err draft_list(struct req *rq, struct instant before, struct draft *ret_drafts,
                             uint32_t n, uint32_t *ret_n);
/* Saves into tx. seen: the version this window loaded or saved last; when another window saved since,
 * the commit gives E_STALE and nothing is lost: say so and offer both. seen 0: the newest wins.
 * errors  E_TOO_LARGE  above DRAFT_BODY_MAX; E_BAD_INPUT the key
 *         E_LOCKED     a new one, while the person has DRAFTS_MAX of that kind (detail "drafts") */
MUST_USE enum err draft_save(struct req *rq, struct tx *tx, struct str key, struct str kind,
                             const struct fields *fields, uint64_t seen);
/* Removes it; no failure when there is none. */
MUST_USE enum err draft_end(struct req *rq, struct tx *tx, struct str key);
