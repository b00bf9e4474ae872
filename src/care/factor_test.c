/* care/factor_test.c - the second step of signing in: set up, asked for, counted once, many at once, recovery
 * codes, lockout, taken away; devices and sessions. */
#include "care/care_fixture.h"

#include "care/factor.h"
#include "care/qr.h"
#include "care/sessions.h"
#include "codec/totp.h"
#include "os/thread.h"

#define PASSWORD S("correct horse battery")
#define STEP_MS ((int64_t)TOTP_STEP_S * MS_SECOND)

static struct req keep;
static uint8_t key[TOTP_KEY]; /* of asker, as the page shows it */
static struct str papers[RECOVERY_CODES];

static int setup(void **state)
{
    static const struct str logins[] = {SI("asker"), SI("feldsher"), SI("auditor")};
    struct req rq;
    struct str hash = {0};

    region_setup(state);
    as(&keep, NULL);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, PASSWORD, &hash));
    for (size_t i = 0; i < LEN(logins); i++) {
        MUST(&rq, account_add(&rq, tx, logins[i], logins[i], hash, false));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
    return 0;
}

static int teardown(void **state)
{
    req_done(&keep);
    return region_teardown(state);
}

/* ---- acting ---- */

static enum err enter(struct str login, struct str device, struct session *s)
{
    struct req rq;
    struct sign_in_from from = {device, S("Mozilla/5.0 (Windows NT 10.0) Firefox/128.0")};
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in(&rq, login, PASSWORD, &from, s);
    req_done(&rq);
    return e;
}

static enum err enter_code(const struct session *half, struct str code, struct session *s)
{
    struct req rq;
    struct sign_in_from from = {{0}, {0}};
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in_code(&rq, str_z(half->token), code, &from, s);
    req_done(&rq);
    return e;
}

static const struct who *who_of(const struct session *s)
{
    const struct who *w = NULL;
    keep.now = region.now;
    enum err e = who_by_session(&keep, str_z(s->token), &w);
    err_clear(&keep);
    return e == OK ? w : NULL;
}

static struct str digits(uint32_t code)
{
    struct buf b;
    buf_init(&b, keep.a, 16);
    buf_u64_pad(&b, code, TOTP_DIGITS);
    return buf_get(&b);
}

static struct str code_at(int64_t step)
{
    uint32_t code = 0;
    MUST(&keep, totp_code(&keep, key, step, &code));
    return digits(code);
}

static struct str code_now(void)
{
    return code_at(totp_step(region.now));
}

/* Six digits that are right neither now nor a step away. */
static struct str code_wrong(void)
{
    int64_t now = totp_step(region.now);
    for (uint32_t code = 0;; code++) {
        struct str text = digits(code);
        if (!str_eq(text, code_at(now - 1)) && !str_eq(text, code_at(now))
            && !str_eq(text, code_at(now + 1))) {
            return text;
        }
    }
}

static void unbase32(struct str text)
{
    uint32_t bits = 0;
    unsigned held = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        char c = text.p[i];
        bits = bits << 5 | (uint32_t)(c >= 'A' ? c - 'A' : c - '2' + 26);
        held += 5;
        if (held >= 8) {
            held -= 8;
            key[n++] = (uint8_t)(bits >> held);
        }
    }
    assert_int_equal(n, TOTP_KEY);
}

static uint32_t told(const char *person, enum notice_kind kind)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    struct req rq;
    as(&rq, NULL);
    MUST(&rq, DB_ONE(&rq, &q, Q_NOTICE_TOLD, sql_text(str_z(person)), sql_i64(kind), sql_text(S("")),
                     sql_i64(0)));
    uint32_t n = (uint32_t)db_i64(&q, 0);
    db_rows_done(&q);
    q = (struct db_rows){0};
    req_done(&rq);
    return n;
}

/* ---- cases ---- */

