/* fhir/view.c - compiling a ViewDefinition. See view.h. */
#include "fhir/view_int.h"

/* Where a fault is: "select[0].column[1]". */
enum { PLACE_MAX = 160 };
struct place {
    char text[PLACE_MAX];
    size_t n;
};

struct compiler {
    struct req *rq;
    struct view *v;
    struct place at;
};

static size_t go(struct compiler *c, const char *name, uint32_t i)
{
    size_t before = c->at.n;
    char fixed[PLACE_MAX * 2];
    struct buf b = {.p = fixed, .size = sizeof fixed, .cap = sizeof fixed};
    buf_str(&b, before > 0 ? S(".") : S(""));
    buf_str(&b, str_z(name));
    buf_char(&b, '[');
    buf_u64(&b, i);
    buf_char(&b, ']');
    struct str s = {fixed, MIN(b.n, sizeof c->at.text - before)};
    for (size_t k = 0; k < s.n; k++) {
        c->at.text[before + k] = s.p[k];
    }
    c->at.n = before + s.n;
    return before;
}

static void back(struct compiler *c, size_t before)
{
    c->at.n = before;
}

#define REFUSE(c, what)                                                                        \
    FAIL((c)->rq, E_UNPROCESSED, "ViewDefinition %.*s: " what, (int)(c)->at.n, (c)->at.text)

/* The elements of an array member; absent is empty.
 * errors  E_UNPROCESSED  not an array of objects or texts */
static enum err items_of(struct compiler *c, struct jv obj, struct str name, enum json_kind kind,
                         struct jv *ret_array, uint32_t *ret_n)
{
    struct jv array = json_get(obj, name);
    if (json_has(array) && json_kind(array) != JSON_ARRAY) {
        return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition %.*s: %.*s is a list", (int)c->at.n,
                    c->at.text, STR_ARG(name));
    }
    for (struct jv v = json_first(array); json_has(v); v = json_next(v)) {
        if (json_kind(v) != kind) {
            return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition %.*s: wrong element of %.*s",
                        (int)c->at.n, c->at.text, STR_ARG(name));
        }
    }
    *ret_array = array;
    *ret_n = json_len(array);
    return OK;
}

static enum err compile(struct compiler *c, struct jv text, uint16_t root_type,
                        struct path_prog **ret_prog)
{
    struct str expr = json_str(c->rq->a, text);
    if (expr.p == NULL || expr.n == 0) {
        return REFUSE(c, "a path is missing, or no text");
    }
    enum err e = path_compile(c->rq, c->v->d, expr, root_type, PATH_JOIN_TEXT, ret_prog);
    if (e == E_SYNTAX || e == E_UNPROCESSED) {
        struct err_rec why = c->rq->err;
        err_clear(c->rq);
        return FAIL(c->rq, e, "ViewDefinition %.*s: %s", (int)c->at.n, c->at.text, why.detail);
    }
    return e;
}

/* ---- columns ---- */

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char ch = s.p[i];
        bool letter = (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
        if (!letter && (i == 0 || (ch != '_' && (ch < '0' || ch > '9')))) {
            return false;
        }
    }
    return s.n > 0 && s.n <= 255;
}

static enum err shape_of(struct compiler *c, struct str type, enum view_shape *ret_shape)
{
    static const struct str core = SI("http://hl7.org/fhir/StructureDefinition/");
    static const struct {
        struct str type;
        enum view_shape shape;
    } shapes[] = {
        {SI("boolean"), VIEW_BOOLEAN},      {SI("integer"), VIEW_INTEGER},
        {SI("positiveInt"), VIEW_INTEGER},  {SI("unsignedInt"), VIEW_INTEGER},
        {SI("integer64"), VIEW_INTEGER},    {SI("decimal"), VIEW_DECIMAL},
        {SI("date"), VIEW_TIME},            {SI("dateTime"), VIEW_TIME},
        {SI("instant"), VIEW_TIME},         {SI("time"), VIEW_TIME},
    };
    if (str_starts(type, core)) {
        type = str_sub(type, core.n, type.n);
    }
    for (size_t i = 0; i < LEN(shapes); i++) {
        if (str_eq(shapes[i].type, type)) {
            *ret_shape = shapes[i].shape;
            return OK;
        }
    }
    uint16_t id = def_find(c->v->d, type);
    if (id == 0) {
        return REFUSE(c, "no such type of a column");
    }
    *ret_shape = def_type_row(c->v->d, id)->kind == DEF_PRIMITIVE ? VIEW_TEXT : VIEW_ANY;
    return OK;
}

