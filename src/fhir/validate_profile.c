/* fhir/validate_profile.c - profiles: the way down their tree. See validate_profile_int.h. */
#include "fhir/validate_profile_int.h"

static void place_write(struct buf *b, const struct held *h, const struct place *at)
{
    const struct place *steps[PROFILE_DEEP * 2];
    unsigned n = 0;
    for (; at != NULL && n < LEN(steps); at = at->up) {
        steps[n++] = at;
    }
    while (n > 0) {
        const struct place *s = steps[--n];
        buf_str(b, b->n > 0 && s->name.n > 0 ? S(".") : S(""));
        buf_str(b, s->name);
        if (s->of_type != 0) {
            BUF_LIT(b, ".ofType(");
            buf_str(b, type_name(h, s->of_type));
            buf_char(b, ')');
        }
        if (s->index >= 0) {
            buf_char(b, '[');
            buf_u64(b, (uint64_t)s->index);
            buf_char(b, ']');
        }
    }
}

struct str type_name(const struct held *h, uint16_t type)
{
    return def_type_name(h->d, type);
}

struct held_mark held_mark_take(const struct walk *w)
{
    return (struct held_mark){arena_mark(w->rq->a), w->env.stack, w->env.stack_size, w->ids,
                              fhir_library_mark(w->check->lib)};
}

void held_mark_back(struct walk *w, struct held_mark m)
{
    if (w->check->rules != NULL) { /* else programs were compiled meanwhile, and stay */
        w->env.stack = m.stack;
        w->env.stack_size = m.stack_size;
        w->ids = m.ids;
        fhir_library_back(w->check->lib, m.memo);
        arena_back(w->rq->a, m.mark);
    }
}

void held_fault(struct held *h, const struct place *at, const char *code, const char *text,
                struct str subject)
{
    h->faults++;
    if (h->mute > 0) {
        return;
    }
    struct buf b;
    buf_init(&b, h->rq->a, 4096);
    place_write(&b, h, at);
    fhir_issue_add(h->rq, ISSUE_ERROR, code, text, subject, buf_get(&b));
}

static uint16_t inner_type(const struct held *h, struct jv v, uint16_t type)
{
    const struct def_type *row = def_type_row(h->d, type);
    struct jv kind = json_get(v, S("resourceType"));
    bool open = row != NULL && row->kind == DEF_ABSTRACT && json_has(kind);
    return open ? def_find(h->d, json_str(h->rq->a, kind)) : type;
}

static void node_put(struct held *h, const struct node *parent, struct nodes *list, struct node n)
{
    const struct def_type *row = def_type_row(h->d, parent->type);
    n.type = inner_type(h, n.v, n.type);
    n.resource = row != NULL && row->kind == DEF_RESOURCE ? parent->v : parent->resource;
    list->v[list->n++] = n;
}

static struct jv beside(struct held *h, struct jv object, struct str key)
{
    struct buf b;
    buf_init(&b, h->rq->a, key.n + 1);
    buf_char(&b, '_');
    buf_str(&b, key);
    return json_get(object, buf_get(&b));
}

/* The items of one member, of its sibling, or of both. */
static bool member_put(struct held *h, const struct node *node, struct str key,
                       const struct def_elem *e, uint16_t type, struct nodes *list)
{
    struct jv v = json_get(node->v, key);
    const struct def_type *row = def_type_row(h->d, type);
    struct jv sib = row->kind == DEF_PRIMITIVE ? beside(h, node->v, key) : (struct jv){0};
    struct node one = {.v = v, .sib = sib, .type = type, .index = -1,
                       .stem = def_str(h->d, e->name), .choice = (e->flags & DEF_CHOICE) != 0};
    bool many = json_kind(v) == JSON_ARRAY || json_kind(sib) == JSON_ARRAY;
    uint32_t n = many ? MAX(json_len(v), json_len(sib)) : 1;
    h->w->steps += n;
    struct node *all = ARENA_ARRAY(h->rq->a, list->n + n, struct node);
    if (all == NULL || n > NODES_MAX) {
        h->w->spent = true;
        return false;
    }
    for (uint32_t i = 0; i < list->n; i++) {
        all[i] = list->v[i];
    }
    list->v = all;
    if (!many) {
        node_put(h, node, list, one);
        return true;
    }
    struct jv item = json_first(v);
    struct jv side = json_first(sib);
    for (uint32_t i = 0; i < n; i++, item = json_next(item), side = json_next(side)) {
        one.v = json_kind(item) == JSON_NULL ? (struct jv){0} : item;
        one.sib = json_kind(side) == JSON_NULL ? (struct jv){0} : side;
        one.index = (int32_t)i;
        node_put(h, node, list, one);
    }
    return true;
}

