/* fhir/query.c - reading a search. See query.h. */
#include "fhir/query.h"

#include "base/text.h"
#include "fhir/extract.h"
#include "fhir/prim.h"
#include "fhir/query_int.h"
#include "store/db.h"

static enum err refuse(struct req *rq, const char *text, struct str param)
{
    fhir_issue_add(rq, ISSUE_ERROR, "invalid", text, arena_str(rq->a, str_sub(param, 0, 100)),
                   S(""));
    return FAIL(rq, E_BAD_INPUT, "search parameter");
}

static const struct {
    struct str name;
    enum fhir_modifier modifier;
} modifiers[] = {
    {SI("exact"), MOD_EXACT},           {SI("contains"), MOD_CONTAINS},
    {SI("missing"), MOD_MISSING},       {SI("not"), MOD_NOT},
    {SI("identifier"), MOD_IDENTIFIER}, {SI("text"), MOD_TEXT},
};

static bool modifier_fits(enum fhir_modifier m, enum fhir_param_kind kind)
{
    switch (m) {
    case MOD_NONE: return true;
    case MOD_EXACT:
    case MOD_CONTAINS: return kind == SP_STRING;
    case MOD_MISSING: return kind != SP_ID && kind != SP_UPDATED;
    case MOD_NOT: return kind == SP_TOKEN;
    case MOD_IDENTIFIER: return kind == SP_REF;
    case MOD_TEXT: return kind == SP_TOKEN;
    }
    return false;
}

static bool modifier_find(struct str name, enum fhir_modifier *ret_m)
{
    for (size_t i = 0; i < LEN(modifiers); i++) {
        if (str_eq(modifiers[i].name, name)) {
            *ret_m = modifiers[i].modifier;
            return true;
        }
    }
    return false;
}

static enum fhir_prefix prefix_take(struct str *text)
{
    static const struct {
        struct str name;
        enum fhir_prefix prefix;
    } prefixes[] = {
        {SI("eq"), P_EQ}, {SI("ne"), P_NE}, {SI("lt"), P_LT}, {SI("gt"), P_GT}, {SI("le"), P_LE},
        {SI("ge"), P_GE}, {SI("sa"), P_SA}, {SI("eb"), P_EB}, {SI("ap"), P_AP},
    };
    for (size_t i = 0; i < LEN(prefixes); i++) {
        if (str_starts(*text, prefixes[i].name)) {
            *text = str_sub(*text, 2, text->n);
            return prefixes[i].prefix;
        }
    }
    return P_EQ;
}

/* Cuts at an unescaped sep ("\," and "\|" do not separate). False at the end. */
static bool cut_escaped(struct str *rest, char sep, struct str *ret_part)
{
    if (rest->p == NULL) {
        return false;
    }
    size_t i = 0;
    while (i < rest->n && rest->p[i] != sep) {
        i += rest->p[i] == '\\' && i + 1 < rest->n ? 2 : 1;
    }
    *ret_part = str_sub(*rest, 0, i);
    *rest = i < rest->n ? str_sub(*rest, i + 1, rest->n) : (struct str){NULL, 0};
    return true;
}

static struct str unescape(struct req *rq, struct str s)
{
    if (str_find_char(s, '\\') == s.n) {
        return s;
    }
    struct buf b;
    buf_init(&b, rq->a, s.n + 1);
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '\\' && i + 1 < s.n) {
            i++;
        }
        buf_char(&b, s.p[i]);
    }
    return buf_get(&b);
}

static enum err token_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                            struct fhir_value *v)
{
    struct str rest = text;
    struct str first = {NULL, 0};
    bool more = cut_escaped(&rest, '|', &first) && rest.p != NULL;
    struct str code = unescape(rq, more ? rest : first);
    v->token.sys = more ? db_hash_sys(rq->db, unescape(rq, first)) : TOKEN_ANY_SYS;
    if (code.n == 0 && (!more || first.n == 0)) {
        return refuse(rq, T("The value of a search parameter is empty."), c->param);
    }
    if (c->p->kind == SP_CONTACT) {
        code = fhir_contact_key(rq, code);
        v->token.sys = 0;
    }
    v->token.hash = code.n > 0 ? db_hash(rq->db, code) : 0;
    return OK;
}

static enum err uri_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                          struct fhir_value *v)
{
    struct str uri = unescape(rq, text);
    if (uri.n == 0) {
        return refuse(rq, T("The value of a search parameter is empty."), c->param);
    }
    v->token.hash = db_hash(rq->db, uri);
    v->token.sys = 0;
    return OK;
}

