/* fhir/path_date.c - dates and times of FHIRPath: they know how precise they are, and whether they
 * have a time zone. See path_value.h; FHIRPath N1 sections 4.1.6, 6.2 and 6.7. */
#include "fhir/path_value.h"

enum {
    ZONE_LAST_MS = 14 * 3600 * 1000,  /* the easternmost offset there is */
    ZONE_FIRST_MS = 12 * 3600 * 1000, /* the westernmost */
    NANO_MS = 1000 * 1000,
    NANO_SECOND = 1000 * NANO_MS,
};

/* ---- reading ---- */

static bool digits(struct str s, size_t at, unsigned n, int *ret_v)
{
    int v = 0;
    if (at > s.n || s.n - at < n) {
        return false;
    }
    for (unsigned i = 0; i < n; i++) {
        unsigned c = (unsigned char)s.p[at + i] - '0';
        if (c > 9) {
            return false;
        }
        v = v * 10 + (int)c;
    }
    *ret_v = v;
    return true;
}

static bool is_at(struct str s, size_t at, char c)
{
    return at < s.n && s.p[at] == c;
}

/* hh[:mm[:ss[.f+]]] at *at. False when the first field is none or a field is out of bounds. */
static bool scan_clock(struct str s, size_t *at, struct path_time *t)
{
    int v;
    if (!digits(s, *at, 2, &v) || v > 23) {
        return false;
    }
    t->hour = (uint8_t)v;
    t->precision = PATH_HOUR;
    *at += 2;
    if (!is_at(s, *at, ':') || !digits(s, *at + 1, 2, &v)) {
        return true;
    }
    if (v > 59) {
        return false;
    }
    t->minute = (uint8_t)v;
    t->precision = PATH_MINUTE;
    *at += 3;
    if (!is_at(s, *at, ':') || !digits(s, *at + 1, 2, &v)) {
        return true;
    }
    if (v > 59) {
        return false;
    }
    t->second = (uint8_t)v;
    t->precision = PATH_SECOND;
    *at += 3;
    if (is_at(s, *at, '.') && digits(s, *at + 1, 1, &v)) {
        uint32_t unit = NANO_SECOND;
        for ((*at)++; digits(s, *at, 1, &v); (*at)++) {
            unit /= 10;
            t->nano += (uint32_t)v * unit;
            if (t->frac_digits < 9) {
                t->frac_digits++;
            }
        }
    }
    return true;
}

static bool scan_zone(struct str s, size_t *at, struct path_time *t)
{
    int hour;
    int minute;
    if (is_at(s, *at, 'Z')) {
        (*at)++;
        t->zone = true;
        return true;
    }
    if ((is_at(s, *at, '+') || is_at(s, *at, '-')) && digits(s, *at + 1, 2, &hour)
        && is_at(s, *at + 3, ':') && digits(s, *at + 4, 2, &minute)) {
        if (hour > 14 || minute > 59) {
            return false;
        }
        int offset = hour * 60 + minute;
        t->offset_min = (int16_t)(s.p[*at] == '-' ? -offset : offset);
        t->zone = true;
        *at += 6;
    }
    return true;
}

static bool scan_date(struct str s, size_t *at, struct path_time *t)
{
    int v;
    struct civil c = {.month = 1, .day = 1};
    if (!digits(s, 0, 4, &c.year)) {
        return false;
    }
    *at = 4;
    t->precision = PATH_YEAR;
    if (is_at(s, *at, '-') && digits(s, *at + 1, 2, &v)) {
        c.month = v;
        t->precision = PATH_MONTH;
        *at += 3;
        if (is_at(s, *at, '-') && digits(s, *at + 1, 2, &v)) {
            c.day = v;
            t->precision = PATH_DAY;
            *at += 3;
        }
    }
    t->year = (int16_t)c.year;
    t->month = (uint8_t)c.month;
    t->day = (uint8_t)c.day;
    return civil_is_valid(&c);
}

/* Two digits; what are none come to more than 99. */
static inline int two_digits(const char *p)
{
    unsigned a = (unsigned char)p[0] - (unsigned)'0';
    unsigned b = (unsigned char)p[1] - (unsigned)'0';
    return a > 9 || b > 9 ? 1000 : (int)(a * 10 + b);
}

