/* fhir/path_plain.c - patterns that need no search: ^, characters and classes with counts, $, as identifiers,
 * codes and names are described. What follows a counted class can never be taken for a part of it, so
 * that a text is gone through once. See path_value.h; anything else is for PCRE2. */
#include "fhir/path_value.h"

enum { PLAIN_ATOMS = 12, COUNT_MAX = 1000, NO_END = UINT16_MAX };

/* Bytes one place of the text may have, and how many of them. */
struct atom {
    uint64_t set[4];
    uint16_t min;
    uint16_t max; /* NO_END: any number */
};

struct path_plain {
    unsigned n;
    struct atom v[PLAIN_ATOMS];
};

static void set_add(struct atom *a, unsigned from, unsigned to)
{
    for (unsigned c = from; c <= to; c++) {
        a->set[c >> 6] |= UINT64_C(1) << (c & 63);
    }
}

static inline bool set_has(const struct atom *a, char c)
{
    unsigned char u = (unsigned char)c;
    return (a->set[u >> 6] >> (u & 63) & 1) != 0;
}

static bool sets_meet(const struct atom *a, const struct atom *b)
{
    return ((a->set[0] & b->set[0]) | (a->set[1] & b->set[1]) | (a->set[2] & b->set[2])
            | (a->set[3] & b->set[3]))
           != 0;
}

static bool is_alnum(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* A character that stands for itself, escaped or not; special: those that do not. */
static bool take_char(struct str p, size_t *at, const char *special, char *ret_c)
{
    if (*at < p.n && p.p[*at] == '\\') {
        ++*at;
        if (*at == p.n || is_alnum(p.p[*at])) {
            return false;
        }
    } else if (*at == p.n || strchr(special, p.p[*at]) != NULL) {
        return false;
    }
    *ret_c = p.p[(*at)++];
    return *ret_c >= ' ' && *ret_c <= '~';
}

/* What stands between the brackets of a class. */
static bool take_class(struct str p, size_t *at, struct atom *a)
{
    bool other = *at < p.n && p.p[*at] == '^';
    *at += other;
    do {
        char from;
        char to;
        if (!take_char(p, at, "[]-^", &from)) {
            return false;
        }
        to = from;
        if (*at + 1 < p.n && p.p[*at] == '-' && p.p[*at + 1] != ']') {
            ++*at;
            if (!take_char(p, at, "[]-^", &to) || to < from) {
                return false;
            }
        } else if (*at + 1 < p.n && p.p[*at] == '-') { /* the last is a hyphen */
            ++*at;
            set_add(a, '-', '-');
        }
        set_add(a, (unsigned char)from, (unsigned char)to);
    } while (*at < p.n && p.p[*at] != ']');
    for (size_t i = 0; i < LEN(a->set) && other; i++) {
        a->set[i] = ~a->set[i];
    }
    return (*at)++ < p.n;
}

static bool take_number(struct str p, size_t *at, uint16_t *ret_n)
{
    size_t from = *at;
    unsigned n = 0;
    for (; *at < p.n && p.p[*at] >= '0' && p.p[*at] <= '9' && n <= COUNT_MAX; ++*at) {
        n = n * 10 + (unsigned)(p.p[*at] - '0');
    }
    *ret_n = (uint16_t)n;
    return *at > from && n <= COUNT_MAX;
}

/* + * ? {n} {n,} {n,m}, or nothing. */
static bool take_count(struct str p, size_t *at, struct atom *a)
{
    char c = *at < p.n ? p.p[*at] : '\0';
    a->min = c == '*' || c == '?' ? 0 : 1;
    a->max = c == '+' || c == '*' ? NO_END : 1;
    if (c != '+' && c != '*' && c != '?' && c != '{') {
        return true;
    }
    ++*at;
    if (c == '{') {
        if (!take_number(p, at, &a->min)) {
            return false;
        }
        a->max = a->min;
        if (*at < p.n && p.p[*at] == ',') {
            ++*at;
            a->max = NO_END;
            if (*at < p.n && p.p[*at] != '}' && !take_number(p, at, &a->max)) {
                return false;
            }
        }
        if (*at == p.n || p.p[(*at)++] != '}' || a->max < a->min || a->max == 0) {
            return false;
        }
    }
    return *at == p.n || strchr("+*?{", p.p[*at]) == NULL; /* greedy, and counted once */
}

static bool take_atom(struct str p, size_t *at, struct atom *a)
{
    char c;
    if (*at < p.n && p.p[*at] == '[') {
        ++*at;
        if (!take_class(p, at, a)) {
            return false;
        }
    } else if (*at < p.n && p.p[*at] == '.') {
        ++*at;
        set_add(a, 0, 255);
    } else if (take_char(p, at, "^$.|()?*+{}[]", &c)) {
        set_add(a, (unsigned char)c, (unsigned char)c);
    } else {
        return false;
    }
    if (!take_count(p, at, a)) {
        return false;
    }
    /* characters of several bytes are not counted here */
    return (a->set[2] | a->set[3]) == 0 || (a->max == NO_END && a->min <= 1);
}

/* Whether each atom ends where the next begins, whatever the text. */
static bool is_certain(const struct path_plain *plain)
{
    for (unsigned i = 0; i < plain->n; i++) {
        bool open = plain->v[i].min != plain->v[i].max;
        for (unsigned j = i + 1; j < plain->n && open; j++) {
            if (sets_meet(&plain->v[i], &plain->v[j])) {
                return false;
            }
            open = plain->v[j].min == 0;
        }
    }
    return true;
}

enum err path_plain_new(struct req *rq, struct str pattern, bool full,
                        const struct path_plain **ret_plain)
{
    struct path_plain plain = {0};
    bool begin = pattern.n > 0 && pattern.p[0] == '^';
    size_t at = begin;
    bool end = false;
    *ret_plain = NULL;
    while (at < pattern.n && !end) {
        end = pattern.p[at] == '$' && at + 1 == pattern.n;
        if (!end
            && (plain.n == PLAIN_ATOMS || !take_atom(pattern, &at, &plain.v[plain.n++]))) {
            return OK;
        }
    }
    if ((!full && !(begin && end)) || !is_certain(&plain)) {
        return OK;
    }
    struct path_plain *copy = ARENA_NEW(rq->a, struct path_plain);
    TRY_MEM(rq, copy);
    *copy = plain;
    *ret_plain = copy;
    return OK;
}

bool path_plain_fits(const struct path_plain *plain, struct str text)
{
    const char *p = text.p;
    const char *end = text.p + text.n;
    for (const struct atom *a = plain->v; a < plain->v + plain->n; a++) {
        const char *from = p;
        const char *most = a->max < end - p ? p + a->max : end;
        most = a->max == NO_END ? end : most;
        while (p < most && set_has(a, *p)) {
            p++;
        }
        if (p - from < a->min) {
            return false;
        }
    }
    return p == end;
}
