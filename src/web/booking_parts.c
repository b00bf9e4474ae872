/* web/booking_parts.c - times, free slots and the rule of remote visits as values of pages. */
#include "web/booking.h"

#include "base/text.h"
#include "care/content.h"
#include "care/directory.h"
#include "web/format.h"

enum { DAYS_SHOWN = 14, DAYS_SHOWN_MAX = 7, LOOKED_AHEAD = 120, WHERE_MAX = 600,
       SLOTS_OF_PAGE = 200, HREF_MAX = 160 };

struct str booking_weekday(struct http_req *h, unsigned day)
{
    static const char *const names[] = {T("Monday"),   T("Tuesday"), T("Wednesday"), T("Thursday"),
                                        T("Friday"),   T("Saturday"), T("Sunday")};
    return day >= 1 && day <= 7 ? tr(h->rq.lang, names[day - 1]) : S("");
}

struct str booking_zone(struct http_req *h, int tz_min)
{
    struct buf b;
    unsigned m = (unsigned)(tz_min < 0 ? -tz_min : tz_min);

    buf_init(&b, h->rq.a, 24);
    BUF_LIT(&b, "UTC");
    buf_char(&b, tz_min < 0 ? '-' : '+');
    buf_u64(&b, m / 60);
    if (m % 60 != 0) {
        buf_char(&b, ':');
        buf_u64_pad(&b, m % 60, 2);
    }
    return buf_get(&b);
}

static struct str clock_text(struct http_req *h, int64_t at_ms, const struct zone *zone)
{
    struct civil c = zone_civil(zone, (struct instant){at_ms});
    struct buf b;

    buf_init(&b, h->rq.a, 16);
    format_time(&b, &c);
    return buf_get(&b);
}

struct str booking_day_text(struct http_req *h, int64_t day)
{
    struct civil c = instant_civil((struct instant){day * MS_DAY}, 0);
    struct buf b;

    buf_init(&b, h->rq.a, 16);
    date_write(&b, &c);
    return buf_get(&b);
}

int64_t booking_day_of(struct str text)
{
    struct civil c;
    return date_parse(text, &c) ? civil_days(c.year, c.month, c.day) : 0;
}

void booking_set_time(struct http_req *h, struct val *m, int64_t start_ms, int64_t end_ms,
                      const struct zone *zone)
{
    if (start_ms == 0) {
        return;
    }
    int64_t day = zone_day(zone, start_ms);
    val_set_str(m, "date", booking_day_text(h, day));
    val_set_str(m, "weekday", booking_weekday(h, slot_weekday(day)));
    val_set_str(m, "from", clock_text(h, start_ms, zone));
    val_set_str(m, "to", clock_text(h, end_ms, zone));
    int away = zone_at(zone, start_ms);
    if (away != zone_at(page_zone(h), start_ms)) {
        val_set_str(m, "zone", booking_zone(h, away));
    }
}

struct str booking_where(struct http_req *h, const struct schedule *s)
{
    const struct directory *dir = NULL;
    struct buf b;

    if (directory_get(&h->rq, &dir) != OK) {
        err_clear(&h->rq);
        return s->id;
    }
    buf_init(&b, h->rq.a, WHERE_MAX);
    if (s->service.n > 0) {
        buf_str(&b, dir_service_name(dir, s->service));
        BUF_LIT(&b, ", ");
    }
    buf_str(&b, dir_person_name(dir, s->person));
    BUF_LIT(&b, ", ");
    if (!str_starts(s->place, dir_org_name(dir, s->org))) {
        buf_str(&b, dir_org_name(dir, s->org));
        BUF_LIT(&b, ", ");
    }
    buf_str(&b, s->place);
    return buf_ok(&b) ? buf_get(&b) : dir_person_name(dir, s->person);
}

struct str booking_code(struct http_req *h, struct str list, struct str code)
{
    const struct code_list *l = content_list(care_of(&h->rq)->content, list);
    const struct coded *c = l != NULL ? content_item(l, code) : NULL;
    return c != NULL ? text4_get(&c->title, h->rq.lang) : code;
}

int64_t booking_sent_ms(struct http_req *h, const char *name)
{
    uint64_t n = 0;
    return str_u64(page_sent(h, name), &n) && n < (UINT64_C(1) << 50) ? (int64_t)n : 0;
}

static struct val *add_day(struct http_req *h, struct val *days, int64_t day)
{
    struct val *m = val_add_map(days);
    val_set_str(m, "date", booking_day_text(h, day));
    val_set_str(m, "weekday", booking_weekday(h, slot_weekday(day)));
    return val_set_list(m, "slots");
}

