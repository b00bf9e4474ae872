/* care/consilium_opinion.c - the opinion of a member is fixed as bytes, signed by the password or by a token
 * of one's own, and given out with its signature. See consilium.h. */
#include "care/consilium_int.h"

#include "care/consilium_verify.h"
#include "care/draft.h"
#include "care/outside.h"
#include "care/sign_int.h"
#include "codec/b64.h"
#include "fhir/param.h"

static const uint32_t may_sign = MAY_ANSWER | MAY_HEAD | MAY_VISIT | MAY_ASK;

/* ---- what may be signed ---- */

/* Opens the voice of person for an opinion; text is trimmed. */
static enum err opinion_open(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                             struct str *text, struct speaking **ret_s)
{
    bool own = rq->who != NULL && str_eq(person, rq->who->person);
    struct speaking *s = NULL;

    TRY(consilium_speak(rq, tx, item_id, person, own ? S("opinion") : S("beside"), &s));
    *text = str_trim(*text);
    if (text->n == 0 || text->n > CONSILIUM_TEXT_MAX) {
        return FAIL(rq, E_BAD_INPUT, "text");
    }
    if (consilium_is_over(rq, &s->c)) {
        return FAIL(rq, E_CONFLICT, "time");
    }
    if (!consilium_may_enter(rq, &s->c, s->item, s->m)) {
        TRY(consilium_note(rq, &s->c, s->item, AUDIT_MOVE, E_FORBIDDEN, str_z(s->move->action)));
        return FAIL(rq, E_FORBIDDEN, "nobody else enters this member's opinion");
    }
    if (s->v->opinion != OPINION_NONE && s->v->opinion != OPINION_ABSENT) {
        return FAIL(rq, E_CONFLICT, "given already");
    }
    *ret_s = s;
    return OK;
}

/* The bytes a member signs: R4 ClinicalImpression. signer: Practitioner who signs; absent: no certificate of
 * their own is held to their numbers. */
static enum err impression(const struct speaking *s, struct str text, struct jv signer, struct str *ret_bytes)
{
    struct req *rq = s->rq;
    struct json_out o;
    struct buf b;
    bool other = !str_eq(s->m->person, rq->who->person);

    buf_init(&b, rq->a, 2 * CONSILIUM_TEXT_MAX + 8192);
    json_out_init(&o, &b);
    json_obj(&o);
    json_ks(&o, S("resourceType"), S("ClinicalImpression"));
    json_k(&o, S("extension"));
    json_arr(&o);
    json_obj(&o);
    json_ks(&o, S("url"), S(OPINION_EXT));
    put_ref(&o, S("valueReference"), T_SERVICE_REQUEST, s->item->id);
    json_obj_end(&o);
    if (other) {
        json_obj(&o);
        json_ks(&o, S("url"), S(OPINION_EXT_ENTERED));
        put_ref_shown(&o, S("valueReference"), T_PRACTITIONER, rq->who->person, rq->who->name);
        json_obj_end(&o);
    }
    outside_numbers_write(rq, &o, signer);
    json_arr_end(&o);
    json_ks(&o, S("status"), S("completed"));
    put_ref(&o, S("subject"), T_PATIENT, s->item->patient);
    put_instant(&o, S("date"), rq->now);
    put_ref_shown(&o, S("assessor"), T_PRACTITIONER, s->m->person, s->m->name);
    json_ks(&o, S("summary"), text);
    json_obj_end(&o);
    *ret_bytes = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "opinion");
}

/* ---- fixed, for a token ---- */

static struct str paper_key(struct req *rq, struct str item_id)
{
    return draft_key(rq->a, item_id, S("opinion"));
}

enum err consilium_opinion_fix(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                               struct str text)
{
    struct field one = {.name = S("bytes")};
    struct fields f = {&one, 1};
    struct speaking *s = NULL;
    struct jv signer;

    TRY(opinion_open(rq, tx, item_id, person, &text, &s));
    if (!outside_offered(care_of(rq))) {
        return FAIL(rq, E_UNSUPPORTED, "no authority is trusted: see the setting signature_roots");
    }
    TRY(sign_int_load(rq, T_PRACTITIONER, rq->who->person, &signer));
    TRY(impression(s, text, signer, &one.value));
    return draft_save(rq, tx, paper_key(rq, item_id), S("preview"), &f, 0);
}

static enum err paper_load(struct req *rq, struct str item_id, struct opinion_paper *ret_paper,
                           struct jv *ret_v)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct draft d;

    TRY_MEM(rq, doc);
    TRY(draft_load(rq, paper_key(rq, item_id), &d));
    struct opinion_paper p = {.bytes = fields_get(&d.fields, S("bytes"))};
    TRY(json_parse(rq, p.bytes, NULL, doc));
    *ret_v = json_root(doc);
    sign_int_sha(p.bytes, p.sha);
    p.person = ref_get(rq, json_get(*ret_v, S("assessor")), T_PRACTITIONER);
    p.text = json_str(rq->a, json_get(*ret_v, S("summary")));
    *ret_paper = p;
    return OK;
}

enum err consilium_opinion_fixed(struct req *rq, struct str item_id, struct opinion_paper *ret_paper)
{
    struct jv v;

    return paper_load(rq, item_id, ret_paper, &v);
}

/* ---- signed ---- */

