/* codec/clam.c - see clam.h. */
#include "codec/clam.h"

#include <string.h>

#include "base/attr.h"

#define STREAM "stream: "
#define FOUND " FOUND"
#define FAILED " ERROR"
/* What it "finds" with AlertExceedsMax (clamd.conf(5)) in what is larger than its other limits. */
#define LIMITS "Heuristics.Limits.Exceeded"

static void name_read(struct str name, char ret_name[CLAM_NAME_MAX + 1])
{
    size_t n = MIN(name.n, (size_t)CLAM_NAME_MAX);
    for (size_t i = 0; i < n; i++) {
        ret_name[i] = name.p[i] > ' ' && name.p[i] <= '~' ? name.p[i] : '?';
    }
    ret_name[n] = '\0';
}

void clam_answer_read(struct str text, struct clam_answer *ret_answer)
{
    struct clam_answer a = {.said = CLAM_NONSENSE};
    bool stream = str_starts(text, S(STREAM));
    struct str rest = stream ? str_sub(text, S(STREAM).n, text.n) : text;
    if (stream && str_eq(rest, S("OK"))) {
        a.said = CLAM_CLEAN;
    } else if (stream && str_ends(rest, S(FOUND)) && str_starts(rest, S(LIMITS))) {
        a.said = CLAM_TOO_LARGE;
    } else if (stream && str_ends(rest, S(FOUND)) && rest.n > S(FOUND).n) {
        a.said = CLAM_FOUND;
        name_read(str_sub(rest, 0, rest.n - S(FOUND).n), a.name);
    } else if (str_eq(text, S("INSTREAM size limit exceeded." FAILED))) {
        a.said = CLAM_TOO_LARGE;
    } else if (str_ends(text, S(FAILED))) {
        a.said = CLAM_FAILED;
    }
    *ret_answer = a;
}

/* "Mon Nov 23 08:40:00 2026", as of asctime(): taken for UTC, which is near enough for an age in days. */
static bool time_read(struct str text, struct instant *ret_at)
{
    static const struct str months[] = {SI("Jan"), SI("Feb"), SI("Mar"), SI("Apr"), SI("May"), SI("Jun"),
                                        SI("Jul"), SI("Aug"), SI("Sep"), SI("Oct"), SI("Nov"), SI("Dec")};
    struct str words[5];
    size_t n = 0;
    struct str word;
    uint64_t day = 0;
    uint64_t year = 0;
    int month = 0;
    while (n < LEN(words) && str_cut(&text, ' ', &word)) {
        if (word.n > 0) {
            words[n++] = word;
        }
    }
    for (size_t i = 0; n == LEN(words) && i < LEN(months); i++) {
        month = str_eq(words[1], months[i]) ? (int)i + 1 : month;
    }
    if (month == 0 || !str_u64(words[2], &day) || !str_u64(words[4], &year) || year < 2000 || year > 9999
        || day > 31) {
        return false;
    }
    const struct civil c = {.year = (int)year, .month = month, .day = (int)day};
    if (!civil_is_valid(&c)) {
        return false;
    }
    *ret_at = instant_from_civil(&c, 0);
    return true;
}

bool clam_version_read(struct str text, struct clam_version *ret_version)
{
    struct clam_version v = {0};
    struct str program;
    struct str number = S("");
    if (!str_starts(text, S("ClamAV ")) || !str_cut(&text, '/', &program)) {
        return false;
    }
    if (str_cut(&text, '/', &number) && (!str_u64(number, &v.signatures) || !time_read(text, &v.made))) {
        return false;
    }
    *ret_version = v;
    return true;
}
