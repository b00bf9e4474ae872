/* fhir/terms_test.c - what value sets mean: filters, sets that meet, what is taken out, what cannot be told; and
 * what is stored counts in validation: at once, while others write, and only for who may see it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fhir/search.h"
#include "fhir/terms.h"
#include "fhir/world_testing.h"
#include "os/thread.h"

#define SYSTEM "urn:t:cs"

static const char *const books[] = {
    "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:t:cs\",\"version\":\"1\","
    "\"content\":\"complete\",\"property\":["
    "{\"code\":\"site\",\"type\":\"code\"}],\"concept\":[{\"code\":\"a\",\"concept\":[{\"code\":\"a1\","
    "\"display\":\"Alpha one\",\"property\":[{\"code\":\"site\",\"valueCode\":\"lung\"}],"
    "\"concept\":[{\"code\":"
    "\"a11\"}]},{\"code\":\"a2\",\"property\":[{\"code\":\"site\","
    "\"valueCode\":\"liver\"},{\"code\":\"inactive\","
    "\"valueBoolean\":true}]}]},{\"code\":\"b\",\"property\":[{\"code\":\"parent\",\"valueCode\":\"a2\"}]},"
    "{\"code\":\"c\"}]}",
    "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:t:part\",\"content\":\"fragment\","
    "\"concept\":[{\"code\":\"x\"}]}",
    "{\"resourceType\":\"ValueSet\",\"url\":\"urn:t:as\","
    "\"compose\":{\"include\":[{\"system\":\"urn:t:cs\",\"filter\":"
    "[{\"property\":\"concept\",\"op\":\"is-a\",\"value\":\"a\"}]}]}}",
    "{\"resourceType\":\"ValueSet\",\"url\":\"urn:t:loop\","
    "\"compose\":{\"include\":[{\"valueSet\":[\"urn:t:loop\"]},"
    "{\"system\":\"urn:t:cs\",\"concept\":[{\"code\":\"c\"}]}]}}",
};

#define FILTER(property, op, value)                                                              \
    "{\"system\":\"urn:t:cs\",\"filter\":[{\"property\":\"" property "\",\"op\":\"" op                \
    "\",\"value\":\"" value "\"}]}"

/* Includes of a value set, what is taken out, and its codes; "!" and a gap when it cannot be listed. */
static const struct {
    const char *include;
    const char *exclude;
    const char *codes;
    enum term_gap gap;
} sets[] = {
    {"{\"system\":\"urn:t:cs\"}", "", "a a1 a11 a2 b c", GAP_NONE},
    {FILTER("concept", "is-a", "a"), "", "a a1 a11 a2 b", GAP_NONE},
    {FILTER("concept", "descendent-of", "a"), "", "a1 a11 a2 b", GAP_NONE},
    {FILTER("concept", "is-not-a", "a1"), "", "a a2 b c", GAP_NONE},
    {FILTER("concept", "generalizes", "b"), "", "a a2 b", GAP_NONE},
    {FILTER("code", "regex", "a[0-9]+"), "", "a1 a11 a2", GAP_NONE},
    {FILTER("code", "in", "a1, c"), "", "a1 c", GAP_NONE},
    {FILTER("code", "not-in", "a,a1,a11"), "", "a2 b c", GAP_NONE},
    {FILTER("site", "=", "lung"), "", "a1", GAP_NONE},
    {FILTER("site", "exists", "true"), "", "a1 a2", GAP_NONE},
    {FILTER("site", "exists", "false"), "", "a a11 b c", GAP_NONE},
    {FILTER("inactive", "=", "false"), "", "a a1 a11 b c", GAP_NONE},
    {FILTER("parent", "=", "a1"), "", "a11", GAP_NONE},
    {FILTER("display", "regex", "Alpha.*"), "", "a1", GAP_NONE},
    {FILTER("concept", "is-a", "nobody"), "", "", GAP_NONE},
    {FILTER("colour", "=", "red"), "", "", GAP_FILTER},
    {FILTER("code", "like", "a"), "", "", GAP_FILTER},
    {"{\"system\":\"urn:t:cs\",\"concept\":[{\"code\":\"c\"},{\"code\":\"a1\"}],\"valueSet\":[\"urn:t:as\"]}", "", "a1",
     GAP_NONE},
    {"{\"valueSet\":[\"urn:t:as\"]},{\"system\":\"urn:t:cs\",\"concept\":[{\"code\":\"c\"},{\"code\":\"a\"}]}", "",
     "a a1 a11 a2 b c", GAP_NONE},
    {"{\"system\":\"urn:t:cs\"}", "{\"valueSet\":[\"urn:t:as\"]}", "c", GAP_NONE},
    {"{\"system\":\"urn:t:cs\"}", FILTER("concept", "is-a", "a1"), "a a2 b c", GAP_NONE},
    {"{\"system\":\"http://snomed.info/sct\"}", "", "", GAP_SYSTEM},
    {"{\"system\":\"http://unitsofmeasure.org\"}", "", "", GAP_GRAMMAR},
    {"{\"valueSet\":[\"urn:t:nowhere\"]}", "", "", GAP_SET},
    {"{\"valueSet\":[\"urn:t:loop\"]}", "", "c", GAP_DEEP},
    {"{\"system\":\"http://hl7.org/fhir/administrative-gender\"}", "", "male female other unknown", GAP_NONE},
};

