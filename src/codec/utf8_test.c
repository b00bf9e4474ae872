/* codec/utf8_test.c - UTF-8 and folding for search. */
#include "base/arena_testing.h"
#include "codec/utf8.h"

static void only_well_formed_is_valid(void **state)
{
    (void)state;
    static const struct {
        struct str s;
        bool ok;
    } rows[] = {
        {SI(""), true},
        {SI("a\x7f"), true},
        {SI("\xc2\x80\xdf\xbf\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf"), true},
        {SI("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"), true},
        {SI("\x80"), false},
        {SI("\xc1\xbf"), false},
        {SI("\xe0\x9f\xbf"), false},
        {SI("\xed\xa0\x80"), false},
        {SI("\xf0\x8f\xbf\xbf"), false},
        {SI("\xf4\x90\x80\x80"), false},
        {SI("\xf5\x80\x80\x80"), false},
        {SI("\xe2\x82"), false},
        {SI("\xf0\x9f\x98"), false},
        {SI("\xd0"), false},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        assert_int_equal(utf8_is_valid(rows[i].s), rows[i].ok);
    }
}

static void counts_and_cuts_between_characters(void **state)
{
    (void)state;
    struct str s = S("aяこ😀");
    assert_int_equal(s.n, 10);
    assert_int_equal(utf8_count(s), 4);
    static const size_t kept[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 10};
    for (size_t n = 0; n < LEN(kept); n++) {
        assert_int_equal(utf8_cut(s, n).n, kept[n]);
    }
    assert_int_equal(utf8_cut_chars(s, 2).n, 3);
    assert_int_equal(utf8_cut_chars(s, 9).n, 10);
    assert_int_equal(utf8_count(S("\xff\xff")), 2);
    struct buf b;
    buf_init(&b, a, 100);
    utf8_clean(&b, S("a\0b\xffя\xd0"));
    assert_true(str_eq(buf_get(&b), S("a�b�я�")));
}

static void folding_makes_what_is_typed_meet_what_is_written(void **state)
{
    (void)state;
    static const struct {
        struct str in;
        struct str out;
    } rows[] = {
        {SI(""), SI("")},
        {SI("  Иванов\t Пётр  "), SI("иванов петр")},
        {SI("ПЁТР"), SI("петр")},
        {SI("Пе\xcc\x88тр"), SI("петр")},
        {SI("Йод"), SI("йод")},
        {SI("И\xcc\x86од"), SI("йод")},
        {SI("Әлия Ғабит Қанат Ңұр Өмір Үміт Һас Іле"), SI("алия габит канат нур омир умит хас иле")},
        {SI("Ўзбек Ҳаким"), SI("узбек хаким")},
        {SI("Oʻzbek G'ulom O’tkir g‘alaba o`g`il oʼg'"), SI("ozbek gulom otkir galaba ogil og")},
        {SI("O'Hara"), SI("ohara")},
        {SI("Ağa Şəhla İlhan ılık Çağ"), SI("aga sehla ilhan ilik cag")},
        {SI("Müller Straße Ærø Þór Łódź"), SI("muller strasse aero thor lodz")},
        {SI("Nguyễn"), SI("nguyen")},
        {SI("Анна–Мария"), SI("анна-мария")},
        {SI("Киї́в є"), SI("киив е")},
        {SI("ＡＢＣ１２"), SI("abc12")},
        {SI("ΑΒΓ"), SI("αβγ")},
        {SI("山田 太郎"), SI("山田 太郎")},
        {SI("a\xff"), SI("a�")},
        {SI("900 101\xc2\xa0"
            "30"), SI("900 101 30")},
    };
    for (size_t i = 0; i < LEN(rows); i++) {
        struct buf b;
        buf_init(&b, a, 1000);
        utf8_fold(&b, rows[i].in);
        if (!str_eq(buf_get(&b), rows[i].out)) {
            print_message("%.*s gives %.*s\n", STR_ARG(rows[i].in), STR_ARG(buf_get(&b)));
        }
        assert_true(str_eq(buf_get(&b), rows[i].out));
        struct buf twice;
        buf_init(&twice, a, 1000);
        utf8_fold(&twice, buf_get(&b));
        assert_true(str_eq(buf_get(&twice), rows[i].out));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_is_valid),
        cmocka_unit_test(counts_and_cuts_between_characters),
        cmocka_unit_test(folding_makes_what_is_typed_meet_what_is_written),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
