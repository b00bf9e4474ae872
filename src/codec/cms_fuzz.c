/* codec/cms_fuzz.c - no bytes taken for a signature or a certificate may break the reader. */
#include "codec/cms.h"
#include "codec/cms_cert.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct cms_verdict v;
    struct cert_facts f;
    struct str ca;
    struct str s = {(const char *)data, size};
    req_init(&rq, 1024 * 1024, (struct instant){0});
    if (cms_verify(&rq, s, S("content"), (struct str){0}, &v) == OK) {
        ASSERT(!cms_is_good(&v) || v.has_signer);
    }
    err_clear(&rq);
    if (cert_unpem(&rq, s, &ca) == OK) {
        (void)!cert_read(&rq, ca, &f);
    }
    req_done(&rq);
    return 0;
}