/* modes: what the person may choose from; how is told of a slot that has but one of them. */
static void add_slot(struct http_req *h, struct val *list, const struct slot *s, unsigned modes,
                     const struct zone *zone)
{
    struct val *m = val_add_map(list);
    struct buf b;
    if (modes == SLOT_BOTH && s->modes != SLOT_BOTH) {
        val_set_str(m, "how", tr(h->rq.lang, s->modes == SLOT_REMOTE ? T("by video") : T("in person")));
    }
    buf_init(&b, h->rq.a, 24);
    buf_u64(&b, (uint64_t)s->start_ms);
    val_set_str(m, "value", buf_get(&b));
    val_set_str(m, "at", clock_text(h, s->start_ms, zone));
}

/* Free slots of a way of two weeks, the first ones from *day on that have any. */
static enum err some_slots(struct http_req *h, const struct schedule *s, unsigned modes,
                           int64_t from_day, struct str but, struct slot *slots, uint32_t *ret_n)
{
    uint32_t n = 0;

    for (int64_t day = from_day; day < from_day + LOOKED_AHEAD && n == 0; day += DAYS_SHOWN) {
        uint32_t all = 0;
        TRY(slot_list(&h->rq, s, zone_midnight(&s->zone, day),
                      zone_midnight(&s->zone, day + DAYS_SHOWN), but, slots, SLOTS_OF_PAGE, &all));
        for (uint32_t i = 0; i < all; i++) {
            slots[n] = slots[i];
            n += (slots[i].modes & modes) != 0;
        }
    }
    *ret_n = n;
    return OK;
}

enum err booking_set_days(struct http_req *h, struct val *root, const struct schedule *s,
                          unsigned modes, int64_t from_day, struct str but)
{
    struct slot *slots = ARENA_ARRAY(h->rq.a, SLOTS_OF_PAGE, struct slot);
    struct val *days = val_set_list(root, "days");
    struct val *list = NULL;
    int64_t today = zone_day(&s->zone, h->rq.now.ms);
    int64_t last = 0;
    uint32_t shown = 0;
    uint32_t n = 0;

    TRY_MEM(&h->rq, slots);
    TRY(some_slots(h, s, modes, MAX(from_day, today), but, slots, &n));
    for (uint32_t i = 0; i < n; i++) {
        int64_t d = zone_day(&s->zone, slots[i].start_ms);
        if (d != last && shown++ == DAYS_SHOWN_MAX) {
            break;
        }
        list = d != last ? add_day(h, days, d) : list;
        last = d;
        add_slot(h, list, &slots[i], modes, &s->zone);
    }
    if (last > 0) {
        val_set_str(root, "later", booking_day_text(h, last + 1));
    }
    val_set_bool(root, "none", n == 0);
    val_set_str(root, "zone", booking_zone(h, zone_at(&s->zone, h->rq.now.ms)));
    return OK;
}

void booking_set_later(struct http_req *h, struct val *root, struct str base)
{
    const struct val *later = val_find(root, S("later"));
    struct buf next;
    buf_init(&next, h->rq.a, HREF_MAX);
    buf_str(&next, base);
    page_query(&next, "from", later != NULL ? later->s : S(""));
    val_set_str(root, "later_href", buf_get(&next));
}

void booking_set_urgency(struct http_req *h, struct val *root, const struct policy *policy)
{
    struct val *f = page_field(h, root, "urgency", T("Is it an emergency?"), S(""));
    struct val *phones = val_set_list(root, "phones");

    page_option(f, S(""), tr(h->rq.lang, T("no")));
    page_option(f, S("emergency"), tr(h->rq.lang, T("yes, life is in danger now")));
    val_set_bool(f, "inline", true);
    for (uint32_t i = 0; i < policy->remote.phones.n; i++) {
        val_add_str(phones, policy->remote.phones.codes[i]);
    }
}

void booking_set_rule(struct http_req *h, struct val *root, const struct booking_check *c)
{
    const struct visit_verdict *v = &c->verdict;
    struct val *m = val_set_map(root, "rule");
    struct val *notes = val_set_list(m, "notes");
    struct val *sources = val_set_list(m, "sources");

    val_set_bool(m, "allowed", v->allowed);
    val_set_str(m, "text", tr(h->rq.lang, visit_reason_text(v->reason)));
    val_set_str(m, "offer", v->offer_in_person ? tr(h->rq.lang, visit_offer_text()) : S(""));
    val_set_str(m, "profile", text4_get(&c->policy->title, h->rq.lang));
    for (unsigned i = 0; i < VISIT_NOTE_COUNT; i++) {
        if (v->notes & (1u << i)) {
            val_add_str(notes, tr(h->rq.lang, visit_note_text(i)));
        }
    }
    for (unsigned i = 0; i < VISIT_VALUE_COUNT; i++) {
        const struct sourced *from = visit_value_from(c->policy, (enum visit_value)i);
        if ((v->values & (1u << i)) && !from->verified) {
            struct val *s = val_add_map(sources);
            val_set_str(s, "title", tr(h->rq.lang, visit_value_title((enum visit_value)i)));
            val_set_str(s, "source", text4_get(&from->source, h->rq.lang));
        }
    }
}
