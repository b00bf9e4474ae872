/* fhir/paramc.c - the build-time program that turns the search parameters of the definitions into the
 * rows of param.c: paramc OUT. The expressions of R4 are walks over members, unions of them, casts of
 * choices and a few filters; a walk over JSON names needs no evaluator and costs next to nothing per
 * resource. That the rows mean what the expressions say is held by the conformance suite, which
 * evaluates the expressions themselves. An expression that is something else ends the build. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/req.h"
#include "fhir/defs.h"
#include "os/file.h"

enum { WAYS_MAX = 64, TEXT_MAX = 512, PARAMS_MAX = 4096 };

struct way { /* one walk over member names */
    char text[TEXT_MAX];
    uint16_t type; /* where it has come to */
};

struct ways {
    struct way v[WAYS_MAX];
    size_t n;
};

struct row {
    const struct def_param *p;
    struct str alternatives[WAYS_MAX]; /* of the expression, blanks and brackets left off */
    size_t n_alternatives;
    struct ways ways;
    bool contact;
    enum fhir_type only; /* where(resolve() is T) on each alternative */
};

static struct {
    const struct defs *d;
    struct req rq;
    struct row *rows;
    size_t n;
    bool bad;
} c;

static void bad(const struct def_param *p, const char *what, struct str where)
{
    fprintf(stderr, "paramc: %.*s.%.*s: %s: %.*s\n",
            STR_ARG(fhir_type_name((enum fhir_type)p->fhir_type)), STR_ARG(def_str(c.d, p->name)),
            what, STR_ARG(where));
    c.bad = true;
}

/* Cuts at sep outside brackets and quotes. */
static bool cut_top(struct str *rest, struct str sep, struct str *ret_part)
{
    int depth = 0;
    bool quote = false;
    if (rest->p == NULL) {
        return false;
    }
    for (size_t i = 0; i < rest->n; i++) {
        char ch = rest->p[i];
        quote = ch == '\'' ? !quote : quote;
        depth += quote ? 0 : ch == '(' ? 1 : ch == ')' ? -1 : 0;
        if (!quote && depth == 0 && str_starts(str_sub(*rest, i, rest->n), sep)) {
            *ret_part = str_sub(*rest, 0, i);
            *rest = str_sub(*rest, i + sep.n, rest->n);
            return true;
        }
    }
    *ret_part = *rest;
    *rest = (struct str){NULL, 0};
    return true;
}

/* Without blanks around, and without brackets around the whole. */
static struct str strip(struct str s)
{
    for (;;) {
        s = str_trim(s);
        if (s.n < 2 || s.p[0] != '(' || s.p[s.n - 1] != ')') {
            return s;
        }
        /* Does the first bracket end last? */
        int depth = 0;
        for (size_t i = 0; i + 1 < s.n; i++) {
            depth += s.p[i] == '(' ? 1 : s.p[i] == ')' ? -1 : 0;
            if (depth == 0) {
                return s;
            }
        }
        s = str_sub(s, 1, s.n - 2);
    }
}

static void text_add(struct way *w, const char *sep, struct str s)
{
    size_t n = strlen(w->text);
    size_t n_sep = n > 0 ? strlen(sep) : 0;
    ASSERT(n + n_sep + s.n < TEXT_MAX);
    memcpy(w->text + n, sep, n_sep);
    memcpy(w->text + n + n_sep, s.p, s.n);
    w->text[n + n_sep + s.n] = 0;
}

/* One member; a choice fans out into its types, or the one it is cast to. */
static bool step(struct ways *ways, struct str name, struct str cast)
{
    struct ways *out = ARENA_NEW(c.rq.a, struct ways);
    bool found = false;
    for (size_t i = 0; i < ways->n; i++) {
        const struct def_elem *e = def_stem(c.d, ways->v[i].type, name);
        for (unsigned t = 0; e != NULL && t < e->n_type; t++) {
            struct way w = ways->v[i];
            struct str type = def_type_name(c.d, def_elem_type(c.d, e, t));
            struct buf member;
            if (cast.n > 0 && !str_eq_nocase(type, cast)) {
                continue;
            }
            found = true;
            w.type = def_elem_type(c.d, e, t);
            buf_init(&member, c.rq.a, 256);
            buf_str(&member, name);
            if ((e->flags & DEF_CHOICE) != 0) {
                char head = type.p[0];
                buf_char(&member, head >= 'a' && head <= 'z' ? (char)(head - 32) : head);
                buf_str(&member, str_sub(type, 1, type.n));
            }
            text_add(&w, ".", buf_get(&member));
            if (out->n < WAYS_MAX) {
                out->v[out->n++] = w;
            }
        }
    }
    *ways = *out;
    return found;
}

