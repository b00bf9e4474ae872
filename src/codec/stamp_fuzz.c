/* codec/stamp_fuzz.c - no bytes taken for an answer of a time stamp authority, a token or a stamped signature
 * may break the reader, and no stamp is ever good: nobody is trusted. */
#include "codec/stamp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct stamp_facts f;
    struct str value;
    struct str token;
    struct str tokens[STAMP_TOKENS_MAX];
    struct str cms;
    uint32_t n = 0;
    struct str s = {(const char *)data, size};
    const struct stamp_ask ask = {.value = S("value"), .from = {0}, .until = {INT64_MAX / 2}};
    req_init(&rq, 4 * 1024 * 1024, (struct instant){1795317845000});
    (void)stamp_is_policy(s);
    if (stamp_reply(&rq, s, &ask, &token, &f) == OK) {
        ASSERT(f.why != STAMP_GOOD && token.n == 0);
    }
    if (stamp_check(&rq, s, &ask, &f) == OK) {
        ASSERT(f.why != STAMP_GOOD);
    }
    if (stamp_parts(&rq, s, &value, tokens, &n) == OK && n > 0) {
        (void)!stamp_check(&rq, tokens[0], &ask, &f);
        (void)!stamp_attach(&rq, s, tokens[0], &cms);
    }
    err_clear(&rq);
    req_done(&rq);
    return 0;
}
