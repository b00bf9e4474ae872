/* fhir/path_fuzz.c - any expression over any small resource: a result or an error within the limits.
 * The input is the expression, a zero byte, and JSON; without one a fixed resource stands in. */
#include "base/req.h"
#include "fhir/path_value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixed[] =
    "{\"resourceType\":\"Observation\",\"id\":\"o\",\"status\":\"final\",\"code\":{\"coding\":"
    "[{\"system\":\"s\",\"code\":\"c\"}]},\"effectiveDateTime\":\"2020-02-29T10:00:00+05:00\","
    "\"_status\":{\"id\":\"x\"},\"valueQuantity\":{\"value\":1.50,\"system\":"
    "\"http://unitsofmeasure.org\",\"code\":\"mg\"},\"component\":[{\"valueString\":\"a\"}]}";

static void evaluate(struct req *rq, const struct defs *d, struct str expr, struct path_env *env,
                     unsigned flags)
{
    struct path_prog *prog;
    struct path_list list;
    err_clear(rq);
    if (path_compile(rq, d, expr, env->context.type, flags, &prog) != OK
        || path_eval(rq, prog, env, &list) != OK) {
        return;
    }
    struct buf b;
    struct json_out o;
    struct json_doc back;
    buf_init(&b, rq->a, 16 << 20);
    json_out_init(&o, &b);
    path_list_write(&o, rq->a, d, list);
    struct json_limits lim = json_default_limits;
    lim.depth = JSON_MAX_DEPTH;
    enum err e = buf_ok(&b) ? json_parse(rq, buf_get(&b), &lim, &back) : E_TOO_LARGE;
    ASSERT(e == OK || e == E_TOO_LARGE);
}

/* A plain pattern says what PCRE2 says. */
static void match(struct req *rq, struct str pattern, struct str text)
{
    const struct path_plain *plain;
    struct path_pattern *p;
    bool fits;
    if (path_plain_new(rq, pattern, true, &plain) != OK || plain == NULL
        || path_pattern_new(rq, pattern, 1000, &p) != OK
        || path_pattern_fits(rq, p, text, &fits) != OK) {
        err_clear(rq);
        return;
    }
    ASSERT(fits == path_plain_fits(plain, text));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str expr = {(const char *)data, size};
    size_t end = str_find_char(expr, '\0');
    struct str text = str_sub(expr, end + 1, size);
    struct json_doc doc;
    struct req rq;
    expr.n = end;
    req_init(&rq, 64 << 20, (struct instant){1790000000000});
    match(&rq, expr, text);
    if (text.n == 0) {
        text = str_z(fixed);
    }
    if (json_parse(&rq, text, NULL, &doc) == OK) {
        struct path_env env = path_env_of(path_item_of(fhir_defs(), json_root(&doc), 0));
        env.fuel = 100000;
        env.items_max = 20000;
        evaluate(&rq, fhir_defs(), expr, &env, 0);
        evaluate(&rq, fhir_defs(), expr, &env, PATH_STRICT | PATH_LENIENT_AS | PATH_CHECK_ORDERED);
        struct path_env bare = path_env_of(path_item_of(NULL, json_root(&doc), 0));
        bare.fuel = 100000;
        bare.items_max = 20000;
        evaluate(&rq, NULL, expr, &bare, 0);
    }
    req_done(&rq);
    return 0;
}
