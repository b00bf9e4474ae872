/* app/command_test.c - the command line: help before anything starts, flags only as usage names
 * them, for every row of the table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/command.h"
#include "store/store.h"

static enum command_ask ask(const char *first, const char *second, const char *const *words, int n,
                            const char **ret_word)
{
    const char *line[] = {first, second};
    int used = 0;
    const struct command *cmd = command_find(line, second != NULL ? 2 : 1, &used);
    assert_non_null(cmd);
    assert_int_equal(used, second != NULL ? 2 : 1);
    return command_read(cmd, words, n, ret_word);
}

static void every_command_answers_help_and_refuses_what_it_does_not_know(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_commands; i++) {
        const char *bad = NULL;
        const char *help[] = {"x", "--help"};
        const char *short_help[] = {"-h"};
        const char *known[] = {"--nothing-of-the-kind"};
        const char *one[] = {"-x"};
        assert_int_equal(command_read(&commands[i], help, 2, &bad), COMMAND_TELL);
        assert_int_equal(command_read(&commands[i], short_help, 1, &bad), COMMAND_TELL);
        assert_null(bad);
        assert_int_equal(command_read(&commands[i], known, 1, &bad), COMMAND_REFUSE);
        assert_string_equal(bad, known[0]);
        assert_int_equal(command_read(&commands[i], one, 1, &bad), COMMAND_REFUSE);
        assert_string_equal(bad, one[0]);
    }
}

static void flags_are_those_of_the_usage(void **state)
{
    (void)state;
    static const struct {
        const char *first, *second, *words[5];
        int n;
        enum command_ask ask;
        const char *word;
    } rows[] = {
        {"demo", NULL, {NULL}, 0, COMMAND_RUN, NULL},
        {"demo", NULL, {"somewhere"}, 1, COMMAND_REFUSE, "somewhere"},
        {"serve", NULL, {"--hlep"}, 1, COMMAND_REFUSE, "--hlep"},
        {"doctor", NULL, {"--index"}, 1, COMMAND_RUN, NULL},
        {"doctor", NULL, {"--ind"}, 1, COMMAND_REFUSE, "--ind"},
        {"doctor", NULL, {"--index=1"}, 1, COMMAND_REFUSE, "--index=1"},
        {"validate", NULL, {"a.json", "--strict", "--profile", "p"}, 4, COMMAND_RUN, NULL},
        {"fhirpath", NULL, {"--expr", "-1", "--bare"}, 3, COMMAND_RUN, NULL},
        {"fhirpath", NULL, {"--bare", "-1"}, 2, COMMAND_REFUSE, "-1"},
        {"user", "add", {"a", "--family", "--help"}, 3, COMMAND_RUN, NULL},
        {"user", "add", {"a", "--famil", "F", "-q"}, 4, COMMAND_REFUSE, "--famil"},
        {"icd10", "import", {"f.csv", "--lang", "kk"}, 3, COMMAND_RUN, NULL},
        {"org", "add", {"N", "--kind", "station", "--policy", "uz"}, 5, COMMAND_RUN, NULL},
        {"verify", NULL, {"a", "b", "--ca", "ca.pem"}, 4, COMMAND_RUN, NULL},
        {"help", NULL, {"demo"}, 1, COMMAND_RUN, NULL},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        const char *bad = NULL;
        if (ask(rows[i].first, rows[i].second, rows[i].words, rows[i].n, &bad) != rows[i].ask) {
            fail_msg("row %zu: %s", i, rows[i].first);
        }
        assert_true((bad == NULL) == (rows[i].word == NULL));
        assert_true(bad == NULL || strcmp(bad, rows[i].word) == 0);
    }
}

static void the_longer_name_wins(void **state)
{
    (void)state;
    const char *shared[] = {"user", "--help"};
    const char *none[] = {"--help"};
    int n = 7;
    assert_null(command_find(shared, 2, &n));
    assert_int_equal(n, 0);
    assert_null(command_find(none, 1, &n));
    assert_null(command_find(none, 0, &n));
}

/* "consilium N.N.N, schema N, index N", by either name, beside no other word. */
static void the_version_is_told(void **state)
{
    const char *flag[] = {"--version"};
    const char *word[] = {"version"};
    const char *more[] = {"--version", "--help"};
    const char *bad = NULL;
    struct req rq;
    struct buf b;
    struct str s;
    struct str part;
    uint64_t number;
    int n = 0;
    (void)state;
    const struct command *cmd = command_find(flag, 1, &n);
    assert_non_null(cmd);
    assert_int_equal(n, 1);
    assert_ptr_equal(command_find(word, 1, &n), cmd);
    assert_ptr_equal(command_find(more, 2, &n), cmd);
    assert_int_equal(command_read(cmd, more + n, 1, &bad), COMMAND_TELL);
    req_init(&rq, 1 << 16, (struct instant){0});
    buf_init(&b, rq.a, 256);
    command_version_write(&b);
    s = buf_get(&b);
    assert_true(str_cut(&s, ' ', &part) && str_eq(part, S("consilium")));
    for (int i = 0; i < 3; i++) {
        assert_true(str_cut(&s, i < 2 ? '.' : ',', &part));
        assert_true(str_u64(part, &number));
    }
    assert_true(str_starts(s, S(" schema ")));
    assert_true(str_cut(&s, ',', &part) && str_u64(str_sub(part, 8, part.n), &number));
    assert_int_equal(number, store_schema());
    assert_true(str_starts(s, S(" index ")));
    assert_true(str_u64(str_sub(s, 7, s.n - 8), &number));
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_command_answers_help_and_refuses_what_it_does_not_know),
        cmocka_unit_test(flags_are_those_of_the_usage),
        cmocka_unit_test(the_longer_name_wins),
        cmocka_unit_test(the_version_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
