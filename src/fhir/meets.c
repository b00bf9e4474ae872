/* fhir/meets.c - one version against a search. See meets.h. */
#include "fhir/meets.h"

#include "codec/url.h"
#include "fhir/extract.h"
#include "fhir/search_int.h"

enum { PAIRS_MAX = 32 };

struct fhir_version {
    struct cand k;
    enum fhir_type type;
};

static enum err tuples_of(struct req *rq, struct fhir_version *v)
{
    struct fhir_tuples t = {0};
    TRY(fhir_extract(rq, json_root(&v->k.doc), v->type, &t));
    for (size_t i = 0; i < t.n; i++) {
        int64_t rid = 0;
        if (t.v[i].kind != TUPLE_REF) {
            continue;
        }
        if (t.v[i].ref.type == 0) {
            rid = db_ref_url(t.v[i].ref.url);
        } else {
            TRY(db_rid(rq, t.v[i].ref.type, t.v[i].ref.id, &rid));
        }
        t.v[i].ref.rid = rid;
    }
    v->k.tuples = t.v;
    v->k.n_tuples = t.n;
    v->k.has_tuples = true;
    return OK;
}

enum err fhir_version_load(struct req *rq, const struct ver_row *row, struct fhir_version **ret_v)
{
    struct fhir_version *v = ARENA_NEW(rq->a, struct fhir_version);
    TRY_MEM(rq, v);
    v->type = (enum fhir_type)row->type;
    v->k = (struct cand){.hit = {0, row->rid}, .is_old = true, .has_head = true, .has_doc = true};
    v->k.head = (struct res_row){.rid = row->rid,
                                 .type = row->type,
                                 .id = row->id,
                                 .version = row->version,
                                 .updated = row->updated,
                                 .anchor = row->anchor,
                                 .patient = row->patient,
                                 .body = row->body};
    TRY(json_parse(rq, row->body, NULL, &v->k.doc));
    TRY(tuples_of(rq, v));
    *ret_v = v;
    return OK;
}

struct jv fhir_version_root(const struct fhir_version *v)
{
    return json_root(&v->k.doc);
}

static bool is_plain(const struct fhir_criterion *c)
{
    return c->op == ASK_PARAM &&
           (c->modifier == MOD_NONE || c->modifier == MOD_NOT || c->modifier == MOD_MISSING ||
            c->modifier == MOD_EXACT || c->modifier == MOD_CONTAINS || c->modifier == MOD_TEXT ||
            c->modifier == MOD_IDENTIFIER);
}

enum err fhir_plain_query(struct req *rq, enum fhir_type type, struct str query,
                          struct fhir_query **ret_q)
{
    struct url_pairs form;
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    TRY_MEM(rq, q);
    TRY(form_parse(rq, query, PAIRS_MAX, &form));
    TRY(fhir_query_parse(rq, type, &form, true, q));
    bool plain = q->n > 0 && q->n_sort == 0 && q->n_include == 0 && q->n_revinclude == 0;
    for (size_t i = 0; i < q->n; i++) {
        plain = plain && is_plain(&q->c[i]);
    }
    if (!plain) {
        return FAIL(rq, E_BAD_INPUT, "criteria that ask for more than the resource itself");
    }
    *ret_q = q;
    return OK;
}

enum err fhir_version_meets(struct req *rq, struct fhir_version *v, const struct fhir_query *q,
                            bool *ret_meets)
{
    const struct fhir_access all = {.all = true};
    struct gate g = {.acc = &all, .fuel = FHIR_FUEL};
    bool nothing = false;
    bool meets = true;
    TRY(fhir_query_resolve(rq, &g, q, false, &nothing));
    for (size_t i = 0; meets && !nothing && i < q->n; i++) {
        TRY(cand_meets(rq, &g, &v->k, &q->c[i], &meets));
    }
    *ret_meets = meets && !nothing;
    return OK;
}

/* ---- filters ---- */

struct fhir_filter {
    struct fhir_query q;
    struct gate gate;
    bool nothing; /* no resource can meet it */
};

enum err fhir_filter_new(struct req *rq, enum fhir_type type, struct str query,
                         const struct fhir_access *acc, struct fhir_filter **ret_filter)
{
    struct url_pairs form;
    struct fhir_filter *f = ARENA_NEW(rq->a, struct fhir_filter);
    TRY_MEM(rq, f);
    TRY(form_parse(rq, query, PAIRS_MAX, &form));
    TRY(fhir_query_parse(rq, type, &form, true, &f->q));
    if (f->q.n == 0 || f->q.n != form.n) {
        return FAIL(rq, E_BAD_INPUT, "parameters that are no criteria");
    }
    f->gate = (struct gate){.acc = acc, .fuel = FHIR_FUEL};
    TRY(fhir_query_resolve(rq, &f->gate, &f->q, false, &f->nothing));
    *ret_filter = f;
    return OK;
}

enum err fhir_filter_meets(struct req *rq, struct fhir_filter *f, struct fhir_version *v,
                           bool *ret_meets)
{
    bool meets = !f->nothing;
    enum err e = OK;
    f->gate.fuel = FHIR_FUEL;
    for (size_t i = 0; e == OK && meets && i < f->q.n; i++) {
        e = cand_meets(rq, &f->gate, &v->k, &f->q.c[i], &meets);
    }
    if (e == E_BAD_INPUT) {
        err_clear(rq);
        fhir_issues_clear(rq);
        meets = false;
        e = OK;
    }
    *ret_meets = e == OK && meets;
    return e;
}
