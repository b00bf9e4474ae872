/* care/signal_test.c - seats and mailboxes of rooms: who gets what, what is handed to the media bridge, and
 * which way people reach each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/must_testing.h"
#include "care/signal.h"

#define ROOM S("room1")
enum { MESH_MOST = 2, NOTES = 8 };

static struct req rq;
static struct signals *s;
static char told[1024]; /* of the bridge */
static bool server_up;

static void note(const char *what, uint32_t seat, struct str body)
{
    size_t n = strlen(told);
    (void)snprintf(told + n, sizeof told - n, "%s %u %.*s;", what, seat, STR_ARG(body));
}

static void take(struct str room, uint32_t seat, struct str kind, struct str body, void *ctx)
{
    (void)room;
    (void)kind;
    (void)ctx;
    note("take", seat, body);
}

static void left(struct str room, uint32_t seat, void *ctx)
{
    (void)room;
    (void)ctx;
    note("left", seat, S(""));
}

static void ended(struct str room, void *ctx)
{
    (void)room;
    (void)ctx;
    note("ended", 0, S(""));
}

static bool up(void *ctx)
{
    (void)ctx;
    return server_up;
}

static bool record(struct str room, struct str recording, void *ctx)
{
    (void)room;
    (void)ctx;
    note("record", 0, recording);
    return true;
}

static const struct signals_bridge bridge = {take, left, ended, up, record, NULL};

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 4 << 20, (struct instant){1000});
    s = signals_new(NULL, NULL);
    told[0] = 0;
    server_up = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    signals_free(s);
    req_done(&rq);
    return 0;
}

static uint32_t enter(const char *key)
{
    struct seat seat;
    const struct seat_ask ask = {.key = str_z(key), .name = str_z(key), .in = true};
    MUST(&rq, signals_enter(s, &rq, ROOM, &ask, &seat));
    return seat.number;
}

static uint32_t read_mail(uint32_t seat, uint64_t after, struct signal_note notes[NOTES])
{
    uint32_t n = 0;
    bool lost = false;
    MUST(&rq, signals_read(s, &rq, ROOM, seat, after, notes, NOTES, &n, &lost));
    assert_false(lost);
    return n;
}

/* A transaction that said so was committed. */
static void committed(enum event_kind kind, uint32_t seat)
{
    const struct store_event event = {.kind = kind, .part = seat, .topic = signals_room_topic(ROOM)};
    signals_committed(s, &event, 1);
}

static void mail(void **state)
{
    (void)state;
    struct signal_note notes[NOTES];
    uint32_t a = enter("p:a");
    uint32_t b = enter("p:b");
    uint32_t c = enter("p:c");
    MUST(&rq, signals_post(s, &rq, ROOM, a, b, S("offer"), S("one")));
    MUST(&rq, signals_post(s, &rq, ROOM, a, SIGNAL_ALL, S("level"), S("two")));
    assert_int_equal(read_mail(a, 0, notes), 0);
    assert_int_equal(read_mail(c, 0, notes), 1);
    assert_int_equal(read_mail(b, 0, notes), 2);
    assert_true(str_eq(notes[0].body, S("one")) && notes[0].from == a);
    assert_int_equal(read_mail(b, notes[1].n, notes), 0);
    assert_int_equal(signals_post(s, &rq, ROOM, a, 99, S("offer"), S("x")), E_NOT_FOUND);
    err_clear(&rq);
    assert_int_equal(signals_post(s, &rq, ROOM, 99, b, S("offer"), S("x")), E_NOT_FOUND);
    err_clear(&rq);
}

