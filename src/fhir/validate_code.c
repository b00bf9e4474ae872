/* fhir/validate_code.c - codes held to required value sets. See validate_int.h. */
#include "fhir/validate_int.h"

void walk_code(struct walk *w, const struct def_elem *e, struct jv v, struct str name)
{
    struct str code = json_str(w->rq->a, v);
    if (e->binding != 0 &&
        def_set_has(w->d, e->binding, (struct str){NULL, 0}, code) == DEF_OUT) {
        walk_fault(w, "code-invalid", T("The code is not one of those allowed here."),
                   def_str(w->d, def_set_row(w->d, e->binding)->url), name);
    }
}

static enum def_in coding_in(struct walk *w, uint16_t set, struct jv coding)
{
    struct jv code = json_get(coding, S("code"));
    struct str system = json_str(w->rq->a, json_get(coding, S("system")));
    if (!json_has(code)) {
        return DEF_OUT;
    }
    if (system.p == NULL) {
        system = S("");
    }
    return def_set_has(w->d, set, system, json_str(w->rq->a, code));
}

void walk_concept(struct walk *w, const struct frame *f)
{
    uint16_t set = f->elem->binding;
    enum def_in in = DEF_OUT;
    if (set == 0) {
        return;
    }
    if (f->type == w->concept) {
        struct jv list = json_get(f->v, S("coding"));
        for (struct jv c = json_first(list); json_has(c) && in == DEF_OUT; c = json_next(c)) {
            in = coding_in(w, set, c);
        }
    } else if (f->type == w->coding || f->type == w->quantity) {
        in = coding_in(w, set, f->v);
    } else {
        return;
    }
    if (in == DEF_OUT) {
        walk_fault(w, "code-invalid", T("The code is not one of those allowed here."),
                   def_str(w->d, def_set_row(w->d, set)->url), S(""));
    }
}
