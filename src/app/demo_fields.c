/* app/demo_fields.c - a story's table becomes what one person typed for one case. */
#include "app/demo.h"
#include "app/demo_int.h"

/* "@-3h", "@+30d": a time relative to base. */
static bool is_time(struct str v)
{
    return v.n >= 4 && v.p[0] == '@' && (v.p[1] == '-' || v.p[1] == '+');
}

static struct str time_value(struct req *rq, struct str v, struct instant base)
{
    char unit = v.p[v.n - 1];
    uint64_t n = 0;
    struct buf b;

    buf_init(&b, rq->a, 32);
    if (!str_u64(str_sub(v, 2, v.n - 3), &n)) {
        return v;
    }
    int64_t by = (int64_t)n * (unit == 'm' ? MS_MINUTE : unit == 'h' ? MS_HOUR : MS_DAY);
    int64_t at = v.p[1] == '-' ? base.ms - by : base.ms + by;
    struct civil c = zone_civil(&care_of(rq)->zone, (struct instant){at});
    date_write(&b, &c);
    if (unit != 'd') {
        BUF_LIT(&b, "T");
        buf_u64_pad(&b, (uint64_t)c.hour, 2);
        BUF_LIT(&b, ":");
        buf_u64_pad(&b, (uint64_t)c.minute, 2);
    }
    return buf_get(&b);
}

/* "88~6" and "36.8~4": the digits are one whole number, moved by up to so much. */
static struct str jitter_value(struct req *rq, struct demo_dice *dice, struct str v, size_t tilde)
{
    struct str mean = str_sub(v, 0, tilde);
    size_t point = str_find_char(mean, '.');
    size_t decimals = point < mean.n ? mean.n - point - 1 : 0;
    uint64_t whole = 0;
    uint64_t fraction = 0;
    uint64_t spread = 0;
    uint64_t scale = 1;
    struct buf b;

    for (size_t i = 0; i < decimals; i++) {
        scale *= 10;
    }
    if (!str_u64(str_sub(mean, 0, point < mean.n ? point : mean.n), &whole)
        || (decimals > 0 && !str_u64(str_sub(mean, point + 1, decimals), &fraction))
        || !str_u64(str_sub(v, tilde + 1, v.n), &spread)) {
        return v;
    }
    int64_t n = (int64_t)(whole * scale + fraction)
                + dice_between(dice, -(int64_t)spread, (int64_t)spread);
    n = MAX(n, 0);
    buf_init(&b, rq->a, 32);
    buf_u64(&b, (uint64_t)n / scale);
    if (decimals > 0) {
        BUF_LIT(&b, ".");
        buf_u64_pad(&b, (uint64_t)n % scale, (unsigned)decimals);
    }
    return buf_get(&b);
}

static bool digits_around(struct str v, size_t tilde)
{
    for (size_t i = 0; i < v.n; i++) {
        if (i != tilde && v.p[i] != '.' && (v.p[i] < '0' || v.p[i] > '9')) {
            return false;
        }
    }
    return true;
}

struct str demo_value(struct req *rq, struct demo_dice *dice, const char *value,
                      struct instant base)
{
    struct str v = str_z(value);
    size_t tilde = str_find_char(v, '~');

    if (is_time(v)) {
        return time_value(rq, v, base);
    }
    if (tilde < v.n && digits_around(v, tilde)) {
        return jitter_value(rq, dice, v, tilde);
    }
    return v;
}

void demo_typed_add(struct demo_typed *t, struct str name, struct str value)
{
    if (value.n > 0 && t->n < LEN(t->v)) {
        t->v[t->n++] = (struct field){name, value};
    }
}

void demo_typed_table(struct req *rq, struct demo_dice *dice, const struct demo_field *table,
                      struct instant base, struct demo_typed *t)
{
    for (const struct demo_field *f = table; f != NULL && f->name != NULL; f++) {
        demo_typed_add(t, str_z(f->name), demo_value(rq, dice, f->value, base));
    }
}

void demo_typed_request(struct req *rq, struct demo *d, const struct demo_case *c,
                        struct demo_typed *t)
{
    const struct demo_story *s = c->story;
    struct buf phone;

    buf_init(&phone, rq->a, 32);
    BUF_LIT(&phone, "+7 700 000 ");
    buf_u64_pad(&phone, c->asker / 100, 2);
    BUF_LIT(&phone, " ");
    buf_u64_pad(&phone, c->asker % 100, 2);
    demo_typed_add(t, S("patient"), c->earlier != NULL ? c->earlier->patient : c->patient);
    demo_typed_add(t, S("profile"), str_z(s->profile));
    demo_typed_add(t, S("urgency"), str_z(s->urgency));
    demo_typed_add(t, S("mode"),
                   str_eq(str_z(s->urgency), S("emergency")) && c->no % 3 == 0 ? S("real-time")
                                                                               : S("deferred"));
    demo_typed_add(t, S("question"), str_z(s->question));
    demo_typed_add(t, S("service"), d->region->services[c->service].id);
    demo_typed_add(t, S("contact"), buf_get(&phone));
    demo_typed_add(t, S("diagnosis"), str_z(s->diagnosis));
    demo_typed_add(t, S("co-diagnosis"), str_z(s->co));
    demo_typed_add(t, S("consent"), str_z(s->consent));
    if (str_eq(str_z(s->consent), S("unable"))) {
        demo_typed_add(t, S("consent-note"), str_z(demo_phrases(s->lang)->unable));
    }
    if (s->lang == LANG_UZ) { /* from across the border: the services asked are in another country */
        demo_typed_add(t, S("cross-border"), S("written"));
    }
    demo_typed_table(rq, &d->dice, s->request, rq->now, t);
}
