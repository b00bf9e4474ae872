/* care/provider_map_fuzz.c - no file of roles breaks its reading; what was read lies within the text and the
 * limits. */
#include "care/provider_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool lies_within(struct str part, const uint8_t *data, size_t size)
{
    const uint8_t *p = (const uint8_t *)part.p;
    return part.n > 0 && p >= data && p + part.n <= data + size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct req rq;
    struct provider_map map = {.n = 0};
    req_init(&rq, 8u << 20, (struct instant){0});
    if (provider_map_read(&rq, (struct str){(const char *)data, size}, &map) == OK) {
        ASSERT(map.n > 0 && map.n <= PROVIDER_LINES_MAX);
        for (uint32_t i = 0; i < map.n; i++) {
            const struct provider_line *l = &map.lines[i];
            ASSERT(lies_within(l->value, data, size) && l->value.n <= PROVIDER_VALUE_MAX);
            ASSERT(lies_within(l->role, data, size) && lies_within(l->org, data, size));
            ASSERT(l->n_services <= PROVIDER_SERVICES_MAX);
            for (uint32_t k = 0; k < l->n_services; k++) {
                ASSERT(lies_within(l->services[k], data, size));
            }
        }
    } else {
        ASSERT(map.n == 0);
    }
    req_done(&rq);
    return 0;
}
