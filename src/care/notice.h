/* care/notice.h - notices: "there is something for you", without any content of a case.
 *
 * A row names the person, the kind and the case; texts are the kind's, so a notice may be shown on a
 * locked screen. */
#pragma once

#include "base/req.h"

enum notice_kind {
#define X(name, code, group, path, text) name,
#include "care/notice.def"
#undef X
    NOTICE_COUNT
};

/* What people choose by channel. Their bits are stored: append only. */
enum notice_group {
    NOTICES_CASE,
    NOTICES_MESSAGE,
    NOTICES_CLOCK,
    NOTICES_VISIT,
    NOTICES_CONSILIUM,
    NOTICES_ACCESS,
    NOTICES_EMERGENCY, /* goes out whatever was chosen */
    NOTICES_TEST,      /* to one address: tests and codes; never in the bell */
    NOTICES_ACCOUNT,   /* the own signing in; goes out whatever was chosen */
    NOTICES_COUNT
};

const char *notice_text(unsigned kind); /* msgid; "" for NOTICE_NONE */
const char *notice_path(unsigned kind); /* "/cases/": the subject's id comes behind; "" no page of its own */
enum notice_group notice_group(unsigned kind);
const char *notice_group_title(enum notice_group group); /* msgid */

struct tx;

/* Tells one person, within tx: a row for the bell, an event for open pages, and a message by each channel
 * they chose for such notices (care/notify.h).
 * person: Practitioner id, or "Patient/ID", "RelatedPerson/ID" for people with an account of their own
 * subject: id of the case, or of what the kind's path leads to */
MUST_USE enum err notice_tell(struct req *rq, struct tx *tx, struct str person,
                              enum notice_kind kind, struct str subject);

/* Was this person told of this since then? */
MUST_USE enum err notice_was_told(struct req *rq, struct str person, enum notice_kind kind,
                                  struct str subject, int64_t since_ms, bool *ret_told);

struct notice {
    uint64_t seq;
    struct instant at;
    enum notice_kind kind;
    struct str case_id; /* or whatever the kind's path leads to */
    bool is_read;
};
/* Newest first, with seq < before (0: from the newest), at most n. Of the person who acts. */
MUST_USE enum err notice_list(struct req *rq, uint64_t before, struct notice *ret_notices,
                              uint32_t n, uint32_t *ret_n);
MUST_USE enum err notice_unread(struct req *rq, uint32_t *ret_n);
/* Marks all up to seq as read. */
MUST_USE enum err notice_read(struct req *rq, struct tx *tx, uint64_t up_to_seq);
