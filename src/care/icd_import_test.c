/* care/icd_import_test.c - the three kinds of classification files, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "care/icd_import.h"

static void read_ok(struct str text, enum lang lang, uint32_t want_n, struct str want_row)
{
    struct req rq;
    struct str csv = {0};
    uint32_t n = 0;

    req_init(&rq, 64 << 20, (struct instant){0});
    enum err e = icd_import(&rq, text, lang, &csv, &n);
    if (e != OK) {
        fail_msg("%s %s", err_name(e), rq.err.detail);
    }
    assert_int_equal(n, want_n);
    if (str_find(csv, want_row) == csv.n) {
        fail_msg("no \"%.*s\" in:\n%.*s", STR_ARG(want_row), STR_ARG(csv));
    }
    req_done(&rq);
}

static void refused(struct str text, enum err want)
{
    struct req rq;
    struct str csv = {0};
    uint32_t n = 0;

    req_init(&rq, 64 << 20, (struct instant){0});
    assert_int_equal(icd_import(&rq, text, LANG_RU, &csv, &n), want);
    assert_null(csv.p);
    req_done(&rq);
}

static void csv_files(void **state)
{
    (void)state;
    read_ok(S("code;title\r\nI00-I99;Chapter\r\nI63.9;Инфаркт мозга, неуточнённый\r\n"), LANG_RU, 1,
            S("I63.9,,\"Инфаркт мозга, неуточнённый\",,,\r\n"));
    read_ok(S("code,en,ru,kk,uz,words\nI10,Hypertension,Гипертензия,,,АГ\n"), LANG_EN, 1,
            S("I10,Hypertension,Гипертензия,,,АГ\r\n"));
}

static void code_systems(void **state)
{
    (void)state;
    read_ok(S("{\"resourceType\":\"CodeSystem\",\"language\":\"en\",\"concept\":[{\"code\":\"I\","
              "\"display\":\"Chapter\",\"concept\":[{\"code\":\"I63\",\"display\":\"Infarction\","
              "\"designation\":[{\"language\":\"ru\",\"value\":\"Инфаркт\"}],\"concept\":["
              "{\"code\":\"I63.0\",\"display\":\"By thrombosis\"}]}]}]}"),
            LANG_RU, 2, S("I63,Infarction,Инфаркт,,,\r\n"));
}

static void claml(void **state)
{
    (void)state;
    read_ok(S("<?xml version=\"1.0\"?><ClaML version=\"2.0.0\"><Class code=\"IX\" kind=\"chapter\">"
              "<Rubric kind=\"preferred\"><Label xml:lang=\"en\">Chapter</Label></Rubric></Class>"
              "<Class code=\"I63\" kind=\"category\"><Rubric kind=\"inclusion\"><Label>no</Label>"
              "</Rubric><Rubric kind=\"preferred\"><Label xml:lang=\"en\">Cerebral <Fragment>"
              "infarction</Fragment></Label><Label xml:lang=\"de\">Hirninfarkt</Label></Rubric>"
              "</Class></ClaML>"),
            LANG_RU, 1, S("I63,Cerebral infarction,,,,\r\n"));
}

static void what_is_none_is_refused(void **state)
{
    (void)state;
    refused(S(""), E_BAD_INPUT);
    refused(S("name,title\nx,y\n"), E_SYNTAX);
    refused(S("{\"resourceType\":\"Patient\"}"), E_SYNTAX);
    refused(S("<ClaML><Class code=\"I63\" kind=\"category\">"), E_SYNTAX);
    refused(S("code,title\nnone,none\n"), E_BAD_INPUT);
    /* entities are not replaced, nothing is read from elsewhere */
    refused(S("<!DOCTYPE ClaML [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><ClaML>&x;</ClaML>"),
            E_BAD_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(csv_files),
        cmocka_unit_test(code_systems),
        cmocka_unit_test(claml),
        cmocka_unit_test(what_is_none_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
