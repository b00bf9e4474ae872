/* codec/utf8.c - UTF-8. See utf8.h. */
#include "codec/utf8.h"

size_t utf8_put(char out[4], uint32_t c)
{
    if (c < 0x80) {
        out[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        out[0] = (char)(0xc0 | c >> 6);
        out[1] = (char)(0x80 | (c & 0x3f));
        return 2;
    }
    if (c < 0x10000) {
        out[0] = (char)(0xe0 | c >> 12);
        out[1] = (char)(0x80 | (c >> 6 & 0x3f));
        out[2] = (char)(0x80 | (c & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | c >> 18);
    out[1] = (char)(0x80 | (c >> 12 & 0x3f));
    out[2] = (char)(0x80 | (c >> 6 & 0x3f));
    out[3] = (char)(0x80 | (c & 0x3f));
    return 4;
}

bool utf8_is_valid(struct str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    while (p < end) {
        size_t n = utf8_seq(p, end);
        if (n == 0) {
            return false;
        }
        p += n;
    }
    return true;
}

struct str utf8_cut_chars(struct str s, size_t max_chars)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    while (p < end && max_chars > 0) {
        uint32_t c;
        p = utf8_next(p, end, &c);
        max_chars--;
    }
    return (struct str){s.p, s.n == 0 ? 0 : (size_t)(p - s.p)};
}

size_t utf8_count(struct str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    size_t n = 0;
    while (p < end) {
        uint32_t c;
        p = utf8_next(p, end, &c);
        n++;
    }
    return n;
}

struct str utf8_cut(struct str s, size_t max_bytes)
{
    if (s.n <= max_bytes) {
        return s;
    }
    size_t n = max_bytes;
    /* back over the continuation bytes of a character that would be cut */
    for (int back = 0; back < 3 && n > 0 && ((unsigned char)s.p[n] & 0xc0) == 0x80; back++) {
        n--;
    }
    return (struct str){s.p, n};
}

void utf8_clean(struct buf *b, struct str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    const char *from = p;
    while (p < end) {
        size_t n = *p == 0 ? 0 : utf8_seq(p, end);
        if (n > 0) {
            p += n;
            continue;
        }
        buf_bytes(b, from, (size_t)(p - from));
        BUF_LIT(b, "\xef\xbf\xbd");
        from = ++p;
    }
    buf_bytes(b, from, (size_t)(p - from));
}