static enum err ref_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                          enum fhir_type only, struct fhir_value *v)
{
    struct str ref = unescape(rq, text);
    struct str id = {NULL, 0};
    bool elsewhere = str_starts(ref, S("http://")) || str_starts(ref, S("https://")) ||
                     str_starts(ref, S("urn:"));
    v->ref.type = T_NONE;
    if (elsewhere) {
        v->ref.target = db_ref_url(db_hash(rq->db, str_sub(ref, 0, str_find_char(ref, '|'))));
        return OK;
    }
    if (str_find_char(ref, '/') < ref.n) {
        v->ref.type = fhir_ref_split(ref, &id);
    } else if (fhir_id_is_valid(ref)) {
        id = ref;
        v->ref.type = only;
    }
    if (id.n == 0 || (only != T_NONE && v->ref.type != only && v->ref.type != T_NONE)) {
        return refuse(rq, T("A reference to search for must be id, Type/id or an address."),
                      c->param);
    }
    v->ref.id = id;
    return OK;
}

static enum err date_parse_value(struct req *rq, struct fhir_criterion *c, struct str text,
                                 struct fhir_value *v)
{
    struct str rest = text;
    struct instant lo;
    struct instant hi;
    v->prefix = prefix_take(&rest);
    if (!instant_span(rest, 0, &lo, &hi)) {
        return refuse(rq, T("A date to search for must be like 2026-11-22 or "
                            "2026-11-22T14:00:00Z."), c->param);
    }
    v->date.lo_ms = lo.ms;
    v->date.hi_ms = hi.ms;
    if (v->prefix == P_AP) {
        /* A tenth of the way from now, at least a day (search.html#prefix). */
        int64_t gap = rq->now.ms > lo.ms ? rq->now.ms - lo.ms : lo.ms - rq->now.ms;
        int64_t slack = MAX(gap / 10, MS_DAY);
        v->date.lo_ms -= slack;
        v->date.hi_ms += slack;
    }
    return OK;
}

/* Half a unit of the last digit written: 5.40 means 5.395 to 5.405 (search.html#number). */
static double half_step(struct str number)
{
    size_t e = MIN(str_find_char(number, 'e'), str_find_char(number, 'E'));
    size_t point = str_find_char(str_sub(number, 0, e), '.');
    double step = 0.5;
    for (size_t i = point + 1; i < e; i++) {
        step /= 10;
    }
    int64_t exp = 0;
    struct str tail = str_sub(number, MIN(e + 1, number.n), number.n);
    if (tail.n > 0 && tail.p[0] == '+') {
        tail = str_sub(tail, 1, tail.n);
    }
    if (e < number.n && str_i64(tail, &exp) && exp > -400 && exp < 400) {
        for (; exp > 0; exp--) {
            step *= 10;
        }
        for (; exp < 0; exp++) {
            step /= 10;
        }
    }
    return step;
}

static enum err quantity_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                               struct fhir_value *v)
{
    struct str rest = text;
    struct str number = {NULL, 0};
    struct str system;
    struct str unit = {NULL, 0};
    double value = 0;
    v->prefix = prefix_take(&rest);
    if (cut_escaped(&rest, '|', &number) && cut_escaped(&rest, '|', &system)) {
        unit = unescape(rq, rest);
    }
    if (!fhir_prim_text_ok(PRIM_DECIMAL, number) || !fhir_decimal_key(number, &value)) {
        return refuse(rq, T("A quantity to search for must be a number, or number|system|unit."),
                      c->param);
    }
    double half = v->prefix == P_AP ? MAX(half_step(number), (value < 0 ? -value : value) / 10)
                                    : half_step(number);
    v->quantity.lo = value - half;
    v->quantity.hi = value + half;
    v->quantity.unit = unit.n > 0 ? db_hash(rq->db, unit) : 0;
    return OK;
}

static enum err string_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                             struct fhir_value *v)
{
    v->raw = unescape(rq, text);
    v->folded = fhir_fold(rq, v->raw);
    if (v->folded.n == 0) {
        return refuse(rq, T("The value of a search parameter is empty."), c->param);
    }
    return OK;
}

