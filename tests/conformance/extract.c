/* tests/conformance/extract.c - the index of a resource is what its search parameters' expressions give:
 * for each official example and each Synthea resource, the tuples of one pass over the resource equal
 * those of evaluating every parameter's FHIRPath by itself. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fhir/extract.h"
#include "fhir/path.h"
#include "os/clock.h"
#include "store/db.h"
#include "store/footprint.h"
#include "store/store.h"
#include "suite.h"

enum { PARAMS_MAX = 64 };

/* A parameter of a type and its expression, compiled. */
struct rule {
    const struct fhir_param *p;
    const struct path_prog *prog;
};

struct all {
    struct req rq;
    struct db *db;
    struct rule rules[T_COUNT][PARAMS_MAX];
    size_t n_rules[T_COUNT];
    uint64_t n; /* resources, and how long each way took */
    uint64_t tree_us;
    uint64_t path_us;
};

static bool is_indexed(const struct fhir_param *p)
{
    return p->kind != SP_ALIAS && p->kind != SP_COMPOSITE && p->kind != SP_SPECIAL
           && p->kind != SP_UNION;
}

static bool compile(struct all *all)
{
    const struct defs *d = fhir_defs();
    for (unsigned t = 1; t < T_COUNT; t++) {
        size_t n;
        const struct fhir_param *p = fhir_params((enum fhir_type)t, &n);
        for (size_t i = 0; i < n; i++) {
            const struct def_param *def = def_param_find(d, (enum fhir_type)t, p[i].name);
            struct path_prog *prog;
            if (!is_indexed(&p[i]) || def == NULL || all->n_rules[t] == PARAMS_MAX) {
                continue;
            }
            if (path_compile(&all->rq, d, def_str(d, def->expr),
                             def_of_fhir_type(d, (enum fhir_type)t), PATH_LENIENT_AS, &prog)
                != OK) {
                fprintf(stderr, "%s\n", all->rq.err.detail);
                return false;
            }
            all->rules[t][all->n_rules[t]++] = (struct rule){&p[i], prog};
        }
    }
    return true;
}

/* A reference answers what type it names, nothing else. */
static bool resolve(struct req *rq, struct str ref, void *ctx, struct path_item *ret_item)
{
    const struct path_env *env = ctx;
    struct str id;
    enum fhir_type type = fhir_ref_split(ref, &id);
    (void)rq;
    if (type == T_NONE) {
        return false;
    }
    *ret_item = env->context;
    ret_item->type = def_of_fhir_type(fhir_defs(), type);
    return true;
}

/* What exists() and the like give has no place in the JSON. */
static enum err add_boolean(struct req *rq, bool b, const struct fhir_param *p,
                            struct fhir_tuples *t)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    TRY(json_parse(rq, b ? S("true") : S("false"), NULL, doc));
    return fhir_extract_value(rq, json_root(doc), p, t);
}

static enum err evaluate(struct req *rq, const struct rule *rule, struct path_env *env,
                         struct fhir_tuples *t)
{
    struct path_list list;
    struct str walks = str_z(rule->p->paths);
    TRY(path_eval(rq, rule->prog, env, &list));
    for (size_t i = 0; i < list.n; i++) {
        struct path_item item = list.v[i];
        if (item.kind == PATH_NODE && !(item.flags & PATH_NO_VALUE)) {
            TRY(fhir_extract_value(rq, item.node, rule->p, t));
        } else if (item.kind == PATH_BOOLEAN && (item.b || str_ends(walks, S("!")))) {
            TRY(add_boolean(rq, item.b, rule->p, t)); /* what is not there is not indexed */
        }
    }
    return OK;
}

/* Composites with rows: their walks; the suite `searches` holds what they find to the expressions. */
static enum err pairs(struct req *rq, struct jv root, enum fhir_type type, struct fhir_tuples *t)
{
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    for (size_t i = 0; i < n; i++) {
        if (fhir_param_is_pair(&p[i])) {
            TRY(fhir_extract_param(rq, root, &p[i], t));
        }
    }
    return OK;
}

static bool differ(struct fhir_tuples *a, struct fhir_tuples *b, uint16_t *ret_sp)
{
    a->n = tuples_sort(a->v, a->n);
    b->n = tuples_sort(b->v, b->n);
    for (size_t i = 0; i < a->n || i < b->n; i++) {
        if (i == a->n || i == b->n || tuple_cmp(&a->v[i], &b->v[i]) != 0) {
            const struct tuple *x = i < a->n ? &a->v[i] : NULL;
            const struct tuple *y = i < b->n ? &b->v[i] : NULL;
            *ret_sp = x == NULL || (y != NULL && tuple_cmp(y, x) < 0) ? y->sp : x->sp;
            return true;
        }
    }
    return false;
}

static const char *param_name(enum fhir_type type, uint16_t sp)
{
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    for (size_t i = 0; i < n; i++) {
        if (p[i].sp == sp) {
            return p[i].name.p;
        }
    }
    return "a common parameter";
}

