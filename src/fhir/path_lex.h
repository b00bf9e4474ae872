/* fhir/path_lex.h - FHIRPath as tokens, for its parser; private to the room. */
#pragma once

#include "fhir/path_int.h"

enum path_token_kind {
    TOK_END,
    TOK_IDENT,     /* text: the name */
    TOK_DELIMITED, /* `name`, decoded */
    TOK_STRING,    /* decoded */
    TOK_INTEGER,
    TOK_DECIMAL,
    TOK_TIME,      /* date, dateTime or time: kind in .time_kind */
    TOK_VARIABLE,  /* %name */
    TOK_DOLLAR,    /* $this: the word */
    TOK_SIGN,      /* an operator or bracket: .sign */
};

enum path_sign {
    SIGN_DOT = 1,
    SIGN_COMMA,
    SIGN_OPEN,
    SIGN_CLOSE,
    SIGN_OPEN_SQUARE,
    SIGN_CLOSE_SQUARE,
    SIGN_OPEN_CURLY,
    SIGN_CLOSE_CURLY,
    SIGN_PLUS,
    SIGN_MINUS,
    SIGN_STAR,
    SIGN_SLASH,
    SIGN_BAR,
    SIGN_AMP,
    SIGN_EQ,
    SIGN_NE,
    SIGN_EQV,
    SIGN_NEQV,
    SIGN_LT,
    SIGN_LE,
    SIGN_GT,
    SIGN_GE,
};

struct path_token {
    uint8_t kind; /* enum path_token_kind */
    uint8_t sign; /* enum path_sign */
    uint8_t time_kind; /* enum path_kind of a TOK_TIME */
    uint32_t at;  /* offset of its first byte */
    struct str text;
    struct path_time time;
};

struct path_lexer {
    struct req *rq;
    struct str src;
    size_t at;
};

/* The next token. errors E_SYNTAX */
MUST_USE enum err path_lex(struct path_lexer *lex, struct path_token *ret_token);
