/* fhir/view_fuzz.c - any ViewDefinition over any small resource: rows or an error within the limits.
 * The input is the definition, a zero byte, and a resource; without one a fixed resource stands in. */
#include "fhir/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fixed[] =
    "{\"resourceType\":\"Patient\",\"id\":\"p\",\"active\":true,\"_birthDate\":{\"id\":\"b\"},\"name\":"
    "[{\"use\":\"official\",\"family\":\"F\",\"given\":[\"A\",\"B\"]},{\"family\":\"G\"}],\"contact\":"
    "[{\"telecom\":[{\"system\":\"phone\",\"value\":\"1\"}]},{\"name\":{\"family\":\"C\"}}],"
    "\"link\":[{\"other\":{\"reference\":\"Patient/p\"},\"type\":\"refer\"}]}";

/* The rows are text in the right form, whatever they hold. */
static void run(struct req *rq, const struct view *v, struct jv resource, enum view_format format)
{
    struct view_run *r = NULL;
    struct buf b;
    struct json_doc back;
    buf_init(&b, rq->a, 8 << 20);
    struct view_out out = {.view = v, .format = format, .b = &b};
    if (view_run_new(rq, v, &r) != OK) {
        return;
    }
    view_out_begin(&out);
    enum err e = view_run_one(r, resource, view_out_row, &out);
    view_out_end(&out);
    view_run_end(r);
    err_clear(rq);
    if (e == OK && format == VIEW_JSON && buf_ok(&b)) {
        struct json_limits lim = json_default_limits;
        lim.depth = JSON_MAX_DEPTH;
        e = json_parse(rq, buf_get(&b), &lim, &back);
        ASSERT(e == OK || e == E_TOO_LARGE);
        ASSERT(e != OK || json_len(json_root(&back)) == out.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str definition = {(const char *)data, size};
    size_t end = str_find_char(definition, '\0');
    struct str text = str_sub(definition, end + 1, size);
    struct json_doc doc;
    struct json_doc resource;
    struct view *v = NULL;
    struct req rq;
    definition.n = end;
    req_init(&rq, 64 << 20, (struct instant){1790000000000});
    if (text.n == 0) {
        text = str_z(fixed);
    }
    if (json_parse(&rq, definition, NULL, &doc) == OK && json_parse(&rq, text, NULL, &resource) == OK
        && view_compile(&rq, fhir_defs(), json_root(&doc), &v) == OK) {
        run(&rq, v, json_root(&resource), VIEW_JSON);
        run(&rq, v, json_root(&resource), VIEW_CSV);
    }
    req_done(&rq);
    return 0;
}
