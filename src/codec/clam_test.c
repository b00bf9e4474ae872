/* codec/clam_test.c - answers of a virus scanner, also of one that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "codec/clam.h"

static void answers(void **state)
{
    static const struct {
        struct str text;
        enum clam_said said;
        const char *name;
    } rows[] = {
        {SI("stream: OK"), CLAM_CLEAN, ""},
        {SI("stream: Eicar-Test-Signature FOUND"), CLAM_FOUND, "Eicar-Test-Signature"},
        {SI("stream: A B\x01\xd0\xb0 FOUND"), CLAM_FOUND, "A?B???"},
        {SI("stream: OK FOUND"), CLAM_FOUND, "OK"},
        {SI("INSTREAM size limit exceeded. ERROR"), CLAM_TOO_LARGE, ""},
        {SI("stream: Can't allocate memory ERROR"), CLAM_FAILED, ""},
        {SI("UNKNOWN COMMAND"), CLAM_NONSENSE, ""},
        {SI("stream:  FOUND"), CLAM_NONSENSE, ""},
        {SI("stream: FOUND"), CLAM_NONSENSE, ""},
        {SI("stream: ok"), CLAM_NONSENSE, ""},
        {SI("stream: OK\n"), CLAM_NONSENSE, ""},
        {SI("stream: Heuristics.Limits.Exceeded.MaxFileSize FOUND"), CLAM_TOO_LARGE, ""},
        {SI("stream: Heuristics.Limits.Exceeded FOUND"), CLAM_TOO_LARGE, ""},
        {SI("stream: Heuristics.Broken.Executable FOUND"), CLAM_FOUND, "Heuristics.Broken.Executable"},
        {SI("OK"), CLAM_NONSENSE, ""},
        {SI(""), CLAM_NONSENSE, ""},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct clam_answer a;
        clam_answer_read(rows[i].text, &a);
        assert_int_equal(a.said, rows[i].said);
        assert_string_equal(a.name, rows[i].name);
    }
}

static void long_names_are_cut(void **state)
{
    struct clam_answer a;
    char text[CLAM_ANSWER_MAX] = "stream: ";
    (void)state;
    memset(text + 8, 'x', 500);
    memcpy(text + 508, " FOUND", 6);
    clam_answer_read((struct str){text, 514}, &a);
    assert_int_equal(a.said, CLAM_FOUND);
    assert_int_equal(strlen(a.name), CLAM_NAME_MAX);
}

static void versions(void **state)
{
    static const struct {
        struct str text;
        bool is;
        uint64_t signatures;
        int64_t made_ms;
    } rows[] = {
        {SI("ClamAV 1.4.6/27467/Mon Nov 23 08:40:00 2026"), true, 27467, INT64_C(1795392000000)},
        {SI("ClamAV 1.4.6/27467/Sun Nov  1 08:40:00 2026"), true, 27467, INT64_C(1793491200000)},
        {SI("ClamAV 1.4.6"), true, 0, 0},
        {SI("ClamAV 1.4.6/x/Mon Nov 23 08:40:00 2026"), false, 0, 0},
        {SI("ClamAV 1.4.6/1/yesterday"), false, 0, 0},
        {SI("ClamAV 1.4.6/1/Mon Nov 31 08:40:00 2026"), false, 0, 0},
        {SI("ClamAV 1.4.6/1/Mon Nov 23 08:40:00 20260000"), false, 0, 0},
        {SI("Other 1"), false, 0, 0},
        {SI(""), false, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct clam_version v = {0};
        assert_int_equal(clam_version_read(rows[i].text, &v), rows[i].is);
        assert_int_equal(v.signatures, rows[i].signatures);
        assert_int_equal(v.made.ms, rows[i].made_ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers),
        cmocka_unit_test(long_names_are_cut),
        cmocka_unit_test(versions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
