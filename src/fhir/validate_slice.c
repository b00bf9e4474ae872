/* fhir/validate_slice.c - slices of repeating elements and choices. See validate_profile_int.h.
 *
 * An item belongs to a slice when every discriminator says so; for values, patterns and codes that
 * is the case when what stands at the discriminator's path fits the slice's element there. */
#include "fhir/validate_profile_int.h"

/* One step of a discriminator's path: name, or name('argument') of ofType, extension, resolve. */
static bool step_cut(struct str *rest, struct str *ret_name, struct str *ret_arg)
{
    struct str s = *rest;
    size_t i = 0;
    unsigned deep = 0;
    if (s.n == 0) {
        return false;
    }
    while (i < s.n && (s.p[i] != '.' || deep > 0)) {
        deep += s.p[i] == '(' ? 1 : 0;
        deep -= s.p[i] == ')' && deep > 0 ? 1 : 0;
        i++;
    }
    struct str step = str_sub(s, 0, i);
    *rest = str_sub(s, i + 1, s.n);
    size_t open = str_find_char(step, '(');
    *ret_name = str_sub(step, 0, open);
    struct str arg = open < step.n ? str_sub(step, open + 1, step.n - open - 2) : S("");
    bool quoted = arg.n > 1 && arg.p[0] == '\'';
    *ret_arg = quoted ? str_sub(arg, 1, arg.n - 2) : arg;
    return true;
}

/* Where a discriminator's path leads: the values in an item, the element of the profile. */
struct aim {
    struct profile p; /* the profile the element is in: another one behind a type's profile */
    uint32_t at;
    struct nodes values;
    struct jv fixed; /* part of a fixed value or pattern above the element */
    bool within;     /* fixed is all the profile says there */
    bool known; /* false: the path is one we cannot follow */
};

/* A fixed value or pattern of the element the aim is at. */
static void fixed_take(struct held *h, struct aim *a)
{
    struct jv elem = a->p.e[a->at].v;
    struct jv fixed = profile_value(h->rq, elem, S("fixed"));
    a->fixed = json_has(fixed) ? fixed : profile_value(h->rq, elem, S("pattern"));
}

static void profile_enter(struct held *h, struct aim *a)
{
    struct jv profiles = json_get(json_at(json_get(a->p.e[a->at].v, S("type")), 0), S("profile"));
    struct jv sd = fhir_profile_find(h->rq, h->lib, json_str(h->rq->a, json_at(profiles, 0)));
    struct profile p;
    if (json_has(sd) && profile_read(h->rq, sd, &p) == OK) {
        a->p = p;
        a->at = 0;
    } else {
        (void)err_answers(h->rq);
    }
}

static bool extension_url_is(struct held *h, const struct node *n, struct str url)
{
    return str_eq(json_str(h->rq->a, json_get(n->v, S("url"))), url);
}

/* Room for n more; false when there is none. */
static bool nodes_room(struct held *h, struct nodes *list, uint32_t n, uint32_t *size)
{
    if (list->n + n <= *size) {
        return true;
    }
    uint32_t want = MAX(*size * 2, list->n + n);
    struct node *all = want <= NODES_MAX * 2 ? ARENA_ARRAY(h->rq->a, want, struct node) : NULL;
    if (all == NULL) {
        h->w->spent = true;
        return false;
    }
    for (uint32_t i = 0; i < list->n; i++) {
        all[i] = list->v[i];
    }
    list->v = all;
    *size = want;
    return true;
}

static void values_step(struct held *h, struct aim *a, struct str name, struct str arg)
{
    struct nodes next = {0};
    uint32_t size = 0;
    bool resolve = str_eq(name, S("resolve"));
    bool of_type = str_eq(name, S("ofType"));
    bool extension = str_eq(name, S("extension")) && arg.n > 0;
    for (uint32_t i = 0; i < a->values.n; i++) {
        const struct node *n = &a->values.v[i];
        struct nodes inner = {0};
        struct node target;
        if (resolve) {
            target = node_resolve(h, n);
            inner = (struct nodes){&target, json_has(target.v) ? 1 : 0};
        } else if (of_type) {
            target = *n;
            inner = (struct nodes){&target, def_is_a(h->d, n->type, def_find(h->d, arg)) ? 1 : 0};
        } else if (!nodes_of(h, n, name, &inner)) {
            a->known = false;
            return;
        }
        if (!nodes_room(h, &next, inner.n, &size)) {
            a->known = false;
            return;
        }
        for (uint32_t k = 0; k < inner.n; k++) {
            if (!extension || extension_url_is(h, &inner.v[k], arg)) {
                next.v[next.n++] = inner.v[k];
            }
        }
    }
    a->values = next;
}

/* The slice of extensions whose profile is url. */
static uint32_t extension_slice(struct held *h, const struct profile *p, uint32_t at, struct str url)
{
    uint32_t i = p->e[at].first;
    for (; i != 0; i = p->e[i].next) {
        struct jv type = json_at(json_get(p->e[i].v, S("type")), 0);
        struct jv profile = json_at(json_get(type, S("profile")), 0);
        if (str_eq(p->e[i].name, S("extension")) && str_eq(json_str(h->rq->a, profile), url)) {
            break;
        }
    }
    return i;
}

