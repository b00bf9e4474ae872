/* web/schedule.c - the hours of a specialist: the week at each place, days and hours off, hours beside the
 * week, holidays of the policy. */
#include "base/text.h"
#include "care/content.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/booking.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { MINUTES_A_DAY = 24 * 60, OWN_MAX = 20, PEOPLE_MAX = 200, EXCEPTIONS_MAX = 60 };
#define YEAR_MS (INT64_C(366) * MS_DAY)

/* ---- what was typed ---- */

/* "9", "09:30", "24:00" as minutes; -1 when it is none. */
static int typed_clock(struct str s)
{
    struct str rest = s;
    struct str hour;
    uint64_t h = 0;
    uint64_t m = 0;

    if (!str_cut(&rest, ':', &hour)) {
        return -1;
    }
    bool good = str_u64(hour, &h) && (rest.n == 0 || str_u64(rest, &m)) && h <= 24 && m < 60 &&
                h * 60 + m <= MINUTES_A_DAY;
    return good ? (int)(h * 60 + m) : -1;
}

static unsigned typed_modes(struct http_req *h)
{
    struct str mode = page_sent(h, "mode");
    return str_eq(mode, S("remote"))      ? SLOT_REMOTE
           : str_eq(mode, S("in-person")) ? SLOT_IN_PERSON
           : str_eq(mode, S("both"))      ? SLOT_BOTH
                                          : 0;
}

static bool is_number(struct str typed, uint64_t *ret_n)
{
    return str_u64(typed, ret_n) && *ret_n < 10000;
}

static unsigned typed_number(struct http_req *h, const char *name)
{
    uint64_t n = 0;
    return is_number(page_sent(h, name), &n) ? (unsigned)n : 0;
}

/* Days of the week, a bit each: Monday is 1 << 1. What is no day is bit 0, which is none that is taken. */
static unsigned typed_days(struct http_req *h)
{
    struct str name;
    struct str value;
    unsigned days = 0;

    for (uint32_t i = 0; http_form_each(h, i, &name, &value); i++) {
        uint64_t day = 0;
        if (str_eq(name, S("day"))) {
            days |= 1U << (str_u64(value, &day) && day >= 1 && day <= 7 ? day : 0);
        }
    }
    return days;
}

/* Minutes from UTC; what is no number is none that is taken. */
static int typed_zone(struct http_req *h)
{
    uint64_t n = 0;
    return is_number(page_sent(h, "tz"), &n) ? (int)n : -MINUTES_A_DAY;
}

/* ---- the page ---- */

static struct str clock_of(struct http_req *h, unsigned minutes)
{
    struct buf b;
    buf_init(&b, h->rq.a, 8);
    buf_u64_pad(&b, minutes / 60, 2);
    buf_char(&b, ':');
    buf_u64_pad(&b, minutes % 60, 2);
    return buf_get(&b);
}

static struct str modes_title(struct http_req *h, unsigned modes)
{
    return tr(h->rq.lang, modes == SLOT_BOTH     ? T("in person or by video")
                          : modes == SLOT_REMOTE ? T("by video")
                                                 : T("in person"));
}

static void set_week(struct http_req *h, const struct schedule *s, struct val *m)
{
    struct val *list = val_set_list(m, "hours");

    for (uint32_t i = 0; i < s->n_hours; i++) {
        const struct schedule_hours *o = &s->hours[i];
        struct val *r = val_add_map(list);
        val_set_i64(r, "at", i);
        val_set_str(r, "day", booking_weekday(h, o->day));
        val_set_str(r, "from", clock_of(h, o->from_min));
        val_set_str(r, "to", clock_of(h, o->to_min));
        val_set_i64(r, "minutes", o->minutes);
        val_set_str(r, "mode", modes_title(h, o->modes));
    }
}

