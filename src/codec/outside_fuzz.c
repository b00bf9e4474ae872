/* codec/outside_fuzz.c - no bytes taken for a signature, a list, an answer or a certificate of others may
 * break the reader, and none is ever good: nobody is trusted. */
#include "codec/outside_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct outside_verdict v;
    struct outside_want wants[OUTSIDE_WANTS_MAX];
    struct outside_number numbers[OUTSIDE_NUMBERS_MAX];
    struct str certs[4];
    struct str der;
    struct instant until;
    uint32_t n = 0;
    struct str s = {(const char *)data, size};
    req_init(&rq, 4 * 1024 * 1024, (struct instant){1795317845000});
    if (outside_certs_read(&rq, s, certs, LEN(certs), &n) == OK) {
        (void)!outside_numbers(&rq, certs[0], numbers, &n);
    }
    err_clear(&rq);
    (void)!outside_crl_read(&rq, s, &until, &der);
    err_clear(&rq);
    struct outside_ask question;
    (void)!outside_ask_read(&rq, s, &question);
    (void)!outside_verdict_read(&rq, s, &v);
    err_clear(&rq);
    if (outside_unwrap(&rq, s, &der) == OK) {
        struct outside_ask ask = {.cms = der, .content = S("content"), .crls = &s, .n_crls = 1, .ocsp = &s,
                                  .n_ocsp = 1, .now = rq.now};
        (void)!outside_wants(&rq, &ask, wants, &n);
        if (outside_check(&rq, &ask, &v) == OK) {
            ASSERT(outside_first(&v) != OUTSIDE_GOOD);
        }
    }
    req_done(&rq);
    return 0;
}
