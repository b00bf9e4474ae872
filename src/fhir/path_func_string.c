/* fhir/path_func_string.c - functions of texts. See path_int.h; FHIRPath N1 section 5.6. Positions and
 * lengths count characters. */
#include <string.h>

#include "codec/utf8.h"
#include "fhir/path_value.h"

/* ---- letters ---- */

/* Ranges whose capitals stand a fixed step before the small letters, and pairs side by side. */
static const struct {
    uint32_t first; /* capitals */
    uint32_t last;
    uint32_t step; /* to the small letter; 1: even and odd in turn */
} cases[] = {
    {'A', 'Z', 32},         {0xc0, 0xd6, 32},     {0xd8, 0xde, 32},     {0x100, 0x137, 1},
    {0x14a, 0x177, 1},      {0x391, 0x3a1, 32},   {0x3a3, 0x3ab, 32},   {0x400, 0x40f, 80},
    {0x410, 0x42f, 32},     {0x460, 0x481, 1},    {0x48a, 0x4bf, 1},    {0x4d0, 0x52f, 1},
    {0x531, 0x556, 48},     {0x1e00, 0x1e95, 1},  {0x1ea0, 0x1eff, 1},
};

uint32_t path_lower(uint32_t c)
{
    for (size_t i = 0; i < LEN(cases); i++) {
        if (c >= cases[i].first && c <= cases[i].last) {
            return cases[i].step == 1 ? c | 1 : c + cases[i].step;
        }
    }
    return c;
}

uint32_t path_upper(uint32_t c)
{
    for (size_t i = 0; i < LEN(cases); i++) {
        uint32_t step = cases[i].step;
        if (step == 1 ? c >= cases[i].first && c <= cases[i].last
                      : c >= cases[i].first + step && c <= cases[i].last + step) {
            return step == 1 ? c & ~1U : c - step;
        }
    }
    return c;
}

/* ---- input ---- */

enum err path_input_str(struct path_vm *vm, const struct path_node *node, uint32_t base,
                        struct str *ret_s, bool *ret_has)
{
    struct path_item v;
    TRY(path_input(vm, node, base, &v, ret_has));
    if (*ret_has && v.kind != PATH_STRING) {
        return PATH_FAIL(vm, node, "this function takes a text");
    }
    if (*ret_has) {
        *ret_s = v.s;
        TRY(path_burn(vm, 1 + v.s.n / 16));
    }
    path_drop(vm, base);
    return OK;
}

enum err path_input_and_str(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base, struct str *ret_s,
                            struct str *ret_arg, bool *ret_has)
{
    bool has_arg;
    TRY(path_input_str(vm, node, base, ret_s, ret_has));
    TRY(path_arg_str(vm, f, node, 0, ret_arg, &has_arg));
    *ret_has = *ret_has && has_arg;
    return OK;
}

enum err path_give_buf(struct path_vm *vm, uint32_t base, struct buf *b)
{
    if (!buf_ok(b)) {
        return FAIL(vm->rq, E_TOO_LARGE, "FHIRPath: a text is too long");
    }
    return path_give_str(vm, base, b->n == 0 ? S("") : buf_get(b));
}

/* Bytes of the first n characters of s. */
static size_t bytes_of(struct str s, uint64_t n)
{
    const char *p = s.p;
    const char *end = s.p + s.n;
    uint32_t c;
    while (n-- > 0 && p < end) {
        p = utf8_next(p, end, &c);
    }
    return (size_t)(p - s.p);
}

/* ---- searching ---- */

static enum err do_index_of(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    if (!has) {
        return OK;
    }
    size_t at = str_find(s, part);
    bool found = at < s.n || part.n == 0;
    return path_give_int(vm, base, found ? (int64_t)utf8_count(str_sub(s, 0, at)) : -1);
}

static enum err do_last_index_of(struct path_vm *vm, const struct path_frame *f,
                                 const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    bool has;
    int64_t at = -1;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    if (!has) {
        return OK;
    }
    for (size_t i = 0; i + part.n <= s.n; i++) {
        if (memcmp(s.p + i, part.p, part.n) == 0) {
            at = (int64_t)utf8_count(str_sub(s, 0, i));
        }
    }
    return path_give_int(vm, base, at);
}

static enum err do_substring(struct path_vm *vm, const struct path_frame *f,
                             const struct path_node *node, uint32_t base)
{
    struct str s;
    int64_t start;
    int64_t n = INT64_MAX;
    bool has;
    bool has_start;
    bool has_n = false;
    TRY(path_input_str(vm, node, base, &s, &has));
    TRY(path_arg_int(vm, f, node, 0, &start, &has_start));
    if (node->n_args == 2) {
        TRY(path_arg_int(vm, f, node, 1, &n, &has_n));
    }
    if (!has || !has_start || start < 0) {
        return OK;
    }
    size_t at = bytes_of(s, (uint64_t)start);
    if (at >= s.n) {
        return OK;
    }
    struct str rest = str_sub(s, at, s.n);
    if (has_n) {
        rest.n = bytes_of(rest, n < 0 ? 0 : (uint64_t)n);
    }
    return path_give_str(vm, base, rest);
}

