/* web/audit_about.h - whom and what a record is about, by name, and the search for it. */
#pragma once

#include "care/directory.h"
#include "http/http.h"
#include "store/audit.h"
#include "web/val.h"

/* "gave a role" of web/audit_acts.c, a msgid; NULL when no row fits. */
const char *audit_act(const struct audit_row *r);
/* Did the actor do it to themselves, to nobody, or is it not known who acted? False: to somebody else. */
bool audit_is_own(const struct audit_row *r);

/* Sets about of m: [{name, login, href (records about them), role, org, org_href, service}], at most a few,
 * and more: how many besides, or many. Names of the directory alone; a patient is never named.
 * errors  E_IO, E_TOO_LARGE */
MUST_USE enum err audit_about_set(struct http_req *h, const struct directory *dir,
                                  const struct audit_row *r, struct val *m);
/* The same as one line of text, for a table; empty: about nothing of these. */
MUST_USE enum err audit_about_text(struct http_req *h, const struct directory *dir,
                                   const struct audit_row *r, struct str *ret_text);

/* The people whose login words are, else those whose name has each of the words. */
struct audit_people {
    bool *in; /* by index in dir->people */
};
MUST_USE enum err audit_people_find(struct http_req *h, const struct directory *dir, struct str words,
                                    struct audit_people *ret_people);
/* Is a record about one of them? */
MUST_USE enum err audit_is_about(struct req *rq, const struct directory *dir, const struct audit_row *r,
                                 const struct audit_people *people, bool *ret_is);
