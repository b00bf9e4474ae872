/* app/fhirpath.c - FHIRPath at the command line: one expression over a file, or a folder of test
 * cases. Needs no data folder. */
#include <stdio.h>
#include <string.h>

#include "app/command.h"
#include "fhir/path.h"
#include "fhir/path_suite.h"
#include "os/clock.h"
#include "os/file.h"

enum { INPUT_MAX = 256 * 1024 * 1024 };

static bool has_word(const struct command_args *args, const char *word)
{
    for (int i = 0; i < args->n_words; i++) {
        if (strcmp(args->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static enum err load(struct req *rq, const char *file, const struct defs *d,
                     struct path_env *ret_env)
{
    struct str text;
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, doc);
    TRY(command_read_file(rq, file, INPUT_MAX, &text));
    TRY(json_parse(rq, text, NULL, doc));
    *ret_env = path_env_of(path_item_of(d, json_root(doc), 0));
    return OK;
}

static void trace(struct str name, struct path_list items, void *ctx)
{
    const struct command_args *args = ctx;
    struct buf b;
    struct json_out o;
    buf_init(&b, args->rq->a, INPUT_MAX);
    json_out_init(&o, &b);
    path_list_write(&o, args->rq->a, fhir_defs(), items);
    fprintf(stderr, "%.*s: %.*s\n", STR_ARG(name), STR_ARG(buf_get(&b)));
}

static enum err evaluate(struct command_args *args)
{
    struct req *rq = args->rq;
    const char *file = command_option(args, "input");
    const struct defs *d = has_word(args, "--bare") ? NULL : fhir_defs();
    unsigned flags = has_word(args, "--strict") ? PATH_STRICT : 0;
    struct path_env env = {0};
    struct path_prog *prog;
    struct path_list list;
    struct buf b;
    struct json_out o;
    flags |= has_word(args, "--lenient-as") ? PATH_LENIENT_AS : 0;
    if (file != NULL) {
        TRY(load(rq, file, d, &env));
    }
    env.trace = trace;
    env.ctx = args;
    TRY(path_compile(rq, d, str_z(command_option(args, "expr")), env.context.type, flags, &prog));
    TRY(path_eval(rq, prog, &env, &list));
    buf_init(&b, rq->a, INPUT_MAX);
    json_out_init(&o, &b);
    path_list_write(&o, rq->a, d, list);
    buf_char(&b, '\n');
    command_print(buf_get(&b));
    return OK;
}

static void report(struct str name, struct str why, void *ctx)
{
    (void)ctx;
    if (why.n == 0) {
        printf("ok %.*s\n", STR_ARG(name));
    } else {
        printf("FAIL %.*s: %.*s\n", STR_ARG(name), STR_ARG(why));
    }
}

/* ---- bench ---- */

enum { BENCH_US = 8 * 1000, BENCH_ROUNDS = 24, PAIRS_MAX = 200000 };

/* An expression and what it is evaluated over, again and again. */
struct pair {
    const struct path_prog *prog;
    struct path_item item;
};

/* One environment serves all, as it does in a server. */
static enum err once(struct req *rq, const struct pair *pairs, size_t n, struct path_env *env,
                     uint64_t *ret_items)
{
    uint64_t items = 0;
    for (size_t i = 0; i < n; i++) {
        struct arena_mark mark = arena_mark(rq->a);
        struct path_list list;
        env->context = pairs[i].item;
        env->resource = pairs[i].item;
        env->root_resource = pairs[i].item;
        TRY(path_eval(rq, pairs[i].prog, env, &list));
        items += list.n;
        arena_back(rq->a, mark);
    }
    *ret_items = items;
    return OK;
}

/* Nanoseconds all pairs take together in the best of BENCH_ROUNDS rounds of BENCH_US, for other programs
 * take the machine in some. */
static enum err measure(struct req *rq, const struct pair *pairs, size_t n, uint64_t *ret_ns,
                        uint64_t *ret_items)
{
    struct path_env env = {0};
    *ret_ns = UINT64_MAX;
    for (size_t i = 0; i < n; i++) { /* the stack grows to its size */
        struct path_list list;
        env.context = pairs[i].item;
        TRY(path_eval(rq, pairs[i].prog, &env, &list));
    }
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        uint64_t runs = 0;
        uint64_t took = 0;
        uint64_t batch = MAX(32 / n, (size_t)1);
        uint64_t from = os_ticks_us();
        while (took < BENCH_US) {
            for (uint64_t i = 0; i < batch; i++) {
                TRY(once(rq, pairs, n, &env, ret_items));
            }
            runs += batch;
            took = os_ticks_us() - from;
        }
        *ret_ns = MIN(*ret_ns, took * 1000 / runs);
    }
    return OK;
}

static enum err add_pair(struct req *rq, struct str expr, struct path_item item,
                         struct pair *pair)
{
    struct path_prog *prog;
    TRY(path_compile(rq, fhir_defs(), expr, item.type, PATH_LENIENT_AS, &prog));
    *pair = (struct pair){prog, item};
    return OK;
}

/* {"input": BUNDLE, "exprs": {TYPE: [EXPR, ...]}}: each entry's resource with each expression of its
 * type. */
static enum err add_entries(struct req *rq, struct jv bundle, struct jv exprs, struct pair *pairs,
                            size_t *n)
{
    struct jv entries = json_get(bundle, S("entry"));
    struct pair *known = ARENA_ARRAY(rq->a, exprs.doc->n, struct pair); /* by node: compiled once */
    TRY_MEM(rq, known);
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv resource = json_get(e, S("resource"));
        struct str type = json_str(rq->a, json_get(resource, S("resourceType")));
        struct path_item item = path_item_of(fhir_defs(), resource, 0);
        struct jv list = json_get(exprs, type);
        for (struct jv x = json_first(list); json_has(x); x = json_next(x)) {
            if (*n == PAIRS_MAX) {
                return FAIL(rq, E_TOO_LARGE, "too many expressions");
            }
            if (known[x.at].prog == NULL) {
                TRY(add_pair(rq, json_str(rq->a, x), item, &known[x.at]));
            }
            pairs[(*n)++] = (struct pair){known[x.at].prog, item};
        }
    }
    return OK;
}

/* A file [{"input": FILE, "expr": EXPR} or {"input": BUNDLE, "exprs": ...}, ...]: a line "NANOSECONDS
 * ITEMS EVALUATIONS" for each. Inputs are read and expressions compiled before the clock starts. */
static enum err bench(struct command_args *args, const char *file)
{
    struct req *rq = args->rq;
    struct str text;
    struct json_doc cases;
    struct pair *pairs = ARENA_ARRAY(rq->a, PAIRS_MAX, struct pair);
    TRY_MEM(rq, pairs);
    TRY(command_read_file(rq, file, INPUT_MAX, &text));
    TRY(json_parse(rq, text, NULL, &cases));
    for (struct jv c = json_first(json_root(&cases)); json_has(c); c = json_next(c)) {
        struct path_env env = {0};
        uint64_t ns;
        uint64_t items;
        size_t n = 0;
        struct jv exprs = json_get(c, S("exprs"));
        const char *input = arena_cstr(rq->a, json_str(rq->a, json_get(c, S("input"))));
        TRY_MEM(rq, input);
        TRY(load(rq, input, fhir_defs(), &env));
        if (json_has(exprs)) {
            TRY(add_entries(rq, env.context.node, exprs, pairs, &n));
        } else {
            TRY(add_pair(rq, json_str(rq->a, json_get(c, S("expr"))), env.context, &pairs[n++]));
        }
        TRY(measure(rq, pairs, n, &ns, &items));
        printf("%llu %llu %zu\n", (unsigned long long)ns, (unsigned long long)items, n);
    }
    return OK;
}

int command_fhirpath(struct command_args *args)
{
    const char *tests = command_option(args, "tests");
    struct path_suite_count count;
    if (tests != NULL) {
        if (path_suite_run(args->rq, tests, report, NULL, &count) != OK) {
            return COMMAND_FAILED;
        }
        printf("%u passed, %u failed\n", count.passed, count.failed);
        return COMMAND_OK;
    }
    if (command_option(args, "bench") != NULL) {
        return bench(args, command_option(args, "bench")) == OK ? COMMAND_OK : COMMAND_FAILED;
    }
    if (command_option(args, "expr") == NULL) {
        return COMMAND_USAGE;
    }
    return evaluate(args) == OK ? COMMAND_OK : COMMAND_FAILED;
}
