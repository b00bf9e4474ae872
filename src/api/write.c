/* api/write.c - who may write what over the interface, and single writes.
 *
 * An interface account (IS_SYSTEM) writes everything but signed documents and cases of a workflow. A
 * person writes what hangs on a case or patient in whose team they are, and messages in their own name
 * only; a message once sent and a file once stored stay. Cases move only by $move, whoever asks; signed
 * documents are made only by signing.
 */
#include "api/fhir_int.h"
#include "care/care.h"
#include "care/consult_pace.h"
#include "care/directory.h"
#include "care/fixed.h"
#include "care/put.h"
#include "care/scan.h"
#include "care/sub.h"
#include "store/audit.h"
#include "store/tx.h"

enum rule {
    BY_TEAM,  /* whoever is in the team of what it hangs on */
    BY_RIGHT, /* whoever has the right, about nothing that exists yet or what they may see */
    BY_NONE,  /* nobody but an interface account */
};

static const struct {
    enum fhir_type type;
    enum rule rule;
    uint32_t right;
} rules[] = {
    {T_PATIENT, BY_RIGHT, MAY_REGISTER},
    {T_PRACTITIONER, BY_RIGHT, MAY_ADMIN},
    {T_PRACTITIONER_ROLE, BY_RIGHT, MAY_ADMIN},
    {T_ORGANIZATION, BY_RIGHT, MAY_ADMIN},
    {T_HEALTHCARE_SERVICE, BY_RIGHT, MAY_ADMIN},
    {T_LOCATION, BY_RIGHT, MAY_ADMIN},
    {T_SCHEDULE, BY_RIGHT, MAY_ADMIN | MAY_COORDINATE},
    {T_SLOT, BY_RIGHT, MAY_ADMIN | MAY_COORDINATE},
    {T_OBSERVATION, BY_TEAM, 0},
    {T_CONDITION, BY_TEAM, 0},
    {T_DOCUMENT_REFERENCE, BY_TEAM, 0},
    {T_COMMUNICATION, BY_TEAM, 0},
    {T_ENCOUNTER, BY_TEAM, 0},
    {T_DIAGNOSTIC_REPORT, BY_TEAM, 0},
    {T_IMAGING_STUDY, BY_TEAM, 0},
    {T_CONSENT, BY_TEAM, 0},
    {T_TASK, BY_TEAM, 0},
    {T_QUESTIONNAIRE_RESPONSE, BY_TEAM, 0},
    {T_SUBSCRIPTION, BY_TEAM, 0}, /* its own team: whoever made it */
};

static enum rule rule_of(enum fhir_type type, uint32_t *ret_right)
{
    for (size_t i = 0; i < LEN(rules); i++) {
        if (rules[i].type == type) {
            *ret_right = rules[i].right;
            return rules[i].rule;
        }
    }
    return BY_NONE;
}

static const struct str file_mark = SI(CARE_URL "/StructureDefinition/sha256");
static const struct str gone_mark = SI(CARE_URL "/StructureDefinition/bytes-removed");

static bool is_file(struct str body)
{
    return str_find(body, file_mark) < body.n || str_find(body, gone_mark) < body.n;
}

/* What a person wrote to others, forms that were filled in, and the files of a case stay as they were
 * sent. */
static enum err kept_check(struct http_req *h, enum fhir_type type, const struct res_row *old)
{
    if (old->deleted) {
        return OK;
    }
    if (type == T_COMMUNICATION) {
        return FAIL(&h->rq, E_FORBIDDEN, "a message stays as it was sent");
    }
    if (type == T_QUESTIONNAIRE_RESPONSE) {
        return FAIL(&h->rq, E_FORBIDDEN, "a form stays as it was sent");
    }
    if (type == T_DOCUMENT_REFERENCE && is_file(old->body)) {
        return FAIL(&h->rq, E_FORBIDDEN, "a file of a case stays");
    }
    return OK;
}

/* Before a person's change of an existing resource: seen by them, no part of a workflow. */
static enum err person_check(struct http_req *h, enum fhir_type type, struct str id,
                             const struct res_row *old)
{
    struct fhir_access acc = api_access(h);
    uint32_t right = 0;
    enum rule rule = rule_of(type, &right);
    bool may = true;
    if (rule == BY_NONE || (rule == BY_RIGHT && !who_may(h->rq.who, right))) {
        return FAIL(&h->rq, E_FORBIDDEN, "this kind of resource is not yours to write");
    }
    if (old != NULL) {
        TRY(fhir_may_see(&h->rq, &acc, old->anchor, &may));
    }
    if (!may) {
        TRY(api_audit_row(h, AUDIT_UPDATE, old, E_NOT_FOUND));
        return FAIL(&h->rq, E_NOT_FOUND, "no such resource");
    }
    TRY(fixed_case(&h->rq, type, id));
    if (old != NULL && type == T_OBSERVATION && old->body.n > 0) {
        struct json_doc *doc = ARENA_NEW(h->rq.a, struct json_doc);
        TRY_MEM(&h->rq, doc);
        TRY(json_parse(&h->rq, old->body, NULL, doc));
        TRY(fixed_mark(&h->rq, type, json_root(doc)));
    }
    return old != NULL ? kept_check(h, type, old) : OK;
}