static struct fhir_library *library_make(struct req *rq)
{
    struct fhir_library *lib = fhir_library_new(rq->a);
    assert_non_null(lib);
    for (size_t i = 0; i < LEN(books); i++) {
        struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
        assert_int_equal(json_parse(rq, str_z(books[i]), NULL, doc), OK);
        assert_int_equal(fhir_library_add(rq, lib, json_root(doc)), OK);
    }
    return fhir_library_over(rq, lib, NULL, NULL);
}

static const struct term_set *set_make(struct req *rq, const struct fhir_library *lib,
                                       const char *include, const char *exclude)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    const struct term_set *set = NULL;
    struct buf b;
    buf_init(&b, rq->a, 8192);
    BUF_LIT(&b, "{\"resourceType\":\"ValueSet\",\"compose\":{\"include\":[");
    buf_str(&b, str_z(include));
    BUF_LIT(&b, "],\"exclude\":[");
    buf_str(&b, str_z(exclude));
    BUF_LIT(&b, "]}}");
    assert_int_equal(json_parse(rq, buf_get(&b), NULL, doc), OK);
    assert_int_equal(terms_set_of(rq, lib, json_root(doc), &set), OK);
    return set;
}

static void value_sets_are_listed(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(sets); i++) {
        struct req rq;
        struct buf b;
        struct term_list list;
        req_init(&rq, (size_t)16 << 20, (struct instant){NOW});
        const struct fhir_library *lib = library_make(&rq);
        const struct term_set *set = set_make(&rq, lib, sets[i].include, sets[i].exclude);
        assert_int_equal(term_set_list(&rq, set, &list), OK);
        buf_init(&b, rq.a, 4096);
        for (size_t k = 0; k < list.n; k++) {
            buf_str(&b, k > 0 ? S(" ") : S(""));
            buf_str(&b, list.v[k]->code);
            enum def_in in; /* what is listed is in it */
            assert_int_equal(term_set_has(&rq, set, list.v[k]->system, list.v[k]->code, &in, NULL), OK);
            assert_int_equal(in, DEF_IN);
        }
        struct str got = b.n > 0 ? buf_get(&b) : S("");
        if (!str_eq(got, str_z(sets[i].codes)) || list.gap != sets[i].gap) {
            fail_msg("row %zu: %.*s, gap %d", i, STR_ARG(got), (int)list.gap);
        }
        req_done(&rq);
    }
}

