/* web/my_move.c - a patient moves a visit to another free time of the same doctor, as the rules allow. */
#include "base/text.h"
#include "care/booking.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/booking.h"
#include "web/my.h"
#include "web/pages.h"
#include "web/tpl.h"

static enum err show(struct http_req *h, unsigned status, const char *fault, bool offer)
{
    struct schedule *s = ARENA_NEW(h->rq.a, struct schedule);
    const struct directory *dir = NULL;
    struct booking b;
    struct my m;
    TRY_MEM(&h->rq, s);
    TRY(my_may(h, MY_VISIT));
    TRY(my_begin(h, T("Another time"), &m));
    TRY(booking_find(&h->rq, http_param(h, S("visit")), &b));
    if (care_move_find(&care_booking, b.state, S("move")) == NULL) {
        return http_redirect(h, page_path(h, "/my/visits/", b.id, "?done=visit-late"));
    }
    TRY(schedule_load(&h->rq, b.schedule, s));
    TRY(directory_get(&h->rq, &dir));
    if (fault != NULL) {
        page_error(h, m.root, "start", fault);
    }
    if (offer) {
        page_error(h, m.root, "start", visit_offer_text());
    }
    struct str base = page_path(h, "/my/visits/", b.id, "/move");
    TRY(booking_set_days(h, m.root, s, b.remote ? SLOT_REMOTE : SLOT_IN_PERSON,
                         booking_day_of(http_query(h, S("from"))), b.id));
    booking_set_later(h, m.root, base);
    struct val *x = val_set_map(m.root, "visit");
    val_set_instant(x, "at", (struct instant){b.start_ms});
    val_set_bool(x, "remote", b.remote);
    val_set_str(x, "who", dir_person_name(dir, b.person));
    val_set_str(x, "org", dir_org_name(dir, b.org));
    val_set_str(x, "place", b.place);
    val_set_str(x, "href", page_path(h, "/my/visits/", b.id, ""));
    val_set_i64(x, "version", (int64_t)b.version);
    val_set_str(x, "post", base);
    return page_reply_status(h, status, m.root, tpl_my_move);
}

enum err web_my_move_page(struct http_req *h)
{
    return show(h, 200, NULL, false);
}

/* Somebody took the time, or moved the visit, a moment before. */
static enum err late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_CONFLICT && e != E_STALE) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return show(h, 409, booking_fault_text(BOOKING_TAKEN), false);
}

enum err web_my_move(struct http_req *h)
{
    struct booking_check *check = ARENA_NEW(h->rq.a, struct booking_check);
    struct tx *tx = tx_new(&h->rq);
    struct booking b;
    uint64_t expect = 0;
    enum err e = OK;
    TRY_MEM(&h->rq, check);
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(my_may(h, MY_VISIT));
    int64_t start = booking_sent_ms(h, "start");
    if (start == 0) {
        return show(h, 422, T("Choose a time."), false);
    }
    const struct booking_args args = {.start_ms = start,
                                      .expect = str_u64(page_sent(h, "version"), &expect) ? expect : 0,
                                      .ret_check = check};
    e = booking_move(&h->rq, tx, http_param(h, S("visit")), S("move"), &args, &b);
    if (check->fault != BOOKING_OK && (e == E_UNPROCESSED || e == E_CONFLICT)) {
        err_clear(&h->rq);
        return show(h, e == E_CONFLICT ? 409 : 422, booking_refusal(check), booking_offers_in_person(check));
    }
    if (e == E_CONFLICT || e == E_STALE) {
        return late(h);
    }
    TRY(e);
    h->on_fail = late;
    return page_commit(h, tx, S("/my/visits?done=visit-moved"));
}
