/* fhir/patch_fuzz.c - any Parameters on any resource: an error, or JSON again. */
#include "base/err.h"
#include "fhir/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The input is one JSON array: the resource, then the Parameters. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct json_doc doc;
    struct str out;
    req_init(&rq, 64u << 20, (struct instant){0});
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        struct jv from = json_at(json_root(&doc), 0);
        struct jv params = json_at(json_root(&doc), 1);
        if (json_has(from) && json_has(params) && fhir_patch(&rq, from, params, &out) == OK) {
            struct json_doc again;
            enum err e = json_parse(&rq, out, NULL, &again);
            ASSERT(e == OK || e == E_TOO_LARGE);
        }
    }
    req_done(&rq);
    return 0;
}
