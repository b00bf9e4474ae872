/* fhir/subset_int.h - parts of resources: _elements and _summary (R4 search.html#summary). Private to
 * the room. */
#pragma once

#include "fhir/search.h"

/* Is the answer's resource not the whole one? */
bool subset_asked(const struct fhir_query *q, bool is_include);
/* Writes what was asked for, with SUBSETTED among meta.tag. */
MUST_USE enum err subset_write(struct req *rq, const struct fhir_query *q,
                               const struct res_row *row, struct buf *out);
