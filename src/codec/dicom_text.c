/* codec/dicom_text.c - DICOM text to UTF-8. See dicom_int.h.
 *
 * Escape sequences (ISO 2022, PS3.5 6.1.2.5) change what the upper half means until the value's
 * end or the next one; those for Latin-1 and Cyrillic are followed, others give "?". */
#include "codec/dicom_int.h"
#include "codec/utf8.h"

enum { ESC = 0x1b };

struct dicom_charset dicom_charset_of(struct str value)
{
    static const struct {
        struct str name;
        enum dicom_high high;
    } rows[] = {
        {SI(""), DICOM_HIGH_NONE},
        {SI("ISO_IR 6"), DICOM_HIGH_NONE},
        {SI("ISO 2022 IR 6"), DICOM_HIGH_NONE},
        {SI("ISO_IR 100"), DICOM_HIGH_LATIN1},
        {SI("ISO 2022 IR 100"), DICOM_HIGH_LATIN1},
        {SI("ISO_IR 144"), DICOM_HIGH_CYRILLIC},
        {SI("ISO 2022 IR 144"), DICOM_HIGH_CYRILLIC},
        {SI("ISO_IR 192"), DICOM_HIGH_UTF8},
    };
    struct str first = str_trim(str_sub(value, 0, str_find_char(value, '\\')));
    while (first.n > 0 && first.p[first.n - 1] == 0) {
        first.n--;
    }
    for (size_t i = 0; i < LEN(rows); i++) {
        if (str_eq(first, rows[i].name)) {
            return (struct dicom_charset){rows[i].high};
        }
    }
    return (struct dicom_charset){DICOM_HIGH_OTHER};
}

/* ISO 8859-5. */
static uint32_t cyrillic(unsigned char c)
{
    switch (c) {
    case 0xa0: return 0xa0;
    case 0xad: return 0xad;
    case 0xf0: return 0x2116;
    case 0xfd: return 0xa7;
    default: return c < 0xa0 ? '?' : 0x401u + (c - 0xa1u);
    }
}

/* What the two halves of the byte range mean just now. */
struct halves {
    enum dicom_high high;
    bool low_other; /* the lower half is a set of two bytes a character, not ASCII */
};

/* Follows the escape sequence at s[i]: gives the byte after it. */
static size_t follow_escape(struct str s, size_t i, struct halves *h)
{
    size_t from = ++i;
    while (i < s.n && (unsigned char)s.p[i] >= 0x20 && (unsigned char)s.p[i] < 0x30) {
        i++; /* intermediate bytes; the final one follows */
    }
    if (i < s.n) {
        i++;
    }
    struct str seq = str_sub(s, from, i - from);
    if (str_eq(seq, S("-A"))) {
        h->high = DICOM_HIGH_LATIN1;
    } else if (str_eq(seq, S("-L"))) {
        h->high = DICOM_HIGH_CYRILLIC;
    } else if (str_starts(seq, S("("))) {
        h->low_other = false;
    } else if (str_starts(seq, S("$")) && !str_starts(seq, S("$)"))) {
        h->low_other = true;
    } else {
        h->high = DICOM_HIGH_OTHER;
    }
    return i;
}

/* One byte of the upper half, as a character. */
static uint32_t high_char(enum dicom_high high, unsigned char c, unsigned *flags)
{
    uint32_t u = '?';
    if (high == DICOM_HIGH_LATIN1 && c >= 0xa0) {
        u = c;
    } else if (high == DICOM_HIGH_CYRILLIC) {
        u = cyrillic(c);
    }
    if (u == '?') {
        *flags |= DICOM_REPLACED;
    }
    return u;
}

static bool is_plain(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if ((unsigned char)s.p[i] < ' ' || (unsigned char)s.p[i] >= 0x7f) {
            return false;
        }
    }
    return true;
}

struct str dicom_text(struct arena *a, const struct dicom_charset *charset, struct str s,
                      unsigned *flags)
{
    if (is_plain(s)) {
        return s;
    }
    struct halves h = {charset->high, false};
    if (h.high == DICOM_HIGH_NONE && utf8_is_valid(s)) {
        h.high = DICOM_HIGH_UTF8; /* written by programs that forgot to say so */
    }
    struct buf b;
    buf_init(&b, a, s.n * 3 + 1);
    for (size_t i = 0; i < s.n;) {
        unsigned char c = (unsigned char)s.p[i];
        if (c == ESC) {
            i = follow_escape(s, i, &h);
            continue;
        }
        size_t n = 1;
        char out[4];
        if (c >= 0x80 && h.high == DICOM_HIGH_UTF8) {
            n = utf8_seq(s.p + i, s.p + s.n);
            if (n > 0) {
                buf_bytes(&b, s.p + i, n);
            } else {
                n = 1;
                buf_char(&b, '?');
                *flags |= DICOM_REPLACED;
            }
        } else if (c >= 0x80) {
            buf_bytes(&b, out, utf8_put(out, high_char(h.high, c, flags)));
        } else if (c >= ' ' && c != 0x7f) {
            buf_char(&b, h.low_other ? '?' : (char)c);
            *flags |= h.low_other ? DICOM_REPLACED : 0u;
        }
        i += n;
    }
    return buf_get(&b);
}