static enum err set_exceptions(struct http_req *h, const struct schedule *s, struct val *m)
{
    struct schedule_block *all = ARENA_ARRAY(h->rq.a, EXCEPTIONS_MAX, struct schedule_block);
    struct val *list = val_set_list(m, "exceptions");
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    TRY(schedule_blocks(&h->rq, s->id, h->rq.now.ms, h->rq.now.ms + YEAR_MS, all, EXCEPTIONS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *r = val_add_map(list);
        struct val *to = val_set_map(r, "until");
        booking_set_time(h, r, all[i].start_ms, all[i].end_ms, &s->zone);
        booking_set_time(h, to, all[i].end_ms, all[i].end_ms, &s->zone);
        val_set_str(r, "id", all[i].id);
        val_set_bool(r, "off", all[i].minutes == 0);
        val_set_i64(r, "minutes", all[i].minutes);
        val_set_str(r, "mode", modes_title(h, all[i].modes));
        val_set_str(r, "note", all[i].note);
    }
    return OK;
}

/* Holidays of the policy on which the specialist would receive, within what can be booked. */
static enum err set_holidays(struct http_req *h, const struct schedule *s, struct val *m)
{
    const struct policy *p = NULL;
    struct val *list = val_set_list(m, "holidays");
    int64_t today = zone_day(&s->zone, h->rq.now.ms);

    TRY(visit_rule_policy(&h->rq, s->org, &p));
    int64_t days = p->booking.book_ahead.ms > 0 ? p->booking.book_ahead.ms / MS_DAY : 60;
    for (int64_t day = today; day <= today + days; day++) {
        bool is = false;
        TRY(slot_is_holiday(&h->rq, s, day, &is));
        if (is) {
            val_add_str(list, booking_day_text(h, day));
        }
    }
    if (!p->booking.holidays.from.verified) {
        val_set_str(m, "holidays_source", text4_get(&p->booking.holidays.from.source, h->rq.lang));
    }
    return OK;
}

/* The services of an organisation, and none. */
static void service_field(struct http_req *h, struct val *root, const struct directory *dir,
                          struct str org)
{
    struct val *f = page_field(h, root, "service", T("Service"), S(""));

    page_option(f, S(""), tr(h->rq.lang, T("no service of its own")));
    for (uint32_t i = 0; i < dir->n_services; i++) {
        const struct dir_service *s = &dir->services[i];
        if (s->active && str_eq(dir->orgs[s->org].id, org)) {
            page_option(f, s->id, s->name);
        }
    }
}

static void zone_field(struct http_req *h, struct val *root)
{
    static const int zones[] = {180, 240, 300, 360, 420, 480, 540, 600, 660, 720};
    struct buf own;
    buf_init(&own, h->rq.a, 8);
    buf_u64(&own, (uint64_t)MAX(page_tz(h), 0));
    struct val *f = page_field(h, root, "tz", T("Time of the place"), buf_get(&own));

    for (size_t i = 0; i < LEN(zones); i++) {
        struct buf b;
        buf_init(&b, h->rq.a, 8);
        buf_u64(&b, (uint64_t)zones[i]);
        page_option(f, buf_get(&b), booking_zone(h, zones[i]));
    }
}

static void hours_fields(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "day", T("Days of the week"), S(""));
    struct val *days = val_set_list(f, "options");
    unsigned chosen = h->method == POST ? typed_days(h) : 0;
    for (unsigned d = 1; d <= 7; d++) {
        struct val *o = val_add_map(days);
        val_set_i64(o, "value", d);
        val_set_str(o, "label", booking_weekday(h, d));
        val_set_bool(o, "on", (chosen & (1U << d)) != 0);
    }
    val_set_bool(f, "many", true);
    page_field(h, root, "from", T("From (hours:minutes)"), S("09:00"));
    page_field(h, root, "to", T("To (hours:minutes)"), S("13:00"));
    page_field(h, root, "minutes", T("Minutes of a visit"), S("20"));
    f = page_field(h, root, "mode", T("How"), S("both"));
    page_option(f, S("both"), modes_title(h, SLOT_BOTH));
    page_option(f, S("in-person"), modes_title(h, SLOT_IN_PERSON));
    page_option(f, S("remote"), modes_title(h, SLOT_REMOTE));
}