/* Signs the bytes, keeps them, says so. doc: the bytes parsed; absent: a password signs. */
static enum err opinion_end(struct speaking *s, struct sign_means *means, struct str bytes, struct jv doc)
{
    struct req *rq = s->rq;
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct consilium_voice said = *s->v;
    struct sign_result r;
    struct buf target;

    TRY_MEM(rq, d);
    *d = (struct sign_doc){.at = rq->now};
    said.opinion = OPINION_GIVEN;
    said.entered_by = str_eq(s->m->person, rq->who->person) ? (struct str){0} : rq->who->person;
    said.opinion_id = put_new_id(rq);
    TRY_MEM(rq, said.opinion_id.p);
    said.body = bytes;
    TRY(sign_int_author(rq, d));
    TRY(sign_by(rq, may_sign, means, bytes, doc, &r));
    s->own_token = r.verdict.is_outside;
    buf_init(&target, rq->a, 128);
    BUF_LIT(&target, "ClinicalImpression/");
    buf_str(&target, said.opinion_id);
    d->target = buf_get(&target);
    TRY(sign_doc_provenance(rq, d, bytes, r.cms, &said.proof));
    TRY(consilium_voice_keep(s, &said));
    TRY(draft_end(rq, s->tx, paper_key(rq, s->item->id)));
    return consilium_spoken(s, AUDIT_SIGN);
}

enum err consilium_opinion(struct req *rq, struct tx *tx, struct str item_id, struct str person,
                           struct str text, struct str password)
{
    struct sign_means means = {.password = password};
    struct speaking *s = NULL;
    struct str bytes;

    TRY(opinion_open(rq, tx, item_id, person, &text, &s));
    TRY(impression(s, text, (struct jv){0}, &bytes));
    return opinion_end(s, &means, bytes, (struct jv){0});
}

enum err consilium_opinion_sign(struct req *rq, struct tx *tx, struct str item_id, struct str sha,
                                struct sign_means *means)
{
    struct opinion_paper p = {.bytes = {0}};
    struct speaking *s = NULL;
    struct jv v;
    enum err e = paper_load(rq, item_id, &p, &v);

    if (e == E_NOT_FOUND) { /* whether it is theirs at all is said first */
        struct consilium *c = ARENA_NEW(rq->a, struct consilium);
        struct consilium_item *item = NULL;
        err_clear(rq);
        TRY_MEM(rq, c);
        TRY(consilium_open_item(rq, item_id, AUDIT_READ, c, &item));
        return FAIL(rq, E_STALE, "no opinion was fixed");
    }
    TRY(e);
    struct str text = p.text;
    TRY(opinion_open(rq, tx, item_id, p.person, &text, &s));
    int64_t age_ms = rq->now.ms - sign_int_made(rq, v).ms;
    if (!str_eq(sha, str_z(p.sha)) || age_ms < -MS_MINUTE || age_ms > MS_DAY) {
        return FAIL(rq, E_STALE, "another opinion was fixed since, or it was a day ago");
    }
    return opinion_end(s, means, p.bytes, v);
}

/* ---- to take away ---- */

/* With the time stamp in it, when there is one. */
static enum err stamped(struct req *rq, const struct consilium_voice *v, struct str *cms)
{
    const struct fhir_param *target = fhir_param_find(T_PROVENANCE, S("target"));
    CLEANUP(list_close) struct list *l = NULL;
    struct stamping stamp;
    struct instant none = {0};
    struct res_row row;
    struct jv prov;
    struct hit hit;
    int64_t rid = 0;

    TRY(db_rid(rq, T_CLINICAL_IMPRESSION, v->opinion_id, &rid));
    TRY(list_ref(rq, target->sp, rid, LIST_OLDEST, &l));
    bool has = list_next(l, &hit);
    TRY(list_err(rq, l));
    if (!has) {
        return OK;
    }
    TRY(res_load(rq, hit.rid, &row, &prov));
    return stamping_of(rq, row.id, *cms, none, &stamp, cms);
}

enum err consilium_opinion_package(struct req *rq, const struct consilium *c,
                                   const struct consilium_item *item, struct str person,
                                   struct str *ret_json)
{
    struct consilium_voice *voices = ARENA_ARRAY(rq->a, CONSILIUM_MEMBERS_MAX, struct consilium_voice);
    struct consilium_proof *p = ARENA_NEW(rq->a, struct consilium_proof);
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    uint32_t n = 0;

    TRY_MEM(rq, voices);
    TRY_MEM(rq, p);
    TRY_MEM(rq, doc);
    TRY(consilium_voices(rq, c, item, voices, &n));
    const struct consilium_voice *v = consilium_voice_of(voices, n, person);
    if (v == NULL || v->opinion != OPINION_GIVEN || v->hidden) {
        return FAIL(rq, E_NOT_FOUND, "opinion");
    }
    TRY(json_parse(rq, v->proof, NULL, doc));
    struct str data = json_str(rq->a, json_path(json_root(doc), S("signature.0.data")));
    struct str cms = b64_decoded(rq->a, data, B64_STD);
    if (cms.p == NULL) {
        return FAIL(rq, E_CHECKSUM, "Provenance.signature");
    }
    if (v->shown) {
        TRY(stamped(rq, v, &cms));
    }
    p->bundle = v->body;
    p->signatures[p->n_signatures++] = cms;
    return consilium_pack(rq, p, ret_json);
}
