/* care/recording_test.c - a recording is begun only when everybody who is in agreed, waits for who comes, ends
 * with a no, a standing refusal, the meeting, the media server; each answer is kept. */
#include "care/content.h"
#include "care/patient_account_consent.h"
#include "care/recording_int.h"
#include "care/room_testing.h"

static bool server_up;
static char bridge_said[512];

static void take(struct str room, uint32_t seat, struct str kind, struct str body, void *ctx)
{
    (void)room, (void)seat, (void)kind, (void)body, (void)ctx;
}

static void left(struct str room, uint32_t seat, void *ctx)
{
    (void)room, (void)seat, (void)ctx;
}

static void ended(struct str room, void *ctx)
{
    (void)room, (void)ctx;
}

static bool up(void *ctx)
{
    (void)ctx;
    return server_up;
}

static bool on_record(struct str room, struct str recording, void *ctx)
{
    (void)room, (void)ctx;
    strcat(bridge_said, recording.n > 0 ? "on;" : "off;");
    return true;
}

static const struct signals_bridge bridge = {take, left, ended, up, on_record, NULL};

/* Everything that recording needs is there. */
static int setup(void **state)
{
    int e = rooms_setup(state);
    region.care.recordings = S("/tmp/none");
    region.care.recorder = "/usr/bin/true";
    return e;
}

static void anew(void)
{
    rooms_anew();
    server_up = true;
    bridge_said[0] = 0;
    signals_bridge_set(region.care.signals, &bridge);
    region.care.policy = content_policy(region.content, S("kz"));
}

static enum err act_ask(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return recording_ask(rq, tx, c);
}

/* seat: whether they agree. */
static enum err act_answer(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    return recording_answer(rq, tx, c, seat != 0);
}

static enum err act_stop(struct req *rq, struct tx *tx, struct room_caller *c, uint32_t seat)
{
    (void)seat;
    return recording_stop(rq, tx, c);
}

static struct recording now_of(struct req *keep, struct str room)
{
    struct recording r;
    struct room kept = room_now(keep, room);
    MUST(keep, recording_of(keep, &kept, &r));
    return r;
}

/* The thread looks once. */
static struct recording looked(struct req *keep, struct str room)
{
    struct recording r = now_of(keep, room);
    struct recording_begin begin;
    struct req *rq = of_who(keep, &who_clock);
    struct tx *tx = tx_new(rq);
    MUST(rq, recording_look(rq, tx, &r, &begin));
    if (!tx_is_empty(tx)) {
        MUST(rq, store_commit(region.store, rq, tx));
    }
    if (begin.due) {
        recording_begin(rq, &r, &begin);
    }
    return now_of(keep, room);
}

static struct room a_meeting(struct req *keep)
{
    struct room_caller c;
    anew();
    struct room room = a_room(keep);
    assert_int_equal(comes(keep, "asker", room.id, &c), OK);
    assert_int_equal(comes(keep, "cons1", room.id, &c), OK);
    return room_now(keep, room.id);
}

static enum signal_record runs(const struct recording *r)
{
    return signals_recording(region.care.signals, r->room, r->id);
}

