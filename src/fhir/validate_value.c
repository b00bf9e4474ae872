/* fhir/validate_value.c - what a profile asks of one value. See validate_profile_int.h. */
#include "base/instant.h"
#include "codec/ucum.h"
#include "fhir/validate_profile_int.h"

static bool number_same(struct jv a, struct jv b)
{
    struct decimal x;
    struct decimal y;
    return decimal_parse(json_raw(a), &x) && decimal_parse(json_raw(b), &y) &&
           decimal_cmp(&x, &y) == 0;
}

static bool array_alike(struct req *rq, struct jv a, struct jv b, bool loose)
{
    struct jv y = json_first(b);
    for (struct jv x = json_first(a); json_has(x); x = json_next(x)) {
        if (!loose) {
            if (!json_alike(rq, x, y, false)) {
                return false;
            }
            y = json_next(y);
            continue;
        }
        struct jv z = json_first(b);
        while (json_has(z) && !json_alike(rq, x, z, true)) {
            z = json_next(z);
        }
        if (!json_has(z)) {
            return false;
        }
    }
    return loose || !json_has(y);
}

bool json_alike(struct req *rq, struct jv a, struct jv b, bool loose)
{
    enum json_kind kind = json_kind(a);
    if (kind != json_kind(b)) {
        return false;
    }
    if (kind == JSON_NUMBER) {
        return number_same(a, b);
    }
    if (kind == JSON_STRING) {
        return str_eq(json_str(rq->a, a), json_str(rq->a, b));
    }
    if (kind == JSON_ARRAY) {
        return array_alike(rq, a, b, loose);
    }
    if (kind != JSON_OBJECT) {
        return true;
    }
    for (struct jv x = json_first(a); json_has(x); x = json_next(x)) {
        if (!json_alike(rq, x, json_get(b, json_key(rq, x)), loose)) {
            return false;
        }
    }
    return loose || json_len(a) == json_len(b);
}

static struct str tail_of(struct str url)
{
    struct str rest = str_sub(url, 0, str_find_char(url, '|'));
    struct str tail = rest;
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        tail = part;
    }
    return tail;
}

static bool type_fits(struct held *h, struct jv type, const struct node *node)
{
    struct str code = json_str(h->rq->a, json_get(type, S("code")));
    uint16_t want = def_find(h->d, code);
    return str_starts(code, S("http://hl7.org/fhirpath/")) || want == 0 ||
           def_is_a(h->d, node->type, want);
}

/* The types a reference may name by a profile: their names, or the types of their profiles. */
static bool target_fits(struct held *h, struct jv targets, struct str type,
                        const struct node *target)
{
    for (struct jv t = json_first(targets); json_has(t); t = json_next(t)) {
        struct str url = json_str(h->rq->a, t);
        struct jv sd = fhir_profile_find(h->rq, h->lib, url);
        struct str name = json_has(sd) ? json_str(h->rq->a, json_get(sd, S("type"))) : tail_of(url);
        bool known = json_has(sd) || def_find(h->d, name) != 0;
        if (!known && json_has(target->v) && (h->w->check->flags & FHIR_STRICT) != 0) {
            continue; /* what it asks of the target cannot be told */
        }
        bool same = !known || str_eq(name, S("Resource")) || str_eq(name, type);
        if (same && (!json_has(sd) || !json_has(target->v) ||
                     held_fits_profile(h, target, url))) {
            return true;
        }
    }
    return !json_has(json_first(targets));
}

/* Whether a reference stays where the profile wants its target (R4 elementdefinition.html#aggregation);
 * bundled can only be told of a Bundle. */
static bool aggregation_fits(struct held *h, struct jv list, struct str ref, bool inside)
{
    bool fits = !json_has(json_first(list)) || ref.n == 0;
    bool bundle = json_is(json_get(h->root, S("resourceType")), S("Bundle"));
    for (struct jv v = json_first(list); json_has(v) && !fits; v = json_next(v)) {
        bool local = ref.p[0] == '#';
        fits = json_is(v, S("contained")) ? local
               : json_is(v, S("bundled")) ? !local && (inside || !bundle)
                                          : !local;
    }
    return fits;
}

