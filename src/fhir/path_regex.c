/* fhir/path_regex.c - patterns of matches() and replaceMatches(): PCRE2 within limits, so that a pattern
 * that backtracks without end is an error, not a busy server. See path_value.h. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "fhir/path_value.h"

enum {
    MATCH_LIMIT = 1000 * 1000, /* inner calls of one match */
    DEPTH_LIMIT = 2000,
    HEAP_LIMIT_KIB = 16 * 1024,
    PATTERN_MAX = 16 * 1024,
    NEST_LIMIT = 100, /* brackets within each other */
};

struct path_regex {
    pcre2_code *code; /* in the arena of whoever compiled it */
    const struct path_plain *plain; /* the same, where it is so plain; else NULL */
};

/* PCRE2 takes its memory from an arena and gives nothing back by itself. */
static void *take(PCRE2_SIZE n, void *a)
{
    return arena_alloc_raw(a, n);
}

static void give_back(void *p, void *a)
{
    (void)p, (void)a;
}

/* A pattern into a program; *ret_code NULL when it is none. */
static enum err compile(struct req *rq, struct str pattern, unsigned flags,
                        pcre2_code **ret_code)
{
    /* dot takes line ends too: FHIRPath N1 5.6.9 wants single line mode */
    uint32_t options = PCRE2_UTF | PCRE2_UCP | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C;
    int code;
    size_t at;
    struct buf whole;
    *ret_code = NULL;
    if (pattern.n > PATTERN_MAX) {
        return OK;
    }
    if (flags & PATH_REGEX_FULL) {
        buf_init(&whole, rq->a, PATTERN_MAX + 16);
        BUF_LIT(&whole, "^(?:");
        buf_str(&whole, pattern);
        BUF_LIT(&whole, ")$");
        pattern = buf_get(&whole);
        TRY_MEM(rq, pattern.p);
        options |= PCRE2_DOLLAR_ENDONLY;
    }
    options |= flags & PATH_REGEX_NO_CASE ? PCRE2_CASELESS : 0;
    options |= flags & PATH_REGEX_LINES ? PCRE2_MULTILINE : 0;
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, rq->a);
    TRY_MEM(rq, memory);
    pcre2_compile_context *how = pcre2_compile_context_create(memory);
    TRY_MEM(rq, how);
    (void)pcre2_set_parens_nest_limit(how, NEST_LIMIT);
    *ret_code = pcre2_compile((PCRE2_SPTR)pattern.p, pattern.n, options, &code, &at, how);
    return OK;
}

/* A program and what matching with it needs, all in the request's arena. */
struct regex {
    const pcre2_code *code;
    pcre2_match_data *data;
    pcre2_match_context *limits;
};

static enum err limits_set(struct req *rq, struct regex *r, uint32_t match_limit)
{
    pcre2_general_context *memory = pcre2_general_context_create(take, give_back, rq->a);
    TRY_MEM(rq, memory);
    r->data = pcre2_match_data_create_from_pattern(r->code, memory);
    r->limits = pcre2_match_context_create(memory);
    TRY_MEM(rq, r->data);
    TRY_MEM(rq, r->limits);
    (void)pcre2_set_match_limit(r->limits, match_limit);
    (void)pcre2_set_depth_limit(r->limits, DEPTH_LIMIT);
    (void)pcre2_set_heap_limit(r->limits, HEAP_LIMIT_KIB);
    return OK;
}

static enum err regex_open(struct path_vm *vm, const struct path_node *node, struct str pattern,
                           unsigned flags, struct regex *r)
{
    if (node->regex != NULL) {
        r->code = node->regex->code;
    } else {
        pcre2_code *code;
        TRY(compile(vm->rq, pattern, flags, &code));
        r->code = code;
    }
    if (r->code == NULL) {
        return PATH_FAIL(vm, node, "the pattern is no regular expression");
    }
    return limits_set(vm->rq, r, MATCH_LIMIT);
}

enum err path_regex_prepare(struct req *rq, struct path_node *node)
{
    bool full = str_eq(node->name, S("matchesFull"));
    if ((!full && !str_eq(node->name, S("matches"))) || node->n_args != 1
        || node->args[0]->op != OP_LITERAL || node->args[0]->item.kind != PATH_STRING) {
        return OK;
    }
    pcre2_code *code;
    TRY(compile(rq, node->args[0]->item.s, full ? PATH_REGEX_FULL : 0, &code));
    if (code != NULL) {
        struct path_regex *r = ARENA_NEW(rq->a, struct path_regex);
        TRY_MEM(rq, r);
        r->code = code;
        TRY(path_plain_new(rq, node->args[0]->item.s, full, &r->plain));
        node->regex = r;
    }
    return OK;
}

