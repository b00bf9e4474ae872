/* fhir/defs_overlay.c - our edits of the package (definitions/overlay.json). See defs_compile.h.
 *
 * Each entry says what it does, why, and what it expects to find; the build stops when the package
 * no longer is what the entry was written for.
 */
#include "fhir/defs_compile_int.h"

static enum err stale(struct dc *dc, struct jv entry, const char *what)
{
    struct str about = dc_str(dc, entry, S("path"));
    if (about.n == 0) {
        about = dc_str(dc, entry, S("type"));
    }
    if (about.n == 0) {
        about = dc_str(dc, entry, S("id"));
    }
    if (about.n == 0) {
        about = dc_str(dc, entry, S("system"));
    }
    struct str op = dc_str(dc, entry, S("op"));
    return FAIL(dc->rq, E_BAD_INPUT, "overlay: %.*s %.*s: %s", STR_ARG(op), STR_ARG(about), what);
}

static enum err elem_of(struct dc *dc, struct jv entry, struct dc_elem **ret_elem)
{
    struct dc_elem *e = dc_elem_find(dc, dc_str(dc, entry, S("path")));
    if (e == NULL) {
        return stale(dc, entry, "there is no such element");
    }
    *ret_elem = e;
    return OK;
}

/* {"op":"drop","type":"SubscriptionStatus"} */
static enum err drop(struct dc *dc, struct jv entry)
{
    struct dc_type *t = dc_type_find(dc, dc_str(dc, entry, S("type")));
    if (t == NULL) {
        return stale(dc, entry, "there is no such type");
    }
    t->gone = true;
    return OK;
}

/* {"op":"remove","path":"Meta.project"}: the element and what is below it */
static enum err remove_elem(struct dc *dc, struct jv entry)
{
    struct dc_elem *e;
    TRY(elem_of(dc, entry, &e));
    struct str path = e->path;
    struct dc_type *t = dc_type_find(dc, str_sub(path, 0, str_find_char(path, '.')));
    for (uint32_t i = 0; i < t->n; i++) {
        struct str p = t->elems[i].path;
        bool below = str_starts(p, path) && (p.n == path.n || p.p[path.n] == '.');
        t->elems[i].gone = t->elems[i].gone || below;
    }
    return OK;
}

/* Whether list holds exactly the names in want, in any order. */
static bool names_are(struct dc *dc, struct jv urls, struct jv want)
{
    for (struct jv v = json_first(want); json_has(v); v = json_next(v)) {
        bool found = false;
        for (struct jv u = json_first(urls); json_has(u); u = json_next(u)) {
            found = found || str_eq(dc_tail(json_str(dc->rq->a, u)), json_str(dc->rq->a, v));
        }
        if (!found) {
            return false;
        }
    }
    return json_len(urls) == json_len(want);
}

/* {"op":"targets","path":"AuditEvent.agent.who","now":[...],"want":[...]} */
static enum err targets(struct dc *dc, struct jv entry)
{
    struct dc_elem *e;
    TRY(elem_of(dc, entry, &e));
    struct jv now = json_get(json_at(json_get(e->v, S("type")), 0), S("targetProfile"));
    if (!names_are(dc, now, json_get(entry, S("now")))) {
        return stale(dc, entry, "the target types are other than expected");
    }
    e->targets = json_get(entry, S("want"));
    return OK;
}

/* {"op":"type","path":"Bundle.entry.response.outcome","now":"OperationOutcome","want":"Resource"} */
static enum err type(struct dc *dc, struct jv entry)
{
    struct dc_elem *e;
    TRY(elem_of(dc, entry, &e));
    struct jv types = json_get(e->v, S("type"));
    struct str now = dc_str(dc, json_at(types, 0), S("code"));
    if (json_len(types) != 1 || !str_eq(now, dc_str(dc, entry, S("now")))) {
        return stale(dc, entry, "the type is other than expected");
    }
    e->type = dc_str(dc, entry, S("want"));
    return OK;
}

