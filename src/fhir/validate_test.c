/* fhir/validate_test.c - the walk, primitive formats and the validator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fhir/prim.h"
#include "fhir/validate_int.h"

static const struct {
    enum fhir_prim prim;
    bool ok;
    const char *text;
} prims[] = {
    {PRIM_DATE, true, "1800-02"},
    {PRIM_DATE, true, "3000"},
    {PRIM_DATE, false, "1970-01-01T12:00:00Z"},
    {PRIM_DATE, false, "1970-02-30"},
    {PRIM_DATE_TIME, true, "1970-01-01T12:00:00.123Z"},
    {PRIM_DATE_TIME, true, "1970-01-01T12:00:00+05:00"},
    {PRIM_DATE_TIME, false, "1970-01-01T12:00:00.123"},
    {PRIM_DATE_TIME, false, "2014-10-09T14:58:00"},
    {PRIM_INSTANT, true, "1970-01-01T12:00:00.123Z"},
    {PRIM_INSTANT, false, "1970-01-01"},
    {PRIM_CODE, true, "multiple words without"},
    {PRIM_CODE, false, " leading"},
    {PRIM_CODE, false, "trailing "},
    {PRIM_CODE, false, "two  spaces"},
    {PRIM_STRING, true, "foo\tbar\rbaz\nquux"},
    {PRIM_STRING, false, "bell\a"},
    {PRIM_TIME, true, "10:00:00"},
    {PRIM_TIME, false, "24:00:00"},
    {PRIM_TIME, false, "12:05"},
    {PRIM_ID, true, "a.B-9"},
    {PRIM_ID, false, "a_b"},
    {PRIM_OID, true, "urn:oid:1.2.3"},
    {PRIM_OID, false, "urn:oid:3.2"},
    {PRIM_UUID, true, "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"},
    {PRIM_UUID, false, "urn:uuid:53FEFA32-fcbb-4ff8-8a92-55ee120877b7"},
    {PRIM_BASE64, true, "JVBERi0xLjUNJeLjz9MNCjEwIDAg"},
    {PRIM_BASE64, false, "abc"},
    {PRIM_BASE64, false, "a=bc"},
    {PRIM_POSITIVE_INT, false, "0"},
    {PRIM_UNSIGNED_INT, true, "0"},
    {PRIM_UNSIGNED_INT, false, "-1"},
    {PRIM_INTEGER, true, "-2147483648"},
    {PRIM_INTEGER, false, "2147483648"},
    {PRIM_INTEGER, false, "01"},
    {PRIM_DECIMAL, true, "1.00"},
    {PRIM_DECIMAL, true, "1.2E+2"},
    {PRIM_DECIMAL, false, "1."},
    {PRIM_DECIMAL, false, "+1"},
    {PRIM_XHTML, true, "<div>text</div>"},
    {PRIM_XHTML, false, "text"},
    {PRIM_URI, false, "a b"},
};

static void primitive_formats(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(prims); i++) {
        if (fhir_prim_text_ok(prims[i].prim, str_z(prims[i].text)) != prims[i].ok) {
            fail_msg("row %zu: %s", i, prims[i].text);
        }
    }
}

/* expect: "" or "code path" of the first issue. */
static const struct {
    const char *json;
    const char *expect;
} cases[] = {
    {"{\"resourceType\":\"Patient\"}", ""},
    {"{\"resourceType\":\"Patient\",\"active\":true,\"name\":[{\"family\":\"A\",\"given\":[\"B\"]}]}",
     ""},
    {"{\"resourceType\":\"Patient\",\"nom\":1}", "structure Patient"},
    {"{\"resourceType\":\"Patient\",\"name\":{\"family\":\"A\"}}", "structure Patient.name"},
    {"{\"resourceType\":\"Patient\",\"name\":[]}", "structure Patient.name"},
    {"{\"resourceType\":\"Patient\",\"active\":\"yes\"}", "structure Patient.active"},
    {"{\"resourceType\":\"Patient\",\"gender\":\"m\"}", "code-invalid Patient.gender"},
    {"{\"resourceType\":\"Patient\",\"birthDate\":\"2020-13-01\"}", "value Patient.birthDate"},
    {"{\"resourceType\":\"Patient\",\"birthDate\":\"\"}", "value Patient.birthDate"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"A\"},{\"familie\":\"B\"}]}",
     "structure Patient.name[1]"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"A\",7]}]}",
     "structure Patient.name[0].given[1]"},
    {"{\"resourceType\":\"Patient\",\"_birthDate\":{\"extension\":[{\"url\":\"http://x\","
     "\"valueCode\":\"unknown\"}]}}", ""},
    {"{\"resourceType\":\"Patient\",\"_name\":[{\"id\":\"x\"}]}", "structure Patient.name"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"given\":[null,\"B\"],\"_given\":[{\"id\":\"x\"},"
     "null]}]}", "structure Patient.name[0].given[0]"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},"
     "null]}]}", ""},
    {"{\"resourceType\":\"Patient\",\"deceasedBoolean\":true,\"deceasedDateTime\":\"2020\"}",
     "structure Patient.deceased.ofType(dateTime)"},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://x\",\"valueQuantity\":"
     "{\"value\":1.00}}]}", ""},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://x\",\"valueNothing\":1}]}",
     "structure Patient.extension[0]"},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"valueCode\":\"x\"}]}",
     "required Patient.extension[0]"},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"Practitioner/1\"}}",
     "structure Patient.managingOrganization"},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"Organization/1\"}}",
     ""},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"nothing\"}}",
     "value Patient.managingOrganization"},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{}}",
     "structure Patient.managingOrganization"},
    {"{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\","
     "\"nam\":\"x\"}]}", "structure Patient.contained[0]"},
    {"{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Medication\",\"x\":1}]}",
     "structure Patient.contained[0]"},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"#o\"},"
     "\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\",\"name\":\"x\"}]}", ""},
    {"{\"resourceType\":\"Patient\",\"managingOrganization\":{\"reference\":\"#p\"}}",
     "invariant Patient.managingOrganization"},
    {"{\"resourceType\":\"Patient\",\"contained\":[{\"resourceType\":\"Organization\",\"id\":\"o\","
     "\"name\":\"x\"}]}", "invariant Patient"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"given\":[null,\"B\"]}]}",
     "structure Patient.name[0].given[0]"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"id\":\"x\"}]}", "structure Patient.name[0]"},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://x\"}]}",
     "invariant Patient.extension[0]"},
    {"{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\",\"div\":\"<div>a</p></div>\"}}",
     "structure Patient.text.div"},
    {"{\"resourceType\":\"Condition\",\"subject\":{\"reference\":\"Patient/1\"},\"clinicalStatus\":{"
     "\"coding\":[{\"system\":\"http://x\",\"code\":\"active\"}]}}",
     "code-invalid Condition.clinicalStatus"},
    {"{\"resourceType\":\"Bundle\",\"type\":\"collection\",\"entry\":[{\"fullUrl\":\"Patient/1\","
     "\"resource\":{\"resourceType\":\"Patient\"}}]}", "value Bundle.entry"},
    {"{\"resourceType\":\"Patient\",\"active\":null}", "structure Patient.active"},
    {"{\"resourceType\":\"Observation\",\"status\":\"final\"}", "required Observation"},
    {"{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"text\":\"x\"},"
     "\"valueQuantity\":{\"value\":1,\"unit\":\"x\"},\"effectiveDateTime\":\"2020-01-01\"}", ""},
    {"{\"resourceType\":\"Provenance\",\"recorded\":\"2020-01-01T00:00:00Z\",\"target\":[{"
     "\"reference\":\"Task/1\"}]}", "required Provenance"},
    {"{\"resourceType\":\"Questionnaire\",\"status\":\"active\",\"item\":[{\"linkId\":\"1\","
     "\"type\":\"group\",\"item\":[{\"linkId\":\"1.1\",\"type\":\"strin\"}]}]}",
     "code-invalid Questionnaire.item[0].item[0].type"},
    {"{\"resourceType\":\"Bundle\",\"type\":\"document\",\"entry\":[{\"resource\":{"
     "\"resourceType\":\"Patient\",\"gender\":\"x\"}}]}",
     "code-invalid Bundle.entry[0].resource.gender"},
    {"{\"resourceType\":\"Task\",\"status\":\"draft\",\"intent\":\"order\",\"output\":[{\"type\":"
     "{\"text\":\"c\"},\"valueReference\":{\"reference\":\"DiagnosticReport/1\"}}]}", ""},
};

