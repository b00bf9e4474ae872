/* codec/utf8_fold.c - folding text for search: what people type finds what is written.
 *
 * The tables follow Unicode 15 (lower case, compatibility decomposition, marks removed), with the
 * letters that have no decomposition decided by hand. See utf8.h for the rules. */
#include <uchar.h>

#include "codec/utf8.h"

/* Latin-1, Extended-A and -B: what U+00C0 and on become: two places each, blank for nothing. */
static const char latin[] =
    "a a a a a a aec e e e e i i i i " /* 00C0 */
    "d n o o o o o x o u u u u y thss" /* 00D0 */
    "a a a a a a aec e e e e i i i i " /* 00E0 */
    "d n o o o o o   o u u u u y thy " /* 00F0 */
    "a a a a a a c c c c c c c c d d " /* 0100 */
    "d d e e e e e e e e e e g g g g " /* 0110 */
    "g g g g h h h h i i i i i i i i " /* 0120 */
    "i i ijijj j k k k l l l l l l l " /* 0130 */
    "l l l n n n n n n n n n o o o o " /* 0140 */
    "o o oeoer r r r r r s s s s s s " /* 0150 */
    "s s t t t t t t u u u u u u u u " /* 0160 */
    "u u u u w w y y y z z z z z z s " /* 0170 */
    "b b b b     o c c d d d d   e e " /* 0180 */
    "e f f g g hvi i k k l l m n n o " /* 0190 */
    "o o oioip p r s s s s t t t t u " /* 01A0 */
    "u u v y y z z z z z z         w " /* 01B0 */
    "        dzdzdzljljljnjnjnja a i " /* 01C0 */
    "i o o u u u u u u u u u u e a a " /* 01D0 */
    "a a aeaeg g g g k k o o o o z z " /* 01E0 */
    "j dzdzdzg g hvw n n a a aeaeo o " /* 01F0 */
    "a a a a e e e e i i i i o o o o " /* 0200 */
    "r r r r u u u u s s t t y y h h " /* 0210 */
    "n d ououz z a a e e o o o o o o " /* 0220 */
    "o o y y l n t j dbqpa c c l t s " /* 0230 */
    "z     b u a e e j j q q r r y y "; /* 0240 */

/* Latin Extended Additional: what U+1E00 and on become: two places each, blank for nothing. */
static const char latin_more[] =
    "a a b b b b b b c c d d d d d d " /* 1E00 */
    "d d d d e e e e e e e e e e f f " /* 1E10 */
    "g g h h h h h h h h h h i i i i " /* 1E20 */
    "k k k k k k l l l l l l l l m m " /* 1E30 */
    "m m m m n n n n n n n n o o o o " /* 1E40 */
    "o o o o p p p p r r r r r r r r " /* 1E50 */
    "s s s s s s s s s s t t t t t t " /* 1E60 */
    "t t u u u u u u u u u u v v v v " /* 1E70 */
    "w w w w w w w w w w x x x x y y " /* 1E80 */
    "z z z z z z h t w y a s s s ssd " /* 1E90 */
    "a a a a a a a a a a a a a a a a " /* 1EA0 */
    "a a a a a a a a e e e e e e e e " /* 1EB0 */
    "e e e e e e e e i i i i o o o o " /* 1EC0 */
    "o o o o o o o o o o o o o o o o " /* 1ED0 */
    "o o o o u u u u u u u u u u u u " /* 1EE0 */
    "u u y y y y y y y y llllv v y y "; /* 1EF0 */

/* Cyrillic, U+0400 and on. Kazakh, Uzbek and other letters become the Russian letter a person
 * without their keyboard types; the short i stays. Marks vanish (blank). */
