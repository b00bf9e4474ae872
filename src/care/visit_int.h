/* care/visit_int.h - what the files of a visit share. */
#pragma once

#include "care/care.h"
#include "care/consult_int.h"
#include "care/visit.h"

extern const struct care_flow care_visit_flow;

#define EXT_IDENTITY CARE_URL "/StructureDefinition/identity-check"
#define EXT_IDENTITY_AT CARE_URL "/StructureDefinition/identity-checked-at"
#define EXT_CONSENT CARE_URL "/StructureDefinition/visit-consent"
#define EXT_IN_PERSON CARE_URL "/StructureDefinition/in-person-visit"
#define CS_PURPOSE CARE_URL "/CodeSystem/visit-purpose"

/* One move of a visit. */
struct visit_moving {
    struct req *rq;
    struct tx *tx;
    const struct visit_view *v;
    const struct care_move *move;
    struct str reason, document;
};
/* Checks that action may be made now and fills m->move.
 * errors  E_CONFLICT, E_FORBIDDEN, E_BAD_INPUT */
MUST_USE enum err visit_may(struct visit_moving *m, struct str action);
/* Writes the Task, the record, the notices and the next job. */
MUST_USE enum err visit_moved(struct visit_moving *m);
/* The visit's Encounter as it stands in v, with another status; end ms 0: goes on. */
MUST_USE enum err visit_encounter_put(struct req *rq, struct tx *tx, const struct visit_view *v,
                                      struct str status, struct instant end);
/* The booking says so too. */
MUST_USE enum err visit_took_place(struct req *rq, struct tx *tx, const struct visit_view *v);
/* The Bundle in force of a visit's Task; empty: none. */
MUST_USE enum err visit_note_current(struct req *rq, struct str visit_id, struct str *ret_bundle);
/* The form without the groups diagnosis and treatment as far as they are not allowed.
 * errors  E_TOO_LARGE */
MUST_USE enum err visit_form(struct req *rq, const struct form *whole, bool diagnose, bool treat,
                             const struct form **ret_form);

/* Begins a resource that hangs on the patient. */
void visit_put(struct put *p, struct req *rq, struct tx *tx, enum fhir_type type, struct str id,
               struct str patient);
/* Ends it and puts it on record as action. */
MUST_USE enum err visit_put_end(struct put *p, enum audit_action action);
/* "key":[{"reference":..}] */
void visit_refs(struct json_out *o, struct str key, enum fhir_type type, struct str id);
/* The doctor who acts, as "individual" or "author". */
void visit_doctor(struct json_out *o, const struct req *rq, struct str key);
/* participant: the doctor as primary performer. */
void visit_participant(struct json_out *o, const struct req *rq);
/* "class":{...} */
void visit_class(struct json_out *o, struct str code);
/* The code and words of a problem as typed. */
void visit_problem(struct json_out *o, struct str key, struct str typed);
