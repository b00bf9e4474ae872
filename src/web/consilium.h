/* web/consilium.h - what the pages of a consilium share. */
#pragma once

#include "care/consilium.h"
#include "web/page.h"

struct tx;

/* "/consilia/ID", "/consilium/ID" of one patient. */
struct str consilium_path(struct http_req *h, struct str id, const char *suffix);
struct str consilium_item_path(struct http_req *h, struct str item, const char *suffix);

/* page_begin and root.consilium {href, state, state_title, urgency, written, hidden, start, until, quorum,
 * present, convener, org, version, unverified, source}, root.members, root.items. */
MUST_USE enum err consilium_begin(struct http_req *h, const struct consilium *c, const char *title,
                                  struct val **ret_root);
/* root.patient for the banner; root.item {href, case, state, state_title, question, number, clock}. */
MUST_USE enum err consilium_set_item(struct http_req *h, const struct consilium *c,
                                     const struct consilium_item *item, struct val *root);
/* root.voices: what each member said of a patient and whether they signed, as this person may read it. */
MUST_USE enum err consilium_set_voices(struct http_req *h, const struct consilium *c,
                                       const struct consilium_item *item, struct val *root,
                                       const struct consilium_voice **ret_voices, uint32_t *ret_n);
/* How far the voices of one patient are: whether the steps that need them can be made. */
struct consilium_standing {
    const struct consilium_voice *own;
    bool decided;       /* the protocol says what */
    bool spoken;        /* all opinions that are waited for, and the quorum of them */
    bool closable;      /* all signed or refused, the quorum of signatures, the chair's among them */
};
/* root.moves of the consilium, or of one of its patients (item not NULL): those that can be made by this
 * person now. s: of the patient; of the consilium as a whole all zero. */
void consilium_set_moves(struct http_req *h, const struct consilium *c, const struct consilium_item *item,
                         const struct consilium_standing *s, struct val *root);
/* A field of choices "name" with the roles that may be members: narrowed by the fields org, post, specialty;
 * those ticked stay. many: checkboxes. */
MUST_USE enum err consilium_people(struct http_req *h, const struct policy *policy, const char *name,
                                   const char *label, bool many, struct val *root);
/* What a failure of a move says: the field it is about and a msgid; false: no words of ours. */
bool consilium_fault(const struct http_req *h, enum err e, const char **ret_field,
                     const char **ret_text);
/* Fixes an opinion as the bytes a token signs, and shows them (consilium_opinion.c).
 * errors  as consilium_opinion_fix() */
MUST_USE enum err consilium_opinion_show(struct http_req *h, struct tx *tx, struct str person);
/* Somebody was faster: back to the page, which says so. For h->on_fail; h->page_ctx: the path. */
MUST_USE enum err consilium_late(struct http_req *h);
/* Into a map: members [{name, post, org, state, in, chair, secretary, votes, reason, instead}]. */
void consilium_set_members(struct http_req *h, const struct consilium *c, struct val *root);
/* An order: text, owner, due, late, done; post: where whoever may says it is done. */
void consilium_set_order(struct http_req *h, const struct case_row *row, const struct consilium_order *order,
                         struct val *m);
/* root.consilia of a case: href, title, at, members; orders; rings [{name, at, ended}]; consilium_new:
 * the address where one is called. */
MUST_USE enum err consilium_set_case(struct http_req *h, const struct case_row *row, struct val *root);