static void what_cannot_be_told_is_unsure(void **state)
{
    static const struct {
        const char *set;
        const char *system;
        const char *code;
        enum def_in in;
    } rows[] = {
        {"urn:t:as", SYSTEM, "a11", DEF_IN},
        {"urn:t:as", SYSTEM, "c", DEF_OUT},
        {"urn:t:as", "urn:other", "a11", DEF_OUT},
        {"urn:t:part?fhir_vs", "urn:t:part", "y", DEF_UNSURE},
        {"urn:t:part?fhir_vs", "urn:t:part", "x", DEF_IN},
        {"http://snomed.info/sct?fhir_vs", "http://snomed.info/sct", "1", DEF_UNSURE},
        {"http://snomed.info/sct?fhir_vs", "urn:other", "1", DEF_OUT},
        {"urn:t:nowhere", SYSTEM, "a", DEF_UNSURE},
        {"urn:t:loop", SYSTEM, "c", DEF_IN},
        {"http://hl7.org/fhir/ValueSet/administrative-gender", "http://hl7.org/fhir/administrative-gender", "male",
         DEF_IN},
        {"http://hl7.org/fhir/ValueSet/administrative-gender", "http://hl7.org/fhir/administrative-gender", "x",
         DEF_OUT},
        {"http://hl7.org/fhir/ValueSet/ucum-units", "http://unitsofmeasure.org", "mm[Hg]", DEF_IN},
    };
    struct req rq;
    (void)state;
    req_init(&rq, (size_t)16 << 20, (struct instant){NOW});
    const struct fhir_library *lib = library_make(&rq);
    for (size_t i = 0; i < LEN(rows); i++) {
        enum def_in in = fhir_set_has(&rq, lib, str_z(rows[i].set), str_z(rows[i].system), str_z(rows[i].code));
        if (in != rows[i].in) {
            fail_msg("row %zu: %d", i, (int)in);
        }
    }
    assert_int_equal(fhir_library_err(lib), OK);
    req_done(&rq);
}

/* A chain of codes "1", "2" ..., each within the one before, as deep as a document can be. */
enum { CHAIN = 120 };
static struct jv chain_make(struct req *rq, const char *head, const char *member, const char *tail)
{
    const struct json_limits deep = {.bytes = 65536, .depth = JSON_MAX_DEPTH, .nodes = 10000};
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    struct buf b;
    buf_init(&b, rq->a, 65536);
    buf_str(&b, str_z(head));
    for (unsigned i = 1; i <= CHAIN; i++) {
        BUF_LIT(&b, "\"");
        buf_str(&b, str_z(member));
        BUF_LIT(&b, "\":[{\"system\":\"urn:t:deep\",\"code\":\"");
        buf_u64(&b, i);
        buf_str(&b, i < CHAIN ? S("\",") : S("\""));
    }
    for (unsigned i = 1; i <= CHAIN; i++) {
        buf_str(&b, S("}]"));
    }
    buf_str(&b, str_z(tail));
    assert_int_equal(json_parse(rq, buf_get(&b), &deep, doc), OK);
    return json_root(doc);
}

static void codes_count_however_deep(void **state)
{
    const struct term_system *system = NULL;
    const struct term_set *set = NULL;
    struct term_list list;
    struct req rq;
    (void)state;
    req_init(&rq, (size_t)16 << 20, (struct instant){NOW});
    struct jv cs = chain_make(&rq, "{\"resourceType\":\"CodeSystem\",\"url\":\"urn:t:deep\",", "concept", "}");
    assert_int_equal(terms_system_of(&rq, cs, &system), OK);
    assert_int_equal(system->n, CHAIN);
    for (uint32_t i = 0; i < CHAIN; i++) {
        assert_int_equal(system->v_terms[i].up, i > 0 ? i - 1 : TERM_NONE);
    }
    struct jv vs = chain_make(&rq, "{\"resourceType\":\"ValueSet\",\"expansion\":{", "contains", "}}");
    assert_int_equal(terms_set_of(&rq, library_make(&rq), vs, &set), OK);
    assert_int_equal(term_set_list(&rq, set, &list), OK);
    assert_int_equal(list.n, CHAIN);
    enum def_in in = DEF_OUT;
    assert_int_equal(term_set_has(&rq, set, S("urn:t:deep"), S("120"), &in, NULL), OK);
    assert_int_equal(in, DEF_IN);
    req_done(&rq);
}

/* ---- what is stored ---- */

static struct {
    atomic_uint begun;     /* versions of the form that may be there */
    atomic_uint committed; /* versions of the form that are there */
    atomic_bool stop;
    atomic_uint wrong;
} live;

static const struct fhir_access all = {.all = true};

