/* codec/json_patch.c - JSON Patch. See json_patch.h. */
#include "codec/json_patch.h"

#include "codec/json_edit.h"

enum op { OP_ADD, OP_REMOVE, OP_REPLACE, OP_MOVE, OP_COPY, OP_TEST };

static const struct {
    struct str name;
    bool has_value;
    bool has_from;
} ops[] = {
    [OP_ADD] = {SI("add"),     true,  false},
      [OP_REMOVE] = {SI("remove"),  false, false},
    [OP_REPLACE] = {SI("replace"), true,  false},
      [OP_MOVE] = {SI("move"),    false, true },
    [OP_COPY] = {SI("copy"),    false, true },
      [OP_TEST] = {SI("test"),    true,  false},
};

struct patch {
    struct req *rq;
    struct json_edit edit;
    struct json_part *root;
    uint32_t n; /* the operation at hand, from 0; for messages */
};

/* Where a pointer leads. */
struct place {
    struct json_part *up;     /* the container; NULL: the whole document */
    struct json_part *before; /* in an array: what a value added there would stand before */
    struct json_part *part;   /* what is there; NULL when nothing is */
    struct str key;           /* in an object: the name */
};

static enum err refused(struct patch *p, const char *what)
{
    return FAIL(p->rq, E_UNPROCESSED, "operation %u: %s", p->n, what);
}

static enum err malformed(struct patch *p, const char *what)
{
    return FAIL(p->rq, E_BAD_INPUT, "operation %u: %s", p->n, what);
}

/* ~1 is /, ~0 is ~ (RFC 6901 section 4). */
static enum err unescape(struct patch *p, struct str token, struct str *ret_key)
{
    if (str_find_char(token, '~') == token.n) {
        *ret_key = token;
        return OK;
    }
    struct buf b;
    buf_init(&b, p->rq->a, token.n);
    for (size_t i = 0; i < token.n; i++) {
        char c = token.p[i];
        if (c == '~') {
            i++;
            if (i == token.n || (token.p[i] != '0' && token.p[i] != '1')) {
                return malformed(p, "a pointer with ~ that stands for nothing");
            }
            c = token.p[i] == '0' ? '~' : '/';
        }
        buf_char(&b, c);
    }
    *ret_key = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(p->rq, E_TOO_LARGE, "memory cap");
}

/* Digits without superfluous zeros. */
static bool index_of(struct str token, uint64_t *ret_i)
{
    return str_u64(token, ret_i) && (token.n == 1 || token.p[0] != '0');
}

static enum err element(struct patch *p, struct json_part *array, struct str token,
                        struct place *ret)
{
    uint64_t i;
    if (str_eq(token, S("-"))) {
        *ret = (struct place){.up = array};
        return OK;
    }
    if (!index_of(token, &i)) {
        return refused(p, "not a place in an array");
    }
    if (i > array->n) {
        return refused(p, "a place after the end of an array");
    }
    struct json_part *there;
    TRY(json_edit_at(&p->edit, array, i, &there));
    *ret = (struct place){.up = array, .before = there, .part = there};
    return OK;
}

/* Follows a pointer; its last step may lead to nothing yet. */
static enum err follow(struct patch *p, struct str pointer, struct place *ret)
{
    struct place here = {.part = p->root};
    if (pointer.n > 0 && pointer.p[0] != '/') {
        return malformed(p, "a pointer begins with /");
    }
    while (pointer.n > 0) {
        pointer = str_sub(pointer, 1, pointer.n);
        size_t end = str_find_char(pointer, '/');
        struct str token = str_sub(pointer, 0, end);
        pointer = str_sub(pointer, end, pointer.n);
        struct json_part *up = here.part;
        if (up == NULL) {
            return refused(p, "the place is not there");
        }
        struct str key;
        TRY(unescape(p, token, &key));
        if (up->kind == JSON_ARRAY) {
            TRY(element(p, up, key, &here));
        } else if (up->kind == JSON_OBJECT) {
            here = (struct place){.up = up, .key = key};
            TRY(json_edit_get(&p->edit, up, key, &here.part));
        } else {
            return refused(p, "the place is inside a value that holds none");
        }
    }
    *ret = here;
    return OK;
}

static enum err pointer_of(struct patch *p, struct jv op, struct str name, struct str *ret)
{
    *ret = json_str(p->rq->a, json_get(op, name));
    return ret->p != NULL ? OK : malformed(p, "path or from is missing");
}

