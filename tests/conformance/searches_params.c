/* tests/conformance/searches_params.c - each search parameter asked for values that its own expression
 * finds; who meets them is told by the expressions alone. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/decimal.h"
#include "codec/url.h"
#include "codec/utf8.h"
#include "fhir/extract.h"
#include "fhir/path.h"
#include "fhir/search.h"
#include "searches.h"
#include "suite.h"

enum { VALUES_MAX = 400000, ASKED_EACH = 3 };

/* One value an expression found. */
struct value {
    uint32_t doc;
    struct str system; /* token */
    struct str text;   /* token: code; reference; string: folded; uri; date, number: as written */
    struct str raw;    /* what to ask for */
    int64_t lo, hi;    /* date */
    struct decimal number;
};

struct table { /* of one parameter */
    const struct fhir_param *p;
    const struct def_param *def;
    struct value *v;
    size_t n;
};

static void add(struct req *rq, struct table *t, struct value v)
{
    if (t->n < VALUES_MAX) {
        v.text = arena_str(rq->a, v.text);
        v.raw = arena_str(rq->a, v.raw);
        t->v[t->n++] = v;
    }
}

static struct str member(struct req *rq, struct jv v, struct str name)
{
    return json_str(rq->a, json_get(v, name));
}

static void token_add(struct req *rq, struct table *t, uint32_t doc, struct str system,
                      struct str code)
{
    if (code.n > 0) {
        struct buf b;
        struct value v = {.doc = doc, .system = system, .text = code, .raw = code};
        if (t->p->kind == SP_CONTACT) {
            buf_init(&b, rq->a, 512);
            for (size_t i = 0; i < code.n; i++) {
                if (code.p[i] != ' ' && code.p[i] != '-' && code.p[i] != '(' && code.p[i] != ')') {
                    char c = code.p[i];
                    buf_char(&b, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
                }
            }
            v.text = buf_get(&b);
            v.system = S("");
        }
        add(rq, t, v);
    }
}

static void token_of(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    struct jv codings = json_get(v, S("coding"));
    for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
        token_add(rq, t, doc, member(rq, c, S("system")), member(rq, c, S("code")));
    }
    token_add(rq, t, doc, member(rq, v, S("system")), member(rq, v, S("code")));
    token_add(rq, t, doc, member(rq, v, S("system")), member(rq, v, S("value")));
}

static struct str folded(struct req *rq, struct str text)
{
    struct buf b;
    buf_init(&b, rq->a, 4096);
    utf8_fold(&b, utf8_cut(text, 256));
    return buf_get(&b);
}

static void string_add(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    struct str text = json_str(rq->a, v);
    if (text.n > 0) {
        add(rq, t, (struct value){.doc = doc, .text = folded(rq, text), .raw = text});
    }
}

static void string_of(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    static const struct str parts[] = {
        SI("text"), SI("family"), SI("given"), SI("prefix"), SI("suffix"), SI("line"),
        SI("city"), SI("district"), SI("state"), SI("postalCode"), SI("country"),
    };
    if (json_kind(v) != JSON_OBJECT) {
        string_add(rq, t, doc, v);
        return;
    }
    for (size_t i = 0; i < LEN(parts); i++) {
        struct jv part = json_get(v, parts[i]);
        string_add(rq, t, doc, part);
        for (struct jv one = json_first(part); json_has(one); one = json_next(one)) {
            string_add(rq, t, doc, one);
        }
    }
}

static void reference_of(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    struct str ref = json_kind(v) == JSON_STRING ? json_str(rq->a, v)
                                                 : member(rq, v, S("reference"));
    struct str id = {NULL, 0};
    if (ref.n == 0 && json_has(json_get(json_get(v, S("identifier")), S("value")))) {
        add(rq, t, (struct value){.doc = doc}); /* there, and not to be asked for */
    }
    if (ref.n == 0 || ref.p[0] == '#') {
        return;
    }
    bool local = str_find(ref, S(":")) == ref.n && fhir_ref_split(ref, &id) != T_NONE;
    ref = local ? str_sub(ref, 0, str_find(ref, S("/_history/")))
                : str_sub(ref, 0, str_find_char(ref, '|'));
    add(rq, t, (struct value){.doc = doc, .text = ref, .raw = ref});
}

static void date_of(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    struct value one = {.doc = doc};
    if (fhir_date_span(rq->a, v, &one.lo, &one.hi)) {
        one.raw = json_kind(v) == JSON_STRING ? json_str(rq->a, v)
                                              : member(rq, v, S("start"));
        add(rq, t, one);
    }
}