bool nodes_of(struct held *h, const struct node *node, struct str name, struct nodes *ret)
{
    struct nodes list = {0};
    struct node inside = *node;
    uint16_t type = 0;
    if (!json_has(node->v) || json_kind(node->v) != JSON_OBJECT) {
        inside.v = node->sib; /* id and extensions of a primitive */
    }
    const struct def_elem *stem = def_stem(h->d, node->type, name);
    for (struct jv m = json_first(inside.v); json_has(m); m = json_next(m)) {
        struct str key = json_key(h->rq, m);
        bool sibling = key.n > 1 && key.p[0] == '_';
        struct str plain = sibling ? str_sub(key, 1, key.n) : key;
        const struct def_elem *e = def_child(h->d, node->type, plain, &type);
        if (e == NULL || !(e == stem || str_eq(plain, name)) ||
            (sibling && json_has(json_get(inside.v, plain)))) {
            continue;
        }
        if (!member_put(h, &inside, plain, e, type, &list)) {
            return false;
        }
    }
    *ret = list;
    return true;
}

struct node node_resolve(struct held *h, const struct node *reference)
{
    struct req *rq = h->rq;
    struct str ref = json_str(rq->a, json_get(reference->v, S("reference")));
    struct node found = {.index = -1};
    const struct jv carriers[] = {reference->resource, h->container, h->root};
    for (size_t i = 0; i < LEN(carriers) && ref.n > 1 && ref.p[0] == '#'; i++) {
        struct jv list = json_get(carriers[i], S("contained"));
        for (struct jv v = json_first(list); json_has(v) && !json_has(found.v); v = json_next(v)) {
            found.v = str_eq(json_str(rq->a, json_get(v, S("id"))), str_sub(ref, 1, ref.n))
                          ? v
                          : found.v;
        }
    }
    struct jv list = json_get(h->root, S("entry"));
    for (struct jv e = json_first(list); json_has(e) && !json_has(found.v) && ref.n > 0;
         e = json_next(e)) {
        h->w->steps++;
        struct str url = json_str(rq->a, json_get(e, S("fullUrl")));
        bool tail = url.n > ref.n && str_ends(url, ref) && url.p[url.n - ref.n - 1] == '/' &&
                    !str_starts(ref, S("http"));
        found.v = str_eq(url, ref) || tail ? json_get(e, S("resource")) : found.v;
    }
    found.resource = found.v;
    found.type = def_find(h->d, json_str(rq->a, json_get(found.v, S("resourceType"))));
    return found;
}

struct place place_of(const struct place *up, const struct node *item)
{
    return (struct place){up, item->stem, item->choice ? item->type : 0, item->index};
}

static bool is_limit(struct req *rq, struct jv elem, struct str key, uint64_t *ret_n)
{
    struct jv v = json_get(elem, key);
    int64_t n;
    if (json_i64(v, &n) && n >= 0) {
        *ret_n = (uint64_t)n;
        return true;
    }
    return str_u64(json_str(rq->a, v), ret_n);
}

/* How often an element may stand; what R4 asks anyway is not said twice. */
static void count_check(struct held *h, const struct profile_elem *e, const struct node *node,
                        const struct nodes *items, const struct place *at)
{
    uint32_t n = items->n;
    const struct def_elem *row = def_stem(h->d, node->type, e->name);
    uint64_t limit;
    uint16_t type;
    if (row == NULL && def_child(h->d, node->type, e->name, &type) == NULL) {
        return; /* an element the type does not have: nobody could give it */
    }
    if (is_limit(h->rq, e->v, S("min"), &limit) && n < limit && (row == NULL || n >= row->min)) {
        held_fault(h, at, "required", T("A required element is missing."), e->name);
    }
    if (is_limit(h->rq, e->v, S("max"), &limit) && n > limit) {
        struct place itself = place_of(at, &items->v[0]);
        at = row == NULL && limit == 0 ? &itself : at; /* one of the types of a choice is forbidden */
        held_fault(h, at, "structure", T("There are more of these than the profile allows."),
                   e->name);
    }
}

