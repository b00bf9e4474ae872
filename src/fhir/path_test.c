/* fhir/path_test.c - FHIRPath: what the conformance suites do not ask. The suites themselves run in
 * `make conformance`. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fhir/path_int.h"

static struct req rq;
static struct json_doc doc;
static const char patient[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":true,"
    "\"name\":[{\"family\":\"Иванова\",\"given\":[\"Анна\",\"Мария\"]},{\"text\":\"A\"}],"
    "\"birthDate\":\"1974-12-25\",\"_birthDate\":{\"extension\":[{\"url\":\"http://x\","
    "\"valueDateTime\":\"1974-12-25T14:35:45-05:00\"}]},\"multipleBirthInteger\":2,"
    "\"managingOrganization\":{\"reference\":\"Organization/o1\"}}";

static int setup(void **state)
{
    (void)state;
    req_init(&rq, 64 << 20, (struct instant){1790000000000});
    assert_int_equal(json_parse(&rq, str_z(patient), NULL, &doc), OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    req_done(&rq);
    return 0;
}

static enum err run(const char *expr, unsigned flags, struct path_env *env,
                    struct path_list *ret_list)
{
    struct path_prog *prog;
    err_clear(&rq);
    TRY(path_compile(&rq, fhir_defs(), str_z(expr), env->context.type, flags, &prog));
    return path_eval(&rq, prog, env, ret_list);
}

static struct path_env patient_env(void)
{
    return path_env_of(path_item_of(fhir_defs(), json_root(&doc), 0));
}

/* The texts of the result, with commas between. */
static const char *given(const char *expr)
{
    struct path_env env = patient_env();
    struct path_list list;
    struct buf b;
    if (run(expr, 0, &env, &list) != OK) {
        return err_name(rq.err.code);
    }
    buf_init(&b, rq.a, 1 << 20);
    for (size_t i = 0; i < list.n; i++) {
        buf_str(&b, i > 0 ? S(",") : S(""));
        path_item_text(&b, rq.a, fhir_defs(), &list.v[i]);
    }
    buf_char(&b, '\0');
    return b.p;
}

