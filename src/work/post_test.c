/* work/post_test.c - what is queued for whom, what is sent, what comes of a failure. The ways out themselves
 * are proved against receivers: tests/notify. */
#include <stdio.h>

#include "care/care_fixture.h"
#include "care/notify.h"
#include "work/post_int.h"

static struct req keep;
static struct post_result answer;
static unsigned sent;
static char last_to[200], last_text[2000], last_title[200];
static int64_t last_life;

static void fake(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    (void)rq;
    sent++;
    (void)snprintf(last_to, sizeof last_to, "%.*s", STR_ARG(m->address));
    (void)snprintf(last_text, sizeof last_text, "%.*s", STR_ARG(m->letter.text));
    (void)snprintf(last_title, sizeof last_title, "%.*s", STR_ARG(m->letter.title));
    last_life = m->life_ms;
    *ret_result = answer;
}

static int setup(void **state)
{
    struct req rq;
    region_setup(state);
    region.care.notify = (struct notify_settings){
        .smtp_url = S("smtp://mail.example:587"), .mail_from = S("notices@mail.example"),
        .sms_url = S("https://sms.example/?to={to}"), .telegram_bot = S("bot"),
        .telegram_token = S("t"), .push_hosts = S("push.example, .below.example"),
        .push_key = S("k"), .push_contact = S("mailto:x@y.example"),
        .base_url = S("https://care.example"), .lang = LANG_RU,
    };
    as(&keep, NULL);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, account_add(&rq, tx, S("cons1"), S("cons1"), S("x"), false));
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

static int64_t address_id(struct str owner, enum notify_channel channel)
{
    struct notify_address rows[NOTIFY_ADDRESSES];
    uint32_t n = 0;
    MUST(&keep, notify_addresses(&keep, owner, rows, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (rows[i].channel == channel) {
            return rows[i].id;
        }
    }
    return 0;
}

static void tell(struct str owner, enum notice_kind kind)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, notify_send(&rq, tx, owner, kind, S("subject")));
    assert_int_equal(commit_end(&rq, tx), OK);
}

static void choose(struct str owner, int64_t id, uint32_t wants, int digest, bool duty)
{
    struct req rq;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, notify_choose(&rq, tx, owner, id, wants, digest, duty));
    assert_int_equal(commit_end(&rq, tx), OK);
}

/* Sends all that is due by a channel; how many messages went. */
static unsigned send_all(enum notify_channel channel)
{
    enum post_why why;
    bool any = true;
    sent = 0;
    while (any) {
        assert_int_equal(post_step(&region.care, region.db, region.now, channel, fake, &why, &any),
                         OK);
    }
    return sent;
}

static uint32_t failed(void)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t n = 0;
    bool has = false;
    MUST(&keep, DB_QUERY(&keep, &q, Q_POST_FAILED, sql_i64(INT64_MAX), sql_i64(100)));
    MUST(&keep, db_next(&keep, &q, &has));
    for (; has; n++) {
        MUST(&keep, db_next(&keep, &q, &has));
    }
    return n;
}

static void addresses_are_held_to_their_form(void **state)
{
    static const struct {
        enum notify_channel channel;
        const char *typed, *kept; /* NULL: refused */
    } cases[] = {
        {CHANNEL_MAIL, "a@b.example", "a@b.example"},
        {CHANNEL_MAIL, "o'neil+x@b-c.example", "o'neil+x@b-c.example"},
        {CHANNEL_MAIL, "a@b", NULL},
        {CHANNEL_MAIL, "a b@c.example", NULL},
        {CHANNEL_MAIL, "a@b.example\r\nBcc: c@d.example", NULL},
        {CHANNEL_MAIL, "a@b@c.example", NULL},
        {CHANNEL_MAIL, "<a@b.example>", NULL},
        {CHANNEL_MAIL, "a@b.example,c@d.example", NULL},
        {CHANNEL_MAIL, ".a@b.example", NULL},
        {CHANNEL_MAIL, "a@.example", NULL},
        {CHANNEL_MAIL, "@b.example", NULL},
        {CHANNEL_MAIL, "", NULL},
        {CHANNEL_SMS, "+7 (701) 555-12-34", "+77015551234"},
        {CHANNEL_SMS, "87015551234", NULL},
        {CHANNEL_SMS, "+0701555123", NULL},
        {CHANNEL_SMS, "+7701", NULL},
        {CHANNEL_SMS, "+7701555123412345678", NULL},
        {CHANNEL_SMS, "+7701555&to=1", NULL},
        {CHANNEL_SMS, "", NULL},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct str got = {0};
        bool good = notify_channels[cases[i].channel].clean(&keep, str_z(cases[i].typed), &got);
        if (good != (cases[i].kept != NULL) || (good && !str_eq(got, str_z(cases[i].kept)))) {
            fail_msg("%s", cases[i].typed);
        }
    }
}