bool path_day_parse(struct str s, struct path_time *ret_t)
{
    if (s.n != 10 || s.p[4] != '-' || s.p[7] != '-') {
        return false;
    }
    struct civil c = {.year = two_digits(s.p) * 100 + two_digits(s.p + 2),
                      .month = two_digits(s.p + 5),
                      .day = two_digits(s.p + 8)};
    bool plain = c.year > 0 && c.year <= 9999 && two_digits(s.p + 2) <= 99 && c.month > 0
                 && c.month <= 12 && c.day > 0 && c.day <= 28;
    if (!plain && (two_digits(s.p + 2) > 99 || !civil_is_valid(&c))) {
        return false;
    }
    *ret_t = (struct path_time){.year = (int16_t)c.year,
                                .month = (uint8_t)c.month,
                                .day = (uint8_t)c.day,
                                .precision = PATH_DAY};
    return true;
}

size_t path_time_scan(struct str s, struct path_time *ret_t, enum path_kind *ret_kind)
{
    struct path_time t = {.year = 1970, .month = 1, .day = 1};
    size_t at = 0;
    enum path_kind kind = PATH_DATE;
    if (is_at(s, 0, 'T')) {
        at = 1;
        if (!scan_clock(s, &at, &t)) {
            return 0;
        }
        kind = PATH_TIME;
    } else {
        if (!scan_date(s, &at, &t)) {
            return 0;
        }
        if (is_at(s, at, 'T')) {
            int v;
            at++;
            kind = PATH_DATE_TIME;
            if (t.precision == PATH_DAY && digits(s, at, 2, &v)
                && (!scan_clock(s, &at, &t) || !scan_zone(s, &at, &t))) {
                return 0;
            }
        }
    }
    *ret_t = t;
    *ret_kind = kind;
    return at;
}

bool path_time_parse(struct str s, bool is_time, struct path_time *ret_t, enum path_kind *ret_kind)
{
    struct path_time t = {.year = 1970, .month = 1, .day = 1};
    enum path_kind kind = PATH_TIME;
    size_t at = is_at(s, 0, 'T') ? 1 : 0;
    if (is_time) {
        if (!scan_clock(s, &at, &t) || at != s.n) {
            return false;
        }
    } else {
        at = path_time_scan(s, &t, &kind);
        if (at == 0 || at != s.n || kind == PATH_TIME) {
            return false;
        }
    }
    *ret_t = t;
    *ret_kind = kind;
    return true;
}

struct path_time path_time_of_instant(struct instant now, int offset_min)
{
    struct civil c = instant_civil(now, offset_min);
    return (struct path_time){
        .year = (int16_t)c.year,
        .month = (uint8_t)c.month,
        .day = (uint8_t)c.day,
        .hour = (uint8_t)c.hour,
        .minute = (uint8_t)c.minute,
        .second = (uint8_t)c.second,
        .nano = (uint32_t)c.milli * NANO_MS,
        .frac_digits = 3,
        .precision = PATH_SECOND,
        .offset_min = (int16_t)offset_min,
        .zone = true,
    };
}

/* ---- writing ---- */

static void write_clock(struct buf *b, const struct path_time *t)
{
    buf_u64_pad(b, t->hour, 2);
    if (t->precision >= PATH_MINUTE) {
        buf_char(b, ':');
        buf_u64_pad(b, t->minute, 2);
    }
    if (t->precision >= PATH_SECOND) {
        buf_char(b, ':');
        buf_u64_pad(b, t->second, 2);
        uint32_t nano = t->nano;
        if (t->frac_digits > 0) {
            buf_char(b, '.');
        }
        for (unsigned i = 0; i < t->frac_digits; i++) {
            buf_char(b, (char)('0' + nano / (NANO_SECOND / 10)));
            nano = nano % (NANO_SECOND / 10) * 10;
        }
    }
}

