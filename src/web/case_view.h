/* web/case_view.h - one case as values for its page and the small pages around it.
 *
 * case: id, href, number, version, urgency, state, state_title, profile, real_time, question, contact,
 *   asker, asker_org, centre, service, answer_org, consultant, sent (instant), next (whose turn, in
 *   words), glass (opened outside the team), ended, no_outcome, outcome, outcome_text, wanted {code,
 *   text, who, at}: what the asker must add, or why it was refused
 * clock: clock.html; unverified, source
 * patient: patient_banner.html
 * facts: diagnosis, co (list), consent, consent_note
 * lines: list of {title, lines: list of {label, value}}: the request's form without measurements
 * vitals: list of {label, value, unit}; measured
 * events: timeline.html, newest first
 * moves: list of {action, title, href, post, look}
 * files, talk, earlier: see case_parts.c */
#pragma once

#include "care/consult.h"
#include "web/page.h"

/* page_begin with the banner, the case and its clock. title: msgid */
MUST_USE enum err case_begin(struct http_req *h, const struct case_view *v, const char *title,
                             struct val **ret_root);
/* What was asked: facts, lines, vitals. */
MUST_USE enum err case_set_form(struct http_req *h, const struct case_view *v, struct val *root);
/* What happened. */
MUST_USE enum err case_set_events(struct http_req *h, const struct case_view *v, struct val *root);
/* What this person can do, the most likely first. called: an emergency calls this person, so the first
 * move is theirs whose turn ever it is. */
void case_set_moves(struct http_req *h, const struct case_view *v, bool called, struct val *root);

/* Files, by DocumentReference id in the address /files/ID. */
MUST_USE enum err case_set_files(struct http_req *h, const struct case_view *v, struct val *root);
/* At most `most` of them after the first `from`. */
MUST_USE enum err case_set_files_from(struct http_req *h, const struct case_view *v, uint32_t from,
                                      uint32_t most, struct val *root);
/* Messages, oldest first; call after case_set_files. */
MUST_USE enum err case_set_talk(struct http_req *h, const struct case_view *v, struct val *root);
/* Other cases of the patient that the person may see. */
MUST_USE enum err case_set_earlier(struct http_req *h, const struct case_view *v,
                                   struct val *root);
/* The signed conclusion, if there is one: doc (case_doc.html), sig (signature.html), versions. */
MUST_USE enum err case_set_signed(struct http_req *h, const struct case_view *v, struct val *root);

/* doc {title, code, check, at, author, org, replaces, reason, sections [{title, lines}]} from signed
 * or previewed bytes. */
MUST_USE enum err case_doc(struct http_req *h, struct str bytes, struct val *doc);

/* Who signed, and whether it holds: what signature.html shows. */
struct signed_doc;
void case_signature(struct http_req *h, const struct signed_doc *d, struct val *sig);
/* Its time stamp: stamp (waits, holds, bad, never; empty: none), stamp_by, stamp_at, stamp_why. */
struct stamping;
void case_stamp(struct http_req *h, const struct stamping *s, struct val *m);

/* The last thing that happened, in words: "Accepted: Ospanova D., 14:02". */
struct str case_last_event(struct http_req *h, const struct case_view *v);
/* What a move's reason code means in the reader's language; the code when unknown. */
struct str case_reason_title(struct http_req *h, struct str action, struct str code);
/* The list of content/outcome.json a move's reasons come from; NULL: words only. */
const struct code_list *case_reason_list(struct http_req *h, struct str action);
/* "/cases/ID" + suffix. */
struct str case_path(struct http_req *h, struct str id, const char *suffix);
