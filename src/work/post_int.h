/* work/post_int.h - the four ways out; private to the room. */
#pragma once

#include "work/post.h"

enum { POST_TIMEOUT_MS = 15000, POST_TEXT_MAX = 16 << 10 };

static inline const struct notify_settings *post_settings(const struct req *rq)
{
    return &care_of(rq)->notify;
}
/* Takes the chats of people who opened the bot by their link; *at: how far updates were read, 0 at first. */
void post_chat(struct care *care, struct db *db, struct instant now, int64_t *at);
void post_mail(struct req *rq, const struct post_message *m, struct post_result *ret_result);
/* The message as mail: header and body (RFC 5322, RFC 2047, base64). */
MUST_USE enum err post_mail_write(struct req *rq, const struct post_message *m,
                                  struct str *ret_text);
