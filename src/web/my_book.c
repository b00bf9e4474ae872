/* web/my_book.c - a patient books, accepts, declines and cancels visits. What the rules do not allow is
 * refused with its reason, and the visit in person is offered. */
#include "web/my.h"

#include "base/text.h"
#include "care/booking.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/room.h"
#include "care/visit.h"
#include "store/tx.h"
#include "web/booking.h"
#include "web/format.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { SEEN_MAX = 100, BOOKINGS_MAX = 60, MOVES_MAX = 8, LABEL_MAX = 400 };

/* ---- whom ---- */

static void add_schedule(struct http_req *h, const struct directory *dir, const struct schedule *s,
                         struct val *list)
{
    struct val *x = val_add_map(list);
    val_set_str(x, "href", page_path(h, "/my/book/", s->id, ""));
    val_set_str(x, "who", dir_person_name(dir, s->person));
    val_set_str(x, "service", s->service.n > 0 ? dir_service_name(dir, s->service) : S(""));
    val_set_str(x, "org", dir_org_name(dir, s->org));
    val_set_str(x, "place", s->place);
}

static bool was_seen_by(const struct encounter_row *rows, uint32_t n, struct str person)
{
    for (uint32_t i = 0; i < n; i++) {
        if (str_eq(rows[i].practitioner, person)) {
            return true;
        }
    }
    return false;
}

/* Doctors the patient was seen by, who receive; then those open to all patients. */
enum err web_my_book(struct http_req *h)
{
    struct encounter_row *rows = ARENA_ARRAY(h->rq.a, SEEN_MAX, struct encounter_row);
    const struct directory *dir = NULL;
    struct schedule *all = ARENA_ARRAY(h->rq.a, SCHEDULES_MAX, struct schedule);
    struct my m;
    uint32_t n = 0;
    uint32_t n_all = 0;
    TRY_MEM(&h->rq, rows);
    TRY_MEM(&h->rq, all);
    TRY(my_may(h, MY_VISIT));
    TRY(my_begin(h, T("Book a visit"), &m));
    TRY(directory_get(&h->rq, &dir));
    TRY(encounter_list(&h->rq, m.rid, rows, SEEN_MAX, &n));
    TRY(schedule_list(&h->rq, SCHEDULE_ALL, S(""), all, SCHEDULES_MAX, &n_all));
    struct val *list = val_set_list(m.root, "doctors");
    struct val *others = val_set_list(m.root, "others");
    for (uint32_t i = 0; i < n_all; i++) {
        if (was_seen_by(rows, n, all[i].person)) {
            add_schedule(h, dir, &all[i], list);
        } else if (all[i].open) {
            add_schedule(h, dir, &all[i], others);
        }
    }
    return page_reply(h, m.root, tpl_my_book);
}

/* ---- when ---- */

static enum err set_problems(struct http_req *h, const struct my *m)
{
    struct encounter_row *rows = ARENA_ARRAY(h->rq.a, SEEN_MAX, struct encounter_row);
    struct val *f = page_field(h, m->root, "problem", T("What about"), S(""));
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(encounter_list(&h->rq, m->rid, rows, SEEN_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        bool again = rows[i].code.n == 0;
        for (uint32_t k = 0; k < i; k++) {
            again = again || str_eq(rows[k].code, rows[i].code);
        }
        if (!again) {
            page_option(f, rows[i].code, rows[i].problem);
        }
    }
    page_option(f, S(""), tr(h->rq.lang, T("a new problem")));
    return OK;
}

/* What a visit may be for, and what of it not by video. */
static void set_purposes(struct http_req *h, const struct my *m)
{
    const struct code_list *list = content_list(care_of(&h->rq)->content, S("visit-purpose"));
    const struct policy *policy = my_policy(h, m);
    struct val *f = page_field(h, m->root, "purpose", T("What for"), S(""));
    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        struct str code = list->items[i].code;
        struct str title = text4_get(&list->items[i].title, h->rq.lang);
        if (policy_has_code(&policy->remote.not_remotely, code)) {
            struct buf b;
            buf_init(&b, h->rq.a, LABEL_MAX);
            buf_str(&b, title);
            BUF_LIT(&b, ", ");
            buf_str(&b, tr(h->rq.lang, T("in person only")));
            title = buf_get(&b);
        }
        page_option(f, code, title);
    }
}