/* Both ways over one resource. False, with a line, when they differ. */
static bool check(struct all *all, struct req *rq, struct jv root)
{
    struct str kind = suite_text(rq, root, S("resourceType"));
    struct str id = suite_text(rq, root, S("id"));
    enum fhir_type type = fhir_type_find(kind);
    struct fhir_tuples tree = {0};
    struct fhir_tuples path = {0};
    struct path_env env = path_env_of(path_item_of(fhir_defs(), root, 0));
    enum err e = OK;
    uint16_t sp = 0;
    struct buf name;
    env.resolve = resolve;
    env.ctx = &env;
    buf_init(&name, rq->a, 200);
    buf_str(&name, kind);
    buf_char(&name, '/');
    buf_str(&name, id);
    uint64_t t0 = os_ticks_us();
    e = fhir_extract(rq, root, type, &tree);
    uint64_t t1 = os_ticks_us();
    for (size_t i = 0; e == OK && i < all->n_rules[type]; i++) {
        e = evaluate(rq, &all->rules[type][i], &env, &path);
    }
    uint64_t t2 = os_ticks_us();
    e = e == OK ? pairs(rq, root, type, &path) : e;
    for (unsigned i = 0; e == OK && i < FHIR_PARAM_METAS; i++) {
        e = fhir_extract_param(rq, root, fhir_param_meta(type, i), &path);
    }
    all->n++;
    all->tree_us += t1 - t0;
    all->path_us += t2 - t1;
    if (e != OK) {
        suite_fail(buf_get(&name), "%s", rq->err.detail);
        return false;
    }
    if (differ(&tree, &path, &sp)) {
        suite_fail(buf_get(&name), "%s: %zu tuples in one pass, %zu by the expressions",
                   param_name(type, sp), tree.n, path.n);
        return false;
    }
    return true;
}

static void one_resource(struct all *all, struct jv root, struct str name)
{
    struct req rq;
    req_init(&rq, (size_t)64 << 20, (struct instant){1});
    rq.db = all->db;
    if (check(all, &rq, root)) {
        suite_ok(name);
    }
    req_done(&rq);
}

static void examples(struct all *all, const char *data, enum fhir_type type)
{
    struct req rq;
    struct buf b;
    struct str rest;
    struct str line;
    req_init(&rq, (size_t)512 << 20, (struct instant){1});
    buf_init(&b, rq.a, 200);
    BUF_LIT(&b, "examples/");
    buf_str(&b, fhir_type_name(type));
    buf_bytes(&b, ".ndjson.gz", sizeof(".ndjson.gz"));
    const char *file = buf_get(&b).p;
    if (suite_has(data, file) && suite_read(&rq, data, file, &rest)) {
        while (str_cut(&rest, '\n', &line)) {
            struct json_doc doc;
            if (line.n > 0 && json_parse(&rq, line, NULL, &doc) == OK) {
                struct str id = suite_text(&rq, json_root(&doc), S("id"));
                one_resource(all, json_root(&doc), id);
            }
        }
    }
    req_done(&rq);
}

/* A record is one case: its first difference is told. */
static void record(struct all *all, const char *data, const char *file)
{
    struct req rq;
    struct str text;
    struct json_doc doc;
    struct json_limits lim = {.bytes = 256 << 20, .depth = 64, .nodes = 20 * 1000 * 1000};
    req_init(&rq, (size_t)1 << 30, (struct instant){1});
    rq.db = all->db;
    if (suite_read(&rq, data, file, &text) && json_parse(&rq, text, &lim, &doc) == OK) {
        struct jv entries = json_get(json_root(&doc), S("entry"));
        bool same = true;
        for (struct jv e = json_first(entries); json_has(e) && same; e = json_next(e)) {
            struct arena_mark mark = arena_mark(rq.a);
            same = check(all, &rq, json_get(e, S("resource")));
            arena_back(rq.a, mark);
        }
        if (same) {
            suite_ok(str_z(file));
        }
    }
    req_done(&rq);
}

static void records(struct all *all, const char *data)
{
    char dir[1024];
    snprintf(dir, sizeof(dir), "%s/synthea", data);
    DIR *d = opendir(dir);
    struct dirent *e;
    while (d != NULL && (e = readdir(d)) != NULL) {
        if (str_ends(str_z(e->d_name), S(".json.gz"))) {
            char file[300];
            snprintf(file, sizeof(file), "synthea/%s", e->d_name);
            record(all, data, file);
        }
    }
    if (d != NULL) {
        closedir(d);
    }
}

int main(int argc, char **argv)
{
    static struct all all;
    char dir[] = "/tmp/extract.XXXXXX";
    struct store *st;
    if (argc != 2 || mkdtemp(dir) == NULL) {
        return 2;
    }
    req_init(&all.rq, (size_t)512 << 20, (struct instant){1});
    if (!compile(&all) || store_open(&all.rq, str_z(dir), NULL, &st) != OK) {
        fprintf(stderr, "%s\n", all.rq.err.detail);
        return 1;
    }
    all.db = store_db_open(st);
    for (unsigned t = 1; t < T_COUNT; t++) {
        examples(&all, argv[1], (enum fhir_type)t);
    }
    records(&all, argv[1]);
    fprintf(stderr, "%llu resources: %.1f us each in one pass, %.1f us by the expressions\n",
            (unsigned long long)all.n, (double)all.tree_us / (double)all.n,
            (double)all.path_us / (double)all.n);
    store_db_close(all.db);
    store_close(st);
    req_done(&all.rq);
    char command[64];
    snprintf(command, sizeof(command), "rm -rf %s", dir);
    return system(command) == 0 ? 0 : 1;
}
