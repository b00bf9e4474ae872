/* codec/json.c - the JSON parser: one pass, no recursion, one growing array of nodes. See json.h.
 * Reading values is in json_value.c, writing in json_out.c. */
#include "codec/json.h"

#include <inttypes.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "codec/json_int.h"
#include "codec/utf8.h"

enum {
    MAX_BYTES = 1 << 30,
    SMALL_OBJECT = 16, /* up to here a new key is compared with the earlier ones */
};

const struct json_limits json_default_limits = {
    .bytes = (size_t)16 * 1024 * 1024,
    .depth = 64,
    .nodes = 1000000,
};

struct frame {
    uint64_t seen;  /* bit per hash of the keys so far: most new keys need no comparison */
    uint32_t node;  /* of the container */
    uint32_t last;  /* latest child value's node; 0 while empty */
    uint32_t first; /* first key's node */
    uint32_t count; /* keys */
};

struct parse {
    struct req *rq;
    const char *base; /* the text */
    const char *p;    /* the cursor */
    const char *end;
    struct json_node *nodes;
    uint32_t n;
    uint32_t size;
    uint32_t max_nodes;
    uint32_t max_depth;
    uint32_t depth;
    bool blanks; /* any outside strings */
    struct frame stack[JSON_MAX_DEPTH];
};

static enum err bad_as(struct parse *ps, enum err code, const char *at, const char *what)
{
    uint64_t line = 1;
    uint64_t column = 1;
    for (const char *p = ps->base; p < at; p++) {
        if (*p == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)*p & 0xc0) != 0x80) {
            column++;
        }
    }
    return FAIL(ps->rq, code, "line %" PRIu64 " column %" PRIu64 ": %s", line, column, what);
}

static enum err bad(struct parse *ps, const char *at, const char *what)
{
    return bad_as(ps, E_SYNTAX, at, what);
}

static inline void skip_blanks(struct parse *ps)
{
    const char *p = ps->p;
    if (p < ps->end && (unsigned char)*p > ' ') {
        return;
    }
    while (p < ps->end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) {
        p++;
    }
    ps->blanks |= p != ps->p;
    ps->p = p;
}

static enum err grow(struct parse *ps)
{
    if (ps->n >= ps->max_nodes) {
        return FAIL(ps->rq, E_TOO_LARGE, "more than %" PRIu32 " values", ps->max_nodes);
    }
    uint32_t size = ps->size > ps->max_nodes / 2 ? ps->max_nodes : ps->size * 2;
    struct json_node *nodes = arena_alloc_raw(ps->rq->a, size * sizeof(*nodes));
    TRY_MEM(ps->rq, nodes);
    memcpy(nodes, ps->nodes, ps->n * sizeof(*nodes));
    ps->nodes = nodes;
    ps->size = size;
    return OK;
}

static inline enum err push(struct parse *ps, enum json_kind kind, const char *at)
{
    if (ps->n == ps->size) {
        TRY(grow(ps));
    }
    uint32_t i = ps->n++;
    ps->nodes[i] = (struct json_node){
        .kind = (uint8_t)kind, .off = (uint32_t)(at - ps->base), .end = ps->n};
    return OK;
}

/* One escape at p, which is the backslash: gives what follows it, or NULL with *what set. */
static const char *skip_escape(const char *p, const char *end, const char **what)
{
    *what = "unknown escape";
    if (end - p < 2) {
        return NULL;
    }
    switch (p[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return p + 2;
    case 'u': break;
    default: return NULL;
    }
    uint32_t c;
    const char *next = json_unescape(p, end, &c);
    if (next == NULL) {
        *what = "expected four hex digits, surrogates in pairs";
    } else if (c == 0) {
        *what = "U+0000 is not allowed";
        next = NULL;
    }
    return next;
}

/* First byte at or after p that is a quote, a backslash, a control or outside ASCII; or end. */
static inline const char *skip_plain(const char *p, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"');
    const __m128i slash = _mm_set1_epi8('\\');
    const __m128i space = _mm_set1_epi8(' ');
    while (end - p >= 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
        /* signed: bytes outside ASCII are below the space too */
        __m128i hit = _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash)),
                                   _mm_cmplt_epi8(v, space));
        int mask = _mm_movemask_epi8(hit);
        if (mask != 0) {
            return p + __builtin_ctz((unsigned)mask);
        }
        p += 16;
    }
#endif
    while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= ' '
           && (unsigned char)*p < 0x80) {
        p++;
    }
    return p;
}

