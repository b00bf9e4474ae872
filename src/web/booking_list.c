/* web/booking_list.c - visits of a day, the waiting list; a visit is cancelled, moved, offered, or a word
 * said about it. */
#include "web/booking.h"

#include "base/text.h"
#include "care/abroad.h"
#include "care/content.h"
#include "care/directory.h"
#include "care/icd.h"
#include "fhir/type.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { DAY_MAX = 300, WAITING_MAX = 200, MOVES_MAX = 8 };

/* ---- one visit as values ---- */

/* Moves that have a button of their own in a list: the others are links to pages. A remote visit takes
 * place on its own page. */
static bool is_direct(const struct booking *b, struct str action)
{
    return (!b->remote && str_eq(action, S("fulfil"))) || str_eq(action, S("arrive")) ||
           str_eq(action, S("no-show")) || str_eq(action, S("accept")) || str_eq(action, S("decline"));
}

/* "/visits/ID/do/ACTION" */
static struct str do_path(struct http_req *h, const struct booking *b, struct str action)
{
    struct buf out;
    buf_init(&out, h->rq.a, 160);
    BUF_LIT(&out, "/visits/");
    buf_str(&out, b->id);
    BUF_LIT(&out, "/do/");
    buf_str(&out, action);
    return buf_get(&out);
}

static void set_moves(struct http_req *h, const struct booking *b, struct val *m)
{
    const struct care_move *moves[MOVES_MAX];
    uint32_t n = booking_moves(&h->rq, b, moves, MOVES_MAX);
    struct val *list = val_set_list(m, "moves");
    int64_t now = h->rq.now.ms;
    bool today = zone_day(&b->zone, now) == zone_day(&b->zone, b->start_ms);

    for (uint32_t i = 0; i < n; i++) {
        struct str action = str_z(moves[i]->action);
        bool fits = str_eq(action, S("arrive"))    ? today
                    : str_eq(action, S("no-show")) ? now >= b->start_ms
                                                   : true;
        if (is_direct(b, action) && fits) {
            struct val *one = val_add_map(list);
            val_set_str(one, "title", tr(h->rq.lang, moves[i]->title));
            val_set_str(one, "post", do_path(h, b, action));
        }
    }
}

static bool may_move(const struct http_req *h, const struct booking *b, struct str action)
{
    const struct care_move *m = care_move_find(&care_booking, b->state, action);
    return m != NULL && (m->who & booking_actor(&h->rq, b)) != 0;
}

/* "/visits/ID" + suffix. */
static struct str visit_path(struct http_req *h, const struct booking *b, const char *suffix)
{
    return page_path(h, "/visits/", b->id, suffix);
}

static enum err set_visit(struct http_req *h, const struct directory *dir, const struct booking *b,
                          struct val *m)
{
    const char *shut = NULL;
    struct patient p;
    enum abroad is = ABROAD_HOME;

    TRY(patient_load(&h->rq, b->patient_rid, &p));
    TRY(b->remote ? abroad_of(&h->rq, b->patient_rid, h->rq.who->audit.org, &is) : OK);
    bool shows = !abroad_is_shut(is);
    struct str name = p.name.n > 0 ? p.name : tr(h->rq.lang, T("Unidentified patient"));
    booking_set_time(h, m, b->start_ms, b->end_ms, &b->zone);
    val_set_str(m, "id", b->id);
    val_set_str(m, "patient", shows ? name : tr(h->rq.lang, T("No consent to another country")));
    val_set_str(m, "birth", shows ? p.birth_date : S(""));
    val_set_bool(m, "remote", b->remote);
    val_set_bool(m, "advice", b->advice);
    val_set_str(m, "purpose", booking_code(h, S("visit-purpose"), b->purpose));
    val_set_str(m, "problem", shows ? icd_titled(&h->rq, care_of(&h->rq)->icd, b->problem) : S(""));
    val_set_str(m, "state", tr(h->rq.lang, booking_state(b)->title));
    val_set_z(m, "code", booking_state(b)->name);
    val_set_str(m, "doctor", b->person.n > 0 ? dir_person_name(dir, b->person) : S(""));
    struct str org = dir_org_name(dir, b->org);
    val_set_str(m, "org", str_starts(b->place, org) ? S("") : org); /* the place says it */
    val_set_str(m, "place", b->place);
    if (booking_actor(&h->rq, b) & ACTOR_DOCTOR && b->start_ms > 0) {
        val_set_str(m, "href", visit_path(h, b, ""));
    }
    if (may_move(h, b, S("move")) || may_move(h, b, S("offer"))) {
        val_set_str(m, "change", visit_path(h, b, "/change"));
    }
    TRY(booking_no_cancel(&h->rq, b, &shut));
    if (shut == NULL && may_move(h, b, S("cancel"))) {
        val_set_str(m, "cancel", visit_path(h, b, "/cancel"));
    }
    if (b->state == BOOKING_OFFERED) {
        val_set_instant(m, "hold", (struct instant){b->hold_ms});
        val_set_bool(m, "lapsed", b->hold_ms <= h->rq.now.ms);
    }
    set_moves(h, b, m);
    return OK;
}