/* The names of the children of an element, each once: whether this one is the first of its name. */
static bool is_first(const struct profile *p, uint32_t parent, uint32_t child)
{
    for (uint32_t i = p->e[parent].first; i != child; i = p->e[i].next) {
        if (str_eq(p->e[i].name, p->e[child].name)) {
            return false;
        }
    }
    return true;
}

static void children_check(struct held *h, const struct profile *p, uint32_t at,
                           const struct node *node, const struct place *place)
{
    for (uint32_t i = p->e[at].first; i != 0; i = p->e[i].next) {
        struct nodes items;
        struct str name = p->e[i].name;
        if (!is_first(p, at, i) || !nodes_of(h, node, name, &items)) {
            continue;
        }
        uint32_t whole = profile_child(p, at, name, S(""));
        if (whole != 0 && json_has(p->e[whole].v)) {
            count_check(h, &p->e[whole], node, &items, place);
        }
        for (uint32_t k = 0; whole != 0 && k < items.n; k++) {
            const struct node *item = &items.v[k];
            struct place inner = place_of(place, item);
            held_elem(h, p, whole, item, &inner);
        }
        held_slices(h, p, at, name, node, &items, place);
    }
}

void held_elem(struct held *h, const struct profile *p, uint32_t at, const struct node *node,
               const struct place *place)
{
    if (h->deep == PROFILE_DEEP) {
        return;
    }
    if (++h->w->steps > PROFILE_STEPS) {
        h->w->spent = true;
        return;
    }
    h->deep++;
    held_value(h, &p->e[at], node, place);
    children_check(h, p, at, node, place);
    h->deep--;
}

static bool is_core(const struct held *h, struct str canonical)
{
    struct str core = S("http://hl7.org/fhir/StructureDefinition/");
    struct str url = str_sub(canonical, 0, str_find_char(canonical, '|'));
    return str_starts(url, core) && def_find(h->d, str_sub(url, core.n, url.n)) != 0;
}

void held_profile(struct held *h, const struct node *node, struct str canonical,
                  const struct place *at)
{
    struct profile p;
    unsigned steps = 0;
    while (!is_core(h, canonical) && steps++ < 16 && h->deep < PROFILE_DEEP) {
        struct jv sd = fhir_profile_find(h->rq, h->lib, canonical);
        if (!json_has(sd)) {
            return;
        }
        if (profile_read(h->rq, sd, &p) != OK) {
            (void)err_answers(h->rq);
            return;
        }
        uint16_t type = def_find(h->d, p.type);
        if (type != 0 && !def_is_a(h->d, node->type, type)) {
            held_fault(h, at, "structure", T("The profile is for another type."), p.url);
            return;
        }
        held_elem(h, &p, 0, node, at);
        if (json_has(json_path(sd, S("snapshot.element")))) {
            return; /* the snapshot holds what the bases ask */
        }
        canonical = p.base;
    }
}

bool held_fits(struct held *h, const struct profile *p, uint32_t at, const struct node *node)
{
    unsigned before = h->faults;
    struct held_mark mark = held_mark_take(h->w);
    h->mute++;
    held_elem(h, p, at, node, NULL);
    h->mute--;
    held_mark_back(h->w, mark);
    bool fits = h->faults == before;
    h->faults = before;
    return fits;
}

bool held_fits_profile(struct held *h, const struct node *node, struct str canonical)
{
    unsigned before = h->faults;
    if (is_core(h, canonical)) {
        return def_is_a(h->d, node->type, def_find(h->d, str_sub(canonical, 40, canonical.n)));
    }
    struct held_mark mark = held_mark_take(h->w);
    h->mute++;
    held_profile(h, node, canonical, NULL);
    h->mute--;
    held_mark_back(h->w, mark);
    bool fits = h->faults == before;
    h->faults = before;
    return fits;
}

void walk_profile(struct walk *w, struct jv v, uint16_t type, struct jv resource,
                  struct str canonical, struct str path)
{
    struct held h = {.w = w, .rq = w->rq, .d = w->d, .lib = w->check->lib, .root = w->root};
    struct held_mark mark = held_mark_take(w);
    h.container = w->n > 0 ? walk_container(w, walk_top(w))->v : w->root;
    struct node node = {.v = v, .resource = resource, .type = type, .index = -1};
    struct place at = {NULL, path, 0, -1};
    if (fhir_issue_errors(w->rq) >= FHIR_ISSUES_MAX) {
        return; /* no more would be kept */
    }
    held_profile(&h, &node, canonical, &at);
    if (h.faults == 0) {
        held_mark_back(w, mark);
    }
}

