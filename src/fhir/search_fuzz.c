/* fhir/search_fuzz.c - any query text, over one type, several or a compartment:
 * refused, or pages that are JSON Bundles. */
#include "codec/url.h"
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
    /* The first byte: who asks, and where: one type, several, a compartment. */
    static const enum fhir_type types[] = {T_OBSERVATION, T_PATIENT, T_NONE, T_ORGANIZATION};
    static const struct fhir_compartment in = {T_PATIENT, SI("p")};
    unsigned how = size > 0 ? data[0] : 0;
    struct fhir_access acc = {.all = (how & 1) != 0, .principals = principals, .n = 2};
    struct str query = size > 0 ? (struct str){(const char *)data + 1, size - 1} : S("");
    struct fhir_query *q = ARENA_NEW(rq.a, struct fhir_query);
    struct url_pairs form;
    bool asked = q != NULL && form_parse(&rq, query, 200, &form) == OK &&
                 fhir_query_parse_in(&rq, (how & 8) != 0 ? &in : NULL, types[(how >> 1) & 3],
                                     &form, (how & 16) != 0, q) == OK;
    for (int page = 0; page < 3 && asked; page++) {
        struct buf b;
        struct json_doc doc;
        if (fhir_search(&rq, q, &acc, &p) != OK) {
            ASSERT(rq.err.code != E_INTERNAL);
            break;
        }
        buf_init(&b, rq.a, 8u << 20);
        if (fhir_page_write(&rq, &p, S("http://h/fhir"), &b) == OK) {
            ASSERT(json_parse(&rq, buf_get(&b), NULL, &doc) == OK);
        }
        q->cursor = p.next;
        asked = p.next.n > 0;
    }
    ASSERT(rq.err.code != E_INTERNAL);
    db_idle(fuzz_db);
    req_done(&rq);
    return 0;
}
