/* fhir/validate_profile_test.c - profiles, slices, extensions, answered forms, strict checks, bindings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "fhir/library.h"
#include "fhir/syntax.h"
#include "fhir/validate.h"

/* A library of one profile, two of its bases, a questionnaire and a value set. */
static const char *const books[] = {
    "{\"resourceType\":\"StructureDefinition\",\"url\":\"http://t/base\",\"type\":\"Patient\","
    "\"kind\":\"resource\",\"derivation\":\"constraint\","
    "\"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Patient\",\"differential\":{\"element\":["
    "{\"id\":\"Patient\",\"path\":\"Patient\",\"constraint\":[{\"key\":\"t-1\",\"severity\":\"error\","
    "\"human\":\"born\",\"expression\":\"birthDate.exists()\"}]}]}}",
    "{\"resourceType\":\"StructureDefinition\",\"url\":\"http://t/patient\",\"type\":\"Patient\","
    "\"kind\":\"resource\",\"derivation\":\"constraint\",\"baseDefinition\":\"http://t/base\","
    "\"differential\":{\"element\":[{\"id\":\"Patient.name\",\"path\":\"Patient.name\",\"min\":1},"
    "{\"id\":\"Patient.identifier\",\"path\":\"Patient.identifier\",\"slicing\":{\"discriminator\":["
    "{\"type\":\"value\",\"path\":\"system\"}],\"rules\":\"closed\"}},"
    "{\"id\":\"Patient.identifier:nat\",\"path\":\"Patient.identifier\",\"sliceName\":\"nat\",\"min\":1,"
    "\"max\":\"1\"},{\"id\":\"Patient.identifier:nat.system\",\"path\":\"Patient.identifier.system\","
    "\"fixedUri\":\"http://nat\"},{\"id\":\"Patient.identifier:nat.value\","
    "\"path\":\"Patient.identifier.value\",\"maxLength\":3},"
    "{\"id\":\"Patient.deceased[x]\",\"path\":\"Patient.deceased[x]\",\"type\":[{\"code\":\"boolean\"}]},"
    "{\"id\":\"Patient.maritalStatus\",\"path\":\"Patient.maritalStatus\",\"patternCodeableConcept\":"
    "{\"coding\":[{\"code\":\"M\"}]}},{\"id\":\"Patient.language\",\"path\":\"Patient.language\","
    "\"binding\":{\"strength\":\"required\",\"valueSet\":\"http://t/languages\"}},"
    "{\"id\":\"Patient.managingOrganization\",\"path\":\"Patient.managingOrganization\",\"max\":\"0\"}]}}",
    "{\"resourceType\":\"ValueSet\",\"url\":\"http://t/languages\",\"compose\":{\"include\":[{\"system\":"
    "\"urn:ietf:bcp:47\",\"concept\":[{\"code\":\"kk\"},{\"code\":\"ru\"}]}]}}",
    "{\"resourceType\":\"Questionnaire\",\"url\":\"http://t/form\",\"item\":[{\"linkId\":\"a\",\"type\":"
    "\"integer\",\"required\":true},{\"linkId\":\"g\",\"type\":\"group\",\"item\":[{\"linkId\":\"b\","
    "\"type\":\"choice\",\"answerOption\":[{\"valueCoding\":{\"code\":\"x\"}}]}]}]}",
};

#define PATIENT "{\"resourceType\":\"Patient\",\"meta\":{\"profile\":[\"http://t/patient\"]},"
#define GOOD "\"birthDate\":\"1980\",\"name\":[{\"text\":\"A\"}],"
#define NAT "\"identifier\":[{\"system\":\"http://nat\",\"value\":\"123\"}]"
#define PRESSURE(first, second) \
    "{\"resourceType\":\"Observation\",\"meta\":{\"profile\":[\"http://hl7.org/fhir/" \
    "StructureDefinition/bp\"]},\"status\":\"final\",\"category\":[{\"coding\":[{\"system\":" \
    "\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":\"vital-signs\"}]}]," \
    "\"code\":{\"coding\":[" LOINC "\"85354-9\"}]},\"subject\":{\"reference\":\"Patient/a\"}," \
    "\"effectiveDateTime\":\"2020-01-01\",\"component\":[{\"code\":{\"coding\":[" LOINC \
    "\"" first "\"}]}" ABSENT "},{\"code\":{\"coding\":[" LOINC "\"" second "\"}]}" ABSENT "}]"
