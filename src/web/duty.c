/* web/duty.c - the roster of a service: planned, taken, handed over, given to a substitute. */
#include "care/duty.h"

#include "base/text.h"
#include "care/consult.h"
#include "store/tx.h"
#include "web/ask_int.h"
#include "web/booking.h"
#include "web/case_item.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { DAYS_SHOWN = 14, GAPS_SHOWN = 20, TURNS_SHOWN = 200, PEOPLE_MAX = 200, CASES_READ = 200 };

/* ---- turns as values ---- */

static bool is_self(const struct http_req *h, const struct directory *d, uint32_t person)
{
    return person != DIR_NONE && str_eq(d->people[person].id, h->rq.who->person);
}

static void set_turn(struct http_req *h, const struct directory *d, const struct dir_duty *u,
    struct val *m)
{
    const struct dir_service *s = &d->services[u->service];
    val_set_str(m, "href", page_path(h, "/duty/turns/", u->slot, ""));
    val_set_str(m, "id", u->slot);
    val_set_str(m, "name", d->people[u->person].name);
    val_set_str(m, "service", s->name);
    val_set_str(m, "org", d->orgs[s->org].name);
    val_set_str(m, "roster", page_path(h, "/duty/", s->id, ""));
    val_set_instant(m, "from", (struct instant){u->from_ms});
    val_set_instant(m, "to", (struct instant){u->to_ms});
    val_set_bool(m, "now", u->from_ms <= h->rq.now.ms && u->to_ms > h->rq.now.ms);
    val_set_bool(m, "mine", is_self(h, d, u->person));
    val_set_bool(m, "for_me", is_self(h, d, u->offered));
    val_set_str(m, "offered", u->offered != DIR_NONE ? d->people[u->offered].name : S(""));
    val_set_str(m, "note", u->note);
}

/* What is offered to the person, and their own turns to come. */
static void set_own(struct http_req *h, const struct directory *d, uint32_t service, struct val *root)
{
    struct val *offers = val_set_list(root, "offers");
    struct val *mine = val_set_list(root, "mine");
    for (uint32_t i = 0; i < d->n_duties; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (u->to_ms <= h->rq.now.ms || (service != DIR_NONE && u->service != service)) {
            continue;
        }
        if (is_self(h, d, u->offered) && duty_may_see(&h->rq, d, u->service)) {
            set_turn(h, d, u, val_add_map(offers));
        }
        if (is_self(h, d, u->person) && mine != NULL && mine->n < GAPS_SHOWN) {
            set_turn(h, d, u, val_add_map(mine));
        }
    }
}

/* ---- the services that concern somebody ---- */

enum err web_duty(struct http_req *h)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    TRY(page_begin(h, T("Duty"), &root));
    TRY(directory_get(&h->rq, &d));
    struct val *list = val_set_list(root, "services");
    for (uint32_t i = 0; i < d->n_services; i++) {
        uint32_t people[8];
        if (!d->services[i].active || !duty_may_see(&h->rq, d, i)) {
            continue;
        }
        struct val *m = val_add_map(list);
        struct val *now = val_set_list(m, "now");
        uint32_t n = dir_on_duty(d, i, h->rq.now, people, LEN(people));
        val_set_str(m, "href", page_path(h, "/duty/", d->services[i].id, ""));
        val_set_str(m, "name", d->services[i].name);
        val_set_str(m, "org", d->orgs[d->services[i].org].name);
        for (uint32_t k = 0; k < n; k++) {
            val_add_str(now, d->people[people[k]].name);
        }
    }
    set_own(h, d, DIR_NONE, root);
    return page_reply(h, root, tpl_duty);
}

/* ---- one service ---- */

