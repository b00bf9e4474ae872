/* fhir/path_lex.c - an expression of FHIRPath into tokens. See path_int.h. */
#include <string.h>

#include "codec/utf8.h"
#include "fhir/path_lex.h"
#include "fhir/path_value.h"

static enum err fail_at(struct path_lexer *lex, size_t at, const char *what)
{
    return FAIL(lex->rq, E_SYNTAX, "FHIRPath at %zu: %s", at, what);
}

static int peek(const struct path_lexer *lex, size_t ahead)
{
    return lex->at + ahead < lex->src.n ? (unsigned char)lex->src.p[lex->at + ahead] : -1;
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_word_start(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_word(int c)
{
    return is_word_start(c) || is_digit(c);
}

static enum err skip_blank(struct path_lexer *lex)
{
    for (;;) {
        int c = peek(lex, 0);
        if (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
            lex->at++;
        } else if (c == '/' && peek(lex, 1) == '/') {
            while (peek(lex, 0) >= 0 && peek(lex, 0) != '\n' && peek(lex, 0) != '\r') {
                lex->at++;
            }
        } else if (c == '/' && peek(lex, 1) == '*') {
            struct str rest = str_sub(lex->src, lex->at + 2, lex->src.n);
            size_t end = str_find(rest, S("*/"));
            if (end == rest.n) {
                return fail_at(lex, lex->at, "a comment without end");
            }
            lex->at += 2 + end + 2;
        } else {
            return OK;
        }
    }
}

/* Four hex digits at p, -1 when there are none. */
static int32_t hex4(const char *p, size_t n)
{
    if (n < 4) {
        return -1;
    }
    int32_t v = 0;
    for (int i = 0; i < 4; i++) {
        int c = (unsigned char)p[i];
        int low = c | 0x20;
        if (is_digit(c)) {
            v = v << 4 | (c - '0');
        } else if (low >= 'a' && low <= 'f') {
            v = v << 4 | (low - 'a' + 10);
        } else {
            return -1;
        }
    }
    return v;
}

/* The character of the escape at p (after the backslash), written to out; gives the bytes read. A
 * backslash before anything else is that character. */
static size_t unescape(const char *p, size_t n, char *out, size_t *ret_n)
{
    static const char from[] = "rntf";
    static const char to[] = "\r\n\t\f";
    const char *known = memchr(from, p[0], sizeof(from) - 1);
    if (known != NULL) {
        out[0] = to[known - from];
        *ret_n = 1;
        return 1;
    }
    int32_t c = p[0] == 'u' ? hex4(p + 1, n - 1) : -1;
    if (c <= 0) {
        out[0] = p[0];
        *ret_n = 1;
        return 1;
    }
    size_t used = 5;
    if (c >= 0xd800 && c < 0xdc00 && n >= 11 && p[5] == '\\' && p[6] == 'u') {
        int32_t low = hex4(p + 7, n - 7);
        if (low >= 0xdc00 && low < 0xe000) {
            c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
            used = 11;
        }
    }
    if (c >= 0xd800 && c < 0xe000) {
        c = 0xfffd;
    }
    *ret_n = utf8_put(out, (uint32_t)c);
    return used;
}

/* What stands between quotes; lex->at is at the first of them. */
static enum err quoted(struct path_lexer *lex, char quote, struct str *ret_text)
{
    size_t start = lex->at;
    size_t from = start + 1;
    size_t end = from;
    bool escaped = false;
    while (end < lex->src.n && lex->src.p[end] != quote) {
        if (lex->src.p[end] == '\\') {
            escaped = true;
            end++;
        }
        end++;
    }
    if (end >= lex->src.n) {
        return fail_at(lex, start, "a text without end");
    }
    lex->at = end + 1;
    struct str raw = str_sub(lex->src, from, end - from);
    if (!escaped) {
        *ret_text = raw;
        return OK;
    }
    char *out = arena_alloc_raw(lex->rq->a, raw.n); /* decoding never lengthens */
    TRY_MEM(lex->rq, out);
    size_t n = 0;
    for (size_t i = 0; i < raw.n;) {
        if (raw.p[i] != '\\') {
            out[n++] = raw.p[i++];
            continue;
        }
        size_t put;
        i++;
        i += unescape(raw.p + i, raw.n - i, out + n, &put);
        n += put;
    }
    *ret_text = (struct str){out, n};
    return OK;
}

static void number(struct path_lexer *lex, struct path_token *t)
{
    size_t from = lex->at;
    t->kind = TOK_INTEGER;
    while (is_digit(peek(lex, 0))) {
        lex->at++;
    }
    if (peek(lex, 0) == '.' && is_digit(peek(lex, 1))) {
        t->kind = TOK_DECIMAL;
        lex->at++;
        while (is_digit(peek(lex, 0))) {
            lex->at++;
        }
    }
    while (from + 1 < lex->at && lex->src.p[from] == '0' && is_digit(lex->src.p[from + 1])) {
        from++; /* 00.01 */
    }
    t->text = str_sub(lex->src, from, lex->at - from);
}

static void word(struct path_lexer *lex, struct str *ret_text)
{
    size_t from = lex->at;
    while (is_word(peek(lex, 0))) {
        lex->at++;
    }
    *ret_text = str_sub(lex->src, from, lex->at - from);
}

static enum err variable(struct path_lexer *lex, struct path_token *t)
{
    lex->at++;
    t->kind = TOK_VARIABLE;
    int c = peek(lex, 0);
    if (c == '`' || c == '\'') {
        return quoted(lex, (char)c, &t->text);
    }
    if (!is_word_start(c)) {
        return fail_at(lex, t->at, "a name belongs after %");
    }
    word(lex, &t->text);
    return OK;
}

static enum err sign(struct path_lexer *lex, struct path_token *t)
{
    static const struct {
        char text[3];
        uint8_t sign;
    } signs[] = {
        {"!=", SIGN_NE}, {"!~", SIGN_NEQV}, {"<=", SIGN_LE}, {">=", SIGN_GE},
        {".", SIGN_DOT}, {",", SIGN_COMMA}, {"(", SIGN_OPEN}, {")", SIGN_CLOSE},
        {"[", SIGN_OPEN_SQUARE}, {"]", SIGN_CLOSE_SQUARE}, {"{", SIGN_OPEN_CURLY},
        {"}", SIGN_CLOSE_CURLY}, {"+", SIGN_PLUS}, {"-", SIGN_MINUS}, {"*", SIGN_STAR},
        {"/", SIGN_SLASH}, {"|", SIGN_BAR}, {"&", SIGN_AMP}, {"=", SIGN_EQ}, {"~", SIGN_EQV},
        {"<", SIGN_LT}, {">", SIGN_GT},
    };
    for (size_t i = 0; i < LEN(signs); i++) {
        struct str text = str_z(signs[i].text);
        if (str_starts(str_sub(lex->src, lex->at, 2), text)) {
            lex->at += text.n;
            t->kind = TOK_SIGN;
            t->sign = signs[i].sign;
            return OK;
        }
    }
    return fail_at(lex, lex->at, "a character that means nothing here");
}

static enum err time_literal(struct path_lexer *lex, struct path_token *t)
{
    enum path_kind kind;
    struct str rest = str_sub(lex->src, lex->at + 1, lex->src.n);
    size_t n = path_time_scan(rest, &t->time, &kind);
    if (n == 0) {
        return fail_at(lex, lex->at, "a date or time belongs after @");
    }
    t->kind = TOK_TIME;
    t->time_kind = (uint8_t)kind;
    lex->at += 1 + n;
    return OK;
}

enum err path_lex(struct path_lexer *lex, struct path_token *ret_token)
{
    struct path_token t = {0};
    TRY(skip_blank(lex));
    t.at = (uint32_t)lex->at;
    int c = peek(lex, 0);
    if (c < 0) {
        t.kind = TOK_END;
    } else if (is_word_start(c)) {
        t.kind = TOK_IDENT;
        word(lex, &t.text);
    } else if (is_digit(c)) {
        number(lex, &t);
    } else if (c == '\'') {
        t.kind = TOK_STRING;
        TRY(quoted(lex, '\'', &t.text));
    } else if (c == '`') {
        t.kind = TOK_DELIMITED;
        TRY(quoted(lex, '`', &t.text));
    } else if (c == '%') {
        TRY(variable(lex, &t));
    } else if (c == '$') {
        lex->at++;
        t.kind = TOK_DOLLAR;
        word(lex, &t.text);
    } else if (c == '@') {
        TRY(time_literal(lex, &t));
    } else {
        TRY(sign(lex, &t));
    }
    *ret_token = t;
    return OK;
}
