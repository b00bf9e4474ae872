/* codec/json.h - JSON as a tape: fixed-size nodes over bytes that stay where they arrived.
 *
 * Strict RFC 8259. Numbers keep their text to the digit; object members keep their order. Beyond
 * the RFC we refuse duplicate keys, unpaired surrogates and U+0000, because FHIR forbids them and
 * a reader that guesses would change a record.
 *
 * A value is a handle (struct jv), passed by value. An absent value has doc == NULL; every accessor
 * takes it and answers "absent", so that paths need no checks in between. */
#pragma once

#include "base/req.h"

enum json_kind {
    JSON_NONE, /* absent */
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT,
    JSON_KEY, /* never the kind of a struct jv given by this module */
};

enum {
    JSON_ESCAPED = 1 << 0, /* string or key holds a backslash escape */
    JSON_LAST = 1 << 1,    /* value is the last of its container, or the root */
    JSON_WIDE = 1 << 2,    /* string or key holds bytes outside ASCII */
    JSON_INTEGER = 1 << 3, /* number without fraction and exponent */
    JSON_ODD = 1 << 4,     /* object: a name holds an escape, or begins with _ and lacks its twin */
    JSON_TWIN = 1 << 5,    /* key: its object has both this name and the same with _ before it */
};

/* Object members are a JSON_KEY node followed by the value's node. */
struct json_node {
    uint8_t kind;  /* enum json_kind */
    uint8_t flags; /* JSON_ESCAPED ... */
    uint16_t mark; /* of a key: json_mark() of its text as written, else 0 */
    uint32_t off;  /* first byte in the source; of strings and keys the first after the quote */
    uint32_t len;  /* bytes; of strings and keys without the quotes */
    uint32_t end;  /* index after this subtree; of a key, after its value's subtree */
};

/* What names are told apart by before their texts are compared: equal names have equal marks. */
static inline uint16_t json_mark(const char *p, size_t n)
{
    const unsigned char *b = (const unsigned char *)p;
    uint32_t mix = (uint32_t)(n & 0xff) << 24;
    if (n > 0) {
        mix |= (uint32_t)b[0] << 16 | (uint32_t)b[n / 2] << 8 | b[n - 1];
    }
    return (uint16_t)(mix * UINT32_C(0x9e3779b1) >> 16);
}

struct json_doc {
    struct str src;                /* the text; must outlive the document */
    const struct json_node *nodes; /* nodes[0] is the root; in the arena of the request */
    uint32_t n;                    /* nodes, at least 1 */
    bool tight;                    /* no blanks outside strings: minifying is a copy */
};

struct jv {
    const struct json_doc *doc; /* NULL = absent */
    uint32_t at;                /* index of the value's node, never a key's */
};

struct json_limits {
    size_t bytes;   /* of the text, at most 1 GiB whatever is asked */
    uint32_t depth; /* containers within each other, at most JSON_MAX_DEPTH */
    uint32_t nodes; /* keys and values */
};

enum { JSON_MAX_DEPTH = 256 };

/* 16 MiB, 64 deep, 1 000 000 nodes. */
extern const struct json_limits json_default_limits;

/* Reads one JSON text. src is borrowed: it must live as long as the document.
 * lim    NULL for json_default_limits
 * errors E_SYNTAX     not JSON, not UTF-8, duplicate key; detail "line L column C: what"
 *        E_TOO_LARGE  a limit or the arena's cap
 * costs  one pass; 16 bytes of arena a node */
MUST_USE enum err json_parse(struct req *rq, struct str src, const struct json_limits *lim,
                             struct json_doc *ret_doc);

