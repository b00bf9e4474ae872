/* codec/webauthn.h - passkeys: what a browser hands back when one is made and when one is used, held to what
 * was asked for (WebAuthn Level 2, 7.1 and 7.2). Signatures, CBOR and COSE keys are libfido2's.
 *
 * Attestation is neither asked for nor looked at (conveyance "none", 5.4.7): who made the device does not
 * matter here. So a new passkey is taken from the authenticator data alone, which browsers give apart
 * (5.2.1.1, getAuthenticatorData). User presence and user verification are always demanded. */
#pragma once

#include "base/req.h"

enum {
    WEBAUTHN_CLIENT_MAX = 4096,  /* bytes of clientDataJSON */
    WEBAUTHN_DATA_MAX = 2048,    /* bytes of authenticator data */
    WEBAUTHN_SIG_MAX = 512,      /* bytes of a signature: RSA of 2048 bits has 256 */
    WEBAUTHN_ID_MAX = 1023,      /* bytes of a credential id (5.8.3) */
    WEBAUTHN_CHALLENGE = 32,     /* bytes of a challenge (13.4.3: at least 16) */
    WEBAUTHN_ES256 = -7,         /* COSE algorithms (IANA), in the order they are asked for */
    WEBAUTHN_EDDSA = -8,
    WEBAUTHN_RS256 = -257,
};

enum {
    WEBAUTHN_MAY_SYNC = 1 << 0, /* backup eligible: may be on several devices of its person */
    WEBAUTHN_SYNCED = 1 << 1,   /* backup state: is kept elsewhere, too */
};

/* What was asked for. */
struct webauthn_ask {
    struct str challenge; /* as handed out: base64url */
    struct str origin;    /* "https://telemed.example", as browsers write it */
    struct str rp_id;     /* "telemed.example" */
};

struct webauthn_key {
    struct str id;   /* credential id */
    int alg;         /* WEBAUTHN_ES256 ... */
    struct str key;  /* public key, in the form of libfido2 for this alg */
    uint32_t count;  /* signature counter; 0: it has none */
    uint32_t flags;  /* WEBAUTHN_MAY_SYNC ... */
};

/* A new passkey. client_data: clientDataJSON; auth_data: authenticator data; both as bytes.
 * gives   ret_key, its slices in the request's arena
 * errors  E_SYNTAX     client data is no JSON object, or authenticator data cannot be read
 *         E_FORBIDDEN  not what was asked for; the detail names it: "passkey: origin"
 *         E_BAD_INPUT  no key of a kind that is asked for, in its canonical form
 *         E_TOO_LARGE  a limit
 * costs   tens of microseconds; thread: any */
MUST_USE enum err webauthn_create(struct req *rq, const struct webauthn_ask *ask, struct str client_data,
                                  struct str auth_data, struct webauthn_key *ret_key);

/* One that is used. key: as kept.
 * gives   ret_now: count and flags as the passkey says now; the caller compares the counts
 * errors  as above; E_FORBIDDEN also "passkey: signature"
 *         E_BAD_INPUT  extensions, which nobody asked for */
MUST_USE enum err webauthn_get(struct req *rq, const struct webauthn_ask *ask,
                               const struct webauthn_key *key, struct str client_data,
                               struct str auth_data, struct str sig, struct webauthn_key *ret_now);

/* Is there a copy of this passkey (6.1.1)? kept, now: counts before and after. One without a counter says 0
 * both times. */
static inline bool webauthn_is_copied(uint32_t kept, uint32_t now)
{
    return (kept != 0 || now != 0) && now <= kept;
}
