/* fhir/patch.c - FHIRPath Patch: reading the operations, finding what they are about. See patch.h.
 *
 * Between operations the resource is written and read again, so that each path sees what those before
 * it did. Two buffers take turns; all else an operation needs is given back after it. */
#include "fhir/patch.h"

#include "fhir/patch_int.h"
#include "fhir/path.h"

enum { OUT_MAX = 32 << 20, SLACK = 64 << 10 };

enum kind { PATCH_ADD, PATCH_INSERT, PATCH_DELETE, PATCH_REPLACE, PATCH_MOVE, PATCH_KINDS };

static const struct {
    struct str code;
    bool name;  /* needs a name */
    bool value; /* needs a value */
    bool list;  /* works on a list */
} kinds[] = {
    [PATCH_ADD] = {SI("add"),     true,  true,  false},
    [PATCH_INSERT] = {SI("insert"),  false, true,  true },
    [PATCH_DELETE] = {SI("delete"),  false, false, false},
    [PATCH_REPLACE] = {SI("replace"), false, true,  false},
    [PATCH_MOVE] = {SI("move"),    false, false, true },
};

struct op {
    enum kind kind;
    struct str path;
    struct str name;
    struct jv value; /* the part named value */
    int64_t index;   /* -1: not given */
    int64_t source;
    int64_t destination;
};

enum err patch_refuse(struct patch_run *p, const char *what)
{
    return FAIL(p->rq, E_UNPROCESSED, "operation %u: %s", p->n, what);
}

enum err patch_malformed(struct patch_run *p, const char *what)
{
    return FAIL(p->rq, E_BAD_INPUT, "operation %u: %s", p->n, what);
}

/* ---- reading an operation ---- */

static enum err number_part(struct patch_run *p, struct jv part, int64_t *ret_v)
{
    struct jv v = json_get(part, S("valueInteger"));
    if (!json_i64(v, ret_v) || *ret_v < 0) {
        return patch_malformed(p, "index, source and destination are whole numbers from 0");
    }
    return OK;
}

static struct str text_part(struct patch_run *p, struct jv part)
{
    struct str s = json_str(p->rq->a, json_get(part, S("valueString")));
    return s.p != NULL ? s : json_str(p->rq->a, json_get(part, S("valueCode")));
}

static enum err op_part(struct patch_run *p, struct jv part, struct op *op, struct str *type)
{
    struct jv name = json_get(part, S("name"));
    if (json_is(name, S("type"))) {
        *type = text_part(p, part);
    } else if (json_is(name, S("path"))) {
        op->path = text_part(p, part);
    } else if (json_is(name, S("name"))) {
        op->name = text_part(p, part);
    } else if (json_is(name, S("value"))) {
        op->value = part;
    } else if (json_is(name, S("index"))) {
        return number_part(p, part, &op->index);
    } else if (json_is(name, S("source"))) {
        return number_part(p, part, &op->source);
    } else if (json_is(name, S("destination"))) {
        return number_part(p, part, &op->destination);
    } else {
        return patch_malformed(p, "a part of another name");
    }
    return OK;
}

static enum err op_read(struct patch_run *p, struct jv param, struct op *ret)
{
    struct op op = {.kind = PATCH_KINDS, .index = -1, .source = -1, .destination = -1};
    struct str type = {NULL, 0};
    if (!json_is(json_get(param, S("name")), S("operation"))) {
        return patch_malformed(p, "a parameter that is no operation");
    }
    for (struct jv v = json_first(json_get(param, S("part"))); json_has(v); v = json_next(v)) {
        TRY(op_part(p, v, &op, &type));
    }
    for (size_t i = 0; i < PATCH_KINDS; i++) {
        op.kind = str_eq(kinds[i].code, type) ? (enum kind)i : op.kind;
    }
    if (op.kind == PATCH_KINDS) {
        return patch_malformed(p, "type: none of add, insert, delete, replace, move");
    }
    if (op.path.p == NULL || (kinds[op.kind].name && op.name.n == 0)
        || (kinds[op.kind].value && !json_has(op.value))
        || (op.kind == PATCH_INSERT && op.index < 0)
        || (op.kind == PATCH_MOVE && (op.source < 0 || op.destination < 0))) {
        return patch_malformed(p, "path, name, value, index, source or destination is missing");
    }
    *ret = op;
    return OK;
}