static enum err do_starts(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    return has ? path_give_bool(vm, base, str_starts(s, part)) : OK;
}

static enum err do_ends(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    return has ? path_give_bool(vm, base, str_ends(s, part)) : OK;
}

static enum err do_contains(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    return has ? path_give_bool(vm, base, part.n == 0 || str_find(s, part) < s.n) : OK;
}

/* ---- changing ---- */

static enum err recase(struct path_vm *vm, const struct path_node *node, uint32_t base,
                       uint32_t (*to)(uint32_t))
{
    struct str s;
    struct buf b;
    bool has;
    TRY(path_input_str(vm, node, base, &s, &has));
    if (!has) {
        return OK;
    }
    buf_init(&b, vm->rq->a, PATH_TEXT_MAX);
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        uint32_t c;
        char out[4];
        p = utf8_next(p, end, &c);
        buf_bytes(&b, out, utf8_put(out, to(c)));
    }
    return path_give_buf(vm, base, &b);
}

static enum err do_upper(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    (void)f;
    return recase(vm, node, base, path_upper);
}

static enum err do_lower(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    (void)f;
    return recase(vm, node, base, path_lower);
}

static enum err do_replace(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str part;
    struct str with;
    struct buf b;
    bool has;
    bool has_with;
    TRY(path_input_and_str(vm, f, node, base, &s, &part, &has));
    TRY(path_arg_str(vm, f, node, 1, &with, &has_with));
    if (!has || !has_with) {
        return OK;
    }
    buf_init(&b, vm->rq->a, PATH_TEXT_MAX);
    while (s.n > 0) {
        size_t at = part.n == 0 ? 0 : str_find(s, part);
        buf_str(&b, str_sub(s, 0, at));
        if (at == s.n) {
            break;
        }
        buf_str(&b, with);
        size_t skip = part.n;
        if (part.n == 0) { /* before every character */
            skip = bytes_of(s, 1);
            buf_str(&b, str_sub(s, 0, skip));
        }
        s = str_sub(s, at + skip, s.n);
    }
    if (part.n == 0) {
        buf_str(&b, with);
    }
    return path_give_buf(vm, base, &b);
}

static enum err do_trim(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    struct str s;
    bool has;
    (void)f;
    TRY(path_input_str(vm, node, base, &s, &has));
    if (!has) {
        return OK;
    }
    s = str_trim(s);
    return path_give_str(vm, base, s.n == 0 ? S("") : s);
}

static enum err do_length(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct str s;
    bool has;
    (void)f;
    TRY(path_input_str(vm, node, base, &s, &has));
    return has ? path_give_int(vm, base, (int64_t)utf8_count(s)) : OK;
}

static enum err push_str(struct path_vm *vm, struct str s)
{
    struct path_item item = {.kind = PATH_STRING, .s = s};
    TRY(path_burn(vm, 1));
    return path_push(vm, &item);
}

static enum err do_to_chars(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, uint32_t base)
{
    struct str s;
    bool has;
    (void)f;
    TRY(path_input_str(vm, node, base, &s, &has));
    while (has && s.n > 0) {
        size_t n = bytes_of(s, 1);
        TRY(push_str(vm, str_sub(s, 0, n)));
        s = str_sub(s, n, s.n);
    }
    return OK;
}

static enum err do_split(struct path_vm *vm, const struct path_frame *f,
                         const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str by;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &by, &has));
    if (!has) {
        return OK;
    }
    for (;;) {
        size_t at = by.n == 0 ? bytes_of(s, 1) : str_find(s, by);
        TRY(push_str(vm, str_sub(s, 0, at)));
        if (at >= s.n) {
            return OK;
        }
        s = str_sub(s, at + by.n, s.n);
    }
}

/* The texts of the items from base, in their place; what has no value goes. *ret_n: their bytes. */
static enum err join_texts(struct path_vm *vm, const struct path_node *node, uint32_t base,
                           uint64_t *ret_n)
{
    uint32_t keep = base;
    *ret_n = 0;
    for (uint32_t i = base; i < vm->n; i++) {
        struct path_item v;
        if (path_value(vm, &vm->v[i], &v)) {
            if (v.kind != PATH_STRING) {
                return PATH_FAIL(vm, node, "join() takes texts");
            }
            vm->v[keep].kind = PATH_STRING;
            vm->v[keep].flags = 0;
            vm->v[keep++].s = v.s;
            *ret_n += v.s.n;
        } else if (!(vm->v[i].flags & PATH_NO_VALUE)) {
            return PATH_FAIL(vm, node, "join() takes texts");
        }
    }
    path_drop(vm, keep);
    return OK;
}

