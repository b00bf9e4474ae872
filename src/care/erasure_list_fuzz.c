/* care/erasure_list_fuzz.c - no list of erasures breaks its reading; what is wrong is said with a place. */
#include "care/erasure_list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    const struct erasure_list *l = NULL;

    req_init(&rq, 64u << 20, (struct instant){0});
    enum err e = erasure_list_read(&rq, (struct str){(const char *)data, size}, &l);
    if (e == OK) {
        ASSERT(erasure_list_at(l).n > 0);
    } else {
        ASSERT((e == E_SYNTAX || e == E_TOO_LARGE) && rq.err.detail[0] != 0);
    }
    req_done(&rq);
    return 0;
}
