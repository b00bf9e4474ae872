/* codec/b64.h - base64 (RFC 4648): section 4 for FHIR and mail, section 5 for URLs and tokens. */
#pragma once

#include "base/buf.h"

enum b64_kind {
    B64_STD,    /* + and /, padded */
    B64_URL,    /* - and _, no padding */
    B64_BLANKS, /* B64_STD; when read, blanks anywhere and the bits behind the last byte are passed over, as
                 * FHIR's base64Binary allows them */
};

/* Characters for n bytes, padding counted. */
static inline size_t b64_chars(size_t n)
{
    return (n + 2) / 3 * 4;
}
void b64_write(struct buf *b, const void *p, size_t n, enum b64_kind kind);
/* Reads the whole of text. out has room for text.n / 4 * 3 + 3 bytes. Strict: the padding of the
 * kind and no other, unused bits zero (but for B64_BLANKS), no foreign character. out may be part filled on
 * failure. */
MUST_USE bool b64_read(struct str text, enum b64_kind kind, void *out, size_t *ret_n);
/* As b64_read, into the arena. p NULL when text is not of the kind, or past the arena's cap. */
struct str b64_decoded(struct arena *a, struct str text, enum b64_kind kind);
