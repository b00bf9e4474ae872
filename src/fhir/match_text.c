/* fhir/match_text.c - questions about the text of a resource itself. See match_int.h. */
#include "codec/utf8.h"
#include "fhir/extract.h"
#include "fhir/match_int.h"
#include "fhir/near.h"
#include "fhir/query_int.h"

enum { WALKS_MAX = 12 };

struct text_test {
    struct req *rq;
    const struct fhir_criterion *c;
    bool met;
};

static bool value_asks(const struct fhir_criterion *c, const struct fhir_value *v)
{
    switch (c->p->kind) {
    case SP_STRING: return v->folded.n > TUPLE_STRING_MAX;
    case SP_URI: return str_find_char(v->raw, '|') < v->raw.n;
    case SP_REF: return v->ref.version.n > 0;
    case SP_QUANTITY: return v->quantity.literal.n > 0;
    case SP_TOKEN:
    case SP_CONTACT:
    case SP_DATE:
    case SP_NUMBER:
    case SP_COMPOSITE:
    case SP_SPECIAL:
    case SP_UNION:
    case SP_ALIAS:
    case SP_ID:
    case SP_UPDATED: return false;
    }
    return false;
}

bool text_asks(const struct fhir_criterion *c)
{
    switch (c->modifier) {
    case MOD_EXACT:
    case MOD_CONTAINS:
    case MOD_TEXT:
    case MOD_EQUALS:
    case MOD_ENDS:
    case MOD_OF_TYPE: return true;
    case MOD_BELOW:
    case MOD_ABOVE: return c->p->kind == SP_URI;
    case MOD_MISSING:
    case MOD_IN:
    case MOD_NOT_IN:
    case MOD_IDENTIFIER: return false;
    case MOD_NONE:
    case MOD_NOT: break;
    }
    if (c->p->kind == SP_COMPOSITE || c->p->kind == SP_SPECIAL) {
        return true;
    }
    for (size_t i = 0; i < c->n && i < FHIR_TEXTS_MAX; i++) {
        if (value_asks(c, &c->v[i])) {
            return true;
        }
    }
    return false;
}

/* The part of an address one may cut off: whole segments ("a/b" is below "a", "ab" is not). */
static bool is_below(struct str deep, struct str high)
{
    return str_starts(deep, high) &&
           (deep.n == high.n || str_ends(high, S("/")) || deep.p[high.n] == '/' ||
            deep.p[high.n] == '|');
}

/* An address, asked for with its version or without. */
static bool address_is(struct str stored, struct str asked)
{
    size_t bar = str_find_char(asked, '|');
    return bar < asked.n ? str_eq(stored, asked)
                         : str_eq(str_sub(stored, 0, str_find_char(stored, '|')), asked);
}

static bool string_is(struct text_test *t, struct str text, const struct fhir_value *want)
{
    if (t->c->modifier == MOD_EXACT) {
        return str_eq(text, want->raw);
    }
    struct str folded = fhir_fold(t->rq, text);
    switch (t->c->modifier) {
    case MOD_CONTAINS: return str_find(folded, want->folded) < folded.n;
    case MOD_EQUALS: return str_eq(folded, want->folded);
    case MOD_ENDS: return str_ends(folded, want->folded);
    default: return str_starts(folded, want->folded);
    }
}

static bool uri_is(struct text_test *t, struct str text, const struct fhir_value *want)
{
    switch (t->c->modifier) {
    case MOD_BELOW: return is_below(text, want->raw);
    case MOD_ABOVE: return is_below(want->raw, text);
    case MOD_CONTAINS: {
        struct str folded = fhir_fold(t->rq, text);
        return str_find(folded, want->folded) < folded.n;
    }
    default: return address_is(text, want->raw);
    }
}

static void text_one(struct text_test *t, struct jv v)
{
    struct str text = json_str(t->rq->a, v);
    for (size_t i = 0; text.n > 0 && !t->met && i < t->c->n; i++) {
        t->met = t->c->p->kind == SP_URI ? uri_is(t, text, &t->c->v[i])
                                         : string_is(t, text, &t->c->v[i]);
    }
}

/* :text - the words that go with a code or reference. */
static void label_value(struct text_test *t, struct jv v)
{
    struct jv codings = json_get(v, S("coding"));
    struct jv type = json_get(v, S("type"));
    text_one(t, json_get(v, S("text")));
    text_one(t, json_get(v, S("display")));
    for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
        text_one(t, json_get(c, S("display")));
    }
    if (json_kind(type) == JSON_OBJECT) { /* of an Identifier */
        text_one(t, json_get(type, S("text")));
    }
}

