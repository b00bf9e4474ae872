/* fhir/canonical.c - what canonical addresses name. See canonical.h.
 *
 * The index keeps an address without its version; which edition is meant is read from the texts, of the
 * candidates alone that an index row has brought. */
#include "fhir/canonical.h"

#include "base/text.h"
#include "fhir/extract.h"
#include "fhir/lanes_int.h"

enum { EDITIONS_MAX = 50 }; /* resources of one url */

struct str canonical_url(struct str address)
{
    return str_sub(address, 0, str_find_char(address, '|'));
}

struct str canonical_version(struct str address)
{
    size_t bar = str_find_char(address, '|');
    return str_sub(address, MIN(bar + 1, address.n), address.n);
}

const struct fhir_param *canonical_param(enum fhir_type type)
{
    const struct fhir_param *p = fhir_param_find(type, S("url"));
    return p != NULL && p->kind == SP_URI ? p : NULL;
}

bool canonical_asks(const struct fhir_criterion *c)
{
    bool asks = c->op == ASK_HAS && canonical_param(c->type) != NULL;
    for (size_t i = 0; i < c->n_sub && !asks && c->op == ASK_CHAIN; i++) {
        asks = canonical_param(c->sub[i].type) != NULL;
    }
    return asks;
}

enum err canonical_member(struct req *rq, struct str body, struct str name, struct str *ret_text)
{
    struct json_doc doc;
    TRY(json_parse(rq, body, NULL, &doc));
    *ret_text = json_str(rq->a, json_get(json_root(&doc), name));
    return OK;
}

enum err canonical_is_version(struct req *rq, struct str body, struct str version, bool *ret_is)
{
    struct str own;
    struct arena_mark m = arena_mark(rq->a);
    *ret_is = version.n == 0;
    if (!*ret_is) {
        TRY(canonical_member(rq, body, S("version"), &own));
        *ret_is = str_eq(own, version);
        arena_back(rq->a, m);
    }
    return OK;
}

struct asked_url {
    struct req *rq;
    struct str url;
    struct str version;
    bool names;
};

static enum err names_value(struct jv v, void *ctx)
{
    struct asked_url *k = ctx;
    struct str text = json_kind(v) == JSON_STRING ? json_str(k->rq->a, v) : S("");
    struct str version = canonical_version(text);
    k->names = k->names || (str_eq(canonical_url(text), k->url) &&
                            (version.n == 0 || str_eq(version, k->version)));
    return OK;
}

enum err canonical_names(struct req *rq, struct jv root, const struct fhir_param *p, struct str url,
                         struct str version, bool *ret_names)
{
    struct asked_url k = {rq, url, version, false};
    TRY(fhir_param_each(root, p, names_value, &k));
    *ret_names = k.names;
    return OK;
}

enum err canonical_target(struct req *rq, int64_t rid, enum fhir_type type, int64_t *ret_target)
{
    const struct fhir_param *p = canonical_param(type);
    const struct tuple *t;
    size_t n = 0;
    int64_t target = 0;
    if (p == NULL) {
        *ret_target = 0;
        return OK;
    }
    struct arena_mark m = arena_mark(rq->a);
    TRY(db_tuples(rq, rid, &t, &n));
    for (size_t i = 0; i < n && target == 0; i++) {
        if (t[i].sp == p->sp && t[i].kind == TUPLE_TOKEN) {
            target = db_ref_url(t[i].token.hash);
        }
    }
    arena_back(rq->a, m);
    *ret_target = target;
    return OK;
}

/* ---- from an address to its editions ---- */

/* Following the addresses of one resource. */
struct follow {
    struct req *rq;
    struct gate *gate;
    const struct fhir_criterion *c;
    bool met;         /* chain */
    struct hit *set;  /* _has; NULL: chain */
    size_t cap;
    size_t n;
};

/* An edition: in the set of the chain, or one that meets sub; _has: added. */
static enum err edition_take(struct follow *f, int64_t rid, const struct fhir_criterion *sub)
{
    if (f->set != NULL) {
        if (f->n < f->cap) {
            f->set[f->n++] = (struct hit){0, rid};
        }
        return OK;
    }
    if (f->c->has_set) {
        f->met = f->met || set_has(f->c->set, f->c->n_set, rid);
        return OK;
    }
    return f->met ? OK : rid_meets(f->rq, f->gate, rid, sub->type, sub, &f->met);
}

static enum err edition_look(struct follow *f, int64_t rid, struct str version,
                             const struct fhir_criterion *sub)
{
    bool is = version.n == 0;
    TRY(gate_look(f->rq, f->gate, f->c));
    if (!is) {
        struct res_row row;
        TRY(db_read_rid(f->rq, rid, &row));
        TRY(canonical_is_version(f->rq, row.body, version, &is));
    }
    return is ? edition_take(f, rid, sub) : OK;
}

