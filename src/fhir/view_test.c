/* fhir/view_test.c - what the suite of SQL on FHIR does not ask: texts of the rows, refusals, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fhir/view.h"

static const char patient[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"active\":true,\"name\":[{\"family\":\"O\\\"N, \xD0\x96\","
    "\"given\":[\"A\",\"B\"]},{\"family\":\"Q\"}],\"multipleBirthInteger\":2,\"generalPractitioner\":"
    "[{\"reference\":\"Practitioner/x/_history/3\"},{\"reference\":\"http://e.org/Practitioner/y\"}],"
    "\"birthDate\":\"1970-01\"}";

#define VIEW(rest) "{\"resourceType\":\"ViewDefinition\",\"resource\":\"Patient\"," rest "}"
#define COLUMN(name, path) "{\"name\":\"" name "\",\"path\":\"" path "\"}"

struct row {
    const char *view;
    enum view_format format;
    enum err e;
    const char *want; /* the rows, or the detail of the refusal */
};

/* clang-format off */
static const struct row rows[] = {
    {VIEW("\"select\":[{\"column\":[" COLUMN("id", "id") "," COLUMN("n", "name.first().family") "]}]"), VIEW_CSV, OK,
     "id,n\r\np1,\"O\"\"N, \xD0\x96\"\r\n"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"g\",\"path\":\"name.given\",\"collection\":true},{\"name\":\"e\",\"path\":\"photo\",\"collection\":true}]}]"), VIEW_CSV, OK,
     "g,e\r\n\"[\"\"A\"\",\"\"B\"\"]\",[]\r\n"},
    {VIEW("\"select\":[{\"column\":[" COLUMN("b", "active") "," COLUMN("i", "multipleBirth.ofType(integer)") "," COLUMN("d", "1.50 + 1") "]}]"), VIEW_NDJSON, OK,
     "{\"b\":true,\"i\":2,\"d\":2.50}\n"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"i\",\"path\":\"multipleBirth.ofType(integer)\",\"type\":\"string\"}]}]"), VIEW_NDJSON, OK,
     "{\"i\":\"2\"}\n"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"r\",\"path\":\"generalPractitioner.getReferenceKey(Practitioner)\",\"collection\":true}]}]"), VIEW_JSON, OK,
     "[\n{\"r\":[\"x\",\"http://e.org/Practitioner/y\"]}\n]\n"},
    {VIEW("\"select\":[{\"column\":[" COLUMN("k", "getResourceKey()") "]},{\"forEachOrNull\":\"photo\",\"column\":[" COLUMN("t", "$this") "," COLUMN("n", "%rowIndex") "]}]"), VIEW_NDJSON, OK,
     "{\"k\":\"p1\",\"t\":null,\"n\":0}\n"},
    {VIEW("\"where\":[{\"path\":\"active = false\"}],\"select\":[{\"column\":[" COLUMN("id", "id") "]}]"), VIEW_JSON, OK, "[]\n"},
    {VIEW("\"where\":[{\"path\":\"%c\"}],\"select\":[{\"column\":[" COLUMN("id", "id") "]}]"), VIEW_JSON, E_UNPROCESSED, NULL},
    {VIEW("\"select\":[{\"column\":[" COLUMN("a", "id") "," COLUMN("a", "id") "]}]"), VIEW_JSON, E_UNPROCESSED, "ViewDefinition: two columns have one name"},
    {VIEW("\"select\":[{\"column\":[" COLUMN("1a", "id") "]}]"), VIEW_JSON, E_UNPROCESSED,
     "ViewDefinition select[0].column[0]: a name is letters, digits and _, and begins with a letter"},
    {VIEW("\"select\":[{\"forEach\":\"name\",\"repeat\":[\"name\"],\"column\":[" COLUMN("a", "id") "]}]"), VIEW_JSON, E_UNPROCESSED,
     "ViewDefinition select[0]: only one of forEach, forEachOrNull and repeat"},
    {VIEW("\"select\":[{\"forEach\":\"name\"}]"), VIEW_JSON, E_UNPROCESSED, "ViewDefinition select[0]: a select has columns, selects or a unionAll"},
    {VIEW("\"select\":[{\"repeat\":[\"$this\"],\"column\":[" COLUMN("a", "id") "]}]"), VIEW_JSON, E_TOO_LARGE, "repeat finds too many elements"},
    {VIEW("\"select\":[{\"column\":[" COLUMN("f", "name.family") "]}]"), VIEW_JSON, E_UNPROCESSED, "column f: several values; it is no collection"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"f\",\"path\":\"name[0].family\",\"type\":\"integer\"}]}]"), VIEW_JSON, E_UNPROCESSED, "column f: a value is no integer"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"f\",\"path\":\"name[0]\",\"type\":\"string\"}]}]"), VIEW_JSON, E_UNPROCESSED, "column f: a value is no string"},
    {VIEW("\"select\":[{\"column\":[{\"name\":\"f\",\"path\":\"id\",\"type\":\"what\"}]}]"), VIEW_JSON, E_UNPROCESSED, "ViewDefinition select[0].column[0]: no such type of a column"},
    {VIEW("\"constant\":[{\"name\":\"c\",\"valueHumanName\":{}}],\"select\":[{\"column\":[" COLUMN("a", "id") "]}]"), VIEW_JSON, E_UNPROCESSED,
     "ViewDefinition constant[0]: a constant has one value, of a primitive type"},
};
/* clang-format on */

static enum err run(struct req *rq, const struct row *row, struct str *ret_text)
{
    struct json_doc *def = ARENA_NEW(rq->a, struct json_doc);
    struct json_doc *res = ARENA_NEW(rq->a, struct json_doc);
    struct view *v = NULL;
    struct view_run *r = NULL;
    struct buf *b = ARENA_NEW(rq->a, struct buf);
    TRY(json_parse(rq, str_z(row->view), NULL, def));
    TRY(json_parse(rq, str_z(patient), NULL, res));
    TRY(view_compile(rq, fhir_defs(), json_root(def), &v));
    TRY(view_run_new(rq, v, &r));
    buf_init(b, rq->a, 1 << 20);
    struct view_out out = {.view = v, .format = row->format, .b = b};
    view_out_begin(&out);
    enum err e = view_run_one(r, json_root(res), view_out_row, &out);
    view_out_end(&out);
    view_run_end(r);
    *ret_text = buf_get(b);
    return e;
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows); i++) {
        struct req rq;
        struct str text = {NULL, 0};
        req_init(&rq, 64 << 20, (struct instant){1790000000000});
        enum err e = run(&rq, &rows[i], &text);
        if (e != rows[i].e) {
            print_error("row %zu: %s: %s\n", i, err_name(e), rq.err.detail);
        }
        assert_int_equal(e, rows[i].e);
        if (e == OK) {
            if (!str_eq(text, str_z(rows[i].want))) {
                print_error("row %zu: %.*s\n", i, STR_ARG(text));
            }
            assert_int_equal(text.n, str_z(rows[i].want).n);
            assert_memory_equal(text.p, rows[i].want, text.n);
        } else if (rows[i].want != NULL) {
            assert_string_equal(rq.err.detail, rows[i].want);
        }
        req_done(&rq);
    }
}

static void test_formats(void **state)
{
    enum view_format f = VIEW_JSON;
    (void)state;
    assert_true(view_format_parse(S("text/csv; charset=utf-8"), &f));
    assert_int_equal(f, VIEW_CSV);
    assert_true(view_format_parse(S("application/ndjson"), &f));
    assert_int_equal(f, VIEW_NDJSON);
    assert_false(view_format_parse(S("parquet"), &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
