/* codec/utf8.h - UTF-8 (RFC 3629): validity, counting, cutting, and folding for search keys. */
#pragma once

#include "base/buf.h"

/* Bytes of the well-formed sequence at p, or 0 when none stands there. p < end. Overlong forms,
 * surrogates and what lies past U+10FFFF are not well-formed. Inline: the JSON parser's inner loop. */
static inline size_t utf8_seq(const char *p, const char *end)
{
    const unsigned char *u = (const unsigned char *)p;
    size_t left = (size_t)(end - p);
    unsigned c = u[0];
    if (c < 0x80) {
        return 1;
    }
    if (c < 0xc2 || left < 2 || (u[1] & 0xc0) != 0x80) {
        return 0;
    }
    if (c < 0xe0) {
        return 2;
    }
    if (left < 3 || (u[2] & 0xc0) != 0x80) {
        return 0;
    }
    if (c < 0xf0) {
        bool ok = !(c == 0xe0 && u[1] < 0xa0) && !(c == 0xed && u[1] > 0x9f);
        return ok ? 3 : 0;
    }
    if (c > 0xf4 || left < 4 || (u[3] & 0xc0) != 0x80) {
        return 0;
    }
    bool ok = !(c == 0xf0 && u[1] < 0x90) && !(c == 0xf4 && u[1] > 0x8f);
    return ok ? 4 : 0;
}

/* Writes the 1 to 4 bytes of a scalar value (not a surrogate, at most U+10FFFF); gives how many. */
size_t utf8_put(char out[4], uint32_t c);

/* The character at p (p < end) and what follows it. A byte that starts no well-formed sequence is
 * read alone, as U+FFFD. */
static inline const char *utf8_next(const char *p, const char *end, uint32_t *ret_c)
{
    const unsigned char *u = (const unsigned char *)p;
    switch (utf8_seq(p, end)) {
    case 1: *ret_c = u[0]; return p + 1;
    case 2: *ret_c = (u[0] & 0x1fu) << 6 | (u[1] & 0x3fu); return p + 2;
    case 3:
        *ret_c = (u[0] & 0xfu) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
        return p + 3;
    case 4:
        *ret_c = (u[0] & 7u) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
        return p + 4;
    default: *ret_c = 0xfffd; return p + 1;
    }
}

bool utf8_is_valid(struct str s);
/* Characters (code points); each byte that is not UTF-8 counts as one. */
size_t utf8_count(struct str s);
/* The start of s, at most max_bytes long, not cutting a character. */
struct str utf8_cut(struct str s, size_t max_bytes);
/* The first max_chars characters of s. */
struct str utf8_cut_chars(struct str s, size_t max_chars);
/* s with each byte that is not UTF-8, and each U+0000, replaced by U+FFFD. */
void utf8_clean(struct buf *b, struct str s);

/* The form of s under which a search finds it; both the stored key and what is typed pass here.
 *  - lower case; full width forms as ordinary ones; marks removed, precomposed or not
 *  - Latin: letters with marks become plain ones; ae, oe, ss, th for their ligatures; dotless i is i
 *  - Cyrillic: io is ie, the short i stays; Kazakh, Uzbek, Tajik, Tatar and Ukrainian letters become
 *    the Russian letter one types without their keyboard (schwa a, barred g g, hooked k k, n, barred
 *    o o, u, h kh, dotted i i)
 *  - every apostrophe is dropped (Uzbek o' and g', O'Hara); every dash is "-"
 *  - blanks at the ends are dropped, elsewhere a run of them is one space
 * Other scripts stay as they are. Folding twice changes nothing. Not UTF-8: U+FFFD. */
void utf8_fold(struct buf *b, struct str s);
