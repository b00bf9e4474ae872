/* fhir/triec.c - the build-time program that merges the walks of all search parameters of a type into one
 * tree, so that a resource is gone through once: triec OUT. See extract_tree.c. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/req.h"
#include "fhir/param.h"
#include "os/file.h"

struct act {
    struct act *next;
    size_t row;  /* among the parameters of the type */
    bool exists; /* the walk asks whether something is there */
};

struct node {
    struct str name;
    struct str filter; /* "[system=phone]", or empty */
    struct node *child;
    struct node *next; /* sibling, ordered by length of name, name, filter */
    struct act *act;
    size_t first_child; /* numbers in the output */
    size_t n_child;
    size_t first_act;
    size_t n_act;
};

static struct {
    struct req rq;
    struct buf nodes;
    struct buf acts;
    struct buf roots;
    struct buf pool; /* texts of all names, each once */
    size_t n_nodes;
    size_t n_acts;
    bool bad;
} c;

static int node_cmp(const struct node *n, struct str name, struct str filter)
{
    if (n->name.n != name.n) {
        return n->name.n < name.n ? -1 : 1;
    }
    int order = str_cmp(n->name, name);
    return order != 0 ? order : str_cmp(n->filter, filter);
}

static struct node *child_of(struct node *parent, struct str step)
{
    size_t bracket = str_find_char(step, '[');
    struct str name = str_sub(step, 0, bracket);
    struct str filter = str_sub(step, bracket, step.n);
    struct node **at = &parent->child;
    while (*at != NULL && node_cmp(*at, name, filter) < 0) {
        at = &(*at)->next;
    }
    if (*at == NULL || node_cmp(*at, name, filter) != 0) {
        struct node *n = ARENA_NEW(c.rq.a, struct node);
        ASSERT(n != NULL);
        *n = (struct node){.name = name, .filter = filter, .next = *at};
        *at = n;
        parent->n_child++;
    }
    return *at;
}

static void add_walk(struct node *root, size_t row, struct str path)
{
    bool exists = str_ends(path, S("?"));
    struct node *n = root;
    struct str step;
    path.n -= exists;
    while (str_cut(&path, '.', &step)) {
        n = child_of(n, step);
    }
    struct act *act = ARENA_NEW(c.rq.a, struct act);
    ASSERT(act != NULL);
    *act = (struct act){.next = n->act, .row = row, .exists = exists};
    n->act = act;
    n->n_act++;
}

/* Where text stands in the pool. */
static size_t pooled(struct str text)
{
    struct str pool = c.pool.n > 0 ? buf_get(&c.pool) : S("");
    size_t at = str_find(pool, text);
    if (text.n == 0) {
        return 0;
    }
    if (at == pool.n) {
        buf_str(&c.pool, text);
    }
    return at;
}

static void number(struct buf *b, size_t v)
{
    buf_u64(b, v);
    BUF_LIT(b, ", ");
}

static void write_node(struct node *n)
{
    size_t name = pooled(n->name);
    size_t filter = pooled(n->filter);
    n->first_act = c.n_acts;
    for (const struct act *a = n->act; a != NULL; a = a->next) {
        BUF_LIT(&c.acts, "A(");
        number(&c.acts, a->row);
        buf_u64(&c.acts, a->exists);
        BUF_LIT(&c.acts, ")\n");
        c.n_acts++;
    }
    BUF_LIT(&c.nodes, "N(");
    number(&c.nodes, name);
    number(&c.nodes, n->name.n);
    number(&c.nodes, filter);
    number(&c.nodes, n->filter.n);
    number(&c.nodes, n->first_child);
    number(&c.nodes, n->n_child);
    number(&c.nodes, n->first_act);
    buf_u64(&c.nodes, n->n_act);
    BUF_LIT(&c.nodes, ")\n");
    c.bad = c.bad || n->n_child > 255 || n->n_act > 255 || c.n_nodes > UINT16_MAX;
}