/* Where a profile says of an element what it asks: the element itself, else the only slice of it that says
 * more (the blood pressure panel of R4 fixes the code of a coding so). */
static uint32_t said_of(const struct profile *p, uint32_t parent, uint32_t whole)
{
    uint32_t only = 0;
    for (uint32_t i = p->e[parent].first; i != 0 && p->e[whole].first == 0; i = p->e[i].next) {
        if (str_eq(p->e[i].name, p->e[whole].name) && p->e[i].slice.n > 0 && p->e[i].first != 0) {
            if (only != 0) {
                return whole;
            }
            only = i;
        }
    }
    return only != 0 ? only : whole;
}

static void profile_step(struct held *h, struct aim *a, struct str name, struct str arg)
{
    if (str_eq(name, S("ofType"))) {
        return;
    }
    if (str_eq(name, S("resolve"))) {
        return; /* targetProfile: the comparison looks at it */
    }
    for (unsigned i = 0; i < 2; i++) {
        uint32_t next = str_eq(name, S("extension")) && arg.n > 0
                            ? extension_slice(h, &a->p, a->at, arg)
                            : profile_child(&a->p, a->at, name, S(""));
        if (next == 0) {
            next = profile_child(&a->p, a->at, name, name);
        }
        if (next != 0) {
            a->at = said_of(&a->p, a->at, next);
            fixed_take(h, a);
            return;
        }
        if (json_has(json_get(a->fixed, name))) {
            a->fixed = json_get(a->fixed, name);
            a->within = true;
            return;
        }
        profile_enter(h, a);
    }
    a->known = false;
}

static struct aim aim_at(struct held *h, const struct profile *p, uint32_t slice,
                         const struct node *item, struct str path)
{
    struct aim a = {.p = *p, .at = slice, .known = true};
    struct str name;
    struct str arg;
    a.values.v = ARENA_ARRAY(h->rq->a, 1, struct node);
    if (a.values.v == NULL) {
        a.known = false;
        return a;
    }
    a.values.v[0] = *item;
    a.values.n = 1;
    fixed_take(h, &a);
    while (a.known && step_cut(&path, &name, &arg)) {
        if (str_eq(name, S("$this"))) {
            continue;
        }
        values_step(h, &a, name, arg);
        if (a.known) {
            profile_step(h, &a, name, arg);
        }
    }
    return a;
}

static bool types_name(struct held *h, struct jv types, struct str member, const struct node *n,
                       bool profiles)
{
    for (struct jv t = json_first(types); json_has(t); t = json_next(t)) {
        struct jv list = json_get(t, member);
        if (!profiles) {
            uint16_t want = def_find(h->d, json_str(h->rq->a, json_get(t, S("code"))));
            if (def_is_a(h->d, n->type, want)) {
                return true;
            }
        }
        for (struct jv u = json_first(list); json_has(u) && profiles; u = json_next(u)) {
            if (held_fits_profile(h, n, json_str(h->rq->a, u))) {
                return true;
            }
        }
    }
    return false;
}

/* By type or profile, through resolve() when the slice's own type is a reference. */
static bool type_says(struct held *h, const struct aim *a, const struct node *n, bool profiles)
{
    struct jv types = json_get(a->p.e[a->at].v, S("type"));
    struct jv first = json_first(types);
    bool reference = json_is(json_get(first, S("code")), S("Reference")) &&
                     n->type != h->w->reference;
    if (!json_has(types)) {
        return profiles;
    }
    if (!reference) {
        return types_name(h, types, S("profile"), n, profiles);
    }
    return types_name(h, types, S("targetProfile"), n, true);
}

static bool says(struct held *h, struct str kind, const struct aim *a)
{
    const struct profile_elem *e = &a->p.e[a->at];
    if (str_eq(kind, S("exists"))) {
        int64_t min;
        bool none = json_is(json_get(e->v, S("max")), S("0"));
        bool some = json_i64(json_get(e->v, S("min")), &min) && min > 0;
        return none ? a->values.n == 0 : !some || a->values.n > 0;
    }
    for (uint32_t i = 0; i < a->values.n; i++) {
        const struct node *n = &a->values.v[i];
        bool ok = str_eq(kind, S("type"))      ? type_says(h, a, n, false)
                  : str_eq(kind, S("profile")) ? type_says(h, a, n, true)
                  : a->within                  ? json_alike(h->rq, a->fixed, n->v, true)
                                               : held_fits(h, &a->p, a->at, n);
        if (ok) {
            return true;
        }
    }
    return false;
}

