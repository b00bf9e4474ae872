/* fhir/search_fuzz.c - any query text: refused, or a page that is a JSON Bundle. */
#include "fhir/fuzz_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct fhir_page p = {0};
    const uint64_t principals[] = {1, 2};
    fuzz_open();
    req_init(&rq, 32u << 20, (struct instant){INT64_C(1770000000000)});
    rq.db = fuzz_db;
    bool all = size > 0 && (data[0] & 1) != 0;
    enum fhir_type type = size > 0 && (data[0] & 2) != 0 ? T_PATIENT : T_OBSERVATION;
    struct fhir_access acc = {.all = all, .principals = principals, .n = 2};
    struct str query = size > 0 ? (struct str){(const char *)data + 1, size - 1} : S("");
    if (fhir_search_text(&rq, type, query, &acc, &p) == OK) {
        struct buf b;
        struct json_doc doc;
        buf_init(&b, rq.a, 8u << 20);
        if (fhir_page_write(&rq, &p, S("http://h/fhir"), &b) == OK) {
            ASSERT(json_parse(&rq, buf_get(&b), NULL, &doc) == OK);
        }
    } else {
        ASSERT(rq.err.code != E_INTERNAL);
    }
    db_idle(fuzz_db);
    req_done(&rq);
    return 0;
}