static void set_up_with_the_first_code(void **state)
{
    struct req rq;
    struct session s;
    struct str text;
    struct str uri;
    struct str path;
    uint32_t side = 0;

    (void)state;
    assert_int_equal(enter(S("asker"), S(""), &s), OK);
    assert_false(s.half);
    const struct who *w = who_of(&s);
    assert_non_null(w);
    as(&rq, w);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, factor_begin(&rq, tx));
    assert_int_equal(commit_end(&rq, tx), OK);

    as(&rq, w);
    MUST(&rq, factor_show(&rq, &text, &uri));
    assert_true(str_starts(uri, S("otpauth://totp/Consilium:asker?secret=")));
    MUST(&rq, qr_path(&rq, uri, &side, &path));
    assert_true(side >= 21 && str_starts(path, S("M0 0h7v1h-7z"))); /* a finder pattern in the corner */
    unbase32(text);
    req_done(&rq);

    as(&rq, w);
    assert_int_equal(factor_confirm(&rq, S("another password"), code_now(), papers), E_SIGN_IN);
    req_done(&rq);
    as(&rq, w);
    assert_int_equal(factor_confirm(&rq, PASSWORD, code_wrong(), papers), E_BAD_INPUT);
    req_done(&rq);
    /* Until then the password alone lets in. */
    assert_int_equal(enter(S("asker"), S(""), &s), OK);
    assert_false(s.half);
    struct str made[RECOVERY_CODES];
    as(&rq, w);
    MUST(&rq, factor_confirm(&rq, PASSWORD, code_now(), made));
    for (unsigned i = 0; i < RECOVERY_CODES; i++) {
        assert_int_equal(made[i].n, RECOVERY_LEN);
        papers[i] = arena_str(keep.a, made[i]);
    }
    req_done(&rq);
    assert_int_equal(told("asker", NOTICE_FACTOR), 1);
    /* The secret in use is shown to nobody again. */
    as(&rq, w);
    assert_int_equal(factor_show(&rq, &text, &uri), E_NOT_FOUND);
    req_done(&rq);
}

static void the_secret_is_not_in_the_database(void **state)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    (void)state;
    keep.now = region.now;
    MUST(&keep, DB_ONE(&keep, &q, Q_FACTOR, sql_i64(1)));
    struct str sealed = db_peek(&q, 0);
    assert_true(sealed.n > TOTP_KEY);
    assert_true(str_find(sealed, (struct str){(const char *)key, 8}) == sealed.n);
}

static void half_a_session_opens_nothing(void **state)
{
    struct session half;
    struct session s;

    (void)state;
    region.now.ms += 2 * STEP_MS;
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_true(half.half);
    assert_null(who_of(&half));
    assert_int_equal(enter_code(&half, code_now(), &s), OK);
    assert_false(s.half);
    assert_non_null(who_of(&s));
    /* It has ended with that. */
    region.now.ms += STEP_MS;
    assert_int_equal(enter_code(&half, code_now(), &s), E_NOT_FOUND);
    /* And another ends by itself. */
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    region.now.ms += HALF_MS;
    assert_int_equal(enter_code(&half, code_now(), &s), E_NOT_FOUND);
}

static void a_code_counts_once_and_near_its_time(void **state)
{
    struct session half;
    struct session s;

    (void)state;
    region.now.ms += 3 * STEP_MS;
    int64_t now = totp_step(region.now);
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_at(now - 2), &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, code_at(now + 2), &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, code_at(now - 1), &s), OK);
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_at(now - 1), &s), E_SIGN_IN); /* the same again */
    assert_int_equal(enter_code(&half, code_at(now + 1), &s), OK);
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_at(now), &s), E_SIGN_IN); /* a later one was taken */
    region.now.ms += 2 * STEP_MS;
    assert_int_equal(enter_code(&half, code_now(), &s), OK);
}

struct attempt {
    struct os_thread thread;
    struct session half;
    struct str code;
    enum err e;
    struct db *db;
};

static void *attempt_code(void *ctx)
{
    struct attempt *a = ctx;
    struct req rq;
    struct session s;
    struct sign_in_from from = {{0}, {0}};

    req_init(&rq, 32 << 20, region.now);
    rq.app = (struct app *)&region.care;
    rq.db = a->db;
    a->e = sign_in_code(&rq, str_z(a->half.token), a->code, &from, &s);
    req_done(&rq);
    return NULL;
}

