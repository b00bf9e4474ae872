/* fhir/validate_text.c - narratives. See validate_int.h. */
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
