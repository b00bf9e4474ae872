/* fhir/patch_fuzz.c - any Parameters on any resource: an error, or JSON again. */
#include "base/err.h"
#include "codec/json_pair_fuzz.h"
#include "fhir/patch.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct json_doc doc;
    struct json_doc again;
    struct jv from;
    struct jv params;
    struct str out;
    if (fuzz_pair(&rq, data, size, &doc, &from, &params)
        && fhir_patch(&rq, from, params, &out) == OK) {
        enum err e = json_parse(&rq, out, NULL, &again);
        ASSERT(e == OK || e == E_TOO_LARGE);
    }
    req_done(&rq);
    return 0;
}