static struct str inside(struct str call)
{
    size_t from = str_find_char(call, '(') + 1;
    return from < call.n ? str_trim(str_sub(call, from, call.n - from - 1)) : S("");
}

static void mark_all(struct ways *ways, const char *before, struct str text, const char *after)
{
    for (size_t i = 0; i < ways->n; i++) {
        text_add(&ways->v[i], "", str_z(before));
        text_add(&ways->v[i], "", text);
        text_add(&ways->v[i], "", str_z(after));
    }
}

/* A function of the expression that is no member. */
static bool call(struct row *r, struct ways *ways, struct str s)
{
    struct str arg = inside(s);
    if (str_starts(s, S("where(resolve() is "))) {
        struct str type = str_sub(arg, sizeof("resolve() is ") - 1, arg.n);
        if (str_ends(type, S(")"))) {
            type.n--;
        }
        r->only = fhir_type_find(str_trim(type));
        mark_all(ways, "[>", str_trim(type), "]");
        return r->only != T_NONE;
    }
    size_t equals = str_find(arg, S("='"));
    if (str_starts(s, S("where(")) && equals < arg.n && str_ends(arg, S("'"))) {
        mark_all(ways, "[", str_sub(arg, 0, equals), "=");
        mark_all(ways, "", str_sub(arg, equals + 2, arg.n - equals - 3), "]");
        return true;
    }
    if (str_starts(s, S("exists("))) {
        mark_all(ways, "?", S(""), "");
        return true;
    }
    return str_starts(s, S("as(")) || str_starts(s, S("ofType("));
}

static bool walk(struct row *r, struct str alternative, uint16_t type, struct ways *ways)
{
    struct str rest = alternative;
    struct str cast = {NULL, 0};
    struct str part;
    struct str name = {NULL, 0};
    (void)cut_top(&rest, S(" as "), &part);
    cast = rest.p != NULL ? strip(rest) : cast;
    rest = strip(part);
    ways->n = 1;
    ways->v[0] = (struct way){.type = type};
    bool first = true;
    while (cut_top(&rest, S("."), &part)) {
        struct str next = rest;
        struct str after = {NULL, 0};
        bool root = first && str_eq(part, def_type_name(c.d, type));
        first = false;
        if (root) {
            continue;
        }
        (void)cut_top(&next, S("."), &after);
        struct str here = {NULL, 0};
        if (str_starts(after, S("as(")) || str_starts(after, S("ofType("))) {
            here = inside(after);
        } else if (rest.p == NULL) {
            here = cast;
        }
        if (part.n > 0 && part.p[0] == '(') {
            if (!walk(r, strip(part), type, ways)) { /* brackets of the table, two deep */
                return false;
            }
            continue;
        }
        if (str_find_char(part, '(') < part.n) {
            if (!call(r, ways, part)) {
                return false;
            }
            continue;
        }
        size_t bracket = str_find_char(part, '[');
        name = str_sub(part, 0, bracket);
        if (!step(ways, name, here)) {
            return false;
        }
        if (bracket < part.n) {
            mark_all(ways, "[#", str_sub(part, bracket + 1, part.n - bracket - 2), "]");
        }
    }
    return ways->n > 0;
}

static void row_make(struct row *r)
{
    uint16_t type = def_of_fhir_type(c.d, (enum fhir_type)r->p->fhir_type);
    struct str rest = strip(def_str(c.d, r->p->expr));
    struct str one;
    if (str_find(rest, S(".deceased.exists() and ")) < rest.n) {
        r->ways.n = 1;
        r->ways.v[0] = (struct way){"deceased!", 0};
        return;
    }
    while (cut_top(&rest, S("|"), &one)) {
        struct ways *ways = ARENA_NEW(c.rq.a, struct ways);
        one = strip(one);
        r->alternatives[r->n_alternatives++] = one;
        if (!walk(r, one, type, ways)) {
            bad(r->p, "not a walk", one);
            return;
        }
        for (size_t i = 0; i < ways->n && r->ways.n < WAYS_MAX; i++) {
            r->contact = r->contact ||
                         str_eq(def_type_name(c.d, ways->v[i].type), S("ContactPoint"));
            r->ways.v[r->ways.n++] = ways->v[i];
        }
    }
}

static bool same_set(const struct row *a, const struct row *b)
{
    for (size_t i = 0; i < a->n_alternatives; i++) {
        bool found = false;
        for (size_t k = 0; k < b->n_alternatives; k++) {
            found = found || str_eq(a->alternatives[i], b->alternatives[k]);
        }
        if (!found) {
            return false;
        }
    }
    return a->n_alternatives == b->n_alternatives && a->n_alternatives > 0;
}