static enum err do_join(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base)
{
    struct str by = S("");
    bool has = false;
    uint64_t all;
    if (node->n_args == 1) {
        TRY(path_arg_str(vm, f, node, 0, &by, &has));
    }
    by.n = has ? by.n : 0;
    TRY(join_texts(vm, node, base, &all));
    uint32_t n = vm->n - base;
    if (n == 0 && !(vm->prog->flags & PATH_JOIN_TEXT)) {
        return OK;
    }
    if (n <= 1) {
        return path_give_str(vm, base, n == 0 ? S("") : vm->v[base].s);
    }
    all += by.n * (uint64_t)(n - 1);
    if (all > PATH_TEXT_MAX) {
        return FAIL(vm->rq, E_TOO_LARGE, "FHIRPath: a text is too long");
    }
    char *text = arena_alloc_raw(vm->rq->a, all + 1);
    TRY_MEM(vm->rq, text);
    char *to = path_put(text, vm->v[base].s);
    for (uint32_t i = base + 1; i < vm->n; i++) {
        to = path_put(path_put(to, by), vm->v[i].s);
    }
    return path_give_str(vm, base, (struct str){text, all});
}

/* ---- patterns ---- */

static enum err regex_flags(struct path_vm *vm, const struct path_frame *f,
                            const struct path_node *node, unsigned *flags)
{
    struct str text;
    bool has;
    TRY(path_arg_str(vm, f, node, 1, &text, &has));
    for (size_t i = 0; has && i < text.n; i++) {
        if (text.p[i] == 'i') {
            *flags |= PATH_REGEX_NO_CASE;
        } else if (text.p[i] == 'm') {
            *flags |= PATH_REGEX_LINES;
        } else {
            return PATH_FAIL(vm, node, "flags of a pattern are i and m");
        }
    }
    return OK;
}

static enum err matched(struct path_vm *vm, const struct path_frame *f,
                        const struct path_node *node, uint32_t base, unsigned flags)
{
    struct str s;
    struct str pattern;
    bool has;
    bool yes;
    TRY(path_input_and_str(vm, f, node, base, &s, &pattern, &has));
    if (node->n_args == 2) {
        TRY(regex_flags(vm, f, node, &flags));
    }
    if (!has) {
        return OK;
    }
    TRY(path_regex_match(vm, node, s, pattern, flags, &yes));
    return path_give_bool(vm, base, yes);
}

static enum err do_matches(struct path_vm *vm, const struct path_frame *f,
                           const struct path_node *node, uint32_t base)
{
    return matched(vm, f, node, base, 0);
}

static enum err do_matches_full(struct path_vm *vm, const struct path_frame *f,
                                const struct path_node *node, uint32_t base)
{
    return matched(vm, f, node, base, PATH_REGEX_FULL);
}

static enum err do_replace_matches(struct path_vm *vm, const struct path_frame *f,
                                   const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str pattern;
    struct str with;
    struct str out;
    bool has;
    bool has_with;
    TRY(path_input_and_str(vm, f, node, base, &s, &pattern, &has));
    TRY(path_arg_str(vm, f, node, 1, &with, &has_with));
    if (!has || !has_with) {
        return OK;
    }
    TRY(path_regex_replace(vm, node, s, pattern, with, &out));
    return path_give_str(vm, base, out);
}

/* clang-format off */
const struct path_func path_funcs_string[] = {
    {SI("indexOf"),        1, 1, 0, RES_INTEGER, do_index_of       },
    {SI("lastIndexOf"),    1, 1, 0, RES_INTEGER, do_last_index_of  },
    {SI("substring"),      1, 2, 0, RES_STRING,  do_substring      },
    {SI("startsWith"),     1, 1, 0, RES_BOOLEAN, do_starts         },
    {SI("endsWith"),       1, 1, 0, RES_BOOLEAN, do_ends           },
    {SI("contains"),       1, 1, 0, RES_BOOLEAN, do_contains       },
    {SI("upper"),          0, 0, 0, RES_STRING,  do_upper          },
    {SI("lower"),          0, 0, 0, RES_STRING,  do_lower          },
    {SI("replace"),        2, 2, 0, RES_STRING,  do_replace        },
    {SI("trim"),           0, 0, 0, RES_STRING,  do_trim           },
    {SI("length"),         0, 0, 0, RES_INTEGER, do_length         },
    {SI("toChars"),        0, 0, 0, RES_STRING,  do_to_chars       },
    {SI("split"),          1, 1, 0, RES_STRING,  do_split          },
    {SI("join"),           0, 1, 0, RES_STRING,  do_join           },
    {SI("matches"),        1, 2, 0, RES_BOOLEAN, do_matches        },
    {SI("matchesFull"),    1, 2, 0, RES_BOOLEAN, do_matches_full   },
    {SI("replaceMatches"), 2, 2, 0, RES_STRING,  do_replace_matches},
};
/* clang-format on */
const size_t n_path_funcs_string = LEN(path_funcs_string);
