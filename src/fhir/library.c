/* fhir/library.c - conformance resources beyond R4. See library.h. */
#include "fhir/library.h"

#include "os/file.h"

enum { BOOK_MAX = 16 << 20, SETS_DEEP = 8, CONCEPTS_DEEP = 16 };

struct book {
    struct str type;
    struct str url;
    struct str version;
    struct jv v;
};

struct fhir_library {
    struct arena *a;
    struct book *books;
    uint32_t n;
};

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

struct jv fhir_library_find(struct req *rq, const struct fhir_library *lib, struct str type,
                            struct str canonical)
{
    size_t bar = str_find_char(canonical, '|');
    struct str url = str_sub(canonical, 0, bar);
    struct str version = str_sub(canonical, bar + 1, canonical.n);
    struct jv found = {0};
    (void)rq;
    for (uint32_t i = 0; lib != NULL && i < lib->n; i++) {
        const struct book *b = &lib->books[i];
        bool fits = str_eq(b->url, url) && (type.n == 0 || str_eq(b->type, type));
        if (fits && (!json_has(found) || (version.n > 0 && str_eq(b->version, version)))) {
            found = b->v;
        }
    }
    return found;
}

struct jv fhir_profile_find(struct req *rq, const struct fhir_library *lib, struct str canonical)
{
    struct jv v = fhir_library_find(rq, lib, S("StructureDefinition"), canonical);
    struct str text = json_has(v) ? (struct str){NULL, 0}
                                  : def_profile_json(fhir_defs(), canonical);
    if (text.n > 0) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        if (doc != NULL && json_parse(rq, text, NULL, doc) == OK) {
            v = json_root(doc);
        }
    }
    return v;
}

static bool is_at(struct req *rq, struct jv v, struct str code)
{
    return str_eq(json_str(rq->a, json_get(v, S("code"))), code);
}

/* Whether a code system of the library lists a code, at any level. */
static bool system_lists(struct req *rq, struct jv cs, struct str code)
{
    struct jv stack[CONCEPTS_DEEP];
    unsigned n = 1;
    stack[0] = json_first(json_get(cs, S("concept")));
    while (n > 0) {
        struct jv v = stack[n - 1];
        if (!json_has(v)) {
            n--;
            continue;
        }
        if (is_at(rq, v, code)) {
            return true;
        }
        stack[n - 1] = json_next(v);
        struct jv below = json_first(json_get(v, S("concept")));
        if (json_has(below) && n < CONCEPTS_DEEP) {
            stack[n++] = below;
        }
    }
    return false;
}

static enum def_in system_has(struct req *rq, const struct fhir_library *lib, struct str url,
                              struct str code)
{
    struct jv cs = fhir_library_find(rq, lib, S("CodeSystem"), url);
    const struct defs *d = fhir_defs();
    const struct def_system_row *row = def_code_system_row(d, def_code_system_find(d, url));
    if (json_has(cs)) {
        bool whole = json_is(json_get(cs, S("content")), S("complete"));
        return system_lists(rq, cs, code) ? DEF_IN : whole ? DEF_OUT : DEF_UNSURE;
    }
    if (row == NULL) {
        return DEF_UNSURE;
    }
    return def_concept_find(d, url, code) != NULL ? DEF_IN
           : row->complete != 0                   ? DEF_OUT
                                                  : DEF_UNSURE;
}

static enum def_in part_has(struct req *rq, const struct fhir_library *lib, struct jv part,
                            struct str system, struct str code)
{
    struct str url = json_str(rq->a, json_get(part, S("system")));
    struct jv list = json_get(part, S("concept"));
    if (url.n == 0 || (system.p != NULL && !str_eq(system, url))) {
        return DEF_OUT;
    }
    if (json_has(list)) {
        for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
            if (is_at(rq, c, code)) {
                return DEF_IN;
            }
        }
        return DEF_OUT;
    }
    enum def_in in = system_has(rq, lib, url, code);
    return in == DEF_IN && json_has(json_get(part, S("filter"))) ? DEF_UNSURE : in;
}

/* Includes of a value set and of those it includes, until one has the code. */
enum def_in fhir_set_has(struct req *rq, const struct fhir_library *lib, struct str canonical,
                         struct str system, struct str code)
{
    struct str urls[SETS_DEEP * 4] = {canonical};
    unsigned n = 1;
    enum def_in verdict = DEF_OUT;
    for (unsigned at = 0; at < n; at++) {
        struct jv vs = fhir_library_find(rq, lib, S("ValueSet"), urls[at]);
        if (!json_has(vs)) {
            enum def_in in = def_set_has(fhir_defs(), def_set_find(fhir_defs(), urls[at]), system,
                                         code);
            verdict = in == DEF_OUT ? verdict : in;
        }
        struct jv list = json_path(vs, S("compose.include"));
        for (struct jv p = json_first(list); json_has(p) && verdict != DEF_IN; p = json_next(p)) {
            enum def_in in = part_has(rq, lib, p, system, code);
            verdict = in == DEF_OUT ? verdict : in;
            struct jv sets = json_get(p, S("valueSet"));
            for (struct jv s = json_first(sets); json_has(s) && n < LEN(urls); s = json_next(s)) {
                urls[n++] = json_str(rq->a, s);
            }
        }
        if (verdict == DEF_IN) {
            struct jv out = json_path(vs, S("compose.exclude"));
            for (struct jv p = json_first(out); json_has(p); p = json_next(p)) {
                verdict = part_has(rq, lib, p, system, code) == DEF_IN ? DEF_OUT : verdict;
            }
        }
    }
    return verdict;
}