/* The slicing of an element, in the profile or in a base of it. */
static struct jv slicing_of(struct held *h, const struct profile *p, uint32_t parent,
                            struct str name)
{
    struct profile now = *p;
    struct str id = p->e[parent].id;
    for (unsigned i = 0; i < 8; i++) {
        uint32_t at = 0;
        while (at < now.n && !str_eq(now.e[at].id, id)) {
            at++;
        }
        uint32_t whole = at < now.n ? profile_child(&now, at, name, S("")) : 0;
        struct jv slicing = whole != 0 ? json_get(now.e[whole].v, S("slicing")) : (struct jv){0};
        struct jv sd = json_has(slicing) ? (struct jv){0}
                                         : fhir_profile_find(h->rq, h->lib, now.base);
        if (!json_has(sd)) {
            return slicing;
        }
        if (profile_read(h->rq, sd, &now) != OK) {
            (void)err_answers(h->rq);
            return (struct jv){0};
        }
    }
    return (struct jv){0};
}

/* Without a word of their own extensions are told apart by url, choices by type. */
static bool by_default(struct held *h, const struct profile *p, uint32_t slice,
                       const struct node *item)
{
    const struct profile_elem *e = &p->e[slice];
    if (str_eq(e->name, S("extension")) || str_eq(e->name, S("modifierExtension"))) {
        struct aim a = aim_at(h, p, slice, item, S("url"));
        return a.known && says(h, S("value"), &a);
    }
    if (item->choice && !json_has(json_get(e->v, S("type")))) {
        struct str type = str_sub(e->slice, e->name.n, e->slice.n);
        return str_eq_nocase(type, type_name(h, item->type));
    }
    return types_name(h, json_get(e->v, S("type")), S("profile"), item, false);
}

static bool discriminated(struct held *h, const struct profile *p, uint32_t slice,
                          struct jv slicing, const struct node *item, bool *ret_known)
{
    struct jv list = json_get(slicing, S("discriminator"));
    *ret_known = true;
    if (!json_has(json_first(list))) {
        return by_default(h, p, slice, item);
    }
    for (struct jv d = json_first(list); json_has(d); d = json_next(d)) {
        struct str kind = json_str(h->rq->a, json_get(d, S("type")));
        struct aim a = aim_at(h, p, slice, item, json_str(h->rq->a, json_get(d, S("path"))));
        if (!a.known) {
            *ret_known = false;
            return false;
        }
        if (!says(h, kind, &a)) {
            return false;
        }
    }
    return true;
}

static bool is_in(struct held *h, const struct profile *p, uint32_t slice, struct jv slicing,
                  const struct node *item, bool *ret_known)
{
    struct held_mark mark = held_mark_take(h->w);
    bool in = discriminated(h, p, slice, slicing, item, ret_known);
    held_mark_back(h->w, mark);
    return in;
}

bool held_in_slice(struct held *h, const struct profile *p, uint32_t parent, uint32_t slice,
                   const struct node *node, bool *ret_known)
{
    struct jv slicing = slicing_of(h, p, parent, p->e[slice].name);
    return is_in(h, p, slice, slicing, node, ret_known);
}

static bool slice_limit(struct held *h, struct jv v, struct str key, uint64_t *ret_n)
{
    struct jv n = json_get(v, key);
    int64_t i;
    if (json_i64(n, &i) && i >= 0) {
        *ret_n = (uint64_t)i;
        return true;
    }
    return str_u64(json_str(h->rq->a, n), ret_n);
}

static void slice_count(struct held *h, const struct profile_elem *e, uint32_t n,
                        const struct place *at)
{
    uint64_t limit;
    if (slice_limit(h, e->v, S("min"), &limit) && n < limit) {
        held_fault(h, at, "required", T("An element the profile requires is missing."), e->slice);
    }
    if (slice_limit(h, e->v, S("max"), &limit) && n > limit) {
        held_fault(h, at, "structure", T("There are more of these than the profile allows."),
                   e->slice);
    }
}

void held_slices(struct held *h, const struct profile *p, uint32_t parent, struct str name,
                 const struct node *node, const struct nodes *items, const struct place *at)
{
    bool *taken = arena_alloc(h->rq->a, items->n + 1);
    bool any = false;
    bool unsure = taken == NULL;
    struct jv slicing = {0};
    (void)node;
    for (uint32_t s = p->e[parent].first; s != 0 && taken != NULL; s = p->e[s].next) {
        uint32_t n = 0;
        if (!str_eq(p->e[s].name, name) || p->e[s].slice.n == 0) {
            continue;
        }
        slicing = any ? slicing : slicing_of(h, p, parent, name);
        any = true;
        bool known = true;
        for (uint32_t k = 0; k < items->n; k++) {
            const struct node *item = &items->v[k];
            bool one;
            if (!is_in(h, p, s, slicing, item, &one)) {
                known = known && one;
                continue;
            }
            n++;
            taken[k] = true;
            struct place inner = place_of(at, item);
            held_elem(h, p, s, item, &inner);
        }
        unsure = unsure || !known;
        if (known) {
            slice_count(h, &p->e[s], n, at);
        }
    }
    for (uint32_t k = 0; any && !unsure && k < items->n; k++) {
        if (!taken[k] && json_is(json_get(slicing, S("rules")), S("closed"))) {
            struct place inner = place_of(at, &items->v[k]);
            held_fault(h, &inner, "structure", T("The profile allows no others than its slices."),
                       S(""));
        }
    }
}
