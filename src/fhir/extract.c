/* fhir/extract.c - index tuples of a resource. See extract.h. */
#include "fhir/extract_int.h"

#include "codec/ucum.h"
#include "codec/utf8.h"
#include "store/db.h"
#include "store/store.h"

static enum err add(struct fhir_pick *k, struct tuple t)
{
    struct fhir_tuples *list = k->t;
    if (list->n == list->size) {
        if (list->size >= FHIR_TUPLES_MAX) {
            return FAIL(k->rq, E_TOO_LARGE, "more than %d values to be found by", FHIR_TUPLES_MAX);
        }
        size_t size = MAX(list->size * 2, (size_t)32);
        struct tuple *v = ARENA_ARRAY(k->rq->a, size, struct tuple);
        TRY_MEM(k->rq, v);
        for (size_t i = 0; i < list->n; i++) {
            v[i] = list->v[i];
        }
        list->v = v;
        list->size = size;
    }
    t.sp = k->p->sp;
    list->v[list->n++] = t;
    return OK;
}

static enum err add_token(struct fhir_pick *k, struct str system, struct str code)
{
    if (code.n == 0) {
        return OK;
    }
    struct tuple t = {.kind = TUPLE_TOKEN};
    t.token.hash = db_hash(k->rq->db, code);
    t.token.sys = db_hash_sys(k->rq->db, system);
    return add(k, t);
}

enum err fhir_pick_true(struct fhir_pick *k)
{
    return add_token(k, S(""), S("true"));
}

static struct str text_of(struct fhir_pick *k, struct jv obj, struct str name)
{
    return json_str(k->rq->a, json_get(obj, name));
}

static enum err token_value(struct fhir_pick *k, struct jv v)
{
    switch (json_kind(v)) {
    case JSON_TRUE: return add_token(k, S(""), S("true"));
    case JSON_FALSE: return add_token(k, S(""), S("false"));
    case JSON_STRING: return add_token(k, S(""), json_str(k->rq->a, v));
    case JSON_OBJECT: break;
    default: return OK;
    }
    struct jv codings = json_get(v, S("coding"));
    for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
        TRY(add_token(k, text_of(k, c, S("system")), text_of(k, c, S("code"))));
    }
    TRY(add_token(k, text_of(k, v, S("system")), text_of(k, v, S("code"))));
    return add_token(k, text_of(k, v, S("system")), text_of(k, v, S("value")));
}

struct str fhir_contact_key(struct req *rq, struct str text)
{
    struct buf b;
    buf_init(&b, rq->a, 512);
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        if (c != ' ' && c != '-' && c != '(' && c != ')') {
            buf_char(&b, c >= 'A' && c <= 'Z' ? (char)(c + 32) : c);
        }
    }
    return buf_get(&b);
}

static enum err contact_value(struct fhir_pick *k, struct jv v)
{
    struct str value = text_of(k, v, S("value"));
    return value.n > 0 ? add_token(k, S(""), fhir_contact_key(k->rq, value)) : OK;
}

static bool is_absolute(struct str ref)
{
    return str_starts(ref, S("http://")) || str_starts(ref, S("https://")) ||
           str_starts(ref, S("urn:"));
}

enum fhir_type fhir_ref_split(struct str ref, struct str *ret_id)
{
    struct str rest = str_sub(ref, 0, str_find(ref, S("/_history/")));
    struct str type = {NULL, 0};
    struct str last = {NULL, 0};
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        type = last;
        last = part;
    }
    if (!fhir_id_is_valid(last)) {
        return T_NONE;
    }
    *ret_id = last;
    return fhir_type_find(type);
}

static enum err ref_text(struct fhir_pick *k, struct str ref)
{
    if (ref.n == 0 || ref.p[0] == '#') {
        return OK;
    }
    struct tuple t = {.kind = TUPLE_REF};
    struct str id = {NULL, 0};
    enum fhir_type type = is_absolute(ref) ? T_NONE : fhir_ref_split(ref, &id);
    if (type != T_NONE) {
        t.ref.type = (uint16_t)type;
        t.ref.id = id;
    } else {
        /* Elsewhere: canonical addresses are found without their version. */
        t.ref.url = db_hash(k->rq->db, str_sub(ref, 0, str_find_char(ref, '|')));
    }
    return add(k, t);
}