/* Children of a node stand together; their numbers are given before they are written. Walks are a few
 * steps long, so the recursion is. */
static void number_nodes(struct node *n)
{
    n->first_child = c.n_nodes;
    c.n_nodes += n->n_child;
    for (struct node *k = n->child; k != NULL; k = k->next) {
        number_nodes(k);
    }
}

static void write_nodes(struct node **flat, struct node *n)
{
    size_t at = n->first_child;
    for (struct node *k = n->child; k != NULL; k = k->next) {
        flat[at++] = k;
    }
    for (struct node *k = n->child; k != NULL; k = k->next) {
        write_nodes(flat, k);
    }
}

static bool is_indexed(enum fhir_param_kind kind)
{
    return kind != SP_ALIAS && kind != SP_COMPOSITE && kind != SP_SPECIAL && kind != SP_UNION
           && kind != SP_ID && kind != SP_UPDATED;
}

static void add_type(struct node *root, enum fhir_type type)
{
    size_t n;
    const struct fhir_param *p = fhir_params(type, &n);
    for (size_t i = 0; i < n; i++) {
        struct str rest = str_z(p[i].paths);
        struct str path;
        /* what has a rule of its own is no walk: extract.c knows it */
        while (is_indexed(p[i].kind) && !str_ends(rest, S("!")) && str_cut(&rest, '|', &path)) {
            if (path.n > 0) {
                add_walk(root, i, path);
            }
        }
    }
}

int main(int argc, char **argv)
{
    enum { NODES_MAX = 65536 };
    struct buf out;
    if (argc != 2) {
        fprintf(stderr, "triec OUT\n");
        return 2;
    }
    req_init(&c.rq, (size_t)1 << 30, (struct instant){0});
    buf_init(&c.nodes, c.rq.a, (size_t)16 << 20);
    buf_init(&c.acts, c.rq.a, (size_t)16 << 20);
    buf_init(&c.roots, c.rq.a, (size_t)1 << 20);
    buf_init(&c.pool, c.rq.a, (size_t)1 << 20);
    struct node *roots = ARENA_ARRAY(c.rq.a, T_COUNT, struct node);
    struct node **flat = ARENA_ARRAY(c.rq.a, NODES_MAX, struct node *);
    ASSERT(roots != NULL && flat != NULL);
    for (unsigned t = 1; t < T_COUNT; t++) {
        add_type(&roots[t], (enum fhir_type)t);
        number_nodes(&roots[t]);
        ASSERT(c.n_nodes < NODES_MAX);
        write_nodes(flat, &roots[t]);
        BUF_LIT(&c.roots, "R(");
        number(&c.roots, roots[t].first_child);
        buf_u64(&c.roots, roots[t].n_child);
        BUF_LIT(&c.roots, ")\n");
    }
    for (size_t i = 0; i < c.n_nodes; i++) {
        write_node(flat[i]);
    }
    buf_init(&out, c.rq.a, (size_t)40 << 20);
    BUF_LIT(&out, "/* Made by triec from the walks of the search parameters. */\n#ifdef N\n");
    buf_str(&out, buf_get(&c.nodes));
    BUF_LIT(&out, "#endif\n#ifdef A\n");
    buf_str(&out, buf_get(&c.acts));
    BUF_LIT(&out, "#endif\n#ifdef R\n");
    buf_str(&out, buf_get(&c.roots));
    BUF_LIT(&out, "#endif\n#ifdef POOL\n");
    for (size_t i = 0; i < c.pool.n; i++) { /* a literal would be too long for the standard */
        buf_char(&out, '\'');
        buf_char(&out, c.pool.p[i]);
        buf_str(&out, i % 16 == 15 ? S("',\n") : S("', "));
    }
    BUF_LIT(&out, "\n#endif\n");
    enum err e = c.bad || !buf_ok(&out) ? E_TOO_LARGE
                                        : os_write_file(&c.rq, argv[1], buf_get(&out), 0644);
    req_done(&c.rq);
    return e == OK ? 0 : 1;
}
