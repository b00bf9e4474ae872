/* fhir/path_suite.c - test suites of FHIRPath: reading cases, comparing results. See path_suite.h; the rules
 * of comparison are those of the conformance data's README. */
#include "fhir/path_suite.h"

#include "fhir/path_value.h"
#include "os/file.h"

enum { FILE_MAX = 16 * 1024 * 1024, CASE_MAX = 64 * 1024 * 1024, NAME_MAX = 200 };

struct suite {
    const char *folder;
    const char *inputs; /* subfolder */
    bool lhncbc;
    path_case_fn fn;
    void *ctx;
    struct path_suite_count *count;
};

/* One case while it runs. */
struct trial {
    struct req *rq;
    const struct suite *suite;
    struct jv test;
    const struct defs *d;
    struct json_doc *input;
    struct path_env env;
};

/* ---- texts ---- */

static struct str text_of(struct trial *t, const struct path_item *item)
{
    struct buf b;
    buf_init(&b, t->rq->a, PATH_TEXT_MAX);
    path_item_text(&b, t->rq->a, t->d, item);
    return b.n == 0 ? S("") : buf_get(&b);
}

static struct str plain_type(struct str type)
{
    static const struct str strings[] = {
        SI("code"), SI("id"),  SI("uri"),      SI("url"),          SI("canonical"),
        SI("oid"),  SI("uuid"), SI("markdown"), SI("base64Binary"),
    };
    if (str_starts(type, S("System."))) {
        type = str_sub(type, 7, type.n);
    } else if (str_starts(type, S("FHIR."))) {
        type = str_sub(type, 5, type.n);
    }
    for (size_t i = 0; i < LEN(strings); i++) {
        if (str_eq_nocase(strings[i], type)) {
            return S("string");
        }
    }
    if (str_eq_nocase(type, S("positiveInt")) || str_eq_nocase(type, S("unsignedInt"))) {
        return S("integer");
    }
    return str_eq_nocase(type, S("instant")) ? S("dateTime") : type;
}

static struct str plain_time(struct str s)
{
    if (s.n > 0 && s.p[0] == '@') {
        s = str_sub(s, 1, s.n);
    }
    if (s.n > 0 && s.p[0] == 'T') {
        s = str_sub(s, 1, s.n);
    }
    return s.n > 0 && s.p[s.n - 1] == 'T' ? str_sub(s, 0, s.n - 1) : s;
}

static bool same_number(struct str a, struct str b)
{
    struct decimal x;
    struct decimal y;
    return decimal_parse(a, &x) && decimal_parse(b, &y) && decimal_cmp(&x, &y) == 0;
}

static bool same_quantity(struct str a, struct str b)
{
    struct path_quantity x;
    struct path_quantity y;
    return path_quantity_parse(a, &x) && path_quantity_parse(b, &y)
           && decimal_cmp(&x.value, &y.value) == 0 && str_eq(x.unit, y.unit) && x.kind == y.kind;
}

/* ---- tests-r4.jsonl ---- */

static bool is_output(struct trial *t, const struct path_item *item, struct jv output)
{
    struct arena *a = t->rq->a;
    struct str want = json_str(a, json_get(output, S("value")));
    struct str type = plain_type(json_str(a, json_get(output, S("type"))));
    struct str got = text_of(t, item);
    if (type.n == 0) {
        return str_eq(plain_time(want), got);
    }
    if (!str_eq_nocase(type, plain_type(path_item_type(t->d, item)))) {
        return false;
    }
    if (str_eq_nocase(type, S("integer")) || str_eq_nocase(type, S("decimal"))) {
        return same_number(want, got);
    }
    if (str_eq_nocase(type, S("quantity"))) {
        return same_quantity(want, got);
    }
    bool time = str_eq_nocase(type, S("date")) || str_eq_nocase(type, S("dateTime"))
                || str_eq_nocase(type, S("time"));
    return str_eq(time ? plain_time(want) : want, got);
}