/* The string whose first quote is at the cursor, as a node of that kind. */
static enum err read_string(struct parse *ps, enum json_kind kind)
{
    const char *start = ps->p + 1;
    const char *p = start;
    uint8_t flags = 0;
    for (;;) {
        p = skip_plain(p, ps->end);
        if (p == ps->end) {
            return bad(ps, start - 1, "this string does not end");
        }
        unsigned char c = (unsigned char)*p;
        if (c == '"') {
            break;
        }
        if (c >= 0x80) {
            flags |= JSON_WIDE;
            size_t n;
            do {
                n = utf8_seq(p, ps->end);
                if (n == 0) {
                    return bad(ps, p, "not UTF-8");
                }
                p += n;
            } while (p < ps->end && (unsigned char)*p >= 0x80);
        } else if (c == '\\') {
            flags |= JSON_ESCAPED;
            const char *what;
            const char *next = skip_escape(p, ps->end, &what);
            if (next == NULL) {
                return bad(ps, p, what);
            }
            p = next;
        } else {
            return bad(ps, p, "control character in a string");
        }
    }
    TRY(push(ps, kind, start));
    struct json_node *node = &ps->nodes[ps->n - 1];
    node->len = (uint32_t)(p - start);
    node->flags = flags;
    ps->p = p + 1;
    return OK;
}

static inline const char *skip_digits(const char *p, const char *end)
{
    while (p < end && (unsigned)(*p - '0') < 10) {
        p++;
    }
    return p;
}

static enum err read_number(struct parse *ps)
{
    const char *p = ps->p;
    const char *end = ps->end;
    uint8_t flags = JSON_INTEGER;
    if (*p == '-') {
        p++;
    }
    const char *digits = p;
    p = skip_digits(p, end);
    if (p == digits || (*digits == '0' && p - digits > 1)) {
        return bad(ps, p == digits ? p : digits, "expected digits without a leading zero");
    }
    if (p < end && *p == '.') {
        flags = 0;
        digits = ++p;
        p = skip_digits(p, end);
        if (p == digits) {
            return bad(ps, p, "expected digits after the point");
        }
    }
    if (p < end && (*p == 'e' || *p == 'E')) {
        flags = 0;
        p++;
        if (p < end && (*p == '+' || *p == '-')) {
            p++;
        }
        digits = p;
        p = skip_digits(p, end);
        if (p == digits) {
            return bad(ps, p, "expected digits of the exponent");
        }
    }
    TRY(push(ps, JSON_NUMBER, ps->p));
    ps->nodes[ps->n - 1].len = (uint32_t)(p - ps->p);
    ps->nodes[ps->n - 1].flags = flags;
    ps->p = p;
    return OK;
}

static enum err read_literal(struct parse *ps, struct str word, enum json_kind kind)
{
    if ((size_t)(ps->end - ps->p) < word.n || memcmp(ps->p, word.p, word.n) != 0) {
        return bad(ps, ps->p, "expected a value");
    }
    TRY(push(ps, kind, ps->p));
    ps->nodes[ps->n - 1].len = (uint32_t)word.n;
    ps->p += word.n;
    return OK;
}

static enum err open_container(struct parse *ps, enum json_kind kind)
{
    if (ps->depth == ps->max_depth) {
        return bad_as(ps, E_TOO_LARGE, ps->p, "nested too deep");
    }
    ps->stack[ps->depth++] = (struct frame){.node = ps->n};
    TRY(push(ps, kind, ps->p));
    ps->p++;
    return OK;
}

static enum err duplicate(struct parse *ps, uint32_t key)
{
    return bad(ps, ps->base + ps->nodes[key].off - 1, "this key was given before");
}

/* Marks the key at the end; its object learns that it is an odd one, until its twin is found. */
static inline uint64_t mark_key(struct parse *ps, const struct frame *f)
{
    struct json_node *node = &ps->nodes[ps->n - 1];
    const char *p = ps->base + node->off;
    node->mark = json_mark(p, node->len);
    if ((node->flags & JSON_ESCAPED) != 0 || *p == '_') {
        ps->nodes[f->node].flags |= JSON_ODD;
    }
    return UINT64_C(1) << ((node->flags & JSON_ESCAPED) != 0 ? 63 : node->mark % 63);
}

/* After the new key's node was pushed. Objects past SMALL_OBJECT are checked when they close. */
static enum err check_key(struct parse *ps, struct frame *f)
{
    uint32_t key = ps->n - 1;
    const struct json_node *node = &ps->nodes[key];
    uint64_t bit = mark_key(ps, f);
    if (f->count++ == 0) {
        f->first = key;
    }
    if (f->count > SMALL_OBJECT) {
        return OK;
    }
    if ((f->seen & (bit | UINT64_C(1) << 63)) != 0 || bit >> 63 != 0) {
        for (uint32_t k = f->first; k != key; k = ps->nodes[k].end) {
            bool plain = ((ps->nodes[k].flags | node->flags) & JSON_ESCAPED) == 0;
            if ((!plain || ps->nodes[k].mark == node->mark)
                && json_node_cmp(ps->base, &ps->nodes[k], node) == 0) {
                return duplicate(ps, key);
            }
        }
    }
    f->seen |= bit;
    return OK;
}

