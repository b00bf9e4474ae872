/* fhir/patch_value.c - values in a FHIRPath Patch. See patch_int.h. */
#include "fhir/patch_int.h"

/* An element being put together from the parts of a parameter. */
struct build {
    struct build *next;
    struct jv parts;
    struct json_part *object;
    uint16_t type;
};

/* What a parameter holds besides its name. */
struct held {
    struct jv value; /* value[x] or resource */
    struct jv twin;  /* _value[x] */
    struct jv parts;
    struct str suffix;
};

static enum err held_of(struct patch_run *p, struct jv part, struct held *ret)
{
    struct held x = {0};
    unsigned n = 0;
    struct str twin_suffix = {NULL, 0};
    for (struct jv v = json_first(part); json_has(v); v = json_next(v)) {
        struct str key = json_key(p->rq, v);
        TRY_MEM(p->rq, key.p);
        bool is_twin = str_starts(key, S("_value"));
        if (is_twin || str_starts(key, S("value"))) {
            struct str suffix = str_sub(key, is_twin ? 6 : 5, key.n);
            *(is_twin ? &twin_suffix : &x.suffix) = suffix;
            *(is_twin ? &x.twin : &x.value) = v;
            n += !is_twin;
        } else if (str_eq(key, S("resource"))) {
            x.value = v;
            n++;
        } else if (str_eq(key, S("part"))) {
            x.parts = v;
            n++;
        }
    }
    if (json_has(x.twin) && x.suffix.n == 0) {
        x.suffix = twin_suffix;
        n++;
    }
    if (n != 1 || (json_has(x.twin) && !str_eq(x.suffix, twin_suffix))) {
        return patch_malformed(p, "one value is needed");
    }
    *ret = x;
    return OK;
}

static enum err simple(struct patch_run *p, const struct held *x, struct patch_value *ret_v)
{
    struct patch_value v = {.suffix = x->suffix};
    if (json_has(x->value)) {
        TRY(json_edit_build(&p->edit, x->value, &v.part, NULL));
    }
    if (json_has(x->twin)) {
        TRY(json_edit_build(&p->edit, x->twin, &v.twin, NULL));
    }
    *ret_v = v;
    return OK;
}

static enum err nested(struct patch_run *p, const struct held *x, uint16_t type,
                       struct build **list, struct patch_value *ret_v)
{
    struct patch_value v = {0};
    struct build *b = ARENA_NEW(p->rq->a, struct build);
    TRY_MEM(p->rq, b);
    TRY(json_edit_new(&p->edit, JSON_OBJECT, &v.part));
    *b = (struct build){*list, x->parts, v.part, type};
    *list = b;
    *ret_v = v;
    return OK;
}

/* One part inside an element: its name is the element's. */
static enum err inner(struct patch_run *p, struct jv part, const struct build *at,
                      struct build **list)
{
    struct str name = json_str(p->rq->a, json_get(part, S("name")));
    const struct def_elem *e = name.p == NULL ? NULL : patch_elem(p, at->type, name);
    struct held x;
    struct patch_value v;
    if (e == NULL) {
        return patch_refuse(p, "a part of the value names no element");
    }
    TRY(held_of(p, part, &x));
    if (json_has(x.parts)) {
        TRY(nested(p, &x, def_elem_type(p->d, e, 0), list, &v));
    } else {
        TRY(simple(p, &x, &v));
    }
    return patch_add(p, at->object, at->type, name, &v);
}

enum err patch_value(struct patch_run *p, struct jv part, uint16_t type, struct patch_value *ret_v)
{
    struct held x;
    struct build *list = NULL;
    TRY(held_of(p, part, &x));
    if (!json_has(x.parts)) {
        return simple(p, &x, ret_v);
    }
    if (type == 0) {
        return patch_refuse(p, "a value of parts needs an element that is known");
    }
    TRY(nested(p, &x, type, &list, ret_v));
    while (list != NULL) {
        struct build at = *list;
        list = list->next;
        for (struct jv v = json_first(at.parts); json_has(v); v = json_next(v)) {
            TRY(inner(p, v, &at, &list));
        }
        if (at.object->n == 0) {
            return patch_malformed(p, "a value without parts");
        }
    }
    return OK;
}
