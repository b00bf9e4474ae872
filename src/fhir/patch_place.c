/* fhir/patch_place.c - FHIRPath Patch: finding and changing places in a resource. See patch_int.h.
 *
 * A primitive lives in two members, its value and, under the same name with _, its id and extensions;
 * in lists the two arrays run in step, with null where one has nothing (R4 json.html#primitive). Every
 * change here keeps both in step. */
#include "base/err.h"
#include "fhir/patch_int.h"

enum { NAME_MAX = 100, LEVELS_MAX = JSON_MAX_DEPTH };

/* ---- types ---- */

/* What an object says of itself. */
static uint16_t own_type(struct patch_run *p, const struct json_part *object)
{
    struct json_part *said;
    struct json_edit *e = &p->edit;
    if (json_edit_get(e, object, S("resourceType"), &said) != OK || said == NULL
        || said->raw.n < 2) {
        return 0;
    }
    uint16_t id = def_find(p->d, str_sub(said->raw, 1, said->raw.n - 2));
    const struct def_type *row = id == 0 ? NULL : def_type_row(p->d, id);
    return row != NULL && row->kind == DEF_RESOURCE ? id : 0;
}

uint16_t patch_type(struct patch_run *p, const struct json_part *object)
{
    const struct json_part *way[LEVELS_MAX]; /* from the object up to what says its own type */
    size_t n = 0;
    uint16_t type = 0;
    for (; object != NULL && n < LEVELS_MAX; object = object->up) {
        type = object->kind == JSON_OBJECT ? own_type(p, object) : 0;
        if (type != 0) {
            break;
        }
        way[n++] = object;
    }
    while (n > 0 && type != 0) {
        const struct json_part *part = way[--n];
        if (part->key.p == NULL) {
            continue; /* an element of the list before */
        }
        struct str name = part->key;
        if (name.n > 1 && name.p[0] == '_') {
            name = str_sub(name, 1, name.n);
        }
        uint16_t next = 0;
        type = def_child(p->d, type, name, &next) == NULL ? 0 : next;
    }
    return type;
}

const struct def_elem *patch_elem(struct patch_run *p, uint16_t type, struct str name)
{
    uint16_t ignored;
    if (type == 0) {
        return NULL;
    }
    const struct def_elem *e = def_stem(p->d, type, name);
    return e != NULL ? e : def_child(p->d, type, name, &ignored);
}

enum err patch_json_name(struct patch_run *p, uint16_t type, const struct def_elem *e,
                         struct str suffix, struct str *ret_name)
{
    struct str stem = def_str(p->d, e->name);
    if ((e->flags & DEF_CHOICE) == 0) {
        *ret_name = stem;
        return OK;
    }
    struct buf b;
    uint16_t found;
    buf_init(&b, p->rq->a, NAME_MAX);
    buf_str(&b, stem);
    buf_str(&b, suffix);
    if (!buf_ok(&b) || suffix.n == 0 || def_child(p->d, type, buf_get(&b), &found) != e) {
        return patch_refuse(p, "the choice has no such type");
    }
    *ret_name = buf_get(&b);
    return OK;
}

/* ---- members and their twins ---- */

static enum err twin_name(struct patch_run *p, struct str name, struct str *ret)
{
    struct buf b;
    buf_init(&b, p->rq->a, NAME_MAX);
    buf_char(&b, '_');
    buf_str(&b, name);
    *ret = buf_get(&b);
    return buf_ok(&b) ? OK : patch_refuse(p, "a name too long");
}

/* The member beside a member: _name of name, name of _name. */
static enum err twin_of(struct patch_run *p, const struct json_part *member,
                        struct json_part **ret_twin)
{
    struct str name;
    *ret_twin = NULL;
    if (member->up == NULL || member->key.p == NULL) {
        return OK;
    }
    if (member->key.n > 1 && member->key.p[0] == '_') {
        name = str_sub(member->key, 1, member->key.n);
    } else {
        TRY(twin_name(p, member->key, &name));
    }
    return json_edit_get(&p->edit, member->up, name, ret_twin);
}

static enum err null_part(struct patch_run *p, struct json_part **ret_part)
{
    return json_edit_literal(&p->edit, JSON_NULL, S("null"), ret_part);
}

/* Makes the list beside a list, of as many nulls. */
static enum err twin_list(struct patch_run *p, struct json_part *list, struct json_part **ret_twin)
{
    struct str name;
    struct json_part *twin;
    struct json_part *null;
    TRY(twin_name(p, list->key, &name));
    TRY(json_edit_new(&p->edit, JSON_ARRAY, &twin));
    for (uint32_t i = 0; i < list->n; i++) {
        TRY(null_part(p, &null));
        json_edit_put(twin, NULL, null, S(""));
    }
    json_edit_put(list->up, list->next, twin, name);
    *ret_twin = twin;
    return OK;
}

