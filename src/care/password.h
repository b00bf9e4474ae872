/* care/password.h - what a new password must not be: short, or easy to guess (NIST SP 800-63B 5.1.1.2).
 *
 * Length alone is asked for, no kinds of signs. Easy to guess is what is left with next to nothing when
 * these are taken out: words of content/passwords.json, the login, runs along keyboard rows, repeated and
 * counted signs, years, punctuation; letters written as signs ("p@ssw0rd") are read as letters, too. */
#pragma once

#include "care/care.h"

enum { PASSWORD_REST = 4 /* characters that must be left */ };

/* Of a password a person chose for this login (empty: not known yet).
 * errors  E_BAD_INPUT  PASSWORD_SHORT, PASSWORD_LONG or PASSWORD_EASY as the detail */
MUST_USE enum err password_judge(struct req *rq, struct str login, struct str password);
#define PASSWORD_SHORT "password: at least %u characters" /* care->password_least */
#define PASSWORD_LONG "password: too long"
#define PASSWORD_EASY "password: easy to guess"
/* A detail of the above in words for people: msgid; NULL: too short, web/password_words.h says how many. */
const char *password_fault_text(const struct req *rq);
