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

/* An extensible or preferred value set that has none of the codes: worth a word, no more. */
static void advise(struct walk *w, uint16_t set)
{
    fhir_issue_add(w->rq, ISSUE_WARNING, "code-invalid",
                   T("The code is not one of those recommended here."),
                   def_str(w->d, def_set_row(w->d, set)->url), walk_path(w, S("")));
}

void walk_concept(struct walk *w, const struct frame *f)
{
    uint16_t set = f->elem->binding;
    enum def_in in = DEF_OUT;
    bool required = f->elem->strength == DEF_REQUIRED;
    bool advised = (w->check->flags & FHIR_WARNINGS) != 0 &&
                   (f->elem->strength == DEF_EXTENSIBLE || f->elem->strength == DEF_PREFERRED);
    if (set == 0 || !(required || advised)) {
        return;
    }
    if (f->type == w->concept) {
        struct jv list = json_get(f->v, S("coding"));
        if (!required && !json_has(list)) {
            return;
        }
        for (struct jv c = json_first(list); json_has(c) && in == DEF_OUT; c = json_next(c)) {
            in = coding_in(w, set, c);
        }
    } else if (f->type == w->coding || f->type == w->quantity) {
        in = coding_in(w, set, f->v);
    } else {
        return;
    }
    if (in == DEF_OUT && !required) {
        advise(w, set);
    } else if (in == DEF_OUT) {
        walk_fault(w, "code-invalid", T("The code is not one of those allowed here."),
                   def_str(w->d, def_set_row(w->d, set)->url), S(""));
    }
}
