/* codec/json_value.c - reading values of a parsed document. See json.h. */
#include <string.h>

#include "codec/json_int.h"
#include "codec/utf8.h"

static const struct jv absent = {NULL, 0};

static bool hex4(const char *p, const char *end, uint32_t *ret_v)
{
    if (end - p < 4) {
        return false;
    }
    uint32_t v = 0;
    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)p[i];
        unsigned low = c | 0x20;
        if (c - '0' < 10) {
            v = v << 4 | (c - '0');
        } else if (low - 'a' < 6) {
            v = v << 4 | (low - 'a' + 10);
        } else {
            return false;
        }
    }
    *ret_v = v;
    return true;
}

const char *json_unescape(const char *p, const char *end, uint32_t *ret_c)
{
    if (end - p < 2) {
        return NULL;
    }
    uint32_t c;
    switch (p[1]) {
    case '"':
    case '\\':
    case '/': c = (unsigned char)p[1]; break;
    case 'b': c = '\b'; break;
    case 'f': c = '\f'; break;
    case 'n': c = '\n'; break;
    case 'r': c = '\r'; break;
    case 't': c = '\t'; break;
    case 'u': {
        if (!hex4(p + 2, end, &c)) {
            return NULL;
        }
        p += 4;
        if (c >= 0xd800 && c < 0xe000) {
            uint32_t low;
            if (c >= 0xdc00 || end - p < 8 || p[2] != '\\' || p[3] != 'u'
                || !hex4(p + 4, end, &low) || low < 0xdc00 || low >= 0xe000) {
                return NULL;
            }
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            p += 6;
        }
        break;
    }
    default: return NULL;
    }
    *ret_c = c;
    return p + 2;
}

/* Walks the decoded bytes of a string without storing them. */
struct walk {
    const char *p;
    const char *end;
    char left[4]; /* decoded bytes of an escape not given yet */
    size_t at;
    size_t n;
};

/* The next decoded byte, -1 at the end. */
static int walk_byte(struct walk *w)
{
    if (w->at < w->n) {
        return (unsigned char)w->left[w->at++];
    }
    if (w->p == w->end) {
        return -1;
    }
    if (*w->p != '\\') {
        return (unsigned char)*w->p++;
    }
    uint32_t c = 0;
    w->p = json_unescape(w->p, w->end, &c);
    ASSERT(w->p != NULL); /* the parser checked it */
    w->n = utf8_put(w->left, c);
    w->at = 1;
    return (unsigned char)w->left[0];
}

static int walk_cmp(struct str a, struct str b, bool b_is_plain)
{
    struct walk wa = {.p = a.p, .end = a.p + a.n};
    struct walk wb = {.p = b.p, .end = b.p + b.n};
    for (;;) {
        int ca = walk_byte(&wa);
        int cb;
        if (b_is_plain) {
            cb = wb.p == wb.end ? -1 : (unsigned char)*wb.p++;
        } else {
            cb = walk_byte(&wb);
        }
        if (ca != cb || ca < 0) {
            return ca - cb;
        }
    }
}

int json_node_cmp(const char *src, const struct json_node *a, const struct json_node *b)
{
    struct str sa = {src + a->off, a->len};
    struct str sb = {src + b->off, b->len};
    if (((a->flags | b->flags) & JSON_ESCAPED) != 0) {
        return walk_cmp(sa, sb, false);
    }
    return str_cmp(sa, sb);
}

static inline struct str text_of(const struct json_doc *doc, const struct json_node *node)
{
    return (struct str){doc->src.p + node->off, node->len};
}

static inline bool node_is(const struct json_doc *doc, const struct json_node *node,
                           struct str text)
{
    if (!(node->flags & JSON_ESCAPED)) {
        return node->len == text.n
               && (text.n == 0 || memcmp(doc->src.p + node->off, text.p, text.n) == 0);
    }
    struct str plain = text.p == NULL ? S("") : text;
    return walk_cmp(text_of(doc, node), plain, true) == 0;
}

struct jv json_root(const struct json_doc *doc)
{
    return doc == NULL || doc->n == 0 ? absent : (struct jv){doc, 0};
}

struct jv json_get(struct jv obj, struct str key)
{
    if (json_kind(obj) != JSON_OBJECT) {
        return absent;
    }
    const struct json_node *nodes = obj.doc->nodes;
    uint32_t end = nodes[obj.at].end;
    uint16_t mark = json_mark(key.p, key.n);
    bool odd = (nodes[obj.at].flags & JSON_ODD) != 0;
    for (uint32_t k = obj.at + 1; k < end; k = nodes[k].end) {
        if ((nodes[k].mark == mark || odd) && node_is(obj.doc, &nodes[k], key)) {
            return (struct jv){obj.doc, k + 1};
        }
    }
    return absent;
}

