/* codec/dicom_text.c - DICOM text to UTF-8 (PS3.3 C.12.1.1.2, PS3.5 6.1). See dicom_int.h.
 *
 * Escape sequences (ISO 2022, PS3.5 6.1.2.5) change what a half of the byte range means until the value's
 * end or the next one; they name their sets themselves, so only the first value of Specific Character Set
 * matters. What the sets mean is known to iconv of the C library. */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "codec/dicom_int.h"
#include "codec/utf8.h"

enum { ESC = 0x1b };

/* What the bytes of the upper half are. */
enum kind {
    KIND_NONE,  /* ASCII; UTF-8 where it is well-formed */
    KIND_OTHER, /* not known: replaced by "?" */
    KIND_UTF8,
    KIND_BYTE,  /* one byte a character, from 0xa0 */
    KIND_KANA,  /* JIS X 0201: half width katakana from 0xa1 */
    KIND_PAIR,  /* two bytes, both of the upper half */
    KIND_WIDE,  /* two or four bytes, the later ones of any half (GBK, GB 18030) */
};

static const struct set {
    struct str number; /* of ISO_IR and ISO 2022 IR; or the whole name */
    struct str escape; /* what follows ESC to call it into the upper half; "" none */
    enum kind kind;
    const char *iconv;
} sets[] = {
    {SI("6"), SI(""), KIND_NONE, NULL},
    {SI("?"), SI(""), KIND_OTHER, NULL},
    {SI("192"), SI(""), KIND_UTF8, NULL},
    {SI("GB18030"), SI(""), KIND_WIDE, "GB18030"},
    {SI("GBK"), SI(""), KIND_WIDE, "GBK"},
    {SI("100"), SI("-A"), KIND_BYTE, "ISO-8859-1"},
    {SI("101"), SI("-B"), KIND_BYTE, "ISO-8859-2"},
    {SI("109"), SI("-C"), KIND_BYTE, "ISO-8859-3"},
    {SI("110"), SI("-D"), KIND_BYTE, "ISO-8859-4"},
    {SI("144"), SI("-L"), KIND_BYTE, "ISO-8859-5"},
    {SI("127"), SI("-G"), KIND_BYTE, "ISO-8859-6"},
    {SI("126"), SI("-F"), KIND_BYTE, "ISO-8859-7"},
    {SI("138"), SI("-H"), KIND_BYTE, "ISO-8859-8"},
    {SI("148"), SI("-M"), KIND_BYTE, "ISO-8859-9"},
    {SI("203"), SI("-b"), KIND_BYTE, "ISO-8859-15"},
    {SI("166"), SI("-T"), KIND_BYTE, "TIS-620"},
    {SI("13"), SI(")I"), KIND_KANA, NULL},
    {SI("149"), SI("$)C"), KIND_PAIR, "EUC-KR"},
    {SI("58"), SI("$)A"), KIND_PAIR, "EUC-CN"},
    {SI("87"), SI(""), KIND_NONE, NULL},  /* called into the lower half only */
    {SI("159"), SI(""), KIND_NONE, NULL},
};
enum { SET_NONE = 0, SET_OTHER = 1, SET_UTF8 = 2 };

/* What the bytes of the lower half are. */
enum low { LOW_ASCII, LOW_JIS_208, LOW_JIS_212, LOW_OTHER };

struct reader {
    struct buf out;
    struct str s;
    size_t i;
    uint8_t first; /* set of the upper half at the start of a value */
    uint8_t high;
    enum low low;
    unsigned flags;
};

struct dicom_charset dicom_charset_of(struct str value)
{
    struct str name = str_trim(str_sub(value, 0, str_find_char(value, '\\')));
    while (name.n > 0 && name.p[name.n - 1] == 0) {
        name.n--;
    }
    if (name.n == 0) {
        return (struct dicom_charset){SET_NONE};
    }
    if (str_starts(name, S("ISO"))) { /* its number: programs write the blanks in many ways */
        size_t from = name.n;
        while (from > 0 && name.p[from - 1] >= '0' && name.p[from - 1] <= '9') {
            from--;
        }
        name = str_sub(name, from, name.n);
    }
    for (uint8_t i = 0; i < LEN(sets); i++) {
        if (str_eq(name, sets[i].number)) {
            return (struct dicom_charset){i};
        }
    }
    return (struct dicom_charset){SET_OTHER};
}

static void replaced(struct reader *r)
{
    buf_char(&r->out, '?');
    r->flags |= DICOM_REPLACED;
}

/* Follows the escape sequence at r->i. */
static void follow_escape(struct reader *r)
{
    size_t from = ++r->i;
    while (r->i < r->s.n && (unsigned char)r->s.p[r->i] >= 0x20 &&
           (unsigned char)r->s.p[r->i] < 0x30) {
        r->i++; /* intermediate bytes; the final one follows */
    }
    r->i += r->i < r->s.n;
    struct str seq = str_sub(r->s, from, r->i - from);
    if (str_starts(seq, S("("))) {
        r->low = LOW_ASCII;
    } else if (str_eq(seq, S("$B")) || str_eq(seq, S("$@"))) {
        r->low = LOW_JIS_208;
    } else if (str_eq(seq, S("$(D"))) {
        r->low = LOW_JIS_212;
    } else if (str_starts(seq, S("$")) && !str_starts(seq, S("$)"))) {
        r->low = LOW_OTHER;
    } else {
        r->high = SET_OTHER;
        for (uint8_t i = 0; i < LEN(sets); i++) {
            if (seq.n > 0 && str_eq(seq, sets[i].escape)) {
                r->high = i;
            }
        }
    }
}