static void sift(const struct parse *ps, uint32_t *keys, uint32_t at, uint32_t n)
{
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= n) {
            return;
        }
        if (child + 1 < n
            && json_node_cmp(ps->base, &ps->nodes[keys[child]], &ps->nodes[keys[child + 1]]) < 0) {
            child++;
        }
        if (json_node_cmp(ps->base, &ps->nodes[keys[at]], &ps->nodes[keys[child]]) >= 0) {
            return;
        }
        uint32_t t = keys[at];
        keys[at] = keys[child];
        keys[child] = t;
        at = child;
    }
}

/* Keys of a large object, sorted (heap sort) so that equal ones meet: no input makes it slow. */
static enum err check_many_keys(struct parse *ps, const struct frame *f)
{
    struct arena_mark mark = arena_mark(ps->rq->a);
    uint32_t *keys = arena_alloc_raw(ps->rq->a, f->count * sizeof(*keys));
    TRY_MEM(ps->rq, keys);
    uint32_t n = 0;
    for (uint32_t k = f->first; n < f->count; k = ps->nodes[k].end) {
        keys[n++] = k;
    }
    for (uint32_t i = n / 2; i-- > 0;) {
        sift(ps, keys, i, n);
    }
    for (uint32_t left = n - 1; left > 0; left--) {
        uint32_t t = keys[0];
        keys[0] = keys[left];
        keys[left] = t;
        sift(ps, keys, 0, left);
    }
    enum err e = OK;
    for (uint32_t i = 1; i < n && e == OK; i++) {
        if (json_node_cmp(ps->base, &ps->nodes[keys[i - 1]], &ps->nodes[keys[i]]) == 0) {
            e = duplicate(ps, MAX(keys[i - 1], keys[i]));
        }
    }
    arena_back(ps->rq->a, mark);
    return e;
}

/* The key of that name in an object; 0 none. */
static uint32_t key_find(const struct parse *ps, const struct frame *f, struct str name)
{
    uint16_t mark = json_mark(name.p, name.n);
    for (uint32_t k = f->first; k < ps->n; k = ps->nodes[k].end) {
        const struct json_node *key = &ps->nodes[k];
        if (key->mark == mark && key->len == name.n && (key->flags & JSON_ESCAPED) == 0
            && memcmp(ps->base + key->off, name.p, name.n) == 0) {
            return k;
        }
    }
    return 0;
}

/* Marks the names that stand there with and without _; the object is odd no more when all with _ do. */
static void find_twins(struct parse *ps, const struct frame *f)
{
    bool odd = f->count > SMALL_OBJECT * 2; /* so many that to look for each would be a square */
    for (uint32_t k = f->first; k < ps->n && !odd; k = ps->nodes[k].end) {
        struct str name = {ps->base + ps->nodes[k].off, ps->nodes[k].len};
        if ((ps->nodes[k].flags & JSON_ESCAPED) != 0) {
            odd = true;
        } else if (name.n > 0 && name.p[0] == '_') {
            uint32_t twin = key_find(ps, f, str_sub(name, 1, name.n));
            odd = twin == 0;
            ps->nodes[k].flags |= twin != 0 ? JSON_TWIN : 0;
            ps->nodes[twin].flags |= twin != 0 ? JSON_TWIN : 0;
        }
    }
    if (!odd) {
        ps->nodes[f->node].flags &= (uint8_t)~JSON_ODD;
    }
}

/* The cursor is at the closing bracket of the innermost container. */
static enum err close_container(struct parse *ps)
{
    struct frame *f = &ps->stack[ps->depth - 1];
    struct json_node *node = &ps->nodes[f->node];
    ps->p++;
    node->len = (uint32_t)(ps->p - ps->base) - node->off;
    node->end = ps->n;
    if (f->last != 0) {
        ps->nodes[f->last].flags |= JSON_LAST;
    }
    if (f->count > SMALL_OBJECT) {
        TRY(check_many_keys(ps, f));
    }
    if ((node->flags & JSON_ODD) != 0) {
        find_twins(ps, f);
    }
    ps->depth--;
    return OK;
}

