/* tests/conformance/fhir-patch.c - the FHIRPath Patch cases. */
#include "fhir/patch.h"

#include <stdio.h>

#include "base/err.h"
#include "codec/json_edit.h"
#include "suite.h"

static bool same_json(struct req *rq, struct str out, struct jv want)
{
    struct json_doc doc;
    struct json_edit edit;
    struct json_part *a;
    struct json_part *b;
    bool same = false;
    json_edit_init(&edit, rq);
    return json_parse(rq, out, NULL, &doc) == OK &&
           json_edit_build(&edit, json_root(&doc), &a, NULL) == OK &&
           json_edit_build(&edit, want, &b, NULL) == OK &&
           json_edit_same(&edit, a, b, &same) == OK && same;
}

static void one_case(struct req *rq, struct jv row)
{
    struct str name = suite_text(rq, row, S("name"));
    bool refuse = json_kind(json_get(row, S("error"))) == JSON_STRING;
    struct str out;
    enum err e = fhir_patch(rq, json_get(row, S("input")), json_get(row, S("diff")), &out);
    if (refuse && e == OK) {
        suite_fail(name, "was carried out");
    } else if (!refuse && e != OK) {
        suite_fail(name, "%s", rq->err.detail);
    } else if (!refuse && !same_json(rq, out, json_get(row, S("output")))) {
        suite_fail(name, "another result: %.*s", STR_ARG(out));
    } else {
        suite_ok(name);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: conformance_fhir-patch FOLDER\n");
        return 2;
    }
    return suite_lines(argv[1], "patch/fhir-patch.jsonl", one_case);
}
