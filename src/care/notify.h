/* care/notify.h - notices beyond the page: where a person wants to be told, by which channel and of what,
 * and what is queued to be sent. work/post.h sends.
 *
 * A message says what its notice says (care/notice.def) in the person's language: no patient, no case, no
 * place, no field of medicine. It is queued in the transaction of the change that tells, one row for each
 * address that wants it; a row leaves when the message was taken, so one may come twice after a crash,
 * none is lost.
 *
 * owner: Practitioner id, or "Patient/ID", "RelatedPerson/ID". */
#pragma once

#include "care/care.h"
#include "care/notice.h"

/* Stored: append only. Rows of the table in notify_channel.c. */
enum notify_channel {
    CHANNEL_NONE,
    CHANNEL_MAIL,
    CHANNEL_SMS,
    CHANNEL_TELEGRAM,
    CHANNEL_PUSH,
    CHANNEL_COUNT
};

struct notify_channel_row {
    const char *code;  /* "mail" */
    const char *title; /* msgid */
    const char *label; /* msgid: what is to be typed; "" when nothing is */
    /* Makes an address what it is stored as. False: none. NULL: not typed by people. */
    bool (*clean)(struct req *rq, struct str typed, struct str *ret_address);
    /* Are its settings there? */
    bool (*ready)(const struct notify_settings *s);
};
extern const struct notify_channel_row notify_channels[CHANNEL_COUNT];
/* CHANNEL_NONE when there is no such one. */
enum notify_channel notify_channel_find(struct str code);

/* Stored: append only. */
enum notify_state {
    ADDRESS_WAITS, /* for its code */
    ADDRESS_GOOD,
    ADDRESS_DEAD,  /* the channel says it is no more */
};

/* Why an attempt failed. Stored: append only. */
enum post_why {
    POST_SENT,
    POST_NO_ANSWER,
    POST_LATER,    /* it asks to be tried later */
    POST_REFUSED,  /* it will not take this message */
    POST_GONE,     /* the address is no more */
    POST_SETTINGS, /* our name or key is not taken, or the channel is not set up */
    POST_OTHER,
    POST_WHY_COUNT
};
const char *post_why_text(enum post_why why); /* msgid */

struct notify_address {
    int64_t id;
    struct str owner;
    enum notify_channel channel;
    struct str address; /* as stored; of push: the endpoint; of Telegram: empty until the chat is known */
    struct str keys;    /* of push: "P256DH AUTH", base64url */
    enum notify_state state;
    struct instant code_until;
    uint32_t code_tries;
    uint32_t wants;     /* bits of enum notice_group */
    int digest;         /* hour of the day, -1: at once */
    bool duty;          /* only while on duty */
    int64_t code;       /* keyed hash of its code */
    struct instant created;
};

enum { NOTIFY_ADDRESSES = 10, NOTIFY_WAITING = 3, NOTIFY_CODE_TRIES = 5, NOTIFY_CODE_LEN = 6 };
#define NOTIFY_CODE_MS (15 * MS_MINUTE)
#define NOTIFY_SEALED "staff-invite" /* what store/vault.h is told of a link that waits to be sent */
#define NOTIFY_ALL (~0U >> (32 - NOTICES_COUNT))

/* ---- telling ---- */

/* As notice_tell(): the bell, open pages, and the channels. */
static inline enum err notify_send(struct req *rq, struct tx *tx, struct str owner,
                                   enum notice_kind kind, struct str subject)
{
    return notice_tell(rq, tx, owner, kind, subject);
}
/* The messages alone, without bell and event: for notice_tell(). */
MUST_USE enum err notify_queue(struct req *rq, struct tx *tx, struct str owner,
                               enum notice_kind kind, struct str subject);

/* ---- a person's addresses ---- */

/* At most NOTIFY_ADDRESSES, by channel. */
MUST_USE enum err notify_addresses(struct req *rq, struct str owner,
                                   struct notify_address ret_rows[NOTIFY_ADDRESSES],
                                   uint32_t *ret_n);
/* Adds an address that waits for its code, and queues the code to it; of Telegram (typed empty) gives the
 * code instead, for the link that opens the bot. The same address again: a new code.
 * gives    *ret_code: the code; show it for Telegram alone
 * errors   E_BAD_INPUT  not an address of this channel, or the channel is not set up
 *          E_LOCKED     too many addresses, or too many codes in a short time */
MUST_USE enum err notify_add(struct req *rq, struct tx *tx, struct str owner,
                             enum notify_channel channel, struct str typed, struct str *ret_code);
/* The browser the person is signed in with: needs no code.
 * errors   E_BAD_INPUT  no push service we may call, or keys that are none; E_LOCKED too many */
MUST_USE enum err notify_add_push(struct req *rq, struct tx *tx, struct str owner,
                                  struct str endpoint, struct str p256dh, struct str auth);
/* Right or wrong; a wrong code is counted. Commit tx in either case.
 * errors   E_NOT_FOUND  no such address, or it waits no more; E_LOCKED too many wrong ones */
MUST_USE enum err notify_confirm(struct req *rq, struct tx *tx, struct str owner, int64_t id,
                                 struct str code, bool *ret_right);
/* errors   the commit gives E_STALE when there is no such address */
MUST_USE enum err notify_choose(struct req *rq, struct tx *tx, struct str owner, int64_t id,
                                uint32_t wants, int digest, bool duty);
/* Ends an address with what waits for it.
 * errors   E_NOT_FOUND; E_LOCKED  it waits for the code that was sent to it: it goes by itself */
MUST_USE enum err notify_end(struct req *rq, struct tx *tx, struct str owner, int64_t id);
/* Queues a test message. errors E_NOT_FOUND no such confirmed address */
MUST_USE enum err notify_test(struct req *rq, struct tx *tx, struct str owner, int64_t id);
/* Queues the link of an invitation (care/staff_invite.h) to an e-mail address, new or known; a new one waits
 * until the link was opened. token: the link's value, sealed while it waits; until: the end of the link.
 * gives    *ret_address: as it is stored
 * errors   E_BAD_INPUT  no e-mail address, or no mail server; E_LOCKED  too many addresses */
MUST_USE enum err notify_invited(struct req *rq, struct tx *tx, struct str owner, struct str typed,
                                 struct str token, struct instant until, struct str *ret_address);
/* A chat sent a code: true when an address waited for it. */
MUST_USE enum err notify_chat_found(struct req *rq, struct tx *tx, struct str code, struct str chat,
                                    bool *ret_found);

/* ---- the words of a message ---- */

struct notify_letter {
    struct str title;
    struct str text; /* one line, without the link */
    struct str link; /* "https://host/notices"; empty: none */
};
/* n: how many notices it stands for; code: of NOTICE_CODE; of NOTICE_INVITED as it was queued. */
MUST_USE enum err notify_letter(struct req *rq, enum lang lang, enum notice_kind kind, uint64_t n,
                                struct str code, struct notify_letter *ret_letter);
/* The language of an owner: their account's, else that of the settings. */
MUST_USE enum err notify_lang(struct req *rq, struct str owner, enum lang *ret_lang);
/* "a***@host", "+7*****12": enough to tell one's own addresses apart. */
struct str notify_shown(struct req *rq, const struct notify_address *a);
