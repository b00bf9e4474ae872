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
