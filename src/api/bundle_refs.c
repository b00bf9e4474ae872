/* api/bundle_refs.c - references between the entries of a batch or transaction (R4 bundle.html#references,
 * http.html#trules): urn:uuid and urn:oid, absolute and relative addresses, with a version or without,
 * conditional references, links in narratives. The resource's text is copied with the places changed.
 * A Bundle among the resources is a document of its own: nothing in it is touched. */
#include "api/bundle_int.h"

enum { CONDITION_MAX = 1000 }; /* bytes of a conditional reference */

struct rewrite {
    struct http_req *h;
    struct bundle *b;
    const struct entry *x;
    const struct json_doc *doc;
    struct str base;   /* of this server */
    struct buf out;
    size_t copied; /* bytes of the source already in out */
    bool changed;
};

/* Puts text in the place of n bytes of the source at off. */
static void replace(struct rewrite *w, size_t off, size_t n, struct str text)
{
    buf_bytes(&w->out, w->doc->src.p + w->copied, off - w->copied);
    buf_str(&w->out, text);
    w->copied = off + n;
    w->changed = true;
}

static struct str local_text(struct rewrite *w, enum fhir_type type, struct str id, uint64_t version)
{
    struct buf b;
    buf_init(&b, w->h->rq.a, 256);
    buf_str(&b, fhir_type_name(type));
    buf_char(&b, '/');
    buf_str(&b, id);
    if (version > 0) {
        BUF_LIT(&b, "/_history/");
        buf_u64(&b, version);
    }
    return buf_get(&b);
}

/* The version an entry makes: a reference that names a version means that one afterwards. */
static enum err version_made(struct rewrite *w, struct entry *y, uint64_t *ret_version)
{
    struct req *rq = &w->h->rq;
    struct res_row row;
    *ret_version = 1;
    if (y->is_create) {
        return OK;
    }
    enum err e = db_head(rq, (uint16_t)y->type, y->id, &row);
    if (e == E_NOT_FOUND) {
        err_clear(rq);
        return OK;
    }
    TRY(e);
    if (y->exists) {
        *ret_version = row.version;
        return OK;
    }
    *ret_version = row.version + 1;
    if (y->expect == TX_ANY && !row.deleted) {
        y->expect = (int64_t)row.version; /* should it be written before: held by the transaction */
        return y->tx != NULL ? tx_require_version(y->tx, (uint16_t)y->type, y->id, row.version) : OK;
    }
    return OK;
}

/* The entry an address means: as it stands, or relative to that of the entry it is in. */
static struct entry *entry_meant(struct rewrite *w, struct str address)
{
    struct entry *y = bundle_find(w->b, address);
    struct str full = w->x->full_url;
    size_t slash = full.n;
    unsigned n = 0;
    struct buf b;
    if (y != NULL || !str_starts(full, S("http")) || str_find_char(address, ':') < address.n) {
        return y;
    }
    while (slash > 0 && n < 2) {
        n += full.p[--slash] == '/' ? 1 : 0;
    }
    buf_init(&b, w->h->rq.a, full.n + address.n + 2);
    buf_str(&b, str_sub(full, 0, slash + 1));
    buf_str(&b, address);
    return bundle_find(w->b, buf_get(&b));
}

/* What text is to be replaced by; p NULL: nothing. */
static enum err meant(struct rewrite *w, struct str text, struct str *ret_to)
{
    const struct str mark = SI("/_history/");
    struct str plain = str_sub(text, 0, str_find(text, mark));
    struct entry *y = entry_meant(w, plain);
    uint64_t version = 0;
    ret_to->p = NULL;
    if (y == NULL || y->id.n == 0 || y->verb == VERB_GET) {
        return OK;
    }
    if (plain.n < text.n) {
        TRY(version_made(w, y, &version));
    }
    *ret_to = local_text(w, y->type, y->id, version);
    return OK;
}

static enum err conditional(struct rewrite *w, struct str ref, struct str *ret_to)
{
    struct req *rq = &w->h->rq;
    struct bundle *b = w->b;
    struct api_cond c;
    size_t q = str_find_char(ref, '?');
    enum fhir_type type = fhir_type_find(str_sub(ref, 0, q));
    ret_to->p = NULL;
    if (type == T_NONE) {
        return OK;
    }
    for (size_t i = 0; i < b->n_refs; i++) {
        if (str_eq(b->refs[i].text, ref)) {
            *ret_to = b->refs[i].to;
            return OK;
        }
    }
    TRY(api_may(w->h, type, OP_SEARCH));
    TRY(api_cond_find(w->h, type, str_sub(ref, q + 1, ref.n), OP_SEARCH, &c));
    if (c.id.n == 0) {
        return FAIL(rq, E_STALE, "a conditional reference finds nothing");
    }
    *ret_to = local_text(w, type, c.id, 0);
    if (b->n_refs == b->size_refs) {
        struct found_ref *more = ARENA_ARRAY(rq->a, b->size_refs * 2 + 16, struct found_ref);
        TRY_MEM(rq, more);
        for (size_t i = 0; i < b->n_refs; i++) {
            more[i] = b->refs[i];
        }
        b->refs = more;
        b->size_refs = b->size_refs * 2 + 16;
    }
    b->refs[b->n_refs++] = (struct found_ref){ref, *ret_to};
    return OK;
}