static enum err editions_follow(struct follow *f, enum fhir_type type, struct str address,
                                const struct fhir_criterion *sub)
{
    const struct fhir_param *p = canonical_param(type);
    struct req *rq = f->rq;
    struct list *l = NULL;
    struct hit hit;
    enum err e = OK;
    if (p == NULL) {
        return OK;
    }
    TRY(list_token(rq, p->sp, db_hash(rq->db, canonical_url(address)), 0, LIST_NEWEST, &l));
    for (int n = 0; e == OK && !f->met && n < EDITIONS_MAX && list_next(l, &hit); n++) {
        struct arena_mark m = arena_mark(rq->a);
        e = edition_look(f, hit.rid, canonical_version(address), sub);
        arena_back(rq->a, m);
    }
    e = e == OK ? list_err(rq, l) : e;
    list_close(&l);
    return e;
}

static bool is_address(struct str text)
{
    return text.n > 0 && text.p[0] != '#';
}

static enum err chain_value(struct jv v, void *ctx)
{
    struct follow *f = ctx;
    struct str text = json_kind(v) == JSON_STRING && !f->met ? json_str(f->rq->a, v) : S("");
    if (!is_address(text)) {
        return OK;
    }
    int64_t key = db_ref_url(db_hash(f->rq->db, text)); /* with its version, unlike those of the index */
    size_t slot = (size_t)((uint64_t)key % MEMO_SLOTS);
    if (f->c->memo->rid[slot] == key) {
        f->met = f->c->memo->meets[slot];
        return OK;
    }
    for (size_t i = 0; i < f->c->n_sub && !f->met; i++) {
        TRY(editions_follow(f, f->c->sub[i].type, text, &f->c->sub[i]));
    }
    f->c->memo->rid[slot] = key;
    f->c->memo->meets[slot] = f->met;
    return OK;
}

enum err canonical_chain_meets(struct req *rq, struct gate *g, struct cand *k,
                               const struct fhir_criterion *c, bool *ret_meets)
{
    struct follow f = {.rq = rq, .gate = g, .c = c};
    TRY(cand_doc(rq, k));
    TRY(fhir_param_each(json_root(&k->doc), c->p, chain_value, &f));
    *ret_meets = f.met;
    return OK;
}

static enum err named_value(struct jv v, void *ctx)
{
    struct follow *f = ctx;
    struct str text = json_kind(v) == JSON_STRING ? json_str(f->rq->a, v) : S("");
    return is_address(text) ? editions_follow(f, f->c->type, text, NULL) : OK;
}

enum err canonical_named(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                         int64_t rid, struct hit *set, size_t cap, size_t *n)
{
    struct follow f = {.rq = rq, .gate = g, .c = c, .set = set, .cap = cap, .n = *n};
    struct cand k = {.hit = {0, rid}};
    struct arena_mark m = arena_mark(rq->a);
    TRY(cand_doc(rq, &k));
    TRY(fhir_param_each(json_root(&k.doc), c->p, named_value, &f));
    arena_back(rq->a, m);
    *n = f.n;
    return OK;
}

/* ---- from a resource to what names its address ---- */

/* Meets one that has the url in a list what is asked for, and names it this version? */
static enum err namer_look(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                           int64_t rid, struct str url, struct str version, bool *ret_has)
{
    struct cand k = {.hit = {0, rid}};
    bool names = false;
    TRY(rid_meets(rq, g, rid, c->sub->type, c->sub, &names));
    if (names) {
        TRY(cand_doc(rq, &k));
        TRY(canonical_names(rq, json_root(&k.doc), c->p, url, version, &names));
    }
    *ret_has = names;
    return OK;
}

static enum err namers_look(struct req *rq, struct gate *g, const struct fhir_criterion *c,
                            struct str url, struct str version, struct hit *ret_hit, bool *ret_has)
{
    struct lanes l;
    bool end = false;
    enum err e = OK;
    const struct lane_ref ref = {c->p->sp, db_ref_url(db_hash(rq->db, url)), NULL};
    TRY(lanes_open(rq, c->sub->type, c->sub, 1, ref, LIST_NEWEST, &l));
    for (int n = 0; e == OK && !*ret_has && n < FHIR_REFERRERS; n++) {
        struct hit hit;
        if (!lanes_next(&l, FHIR_REFERRERS, &hit, &end)) {
            break;
        }
        struct arena_mark m = arena_mark(rq->a);
        e = namer_look(rq, g, c, hit.rid, url, version, ret_has);
        arena_back(rq->a, m);
        *ret_hit = hit;
    }
    e = e == OK ? lanes_err(rq, &l) : e;
    lanes_close(&l);
    return e;
}

enum err canonical_has(struct req *rq, struct gate *g, const struct fhir_criterion *c, int64_t rid,
                       struct hit *ret_hit, bool *ret_has)
{
    struct cand k = {.hit = {0, rid}};
    TRY(cand_doc(rq, &k));
    struct str url = json_str(rq->a, json_get(json_root(&k.doc), S("url")));
    struct str version = json_str(rq->a, json_get(json_root(&k.doc), S("version")));
    *ret_has = false;
    return url.n > 0 ? namers_look(rq, g, c, url, version, ret_hit, ret_has) : OK;
}
