/* fhir/syntax.c - where in a resource text stops being JSON. See syntax.h. */
#include "fhir/syntax.h"

enum { SYNTAX_DEEP = 64 };

struct open {
    struct str key;  /* the last member's name */
    int32_t index;   /* the last element's, of an array */
    bool is_array;
    bool wants_key;
};

/* A number after a word of the detail: "line 3". */
static bool number_after(struct str detail, struct str word, uint64_t *ret_n)
{
    size_t at = str_find(detail, word);
    size_t end = at + word.n;
    while (end < detail.n && detail.p[end] >= '0' && detail.p[end] <= '9') {
        end++;
    }
    return at < detail.n && str_u64(str_sub(detail, at + word.n, end - at - word.n), ret_n);
}

static size_t offset_of(struct str text, uint64_t line, uint64_t column)
{
    size_t at = 0;
    for (; line > 1 && at < text.n; at++) {
        line -= text.p[at] == '\n' ? 1 : 0;
    }
    return MIN(at + (column > 0 ? column - 1 : 0), text.n);
}

/* The text of a string that begins after a quote; *at moves past its end. */
static struct str string_take(struct str text, size_t *at)
{
    size_t from = *at;
    size_t i = from;
    while (i < text.n && text.p[i] != '"' && text.p[i] != '\n') {
        i += text.p[i] == '\\' ? 2 : 1;
    }
    i = MIN(i, text.n);
    *at = MIN(i + 1, text.n);
    return str_sub(text, from, i - from);
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A name of FHIR; what cannot be one is not shown. */
static struct str shown(struct str key)
{
    size_t n = key.n > 0 && key.p[0] == '_' ? 1 : 0;
    while (n < key.n && (is_letter(key.p[n]) || (key.p[n] >= '0' && key.p[n] <= '9'))) {
        n++;
    }
    return n < key.n || n > 64 || n == 0 ? S("?") : key;
}

static void path_write(struct buf *b, struct str text, const struct open *o, unsigned n)
{
    struct str word = S("resourceType");
    size_t at = str_find(text, word) + word.n;
    while (at < text.n && !is_letter(text.p[at])) {
        at++;
    }
    size_t from = at;
    while (at < text.n && is_letter(text.p[at])) {
        at++;
    }
    buf_str(b, str_sub(text, from, MIN(at - from, (size_t)64)));
    for (unsigned i = 0; i + 1 < n; i++) {
        if (o[i].is_array) {
            buf_char(b, '[');
            buf_u64(b, (uint64_t)MAX(o[i].index, 0));
            buf_char(b, ']');
        } else {
            buf_char(b, '.');
            buf_str(b, shown(o[i].key));
        }
    }
}

struct str fhir_syntax_path(struct req *rq, struct str text, struct str detail)
{
    struct open o[SYNTAX_DEEP];
    uint64_t line;
    uint64_t column;
    unsigned n = 0;
    struct buf b;
    if (!number_after(detail, S("line "), &line) || !number_after(detail, S("column "), &column)) {
        return S("");
    }
    size_t end = offset_of(text, line, column);
    for (size_t i = 0; i < end;) {
        char c = text.p[i++];
        struct open *top = n > 0 ? &o[n - 1] : NULL;
        if (c == '"') {
            struct str s = string_take(text, &i);
            if (top != NULL && top->wants_key) {
                top->key = s;
                top->wants_key = false;
            }
        } else if ((c == '{' || c == '[') && n < LEN(o)) {
            o[n++] = (struct open){.is_array = c == '[', .wants_key = c == '{'};
        } else if ((c == '}' || c == ']') && n > 0) {
            n--;
        } else if (c == ',' && top != NULL) {
            top->index++;
            top->wants_key = !top->is_array;
        }
    }
    buf_init(&b, rq->a, 8192);
    path_write(&b, text, o, n);
    return buf_get(&b);
}
