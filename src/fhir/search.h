/* fhir/search.h - running a search: who may see what is part of the plan, never a filter after it.
 *
 * Work is bounded: a page looks at no more than FHIR_SCAN_MAX candidates; when they do not fill it,
 * the page is short and carries a next link.
 */
#pragma once

#include "fhir/query.h"
#include "fhir/scope.h"
#include "store/db.h"

enum { FHIR_SCAN_MAX = 20000 };

/* What the caller may see, from the person's principals (care/who.h). */
struct fhir_access {
    bool all; /* the system itself, interface accounts */
    const uint64_t *principals;
    size_t n;
    const struct fhir_scopes *scopes; /* what the token may do; NULL: no limit */
    unsigned ops; /* what a search counts as for the scopes; 0: OP_SEARCH */
};

struct fhir_match {
    struct res_row row; /* with body */
    bool is_include;    /* brought by _include or _revinclude */
};

struct fhir_page {
    const struct fhir_query *q;
    struct fhir_match *v; /* matches in order, then includes */
    size_t n;
    size_t n_matches;
    bool has_total;
    uint64_t total;
    struct str next; /* cursor of the next page; empty: this is the last */
};

/* Runs q and reads one page.
 * errors   E_BAD_INPUT  cursor not ours; E_TOO_LARGE  too many to sort by this; E_IO */
MUST_USE enum err fhir_search(struct req *rq, const struct fhir_query *q,
                              const struct fhir_access *acc, struct fhir_page *ret_page);
/* Parse and run at once, for rooms that hold a query text: "patient=Patient/1&_sort=-date". */
MUST_USE enum err fhir_search_text(struct req *rq, enum fhir_type type, struct str query,
                                   const struct fhir_access *acc, struct fhir_page *ret_page);
/* May the caller touch this stored row so (OP_ bits, any of them)? Both its team and the scopes. */
MUST_USE enum err fhir_may_touch(struct req *rq, const struct fhir_access *acc, unsigned ops,
                                 const struct res_row *row, bool *ret_may);
/* Is the caller of the team of an anchor? */
MUST_USE enum err fhir_may_see(struct req *rq, const struct fhir_access *acc, int64_t anchor,
                               bool *ret_may);
struct url_pairs;
/* A resource as _summary (true, text, data, false) and _elements among the parameters ask for; row's own
 * body when they do not. errors E_BAD_INPUT */
MUST_USE enum err fhir_subset(struct req *rq, const struct url_pairs *form,
                              const struct res_row *row, struct str *ret_json);
/* A searchset Bundle. base: "http://host/fhir". Warnings in rq->issues become an outcome entry. */
MUST_USE enum err fhir_page_write(struct req *rq, const struct fhir_page *page, struct str base,
                                  struct buf *out);