static void set_gaps(struct http_req *h, const struct directory *d, uint32_t service, struct duty_span in,
                     struct val *root)
{
    struct duty_gap gaps[GAPS_SHOWN];
    struct val *list = val_set_list(root, "gaps");
    struct instant from = {in.from_ms > h->rq.now.ms ? in.from_ms : h->rq.now.ms};
    uint32_t n = duty_gaps(d, service, from, (struct instant){in.to_ms}, gaps, GAPS_SHOWN);
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_instant(m, "from", (struct instant){gaps[i].from_ms});
        val_set_instant(m, "to", (struct instant){gaps[i].to_ms});
        val_set_i64(m, "ms", gaps[i].to_ms - gaps[i].from_ms);
        val_set_str(m, "one", gaps[i].one != DIR_NONE ? d->people[gaps[i].one].name : S(""));
        val_set_str(m, "other", gaps[i].other != DIR_NONE ? d->people[gaps[i].other].name : S(""));
    }
}

/* A choice of the people of a service, but one. */
static void people_field(struct http_req *h, const struct directory *d, uint32_t service, uint32_t but,
                         const char *name, const char *label, struct val *root)
{
    uint32_t *people = ARENA_ARRAY(h->rq.a, PEOPLE_MAX, uint32_t);
    struct val *f = page_field(h, root, name, label, S(""));
    uint32_t n = people != NULL
                     ? dir_people_of_service(d, d->services[service].id, people, PEOPLE_MAX)
                     : 0;
    val_set_str(f, "empty", tr(h->rq.lang, T("choose")));
    for (uint32_t i = 0; i < n; i++) {
        if (people[i] != but) {
            page_option(f, d->people[people[i]].id, d->people[people[i]].name);
        }
    }
}

static void set_forms(struct http_req *h, const struct directory *d, uint32_t service, struct val *root)
{
    static const char *const hours[] = {"4", "8", "12", "24"};
    struct str today = booking_day_text(h, zone_day(page_zone(h), h->rq.now.ms));
    bool plans = duty_may_plan(&h->rq, d, service);
    struct val *f = page_field(h, root, "hours", T("For how many hours"), S("12"));
    for (size_t i = 0; i < LEN(hours); i++) {
        page_option(f, str_z(hours[i]), str_z(hours[i]));
    }
    people_field(h, d, service, DIR_NONE, "person", T("Who"), root);
    ask_date_field(h, root, "day", T("First day"), today);
    f = page_field(h, root, "begin", T("From (hours and minutes)"), S("08:00"));
    val_set_z(f, "width", "w8");
    f = page_field(h, root, "end", T("Until (the next day when it is not later)"), S("20:00"));
    val_set_z(f, "width", "w8");
    f = page_field(h, root, "days", T("On how many days one after another"), S("1"));
    val_set_z(f, "width", "w4");
    val_set_z(f, "mode", "numeric");
    people_field(h, d, service, plans ? DIR_NONE : dir_person_at(d, h->rq.who->person), "substitute",
                 T("Substitute"), root);
    people_field(h, d, service, DIR_NONE, "away", T("Who is away"), root);
    ask_date_field(h, root, "away-from", T("First day"), today);
    ask_date_field(h, root, "away-until", T("Last day"), today);
}

static enum err roster_of(struct http_req *h, const struct directory **ret_dir, uint32_t *ret_service)
{
    const struct directory *d = NULL;
    TRY(directory_get(&h->rq, &d));
    uint32_t at = dir_service_at(d, http_param(h, S("service")));
    if (at == DIR_NONE || !d->services[at].active || !duty_may_see(&h->rq, d, at)) {
        return FAIL(&h->rq, E_NOT_FOUND, "service");
    }
    *ret_dir = d;
    *ret_service = at;
    return OK;
}

