/* codec/unpack_fuzz.c - any bytes end within the limits, members in order, without more than was allowed. */
#include "codec/unpack.h"
#include "codec/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct unpack_limits lim = {.bytes = 1 << 20, .ratio = 4, .free = 1 << 16,
                                             .members = 100};
    struct str all = {(const char *)data, size};
    struct unpack *u = NULL;
    struct str name;
    struct str piece;
    struct req rq;
    uint64_t sum = 0;
    uint32_t n = 0;
    bool has = true;
    req_init(&rq, 64u << 20, (struct instant){0});
    (void)unpack_is(all);
    enum err e = unpack_bytes(&rq, all, &lim, &u);
    while (e == OK && (e = unpack_next(u, &name, &has)) == OK && has) {
        ASSERT(utf8_is_valid(name) && str_find_char(name, '/') == name.n);
        ASSERT(++n <= lim.members);
        do {
            e = unpack_read(u, &piece);
            sum += e == OK ? piece.n : 0;
        } while (e == OK && piece.n > 0);
    }
    ASSERT(sum <= lim.free + size * lim.ratio && sum <= lim.bytes);
    req_done(&rq);
    return 0;
}
