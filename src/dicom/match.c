/* dicom/match.c - values against what was asked. See match.h. */
#include "dicom/match.h"

#include "codec/utf8.h"

enum { DATE_LEN = 8, TIME_LEN = 6 };

/* The character at *at, passed over; a broken byte counts as one. */
static struct str next_char(struct str s, size_t *at)
{
    struct str rest = str_sub(s, *at, s.n);
    struct str one = utf8_cut_chars(rest, 1);

    one = one.n > 0 ? one : str_sub(rest, 0, 1);
    *at += one.n;
    return one;
}

static bool is_ascii(char c)
{
    return (unsigned char)c < 0x80;
}

/* Goes back to the last "*" only: time is at most the product of the lengths. */
static bool wild_matches(struct str asked, struct str value)
{
    size_t a = 0;
    size_t v = 0;
    size_t star = SIZE_MAX;
    size_t again = 0;

    while (v < value.n) {
        size_t next_a = a;
        size_t next_v = v;
        if (a < asked.n && asked.p[a] == '*') {
            star = a++;
            again = v;
            continue;
        }
        if (a < asked.n && is_ascii(asked.p[a]) && is_ascii(value.p[v])) {
            if (asked.p[a] == '?' || asked.p[a] == value.p[v]) {
                a++;
                v++;
                continue;
            }
        } else if (a < asked.n) {
            struct str want = next_char(asked, &next_a);
            struct str have = next_char(value, &next_v);
            if (str_eq(want, S("?")) || str_eq(want, have)) {
                a = next_a;
                v = next_v;
                continue;
            }
        }
        if (star == SIZE_MAX) {
            return false;
        }
        (void)next_char(value, &again);
        a = star + 1;
        v = again;
    }
    while (a < asked.n && asked.p[a] == '*') {
        a++;
    }
    return a == asked.n;
}

static bool list_has(struct str list, struct str value)
{
    while (list.n > 0) {
        size_t end = 0;
        while (end < list.n && list.p[end] != ',' && list.p[end] != '\\') {
            end++;
        }
        if (str_eq(str_trim(str_sub(list, 0, end)), value)) {
            return true;
        }
        list = str_sub(list, end + 1, list.n);
    }
    return false;
}

static bool any_matches(struct str asked, struct str values)
{
    struct str one;

    while (str_cut(&values, '\\', &one)) {
        if (wild_matches(asked, one)) {
            return true;
        }
    }
    return false;
}

static bool group_matches(struct str asked, struct str groups)
{
    struct str one;

    while (str_cut(&groups, '=', &one)) {
        if (wild_matches(asked, one)) {
            return true;
        }
    }
    return false;
}

static bool is_digits(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') {
            return false;
        }
    }
    return true;
}

bool dicom_match_dates(struct str asked, struct str *ret_from, struct str *ret_to)
{
    struct str rest = str_trim(asked);
    size_t dash = str_find_char(rest, '-');
    struct str from = str_trim(str_sub(rest, 0, dash));
    struct str to = dash < rest.n ? str_trim(str_sub(rest, dash + 1, rest.n)) : from;

    if ((from.n != 0 && from.n != DATE_LEN) || (to.n != 0 && to.n != DATE_LEN) || !is_digits(from)
        || !is_digits(to) || from.n + to.n == 0) {
        return false;
    }
    *ret_from = from.n > 0 ? from : S("");
    *ret_to = to.n > 0 ? to : S("~");
    return true;
}

static bool date_matches(struct str asked, struct str value)
{
    struct str from;
    struct str to;

    return value.n > 0 && dicom_match_dates(asked, &from, &to) && str_cmp(from, value) <= 0
           && str_cmp(value, to) <= 0;
}

/* HHMMSS of a time written as HH, HHMM, HHMMSS or HHMMSS.F, a colon between or not; missing digits from
 * fill. False when it is no time. */
static bool time_digits(struct str s, const char *fill, char out[TIME_LEN])
{
    size_t n = 0;

    for (size_t i = 0; i < s.n && s.p[i] != '.' && n < TIME_LEN; i++) {
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            out[n++] = s.p[i];
        } else if (s.p[i] != ':') {
            return false;
        }
    }
    bool good = n > 0 && n % 2 == 0;
    for (; n < TIME_LEN; n++) {
        out[n] = fill[n];
    }
    return good;
}

static bool time_matches(struct str asked, struct str value)
{
    char from[TIME_LEN] = {'0', '0', '0', '0', '0', '0'};
    char to[TIME_LEN] = {'2', '3', '5', '9', '6', '0'};
    char have[TIME_LEN];
    struct str rest = str_trim(asked);
    size_t dash = str_find_char(rest, '-');
    struct str a = str_trim(str_sub(rest, 0, dash));
    struct str b = dash < rest.n ? str_trim(str_sub(rest, dash + 1, rest.n)) : a;

    if (a.n + b.n == 0 || (a.n > 0 && !time_digits(a, "000000", from))
        || (b.n > 0 && !time_digits(b, "235960", to)) || !time_digits(value, "000000", have)) {
        return false;
    }
    struct str h = {have, TIME_LEN};
    return str_cmp((struct str){from, TIME_LEN}, h) <= 0 && str_cmp(h, (struct str){to, TIME_LEN}) <= 0;
}

static bool number_matches(struct str asked, struct str value)
{
    int64_t a = 0;
    int64_t v = 0;

    return str_i64(str_trim(asked), &a) && str_i64(value, &v) && a == v;
}

bool dicom_matches(enum dicom_match_kind kind, struct str asked, struct str value)
{
    switch (kind) {
    case DICOM_MATCH_UID: return list_has(asked, value);
    case DICOM_MATCH_TEXT: return wild_matches(asked, value);
    case DICOM_MATCH_NAME: return group_matches(asked, value);
    case DICOM_MATCH_DATE: return date_matches(asked, value);
    case DICOM_MATCH_TIME: return time_matches(asked, value);
    case DICOM_MATCH_NUMBER: return number_matches(asked, value);
    case DICOM_MATCH_LIST: return any_matches(asked, value);
    }
    return false;
}

bool dicom_name_is_like(struct str asked, struct str value)
{
    struct str want;
    bool all = true;

    while (all && str_cut(&asked, ' ', &want)) {
        bool found = want.n == 0;
        for (size_t at = 0; !found && at < value.n; at++) {
            bool begins = at == 0 || value.p[at - 1] == ' ' || value.p[at - 1] == '=';
            found = begins && str_starts(str_sub(value, at, value.n), want);
        }
        all = found;
    }
    return all;
}

struct str dicom_match_begins(struct str asked, bool *ret_whole)
{
    size_t n = 0;

    while (n < asked.n && asked.p[n] != '*' && asked.p[n] != '?') {
        n++;
    }
    *ret_whole = n == asked.n;
    return str_sub(asked, 0, n);
}