static void reference_check(struct held *h, struct jv type, const struct node *node,
                            const struct place *at)
{
    struct str ref = json_str(h->rq->a, json_get(node->v, S("reference")));
    struct node target = node_resolve(h, node);
    struct str kind = type_name(h, target.type);
    struct str rest = str_sub(ref, 0, str_find(ref, S("/_history/")));
    struct str part;
    struct str last = {NULL, 0};
    while (!json_has(target.v) && str_cut(&rest, '/', &part)) {
        kind = last;
        last = part;
    }
    if (!aggregation_fits(h, json_get(type, S("aggregation")), ref, json_has(target.v))) {
        held_fault(h, at, "required", T("The profile wants this target elsewhere."), S(""));
    }
    if (ref.n == 0 || def_find(h->d, kind) == 0) {
        return;
    }
    if (!target_fits(h, json_get(type, S("targetProfile")), kind, &target)) {
        held_fault(h, at, "structure", T("The profile does not allow this target."), kind);
    }
}

static void types_check(struct held *h, const struct profile_elem *e, const struct node *node,
                        const struct place *at)
{
    struct jv types = json_get(e->v, S("type"));
    struct jv found = {0};
    for (struct jv t = json_first(types); json_has(t) && !json_has(found); t = json_next(t)) {
        found = type_fits(h, t, node) ? t : found;
    }
    if (!json_has(types)) {
        return;
    }
    if (!json_has(found)) {
        held_fault(h, at, "structure", T("The profile does not allow this type."),
                   type_name(h, node->type));
        return;
    }
    struct jv profiles = json_get(found, S("profile"));
    struct jv first = json_first(profiles);
    if (json_has(first) && !json_has(json_next(first))) {
        held_profile(h, node, json_str(h->rq->a, first), at);
    } else if (json_has(first)) {
        bool fits = false;
        for (; json_has(first) && !fits; first = json_next(first)) {
            fits = held_fits_profile(h, node, json_str(h->rq->a, first));
        }
        if (!fits) {
            held_fault(h, at, "structure", T("The value fits none of the profiles allowed."),
                       S(""));
        }
    }
    if (node->type == h->w->reference) {
        reference_check(h, found, node, at);
    }
}

int json_quantity_order(struct req *rq, struct jv a, struct jv b)
{
    struct ucum_unit from;
    struct ucum_unit to;
    struct decimal x;
    struct decimal y;
    struct str unit = json_str(rq->a, json_get(a, S("code")));
    struct str limit = json_str(rq->a, json_get(b, S("code")));
    bool ok = decimal_parse(json_raw(json_get(a, S("value"))), &x) &&
              decimal_parse(json_raw(json_get(b, S("value"))), &y) && ucum_parse(unit, &from) &&
              ucum_parse(limit, &to) && ucum_convert(&x, &from, &to, &x);
    return ok ? decimal_cmp(&x, &y) : 2;
}

int json_order(struct req *rq, struct jv a, struct jv b)
{
    if (json_kind(a) == JSON_OBJECT) {
        return json_quantity_order(rq, a, b);
    }
    if (json_kind(a) == JSON_NUMBER && json_kind(b) == JSON_NUMBER) {
        struct decimal x;
        struct decimal y;
        bool ok = decimal_parse(json_raw(a), &x) && decimal_parse(json_raw(b), &y);
        return ok ? decimal_cmp(&x, &y) : 2;
    }
    struct str s = json_str(rq->a, a);
    struct str t = json_str(rq->a, b);
    struct instant a_lo;
    struct instant b_lo;
    struct instant hi;
    if (instant_span(s, 0, &a_lo, &hi) && instant_span(t, 0, &b_lo, &hi)) {
        return a_lo.ms < b_lo.ms ? -1 : a_lo.ms > b_lo.ms ? 1 : 0;
    }
    return s.n > 0 && t.n > 0 ? str_cmp(s, t) : 2;
}

size_t letters_of(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80 ? 1 : 0;
    }
    return n;
}

