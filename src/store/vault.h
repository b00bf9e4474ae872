/* store/vault.h - secrets that the program must read back, sealed in the database by a key that is not in
 * it: DIR/server.key. A copy of the database alone opens none of them. */
#pragma once

#include "store/store.h"

enum { VAULT_MAX = 256, VAULT_MORE = 40 /* bytes that sealing adds: nonce and tag */ };

/* Seals plain (1..VAULT_MAX bytes). about: what it is for and whose, "factor 12": the same is told to open
 * it, so that a row moved to another place does not open.
 * errors  E_NOT_FOUND  there is no server.key (a store opened to look only) */
MUST_USE enum err vault_seal(struct req *rq, const struct store *st, struct str about, struct str plain,
                             struct str *ret_sealed);
/* errors  E_CHECKSUM  altered, about something else, or sealed by another server.key; E_NOT_FOUND as above
 * Whoever asked wipes *ret_plain, which is in the arena, when it was used. */
MUST_USE enum err vault_open(struct req *rq, const struct store *st, struct str about, struct str sealed,
                             struct str *ret_plain);
