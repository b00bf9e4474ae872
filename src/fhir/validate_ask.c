/* fhir/validate_ask.c - what FHIRPath asks of profiles, value sets and code systems, answered by what the
 * validator knows. See path.h. */
#include "fhir/validate_profile_int.h"
#include "store/db.h"

/* ---- slices ---- */

static uint32_t parent_of(const struct profile *p, uint32_t child)
{
    for (uint32_t i = 0; i < p->n; i++) {
        for (uint32_t c = p->e[i].first; c != 0; c = p->e[c].next) {
            if (c == child) {
                return i;
            }
        }
    }
    return 0;
}

/* Whether a profile has a slice of that name; *ret_in: whether the node is in one, -1: it cannot be told. */
static bool slices_ask(struct held *h, const struct profile *p, const struct path_question *q,
                       const struct node *node, int *ret_in)
{
    bool found = false;
    for (uint32_t i = 1; i < p->n; i++) {
        bool known = true;
        if (!str_eq(p->e[i].slice, q->name)) {
            continue;
        }
        *ret_in = found ? *ret_in : 0;
        found = true;
        if (q->elem != NULL && !str_eq(def_str(h->d, q->elem->name), p->e[i].name)) {
            continue;
        }
        if (held_in_slice(h, p, parent_of(p, i), i, node, &known)) {
            *ret_in = 1;
            return true;
        }
        *ret_in = known ? *ret_in : -1;
    }
    return found;
}

/* The slice in a profile, else in what it is based on. */
static int slice_ask(struct walk *w, const struct path_question *q)
{
    struct held h = {.w = w, .rq = w->rq, .d = w->d, .lib = w->check->lib, .root = w->root,
                     .container = w->root};
    struct str canonical = q->arg;
    struct path_item item = *q->item;
    bool bare = (item.flags & PATH_NO_VALUE) != 0;
    struct jv sib = {item.node.doc, item.sib};
    struct node node = {
        .v = bare ? (struct jv){0} : item.node,
        .sib = bare ? item.node : item.sib != 0 ? sib : (struct jv){0},
        .resource = w->root,
        .type = item.type,
        .index = -1,
        .choice = q->elem != NULL && (q->elem->flags & DEF_CHOICE) != 0,
    };
    for (unsigned i = 0; i < 16; i++) {
        struct jv sd = fhir_profile_find(w->rq, w->check->lib, canonical);
        struct profile p;
        int in = -1;
        if (!json_has(sd) || profile_read(w->rq, sd, &p) != OK) {
            (void)err_answers(w->rq);
            return -1;
        }
        if (slices_ask(&h, &p, q, &node, &in)) {
            return in;
        }
        canonical = p.base;
    }
    return -1;
}

/* ---- codes ---- */

struct code {
    struct str system;
    struct str code;
};

/* The i-th code of a Coding or CodeableConcept; false after the last. */
static bool code_at(struct walk *w, const struct path_item *item, uint32_t i, struct code *ret_c)
{
    struct jv c = item->node;
    if (item->type == w->concept) {
        c = json_at(json_get(item->node, S("coding")), i);
    } else if (i > 0) {
        return false;
    }
    ret_c->system = json_str(w->rq->a, json_get(c, S("system")));
    ret_c->code = json_str(w->rq->a, json_get(c, S("code")));
    return json_has(c);
}

/* Whether one code is another or stands above it. */
static int pair_ask(struct walk *w, const struct code *a, const struct code *b)
{
    const struct term_system *s = NULL;
    if (a->code.n == 0 || b->code.n == 0 || !str_eq(a->system, b->system)) {
        return -1;
    }
    if (str_eq(a->code, b->code)) {
        return 1;
    }
    if (a->system.n == 0 || terms_system(w->rq, w->check->lib, a->system, &s) != OK || s == NULL) {
        (void)err_answers(w->rq);
        return -1;
    }
    const struct term *above = term_find(s, a->code);
    const struct term *below = term_find(s, b->code);
    uint8_t *marks = above != NULL && below != NULL ? terms_branch(w->rq, s, above, true) : NULL;
    return marks == NULL ? -1 : marks[below - s->v_terms] != 0 ? 1 : 0;
}

