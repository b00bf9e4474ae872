/* care/consilium_signers.c - who signed the protocol of a consilium and who refused to, for the public
 * check of its code: names, posts, organisations, times, and nothing of what it says. */
#include "care/consilium_int.h"

/* Those who refused: as the directory knows them, for they have put no certificate to it. */
static void refusals_add(struct req *rq, const struct consilium *c, const struct consilium_voice *voices,
                         uint32_t n_voices, struct protocol_check *r)
{
    for (uint32_t i = 0; i < n_voices && r->n < LEN(r->all); i++) {
        const struct consilium_member *m = consilium_member(c, voices[i].person);
        const struct role *role = m != NULL ? content_role(care_of(rq)->content, m->post) : NULL;
        if (m != NULL && voices[i].signed_state == SIGNED_REFUSED) {
            r->all[r->n++] = (struct protocol_signer){
                .name = m->name, .org = m->org_name, .at = {voices[i].signed_ms}, .refused = true,
                .post = role != NULL ? text4_get(&role->title, rq->lang) : (struct str){0},
            };
        }
    }
}

/* A certificate of our own authority says post and organisation; of others' the directory does. */
static struct protocol_signer signer_of(struct req *rq, const struct consilium *c,
                                        const struct protocol_signature *s)
{
    const struct cms_verdict *v = s->verdict;
    const struct consilium_member *m = consilium_member(c, s->person);
    const struct role *role = m != NULL ? content_role(care_of(rq)->content, m->post) : NULL;
    struct protocol_signer r = {
        .name = v->signer.subject.common_name, .post = v->signer.subject.title,
        .org = v->signer.subject.organization, .at = v->signed_at,
        .stamp = s->stamp,
        .chair = str_eq(s->person, c->chair),
    };
    if (v->is_outside) {
        r.post = role != NULL ? text4_get(&role->title, rq->lang) : r.post;
        r.org = m != NULL ? m->org_name : r.org;
        r.issuer = v->signer.issuer.common_name;
        r.certificate = v->signer.serial_hex;
    }
    return r;
}

/* Who signed twice counts once. */
static bool is_again(const struct protocol_signature *all, uint32_t i)
{
    bool again = false;

    for (uint32_t k = 0; k < i; k++) {
        again = again || str_eq(all[k].person, all[i].person);
    }
    return again;
}

enum err protocol_check(struct req *rq, struct str item_id, struct protocol_check *ret_check)
{
    struct protocol_signature all[CONSILIUM_MEMBERS_MAX];
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct protocol_check r = {.good = true};
    struct consilium_item item;
    struct str bytes;
    char sha[65];
    uint32_t n = 0;

    TRY_MEM(rq, c);
    TRY(consilium_item_load(rq, item_id, &item));
    TRY(consilium_load(rq, item.consilium, c));
    TRY(protocol_bytes(rq, &item, &bytes, sha));
    TRY(protocol_signatures(rq, &item, bytes, all, LEN(all), &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct cms_verdict *v = all[i].verdict;
        r.good = r.good && cms_is_good(v) && v->ca_is_trusted && all[i].person.n > 0;
        if (!is_again(all, i)) {
            r.all[r.n++] = signer_of(rq, c, &all[i]);
        }
    }
    r.n_signed = r.n;
    r.good = r.good && r.n_signed >= c->quorum;
    TRY(consilium_voices_all(rq, item_id, voices, &n));
    refusals_add(rq, c, voices, n, &r);
    *ret_check = r;
    return OK;
}
