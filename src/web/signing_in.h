/* web/signing_in.h - what the pages of the two steps of signing in share. */
#pragma once

#include "care/factor.h"
#include "web/page.h"

#define HALF_COOKIE "half"
#define SIGN_IN_CODE "/sign-in/code"

/* Where to go after signing in: a path of this server, else the start page. */
struct str sign_in_next(struct str asked);
/* Another site must not sign its visitors in here: what a browser says of itself. */
bool sign_in_is_own_form(struct http_req *h);
/* The browser that asks. */
struct sign_in_from sign_in_from(struct http_req *h);
/* Fields that came with the form and are kept through it (web/kept.h)? */
bool sign_in_keeps(struct http_req *h);
/* The cookies of a session that began, or of a half one. */
void sign_in_cookies(struct http_req *h, const struct session *s);
/* The end of it: on to where they wanted to go; a form that came too late is offered for sending. */
MUST_USE enum err sign_in_done(struct http_req *h, const struct session *s);
/* "wait 90 s" of E_LOCKED in words; the failure is over then, and in the log. login: as typed, or empty. */
struct str sign_in_wait(struct http_req *h, struct str login);
/* The first page again with a fault (msgid) of login or password. */
MUST_USE enum err sign_in_anew(struct http_req *h, unsigned status, const char *fault);
/* The same with one of neither, in the reader's language. */
MUST_USE enum err sign_in_anew_said(struct http_req *h, unsigned status, struct str fault);
/* The page of the second step, at once after the password. ways: HALF_CODE ... */
MUST_USE enum err sign_in_ask_code(struct http_req *h, uint32_t ways);