/* A file's bytes are named by their hash: who could write that name could read what it names. Files are
 * added by uploading them. */
static enum err file_check(struct http_req *h, const struct tx_put *put)
{
    if (put->type == T_DOCUMENT_REFERENCE && is_file(put->body)) {
        return FAIL(&h->rq, E_FORBIDDEN, "the file of a case is added by uploading it");
    }
    return OK;
}

/* A message is in the name of whoever sends it. */
static enum err sender_check(struct http_req *h, enum fhir_type type, struct jv root)
{
    struct str ref = json_str(h->rq.a, json_path(root, S("sender.reference")));
    if (type == T_COMMUNICATION
        && (!str_starts(ref, S("Practitioner/"))
            || !str_eq(str_sub(ref, S("Practitioner/").n, ref.n), h->rq.who->person))) {
        return FAIL(&h->rq, E_FORBIDDEN, "sender: yourself");
    }
    return OK;
}

/* What a person adds must hang on what they may see; a new patient on the organisation they act in. */
static enum err anchor_check(struct http_req *h, struct tx *tx, const struct tx_put *put,
                             bool is_new)
{
    struct fhir_access acc = api_access(h);
    bool may = false;
    int64_t rid = 0;
    if (fhir_type_hangs((enum fhir_type)put->type) == DIRECTORY) {
        return OK;
    }
    if (put->type == T_PATIENT && is_new) {
        const struct store *st = care_of(&h->rq)->store;
        TRY(tx_team(tx, put->type, put->id, principal_person(st, h->rq.who->person)));
        return tx_team(tx, put->type, put->id, principal_askers(st, h->rq.who->audit.org));
    }
    if (put->type == T_SUBSCRIPTION && is_new) {
        const struct store *st = care_of(&h->rq)->store;
        const struct who *w = h->rq.who;
        return tx_team(tx, put->type, put->id,
                       w->person.n > 0 ? principal_person(st, w->person)
                                       : principal_heads(st, w->audit.org));
    }
    if (put->anchor_type != T_NONE && !put->system_only) {
        TRY(db_rid(&h->rq, put->anchor_type, put->anchor_id, &rid));
    }
    if (rid != 0) {
        TRY(fhir_may_see(&h->rq, &acc, rid, &may));
    }
    if (!may) {
        return FAIL(&h->rq, E_FORBIDDEN, "it must belong to a case or patient of yours");
    }
    return put->type == T_COMMUNICATION ? consult_pace(&h->rq, rid) : OK;
}

static enum err written(struct http_req *h, const struct tx_put *put, bool is_new)
{
    struct audit_rec rec = put_audit(put, is_new ? AUDIT_CREATE : AUDIT_UPDATE,
                                     who_may(h->rq.who, IS_SYSTEM) ? WHY_SYSTEM : WHY_TEAM);
    return audit_add(&h->rq, &rec);
}

/* Both what is there and what it becomes must be within the token's scopes. */
static enum err scope_check(struct http_req *h, const struct res_row *old, const struct tx_put *put,
                            unsigned ops)
{
    const struct fhir_scopes *s = h->rq.who->scope;
    bool may = true;
    if (s == NULL) {
        return OK;
    }
    if (old != NULL && !old->deleted && old->version > 0) {
        TRY(scope_row_may(&h->rq, s, ops, old, &may));
        if (!may) {
            TRY(api_audit_row(h, AUDIT_UPDATE, old, E_NOT_FOUND));
            return FAIL(&h->rq, E_NOT_FOUND, "no such resource");
        }
    }
    if (put != NULL) {
        TRY(scope_put_may(&h->rq, s, ops, put, &may));
    }
    return may ? OK : FAIL(&h->rq, E_FORBIDDEN, "the token's scope does not allow this");
}

/* Is the present row needed before the writer sees the change? */
static bool needs_old(const struct http_req *h, const struct api_write *w)
{
    const struct fhir_scopes *s = h->rq.who->scope;
    return !w->is_create && (!who_may(h->rq.who, IS_SYSTEM) || fixed_can_be_signed(w->type) ||
                             (s != NULL && !scope_is_free(s, w->type, OP_UPDATE)) ||
                             fhir_type_date(w->type).n == 0);
}