static bool are_outputs(struct trial *t, struct path_list list, struct jv outputs)
{
    bool ordered = json_kind(json_get(t->test, S("ordered"))) != JSON_FALSE;
    bool taken[256] = {false};
    if (json_len(outputs) != list.n || list.n > LEN(taken)) {
        return false;
    }
    size_t at = 0;
    for (struct jv o = json_first(outputs); json_has(o); o = json_next(o)) {
        size_t i = ordered ? at : 0;
        size_t end = ordered ? at + 1 : list.n;
        while (i < end && (taken[i] || !is_output(t, &list.v[i], o))) {
            i++;
        }
        if (i == end) {
            return false;
        }
        taken[i] = true;
        at++;
    }
    return true;
}

/* The result as one boolean. */
static struct path_list predicate(struct trial *t, struct path_list list)
{
    struct path_item *one = ARENA_NEW(t->rq->a, struct path_item);
    if (one == NULL) {
        return list;
    }
    struct path_item value;
    *one = (struct path_item){.kind = PATH_BOOLEAN, .b = list.n > 0};
    if (list.n == 1 && path_item_value(t->rq->a, t->d, &list.v[0], &value)
        && value.kind == PATH_BOOLEAN) {
        one->b = value.b;
    }
    return (struct path_list){one, 1};
}

/* ---- lhncbc-cases.jsonl ---- */

static unsigned digits_in(struct str s)
{
    unsigned n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += (unsigned)(s.p[i] - '0') < 10;
    }
    return n;
}

/* Numbers by value; where the expected one shows more than 15 digits, within 1e-12 of it. */
static bool near_number(struct str want, struct str got)
{
    struct decimal x;
    struct decimal y;
    struct decimal diff;
    if (!decimal_parse(want, &x) || !decimal_parse(got, &y)) {
        return false;
    }
    if (decimal_cmp(&x, &y) == 0) {
        return true;
    }
    struct decimal limit = decimal_abs(&x);
    limit.scale += 12;
    if (digits_in(want) <= 15 || !decimal_sub(&x, &y, &diff)) {
        return false;
    }
    diff = decimal_abs(&diff);
    return decimal_cmp(&diff, &limit) <= 0;
}

static bool same_time(const struct path_item *item, struct str want)
{
    struct path_time t;
    enum path_kind kind;
    if (!path_time_parse(want, item->kind == PATH_TIME, &t, &kind)) {
        return false;
    }
    return path_time_compare(&item->t, &t) == ORDER_EQUAL && item->t.precision == t.precision;
}

static bool same_json(struct trial *t, struct jv want, struct jv got)
{
    struct path_prog prog = {.d = NULL};
    struct path_vm vm = {.rq = t->rq, .prog = &prog, .env = &t->env, .fuel = PATH_FUEL};
    struct path_item a = {.kind = PATH_NODE, .node = want};
    struct path_item b = {.kind = PATH_NODE, .node = got};
    return path_equal(&vm, &a, &b) == TRI_TRUE;
}

static bool is_type_info(const struct path_item *item, struct jv want)
{
    return json_is(json_get(want, S("name")), item->s)
           && json_is(json_get(want, S("namespace")),
                      item->flags & PATH_OF_SYSTEM ? S("System") : S("FHIR"));
}

static bool is_result(struct trial *t, const struct path_item *item, struct jv want)
{
    struct path_item v;
    if (!path_item_value(t->rq->a, t->d, item, &v)) {
        return same_json(t, want, item->node);
    }
    struct str text = json_str(t->rq->a, want);
    switch ((enum path_kind)v.kind) {
    case PATH_BOOLEAN: return json_kind(want) == (v.b ? JSON_TRUE : JSON_FALSE);
    case PATH_INTEGER:
    case PATH_DECIMAL:
        return json_kind(want) == JSON_NUMBER && near_number(json_raw(want), text_of(t, &v));
    case PATH_DATE:
    case PATH_DATE_TIME:
    case PATH_TIME: return text.p != NULL && same_time(&v, text);
    case PATH_QUANTITY: return text.p != NULL && same_quantity(text, text_of(t, &v));
    case PATH_STRING: return text.p != NULL && str_eq(text, v.s);
    case PATH_TYPE: return is_type_info(&v, want);
    case PATH_NODE: break;
    }
    return false;
}

