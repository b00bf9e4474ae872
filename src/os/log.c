/* os/log.c - the log sink. See log.h. */
#include "os/log.h"

#include <string.h>
#include <unistd.h>

#include "os/clock.h"

static const struct {
    enum log_level level;
    const char *event;
    const char *fields;
} rows[] = {
#define X(id, level, event, fields) {level, event, fields},
#include "os/log.def"
#undef X
};

static const char *const level_names[] = {"info", "warn", "alarm"};
static const struct {
    struct str name;
    const char *suffix; /* the unit, in the name of the field */
} kinds[] = {
    [LOG_U64] = {SI("u64"), ""},  [LOG_I64] = {SI("i64"), ""}, [LOG_MS] = {SI("ms"), "_ms"},
    [LOG_ERR] = {SI("err"), ""}, [LOG_IP] = {SI("ip"), ""},   [LOG_WHERE] = {SI("where"), ""},
    [LOG_NAME] = {SI("name"), ""},
};

struct line {
    char text[512];
    size_t n;
};

static void put(struct line *l, const char *p, size_t n)
{
    n = MIN(n, sizeof(l->text) - 1 - l->n);
    memcpy(l->text + l->n, p, n);
    l->n += n;
}

static void put_z(struct line *l, const char *z)
{
    put(l, z, strlen(z));
}

static void put_u64(struct line *l, uint64_t v, unsigned width)
{
    char d[24];
    size_t at = sizeof(d);
    do {
        d[--at] = (char)('0' + v % 10);
        v /= 10;
    } while (v > 0 || sizeof(d) - at < width);
    put(l, d + at, sizeof(d) - at);
}

static void put_i64(struct line *l, int64_t v)
{
    if (v < 0) {
        put_z(l, "-");
        put_u64(l, (uint64_t) - (v + 1) + 1, 1);
    } else {
        put_u64(l, (uint64_t)v, 1);
    }
}

static void put_time(struct line *l, struct instant t)
{
    struct civil c = instant_civil(t, 0);
    const struct {
        int v;
        unsigned width;
        const char *after;
    } part[] = {{c.year, 4, "-"},   {c.month, 2, "-"},  {c.day, 2, "T"},  {c.hour, 2, ":"},
                {c.minute, 2, ":"}, {c.second, 2, "."}, {c.milli, 3, "Z"}};
    for (size_t i = 0; i < LEN(part); i++) {
        put_u64(l, (uint64_t)part[i].v, part[i].width);
        put_z(l, part[i].after);
    }
}

static void put_ip(struct line *l, const char *ip)
{
    for (size_t i = 0; i < 46 && ip[i] != 0; i++) {
        if (strchr("0123456789abcdefABCDEF.:", ip[i]) != NULL) {
            put(l, ip + i, 1);
        }
    }
}

static void put_val(struct line *l, const struct log_val *v)
{
    switch (v->kind) {
    case LOG_U64: put_u64(l, v->u64, 1); break;
    case LOG_I64:
    case LOG_MS: put_i64(l, v->i64); break;
    case LOG_ERR: put_z(l, err_name(v->err)); break;
    case LOG_IP: put_ip(l, v->ip); break;
    case LOG_WHERE:
        put_z(l, v->where->file != NULL ? v->where->file : "-");
        put_z(l, ":");
        put_i64(l, v->where->line);
        break;
    case LOG_NAME: put_z(l, v->name); break;
    }
}

void log_event(enum log_id id, const struct log_val *vals, size_t n)
{
    struct line l = {.n = 0};
    struct str fields = str_z(rows[id].fields);
    struct str field;
    size_t i = 0;
    put_z(&l, "ts=");
    put_time(&l, os_now());
    put_z(&l, " level=");
    put_z(&l, level_names[rows[id].level]);
    put_z(&l, " event=");
    put_z(&l, rows[id].event);
    for (; fields.n > 0 && str_cut(&fields, ' ', &field); i++) {
        struct str name;
        ASSERT(i < n && str_cut(&field, ':', &name) && str_eq(field, kinds[vals[i].kind].name));
        put_z(&l, " ");
        put(&l, name.p, name.n);
        put_z(&l, kinds[vals[i].kind].suffix);
        put_z(&l, "=");
        put_val(&l, &vals[i]);
    }
    ASSERT(i == n);
    l.text[l.n++] = '\n';
    ssize_t wrote = write(STDERR_FILENO, l.text, l.n);
    (void)wrote;
}
