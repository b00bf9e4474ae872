/* care/password_test.c - passwords that are easy to guess, and some that are not. */
#include "care/care_fixture.h"

#include "care/password.h"

static void judged(void **state)
{
    static const struct {
        const char *login, *password, *fault; /* NULL: good */
    } rows[] = {
        {"", "short", PASSWORD_SHORT},
        {"", "пароль", PASSWORD_SHORT},
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
        {"", "xK7vqpL2mzR", PASSWORD_SHORT},
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(judged), cmocka_unit_test(any_bytes)};
    return cmocka_run_group_tests(tests, region_setup, region_teardown);
}
