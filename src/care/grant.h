/* care/grant.h - what people and registrations grant to applications: codes, access and refresh tokens
 * (RFC 6749, 7636, 7009, 7662; SMART App Launch 2.2).
 *
 * Every value handed out is random and kept as its SHA-256. All tokens of one consent belong to one
 * grant; a code or refresh token that comes twice ends the grant, since one of the two who hold it
 * stole it. Functions marked "slow" commit themselves: pool threads only. */
#pragma once

#include "care/client.h"
#include "care/who.h"

enum {
    GRANT_VALUE_MAX = 64,  /* characters of a code or token, and the NUL */
    GRANT_PKCE_LEN = 43,   /* characters of an S256 challenge */
    GRANT_NONCE_MAX = 255,
};
#define GRANT_CODE_MS MS_MINUTE         /* a code is exchanged within this */
#define GRANT_ACCESS_MS MS_HOUR         /* an access token of a person's application */
#define GRANT_SERVICE_MS (5 * MS_MINUTE) /* of a service: it asks again */
#define GRANT_REFRESH_MS (90 * MS_DAY)  /* a refresh token nobody used */
#define GRANT_LAUNCH_MS (5 * MS_MINUTE)

/* What a person agreed to on the consent page. */
struct grant_ask {
    const struct client *client;
    struct str role;      /* PractitionerRole id, one of the person's */
    struct str scopes;    /* granted */
    struct str patient;   /* in context; empty: none */
    struct str case_id;   /* in context; empty: none */
    struct str encounter; /* in context; empty: none */
    struct str intent;    /* what a page of ours opened it for; empty: none */
    struct str redirect;
    struct str challenge; /* PKCE S256 */
    struct str nonce;     /* OpenID; empty: none */
};
/* Begins a grant of rq->who into tx and gives its code. online: it ends with the session. */
MUST_USE enum err grant_begin(struct req *rq, struct tx *tx, const struct grant_ask *ask,
                              char ret_code[GRANT_VALUE_MAX]);

/* What the token endpoint hands out. */
struct grant_tokens {
    char access[GRANT_VALUE_MAX];
    char refresh[GRANT_VALUE_MAX]; /* "" none */
    int64_t life_ms;               /* of access */
    struct str scopes;
    struct str patient, case_id, encounter, intent; /* in context; empty: none */
    struct str nonce;
    const struct who *who;         /* whom they act as */
};
/* A code for tokens. slow.
 * errors   E_FORBIDDEN  not a good code of this client, address and verifier: used, expired, another's;
 *                       the detail says which, for the record
 *          E_SIGN_IN    the assertion was used before */
MUST_USE enum err grant_redeem(struct req *rq, const struct client *c, struct str code,
                               struct str redirect, struct str verifier,
                               struct grant_tokens *ret_tokens);
/* A refresh token for new ones; the old one is spent. scopes: fewer; empty: the same. slow.
 * errors   E_FORBIDDEN  not a good one of this client; E_BAD_INPUT scopes that were not granted */
MUST_USE enum err grant_refresh(struct req *rq, const struct client *c,
                                struct str refresh, struct str scopes,
                                struct grant_tokens *ret_tokens);
/* A service's own token. slow.
 * errors   E_FORBIDDEN  no service; E_BAD_INPUT no scope of those asked for may be granted;
 *          E_SIGN_IN  the assertion was used before */
MUST_USE enum err grant_service(struct req *rq, const struct client *c,
                                struct str scopes, struct grant_tokens *ret_tokens);

/* Who a token of an application acts as. Quick.
 * errors   E_SIGN_IN  unknown, expired, revoked, the account closed, the role ended */
MUST_USE enum err who_by_grant(struct req *rq, struct str bearer, const struct who **ret_who);
/* Is this the form of an application's token? */
bool grant_is_token(struct str bearer);

struct grant_facts {
    bool active;
    bool refresh;
    struct str grant, client, scopes, login, person, patient, encounter, case_id;
    struct instant created, expires;
};
/* For introspection: what a token stands for; active false when it is none or not any more. */
MUST_USE enum err grant_facts(struct req *rq, struct str token, struct grant_facts *ret_facts);
/* Whose a token is or was; empty when it is none. A public client renews without naming itself. */
MUST_USE enum err grant_client_of(struct req *rq, struct str token, struct str *ret_client);
/* Ends the grant of a token, when it is the client's, into tx. OK when there is none (RFC 7009 2.2). */
MUST_USE enum err grant_revoke(struct req *rq, struct tx *tx, const struct client *c, struct str token);

/* A grant of a person, for the own account's page. */
struct grant {
    struct str id, client_name, role, scopes;
    struct instant created;
};
MUST_USE enum err grant_list(struct req *rq, int64_t account, struct grant *ret_grants, uint32_t n,
                             uint32_t *ret_n);
/* errors   the commit gives E_STALE when it is not theirs or ended already */
MUST_USE enum err grant_end(struct req *rq, struct tx *tx, struct str id);

/* ---- opened from a page of ours: care/launch.c ---- */

enum { LAUNCH_CLIENTS_MAX = 200 };

/* May this person open it: registered for it, with an address, and if it is an organisation's, in a
 * role there? */
bool launch_may(const struct who *w, const struct client *c);
/* The applications rq->who may open, by id, at most n. */
MUST_USE enum err launch_list(struct req *rq, struct client *ret_clients, uint32_t n, uint32_t *ret_n);

/* What it is opened about. */
struct launch_ask {
    struct str client;  /* only this one; empty: any */
    struct str case_id; /* or */
    struct str patient;
    struct str intent;  /* what for, a word the application knows; empty: none */
};
/* The launch value goes to the application and comes back with its request. It holds five minutes,
 * once, for rq->who alone.
 * errors   E_NOT_FOUND  no such case or patient, or not theirs; E_BAD_INPUT intent */
MUST_USE enum err launch_begin(struct req *rq, struct tx *tx, const struct launch_ask *ask,
                               char ret_launch[GRANT_VALUE_MAX]);
/* Where the person's browser is sent: its address with iss (base of the FHIR interface) and launch. */
MUST_USE enum err launch_address(struct req *rq, const struct client *c, struct str iss, struct str launch,
                                 struct str *ret_url);
/* The Encounter in context, as far as rq->who may see it: the one the case names, else the patient's
 * newest that is going on; empty: none. */
MUST_USE enum err launch_visit(struct req *rq, struct str case_id, struct str patient, struct str *ret_id);

struct launch {
    struct str patient, case_id, intent;
};
/* errors   E_FORBIDDEN  none, expired, another person's, another client's */
MUST_USE enum err launch_find(struct req *rq, struct str launch, struct str client,
                              struct launch *ret_launch);
/* Spends it, into tx. */
MUST_USE enum err launch_use(struct tx *tx, struct req *rq, struct str launch);

/* Has this key failed too often? Failures are counted by rate_count. key: what is counted, "token ADDR".
 * errors   E_LOCKED  wait; the detail holds the seconds */
MUST_USE enum err rate_check(struct req *rq, struct str key, uint32_t most);
MUST_USE enum err rate_count(struct req *rq, struct tx *tx, struct str key);

/* The key that signs identity tokens, made when first asked for. slow.
 * ret_key: PKCS #8 DER; ret_jwk: its public half */
MUST_USE enum err oidc_key(struct req *rq, struct str *ret_key, struct jwk *ret_jwk);
/* The id_token of what was granted. issuer: base address of the FHIR interface. slow. */
MUST_USE enum err oidc_token(struct req *rq, struct str issuer, const struct client *c,
                             const struct grant_tokens *t, struct str *ret_token);
