/* codec/json_patch_fuzz.c - any patch on any document: an error, or JSON again. */
#include "codec/json_edit.h"
#include "codec/json_pair_fuzz.h"
#include "codec/json_patch.h"

static void apply(struct req *rq, struct jv from, struct jv ops)
{
    struct json_edit e;
    struct json_part *root;
    struct json_part *twin;
    struct str out;
    bool same = false;
    json_edit_init(&e, rq);
    ASSERT(json_edit_build(&e, from, &root, NULL) == OK);
    ASSERT(json_edit_copy(&e, root, &twin) == OK);
    ASSERT(json_edit_same(&e, root, twin, &same) == OK && same);
    if (json_patch(rq, from, ops, &out) == OK) {
        static const struct json_limits deep = {64u << 20, JSON_MAX_DEPTH, 1000000};
        struct json_doc again;
        enum err err = json_parse(rq, out, &deep, &again);
        ASSERT(err == OK || err == E_TOO_LARGE);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct json_doc doc;
    struct jv from;
    struct jv ops;
    if (fuzz_pair(&rq, data, size, &doc, &from, &ops)) {
        apply(&rq, from, ops);
    }
    req_done(&rq);
    return 0;
}
