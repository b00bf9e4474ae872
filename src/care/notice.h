/* care/notice.h - notices: "there is something for you", without any content of a case.
 *
 * A row names the person, the kind and the case; texts are the kind's, so a notice may be shown on a
 * locked screen. */
#pragma once

#include "base/req.h"

enum notice_kind {
#define X(name, code, text) name,
#include "care/notice.def"
#undef X
    NOTICE_COUNT
};

const char *notice_text(unsigned kind); /* msgid; "" for NOTICE_NONE */

struct tx;

/* Tells one person about a case, within tx: a row for the bell and an event for open pages.
 * person: Practitioner id */
MUST_USE enum err notice_tell(struct req *rq, struct tx *tx, struct str person,
                              enum notice_kind kind, struct str case_id);

struct notice {
    uint64_t seq;
    struct instant at;
    enum notice_kind kind;
    struct str case_id;
    bool is_read;
};
/* Newest first, with seq < before (0: from the newest), at most n. Of the person who acts. */
MUST_USE enum err notice_list(struct req *rq, uint64_t before, struct notice *ret_notices,
                              uint32_t n, uint32_t *ret_n);
MUST_USE enum err notice_unread(struct req *rq, uint32_t *ret_n);
/* Marks all up to seq as read. */
MUST_USE enum err notice_read(struct req *rq, struct tx *tx, uint64_t up_to_seq);