static void expressions(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"name.given", "Анна,Мария"},
        {"Patient.name[0].family.length()", "7"},
        {"Resource.id | DomainResource.id", "p1"},
        {"name.given.first().upper()", "АННА"},
        {"'Қазақ ӘЛЕМ'.lower()", "қазақ әлем"},
        {"multipleBirth + 1", "3"},
        {"multipleBirth is integer", "true"},
        {"birthDate.extension('http://x').value.toDate()", "1974-12-25"},
        {"birthDate + 1 month", "1975-01-25"},
        {"name.where(family.exists()).select(given.join(' '))", "Анна Мария"},
        {"defineVariable('n', name.given).select(%n.count())", "2"},
        {"name.defineVariable('n', Patient.name.given.count()).select(%n)", "2,2"},
        {"(name.given.defineVariable('a', 1) | %a)", "E_UNPROCESSED"},
        {"1 / 3 * 3 = 1", "true"},
        {"1.10 + 0.05", "1.15"},
        {"(0.1 'g' + 200 'mg')", "300 'mg'"},
        {"5 'mg' / 2 'mL'", "2.5 'mg/mL'"},
        {"@2020-02-29 + 1 year", "2021-02-28"},
        {"@2019-02-03T01:00Z = @2019-02-02T21:00-04:00", "true"},
        {"@2012-04-15T15:00:00Z = @2012-04-15T10:00:00", ""},
        {"@2012-04-15T15:00:00Z > @2012-04-10T10:00:00", "true"},
        {"{}.exists() or {} ", ""},
        {"iif(active, 'yes', 1/0)", "yes"},
        {"(3 | 1 | 2).sort($this desc)", "3,2,1"},
        {"'aXbX'.replaceMatches('(X)', '<$1>')", "a<X>b<X>"},
        {"today().toString()", "2026-09-21"},
        {"name.given.repeatAll($this.where(length() > 99))", ""},
        {"nothing.at.all", ""},
        {"Patient.checkModifiers('http://a', 'http://b').id", "p1"},
        {"gender.no", ""},
        {"multipleBirthInteger", "E_UNPROCESSED"},
        {"name.as(HumanName)", "E_UNPROCESSED"},
        {"1 +", "E_SYNTAX"},
        {"'open", "E_SYNTAX"},
        {"/* open", "E_SYNTAX"},
        {"nope()", "E_UNPROCESSED"},
        {"$total", "E_UNPROCESSED"},
        {"9223372036854775807 + 1", ""},
        {"@2020-01-31 + 1 month = @2020-02-29", "true"},
        {"-3 + 1 < -1", "true"},
        {"1 / 0", ""},
        {"@2020 = @2020-01", ""},
        {"1 'mg' + 1 'mg' = 2 'mg'", "true"},
        {"false and -'a' = 1", "false"},
        {"-'a'", "E_UNPROCESSED"},
        {"%nope", "E_UNPROCESSED"},
        {"name.elementDefinition().path", "Patient.name,Patient.name"},
        {"(birthDate | name.given).elementDefinition().select(path & ' ' & min.toString() & max)",
         "Patient.birthDate 01,HumanName.given 0*,HumanName.given 0*"},
        {"Patient.elementDefinition().select(path & ' ' & constraint.key.first())", "Patient dom-2"},
        {"Patient.multipleBirth.elementDefinition().type.code", "boolean,integer"},
        {"birthDate.extension.value.elementDefinition().select(path & ' ' & base.path)",
         "Extension.value[x] Extension.value[x]"},
        {"gender.elementDefinition() | 'a'.elementDefinition()", ""},
        {"name.slice('http://nowhere', 'x')", "E_UNPROCESSED"},
        {"name.slice({}, 'x')", "E_UNPROCESSED"},
        {"name.subsumes(name)", "E_UNPROCESSED"},
        {"gender.subsumes(Patient.nothing)", ""},
        {"Patient.conformsTo('http://nowhere')", "E_UNPROCESSED"},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *got = given(cases[i][0]);
        if (!str_eq(str_z(got), str_z(cases[i][1]))) {
            fail_msg("%s: got %s, not %s", cases[i][0], got, cases[i][1]);
        }
    }
}

/* A text of n copies. */
static struct str copies(const char *head, const char *part, unsigned n, const char *tail)
{
    struct buf b;
    buf_init(&b, rq.a, 1 << 20);
    buf_str(&b, str_z(head));
    for (unsigned i = 0; i < n; i++) {
        buf_str(&b, str_z(part));
    }
    buf_str(&b, str_z(tail));
    buf_char(&b, '\0');
    return (struct str){b.p, b.n - 1};
}

static void limits(void **state)
{
    (void)state;
    assert_string_equal(given(copies("", "(", 10000, "1").p), "E_TOO_LARGE");
    assert_string_equal(given(copies("", "-", 10000, "1").p), "E_TOO_LARGE");
    assert_string_equal(given(copies("1", "+1", 10000, "").p), "E_TOO_LARGE");
    assert_string_equal(given(copies("name", ".where(true)", 3000, ".count()").p), "2");
    assert_string_equal(given(copies("", "iif(true,", 10000, "1").p), "E_TOO_LARGE");
    assert_string_equal(given("(1).repeatAll($this | 1 | 2)"), "E_TOO_LARGE");
    assert_string_equal(given("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')"),
                        "E_UNPROCESSED");
    assert_string_equal(given("'abc'.matches('^[a-c]+$') and 'a-1.b'.matchesFull('[a-z0-9\\\\-.]{1,64}')"),
                        "true");
    assert_string_equal(given("'abd'.matches('^[a-c]+$') or 'aaaa'.matches('^a{1,3}$')"), "false");
    assert_string_equal(given("'2.16.840'.matches('^[0-2](.[0-9]+)*$') and 'aba'.matches('^a*b?a$')"),
                        "true");
    assert_string_equal(given("'a'.matches('(')"), "E_UNPROCESSED");
    struct path_env env = patient_env();
    struct path_list list;
    env.fuel = 10;
    assert_int_equal(run("name.given.where(true).where(true).count()", 0, &env, &list),
                     E_TOO_LARGE);
}

