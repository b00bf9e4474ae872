/* fhir/view_int.h - a compiled ViewDefinition; private to view*.c. */
#pragma once

#include "fhir/view.h"

enum view_iter { ITER_ONCE, ITER_EACH, ITER_EACH_OR_NULL, ITER_REPEAT };

/* A select, or a branch of a unionAll. */
struct view_node {
    enum view_iter iter;
    struct path_prog **paths; /* of forEach, forEachOrNull, repeat */
    uint32_t n_paths;
    uint32_t first_column; /* its own columns are columns[first_column ...] */
    uint32_t n_columns;
    struct path_prog **columns;
    struct view_node **selects;
    uint32_t n_selects;
    struct view_node **unions;
    uint32_t n_unions;
};

struct view {
    const struct defs *d;
    struct str type_name;
    uint16_t type;
    struct path_var *vars; /* constants; the last is rowIndex */
    uint32_t n_vars;
    struct path_prog **where;
    uint32_t n_where;
    struct view_node *top; /* holds the outermost selects */
    struct view_column *columns;
    uint32_t n_columns;
    uint32_t n_nodes;
};