static enum err show_times(struct http_req *h, const char *field, const char *fault, bool offer)
{
    struct schedule *s = ARENA_NEW(h->rq.a, struct schedule);
    const struct directory *dir = NULL;
    struct my m;
    TRY_MEM(&h->rq, s);
    TRY(my_may(h, MY_VISIT));
    TRY(my_begin(h, T("Book a visit"), &m));
    TRY(schedule_load(&h->rq, http_param(h, S("schedule")), s));
    TRY(directory_get(&h->rq, &dir));
    if (fault != NULL) {
        page_error(h, m.root, field, fault);
    }
    if (offer) {
        page_error(h, m.root, "mode", visit_offer_text());
    }
    struct val *f = page_field(h, m.root, "mode", T("How"), S("in-person"));
    page_option(f, S("in-person"), tr(h->rq.lang, T("in person")));
    page_option(f, S("remote"), tr(h->rq.lang, T("by video")));
    TRY(set_problems(h, &m));
    set_purposes(h, &m);
    booking_set_urgency(h, m.root, my_policy(h, &m));
    struct str base = page_path(h, "/my/book/", s->id, "");
    TRY(booking_set_days(h, m.root, s, SLOT_BOTH, booking_day_of(http_query(h, S("from"))), S("")));
    booking_set_later(h, m.root, base);
    val_set_str(m.root, "who", dir_person_name(dir, s->person));
    val_set_str(m.root, "org", dir_org_name(dir, s->org));
    val_set_str(m.root, "place", s->place);
    val_set_str(m.root, "post", base);
    return page_reply_status(h, fault != NULL ? 422 : 200, m.root, tpl_my_book_times);
}

enum err web_my_book_times(struct http_req *h)
{
    return show_times(h, NULL, NULL, false);
}

enum err web_my_book_make(struct http_req *h)
{
    struct booking_check *check = ARENA_NEW(h->rq.a, struct booking_check);
    struct tx *tx = tx_new(&h->rq);
    struct res_row row;
    struct booking b;
    enum err e = OK;
    TRY_MEM(&h->rq, check);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_VISIT));
    TRY(access_patient(&h->rq, h->rq.who->patient, AUDIT_READ, &row));
    int64_t start = booking_sent_ms(h, "start");
    if (start == 0) {
        return show_times(h, "start", T("Choose a time."), false);
    }
    const struct booking_ask ask = {.patient = h->rq.who->patient,
                                    .schedule = http_param(h, S("schedule")),
                                    .start_ms = start,
                                    .remote = str_eq(page_sent(h, "mode"), S("remote")),
                                    .purpose = page_sent(h, "purpose"),
                                    .problem = page_sent(h, "problem"),
                                    .urgency = page_sent(h, "urgency")};
    e = booking_make(&h->rq, tx, &ask, check, &b);
    if (e == E_UNPROCESSED || e == E_CONFLICT) {
        bool rule = check->fault == BOOKING_RULE;
        const char *field = booking_is_emergency(check) ? "urgency" : rule ? "mode" : "start";
        err_clear(&h->rq);
        return show_times(h, check->fault == BOOKING_PURPOSE ? "purpose" : field,
                          booking_refusal(check), booking_offers_in_person(check));
    }
    TRY(e);
    return page_commit(h, tx, S("/my/visits?done=my-booked"));
}

/* ---- one visit ---- */

static bool is_held(const struct booking *b)
{
    return b->state == BOOKING_BOOKED || b->state == BOOKING_ARRIVED;
}

/* The door of a visit by video: when it opens and closes, how it stands now, and the way in as soon as
 * there is one. */
static enum err set_room(struct http_req *h, const struct booking *b, struct val *x)
{
    struct room room;
    int64_t now = h->rq.now.ms;
    int64_t opens = 0;
    int64_t closes = 0;
    if (!is_held(b)) {
        return OK;
    }
    room_visit_hours(b, &opens, &closes);
    bool begun = b->remote && b->state == BOOKING_ARRIVED;
    val_set_bool(x, "over", begun && now > closes); /* held, and not ended by the doctor yet */
    val_set_bool(x, "passed", b->start_ms > 0 && !begun && now > MAX(b->end_ms, closes));
    if (closes == 0 || now > closes) {
        return OK;
    }
    val_set_instant(x, "opens", (struct instant){opens});
    val_set_instant(x, "closes", (struct instant){closes});
    val_set_bool(x, "early", now < opens);
    val_set_bool(x, "after", now > b->end_ms);
    enum err e = room_of(&h->rq, ROOM_VISIT, b->id, &room);
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        val_set_bool(x, "door", true); /* it is made by the first who comes */
        return OK;
    }
    TRY(e);
    val_set_str(x, "room", page_path(h, "/rooms/", room.id, ""));
    return OK;
}