/* Codes and slices as R4 defines them. */
static void definitions(void **state)
{
    (void)state;
#define ACT "{\"system\":\"http://terminology.hl7.org/CodeSystem/v3-ActCode\",\"code\":"
#define CATEGORY "{\"system\":\"http://terminology.hl7.org/CodeSystem/observation-category\",\"code\":"
#define LOINC "{\"system\":\"http://loinc.org\",\"code\":"
    static const char observation[] =
        "{\"resourceType\":\"Observation\",\"status\":\"final\",\"code\":{\"coding\":[" ACT "\"AMB\"}]},"
        "\"method\":{\"coding\":[{\"code\":\"x\"}," ACT "\"_ActEncounterCode\"}]},"
        "\"category\":[{\"coding\":[" CATEGORY "\"vital-signs\"}]},{\"coding\":[" CATEGORY
        "\"laboratory\"}]}],\"component\":[{\"code\":{\"coding\":[" LOINC "\"8462-4\"}]}},"
        "{\"code\":{\"coding\":[" LOINC "\"1-8\"}," LOINC "\"8480-6\"}]}}]}";
    static const char *const cases[][2] = {
        {"method.subsumes(%resource.code)", "true"},
        {"code.subsumes(%resource.method)", "false"},
        {"code.subsumedBy(%resource.method)", "true"},
        {"code.subsumes(%resource.code.coding)", "true"},
        {"code.subsumes(%resource.category[0])", "E_UNPROCESSED"},
        {"category.slice('http://hl7.org/fhir/StructureDefinition/vitalsigns', 'VSCat').coding.code",
         "vital-signs"},
        {"category.slice('http://hl7.org/fhir/StructureDefinition/vitalsigns', 'No')",
         "E_UNPROCESSED"},
        {"category[0].memberOf('http://hl7.org/fhir/ValueSet/observation-category')", "true"},
        {"category[0].coding.memberOf('http://hl7.org/fhir/ValueSet/observation-status')", "false"},
        {"component.slice('http://hl7.org/fhir/StructureDefinition/bp', 'SystolicBP').code.coding.code",
         "1-8,8480-6"},
        {"status.memberOf('http://hl7.org/fhir/ValueSet/observation-status')", "true"},
        {"7.memberOf('http://hl7.org/fhir/ValueSet/observation-status')", "false"},
        {"@2026-11-22.conformsTo('http://hl7.org/fhir/StructureDefinition/vitalsigns')", "false"},
        {"conformsTo('http://hl7.org/fhir/StructureDefinition/vitalsigns')", "false"},
    };
    struct json_doc before = doc;
    assert_int_equal(json_parse(&rq, str_z(observation), NULL, &doc), OK);
    for (size_t i = 0; i < LEN(cases); i++) {
        const char *got = given(cases[i][0]);
        if (!str_eq(str_z(got), str_z(cases[i][1]))) {
            fail_msg("%s: got %s, not %s", cases[i][0], got, cases[i][1]);
        }
    }
    doc = before;
}

static void flags(void **state)
{
    (void)state;
    static const struct {
        const char *expr;
        unsigned flags;
        enum err e;
    } cases[] = {
        {"name.given1", PATH_STRICT, E_UNPROCESSED},
        {"name.given1", 0, OK},
        {"Encounter.status", PATH_STRICT, E_UNPROCESSED},
        {"name.where(family)", PATH_STRICT, E_UNPROCESSED},
        {"name.where(family.exists())", PATH_STRICT, OK},
        {"children().first()", PATH_STRICT | PATH_CHECK_ORDERED, E_UNPROCESSED},
        {"children().first()", PATH_STRICT, OK},
        {"birthDate as HumanName", PATH_STRICT, E_UNPROCESSED},
        {"name as HumanName", PATH_LENIENT_AS, OK},
        {"name as HumanName", 0, E_UNPROCESSED},
    };
    for (size_t i = 0; i < LEN(cases); i++) {
        struct path_env env = patient_env();
        struct path_list list;
        if (run(cases[i].expr, cases[i].flags, &env, &list) != cases[i].e) {
            fail_msg("%s: %s", cases[i].expr, err_name(rq.err.code));
        }
    }
}