static enum err ref_value(struct fhir_pick *k, struct jv v)
{
    if (json_kind(v) == JSON_STRING) {
        return ref_text(k, json_str(k->rq->a, v));
    }
    TRY(ref_text(k, text_of(k, v, S("reference"))));
    struct jv ident = json_get(v, S("identifier"));
    return add_token(k, text_of(k, ident, S("system")), text_of(k, ident, S("value")));
}

static bool period_span(struct arena *a, struct jv v, int64_t *lo, int64_t *hi)
{
    struct instant from;
    struct instant to;
    struct instant unused;
    struct str start = json_str(a, json_get(v, S("start")));
    struct str end = json_str(a, json_get(v, S("end")));
    bool has_start = start.n > 0 && instant_span(start, 0, &from, &unused);
    bool has_end = end.n > 0 && instant_span(end, 0, &unused, &to);
    *lo = has_start ? from.ms : FHIR_TIME_MIN;
    *hi = has_end ? to.ms : FHIR_TIME_MAX;
    return has_start || has_end;
}

bool fhir_date_span(struct arena *a, struct jv v, int64_t *ret_lo_ms, int64_t *ret_hi_ms)
{
    struct instant lo;
    struct instant hi;
    if (json_kind(v) == JSON_STRING) {
        if (!instant_span(json_str(a, v), 0, &lo, &hi)) {
            return false;
        }
        *ret_lo_ms = lo.ms;
        *ret_hi_ms = hi.ms;
        return true;
    }
    if (json_kind(v) != JSON_OBJECT) {
        return false;
    }
    if (period_span(a, v, ret_lo_ms, ret_hi_ms)) {
        return true;
    }
    /* Timing: from the first event to the last, else its bounds. */
    bool found = false;
    struct jv events = json_get(v, S("event"));
    for (struct jv e = json_first(events); json_has(e); e = json_next(e)) {
        if (instant_span(json_str(a, e), 0, &lo, &hi)) {
            *ret_lo_ms = found ? MIN(*ret_lo_ms, lo.ms) : lo.ms;
            *ret_hi_ms = found ? MAX(*ret_hi_ms, hi.ms) : hi.ms;
            found = true;
        }
    }
    return found || period_span(a, json_get(json_get(v, S("repeat")), S("boundsPeriod")),
                                ret_lo_ms, ret_hi_ms);
}

static enum err date_value(struct fhir_pick *k, struct jv v)
{
    struct tuple t = {.kind = TUPLE_DATE};
    if (!fhir_date_span(k->rq->a, v, &t.date.lo_ms, &t.date.hi_ms)) {
        return OK;
    }
    return add(k, t);
}

struct str fhir_fold(struct req *rq, struct str text)
{
    struct buf b;
    buf_init(&b, rq->a, 4096);
    utf8_fold(&b, utf8_cut(text, 1024));
    return buf_get(&b);
}

static enum err string_text(struct fhir_pick *k, struct jv v)
{
    struct str text = json_str(k->rq->a, v);
    struct tuple t = {.kind = TUPLE_STRING};
    if (text.n == 0) {
        return OK;
    }
    t.string = fhir_fold(k->rq, utf8_cut(text, 256));
    return t.string.n > 0 ? add(k, t) : OK;
}

/* A HumanName or Address is found by each of its parts. */
static enum err string_value(struct fhir_pick *k, struct jv v)
{
    static const struct str parts[] = {
        SI("text"), SI("family"), SI("given"), SI("prefix"), SI("suffix"), SI("line"),
        SI("city"), SI("district"), SI("state"), SI("postalCode"), SI("country"),
    };
    if (json_kind(v) != JSON_OBJECT) {
        return string_text(k, v);
    }
    for (size_t i = 0; i < LEN(parts); i++) {
        struct jv part = json_get(v, parts[i]);
        if (json_kind(part) != JSON_ARRAY) {
            TRY(string_text(k, part));
            continue;
        }
        for (struct jv one = json_first(part); json_has(one); one = json_next(one)) {
            TRY(string_text(k, one));
        }
    }
    return OK;
}

/* Nineteen digits, without zeros at the end, are made a double once and scaled once: equal numbers have
 * equal keys however they are written, and greater ones never lesser keys. */