static enum err add(struct patch *p, const struct place *at, struct json_part *fresh)
{
    if (at->up == NULL) {
        p->root = fresh;
    } else if (at->up->kind == JSON_ARRAY) {
        json_edit_put(at->up, at->before, fresh, S(""));
    } else if (at->part != NULL) {
        json_edit_replace(at->part, fresh);
    } else {
        json_edit_put(at->up, NULL, fresh, at->key);
    }
    return OK;
}

static enum err replace(struct patch *p, const struct place *at, struct json_part *fresh)
{
    if (at->part == NULL) {
        return refused(p, "nothing to replace");
    }
    if (at->up == NULL) {
        p->root = fresh;
    } else {
        json_edit_replace(at->part, fresh);
    }
    return OK;
}

static enum err remove_part(struct patch *p, const struct place *at)
{
    if (at->part == NULL) {
        return refused(p, "nothing to remove");
    }
    if (at->up == NULL) {
        return refused(p, "the whole document cannot be removed");
    }
    json_edit_take(at->part);
    return OK;
}

static enum err test(struct patch *p, const struct place *at, const struct json_part *value)
{
    bool same = false;
    if (at->part != NULL) {
        TRY(json_edit_same(&p->edit, at->part, value, &same));
    }
    return same ? OK : refused(p, "the test fails");
}

/* move and copy: what stands at from goes to path. */
static enum err carry(struct patch *p, struct jv op, struct str path, bool move)
{
    struct str pointer;
    struct place from;
    struct place to;
    struct json_part *part;
    TRY(pointer_of(p, op, S("from"), &pointer));
    TRY(follow(p, pointer, &from));
    if (from.part == NULL) {
        return refused(p, "nothing stands at from");
    }
    if (!move) {
        TRY(json_edit_copy(&p->edit, from.part, &part));
        TRY(follow(p, path, &to));
        return add(p, &to, part);
    }
    part = from.part;
    if (str_eq(pointer, path)) {
        return OK;
    }
    if (from.up == NULL || (str_starts(path, pointer) && path.p[pointer.n] == '/')) {
        return refused(p, "a value cannot be moved into itself");
    }
    json_edit_take(part);
    TRY(follow(p, path, &to));
    return add(p, &to, part);
}

static enum err one_op(struct patch *p, struct jv op)
{
    struct str path;
    struct place at;
    struct json_part *value = NULL;
    size_t kind = 0;
    while (kind < LEN(ops) && !json_is(json_get(op, S("op")), ops[kind].name)) {
        kind++;
    }
    if (kind == LEN(ops)) {
        return malformed(p, "op: none of add, remove, replace, move, copy, test");
    }
    TRY(pointer_of(p, op, S("path"), &path));
    if (ops[kind].has_from) {
        return carry(p, op, path, kind == OP_MOVE);
    }
    if (ops[kind].has_value) {
        struct jv v = json_get(op, S("value"));
        if (!json_has(v)) {
            return malformed(p, "value is missing");
        }
        TRY(json_edit_build(&p->edit, v, &value, NULL));
    }
    TRY(follow(p, path, &at));
    switch ((enum op)kind) {
    case OP_ADD: return add(p, &at, value);
    case OP_REMOVE: return remove_part(p, &at);
    case OP_REPLACE: return replace(p, &at, value);
    case OP_TEST: return test(p, &at, value);
    case OP_MOVE:
    case OP_COPY: break;
    }
    return OK;
}

enum err json_patch(struct req *rq, struct jv doc, struct jv patch, struct str *ret_json)
{
    struct patch p = {.rq = rq};
    json_edit_init(&p.edit, rq);
    if (json_kind(patch) != JSON_ARRAY) {
        return FAIL(rq, E_BAD_INPUT, "a patch is a list of operations");
    }
    TRY(json_edit_build(&p.edit, doc, &p.root, NULL));
    for (struct jv op = json_first(patch); json_has(op); op = json_next(op), p.n++) {
        if (p.n == JSON_PATCH_OPS) {
            return FAIL(rq, E_TOO_LARGE, "more than %d operations", JSON_PATCH_OPS);
        }
        TRY(one_op(&p, op));
    }
    struct buf b;
    buf_init(&b, rq->a, JSON_PATCH_OUT);
    json_edit_write(&b, p.root);
    if (!buf_ok(&b)) {
        return FAIL(rq, E_TOO_LARGE, "result: more than %d bytes", JSON_PATCH_OUT);
    }
    *ret_json = buf_get(&b);
    return OK;
}