static int world_make(void **state)
{
    (void)state;
    world_open("terms");
    return 0;
}

static void put(const char *json)
{
    struct req rq = rq_make();
    put_one(&rq, json, TX_ANY);
    rq_end(&rq);
}

static enum err check(struct req *rq, const char *json, const struct fhir_access *acc)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    assert_int_equal(json_parse(rq, str_z(json), NULL, doc), OK);
    return fhir_validate_for(rq, json_root(doc), fhir_type_in(rq, json_root(doc)), acc, NULL);
}

static enum err checked(const char *json, const struct fhir_access *acc)
{
    struct req rq = rq_make();
    enum err e = check(&rq, json, acc);
    rq_end(&rq);
    return e;
}

#define FORM "{\"resourceType\":\"Questionnaire\",\"url\":\"urn:t:form\","
#define ANSWERS "{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:t:form"
#define ITEM "{\"linkId\":\"a\",\"type\":\"integer\",\"required\":true}"

static void stored_forms_count_by_version(void **state)
{
    (void)state;
    assert_int_equal(checked(ANSWERS "\",\"status\":\"completed\"}", &all), OK);
    put(FORM "\"id\":\"f1\",\"version\":\"1.9\",\"status\":\"active\",\"item\":[" ITEM "]}");
    assert_int_equal(checked(ANSWERS "\",\"status\":\"completed\"}", &all), E_UNPROCESSED);
    assert_int_equal(checked(ANSWERS "\",\"status\":\"in-progress\"}", &all), OK);
    assert_int_equal(checked(ANSWERS "|1.9\",\"status\":\"completed\"}", &all), E_UNPROCESSED);
    assert_int_equal(checked(ANSWERS "|7\",\"status\":\"completed\"}", &all), OK);
    /* a higher version asks nothing; a draft, however high, does not stand before it */
    put(FORM "\"id\":\"f2\",\"version\":\"1.10\",\"status\":\"active\"}");
    put(FORM "\"id\":\"f3\",\"version\":\"2\",\"status\":\"draft\",\"item\":[" ITEM "]}");
    assert_int_equal(checked(ANSWERS "\",\"status\":\"completed\"}", &all), OK);
    assert_int_equal(checked(ANSWERS "|2\",\"status\":\"completed\"}", &all), E_UNPROCESSED);
    /* what the program itself writes is held to R4 and the content alone */
    assert_int_equal(checked(ANSWERS "|2\",\"status\":\"completed\"}", NULL), OK);
    /* what the writer may not see is not there */
    struct req rq = rq_make();
    struct fhir_scopes scopes;
    const struct fhir_access other = {.scopes = &scopes};
    assert_int_equal(scope_parse(&rq, S("user/Patient.rs"), &scopes, NULL), OK);
    assert_int_equal(check(&rq, ANSWERS "|2\",\"status\":\"completed\"}", &other), OK);
    assert_int_equal(scope_parse(&rq, S("user/Questionnaire.rs"), &scopes, NULL), OK);
    assert_int_equal(check(&rq, ANSWERS "|2\",\"status\":\"completed\"}", &other), E_UNPROCESSED);
    rq_end(&rq);
}

