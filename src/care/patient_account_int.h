/* care/patient_account_int.h - what accounts of patients and their invitations share. */
#pragma once

#include "care/patient_account.h"

#include "care/access.h"
#include "care/directory.h"
#include "care/put.h"
#include "store/tx.h"

/* "Patient/ID" or "RelatedPerson/ID", in rq->a. */
struct str person_ref(struct req *rq, enum fhir_type type, struct str id);
/* The key of a personal number as a name to sign in with: 0 when it is none. */
uint64_t sign_in_name(struct req *rq, struct str typed);
/* The tie of an account that row q is. */
void tie_read(struct req *rq, const struct db_rows *q, struct patient_tie *ret_tie);