static void limits_check(struct held *h, const struct profile_elem *e, const struct node *node,
                         const struct place *at)
{
    struct jv least = profile_value(h->rq, e->v, S("minValue"));
    struct jv most = profile_value(h->rq, e->v, S("maxValue"));
    int64_t length;
    if (json_has(least) && json_order(h->rq, node->v, least) == -1) {
        held_fault(h, at, "value", T("The value is less than the profile allows."), S(""));
    }
    if (json_has(most) && json_order(h->rq, node->v, most) == 1) {
        held_fault(h, at, "value", T("The value is more than the profile allows."), S(""));
    }
    if (json_i64(json_get(e->v, S("maxLength")), &length) && json_kind(node->v) == JSON_STRING &&
        length >= 0 && letters_of(json_str(h->rq->a, node->v)) > (uint64_t)length) {
        held_fault(h, at, "too-long", T("The text is too long."), S(""));
    }
}

static enum def_in coding_in(struct held *h, struct str set, struct jv coding)
{
    struct str system = json_str(h->rq->a, json_get(coding, S("system")));
    struct jv code = json_get(coding, S("code"));
    if (!json_has(code)) {
        return DEF_OUT;
    }
    return fhir_set_has(h->rq, h->lib, set, system.p == NULL ? S("") : system,
                        json_str(h->rq->a, code));
}

static void binding_check(struct held *h, const struct profile_elem *e, const struct node *node,
                          const struct place *at)
{
    struct jv binding = json_get(e->v, S("binding"));
    struct str set = json_str(h->rq->a, json_get(binding, S("valueSet")));
    enum def_in in = DEF_OUT;
    if (!json_is(json_get(binding, S("strength")), S("required")) || set.n == 0) {
        return;
    }
    if (json_kind(node->v) == JSON_STRING) {
        in = fhir_set_has(h->rq, h->lib, set, (struct str){NULL, 0}, json_str(h->rq->a, node->v));
    } else if (node->type == h->w->concept) {
        struct jv list = json_get(node->v, S("coding"));
        for (struct jv c = json_first(list); json_has(c) && in == DEF_OUT; c = json_next(c)) {
            in = coding_in(h, set, c);
        }
    } else if (node->type == h->w->coding || node->type == h->w->quantity) {
        in = coding_in(h, set, node->v);
    } else {
        return;
    }
    if (in == DEF_OUT) {
        held_fault(h, at, "code-invalid", T("The code is not one of those allowed here."), set);
    }
}

static void fixed_fault(struct held *h, const struct place *at, struct str name)
{
    struct place inner = {at, name, 0, -1};
    held_fault(h, name.n > 0 ? &inner : at, "value", T("The profile asks for another value here."),
               S(""));
}

/* A fixed value is the whole value: each member that differs, or is too many, is told. */
static void fixed_check(struct held *h, struct jv fixed, struct jv v, const struct place *at)
{
    if (json_kind(fixed) != JSON_OBJECT || json_kind(v) != JSON_OBJECT) {
        if (!json_alike(h->rq, fixed, v, false)) {
            fixed_fault(h, at, S(""));
        }
        return;
    }
    for (struct jv x = json_first(fixed); json_has(x); x = json_next(x)) {
        struct str key = json_key(h->rq, x);
        if (!json_alike(h->rq, x, json_get(v, key), false)) {
            fixed_fault(h, at, key);
        }
    }
    for (struct jv x = json_first(v); json_has(x); x = json_next(x)) {
        if (!json_has(json_get(fixed, json_key(h->rq, x)))) {
            fixed_fault(h, at, walk_shown(json_key(h->rq, x)));
        }
    }
}

void held_value(struct held *h, const struct profile_elem *e, const struct node *node,
                const struct place *at)
{
    if (!json_has(e->v)) {
        return;
    }
    types_check(h, e, node, at);
    walk_constraints(h->w, e->v, node, at, h);
    if (!json_has(node->v)) {
        return;
    }
    struct jv fixed = profile_value(h->rq, e->v, S("fixed"));
    struct jv pattern = profile_value(h->rq, e->v, S("pattern"));
    if (json_has(fixed)) {
        fixed_check(h, fixed, node->v, at);
    }
    if (json_has(pattern) && !json_alike(h->rq, pattern, node->v, true)) {
        held_fault(h, at, "value", T("The profile asks for another value here."), S(""));
    }
    limits_check(h, e, node, at);
    binding_check(h, e, node, at);
}
