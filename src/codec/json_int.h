/* codec/json_int.h - what the JSON parser and its readers share; private to the room. */
#pragma once

#include "codec/json.h"

/* The character of the escape at p, which is a backslash: \" \\ \/ \b \f \n \r \t \uXXXX, the
 * latter with its second half when it is a surrogate. Gives what follows, NULL when it is wrong. */
const char *json_unescape(const char *p, const char *end, uint32_t *ret_c);
/* Order of the decoded texts of two strings or keys of one source: < 0, 0, > 0. */
int json_node_cmp(const char *src, const struct json_node *a, const struct json_node *b);