static void media_hook(void **state)
{
    (void)state;
    static char big[SIGNAL_MEDIA_MAX + 1];
    struct signal_note notes[NOTES];
    uint32_t a = enter("p:a");
    uint32_t b = enter("p:b");
    assert_int_equal(signals_post(s, &rq, ROOM, a, SIGNAL_MEDIA, S("media"), S("x")), E_BUSY);
    err_clear(&rq);
    signals_bridge_set(s, &bridge);
    MUST(&rq, signals_post(s, &rq, ROOM, a, SIGNAL_MEDIA, S("media"), S("join")));
    memset(big, 'x', sizeof big);
    struct str most = {big, SIGNAL_MEDIA_MAX};
    MUST(&rq, signals_post(s, &rq, ROOM, SIGNAL_MEDIA, b, S("media"), most));
    assert_int_equal(read_mail(b, 0, notes), 1);
    assert_int_equal(notes[0].from, SIGNAL_MEDIA);
    struct str more = {big, sizeof big};
    assert_int_equal(signals_post(s, &rq, ROOM, SIGNAL_MEDIA, b, S("media"), more), E_TOO_LARGE);
    err_clear(&rq);
    assert_int_equal(signals_post(s, &rq, ROOM, a, b, S("offer"), most), E_TOO_LARGE);
    err_clear(&rq);
    committed(EVENT_ROOM_LEAVE, a);
    committed(EVENT_ROOM_LEAVE, b);
    committed(EVENT_ROOM_LEAVE, b); /* is gone already */
    assert_string_equal(told, "take 1 join;left 1 ;left 2 ;ended 0 ;");
}

static void ways(void **state)
{
    (void)state;
    uint32_t seats[3];
    static const char *const keys[] = {"p:a", "p:b", "p:c"};
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_MESH);
    for (size_t i = 0; i < 3; i++) {
        seats[i] = enter(keys[i]);
        assert_int_equal(signals_way(s, ROOM, MESH_MOST), i < 2 ? SIGNAL_WAY_MESH : SIGNAL_WAY_NONE);
    }
    signals_bridge_set(s, &bridge);
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_SERVER);
    /* few again: it stays on the server while there is one, else page to page */
    committed(EVENT_ROOM_LEAVE, seats[2]);
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_SERVER);
    server_up = false;
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_MESH);
    server_up = true;
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_MESH);
    seats[2] = enter("p:c");
    server_up = false; /* too many to do without: the bridge says what is possible */
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_SERVER);
    /* a new meeting begins page to page */
    server_up = true;
    committed(EVENT_ROOM_END, 0);
    (void)enter("p:a");
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_MESH);
}

static enum err record_now(struct str id)
{
    return signals_record(s, &rq, ROOM, id, signals_comings(s, ROOM));
}

/* It runs by the media server alone; who comes in silences it; it ends when nobody is in. */
static void recording(void **state)
{
    (void)state;
    struct str id = S("rec1");
    assert_int_equal(record_now(id), E_NOT_FOUND);
    err_clear(&rq);
    uint32_t a = enter("p:a");
    assert_int_equal(record_now(id), E_BUSY);
    err_clear(&rq);
    signals_bridge_set(s, &bridge);
    MUST(&rq, record_now(id));
    assert_int_equal(signals_record(s, &rq, ROOM, id, 0), E_STALE);
    err_clear(&rq);
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_SILENT);
    MUST(&rq, record_now(id));
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_ON);
    assert_int_equal(signals_recording(s, ROOM, S("rec2")), SIGNAL_RECORD_NONE);
    assert_int_equal(signals_way(s, ROOM, MESH_MOST), SIGNAL_WAY_SERVER); /* one alone, and by the server */
    (void)enter("p:a"); /* is in already */
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_ON);
    uint32_t b = enter("p:b");
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_SILENT);
    MUST(&rq, record_now(id));
    committed(EVENT_ROOM_OUT, b);
    MUST(&rq, signals_admit(s, &rq, ROOM, b)); /* let in again */
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_SILENT);
    MUST(&rq, record_now(id));
    signals_record_stop(s, ROOM, true);
    signals_record_stop(s, ROOM, true);
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_NONE);
    MUST(&rq, record_now(id));
    signals_record_lost(s, ROOM);
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_LOST);
    MUST(&rq, record_now(id));
    committed(EVENT_ROOM_LEAVE, a);
    committed(EVENT_ROOM_OUT, b);
    assert_int_equal(signals_recording(s, ROOM, id), SIGNAL_RECORD_NONE);
    assert_string_equal(told, "record 0 rec1;record 0 ;record 0 rec1;record 0 ;record 0 rec1;left 2 ;"
                              "record 0 ;record 0 rec1;record 0 ;record 0 rec1;record 0 rec1;"
                              "left 1 ;left 2 ;ended 0 ;");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(mail, setup, teardown),
        cmocka_unit_test_setup_teardown(media_hook, setup, teardown),
        cmocka_unit_test_setup_teardown(ways, setup, teardown),
        cmocka_unit_test_setup_teardown(recording, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
