/* fhir/library.c - conformance resources beyond R4. See library.h. */
#include "fhir/library.h"

#include "fhir/param.h"
#include "fhir/search.h"
#include "os/file.h"

enum { BOOK_MAX = 16 << 20, VERSIONS_MAX = 200 };

struct book {
    struct str type;
    struct str url;
    struct str version;
    struct jv v;
};

struct fhir_memo {
    struct fhir_memo *next;
    const void *kind;
    struct str key;
    const void *value;
};

/* What a library of one request keeps. */
struct shelf {
    struct fhir_memo *top;
    enum err err;
};

struct fhir_library {
    struct arena *a;
    struct book *books;
    uint32_t n;
    const struct fhir_extra *extra;
    const struct fhir_access *acc; /* of a library of one request */
    const struct fhir_beside *beside;
    struct shelf *shelf;           /* NULL: of no request */
};

bool fhir_is_library(enum fhir_type type)
{
    return type == T_QUESTIONNAIRE || type == T_VALUE_SET || type == T_CODE_SYSTEM ||
           type == T_STRUCTURE_DEFINITION;
}

struct fhir_library *fhir_library_new(struct arena *a)
{
    struct fhir_library *lib = ARENA_NEW(a, struct fhir_library);
    if (lib != NULL) {
        lib->a = a;
        lib->books = ARENA_ARRAY(a, FHIR_LIBRARY_MAX, struct book);
    }
    return lib != NULL && lib->books != NULL ? lib : NULL;
}

static enum err book_add(struct req *rq, struct fhir_library *lib, struct jv v)
{
    struct book b = {.v = v};
    b.type = json_str(lib->a, json_get(v, S("resourceType")));
    b.url = json_str(lib->a, json_get(v, S("url")));
    b.version = json_str(lib->a, json_get(v, S("version")));
    if (b.url.n == 0) {
        return OK;
    }
    if (lib->n == FHIR_LIBRARY_MAX) {
        return FAIL(rq, E_TOO_LARGE, "too many conformance resources");
    }
    lib->books[lib->n++] = b;
    return OK;
}

