/* fhir/index_check.h - does the index say what the resources say? */
#pragma once

#include "fhir/extract.h"

/* Extracts every live resource anew and compares: index tuples, place in the lists, words. Each difference
 * is told on out by row number and search parameter number, never by content.
 *
 * gives    *ret_looked: resources; *ret_faults: differences found; at most a thousand are told
 * errors   E_IO  the database cannot be read */
MUST_USE enum err fhir_index_check(struct req *rq, struct buf *out, uint64_t *ret_looked,
                                   uint64_t *ret_faults);
/* Are the words of a version there? The first of each kind are looked for. */
MUST_USE enum err fhir_index_has_words(struct req *rq, struct str narrative, struct str rest,
                                       int64_t vid, bool *ret_has);