bool fhir_decimal_key(struct str text, double *ret_value)
{
    size_t i = text.n > 0 && text.p[0] == '-' ? 1 : 0;
    bool negative = i == 1;
    bool point = false;
    uint64_t m = 0;
    int exp = 0;
    size_t digits = 0;
    for (; i < text.n && text.p[i] != 'e' && text.p[i] != 'E'; i++) {
        char c = text.p[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 400) {
            return false;
        }
        if (m < UINT64_C(1000000000000000000)) {
            m = m * 10 + (uint64_t)(c - '0');
            exp -= point ? 1 : 0;
        } else {
            exp += point ? 0 : 1;
        }
    }
    int64_t e = 0;
    if (i < text.n) {
        struct str tail = str_sub(text, i + 1, text.n);
        if (tail.n > 0 && tail.p[0] == '+') {
            tail = str_sub(tail, 1, tail.n);
        }
        if (!str_i64(tail, &e) || e > 250 || e < -250) {
            return false;
        }
    }
    for (; m != 0 && m % 10 == 0; m /= 10) {
        exp++;
    }
    exp += (int)e;
    double v = (double)m;
    double scale = 1;
    for (int n = exp < 0 ? -exp : exp; n > 0 && n < 600; n--) {
        scale *= 10;
    }
    v = exp < 0 ? v / scale : v * scale;
    *ret_value = negative ? -v : v;
    return digits > 0 && v < 1e300;
}

double fhir_decimal_double(struct req *rq, const struct decimal *d)
{
    struct arena_mark m = arena_mark(rq->a);
    struct buf b;
    double key = 0;
    buf_init(&b, rq->a, 512);
    decimal_write(&b, d);
    if (!fhir_decimal_key(buf_get(&b), &key)) {
        key = d->negative ? -1e300 : 1e300; /* past what an index holds */
    }
    arena_back(rq->a, m);
    return key;
}

void fhir_quantity_key(struct req *rq, struct str system, struct str code,
                       const struct decimal *values, size_t n, uint64_t *ret_unit,
                       double *ret_keys)
{
    struct ucum_unit unit;
    struct decimal base[3];
    struct buf b;
    bool ucum = str_eq(system, S("http://unitsofmeasure.org")) && ucum_parse(code, &unit);
    for (size_t i = 0; ucum && i < n; i++) {
        ucum = ucum_canonical(&values[i], &unit, &base[i]);
    }
    buf_init(&b, rq->a, 512);
    if (ucum) {
        BUF_LIT(&b, "ucum ");
        ucum_canonical_unit(&b, &unit);
    }
    for (size_t i = 0; i < n; i++) {
        ret_keys[i] = fhir_decimal_double(rq, ucum ? &base[i] : &values[i]);
    }
    *ret_unit = db_hash(rq->db, ucum && buf_ok(&b) ? buf_get(&b) : code);
}

/* Two rows: one under the unit, one under none, for questions that name no unit. */
static enum err quantity_value(struct fhir_pick *k, struct jv v)
{
    struct tuple t = {.kind = TUPLE_QUANTITY};
    struct decimal d;
    struct str unit = text_of(k, v, S("code"));
    struct str number = json_raw(json_get(v, S("value")));
    if (!fhir_decimal_key(number, &t.quantity.value)) {
        return OK;
    }
    TRY(add(k, t));
    unit = unit.n > 0 ? unit : text_of(k, v, S("unit"));
    unit = unit.n > 0 ? unit : text_of(k, v, S("currency"));
    if (unit.n == 0 || !decimal_parse(number, &d)) {
        return OK;
    }
    fhir_quantity_key(k->rq, text_of(k, v, S("system")), unit, &d, 1, &t.quantity.unit,
                      &t.quantity.value);
    return add(k, t);
}

static enum err number_value(struct fhir_pick *k, struct jv v)
{
    struct tuple t = {.kind = TUPLE_QUANTITY};
    return json_kind(v) == JSON_NUMBER && fhir_decimal_key(json_raw(v), &t.quantity.value)
               ? add(k, t)
               : OK;
}

static enum err uri_value(struct fhir_pick *k, struct jv v)
{
    struct str uri = json_str(k->rq->a, v);
    return json_kind(v) == JSON_STRING
               ? add_token(k, S(""), str_sub(uri, 0, str_find_char(uri, '|')))
               : OK;
}