static enum err column(struct compiler *c, struct jv obj, uint16_t root_type,
                       struct path_prog **ret_prog)
{
    struct view *v = c->v;
    struct view_column col = {.name = json_str(c->rq->a, json_get(obj, S("name"))),
                              .type = json_str(c->rq->a, json_get(obj, S("type"))),
                              .collection = json_true(json_get(obj, S("collection")))};
    if (v->n_columns == VIEW_COLUMNS_MAX) {
        return FAIL(c->rq, E_TOO_LARGE, "ViewDefinition: too many columns");
    }
    if (!is_name(col.name)) {
        return REFUSE(c, "a name is letters, digits and _, and begins with a letter");
    }
    if (json_has(json_get(obj, S("type"))) && col.type.n == 0) {
        return REFUSE(c, "the type of a column is a text");
    }
    if (col.type.n > 0) {
        TRY(shape_of(c, col.type, &col.shape));
    }
    TRY(compile(c, json_get(obj, S("path")), root_type, ret_prog));
    v->columns[v->n_columns++] = col;
    return OK;
}

static enum err columns(struct compiler *c, struct jv obj, uint16_t root_type,
                        struct view_node *node)
{
    struct jv array;
    TRY(items_of(c, obj, S("column"), JSON_OBJECT, &array, &node->n_columns));
    node->first_column = c->v->n_columns;
    node->columns = ARENA_ARRAY(c->rq->a, node->n_columns, struct path_prog *);
    TRY_MEM(c->rq, node->columns);
    uint32_t i = 0;
    for (struct jv v = json_first(array); json_has(v); v = json_next(v), i++) {
        size_t before = go(c, "column", i);
        TRY(column(c, v, root_type, &node->columns[i]));
        back(c, before);
    }
    return OK;
}

/* ---- selects ---- */

static enum err iteration(struct compiler *c, struct jv obj, uint16_t *root_type,
                          struct view_node *node)
{
    static const struct {
        struct str name;
        enum view_iter iter;
    } ways[] = {
        {SI("forEach"), ITER_EACH},
        {SI("forEachOrNull"), ITER_EACH_OR_NULL},
        {SI("repeat"), ITER_REPEAT},
    };
    struct jv from = {0};
    for (size_t i = 0; i < LEN(ways); i++) {
        struct jv v = json_get(obj, ways[i].name);
        if (!json_has(v)) {
            continue;
        }
        if (node->iter != ITER_ONCE) {
            return REFUSE(c, "only one of forEach, forEachOrNull and repeat");
        }
        node->iter = ways[i].iter;
        from = v;
    }
    if (node->iter == ITER_ONCE) {
        return OK;
    }
    bool list = node->iter == ITER_REPEAT;
    if (list) {
        TRY(items_of(c, obj, S("repeat"), JSON_STRING, &from, &node->n_paths));
    }
    node->n_paths = list ? node->n_paths : 1;
    node->paths = ARENA_ARRAY(c->rq->a, node->n_paths, struct path_prog *);
    TRY_MEM(c->rq, node->paths);
    if (node->n_paths == 0) {
        return REFUSE(c, "repeat names no path");
    }
    struct jv text = list ? json_first(from) : from;
    for (uint32_t i = 0; i < node->n_paths; i++, text = json_next(text)) {
        TRY(compile(c, text, list ? 0 : *root_type, &node->paths[i]));
    }
    *root_type = 0; /* what it finds may be of any type */
    return OK;
}

static enum err select_one(struct compiler *c, struct jv obj, uint16_t root_type, uint32_t depth,
                           struct view_node **ret_node);

static enum err selects(struct compiler *c, struct jv obj, uint16_t root_type, uint32_t depth,
                        struct view_node *node)
{
    struct jv array;
    TRY(items_of(c, obj, S("select"), JSON_OBJECT, &array, &node->n_selects));
    node->selects = ARENA_ARRAY(c->rq->a, node->n_selects, struct view_node *);
    TRY_MEM(c->rq, node->selects);
    uint32_t i = 0;
    for (struct jv v = json_first(array); json_has(v); v = json_next(v), i++) {
        size_t before = go(c, "select", i);
        TRY(select_one(c, v, root_type, depth + 1, &node->selects[i]));
        back(c, before);
    }
    return OK;
}