struct jv json_first(struct jv container)
{
    enum json_kind kind = json_kind(container);
    if (kind != JSON_ARRAY && kind != JSON_OBJECT) {
        return absent;
    }
    if (container.doc->nodes[container.at].end == container.at + 1) {
        return absent;
    }
    return (struct jv){container.doc, container.at + (kind == JSON_OBJECT ? 2 : 1)};
}

struct jv json_next(struct jv prev_value)
{
    if (prev_value.doc == NULL) {
        return absent;
    }
    const struct json_node *nodes = prev_value.doc->nodes;
    if (nodes[prev_value.at].flags & JSON_LAST) {
        return absent;
    }
    uint32_t at = nodes[prev_value.at].end;
    return (struct jv){prev_value.doc, nodes[at].kind == JSON_KEY ? at + 1 : at};
}

struct jv json_at(struct jv container, uint32_t i)
{
    struct jv v = json_first(container);
    while (i-- > 0 && v.doc != NULL) {
        v = json_next(v);
    }
    return v;
}

uint32_t json_len(struct jv container)
{
    uint32_t n = 0;
    for (struct jv v = json_first(container); v.doc != NULL; v = json_next(v)) {
        n++;
    }
    return n;
}

const struct json_node *json_key_node(struct jv member_value)
{
    if (member_value.doc == NULL || member_value.at == 0) {
        return NULL;
    }
    const struct json_node *key = &member_value.doc->nodes[member_value.at - 1];
    return key->kind == JSON_KEY ? key : NULL;
}

static struct str decoded(struct arena *a, const struct json_doc *doc,
                          const struct json_node *node)
{
    struct str raw = text_of(doc, node);
    if (!(node->flags & JSON_ESCAPED)) {
        return raw;
    }
    char *out = arena_alloc_raw(a, raw.n); /* decoding never lengthens */
    if (out == NULL) {
        return (struct str){NULL, 0};
    }
    size_t n = 0;
    const char *end = raw.p + raw.n;
    for (const char *p = raw.p; p < end;) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash == NULL ? end : slash) - p);
        memcpy(out + n, p, plain);
        n += plain;
        p += plain;
        if (slash != NULL) {
            uint32_t c = 0;
            p = json_unescape(slash, end, &c);
            ASSERT(p != NULL);
            n += utf8_put(out + n, c);
        }
    }
    return (struct str){out, n};
}

struct str json_key(struct req *rq, struct jv member_value)
{
    const struct json_node *key = json_key_node(member_value);
    return key == NULL ? (struct str){NULL, 0} : decoded(rq->a, member_value.doc, key);
}

bool json_key_is(struct jv member_value, struct str key)
{
    const struct json_node *node = json_key_node(member_value);
    return node != NULL && node_is(member_value.doc, node, key);
}

struct jv json_path(struct jv v, struct str dotted)
{
    struct str step;
    while (v.doc != NULL && str_cut(&dotted, '.', &step)) {
        uint64_t i;
        bool in_array = json_kind(v) == JSON_ARRAY;
        if (in_array && str_u64(step, &i)) {
            v = i > UINT32_MAX ? absent : json_at(v, (uint32_t)i);
        } else {
            v = json_get(in_array ? json_first(v) : v, step);
        }
    }
    return v;
}

struct str json_str(struct arena *a, struct jv v)
{
    if (json_kind(v) != JSON_STRING) {
        return (struct str){NULL, 0};
    }
    return decoded(a, v.doc, &v.doc->nodes[v.at]);
}

bool json_is(struct jv v, struct str text)
{
    return json_kind(v) == JSON_STRING && node_is(v.doc, &v.doc->nodes[v.at], text);
}

struct str json_raw(struct jv v)
{
    if (v.doc == NULL) {
        return (struct str){NULL, 0};
    }
    struct str s = text_of(v.doc, &v.doc->nodes[v.at]);
    if (v.doc->nodes[v.at].kind == JSON_STRING) {
        s.p--;
        s.n += 2;
    }
    return s;
}

bool json_true(struct jv v)
{
    return json_kind(v) == JSON_TRUE;
}

bool json_i64(struct jv v, int64_t *ret_v)
{
    if (json_kind(v) != JSON_NUMBER || !(v.doc->nodes[v.at].flags & JSON_INTEGER)) {
        return false;
    }
    return str_i64(json_raw(v), ret_v);
}
