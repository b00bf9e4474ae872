/* base/text_test.c - languages, plural forms, placeholders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/text.h"

static void languages_are_chosen(void **state)
{
    (void)state;
    enum lang lang = LANG_COUNT;
    assert_true(lang_parse(S("kk-KZ"), &lang));
    assert_int_equal(lang, LANG_KK);
    assert_false(lang_parse(S("kkz"), &lang));
    assert_false(lang_parse(S(""), &lang));
    assert_true(str_eq(lang_code(LANG_UZ), S("uz")));
}

static void texts_fall_back_to_english(void **state)
{
    (void)state;
    assert_true(str_eq(tr(LANG_RU, "no such text anywhere"), S("no such text anywhere")));
    assert_true(str_eq(tr(LANG_RU, "Please sign in."), S("Пожалуйста, войдите.")));
    assert_true(str_eq(tr(LANG_EN, "Please sign in."), S("Please sign in.")));
    assert_true(str_eq(trn(LANG_EN, "a", "b", 1), S("a")));
    assert_true(str_eq(trn(LANG_EN, "a", "b", 0), S("b")));
}

static void russian_counts_in_three_forms(void **state)
{
    (void)state;
    static const struct {
        uint64_t n;
        struct str want;
    } rows[] = {
        {1, SI("{n} год")},    {2, SI("{n} года")},    {4, SI("{n} года")},  {5, SI("{n} лет")},
        {11, SI("{n} лет")},   {12, SI("{n} лет")},    {14, SI("{n} лет")},  {21, SI("{n} год")},
        {54, SI("{n} года")},  {0, SI("{n} лет")},     {100, SI("{n} лет")}, {111, SI("{n} лет")},
        {121, SI("{n} год")},  {1002, SI("{n} года")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_true(str_eq(trn(LANG_RU, "{n} year", "{n} years", rows[i].n), rows[i].want));
    }
    assert_true(str_eq(trn(LANG_KK, "{n} year", "{n} years", 5), S("{n} жас")));
}

static void placeholders_are_replaced(void **state)
{
    (void)state;
    static const struct {
        struct str pattern;
        struct str want;
    } rows[] = {
        {SI("{a} and {b}"), SI("1 and 2")}, {SI("{c} {a"), SI("{c} {a")}, {SI("{}{ a}{A}"), SI("{}{ a}{A}")},
        {SI("{{a}}"), SI("{1}")},           {SI(""), SI("")},            {SI("{a}{a}"), SI("11")},
    };
    struct arena *a = arena_new(64 * 1024);
    const struct text_arg args[] = {{S("a"), S("1")}, {S("b"), S("2")}};
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, a, 1000);
        text_fill(&b, rows[i].pattern, args, LEN(args));
        assert_true(str_eq(buf_get(&b), rows[i].want));
    }
    arena_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(languages_are_chosen),
        cmocka_unit_test(texts_fall_back_to_english),
        cmocka_unit_test(russian_counts_in_three_forms),
        cmocka_unit_test(placeholders_are_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