static bool are_results(struct trial *t, struct path_list list, struct jv result)
{
    struct jv want = json_first(result);
    for (size_t i = 0; i < list.n; i++) {
        const struct path_item *item = &list.v[i];
        if (item->kind == PATH_NODE && (item->flags & PATH_NO_VALUE)) {
            continue; /* nothing JSON could show */
        }
        if (!json_has(want) || !is_result(t, item, want)) {
            return false;
        }
        want = json_next(want);
    }
    return !json_has(want);
}

/* ---- one case ---- */

static enum err load_input(struct trial *t)
{
    struct req *rq = t->rq;
    struct str file = json_str(rq->a, json_get(t->test, S("inputfile")));
    struct str text;
    struct buf path;
    if (file.n == 0) {
        return OK;
    }
    buf_init(&path, rq->a, 4096);
    buf_str(&path, str_z(t->suite->folder));
    buf_char(&path, '/');
    buf_str(&path, str_z(t->suite->inputs));
    buf_char(&path, '/');
    buf_str(&path, file);
    char *name = arena_cstr(rq->a, buf_get(&path));
    TRY_MEM(rq, name);
    TRY(os_read_file(rq, name, FILE_MAX, &text));
    t->input = ARENA_NEW(rq->a, struct json_doc);
    TRY_MEM(rq, t->input);
    TRY(json_parse(rq, text, NULL, t->input));
    t->env = path_env_of(path_item_of(t->d, json_root(t->input), 0));
    return OK;
}

static enum err load_variables(struct trial *t)
{
    struct jv all = json_get(t->test, S("variables"));
    uint32_t n = json_len(all);
    struct path_var *vars = ARENA_ARRAY(t->rq->a, n, struct path_var);
    TRY_MEM(t->rq, vars);
    uint32_t i = 0;
    for (struct jv v = json_first(all); json_has(v); v = json_next(v), i++) {
        bool list = json_kind(v) == JSON_ARRAY;
        uint32_t len = list ? json_len(v) : json_kind(v) != JSON_NULL;
        struct path_item *items = ARENA_ARRAY(t->rq->a, len, struct path_item);
        TRY_MEM(t->rq, items);
        struct jv item = list ? json_first(v) : v;
        for (uint32_t k = 0; k < len; k++) {
            items[k] = path_item_of(t->d, item, 0);
            item = json_next(item);
        }
        vars[i] = (struct path_var){json_key(t->rq, v), {items, len}};
    }
    t->env.vars = vars;
    t->env.n_vars = n;
    return OK;
}

static enum err evaluate(struct trial *t, struct path_list *ret_list)
{
    struct req *rq = t->rq;
    struct path_prog *prog;
    struct path_list list;
    unsigned flags = 0;
    struct str context = json_str(rq->a, json_get(t->test, S("context")));
    if (context.n > 0) {
        TRY(path_compile(rq, t->d, context, t->env.context.type, 0, &prog));
        TRY(path_eval(rq, prog, &t->env, &list));
        if (list.n > 0) {
            t->env.context = list.v[0];
        }
    }
    flags |= json_is(json_get(t->test, S("mode")), S("strict")) ? PATH_STRICT : 0;
    flags |= json_true(json_get(t->test, S("checkOrderedFunctions"))) ? PATH_CHECK_ORDERED : 0;
    struct str expr = json_str(rq->a, json_get(t->test, S("expression")));
    TRY(path_compile(rq, t->d, expr, t->env.context.type, flags, &prog));
    TRY(path_eval(rq, prog, &t->env, &list));
    if (json_true(json_get(t->test, S("predicate")))) {
        list = predicate(t, list);
    }
    *ret_list = list;
    return OK;
}