static void set_days(struct http_req *h, const struct directory *d, uint32_t service, struct val *root)
{
    struct str asked = http_query(h, S("from"));
    int64_t today = zone_day(page_zone(h), h->rq.now.ms);
    int64_t day = asked.n > 0 ? booking_day_of(asked) : today;
    day = day < today || day > today + 400 ? today : day;
    struct duty_span in = {zone_midnight(page_zone(h), day), zone_midnight(page_zone(h), day + DAYS_SHOWN)};
    struct val *list = val_set_list(root, "turns");
    struct str href = page_path(h, "/duty/", d->services[service].id, "?from=");
    struct buf b;
    for (uint32_t i = 0; i < d->n_duties && list != NULL && list->n < TURNS_SHOWN; i++) {
        const struct dir_duty *u = &d->duties[i];
        if (u->service == service && u->to_ms > h->rq.now.ms && u->from_ms < in.to_ms
            && u->to_ms > in.from_ms) {
            set_turn(h, d, u, val_add_map(list));
        }
    }
    buf_init(&b, h->rq.a, 200);
    buf_str(&b, href);
    buf_str(&b, booking_day_text(h, day + DAYS_SHOWN));
    val_set_str(root, "later", buf_get(&b));
    if (day > today) {
        buf_init(&b, h->rq.a, 200);
        buf_str(&b, href);
        buf_str(&b, booking_day_text(h, day - DAYS_SHOWN));
        val_set_str(root, "earlier", buf_get(&b));
    }
    val_set_str(root, "first_day", booking_day_text(h, day));
    val_set_str(root, "last_day", booking_day_text(h, day + DAYS_SHOWN - 1));
    set_gaps(h, d, service, in, root);
}

static enum err show(struct http_req *h, struct val *root)
{
    const struct directory *d = NULL;
    uint32_t s = 0;
    TRY(roster_of(h, &d, &s));
    page_title(root, d->services[s].name);
    val_set_str(root, "base", page_path(h, "/duty/", d->services[s].id, ""));
    val_set_str(root, "org", d->orgs[d->services[s].org].name);
    val_set_bool(root, "plans", duty_may_plan(&h->rq, d, s));
    val_set_bool(root, "serves", dir_person_serves(dir_person(d, h->rq.who->person), d->services[s].id));
    set_days(h, d, s, root);
    set_own(h, d, s, root);
    set_forms(h, d, s, root);
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_duty_service);
}

enum err web_duty_service(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Duty"), &root));
    return show(h, root);
}

/* ---- what is sent ---- */

/* Why a change of a roster was not made, by the place in the failure. */
static const struct {
    enum err code;
    const char *detail, *field, *text;
} faults[] = {
    {E_BAD_INPUT, "person", "person", T("Choose somebody who answers for this service.")},
    {E_BAD_INPUT, "substitute", "substitute", T("Choose a colleague who answers for this service.")},
    {E_BAD_INPUT, "from", "begin", T("This time has passed.")},
    {E_BAD_INPUT, "to", "end", T("It ends after it begins, and a turn lasts 36 hours at most.")},
    {E_BAD_INPUT, "days", "days", T("Between 1 and 31 days; a turn longer than a day stands alone.")},
    {E_BAD_INPUT, "note", "note", T("Shorten the note to 500 bytes.")},
    {E_CONFLICT, "turn", "person", T("There is a turn of the same person at this time already.")},
    {E_CONFLICT, "substitute", "substitute", T("There is a turn of the same person at this time already.")},
    {E_NOT_FOUND, "turns", "away", T("There is no turn of this person in these days.")},
};

/* The change, committed; or the page again with what is wrong. */
static enum err finish(struct http_req *h, struct tx *tx, enum err e, struct str path, struct val *root)
{
    if (e == OK) {
        return page_commit(h, tx, path);
    }
    for (size_t i = 0; i < LEN(faults); i++) {
        if (e == faults[i].code && str_eq(str_z(h->rq.err.detail), str_z(faults[i].detail))) {
            err_clear(&h->rq);
            audit_take_back(&h->rq, NULL);
            page_error(h, root, faults[i].field, faults[i].text);
            return show(h, root);
        }
    }
    return e;
}