enum err patch_insert(struct patch_run *p, struct json_part *list, uint64_t i,
                      const struct patch_value *v)
{
    struct json_part *before;
    struct json_part *twin;
    struct json_part *part = v->part;
    struct json_part *beside = v->twin;
    if (i > list->n) {
        return patch_refuse(p, "a place after the end of the list");
    }
    TRY(twin_of(p, list, &twin));
    if (twin == NULL && beside != NULL) {
        TRY(twin_list(p, list, &twin));
    }
    if (part == NULL) {
        TRY(null_part(p, &part));
    }
    TRY(json_edit_at(&p->edit, list, i, &before));
    json_edit_put(list, before, part, S(""));
    if (twin == NULL) {
        return OK;
    }
    if (beside == NULL) {
        TRY(null_part(p, &beside));
    }
    TRY(json_edit_at(&p->edit, twin, i, &before));
    json_edit_put(twin, before, beside, S(""));
    return OK;
}

static enum err add_to_list(struct patch_run *p, struct json_part *object, struct str name,
                            const struct patch_value *v)
{
    struct json_part *list;
    TRY(json_edit_get(&p->edit, object, name, &list));
    if (list == NULL) {
        TRY(json_edit_new(&p->edit, JSON_ARRAY, &list));
        json_edit_put(object, NULL, list, name);
    }
    if (list->kind != JSON_ARRAY) {
        return patch_refuse(p, "the element is no list");
    }
    return patch_insert(p, list, list->n, v);
}

/* Whether an element that stands once, in any of its types, is there. */
static enum err is_there(struct patch_run *p, const struct json_part *object, uint16_t type,
                         const struct def_elem *e, bool *ret_there)
{
    *ret_there = false;
    for (const struct json_part *m = object->first; m != NULL; m = m->next) {
        uint16_t found;
        struct str name = m->key;
        if (name.n > 1 && name.p[0] == '_') {
            name = str_sub(name, 1, name.n);
        }
        *ret_there |= def_child(p->d, type, name, &found) == e;
    }
    return OK;
}

static enum err put_member(struct patch_run *p, struct json_part *object, struct json_part *before,
                           struct str name, const struct patch_value *v)
{
    if (v->part != NULL) {
        json_edit_put(object, before, v->part, name);
    }
    if (v->twin != NULL) {
        struct str beside;
        TRY(twin_name(p, name, &beside));
        json_edit_put(object, before, v->twin, beside);
    }
    return OK;
}

enum err patch_add(struct patch_run *p, struct json_part *object, uint16_t type, struct str name,
                   const struct patch_value *v)
{
    const struct def_elem *e = patch_elem(p, type, name);
    struct str json_name;
    bool there;
    if (e == NULL) {
        return patch_refuse(p, "there is no such element");
    }
    TRY(patch_json_name(p, type, e, v->suffix, &json_name));
    if ((e->flags & DEF_ARRAY) != 0) {
        return add_to_list(p, object, json_name, v);
    }
    TRY(is_there(p, object, type, e, &there));
    return there ? patch_refuse(p, "the element is there already")
                 : put_member(p, object, NULL, json_name, v);
}

static uint64_t place_of(const struct json_part *part)
{
    uint64_t i = 0;
    for (const struct json_part *x = part->prev; x != NULL; x = x->prev) {
        i++;
    }
    return i;
}

enum err patch_beside(struct patch_run *p, struct json_part *part, struct json_part **ret_object)
{
    struct json_part *twin;
    struct json_part *object;
    struct json_part *list = part->up;
    if (list == NULL) {
        return patch_refuse(p, "path: nothing can be added there");
    }
    if (list->kind != JSON_ARRAY) {
        TRY(twin_of(p, part, &twin));
        if (twin == NULL) {
            struct str name;
            TRY(twin_name(p, part->key, &name));
            TRY(json_edit_new(&p->edit, JSON_OBJECT, &twin));
            json_edit_put(list, part->next, twin, name);
        }
        *ret_object = twin;
        return OK;
    }
    TRY(twin_of(p, list, &twin));
    if (twin == NULL) {
        TRY(twin_list(p, list, &twin));
    }
    TRY(json_edit_at(&p->edit, twin, place_of(part), &object));
    if (object == NULL) {
        return patch_refuse(p, "path: the lists of values and of extensions differ in length");
    }
    if (object->kind != JSON_OBJECT) {
        struct json_part *fresh;
        TRY(json_edit_new(&p->edit, JSON_OBJECT, &fresh));
        json_edit_replace(object, fresh);
        object = fresh;
    }
    *ret_object = object;
    return OK;
}

/* ---- changing what is there ---- */

static bool all_null(const struct json_part *list)
{
    const struct json_part *x = list->first;
    while (x != NULL && x->kind == JSON_NULL) {
        x = x->next;
    }
    return x == NULL;
}

static bool is_twin_list(const struct json_part *list)
{
    return list->kind == JSON_ARRAY && list->key.n > 1 && list->key.p[0] == '_';
}

