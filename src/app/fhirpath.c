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
    TRY(os_read_file(rq, file, INPUT_MAX, &text));
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

enum { BENCH_US = 60 * 1000, BENCH_ROUNDS = 3, BENCH_BATCH = 32 };

/* Evaluates again and again for BENCH_ROUNDS times BENCH_US: nanoseconds each in the best round, for other
 * programs take the machine in some. */
static enum err measure(struct req *rq, const struct path_prog *prog, struct path_env *env,
                        uint64_t *ret_ns, size_t *ret_n)
{
    struct path_list list;
    *ret_ns = UINT64_MAX;
    TRY(path_eval(rq, prog, env, &list)); /* the stack grows to its size */
    *ret_n = list.n;
    for (int round = 0; round < BENCH_ROUNDS; round++) {
        uint64_t runs = 0;
        uint64_t took = 0;
        uint64_t from = os_ticks_us();
        while (took < BENCH_US) {
            for (int i = 0; i < BENCH_BATCH; i++) {
                struct arena_mark mark = arena_mark(rq->a);
                TRY(path_eval(rq, prog, env, &list));
                arena_back(rq->a, mark);
            }
            runs += BENCH_BATCH;
            took = os_ticks_us() - from;
        }
        *ret_ns = MIN(*ret_ns, took * 1000 / runs);
    }
    return OK;
}

/* A file [{"input": FILE, "expr": EXPR}, ...]: a line "NANOSECONDS ITEMS" for each. Inputs are read
 * and expressions compiled before the clock starts. */
static enum err bench(struct command_args *args, const char *file)
{
    struct req *rq = args->rq;
    struct str text;
    struct json_doc cases;
    TRY(os_read_file(rq, file, INPUT_MAX, &text));
    TRY(json_parse(rq, text, NULL, &cases));
    for (struct jv c = json_first(json_root(&cases)); json_has(c); c = json_next(c)) {
        struct path_env env = {0};
        struct path_prog *prog;
        uint64_t ns;
        size_t n;
        const char *input = arena_cstr(rq->a, json_str(rq->a, json_get(c, S("input"))));
        struct str expr = json_str(rq->a, json_get(c, S("expr")));
        TRY_MEM(rq, input);
        TRY(load(rq, input, fhir_defs(), &env));
        TRY(path_compile(rq, fhir_defs(), expr, env.context.type, 0, &prog));
        TRY(measure(rq, prog, &env, &ns, &n));
        printf("%llu %zu\n", (unsigned long long)ns, n);
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