#define ABSENT ",\"dataAbsentReason\":{\"text\":\"x\"}"
#define LOINC "{\"system\":\"http://loinc.org\",\"code\":"
#define ELEMENTS "{\"resourceType\":\"StructureDefinition\",\"url\":\"http://t/x\",\"name\":\"X\"," \
    "\"status\":\"draft\",\"kind\":\"resource\",\"abstract\":false,\"type\":\"Patient\"," \
    "\"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Patient\",\"derivation\":" \
    "\"constraint\",\"differential\":{\"element\":[{\"id\":\"Patient\",\"path\":\"Patient\"},"
#define FORM "{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"http://t/form\",\"status\":"

/* expect: "" or "code path" of the first error. */
static const struct {
    const char *json;
    unsigned flags;
    const char *expect;
} rows[] = {
    {PATIENT GOOD NAT "}", 0, ""},
    {PATIENT "\"name\":[{\"text\":\"A\"}]," NAT "}", 0, "invariant Patient"},
    {PATIENT "\"birthDate\":\"1980\"," NAT "}", 0, "required Patient"},
    {PATIENT GOOD "\"active\":true}", 0, "required Patient"},
    {PATIENT GOOD "\"identifier\":[{\"system\":\"http://nat\",\"value\":\"1\"},{\"system\":\"http://x\","
     "\"value\":\"1\"}]}", 0, "structure Patient.identifier[1]"},
    {PATIENT GOOD "\"identifier\":[{\"system\":\"http://nat\",\"value\":\"1234\"}]}", 0,
     "too-long Patient.identifier[0].value"},
    {PATIENT GOOD NAT ",\"deceasedDateTime\":\"2020\"}", 0,
     "structure Patient.deceased.ofType(dateTime)"},
    {PATIENT GOOD NAT ",\"maritalStatus\":{\"coding\":[{\"code\":\"M\",\"display\":\"x\"}]}}", 0, ""},
    {PATIENT GOOD NAT ",\"maritalStatus\":{\"coding\":[{\"code\":\"S\"}]}}", 0,
     "value Patient.maritalStatus"},
    {PATIENT GOOD NAT ",\"language\":\"kk\"}", 0, ""},
    {PATIENT GOOD NAT ",\"language\":\"en\"}", 0, "code-invalid Patient.language"},
    {PATIENT GOOD NAT ",\"managingOrganization\":{\"display\":\"x\"}}", 0, "structure Patient"},
    {"{\"resourceType\":\"Patient\",\"meta\":{\"profile\":[\"http://t/unknown\"]}}", 0, ""},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://hl7.org/fhir/StructureDefinition/"
     "patient-birthPlace\",\"valueString\":\"x\"}]}", 0,
     "structure Patient.extension[0].value.ofType(string)"},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://x\",\"valueString\":\"x\"}]}", 0, ""},
    {"{\"resourceType\":\"Patient\",\"extension\":[{\"url\":\"http://x\",\"valueString\":\"x\"}]}",
     FHIR_STRICT, "structure Patient.extension[0]"},
    {PRESSURE("8480-6", "8462-4") "}", 0, ""},
    {PRESSURE("8480-6", "1-8") "}", 0, "required Observation"},
    {PRESSURE("8480-6", "8462-4") ",\"valueQuantity\":{\"value\":1}}", 0,
     "structure Observation.value.ofType(Quantity)"},
    {ELEMENTS "{\"id\":\"Patient.a..b\",\"path\":\"Patient.a..b\"}]}}", 0,
     "invariant StructureDefinition.differential.element[1]"},
    {ELEMENTS "{\"id\":\"Patient.birthDate\",\"path\":\"Patient.birthDate\",\"type\":[{\"code\":"
     "\"date\"}],\"binding\":{\"strength\":\"example\"}}]}}", 0,
     "invariant StructureDefinition.differential.element[1]"},
    {FORM "\"completed\",\"item\":[{\"linkId\":\"a\",\"answer\":[{\"valueInteger\":1}]}]}", 0, ""},
    {FORM "\"completed\"}", 0, "required QuestionnaireResponse"},
    {FORM "\"in-progress\"}", 0, ""},
    {FORM "\"completed\",\"item\":[{\"linkId\":\"a\",\"answer\":[{\"valueString\":\"1\"}]}]}", 0,
     "invariant QuestionnaireResponse.item[0].answer[0].value.ofType(string)"},
    {FORM "\"in-progress\",\"item\":[{\"linkId\":\"c\"}]}", 0, "not-found QuestionnaireResponse"},
    {FORM "\"in-progress\",\"item\":[{\"linkId\":\"g\",\"item\":[{\"linkId\":\"b\",\"answer\":["
     "{\"valueCoding\":{\"code\":\"y\"}}]}]}]}", 0,
     "invariant QuestionnaireResponse.item[0].item[0].answer[0]"},
    {"{\"resourceType\":\"Basic\",\"code\":{\"coding\":[{\"system\":\"http://hl7.org/fhir/"
     "administrative-gender\",\"code\":\"male\",\"display\":\"Female\"}]}}", FHIR_STRICT,
     "value Basic.code.coding[0].display"},
    {"{\"resourceType\":\"Patient\",\"text\":{\"status\":\"generated\",\"div\":\"<div><a href='#x'>y</a>"
     "</div>\"}}", FHIR_STRICT, "value Patient.text.div"},
};