static const char16_t cyrillic[] =
    u"ееђгеѕиијљњћкиуџ" /* 0400 */
    u"абвгдежзийклмноп" /* 0410 */
    u"рстуфхцчшщъыьэюя" /* 0420 */
    u"абвгдежзийклмноп" /* 0430 */
    u"рстуфхцчшщъыьэюя" /* 0440 */
    u"ееђгеѕиијљњћкиуџ" /* 0450 */
    u"ѡѡѣѣѥѥѧѧѩѩѫѫѭѭѯѯ" /* 0460 */
    u"ѱѱѳѳѵѵѵѵѹѹѻѻѽѽѿѿ" /* 0470 */
    u"ҁҁ҂       ййҍҍрр" /* 0480 */
    u"ггггггжжззкккккк" /* 0490 */
    u"ккннннппҩҩссттуу" /* 04A0 */
    u"ууххҵҵччччххҽҽҿҿ" /* 04B0 */
    u"ӏжжккллннннӌӌммӏ" /* 04C0 */
    u"ааааӕӕееаааажжзз" /* 04D0 */
    u"ӡӡииииооооооээуу" /* 04E0 */
    u"ууууччггыыггхххх" /* 04F0 */
    u"ԁԁԃԃԅԅԇԇԉԉԋԋԍԍԏԏ" /* 0500 */
    u"ԑԑԓԓԕԕԗԗԙԙԛԛԝԝԟԟ" /* 0510 */
    u"ԡԡԣԣԥԥԧԧԩԩԫԫԭԭԯԯ"; /* 0520 */

static bool is_mark(uint32_t c)
{
    return (c >= 0x300 && c < 0x370) || (c >= 0x1ab0 && c < 0x1b00) || (c >= 0x1dc0 && c < 0x1e00)
           || (c >= 0x20d0 && c < 0x2100) || (c >= 0xfe00 && c < 0xfe10) || c == 0xad
           || (c >= 0x200b && c < 0x2010) || c == 0x2060 || c == 0xfeff;
}

/* The apostrophes people type in o', g', O'Hara: straight, curly, turned comma, grave, acute. */
static bool is_apostrophe(uint32_t c)
{
    return c == '\'' || c == '`' || c == 0xb4 || (c >= 0x2b9 && c <= 0x2bf) || c == 0x2c8
           || c == 0x2ca || c == 0x2cb || (c >= 0x2018 && c <= 0x201b) || c == 0x2032
           || c == 0x2035 || c == 0xff07;
}

static bool is_blank(uint32_t c)
{
    return c <= ' ' || c == 0x7f || (c >= 0x80 && c <= 0xa0) || c == 0x1680
           || (c >= 0x2000 && c <= 0x200a) || (c >= 0x2028 && c <= 0x202f) || c == 0x205f
           || c == 0x3000;
}

static bool is_dash(uint32_t c)
{
    return (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xfe58 || c == 0xfe63 || c == 0xff0d;
}

/* The folded form of c: 0 to 4 bytes into out. */
static size_t fold_char(uint32_t c, char out[4])
{
    const char *pair = NULL;
    if (c >= 0xff01 && c <= 0xff5e) {
        c -= 0xff01 - '!'; /* full width */
    }
    if (is_mark(c) || is_apostrophe(c)) {
        return 0;
    }
    if (is_dash(c)) {
        c = '-';
    }
    if (c < 0x80) {
        out[0] = (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
        return 1;
    }
    if (c >= 0xc0 && c < 0x250) {
        pair = &latin[(c - 0xc0) * 2];
    } else if (c >= 0x1e00 && c < 0x1f00) {
        pair = &latin_more[(c - 0x1e00) * 2];
    } else if (c == 0x259) {
        pair = "e ";
    } else if (c >= 0x400 && c < 0x530) {
        c = cyrillic[c - 0x400];
        return c == ' ' ? 0 : utf8_put(out, c);
    } else if (c >= 0x391 && c <= 0x3a9) {
        c += 32; /* Greek capitals */
    }
    if (pair != NULL) {
        size_t n = 0;
        for (size_t i = 0; i < 2 && pair[i] != ' '; i++) {
            out[n++] = pair[i];
        }
        return n;
    }
    return utf8_put(out, c);
}

void utf8_fold(struct buf *b, struct str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    bool gap = false; /* blanks are waiting to be written as one */
    bool any = false;
    while (p < end) {
        uint32_t c;
        p = utf8_next(p, end, &c);
        if (is_blank(c)) {
            gap = any;
            continue;
        }
        if (c == 0x438 || c == 0x418) {
            uint32_t mark = 0;
            const char *next = p < end ? utf8_next(p, end, &mark) : p;
            if (mark == 0x306) { /* the short i, written with a mark of its own */
                c = 0x439;
                p = next;
            }
        }
        char out[4];
        size_t n = fold_char(c, out);
        if (n == 0) {
            continue;
        }
        if (gap) {
            buf_char(b, ' ');
            gap = false;
        }
        buf_bytes(b, out, n);
        any = true;
    }
}