static enum err value_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                            enum fhir_type only, struct fhir_value *v)
{
    v->raw = text;
    switch (c->modifier) {
    case MOD_MISSING:
        v->missing = str_eq(text, S("true"));
        return v->missing || str_eq(text, S("false"))
                   ? OK
                   : refuse(rq, T(":missing takes true or false."), c->param);
    case MOD_TEXT: return string_parse(rq, c, text, v);
    case MOD_IDENTIFIER: return token_parse(rq, c, text, v);
    case MOD_NONE:
    case MOD_EXACT:
    case MOD_CONTAINS:
    case MOD_NOT: break;
    }
    switch (c->p->kind) {
    case SP_TOKEN:
    case SP_CONTACT: return token_parse(rq, c, text, v);
    case SP_URI: return uri_parse(rq, c, text, v);
    case SP_REF: return ref_parse(rq, c, text, only, v);
    case SP_DATE:
    case SP_UPDATED: return date_parse_value(rq, c, text, v);
    case SP_STRING: return string_parse(rq, c, text, v);
    case SP_QUANTITY: return quantity_parse(rq, c, text, v);
    case SP_ID:
        v->ref.id = text;
        v->ref.type = c->p->type;
        return fhir_id_is_valid(text) ? OK : refuse(rq, T("An id is malformed."), c->param);
    case SP_ALIAS: break;
    }
    return FAIL(rq, E_INTERNAL, "search parameter kind");
}

static enum err values_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                             enum fhir_type only)
{
    size_t n = 1;
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == ',' ? 1 : 0;
    }
    if (n > FHIR_VALUES_MAX) {
        return refuse(rq, T("Too many values for one search parameter."), c->param);
    }
    c->v = ARENA_ARRAY(rq->a, n, struct fhir_value);
    TRY_MEM(rq, c->v);
    struct str rest = text.p != NULL ? text : S("");
    struct str one;
    while (cut_escaped(&rest, ',', &one)) {
        TRY(value_parse(rq, c, one, only, &c->v[c->n]));
        c->n++;
    }
    return OK;
}

/* The one type an alias or a parameter with one target stands for; T_NONE when there are several. */
static enum fhir_type target_of(const struct fhir_param *p)
{
    return p->targets != NULL ? fhir_type_find(str_z(p->targets)) : T_NONE;
}

static enum err chain_parse(struct req *rq, struct fhir_criterion *c, enum fhir_type target,
                            struct str name, struct str text)
{
    struct str modifier = {NULL, 0};
    struct str rest = name;
    struct str plain = {NULL, 0};
    struct fhir_criterion *inner = ARENA_NEW(rq->a, struct fhir_criterion);
    TRY_MEM(rq, inner);
    (void)str_cut(&rest, ':', &plain);
    modifier = rest;
    if (target == T_NONE) {
        return refuse(rq, T("A chained parameter needs the type: subject:Patient.name."), c->param);
    }
    const struct fhir_param *p = fhir_param_find(target, plain);
    if (p == NULL) {
        return refuse(rq, T("There is no such search parameter."), c->param);
    }
    inner->p = fhir_param_real(p);
    inner->param = c->param;
    if (modifier.n > 0 && (!modifier_find(modifier, &inner->modifier) ||
                           !modifier_fits(inner->modifier, inner->p->kind))) {
        return refuse(rq, T("This modifier does not fit the search parameter."), c->param);
    }
    TRY(values_parse(rq, inner, text, target_of(p)));
    c->chain = inner;
    c->chain_type = target;
    return OK;
}

enum err fhir_criterion_parse(struct req *rq, enum fhir_type type, struct str name,
                              struct str text, struct fhir_criterion *ret_c, bool *ret_known)
{
    struct fhir_criterion c = {.param = name};
    struct str head = name;
    struct str chain = {NULL, 0};
    size_t dot = str_find_char(name, '.');
    if (dot < name.n) {
        head = str_sub(name, 0, dot);
        chain = str_sub(name, dot + 1, name.n);
    }
    struct str modifier = head;
    struct str plain = {NULL, 0};
    (void)str_cut(&modifier, ':', &plain);
    const struct fhir_param *p = fhir_param_find(type, plain);
    *ret_known = p != NULL;
    if (p == NULL) {
        return OK;
    }
    c.p = fhir_param_real(p);
    enum fhir_type only = target_of(p);
    if (modifier.n > 0 && !modifier_find(modifier, &c.modifier)) {
        only = c.p->kind == SP_REF ? fhir_type_find(modifier) : T_NONE;
        if (only == T_NONE) {
            return refuse(rq, T("This modifier is not supported."), name);
        }
    }
    if (!modifier_fits(c.modifier, c.p->kind)) {
        return refuse(rq, T("This modifier does not fit the search parameter."), name);
    }
    if (chain.n > 0) {
        if (c.p->kind != SP_REF || c.modifier != MOD_NONE || str_find_char(chain, '.') < chain.n) {
            return refuse(rq, T("Only one step of chaining is supported."), name);
        }
        TRY(chain_parse(rq, &c, only, chain, text));
    } else {
        TRY(values_parse(rq, &c, text, only));
    }
    *ret_c = c;
    return OK;
}
