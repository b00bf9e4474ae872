/* care/client.h - applications that may ask for access: registered by the administrator, proved by a
 * secret or by keys (SMART App Launch 2.2; RFC 6749, 7523). */
#pragma once

#include "care/care.h"
#include "codec/jws.h"

struct tx;

enum client_kind {
    CLIENT_PUBLIC, /* cannot keep a secret: a page in a browser, a program on a phone */
    CLIENT_SECRET,
    CLIENT_KEYS,   /* signs with a key of its own (private_key_jwt) */
};

enum {
    CLIENT_STANDALONE = 1 << 0, /* people open it by itself */
    CLIENT_EHR = 1 << 1,        /* opened from a page of ours, with a launch value */
    CLIENT_SERVICE = 1 << 2,    /* acts without people, for its organisation */
    CLIENT_SYSTEM = 1 << 3,     /* acts without people, sees all: exports, registries */
    CLIENT_INTROSPECT = 1 << 4, /* may ask about tokens of others */
};

enum { CLIENT_ID_MAX = 64, CLIENT_SECRET_LEN = 43, CLIENT_REDIRECTS_MAX = 10, CLIENT_URL_MAX = 500 };

struct client {
    struct str id, name;
    enum client_kind kind;
    struct str secret;    /* SHA-256; p NULL none */
    struct str jwks;
    struct str jwks_uri;  /* where its keys are fetched; empty: jwks is all there is */
    struct instant jwks_tried, jwks_until; /* of the keys that were fetched */
    struct str launch_url; /* where pages of ours open it; empty: nowhere */
    struct str redirects; /* one a line */
    struct str scopes;
    uint32_t launch;      /* CLIENT_STANDALONE ... */
    struct str org;       /* of a service */
    struct instant created, revoked;
    struct str jti;       /* once proved by an assertion: SHA-256 of its number; p NULL none */
};

/* errors   E_NOT_FOUND  none, or revoked */
MUST_USE enum err client_find(struct req *rq, struct str id, struct client *ret_client);
/* All, revoked ones too, at most n. */
MUST_USE enum err client_list(struct req *rq, struct client *ret_clients, uint32_t n, uint32_t *ret_n);
/* Registers one into tx; id, name, kind, jwks, jwks_uri, redirects, launch_url, scopes, launch
 * and org are read. For
 * CLIENT_SECRET ret_secret is the secret, shown once; else it is "".
 * errors   E_BAD_INPUT  the detail says what; the commit gives E_CONFLICT when the id is taken */
MUST_USE enum err client_add(struct req *rq, struct tx *tx, const struct client *ask,
                             char ret_secret[CLIENT_SECRET_LEN + 1]);
/* Ends it with all it was granted. errors E_NOT_FOUND */
MUST_USE enum err client_revoke(struct req *rq, struct tx *tx, struct str id);
/* Is uri, to the letter, one of the registered addresses? */
bool client_has_redirect(const struct client *c, struct str uri);
/* scheme://host[:port] of an address, as browsers send it; p NULL for schemes of programs. */
struct str client_origin(struct arena *a, struct str uri);
/* Does a page of some registered application stand there? */
MUST_USE enum err client_origin_is_known(struct req *rq, struct str origin, bool *ret_known);

/* The keys an assertion may be signed with: those registered, or those at the registered address, which are
 * fetched when none are kept, those kept are too old, or the assertion names another (client_keys.c). slow;
 * commits what was fetched. ret_keys: JWK_KEYS_MAX of them.
 * errors   E_SIGN_IN  they cannot be had */
MUST_USE enum err client_keys(struct req *rq, struct client *c, const struct jws *j, struct jwk *ret_keys,
                              size_t *ret_n);

/* How a client proves who it is at the token endpoint. Empty parts were not sent. */
struct client_proof {
    struct str id;             /* client_id, or the user of Basic */
    struct str secret;         /* client_secret, or the password of Basic */
    struct str assertion_type; /* client_assertion_type */
    struct str assertion;      /* client_assertion */
    struct str audience;       /* address of the token endpoint */
    struct str issuer;         /* of this server: also taken as aud */
};
/* Who asks. Public clients name themselves only. An assertion counts once: whatever is done for it
 * begins its transaction with client_spend().
 * errors   E_SIGN_IN  not proved; the detail says where it failed, for the record */
MUST_USE enum err client_prove(struct req *rq, const struct client_proof *proof,
                               struct client *ret_client);
/* Adds the number of the assertion that proved c, if it was one: the commit gives E_CONFLICT when it was
 * used before. */
MUST_USE enum err client_spend(struct req *rq, struct tx *tx, const struct client *c);