/* What is beyond a decimal stands at its edge: it can be found, and not be asked for. */
static struct str edge_of(struct str raw)
{
    bool minus = str_starts(raw, S("-"));
    bool tiny = str_find(raw, S("E-")) < raw.n || str_find(raw, S("e-")) < raw.n;
    if (tiny) {
        return minus ? S("-1e-255") : S("1e-255");
    }
    return minus ? S("-1e217") : S("1e217");
}

static void number_of(struct req *rq, struct table *t, uint32_t doc, struct jv v)
{
    struct value one = {.doc = doc};
    struct jv n = json_kind(v) == JSON_OBJECT ? json_get(v, S("value")) : v;
    one.raw = json_raw(n);
    if (json_kind(n) != JSON_NUMBER) {
        return;
    }
    if (decimal_parse(one.raw, &one.number)) {
        add(rq, t, one);
    } else if (decimal_parse(edge_of(one.raw), &one.number)) {
        one.raw = (struct str){NULL, 0};
        add(rq, t, one);
    }
}

static void item_add(struct req *rq, struct table *t, uint32_t doc, const struct path_item *item)
{
    if (item->kind == PATH_BOOLEAN) {
        token_add(rq, t, doc, S(""), item->b ? S("true") : S("false"));
        return;
    }
    if (item->kind != PATH_NODE || (item->flags & PATH_NO_VALUE) != 0) {
        return;
    }
    struct jv v = item->node;
    switch (t->def->kind) {
    case DEF_SP_TOKEN:
        if (json_kind(v) == JSON_OBJECT) {
            token_of(rq, t, doc, v);
        } else {
            token_add(rq, t, doc, S(""), json_kind(v) == JSON_STRING ? json_str(rq->a, v)
                                                                     : json_raw(v));
        }
        break;
    case DEF_SP_STRING: string_of(rq, t, doc, v); break;
    case DEF_SP_REFERENCE: reference_of(rq, t, doc, v); break;
    case DEF_SP_DATE: date_of(rq, t, doc, v); break;
    case DEF_SP_NUMBER:
    case DEF_SP_QUANTITY: number_of(rq, t, doc, v); break;
    case DEF_SP_URI:
        if (json_kind(v) == JSON_STRING) {
            struct str uri = json_str(rq->a, v);
            uri = str_sub(uri, 0, str_find_char(uri, '|'));
            add(rq, t, (struct value){.doc = doc, .text = uri, .raw = uri});
        }
        break;
    case DEF_SP_COMPOSITE:
    case DEF_SP_SPECIAL: break;
    }
}

/* All values of a parameter. False when it has none, or cannot be asked so. */
static bool table_make(struct req *rq, enum fhir_type type, const struct def_param *def,
                       struct str name, struct table *t)
{
    struct path_prog *prog;
    *t = (struct table){.p = fhir_param_find(type, def_str(fhir_defs(), def->name)), .def = def};
    struct str expr = def_str(fhir_defs(), def->expr);
    if (t->p == NULL || t->p->kind == SP_SPECIAL || def->kind == DEF_SP_COMPOSITE ||
        def->kind == DEF_SP_SPECIAL || expr.n == 0) {
        return false;
    }
    t->p = fhir_param_real(t->p);
    if (path_compile(rq, fhir_defs(), expr, 0, PATH_LENIENT_AS, &prog) != OK) {
        suite_fail(name, "its expression: %s", rq->err.detail);
        return false;
    }
    t->v = arena_alloc_raw(rq->a, VALUES_MAX * sizeof(*t->v));
    for (size_t i = 0; i < w.n; i++) {
        struct path_list list;
        struct path_env env = world_env(&w.docs[i]);
        if (w.docs[i].type != type) {
            continue;
        }
        if (path_eval(rq, prog, &env, &list) != OK) {
            suite_fail(name, "its expression: %s", rq->err.detail);
            return false;
        }
        for (size_t k = 0; k < list.n; k++) {
            item_add(rq, t, (uint32_t)i, &list.v[k]);
        }
    }
    return t->n > 0;
}

/* ---- questions ---- */

struct question {
    const struct table *t;
    const struct value *v;
    const char *modifier; /* "", ":not", ":missing" */
    const char *prefix;
    bool with_system;
};

