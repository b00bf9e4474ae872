/* base/instant.c - points in time. See instant.h. */
#include "base/instant.h"

#include <string.h>

static bool is_leap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_days(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool civil_is_valid(const struct civil *c)
{
    return c->year >= 1 && c->year <= 9999 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
           c->day <= month_days(c->year, c->month) && c->hour >= 0 && c->hour <= 23 &&
           c->minute >= 0 && c->minute <= 59 && c->second >= 0 && c->second <= 59 &&
           c->milli >= 0 && c->milli <= 999;
}

int64_t civil_days(int year, int month, int day)
{
    int64_t y = year - (month <= 2);
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t yoe = y - era * 400;
    int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + doe - 719468;
}

struct instant instant_from_civil(const struct civil *c, int offset_min)
{
    int64_t ms = civil_days(c->year, c->month, c->day) * MS_DAY;
    ms += c->hour * MS_HOUR + c->minute * MS_MINUTE + c->second * MS_SECOND + c->milli;
    return (struct instant){ms - offset_min * MS_MINUTE};
}

struct civil instant_civil(struct instant t, int offset_min)
{
    int64_t ms = t.ms + offset_min * MS_MINUTE;
    int64_t days = ms / MS_DAY;
    int64_t rest = ms % MS_DAY;
    if (rest < 0) {
        rest += MS_DAY;
        days -= 1;
    }
    int64_t z = days + 719468;
    int64_t era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return (struct civil){
        .year = (int)(yoe + era * 400 + (month <= 2)),
        .month = month,
        .day = (int)(doy - (153 * mp + 2) / 5 + 1),
        .hour = (int)(rest / MS_HOUR),
        .minute = (int)(rest / MS_MINUTE % 60),
        .second = (int)(rest / MS_SECOND % 60),
        .milli = (int)(rest % 1000),
    };
}

static bool take_digits(struct str *s, unsigned n, int *ret_v)
{
    int v = 0;
    if (s->n < n) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        if (s->p[i] < '0' || s->p[i] > '9') {
            return false;
        }
        v = v * 10 + (s->p[i] - '0');
    }
    *s = str_sub(*s, n, s->n);
    *ret_v = v;
    return true;
}

static bool take_char(struct str *s, char c)
{
    if (s->n == 0 || s->p[0] != c) {
        return false;
    }
    *s = str_sub(*s, 1, s->n);
    return true;
}

/* Z or +hh:mm, up to 14 hours (XML Schema 3.2.7.3). */
static bool take_offset(struct str *s, int *ret_min)
{
    if (take_char(s, 'Z')) {
        *ret_min = 0;
        return true;
    }
    bool minus = s->n > 0 && s->p[0] == '-';
    int h;
    int m;
    if (!(take_char(s, '+') || take_char(s, '-')) || !take_digits(s, 2, &h) ||
        !take_char(s, ':') || !take_digits(s, 2, &m) || h > 14 || m > 59 || (h == 14 && m > 0)) {
        return false;
    }
    *ret_min = minus ? -(h * 60 + m) : h * 60 + m;
    return true;
}

static bool take_fraction(struct str *s, int *ret_milli)
{
    int milli = 0;
    int scale = 100;
    size_t n = 0;
    while (s->n > 0 && s->p[0] >= '0' && s->p[0] <= '9') {
        milli += (s->p[0] - '0') * scale;
        scale /= 10;
        *s = str_sub(*s, 1, s->n);
        n++;
    }
    *ret_milli = milli;
    return n > 0;
}

/* hh:mm:ss[.fff]offset up to the end; step is the precision in ms. */
static bool take_time(struct str *s, struct civil *c, int *ret_offset, int64_t *ret_step)
{
    int64_t step = MS_SECOND;
    if (!take_digits(s, 2, &c->hour) || !take_char(s, ':') || !take_digits(s, 2, &c->minute) ||
        !take_char(s, ':') || !take_digits(s, 2, &c->second)) {
        return false;
    }
    if (take_char(s, '.')) {
        step = 1;
        if (!take_fraction(s, &c->milli)) {
            return false;
        }
    }
    if (c->second == 60) {
        c->second = 59;
        c->milli = 999;
    }
    if (!take_offset(s, ret_offset)) {
        return false;
    }
    *ret_step = step;
    return s->n == 0;
}

bool instant_span(struct str text, int default_offset_min, struct instant *ret_lo,
                  struct instant *ret_hi)
{
    struct civil c = {.month = 1, .day = 1};
    struct civil next;
    struct str s = text;
    int offset = default_offset_min;
    if (!take_digits(&s, 4, &c.year)) {
        return false;
    }
    next = (struct civil){.year = c.year + 1, .month = 1, .day = 1};
    if (s.n > 0) {
        if (!take_char(&s, '-') || !take_digits(&s, 2, &c.month) || c.month < 1 || c.month > 12) {
            return false;
        }
        next = (struct civil){.year = c.year + (c.month == 12), .month = c.month % 12 + 1, .day = 1};
    }
    int64_t step = 0;
    if (s.n > 0) {
        if (!take_char(&s, '-') || !take_digits(&s, 2, &c.day)) {
            return false;
        }
        step = MS_DAY;
    }
    if (s.n > 0 && (!take_char(&s, 'T') || !take_time(&s, &c, &offset, &step))) {
        return false;
    }
    if (!civil_is_valid(&c)) {
        return false;
    }
    *ret_lo = instant_from_civil(&c, offset);
    *ret_hi = step ? (struct instant){ret_lo->ms + step} : instant_from_civil(&next, offset);
    return true;
}

