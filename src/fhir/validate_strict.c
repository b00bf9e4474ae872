/* fhir/validate_strict.c - what is asked beyond the rules a store needs: systems and displays of codes,
 * links inside narratives, versions in documents, search parameters. See FHIR_STRICT in validate.h. */
#include "codec/xhtml.h"
#include "fhir/validate_int.h"

static bool is_absolute(struct str uri)
{
    size_t colon = str_find_char(uri, ':');
    return colon > 0 && colon < uri.n;
}

/* A Coding that ends: its system is one, its display what the system says. */
static void coding_check(struct walk *w, const struct frame *f)
{
    struct req *rq = w->rq;
    struct str system = json_str(rq->a, json_get(f->v, S("system")));
    struct str code = json_str(rq->a, json_get(f->v, S("code")));
    struct str display = json_str(rq->a, json_get(f->v, S("display")));
    if (system.n == 0) {
        return;
    }
    bool set = def_set_find(w->d, system) != 0 && def_code_system_find(w->d, system) == 0;
    if (set || !is_absolute(system)) {
        walk_fault(w, "value", T("This is not the address of a code system."), S(""),
                   S("system"));
        return;
    }
    const struct def_concept *c = def_concept_find(w->d, system, code);
    struct str known = c != NULL ? def_str(w->d, c->display) : S("");
    if (display.n > 0 && known.n > 0 && !str_eq_nocase(str_trim(display), str_trim(known))) {
        walk_fault(w, "value", T("The display is not the one of the code."), known, S("display"));
    }
}

/* The anchors of a narrative, and its links. */
struct links {
    struct req *rq;
    struct str want; /* an anchor looked for; n 0: links are collected */
    struct str v[64];
    unsigned n;
    bool found;
};

static bool link_take(struct str element, struct str name, struct str value, void *ctx)
{
    struct links *l = ctx;
    bool anchor = str_eq(name, S("id")) || (str_eq(name, S("name")) && str_eq(element, S("a")));
    if (l->want.n > 0) {
        l->found = l->found || (anchor && str_eq(value, l->want));
        return !l->found;
    }
    if (str_eq(name, S("href")) && value.n > 1 && value.p[0] == '#' && l->n < LEN(l->v)) {
        l->v[l->n++] = str_sub(value, 1, value.n);
    }
    return true;
}

static bool is_contained(struct req *rq, struct jv resource, struct str id)
{
    struct jv list = json_get(resource, S("contained"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v)) {
        if (str_eq(json_str(rq->a, json_get(v, S("id"))), id)) {
            return true;
        }
    }
    return str_eq(json_str(rq->a, json_get(resource, S("id"))), id);
}

/* A resource that ends: the links within its narrative lead somewhere. */
static void links_check(struct walk *w, const struct frame *f)
{
    struct str div = json_str(w->rq->a, json_path(f->v, S("text.div")));
    struct links all = {.rq = w->rq};
    struct str where;
    if (div.n == 0 || xhtml_check(div, link_take, &all, &where) != XHTML_OK) {
        return;
    }
    for (unsigned i = 0; i < all.n; i++) {
        struct links one = {.want = all.v[i]};
        (void)xhtml_check(div, link_take, &one, &where);
        if (!one.found && !is_contained(w->rq, f->v, all.v[i])) {
            struct buf b;
            buf_init(&b, w->rq->a, 4096);
            buf_str(&b, walk_path(w, S("")));
            BUF_LIT(&b, ".text.div");
            fhir_issue_add(w->rq, ISSUE_ERROR, "value",
                           T("A link in the narrative leads nowhere."), S(""), buf_get(&b));
        }
    }
}

/* Whether an address is that of a reference. */
static bool is_address_of(struct str url, struct str ref)
{
    bool tail = str_ends(url, ref) && url.n > ref.n && url.p[url.n - ref.n - 1] == '/';
    return str_eq(url, ref) || tail;
}

/* A Reference that ends: one to a version finds it among the entries; one to none finds one version
 * (R4 bundle.html#references: with several it is ambiguous which is meant). */
