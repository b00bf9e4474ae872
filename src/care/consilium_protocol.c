/* care/consilium_protocol.c - the protocol of one patient: its draft, which several may write
 * without losing
 * anything; its bytes, fixed for signing; signatures and refusals. */
#include "care/consilium_int.h"

#include "base/text.h"
#include "care/consilium_verify.h"
#include "care/outside.h"
#include "care/sign_case.h"
#include "care/sign_int.h"
#include "care/sign_read.h"
#include "codec/b64.h"
#include "fhir/param.h"
#include "store/blob.h"

enum { REFUSAL_MAX = 4000 };
#define CS_DOCUMENT CARE_URL "/CodeSystem/document"
#define CS_SECTION CARE_URL "/CodeSystem/section"

static const uint32_t may_sign = MAY_ANSWER | MAY_HEAD | MAY_VISIT | MAY_ASK;

/* ---- the draft ---- */

static void part_add(struct protocol *p, struct str code)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->parts[i].code, code)) {
            return;
        }
    }
    if (p->n < PROTOCOL_PARTS_MAX && !protocol_is_own(code)) {
        p->parts[p->n++] = (struct protocol_part){.code = code, .must = true};
    }
}

static struct str *text_at(struct protocol *p, struct str code)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->parts[i].code, code)) {
            return &p->parts[i].text;
        }
    }
    return str_eq(code, S("orders")) ? &p->orders : NULL;
}

struct str protocol_decision(const struct protocol *p)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (str_eq(p->parts[i].code, S("decision"))) {
            return p->parts[i].text;
        }
    }
    return (struct str){0};
}

static enum err section_read(struct req *rq, struct jv section, struct protocol *p)
{
    struct str code = json_str(rq->a, json_path(section, S("code.coding.0.code")));
    struct str *at = text_at(p, code);
    const struct sign_line *lines = NULL;
    uint32_t n = 0;

    if (at == NULL) {
        return OK;
    }
    TRY(sign_lines_read(rq, json_str(rq->a, json_path(section, S("text.div"))), &lines, &n));
    *at = n > 0 ? lines[0].text : (struct str){0};
    return OK;
}

enum err protocol_load(struct req *rq, const struct consilium *c, const struct consilium_item *item,
                       struct protocol *ret_p)
{
    struct res_row row;
    struct jv v;

    *ret_p = (struct protocol){.doc = policy_doc(c->policy, S("consilium"))};
    for (uint32_t i = 0; ret_p->doc != NULL && i < ret_p->doc->n_sections; i++) {
        part_add(ret_p, ret_p->doc->sections[i]);
    }
    part_add(ret_p, S("reason"));
    part_add(ret_p, S("decision"));
    enum err e = db_read(rq, T_COMPOSITION, item->id, &row);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(sign_int_load(rq, T_COMPOSITION, item->id, &v));
    ret_p->version = row.version;
    ret_p->by_name = json_str(rq->a, json_path(v, S("author.0.display")));
    ret_p->at = row.updated;
    struct jv sections = json_get(v, S("section"));
    for (struct jv s = json_first(sections); json_has(s); s = json_next(s)) {
        TRY(section_read(rq, s, ret_p));
    }
    return OK;
}

static void section_put(struct put *p, struct req *rq, struct str code, struct str text, bool *begun)
{
    const struct sign_line one = {.text = text};
    const struct sign_section s = {.code = code, .title = code, .lines = &one, .n = 1};

    if (text.n == 0) {
        return;
    }
    if (!*begun) {
        json_k(&p->o, S("section"));
        json_arr(&p->o);
        *begun = true;
    }
    json_obj(&p->o);
    json_k(&p->o, S("code"));
    json_obj(&p->o);
    put_coding(&p->o, S(CS_SECTION), code, (struct str){0});
    json_obj_end(&p->o);
    json_k(&p->o, S("text"));
    json_obj(&p->o);
    json_ks(&p->o, S("status"), S("additional"));
    json_ks(&p->o, S("div"), sign_int_xhtml(rq, &s));
    json_obj_end(&p->o);
    json_obj_end(&p->o);
}

