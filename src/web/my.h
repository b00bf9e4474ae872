/* web/my.h - what the pages of patients share.
 *
 * Every page of theirs begins with my_begin(), which looks whose record is open and puts the look on
 * record. It sets
 *   my   name (of the patient), self (the own record), by (who acts for them), born, several (more than
 *        one record is open), send talk visit consent (MY_ bits) */
#pragma once

#include "care/access.h"
#include "care/consult.h"
#include "care/patient_account.h"
#include "care/schedule.h"
#include "store/db.h"
#include "web/page.h"

struct my {
    struct str id;          /* Patient */
    int64_t rid;
    struct patient patient;
    struct val *root;
};
/* errors  E_FORBIDDEN  no patient */
MUST_USE enum err my_begin(struct http_req *h, const char *title, struct my *ret_my);
/* The policy of the organisation that registered the patient. */
const struct policy *my_policy(struct http_req *h, const struct my *m);
/* root.coming: visits that are booked, waited for or going on, the next one first: my_coming.html;
 * root.missed: those that were booked and did not take place, the latest first. */
MUST_USE enum err my_set_bookings(struct http_req *h, const struct my *m, struct val *root);
/* root.waiting, root.others: questionnaires to fill in, and those that are over (web/survey.h). */
MUST_USE enum err my_set_surveys(struct http_req *h, const struct my *m, struct val *root);
/* talk, post, open, fields.text and the fault at it: what my_talk.html and episode.html show. */
enum { MY_TALK_SHOWN = 200 };
void my_set_talk(struct http_req *h, struct val *root, const struct case_message *all, uint32_t n,
                 const char *fault);
/* What to say of a message that was not sent (E_BAD_INPUT, E_CONFLICT, E_LOCKED), and with which status;
 * NULL: an error of another kind. closed: msgid. */
const char *my_talk_fault(enum err e, const char *closed, unsigned *ret_status);
/* Courses of care as further places to write in. */
MUST_USE enum err my_set_episodes(struct http_req *h, const struct my *m, struct val *list);
/* Signed notes of remote visits as further conclusions of a list. */
MUST_USE enum err my_add_notes(struct http_req *h, const struct my *m, struct val *list);
/* Only with one of these MY_ bits, before my_begin(). errors E_FORBIDDEN */
MUST_USE enum err my_may(struct http_req *h, uint32_t limits);
