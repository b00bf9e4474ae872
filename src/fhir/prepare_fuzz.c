/* fhir/prepare_fuzz.c - any JSON as a resource: refused with issues, or a body the store takes whose
 * preparation repeated gives the same. */
#include "fhir/fuzz_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct json_doc doc;
    struct tx_put put;
    struct fhir_how how = {.id = SI("x"), .expect = TX_NEW};
    fuzz_open();
    req_init(&rq, 64u << 20, (struct instant){1});
    rq.db = fuzz_db;
    if (json_parse(&rq, (struct str){(const char *)data, size}, NULL, &doc) == OK) {
        if (fhir_prepare(&rq, json_root(&doc), &how, &put) == OK) {
            struct json_doc again;
            struct tx_put second;
            ASSERT(json_parse(&rq, put.body, NULL, &again) == OK);
            ASSERT(fhir_prepare(&rq, json_root(&again), &how, &second) == OK);
            ASSERT(str_eq(put.body, second.body) && put.n_tuples == second.n_tuples);
            ASSERT(put.at_ms == second.at_ms && put.anchor_type == second.anchor_type);
        } else {
            struct buf b;
            struct json_out o;
            buf_init(&b, rq.a, 1u << 20);
            json_out_init(&o, &b);
            fhir_outcome_write(&rq, E_UNPROCESSED, &o);
            ASSERT(buf_ok(&b));
        }
    }
    req_done(&rq);
    return 0;
}
