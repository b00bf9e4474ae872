/* web/staff.h - what the pages of people and organisations for administrators share. */
#pragma once

#include "care/account.h"
#include "care/directory_change.h"
#include "web/page.h"

/* "Consultant" in the reader's language; the code itself when it is unknown. */
struct str staff_role_title(const struct http_req *h, struct str code);
/* fields role, service (those of the organisation), from, until: a role at an organisation. */
void staff_role_fields(struct http_req *h, const struct directory *d, struct str org, struct val *root);
/* The role as it was sent, for person at org. False: the page has the fault. services: STAFF_SERVICES_MAX */
bool staff_role_sent(struct http_req *h, const struct directory *d, struct str org, struct val *root,
                     struct str *services, struct role_new *ret_role);
/* The person of the path. errors E_NOT_FOUND */
MUST_USE enum err staff_person_of_path(struct http_req *h, const struct directory **ret_dir,
                                       const struct dir_person **ret_person);
/* The page of the person of the path. */
MUST_USE enum err staff_person_show(struct http_req *h, struct val *root);

/* numbers [{kind, number}], fields kind and number of staff_number.html. */
MUST_USE enum err staff_numbers(struct http_req *h, const struct dir_person *p, struct val *root);

/* ---- staff_invite.c: a link by which a person chooses the password ---- */

struct staff_newcomer {
    struct str person, name, login;
};
/* fields way (by e-mail where it can be sent, by a link that is shown, and with password: a password) and
 * mail. known: the address the person has proved. */
void staff_invite_fields(struct http_req *h, struct str known, bool password, struct val *root);
/* Was anything but a password asked for? */
bool staff_invite_is_asked(struct http_req *h);
/* The faults of these fields. */
void staff_invite_check(struct http_req *h, struct str known, struct val *root);
/* Somebody added in tx gets an account and a link. errors as staff_invite_account(), staff_invite_make() */
MUST_USE enum err staff_invite_newcomer(struct http_req *h, struct tx *tx, const struct staff_newcomer *n);
/* invite: the newest invitation of a person's account, and the form of a new one. */
MUST_USE enum err staff_invite_section(struct http_req *h, const struct directory *d,
                                       const struct account *acc, struct val *root);