static void version_check(struct walk *w, const struct frame *f)
{
    struct req *rq = w->rq;
    struct str ref = json_str(rq->a, json_get(f->v, S("reference")));
    size_t at = str_find(ref, S("/_history/"));
    struct str version = str_sub(ref, at + 10, ref.n);
    struct str plain = str_sub(ref, 0, at);
    uint32_t same = 0;
    uint32_t other = 0;
    if (ref.n == 0 || !json_is(json_get(w->root, S("type")), S("document"))) {
        return;
    }
    struct jv list = json_get(w->root, S("entry"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e)) {
        struct str url = json_str(rq->a, json_get(e, S("fullUrl")));
        struct jv is = json_path(e, S("resource.meta.versionId"));
        if (is_address_of(url, plain)) {
            bool this = str_eq(json_str(rq->a, is), version);
            same += this ? 1 : 0;
            other += this ? 0 : 1;
        }
    }
    if (at == ref.n && same + other > 1) {
        walk_fault(w, "multiple-matches", T("The document holds several versions: name one."), S(""),
                   S(""));
    } else if (at < ref.n && other > 0 && same == 0) {
        walk_fault(w, "not-found", T("The document does not hold this version."), S(""), S(""));
    }
}

/* Whether R4 has the parameter of an address for a type; true when it has none of that address. */
static bool is_derived(struct walk *w, struct str url, struct str base)
{
    bool known = false;
    const struct def_param *p;
    for (uint16_t row = 0; url.n > 0 && (p = def_param_row(w->d, row)) != NULL; row++) {
        bool this = str_eq(def_str(w->d, p->url), url);
        if (this && (p->fhir_type == T_NONE || p->fhir_type == fhir_type_find(base))) {
            return true;
        }
        known = known || this;
    }
    return !known;
}

/* A SearchParameter that ends: its expression begins with a type it is for; a composite has parts. */
static void search_parameter_check(struct walk *w, const struct frame *f)
{
    struct req *rq = w->rq;
    struct str expr = json_str(rq->a, json_get(f->v, S("expression")));
    struct jv bases = json_get(f->v, S("base"));
    size_t n = 0;
    while (n < expr.n && ((expr.p[n] | 0x20) >= 'a' && (expr.p[n] | 0x20) <= 'z')) {
        n++;
    }
    struct str first = str_sub(expr, 0, n);
    struct str from = json_str(rq->a, json_get(f->v, S("derivedFrom")));
    bool fits = fhir_type_find(first) == T_NONE;
    bool derived = true;
    for (struct jv b = json_first(bases); json_has(b); b = json_next(b)) {
        struct str base = json_str(rq->a, b);
        fits = fits || str_eq(base, first) || fhir_type_find(base) == T_NONE;
        derived = derived && is_derived(w, from, base);
    }
    if (!derived) {
        walk_fault(w, "business-rule", T("The parameter it is derived from is for other types."), S(""),
                   S(""));
    }
    if (!fits) {
        walk_fault(w, "value", T("The expression is for another type."), first, S("expression"));
    }
    if (json_is(json_get(f->v, S("type")), S("composite")) &&
        !json_has(json_get(f->v, S("component")))) {
        walk_fault(w, "business-rule", T("A composite parameter needs its parts."), S(""), S(""));
    }
}

/* An entry of a searchset has an id (R4 http.html#search). */
static void searchset_check(struct walk *w, const struct frame *f)
{
    uint32_t i = 0;
    struct jv list = json_get(f->v, S("entry"));
    for (struct jv e = json_first(list); json_has(e); e = json_next(e), i++) {
        struct jv resource = json_get(e, S("resource"));
        bool outcome = json_is(json_get(resource, S("resourceType")), S("OperationOutcome"));
        if (!json_has(resource) || outcome || json_has(json_get(resource, S("id")))) {
            continue;
        }
        struct buf b;
        buf_init(&b, w->rq->a, 4096);
        buf_str(&b, walk_path(w, S("")));
        BUF_LIT(&b, ".entry[");
        buf_u64(&b, i);
        BUF_LIT(&b, "].resource");
        fhir_issue_add(w->rq, ISSUE_ERROR, "required", T("A required element is missing."), S("id"),
                       buf_get(&b));
    }
}

void walk_strict(struct walk *w, const struct frame *f)
{
    if (f->type == w->coding) {
        coding_check(w, f);
    } else if (f->type == w->reference) {
        version_check(w, f);
    } else if (f->row->kind == DEF_RESOURCE) {
        links_check(w, f);
        if (f->row->fhir_type == T_SEARCH_PARAMETER) {
            search_parameter_check(w, f);
        } else if (f->type == w->bundle && json_is(json_get(f->v, S("type")), S("searchset"))) {
            searchset_check(w, f);
        }
    }
}
