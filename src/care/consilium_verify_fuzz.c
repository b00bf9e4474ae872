/* care/consilium_verify_fuzz.c - no file given to the check of a protocol of several signatures
 * may break it. */
#include "care/consilium_verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct consilium_report r;
    struct consilium_proof proof = {.n_signatures = 0};
    struct buf b;
    struct str all = {(const char *)data, size};
    /* A package; or after a 0 byte a document, whose length two bytes tell, and a signature twice. */
    if (size > 3 && data[0] == 0) {
        proof.bundle = str_sub(all, 3, (size_t)data[1] << 8 | data[2]);
        struct str one = str_sub(all, 3 + proof.bundle.n, size);
        proof.signatures[proof.n_signatures++] = one;
        proof.signatures[proof.n_signatures++] = one;
    } else {
        proof.package = all;
    }
    req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
    (void)consilium_is_proof(&rq, all);
    if (consilium_verify(&rq, &proof, &r) == OK) {
        buf_init(&b, rq.a, 65536);
        consilium_verify_write(&b, &r);
    }
    err_clear(&rq);
    req_done(&rq);
    return 0;
}
