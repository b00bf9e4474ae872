/* store/chain.c - the bytes under the two hash chains. See chain_int.h. */
#include "store/chain_int.h"

static void add_le64(struct sha *s, uint64_t v)
{
    uint8_t b[8];
    for (int i = 0; i < 8; i++) {
        b[i] = (uint8_t)(v >> (8 * i));
    }
    sha_add(s, b, sizeof(b));
}

void chain_audit(const uint8_t prev[32], const struct audit_row *row, struct str outcome,
                 uint8_t ret_hash[32])
{
    const uint64_t numbers[] = {row->seq,
                                (uint64_t)row->at.ms,
                                row->request,
                                (uint64_t)row->patient_rid,
                                (uint64_t)row->case_rid,
                                row->patient_prev,
                                row->case_prev,
                                row->type,
                                (uint64_t)row->action,
                                (uint64_t)row->why};
    const struct str texts[] = {row->actor, row->login, row->role, row->org,
                                row->peer,  outcome,    row->id,   row->detail};
    struct sha s;
    sha_init(&s);
    sha_add(&s, "audit1", 6);
    sha_add(&s, prev, 32);
    for (size_t i = 0; i < LEN(numbers); i++) {
        add_le64(&s, numbers[i]);
    }
    for (size_t i = 0; i < LEN(texts); i++) {
        add_le64(&s, texts[i].n);
        sha_add(&s, texts[i].p, texts[i].n);
    }
    sha_done(&s, ret_hash);
}

void chain_tx_begin(struct sha *s, const uint8_t prev[32], const struct chain_tx *row)
{
    sha_init(s);
    sha_add(s, "tx1", 3);
    sha_add(s, prev, 32);
    add_le64(s, row->seq);
    add_le64(s, (uint64_t)row->at_ms);
    add_le64(s, (uint64_t)row->src);
    add_le64(s, row->request);
    add_le64(s, row->n);
    add_le64(s, (uint64_t)row->first_vid);
}

void chain_tx_ver(struct sha *s, const struct chain_ver *v, const uint8_t body_sha[32])
{
    add_le64(s, (uint64_t)v->vid);
    add_le64(s, (uint64_t)v->rid);
    add_le64(s, v->type);
    add_le64(s, v->version);
    add_le64(s, (uint64_t)v->op);
    add_le64(s, (uint64_t)v->updated_ms);
    sha_add(s, body_sha, 32);
}

void chain_tx_end(struct sha *s, uint64_t audit_seq, const uint8_t audit_head[32],
                  uint8_t ret_hash[32])
{
    add_le64(s, audit_seq);
    sha_add(s, audit_head, 32);
    sha_done(s, ret_hash);
}
