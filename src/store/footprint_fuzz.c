/* store/footprint_fuzz.c - any bytes: refused, or the same after a round trip. */
#include <stdlib.h>

#include "base/err.h"
#include "store/footprint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *a = arena_new(4 << 20);
    struct tuple *t;
    struct tuple *again;
    size_t n;
    size_t n_again;
    if (footprint_read(a, (struct str){(const char *)data, size}, &t, &n)) {
        n = tuples_sort(t, n);
        struct str bytes = footprint_write(a, t, n);
        ASSERT(bytes.p == NULL || (footprint_read(a, bytes, &again, &n_again) && n == n_again));
    }
    arena_free(a);
    return 0;
}