enum err fhir_pick_value(struct jv v, void *pick)
{
    struct fhir_pick *k = pick;
    switch (k->p->kind) {
    case SP_TOKEN: return token_value(k, v);
    case SP_CONTACT: return contact_value(k, v);
    case SP_REF: return ref_value(k, v);
    case SP_DATE: return date_value(k, v);
    case SP_STRING: return string_value(k, v);
    case SP_QUANTITY: return quantity_value(k, v);
    case SP_NUMBER: return number_value(k, v);
    case SP_URI: return uri_value(k, v);
    case SP_COMPOSITE:
    case SP_SPECIAL:
    case SP_UNION:
    case SP_ALIAS:
    case SP_ID:
    case SP_UPDATED: return OK;
    }
    return OK;
}

/* [name=value], [>Type] */
bool fhir_filter_holds(struct jv v, struct str filter)
{
    struct str inner = str_sub(filter, 1, filter.n - 2);
    size_t equals = str_find_char(inner, '=');
    if (inner.n > 0 && inner.p[0] == '>') {
        struct str ref = json_raw(json_get(v, S("reference"))); /* types need no escapes */
        struct str id = {NULL, 0};
        return ref.n > 2 && fhir_ref_split(str_sub(ref, 1, ref.n - 2), &id) ==
                                fhir_type_find(str_sub(inner, 1, inner.n));
    }
    return json_is(json_get(v, str_sub(inner, 0, equals)),
                   str_sub(inner, equals + 1, inner.n));
}

static enum err walk(struct jv v, struct str path, fhir_value_fn fn, void *ctx);

static enum err filtered(struct jv list, struct str filter, struct str rest, fhir_value_fn fn,
                         void *ctx)
{
    struct jv one = json_kind(list) == JSON_ARRAY ? json_first(list) : list;
    uint64_t at = 0;
    bool nth = str_starts(filter, S("[#")) &&
               str_u64(str_sub(filter, 2, filter.n - 3), &at);
    for (uint64_t i = 0; json_has(one); i++) {
        if (nth ? i == at : fhir_filter_holds(one, filter)) {
            TRY(walk(one, rest, fn, ctx));
        }
        if (json_kind(list) != JSON_ARRAY) {
            break;
        }
        one = json_next(one);
    }
    return OK;
}

/* Steps of a path are at most four, so the recursion is bounded by the table. */
static enum err walk(struct jv v, struct str path, fhir_value_fn fn, void *ctx)
{
    if (json_kind(v) == JSON_ARRAY) {
        for (struct jv one = json_first(v); json_has(one); one = json_next(one)) {
            TRY(walk(one, path, fn, ctx));
        }
        return OK;
    }
    if (path.n == 0) {
        return json_has(v) && json_kind(v) != JSON_NULL ? fn(v, ctx) : OK;
    }
    struct str rest = path;
    struct str step;
    if (!str_cut(&rest, '.', &step)) {
        return OK;
    }
    size_t bracket = str_find_char(step, '[');
    if (bracket < step.n) {
        struct jv list = json_get(v, str_sub(step, 0, bracket));
        return filtered(list, str_sub(step, bracket, step.n), rest, fn, ctx);
    }
    struct jv child = json_get(v, step);
    return json_has(child) ? walk(child, rest, fn, ctx) : OK;
}

enum err fhir_param_each(struct jv root, const struct fhir_param *p, fhir_value_fn fn, void *ctx)
{
    struct str rest = str_z(p->paths);
    struct str path;
    while (str_cut(&rest, '|', &path)) {
        TRY(walk(root, path, fn, ctx));
    }
    return OK;
}

enum err fhir_extract_value(struct req *rq, struct jv v, const struct fhir_param *p,
                            struct fhir_tuples *ret_tuples)
{
    struct fhir_pick k = {rq, p, ret_tuples};
    return fhir_pick_value(v, &k);
}

enum err fhir_composite_values(struct jv element, const struct fhir_param *p, size_t i,
                               fhir_value_fn fn, void *ctx)
{
    struct str rest = str_z(p->paths);
    struct str one = {NULL, 0};
    struct str way;
    for (size_t at = 0; at < i + 2; at++) { /* behind the elements */
        (void)str_cut(&rest, '|', &one);
    }
    (void)str_cut(&one, ':', &way);
    while (str_cut(&one, ',', &way)) {
        TRY(walk(element, way, fn, ctx));
    }
    return OK;
}

struct composite {
    struct req *rq;
    const struct fhir_param *p;
    fhir_composite_fn fn;
    void *ctx;
};

