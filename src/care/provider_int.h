/* care/provider_int.h - what the parts of signing in by a provider share. */
#pragma once

#include "care/provider.h"

#include "codec/jws.h"

/* What the provider says of itself: OpenID Connect Discovery 1.0 3. */
struct provider_meta {
    struct str authorize, token, keys; /* addresses */
    bool names_itself; /* its answers carry iss (RFC 9207) */
    bool post;         /* the secret is sent in the form: it does not take HTTP Basic */
};
/* errors  as provider_begin() */
MUST_USE enum err provider_meta(struct req *rq, struct provider_meta *ret_meta);
/* Reads and judges such a text. errors  E_UNPROCESSED */
MUST_USE enum err provider_meta_read(struct req *rq, struct str text, struct provider_meta *ret_meta);
/* The provider's keys that may have signed j.
 * errors  E_IO, E_UNPROCESSED  as provider_begin() */
MUST_USE enum err provider_keys(struct req *rq, const struct provider_meta *meta, const struct jws *j,
                                struct jwk ret_keys[JWK_KEYS_MAX], size_t *ret_n);

/* Who the provider says it is. */
struct provider_person {
    struct str sub, login;
    bool strong; /* by a second step that the settings count */
    bool says_roles;       /* the claim of the settings stands in the token, if with no value */
    const struct str *roles; /* its values */
    uint32_t n_roles;
};
/* Asks for the ID token of a code.
 * errors  E_IO, E_UNPROCESSED; E_STALE  the code is none, or was used */
MUST_USE enum err provider_exchange(struct req *rq, const struct provider_meta *meta, struct str code,
                                    struct str verifier, struct str redirect, struct str *ret_token);
/* Judges an ID token (OpenID Connect Core 1.0 3.1.3.7).
 * errors  E_IO the keys cannot be had; E_UNPROCESSED  it is not to be trusted: the detail says why */
MUST_USE enum err provider_token(struct req *rq, const struct provider_meta *meta, struct str token,
                                 struct str nonce, struct provider_person *ret_person);
/* Of the claims, says_roles and the values.
 * errors  E_UNPROCESSED  neither a string nor a list of strings, or more than PROVIDER_VALUES_MAX */
MUST_USE enum err provider_roles_read(struct req *rq, struct jv claims, struct provider_person *person);
enum { PROVIDER_VALUES_MAX = 1000, PROVIDER_ROLES_MAX = 32 };
/* Signs in whom a judged token means: tie, roles and session, all of it again when somebody else changed
 * their roles or tied them meanwhile. Commits itself. errors  E_SIGN_IN, E_GONE as provider_sign_in() */
MUST_USE enum err provider_enter(struct req *rq, const struct provider_person *person,
                                 const struct provider_back *back, struct session *s);
/* What the person's roles become by it, into tx: what the token's values stand for and nobody gave is given,
 * what a provider gave and they stand for no more ends. What people gave stays as it is. A token without the
 * claim changes nothing, and the administrators are told (log, `consilium doctor`). rq->who: the person.
 * gives   as whom they act after it, and the role of the session (empty: to be chosen)
 * errors  E_GONE  no role is in force after it: tx holds what ends, and is still to be committed
 *         E_UNPROCESSED  more than PROVIDER_ROLES_MAX; the commit gives E_STALE when another changed the
 *         roles of the person meanwhile: all of it is to be done again */
MUST_USE enum err provider_roles_put(struct req *rq, struct tx *tx, const struct provider_person *person,
                                     struct who **ret_who, struct str *ret_role);
/* The claims alone, of a token whose signature was checked. */
MUST_USE enum err provider_claims(struct req *rq, const struct jws *j, struct str nonce,
                                  struct provider_person *ret_person);
