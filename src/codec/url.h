/* codec/url.h - percent encoding (RFC 3986), query strings and forms (WHATWG URL 5), path segments. */
#pragma once

#include "base/req.h"

enum url_plus { URL_PLUS_IS_PLUS, URL_PLUS_IS_SPACE };

/* What stays as it is when encoding, besides letters, digits and - . _ ~ */
enum url_keep {
    URL_COMPONENT, /* nothing: safe in any place of a URL */
    URL_PATH,      /* "/" too */
    URL_FORM,      /* nothing, and a space becomes "+" */
};

/* Decodes %XX. A slice of s when nothing was encoded, else in the arena.
 * errors E_BAD_INPUT  a % without two hex digits; the decoded text is not UTF-8 or holds U+0000
 *        E_TOO_LARGE  the arena's cap */
MUST_USE enum err url_decode(struct req *rq, struct str s, enum url_plus plus, struct str *ret_text);
void url_encode(struct buf *b, struct str s, enum url_keep keep);

struct form_pair {
    struct str name;  /* decoded */
    struct str value; /* decoded; empty when there was no "=" */
};

struct url_pairs {
    const struct form_pair *v; /* in the order given */
    size_t n;
};

/* Reads a=b&c=d: a query string or an application/x-www-form-urlencoded body. Empty pieces are
 * passed over.
 * errors E_BAD_INPUT as url_decode; E_TOO_LARGE more than max_pairs, or the arena's cap */
MUST_USE enum err form_parse(struct req *rq, struct str text, size_t max_pairs,
                             struct url_pairs *ret_form);
/* The first value of that name; p NULL when there is none. */
struct str form_find(const struct url_pairs *f, struct str name);
/* Value number i (from 0) of that name, for fields given several times; p NULL past the last. */
struct str form_find_at(const struct url_pairs *f, struct str name, size_t i);
/* Adds name=value, encoded, with a "&" before it unless b is empty or ends in "?". */
void form_add(struct buf *b, struct str name, struct str value);

/* Splits an absolute path into decoded segments. "/" gives none; one slash at the end is passed
 * over.
 * errors E_BAD_INPUT  no slash in front, an empty segment, "." or "..", a slash or backslash or
 *                     control character inside a decoded segment, or as url_decode
 *        E_TOO_LARGE  more than max segments */
MUST_USE enum err url_path_split(struct req *rq, struct str path, size_t max, struct str *ret_segs,
                                 size_t *ret_n);
/* Request target "path?query" cut at the first "?"; the query's p is NULL without one. What
 * follows a "#" is dropped. */
void url_target_split(struct str target, struct str *ret_path, struct str *ret_query);

/* Parts of an absolute URL scheme://host[:port][/path][?query][#fragment]; slices, not decoded. */
struct url {
    struct str scheme; /* as written */
    struct str host;   /* name or address, brackets of IPv6 left off */
    uint16_t port;     /* 0 when not given */
    struct str path;   /* "" or begins with a slash */
    struct str query;  /* without "?"; p NULL when there is none */
};
/* False when s has not that shape, names a user, or holds blanks or control characters. */
MUST_USE bool url_split(struct str s, struct url *ret_url);
