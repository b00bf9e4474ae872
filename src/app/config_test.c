/* app/config_test.c - settings: order of sources, bounds, unknown keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/config.h"

static void later_sources_win(void **state)
{
    (void)state;
    struct req rq;
    struct config c;
    char env_port[] = "CONSILIUM_PORT=81";
    char env_other[] = "PORT=1";
    char *env[] = {env_other, env_port, NULL};
    const char *flags[] = {"max-streams", "7", "trust_proxy", "true"};
    struct config_source from = {
        S("# comment\nport = 80\n max_streams=5 \n\nlisten = 10.0.0.1"), env, flags, 2, S("x.conf")};
    req_init(&rq, 65536, (struct instant){0});
    assert_int_equal(config_read(&rq, &from, &c), OK);
    assert_int_equal(c.port, 81);
    assert_int_equal(c.max_streams, 7);
    assert_true(c.trust_proxy);
    assert_true(str_eq(c.listen, S("10.0.0.1")));
    assert_true(str_eq(c.data, S("consilium-data")));
    req_done(&rq);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    static const struct {
        struct str file;
        const char *detail;
    } cases[] = {
        {SI("prot = 1"), "configuration file, line 1: no such setting"},
        {SI("\nport"), "configuration file, line 2: no such setting"},
        {SI("port = 65536"), "setting port: a number from 0 to 65535"},
        {SI("port = x"), "setting port: a number from 0 to 65535"},
        {SI("trust_proxy = yes"), "setting trust_proxy: true or false"},
        {SI("lang = rus"), "setting lang: too long"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct req rq;
        struct config c = {.port = 3};
        struct config_source from = {cases[i].file, NULL, NULL, 0, {0}};
        req_init(&rq, 65536, (struct instant){0});
        assert_int_equal(config_read(&rq, &from, &c), E_BAD_INPUT);
        assert_string_equal(rq.err.detail, cases[i].detail);
        assert_int_equal(c.port, 3);
        req_done(&rq);
    }
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    struct req rq;
    struct config c;
    struct config again;
    struct buf b;
    struct config_source from = {S("port = 9\nbase_url = https://x.example"), NULL, NULL, 0, {0}};
    req_init(&rq, 65536, (struct instant){0});
    buf_init(&b, rq.a, 32768);
    assert_int_equal(config_read(&rq, &from, &c), OK);
    config_write(&rq, &c, &b);
    assert_true(buf_ok(&b));
    from.file = buf_get(&b);
    assert_int_equal(config_read(&rq, &from, &again), OK);
    assert_int_equal(again.port, 9);
    assert_true(str_eq(again.base_url, c.base_url));
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(later_sources_win),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_is_written_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