/* A write that was refused is on record, about the patient it was meant for. */
static enum err denied(struct http_req *h, enum err e, enum fhir_type type, struct str id,
                       const struct tx_put *put)
{
    if (e != E_FORBIDDEN) {
        return e;
    }
    static const struct tx_put none;
    struct audit_rec rec = put_audit(put != NULL ? put : &none, AUDIT_DENY, WHY_NO_RIGHT);
    rec.outcome = e;
    rec.type = (uint16_t)type;
    rec.id = id;
    TRY(audit_add(&h->rq, &rec));
    return e;
}

static enum err put_try(struct http_req *h, struct tx *tx, struct jv root,
                        const struct api_write *w, struct tx_put *ret_put)
{
    struct req *rq = &h->rq;
    bool system = who_may(rq->who, IS_SYSTEM);
    struct res_row old = {0};
    bool has_old = false;
    struct fhir_access acc = api_access(h);
    struct fhir_how how = {.id = w->id, .expect = w->expect, .acc = &acc,
                           .beside = w->beside};
    struct tx_put put;
    unsigned ops = w->is_create ? OP_CREATE : OP_UPDATE;
    if (!scope_allows(rq->who->scope, w->type, ops)) {
        return FAIL(rq, E_FORBIDDEN, "the token's scope does not allow this");
    }
    if (fhir_type_in(rq, root) != w->type) {
        return FAIL(rq, E_BAD_INPUT, "resourceType: not the one in the address");
    }
    if (needs_old(h, w)) {
        enum err e = db_find(rq, (uint16_t)w->type, w->id, &old);
        has_old = e == OK && old.version > 0;
        if (e == E_NOT_FOUND) {
            err_clear(rq);
        } else {
            TRY(e);
        }
    }
    if (has_old) {
        TRY(fixed_signed(&h->rq, w->type, &old));
        how.at_ms = fhir_type_date(w->type).n == 0 ? old.at_ms : 0;
    }
    if (!system) {
        if (!w->is_create && !has_old) {
            return FAIL(rq, E_NOT_FOUND, "a resource is created by POST");
        }
        TRY(person_check(h, w->type, w->id, has_old ? &old : NULL));
        TRY(sender_check(h, w->type, root));
        TRY(fixed_mark(rq, w->type, root));
    } else if (!w->is_create) {
        TRY(fixed_case(&h->rq, w->type, w->id));
    }
    if (w->type == T_BINARY) {
        TRY(api_binary_anchor(h, root, &how));
    }
    if (w->type == T_SUBSCRIPTION) {
        TRY(sub_write(rq, tx, root, w->id, &root));
    }
    TRY(scan_resource(rq, root));
    TRY(fhir_prepare(rq, root, &how, &put));
    *ret_put = put;
    if (!system) {
        TRY(file_check(h, &put));
        TRY(anchor_check(h, tx, &put, !has_old));
    }
    TRY(scope_check(h, has_old ? &old : NULL, &put, ops));
    TRY(tx_put(tx, &put));
    return written(h, &put, w->is_create);
}

enum err api_put(struct http_req *h, struct tx *tx, struct jv root, const struct api_write *w)
{
    struct tx_put put = {0};
    enum err e = put_try(h, tx, root, w, &put);
    return e == E_FORBIDDEN ? denied(h, e, w->type, w->is_create ? S("") : w->id, &put) : e;
}

static enum err delete_try(struct http_req *h, struct tx *tx, enum fhir_type type, struct str id,
                           int64_t expect, bool *ret_gone)
{
    struct req *rq = &h->rq;
    struct res_row old;
    *ret_gone = false;
    if (!scope_allows(rq->who->scope, type, OP_DELETE)) {
        return FAIL(rq, E_FORBIDDEN, "the token's scope does not allow this");
    }
    enum err e = db_find(rq, (uint16_t)type, id, &old);
    if (e == E_NOT_FOUND || (e == OK && (old.deleted || old.version == 0))) {
        err_clear(rq);
        *ret_gone = true;
        return OK;
    }
    TRY(e);
    TRY(fixed_signed(&h->rq, type, &old));
    if (!who_may(rq->who, IS_SYSTEM)) {
        TRY(person_check(h, type, id, &old));
    } else {
        TRY(fixed_case(&h->rq, type, id));
    }
    TRY(scope_check(h, &old, NULL, OP_DELETE));
    TRY(tx_delete(tx, (uint16_t)type, id, expect));
    if (type == T_SUBSCRIPTION) {
        TRY(sub_delete(tx, id));
    }
    return api_audit_row(h, AUDIT_DELETE, &old, OK);
}

enum err api_delete(struct http_req *h, struct tx *tx, enum fhir_type type, struct str id,
                    int64_t expect, bool *ret_gone)
{
    enum err e = delete_try(h, tx, type, id, expect, ret_gone);
    return e == E_FORBIDDEN ? denied(h, e, type, id, NULL) : e;
}