static enum err draft_put(struct req *rq, struct tx *tx, const struct consilium_item *item,
                          const struct protocol *d, uint64_t seen)
{
    struct put p;
    bool begun = false;

    put_begin(&p, rq, tx, T_COMPOSITION, item->id, 1 << 20);
    p.case_id = item->id;
    p.patient = item->patient;
    p.expect = seen == 0 ? TX_CREATE : (int64_t)seen;
    json_ks(&p.o, S("status"), S("preliminary"));
    put_concept(&p.o, S("type"), S(CS_DOCUMENT), S("consilium-protocol"), (struct str){0},
                (struct str){0});
    put_ref(&p.o, S("subject"), T_PATIENT, item->patient);
    put_instant(&p.o, S("date"), rq->now);
    json_k(&p.o, S("author"));
    json_arr(&p.o);
    json_obj(&p.o);
    struct buf ref;
    buf_init(&ref, rq->a, 128);
    BUF_LIT(&ref, "Practitioner/");
    buf_str(&ref, rq->who->person);
    json_ks(&p.o, S("reference"), buf_get(&ref));
    json_ks(&p.o, S("display"), rq->who->name);
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    json_ks(&p.o, S("title"), tr(LANG_EN, T("Protocol of a consilium")));
    for (uint32_t i = 0; i < d->n; i++) {
        section_put(&p, rq, d->parts[i].code, d->parts[i].text, &begun);
    }
    section_put(&p, rq, S("orders"), d->orders, &begun);
    if (begun) {
        json_arr_end(&p.o);
    }
    return put_end(&p);
}

enum err protocol_save(struct req *rq, struct tx *tx, struct str item_id,
                       const struct fields *typed, uint64_t seen)
{
    static const struct care_move changed = {.action = "protocol", .tell = TELL_MEMBER,
                                             .notice = NOTICE_CONSILIUM_DRAFTED};
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_item *item = NULL;
    struct protocol now;

    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, item_id, AUDIT_READ, c, &item));
    if (!(c->actor & (ACTOR_CHAIR | ACTOR_SECRETARY))) {
        TRY(consilium_note(rq, c, item, AUDIT_UPDATE, E_FORBIDDEN, S("protocol")));
        return FAIL(rq, E_FORBIDDEN, "protocol");
    }
    if (item->state < CONSILIUM_CONVENED || item->state > CONSILIUM_DRAFTED) {
        return FAIL(rq, E_CONFLICT, "the protocol is not written in this state");
    }
    TRY(protocol_load(rq, c, item, &now));
    if (now.version != seen) {
        return FAIL(rq, E_STALE, "somebody else wrote the protocol");
    }
    for (uint32_t i = 0; i <= now.n; i++) {
        struct str code = i < now.n ? now.parts[i].code : S("orders");
        struct str text = str_trim(fields_get(typed, code));
        if (text.n > CONSILIUM_TEXT_MAX) {
            return FAIL(rq, E_BAD_INPUT, "%.*s", STR_ARG(code));
        }
        *text_at(&now, code) = text;
    }
    TRY(draft_put(rq, tx, item, &now, seen));
    TRY(TX_SQL(tx, W_CONSILIUM_ITEM_HOLD, TX_MUST_CHANGE, sql_text(item_id),
               sql_u64(item->version)));
    if (item->state == CONSILIUM_DRAFTED) { /* the members look at it */
        TRY(consilium_tell(rq, tx, c, item, &changed));
    }
    return consilium_note(rq, c, item, AUDIT_UPDATE, OK, S("protocol"));
}

/* ---- fixed as bytes ---- */

enum err protocol_present(struct req *rq, struct tx *tx, struct str item_id, struct str base_url,
                          uint64_t version)
{
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_moving m = {.rq = rq, .tx = tx};
    struct consilium_voice voices[CONSILIUM_MEMBERS_MAX];
    struct protocol p;
    struct str bytes;
    char *sha = arena_alloc(rq->a, 65);
    uint32_t n = 0;

    TRY_MEM(rq, c);
    TRY_MEM(rq, sha);
    TRY(consilium_open_item(rq, item_id, AUDIT_READ, c, &m.item));
    m.c = c;
    TRY(consilium_row(rq, c, m.item, S("present"), &m.move));
    TRY(consilium_needs(rq, c, m.item, m.move));
    TRY(protocol_load(rq, c, m.item, &p));
    if (p.version != version) {
        return FAIL(rq, E_STALE, "somebody else wrote the protocol");
    }
    for (uint32_t i = 0; i < p.n; i++) {
        if (p.parts[i].must && p.parts[i].text.n == 0) {
            return FAIL(rq, E_CONFLICT, "%.*s", STR_ARG(p.parts[i].code));
        }
    }
    TRY(consilium_voices_all(rq, item_id, voices, &n));
    TRY(protocol_build(rq, c, m.item, &p, voices, n, base_url, &m.document, &bytes));
    sign_int_sha(bytes, sha);
    m.item->sha = str_z(sha);
    struct sign_anchor on = {T_SERVICE_REQUEST, item_id};
    TRY(sign_int_blob(rq, tx, bytes));
    TRY(sign_int_put_json(rq, tx, &on, bytes, m.document));
    TRY(tx_require_version(tx, T_COMPOSITION, item_id, version));
    TRY(TX_SQL(tx, W_CONSILIUM_HOLD, TX_MUST_CHANGE, sql_text(c->id), sql_u64(c->version)));
    return consilium_perform(&m);
}