/* {"op":"keep","path":"Timing.repeat","key":"tim-9","holds":"in ("}: an edit we want */
static enum err keep_invariant(struct dc *dc, struct jv entry)
{
    struct dc_elem *e;
    TRY(elem_of(dc, entry, &e));
    struct jv list = json_get(e->v, S("constraint"));
    struct str key = dc_str(dc, entry, S("key"));
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        struct str expr = dc_str(dc, c, S("expression"));
        if (json_is(json_get(c, S("key")), key) &&
            str_find(expr, dc_str(dc, entry, S("holds"))) < expr.n) {
            return OK;
        }
    }
    return stale(dc, entry, "the invariant is other than expected");
}

/* {"op":"invariant","key":"que-7","now":"...","want":"..."}: where it stands, the repaired one does */
static enum err invariant(struct dc *dc, struct jv entry)
{
    if (dc->n_fixes == LEN(dc->fixes)) {
        return stale(dc, entry, "too many invariants to repair");
    }
    dc->fixes[dc->n_fixes++] = (struct dc_fix){.key = dc_str(dc, entry, S("key")),
                                               .now = dc_str(dc, entry, S("now")),
                                               .want = dc_str(dc, entry, S("want"))};
    return OK;
}

static enum err keep_binding(struct dc *dc, struct jv entry)
{
    struct dc_elem *e;
    TRY(elem_of(dc, entry, &e));
    struct str set = dc_tail(dc_str(dc, json_get(e->v, S("binding")), S("valueSet")));
    return str_eq(set, dc_str(dc, entry, S("value_set")))
               ? OK
               : stale(dc, entry, "the value set is other than expected");
}

/* Codes of a code system of the package, at all levels; *ret_has: all of a list are among them. */
static uint32_t codes_count(struct dc *dc, struct str url, struct jv want, bool *ret_has)
{
    static const enum def_file from[] = {DEF_FILE_V3, DEF_FILE_V2};
    struct jv at[32];
    uint32_t n = 0;
    uint32_t found = 0;
    struct jv cs = {0};
    for (size_t i = 0; i < LEN(from) && !json_has(cs); i++) {
        struct jv e = json_first(json_get(json_root(&dc->docs[from[i]]), S("entry")));
        for (; json_has(e) && !json_has(cs); e = json_next(e)) {
            struct jv v = json_get(e, S("resource"));
            bool is = json_is(json_get(v, S("resourceType")), S("CodeSystem")) &&
                      json_is(json_get(v, S("url")), url);
            cs = is ? v : cs;
        }
    }
    unsigned depth = 1;
    at[0] = json_first(json_get(cs, S("concept")));
    while (depth > 0) {
        struct jv v = at[depth - 1];
        if (!json_has(v)) {
            depth--;
            continue;
        }
        n++;
        for (struct jv w = json_first(want); json_has(w); w = json_next(w)) {
            found += json_is(json_get(v, S("code")), json_str(dc->rq->a, w)) ? 1 : 0;
        }
        at[depth - 1] = json_next(v);
        struct jv below = json_first(json_get(v, S("concept")));
        if (json_has(below) && depth < LEN(at)) {
            at[depth++] = below;
        }
    }
    *ret_has = found == json_len(want);
    return n;
}

/* {"op":"keep-codes","system":URL,"now":442,"holds":["CHEST"]}: a code system that differs from R4 in a
 * way we keep */
static enum err keep_codes(struct dc *dc, struct jv entry)
{
    int64_t now = 0;
    bool has = false;
    bool told = json_i64(json_get(entry, S("now")), &now);
    uint32_t n = codes_count(dc, dc_str(dc, entry, S("system")), json_get(entry, S("holds")), &has);
    return told && has && n == (uint64_t)now ? OK
                                             : stale(dc, entry, "the codes are other than expected");
}