static void library_fill(struct req *rq, struct fhir_library *lib)
{
    for (size_t i = 0; i < LEN(books); i++) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        assert_int_equal(json_parse(rq, str_z(books[i]), NULL, doc), OK);
        assert_int_equal(fhir_library_add(rq, lib, json_root(doc)), OK);
    }
}

static void first_error(const struct req *rq, char *out, size_t size)
{
    const struct fhir_issues *all = rq->issues;
    uint32_t i = 0;
    out[0] = 0;
    while (all != NULL && i < all->n && all->items[i].severity != ISSUE_ERROR) {
        i++;
    }
    if (all != NULL && i < all->n) {
        snprintf(out, size, "%s %.*s", all->items[i].code, STR_ARG(all->items[i].expression));
    }
}

static void profiles_and_forms(void **state)
{
    (void)state;
    unsigned bad = 0;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct json_doc doc;
        char got[256];
        req_init(&rq, 32 << 20, (struct instant){0});
        struct fhir_library *lib = fhir_library_new(rq.a);
        assert_non_null(lib);
        library_fill(&rq, lib);
        struct fhir_check check = {.lib = lib, .flags = rows[i].flags};
        assert_int_equal(json_parse(&rq, str_z(rows[i].json), NULL, &doc), OK);
        struct str type = json_str(rq.a, json_get(json_root(&doc), S("resourceType")));
        enum err e = fhir_validate_as(&rq, json_root(&doc), fhir_type_find(type), &check);
        first_error(&rq, got, sizeof(got));
        if (strcmp(got, rows[i].expect) != 0 || (e == OK) != (rows[i].expect[0] == 0)) {
            print_message("row %zu: got '%s', expected '%s'\n", i, got, rows[i].expect);
            bad++;
        }
        req_done(&rq);
    }
    assert_int_equal(bad, 0);
}

static void warnings_never_block(void **state)
{
    (void)state;
    struct req rq;
    struct json_doc doc;
    struct fhir_check check = {.flags = FHIR_WARNINGS};
    req_init(&rq, 8 << 20, (struct instant){0});
    assert_int_equal(json_parse(&rq, S("{\"resourceType\":\"Patient\",\"maritalStatus\":{\"coding\":[{"
                                       "\"system\":\"http://x\",\"code\":\"y\"}]}}"), NULL, &doc), OK);
    assert_int_equal(fhir_validate_as(&rq, json_root(&doc), T_PATIENT, &check), OK);
    assert_int_equal(rq.issues->n, 2); /* no narrative, a code that is not recommended */
    assert_int_equal(rq.issues->n_errors, 0);
    req_done(&rq);
}

static const struct {
    const char *text;
    const char *path;
} broken[] = {
    {"{\"resourceType\":\"Patient\",\"name\":[{\"family\":\"x\",}]}", "Patient.name[0]"},
    {"{\"resourceType\":\"Patient\",\"name\":[{\"given\":[\"a\" \"b\"]}]}", "Patient.name[0].given"},
    {"{\"resourceType\":\"Patient\",\n \"active\": yes}", "Patient"},
    {"{resourceType: \"Patient\"}", "Patient"},
    {"", ""},
};

static void places_of_broken_json(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(broken); i++) {
        struct req rq;
        struct json_doc doc;
        req_init(&rq, 1 << 20, (struct instant){0});
        struct str text = str_z(broken[i].text);
        assert_int_equal(json_parse(&rq, text, NULL, &doc), E_SYNTAX);
        struct str path = fhir_syntax_path(&rq, text, str_z(rq.err.detail));
        if (!str_eq(path, str_z(broken[i].path))) {
            fail_msg("row %zu: %.*s, %s", i, STR_ARG(path), rq.err.detail);
        }
        req_done(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(profiles_and_forms),
        cmocka_unit_test(warnings_never_block),
        cmocka_unit_test(places_of_broken_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