enum err fhir_library_add(struct req *rq, struct fhir_library *lib, struct jv resource)
{
    if (!json_is(json_get(resource, S("resourceType")), S("Bundle"))) {
        return book_add(rq, lib, resource);
    }
    struct jv list = json_get(resource, S("entry"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        TRY(book_add(rq, lib, json_get(e, S("resource"))));
    }
    return OK;
}

struct loading {
    struct fhir_library *lib;
    struct str dir;
};

static enum err file_load(struct req *rq, const char *name, void *ctx)
{
    struct loading *l = ctx;
    char path[OS_PATH_MAX];
    struct str text;
    if (!str_ends(str_z(name), S(".json"))) {
        return OK;
    }
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    TRY(os_path(rq, l->dir, str_z(name), path));
    TRY(os_read_file(rq, path, BOOK_MAX, &text));
    TRY(json_parse(rq, text, NULL, doc));
    return fhir_library_add(rq, l->lib, json_root(doc));
}

enum err fhir_library_load(struct req *rq, struct fhir_library *lib, struct str content)
{
    static const struct str folders[] = {SI("fhir"), SI("codesystems")};
    for (size_t i = 0; i < LEN(folders); i++) {
        char dir[OS_PATH_MAX];
        TRY(os_path(rq, content, folders[i], dir));
        struct loading l = {lib, str_z(dir)};
        if (os_exists(dir)) {
            TRY(os_each_entry(rq, dir, file_load, &l));
        }
    }
    return OK;
}

uint32_t fhir_library_size(const struct fhir_library *lib)
{
    return lib != NULL ? lib->n : 0;
}

struct jv fhir_library_at(const struct fhir_library *lib, uint32_t i)
{
    return i < fhir_library_size(lib) ? lib->books[i].v : (struct jv){0};
}

struct jv fhir_library_own(const struct fhir_library *lib, struct str type, struct str canonical)
{
    size_t bar = str_find_char(canonical, '|');
    struct str url = str_sub(canonical, 0, bar);
    struct str version = str_sub(canonical, bar + 1, canonical.n);
    struct jv found = {0};
    for (uint32_t i = 0; lib != NULL && i < lib->n; i++) {
        const struct book *b = &lib->books[i];
        bool fits = str_eq(b->url, url) && (type.n == 0 || str_eq(b->type, type));
        if (fits && (!json_has(found) || (version.n > 0 && str_eq(b->version, version)))) {
            found = b->v;
        }
    }
    return found;
}

void fhir_library_extra_set(struct fhir_library *lib, const struct fhir_extra *extra)
{
    lib->extra = extra;
}

const struct fhir_extra *fhir_library_extra(const struct fhir_library *lib)
{
    return lib != NULL ? lib->extra : NULL;
}

/* ---- of one request ---- */

struct fhir_library *fhir_library_over(struct req *rq, const struct fhir_library *base,
                                       const struct fhir_access *acc,
                                       const struct fhir_beside *beside)
{
    struct fhir_library *lib = ARENA_NEW(rq->a, struct fhir_library);
    if (lib == NULL) {
        return NULL;
    }
    if (base != NULL) {
        *lib = *base;
    }
    if (lib->shelf == NULL) {
        lib->a = rq->a;
        lib->acc = acc;
        lib->beside = beside;
        lib->shelf = ARENA_NEW(rq->a, struct shelf);
    }
    return lib->shelf != NULL ? lib : NULL;
}

enum err fhir_library_err(const struct fhir_library *lib)
{
    return lib != NULL && lib->shelf != NULL ? lib->shelf->err : OK;
}

void fhir_library_fail(const struct fhir_library *lib, enum err e)
{
    if (lib != NULL && lib->shelf != NULL && lib->shelf->err == OK) {
        lib->shelf->err = e;
    }
}

const void *fhir_library_memo(const struct fhir_library *lib, const void *kind, struct str key)
{
    struct fhir_memo *m = lib != NULL && lib->shelf != NULL ? lib->shelf->top : NULL;
    while (m != NULL && (m->kind != kind || !str_eq(m->key, key))) {
        m = m->next;
    }
    return m != NULL ? m->value : NULL;
}

void fhir_library_memo_set(struct req *rq, const struct fhir_library *lib, const void *kind,
                           struct str key, const void *value)
{
    struct fhir_memo *m = lib != NULL && lib->shelf != NULL ? ARENA_NEW(rq->a, struct fhir_memo)
                                                            : NULL;
    if (m != NULL) {
        *m = (struct fhir_memo){lib->shelf->top, kind, arena_str(rq->a, key), value};
        lib->shelf->top = m;
    }
}

struct fhir_memo *fhir_library_mark(const struct fhir_library *lib)
{
    return lib != NULL && lib->shelf != NULL ? lib->shelf->top : NULL;
}

void fhir_library_back(const struct fhir_library *lib, struct fhir_memo *mark)
{
    if (lib != NULL && lib->shelf != NULL) {
        lib->shelf->top = mark;
    }
}

/* ---- stored ones ---- */

/* Order of versions: numbers by their worth, all else by its letters. */
static int version_cmp(struct str a, struct str b)
{
    struct str x;
    struct str y;
    for (;;) {
        bool has_a = str_cut(&a, '.', &x);
        bool has_b = str_cut(&b, '.', &y);
        uint64_t n = 0;
        uint64_t m = 0;
        if (!has_a || !has_b) {
            return (int)has_a - (int)has_b;
        }
        bool numbers = str_u64(x, &n) && str_u64(y, &m);
        int order = numbers ? (n > m) - (n < m) : str_cmp(x, y);
        if (order != 0) {
            return order;
        }
    }
}

static int rank(struct jv v)
{
    struct jv status = json_get(v, S("status"));
    return json_is(status, S("active")) ? 3 : json_is(status, S("draft")) ? 2
           : json_is(status, S("retired")) ? 0 : 1;
}

/* Does the transaction under way write this one? */
static bool is_beside(const struct fhir_beside *b, const struct res_row *row)
{
    for (size_t i = 0; b != NULL && i < b->n; i++) {
        if (b->v[i].type == row->type && str_eq(b->v[i].id, row->id)) {
            return true;
        }
    }
    return false;
}

/* A candidate read; absent when the caller may not see it, or it is another version. */
static enum err kept_read(struct req *rq, const struct fhir_library *lib, int64_t rid,
                          struct str version, struct jv *ret_v, struct instant *ret_updated)
{
    struct res_row row;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    bool may = true;
    TRY_MEM(rq, doc);
    *ret_v = (struct jv){0};
    enum err e = db_read_rid(rq, rid, &row);
    if (e == E_GONE || e == E_NOT_FOUND || (e == OK && row.deleted)) {
        err_clear(rq); /* deleted since the list was read */
        return OK;
    }
    TRY(e);
    if (is_beside(lib->beside, &row)) {
        return OK;
    }
    TRY(fhir_may_touch(rq, lib->acc, OP_READ | OP_SEARCH, &row, &may));
    if (!may) {
        return OK;
    }
    TRY(json_parse(rq, row.body, NULL, doc));
    struct jv v = json_root(doc);
    if (version.n == 0 || json_is(json_get(v, S("version")), version)) {
        *ret_v = v;
        *ret_updated = row.updated;
    }
    return OK;
}

/* The best so far of those of one address. */
struct best {
    struct jv v;
    struct instant updated;
};

static void best_take(struct req *rq, struct best *b, struct jv v, struct instant updated)
{
    int order = json_has(b->v) ? rank(v) - rank(b->v) : 1;
    if (order == 0) {
        order = version_cmp(json_str(rq->a, json_get(v, S("version"))),
                            json_str(rq->a, json_get(b->v, S("version"))));
    }
    if (order > 0 || (order == 0 && updated.ms > b->updated.ms)) {
        *b = (struct best){v, updated};
    }
}

static void beside_take(struct req *rq, const struct fhir_beside *list, enum fhir_type type,
                        struct str url, struct str version, struct best *b)
{
    for (size_t i = 0; list != NULL && i < list->n; i++) {
        struct jv v = list->v[i].v;
        if (list->v[i].type == type && json_is(json_get(v, S("url")), url) &&
            (version.n == 0 || json_is(json_get(v, S("version")), version))) {
            best_take(rq, b, v, (struct instant){INT64_MAX});
        }
    }
}

static enum err kept_find(struct req *rq, const struct fhir_library *lib, enum fhir_type type,
                          struct str canonical, struct jv *ret_v)
{
    const struct fhir_param *p = fhir_param_find(type, S("url"));
    size_t bar = str_find_char(canonical, '|');
    struct str version = str_sub(canonical, bar + 1, canonical.n);
    struct list *l = NULL;
    struct hit hit;
    int64_t rids[VERSIONS_MAX];
    size_t n = 0;
    struct best best = {0};
    if (p == NULL) {
        return OK;
    }
    TRY(list_token(rq, p->sp, db_hash(rq->db, str_sub(canonical, 0, bar)), 0, LIST_NEWEST, &l));
    while (n < VERSIONS_MAX && list_next(l, &hit)) {
        rids[n++] = hit.rid;
    }
    enum err e = list_err(rq, l);
    list_close(&l);
    TRY(e);
    for (size_t i = 0; i < n; i++) {
        struct jv v;
        struct instant updated = {0};
        TRY(kept_read(rq, lib, rids[i], version, &v, &updated));
        if (json_has(v)) {
            best_take(rq, &best, v, updated);
        }
    }
    beside_take(rq, lib->beside, type, str_sub(canonical, 0, bar), version, &best);
    *ret_v = best.v;
    return OK;
}

struct jv fhir_library_kept(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical)
{
    enum fhir_type kind = fhir_type_find(type);
    const void *mark = fhir_type_name(kind).p;
    const struct jv *known = fhir_library_memo(lib, mark, canonical);
    struct jv v = {0};
    if (known != NULL || lib == NULL || lib->acc == NULL || rq->db == NULL || canonical.n == 0) {
        return known != NULL ? *known : v;
    }
    enum err e = kept_find(rq, lib, kind, canonical, &v);
    if (e != OK) {
        fhir_library_fail(lib, e);
        return (struct jv){0};
    }
    struct jv *keep = ARENA_NEW(rq->a, struct jv);
    if (keep != NULL) {
        *keep = v;
        fhir_library_memo_set(rq, lib, mark, canonical, keep);
    }
    return v;
}

struct jv fhir_library_find(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical)
{
    struct jv v = fhir_library_own(lib, type, canonical);
    return json_has(v) ? v : fhir_library_kept(rq, lib, type, canonical);
}

struct jv fhir_profile_find(struct req *rq, const struct fhir_library *lib, struct str canonical)
{
    const struct str type = SI("StructureDefinition");
    struct jv v = fhir_library_own(lib, type, canonical);
    struct str text = json_has(v) ? (struct str){NULL, 0}
                                  : def_profile_json(fhir_defs(), canonical);
    if (text.n > 0) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        if (doc != NULL && json_parse(rq, text, NULL, doc) == OK) {
            return json_root(doc);
        }
    }
    if (json_has(v)) {
        return v;
    }
    v = fhir_library_kept(rq, lib, type, canonical);
    return json_has(json_get(v, S("snapshot"))) ? v : (struct jv){0};
}