/* Strings, and the parts of a HumanName or Address. */
static void string_value(struct text_test *t, struct jv v)
{
    if (json_kind(v) != JSON_OBJECT) {
        text_one(t, v);
        return;
    }
    for (struct jv part = json_first(v); json_has(part); part = json_next(part)) {
        if (json_key_is(part, S("use")) || json_key_is(part, S("period")) ||
            json_key_is(part, S("id")) || json_key_is(part, S("type"))) {
            continue;
        }
        text_one(t, part);
        for (struct jv one = json_first(part); json_has(one); one = json_next(one)) {
            text_one(t, one);
        }
    }
}

/* type system|type code|value of an Identifier. */
static void of_type_value(struct text_test *t, struct jv v)
{
    struct jv codings = json_get(json_get(v, S("type")), S("coding"));
    for (size_t i = 0; !t->met && i < t->c->n; i++) {
        struct str rest = t->c->v[i].raw;
        struct str system = {NULL, 0};
        struct str code = {NULL, 0};
        (void)(query_cut(&rest, '|', &system) && query_cut(&rest, '|', &code));
        if (!json_is(json_get(v, S("value")), query_unescape(t->rq, rest))) {
            continue;
        }
        for (struct jv c = json_first(codings); json_has(c); c = json_next(c)) {
            bool same_system = system.n == 0 ||
                               json_is(json_get(c, S("system")), query_unescape(t->rq, system));
            t->met = t->met || (same_system &&
                                json_is(json_get(c, S("code")), query_unescape(t->rq, code)));
        }
    }
}

static bool ref_is(struct text_test *t, struct str ref, const struct fhir_value *want)
{
    struct str id = {NULL, 0};
    if (want->ref.version.n == 0 && want->ref.type == T_NONE && want->ref.id.n == 0) {
        return str_eq(str_sub(ref, 0, str_find_char(ref, '|')), want->raw);
    }
    if (want->ref.type == T_NONE && want->ref.id.n == 0) {
        return str_eq(ref, want->raw);
    }
    (void)t;
    size_t at = str_find(ref, S("/_history/"));
    struct str version = at < ref.n ? str_sub(ref, at + 10, ref.n) : S("");
    return fhir_ref_split(ref, &id) == want->ref.type && str_eq(id, want->ref.id) &&
           (want->ref.version.n == 0 || str_eq(version, want->ref.version));
}

static void ref_value(struct text_test *t, struct jv v)
{
    struct str ref = json_str(t->rq->a, json_kind(v) == JSON_STRING ? v
                                                                     : json_get(v, S("reference")));
    for (size_t i = 0; ref.n > 0 && !t->met && i < t->c->n; i++) {
        t->met = ref_is(t, ref, &t->c->v[i]);
    }
}

/* number||text: the unit as people or as the code's system write it. */
static enum err quantity_value(struct text_test *t, struct jv v)
{
    struct fhir_tuples tuples = {0};
    TRY(fhir_extract_value(t->rq, v, t->c->p, &tuples));
    for (size_t i = 0; !t->met && i < t->c->n; i++) {
        const struct fhir_value *want = &t->c->v[i];
        bool unit = want->quantity.literal.n == 0 ||
                    json_is(json_get(v, S("code")), want->quantity.literal) ||
                    json_is(json_get(v, S("unit")), want->quantity.literal);
        for (size_t j = 0; unit && !t->met && j < tuples.n; j++) {
            t->met = tuple_meets(t->c, want, &tuples.v[j]);
        }
    }
    return OK;
}

static enum err text_value(struct jv v, void *ctx)
{
    struct text_test *t = ctx;
    if (t->met) {
        return OK;
    }
    if (t->c->modifier == MOD_TEXT) {
        label_value(t, v);
    } else if (t->c->modifier == MOD_OF_TYPE) {
        of_type_value(t, v);
    } else if (t->c->p->kind == SP_REF) {
        ref_value(t, v);
    } else if (t->c->p->kind == SP_QUANTITY) {
        return quantity_value(t, v);
    } else if (t->c->p->kind == SP_SPECIAL) {
        for (size_t i = 0; !t->met && i < t->c->n; i++) {
            t->met = near_meets(&t->c->v[i], v);
        }
    } else {
        string_value(t, v);
    }
    return OK;
}

