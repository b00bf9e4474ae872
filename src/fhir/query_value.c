/* fhir/query_value.c - the values of one search parameter, by its kind and modifier. See query.h. */
#include "base/text.h"
#include "codec/decimal.h"
#include "fhir/extract.h"
#include "fhir/near.h"
#include "fhir/prim.h"
#include "fhir/query_int.h"
#include "store/db.h"

#define EMPTY T("The value of a search parameter is empty.")

bool query_modifier_fits(enum fhir_modifier m, enum fhir_param_kind kind)
{
    bool token = kind == SP_TOKEN || kind == SP_CONTACT;
    switch (m) {
    case MOD_NONE: return true;
    case MOD_EXACT:
    case MOD_EQUALS:
    case MOD_ENDS: return kind == SP_STRING;
    case MOD_CONTAINS: return kind == SP_STRING || kind == SP_URI;
    case MOD_MISSING:
        return kind != SP_ID && kind != SP_UPDATED && kind != SP_COMPOSITE && kind != SP_SPECIAL;
    case MOD_NOT: return token;
    case MOD_IDENTIFIER: return kind == SP_REF;
    case MOD_TEXT: return token || kind == SP_REF;
    case MOD_ABOVE:
    case MOD_BELOW: return kind == SP_TOKEN || kind == SP_URI || kind == SP_REF;
    case MOD_IN:
    case MOD_NOT_IN:
    case MOD_OF_TYPE: return kind == SP_TOKEN;
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

/* system|code, |code, code, system| */
static enum err token_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                            struct fhir_value *v)
{
    struct str rest = text;
    struct str first = {NULL, 0};
    bool more = query_cut(&rest, '|', &first) && rest.p != NULL;
    struct str code = query_unescape(rq, more ? rest : first);
    v->token.sys = more ? db_hash_sys(rq->db, query_unescape(rq, first)) : TOKEN_ANY_SYS;
    if (code.n == 0 && (!more || first.n == 0)) {
        return query_refuse(rq, EMPTY, c->param);
    }
    if (c->p->kind == SP_CONTACT) {
        code = fhir_contact_key(rq, code);
        v->token.sys = 0;
    }
    v->token.hash = code.n > 0 ? db_hash(rq->db, code) : 0;
    return OK;
}

/* type system|type code|value: found by the value, held to the type in the text. */
static enum err of_type_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                              struct fhir_value *v)
{
    struct str rest = text;
    struct str system = {NULL, 0};
    struct str code = {NULL, 0};
    bool ok = query_cut(&rest, '|', &system) && rest.p != NULL && query_cut(&rest, '|', &code) &&
              rest.n > 0 && code.n > 0;
    if (!ok) {
        return query_refuse(rq, T(":of-type takes system|code|value."), c->param);
    }
    v->token.hash = db_hash(rq->db, query_unescape(rq, rest));
    v->token.sys = TOKEN_ANY_SYS;
    return OK;
}

static enum err uri_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                          struct fhir_value *v)
{
    v->raw = query_unescape(rq, text);
    struct str uri = str_sub(v->raw, 0, str_find_char(v->raw, '|'));
    if (uri.n == 0) {
        return query_refuse(rq, EMPTY, c->param);
    }
    v->token.hash = db_hash(rq->db, uri);
    v->token.sys = 0;
    return OK;
}

static bool is_elsewhere(struct str ref)
{
    return str_starts(ref, S("urn:")) || str_find(ref, S("://")) < ref.n;
}