enum err protocol_bytes(struct req *rq, const struct consilium_item *item, struct str *ret_bytes,
                        char ret_sha[65])
{
    uint8_t sha[32];

    if (item->sha.n != 64 || !str_unhex(item->sha, sha, sizeof sha)) {
        return FAIL(rq, E_NOT_FOUND, "no protocol yet");
    }
    TRY(blob_read(rq, care_of(rq)->store, sha, SIGN_DOC_MAX, ret_bytes));
    sign_int_sha(*ret_bytes, ret_sha);
    return str_eq(str_z(ret_sha), item->sha) ? OK : FAIL(rq, E_CHECKSUM, "protocol");
}

/* ---- signatures ---- */

static enum err signing_open(struct req *rq, struct tx *tx, struct str item_id, struct str action,
                             struct speaking **ret_s)
{
    struct speaking *s = ARENA_NEW(rq->a, struct speaking);

    TRY_MEM(rq, s);
    *s = (struct speaking){.rq = rq, .tx = tx};
    TRY(consilium_open_item(rq, item_id, AUDIT_READ, &s->c, &s->item));
    TRY(consilium_row(rq, &s->c, s->item, action, &s->move));
    s->m = s->c.me;
    TRY(consilium_voices_all(rq, item_id, s->voices, &s->n));
    for (uint32_t i = 0; s->m != NULL && i < s->n; i++) {
        s->v = str_eq(s->voices[i].person, s->m->person) ? &s->voices[i] : s->v;
    }
    if (s->m == NULL || s->v == NULL || !consilium_awaits(rq, &s->c, s->m, s->v)) {
        TRY(consilium_note(rq, &s->c, s->item, AUDIT_SIGN, E_FORBIDDEN, action));
        return FAIL(rq, E_FORBIDDEN, "does not take part");
    }
    if (s->v->signed_state == SIGNED_YES) {
        return FAIL(rq, E_CONFLICT, "signed already");
    }
    *ret_s = s;
    return OK;
}

/* Whether with this voice all have signed or refused, the quorum signed, the chair too. */
static bool is_last(struct speaking *s)
{
    uint32_t signatures = 0;
    bool chair = false;

    for (uint32_t i = 0; i < s->c.n_members; i++) {
        const struct consilium_member *m = &s->c.members[i];
        const struct consilium_voice *v = consilium_voice_of(s->voices, s->n, m->person);
        if (!consilium_awaits(s->rq, &s->c, m, v)) {
            continue;
        }
        if (v == NULL || v->signed_state == SIGNED_NOT) {
            return false;
        }
        signatures += v->signed_state == SIGNED_YES;
        chair = chair || (v->signed_state == SIGNED_YES && str_eq(m->person, s->c.chair));
    }
    return chair && signatures >= s->c.quorum;
}

static enum err signing_end(struct speaking *s, enum signed_state state, struct str refusal)
{
    struct req *rq = s->rq;
    bool yes = state == SIGNED_YES;
    struct member_task t = {.status = yes ? "completed" : "rejected", .reason = refusal,
                            .impression = s->v->opinion == OPINION_GIVEN ? s->v->opinion_id
                                                                         : (struct str){0},
                            .protocol = yes ? s->item->bundle : (struct str){0}};

    TRY(TX_SQL(s->tx, W_CONSILIUM_SIGNED, TX_MUST_CHANGE, sql_text(s->item->id),
               sql_text(s->m->person), sql_i64(state), sql_i64(rq->now.ms),
               sql_text(str_or_empty(refusal))));
    TRY(TX_SQL(s->tx, W_CONSILIUM_ITEM_HOLD, TX_MUST_CHANGE, sql_text(s->item->id),
               sql_u64(s->item->version)));
    TRY(consilium_put_task(rq, s->tx, &s->c, s->item, s->m, s->v->task, &t));
    TRY(consilium_tell(rq, s->tx, &s->c, s->item, s->move));
    TRY(consilium_note(rq, &s->c, s->item, yes ? AUDIT_SIGN : AUDIT_MOVE, OK,
                       s->own_token ? S("sign, own token") : str_z(s->move->action)));
    s->v->signed_state = state;
    if (!is_last(s)) {
        return OK;
    }
    TRY(TX_SQL(s->tx, W_CONSILIUM_HOLD, TX_MUST_CHANGE, sql_text(s->c.id), sql_u64(s->c.version)));
    return consilium_close(rq, s->tx, &s->c, s->item,
                           care_move_find(&care_consilium, CONSILIUM_SIGNING, S("close")));
}

