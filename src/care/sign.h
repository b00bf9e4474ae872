/* care/sign.h - keys of the people who sign, and the authority that vouches for them.
 *
 * The deployment has one authority: DIR/ca/ca.pem (to publish) and DIR/ca/ca.key (PKCS #8 DER, mode
 * 0600). A clinician has a key and a certificate per organisation they sign for; the key lies in the
 * store sealed by the person's password (Argon2id, then XChaCha20-Poly1305), so that neither the
 * administrator nor a stolen data folder can sign in somebody's name. It is opened in locked memory
 * for one signature and wiped. A new password seals the keys anew; a password set by the
 * administrator ends them, and the next signature makes new ones.
 *
 * Everything here that takes a password is slow on purpose: pool threads and commands only.
 */
#pragma once

#include "care/care.h"
#include "codec/cms.h"
#include "codec/json.h"

struct tx;

/* ---- The authority ---- */

struct sign_ca;

/* Makes the authority in the data folder when it has none: P-384, 20 years. Done by init and at the
 * first start.
 * errors   E_IO, E_FULL, E_INTERNAL */
MUST_USE enum err sign_ca_make(struct req *rq, struct str dir, struct str organization);
/* gives the authority for the program's life: end with sign_ca_free(). Its key lies in locked memory.
 * errors   E_NOT_FOUND  there is none; E_SYNTAX  key and certificate do not fit; E_IO */
MUST_USE enum err sign_ca_load(struct req *rq, struct str dir, struct sign_ca **ret_ca);
/* NULL is allowed. */
void sign_ca_free(struct sign_ca *ca);
/* Its certificate, DER. borrows ca. */
struct str sign_ca_cert(const struct sign_ca *ca);

/* ---- Sealing ---- */

enum { SIGN_SEALED_MAX = 512 };

/* A private key opened: bytes in locked memory. End with sign_secret_done(), which wipes them. */
struct sign_secret {
    uint8_t *p;
    size_t n;
};
void sign_secret_done(struct sign_secret *s);

/* gives key sealed by password for this person, with the passes and memory of care's settings.
 * errors   E_BUSY  no memory for the hash */
MUST_USE enum err sign_seal(struct req *rq, const struct sign_secret *key, struct str password,
                            struct str person, struct str *ret_sealed);
/* gives *ret_key.
 * errors   E_SIGN_IN  another password, another person, or altered; E_SYNTAX  not sealed by us;
 *          E_BUSY */
MUST_USE enum err sign_unseal(struct req *rq, struct str sealed, struct str password,
                              struct str person, struct sign_secret *ret_key);

/* ---- Signing ---- */

struct sign_result {
    struct str cms;             /* the detached signature, DER */
    struct str cert;            /* the certificate used, DER */
    struct cms_verdict verdict; /* the signature checked at once: good */
};

/* By what a person signs: the password that opens the key kept here, or the file of a signature made by
 * their own means (care/outside.h). */
struct sign_means {
    struct str password;
    struct str file;     /* p NULL: by the password */
    const char *fault;   /* set with E_BAD_INPUT: why the file is not taken, msgid */
    const char *warning; /* set when it was taken all the same: what could not be found out, msgid */
};
/* One of the two. bundle: content, parsed.
 * errors   as sign_document_as() and outside_sign() */
MUST_USE enum err sign_by(struct req *rq, uint32_t rights, struct sign_means *means, struct str content,
                          struct jv bundle, struct sign_result *ret_result);

/* Signs content for rq->who in the role they act in, which must have one of the rights: these and the present
 * directory are checked (a role that ended cannot sign), then the password (counted as a sign-in), then the
 * person's key for that organisation is opened, or made when there is none.
 * Commits on its own what it changes besides (counters, a new key); the signature itself is the
 * caller's to store.
 * errors   E_FORBIDDEN  may not sign; E_SIGN_IN, E_LOCKED  password; E_BUSY */
MUST_USE enum err sign_document_as(struct req *rq, uint32_t rights, struct str password,
                                   struct str content, struct sign_result *ret_result);

/* For care->on_password: the person's keys follow the new password within tx. */
enum err sign_on_password(struct req *rq, struct tx *tx, struct str person,
                          struct str old_password, struct str new_password);
/* All keys of a person end within tx: dismissed, or the password was set by somebody else. */
MUST_USE enum err sign_keys_end(struct req *rq, struct tx *tx, struct str person);