static struct str describe(struct trial *t, struct path_list list)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, t->rq->a, PATH_TEXT_MAX);
    BUF_LIT(&b, "gave ");
    json_out_init(&o, &b);
    path_list_write(&o, t->rq->a, t->d, list);
    return str_sub(buf_get(&b), 0, 300);
}

/* Empty when the case passes. */
static struct str judge(struct trial *t)
{
    struct req *rq = t->rq;
    struct path_list list = {NULL, 0};
    bool wrong = t->suite->lhncbc ? json_true(json_get(t->test, S("error")))
                                  : json_kind(json_get(t->test, S("invalid"))) == JSON_STRING;
    if (t->suite->lhncbc && json_kind(json_get(t->test, S("model"))) != JSON_STRING) {
        t->d = NULL;
    }
    if (load_input(t) != OK || load_variables(t) != OK) {
        return str_z(rq->err.detail);
    }
    if (evaluate(t, &list) != OK) {
        return wrong ? S("") : str_z(rq->err.detail);
    }
    if (wrong) {
        return S("no error was reported");
    }
    bool same = t->suite->lhncbc ? are_results(t, list, json_get(t->test, S("result")))
                                 : are_outputs(t, list, json_get(t->test, S("outputs")));
    return same ? S("") : describe(t, list);
}

static void name_case(struct trial *t, uint32_t line, struct buf *b)
{
    struct str group = json_str(t->rq->a, json_get(t->test, S("group")));
    if (t->suite->lhncbc) {
        buf_str(b, json_str(t->rq->a, json_get(t->test, S("file"))));
    } else {
        buf_str(b, group);
        buf_char(b, '/');
        buf_str(b, json_str(t->rq->a, json_get(t->test, S("name"))));
    }
    buf_char(b, ':');
    buf_u64(b, line);
}

static enum err run_case(struct req *outer, const struct suite *s, struct str text, uint32_t line)
{
    struct req rq;
    struct json_doc doc;
    struct buf name;
    req_init(&rq, CASE_MAX, outer->now);
    enum err e = json_parse(&rq, text, NULL, &doc);
    if (e == OK) {
        struct trial t = {.rq = &rq, .suite = s, .test = json_root(&doc), .d = fhir_defs()};
        struct str why = judge(&t);
        buf_init(&name, rq.a, 4096);
        name_case(&t, line, &name);
        s->fn(buf_get(&name), why, s->ctx);
        s->count->passed += why.n == 0;
        s->count->failed += why.n > 0;
    }
    req_done(&rq);
    return e == OK ? OK : FAIL(outer, e, "line %u of the cases", line);
}

static enum err run_file(struct req *rq, const struct suite *s, const char *file)
{
    struct buf path;
    struct str text;
    struct str line;
    uint32_t n = 0;
    buf_init(&path, rq->a, 4096);
    buf_str(&path, str_z(s->folder));
    buf_char(&path, '/');
    buf_str(&path, str_z(file));
    char *name = arena_cstr(rq->a, buf_get(&path));
    TRY_MEM(rq, name);
    if (!os_exists(name)) {
        return OK;
    }
    TRY(os_read_file(rq, name, FILE_MAX, &text));
    while (str_cut(&text, '\n', &line)) {
        n++;
        if (line.n > 0) {
            TRY(run_case(rq, s, line, n));
        }
    }
    return OK;
}

enum err path_suite_run(struct req *rq, const char *folder, path_case_fn fn, void *ctx,
                        struct path_suite_count *ret_count)
{
    struct path_suite_count count = {0};
    struct suite s = {.folder = folder, .inputs = "input", .fn = fn, .ctx = ctx, .count = &count};
    TRY(run_file(rq, &s, "tests-r4.jsonl"));
    s.inputs = "lhncbc-input";
    s.lhncbc = true;
    TRY(run_file(rq, &s, "lhncbc-cases.jsonl"));
    *ret_count = count;
    return OK;
}
