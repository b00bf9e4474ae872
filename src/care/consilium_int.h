/* care/consilium_int.h - what the parts of the consilium share. */
#pragma once

#include "care/care.h"
#include "care/consilium.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/flow_int.h"
#include "care/notice.h"
#include "care/put.h"

/* A move of one patient of the agenda. */
struct consilium_moving {
    struct req *rq;
    struct tx *tx;
    const struct consilium *c;
    struct consilium_item *item; /* is changed to what it becomes */
    const struct care_move *move;
    struct str reason;           /* on the timeline */
    struct str document;         /* the protocol fixed */
    struct str also;             /* Practitioner told besides those of the row; empty: nobody */
};
/* Writes the coordination Task with its timeline, the row (E_STALE when it moved on), the clock's job,
 * notices, the record. Rights and needs were checked. */
MUST_USE enum err consilium_perform(struct consilium_moving *m);
/* The row of the workflow for an action in the item's state, if rq->who may: else puts the refusal
 * on record.
 * errors  E_CONFLICT  no such row; E_FORBIDDEN */
MUST_USE enum err consilium_row(struct req *rq, const struct consilium *c,
                                const struct consilium_item *item, struct str action,
                                const struct care_move **ret_move);
/* What a row needs of the members: quorum, opinions, signatures.
 * errors  E_CONFLICT  with the need as detail */
MUST_USE enum err consilium_needs(struct req *rq, const struct consilium *c,
                                  const struct consilium_item *item, const struct care_move *move);
/* Tells the audience of a row, and the open pages. */
MUST_USE enum err consilium_tell(struct req *rq, struct tx *tx, const struct consilium *c,
                                 const struct consilium_item *item, const struct care_move *move);
/* A record of something done with a patient of the agenda. */
MUST_USE enum err consilium_note(struct req *rq, const struct consilium *c,
                                 const struct consilium_item *item, enum audit_action action,
                                 enum err outcome, struct str detail);

/* The item as a row of the worklists would be: for what is made for cases (Task, team, messages). */
void consilium_as_case(const struct consilium *c, const struct consilium_item *item,
                       struct case_row *ret_row);

/* Rows of the store, without asking who may. errors E_NOT_FOUND */
MUST_USE enum err consilium_load(struct req *rq, struct str id, struct consilium *ret_c);
MUST_USE enum err consilium_item_load(struct req *rq, struct str id,
                                      struct consilium_item *ret_item);
MUST_USE enum err consilium_item_new(struct tx *tx, const struct consilium_item *item);
MUST_USE enum err consilium_member_put(struct tx *tx, const struct consilium *c,
                                       const struct consilium_member *m);
/* The voices as stored, hidden ones too. */
MUST_USE enum err consilium_voices_all(struct req *rq, struct str item_id,
                                       struct consilium_voice *ret_voices, uint32_t *ret_n);

/* The CareTeam of a patient: who takes part now, as c->members say. */
MUST_USE enum err consilium_put_team(struct req *rq, struct tx *tx, const struct consilium *c,
                                     const struct consilium_item *item);
/* The Task of one member for one patient. status: FHIR R4 TaskStatus; impression: id of the
 * opinion, empty:
 * none is shown. */
struct member_task {
    const char *status;
    struct str reason;     /* statusReason */
    struct str impression;
    struct str protocol;   /* Bundle signed */
};
MUST_USE enum err consilium_put_task(struct req *rq, struct tx *tx, const struct consilium *c,
                                     const struct consilium_item *item,
                                     const struct consilium_member *m, struct str task,
                                     const struct member_task *t);
/* Voice and Task of a member who is asked, for one patient. */
MUST_USE enum err consilium_ask_voice(struct req *rq, struct tx *tx, const struct consilium *c,
                                      const struct consilium_item *item,
                                      const struct consilium_member *m);
/* A member who takes part joins the teams of all patients of the agenda and of their cases; *m
 * learns what
 * they saw before. */
MUST_USE enum err consilium_join(struct req *rq, struct tx *tx, const struct consilium *c,
                                 struct consilium_member *m);
/* And leaves those they did not see before. */
MUST_USE enum err consilium_unjoin(struct req *rq, struct tx *tx, const struct consilium *c,
                                   const struct consilium_member *m);
/* Whoever takes part is in the teams of a patient that is still open, and of the case; any other id of a
 * request: nothing. */
MUST_USE enum err consilium_rejoin(struct req *rq, struct tx *tx, struct str item_id);

/* The Appointment of a patient of a planned one: who takes part, from when to when, how far it is. */
MUST_USE enum err consilium_put_appointment(struct req *rq, struct tx *tx, const struct consilium *c,
                                            const struct consilium_item *item);
/* The clock's next reminder of the beginning, or none. */
MUST_USE enum err consilium_remind_set(struct req *rq, struct tx *tx, const struct consilium *c);
/* "chair", "member", "secretary" */
struct str consilium_part_code(const struct consilium *c, const struct consilium_member *m);
bool consilium_is_planned(struct req *rq, const struct consilium *c);

/* "2026-11-22T14:30" as local time; 0: nothing or no time. */
int64_t consilium_time_typed(struct req *rq, struct str typed);
#define CONSILIUM_LATEST_MS (366 * MS_DAY) /* nothing is planned beyond */

/* The role of the directory with this id, and whose it is; NULL: none present. */
const struct role_ref *consilium_role(const struct directory *dir, struct str role_id,
                                      const struct dir_person **ret_person);
/* What one voice or signature needs: the row of the workflow, the voice, that nothing moved meanwhile. */
struct speaking {
    struct req *rq;
    struct tx *tx;
    struct consilium c;
    struct consilium_item *item;
    const struct consilium_member *m;
    const struct care_move *move;
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    uint32_t n;
    struct consilium_voice *v;
    bool own_token; /* signed by one */
};
/* Opens the voice of a member for an action of rq->who; refusals are put on record.
 * errors  E_NOT_FOUND, E_CONFLICT, E_FORBIDDEN */
MUST_USE enum err consilium_speak(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                                  struct str action, struct speaking **ret_s);
/* Keeps what was said; with the last voice hidden opinions are shown. Then it is told and put on record. */
MUST_USE enum err consilium_voice_keep(struct speaking *s, const struct consilium_voice *said);
MUST_USE enum err consilium_spoken(struct speaking *s, enum audit_action action);
/* The opinions given become resources the members read, with their signatures. */
MUST_USE enum err consilium_show_opinions(struct req *rq, struct tx *tx, const struct consilium *c,
                                          const struct consilium_item *item,
                                          const struct consilium_voice *voices, uint32_t n);
/* Closes: orders and a message to the case, its team joins. The move itself is made too. */
MUST_USE enum err consilium_close(struct req *rq, struct tx *tx, const struct consilium *c,
                                  struct consilium_item *item, const struct care_move *move);
/* The document Bundle of the protocol. */
MUST_USE enum err protocol_build(struct req *rq, const struct consilium *c,
                                 const struct consilium_item *item, const struct protocol *p,
                                 const struct consilium_voice *voices, uint32_t n_voices,
                                 struct str base_url, struct str *ret_bundle_id,
                                 struct str *ret_bytes);
/* Sections the server writes itself: nobody types them. */
bool protocol_is_own(struct str code);
