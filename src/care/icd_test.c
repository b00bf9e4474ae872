/* care/icd_test.c - the starter list is found by code, by words of each language, and overridden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "care/icd.h"
#include "os/file.h"

static uint32_t hits(struct req *rq, const struct icd *icd, const char *query,
                     const struct icd_entry **ret)
{
    return icd_search(rq, icd, str_z(query), ret, 20);
}

static void finds(void **state)
{
    (void)state;
    struct req rq;
    struct icd *icd = NULL;
    const struct icd_entry *got[20];
    req_init(&rq, 64 << 20, (struct instant){0});
    assert_int_equal(icd_load(&rq, S("content"), S(""), &icd), OK);
    assert_non_null(icd_find(icd, S("I21")));
    assert_null(icd_find(icd, S("I2")));
    assert_true(str_starts(icd_titled(&rq, icd, S(" i21 ")), S("I21 ")));
    assert_true(str_starts(icd_titled(&rq, icd, S("i219")), S("I21.9 ")));
    assert_true(hits(&rq, icd, "I21.9", got) > 0);
    assert_true(str_eq(icd_titled(&rq, icd, S("I21 my words")), S("I21 my words")));
    assert_true(str_eq(icd_titled(&rq, icd, S("I2")), S("I2")));
    assert_true(str_eq(icd_titled(&rq, NULL, S("I21")), S("I21")));
    assert_true(hits(&rq, icd, "i21", got) > 0);
    assert_true(str_starts(got[0]->code, S("I21")));
    assert_true(hits(&rq, icd, "Инфаркт МИОКАРДА", got) > 0);
    assert_true(hits(&rq, icd, "pneumon", got) > 0);
    assert_int_equal(hits(&rq, icd, "нет такой болезни", got), 0);
    assert_int_equal(hits(&rq, icd, "   ", got), 0);
    assert_int_equal(hits(&rq, icd, "\xff\xfe", got), 0);
    icd_free(icd);
    req_done(&rq);
}

static void operator_wins(void **state)
{
    (void)state;
    struct req rq;
    struct icd *icd = NULL;
    char dir[] = "/tmp/icd-test-XXXXXX";
    char path[OS_PATH_MAX];
    req_init(&rq, 64 << 20, (struct instant){0});
    assert_non_null(mkdtemp(dir));
    assert_int_equal(os_path(&rq, str_z(dir), S("icd10.csv"), path), OK);
    assert_int_equal(os_write_file(&rq, path,
                                   S("code,en,ru,kk,uz,words\r\nI21,Own,,,,\r\nZ99.9,,Своё,,,\r\n"),
                                   0600),
                     OK);
    assert_int_equal(icd_load(&rq, S("content"), str_z(dir), &icd), OK);
    assert_true(str_eq(icd_find(icd, S("I21"))->title.v[LANG_EN], S("Own")));
    assert_true(str_eq(text4_get(&icd_find(icd, S("Z99.9"))->title, LANG_UZ), S("Своё")));
    icd_free(icd);
    assert_int_equal(os_write_file(&rq, path, S("code,en,ru,kk,uz,words\r\nnonsense,a,,,,\r\n"),
                                   0600),
                     OK);
    assert_int_equal(icd_load(&rq, S("content"), str_z(dir), &icd), E_BAD_INPUT);
    assert_int_equal(os_remove(&rq, path), OK);
    assert_int_equal(rmdir(dir), 0);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds),
        cmocka_unit_test(operator_wins),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