/* Yes when one pair says so; no when one that can be told says no; else it cannot be told. */
static int subsumes_ask(struct walk *w, const struct path_question *q)
{
    struct code a;
    struct code b;
    int answer = -1;
    for (uint32_t i = 0; code_at(w, q->item, i, &a) && i < NODES_MAX; i++) {
        for (uint32_t k = 0; code_at(w, q->other, k, &b) && k < NODES_MAX; k++) {
            int one = ++w->steps > PROFILE_STEPS ? -1 : pair_ask(w, &a, &b);
            if (one == 1) {
                return 1;
            }
            answer = one == 0 ? 0 : answer;
        }
    }
    return answer;
}

/* Of a code, a text, a Coding, or any of the codings of a CodeableConcept. */
static int member_ask(struct walk *w, const struct path_question *q)
{
    struct req *rq = w->rq;
    const struct fhir_library *lib = w->check->lib;
    const struct path_item *item = q->item;
    struct code c;
    int answer = 0;
    if (item->kind != PATH_NODE && item->kind != PATH_STRING) {
        return 0; /* a number or a date is no code */
    }
    if (item->kind == PATH_STRING || json_kind(item->node) == JSON_STRING) {
        struct str code = item->kind == PATH_STRING ? item->s : json_str(rq->a, item->node);
        enum def_in in = fhir_set_has(rq, lib, q->arg, (struct str){NULL, 0}, code);
        return in == DEF_IN ? 1 : in == DEF_OUT ? 0 : -1;
    }
    for (uint32_t i = 0; code_at(w, item, i, &c) && i < NODES_MAX; i++) {
        enum def_in in = fhir_set_has(rq, lib, q->arg, c.system.p != NULL ? c.system : S(""), c.code);
        if (in == DEF_IN) {
            return 1;
        }
        answer = in == DEF_UNSURE ? -1 : answer;
    }
    return answer;
}

int walk_ask(struct req *rq, const struct path_question *q, void *ctx)
{
    struct walk *w = ctx;
    (void)rq;
    switch (q->what) {
    case PATH_CONFORMS_TO:
        return q->item->kind == PATH_NODE && walk_conforms(w, q->item->node, q->item->type, q->arg);
    case PATH_MEMBER_OF: return member_ask(w, q);
    case PATH_HTML_CHECKS: return 1; /* the walk looks at narratives itself */
    case PATH_SLICE: return slice_ask(w, q);
    case PATH_SUBSUMES: return subsumes_ask(w, q);
    }
    return -1;
}

/* ---- without a validation ---- */

struct path_asker {
    struct walk *w;
};

enum err path_asker_new(struct req *rq, struct jv root, struct path_asker **ret_asker)
{
    struct fhir_check check = {.rules = rq->db != NULL ? db_rules(rq->db) : NULL};
    struct path_asker *asker = ARENA_NEW(rq->a, struct path_asker);
    TRY_MEM(rq, asker);
    check.lib = fhir_rules_library(check.rules);
    TRY(walk_new(rq, root, &check, &asker->w));
    *ret_asker = asker;
    return OK;
}

int path_asker_ask(const struct path_asker *asker, const struct path_question *q)
{
    struct walk *w = asker->w;
    bool strange = q->what == PATH_CONFORMS_TO
                   && !json_has(fhir_profile_find(w->rq, w->check->lib, q->arg));
    int answer = strange || q->what == PATH_HTML_CHECKS ? -1 : walk_ask(w->rq, q, w);
    return w->spent || fhir_library_err(w->check->lib) != OK ? -1 : answer;
}
