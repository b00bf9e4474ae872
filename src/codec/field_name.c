/* codec/field_name.c - entity tags, file names, cookies, bearer tokens. See field.h. */
#include <string.h>

#include "codec/field.h"
#include "codec/url.h"
#include "codec/utf8.h"

enum { MAX_FILENAME = 255 };

static bool is_weak(struct str etag)
{
    return str_starts(etag, S("W/"));
}

bool field_etag_has(struct str list, struct str etag, bool weak)
{
    if (str_eq(str_trim(list), S("*"))) {
        return true;
    }
    struct str opaque = is_weak(etag) ? str_sub(etag, 2, etag.n) : etag;
    struct str item;
    while (field_next(&list, ',', &item)) {
        bool item_weak = is_weak(item);
        struct str item_opaque = item_weak ? str_sub(item, 2, item.n) : item;
        if (str_eq(item_opaque, opaque) && (weak || (!item_weak && !is_weak(etag)))) {
            return true;
        }
    }
    return false;
}

static int hex_of(char c)
{
    unsigned u = (unsigned char)c;
    unsigned low = u | 0x20;
    if (u - '0' < 10) {
        return (int)(u - '0');
    }
    return low - 'a' < 6 ? (int)(low - 'a' + 10) : -1;
}

/* %XX undone where it is well-formed, everything else as it is: file names are not worth refusing
 * a form for. form: only what browsers encode in forms, %22 %0D %0A (WHATWG HTML 4.10.21.8). */
static struct str percent_lenient(struct arena *a, struct str s, bool form)
{
    if (str_find_char(s, '%') == s.n) {
        return s;
    }
    char *out = arena_alloc_raw(a, s.n);
    if (out == NULL) {
        return (struct str){NULL, 0};
    }
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        int hi = s.p[i] == '%' && i + 2 < s.n ? hex_of(s.p[i + 1]) : -1;
        int lo = hi >= 0 ? hex_of(s.p[i + 2]) : -1;
        int c = lo >= 0 ? hi << 4 | lo : -1;
        if (c >= 0 && (!form || c == '"' || c == '\r' || c == '\n')) {
            out[n++] = (char)c;
            i += 2;
        } else {
            out[n++] = s.p[i];
        }
    }
    return (struct str){out, n};
}

/* Last component, without control characters, as UTF-8. */
static struct str tidy_name(struct arena *a, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '/' || s.p[i] == '\\') {
            from = i + 1;
        }
    }
    s = str_trim(str_sub(s, from, s.n));
    struct buf b;
    buf_init(&b, a, s.n * 3 + 1);
    utf8_clean(&b, s);
    if (!buf_ok(&b)) {
        return (struct str){NULL, 0};
    }
    size_t n = 0;
    for (size_t i = 0; i < b.n; i++) {
        if ((unsigned char)b.p[i] >= ' ' && b.p[i] != 0x7f) {
            b.p[n++] = b.p[i];
        }
    }
    b.n = n;
    return utf8_cut(buf_get(&b), MAX_FILENAME);
}

struct str field_form_name(struct arena *a, struct str disposition)
{
    struct str name = field_param(a, disposition, S("name"));
    return name.p == NULL ? name : percent_lenient(a, name, true);
}

struct str field_filename(struct arena *a, struct str disposition)
{
    struct str ext = field_param(a, disposition, S("filename*"));
    size_t mark = str_find(ext, S("'"));
    if (ext.p != NULL && mark < ext.n) { /* charset'language'text, RFC 8187 3.2 */
        struct str charset = str_sub(ext, 0, mark);
        struct str rest = str_sub(ext, mark + 1, ext.n);
        size_t second = str_find_char(rest, '\'');
        struct str text = percent_lenient(a, str_sub(rest, second + 1, rest.n), false);
        if (second < rest.n && str_eq_nocase(charset, S("utf-8")) && utf8_is_valid(text)) {
            return tidy_name(a, text);
        }
    }
    struct str name = field_param(a, disposition, S("filename"));
    if (name.p == NULL) {
        return name;
    }
    return tidy_name(a, percent_lenient(a, name, true));
}

void field_disposition(struct buf *b, bool attachment, struct str filename)
{
    buf_str(b, attachment ? S("attachment") : S("inline"));
    if (filename.n == 0) {
        return;
    }
    bool plain = true;
    BUF_LIT(b, "; filename=\"");
    for (size_t i = 0; i < filename.n; i++) {
        char c = filename.p[i];
        bool safe = c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '%';
        if (((unsigned char)c & 0xc0) != 0x80) { /* one sign per character */
            buf_char(b, safe ? c : '_');
        }
        plain = plain && safe;
    }
    buf_char(b, '"');
    if (!plain) {
        BUF_LIT(b, "; filename*=UTF-8''");
        url_encode(b, filename, URL_COMPONENT);
    }
}

struct str field_cookie(struct str cookies, struct str name)
{
    struct str pair;
    while (str_cut(&cookies, ';', &pair)) {
        pair = str_trim(pair);
        size_t eq = str_find_char(pair, '=');
        if (eq == pair.n || !str_eq(str_trim(str_sub(pair, 0, eq)), name)) {
            continue;
        }
        struct str v = str_trim(str_sub(pair, eq + 1, pair.n));
        if (v.n >= 2 && v.p[0] == '"' && v.p[v.n - 1] == '"') {
            v = str_sub(v, 1, v.n - 2);
        }
        return v;
    }
    return (struct str){NULL, 0};
}

struct str field_bearer(struct str authorization)
{
    static const struct str none = {NULL, 0};
    struct str s = str_trim(authorization);
    if (s.n < 8 || !str_eq_nocase(str_sub(s, 0, 7), S("Bearer "))) {
        return none;
    }
    s = str_trim(str_sub(s, 7, s.n));
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = ((unsigned char)c | 0x20u) - 'a' < 26 || (unsigned)(c - '0') < 10
                  || memchr("-._~+/=", c, 7) != NULL;
        if (!ok) {
            return none;
        }
    }
    return s.n == 0 ? none : s;
}