void path_time_write(struct buf *b, const struct path_time *t, enum path_kind kind)
{
    if (kind == PATH_TIME) {
        write_clock(b, t);
        return;
    }
    buf_u64_pad(b, (uint64_t)t->year, 4);
    if (t->precision >= PATH_MONTH) {
        buf_char(b, '-');
        buf_u64_pad(b, t->month, 2);
    }
    if (t->precision >= PATH_DAY) {
        buf_char(b, '-');
        buf_u64_pad(b, t->day, 2);
    }
    if (t->precision >= PATH_HOUR) {
        buf_char(b, 'T');
        write_clock(b, t);
        if (t->zone && t->offset_min == 0) {
            buf_char(b, 'Z');
        } else if (t->zone) {
            unsigned offset = (unsigned)(t->offset_min < 0 ? -t->offset_min : t->offset_min);
            buf_char(b, t->offset_min < 0 ? '-' : '+');
            buf_u64_pad(b, offset / 60, 2);
            buf_char(b, ':');
            buf_u64_pad(b, offset % 60, 2);
        }
    }
}

/* ---- order ---- */

static int64_t local_ms(const struct path_time *t)
{
    return civil_days(t->year, t->month, t->day) * MS_DAY + t->hour * MS_HOUR
           + t->minute * MS_MINUTE + t->second * MS_SECOND + t->nano / NANO_MS;
}

/* Sets the fields of a moment; precision, digits and offset stay. */
static void set_ms(struct path_time *t, int64_t ms)
{
    struct civil c = instant_civil((struct instant){ms}, 0);
    t->year = (int16_t)c.year;
    t->month = (uint8_t)c.month;
    t->day = (uint8_t)c.day;
    t->hour = (uint8_t)c.hour;
    t->minute = (uint8_t)c.minute;
    t->second = (uint8_t)c.second;
    t->nano = (uint32_t)c.milli * NANO_MS + t->nano % NANO_MS;
}

static int days_in_month(int year, int month)
{
    int next_year = month == 12 ? year + 1 : year;
    int next = month == 12 ? 1 : month + 1;
    return (int)(civil_days(next_year, next, 1) - civil_days(year, month, 1));
}

/* Length of what t leaves open. */
static int64_t span_ms(const struct path_time *t)
{
    switch ((enum path_precision)t->precision) {
    case PATH_YEAR: return (civil_days(t->year + 1, 1, 1) - civil_days(t->year, 1, 1)) * MS_DAY;
    case PATH_MONTH: return days_in_month(t->year, t->month) * MS_DAY;
    case PATH_DAY: return MS_DAY;
    case PATH_HOUR: return MS_HOUR;
    case PATH_MINUTE: return MS_MINUTE;
    case PATH_SECOND: break;
    }
    return 1;
}

static enum path_order order(int64_t a, int64_t b)
{
    return a < b ? ORDER_LESS : a > b ? ORDER_MORE : ORDER_EQUAL;
}

/* One has a zone and the other none: certain only when no zone could change the answer. */
static enum path_order compare_zones(const struct path_time *a, const struct path_time *b)
{
    int64_t a_lo = local_ms(a);
    int64_t b_lo = local_ms(b);
    int64_t a_hi = a_lo + span_ms(a);
    int64_t b_hi = b_lo + span_ms(b);
    const int64_t known = (a->zone ? a : b)->offset_min * MS_MINUTE;
    a_lo -= a->zone ? known : ZONE_LAST_MS;
    a_hi -= a->zone ? known : -(int64_t)ZONE_FIRST_MS;
    b_lo -= b->zone ? known : ZONE_LAST_MS;
    b_hi -= b->zone ? known : -(int64_t)ZONE_FIRST_MS;
    return a_hi <= b_lo ? ORDER_LESS : a_lo >= b_hi ? ORDER_MORE : ORDER_UNKNOWN;
}