/* One run of bytes of one set. What is not of it: "?" a byte. */
static void convert(struct reader *r, const char *set, struct str run)
{
    iconv_t cd = iconv_open("UTF-8", set);
    bool open = cd != (iconv_t)-1;
    char *in = (char *)(uintptr_t)run.p; /* iconv does not write there */
    size_t left = run.n;
    while (left > 0) {
        char piece[256];
        char *to = piece;
        size_t room = sizeof(piece);
        size_t got = open ? iconv(cd, &in, &left, &to, &room) : (size_t)-1;
        int why = open ? errno : EILSEQ;
        buf_bytes(&r->out, piece, sizeof(piece) - room);
        if (got == (size_t)-1 && why != E2BIG) {
            replaced(r);
            in++;
            left--;
            if (open) {
                (void)iconv(cd, NULL, NULL, NULL, NULL);
            }
        }
    }
    if (open) {
        (void)iconv_close(cd);
    }
}

/* Two byte characters of the lower half, as EUC-JP has them. */
static void low_run(struct reader *r)
{
    struct buf euc;
    buf_init(&euc, r->out.a, (r->s.n - r->i) * 2 + 3);
    unsigned char c;
    size_t n = 0;
    while (r->i < r->s.n && (c = (unsigned char)r->s.p[r->i]) > 0x20 && c < 0x7f) {
        if (r->low == LOW_JIS_212 && n % 2 == 0) {
            buf_char(&euc, (char)0x8f);
        }
        buf_char(&euc, (char)(c | 0x80));
        n++;
        r->i++;
    }
    if (n == 0) { /* a blank */
        buf_char(&r->out, r->s.p[r->i++]);
    } else if (r->low == LOW_OTHER || !buf_ok(&euc)) {
        for (size_t k = 0; k < n; k++) {
            replaced(r);
        }
    } else {
        convert(r, "EUC-JP", buf_get(&euc));
    }
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Bytes of the character at p in GBK or GB 18030: two, or four of the form high, digit, high, digit. 1 where
 * there is none, so that no control character hides behind a half of one. */
static size_t wide_size(struct str s, size_t i)
{
    const unsigned char *p = (const unsigned char *)s.p + i;
    size_t left = s.n - i;
    if (p[0] < 0x80) {
        return 0;
    }
    if (left < 2 || p[1] < ' ' || p[1] == 0x7f) {
        return 1;
    }
    if (!is_digit((char)p[1])) {
        return 2;
    }
    return left >= 4 && p[2] >= 0x80 && is_digit((char)p[3]) ? 4 : 1;
}

static void high_run(struct reader *r)
{
    const struct set *set = &sets[r->high];
    size_t from = r->i;
    size_t n = 0;
    switch (set->kind) {
    case KIND_UTF8:
        n = utf8_seq(r->s.p + r->i, r->s.p + r->s.n);
        r->i += MAX(n, (size_t)1);
        if (n > 0) {
            buf_bytes(&r->out, r->s.p + from, n);
        } else {
            replaced(r);
        }
        return;
    case KIND_KANA: {
        unsigned char c = (unsigned char)r->s.p[r->i];
        char out[4];
        if (c > 0xa0 && c < 0xe0) {
            buf_bytes(&r->out, out, utf8_put(out, 0xff61u + (c - 0xa1u)));
            r->i++;
            return;
        }
        break;
    }
    case KIND_BYTE:
    case KIND_PAIR:
        while (r->i < r->s.n && (unsigned char)r->s.p[r->i] >= 0xa0) {
            r->i++;
        }
        break;
    case KIND_WIDE:
        while (r->i < r->s.n && (n = wide_size(r->s, r->i)) > 0) {
            r->i += n;
        }
        break;
    case KIND_NONE:
    case KIND_OTHER: break;
    }
    if (r->i == from) {
        r->i++;
        replaced(r);
        return;
    }
    convert(r, set->iconv, str_sub(r->s, from, r->i - from));
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
                      enum dicom_text_kind kind, unsigned *flags)
{
    if (is_plain(s)) {
        return s;
    }
    struct reader r = {.s = s, .first = charset->set};
    if (sets[r.first].kind == KIND_NONE && utf8_is_valid(s)) {
        r.first = SET_UTF8; /* written by programs that forgot to say so */
    }
    r.high = r.first;
    buf_init(&r.out, a, s.n * 4 + 1);
    while (r.i < s.n) {
        unsigned char c = (unsigned char)s.p[r.i];
        bool line = c == '\t' || c == '\n' || c == '\f' || c == '\r';
        bool end = line || (r.low == LOW_ASCII &&
                            (c == '\\' || (kind == DICOM_TEXT_NAME && (c == '^' || c == '='))));
        if (c == ESC) {
            follow_escape(&r);
        } else if (c >= 0x80) {
            high_run(&r);
        } else if (c >= ' ' && c != 0x7f && r.low != LOW_ASCII) {
            low_run(&r);
        } else {
            if ((c >= ' ' && c != 0x7f) || (line && kind == DICOM_TEXT_BLOCK)) {
                buf_char(&r.out, (char)c);
            }
            r.i++;
        }
        if (end) {
            r.high = r.first;
            r.low = LOW_ASCII;
        }
    }
    *flags |= r.flags;
    return buf_get(&r.out);
}
