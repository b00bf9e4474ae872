/* care/grant_int.h - a token's row with everything it stands on; private to the room. */
#pragma once

#include "care/grant.h"
#include "store/audit.h"
#include "store/db.h"

/* Q_APP_TOKEN and Q_GRANT. */
struct grant_row {
    int64_t kind;               /* 0 access, 1 refresh */
    struct str scopes;          /* of the token */
    struct instant created, expires; /* of the token; expires 0: a grant without token */
    bool used;                  /* a refresh token that was exchanged */
    struct str id, client, role, granted, patient, case_id;
    int64_t account;            /* 0: a service */
    bool online;                /* bound to a session */
    struct instant session_end; /* 0: the session is gone */
    struct str encounter, intent;
    bool revoked;               /* the grant or the client */
    struct str org, login, person;
    int64_t state;              /* of the account */
    bool factor;                /* the account signs in with a second step */
    enum lang lang;
};

struct str grant_hash(struct req *rq, struct str value);
/* errors   E_SIGN_IN  no such token */
MUST_USE enum err grant_row_by_token(struct req *rq, struct str token, struct grant_row *ret_row);
MUST_USE enum err grant_row_by_id(struct req *rq, struct str id, struct grant_row *ret_row);
/* Whom it acts as, now.
 * errors   E_SIGN_IN  expired, revoked, the account closed or held, the role or the session ended */
MUST_USE enum err grant_row_who(struct req *rq, const struct grant_row *g, const struct who **ret_who);
/* Whom a service acts as. */
MUST_USE enum err grant_client_who(struct req *rq, const struct client *c, const struct who **ret_who);
/* Puts a grant, a refusal or a use on record. */
MUST_USE enum err grant_note(struct req *rq, struct str client, enum err outcome, struct str what);