static void all_agree_first(void **state)
{
    (void)state;
    struct req keep;
    struct room_caller c;
    as(&keep, NULL);
    struct room room = a_meeting(&keep);
    assert_int_equal(does(&keep, "asker", room.id, act_answer, 1), E_NOT_FOUND); /* nothing was asked */
    assert_int_equal(does(&keep, "asker", room.id, act_ask, 0), OK);
    assert_int_equal(does(&keep, "cons1", room.id, act_ask, 0), E_CONFLICT); /* one at a time */
    struct recording r = looked(&keep, room.id);
    assert_int_equal(r.state, RECORDING_ASKING);
    assert_string_equal(bridge_said, "");
    assert_int_equal(does(&keep, "cons1", room.id, act_answer, 1), OK);
    r = looked(&keep, room.id);
    assert_int_equal(r.state, RECORDING_ON);
    assert_true(r.started_ms > 0 && str_eq(r.encounter, room.encounter));
    assert_int_equal(runs(&r), SIGNAL_RECORD_ON);
    assert_string_equal(bridge_said, "on;");

    /* who comes silences it at once, and is asked */
    assert_int_equal(comes(&keep, "cons2", room.id, &c), OK);
    assert_int_equal(runs(&r), SIGNAL_RECORD_SILENT);
    assert_string_equal(bridge_said, "on;off;");
    assert_int_equal(looked(&keep, room.id).state, RECORDING_ASKING);
    assert_int_equal(looked(&keep, room.id).state, RECORDING_ASKING);
    assert_int_equal(does(&keep, "cons2", room.id, act_answer, 1), OK);
    r = looked(&keep, room.id);
    assert_int_equal(r.state, RECORDING_ON);
    /* who agreed and comes back is not asked again */
    assert_int_equal(does(&keep, "cons2", room.id, act_leave, 0), OK);
    assert_int_equal(comes(&keep, "cons2", room.id, &c), OK);
    assert_int_equal(runs(&r), SIGNAL_RECORD_SILENT);
    r = looked(&keep, room.id);
    assert_int_equal(r.state, RECORDING_ON);
    assert_int_equal(runs(&r), SIGNAL_RECORD_ON);

    assert_int_equal(does(&keep, "cons1", room.id, act_stop, 0), OK);
    r = now_of(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_HOST && runs(&r) == SIGNAL_RECORD_NONE);
    assert_int_equal(does(&keep, "cons1", room.id, act_stop, 0), OK);
    assert_int_equal(does(&keep, "cons1", room.id, act_answer, 1), E_NOT_FOUND);
    req_done(&keep);
}

/* Two answers of one moment, each of which saw the other missing, are one recording. */
static void answers_of_one_moment(void **state)
{
    (void)state;
    struct req keep;
    struct room_caller c[2];
    as(&keep, NULL);
    struct room room = a_meeting(&keep);
    struct req *a = as_long_as(&keep, "asker");
    struct req *b = as_long_as(&keep, "cons1");
    struct tx *first = tx_new(a);
    struct tx *second = tx_new(b);
    MUST(a, room_caller(a, room.id, S(""), &c[0]));
    MUST(b, room_caller(b, room.id, S(""), &c[1]));
    MUST(a, recording_ask(a, first, &c[0]));
    MUST(b, recording_ask(b, second, &c[1]));
    MUST(a, store_commit(region.store, a, first));
    assert_int_equal(store_commit(region.store, b, second), E_CONFLICT);
    req_done(&keep);
}

static void a_no_ends_it(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct room room = a_meeting(&keep);
    assert_int_equal(does(&keep, "asker", room.id, act_ask, 0), OK);
    assert_int_equal(does(&keep, "cons1", room.id, act_answer, 0), OK);
    struct recording r = now_of(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_NO && r.started_ms == 0);
    assert_string_equal(bridge_said, "");
    /* asked again, agreed, taken back */
    region.now.ms += 1000;
    assert_int_equal(does(&keep, "asker", room.id, act_ask, 0), OK);
    assert_int_equal(does(&keep, "cons1", room.id, act_answer, 1), OK);
    r = looked(&keep, room.id);
    assert_int_equal(r.state, RECORDING_ON);
    assert_int_equal(does(&keep, "cons1", room.id, act_answer, 0), OK);
    assert_string_equal(bridge_said, "on;off;");
    r = now_of(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_NO);
    /* the answer stands in the record, as it was changed */
    struct recording_answer said[4];
    uint32_t n = 0;
    MUST(&keep, recording_answers(&keep, r.id, said, LEN(said), &n));
    assert_int_equal(n, 2);
    for (uint32_t i = 0; i < n; i++) {
        struct res_row row;
        struct json_doc *doc = ARENA_NEW(keep.a, struct json_doc);
        bool yes = said[i].said == RECORDING_YES;
        MUST(&keep, db_read(&keep, T_CONSENT, said[i].consent, &row));
        MUST(&keep, json_parse(&keep, row.body, NULL, doc));
        struct jv v = json_root(doc);
        assert_true(json_is(json_path(v, S("provision.type")), yes ? S("permit") : S("deny")));
        assert_true(json_is(json_get(v, S("status")), yes ? S("active") : S("rejected")));
        assert_int_equal(row.version, yes ? 1 : 2);
        assert_true(str_starts(json_str(keep.a, json_path(v, S("performer.0.reference"))), S("Practitioner/")));
    }
    req_done(&keep);
}

