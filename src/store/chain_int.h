/* store/chain_int.h - the bytes under the two hash chains and the signed head; private to the room. */
#pragma once

#include "store/audit.h"
#include "store/blob.h"

/* The end of both chains at one moment. */
struct head {
    uint64_t seq;     /* last audit record, 0: none yet */
    uint8_t hash[32]; /* its hash, zeroes before the first */
    uint64_t tx;      /* last tx row */
    uint8_t tx_hash[32];
};

/* hash of one audit record: SHA-256 over
 *   "audit1", previous hash,
 *   le64 each: seq, at_ms, request, patient, case, patient_prev, case_prev, type, action, why,
 *   then actor, login, role, org, peer, outcome, id, detail: le64 length and the bytes. */
void chain_audit(const uint8_t prev[32], const struct audit_row *row, struct str outcome,
                 uint8_t ret_hash[32]);

/* hash of one tx row: SHA-256 over
 *   "tx1", previous hash, le64 each: seq, at_ms, src, request, n, first_vid,
 *   for each version: le64 vid, rid, type, version, op, updated_ms and SHA-256 of its body,
 *   then le64 audit_seq and audit_head. */
struct chain_tx {
    uint64_t seq;
    int64_t at_ms;
    int64_t src;
    uint64_t request;
    uint64_t n;
    int64_t first_vid;
};
void chain_tx_begin(struct sha *s, const uint8_t prev[32], const struct chain_tx *row);
struct chain_ver {
    int64_t vid, rid;
    uint16_t type;
    uint64_t version;
    int64_t op, updated_ms;
};
void chain_tx_ver(struct sha *s, const struct chain_ver *v, const uint8_t body_sha[32]);
void chain_tx_end(struct sha *s, uint64_t audit_seq, const uint8_t audit_head[32],
                  uint8_t ret_hash[32]);

/* The key that signs DIR/audit.head (Ed25519, libsodium crypto_sign). */
struct head_key {
    uint8_t public[32];
    uint8_t secret[64];
    bool present;
};
/* Reads DIR/server.key (the seed in hex, mode 0600); makes it when absent and make is set. */
MUST_USE enum err head_key_load(struct req *rq, const char *dir, bool make,
                                struct head_key *ret_key);
/* Replaces DIR/audit.head:
 *   consilium-audit-head 1
 *   at 2026-11-22T03:24:05.123Z
 *   audit SEQ HASH
 *   tx SEQ HASH
 *   key PUBLIC KEY
 *   sign SIGNATURE over all lines above, with their line ends
 * An outsider who kept a copy of it can hold a later data folder to it. */
MUST_USE enum err head_save(struct req *rq, const char *dir, const struct head_key *key,
                            const struct head *head);
/* Where a head is kept that did not fit the database when the program started: evidence. */
#define HEAD_CONFLICT "audit.head.conflict"
/* errors   E_NOT_FOUND  there is none; E_CHECKSUM  the form or the signature is wrong */
MUST_USE enum err head_load(struct req *rq, const char *dir, const struct head_key *key,
                            struct head *ret_head);

/* Holds a head to the database behind rq->db; a fault goes into r (verify.c). */
MUST_USE enum err head_holds(struct req *rq, const struct head *signed_head,
                             struct audit_report *r);