static void one_code_lets_one_in_of_many_at_once(void **state)
{
    enum { N = 4 };
    struct attempt all[N];
    unsigned in = 0;

    (void)state;
    region.now.ms += 3 * STEP_MS;
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(enter(S("asker"), S(""), &all[i].half), OK);
        all[i].code = code_now();
        all[i].db = store_db_open(region.store);
        assert_non_null(all[i].db);
    }
    for (unsigned i = 0; i < N; i++) {
        assert_true(os_thread_start(&all[i].thread, "code", attempt_code, &all[i]));
    }
    for (unsigned i = 0; i < N; i++) {
        os_thread_join(&all[i].thread);
        store_db_close(all[i].db);
    }
    for (unsigned i = 0; i < N; i++) {
        in += all[i].e == OK;
        assert_true(all[i].e == OK || all[i].e == E_SIGN_IN);
    }
    assert_int_equal(in, 1);
    struct session half;
    struct session s;
    region.now.ms += 3 * STEP_MS;
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_now(), &s), OK);
}

/* Two programs on one folder take turns at the writer alone. */
static void the_writer_takes_a_step_once(void **state)
{
    struct req rq;
    (void)state;
    region.now.ms += 3 * STEP_MS;
    int64_t step = totp_step(region.now);
    as(&rq, NULL);
    struct tx *a = tx_new(&rq);
    MUST(&rq, TX_SQL(a, W_FACTOR_STEP, TX_MUST_CHANGE, sql_i64(1), sql_i64(step)));
    assert_int_equal(store_commit(region.store, &rq, a), OK);
    struct tx *b = tx_new(&rq);
    MUST(&rq, TX_SQL(b, W_FACTOR_STEP, TX_MUST_CHANGE, sql_i64(1), sql_i64(step)));
    assert_int_equal(store_commit(region.store, &rq, b), E_STALE);
    req_done(&rq);
}

static void recovery_codes_count_once(void **state)
{
    struct session half;
    struct session s;
    struct req rq;
    struct factor f;
    struct str fresh[RECOVERY_CODES];

    (void)state;
    region.now.ms += 3 * STEP_MS;
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, S("aaaaa-aaaaa"), &s), E_SIGN_IN);
    struct buf loud; /* as people copy from paper */
    buf_init(&loud, keep.a, 40);
    for (size_t i = 0; i < papers[0].n; i++) {
        char c = papers[0].p[i];
        buf_char(&loud, c == '-' ? ' ' : c >= 'a' ? (char)(c - 'a' + 'A') : c);
    }
    assert_int_equal(enter_code(&half, buf_get(&loud), &s), OK);
    assert_int_equal(told("asker", NOTICE_RECOVERY_USED), 1);
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, papers[0], &s), E_SIGN_IN);
    assert_int_equal(enter_code(&half, papers[1], &s), OK);
    const struct who *w = who_of(&s);
    as(&rq, w);
    MUST(&rq, factor_get(&rq, w->account, &f));
    assert_true(f.on);
    assert_int_equal(f.recovery_left, RECOVERY_CODES - 2);
    MUST(&rq, factor_codes(&rq, PASSWORD, code_now(), fresh));
    MUST(&rq, factor_get(&rq, w->account, &f));
    assert_int_equal(f.recovery_left, RECOVERY_CODES);
    struct str kept = arena_str(keep.a, fresh[0]);
    req_done(&rq);
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, papers[2], &s), E_SIGN_IN); /* of the set before */
    assert_int_equal(enter_code(&half, kept, &s), OK);
}

/* Who knows the password does not get new attempts at the code by giving it again. */
static void wrong_codes_lock_like_wrong_passwords(void **state)
{
    struct session half;
    struct session s;

    (void)state;
    region.now.ms += 3 * STEP_MS;
    for (unsigned i = 0; i < region.care.lock_after; i++) {
        assert_int_equal(enter(S("asker"), S(""), &half), OK);
        assert_int_equal(enter_code(&half, code_wrong(), &s), E_SIGN_IN);
    }
    assert_int_equal(enter_code(&half, code_now(), &s), E_LOCKED);
    assert_int_equal(enter(S("asker"), S(""), &s), E_LOCKED);
    region.now.ms += 31 * MS_SECOND;
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_now(), &s), OK);
}

