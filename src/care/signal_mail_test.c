/* care/signal_mail_test.c - seats, the queue, mail between pages; all of it stays small. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "care/signal_int.h"
#include "os/clock.h"

enum { CAP = 64 << 20 };

static const struct str ROOM = SI("room");

static struct seat sit(struct signals *s, struct req *rq, const char *key, bool in)
{
    const struct seat_ask ask = {.key = str_z(key), .name = str_z(key), .host = in, .in = in};
    struct seat seat = {0};
    MUST(rq, signals_enter(s, rq, ROOM, &ask, &seat));
    return seat;
}

static void who_waits_is_let_in_and_taken_out(void **state)
{
    struct signals *s = signals_new(NULL, NULL);
    struct req rq;
    struct seat seats[8];
    uint32_t in = 0;
    uint32_t waiting = 0;
    (void)state;
    req_init(&rq, CAP, os_now());
    struct seat host = sit(s, &rq, "p:host", true);
    struct seat guest = sit(s, &rq, "g:guest", false);
    assert_int_equal(host.state, SEAT_IN);
    assert_int_equal(guest.state, SEAT_WAITING);
    assert_int_equal(signals_post(s, &rq, ROOM, guest.number, host.number, S("offer"), S("x")), E_NOT_FOUND);
    err_clear(&rq);
    MUST(&rq, signals_admit(s, &rq, ROOM, guest.number));
    MUST(&rq, signals_post(s, &rq, ROOM, guest.number, host.number, S("offer"), S("x")));
    const struct store_event removed = {EVENT_ROOM_OUT, guest.number, signals_room_topic(ROOM)};
    signals_committed(s, &removed, 1);
    assert_int_equal(sit(s, &rq, "g:guest", false).state, SEAT_WAITING); /* knocks again */
    rq.now.ms += SEAT_GONE_MS + 1;
    assert_int_equal(sit(s, &rq, "p:host", true).number, host.number);
    assert_int_equal(signals_seats(s, &rq, ROOM, seats, LEN(seats)), 1); /* who waited is gone */
    signals_count(s, ROOM, rq.now.ms, &in, &waiting);
    assert_int_equal(in, 1);
    assert_int_equal(waiting, 0);
    req_done(&rq);
    signals_free(s);
}

static void mail_comes_in_order_and_is_bounded(void **state)
{
    struct signals *s = signals_new(NULL, NULL);
    struct req rq;
    struct signal_note notes[SIGNAL_MAIL_MAX];
    uint32_t n = 0;
    bool lost = false;
    (void)state;
    req_init(&rq, CAP, os_now());
    struct seat a = sit(s, &rq, "p:a", true);
    struct seat b = sit(s, &rq, "p:b", true);
    for (int i = 0; i < SIGNAL_BURST; i++) {
        MUST(&rq, signals_post(s, &rq, ROOM, a.number, b.number, S("ice"), S("candidate")));
    }
    assert_int_equal(signals_post(s, &rq, ROOM, a.number, b.number, S("ice"), S("c")), E_LOCKED);
    err_clear(&rq);
    MUST(&rq, signals_read(s, &rq, ROOM, b.number, 0, notes, LEN(notes), &n, &lost));
    assert_int_equal(n, SIGNAL_MAIL_MAX);
    assert_true(lost);
    assert_int_equal(notes[n - 1].n, SIGNAL_BURST);
    MUST(&rq, signals_read(s, &rq, ROOM, b.number, notes[n - 1].n, notes, LEN(notes), &n, &lost));
    assert_int_equal(n, 0);
    assert_int_equal(signals_bytes(s), 0);
    for (int i = 0; i < 10; i++) { /* where somebody points now is all there is to know */
        MUST(&rq, signals_post(s, &rq, ROOM, b.number, SIGNAL_ALL, S("cursor"), S("{}")));
    }
    MUST(&rq, signals_read(s, &rq, ROOM, a.number, 0, notes, LEN(notes), &n, &lost));
    assert_int_equal(n, 1);
    req_done(&rq);
    signals_free(s);
}

static void a_thousand_wait_in_little_memory(void **state)
{
    enum { PEOPLE = 1000, MOST_BYTES = 10 << 20 };
    struct signals *s = signals_new(NULL, NULL);
    struct req rq;
    (void)state;
    req_init(&rq, CAP, os_now());
    for (uint64_t i = 0; i < PEOPLE; i++) {
        struct buf b;
        buf_init(&b, rq.a, 40);
        BUF_LIT(&b, "g:");
        buf_u64(&b, i);
        assert_true(buf_ok(&b));
        const struct seat_ask ask = {.key = buf_get(&b), .name = S("Somebody")};
        struct seat seat;
        MUST(&rq, signals_enter(s, &rq, ROOM, &ask, &seat));
        assert_int_equal(seat.number, i + 1);
    }
    assert_int_equal(signals_n_seats(s), PEOPLE);
    assert_true(PEOPLE * sizeof(struct chair) < MOST_BYTES);
    req_done(&rq);
    signals_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_waits_is_let_in_and_taken_out),
        cmocka_unit_test(mail_comes_in_order_and_is_bounded),
        cmocka_unit_test(a_thousand_wait_in_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
