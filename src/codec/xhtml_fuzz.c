/* codec/xhtml_fuzz.c - any text: a verdict, and no byte outside it is read. */
#include "base/err.h"
#include "codec/xhtml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool each(struct str element, struct str name, struct str value, void *ctx)
{
    size_t *n = ctx;
    ASSERT(element.n > 0 && name.n > 0);
    *n += value.n;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str where;
    size_t n = 0;
    enum xhtml_fault fault = xhtml_check((struct str){(const char *)data, size}, each, &n, &where);
    ASSERT(fault <= XHTML_EMPTY && n <= size && where.n <= size);
    return 0;
}
