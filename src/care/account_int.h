/* care/account_int.h - what accounts, sessions and tokens share. */
#pragma once

#include "care/account.h"
#include "care/directory.h"

/* Puts an event of an account on record. person: whose account. */
MUST_USE enum err account_note(struct req *rq, enum audit_action action, struct str person,
                               enum err outcome, struct str detail);
/* 2..64 of a-z 0-9 . _ - */
bool login_is_valid(struct str login);
/* A new session's row; out: the cookie's value. */
MUST_USE enum err session_write(struct req *rq, struct tx *tx, const struct account *acc,
                                struct str role_id, struct instant expires,
                                char out[SESSION_LEN + 1]);
/* The bits a set of scopes stands for outside the FHIR interface: only what opens all types without
 * condition opens pages' files. */
uint32_t scope_bits(const struct fhir_scopes *s);
/* Puts a token's scopes into w, compiled. */
MUST_USE enum err who_scopes(struct req *rq, struct who *w, struct str text, struct str patient);
/* The person acting in a role (the first one when role_id is not among them). */
MUST_USE enum err who_build(struct req *rq, const struct directory *dir,
                            const struct dir_person *p, struct str role_id, struct who **ret_who);
