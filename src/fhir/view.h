/* fhir/view.h - ViewDefinitions (SQL on FHIR v2): a table described over resources of one type, compiled
 * once and run over many.
 *
 * Every path is a FHIRPath program. A run holds one resource and one row at a time; rows are told as
 * they come, as the product of sibling selects. Columns stand in the order column, select, unionAll of
 * each select.
 *
 * What the guide leaves open, here: a row of forEachOrNull over nothing has every path of its select
 * evaluated on an empty element; a column that is a collection gives [] for nothing. */
#pragma once

#include "fhir/path.h"

enum {
    VIEW_DEPTH_MAX = 16,      /* selects within each other */
    VIEW_NODES_MAX = 200,     /* selects in all */
    VIEW_COLUMNS_MAX = 500,
    VIEW_CONSTANTS_MAX = 100,
    VIEW_ROWS_MAX = 1000 * 1000,  /* of one resource */
    VIEW_REPEAT_MAX = 100 * 1000, /* elements one repeat finds in one resource */
};

/* What the values of a column must be, from its type. */
enum view_shape { VIEW_ANY, VIEW_BOOLEAN, VIEW_INTEGER, VIEW_DECIMAL, VIEW_TIME, VIEW_TEXT };

struct view_column {
    struct str name;
    struct str type; /* as the definition says it; empty: not said */
    enum view_shape shape;
    bool collection;
};

struct view;

/* Compiles a ViewDefinition into rq->a. root is borrowed as long as the view lives.
 * errors   E_UNPROCESSED  not a ViewDefinition that can be run; detail "select[0].column[1].path: ..."
 *          E_SYNTAX       a path is not FHIRPath
 *          E_TOO_LARGE    one of the limits above */
MUST_USE enum err view_compile(struct req *rq, const struct defs *d, struct jv root,
                               struct view **ret_view);
const struct view_column *view_columns(const struct view *v, size_t *ret_n);
/* "Patient": the type of its resources. borrows the definition's text */
struct str view_type(const struct view *v);

/* The values of one column in one row: none, one, or several when the column is a collection. */
typedef struct path_list view_cell;
/* One row; cells are borrowed until the function returns, texts made from them go to a. A failure ends
 * the run and is what view_run() returns. */
typedef enum err (*view_row_fn)(struct arena *a, const view_cell *cells, size_t n, void *ctx);

struct view_run;
/* A run of its own memory, for one thread; end with view_run_end(). Both are borrowed by it. */
MUST_USE enum err view_run_new(struct req *rq, const struct view *v, struct view_run **ret_run);
void view_run_end(struct view_run *run); /* NULL is allowed */
/* Tells the rows of one resource; of another type there are none.
 * errors   E_UNPROCESSED  a path fails on it, several values where one may stand, a value that is not
 *                         of the column's type
 *          E_TOO_LARGE    rows, fuel, memory; whatever fn returned */
MUST_USE enum err view_run_one(struct view_run *run, struct jv resource, view_row_fn fn, void *ctx);

/* ---- rows as text ---- */

enum view_format { VIEW_CSV, VIEW_NDJSON, VIEW_JSON };
/* "csv", "ndjson", "json" and their media types. */
MUST_USE bool view_format_parse(struct str text, enum view_format *ret_format);
struct str view_format_media(enum view_format format);

/* Rows on their way into a builder; the caller may empty the builder between calls. */
struct view_out {
    const struct view *view;
    enum view_format format;
    struct buf *b;
    uint64_t n; /* rows so far */
};
/* What stands before the first row: the names in CSV, [ in JSON. */
void view_out_begin(struct view_out *o);
/* A view_row_fn; ctx is the struct view_out. */
MUST_USE enum err view_out_row(struct arena *a, const view_cell *cells, size_t n, void *ctx);
void view_out_end(struct view_out *o);
