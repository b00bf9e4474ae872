/* web/visit.h - shared by the pages of visits. */
#pragma once

#include "care/visit.h"
#include "web/page.h"

struct res_row;

/* page_begin with the patient's banner. title: msgid */
MUST_USE enum err visit_page_begin(struct http_req *h, const struct res_row *row, const char *title,
                                   struct val **ret_root, struct patient *ret_patient);
/* The same for a remote visit: visit {id, href, state, state_title, start, end, purpose, problem, doctor,
 * org, service, mine, ...}; the look was put on record by visit_load(). */
MUST_USE enum err visit_values(struct http_req *h, const struct visit_view *v, const char *title,
                               struct val **ret_root);
/* "/visits/ID" + suffix. */
struct str visit_path(struct http_req *h, struct str id, const char *suffix);
/* The visit of the address, loaded. errors  E_NOT_FOUND */
MUST_USE enum err visit_of_path(struct http_req *h, enum audit_action action,
                                struct visit_view **ret_view);
/* changes: list of {title, items: list of {title, text, before, before_at, flag, who, at, href}}; none,
 * since, more. */
MUST_USE enum err visit_set_changes(struct http_req *h, const struct visit_view *v, struct val *root);
/* episodes: courses of care {href, title, who, at, open}, with their messages, for who receives patients. */
MUST_USE enum err visit_set_episodes(struct http_req *h, int64_t patient_rid, struct val *root);
/* Why a diagnosis or a treatment is not offered: limits {texts, sources}. */
void visit_set_limits(struct http_req *h, const struct visit_view *v, struct val *root);
/* doc, sig, save, versions of the signed note, when there is one. */
MUST_USE enum err visit_set_note(struct http_req *h, const struct visit_view *v, struct val *root);