/* "08:30" as minutes of the day. */
static bool clock_of(struct str text, int *ret_min)
{
    struct str rest = text;
    struct str hours = {0};
    uint64_t hour = 0;
    uint64_t minute = 0;
    if (!str_cut(&rest, ':', &hours) || !str_u64(hours, &hour) || !str_u64(str_or_empty(rest), &minute)
        || hour > 23 || minute > 59) {
        return false;
    }
    *ret_min = (int)(hour * 60 + minute);
    return true;
}

enum err web_duty_plan(struct http_req *h)
{
    const struct directory *d = NULL;
    struct duty_span turns[DUTY_DAYS_MAX];
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    int64_t day = booking_day_of(ask_date(h, "day"));
    int from = 0;
    int to = 0;
    uint64_t n = 0;
    uint32_t s = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(roster_of(h, &d, &s));
    TRY(page_begin(h, T("Duty"), &root));
    if (day == 0) {
        page_error(h, root, "day", T("There is no such date."));
    } else if (!clock_of(page_sent(h, "begin"), &from)) {
        page_error(h, root, "begin", T("Write a time as 08:00."));
    } else if (!clock_of(page_sent(h, "end"), &to)) {
        page_error(h, root, "end", T("Write a time as 08:00."));
    }
    if (page_has_errors(root)) {
        return show(h, root);
    }
    n = str_u64(page_sent(h, "days"), &n) && n <= DUTY_DAYS_MAX ? n : 0;
    duty_days(page_zone(h), day, from, to, turns, (uint32_t)n);
    e = duty_plan(&h->rq, tx, d->services[s].id, page_sent(h, "person"), turns, (uint32_t)n);
    return finish(h, tx, e, page_path(h, "/duty/", d->services[s].id, "?done=duty-planned"), root);
}

enum err web_duty_take(struct http_req *h)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    uint64_t hours = 0;
    uint32_t s = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(roster_of(h, &d, &s));
    TRY(page_begin(h, T("Duty"), &root));
    if (!str_u64(page_sent(h, "hours"), &hours) || hours == 0 || hours > 24) {
        page_error(h, root, "hours", T("Choose how many hours."));
        return show(h, root);
    }
    e = duty_take(&h->rq, tx, d->services[s].id,
                  (struct instant){h->rq.now.ms + (int64_t)hours * MS_HOUR});
    return finish(h, tx, e, page_path(h, "/duty/", d->services[s].id, "?done=duty-taken"), root);
}

enum err web_duty_substitute(struct http_req *h)
{
    const struct directory *d = NULL;
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    int64_t from = booking_day_of(ask_date(h, "away-from"));
    int64_t until = booking_day_of(ask_date(h, "away-until"));
    uint32_t s = 0;
    uint32_t n = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(roster_of(h, &d, &s));
    TRY(page_begin(h, T("Duty"), &root));
    if (from == 0) {
        page_error(h, root, "away-from", T("There is no such date."));
    } else if (until < from) {
        page_error(h, root, "away-until", until == 0 ? T("There is no such date.")
                                                     : T("It cannot end before it begins."));
    }
    if (page_has_errors(root)) {
        return show(h, root);
    }
    bool plans = duty_may_plan(&h->rq, d, s);
    const struct duty_span in = {zone_midnight(page_zone(h), from), zone_midnight(page_zone(h), until + 1)};
    e = duty_substitute(&h->rq, tx, d->services[s].id, plans ? page_sent(h, "away") : h->rq.who->person,
                        in, page_sent(h, "substitute"), &n);
    return finish(h, tx, e,
                  page_path(h, "/duty/", d->services[s].id,
                            plans ? "?done=duty-planned" : "?done=duty-offered"),
                  root);
}

/* ---- one turn ---- */