static enum path_order compare_fields(const struct path_time *a, const struct path_time *b)
{
    const int64_t fields[][2] = {
        {a->year, b->year}, {a->month, b->month},   {a->day, b->day},
        {a->hour, b->hour}, {a->minute, b->minute},
        {a->second * (int64_t)NANO_SECOND + a->nano, b->second * (int64_t)NANO_SECOND + b->nano},
    };
    unsigned common = MIN(a->precision, b->precision);
    for (unsigned i = 0; i < common; i++) {
        enum path_order o = order(fields[i][0], fields[i][1]);
        if (o != ORDER_EQUAL) {
            return o;
        }
    }
    return a->precision == b->precision ? ORDER_EQUAL : ORDER_UNKNOWN;
}

static int days_of(const struct path_time *t)
{
    return t->year << 16 | t->month << 8 | t->day;
}

enum path_order path_time_compare(const struct path_time *a, const struct path_time *b)
{
    if (a->precision == PATH_DAY && b->precision == PATH_DAY && !a->zone && !b->zone) {
        return order(days_of(a), days_of(b));
    }
    if (a->zone != b->zone) {
        return compare_zones(a, b);
    }
    if (!a->zone || a->offset_min == b->offset_min) {
        return compare_fields(a, b);
    }
    struct path_time ua = *a;
    struct path_time ub = *b;
    set_ms(&ua, local_ms(a) - a->offset_min * MS_MINUTE);
    set_ms(&ub, local_ms(b) - b->offset_min * MS_MINUTE);
    return compare_fields(&ua, &ub);
}

/* ---- sums ---- */

static bool add_months(struct path_time *t, int64_t months)
{
    int64_t all = (int64_t)t->year * 12 + t->month - 1;
    if (months > 9999 * 12 || months < -9999 * 12) {
        return false;
    }
    all += months;
    if (all < 12 || all >= 10000 * 12) {
        return false;
    }
    t->year = (int16_t)(all / 12);
    t->month = (uint8_t)(all % 12 + 1);
    int last = days_in_month(t->year, t->month);
    if (t->day > last) {
        t->day = (uint8_t)last;
    }
    return true;
}

static bool add_ms(struct path_time *t, int64_t ms, bool is_time)
{
    int64_t at = local_ms(t);
    const int64_t first = -62135596800000; /* 0001-01-01 */
    const int64_t end = 253402300800000;   /* 10000-01-01 */
    if (ms > end * 2 || ms < -end * 2) {
        return false;
    }
    at += ms;
    if (is_time) {
        at = (at % MS_DAY + MS_DAY) % MS_DAY;
    }
    if (at < first || at >= end) {
        return false;
    }
    set_ms(t, at);
    if (t->precision == PATH_SECOND && t->nano != 0 && t->frac_digits < 3) {
        t->frac_digits = 3;
    }
    return true;
}

/* Milliseconds of the fixed units; years and months as far as a coarser value needs them. */
static int64_t unit_ms(enum path_calendar unit)
{
    switch (unit) {
    case CAL_YEAR: return 365 * MS_DAY;
    case CAL_MONTH: return 30 * MS_DAY;
    case CAL_WEEK: return 7 * MS_DAY;
    case CAL_DAY: return MS_DAY;
    case CAL_HOUR: return MS_HOUR;
    case CAL_MINUTE: return MS_MINUTE;
    case CAL_SECOND: return MS_SECOND;
    case CAL_MILLI: return 1;
    case CAL_NONE: break;
    }
    return 0;
}

/* Whole units of q; of seconds, milliseconds. False when there are too many. */
static bool whole(const struct path_quantity *q, enum path_calendar unit, int64_t *ret_n)
{
    struct decimal d = q->value;
    if (unit == CAL_SECOND) {
        d.scale -= 3;
    }
    d = decimal_truncate(&d);
    return decimal_to_i64(&d, ret_n) && *ret_n < INT64_C(1) << 45 && *ret_n > -(INT64_C(1) << 45);
}

static enum path_calendar unit_of(const struct path_quantity *q)
{
    enum path_calendar unit = path_calendar_word(q->unit);
    if (q->kind == PATH_UNIT_CALENDAR || q->kind == PATH_UNIT_OTHER) {
        return unit;
    }
    if (unit == CAL_NONE || q->kind == PATH_UNIT_EITHER) {
        unit = path_calendar_ucum(q->unit);
        if (q->kind == PATH_UNIT_UCUM && (unit == CAL_YEAR || unit == CAL_MONTH)) {
            return CAL_NONE; /* a UCUM year is no year of the calendar */
        }
    }
    return unit;
}