/* ---- composites: all parts in one element ---- */

static enum err part_meets(struct req *rq, const struct fhir_param *p, const struct fhir_value *v,
                           const struct fhir_tuples *tuples, bool *ret_meets)
{
    struct fhir_criterion c = {.op = ASK_PARAM, .p = p};
    bool met = false;
    for (size_t i = 0; !met && i < tuples->n; i++) {
        struct tuple t = tuples->v[i];
        if (t.kind == TUPLE_REF && t.ref.type != 0) {
            TRY(db_rid(rq, t.ref.type, t.ref.id, &t.ref.rid));
        } else if (t.kind == TUPLE_REF) {
            t.ref.rid = db_ref_url(t.ref.url);
        }
        met = tuple_meets(&c, v, &t);
    }
    *ret_meets = met;
    return OK;
}

/* A quantity with the very text of its unit. */
static enum err literal_meets(struct text_test *t, struct jv element, size_t i,
                              const struct fhir_param *p, struct fhir_value *v, bool *ret_meets)
{
    const struct fhir_criterion part = {.op = ASK_PARAM, .p = fhir_param_first(p), .v = v, .n = 1};
    struct text_test own = {.rq = t->rq, .c = &part};
    TRY(fhir_composite_values(element, t->c->p, i, text_value, &own));
    *ret_meets = own.met;
    return OK;
}

static enum err composite_element(struct jv element, const struct fhir_tuples *parts, size_t n,
                                  void *ctx)
{
    struct text_test *t = ctx;
    const struct fhir_param *params[FHIR_PARTS_MAX];
    size_t n_params = fhir_param_parts(t->c->p, params);
    for (size_t i = 0; !t->met && i < t->c->n; i++) {
        bool all = n == n_params && n > 0;
        for (size_t j = 0; all && j < n; j++) {
            struct fhir_value *v = &t->c->v[i].parts[j];
            bool literal = fhir_param_first(params[j])->kind == SP_QUANTITY &&
                           v->quantity.literal.n > 0;
            TRY(literal ? literal_meets(t, element, j, params[j], v, &all)
                        : part_meets(t->rq, params[j], v, &parts[j], &all));
        }
        t->met = all;
    }
    return OK;
}

/* The members of a resource the walks of a parameter begin with; 0 when they are too many. */
static size_t walk_heads(const struct fhir_param *p, struct str names[WALKS_MAX])
{
    struct str rest = str_z(p->paths);
    struct str path;
    size_t n = 0;
    while (str_cut(&rest, '|', &path)) {
        struct str head = str_sub(path, 0, str_find_char(path, '.'));
        bool had = false;
        head = str_sub(head, 0, str_find_char(head, '['));
        for (size_t i = 0; i < n; i++) {
            had = had || str_eq(names[i], head);
        }
        if (!had && n == WALKS_MAX) {
            return 0;
        }
        if (!had) {
            names[n++] = head;
        }
    }
    return n;
}

/* What the walks of a parameter pass through: of a body not read yet those members alone. */
static enum err text_root(struct req *rq, struct cand *k, const struct fhir_param *p,
                          struct json_doc *part, struct jv *ret_root)
{
    struct str names[WALKS_MAX];
    struct buf cut;
    size_t n = p->kind == SP_COMPOSITE || k->has_doc ? 0 : walk_heads(p, names);
    if (n > 0) {
        TRY(cand_row(rq, k));
        buf_init(&cut, rq->a, k->row.body.n + 2);
        if (buf_room(&cut, k->row.body.n + 2) != NULL && json_cut(k->row.body, names, n, &cut)) {
            TRY(json_parse(rq, buf_get(&cut), NULL, part));
            *ret_root = json_root(part);
            return OK;
        }
    }
    TRY(cand_doc(rq, k));
    *ret_root = json_root(&k->doc);
    return OK;
}

enum err text_meets(struct req *rq, struct cand *k, const struct fhir_criterion *c,
                    bool *ret_meets)
{
    struct text_test t = {.rq = rq, .c = c};
    struct json_doc part;
    struct jv root;
    TRY(text_root(rq, k, c->p, &part, &root));
    if (c->p->kind == SP_COMPOSITE) {
        TRY(fhir_composite_each(rq, root, c->p, composite_element, &t));
    } else {
        TRY(fhir_param_each(root, c->p, text_value, &t));
    }
    *ret_meets = c->modifier == MOD_NOT ? !t.met : t.met;
    return OK;
}
