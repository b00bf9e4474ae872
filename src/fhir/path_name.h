/* fhir/path_name.h - how names are looked for among the members of an object: by the mark of the tape
 * first, then by the bytes, eight at a time; private to the room. Most of what a path costs is here. */
#pragma once

#include <string.h>

#include "codec/json.h"

/* A name made ready to be looked for. */
struct path_name {
    struct str s;
    uint64_t head; /* its first eight bytes; a shorter name ends in zeros */
    uint64_t tail; /* its last eight bytes; of a shorter name ones where head has its bytes */
    uint16_t mark; /* json_mark() */
};

static inline uint64_t path_eight(const char *p)
{
    uint64_t x;
    memcpy(&x, p, sizeof(x));
    return x;
}
static inline uint32_t path_four(const char *p)
{
    uint32_t x;
    memcpy(&x, p, sizeof(x));
    return x;
}

static inline struct path_name path_name_of(struct str s)
{
    struct path_name name = {.s = s, .mark = json_mark(s.p, s.n)};
    if (s.n >= 8) {
        name.head = path_eight(s.p);
        name.tail = path_eight(s.p + s.n - 8);
    } else if (s.n > 0) {
        memcpy(&name.head, s.p, s.n);
        memset(&name.tail, 0xff, s.n);
    }
    return name;
}

/* Whether n bytes are the same: names are short, and calling memcmp costs more than they do. */
static inline bool path_same_bytes(const char *a, const char *b, size_t n)
{
    if (n > 16) {
        return memcmp(a, b, n) == 0;
    }
    if (n >= 8) {
        uint64_t tails = path_eight(a + n - 8) ^ path_eight(b + n - 8);
        return ((path_eight(a) ^ path_eight(b)) | tails) == 0;
    }
    if (n >= 4) {
        uint32_t tails = path_four(a + n - 4) ^ path_four(b + n - 4);
        return ((path_four(a) ^ path_four(b)) | tails) == 0;
    }
    return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] && a[n - 1] == b[n - 1]);
}

/* Whether a key or string without escapes has that text. */
static inline bool path_key_is(const struct json_doc *doc, const struct json_node *text,
                               struct str name)
{
    return text->len == name.n && path_same_bytes(doc->src.p + text->off, name.p, name.n);
}

/* The same of a name made ready. */
static inline bool path_name_is(const struct json_doc *doc, const struct json_node *text,
                                const struct path_name *name)
{
    const char *p = doc->src.p + text->off;
    if (text->len != name->s.n) {
        return false;
    }
    if (name->s.n - 8 <= 8) {
        uint64_t tails = path_eight(p + name->s.n - 8) ^ name->tail;
        return ((path_eight(p) ^ name->head) | tails) == 0;
    }
    if (name->s.n > 16 || text->off + 8U > doc->src.n) { /* or too near to the end of the source */
        return path_same_bytes(p, name->s.p, name->s.n);
    }
    return ((path_eight(p) ^ name->head) & name->tail) == 0;
}

/* The key after a key and its value: where that is plain it is foretold, not loaded. */
static inline const struct json_node *path_key_after(const struct json_node *nodes,
                                                     const struct json_node *key)
{
    return key[1].kind <= JSON_STRING ? key + 2 : nodes + key->end;
}

/* The value of a member of an object that is not odd; NULL none. */
static inline const struct json_node *path_find_name(const struct json_doc *doc,
                                                     const struct json_node *obj,
                                                     const struct path_name *name)
{
    const struct json_node *nodes = doc->nodes;
    const struct json_node *end = nodes + obj->end;
    const uint16_t mark = name->mark;
    for (const struct json_node *k = obj + 1; k < end; k = path_key_after(nodes, k)) {
        if (k->mark == mark && path_name_is(doc, k, name)) {
            return k + 1;
        }
    }
    return NULL;
}

/* The same of a name as it stands; gives its place, 0 none. */
static inline uint32_t path_find_plain(const struct json_doc *doc, uint32_t obj, struct str name,
                                       uint16_t mark)
{
    const struct json_node *nodes = doc->nodes;
    uint32_t end = nodes[obj].end;
    for (uint32_t k = obj + 1; k < end; k = nodes[k].end) {
        if (nodes[k].mark == mark && path_key_is(doc, &nodes[k], name)) {
            return k + 1;
        }
    }
    return 0;
}

/* Two filters a mark must pass before the names of a choice are gone through. */
struct path_marks {
    uint64_t low;
    uint64_t high;
};
static inline void path_marks_add(struct path_marks *m, uint16_t mark)
{
    m->low |= UINT64_C(1) << (mark & 63);
    m->high |= UINT64_C(1) << (mark >> 6 & 63);
}
static inline bool path_marks_has(const struct path_marks *m, uint16_t mark)
{
    return (m->low & UINT64_C(1) << (mark & 63)) != 0
           && (m->high & UINT64_C(1) << (mark >> 6 & 63)) != 0;
}
