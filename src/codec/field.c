/* codec/field.c - lists, parameters, choices of HTTP fields. See field.h; file names, tags and
 * cookies are in field_name.c. */
#include "codec/field.h"

#include <string.h>

bool field_next(struct str *rest, char sep, struct str *ret_item)
{
    while (rest->p != NULL && rest->n > 0) {
        bool quoted = false;
        size_t i = 0;
        for (; i < rest->n; i++) {
            char c = rest->p[i];
            if (quoted && c == '\\') {
                i++;
            } else if (c == '"') {
                quoted = !quoted;
            } else if (c == sep && !quoted) {
                break;
            }
        }
        struct str item = str_trim(str_sub(*rest, 0, i));
        *rest = str_sub(*rest, i + 1, rest->n);
        if (item.n > 0) {
            *ret_item = item;
            return true;
        }
    }
    return false;
}

struct str field_head(struct str field)
{
    return str_trim(str_sub(field, 0, str_find_char(field, ';')));
}

/* The text of "a \"b\"" ; anything else as it is. */
static struct str unquoted(struct arena *a, struct str s)
{
    if (s.n < 2 || s.p[0] != '"' || s.p[s.n - 1] != '"') {
        return s;
    }
    s = str_sub(s, 1, s.n - 2);
    if (str_find_char(s, '\\') == s.n) {
        return s;
    }
    char *out = arena_alloc_raw(a, s.n);
    if (out == NULL) {
        return (struct str){NULL, 0};
    }
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        /* browsers of old sent Windows paths with bare backslashes: only quotes and the backslash
         * itself are taken as escaped */
        if (s.p[i] == '\\' && i + 1 < s.n && (s.p[i + 1] == '"' || s.p[i + 1] == '\\')) {
            i++;
        }
        out[n++] = s.p[i];
    }
    return (struct str){out, n};
}

struct str field_param(struct arena *a, struct str field, struct str name)
{
    struct str item;
    struct str rest = str_sub(field, str_find_char(field, ';'), field.n);
    while (field_next(&rest, ';', &item)) {
        size_t eq = str_find_char(item, '=');
        if (eq < item.n && str_eq_nocase(str_trim(str_sub(item, 0, eq)), name)) {
            return unquoted(a, str_trim(str_sub(item, eq + 1, item.n)));
        }
    }
    return (struct str){NULL, 0};
}

/* ;q= of an item in thousandths (RFC 9110 12.4.2): 1000 without one, 0 when it is malformed. */
static unsigned weight(struct str item)
{
    struct str rest = str_sub(item, str_find_char(item, ';'), item.n);
    struct str param;
    while (field_next(&rest, ';', &param)) {
        if (param.n < 2 || (param.p[0] | 0x20) != 'q' || param.p[1] != '=') {
            continue;
        }
        struct str v = str_trim(str_sub(param, 2, param.n));
        if (v.n == 0 || v.n > 5 || (v.p[0] != '0' && v.p[0] != '1')
            || (v.n > 1 && v.p[1] != '.')) {
            return 0;
        }
        unsigned q = v.p[0] == '1' ? 1000 : 0;
        unsigned place = 100;
        for (size_t i = 2; i < v.n; i++, place /= 10) {
            unsigned digit = (unsigned)(v.p[i] - '0');
            if (digit > 9) {
                return 0;
            }
            q += digit * place;
        }
        return MIN(q, 1000u);
    }
    return 1000;
}

unsigned field_quality(struct str list, struct str token)
{
    unsigned any = 0;
    struct str item;
    while (field_next(&list, ',', &item)) {
        struct str head = field_head(item);
        if (str_eq_nocase(head, token)) {
            return weight(item);
        }
        if (str_eq(head, S("*"))) {
            any = weight(item);
        }
    }
    return any;
}

/* 0 no match, 1 any, 2 type, 3 exact: media ranges. */
static int media_match(struct str range, struct str offer)
{
    if (str_eq(range, S("*/*")) || str_eq(range, S("*"))) {
        return 1;
    }
    if (str_eq_nocase(range, offer)) {
        return 3;
    }
    size_t slash = str_find_char(offer, '/');
    bool whole_type = str_ends(range, S("/*")) && range.n == slash + 2
                      && str_eq_nocase(str_sub(range, 0, slash), str_sub(offer, 0, slash));
    return whole_type ? 2 : 0;
}

/* 0 no match, 1 any, 2 the range's first subtag is the offer, 3 exact: languages. */
static int lang_match(struct str range, struct str offer)
{
    if (str_eq(range, S("*"))) {
        return 1;
    }
    if (str_eq_nocase(range, offer)) {
        return 3;
    }
    return str_eq_nocase(str_sub(range, 0, str_find_char(range, '-')), offer) ? 2 : 0;
}

typedef int (*match_fn)(struct str range, struct str offer);

static int choose(struct str list, const struct str *offers, size_t n, match_fn match)
{
    int best = -1;
    unsigned best_q = 0;
    for (size_t i = 0; i < n; i++) {
        struct str rest = list;
        struct str item;
        int precise = 0;
        unsigned q = 0;
        while (field_next(&rest, ',', &item)) {
            int m = match(field_head(item), offers[i]);
            if (m > precise) {
                precise = m;
                q = weight(item);
            }
        }
        if (q > best_q) {
            best_q = q;
            best = (int)i;
        }
    }
    return best;
}

int field_accept(struct str accept, const struct str *offers, size_t n)
{
    return str_trim(accept).n == 0 && n > 0 ? 0 : choose(accept, offers, n, media_match);
}

int field_accept_lang(struct str accept, const struct str *offers, size_t n)
{
    return choose(accept, offers, n, lang_match);
}

enum field_range field_range(struct str range, uint64_t size, uint64_t *ret_first, uint64_t *ret_n)
{
    struct str s = str_trim(range);
    if (s.n < 6 || !str_eq_nocase(str_sub(s, 0, 6), S("bytes="))) {
        return FIELD_RANGE_ALL;
    }
    s = str_trim(str_sub(s, 6, s.n));
    size_t dash = str_find_char(s, '-');
    if (dash == s.n) {
        return FIELD_RANGE_ALL;
    }
    struct str from = str_sub(s, 0, dash);
    struct str to = str_sub(s, dash + 1, s.n);
    uint64_t first = 0;
    uint64_t last = UINT64_MAX;
    if ((from.n > 0 && !str_u64(from, &first)) || (to.n > 0 && !str_u64(to, &last))
        || (from.n == 0 && to.n == 0) || (from.n > 0 && first > last)) {
        return FIELD_RANGE_ALL;
    }
    if (from.n == 0) { /* the last bytes */
        if (last == 0 || size == 0) {
            return FIELD_RANGE_NONE;
        }
        *ret_n = MIN(last, size);
        *ret_first = size - *ret_n;
        return FIELD_RANGE_PART;
    }
    if (first >= size) {
        return FIELD_RANGE_NONE;
    }
    *ret_first = first;
    *ret_n = MIN(last, size - 1) - first + 1;
    return FIELD_RANGE_PART;
}