static bool date_meets(const struct question *q, const struct value *v)
{
    struct instant lo;
    struct instant hi;
    if (!instant_span(q->v->raw, 0, &lo, &hi)) {
        return false;
    }
    bool inside = v->lo >= lo.ms && v->hi <= hi.ms;
    switch (q->prefix[0]) {
    case 'l': return v->lo < lo.ms || (q->prefix[1] == 'e' && inside);
    case 'g': return v->hi > hi.ms || (q->prefix[1] == 'e' && inside);
    case 's': return v->lo >= hi.ms;
    case 'e': return q->prefix[1] == 'b' ? v->hi <= lo.ms : inside;
    case 'n': return !inside;
    default: return inside;
    }
}

static bool number_meets(const struct question *q, const struct value *v)
{
    struct decimal lo;
    struct decimal hi;
    decimal_range(&q->v->number, &lo, &hi);
    bool inside = decimal_cmp(&v->number, &lo) >= 0 && decimal_cmp(&v->number, &hi) < 0;
    int c = decimal_cmp(&v->number, &q->v->number);
    switch (q->prefix[0]) {
    case 'l': return q->prefix[1] == 't' ? c < 0 : c <= 0 || inside;
    case 'g': return q->prefix[1] == 't' ? c > 0 : c >= 0 || inside;
    case 's': return decimal_cmp(&v->number, &hi) >= 0;
    case 'e': return q->prefix[1] == 'b' ? decimal_cmp(&v->number, &lo) < 0 : inside;
    case 'n': return !inside;
    default: return inside;
    }
}

static bool value_meets(const struct question *q, const struct value *v)
{
    switch (q->t->def->kind) {
    case DEF_SP_TOKEN:
        return str_eq(v->text, q->v->text) && (!q->with_system || str_eq(v->system, q->v->system));
    case DEF_SP_STRING: return str_starts(v->text, q->v->text);
    case DEF_SP_DATE: return date_meets(q, v);
    case DEF_SP_NUMBER:
    case DEF_SP_QUANTITY: return number_meets(q, v);
    case DEF_SP_REFERENCE:
    case DEF_SP_URI: return str_eq(v->text, q->v->text);
    case DEF_SP_COMPOSITE:
    case DEF_SP_SPECIAL: return false;
    }
    return false;
}

static void escaped(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == ',' || c == '|' || c == '$' || c == '\\') {
            buf_char(b, '\\');
        }
        buf_char(b, c);
    }
}

static void question_write(struct req *rq, struct buf *query, const struct question *q)
{
    struct buf name;
    struct buf value;
    buf_init(&name, rq->a, 200);
    buf_init(&value, rq->a, 8192);
    buf_str(&name, def_str(fhir_defs(), q->t->def->name));
    buf_str(&name, str_z(q->modifier));
    if (str_eq(str_z(q->modifier), S(":missing"))) {
        buf_str(&value, S("true"));
    } else {
        buf_str(&value, str_z(q->prefix));
        if (q->with_system) {
            escaped(&value, q->v->system);
            buf_char(&value, '|');
        }
        escaped(&value, q->v->raw);
    }
    form_add(query, buf_get(&name), buf_get(&value));
}

static void question_mark(const struct question *q, bool *want)
{
    bool none = q->modifier[0] != 0;
    bool missing = str_eq(str_z(q->modifier), S(":missing"));
    for (size_t i = 0; i < w.n; i++) {
        want[i] = none && w.docs[i].type == q->t->p->type;
    }
    for (size_t k = 0; k < q->t->n; k++) {
        const struct value *v = &q->t->v[k];
        if (missing || value_meets(q, v)) {
            want[v->doc] = !none;
        }
    }
}

static uint32_t rnd(uint32_t n)
{
    w.seed = w.seed * 1664525u + 1013904223u;
    return (w.seed >> 8) % n;
}

static struct question question_make(const struct table *t)
{
    static const char *const prefixes[] = {"", "eq", "ne", "lt", "gt", "le", "ge", "sa", "eb"};
    struct question q = {.t = t, .v = &t->v[rnd((uint32_t)t->n)], .modifier = "", .prefix = ""};
    bool ordered = t->def->kind == DEF_SP_DATE || t->def->kind == DEF_SP_NUMBER ||
                   t->def->kind == DEF_SP_QUANTITY;
    bool alias = fhir_param_find(t->p->type, def_str(fhir_defs(), t->def->name))->kind == SP_ALIAS;
    if (ordered) {
        q.prefix = prefixes[rnd(LEN(prefixes))];
    }
    if (t->def->kind == DEF_SP_TOKEN) {
        q.with_system = q.v->system.n > 0 && rnd(2) == 0;
        q.modifier = rnd(6) == 0 ? ":not" : "";
    }
    if (!alias && rnd(12) == 0) {
        q.modifier = ":missing";
    }
    return q;
}

