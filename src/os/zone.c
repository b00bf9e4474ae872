/* os/zone.c - what the C library knows of a time zone. See zone.h. */
#include "os/zone.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

static const char FOLDER[] = ":/usr/share/zoneinfo/";

enum { OFFSET_MAX = 14 * 60, LAST_YEAR = 2100, PATH_LEN = sizeof FOLDER + ZONE_NAME_MAX };

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_name(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool good = is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+'
                    || (c == '/' && i > 0 && i + 1 < s.n && s.p[i - 1] != '/');
        if (!good) {
            return false;
        }
    }
    return s.n > 0 && s.n < ZONE_NAME_MAX && is_letter(s.p[0]);
}

static int offset_at(int64_t s)
{
    time_t t = (time_t)s;
    struct tm tm = {0};
    (void)localtime_r(&t, &tm);
    return (int)(tm.tm_gmtoff / 60);
}

/* Days are looked at one by one; where the offset is another, the second is looked for. */
static bool read_changes(struct zone_table *table, struct zone *z)
{
    const int64_t day = 24 * 3600;
    int64_t end = civil_days(LAST_YEAR, 12, 31) * day;
    int was = offset_at(0);
    *z = (struct zone){.first_min = was, .changes = table->changes};
    for (int64_t at = 0; at < end; at += day) {
        if (offset_at(at + day) == was) {
            continue;
        }
        int64_t lo = at;
        int64_t hi = at + day;
        while (hi - lo > 1) {
            int64_t mid = lo + (hi - lo) / 2;
            if (offset_at(mid) == was) {
                lo = mid;
            } else {
                hi = mid;
            }
        }
        if (z->n == ZONE_CHANGES) {
            return false;
        }
        was = offset_at(hi);
        table->changes[z->n++] = (struct zone_change){hi * MS_SECOND, was};
    }
    return true;
}

/* The file of a named zone, with the colon that TZ wants before it. */
static bool find_file(struct str name, char ret_file[PATH_LEN])
{
    struct stat st;
    if (!is_name(name)) {
        return false;
    }
    memset(ret_file, 0, PATH_LEN);
    memcpy(ret_file, FOLDER, sizeof FOLDER - 1);
    memcpy(ret_file + sizeof FOLDER - 1, name.p, name.n);
    return stat(ret_file + 1, &st) == 0 && S_ISREG(st.st_mode);
}

static bool read_named(struct str name, struct zone_table *table, struct zone *z)
{
    char file[PATH_LEN];
    if (!find_file(name, file)) {
        return false;
    }
    const char *was = getenv("TZ");
    char *kept = was != NULL ? strdup(was) : NULL;
    if ((was != NULL && kept == NULL) || setenv("TZ", file, 1) != 0) {
        free(kept);
        return false;
    }
    tzset();
    bool whole = read_changes(table, z);
    (void)(kept != NULL ? setenv("TZ", kept, 1) : unsetenv("TZ"));
    tzset();
    free(kept);
    return whole;
}

static bool is_offset(struct str name, int *ret_minutes)
{
    int64_t minutes = 0;
    bool is = str_i64(name, &minutes) && minutes >= -OFFSET_MAX && minutes <= OFFSET_MAX;
    *ret_minutes = is ? (int)minutes : 0;
    return is;
}

bool os_zone_known(struct str name)
{
    char file[PATH_LEN];
    int minutes;
    return is_offset(name, &minutes) || find_file(name, file);
}

bool os_zone(struct str name, struct zone_table *table, struct zone *ret_z)
{
    int minutes;
    if (!is_offset(name, &minutes)) {
        return read_named(name, table, ret_z);
    }
    *ret_z = (struct zone){.first_min = minutes};
    return true;
}