/* The columns of each branch are the same: names, types, order. They share their places. */
static enum err unions(struct compiler *c, struct jv obj, uint16_t root_type, uint32_t depth,
                       struct view_node *node)
{
    struct view *v = c->v;
    struct jv array;
    uint32_t first = v->n_columns;
    uint32_t width = 0;
    TRY(items_of(c, obj, S("unionAll"), JSON_OBJECT, &array, &node->n_unions));
    node->unions = ARENA_ARRAY(c->rq->a, node->n_unions, struct view_node *);
    struct view_column *of_first = ARENA_ARRAY(c->rq->a, VIEW_COLUMNS_MAX, struct view_column);
    TRY_MEM(c->rq, node->unions);
    TRY_MEM(c->rq, of_first);
    uint32_t i = 0;
    for (struct jv b = json_first(array); json_has(b); b = json_next(b), i++) {
        size_t before = go(c, "unionAll", i);
        v->n_columns = first;
        TRY(select_one(c, b, root_type, depth + 1, &node->unions[i]));
        if (i == 0) {
            width = v->n_columns - first;
        }
        bool same = v->n_columns - first == width;
        for (uint32_t k = 0; same && k < width; k++) {
            const struct view_column *col = &v->columns[first + k];
            if (i == 0) {
                of_first[k] = *col;
            }
            same = str_eq(col->name, of_first[k].name) && str_eq(col->type, of_first[k].type)
                   && col->collection == of_first[k].collection;
        }
        if (!same) {
            return REFUSE(c, "the branches of a unionAll have the same columns in the same order");
        }
        back(c, before);
    }
    return OK;
}

static enum err select_one(struct compiler *c, struct jv obj, uint16_t root_type, uint32_t depth,
                           struct view_node **ret_node)
{
    if (depth > VIEW_DEPTH_MAX || c->v->n_nodes == VIEW_NODES_MAX) {
        return FAIL(c->rq, E_TOO_LARGE, "ViewDefinition: too many selects, or too deep");
    }
    struct view_node *node = ARENA_NEW(c->rq->a, struct view_node);
    TRY_MEM(c->rq, node);
    c->v->n_nodes++;
    TRY(iteration(c, obj, &root_type, node));
    TRY(columns(c, obj, root_type, node));
    TRY(selects(c, obj, root_type, depth, node));
    TRY(unions(c, obj, root_type, depth, node));
    if (node->n_columns + node->n_selects + node->n_unions == 0) {
        return REFUSE(c, "a select has columns, selects or a unionAll");
    }
    *ret_node = node;
    return OK;
}

/* ---- constants, where ---- */

static enum err constant(struct compiler *c, struct jv obj, struct path_var *ret_var)
{
    struct str name = json_str(c->rq->a, json_get(obj, S("name")));
    struct jv value = {0};
    uint16_t type = 0;
    for (struct jv v = json_first(obj); json_has(v); v = json_next(v)) {
        struct str key = json_key(c->rq, v);
        if (!str_starts(key, S("value")) || key.n < 6 || key.n > 40) {
            continue;
        }
        char word[40];
        for (size_t i = 5; i < key.n; i++) {
            word[i - 5] = key.p[i];
        }
        word[0] = word[0] >= 'A' && word[0] <= 'Z' ? (char)(word[0] + 32) : word[0];
        type = def_find(c->v->d, (struct str){word, key.n - 5});
        bool good = type != 0 && def_type_row(c->v->d, type)->kind == DEF_PRIMITIVE;
        if (!good || json_has(value)) {
            return REFUSE(c, "a constant has one value, of a primitive type");
        }
        value = v;
    }
    enum json_kind kind = json_kind(value);
    if (!is_name(name) || kind == JSON_NONE || kind == JSON_NULL || kind == JSON_ARRAY
        || kind == JSON_OBJECT || str_eq(name, S("rowIndex"))) {
        return REFUSE(c, "a constant has a name and a value");
    }
    struct path_item *item = ARENA_NEW(c->rq->a, struct path_item);
    TRY_MEM(c->rq, item);
    *item = path_item_of(c->v->d, value, type);
    *ret_var = (struct path_var){.name = name, .value = {item, 1}};
    return OK;
}