/* The official text of an element, from the data elements; absent when there is none. */
static struct jv official(struct dc *dc, struct str path)
{
    struct jv entries = json_get(json_root(&dc->docs[DEF_FILE_ELEMENTS]), S("entry"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv de = json_get(e, S("resource"));
        if (json_is(json_get(de, S("type")), path)) {
            return json_at(json_path(de, S("snapshot.element")), 0);
        }
    }
    return (struct jv){0};
}

/* {"op":"rebuild","type":"ResearchStudy","now":100,"want":[[path],[path,type,min,max]...]}: the
 * elements in this order; those with a path alone as the data elements say, the others made here,
 * because the data elements leave out what has children. */
static enum err rebuild(struct dc *dc, struct jv entry)
{
    struct dc_type *t = dc_type_find(dc, dc_str(dc, entry, S("type")));
    struct jv want = json_get(entry, S("want"));
    int64_t now;
    if (t == NULL || !json_i64(json_get(entry, S("now")), &now) || t->n != (uint64_t)now) {
        return stale(dc, entry, "the number of elements is other than expected");
    }
    uint32_t n = json_len(want);
    struct dc_elem *elems = ARENA_ARRAY(dc->rq->a, n + 1, struct dc_elem);
    TRY_MEM(dc->rq, elems);
    elems[0] = t->elems[0];
    uint32_t i = 1;
    for (struct jv w = json_first(want); json_has(w); w = json_next(w), i++) {
        struct dc_elem *e = &elems[i];
        bool made = json_kind(w) == JSON_ARRAY;
        e->path = json_str(dc->rq->a, made ? json_at(w, 0) : w);
        if (made) {
            e->type = json_str(dc->rq->a, json_at(w, 1));
            e->min = json_str(dc->rq->a, json_at(w, 2));
            e->max = json_str(dc->rq->a, json_at(w, 3));
            continue;
        }
        e->v = official(dc, e->path);
        if (!json_has(e->v)) {
            return DC_FAIL(dc, "overlay: no data element", e->path);
        }
    }
    t->elems = elems;
    t->n = n + 1;
    return OK;
}

static struct dc_param *param_of(struct dc *dc, struct jv entry)
{
    struct str id = dc_str(dc, entry, S("id"));
    for (uint32_t i = 0; i < dc->n_params; i++) {
        if (str_eq(dc->params[i].id, id) && !dc->params[i].gone) {
            return &dc->params[i];
        }
    }
    return NULL;
}

static enum err drop_param(struct dc *dc, struct jv entry)
{
    struct dc_param *p = param_of(dc, entry);
    if (p == NULL) {
        return stale(dc, entry, "there is no such search parameter");
    }
    p->gone = true;
    return OK;
}

static enum err param_targets(struct dc *dc, struct jv entry)
{
    struct dc_param *p = param_of(dc, entry);
    if (p == NULL || !names_are(dc, json_get(p->v, S("target")), json_get(entry, S("now")))) {
        return stale(dc, entry, "the target types are other than expected");
    }
    p->targets = json_get(entry, S("want"));
    return OK;
}

/* {"op":"keep-params","text":"ofType(","now":69}: so many expressions hold the text */
static enum err keep_params(struct dc *dc, struct jv entry)
{
    struct str text = dc_str(dc, entry, S("text"));
    int64_t now;
    int64_t n = 0;
    for (uint32_t i = 0; i < dc->n_params; i++) {
        struct str expr = dc_str(dc, dc->params[i].v, S("expression"));
        n += str_find(expr, text) < expr.n ? 1 : 0;
    }
    return json_i64(json_get(entry, S("now")), &now) && n == now
               ? OK
               : stale(dc, entry, "the number of expressions is other than expected");
}

/* {"op":"codes"}: applied when the value sets are expanded (defs_sets.c) */
static enum err codes(struct dc *dc, struct jv entry)
{
    return json_len(json_get(entry, S("codes"))) > 0 ? OK : stale(dc, entry, "no codes");
}

static const struct {
    const char *op;
    enum err (*apply)(struct dc *dc, struct jv entry);
} ops[] = {
    {"drop", drop},
    {"remove", remove_elem},
    {"targets", targets},
    {"type", type},
    {"keep", keep_invariant},
    {"invariant", invariant},
    {"keep-binding", keep_binding},
    {"keep-codes", keep_codes},
    {"rebuild", rebuild},
    {"drop-param", drop_param},
    {"param-targets", param_targets},
    {"keep-params", keep_params},
    {"codes", codes},
};

enum err dc_overlay(struct dc *dc)
{
    struct jv entries = json_get(json_root(&dc->docs[DEF_FILE_OVERLAY]), S("entries"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct str op = dc_str(dc, e, S("op"));
        size_t i = 0;
        while (i < LEN(ops) && !str_eq(op, str_z(ops[i].op))) {
            i++;
        }
        if (i == LEN(ops) || dc_str(dc, e, S("reason")).n == 0) {
            return stale(dc, e, "an entry needs an op we know and a reason");
        }
        TRY(ops[i].apply(dc, e));
    }
    return OK;
}
