/* fhir/patch_test.c - FHIRPath Patch: lists, choices, extensions of primitives, what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fhir/patch.h"

static struct jv parse(struct req *rq, struct str text)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    assert_int_equal(json_parse(rq, text, NULL, doc), OK);
    return json_root(doc);
}

#define PATIENT "{\"resourceType\":\"Patient\","
#define OBSERVATION "{\"resourceType\":\"Observation\","
#define TYPE(t) "{\"name\":\"type\",\"valueCode\":\"" t "\"},"
#define PATH(p) "{\"name\":\"path\",\"valueString\":\"" p "\"}"
#define NAME(n) ",{\"name\":\"name\",\"valueString\":\"" n "\"}"
#define INT(n, v) ",{\"name\":\"" n "\",\"valueInteger\":" v "}"
#define VALUE(v) ",{\"name\":\"value\"," v "}"

/* clang-format off */
static const struct {
    const char *resource;
    const char *op;
    const char *want; /* NULL: refused with err */
    enum err err;
} rows[] = {
    {PATIENT "\"birthDate\":\"1930\"}", TYPE("add") PATH("Patient") NAME("birthDate") VALUE("\"valueDate\":\"1931\""), NULL, E_UNPROCESSED},
    {PATIENT "\"name\":[{\"given\":[\"A\"]}]}", TYPE("add") PATH("Patient.name[0]") NAME("given") VALUE("\"valueString\":\"B\""),
     PATIENT "\"name\":[{\"given\":[\"A\",\"B\"]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\"],\"_given\":[{\"id\":\"x\"}]}]}", TYPE("add") PATH("Patient.name[0]") NAME("given") VALUE("\"valueString\":\"B\""),
     PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},null]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},null]}]}", TYPE("delete") PATH("Patient.name[0].given[0]"),
     PATIENT "\"name\":[{\"given\":[\"B\"]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},null]}]}", TYPE("move") PATH("Patient.name[0].given") INT("source", "0") INT("destination", "1"),
     PATIENT "\"name\":[{\"given\":[\"B\",\"A\"],\"_given\":[null,{\"id\":\"x\"}]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\"]}]}", TYPE("insert") PATH("Patient.name[0].given") INT("index", "0") VALUE("\"valueString\":\"B\",\"_valueString\":{\"id\":\"y\"}"),
     PATIENT "\"name\":[{\"given\":[\"B\",\"A\"],\"_given\":[{\"id\":\"y\"},null]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"]}]}", TYPE("replace") PATH("Patient.name[0].given[1]") VALUE("\"valueString\":\"C\",\"_valueString\":{\"id\":\"y\"}"),
     PATIENT "\"name\":[{\"given\":[\"A\",\"C\"],\"_given\":[null,{\"id\":\"y\"}]}]}", OK},
    {PATIENT "\"birthDate\":\"1930\",\"_birthDate\":{\"id\":\"x\"},\"id\":\"p\"}", TYPE("replace") PATH("Patient.birthDate") VALUE("\"valueDate\":\"1931\""),
     PATIENT "\"birthDate\":\"1931\",\"id\":\"p\"}", OK},
    {PATIENT "\"id\":\"p\"}", TYPE("insert") PATH("Patient.identifier") INT("index", "0") VALUE("\"valueIdentifier\":{\"value\":\"1\"}"),
     PATIENT "\"id\":\"p\",\"identifier\":[{\"value\":\"1\"}]}", OK},
    {PATIENT "\"id\":\"p\"}", TYPE("insert") PATH("Patient.identifier") INT("index", "1") VALUE("\"valueIdentifier\":{\"value\":\"1\"}"), NULL, E_UNPROCESSED},
    {PATIENT "\"id\":\"p\"}", TYPE("insert") PATH("Patient.birthDate") INT("index", "0") VALUE("\"valueDate\":\"1931\""), NULL, E_UNPROCESSED},
    {OBSERVATION "\"valueString\":\"a\"}", TYPE("replace") PATH("Observation.value") VALUE("\"valueQuantity\":{\"value\":1.50}"),
     OBSERVATION "\"valueQuantity\":{\"value\":1.50}}", OK},
    {OBSERVATION "\"status\":\"final\"}", TYPE("add") PATH("Observation") NAME("value") VALUE("\"valueQuantity\":{\"value\":1.50}"),
     OBSERVATION "\"status\":\"final\",\"valueQuantity\":{\"value\":1.50}}", OK},
    {OBSERVATION "\"valueString\":\"a\"}", TYPE("add") PATH("Observation") NAME("value") VALUE("\"valueQuantity\":{\"value\":1.50}"), NULL, E_UNPROCESSED},
    {OBSERVATION "\"status\":\"final\"}", TYPE("add") PATH("Observation") NAME("value") VALUE("\"valueAddress\":{\"text\":\"x\"}"), NULL, E_UNPROCESSED},
    {PATIENT "\"id\":\"p\"}", TYPE("add") PATH("Patient") NAME("contact") VALUE("\"part\":[{\"name\":\"telecom\",\"valueContactPoint\":{\"value\":\"1\"}},"
     "{\"name\":\"telecom\",\"valueContactPoint\":{\"value\":\"2\"}},{\"name\":\"gender\",\"valueCode\":\"male\"}]"),
     PATIENT "\"id\":\"p\",\"contact\":[{\"telecom\":[{\"value\":\"1\"},{\"value\":\"2\"}],\"gender\":\"male\"}]}", OK},
    {PATIENT "\"contact\":[{\"name\":{\"text\":\"a\"}}]}", TYPE("delete") PATH("Patient.contact[0].name.text"), "{\"resourceType\":\"Patient\"}", OK},
    {PATIENT "\"id\":\"p\"}", TYPE("delete") PATH("Patient.birthDate"), PATIENT "\"id\":\"p\"}", OK},
    {PATIENT "\"name\":[{\"family\":\"a\"},{\"family\":\"b\"}]}", TYPE("delete") PATH("Patient.name"), NULL, E_UNPROCESSED},
    {PATIENT "\"name\":[{\"family\":\"a\"},{\"family\":\"b\"}]}", TYPE("replace") PATH("Patient.name.where(family = 'b').family") VALUE("\"valueString\":\"c\""),
     PATIENT "\"name\":[{\"family\":\"a\"},{\"family\":\"c\"}]}", OK},
    {PATIENT "\"birthDate\":\"1930\",\"id\":\"p\"}", TYPE("add") PATH("Patient.birthDate") NAME("extension") VALUE("\"part\":[{\"name\":\"url\",\"valueUri\":\"u\"},"
     "{\"name\":\"value\",\"valueString\":\"s\"}]"),
     PATIENT "\"birthDate\":\"1930\",\"_birthDate\":{\"extension\":[{\"url\":\"u\",\"valueString\":\"s\"}]},\"id\":\"p\"}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"]}]}", TYPE("add") PATH("Patient.name.given[1]") NAME("id") VALUE("\"valueString\":\"x\""),
     PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[null,{\"id\":\"x\"}]}]}", OK},
    {PATIENT "\"birthDate\":\"1930\"}", TYPE("add") PATH("Patient.birthDate") NAME("text") VALUE("\"valueString\":\"x\""), NULL, E_UNPROCESSED},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},{\"extension\":[{\"url\":\"u\",\"valueString\":\"s\"}]}]}]}",
     TYPE("delete") PATH("Patient.name.given[1].extension[0]"),
     PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[{\"id\":\"x\"},null]}]}", OK},
    {PATIENT "\"name\":[{\"given\":[\"A\",\"B\"],\"_given\":[null,{\"extension\":[{\"url\":\"u\",\"valueString\":\"s\"}]}]}]}",
     TYPE("delete") PATH("Patient.name.given[1].extension"),
     PATIENT "\"name\":[{\"given\":[\"A\",\"B\"]}]}", OK},
    {PATIENT "\"_birthDate\":{\"extension\":[{\"url\":\"u\",\"valueString\":\"s\"}]}}", TYPE("replace") PATH("Patient.birthDate") VALUE("\"valueDate\":\"1931\""),
     PATIENT "\"birthDate\":\"1931\"}", OK},
    {PATIENT "\"id\":\"p\"}", TYPE("delete") PATH("Patient"), NULL, E_UNPROCESSED},
    {PATIENT "\"id\":\"p\"}", TYPE("add") PATH("Patient") NAME("nothing") VALUE("\"valueString\":\"c\""), NULL, E_UNPROCESSED},
    {PATIENT "\"id\":\"p\"}", TYPE("replace") PATH("Patient.id.length()") VALUE("\"valueString\":\"c\""), NULL, E_UNPROCESSED},
    {PATIENT "\"id\":\"p\"}", TYPE("replace") PATH("Patient..") VALUE("\"valueString\":\"c\""), NULL, E_SYNTAX},
    {PATIENT "\"id\":\"p\"}", TYPE("remove") PATH("Patient.id"), NULL, E_BAD_INPUT},
    {PATIENT "\"id\":\"p\"}", TYPE("replace") PATH("Patient.id"), NULL, E_BAD_INPUT},
    {PATIENT "\"id\":\"p\"}", TYPE("replace") PATH("Patient.id") VALUE("\"valueString\":\"c\",\"valueInteger\":1"), NULL, E_BAD_INPUT},
    {PATIENT "\"name\":[{\"family\":\"a\"}]}", TYPE("move") PATH("Patient.name") INT("source", "0") INT("destination", "1"), NULL, E_UNPROCESSED},
    {"{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" PATIENT "\"id\":\"p\"}}]}", TYPE("add") PATH("Bundle.entry[0].resource") NAME("gender") VALUE("\"valueCode\":\"male\""),
     "{\"resourceType\":\"Bundle\",\"entry\":[{\"resource\":" PATIENT "\"id\":\"p\",\"gender\":\"male\"}}]}", OK},
};
/* clang-format on */

static void operations(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct str out;
        struct buf b;
        req_init(&rq, 16 << 20, (struct instant){0});
        buf_init(&b, rq.a, 10000);
        BUF_LIT(
            &b,
            "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[");
        buf_str(&b, str_z(rows[i].op));
        BUF_LIT(&b, "]}]}");
        enum err e =
            fhir_patch(&rq, parse(&rq, str_z(rows[i].resource)), parse(&rq, buf_get(&b)), &out);
        if (e != rows[i].err || (e == OK && !str_eq(out, str_z(rows[i].want)))) {
            fail_msg("%s with %s: %s %s %.*s", rows[i].resource, rows[i].op, err_name(e),
                     rq.err.detail, e == OK ? (int)out.n : 0, e == OK ? out.p : "");
        }
        req_done(&rq);
    }
}

static void what_is_no_patch(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"resourceType\":\"Patient\"}",
        "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"op\"}]}",
        "{\"resourceType\":\"Parameters\",\"parameter\":[{\"name\":\"operation\",\"part\":[{\"name\":\"x\"}]}]}",
        "[]",
    };
    for (size_t i = 0; i < LEN(bad); i++) {
        struct req rq;
        struct str out;
        req_init(&rq, 16 << 20, (struct instant){0});
        assert_int_equal(fhir_patch(&rq, parse(&rq, S(PATIENT "\"id\":\"p\"}")),
                                    parse(&rq, str_z(bad[i])), &out),
                         E_BAD_INPUT);
        req_done(&rq);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(operations),
        cmocka_unit_test(what_is_no_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