bool path_time_add(struct path_item *t, const struct path_quantity *q, int sign)
{
    enum path_calendar unit = unit_of(q);
    bool is_time = t->kind == PATH_TIME;
    int64_t n;
    struct path_time sum = t->t;
    if (unit == CAL_NONE || (is_time && unit <= CAL_DAY) || !whole(q, unit, &n)) {
        return false;
    }
    n *= sign;
    int64_t each = unit == CAL_SECOND ? 1 : unit_ms(unit);
    if (unit == CAL_YEAR || unit == CAL_MONTH) {
        if (unit == CAL_MONTH && sum.precision == PATH_YEAR) {
            n = n / 12 * 12;
        }
        if (!add_months(&sum, unit == CAL_YEAR ? n * 12 : n)) {
            return false;
        }
    } else if (__builtin_mul_overflow(n, each, &n)) {
        return false;
    } else if (sum.precision <= PATH_MONTH) {
        /* to the precision there is: 365 days are a year, 30 a month */
        int64_t months = sum.precision == PATH_YEAR ? n / unit_ms(CAL_YEAR) * 12
                                                    : n / unit_ms(CAL_MONTH);
        if (!add_months(&sum, months)) {
            return false;
        }
    } else {
        int64_t grain = sum.precision == PATH_SECOND ? 1 : span_ms(&sum);
        if (!add_ms(&sum, n / grain * grain, is_time)) {
            return false;
        }
    }
    t->t = sum;
    return true;
}

/* ---- boundaries ---- */

struct grain {
    int digits;
    enum path_precision precision;
    uint8_t frac;
};

static bool grain_of(int want, bool is_time, struct grain *ret_g)
{
    static const struct grain grains[] = {
        {4, PATH_YEAR, 0},    {6, PATH_MONTH, 0},   {8, PATH_DAY, 0},     {10, PATH_HOUR, 0},
        {12, PATH_MINUTE, 0}, {14, PATH_SECOND, 0}, {17, PATH_SECOND, 3},
    };
    for (size_t i = 0; i < LEN(grains); i++) {
        if (grains[i].digits == want + (is_time ? 8 : 0) && (!is_time || want > 0)) {
            *ret_g = grains[i];
            return true;
        }
    }
    return false;
}

int path_time_digits(const struct path_item *t)
{
    static const int digits_at[] = {0, 4, 6, 8, 10, 12, 14};
    int n = digits_at[t->t.precision];
    if (t->t.precision == PATH_SECOND && t->t.frac_digits > 0) {
        n = 17;
    }
    return t->kind == PATH_TIME ? n - 8 : n;
}

bool path_time_boundary(const struct path_item *t, int want, bool high, struct path_item *ret_t)
{
    struct grain g;
    struct path_item r = *t;
    struct path_time *b = &r.t;
    if (!grain_of(want, t->kind == PATH_TIME, &g)
        || (t->kind == PATH_DATE && g.precision > PATH_DAY)) {
        return false;
    }
    if (high) {
        bool fraction = b->precision == PATH_SECOND && b->frac_digits > 0;
        int64_t open = b->precision == PATH_SECOND ? (fraction ? 1 : MS_SECOND) : span_ms(b);
        int64_t last = local_ms(b) + open - 1;
        uint32_t rest = b->nano % NANO_MS;
        set_ms(b, last);
        b->nano = b->nano / NANO_MS * NANO_MS + rest;
    }
    b->precision = (uint8_t)g.precision;
    b->frac_digits = g.frac;
    if (g.frac == 0) {
        b->nano = 0;
    }
    if (t->kind == PATH_DATE_TIME && !b->zone && g.precision > PATH_DAY) {
        b->zone = true;
        b->offset_min = high ? -12 * 60 : 14 * 60;
    }
    if (g.precision <= PATH_DAY) {
        b->zone = false;
        b->offset_min = 0;
    }
    *ret_t = r;
    return true;
}