static enum err set_booking(struct http_req *h, const struct directory *dir, const struct booking *b,
                            struct val *x)
{
    const struct care_move *moves[MOVES_MAX];
    uint32_t n = booking_moves(&h->rq, b, moves, MOVES_MAX);
    struct val *list = val_set_list(x, "moves");
    val_set_str(x, "id", b->id);
    if (b->start_ms > 0) {
        val_set_instant(x, "at", (struct instant){b->start_ms});
    }
    val_set_bool(x, "waits", b->state == BOOKING_WAITING);
    val_set_bool(x, "offered", b->state == BOOKING_OFFERED);
    if (b->state == BOOKING_OFFERED) {
        val_set_instant(x, "hold", (struct instant){b->hold_ms});
        val_set_bool(x, "lapsed", b->hold_ms <= h->rq.now.ms);
    }
    val_set_bool(x, "remote", b->remote);
    val_set_str(x, "who", b->person.n > 0 ? dir_person_name(dir, b->person) : S(""));
    val_set_str(x, "org", dir_org_name(dir, b->org));
    val_set_str(x, "place", b->place);
    val_set_z(x, "state", booking_state(b)->name);
    for (uint32_t i = 0; i < n; i++) {
        struct str action = str_z(moves[i]->action);
        if (str_eq(action, S("move"))) {
            val_set_str(x, "move", page_path(h, "/my/visits/", b->id, "/move"));
        }
        const char *title = str_eq(action, S("cancel"))    ? T("Cancel the visit")
                            : str_eq(action, S("accept"))  ? T("Take this time")
                            : str_eq(action, S("decline")) ? T("Decline this time")
                                                           : NULL;
        if (title != NULL) {
            struct val *v = val_add_map(list);
            val_set_str(v, "action", action);
            val_set_str(v, "title", tr(h->rq.lang, title));
        }
    }
    return set_room(h, b, x);
}

/* Where a visit stands for the patient: ahead or going on, or it was booked and nothing came of it. */
enum standing { STANDS_AHEAD, STANDS_MISSED, STANDS_NOWHERE };

static enum standing standing_of(const struct http_req *h, const struct booking *b)
{
    int64_t opens = 0;
    int64_t closes = 0;
    room_visit_hours(b, &opens, &closes);
    if (b->state == BOOKING_WAITING || b->state == BOOKING_OFFERED
        || (is_held(b) && MAX(b->end_ms, closes) >= h->rq.now.ms)) {
        return STANDS_AHEAD;
    }
    bool begun = b->remote && b->state == BOOKING_ARRIVED; /* it stands among those that were */
    return b->start_ms == 0 || begun || b->state == BOOKING_FULFILLED ? STANDS_NOWHERE : STANDS_MISSED;
}

enum err my_set_bookings(struct http_req *h, const struct my *m, struct val *root)
{
    struct booking *rows = ARENA_ARRAY(h->rq.a, BOOKINGS_MAX, struct booking);
    struct val *coming = val_set_list(root, "coming");
    struct val *missed = val_set_list(root, "missed");
    const struct directory *dir = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(directory_get(&h->rq, &dir));
    TRY(booking_of_patient(&h->rq, m->rid, rows, BOOKINGS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) { /* the latest stands first */
        if (standing_of(h, &rows[n - 1 - i]) == STANDS_AHEAD) {
            TRY(set_booking(h, dir, &rows[n - 1 - i], val_add_map(coming)));
        }
        if (standing_of(h, &rows[i]) == STANDS_MISSED) {
            TRY(set_booking(h, dir, &rows[i], val_add_map(missed)));
        }
    }
    return OK;
}

enum err web_my_visit(struct http_req *h)
{
    const struct directory *dir = NULL;
    struct booking b;
    struct my m;
    TRY(my_begin(h, T("Visit"), &m));
    TRY(booking_find(&h->rq, http_param(h, S("visit")), &b));
    TRY(directory_get(&h->rq, &dir));
    TRY(set_booking(h, dir, &b, val_set_map(m.root, "visit")));
    page_events(m.root, S("/events"));
    return page_reply(h, m.root, tpl_my_visit);
}

enum err web_my_visit_do(struct http_req *h)
{
    struct booking_check *check = ARENA_NEW(h->rq.a, struct booking_check);
    struct tx *tx = tx_new(&h->rq);
    struct str action = http_param(h, S("action"));
    struct booking b;
    enum err e = OK;
    TRY_MEM(&h->rq, check);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_VISIT));
    bool cancels = str_eq(action, S("cancel"));
    if (!cancels && !str_eq(action, S("accept")) && !str_eq(action, S("decline"))) {
        return FAIL(&h->rq, E_NOT_FOUND, "action");
    }
    const struct booking_args args = {.reason_code = cancels ? S("patient-asked") : S(""),
                                      .ret_check = check};
    e = booking_move(&h->rq, tx, http_param(h, S("visit")), action, &args, &b);
    if (e == E_CONFLICT) { /* begun, ended or moved on meanwhile: the page says how it stands now */
        err_clear(&h->rq);
        return http_redirect(h, page_path(h, "/my/visits/", http_param(h, S("visit")), "?done=visit-late"));
    }
    TRY(e);
    return page_commit(h, tx, cancels                     ? S("/my/visits?done=my-cancelled")
                              : str_eq(action, S("accept")) ? S("/my/visits?done=my-booked")
                                                            : S("/my/visits?done=my-declined"));
}