static void exception_fields(struct http_req *h, struct val *root)
{
    ask_date_field(h, root, "first", T("First day"), S(""));
    ask_date_field(h, root, "last", T("Last day (empty: the same)"), S(""));
    page_field(h, root, "start", T("From (empty: the whole day)"), S(""));
    page_field(h, root, "end", T("To"), S(""));
    page_field(h, root, "note", T("Note for colleagues"), S(""));
    struct val *f = page_field(h, root, "kind", T("What"), S("off"));
    page_option(f, S("off"), tr(h->rq.lang, T("off: no visits")));
    page_option(f, S("extra"), tr(h->rq.lang, T("hours beside the week")));
}

/* Whose hours: the own ones, or those of a colleague the registry cares for. */
static struct str whose(struct http_req *h)
{
    struct str person = http_query(h, S("person"));
    person = person.n > 0 ? person : page_sent(h, "person");
    return person.n > 0 ? person : h->rq.who->person;
}

/* Who does not receive has no hours of their own: those of the first colleague who does. */
static struct str whose_first(struct http_req *h, const struct directory *dir)
{
    uint32_t people[PEOPLE_MAX];
    struct str person = whose(h);
    bool asked = http_query(h, S("person")).n > 0 || page_sent(h, "person").n > 0;

    if (asked || who_may(h->rq.who, MAY_VISIT)) {
        return person;
    }
    uint32_t n = dir_people_of_org(dir, h->rq.who->audit.org, MAY_VISIT, people, PEOPLE_MAX);
    for (uint32_t i = 0; i < n; i++) {
        if (schedule_may(&h->rq, dir->people[people[i]].id, h->rq.who->audit.org)) {
            return dir->people[people[i]].id;
        }
    }
    return person;
}

static void set_people(struct http_req *h, struct val *root, const struct directory *dir,
                       struct str person)
{
    uint32_t *people = ARENA_ARRAY(h->rq.a, PEOPLE_MAX, uint32_t);
    struct val *list = val_set_list(root, "people");
    uint32_t n = people == NULL
                     ? 0
                     : dir_people_of_org(dir, h->rq.who->audit.org, MAY_VISIT, people, PEOPLE_MAX);

    for (uint32_t i = 0; i < n; i++) {
        const struct dir_person *p = &dir->people[people[i]];
        if (schedule_may(&h->rq, p->id, h->rq.who->audit.org)) {
            struct val *m = val_add_map(list);
            val_set_str(m, "id", p->id);
            val_set_str(m, "name", p->name);
            val_set_bool(m, "current", str_eq(p->id, person));
        }
    }
}

/* fault: the form that was sent stands open again with what is wrong. */
static enum err set_one(struct http_req *h, const struct schedule *s, bool fault, struct val *list)
{
    struct val *m = val_add_map(list);
    bool sent = fault && str_eq(http_param(h, S("schedule")), s->id);
    bool except = str_ends(h->path, S("/except"));

    val_set_str(m, "id", s->id);
    val_set_i64(m, "version", (int64_t)s->version);
    val_set_bool(m, "open", s->open);
    val_set_str(m, "where", booking_where(h, s));
    val_set_str(m, "zone", booking_zone(h, zone_at(&s->zone, h->rq.now.ms)));
    val_set_bool(m, "may", schedule_may(&h->rq, s->person, s->org));
    val_set_bool(m, "sent_hours", sent && !except);
    val_set_bool(m, "sent_except", sent && except);
    set_week(h, s, m);
    TRY(set_exceptions(h, s, m));
    return set_holidays(h, s, m);
}