/* The row whose values this one's alternative alone are; NULL when there is none. */
static const struct row *row_like(const struct row *r, struct str alternative)
{
    for (size_t i = 0; i < c.n; i++) {
        const struct row *o = &c.rows[i];
        if (o != r && o->p->fhir_type == r->p->fhir_type && o->p->kind == r->p->kind &&
            o->n_alternatives == 1 && o->contact == r->contact && o->only == T_NONE &&
            str_eq(o->alternatives[0], alternative)) {
            return o;
        }
    }
    return NULL;
}

static struct str without_resolve(struct str s)
{
    return str_sub(s, 0, str_find(s, S(".where(resolve()")));
}

/* Another name of the same values: the row that keeps them. The one with the least number does. */
static const struct row *alias_of(const struct row *r)
{
    if (r->p->kind == DEF_SP_COMPOSITE || r->p->kind == DEF_SP_SPECIAL) {
        return NULL;
    }
    if (r->only != T_NONE && r->n_alternatives == 1) {
        return row_like(r, without_resolve(r->alternatives[0]));
    }
    const struct row *best = NULL;
    for (const struct row *o = c.rows; o < c.rows + c.n; o++) {
        if (o->p->fhir_type == r->p->fhir_type && o->p->kind == r->p->kind &&
            o->only == r->only && o->p->sp < r->p->sp && same_set(o, r) &&
            (best == NULL || o->p->sp < best->p->sp)) {
            best = o;
        }
    }
    return best;
}

static bool has_alternative(const struct row *r, struct str alternative)
{
    for (size_t i = 0; i < r->n_alternatives; i++) {
        if (str_eq(r->alternatives[i], alternative)) {
            return true;
        }
    }
    return false;
}

/* The row with the most of r's alternatives, and nothing else, that has this one. */
static const struct row *part_of(const struct row *r, struct str alternative)
{
    const struct row *best = NULL;
    for (size_t i = 0; i < c.n; i++) {
        const struct row *o = &c.rows[i];
        bool within = o != r && o->p->fhir_type == r->p->fhir_type && o->p->kind == r->p->kind &&
                      o->n_alternatives < r->n_alternatives && o->contact == r->contact &&
                      o->only == T_NONE && alias_of(o) == NULL && has_alternative(o, alternative);
        for (size_t k = 0; within && k < o->n_alternatives; k++) {
            within = has_alternative(r, o->alternatives[k]);
        }
        if (within && (best == NULL || o->n_alternatives > best->n_alternatives)) {
            best = o;
        }
    }
    return best;
}

/* All alternatives are those of other parameters: no index rows twice. */
static size_t union_of(const struct row *r, const struct row *parts[WAYS_MAX])
{
    size_t n = 0;
    if (r->n_alternatives < 2 || r->only != T_NONE || r->p->kind == DEF_SP_COMPOSITE) {
        return 0;
    }
    for (size_t i = 0; i < r->n_alternatives; i++) {
        const struct row *o = part_of(r, r->alternatives[i]);
        bool twice = false;
        if (o == NULL) {
            return 0;
        }
        for (size_t k = 0; k < n; k++) {
            twice = twice || parts[k] == o;
        }
        if (!twice) {
            parts[n++] = o;
        }
    }
    return n;
}

static void targets_write(struct buf *b, const struct row *r)
{
    bool any = r->p->kind != DEF_SP_REFERENCE || r->p->n_target == 0 || r->p->n_target > 100;
    if (any && r->only == T_NONE) {
        BUF_LIT(b, "NULL");
        return;
    }
    buf_char(b, '"');
    if (r->only != T_NONE) {
        buf_str(b, fhir_type_name(r->only));
    } else {
        for (unsigned i = 0; i < r->p->n_target; i++) {
            buf_str(b, i > 0 ? S("|") : S(""));
            buf_str(b, fhir_type_name(def_param_target(c.d, r->p, i)));
        }
    }
    buf_char(b, '"');
}

static void ways_write(struct buf *b, const struct ways *w, char sep)
{
    for (size_t i = 0; i < w->n; i++) {
        if (i > 0) {
            buf_char(b, sep);
        }
        buf_str(b, str_z(w->v[i].text));
    }
}