static void resources_are_held_to_the_table(void **state)
{
    (void)state;
    unsigned n_bad = 0;
    for (size_t i = 0; i < LEN(cases); i++) {
        struct req rq;
        struct json_doc doc;
        req_init(&rq, 1 << 20, (struct instant){0});
        assert_int_equal(json_parse(&rq, str_z(cases[i].json), NULL, &doc), OK);
        struct jv root = json_root(&doc);
        enum fhir_type type = fhir_type_find(json_str(rq.a, json_get(root, S("resourceType"))));
        enum err e = fhir_validate(&rq, root, type);
        char got[256] = "";
        if (rq.issues != NULL && rq.issues->n > 0) {
            const struct fhir_issue *is = &rq.issues->items[0];
            snprintf(got, sizeof(got), "%s %.*s", is->code, STR_ARG(is->expression));
        }
        if (strcmp(got, cases[i].expect) != 0 || (e == OK) != (cases[i].expect[0] == 0)) {
            print_message("row %zu: got '%s', expected '%s'\n", i, got, cases[i].expect);
            n_bad++;
        }
        req_done(&rq);
    }
    assert_int_equal(n_bad, 0);
}

/* The walk keeps a bit for each child of a type. */
static void types_fit_the_walk(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    for (uint16_t i = 1; i < def_type_count(d); i++) {
        assert_true(def_type_row(d, i)->n_elem <= SEEN_WORDS * 64);
    }
}

static void many_faults_stay_bounded(void **state)
{
    (void)state;
    struct req rq;
    struct buf b;
    struct json_doc doc;
    req_init(&rq, 8 << 20, (struct instant){0});
    buf_init(&b, rq.a, 1 << 20);
    BUF_LIT(&b, "{\"resourceType\":\"Patient\",\"name\":[");
    for (int i = 0; i < 1000; i++) {
        buf_str(&b, i == 0 ? S("{\"x\":1}") : S(",{\"x\":1}"));
    }
    BUF_LIT(&b, "]}");
    assert_int_equal(json_parse(&rq, buf_get(&b), NULL, &doc), OK);
    assert_int_equal(fhir_validate(&rq, json_root(&doc), T_PATIENT), E_UNPROCESSED);
    assert_int_equal(rq.issues->n, FHIR_ISSUES_MAX);
    assert_int_equal(rq.issues->n_errors, 1000);
    struct buf out;
    struct json_out o;
    buf_init(&out, rq.a, 1 << 20);
    json_out_init(&o, &out);
    fhir_outcome_write(&rq, E_UNPROCESSED, &o);
    assert_int_equal(json_parse(&rq, buf_get(&out), NULL, &doc), OK);
    assert_int_equal(json_len(json_get(json_root(&doc), S("issue"))), FHIR_ISSUES_MAX);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(primitive_formats),
        cmocka_unit_test(resources_are_held_to_the_table),
        cmocka_unit_test(types_fit_the_walk),
        cmocka_unit_test(many_faults_stay_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