static enum err note_list(struct http_req *h, const char *what)
{
    struct audit_rec rec = {.action = AUDIT_SEARCH, .why = WHY_REGISTRY, .type = T_APPOINTMENT,
                            .detail = str_z(what)};
    return audit_add(&h->rq, &rec);
}

/* ---- the day ---- */

static const struct {
    const char *code, *title;
    enum booking_by by;
    uint32_t right;
} views[] = {
    {"mine", T("My visits"), BOOKING_BY_PERSON, MAY_VISIT},
    {"org", T("Visits here"), BOOKING_BY_ORG, MAY_BOOK},
    {"booked", T("Booked by us elsewhere"), BOOKING_BY_BOOKER, MAY_BOOK},
};

static size_t view_of(struct http_req *h)
{
    struct str of = http_query(h, S("of"));
    size_t first = LEN(views);

    for (size_t i = 0; i < LEN(views); i++) {
        if (who_may(h->rq.who, views[i].right)) {
            first = first == LEN(views) ? i : first;
            if (str_eq(of, str_z(views[i].code))) {
                return i;
            }
        }
    }
    return first;
}

static void set_views(struct http_req *h, struct val *root, size_t at, struct str day)
{
    struct val *list = val_set_list(root, "views");

    for (size_t i = 0; i < LEN(views); i++) {
        if (who_may(h->rq.who, views[i].right)) {
            struct val *m = val_add_map(list);
            struct buf b;
            buf_init(&b, h->rq.a, 120);
            BUF_LIT(&b, "/visits");
            page_query(&b, "day", day);
            page_query(&b, "of", str_z(views[i].code));
            val_set_str(m, "href", buf_get(&b));
            val_set_str(m, "title", tr(h->rq.lang, views[i].title));
            val_set_bool(m, "current", i == at);
        }
    }
}

enum err web_visits(struct http_req *h)
{
    struct booking *all = ARENA_ARRAY(h->rq.a, DAY_MAX, struct booking);
    const struct directory *dir = NULL;
    struct val *root = NULL;
    int64_t today = zone_day(page_zone(h), h->rq.now.ms);
    int64_t day = booking_day_of(http_query(h, S("day")));
    size_t at = view_of(h);
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    day = day > 0 ? day : today;
    TRY(page_begin(h, T("Visits"), &root));
    TRY(directory_get(&h->rq, &dir));
    struct str owner = views[at].by == BOOKING_BY_PERSON ? h->rq.who->person : h->rq.who->audit.org;
    TRY(booking_list(&h->rq, views[at].by, owner, zone_midnight(page_zone(h), day),
                     zone_midnight(page_zone(h), day + 1), all, DAY_MAX, &n));
    TRY(note_list(h, "visits of a day"));
    struct val *list = val_set_list(root, "visits");
    for (uint32_t i = 0; i < n; i++) {
        TRY(set_visit(h, dir, &all[i], val_add_map(list)));
    }
    set_views(h, root, at, booking_day_text(h, day));
    val_set_str(root, "day", booking_day_text(h, day));
    val_set_str(root, "weekday", booking_weekday(h, slot_weekday(day)));
    val_set_str(root, "before", booking_day_text(h, day - 1));
    val_set_str(root, "after", booking_day_text(h, day + 1));
    val_set_z(root, "of", views[at].code);
    val_set_bool(root, "today", day == today);
    page_kind(root, "wide");
    return page_reply(h, root, tpl_booking_day);
}

