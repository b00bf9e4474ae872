/* fhir/validate_ref.c - references and contained resources. See validate_int.h. */
#include "fhir/validate_int.h"

const struct frame *walk_container(const struct walk *w, const struct frame *f)
{
    const struct frame *r = &w->f[f->resource];
    while (r->elem != NULL && str_eq(r->name, S("contained")) && r != &w->f[0]) {
        r = &w->f[w->f[f->resource - 1].resource];
        f = r;
    }
    return r;
}

/* The type and id a reference names: ".../Type/id" or ".../Type/id/_history/v". */
static struct str type_in(struct str ref, struct str *ret_id)
{
    struct str rest = str_sub(ref, 0, MIN(str_find(ref, S("/_history/")), str_find_char(ref, '#')));
    struct str type = {NULL, 0};
    struct str last = {NULL, 0};
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        type = last;
        last = part;
    }
    *ret_id = last;
    return type;
}

static bool target_ok(struct walk *w, const struct def_elem *e, struct str type)
{
    uint16_t id = def_find(w->d, type);
    if (id == 0) {
        return false;
    }
    for (unsigned i = 0; e != NULL && i < e->n_target; i++) {
        if (def_elem_target(w->d, e, i) == id) {
            return true;
        }
    }
    return e == NULL || e->n_target == 0;
}

static void target_check(struct walk *w, const struct frame *f, struct str type)
{
    if (!target_ok(w, f->elem, type)) {
        walk_fault(w, "structure", T("This kind of resource cannot be referred to here."),
                   walk_shown(type), S(""));
    }
}

static void local_check(struct walk *w, const struct frame *f, struct str ref)
{
    const struct frame *r = walk_container(w, f);
    struct jv target = ref.n > 1 ? walk_contained_find(w, r->v, str_sub(ref, 1, ref.n)) : r->v;
    if (!json_has(target)) {
        walk_fault(w, "invariant", T("There is no contained resource of this id."), S(""), S(""));
        return;
    }
    target_check(w, f, json_str(w->rq->a, json_get(target, S("resourceType"))));
}

static bool is_word(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'))) {
            return false;
        }
    }
    return s.n > 0 && s.p[0] >= 'A' && s.p[0] <= 'Z';
}

static void relative_check(struct walk *w, const struct frame *f, struct str ref)
{
    struct str id;
    size_t query = str_find_char(ref, '?');
    size_t end = MIN(str_find_char(ref, '/'), query);
    struct str type = str_sub(ref, 0, end);
    struct str last = query == ref.n ? type_in(ref, &id) : type;
    bool formed = end < ref.n && is_word(type) && str_eq(last, type) &&
                  (query < ref.n || fhir_id_is_valid(id));
    if (!formed) {
        walk_fault(w, "value",
                   T("A reference must be Type/id, #id, urn:uuid:... or an absolute address."),
                   S(""), S(""));
        return;
    }
    target_check(w, f, type);
}

void walk_reference(struct walk *w, const struct frame *f)
{
    struct str ref = json_str(w->rq->a, json_get(f->v, S("reference")));
    if (ref.n == 0) {
        return;
    }
    if (ref.p[0] == '#') {
        local_check(w, f, ref);
    } else if (str_starts(ref, S("http://")) || str_starts(ref, S("https://"))) {
        /* A foreign server may have addresses of another form; a type we can read must fit. */
        struct str id;
        struct str type = type_in(ref, &id);
        if (fhir_type_find(type) != T_NONE && fhir_id_is_valid(id)) {
            target_check(w, f, type);
        }
    } else if (!str_starts(ref, S("urn:"))) {
        relative_check(w, f, ref);
    }
}

static bool refers_to_container(struct req *rq, struct jv v)
{
    const struct json_node *nodes = v.doc->nodes;
    for (uint32_t i = v.at; i < nodes[v.at].end; i++) {
        if (nodes[i].kind == JSON_STRING && nodes[i].len == 1 &&
            str_eq(json_str(rq->a, (struct jv){v.doc, i}), S("#"))) {
            return true;
        }
    }
    return false;
}

/* dom-2, dom-3, dom-4, dom-5 */
void walk_contained(struct walk *w, const struct frame *f)
{
    struct jv list = json_get(f->v, S("contained"));
    struct req *rq = w->rq;
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        struct str id = json_str(rq->a, json_get(v, S("id")));
        struct jv meta = json_get(v, S("meta"));
        if (json_has(json_get(v, S("contained")))) {
            walk_fault(w, "invariant", T("A contained resource may not contain others."),
                       S("dom-2"), S(""));
        }
        if (id.n == 0 || !(walk_is_referred(w, f->v, id) || refers_to_container(rq, v))) {
            walk_fault(w, "invariant", T("A contained resource must be referred to from the resource."),
                       S("dom-3"), S(""));
        }
        if (json_has(json_get(meta, S("versionId"))) || json_has(json_get(meta, S("lastUpdated")))) {
            walk_fault(w, "invariant", T("A contained resource has no version of its own."),
                       S("dom-4"), S(""));
        }
        if (json_has(json_get(meta, S("security")))) {
            walk_fault(w, "invariant", T("A contained resource has no security label of its own."),
                       S("dom-5"), S(""));
        }
    }
}

struct jv walk_find(struct walk *w, struct str ref)
{
    struct req *rq = w->rq;
    if (ref.n > 1 && ref.p[0] == '#' && w->n > 0) {
        return walk_contained_find(w, walk_container(w, walk_top(w))->v, str_sub(ref, 1, ref.n));
    }
    struct jv list = json_get(w->root, S("entry"));
    for (struct jv e = json_first(list); json_has(e) && ref.n > 0; e = json_next(e)) {
        struct str url = json_str(rq->a, json_get(e, S("fullUrl")));
        bool tail = url.n > ref.n && str_ends(url, ref) && url.p[url.n - ref.n - 1] == '/' &&
                    str_find_char(ref, ':') == ref.n;
        if (str_eq(url, ref) || tail) {
            return json_get(e, S("resource"));
        }
    }
    return (struct jv){0};
}
