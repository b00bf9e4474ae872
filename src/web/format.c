/* web/format.c - dates, times, ages, numbers and sizes. See format.h. */
#include "web/format.h"

#include "base/text.h"

/* Short month names as printed in calendars; not translated texts, since languages differ in
 * number, case and order, not in wording. */
static const char *const months[LANG_COUNT][12] = {
    [LANG_EN] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    [LANG_RU] = {"янв", "фев", "мар", "апр", "мая", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"},
    [LANG_KK] = {"қаң", "ақп", "нау", "сәу", "мам", "мау", "шіл", "там", "қыр", "қаз", "қар", "жел"},
    [LANG_UZ] = {"yan", "fev", "mar", "apr", "may", "iyn", "iyl", "avg", "sen", "okt", "noy", "dek"},
};

static const char *const size_units[LANG_COUNT][5] = {
    [LANG_EN] = {"B", "KB", "MB", "GB", "TB"},
    [LANG_RU] = {"Б", "КБ", "МБ", "ГБ", "ТБ"},
    [LANG_KK] = {"Б", "КБ", "МБ", "ГБ", "ТБ"},
    [LANG_UZ] = {"B", "KB", "MB", "GB", "TB"},
};

static const char *const time_units[LANG_COUNT][3] = {
    [LANG_EN] = {"d", "h", "min"},
    [LANG_RU] = {"д", "ч", "мин"},
    [LANG_KK] = {"күн", "сағ", "мин"},
    [LANG_UZ] = {"kun", "soat", "daq"},
};

void format_date(struct buf *b, enum lang lang, const struct civil *c)
{
    buf_u64(b, (uint64_t)c->day);
    buf_char(b, ' ');
    buf_str(b, str_z(months[lang][c->month - 1]));
    buf_char(b, ' ');
    buf_u64_pad(b, (uint64_t)c->year, 4);
}

void format_date_text(struct buf *b, enum lang lang, struct str date)
{
    struct instant lo;
    struct instant hi;
    if (!instant_span(date, 0, &lo, &hi) || date.n == 4) {
        buf_str(b, date);
        return;
    }
    struct civil c = instant_civil(lo, 0);
    if (date.n == 7) {
        buf_str(b, str_z(months[lang][c.month - 1]));
        buf_char(b, ' ');
        buf_u64_pad(b, (uint64_t)c.year, 4);
    } else {
        format_date(b, lang, &c);
    }
}

void format_time(struct buf *b, const struct civil *c)
{
    buf_u64_pad(b, (uint64_t)c->hour, 2);
    buf_char(b, ':');
    buf_u64_pad(b, (uint64_t)c->minute, 2);
}

void format_num(struct buf *b, enum lang lang, int64_t n)
{
    uint64_t left = n < 0 ? (uint64_t) - (n + 1) + 1 : (uint64_t)n;
    uint64_t scale = 1;
    while (left / scale >= 1000) {
        scale *= 1000;
    }
    if (n < 0) {
        buf_char(b, '-');
    }
    buf_u64(b, left / scale);
    while (scale > 1) {
        left %= scale;
        scale /= 1000;
        buf_str(b, lang == LANG_EN ? S(",") : S("\u202F"));
        buf_u64_pad(b, left / scale, 3);
    }
}

void format_size(struct buf *b, enum lang lang, uint64_t bytes)
{
    unsigned unit = 0;
    uint64_t scale = 1;
    while (unit + 1 < LEN(size_units[0]) && bytes / scale >= 1024) {
        scale *= 1024;
        unit++;
    }
    uint64_t whole = bytes / scale;
    uint64_t tenth = (bytes % scale) * 10 / scale;
    buf_u64(b, whole);
    if (unit > 0 && whole < 100) {
        buf_char(b, lang == LANG_EN ? '.' : ',');
        buf_u64(b, tenth);
    }
    buf_str(b, S("\u00A0"));
    buf_str(b, str_z(size_units[lang][unit]));
}

void format_duration(struct buf *b, enum lang lang, int64_t ms)
{
    uint64_t all = ms < 0 ? (uint64_t) - (ms + 1) + 1 : (uint64_t)ms;
    uint64_t minutes = all / (uint64_t)MS_MINUTE;
    uint64_t part[3] = {minutes / 1440, minutes / 60 % 24, minutes % 60};
    unsigned first = part[0] > 0 ? 0 : part[1] > 0 ? 1 : 2;
    for (unsigned i = first; i < LEN(part) && i < first + 2; i++) {
        if (i > first && part[i] == 0) {
            break;
        }
        if (i > first) {
            buf_char(b, ' ');
        }
        buf_u64(b, part[i]);
        buf_str(b, S("\u00A0"));
        buf_str(b, str_z(time_units[lang][i]));
    }
}

static void counted(struct buf *b, enum lang lang, uint64_t n, const char *one, const char *other)
{
    char digits[24];
    size_t at = sizeof(digits);
    uint64_t left = n;
    do {
        digits[--at] = (char)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    struct text_arg arg = {S("n"), {digits + at, sizeof(digits) - at}};
    text_fill(b, trn(lang, one, other, n), &arg, 1);
}

void format_age(struct buf *b, enum lang lang, struct str birth, const struct civil *today)
{
    struct instant lo;
    struct instant hi;
    if (birth.n > 10 || !instant_span(birth, 0, &lo, &hi)) {
        return;
    }
    struct civil from = instant_civil(lo, 0);
    int64_t days = civil_days(today->year, today->month, today->day) -
                   civil_days(from.year, from.month, from.day);
    int years = years_between(&from, today);
    int months_old = (today->year - from.year) * 12 + today->month - from.month;
    months_old -= today->day < from.day;
    if (days < 0) {
        return;
    }
    if (years >= 2 || birth.n < 10) {
        counted(b, lang, (uint64_t)years, TN("{n} year", "{n} years"));
    } else if (months_old >= 2) {
        counted(b, lang, (uint64_t)months_old, TN("{n} month", "{n} months"));
    } else {
        counted(b, lang, (uint64_t)days, TN("{n} day", "{n} days"));
    }
}