enum err web_waiting(struct http_req *h)
{
    struct booking *all = ARENA_ARRAY(h->rq.a, WAITING_MAX, struct booking);
    const struct directory *dir = NULL;
    struct val *root = NULL;
    uint32_t n = 0;

    TRY_MEM(&h->rq, all);
    TRY(page_begin(h, T("Waiting list"), &root));
    TRY(directory_get(&h->rq, &dir));
    TRY(booking_waiting(&h->rq, h->rq.who->audit.org, all, WAITING_MAX, &n));
    TRY(note_list(h, "waiting list"));
    struct val *list = val_set_list(root, "visits");
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        TRY(set_visit(h, dir, &all[i], m));
        val_set_instant(m, "since", (struct instant){all[i].created_ms});
    }
    page_kind(root, "wide");
    return page_reply(h, root, tpl_booking_waiting);
}

/* ---- cancelling ---- */

static enum err open_visit(struct http_req *h, const char *title, struct booking *b,
                           struct val **ret_root)
{
    const struct directory *dir = NULL;

    TRY(booking_find(&h->rq, http_param(h, S("visit")), b));
    TRY(page_begin(h, title, ret_root));
    TRY(directory_get(&h->rq, &dir));
    page_kind(*ret_root, "narrow");
    return set_visit(h, dir, b, val_set_map(*ret_root, "visit"));
}

static enum err show_cancel(struct http_req *h, unsigned status, const char *fault)
{
    const struct code_list *list = content_list(care_of(&h->rq)->content, S("visit-cancel"));
    struct val *root = NULL;
    const char *shut = NULL;
    struct booking b;

    TRY(open_visit(h, T("Cancel the visit"), &b, &root));
    TRY(booking_no_cancel(&h->rq, &b, &shut));
    if (shut != NULL) {
        val_set_str(root, "shut", tr(h->rq.lang, shut));
        return page_reply_status(h, 409, root, tpl_booking_cancel);
    }
    if (!may_move(h, &b, S("cancel"))) {
        return FAIL(&h->rq, E_FORBIDDEN, "cancel: the visit is %s", booking_state(&b)->name);
    }
    if (fault != NULL) {
        page_error(h, root, "reason", fault);
    }
    struct val *f = page_field(h, root, "reason", T("Why the visit is cancelled"), S(""));
    for (uint32_t i = 0; list != NULL && i < list->n; i++) {
        page_option(f, list->items[i].code, text4_get(&list->items[i].title, h->rq.lang));
    }
    page_field(h, root, "words", T("In words, if needed"), S(""));
    val_set_str(root, "post", visit_path(h, &b, "/do/cancel"));
    return page_reply_status(h, status, root, tpl_booking_cancel);
}

enum err web_visit_cancel(struct http_req *h)
{
    return show_cancel(h, 200, NULL);
}

/* ---- another time ---- */

static enum err show_change(struct http_req *h, unsigned status, struct str fault)
{
    struct schedule *s = ARENA_NEW(h->rq.a, struct schedule);
    struct val *root = NULL;
    struct booking b;

