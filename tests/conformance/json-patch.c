/* tests/conformance/json-patch.c - the JSON Patch cases. */
#include "codec/json_patch.h"

#include <stdio.h>

#include "base/err.h"
#include "codec/json_edit.h"
#include "suite.h"

static void one_case(struct req *rq, struct jv row)
{
    struct str name = suite_text(rq, row, S("comment"));
    struct jv want = json_get(row, S("expected"));
    struct str out;
    struct json_doc doc;
    struct json_edit edit;
    struct json_part *a;
    struct json_part *b;
    bool same = false;
    enum err e = json_patch(rq, json_get(row, S("doc")), json_get(row, S("patch")), &out);
    if (!json_has(want)) {
        if (e == OK) {
            suite_fail(name, "was carried out");
        } else {
            suite_ok(name);
        }
        return;
    }
    json_edit_init(&edit, rq);
    if (e != OK) {
        suite_fail(name, "%s", rq->err.detail);
    } else if (json_parse(rq, out, NULL, &doc) != OK ||
               json_edit_build(&edit, json_root(&doc), &a, NULL) != OK ||
               json_edit_build(&edit, want, &b, NULL) != OK ||
               json_edit_same(&edit, a, b, &same) != OK || !same) {
        suite_fail(name, "another result: %.*s", STR_ARG(out));
    } else {
        suite_ok(name);
    }
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: conformance_json-patch FOLDER\n");
        return 2;
    }
    return suite_array(argv[1], "patch/json-patch.json", one_case);
}
