/* tests/conformance/searches_shapes.c - searches beside the FHIRPath that says what they mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/extract.h"
#include "fhir/path.h"
#include "fhir/search.h"
#include "os/clock.h"
#include "searches.h"
#include "suite.h"

enum meaning {
    FILTER, /* the expression holds of the resource */
    NAMED,  /* resources of another type give references to the ones meant */
};

static const struct {
    const char *query;  /* Type?query */
    enum meaning meaning;
    const char *source; /* NAMED: the other type */
    const char *expr;
    const char *key;    /* text by which the answer must rise; NULL: any order */
} shapes[] = {
#define X(query, meaning, source, expr, key) {query, meaning, source, expr, key},
#include "shapes.def"
#undef X
};

static bool resolve(struct req *rq, struct str ref, void *ctx, struct path_item *ret_item)
{
    struct str id = {NULL, 0};
    enum fhir_type type = fhir_ref_split(ref, &id);
    struct doc *d = type != T_NONE ? world_find(type, id) : world_edition(ref, NULL);
    (void)ctx;
    if (d != NULL) {
        *ret_item = path_item_of(fhir_defs(), json_root(d->doc), 0);
        return true;
    }
    if (type == T_NONE) {
        return false;
    }
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct buf b;
    buf_init(&b, rq->a, 100);
    BUF_LIT(&b, "{\"resourceType\":\"");
    buf_str(&b, fhir_type_name(type));
    BUF_LIT(&b, "\"}");
    if (doc == NULL || json_parse(rq, buf_get(&b), NULL, doc) != OK) {
        return false;
    }
    *ret_item = path_item_of(fhir_defs(), json_root(doc), 0);
    return true;
}

struct path_env world_env(struct doc *d)
{
    struct path_env env = path_env_of(path_item_of(fhir_defs(), json_root(d->doc), 0));
    env.resolve = resolve;
    return env;
}

static bool mark(struct req *rq, size_t i, const struct path_prog *prog, struct doc *d, bool *want)
{
    struct path_env env = world_env(d);
    struct path_list list;
    bool holds = false;
    if (shapes[i].meaning == FILTER) {
        bool fine = path_eval_test(rq, prog, &env, &holds) == OK;
        want[d - w.docs] = holds;
        return fine;
    }
    if (path_eval(rq, prog, &env, &list) != OK) {
        return false;
    }
    for (size_t k = 0; k < list.n; k++) {
        struct buf b;
        struct str id = {NULL, 0};
        buf_init(&b, rq->a, 500);
        struct path_item v;
        if (path_item_value(rq->a, fhir_defs(), &list.v[k], &v) && v.kind == PATH_STRING) {
            enum fhir_type type = fhir_ref_split(v.s, &id);
            struct doc *t = type != T_NONE ? world_find(type, id) : world_edition(v.s, NULL);
            while (t != NULL) {
                want[t - w.docs] = true;
                t = type != T_NONE ? NULL : world_edition(v.s, t);
            }
        }
    }
    return true;
}

/* The answer rises by the key; what has none stands last. */
static bool rises(struct req *rq, size_t i, size_t n, struct str name)
{
    struct path_prog *prog;
    struct str last = {NULL, 0};
    bool ended = false;
    if (shapes[i].key == NULL) {
        return true;
    }
    if (path_compile(rq, fhir_defs(), str_z(shapes[i].key), 0, PATH_LENIENT_AS, &prog) != OK) {
        suite_fail(name, "key: %s", rq->err.detail);
        return false;
    }
    for (size_t k = 0; k < n; k++) {
        struct path_env env = world_env(&w.docs[w.order[k]]);
        struct path_list list;
        struct path_item v;
        bool has = path_eval(rq, prog, &env, &list) == OK && list.n > 0 &&
                   path_item_value(rq->a, fhir_defs(), &list.v[0], &v);
        if (has && (ended || (last.p != NULL && str_cmp(v.s, last) < 0))) {
            suite_fail(name, "not in order at %zu", k);
            return false;
        }
        ended = ended || !has;
        last = has ? v.s : last;
    }
    return true;
}

static void shape_run(struct req *rq, size_t i)
{
    struct str query = str_z(shapes[i].query);
    struct str name = query;
    struct str type_name = {NULL, 0};
    struct path_prog *prog;
    (void)str_cut(&query, '?', &type_name);
    enum fhir_type type = fhir_type_find(type_name);
    enum fhir_type source = shapes[i].meaning == FILTER ? type
                                                        : fhir_type_find(str_z(shapes[i].source));
    bool *want = arena_alloc(rq->a, DOCS_MAX);
    bool *got = arena_alloc(rq->a, DOCS_MAX);
    size_t n = 0;
    size_t n_want = 0;
    if (path_compile(rq, fhir_defs(), str_z(shapes[i].expr), 0, PATH_LENIENT_AS, &prog) != OK) {
        suite_fail(name, "expression: %s", rq->err.detail);
        return;
    }
    for (size_t k = 0; k < w.n; k++) {
        if (w.docs[k].type == source && !mark(rq, i, prog, &w.docs[k], want)) {
            suite_fail(name, "expression: %s", rq->err.detail);
            return;
        }
    }
    for (size_t k = 0; k < w.n; k++) {
        want[k] = want[k] && w.docs[k].type == type;
        n_want += want[k] ? 1 : 0;
    }
    if (n_want == 0) {
        suite_fail(name, "means nothing: no test");
        return;
    }
    if (world_ask(rq, type, query, name, got, &n) && rises(rq, i, n, name)) {
        (void)world_same(want, got, name);
    }
}

void shapes_run(void)
{
    for (size_t i = 0; i < LEN(shapes); i++) {
        struct req rq;
        req_init(&rq, (size_t)2 << 30, (struct instant){NOW_MS});
        rq.db = w.db;
        shape_run(&rq, i);
        req_done(&rq);
    }
}

enum { TIMES = 40 };

static int cmp_us(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void shapes_times(void)
{
    const struct fhir_access all = {.all = true};
    for (size_t i = 0; i < LEN(shapes); i++) {
        struct str query = str_z(shapes[i].query);
        struct str type = {NULL, 0};
        uint64_t us[TIMES];
        size_t n = 0;
        (void)str_cut(&query, '?', &type);
        query = str_sub(query, 0, str_find(query, S("&_count=")));
        for (size_t k = 0; k < TIMES; k++) {
            struct req rq;
            struct fhir_page p = {0};
            req_init(&rq, (size_t)64 << 20, (struct instant){NOW_MS});
            rq.db = w.db;
            uint64_t from = os_ticks_us();
            if (fhir_search_text(&rq, fhir_type_find(type), query, &all, &p) != OK) {
                printf("refused: %s\n", shapes[i].query);
            }
            us[k] = os_ticks_us() - from;
            n = p.n_matches;
            req_done(&rq);
        }
        qsort(us, TIMES, sizeof(us[0]), cmp_us);
        printf("%8.3f %8.3f ms %3zu  %s\n", (double)us[TIMES / 2] / 1000,
               (double)us[TIMES - 1] / 1000, n, shapes[i].query);
    }
}