/* Takes what became empty out, upwards: FHIR has no empty lists and objects. In a list with _ null
 * takes its place. */
static enum err prune(struct patch_run *p, struct json_part *part)
{
    while (part != NULL && part->up != NULL && part->n == 0) {
        struct json_part *up = part->up;
        if (is_twin_list(up)) {
            struct json_part *null;
            TRY(null_part(p, &null));
            json_edit_replace(part, null);
            if (!all_null(up)) {
                return OK;
            }
            part = up;
            up = part->up;
        }
        json_edit_take(part);
        part = up;
    }
    return OK;
}

static enum err delete_from_list(struct patch_run *p, struct json_part *part)
{
    struct json_part *list = part->up;
    struct json_part *twin;
    struct json_part *beside = NULL;
    uint64_t i = place_of(part);
    TRY(twin_of(p, list, &twin));
    json_edit_take(part);
    if (twin != NULL && twin->kind == JSON_ARRAY) {
        TRY(json_edit_at(&p->edit, twin, i, &beside));
    }
    if (beside != NULL) {
        json_edit_take(beside);
    }
    struct json_part *object = list->up;
    bool bare = twin == NULL || all_null(twin);
    if (twin != NULL && bare) {
        json_edit_take(twin);
    }
    if (bare && all_null(list)) {
        json_edit_take(list);
    }
    return prune(p, object);
}

enum err patch_delete(struct patch_run *p, struct json_part *part)
{
    struct json_part *twin;
    struct json_part *up = part->up;
    if (up == NULL) {
        return patch_refuse(p, "the resource itself cannot be deleted by a patch");
    }
    if (up->kind == JSON_ARRAY) {
        return delete_from_list(p, part);
    }
    TRY(twin_of(p, part, &twin));
    json_edit_take(part);
    if (twin != NULL) {
        json_edit_take(twin);
    }
    return prune(p, up);
}

static enum err replace_in_list(struct patch_run *p, struct json_part *part,
                                const struct patch_value *v)
{
    struct json_part *list = part->up;
    struct json_part *twin;
    struct json_part *beside = NULL;
    uint64_t i = place_of(part);
    TRY(twin_of(p, list, &twin));
    if (twin != NULL && twin->kind == JSON_ARRAY) {
        TRY(json_edit_at(&p->edit, twin, i, &beside));
    }
    /* where path led to a primitive without value, part is the one in the list with _ */
    if (list->key.p != NULL && list->key.n > 1 && list->key.p[0] == '_') {
        struct json_part *swap = part;
        part = beside;
        beside = swap;
        list = twin;
        if (list == NULL || part == NULL) {
            return patch_refuse(p, "the list has no values");
        }
    }
    TRY(patch_insert(p, list, i, v));
    json_edit_take(part);
    if (beside != NULL) {
        json_edit_take(beside);
        return OK;
    }
    /* patch_insert made a list beside, one longer than this one is now */
    TRY(twin_of(p, list, &twin));
    if (twin != NULL && twin->n > list->n) {
        TRY(json_edit_at(&p->edit, twin, i + 1, &beside));
        json_edit_take(beside);
    }
    return OK;
}

enum err patch_replace(struct patch_run *p, struct json_part *part, const struct patch_value *v)
{
    struct json_part *twin;
    struct json_part *up = part->up;
    struct str name = part->key;
    uint16_t ignored;
    if (up == NULL) {
        return patch_refuse(p, "the resource itself cannot be replaced by a patch");
    }
    if (up->kind == JSON_ARRAY) {
        return replace_in_list(p, part, v);
    }
    if (name.n > 1 && name.p[0] == '_') {
        name = str_sub(name, 1, name.n);
    }
    uint16_t type = patch_type(p, up);
    const struct def_elem *e = type == 0 ? NULL : def_child(p->d, type, name, &ignored);
    if (e != NULL) {
        TRY(patch_json_name(p, type, e, v->suffix, &name));
    }
    TRY(twin_of(p, part, &twin));
    struct json_part *before = part->next == twin && twin != NULL ? twin->next : part->next;
    json_edit_take(part);
    if (twin != NULL) {
        json_edit_take(twin);
    }
    return put_member(p, up, before, name, v);
}

static enum err move_in(struct patch_run *p, struct json_part *list, uint64_t from, uint64_t to)
{
    struct json_part *part;
    struct json_part *before;
    TRY(json_edit_at(&p->edit, list, from, &part));
    if (part == NULL || to >= list->n) {
        return patch_refuse(p, "source or destination is outside the list");
    }
    json_edit_take(part);
    TRY(json_edit_at(&p->edit, list, to, &before));
    json_edit_put(list, before, part, S(""));
    return OK;
}

enum err patch_move(struct patch_run *p, struct json_part *list, uint64_t from, uint64_t to)
{
    struct json_part *twin;
    TRY(twin_of(p, list, &twin));
    TRY(move_in(p, list, from, to));
    return twin == NULL ? OK : move_in(p, twin, from, to);
}
