/* care/verify_fuzz.c - no file given to the check may break it. */
#include "care/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct verify_report r;
    struct buf b;
    /* Two bytes tell how long the document is; the signature follows it. */
    size_t n = size < 2 ? 0 : (size_t)data[0] << 8 | data[1];
    struct str all = {(const char *)data, size};
    struct str one = str_sub(all, 2, n);
    struct str two = str_sub(all, 2 + one.n, size);
    req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
    if (verify_document(&rq, one, two, (struct str){0}, &r) == OK) {
        buf_init(&b, rq.a, 65536);
        verify_write(&b, &r);
    }
    err_clear(&rq);
    (void)verify_kind(&rq, one);
    req_done(&rq);
    return 0;
}