static enum err turn_of(struct http_req *h, const struct directory **ret_dir,
    const struct dir_duty **ret_turn)
{
    TRY(directory_get(&h->rq, ret_dir));
    const struct dir_duty *u = duty_turn(*ret_dir, http_param(h, S("turn")), h->rq.now);
    if (u == NULL || !duty_may_see(&h->rq, *ret_dir, u->service)) {
        return FAIL(&h->rq, E_NOT_FOUND, "turn");
    }
    *ret_turn = u;
    return OK;
}

/* Cases of the service that are open with the giver, or with nobody: what who accepts takes over. */
static enum err set_cases(struct http_req *h, const struct directory *d, const struct dir_duty *u,
                          struct val *root)
{
    struct worklist_row *rows = ARENA_ARRAY(h->rq.a, CASES_READ, struct worklist_row);
    struct val *list = val_set_list(root, "cases");
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(consult_worklist(&h->rq, WORK_SERVICE, d->services[u->service].id, NULL, rows, CASES_READ, &n));
    for (uint32_t i = 0; i < n; i++) {
        const struct case_row *row = &rows[i].row;
        if (row->answered_ms == 0
            && (row->consultant.n == 0 || str_eq(row->consultant, d->people[u->person].id))) {
            case_item(h, d, &rows[i], val_add_map(list));
        }
    }
    return OK;
}

static enum err show_turn(struct http_req *h, struct val *root)
{
    const struct directory *d = NULL;
    const struct dir_duty *u = NULL;
    TRY(turn_of(h, &d, &u));
    set_turn(h, d, u, val_set_map(root, "turn"));
    val_set_bool(root, "plans", duty_may_plan(&h->rq, d, u->service));
    people_field(h, d, u->service, u->person, "person", T("To whom"), root);
    struct val *f = page_field(h, root, "note", T("Note for the colleague"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("Without names of patients: the cases are listed for the "
                                            "colleague.")));
    if (is_self(h, d, u->offered)) {
        TRY(set_cases(h, d, u, root));
    }
    return page_reply_status(h, page_has_errors(root) ? 422 : 200, root, tpl_duty_turn);
}

enum err web_duty_turn(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("A turn of duty"), &root));
    return show_turn(h, root);
}

enum err web_duty_turn_do(struct http_req *h)
{
    static const struct {
        const char *what, *done;
        enum duty_answer answer;
    } answers[] = {{"accept", "?done=duty-accepted", DUTY_ACCEPT},
                   {"decline", "?done=duty-declined", DUTY_DECLINE},
                   {"withdraw", "?done=duty-withdrawn", DUTY_WITHDRAW}};
    const struct directory *d = NULL;
    const struct dir_duty *u = NULL;
    struct val *root = NULL;
    struct str what = page_sent(h, "do");
    const char *done = "?done=duty-offered";
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(turn_of(h, &d, &u));
    TRY(page_begin(h, T("A turn of duty"), &root));
    e = E_BAD_INPUT;
    if (str_eq(what, S("offer"))) {
        e = duty_offer(&h->rq, tx, u->slot, page_sent(h, "person"), page_sent(h, "note"));
    } else if (str_eq(what, S("strike"))) {
        done = "?done=duty-planned";
        e = duty_strike(&h->rq, tx, u->slot);
    }
    for (size_t i = 0; i < LEN(answers); i++) {
        if (str_eq(what, str_z(answers[i].what))) {
            done = answers[i].done;
            e = duty_answer(&h->rq, tx, u->slot, answers[i].answer);
        }
    }
    if (e == E_BAD_INPUT && h->rq.err.code == OK) {
        return FAIL(&h->rq, E_BAD_INPUT, "do");
    }
    for (size_t i = 0; i < LEN(faults); i++) {
        if (e == faults[i].code && str_eq(str_z(h->rq.err.detail), str_z(faults[i].detail))) {
            err_clear(&h->rq);
            audit_take_back(&h->rq, NULL);
            page_error(h, root, faults[i].field, faults[i].text);
            return show_turn(h, root);
        }
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/duty/", d->services[u->service].id, done));
}
