/* fhir/moment.c - a search read page by page stays as of its first page: what came since is passed over,
 * what changed since is looked at as it was. Criteria about other resources (chains, _has) and who may
 * see what are of now. */
#include <stdlib.h>

#include "base/text.h"
#include "fhir/prepare.h"
#include "fhir/search_int.h"

enum { MOVED_MAX = 5000 };

static int cmp_i64(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

bool moment_is_newer(const struct finder *f, int64_t rid)
{
    if (!f->resume) {
        return false;
    }
    return rid > f->from.moment.rid ||
           (f->n_moved > 0 && bsearch(&rid, f->moved, f->n_moved, sizeof(rid), cmp_i64) != NULL);
}

const struct old *moment_old(const struct finder *f, int64_t rid)
{
    for (size_t i = 0; i < f->n_olds; i++) {
        if (f->olds[i].k.hit.rid == rid) {
            return &f->olds[i];
        }
    }
    return NULL;
}

struct cand moment_cand(const struct finder *f, struct hit hit)
{
    const struct old *o = f->resume ? moment_old(f, hit.rid) : NULL;
    return o != NULL ? o->k : (struct cand){.hit = hit};
}

/* The tuples as the store would give them. */
static enum err tuples_of(struct req *rq, struct jv root, enum fhir_type type, struct cand *k)
{
    struct fhir_tuples t = {0};
    TRY(fhir_extract(rq, root, type, &t));
    TRY(fhir_tuples_resolve(rq, &t));
    k->tuples = t.v;
    k->n_tuples = t.n;
    k->has_tuples = true;
    return OK;
}

static enum err old_load(struct finder *f, int64_t rid, struct old *o, bool *ret_meets)
{
    struct req *rq = f->rq;
    bool meets = true;
    *o = (struct old){.k = {.hit = {0, rid}, .is_old = true}};
    *ret_meets = false;
    enum err e = db_version_at(rq, rid, f->from.moment.vid, &o->row);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    TRY(db_head_rid(rq, rid, &o->k.head)); /* whose it is, is a matter of now */
    if (o->k.head.deleted) {
        return OK;
    }
    o->k.has_head = true;
    o->k.head.updated = o->row.updated;
    o->k.head.version = o->row.version;
    TRY(json_parse(rq, o->row.body, NULL, &o->k.doc));
    o->k.has_doc = true;
    TRY(tuples_of(rq, json_root(&o->k.doc), f->q->type, &o->k));
    o->k.hit.at = fhir_at(rq, json_root(&o->k.doc), f->q->type, o->k.head.at_ms);
    for (size_t i = 0; meets && i < f->q->n; i++) {
        TRY(cand_meets(rq, f->gate, &o->k, &f->q->c[i], &meets));
    }
    if (meets) {
        TRY(cand_may(rq, f->gate, f->q->type, &o->k, &meets));
    }
    *ret_meets = meets;
    return OK;
}

/* Few stay, so insertion is enough. */
static void olds_insert(struct finder *f, const struct old *o)
{
    size_t at = f->n_olds++;
    while (at > 0 && hit_cmp(f->olds[at - 1].k.hit, o->k.hit, f->order) > 0) {
        f->olds[at] = f->olds[at - 1];
        at--;
    }
    f->olds[at] = *o;
    /* The document moves with its row. */
}

enum err moment_load(struct finder *f)
{
    struct req *rq = f->rq;
    if (!f->resume) {
        return OK;
    }
    f->moved = ARENA_ARRAY(rq->a, MOVED_MAX, int64_t);
    TRY_MEM(rq, f->moved);
    enum err e = db_moved(rq, &f->from.moment, (uint16_t)f->q->type, f->moved, MOVED_MAX,
                          &f->n_moved);
    if (e == E_TOO_LARGE) {
        err_clear(rq);
        fhir_issue_add(rq, ISSUE_ERROR, "expired",
                       T("Too much has changed since the first page. Please search again."),
                       S("_cursor"), S(""));
        return FAIL(rq, E_BAD_INPUT, "_cursor");
    }
    TRY(e);
    qsort(f->moved, f->n_moved, sizeof(*f->moved), cmp_i64);
    f->olds = ARENA_ARRAY(rq->a, f->n_moved + 1, struct old);
    TRY_MEM(rq, f->olds);
    for (size_t i = 0; i < f->n_moved; i++) {
        struct old o;
        bool meets = false;
        struct arena_mark m = arena_mark(rq->a);
        TRY(old_load(f, f->moved[i], &o, &meets));
        if (meets) {
            olds_insert(f, &o);
        } else {
            arena_back(rq->a, m);
        }
    }
    return OK;
}