static enum err composite_one(struct jv element, void *ctx)
{
    struct composite *k = ctx;
    const struct fhir_param *params[4];
    struct fhir_tuples parts[4] = {0};
    size_t n = fhir_param_parts(k->p, params);
    for (size_t i = 0; i < n; i++) {
        struct fhir_pick pick = {k->rq, fhir_param_first(params[i]), &parts[i]};
        TRY(fhir_composite_values(element, k->p, i, fhir_pick_value, &pick));
    }
    return k->fn(element, parts, n, k->ctx);
}

enum err fhir_composite_each(struct req *rq, struct jv root, const struct fhir_param *p,
                             fhir_composite_fn fn, void *ctx)
{
    struct composite k = {rq, p, fn, ctx};
    struct str rest = str_sub(str_z(p->paths), 0, str_find_char(str_z(p->paths), '|'));
    struct str one = {NULL, 0};
    while (str_cut(&rest, ',', &one)) {
        TRY(walk(root, one, composite_one, &k));
    }
    return OK;
}

/* Each code with each number (a fhir_composite_fn with a struct fhir_pick). */
static enum err pairs_add(struct jv element, const struct fhir_tuples *parts, size_t n, void *ctx)
{
    struct fhir_pick *k = ctx;
    (void)element;
    ASSERT(n == 2);
    for (size_t i = 0; i < parts[0].n; i++) {
        for (size_t j = 0; j < parts[1].n; j++) {
            const struct tuple *code = &parts[0].v[i];
            struct tuple t = parts[1].v[j];
            t.quantity.unit = fhir_pair_key(code->token.hash, code->token.sys, t.quantity.unit);
            TRY(add(k, t));
        }
    }
    return OK;
}

enum err fhir_extract_param(struct req *rq, struct jv root, const struct fhir_param *p,
                            struct fhir_tuples *ret_tuples)
{
    struct fhir_pick k = {rq, p, ret_tuples};
    struct str rest = str_z(p->paths);
    struct str path;
    if (p->kind == SP_COMPOSITE) {
        return fhir_param_is_pair(p) ? fhir_composite_each(rq, root, p, pairs_add, &k) : OK;
    }
    while (str_cut(&rest, '|', &path)) {
        if (str_eq(path, S("deceased!"))) {
            bool dead = json_true(json_get(root, S("deceasedBoolean"))) ||
                        json_has(json_get(root, S("deceasedDateTime")));
            TRY(add_token(&k, S(""), dead ? S("true") : S("false")));
            continue;
        }
        if (str_ends(path, S("?"))) {
            if (json_has(json_path(root, str_sub(path, 0, path.n - 1)))) {
                TRY(add_token(&k, S(""), S("true")));
            }
            continue;
        }
        TRY(walk(root, path, fhir_pick_value, &k));
    }
    return OK;
}

uint64_t fhir_pair_key(uint64_t code, uint32_t sys, uint64_t unit)
{
    uint64_t x = code ^ (unit << 1 | unit >> 63) ^ (uint64_t)sys << 32 ^ sys;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

enum err fhir_extract(struct req *rq, struct jv root, enum fhir_type type,
                      struct fhir_tuples *ret_tuples)
{
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    TRY(fhir_extract_tree(rq, root, type, ret_tuples));
    for (size_t i = 0; i < n; i++) {
        bool own_rule = str_ends(str_z(p[i].paths), S("!"));
        if (own_rule || fhir_param_is_pair(&p[i])) { /* no walk of the tree gives them */
            TRY(fhir_extract_param(rq, root, &p[i], ret_tuples));
        }
    }
    if (json_has(json_get(root, S("meta")))) {
        for (unsigned i = 0; i < FHIR_PARAM_METAS; i++) {
            TRY(fhir_extract_param(rq, root, fhir_param_meta(type, i), ret_tuples));
        }
    }
    return OK;
}

enum err fhir_tuples_resolve(struct req *rq, struct fhir_tuples *tuples)
{
    for (size_t i = 0; i < tuples->n; i++) {
        struct tuple *t = &tuples->v[i];
        int64_t rid = 0;
        if (t->kind != TUPLE_REF) {
            continue;
        }
        if (t->ref.type == 0) {
            rid = db_ref_url(t->ref.url);
        } else {
            TRY(db_rid(rq, t->ref.type, t->ref.id, &rid));
        }
        t->ref.rid = rid;
    }
    return OK;
}