/* Begins a recording of a meeting of two. */
static struct room recorded(struct req *keep)
{
    struct room room = a_meeting(keep);
    assert_int_equal(does(keep, "asker", room.id, act_ask, 0), OK);
    assert_int_equal(does(keep, "cons1", room.id, act_answer, 1), OK);
    assert_int_equal(looked(keep, room.id).state, RECORDING_ON);
    return room;
}

static void ends_by_itself(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct room room = recorded(&keep);
    signals_record_lost(region.care.signals, room.id);
    struct recording r = looked(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_LOST);

    room = recorded(&keep);
    assert_int_equal(does(&keep, "cons1", room.id, act_end, 0), OK);
    r = looked(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_OVER);
    assert_true(str_eq(r.encounter, room.encounter));

    room = recorded(&keep);
    anew(); /* the program was killed and began anew: nobody is in yet */
    r = looked(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_OVER);

    room = recorded(&keep);
    struct room_caller c;
    anew();
    assert_int_equal(comes(&keep, "asker", room.id, &c), OK); /* and somebody was faster than its look */
    r = looked(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_LOST);
    req_done(&keep);
}

static enum recording_bar bar_of(struct req *keep, const struct room *room)
{
    enum recording_bar bar;
    struct who *w = ARENA_NEW(keep->a, struct who);
    *w = *person_who(keep, "asker");
    w->audit.org = S(""); /* the policy of who has none of their own */
    struct req *rq = of_who(keep, w);
    MUST(rq, recording_may(rq, room, &bar, NULL));
    return bar;
}

static void not_everything_may_be_recorded(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct room room = a_meeting(&keep);
    assert_int_equal(bar_of(&keep, &room), RECORDING_MAY);
    server_up = false;
    assert_int_equal(bar_of(&keep, &room), RECORDING_BAR_SERVER);
    region.care.recorder = NULL;
    assert_int_equal(bar_of(&keep, &room), RECORDING_BAR_PROGRAM);
    region.care.recordings = S("");
    assert_int_equal(bar_of(&keep, &room), RECORDING_BAR_FOLDER);
    static const char *const off[] = {"ru", "uz"};
    for (size_t i = 0; i < LEN(off); i++) {
        region.care.policy = content_policy(region.content, str_z(off[i]));
        assert_int_equal(bar_of(&keep, &room), RECORDING_BAR_POLICY);
    }
    assert_int_equal(does(&keep, "asker", room.id, act_ask, 0), E_CONFLICT);
    region.care.recordings = S("/tmp/none");
    region.care.recorder = "/usr/bin/true";
    req_done(&keep);
}

/* Last: the patient's refusal stands from then on. */
static void a_standing_refusal_ends_it(void **state)
{
    (void)state;
    struct req keep;
    as(&keep, NULL);
    struct room room = recorded(&keep);
    struct req *rq = of_who(&keep, family_who(&keep, room.patient, "", MY_SEE | MY_CONSENT));
    struct tx *tx = tx_new(rq);
    MUST(rq, patient_consent_set(rq, tx, room.patient_rid, CONSENT_RECORDING, false));
    MUST(rq, store_commit(region.store, rq, tx));
    struct recording r = looked(&keep, room.id);
    assert_true(r.state == RECORDING_STOPPED && r.why == RECORDING_END_PATIENT);
    assert_int_equal(bar_of(&keep, &room), RECORDING_BAR_PATIENT);
    assert_int_equal(does(&keep, "asker", room.id, act_ask, 0), E_CONFLICT);
    req_done(&keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_agree_first),
        cmocka_unit_test(answers_of_one_moment),
        cmocka_unit_test(a_no_ends_it),
        cmocka_unit_test(ends_by_itself),
        cmocka_unit_test(not_everything_may_be_recorded),
        cmocka_unit_test(a_standing_refusal_ends_it),
    };
    return cmocka_run_group_tests(tests, setup, rooms_teardown);
}