static void a_code_opens_once_and_tries_are_counted(void **state)
{
    struct req rq;
    struct str code = {0};
    struct str again = {0};
    char number[NOTIFY_CODE_LEN + 1];
    bool right = true;
    (void)state;
    answer = (struct post_result){.why = POST_SENT, .status = 250, .retry_after_s = -1};
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, notify_add(&rq, tx, S("cons1"), CHANNEL_MAIL, S("cons1@b.example"), &code));
    assert_int_equal(code.n, NOTIFY_CODE_LEN);
    memcpy(number, code.p, code.n);
    number[code.n] = 0;
    assert_int_equal(commit_end(&rq, tx), OK);
    tell(S("cons1"), NOTICE_MESSAGE); /* not to an address that is not theirs yet */
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_string_equal(last_to, "cons1@b.example");
    assert_non_null(strstr(last_text, number));

    as(&rq, NULL); /* another code at once: no */
    tx = tx_new(&rq);
    assert_int_equal(notify_add(&rq, tx, S("cons1"), CHANNEL_MAIL, S("cons1@b.example"), &again),
                     E_LOCKED);
    req_done(&rq);
    int64_t id = address_id(S("cons1"), CHANNEL_MAIL);
    for (unsigned i = 0; i < 2; i++) {
        as(&rq, NULL);
        tx = tx_new(&rq);
        MUST(&rq, notify_confirm(&rq, tx, S("cons1"), id, i == 0 ? S("000000x") : str_z(number),
                                 &right));
        assert_int_equal(right, i == 1);
        assert_int_equal(commit_end(&rq, tx), OK);
    }
    as(&rq, NULL);
    tx = tx_new(&rq);
    assert_int_equal(notify_confirm(&rq, tx, S("cons1"), id, str_z(number), &right), E_NOT_FOUND);
    req_done(&rq);
    as(&rq, NULL);
    tx = tx_new(&rq);
    assert_int_equal(notify_confirm(&rq, tx, S("cons2"), id, str_z(number), &right), E_NOT_FOUND);
    req_done(&rq);
}

static void wrong_codes_end_it(void **state)
{
    struct req rq;
    struct str code = {0};
    bool right = true;
    (void)state;
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, notify_add(&rq, tx, S("cons2"), CHANNEL_SMS, S("+77010000000"), &code));
    char number[NOTIFY_CODE_LEN + 1] = {0};
    memcpy(number, code.p, NOTIFY_CODE_LEN);
    assert_int_equal(commit_end(&rq, tx), OK);
    int64_t id = address_id(S("cons2"), CHANNEL_SMS);
    for (unsigned i = 0; i <= NOTIFY_CODE_TRIES; i++) {
        as(&rq, NULL);
        tx = tx_new(&rq);
        enum err e = notify_confirm(&rq, tx, S("cons2"), id,
                                    i < NOTIFY_CODE_TRIES ? S("wrong!") : str_z(number), &right);
        assert_int_equal(e, i < NOTIFY_CODE_TRIES ? OK : E_LOCKED);
        if (e == OK) {
            assert_false(right);
            assert_int_equal(commit_end(&rq, tx), OK);
        } else {
            req_done(&rq);
        }
    }
    assert_int_equal(send_all(CHANNEL_SMS), 1);
}

