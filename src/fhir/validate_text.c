/* fhir/validate_text.c - narratives and attachments. See validate_int.h. */
#include "codec/xhtml.h"
#include "fhir/validate_int.h"

void walk_narrative(struct walk *w, const struct frame *f)
{
    struct str where;
    struct jv div = json_get(f->v, S("div"));
    if (json_kind(div) != JSON_STRING) {
        return;
    }
    switch (xhtml_check(json_str(w->rq->a, div), NULL, NULL, &where)) {
    case XHTML_OK: return;
    case XHTML_FORM:
        walk_fault(w, "structure", T("The narrative is not well-formed XHTML."), walk_shown(where),
                   S("div"));
        return;
    case XHTML_ROOT:
        walk_fault(w, "structure", T("The narrative must be one div element."), S(""), S("div"));
        return;
    case XHTML_ELEMENT:
        walk_fault(w, "invariant", T("The narrative holds an element that is not allowed."),
                   walk_shown(where), S("div"));
        return;
    case XHTML_ATTRIBUTE:
        walk_fault(w, "invariant", T("The narrative holds an attribute that is not allowed."),
                   walk_shown(where), S("div"));
        return;
    case XHTML_EMPTY:
        walk_fault(w, "invariant", T("The narrative must have content."), S("txt-2"), S("div"));
        return;
    }
}

void walk_attachment(struct walk *w, const struct frame *f)
{
    struct str data = json_str(w->rq->a, json_get(f->v, S("data")));
    int64_t size;
    size_t n = 0;
    size_t pad = 0;
    if (data.n == 0 || !json_i64(json_get(f->v, S("size")), &size)) {
        return;
    }
    for (size_t i = 0; i < data.n; i++) {
        bool blank = data.p[i] == ' ' || data.p[i] == '\n' || data.p[i] == '\r' || data.p[i] == '\t';
        n += blank ? 0 : 1;
        pad += data.p[i] == '=' ? 1 : 0;
    }
    if (size != (int64_t)(n / 4 * 3 - pad)) {
        walk_fault(w, "structure", T("The size is not that of the data."), S(""), S(""));
    }
}
