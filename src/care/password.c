/* care/password.c - passwords that are easy to guess. See password.h. */
#include "care/password.h"

#include "base/text.h"
#include "care/account.h"
#include "care/content.h"
#include "codec/utf8.h"

enum {
    SIGNS_MAX = PASSWORD_MAX,
    RUN = 4,        /* signs in a row that count as one */
    SAME = 3,       /* the same sign so often */
    PERIOD_MAX = 4, /* signs of what is repeated */
    LOGIN_PART = 4,
    WORD_MAX = 128,
    FOLD_CAP = 4096,
};

/* A folded text as characters; hit: taken out. */
struct signs {
    uint32_t c[SIGNS_MAX];
    bool hit[SIGNS_MAX];
    size_t n;
};

static void read_signs(struct str s, struct signs *ret)
{
    const char *p = s.p;
    const char *end = s.p + s.n;
    ret->n = 0;
    while (p < end && ret->n < SIGNS_MAX) {
        ret->hit[ret->n] = false;
        p = utf8_next(p, end, &ret->c[ret->n++]);
    }
}

static void take(struct signs *s, size_t at, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        s->hit[at + i] = true;
    }
}

/* A word wherever it stands. */
static void take_word(struct signs *s, struct str word)
{
    struct signs w;
    read_signs(str_sub(word, 0, WORD_MAX), &w);
    for (size_t at = 0; w.n >= SAME && at + w.n <= s->n; at++) {
        size_t n = 0;
        while (n < w.n && s->c[at + n] == w.c[n]) {
            n++;
        }
        if (n == w.n) {
            take(s, at, n);
        }
    }
}

/* How many characters from at run along the row from j, forwards or back. */
static size_t along(const struct signs *s, size_t at, const struct signs *row, size_t j, int by)
{
    size_t n = 0;
    for (size_t k = j; at + n < s->n && k < row->n && s->c[at + n] == row->c[k]; n++) {
        if (by < 0 && k == 0) {
            return n + 1;
        }
        k = by < 0 ? k - 1 : k + 1;
    }
    return n;
}

static void take_row(struct signs *s, struct str text)
{
    struct signs row;
    read_signs(str_sub(text, 0, WORD_MAX), &row);
    for (size_t at = 0; at < s->n; at++) {
        for (size_t j = 0; j < row.n; j++) {
            size_t n = MAX(along(s, at, &row, j, 1), along(s, at, &row, j, -1));
            if (n >= RUN) {
                take(s, at, n);
            }
        }
    }
}

/* aaa, 1234, 9876 */
static void take_counted(struct signs *s, int by, size_t least)
{
    for (size_t at = 0; at < s->n;) {
        size_t n = 1;
        while (at + n < s->n && (int64_t)s->c[at + n] == (int64_t)s->c[at + n - 1] + by) {
            n++;
        }
        if (n >= least) {
            take(s, at, n);
        }
        at += n;
    }
}

/* The whole made of a few characters over and over: all after the first turn. */
static void take_repeats(struct signs *s)
{
    for (size_t period = 1; period <= PERIOD_MAX && period < s->n; period++) {
        size_t i = period;
        while (i < s->n && s->c[i] == s->c[i - period]) {
            i++;
        }
        if (i == s->n) {
            take(s, period, s->n - period);
        }
    }
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* 1900 to 2099 */
static void take_years(struct signs *s)
{
    for (size_t at = 0; at + 4 <= s->n; at++) {
        const uint32_t *c = s->c + at;
        bool century = (c[0] == '1' && c[1] == '9') || (c[0] == '2' && c[1] == '0');
        if (century && is_digit(c[2]) && is_digit(c[3])) {
            take(s, at, 4);
        }
    }
}

static void take_login(struct signs *s, struct str login)
{
    struct str part;
    take_word(s, login);
    while (login.n > 0) {
        size_t cut = MIN(MIN(str_find_char(login, '.'), str_find_char(login, '-')),
                         str_find_char(login, '_'));
        part = str_sub(login, 0, cut);
        if (part.n >= LOGIN_PART) {
            take_word(s, part);
        }
        login = str_sub(login, MIN(cut + 1, login.n), login.n);
    }
}

/* Letters and digits that are left. */
static size_t rest(const struct signs *s)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        uint32_t c = s->c[i];
        bool sign = c > 0x7f || is_digit(c) || (c >= 'a' && c <= 'z');
        n += !s->hit[i] && sign;
    }
    return n;
}

static void take_words(const struct content *content, struct str login, struct signs *s)
{
    for (uint32_t i = 0; i < content->n_password_words; i++) {
        take_word(s, content->password_words[i]);
    }
    take_login(s, login);
}

static void take_runs(const struct content *content, struct signs *s)
{
    for (uint32_t i = 0; i < content->n_password_rows; i++) {
        take_row(s, content->password_rows[i]);
    }
    take_counted(s, 0, SAME);
    take_counted(s, 1, RUN);
    take_counted(s, -1, RUN);
    take_repeats(s);
    take_years(s);
}

/* "p@ssw0rd" is "password"; what was taken out stays so. */
static void as_letters(struct signs *s)
{
    static const struct {
        char sign, letter;
    } rows[] = {{'@', 'a'}, {'0', 'o'}, {'1', 'i'}, {'!', 'i'}, {'3', 'e'},
                {'$', 's'}, {'5', 's'}, {'4', 'a'}, {'7', 't'}};
    for (size_t i = 0; i < s->n; i++) {
        for (size_t k = 0; k < LEN(rows); k++) {
            if (s->c[i] == (uint32_t)rows[k].sign) {
                s->c[i] = (uint32_t)rows[k].letter;
                break;
            }
        }
    }
}

enum err password_judge(struct req *rq, struct str login, struct str password)
{
    const struct content *content = care_of(rq)->content;
    struct signs *s = ARENA_NEW(rq->a, struct signs);
    struct buf b;
    TRY_MEM(rq, s);
    if (utf8_count(password) < care_of(rq)->password_least) {
        return FAIL(rq, E_BAD_INPUT, PASSWORD_SHORT, care_of(rq)->password_least);
    }
    if (password.n > PASSWORD_MAX) {
        return FAIL(rq, E_BAD_INPUT, PASSWORD_LONG);
    }
    buf_init(&b, rq->a, FOLD_CAP);
    utf8_fold(&b, password);
    TRY_MEM(rq, buf_get(&b).p);
    read_signs(buf_get(&b), s);
    take_runs(content, s);
    take_words(content, login, s);
    as_letters(s);
    take_words(content, login, s);
    return rest(s) < PASSWORD_REST ? FAIL(rq, E_BAD_INPUT, PASSWORD_EASY) : OK;
}

const char *password_fault_text(const struct req *rq)
{
    struct str detail = str_z(rq->err.detail);
    return str_eq(detail, S(PASSWORD_EASY))
               ? T("This password is easy to guess: common words, the login, keyboard rows, years and "
                   "repeated signs do not count. Take several words that have nothing to do with each other.")
           : str_eq(detail, S(PASSWORD_LONG)) ? T("The new password is too long.")
                                              : NULL;
}