static void a_notice_goes_by_what_was_chosen(void **state)
{
    int64_t id = address_id(S("cons1"), CHANNEL_MAIL);
    (void)state;
    answer = (struct post_result){.why = POST_SENT, .status = 250, .retry_after_s = -1};
    tell(S("cons1"), NOTICE_ANSWERED);
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_string_equal(last_text, "There is a signed conclusion for a case.");
    assert_int_equal(send_all(CHANNEL_MAIL), 0);
    for (unsigned i = 0; i < 3; i++) { /* together: the number alone */
        tell(S("cons1"), i == 0 ? NOTICE_MESSAGE : NOTICE_ANSWERED);
    }
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_string_equal(last_text, "There are 3 new notices for you.");
    choose(S("cons1"), id, NOTIFY_ALL & ~(1U << NOTICES_MESSAGE), -1, false);
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 0);
    choose(S("cons1"), id, 0, 7, true); /* a call goes out whatever was chosen */
    tell(S("cons1"), NOTICE_RING);
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_string_equal(last_title, "Emergency request");
    choose(S("cons1"), id, NOTIFY_ALL, -1, false);
    tell(S("cons2"), NOTICE_MESSAGE); /* has no confirmed address */
    assert_int_equal(send_all(CHANNEL_SMS), 0);
}

static void only_on_duty_means_so(void **state)
{
    struct instant begun = region.now;
    int64_t id = address_id(S("cons1"), CHANNEL_MAIL);
    (void)state;
    choose(S("cons1"), id, NOTIFY_ALL, -1, true);
    tell(S("cons1"), NOTICE_MESSAGE); /* on duty for 12 hours: care_fixture.h */
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    region.now.ms += 13 * MS_HOUR;
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 0);
    choose(S("cons1"), id, NOTIFY_ALL, -1, false);
    assert_int_equal(send_all(CHANNEL_MAIL), 0); /* was dropped, not kept back */
    region.now = begun;
}

static void a_digest_waits_for_its_hour(void **state)
{
    struct instant begun = region.now;
    int64_t id = address_id(S("cons1"), CHANNEL_MAIL);
    struct civil local = zone_civil(&region.care.zone, region.now);
    int hour = (local.hour + 2) % 24;
    (void)state;
    choose(S("cons1"), id, NOTIFY_ALL, hour, false);
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 0);
    region.now.ms += MS_HOUR - MS_MINUTE;
    assert_int_equal(send_all(CHANNEL_MAIL), 0);
    tell(S("cons1"), NOTICE_MESSAGE);
    region.now.ms += MS_HOUR + MS_MINUTE;
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_string_equal(last_text, "There are 2 new notices for you.");
    choose(S("cons1"), id, NOTIFY_ALL, -1, false);
    region.now = begun;
}

static void what_fails_is_tried_again_and_given_up(void **state)
{
    struct instant begun = region.now;
    unsigned tries = 0;
    (void)state;
    answer = (struct post_result){.why = POST_NO_ANSWER, .retry_after_s = -1};
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_int_equal(send_all(CHANNEL_MAIL), 0); /* not at once */
    region.now.ms += 16 * MS_SECOND;
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    region.now.ms += 16 * MS_SECOND;
    assert_int_equal(send_all(CHANNEL_MAIL), 0); /* the pause grows */
    for (unsigned i = 0; i < 30 && failed() == 0; i++) {
        region.now.ms += 2 * MS_HOUR;
        tries += send_all(CHANNEL_MAIL);
    }
    assert_int_equal(failed(), 1);
    assert_in_range(tries, 10, 14); /* a day, at most two hours apart */
    assert_int_equal(send_all(CHANNEL_MAIL), 0);

    answer = (struct post_result){.why = POST_LATER, .status = 429, .retry_after_s = 600};
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    region.now.ms += 9 * MS_MINUTE;
    assert_int_equal(send_all(CHANNEL_MAIL), 0); /* as long as it asked */
    region.now.ms += MS_MINUTE;
    answer = (struct post_result){.why = POST_SENT, .status = 250, .retry_after_s = -1};
    assert_int_equal(send_all(CHANNEL_MAIL), 1);

    answer = (struct post_result){.why = POST_REFUSED, .status = 550, .retry_after_s = -1};
    tell(S("cons1"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_MAIL), 1);
    assert_int_equal(failed(), 2);
    region.now = begun;
}

