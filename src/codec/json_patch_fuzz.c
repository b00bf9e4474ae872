/* codec/json_patch_fuzz.c - any patch on any document: an error, or JSON again. */
#include "codec/json_edit.h"
#include "codec/json_patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one JSON array: the document, then the operations. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct json_doc doc;
    struct str out;
    req_init(&rq, 64u << 20, (struct instant){0});
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        struct jv from = json_at(json_root(&doc), 0);
        struct jv ops = json_at(json_root(&doc), 1);
        if (json_has(from) && json_has(ops)) {
            struct json_edit e;
            struct json_part *root;
            struct json_part *twin;
            bool same = false;
            json_edit_init(&e, &rq);
            ASSERT(json_edit_build(&e, from, &root, NULL) == OK);
            ASSERT(json_edit_copy(&e, root, &twin) == OK);
            ASSERT(json_edit_same(&e, root, twin, &same) == OK && same);
            if (json_patch(&rq, from, ops, &out) == OK) {
                static const struct json_limits deep = {64u << 20, JSON_MAX_DEPTH, 1000000};
                struct json_doc again;
                enum err err = json_parse(&rq, out, &deep, &again);
                ASSERT(err == OK || err == E_TOO_LARGE);
            }
        }
    }
    req_done(&rq);
    return 0;
}