/* A key, its colon and the blanks after it. */
static enum err read_key(struct parse *ps)
{
    if (ps->p == ps->end || *ps->p != '"') {
        return bad(ps, ps->p, "expected a key in quotes");
    }
    TRY(read_string(ps, JSON_KEY));
    TRY(check_key(ps, &ps->stack[ps->depth - 1]));
    skip_blanks(ps);
    if (ps->p == ps->end || *ps->p != ':') {
        return bad(ps, ps->p, "expected a colon");
    }
    ps->p++;
    skip_blanks(ps);
    return OK;
}

/* One scalar, or the opening of a container. *ret_open: a container was opened. */
static enum err read_value(struct parse *ps, bool *ret_open)
{
    *ret_open = false;
    if (ps->p == ps->end) {
        return bad(ps, ps->p, "expected a value");
    }
    switch (*ps->p) {
    case '"': return read_string(ps, JSON_STRING);
    case '{': *ret_open = true; return open_container(ps, JSON_OBJECT);
    case '[': *ret_open = true; return open_container(ps, JSON_ARRAY);
    case 't': return read_literal(ps, S("true"), JSON_TRUE);
    case 'f': return read_literal(ps, S("false"), JSON_FALSE);
    case 'n': return read_literal(ps, S("null"), JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9': return read_number(ps);
    default: return bad(ps, ps->p, "expected a value");
    }
}

/* A value has ended: notes it in its container, closes what closes, and stops before the next
 * value (after its key) or when the root is complete (depth 0). */
static enum err after_value(struct parse *ps, uint32_t value)
{
    while (ps->depth > 0) {
        struct frame *f = &ps->stack[ps->depth - 1];
        bool in_object = ps->nodes[f->node].kind == JSON_OBJECT;
        f->last = value;
        if (in_object) {
            ps->nodes[value - 1].end = ps->n;
        }
        skip_blanks(ps);
        if (ps->p == ps->end) {
            return bad(ps, ps->p, "the text ends too early");
        }
        if (*ps->p == ',') {
            ps->p++;
            skip_blanks(ps);
            return in_object ? read_key(ps) : OK;
        }
        if (*ps->p != (in_object ? '}' : ']')) {
            return bad(ps, ps->p, in_object ? "expected , or }" : "expected , or ]");
        }
        value = f->node;
        TRY(close_container(ps));
    }
    return OK;
}

/* A container was just opened: its first key, or its end when it is empty. */
static enum err after_open(struct parse *ps)
{
    struct frame *f = &ps->stack[ps->depth - 1];
    bool in_object = ps->nodes[f->node].kind == JSON_OBJECT;
    skip_blanks(ps);
    if (ps->p < ps->end && *ps->p == (in_object ? '}' : ']')) {
        uint32_t value = f->node;
        TRY(close_container(ps));
        return after_value(ps, value);
    }
    return in_object ? read_key(ps) : OK;
}

static enum err run(struct parse *ps)
{
    skip_blanks(ps);
    ps->blanks = false; /* around the root they do not matter */
    do {
        bool open;
        uint32_t value = ps->n;
        TRY(read_value(ps, &open));
        TRY(open ? after_open(ps) : after_value(ps, value));
    } while (ps->depth > 0);
    ps->nodes[0].flags |= JSON_LAST;
    bool blanks = ps->blanks;
    skip_blanks(ps);
    ps->blanks = blanks;
    if (ps->p != ps->end) {
        return bad(ps, ps->p, "expected the end of the text");
    }
    return OK;
}

enum err json_parse(struct req *rq, struct str src, const struct json_limits *lim,
                    struct json_doc *ret_doc)
{
    if (lim == NULL) {
        lim = &json_default_limits;
    }
    size_t max_bytes = MIN(lim->bytes, (size_t)MAX_BYTES);
    if (src.n > max_bytes) {
        return FAIL(rq, E_TOO_LARGE, "more than %zu bytes of JSON", max_bytes);
    }
    if (src.p == NULL) {
        src = S("");
    }
    struct parse ps;
    ps.rq = rq;
    ps.base = ps.p = src.p;
    ps.end = src.p + src.n;
    ps.n = ps.depth = 0;
    ps.blanks = false;
    ps.max_nodes = lim->nodes;
    ps.max_depth = MIN(lim->depth, (uint32_t)JSON_MAX_DEPTH);
    ps.size = (uint32_t)MIN(src.n / 12 + 16, (size_t)MAX(lim->nodes, 1u));
    ps.nodes = arena_alloc_raw(rq->a, ps.size * sizeof(*ps.nodes));
    TRY_MEM(rq, ps.nodes);
    TRY(run(&ps));
    *ret_doc = (struct json_doc){
        .src = src, .nodes = ps.nodes, .n = ps.n, .tight = !ps.blanks};
    return OK;
}
