/* codec/json_cut.c - some members of an object whose text was parsed before: found by passing over the
 * rest, several times as fast as reading it all. See json.h. The text is trusted to be JSON, not to be
 * long enough. */
#include <string.h>

#include "codec/json.h"

/* After the string whose quote p stands at. */
static const char *pass_string(const char *p, const char *end)
{
    const char *first = p + 1;
    p = first;
    while (p < end && (p = memchr(p, '"', (size_t)(end - p))) != NULL) {
        const char *b = p;
        while (b > first && b[-1] == '\\') {
            b--;
        }
        p++;
        if ((size_t)(p - b) % 2 == 1) {
            return p;
        }
    }
    return end;
}

/* After the value p stands at. */
static const char *pass_value(const char *p, const char *end)
{
    size_t depth = 0;
    while (p < end) {
        switch (*p) {
        case '"':
            p = pass_string(p, end);
            break;
        case '{':
        case '[':
            depth++;
            p++;
            break;
        case '}':
        case ']':
            if (depth == 0) {
                return p; /* of the container a number stands in */
            }
            depth--;
            p++;
            break;
        case ',':
            if (depth == 0) {
                return p;
            }
            p++;
            break;
        default: p++;
        }
        if (depth == 0 && p < end && (p[-1] == '"' || p[-1] == '}' || p[-1] == ']')) {
            return p;
        }
    }
    return end;
}

static bool is_among(struct str name, const struct str *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (str_eq(name, names[i])) {
            return true;
        }
    }
    return false;
}

bool json_cut(struct str object, const struct str *names, size_t n, struct buf *out)
{
    const char *p = object.p + 1;
    const char *end = object.p + object.n;
    size_t found = 0;
    buf_char(out, '{');
    while (found < n && p < end && *p == '"') {
        const char *key = p;
        const char *colon = pass_string(p, end);
        struct str name = {key + 1, (size_t)(colon - key) - 2};
        if (end - colon < 2 || *colon != ':' || str_find_char(name, '\\') < name.n) {
            return false; /* blanks, or a name written in another way */
        }
        p = pass_value(colon + 1, end);
        if (is_among(name, names, n)) {
            buf_str(out, found++ > 0 ? S(",") : S(""));
            buf_bytes(out, key, (size_t)(p - key));
        }
        p += p < end && *p == ',' ? 1 : 0;
    }
    buf_char(out, '}');
    return buf_ok(out) && (found == n || (p + 1 == end && *p == '}'));
}