static enum err ref_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                          enum fhir_type only, struct fhir_value *v)
{
    struct str ref = query_unescape(rq, text);
    struct str id = {NULL, 0};
    v->raw = ref;
    v->ref.type = T_NONE;
    if (is_elsewhere(ref)) {
        size_t bar = str_find_char(ref, '|');
        v->ref.version = str_sub(ref, bar + 1, ref.n);
        v->ref.target = db_ref_url(db_hash(rq->db, str_sub(ref, 0, bar)));
        return OK;
    }
    if (str_find_char(ref, '/') < ref.n) {
        size_t at = str_find(ref, S("/_history/"));
        v->ref.version = at < ref.n ? str_sub(ref, at + 10, ref.n) : S("");
        v->ref.type = fhir_ref_split(ref, &id);
        id = v->ref.type == T_NONE ? S("") : id;
    } else if (fhir_id_is_valid(ref)) {
        id = ref;
        v->ref.type = only;
    }
    if (id.n == 0 || (only != T_NONE && v->ref.type != only && v->ref.type != T_NONE)) {
        return query_refuse(rq, T("A reference to search for must be id, Type/id or an address."),
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
        return query_refuse(rq, T("A date to search for must be like 2026-11-22 or "
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

/* v[0..2]: the least that is meant, the number itself, the first that is not meant any more. */
static enum err number_read(struct req *rq, struct fhir_criterion *c, struct str number,
                            struct decimal v[3])
{
    if (!fhir_prim_text_ok(PRIM_DECIMAL, number) || !decimal_parse(number, &v[1])) {
        return query_refuse(rq, T("A quantity to search for must be a number, or "
                                  "number|system|unit."), c->param);
    }
    decimal_range(&v[1], &v[0], &v[2]);
    return OK;
}

static void number_set(struct fhir_value *v, const double keys[3])
{
    v->quantity.lo = keys[0];
    v->quantity.mid = keys[1];
    v->quantity.hi = keys[2];
    if (v->prefix == P_AP) {
        double tenth = (keys[1] < 0 ? -keys[1] : keys[1]) / 10;
        v->quantity.lo = MIN(keys[0], keys[1] - tenth);
        v->quantity.hi = MAX(keys[2], keys[1] + tenth);
    }
}

static enum err number_parse(struct req *rq, struct fhir_criterion *c, struct str number,
                             struct fhir_value *v)
{
    struct decimal d[3];
    double keys[3];
    TRY(number_read(rq, c, number, d));
    for (size_t i = 0; i < LEN(d); i++) {
        keys[i] = fhir_decimal_double(rq, &d[i]);
    }
    number_set(v, keys);
    return OK;
}

/* number, number|system|code, number||unit: without a system the text of unit or code is meant. */
static enum err quantity_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                               struct fhir_value *v)
{
    struct str rest = text;
    struct str number = {NULL, 0};
    struct str system = {NULL, 0};
    struct str unit = {NULL, 0};
    struct decimal d[3];
    double keys[3];
    v->prefix = prefix_take(&rest);
    if (query_cut(&rest, '|', &number) && query_cut(&rest, '|', &system)) {
        unit = query_unescape(rq, rest);
    }
    TRY(number_parse(rq, c, number, v));
    system = query_unescape(rq, system);
    if (unit.n == 0) {
        return OK;
    }
    if (system.n == 0) {
        v->quantity.literal = unit;
        return OK;
    }
    TRY(number_read(rq, c, number, d));
    fhir_quantity_key(rq, system, unit, d, LEN(d), &v->quantity.unit, keys);
    number_set(v, keys);
    return OK;
}

static enum err string_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                             struct fhir_value *v)
{
    v->raw = query_unescape(rq, text);
    v->folded = fhir_fold(rq, v->raw);
    if (v->folded.n == 0) {
        return query_refuse(rq, EMPTY, c->param);
    }
    return OK;
}

static enum err plain_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                            enum fhir_type only, struct fhir_value *v)
{
    switch (c->p->kind) {
    case SP_TOKEN:
    case SP_CONTACT: return token_parse(rq, c, text, v);
    case SP_URI: return uri_parse(rq, c, text, v);
    case SP_REF: return ref_parse(rq, c, text, only, v);
    case SP_DATE:
    case SP_UPDATED: return date_parse_value(rq, c, text, v);
    case SP_STRING: return string_parse(rq, c, text, v);
    case SP_QUANTITY: return quantity_parse(rq, c, text, v);
    case SP_NUMBER: {
        struct str rest = text;
        v->prefix = prefix_take(&rest);
        return number_parse(rq, c, rest, v);
    }
    case SP_ID:
        v->ref.id = text;
        v->ref.type = c->type;
        return fhir_id_is_valid(text) ? OK : query_refuse(rq, T("An id is malformed."), c->param);
    case SP_SPECIAL:
        if (near_is(c->p)) {
            return near_parse(rq, c, text, v);
        }
        break;
    case SP_COMPOSITE:
    case SP_UNION:
    case SP_ALIAS: break;
    }
    return query_refuse(rq, T("This search parameter is not supported."), c->param);
}

/* One value for each component, '$' between. */
static enum err composite_parse(struct req *rq, struct fhir_criterion *c, struct str text,
                                struct fhir_value *v)
{
    const struct fhir_param *parts[FHIR_PARTS_MAX];
    size_t n = fhir_param_parts(c->p, parts);
    struct str rest = text;
    struct str one = {NULL, 0};
    v->parts = ARENA_ARRAY(rq->a, FHIR_PARTS_MAX, struct fhir_value);
    TRY_MEM(rq, v->parts);
    for (size_t i = 0; i < n; i++) {
        struct fhir_criterion part = *c;
        part.p = fhir_param_first(parts[i]);
        if (!query_cut(&rest, '$', &one) || one.n == 0) {
            return query_refuse(rq, T("A composite value needs all of its parts, with $ between "
                                      "them."), c->param);
        }
        v->parts[i].raw = one;
        TRY(plain_parse(rq, &part, one, query_target_of(parts[i]), &v->parts[i]));
    }
    return rest.p == NULL ? OK
                          : query_refuse(rq, T("A composite value needs all of its parts, with $ "
                                               "between them."), c->param);
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
                   : query_refuse(rq, T(":missing takes true or false."), c->param);
    case MOD_TEXT:
    case MOD_EQUALS:
    case MOD_ENDS: return string_parse(rq, c, text, v);
    case MOD_CONTAINS:
    case MOD_EXACT:
        TRY(string_parse(rq, c, text, v));
        return OK;
    case MOD_IDENTIFIER: return token_parse(rq, c, text, v);
    case MOD_OF_TYPE: return of_type_parse(rq, c, text, v);
    case MOD_NONE:
    case MOD_ABOVE:
    case MOD_BELOW:
    case MOD_NOT: break;
    case MOD_IN:
    case MOD_NOT_IN: return OK; /* terms.c */
    }
    if (c->p->kind == SP_COMPOSITE) {
        return composite_parse(rq, c, text, v);
    }
    return plain_parse(rq, c, text, only, v);
}

static size_t values_max(const struct fhir_criterion *c)
{
    bool many = c->p->kind == SP_TOKEN || c->p->kind == SP_CONTACT || c->p->kind == SP_URI ||
                c->p->kind == SP_REF || c->p->kind == SP_ID;
    bool keyed = c->modifier == MOD_NONE || c->modifier == MOD_NOT ||
                 c->modifier == MOD_IDENTIFIER;
    return many && keyed ? FHIR_VALUES_MAX : FHIR_TEXTS_MAX;
}

enum err query_values(struct req *rq, struct fhir_criterion *c, struct str text,
                      enum fhir_type only)
{
    bool terms = c->modifier == MOD_IN || c->modifier == MOD_NOT_IN ||
                 (c->p->kind == SP_TOKEN &&
                  (c->modifier == MOD_BELOW || c->modifier == MOD_ABOVE));
    size_t n = 1;
    if (terms) {
        return query_terms(rq, c, text);
    }
    for (size_t i = 0; i < text.n; i++) {
        n += text.p[i] == ',' ? 1 : 0;
    }
    if (n > values_max(c)) {
        return query_refuse(rq, T("Too many values for one search parameter."), c->param);
    }
    c->v = ARENA_ARRAY(rq->a, n, struct fhir_value);
    TRY_MEM(rq, c->v);
    struct str rest = text.p != NULL ? text : S("");
    struct str one;
    while (query_cut(&rest, ',', &one)) {
        TRY(value_parse(rq, c, one, only, &c->v[c->n]));
        c->n++;
    }
    return OK;
}
