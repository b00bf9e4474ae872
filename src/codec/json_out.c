/* codec/json_out.c - writing JSON, and minifying what was parsed. See json.h. */
#include <string.h>

#include "codec/json.h"
#include "codec/utf8.h"

static bool bit_get(const uint64_t *bits, uint32_t i)
{
    return (bits[i / 64] >> (i % 64) & 1) != 0;
}

static void bit_set(uint64_t *bits, uint32_t i, bool v)
{
    uint64_t mask = UINT64_C(1) << (i % 64);
    bits[i / 64] = v ? bits[i / 64] | mask : bits[i / 64] & ~mask;
}

void json_out_init(struct json_out *o, struct buf *b)
{
    *o = (struct json_out){.b = b};
}

/* Before a value: the comma, and whether a value may stand here. */
static void begin_value(struct json_out *o)
{
    if (o->depth == 0) {
        ASSERT(!o->started);
        o->started = true;
        return;
    }
    uint32_t top = o->depth - 1;
    if (bit_get(o->is_obj, top)) {
        ASSERT(o->after_key);
        o->after_key = false;
        return;
    }
    if (bit_get(o->has_item, top)) {
        buf_char(o->b, ',');
    }
    bit_set(o->has_item, top, true);
}

static void open(struct json_out *o, bool is_obj)
{
    begin_value(o);
    ASSERT(o->depth < JSON_MAX_DEPTH);
    bit_set(o->is_obj, o->depth, is_obj);
    bit_set(o->has_item, o->depth, false);
    o->depth++;
    buf_char(o->b, is_obj ? '{' : '[');
}

static void close(struct json_out *o, bool is_obj)
{
    ASSERT(o->depth > 0 && !o->after_key && bit_get(o->is_obj, o->depth - 1) == is_obj);
    o->depth--;
    buf_char(o->b, is_obj ? '}' : ']');
}

void json_obj(struct json_out *o)
{
    open(o, true);
}

void json_obj_end(struct json_out *o)
{
    close(o, true);
}

void json_arr(struct json_out *o)
{
    open(o, false);
}

void json_arr_end(struct json_out *o)
{
    close(o, false);
}

static void quote_special(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"': BUF_LIT(b, "\\\""); break;
    case '\\': BUF_LIT(b, "\\\\"); break;
    case '\n': BUF_LIT(b, "\\n"); break;
    case '\r': BUF_LIT(b, "\\r"); break;
    case '\t': BUF_LIT(b, "\\t"); break;
    case 0: BUF_LIT(b, "\xef\xbf\xbd"); break;
    default: {
        char esc[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
        buf_bytes(b, esc, sizeof(esc));
    }
    }
}

void json_quote(struct buf *b, struct str s)
{
    buf_char(b, '"');
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    const char *from = p;
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            p++;
            continue;
        }
        if (c >= 0x80) {
            size_t n = utf8_seq(p, end);
            if (n > 0) {
                p += n;
                continue;
            }
            c = 0; /* not UTF-8 */
        }
        buf_bytes(b, from, (size_t)(p - from));
        quote_special(b, c);
        from = ++p;
    }
    buf_bytes(b, from, (size_t)(p - from));
    buf_char(b, '"');
}

void json_k(struct json_out *o, struct str key)
{
    ASSERT(o->depth > 0 && !o->after_key && bit_get(o->is_obj, o->depth - 1));
    if (bit_get(o->has_item, o->depth - 1)) {
        buf_char(o->b, ',');
    }
    bit_set(o->has_item, o->depth - 1, true);
    json_quote(o->b, key);
    buf_char(o->b, ':');
    o->after_key = true;
}

void json_v_str(struct json_out *o, struct str s)
{
    begin_value(o);
    json_quote(o->b, s);
}

void json_v_raw(struct json_out *o, struct str json)
{
    begin_value(o);
    buf_str(o->b, json);
}

void json_v_i64(struct json_out *o, int64_t v)
{
    begin_value(o);
    buf_i64(o->b, v);
}

void json_v_bool(struct json_out *o, bool v)
{
    begin_value(o);
    buf_str(o->b, v ? S("true") : S("false"));
}

void json_v_null(struct json_out *o)
{
    begin_value(o);
    BUF_LIT(o->b, "null");
}

void json_v_jv(struct json_out *o, struct jv v)
{
    begin_value(o);
    json_minify(o->b, v);
}

void json_ks(struct json_out *o, struct str key, struct str s)
{
    json_k(o, key);
    json_v_str(o, s);
}

void json_ki(struct json_out *o, struct str key, int64_t v)
{
    json_k(o, key);
    json_v_i64(o, v);
}

void json_kb(struct json_out *o, struct str key, bool v)
{
    json_k(o, key);
    json_v_bool(o, v);
}

void json_kv(struct json_out *o, struct str key, struct jv v)
{
    json_k(o, key);
    json_v_jv(o, v);
}

static void copy_structure(struct buf *b, const char *p, const char *end)
{
    for (; p < end; p++) {
        if ((unsigned char)*p > ' ') {
            buf_char(b, *p);
        }
    }
}

/* Between the scalars and keys of the tape stand only brackets, commas, colons and blanks. */
void json_minify(struct buf *b, struct jv v)
{
    struct str raw = json_raw(v);
    if (raw.p == NULL) {
        BUF_LIT(b, "null");
        return;
    }
    if (v.doc->tight) {
        buf_str(b, raw);
        return;
    }
    const struct json_node *nodes = v.doc->nodes;
    const char *src = v.doc->src.p;
    const char *p = raw.p;
    for (uint32_t i = v.at; i < nodes[v.at].end; i++) {
        if (nodes[i].kind == JSON_ARRAY || nodes[i].kind == JSON_OBJECT) {
            continue;
        }
        bool quoted = nodes[i].kind == JSON_STRING || nodes[i].kind == JSON_KEY;
        const char *from = src + nodes[i].off - (quoted ? 1 : 0);
        const char *to = src + nodes[i].off + nodes[i].len + (quoted ? 1 : 0);
        copy_structure(b, p, from);
        buf_bytes(b, from, (size_t)(to - from));
        p = to;
    }
    copy_structure(b, p, raw.p + raw.n);
}