/* False when a part stands elsewhere in the resource: that is no walk from the element. */
static bool composite_write(struct buf *b, struct row *r)
{
    struct ways *ways = ARENA_NEW(c.rq.a, struct ways);
    ways_write(b, &r->ways, ',');
    for (unsigned i = 0; i < r->p->n_comp; i++) {
        const struct def_comp *comp = def_param_comp(c.d, r->p, i);
        struct str rest = strip(def_str(c.d, comp->expr));
        struct str one;
        struct ways *all = ARENA_NEW(c.rq.a, struct ways);
        buf_char(b, '|');
        buf_str(b, def_str(c.d, def_param_row(c.d, comp->param)->name));
        buf_char(b, ':');
        while (cut_top(&rest, S("|"), &one)) {
            for (size_t k = 0; k < r->ways.n; k++) {
                if (!walk(r, strip(one), r->ways.v[k].type, ways)) {
                    return false;
                }
                for (size_t m = 0; m < ways->n && all->n < WAYS_MAX; m++) {
                    bool twice = false;
                    for (size_t q = 0; q < all->n; q++) {
                        twice = twice || strcmp(all->v[q].text, ways->v[m].text) == 0;
                    }
                    if (!twice) {
                        all->v[all->n++] = ways->v[m];
                    }
                }
            }
        }
        ways_write(b, all, ',');
    }
    return true;
}

static void row_write(struct buf *b, struct row *r)
{
    static const char *const kinds[] = {
        [DEF_SP_NUMBER] = "SP_NUMBER", [DEF_SP_DATE] = "SP_DATE", [DEF_SP_STRING] = "SP_STRING",
        [DEF_SP_TOKEN] = "SP_TOKEN", [DEF_SP_REFERENCE] = "SP_REF",
        [DEF_SP_COMPOSITE] = "SP_COMPOSITE", [DEF_SP_QUANTITY] = "SP_QUANTITY",
        [DEF_SP_URI] = "SP_URI", [DEF_SP_SPECIAL] = "SP_SPECIAL",
    };
    const struct row *parts[WAYS_MAX];
    struct buf composite;
    const struct row *alias = alias_of(r);
    buf_init(&composite, c.rq.a, 8192);
    bool whole = r->p->kind != DEF_SP_COMPOSITE || composite_write(&composite, r);
    size_t joined = alias == NULL ? union_of(r, parts) : 0;
    BUF_LIT(b, "X(");
    buf_u64(b, r->p->sp);
    BUF_LIT(b, ", ");
    buf_u64(b, r->p->fhir_type);
    BUF_LIT(b, ", \"");
    buf_str(b, def_str(c.d, r->p->name));
    BUF_LIT(b, "\", ");
    buf_str(b, alias != NULL ? S("SP_ALIAS")
               : joined > 0  ? S("SP_UNION")
               : !whole      ? S("SP_SPECIAL")
               : r->contact  ? S("SP_CONTACT")
                             : str_z(kinds[r->p->kind]));
    BUF_LIT(b, ", \"");
    if (alias != NULL) {
        buf_str(b, def_str(c.d, alias->p->name));
    } else if (joined > 0) {
        for (size_t i = 0; i < joined; i++) {
            buf_str(b, i > 0 ? S("|") : S(""));
            buf_str(b, def_str(c.d, parts[i]->p->name));
        }
    } else if (r->p->kind == DEF_SP_COMPOSITE) {
        buf_str(b, whole ? buf_get(&composite) : S(""));
    } else {
        ways_write(b, &r->ways, '|');
    }
    BUF_LIT(b, "\", ");
    targets_write(b, r);
    BUF_LIT(b, ")\n");
}

int main(int argc, char **argv)
{
    struct buf b;
    if (argc != 2) {
        fprintf(stderr, "paramc OUT\n");
        return 2;
    }
    c.d = fhir_defs();
    req_init(&c.rq, (size_t)2 << 30, (struct instant){0});
    c.rows = ARENA_ARRAY(c.rq.a, PARAMS_MAX, struct row);
    buf_init(&b, c.rq.a, (size_t)16 << 20);
    BUF_LIT(&b, "/* Made by paramc from the definitions. number, type, name, kind, paths, targets */\n");
    for (unsigned t = 1; t < T_COUNT; t++) {
        size_t n;
        const struct def_param *p = def_params(c.d, (enum fhir_type)t, &n);
        for (size_t i = 0; i < n && c.n < PARAMS_MAX; i++) {
            c.rows[c.n].p = &p[i];
            row_make(&c.rows[c.n++]);
        }
    }
    for (size_t i = 0; i < c.n; i++) {
        row_write(&b, &c.rows[i]);
    }
    enum err e = c.bad || !buf_ok(&b) ? E_BAD_INPUT
                                      : os_write_file(&c.rq, argv[1], buf_get(&b), 0644);
    req_done(&c.rq);
    return e == OK ? 0 : 1;
}
