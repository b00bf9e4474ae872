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
};
/* Asks for the ID token of a code.
 * errors  E_IO, E_UNPROCESSED; E_STALE  the code is none, or was used */
MUST_USE enum err provider_exchange(struct req *rq, const struct provider_meta *meta, struct str code,
                                    struct str verifier, struct str redirect, struct str *ret_token);
/* Judges an ID token (OpenID Connect Core 1.0 3.1.3.7).
 * errors  E_IO the keys cannot be had; E_UNPROCESSED  it is not to be trusted: the detail says why */
MUST_USE enum err provider_token(struct req *rq, const struct provider_meta *meta, struct str token,
                                 struct str nonce, struct provider_person *ret_person);
/* The claims alone, of a token whose signature was checked. */
MUST_USE enum err provider_claims(struct req *rq, const struct jws *j, struct str nonce,
                                  struct provider_person *ret_person);
