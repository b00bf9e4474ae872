/* care/abroad.h - a patient's data and other countries.
 *
 * A patient is at home in the country of the organisation that keeps the card: of its policy profile, which
 * it has of its own, from the nearest organisation above, or from the deployment. Every other country is
 * abroad. Nothing that names the patient goes there unless the patient, or who decides for the patient, has
 * said yes to it (CONSENT_ABROAD): unlike sharing, where only a refusal stops, silence stops here too. What
 * is without identity may go. Nothing is asked where all organisations are of one country, nor where the
 * profile at home says that no consent is needed.
 *
 * Asked where a team grows: a case is sent, forwarded or taken over, a consilium asks or is joined, a visit
 * is booked; before, to say it in words, and again by the writer on the state that the change is applied to.
 * A refusal or withdrawal takes everybody abroad out of the teams of the patient and of the patient's
 * cases; what was signed stays in the record. A new consent opens the cases that still wait for an answer
 * there, and the consilia that go on: meanwhile nobody waits for a member abroad, as for one who left. Who
 * comes in person is there already: such visits are booked without it, and open nothing of the record there.
 *
 * An emergency makes no exception of this rule. Whoever abroad must see a case at once breaks the glass
 * (care/glass.h): that has a reason, is told to those in charge, ends by itself and is reviewed; it needs no
 * consent and no withdrawal shuts it before its time. Guests' links into meetings name no country and stay.
 *
 * An organisation whose profile comes to name another country is abroad from then on: nothing more goes
 * there; what it saw already it sees until the patient withdraws. */
#pragma once

#include "care/case_row.h"
#include "care/directory.h"
#include "care/policy.h"

struct tx;

enum abroad {
    ABROAD_HOME,    /* of the patient's country, or no consent is needed */
    ABROAD_GIVEN,
    ABROAD_UNASKED,
    ABROAD_REFUSED, /* or withdrawn */
};
static inline bool abroad_is_shut(enum abroad a)
{
    return a >= ABROAD_UNASKED;
}

/* Are there organisations at work of more than one country? */
MUST_USE enum err abroad_any(struct req *rq, bool *ret_any);
/* What an organisation is to a patient. errors  E_IO */
MUST_USE enum err abroad_of(struct req *rq, int64_t patient_rid, struct str org, enum abroad *ret_abroad);
/* The profile of the patient's home: never NULL on OK. */
MUST_USE enum err abroad_policy(struct req *rq, int64_t patient_rid, const struct policy **ret_policy);
/* Is everything that somebody of the directory works for of another country than home? Who works for
 * nobody is not. */
bool abroad_person(const struct directory *d, const struct policy *home, const struct dir_person *p);

/* May data of the patient go to the organisation? The writer looks again at what the answer rests on.
 * coming: the consent is given by this very transaction. A refusal is put on record.
 * errors  E_UNPROCESSED  not asked, or refused: abroad_words() has it in words; from the commit too */
MUST_USE enum err abroad_allow(struct req *rq, struct tx *tx, int64_t patient_rid, struct str org,
                               bool coming);
/* The same for a visit there. One in person goes on without the consent, and opens nothing of the record:
 * *ret_joins whether who receives comes into the patient's team. */
MUST_USE enum err abroad_visit(struct req *rq, struct tx *tx, int64_t patient_rid, struct str org,
                               bool remote, bool *ret_joins);
/* The same for somebody outside in another country, who has no organisation here. */
MUST_USE enum err abroad_allow_stranger(struct req *rq, struct tx *tx, int64_t patient_rid);
/* May who asks, in the role they have taken, be told of whom something of theirs is, like a remote visit
 * booked with them: by their organisation. A refusal is put on record.
 * errors  E_UNPROCESSED  as of abroad_allow() */
MUST_USE enum err abroad_look(struct req *rq, int64_t patient_rid);
/* What a refusal says: msgid; NULL: ABROAD_HOME, ABROAD_GIVEN. */
const char *abroad_text(enum abroad a);
/* The same of a failure of abroad_allow(), by its detail; NULL: it is another failure. */
const char *abroad_words(enum err e, const char *detail);

/* After a withdrawal: whoever is abroad leaves the teams, links with the patient's name end, and both
 * sides of cases that are open abroad are told. After a consent: such cases are opened again. Into tx.
 * errors  the commit gives E_STALE when somebody else abroad came into a team meanwhile */
MUST_USE enum err abroad_shut(struct req *rq, struct tx *tx, int64_t patient_rid);
MUST_USE enum err abroad_open(struct req *rq, struct tx *tx, int64_t patient_rid);