struct fault {
    const char *field, *text;
};

static enum err show(struct http_req *h, unsigned status, const struct fault *fault)
{
    struct schedule *all = ARENA_ARRAY(h->rq.a, OWN_MAX, struct schedule);
    const struct directory *dir = NULL;
    struct val *root = NULL;
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    TRY(page_begin(h, T("Hours"), &root));
    TRY(directory_get(&h->rq, &dir));
    struct str person = whose_first(h, dir);
    if (fault != NULL) {
        page_error(h, root, fault->field, fault->text);
    }
    TRY(schedule_list(&h->rq, SCHEDULE_BY_PERSON, person, all, OWN_MAX, &n));
    struct val *list = val_set_list(root, "schedules");
    for (uint32_t i = 0; i < n; i++) {
        TRY(set_one(h, &all[i], fault != NULL, list));
    }
    set_people(h, root, dir, person);
    val_set_str(root, "person", person);
    val_set_str(root, "name", dir_person_name(dir, person));
    val_set_bool(root, "may_begin", schedule_may(&h->rq, person, h->rq.who->audit.org));
    service_field(h, root, dir, h->rq.who->audit.org);
    page_field(h, root, "place", T("Place"), S(""));
    zone_field(h, root);
    hours_fields(h, root);
    exception_fields(h, root);
    page_kind(root, "wide");
    return page_reply_status(h, status, root, tpl_schedule);
}

enum err web_schedule(struct http_req *h)
{
    return show(h, 200, NULL);
}

/* ---- changing ---- */

/* Words for what a change can be refused for: by the detail of the failure. */
static const struct {
    enum err code;
    const char *detail;
    struct fault fault;
} faults[] = {
    {E_BAD_INPUT, "person", {"service", T("This person does not receive patients at this institution.")}},
    {E_BAD_INPUT, "service", {"service", T("The service is of another institution.")}},
    {E_BAD_INPUT, "place", {"place", T("Enter the place: building and room.")}},
    {E_BAD_INPUT, "tz", {"tz", T("Choose the time of the place.")}},
    {E_BAD_INPUT, "day", {"day", T("Choose one or more days of the week.")}},
    {E_BAD_INPUT, "from",
     {"from", T("The end must come after the beginning, and not lie in the past.")}},
    {E_BAD_INPUT, "note", {"note", T("This text is too long.")}},
    {E_BAD_INPUT, "minutes",
     {"minutes", T("A visit has 5 to 240 minutes and fits between beginning and end.")}},
    {E_BAD_INPUT, "modes", {"mode", T("Choose how patients are received.")}},
    {E_CONFLICT, "visits are booked",
     {"from", T("Visits are booked in this time. Change or cancel them first.")}},
    {E_CONFLICT, "", {"from", T("These hours overlap others of the same day. Nothing was added.")}},
    {E_STALE, "", {"from", T("Somebody else has just changed these hours. Look at them again.")}},
};

/* The end of each change: the page again with what is wrong, or back to it. */
static enum err finish(struct http_req *h, struct tx *tx, enum err e, const char *suffix)
{
    for (size_t i = 0; i < LEN(faults) && e != OK; i++) {
        if (faults[i].code == e && str_starts(str_z(h->rq.err.detail), str_z(faults[i].detail))) {
            err_clear(&h->rq);
            return show(h, e == E_BAD_INPUT ? 422 : 409, &faults[i].fault);
        }
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/schedule?person=", whose(h), suffix));
}

static enum err begin_change(struct http_req *h, struct tx **ret_tx, bool *ret_before, enum err *ret_e)
{
    *ret_before = page_done_before(h, ret_e);
    *ret_tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, *ret_tx);
    return *ret_before ? OK : http_form_check(h);
}

enum err web_schedule_new(struct http_req *h)
{
    struct tx *tx = NULL;
    struct str id = {0};
    bool before = false;
    enum err e = OK;