/* ---- finding the place ---- */

struct found {
    struct json_part **v;
    size_t n;
};

static enum err evaluate(struct patch_run *p, struct jv root, struct json_part **map,
                         struct str expr, struct found *ret)
{
    struct path_prog *prog;
    struct path_list list;
    struct path_item item = path_item_of(p->d, root, 0);
    struct path_env env = path_env_of(item);
    env.fuel = FHIR_PATCH_FUEL;
    TRY(path_compile(p->rq, p->d, expr, item.type, 0, &prog));
    TRY(path_eval(p->rq, prog, &env, &list));
    struct json_part **v = ARENA_ARRAY(p->rq->a, list.n + 1, struct json_part *);
    TRY_MEM(p->rq, v);
    for (size_t i = 0; i < list.n; i++) {
        const struct path_item *x = &list.v[i];
        if (x->kind != PATH_NODE || x->node.doc != root.doc) {
            return patch_refuse(p, "path: leads to no element of the resource");
        }
        v[i] = map[x->node.at - root.at];
    }
    *ret = (struct found){v, list.n};
    return OK;
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The path in two: what holds the element, and its name. False when it does not end in a name. */
static bool split(struct str path, struct str *ret_head, struct str *ret_name)
{
    size_t at = path.n;
    while (at > 0 && is_name_char(path.p[at - 1])) {
        at--;
    }
    if (at < 2 || at == path.n || path.p[at - 1] != '.') {
        return false;
    }
    *ret_head = str_sub(path, 0, at - 1);
    *ret_name = str_sub(path, at, path.n);
    return true;
}

/* The list all of these are the elements of; NULL when they are not. */
static struct json_part *list_of(const struct found *f)
{
    struct json_part *list = f->n == 0 ? NULL : f->v[0]->up;
    if (list == NULL || list->kind != JSON_ARRAY || list->n != f->n) {
        return NULL;
    }
    for (size_t i = 1; i < f->n; i++) {
        if (f->v[i]->up != list) {
            return NULL;
        }
    }
    return list;
}

/* insert into a list that is not there yet. */
static enum err insert_first(struct patch_run *p, struct jv root, struct json_part **map,
                             const struct op *op)
{
    struct str head;
    struct str name;
    struct found f;
    struct patch_value v;
    if (op->index != 0 || !split(op->path, &head, &name)) {
        return patch_refuse(p, "path: finds no list");
    }
    TRY(evaluate(p, root, map, head, &f));
    if (f.n != 1 || f.v[0]->kind != JSON_OBJECT) {
        return patch_refuse(p, "path: finds no list");
    }
    uint16_t type = patch_type(p, f.v[0]);
    const struct def_elem *e = patch_elem(p, type, name);
    if (e == NULL || (e->flags & DEF_ARRAY) == 0) {
        return patch_refuse(p, "path: the element does not repeat");
    }
    TRY(patch_value(p, op->value, def_elem_type(p->d, e, 0), &v));
    return patch_add(p, f.v[0], type, name, &v);
}

static enum err list_op(struct patch_run *p, struct jv root, struct json_part **map,
                        const struct op *op, const struct found *f)
{
    struct patch_value v;
    struct json_part *list = list_of(f);
    if (f->n == 0 && op->kind == PATCH_INSERT) {
        return insert_first(p, root, map, op);
    }
    if (list == NULL) {
        return patch_refuse(p, "path: does not lead to a whole list");
    }
    if (op->kind == PATCH_MOVE) {
        return patch_move(p, list, (uint64_t)op->source, (uint64_t)op->destination);
    }
    TRY(patch_value(p, op->value, patch_type(p, f->v[0]), &v));
    return patch_insert(p, list, (uint64_t)op->index, &v);
}

static enum err element_op(struct patch_run *p, const struct op *op, struct json_part *part)
{
    struct patch_value v;
    uint16_t type;
    const struct def_elem *e;
    switch (op->kind) {
    case PATCH_ADD:
        if (part->kind != JSON_OBJECT) {
            TRY(patch_beside(p, part, &part));
        }
        type = patch_type(p, part);
        e = patch_elem(p, type, op->name);
        if (e == NULL) {
            return patch_refuse(p, "name: there is no such element");
        }
        TRY(patch_value(p, op->value, def_elem_type(p->d, e, 0), &v));
        return patch_add(p, part, type, op->name, &v);
    case PATCH_REPLACE:
        TRY(patch_value(p, op->value, patch_type(p, part), &v));
        return patch_replace(p, part, &v);
    case PATCH_DELETE: return patch_delete(p, part);
    case PATCH_INSERT:
    case PATCH_MOVE:
    case PATCH_KINDS: break;
    }
    return OK;
}

static enum err one_op(struct patch_run *p, struct jv root, struct json_part **map, struct jv param)
{
    struct op op = {.kind = PATCH_KINDS};
    struct found f = {NULL, 0};
    TRY(op_read(p, param, &op));
    TRY(evaluate(p, root, map, op.path, &f));
    if (kinds[op.kind].list) {
        return list_op(p, root, map, &op, &f);
    }
    if (f.n == 0 && op.kind == PATCH_DELETE) {
        return OK;
    }
    if (f.n != 1) {
        return patch_refuse(p, f.n == 0 ? "path: finds nothing" : "path: finds more than one");
    }
    return element_op(p, &op, f.v[0]);
}

/* Carries out one operation on the text from, into to. */
static enum err step(struct patch_run *p, struct str from, struct jv param, struct buf *to)
{
    struct json_doc doc;
    struct json_part **map;
    TRY(json_parse(p->rq, from, NULL, &doc));
    json_edit_init(&p->edit, p->rq);
    TRY(json_edit_build(&p->edit, json_root(&doc), &p->root, &map));
    TRY(one_op(p, json_root(&doc), map, param));
    buf_truncate(to, 0);
    json_edit_write(to, p->root);
    return buf_ok(to) ? OK : FAIL(p->rq, E_TOO_LARGE, "operation %u: the result", p->n);
}

enum err fhir_patch(struct req *rq, struct jv resource, struct jv params, struct str *ret_json)
{
    struct patch_run p = {.rq = rq, .d = fhir_defs()};
    struct buf turn[2];
    size_t size = 2 * (json_raw(resource).n + json_raw(params).n) + SLACK;
    uint64_t work = 0;
    if (!json_is(json_get(params, S("resourceType")), S("Parameters"))) {
        return FAIL(rq, E_BAD_INPUT, "a patch is a Parameters resource");
    }
    if (json_kind(resource) != JSON_OBJECT || size > OUT_MAX) {
        return FAIL(rq, E_TOO_LARGE, "more than a patch can work on");
    }
    for (size_t i = 0; i < 2; i++) {
        buf_init(&turn[i], rq->a, size);
        TRY_MEM(rq, buf_room(&turn[i], size));
    }
    json_minify(&turn[0], resource);
    unsigned at = 0;
    struct jv list = json_get(params, S("parameter"));
    for (struct jv v = json_first(list); json_has(v); v = json_next(v), p.n++) {
        work += turn[at].n;
        if (p.n == FHIR_PATCH_OPS || work > FHIR_PATCH_WORK) {
            return FAIL(rq, E_TOO_LARGE, "more operations than one patch may have");
        }
        struct arena_mark mark = arena_mark(rq->a);
        TRY(step(&p, buf_get(&turn[at]), v, &turn[1 - at]));
        arena_back(rq->a, mark);
        at = 1 - at;
    }
    *ret_json = buf_get(&turn[at]);
    return OK;
}