static enum err value_rewrite(struct rewrite *w, uint32_t at, bool is_reference)
{
    const struct json_node *node = &w->doc->nodes[at];
    struct str text = json_str(w->h->rq.a, (struct jv){w->doc, at});
    struct str to;
    TRY_MEM(&w->h->rq, text.p);
    TRY(meant(w, text, &to));
    if (to.p == NULL && is_reference && !str_starts(text, S("http")) &&
        str_find_char(text, '?') < text.n && text.n < CONDITION_MAX) {
        TRY(conditional(w, text, &to));
    }
    if (to.p == NULL && is_reference && str_starts(text, w->base) && text.n > w->base.n + 1 &&
        text.p[w->base.n] == '/') {
        to = str_sub(text, w->base.n + 1, text.n); /* here */
    }
    if (to.p == NULL && is_reference && w->b->is_transaction && str_starts(text, S("urn:uuid:"))) {
        return FAIL(&w->h->rq, E_BAD_INPUT, "Bundle.entry[%zu]: a reference names no entry",
                    (size_t)(w->x - w->b->v));
    }
    if (to.p != NULL) {
        replace(w, node->off, node->len, to);
    }
    return OK;
}

/* href and src in a narrative, as it stands in JSON: quotes are escaped or single. */
static enum err narrative_rewrite(struct rewrite *w, const struct json_node *node)
{
    struct str text = {w->doc->src.p + node->off, node->len};
    static const struct str marks[] = {SI("href=\\\""), SI("src=\\\""), SI("href='"), SI("src='")};
    size_t at = 0;
    while (at < text.n) {
        struct str rest = str_sub(text, at, text.n);
        size_t best = rest.n;
        size_t skip = 0;
        for (size_t i = 0; i < LEN(marks); i++) {
            size_t found = str_find(rest, marks[i]);
            if (found < best) {
                best = found;
                skip = marks[i].n;
            }
        }
        if (skip == 0) {
            break;
        }
        size_t from = at + best + skip;
        char quote = text.p[from - 1] == '\'' ? '\'' : '\\';
        size_t n = str_find_char(str_sub(text, from, text.n), quote);
        struct str to;
        TRY(meant(w, str_sub(text, from, n), &to));
        if (to.p != NULL) {
            replace(w, node->off + from, n, to);
        }
        at = from + n;
    }
    return OK;
}

/* Elements that may name another entry: references, and addresses of the types uri, url, oid, uuid that are
 * no names of systems. */
static bool names_entry(struct str key)
{
    static const struct str names[] = {
        SI("reference"), SI("url"),      SI("uri"),     SI("valueUri"), SI("valueUrl"),
        SI("valueOid"),  SI("valueUuid"), SI("source"), SI("endpoint"), SI("instantiatesUri"),
    };
    for (size_t i = 0; i < LEN(names); i++) {
        if (str_eq(names[i], key)) {
            return true;
        }
    }
    return false;
}

static enum err walk(struct rewrite *w, uint32_t at, uint32_t end)
{
    const struct json_doc *doc = w->doc;
    for (uint32_t i = at; i + 1 < end; i++) {
        const struct json_node *key = &doc->nodes[i];
        if (key->kind != JSON_KEY || doc->nodes[i + 1].kind != JSON_STRING) {
            continue;
        }
        struct str name = {doc->src.p + key->off, key->len};
        if (names_entry(name)) {
            TRY(value_rewrite(w, i + 1, str_eq(name, S("reference"))));
        } else if (str_eq(name, S("div"))) {
            TRY(narrative_rewrite(w, &doc->nodes[i + 1]));
        }
    }
    return OK;
}

enum err entry_rewrite(struct http_req *h, struct bundle *b, const struct entry *x,
                       struct jv *ret_root)
{
    const struct json_doc *doc = x->resource.doc;
    uint32_t at = x->resource.at;
    struct rewrite w = {.h = h, .b = b, .x = x, .doc = doc, .base = b->base,
                        .copied = doc->nodes[at].off};
    struct str raw = json_raw(x->resource);
    size_t stop = doc->nodes[at].off + raw.n;
    *ret_root = x->resource;
    if (x->type == T_BUNDLE) {
        return OK;
    }
    buf_init(&w.out, h->rq.a, raw.n * 2 + 65536);
    TRY(walk(&w, at, doc->nodes[at].end));
    if (!w.changed) {
        return OK;
    }
    buf_bytes(&w.out, doc->src.p + w.copied, stop - w.copied);
    struct json_doc *fresh = ARENA_NEW(h->rq.a, struct json_doc);
    TRY_MEM(&h->rq, fresh);
    TRY(json_parse(&h->rq, buf_get(&w.out), NULL, fresh));
    *ret_root = json_root(fresh);
    return OK;
}