static void a_call_is_not_made_for_a_day(void **state)
{
    struct instant begun = region.now;
    unsigned tries = 0;
    uint32_t before = failed();
    (void)state;
    answer = (struct post_result){.why = POST_NO_ANSWER, .retry_after_s = -1};
    tell(S("cons1"), NOTICE_RING);
    for (unsigned i = 0; i < 60 * 20 && failed() == before; i++) {
        region.now.ms += MS_SECOND;
        tries += send_all(CHANNEL_MAIL);
    }
    assert_int_equal(failed(), before + 1);
    assert_in_range(tries, 12, 24);
    assert_int_equal(last_life, 15 * MS_MINUTE);
    assert_in_range(region.now.ms - begun.ms, 15 * MS_MINUTE, 17 * MS_MINUTE);
    region.now = begun;
}

static void an_address_that_is_gone_is_left_alone(void **state)
{
    struct req rq;
    static const char point[] = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6"
                                "SRpkNtoIAiw4";
    struct str auth = S("BTBZMqHH6r4Tts7J_aSIgg");
    static const struct {
        struct str endpoint;
        enum err e;
    } cases[] = {
        {SI("https://evil.example/x"), E_BAD_INPUT},
        {SI("http://push.example/x"), E_BAD_INPUT},
        {SI("https://push.example:8443/x"), E_BAD_INPUT},
        {SI("https://push.example@evil.example/x"), E_BAD_INPUT},
        {SI("https://below.example/x"), E_BAD_INPUT},
        {SI("https://a.below.example/x"), OK},
        {SI("https://push.example/abc"), OK},
    };
    (void)state;
    for (size_t i = 0; i < LEN(cases); i++) {
        as(&rq, NULL);
        struct tx *tx = tx_new(&rq);
        assert_int_equal(notify_add_push(&rq, tx, S("head"), cases[i].endpoint, str_z(point), auth),
                         cases[i].e);
        if (cases[i].e == OK) {
            assert_int_equal(commit_end(&rq, tx), OK);
        } else {
            req_done(&rq);
        }
    }
    answer = (struct post_result){.why = POST_GONE, .status = 410, .retry_after_s = -1};
    tell(S("head"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_PUSH), 2);
    tell(S("head"), NOTICE_MESSAGE);
    assert_int_equal(send_all(CHANNEL_PUSH), 0);
}

/* No message holds more than its words: nothing of a case can come into one. */
static void messages_hold_no_content(void **state)
{
    struct post_message m = {.channel = CHANNEL_MAIL, .address = S("a@b.example")};
    struct str text = {0};
    (void)state;
    for (unsigned kind = 1; kind < NOTICE_COUNT; kind++) {
        for (enum lang lang = LANG_EN; lang < LANG_COUNT; lang++) {
            MUST(&keep, notify_letter(&keep, lang, (enum notice_kind)kind, 1, S("123456"), &m.letter));
            assert_true(m.letter.text.n > 0 && m.letter.title.n > 0);
            assert_true(str_find_char(m.letter.text, '{') == m.letter.text.n);
            MUST(&keep, post_mail_write(&keep, &m, &text));
            for (size_t i = 0; i < text.n; i++) {
                assert_true((unsigned char)text.p[i] < 0x7f);
                assert_true(text.p[i] != '\n' || (i > 0 && text.p[i - 1] == '\r'));
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_held_to_their_form),
        cmocka_unit_test(a_code_opens_once_and_tries_are_counted),
        cmocka_unit_test(wrong_codes_end_it),
        cmocka_unit_test(a_notice_goes_by_what_was_chosen),
        cmocka_unit_test(only_on_duty_means_so),
        cmocka_unit_test(a_digest_waits_for_its_hour),
        cmocka_unit_test(what_fails_is_tried_again_and_given_up),
        cmocka_unit_test(a_call_is_not_made_for_a_day),
        cmocka_unit_test(an_address_that_is_gone_is_left_alone),
        cmocka_unit_test(messages_hold_no_content),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