static enum err constants(struct compiler *c, struct jv root)
{
    struct view *v = c->v;
    struct jv array;
    uint32_t n;
    TRY(items_of(c, root, S("constant"), JSON_OBJECT, &array, &n));
    if (n > VIEW_CONSTANTS_MAX) {
        return FAIL(c->rq, E_TOO_LARGE, "ViewDefinition: too many constants");
    }
    v->vars = ARENA_ARRAY(c->rq->a, n + 1, struct path_var);
    TRY_MEM(c->rq, v->vars);
    for (struct jv o = json_first(array); json_has(o); o = json_next(o)) {
        size_t before = go(c, "constant", v->n_vars);
        TRY(constant(c, o, &v->vars[v->n_vars]));
        for (uint32_t i = 0; i < v->n_vars; i++) {
            if (str_eq(v->vars[i].name, v->vars[v->n_vars].name)) {
                return REFUSE(c, "two constants have this name");
            }
        }
        v->n_vars++;
        back(c, before);
    }
    v->vars[v->n_vars++].name = S("rowIndex");
    return OK;
}

static enum err wheres(struct compiler *c, struct jv root)
{
    struct jv array;
    TRY(items_of(c, root, S("where"), JSON_OBJECT, &array, &c->v->n_where));
    c->v->where = ARENA_ARRAY(c->rq->a, c->v->n_where, struct path_prog *);
    TRY_MEM(c->rq, c->v->where);
    uint32_t i = 0;
    for (struct jv o = json_first(array); json_has(o); o = json_next(o), i++) {
        size_t before = go(c, "where", i);
        TRY(compile(c, json_get(o, S("path")), c->v->type, &c->v->where[i]));
        back(c, before);
    }
    return OK;
}

static enum err names_differ(struct compiler *c)
{
    const struct view *v = c->v;
    for (uint32_t i = 0; i < v->n_columns; i++) {
        for (uint32_t k = i + 1; k < v->n_columns; k++) {
            if (str_eq(v->columns[i].name, v->columns[k].name)) {
                return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition: two columns have one name");
            }
        }
    }
    return OK;
}

static enum err head(struct compiler *c, struct jv root)
{
    struct view *v = c->v;
    struct jv kind = json_get(root, S("resourceType"));
    if (json_kind(root) != JSON_OBJECT || (json_has(kind) && !json_is(kind, S("ViewDefinition")))) {
        return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition: this is none");
    }
    v->type_name = json_str(c->rq->a, json_get(root, S("resource")));
    v->type = def_find(v->d, v->type_name);
    if (v->type_name.n == 0 || v->type == 0 || def_type_row(v->d, v->type)->kind != DEF_RESOURCE) {
        return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition resource: names no type of R4");
    }
    if (json_len(json_get(root, S("select"))) == 0) {
        return FAIL(c->rq, E_UNPROCESSED, "ViewDefinition select: is missing");
    }
    return OK;
}

enum err view_compile(struct req *rq, const struct defs *d, struct jv root, struct view **ret_view)
{
    struct view *v = ARENA_NEW(rq->a, struct view);
    struct compiler *c = ARENA_NEW(rq->a, struct compiler);
    TRY_MEM(rq, v);
    TRY_MEM(rq, c);
    *v = (struct view){.d = d};
    *c = (struct compiler){.rq = rq, .v = v};
    v->columns = ARENA_ARRAY(rq->a, VIEW_COLUMNS_MAX, struct view_column);
    v->top = ARENA_NEW(rq->a, struct view_node);
    TRY_MEM(rq, v->columns);
    TRY_MEM(rq, v->top);
    TRY(head(c, root));
    TRY(constants(c, root));
    TRY(wheres(c, root));
    TRY(selects(c, root, v->type, 0, v->top));
    TRY(names_differ(c));
    *ret_view = v;
    return OK;
}

const struct view_column *view_columns(const struct view *v, size_t *ret_n)
{
    *ret_n = v->n_columns;
    return v->columns;
}

struct str view_type(const struct view *v)
{
    return v->type_name;
}
