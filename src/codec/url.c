/* codec/url.c - percent encoding, forms, paths. See url.h. */
#include "codec/url.h"

#include <string.h>

#include "codec/utf8.h"

static int hex_of(char c)
{
    unsigned u = (unsigned char)c;
    unsigned low = u | 0x20;
    if (u - '0' < 10) {
        return (int)(u - '0');
    }
    return low - 'a' < 6 ? (int)(low - 'a' + 10) : -1;
}

enum err url_decode(struct req *rq, struct str s, enum url_plus plus, struct str *ret_text)
{
    size_t plain = 0;
    while (plain < s.n && s.p[plain] != '%'
           && (s.p[plain] != '+' || plus == URL_PLUS_IS_PLUS)) {
        plain++;
    }
    struct str text = {s.p == NULL ? "" : s.p, s.n};
    if (plain < s.n) {
        char *out = arena_alloc_raw(rq->a, s.n);
        TRY_MEM(rq, out);
        size_t n = plain;
        memcpy(out, s.p, plain);
        for (size_t i = plain; i < s.n; i++) {
            char c = s.p[i];
            if (c == '%') {
                int hi = i + 2 < s.n ? hex_of(s.p[i + 1]) : -1;
                int lo = i + 2 < s.n ? hex_of(s.p[i + 2]) : -1;
                if (hi < 0 || lo < 0) {
                    return FAIL(rq, E_BAD_INPUT, "percent encoding: two hex digits expected");
                }
                c = (char)(hi << 4 | lo);
                i += 2;
            } else if (c == '+' && plus == URL_PLUS_IS_SPACE) {
                c = ' ';
            }
            out[n++] = c;
        }
        text = (struct str){out, n};
    }
    if (!utf8_is_valid(text) || memchr(text.p, 0, text.n) != NULL) {
        return FAIL(rq, E_BAD_INPUT, "percent encoding: not UTF-8 text");
    }
    *ret_text = text;
    return OK;
}

static bool is_unreserved(char c)
{
    unsigned low = (unsigned char)c | 0x20u;
    return low - 'a' < 26 || (unsigned)(c - '0') < 10 || c == '-' || c == '.' || c == '_'
           || c == '~';
}

void url_encode(struct buf *b, struct str s, enum url_keep keep)
{
    static const char hex[] = "0123456789ABCDEF";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_unreserved(c) || (c == '/' && keep == URL_PATH)) {
            buf_char(b, c);
        } else if (c == ' ' && keep == URL_FORM) {
            buf_char(b, '+');
        } else {
            unsigned u = (unsigned char)c;
            char esc[3] = {'%', hex[u >> 4], hex[u & 15]};
            buf_bytes(b, esc, 3);
        }
    }
}

enum err form_parse(struct req *rq, struct str text, size_t max_pairs, struct url_pairs *ret_form)
{
    size_t pieces = text.n > 0 ? 1 : 0;
    for (size_t i = 0; i < text.n; i++) {
        pieces += text.p[i] == '&';
    }
    struct form_pair *v = ARENA_ARRAY(rq->a, MIN(pieces, max_pairs), struct form_pair);
    TRY_MEM(rq, v);
    size_t n = 0;
    struct str rest = text;
    struct str piece;
    while (str_cut(&rest, '&', &piece)) {
        if (piece.n == 0) {
            continue;
        }
        if (n == max_pairs) {
            return FAIL(rq, E_TOO_LARGE, "more than %zu fields", max_pairs);
        }
        size_t eq = str_find_char(piece, '=');
        struct str value = eq < piece.n ? str_sub(piece, eq + 1, piece.n) : S("");
        TRY(url_decode(rq, str_sub(piece, 0, eq), URL_PLUS_IS_SPACE, &v[n].name));
        TRY(url_decode(rq, value, URL_PLUS_IS_SPACE, &v[n].value));
        n++;
    }
    *ret_form = (struct url_pairs){v, n};
    return OK;
}

struct str form_find_at(const struct url_pairs *f, struct str name, size_t i)
{
    for (size_t k = 0; k < f->n; k++) {
        if (str_eq(f->v[k].name, name) && i-- == 0) {
            return f->v[k].value;
        }
    }
    return (struct str){NULL, 0};
}

