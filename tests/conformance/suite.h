/* tests/conformance/suite.h - what the suites written in C share: reading cases, telling outcomes.
 *
 * A suite's program prints one line a case, which run.mjs counts:
 *   ok NAME            as expected
 *   FAIL NAME: why     not as expected; doc/ERRATA.md may excuse it
 *   left NAME: why     not part of what is claimed */
#pragma once

#include "codec/json.h"

typedef void (*suite_case_fn)(struct req *rq, struct jv row);

/* The text of a file of the data; a name that ends in .gz is unpacked. False, with a line, when it
 * cannot be read. */
bool suite_read(struct req *rq, const char *dir, const char *file, struct str *ret_text);
bool suite_has(const char *dir, const char *file);
/* Calls fn for each line of a file of JSON lines. Gives the exit status of the program. */
int suite_lines(const char *dir, const char *file, suite_case_fn fn);
/* As suite_lines for the elements of one JSON array. */
int suite_array(const char *dir, const char *file, suite_case_fn fn);
/* The decoded text of a member; empty when it is not there. */
struct str suite_text(struct req *rq, struct jv row, struct str key);
void suite_ok(struct str name);
void suite_fail(struct str name, const char *why, ...) PRINTF_LIKE(2, 3);
void suite_left(struct str name, const char *why);
