/* care/password_test.c - passwords that are easy to guess, and some that are not. */
#include "care/care_fixture.h"

#include "care/password.h"

static void judged(void **state)
{
    static const struct {
        const char *login, *password, *fault; /* NULL: good */
    } rows[] = {
        {"", "short", "password: at least 12 characters"},
        {"", "пароль", "password: at least 12 characters"},
        {"", "password1234", PASSWORD_EASY},
        {"", "Password2026!", PASSWORD_EASY},
        {"", "P@ssw0rd1234", PASSWORD_EASY},
        {"", "Пароль123456", PASSWORD_EASY},
        {"", "gfhjkm123456", PASSWORD_EASY},
        {"", "құпиясөз2025", PASSWORD_EASY},
        {"", "parol-parol-1", PASSWORD_EASY},
        {"", "consilium2026", PASSWORD_EASY},
        {"", "Consilium-Admin", PASSWORD_EASY},
        {"", "qwertyuiop12", PASSWORD_EASY},
        {"", "poiuytrewqlk", PASSWORD_EASY},
        {"", "йцукенгшщзхъ", PASSWORD_EASY},
        {"", "1q2w3e4r5t6y", PASSWORD_EASY},
        {"", "123456789012", PASSWORD_EASY},
        {"", "987654321098", PASSWORD_EASY},
        {"", "aaaaaaaaaaaa", PASSWORD_EASY},
        {"", "xy7xy7xy7xy7", PASSWORD_EASY},
        {"", "............", PASSWORD_EASY},
        {"", "больница-2024", PASSWORD_EASY},
        {"", "O‘zbekiston2024", PASSWORD_EASY},
        {"petrova", "petrova20242", PASSWORD_EASY},
        {"anna.petrova", "Petrova-Anna-1", PASSWORD_EASY},
        {"akhmetov", "petrova-sluzhba", NULL},
        {"", "correct horse battery", NULL},
        {"", "лошадь батарейка скоба", NULL},
        {"", "жылқы батарея қапсырма", NULL},
        {"", "ot batareya qisqich", NULL},
        {"", "849201736458", NULL},
        {"", "xK7vqpL2mzRt", NULL},
        {"", "xK7vqpL2mzR", "password: at least 12 characters"},
        {"", "my doctor has a red bicycle", NULL},
    };
    unsigned wrong = 0;
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        as(&rq, NULL);
        enum err e = password_judge(&rq, str_z(rows[i].login), str_z(rows[i].password));
        const char *said = e == OK ? NULL : rq.err.detail;
        bool right = rows[i].fault == NULL ? e == OK
                                           : e == E_BAD_INPUT && strcmp(said, rows[i].fault) == 0;
        if (!right) {
            print_message("%s: %s\n", rows[i].password, e == OK ? "good" : said);
            wrong++;
        }
        req_done(&rq);
    }
    assert_int_equal(wrong, 0);
}

/* The longest that is let in, of every sign there is, stays within its bounds. */
static void any_bytes(void **state)
{
    char bytes[PASSWORD_MAX + 1];
    (void)state;
    for (unsigned shift = 0; shift < 256; shift += 5) {
        struct req rq;
        for (unsigned i = 0; i < sizeof bytes; i++) {
            bytes[i] = (char)(i * shift + shift);
        }
        as(&rq, NULL);
        enum err e = password_judge(&rq, S("any"), (struct str){bytes, PASSWORD_MAX});
        assert_true(e == OK || e == E_BAD_INPUT);
        err_clear(&rq);
        assert_int_equal(password_judge(&rq, S(""), (struct str){bytes, sizeof bytes}), E_BAD_INPUT);
        req_done(&rq);
    }
}

/* The settings say how many, and what is easy stays easy. */
static void the_length_is_a_setting(void **state)
{
    static const struct {
        uint32_t least;
        const char *password;
        enum err e;
    } rows[] = {
        {8, "xK7vqpL2", OK}, {8, "xK7vqpL", E_BAD_INPUT}, {8, "password", E_BAD_INPUT},
        {16, "xK7vqpL2mzRt", E_BAD_INPUT}, {16, "xK7vqpL2mzRtw9Ye", OK},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct str hash;
        region.care.password_least = rows[i].least;
        as(&rq, NULL);
        assert_int_equal(password_judge(&rq, S(""), str_z(rows[i].password)), rows[i].e);
        err_clear(&rq);
        if (strlen(rows[i].password) < rows[i].least) {
            assert_int_equal(password_hash(&rq, str_z(rows[i].password), &hash), E_BAD_INPUT);
        } else {
            assert_int_equal(password_hash(&rq, str_z(rows[i].password), &hash), OK);
        }
        req_done(&rq);
    }
    /* What the program makes passes the longest that may be asked for. */
    struct req rq;
    struct str made = {0};
    as(&rq, NULL);
    MUST(&rq, password_make(&rq, &made));
    assert_int_equal(made.n, 16);
    req_done(&rq);
    region.care.password_least = PASSWORD_LEAST;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judged),
        cmocka_unit_test(the_length_is_a_setting), cmocka_unit_test(any_bytes)};
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
