/* codec/field.h - values of HTTP header fields: lists, parameters, Accept, Range, entity tags,
 * file names, cookies (RFC 9110, 6265, 6266, 8187). Slices of the field, no copies unless said. */
#pragma once

#include "base/buf.h"

/* Cuts the next item off a list separated by sep (',' or ';'), blanks trimmed, empty items passed
 * over; a separator inside "quotes" does not count. False at the end. */
bool field_next(struct str *rest, char sep, struct str *ret_item);
/* What stands before the first ';': the media type of Content-Type, the kind of a disposition. */
struct str field_head(struct str field);
/* Value of the parameter ;name=value, unquoted (names without case). In the arena when it held
 * escapes. p NULL when absent. The first one counts. */
struct str field_param(struct arena *a, struct str field, struct str name);

/* Weight 0..1000 a list with ;q= gives to a token ("gzip"): its own, else that of "*", else 0.
 * Content codings of Accept-Encoding. */
unsigned field_quality(struct str list, struct str token);
/* Which of our media types ("text/html") the Accept field likes best; the earlier offer wins a tie.
 * The most specific range decides each offer (RFC 9110 12.5.1); parameters but q are not looked
 * at. An empty field takes the first. -1 when none is acceptable. */
int field_accept(struct str accept, const struct str *offers, size_t n);
/* The same for languages: "kk-KZ" takes offer "kk"; "*" takes the first. -1 when none. */
int field_accept_lang(struct str accept, const struct str *offers, size_t n);

enum field_range {
    FIELD_RANGE_ALL,  /* no range, not in bytes, malformed or several: send everything (14.2) */
    FIELD_RANGE_PART, /* one range */
    FIELD_RANGE_NONE, /* outside: 416 */
};
/* "bytes=first-last", "bytes=first-", "bytes=-suffix" against size bytes. */
enum field_range field_range(struct str range, uint64_t size, uint64_t *ret_first, uint64_t *ret_n);

/* If-Match, If-None-Match: whether the list is "*" or holds the entity tag (given with its
 * quotes). weak: W/ does not matter (8.8.3.2). */
bool field_etag_has(struct str list, struct str etag, bool weak);

/* File name of a Content-Disposition: filename* before filename; browsers' %22 undone; the last
 * component only, no control characters, UTF-8, at most 255 bytes. p NULL when there is none. */
struct str field_filename(struct arena *a, struct str disposition);
/* Field name of a form part's Content-Disposition, browsers' %22 undone; p NULL when absent. */
struct str field_form_name(struct arena *a, struct str disposition);
/* inline|attachment; filename="plain"; filename*=UTF-8''encoded */
void field_disposition(struct buf *b, bool attachment, struct str filename);

/* Value of a cookie of the Cookie field, quotes off; the first of that name. p NULL when absent. */
struct str field_cookie(struct str cookies, struct str name);
/* The token after "Bearer "; p NULL when the field is of another scheme or not a token68. */
struct str field_bearer(struct str authorization);
