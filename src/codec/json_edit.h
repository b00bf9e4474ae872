/* codec/json_edit.h - a JSON value one may change: what patches work on.
 *
 * Built from a parsed document; untouched parts keep their bytes, members their order, numbers their
 * text. Nothing here recurses: values may be as deep as memory holds, and reading the result again
 * (json_parse) holds it to the limits of depth. */
#pragma once

#include "codec/json.h"

struct json_part {
    enum json_kind kind;
    struct str key;          /* decoded name when it is a member; p NULL when not */
    struct str raw;          /* source bytes of what is no container */
    struct json_part *up;    /* the container it stands in; NULL of a root */
    struct json_part *first; /* of a container: its values */
    struct json_part *last;
    struct json_part *prev;
    struct json_part *next;
    uint32_t n; /* values in a container */
};

struct json_edit {
    struct req *rq; /* its arena holds the parts */
    uint64_t fuel;  /* steps left for all that is done with it */
    uint32_t parts; /* made so far */
    uint32_t max_parts;
};

enum { JSON_EDIT_FUEL = 50 * 1000 * 1000, JSON_EDIT_PARTS = 1000 * 1000 };

void json_edit_init(struct json_edit *e, struct req *rq);
/* The value v as parts, without a key. When ret_map is not NULL it becomes an array by which the part
 * of the node v.at + i is map[i] (of a key's node: the part of its value).
 * errors E_TOO_LARGE  too many parts, memory */
MUST_USE enum err json_edit_build(struct json_edit *e, struct jv v, struct json_part **ret_root,
                                  struct json_part ***ret_map);
/* A container without values. JSON_OBJECT or JSON_ARRAY. */
MUST_USE enum err json_edit_new(struct json_edit *e, enum json_kind kind,
                                struct json_part **ret_part);
/* A literal: null, a number ...; raw is borrowed. */
MUST_USE enum err json_edit_literal(struct json_edit *e, enum json_kind kind, struct str raw,
                                    struct json_part **ret_part);
/* A deep copy, without a key and standing nowhere. */
MUST_USE enum err json_edit_copy(struct json_edit *e, const struct json_part *part,
                                 struct json_part **ret_part);
/* The member of that name, or the element at that place; NULL when there is none.
 * errors E_TOO_LARGE  fuel */
MUST_USE enum err json_edit_get(struct json_edit *e, const struct json_part *object, struct str key,
                                struct json_part **ret_part);
MUST_USE enum err json_edit_at(struct json_edit *e, const struct json_part *array, uint64_t i,
                               struct json_part **ret_part);
/* Puts a part that stands nowhere into a container, before one of its values or (NULL) at the end. In
 * an object key is its name, which must be free. */
void json_edit_put(struct json_part *container, struct json_part *before, struct json_part *part,
                   struct str key);
/* Takes a part out of its container; it stands nowhere then. */
void json_edit_take(struct json_part *part);
/* Puts fresh in the place, and under the name, of old. */
void json_edit_replace(struct json_part *old, struct json_part *fresh);
/* Equal as RFC 6902 section 4.6 has it: numbers by value, objects without regard to order.
 * errors E_TOO_LARGE  fuel */
MUST_USE enum err json_edit_same(struct json_edit *e, const struct json_part *a,
                                 const struct json_part *b, bool *ret_same);
void json_edit_write(struct buf *b, const struct json_part *root);