bool walk_conforms(struct walk *w, struct jv v, uint16_t type, struct str canonical)
{
    struct held h = {.w = w, .rq = w->rq, .d = w->d, .lib = w->check->lib, .root = w->root};
    struct node node = {.v = v, .resource = v, .type = type, .index = -1};
    return held_fits_profile(&h, &node, canonical);
}

/* The profiles an ImplementationGuide wants for all resources of a type. */
static void guide_check(struct walk *w, const struct frame *f, struct jv guide)
{
    bool is_guide = json_is(json_get(guide, S("resourceType")), S("ImplementationGuide"));
    struct jv list = json_get(guide, S("global"));
    for (struct jv g = json_first(list); json_has(g) && is_guide; g = json_next(g)) {
        if (str_eq(json_str(w->rq->a, json_get(g, S("type"))), def_type_name(w->d, f->type))) {
            walk_profile(w, f->v, f->type, f->v, json_str(w->rq->a, json_get(g, S("profile"))),
                         walk_path(w, S("")));
        }
    }
}

void walk_profiles(struct walk *w, const struct frame *f)
{
    struct jv list = json_path(f->v, S("meta.profile"));
    for (uint32_t i = 0; fhir_library_size(w->check->lib) > i; i++) {
        guide_check(w, f, fhir_library_at(w->check->lib, i));
    }
    bool root = f == &w->f[0] && w->check->profile.n > 0;
    if (!json_has(list) && !root) {
        return;
    }
    struct str path = walk_path(w, S(""));
    uint32_t n = 0;
    for (struct jv p = json_first(list); json_has(p); p = json_next(p)) {
        if (n++ == PROFILES_MAX) {
            walk_fault(w, "too-costly", T("There are too many of these."), S("meta.profile"), S(""));
            break;
        }
        walk_profile(w, f->v, f->type, f->v, json_str(w->rq->a, p), path);
    }
    if (root) {
        walk_profile(w, f->v, f->type, f->v, w->check->profile, path);
    }
}

/* Whether an element is what a context of an extension names: its path, its type or one of its
 * type's bases. */
static bool is_context(struct walk *w, const struct frame *f, struct str name)
{
    if (f->elem != NULL && str_eq(def_str(w->d, f->elem->path), name)) {
        return true;
    }
    uint16_t want = def_find(w->d, name);
    uint16_t type = f->is_sibling ? f->value_type : f->type;
    return want == 0 || def_is_a(w->d, type, want);
}

/* Where the extension may stand (R4 defining-extensions.html#context). */
static void context_check(struct walk *w, struct jv sd)
{
    struct jv list = json_get(sd, S("context"));
    const struct frame *at = w->n >= 3 ? &w->f[w->n - 3] : NULL;
    bool ok = !json_has(json_first(list)) || at == NULL;
    for (struct jv c = json_first(list); json_has(c) && !ok; c = json_next(c)) {
        bool element = json_is(json_get(c, S("type")), S("element"));
        ok = !element || is_context(w, at, json_str(w->rq->a, json_get(c, S("expression"))));
    }
    if (!ok) {
        walk_fault(w, "structure", T("This extension may not stand here."), S(""), S(""));
    }
}

void walk_extension(struct walk *w, const struct frame *f)
{
    struct str url = json_str(w->rq->a, json_get(f->v, S("url")));
    bool inner = w->n >= 3 && w->f[w->n - 3].type == f->type; /* named by the one around it */
    if (inner || url.n == 0) {
        return;
    }
    struct jv sd = fhir_profile_find(w->rq, w->check->lib, url);
    if (json_has(sd)) {
        /* HL7 has widened the contexts of its own since, and R4's examples lean on that */
        context_check(w, def_profile_json(w->d, url).n > 0 ? (struct jv){0} : sd);
        walk_profile(w, f->v, f->type, w->f[f->resource].v, url, walk_path(w, S("")));
    } else if ((w->check->flags & FHIR_STRICT) != 0 &&
               !str_starts(url, S("http://hl7.org/fhir/StructureDefinition/"))) {
        walk_fault(w, "structure", T("Nobody has defined this extension."), S(""), S(""));
    }
}