static enum err find(struct path_vm *vm, const struct path_node *node, struct regex *r,
                     struct str s, size_t from, bool *ret_found)
{
    int n = pcre2_match(r->code, (PCRE2_SPTR)s.p, s.n, from, 0, r->data, r->limits);
    if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
        return PATH_FAIL(vm, node, "the pattern takes too long");
    }
    TRY(path_burn(vm, 50 + s.n / 8));
    *ret_found = n >= 0;
    return OK;
}

enum err path_regex_match(struct path_vm *vm, const struct path_node *node, struct str s,
                          struct str pattern, unsigned flags, bool *ret_b)
{
    struct regex r = {0};
    if (node->regex != NULL && node->regex->plain != NULL
        && (s.n == 0 || s.p[s.n - 1] != '\n')) {
        *ret_b = path_plain_fits(node->regex->plain, s);
        return path_burn(vm, 1 + s.n / 8);
    }
    TRY(regex_open(vm, node, pattern, flags, &r));
    return find(vm, node, &r, s, 0, ret_b);
}

/* $1 and ${1} are groups, $$ a dollar; a group that is none stays as it is written. */
static void substitute(struct buf *b, const struct regex *r, struct str s, struct str with)
{
    const size_t *at = pcre2_get_ovector_pointer(r->data);
    uint32_t n_groups = pcre2_get_ovector_count(r->data);
    for (size_t i = 0; i < with.n;) {
        size_t open = i + 1 < with.n && with.p[i + 1] == '{' ? 1 : 0;
        size_t digit = i + 1 + open;
        unsigned group = digit < with.n ? (unsigned char)with.p[digit] - (unsigned)'0' : 10U;
        if (with.p[i] == '$' && i + 1 < with.n && with.p[i + 1] == '$') {
            buf_char(b, '$');
            i += 2;
        } else if (with.p[i] == '$' && group < n_groups && group < 10) {
            if (at[2 * group] != PCRE2_UNSET) {
                buf_str(b, str_sub(s, at[2 * group], at[2 * group + 1] - at[2 * group]));
            }
            i = digit + 1 + open;
        } else {
            buf_char(b, with.p[i++]);
        }
    }
}

enum err path_regex_replace(struct path_vm *vm, const struct path_node *node, struct str s,
                            struct str pattern, struct str with, struct str *ret_s)
{
    struct regex r = {0};
    struct buf b;
    if (pattern.n == 0) {
        *ret_s = s;
        return OK;
    }
    TRY(regex_open(vm, node, pattern, 0, &r));
    buf_init(&b, vm->rq->a, PATH_TEXT_MAX);
    size_t done = 0; /* bytes of s that are written */
    for (size_t from = 0; from <= s.n;) {
        bool found;
        TRY(find(vm, node, &r, s, from, &found));
        if (!found) {
            break;
        }
        const size_t *at = pcre2_get_ovector_pointer(r.data);
        buf_str(&b, str_sub(s, done, at[0] - done));
        substitute(&b, &r, s, with);
        done = at[1];
        from = at[1];
        if (at[1] == at[0]) { /* an empty match: one character on */
            from++;
            while (from < s.n && ((unsigned char)s.p[from] & 0xc0) == 0x80) {
                from++;
            }
        }
    }
    buf_str(&b, str_sub(s, done, s.n));
    if (!buf_ok(&b)) {
        return FAIL(vm->rq, E_TOO_LARGE, "FHIRPath: a text is too long");
    }
    *ret_s = b.n == 0 ? S("") : buf_get(&b);
    return OK;
}

/* ---- a pattern by itself ---- */

struct path_pattern {
    const pcre2_code *code;
    uint32_t limit;
};

enum err path_pattern_new(struct req *rq, struct str pattern, uint32_t limit,
                          struct path_pattern **ret_pattern)
{
    struct path_pattern *p = ARENA_NEW(rq->a, struct path_pattern);
    pcre2_code *code;
    TRY_MEM(rq, p);
    TRY(compile(rq, pattern, PATH_REGEX_FULL, &code));
    if (code == NULL) {
        return FAIL(rq, E_BAD_INPUT, "the pattern is no regular expression");
    }
    p->code = code;
    p->limit = limit;
    *ret_pattern = p;
    return OK;
}

enum err path_pattern_fits(struct req *rq, const struct path_pattern *p, struct str text,
                           bool *ret_fits)
{
    /* What a match grows lives as long as the match: callers give the arena back between two. */
    struct regex r = {.code = p->code};
    TRY(limits_set(rq, &r, p->limit));
    int n = pcre2_match(r.code, (PCRE2_SPTR)text.p, text.n, 0, 0, r.data, r.limits);
    if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
        return FAIL(rq, E_TOO_LARGE, "the pattern takes too long");
    }
    *ret_fits = n >= 0;
    return OK;
}