enum err protocol_sign(struct req *rq, struct tx *tx, struct str item_id, struct str sha,
                       struct sign_means *means)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct speaking *s = NULL;
    struct sign_doc *d = ARENA_NEW(rq->a, struct sign_doc);
    struct sign_result r;
    struct str bytes;
    struct str prov;
    char now[65];

    TRY_MEM(rq, d);
    TRY_MEM(rq, doc);
    TRY(signing_open(rq, tx, item_id, S("sign"), &s));
    if (!str_eq(who_role(rq->who)->id, s->m->role)) {
        return FAIL(rq, E_FORBIDDEN, "role");
    }
    TRY(protocol_bytes(rq, s->item, &bytes, now));
    if (!str_eq(sha, str_z(now))) {
        return FAIL(rq, E_STALE, "another protocol was fixed since");
    }
    *d = (struct sign_doc){.at = rq->now, .bundle_id = s->item->bundle};
    TRY(sign_int_author(rq, d));
    TRY(json_parse(rq, bytes, NULL, doc));
    TRY(sign_by(rq, may_sign, means, bytes, json_root(doc), &r));
    TRY(sign_doc_provenance(rq, d, bytes, r.cms, &prov));
    struct sign_anchor on = {T_SERVICE_REQUEST, item_id};
    TRY(sign_int_put_prov(rq, tx, &on, prov));
    s->own_token = r.verdict.is_outside;
    return signing_end(s, SIGNED_YES, (struct str){0});
}

enum err protocol_refuse(struct req *rq, struct tx *tx, struct str item_id, struct str reason)
{
    struct speaking *s = NULL;

    TRY(signing_open(rq, tx, item_id, S("refuse"), &s));
    reason = str_trim(reason);
    if (reason.n == 0 || reason.n > REFUSAL_MAX) {
        return FAIL(rq, E_BAD_INPUT, "reason");
    }
    return signing_end(s, SIGNED_REFUSED, reason);
}

/* ---- reading them back ---- */

/* Whose a signature is: our own authority writes the id of the person into the certificate, of others a
 * number of the certificate is that of a person in the document. */
static enum err signature_whose(struct req *rq, struct str bytes, const struct cms_verdict *v,
                                struct str *ret_person)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);

    if (!v->is_outside) {
        *ret_person = v->signer.subject.serial_number;
        return OK;
    }
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, bytes, NULL, doc));
    *ret_person = outside_person_in(rq, json_root(doc), v);
    return OK;
}

static enum err signature_read(struct req *rq, int64_t rid, struct str bytes,
                               struct protocol_signature *ret_s)
{
    struct cms_verdict *verdict = ARENA_NEW(rq->a, struct cms_verdict);
    struct res_row row;
    struct jv v;

    TRY_MEM(rq, verdict);
    TRY(res_load(rq, rid, &row, &v));
    struct str data = json_str(rq->a, json_path(v, S("signature.0.data")));
    *ret_s = (struct protocol_signature){.provenance = row.id, .verdict = verdict,
                                         .cms = b64_decoded(rq->a, data, B64_STD)};
    if (ret_s->cms.p == NULL) {
        return FAIL(rq, E_CHECKSUM, "Provenance.signature");
    }
    TRY(outside_verify(rq, ret_s->cms, bytes, verdict));
    TRY(stamping_of(rq, row.id, ret_s->cms, verdict->signed_at, &ret_s->stamp, &ret_s->stamped));
    return signature_whose(rq, bytes, verdict, &ret_s->person);
}

enum err protocol_signatures(struct req *rq, const struct consilium_item *item, struct str bytes,
                             struct protocol_signature *ret_all, uint32_t n, uint32_t *ret_n)
{
    const struct fhir_param *target = fhir_param_find(T_PROVENANCE, S("target"));
    CLEANUP(list_close) struct list *l = NULL;
    struct hit hit;
    int64_t rid = 0;
    uint32_t got = 0;

    TRY(db_rid(rq, T_BUNDLE, item->bundle, &rid));
    TRY(list_ref(rq, target->sp, rid, LIST_OLDEST, &l));
    while (got < n && list_next(l, &hit)) {
        TRY(signature_read(rq, hit.rid, bytes, &ret_all[got++]));
    }
    TRY(list_err(rq, l));
    *ret_n = got;
    return OK;
}

/* ---- to take away ---- */

enum err protocol_package(struct req *rq, const struct consilium_item *item, struct str *ret_json)
{
    struct protocol_signature all[CONSILIUM_MEMBERS_MAX];
    struct consilium_proof *p = ARENA_NEW(rq->a, struct consilium_proof);
    char sha[65];
    uint32_t n = 0;

    TRY_MEM(rq, p);
    TRY(protocol_bytes(rq, item, &p->bundle, sha));
    TRY(protocol_signatures(rq, item, p->bundle, all, LEN(all), &n));
    for (uint32_t i = 0; i < n && p->n_signatures < CONSILIUM_SIGNERS_MAX; i++) {
        p->signatures[p->n_signatures++] = all[i].stamped;
    }
    return consilium_pack(rq, p, ret_json);
}