static void stored_profiles_and_sets_count(void **state)
{
    static const char bound[] = "{\"resourceType\":\"Patient\",\"meta\":{\"profile\":[\"urn:t:patient\"]},"
                                "\"language\":\"%s\"}";
    char json[300];
    (void)state;
    snprintf(json, sizeof(json), bound, "de");
    assert_int_equal(checked(json, &all), OK);
    put("{\"resourceType\":\"ValueSet\",\"id\":\"v\",\"url\":\"urn:t:languages\",\"status\":\"active\",\"compose\":{"
            "\"include\":[{\"system\":\"urn:ietf:bcp:47\","
            "\"concept\":[{\"code\":\"kk\"},{\"code\":\"ru\"}]}]}}");
    put("{\"resourceType\":\"StructureDefinition\",\"id\":\"s\",\"url\":\"urn:t:patient\",\"name\":\"P\",\"status\":"
            "\"active\",\"kind\":\"resource\",\"abstract\":false,\"type\":\"Patient\","
            "\"derivation\":\"constraint\","
            "\"baseDefinition\":\"http://hl7.org/fhir/StructureDefinition/Patient\","
            "\"snapshot\":{\"element\":[{\"id\":"
            "\"Patient\",\"path\":\"Patient\",\"definition\":\"d\",\"min\":0,\"max\":\"*\","
            "\"base\":{\"path\":\"Patient\","
            "\"min\":0,\"max\":\"*\"}},{\"id\":\"Patient.language\",\"path\":\"Patient.language\","
            "\"definition\":\"d\","
            "\"min\":0,\"max\":\"1\",\"base\":{\"path\":\"Resource.language\",\"min\":0,"
            "\"max\":\"1\"},\"type\":[{\"code\":"
            "\"code\"}],\"binding\":{\"strength\":\"required\",\"valueSet\":\"urn:t:languages\"}}]}}");
    assert_int_equal(checked(json, &all), E_UNPROCESSED);
    snprintf(json, sizeof(json), bound, "kk");
    assert_int_equal(checked(json, &all), OK);
    /* R4's own bindings stay what they are */
    put("{\"resourceType\":\"ValueSet\",\"id\":\"g\",\"url\":\"http://hl7.org/fhir/ValueSet/administrative-gender\","
            "\"status\":\"active\",\"compose\":{\"include\":[{\"system\":\"urn:t:g\","
            "\"concept\":[{\"code\":\"z\"}]}]}}");
    assert_int_equal(checked("{\"resourceType\":\"Patient\",\"gender\":\"z\"}", &all), E_UNPROCESSED);
}

/* Version n of the form asks for an answer when n is odd. */
static void *form_write(void *ctx)
{
    (void)ctx;
    for (unsigned n = 1; n <= 60; n++) {
        char json[300];
        snprintf(json, sizeof(json),
                 "{\"resourceType\":\"Questionnaire\",\"id\":\"live\",\"url\":\"urn:t:live\","
                 "\"status\":\"active\","
                 "\"item\":[{\"linkId\":\"a\",\"type\":\"integer\",\"required\":%s}]}",
                 n % 2 == 1 ? "true" : "false");
        atomic_store(&live.begun, n);
        put(json);
        atomic_store(&live.committed, n);
    }
    atomic_store(&live.stop, true);
    return NULL;
}

/* A verdict is that of a version that was there while it was found. */
static void *form_ask(void *ctx)
{
    (void)ctx;
    while (!atomic_load(&live.stop)) {
        unsigned from = atomic_load(&live.committed);
        enum err e = checked("{\"resourceType\":\"QuestionnaireResponse\",\"questionnaire\":\"urn:t:live\",\"status\":"
                             "\"completed\"}", &all);
        unsigned to = atomic_load(&live.begun);
        bool odd = false;
        bool even = false;
        for (unsigned n = from; n <= to; n++) {
            odd = odd || n % 2 == 1;
            even = even || n % 2 == 0;
        }
        if (!((e == OK && even) || (e == E_UNPROCESSED && odd))) {
            atomic_fetch_add(&live.wrong, 1);
        }
    }
    return NULL;
}

static void stored_forms_count_at_once(void **state)
{
    struct os_thread writer;
    struct os_thread readers[3];
    (void)state;
    assert_true(os_thread_start(&writer, "form-write", form_write, NULL));
    for (size_t i = 0; i < LEN(readers); i++) {
        assert_true(os_thread_start(&readers[i], "form-ask", form_ask, NULL));
    }
    os_thread_join(&writer);
    for (size_t i = 0; i < LEN(readers); i++) {
        os_thread_join(&readers[i]);
    }
    assert_int_equal(atomic_load(&live.wrong), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(value_sets_are_listed),
        cmocka_unit_test(what_cannot_be_told_is_unsure),
        cmocka_unit_test(codes_count_however_deep),
        cmocka_unit_test_setup_teardown(stored_forms_count_by_version, world_make, world_end),
        cmocka_unit_test_setup_teardown(stored_profiles_and_sets_count, world_make, world_end),
        cmocka_unit_test_setup_teardown(stored_forms_count_at_once, world_make, world_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
