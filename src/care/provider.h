/* care/provider.h - signing in by an outside identity provider: this program as relying party (OpenID Connect
 * Core 1.0 3.1, Discovery 1.0, RFC 7636 PKCE, RFC 9207, RFC 9700).
 *
 * One provider, named by the settings. Nobody is added by it: the value of one claim is
 * the login of somebody who is there, and the first sign-in ties the provider's number of them (sub) to the
 * account; from then on another number under the same name, or the same number under another name, is let in
 * no more, until `consilium user provider LOGIN` unties it. Patients sign in by other ways.
 *
 * Roles it gives where a file says what its words stand for (care/provider_map.h), and takes away what
 * it gave when it names them no more, at each sign-in and in one transaction with it; what people gave it
 * leaves alone.
 *
 * All that belongs to one way in follows from one random value in a cookie of the browser: state, nonce and
 * the verifier of PKCE. Nothing is kept of it until the browser comes back; then its state counts once.
 * What the provider says of itself and its keys is kept in the store a while; its keys are asked for again
 * when a token names another one. After a failure it is left alone for ten seconds. Calls follow no
 * redirects, end in five seconds and take answers of 64 KiB at most. Of the answer the ID token alone
 * counts. */
#pragma once

#include "care/account.h"
#include "care/device.h"

/* A setting: since when no token has the claim of roles; "0": they have it. */
#define PROVIDER_SILENT_KEY "provider-silent"
enum { PROVIDER_COOKIE_S = 600, PROVIDER_COOKIE_MAX = 2000 };

bool provider_is_set(const struct care *care);
/* What people call it, for the first page. */
struct str provider_name(const struct care *care);

struct provider_ask {
    struct str redirect; /* address of ours that the provider sends people back to */
    struct str next;     /* path to go to afterwards */
};
/* Begins a way in: where to send the browser, and the value of its cookie, for PROVIDER_COOKIE_S.
 * errors  E_IO           the provider does not answer
 *         E_UNPROCESSED  it calls itself by another name, or what it says makes no sense
 * costs   may call the provider: on a thread that may wait */
MUST_USE enum err provider_begin(struct req *rq, const struct provider_ask *ask, struct str *ret_cookie,
                                 struct str *ret_address);

/* What a browser comes back with; empty: none. */
struct provider_back {
    struct str cookie, redirect;
    struct str state, code, iss, error;
    struct sign_in_from from;
};
/* Signs in whoever comes back. Success and failure are on record with the issuer. Commits itself.
 * gives   a session, or a half one; *ret_next, of a failure too: the path of provider_begin(), empty when its
 *         cookie does not hold
 * errors  E_STALE        begun in another browser, more than ten minutes ago, or used before
 *         E_IO           the provider does not answer
 *         E_UNPROCESSED  what it answered is not to be trusted
 *         E_FORBIDDEN    it did not let them in
 *         E_SIGN_IN      nobody here, who may sign in, is meant
 *         E_GONE         it is they, and no role of theirs is in force
 *         E_LOCKED       too many failures from this address: "wait N s"
 * costs   calls the provider: on a thread that may wait */
MUST_USE enum err provider_sign_in(struct req *rq, const struct provider_back *back,
                                   struct session *ret_session, struct str *ret_next);
/* The account's tie ends with its sessions, and its person is told: the next sign-in makes a new one. On
 * record.
 * errors  the commit gives E_STALE when there is none */
MUST_USE enum err provider_untie(struct req *rq, struct tx *tx, const struct account *acc);
