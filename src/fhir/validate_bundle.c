/* fhir/validate_bundle.c - what a Bundle asks of its entries (R4 bundle.html). See validate_int.h. */
#include "fhir/validate_int.h"

static bool is_absolute(struct str url)
{
    return str_starts(url, S("http://")) || str_starts(url, S("https://")) ||
           str_starts(url, S("urn:"));
}

/* What fullUrl says of the id, when it has the form of a server's address. */
static bool id_fits(struct str url, struct str type, struct str id)
{
    struct str rest = url;
    struct str before = {NULL, 0};
    struct str last = {NULL, 0};
    struct str part;
    while (str_cut(&rest, '/', &part)) {
        before = last;
        last = part;
    }
    return !str_eq(before, type) || id.n == 0 || str_eq(last, id);
}

static void entry_check(struct walk *w, struct jv entry, struct str type, uint32_t index)
{
    struct req *rq = w->rq;
    struct jv resource = json_get(entry, S("resource"));
    struct str url = json_str(rq->a, json_get(entry, S("fullUrl")));
    struct str id = json_str(rq->a, json_get(resource, S("id")));
    struct str kind = json_str(rq->a, json_get(resource, S("resourceType")));
    struct buf where;
    buf_init(&where, rq->a, 64);
    BUF_LIT(&where, "entry ");
    buf_u64(&where, index);
    if (url.n > 0 && !is_absolute(url)) {
        walk_fault(w, "value", T("A full address must be absolute."), buf_get(&where), S("entry"));
    } else if (url.n > 0 && str_starts(url, S("http")) && !id_fits(url, kind, id)) {
        walk_fault(w, "value", T("The full address and the id of an entry differ."),
                   buf_get(&where), S("entry"));
    }
    bool request = str_eq(type, S("transaction")) || str_eq(type, S("batch"));
    if (request && !json_has(json_get(entry, S("request")))) {
        walk_fault(w, "required", T("An entry of this kind of Bundle needs a request."),
                   buf_get(&where), S("entry"));
    }
}

void walk_bundle(struct walk *w, const struct frame *f)
{
    struct str type = json_str(w->rq->a, json_get(f->v, S("type")));
    struct jv entries = json_get(f->v, S("entry"));
    uint32_t i = 0;
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        entry_check(w, e, type, i++);
    }
}