static bool resolve(struct req *r, struct str ref, void *ctx, struct path_item *ret_item)
{
    (void)r, (void)ctx;
    if (!str_starts(ref, S("Organization/"))) {
        return false;
    }
    *ret_item = (struct path_item){.kind = PATH_NODE,
                                   .type = def_find(fhir_defs(), S("Organization")),
                                   .node = json_root(&doc)};
    return true;
}

static void rules(void **state)
{
    (void)state;
    struct path_env env = patient_env();
    struct path_prog *prog;
    bool b = false;
    env.resolve = resolve;
    assert_int_equal(path_compile(&rq, fhir_defs(),
                                  S("managingOrganization.where(resolve() is Organization)"
                                    ".exists() and name.all(family.exists() or text.exists())"),
                                  env.context.type, PATH_STRICT, &prog),
                     OK);
    assert_int_equal(path_eval_bool(&rq, prog, &env, &b), OK);
    assert_true(b);
    /* an evaluation leaves nothing behind */
    size_t used = arena_used(rq.a);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(path_eval_bool(&rq, prog, &env, &b), OK);
    }
    assert_int_equal(arena_used(rq.a), used);
    assert_int_equal(path_compile(&rq, fhir_defs(), S("name.suffix"), 0, 0, &prog), OK);
    assert_int_equal(path_eval_bool(&rq, prog, &env, &b), OK);
    assert_true(b); /* empty */
    assert_int_equal(path_eval_test(&rq, prog, &env, &b), OK);
    assert_false(b);
    assert_int_equal(path_compile(&rq, fhir_defs(), S("name.given"), 0, 0, &prog), OK);
    assert_int_equal(path_eval_bool(&rq, prog, &env, &b), E_UNPROCESSED);
}

/* Every invariant and every search parameter of R4 compiles. */
static void all_of_r4(void **state)
{
    (void)state;
    const struct defs *d = fhir_defs();
    for (uint16_t i = 0; i < def_inv_count(d); i++) {
        const struct def_invariant *inv = def_inv_row(d, i);
        struct path_prog *prog;
        if (path_compile(&rq, d, def_str(d, inv->expr), 0, 0, &prog) != OK) {
            fail_msg("%.*s: %s", STR_ARG(def_str(d, inv->key)), rq.err.detail);
        }
    }
    for (unsigned type = 0; type < T_COUNT; type++) {
        size_t n;
        const struct def_param *p = def_params(d, (enum fhir_type)type, &n);
        for (size_t i = 0; i < n; i++) {
            struct path_prog *prog;
            struct str expr = def_str(d, p[i].expr);
            uint16_t root = type == T_NONE ? 0 : def_of_fhir_type(d, (enum fhir_type)type);
            if (expr.n > 0
                && path_compile(&rq, d, expr, root, PATH_LENIENT_AS | PATH_STRICT, &prog) != OK) {
                fail_msg("%.*s: %s", STR_ARG(expr), rq.err.detail);
            }
        }
    }
}

/* Result of an expression without its type's name at the head, compiled with or without knowing it. */
static struct str shown(struct str expr, const struct json_doc *d, bool known)
{
    struct path_env env = path_env_of(path_item_of(fhir_defs(), json_root(d), 0));
    struct path_prog *prog;
    struct path_list list;
    struct json_out o;
    struct buf b;
    err_clear(&rq);
    uint16_t type = known ? env.context.type : 0;
    if (path_compile(&rq, fhir_defs(), expr, type, 0, &prog) != OK
        || path_eval(&rq, prog, &env, &list) != OK) {
        return str_z(err_name(rq.err.code));
    }
    buf_init(&b, rq.a, 1 << 20);
    json_out_init(&o, &b);
    path_list_write(&o, rq.a, fhir_defs(), list);
    return buf_get(&b);
}