/* Can the value be asked for? Empty ones and very long ones are nobody's question. */
static bool is_good(const struct question *q)
{
    return q->v->raw.n > 0 && q->v->raw.n < 200 &&
           (q->t->def->kind != DEF_SP_REFERENCE || str_find_char(q->v->raw, '/') < q->v->raw.n ||
            str_find_char(q->v->raw, ':') < q->v->raw.n) &&
           (q->t->def->kind != DEF_SP_STRING || q->v->text.n > 0) &&
           (q->t->def->kind != DEF_SP_DATE || q->v->raw.n >= 4);
}

static bool ask(struct req *rq, const struct question *q, size_t n, struct str path)
{
    struct buf query;
    struct buf name;
    bool *want = arena_alloc(rq->a, DOCS_MAX);
    bool *one = arena_alloc(rq->a, DOCS_MAX);
    bool *got = arena_alloc(rq->a, DOCS_MAX);
    size_t n_got = 0;
    memset(want, 1, w.n);
    buf_init(&query, rq->a, 65536);
    for (size_t i = 0; i < n; i++) {
        question_write(rq, &query, &q[i]);
        question_mark(&q[i], one);
        for (size_t k = 0; k < w.n; k++) {
            want[k] = want[k] && one[k];
        }
    }
    form_add(&query, S("_count"), S("1000"));
    buf_init(&name, rq->a, 65536);
    buf_str(&name, path);
    buf_char(&name, '?');
    buf_str(&name, buf_get(&query));
    return world_ask(rq, q[0].t->p->type, buf_get(&query), buf_get(&name), got, &n_got) &&
           world_same(want, got, buf_get(&name));
}

void params_run(void)
{
    w.seed = 7;
    for (unsigned t = 1; t < T_COUNT; t++) {
        size_t n;
        const struct def_param *p = def_params(fhir_defs(), (enum fhir_type)t, &n);
        for (size_t i = 0; i < n; i++) {
            struct req rq;
            struct table table;
            struct buf name;
            req_init(&rq, (size_t)1 << 30, (struct instant){NOW_MS});
            rq.db = w.db;
            buf_init(&name, rq.a, 200);
            buf_str(&name, fhir_type_name((enum fhir_type)t));
            buf_char(&name, '.');
            buf_str(&name, def_str(fhir_defs(), p[i].name));
            bool has = table_make(&rq, (enum fhir_type)t, &p[i], buf_get(&name), &table);
            for (unsigned k = 0; has && k < ASKED_EACH; k++) {
                struct question q = question_make(&table);
                if (is_good(&q)) {
                    (void)ask(&rq, &q, 1, fhir_type_name((enum fhir_type)t));
                }
            }
            req_done(&rq);
        }
    }
}

/* Random questions of two or three parameters of one type, until the time is over. */
void soak_run(unsigned seconds, uint32_t from)
{
    time_t end = time(NULL) + (time_t)seconds;
    w.seed = from;
    while (time(NULL) < end) {
        enum fhir_type type = w.docs[rnd((uint32_t)w.n)].type;
        size_t n;
        const struct def_param *p = def_params(fhir_defs(), type, &n);
        struct table tables[8];
        size_t n_tables = 0;
        struct req rq;
        if (n == 0) {
            continue;
        }
        req_init(&rq, (size_t)2 << 30, (struct instant){NOW_MS});
        rq.db = w.db;
        for (unsigned i = 0; i < 12 && n_tables < 6; i++) {
            if (table_make(&rq, type, &p[rnd((uint32_t)n)], fhir_type_name(type),
                           &tables[n_tables])) {
                n_tables++;
            }
        }
        for (unsigned round = 0; n_tables > 0 && round < 40 && time(NULL) < end; round++) {
            struct question q[3];
            struct arena_mark m = arena_mark(rq.a);
            size_t k = 0;
            size_t want = 1 + rnd(3);
            for (size_t i = 0; i < want; i++) {
                q[k] = question_make(&tables[rnd((uint32_t)n_tables)]);
                k += is_good(&q[k]) ? 1 : 0;
            }
            bool fine = k == 0 || ask(&rq, q, k, fhir_type_name(type));
            arena_back(rq.a, m);
            if (!fine) {
                fprintf(stderr, "seed %u\n", (unsigned)from);
            }
        }
        req_done(&rq);
    }
}
