/* care/consilium_late_test.c - who keeps a consilium waiting: a member who was silent in the meeting is marked as
 * absent, the time of one in writing is made longer; the quorum is held all the same. */
#include "care/consilium_fixture.h"

static enum err absent(const char *who, struct str item, const char *person, const char *reason)
{
    struct req rq;
    struct tx *tx = begin(&rq, who);
    return end_with(&rq, tx, consilium_absent(&rq, tx, item, str_z(person), str_z(reason)));
}

static enum err extend(const char *who, struct str id, int64_t until_ms, const char *reason)
{
    struct req rq;
    struct buf b;
    struct tx *tx = begin(&rq, who);
    buf_init(&b, rq.a, 64);
    instant_write(&b, (struct instant){until_ms + region.care.zone.first_min * (int64_t)MS_MINUTE});
    return end_with(&rq, tx, consilium_extend(&rq, tx, id, str_sub(buf_get(&b), 0, 16), str_z(reason)));
}

/* Begun; n members have spoken and the protocol is written. */
static struct str begun(const struct field *more, uint32_t n_more, uint32_t n, struct str *ret_item)
{
    struct str id = {0};
    assert_int_equal(call("asker", a_case(&keep), more, n_more, &id), OK);
    *ret_item = spoken(id, n);
    return id;
}

static struct consilium_voice voice(struct str item, const char *person)
{
    struct consilium_voice all[CONSILIUM_MEMBERS_MAX];
    uint32_t n = 0;
    MUST(&keep, consilium_voices_all(&keep, item, all, &n));
    const struct consilium_voice *v = consilium_voice_of(all, n, str_z(person));
    assert_non_null(v);
    return *v;
}

static void a_silent_one_is_absent_once_it_was_held(void **state)
{
    (void)state;
    const struct instant before = region.now;
    struct str item;
    struct str id = begun(NULL, 0, 3, &item);
    assert_int_equal(absent("cons1", item, "head", "Was called away"), E_CONFLICT); /* it goes on */
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT);
    region.now.ms += 2 * MS_DAY;
    assert_int_equal(absent("cons2", item, "head", "Was called away"), E_FORBIDDEN); /* no chair */
    assert_int_equal(absent("asker", item, "head", "Was called away"), E_FORBIDDEN); /* the secretary neither */
    assert_int_equal(absent("cons1", item, "head", " "), E_BAD_INPUT);
    assert_int_equal(absent("cons1", item, "cons1", "Myself"), E_BAD_INPUT);
    assert_int_equal(absent("cons1", item, "cons2", "Spoke"), E_CONFLICT);
    assert_int_equal(absent("cons1", item, "outsider", "No member"), E_FORBIDDEN);
    assert_int_equal(absent("cons1", item, "head", "Was called away"), OK);
    assert_int_equal(absent("cons1", item, "head", "Again"), E_CONFLICT);
    struct consilium_voice v = voice(item, "head");
    assert_int_equal(v.opinion, OPINION_ABSENT);
    assert_true(str_eq(v.body, S("Was called away")) && str_eq(v.entered_by, S("cons1")));
    assert_int_equal(item_move("cons1", item, "draft", ""), OK);
    assert_int_equal(present("cons1", item, 1), OK);
    struct consilium_item now = item_of(id, 0);
    struct str bytes;
    char sha[65];
    MUST(&keep, protocol_bytes(&keep, &now, &bytes, sha));
    assert_true(str_find(bytes, S("Absent: Was called away")) < bytes.n);
    assert_int_equal(sign("head", item), E_FORBIDDEN); /* the protocol does not name them to sign */
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(sign(members[i], item), OK);
    }
    assert_int_equal(item_of(id, 0).state, CONSILIUM_CLOSED);
    region.now = before;
}

static void absent_ones_make_no_quorum_and_may_still_speak(void **state)
{
    (void)state;
    const struct instant before = region.now;
    const struct field hidden[] = {{S("hidden"), S("1")}};
    struct str item;
    begun(hidden, LEN(hidden), 2, &item);
    region.now.ms += 2 * MS_DAY;
    assert_int_equal(absent("cons1", item, "ncons", "Did not come"), OK);
    assert_false(voice(item, "cons1").shown);
    assert_int_equal(absent("cons1", item, "head", "Did not come"), OK);
    assert_true(voice(item, "cons1").shown); /* nobody is waited for: what was hidden is shown */
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT); /* two opinions of three */
    assert_int_equal(opine("ncons", item, "ncons", PASSWORD), OK);
    struct consilium_voice v = voice(item, "ncons");
    assert_int_equal(v.opinion, OPINION_GIVEN);
    assert_int_equal(v.entered_by.n, 0);
    assert_int_equal(item_move("cons1", item, "draft", ""), OK);
    region.now = before;
}

/* A written one of two hours, of which n have spoken. */
static struct str in_writing(uint32_t n, struct str *ret_item)
{
    struct buf b;
    buf_init(&b, keep.a, 64);
    instant_write(&b, (struct instant){region.now.ms + 2 * MS_HOUR + region.care.zone.first_min * (int64_t)MS_MINUTE});
    const struct field more[] = {{S("written"), S("1")}, {S("until"), str_sub(buf_get(&b), 0, 16)}};
    return begun(more, LEN(more), n, ret_item);
}

static void the_chair_gives_more_time_in_writing(void **state)
{
    (void)state;
    const struct instant before = region.now;
    struct str item;
    struct str id = in_writing(3, &item);
    int64_t until = item_of(id, 0).answer_due_ms;
    region.now.ms += 3 * MS_HOUR;
    assert_int_equal(absent("cons1", item, "head", "Silent"), E_CONFLICT); /* its time says so already */
    assert_int_equal(opine("head", item, "head", PASSWORD), E_CONFLICT);
    assert_int_equal(extend("cons2", id, region.now.ms + MS_HOUR, "A holiday"), E_FORBIDDEN);
    assert_int_equal(extend("cons1", id, region.now.ms + MS_HOUR, ""), E_BAD_INPUT);
    assert_int_equal(extend("cons1", id, region.now.ms - MS_MINUTE, "A holiday"), E_BAD_INPUT);
    assert_int_equal(extend("cons1", id, region.now.ms + 400 * MS_DAY, "A holiday"), E_BAD_INPUT);
    assert_int_equal(extend("cons1", id, region.now.ms + MS_HOUR, "A holiday"), OK);
    assert_true(item_of(id, 0).answer_due_ms > until);
    assert_int_equal(item_of(id, 0).level, LEVEL_NONE);
    assert_int_equal(item_move("cons1", item, "draft", ""), E_CONFLICT); /* waited for again */
    assert_int_equal(opine("head", item, "head", PASSWORD), OK);
    assert_int_equal(item_move("cons1", item, "draft", ""), OK);
    assert_int_equal(extend("cons1", id, region.now.ms + 2 * MS_HOUR, "A holiday"), E_CONFLICT);
    region.now = before;
}

static void a_live_one_has_no_time_to_extend(void **state)
{
    (void)state;
    struct str item;
    struct str id = begun(NULL, 0, 1, &item);
    assert_int_equal(extend("cons1", id, region.now.ms + MS_DAY, "A holiday"), E_CONFLICT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_one_is_absent_once_it_was_held),
        cmocka_unit_test(absent_ones_make_no_quorum_and_may_still_speak),
        cmocka_unit_test(the_chair_gives_more_time_in_writing),
        cmocka_unit_test(a_live_one_has_no_time_to_extend),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