struct str form_find(const struct url_pairs *f, struct str name)
{
    return form_find_at(f, name, 0);
}

void form_add(struct buf *b, struct str name, struct str value)
{
    if (b->n > 0 && b->p[b->n - 1] != '?') {
        buf_char(b, '&');
    }
    url_encode(b, name, URL_FORM);
    buf_char(b, '=');
    url_encode(b, value, URL_FORM);
}

static bool is_good_segment(struct str s)
{
    if (s.n == 0 || str_eq(s, S(".")) || str_eq(s, S(".."))) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == '/' || s.p[i] == '\\' || s.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

enum err url_path_split(struct req *rq, struct str path, size_t max, struct str *ret_segs,
                        size_t *ret_n)
{
    if (path.n == 0 || path.p[0] != '/') {
        return FAIL(rq, E_BAD_INPUT, "path: a slash is expected in front");
    }
    struct str rest = str_sub(path, 1, path.n);
    if (str_ends(rest, S("/"))) {
        rest.n--;
        if (rest.n == 0) {
            return FAIL(rq, E_BAD_INPUT, "path: empty segment");
        }
    }
    if (rest.n == 0) {
        rest.p = NULL;
    }
    size_t n = 0;
    struct str piece;
    while (str_cut(&rest, '/', &piece)) {
        if (n == max) {
            return FAIL(rq, E_TOO_LARGE, "path: more than %zu segments", max);
        }
        struct str seg;
        TRY(url_decode(rq, piece, URL_PLUS_IS_PLUS, &seg));
        if (!is_good_segment(seg)) {
            return FAIL(rq, E_BAD_INPUT, "path: segment %zu", n + 1);
        }
        ret_segs[n++] = seg;
    }
    *ret_n = n;
    return OK;
}

void url_target_split(struct str target, struct str *ret_path, struct str *ret_query)
{
    struct str s = str_sub(target, 0, str_find_char(target, '#'));
    size_t mark = str_find_char(s, '?');
    *ret_path = str_sub(s, 0, mark);
    *ret_query = mark < s.n ? str_sub(s, mark + 1, s.n) : (struct str){NULL, 0};
}

static bool is_scheme(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool letter = ((unsigned char)c | 0x20u) - 'a' < 26;
        bool other = (unsigned)(c - '0') < 10 || c == '+' || c == '-' || c == '.';
        if (!letter && (i == 0 || !other)) {
            return false;
        }
    }
    return s.n > 0;
}

/* host, host:port, [address]:port */
static bool split_authority(struct str s, struct url *u)
{
    struct str port = {NULL, 0};
    if (s.n > 0 && s.p[0] == '[') {
        size_t close = str_find_char(s, ']');
        if (close == s.n) {
            return false;
        }
        u->host = str_sub(s, 1, close - 1);
        struct str rest = str_sub(s, close + 1, s.n);
        if (rest.n > 0) {
            if (rest.p[0] != ':') {
                return false;
            }
            port = str_sub(rest, 1, rest.n);
        }
    } else {
        size_t colon = str_find_char(s, ':');
        u->host = str_sub(s, 0, colon);
        if (colon < s.n) {
            port = str_sub(s, colon + 1, s.n);
        }
    }
    u->port = 0;
    if (port.p != NULL) {
        uint64_t v;
        if (!str_u64(port, &v) || v == 0 || v > UINT16_MAX) {
            return false;
        }
        u->port = (uint16_t)v;
    }
    return u->host.n > 0;
}

bool url_split(struct str s, struct url *ret_url)
{
    struct url u = {0};
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f) {
            return false;
        }
    }
    size_t at = str_find(s, S("://"));
    if (at == s.n) {
        return false;
    }
    u.scheme = str_sub(s, 0, at);
    struct str rest = str_sub(s, at + 3, s.n);
    size_t end = 0;
    while (end < rest.n && rest.p[end] != '/' && rest.p[end] != '?' && rest.p[end] != '#') {
        end++;
    }
    struct str authority = str_sub(rest, 0, end);
    if (!is_scheme(u.scheme) || str_find_char(authority, '@') < authority.n
        || !split_authority(authority, &u)) {
        return false;
    }
    url_target_split(str_sub(rest, end, rest.n), &u.path, &u.query);
    *ret_url = u;
    return true;
}