static void ended_with_password_and_code(void **state)
{
    struct session half;
    struct session s;
    struct req rq;

    (void)state;
    region.now.ms += 3 * STEP_MS;
    assert_int_equal(enter(S("asker"), S(""), &half), OK);
    assert_int_equal(enter_code(&half, code_now(), &s), OK);
    const struct who *w = who_of(&s);
    region.now.ms += 2 * STEP_MS;
    as(&rq, w);
    assert_int_equal(factor_off(&rq, S("another password"), code_now()), E_SIGN_IN);
    req_done(&rq);
    as(&rq, w);
    assert_int_equal(factor_off(&rq, PASSWORD, code_wrong()), E_BAD_INPUT);
    req_done(&rq);
    as(&rq, w);
    MUST(&rq, factor_off(&rq, PASSWORD, code_now()));
    req_done(&rq);
    assert_int_equal(enter(S("asker"), S(""), &s), OK);
    assert_false(s.half);
}

static void roles_that_ask_for_it_hold_their_people(void **state)
{
    struct session s;
    struct account acc;
    struct req rq;
    struct str text;
    struct str uri;
    struct str made[RECOVERY_CODES];

    (void)state;
    assert_int_equal(enter(S("auditor"), S(""), &s), OK);
    assert_false(who_of(&s)->owes_factor); /* by the settings nobody must */
    region.care.factor_by_role = true;
    assert_true(who_of(&s)->owes_factor);
    struct session other;
    assert_int_equal(enter(S("feldsher"), S(""), &other), OK);
    assert_false(who_of(&other)->owes_factor);

    const struct who *w = who_of(&s);
    as(&rq, w);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, factor_begin(&rq, tx));
    assert_int_equal(commit_end(&rq, tx), OK);
    as(&rq, w);
    MUST(&rq, factor_show(&rq, &text, &uri));
    unbase32(text);
    MUST(&rq, factor_confirm(&rq, PASSWORD, code_now(), made));
    req_done(&rq);
    assert_false(who_of(&s)->owes_factor);

    /* Lost: an administrator takes it away, the sessions end, the next one owes it again. */
    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("auditor"), &acc));
    tx = tx_new(&rq);
    MUST(&rq, factor_remove(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_null(who_of(&s));
    assert_int_equal(told("auditor", NOTICE_FACTOR), 2);
    assert_int_equal(enter(S("auditor"), S(""), &s), OK);
    assert_true(who_of(&s)->owes_factor);
    region.care.factor_by_role = false;
}

static void a_new_device_is_told_once(void **state)
{
    struct session first;
    struct session s;
    uint32_t before = told("feldsher", NOTICE_NEW_DEVICE);

    (void)state;
    assert_int_equal(enter(S("feldsher"), S("not a value of ours"), &first), OK);
    assert_int_equal(strlen(first.device), DEVICE_LEN);
    uint32_t begun = told("feldsher", NOTICE_NEW_DEVICE);
    assert_true(begun <= before + 1);
    assert_int_equal(enter(S("feldsher"), str_z(first.device), &s), OK);
    assert_string_equal(s.device, first.device);
    assert_int_equal(told("feldsher", NOTICE_NEW_DEVICE), begun);
    assert_int_equal(enter(S("feldsher"), S(""), &s), OK);
    assert_int_equal(told("feldsher", NOTICE_NEW_DEVICE), begun + 1);
    assert_int_equal(enter(S("feldsher"), str_z(s.device), &s), OK);
    assert_int_equal(told("feldsher", NOTICE_NEW_DEVICE), begun + 1);
}

static void sessions_are_seen_and_ended(void **state)
{
    struct session mine;
    struct session others[2];
    struct session_seen all[SESSIONS_SHOWN];
    struct account acc;
    struct req rq;
    uint32_t n = 0;
    uint32_t here = 0;

    (void)state;
    region.now.ms += MS_SECOND;
    assert_int_equal(enter(S("feldsher"), S(""), &others[0]), OK);
    assert_int_equal(enter(S("feldsher"), S(""), &others[1]), OK);
    region.now.ms += MS_SECOND;
    assert_int_equal(enter(S("feldsher"), S(""), &mine), OK);
    const struct who *w = who_of(&mine);
    as(&rq, w);
    MUST(&rq, session_list(&rq, w->account, all, SESSIONS_SHOWN, &n));
    assert_true(n >= 3 && all[0].here);
    assert_string_equal(device_browser(all[0].agent), "Firefox");
    assert_string_equal(device_system(all[0].agent), "Windows");
    for (uint32_t i = 0; i < n; i++) {
        here += all[i].here;
    }
    assert_int_equal(here, 1);
    for (uint32_t i = 0; i < n; i++) { /* looked for when this request has ended */
        all[i].id = arena_str(keep.a, all[i].id);
    }
    struct tx *tx = tx_new(&rq);
    MUST(&rq, session_end(&rq, tx, all[1].id));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_int_equal((who_of(&others[0]) == NULL) + (who_of(&others[1]) == NULL), 1);

    /* Not somebody else's. */
    struct session stranger;
    assert_int_equal(enter(S("asker"), S(""), &stranger), OK);
    as(&rq, who_of(&stranger));
    tx = tx_new(&rq);
    assert_int_equal(session_end(&rq, tx, all[0].id), E_NOT_FOUND);
    req_done(&rq);

    as(&rq, w);
    tx = tx_new(&rq);
    MUST(&rq, sessions_end_others(&rq, tx));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_null(who_of(&others[0]));
    assert_null(who_of(&others[1]));
    assert_non_null(who_of(&mine));

    as(&rq, NULL);
    MUST(&rq, account_by_login(&rq, S("feldsher"), &acc));
    tx = tx_new(&rq);
    MUST(&rq, sessions_end_all(&rq, tx, &acc));
    assert_int_equal(commit_end(&rq, tx), OK);
    assert_null(who_of(&mine));
}

static void places_and_programs_in_words(void **state)
{
    static const struct {
        const char *peer;
        enum device_place place;
    } places[] = {
        {"", PLACE_UNKNOWN},        {"127.0.0.1", PLACE_HERE},     {"::1", PLACE_HERE},
        {"10.2.3.4", PLACE_NEAR},   {"172.16.0.1", PLACE_NEAR},    {"172.31.255.1", PLACE_NEAR},
        {"172.32.0.1", PLACE_INTERNET}, {"172.1.0.1", PLACE_INTERNET}, {"192.168.1.1", PLACE_NEAR},
        {"fd00::1", PLACE_NEAR},    {"fe80::1", PLACE_NEAR},       {"::ffff:10.0.0.1", PLACE_NEAR},
        {"8.8.8.8", PLACE_INTERNET}, {"2a02::1", PLACE_INTERNET},  {"1720.1", PLACE_INTERNET},
    };
    static const struct {
        const char *agent, *browser, *system;
    } agents[] = {
        {"", "", ""},
        {"curl/8.0", "", ""},
        {"Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120.0 Safari/537.36", "Chrome", "Windows"},
        {"Mozilla/5.0 (Windows NT 10.0) Chrome/120.0 Safari/537.36 Edg/120.0", "Edge", "Windows"},
        {"Mozilla/5.0 (X11; Linux x86_64) Chrome/120.0 YaBrowser/24.1 Safari/537.36", "Yandex Browser", "Linux"},
        {"Mozilla/5.0 (Linux; Android 14) Chrome/120.0 Mobile Safari/537.36", "Chrome", "Android"},
        {"Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) Version/17.0 Safari/604.1", "Safari", "iPhone"},
        {"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Firefox", "Linux"},
    };
    (void)state;
    for (size_t i = 0; i < LEN(places); i++) {
        assert_int_equal(device_place(str_z(places[i].peer)), places[i].place);
    }
    for (size_t i = 0; i < LEN(agents); i++) {
        int64_t a = device_agent(str_z(agents[i].agent));
        assert_string_equal(device_browser(a), agents[i].browser);
        assert_string_equal(device_system(a), agents[i].system);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(set_up_with_the_first_code),
        cmocka_unit_test(the_secret_is_not_in_the_database),
        cmocka_unit_test(half_a_session_opens_nothing),
        cmocka_unit_test(a_code_counts_once_and_near_its_time),
        cmocka_unit_test(one_code_lets_one_in_of_many_at_once),
        cmocka_unit_test(the_writer_takes_a_step_once),
        cmocka_unit_test(recovery_codes_count_once),
        cmocka_unit_test(wrong_codes_lock_like_wrong_passwords),
        cmocka_unit_test(ended_with_password_and_code),
        cmocka_unit_test(roles_that_ask_for_it_hold_their_people),
        cmocka_unit_test(a_new_device_is_told_once),
        cmocka_unit_test(sessions_are_seen_and_ended),
        cmocka_unit_test(places_and_programs_in_words),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