    TRY(begin_change(h, &tx, &before, &e));
    if (before) {
        return e;
    }
    const struct schedule s = {.person = whose(h), .org = h->rq.who->audit.org,
                               .service = page_sent(h, "service"), .place = page_sent(h, "place"),
                               .zone = {.first_min = typed_zone(h)}};
    return finish(h, tx, schedule_new(&h->rq, tx, &s, &id), "&done=hours");
}

enum err web_schedule_hours(struct http_req *h)
{
    struct tx *tx = NULL;
    struct str id = http_param(h, S("schedule"));
    struct str remove = page_sent(h, "remove");
    uint64_t at = 0;
    bool before = false;
    enum err e = OK;

    TRY(begin_change(h, &tx, &before, &e));
    if (before) {
        return e;
    }
    uint64_t version = typed_number(h, "version");
    int from = typed_clock(page_sent(h, "from"));
    int to = typed_clock(page_sent(h, "to"));
    const struct schedule_hours hours = {.from_min = from >= 0 ? (unsigned)from : MINUTES_A_DAY,
                                         .to_min = to >= 0 ? (unsigned)to : 0,
                                         .minutes = typed_number(h, "minutes"),
                                         .modes = typed_modes(h)};
    if (str_eq(page_sent(h, "end"), S("1"))) {
        e = schedule_end(&h->rq, tx, id, version);
    } else if (page_sent(h, "patients").n > 0) {
        e = schedule_open(&h->rq, tx, id, version, str_eq(page_sent(h, "patients"), S("open")));
    } else if (remove.n > 0) {
        e = str_u64(remove, &at) && at < HOURS_MAX
                ? schedule_hours_remove(&h->rq, tx, id, version, (uint32_t)at)
                : FAIL(&h->rq, E_NOT_FOUND, "hours");
    } else {
        e = schedule_hours_add(&h->rq, tx, id, version, typed_days(h), &hours);
    }
    return finish(h, tx, e, "&done=hours");
}

/* The exception that was typed: whole days, or hours of them. */
static struct schedule_block typed_block(struct http_req *h, const struct schedule *s)
{
    int64_t first = booking_day_of(ask_date(h, "first"));
    int64_t last = booking_day_of(ask_date(h, "last"));
    int start = typed_clock(page_sent(h, "start"));
    int end = typed_clock(page_sent(h, "end"));
    bool whole = page_sent(h, "start").n == 0 && page_sent(h, "end").n == 0;
    bool extra = str_eq(page_sent(h, "kind"), S("extra"));

    last = last > 0 ? last : first;
    int64_t from = zone_minute(&s->zone, first, whole || start < 0 ? 0 : start);
    int64_t to = zone_minute(&s->zone, last, whole ? MINUTES_A_DAY : end < 0 ? 0 : end);
    return (struct schedule_block){.start_ms = from, .end_ms = first > 0 ? to : 0,
                                   .minutes = extra ? MAX(typed_number(h, "minutes"), 1u) : 0,
                                   .modes = typed_modes(h), .note = page_sent(h, "note")};
}

enum err web_schedule_except(struct http_req *h)
{
    struct schedule *s = ARENA_NEW(h->rq.a, struct schedule);
    struct tx *tx = NULL;
    struct str id = http_param(h, S("schedule"));
    struct str remove = page_sent(h, "remove");
    bool before = false;
    enum err e = OK;

    TRY_MEM(&h->rq, s);
    TRY(begin_change(h, &tx, &before, &e));
    if (before) {
        return e;
    }
    if (remove.n > 0) {
        return finish(h, tx, schedule_block_remove(&h->rq, tx, id, remove), "&done=hours");
    }
    TRY(schedule_load(&h->rq, id, s));
    const struct schedule_block b = typed_block(h, s);
    return finish(h, tx, schedule_block_add(&h->rq, tx, id, &b), "&done=hours");
}