/* The handles below borrow the document; results are valid as long as it is. */
struct jv json_root(const struct json_doc *doc);
static inline bool json_has(struct jv v)
{
    return v.doc != NULL;
}
static inline const struct json_node *json_node(struct jv v)
{
    return v.doc == NULL ? NULL : &v.doc->nodes[v.at];
}
static inline enum json_kind json_kind(struct jv v)
{
    return v.doc == NULL ? JSON_NONE : (enum json_kind)v.doc->nodes[v.at].kind;
}
/* Member of an object by its name; absent when v is not an object. */
struct jv json_get(struct jv obj, struct str key);
/* Element of an array or member of an object by position. */
struct jv json_at(struct jv container, uint32_t i);
/* Elements or members; 0 for anything else. Walks them. */
uint32_t json_len(struct jv container);
/* for (struct jv v = json_first(c); v.doc; v = json_next(v)): elements, or the members' values. */
struct jv json_first(struct jv container);
struct jv json_next(struct jv prev_value);
/* Name of the member whose value v is; p NULL when v is not a member. Decoded into the request's
 * arena only when it holds escapes (then p is NULL past the cap). */
struct str json_key(struct req *rq, struct jv member_value);
/* Whether v is a member of that name. */
bool json_key_is(struct jv member_value, struct str key);
/* The key's node; NULL when v is not a member. */
const struct json_node *json_key_node(struct jv member_value);
/* "name.0.family": names, and positions in arrays, between dots. A name on an array looks in its
 * first element. */
struct jv json_path(struct jv v, struct str dotted);

/* Decoded text of a string: a slice of the source when it has no escapes, else in the arena.
 * p NULL when v is not a string (or past the arena's cap). */
struct str json_str(struct arena *a, struct jv v);
/* Whether v is a string with exactly this text. */
bool json_is(struct jv v, struct str text);
/* The source bytes of the value, quotes and all; of a number, its text. p NULL when absent. */
struct str json_raw(struct jv v);
/* v is the literal true. */
bool json_true(struct jv v);
/* v is a number written as an integer that fits. */
MUST_USE bool json_i64(struct jv v, int64_t *ret_v);

/* Writes an object with those members of another that have one of n different names. The other is text that
 * json_parse() took before, without blanks (json_doc.tight). False when it has to be parsed after all: a name
 * of it holds an escape, or out is full. */
MUST_USE bool json_cut(struct str object, const struct str *names, size_t n, struct buf *out);

/* The value without blanks between its parts; numbers and strings byte for byte. Absent: null. */
void json_minify(struct buf *b, struct jv v);

/* The writer: puts commas and colons, escapes strings. Failures stick in the builder. Wrong order
 * of calls is our mistake and ends the process. */
struct json_out {
    struct buf *b;
    uint32_t depth;                         /* containers open */
    bool after_key;                         /* a key waits for its value */
    bool started;                           /* the root value was begun */
    uint64_t is_obj[JSON_MAX_DEPTH / 64];   /* bit per open container */
    uint64_t has_item[JSON_MAX_DEPTH / 64]; /* bit per open container */
};

void json_out_init(struct json_out *o, struct buf *b);
void json_obj(struct json_out *o);
void json_obj_end(struct json_out *o);
void json_arr(struct json_out *o);
void json_arr_end(struct json_out *o);
void json_k(struct json_out *o, struct str key);
/* What is not UTF-8, and U+0000, is written as U+FFFD. */
void json_v_str(struct json_out *o, struct str s);
/* One JSON value, already written; the caller vouches for it. */
void json_v_raw(struct json_out *o, struct str json);
void json_v_i64(struct json_out *o, int64_t v);
void json_v_bool(struct json_out *o, bool v);
void json_v_null(struct json_out *o);
/* Minified; absent is written as null. */
void json_v_jv(struct json_out *o, struct jv v);
/* Key and value at once. */
void json_ks(struct json_out *o, struct str key, struct str s);
void json_ki(struct json_out *o, struct str key, int64_t v);
void json_kb(struct json_out *o, struct str key, bool v);
void json_kv(struct json_out *o, struct str key, struct jv v);
/* The text of s as a JSON string with its quotes. */
void json_quote(struct buf *b, struct str s);