    TRY_MEM(&h->rq, s);
    TRY(open_visit(h, T("Choose a time"), &b, &root));
    if (!may_move(h, &b, S("move")) && !may_move(h, &b, S("offer"))) {
        return FAIL(&h->rq, E_CONFLICT, "the visit is %s", booking_state(&b)->name);
    }
    if (fault.n > 0) {
        page_error_text(root, "start", fault);
    }
    TRY(schedule_load(&h->rq, b.schedule, s));
    val_set_str(root, "where", booking_where(h, s));
    TRY(booking_set_days(h, root, s, b.remote ? SLOT_REMOTE : SLOT_IN_PERSON,
                         booking_day_of(http_query(h, S("from"))), b.id));
    val_set_bool(root, "waits", b.state == BOOKING_WAITING);
    val_set_i64(root, "version", (int64_t)b.version);
    booking_set_later(h, root, visit_path(h, &b, "/change"));
    val_set_str(root, "post", visit_path(h, &b, b.state == BOOKING_WAITING ? "/do/offer" : "/do/move"));
    return page_reply_status(h, status, root, tpl_booking_change);
}

enum err web_visit_change(struct http_req *h)
{
    return show_change(h, 200, S(""));
}

/* ---- a move ---- */

static const struct {
    const char *action, *done;
} dones[] = {{"book", "visit-booked"},   {"offer", "visit-offered"}, {"accept", "visit-booked"},
             {"decline", "visit-waits"}, {"move", "visit-moved"},    {"arrive", "visit-arrived"},
             {"no-show", "visit-noshow"}, {"cancel", "visit-cancelled"}, {"fulfil", "visit-took-place"}};

static struct str led_to(struct http_req *h, const struct booking *b, struct str action)
{
    for (size_t i = 0; i < LEN(dones); i++) {
        if (str_eq(action, str_z(dones[i].action))) {
            struct buf out;
            buf_init(&out, h->rq.a, 120);
            buf_str(&out, b->start_ms > 0 ? S("/visits") : S("/waiting"));
            if (b->start_ms > 0) {
                page_query(&out, "day", booking_day_text(h, zone_day(page_zone(h), b->start_ms)));
            }
            page_query(&out, "done", str_z(dones[i].done));
            return buf_get(&out);
        }
    }
    return S("/visits");
}

/* The page the move came from, with what is wrong. */
static enum err again(struct http_req *h, unsigned status, struct str action, const char *fault)
{
    if (str_eq(action, S("cancel"))) {
        return show_cancel(h, status, fault);
    }
    return show_change(h, status, tr(h->rq.lang, fault));
}

static enum err late(struct http_req *h)
{
    enum err code = h->rq.err.code;

    if (code != E_CONFLICT) {
        return page_render_error(h, code);
    }
    err_clear(&h->rq);
    return again(h, 409, http_param(h, S("action")), booking_fault_text(BOOKING_TAKEN));
}

enum err web_visit_do(struct http_req *h)
{
    struct booking_check *c = ARENA_NEW(h->rq.a, struct booking_check);
    struct tx *tx = tx_new(&h->rq);
    struct str action = http_param(h, S("action"));
    struct booking b;
    bool slot = str_eq(action, S("move")) || str_eq(action, S("offer")) || str_eq(action, S("book"));
    uint64_t expect = 0;
    enum err e = OK;

    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, tx);
    TRY_MEM(&h->rq, c);
    TRY(http_form_check(h));
    const struct booking_args args = {.start_ms = booking_sent_ms(h, "start"),
                                      .reason_code = page_sent(h, "reason"),
                                      .reason = page_sent(h, "words"),
                                      .expect = str_u64(page_sent(h, "version"), &expect) ? expect : 0,
                                      .ret_check = c};
    if (slot && args.start_ms == 0) {
        return again(h, 422, action, T("Choose a time."));
    }
    e = booking_move(&h->rq, tx, http_param(h, S("visit")), action, &args, &b);
    bool told = c->fault != BOOKING_OK && (e == E_UNPROCESSED || e == E_CONFLICT);
    bool cancels = str_eq(action, S("cancel"));
    if (told || (cancels && (e == E_BAD_INPUT || e == E_CONFLICT))) {
        err_clear(&h->rq);
        return again(h, e == E_CONFLICT ? 409 : 422, told ? S("move") : action,
                     told ? booking_fault_text(c->fault)
                          : T("Choose a reason; words may have 500 characters."));
    }
    TRY(e);
    h->on_fail = slot ? late : NULL;
    return page_commit(h, tx, led_to(h, &b, action));
}