/* Several steps at once give what they give one by one, whatever the names look like. */
static void walks_give_what_steps_give(void **state)
{
    (void)state;
    static const char *const inputs[] = {
        "{\"resourceType\":\"Observation\",\"_status\":{\"id\":\"a\"},\"status\":\"final\","
        "\"valueQuantity\":{\"value\":1,\"_value\":{\"id\":\"b\"}},\"component\":[{\"valueString\":\"x\","
        "\"_valueString\":{\"extension\":[{\"url\":\"u\",\"valueCode\":\"c\"}]}},{\"valueString\":\"y\"}]}",
        "{\"resourceType\":\"Observation\",\"status\":null,\"_status\":{\"id\":\"a\"},"
        "\"code\":[{\"coding\":[null,{\"code\":\"1\",\"display\":[\"d\",null]}]},{\"coding\":{\"code\":\"2\"}}],"
        "\"c\\u006fmponent\":[{\"valueString\":\"x\"}],\"valueQuantity\":null}",
        "{\"resourceType\":\"Observation\",\"status\":\"fin\\u0061l\",\"code\":{\"coding\":[{\"code\":\"\\u0031\","
        "\"display\":\"d\"},{\"code\":\"1\",\"_code\":{\"id\":\"z\"},\"display\":\"e\"},{\"display\":\"f\"}]},"
        "\"valueQuantity\":{\"value\":-0.50}}",
        "{\"resourceType\":\"Observation\",\"_valueQuantity\":{\"id\":\"q\"},\"code\":{\"coding\":"
        "[{\"code\":\"1\",\"_code\":{\"id\":\"z\"},\"acode\":5}]},\"component\":{\"valueString\":\"x\"},"
        "\"contained\":[{\"resourceType\":\"Patient\",\"_birthDate\":{\"id\":\"i\"}},"
        "{\"resourceType\":\"Observation\",\"valueString\":\"in\"},{\"id\":\"n\"},7]}",
    };
    static const char *const exprs[] = {
        "status", "status.id", "value", "value.value", "value.ofType(Quantity).value",
        "value.ofType(Quantity)", "component.value", "component.value.extension.value",
        "component.value.ofType(string)", "code.coding.code", "code.coding.code.id",
        "code.coding.display", "contained", "contained.ofType(Patient).birthDate",
        "contained.ofType(Observation).value", "contained.ofType(Patient).birthDate.id",
        "contained.id", "descendants().count()", "component.where(value = 'x').value",
        "code.coding.where(code = '1').display", "status = 'final'", "value.value < -0.4",
        "code.coding.all(code = '1')", "code.coding.select(code = '1')", "code.coding.distinct()",
    };
    for (size_t i = 0; i < LEN(inputs); i++) {
        struct json_doc d;
        assert_int_equal(json_parse(&rq, str_z(inputs[i]), NULL, &d), OK);
        for (size_t k = 0; k < LEN(exprs); k++) {
            struct str expr = str_z(exprs[k]);
            struct str a = shown(expr, &d, true);
            struct str b = shown(expr, &d, false);
            if (!str_eq(a, b)) {
                print_message("%zu %s: %.*s, %.*s\n", i, exprs[k], STR_ARG(a), STR_ARG(b));
            }
            assert_true(str_eq(a, b));
        }
        struct str n = shown(S("descendants().count()"), &d, true);
        struct str list = shown(S("descendants().select(1).count()"), &d, true);
        assert_true(str_eq(n, list));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions),
        cmocka_unit_test(definitions), cmocka_unit_test(limits),    cmocka_unit_test(flags),
        cmocka_unit_test(rules),       cmocka_unit_test(all_of_r4),
        cmocka_unit_test(walks_give_what_steps_give),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