bool instant_parse(struct str text, struct instant *ret_t)
{
    struct instant lo;
    struct instant hi;
    if (text.n < 20 || !instant_span(text, 0, &lo, &hi)) {
        return false;
    }
    *ret_t = lo;
    return true;
}

bool date_parse(struct str text, struct civil *ret_date)
{
    struct civil c = {0};
    struct str s = text;
    if (!take_digits(&s, 4, &c.year) || !take_char(&s, '-') || !take_digits(&s, 2, &c.month) ||
        !take_char(&s, '-') || !take_digits(&s, 2, &c.day) || s.n > 0 || !civil_is_valid(&c)) {
        return false;
    }
    *ret_date = c;
    return true;
}

static void put2(char *p, int v)
{
    p[0] = (char)('0' + v / 10 % 10);
    p[1] = (char)('0' + v % 10);
}

/* Over "0000-00-00". */
static void put_date(char *p, const struct civil *c)
{
    put2(p, c->year / 100);
    put2(p + 2, c->year % 100);
    put2(p + 5, c->month);
    put2(p + 8, c->day);
}

void date_write(struct buf *b, const struct civil *date)
{
    char out[] = "0000-00-00";
    put_date(out, date);
    buf_bytes(b, out, sizeof(out) - 1);
}

void instant_write(struct buf *b, struct instant t)
{
    struct civil c = instant_civil(t, 0);
    char out[] = "0000-00-00T00:00:00.000Z";
    put_date(out, &c);
    put2(out + 11, c.hour);
    put2(out + 14, c.minute);
    put2(out + 17, c.second);
    out[20] = (char)('0' + c.milli / 100);
    put2(out + 21, c.milli % 100);
    buf_bytes(b, out, sizeof(out) - 1);
}

static const char week[][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
static const char months[][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void instant_write_http(struct buf *b, struct instant t)
{
    struct civil c = instant_civil(t, 0);
    int64_t weekday = (civil_days(c.year, c.month, c.day) % 7 + 11) % 7;
    buf_bytes(b, week[weekday], 3);
    BUF_LIT(b, ", ");
    buf_u64_pad(b, (uint64_t)c.day, 2);
    buf_char(b, ' ');
    buf_bytes(b, months[c.month - 1], 3);
    buf_char(b, ' ');
    buf_u64_pad(b, (uint64_t)c.year, 4);
    buf_char(b, ' ');
    buf_u64_pad(b, (uint64_t)c.hour, 2);
    buf_char(b, ':');
    buf_u64_pad(b, (uint64_t)c.minute, 2);
    buf_char(b, ':');
    buf_u64_pad(b, (uint64_t)c.second, 2);
    BUF_LIT(b, " GMT");
}

bool instant_parse_http(struct str text, struct instant *ret_t)
{
    struct civil c = {0};
    struct str s = text;
    if (s.n != 29 || !str_ends(s, S(" GMT"))) {
        return false;
    }
    s = str_sub(s, 5, 20);
    if (!take_digits(&s, 2, &c.day) || !take_char(&s, ' ')) {
        return false;
    }
    for (int m = 0; m < 12; m++) {
        if (memcmp(s.p, months[m], 3) == 0) {
            c.month = m + 1;
        }
    }
    s = str_sub(s, 3, s.n);
    if (!take_char(&s, ' ') || !take_digits(&s, 4, &c.year) || !take_char(&s, ' ') ||
        !take_digits(&s, 2, &c.hour) || !take_char(&s, ':') || !take_digits(&s, 2, &c.minute) ||
        !take_char(&s, ':') || !take_digits(&s, 2, &c.second) || !civil_is_valid(&c)) {
        return false;
    }
    *ret_t = instant_from_civil(&c, 0);
    return true;
}

struct duration_unit {
    char letter;
    bool in_time;
    int64_t ms;
};

static const struct duration_unit duration_units[] = {
    {'W', false, 7 * MS_DAY}, {'D', false, MS_DAY},   {'H', true, MS_HOUR},
    {'M', true, MS_MINUTE},   {'S', true, MS_SECOND},
};

static const struct duration_unit *duration_unit_find(char letter, bool in_time)
{
    for (size_t i = 0; i < LEN(duration_units); i++) {
        if (duration_units[i].letter == letter && duration_units[i].in_time == in_time) {
            return &duration_units[i];
        }
    }
    return NULL;
}

bool duration_parse(struct str text, int64_t *ret_ms)
{
    struct str s = text;
    int64_t total = 0;
    bool in_time = false;
    bool any = false;
    if (!take_char(&s, 'P')) {
        return false;
    }
    while (s.n > 0) {
        if (!in_time && take_char(&s, 'T')) {
            in_time = true;
            any = false;
            continue;
        }
        int64_t v = 0;
        size_t digits = 0;
        while (digits < s.n && s.p[digits] >= '0' && s.p[digits] <= '9') {
            digits++;
        }
        if (digits == 0 || digits > 6 || digits == s.n || !str_i64(str_sub(s, 0, digits), &v)) {
            return false;
        }
        const struct duration_unit *u = duration_unit_find(s.p[digits], in_time);
        if (u == NULL) {
            return false;
        }
        total += v * u->ms;
        any = true;
        s = str_sub(s, digits + 1, s.n);
    }
    if (!any) {
        return false;
    }
    *ret_ms = total;
    return true;
}

int years_between(const struct civil *from, const struct civil *to)
{
    int years = to->year - from->year;
    if (to->month < from->month || (to->month == from->month && to->day < from->day)) {
        years--;
    }
    return years;
}
